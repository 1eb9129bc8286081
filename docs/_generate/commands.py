"""A page for every command, from the program."""

from __future__ import annotations

import inspect
from typing import Any

from _generate.pages import Pages, code, head, options_as_code, table, toctree
from eisfit.cli.all_commands import NAMES
from eisfit.cli.app import app

__all__ = ["commands", "write"]


def commands() -> dict[str, Any]:
    """Return every command by its name."""
    return {name: app.get_command(None, name) for name in NAMES}


def write(pages: Pages) -> None:
    """Write the list of the commands and a page for each."""
    found = commands()
    rows = []
    for name, command in found.items():
        pages.write(f"cli/{_file(name)}.md", _page(name, command))
        rows.append((f"[`eisfit {name}`]({_file(name)}.md)", _sentences(command)[0]))
    top = app
    ends = table(
        ("exit code", "meaning"),
        [
            ("0", "all done"),
            ("1", "some file failed; the others are done, the failures are listed with their reason"),
            ("2", "wrong usage: an unknown name or an impossible option"),
            ("130", "stopped by Ctrl-C"),
        ],
    )
    options = table(("option of eisfit itself", "meaning"), _options(top))
    listed = table(("command", "what it does"), rows)
    text = f"{head('cli')}{listed}\n{options}\n{ends}\n{toctree(map(_file, found))}"
    pages.write("cli/index.md", text)


def _file(name: str) -> str:
    return name.replace(" ", "_")


def _sentences(command: Any) -> list[str]:
    text = inspect.cleandoc(command.help or "").replace("\b\n", "")
    return [part.replace("\n", " ").strip() for part in text.split("\n\n")]


def _page(name: str, command: Any) -> str:
    paragraphs = _sentences(command)
    examples = [p.removeprefix("Example:").strip() for p in paragraphs if p.startswith("Example:")]
    words = options_as_code("\n\n".join(p for p in paragraphs if not p.startswith("Example:")))
    usage = f"eisfit {name} {' '.join(_usage(command))}".strip()
    shown = "".join(f"```sh\n{example}\n```\n\n" for example in examples)
    arguments = [(code(_argument(p)), p.about) for p in _arguments(command)]
    text = f"# eisfit {name}\n\n{words}\n\n{shown}```text\n{usage}\n```\n\n"
    if arguments:
        text += table(("argument", "meaning"), arguments) + "\n"
    return text + table(("option", "meaning"), _options(command))


def _usage(command: Any) -> list[str]:
    words = [f"[{_argument(p)}]{'...' if p.nargs == -1 else ''}" for p in _arguments(command)]
    needed = [words for p, (words, _) in _records(command) if p.required]
    return [*words, *needed, "[OPTIONS]"]


def _arguments(command: Any) -> list[Any]:
    return [p for p in command.params if p.param_type_name == "argument"]


def _argument(argument: Any) -> str:
    return str(argument.metavar or argument.name.upper())


def _options(command: Any) -> list[tuple[str, str]]:
    return [
        (", ".join(map(code, words.split(", "))), options_as_code(text))
        for _, (words, text) in _records(command)
    ]


def _records(command: Any) -> list[tuple[Any, tuple[str, str]]]:
    """Return each option with what ``--help`` says of it: names with the kind of value, and the text."""
    context = command.make_context("eisfit", [], resilient_parsing=True)
    found = [(p, p.get_help_record(context)) for p in command.get_params(context)]
    return [(p, record) for p, record in found if record and p.param_type_name == "option"]
