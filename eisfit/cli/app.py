"""The commands put together, and the rule that every error is one sentence with the right exit code."""

from __future__ import annotations

import typer

from eisfit._version import __version__
from eisfit.cli import data, fits, models, studies

__all__ = ["app"]

app = typer.Typer(
    name="eisfit",
    help=(
        "Fit impedance spectra, follow the parameters over cycles, explain a coating.\n\n"
        "Quick start:  eisfit fit cell.mpt  |  eisfit track cell_folder/  |  eisfit explain study.toml"
    ),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
for module in (fits, data, models, studies):
    for command in module.COMMANDS:
        app.command()(command)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"eisfit {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: bool = typer.Option(
        False, "--version", callback=_version, is_eager=True, help="Show the version."
    ),
) -> None:
    pass
