"""What is known of one hypothesis after the data: optimum, covariance, evidence, draws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from eisfit.arrays import ComplexArray, FloatArray

__all__ = ["Posterior", "probabilities"]


@dataclass(frozen=True)
class Posterior:
    """One hypothesis after the data.

    Parameters
    ----------
    hypothesis
        Its name in `HYPOTHESES`.
    names
        (P,) free parameters.
    u
        (P,) their optimum, in standard deviations of the prior from its mean.
    covariance
        (P, P) of u.
    chi2
        Of the data and the priors together, at the optimum.
    log_evidence
        Up to a constant that all hypotheses share.
    count
        Numbers measured: the degrees of freedom of `chi2`.
    corrections
        (F,) complex factors, one a block, from the quick model's impedance to the final one's at the optimum.
    sample
        (n, P) equally likely draws of u, where scalars are the data; None where it is Gaussian.
    feasible
        Share of the prior's draws that can meet the data at all, where scalars are the data.
    """

    hypothesis: str
    names: tuple[str, ...]
    u: FloatArray
    covariance: FloatArray
    chi2: float
    log_evidence: float
    count: int
    corrections: tuple[ComplexArray, ...] | None = None
    sample: FloatArray | None = None
    feasible: float = 1.0

    @property
    def p_value(self) -> float:
        """Chance of a chi2 at least as large if the hypothesis and the priors hold."""
        from scipy.special import gammaincc

        return float(gammaincc(self.count / 2, self.chi2 / 2))

    def draws(self, n: int, rng: np.random.Generator) -> FloatArray:
        """Return (n, P) draws of u."""
        if self.sample is not None:
            return self.sample[rng.integers(len(self.sample), size=n)]
        return rng.multivariate_normal(self.u, self.covariance, size=n, method="eigh")


def probabilities(found: Mapping[str, Posterior]) -> dict[str, float]:
    """Return posterior probabilities for hypotheses equally likely beforehand."""
    logs = np.array([posterior.log_evidence for posterior in found.values()])
    odds = np.exp(logs - logs.max())
    return dict(zip(found, (odds / odds.sum()).tolist(), strict=True))
