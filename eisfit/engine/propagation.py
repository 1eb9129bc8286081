"""The standard error of anything that follows from the parameters: sqrt(g C g) with the whole covariance.

For one spectrum, `standard_error`; for many at once, `Propagation`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.model.circuit import Circuit

__all__ = ["Formula", "Propagation", "inputs_of", "standard_error"]

#: Of all parameters by name; it must take complex numbers.
Formula = Callable[[Mapping[str, Any]], Any]

_STEP = 1e-30


class _Watched(dict[str, Any]):
    """Parameters that remember which of them were asked for."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.asked.add(name)
        return super().__getitem__(name)


def inputs_of(formula: Formula, values: Mapping[str, Any]) -> set[str]:
    """Return the parameters that a formula is made of."""
    watched = _Watched(values)
    formula(watched)
    return watched.asked


def _find_varied(
    formula: Formula, circuit: Circuit, values: Mapping[str, Any], varied: Sequence[str]
) -> set[str]:
    """Return the varied parameters that a formula may hang on: all, where some are tied to others."""
    return set(varied) if circuit.expressions else inputs_of(formula, values)


def standard_error(
    formula: Formula,
    circuit: Circuit,
    values: Mapping[str, float],
    names: tuple[str, ...],
    covar: FloatArray | None,
) -> float | None:
    """Return the standard error of a formula of the parameters, None where it or its value is not finite.

    Parameters
    ----------
    formula
        Of all parameters by name.
    circuit, values
        The fitted circuit and all its parameters; those tied by expressions move along.
    names, covar
        The varied parameters and their covariance (V, V), or None.
    """
    if covar is None or not np.isfinite(formula(values)):
        return None
    inputs = _find_varied(formula, circuit, values, names)
    gradient = np.array([_slope(formula, circuit, values, n) if n in inputs else 0.0 for n in names])
    variance = float(gradient @ covar @ gradient)
    return float(np.sqrt(variance)) if np.isfinite(variance) and variance >= 0 else None


def _slope(formula: Formula, circuit: Circuit, values: Mapping[str, float], name: str) -> float:
    """Return the derivative by a varied parameter, exactly, by a complex step."""
    step = _STEP * (abs(values[name]) or 1.0)
    moved: dict[str, Any] = {**values, name: values[name] + 1j * step}
    for tied, expression in circuit.expressions.items():
        moved[tied] = expression.evaluate(moved)[0]
    return float(np.imag(formula(moved)) / step)


class Propagation:
    """Formulas of the parameters for many spectra at once.

    Parameters
    ----------
    circuit
        That was fitted.
    values
        (B, P) of all parameters; those tied by expressions move along.
    varied
        Columns of the varied parameters (V,).
    covar
        (B, V, V) of these.
    """

    def __init__(
        self, circuit: Circuit, values: FloatArray, varied: Sequence[int], covar: FloatArray
    ) -> None:
        self.circuit, self.covar = circuit, covar
        self.varied = [circuit.names[k] for k in varied]
        self.named: dict[str, Any] = {name: values[:, k] for k, name in enumerate(circuit.names)}
        self.moved = []
        for k in varied:
            name, step = circuit.names[k], _STEP * np.maximum(np.abs(values[:, k]), 1e-200)
            moved = {**self.named, name: values[:, k] + 1j * step}
            for tied, expression in circuit.expressions.items():
                moved[tied] = expression.evaluate(moved)[0]
            self.moved.append((moved, step))

    def value(self, formula: Formula) -> FloatArray:
        """Return the formula (B,)."""
        return np.asarray(formula(self.named), dtype=np.float64)

    def error(self, formula: Formula) -> FloatArray:
        """Return its standard error (B,), by complex steps."""
        first = {name: column[:1] for name, column in self.named.items()}
        inputs = _find_varied(formula, self.circuit, first, self.varied)
        gradient = {
            v: np.imag(formula(moved)) / step
            for v, (name, (moved, step)) in enumerate(zip(self.varied, self.moved, strict=True))
            if name in inputs
        }
        variance = np.zeros(len(self.covar))
        for v, one in gradient.items():
            for w, other in gradient.items():
                variance += one * self.covar[:, v, w] * other
        return np.asarray(np.sqrt(variance))
