"""The command line: every command reads, calls the library and writes; no science here."""

from __future__ import annotations

from eisfit.cli.app import app

__all__ = ["app"]
