"""What the shell completes: circuits, parameters, and the words that an option takes; nothing heavy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import typer

__all__ = ["circuit_names", "parameter_names", "words"]


def circuit_names(incomplete: str) -> list[str]:
    """Return the circuits that can be asked for by name here."""
    from eisfit.model.catalogue import entries

    return [name for name in entries() if name.startswith(incomplete)]


def parameter_names(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return ``NAME=`` for the parameters of the circuit that the command line has so far."""
    from eisfit.errors import EisfitError
    from eisfit.model.library import circuit

    try:
        names = circuit(str(ctx.params.get("circuit") or "rs-sei-ct-w")).names
    except EisfitError:
        return []
    return [f"{name}=" for name in names if name.startswith(incomplete)]


def words(*known: str) -> Callable[[str], list[Any]]:
    """Return the completion of an option that takes one of these words."""

    def complete(incomplete: str) -> list[Any]:
        return [word for word in known if word.startswith(incomplete)]

    return complete
