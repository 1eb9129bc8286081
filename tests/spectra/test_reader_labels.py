"""Conditions and names of spectra wherever people write them: titles, keys, columns, comments, file names."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from eisfit.spectra.axes import read_name
from eisfit.spectra.cycle_numbers import find_name_cycle
from eisfit.spectra.readers import read_bytes
from eisfit.spectra.series import read_series

F = np.geomspace(1e5, 0.1, 31)
W = 2 * np.pi * F
Z = [r + 20 / (1 + 2e-3j * W) for r in (5, 6, 7)]
HEAD = "Frequency (Hz),Z' (Ohm),Z'' (Ohm)"


def rows(*columns, mark=","):
    return "".join(mark.join(f"{v:.9g}" for v in row) + "\n" for row in zip(*columns, strict=True))


SPECTRUM = f"{HEAD}\n{rows(F, Z[0].real, Z[0].imag)}"


@pytest.mark.parametrize(
    ("title", "temperature"),
    [
        ("Cell 12, 25 degC", 25),
        ("# Cell 12, -10 deg C", -10),
        ("Cell 12; 298 K", 24.85),
        ("LFP (45C)", 45),
        ("Cell 12 @ 60 ℃, SOC 50%", 60),
        ("Pouch | 35 degrees Celsius | fresh", 35),
        ("Cell 12, 2C", None),  # a rate
        ("fast, 10C", None),
        ("charge, 25 C", None),
        ("Load, 100 K", None),
        ("sintered, 1200 C", None),
        ("Cell 12, 10 K resistor", None),
        ("annealed at 500 degC", None),
        ("A12, annealed, 500 °C", None),
        ("LLZO sintering (900 °C)", None),
        ("annealed (500 °C, 2 h), 25 °C", 25),
    ],
)
def test_a_title_tells_the_temperature(title, temperature):
    (found,) = read_bytes(f"{title}\n{SPECTRUM}".encode(), "x.csv")
    assert found.temperature_C == (None if temperature is None else pytest.approx(temperature))


@pytest.mark.parametrize(
    "line",
    [
        "ambient_temperature: 24",
        "ambient_temperature,24",
        "Surface Temperature / degC: 24",
        "T_ambient = 24 °C",
        "Skin temperature [K]: 297.15",
    ],
)
def test_where_a_temperature_was_taken_is_no_matter(line):
    (found,) = read_bytes(f"{line}\n{SPECTRUM}".encode(), "x.csv")
    assert found.temperature_C == pytest.approx(24)


@pytest.mark.parametrize("name", ["Surface Temperature / degC", "Case temp (°C)", "skin_temperature_C"])
def test_a_column_of_where_a_temperature_was_taken_is_one(name):
    text = f"{HEAD},{name}\n{rows(F, Z[0].real, Z[0].imag, np.full(31, 31.5))}"
    (found,) = read_bytes(text.encode(), "x.csv")
    assert found.temperature_C == pytest.approx(31.5)


@pytest.mark.parametrize(
    ("name", "temperature"),
    [("a_T45_b", 45), ("T-10_b", -10), ("a_T100", 100), ("a_T12_b", None), ("aT45", None), ("T450_x", None)],
)
def test_a_t_between_underscores_is_a_temperature(name, temperature):
    assert read_name(name).get("temperature") == temperature


@pytest.mark.parametrize(
    ("name", "cycle"),
    [
        ("LFP_c01", None),
        ("LFP_C02_EIS", None),
        ("x-C12", None),
        ("c05", 5),
        ("aging_c100", 100),
        ("a_C0050", 50),
    ],
)
def test_c_and_two_digits_behind_words_may_be_a_cell(name, cycle):
    assert find_name_cycle(Path(f"{name}.csv"), None) == cycle


def test_c10_beside_c01_is_as_doubtful(tmp_path):
    for i in (1, 2, 10, 11):
        (tmp_path / f"pouch_c{i:02}.csv").write_text(SPECTRUM)
    assert [s.cycle for s in read_series(tmp_path).spectra] == [None] * 4
    (tmp_path / "pouch_c01.csv").unlink()
    (tmp_path / "pouch_c02.csv").unlink()
    assert sorted(s.cycle for s in read_series(tmp_path).spectra) == [10, 11]


@pytest.mark.parametrize("over", ["each", "first", "second"])
@pytest.mark.parametrize(
    ("comments", "field", "values"),
    [
        (("Cell 1", "Cell 2", "Cell 3"), "label", ["Cell 1", "Cell 2", "Cell 3"]),
        (("A, 25 °C", "A, 40 °C", "A, 60 °C"), "temperature_C", [25, 40, 60]),
        (("cycle 1", "cycle 50", "cycle 99"), "cycle", [1, 50, 99]),
    ],
)
def test_origins_comments_below_names_and_units_label_the_spectra(over, comments, field, values):
    held = {"each": [[c] * 3 for c in comments], "first": [[c, "", ""] for c in comments]}
    held["second"] = [["", c, ""] for c in comments]
    head = [
        ["Frequency", "Z'", "Z''"] * 3,
        ["Hz", "Ohm", "Ohm"] * 3,
        [cell for three in held[over] for cell in three],
    ]
    text = "".join("\t".join(line) + "\n" for line in head)
    columns = [column for z in Z for column in (F, z.real, z.imag)]
    found = read_bytes((text + rows(*columns, mark="\t")).encode(), "x.txt")
    for one, z in zip(found, Z, strict=True):
        np.testing.assert_allclose(one.impedance, z, rtol=1e-6)
    assert [one.metadata["label"] if field == "label" else getattr(one, field) for one in found] == values


@pytest.mark.parametrize(
    ("line", "temperature", "cycle"),
    [
        ("Ambient temperature: 22 °C; cell temperature: 45 °C", 45, None),
        ("Cell: A12, Temperature: 25 °C, cycle: 12", 25, 12),
        ("# sample=A | temp=35 C | cycle=4", 35, 4),
        ("Start: 12:30:15; T = 40 °C", 40, None),
        ("Cell: A12; Temperature: 20-25 °C; cycle: 1 to 5", None, None),
    ],
)
def test_a_line_of_several_pairs_tells_each(line, temperature, cycle):
    (found,) = read_bytes(f"{line}\n{SPECTRUM}".encode(), "x.csv")
    assert (found.temperature_C, found.cycle) == (temperature, cycle)


@pytest.mark.parametrize(
    ("title", "temperature", "cycle"),
    [
        ("Cycle 100", None, 100),
        ("# cycle no. 50, 45 °C", 45, 50),
        ("EIS after 200 cycles", None, 200),
        ("Cell A - 25 °C - Zyklus 7", 25, 7),
        ("LFP cell at 25 °C", 25, None),
        ("measured at 25 °C on 2024-01-02", 25, None),
        ("Temperatur 25 °C / 50 % RH", 25, None),
        ("averaged over 10 cycles", None, None),
        ("10 cycles", None, None),
        ("Loop 3 of 10", None, None),
        ("sample sintered at 900 °C", None, None),
        ("stored at 60 °C for 30 days", None, None),
        ("Temperature: 2.5E+01", 25, None),
        ("Temperature: ~25 °C", 25, None),
    ],
)
def test_a_title_of_several_words_tells_what_stands_alone_in_it(title, temperature, cycle):
    (found,) = read_bytes(f"{title}\n{SPECTRUM}".encode(), "x.csv")
    assert (found.temperature_C, found.cycle) == (temperature, cycle)


@pytest.mark.parametrize("line", ["SoC = 0.5", "State of Charge (%): 50", "SOC [%],50", "SOC: 50 %"])
def test_a_state_of_charge_is_per_cent(line, tmp_path):
    (tmp_path / "x.csv").write_text(f"{line}\n{SPECTRUM}")
    assert read_series(tmp_path).spectra[0].axes["soc"] == 50


def test_a_temperature_with_its_unit_in_each_cell():
    text = "".join(f"{line},25 °C\n" for line in rows(F, Z[0].real, Z[0].imag).splitlines())
    (found,) = read_bytes(f"{HEAD},Temperature\n{text}".encode(), "x.csv")
    assert found.temperature_C == 25


@pytest.mark.parametrize("temperature", [25.0, "25 °C", np.array([25])])
def test_single_numbers_and_words_in_an_npz_are_conditions(temperature):
    stream = BytesIO()
    np.savez(stream, frequency=F, impedance=Z[0], temperature=temperature, cycle=3)
    (found,) = read_bytes(stream.getvalue(), "x.npz")
    assert (found.temperature_C, found.cycle) == (25, 3)
