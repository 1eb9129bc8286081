"""Which spectra of a file were measured: a fit, an error, another quantity by its name is left aside."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eisfit.arrays import FloatArray, median
from eisfit.spectra.readers.conversion.imag_sign import FAILS
from eisfit.spectra.readers.file import File
from eisfit.spectra.readers.names.not_measured_words import WHAT, drop_common_words, find_kind, is_certain
from eisfit.spectra.readers.sign import misfit
from eisfit.spectra.readers.sweep import Sweep
from eisfit.spectra.spectrum import ASSUMED

_PLACES = ("label", "sheet")
_SMALL, _NEAR, _NO_SPECTRUM = 0.2, 0.2, 0.25  # an error's size, a model's distance, of Kramers-Kronig
_TINY = 0.1
_MOST_COMPARED = 20


def select_measured(file: File, sweeps: list[Sweep]) -> list[Sweep]:
    """Return the sweeps without those whose names say that they are a fit, an error or the like; it is told.

    Where a cell may be called so, the numbers decide. A fit alone is read, and told.

    Raises
    ------
    ReadError
        When all there is are errors, or another quantity.
    """
    names = _name_sweeps(sweeps)
    kinds = [_find_kind(sweep, name, names) for sweep, name in zip(sweeps, names, strict=True)]
    if len({*names}) > 1:
        kinds = [kind or _judge_numbers(sweep, sweeps) for sweep, kind in zip(sweeps, kinds, strict=True)]
    if not any(kinds):
        return sweeps
    measured = [sweep for sweep, kind in zip(sweeps, kinds, strict=True) if not kind]
    if not measured:
        return _judge_unmeasured(file, sweeps, names, kinds)
    out: dict[str, str] = {}
    kept: list[Sweep] = []
    for sweep, name, kind in zip(sweeps, names, kinds, strict=True):
        if kind and (
            kind == "scatter" or is_certain(name) or name == "Y" or _numbers_agree(sweep, kind, measured)
        ):
            out[name] = kind
            continue
        kept.append(sweep)
        if kind:
            sweep.notes.append(f"{ASSUMED} {name!r} is a spectrum of its own, although {WHAT[kind]}")
    for sweep in kept:
        sweep.notes += [
            f"left aside: {', '.join(repr(n) for n, k in out.items() if k == kind)}, {WHAT[kind]}"
            for kind in dict.fromkeys(out.values())
        ]
    return kept


def _name_sweeps(sweeps: Sequence[Sweep]) -> list[str]:
    """Return what each sweep is called by its columns, rows, group or sheet, common words left out."""
    columns = [
        [str(sweep.metadata.get(place, "")).rsplit("/", 1)[-1] for sweep in sweeps] for place in _PLACES
    ]
    columns = [drop_common_words(names) if all(map(find_kind, names)) else names for names in columns]
    pairs = zip(*columns, strict=True)
    return [next((name for name in pair if find_kind(name)), pair[0] or pair[1]) for pair in pairs]


def _find_kind(sweep: Sweep, name: str, names: Sequence[str]) -> str:
    """Return the kind of a name; of Y beside Z that of an admittance."""
    kind = "other" if name == "Y" and "Z" in names else find_kind(name)
    stated = any("no unit given" in note or "lines above" in note for note in sweep.notes)
    return "" if kind == "other" and not stated else kind  # in ohm a current state is no current


def _judge_numbers(sweep: Sweep, sweeps: Sequence[Sweep]) -> str:
    """Return that numbers are an error, whatever they are called: no spectrum, and small beside one."""
    if len(sweeps) > _MOST_COMPARED or not any(FAILS in note for note in sweep.notes):
        return ""
    alike = (one for one in sweeps if one.frequency.size == sweep.frequency.size and one is not sweep)
    beside = (one for one in alike if np.allclose(one.frequency, sweep.frequency))
    size = _compute_size(sweep)
    small = any(size < _TINY * _compute_size(one) for one in beside)
    return "scatter" if small and _is_no_spectrum(sweep) else ""


def _judge_unmeasured(file: File, sweeps: list[Sweep], names: list[str], kinds: list[str]) -> list[Sweep]:
    """Return sweeps all of which are by their names none, with a note; refuse errors and other quantities."""
    for sweep, name, kind in zip(sweeps, names, kinds, strict=True):
        if kind in ("error", "other") and is_certain(name):
            raise file.error(f"{name!r} is {WHAT[kind]}, and no measured spectrum stands beside it")
        told = f"{ASSUMED} {name!r}, {WHAT[kind]}, is a spectrum"
        sweep.notes += [told] * (told not in sweep.notes)
    return sweeps


def _numbers_agree(sweep: Sweep, kind: str, measured: Sequence[Sweep]) -> bool:
    """Whether numbers are what a name says: of a model near a spectrum, of an error small, or no spectrum."""
    near = measured[:_MOST_COMPARED]
    if kind in ("model", "bound") and any(_compute_distance(sweep, one) < _NEAR for one in near):
        return True
    if kind in ("model", "other"):
        return False
    size = _compute_size(sweep)
    return any(size < _SMALL * _compute_size(one) for one in near) or _is_no_spectrum(sweep)


def _is_no_spectrum(sweep: Sweep) -> bool:
    """Whether Kramers-Kronig fails by more than much noise explains."""
    return _NO_SPECTRUM < misfit(sweep.frequency, sweep.impedance) < np.inf


def _compute_distance(one: Sweep, other: Sweep) -> float:
    """Return how far apart two spectra are at the frequencies of the second, relative to it."""
    order = np.argsort(one.frequency, kind="stable")
    f, z = one.frequency[order], one.impedance[order]
    within = (other.frequency > 0.98 * f[0]) & (other.frequency < 1.02 * f[-1])
    if not 2 * np.count_nonzero(within) > within.size:
        return np.inf
    at, size = np.log(other.frequency[within]), np.abs(other.impedance[within])
    beside = np.interp(at, np.log(f), z.real) + 1j * np.interp(at, np.log(f), z.imag)
    off: FloatArray = np.abs(beside - other.impedance[within]) / size
    return float(median(off[np.isfinite(off)])) if np.isfinite(off).any() else np.inf


def _compute_size(sweep: Sweep) -> float:
    size = np.abs(sweep.impedance)
    return float(median(size[np.isfinite(size)])) if np.isfinite(size).any() else 0.0
