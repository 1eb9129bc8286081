"""lmfit and matplotlib without what a command never touches: its own process waits for nothing else.

lmfit imports pandas, matplotlib, scipy.stats and every optimiser of scipy at its own start, which takes
longer than all of eisfit. It does without the first two where they are not installed, and needs the
distributions and most optimisers only for methods that eisfit does not call. matplotlib writes the
documentation of a hundred classes' properties when they are defined, which nobody reads here. A notebook's
process is left as it is.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:  # with its base classes come files of packages, archives and random numbers
    from importlib.abc import Loader

__all__ = ["defer_imports"]

_NOT_NEEDED = ("pandas", "matplotlib", "numdifftools")
# Imported when a name of theirs is used; where another scipy has no such module, nothing is lost.
_LATER = (
    *("scipy.stats", "scipy.fft", "scipy.interpolate", "scipy.spatial"),
    *("scipy.linalg.interpolative", "scipy.sparse.csgraph"),
    *(f"scipy.optimize.{name}" for name in ("_direct_py", "_dual_annealing", "_isotonic", "_linprog")),
    *(f"scipy.optimize.{name}" for name in ("_milp", "_qap", "_shgo")),
)


class _Later:
    """One name of a module that is imported when the name is used."""

    def __init__(self, module: str, name: str) -> None:
        self._module, self._name = module, name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(getattr(import_module(self._module), self._name), attribute)

    def __call__(self, *args: Any, **given: Any) -> Any:
        return getattr(import_module(self._module), self._name)(*args, **given)


class _LaterModule(ModuleType):
    """Stands for a module while another imports names from it."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Later(self.__name__, name)


class _Loader:
    """Loads a module as its own loader does, with less around it."""

    def __init__(self, own: Loader) -> None:
        self._own = own

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Return what the module's own loader creates."""
        return self._own.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Run the module's own start."""
        if module.__name__ == "lmfit":
            with _without_what_it_does_not_need():
                self._own.exec_module(module)
            return
        self._own.exec_module(module)
        if hasattr(module.Artist, "_update_set_signature_and_docstring"):
            module.Artist._update_set_signature_and_docstring = classmethod(lambda _: None)


class _Finder:
    """Finds modules where everyone does, and gives them the lean loader."""

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:
        """Return the spec of lmfit and of matplotlib's artists; None for every other module."""
        lean = fullname in ("lmfit", "matplotlib.artist")
        spec = PathFinder.find_spec(fullname, path) if lean else None
        if spec is not None and spec.loader is not None:
            spec.loader = cast("Loader", _Loader(spec.loader))
        return spec


def defer_imports() -> None:
    """Make this process import both lean, once it imports them; nothing where lmfit is imported already."""
    if "lmfit" not in sys.modules:
        sys.meta_path.insert(0, _Finder())


@contextmanager
def _without_what_it_does_not_need() -> Iterator[None]:
    absent = [name for name in _NOT_NEEDED if name not in sys.modules]
    later = {name: _LaterModule(name) for name in _LATER if name not in sys.modules}
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type] # None: an ImportError, by Python's rules
    sys.modules.update(later)
    try:
        yield
    finally:
        for name in (*absent, *later):
            del sys.modules[name]
