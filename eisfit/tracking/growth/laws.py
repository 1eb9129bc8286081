"""Growth laws: linear in all coefficients but at most one, which is found by a scan and a line search.

==============  =========================  ====================================================
linear          a + b x
sqrt            a + b sqrt(x)              a layer that grows by diffusion through itself
exponential     a exp(c x)                 growth in proportion to what is there
power           a + b x^c
breakpoint      a + b x + d max(x - c, 0)  a second regime from c on ("knee")
==============  =========================  ====================================================

Method: variable projection, G. H. Golub, V. Pereyra, SIAM J. Numer. Anal. 10 (1973) 413. Choice between laws:
AICc, C. M. Hurvich, C.-L. Tsai, Biometrika 76 (1989) 297, with the scale of the errors taken from the data.
Where the points scatter more than their errors say, the cause, the chamber's temperature for instance, may
change slowly: neighbours deviate alike. How much is found by restricted likelihood, for each law by itself
(H. D. Patterson, R. Thompson, Biometrika 58 (1971) 545).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from eisfit.arrays import FloatArray, distinct
from eisfit.extensions import Registry
from eisfit.records import dataclass
from eisfit.tracking.growth.minimum import find_bounded_minimum

_SCAN_POINTS = 81
_PRECISION = 1e-10
_REGIME_SHARE = 0.1
_MAX_EXPONENT = 300.0  # |c x| of an exponential: its square is a number too
MIN_POINTS = 10
"""Of fewer, a bend and a correlation are not told apart."""
_CORRELATIONS = (0.0, 0.15, 0.3, 0.45, 0.6, 0.7, 0.8, 0.87, 0.93, 0.96)
_MIN_CHISQR = 1e-24  # of chisqr per point: values that lie exactly on a curve have no likelihood


@dataclass(frozen=True)
class Law:
    """One law value = basis(x, c) @ coefficients.

    Attributes
    ----------
    name, symbols, formula
        In words; `symbols` in the order of the coefficients, the shape c last.
    basis
        (x (n,), c) -> (n, k).
    by_shape
        (x, linear coefficients, c) -> derivative (n,) by c; None where the law has no shape.
    shapes
        x -> values of c to scan; the first and last bound it.
    lowest
        Place from which on the law is a number.
    further
        Places that it takes beside one a coefficient.
    """

    name: str
    symbols: tuple[str, ...]
    formula: str
    basis: Callable[[FloatArray, float], FloatArray]
    by_shape: Callable[[FloatArray, FloatArray, float], FloatArray] | None = None
    shapes: Callable[[FloatArray], FloatArray] | None = None
    lowest: float = -np.inf
    further: int = 0

    def value(self, x: FloatArray, coefficients: FloatArray) -> FloatArray:
        """Return the law (n,) at x."""
        linear, shape = self._split(coefficients)
        return np.asarray(self.basis(x, shape) @ linear)

    def gradient(self, x: FloatArray, coefficients: FloatArray) -> FloatArray:
        """Return the derivatives (n, p) by the coefficients."""
        linear, shape = self._split(coefficients)
        basis = self.basis(x, shape)
        if self.by_shape is None:
            return basis
        return np.column_stack([basis, self.by_shape(x, linear, shape)])

    def _split(self, coefficients: FloatArray) -> tuple[FloatArray, float]:
        return (coefficients, 0.0) if self.by_shape is None else (coefficients[:-1], float(coefficients[-1]))

    def possible(self, x: FloatArray) -> bool:
        """Return whether these places can tell the law's coefficients."""
        return bool(x.min() >= self.lowest) and distinct(x).size >= len(self.symbols) + self.further


def _log(x: FloatArray) -> FloatArray:
    return np.log(np.where(x > 0, x, 1.0))


def _list_rates(x: FloatArray) -> FloatArray:
    """Return rates up to e^8 over the places; far from zero those whose value at zero is a number."""
    return np.asarray(np.linspace(-1, 1, _SCAN_POINTS) * min(8 / np.ptp(x), _MAX_EXPONENT / np.abs(x).max()))


def _list_knees(x: FloatArray) -> FloatArray:
    """Return where a knee may lie: two points, and a tenth of all, on either side make a regime."""
    places = distinct(x)
    outside = max(2, round(_REGIME_SHARE * places.size))
    return np.linspace(places[outside], places[-1 - outside], _SCAN_POINTS)


#: The laws that ``auto`` tries.
OWN_LAWS = (
    Law("linear", ("a", "b"), "a + b x", lambda x, _: np.column_stack([np.ones_like(x), x])),
    Law(
        "sqrt",
        ("a", "b"),
        "a + b sqrt(x)",
        lambda x, _: np.column_stack([np.ones_like(x), np.sqrt(x)]),
        lowest=0.0,
    ),
    Law(
        "exponential",
        ("a", "c"),
        "a exp(c x)",
        lambda x, c: np.exp(c * x)[:, np.newaxis],
        lambda x, k, c: k[0] * x * np.exp(c * x),
        _list_rates,
    ),
    Law(
        "power",
        ("a", "b", "c"),
        "a + b x^c",
        lambda x, c: np.column_stack([np.ones_like(x), np.where(x > 0, x, 0.0) ** c]),
        lambda x, k, c: np.where(x > 0, k[1] * np.where(x > 0, x, 1.0) ** c * _log(x), 0.0),
        lambda _: np.linspace(0.1, 5.0, _SCAN_POINTS),
        lowest=0.0,
    ),
    Law(
        "breakpoint",
        ("a", "b", "d", "c"),
        "a + b x + d max(x - c, 0)",
        lambda x, c: np.column_stack([np.ones_like(x), x, np.maximum(x - c, 0.0)]),
        lambda x, k, c: np.where(x > c, -k[2], 0.0),
        _list_knees,
        further=1,
    ),
)

#: Name -> law; those of other packages (entry points ``eisfit.growth_laws``) are added when one is not known.
LAWS: Registry[Law] = Registry("growth_laws", "name", OWN_LAWS)


@dataclass(frozen=True)
class LawFit:
    """A law fitted.

    Attributes
    ----------
    law
        Which.
    coefficients, covariance
        (p,) and (p, p), the latter not scaled by the scatter.
    chisqr, aicc
        Of the weighted deviations; AICc is infinite where the points are too few for it.
    inside
        Whether the shape was found inside its range.
    correlation
        Of the deviations of neighbours.
    """

    law: Law
    coefficients: FloatArray
    covariance: FloatArray
    chisqr: float
    aicc: float
    inside: bool
    correlation: float = 0.0


def fit_law(law: Law, x: FloatArray, y: FloatArray, stderr: FloatArray, correlation: float = 0.0) -> LawFit:
    """Fit a law by weighted least squares to (n,) places in their order, values and standard errors.

    `correlation` is that of the deviations of neighbours, in the order of the points.
    """

    def project(shape: float) -> tuple[FloatArray, float]:
        return _project(law.basis(x, shape), y, stderr, correlation)

    shape, inside = (0.0, True) if law.shapes is None else _find_shape(law.shapes(x), lambda c: project(c)[1])
    linear, chisqr = project(shape)
    coefficients = linear if law.by_shape is None else np.append(linear, shape)
    gradient = law.gradient(x, coefficients) / stderr[:, np.newaxis]
    covariance = _invert_normal(_decorrelate(gradient, correlation))
    aicc = _compute_aicc(chisqr, x.size, coefficients.size + (correlation > 0))
    aicc += (x.size - 1) * float(np.log1p(-(correlation**2)))
    alone = float(np.sum(((y - law.value(x, coefficients)) / stderr) ** 2)) if correlation else chisqr
    # The scatter, by which errors are multiplied, is that of the deviations as they stand.
    covariance *= chisqr / alone if correlation else 1.0
    return LawFit(law, coefficients, covariance, alone, aicc, inside, correlation)


def find_correlation(fit: LawFit, x: FloatArray, y: FloatArray, stderr: FloatArray) -> float:
    """Return by how much the deviations of neighbours are alike, 0 to 0.96, by restricted likelihood."""
    design = fit.law.gradient(x, fit.coefficients) / stderr[:, np.newaxis]
    design /= np.sqrt(np.sum(design**2, axis=0)) + 1e-300
    target = (y - fit.law.value(x, fit.coefficients)) / stderr
    free = x.size - fit.coefficients.size
    return max(_CORRELATIONS, key=lambda one: _restricted_likelihood(design, target, free, one))


def _restricted_likelihood(design: FloatArray, target: FloatArray, free: int, correlation: float) -> float:
    basis, triangle = np.linalg.qr(_decorrelate(design, correlation))
    white = _decorrelate(target, correlation)
    residual = white - basis @ (basis.T @ white)
    size = np.sum(np.log(np.abs(np.diag(triangle)) + 1e-300))
    likelihood = -0.5 * free * np.log(max(float(residual @ residual), _MIN_CHISQR)) - size
    return float(likelihood - 0.5 * (target.size - 1) * np.log1p(-(correlation**2)))


def _decorrelate(rows: FloatArray, correlation: float) -> FloatArray:
    """Return rows (n, ...) less what each has in common with the one before it."""
    if not correlation:
        return rows
    new = (rows[1:] - correlation * rows[:-1]) / np.sqrt(1 - correlation**2)
    return np.concatenate([rows[:1], new])


def _find_shape(scan: FloatArray, cost: Callable[[float], float]) -> tuple[float, bool]:
    """Return the best shape, and whether it lies inside the scanned range."""
    best = int(np.argmin([cost(float(shape)) for shape in scan]))
    low, high = scan[max(best - 1, 0)], scan[min(best + 1, scan.size - 1)]
    if low == high:
        return float(low), True
    refined, least = find_bounded_minimum(cost, float(low), float(high), _PRECISION * float(high))
    shape = refined if least < cost(float(scan[best])) else float(scan[best])
    margin = 1e-6 * (scan[-1] - scan[0])
    return shape, bool(scan[0] + margin < shape < scan[-1] - margin)


def _project(
    basis: FloatArray, y: FloatArray, stderr: FloatArray, correlation: float
) -> tuple[FloatArray, float]:
    design = _decorrelate(basis / stderr[:, np.newaxis], correlation)
    size = np.sqrt(np.sum(design**2, axis=0)) + 1e-300
    target = _decorrelate(y / stderr, correlation)
    linear = np.linalg.lstsq(design / size, target, rcond=None)[0] / size
    return linear, float(np.sum((target - design @ linear) ** 2))


def _invert_normal(gradient: FloatArray) -> FloatArray:
    size = np.sqrt(np.sum(gradient**2, axis=0))
    size = np.where(size > 0, size, 1.0)  # a knee between equal slopes moves nothing
    scaled = gradient / size
    return np.asarray(np.linalg.pinv(scaled.T @ scaled, hermitian=True) / np.outer(size, size))


def _compute_aicc(chisqr: float, points: int, coefficients: int) -> float:
    """Return AICc of a fit whose error scale is a further parameter."""
    k = coefficients + 1
    if points - k - 1 <= 0:
        return float("inf")
    spread = max(chisqr / points, _MIN_CHISQR)
    return float(points * np.log(spread) + 2 * k + 2 * k * (k + 1) / (points - k - 1))
