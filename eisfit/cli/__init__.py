"""The command line: every command reads, calls the library and writes; no science here.

In: arguments, files. Out: tables for eyes, one JSON document, files in a folder, pages and their server.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eisfit.cli.app import app

__all__ = ["app"]


def __getattr__(name: str) -> Any:
    """Import the commands when they are asked for: the pages' workbench runs where click is absent."""
    if name == "app":
        return import_module("eisfit.cli.app").app
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
