"""Which peak of the distributions is which arc of the circuit, and whether both obey one law."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from eisfit.arrays import NORMAL_95, FloatArray
from eisfit.errors import FitError
from eisfit.fitting.failure import FitFailure
from eisfit.fitting.result import FitResult
from eisfit.model.circuit import Circuit
from eisfit.records import Document, dataclass
from eisfit.spectra.axes import Axis
from eisfit.tracking.arrhenius import fit_arrhenius
from eisfit.tracking.identity import Features
from eisfit.tracking.relaxation.processes import Process
from eisfit.verdict import BELIEVED

_MAX_GAP = 0.5  # decades of tau within which a peak can be an arc's: about the width of a peak at 1 % noise
_MAX_DEPARTURE = 0.25  # largest departure of areas from each other that is called the same


@dataclass(frozen=True)
class Arc(Document):
    """An arc of the circuit beside the distribution.

    Attributes
    ----------
    resistance
        Name of its resistor.
    process
        Number of the peak that stands at its time constant; None where there is none.
    shared_with
        Other resistors whose arcs are the same peak.
    distance_decades
        Median distance of the time constants.
    area_ratio
        Median of the peak's area over the resistance (of all arcs that share it).
    energies
        Over the temperature, ``{arc, arc_stderr, peak, peak_stderr}`` in eV, and ``same``; else None.
    sentence
        All that in words.
    """

    resistance: str
    process: int | None
    shared_with: tuple[str, ...]
    distance_decades: float | None
    area_ratio: float | None
    energies: dict[str, Any] | None
    sentence: str


@dataclass(frozen=True)
class _Course:
    """An arc's resistance with its error and the logarithm of its time constant (N,); NaN where unusable."""

    name: str
    resistance: FloatArray
    error: FloatArray
    log_tau: FloatArray


def match_arcs(
    processes: Sequence[Process],
    results: Sequence[FitResult | FitFailure],
    circuit: Circuit,
    places: FloatArray,
    axis: Axis | None,
) -> tuple[Arc, ...]:
    """Return what each arc of the circuit is among the processes of the distributions."""
    courses = _list_courses(results, circuit)
    nearest = [_find_nearest(course, processes) for course in courses]
    numbers = [number for number, _ in nearest]
    found = []
    for course, (number, distance) in zip(courses, nearest, strict=True):
        if number is None:
            found.append(_make_unmatched_arc(course, distance))
            continue
        together = [c for c, other in zip(courses, numbers, strict=True) if other == number]
        process = processes[number - 1]
        ratio = float(np.nanmedian(process.resistance[0] / sum(c.resistance for c in together)))
        over = axis is not None and axis.name == "temperature" and len(together) == 1
        energies = _compare_energies(course, process, places) if over else None
        others = tuple(c.name for c in together if c is not course)
        told = _describe_match(course.name, process, others, ratio, energies)
        found.append(Arc(course.name, number, others, distance, ratio, energies, told))
    return tuple(found)


def _list_courses(results: Sequence[FitResult | FitFailure], circuit: Circuit) -> list[_Course]:
    features, count = Features(circuit), len(results)
    fits = [(k, one) for k, one in enumerate(results) if isinstance(one, FitResult) and one.ok]
    if not fits or not features.pairs:
        return []
    places = [k for k, _ in fits]
    known = np.full((count, len(features.names)), np.nan)
    known[places] = features.of(np.array([[fit[n].value for n in circuit.names] for _, fit in fits]))
    courses = []
    for (resistor, _), (_, tau) in zip(features.pairs, features.arcs, strict=True):
        value, error = np.full(count, np.nan), np.full(count, np.nan)
        for k, fit in fits:
            parameter = fit[resistor.name]
            if parameter.verdict in BELIEVED and parameter.stderr_noise:
                value[k], error[k] = parameter.value, parameter.stderr_noise
        log_tau = np.where(np.isfinite(value), known[:, tau], np.nan)
        courses.append(_Course(resistor.name, value, error, log_tau))
    return courses


def _find_nearest(course: _Course, processes: Sequence[Process]) -> tuple[int | None, float | None]:
    """Return the number of the process nearest in time, where one is near, and how far it is."""
    usable = int(np.isfinite(course.log_tau).sum())
    distances = []
    for process in processes:
        gaps = np.abs(np.log(process.tau[0]) - course.log_tau)
        seen = gaps[np.isfinite(gaps)]
        if seen.size and 2 * seen.size >= usable:
            distances.append((float(np.median(seen)) / np.log(10), process.number))
    if not distances:
        return None, None
    distance, number = min(distances)
    return number if distance <= _MAX_GAP else None, distance


def _compare_energies(course: _Course, process: Process, places: FloatArray) -> dict[str, Any] | None:
    """Return the activation energies of arc and peak, from the temperatures at which both are known.

    The noise of both is that of one measurement; taken as independent, their difference looks less certain
    than it is.
    """
    law = process.laws.get("resistance", {}).get("arrhenius")
    if law is None:
        return None
    try:
        value, error = course.resistance, course.error
        arc = fit_arrhenius(places, value, error, name=course.name, unit="ohm", form=law["form"])
    except FitError:
        return None
    energy, stderr = law["activation_energy_eV"], law["stderr"]
    apart = abs(energy - arc.activation_energy_eV) / float(np.hypot(stderr, arc.stderr))
    return {
        "arc": arc.activation_energy_eV,
        "arc_stderr": arc.stderr,
        "peak": energy,
        "peak_stderr": stderr,
        "same": bool(apart <= NORMAL_95),
    }


def _make_unmatched_arc(course: _Course, distance: float | None) -> Arc:
    if not np.isfinite(course.resistance).any():
        told = f"{course.name} is not determined in any usable fit: it cannot be held against the peaks"
    elif distance is None:
        told = f"no peak is seen in half of the spectra that determine {course.name}"
    else:
        told = (
            f"no peak stands at the time constant of {course.name}'s arc: the nearest is {distance:.1f} "
            "decades away; the distribution may hold it as part of a larger peak"
        )
    return Arc(course.name, None, (), distance, None, None, told)


def _describe_match(
    name: str, process: Process, others: Sequence[str], ratio: float, energies: dict[str, Any] | None
) -> str:
    from eisfit.rounding import value_with_error

    arcs = " and ".join((name, *others))
    verb = "stands where both arcs are" if others else "is its arc"
    text = f"{arcs}: peak {process.number} {verb}, with {100 * ratio:.0f} % of the resistance"
    if abs(ratio - 1) > _MAX_DEPARTURE:
        text += " (the two divide the spectrum differently)"
    if energies is None:
        return text
    one = value_with_error(energies["peak"], energies["peak_stderr"])
    other = value_with_error(energies["arc"], energies["arc_stderr"])
    same = "the same activation energy" if energies["same"] else "another activation energy"
    return f"{text}; {same}: {one} eV from the peak, {other} eV from the circuit"
