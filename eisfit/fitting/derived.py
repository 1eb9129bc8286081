"""Quantities that follow from the parameters, with errors from the full covariance.

Without the correlation between Q and alpha the error of an effective capacitance comes out two to nine times
too large (measured for a typical cell), so every error here is sqrt(g C g) with the gradient g and the whole
covariance matrix C.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from operator import itemgetter
from typing import Any

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.engine.arcs import Arc, arcs
from eisfit.engine.propagation import Formula, inputs_of, standard_error
from eisfit.fitting.diffusion import coefficients
from eisfit.model.circuit import Circuit
from eisfit.model.geometry import Geometry, relative_error
from eisfit.model.notation import Component, components
from eisfit.model.once import keep_per_circuit
from eisfit.records import dataclass

__all__ = ["collect_given_errors", "compute_derived", "dependencies", "formulas"]

_NOTHING = Geometry()


def formulas(circuit: Circuit, geometry: Geometry = _NOTHING) -> dict[str, tuple[str, Formula]]:
    """Return name -> (unit, formula of the parameters) of everything that this circuit implies.

    For every arc of a resistor beside a CPE or capacitor with the label of the resistor, e.g. ``ct``:
    ``tau_ct`` = (R Q)^(1/alpha); ``f_peak_ct`` = 1 / (2 pi tau); ``C_ct`` = tau / R, the effective
    capacitance for a distribution normal to the surface (C. H. Hsu, F. Mansfeld, Corrosion 57 (2001)
    747); and ``R_p``, the sum of the arcs' resistances. An arc that is one element (`K`, `Zarc`) has its
    tau as a parameter; the other two go by its full name, as in ``f_peak_Zarc1``.

    For the charge-transfer arc of a circuit with a series resistance also ``C_brug_ct`` =
    (Q (1/R_s + 1/R_ct)^(alpha - 1))^(1/alpha), the effective capacitance for a distribution along the surface
    (G. J. Brug et al., J. Electroanal. Chem. 176 (1984) 275). Where the area is known, every resistance and
    capacitance also per area, as in ``R_ct_area`` (ohm cm2) and ``C_ct_area`` (F cm^-2); where what it needs
    is known, the diffusion coefficient of every Warburg element, as in ``D_d`` (`eisfit.fitting.diffusion`).
    """
    return {name: (row.unit, row.formula) for name, row in _rows(circuit, geometry).items()}


def collect_given_errors(circuit: Circuit, geometry: Geometry) -> dict[str, float]:
    """Return name -> relative standard error that what was given of the cell brings into it."""
    return {name: row.given for name, row in _rows(circuit, geometry).items() if row.given}


def dependencies(circuit: Circuit, geometry: Geometry = _NOTHING) -> dict[str, frozenset[str]]:
    """Return name -> the parameters that each derived quantity is made of."""
    found = {}
    for name, row in _rows(circuit, geometry).items():
        inputs = inputs_of(row.formula, dict.fromkeys(circuit.names, 1.0))
        while tied := inputs & set(circuit.expressions):
            inputs = inputs - tied | {inside for one in tied for inside in circuit.expressions[one].names}
        found[name] = frozenset(inputs)
    return found


@dataclass(frozen=True)
class _Row:
    """A derived quantity; `given` is the relative error that does not come from the fit."""

    unit: str
    formula: Formula
    given: float = 0.0


def _rows(circuit: Circuit, geometry: Geometry) -> dict[str, _Row]:
    rows = {name: _Row(unit, formula) for name, (unit, formula) in _derive_of_circuit(circuit).items()}
    if geometry.area is not None:
        error = relative_error(geometry.area)
        area = _per_area(circuit, rows, geometry.area.median)
        rows |= {name: _Row(unit, formula, error) for name, (unit, formula) in area}
    rows |= {name: _Row(*row) for name, row in coefficients(circuit, geometry).items()}
    return {name: row for name, row in rows.items() if name not in circuit.parameters}


@keep_per_circuit
def _derive_of_circuit(circuit: Circuit) -> dict[str, tuple[str, Formula]]:
    found: dict[str, tuple[str, Formula]] = {}
    resistors = []
    for arc in arcs(circuit.tree):
        resistor, storage = arc
        resistors.append(resistor.name)
        label = resistor.label or resistor.name
        taken = f"tau_{label}" in found  # R1 and R_1 have one label: the second arc goes by its full name
        found.update(_derive_of_arc(arc, resistor.name if taken else label))
        found.update(_brug(circuit, resistor, storage, label))
    for component in components(circuit.tree):
        if component.symbol in ("K", "Zarc"):
            resistors.append(f"{component.name}_R")
            found.update(_derive_of_element(component.name))
    if resistors:
        found["R_p"] = ("ohm", lambda p: sum(p[name] for name in resistors))
    return found


def _brug(
    circuit: Circuit, resistor: Component, storage: Component, label: str
) -> Iterator[tuple[str, tuple[str, Formula]]]:
    series = [name for name, p in circuit.parameters.items() if p.role == "series" and p.unit == "ohm"]
    if len(series) != 1 or storage.symbol != "CPE":
        return
    if circuit.parameters[resistor.name].role == "charge_transfer":
        (R_s,), (Q, alpha) = series, storage.parameter_names
        yield (
            f"C_brug_{label}",
            (
                "F",
                lambda p: (p[Q] * (1 / p[R_s] + 1 / p[resistor.name]) ** (p[alpha] - 1)) ** (1 / p[alpha]),
            ),
        )


def _per_area(
    circuit: Circuit, found: Mapping[str, _Row], area: float
) -> Iterator[tuple[str, tuple[str, Formula]]]:
    own = {name: _Row(p.unit, itemgetter(name)) for name, p in circuit.parameters.items()}
    for name, row in {**own, **found}.items():
        if row.unit == "ohm":
            yield f"{name}_area", ("ohm cm2", partial(_scale, row.formula, area))
        elif row.unit == "F":
            yield f"{name}_area", ("F cm^-2", partial(_scale, row.formula, 1 / area))


def _scale(formula: Formula, factor: float, p: Mapping[str, Any]) -> Any:
    return formula(p) * factor


def _derive_of_element(name: str) -> Iterator[tuple[str, tuple[str, Formula]]]:
    yield f"f_peak_{name}", ("Hz", lambda p: 1 / (2 * np.pi * p[f"{name}_tau"]))
    yield f"C_{name}", ("F", lambda p: p[f"{name}_tau"] / p[f"{name}_R"])


def _derive_of_arc(arc: Arc, label: str) -> Iterator[tuple[str, tuple[str, Formula]]]:
    yield f"tau_{label}", ("s", arc.tau)
    yield f"f_peak_{label}", ("Hz", lambda p: 1 / (2 * np.pi * arc.tau(p)))
    if arc.storage.symbol == "CPE":
        yield f"C_{label}", ("F", lambda p: arc.tau(p) / p[arc.resistor.name])


def compute_derived(
    circuit: Circuit,
    values: Mapping[str, float],
    names: tuple[str, ...],
    covar: FloatArray | None,
    geometry: Geometry = _NOTHING,
) -> dict[str, dict[str, Any]]:
    """Return name -> {value, stderr, unit} for a fitted circuit; verdicts come with the fit's.

    Parameters
    ----------
    circuit
        What was fitted.
    values
        All parameters.
    names, covar
        The varied parameters and their covariance (V, V), or None: then stderr is None.
    geometry
        Of the cell; its errors are added to those of the fit.
    """
    # numpy's numbers: a time constant of zero gives an infinite frequency, where Python's would raise.
    numbers = {name: np.float64(value) for name, value in values.items()}
    with np.errstate(all="ignore"):
        return {
            name: _document(row, standard_error(row.formula, circuit, numbers, names, covar), numbers)
            for name, row in _rows(circuit, geometry).items()
        }


def _document(row: _Row, stderr: float | None, numbers: Mapping[str, Any]) -> dict[str, Any]:
    value = float(row.formula(numbers))
    # Zero is where a parameter has gone to its bound of zero: the slopes there mean nothing.
    both = None if stderr is None or value == 0 else float(np.hypot(stderr, row.given * value))
    return {"value": value, "stderr": both, "unit": row.unit}
