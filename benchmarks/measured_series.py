"""Five measured series over temperature, state of charge, bias and cycles: tables, laws, and a figure.

    python benchmarks/measured_series.py FOLDER [--output DIR]

FOLDER holds measured spectra of public repositories, one folder each, as the tests' EISFIT_REAL_SPECTRA;
a series that is not there is left out, and said. Tables are printed in Markdown; DIR gets the figure.
Where a fit was published, its numbers stand beside ours; the source is in docs/measured_series.md.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

import eisfit
from eisfit.errors import EisfitError
from eisfit.rounding import value_with_error

K_EV = 8.617333262e-5


@dataclass(frozen=True)
class Measured:
    """A series: where it is, what is fitted, which quantities are told and what was published."""

    title: str
    short: str
    place: str
    circuit: str
    by: str | None
    told: tuple[str, ...]
    options: dict[str, object] = field(default_factory=dict)
    joint: dict[str, str] = field(default_factory=dict)
    published: dict[str, str] = field(default_factory=dict)
    published_rows: tuple[str, ...] = ()


SERIES = (
    Measured(
        "Ceramic electrolyte, 413 to 473 K", "ceramic electrolyte",
        "Sheyigold+EISFitpython/EIS_Data/Example-3-4/*deg.txt",
        "p(R_1,CPE_1)-p(R_2,CPE_2)-CPE_d", "temperature", ("R_1", "R_2", "R_1+R_2"),
        joint={"CPE_1_Q": "shared", "CPE_1_alpha": "shared"},
        published={"R_1": "0.569(8)", "R_2": "0.891(3)", "R_1+R_2": "0.8566(7)"},
    ),
    Measured(
        "Li6PS5Cl between blocking steel, -15 to 25 °C", "Li$_6$PS$_5$Cl",
        "jdhuang-csm+hybrid-drt/webinar/data/LPSCl/PEIS*.mpr",
        "R_s-p(R_1,CPE_1)-p(R_e,CPE_e)-CPE_d", "temperature", ("R_s", "R_1", "R_s+R_1"),
    ),
    Measured(
        "ML621 coin cell over state of charge", "ML621 coin cell",
        "ciuccislab+EIS-DCT/EIS-DCT/experimental data/ML621*.csv",
        "R_s-p(R_1,CPE_1)-p(R_2,CPE_2)-CPE_d", "soc", ("R_s", "R_1", "R_2"), {"drop_inductive": True},
    ),
    Measured(
        "Diode over bias", "diode",
        "Zahner-elektrik+Zahner-Analysis-Python/Examples/ImpedanceVsVoltageSeriesFit/measured_spectras/*.ism",
        "L_0-p(R_j,C_j)", "potential", ("R_j",),
        published_rows=("8622", "5739", "2441.7", "357.64", "135.67", "51.559", "2.8751", "1.1120", "0.44897",
                        "0.19582"),
    ),
    Measured(
        "Li-ion cell while it is cycled (AutoEIS)", "Li-ion cell, cycled",
        "AUTODIAL+AutoEIS/src/autoeis/assets/battery_data.npy",
        "R_s-p(R_1,CPE_1)-p(R_2,C_2)-CPE_d", None, ("R_s", "R_1", "R_2"),
    ),
)  # fmt: skip


def tracked(one: Measured, folder: Path):
    """Return the tracks of a series: each spectrum by itself, and jointly where that is asked for."""
    files = sorted(p for p in folder.glob(one.place))
    if not files:
        print(f"## {one.title}\n\nnot in this folder: {one.place}\n")
        return None
    source = files[0] if len(files) == 1 else files
    track = eisfit.track(eisfit.read_series(source, by=one.by), one.circuit, **one.options)
    return track, track.fit_jointly(one.joint) if one.joint else None


def values(track, name):
    """Return places, values and errors (N,) of a parameter or a sum that laws take; NaN where not usable."""
    from eisfit.tracking.growth.values import select_values

    fits = [fit for fit in track if fit.error is None]
    places = track.to_frame()[track.axes[0]].to_numpy(dtype=float)[: len(fits)]
    if np.isnan(places).all():
        places = np.arange(1.0, len(fits) + 1)
    return places, *select_values(fits, track.joint, name)


def show(one: Measured, track, joint):
    """Print the table of a series and its laws."""
    usable = sum(fit.ok for fit in track)
    print(f"## {one.title}\n\nCircuit `{one.circuit}`, {len(track)} spectra, {usable} usable.\n")
    columns = [values(track, name) for name in one.told]
    axis = track.along()[0]
    titles = [axis.label if one.by else "spectrum", "grade", *(f"{name} / ohm" for name in one.told)]
    titles += ["published"] if one.published_rows else []
    print("| " + " | ".join(titles) + " |")
    print("|" + "---|" * len(titles))
    step = max(1, len(track) // 10)
    for k in range(0, len(track), step):
        cells = [value_with_error(v[k], e[k]) if np.isfinite(v[k]) else "-" for _, v, e in columns]
        cells += one.published_rows[k : k + 1]
        print(f"| {columns[0][0][k]:g} | {track[k].grade} | " + " | ".join(cells) + " |")
    print()
    if one.by == "temperature":
        laws(one, track, joint)
    elif one.by == "potential":
        diode(columns[0])
    elif one.by is None:
        print("\n".join(str(track.growth(name, over="index")) for name in one.told) + "\n")


def laws(one: Measured, track, joint):
    """Print the activation energies, of the form with the factor T, with what was published."""
    print("| quantity | E / eV, sigma T = A exp(-E/kT) | jointly | published |\n|---|---|---|---|")
    for name in one.told:
        cells = []
        for source in (track, joint):
            try:
                law = source.arrhenius(name, form="times_temperature")
                told = value_with_error(law.activation_energy_eV, law.stderr)
                cells.append(f"{told} ({law.points} of {law.of})")
            except (AttributeError, EisfitError):
                cells.append("-")
        print(f"| {name} | {' | '.join(cells)} | {one.published.get(name, '-')} |")
    print()


def diode(column):
    """Print the ideality factor n of R_j = (n k T / q I) and its points: ln R_j falls by 1/(n k T) a volt."""
    places, value, error = column
    # Below, a shunt carries part of the current; above, the resistance of the leads is part of what is left.
    use = np.isfinite(value) & (places > 0.06) & (places < 0.2)
    weight = value[use] / error[use]
    slope, covariance = np.polyfit(places[use], np.log(value[use]), 1, w=weight, cov=True)
    n = -1 / (slope[0] * K_EV * 298.15)
    told = value_with_error(n, n * abs(covariance[0, 0] ** 0.5 / slope[0]))
    print(f"Ideality factor {told} at 298 K, from {int(use.sum())} of {len(value)} bias voltages.\n")


def draw(found, target: Path):
    """Draw a panel for each series."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator, NullFormatter

    figure = Figure(figsize=(7.2, 4.6), layout="constrained")
    panels = figure.subplots(2, 3).ravel()
    for ax, letter, (one, track, joint) in zip(panels, "abcde", found, strict=False):
        for name in one.told:
            panel_line(ax, one, joint if joint and "+" not in name else track, name)
        ax.set_yscale("log" if one.by in ("temperature", "potential") else "linear")
        low, high = ax.get_ylim()
        if ax.get_yscale() == "log" and high < 30 * low:  # powers of ten would be all but one label's
            ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            ax.yaxis.set_major_formatter("{x:g}")
            ax.yaxis.set_minor_formatter(NullFormatter())
        labels = {"temperature": "1000 K / T", "soc": "state of charge / %", "potential": "bias / V"}
        ax.set_xlabel(labels.get(one.by, "spectrum"), fontsize=7)
        ax.set_ylabel("R T$^{-1}$ / Ω K$^{-1}$" if one.by == "temperature" else "R / Ω", fontsize=7)
        ax.set_title(f"({letter}) {one.short}", fontsize=7, loc="left")
        ax.tick_params(which="both", labelsize=6)
        ax.legend(fontsize=6, frameon=False)
    for ax in panels[len(found) :]:
        ax.set_axis_off()
    target.mkdir(parents=True, exist_ok=True)
    for form in ("svg", "png"):
        figure.savefig(target / f"measured_series.{form}", dpi=200)


def panel_line(ax, one: Measured, track, name):
    """Draw one quantity with its law."""
    x, y, error = values(track, name)
    if one.by == "temperature":
        kelvin = x + 273.15
        x, y, error = 1000 / kelvin, y / kelvin, error / kelvin
    label = " + ".join(f"$R_\\mathrm{{{part.removeprefix('R_')}}}$" for part in name.split("+"))
    line = ax.errorbar(x, y, error, fmt="o", ms=2.5, lw=0.8, capsize=1.5, label=label)
    if one.by == "temperature" and np.isfinite(y).sum() > 2:
        law = track.arrhenius(name, form="times_temperature")
        ax.plot(x, law(kelvin - 273.15) / kelvin, lw=0.8, color=line[0].get_color())


def main():
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--output", type=Path)
    parser.add_argument("--only", type=int, nargs="*", help="numbers of the series, from 1")
    given = parser.parse_args()
    chosen = [SERIES[k - 1] for k in given.only] if given.only else SERIES
    found = []
    for one in chosen:
        tracks = tracked(one, given.folder)
        if tracks is not None:
            show(one, *tracks)
            found.append((one, *tracks))
    if given.output and found:
        draw(found, given.output)


if __name__ == "__main__":
    main()
