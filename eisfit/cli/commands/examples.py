"""``eisfit examples``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from eisfit.cli.command import Option
from eisfit.cli.options import Json
from eisfit.cli.output import guard, make_folder, print_json, print_text
from eisfit.errors import UsageError
from eisfit.files import data_folder, is_same_file, write_atomic
from eisfit.records import EXAMPLES_SCHEMA

_EXCLUDED = ("__pycache__",)


@guard
def examples(
    copy: Annotated[Path | None, Option(metavar="DIR", help="Copy them into this folder.")] = None,
    json: Json = False,
) -> None:
    """List the example spectra and studies that come with eisfit, or copy them.

    Example:  eisfit examples --copy example_spectra
    """
    source = data_folder("example_spectra")
    names = sorted(_list_names(source))
    if copy is not None:
        _copy(source, names, copy)
        source = copy
    if json:
        print_json({"schema": EXAMPLES_SCHEMA, "folder": os.fspath(source), "files": names})
        return
    done = "copied to" if copy is not None else "in"
    print_text(f"{len(names)} files {done} {source} (spectra are simulated; see its README files)")
    print_text("\n".join(f"  {line}" for line in _summarise(names)))
    print_text(f"Try:  eisfit explain {source / 'rrml' / 'study.toml'}")


def _list_names(source: Path) -> Iterator[str]:
    for path in source.rglob("*"):
        inside = path.relative_to(source)
        if path.is_file() and not any(part in _EXCLUDED or part.startswith(".") for part in inside.parts):
            yield inside.as_posix()


def _summarise(names: list[str]) -> list[str]:
    """Return one line a file, and one for many spectra of a folder."""
    groups: dict[str, list[str]] = {}
    for name in names:
        home, _, base = name.rpartition("/")
        groups.setdefault(f"{home}/*{Path(base).suffix}" if home else name, []).append(name)
    return [
        f"{pattern}  ({len(members)} files)" if len(members) > 3 else "\n  ".join(members)
        for pattern, members in groups.items()
    ]


def _copy(source: Path, names: list[str], target: Path) -> None:
    clash = [
        name
        for name in names
        if os.path.exists(target / name) and not is_same_file(source / name, target / name)
    ]
    if clash:
        raise UsageError(
            f"--copy {target}: {clash[0]} is there already and differs; name another folder, or remove it"
        )
    for name in names:
        write_atomic(
            make_folder((target / name).parent, "--copy") / (target / name).name, (source / name).read_bytes()
        )
