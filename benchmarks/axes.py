"""Series over temperature, thickness, and two axes at once: coverage of what is told, and the time it takes.

    python benchmarks/axes.py energies --count 100     E_a = 0.50 eV over seven temperatures, single and joint
    python benchmarks/axes.py films --count 100        four films: slope and offset of the line
    python benchmarks/axes.py films --scatter 3 --points 10   ten that scatter by three of their errors more
    python benchmarks/axes.py arcs --count 200         a film's arc beside another 3 to 30 times slower
    python benchmarks/axes.py drift --count 100        sweeps of a drifting cell, each moved to its middle
    python benchmarks/axes.py grid --count 5000        spectra over temperature and state of charge
    python benchmarks/axes.py measured FOLDER          the measured series of `FOLDER` (temperatures in names)

All but the last are simulated. Processor time, not the clock.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

import eisfit
from eisfit.errors import EisfitError

K_EV = 8.617333262e-5
CIRCUIT = "R_s-p(R_ct,CPE_ct)"
CELSIUS = (-20.0, -5.0, 10.0, 20.0, 30.0, 40.0, 50.0)
FREQUENCY = np.logspace(5, -2, 43)


def spectrum(rng, noise, r_ct, r_s=5.0, metadata=None, **place):
    """Return a simulated spectrum with proportional noise."""
    tau = r_ct * 1e-3
    z = r_s + r_ct / (1 + (2j * np.pi * FREQUENCY) ** 0.85 * tau)
    z = z + noise * np.abs(z) * (rng.normal(size=z.size) + 1j * rng.normal(size=z.size))
    return eisfit.Spectrum(FREQUENCY, z, metadata={"simulated": True, **(metadata or {})}, **place)


def activated(celsius, energy=0.5):
    """Return a resistance that is 20 ohm at 25 degC."""
    return 20 * np.exp(energy / K_EV * (1 / (celsius + 273.15) - 1 / 298.15))


def moves(given, count):
    """Return the factors (count, given.points) by which resistances scatter beyond the noise."""
    rng = np.random.default_rng(given.seed + 1000)
    fit = eisfit.fit(spectrum(rng, given.noise, 20.0), CIRCUIT)["R_ct"]
    return np.exp(given.scatter * fit.stderr / fit.value * rng.normal(size=(count, given.points)))


def energies(given):
    """Print how often the 95 % interval of the energy holds the truth, one by one and in one fit."""
    rng, count, noise = np.random.default_rng(given.seed + 1), given.count, given.noise
    found = {"single": [], "joint": []}
    celsius = np.array(CELSIUS) if given.points == len(CELSIUS) else np.linspace(-20, 50, given.points)
    for move in moves(given, count):
        series = [
            spectrum(rng, noise, r, temperature_C=t)
            for r, t in zip(activated(celsius) * move, celsius, strict=True)
        ]
        single = eisfit.track(series, CIRCUIT, by="temperature")
        joint = single.fit_jointly({"R_ct": "arrhenius"})
        for name, track in (("single", single), ("joint", joint)):
            law = track.arrhenius("R_ct")
            found[name].append((law.low <= 0.5 <= law.high, law.stderr, law.activation_energy_eV - 0.5))
    for name, rows in found.items():
        inside, stderr, error = np.array(rows, dtype=float).T
        print(
            f"{name}: 95 % interval holds E_a in {100 * inside.mean():.1f} % of {count}; "
            f"median stderr {1e3 * np.median(stderr):.3f} meV, rms error {1e3 * np.std(error):.3f} meV"
        )


def films(given):
    """Print the coverage of the slope (2 ohm/nm) and the offset (30 ohm) of films of 5 to 40 nm."""
    rng, inside, by_film = np.random.default_rng(given.seed + 2), [], []
    thicknesses = np.geomspace(5, 40, given.points)
    for move in moves(given, given.count):
        series = [
            spectrum(rng, given.noise, r, axes={"thickness": d}, metadata={"area_cm2": 2.0})
            for d, r in zip(thicknesses, (30 + 2 * thicknesses) * move, strict=True)
        ]
        track = eisfit.track(series, CIRCUIT, by="thickness")
        line = track.to_dict(data=False)["lines"]["R_ct"]
        inside.append(
            (line["slope_low"] <= 2 <= line["slope_high"], line["offset_low"] <= 30 <= line["offset_high"])
        )
        film = eisfit.film(track, label="ct")
        truth = {"ionic_conductivity_S_per_cm": 1e-7 / 4, "offset_ohm_cm2": 60.0}
        by_film.append([abs(film.values[n] - t) <= 1.96 * film.stderr[n] for n, t in truth.items()])
    for name, rows in (("track", inside), ("film", by_film)):
        slope, offset = 100 * np.mean(rows, axis=0)
        print(
            f"{given.points} films, {name}: 95 % interval holds the slope in {slope:.1f} %, the offset in "
            f"{offset:.1f} % of {given.count}"
        )


def arcs(given):
    """Print how often a film's arc beside another is told, and how often its interval holds the truth."""
    rng, count, noise = np.random.default_rng(given.seed + 4), given.count, given.noise
    omega = 2j * np.pi * np.logspace(6, -2, 65)
    truth = {"area_resistance_ohm_cm2": 50.0, "area_capacitance_F_per_cm2": 3e-4 / 50}
    for ratio in (3.0, 10.0, 30.0):
        rows, refused = [], 0
        for _ in range(count // 3):
            alphas, other = rng.uniform(0.85, 0.95, 2), rng.uniform(30, 80)
            z = 5 + 50 / (1 + (omega * 3e-4) ** alphas[0]) + other / (1 + (omega * 3e-4 * ratio) ** alphas[1])
            z = z + noise * np.abs(z) * (rng.normal(size=z.size) + 1j * rng.normal(size=z.size))
            s = eisfit.Spectrum(omega.imag / (2 * np.pi), z, metadata={"simulated": True})
            try:
                found = eisfit.film(eisfit.fit(s, "R_s-p(R_film,CPE_film)-p(R_ct,CPE_ct)"), area=1.0)
            except EisfitError:
                refused += 1
                continue
            rows.append([(found.values[n] - t, found.stderr[n], t) for n, t in truth.items()])
        error, stderr, size = np.moveaxis(np.array(rows).reshape(-1, len(truth), 3), 2, 0)
        inside = np.round(100 * np.mean(np.abs(error) <= 1.96 * stderr, axis=0), 1)
        width = np.round(100 * np.median(stderr / size, axis=0), 1)
        print(
            f"arcs 1:{ratio:g}: {len(rows)} told, {refused} refused; 95 % holds R and C in {inside} %, "
            f"median error {width} %"
        )


def drift(given):
    """Print Kramers-Kronig and the coverage of the parameters at mid-sweep, before and after."""
    rng, count, noise = np.random.default_rng(given.seed + 5), given.count, given.noise
    frequency = np.logspace(4, -1.5, 30)
    at = np.cumsum(3 / frequency + 0.5)
    lasts = at[-1] + 10
    omega = 2j * np.pi * frequency

    def of(time):
        u = time / (8 * lasts)
        return {"R_s": 5 + 0.5 * u, "R_ct": 12 * np.exp(0.6 * given.strength * u) + 2 * u**2}

    passed, inside, shares = [], {"before": [], "after": []}, []
    for _ in range(count):
        sweeps = []
        for k in range(8):
            p = of(k * lasts + at)
            z = p["R_s"] + p["R_ct"] / (1 + omega**0.9 * p["R_ct"] * 2e-3)
            z = z + noise * np.abs(z) * (rng.normal(size=z.size) + 1j * rng.normal(size=z.size))
            sweeps.append(eisfit.Spectrum(frequency, z, times=k * lasts + at, cycle=float(k)))
        done = eisfit.correct_drift(sweeps)
        passed += [(row.ok_before, row.ok_after) for row in done.rows]
        for when, series in (("before", sweeps[1:-1]), ("after", done.series)):
            for row, fit in zip(done.rows, eisfit.track(series, "R_s-p(R_ct,CPE_ct)"), strict=True):
                truth = {**of(row.moment), "CPE_ct_Q": 2e-3, "CPE_ct_alpha": 0.9}
                inside[when].append([abs(fit[n].value - t) / fit[n].stderr for n, t in truth.items()])
        shares += [row.largest_change for row in done.rows]
    told = np.round(100 * np.mean(passed, axis=0), 1)
    print(f"drift: {len(passed)} sweeps, up to {100 * max(shares):.0f} % of |Z|; Kramers-Kronig holds in "
          f"{told[0]} % before, {told[1]} % after")  # fmt: skip
    for when, rows in inside.items():
        held = 100 * np.mean(np.array(rows) <= 1.96, axis=0)
        print(f"  {when}: 95 % holds {dict(zip(truth, held.round(1).tolist(), strict=True))}")


def grid(given):
    """Print the processor time of a grid, and its activation energies."""
    rng, count, noise = np.random.default_rng(given.seed + 3), given.count, given.noise
    lines = max(count // 50, 1)
    series = [
        spectrum(rng, noise, activated(t), temperature_C=t, axes={"soc": soc})
        for soc in np.linspace(1, 99, lines)
        for t in np.linspace(-20, 50, count // lines)
    ]
    start = time.process_time()
    track = eisfit.track(series, CIRCUIT, by="temperature,soc")
    fitted = time.process_time()
    document = track.to_dict(data=False)
    found = [part["arrhenius"]["R_ct"]["activation_energy_eV"] for part in document["grid"]]
    print(
        f"grid: {len(series)} spectra on {lines} lines in {fitted - start:.1f} s of the processor, laws and "
        f"table {time.process_time() - fitted:.1f} s; E_a {min(found):.4f} to {max(found):.4f} eV"
    )


def measured(folder, circuit, by):
    """Print the track of a measured series."""
    try:
        print(eisfit.track(eisfit.read_series(folder, by=by), circuit))
    except EisfitError as error:
        print(error)


def main():
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("energies", "films", "arcs", "drift", "grid", "measured"))
    parser.add_argument("folder", nargs="?")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--noise", type=float, default=3e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--points", type=int, help="films (4) or temperatures (7) of a series")
    parser.add_argument("--scatter", type=float, default=0.0, help="beyond the noise, in errors of R_ct")
    parser.add_argument("--strength", type=float, default=1.0, help="of the drift, in its usual one")
    parser.add_argument("--circuit", default=CIRCUIT)
    parser.add_argument("--by", default="temperature")
    given = parser.parse_args()
    if given.what == "measured":
        measured(given.folder, given.circuit, given.by)
    else:
        simulated = {"energies": energies, "films": films, "arcs": arcs, "drift": drift, "grid": grid}
        given.points = given.points or (4 if given.what == "films" else len(CELSIUS))
        simulated[given.what](given)


if __name__ == "__main__":
    main()
