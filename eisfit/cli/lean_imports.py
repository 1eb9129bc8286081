"""lmfit and matplotlib without the parts that a command never uses, so that it starts sooner.

lmfit imports pandas, matplotlib, scipy.stats and every optimiser of scipy at its own start, which takes
longer than all of eisfit. It does without the first two where they are not installed, and needs the
distributions and most optimisers only for methods that eisfit does not call. matplotlib and scipy write the
documentation of hundreds of names when they are defined, which nobody reads here, scipy loads numpy's tools
for tests and compilers, and matplotlib three dimensions and TeX. A notebook's process is left as it is.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast
from warnings import catch_warnings, simplefilter

if TYPE_CHECKING:  # with its base classes come files of packages, archives and random numbers
    from importlib.abc import Loader

#: Module -> what it imports and does without, and what it imports for names that are rarely used: these are
#: imported when one is. Where another version has no such module, nothing is lost.
_ABSENT = {
    "lmfit": ("pandas", "matplotlib", "numdifftools", "emcee"),
    "matplotlib.projections": ("mpl_toolkits.mplot3d",),
}
_TOOLS = ("numpy.testing", "numpy.f2py", "numpy.ctypeslib")
_LATER = {
    "lmfit": ("scipy.stats", "scipy.fft", "scipy.interpolate", "scipy.spatial", "dill", "multiprocessing"),
    "scipy.optimize": (
        *("scipy.spatial", "scipy.linalg.interpolative", "scipy.sparse.csgraph"),
        *(f"scipy.optimize.{name}" for name in ("_direct_py", "_dual_annealing", "_isotonic", "_linprog")),
        *(f"scipy.optimize.{name}" for name in ("_milp", "_qap", "_shgo")),
    ),
    "matplotlib.textpath": ("matplotlib.dviread",),
    "matplotlib.backends.backend_agg": ("matplotlib.dviread",),
    "schemdraw.schemdraw": ("schemdraw.backends.mpl",),
    "schemdraw.elements.elements": ("schemdraw.backends.mpl",),
    "scipy._lib.array_api_compat.numpy": _TOOLS,
    "scipy._external.array_api_compat.numpy": _TOOLS,  # since scipy 1.18
}


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
        """Run the module's own start, whole where its version cannot do without (matplotlib 3.8)."""
        try:
            with _skip_imports(module.__name__):
                self._own.exec_module(module)
        except ImportError:
            self._own.exec_module(module)
        if module.__name__ in _UNREAD:
            _UNREAD[module.__name__](module)


def _skip_signatures(module: ModuleType) -> None:
    if hasattr(module.Artist, "_update_set_signature_and_docstring"):
        module.Artist._update_set_signature_and_docstring = classmethod(lambda _: None)


def _skip_sections(module: ModuleType) -> None:
    if hasattr(module.NumpyDocString, "_parse"):
        module.NumpyDocString._parse = lambda _: None


#: Module -> a patch that stops it from parsing documentation that no command reads.
_UNREAD: dict[str, Callable[[Any], None]] = {
    "matplotlib.artist": _skip_signatures,
    "scipy._lib._docscrape": _skip_sections,
}


class _Finder:
    """Finds modules as usual, and gives them the lean loader."""

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:
        """Return the spec of a module that is loaded lean; None for every other."""
        lean = fullname in _ABSENT or fullname in _LATER or fullname in _UNREAD
        spec = PathFinder.find_spec(fullname, path) if lean else None
        if spec is not None and spec.loader is not None:
            spec.loader = cast("Loader", _Loader(spec.loader))
        return spec


def defer_imports() -> None:
    """Make this process import both lean, once it imports them; nothing where lmfit is imported already."""
    if "lmfit" not in sys.modules:
        sys.meta_path.insert(0, _Finder())


@contextmanager
def _skip_imports(name: str) -> Iterator[None]:
    absent = [one for one in _ABSENT.get(name, ()) if one not in sys.modules]
    later = {one: _LaterModule(one) for one in _LATER.get(name, ()) if one not in sys.modules}
    parents = [(sys.modules.get(one.rpartition(".")[0]), one.rpartition(".")[2]) for one in later]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type] # None: an ImportError, by Python's rules
    sys.modules.update(later)
    for (parent, child), stand_in in zip(parents, later.values(), strict=True):
        if parent is not None:
            setattr(parent, child, stand_in)
    try:
        with catch_warnings():
            simplefilter("ignore", UserWarning)  # that something cannot be imported
            yield
    finally:
        for one in (*absent, *later):
            del sys.modules[one]
        for (parent, child), stand_in in zip(parents, later.values(), strict=True):
            if parent is not None and vars(parent).get(child) is stand_in:
                delattr(parent, child)
