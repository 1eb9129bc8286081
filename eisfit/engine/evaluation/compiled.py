"""The solver's compiled path: a loop of numba that reads the circuit's tape, and when it is worth taking.

numba is an extra (``pip install "eisfit-toolkit[fast]"``), never required. No code is generated from
circuits: ``compiled_loop`` is compiled once, kept in numba's cache, and reads the tapes of all circuits
made of the elements in `eisfit.engine.evaluation.tape.SYMBOLS`. The algorithm and its stopping rules are
those of `eisfit.engine.solver`; both reach the same ends to rounding.

To load numba takes about a second, to compile the loop for the first time 10 to 30 s. So it is not taken
before this process has solved so many rows in numpy that the wait is no more than what was spent already
(`_WORTH_LOADING`, `_WORTH_COMPILING`: at most twice the best choice, whatever is still to come). The
environment variable ``EISFIT_ENGINE`` says ``numpy`` or ``numba`` from the beginning.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import ComplexArray, FloatArray
from eisfit.engine.coordinates import Box, Coordinates
from eisfit.engine.evaluation.tape import Plan, supported
from eisfit.errors import UsageError, did_you_mean
from eisfit.model.elements import FrequencyGrid

__all__ = ["Engine", "chosen", "minimise"]

Engine = Literal["numpy", "numba"]

_LEAST_ROWS = 32
# Rows solved in numpy, of 60 points and 8 parameters, at 12,000 a second.
_WORTH_LOADING = 10_000
_WORTH_COMPILING = 200_000
_VARIABLE = "EISFIT_ENGINE"


@dataclass
class _Meter:
    """What this process has solved in numpy, in rows of ordinary size, and why numba cannot be loaded."""

    rows: float = 0.0
    loop: Any = None
    missing: str | None = None


_METER = _Meter()


def chosen(coordinates: Coordinates, rows: int, points: int, engine: Engine | None, *, whole: bool) -> bool:
    """Return whether a batch goes the compiled way, and count it if it does not.

    Parameters
    ----------
    coordinates, rows, points
        The circuit, and the size of the batch.
    engine
        The caller's wish; without one the environment's; without that by the work done so far.
    whole
        All rows are to be taken to their end.

    Raises
    ------
    UsageError
        For an unknown engine, or where numba is asked for and cannot be imported.
    """
    wish = _wish(engine)
    if wish == "numba":
        if _loop() is None:
            raise UsageError(f"the engine numba cannot be used: {_METER.missing}")
        return supported(coordinates)
    if wish == "numpy" or not whole or rows < _LEAST_ROWS or not supported(coordinates):
        return False
    _METER.rows += rows * (points / 60) * (coordinates.size / 8)
    return _METER.rows > _WORTH_LOADING and _loop() is not None and _worth_calling()


def _wish(engine: str | None) -> str | None:
    wish = engine or os.environ.get(_VARIABLE) or None
    if wish is not None and wish not in get_args(Engine):
        near = did_you_mean(wish, get_args(Engine)) or "; there are numpy and numba"
        place = "" if engine else f" (environment variable {_VARIABLE})"
        raise UsageError(f"no engine is called {wish!r}{place}{near}")
    return wish


def _loop() -> Any:
    """Return the module of the compiled loop, or None where numba is absent or does not load."""
    if _METER.loop is None and _METER.missing is None:
        if find_spec("numba") is None:
            _METER.missing = 'numba is not installed; pip install "eisfit-toolkit[fast]"'
            return None
        try:
            _METER.loop = import_module("eisfit.engine.evaluation.compiled_loop")
        except (
            ImportError,
            AttributeError,
        ) as error:  # a numba that does not fit the numpy, or half installed
            _METER.missing = f"numba does not load ({error})"
    return _METER.loop


def _worth_calling() -> bool:
    """Return whether the loop is compiled, or in numba's cache, or the work so far worth compiling it."""
    iterate = _METER.loop.iterate
    if iterate.signatures or _METER.rows > _WORTH_COMPILING:
        return True
    source, folder = Path(_METER.loop.__file__), iterate.stats.cache_path
    kept = Path(folder).glob(f"{source.stem}.iterate-*.nbc") if folder else ()
    return any(file.stat().st_mtime > source.stat().st_mtime for file in kept)


def _grid(omega: FloatArray) -> FloatArray:
    """Return (1 or B, 11, F): shapes of L, C, W and of W's admittance, omega, ln omega, 1/sqrt(omega)."""
    omega = np.atleast_2d(omega)
    zero, root = np.zeros_like(omega), np.sqrt(omega)
    monomials = [zero, omega, zero, -1 / omega, 1 / root, -1 / root, 0.5 * root, 0.5 * root]
    return np.stack([*monomials, omega, np.log(omega), 1 / root], axis=1)


def _halves(pairs: FloatArray) -> FloatArray:
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
    damping: float,
    limits: Sequence[float],
    max_iterations: int,
) -> tuple[FloatArray, FloatArray, NDArray[np.bool_], int]:
    """Return what `eisfit.engine.solver.solve` does: theta, chisqr, whether converged, the most steps.

    Parameters
    ----------
    coordinates, grid, target, weight, box
        Of a `eisfit.engine.solver.Problem`.
    theta
        Start values (B, V).
    damping
        To begin with.
    limits
        Tolerance, inertia, what counts as a short step, least and most damping.
    max_iterations
        Upper limit of steps.
    """
    plan = Plan.of(coordinates)
    measured = _halves(np.ascontiguousarray(target).view(np.float64)), _halves(weight)
    problem = plan.arrays, _grid(grid.omega), *measured, np.stack([box.low, box.high], axis=1)
    theta, state = np.ascontiguousarray(box.clip(theta)), np.zeros((len(theta), 2))
    room = plan.room(target.shape[1])
    numbers = tuple(float(limit) for limit in limits)
    steps = _loop().iterate(problem, theta, state, room, float(damping), numbers, int(max_iterations))
    return theta, state[:, 0], state[:, 1] > 0, int(steps)
