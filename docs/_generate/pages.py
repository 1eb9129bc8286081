"""What all generated pages share: Markdown tables, figures, and writing only what has changed."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

__all__ = ["Pages", "bounds", "code", "head", "options_as_code", "table", "toctree"]

_TEXT = Path(__file__).resolve().parent / "text"


class Pages:
    """A folder of generated pages; what is not written again in a run is removed at its end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.written: set[Path] = set()

    def write(self, name: str, text: str) -> None:
        """Write a page where its text has changed, so that Sphinx reads again only what is new."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        self.written.add(path)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")

    def draw(self, name: str, drawn: Any) -> None:
        """Write a figure of `eisfit.plot` as SVG."""
        from eisfit.display.plot import save

        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        self.written.add(path)
        drawn.get_figure().set_layout_engine("none")  # one axes needs none, and it takes most of the time
        save(drawn, path)

    def finish(self) -> None:
        """Remove pages of elements, circuits and commands that are no more."""
        for path in self.folder.rglob("*"):
            if path.is_file() and path not in self.written:
                path.unlink()


def head(name: str) -> str:
    """Return the title and the words above a generated page."""
    return (_TEXT / f"{name}.md").read_text(encoding="utf-8") + "\n"


def bounds(low: float, high: float) -> str:
    """Return bounds as they stand in a table."""
    return f"≥ {low:g}" if math.isinf(high) else f"{low:g} to {high:g}"


def code(text: object) -> str:
    """Return text as code within a table."""
    shown = str(text).replace("|", "\\|")
    return f"`{shown}`" if shown else ""


def options_as_code(text: str) -> str:
    """Return a sentence with its ``--option NAME=VALUE`` as code, so that no dash becomes a longer one.

    >>> options_as_code("fix it (--fix), or give a start (--start NAME=VALUE)")
    'fix it (`--fix`), or give a start (`--start NAME=VALUE`)'
    """
    return re.sub(r"(?<![\w`-])(--[a-z][a-z-]*(?: [A-Z]+(?:=[A-Z:]+)?\b)?)", r"`\1`", text)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(cell.replace("\n", " ") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def toctree(names: Iterable[str], *, hidden: bool = True) -> str:
    """Return a table of contents."""
    option = ":hidden:\n" if hidden else ":maxdepth: 1\n"
    return "```{toctree}\n" + option + "\n" + "\n".join(names) + "\n```\n"
