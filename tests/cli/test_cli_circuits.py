"""``eisfit circuits``: one's own listed with their place, drawn, examined, begun."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import eisfit
from eisfit.cli import app
from eisfit.cli.command import Option
from eisfit.cli.completion import find_circuits, find_parameters
from eisfit.model.files.check import check_circuit
from eisfit.model.files.library import load_circuit
from eisfit.model.files.template import circuit_template


def test_a_circuit_is_begun_completed_examined_listed_and_drawn(run, tmp_path):
    code, out, err = run("circuits", "--new", "my-cell", "R_s-p(R_ct,CPE_ct)")
    assert (code, out) == (0, "")
    assert err.startswith("eisfit: circuits/my-cell.toml is begun: complete it")
    made = load_circuit(tmp_path / "circuits" / "my-cell.toml")
    assert made.string == "R_s-p(R_ct,CPE_ct)"
    assert made.parameters["R_ct"].role == "charge_transfer"
    code, out, _ = run("circuits", "my-cell", "--check")
    assert (code, out.splitlines()[0]) == (0, "my-cell: ok: R_s-p(R_ct,CPE_ct)")
    assert "remark: no [[tests]]" in out
    assert "remark: title and references are still the template's" in out
    assert run("circuits", "--check")[1].startswith(str(tmp_path / "circuits" / "my-cell.toml: ok"))
    assert "my-cell (circuits/my-cell.toml): one line that says what it is for" in run("circuits")[1]
    assert run("circuits", "my-cell", "--draw")[1] == (
        "o──R_s──┬──R_ct────┬──o\n"
        "        └──CPE_ct──┘\n"
    )  # fmt: skip
    assert run("circuits", "my-cell", "-o", "cell.svg")[:2] == (0, "")
    assert (tmp_path / "cell.svg").read_text(encoding="utf-8").startswith("<svg")


def test_listed_as_json_with_where_they_come_from(run, tmp_path):
    run("circuits", "--new", "rs-ct", "--quiet")
    document = json.loads(run("circuits", "--json")[1])
    found = {row["name"]: row for row in document["circuits"]}
    assert set(found) == set(eisfit.circuits())
    assert (found["rs-ct"]["origin"], found["rs-ct"]["shadows"]) == ("project", True)
    assert found["rs-ct"]["file"] == str(tmp_path / "circuits" / "rs-ct.toml")
    assert found["rs-ct-w"]["origin"] == "eisfit"
    code, out, err = run("circuits", "rs-ct")
    assert code == 0
    assert "rs-ct (circuits/rs-ct.toml, instead of eisfit's)" in out
    assert err.startswith("eisfit: note: rs-ct is your own circuit")
    assert run("circuits", "rs-ct", "--quiet")[2] == ""


def test_a_broken_circuit_of_ones_own_does_not_hide_the_others(run, tmp_path):
    (tmp_path / "circuits").mkdir()
    (tmp_path / "circuits" / "broken.toml").write_text("circuit = ", encoding="utf-8")
    (tmp_path / "circuits" / "My Cell.toml").write_text("", encoding="utf-8")
    code, out, err = run("circuits")
    assert code == 1
    assert "rs-sei-ct-w: " in out
    assert "broken.toml: is not valid TOML" in err
    assert "My Cell.toml: cannot be asked for by name: use small letters and digits parted by '-'" in err
    document = json.loads(run("circuits", "--json")[1])
    assert [failure["name"] for failure in document["failures"]] == ["broken", "My Cell"]
    code, out, _ = run("circuits", "circuits/broken.toml", "rs-ct", "--check")
    assert code == 1
    assert "rs-ct: ok" in out


def test_check_as_json(run):
    code, out, _ = run("circuits", "R_s-R_x", "nope", "--check", "--json")
    assert code == 1
    document = json.loads(out)
    assert document["schema"] == "eisfit.circuit_check/1"
    assert [row["ok"] for row in document["results"]] == [True, False]
    assert document["results"][0]["remarks"][0].startswith("R_s and R_x stand in series")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--draw"], "--draw needs the name of a circuit, a string or a .toml file"),
        (["--check"], "--check needs a circuit file; eisfit circuits --new NAME begins one"),
        (["rs-ct", "--draw", "--check"], "--draw and --check exclude each other"),
        (["rs-ct", "rs-rc", "-o", "x.svg"], "--output x.svg: takes one circuit, not 2"),
        (["rs-ct", "-o", "x.docx"], "x.docx: a figure can be written as .png, .svg or .pdf, not as '.docx'"),
        (
            ["--new", "My Cell"],
            "--new 'My Cell': a circuit's name has small letters and digits parted by '-'",
        ),
        (["--new", "x", "R1", "R2"], "--new x: begins with one circuit, not 2"),
        (["--new", "x", "R_s-"], "expected an element or p(...), not the end\n  R_s-\n      ^"),
        (["rs-sei-tc"], "no circuit is called 'rs-sei-tc'; did you mean 'rs-sei-ct'?"),
    ],
)
def test_mistakes(run, arguments, sentence):
    assert run("circuits", *arguments) == (2, "", f"eisfit: {sentence}\n")


def test_new_never_overwrites(run, tmp_path):
    run("circuits", "--new", "mine")
    (tmp_path / "circuits" / "mine.toml").write_text("my own work", encoding="utf-8")
    code, _, err = run("circuits", "--new", "mine")
    assert code == 2
    assert "circuits/mine.toml is there already; remove it, or take another name" in err
    assert (tmp_path / "circuits" / "mine.toml").read_text(encoding="utf-8") == "my own work"


@pytest.mark.parametrize("string", [eisfit.circuit(name).string for name in eisfit.circuits()])
def test_every_circuit_has_a_template_that_can_be_read(tmp_path, string):
    path = tmp_path / "mine.toml"
    path.write_text(circuit_template(string), encoding="utf-8")
    found = check_circuit(str(path))
    assert found.ok
    assert found.circuit.string == string


def test_what_the_shell_completes(run):
    class Context:
        params = {"circuit": "rs-ct"}  # noqa: RUF012

    assert find_circuits("rs-sei-ct-w") == ["rs-sei-ct-w", "rs-sei-ct-wo"]
    assert find_parameters(Context(), "CPE") == ["CPE_ct_Q=", "CPE_ct_alpha="]
    Context.params = {"circuit": "nonsense("}
    assert find_parameters(Context(), "") == []
    option = Option(words=("modulus", "unit", "noise"), help="By {}.")
    assert option.autocompletion("m") == ["modulus"]
    assert option.help == "By modulus, unit or noise."


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("eisfit tr", ["track"]),
        ("eisfit fit cell.csv --circuit rs-g", ["rs-gerischer"]),
        ("eisfit fit -c rs-ct --fix R_", ["R_s=", "R_ct="]),
        ("eisfit fit --weighting no", ["noise"]),
        ("eisfit fit --outp", ["--output"]),
        ("eisfit circuits rs-tlm", ["rs-tlm", "rs-tlmq"]),
        ("eisfit check --format t", ["table", "tsv"]),
    ],
)
def test_the_shells_way_of_asking(monkeypatch, capsys, typed, expected):
    monkeypatch.setenv("_EISFIT_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", typed)
    monkeypatch.setenv("COMP_CWORD", str(len(typed.split()) - 1))
    with pytest.raises(SystemExit):
        app([], prog_name="eisfit")
    assert [row.partition(",")[2] for row in capsys.readouterr().out.split()] == expected


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_is_taught_once(run, monkeypatch, tmp_path, shell):
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    line = run("--show-completion", shell)[1].strip()
    assert f"_EISFIT_COMPLETE={shell}_source eisfit" in line
    assert "one line added" in run("--install-completion", shell)[1]
    assert "has it already" in run("--install-completion", shell)[1]
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path.read_text(encoding="utf-8").count(line) for path in written] == [1]


def test_a_shell_that_is_not_known(run):
    code, _, err = run("--install-completion", "tcsh")
    assert code == 2
    assert "'tcsh': is none of bash, zsh, fish" in err
