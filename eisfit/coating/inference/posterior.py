"""What is known of one hypothesis after the data: optima, covariances, evidence, draws."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from eisfit.arrays import ComplexArray, FloatArray
from eisfit.records import dataclass
from eisfit.validation.quantiles import chi2_above
from eisfit.verdict import limit

LEAST_P = limit("study_fits")
_ROUNDING = 1e-12  # variance: what keeps a covariance positive


@dataclass(frozen=True)
class Mode:
    """An optimum: u (P,), covariance (P, P), chi2 of data and priors, log evidence by Laplace's method."""

    u: FloatArray
    covariance: FloatArray
    chi2: float
    log_evidence: float

    def draws(self, n: int, rng: np.random.Generator) -> FloatArray:
        """Return (n, P) draws of u; a covariance that differs by rounding gives the same."""
        root = np.linalg.cholesky(self.covariance + _ROUNDING * np.eye(len(self.u)))
        return np.asarray(self.u + rng.standard_normal((n, len(self.u))) @ root.T)


@dataclass(frozen=True)
class Posterior:
    """One hypothesis after the data.

    Parameters
    ----------
    hypothesis
        Its name in `HYPOTHESES`.
    names
        (P,) free parameters.
    modes
        Optima in standard deviations of the prior from its mean, the best first.
    count
        Numbers measured: the degrees of freedom of `chi2`.
    corrections
        (F,) complex factors, one a block, from the quick model's impedance to the final one's at the optimum.
    sample
        (n, P) equally likely draws of u, where scalars are the data; None where the modes are Gaussian.
    sampled_evidence
        Logarithm of the evidence from those draws.
    feasible
        Share of the prior's draws that can meet the data at all, where scalars are the data.
    """

    hypothesis: str
    names: tuple[str, ...]
    modes: tuple[Mode, ...]
    count: int
    corrections: tuple[ComplexArray, ...] | None = None
    sample: FloatArray | None = None
    sampled_evidence: float | None = None
    feasible: float = 1.0

    @property
    def u(self) -> FloatArray:
        """The best optimum, (P,)."""
        return self.modes[0].u

    @property
    def covariance(self) -> FloatArray:
        """Of u at the best optimum, (P, P)."""
        return self.modes[0].covariance

    @property
    def chi2(self) -> float:
        """Of the data and the priors together, at the best optimum."""
        return self.modes[0].chi2

    @property
    def log_evidence(self) -> float:
        """Up to a constant that all hypotheses share: the sum over the optima."""
        if self.sampled_evidence is not None:
            return self.sampled_evidence
        return float(np.logaddexp.reduce([mode.log_evidence for mode in self.modes]))

    @property
    def p_value(self) -> float:
        """Chance of a chi2 at least as large if the hypothesis and the priors hold."""
        return chi2_above(self.count, self.chi2)

    def draws(self, n: int, rng: np.random.Generator) -> FloatArray:
        """Return (n, P) draws of u."""
        if self.sample is not None:
            return self.sample[rng.integers(len(self.sample), size=n)]
        weights = np.exp([mode.log_evidence - self.log_evidence for mode in self.modes])
        counts = rng.multinomial(n, weights / weights.sum())
        drawn = [mode.draws(count, rng) for mode, count in zip(self.modes, counts, strict=True)]
        return rng.permutation(np.concatenate(drawn))


def find_most_probable(found: Mapping[str, Posterior]) -> str:
    """Return the hypothesis of the highest evidence."""
    return max(found, key=lambda name: found[name].log_evidence)


def compute_probabilities(found: Mapping[str, Posterior]) -> dict[str, float]:
    """Return posterior probabilities for hypotheses equally likely beforehand."""
    logs = np.array([posterior.log_evidence for posterior in found.values()])
    odds = np.exp(logs - logs.max())
    return dict(zip(found, (odds / odds.sum()).tolist(), strict=True))
