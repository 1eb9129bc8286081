"""Quantities that follow from the parameters, with errors from the full covariance.

Without the correlation between Q and alpha the error of an effective capacitance comes out two to nine times
too large (measured for a typical cell), so every error here is sqrt(g C g) with the gradient g and the whole
covariance matrix C.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from operator import itemgetter
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from eisfit.arrays import BoolArray, FloatArray, IntArray, finite
from eisfit.engine.arcs import Arc, arcs
from eisfit.engine.propagation import Formula, Propagation, find_inputs
from eisfit.fitting.diffusion import list_coefficients
from eisfit.fitting.polarisation import polarisation_resistance
from eisfit.model.circuit import Circuit
from eisfit.model.circuit_cache import cache_per_circuit
from eisfit.model.geometry import Geometry, relative_error
from eisfit.model.notation import Component, components
from eisfit.records import dataclass
from eisfit.units import Uncertain

_NOTHING = Geometry()


class Derived(NamedTuple):
    """A derived quantity; `given` is the relative error that comes from the given geometry of the cell."""

    unit: str
    formula: Formula
    given: float = 0.0


def list_formulas(circuit: Circuit, geometry: Geometry = _NOTHING) -> dict[str, Derived]:
    """Return the formula of everything that this circuit implies, by name.

    For every arc of a resistor beside a CPE or capacitor with the label of the resistor, e.g. ``ct``:
    ``tau_ct`` = (R Q)^(1/alpha); ``f_peak_ct`` = 1 / (2 pi tau); ``C_ct`` = tau / R, the effective
    capacitance for a distribution normal to the surface (C. H. Hsu, F. Mansfeld, Corrosion 57 (2001)
    747). An arc that is one element (`K`, `Zarc`) has its tau as a parameter; the other two go by its full
    name, as in ``f_peak_Zarc1``. ``R_p`` is the polarisation resistance (`eisfit.fitting.polarisation`).

    For the charge-transfer arc of a circuit with a series resistance also ``C_brug_ct`` =
    (Q (1/R_s + 1/R_ct)^(alpha - 1))^(1/alpha), the effective capacitance for a distribution along the surface
    (G. J. Brug et al., J. Electroanal. Chem. 176 (1984) 275). Where the area is known, every resistance and
    capacitance also per area, as in ``R_ct_area`` (ohm cm2) and ``C_ct_area`` (F cm^-2); where what it needs
    is known, the diffusion coefficient of every Warburg element, as in ``D_d``, and MacMullin's number and
    the tortuosity of pores, as in ``N_M_ion`` and ``tortuosity_ion`` (`eisfit.fitting.diffusion`).
    """
    rows = dict(_derive_of_circuit(circuit))
    if geometry.area is not None:
        rows |= dict(_derive_per_area(circuit, rows, geometry.area))
    rows |= {name: Derived(*row) for name, row in list_coefficients(circuit, geometry).items()}
    return {name: row for name, row in rows.items() if name not in circuit.parameters}


def list_dependencies(circuit: Circuit, geometry: Geometry) -> dict[str, frozenset[str]]:
    """Return name -> the parameters that each derived quantity is made of."""
    ones = dict.fromkeys(circuit.names, 1.0)
    table = list_formulas(circuit, geometry)
    return {name: circuit.untie(find_inputs(row.formula, ones)) for name, row in table.items()}


_Named: TypeAlias = tuple[str, Derived]


@cache_per_circuit
def _derive_of_circuit(circuit: Circuit) -> dict[str, Derived]:
    found: dict[str, Derived] = {}
    for arc in arcs(circuit.tree):
        resistor, storage = arc
        label = resistor.label or resistor.name
        taken = f"tau_{label}" in found  # R1 and R_1 have one label: the second arc goes by its full name
        found.update(_derive_of_arc(arc, resistor.name if taken else label))
        found.update(_derive_brug(circuit, resistor, storage, label))
    for component in components(circuit.tree):
        if component.symbol in ("K", "Zarc"):
            found.update(_derive_of_element(component.name))
    if (whole := polarisation_resistance(circuit.tree)) is not None:
        found["R_p"] = Derived("ohm", whole)
    return found


def _derive_brug(circuit: Circuit, resistor: Component, storage: Component, label: str) -> Iterator[_Named]:
    series = [name for name, p in circuit.parameters.items() if p.role == "series" and p.unit == "ohm"]
    if len(series) != 1 or storage.symbol != "CPE":
        return
    if circuit.parameters[resistor.name].role == "charge_transfer":
        (R_s,), (Q, alpha) = series, storage.parameter_names

        def along(p: Mapping[str, Any]) -> Any:
            return (p[Q] * (1 / p[R_s] + 1 / p[resistor.name]) ** (p[alpha] - 1)) ** (1 / p[alpha])

        yield f"C_brug_{label}", Derived("F", along)


def _derive_per_area(circuit: Circuit, found: Mapping[str, Derived], area: Uncertain) -> Iterator[_Named]:
    own = {name: Derived(p.unit, itemgetter(name)) for name, p in circuit.parameters.items()}
    size, error = area.median, relative_error(area)
    for name, row in {**own, **found}.items():
        if row.unit == "ohm":
            yield f"{name}_area", Derived("ohm cm2", partial(_multiply, row.formula, size), error)
        elif row.unit == "F":
            yield f"{name}_area", Derived("F cm^-2", partial(_multiply, row.formula, 1 / size), error)


def _multiply(formula: Formula, factor: float, p: Mapping[str, Any]) -> Any:
    return formula(p) * factor


def _derive_of_element(name: str) -> Iterator[_Named]:
    yield f"f_peak_{name}", Derived("Hz", lambda p: 1 / (2 * np.pi * p[f"{name}_tau"]))
    yield f"C_{name}", Derived("F", lambda p: p[f"{name}_tau"] / p[f"{name}_R"])


def _derive_of_arc(arc: Arc, label: str) -> Iterator[_Named]:
    yield f"tau_{label}", Derived("s", arc.tau)
    yield f"f_peak_{label}", Derived("Hz", lambda p: 1 / (2 * np.pi * arc.tau(p)))
    if arc.storage.symbol == "CPE":
        yield f"C_{label}", Derived("F", lambda p: arc.tau(p) / p[arc.resistor.name])


@dataclass(frozen=True, eq=False, repr=False)
class Column:
    """A derived quantity of many fits: unit, values (B,), standard errors (B,), NaN where not known.

    `rows` (B,) says for which fits there is one; None for all.
    """

    unit: str
    value: FloatArray
    error: FloatArray
    rows: BoolArray | None = None

    @classmethod
    def empty(cls, unit: str, count: int) -> Column:
        """Return a column that is known nowhere yet."""
        return cls(unit, np.full(count, np.nan), np.full(count, np.nan), np.zeros(count, dtype=bool))

    def take(self, chosen: IntArray) -> Column:
        """Return some rows."""
        known = None if self.rows is None else self.rows[chosen]
        return Column(self.unit, self.value[chosen], self.error[chosen], known)

    def fill(self, rows: Sequence[int], other: Column) -> None:
        """Take over some rows of another column."""
        self.value[rows], self.error[rows] = other.value[rows], other.error[rows]
        if self.rows is not None:
            self.rows[rows] = True

    def document(self, b: int) -> dict[str, Any]:
        """Return {value, stderr, unit} of one fit."""
        error = finite(float(self.error[b]))
        return {"value": float(self.value[b]), "stderr": error, "unit": self.unit}


def derive(
    propagated: Propagation, geometry: Geometry = _NOTHING, besides: Collection[str] = ()
) -> dict[str, Column]:
    """Return what follows from the parameters of many fits, but for what is known besides.

    The errors of the geometry are added to those of the fits.
    """
    found = {}
    for name, row in list_formulas(propagated.circuit, geometry).items():
        if name not in besides:
            value = propagated.value(row.formula)
            with np.errstate(all="ignore"):
                error = np.hypot(propagated.error(row.formula), row.given * value)
            # Zero is where a parameter has gone to its bound of zero: the slopes there mean nothing.
            known = np.isfinite(value) & (value != 0)
            found[name] = Column(row.unit, value, np.where(known, error, np.nan))
    return found


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
    one = Propagation.of_one(circuit, values, names, covar)
    return {name: column.document(0) for name, column in derive(one, geometry).items()}
