"""Impedance of the parts of an interface per true area: the layers on it, and diffusion behind it.

A layer is one of three (J. Jamnik, J. Maier, Phys. Chem. Chem. Phys. 3 (2001) 1668):

- "ohmic": t/s_i;
- "dielectric": an insulator, R/(1 + (j omega R C)^alpha), R = t/s_i, C its capacitance, alpha 1 where it is
  the same all over;
- "mixed": ions and electrons both move and the electrons hold one potential, R tanh(s)/s with
  s = sqrt(j omega R C) and C its chemical capacitance. Ions enter on one side, and leave on the other through
  a reaction that takes its electrons from the film: R at low frequency, a Warburg tail above 1/(R C).
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from eisfit.arrays import ComplexArray, FloatArray
from eisfit.coating.physics.smooth import sphere, tanh_over
from eisfit.model.elements._complex_parts import j_power

LayerKind = Literal["ohmic", "dielectric", "mixed"]


def layer(
    kind: LayerKind, R: FloatArray, C: FloatArray, omega: FloatArray, alpha: FloatArray | float = 1.0
) -> tuple[ComplexArray, ...]:
    """Impedance of a layer (ohm cm^2) and its derivatives by ln R, ln C and alpha, each (B, F).

    Parameters
    ----------
    kind
        See the module.
    R, C
        (B, 1) ohm cm^2 and F/cm^2.
    omega
        (F,) rad/s.
    alpha
        (B, 1) exponent of a dielectric layer.
    """
    s2 = 1j * omega * R * C
    if kind == "ohmic":
        z = R + 0 * s2
        return z, z, 0 * z, 0 * z
    if kind == "dielectric":
        return _depressed_arc(R, omega * R * C, np.asarray(alpha))
    T, dT = tanh_over(np.asarray(s2))
    return R * T, R * (T + s2 * dT), R * s2 * dT, 0 * T


def _depressed_arc(R: FloatArray, x: FloatArray, alpha: FloatArray) -> tuple[ComplexArray, ...]:
    """R/(1 + (j x)^alpha), x = omega R C, and its derivatives as of a layer."""
    with np.errstate(divide="ignore"):  # at zero frequency, or without a layer
        log_x = np.log(x)
    power = j_power(log_x, alpha)
    share = 1 / (1 + power)
    z = R * share
    fall = z * power * share
    log_jx = np.where(np.isfinite(log_x), log_x, 0.0) + 0.5j * np.pi
    by_alpha: ComplexArray = np.asarray(-fall * log_jx, dtype=np.complex128)
    return z, z - alpha * fall, -alpha * fall, by_alpha


def diffusion(W: FloatArray, tau: FloatArray | None, omega: FloatArray) -> tuple[ComplexArray, ...]:
    """Diffusion impedance (ohm cm^2) and its derivatives by ln W and ln tau, each (B, F).

    W (1 - j)/sqrt(omega) into the depth (`tau` None), or within a sphere that keeps what enters, with
    s^2 = j omega tau: W sqrt(2 tau) tanh(s)/(s - tanh s), which tends to the first at high frequency
    (T. Jacobsen, K. West, Electrochim. Acta 40 (1995) 255).
    """
    if tau is None:
        z = W * (1 - 1j) / np.sqrt(omega)
        return z, z, 0 * z
    H, dH = sphere(np.asarray(1j * omega * tau))
    z = W * np.sqrt(2 * tau) * H
    return z, z, z / 2 + W * np.sqrt(2 * tau) * 1j * omega * tau * dH
