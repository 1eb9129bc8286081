"""Chunks through any executor: in order, a few ahead, again where a worker died, each exactly once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from dataclasses import field
from typing import Any, Generic, TypeVar

from eisfit.batch.worker import start_worker
from eisfit.errors import UsageError
from eisfit.records import dataclass

T = TypeVar("T")
R = TypeVar("R")

_CHUNKS_AHEAD = 4  # chunks for each worker: a slow one does not hold the others up
_MAX_TRIES = 3
_NEEDS_MAIN = 'a script asks for workers below `if __name__ == "__main__":`, and is a file'


@dataclass(frozen=True)
class LostChunk:
    """A chunk that could not be done, with the reason."""

    reason: str


@dataclass(frozen=False)
class _Job(Generic[T]):
    """An item on its way; `tries` counts how often it was the one that failed."""

    item: T
    future: Future[Any] | None = None
    tries: int = field(default=0)


def run_in_order(
    work: Callable[[T], R], items: Iterable[T], workers: int | Executor
) -> Iterator[tuple[T, R | LostChunk]]:
    """Yield (item, work(item)) in the order of the items.

    Parameters
    ----------
    work
        A function at the top of a module; it and the items travel to other processes.
    items
        Taken one by one, never more than a few ahead.
    workers
        A number of processes, or any `concurrent.futures.Executor`.

    Raises
    ------
    UsageError
        When the work itself raises one.
    """
    if isinstance(workers, Executor):
        yield from _Pool(lambda: workers, 16).run(work, items)
        return
    pool = _Pool(lambda: _make_process_pool(workers), _CHUNKS_AHEAD * workers)
    try:
        yield from pool.run(work, items)
    finally:
        pool.executor.shutdown(wait=True, cancel_futures=True)


def _make_process_pool(count: int) -> Executor:
    import multiprocessing  # absent in Pythons for the browser
    from concurrent.futures import ProcessPoolExecutor

    if getattr(multiprocessing.current_process(), "_inheriting", False):  # a worker reads the script
        raise UsageError(f"workers: every worker runs the script once more: {_NEEDS_MAIN}")
    # Spawned, not forked: a fork of a process with threads (BLAS has some) can hang.
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(count, mp_context=context, initializer=start_worker)


class _Pool:
    def __init__(self, make: Callable[[], Executor], ahead: int) -> None:
        self.make = make
        self.executor = make()
        self.ahead = ahead

    def run(self, work: Callable[[T], R], items: Iterable[T]) -> Iterator[tuple[T, R | LostChunk]]:
        waiting: deque[_Job[T]] = deque()
        source = iter(items)
        more = True
        while more or waiting:
            while more and len(waiting) < self.ahead:
                try:
                    waiting.append(_Job(next(source)))
                except StopIteration:
                    more = False
                    break
                self.submit(work, waiting[-1])
            if waiting:
                outcome = self.wait_for_result(work, waiting)
                yield waiting.popleft().item, outcome

    def submit(self, work: Callable[[T], R], job: _Job[T]) -> None:
        try:
            job.future = self.executor.submit(work, job.item)
        except (BrokenExecutor, RuntimeError):
            job.future = None  # the pool has died: `wait_for_result` makes a new one

    def wait_for_result(self, work: Callable[[T], R], waiting: deque[_Job[T]]) -> R | LostChunk:
        """Return the result of the first job, trying again where its worker died."""
        job = waiting[0]
        while True:
            error = _wait_for_error(job)
            if error is None and job.future is not None:
                result: R = job.future.result()
                return result
            job.tries += 1
            given_up = job.tries >= _MAX_TRIES
            if isinstance(error, BrokenExecutor):
                self.restart(work, list(waiting)[given_up:])
            elif not given_up:
                self.submit(work, job)
            if given_up:
                reason = (str(error).strip() or type(error).__name__).splitlines()[0]
                reason += f" ({_NEEDS_MAIN})" if isinstance(error, BrokenExecutor) else ""
                return LostChunk(f"its worker failed {_MAX_TRIES} times: {reason}")

    def restart(self, work: Callable[[T], R], jobs: list[_Job[T]]) -> None:
        """Make a new pool and give it every job that is not done."""
        self.executor = self.make()
        for job in jobs:
            if job.future is None or not job.future.done() or _has_failed(job.future):
                self.submit(work, job)


def _wait_for_error(job: _Job[Any]) -> BaseException | None:
    """Wait for a job and return what went wrong; what the user did wrong is raised."""
    if job.future is None:
        return BrokenExecutor("the workers have died")
    try:
        error = job.future.exception()
    except CancelledError as cancelled:
        return cancelled
    if isinstance(error, UsageError):
        raise error
    return error


def _has_failed(future: Future[Any]) -> bool:
    return future.cancelled() or future.exception() is not None
