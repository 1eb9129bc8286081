"""What every command does alike: ``--quiet``, ``--format``, Ctrl-C, a closed pipe, the list of commands."""

from __future__ import annotations

import functools
import inspect
import os
import re
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import field
from importlib import import_module
from typing import Annotated, Any, NoReturn

import click

from eisfit.cli.command import Exit, Option, echo, make_command
from eisfit.errors import EisfitWarning, did_you_mean
from eisfit.records import dataclass

#: What ``--format`` takes.
FORMS = ("table", "json", "csv", "tsv", "md", "paper-md", "paper-latex")
INTERRUPTED = 130  # as shells say of Ctrl-C


class Remarks:
    """What is said of spectra, each remark counted; numbers in it make no difference."""

    def __init__(self) -> None:
        self.spectra = 0
        self._said: dict[str, tuple[str, str]] = {}
        self._count: Counter[str] = Counter()
        self._varied: set[str] = set()

    def add(self, name: str, text: str) -> None:
        """Count a remark on the spectrum called `name`."""
        kind = re.sub(r"(?<![\w.])\d[\d.]*(e[+-]?\d+)?", "", text)
        _, said = self._said.setdefault(kind, (name, text))
        self._count[kind] += 1
        if said != text:
            self._varied.add(kind)

    def lines(self, spectra: int) -> list[str]:
        """Return each remark once, with the name of its spectrum or of how many of `spectra` it is."""
        return [self._line(kind, spectra) for kind in self._said]

    def _line(self, kind: str, spectra: int) -> str:
        name, text = self._said[kind]
        if spectra == 1:
            return text
        if self._count[kind] == 1:
            return f"{name}: {text}"
        first = "; the numbers are of the first" * (kind in self._varied)
        return f"{text} ({self._count[kind]} of {spectra} spectra{first})"


@dataclass(frozen=False)
class CommandState:
    """How the running command is to behave, and what it has still to report.

    Attributes
    ----------
    quiet
        Nothing on standard error but errors.
    form
        One of `FORMS`: what `eisfit.cli.output.print_json` prints.
    unwritten
        Why results could not be written: said once they have been shown, so that they are not lost.
    assumed
        What readers took for granted of the spectra read: said once the results have been shown.
    """

    quiet: bool = False
    form: str = "json"
    unwritten: list[Exception] = field(default_factory=list)
    assumed: Remarks = field(default_factory=Remarks)


#: Of the command under way.
current = CommandState()

Quiet = Annotated[bool, Option("--quiet", "-q", help="Nothing on standard error but errors.")]
Form = Annotated[
    str,
    Option(
        "--format",
        metavar="FORM",
        help="table, json, csv, tsv or md; paper-md, paper-latex: value ± error, unit.",
        words=FORMS,
    ),
]


def count_remarks(remarks: Iterable[tuple[str, str]], spectra: int) -> list[str]:
    """Return each remark once, with the spectrum's name or of how many it is; numbers make no difference.

    Parameters
    ----------
    remarks
        A spectrum's name, and what is said of it.
    spectra
        How many there are.

    Examples
    --------
    >>> count_remarks([("a", "0.21 % left"), ("b", "0.2 % left"), ("a", "no unit")], 5)
    ['0.21 % left (2 of 5 spectra; the numbers are of the first)', 'a: no unit']
    """
    alike = Remarks()
    for name, text in remarks:
        alike.add(name, text)
    return alike.lines(spectra)


def say(text: str) -> None:
    """Print a remark on standard error, unless the user wants it quiet."""
    if not current.quiet:
        echo(text, err=True)


def report_assumed() -> None:
    """Report once, with a count, what the readers assumed because the files do not state it."""
    assumed, current.assumed = current.assumed, Remarks()
    for line in assumed.lines(assumed.spectra):
        say(line)


def add_common_options(command: Callable[..., None]) -> Callable[..., None]:
    """Return the command with ``--quiet``, and with ``--format`` where it has ``--json``."""
    signature = inspect.signature(command, eval_str=True)
    with_json = "json" in signature.parameters

    @functools.wraps(command)
    def wrapper(*args: Any, quiet: bool = False, form: str = "table", **given: Any) -> None:
        current.quiet |= quiet
        current.form = "json"
        if with_json and form != "table":
            if given.get("json") and form != "json":
                echo(f"eisfit: --json and --format {form} exclude each other", err=True)
                raise Exit(2)
            given["json"], current.form = True, form
        _run_command(command, *args, **given)

    more = [("quiet", Quiet, False), *([("form", Form, "table")] if with_json else [])]
    added = [
        inspect.Parameter(n, inspect.Parameter.KEYWORD_ONLY, default=d, annotation=a) for n, a, d in more
    ]
    parameters = [*signature.parameters.values(), *added]
    wrapper.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    return wrapper


def _run_command(command: Callable[..., None], *args: Any, **given: Any) -> None:
    """Run a command; a closed pipe ends it without a message."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("default", EisfitWarning)
            warnings.showwarning = functools.partial(_show_warning, warnings.showwarning)
            command(*args, **given)
        sys.stdout.flush()
    except BrokenPipeError:  # head and less read no more than they need: nothing is wrong
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise Exit(0) from None


def _show_warning(otherwise: Callable[..., None], message: Any, category: type[Warning], *where: Any) -> None:
    """Print eisfit's own warnings as notes, the others as Python does."""
    if issubclass(category, EisfitWarning):
        say(f"eisfit: note: {message}")
    else:
        otherwise(message, category, *where)


#: Heading -> commands, each a function of its name in a module of its name, in the order of the help.
SECTIONS = {
    "Fit": ("fit", "identify", "compare", "batch"),
    "Series and coatings": ("track", "film", "explain"),
    "Look at data": ("info", "check", "drt", "convert"),
    "Pages": ("report", "view"),
    "Circuits": ("circuits", "simulate"),
    "Help": ("examples", "doctor"),
}
NAMES = tuple(name for members in SECTIONS.values() for name in members)

_LISTED = "; eisfit --help lists them"


class Commands(click.Group):
    """The commands under headings, each imported when it is called; for a misspelt one the nearest."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; Ctrl-C ends it, also while it is being imported."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            echo("\neisfit: stopped", err=True)
            raise Exit(INTERRUPTED) from None

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return list(NAMES)

    def get_command(self, ctx: click.Context | None, cmd_name: str) -> click.Command | None:
        """Return a command; its module is imported here."""
        if cmd_name in NAMES and cmd_name not in self.commands:
            self.add_command(make_command(add_common_options(_import_command(cmd_name))), cmd_name)
        return self.commands.get(cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands, a heading for each kind of work."""
        size = max(map(len, NAMES))
        for heading, members in SECTIONS.items():
            with formatter.section(heading):
                formatter.write_dl([(name.ljust(size), _read_first_line(name)) for name in members])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which is meant."""
        if args and args[0] not in NAMES and not ctx.resilient_parsing:
            self._suggest(args[0])
        return super().resolve_command(ctx, args)

    def _suggest(self, word: str) -> NoReturn:
        near = f"; did you mean 'eisfit --{word}'?" if word in ("help", "version") else ""
        near = near or did_you_mean(word, NAMES)
        near = near or (f"; did you mean 'eisfit fit {word}'?" if os.path.exists(word) else _LISTED)
        echo(f"eisfit: no command is called {word!r}{near}", err=True)
        raise Exit(2)


def _import_command(command: str) -> Callable[..., None]:
    found: Callable[..., None] = getattr(import_module(f"eisfit.cli.commands.{command}"), command)
    return found


def _read_first_line(command: str) -> str:
    """Return the first line of a command's help, without its options, which take long to build."""
    return inspect.cleandoc(_import_command(command).__doc__ or "").partition("\n")[0]
