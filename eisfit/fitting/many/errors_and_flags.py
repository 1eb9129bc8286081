"""Errors, derived quantities and flags of a batch of optima, computed for all spectra at once.

What `eisfit.fit` asks of lmfit for one spectrum follows here from the exact Jacobian: the covariance is
(J^T J)^-1, times redchi where the noise is not known. Spectra of which any flag could be said are handed to
``eisfit.fitting.verdicts`` one by one; the others cannot have one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import combinations
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import BoolArray, FloatArray, IntArray, are_all_rows, make_mask
from eisfit.engine.arcs import arcs
from eisfit.engine.optima import join_ends
from eisfit.engine.propagation import Formula, Propagation
from eisfit.engine.solver import Problem
from eisfit.fitting.errors.departures.discrepancy import (
    Discrepancy,
    find_departing,
    find_discrepancy,
    follow_departures,
    screen_departures,
)
from eisfit.fitting.errors.departures.linearised import Linearised, linearise
from eisfit.fitting.many.table import Lazy, LazyTable, RowVerdict, SplitTable, Table, Tables
from eisfit.fitting.result_parts import compute_statistics
from eisfit.fitting.verdicts.alternatives import Rivals, find_alternatives, find_departed
from eisfit.fitting.verdicts.findings import Finding
from eisfit.fitting.verdicts.flags import Batch, are_silent, is_physical_limit
from eisfit.fitting.verdicts.grade import Residuals, grades
from eisfit.fitting.verdicts.soundness import find_turned_sign, have_outliers
from eisfit.model.circuit import Circuit
from eisfit.records import dataclass
from eisfit.spectra.noise import estimate_noise_level
from eisfit.spectra.spectrum import Spectrum
from eisfit.verdict import limit

if TYPE_CHECKING:  # what follows from the parameters is loaded where somebody asks for it
    from eisfit.fitting.derived import Column
    from eisfit.fitting.errors.intervals_result import Interval
    from eisfit.fitting.result import FitResult
    from eisfit.model.geometry import Geometry

_APART = 2.1  # standard errors between time constants, a little more than eisfit.identifiability asks for
_FEW = 16  # one fit in so many that may depart: more are looked at with all others
_ENDS = (("ends", 0.0), ("ends_chisqr", np.inf))  # and what stands where a spectrum has fewer


@dataclass(frozen=True, eq=False, repr=False)
class Optima:
    """Optima of a group of spectra on one frequency grid.

    Attributes
    ----------
    circuit, spectra, weighting
        What was fitted.
    weight
        (B, 2F), 1/ohm.
    values
        (B, P) parameters; those tied by expressions follow from the others.
    attainable
        (B,) chisqr that the noise alone explains.
    starts, agreed
        (B,) of the search.
    problem, ends, ends_chisqr
        What was searched, and all ends of the search: (B, E, V) coordinates and (B, E). None where the optima
        were chosen by something else than their chisqr: other optima are then no alternatives.
    """

    circuit: Circuit
    spectra: Sequence[Spectrum]
    weighting: str
    weight: FloatArray
    values: FloatArray
    attainable: FloatArray
    starts: NDArray[np.intp]
    agreed: NDArray[np.intp]
    problem: Problem | None = None
    ends: FloatArray | None = None
    ends_chisqr: FloatArray | None = None

    def rows(self, chosen: IntArray) -> Optima:
        """Return some of them."""
        if are_all_rows(chosen, len(self.values)):
            return self
        names = ("weight", "values", "attainable", "starts", "agreed", "ends", "ends_chisqr")
        arrays: dict[str, Any] = {n: a if (a := getattr(self, n)) is None else a[chosen] for n in names}
        problem = None if self.problem is None else self.problem.rows(chosen)
        return replace(self, spectra=[self.spectra[b] for b in chosen.tolist()], problem=problem, **arrays)

    @classmethod
    def join(cls, lots: Sequence[Optima]) -> Optima:
        """Return the optima of lots of one search as those of one."""
        names = ("weight", "values", "attainable", "starts", "agreed")
        arrays: dict[str, Any] = {n: np.concatenate([getattr(lot, n) for lot in lots]) for n in names}
        spectra = [spectrum for lot in lots for spectrum in lot.spectra]
        problems = [lot.problem for lot in lots if lot.problem is not None]
        if problems:
            ends, chisqr = (join_ends([getattr(lot, n) for lot in lots], by) for n, by in _ENDS)
            arrays.update(ends=ends, ends_chisqr=chisqr)
            return replace(lots[0], spectra=spectra, problem=Problem.join(problems), **arrays)
        return replace(lots[0], spectra=spectra, **arrays)


def make_table(optima: Optima) -> Table:
    """Return the results as `eisfit.fit` would give them but for lmfit's own objects."""
    linear = _linearise(optima)
    return _make_departed_table(optima, linear, find_discrepancy(linear))


def make_tables(lots: Iterable[tuple[list[int], Optima]]) -> Tables:
    """Return the tables of lots on one frequency grid, each with the places of its rows.

    The few fits that may depart from their circuit have a table of their own, which is made when somebody
    asks for it; those that do are followed together, which costs as much as hundreds of others, when somebody
    asks for one of them.
    """
    found, put_off, theirs = Tables(), list[Optima](), list[int]()
    for places, optima in lots:
        linear = _linearise(optima)
        off, others = Discrepancy.none(linear), find_departing(linear)
        if len(others) * _FEW > len(places):
            off, others = screen_departures(linear, worth=others)
        near = make_mask(others, len(places))
        rest, table = np.flatnonzero(~near), _make_departed_table(optima, linear, off, near)
        found.append(([places[row] for row in rest.tolist()], table.rows(rest)))
        put_off.append(optima.rows(others))
        theirs += [places[row] for row in others.tolist()]
    if theirs:
        optima = Optima.join(put_off)
        rescaled = optima.weighting != "noise"
        tried = Lazy(partial(_try_departures, optima))
        found.append((theirs, LazyTable(optima.weighting, rescaled, optima.starts, optima.agreed, tried)))
    return found


def _try_departures(optima: Optima) -> Table | SplitTable:
    """Return the results of fits that may depart."""
    linear = _linearise(optima)
    off, others = screen_departures(linear, worth=np.arange(len(optima.values)))
    table = _make_departed_table(optima, linear, off, make_mask(others, len(optima.values)))
    places = {row: place for place, row in enumerate(others.tolist())}
    if not places:
        return table  # the other one is made when results travel, and there is none of no fits
    return SplitTable(table, places, Lazy(partial(_follow_departures, optima.rows(others))))


def _follow_departures(optima: Optima) -> Table:
    """Return the results of fits whose departures are to be followed."""
    linear = _linearise(optima)
    off = follow_departures(linear, np.arange(len(optima.values)), Discrepancy.none(linear))
    return _make_departed_table(optima, linear, off)


def _make_departed_table(
    optima: Optima, linear: Linearised, off: Discrepancy, put_off: BoolArray | None = None
) -> Table:
    """Return the results with what departures make of them; rows that are put off get no flags."""
    with np.errstate(all="ignore"):
        table, quiet = _make_plain_table(optima, linear, off)
    others = _find_rivals(optima, table, off)
    quiet[list(others)] = False
    if put_off is not None:
        quiet |= put_off
    verdicts = {}
    for b in np.flatnonzero(~quiet).tolist():
        asked = optima.spectra[b], optima.circuit, float(optima.attainable[b]), others.get(b)
        verdicts[b] = Lazy(partial(_judge_row, table.rows(np.array([b])), *asked))
    return replace(table, verdicts=verdicts)


def _judge_row(
    table: Table,
    spectrum: Spectrum,
    circuit: Circuit,
    attainable: float,
    alternatives: tuple[dict[str, Any], ...] | None,
) -> RowVerdict:
    """Return the findings on the only row."""
    from eisfit.fitting.verdicts.assess import find_all, find_flags  # not every batch needs it

    result = table.row(0, spectrum, circuit)
    if alternatives is not None:
        vars(result).update(alternatives=alternatives)  # a copy would ask for every field
    findings, rows = find_all(result, attainable)
    grade, flags = find_flags(result, findings)
    known = {"grade": grade, "flags": flags, "alternatives": result.alternatives}
    return RowVerdict(known, Lazy(partial(_judge, result, findings, rows)))


def _judge(result: FitResult, findings: Sequence[Finding], rows: Mapping[str, Interval]) -> Mapping[str, Any]:
    """Return the parameters of a result and what follows from them, with their verdicts."""
    from eisfit.fitting.verdicts.assess import add_verdicts

    judged = add_verdicts(result, findings, rows)
    return {"parameters": judged.parameters, "derived": judged.derived}


def _find_rivals(optima: Optima, table: Table, off: Discrepancy) -> dict[int, tuple[dict[str, Any], ...]]:
    if optima.problem is None or optima.ends is None or optima.ends_chisqr is None:
        return {}
    rivals = Rivals(
        problem=optima.problem,
        values=optima.values,
        chisqr=table.statistics["chisqr"],
        stderr=table.stderr,
        lag1=table.statistics["lag1_autocorrelation"],
        ends=optima.ends,
        ends_chisqr=optima.ends_chisqr,
        known_noise=not table.rescaled,
    )
    departed = find_departed(optima.circuit, optima.values, rivals.chisqr, off)
    found = find_alternatives(rivals)
    return {b: (*found.get(b, ()), *departed.get(b, ())) for b in sorted({*found, *departed})}


def _linearise(optima: Optima) -> Linearised:
    free, problem = optima.circuit.free_columns, optima.problem
    with np.errstate(all="ignore"):
        return linearise(
            optima.circuit,
            optima.spectra[0].omega,
            np.stack([s.impedance for s in optima.spectra]) if problem is None else problem.target,
            optima.weight,
            optima.values,
            free=free,
            held=_find_bounds(optima.circuit, optima.values, free)[1],
            known_noise=optima.weighting == "noise",
            coordinates=None if problem is None else problem.coordinates,
        )


def _make_plain_table(optima: Optima, fits: Linearised, off: Discrepancy) -> tuple[Table, BoolArray]:
    """Return results without a verdict, and of which rows (B,) nothing is to be said."""
    circuit, values, free = optima.circuit, optima.values, optima.circuit.free_columns
    at_bound, held = _find_bounds(circuit, values, free)
    seen = Residuals.of(fits.relative, fits.target, optima.weighting)
    ndata = fits.weight.shape[1]
    statistics = compute_statistics(fits.chisqr, ndata, fits.nfree, known_noise=fits.known_noise)
    noise = _estimate_noise(fits, optima)
    misfit = np.where(np.isfinite(noise), np.sqrt(fits.chisqr / optima.attainable), np.nan)
    scale = off.noise_share if fits.known_noise else off.noise_share * fits.unexplained
    grade = grades(seen, misfit, off.systematic)
    power = np.where(grade == "A", seen.power, np.nan)
    by_noise = fits.inverse_for(power) * scale[:, np.newaxis, np.newaxis]
    total = by_noise + off.covar
    table = Table(
        weighting=optima.weighting,
        rescaled=not fits.known_noise,
        ndata=ndata,
        free=tuple(free),
        values=values,
        stderr=_compute_errors(circuit, values, free, held, total),
        stderr_noise=_compute_errors(circuit, values, free, held, by_noise),
        at_bound=at_bound,
        held=held,
        covar=by_noise,
        grade=grade,
        statistics={
            **statistics,
            **seen.statistics,
            "noise": noise,
        },
        derived=Lazy(partial(_derive, circuit, optima.spectra, values, total)),
        starts=optima.starts,
        agreed=optima.agreed,
    )
    apart = Propagation(circuit, values, free, by_noise)
    loud = have_outliers(fits.residual) & (seen.rms > limit("rounding"))
    return table, _are_faultless(optima, table, apart) & ~loud & np.isnan(power)


def _compute_errors(
    circuit: Circuit, values: FloatArray, free: list[int], held: BoolArray, covar: FloatArray
) -> FloatArray:
    """Return standard errors (B, P), NaN where there is none."""
    stderr = np.full(values.shape, np.nan)
    stderr[:, free] = np.where(held, np.nan, np.sqrt(np.einsum("bii->bi", covar)))
    if circuit.expressions:
        propagated = Propagation(circuit, values, free, covar)
        for name in circuit.expressions:
            stderr[:, circuit.names.index(name)] = propagated.error(itemgetter(name))
    return stderr


def _estimate_noise(fits: Linearised, optima: Optima) -> FloatArray:
    left = fits.unexplained * fits.weight.shape[1]
    return estimate_noise_level(fits.omega, fits.weight, fits.modulus, optima.attainable, left)


def _find_bounds(circuit: Circuit, values: FloatArray, free: list[int]) -> tuple[BoolArray, BoolArray]:
    """Return which parameters (B, P) are at their bounds, and which free ones (B, V) are held there.

    As in `eisfit.fit`: what is held has no error; an exponent at its physical limit of 1 keeps its own.
    """
    at_bound = np.zeros(values.shape, dtype=bool)
    held = np.zeros((len(values), len(free)), dtype=bool)
    for v, k in enumerate(free):
        p = circuit.parameters[circuit.names[k]]
        if p.scale == "linear":
            margin = limit("at_bound") * (min(p.max, 1e300) - p.min)
            upper, lower = values[:, k] >= p.max - margin, values[:, k] <= p.min + margin
            at_bound[:, k] = upper | lower
            held[:, v] = lower | (upper & (not is_physical_limit(circuit, p.name, "upper")))
    return at_bound, held


def _derive(
    circuit: Circuit, spectra: Sequence[Spectrum], values: FloatArray, covar: FloatArray
) -> dict[str, Column]:
    """Return the derived quantities; those of the geometry for the spectra whose metadata have one."""
    from eisfit.fitting.derived import Column, derive

    propagated = Propagation(circuit, values, circuit.free_columns, covar)
    plain = derive(propagated)
    found = {**plain}
    for geometry, rows in _group_geometries(spectra):
        for name, column in derive(propagated, geometry, plain).items():
            found.setdefault(name, Column.empty(column.unit, len(spectra))).fill(rows, column)
    return found


def _group_geometries(spectra: Sequence[Spectrum]) -> list[tuple[Geometry, list[int]]]:
    """Return each geometry in the spectra's metadata, with their rows."""
    from eisfit.model.geometry import Geometry, find_geometry

    rows: dict[str, list[int]] = {}
    for b, spectrum in enumerate(spectra):
        told = find_geometry(spectrum.metadata)
        if any(one is not None for one in told):
            rows.setdefault(repr(told), []).append(b)
    return [(Geometry.of_metadata(spectra[group[0]].metadata), group) for group in rows.values()]


def _are_faultless(optima: Optima, table: Table, propagated: Propagation) -> BoolArray:
    """Return the spectra (B,) without any flag; the others are judged one by one."""
    values, free = optima.values, list(table.free)
    stderr = table.stderr[:, free]
    quiet = np.isfinite(stderr).all(axis=1)
    quiet &= (stderr <= limit("doubtful") * np.abs(values[:, free])).all(axis=1)
    quiet &= np.asarray(table.grade == "A", dtype=bool)
    quiet &= table.statistics["rms_relative_residual"] <= limit("usable_rms")  # else noise, if consistent
    quiet &= [not (spectrum.notes and find_turned_sign(spectrum)) for spectrum in optima.spectra]
    names, errors = [optima.circuit.names[k] for k in free], (stderr, table.stderr_noise[:, free])
    quiet &= are_silent(
        Batch(optima.circuit, values, names, *errors, table.covar, np.asarray(table.at_bound.any(axis=1)))
    )
    for loud in _iterate_doubtful_arcs(optima, propagated):
        quiet &= ~loud
    return quiet


def _iterate_doubtful_arcs(optima: Optima, propagated: Propagation) -> Iterator[BoolArray]:
    """Yield masks (B,) of spectra with an arc near the edge of the range, or two near each other."""
    frequency = optima.spectra[0].frequency
    found: list[Formula] = [arc.log_tau for arc in arcs(optima.circuit.tree)]
    for formula in found:
        peak = np.exp(-propagated.value(formula)) / (2 * np.pi)
        yield (peak <= frequency[-1]) | (peak >= frequency[0])
    for one, other in combinations(found, 2):
        gap = _subtract(one, other)
        yield ~(np.abs(propagated.value(gap)) > _APART * propagated.error(gap))


def _subtract(one: Formula, other: Formula) -> Formula:
    return lambda p: one(p) - other(p)
