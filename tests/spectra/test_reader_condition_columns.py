"""Columns that stay the same within each sweep: axes, temperatures called T, whose a spectrum is.

The spectra are a closed form, simulated here.
"""

from __future__ import annotations

import numpy as np
import pytest

import eisfit
from eisfit.spectra.cycle_numbers import find_name_cycle
from eisfit.spectra.readers import read_bytes

F = np.geomspace(1e5, 1.0, 26)
VALUES = (20.0, 30.0, 40.0)


def z_of(resistance):
    return 10 + resistance / (1 + 2j * np.pi * F * 1e-4 * resistance)


def stack(header, *conditions):
    """Sweeps below each other, each behind the cells that say what it was measured at."""
    lines = [header]
    for place, cells in enumerate(conditions):
        z = z_of(100.0 + 20 * place)
        lines += [f"{cells},{f:.9g},{v.real:.9g},{v.imag:.9g}" for f, v in zip(F, z, strict=True)]
    return "\n".join([*lines, ""])


def series(tmp_path, text):
    path = tmp_path / "x.csv"
    path.write_text(text)
    return eisfit.read_series(path)


@pytest.mark.parametrize(
    ("name", "written", "axis", "held"),
    [
        ("soc", ("20", "50", "80"), "soc", [20, 50, 80]),
        ("SOC", ("0.2", "0.5", "0.8"), "soc", [20, 50, 80]),
        ("state_of_charge (%)", ("0.5", "1", "2"), "soc", [0.5, 1, 2]),
        ("bias_v", ("0", "0.2", "0.4"), "potential", [0, 0.2, 0.4]),
        ("Bias (mV)", ("0", "200", "400"), "potential", [0, 0.2, 0.4]),
        ("stack_pressure_kPa", ("100", "200", "500"), "pressure", [0.1, 0.2, 0.5]),
        ("film thickness (nm)", ("5", "10", "20"), "thickness", [5, 10, 20]),
    ],
)
def test_a_column_that_is_an_axis_places_each_sweep(tmp_path, name, written, axis, held):
    found = series(tmp_path, stack(f"{name},freq_Hz,Z_real_ohm,Z_imag_ohm", *written))
    values = [s.potential_V if axis == "potential" else s.axes[axis] for s in found]
    np.testing.assert_allclose(values, held)
    for place, spectrum in enumerate(found):
        np.testing.assert_allclose(spectrum.impedance, z_of(100.0 + 20 * place), rtol=1e-6)


def test_columns_that_differ_between_sweeps_name_them():
    text = stack("cell_id,chemistry,area,f (Hz),Zre (ohm),Zim (ohm)", "7,NMC,2", "7,LFP,2", "8,LFP,2")
    found = read_bytes(text.encode(), "x.csv")
    assert [s.metadata["label"] for s in found] == [
        "cell_id 7, chemistry NMC",
        "cell_id 7, chemistry LFP",
        "cell_id 8, chemistry LFP",
    ]
    assert "rows of 'cell_id 7, chemistry LFP'" in found[1].notes


def test_what_changes_within_a_sweep_or_is_the_same_in_all_names_nothing():
    text = stack("n,gain,f (Hz),Zre (ohm),Zim (ohm)", "1,8", "2,8").splitlines()
    text = [text[0], *(f"{k}{line[1:]}" for k, line in enumerate(text[1:])), ""]  # n counts the points
    assert all("label" not in s.metadata for s in read_bytes("\n".join(text).encode(), "x.csv"))


def test_where_no_cycle_is_known_the_axes_that_are_known_are_named(tmp_path):
    found = series(tmp_path, stack("bias_v,freq_Hz,Z_real_ohm,Z_imag_ohm", "0", "0.2", "0.4"))
    assert any(note.endswith("; potential known of all: --by potential") for note in found.notes)


def read_three(folder, name, values=VALUES):
    rows = [f"{name},Frequency (Hz),Z' (Ohm),-Z'' (Ohm)"]
    for value in values:
        for f in F:
            z = 5 + 20 / (1 + 2e-3j * np.pi * f * (2 + value / 50))
            rows.append(f"{value:g},{f:.6g},{z.real:.6g},{-z.imag:.6g}")
    path = folder / "cells.csv"
    path.write_text("\n".join(rows) + "\n")
    return eisfit.read_series(path).spectra


@pytest.mark.parametrize(("shift", "words"), [(0.0, "degrees Celsius"), (273.15, "kelvin, as its .15 tells")])
def test_a_column_t_that_stays_is_a_temperature_and_told(tmp_path, shift, words):
    """It was the time in seconds."""
    found = read_three(tmp_path, "T", [value + shift for value in VALUES])
    assert [s.temperature_C for s in found] == pytest.approx(list(VALUES))
    assert [s.time_s for s in found] == [None] * 3
    assert f"assumed: 'T' is a temperature in {words}" in found[0].notes


def test_a_column_t_that_rises_is_a_time(tmp_path):
    rows = [f"{k},{f:.6g},{5 + 20 / (1 + f):.6g},{f / (1 + f):.6g}" for k, f in enumerate(F)]
    path = tmp_path / "one.csv"
    path.write_text("T,Frequency (Hz),Z' (Ohm),-Z'' (Ohm)\n" + "\n".join(rows) + "\n")
    assert eisfit.read(path).temperature_C is None


@pytest.mark.parametrize(("name", "factor"), [("t (nm)", 1.0), ("t_um", 1e3), ("d / nm", 1.0)])
def test_a_letter_with_a_unit_of_length_is_a_thickness(tmp_path, name, factor):
    """``t (nm)`` was the temperature."""
    found = read_three(tmp_path, name)
    assert [s.axes["thickness"] for s in found] == pytest.approx([factor * value for value in VALUES])
    assert [s.temperature_C for s in found] == [None] * 3


def test_a_letter_with_another_unit_is_no_axis(tmp_path):
    found = read_three(tmp_path, "T (%)")
    assert [(s.temperature_C, s.time_s) for s in found] == [(None, None)] * 3


@pytest.mark.parametrize(
    ("name", "second"),
    [
        ("Time of immersion (hours)", 3600.0), ("Exposure (days)", 86400.0), ("Immersion time (h)", 3600.0),
        ("aging time / d", 86400.0), ("Age (weeks)", 604800.0), ("cycle time (s)", 1.0),
    ],
)  # fmt: skip
def test_a_time_since_when_is_one(tmp_path, name, second):
    """The last was the cycle, of the others nothing was known."""
    found = read_three(tmp_path, name)
    assert [s.time_s for s in found] == pytest.approx([second * value for value in VALUES])
    assert [s.cycle for s in found] == [None] * 3


@pytest.mark.parametrize(
    ("name", "cycle"),
    [("motorcycle2.csv", None), ("lifecycle2.csv", None), ("precycle60C.csv", None), ("cellcycle12.csv", 12)],
)
def test_only_a_count_of_cycles_is_one(tmp_path, name, cycle):
    assert find_name_cycle(tmp_path / name, None) == cycle
