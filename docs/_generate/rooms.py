"""The rooms of the package and which of them each one uses, read from the imports of the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import eisfit

__all__ = ["statements", "summary", "uses"]

_PACKAGE = Path(eisfit.__file__).parent


def uses() -> dict[str, set[str]]:
    """Return room -> the rooms that its modules import; ``ground`` stands for the files of the root."""
    rooms = {path.name for path in _PACKAGE.iterdir() if (path / "__init__.py").is_file()}
    found: dict[str, set[str]] = {room: set() for room in ["ground", *sorted(rooms)]}
    for path in _PACKAGE.rglob("*.py"):
        parts = path.relative_to(_PACKAGE).parts
        if parts in (("__init__.py",), ("__main__.py",)):  # the two doors
            continue
        room = parts[0] if len(parts) > 1 else "ground"
        for name in _imported(path):
            other = name.split(".")[1]
            found[room].add(other if other in rooms else "ground")
    return {room: others - {room} for room, others in found.items()}


def statements(body: list[ast.stmt], inside: bool = False) -> Iterator[tuple[ast.stmt, bool]]:
    """Yield each statement, and whether inside a function; not what stands under ``if TYPE_CHECKING``."""
    for node in body:
        yield node, inside
        within = inside or isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        typing = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        parts = [] if typing else [getattr(node, "body", [])]
        parts += [getattr(node, "orelse", []), getattr(node, "finalbody", [])]
        parts += [part.body for part in (*getattr(node, "handlers", ()), *getattr(node, "cases", ()))]
        for part in parts:
            yield from statements(part, within)


def _imported(path: Path) -> list[str]:
    """Return the modules of eisfit that a file imports where it runs, lazily too."""
    names: list[str] = []
    for node, _ in statements(ast.parse(path.read_text(encoding="utf-8")).body):
        if isinstance(node, ast.ImportFrom):
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return [name for name in names if name.startswith("eisfit.")]


def summary() -> str:
    """Return the table of the rooms, from the top floor down; a room's floor is one above what it uses."""
    graph = uses()
    floors: dict[str, int] = {}

    def floor(room: str) -> int:
        if room not in floors:
            floors[room] = 1 + max((floor(other) for other in graph[room]), default=0)
        return floors[room]

    lines = ["| floor | room | what it is | uses |", "|---|---|---|---|"]
    for room in sorted(graph, key=lambda name: (-floor(name), name)):
        below = ", ".join(sorted(graph[room] - {"ground"}, key=lambda name: (-floor(name), name)))
        lines.append(f"| {floor(room)} | `{room}` | {_what(room)} | {below or '-'} |")
    return "\n".join(lines) + "\n"


def _what(room: str) -> str:
    if room == "ground":
        return "the files of the root: errors, verdicts, units, rounding, files"
    text = ast.get_docstring(ast.parse((_PACKAGE / room / "__init__.py").read_text(encoding="utf-8"))) or ""
    return text.partition("\n\n")[0].replace("\n", " ").rstrip(".")
