"""Time, false alarms and detection of the Kramers-Kronig check, against impedance.py's linKK in the same run.

    python benchmarks/kramers_kronig.py [spectra]

All spectra are simulated: closed forms in plain numpy, 60 points, 100 kHz to 10 mHz, white noise.
"""

import contextlib
import io
import sys
import time

import numpy as np
from closed_forms import CELLS, KINDS, F, S, drifting, drifting_little, outlying
from impedance import validation

from eisfit.spectra.spectrum import Spectrum
from eisfit.validation.kramers_kronig import check

# impedance 1.7.1 evaluates a string of numpy 2 numbers ("np.float64(...)") where `np` is not defined.
validation.circuit_elements.setdefault("np", np)


def simulated(cell, noise, rng):
    z = cell(rng, S)
    z = z + noise * np.abs(z) * (rng.standard_normal(F.size) + 1j * rng.standard_normal(F.size))
    return Spectrum(frequency=F, impedance=z)


def clock(action, spectra):
    seconds = []
    for spectrum in spectra:
        start = time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()):  # linKK prints
            action(spectrum)
        seconds.append(time.perf_counter() - start)
    return 1e3 * float(np.median(seconds))


def link(**options):
    return lambda s: validation.linKK(s.frequency, s.impedance, **options)


LINKK = (("default", {}), ("complex, capacitance", {"fit_type": "complex", "add_cap": True}))


def times(rng):
    spectra = [simulated(CELLS[k % len(CELLS)], 3e-3, rng) for k in range(24)]
    check(spectra[0])
    ours = clock(check, spectra)
    print(f"eisfit.check, 60 points            {ours:8.2f} ms")
    for name, options in (
        ("default", {}),
        ("complex, capacitance", {"fit_type": "complex", "add_cap": True}),
    ):
        theirs = clock(link(**options), spectra)
        print(f"linKK, {name:27s} {theirs:8.2f} ms   eisfit is {theirs / ours:.1f} times faster")
    frequency = np.logspace(6, -3, 10_000)
    z = 5 + 20 / (1 + (2j * np.pi * frequency * 1e-3) ** 0.8)
    z = z * (1 + 1e-3 * (rng.standard_normal(10_000) + 1j * rng.standard_normal(10_000)))
    large = clock(check, [Spectrum(frequency=frequency, impedance=z)])
    print(f"eisfit.check, 10,000 points        {large:8.0f} ms")


def largest(rows):
    parts = (np.real, np.imag)
    return ", ".join(f"{100 * np.median([np.abs(part(r)).max() for r in rows]):.2f} %" for part in parts)


def quality(rng):
    spectra = [simulated(CELLS[k % len(CELLS)], 3e-3, rng) for k in range(24)]
    print("\nlargest residual at 0.3 % noise, median of 24 (|Re|, |Im|)")
    rows = [check(s).residuals for s in spectra]
    print(f"  eisfit.check                     {largest(rows)}")
    for name, options in (
        ("default", {}),
        ("complex, capacitance", {"fit_type": "complex", "add_cap": True}),
    ):
        rows = []
        for s in spectra:
            with contextlib.redirect_stdout(io.StringIO()):
                *_, real, imag = link(**options)(s)
            rows.append(real + 1j * imag)
        print(f"  linKK, {name:25s} {largest(rows)}")


def rates(count, rng):
    print(f"\nnot ok, of {count} each")
    for noise in (0.0, 1e-4, 1e-3, 3e-3, 1e-2):
        results = [check(simulated(CELLS[k % len(CELLS)], noise, rng)) for k in range(count)]
        alarms = sum(not r.ok for r in results)
        ratio = np.median([r.noise_relative for r in results]) / noise if noise else np.nan
        line = f"  clean, {100 * noise:4.2f} % noise: {alarms:4d} ({100 * alarms / count:.2f} %)"
        print(line + (f", noise found / true {ratio:.3f}" if noise else ""))
    for cell in (*CELLS, *KINDS):
        alarms = [sum(not check(simulated(cell, n, rng)).ok for _ in range(count // 5)) for n in (1e-3, 3e-3)]
        print(f"  {cell.__name__:20s} 0.1 and 0.3 % noise: {alarms[0]}, {alarms[1]} of {count // 5}")
    broken = (
        ("R_ct + 3 % during the sweep", drifting_little),
        ("R_ct + 10 % during the sweep", drifting),
        ("one point off by 5 %", outlying),
    )
    for name, cell in broken:
        for noise in (1e-3, 3e-3, 1e-2):
            found = sum(not check(simulated(cell, noise, rng)).ok for _ in range(count // 5))
            print(f"  {name}, {100 * noise:.1f} % noise: {found} of {count // 5}")


if __name__ == "__main__":
    generator = np.random.default_rng(2026)
    times(generator)
    quality(generator)
    rates(int(sys.argv[1]) if len(sys.argv) > 1 else 500, generator)
