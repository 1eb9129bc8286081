"""What every command does alike: ``--quiet``, ``--format``, Ctrl-C, a closed pipe, the list of commands."""

from __future__ import annotations

import functools
import inspect
import os
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup

from eisfit.cli.completion import words
from eisfit.errors import EisfitWarning, did_you_mean

__all__ = ["FORMS", "INTERRUPTED", "Command", "Commands", "current", "mannerly", "say"]

#: What ``--format`` takes.
FORMS = ("table", "json", "csv", "tsv", "md")
INTERRUPTED = 130  # as shells say of Ctrl-C


@dataclass
class Manners:
    """How the command under way shall behave.

    Attributes
    ----------
    quiet
        Nothing on standard error but errors.
    form
        One of `FORMS`: what `eisfit.cli.output.print_json` prints.
    """

    quiet: bool = False
    form: str = "json"


#: Of the command under way.
current = Manners()

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Nothing on standard error but errors.")]
Form = Annotated[
    str,
    typer.Option(
        "--format",
        metavar="FORM",
        help="table, json, csv, tsv or md; tsv pastes into a spreadsheet.",
        autocompletion=words(*FORMS),
    ),
]


def say(text: str) -> None:
    """Print a remark on standard error, unless the user wants it quiet."""
    if not current.quiet:
        typer.echo(text, err=True)


def mannerly(command: Callable[..., None]) -> Callable[..., None]:
    """Return the command with ``--quiet``, and with ``--format`` where it has ``--json``."""
    signature = inspect.signature(command, eval_str=True)
    with_json = "json" in signature.parameters

    @functools.wraps(command)
    def wrapper(*args: Any, quiet: bool = False, form: str = "table", **given: Any) -> None:
        current.quiet |= quiet
        current.form = "json"
        if with_json and form != "table":
            given["json"], current.form = True, _form(form, bool(given.get("json")))
        _to_the_end(command, *args, **given)

    more = [("quiet", Quiet, False), *([("form", Form, "table")] if with_json else [])]
    added = [
        inspect.Parameter(n, inspect.Parameter.KEYWORD_ONLY, default=d, annotation=a) for n, a, d in more
    ]
    parameters = [*signature.parameters.values(), *added]
    # typer reads both: the signature, and, in its older versions, the annotations.
    wrapper.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    wrapper.__annotations__ = {p.name: p.annotation for p in parameters}
    return wrapper


def _form(form: str, json: bool) -> str:
    """Return the form, or complain of one that is not known and leave."""
    if form not in FORMS:
        sentence = f"--format {form!r}: is none of {', '.join(FORMS)}{did_you_mean(form, FORMS)}"
    elif json and form != "json":
        sentence = f"--json and --format {form} exclude each other"
    else:
        return form
    typer.echo(f"eisfit: {sentence}", err=True)
    raise typer.Exit(2)


def _to_the_end(command: Callable[..., None], *args: Any, **given: Any) -> None:
    """Run a command; Ctrl-C and a reader that has gone end it without a word too many."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("default", EisfitWarning)
            warnings.showwarning = functools.partial(_note, warnings.showwarning)
            command(*args, **given)
        sys.stdout.flush()
    except KeyboardInterrupt:
        typer.echo("\neisfit: stopped", err=True)
        raise typer.Exit(INTERRUPTED) from None
    except BrokenPipeError:  # head and less read no more than they need: nothing is wrong
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None


def _note(otherwise: Callable[..., None], message: Any, category: type[Warning], *where: Any) -> None:
    """Print eisfit's own warnings as notes, the others as Python does."""
    if issubclass(category, EisfitWarning):
        say(f"eisfit: note: {message}")
    else:
        otherwise(message, category, *where)


#: Heading -> commands, in the order of the help. A command that stands nowhere comes last.
SECTIONS = {
    "Fit": ("fit", "identify", "compare", "batch"),
    "Cycles and coatings": ("track", "explain"),
    "Look at data": ("info", "check", "drt", "convert"),
    "Pages": ("report", "view"),
    "Circuits": ("circuits", "simulate"),
    "Help": ("examples", "doctor"),
}


class Command(TyperCommand):
    """A command that says which option is given twice, where the last would win in silence."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments, or complain of a repeated option and leave."""
        if not ctx.resilient_parsing:
            order: list[Any] = self.make_parser(ctx).parse_args(args=list(args))[2]
            single = [p for p in order if p.param_type_name == "option" and not (p.multiple or p.is_flag)]
            for given in single:
                if single.count(given) > 1:
                    name = max(given.opts, key=len)
                    typer.echo(f"eisfit: {name} is given twice: give it once{_parted(given)}", err=True)
                    raise typer.Exit(2)
        return super().parse_args(ctx, args)


def _parted(option: Any) -> str:
    return ", with commas between" if "commas" in (option.help or "") else ""


_LISTED = "; eisfit --help lists them"


class Commands(TyperGroup):
    """The commands under headings, and for a misspelt one the nearest."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands, a heading for each kind of work."""
        names = self.list_commands(ctx)
        named = {name for members in SECTIONS.values() for name in members}
        sections = {**SECTIONS, "More": tuple(name for name in names if name not in named)}
        size = max(len(name) for name in names)
        for heading, members in sections.items():
            rows = [(name.ljust(size), self._about(ctx, name)) for name in members if name in names]
            if rows:
                with formatter.section(heading):
                    formatter.write_dl(rows)

    def _about(self, ctx: Any, name: str) -> str:
        command = self.get_command(ctx, name)
        return command.get_short_help_str(1000) if command is not None else ""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command, or say which is meant."""
        if args and args[0] not in self.commands and not ctx.resilient_parsing:
            self._unknown(args[0])
        return super().resolve_command(ctx, args)

    def _unknown(self, word: str) -> NoReturn:
        near = f"; did you mean 'eisfit --{word}'?" if word in ("help", "version") else ""
        near = near or did_you_mean(word, self.commands)
        near = near or (f"; did you mean 'eisfit fit {word}'?" if _is_a_file(word) else _LISTED)
        typer.echo(f"eisfit: no command is called {word!r}{near}", err=True)
        raise typer.Exit(2)


def _is_a_file(word: str) -> bool:
    return os.path.exists(word)  # noqa: PTH110 - a glob's odd letters are no reason to fail
