"""The spectra of a series as candidates, and back as results; what the solver cannot is fitted one by one.

Plain least squares goes through the batched solver from start to end; whatever else is asked of `eisfit.fit`
(a robust loss, another representation, expressions) is fitted by it, spectrum by spectrum, and the optima are
exchanged between the cycles all the same.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import count
from typing import Any

import numpy as np

from eisfit.arrays import FloatArray, IntArray
from eisfit.engine.coordinates import Scales
from eisfit.engine.objective import Settings
from eisfit.engine.task import can_be_fitted
from eisfit.errors import EisfitError, UsageError
from eisfit.fitting.failure import FitFailure
from eisfit.fitting.fit import fit, fit_or_failure
from eisfit.fitting.fitted_points import SELECTING, add_noise, select_points
from eisfit.fitting.many.chunks import goes_in_batches
from eisfit.fitting.many.errors_and_flags import Optima, make_table
from eisfit.fitting.result import FitResult
from eisfit.fitting.verdicts.flags import find_at_bound, is_physical_limit
from eisfit.model.circuit import Circuit
from eisfit.spectra import WEIGHTING
from eisfit.spectra.noise import compute_weights
from eisfit.spectra.spectrum import Spectrum
from eisfit.tracking.identity import Candidate, Features
from eisfit.tracking.optima import find_all_optima, find_exchanged_optima
from eisfit.tracking.series_problem import SeriesProblem

Row = FitResult | FitFailure

_CHOOSING = ("peak", "order")  # the user says which optimum: no other is tried


class Fits:
    """All spectra of a series.

    Attributes
    ----------
    nfree
        (N,) degrees of freedom of each spectrum that can be fitted.
    """

    def __init__(
        self,
        spectra: Sequence[Spectrum | FitResult | FitFailure],
        circuit: Circuit,
        options: Mapping[str, Any],
        finish: str,
    ) -> None:
        self.first, self.circuit, self.finish = list(spectra), circuit, finish
        self.options = {key: value for key, value in options.items() if key not in SELECTING}
        self.tries = not set(options) & set(_CHOOSING)
        self.singles = [fit for fit in self.first if isinstance(fit, FitResult)]
        ready = [one.spectrum if isinstance(one, FitResult) else one for one in self.first]
        self.spectra = [one for one in ready if isinstance(one, Spectrum)]
        weighting = self.options.get("weighting", WEIGHTING)
        settings = Settings(weighting, "linear", self.options.get("representation", "impedance"))
        self.rows = SeriesProblem(self.spectra, circuit, settings)
        self.nfree = self.rows.nfree

    @classmethod
    def of(
        cls, spectra: Sequence[Spectrum], circuit: Circuit, options: Mapping[str, Any], finish: str
    ) -> Fits:
        """Make ready; what needs more than the batched solver is fitted one by one here."""
        given = {key: value for key, value in options.items() if value is not None}
        if not circuit.expressions and goes_in_batches(given):
            ready = cls([_prepare(spectrum, circuit, given) for spectrum in spectra], circuit, given, finish)
            if all(ready.candidates):
                return ready
        return cls([fit_or_failure(one, circuit, **options) for one in spectra], circuit, given, finish)

    @cached_property
    def candidates(self) -> list[list[Candidate]]:
        """Every cycle's optima, one found blind first if it is as good as any."""
        features = Features(self.circuit)
        if not self.spectra:
            return []
        if self.singles:
            values = np.array([[fit.values[name] for name in self.circuit.names] for fit in self.singles])
            known = find_exchanged_optima(self.rows, features, values, self.tries)
        else:
            known = find_all_optima(self.rows, features, int(self.options.get("seed", 0)))
        self.known = known
        return known.candidates()

    def results(self, chosen: Sequence[Candidate], places: Sequence[int] | None = None) -> list[Row]:
        """Return the results of some candidates, of the cycles at `places` or of all."""
        if not chosen:
            return []
        where = np.arange(len(chosen)) if places is None else np.asarray(places, dtype=np.intp)
        if self.singles:
            pairs = zip(where.tolist(), chosen, strict=True)
            return [self.singles[k] if one.blind else self._fit_alone(k, one.values) for k, one in pairs]
        values = np.array([one.values for one in chosen])
        found = self._fit_by_kernel(where, values) if self.finish == "kernel" else {}
        return [found.get(row) or self._fit_alone(int(k), values[row]) for row, k in enumerate(where)]

    def _fit_by_kernel(self, where: IntArray, values: FloatArray) -> dict[int, FitResult]:
        """Return row -> result, but for those that ended at a bound or not at all."""
        ends = self.rows.solve(where, values, fine=True)
        inside = [self._is_inside(k, v) for k, v in zip(where.tolist(), ends.values, strict=True)]
        good = ends.converged & np.array(inside, dtype=bool)
        groups: dict[bytes, list[int]] = {}
        for row in np.flatnonzero(good).tolist():
            groups.setdefault(self.spectra[where[row]].frequency.tobytes(), []).append(row)
        found: dict[int, FitResult] = {}
        for members in groups.values():
            cycles = where[members]
            optima = Optima(
                self.circuit,
                [self.spectra[k] for k in cycles],
                self.rows.settings.weighting,
                np.array([self.rows.weights[k] for k in cycles]),
                ends.values[members],
                self.rows.attainable[cycles],
                self.known.starts[cycles],
                np.array([self.known.count_agreeing(k) for k in cycles], dtype=np.intp),
            )
            made = make_table(optima).results(optima.spectra, self.circuit)
            found.update(zip(members, made, strict=True))
        return found

    def _is_inside(self, cycle: int, values: FloatArray) -> bool:
        spectrum, named = self.spectra[cycle], dict(zip(self.circuit.names, values.tolist(), strict=True))
        held = find_at_bound(self.circuit, Scales.of(spectrum.omega, spectrum.impedance), named)
        return all(is_physical_limit(self.circuit, name, side) for name, side in held.items())

    def _fit_alone(self, cycle: int, values: FloatArray) -> Row:
        start = {
            name: min(max(value, p.min), p.max)
            for (name, p), value in zip(self.circuit.parameters.items(), values.tolist(), strict=True)
            if p.free
        }
        spectrum = self.spectra[cycle]
        try:
            made = fit(spectrum, self.circuit, start=start, **self.options)
        except EisfitError as error:  # the start is not the user's: whatever is wrong is so at this cycle
            return FitFailure.of(spectrum, str(error))
        # The result may not carry bounds and starts that are not the series' own.
        return dataclasses.replace(made, circuit=self.circuit)

    def put_in_places(self, fits: Sequence[FitResult], lost: Mapping[int, FitFailure]) -> list[Row]:
        """Return one result for each spectrum of the series, failures in their places.

        Parameters
        ----------
        fits
            In the order of the spectra that could be fitted.
        lost
            Place among those that were ready -> why it could not be fitted after all.
        """
        followed, ready = iter(fits), count()
        return [
            one if isinstance(one, FitFailure) else lost.get(next(ready)) or next(followed)
            for one in self.first
        ]


def _prepare(
    spectrum: Spectrum, circuit: Circuit, options: Mapping[str, Any]
) -> Spectrum | FitResult | FitFailure:
    """Return the part of a spectrum that is fitted, or the failure that says why it cannot be."""
    try:
        weighting = options.get("weighting", WEIGHTING)
        kept = select_points(spectrum, **{k: options[k] for k in SELECTING if k in options})
        kept = add_noise(kept, weighting)
        compute_weights(kept, weighting)
    except UsageError:
        raise
    except EisfitError as error:
        return FitFailure.of(spectrum, str(error))
    if not can_be_fitted(kept.points, len(circuit.free_names)):
        return fit_or_failure(kept, circuit)  # says what is wrong with it
    return kept
