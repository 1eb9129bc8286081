"""To other programs and back: circuits, values and errors of impedance.py.

impedance.py is imported only where one of its objects is made; to read its objects and files takes no import.
"""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from eisfit.errors import CircuitError, ParameterError, UsageError, did_you_mean
from eisfit.fitting.result import FitResult
from eisfit.model.circuit import Circuit
from eisfit.model.exchange import pyimpspec
from eisfit.model.exchange.circuitikz import write_picture
from eisfit.model.exchange.impedance_py import (
    ImpedanceCircuit,
    make_document,
    read_document,
    read_file,
    write_document,
    write_string,
)
from eisfit.model.exchange.spice import write_netlist
from eisfit.model.files.library import circuit as find_circuit


def to_impedance(
    source: FitResult | ImpedanceCircuit | Circuit | str | PathLike[str],
    *,
    start: Mapping[str, float] | None = None,
    freeze_expressions: bool = False,
) -> Any:
    """Return a ``CustomCircuit`` of impedance.py.

    Its `predict` gives what eisfit's circuit gives; its `save` writes impedance.py's own JSON. What is fixed
    here is a constant there. Its parameters come in its own order, under its own
    names: `to_frame` of an `ImpedanceCircuit` lists both.

    Parameters
    ----------
    source
        A fit, which comes with `parameters_` and `conf_` (standard errors, NaN where there is none), or
        anything that `eisfit.circuit` reads, which comes with an initial guess only.
    start
        Values by eisfit's names, for a circuit that does not have them.
    freeze_expressions
        Make what an expression gives a constant there.

    Raises
    ------
    CircuitError
        For an element that impedance.py does not have (TLM, HN and others, each named).
    ParameterError
        For expressions, or where a value is missing.
    """
    from impedance.models.circuits import CustomCircuit

    document = _make_document(source, start or {}, freeze_expressions)
    custom = CustomCircuit(
        document["Circuit String"],
        initial_guess=document["Initial Guess"],
        constants=document["Constants"],
        name=document["Name"],
    )
    if document["Fit"]:
        custom.parameters_ = np.array(document["Parameters"])
        custom.conf_ = np.array(document["Confidence"])
    return custom


def from_impedance(source: Any) -> ImpedanceCircuit:
    """Read a circuit of impedance.py, or the JSON file that it saved.

    Parameters
    ----------
    source
        A ``CustomCircuit`` or ``Randles``, or the path of a file that its `save` wrote.

    Raises
    ------
    CircuitError
        When it is something else, or has an element that eisfit does not know.
    ParameterError
        When its numbers do not belong to its circuit.
    """
    if isinstance(source, (str, PathLike)):
        return read_file(Path(source), find_circuit)
    if not (hasattr(source, "circuit") and hasattr(source, "constants")):
        raise CircuitError(f"{source!r} is no circuit of impedance.py, nor a file that it saved")
    return read_document(make_document(source), find_circuit)


#: What `export` writes.
FORMS = ("spice", "circuitikz", "pyimpspec", "impedance.py")


def export(
    source: FitResult | ImpedanceCircuit | Circuit | str | PathLike[str],
    form: str,
    *,
    values: Mapping[str, float] | None = None,
    fmin: float | None = None,
    fmax: float | None = None,
) -> str:
    """Return a circuit as text for another program.

    Parameters
    ----------
    source
        A fit, with its values, or anything that `eisfit.circuit` reads.
    form
        ``spice`` (a netlist; see `eisfit.model.exchange.spice`), ``circuitikz`` (a figure for LaTeX),
        ``pyimpspec`` (its code, with values where there are some) or ``impedance.py`` (its string).
    values
        By parameter name, for a circuit without its own.
    fmin, fmax
        Frequencies between which a netlist holds, Hz; those of a fit, else 1 mHz and 1 MHz.

    Raises
    ------
    UsageError
        For another form.
    CircuitError
        For an element that the other program does not have.
    ParameterError
        For a netlist without a value for every parameter.

    Examples
    --------
    >>> export("R_s-p(R_ct,C_dl)", "pyimpspec"), export("rs-ct", "impedance.py")
    ('R{:s}(R{:ct}C{:dl})', 'R0-p(R1,CPE1)')
    """
    if form not in FORMS:
        raise UsageError(f"no form is called {form!r}; use {', '.join(FORMS)}{did_you_mean(form, FORMS)}")
    own: Mapping[str, float] = {}
    if isinstance(source, (FitResult, ImpedanceCircuit)):
        circuit, own = source.circuit, source.values
    else:
        circuit = find_circuit(source)
    given = {**own, **(values or {})}
    circuit.check_names(given)
    if form == "circuitikz":
        return write_picture(circuit.tree)
    if form == "impedance.py":
        return write_string(circuit)
    known = {n for n, p in circuit.parameters.items() if p.value is not None or p.expr} | set(given)
    missing = [name for name in circuit.names if name not in known]
    if form == "pyimpspec":
        return pyimpspec.write(circuit, None if missing else circuit.resolve(given))
    if missing:
        need = ", ".join(missing)
        raise ParameterError(
            f"{circuit.name}: a netlist needs a value for {need}: give values={{...}}, or a fit"
        )
    high, low = source.spectrum.frequency[[0, -1]] if isinstance(source, FitResult) else (1e6, 1e-3)
    return write_netlist(circuit, given, fmin=fmin or float(low), fmax=fmax or float(high))


def _make_document(source: Any, start: Mapping[str, float], freeze: bool) -> dict[str, Any]:
    if isinstance(source, FitResult):
        stderr = {name: p.stderr for name, p in source.parameters.items()}
        circuit, values = source.circuit, source.values | dict(start)
        return write_document(circuit, values, stderr, _make_covariance(source), freeze_expressions=freeze)
    if isinstance(source, ImpedanceCircuit):
        fitted = source.stderr if source.fitted else None
        return write_document(source.circuit, {**source.values, **start}, fitted, freeze_expressions=freeze)
    circuit = find_circuit(source).constrain(start=start)
    given = {n: p.value for n, p in circuit.parameters.items() if p.value is not None}
    missing = [n for n, p in circuit.parameters.items() if n not in given and p.expr is None]
    if missing:
        raise ParameterError(
            f"{circuit.name}: impedance.py needs a start value for {', '.join(missing)}: give start={{...}}, "
            "or a fit"
        )
    return write_document(circuit, circuit.resolve(given), freeze_expressions=freeze)


def _make_covariance(result: FitResult) -> Any:
    """Return a function that gives the covariance of two parameters, zero where one was not varied."""
    place = {name: k for k, name in enumerate(result.var_names)}

    def of(one: str, other: str) -> float:
        known = result.covar is not None and one in place and other in place
        return float(result.covar[place[one], place[other]]) if known else 0.0  # type: ignore[index]

    return of
