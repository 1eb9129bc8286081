"""Temperature, potential, time and thickness of a spectrum in the unit that stands behind them."""

import numpy as np
import pytest

import eisfit
from eisfit.spectra.axes import find_axis, find_axis_value
from eisfit.spectra.readers import read_bytes

F = np.geomspace(1e5, 1, 21)
Z = 10 + 100 / (1 + 2j * np.pi * F * 1e-3)


def text_of(column="", value="", above=""):
    names = "f (Hz),Zre (Ohm),Zim (Ohm)" + f",{column}" * bool(column)
    rows = (
        f"{f:.6g},{z.real:.6g},{z.imag:.6g}" + f",{value}" * bool(column) for f, z in zip(F, Z, strict=True)
    )
    return "\n".join([above, names, *rows]).lstrip() + "\n"


def read(*told, **above):
    return read_bytes(text_of(*told, **above).encode(), "cell.csv")[0]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("T (°C)", 25),
        ("T (Celsius)", 25),
        ("T (K)", 298.15),
        ("Temperature (°F)", 77),
        ("Temperature (deg F)", 77),
        ("Temp [fahrenheit]", 77),
        ("Temperature", 298.15),
        ("Temperature", 25),
    ],
)
def test_a_column_of_temperatures(column, value):
    spectrum = read(column, value)
    assert spectrum.temperature_C == pytest.approx(25)
    told = any(note.startswith("assumed: 'Temperature', which has no unit") for note in spectrum.notes)
    assert told is (value == 298.15 and column == "Temperature")


def test_an_f_behind_a_temperature_is_no_cell():
    assert read("Temperature (F)", 77).temperature_C is None


@pytest.mark.parametrize(
    "line", ["25 °C", "25", "298.15 K", "298.15 Kelvin", "77 °F", "77 F", "25 degC (room)"]
)
def test_a_temperature_above_the_table(line):
    assert read(above=f"# Temperature: {line}").temperature_C == pytest.approx(25)


def test_a_number_in_another_unit_is_no_temperature():
    assert read(above="# Temperature: 25 bar").temperature_C is None


@pytest.mark.parametrize(
    ("line", "attribute", "value"),
    [
        ("# potential: 300 mV vs. Li", "potential_V", 0.3),
        ("# voltage: 3.7 V", "potential_V", 3.7),
        ("# time: 2 h", "time_s", 7200),
        ("# time: 11:14:53", "time_s", None),
        ("# time: 2024-05-01", "time_s", None),
    ],
)
def test_conditions_of_the_header_in_a_series(line, attribute, value, tmp_path):
    (tmp_path / "cell.csv").write_text(text_of(above=line), encoding="utf-8")
    (spectrum,) = eisfit.read_series(tmp_path / "cell.csv")
    assert getattr(spectrum, attribute) == value


@pytest.mark.parametrize(("line", "value"), [("5 nm", 5), ("5 um", 5000), ("5", 5), ("5 bar", None)])
def test_a_thickness_of_the_header(line, value, tmp_path):
    (tmp_path / "cell.csv").write_text(text_of(above=f"# thickness: {line}"), encoding="utf-8")
    (spectrum,) = eisfit.read_series(tmp_path / "cell.csv")
    assert spectrum.axes.get("thickness") == value


def test_a_decimal_comma_in_a_name_is_not_half_a_potential(tmp_path):
    (tmp_path / "cell_3,7V.csv").write_text(text_of(), encoding="utf-8")
    (spectrum,) = eisfit.read_series(tmp_path / "cell_3,7V.csv")
    assert spectrum.potential_V is None


@pytest.mark.parametrize(
    ("column", "value", "axis", "right"),
    [
        ("temperature (F)", 77, None, "temperature in degC"),
        ("temperature (°F)", 77, "temperature", 25),
        ("temperature / K", 298.15, "temperature", 25),
        ("time (hours)", 2, "time", 7200),
        ("time / d", 2, "time", 172800),
        ("thickness (mil)", 1, None, "thickness in nm"),
    ],
)
def test_the_units_of_a_manifest(column, value, axis, right, tmp_path):
    (tmp_path / "cell.csv").write_text(text_of(), encoding="utf-8")
    (tmp_path / "manifest.csv").write_text(f"file,{column}\ncell.csv,{value}\n", encoding="utf-8")
    if axis is None:
        with pytest.raises(eisfit.EisfitError, match=right):
            eisfit.read_series(tmp_path)
        return
    (spectrum,) = eisfit.read_series(tmp_path)
    assert find_axis_value(spectrum, find_axis(axis)) == pytest.approx(right)
