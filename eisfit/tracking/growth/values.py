"""The values along a series that a law may take: of a parameter, or of a sum of resistances.

A sum can be determined where its parts are not. Where an arc's peak lies above the sweep, R_s and its R are
not told apart, but their sum is the level that the impedance comes to as the frequency falls: between
blocking electrodes it is all that a good conductor shows. Likewise of two arcs that have run into one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.engine.arcs import arcs
from eisfit.engine.propagation import standard_error
from eisfit.errors import EisfitError, UsageError, did_you_mean
from eisfit.fitting.result import FitResult
from eisfit.fitting.verdicts.flag_kinds import get_kind
from eisfit.model.circuit import Circuit
from eisfit.model.notation import Component, components, serial_parts
from eisfit.tracking.joint.joint import Joint
from eisfit.tracking.scatter import compute_weights
from eisfit.verdict import BELIEVED, limit

#: The logarithm of a time constant, s, from a fit's values.
LogTime = Callable[[Mapping[str, float]], float]


def list_parts(circuit: Circuit, name: str) -> tuple[str, ...]:
    """Return the parameters of ``R_1`` or ``R_s+R_1``.

    Raises
    ------
    EisfitError
        For an unknown parameter.
    UsageError
        For a sum of what is no resistance.
    """
    if not isinstance(name, str):
        raise UsageError(f"one parameter by its name, or a sum such as 'R_s+R_1', not {name!r}")
    parts = tuple(part.strip() for part in name.split("+"))
    for part in parts:
        if part not in circuit.parameters:
            raise EisfitError(f"no parameter {part!r}{did_you_mean(part, circuit.names)}")
        if len(parts) > 1 and circuit.parameters[part].unit != "ohm":
            raise UsageError(f"{name}: only resistances add up, and {part} is none")
    return parts


def main_parameter(circuit: Circuit) -> str:
    """Return the parameter that is drawn by default: R_ct, or the last resistance.

    >>> from eisfit import circuit
    >>> main_parameter(circuit("rs-ct-w")), main_parameter(circuit("rs-3arcs")), main_parameter(circuit("C1"))
    ('R_ct', 'R_3', 'C1')
    """
    resistances = [name for name, p in circuit.parameters.items() if p.unit == "ohm"]
    return "R_ct" if "R_ct" in resistances else [*circuit.names, *resistances][-1]


def find_unit(circuit: Circuit, name: str) -> str:
    """Return the unit of a parameter or a sum of them."""
    return circuit.parameters[list_parts(circuit, name)[0]].unit


def select_values(fits: Sequence[FitResult], joint: Joint | None, name: str) -> tuple[FloatArray, FloatArray]:
    """Return values and errors (N,) of a parameter, or a sum, that do not depend on other spectra.

    NaN where it is not usable. The errors are the noise's: what a circuit that is only nearly true adds is
    common to the spectra of a cell, and no part of their differences. `eisfit.tracking.scatter` makes weights
    of them.
    """
    if not fits:
        return np.zeros(0), np.zeros(0)
    parts = list_parts(fits[0].circuit, name)
    values, errors = (np.full(len(fits), np.nan),) * 2 if len(parts) > 1 else _read_values(fits, joint, name)
    if joint is None:
        values, errors = _add_sums(fits, parts, values, errors)
    return values, errors * compute_weights(fits)


def _read_values(fits: Sequence[FitResult], joint: Joint | None, name: str) -> tuple[FloatArray, FloatArray]:
    columns: tuple[Sequence[float | None], Sequence[float | None]]
    columns = [fit[name].value for fit in fits], [fit[name].stderr_noise for fit in fits]
    if joint is not None and joint.modes.get(name) == "smooth":
        columns = joint.alone[name], joint.alone[f"{name}_stderr"]
    values, errors = np.array(columns[0], dtype=float), np.array(columns[1], dtype=float)
    told = np.array([fit.ok and fit[name].verdict in BELIEVED for fit in fits], dtype=bool)
    good = told & (errors > 0)
    return np.where(good, values, np.nan), np.where(good, errors, np.nan)


def _add_sums(
    fits: Sequence[FitResult], parts: tuple[str, ...], values: FloatArray, errors: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the columns with the sum of `parts` where that is determined and nothing stands there yet."""
    missing = np.flatnonzero(np.isnan(values))
    times = _list_times(fits[0].circuit)
    if not missing.size or not set(parts) <= set(times):
        return values, errors
    values, errors = values.copy(), errors.copy()
    for k in missing.tolist():
        if (error := _compute_error_of_sum(fits[k], parts, times)) is not None:
            values[k], errors[k] = sum(fits[k].values[part] for part in parts), error
    return values, errors


def _compute_error_of_sum(fit: FitResult, parts: tuple[str, ...], times: dict[str, LogTime]) -> float | None:
    """Return the standard error of a sum where the spectrum determines it, else None.

    The sum of all that is faster than some frequency of the sweep is a level of Z' in it. Of another sum, no
    part may be extrapolated or open. Other optima that the data allows must agree on it.
    """
    if fit.grade == "D" or any(flag.forbids and not get_kind(flag).of_parts for flag in fit.flags):
        return None
    ordered = _sort_resistances(fit, times)
    level = set(parts) == set(ordered[: len(parts)])
    lowest = np.log(float(fit.spectrum.omega[-1]))
    seen = level and -times[ordered[len(parts) - 1]](fit.values) > lowest
    if not seen and (len(parts) == 1 or any(fit[part].verdict in ("extrapolated", "open") for part in parts)):
        return None
    error = standard_error(partial(_sum_parts, parts), fit.circuit, fit.values, fit.var_names, fit.covar)
    total = float(_sum_parts(parts, fit.values))
    if not error or error * _compute_widening(fit, parts) > limit("extrapolated") * total:
        return None
    others = [float(_sum_parts(parts, one["values"])) for one in fit.alternatives]
    return None if any(abs(other - total) > limit("extrapolated") * total for other in others) else error


def _compute_widening(fit: FitResult, parts: tuple[str, ...]) -> float:
    """Return by how much the circuit's own error widens that of a part, at most: of a sum it is not kept."""
    pairs = [(fit[part].stderr, fit[part].stderr_noise) for part in parts]
    return max((whole / noise for whole, noise in pairs if whole and noise), default=1.0)


def _sum_parts(parts: tuple[str, ...], p: Any) -> Any:
    return sum(p[part] for part in parts)


def _sort_resistances(fit: FitResult, times: dict[str, LogTime]) -> list[str]:
    """Return the resistances from fast to slow."""
    return sorted(times, key=lambda name: times[name](fit.values))


def _list_times(circuit: Circuit) -> dict[str, LogTime]:
    """Return the resistances that add up to the circuit's levels, and the ln tau of each; -inf in series."""
    found: dict[str, LogTime] = {}
    for one in serial_parts(circuit.tree):
        if isinstance(one, Component) and one.symbol == "R":
            found[one.name] = lambda _: -np.inf
    found |= {arc.resistor.name: arc.log_tau for arc in arcs(circuit.tree)}
    for one in components(circuit.tree):
        if one.symbol in ("K", "Zarc"):
            found[f"{one.name}_R"] = partial(_compute_log, f"{one.name}_tau")
    return found


def _compute_log(name: str, p: Any) -> Any:
    with np.errstate(divide="ignore"):
        return np.log(p[name])


def iterate_useful_sums(fits: Sequence[FitResult], circuit: Circuit) -> Iterator[str]:
    """Yield the sums of resistances, from fast to slow, that say more than their parts.

    Such a one is determined in more spectra than one of its parts. Between blocking electrodes the sum of all
    is told too: that is the conductor's own resistance, of which grains and their boundaries are parts.
    """
    times, blocks = _list_times(circuit), _blocks_direct_current(circuit)
    usable = [fit for fit in fits if fit.grade != "D"]
    if len(times) < 2 or not usable:
        return
    seen = {name: int(np.isfinite(select_values(fits, None, name)[0]).sum()) for name in times}
    if not blocks and min(seen.values()) == len(fits):
        return
    middle = {name: float(np.median([time(fit.values) for fit in usable])) for name, time in times.items()}
    ordered = sorted(times, key=lambda name: middle[name])
    for count in range(2, len(ordered) + 1):
        name, least = "+".join(ordered[:count]), min(seen[part] for part in ordered[:count])
        whole = count == len(ordered) and blocks
        if whole or (least < len(fits) and np.isfinite(select_values(fits, None, name)[0]).sum() > least):
            yield name


def _blocks_direct_current(circuit: Circuit) -> bool:
    """Return whether a capacitive element in series stops a direct current."""
    parts = serial_parts(circuit.tree)
    return any(isinstance(one, Component) and one.symbol in ("C", "CPE") for one in parts)
