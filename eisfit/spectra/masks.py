"""Points left out of a fit, by hand or because an inductance that the circuit lacks made them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import BoolArray
from eisfit.errors import UsageError
from eisfit.spectra.spectrum import Spectrum

#: A mask (F,), true for a point to leave out, from the highest frequency down; or frequencies in Hz.
Drop = Sequence[bool] | Sequence[float] | NDArray[np.bool_] | NDArray[np.float64]

_NEAR = 5e-3  # relative distance within which a frequency given by hand is one of the spectrum's
_NAMED = 6


def drop_points(spectrum: Spectrum, drop: Drop | None = None, *, drop_inductive: bool = False) -> Spectrum:
    """Return the spectrum without some of its points; its notes say which.

    Parameters
    ----------
    spectrum
        What was measured.
    drop
        A mask (F,) or frequencies in Hz, each within 0.5 % of a measured one.
    drop_inductive
        Leave out the points above the frequency where Z'' first falls below zero.

    Raises
    ------
    UsageError
        For a mask of another length or a frequency that was not measured.
    SpectrumError
        When no point is left.

    Examples
    --------
    >>> s = Spectrum(frequency=[1e4, 100.0, 1.0], impedance=[1 + 0.2j, 2 - 1j, 3 - 0.1j])
    >>> drop_points(s, [1.0], drop_inductive=True).notes
    ('left out 2 points: 10000 Hz, 1 Hz',)
    """
    out = np.zeros(spectrum.points, dtype=bool) if drop is None else _make_mask(spectrum, drop)
    if drop_inductive:
        out |= find_inductive_tail(spectrum)
    if not out.any():
        return spectrum
    kept = spectrum.keep(~out)
    return kept.replace(notes=(*spectrum.notes, _list_frequencies(spectrum.frequency[out])))


def find_inductive_tail(spectrum: Spectrum) -> BoolArray:
    """Return the mask (F,) of the points with Z'' > 0, from the highest frequency to the first without."""
    return np.asarray(np.logical_and.accumulate(spectrum.impedance.imag > 0))


def _make_mask(spectrum: Spectrum, drop: Drop) -> BoolArray:
    given = np.asarray(drop)
    if given.dtype == bool:
        if given.shape != (spectrum.points,):
            raise UsageError(
                f"drop: the mask has {given.size} entries, but {spectrum.name} has {spectrum.points} points"
            )
        return given.copy()
    out = np.zeros(spectrum.points, dtype=bool)
    for frequency in given.astype(np.float64).ravel():
        out[_find_nearest(spectrum, float(frequency))] = True
    return out


def _find_nearest(spectrum: Spectrum, frequency: float) -> int:
    place = int(np.argmin(np.abs(spectrum.frequency - frequency)))
    nearest = float(spectrum.frequency[place])
    if not abs(nearest - frequency) <= _NEAR * nearest:
        raise UsageError(
            f"drop: {spectrum.name} has no point at {frequency:g} Hz; the nearest is {nearest:.6g} Hz"
        )
    return place


def _list_frequencies(frequencies: NDArray[np.float64]) -> str:
    named = ", ".join(f"{f:.6g} Hz" for f in frequencies[:_NAMED])
    more = f" and {frequencies.size - _NAMED} more" if frequencies.size > _NAMED else ""
    return f"left out {frequencies.size} point{'s' if frequencies.size > 1 else ''}: {named}{more}"
