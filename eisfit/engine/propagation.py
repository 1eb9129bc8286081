"""The standard error of anything that follows from the parameters: sqrt(g C g) with the whole covariance.

For one spectrum, `standard_error`; for many at once, `Propagation`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from eisfit.arrays import FloatArray, finite
from eisfit.engine.arcs import name_columns
from eisfit.model.circuit import Circuit

#: Of all parameters by name; it must take complex numbers.
Formula = Callable[[Mapping[str, Any]], Any]

_STEP = 1e-30


class _RecordingParameters(dict[str, Any]):
    """Parameters that remember which of them were asked for."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.asked.add(name)
        return super().__getitem__(name)


def find_inputs(formula: Formula, values: Mapping[str, Any]) -> set[str]:
    """Return the parameters that a formula is made of."""
    watched = _RecordingParameters(values)
    formula(watched)
    return watched.asked


def _find_varied(
    formula: Formula, circuit: Circuit, values: Mapping[str, Any], varied: Sequence[str]
) -> set[str]:
    """Return the varied parameters that a formula may depend on: all, where some are tied to others."""
    return set(varied) if circuit.expressions else find_inputs(formula, values)


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
    one = Propagation.of_one(circuit, values, names, covar)
    return finite(float(one.error(formula)[0])) if np.isfinite(one.value(formula)[0]) else None


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
        (B, V, V) of these, or None: then no error is known.
    """

    def __init__(
        self, circuit: Circuit, values: FloatArray, varied: Sequence[int], covar: FloatArray | None
    ) -> None:
        self.circuit, self.covar, self.count = circuit, covar, len(values)
        self.varied = [circuit.names[k] for k in varied]
        self.named = name_columns(circuit, values)
        self._moved: dict[str, tuple[dict[str, Any], FloatArray]] = {}

    @classmethod
    def of_one(
        cls, circuit: Circuit, values: Mapping[str, float], names: Sequence[str], covar: FloatArray | None
    ) -> Propagation:
        """Return that of one spectrum; see `standard_error`."""
        row = np.array([[values[name] for name in circuit.names]], dtype=float)
        return cls(
            circuit,
            row,
            [circuit.names.index(name) for name in names],
            None if covar is None else covar[np.newaxis],
        )

    def value(self, formula: Formula) -> FloatArray:
        """Return the formula (B,)."""
        with np.errstate(all="ignore"):
            return np.asarray(formula(self.named), dtype=np.float64)

    def error(self, formula: Formula) -> FloatArray:
        """Return its standard error (B,), by complex steps; NaN where it is not known."""
        if self.covar is None:
            return np.full(self.count, np.nan)
        first = {name: column[:1] for name, column in self.named.items()}
        variance = np.zeros(self.count)
        with np.errstate(all="ignore"):
            inputs = _find_varied(formula, self.circuit, first, self.varied)
            gradient = {v: self._differentiate(formula, n) for v, n in enumerate(self.varied) if n in inputs}
            for v, one in gradient.items():
                for w, other in gradient.items():
                    variance += one * self.covar[:, v, w] * other
            return np.asarray(np.sqrt(variance))

    def _differentiate(self, formula: Formula, name: str) -> FloatArray:
        """Return the derivative (B,) by a varied parameter, exactly, by a complex step."""
        if name not in self._moved:
            size = np.abs(self.named[name])
            step = _STEP * np.where(size == 0, 1.0, size)
            moved: dict[str, Any] = {**self.named, name: self.named[name] + 1j * step}
            for tied, expression in self.circuit.expressions.items():
                moved[tied] = expression.evaluate(moved)[0]
            self._moved[name] = moved, step
        moved, step = self._moved[name]
        return np.asarray(np.imag(formula(moved)) / step)
