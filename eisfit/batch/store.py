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
from contextlib import ExitStack
from functools import lru_cache
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from eisfit import __version__
from eisfit.errors import EisfitError
from eisfit.fitting.failure import FitFailure
from eisfit.fitting.result import FitResult
from eisfit.model.circuit import Circuit
from eisfit.model.geometry import METADATA_KEYS
from eisfit.spectra.spectrum import Spectrum

_SCHEMA = 2
_TIMEOUT = 60.0  # s that one run waits for another's transaction
_KEYS_PER_QUERY = 500  # keys in one query
# The numbers of the spectrum and the covariance are kept as they are in memory: as text they took longer to
# write than to fit. What follows from the rest (fitted curve, correlations) is left out.
_RESULT = {
    "key": "TEXT PRIMARY KEY",
    "source": "TEXT NOT NULL",
    "ok": "INTEGER NOT NULL",
    "error": "TEXT",
    "circuit": "TEXT",
    "document": "BLOB NOT NULL",
    "numbers": "BLOB",
}
_TABLES = (
    f"CREATE TABLE IF NOT EXISTS results ({', '.join(f'{name} {kind}' for name, kind in _RESULT.items())})",
    "CREATE TABLE IF NOT EXISTS circuits (key TEXT PRIMARY KEY, document TEXT NOT NULL) WITHOUT ROWID",
)
_COLUMNS = ("frequency_Hz", "Z_real_ohm", "Z_imag_ohm", "noise_ohm")


def digest_settings(circuit: Circuit, options: Mapping[str, Any], finish: str) -> bytes:
    """Return a hash of everything but the spectrum that decides the result."""
    settings = {name: np.asarray(value).tolist() for name, value in options.items()}
    text = json.dumps([__version__, circuit.to_dict(), settings, finish], sort_keys=True)
    return hashlib.sha256(text.encode()).digest()


def compute_key(spectrum: Spectrum, digest: bytes) -> str:
    """Return the key of a spectrum's result."""
    found = hashlib.sha256(digest)
    for column in (spectrum.frequency, spectrum.impedance, spectrum.noise):
        found.update(b"none" if column is None else np.ascontiguousarray(column).tobytes())
        found.update(b"|")
    of_the_cell = {name: spectrum.metadata.get(name) for name in METADATA_KEYS}
    found.update(json.dumps(of_the_cell, sort_keys=True, default=str).encode())
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
        with ExitStack() as closing:
            try:
                self._db = sqlite3.connect(self.path, timeout=_TIMEOUT, isolation_level=None)
                closing.callback(self._db.close)
                self._prepare()
            except sqlite3.Error as error:
                raise EisfitError(f"{self.path}: cannot be used as a store of results: {error}") from None
            closing.pop_all()

    def _prepare(self) -> None:
        # A write-ahead log: a killed run loses the transaction in flight, never the file.
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        found = self._db.execute("PRAGMA user_version").fetchone()[0]
        tables = {row[0] for row in self._db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if found not in (0, _SCHEMA) and "results" in tables:
            raise EisfitError(
                f"{self.path}: is a store of another version of eisfit (layout {found}, this one reads "
                f"{_SCHEMA}): name another file, or delete this one; its fits are made again"
            )
        columns = [row[1] for row in self._db.execute("PRAGMA table_info(results)")]
        begun = tables <= {"results", "circuits"} and columns in (
            [],
            list(_RESULT),
        )  # by a run that was killed
        if found not in (0, _SCHEMA) or (found == 0 and not begun):
            raise EisfitError(f"{self.path}: is a database, but not a store of results that eisfit can read")
        for table in _TABLES:
            self._db.execute(table)
        self._db.execute(f"PRAGMA user_version = {_SCHEMA}")

    def put(self, rows: Iterable[tuple[str, FitResult | FitFailure]]) -> None:
        """Write the results of a chunk, by their keys, in one transaction.

        Raises
        ------
        EisfitError
            When the disk is full or the file cannot be written.
        """
        packed = [(key, *_pack(result)) for key, result in rows]
        circuits = {_hash_text(row[4]): row[4] for row in packed if row[4]}
        values = [(*row[:4], row[4] and _hash_text(row[4]), *row[5:]) for row in packed]
        self._execute(
            ("INSERT OR IGNORE INTO circuits VALUES (?, ?)", list(circuits.items())),
            ("INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?, ?, ?, ?)", values),
        )

    def remove(self, keys: Iterable[str]) -> None:
        """Forget results, such as those of files that have grown since.

        Raises
        ------
        EisfitError
            When the file cannot be written.
        """
        self._execute(("DELETE FROM results WHERE key = ?", [(key,) for key in keys]))

    def _execute(self, *queries: tuple[str, Sequence[tuple[Any, ...]]]) -> None:
        """Carry out queries for many rows each, in one transaction."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
            for query, values in queries:
                self._db.executemany(query, values)
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise EisfitError(f"{self.path}: cannot be written: {error}") from None

    def get(self, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return key -> what `restore_result` needs, for the keys that are there."""
        found: dict[str, dict[str, Any]] = {}
        for first in range(0, len(keys), _KEYS_PER_QUERY):
            part = keys[first : first + _KEYS_PER_QUERY]
            where = f"WHERE results.key IN ({','.join('?' * len(part))})"
            found.update((key, document) for key, document in self._select_rows(where, part))
        return found

    def documents(self) -> Iterator[dict[str, Any]]:
        """Yield every result's document, by source."""
        for _, document in self._select_rows("ORDER BY source, results.key", ()):
            yield document if document["error"] is not None else FitResult.from_dict(document).to_dict()

    def _select_rows(self, rest: str, values: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
        query = (
            "SELECT results.key, results.document, numbers, circuits.document FROM results "
            f"LEFT JOIN circuits ON circuits.key = circuit {rest}"
        )
        circuits: dict[str | None, Any] = {None: None}
        try:
            for key, document, numbers, circuit in self._db.execute(query, values):
                if circuit not in circuits:
                    circuits[circuit] = json.loads(circuit)
                yield key, _unpack(document, numbers, circuits[circuit])
        except (sqlite3.Error, zlib.error, ValueError, LookupError, TypeError) as error:
            raise EisfitError(
                f"{self.path}: is damaged ({error}): delete it, its fits are made again"
            ) from None

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


def restore_result(document: Mapping[str, Any], spectrum: Spectrum) -> FitResult | FitFailure:
    """Return a stored result under the name and cycle that its spectrum has now."""
    if document["error"] is not None:
        return FitFailure.of(spectrum, document["error"])
    now = {key: value for key, value in spectrum.to_dict().items() if key not in ("data", "notes")}
    then = document["spectrum_document"]
    return FitResult.from_dict({**document, "spectrum_document": {**then, **now}})


def _hash_text(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@lru_cache(maxsize=4)
def _serialise_circuit(circuit: Circuit) -> str:
    return json.dumps(circuit.to_dict(), sort_keys=True)


def _pack(result: FitResult | FitFailure) -> tuple[str, int, str | None, str | None, bytes, bytes | None]:
    """Return a row's source, ok, error, circuit, document and numbers."""
    document = result.to_dict(data=False)
    circuit, numbers = None, None
    if isinstance(result, FitResult):
        del document["correlations"]
        spectrum = result.spectrum
        columns = [spectrum.frequency, spectrum.impedance.real, spectrum.impedance.imag]
        columns += [] if spectrum.noise is None else [spectrum.noise]
        document["columns"] = len(columns)
        document["names"] = list(result.var_names)
        document["spectrum_document"] = {k: v for k, v in spectrum.to_dict().items() if k != "data"}
        parts = columns if result.covar is None else [*columns, result.covar]
        numbers = b"".join(np.ascontiguousarray(part, dtype="<f8").tobytes() for part in parts)
        circuit = _serialise_circuit(result.circuit)
    text = json.dumps(document, separators=(",", ":"), default=str)
    # A name that is no UTF-8 holds lone surrogates, which SQLite does not take.
    source = str(document["spectrum"]["source"]).encode("utf-8", "backslashreplace").decode("utf-8")
    told = source, int(result.ok), document["error"]
    return *told, circuit, zlib.compress(text.encode(), 1), numbers


def _unpack(packed: bytes, numbers: bytes | None, circuit: Any) -> dict[str, Any]:
    """Return the document that `FitResult.from_dict` or a failure is made of."""
    found: dict[str, Any] = json.loads(zlib.decompress(packed))
    if numbers is None:
        return found
    if circuit is None:
        raise LookupError("the circuit of a result is missing")
    array, points, names = (
        np.frombuffer(numbers, dtype="<f8"),
        found["spectrum"]["points"],
        found.pop("names"),
    )
    used = found.pop("columns") * points
    columns = array[:used].reshape(-1, points)
    covar = array[used:].reshape(len(names), len(names)) if array.size > used else None
    return {
        **found,
        "data": dict(zip(_COLUMNS, columns, strict=False)),
        "covariance": {"names": names, "matrix": covar},
        "circuit_document": circuit,
    }
