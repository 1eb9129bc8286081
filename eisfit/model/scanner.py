"""A circuit string and the position of its reader: the base of the readers of all notations."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Scanner:
    """A text that is read from left to right; blanks are passed over."""

    def __init__(self, text: str) -> None:
        self.text, self.place = text, 0

    def peek(self) -> str:
        """Return the next character that is no blank, empty at the end."""
        while self.text[self.place : self.place + 1].isspace():
            self.place += 1
        return self.text[self.place : self.place + 1]

    def take(self, character: str) -> bool:
        """Return whether this character comes next, and if so skip it."""
        found = self.peek() == character
        self.place += found
        return found

    def repeat(self, rule: Callable[[], T], between: str) -> list[T]:
        """Return what a rule reads, once and again after each separator."""
        parts = [rule()]
        while self.take(between):
            parts.append(rule())
        return parts
