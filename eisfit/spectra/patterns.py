"""Regular expressions that are compiled when they are first used: a file needs a few of the readers' 170."""

from __future__ import annotations

import re
from typing import Any, cast


class _LazyPattern:
    """A pattern that becomes `re.Pattern` where something is asked of it."""

    def __init__(self, text: str, flags: int) -> None:
        self.pattern, self._flags = text, flags

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)  # what copying and pickling ask for first
        found = getattr(re.compile(self.pattern, self._flags), name)
        setattr(self, name, found)
        return found


def regex(text: str, flags: int = 0) -> re.Pattern[str]:
    """Return what `re.compile` returns, later.

    Examples
    --------
    >>> number = regex(r"[0-9]+")
    >>> number.findall("12 and 3")
    ['12', '3']
    """
    return cast("re.Pattern[str]", _LazyPattern(text, flags))
