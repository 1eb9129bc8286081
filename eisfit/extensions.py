"""What other packages offer: readers, elements, circuits, growth laws, by entry points.

A package says it in its ``pyproject.toml``; the groups are ``eisfit.readers``, ``eisfit.elements``,
``eisfit.circuits`` and ``eisfit.growth_laws``. Nothing is imported before a name is not known, a list of all
is asked for, or a file is read and a package offers readers: installed packages cost no time at the start.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from eisfit.errors import EisfitWarning

T = TypeVar("T")


@cache
def list_extensions(group: str) -> dict[str, Any]:
    """Return entry point's name -> what it leads to, of the group ``eisfit.GROUP``.

    Warns
    -----
    EisfitWarning
        When a package's entry point cannot be imported; the others are returned.
    """
    from importlib.metadata import entry_points  # 80 ms: only where something is looked for

    found: dict[str, Any] = {}
    for entry in sorted(entry_points(group=f"eisfit.{group}"), key=lambda entry: entry.name):
        try:
            found[entry.name] = entry.load()
        except Exception as error:  # whatever a foreign package raises must not stop eisfit
            package = entry.dist.name if entry.dist is not None else entry.value
            said = f"the package {package} offers {group} {entry.name!r}, which cannot be loaded: {error}"
            warnings.warn(said, EisfitWarning, stacklevel=2)
    return found


@cache
def is_offered(group: str) -> bool:
    """Return whether an installed package may offer anything in the group ``eisfit.GROUP``.

    Looks for the group's name in the packages' lists of entry points: 2 ms, `importlib.metadata` takes 30.
    Where packages are installed in another way than as folders, the answer is yes.
    """
    name = f"eisfit.{group}".encode()
    for place in sys.path:
        try:
            folders = [entry.path for entry in os.scandir(place or ".")]
        except NotADirectoryError:
            return True  # an archive of packages
        except OSError:
            continue
        for folder in folders:
            if folder.endswith((".dist-info", ".egg-info")) and name in _read_entry_points(folder):
                return True
    return False


def _read_entry_points(folder: str) -> bytes:
    try:
        return (Path(folder) / "entry_points.txt").read_bytes()
    except OSError:
        return b""


class Registry(dict[str, T]):
    """Name -> thing; one that is not known is looked for in other packages, once.

    Parameters
    ----------
    group
        Of entry points, each of which leads to one thing or several.
    key
        The attribute of a thing that is its name.
    things
        What eisfit has itself: no package replaces it.
    """

    def __init__(self, group: str, key: str, things: Iterable[T]) -> None:
        super().__init__((getattr(thing, key), thing) for thing in things)
        self._group, self._key, self._complete = group, key, False

    def complete(self) -> Registry[T]:
        """Return itself with what other packages offer."""
        if not self._complete:
            self._complete = True
            for name, offered in list_extensions(self._group).items():
                for thing in offered if isinstance(offered, (list, tuple)) else (offered,):
                    self._take(name, thing)
        return self

    def _take(self, name: str, thing: Any) -> None:
        key = getattr(thing, self._key, None)
        if isinstance(key, str) and self.get(key) is thing:
            return  # the package has registered it itself
        if not isinstance(key, str) or super().__contains__(key):
            why = f"{key!r} is known already" if isinstance(key, str) else f"it has no {self._key}"
            said = f"the entry point {name!r} of eisfit.{self._group} is left out: {why}"
            warnings.warn(said, EisfitWarning, stacklevel=4)
            return
        self[key] = thing

    def __missing__(self, key: str) -> T:
        if self._complete:
            raise KeyError(key)
        return self.complete()[key]

    def __contains__(self, key: object) -> bool:
        return super().__contains__(key) or (not self._complete and key in self.complete())
