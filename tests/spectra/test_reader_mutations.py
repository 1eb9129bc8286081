"""Tables of simulated spectra in random variants: read right or refused, never with wrong numbers."""

from __future__ import annotations

import collections
import random

import numpy as np
import pytest

from eisfit.errors import EisfitError
from eisfit.spectra.readers import read_bytes
from eisfit.spectra.readers.tables.header import _is_count

TABLES = 400  # a seed each; thousands were tried when the rules were made
FREQUENCY = ["Frequency", "freq", "f", "Freq.", "Frequenz", "Fréquence", "频率", "周波数", "주파수"]
REAL = ["Z'", "Zre", "Re(Z)", "Z_real", "Realteil", "Zreal", "Partie réelle", "实部", "R", "Resistance"]
IMAG = [
    "Z''",
    "Zim",
    "Im(Z)",
    "Z_imag",
    "Imaginärteil",
    "Zimag",
    "Imaginaire",
    "虚部",
    "X",
    "Reactance",
]
MODULUS = ["|Z|", "Zmod", "Impedance", "Z", "Modulus", "Betrag", "Magnitude", "模值", "abs(Z)"]
PHASE = ["Phase", "theta", "Phase(Z)", "phi", "Phasenwinkel", "Zphz", "phase angle", "相位"]


def simulated(rng):
    """Return f, Z of a circuit in closed form, with noise of none, 0.1 or 0.3 %."""
    high, low = rng.choice([(1e5, 0.1), (1e6, 1), (2e5, 0.01), (1e4, 10)])
    f = np.geomspace(high, low, rng.choice([9, 16, 31, 61]))
    s = 2j * np.pi * f
    z = rng.choice(
        [
            10 + 100 / (1 + s * 0.01),
            0.02 + s * 2e-8 + 0.03 / (1 + (s * 0.05) ** 0.85),
            5 + 50 / (1 + s * 1e-3) + 20 / np.sqrt(s),
            (1 + 3 / (1 + s * 0.01)) * 1e-3,
            1e6 / (1 + s * 1e-4) + 1e4,
        ]
    )
    noise = np.random.default_rng(rng.randrange(10**6)).standard_normal((2, f.size))
    return f, z * (1 + rng.choice([0, 1e-3, 3e-3]) * (noise[0] + 1j * noise[1]))


def columns_of(rng, f, z):
    """Return (name, unit, values) of the frequency and of Z in one of the ways that people write it."""
    omega = 2 * np.pi * f
    unit, scale = rng.choice([("Hz", 1), ("kHz", 1e-3), ("MHz", 1e-6), ("rad/s", 2 * np.pi)])
    name = rng.choice(["omega", "ω"]) if unit == "rad/s" else rng.choice(FREQUENCY)
    columns = [(name, unit, f * scale)]
    unit, scale = rng.choice([("Ohm", 1), ("Ω", 1), ("mOhm", 1e3), ("kOhm", 1e-3), ("MOhm", 1e-6)])
    kind = rng.choice(["parts", "parts", "polar", "both", "admittance", "Cp-D", "Cs-Rs"])
    if kind in ("parts", "both"):
        i, sign = rng.randrange(len(REAL)), rng.choice([1, -1])
        minus = "" if sign > 0 else rng.choice(["-", "−"])
        columns += [(REAL[i], unit, z.real * scale), (minus + IMAG[i], unit, sign * z.imag * scale)]
    if kind in ("polar", "both"):
        degrees = rng.random() < 0.7
        columns.append((rng.choice(MODULUS), unit, abs(z) * scale))
        columns.append((rng.choice(PHASE), "deg" if degrees else "rad", np.angle(z, deg=degrees)))
    y = 1 / z
    if kind == "admittance":
        columns += [("Y'", "mS", 1e3 * y.real), ("Y''", "mS", 1e3 * y.imag)]
    elif kind == "Cp-D":
        columns += [("Cp", "nF", 1e9 * y.imag / omega), ("D", "", y.real / y.imag)]
    elif kind == "Cs-Rs":
        columns += [("Cs", "uF", -1e6 / (omega * z.imag)), ("Rs", unit, z.real * scale)]
    further = [
        (rng.choice(["#", "Index", "Pt."]), "", np.arange(1.0, f.size + 1)),
        ("Temperature", "°C", np.full(f.size, 25.3)),
        ("Z' fit", unit, 1.2 * z.real * scale),
        ("Ewe", "V", np.full(f.size, 3.7)),
    ]
    if rng.random() < 0.5:
        columns.insert(rng.choice([0, len(columns)]), rng.choice(further))
    return columns


def written(rng, columns):
    """Return the bytes of a table in one of the ways that programs write it."""
    decimal, mark = rng.choice(
        [(".", ","), (".", ";"), (",", ";"), (",", "\t"), (".", "\t"), (".", "  "), (".", "|")]
    )
    heads = rng.choice(["{} ({})", "{} [{}]", "{}/{}", "row"])
    names = [name if heads == "row" or not unit else heads.format(name, unit) for name, unit, _ in columns]
    if mark == "  ":
        names = [name.replace(" ", "_") for name in names]
    lines = rng.choice([[], ["Date: 2024-05-06 12:33", "Points: 61"], ["# amplitude = 10 mV"], [""]])
    lines = [*lines, mark.join(names)]
    if heads == "row":
        lines.append(mark.join(unit for _, unit, _ in columns))
    size = columns[0][2].size
    order = rng.choice([range(size), range(size)[::-1], rng.sample(range(size), size)])
    form = rng.choice(["{:.7g}", "{:.6E}", "{:+.8e}", "{!r}"])
    lines += [mark.join(form.format(float(c[2][i])).replace(".", decimal) for c in columns) for i in order]
    text = rng.choice(["\n", "\r\n"]).join([*lines, ""])
    return text.encode(rng.choice(["utf-8", "utf-8-sig", "utf-16"]))


def outcome(seed):
    rng = random.Random(seed)
    f, z = simulated(rng)
    data = written(rng, columns_of(rng, f, z))
    try:
        (spectrum,) = read_bytes(data, f"{seed}.csv")
    except EisfitError:
        return "refused"
    assert spectrum.frequency == pytest.approx(f, rel=1e-5), (seed, data.decode(errors="replace")[:300])
    assert spectrum.impedance == pytest.approx(z, rel=2e-3), (seed, data.decode(errors="replace")[:300])
    return "right"


@pytest.mark.parametrize("start", range(0, TABLES, 100))
def test_tables_are_read_right_or_refused(start):
    counts = collections.Counter(outcome(seed) for seed in range(start, start + 100))
    assert counts["right"] >= 95


def test_a_column_of_infinite_numbers_counts_nothing():
    """The difference of two was a warning on the terminal; here warnings are errors."""
    rows = "".join(
        f"{n},{f},{10 + 1 / f},{-1 / f}\n" for n, f in [("1e999", 9), ("1e999", 8), (1, 7), (2, 6)]
    )
    (spectrum,) = read_bytes(f"n,f,Zre,Zim\n{rows}".encode())
    assert spectrum.points == 4
    with np.errstate(all="ignore"):  # as all of reading is
        assert not _is_count(np.array([np.inf, np.inf, 1.0]))
    assert _is_count(np.arange(5.0))
