"""The page of flags: what is said of each in ``flags.toml``, and its messages from eisfit's source."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import eisfit
from _generate.pages import Pages, code, head, options_as_code, table

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["described", "messages", "summary", "write"]

_DOCS = Path(__file__).resolve().parent.parent


def described() -> dict[str, dict[str, Any]]:
    """Return what ``flags.toml`` says, by the flag's name."""
    return tomllib.loads((_DOCS / "flags.toml").read_text(encoding="utf-8"))


@cache
def messages() -> dict[str, list[tuple[str, str]]]:
    """Return every flag that the source can raise, with the (cause, cure) of each place; ``…`` is filled in.

    Found by reading the source, so that a new flag cannot be forgotten. A text that is put together
    elsewhere is left empty.
    """
    found: dict[str, list[tuple[str, str]]] = {}
    for path in sorted(Path(eisfit.__file__).parent.rglob("*.py")):
        for call, given in _calls(path):
            for name in _names(call.args[0]):
                said = (_text(call.args[1], given), _text(call.args[2], given))
                if said not in found.setdefault(name, []):
                    found[name].append(said)
    return found


def summary() -> str:
    """Return the table of all flags, one line each."""
    rows = [(code(name), entry["meaning"]) for name, entry in described().items()]
    return table(("flag", "meaning"), rows)


def write(pages: Pages) -> None:
    """Write the how-to of the flags."""
    said = messages()
    sections = "".join(_section(name, entry, said.get(name, [])) for name, entry in described().items())
    pages.write("flags.md", head("flags") + sections)


def _section(name: str, entry: dict[str, Any], said: list[tuple[str, str]]) -> str:
    cures = "\n".join(f"- {cure}" for cure in entry["cures"])
    said = [pair for pair in said if pair[0]] or [pair for pair in said if pair[1]]
    shown = "".join(
        f"> {options_as_code(cause or '…')}\n>\n> → {options_as_code(cure or '…')}\n\n"
        for cause, cure in said
    )
    effect = "It can forbid the use of the result." if entry["grave"] else "It only tells."
    if "effect" in entry:
        effect = entry["effect"]
    meaning = entry["meaning"][:1].upper() + entry["meaning"][1:]
    return (
        f"(flag-{name})=\n## {name}\n\n{meaning}. {effect} Raised by {entry['by']}.\n\n"
        f"{shown}**Why.** {entry['why'].strip()}\n\n**What to do.**\n\n{cures}\n\n"
    )


def _calls(path: Path) -> Iterator[tuple[ast.Call, dict[str, ast.expr]]]:
    """Yield every ``Flag(name, cause, cure)`` with what its function has given names to before."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Flag" and len(node.args) in (3, 4):
            home = next((f for f in functions if node in list(ast.walk(f))), tree)
            assigned = [n for n in ast.walk(home) if isinstance(n, ast.Assign) and n.lineno < node.lineno]
            yield node, {ast.unparse(n.targets[0]): n.value for n in assigned}


def _names(node: ast.expr) -> list[str]:
    """Return the names that an expression may give; none for one that copies another flag's."""
    if isinstance(node, ast.IfExp):
        return [*_names(node.body), *_names(node.orelse)]
    return [node.value] if isinstance(node, ast.Constant) else []


def _text(node: ast.expr, given: dict[str, ast.expr]) -> str:
    """Return a text with … for what is filled in; empty where nothing else would be left."""
    if isinstance(node, ast.Name) and node.id in given:
        return _text(given[node.id], {})
    if isinstance(node, ast.IfExp):
        return " / ".join(filter(None, (_text(node.body, given), _text(node.orelse, given))))
    if isinstance(node, ast.Constant):
        return str(node.value)
    if not isinstance(node, ast.JoinedStr):
        return ""
    text = "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
    return text if text.replace("…", "").strip(" :;,") else ""
