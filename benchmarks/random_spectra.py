"""Random simulated spectra of any circuit, and an independent fit from the truth, for the benchmarks.

Nothing here uses eisfit's elements, derivatives, solver or search: the impedance is written out again in
numpy, so that the benchmarks judge eisfit by something else than itself. Only the parser of circuit strings
is shared.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # one core: times are comparable, and faster here

from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares

from eisfit.model.files.library import circuit as find_circuit
from eisfit.model.notation import Component, Parallel, Series
from eisfit.spectra.spectrum import Spectrum

__all__ = ["ANY_ORDER", "HARD", "WIDE", "Case", "Family", "draw", "fit_from_truth", "impedance"]


@dataclass(frozen=True)
class Family:
    """From where random spectra are drawn.

    `apart` is the ratio of neighbouring time constants; `alpha`, `noise` (relative), `points` and `decades`
    are ranges.
    """

    name: str
    apart: tuple[float, float]
    alpha: tuple[float, float]
    noise: tuple[float, float]
    points: tuple[int, int]
    decades: tuple[float, float]
    resistance: tuple[float, float]
    in_order: bool = True


#: Wide but identifiable: 100 kHz to 10 mHz, arcs at least a factor 10 apart.
WIDE = Family("wide", (10.0, 1000.0), (0.7, 1.0), (0.005, 0.005), (60, 60), (7.0, 7.0), (0.2, 10.0))
#: Harder: arcs within a factor 5 of each other, few points, short sweeps, depressed arcs.
HARD = Family("hard", (1.0, 5.0), (0.55, 1.0), (0.001, 0.01), (30, 100), (4.0, 8.0), (0.2, 5.0))
#: As wide, but any arc of the string may be the fastest: with a Warburg in one arc that is another spectrum.
ANY_ORDER = Family(
    "any order", (10.0, 1000.0), (0.7, 1.0), (0.005, 0.005), (60, 60), (7.0, 7.0), (0.2, 10.0), False
)


@dataclass(frozen=True)
class Case:
    """One simulated spectrum and the parameters it was made with."""

    truth: dict[str, float]
    spectrum: Spectrum
    noise: float


def impedance(node, omega, p):
    """Return Z of a circuit tree, written out in numpy."""
    if isinstance(node, Component):
        return _element(node, omega, p)
    parts = [impedance(child, omega, p) for child in node.children]
    if isinstance(node, Series):
        return sum(parts)
    return 1 / sum(1 / part for part in parts)


def _element(c, omega, p):
    s, n = 1j * omega, c.name
    if c.symbol == "R":
        return p[n] + 0 * s
    if c.symbol == "C":
        return 1 / (s * p[n])
    if c.symbol == "L":
        return s * p[n]
    if c.symbol == "CPE":
        return 1 / (p[f"{n}_Q"] * s ** p[f"{n}_alpha"])
    if c.symbol == "W":
        return p[f"{n}_sigma"] * np.sqrt(2) / np.sqrt(s)
    return _distributed(c, s, p)


def _distributed(c, s, p):
    n = c.name
    if c.symbol == "G":
        return p[f"{n}_R"] / np.sqrt(1 + s * p[f"{n}_tau"])
    if c.symbol in ("TLM", "TLMQ"):
        y = p[f"{n}_Q"] * s ** p[f"{n}_alpha"] + (1 / p[f"{n}_R_ct"] if c.symbol == "TLM" else 0)
        x = np.sqrt(p[f"{n}_R_ion"] * y)
        return np.sqrt(p[f"{n}_R_ion"] / y) / _tanh(x)
    if c.symbol == "G":
        return p[f"{n}_R"] / np.sqrt(1 + s * p[f"{n}_tau"])
    if c.symbol.startswith("TLM"):
        leak = 0.0 if c.symbol == "TLMQ" else 1 / p[f"{n}_R_ct"]
        u = np.sqrt(p[f"{n}_R_ion"] * (leak + p[f"{n}_Q"] * s ** p[f"{n}_alpha"]))
        return p[f"{n}_R_ion"] / (u * np.tanh(np.minimum(u.real, 300) + 1j * u.imag))
    x = np.sqrt(s * p[f"{n}_tau"])
    return p[f"{n}_R"] / (x * _tanh(x)) if c.symbol == "Wo" else p[f"{n}_R"] * _tanh(x) / x


def _tanh(x):
    return np.tanh(np.minimum(x.real, 300) + 1j * x.imag)


def draw(name: str, family: Family, seed: int) -> Case:
    """Return random spectrum number `seed` of a circuit."""
    circuit = find_circuit(name)
    rng = np.random.default_rng([seed, *name.encode(), *family.name.encode()])
    decades, points = rng.uniform(*family.decades), int(rng.integers(family.points[0], family.points[1] + 1))
    top = 1e5 if family.points == (60, 60) else 10 ** rng.uniform(4, 6)
    frequency = np.geomspace(top, top / 10**decades, points)
    omega = 2 * np.pi * frequency
    truth = _parameters(circuit.tree, family, rng, omega)
    noise = float(np.exp(rng.uniform(*np.log(family.noise))))
    clean = impedance(circuit.tree, omega, truth)
    kick = rng.normal(size=points) + 1j * rng.normal(size=points)
    spectrum = Spectrum(
        frequency, clean + noise * np.abs(clean) * kick, source=f"{name} seed {seed} simulated"
    )
    return Case({n: float(truth[n]) for n in circuit.names}, spectrum, noise)


def _log(rng, low, high):
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _parameters(tree, family, rng, omega):
    """Draw the parameters: time constants first, rising along the string and inside the sweep."""
    children = tree.children if isinstance(tree, Series) else (tree,)
    arcs = [child for child in children if isinstance(child, Parallel)]
    p = {}
    scale = _log(rng, 0.1, 1000.0)
    times = _times(len(arcs), family, rng, omega)[: len(arcs)]
    for child in children:
        if isinstance(child, Component):
            _alone(child, scale, family, rng, omega, p)
    for arc, tau in zip(arcs, times, strict=True):
        _arc(arc, tau, scale, family, rng, omega, p)
    return p


def _times(count, family, rng, omega):
    """Draw rising time constants, the first and last at least a factor 5 inside the sweep."""
    low, high = 5 / omega.max(), 0.2 / omega.min()
    while True:
        gaps = [_log(rng, *family.apart) for _ in range(count - 1)]
        span = float(np.prod(gaps))
        if span < high / low:
            first = _log(rng, low, high / span)
            times = first * np.cumprod([1.0, *gaps])
            return times if family.in_order else rng.permutation(times)


def _alone(c, scale, family, rng, omega, p):  # noqa: PLR0917
    """Elements in series: Warburgs are of the size of an arc at the lowest frequency, L at the highest."""
    n = c.name
    middle = _log(rng, 20 / omega.max(), 0.05 / omega.min())
    if c.symbol == "R":
        p[n] = scale * _log(rng, 0.1, 2.0)
    elif c.symbol == "L":
        p[n] = scale * _log(rng, 0.1, 1.0) / omega.max()
    elif c.symbol == "CPE":
        alpha = rng.uniform(*family.alpha)
        p |= {f"{n}_Q": middle**alpha / scale, f"{n}_alpha": alpha}
    elif c.symbol == "G":
        p |= {f"{n}_R": scale * _log(rng, 0.3, 3.0), f"{n}_tau": middle}
    elif c.symbol.startswith("TLM"):
        alpha, ion = rng.uniform(max(0.7, family.alpha[0]), 1.0), scale * _log(rng, 0.3, 3.0)
        p |= {f"{n}_R_ion": ion, f"{n}_Q": middle**alpha / ion, f"{n}_alpha": alpha}
        if c.symbol == "TLM":
            p[f"{n}_R_ct"] = ion * _log(rng, 0.3, 3.0)
    else:
        _diffusion(c, scale, rng, omega, p)


def _diffusion(c, scale, rng, omega, p):
    size = scale * _log(rng, 0.3, 3.0)
    if c.symbol == "W":
        p[f"{c.name}_sigma"] = size * np.sqrt(omega.min() / 2)
    else:
        p[f"{c.name}_R"] = size
        p[f"{c.name}_tau"] = _log(rng, 1.0, 30.0) / omega.min()


def _arc(arc, tau, scale, family, rng, omega, p):  # noqa: PLR0917
    leaves = [
        x for child in arc.children for x in (child.children if isinstance(child, Series) else (child,))
    ]
    resistor = next(x for x in leaves if x.symbol == "R")
    p[resistor.name] = scale * _log(rng, *family.resistance)
    for x in leaves:
        if x.symbol == "CPE":
            alpha = rng.uniform(*family.alpha)
            p[f"{x.name}_alpha"] = alpha
            p[f"{x.name}_Q"] = tau**alpha / p[resistor.name]
        elif x.symbol == "C":
            p[x.name] = tau / p[resistor.name]
        elif x.symbol in ("W", "Wo", "Ws"):
            _diffusion(x, p[resistor.name], rng, omega, p)


def fit_from_truth(name: str, case: Case) -> float:
    """Return the modulus-weighted chisqr that scipy's least_squares reaches from the true parameters."""
    circuit = find_circuit(name)
    omega, z = case.spectrum.omega, case.spectrum.impedance
    weight = 1 / np.abs(z)
    is_log = np.array([circuit.parameters[n].scale == "log" for n in circuit.names])
    x0 = np.array([case.truth[n] for n in circuit.names])
    x0[is_log] = np.log(x0[is_log])
    low = np.where(is_log, x0 - 25, [circuit.parameters[n].min for n in circuit.names])
    high = np.where(is_log, x0 + 25, [circuit.parameters[n].max for n in circuit.names])

    def residual(x):
        values = dict(zip(circuit.names, np.where(is_log, np.exp(np.where(is_log, x, 0)), x), strict=True))
        r = (impedance(circuit.tree, omega, values) - z) * weight
        return np.concatenate([r.real, r.imag])

    found = least_squares(
        residual,
        np.clip(x0, low, high),
        bounds=(low, high),
        x_scale="jac",
        ftol=1e-12,
        xtol=1e-10,
        gtol=1e-12,
        max_nfev=200,
    )
    return float(2 * found.cost)
