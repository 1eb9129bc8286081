"""What the shell completes: circuits, parameters, and the words that an option takes; nothing heavy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from eisfit.model import COMMON

#: Shell -> (its start file, the line there that makes it complete).
SHELLS = {
    "bash": (".bashrc", 'eval "$(_EISFIT_COMPLETE=bash_source eisfit)"'),
    "zsh": (".zshrc", 'eval "$(_EISFIT_COMPLETE=zsh_source eisfit)"'),
    "fish": (".config/fish/completions/eisfit.fish", "_EISFIT_COMPLETE=fish_source eisfit | source"),
}


def find_circuits(incomplete: str) -> list[str]:
    """Return the circuits that can be asked for by name here."""
    from eisfit.model.files.catalogue import list_entries

    return [name for name in list_entries() if name.startswith(incomplete)]


def find_parameters(ctx: Any, incomplete: str) -> list[str]:
    """Return ``NAME=`` for the parameters of the circuit that the command line has so far."""
    from eisfit.errors import EisfitError
    from eisfit.model.files.library import circuit

    try:
        names = circuit(str(ctx.params.get("circuit") or COMMON)).names
    except EisfitError:
        return []
    return [f"{name}=" for name in names if name.startswith(incomplete)]


def make_script(shell: str) -> str:
    """Return the line that makes a shell, one of `SHELLS`, complete eisfit's words."""
    return SHELLS[shell][1]


def install_script(shell: str) -> str:
    """Write that line into the shell's start file, once; return what was done."""
    place, line = SHELLS[shell]
    path = Path.home() / place
    path.parent.mkdir(parents=True, exist_ok=True)
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    if line in before:
        return f"{path} has it already"
    lines = [*before.splitlines(), line]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return f"{path}: one line added; open a new {shell} to use it"
