"""Spectra of known structure, random parameters and noise, written out in numpy without eisfit: simulated.

Twelve kinds, drawn so that the data show what is in them: arcs half a decade or more from the ends of the
sweep and 1.3 decades or more apart, each at least a twentieth of the whole resistance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["KINDS", "Case", "draw"]


@dataclass(frozen=True)
class Case:
    """A simulated spectrum: Hz, complex ohm, the circuit string and parameters it was made with."""

    frequency: np.ndarray
    impedance: np.ndarray
    string: str
    values: dict[str, float]


def _cpe(q, a, s):
    return 1 / (q * s**a)


def _arc(r, tau, a, s, extra=0.0):
    """Return an arc of R (and something in series with it) beside a CPE of this time constant."""
    q = tau**a / r
    return 1 / (q * s**a + 1 / (r + extra)), q


class _Draw:
    """Random parameters for one spectrum."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.frequency = np.geomspace(1e5, 1e-2, 61)
        self.s = 2j * np.pi * self.frequency
        self.whole = 10 ** self.rng.uniform(0, 3)
        self.values: dict[str, float] = {}

    def r(self, name: str, low: float = 0.1, high: float = 1.0) -> float:
        value = self.whole * 10 ** self.rng.uniform(np.log10(low), np.log10(high))
        self.values[name] = value
        return value

    def times(self, count: int, slowest: float = 0.0) -> list[float]:
        """Return time constants in log10 s, -5 to `slowest`, 1.3 decades apart or more."""
        while True:
            found = np.sort(self.rng.uniform(-4.9, slowest, count))
            if np.all(np.diff(found) > 1.3):
                return (10**found).tolist()

    def alpha(self) -> float:
        return float(self.rng.uniform(0.72, 0.92))

    def arc(self, n: int, tau: float, alpha: float | None = None, extra=0.0, low: float = 0.15):
        a = self.alpha() if alpha is None else alpha
        z, q = _arc(self.r(f"R{n}", low), tau, a, self.s, extra)
        self.values |= {f"CPE{n}_Q": q, f"CPE{n}_alpha": a} if a < 1 else {f"C{n}": q}
        return z

    def warburg(self, name: str, r: float, tau: float, kind: str):
        """Return a diffusion that is as large as r ohm at the time tau."""
        if kind == "W":
            sigma = r / np.sqrt(2 * tau)
            self.values[f"{name}_sigma"] = sigma
            return sigma * (1 - 1j) / np.sqrt(self.s.imag)
        x = np.sqrt(self.s * tau)
        self.values |= {f"{name}_R": r, f"{name}_tau": tau}
        return r / (x * np.tanh(x)) if kind == "Wo" else r * np.tanh(x) / x


def _one_rc(d):
    return "R0-p(R1,C1)", d.r("R0") + d.arc(1, d.times(1)[0], 1.0)


def _one_arc(d):
    return "R0-p(R1,CPE1)", d.r("R0") + d.arc(1, d.times(1)[0])


def _two_arcs(d):
    a, b = d.times(2)
    return "R0-p(R1,CPE1)-p(R2,CPE2)", d.r("R0") + d.arc(1, a) + d.arc(2, b)


def _two_arcs_l(d):
    a, b = d.times(2)
    inductance = 2e-7 * d.whole
    d.values["L0"] = inductance
    string = "L0-R0-p(R1,CPE1)-p(R2,CPE2)"
    return string, inductance * d.s + d.r("R0") + d.arc(1, max(a, 1e-4)) + d.arc(2, max(b, 3e-3))


def _three_arcs(d):
    a, b, c = d.times(3, 0.5)
    return "R0-p(R1,CPE1)-p(R2,CPE2)-p(R3,CPE3)", d.r("R0") + d.arc(1, a) + d.arc(2, b) + d.arc(3, c)


def _arc_then_w(d):
    (a,) = d.times(1, -1.5)
    w = d.warburg("W2", d.whole * d.rng.uniform(0.3, 1), 10.0, "W")
    return "R0-p(R1,CPE1)-W2", d.r("R0") + d.arc(1, a) + w


def _randles(d):
    (a,) = d.times(1, -1.5)
    w = d.warburg("W2", d.whole * d.rng.uniform(0.3, 1), 10.0, "W")
    return "R0-p(R1-W2,CPE1)", d.r("R0") + d.arc(1, a, extra=w)


def _sei_randles(d):
    a, b = d.times(2, -1.0)
    w = d.warburg("W3", d.whole * d.rng.uniform(0.3, 1), 10.0, "W")
    return "R0-p(R1,CPE1)-p(R2-W3,CPE2)", d.r("R0") + d.arc(1, a) + d.arc(2, b, extra=w)


def _finite_open(d):
    (a,) = d.times(1, -2.5)
    w = d.warburg("Wo2", d.whole * d.rng.uniform(0.3, 1), 10 ** d.rng.uniform(0, 1), "Wo")
    return "R0-p(R1,CPE1)-Wo2", d.r("R0") + d.arc(1, a) + w


def _finite_short(d):
    (a,) = d.times(1, -2.5)
    w = d.warburg("Ws2", d.whole * d.rng.uniform(0.3, 1), 10 ** d.rng.uniform(-0.5, 0.7), "Ws")
    return "R0-p(R1-Ws2,CPE1)", d.r("R0") + d.arc(1, a, extra=w)


def _blocking(d):
    (a,) = d.times(1, -2.0)
    alpha = d.rng.uniform(0.8, 0.95)
    q = 10.0**alpha / (d.whole * d.rng.uniform(1, 5))
    d.values |= {"CPE2_Q": q, "CPE2_alpha": alpha}
    return "R0-p(R1,CPE1)-CPE2", d.r("R0") + d.arc(1, a) + _cpe(q, alpha, d.s)


def _inductive_loop(d):
    (a,) = d.times(1, -2.0)
    alpha = d.alpha()
    r1, r2 = d.r("R1", 0.3), d.r("R2", 0.3)
    q, inductance = a**alpha / r1, r2 * 10 ** d.rng.uniform(-0.5, 0.5)
    d.values |= {"CPE1_Q": q, "CPE1_alpha": alpha, "L2": inductance}
    branch = 1 / (1 / r1 + q * d.s**alpha + 1 / (r2 + inductance * d.s))
    return "R0-p(R1,CPE1,R2-L2)", d.r("R0") + branch


KINDS = (
    *(_one_rc, _one_arc, _two_arcs, _two_arcs_l, _three_arcs, _arc_then_w, _randles, _sei_randles),
    *(_finite_open, _finite_short, _blocking, _inductive_loop),
)


def draw(kind: int, seed: int, noise: float = 0.003) -> Case:
    """Return a spectrum of one of the `KINDS` with normal noise in both parts, a fraction of |Z|."""
    state = _Draw(1000 * seed + kind)
    string, z = KINDS[kind](state)
    error = state.rng.standard_normal((2, z.size)) * noise * np.abs(z)
    return Case(state.frequency, z + error[0] + 1j * error[1], string, state.values)
