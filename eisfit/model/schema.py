"""Closed schemas for tables from files: a wrong key is answered with the file, the line and the key.

Our own and small because every start of the program reads circuit files: a general library costs a tenth of
a second there.
"""

from __future__ import annotations

import dataclasses
import math
import re
import sys
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Literal,
    TypeVar,
    get_args,
    get_origin,
    get_type_hints,
)

from eisfit.errors import EisfitError, SchemaError, did_you_mean
from eisfit.files import has_long_number, read_text
from eisfit.records import dataclass

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Model = TypeVar("Model", bound="ClosedModel")

_REFUSED: Any = object()  # stands for a value that was refused
_LONGEST = 10**100
MAX_TOML = 2**20  # bytes: the longest of ours has 20,000
_DEEPEST = 20  # tables in tables; no file of ours has more than four


@dataclass(frozen=True)
class Limits:
    """What a value must keep besides its type; None asks for nothing.

    Attributes
    ----------
    ge, gt, le
        Of a number: at least, above, at most.
    min_length, max_length
        Of text, a list or a table.
    finite
        Whether a number must be finite.
    """

    ge: float | None = None
    gt: float | None = None
    le: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    finite: bool = False

    def describe_breach(self, value: Any) -> str:
        """Return what is wrong with a value, or nothing."""
        if isinstance(value, (int, float)):
            return self._describe_number(value)
        return self._describe_length(value) if isinstance(value, (str, list, dict)) else ""

    def _describe_number(self, value: float) -> str:
        if self.finite and not math.isfinite(value):
            return "must be a finite number"
        if self.ge is not None and not value >= self.ge:
            return f"must be at least {self.ge:g}"
        if self.gt is not None and not value > self.gt:
            return f"must be above {self.gt:g}"
        return f"must be at most {self.le:g}" if self.le is not None and not value <= self.le else ""

    def _describe_length(self, value: Any) -> str:
        if self.min_length is not None and len(value) < self.min_length:
            few = f"has {len(value)}, fewer than {self.min_length}"
            return "must not be empty" if self.min_length == 1 else few
        if self.max_length is not None and len(value) > self.max_length:
            return f"has {len(value)}, more than {self.max_length}"
        return ""


@dataclass(frozen=True)
class Reader:
    """Part of an annotation: the function that makes the value of what the file holds.

    It raises ValueError or an `EisfitError` with what is wrong. `unit`, where given, is for documentation.
    """

    read: Callable[[Any], Any]
    unit: str = ""


def Field(  # noqa: N802 - as in the libraries whose users know it
    default: Any = dataclasses.MISSING,
    *,
    description: str = "",
    default_factory: Any = dataclasses.MISSING,
    alias: str = "",
    **limits: Any,
) -> Any:
    """Return a key of a table: its default, its meaning, its name in files, and its `Limits`."""
    metadata = {"description": description, "alias": alias, "limits": Limits(**limits)}
    if default_factory is not dataclasses.MISSING:
        return dataclasses.field(default_factory=default_factory, metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


if TYPE_CHECKING:
    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_: Any) -> Callable[[Any], Any]:
        """Return a decorator that changes nothing; type checkers alone look at it."""
        return lambda model: model


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(Field, dataclasses.field))
class ClosedModel:
    """Base of every table in a file: frozen, by keyword alone, and unknown keys are errors.

    A table's own check after construction may raise ValueError for what keys say together; where its text
    begins with the name of a key and a colon, the error is put there.
    """

    def __init_subclass__(cls) -> None:
        dataclass(frozen=True, kw_only=True)(cls)


@dataclass(frozen=True)
class Key:
    """One key of a table: its type, its default (MISSING where it must be given), meaning and limits."""

    field: str
    annotation: Any
    default: Any
    description: str
    limits: Limits


@cache
def keys_of(model: type[ClosedModel]) -> Mapping[str, Key]:
    """Return the keys of a table by their names in files."""
    hints = get_type_hints(model, include_extras=True)
    found = {}
    for f in dataclasses.fields(model):  # type: ignore[arg-type]
        default = f.default if f.default_factory is dataclasses.MISSING else f.default_factory()
        limits = f.metadata.get("limits", Limits())
        key = Key(f.name, hints[f.name], default, f.metadata.get("description", ""), limits)
        found[f.metadata.get("alias") or f.name] = key
    return found


def load_toml(path: str | Path, model: type[Model]) -> Model:
    """Read and validate a TOML file.

    Raises
    ------
    SchemaError
        One sentence with the file, the line where it can be told, the key and what is wrong.
    """
    return parse_toml(read_text(path, SchemaError, MAX_TOML), model, str(path))


def parse_toml(text: str, model: type[Model], source: str) -> Model:
    """Validate TOML text; `source` names it in errors. See `load_toml`."""
    return validate(parse_tables(text, source), model, source, text)


def parse_tables(text: str, source: str) -> dict[str, Any]:
    """Return the tables of TOML text as they stand; `source` names it in errors.

    Raises
    ------
    SchemaError
        When it is too long or no TOML.
    """
    if len(text) > MAX_TOML:
        raise SchemaError(f"{source}: longer than {MAX_TOML // 2**10} KiB, the limit for such a file")
    if has_long_number(text):
        raise SchemaError(f"{source}: is not valid TOML: a number of thousands of digits")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SchemaError(f"{source}: is not valid TOML: {error}") from None
    except RecursionError:
        raise SchemaError(f"{source}: is not valid TOML: thousands of brackets in brackets") from None
    except ValueError as error:
        what = "a number of thousands of digits" if "digits" in str(error) else str(error)
        raise SchemaError(f"{source}: is not valid TOML: {what}") from None


def validate(table: Any, model: type[Model], source: str, text: str = "") -> Model:
    """Validate an already parsed table; `text`, where given, lets errors name the line."""
    pass_ = _Validation()
    value = pass_.read_table(table, model, ())
    if pass_.faults:
        # A misspelt key is also a missing one: what is there says more than what is not.
        first = next((fault for fault in pass_.faults if fault.unknown), pass_.faults[0])
        raise SchemaError(_describe_fault(first, source, text))
    return value  # type: ignore[no-any-return]


@dataclass(frozen=True)
class _Fault:
    place: tuple[str, ...]
    what: str
    unknown: bool = False


class _Validation:
    """One validation: values are read by their types, and every fault is kept with its place."""

    def __init__(self) -> None:
        self.faults: list[_Fault] = []

    def refuse(self, place: tuple[str, ...], what: str, *, unknown: bool = False) -> Any:
        self.faults.append(_Fault(place, what, unknown))
        return _REFUSED

    def read_table(self, value: Any, model: type[ClosedModel], place: tuple[str, ...]) -> Any:
        if isinstance(value, model):
            return value
        if not isinstance(value, Mapping):
            return self.refuse(place, f"must be a table, not {_shorten(value)}")
        known = keys_of(model)  # type: ignore[arg-type] # mypy takes the frozen class for unhashable
        for name in value:
            if name not in known:
                near = did_you_mean(str(name), known)
                self.refuse((*place, str(name)), f"unknown key{near}", unknown=True)
        read = {key.field: self.read_key(value, name, key, (*place, name)) for name, key in known.items()}
        if any(part is _REFUSED for part in read.values()):
            return _REFUSED
        try:
            return model(**read)
        except ValueError as error:
            name, _, rest = str(error).partition(": ")
            at, what = ((*place, name), rest) if name in known else (place, str(error))
            return self.refuse(at, _lower_first_letter(what))

    def read_key(self, table: Mapping[str, Any], name: str, key: Key, place: tuple[str, ...]) -> Any:
        if name not in table:
            missing = key.default is dataclasses.MISSING
            return self.refuse(place, "is missing") if missing else key.default
        value = self.convert(table[name], key.annotation, place)
        wrong = "" if value is _REFUSED else key.limits.describe_breach(value)
        return self.refuse(place, wrong) if wrong else value

    def convert(self, value: Any, kind: Any, place: tuple[str, ...]) -> Any:
        """Return a value as its type wants it, or `_REFUSED` with a fault kept."""
        inside = get_args(kind)
        if kind is Any:
            return value
        if len(place) > _DEEPEST:
            return self.refuse(place, "is nested too deeply")
        if isinstance(kind, type) and not inside:
            whole = issubclass(kind, ClosedModel)
            return self.read_table(value, kind, place) if whole else self.read_plain(value, kind, place)
        forms = {
            Annotated: self.read_annotated,
            Literal: self.read_choice,
            list: self.read_list,
            dict: self.read_named,
        }
        read = forms.get(get_origin(kind), self.read_union)
        return read(value, inside, place)

    def read_annotated(self, value: Any, inside: tuple[Any, ...], place: tuple[str, ...]) -> Any:
        kind, *extras = inside
        for extra in extras:
            if isinstance(extra, Reader):
                try:
                    return extra.read(value)
                except (ValueError, EisfitError) as error:
                    return self.refuse(place, _lower_first_letter(str(error)))
        read = self.convert(value, kind, place)
        limits = next((extra for extra in extras if isinstance(extra, Limits)), Limits())
        wrong = "" if read is _REFUSED else limits.describe_breach(read)
        return self.refuse(place, wrong) if wrong else read

    def read_union(self, value: Any, kinds: tuple[Any, ...], place: tuple[str, ...]) -> Any:
        kinds = tuple(kind for kind in kinds if kind is not type(None))
        if value is None:
            return None
        for kind in kinds[:-1]:
            trial = _Validation()
            read = trial.convert(value, kind, place)
            if not trial.faults:
                return read
        return self.convert(value, kinds[-1], place)

    def read_choice(self, value: Any, choices: tuple[Any, ...], place: tuple[str, ...]) -> Any:
        if any(value == choice and type(value) is type(choice) for choice in choices):
            return value
        return self.refuse(place, f"must be {_join_alternatives(map(repr, choices))}, not {_shorten(value)}")

    def read_list(self, value: Any, inside: tuple[Any, ...], place: tuple[str, ...]) -> Any:
        if not isinstance(value, list):
            return self.refuse(place, f"must be a list, not {_shorten(value)}")
        read = [self.convert(part, inside[0], (*place, str(k))) for k, part in enumerate(value)]
        return _REFUSED if any(part is _REFUSED for part in read) else read

    def read_named(self, value: Any, inside: tuple[Any, ...], place: tuple[str, ...]) -> Any:
        if not isinstance(value, Mapping):
            return self.refuse(place, f"must be a table, not {_shorten(value)}")
        read = {str(name): self.convert(part, inside[1], (*place, str(name))) for name, part in value.items()}
        return _REFUSED if any(part is _REFUSED for part in read.values()) else read

    def read_plain(self, value: Any, kind: Any, place: tuple[str, ...]) -> Any:
        if kind in (bool, str) and isinstance(value, kind):
            return value
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if kind is int and number and (isinstance(value, int) or value.is_integer()):
            return int(value)
        if kind is float and number:
            try:
                return float(value)
            except OverflowError:
                return self.refuse(place, "is too large a number")
        return self.refuse(place, f"must be {_WORDS[kind]}, not {_shorten(value)}")


_WORDS = {bool: "true or false", str: "text", int: "a whole number", float: "a number"}


def _shorten(value: Any) -> str:
    """Return a value as files write it, short."""
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list):
        return "a list"
    text = {True: "true", False: "false"}.get(value) if isinstance(value, bool) else None
    if isinstance(value, int) and abs(value) > _LONGEST:
        return "a number of hundreds of digits"
    text = text or ("nothing" if value is None else repr(value))
    return text if len(text) <= 40 else f"{text[:37]}..."


def _join_alternatives(words: Any) -> str:
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else str(last)


def _lower_first_letter(message: str) -> str:
    return message[:1].lower() + message[1:]


def _describe_fault(fault: _Fault, source: str, text: str) -> str:
    line = _find_line(text, list(fault.place))
    place = f"{source}, line {line}" if line else source
    return f"{place}: {'.'.join(fault.place) or 'the file'}: {fault.what}"


def _find_line(text: str, keys: list[str]) -> int | None:
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
