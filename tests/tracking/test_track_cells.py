"""Several cells side by side: one table, the comparison, the figures, the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import eisfit
from eisfit.cli.app import app
from eisfit.display.plot.animation import nyquist_animation
from eisfit.display.plot.joint import joint_course, joint_overview, strength_curve
from eisfit.display.plot.series import add_groups, cells_trend, cells_trends, nyquist_waterfall
from eisfit.errors import EisfitError, UsageError
from eisfit.model.simulate import frequencies, simulate
from eisfit.spectra.series import Series
from eisfit.spectra.writers.plain_csv import to_csv
from eisfit.tracking.comparison.compare_series import CellTable, compare_series

SHAPE = {"R_s": 2.0, "CPE_ct_Q": 1e-4, "CPE_ct_alpha": 0.9}
RATES = {"bare": 0.2, "coated": 0.02}


def spectrum(cell, cycle):
    params = {**SHAPE, "R_ct": 40 + RATES[cell] * cycle}
    seed = int(cycle) + 1000 * (cell == "bare")
    return simulate("rs-ct", params, frequency=frequencies(0.1, 1e4, 6), noise=0.003, seed=seed, cycle=cycle)


@pytest.fixture(scope="module")
def tracked():
    return [
        eisfit.track(Series(tuple(spectrum(cell, c) for c in range(0, 250, 50)), label=cell), "rs-ct")
        for cell in RATES
    ]


@pytest.fixture(scope="module")
def table(tracked):
    return compare_series(tracked)


def test_one_table_with_a_cell_column(table):
    frame = table.to_frame()
    assert list(frame["cell"]) == ["bare"] * 5 + ["coated"] * 5
    assert list(frame["cycle"]) == [0, 50, 100, 150, 200] * 2
    assert table.ok
    assert len(table) == 2
    assert table["coated"].label == "coated"


def test_the_comparison_finds_the_rates(table):
    (found,) = table.comparison["R_ct"]
    assert abs(found.difference + 0.18) < 4 * found.difference_stderr
    assert found.ratio_low < 0.1 < found.ratio_high
    assert found.p < 1e-4
    assert table.comparison["R_s"][0].p > 1e-3


def test_it_prints_and_comes_back(table):
    assert "(bare) and" in repr(table)
    assert "they differ" in repr(table)
    assert "<td>coated</td>" in table._repr_html_()
    back = CellTable.from_dict(json.loads(json.dumps(table.to_dict(), default=float)))
    assert back.comparison == dict(table.comparison)


def test_mistakes_are_named(tracked, table):
    with pytest.raises(UsageError, match="needs two series"):
        compare_series(tracked[:1])
    with pytest.raises(UsageError, match="a label of its own, not 'bare', 'bare'"):
        compare_series([tracked[0], tracked[0]])
    with pytest.raises(UsageError, match=r"plot_all\(names=\['R_ct', 'R_s'\]\)"):
        tracked[0].plot(["R_ct", "R_s"])
    with pytest.raises(EisfitError, match="no cell 'blank'; there are bare, coated"):
        table["blank"]


def test_the_trend_shows_each_cell_and_its_band(table):
    ax = table.plot("R_ct")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["bare", "coated"]
    band = table[0].to_dict(data=False)["growth"]["R_ct"]["band"]
    drawn = [line.get_xydata() for line in ax.lines if len(line.get_xdata()) == len(band["cycle"])]
    assert any(np.allclose(line[:, 1], band["value"]) for line in drawn)
    assert len(table.plot_all(names=["R_s", "R_ct"])) == 2
    with pytest.raises(EisfitError, match="no row holds a value of R_tc"):
        cells_trend([], "R_tc")
    with pytest.raises(EisfitError, match="nothing to draw"):
        cells_trends([])


@pytest.mark.slow
def test_series_one_after_the_other_are_those_of_a_list(tracked):
    assert compare_series(*tracked).to_dict() == compare_series(tracked).to_dict()


def test_cells_of_a_group_have_one_colour_and_one_name():
    rows = [{"cycle": k, "ok": True, "R_ct": 5.0 + k, "R_ct_stderr": 0.1} for k in range(3)]
    cells = [{"label": name, "rows": rows, "units": {"R_ct": "ohm"}} for name in ("a1", "a2", "b1", "b2")]
    ax = cells_trend(add_groups(cells, {"bare": ("a1", "a2"), "coated": ("b1", "b2")}), "R_ct")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["bare", "coated"]
    colours = [bars.lines[0].get_color() for bars in ax.containers]
    assert colours[0] == colours[1] != colours[2] == colours[3]


def test_the_waterfall_shifts_each_spectrum(tracked):
    ax = tracked[0].plot_spectra(step=10.0)
    tops = [float(np.nanmin(line.get_ydata())) for line in ax.lines[::2]]
    assert np.diff(tops) == pytest.approx(10, abs=1)  # the spectra themselves differ
    with pytest.raises(EisfitError, match="there is no spectrum"):
        nyquist_waterfall([])


@pytest.mark.slow
def test_the_command_line_takes_folders_as_cells(tmp_path):
    for cell in RATES:
        (tmp_path / cell).mkdir()
        for cycle in (0, 50, 100, 150):
            text = to_csv(spectrum(cell, cycle))
            (tmp_path / cell / f"x_cycle_{cycle:03d}.csv").write_text(text, encoding="utf-8")
    folders = [str(tmp_path / cell) for cell in RATES]
    shown = CliRunner().invoke(app, ["track", *folders, "-c", "rs-ct", "--json", "-o", str(tmp_path / "out")])
    document = json.loads(shown.stdout)
    assert document["schema"] == "eisfit.cells/1"
    assert document["comparison"]["R_ct"][0]["labels"] == ["bare", "coated"]
    assert {row["cell"] for row in document["rows"]} == set(RATES)
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert written == {
        "track.json",
        "track.csv",
        "track.png",
        "spectra_bare.png",
        "spectra_coated.png",
        "captions.md",
    }
    text = CliRunner().invoke(app, ["track", *folders, "-c", "rs-ct", "--shared", "R_s", "--smooth", "R_ct"])
    assert "joint fit: R_s = 2.00" in text.stdout
    assert "ohm shared by all spectra" in text.stdout
    wrong = CliRunner().invoke(app, ["track", *folders, "--shared", "R_s", "--smooth", "R_s"])
    assert wrong.exit_code == 2
    assert "R_s cannot be both --shared and --smooth" in wrong.output


@pytest.mark.slow
def test_the_command_line_tells_when_a_value_is_reached(tmp_path):
    for cycle in (0, 50, 100, 150):
        path = tmp_path / f"x_cycle_{cycle:03d}.csv"
        path.write_text(to_csv(spectrum("bare", cycle)), encoding="utf-8")
    arguments = ["track", str(tmp_path), "-c", "rs-ct", "--crossing", "R_ct=2x", "--crossing", "R_ct=60"]
    shown = CliRunner().invoke(app, arguments)
    assert "R_ct doubles at cycle" in shown.stdout
    assert "extrapolated" in shown.stdout
    document = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).stdout)
    assert document["crossings"][1]["cycle"] == pytest.approx(100, abs=2)
    wrong = CliRunner().invoke(app, ["track", str(tmp_path), "-c", "rs-ct", "--crossing", "R_ct=twice"])
    assert wrong.exit_code == 2
    assert "expected NAME=VALUE or NAME=FACTORx" in wrong.output


@pytest.mark.slow
def test_replicates_are_compared_as_groups(tmp_path):
    for cell, rate in {"a": 0.2, "b": 0.22, "c": 0.02, "d": 0.03}.items():
        (tmp_path / cell).mkdir()
        for cycle in (0, 50, 100):
            params = {**SHAPE, "R_ct": 40 + rate * cycle}
            one = simulate("rs-ct", params, frequency=frequencies(0.1, 1e4, 6), noise=0.003, seed=cycle)
            (tmp_path / cell / f"x_cycle_{cycle:03d}.csv").write_text(to_csv(one), encoding="utf-8")
    folders = [str(tmp_path / cell) for cell in "abcd"]
    groups = ["--group", "bare=a,b", "--group", "coated=c,d"]
    shown = CliRunner().invoke(
        app, ["track", *folders, "-c", "rs-ct", *groups, "--json", "-o", str(tmp_path)]
    )
    document = json.loads(shown.stdout)
    (found,) = document["comparison"]["R_ct"]
    assert (found["labels"], found["cells"]) == (["bare", "coated"], [2, 2])
    assert found["difference_low"] < -0.185 < found["difference_high"]
    back = CellTable.from_dict(json.loads((tmp_path / "track.json").read_text(encoding="utf-8")))
    assert back.groups == {"bare": ("a", "b"), "coated": ("c", "d")}
    assert back.comparison["R_ct"][0].p == pytest.approx(found["p"])
    for bad in (["--group", "bare"], ["--group", "bare=a"], ["--group", "bare=x", "--group", "coated=b"]):
        assert CliRunner().invoke(app, ["track", *folders, "-c", "rs-ct", *bad]).exit_code == 2
    assert CliRunner().invoke(app, ["track", folders[0], "-c", "rs-ct", *groups]).exit_code == 2


@pytest.fixture(scope="module")
def joined(tracked):
    return tracked[0].fit_jointly({"R_s": "shared", "R_ct": "smooth"})


def test_a_joint_fit_shows_what_it_decided(joined, tracked):
    assert (joined.joint.modes["R_s"], joined.joint.modes["CPE_ct_Q"]) == ("shared", "free")
    assert joined.joint.alone["R_ct"] == tuple(fit["R_ct"].value for fit in tracked[0])
    value, stderr = joined.joint.shared["R_s"]
    assert (value, stderr) == (joined[0]["R_s"].value, joined[0]["R_s"].stderr)
    for text in (repr(joined), joined._repr_html_(), str(joined.joint), joined.joint._repr_html_()):
        assert "R_s = 2.00" in text
        assert "shared by all spectra" in text
        assert "chosen by leaving out each of 5" in " ".join(text.split())
        assert "CPE_ct_Q, CPE_ct_alpha free in every spectrum" in " ".join(text.split())
    document = json.loads(json.dumps(joined.to_dict()))
    assert eisfit.SeriesResult.from_dict(document).joint == joined.joint
    assert document["joint"]["strengths"]["R_ct"]["freedom"] == joined.joint.strengths["R_ct"].freedom
    with pytest.raises(UsageError, match="this is a joint fit already"):
        joined.fit_jointly({"R_s": "shared"})
    assert tracked[0].fit_jointly({}) is tracked[0]


def test_the_figure_of_a_joint_fit(joined, tracked):
    course, strength = joined.plot_joint()[1:]
    line = course.lines[-1] if len(course.lines[-1].get_xdata()) == 5 else course.lines[1]
    assert list(line.get_ydata()) == [fit["R_ct"].value for fit in joined]
    (chosen,) = [row for row in strength.lines if len(row.get_xdata()) == 1]
    assert chosen.get_xdata()[0] == joined.joint.strengths["R_ct"].strength
    document = joined.to_dict(data=False)
    with pytest.raises(EisfitError, match="CPE_ct_Q was neither shared nor smooth"):
        joint_course(document, "CPE_ct_Q")
    with pytest.raises(EisfitError, match="R_s was not smooth"):
        strength_curve(document, "R_s")
    with pytest.raises(EisfitError, match="this track is of no joint fit"):
        tracked[0].plot_joint()
    free = tracked[0].fit_jointly({"R_s": "free"}).to_dict(data=False)
    with pytest.raises(EisfitError, match="every parameter was free"):
        joint_overview(free)
    given = tracked[0].fit_jointly({"R_ct": "smooth"}, strength=1e4).to_dict(data=False)
    assert strength_curve(given, "R_ct").get_title(loc="right") == "as given"


def test_crossings_and_all_parameters_from_the_series(tracked):
    found = tracked[0].crossing("R_ct", factor=2)
    assert found.low < 200 < found.high
    assert str(found).startswith("R_ct doubles at cycle ")
    never = tracked[1].crossing("R_ct", factor=100)
    assert str(never) == "R_ct reaches 100 times its value at cycle 0 not before cycle 2200"
    assert len(tracked[0].plot_all()) == 4


def test_growth_does_not_count_a_smooth_curve_as_many_measurements(joined, tracked):
    alone, together = tracked[0].growth("R_ct"), joined.growth("R_ct")
    assert together.slope == pytest.approx(alone.slope, rel=1e-9)
    assert together.slope_stderr == pytest.approx(alone.slope_stderr, rel=1e-9)
    with pytest.raises(EisfitError, match="R_s: all cycles share one value, which does not grow"):
        joined.growth("R_s")
    assert set(joined.to_dict(data=False)["growth"]) == {"R_ct", "CPE_ct_Q"}


@pytest.mark.slow
def test_a_series_as_a_moving_picture(tracked, tmp_path):
    from PIL import Image

    with Image.open(tracked[0].animate(tmp_path / "cell.gif", seconds=1.0)) as picture:
        assert picture.n_frames == 5
        assert picture.info["duration"] == 200
    page = tracked[0].animate(tmp_path / "cell.html").read_text(encoding="utf-8")
    assert page.count("data:image/png;base64") == 5
    with pytest.raises(UsageError, match=r"an animation is written as \.gif or \.html"):
        tracked[0].animate(tmp_path / "cell.mp4")
    with pytest.raises(EisfitError, match="there is no spectrum"):
        nyquist_animation([], tmp_path / "cell.gif")


@pytest.mark.slow
def test_the_command_line_writes_joint_fits_and_animations_and_checks_names_first(tmp_path):
    for cycle in (0, 50, 100, 150):
        text = to_csv(spectrum("bare", cycle))
        (tmp_path / f"x_cycle_{cycle:03d}.csv").write_text(text, encoding="utf-8")
    ask = ["--smooth", "R_ct", "--crossing", "R_ct=2x", "--animate", "-o", str(tmp_path / "out"), "--json"]
    shown = CliRunner().invoke(app, ["track", str(tmp_path), "-c", "rs-ct", *ask])
    document = json.loads(shown.stdout)
    assert document["joint"]["modes"]["R_ct"] == "smooth"
    assert document["crossings"][0]["text"].startswith("R_ct doubles at cycle ")
    written = json.loads((tmp_path / "out" / "track.json").read_text(encoding="utf-8"))
    assert written["crossings"] == document["crossings"]
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {
        "track.json",
        "track.csv",
        "track.png",
        "spectra.png",
        "joint.png",
        "spectra.gif",
        "captions.md",
    }
    for bad in (["--crossing", "R_tc=2x"], ["--smooth", "R_tc"], ["--animate"]):
        asked = CliRunner().invoke(app, ["track", str(tmp_path / "nowhere.csv"), "-c", "rs-ct", *bad])
        assert asked.exit_code == 2
        assert "nowhere" not in asked.stderr


def test_the_examples_growth_lies_in_its_intervals():
    """The rates that example_spectra/make_examples.py was given: 0.26718 (bare), 0.0097750 ohm per cycle."""
    home = Path(__file__).resolve().parents[2] / "example_spectra" / "rrml"
    cells = [eisfit.track(eisfit.read_series(home / cell), "rs-sei-ct-w") for cell in RATES]
    (found,) = compare_series(cells).comparison["R_ct"]
    assert found.difference_low < 0.0097750 - 0.26718 < found.difference_high
    assert found.ratio_low < 1 / 27.3333 < found.ratio_high
    assert found.p < 1e-6
    doubled = cells[0].crossing("R_ct", factor=2)
    assert doubled.low < (51.9 - 3 * 0.26718) / 0.26718 < doubled.high  # a line from 51.9 ohm at cycle 3
    assert not doubled.extrapolated
    assert cells[1].crossing("R_ct", factor=2).extrapolated
    never = cells[1].crossing("R_ct", factor=2, extrapolate=False)
    assert str(never) == "R_ct doubles not before cycle 500"
