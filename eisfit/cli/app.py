"""The commands put together, and the rule that every error is one sentence with the right exit code."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated

import typer

from eisfit._version import __version__
from eisfit.cli import (
    batch,
    circuits,
    comparison,
    data,
    doctor,
    examples,
    fits,
    identify,
    models,
    pages,
    relaxation,
    studies,
    tracking,
)
from eisfit.cli.manners import Command, Commands, Quiet, current, mannerly

__all__ = ["app"]

app = typer.Typer(
    name="eisfit",
    cls=Commands,
    help=(
        "Fit impedance spectra, follow the parameters over cycles, explain a coating.\n\n"
        "\b\n"
        "Example:  eisfit fit cell.mpt\n"
        "          eisfit track cell_folder/\n"
        "          eisfit explain study.toml\n"
        "          eisfit examples --copy examples     (something to try it on)"
    ),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _register(command: Callable[..., None]) -> None:
    """Make a function a command, the example of its help unbroken whatever the terminal's width."""
    text = inspect.cleandoc(command.__doc__ or "")
    unbroken = text.replace("Example:", "\b\nExample:")
    app.command(cls=Command, help=unbroken, short_help=text.partition("\n")[0])(mannerly(command))


for module in (
    *(fits, identify, tracking, batch, comparison, data, relaxation),
    *(circuits, models, pages, studies, examples, doctor),
):
    for command in module.COMMANDS:
        _register(command)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"eisfit {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", "-V", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    current.quiet = quiet
