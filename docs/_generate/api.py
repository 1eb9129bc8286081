"""The reference of the Python names, from their docstrings."""

from __future__ import annotations

import ast
import inspect
import pkgutil
from importlib import import_module
from types import ModuleType
from typing import ParamSpec, TypeVar

import eisfit
from _generate.pages import Pages, head, toctree
from eisfit import errors
from eisfit.display import plot

__all__ = ["names", "rooms", "write"]

_GROUPS = {
    "Read": ("read", "read_series", "Spectrum", "Series"),
    "Test and look without a circuit": ("check", "correct_drift", "KramersKronigResult", "drt", "DRTResult"),
    "Circuits": ("circuit", "circuits", "Circuit", "register_element", "simulate"),
    "Fit": ("fit", "FitResult", "fit_many", "intervals"),
    "Other programs": ("export", "to_impedance", "from_impedance", "ImpedanceCircuit"),
    "Which circuit": ("identify", "Identification", "compare", "Comparison"),
    "Follow over an axis": ("track", "SeriesResult", "drt_series", "SeriesDRT", "compare_series"),
    "Explain a coating": ("explain", "Explanation", "film"),
}


def names() -> list[str]:
    """Return the public names, without the version."""
    return [name for name in eisfit.__all__ if not name.startswith("__")]


def write(pages: Pages) -> None:
    """Write the list of the names and a page for each, one for figures and one for errors."""
    for name in names():
        pages.write(f"api/{name}.rst", _page(name))
    pages.write("api/plot.rst", _functions("eisfit.display.plot", plot))
    pages.write("api/errors.rst", _errors())
    placed = rooms()
    for room, modules in placed.items():
        pages.write(f"modules/{_slug(room)}.rst", _room(room, modules))
    pages.write("modules/index.md", _room_list(placed))
    grouped = {name for group in _GROUPS.values() for name in group}
    rest = tuple(name for name in names() if name not in grouped and name != "EisfitError")
    sections = "".join(_group(title, group) for title, group in {**_GROUPS, "More": rest}.items())
    pages.write("api/index.md", head("api") + sections + toctree([*names(), "plot", "errors"]))


def _group(title: str, group: tuple[str, ...]) -> str:
    rows = [f"| [`{name}`]({name}.rst) | {_first_line(name)} |" for name in group if name in eisfit.__all__]
    return f"## {title}\n\n| name | what it is |\n|---|---|\n" + "\n".join(rows) + "\n\n" if rows else ""


def _first_line(name: str) -> str:
    text = inspect.getdoc(getattr(eisfit, name)) or ""
    return text.partition("\n\n")[0].replace("\n", " ").replace("``", "`")


def _page(name: str) -> str:
    title = f"eisfit.{name}"
    if inspect.isclass(found := getattr(eisfit, name)):
        others = {base.__name__ for base in found.__mro__ if not base.__module__.startswith("eisfit")}
        inherited = f"   :inherited-members: {', '.join(sorted(others))}\n"  # of our own classes alone
        body = f".. autoclass:: eisfit.{name}\n   :members:\n{inherited}"
    else:
        body = f".. autofunction:: eisfit.{name}\n"
    return f"{title}\n{'=' * len(title)}\n\n{body}"


def _public(module: ModuleType) -> list[str]:
    """Return the names that a module hands on, else those that it defines without an underscore in front."""
    if hasattr(module, "__all__"):
        return list(module.__all__)
    body = ast.parse(inspect.getsource(module)).body
    own = [name for node in body for name in _defined(node) if not name.startswith("_")]
    return [
        name for name in dict.fromkeys(own) if not isinstance(getattr(module, name), (TypeVar, ParamSpec))
    ]


def _defined(node: ast.stmt) -> list[str]:
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _functions(title: str, module: ModuleType) -> str:
    body = "".join(f".. autofunction:: {title}.{name}\n\n" for name in _public(module))
    return f"{title}\n{'=' * len(title)}\n\n{(inspect.getdoc(module) or '').strip()}\n\n{body}"


def rooms() -> dict[str, list[ModuleType]]:
    """Return the modules behind the public names by the room they stand in.

    All but the command line, the readers of single formats, and what has a page of its own.
    """
    names = [info.name for info in pkgutil.walk_packages(eisfit.__path__, "eisfit.")]
    placed: dict[str, list[ModuleType]] = {}
    for name in sorted(names):
        if _elsewhere(name):
            continue
        module = import_module(name)
        if _public(module):
            room = name.split(".")[1] if name.count(".") > 1 else "ground"
            placed.setdefault(room, []).append(module)
    return placed


def _elsewhere(name: str) -> bool:
    """Return whether a module is told elsewhere: it is private, has its own page, or is one of a family."""
    own = ("eisfit.errors", "eisfit.cli", "eisfit.display.plot", "eisfit.__main__",
           "eisfit.engine.evaluation.compiled_loop")  # fmt: skip  # the last needs numba, an extra
    parts = name.split(".")
    family = len(parts) > 3 and parts[2] in ("readers", "elements") and parts[3] != "base"
    return family or any(part.startswith("_") for part in parts) or name.startswith(own)


def _room(room: str, modules: list[ModuleType]) -> str:
    public = {id(getattr(eisfit, name)) for name in names()}
    sections = "".join(_module(module, public) for module in modules)
    return f"{room}\n{'=' * len(room)}\n\n{sections}"


def _module(module: ModuleType, public: set[int]) -> str:
    name = module.__name__
    is_public_name = name.partition(".")[2] in eisfit.__all__  # eisfit.fit is the function
    text = f"{name}\n{'-' * len(name)}\n\n"
    text += "" if is_public_name else f".. py:module:: {name}\n\n"
    text += f".. automodule:: {name}\n   :no-members:\n   :no-index:\n\n"
    for member in _public(module):
        value = getattr(module, member, None)
        if member.isupper():
            text += f".. py:data:: {member}\n   :module: {name}\n\n"
        elif id(value) in public or getattr(value, "__module__", None) != name:
            continue
        elif inspect.isclass(value):
            text += f".. autoclass:: {name}.{member}\n   :members:\n\n"
        elif inspect.isfunction(value):
            text += f".. autofunction:: {name}.{member}\n\n"
    return text


def _room_list(placed: dict[str, list[ModuleType]]) -> str:
    text = head("modules")
    for room, modules in placed.items():
        text += f"## [{room}]({_slug(room)}.rst)\n\n| module | what it does |\n|---|---|\n"
        for module in modules:
            line = (inspect.getdoc(module) or "").partition("\n\n")[0].replace("\n", " ").replace("``", "`")
            text += f"| `{module.__name__}` | {line} |\n"
        text += "\n"
    return text + toctree(map(_slug, placed))


def _slug(room: str) -> str:
    return room.lower().replace(" ", "_")


def _errors() -> str:
    found = [n for n in _public(errors) if inspect.isclass(getattr(errors, n)) and n != "EisfitError"]
    body = "".join(f".. autoclass:: eisfit.errors.{name}\n   :show-inheritance:\n\n" for name in found)
    return f"Errors\n======\n\n{inspect.getdoc(errors)}\n\n{body}"
