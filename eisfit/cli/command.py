"""A command is a function: its signature, with `Option` and `Argument` in the annotations, is the help.

On click alone, which starts in 40 ms; the libraries above it that do the same take 200.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import click
from click.shell_completion import CompletionItem

from eisfit.errors import did_you_mean
from eisfit.records import dataclass

Completion = Callable[..., list[Any]]
Exit = click.exceptions.Exit
echo = click.echo

_KINDS: dict[Any, Any] = {str: click.STRING, int: click.INT, float: click.FLOAT, bool: click.BOOL}


@dataclass(frozen=True)
class Argument:
    """What stands after the command without a dash.

    Attributes
    ----------
    help
        For ``--help``.
    metavar
        Its name there; that of the function's parameter without one.
    autocompletion
        ``(incomplete)`` or ``(ctx, incomplete)`` -> what the shell offers.
    """

    help: str = ""
    metavar: str | None = None
    autocompletion: Completion | None = None


class Option:
    """An option; its names are the parameter's where none is given. See `Argument`.

    Attributes
    ----------
    names
        Such as ``--output``, ``-o``, or ``--browser/--no-browser``.
    words
        What it takes and nothing else: the help names them where it has ``{}``, and the shell offers them.
    callback
        Called with the value before the command runs, and before other options are looked at.
    min
        Least value of a number.
    """

    def __init__(
        self,
        *names: str,
        help: str = "",
        metavar: str | None = None,
        words: Sequence[str] = (),
        autocompletion: Completion | None = None,
        callback: Callable[[Any], None] | None = None,
        min: float | None = None,
    ) -> None:
        self.names, self.metavar, self.callback, self.min, self.words = names, metavar, callback, min, words
        self.help = help.replace("{}", " or ".join([", ".join(words[:-1]), *words[-1:]]))
        self.autocompletion = _make_completion(words) if words else autocompletion


def _make_completion(words: Sequence[str]) -> Completion:
    return lambda incomplete: [word for word in words if word.startswith(incomplete)]


class _NamedArgument(click.Argument):
    """An argument with a help text, which click leaves to the command's own words."""

    def __init__(self, *names: Any, help: str = "", **more: Any) -> None:
        super().__init__(*names, **more)
        self.about = help


class _Command(click.Command):
    """A command that lists its arguments; one option given twice is refused, for the last would win."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments, or complain of a repeated option or a file that looks like one, and leave."""
        if not ctx.resilient_parsing:
            try:
                order: list[Any] = self.make_parser(ctx).parse_args(args=list(args))[2]
            except click.NoSuchOption:
                if named := [word for word in args if word.startswith("-") and os.path.exists(word)]:
                    cure = f"a file whose name begins with a dash is given as ./{named[0]}"
                    echo(f"eisfit: {named[0]}: {cure}, and several as ./*", err=True)
                    raise Exit(2) from None
                raise
            single = [p for p in order if p.param_type_name == "option" and not (p.multiple or p.is_flag)]
            for given in single:
                if single.count(given) > 1:
                    name = max(given.opts, key=len)
                    echo(f"eisfit: {name} is given twice: give it once{_split_option(given)}", err=True)
                    raise Exit(2)
        return super().parse_args(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what stands after the command, then the options."""
        rows = [
            (p.make_metavar(ctx), p.about + ("  [required]" if p.required else ""))
            for p in self.params
            if isinstance(p, _NamedArgument)
        ]
        if rows:
            with formatter.section("Arguments"):
                formatter.write_dl(rows)
        super().format_options(ctx, formatter)


def _split_option(option: Any) -> str:
    return ", with commas between" if "commas" in (option.help or "") else ""


def make_command(function: Callable[..., None]) -> click.Command:
    """Return the command of a function, whose docstring is the help; an example in it stays unbroken."""
    text = inspect.cleandoc(function.__doc__ or "")
    return _Command(
        function.__name__.replace("_", "-"),
        params=make_params(function),
        callback=_pack_fields(function),
        help=text.replace("Example:", "\b\nExample:"),
        short_help=text.partition("\n")[0],
    )


def make_params(function: Callable[..., Any]) -> list[click.Parameter]:
    """Return the arguments and options that a function's signature describes.

    A parameter that is a dataclass stands for its fields: options that several commands share.
    """
    found: list[click.Parameter] = []
    for p in _list_parameters(function):
        if group := _find_group(p):
            found += make_params(group)
            continue
        kind, said = get_args(p.annotation)[:2]
        read = _make_argument if isinstance(said, Argument) else _make_option
        found.append(read(p.name, kind, said, p.default))
    return found


def _pack_fields(function: Callable[..., None]) -> Callable[..., None]:
    """Return the function as click calls it: with every field of its dataclasses by name."""
    groups = {p.name: group for p in _list_parameters(function) if (group := _find_group(p))}

    def call(**given: Any) -> None:
        for name, group in groups.items():
            given[name] = group(**{field.name: given.pop(field.name) for field in fields(group)})
        function(**given)

    return call


def _list_parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """Return the parameters of a function, or the fields of a dataclass; their annotations are no text."""
    if not is_dataclass(function):
        return list(inspect.signature(function, eval_str=True).parameters.values())
    hints = get_type_hints(function, include_extras=True)
    return [p.replace(annotation=hints[p.name]) for p in inspect.signature(function).parameters.values()]


def _find_group(parameter: inspect.Parameter) -> Any:
    """Return the dataclass that a parameter stands for; None for an option or an argument."""
    return parameter.annotation if is_dataclass(parameter.annotation) else None


def _make_argument(name: str, kind: Any, said: Argument, default: Any) -> click.Parameter:
    one, many = _find_item_type(kind)
    required = default is inspect.Parameter.empty
    return _NamedArgument(
        [name],
        help=said.help,
        metavar=said.metavar,
        type=_find_click_type(one, None),
        nargs=-1 if many else 1,
        required=required,
        callback=_make_reader(many, default),
        shell_complete=_wrap_completion(said.autocompletion),
        **_find_default(default),
    )


def _make_option(name: str, kind: Any, said: Option, default: Any) -> click.Parameter:
    one, many = _find_item_type(kind)
    flag = one is bool
    needed = default is inspect.Parameter.empty
    return click.Option(
        [name, *(said.names or (f"--{name.replace('_', '-')}",))],
        help=said.help,
        metavar=said.metavar,
        is_flag=flag,
        type=None if flag else _find_click_type(one, said.min),
        multiple=many,
        required=needed,
        show_default=not needed and default not in (None, False, ""),
        callback=_make_reader(many, default, said),
        is_eager=said.callback is not None,
        shell_complete=_wrap_completion(said.autocompletion),
        **_find_default(default),
    )


def _find_default(default: Any) -> dict[str, Any]:
    """Return the default for click; none where a value is needed: since 8.3 a None would be taken for one."""
    return {} if default is inspect.Parameter.empty else {"default": default}


def _find_item_type(kind: Any) -> tuple[Any, bool]:
    """Return the type of one value, and whether there may be several: ``list[str] | None`` is (str, True)."""
    if get_args(kind) and get_origin(kind) is not list:
        kind = next(part for part in get_args(kind) if part is not type(None))
    return (get_args(kind)[0], True) if get_origin(kind) is list else (kind, False)


def _find_click_type(kind: Any, least: float | None) -> Any:
    if kind is Path:
        return click.Path(path_type=Path)
    if least is not None:
        return click.IntRange(min=int(least)) if kind is int else click.FloatRange(min=least)
    return _KINDS[kind]


def _make_reader(many: bool, default: Any, said: Option | None = None) -> Any:
    """Return click's callback: lists instead of tuples, and the function's default where none is given."""

    def read(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
        if said is not None and not ctx.resilient_parsing:
            _check_word(param, value, said.words)
            if said.callback is not None:
                said.callback(value)
        if many:
            return list(value) if value else None if default is inspect.Parameter.empty else default
        return value

    return read


def _check_word(param: click.Parameter, value: Any, words: Sequence[str]) -> None:
    """Complain of a word that an option does not take, and leave."""
    if words and value is not None and value not in words:
        near = did_you_mean(value, words)
        known = ", ".join(words)
        echo(f"eisfit: {max(param.opts, key=len)} {value!r}: is none of {known}{near}", err=True)
        raise Exit(2)


def _wrap_completion(function: Completion | None) -> Any:
    if function is None:
        return None
    size = len(inspect.signature(function).parameters)

    def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        found = function(incomplete) if size == 1 else function(ctx, incomplete)
        return [CompletionItem(word) for word in found]

    return complete
