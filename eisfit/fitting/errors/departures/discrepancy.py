"""How far a circuit that is only nearly true may have moved the parameters.

The dispersive elements may depart from the circuit (`eisfit.fitting.errors.departures.shapes`): by smooth
random functions of the frequency, or in one of the ways that cells are known for. First this is done to first
order about the fit (`...first_order`); what comes out, that without a departure among it, is averaged by
evidence and by the prior `_TRUE` (J. A. Hoeting et al., Stat. Sci. 14 (1999) 382). Where a departure is not
more probable than the circuit itself, the errors stay the noise's: a wide departure of little weight would
set the 95 % of a true circuit.

Where the circuit is then more probably nearly true than true, each departure is fitted to its end
(`...fitted`), and again with the arcs exchanged where they came out against the order of their roles. All
that describe the data about as well as the best count alike: of circuits none of which is true, evidence does
not choose. The value stays that of the fit; how far each departure moves it is part of its error.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import NORMAL_95, BoolArray, FloatArray, make_mask
from eisfit.engine.arcs_order import are_arcs_in_order
from eisfit.engine.coordinates import Coordinates, Scales, may_be_negative
from eisfit.fitting.errors.departures.drift import Drifting
from eisfit.fitting.errors.departures.first_order import Sizes, are_worth_trying, try_departures
from eisfit.fitting.errors.departures.fitted import MAX_SIZE, Departed, fit_departures, fit_undeparted
from eisfit.fitting.errors.departures.linearised import Linearised
from eisfit.fitting.errors.departures.other_order import place_among, put_in_order
from eisfit.fitting.errors.departures.shapes import (
    Departure,
    bend_tails,
    combine,
    list_diffusions,
    list_elements,
    reshape_arcs,
)
from eisfit.fitting.errors.departures.smooth import Smooth
from eisfit.records import Columns, dataclass
from eisfit.verdict import limit

_LENGTHS = (2.3, 4.6)  # of smooth departures, in ln omega: one and two decades
_SIZES = (0.3, 1.0)  # standard deviation of ln amplitude: a third, and a factor of three
_SMOOTH = 2.3  # length of those that are fitted to the end, where longer ones add nothing
_TRUE = 0.8  # prior probability of the circuit: noise then looks like a departure in 1 of 300 true fits
_COUNTS = _TRUE / (1 - _TRUE)  # likelihood ratio that makes a departure more probable than not
_AT_ONCE = 256
_BEST_BY = 1.92  # of the log likelihood: half the 95 % point of chi-square with one degree of freedom
_OUTSIDE = 0.05
_AS_GOOD = 12.0  # of the log evidence, up to which a departure describes the data about as well as the best


@dataclass(frozen=True, eq=False, repr=False)
class Discrepancy(Columns):
    """What the circuit's own error may have done to B fits.

    Where the size of the noise is not known, it is taken to be in proportion to |Z|, whatever the weights
    were: in other weights a noise of another shape would be taken for a discrepancy.

    Attributes
    ----------
    probability
        (B,) that the circuit is only nearly true.
    noise_share
        (B,) of the residual's variance that is noise; 1 where the noise is known.
    covar
        (B, V, V) to be added to the noise's covariance; it holds the shift.
    hidden
        (B, V) standard error that a discrepancy as large as the noise would hide makes; NaN where unknown.
    in_order, ratio
        Where the arcs came out against the order of their roles, and a departure with the arcs in order
        describes the data about as well: its parameters (B, P), and the sum of squares (B,) that it leaves
        over the fit's. NaN where not.
    apart
        (B, V) whether those lie outside the interval by the departures that leave the arcs as they are.
    """

    probability: FloatArray
    noise_share: FloatArray
    covar: FloatArray
    hidden: FloatArray
    in_order: FloatArray
    ratio: FloatArray
    apart: BoolArray

    @classmethod
    def none(cls, fits: Linearised) -> Discrepancy:
        """Return that fits have no error of their own."""
        count, size = fits.inverse.shape[:2]
        nowhere = np.full(fits.values.shape, np.nan)
        covar, hidden = np.zeros((count, size, size)), np.full((count, size), np.nan)
        ratio, apart = np.full(count, np.nan), np.zeros((count, size), dtype=bool)
        return cls(np.zeros(count), np.ones(count), covar, hidden, nowhere, ratio, apart)

    @property
    def systematic(self) -> NDArray[np.bool_]:
        """(B,) whether the circuit is more probably nearly true than true."""
        return np.asarray(self.probability > limit("nearly_true"))


def find_discrepancy(fits: Linearised, *, hidden: bool = False) -> Discrepancy:
    """Return how far each fit may be moved by a circuit that is only nearly true.

    Parameters
    ----------
    fits
        At their optima.
    hidden
        Whether `Discrepancy.hidden` is wanted, of all rows; else most rows of true circuits cost little.
    """
    found, rows = screen_departures(fits, hidden=hidden)
    return follow_departures(fits, rows, found)


def find_departing(fits: Linearised) -> NDArray[np.intp]:
    """Return the fits (b,) that a departure may describe better, by what costs little for many alike.

    Of the others `screen_departures` says that there is none.
    """
    if not list_elements(fits.circuit):
        return np.arange(0)
    with np.errstate(all="ignore"):
        chosen = np.flatnonzero(_are_sound(fits))
        if not chosen.size:
            return chosen
        part = fits.rows(chosen).of_relative_noise
        return chosen[are_worth_trying(part, _list_first_order(part), _COUNTS)]


def screen_departures(
    fits: Linearised, *, hidden: bool = False, worth: NDArray[np.intp] | None = None
) -> tuple[Discrepancy, NDArray[np.intp]]:
    """Return what a first order says of departures, and the fits (b,) that these are to be followed for.

    Of all but the latter it is the last word: of most that there are none, and where coordinates of the
    circuit may be negative, of any. `worth` (b,): those that `find_departing`, where that is known.
    """
    found = Discrepancy.none(fits)
    if not list_elements(fits.circuit):
        return found, np.arange(0)
    with np.errstate(all="ignore"):  # a row that is not finite keeps the errors of the noise
        chosen = np.flatnonzero(_are_sound(fits))
        if not chosen.size:
            return found, chosen
        part = fits.rows(chosen).of_relative_noise
        departures = _list_first_order(part)
        if worth is None:
            tried = are_worth_trying(part, departures, _COUNTS)
        else:
            tried = make_mask(worth, len(fits.values))[chosen]
        return found, _select_followed(found, part, departures, chosen, tried, hidden=hidden)


def follow_departures(fits: Linearised, rows: NDArray[np.intp], found: Discrepancy) -> Discrepancy:
    """Write what departures, fitted to the end, make of the fits of some rows to `found`, and return it."""
    with np.errstate(all="ignore"):
        # They are few of many, and what takes time is how often something is called: all together.
        for some in _split_rows(rows):
            _write(found, some, _fit_departures(fits.rows(some).of_relative_noise))
    return found


def _are_sound(fits: Linearised) -> NDArray[np.bool_]:
    """Return the fits (B,) with errors and a residual beyond rounding."""
    parts = fits.relative.view(np.float64)
    size = np.sqrt(np.einsum("bf,bf->b", parts, parts) / fits.omega.size)
    finite = np.isfinite(fits.inverse).all(axis=(1, 2))
    return np.asarray(finite & (fits.nfree > 0) & (size > limit("rounding")))


def _select_followed(
    found: Discrepancy,
    fits: Linearised,
    departures: list[Sizes],
    chosen: NDArray[np.intp],
    worth: BoolArray,
    *,
    hidden: bool,
) -> NDArray[np.intp]:
    """Return which of the `chosen` rows may depart, from fits of these."""
    tried = np.arange(len(worth)) if hidden else np.flatnonzero(worth)
    signed = may_be_negative(fits.circuit)
    near: list[NDArray[np.intp]] = []
    for rows in _split_rows(tried):
        part = fits.rows(rows)
        trials = try_departures(part, departures)
        evidence = _compute_evidence(trials)
        share = _compute_weights(evidence)
        if hidden:
            found.hidden[chosen[rows]] = _find_largest_error(trials, evidence)
        seen = np.flatnonzero((1 - share[:, 0] > limit("nearly_true")) & worth[rows])
        if signed:
            _write(found, chosen[rows[seen]], _average(part, trials, share).rows(seen))
        else:
            near.append(chosen[rows[seen]])
    return np.concatenate([np.arange(0), *near])


def _split_rows(rows: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    return [rows[first : first + _AT_ONCE] for first in range(0, len(rows), _AT_ONCE)]


def _write(found: Discrepancy, rows: NDArray[np.intp], step: Discrepancy) -> None:
    """Put a step in its rows (b,) where the circuit is more probably nearly true."""
    seen = step.systematic & np.isfinite(step.covar).all(axis=(1, 2))
    found.probability[rows] = np.where(step.systematic, step.probability, 0.0)
    found.noise_share[rows[seen]] = step.noise_share[seen]
    found.covar[rows[seen]] = step.covar[seen]
    for name in ("in_order", "ratio", "apart"):
        getattr(found, name)[rows[seen]] = getattr(step, name)[seen]


def _list_first_order(fits: Linearised) -> list[Sizes]:
    """Return the departures that begin at the circuit itself, each with the sizes to be tried."""
    circuit, omega = fits.circuit, fits.omega
    smooth: list[Departure] = [Smooth(circuit, omega, length) for length in _LENGTHS]
    shapes: list[Departure] = [
        *reshape_arcs(circuit, omega),
        *bend_tails(circuit, omega),
        Drifting(circuit, omega),
    ]
    return [*((one, _SIZES) for one in smooth), *((one, (1.0,)) for one in shapes if one.nested)]


def _fit_departures(fits: Linearised) -> Discrepancy:
    """Return the effect of fitted departures on fits whose circuit is only nearly true."""
    circuit, omega = fits.circuit, fits.omega
    shapes, tails = reshape_arcs(circuit, omega), bend_tails(circuit, omega)
    departures: list[Departure] = [
        *(Smooth(circuit, omega, _SMOOTH, size) for size in _SIZES),
        *(Smooth(circuit, omega, _SMOOTH, min(_SIZES), wide) for wide in list_diffusions(circuit)),
        *shapes,
        *tails,
        Drifting(circuit, omega),
        *combine(shapes, tails),
    ]
    plain = fit_undeparted(fits)
    trials = [plain, *fit_departures(fits, departures)]
    against, exchanged = put_in_order(fits)
    more = fit_departures(fits.rows(against), departures, exchanged) if against.size else []
    whole = [*trials, *(place_among(plain, against, trial) for trial in more)]
    found = _average(fits, whole, _compute_shares(_compute_evidence(whole)))
    return _add_other_order(found, fits, trials, whole[len(trials) :]) if more else found


def _add_other_order(
    found: Discrepancy, fits: Linearised, trials: list[Departed], others: list[Departed]
) -> Discrepancy:
    """Return the result with the best of the trials in which the arcs are exchanged, if it is as good."""
    coordinates = Coordinates(fits.circuit, Scales.of(fits.omega, fits.target))
    evidence, free = _compute_evidence(others), list(fits.free)
    rows, best = np.arange(len(evidence)), np.argmax(evidence, axis=1)
    values = fits.values.copy()
    values[:, free] += np.stack([t.shift for t in others], axis=1)[rows, best]
    values = coordinates.physical(coordinates.internal(values))  # what is tied follows
    least = _compute_evidence(trials)[:, 1:].max(axis=1) - _AS_GOOD
    found_one = np.isfinite(evidence[rows, best]) & (evidence[rows, best] >= least)
    good = found_one & are_arcs_in_order(fits.circuit, values)
    left = np.stack([t.left for t in others], axis=1)[rows, best]
    alone = _average(fits, trials, _compute_shares(_compute_evidence(trials)))
    by_noise = np.einsum("bii->bi", fits.inverse) * (alone.noise_share * trials[0].variance)[:, np.newaxis]
    error = np.sqrt(by_noise + np.einsum("bii->bi", alone.covar))
    return replace(
        found,
        in_order=np.where(good[:, np.newaxis], values, np.nan),
        ratio=np.where(good, left / trials[0].left, np.nan),
        apart=good[:, np.newaxis] & (np.abs(values - fits.values)[:, free] > 2 * error),
    )


def _compute_evidence(trials: list[Departed]) -> FloatArray:
    """Return the evidence (B, T) of trials, -inf of what could not be evaluated."""
    return np.nan_to_num(np.stack([trial.evidence for trial in trials], axis=1), nan=-np.inf)


def _compute_shares(evidence: FloatArray) -> FloatArray:
    """Return the share (B, T) of each trial in the average: see the top of this module."""
    weight = _compute_weights(evidence)
    departed = evidence[:, 1:]
    good = departed >= departed.max(axis=1, keepdims=True) - _AS_GOOD
    alike = (1 - weight[:, :1]) * good / good.sum(axis=1, keepdims=True)
    alike = np.concatenate([weight[:, :1], alike], axis=1)
    return np.where(weight[:, :1] < 1 - limit("nearly_true"), alike, weight)


def _compute_weights(evidence: FloatArray) -> FloatArray:
    """Return the probabilities (B, T) of the circuit itself, which is first, and of its departures."""
    others = evidence.shape[1] - 1
    prior = np.array([_TRUE, *[(1 - _TRUE) / others] * others])
    weight = prior * np.exp(evidence - evidence.max(axis=1, keepdims=True))
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))


def _find_largest_error(trials: list[Departed], evidence: FloatArray) -> FloatArray:
    """Return the largest standard error (B, V) of the trials that the data does not speak against."""
    possible = evidence >= evidence.max(axis=1, keepdims=True) - _BEST_BY
    spread = np.stack([np.einsum("bii->bi", t.covar) + t.shift**2 for t in trials], axis=1)
    return np.asarray(
        np.sqrt(np.max(np.where(possible[:, :, np.newaxis], np.maximum(spread, 0.0), 0.0), axis=1))
    )


def _average(fits: Linearised, trials: list[Departed], share: FloatArray) -> Discrepancy:
    """Return what trials, of which the first is the circuit itself, come to at their shares (B, T)."""
    variance = np.stack([t.variance for t in trials], axis=1)
    noise = np.einsum("bt,bt->b", share, variance)
    spread = np.stack(
        [t.covar + t.shift[:, :, np.newaxis] * t.shift[:, np.newaxis, :] for t in trials], axis=1
    )
    spread = np.where(share[:, :, np.newaxis, np.newaxis] > 0, spread, 0.0)
    total = np.einsum("bt,btij->bij", share, spread)
    size = np.sqrt(np.einsum("bii->bi", total))
    factor = _compute_width(share, np.einsum("btii->bti", spread)) / np.where(size > 0, size, 1.0)
    total = total * factor[:, :, np.newaxis] * factor[:, np.newaxis, :]
    beyond_noise = _make_positive(total - fits.inverse * noise[:, np.newaxis, np.newaxis])
    return replace(
        Discrepancy.none(fits),
        probability=1 - share[:, 0],
        noise_share=noise / variance[:, 0],
        covar=_limit_errors(fits, beyond_noise),
    )


def _limit_errors(fits: Linearised, covar: FloatArray) -> FloatArray:
    """Return covariances (B, V, V) of which no error is larger than a departure can make it.

    A positive parameter is followed to a factor e^3 from the fit, an exponent lies within its bounds; what is
    linear about a fit knows of neither.
    """
    free, rows = list(fits.free), list(fits.circuit.parameters.values())
    log = np.array([rows[k].scale == "log" for k in free])
    inside = np.array([0.5 * (rows[k].max - rows[k].min) for k in free])
    most = np.where(log, np.abs(fits.values[:, free]) * np.exp(MAX_SIZE), inside)
    size = np.sqrt(np.einsum("bii->bi", covar))
    factor = np.minimum(1.0, most / np.where(size > 0, size, 1.0))
    return np.asarray(covar * factor[:, :, np.newaxis] * factor[:, np.newaxis, :])


def _compute_width(share: FloatArray, variance: FloatArray) -> FloatArray:
    """Return half the 95 % interval over 1.96 (B, V) of normal distributions (B, T, V) mixed at `share`.

    Of one that is improbable and very wide, the standard deviation would say more than the interval holds.
    """
    size = np.sqrt(np.maximum(variance, 1e-300))
    counts = share[:, :, np.newaxis] > 0
    low = np.log(np.min(np.where(counts, size, np.inf), axis=1))
    high = np.log(np.max(np.where(counts, size, 0.0), axis=1))
    for _ in range(24):
        middle = 0.5 * (low + high)
        beyond = _compute_tail(NORMAL_95 * np.exp(middle)[:, np.newaxis] / size)
        wider = np.einsum("bt,btv->bv", share, beyond) > _OUTSIDE
        low, high = np.where(wider, middle, low), np.where(wider, high, middle)
    return np.asarray(np.exp(0.5 * (low + high)))


def _compute_tail(x: FloatArray) -> FloatArray:
    """Return the probability of a normal variable beyond -+x: Abramowitz and Stegun (1964), 7.1.26."""
    t = 1 / (1 + 0.3275911 / np.sqrt(2) * x)
    series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    return np.asarray(series * np.exp(-0.5 * x * x))


def _make_positive(covar: FloatArray) -> FloatArray:
    """Return covariances (B, V, V) without their negative parts, each parameter in its own size."""
    size = np.sqrt(np.abs(np.einsum("bii->bi", covar)))
    size = np.where(size > 0, size, 1.0)
    both = size[:, :, np.newaxis] * size[:, np.newaxis, :]
    finite = np.asarray(np.isfinite(covar).all(axis=(1, 2)))
    power, axes = np.linalg.eigh(np.where(finite[:, np.newaxis, np.newaxis], covar / both, 0.0))
    power[~finite] = np.nan
    return np.asarray((axes * np.maximum(power, 0.0)[:, np.newaxis, :]) @ axes.transpose(0, 2, 1) * both)
