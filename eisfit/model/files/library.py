"""Circuits by name, file or string; a file is one circuit in TOML, with its own reference values."""

from __future__ import annotations

import dataclasses
import os
import warnings
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard, TypeVar

import numpy as np

from eisfit.errors import (
    CircuitError,
    EisfitWarning,
    NotationError,
    ParameterError,
    SchemaError,
    UsageError,
    did_you_mean,
)
from eisfit.files import suggest_file
from eisfit.model.circuit import Circuit
from eisfit.model.circuit_parameters import ROLES, CircuitParameter, default_parameters
from eisfit.model.files.catalogue import NAME, Entry, find_entry, list_built_in, list_entries
from eisfit.model.notation import Component, Series, components, parse, serial_parts

if TYPE_CHECKING:
    from eisfit.model.files.circuit_file import CircuitFile

Given = TypeVar("Given", bound="str | os.PathLike[str] | Circuit")


def circuits() -> tuple[str, ...]:
    """Return the names of the circuits that come with eisfit; `eisfit.model.files.catalogue` lists yours too.

    >>> "rs-sei-ct-w" in circuits()
    True
    """
    return list_built_in()


def circuit(source: str | os.PathLike[str] | Circuit) -> Circuit:
    """Return a circuit from a name, the path of a ``.toml`` file, or a circuit string.

    A name is looked for in the project's ``circuits/``, in the user's, and in eisfit's
    (`eisfit.model.files.catalogue`).
    A name with ``l-`` before it is that circuit with an inductance ``L_cell`` in series.
    Strings of pyimpspec (with values in braces), AutoEIS, EC-Lab's ZFit and Simscape are read
    (`eisfit.model.exchange.foreign_strings`), and a circuit object of impedance.py, and the ``.json`` file
    that it saves (`eisfit.fitting.interop`).

    Raises
    ------
    CircuitError
        When there is no such circuit, or the string cannot be read (`NotationError`).
    SchemaError
        When the file's form is wrong; names the line and the key.

    Warns
    -----
    EisfitWarning
        When a circuit of your own replaces one of the same name that comes with eisfit.

    Examples
    --------
    >>> circuit("rs-sei-ct-w").string
    'R_s-p(R_sei,CPE_sei)-p(R_ct-W_d,CPE_ct)'
    >>> circuit("R0-p(R1,C1)").names
    ('R0', 'R1', 'C1')
    """
    if isinstance(source, Circuit):
        return source
    if not isinstance(source, (str, os.PathLike)):
        return _find_held(source)
    text = os.fspath(source)
    if text.endswith((".toml", ".json")):
        return _load_file(Path(text)) if text.endswith(".toml") else _convert_impedance_py(Path(text))
    named = _find_by_name(text)
    if named is not None:
        return named
    if NAME.fullmatch(text):
        known = list_entries()
        near = did_you_mean(text, known)
        raise CircuitError(f"no circuit is called {text!r}{near or '; they are ' + ', '.join(known)}")
    return _parse_string(text)


def _parse_string(text: str) -> Circuit:
    from eisfit.model.exchange import pyimpspec
    from eisfit.model.exchange.foreign_strings import translate_string

    return pyimpspec.read(text) if pyimpspec.is_code(text) else Circuit.from_string(translate_string(text))


def _make_source_error(source: object) -> str:
    said = (
        f"a circuit is a name, a string, the path of a .toml file or a Circuit, not {type(source).__name__}"
    )
    if isinstance(source, (list, tuple, np.ndarray)):
        return (
            f"{said}; frequencies and impedances go together, as a pair: fit((frequency, impedance), circuit)"
        )
    return said


def _find_by_name(text: str) -> Circuit | None:
    entry = find_entry(text)
    if entry is not None:
        return _load_entry(entry)
    entry = find_entry(text.removeprefix("l-"))
    plain = None if entry is None else _load_entry(entry)
    return None if plain is None or has_inductance(plain) else add_inductance(plain)


def has_inductance(circuit: Circuit) -> bool:
    """Return whether an inductance is among the elements of a circuit."""
    return any(component.symbol in ("L", "La") for component in components(circuit.tree))


def add_inductance(plain: Circuit) -> Circuit:
    """Return a circuit with ``L_cell`` in series before it, by the name with ``l-`` before it."""
    first = Component("L_cell", "L")
    parameters = {**default_parameters(first), **plain.parameters}
    return dataclasses.replace(
        plain, tree=Series((first, *serial_parts(plain.tree))), name=f"l-{plain.name}", parameters=parameters
    )


def _convert_impedance_py(source: Any) -> Circuit:
    from eisfit.model.exchange.impedance_py import make_document, read_document, read_file

    if isinstance(source, Path):
        return read_file(source, circuit).circuit
    return read_document(make_document(source), circuit).circuit


def _load_entry(entry: Entry) -> Circuit:
    if entry.shadows:
        said = f"{entry.name} is your own circuit {entry.path}, not the one that comes with eisfit"
        warnings.warn(said, EisfitWarning, stacklevel=4)
    return load_circuit(entry.path)


def _load_file(path: Path) -> Circuit:
    if not os.path.isfile(path):
        raise CircuitError(f"{path}: there is no such circuit file{suggest_file(path)}")
    return load_circuit(path)


def load_circuit(path: Path) -> Circuit:
    """Read one circuit file, again only when it has changed. See `circuit` for the errors."""
    return _build_circuit(path, path.stat().st_mtime_ns)


@cache
def _build_circuit(path: Path, changed: int) -> Circuit:
    content = _read_file(path, changed)
    try:
        tree = parse(content.circuit)
    except NotationError as error:
        raise SchemaError(f"{path}: circuit: {error}") from None
    table = default_parameters(tree)
    for name in content.parameters:
        if name not in table:
            near = did_you_mean(name, table) or f"; the circuit has {', '.join(table)}"
            raise SchemaError(f"{path}: parameters.{name}: no such parameter{near}")
    parameters = {name: _merge_entry(row, content, path) for name, row in table.items()}
    try:
        return Circuit(tree, path.stem, content.title, tuple(content.references), parameters).constrain()
    except ParameterError as error:
        raise SchemaError(f"{path}: {error}") from None


def _merge_entry(row: CircuitParameter, content: CircuitFile, path: Path) -> CircuitParameter:
    entry = content.parameters.get(row.name)
    if entry is None:
        raise SchemaError(
            f"{path}: parameters.{row.name}: is missing; every parameter has its role and meaning"
        )
    given = {key: value for key, value in vars(entry).items() if value is not None}
    if entry.expr is not None:
        given.update(expr=entry.expr.strip(), vary=False)
    return dataclasses.replace(row, **given)


@cache
def _read_file(path: Path, _changed: int) -> CircuitFile:
    from eisfit.model.files.circuit_file import CircuitFile
    from eisfit.model.schema import load_toml

    content = load_toml(path, CircuitFile)
    for name, entry in content.parameters.items():
        if entry.role not in ROLES:
            near = did_you_mean(entry.role, ROLES) or f"; roles are {', '.join(ROLES)}"
            raise SchemaError(f"{path}: parameters.{name}.role: no role {entry.role!r}{near}")
    return content


def list_reference_tests(path: Path) -> list[tuple[str, dict[str, float], Any, Any]]:
    """Return the reference values in a circuit file: (source, parameters, frequency (F,), impedance (F,))."""
    return [
        (
            test.source,
            test.parameters,
            np.asarray(test.frequency_Hz),
            np.asarray(test.Z_real_ohm) + 1j * np.asarray(test.Z_imag_ohm),
        )
        for test in _read_file(path, path.stat().st_mtime_ns).tests
    ]


def parse_rank(circuit: object) -> int | None:
    """Return which place of the ranking is asked for: 1 by None, N by ``#N``; None where a circuit is given.

    Raises
    ------
    UsageError
        For ``#`` with something else than a place.

    Examples
    --------
    >>> parse_rank(None), parse_rank("#2"), parse_rank("rs-ct")
    (1, 2, None)
    """
    if circuit is None:
        return 1
    if not isinstance(circuit, str) or not circuit.startswith("#"):
        return None
    number = circuit[1:]
    if not (number.isascii() and number.isdigit() and len(number) < 9 and int(number)):
        raise UsageError(f"circuit {circuit!r}: '#2' takes the second that eisfit identify names")
    return int(number)


def _find_held(source: Any) -> Circuit:
    """Return the circuit of a fit, a row of a comparison, an identification, or impedance.py's object."""
    first = getattr(source, "best", None)  # of an identification or a comparison
    for held in (getattr(source, "circuit", None), first, getattr(first, "circuit", None)):
        if isinstance(held, Circuit):
            return held
    if hasattr(source, "circuit") and hasattr(source, "constants"):
        return _convert_impedance_py(source)
    raise CircuitError(_make_source_error(source))


def is_given(circuit: Given | None) -> TypeGuard[Given]:
    """Return whether a circuit is given: not None, and no place in a ranking.

    >>> is_given("rs-ct"), is_given("#2"), is_given(None)
    (True, False, False)
    """
    return parse_rank(circuit) is None
