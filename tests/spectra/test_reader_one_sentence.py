"""What notes and errors say: one true sentence, whole quotes, labels that the file has."""

from __future__ import annotations

import numpy as np
import pytest

from eisfit.spectra.readers import read_bytes

F = np.geomspace(1e5, 1, 16)
Z = 20 + 300 / (1 + (2j * np.pi * F * 6e-3) ** 0.85)


def write(head, *columns, mark=","):
    rows = [mark.join(f"{value:.9g}" for value in row) for row in zip(*columns, strict=True)]
    return "\n".join([head, *rows, ""]).encode()


@pytest.mark.parametrize(
    ("name", "cycle"),
    [("Aging cycle", 3.0), ("Charge cycles (-)", 3.0), ("Duty cycle", None), ("Cycle life", None)],
)
def test_a_column_of_one_cycle_tells_it_as_one_of_several_does(name, cycle):
    """``Aging cycle`` of one value was lost, and of several taken from the label."""
    columns = np.full(F.size, 3), F, Z.real, Z.imag
    (one,) = read_bytes(write(f"{name},f (Hz),Zre (ohm),Zim (ohm)", *columns), "x.csv")
    assert one.cycle == cycle
    assert (f"cycle from the column {name!r}" in one.notes) == (cycle is not None)
    twice = [np.concatenate([values, values]) for values in columns]
    twice[0][F.size :] = 7
    several = read_bytes(write(f"{name},f (Hz),Zre (ohm),Zim (ohm)", *twice), "x.csv")
    assert [spectrum.cycle for spectrum in several] == ([3.0, 7.0] if cycle else [None, None])
