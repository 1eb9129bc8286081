"""How far a long piece of work is: a bar in a notebook or a terminal, or calls of the user's own function.

Everything that takes long has an argument `progress`: None (default) shows a bar in a notebook and nothing
elsewhere, True shows one in a terminal too (on standard error), False never, and a function is called with
(done, total) after every step. A bar appears only where the work takes longer than a moment, and is taken
away at the end, so that it stays neither in logs nor in saved notebooks.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Sized
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from time import monotonic
from typing import Any, TypeVar

T = TypeVar("T")
Report = Callable[[int, int | None], object]
#: What the argument `progress` of a function may be.
Progress = bool | Report | None

#: What shows progress instead of a bar: called with what is being done, how many are, and of how many.
Show = Callable[[str, int, int | None], object]
_shown_by: list[Show] = []

_DELAY = 0.7  # s of work before a bar appears
_INTERVAL = 0.1  # s between two pictures of it


def is_notebook() -> bool:
    """Return whether this is the kernel of a notebook; imports nothing."""
    shell = sys.modules.get("IPython.core.getipython")
    running = shell.get_ipython() if shell is not None else None
    return getattr(getattr(running, "kernel", None), "iopub_socket", None) is not None


def show_progress(show: Show | None) -> None:
    """Show the progress of all work by a function, as a page without a terminal does; None: by bars again."""
    _shown_by[:] = [] if show is None else [show]


def count_items(
    items: Iterable[T], what: str, total: int | None = None, progress: Progress = None
) -> Generator[T, None, None]:
    """Yield the items and report after each how many are done.

    Parameters
    ----------
    items
        Of the work; one is done when the next is asked for.
    what
        What is being done, one word.
    total
        Their number, where it is known; else their length, where they have one.

    Examples
    --------
    >>> seen = []
    >>> list(count_items("abc", "reading", progress=lambda done, total: seen.append((done, total))))
    ['a', 'b', 'c']
    >>> seen
    [(1, 3), (2, 3), (3, 3)]
    """
    known = len(items) if total is None and isinstance(items, Sized) else total
    if _make_bar(what, known, progress) is _silent:
        yield from items
        return
    with report_steps(what, known, progress) as step:
        for item in items:
            yield item
            step()


@contextmanager
def report_steps(what: str, total: int | None, progress: Progress = None) -> Iterator[Callable[[], None]]:
    """Give a function to be called after each of `total` steps."""
    bar = _make_bar(what, total, progress)
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        bar(done, total)

    try:
        yield step
    finally:
        getattr(bar, "close", lambda: None)()


def _make_bar(what: str, total: int | None, progress: Progress) -> Report:
    if callable(progress):
        return progress
    if progress is False or (total is not None and total < 2):
        return _silent
    if _shown_by:
        return partial(_shown_by[0], what)
    if is_notebook():
        return _NotebookBar(what)
    return _TerminalBar(what) if progress else _silent


def _silent(done: int, total: int | None) -> None:
    """Report nothing."""


class _Bar:
    """When to draw; how is said by the two below."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.next = monotonic() + _DELAY

    def __call__(self, done: int, total: int | None) -> None:
        if monotonic() >= self.next:
            self.draw(done, total)
            self.next = monotonic() + _INTERVAL

    def draw(self, done: int, total: int | None) -> None:
        """Show how far the work is."""
        raise NotImplementedError

    def describe(self, done: int, total: int | None) -> str:
        """Describe how far the work is."""
        return f"{self.what} {done}" + ("" if total is None else f" of {total}")


class _NotebookBar(_Bar):
    """The browser's own bar: needs no widgets."""

    handle: Any = None

    def draw(self, done: int, total: int | None) -> None:
        from html import escape

        share = "" if total is None else f'value="{done}" max="{total}"'
        html = f'<progress {share} style="width:16em"></progress> {escape(self.describe(done, total))}'
        self.show({"text/html": html, "text/plain": self.describe(done, total)})

    def show(self, bundle: dict[str, str]) -> None:
        """Display, at first below the cell, then in the same place."""
        if self.handle is None:
            ipython = import_module("IPython.display")  # there, because this is its kernel
            self.handle = ipython.display(bundle, raw=True, display_id=True)
        else:
            self.handle.update(bundle, raw=True)

    def close(self) -> None:
        """Take it away."""
        if self.handle is not None:
            self.show({"text/html": "", "text/plain": ""})


class _TerminalBar(_Bar):
    """rich's, on standard error."""

    bar: Any = None

    def draw(self, done: int, total: int | None) -> None:
        if self.bar is None:
            from rich.console import Console
            from rich.progress import Progress as RichProgress

            self.bar = RichProgress(console=Console(stderr=True), transient=True)
            self.bar.start()
            self.task = self.bar.add_task(self.what, total=total)
        self.bar.update(self.task, completed=done)

    def close(self) -> None:
        """Take it away."""
        if self.bar is not None:
            self.bar.stop()
