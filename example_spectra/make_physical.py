"""Make the spectra in ``rrml/physical/``: SIMULATED cells from the physical model, with a stated truth.

Run ``python example_spectra/make_physical.py`` after a change; fixed seeds give the same files every time.
R_i and f were solved once so that a plain fit (circuit ``rs-sei-ct-w``) of the noise-free spectra at 25 degC
gives the paper's 51.9 and 36.8 ohm; everything else is assumed, of usual size.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from eisfit.coating.physics.cell import Cell, cell_impedance
from eisfit.coating.physics.channels import ChannelPlate
from eisfit.coating.physics.parameters import COUNTER_ALPHA, coordinates
from eisfit.coating.physics.supports import Flat
from eisfit.files import write_atomic

NOISE = 0.003  # of |Z|, in each part
PLATE = ChannelPlate(100e-4, 60e-4, 20e-4, 10e-4, 20e-4, modes=3)
BARE, GAIN = 86.768, 1.7278
COUNTER_Q = 2e-5  # S s^alpha
TRUTH = {
    "area": 1.13,  # cm^2, a disc of 12 mm
    "sigma_s": 2e-3,
    "kappa": 9e-3,
    "R_i": BARE,  # ohm cm^2
    "Q": 4e-5,  # ten times slower than the other electrode, so that a plain fit parts the two
    "alpha": 0.88,
    "W": 4.0 / 2**0.5,
    "R_s": 3.4,
    "resistivity": 70e-6,
    "s_i": 3.8e-8,
    "chi": 1e-4,  # F/cm^2 of 5.25 nm; it grows with the film's volume
    "counter_R": 4.0,
}
# eV; a resistance falls with temperature, a conductivity rises.
ENERGIES = {
    "R_i": 0.6,
    "R_s": 0.15,
    "W": 0.4,
    "counter_R": 0.6,
    "kappa": -0.15,
    "sigma_s": -0.2,
    "s_i": -0.45,
}
# Replicates differ: R_s in ohm, the rest relative, as drawn once with 0.35 ohm, 3.5, 7 and 7 %.
SCATTER = {
    "bare 1": (0.0, 1.0, 1.0, 1.0),
    "bare 2": (0.21, 1.03, 0.95, 1.04),
    "coated 1": (0.0, 1.0, 1.0, 1.0),
    "coated 2": (-0.3, 0.97, 1.06, 0.96),
    "thick 1": (0.12, 1.02, 1.03, 0.98),
}
THICKNESS = {"coated": 5.25e-7, "thick": 40e-7}  # cm
TEMPERATURES = {"bare 1": (5, 25, 45), "coated 1": (5, 25, 45)}  # degC; the rest at 25
FREQUENCY = np.geomspace(1e5, 1e-2, 36)


def impedance(
    cell: str, celsius: float, changes: dict[str, float] | None = None, omega: np.ndarray | None = None
) -> np.ndarray:
    """Return the noise-free impedance of a cell, ohm, at the frequencies of the spectra or others (rad/s)."""
    kind = cell.split(maxsplit=1)[0]
    more, r_i, q, other = SCATTER[cell]
    values = {**TRUTH, **(changes or {}), "thickness": THICKNESS.get(kind, 5e-7)}
    values |= {"R_s": values["R_s"] + more, "R_i": values["R_i"] * r_i, "Q": values["Q"] * q}
    values["counter_R"] *= other
    values["chi"] *= values["thickness"] / THICKNESS["coated"] if kind != "bare" else 1.0
    if kind != "bare":
        values["R_i"] /= GAIN
    warmer = (1 / 298.15 - 1 / (celsius + 273.15)) / 8.617333262e-5
    values |= {name: values[name] * np.exp(-energy * warmer) for name, energy in ENERGIES.items()}
    values["counter_tau"] = (values["counter_R"] * COUNTER_Q) ** (1 / COUNTER_ALPHA)
    built = Cell(PLATE) if kind == "bare" else Cell(PLATE, "mixed", access=True)
    return cell_impedance(
        built, coordinates(values), 2 * np.pi * FREQUENCY if omega is None else omega
    ).impedance[0]


def drop(cell: str, current: float) -> float:
    """Return the voltage, V, that a current, A, makes at 25 degC at once: the [[dc]] facts of the study.

    Both reactions follow Butler and Volmer's equation with symmetry 1/2, all else is ohmic.
    """
    kT, ends = 8.617333262e-5 * 298.15, np.array([0.0, 1e12])
    whole, fast = (impedance(cell, 25, more, ends).real for more in ({}, {"R_i": 1e-9}))
    other = TRUTH["counter_R"] * SCATTER[cell][3]
    reaction = whole[0] - fast[0]
    curved = sum(2 * kT * np.arcsinh(current * R / (2 * kT)) for R in (reaction, other))
    return float(curved + current * (fast[0] - other))


def make(folder: Path) -> None:
    """Write every spectrum into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    seed = 0
    for cell in SCATTER:
        for celsius in TEMPERATURES.get(cell, (25,)):
            seed += 1
            rng, Z = np.random.default_rng(seed), impedance(cell, celsius)
            noise = rng.standard_normal(Z.size) + 1j * rng.standard_normal(Z.size)
            Z = Z + NOISE * np.abs(Z) * noise
            head = f"# simulated: not measured; {cell}, physical model of eisfit, see make_physical.py"
            head += f"\n# temperature_C: {celsius}\nfrequency_Hz,Z_real_ohm,Z_imag_ohm\n"
            rows = (f"{w:.8g},{z.real:.6g},{z.imag:.6g}" for w, z in zip(FREQUENCY, Z, strict=True))
            name = f"{cell.replace(' ', '_')}_{celsius}C.csv"
            write_atomic(folder / name, head + "\n".join(rows) + "\n")


LAYERED = {
    "area": 1.13 / 2,  # two electrodes alike in series
    "R_s": 6.0,
    "R_i": 22.0,
    "Q": 6e-5,
    "alpha": 0.88,
    "W": 3.0,
}
NATIVE = {"native_R": 85.0, "native_C": 2e-6}
FILM = {"thickness": 20e-7, "s_i": 2e-7, "chi": 20 * 8.854e-14 / 20e-7}


def make_symmetric(folder: Path) -> None:
    """Write spectra of lithium in symmetric cells: with a native layer, and with a film in its place."""
    folder.mkdir(parents=True, exist_ok=True)
    w = 2 * np.pi * FREQUENCY
    cells = {"bare": (Cell(Flat()), NATIVE), "coated": (Cell(Flat(), "dielectric"), FILM)}
    for seed, (name, (cell, own)) in enumerate(cells.items(), 21):
        rng, Z = np.random.default_rng(seed), cell_impedance(cell, coordinates({**LAYERED, **own}), w)[0][0]
        noise = rng.standard_normal(Z.size) + 1j * rng.standard_normal(Z.size)
        Z = Z + NOISE * np.abs(Z) * noise
        head = f"# simulated: not measured; {name}, lithium in a symmetric cell, see make_physical.py"
        head += "\n# temperature_C: 25\nfrequency_Hz,Z_real_ohm,Z_imag_ohm\n"
        rows = (f"{f:.8g},{z.real:.6g},{z.imag:.6g}" for f, z in zip(FREQUENCY, Z, strict=True))
        write_atomic(folder / f"{name}.csv", head + "\n".join(rows) + "\n")


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "rrml" / "physical")
    if len(sys.argv) == 1:
        make_symmetric(Path(__file__).parent / "other_coatings" / "symmetric")
