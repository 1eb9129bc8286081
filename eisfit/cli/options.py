"""Options that mean the same in every command, and how their texts are read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from eisfit.errors import UsageError

__all__ = [
    "DEFAULT_CIRCUIT",
    "AverageDuplicates",
    "Bounds",
    "CircuitName",
    "Expressions",
    "Files",
    "Fixed",
    "FrequencyMax",
    "FrequencyMin",
    "Json",
    "Output",
    "Starts",
    "Weighting",
    "constraints",
    "numbers",
]

T = TypeVar("T")

DEFAULT_CIRCUIT = "rs-sei-ct-w"

Files = Annotated[
    list[str],
    typer.Argument(help="Spectrum files, folders or globs; - reads standard input.", show_default=False),
]
CircuitName = Annotated[
    str, typer.Option("--circuit", "-c", help="A name (eisfit circuits), a circuit string, or a .toml file.")
]
Weighting = Annotated[str, typer.Option("--weighting", help="modulus, proportional, unit or noise.")]
Fixed = Annotated[
    list[str] | None, typer.Option("--fix", metavar="NAME=VALUE", help="Fix a parameter. May be repeated.")
]
Starts = Annotated[
    list[str] | None, typer.Option("--start", metavar="NAME=VALUE", help="Start a parameter here.")
]
Bounds = Annotated[
    list[str] | None,
    typer.Option("--bound", metavar="NAME=LOW:HIGH", help="Bound a parameter; a side may be empty."),
]
Expressions = Annotated[
    list[str] | None, typer.Option("--expr", metavar="NAME=EXPRESSION", help="Tie a parameter to others.")
]
FrequencyMin = Annotated[float | None, typer.Option("--fmin", help="Leave out lower frequencies, Hz.")]
FrequencyMax = Annotated[float | None, typer.Option("--fmax", help="Leave out higher frequencies, Hz.")]
AverageDuplicates = Annotated[
    bool, typer.Option("--average-duplicates", help="Average points that share a frequency.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="DIR", help="Write JSON, CSV and figures into this folder."),
]


def constraints(
    fix: Iterable[str] | None,
    start: Iterable[str] | None,
    bound: Iterable[str] | None,
    expr: Iterable[str] | None,
) -> dict[str, dict[str, Any]]:
    """Return the arguments of `Circuit.constrain` from the texts of the options.

    Raises
    ------
    UsageError
        For a text that is not NAME=VALUE, NAME=LOW:HIGH or NAME=EXPRESSION.
    """
    return {
        "fix": numbers(fix, "--fix"),
        "start": numbers(start, "--start"),
        "bound": _pairs(bound, "--bound", "NAME=LOW:HIGH", _range),
        "expr": _pairs(expr, "--expr", "NAME=EXPRESSION", str),
    }


def numbers(texts: Iterable[str] | None, option: str) -> dict[str, float]:
    """Return name -> number from texts like ``R_s=2.5``."""
    return _pairs(texts, option, "NAME=VALUE", float)


def _pairs(texts: Iterable[str] | None, option: str, form: str, convert: Callable[[str], T]) -> dict[str, T]:
    found: dict[str, T] = {}
    for text in texts or ():
        name, equals, value = text.partition("=")
        try:
            found[name.strip()] = convert(value.strip())
        except ValueError:
            equals = ""
        if not (equals and name.strip() and value.strip()):
            raise UsageError(f"{option} {text!r}: expected {form}")
    return found


def _range(text: str) -> tuple[float, float]:
    low, colon, high = text.partition(":")
    if not colon:
        raise ValueError(text)
    return float(low or "-inf"), float(high or "inf")
