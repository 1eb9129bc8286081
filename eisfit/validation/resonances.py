"""Resonances of a spectrum: pairs of complex poles, which RC elements cannot describe and causality allows.

A coil with its winding capacitance, a loudspeaker, a piezo crystal obey Kramers-Kronig with terms
(a + b s) / (1 + 2 zeta s + s^2), s = j omega / omega_0, zeta < 1: the general real, stable pole pair
(Gustavsen and Semlyen, IEEE Trans. Power Delivery 14 (1999) 1052). Resonances are looked for one after the
other, each where it takes most of what is left.
"""

from __future__ import annotations

import numpy as np

from eisfit.arrays import ComplexArray, FloatArray, median

__all__ = ["pole_pair", "strongest"]


_DAMPINGS = (0.7, 0.35, 0.15, 0.06, 0.025, 0.01, 0.003)
_OVERDAMPED = 0.9
_ROUNDS = 12
_SHRINK = 0.5
_AROUND = np.array([(a, b) for a in (-1.0, 0.0, 1.0) for b in (-1.0, 0.0, 1.0) if a or b])


def pole_pair(omega: FloatArray, resonance: tuple[float, float]) -> ComplexArray:
    """Return the two columns (F, 2) of a resonance (omega_0 in rad/s, damping zeta)."""
    s = 1j * omega / resonance[0]
    below = 1 / (1 + 2 * resonance[1] * s + s * s)
    return np.column_stack([below, s * below])


def strongest(
    omega: FloatArray, weight: FloatArray, q: FloatArray, residual: FloatArray
) -> tuple[tuple[float, float], float]:
    """Return the resonance that takes most of `residual`, and which fraction of its square that is.

    Parameters
    ----------
    omega, weight
        (F,) rad/s, falling, and the weights of the points.
    q
        (2F, p) orthonormal columns of what is fitted already.
    residual
        (2F,) weighted, real above imaginary, at right angles to `q`.
    """
    step = float(median(np.abs(np.diff(np.log(omega)))))
    candidates, spread = _grid(omega), np.array([step, np.log(2.0)])
    best, taken = candidates[0], 0.0
    for _ in range(_ROUNDS):
        shares = _shares(omega, weight, q, residual, candidates)
        if shares.max() > taken:
            best, taken = candidates[int(np.argmax(shares))], float(shares.max())
        candidates = best * np.exp(_AROUND * spread)
        candidates[:, 1] = np.minimum(candidates[:, 1], _OVERDAMPED)
        spread = _SHRINK * spread
    return (float(best[0]), float(best[1])), taken


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
    free = design - q @ (q.T @ design)
    free = free - q @ (q.T @ free)
    gram, towards = np.swapaxes(free, 1, 2) @ free, np.swapaxes(free, 1, 2) @ residual
    size = np.trace(gram, axis1=1, axis2=2)
    known = size > 1e-18 * np.sum(design**2, axis=(1, 2))
    gram = gram + np.where(known, 1e-12 * size, 1.0)[:, None, None] * np.eye(2)
    taken = np.sum(towards * np.linalg.solve(gram, towards[..., None])[..., 0], axis=1)
    return np.where(known, taken, 0.0) / float(residual @ residual)
