"""Dataclasses that cost little to define: methods are shared, not compiled for each. Schemas of documents.

`dataclasses.dataclass(frozen=True)` writes and compiles up to six functions a class, half a millisecond to
one; a command defines a hundred classes before it reads its file. Fields, defaults, `replace`, `fields` and
`asdict` are those of `dataclasses`, which still reads the class.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")

# Kind and version of every JSON document: what it says of itself, and what its readers ask for. The page says
# that of its session once more, in assets/session.js.
FIT_SCHEMA = "eisfit.fit/2"
TRACK_SCHEMA = "eisfit.track/2"
CELLS_SCHEMA = "eisfit.cells/1"
CHECK_SCHEMA = "eisfit.check/1"
ZHIT_SCHEMA = "eisfit.zhit/1"
DRIFT_SCHEMA = "eisfit.drift/1"
DRT_SCHEMA = "eisfit.drt/1"
DRT_SERIES_SCHEMA = "eisfit.drt_series/1"
COMPARE_SCHEMA = "eisfit.compare/1"
IDENTIFY_SCHEMA = "eisfit.identify/1"
INTERVALS_SCHEMA = "eisfit.intervals/1"
BATCH_SCHEMA = "eisfit.batch/1"
FILM_SCHEMA = "eisfit.film/1"
EXPLAIN_SCHEMA = "eisfit.explain/2"
INFO_SCHEMA = "eisfit.info/1"
SPECTRUM_SCHEMA = "eisfit.spectrum/1"
SERIES_SCHEMA = "eisfit.series/1"
CYCLE_TABLE_SCHEMA = "eisfit.cycle_table/1"
CIRCUITS_SCHEMA = "eisfit.circuits/1"
CIRCUIT_CHECK_SCHEMA = "eisfit.circuit_check/1"
EXAMPLES_SCHEMA = "eisfit.examples/1"
DOCTOR_SCHEMA = "eisfit.doctor/1"
SESSION_SCHEMA = "eisfit.session/1"

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass  # noqa: PLC0414 - for others
else:

    def dataclass(
        cls: type | None = None,
        /,
        *,
        frozen: bool = True,
        eq: bool = True,
        repr: bool = True,
        kw_only: bool = False,
    ) -> Any:
        """Return a class with the fields of its annotations, as `dataclasses.dataclass` does.

        Examples
        --------
        >>> @dataclass(frozen=True)
        ... class Point:
        ...     x: float
        ...     y: float = 0.0
        >>> Point(1.0), Point(1.0) == Point(x=1.0, y=0.0), dataclasses.replace(Point(1.0), y=2.0)
        (Point(x=1.0, y=0.0), True, Point(x=1.0, y=2.0))
        >>> Point(1.0).x = 2.0
        Traceback (most recent call last):
        ...
        dataclasses.FrozenInstanceError: cannot assign to field 'x'
        """
        if cls is None:
            return lambda later: dataclass(later, frozen=frozen, eq=eq, repr=repr, kw_only=kw_only)
        cls.__doc__ = (
            cls.__doc__ or cls.__name__
        )  # else the library writes the signature there, and loads `inspect`
        made = dataclasses.dataclass(init=False, repr=False, eq=False, kw_only=kw_only)(cls)
        _add_methods(made, {"__init__": _init})
        if frozen:
            _add_methods(made, {"__setattr__": _set, "__delattr__": _delete})
        if repr:
            _add_methods(made, {"__repr__": _repr})
        if eq:
            _add_methods(made, {"__eq__": _equal})
            if made.__dict__.get("__hash__") is None:
                made.__hash__ = _hash if frozen else None
        made.__signature__ = _Signature()
        made.__match_args__ = tuple(f.name for f in dataclasses.fields(made) if not f.kw_only)
        made.__record__ = _Layout(made)
        return made


class Document:
    """A record that goes to a JSON-ready document and comes back, by the annotations of its fields.

    What is a document itself is written and read by its own methods, also in tuples and tables.
    """

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready document; `from_dict` reads it back."""
        return {row.name: _to_plain(getattr(self, row.name)) for row in dataclasses.fields(self)}  # type: ignore[arg-type]

    @classmethod
    def from_dict(cls: type[T], document: Mapping[str, Any]) -> T:
        """Rebuild from `to_dict`'s document; keys that it does not know are left out."""
        known = _make_readers(cls).items()  # type: ignore[arg-type] # mypy takes the class for unhashable
        return cls(**{name: read(document[name]) for name, read in known if name in document})


def _to_plain(value: Any) -> Any:
    if hasattr(value, "to_dict"):
        return value.to_dict()
    if isinstance(value, (tuple, list)):
        return [_to_plain(part) for part in value]
    return {key: _to_plain(part) for key, part in value.items()} if isinstance(value, Mapping) else value


@cache
def _make_readers(cls: type) -> dict[str, Callable[[Any], Any]]:
    """Return what makes each field of what a document has for it."""
    hints = get_type_hints(cls)
    return {row.name: _make_reader(hints[row.name]) for row in dataclasses.fields(cls)}


def _make_reader(kind: Any) -> Callable[[Any], Any]:
    origin, inside = get_origin(kind) or kind, get_args(kind)
    if hasattr(kind, "from_dict"):
        return kind.from_dict  # type: ignore[no-any-return]
    if type(None) in inside:
        read = _make_reader(inside[0])
        return lambda value: None if value is None else read(value)
    if origin is tuple:
        read = _make_reader(inside[0])
        return lambda parts: tuple([read(part) for part in parts or ()])
    if isinstance(origin, type) and issubclass(origin, Mapping):
        read = _make_reader(inside[1])
        return lambda parts: {key: read(part) for key, part in (parts or {}).items()}
    return lambda value: value


def make_record(kind: type[T], fields: dict[str, Any]) -> T:
    """Return an instance of a frozen dataclass with all these fields, faster than its constructor.

    Measured: the constructors alone limited a process to 4,000 results a second, and `dataclasses.replace`
    took a fifth of a joint fit.
    """
    made = object.__new__(kind)
    object.__setattr__(made, "__dict__", fields)
    return made


class ShownAsText:
    """What the terminal shows as `str` tells it."""

    def __repr__(self) -> str:
        return str(self)


class SameDocument:  # noqa: PLW1641 - Spectrum, Series have no hash, Circuit its own
    """What equals another of its kind where their documents are the same."""

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, type(self)):
            return NotImplemented
        return self.to_dict() == other.to_dict()  # type: ignore[attr-defined, no-any-return]


class Columns:
    """A record whose fields are arrays with one row for each of many."""

    def rows(self: T, chosen: Any) -> T:
        """Return some of them."""
        return type(self)(*(getattr(self, row.name)[chosen] for row in dataclasses.fields(self)))  # type: ignore[arg-type]

    def put(self: T, chosen: Any, others: T) -> None:
        """Put others in the place of some, in the arrays as they are."""
        for row in dataclasses.fields(self):  # type: ignore[arg-type]
            getattr(self, row.name)[chosen] = getattr(others, row.name)


def _add_methods(cls: Any, methods: dict[str, Callable[..., Any]]) -> None:
    """Give a class methods that it does not define itself."""
    for name, method in methods.items():
        if name not in cls.__dict__:
            setattr(cls, name, method)


class _Layout:
    """Names taken by place, all names, those compared, defaults, factories, and whether a check follows."""

    def __init__(self, cls: Any) -> None:
        rows = dataclasses.fields(cls)
        self.placed = tuple(row.name for row in rows if not row.kw_only)
        self.names = frozenset(row.name for row in rows)
        self.size, self.most = len(self.names), len(self.placed)
        self.defaults = {row.name: row.default for row in rows if row.default is not dataclasses.MISSING}
        self.factories = {
            row.name: row.default_factory for row in rows if row.default_factory is not dataclasses.MISSING
        }
        self.compared = tuple(row.name for row in rows if row.compare)
        self.checked = hasattr(cls, "__post_init__")

    @cached_property
    def later(self) -> list[frozenset[str]]:
        """Return what may be given by name, by the number of values that are given by their place."""
        return [self.names.difference(self.placed[:count]) for count in range(self.most + 1)]


def _init(self: Any, *args: Any, **given: Any) -> None:
    layout: _Layout = self.__record__  # five thousand records are made to name one spectrum's circuit
    state, count = self.__dict__, len(args)
    if layout.defaults:
        state.update(layout.defaults)
    state.update(zip(layout.placed, args))  # noqa: B905 - to say `strict` takes as long as all of it
    if given:
        state.update(given)
    if layout.factories:
        for name, factory in layout.factories.items():
            if name not in state:
                state[name] = factory()
    if (
        len(state) != layout.size
        or count > layout.most
        or (given and not given.keys() <= layout.later[count])
    ):
        raise TypeError(_explain_refusal(self, args, given))
    if layout.checked:
        self.__post_init__()


def _explain_refusal(self: Any, args: tuple[Any, ...], given: dict[str, Any]) -> str:
    """Return what is wrong with the arguments of a class."""
    name, layout = type(self).__name__, self.__record__
    twice = [one for one in layout.placed[: len(args)] if one in given]
    unknown = [one for one in given if one not in layout.names]
    if len(args) > len(layout.placed):
        return f"{name}() takes {len(layout.placed)} positional arguments but {len(args)} were given"
    if unknown:
        from eisfit.errors import did_you_mean  # for mistakes alone

        near = did_you_mean(unknown[0], layout.names)
        return f"{name}() got an unexpected keyword argument {unknown[0]!r}{near}"
    if twice:
        return f"{name}() got multiple values for argument {twice[0]!r}"
    missing = [one for one in layout.names if one not in self.__dict__]
    return f"{name}() missing required arguments: {', '.join(sorted(missing))}"


def _set(self: Any, name: str, value: Any) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _delete(self: Any, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _list_compared(self: Any) -> tuple[Any, ...]:
    return tuple([getattr(self, name) for name in self.__record__.compared])


def _equal(self: Any, other: object) -> Any:
    if other is self:
        return True
    return (
        _list_compared(self) == _list_compared(other) if other.__class__ is self.__class__ else NotImplemented
    )


def _hash(self: Any) -> int:
    return hash(_list_compared(self))


def _repr(self: Any) -> str:
    shown = (f"{row.name}={getattr(self, row.name)!r}" for row in dataclasses.fields(self) if row.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


class _Signature:
    """The call of a class as `inspect` and the documentation show it, made when it is asked for."""

    def __get__(self, instance: Any, owner: type[Any]) -> Any:
        from inspect import Parameter, Signature

        rows = sorted(dataclasses.fields(owner), key=lambda row: bool(row.kw_only))
        return Signature(
            [
                Parameter(
                    row.name,
                    Parameter.KEYWORD_ONLY if row.kw_only else Parameter.POSITIONAL_OR_KEYWORD,
                    default=_show_default(row, Parameter.empty),
                    annotation=row.type,
                )
                for row in rows
            ],
            return_annotation=None,
        )


def _show_default(row: dataclasses.Field[Any], nothing: Any) -> Any:
    if row.default is not dataclasses.MISSING:
        return row.default
    return nothing if row.default_factory is dataclasses.MISSING else _FACTORY


class _Factory:
    def __repr__(self) -> str:
        return "<factory>"


_FACTORY = _Factory()
