"""``eisfit doctor``: what is whole, what is absent with the command that brings it, what is wrong."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from eisfit.cli import app
from eisfit.cli.commands import doctor

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[2]
PYPROJECT = ROOT / "pyproject.toml"


@pytest.fixture
def run(capsys, monkeypatch, tmp_path):
    """Run the command in an empty folder, no package imported; return (code, checks by name, text)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("COLUMNS", "200")
    versions = dict.fromkeys((*doctor._NEEDED, *doctor._OPTIONAL), ("99.0", ""))
    monkeypatch.setattr(doctor, "_try_import", lambda name, module: versions[name])

    def call():
        codes, texts = [], []
        for more in ([], ["--json"]):
            with pytest.raises(SystemExit) as end:
                app(["doctor", *more], prog_name="eisfit")
            codes.append(end.value.code or 0)
            texts.append(capsys.readouterr().out)
        document = json.loads(texts[1])
        assert document["schema"] == "eisfit.doctor/1"
        assert codes == [int(not document["ok"])] * 2
        return codes[0], {check["name"]: check for check in document["checks"]}, texts[0]

    call.versions = versions
    return call


def test_all_is_well(run):
    code, checks, text = run()
    assert code == 0
    assert text.endswith("all is well\n")
    assert {check["status"] for name, check in checks.items() if name != "letters"} == {"ok"}
    assert checks["of eisfit"]["value"] == str(len(list((ROOT / "circuits").glob("*.toml"))))
    tables = len(list((ROOT / "example_spectra").rglob("*.csv")))
    assert f"{tables} tables in" in checks["spectra"]["value"]
    assert checks["eisfit"]["value"].split()[0][0].isdigit()


def test_an_absent_part_comes_with_its_command_and_is_no_failure(run):
    run.versions["numba"] = ("", doctor._ABSENT)
    code, checks, text = run()
    assert code == 0
    assert checks["numba"]["status"] == "absent"
    assert checks["numba"]["cure"].endswith("-m pip install numba")
    assert "absent  numba: for a compiled solver; " in text


def test_a_missing_an_old_and_a_broken_package_are_wrong(run):
    run.versions |= {"numpy": ("", doctor._ABSENT), "scipy": ("1.9.3", "")}
    run.versions["numba"] = ("0.60", "0.60 cannot be imported: ImportError: no LLVM")
    code, checks, text = run()
    assert code == 1
    assert checks["numpy"]["cure"].endswith("-m pip install 'numpy>=1.24'")
    assert checks["scipy"]["value"] == "1.9.3 is older than 1.11.1"
    assert checks["numba"]["status"] == "wrong"
    assert text.endswith("3 things to mend\n")


def test_circuits_of_ones_own(run, tmp_path):
    circuits = tmp_path / "circuits"
    circuits.mkdir()
    (circuits / "broken.toml").write_text("circuit = ", encoding="utf-8")
    (circuits / "My.toml").write_text("", encoding="utf-8")
    (circuits / "rs-rc.toml").write_text(
        'circuit = "C_x"\ntitle="t"\nreferences = ["r"]\n[parameters.C_x]\ndescribe = "d"\nrole = "other"\n',
        encoding="utf-8",
    )
    code, checks, _ = run()
    assert code == 1
    assert "is not valid TOML" in checks["broken"]["value"]
    assert checks["broken"]["cure"].endswith("broken.toml --check")
    assert checks["My.toml"]["status"] == "wrong"
    assert checks["of this project"]["value"] == "rs-rc (instead of eisfit's)"


def test_folders_that_cannot_be_written(run, monkeypatch):
    def refuse(dir):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    code, checks, _ = run()
    assert code == 1
    assert checks["current folder"]["status"] == "wrong"
    assert checks["own circuits"]["status"] == "absent"
    assert checks["own circuits"]["value"].endswith("cannot be written (Permission denied)")


def test_without_examples_or_a_home(run, monkeypatch):
    from eisfit import files
    from eisfit.errors import EisfitError
    from eisfit.model.files import catalogue

    def missing(name):
        raise EisfitError("the folder 'example_spectra' that belongs to eisfit is missing")

    monkeypatch.setattr(files, "data_folder", missing)
    monkeypatch.setattr(catalogue, "find_user_folder", lambda: None)
    code, checks, _ = run()
    assert code == 1
    assert "--force-reinstall" in checks["spectra"]["cure"]
    assert checks["own circuits"]["value"] == "there is no home folder"


def test_a_package_is_imported_to_see_whether_it_works(monkeypatch):
    import importlib

    assert doctor._try_import("numpy", "numpy")[1] == ""
    assert doctor._try_import("no-such-package", "nothing") == ("", doctor._ABSENT)

    def broken(name):
        raise ImportError("wrong ELF class")

    monkeypatch.setattr(importlib, "import_module", broken)
    assert doctor._try_import("numpy", "numpy")[1].endswith(
        "cannot be imported: ImportError: wrong ELF class"
    )


def test_it_looks_for_what_the_project_declares():
    project = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]
    declared = dict(
        re.fullmatch(r"([\w-]+)>=([\d.]+)(?:;.*)?", text).groups() for text in project["dependencies"]
    )
    declared.pop("tomli")  # Python 3.10 alone
    assert {name: least for name, (_, least) in doctor._NEEDED.items()} == declared
    extras = project["optional-dependencies"]
    named = re.search(r"\[(.*)\]", extras["all"][0])[1].split(",")
    assert set(doctor._OPTIONAL) == {text.partition(">")[0] for extra in named for text in extras[extra]}
