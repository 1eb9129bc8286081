"""How fast a parameter grows: a law through values with errors, its band, its crossings, its rate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from eisfit.arrays import FloatArray, distinct, finite
from eisfit.errors import FitError, UsageError, did_you_mean
from eisfit.records import Document, ShownAsText, dataclass
from eisfit.tracking.growth.band import Band
from eisfit.tracking.growth.crossing import Crossing, find_crossing
from eisfit.tracking.growth.laws import LAWS, MIN_POINTS, OWN_LAWS, Law, LawFit, find_correlation, fit_law
from eisfit.tracking.growth.spikes import find_followers, is_end_apart
from eisfit.tracking.scatter import compute_reach, is_chance
from eisfit.verdict import LEVEL

if TYPE_CHECKING:
    import pandas as pd

BAND_POINTS = 25
"""Of a law that is drawn."""
_SIGNIFICANT = 3.0
_CLEAR_GAIN = 2.0  # a fall of AICc by less does not make a law the better one (Burnham, Anderson 2002, 2.6)


@dataclass(frozen=True, repr=False)
class Growth(ShownAsText, Document):
    """A parameter over cycles as a law.

    Attributes
    ----------
    name, unit
        Of the parameter.
    law
        ``linear``, ``sqrt``, ``exponential``, ``power`` or ``breakpoint``; see `eisfit.tracking.growth.laws`.
    slope, intercept
        Of the straight line, with their standard errors and `covariance`; None where two points leave no
        error. Of other laws: the mean rate, `unit` per cycle, over the measured cycles, and the value at
        cycle 0.
    points
        How many cycles it rests on.
    scatter
        Root of the weighted mean square deviation: about 1 where the errors of the fits explain it all.
        Where chance does not explain it, the standard errors have been multiplied by it.
    doubling_cycle
        Cycle at which the law reaches twice its value at cycle 0, beyond the measured cycles too; None where
        the growth is not three times its error.
    coefficients, coefficients_covariance
        Of the law's formula, in the order of its symbols.
    first, last
        The measured cycles lie between them.
    aicc
        None where the points are too few for it.
    candidates
        Every law tried: {law, aicc, delta}, the chosen one first.
    correlation
        Of the deviations of neighbouring cycles, where they scatter more than chance explains. The errors
        hold what it makes of them.
    left_out
        Cycles that stand alone off both their neighbours; see `eisfit.tracking.growth.spikes`.
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
    coefficients: tuple[float, ...] = ()
    coefficients_covariance: tuple[tuple[float, ...], ...] | None = None
    first: float = 0.0
    last: float = 0.0
    aicc: float | None = None
    candidates: tuple[dict[str, Any], ...] = ()
    correlation: float = 0.0
    left_out: tuple[float, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready document; `from_dict` reads it back."""
        doubling = self.doubling
        return super().to_dict() | {"doubling": None if doubling is None else doubling.to_dict()}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Growth:
        """Rebuild from `to_dict`'s document; keys that it does not know are left out."""
        line = document["intercept"], document["slope"]
        return super().from_dict({**document, "coefficients": document.get("coefficients") or line})

    def document_over(self, axis: str) -> dict[str, Any]:
        """Return the document of `to_dict` with what it grows over, and the band that figures draw."""
        band = self.band(np.linspace(self.first, self.last, BAND_POINTS)).to_dict()
        return {**self.to_dict(), "over": axis, "band": band}

    def to_frame(self) -> pd.DataFrame:
        """Return the laws that were tried, the chosen one first."""
        import pandas as pd

        return pd.DataFrame(list(self.candidates))

    def __call__(self, cycle: ArrayLike) -> FloatArray:
        """Return the law at some cycles, measured or not; `band` tells how certain that is."""
        x = np.asarray(cycle, dtype=float)
        return LAWS[self.law].value(x.ravel(), self._theta).reshape(x.shape)

    @property
    def doubling(self) -> Crossing | None:
        """When the value at cycle 0 has doubled, with its interval; None where `doubling_cycle` is None."""
        return None if self.doubling_cycle is None else self.crossing(factor=2, extrapolate=True)

    @property
    def formula(self) -> str:
        """The law in symbols, x for the cycle."""
        return LAWS[self.law].formula

    @property
    def _theta(self) -> FloatArray:
        return np.array(self.coefficients or (self.intercept, self.slope))

    @property
    def dof(self) -> int:
        """Degrees of freedom that the law leaves."""
        return self.points - len(self._theta)

    def quantile(self, level: float) -> float:
        """Return how many standard errors an interval of this level extends.

        Student's t where the size of the errors was taken from the scatter, else the normal distribution.
        """
        if not 0 < level < 1:
            raise UsageError(f"level {level:g} is not between 0 and 1; 0.95 is usual")
        return compute_reach(self.scatter, self.dof, level)[1]

    def error(self, weights: FloatArray) -> FloatArray | None:
        """Return the standard errors (n,) of weights (n, p) @ coefficients; None without a covariance."""
        if self.coefficients_covariance is None:
            return None
        matrix = np.array(self.coefficients_covariance)
        return np.asarray(np.sqrt(np.maximum(np.einsum("ni,ij,nj->n", weights, matrix, weights), 0.0)))

    def band(self, cycle: ArrayLike, *, level: float = LEVEL, extrapolate: bool = False) -> Band:
        """Return the law with its confidence band.

        Parameters
        ----------
        cycle
            (N,) or one number.
        level
            Of confidence, for each cycle by itself.
        extrapolate
            Allow cycles outside the measured ones.

        Raises
        ------
        UsageError
            For cycles that were not measured, unless `extrapolate`.
        """
        x = np.atleast_1d(np.asarray(cycle, dtype=float)).ravel()
        outside = (x < self.first) | (x > self.last)
        if outside.any() and not extrapolate:
            raise UsageError(
                f"{self.name}: cycle {x[outside][0]:g} lies outside the measured {self.first:g} to "
                f"{self.last:g}; say extrapolate=True to get a value nevertheless, with its interval"
            )
        value = self(x)
        error = self.error(LAWS[self.law].gradient(x, self._theta))
        width = None if error is None else self.quantile(level) * error
        none = (None,) * x.size
        low = none if width is None else tuple((value - width).tolist())
        high = none if width is None else tuple((value + width).tolist())
        return Band(tuple(x.tolist()), tuple(value.tolist()), low, high, level, tuple(outside.tolist()))

    def rate(self, first: float, last: float) -> tuple[float, float | None]:
        """Return the mean rate, unit per cycle, between two cycles, and its standard error."""
        ends = np.array([first, last], dtype=float)
        value = self(ends)
        gradient = LAWS[self.law].gradient(ends, self._theta)
        error = self.error((gradient[1:] - gradient[:1]) / (last - first))
        return float(value[1] - value[0]) / (last - first), None if error is None else float(error[0])

    def crossing(
        self,
        value: float | None = None,
        *,
        factor: float | None = None,
        level: float = LEVEL,
        extrapolate: bool = False,
    ) -> Crossing:
        """Return the cycle at which the law reaches a value, or a multiple of its value at cycle 0.

        Parameters
        ----------
        value
            In the parameter's unit; or else
        factor
            2 for "doubles", 0.8 for "80 % are left".
        level
            Of the interval (Fieller's: all cycles that do not contradict the value).
        extrapolate
            Look beyond the last measured cycle too, up to ten times the measured span.

        Raises
        ------
        UsageError
            When not just one of value and factor is given.
        """
        if (value is None) == (factor is None):
            raise UsageError("crossing: give either a value or a factor")
        for one in (value, factor):
            if isinstance(one, str):
                raise UsageError(f"crossing: {one!r} is no number; twice as large is factor=2")
        return find_crossing(self, value, factor, level, extrapolate)

    def __str__(self) -> str:
        from eisfit.display.report.words import format_number_of_law

        unit = f" {self.unit}" if self.unit else ""
        mean = "" if self.law == "linear" else " on average"
        text = f"{self.name} = {self.formula} ({self.law}, {self.points} cycles): "
        text += f"{format_number_of_law(self.slope, self.slope_stderr)}{unit} per cycle{mean}"
        text += f"; neighbours deviate alike (correlation {self.correlation:g})" if self.correlation else ""
        if self.left_out:
            text += f"; left out, off both neighbours: cycle {', '.join(f'{one:g}' for one in self.left_out)}"
        doubling = self.doubling
        # Beyond the measured cycles it is told when asked for: `crossing(factor=2, extrapolate=True)`.
        seen = doubling is not None and doubling.cycle is not None and not doubling.extrapolated
        return f"{text}; {doubling}" if seen else text

    def _repr_html_(self) -> str:
        from html import escape

        return f"<p>{escape(str(self))}</p>"


def fit_growth(
    cycle: ArrayLike,
    value: ArrayLike,
    stderr: ArrayLike,
    *,
    name: str,
    unit: str = "",
    law: str = "auto",
    one_cell: bool = True,
) -> Growth:
    """Fit a growth law by weighted least squares.

    Parameters
    ----------
    cycle, value, stderr
        (N,); rows with a NaN are left out.
    law
        ``linear``, ``sqrt``, ``exponential``, ``power``, ``breakpoint``; or ``auto``: the lowest AICc, but
        the fewest coefficients, and of these the straight line, among laws within 2 of it.
    one_cell
        Whether the points follow one cell, so that neighbours may deviate alike, and one that stands alone
        off both is set aside.

    Raises
    ------
    UsageError
        For an unknown law.
    FitError
        When fewer than two different cycles are left, or fewer than the law needs.
    """
    if law != "auto" and law not in LAWS:
        raise UsageError(
            f"no growth law {law!r}{did_you_mean(law, LAWS) or '; there are ' + ', '.join(LAWS)}"
        )
    x, y, s = _select_usable(cycle, value, stderr, name)
    keep = find_followers(x, y, s) if one_cell else np.ones(x.size, dtype=bool)
    left_out, (x, y, s) = tuple(x[~keep].tolist()), (column[keep] for column in (x, y, s))
    if law != "auto":
        if not LAWS[law].possible(x):
            raise FitError(f"{name}: the {distinct(x).size} cycles do not determine the law {law}")
        fits = _fit_laws((LAWS[law],), x, y, s, one_cell=one_cell)
    else:
        laws = tuple(each for each in OWN_LAWS if each.possible(x))
        fits = _rank_laws(_fit_laws(laws, x, y, s, one_cell=one_cell))
    return replace(_make_growth(fits, x, name, unit), left_out=left_out)


def _rank_laws(fits: list[LawFit]) -> list[LawFit]:
    """Return the laws that can be had, the chosen one first, then by AICc."""
    fits = [f for f in fits if f.law.name == "linear" or (f.inside and np.isfinite(f.aicc))]
    lowest = min(f.aicc for f in fits)
    chosen = min(
        (f for f in fits if f.aicc <= lowest + _CLEAR_GAIN or len(fits) == 1),
        key=lambda f: (f.coefficients.size, f.law.name != "linear", f.aicc),
    )
    return [chosen, *sorted((f for f in fits if f is not chosen), key=lambda f: f.aicc)]


def _fit_laws(
    laws: Sequence[Law], x: FloatArray, y: FloatArray, s: FloatArray, *, one_cell: bool
) -> list[LawFit]:
    """Return every law fitted; where chance does not explain what any of them leaves, with correlations."""
    fits = [fit_law(law, x, y, s) for law in laws]
    if not one_cell or any(is_chance(f.chisqr, x.size - f.coefficients.size) for f in fits):
        return fits
    if x.size < MIN_POINTS or is_end_apart(x, y, s):  # a last point far off is not told from a bend
        return fits
    found = [_find_correlation(f, x, y, s) for f in fits]
    return [fit_law(f.law, x, y, s, one) if one else f for f, one in zip(fits, found, strict=True)]


def _find_correlation(fit: LawFit, x: FloatArray, y: FloatArray, s: FloatArray) -> float:
    """Return the correlation of neighbours without the one point farthest off the law."""
    found = find_correlation(fit, x, y, s)
    others = np.arange(x.size) != int(np.argmax(np.abs(y - fit.law.value(x, fit.coefficients)) / s))
    if not found or not fit.law.possible(x[others]):
        return found
    without = fit_law(fit.law, x[others], y[others], s[others])
    return min(found, find_correlation(without, x[others], y[others], s[others]))


def _select_usable(
    cycle: ArrayLike, value: ArrayLike, stderr: ArrayLike, name: str
) -> tuple[FloatArray, FloatArray, FloatArray]:
    x, y, s = (np.asarray(column, dtype=float) for column in (cycle, value, stderr))
    use = np.isfinite(x) & np.isfinite(y) & np.isfinite(s) & (s > 0)
    order = np.argsort(x[use], kind="stable")
    x, y, s = x[use][order], y[use][order], s[use][order]
    if distinct(x).size < 2:
        raise FitError(
            f"{name}: a growth needs two cycles with a trustworthy value, but there are {distinct(x).size}"
        )
    return x, y, s


def _make_growth(fits: list[LawFit], x: FloatArray, name: str, unit: str) -> Growth:
    """Put the first fit into a `Growth`, the others among its candidates."""
    chosen = fits[0]
    free = x.size - chosen.coefficients.size
    scatter = float(np.sqrt(chosen.chisqr / free)) if free > 0 else None
    matrix = None if scatter is None else chosen.covariance * compute_reach(scatter, free)[0] ** 2
    bare = Growth(
        name,
        unit,
        chosen.law.name,
        0.0,
        None,
        0.0,
        None,
        None,
        int(x.size),
        scatter,
        None,
        tuple(chosen.coefficients.tolist()),
        None if matrix is None else tuple(map(tuple, matrix.tolist())),
        float(x.min()),
        float(x.max()),
        finite(chosen.aicc),
        tuple({"law": f.law.name, "aicc": finite(f.aicc), "delta": _compare_aicc(f, fits)} for f in fits),
        chosen.correlation,
    )
    return _add_line(bare)


def _add_line(growth: Growth) -> Growth:
    """Fill in the mean rate, the value at cycle 0 and the doubling."""
    theta, zero = np.array(growth.coefficients), np.zeros(1)
    law = LAWS[growth.law]
    slope, slope_stderr = growth.rate(growth.first, growth.last)
    at_zero = law.gradient(zero, theta)
    intercept = float(law.value(zero, theta)[0])
    error = growth.error(at_zero)
    matrix = growth.coefficients_covariance
    linear = matrix is not None and growth.law == "linear"
    filled = replace(
        growth,
        slope=float(theta[1]) if growth.law == "linear" else slope,
        slope_stderr=slope_stderr,
        intercept=intercept,
        intercept_stderr=None if error is None else float(error[0]),
        covariance=matrix[0][1] if linear and matrix is not None else None,
    )
    grows = slope > 0 and intercept > 0 and (slope_stderr is None or slope > _SIGNIFICANT * slope_stderr)
    if not grows:
        return filled
    if growth.law == "linear":
        return replace(filled, doubling_cycle=intercept / float(theta[1]))
    return replace(filled, doubling_cycle=filled.crossing(factor=2, extrapolate=True).cycle)


def _compare_aicc(fit: LawFit, fits: list[LawFit]) -> float | None:
    lowest = min(f.aicc for f in fits)
    return finite(fit.aicc - lowest) if np.isfinite(fit.aicc) else None
