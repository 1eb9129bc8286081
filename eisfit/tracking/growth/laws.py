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
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from eisfit.arrays import FloatArray, distinct
from eisfit.extensions import Registry
from eisfit.records import dataclass
from eisfit.tracking.growth.minimum import find_bounded_minimum

_SCAN = 81
_REFINED = 1e-10
_REGIME = 0.1
_LARGEST = 300.0  # |c x| of an exponential: its square is a number too
_LEAST = 1e-24  # of chisqr per point: values that lie exactly on a curve have no likelihood


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
    """

    name: str
    symbols: tuple[str, ...]
    formula: str
    basis: Callable[[FloatArray, float], FloatArray]
    by_shape: Callable[[FloatArray, FloatArray, float], FloatArray] | None = None
    shapes: Callable[[FloatArray], FloatArray] | None = None

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
        if self.name in ("sqrt", "power") and x.min() < 0:
            return False
        return distinct(x).size >= len(self.symbols) + (self.name == "breakpoint")


def _log(x: FloatArray) -> FloatArray:
    return np.log(np.where(x > 0, x, 1.0))


def _rates(x: FloatArray) -> FloatArray:
    """Return rates up to e^8 over the places; far from zero those whose value at zero is a number."""
    return np.asarray(np.linspace(-1, 1, _SCAN) * min(8 / np.ptp(x), _LARGEST / np.abs(x).max()))


def _knees(x: FloatArray) -> FloatArray:
    """Return where a knee may lie: two points, and a tenth of all, on either side make a regime."""
    places = distinct(x)
    outside = max(2, round(_REGIME * places.size))
    return np.linspace(places[outside], places[-1 - outside], _SCAN)


#: The laws that ``auto`` tries.
OWN_LAWS = (
    Law("linear", ("a", "b"), "a + b x", lambda x, _: np.column_stack([np.ones_like(x), x])),
    Law("sqrt", ("a", "b"), "a + b sqrt(x)", lambda x, _: np.column_stack([np.ones_like(x), np.sqrt(x)])),
    Law(
        "exponential",
        ("a", "c"),
        "a exp(c x)",
        lambda x, c: np.exp(c * x)[:, np.newaxis],
        lambda x, k, c: k[0] * x * np.exp(c * x),
        _rates,
    ),
    Law(
        "power",
        ("a", "b", "c"),
        "a + b x^c",
        lambda x, c: np.column_stack([np.ones_like(x), np.where(x > 0, x, 0.0) ** c]),
        lambda x, k, c: np.where(x > 0, k[1] * np.where(x > 0, x, 1.0) ** c * _log(x), 0.0),
        lambda _: np.linspace(0.1, 5.0, _SCAN),
    ),
    Law(
        "breakpoint",
        ("a", "b", "d", "c"),
        "a + b x + d max(x - c, 0)",
        lambda x, c: np.column_stack([np.ones_like(x), x, np.maximum(x - c, 0.0)]),
        lambda x, k, c: np.where(x > c, -k[2], 0.0),
        _knees,
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
    """

    law: Law
    coefficients: FloatArray
    covariance: FloatArray
    chisqr: float
    aicc: float
    inside: bool


def fit_law(law: Law, x: FloatArray, y: FloatArray, stderr: FloatArray) -> LawFit:
    """Fit a law by weighted least squares to (n,) places, values and standard errors."""
    shape, inside = (0.0, True) if law.shapes is None else _shape(law, x, y, stderr)
    linear, chisqr = _project(law.basis(x, shape), y, stderr)
    coefficients = linear if law.by_shape is None else np.append(linear, shape)
    gradient = law.gradient(x, coefficients) / stderr[:, np.newaxis]
    aicc = _aicc(chisqr, x.size, coefficients.size)
    return LawFit(law, coefficients, _inverse(gradient), chisqr, aicc, inside)


def _shape(law: Law, x: FloatArray, y: FloatArray, stderr: FloatArray) -> tuple[float, bool]:
    """Return the best shape, and whether it lies inside the scanned range."""
    assert law.shapes is not None
    scan = law.shapes(x)

    def cost(shape: float) -> float:
        return _project(law.basis(x, shape), y, stderr)[1]

    best = int(np.argmin([cost(float(shape)) for shape in scan]))
    low, high = scan[max(best - 1, 0)], scan[min(best + 1, scan.size - 1)]
    if low == high:
        return float(low), True
    refined, least = find_bounded_minimum(cost, float(low), float(high), _REFINED * float(high))
    shape = refined if least < cost(float(scan[best])) else float(scan[best])
    margin = 1e-6 * (scan[-1] - scan[0])
    return shape, bool(scan[0] + margin < shape < scan[-1] - margin)


def _project(basis: FloatArray, y: FloatArray, stderr: FloatArray) -> tuple[FloatArray, float]:
    design = basis / stderr[:, np.newaxis]
    size = np.sqrt(np.sum(design**2, axis=0)) + 1e-300
    target = y / stderr
    linear = np.linalg.lstsq(design / size, target, rcond=None)[0] / size
    return linear, float(np.sum((target - design @ linear) ** 2))


def _inverse(gradient: FloatArray) -> FloatArray:
    size = np.sqrt(np.sum(gradient**2, axis=0))
    size = np.where(size > 0, size, 1.0)  # a knee between equal slopes moves nothing
    scaled = gradient / size
    return np.asarray(np.linalg.pinv(scaled.T @ scaled, hermitian=True) / np.outer(size, size))


def _aicc(chisqr: float, points: int, coefficients: int) -> float:
    """Return AICc of a fit whose error scale is a further parameter."""
    k = coefficients + 1
    if points - k - 1 <= 0:
        return float("inf")
    spread = max(chisqr / points, _LEAST)
    return float(points * np.log(spread) + 2 * k + 2 * k * (k + 1) / (points - k - 1))
