"""The program: its own options, and the commands that `eisfit.cli.all_commands` finds."""

from __future__ import annotations

from typing import Annotated

from eisfit import __version__
from eisfit.cli.all_commands import Commands, Quiet, current
from eisfit.cli.command import Exit, Option, echo, params_of
from eisfit.cli.completion import SHELLS, install, script, words


def _version(asked: bool) -> None:
    if asked:
        echo(f"eisfit {__version__}")
        raise Exit


def _show(shell: str | None) -> None:
    if shell is not None:
        echo(script(shell))
        raise Exit


def _install(shell: str | None) -> None:
    if shell is not None:
        echo(install(shell))
        raise Exit


_SHELL = {"metavar": "SHELL", "autocompletion": words(*SHELLS)}


def _main(
    version: Annotated[bool, Option("--version", "-V", callback=_version, help="Show the version.")] = False,
    install_completion: Annotated[
        str | None, Option(callback=_install, help="Teach your shell: bash, zsh or fish.", **_SHELL)
    ] = None,
    show_completion: Annotated[
        str | None, Option(callback=_show, help="Print what a shell needs to know.", **_SHELL)
    ] = None,
    quiet: Quiet = False,
) -> None:
    current.quiet = quiet


app = Commands(
    "eisfit",
    params=params_of(_main),
    callback=_main,
    help=(
        "Fit impedance spectra, follow the parameters over cycles, explain a coating.\n\n"
        "\b\n"
        "Example:  eisfit fit cell.mpt\n"
        "          eisfit track cell_folder/\n"
        "          eisfit explain study.toml\n"
        "          eisfit examples --copy examples     (something to try it on)"
    ),
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
