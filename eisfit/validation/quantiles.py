"""Tails and quantiles of the distributions that tests need, one number at a time.

The same as `scipy.special` gives, to about ten digits; but that takes a fifth of a second to import, which
every check of a spectrum would pay. Series and continued fractions as in Abramowitz and Stegun, Handbook of
Mathematical Functions (1964), 6.5 and 26.5, the fractions by Lentz's method as Thompson and Barnett give it,
J. Comput. Phys. 64 (1986) 490.
"""

from __future__ import annotations

import math
from collections.abc import Callable

_TINY = 1e-300
_CLOSE = 1e-15
_MOST = 1_000_000  # terms; some sqrt(a) are needed


def chi2_above(dof: float, x: float) -> float:
    """Return the probability that chi-squared with `dof` degrees of freedom exceeds x.

    >>> round(chi2_above(3, 7.8147), 5)
    0.05
    """
    return gamma_above(dof / 2, x / 2)


def f_above(upper: float, lower: float, x: float) -> float:
    """Return the probability that Fisher's F with `upper` and `lower` degrees of freedom exceeds x.

    >>> round(f_above(2, 10, 4.1028), 5)
    0.05
    """
    return beta_below(lower / 2, upper / 2, lower / (lower + upper * x)) if x > 0 else 1.0


def t_below(dof: float, t: float) -> float:
    """Return the probability that Student's t with `dof` degrees of freedom is below t.

    >>> round(t_below(10, 1.8125), 4)
    0.95
    """
    square = t * t
    if square < dof:  # the other tail would lose the digits of a small t
        return 0.5 + math.copysign(0.5 * beta_below(0.5, dof / 2, square / (dof + square)), t)
    tail = 0.5 * beta_below(dof / 2, 0.5, dof / (dof + square))
    return 1 - tail if t > 0 else tail


def t_quantile(dof: float, p: float) -> float:
    """Return the t below which Student's t with `dof` degrees of freedom is with probability p, 0 < p < 1.

    >>> round(t_quantile(10, 0.975), 4)
    2.2281
    """
    if p < 0.5:
        return -t_quantile(dof, 1 - p)
    low, high, t = 0.0, math.inf, 1.0
    scale = math.lgamma((dof + 1) / 2) - math.lgamma(dof / 2) - 0.5 * math.log(dof * math.pi)
    for _ in range(200):  # Newton's steps, kept between what is known to be too low and too high
        excess = t_below(dof, t) - p
        low, high = (t, high) if excess < 0 else (low, t)
        step = excess / math.exp(scale - 0.5 * (dof + 1) * math.log1p(t * t / dof))
        if abs(step) <= 1e-13 * t:
            break
        inside = low < t - step < high
        t = t - step if inside else 2 * low if math.isinf(high) else 0.5 * (low + high)
    return t


def normal_quantile(p: float) -> float:
    """Return the z below which a standard normal variable is with probability p, 0 < p < 1.

    >>> round(normal_quantile(0.975), 6)
    1.959964
    """
    if p > 0.5:
        return -normal_quantile(1 - p)
    t = math.sqrt(-2 * math.log(p))
    z = (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))) - t
    for _ in range(3):  # Newton's steps from 26.2.23, which is right to 4e-4
        z -= (0.5 * math.erfc(-z / math.sqrt(2)) - p) * math.sqrt(2 * math.pi) * math.exp(0.5 * z * z)
    return z


def gamma_above(a: float, x: float) -> float:
    """Return the regularised upper incomplete gamma function Q(a, x); NaN where x is none."""
    if not x > 0:
        return math.nan if math.isnan(x) else 1.0
    if math.isinf(x):
        return 0.0
    front = math.exp(a * math.log(x) - x - math.lgamma(a))
    if x >= a + 1:
        return front / (x + 1 - a + _evaluate_fraction(lambda k: (k * (a - k), x + 2 * k + 1 - a)))
    term = total = 1 / a
    for k in range(1, _MOST):
        term *= x / (a + k)
        total += term
        if term < total * _CLOSE:
            break
    return max(1 - front * total, 0.0)


def beta_below(a: float, b: float, x: float) -> float:
    """Return the regularised incomplete beta function I_x(a, b), 0 <= x <= 1; NaN where x is none."""
    if math.isnan(x):
        return x
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if (a + b) * x > a:
        return 1 - beta_below(b, a, 1 - x)
    scale = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    front = math.exp(scale + a * math.log(x) + b * math.log1p(-x))
    return front * _evaluate_fraction(lambda k: _compute_beta_terms(a, b, x, k))


def _compute_beta_terms(a: float, b: float, x: float, k: int) -> tuple[float, float]:
    """Return the k-th terms of DiDonato and Morris' fraction, ACM Trans. Math. Softw. 18 (1992) 360."""
    n, above = k - 1, 1 + a - (a + b) * x
    share = (a + n) / (a + 2 * n + 1)
    if n == 0:
        return 1.0, share * above
    w = n * (b - n) * x
    upper = (a + n - 1) * (a + b + n - 1) * w * x / (a + 2 * n - 1) ** 2
    return upper, n + w / (a + 2 * n - 1) + share * (above + n * (2 - x))


def _evaluate_fraction(term: Callable[[int], tuple[float, float]]) -> float:
    """Return n1 / (d1 + n2 / (d2 + ...)) of the terms (n_k, d_k), k from 1."""
    value, c, d = _TINY, _TINY, 0.0
    for n, below in map(term, range(1, _MOST)):
        d = 1 / ((below + n * d) or _TINY)
        c = (below + n / c) or _TINY
        value *= c * d
        if abs(c * d - 1) < _CLOSE:
            break
    return value
