"""A store of results that survives: SQLite, one transaction for each chunk, found again by content.

The key of a result is a hash of the spectrum's numbers, the circuit with its constraints, the settings and
eisfit's version: what has not changed is not fitted again, under whatever name its file goes now.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from eisfit._version import __version__
from eisfit.circuit import Circuit
from eisfit.errors import EisfitError
from eisfit.result import FitFailure, FitResult
from eisfit.spectrum import Spectrum

__all__ = ["Store", "key_of", "settings_digest"]

_SCHEMA = 1
_PATIENCE = 60.0  # s that one run waits for another's transaction
_AT_ONCE = 500  # keys in one query
_TABLE = """
CREATE TABLE IF NOT EXISTS results (
    key TEXT PRIMARY KEY, source TEXT NOT NULL, ok INTEGER NOT NULL, error TEXT, document BLOB NOT NULL
) WITHOUT ROWID
"""


def settings_digest(circuit: Circuit, options: Mapping[str, Any], finish: str) -> bytes:
    """Return a hash of everything but the spectrum that decides the result."""
    settings = {name: np.asarray(value).tolist() for name, value in options.items()}
    text = json.dumps([__version__, circuit.to_dict(), settings, finish], sort_keys=True)
    return hashlib.sha256(text.encode()).digest()


def key_of(spectrum: Spectrum, digest: bytes) -> str:
    """Return the key of a spectrum's result."""
    found = hashlib.sha256(digest)
    for column in (spectrum.frequency, spectrum.impedance, spectrum.noise):
        found.update(b"none" if column is None else np.ascontiguousarray(column).tobytes())
        found.update(b"|")
    return found.hexdigest()


class Store:
    """Results in one SQLite file.

    Parameters
    ----------
    path
        Made where it does not exist. Several runs may write to it at once.

    Raises
    ------
    EisfitError
        When the file cannot be opened or is no store of eisfit.
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        self.path = Path(path)
        try:
            self._db = sqlite3.connect(self.path, timeout=_PATIENCE, isolation_level=None)
            self._prepare()
        except sqlite3.Error as error:
            raise EisfitError(f"{self.path}: cannot be used as a store of results: {error}") from None

    def _prepare(self) -> None:
        # A write-ahead log: a killed run loses the transaction in flight, never the file.
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        found = self._db.execute("PRAGMA user_version").fetchone()[0]
        tables = {row[0] for row in self._db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if found not in (0, _SCHEMA) or (found == 0 and tables - {"results"}):
            self._db.close()
            raise EisfitError(f"{self.path}: is a database, but not a store of results that eisfit can read")
        self._db.execute(_TABLE)
        self._db.execute(f"PRAGMA user_version = {_SCHEMA}")

    def put(self, rows: Iterable[tuple[str, FitResult | FitFailure]]) -> None:
        """Write the results of a chunk, by their keys, in one transaction.

        Raises
        ------
        EisfitError
            When the disk is full or the file cannot be written.
        """
        values = [(key, *_packed(result)) for key, result in rows]
        self._write("INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?, ?)", values)

    def remove(self, keys: Iterable[str]) -> None:
        """Forget results, such as those of files that have grown since.

        Raises
        ------
        EisfitError
            When the file cannot be written.
        """
        self._write("DELETE FROM results WHERE key = ?", [(key,) for key in keys])

    def _write(self, query: str, values: Sequence[tuple[Any, ...]]) -> None:
        """Carry out a query for many rows, in one transaction."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany(query, values)
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise EisfitError(f"{self.path}: cannot be written: {error}") from None

    def get(self, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return key -> the result's document, for the keys that are there."""
        found: dict[str, dict[str, Any]] = {}
        for first in range(0, len(keys), _AT_ONCE):
            part = keys[first : first + _AT_ONCE]
            marks = ",".join("?" * len(part))
            query = f"SELECT key, document FROM results WHERE key IN ({marks})"
            found.update({key: _unpacked(document) for key, document in self._db.execute(query, part)})
        return found

    def documents(self) -> Iterator[dict[str, Any]]:
        """Yield every result's document, by source."""
        query = "SELECT document FROM results ORDER BY source, key"
        yield from (_unpacked(row[0]) for row in self._db.execute(query))

    def __len__(self) -> int:
        return int(self._db.execute("SELECT COUNT(*) FROM results").fetchone()[0])

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def restored(document: Mapping[str, Any], spectrum: Spectrum) -> FitResult | FitFailure:
    """Return a stored result under the name and cycle that its spectrum has now."""
    if document["error"] is not None:
        return FitFailure(spectrum.source, document["error"], spectrum.index, spectrum.cycle)
    now = {key: value for key, value in spectrum.to_dict().items() if key not in ("data", "notes")}
    then = document["spectrum_document"]
    return FitResult.from_dict({**document, "spectrum_document": {**then, **now}})


def _packed(result: FitResult | FitFailure) -> tuple[str, int, str | None, bytes]:
    document = result.to_dict()
    text = json.dumps(document, separators=(",", ":"), default=str)
    packed = zlib.compress(text.encode(), 1)
    return str(document["spectrum"]["source"]), int(result.ok), document["error"], packed


def _unpacked(packed: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(zlib.decompress(packed))
    return found
