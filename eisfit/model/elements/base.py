"""What every circuit element is made of: a formula, exact derivatives, a parameter table, two limits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import product
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import ComplexArray, FloatArray
from eisfit.records import dataclass

#: Value (B, F) and the derivatives (B, F), or shapes that broadcast to them, one per parameter.
Evaluation = tuple[ComplexArray, tuple[ComplexArray, ...]]

#: Unit of a parameter -> powers of ohm and of second ("alpha": the exponent of the same component), and a
#: plausible value. What span of values a spectrum can tell of each: `eisfit.engine.coordinates`.
UNITS: dict[str, tuple[int, float | str, float]] = {
    "ohm": (1, 0, 20.0),
    "F": (-1, 1, 1e-5),
    "H": (1, 1, 1e-6),
    "S s^alpha": (-1, "alpha", 1e-4),
    "ohm s^-1/2": (1, -0.5, 5.0),
    "ohm s^alpha": (1, "alpha", 1e-6),
    "s": (0, 1, 1e-2),
    "": (0, 0, 0.8),
}


class FrequencyGrid:
    """Angular frequencies, (F,) or one row per spectrum (B, F), with what the formulas need of them, once.

    Parameters
    ----------
    omega
        Angular frequency, rad/s, positive.
    """

    def __init__(self, omega: FloatArray) -> None:
        self.omega = omega

    @cached_property
    def log_omega(self) -> FloatArray:
        """Natural logarithm of omega."""
        return np.log(self.omega)

    @cached_property
    def log_j_omega(self) -> ComplexArray:
        """Natural logarithm of j omega."""
        return np.asarray(self.log_omega + 0.5j * np.pi, dtype=np.complex128)

    @cached_property
    def j_omega(self) -> ComplexArray:
        """The imaginary unit times omega."""
        return np.asarray(1j * self.omega, dtype=np.complex128)

    @cached_property
    def warburg(self) -> ComplexArray:
        """(1 - j) / sqrt(omega)."""
        return np.asarray((1 - 1j) / np.sqrt(self.omega), dtype=np.complex128)

    def root(self, tau: FloatArray) -> ComplexArray:
        """Return sqrt(j omega tau)."""
        return np.asarray((1 + 1j) * np.sqrt(0.5 * self.omega * tau))

    def rows(self, chosen: NDArray[np.intp]) -> FrequencyGrid:
        """Return the grid of some spectra of a batch; a common grid serves them all."""
        return self if self.omega.ndim == 1 else FrequencyGrid(self.omega[chosen])


@dataclass(frozen=True)
class Parameter:
    """One row of an element's parameter table; bounds, docs, reports and tests all read it.

    Attributes
    ----------
    symbol
        The field's symbol, e.g. ``alpha``. Empty where the component itself is the parameter (R, C, L).
    unit
        Unit as printed everywhere.
    describe
        Meaning, a few words.
    min, max
        Default bounds.
    scale
        ``log``: positive, fitted as its logarithm. ``linear``: fitted as it is.
    typical
        A plausible value, used for examples and figures only (a fit starts from the spectrum).
    """

    symbol: str
    unit: str
    describe: str
    min: float
    max: float
    scale: Literal["log", "linear"]
    typical: float

    @property
    def impedance_power(self) -> int:
        """The power k with which it goes as every impedance of a circuit is scaled: R 1, C -1, tau 0."""
        return {"ohm": 1, "H": 1, "F": -1, "S": -1}.get(self.unit.partition(" ")[0], 0)


@dataclass(frozen=True)
class Asymptote:
    """What an element becomes at one end of the frequency axis.

    Attributes
    ----------
    formula
        As text.
    impedance
        ``(omega, *parameters) -> complex ohm``.
    """

    formula: str
    impedance: Callable[..., ComplexArray]


def make_scan(*options: Sequence[float]) -> Callable[[FloatArray], FloatArray]:
    """Return an `Element.scan`: of one ohm, each time with each of the options of every further parameter.

    >>> make_scan((0.7, 0.9))(np.array([10.0])).tolist()
    [[1.0, 10.0, 0.7], [1.0, 10.0, 0.9]]
    """
    return lambda times: np.array([(1.0, *row) for row in product(times, *options)])


@dataclass(frozen=True)
class Element:
    """A circuit element.

    Attributes
    ----------
    symbol
        As it stands in circuit strings, e.g. ``CPE``.
    title
        Name in words.
    formula
        Impedance as text.
    parameters
        The parameter table, in order.
    evaluate
        ``evaluate(grid, *values) -> (Z, (dZ/dp, ...))`` with values of shape (B, 1) or scalars.
    low, high
        The limits at low and at high frequency.
    reference
        Where the formula comes from.
    scan
        ``scan(times) -> (n, P)``: parameters at an amplitude of one ohm that between them look like every
        spectrum with features at these times (s), for the search of start values. None: the search knows
        this element, or it has nothing but an amplitude.
    role
        What its parameters are where a component's label does not tell it, one of
        `eisfit.model.circuit_parameters.ROLES`.
    """

    symbol: str
    title: str
    formula: str
    parameters: tuple[Parameter, ...]
    evaluate: Callable[..., Evaluation]
    low: Asymptote
    high: Asymptote
    reference: str = ""
    scan: Callable[[FloatArray], FloatArray] | None = None
    role: str = "other"

    def __repr__(self) -> str:
        known = ", ".join(f"{row.symbol} / {row.unit}" if row.unit else row.symbol for row in self.parameters)
        return f"<Element {self.symbol}: {self.title}; {known}>"
