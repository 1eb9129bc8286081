"""Whether the circuit that a simulated spectrum was made with can be told from its rivals, by any eye.

Each rival with as many parameters or fewer is fitted to the spectrum *without* its noise, weighted by that
noise. What it leaves, D, is what the noise must hide: the truth's chi-square is then lower by D, give or take
2 sqrt(D). BIC asks ln(numbers) of it for each parameter that the truth has more. A truth is *decidable* where
D exceeds that by 4 sqrt(D) for every rival: another outcome has a chance below 2.3 %. Where a search ends
above a rival's optimum D is too large, and the truth counts as decidable though it is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import erf, exp, inf, log, sqrt

import numpy as np
from random_spectra import Case, impedance

from eisfit.engine.objective import Settings
from eisfit.engine.search import search
from eisfit.engine.task import Task
from eisfit.model.circuit import Circuit
from eisfit.spectra.spectrum import Spectrum

__all__ = ["CERTAIN", "lead_of_truth", "to_chance"]

#: Standard deviations by which the truth must be ahead of every rival.
CERTAIN = 2.0
_BOTTOM = np.array([1e-3])  # of chi-square: a search goes on until it leaves no more


def lead_of_truth(truth: Circuit, case: Case, rivals: Sequence[Circuit]) -> float:
    """Return by how many standard deviations BIC is expected to prefer the truth to its nearest rival."""
    frequency, free = case.spectrum.frequency, len(truth.free_names)
    clean = impedance(truth.tree, case.spectrum.omega, case.truth)
    spectrum = Spectrum(frequency, clean, noise=case.noise * np.abs(clean))
    smaller = [r for r in rivals if r.string != truth.string and len(r.free_names) <= free]
    return min((_lead(spectrum, free, rival) for rival in smaller), default=inf)


def _lead(spectrum: Spectrum, free: int, rival: Circuit) -> float:
    task = Task.of(spectrum, rival, Settings("noise"))
    left, count = float(search(task.problem, _BOTTOM).basin(0).chisqr), 2 * spectrum.points
    # compare's deviance is n ln chi2, for the size of the noise is not told: what is that of chi2 itself?
    price = count * (exp(log(count) * (free - len(rival.free_names)) / count) - 1)
    return (left - price) / (2 * sqrt(max(left, 1e-12)))


def to_chance(lead: float) -> float:
    """Return the chance that the truth is preferred to a rival that it leads by so many deviations."""
    return 0.5 * (1 + erf(lead / sqrt(2)))
