"""Files as an instrument writes them: each is reported once it has not changed for a while.

Events of the file system (watchdog) wake the watcher at once; since shared folders of a network often send
none, the folders are also looked through now and then. What counts is a file's size and time of change: only
when both have stood still for `settle` seconds is a file told of, and again when it has changed since.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from queue import Empty, SimpleQueue
from time import monotonic
from types import TracebackType
from typing import Any

from eisfit.errors import UsageError
from eisfit.records import dataclass
from eisfit.spectra.spectrum_files import list_below, sort_naturally

_TICK = 0.1  # s between two looks at files that are not yet at rest
_SCAN_INTERVAL = 10.0  # s between two looks through all folders
_READING = frozenset({"opened", "closed_no_write"})  # events of reading: ours too, which would have no end
_TEMPORARY = (".tmp", ".temp", ".part", ".partial", ".filepart", ".crdownload", ".download", ".swp", ".lock")

Signature = tuple[int, int]


def is_temporary(path: Path) -> bool:
    """Return whether a file's name marks it as temporary.

    >>> [is_temporary(Path(n)) for n in ("a.csv", ".a.csv.Xy12", "~$a.xlsx", "a.csv.part", "a.csv~")]
    [False, True, True, True, True]
    """
    name = path.name.lower()
    return name.startswith((".", "~")) or name.endswith(("~", *_TEMPORARY))


@dataclass(frozen=True)
class _Seen:
    """How a file looked, and since when."""

    signature: Signature
    since: float


class Watcher:
    """Watches folders with everything in them; a context manager.

    Parameters
    ----------
    folders
        To watch.
    settle
        s for which a file must stand still.
    wanted
        Tells of a path whether it is one to be told of; temporary files never are.

    Raises
    ------
    UsageError
        When watchdog is not installed, or there is no such folder.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        *,
        settle: float,
        wanted: Callable[[Path], bool] = lambda path: True,
    ) -> None:
        self.folders, self.settle = tuple(folders), settle
        self._wanted = wanted
        self._events: SimpleQueue[Path] = SimpleQueue()
        self._pending: dict[Path, _Seen] = {}
        self._told: dict[Path, Signature] = {}
        self._scanned = -_SCAN_INTERVAL
        self._observer = self._make_observer()

    def _make_observer(self) -> Any:
        try:
            events, observers = import_module("watchdog.events"), import_module("watchdog.observers")
        except ImportError:
            raise UsageError('--watch needs another package: pip install "eisfit-toolkit[watch]"') from None
        handler = events.FileSystemEventHandler()
        handler.on_any_event = self._note_event
        # Without a handler, what it says of an event that comes while it stops goes to standard error.
        logging.getLogger("watchdog").addHandler(logging.NullHandler())
        observer = observers.Observer()
        for folder in self.folders:
            if not os.path.isdir(folder):
                raise UsageError(f"--watch needs folders: {folder} is none")
            observer.schedule(handler, str(folder), recursive=True)
        return observer

    def _note_event(self, event: Any) -> None:
        for path in (event.src_path, getattr(event, "dest_path", "")):
            if path and not event.is_directory and event.event_type not in _READING:
                self._events.put(Path(path if isinstance(path, str) else path.decode()))

    def __enter__(self) -> Watcher:
        self._observer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._observer.stop()
        self._observer.join()

    def wait_for_settled(self, patience: float | None = None) -> list[Path]:
        """Wait for files that have come to rest, new ones or changed ones, and return them in natural order.

        Parameters
        ----------
        patience
            s to wait at most; then the list is empty. None: for ever.
        """
        begin = monotonic()
        while True:
            self._take_notes()
            ready = sort_naturally(path for path, seen in self._pending.items() if self._is_at_rest(seen))
            for path in ready:
                self._told[path] = self._pending.pop(path).signature
            if ready or (patience is not None and monotonic() - begin >= patience):
                return ready
            self._wait_for_event()

    def is_unchanged(self, path: Path) -> bool:
        """Return whether a file is still as it was reported; if not, it will be reported again."""
        same = _read_signature(path) == self._told.get(path)
        if not same:
            self._told.pop(path, None)
            self._note_file(path)
        return same

    def _is_at_rest(self, seen: _Seen) -> bool:
        return monotonic() - seen.since >= self.settle

    def _wait_for_event(self) -> None:
        rest = _SCAN_INTERVAL - (monotonic() - self._scanned)
        try:
            self._note_file(self._events.get(timeout=_TICK if self._pending else max(min(rest, 1.0), _TICK)))
        except Empty:
            return

    def _take_notes(self) -> None:
        """Process the events, the files that are awaited, and at times all files."""
        while not self._events.empty():
            self._note_file(self._events.get())
        if monotonic() - self._scanned >= _SCAN_INTERVAL:
            self._scanned = monotonic()
            for folder in self.folders:
                for path in list_below(folder):
                    self._note_file(path)
        for path in list(self._pending):
            self._note_file(path)

    def _note_file(self, path: Path) -> None:
        signature = _read_signature(path)
        seen = self._pending.get(path)
        if signature is not None and signature in (self._told.get(path), seen and seen.signature):
            return
        if signature is None or is_temporary(path) or not self._wanted(path):
            self._pending.pop(path, None)
        else:
            self._pending[path] = _Seen(signature, monotonic())


def _read_signature(path: Path) -> Signature | None:
    """Return size and time of change, None for what is no file or is empty."""
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_size, found.st_mtime_ns) if path.is_file() and found.st_size else None
