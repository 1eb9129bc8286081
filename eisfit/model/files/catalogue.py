r"""Where circuit files are found by name: the project's own, the user's own, and those that come with eisfit.

In this order, the first that has the name wins:

1. ``circuits/`` of the project: in the current folder, or in one above it up to the project's root, which is
   the nearest with ``.git``, ``pyproject.toml`` or ``study.toml``. Without such a root only the current
   folder counts, so that nothing lying about further up is taken.
2. the user's configuration: ``~/.config/eisfit/circuits`` (``$XDG_CONFIG_HOME``) on Linux,
   ``~/Library/Application Support/eisfit/circuits`` on macOS, ``%APPDATA%\eisfit\circuits`` on Windows.
3. those that come with eisfit.
4. those of other packages, by entry points of the group ``eisfit.circuits`` (`eisfit.extensions`).

Circuit files are data: nothing in them is executed, wherever they come from.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from eisfit.extensions import list_extensions
from eisfit.files import data_folder, is_same_file
from eisfit.records import dataclass

Origin = Literal["project", "user", "eisfit", "package"]

#: What a circuit's name looks like; nothing that looks like it is a circuit string.
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST = 200  # of a name: with its ending and folder it is still a file of every system
_ROOTS = (".git", "pyproject.toml", "study.toml")


@dataclass(frozen=True)
class Entry:
    """A circuit that can be asked for by its name.

    Attributes
    ----------
    name
        File name without ``.toml``.
    path
        The file.
    origin
        ``project``, ``user``, ``eisfit`` or ``package``.
    shadows
        True where eisfit has another circuit of this name, which this one replaces.
    """

    name: str
    path: Path
    origin: Origin
    shadows: bool = False


def list_built_in() -> tuple[str, ...]:
    """Return the names of the circuits that come with eisfit."""
    return tuple(sorted(path.stem for path in data_folder("circuits").glob("*.toml")))


def list_entries() -> dict[str, Entry]:
    """Return every circuit that can be asked for by name here, in the order of the names."""
    names = {path.stem for _, folder in _iterate_folders() for path in folder.glob("*.toml")}
    return {name: entry for name in sorted(names) if (entry := find_entry(name)) is not None}


def find_misnamed_files() -> list[Path]:
    """Return the user's circuit files that no name can find, because of characters in their names."""
    folders = [folder for origin, folder in _iterate_folders() if origin in ("project", "user")]
    return sorted(
        path for folder in folders for path in folder.glob("*.toml") if not NAME.fullmatch(path.stem)
    )


def find_entry(name: str) -> Entry | None:
    """Return the circuit of this name, or None."""
    if not NAME.fullmatch(name) or len(name) > _LONGEST:
        return None
    own = data_folder("circuits") / f"{name}.toml"
    for origin, folder in _iterate_folders():
        path = f"{folder}/{name}.toml"  # pathlib's would take as long as the rest
        # A clone of eisfit has its circuits in circuits/ too: the same file is no other circuit.
        if os.path.isfile(path) and (origin == "eisfit" or not is_same_file(Path(path), own)):
            return Entry(name, Path(path), origin, shadows=origin in ("project", "user") and own.is_file())
    return None


def _iterate_folders() -> Iterator[tuple[Origin, Path]]:
    project, user = find_project_folder(), find_user_folder()
    if project is not None:
        yield "project", project
    if user is not None and user.is_dir():
        yield "user", user
    yield "eisfit", data_folder("circuits")
    for offered in list_extensions("circuits").values():
        for folder in getattr(offered, "__path__", None) or [offered]:
            yield "package", Path(folder)


def find_project_folder() -> Path | None:
    """Return the project's ``circuits/``, where there is one with a circuit file."""
    try:
        here = Path.cwd()
    except OSError:  # the current folder has been removed
        return None
    for folder in _list_parents(here):
        circuits = f"{folder}/circuits"
        if os.path.isdir(circuits) and _has_circuit(circuits):
            return Path(circuits)
    return None


def _has_circuit(folder: str) -> bool:
    with os.scandir(folder) as inside:
        return any(entry.name.endswith(".toml") for entry in inside)


def _list_parents(here: Path) -> list[Path]:
    above = [here, *here.parents]
    for number, folder in enumerate(above, 1):
        if any(os.path.exists(f"{folder}/{mark}") for mark in _ROOTS):
            return above[:number]
    return [here]


def find_user_folder() -> Path | None:
    """Return the folder for the user's own circuits, which need not exist; None for a user without a home."""
    try:
        home = Path.home()
    except RuntimeError:
        return None
    if sys.platform == "darwin":
        base = home / "Library" / "Application Support"
    elif os.name == "nt":
        base = Path(os.environ.get("APPDATA") or home / "AppData" / "Roaming")
    else:
        base = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    return base / "eisfit" / "circuits"
