"""Impedance of the parts of an interface per true area: the layers on it, and diffusion behind it.

A layer is one of two (J. Jamnik, J. Maier, Phys. Chem. Chem. Phys. 3 (2001) 1668):

- "dielectric": an insulator, R/(1 + (j omega R C)^alpha), R = t/s_i, C its capacitance, alpha 1 where it is
  the same all over;
- "mixed": ions and electrons both move and the electrons hold one potential, R tanh(s)/s with
  s = sqrt(j omega R C) and C its chemical capacitance. Ions enter on one side, and leave on the other through
  a reaction that takes its electrons from the film: R at low frequency, a Warburg tail above 1/(R C).

Where the electrons of a mixed conductor are shorted to the solid below, its capacitance lies across the
reaction too, and both are one: a `ladder`.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from eisfit.arrays import ComplexArray, FloatArray
from eisfit.coating.physics.smooth import sphere, tanh_over
from eisfit.model.elements._complex_parts import j_power

LayerKind = Literal["dielectric", "mixed"]


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
    if kind == "dielectric":
        return _depressed_arc(R, omega * R * C, np.asarray(alpha))
    T, dT = tanh_over(np.asarray(s2))
    return R * T, R * (T + s2 * dT), R * s2 * dT, 0 * T


def ladder(R: FloatArray, C: FloatArray, z: ComplexArray, omega: FloatArray) -> tuple[ComplexArray, ...]:
    """Impedance (ohm cm^2) of a mixed conductor whose electrons are shorted to the solid, above a reaction z.

    Zc (z + Zc tanh s)/(Zc + z tanh s), Zc = R/s, s = sqrt(j omega R C): the rails of ions and of electrons
    with the chemical capacitance between them (J. Jamnik, J. Maier, J. Electrochem. Soc. 146 (1999) 4183;
    W. Lai, S. M. Haile, J. Am. Ceram. Soc. 88 (2005) 2979), here with z from the ions' end to the electrons.
    R + z at low frequency, z beside C where R is small, Zc at high frequency. Its derivatives by z, R and C
    follow, each (B, F).
    """
    jw = 1j * omega
    jwC = jw * C
    T, dT = tanh_over(np.asarray(jwC * R))
    share = 1 / (1 + jwC * T * z)
    value = (z + R * T) * share
    by_T = (R - jwC * z * z) * share * share
    return (
        value,
        (1 - jwC * R * T * T) * share * share,
        T * share + by_T * jwC * dT,
        jw * (by_T * R * dT - value * T * z * share),
    )


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
