"""Circuits, values and errors in the form of impedance.py (version 1.7), there and back.

Its names are an element and a number (``R0``, ``CPE_1``), its parameters are counted (``CPE1_0``), its file
is JSON with ``Circuit String``, ``Initial Guess``, ``Constants``, ``Parameters`` and ``Confidence``. All
elements that both know mean the same, but one: its code for La computes (L' j omega)^alpha where eisfit, and
its own documentation, say L (j omega)^alpha, so that L = L'^alpha. Its T leaves a term B 1e-10 over u where
1/sinh(u) is smaller. It has the elements of `SHARED_ELEMENTS` alone, and no expressions between parameters.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eisfit.arrays import finite
from eisfit.errors import CircuitError, ParameterError, did_you_mean
from eisfit.files import parse_json, read_text
from eisfit.model.circuit import Circuit
from eisfit.model.notation import Component, Line, Node, Series, components
from eisfit.records import Document, dataclass

if TYPE_CHECKING:
    import pandas as pd

SHARED_ELEMENTS = {"R", "C", "L", "W", "Wo", "Ws", "CPE", "La", "G", "Gs", "K", "Zarc", "TLMQ", "T"}
_NAME = re.compile(r"[A-Za-z]+_?\d+")
Known = Callable[[str], Circuit]


@dataclass(frozen=True, eq=False, repr=False)
class ImpedanceCircuit(Document):
    """A circuit of impedance.py, read.

    Attributes
    ----------
    circuit
        Its `Circuit`: constants are fixed, everything else starts from its values. Ready for `eisfit.fit`.
    values, stderr
        By parameter name, in the parameter's unit: fitted, or the initial guess; an error that is not known
        is None.
    fitted
        Whether impedance.py had fitted it.
    """

    circuit: Circuit
    values: Mapping[str, float]
    stderr: Mapping[str, float | None]
    fitted: bool

    def impedance(self, frequency: ArrayLike) -> NDArray[np.complex128]:
        """Return the impedance, (F,) ohm, at its values; `frequency` (F,) Hz."""
        return self.circuit.impedance(frequency, self.values)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per parameter: value, stderr, unit, vary, and impedance.py's name for it."""
        import pandas as pd

        called = map_names(self.circuit)
        rows = {
            n: {
                "value": self.values[n],
                "stderr": self.stderr[n],
                "unit": p.unit,
                "vary": p.free,
                "impedance.py": called[n],
            }
            for n, p in self.circuit.parameters.items()
        }
        return pd.DataFrame.from_dict(rows, orient="index")

    def __repr__(self) -> str:
        what = "fitted" if self.fitted else "initial guess"
        return f"<ImpedanceCircuit {self.circuit.string}: {what}>\n{self.to_frame().to_string(na_rep='')}"

    def _repr_html_(self) -> str:
        return f"{self.circuit._repr_html_()}{self.to_frame().to_html(na_rep='')}"


def map_names(circuit: Circuit) -> dict[str, str]:
    """Return eisfit's name of every parameter -> impedance.py's.

    >>> map_names(Circuit.from_string("R_s-p(R_ct,CPE_ct)"))
    {'R_s': 'R0', 'R_ct': 'R1', 'CPE_ct_Q': 'CPE1_0', 'CPE_ct_alpha': 'CPE1_1'}
    """
    found: dict[str, str] = {}
    for part, theirs in _components(circuit).items():
        count = len(part.parameter_names)
        counted = [theirs] if count == 1 else [f"{theirs}_{k}" for k in range(count)]
        found.update(zip(part.parameter_names, counted, strict=True))
    return found


def write_string(circuit: Circuit) -> str:
    """Return the circuit string that impedance.py reads.

    Raises
    ------
    CircuitError
        For an element that it does not have.

    Examples
    --------
    >>> write_string(Circuit.from_string("R_s-p(R_ct,CPE_ct)-Wo3"))
    'R0-p(R1,CPE1)-Wo3'
    """
    return _write_node(circuit.tree, {part.name: theirs for part, theirs in _components(circuit).items()})


def write_document(
    circuit: Circuit,
    values: Mapping[str, float],
    stderr: Mapping[str, float | None] | None = None,
    covariance: Callable[[str, str], float] | None = None,
    *,
    freeze_expressions: bool,
) -> dict[str, Any]:
    """Return the document that impedance.py saves.

    Parameters
    ----------
    circuit, values
        What is to be written, and every parameter's value.
    stderr
        Of a fit; None: not fitted yet.
    covariance
        Of two parameters by name, for the error of La's L.
    freeze_expressions
        Write what an expression gives as a constant.

    Raises
    ------
    CircuitError
        For an element that impedance.py does not have.
    ParameterError
        For expressions, which it cannot write.
    """
    string, called = write_string(circuit), map_names(circuit)
    if circuit.expressions and not freeze_expressions:
        name, expression = next(iter(circuit.expressions.items()))
        raise ParameterError(
            f"impedance.py knows no expressions ({name} = {expression.text}): write their present values as "
            "constants with freeze_expressions=True"
        )
    numbers, errors = {n: float(values[n]) for n in called}, dict(stderr or {})
    constant = {n for n, p in circuit.parameters.items() if not p.free}
    for part in components(circuit.tree):
        if part.symbol == "La":
            _convert_la_to_theirs(part, numbers, errors, constant, covariance)
    free = [n for n in called if n not in constant]
    document = {
        "Name": circuit.name,
        "Circuit String": string,
        "Initial Guess": [numbers[n] for n in free],
        "Constants": {called[n]: numbers[n] for n in called if n in constant},
        "Fit": stderr is not None,
    }
    if stderr is not None:
        known = [errors.get(n) for n in free]
        document["Parameters"] = [numbers[n] for n in free]
        document["Confidence"] = [math.nan if error is None else float(error) for error in known]
    return document


def read_file(path: Path, known: Known) -> ImpedanceCircuit:
    """Read a file that ``CustomCircuit.save`` wrote.

    Raises
    ------
    CircuitError
        When there is no such file, or it is another kind of file, or holds what eisfit does not know.
    """
    document = parse_json(read_text(path, CircuitError), str(path), CircuitError)
    return read_document(document, known, f"{path}: ")


def make_document(circuit: Any) -> dict[str, Any]:
    """Return what ``CustomCircuit.save`` would write of a circuit object of impedance.py."""
    fitted = circuit.parameters_ is not None
    return {
        "Name": circuit.name,
        "Circuit String": circuit.circuit,
        "Initial Guess": circuit.initial_guess,
        "Constants": circuit.constants,
        "Fit": fitted,
        "Parameters": circuit.parameters_ if fitted else None,
        "Confidence": circuit.conf_ if fitted else None,
    }


def read_document(document: Any, known: Known, place: str = "") -> ImpedanceCircuit:
    """Return a saved circuit in eisfit's terms.

    Parameters
    ----------
    document
        As ``CustomCircuit.save`` writes it.
    known
        Name -> circuit of that name; a circuit that eisfit wrote gets its own names back.
    place
        What an error begins with.

    Raises
    ------
    CircuitError, ParameterError
        For what eisfit does not know, or numbers that do not belong to the circuit.
    """
    if not isinstance(document, Mapping) or not isinstance(document.get("Circuit String"), str):
        raise CircuitError(f"{place}not a circuit saved by impedance.py: it has no 'Circuit String'")
    try:
        circuit = _rename(document, known)
    except CircuitError as error:
        raise CircuitError(f"{place}impedance.py's {document['Circuit String']!r}: {error}") from None
    constants = _match_names(circuit, document.get("Constants") or {}, place)
    free = [name for name in circuit.names if name not in constants]
    fitted = bool(document.get("Fit"))
    given = _numbers(document.get("Parameters" if fitted else "Initial Guess"), len(free), "values", place)
    if given is None:
        raise ParameterError(f"{place}{circuit.string}: it holds no values")
    sure = _numbers(document.get("Confidence"), len(free), "errors", place) if fitted else None
    values = constants | dict(zip(free, given, strict=True))
    stderr: dict[str, float | None] = dict.fromkeys(circuit.names)
    if sure is not None:
        stderr.update(zip(free, map(finite, sure), strict=True))
    expressions: dict[str, str] = {}
    for part in components(circuit.tree):
        if part.symbol == "La":
            expressions |= _convert_la_from_theirs(part, values, stderr, constants)
    ordered = {name: values[name] for name in circuit.names}
    try:
        ready = _constrain(circuit, ordered, set(constants), expressions)
    except ParameterError as error:
        raise ParameterError(f"{place}{error}") from None
    return ImpedanceCircuit(ready, ordered, stderr, fitted)


def _components(circuit: Circuit) -> dict[Component, str]:
    """Return every component with impedance.py's name for it."""
    parts = list(components(circuit.tree))
    for part in parts:
        if part.symbol not in SHARED_ELEMENTS:
            raise CircuitError(
                f"{circuit.name}: impedance.py has no element {part.symbol} ({part.name}): "
                "the circuit cannot be written for it"
            )
    taken = {part.name for part in parts if _NAME.fullmatch(part.name)}
    found: dict[Component, str] = {}
    for part in parts:
        found[part] = part.name if part.name in taken else _find_free_name(part.symbol, taken)
        taken.add(found[part])
    return found


def _find_free_name(symbol: str, taken: set[str]) -> str:
    number = 0 if symbol == "R" else 1  # as its examples count: R0-p(R1,C1)
    while f"{symbol}{number}" in taken:
        number += 1
    return f"{symbol}{number}"


def _write_node(node: Node, called: Mapping[str, str]) -> str:
    if isinstance(node, Component):
        return called[node.name]
    if isinstance(node, Line):
        raise CircuitError(f"impedance.py has no line of any sub-circuits: {node} cannot be written for it")
    inner = [_write_node(child, called) for child in node.children]
    return "-".join(inner) if isinstance(node, Series) else f"p({','.join(inner)})"


def _rename(document: Mapping[str, Any], known: Known) -> Circuit:
    """Return the circuit, under eisfit's own names where it was written by eisfit."""
    string = document["Circuit String"].replace(" ", "")
    name = document.get("Name")
    if isinstance(name, str) and name:
        try:
            own = known(name)
            if write_string(own) == string and string != own.string:
                return own
        except CircuitError:
            pass  # a name of the user's own
    circuit = Circuit.from_string(string)
    write_string(circuit)
    return circuit


def _match_names(circuit: Circuit, constants: Mapping[str, Any], place: str) -> dict[str, float]:
    ours = {theirs: name for name, theirs in map_names(circuit).items()}
    for name in constants:
        if name not in ours:
            near = did_you_mean(name, ours) or f"; it has {', '.join(ours)}"
            raise ParameterError(f"{place}{circuit.string}: the constant {name!r} is no parameter{near}")
    return {ours[name]: float(value) for name, value in constants.items()}


def _numbers(numbers: Any, size: int, what: str, place: str) -> list[float] | None:
    if numbers is None:
        return None
    row = [math.nan if number is None else float(number) for number in numbers]
    if len(row) != size:
        raise ParameterError(f"{place}{len(row)} {what} for {size} parameters that are not constant")
    return row


def _constrain(
    circuit: Circuit, values: Mapping[str, float], fixed: set[str], expressions: Mapping[str, str]
) -> Circuit:
    """Return the circuit with these values; bounds that exclude a value are dropped."""
    for name, value in values.items():
        if circuit.parameters[name].scale == "log" and value < 0:
            raise ParameterError(f"{circuit.string}: {name} is {value:g}, and cannot be negative")
    rows = {
        name: dataclasses.replace(p, min=min(p.min, values[name]), max=max(p.max, values[name]))
        for name, p in circuit.parameters.items()
    }
    wide = dataclasses.replace(circuit, parameters=rows)
    start = {n: v for n, v in values.items() if n not in fixed and n not in expressions and v != 0}
    return wide.constrain(
        fix={n: values[n] for n in fixed if n not in expressions}, start=start, expr=expressions
    )


def _convert_la_to_theirs(
    part: Component,
    numbers: dict[str, float],
    errors: dict[str, float | None],
    constant: set[str],
    covariance: Callable[[str, str], float] | None,
) -> None:
    """Put L' = L^(1/alpha) in the place of L, with its error from both."""
    L, alpha = part.parameter_names
    ours, power = numbers[L], numbers[alpha]
    numbers[L] = theirs = ours ** (1 / power)
    if covariance is not None and errors.get(L) is not None:
        slope = np.array([theirs / (power * ours), -theirs * math.log(ours) / power**2])
        pair = (L, alpha)
        matrix = np.array([[covariance(a, b) for b in pair] for a in pair])
        errors[L] = float(np.sqrt(slope @ matrix @ slope))
    if alpha not in constant:
        constant.discard(L)  # with L alone constant, L' is none


def _convert_la_from_theirs(
    part: Component, values: dict[str, float], stderr: dict[str, float | None], constants: Mapping[str, float]
) -> dict[str, str]:
    """Put L = L'^alpha in the place of L'; where L' is constant and alpha is not, as an expression."""
    L, alpha = part.parameter_names
    theirs, power, error = values[L], values[alpha], stderr[L]
    values[L] = theirs**power
    if alpha in constants:
        stderr[L] = None if error is None else error * power * theirs ** (power - 1)
        return {}
    stderr[L] = None  # its correlation with alpha is not known
    return {L: f"{theirs!r} ** {alpha}"} if L in constants else {}
