"""Whatever a user gets wrong: one clear sentence, no traceback, the right exit code."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

import eisfit
from eisfit.cli import app
from eisfit.errors import EisfitError
from eisfit.model.simulate import simulate
from eisfit.spectra.writers.plain_csv import to_csv

HEAD = "frequency_Hz,Z_real_ohm,Z_imag_ohm\n"
SWEEP = [10 ** (5 - k / 5) for k in range(36)]


@pytest.fixture
def good(tmp_path):
    values = {"R_s": 2, "R_ct": 50, "CPE_ct_Q": 1e-4, "CPE_ct_alpha": 0.9}
    path = tmp_path / "good.csv"
    path.write_text(to_csv(simulate("rs-ct", values, noise=0.003)), encoding="utf-8")
    return path


BAD_FILES = {
    "empty.csv": (b"", "the file is empty"),
    "binary.bin": (bytes(range(256)) * 20, "is a binary file of no known format"),
    "words.txt": (b"Dear diary\nnothing measured today\n", "no table of numbers in it"),
    "header_only.csv": (HEAD.encode(), "no table of numbers in it"),
    "three.csv": (
        (HEAD + "1000,1,-0.1\n100,2,-1\n10,3,-0.1\n").encode(),
        "3 points cannot tell circuits apart; measure at least 8, or give a circuit",
    ),
    "all_nan.csv": (
        (HEAD + "".join(f"{f:.6g},{10 + k},nan\n" for k, f in enumerate(SWEEP))).encode(),
        "the column 'Z_imag_ohm' holds no number",
    ),
    "negative.csv": (
        (HEAD + "".join(f"{-f if k == 5 else f:.6g},{10 + k},-1\n" for k, f in enumerate(SWEEP))).encode(),
        "a negative frequency (-10000 Hz)",
    ),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_fails_with_its_reason(run, tmp_path, name):
    content, reason = BAD_FILES[name]
    (tmp_path / name).write_bytes(content)
    code, out, err = run("fit", name)
    assert code == 1
    assert out.startswith(f"{name}: FAILED: {reason}")
    assert err == ""


def test_too_few_points_for_a_given_circuit(run, tmp_path):
    (tmp_path / "three.csv").write_bytes(BAD_FILES["three.csv"][0])
    code, out, err = run("fit", "three.csv", "-c", "rs-sei-ct-w")
    reason = "3 points (6 numbers) cannot determine the 8 parameters of rs-sei-ct-w"
    assert (code, err) == (1, "")
    assert out.startswith(f"three.csv: FAILED: {reason}")


def test_a_missing_file(run):
    assert run("fit", "missing.csv") == (1, "missing.csv: FAILED: there is no such file\n", "")
    assert run("fit", "rs-ct") == (1, "rs-ct: FAILED: there is no such file, but a circuit: -c rs-ct\n", "")


def test_an_empty_folder(run, tmp_path):
    (tmp_path / "cells").mkdir()
    assert run("fit", "cells") == (1, "cells: FAILED: the folder is empty\n", "")


def test_a_glob_that_matches_nothing(run):
    assert run("fit", "*.mpt") == (1, "*.mpt: FAILED: no file matches\n", "")


def test_a_file_whose_name_begins_with_a_dash(run, good, tmp_path):
    (tmp_path / "-n1.csv").write_bytes(good.read_bytes())
    code, _, err = run("fit", "-n1.csv", "-c", "rs-ct")
    told = "-n1.csv: a file whose name begins with a dash is given as ./-n1.csv, and several as ./*"
    assert (code, err) == (2, f"eisfit: {told}\n")
    assert run("check", "./-n1.csv")[0] == 0


def test_nothing_on_standard_input(run):
    assert run("fit", "-") == (1, "<stdin>: FAILED: the file is empty\n", "")


@pytest.mark.parametrize("command", ["fit", "check", "info", "track"])
def test_one_bad_file_does_not_stop_the_others(run, good, tmp_path, command):
    (tmp_path / "words.txt").write_bytes(BAD_FILES["words.txt"][0])
    options = ["-c", "rs-ct"] if command in ("fit", "track") else []
    code, out, _ = run(command, "words.txt", good.name, *options)
    assert code == 1
    assert "no table of numbers in it" in out
    assert "good.csv" in out or command == "track"
    assert "50." in out or command in ("check", "info")


WRONG_OPTIONS = [
    (["-c", "rs-sei-ctw"], "no circuit is called 'rs-sei-ctw'; did you mean 'rs-sei-ct-w'?"),
    (
        ["-c", "R_s-p(R_ct,CPE_ct"],
        "expected '-', ',' or ')', not the end\n  R_s-p(R_ct,CPE_ct\n" + " " * 19 + "^",
    ),
    (["-c", "nofile.toml"], "nofile.toml: there is no such circuit file"),
    (["--fix", "R_tc=3"], "rs-ct: no parameter 'R_tc'; did you mean 'R_ct'?"),
    (["--start", "R_tc=3"], "rs-ct: no parameter 'R_tc'; did you mean 'R_ct'?"),
    (["--bound", "R_tc=3:4"], "rs-ct: no parameter 'R_tc'; did you mean 'R_ct'?"),
    (["--fix", "R_ct=three"], "--fix 'R_ct=three': expected NAME=VALUE with a number, not 'three'"),
    (["--fix", "R_ct"], "--fix 'R_ct': expected NAME=VALUE with a number"),
    (
        ["--fix", "R_s=3,R_ct=4"],
        "--fix 'R_s=3,R_ct=4': expected NAME=VALUE with a number, not '3,R_ct=4'; each takes its own --fix",
    ),
    (["--fix", "=3"], "--fix '=3': expected NAME=VALUE with a number"),
    (["--fix", "R_ct=3", "--fix", "R_ct=4"], "--fix 'R_ct=4': R_ct is given twice"),
    (["--fix", "R_ct=-3"], "R_ct: the value -3 lies outside its bounds 0 to inf"),
    (
        ["--start", "R_ct=50", "--bound", "R_ct=60:100"],
        "R_ct: the value 50 lies outside its bounds 60 to 100",
    ),
    (["--start", "R_ct=50", "--bound", "R_ct=:20"], "R_ct: the value 50 lies outside its bounds 0 to 20"),
    (["--bound", "R_ct=100:60"], "R_ct: the lower bound 100 is not below the upper bound 60"),
    (["--bound", "R_ct=60"], "--bound 'R_ct=60': expected NAME=LOW:HIGH, not '60'"),
    (["--bound", "R_ct=:"], "--bound 'R_ct=:': expected NAME=LOW:HIGH, not ':'"),
    (["--bound", "R_ct=a:b"], "--bound 'R_ct=a:b': expected NAME=LOW:HIGH, not 'a:b'"),
    (["--expr", "R_ct=R_ss*2"], "expression 'R_ss*2': unknown parameter 'R_ss'; did you mean 'R_s'?"),
    (
        ["--weighting", "mod"],
        "--weighting 'mod': is none of modulus, proportional, unit, noise; did you mean 'modulus'?",
    ),
    (["--fmin", "100", "--fmax", "10"], "--fmin 100 Hz lies above --fmax 10 Hz: no frequency is left"),
]


@pytest.mark.parametrize("command", ["fit", "track"])
@pytest.mark.parametrize(("options", "sentence"), WRONG_OPTIONS)
def test_a_wrong_option_is_wrong_usage(run, good, command, options, sentence):
    circuit = [] if "-c" in options else ["-c", "rs-ct"]
    assert run(command, good.name, *circuit, *options) == (2, "", f"eisfit: {sentence}\n")


def test_code_in_an_expression_is_refused(run, good):
    code, out, err = run("fit", good.name, "-c", "rs-ct", "--expr", "R_ct=__import__('os').getcwd()")
    assert (code, out) == (2, "")
    assert "is not allowed; allowed are numbers, parameter names" in err


def test_a_range_without_points_is_the_files_failure(run, good):
    code, out, _ = run("fit", good.name, "-c", "rs-ct", "--fmin", "1e7")
    assert code == 1
    assert "no point is left of 71 (10 mHz to 100 kHz)" in out


def test_a_misspelt_option_and_command_name_the_nearest(run, good):
    code, _, err = run("fit", good.name, "--outptu", "x")
    assert code == 2
    assert "No such option" in err
    assert "--output" in err
    assert run("fti", good.name)[0] == 2
    assert run("fit")[0] == 2


@pytest.mark.parametrize(
    "command", [("fit", "-c", "rs-ct"), ("check",), ("track", "-c", "rs-ct"), ("convert",)]
)
def test_an_output_folder_that_is_a_file(run, good, command):
    code, out, err = run(command[0], good.name, *command[1:], "--output", good.name)
    assert (code, out) == (2, "")
    assert err == "eisfit: --output good.csv: cannot be made a folder: File exists\n"


def test_track_says_what_is_wrong_with_a_pattern_or_manifest(run, good, tmp_path):
    code, _, err = run("track", good.name, "--cycle-pattern", "(")
    assert code == 2
    assert "cycle_pattern: '(' is no regular expression" in err
    (tmp_path / "list.csv").write_text("name,number\n", encoding="utf-8")
    code, _, err = run("track", good.name, "--manifest", "list.csv")
    assert code == 1
    assert "a manifest needs the columns file and cycle, it has name, number" in err


def test_explain_without_a_study_or_with_a_bad_one(run, good):
    code, _, err = run("explain")
    assert code == 2
    assert err == "eisfit: explain needs a study file; eisfit explain --template prints one to start from\n"
    assert run("explain", "gone.toml")[0] != 0
    code, out, err = run("explain", good.name)
    assert (code, out) == (1, "")
    assert "good.csv: is not valid TOML" in err


def test_simulate_names_what_is_missing_or_wrong(run):
    assert run("simulate", "-c", "rs-ct", "-p", "R_s=2")[2] == (
        "eisfit: rs-ct: no value for R_ct, CPE_ct_Q, CPE_ct_alpha\n"
    )
    complete = ["-c", "rs-ct", "-p", "R_s=2", "-p", "R_ct=5", "-p", "CPE_ct_Q=1e-4", "-p", "CPE_ct_alpha=0.9"]
    wrong = {
        ("-p", "R_sct=3"): "no parameter 'R_sct'; did you mean 'R_ct'",
        ("--noise", "-1"): "noise: -1 is not a fraction",
        ("--fmin", "10", "--fmax", "1"): "make no sweep",
    }
    for extra, sentence in wrong.items():
        code, out, err = run("simulate", *complete, *extra)
        assert (code, out) == (2, "")
        assert sentence in err
    code, _, err = run("simulate", *complete, "--output", "no/such/folder.csv")
    assert code == 1
    assert "no/such/folder.csv: cannot be written: No such file or directory" in err


def test_convert_knows_its_two_forms(run, good):
    code, _, err = run("convert", good.name, "--to", "xml", "--output", "there")
    assert (code, err) == (2, "eisfit: --to 'xml': is none of csv, json, csvw\n")


def test_a_single_dash_is_standard_output_or_refused(run, good, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = run("convert", good, "--output", "-")
    assert (code, err) == (0, "")
    assert "\nfrequency_Hz,Z_real_ohm,Z_imag_ohm" in out
    again = tmp_path / "again.json"
    again.write_text(run("convert", good, "--to", "json", "--output", "-")[1], encoding="utf-8")
    assert (eisfit.read(again).impedance == eisfit.read(good).impedance).all()
    for arguments, said in (
        (("convert", good, good, "--output", "-"), "takes one spectrum, and here are 2"),
        (("convert", good, "--to", "csvw", "--output", "-"), "writes 2 files"),
        (("fit", good, "-c", "rs-ct", "--output", "-"), "--output -: takes a folder"),
    ):
        code, out, err = run(*arguments)
        assert (code, out) == (2, "") and said in err
    assert not (tmp_path / "-").exists()


def test_convert_goes_on_after_a_bad_file(run, good, tmp_path):
    (tmp_path / "words.txt").write_bytes(BAD_FILES["words.txt"][0])
    code, _, err = run("convert", "words.txt", good.name, "--output", "there")
    assert code == 1
    assert err == "eisfit: words.txt: no table of numbers in it\n"
    assert [p.name for p in (tmp_path / "there").iterdir()] == ["good.csv"]


@pytest.mark.parametrize(
    "arguments",
    [("convert", "--output", "."), ("convert", "--output", "there/.."), ("batch", "--export", "good.csv")],
)
def test_nothing_is_written_over_what_is_read(run, good, tmp_path, arguments):
    (tmp_path / "there").mkdir()
    before = good.read_bytes()
    code, _, err = run(arguments[0], good.name, *arguments[1:])
    assert code == 2
    assert "good.csv, which is read: name another place" in err
    assert good.read_bytes() == before


@pytest.mark.parametrize("name", ["out.csv", "new/out.xlsx", "page.html"])
def test_a_folder_is_not_called_as_a_file_is(run, good, tmp_path, name):
    """`-o out.csv` made a folder of that name."""
    for command in ("fit", "convert"):
        code, _, err = run(command, good.name, "-o", name)
        assert code == 2
        assert "names a folder, for tables and figures" in err
    assert not (tmp_path / name).exists()


def test_results_that_cannot_be_written_are_shown(run, good, monkeypatch):
    def full(path, _):
        raise EisfitError(f"{path}: cannot be written: No space left on device")

    monkeypatch.setattr("eisfit.cli.commands.fit.write_json", full)
    code, out, err = run("fit", good.name, "-c", "rs-ct", "--output", "there")
    assert code == 1
    assert "R_ct" in out
    assert err.strip().endswith("fit.json: cannot be written: No space left on device")


def test_examples_never_overwrite_what_differs(run, tmp_path):
    (tmp_path / "mine" / "rrml").mkdir(parents=True)
    (tmp_path / "mine" / "rrml" / "study.toml").write_text("my own work", encoding="utf-8")
    code, _, err = run("examples", "--copy", "mine")
    assert code == 2
    assert "is there already and differs" in err
    assert (tmp_path / "mine" / "rrml" / "study.toml").read_text(encoding="utf-8") == "my own work"
    assert len(list((tmp_path / "mine").rglob("*"))) == 2


def python_m_eisfit(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "eisfit", *arguments],
        capture_output=True,
        env={**os.environ, **environment},
        timeout=120,
        check=False,
    )


@pytest.mark.slow
def test_as_a_program_it_keeps_the_exit_codes(good):
    assert python_m_eisfit("fit", str(good), "-c", "rs-ct").returncode == 0
    assert python_m_eisfit("fit", str(good.with_name("gone.csv"))).returncode == 1
    assert python_m_eisfit("fit", str(good), "-c", "nope").returncode == 2


@pytest.mark.slow
def test_a_terminal_without_plus_minus_is_no_reason_to_fail(good):
    done = python_m_eisfit("fit", str(good), "-c", "rs-ct", PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert b"R_ct" in done.stdout


def test_an_internal_error_is_a_sentence_too(good):
    code = (
        "import sys, eisfit.cli.commands.info as info\n"
        "def broken(*a, **k): raise RuntimeError('the sky fell')\n"
        "info.read_sources = broken\n"
        f"sys.argv = ['eisfit', 'info', {str(good)!r}]\n"
        "from eisfit.__main__ import main\nmain()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 1
    assert done.stderr == (
        "eisfit: internal error, please report it: RuntimeError: the sky fell (EISFIT_DEBUG=1 shows where)\n"
    )


@pytest.mark.parametrize(
    ("arguments", "missing"),
    [(["convert", "a.csv"], "Missing option '--output'"), (["info"], "Missing argument 'FILES...'")],
)
def test_what_a_command_needs_is_asked_for(arguments, missing):
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 2
    assert missing in done.stderr


def test_a_report_on_more_spectra_than_a_page_holds_is_refused_before_they_are_fitted(run, good, monkeypatch):
    monkeypatch.setattr("eisfit.cli.commands.report._LEAST", 6_000_000)
    code, _, err = run("report", good.name, "-c", "rs-ct")
    assert code == 2
    assert "report.html: would be 6.0 MB large, above 5 MB: report on fewer files at a time" in err
