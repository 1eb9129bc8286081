"""Columns that stay the same within a sweep: temperatures called T, thicknesses t, times since when."""

from __future__ import annotations

import numpy as np
import pytest

import eisfit
from eisfit.spectra.cycle_numbers import cycle_of_name

F = np.geomspace(1e4, 1.0, 13)
VALUES = (20.0, 30.0, 40.0)


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
    assert cycle_of_name(tmp_path / name, None) == cycle
