"""How fast a parameter grows: a straight line through values with errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eisfit.errors import FitError

__all__ = ["Growth", "linear_growth"]

_SIGNIFICANT = 3.0


@dataclass(frozen=True)
class Growth:
    """A parameter over cycles as value = intercept + slope * cycle.

    Attributes
    ----------
    name, unit
        Of the parameter; the slope is in `unit` per cycle.
    law
        ``linear``.
    slope, intercept
        With their standard errors and `covariance`; None where two points leave no error.
    points
        How many cycles it rests on.
    scatter
        Root of the weighted mean square deviation: about 1 where the errors of the fits explain it all.
        Where it is above 1, the standard errors have been multiplied by it.
    doubling_cycle
        Cycle at which the line reaches twice its value at cycle 0; None where the growth is not three times
        its error.
    """

    name: str
    unit: str
    law: str
    slope: float
    slope_stderr: float | None
    intercept: float
    intercept_stderr: float | None
    covariance: float | None
    points: int
    scatter: float | None
    doubling_cycle: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready document; `from_dict` reads it back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Growth:
        """Rebuild from `to_dict`'s document."""
        return cls(**document)

    def __call__(self, cycle: ArrayLike) -> NDArray[np.float64]:
        """Return the line at some cycles."""
        return np.asarray(self.intercept + self.slope * np.asarray(cycle, dtype=float))


def linear_growth(
    cycle: ArrayLike, value: ArrayLike, stderr: ArrayLike, *, name: str, unit: str = ""
) -> Growth:
    """Fit a straight line by weighted least squares.

    Parameters
    ----------
    cycle, value, stderr
        (N,); rows with a NaN are left out.

    Raises
    ------
    FitError
        When fewer than two different cycles are left.
    """
    x, y, s = (np.asarray(column, dtype=float) for column in (cycle, value, stderr))
    use = np.isfinite(x) & np.isfinite(y) & np.isfinite(s) & (s > 0)
    x, y, s = x[use], y[use], s[use]
    if np.unique(x).size < 2:
        raise FitError(
            f"{name}: a growth needs two cycles with a trustworthy value, but there are {np.unique(x).size}"
        )
    design = np.stack([np.ones_like(x), x], axis=1) / s[:, np.newaxis]
    covariance = np.linalg.inv(design.T @ design)
    intercept, slope = covariance @ (design.T @ (y / s))
    scatter = _scatter(y - intercept - slope * x, s)
    if scatter is not None:
        covariance = covariance * max(scatter, 1.0) ** 2
    known = scatter is not None
    return Growth(
        name=name,
        unit=unit,
        law="linear",
        slope=float(slope),
        slope_stderr=float(np.sqrt(covariance[1, 1])) if known else None,
        intercept=float(intercept),
        intercept_stderr=float(np.sqrt(covariance[0, 0])) if known else None,
        covariance=float(covariance[0, 1]) if known else None,
        points=int(x.size),
        scatter=scatter,
        doubling_cycle=_doubling(float(intercept), float(slope), float(covariance[1, 1]) if known else None),
    )


def _doubling(intercept: float, slope: float, variance: float | None) -> float | None:
    """Return where the line doubles, if the growth stands out from its error at all."""
    grows = slope > 0 and intercept > 0 and (variance is None or slope > _SIGNIFICANT * np.sqrt(variance))
    return intercept / slope if grows else None


def _scatter(residual: NDArray[np.float64], stderr: NDArray[np.float64]) -> float | None:
    free = residual.size - 2
    return float(np.sqrt(np.sum((residual / stderr) ** 2) / free)) if free > 0 else None
