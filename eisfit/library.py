"""The circuits in ``circuits/``: one TOML file each, found by being there, with its own reference values."""

from __future__ import annotations

import dataclasses
import os
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from eisfit.circuit import ROLES, Circuit, CircuitParameter, default_parameters
from eisfit.errors import CircuitError, NotationError, ParameterError, SchemaError, did_you_mean
from eisfit.files import data_folder
from eisfit.notation import parse

if TYPE_CHECKING:
    from eisfit.circuit_file import CircuitFile

__all__ = ["circuit", "circuits", "load", "reference_tests"]

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def circuits() -> tuple[str, ...]:
    """Return the names of the circuits that come with eisfit.

    >>> "rs-sei-ct-w" in circuits()
    True
    """
    return tuple(sorted(path.stem for path in data_folder("circuits").glob("*.toml")))


def circuit(source: str | os.PathLike[str] | Circuit) -> Circuit:
    """Return a circuit from a name in ``circuits/``, the path of a ``.toml`` file, or a circuit string.

    Raises
    ------
    CircuitError
        When there is no such circuit, or the string cannot be read (`NotationError`).
    SchemaError
        When the file's form is wrong; names the line and the key.

    Examples
    --------
    >>> circuit("rs-sei-ct-w").string
    'R_s-p(R_sei,CPE_sei)-p(R_ct-W_d,CPE_ct)'
    >>> circuit("R0-p(R1,C1)").names
    ('R0', 'R1', 'C1')
    """
    if isinstance(source, Circuit):
        return source
    text = os.fspath(source)
    if text in circuits():
        return load(data_folder("circuits") / f"{text}.toml")
    if text.endswith(".toml"):
        return _user_file(Path(text))
    if _NAME.fullmatch(text):
        near = did_you_mean(text, circuits())
        raise CircuitError(f"no circuit is called {text!r}{near or '; they are ' + ', '.join(circuits())}")
    return Circuit.from_string(text)


def _user_file(path: Path) -> Circuit:
    if not path.is_file():
        raise CircuitError(f"{path}: there is no such circuit file")
    return load(path)


def load(path: Path) -> Circuit:
    """Read one circuit file, again only when it has changed. See `circuit` for the errors."""
    return _load(path, path.stat().st_mtime_ns)


@cache
def _load(path: Path, changed: int) -> Circuit:
    content = _read(path, changed)
    try:
        tree = parse(content.circuit)
    except NotationError as error:
        raise SchemaError(f"{path}: circuit: {error}") from None
    table = default_parameters(tree)
    for name in content.parameters:
        if name not in table:
            near = did_you_mean(name, table) or f"; the circuit has {', '.join(table)}"
            raise SchemaError(f"{path}: parameters.{name}: no such parameter{near}")
    parameters = {name: _merge(row, content, path) for name, row in table.items()}
    try:
        return Circuit(tree, path.stem, content.title, tuple(content.references), parameters).constrain()
    except ParameterError as error:
        raise SchemaError(f"{path}: {error}") from None


def _merge(row: CircuitParameter, content: CircuitFile, path: Path) -> CircuitParameter:
    entry = content.parameters.get(row.name)
    if entry is None:
        raise SchemaError(
            f"{path}: parameters.{row.name}: is missing; every parameter has its role and meaning"
        )
    given: dict[str, Any] = entry.model_dump(exclude_none=True)
    if entry.expr is not None:
        given.update(expr=entry.expr.strip(), vary=False)
    return dataclasses.replace(row, **given)


@cache
def _read(path: Path, _changed: int) -> CircuitFile:
    from eisfit.circuit_file import CircuitFile
    from eisfit.schema import load_toml

    content = load_toml(path, CircuitFile)
    for name, entry in content.parameters.items():
        if entry.role not in ROLES:
            near = did_you_mean(entry.role, ROLES) or f"; roles are {', '.join(ROLES)}"
            raise SchemaError(f"{path}: parameters.{name}.role: no role {entry.role!r}{near}")
    return content


def reference_tests(path: Path) -> list[tuple[str, dict[str, float], Any, Any]]:
    """Return the reference values in a circuit file: (source, parameters, frequency (F,), impedance (F,))."""
    return [
        (
            test.source,
            test.parameters,
            np.asarray(test.frequency_Hz),
            np.asarray(test.Z_real_ohm) + 1j * np.asarray(test.Z_imag_ohm),
        )
        for test in _read(path, path.stat().st_mtime_ns).tests
    ]
