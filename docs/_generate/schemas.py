"""The reference of circuit files and study files, from their schemas."""

from __future__ import annotations

import dataclasses
import inspect
import types
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from _generate.pages import Pages, code, head, table
from eisfit import units
from eisfit.coating import study
from eisfit.coating.film.tables import FilmTable, PhaseTable
from eisfit.coating.study import template
from eisfit.model.circuit_parameters import ROLES
from eisfit.model.files.circuit_file import CircuitFile, ParameterEntry, ReferenceTest
from eisfit.model.schema import ClosedModel, Key, Reader, keys_of
from eisfit.units import Uncertain

__all__ = ["keys", "write"]

_PLAIN = {str: "text", float: "number", int: "whole number", bool: "true or false"}
_CIRCUIT = {
    "the file itself": CircuitFile,
    "`[parameters.NAME]`": ParameterEntry,
    "`[[tests]]`": ReferenceTest,
}
_STUDY = {
    "tables": study.StudyFile,
    "`[study]`": study.Head,
    "`[[cell]]`": study.Cell,
    "an entry of `spectra` in `[[cell]]`": study.SpectrumFile,
    "`[[film]]`": FilmTable,
    "`[[film.reference]]`": PhaseTable,
    "`[support]`": study.Support,
    "`[counter]`": study.Counter,
    "`[scatter]`": study.Scatter,
    "`[[dc]]`": study.DirectCurrent,
}


def keys() -> dict[str, list[str]]:
    """Return every key of both files by the model that has it."""
    return {model.__name__: list(keys_of(model)) for model in [*_CIRCUIT.values(), *_STUDY.values()]}


def write(pages: Pages) -> None:
    """Write both references."""
    pages.write("circuit_file.md", _circuit_file())
    pages.write("study_file.md", _study_file())


def _circuit_file() -> str:
    roles = ", ".join(map(code, ROLES))
    sections = "".join(_section(*item) for item in _CIRCUIT.items())
    return f"{head('circuit_file')}Roles are {roles}.\n\n{sections}"


def _study_file() -> str:
    sections = "".join(_section(*item) for item in _STUDY.items())
    return f"{head('study_file')}{sections}## The template\n\n```toml\n{template().strip()}\n```\n"


def _section(title: str, model: type[ClosedModel]) -> str:
    rows = [
        (code(name), " or ".join(dict.fromkeys(_kinds(key.annotation))), _default(key), key.description)
        for name, key in keys_of(model).items()
    ]
    words = inspect.cleandoc(model.__doc__ or "").replace("``", "`")
    columns = ("key", "value", "default", "meaning")
    return f"## {title[:1].upper()}{title[1:]}\n\n{words}\n\n{table(columns, rows)}\n"


def _kinds(annotation: Any) -> list[str]:  # noqa: PLR0911 - one for each form of a type
    origin, inside = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        unit = next((part.unit for part in inside[1:] if isinstance(part, Reader)), "")
        return [_quantity(unit)] if unit else _kinds(inside[0])
    if origin in (Union, types.UnionType):
        return [kind for part in inside if part is not type(None) for kind in _kinds(part)]
    if origin is list:
        return ["list of " + " or ".join(_kinds(inside[0]))]
    if origin is dict:
        return ["tables by name" if issubclass(inside[1], ClosedModel) else "numbers by name"]
    if origin is Literal:
        return [", ".join(map(code, inside))]
    if isinstance(annotation, type) and issubclass(annotation, ClosedModel):
        return ["table"]
    return [_PLAIN[annotation]]


def _quantity(unit: str) -> str:
    words, example = units._DUE[unit]
    return f"{words}, as {code(example)}" + ("" if unit == "1" else f" ({unit})")


def _default(key: Key) -> str:
    value = key.default
    if value is dataclasses.MISSING:
        return "must be given"
    if value is None or isinstance(value, ClosedModel) or value in ("", []):
        return ""
    if isinstance(value, Uncertain):
        return str(value)
    return code({True: "true", False: "false"}.get(value, value) if isinstance(value, bool) else value)
