"""Files: never half written; JSON that every reader takes; the folders that travel along."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import numpy as np
import pytest

from eisfit.errors import EisfitError
from eisfit.files import (
    count_json_depth,
    data_folder,
    describe_other_package,
    disarm_cell,
    has_long_number,
    parse_json,
    printable_name,
    read_text,
    suggest_file,
    to_json,
    write_atomic,
    write_json,
)


def test_text_and_bytes(tmp_path):
    assert write_atomic(tmp_path / "a.txt", "5 Ω\n").read_bytes() == "5 Ω\n".encode()
    assert write_atomic(str(tmp_path / "b.bin"), b"\x00\xff").read_bytes() == b"\x00\xff"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.txt", "b.bin"]


def test_an_old_file_is_replaced(tmp_path):
    path = write_atomic(tmp_path / "a.txt", "old, and longer")
    write_atomic(path, "new")
    assert path.read_text() == "new"


@pytest.mark.parametrize("step", ["write_bytes", "replace", "chmod"])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, step):
    path = write_atomic(tmp_path / "a.txt", "old")

    def fail(*_args, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(f"eisfit.files.Path.{step}", fail)
    with pytest.raises(EisfitError, match=r"a\.txt: cannot be written: No space left on device"):
        write_atomic(path, "new")
    monkeypatch.undo()
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(EisfitError, match=r"a\.txt: cannot be written: No such file or directory"):
        write_atomic(tmp_path / "missing" / "a.txt", "x")


def test_a_target_that_is_a_folder(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(EisfitError, match="folder: cannot be written"):
        write_atomic(tmp_path / "folder", "x")
    assert [p.name for p in tmp_path.iterdir()] == ["folder"]


@pytest.mark.skipif(os.name == "nt", reason="no umask there")
def test_permissions_are_those_of_an_ordinary_file(tmp_path):
    ordinary = tmp_path / "ordinary"
    ordinary.touch()
    written = write_atomic(tmp_path / "a.txt", "x")
    assert stat.S_IMODE(written.stat().st_mode) == stat.S_IMODE(ordinary.stat().st_mode)


def test_json_is_strict():
    document = {
        "nan": float("nan"),
        "list": [1.0, float("inf"), (2, None)],
        "array": np.array([1.0, -np.inf]),
        "number": np.float64(2.5),
        "integer": np.int64(3),
        "true": np.bool_(True),
        7: "Ω",
    }
    text = to_json(document)
    assert "Ω" in text
    assert text.endswith("}\n")
    assert json.loads(text) == {
        "nan": None,
        "list": [1.0, None, [2, None]],
        "array": [1.0, None],
        "number": 2.5,
        "integer": 3,
        "true": True,
        "7": "Ω",
    }


def test_write_json(tmp_path):
    path = write_json(tmp_path / "a.json", {"x": [1, 2]})
    assert json.loads(path.read_text(encoding="utf-8")) == {"x": [1, 2]}


def test_the_folders_that_travel_along():
    assert (data_folder("circuits") / "rs-sei-ct-w.toml").is_file()
    assert isinstance(data_folder("circuits"), Path)
    with pytest.raises(
        EisfitError, match="the folder 'nothing' that belongs to eisfit is missing: reinstall"
    ):
        data_folder("nothing")


def test_the_nearest_file_is_named(tmp_path):
    (tmp_path / "bare_cycle_003.csv").write_text("", encoding="utf-8")
    assert suggest_file(tmp_path / "bare_cycle_03.csv") == "; did you mean 'bare_cycle_003.csv'?"
    assert suggest_file(tmp_path / "something_else.mpt") == ""
    assert suggest_file(tmp_path / "no" / "such" / "folder.csv") == ""
    assert suggest_file("\0") == ""


def test_a_cell_is_no_formula():
    for cell in ("=1+1", "+1+1", "-cmd|' /C calc'!A0", "@SUM(1)", "\t=1", "\r=1"):
        assert disarm_cell(cell) == "'" + cell
    for cell in ("-0.5", "+1e-3", "a=1", "", "-2.5", "-inf"):
        assert disarm_cell(cell) == cell


def test_a_lone_surrogate_does_not_stop_the_writing(tmp_path):
    path = write_json(tmp_path / "a.json", {"source": "Zelle_\udcfc.csv"})
    assert json.loads(path.read_text(encoding="utf-8")) == {"source": "Zelle_\udcfc.csv"}
    assert printable_name("Zelle_\udcfc.csv") == "Zelle_ü.csv"
    assert printable_name("\ud800") == "?"


def test_text_has_a_ceiling(tmp_path):
    path = tmp_path / "a.toml"
    path.write_text("x" * 100, encoding="utf-8")
    assert read_text(path) == "x" * 100
    with pytest.raises(EisfitError, match=r"a\.toml: longer than 0 KiB, the limit"):
        read_text(path, limit=99)
    path.write_bytes(b"\xff")
    with pytest.raises(EisfitError, match=r"a\.toml: is not a UTF-8 text file"):
        read_text(path)
    with pytest.raises(EisfitError, match=r"nowhere: there is no such file"):
        read_text(tmp_path / "nowhere")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names there")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(EisfitError, match="pipe: cannot be read: not a regular file"):
        read_text(tmp_path / "pipe")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[" * 100_000, "nested too deeply"),
        ("[" + "[]," * 4_000_000 + "[]]", "holds more than 4000000 values"),
        ("1" * 5000, "is not valid JSON"),
        ('{"a": ', "is not valid JSON"),
    ],
    ids=["deep", "many", "digits", "cut"],
)
def test_json_of_strangers_ends_in_a_sentence(text, why):
    with pytest.raises(EisfitError, match=f"^x.json: .*{why}"):
        parse_json(text, "x.json")


@pytest.mark.parametrize(
    ("text", "depth"),
    [
        ("[]", 1),
        ('{"a": [[1]]}', 3),
        ('"[[[["', 0),
        (r'"\\"[', 1),
        (r'["a\"[[", {}]', 2),
        ('"open [[', 2),
        ("[" * 500, 500),
    ],
)
def test_the_depth_of_json_is_counted_outside_strings(text, depth):
    assert count_json_depth(text) == depth


def test_json_nested_too_deeply_is_refused_before_it_is_parsed():
    assert parse_json("[" * 200 + "]" * 200, "x.json")
    with pytest.raises(EisfitError, match="nested too deeply"):
        parse_json("[" * 201 + "]" * 201, "x.json")


def test_another_program_of_the_name_is_told(tmp_path):
    (tmp_path / "eisfit_toolkit-0.1.0.dist-info").mkdir()
    assert describe_other_package(tmp_path) is None
    (tmp_path / "eisfit-1.2.0.dist-info").mkdir()
    assert "eisfit 1.2.0" in describe_other_package(tmp_path)
    assert "pip uninstall eisfit" in describe_other_package(tmp_path)


def test_an_endless_number_is_found_where_python_has_no_limit(monkeypatch):
    monkeypatch.delattr("sys.set_int_max_str_digits", raising=False)
    assert has_long_number("[" + "1" * 5000 + "]")
    assert not has_long_number(("1" * 4000 + " ") * 9)
