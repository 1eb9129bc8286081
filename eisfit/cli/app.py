"""The program: its own options, and the commands that `eisfit.cli.all_commands` finds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from eisfit import __version__
from eisfit.cli.all_commands import Commands, Quiet, current
from eisfit.cli.command import Exit, Option, echo, make_params
from eisfit.cli.completion import SHELLS, install_script, make_script

_NAMED = f"eisfit {__version__}"


def _make_callback(answer: Callable[[Any], str]) -> Callable[[Any], None]:
    """Return the callback of an option that prints an answer and exits."""

    def print_and_stop(asked: Any) -> None:
        if asked not in (None, False):
            echo(answer(asked))
            raise Exit

    return print_and_stop


def _shell_option(answer: Callable[[str], str], about: str) -> Option:
    return Option(metavar="SHELL", words=tuple(SHELLS), help=about, callback=_make_callback(answer))


def _main(
    version: Annotated[
        bool,
        Option("--version", "-V", callback=_make_callback(lambda _: _NAMED), help="Show the version."),
    ] = False,
    install_completion: Annotated[str | None, _shell_option(install_script, "Teach your shell: {}.")] = None,
    show_completion: Annotated[
        str | None, _shell_option(make_script, "Print what a shell needs to know.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    current.quiet = quiet


app = Commands(
    "eisfit",
    params=make_params(_main),
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
