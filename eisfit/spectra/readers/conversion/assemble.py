"""From the impedance of a table to its sweeps, and what is said of their units and signs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import ComplexArray, FloatArray, drop_nan, median
from eisfit.spectra.readers.conversion.chosen import Chosen
from eisfit.spectra.readers.conversion.cuts import find_boundaries, note_misplaced
from eisfit.spectra.readers.conversion.imag_sign import ABSOLUTE, BY_ITS_SIGN, BY_PHASE, CANONICAL, FROM_PHASE
from eisfit.spectra.readers.names.units import PER_AREA
from eisfit.spectra.readers.names.words import IN_OHM
from eisfit.spectra.readers.sweep import OVER_RANGE, Sweep, is_over_range, plural
from eisfit.spectra.spectrum import ASSUMED

_SLOWEST = 3e-4  # Hz: a period of an hour, which hardly anybody waits for
_CONDITIONS = {"cycle", "temperature", "potential", "time", "noise", "index", "area"}
_FEWEST_POINTS = 3  # of a sweep, where another has twice as many
TAKEN_AS_OHM, TAKEN_AS_S = "impedance, taken as ohm (else --impedance-unit)", "admittance, taken as siemens"


def make_sweeps(chosen: Chosen, z: ComplexArray, cuts: list[int]) -> list[Sweep]:
    """Cut the rows into sweeps at `cuts` (first rows of the second, third, ... sweep)."""
    sweeps = []
    edges = [0, *cuts, z.size]
    used = np.isfinite(z) & (z != 0) & np.isfinite(chosen["frequency"]) & (chosen["frequency"] > 0)
    over = used & is_over_range(np.maximum(np.abs(z.real), np.abs(z.imag)))
    used &= ~over
    chosen.notes += note_misplaced(chosen["frequency"][used])
    pieces = [slice(*edge) for edge in pairwise(edges)]
    held = [int(used[piece].sum()) for piece in pieces]
    few = [size < _FEWEST_POINTS <= max(held) - _FEWEST_POINTS for size in held]
    if strange := sum(size for size, left in zip(held, few, strict=True) if left):
        are = "is none" if strange == 1 else "are none"
        chosen.notes.append(f"{ASSUMED} {plural(strange, 'row')} beside the sweeps {are}: left aside")
    if lost := sum(int(over[piece].sum()) for piece, left in zip(pieces, few, strict=True) if left):
        chosen.notes.append(f"dropped {plural(lost, 'row')} {OVER_RANGE}")
    form = frozenset((name, c.scale, c.base) for name, c in chosen.columns.items() if name not in _CONDITIONS)
    for piece, left in zip(pieces, few, strict=True):
        part = np.arange(piece.start, piece.stop)
        part = part if chosen.left_out is None else part[~chosen.left_out[piece]]
        told = part[used[part]]  # what is dropped labels nothing
        if left and (strange or over[piece].any()):
            continue
        noise = chosen.get("noise")
        sweeps.append(
            Sweep(
                frequency=chosen["frequency"][part],
                impedance=z[part],
                noise=None if noise is None or not (noise[part] > 0).all() else noise[part],
                times=None if (times := chosen.get("time")) is None else times[part],
                cycle=_find_first(chosen.get("cycle"), told),
                time_s=_find_first(chosen.get("time"), told),
                temperature_C=_compute_median(chosen.get("temperature"), told),
                potential_V=_compute_median(chosen.get("potential"), told),
                notes=list(chosen.notes),
                form=form,
            )
        )
    return sweeps


def find_sweep_starts(chosen: Chosen, z: ComplexArray, gaps: Sequence[int] = ()) -> list[int]:
    """Return the rows at which a new sweep begins, of a table whose conditions may change.

    `gaps` are rows before which the file itself begins anew.
    """
    cuts = list(gaps)
    f, conditions = chosen["frequency"], [chosen.get(name) for name in ("cycle", "temperature")]
    for start, stop in pairwise([0, *gaps, f.size]):
        part = slice(start, stop)
        within = [None if values is None else values[part] for values in conditions]
        cuts += [start + cut for cut in find_boundaries(f[part], z[part], *within)]
    return sorted(cuts)


def _compute_median(values: FloatArray | None, part: NDArray[np.intp]) -> float | None:
    finite = _select_known(values, part)
    return float(median(finite)) if finite.size else None


def _find_first(values: FloatArray | None, part: NDArray[np.intp]) -> float | None:
    finite = _select_known(values, part)
    return float(finite[0]) if finite.size else None


def _select_known(values: FloatArray | None, part: NDArray[np.intp]) -> FloatArray:
    return np.empty(0) if values is None else values[part][np.isfinite(values[part])]


def describe_sign(chosen: Chosen) -> str:
    """Return how the imaginary sign was read, in words."""
    if chosen.has_all("real", "imag"):
        meaning = chosen.columns["imag"]
        canonical = f" {CANONICAL}" if meaning.name == "Z_imag_ohm" else ""
        if any(note.startswith(ABSOLUTE) for note in chosen.notes):
            return f"{meaning.name!r}{BY_ITS_SIGN}"
        turned = any(note.startswith(FROM_PHASE) for note in chosen.notes)
        held = "-Im Z" if (meaning.scale < 0) != turned else "Im Z"
        return f"{meaning.name!r} holds {held}" + (BY_PHASE if turned else canonical)
    return "as the phase says" if "phase" in chosen else "as written"


def note_area(chosen: Chosen) -> list[str]:
    """Return what an impedance per area makes of all ohms."""
    names = (*IN_OHM, *(f"admittance_{part}" for part in IN_OHM))
    units = [chosen.columns[name].unit for name in names if name in chosen.columns]
    told = any(map(PER_AREA.search, units))
    return [f"{ASSUMED} ohm in what follows is ohm cm2: the impedance is per area"] if told else []


def note_bare_units(chosen: Chosen) -> list[str]:
    """Return what is taken for granted where columns have no unit."""
    return [*_note_bare_ohm(chosen), *_note_bare_hertz(chosen)]


def _note_bare_hertz(chosen: Chosen) -> list[str]:
    """Return what a frequency without a unit is taken for, where its range is not a cell's in hertz."""
    f = drop_nan(chosen["frequency"])
    lowest = float(f[f > 0].min(initial=np.inf))
    if chosen.columns["frequency"].unit or lowest > _SLOWEST:
        return []
    return [f"{ASSUMED} no unit given for the frequency, taken as Hz: a period of {1 / lowest / 3600:.2g} h"]


def _note_bare_ohm(chosen: Chosen) -> list[str]:
    for quantities, what in (
        (IN_OHM, TAKEN_AS_OHM),
        (("admittance_real", "admittance_imag", "admittance_modulus"), TAKEN_AS_S),
        (("R_parallel", "X_parallel"), TAKEN_AS_OHM),
    ):
        found = [chosen.columns[q].unit for q in quantities if q in chosen.columns]
        if found:
            return note_area(chosen) if any(found) else [f"{ASSUMED} no unit given for the {what}"]
    return []
