"""File names that other people's machines make: no UTF-8, 250 letters, the beginning of a formula."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys

import numpy as np
import pytest

from eisfit.model.simulate import simulate
from eisfit.spectra.writers.plain_csv import to_csv

NAMES = (b"Zelle_\xfc.csv", b"=1+cmd.csv", b"+b.csv", b"a" * 250 + b".csv")


@pytest.fixture
def folder(tmp_path):
    truth = {"R_s": 10.0, "R_ct": 50.0, "C_dl": 1e-5}
    text = to_csv(simulate("rs-rc", truth, frequency=np.logspace(5, -1, 20)))
    for name in NAMES:
        try:
            (tmp_path / os.fsdecode(name)).write_text(text, encoding="utf-8")
        except OSError:
            pytest.skip("this file system refuses such names")
    return tmp_path


#: pyparsing takes "-W error" as a wish for its diagnostics, which matplotlib 3.8 does not pass.
STRICT = ("-W", "error", "-W", "ignore:::pyparsing")


def run(folder, *arguments):
    return subprocess.run(
        [sys.executable, *STRICT, "-m", "eisfit", *arguments, *(os.fsdecode(name) for name in NAMES)],
        cwd=folder,
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "table"), [("fit", "fit.csv"), ("track", "track.csv"), ("compare", "compare.json")]
)
def test_no_name_loses_the_run(folder, command, table):
    circuits = ["--circuits", "rs-rc,rs-ct"] if command == "compare" else ["--circuit", "rs-rc"]
    done = run(folder, command, *circuits, "--output", "out")
    assert b"internal error" not in done.stderr, done.stderr
    assert done.returncode == 0, done.stderr
    text = (folder / "out" / table).read_text(encoding="utf-8")
    assert "Zelle_ü.csv" in text
    if table.endswith(".csv"):
        cells = [cell for row in csv.reader(text.splitlines()) for cell in row]
        assert "'=1+cmd.csv" in cells
        assert "'+b.csv" in cells
        assert not any(cell.startswith(("=", "+", "@")) for cell in cells)


@pytest.mark.slow
def test_json_and_a_store(folder):
    done = run(folder, "fit", "--circuit", "rs-rc", "--json")
    sources = [row["spectrum"]["source"] for row in json.loads(done.stdout)["results"]]
    assert sources == ["Zelle_ü.csv", "=1+cmd.csv", "+b.csv", "a" * 250 + ".csv"]
    done = run(folder, "batch", "--circuit", "rs-rc", "--store", "s.db", "--export", "all.csv")
    assert done.returncode == 0, done.stderr
    assert b"4 fitted" in done.stdout + done.stderr
    with (folder / "all.csv").open(encoding="utf-8", newline="") as stream:
        sources = {row["source"] for row in csv.DictReader(stream)}
    assert {"'+b.csv", "'=1+cmd.csv", "Zelle_ü.csv"} <= sources


@pytest.mark.parametrize(
    "arguments",
    [
        ("info", "LONG.csv"),
        ("check", "LONG"),
        ("circuits", "LONG"),
        ("circuits", "--check", "LONG.toml"),
        ("fit", "x.csv", "--circuit", "LONG"),
        ("fit", "x.csv", "--circuit", "LONG.toml"),
        ("fit", "x.csv", "--circuit", "rs-rc", "--output", "LONG/inside"),
        ("track", "LONG", "--circuit", "rs-rc"),
        ("batch", "LONG", "--circuit", "rs-rc", "--store", "LONG"),
        ("explain", "LONG.toml"),
        ("report", "LONG", "--circuit", "rs-rc"),
    ],
    ids=" ".join,
)
def test_a_name_longer_than_any_file_system_takes_is_refused_in_a_sentence(run, tmp_path, arguments):
    truth = {"R_s": 10.0, "R_ct": 50.0, "C_dl": 1e-5}
    (tmp_path / "x.csv").write_text(to_csv(simulate("rs-rc", truth, frequency=np.logspace(5, -1, 20))))
    code, out, err = run(*(word.replace("LONG", "a" * 300) for word in arguments))
    assert code in (1, 2)
    assert "internal error" not in out + err
    assert (out + err).strip()
