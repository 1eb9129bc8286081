"""Simulated battery cells by `eisfit.fit(spectrum)` alone: how many fits can be used?

    python benchmarks/battery_cells.py [cells] [first seed]

The cells are drawn before any fit, by formulas that no circuit of eisfit holds as a whole: an inductance, a
series resistance, a film and one or two electrodes, plain or porous (R. de Levie, Adv. Electrochem.
Electrochem. Eng. 6 (1967) 329), with a diffusion that the sweep sees the end of or not; weak relaxations of
either sign put the impedance off by some 0.3 %, and noise of 0.1 to 0.5 % comes on top. Usable: grade A to C
and nothing that forbids to read it, as `eisfit fit` says by its exit code.
"""

from __future__ import annotations

import sys
import time
from collections import Counter

import numpy as np

import eisfit

_OFF = 0.003  # of |Z|, by what the formulas do not hold
_WEAK = 6  # relaxations


def arc(s, resistance, time_constant, alpha):
    return resistance / (1 + (s * time_constant) ** alpha)


def diffusion(s, rng, slow):
    """Return a diffusion impedance: without an end in the sweep, blocked, or into a reservoir."""
    root = np.sqrt(s * slow)
    kind = rng.integers(3)
    size = rng.uniform(0.3, 3)
    if kind == 0:
        return size / np.sqrt(s)
    return size / (root * np.tanh(root)) if kind == 1 else size * np.tanh(root) / root


def electrode(s, rng, time_constant):
    """Return an electrode: charge transfer with diffusion beside the double layer, in a pore or not."""
    resistance, alpha = 10 ** rng.uniform(-0.3, 1), rng.uniform(0.7, 1)
    faradaic = resistance + (diffusion(s, rng, 10 ** rng.uniform(0, 3)) if rng.random() < 0.8 else 0)
    storage = time_constant**alpha / resistance
    interface = 1 / (1 / faradaic + storage * s**alpha)
    if rng.random() < 0.5:
        return interface
    ions = resistance * 10 ** rng.uniform(-1, 0.5)
    return np.sqrt(ions * interface) / np.tanh(np.sqrt(ions / interface))


def draw(seed):
    """Return a spectrum and what it is made of."""
    rng = np.random.default_rng([20, seed])
    frequency = np.geomspace(10 ** rng.uniform(4, 5.3), 10 ** rng.uniform(-2.3, -0.7), rng.integers(40, 75))
    s = 2j * np.pi * frequency
    z = 10 ** rng.uniform(-1, 1) + arc(s, *(10 ** rng.uniform((-1, -5), (1, -3.3))), rng.uniform(0.65, 1))
    electrodes = rng.integers(1, 3)
    for _ in range(electrodes):
        z = z + electrode(s, rng, 10 ** rng.uniform(-3, 0.3))
    places = 10 ** rng.uniform(-5, 2, _WEAK)
    weak = sum(rng.normal() / (1 + s * place) for place in places)
    z = z + weak * _OFF / np.sqrt(np.mean(np.abs(weak / z) ** 2))
    inductive = rng.random() < 0.5
    if inductive:
        z = z + s * np.abs(z).min() / (2 * np.pi * frequency.max()) * 10 ** rng.uniform(-1, 0)
    noise = 10 ** rng.uniform(-3, -2.3)
    error = rng.normal(0, noise, (2, z.size))
    z = z + np.abs(z) * (error[0] + 1j * error[1])
    return eisfit.Spectrum(frequency=frequency, impedance=z), f"{electrodes} electrodes, {100 * noise:.2g} %"


def main(cells: int = 60, first: int = 0) -> None:
    usable, grades, seconds, without_series = 0, Counter(), [], 0
    for seed in range(first, first + cells):
        spectrum, told = draw(seed)
        began = time.process_time()
        result = eisfit.fit(spectrum)
        seconds.append(time.process_time() - began)
        usable += result.ok
        grades[result.grade] += 1
        parts = result.circuit.string.split("-")
        without_series += not any(part.startswith("R") for part in parts)
        rms = 100 * result.statistics.rms_relative_residual
        said = "usable" if result.ok else "not usable: " + ", ".join(flag.name for flag in result.flags)
        print(f"  {seed} ({told}): {result.circuit.string}, {rms:.2g} % rms, {said}", flush=True)
    print(f"usable: {usable} of {cells}; grades {dict(sorted(grades.items()))}")
    print(f"circuits without a series resistance: {without_series}")
    print(f"CPU: median {np.median(seconds):.2f} s, most {max(seconds):.2f} s")


if __name__ == "__main__":
    main(*(int(n) for n in sys.argv[1:]))
