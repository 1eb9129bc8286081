"""Fits that must not be usable, parameters that must not be determined, arcs that must not be exchanged.

    python benchmarks/faulty.py faulty [tries] [of them from the shell]
    python benchmarks/faulty.py drifting [spectra]
    python benchmarks/faulty.py exchanged [spectra]

`faulty` draws a cell, a fault and a circuit at random and counts the fits that are usable although they miss
by more than 3 % rms, or although the imaginary part is turned or zero; the rms is computed here, from the
values that the fit returns and the data as they were given. `drifting` counts the parameters that are called
determined and lie more than four of their errors off all that they were during the sweep, and off what they
were at first. `exchanged` counts
the spectra of two similar arcs, one with a Warburg, whose arcs come out exchanged and not called ambiguous.

All spectra are simulated: closed forms in plain numpy (`closed_forms.py`), noise below 1 % of |Z|.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from closed_forms import CELLS, RESONANT, log_uniform

import eisfit

CIRCUITS = (
    "rs-rc",
    "rs-ct",
    "rs-ct-w",
    "rs-sei-ct-wo",
    "rs-sei-ct",
    "rs-sei-ct-w",
    "R0-p(R1,C1)-p(R2,C2)",
    "R0-p(R1,CPE1,R2-L2)",
    "R0-L0-p(R1,CPE1)",
    "R0-p(R1,L1,C1)",
    "R0-CPE1",
    "R0-Gs1",
)
CEILING = 0.03  # rms
OFF = 4.0  # standard errors


def sweep(rng, fewest=20):
    top, decades = log_uniform(rng, 1e4, 1e6), rng.uniform(4, 8)
    return np.logspace(np.log10(top), np.log10(top) - decades, rng.integers(fewest, 80))


def noisy(z, noise, rng):
    return z + noise * np.abs(z) * (rng.standard_normal(z.size) + 1j * rng.standard_normal(z.size))


def cell(rng, f):
    kinds = (*CELLS, *RESONANT)
    return kinds[rng.integers(len(kinds))](rng, 2j * np.pi * f)


def wrong_circuit(rng):
    f = sweep(rng)
    return f, cell(rng, f)


def few_points(rng):
    f = np.logspace(5, -2, rng.integers(5, 13))
    return f, cell(rng, f)


def drift(rng):
    """|Z| grows in the sweep, by 5 % to a factor 3, with the time that each period takes."""
    f = sweep(rng)
    seconds = np.cumsum(1 / f)
    return f, cell(rng, f) * log_uniform(rng, 1.05, 3) ** (seconds / seconds[-1])


def outliers(rng):
    f, z = wrong_circuit(rng)
    for k in rng.integers(z.size, size=rng.integers(1, 4)):
        z[k] *= log_uniform(rng, 1.2, 1e3) ** rng.choice([-1, 1]) * np.exp(1j * rng.normal(0, 0.3))
    if rng.random() < 0.2:
        z[rng.integers(z.size)] = 1e30
    return f, z


def resonance(rng):
    f = sweep(rng)
    return f, RESONANT[rng.integers(len(RESONANT))](rng, 2j * np.pi * f)


def imaginary_zero(rng):
    f, z = wrong_circuit(rng)
    return f, z.real + 0j


def imaginary_turned(rng):
    f = sweep(rng)
    return f, CELLS[rng.integers(len(CELLS))](rng, 2j * np.pi * f).conj()


def mixed(rng):
    """Some of the points are another cell's."""
    f, z = wrong_circuit(rng)
    other = rng.random(z.size) < rng.uniform(0.1, 0.5)
    return f, np.where(other, cell(rng, f), z)


def range_jump(rng):
    """The analyser changes its range, and with it its gain."""
    f, z = wrong_circuit(rng)
    return f, z * np.where(f < f[rng.integers(3, f.size - 3)], log_uniform(rng, 1.02, 1.5), 1.0)


def mains_hum(rng):
    """What the mains induce at 50 Hz and its odd harmonics is measured there too."""
    f, z = wrong_circuit(rng)
    near = np.exp(-np.min(np.abs(np.log(f[:, None] / [50, 150, 250])), axis=1) / 0.05)
    return f, z + log_uniform(rng, 0.02, 1) * np.abs(z) * near * np.exp(2j * np.pi * rng.random(f.size))


def cable_overcorrected(rng):
    """An inductance that is not there was taken off."""
    f, z = wrong_circuit(rng)
    return f, z - 2j * np.pi * f * log_uniform(rng, 0.02, 1) * np.abs(z[0]) / (2 * np.pi * f[0])


def overload(rng):
    """The analyser is at the end of its range: |Z| stays at that, the phase goes on."""
    f, z = wrong_circuit(rng)
    limit = np.quantile(np.abs(z), rng.uniform(0.3, 0.95)) * rng.uniform(0.7, 1)
    return f, z * np.minimum(1, limit / np.abs(z))


def other_sweep(rng):
    """The imaginary part is another cell's."""
    f, z = wrong_circuit(rng)
    other = cell(rng, f)
    return f, z.real + 1j * other.imag * np.mean(np.abs(z)) / np.mean(np.abs(other))


def phase_offset(rng):
    """The phase is wrong by 3 to 30 degrees, either way."""
    f, z = wrong_circuit(rng)
    return f, z * np.exp(1j * rng.choice([-1, 1]) * np.radians(log_uniform(rng, 3, 30)))


def ripple(rng):
    """The gain goes up and down over the sweep."""
    f, z = wrong_circuit(rng)
    wave = np.sin(log_uniform(rng, 0.5, 6) * np.log(f) + rng.uniform(0, 2 * np.pi))
    return f, z * (1 + log_uniform(rng, 0.03, 0.4) * wave)


def contact_lost(rng):
    """A contact gets worse: a resistance in series from one point on."""
    f, z = wrong_circuit(rng)
    return f, z + log_uniform(rng, 0.03, 1) * np.mean(np.abs(z)) * (f < f[rng.integers(3, f.size - 3)])


def coarse(rng):
    """Both parts in few steps, as of a converter of few bits."""
    f, z = wrong_circuit(rng)
    step = log_uniform(rng, 0.02, 0.4) * np.max(np.abs(z))
    rounded = step * (np.round(z.real / step) + 1j * np.round(z.imag / step))
    return f, np.where(rounded == 0, step * (0.5 - 0.5j), rounded)


def two_sweeps_in_turn(rng):
    """Every other point is of the cell as it was later: all of it larger, and slower."""
    f = sweep(rng)
    kinds = (*CELLS, *RESONANT)
    kind, state = kinds[rng.integers(len(kinds))], rng.integers(2**32)
    larger, slower = 1 + log_uniform(rng, 0.03, 0.5), 1 + log_uniform(rng, 0.03, 0.5)
    before = kind(np.random.default_rng(state), 2j * np.pi * f)
    after = larger * kind(np.random.default_rng(state), 2j * np.pi * f * slower)
    return f, np.where(np.arange(f.size) % 2, after, before)


def turning(rng):
    """An error as large at every point, which turns from each to the next."""
    f, z = wrong_circuit(rng)
    turn = np.exp(1j * rng.uniform(1.5, 4.8) * np.arange(f.size))
    return f, z * (1 + log_uniform(rng, 0.03, 0.3) * turn)


def absolute_imaginary(rng):
    """-Z'' without its sign: what is inductive looks capacitive."""
    f, z = wrong_circuit(rng)
    return f, z.real - 1j * np.abs(z.imag)


FAULTS = (
    wrong_circuit,
    few_points,
    drift,
    outliers,
    resonance,
    imaginary_zero,
    imaginary_turned,
    mixed,
    range_jump,
    mains_hum,
    cable_overcorrected,
    overload,
    other_sweep,
    phase_offset,
    ripple,
    contact_lost,
    coarse,
    absolute_imaginary,
    two_sweeps_in_turn,
    turning,
)


def by_shell(f, z, circuit):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "simulated.csv"
        rows = [f"{a:.10g},{b:.10g},{c:.10g}" for a, b, c in zip(f, z.real, z.imag, strict=True)]
        path.write_text("frequency/Hz,Re(Z)/Ohm,Im(Z)/Ohm\n" + "\n".join(rows) + "\n", encoding="utf-8")
        command = [sys.executable, "-m", "eisfit", "fit", str(path), "-c", circuit, "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if not done.stdout.strip().startswith("{"):
        return None
    document = json.loads(done.stdout)
    document = document["results"][0] if "results" in document else document
    return None if document.get("error") else document


def by_python(f, z, circuit):
    try:
        return eisfit.fit(eisfit.Spectrum(frequency=f, impedance=z), circuit).to_dict()
    except eisfit.EisfitError:
        return None


def faulty(tries=400, shell=0, seed=2026):
    rng = np.random.default_rng(seed)
    counts = {fault.__name__: [0, 0, 0, 0] for fault in FAULTS}
    start = time.process_time()
    for k in range(tries):
        fault = FAULTS[k % len(FAULTS)]
        circuit = CIRCUITS[rng.integers(len(CIRCUITS))]
        f, z = fault(rng)
        z = noisy(z, log_uniform(rng, 1e-4, 9e-3), rng)
        if fault is imaginary_zero:
            z = z.real + 0j
        # The last tries go through a file and the command.
        document = (by_shell if k >= tries - shell else by_python)(f, z, circuit)
        row = counts[fault.__name__]
        row[0] += 1
        if document is None:
            row[1] += 1
            continue
        values = {name: p["value"] for name, p in document["parameters"].items()}
        model = eisfit.circuit(circuit).impedance(f, values)
        rms = float(np.sqrt(np.mean(np.abs((model - z) / z) ** 2)))
        row[2] += document["ok"]
        flags = [flag["name"] for flag in document["flags"]]
        if "sign_turned" in flags:  # the reader turned it back, and says so
            z = z.conj()
            rms = float(np.sqrt(np.mean(np.abs((model - z) / z) ** 2)))
        never = fault is imaginary_turned and "sign_turned" not in flags
        if document["ok"] and (rms > CEILING or never):
            row[3] += 1
            said = f"rms {100 * rms:.2f} %, {document['grade']} {flags}"
            print(f"  wrong: try {k}, {fault.__name__}, {circuit}, {said}")
    print("fault                tries refused usable wrongly")
    for name, row in counts.items():
        print(f"{name:20s} {row[0]:5d} {row[1]:7d} {row[2]:6d} {row[3]:7d}")
    wrong, seconds = sum(row[3] for row in counts.values()), time.process_time() - start
    print(f"wrongly usable: {wrong} of {tries}, {seconds:.0f} s")


def drifting(spectra=60, seed=2027):
    """R_ct grows by 2 to 8 % while the sweep lasts; a point takes as long as its period."""
    rng = np.random.default_rng(seed)
    f = np.logspace(5, -2, 60)
    s, seconds = 2j * np.pi * f, np.cumsum(1 / f)
    called = off = beyond = usable = 0
    for _ in range(spectra):
        growth = rng.uniform(0.02, 0.08)
        noise = log_uniform(rng, 1e-3, 5e-3)
        before = {
            "R_s": log_uniform(rng, 1, 20),
            "R_ct": log_uniform(rng, 10, 200),
            "CPE_ct_alpha": rng.uniform(0.75, 1.0),
        }
        tau = log_uniform(rng, 1e-3, 1)
        before["CPE_ct_Q"] = tau ** before["CPE_ct_alpha"] / before["R_ct"]
        r_ct = before["R_ct"] * (1 + growth * seconds / seconds[-1])
        z = before["R_s"] + 1 / (1 / r_ct + before["CPE_ct_Q"] * s ** before["CPE_ct_alpha"])
        fit = eisfit.fit(eisfit.Spectrum(frequency=f, impedance=noisy(z, noise, rng)), "rs-ct")
        usable += fit.ok
        for name, low in before.items():
            high = low * (1 + growth) if name == "R_ct" else low
            p = fit[name]
            if p.verdict == "determined":
                called += 1
                miss = max(low - p.value, p.value - high, 0.0)
                if miss > OFF * p.stderr:
                    off += 1
                    print(f"  {name}: {miss / p.stderr:.1f} errors, {100 * miss / low:.2f} %, {fit.grade}")
                elif name == "R_ct" and p.value - low > OFF * p.stderr:
                    beyond += 1
    print(f"drifting 2 to 8 %: {spectra} spectra, {usable} usable, {called} parameters determined")
    print(f"  off all that they were: {off}; R_ct off what it was at first: {beyond + off}")


def exchanged(spectra=120, seed=2028):
    """20 ohm, and 60 ohm with a Warburg, 25 points, 2 % noise."""
    rng = np.random.default_rng(seed)
    f = np.logspace(5, -2, 25)
    s = 2j * np.pi * f
    silent = told = ok = 0
    for _ in range(spectra):
        z = 5 + 20 / (1 + (s * 1e-4) ** 0.85)
        z = z + 1 / (1 / (60 + 4 * np.sqrt(2 / s)) + (s * 5e-3) ** 0.9 / 60)
        fit = eisfit.fit(
            eisfit.Spectrum(frequency=f, impedance=noisy(z, 0.02, rng)), "R0-p(R1,CPE1)-p(R2-W1,CPE2)"
        )
        ok += fit.ok
        turned = abs(np.log(fit["R1"].value / 60)) + abs(np.log(fit["R2"].value / 20)) < abs(
            np.log(fit["R1"].value / 20)
        ) + abs(np.log(fit["R2"].value / 60))
        if turned:
            is_told = "ambiguous" in (fit["R1"].verdict, fit["R2"].verdict) or fit.grade == "D"
            told += is_told
            silent += not is_told
    print(f"exchanged: {silent} of {spectra} silently, {told} told, {ok} usable")


if __name__ == "__main__":
    which = sys.argv[1] if len(sys.argv) > 1 else "faulty"
    {"faulty": faulty, "drifting": drifting, "exchanged": exchanged}[which](*map(int, sys.argv[2:]))
