"""The command line: every command reads, calls the library and writes; no science here.

In: arguments, files. Out: tables for eyes, one JSON document, files in a folder, pages and their server.
"""

from __future__ import annotations

from eisfit.cli.app import app

__all__ = ["app"]
