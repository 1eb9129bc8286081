"""JSON Schemas of the documents: structure and kinds from what the commands print, words from json_keys.toml.

They are open: a later version may add keys. A value may be null where ``json_keys.toml`` says so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from _generate.documents import COMMANDS, NAMED, WHOLE, document, is_column, meaning, meanings, schema_file

__all__ = ["FOLDER", "schema", "write"]

FOLDER = Path(__file__).resolve().parent.parent / "schemas"
_KINDS = {bool: "boolean", int: "number", float: "number", str: "string"}


def write(folder: Path = FOLDER) -> None:
    """Write the schemas of all documents that a command prints."""
    folder.mkdir(exist_ok=True)
    for name in COMMANDS:
        text = json.dumps(schema(document(name)), indent=1, ensure_ascii=False)
        (folder / schema_file(name)).write_text(f"{text}\n", encoding="utf-8")


def schema(example: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON Schema of documents like an example."""
    name = example["schema"]
    said, short = meanings(), name.partition(".")[2].partition("/")[0]
    found = _Maker(said).of([example], short)
    found["properties"]["schema"] = {"const": name}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": name, **found}


class _Maker:
    """Makes the schema of a place in a document from all values that stand there."""

    def __init__(self, said: dict[str, str]) -> None:
        self.said = said

    def of(self, values: list[Any], path: str) -> dict[str, Any]:
        words = meaning(path, self.said)
        made: dict[str, Any] = {"description": words} if words and "." in path else {}
        there = [value for value in values if value is not None]
        kinds = sorted({_kind(value) for value in there})
        if not kinds:
            return made  # nothing is known but that it may be null
        if len(there) < len(values) or re.search(r"\bnull\b", words):
            kinds.append("null")
        made["type"] = kinds[0] if len(kinds) == 1 else kinds
        key = path.rsplit(".", 1)[-1]
        if key not in WHOLE:
            made |= self._inside(there, path, key)
        return made

    def _inside(self, values: list[Any], path: str, key: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        entries = [entry for value in values if isinstance(value, list) for entry in value]
        if entries:
            found["items"] = self.of(entries, path)
            found["items"].pop("description", None)
        tables = [value for value in values if isinstance(value, dict)]
        if key in NAMED:
            rows = [row for table in tables for row in table.values()]
            return {**found, "additionalProperties": self.of(rows, f"{path}.NAME")} if rows else found
        names = [name for name in _keys(tables) if not is_column(f"rows[].{name}") or key != "rows"]
        if names:
            found["properties"] = {n: self.of([t[n] for t in tables if n in t], f"{path}.{n}") for n in names}
        return found


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        return "object"
    return "array" if isinstance(value, list) else _KINDS[type(value)]


def _keys(tables: Iterable[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for table in tables for name in table))
