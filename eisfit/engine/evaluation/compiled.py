"""The solver's compiled path: a loop of numba that reads the circuit's tape, and when it is worth taking.

numba is an extra (``pip install "eisfit-toolkit[fast]"``), never required. No code is generated from
circuits: ``compiled_loop`` reads the tapes of all circuits made of the elements in
`eisfit.engine.evaluation.tape.SYMBOLS`. The algorithm and its stopping rules are those of
`eisfit.engine.solver`; both reach the same ends to rounding.

Compiled once, which takes 20 s, the loop is kept as machine code, which loads in a millisecond or two where
it is a shared library, else in 40 (`eisfit.engine.evaluation.machine_code`). So it is not taken before this
process has solved so many rows in numpy that the wait is no more than what was spent already
(`_WORTH_LOOKING`, `_WORTH_LOADING`, `_WORTH_COMPILING`: at most twice the best choice, whatever is still to
come). The environment variable ``EISFIT_ENGINE`` says ``numpy`` or ``numba`` from the beginning.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal, get_args
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import ComplexArray, FloatArray
from eisfit.engine.coordinates import Box, Coordinates
from eisfit.engine.evaluation.tape import Plan, is_supported
from eisfit.errors import UsageError, did_you_mean
from eisfit.model.elements import FrequencyGrid
from eisfit.records import dataclass

if TYPE_CHECKING:  # ctypes and hashes are loaded where there is code to be loaded
    from eisfit.engine.evaluation.machine_code import Loop

Engine = Literal["numpy", "numba"]

#: When rows of one spectrum need not go on.
Enough = Callable[[FloatArray, NDArray[np.int64]], NDArray[np.int64]]

_BLOCK = 256  # rows described at a time, whose copies the processor's cache holds
_LEAST_ROWS = 32  # that a call of numpy's costs, however few there are
# Rows solved in numpy, of 60 points and 8 parameters, at 12,000 a second.
_WORTH_LOOKING = 25
_WORTH_LOADING = 500
_WORTH_COMPILING = 200_000
_VARIABLE = "EISFIT_ENGINE"


@dataclass(frozen=False)
class _Meter:
    """What this process has solved in numpy, in rows of ordinary size, the loop, and why there is none."""

    rows: float = 0.0
    loop: Loop | None = None
    looked: int = 0  # for a library, an object file, a compiler
    missing: str | None = None


_METER = _Meter()


def uses_compiled_loop(coordinates: Coordinates, rows: int, points: int, engine: Engine | None) -> bool:
    """Return whether a batch goes the compiled way, and count it if it does not.

    Parameters
    ----------
    coordinates, rows, points
        The circuit, and the size of the batch.
    engine
        The caller's wish; without one the environment's; without that by the work done so far.

    Raises
    ------
    UsageError
        For an unknown engine, or where numba is asked for and cannot be imported.
    """
    wish = _read_engine_choice(engine)
    if wish == "numba":
        if _get_loop(make=True) is None:
            raise UsageError(f"the engine numba cannot be used: {_METER.missing}")
        return is_supported(coordinates)
    if wish == "numpy" or not is_supported(coordinates):
        return False
    _METER.rows += max(rows, _LEAST_ROWS) * (points / 60) * (coordinates.size / 8)
    return _METER.rows > _WORTH_LOOKING and _get_loop(make=_METER.rows > _WORTH_COMPILING) is not None


def count_expected_work(coordinates: Coordinates, spectra: int, points: int) -> None:
    """Count what a search of so many spectra is going to solve, so that the loop is there from the first."""
    if _read_engine_choice(None) is None and is_supported(coordinates):
        _METER.rows += spectra * (points / 60) * (coordinates.size / 8)


def _read_engine_choice(engine: str | None) -> str | None:
    wish = engine or os.environ.get(_VARIABLE) or None
    if wish is not None and wish not in get_args(Engine):
        near = did_you_mean(wish, get_args(Engine)) or "; there are numpy and numba"
        place = "" if engine else f" (environment variable {_VARIABLE})"
        raise UsageError(f"no engine is called {wish!r}{place}{near}")
    return wish


def _get_loop(*, make: bool) -> Loop | None:
    """Return the compiled loop, None where there is none; compile it on request, where that is possible."""
    ways = 3 if make else 2 if _METER.rows > _WORTH_LOADING else 1
    while _METER.loop is None and _METER.missing is None and _METER.looked < ways:
        _METER.looked += 1
        try:
            code = import_module("eisfit.engine.evaluation.machine_code")
            _METER.loop = (code.load_library, code.load_object, code.make_loop)[_METER.looked - 1]()
        # A numba that does not fit the numpy or is half installed, a processor or a file that LLVM refuses.
        except (ImportError, AttributeError, OSError, RuntimeError) as error:
            absent = find_spec("numba") is None
            why = 'numba is not installed; pip install "eisfit-toolkit[fast]"'
            _METER.missing = why if absent else f"numba does not load ({error})"
    return _METER.loop


_SHAPES: WeakKeyDictionary[FrequencyGrid, FloatArray] = WeakKeyDictionary()


def _get_shapes(grid: FrequencyGrid) -> FloatArray:
    """Return (1 or B, 10, F): shapes of L, C, W and of W's admittance, omega, ln omega."""
    if grid not in _SHAPES:
        omega = np.atleast_2d(grid.omega)
        zero, root = np.zeros_like(omega), np.sqrt(omega)
        monomials = [zero, omega, zero, -1 / omega, 1 / root, -1 / root, 0.5 * root, 0.5 * root]
        _SHAPES[grid] = np.stack([*monomials, omega, np.log(omega)], axis=1)
    return _SHAPES[grid]


def _regroup(pairs: FloatArray) -> FloatArray:
    """Return rows of real and imaginary parts in turn with the real ones first."""
    return np.concatenate([pairs[:, ::2], pairs[:, 1::2]], axis=1)


def minimise(  # noqa: PLR0917
    coordinates: Coordinates,
    grid: FrequencyGrid,
    target: ComplexArray,
    weight: FloatArray,
    box: Box,
    theta: FloatArray,
    *,
    ceiling: FloatArray | None,
    limits: Sequence[float],
    max_iterations: int,
    enough: Enough | None = None,
) -> tuple[FloatArray, FloatArray, NDArray[np.bool_], int]:
    """Return what `eisfit.engine.solver.solve` does: theta, chisqr, whether converged, the most steps.

    Parameters
    ----------
    coordinates, grid, target, weight, box
        Of a `eisfit.engine.solver.Problem`.
    theta
        Start values (B, V).
    ceiling
        (B,) chisqr above which an end is of no interest, or None.
    limits
        Tolerance, inertia, what counts as a short step, least and most damping, times what a step promises
        that it may bring and up to which damping, the damping to begin with.
    max_iterations
        Upper limit of steps.
    enough
        Takes chisqr (B, steps + 1) after each step, and after how many a row (B,) has converged; returns
        after how many its spectrum needs no more. Rows that went further are gone back to there.
    """
    measured = _regroup(np.ascontiguousarray(target).view(np.float64)), _regroup(weight)
    grids, boxes = _get_shapes(grid), np.stack([box.low, box.high], axis=1)
    ceilings = np.full(1, np.inf) if ceiling is None else np.ascontiguousarray(ceiling)
    problem = grids, *measured, boxes, ceilings, np.array(limits, dtype=np.float64)
    start = np.ascontiguousarray(box.clip(theta))
    most, length = np.full(1, max_iterations, dtype=np.int64), 0 if enough is None else max_iterations + 1
    traces = np.empty((len(start), length))
    theta, state = _call_loop(Plan.of(coordinates), problem, start, most, traces)
    if enough is not None:
        steps, converged = state[:, 2].astype(np.int64), state[:, 1] > 0
        traces = np.where(np.arange(length) < steps[:, np.newaxis], traces, state[:, :1])
        needed = enough(traces, np.where(converged, steps, length))
        if (needed < steps).any():
            most = np.minimum(needed, max_iterations)
            theta, state = _call_loop(Plan.of(coordinates), problem, start, most, traces[:, :0])
    return theta, state[:, 0], state[:, 1] > 0, int(state[:, 2].max(initial=0))


def linearise_rows(
    coordinates: Coordinates,
    grid: FrequencyGrid,
    target: ComplexArray,
    weight: FloatArray,
    theta: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return what rows are where they stand: their residuals, the same to first order, and (J^T J)^-1.

    Residuals (B, 2F) are weighted; to first order nothing is left of them that a change of theta (B, V) takes
    off, NaN where J^T J is singular and its inverse (B, V, V) no number that means anything.
    """
    size, numbers = coordinates.size, weight.shape[1]
    told = np.empty((len(theta), 2 * numbers + size * size))
    nothing, never = (np.zeros((1, 2, size)), np.zeros(1), np.zeros(8)), np.full(1, -1)
    for first in range(0, len(theta), _BLOCK):
        rows = slice(first, first + _BLOCK)
        measured = (
            _regroup(np.ascontiguousarray(target[rows]).view(np.float64)),
            _regroup(weight[rows]),
        )
        start = np.ascontiguousarray(theta[rows])
        _call_loop(Plan.of(coordinates), (_get_shapes(grid), *measured, *nothing), start, never, told[rows])
    residual, beyond, inverse = np.split(told, [numbers, 2 * numbers], axis=1)
    return residual, beyond, inverse.reshape(-1, size, size)


def _call_loop(
    plan: Plan,
    problem: tuple[NDArray[Any], ...],
    start: FloatArray,
    most: NDArray[np.int64],
    traces: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Return theta (B, V), and chisqr, whether converged and steps (B, 3).

    To the traces (B, n) chisqr's first values are written, or what the rows are where they stand.
    """
    theta, state = start.copy(), np.zeros((len(start), 3))
    grids, target, _, boxes, ceilings, _ = problem
    room = plan.allocate(target.shape[1] // 2)
    lengths = len(grids), len(target), len(boxes), len(ceilings), len(theta), len(most), traces.shape[1]
    sizes = np.array([*plan.sizes(room), *lengths], dtype=np.int64)
    loop = _METER.loop
    assert loop is not None  # `uses_compiled_loop` has loaded it
    loop(sizes, *plan.arrays, *problem, most, theta, state, traces, *room)
    return theta, state
