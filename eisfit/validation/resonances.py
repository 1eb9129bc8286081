"""Resonances of a spectrum: pairs of complex poles, which RC elements cannot describe and causality allows.

A coil with its winding capacitance, a loudspeaker, a piezo crystal obey Kramers-Kronig with terms
(a + b s) / (1 + 2 zeta s + s^2), s = j omega / omega_0, zeta < 1: the general real, stable pole pair
(Gustavsen and Semlyen, IEEE Trans. Power Delivery 14 (1999) 1052). Each is looked for on a grid, where
it takes most of what is left, and then moved together with the others: two that overlap are found by no other
way. What is linear is eliminated (Golub and Pereyra, SIAM J. Numer. Anal. 10 (1973) 413).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eisfit.arrays import ComplexArray, FloatArray

Broadcast = float | FloatArray

_DAMPINGS = (0.7, 0.35, 0.15, 0.06, 0.025, 0.01, 0.003)
_LEAST, _OVERDAMPED = 1e-3, 0.9
_EDGE = 1.01
_EVALUATIONS = 30
_CLOSE = 1e-7  # change at which moving them ends
_DIFFERENCE = 1.5e-8  # of a coordinate, for derivatives


def make_pole_pair(omega: FloatArray, resonance: tuple[float, float]) -> ComplexArray:
    """Return the two columns (F, 2) of a resonance (omega_0 in rad/s, damping zeta)."""
    return np.stack(_shapes(omega, *resonance), axis=1)


def _shapes(
    omega: FloatArray, at: Broadcast, damping: Broadcast, size: Broadcast = 1.0
) -> tuple[ComplexArray, ComplexArray]:
    """Return 1 and s over 1 + 2 zeta s + s^2, s = i omega / omega_0, times a size; shapes broadcast."""
    s = 1j * omega / at
    below = np.asarray(size / (1 + 2 * damping * s + s * s))
    return below, np.asarray(s * below)


def find_strongest(
    omega: FloatArray, weight: FloatArray, q: FloatArray, residual: FloatArray
) -> tuple[float, float]:
    """Return the resonance of a grid that takes most of `residual`.

    Parameters
    ----------
    omega, weight
        (F,) rad/s, falling, and the weights of the points.
    q
        (2F, p) orthonormal columns of what is fitted already.
    residual
        (2F,) weighted, real above imaginary, at right angles to `q`.
    """
    candidates = _make_grid(omega)
    best = candidates[int(np.argmax(_compute_shares(omega, weight, q, residual, candidates)))]
    return float(best[0]), float(best[1])


def refine_resonances(
    omega: FloatArray,
    weight: FloatArray,
    q: FloatArray,
    residual: FloatArray,
    resonances: Sequence[tuple[float, float]],
) -> tuple[tuple[float, float], ...]:
    """Return resonances, all moved to where they leave least of `residual`: see `find_strongest`."""
    from scipy.optimize import least_squares

    start = np.log(np.asarray(resonances, dtype=float)).ravel()
    low = np.tile(np.log([omega[-1], _LEAST]), len(resonances))
    high = np.tile(np.log([omega[0], _OVERDAMPED]), len(resonances))

    def left(theta: FloatArray) -> FloatArray:
        return np.asarray(_measure_residual(omega, weight, q, residual, theta[np.newaxis])[0])

    def slopes(theta: FloatArray) -> FloatArray:
        step = _DIFFERENCE * np.maximum(1.0, np.abs(theta)) * np.where(theta < 0, -1.0, 1.0)
        step = np.where((theta + step < low) | (theta + step > high), -step, step)
        ends = np.concatenate([theta[np.newaxis], theta + np.diag(step)])
        here, *there = _measure_residual(omega, weight, q, residual, ends)
        return np.asarray((np.stack(there, axis=1) - here[:, np.newaxis]) / step)

    found = least_squares(left, start, slopes, (low, high), max_nfev=_EVALUATIONS, xtol=_CLOSE, ftol=_CLOSE)
    return tuple((float(w), float(d)) for w, d in np.exp(found.x.reshape(-1, 2)))


def _measure_residual(
    omega: FloatArray, weight: FloatArray, q: FloatArray, residual: FloatArray, theta: FloatArray
) -> FloatArray:
    """Return what several resonances, ln omega_0 and ln zeta (B, 2n), leave of the residual (B, 2F)."""
    at = np.exp(theta).reshape(len(theta), -1, 2, 1)
    both = _shapes(omega, at[:, :, 0], at[:, :, 1], weight)
    pairs = np.stack(both, axis=2).reshape(len(theta), -1, omega.size)
    design = np.concatenate([pairs.real, pairs.imag], axis=2)
    free = project_out(design.reshape(-1, residual.size).T, q).T.reshape(design.shape)
    free /= np.maximum(np.linalg.norm(free, axis=2, keepdims=True), 1e-300)
    basis = np.linalg.qr(free.transpose(0, 2, 1))[0]
    taken = residual @ basis
    return np.asarray(residual - (basis @ taken[:, :, np.newaxis])[:, :, 0])


def is_inside(omega: FloatArray, resonance: tuple[float, float]) -> bool:
    """Return whether a resonance is none that ended at the edge of the sweep or at the largest damping."""
    at, damping = resonance
    return bool(omega[-1] * _EDGE < at < omega[0] / _EDGE and damping < _OVERDAMPED / _EDGE)


def project_out(design: FloatArray, q: FloatArray) -> FloatArray:
    """Return columns (2F, k), or one, without their part along `q`: twice, where they nearly lie in it."""
    for _ in range(2):
        design = np.asarray(design - q @ (q.T @ design))
    return design


def _make_grid(omega: FloatArray) -> FloatArray:
    """Return resonances (C, 2) at every measured frequency but the outermost, and between, by damping."""
    inner = np.exp(np.interp(np.arange(2, 2 * omega.size - 3) / 2, np.arange(omega.size), np.log(omega)))
    return np.stack(np.meshgrid(inner, _DAMPINGS, indexing="ij"), axis=-1).reshape(-1, 2)


def _compute_shares(
    omega: FloatArray, weight: FloatArray, q: FloatArray, residual: FloatArray, at: FloatArray
) -> FloatArray:
    """Return the fraction (C,) of the residual's square that each resonance (C, 2) takes beside `q`."""
    columns = np.concatenate(_shapes(omega[:, np.newaxis], at[:, 0], at[:, 1], weight[:, np.newaxis]), axis=1)
    design = np.concatenate([columns.real, columns.imag])  # (2F, 2C), all first columns before all second
    free = project_out(design, q)
    (a, b), (x, y) = np.split(np.sum(free**2, axis=0), 2), np.split(residual @ free, 2)
    across = np.sum(free[:, : len(at)] * free[:, len(at) :], axis=0)
    size, whole = a + b, sum(np.split(np.sum(design**2, axis=0), 2))
    known = size > 1e-18 * whole
    ridge = np.where(known, 1e-12 * size, 1.0)
    a, b = a + ridge, b + ridge
    taken = (x * x * b - 2 * across * x * y + y * y * a) / (a * b - across * across)
    return np.asarray(np.where(known, taken, 0.0) / float(residual @ residual))
