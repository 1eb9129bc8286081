"""How often a fit without start values reaches the optimum where no time-constant grid helps.

    python benchmarks/blind_topologies.py [--count 100] [--from SEED] [--topology NAME ...]

Adsorption loops, resonances, inductive and negative branches, two parallel storages, 17 parameters. Spectra
are simulated in plain numpy here, 0.5 % noise; the judge is scipy's least_squares from the true parameters on
the same formula. A blind fit has reached the optimum when its chisqr is at most 0.01 % above the judge's.
"""

from __future__ import annotations

import argparse
import time
import warnings

from random_spectra import impedance  # first: it sets OPENBLAS_NUM_THREADS

# isort: split

import numpy as np
from scipy.optimize import least_squares

import eisfit
from eisfit.model.circuit import Circuit

_REACHED = 1e-4
_NOISE = 0.005


def _log(rng, low, high):
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _inductive_loop(rng):
    size, f = _log(rng, 1, 1e4), 10 ** rng.uniform(-1, 2)
    arc, slow = size * _log(rng, 0.5, 2), size * _log(rng, 0.3, 1.5)
    tau = 1 / (2 * np.pi * f * _log(rng, 30, 300))
    p = {"R0": size * _log(rng, 0.02, 0.3), "C1": tau / arc, "R1": arc, "R2": slow}
    return p | {"L2": slow / (2 * np.pi * f)}, f


def _adsorption(rng):
    p, f = _inductive_loop(rng)
    q = 0.85 + 0.15 * rng.random()
    r = p["R1"]
    tau = r * p["C1"]
    r2 = -r * rng.uniform(0.15, 0.6)
    return {
        "R0": p["R0"], "CPE1_Q": tau**q / r, "CPE1_alpha": q, "R1": r,
        "R2": r2, "C2": 1 / (2 * np.pi * f) / r2,
    }, f  # fmt: skip


def _two_storage_loop(rng):
    size, fast = _log(rng, 10, 2000), 10 ** rng.uniform(1.5, 3)
    middle = fast / _log(rng, 20, 100)
    slow = middle / _log(rng, 10, 60)
    a1, a2 = rng.uniform(0.82, 1, 2)
    r2 = size * _log(rng, 0.3, 1.0)
    r3 = size * _log(rng, 1.0, 4.0)
    return {
        "R0": size * _log(rng, 0.02, 0.2), "R1": size,
        "CPE1_Q": (2 * np.pi * fast) ** -a1 / size, "CPE1_alpha": a1,
        "CPE2_Q": (2 * np.pi * middle) ** -a2 / r2, "CPE2_alpha": a2, "R2": r2,
        "R3": r3, "L3": r3 / (2 * np.pi * slow),
    }, middle  # fmt: skip


def _tank(rng):
    r0, f = _log(rng, 1, 50), 10 ** rng.uniform(1, 5)
    w, r1 = 2 * np.pi * f, r0 * _log(rng, 0.5, 20)
    quality = _log(rng, 0.5, 8)
    return {"R0": r0, "R1": r1, "L1": r1 / quality / w, "C1": quality / r1 / w}, f


def _speaker(rng):
    p, f = _tank(rng)
    return {"L0": p["R0"] / (2 * np.pi * f * _log(rng, 10, 100)), **p}, f


def _quartz(rng):
    f = 10 ** rng.uniform(3, 6)
    w, quality, r = 2 * np.pi * f, _log(rng, 3, 20), _log(rng, 10, 1000)
    c = 1 / (quality * r * w)
    return {"C0": c * _log(rng, 2, 10), "R1": r, "L1": quality * r / w, "C1": c}, f


def _coil(rng):
    f = 10 ** rng.uniform(3, 6)
    w, quality, r = 2 * np.pi * f, _log(rng, 2, 30), _log(rng, 0.1, 100)
    inductance = quality * r / w
    return {"C0": 1 / (w**2 * inductance), "R1": r, "L1": inductance}, f


def _negative(rng):
    f, alpha, r = 10 ** rng.uniform(-0.5, 3), rng.uniform(0.8, 1), -_log(rng, 100, 2000)
    return {
        "R0": _log(rng, 1, 30), "R1": r,
        "CPE1_Q": (2 * np.pi * f) ** -alpha / abs(r), "CPE1_alpha": alpha,
    }, f  # fmt: skip


def _maxwell(rng):
    size, f = _log(rng, 10, 1e5), 10 ** rng.uniform(1, 3)
    r1, r2 = size * _log(rng, 0.3, 3), size * _log(rng, 0.3, 3)
    t1 = 1 / (2 * np.pi * f * _log(rng, 3, 30))
    return {
        "R0": size, "R1": r1, "C1": t1 / r1, "R2": r2, "C2": 1 / (2 * np.pi * f / _log(rng, 3, 30)) / r2,
    }, f  # fmt: skip


def _two_loops(rng):
    p, f = _inductive_loop(rng)
    third = p["R2"] * _log(rng, 0.5, 2)
    return {**p, "R3": third, "L3": third / (2 * np.pi * f / _log(rng, 8, 60))}, f


def _fuel_cell(rng):
    size, f = _log(rng, 0.05, 50), 10 ** rng.uniform(0, 1.5)
    r1, r2 = size * _log(rng, 0.3, 1.5), size * _log(rng, 0.8, 3)
    a1, a2 = rng.uniform(0.8, 1, 2)
    t1, t2 = 1 / (2 * np.pi * f * _log(rng, 30, 200)), 1 / (2 * np.pi * f)
    return {
        "L0": size / (2 * np.pi * f * 1e5), "R0": size,
        "R1": r1, "CPE1_Q": t1**a1 / r1, "CPE1_alpha": a1, "R2": r2, "CPE2_Q": t2**a2 / r2, "CPE2_alpha": a2,
        "R3": -r2 * rng.uniform(0.1, 0.5), "K": t2 * _log(rng, 15, 60),
    }, f  # fmt: skip


def _full_cell(rng):
    size, fast = _log(rng, 0.1, 100), 10 ** rng.uniform(3.8, 4.6)
    p = {"R0": size * _log(rng, 0.3, 2)}
    for k in range(1, 5):
        r, a = size * _log(rng, 0.3, 2), rng.uniform(0.8, 1)
        p |= {f"R{k}": r, f"CPE{k}_Q": (2 * np.pi * fast) ** -a / r, f"CPE{k}_alpha": a}
        fast /= _log(rng, 8, 30)
    for k in (5, 6):
        p |= {f"Wo{k}_R": size * _log(rng, 0.5, 2), f"Wo{k}_tau": 10 ** rng.uniform(0.5, 3)}
    return p, 30.0


def _resonance(rng, k, size, f):
    """Return R, L and C of a resonance of quality 0.5 to 8 at f Hz."""
    w, quality = 2 * np.pi * f, _log(rng, 0.5, 8)
    return {f"R{k}": size, f"L{k}": size / quality / w, f"C{k}": quality / size / w}


def _two_tanks(rng):
    f, apart = 10 ** rng.uniform(2, 4), _log(rng, 3, 10)
    first = _resonance(rng, 1, _log(rng, 1, 20), f / np.sqrt(apart))
    return {"R0": _log(rng, 0.5, 5), **first, **_resonance(rng, 2, _log(rng, 1, 20), f * np.sqrt(apart))}, f


def _two_modes(rng):
    p, f = _quartz(rng)
    apart, share = _log(rng, 1.5, 3), _log(rng, 0.3, 3)
    return {**p, "R2": p["R1"] / share, "L2": p["L1"] / share / apart, "C2": p["C1"] * share / apart}, f


def _relaxing(rng, k, f, storage):
    """Return an arc, or a loop, of about a decade's scatter that peaks at f Hz."""
    r, w = _log(rng, 3, 30), 2 * np.pi * f
    if storage == "L":
        return {f"R{k}": r, f"L{k}": r / w}
    a = 1.0 if storage == "C" else rng.uniform(0.8, 1)
    return {f"R{k}": r, f"C{k}": 1 / r / w} if storage == "C" else {
        f"R{k}": r, f"CPE{k}_Q": w**-a / r, f"CPE{k}_alpha": a,
    }  # fmt: skip


def _each(places):
    """Return a maker of elements that act at frequencies a decade or more apart, by (k, storage, decades)."""

    def made(rng):
        f = 10 ** rng.uniform(1, 3)
        p = {"R0": _log(rng, 1, 10)}
        for k, storage, decades in places:
            p |= _relaxing(rng, k, f * 10 ** (decades + rng.uniform(-0.3, 0.3)), storage)
        return p, f

    return made


def _with_warburg(rng):
    p, f = _each([(1, "CPE", 2), (2, "L", -1)])(rng)
    return {**p, "W1_sigma": _log(rng, 1, 10) * np.sqrt(2 * np.pi * f / 2)}, f


def _with_finite_diffusion(rng):
    p, f = _each([(1, "CPE", 2.5), (2, "L", -1.5)])(rng)
    return p | {"Ws1_R": _log(rng, 3, 30), "Ws1_tau": _log(rng, 0.5, 2) / (2 * np.pi * f)}, f


def _coating(rng):
    """Return a coating with pores to a corroding metal: F. Mansfeld, J. Appl. Electrochem. 25 (1995) 187."""
    p, f = _each([(1, "CPE", 2), (2, "CPE", -0.3)])(rng)
    return {**p, "W3_sigma": p["R2"] * _log(rng, 0.2, 2) * np.sqrt(2 * np.pi * f / 10**2.5 / 2)}, f


def _adsorbed_layer(rng):
    """Return diffusion and adsorption in a row: A. N. Frumkin, V. I. Melik-Gaikazyan, Dokl. 77 (1951) 855."""
    p, f = _each([(1, "CPE", 2)])(rng)
    omega = 2 * np.pi * f
    sigma = p["R1"] * _log(rng, 0.3, 3) * np.sqrt(omega / 2)
    return {**p, "W1_sigma": sigma, "C2": _log(rng, 3, 30) / omega / p["R1"]}, f


def _mixed_conductor(rng):
    """Return ions and electrons side by side, the ions blocked: R. A. Huggins, Ionics 8 (2002) 300."""
    f, ions, alpha = 10 ** rng.uniform(1, 3), _log(rng, 10, 1e5), rng.uniform(0.7, 1)
    slow = 2 * np.pi * f / _log(rng, 3, 30)
    return {
        "C0": 1 / (2 * np.pi * f * _log(rng, 100, 1e4)) / ions, "R1": ions * _log(rng, 0.5, 30), "R2": ions,
        "CPE2_Q": slow**-alpha / ions, "CPE2_alpha": alpha,
    }, f  # fmt: skip


_NESTED = _each([(1, "CPE", 2.5), (2, "CPE", 0.8), (3, "C", -1)])
_LOSSY = _each([(1, "L", 3), (2, "L", 1.5), (3, "C", -1)])
_LOOP_AND_ARC = _each([(1, "C", 1.5), (2, "L", 0), (3, "CPE", 3.5)])
_LOOP_IN_ARC = _each([(1, "CPE", 1.5), (2, "L", -1), (3, "CPE", 3.5)])
_NESTED_LOOP = _each([(1, "CPE", 3), (2, "C", 1), (3, "L", -0.7)])
_BRANCHES = _each([(1, "CPE", 2), (2, "CPE", 0)])
TOPOLOGIES = {
    "loop": ("R0-p(C1,R1,R2-L2)", _inductive_loop, {}),
    "adsorption": ("R0-p(CPE1,R1-p(R2,C2))", _adsorption, {"R2": (-1e9, 0), "C2": (-1e9, 0)}),
    "loop of two": ("R0-p(CPE1,R1-p(CPE2,R2),R3-L3)", _two_storage_loop, {}),
    "tank": ("R0-p(R1,L1,C1)", _tank, {}),
    "loudspeaker": ("R0-L0-p(R1,L1,C1)", _speaker, {}),
    "quartz": ("p(C0,R1-L1-C1)", _quartz, {}),
    "coil": ("p(C0,R1-L1)", _coil, {}),
    "negative": ("R0-p(R1,CPE1)", _negative, {"R1": (-1e6, 0)}),
    "Maxwell": ("p(R0,R1-C1,R2-C2)", _maxwell, {}),
    "two loops": ("R0-p(C1,R1,R2-L2,R3-L3)", _two_loops, {}),
    "fuel cell": ("L0-R0-p(R1,CPE1)-p(R2,CPE2)-p(R3,C3)", _fuel_cell, {"R3": (-1e9, 1e9), "C3": (-1e9, 1e9)}),
    "two tanks": ("R0-p(R1,L1,C1)-p(R2,L2,C2)", _two_tanks, {}),
    "two modes": ("p(C0,R1-L1-C1,R2-L2-C2)", _two_modes, {}),
    "three nested": ("R0-p(CPE1,R1-p(CPE2,R2-p(C3,R3)))", _NESTED, {}),
    "lossy coil": ("R0-p(R1,L1)-p(R2,L2)-p(R3,C3)", _LOSSY, {}),
    "loop and arc": ("R0-p(C1,R1,R2-L2)-p(R3,CPE3)", _LOOP_AND_ARC, {}),
    "loop, diffusion": ("R0-p(CPE1,R1-W1,R2-L2)", _with_warburg, {}),
    "loop in an arc": ("R0-p(CPE1,R1-p(R2,L2))-p(R3,CPE3)", _LOOP_IN_ARC, {}),
    "loop, finite diffusion": ("R0-p(CPE1,R1-Ws1,R2-L2)", _with_finite_diffusion, {}),
    "nested loop": ("R0-p(CPE1,R1-p(C2,R2,R3-L3))", _NESTED_LOOP, {}),
    "adsorbed layer": ("R0-p(CPE1,R1-W1-C2)", _adsorbed_layer, {}),
    "CPE branches": ("p(R0,R1-CPE1,R2-CPE2)", _BRANCHES, {}),
    "coating": ("R0-p(CPE1,R1-p(CPE2,R2-W3))", _coating, {}),
    "mixed conductor": ("p(C0,R1,R2-CPE2)", _mixed_conductor, {}),
    "full cell": ("R0-p(R1,CPE1)-p(R2,CPE2)-p(R3,CPE3)-p(R4,CPE4)-Wo5-Wo6", _full_cell, {}),
}


def draw(topology, seed):
    """Return circuit, truth and a simulated spectrum."""
    string, maker, bound = TOPOLOGIES[topology]
    rng = np.random.default_rng([seed, *topology.encode()])
    truth, middle = maker(rng)
    if "K" in truth:
        truth["C3"] = truth.pop("K") / truth["R3"]
    circuit = Circuit.from_string(string).constrain(bound=bound)
    narrow = topology in ("tank", "quartz", "coil", "loudspeaker", "two tanks", "two modes")
    span = (1.5, 1.5) if narrow else (5, 2.5)
    if topology == "full cell":
        span = (3.7, 4.5)
    frequency = middle * np.geomspace(10 ** span[0], 10 ** -span[1], 70)
    z = impedance(circuit.tree, 2 * np.pi * frequency, truth)
    kick = rng.normal(size=z.size) + 1j * rng.normal(size=z.size)
    z = z + _NOISE * np.abs(z) * kick
    return circuit, truth, eisfit.Spectrum(frequency, z, source=f"{topology} seed {seed} simulated")


def from_truth(circuit, truth, spectrum):
    """Return the chisqr that scipy's least_squares reaches from the truth."""
    x0 = np.array([truth[name] for name in circuit.names])
    size = np.abs(x0)
    exponent = np.array([name.endswith("_alpha") for name in circuit.names])
    z = spectrum.impedance

    def values(x):
        return np.where(exponent, x * size, size * np.sign(x0) * np.exp(x))

    def residual(x):
        p = dict(zip(circuit.names, values(x), strict=True))
        r = impedance(circuit.tree, spectrum.omega, p) / z - 1
        r = (r * z) / np.abs(z)
        return np.concatenate([r.real, r.imag])

    start = np.where(exponent, 1.0, 0.0)
    high = np.where(exponent, 1.0 / size, 30.0)
    found = least_squares(
        residual, np.minimum(start, high - 1e-9), bounds=(np.where(exponent, 0.1, -30), high),
        ftol=1e-13, xtol=1e-12, gtol=1e-13, max_nfev=400,
    )  # fmt: skip
    return 2 * found.cost


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--from", dest="first", type=int, default=0)
    parser.add_argument("--topology", nargs="*", default=list(TOPOLOGIES), choices=list(TOPOLOGIES))
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    print("| topology | circuit | reached | better than from the truth | median CPU ms | slowest |")
    print("|---|---|---|---|---|---|")
    for topology in options.topology:
        reached = better = 0
        spent, failed = [], []
        for seed in range(options.first, options.first + options.count):
            circuit, truth, spectrum = draw(topology, seed)
            begin = time.process_time()
            try:
                chisqr = eisfit.fit(spectrum, circuit).statistics.chisqr
            except eisfit.EisfitError as error:
                print(f"{spectrum.source}: {error}")
                chisqr = float("inf")
            spent.append(1e3 * (time.process_time() - begin))
            ratio = chisqr / from_truth(circuit, truth, spectrum)
            reached += ratio <= 1 + _REACHED
            better += ratio < 1 - _REACHED
            if ratio > 1 + _REACHED:
                failed.append((seed, ratio))
        times = f"{np.median(spent):.0f} | {max(spent):.0f}"
        string = TOPOLOGIES[topology][0]
        print(f"| {topology} | `{string}` | {reached}/{options.count} | {better} | {times} |", flush=True)
        if failed:
            print("failed:", ", ".join(f"{s} (x{r:.5g})" for s, r in failed), flush=True)


if __name__ == "__main__":
    main()
