"""Axes of a series: names, units, headers, manifests; what is ambiguous is left out."""

import numpy as np
import pytest

from eisfit.errors import UsageError
from eisfit.spectra.axes import AXES, find_axis, read_name, split_axes
from eisfit.spectra.series import read_series

TABLE = "frequency_Hz,Z_real_ohm,Z_imag_ohm\n100,1,-1\n10,2,-2\n1,3,-0.5\n"


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("cell_25C", {"temperature": 25.0}),
        ("PEIS_TSeq7_-25C_#51_C01", {"temperature": -25.0}),
        ("cell-25C", {"temperature": 25.0}),
        ("Data_298K", {"temperature": 24.85}),
        ("x_25degC_SOC050", {"temperature": 25.0, "soc": 50.0}),
        ("ML621_90%", {"soc": 90.0}),
        ("half_SOC0.5", {"soc": 50.0}),
        ("half_SOC0p5", {"soc": 50.0}),
        ("film_5nm", {"thickness": 5.0}),
        ("film_1p5um", {"thickness": 1500.0}),
        ("press_10bar", {"pressure": 1.0}),
        ("amp10mV_3.7V", {"potential": 3.7, "amplitude": 10.0}),
        ("store_24h", {"time": 86400.0}),
        ("rate_10C_25C", {"temperature": 25.0}),
        ("cell_10C_25C", {}),  # which of the two is a temperature, no rule tells
        ("fast_10C", {}),
        ("20C_rate", {}),
        ("6C_fastcharge", {}),
        ("sintered_1200C", {}),
        ("annealed_500C_25C", {"temperature": 25.0}),
        ("10K_resistor", {}),
        ("rate_1C_25C", {"temperature": 25.0}),
        ("cell_0.5C", {}),  # a rate: three of them were a series of temperatures, with activation energies
        ("cell_0C", {"temperature": 0.0}),
        ("cell_-2C", {"temperature": -2.0}),
        ("fridge_4degC", {"temperature": 4.0}),
        ("C25 electrode", {}),
    ],
)
def test_names(name, found):
    assert read_name(name) == pytest.approx(found)


def test_names_of_axes():
    assert find_axis("State of charge") is AXES["soc"]
    assert find_axis("bias") is AXES["potential"]
    assert [axis.name for axis in split_axes("temperature,soc")] == ["temperature", "soc"]
    with pytest.raises(UsageError, match="two different"):
        split_axes("temperature,temp")
    with pytest.raises(UsageError, match="no name of an axis"):
        find_axis("25!")


def files(folder, *names):
    for name in names:
        (folder / name).write_text(TABLE)
    return folder


def test_temperatures_need_no_option(tmp_path):
    series = read_series(files(tmp_path, "a_25C.csv", "a_-10C.csv", "a_5C.csv"))
    assert series.axes == ("temperature",)
    assert [s.temperature_C for s in series] == [-10, 5, 25]
    assert any("as in 25C" in note for note in series.notes)


def test_own_axis_and_pattern(tmp_path):
    files(tmp_path, "humidity40_x7.csv", "humidity5_x9.csv")
    assert [s.axes["humidity"] for s in read_series(tmp_path, by="humidity")] == [5, 40]
    shown = read_series(tmp_path, by="temperature", axis_pattern=r"_x(\d+)")
    assert [s.temperature_C for s in shown] == [7, 9]
    with pytest.raises(UsageError, match="which axis"):
        read_series(tmp_path, axis_pattern=r"_x(\d+)")


def test_manifest_with_units_wins_over_names(tmp_path):
    files(tmp_path, "a_25C.csv", "b_25C.csv")
    (tmp_path / "manifest.csv").write_text(
        "file,temperature / K,thickness_um,operator\na_25C.csv,300.15,2,Ann\nb_25C.csv,310.15,1,Bo\n"
    )
    series = read_series(tmp_path, by="temperature")
    assert [s.temperature_C for s in series] == pytest.approx([27, 37])
    assert [s.axes["thickness"] for s in series] == [2000, 1000]


def test_header_wins_over_the_name(tmp_path):
    (tmp_path / "a_30C.csv").write_text("# Temperature: 31 C\n# SOC: 40 %\n" + TABLE)
    spectrum = read_series(tmp_path)[0]
    assert (spectrum.temperature_C, spectrum.axes["soc"]) == (31, 40)


def test_grid_order_and_round_trip(tmp_path):
    files(tmp_path, "a_25C_SOC50.csv", "a_5C_SOC50.csv", "a_25C_SOC10.csv", "a_5C_SOC10.csv")
    series = read_series(tmp_path, by=("temperature", "soc"))
    assert [(s.axes["soc"], s.temperature_C) for s in series] == [(10, 5), (10, 25), (50, 5), (50, 25)]
    again = type(series).from_dict(series.to_dict())
    assert again == series
    assert again.axes == ("temperature", "soc")
    assert np.isnan(again.cycles).all()


def test_a_word_that_no_spectrum_knows_is_refused(tmp_path):
    files(tmp_path, "cell_5C.csv", "cell_25C.csv")
    with pytest.raises(UsageError, match=r"no spectrum says its temprature; did you mean 'temperature'\?"):
        read_series(tmp_path, by="temprature")
    with pytest.raises(UsageError, match="no spectrum says its humidity; names such as humidity5"):
        read_series(tmp_path, by="humidity")
