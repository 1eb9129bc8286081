"""One table for several programs: optimum reached, circuit named, intervals, time.

    python benchmarks/bench/programs.py [spectra] [first seed] [other.json ...]
    python benchmarks/bench/programs.py [spectra] [first seed] --write spectra.json

The spectra are those of `structures.py` (simulated, twelve kinds, 0.3 % noise), the circuit is given.
Programs that need start values get the truth, each value off by a random factor of 1.65 (one standard
deviation); weights are the modulus. An adapter is a function of about twenty lines. Programs under the GPL
run elsewhere, from a file outside this repository: ``--write`` gives them the spectra, and they leave
``{"program": ..., "fits": [{"values": {...}, "stderr": {...}, "named": null, "seconds": ...}, ...]}``.

Optimum reached: chisqr at most 1 % above the lowest that the truth or any of the programs gives. Named: the
structure that the spectrum was made with, or one the data cannot tell from it. Intervals: the share of the
true values within 1.96 standard errors, of the fits that reached the optimum; 95 % is right.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
from structures import KINDS, Case, draw

import eisfit
from eisfit.fitting.identify.structures import shape_of
from eisfit.model.notation import parse

_REACHED = 1.01
_INTERVAL = 1.96


def by_eisfit(case: Case, start: list[float]) -> dict:
    """Fit the given circuit without start values; name one without a list."""
    spectrum = eisfit.Spectrum(frequency=case.frequency, impedance=case.impedance)
    began = time.process_time()
    result = eisfit.fit(spectrum, case.string)
    seconds = time.process_time() - began
    first = eisfit.identify(spectrum).first
    return {
        "values": result.values,
        "stderr": {name: result[name].stderr for name in result.values},
        "named": first is not None
        and shape_of(parse(case.string)) in map(shape_of, map(parse, first.drawings)),
        "seconds": seconds,
    }


def by_impedance_py(case: Case, start: list[float]) -> dict:
    """Fit from start values; it names no circuit."""
    from impedance.models.circuits import CustomCircuit

    began = time.process_time()
    model = CustomCircuit(case.string, initial_guess=start)
    model.fit(case.frequency, case.impedance, weight_by_modulus=True)
    seconds = time.process_time() - began
    names = eisfit.circuit(case.string).names
    values = dict(zip(names, model.parameters_.tolist(), strict=True))
    errors = dict(zip(names, model.conf_.tolist(), strict=True))
    return {"values": values, "stderr": errors, "named": None, "seconds": seconds}


ADAPTERS: dict[str, Callable[[Case, list[float]], dict]] = {
    "eisfit": by_eisfit,
    "impedance.py": by_impedance_py,
}


def cases(count: int, first: int) -> list[tuple[Case, list[float]]]:
    """Return spectra with start values for each."""
    found = []
    for number in range(count):
        case = draw(number % len(KINDS), first + number // len(KINDS))
        kick = np.exp(np.random.default_rng([number, first]).normal(0, 0.5, 40))
        names = eisfit.circuit(case.string).names
        start = [
            0.85 if n.endswith("alpha") else case.values[n] * k for n, k in zip(names, kick, strict=False)
        ]
        found.append((case, start))
    return found


def run(name: str, given: list[tuple[Case, list[float]]]) -> dict:
    """Return a program's document; what it raises is a fit that failed, and said."""
    fits = []
    for case, start in given:
        try:
            fits.append(ADAPTERS[name](case, start))
        except Exception as error:  # of a program that is not ours: counted as a failure
            print(f"{name}, {case.string}: {str(error)[:100]}", flush=True)
            fits.append({"values": None, "stderr": None, "named": None, "seconds": None})
    return {"program": name, "fits": fits}


def chisqr(case: Case, values: dict | None) -> float:
    if values is None:
        return np.inf
    with np.errstate(all="ignore"):
        model = eisfit.circuit(case.string).impedance(case.frequency, values)
        total = float(np.sum(np.abs(model / case.impedance - 1) ** 2))
    return total if np.isfinite(total) else np.inf


def inside(case: Case, fit: dict) -> list[bool]:
    """Return whether each true value lies in its interval; equal parts in another order are none of ours."""
    errors = fit["stderr"] or {}
    known = [name for name in case.values if errors.get(name) and np.isfinite(errors[name])]
    return [abs(fit["values"][n] - case.values[n]) <= _INTERVAL * errors[n] for n in known]


def table(given: list[tuple[Case, list[float]]], documents: list[dict]) -> str:
    costs = [
        [chisqr(case, fit["values"]) for (case, _), fit in zip(given, d["fits"], strict=True)]
        for d in documents
    ]
    truths = [chisqr(case, case.values) for case, _ in given]
    least = np.minimum(np.min(costs, axis=0), truths)
    lines = ["| program | optimum | named | intervals | median ms |", "|---|---|---|---|---|"]
    for document, cost in zip(documents, costs, strict=True):
        reached = np.array(cost) <= _REACHED * least
        rows = list(zip(given, document["fits"], reached, strict=True))
        held = [ok for (case, _), fit, good in rows if good for ok in inside(case, fit)]
        named = [fit["named"] for fit in document["fits"] if fit["named"] is not None]
        seconds = [fit["seconds"] for fit in document["fits"] if fit["seconds"] is not None]
        said = f"{sum(named)} of {len(named)}" if named else "-"
        held_said = f"{np.mean(held):.0%}" if held else "-"
        lines.append(
            f"| {document['program']} | {reached.sum()} of {len(given)} | {said} | {held_said} "
            f"| {1e3 * np.median(seconds):.0f} |"
        )
    return "\n".join(lines)


def written(given: list[tuple[Case, list[float]]]) -> str:
    rows = [
        {
            "circuit": case.string,
            "frequency_Hz": case.frequency.tolist(),
            "Z_real_ohm": case.impedance.real.tolist(),
            "Z_imag_ohm": case.impedance.imag.tolist(),
            "start": dict(zip(eisfit.circuit(case.string).names, start, strict=True)),
        }
        for case, start in given
    ]
    return json.dumps({"simulated": True, "spectra": rows})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("spectra", nargs="?", type=int, default=24)
    parser.add_argument("first", nargs="?", type=int, default=0)
    parser.add_argument("others", nargs="*", type=Path)
    parser.add_argument("--write", type=Path)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    given = cases(asked.spectra, asked.first)
    if asked.write:
        asked.write.write_text(written(given), encoding="utf-8")
        return
    documents = [run(name, given) for name in ADAPTERS]
    documents += [json.loads(path.read_text(encoding="utf-8")) for path in asked.others]
    print(table(given, documents))


if __name__ == "__main__":
    main()
