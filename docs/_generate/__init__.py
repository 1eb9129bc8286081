"""Reference pages made from eisfit's own tables, schemas and commands when the site is built."""

from __future__ import annotations

from pathlib import Path

__all__ = ["write_all"]


def write_all(folder: Path) -> None:
    """Write every generated page into `folder`, and remove those that are no more."""
    from _generate import api, circuits, commands, documents, elements, flags, schemas
    from _generate.pages import Pages

    pages = Pages(folder)
    for part in (elements, circuits, commands, schemas, documents, flags, api):
        part.write(pages)
    pages.finish()
