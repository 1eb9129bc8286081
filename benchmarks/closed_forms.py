"""Cells for the benchmarks of Kramers-Kronig and of faulty data: closed forms in plain numpy, at random."""

import numpy as np

F = np.logspace(5, -2, 60)
S = 2j * np.pi * F


def log_uniform(rng, low, high):
    return np.exp(rng.uniform(np.log(low), np.log(high)))


def arc(rng, s, low, high, alpha=0.65):
    return log_uniform(rng, 5, 100) / (1 + (s * log_uniform(rng, low, high)) ** rng.uniform(alpha, 1))


def arcs(rng, s):
    return log_uniform(rng, 1, 20) + arc(rng, s, 1e-5, 1e-3) + arc(rng, s, 1e-2, 1)


def two_rc(rng, s):
    return log_uniform(rng, 1, 20) + arc(rng, s, 1e-4, 1e-2, 1) + arc(rng, s, 1e-2, 3, 1)


def warburg_inside(rng, s):
    inner = log_uniform(rng, 5, 100) + log_uniform(rng, 0.5, 20) * np.sqrt(2 / s)
    layer = log_uniform(rng, 1e-5, 1e-3) * s ** rng.uniform(0.8, 1)
    return log_uniform(rng, 1, 20) + arc(rng, s, 1e-5, 1e-3) + 1 / (1 / inner + layer)


def blocking(rng, s):
    return log_uniform(rng, 1, 20) + 1 / (log_uniform(rng, 1e-5, 1e-3) * s ** rng.uniform(0.7, 1))


def cable(rng, s):
    return arcs(rng, s) + s * log_uniform(rng, 1e-7, 2e-6) + log_uniform(rng, 0.5, 5) * np.sqrt(2 / s)


def loop(rng, s):
    return arcs(rng, s) - log_uniform(rng, 1, 4) / (1 + s * log_uniform(rng, 0.5, 3))


CELLS = (arcs, two_rc, warburg_inside, blocking, cable, loop)


def air_coil(rng, s):
    omega, resistance = 2 * np.pi * log_uniform(rng, 10, 1e4), log_uniform(rng, 0.1, 10)
    inductance = log_uniform(rng, 2, 30) * resistance / omega
    return 1 / (s / (omega**2 * inductance) + 1 / (resistance + s * inductance))


def loudspeaker(rng, s):
    omega, resistance = 2 * np.pi * log_uniform(rng, 1, 1e4), log_uniform(rng, 5, 50)
    inductance = resistance / (log_uniform(rng, 0.7, 10) * omega)
    motion = 1 / (1 / resistance + s / (omega**2 * inductance) + 1 / (s * inductance))
    return log_uniform(rng, 2, 10) + s * log_uniform(rng, 1e-7, 1e-5) + motion


def piezo(rng, s):
    omega, clamped = 2 * np.pi * log_uniform(rng, 10, 1e3), log_uniform(rng, 1e-8, 1e-6)
    motional = clamped * log_uniform(rng, 0.02, 0.3)
    inductance = 1 / (omega**2 * motional)
    branch = omega * inductance / log_uniform(rng, 3, 20) + s * inductance + 1 / (s * motional)
    return 1 / (s * clamped + 1 / branch)


def two_loudspeakers(rng, s):
    return loudspeaker(rng, s) + loudspeaker(rng, s)


def gerischer(rng, s):
    return 1 + 10 / np.sqrt(1 + s * log_uniform(rng, 0.01, 1))


def porous(rng, s):
    root = np.sqrt(s * log_uniform(rng, 0.01, 1) + log_uniform(rng, 0.1, 10))
    return 2 + 10 / (root * np.tanh(root))


def passivating(rng, s):
    """Negative differential resistance: stable under potential control alone."""
    return log_uniform(rng, 5, 20) - log_uniform(rng, 100, 900) / (1 - s * log_uniform(rng, 0.01, 1))


def warburg_bounded(rng, s):
    root = np.sqrt(s * log_uniform(rng, 1, 100))
    return arcs(rng, s) + log_uniform(rng, 1, 20) * np.tanh(root) / root


RESONANT = (air_coil, loudspeaker, piezo, two_loudspeakers)
KINDS = (*RESONANT, gerischer, porous, passivating, warburg_bounded)


def drifting(rng, s, drift=0.1):
    """R_ct larger at the end; every point takes as long as its period."""
    seconds = np.cumsum(1 / F)
    r_ct = log_uniform(rng, 20, 100) * (1 + drift * seconds / seconds[-1])
    layer = log_uniform(rng, 1e-3, 1) / r_ct[0] * s
    return log_uniform(rng, 1, 10) + arc(rng, s, 1e-5, 1e-3) + 1 / (1 / r_ct + layer)


def drifting_little(rng, s):
    return drifting(rng, s, 0.03)


def outlying(rng, s):
    z = CELLS[rng.integers(len(CELLS))](rng, s)
    z[rng.integers(3, F.size - 3)] *= 1 + 0.05 * np.exp(2j * np.pi * rng.random())
    return z
