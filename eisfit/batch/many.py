"""Many spectra: in chunks, over many processes or a cluster, into a store that survives.

Every spectrum is fitted by the batched solver; where its starts do not agree, or anything is unusual,
`eisfit.fit` takes over. One in a thousand, the hundredth first, is finished in lmfit too when the audit is
asked for: it says how far the two are apart.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence, Sized
from contextlib import ExitStack
from functools import cached_property
from importlib import import_module
from itertools import chain, islice
from os import PathLike
from typing import TYPE_CHECKING, Any

from eisfit.batch.audit import Audit, Ended
from eisfit.display.progress import Progress, count_items
from eisfit.engine.objective import Settings
from eisfit.errors import UsageError
from eisfit.fitting.failure import FitFailure
from eisfit.fitting.fitted_points import CONSTRAINING, FINISH, SELECTING
from eisfit.fitting.many.chunks import Memory, Result, fit_chunk, goes_in_batches
from eisfit.fitting.result import FitResult
from eisfit.model.circuit import Circuit
from eisfit.model.files.library import circuit as find_circuit
from eisfit.model.files.library import is_given
from eisfit.records import dataclass
from eisfit.spectra.given import make_option_error, to_spectra_as_named
from eisfit.spectra.spectrum import Spectrum

if TYPE_CHECKING:  # worker processes and SQLite are loaded where they are asked for
    from concurrent.futures import Executor

    from eisfit.batch.pool import LostChunk
    from eisfit.batch.store import Store
    from eisfit.batch.transport import Package
    from eisfit.fitting.common_circuit import SeriesChoice

CHUNK = 4096  # spectra: each chunk has a few whose departures are followed, which is cheaper together
SHARED = 1024  # on their way to a worker, so that none waits for the others at the end
ALONE = 256  # where they are fitted one by one, so that results and store do not wait
AUDIT_EVERY, AUDIT_FIRST = 1000, 99
_MAX_PENDING = 64  # fits that wait for the audit to be asked for
_OPTIONS = (
    "weighting", "peak", "order", *SELECTING, "drop_invalid", "loss", "representation", "validate", "seed",
    "geometry",
)  # fmt: skip


@dataclass(frozen=True, eq=False, repr=False)
class _Chunk:
    """Spectra in a row, their place in the whole, and the results that are known already."""

    first: int
    items: tuple[Spectrum | FitFailure, ...]
    keys: tuple[str, ...]
    known: dict[int, Result]

    @cached_property
    def missing(self) -> list[int]:
        """Places that must be fitted."""
        return [k for k in range(len(self.items)) if k not in self.known]

    @property
    def spectra(self) -> list[Spectrum]:
        """What must be fitted."""
        return [s for k in self.missing if isinstance(s := self.items[k], Spectrum)]


class FitMany(Iterator[Result]):
    """The iterator that `fit_many` returns.

    Attributes
    ----------
    circuit
        Of all the fits.
    note
        How the circuit was chosen; empty where it was given.
    fitted, reused, failed
        How many results were fitted now, taken from the store, or are failures.
    """

    def __init__(  # noqa: PLR0917
        self,
        spectra: Iterable[Spectrum | FitFailure],
        circuit: Circuit,
        workers: int | Executor | None,
        store: str | PathLike[str] | Store | None,
        finish: str,
        options: dict[str, Any],
        progress: Progress = None,
        choice: SeriesChoice | None = None,
    ) -> None:
        self._choice, self.note = choice, "" if choice is None else choice.note
        self._audit, self._pending = Audit(), list[Ended]()
        self._memory: Memory = {}
        self.fitted = self.reused = self.failed = 0
        self.circuit, self._options, self._finish = circuit, options, finish
        self._workers = workers
        self._store = _open_store(store)
        self._closing = ExitStack()
        if self._store is not None and self._store is not store:
            self._closing.enter_context(self._store)  # what is opened here is closed here
        self._digest = b"" if store is None else _compute_digest(circuit, options, finish)
        self._run_of_chunks = self._run(iter(spectra))
        total = len(spectra) if isinstance(spectra, Sized) else None
        self._results = count_items(self._run_of_chunks, "fitting", total, progress)

    def __next__(self) -> Result:
        return next(self._results)

    def __repr__(self) -> str:
        counts = f"{self.fitted} fitted, {self.reused} from the store, {self.failed} failed"
        return f"<fits of {self.circuit.name}, made as they are asked for: {counts}>"

    @property
    def audit(self) -> Audit:
        """How far lmfit is from one in a thousand of the fits so far: lmfit runs when this is asked for."""
        self._compare_pending()
        return self._audit

    def key(self, spectrum: Spectrum) -> str:
        """Return under which key the store keeps a spectrum's result."""
        from eisfit.batch.store import compute_key

        return compute_key(spectrum, self._digest)

    def close(self) -> None:
        """Stop: begin no further chunk, and end the workers."""
        self._results.close()
        self._run_of_chunks.close()
        self._closing.close()

    def _run(self, spectra: Iterator[Spectrum | FitFailure]) -> Generator[Result, None, None]:
        with self._closing:
            yield from self._fill_from_store(spectra)

    def _fill_from_store(self, spectra: Iterator[Spectrum | FitFailure]) -> Iterator[Result]:
        for chunk, found in self._run_chunks(self._iterate_chunks(spectra)):
            if self._store is not None and found:
                lost = [k for k, result in found.items() if isinstance(result, _LostFailure)]
                self._store.put((chunk.keys[k], found[k]) for k in found if k not in lost)
            self.fitted += len(found)
            self.reused += sum(not isinstance(chunk.items[k], FitFailure) for k in chunk.known)
            results = [found[k] if k in found else chunk.known[k] for k in range(len(chunk.items))]
            self.failed += sum(result.error is not None for result in results)
            self._audit_some(chunk.first, found)
            yield from results if self._choice is None else map(self._choice.mark, results)

    def _iterate_chunks(self, spectra: Iterator[Spectrum | FitFailure]) -> Iterator[_Chunk]:
        first, alone = 0, self._finish != "kernel" or not goes_in_batches(self._options)
        size = min(CHUNK, ALONE) if alone else CHUNK if self._workers is None else min(CHUNK, SHARED)
        while items := tuple(islice(spectra, size)):
            known: dict[int, Result] = {k: s for k, s in enumerate(items) if isinstance(s, FitFailure)}
            keys: tuple[str, ...] = ()
            if self._store is not None:
                from eisfit.batch.store import restore_result

                keys = tuple("" if isinstance(s, FitFailure) else self.key(s) for s in items)
                stored = self._store.get(list(keys))
                for k, s in enumerate(items):
                    if isinstance(s, Spectrum) and keys[k] in stored:
                        known[k] = restore_result(stored[keys[k]], s)
            yield _Chunk(first, items, keys, known)
            first += len(items)

    def _run_chunks(self, chunks: Iterator[_Chunk]) -> Iterator[tuple[_Chunk, dict[int, Result]]]:
        if self._workers is None:
            for chunk in chunks:
                spectra = chunk.spectra
                fitted = fit_chunk(spectra, self.circuit, self._options, self._finish, self._memory)
                results = fitted.results(spectra, self.circuit)
                yield chunk, dict(zip(chunk.missing, results, strict=True))
            return
        from eisfit.batch.pool import LostChunk, run_in_order
        from eisfit.batch.transport import fit_package

        waiting: list[_Chunk] = []
        for _, outcome in run_in_order(fit_package, self._iterate_packages(chunks, waiting), self._workers):
            chunk = waiting.pop(0)
            if isinstance(outcome, LostChunk):
                yield chunk, {k: _make_failure(chunk.items[k], outcome) for k in chunk.missing}
                continue
            results = outcome.restore(chunk.spectra, self.circuit)
            yield chunk, dict(zip(chunk.missing, results, strict=True))

    def _iterate_packages(self, chunks: Iterator[_Chunk], waiting: list[_Chunk]) -> Iterator[Package]:
        from eisfit.batch.transport import Package

        circuit = self.circuit.to_dict()
        for chunk in chunks:
            waiting.append(chunk)
            yield Package.of(chunk.spectra, circuit, self._options, self._finish)

    def _audit_some(self, first: int, found: Mapping[int, Result]) -> None:
        """Keep some of a chunk's new results, which begin at a place, until the audit is asked for."""
        for k in range((AUDIT_FIRST - first) % AUDIT_EVERY, max(found, default=-1) + 1, AUDIT_EVERY):
            result = found.get(k)
            if isinstance(result, FitResult) and result.lmfit is None:
                self._pending.append(Ended.of(result))
                if len(self._pending) > _MAX_PENDING:
                    self._compare_pending()

    def _compare_pending(self) -> None:
        from eisfit.batch.audit import compare_with_lmfit

        while self._pending:
            self._audit = self._audit.join(compare_with_lmfit(self._pending.pop(0)))


class _LostFailure(FitFailure):
    """A spectrum whose worker died: not written to the store, so that the next run tries again."""


def _make_failure(item: Spectrum | FitFailure, lost: LostChunk) -> FitFailure:
    return _LostFailure(item.source, lost.reason, item.index, item.cycle)


def fit_many(
    spectra: Iterable[Any] | str | PathLike[str],
    circuit: str | PathLike[str] | Circuit | None = None,
    *,
    workers: int | Executor | None = None,
    store: str | PathLike[str] | Store | None = None,
    finish: str = "kernel",
    progress: Progress = None,
    **options: Any,
) -> FitMany:
    """Fit a circuit to many spectra: an iterator of results, in order.

    Parameters
    ----------
    spectra
        Any number of them, each in a form that `eisfit.fit` takes, in the order in which they are given;
        or a folder or a glob, in the order of the cycles. Taken a few chunks ahead: memory does not grow with
        their number. A file that cannot be read is a `FitFailure` in its place (of a folder: at the end).
    circuit
        As for `eisfit.fit`. None: one is chosen for all as `eisfit.track` does, and `FitMany.note` says how;
        of an iterator, by its first spectrum.
    workers
        None: in this process. A number of processes (a script that asks for them needs the usual
        ``if __name__ == "__main__":``), or any `concurrent.futures.Executor`, such as
        ``distributed.Client(...).get_executor()``.
    store
        A SQLite file (or `eisfit.batch.store.Store`) that keeps each chunk as it is done. What it has
        already, for the same numbers, circuit, settings and version, is not fitted again.
    finish
        ``kernel`` (default): the batched solver's optimum, with errors from the exact Jacobian;
        `FitMany.audit` finishes one in a thousand, the hundredth first, in lmfit too. ``lmfit``: all are.
    progress
        None: a bar in a notebook; True: in a terminal too; or a function; see `eisfit.display.progress`.
    **options
        Those of `eisfit.fit`.

    Returns
    -------
    FitMany
        An iterator of `FitResult`, or `FitFailure` in the place of a spectrum that could not be fitted. In
        results of the kernel `lmfit` is None.

    Raises
    ------
    UsageError
        For an unknown circuit, parameter, option or value of one, or a number of workers below one.
    EisfitError
        When the store cannot be used.

    Examples
    --------
    >>> import eisfit
    >>> circuit = eisfit.circuit("R_s-p(R_ct,C_dl)")
    >>> f = [10.0**k for k in range(5, -3, -1)]
    >>> z = circuit.impedance(f, {"R_s": [2.0, 3.0], "R_ct": [50.0, 70.0], "C_dl": [1e-5, 1e-5]})
    >>> spectra = [eisfit.Spectrum(f, row) for row in z]
    >>> [round(r["R_ct"].value, 6) for r in eisfit.fit_many(spectra, circuit)]
    [50.0, 70.0]
    """
    if finish not in FINISH:
        raise UsageError(f"no finish is called {finish!r}; use {' or '.join(FINISH)}")
    _check_workers(workers)
    for name in options:
        if name not in (*CONSTRAINING, *_OPTIONS):
            raise make_option_error("fit_many", name, (*CONSTRAINING, *_OPTIONS))
    listed = _put_failures(to_spectra_as_named(spectra))
    choice = None
    if is_given(circuit):
        chosen = find_circuit(circuit)
    else:
        listed, choice = _choose_circuit(listed, circuit, options)
        chosen = choice.circuit
    chosen = chosen.constrain(**{name: options.pop(name) for name in CONSTRAINING if name in options})
    kept = {name: value for name, value in options.items() if value is not None}
    if "geometry" in kept:
        from eisfit.model.geometry import Geometry

        cell = Geometry.of(kept.pop("geometry"))
        listed = (one if isinstance(one, FitFailure) else cell.attach_to(one) for one in listed)
    Settings(*(kept.get(k, d) for k, d in _DEFAULTS.items()))
    return FitMany(listed, chosen, workers, store, finish, _drop_defaults(kept), progress, choice)


def _check_workers(workers: Any) -> None:
    if isinstance(workers, int):
        if workers < 1:
            raise UsageError(f"workers: must be at least 1, not {workers}")
    elif workers is not None and not hasattr(workers, "submit"):
        raise UsageError(f"workers: a number of processes or an executor, not {workers!r}")


def _put_failures(listed: Iterable[Any]) -> Iterable[Spectrum | FitFailure]:
    """Return spectra with a failure where a file could not be read; a list stays one, and a series."""
    if isinstance(listed, list):
        return [_put_failure(one) for one in listed]
    return listed if isinstance(listed, Sequence) else map(_put_failure, listed)


def _put_failure(one: Any) -> Spectrum | FitFailure:
    if isinstance(one, (Spectrum, FitFailure)):
        return one
    return FitFailure(one.source, one.error, cycle=one.cycle)


def _choose_circuit(
    spectra: Iterable[Spectrum | FitFailure], place: Any, options: Mapping[str, Any]
) -> tuple[Iterable[Spectrum | FitFailure], SeriesChoice]:
    """Return the spectra, and one circuit for all of them."""
    from eisfit.fitting.common_circuit import choose_circuit

    if isinstance(spectra, Sequence):
        return spectra, choose_circuit(spectra, place, options)
    left, begun = iter(spectra), list[Spectrum | FitFailure]()
    for one in left:
        begun.append(one)
        if isinstance(one, Spectrum):
            break
    return chain(begun, left), choose_circuit(begun, place, options)


def _open_store(store: str | PathLike[str] | Store | None) -> Store | None:
    if store is None:
        return None
    from eisfit.batch.store import Store

    return store if isinstance(store, Store) else Store(store)


def _compute_digest(circuit: Circuit, options: dict[str, Any], finish: str) -> bytes:
    from eisfit.batch.store import digest_settings

    return digest_settings(circuit, options, finish)


_DEFAULTS = dataclasses.asdict(Settings())


def _drop_defaults(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options that say something."""
    plain = {**_DEFAULTS, "validate": False, "drop_invalid": False, "drop_inductive": False, "seed": 0}
    return {k: v for k, v in options.items() if k not in plain or v != plain[k]}


def dask_executor(address: str) -> Executor:
    """Return the executor of a Dask cluster: the address of its scheduler, or ``local`` for one made here.

    Raises
    ------
    UsageError
        When `distributed` is not installed or the scheduler does not answer.
    """
    try:
        distributed = import_module("distributed")
    except ImportError:
        raise UsageError('a Dask cluster needs the extra: pip install "eisfit-toolkit[cluster]"') from None
    try:
        client = distributed.Client() if address == "local" else distributed.Client(address, timeout=10)
    except (OSError, ValueError) as error:
        raise UsageError(f"no Dask scheduler answers at {address!r}: {error}") from None
    executor: Executor = client.get_executor()
    return executor
