"""Cycling data beside impedance: the figures of K. M. Kwon et al., J. Mater. Chem. A 14 (2026) 9966."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

import eisfit
from eisfit.cli.app import app
from eisfit.errors import EisfitError, ReadError, UsageError
from eisfit.model.simulate import frequencies, simulate
from eisfit.spectra.writers.plain_csv import to_csv
from eisfit.tracking.cycles.figures import Figure
from eisfit.tracking.cycles.polarisation import Explained
from eisfit.tracking.cycles.table import CycleTable, parse_printed, read_cycle_table

HEAD = "cycle,c_rate,capacity_mAh_g,retention_percent,rate_ratio_percent,voltage_drop_V,average_voltage_V,"
HEAD += "voltage_fall_V,cc_time_s,cc_share_percent,current_A\n"
BARE = (
    HEAD
    + """# cycling table of the paper, bare cell; the current is not in it
1,0.2,,,,,3.81,,,,
53,1,,,94.7,,,,,,
211,1,,80.0,,,,,,,
253,1,,,90.6,,,,,,
280,1,113.9,79.3,,0.253,3.59,0.22,1991,44.9,
"""
)
COATED = (
    HEAD
    + """1,0.2,,,,,3.86,,,,
440,1,,80.0,,,,,,,
280,1,,,,0.096,3.75,0.076,3093,71.5,
500,1,,77.6,,,,,,,
"""
)


def table(text, folder, name="cell.csv"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return read_cycle_table(path)


@pytest.fixture
def bare(tmp_path):
    return table(BARE, tmp_path, "bare.csv")


@pytest.fixture
def coated(tmp_path):
    return table(COATED, tmp_path, "coated.csv")


def figure(of, name, cycle=280.0):
    return next(f for f in of.figures if f.name == name and f.cycle == cycle)


def test_cycle_life_is_where_retention_falls_to_80_percent(bare, coated):
    assert bare.retention_crossing().value == pytest.approx(211)
    assert coated.retention_crossing().value == pytest.approx(440)
    assert coated.retention_crossing(78.8).value == pytest.approx(440 + 60 * 1.2 / 2.4)
    assert bare.figures[-1].value == pytest.approx(211)  # shown with the others, and only where it is reached
    assert "cycle at 80 % retention: 440" in str(coated)
    assert "retention" not in str(CycleTable(coated.rows[:1]))


def test_capacity_over_retention_is_the_initial_capacity(bare):
    assert figure(bare, "initial capacity").value == pytest.approx(113.9 / 0.793)


def test_the_fall_of_the_average_voltage_and_the_one_that_does_not_follow(bare, coated):
    agreed = figure(bare, "fall of the average voltage")
    assert agreed.value == pytest.approx(0.22)
    assert (agreed.low, agreed.high) == pytest.approx((0.21, 0.23))
    assert agreed.agrees
    assert bare.contradictions == ()
    (odd,) = coated.contradictions
    assert odd.value == pytest.approx(0.11)
    assert (odd.low, odd.high) == pytest.approx((0.10, 0.12))
    assert odd.printed == 0.076
    assert "0.076 V is printed: the rounded inputs do not give that" in str(odd)


def test_charging_times(bare, coated):
    for of, cc, share in ((bare, 1991, 0.449), (coated, 3093, 0.715)):
        assert figure(of, "charging time").value == pytest.approx(cc / share)
        assert figure(of, "CV time").value == pytest.approx(cc / share - cc)


def test_both_times_give_the_share_and_two_rates_the_ratio(tmp_path):
    found = table(
        "cycle,c_rate,capacity_mAh_g,cc_time_s,cv_time_s,cc_share_percent,rate_ratio_percent,retention_percent\n"
        "51,0.2,150.0,,,,,\n53,1,142.1,1991,2443,44.9,94.7,\n253,1,113.7,,,,75.8,80.1\n",
        tmp_path,
    )
    assert figure(found, "CC share", 53).agrees
    assert figure(found, "CC share", 53).value == pytest.approx(100 * 1991 / 4434)
    assert figure(found, "1C capacity relative to 0.2C", 53).value == pytest.approx(100 * 142.1 / 150)
    assert figure(found, "1C capacity relative to 0.2C", 253).agrees
    assert figure(found, "retention", 253).value == pytest.approx(100 * 113.7 / 142.1)
    assert figure(found, "retention", 253).agrees is True


def test_drop_over_current_and_the_ratio_of_two_cells(tmp_path):
    text = "cycle,voltage_drop_V,current_A\n280,{},0.0018\n"
    one, other = (table(text.format(v), tmp_path) for v in ("0.253", "0.096"))
    name = "polarisation resistance"
    assert figure(one, name).value == pytest.approx(0.253 / 0.0018)
    assert figure(one, name).value / figure(other, name).value == pytest.approx(2.635, abs=5e-4)
    assert figure(one, name).low == pytest.approx(0.2525 / 0.00185)


def spectra():
    shape = {"R_s": 2.0, "CPE_ct_Q": 1e-4, "CPE_ct_alpha": 0.9}
    grid = frequencies(0.1, 1e4, 6)
    return [
        simulate("rs-ct", {**shape, "R_ct": 40 + 0.2 * c}, frequency=grid, noise=0.003, seed=c, cycle=c)
        for c in (0, 50, 100, 150, 200)
    ]


def test_the_share_that_the_impedance_explains(tmp_path):
    tracked = eisfit.track(spectra(), "rs-ct")
    cycling = table("cycle,voltage_drop_V,current_A\n150,0.14400,0.0010000\n", tmp_path)
    found = tracked.explained(cycling, 150)
    assert found.resistors == ("R_s", "R_ct")
    assert found.resistance == pytest.approx(144)
    assert found.impedance_low < 72 < found.impedance_high
    assert found.share == pytest.approx(0.5, rel=0.01)
    assert not found.extrapolated
    assert "R_s + R_ct explain 50.0 %" in str(found) or "R_s + R_ct explain 49.9 %" in str(found)
    assert Explained.from_dict(json.loads(json.dumps(found.to_dict()))) == found
    with pytest.raises(EisfitError, match="cycle 100 has no voltage_drop_V with a current_A"):
        tracked.explained(cycling, 100)


def test_there_and_back(bare):
    assert CycleTable.from_dict(json.loads(json.dumps(bare.to_dict()))) == bare
    assert Figure.from_dict(json.loads(json.dumps(bare.figures[0].to_dict()))) == bare.figures[0]
    assert list(bare.to_frame()["cycle"]) == [1, 53, 211, 253, 280]
    assert bare.column("rate_ratio_percent")[253].value == 90.6
    assert "initial capacity at cycle 280: 143.6 mAh/g" in str(bare)
    assert "<li>" in bare._repr_html_()
    assert repr(bare) == str(bare)


def test_numbers_keep_their_last_digit():
    assert parse_printed("1991").half == 0.5
    assert parse_printed("0.2", exact=True).half == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cycle,voltage\n1,2\n", "no column is called 'voltage'"),
        ("cycle,capacity_mAh\n1,2\n", "did you mean 'capacity_mAh_g'"),
        ("c_rate\n1\n", "the column 'cycle' is missing"),
        ("cycle,c_rate\n1,fast\n", "c_rate: 'fast' is no number"),
        ("cycle,current_A\n1,nan\n", "current_A: 'nan' is no number"),
        ("cycle,c_rate\n,1\n", "a row has no cycle"),
        ("cycle,c_rate\n", "the table has no rows"),
    ],
)
def test_tables_that_cannot_be_read_say_why(text, message, tmp_path):
    with pytest.raises(ReadError, match=message):
        table(text, tmp_path)


def test_other_mistakes_are_named(bare, tmp_path):
    with pytest.raises(ReadError, match="there is no such file"):
        read_cycle_table(tmp_path / "none.csv")
    with pytest.raises(UsageError, match="did you mean 'capacity_mAh_g'"):
        bare.column("capacity")
    with pytest.raises(EisfitError, match=r"never falls to 50 %: the lowest retention is 79\.3 %"):
        bare.retention_crossing(50)
    with pytest.raises(EisfitError, match="no retention to follow"):
        table("cycle,current_A\n1,2\n", tmp_path).retention_crossing()


def test_the_command_line_shows_both(tmp_path):
    (tmp_path / "cell").mkdir()
    for spectrum in spectra():
        path = tmp_path / "cell" / f"x_cycle_{spectrum.cycle:03.0f}.csv"
        path.write_text(to_csv(spectrum), encoding="utf-8")
    (tmp_path / "c.csv").write_text("cycle,voltage_drop_V,current_A\n280,0.192,0.001\n", encoding="utf-8")
    arguments = ["track", str(tmp_path / "cell"), "-c", "rs-ct", "--cycling", str(tmp_path / "c.csv")]
    shown = CliRunner().invoke(app, arguments)
    assert "R_s + R_ct explain" in shown.stdout
    assert "extrapolated" in shown.stdout
    document = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).stdout)
    assert document["cycling"][0]["explained"][0]["cycle"] == 280
    wrong = CliRunner().invoke(app, [*arguments, "--cycling", str(tmp_path / "c.csv")])
    assert wrong.exit_code == 2
    assert "2 files for 1 cells" in wrong.output
