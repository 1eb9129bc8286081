"""Manners of every command: quiet, formats, Ctrl-C, closed pipes, full disks, impossible outputs."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
import warnings

import pytest

from eisfit.cli import all_commands
from eisfit.errors import EisfitWarning
from eisfit.model.simulate import simulate
from eisfit.spectra.writers.plain_csv import to_csv

SHAPE = {"R_s": 2.0, "R_ct": 50.0, "CPE_ct_Q": 1e-4, "CPE_ct_alpha": 0.9}


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    home = tmp_path_factory.mktemp("cells")
    for cycle in (0, 50):
        text = to_csv(simulate("rs-ct", SHAPE, noise=0.003, seed=cycle, cycle=cycle))
        (home / f"zelle_Ω_{cycle}.csv").write_text(text, encoding="utf-8")
    return home


def test_quiet_before_and_after_the_command(run):
    assert run("circuits", "--new", "one")[2].startswith("eisfit: circuits/one.toml is begun")
    assert run("circuits", "--new", "two", "--quiet") == (0, "", "")
    assert run("-q", "circuits", "--new", "three") == (0, "", "")
    assert run("-q", "circuits", "--new", "three")[2].startswith("eisfit: --new three: ")
    assert run("circuits", "--new", "four")[2] != ""  # it does not stay quiet


def _rounded(table):
    """Return the cells, numbers to 7 digits: the compiled solver may take over between two calls."""

    def rounded(cell):
        try:
            return f"{float(cell):.7g}"
        except ValueError:
            return cell

    return [{key: rounded(cell) for key, cell in row.items()} for row in table]


@pytest.mark.parametrize(
    ("command", "rows", "column"),
    [
        (["fit", "-c", "rs-ct"], 2, "R_ct_stderr"),
        (["track", "-c", "rs-ct"], 2, "R_ct"),
        (["check"], 2, "noise_relative"),
        (["info"], 2, "points"),
        (["compare", "--circuits", "rs-ct,rs-rc"], 4, "circuit_string"),
    ],
)
def test_formats(run, cells, command, rows, column):
    tables = {}
    for form, delimiter in (("tsv", "\t"), ("csv", ",")):
        code, out, _ = run(command[0], cells, *command[1:], "--format", form)
        assert code == 0
        tables[form] = list(csv.DictReader(io.StringIO(out), delimiter=delimiter))
    assert _rounded(tables["tsv"]) == _rounded(tables["csv"])
    assert len(tables["tsv"]) == rows
    assert tables["tsv"][0][column]
    assert run(command[0], cells, *command[1:], "--format", "md")[1].startswith("| ")


def test_format_json_and_table_are_what_they_were(run, cells):
    (path,) = cells.glob("*_0.csv")
    plain = run("info", path)
    assert run("info", path, "--format", "table") == plain
    assert json.loads(run("info", path, "--format", "json")[1]) == json.loads(run("info", path, "--json")[1])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["--format", "tvs"],
            "--format 'tvs': is none of table, json, csv, tsv, md, paper-md, paper-latex; did you mean "
            "'tsv'?",
        ),
        (["--format", "csv", "--json"], "--json and --format csv exclude each other"),
    ],
)
def test_wrong_formats(run, arguments, sentence):
    assert run("circuits", *arguments) == (2, "", f"eisfit: {sentence}\n")


def test_unknown_commands(run, cells):
    assert run("fti") == (2, "", "eisfit: no command is called 'fti'; did you mean 'fit'?\n")
    assert run("xyzzy") == (2, "", "eisfit: no command is called 'xyzzy'; eisfit --help lists them\n")
    assert run("help", "fit")[2] == "eisfit: no command is called 'help'; did you mean 'eisfit --help'?\n"
    (path,) = cells.glob("*_0.csv")
    assert run(path)[2] == f"eisfit: no command is called '{path}'; did you mean 'eisfit fit {path}'?\n"


def test_every_help_has_an_example_of_its_own(run):
    for section in all_commands.SECTIONS.values():
        for command in section:
            code, text, _ = run(command, "--help")
            assert (code, text.count(f"Example:  eisfit {command}")) == (0, 1), command
    assert "Example:  eisfit fit" in run("--help")[1]


def test_every_command_stands_under_a_heading_and_is_quiet_on_demand(run):
    text = run("--help")[1]
    for heading, commands in all_commands.SECTIONS.items():
        section = text.partition(f"\n{heading}:\n")[2].partition("\n\n")[0]
        for command in commands:
            if f"  {command} " in text:
                assert f"  {command} " in section
                assert "--quiet" in run(command, "--help")[1]
    assert "\nMore:\n" not in text


@pytest.mark.parametrize("command", ["fit", "track", "check", "drt", "compare", "convert"])
def test_an_impossible_output_is_refused_before_the_work(run, cells, monkeypatch, tmp_path, command):
    from eisfit.cli import sources

    def worked(*_args, **_kwargs):
        raise AssertionError("it has begun to work")

    monkeypatch.setattr(sources, "_read", worked)
    monkeypatch.setattr("eisfit.spectra.series.read_series", worked)
    (tmp_path / "file").write_text("", encoding="utf-8")
    code, _, err = run(command, cells, "--output", tmp_path / "file" / "below")
    assert code == 2
    assert "cannot be made a folder" in err

    def refuse(dir):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    code, _, err = run(command, cells, "--output", "new")
    assert (code, err) == (2, "eisfit: --output new: nothing can be written there: Permission denied\n")
    assert not (tmp_path / "new").exists()


def test_warnings_of_ours_are_notes_and_others_stay(capsys):
    def warn(*_args, **_kwargs):
        warnings.warn("rs-ct is another", EisfitWarning, stacklevel=2)
        warnings.warn("something else", RuntimeWarning, stacklevel=2)

    others = []
    all_commands.current.quiet = False
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        warnings.showwarning = lambda *about, **_: others.append(str(about[0]))
        all_commands._run_command(warn)
    assert capsys.readouterr().err == "eisfit: note: rs-ct is another\n"
    assert others == ["something else"]


def test_ctrl_c_in_a_command_is_130_and_no_traceback():
    import click
    from click.testing import CliRunner

    def stopped():
        raise KeyboardInterrupt

    group = all_commands.Commands(commands={"fit": click.Command("fit", callback=stopped)})
    done = CliRunner().invoke(group, ["fit"])
    assert done.exit_code == 130
    assert done.stderr == "\neisfit: stopped\n"


def start(*arguments, **more):
    return subprocess.Popen(
        [sys.executable, "-m", "eisfit", *arguments], stderr=subprocess.PIPE, text=True, **more
    )


@pytest.mark.skipif(os.name == "nt", reason="pipes and signals of POSIX")
@pytest.mark.parametrize("arguments", [["circuits"], ["circuits", "--json"], ["--help"], ["examples"]])
def test_a_reader_that_leaves_early_is_no_error(arguments):
    process = start(*arguments, stdout=subprocess.PIPE)
    process.stdout.close()  # before a word of it is read
    assert process.stderr.read() == ""
    assert process.wait(timeout=60) in (0, 1)
    process.stderr.close()


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("name", ["read_sources", "__call__"])
def test_ctrl_c_in_the_program(name):
    """The signal comes while a command works, and before one has begun."""
    code = (
        "import os, signal, sys\n"
        "import eisfit.cli.commands.info, eisfit.cli\n"
        "def wait(*a, **k): os.kill(os.getpid(), signal.SIGINT); signal.pause()\n"
        f"target = {'eisfit.cli.commands.info' if name == 'read_sources' else 'type(eisfit.cli.app)'}\n"
        f"setattr(target, {name!r}, wait)\n"
        "sys.argv = ['eisfit', 'info', 'x.csv']\n"
        "from eisfit.__main__ import main\nmain()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 130
    assert done.stderr == ("\neisfit: stopped\n" if name == "read_sources" else "")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_is_said():
    with open("/dev/full", "w", encoding="utf-8") as full:  # noqa: PTH123
        process = start("circuits", stdout=full)
        err = process.stderr.read()
        process.stderr.close()
    assert process.wait(timeout=60) == 1
    assert err == "eisfit: cannot write: No space left on device\n"


@pytest.mark.slow
@pytest.mark.parametrize("variable", ["NO_COLOR", "FORCE_COLOR", "TERM"])
def test_no_escape_codes_where_no_terminal_is(cells, variable):
    environment = {**os.environ, variable: "dumb" if variable == "TERM" else "1"}
    for arguments in (["circuits", "rs-ct"], ["fit", "--help"], ["fti"], ["info", str(cells)]):
        process = start(*arguments, stdout=subprocess.PIPE, env=environment)
        out, err = process.communicate(timeout=60)
        assert "\x1b" not in out + err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["compare", "--circuits", "rs-ct", "--circuits", "rs-rc"], "--circuits is given twice"),
        (["fit", "--weighting", "unit", "--weighting=modulus"], "--weighting is given twice"),
        (["fit", "-c", "rs-ct", "--circuit", "rs-rc"], "--circuit is given twice"),
        (["fit", "-c", "rs-ct", "--fix", "R_s=1", "--fix", "R_s=2"], "R_s is given twice"),
        (["fit", "-c", "rs-ct", "--fix", "R_s=1", "--start", "R_s=2"], "leave one of them out"),
        (["fit", "-c", "rs-ct", "--fix", "R_s=1", "--expr", "R_s=R_ct"], "leave one of them out"),
    ],
)
def test_options_given_twice_or_against_each_other_are_told(run, cells, arguments, sentence):
    code, out, err = run(*arguments, cells)
    assert (code, out) == (2, "")
    assert sentence in err
    assert err.count("\n") == 1


def test_an_option_may_be_repeated_where_it_lists(run, cells):
    assert run("fit", "-c", "rs-ct", "--drop", "100", "--drop", "10", "-q", "-q", cells)[0] == 0


@pytest.mark.parametrize(
    ("closed", "code", "told"),
    [
        (">&-", 1, "eisfit: standard output is closed: send it to a file or a terminal\n"),
        (">&- <&-", 1, "eisfit: standard output is closed: send it to a file or a terminal\n"),
        ("<&-", 0, ""),
        ("2>&-", 0, ""),
        (">&- 2>&-", 1, ""),
    ],
)
def test_streams_that_the_caller_has_closed(tmp_path, closed, code, told):
    call = f'"{sys.executable}" -m eisfit circuits {closed}'
    end = subprocess.run(["sh", "-c", call], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (end.returncode, end.stderr) == (code, told)
