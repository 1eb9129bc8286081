"""What `eisfit.track` does: one circuit for all cycles, the path through their optima, failures in place."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from inspect import signature
from itertools import groupby
from os import PathLike
from typing import Any

import numpy as np

from eisfit.display.progress import Progress, report_steps
from eisfit.errors import UsageError
from eisfit.fitting.common_circuit import SeriesChoice, choose_circuit
from eisfit.fitting.failure import FitFailure
from eisfit.fitting.fit import fit
from eisfit.fitting.fitted_points import CONSTRAINING, FINISH
from eisfit.fitting.result import FitResult
from eisfit.model.circuit import Circuit
from eisfit.model.geometry import Geometry
from eisfit.spectra.axes import Axis, find_axis_value, split_axes
from eisfit.spectra.given import make_option_error
from eisfit.spectra.series import Series
from eisfit.spectra.spectrum import Spectrum
from eisfit.tracking.given_series import locate, place_in_order
from eisfit.tracking.identity import Candidate, Features, find_path
from eisfit.tracking.series_fits import Fits
from eisfit.tracking.series_flags import judge_jumps
from eisfit.tracking.series_result import Row, SeriesResult


def track(
    series: Series | Iterable[Any] | str | PathLike[str],
    circuit: str | PathLike[str] | Circuit | None = None,
    *,
    by: str | Sequence[str] | None = None,
    joint: Mapping[str, str] | None = None,
    strength: float | Mapping[str, float] | None = None,
    finish: str = "kernel",
    progress: Progress = None,
    geometry: Geometry | Mapping[str, Any] | str | PathLike[str] | None = None,
    **options: Any,
) -> SeriesResult:
    """Fit a circuit to every spectrum of a series.

    Each spectrum is started blind; then what the cycles around it lead to, and its optima with their arcs
    exchanged, are tried as well, until nothing better is found anywhere (see `eisfit.tracking.optima`). The
    path
    through the series that explains the data best and moves least is taken (see `eisfit.tracking.identity`):
    one
    cycle's bad luck with start values does not show, a clearly better optimum always wins, and the SEI arc
    stays the SEI arc. What jumps, merges or would continue better when exchanged is flagged.

    Parameters
    ----------
    series
        From `eisfit.read_series`, or what it reads (a folder, a list of files), or any spectra, each in
        a form that `eisfit.fit` takes.
    circuit
        As for `eisfit.fit`. None: one is chosen for all by the first, the middle and the last spectrum, and
        `notes` says how: ``rs-sei-ct-w`` where it leaves nothing to look for, else what `eisfit.identify`
        ranks first by all of them, or comes closest to all; ``"#2"``: the second that it ranks.
    by
        The axis: ``cycle``, ``time``, ``temperature``, ``potential``, ``soc``, ``thickness``, ``pressure``,
        ``amplitude``, or one of your own; two of them (``"temperature,soc"``) make a grid: a series over the
        first at each value of the second. None: that of the series, see `eisfit.read_series`.
    joint
        Parameter -> ``shared`` (one value for all cycles), ``smooth`` (over the cycles) or ``free``: all
        cycles are then fitted once more, at once; see `eisfit.tracking.joint.joint`.
    strength
        Of smoothness, for all smooth parameters or by name; None: chosen by cross-validation.
    finish
        ``kernel`` (default): the batched solver's optimum, with errors from the exact Jacobian; ``lmfit``:
        every fit is finished in lmfit, which gives the same numbers and lmfit's objects, ten times slower.
    progress
        None: a bar in a notebook; True: in a terminal too; or a function; see `eisfit.display.progress`.
    geometry
        Of the cell, as for `eisfit.fit`: adds what resistances and capacitances are per area.
    **options
        Passed to `eisfit.fit`: weighting, fix, start, bound, expr, params, fmin, fmax, seed.

    Raises
    ------
    UsageError
        For an unknown circuit, parameter or option. A spectrum that cannot be fitted is a `FitFailure` in
        its place.
    """
    if finish not in FINISH:
        raise UsageError(f"no finish is called {finish!r}; use {' or '.join(FINISH)}")
    _check_options(options)
    spectra, series = place_in_order(series, by)
    held = {key: options.pop(key) for key in CONSTRAINING if key in options}
    choice = choose_circuit(spectra, circuit, options)
    chosen = choice.circuit.constrain(**held)
    if geometry is not None:
        cell = Geometry.of(geometry)  # a fit was made with its own
        spectra = [cell.attach_to(one) if isinstance(one, Spectrum) else one for one in spectra]
    axes = split_axes(series.axes)
    with report_steps("tracking", 3 if joint else 2, progress) as done:
        fits = Fits.of(spectra, chosen, options, finish)
        done()
        results, told = _follow_processes(fits, chosen, axes)
        done()
        places = [tuple(locate(one, axis) for axis in axes) for one in spectra]
        results, places = _insert_unread(list(results), places, series)
        tracked = SeriesResult(
            circuit=chosen,
            results=tuple(results),
            label=series.label,
            notes=(*series.notes, *told, *_note_simulated(spectra)),
            axes=series.axes,
            places=tuple(places),
        )
        if joint:
            tracked = tracked.fit_jointly(joint, strength=strength)
            done()
        return note_choice(tracked, choice)


def _insert_unread(
    results: list[Row], places: list[tuple[float | None, ...]], series: Series
) -> tuple[list[Row], list[tuple[float | None, ...]]]:
    """Return results and places with the files that could not be read: at their cycle, or at the end."""
    unread = FitFailure.of_series(series)
    results = [*results, *unread]
    places = [*places, *(tuple(locate(one, axis) for axis in split_axes(series.axes)) for one in unread)]
    if not unread or series.axes != ("cycle",):
        return results, places
    order = sorted(range(len(places)), key=lambda k: (places[k][0] is None, places[k][0] or 0.0))
    return [results[k] for k in order], [places[k] for k in order]


def note_choice(tracked: SeriesResult, choice: SeriesChoice) -> SeriesResult:
    """Return a series that says how its circuit was chosen, where it was given none."""
    if not choice.note:
        return tracked
    rows = tuple(map(choice.mark, tracked.results))
    return dataclasses.replace(tracked, results=rows, notes=(choice.note, *tracked.notes))


def _check_options(options: Mapping[str, Any]) -> None:
    """Refuse an option that neither `track` nor `fit` has."""
    if not options:
        return
    own = [name for name in signature(track).parameters if name != "options"]
    known = [*own, *(name for name in signature(fit).parameters if name not in ("spectrum", *own))]
    for name in options:
        if name not in known:
            raise make_option_error("track", name, known)


def _note_simulated(spectra: list[Spectrum]) -> list[str]:
    count = sum(bool(spectrum.metadata.get("simulated")) for spectrum in spectra)
    return [f"simulated: {count} of {len(spectra)} spectra are simulated, not measured"] if count else []


def _follow_processes(
    fits: Fits, circuit: Circuit, axes: Sequence[Axis]
) -> tuple[list[FitResult | FitFailure], list[str]]:
    """Return what became of every spectrum along the cheapest path, and a note of what was replaced."""
    made = fits.results([row[0] for row in fits.candidates])
    lost = {k: one for k, one in enumerate(made) if isinstance(one, FitFailure)}
    places = [k for k in range(len(made)) if k not in lost]
    best = [one for one in made if isinstance(one, FitResult)]
    features = Features(circuit)
    if len(best) < 2 or not features.names:
        return fits.put_in_places(best, lost), []
    found = [fits.candidates[k] for k in places]
    errors = np.array([features.errors(fit) for fit in best])
    rows = _split_grid(best, axes)
    path = [step for row in rows for step in find_path(found[row], errors[row], fits.nfree[places[row]])]
    chosen = [row[k] for row, k in zip(found, path, strict=True)]
    moved = [k for k, step in enumerate(path) if step]
    again = fits.results([chosen[k] for k in moved], [places[k] for k in moved])
    for k, one in zip(moved, again, strict=True):
        if isinstance(one, FitResult):
            best[k], errors[k] = one, features.errors(one)
    judged = [fit for row in rows for fit in judge_jumps(best[row], features, axes[0], errors[row])]
    return fits.put_in_places(judged, lost), _note_replaced(best, chosen, axes[0])


def _split_grid(fits: Sequence[FitResult], axes: Sequence[Axis]) -> list[slice]:
    """Return the parts of a grid along its first axis, one for each value of the second; else the whole."""
    if len(axes) == 1:
        return [slice(0, len(fits))]
    sizes = [len(list(part)) for _, part in groupby(find_axis_value(fit.spectrum, axes[1]) for fit in fits)]
    ends = np.cumsum(sizes).tolist()
    return [slice(end - size, end) for end, size in zip(ends, sizes, strict=True)]


def _note_replaced(fits: list[FitResult], chosen: list[Candidate], axis: Axis) -> list[str]:
    replaced = [fit.spectrum for fit, one in zip(fits, chosen, strict=True) if not one.blind]
    # In nearly every cycle it says nothing of any of them: the circuit has optima that are as good.
    if not replaced or len(replaced) > len(fits) / 2:
        return []
    values = [(find_axis_value(spectrum, axis), spectrum.index) for spectrum in replaced]
    names = [f"{index:g}" if value is None else axis.format(value) for value, index in values]
    shown = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
    where = f"{len(names)} of {len(fits)} {'cycles' if axis.name == 'cycle' else 'spectra'}: {shown}"
    return [f"neighbours led to another optimum than the blind fit at {where}"]
