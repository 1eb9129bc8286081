"""Closed schemas for TOML files: an unknown or wrong key is answered with the file, the line and the key."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any, TypeVar

from eisfit.errors import SchemaError, did_you_mean
from eisfit.files import nearest_file

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from pydantic import BaseModel, ConfigDict, ValidationError

__all__ = ["ClosedModel", "load_toml", "parse_toml", "validate"]

Model = TypeVar("Model", bound=BaseModel)


class ClosedModel(BaseModel):
    """Base of every table in a TOML file: frozen, and unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False, populate_by_name=True)


def load_toml(path: str | Path, model: type[Model]) -> Model:
    """Read and validate a TOML file.

    Raises
    ------
    SchemaError
        One sentence with the file, the line where it can be told, the key and what is wrong.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SchemaError(f"{path}: there is no such file{nearest_file(path)}") from None
    except OSError as error:
        raise SchemaError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SchemaError(f"{path}: is not a UTF-8 text file") from None
    return parse_toml(text, model, str(path))


def parse_toml(text: str, model: type[Model], source: str) -> Model:
    """Validate TOML text; `source` names it in errors. See `load_toml`."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SchemaError(f"{source}: is not valid TOML: {error}") from None
    return validate(table, model, source, text)


def validate(table: dict[str, Any], model: type[Model], source: str, text: str = "") -> Model:
    """Validate an already parsed table; `text`, where given, lets errors name the line."""
    try:
        return model.model_validate(table)
    except ValidationError as error:
        errors = error.errors(include_url=False)
        # A misspelt key is also a missing one: what is there says more than what is not.
        first = next((e for e in errors if e["type"] == "extra_forbidden"), errors[0])
        raise SchemaError(_sentence(first, model, source, text)) from None


def _sentence(error: Any, model: type[BaseModel], source: str, text: str) -> str:
    keys = [str(part) for part in error["loc"]]
    line = _line(text, keys)
    place = f"{source}, line {line}" if line else source
    name = ".".join(keys) or "the file"
    if error["type"] == "extra_forbidden":
        return f"{place}: {name}: unknown key{did_you_mean(keys[-1], _known_keys(model, keys[:-1]))}"
    if error["type"] == "missing":
        return f"{place}: {name}: is missing"
    message = error["msg"].removeprefix("Value error, ")
    return f"{place}: {name}: {message[:1].lower()}{message[1:]}"


def _known_keys(model: type[BaseModel], keys: list[str]) -> list[str]:
    """Return the keys allowed in the table that `keys` lead to, read from the model's own JSON schema."""
    schema = model.model_json_schema()
    node: Any = schema
    for key in keys:
        table = _resolve(node, schema)
        node = table.get("properties", {}).get(key) or table.get("items") or table.get("additionalProperties")
    return list(_resolve(node, schema).get("properties", {}))


def _resolve(node: Any, schema: Any) -> Any:
    node = node if isinstance(node, dict) else {}
    for variant in node.get("anyOf", []):
        resolved = _resolve(variant, schema)
        if "properties" in resolved:
            return resolved
    reference = node.get("$ref", "")
    return _resolve(schema["$defs"][reference.split("/")[-1]], schema) if reference else node


def _line(text: str, keys: list[str]) -> int | None:
    """Return the line of the last of `keys` that the text shows after its table's header, 1-based."""
    found = None
    lines = text.splitlines()
    start = 0
    for key in keys:
        word = re.escape(key)
        pattern = re.compile(rf'^\s*\[.*\b{word}\b.*\]|(^|[{{,])\s*"?{word}"?\s*=')
        for number in range(start, len(lines)):
            if pattern.search(lines[number]):
                found, start = number + 1, number
                break
    return found
