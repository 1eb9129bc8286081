"""The command line where all goes well: JSON by the design's keys, complete folders, help with an example."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eisfit.cli import app
from eisfit.coating.explain import explain
from eisfit.model.simulate import simulate
from eisfit.spectra.writers.plain_csv import to_csv

RRML = Path(__file__).resolve().parents[2] / "example_spectra" / "rrml"
COMMANDS = ("fit", "track", "check", "info", "convert", "circuits", "simulate", "explain", "examples")
SHAPE = {"R_s": 2.0, "CPE_ct_Q": 1e-4, "CPE_ct_alpha": 0.9}


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    """A folder of three spectra, R_ct 50, 60 and 70 ohm at cycles 0, 50 and 100."""
    home = tmp_path_factory.mktemp("cells")
    for cycle in (0, 50, 100):
        spectrum = simulate("rs-ct", {**SHAPE, "R_ct": 50 + cycle / 5}, noise=0.003, seed=cycle)
        (home / f"cell_cycle_{cycle}.csv").write_text(to_csv(spectrum), encoding="utf-8")
    return home


@pytest.fixture
def run(run):
    """Return a function that runs a command, expects its exit code and returns standard output."""

    def call(*arguments, stdin="", code=0):
        found, out, err = run(*arguments, stdin=stdin)
        assert found == code, err
        return out

    return call


def strict(text):
    """Read JSON as it is defined: no NaN, no Infinity."""

    def refuse(name):
        raise AssertionError(f"{name} is no JSON")

    return json.loads(text, parse_constant=refuse)


def test_fit_json_has_the_designs_keys(run, cells):
    document = strict(run("fit", cells / "cell_cycle_50.csv", "-c", "rs-ct", "--json"))
    assert document["schema"] == "eisfit.fit/2"
    (result,) = document["results"]
    assert set(result["spectrum"]) >= {
        "source", "index", "cycle", "points", "frequency_min_Hz", "frequency_max_Hz",
    }  # fmt: skip
    assert result["circuit"] == {"name": "rs-ct", "string": "R_s-p(R_ct,CPE_ct)", "chosen_by": "user"}
    assert result["weighting"] == "modulus"
    assert list(result["parameters"]) == ["R_s", "R_ct", "CPE_ct_Q", "CPE_ct_alpha"]
    for parameter in result["parameters"].values():
        assert set(parameter) >= {
            "value", "stderr", "stderr_noise", "stderr_model", "unit", "min", "max", "vary", "expr",
            "at_bound", "role", "verdict",
        }  # fmt: skip
        assert parameter["verdict"] == "determined"
    assert set(result["statistics"]) >= {
        "chisqr", "redchi", "aic", "bic", "ndata", "nvarys", "rms_relative_residual", "noise",
        "lag1_autocorrelation",
    }  # fmt: skip
    for derived in result["derived"].values():
        assert set(derived) >= {"value", "stderr", "unit", "verdict"}
    assert result["grade"] == "A"
    assert result["alternatives"] == []
    assert result["ok"] is True
    assert result["flags"] == []
    assert result["error"] is None
    fitted = result["parameters"]["R_ct"]
    assert abs(fitted["value"] - 60) < 4 * fitted["stderr"]
    assert (fitted["unit"], fitted["role"], fitted["max"]) == ("ohm", "charge_transfer", None)


def test_a_failure_in_json_has_the_same_keys(run, cells):
    document = strict(
        run("fit", cells / "gone.csv", cells / "cell_cycle_0.csv", "-c", "rs-ct", "--json", code=1)
    )
    failed, fitted = document["results"]
    assert failed["ok"] is False
    assert failed["error"].endswith("gone.csv: there is no such file")
    assert set(failed) >= {
        "spectrum", "circuit", "weighting", "parameters", "statistics", "derived", "ok", "flags", "error",
    }  # fmt: skip
    assert set(failed["spectrum"]) >= set(fitted["spectrum"]) - {"simulated"}
    assert fitted["error"] is None


@pytest.mark.parametrize("name", ["folder", "glob", "list", "stdin"])
def test_folders_globs_lists_and_standard_input(run, cells, name):
    given = {
        "folder": [cells],
        "glob": [f"{cells}/cell_*.csv"],
        "list": sorted(cells.iterdir()),
        "stdin": ["-"],
    }[name]
    content = (cells / "cell_cycle_50.csv").read_text("utf-8")
    document = strict(run("fit", *given, "-c", "rs-ct", "--json", stdin=content))
    cycles = [result["spectrum"]["cycle"] for result in document["results"]]
    assert cycles == {"stdin": [None], "list": [0, 100, 50]}.get(name, [0, 50, 100])
    assert all(result["ok"] for result in document["results"])
    if name == "stdin":
        assert document["results"][0]["spectrum"]["source"] == "<stdin>"


def test_options_reach_the_fit(run, cells):
    options = ["--fix", "R_s=2", "--bound", "R_ct=:100", "--start", "R_ct=40", "--weighting", "unit"]
    out = run("fit", cells / "cell_cycle_50.csv", "-c", "rs-ct", *options, "--fmin", "1", "--json")
    (result,) = strict(out)["results"]
    parameters = result["parameters"]
    assert (parameters["R_s"]["value"], parameters["R_s"]["vary"]) == (2.0, False)
    assert (parameters["R_ct"]["min"], parameters["R_ct"]["max"]) == (0.0, 100.0)
    assert result["weighting"] == "unit"
    assert result["spectrum"]["frequency_min_Hz"] >= 1
    tied = run("fit", cells / "cell_cycle_50.csv", "-c", "rs-ct", "--expr", "R_ct=30*R_s", "--json")
    parameters = strict(tied)["results"][0]["parameters"]
    assert parameters["R_ct"]["value"] == pytest.approx(30 * parameters["R_s"]["value"])
    assert parameters["R_ct"]["expr"] == "30*R_s"


@pytest.mark.slow
def test_fit_output_is_complete(run, cells, tmp_path):
    text = run("fit", cells, "-c", "rs-ct", "--output", "made/here")
    assert "cell_cycle_100.csv" in text
    made = tmp_path / "made" / "here"
    names = {p.name for p in made.iterdir()}
    assert names == {"fit.json", "fit.csv", "captions.md", *(f"cell_cycle_{n}.png" for n in (0, 50, 100))}
    document = strict((made / "fit.json").read_text(encoding="utf-8"))
    assert len(document["results"]) == 3
    assert len((made / "fit.csv").read_text(encoding="utf-8").splitlines()) >= 4
    for figure in made.glob("*.png"):
        assert figure.read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_track(run, cells, tmp_path):
    document = strict(run("track", cells, "-c", "rs-ct", "--json", "--output", "made"))
    assert document["schema"] == "eisfit.track/2"
    assert [row["cycle"] for row in document["rows"]] == [0, 50, 100]
    assert abs(document["growth"]["R_ct"]["slope"] - 0.2) < 0.02
    names = {p.name for p in (tmp_path / "made").iterdir()}
    assert names >= {"track.json", "track.csv", "track.png"}
    table = (tmp_path / "made" / "track.csv").read_text(encoding="utf-8").splitlines()
    assert len(table) == 4
    assert table[0].startswith("cycle,source")


@pytest.mark.slow
def test_check(run, cells, tmp_path):
    document = strict(run("check", cells, "--json", "--output", "made"))
    assert document["schema"] == "eisfit.check/1"
    assert all(result["ok"] for result in document["results"])
    assert len(list((tmp_path / "made").glob("*_check.png"))) == 3
    assert (
        strict((tmp_path / "made" / "check.json").read_text(encoding="utf-8"))["schema"] == "eisfit.check/1"
    )


def test_info(run, cells):
    document = strict(run("info", cells / "cell_cycle_50.csv", "--json"))
    assert document["schema"] == "eisfit.info/1"
    (result,) = document["results"]
    assert result["error"] is None
    assert result["spectrum"]["points"] == 71
    assert "cell_cycle_50.csv" in run("info", cells)


def test_convert_there_and_back(run, cells, tmp_path):
    run("convert", cells / "cell_cycle_50.csv", "--output", "one")
    (first,) = (tmp_path / "one").iterdir()
    run("convert", first, "--output", "two")
    (second,) = (tmp_path / "two").iterdir()
    assert first.name == second.name == "cell_cycle_50.csv"

    def numbers(path):
        return [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]

    assert numbers(first) == numbers(second) == numbers(cells / "cell_cycle_50.csv")
    run("convert", first, "--to", "json", "--output", "three")
    assert strict((tmp_path / "three" / "cell_cycle_50.json").read_text(encoding="utf-8"))["cycle"] == 50


def test_circuits(run):
    document = strict(run("circuits", "rs-sei-ct-w", "--json"))
    (circuit,) = document["circuits"]
    assert circuit["string"] == "R_s-p(R_sei,CPE_sei)-p(R_ct-W_d,CPE_ct)"
    assert [row["name"] for row in circuit["parameters"]][:2] == ["R_s", "R_sei"]
    assert "rs-sei-ct-then-w" in run("circuits")


@pytest.mark.slow
def test_simulate_then_fit(run, tmp_path):
    values = [f"-p{name}={value}" for name, value in {**SHAPE, "R_ct": 50.0}.items()]
    run("simulate", "-c", "rs-ct", *values, "--cycle", "7", "--output", "cell.csv")
    text = (tmp_path / "cell.csv").read_text(encoding="utf-8")
    assert text.startswith("# simulated: not measured")
    assert run("simulate", "-c", "rs-ct", *values, "--cycle", "7") == text
    (result,) = strict(run("fit", "cell.csv", "-c", "rs-ct", "--json"))["results"]
    assert result["spectrum"]["cycle"] == 7


@pytest.mark.slow
def test_explain_the_example(run, tmp_path):
    """The main job, as in the README. The paper: 51.9 and 36.8 ohm."""
    document = strict(run("explain", RRML / "study.toml", "--json", "-o", "made", "--figures", "svg"))
    assert document["schema"] == "eisfit.explain/2"
    assert document["r_ct"]["bare"]["median"] == pytest.approx(51.9, abs=0.5)
    assert document["r_ct"]["coated"]["median"] == pytest.approx(36.8, abs=0.5)
    # make_physical.py states the truth: access, and a reaction 1.68 times as fast; the other electrode 4 ohm.
    assert document["hypotheses"]["access_and_activity"]["probability"] > 0.9
    assert document["parameters"]["f"]["low95"] < 1.68 < document["parameters"]["f"]["high95"]
    assert document["electrode"]["other_electrode"]["median"] == pytest.approx(4.0, abs=0.2)
    for share in document["contributions"]["r_ct"].values():
        assert share["low95"] <= share["median"] <= share["high95"]
    names = {p.name for p in (tmp_path / "made").iterdir()}
    assert names >= {"explain.json", "explain.html", "explain.md", "contributions.csv", "contributions.svg"}
    assert "R_ct fell from" in (tmp_path / "made" / "captions.md").read_text(encoding="utf-8")
    assert "simulated" in (tmp_path / "made" / "explain.html").read_text(encoding="utf-8")


def test_the_template_is_a_study(run):
    from eisfit.coating.study import Study

    assert Study.from_text(run("explain", "--template")).file.film[0].name


@pytest.mark.slow
def test_an_untouched_template_is_said_to_be_one(run, tmp_path, monkeypatch):
    said, other = [], explain(RRML.parent / "other_coatings" / "flat_film.toml")
    monkeypatch.setattr("eisfit.cli.commands.explain.say", said.append)
    monkeypatch.setattr("eisfit.coating.explain.explain", lambda *_, **__: other)  # what it says is no matter
    (tmp_path / "study.toml").write_text(run("explain", "--template"), encoding="utf-8")
    run("explain", "study.toml", "--json")
    assert "study.toml is the template as it came" in "".join(said)
    text = (tmp_path / "study.toml").read_text(encoding="utf-8")
    (tmp_path / "study.toml").write_text(text + "# mine\n", encoding="utf-8")
    run("explain", "study.toml", "--json")
    assert len(said) == 1


def test_examples_are_listed_and_copied(run, tmp_path):
    document = strict(run("examples", "--json"))
    assert "rrml/study.toml" in document["files"]
    run("examples", "--copy", "mine")
    for name in document["files"]:
        assert (tmp_path / "mine" / name).read_bytes() == (Path(document["folder"]) / name).read_bytes()
    assert "rrml/bare/*.csv  (6 files)" in run("examples", "--copy", "mine")  # once more: nothing differs


def test_nothing_but_json_on_standard_output(run, cells, capsys):
    for command in (["fit", "-c", "rs-ct"], ["track", "-c", "rs-ct"], ["check"], ["info"]):
        out = run(command[0], cells, *command[1:], "--json")
        assert out.startswith("{")
        assert out.endswith("}\n")
        strict(out)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("columns", ["60", "120"])
def test_every_help_has_an_example_on_one_line(run, monkeypatch, command, columns):
    monkeypatch.setenv("COLUMNS", columns)
    text = run(command, "--help")
    (example,) = [line for line in text.splitlines() if line.strip().startswith("Example:  eisfit")]
    assert example.split()[2] == command


def test_help_shows_every_command_whole(run):
    text = run("--help")
    assert "..." not in text.partition("Commands:")[2]
    for command in COMMANDS:
        assert f"\n  {command} " in text
    assert run("--version").startswith("eisfit 0.")


def test_no_half_written_file_is_left_when_a_figure_fails(run, cells, tmp_path, monkeypatch):
    from eisfit.display import plot

    def fail(*_args, **_kwargs):
        raise RuntimeError("no room left")

    monkeypatch.setattr(plot, "save", fail)
    with pytest.raises(RuntimeError, match="no room left"):
        app(
            ["fit", str(cells / "cell_cycle_0.csv"), "-c", "rs-ct", "--output", "made"], standalone_mode=False
        )
    names = sorted(p.name for p in (tmp_path / "made").iterdir())
    assert names == ["fit.csv", "fit.json"]
    strict((tmp_path / "made" / "fit.json").read_text(encoding="utf-8"))
