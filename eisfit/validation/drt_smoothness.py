"""How smooth a distribution of relaxation times is: the strength of regularisation, chosen by the data."""

from __future__ import annotations

import numpy as np

from eisfit.records import Document, dataclass
from eisfit.validation.drt_algebra import Problem, solve


@dataclass(frozen=True)
class Choice(Document):
    """One strength of regularisation that was tried.

    `strength` is lambda relative to the size of the problem, `gcv` the criterion, `misfit` the mean square of
    the residuals in units of the noise, `roughness` |D x|, `freedom` the effective number of parameters.
    """

    strength: float
    gcv: float
    misfit: float
    roughness: float
    freedom: float


def choose_strength(p: Problem) -> tuple[float, tuple[Choice, ...]]:
    """Choose the strength of regularisation by generalised cross-validation (Golub, Heath, Wahba 1979).

    GCV = (|A x - b|^2 / n) / (1 - freedom / n)^2, with the freedom of the unknowns that are not at zero. It
    is flat towards weak regularisation, where it varies by chance, so the strongest is taken whose
    GCV exceeds the smallest by less than its own standard error, sqrt(2 / n) of it, or does not exceed 1, the
    level of the noise.
    """
    coarse = [_try_strength(p, float(10.0**power)) for power in np.arange(-5.0, 1.01, 0.5)]
    limit = max(1.0, min(c.gcv for c in coarse) * (1 + np.sqrt(2 / p.size)))
    edge = max(c.strength for c in coarse if c.gcv <= limit)
    fine = [_try_strength(p, edge * 10**power) for power in (0.125, 0.25, 0.375)]
    chosen = max(c.strength for c in (*coarse, *fine) if c.gcv <= limit)
    return chosen, tuple(sorted((*coarse, *fine), key=lambda c: c.strength))


def _try_strength(p: Problem, strength: float) -> Choice:
    x = solve(p, strength)
    hat = np.linalg.qr(p.matrix(strength)[:, x > 0])[0][: p.size]
    freedom = float((hat**2).sum())
    misfit = float(np.mean((p.a @ x - p.b) ** 2))
    gcv = misfit / (1 - min(freedom / p.size, 0.99)) ** 2
    return Choice(strength, gcv, misfit, float(np.linalg.norm(p.d @ x)), freedom)
