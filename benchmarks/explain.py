"""How often `eisfit explain` names the truth, on studies simulated from its priors by a finer model.

``python benchmarks/explain.py --count 40 --from 1000 [--temperatures] [--film] [--straight | --grid]``

Each study draws a hypothesis and every parameter from the priors of the example study (electrode, film,
scatter between cells), simulates whole spectra of a bare and a coated cell with the limit of 12, 24 and 48
modes of the solid, adds 0.3 % of noise, and is searched blindly with the model that the program uses. Told:
how often the truth comes first (native layer and contact also as one group; also where a gain within twice
the scatter between cells, which nobody sees, may be called none), its probability, how often it is below
1 %, how often what comes first is right by its probability, and how often the 95 % intervals hold gains,
conductivities and the reaction, the solid's by quarters of its prior.
With ``--straight`` the channels are cylinders instead of cones; with ``--grid`` they are, and the truth is
the tests' finite-volume solution in two dimensions, which shares nothing with the model that fits it.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from eisfit.coating.inference.assembly import build_problem, make_size_priors
from eisfit.coating.inference.corrections import extrapolate
from eisfit.coating.inference.hypotheses import HYPOTHESES
from eisfit.coating.inference.posterior import Posterior, compute_probabilities
from eisfit.coating.inference.problem import Problem
from eisfit.coating.inference.search import find_posteriors
from eisfit.coating.physics.channels import ChannelPlate
from eisfit.coating.physics.quick_channels import QuickChannels
from eisfit.coating.physics.supports import AreaImpedance
from eisfit.coating.study import load_study

ROOT = Path(__file__).resolve().parent.parent
STUDY = ROOT / "example_spectra" / "rrml" / "study.toml"
TRUE_MODES, NOISE = (12, 24, 48), 0.003
SIZES = {"R_i": 0.5, "Q": 0.5, "W": 0.5, "counter_R": 0.5}
"""Spread of the sizes between studies, in ln; the program is not told: it takes them from each spectrum."""
ALIKE = {"native_layer", "contact"}
WITHOUT = {
    "intrinsic_activity": "barrier_only",
    "area_gain": "barrier_only",
    "access_and_activity": "electronic_access",
    "access_and_area": "electronic_access",
}
"""What a hypothesis is where its gain is one."""


@dataclass(frozen=True)
class Grid:
    """Straight channels as the tests solve them: finite volumes in two dimensions."""

    plate: QuickChannels
    particles: bool = False

    def impedance(self, kappa: Any, sigma: Any, sheet: Any, z: Any) -> AreaImpedance:
        """Area-specific impedance alone."""
        sys.path.insert(0, str(ROOT / "tests" / "coating"))
        from test_channel_plate import channel_impedance

        value, plate = np.empty(z.shape, dtype=np.complex128), self.plate
        for row, col in np.ndindex(z.shape):
            value[row, col] = channel_impedance(
                plate.base,
                sigma[row],
                z[row, col],
                0.0 if sheet is None else sheet[row],
                pitch=plate.pitch,
                depth=plate.depth,
                radius=plate.mouth_radius,
                kappa=kappa[row],
                area=1.0,
            )
        return AreaImpedance(value, *[np.zeros_like(value)] * 4)


def straight(problem: Problem) -> Problem:
    """Return the problem with cylinders of the mean radius."""
    plate = problem.support
    assert isinstance(plate, QuickChannels)
    radius = (plate.mouth_radius + plate.floor_radius) / 2
    return replace(problem, support=replace(plate, mouth_radius=radius, floor_radius=radius))


@dataclass(frozen=True)
class Limit:
    """Channels with infinitely many modes of the solid, from three numbers of them."""

    plates: Sequence[ChannelPlate]
    particles: bool = False

    def impedance(self, kappa: Any, sigma: Any, sheet: Any, z: Any) -> AreaImpedance:
        """Area-specific impedance alone."""
        value = extrapolate(*(plate.impedance(kappa, sigma, sheet, z).value for plate in self.plates))
        return AreaImpedance(value, *[np.zeros_like(value)] * 4)


def chosen_blocks(problem: Problem, temperatures: bool, film: bool) -> Problem:
    """Return the problem with one pair, and on request two more temperatures and a thicker film."""
    bare, coated = problem.pair
    first = {bare.cell, coated.cell}
    blocks = [
        b
        for b in problem.blocks
        if b in (bare, coated)
        or (temperatures and b.cell in first)
        or (film and b.film not in {None, coated.film})
    ]
    return problem.with_blocks(blocks)


def simulate(
    problem: Problem, name: str, rng: np.random.Generator, grid: bool = False
) -> tuple[Problem, dict[str, float]]:
    """Return the problem with spectra of a truth drawn from the priors, and that truth."""
    plate = problem.support
    assert isinstance(plate, QuickChannels)
    sizes = (plate.pitch, plate.depth, plate.mouth_radius, plate.floor_radius, plate.base)
    finer = [ChannelPlate(*sizes, hexagonal=plate.hexagonal, modes=modes) for modes in TRUE_MODES]
    fine = replace(problem, support=Grid(plate) if grid else Limit(finer))
    names = problem.names(HYPOTHESES[name])
    u = rng.standard_normal((1, len(names)))
    for key, spread in SIZES.items():
        u[:, names.index(key)] *= spread / problem.priors[key].sd
    blocks = []
    for block in problem.blocks:
        value = fine.predict(block, HYPOTHESES[name], names, u)[0]
        error = np.repeat(NOISE * np.hypot(*value.reshape(-1, 2).T), 2)
        blocks.append(replace(block, data=value + error * rng.standard_normal(value.size), error=error))
    made = problem.with_blocks(blocks)
    sized = make_size_priors(made.pair[0], float(np.exp(problem.priors["area"].mean)) * plate.roughness)
    by_size = [key for key, prior in problem.priors.items() if prior.source.startswith("size")]
    kept = {key: sized[key] for key in (*by_size, "counter_tau")}
    truth = {
        key: problem.priors[key].mean + problem.priors[key].sd * x for key, x in zip(names, u[0], strict=True)
    }
    return replace(made, priors={**problem.priors, **kept}), truth


def holds(problem: Problem, posterior: Posterior, key: str, value: float) -> bool:
    """Return whether the 95 % interval of a parameter holds a value."""
    k, prior = posterior.names.index(key), problem.priors[key]
    drawn = posterior.draws(4000, np.random.default_rng(0))[:, k]
    low, high = prior.mean + prior.sd * np.quantile(drawn, [0.025, 0.975])
    return bool(low <= value <= high)


def says_so(problem: Problem, name: str, best: str, truth: dict[str, float]) -> bool:
    """Return whether what comes first is the truth, or what it amounts to where its gain cannot be seen."""
    if best == name or {best, name} == ALIKE:
        return True
    gain = next((truth[key] for key in ("f", "g") if key in truth), np.inf)
    between = np.sqrt(2) * problem.priors[f"dR_i:{problem.pair[0].cell}"].sd
    return best == WITHOUT.get(name) and abs(gain) < 2 * between


def quarter(problem: Problem, value: float) -> int:
    """Return which quarter of the prior of the solid's conductivity holds a value."""
    prior = problem.priors["sigma_s"]
    return int(np.searchsorted([-0.6745, 0.0, 0.6745], (value - prior.mean) / prior.sd))


def main() -> None:
    """Run the studies and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--from", dest="first", type=int, default=1000)
    parser.add_argument("--temperatures", action="store_true")
    parser.add_argument("--film", action="store_true")
    parser.add_argument("--straight", action="store_true")
    parser.add_argument("--grid", action="store_true")
    options = parser.parse_args()
    base = chosen_blocks(build_problem(load_study(STUDY)), options.temperatures, options.film)
    base = straight(base) if options.straight or options.grid else base
    rows, quarters, covered = (
        [],
        [[] for _ in range(4)],
        {"f": [], "g": [], "sigma_s": [], "kappa": [], "R_i": []},
    )
    began = time.process_time()
    for seed in range(options.first, options.first + options.count):
        rng = np.random.default_rng(seed)
        name = list(HYPOTHESES)[seed % len(HYPOTHESES)]
        problem, truth = simulate(base, name, rng, options.grid)
        found = find_posteriors(problem, seed)
        p = compute_probabilities(found)
        best = max(p, key=lambda key: p[key])
        group = best == name or {best, name} == ALIKE
        amounts = says_so(problem, name, best, truth)
        rows.append((best == name, group, amounts, p[name], found[best].p_value > 1e-3, p[best]))
        for key, hits in covered.items():
            if key in found[name].names:
                hits.append(holds(problem, found[name], key, truth[key]))
        quarters[quarter(problem, truth["sigma_s"])].append(covered["sigma_s"][-1])
        print(f"{seed} {name:22} {best:22} {p[name]:.3f} p {found[name].p_value:.2g}", flush=True)
    first, grouped, amount, chance, fits, sure = (
        np.array(column, float) for column in zip(*rows, strict=True)
    )
    print(
        f"truth first {first.sum():.0f} of {len(rows)}, native layer and contact as one {grouped.sum():.0f}, "
        f"gains that cannot be seen as none {amount.sum():.0f}; "
        f"its mean probability {chance.mean():.2f}"
    )
    print(f"truth below 1 %: {(chance < 0.01).sum()}; the best fits (p > 0.001): {fits.sum():.0f}")
    for low, high in ((0.0, 0.6), (0.6, 0.8), (0.8, 0.95), (0.95, 1.01)):
        told = (sure >= low) & (sure < high)
        if told.any():
            right = f"right {first[told].sum():.0f} of {told.sum()}"
            print(
                f"first with probability {low:g} to {min(high, 1):g} (mean {sure[told].mean():.2f}): {right}"
            )
    for key, hits in covered.items():
        print(f"95 % interval holds {key}: {sum(hits)} of {len(hits)}")
    pooled = [hit for hits in covered.values() for hit in hits]
    print(f"all of these: {sum(pooled)} of {len(pooled)}, {100 * np.mean(pooled):.1f} %")
    print("sigma_s by quarters:", ", ".join(f"{sum(hits)} of {len(hits)}" for hits in quarters))
    print(f"{(time.process_time() - began) / len(rows):.1f} s of CPU a study")


if __name__ == "__main__":
    main()
