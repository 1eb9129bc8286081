"""The reference of the JSON documents: the commands are run on the examples, their keys listed."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from _generate.pages import Pages, code, head, table
from eisfit.records import (
    BATCH_SCHEMA,
    CELLS_SCHEMA,
    CHECK_SCHEMA,
    CIRCUIT_CHECK_SCHEMA,
    CIRCUITS_SCHEMA,
    COMPARE_SCHEMA,
    DOCTOR_SCHEMA,
    DRT_SCHEMA,
    EXAMPLES_SCHEMA,
    EXPLAIN_SCHEMA,
    FIT_SCHEMA,
    IDENTIFY_SCHEMA,
    INFO_SCHEMA,
    TRACK_SCHEMA,
)

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = [
    "COMMANDS",
    "NAMED",
    "WHOLE",
    "document",
    "is_column",
    "meaning",
    "meanings",
    "objects",
    "paths",
    "schema_file",
    "write",
]

_DOCS = Path(__file__).resolve().parent.parent
_ROOT = _DOCS.parent
_CELL = "example_spectra/rrml/bare"
_FILE = f"{_CELL}/bare_cycle_003.csv"

#: What is run for each schema.
COMMANDS: dict[str, tuple[str, ...]] = {
    FIT_SCHEMA: ("fit", _FILE, "--interval", "0.95"),
    TRACK_SCHEMA: ("track", _CELL, "--circuit", "rs-sei-ct-w", "--crossing", "R_ct=2x"),
    CELLS_SCHEMA: ("track", _CELL, "example_spectra/rrml/coated"),
    CHECK_SCHEMA: ("check", _FILE),
    DRT_SCHEMA: ("drt", _FILE),
    COMPARE_SCHEMA: ("compare", _FILE, "--circuits", "rs-ct-w,rs-sei-ct-w"),
    IDENTIFY_SCHEMA: ("identify", _FILE),
    BATCH_SCHEMA: ("batch", _CELL),
    EXPLAIN_SCHEMA: ("explain", "example_spectra/rrml/study.toml"),
    INFO_SCHEMA: ("info", _FILE),
    CIRCUITS_SCHEMA: ("circuits", "rs-ct"),
    CIRCUIT_CHECK_SCHEMA: ("circuits", "--check", "circuits/rs-ct.toml"),
    DOCTOR_SCHEMA: ("doctor",),
    EXAMPLES_SCHEMA: ("examples",),
}


def document(schema: str) -> dict[str, Any]:
    """Return the document that a command prints for the examples."""
    from eisfit.cli.app import app

    out, before = io.StringIO(), Path.cwd()
    os.chdir(_ROOT)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
            app([*COMMANDS[schema], "--json"], standalone_mode=False)
    finally:
        os.chdir(before)
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


def schema_file(schema: str) -> str:
    """Return the file of a document's JSON Schema in ``docs/schemas``: ``fit-2.json`` of ``eisfit.fit/2``."""
    return f"{schema.partition('.')[2].replace('/', '-')}.json"


def meanings() -> dict[str, str]:
    """Return what ``json_keys.toml`` says of keys: by ``path.in.the.document``, or by the last key alone."""
    return _said("keys")


def objects() -> dict[str, str]:
    """Return the forms that only Python's ``to_dict`` gives, with what gives them."""
    return _said("objects")


def _said(part: str) -> dict[str, str]:
    said: dict[str, str] = tomllib.loads((_DOCS / "json_keys.toml").read_text(encoding="utf-8"))[part]
    return said


NAMED = (
    *("parameters", "derived", "growth", "inputs", "units", "comparison"),
    *("hypotheses", "ledger", "swing", "silent", "gains"),
)
WHOLE = (
    "values",
    "fits",
    "sensitivity",
    "inputs",
    "correlations",
    "metadata",
    "units",
    "curves",
    "drawn",
)  # told in one line
_QUANTILES = {"median", "low95", "high95"}


def paths(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every path of a document with an example of its value.

    A table by name (``parameters``, ``growth``) shows its first entry, as NAME. What is a document of its
    own, or a median with its interval, is told in one line.
    """
    key = path.rsplit(".", 1)[-1].removesuffix("[]")
    if path and (key in WHOLE or _is_cell(path, value)):
        yield path, value
    elif isinstance(value, dict) and value:
        if path:
            yield path, value
        if value.keys() >= _QUANTILES:
            return
        inside = {"NAME": next(iter(value.values()))} if key in NAMED else value
        for name, child in inside.items():
            yield from paths(child, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        yield f"{path}[]", value
        for name, child in value[0].items():
            yield from paths(child, f"{path}[].{name}")
    else:
        yield path, value


def _is_cell(path: str, value: Any) -> bool:
    return path == "cells" and isinstance(value, list)


def meaning(path: str, said: dict[str, str]) -> str:
    """Return the meaning of a path: its own, or that of the longest end that is described."""
    parts = path.replace("[]", "").split(".")
    for start in range(len(parts)):
        found = said.get(".".join(parts[start:]))
        if found is not None:
            return found
    return ""


def write(pages: Pages) -> None:
    """Write the reference of all documents."""
    said = meanings()
    sections = []
    for schema, words in COMMANDS.items():
        short = schema.partition(".")[2].partition("/")[0]
        rows = [
            (code(_short(path)), meaning(f"{short}.{path}", said), _kind(value))
            for path, value in paths(document(schema))
            if path != "schema" and not is_column(path)
        ]
        line = "eisfit " + " ".join(words) + " --json"
        file = schema_file(schema)
        form = f"JSON Schema: {{download}}`{file} </schemas/{file}>`"
        shown = table(("key", "meaning", "value, here"), rows)
        sections.append(f"## {schema}\n\n```sh\n{line}\n```\n\n{form}\n\n{shown}\n")
    rest = table(("form", "what gives it"), [(code(form), text) for form, text in objects().items()])
    pages.write("json.md", f"{head('json')}{''.join(sections)}## From Python alone\n\n{rest}")


def _short(path: str) -> str:
    """Return a path without the list that nearly every document is."""
    return path.removeprefix("results[].").removeprefix("circuits[].") or path


def is_column(path: str) -> bool:
    """Return whether a path is one of a track's columns of parameters, told by one line."""
    return path.startswith("rows[].") and path.rsplit(".", maxsplit=1)[-1] not in (
        "cycle", "source", "index", "ok", "error", "flags", "redchi", "rms_relative_residual", "R_ct",
        "R_ct_stderr", "cell",
    )  # fmt: skip


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        if value.keys() >= _QUANTILES:
            low, middle, high = (_kind(value[key]) for key in ("low95", "median", "high95"))
            return f"median {middle}, `low95` {low}, `high95` {high}"
        return "table" if value else "empty table"
    if isinstance(value, list):
        return "list"
    if value is None or isinstance(value, bool):
        return code({None: "null", True: "true", False: "false"}[value])
    if isinstance(value, float):
        return f"{value:.4g}"
    text = str(value)
    return code(text) if 0 < len(text) <= 24 and "/" not in text[:-2] else "text"  # no paths; eisfit.fit/2
