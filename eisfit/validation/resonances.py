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

__all__ = ["is_inside", "pole_pair", "refined", "strongest"]


_DAMPINGS = (0.7, 0.35, 0.15, 0.06, 0.025, 0.01, 0.003)
_LEAST, _OVERDAMPED = 1e-3, 0.9
_EDGE = 1.01
_EVALUATIONS = 30
_CLOSE = 1e-7  # change at which moving them ends


def pole_pair(omega: FloatArray, resonance: tuple[float, float]) -> ComplexArray:
    """Return the two columns (F, 2) of a resonance (omega_0 in rad/s, damping zeta)."""
    s = 1j * omega / resonance[0]
    below = 1 / (1 + 2 * resonance[1] * s + s * s)
    return np.column_stack([below, s * below])


def strongest(
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
    candidates = _grid(omega)
    best = candidates[int(np.argmax(_shares(omega, weight, q, residual, candidates)))]
    return float(best[0]), float(best[1])


def refined(
    omega: FloatArray,
    weight: FloatArray,
    q: FloatArray,
    residual: FloatArray,
    resonances: Sequence[tuple[float, float]],
) -> tuple[tuple[float, float], ...]:
    """Return resonances moved, all together, to where they leave least of `residual`; as for `strongest`."""
    from scipy.optimize import least_squares

    def left(theta: FloatArray) -> FloatArray:
        pairs = np.concatenate([pole_pair(omega, (w, d)) for w, d in np.exp(theta.reshape(-1, 2))], axis=1)
        scaled = pairs * weight[:, None]
        free = _beside(np.concatenate([scaled.real, scaled.imag]), q)
        basis = np.linalg.qr(free / np.maximum(np.linalg.norm(free, axis=0), 1e-300))[0]
        return np.asarray(residual - basis @ (basis.T @ residual))

    start = np.log(np.asarray(resonances, dtype=float))
    low = np.tile(np.log([omega[-1], _LEAST]), len(start))
    high = np.tile(np.log([omega[0], _OVERDAMPED]), len(start))
    found = least_squares(
        left, start.ravel(), bounds=(low, high), max_nfev=_EVALUATIONS, xtol=_CLOSE, ftol=_CLOSE
    )
    return tuple((float(w), float(d)) for w, d in np.exp(found.x.reshape(-1, 2)))


def is_inside(omega: FloatArray, resonance: tuple[float, float]) -> bool:
    """Return whether a resonance is none that ended at the edge of the sweep or at the largest damping."""
    at, damping = resonance
    return bool(omega[-1] * _EDGE < at < omega[0] / _EDGE and damping < _OVERDAMPED / _EDGE)


def _beside(design: FloatArray, q: FloatArray) -> FloatArray:
    """Return columns (..., 2F, k) without their part along `q`: twice, where they nearly lie in it."""
    for _ in range(2):
        design = np.asarray(design - q @ (q.T @ design))
    return design


def _grid(omega: FloatArray) -> FloatArray:
    """Return resonances (C, 2) at every measured frequency but the outermost, and between, by damping."""
    inner = np.exp(np.interp(np.arange(2, 2 * omega.size - 3) / 2, np.arange(omega.size), np.log(omega)))
    return np.stack(np.meshgrid(inner, _DAMPINGS, indexing="ij"), axis=-1).reshape(-1, 2)


def _shares(
    omega: FloatArray, weight: FloatArray, q: FloatArray, residual: FloatArray, at: FloatArray
) -> FloatArray:
    """Return the fraction (C,) of the residual's square that each resonance (C, 2) takes beside `q`."""
    s = 1j * omega / at[:, :1]
    below = weight / (1 + 2 * at[:, 1:] * s + s * s)
    columns = np.stack([below, s * below], axis=-1)
    design = np.concatenate([columns.real, columns.imag], axis=1)  # (C, 2F, 2)
    free = _beside(design, q)
    gram, towards = np.swapaxes(free, 1, 2) @ free, np.swapaxes(free, 1, 2) @ residual
    size = np.trace(gram, axis1=1, axis2=2)
    known = size > 1e-18 * np.sum(design**2, axis=(1, 2))
    gram = gram + np.where(known, 1e-12 * size, 1.0)[:, None, None] * np.eye(2)
    taken = np.sum(towards * np.linalg.solve(gram, towards[..., None])[..., 0], axis=1)
    return np.where(known, taken, 0.0) / float(residual @ residual)
