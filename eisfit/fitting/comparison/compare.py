"""Which circuit? Candidates fitted to one spectrum, ranked, and those that the data cannot support refused.

Ranked by BIC (G. Schwarz, Ann. Stat. 6 (1978) 461), because it finds the true circuit most often (measured by
benchmarks/compare.py). AICc, Akaike's weights (K. P. Burnham, D. R. Anderson, Model Selection and Multimodel
Inference, 2nd ed., Springer 2002) and the error of cross-validation stand beside it. Every free parameter of
the circuit counts, also one that ended at a bound, and the size of the noise where it is not measured.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from os import PathLike
from typing import Any

import numpy as np

from eisfit.engine.objective import Settings
from eisfit.engine.unexplained import estimate_with_inductance
from eisfit.errors import SpectrumError, UsageError
from eisfit.fitting.comparison.candidates import make_candidates, search_briefly
from eisfit.fitting.comparison.exact import is_exact, make_exact_candidates
from eisfit.fitting.comparison.table import Candidate, Comparison
from eisfit.fitting.errors.refit import Refit
from eisfit.fitting.fitted_points import add_noise, select_points
from eisfit.fitting.result import FitResult
from eisfit.model.circuit import Circuit
from eisfit.model.files.library import circuit as find_circuit
from eisfit.model.files.library import circuits as names_of_circuits
from eisfit.model.files.library import has_inductance
from eisfit.spectra import WEIGHTING
from eisfit.spectra.given import takes_spectrum
from eisfit.spectra.masks import Drop, find_inductive_tail
from eisfit.spectra.noise import attainable_chisqr, estimate_noise_chisqr
from eisfit.spectra.spectrum import Spectrum
from eisfit.validation.kramers_kronig import check_once

_LEAST_TAIL = 2  # points with Z'' > 0 that make an inductive tail
_CLEARLY = 3.0  # standard deviations of the noise above zero
_AS_CLOSE = 1.5  # times the chisqr of the best


@takes_spectrum
def compare(
    spectrum: Spectrum,
    circuits: Iterable[str | PathLike[str] | Circuit] | None = None,
    *,
    weighting: str = WEIGHTING,
    fmin: float | None = None,
    fmax: float | None = None,
    drop: Drop | None = None,
    drop_inductive: bool = False,
    seed: int = 0,
) -> Comparison:
    """Fit several circuits to a spectrum and say which one it supports.

    Parameters
    ----------
    spectrum
        What was measured, as for `eisfit.fit`.
    circuits
        Names, paths, strings or circuits; None: those of ``circuits/`` that suit the spectrum, and where
        none of them fits those with an inductance, which may bend the fast end without turning it inductive.
    weighting, fmin, fmax, drop, drop_inductive, seed
        As for `eisfit.fit`, the same for every circuit.

    Returns
    -------
    Comparison
        With `best`, `ranked` candidates and a `verdict` in words.

    Raises
    ------
    UsageError
        For an unknown circuit or weighting, or an empty list.

    Examples
    --------
    >>> from eisfit import simulate
    >>> s = simulate("rs-ct", {"R_s": 1, "R_ct": 10, "CPE_ct_Q": 1e-4, "CPE_ct_alpha": 0.9})
    >>> compare(s, ["rs-ct", "rs-sei-ct"]).best.name
    'rs-ct'
    """
    kept = select_points(spectrum, fmin=fmin, fmax=fmax, drop=drop, drop_inductive=drop_inductive)
    chosen = find_suitable(kept) if circuits is None else [find_circuit(source) for source in _list(circuits)]
    if not chosen:
        raise UsageError(f"{kept.name}: there is no circuit to compare for {kept.points} points")
    kept = add_noise(kept, weighting)
    noise = attainable_chisqr(kept, Settings(weighting).search_weights(kept))
    found = _compare(kept, _deduplicate(chosen), weighting, noise, seed)
    if circuits is not None or _turns_inductive(kept):
        return found
    if found.fits:
        smaller = _add_inductances(found)
        return _compare(kept, _deduplicate([*chosen, *smaller]), weighting, noise, seed) if smaller else found
    more = _choose_suitable(kept, inductive=True)
    inductive = _compare(kept, more, weighting, noise, seed) if more else found
    return inductive if inductive.fits else found


def _add_inductances(found: Comparison) -> list[Circuit]:
    """Return smaller circuits, each with the inductance that would bring it as close as the best comes.

    The best may be one with an arc too many, which bends the fast end as an inductance would.
    """
    best = found.best
    assert best is not None
    assert best.result is not None
    most = _AS_CLOSE * best.result.statistics.chisqr
    return [
        find_circuit(f"l-{c.name}")
        for c in found.ranked
        if c.result
        and c.free + 1 < best.free
        and not has_inductance(c.circuit)
        and c.result.statistics.chisqr > most >= _estimate_with_inductance(c.result)
    ]


def _estimate_with_inductance(result: FitResult) -> float:
    refit = Refit.of(result)
    with np.errstate(all="ignore"):
        return estimate_with_inductance(refit.problem, refit.theta)


def _compare(
    spectrum: Spectrum, circuits: Sequence[Circuit], weighting: str, noise: float, seed: int
) -> Comparison:
    """Return the comparison: by the digits where the data show no noise, which the closest fit may tell."""
    exact = is_exact(spectrum, weighting, noise)
    found = make_exact_candidates(spectrum, circuits, weighting, seed) if exact else None
    if found is not None:
        return Comparison.of(spectrum, weighting, *found)
    entered, unfitted = search_briefly(spectrum, circuits, weighting, seed)
    lowest = min((entry.chisqr for entry in entered), default=0.0)
    if not exact and is_exact(spectrum, weighting, lowest):
        exact, found = True, make_exact_candidates(spectrum, circuits, weighting, seed)
    if found is None:
        rows = [*make_candidates(entered, noise, seed), *unfitted]
        found = rows, float(estimate_noise_chisqr(noise, *_collect_noise(rows)))
        left = min((row.result.statistics.chisqr for row in rows if row.result), default=0.0)
        if not exact and is_exact(spectrum, weighting, left):
            found = make_exact_candidates(spectrum, circuits, weighting, seed) or found
    return Comparison.of(spectrum, weighting, *found)


def _collect_noise(rows: Sequence[Candidate]) -> Iterator[float]:
    """Yield the chisqr that each circuit takes for noise."""
    for row in rows:
        if row.result is not None and row.result.statistics.nfree > 0:
            statistics = row.result.statistics
            yield statistics.chisqr * statistics.ndata / statistics.nfree


def find_suitable(spectrum: Spectrum) -> list[Circuit]:
    """Return the circuits of ``circuits/`` that suit a spectrum.

    Those with fewer parameters than half the numbers measured. Where the spectrum has an inductive tail, each
    gets an inductance in series; where it has none, circuits with an inductance are left out.
    """
    return _choose_suitable(spectrum, inductive=_turns_inductive(spectrum))


def _choose_suitable(spectrum: Spectrum, *, inductive: bool) -> list[Circuit]:
    found: dict[str, Circuit] = {}
    for name in names_of_circuits():
        circuit = find_circuit(name)
        has_one = has_inductance(circuit)
        if has_one and not inductive:
            continue
        suits = circuit if has_one or not inductive else find_circuit(f"l-{circuit.name}")
        found.setdefault(suits.string, suits)
    return [c for c in found.values() if len(c.free_names) + 2 <= spectrum.points]


def _turns_inductive(spectrum: Spectrum) -> bool:
    """Return whether the highest frequencies are inductive, and by more than the noise."""
    tail = find_inductive_tail(spectrum)
    with contextlib.suppress(SpectrumError):  # too few points to know the noise
        tail &= spectrum.impedance.imag > _CLEARLY * check_once(spectrum).noise
    return int(tail.sum()) >= _LEAST_TAIL


def _list(circuits: Iterable[Any]) -> Sequence[Any]:
    if isinstance(circuits, (str, PathLike, Circuit)):
        raise UsageError("compare needs a list of circuits, such as ['rs-ct', 'rs-ct-w']")
    return list(circuits)


def _deduplicate(circuits: Iterable[Circuit]) -> list[Circuit]:
    """Return the circuits without those that say the same twice."""
    found: dict[str, Circuit] = {}
    for circuit in circuits:
        found.setdefault(repr((circuit.string, circuit.to_dict()["parameters"])), circuit)
    return list(found.values())
