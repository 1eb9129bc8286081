"""Flags: what a result warns of, why, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Flag"]


@dataclass(frozen=True)
class Flag:
    """One warning about a result.

    Parameters
    ----------
    name
        Short fixed name that programs can compare, for instance ``kk_failed``.
    cause
        What was seen, in one sentence with its numbers.
    cure
        What to do about it, in one sentence.

    Examples
    --------
    >>> Flag("kk_failed", "3 points deviate", "repeat the sweep").to_dict()["name"]
    'kk_failed'
    """

    name: str
    cause: str
    cure: str

    def to_dict(self) -> dict[str, str]:
        """Return a JSON-ready document; `from_dict` reads it back."""
        return {"name": self.name, "cause": self.cause, "cure": self.cure}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Flag:
        """Rebuild a flag from `to_dict`'s document."""
        return cls(document["name"], document["cause"], document["cure"])

    def __str__(self) -> str:
        return f"{self.name}: {self.cause}; {self.cure}"
