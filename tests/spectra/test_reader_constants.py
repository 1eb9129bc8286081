"""Columns that stay the same within each sweep of a table: axes of the series, and whose a spectrum is.

The spectra are a closed form, simulated here.
"""

from __future__ import annotations

import numpy as np
import pytest

import eisfit
from eisfit.spectra.readers import read_bytes

F = np.geomspace(1e5, 1.0, 26)


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
