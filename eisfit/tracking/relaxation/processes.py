"""One peak of the distribution of relaxation times, followed along a series, with its laws."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from eisfit.arrays import FloatArray, finite
from eisfit.records import dataclass
from eisfit.spectra.axes import Axis
from eisfit.tracking.growth.axis_laws import fit_law_along
from eisfit.validation.drt_peaks import Peak

_MIN_ERROR = 1e-3  # of tau and R: no distribution is known better


@dataclass(frozen=True, eq=False)
class Process:
    """A process that the distributions of a series show.

    Attributes
    ----------
    number
        From 1, fast to slow.
    peaks
        Its peak in each of N spectra; None where it shows none.
    laws
        Of ``resistance`` and ``tau``, each ``{}`` or one of ``arrhenius``, ``lines``, ``growth``, ``curves``.
    """

    number: int
    peaks: tuple[Peak | None, ...]
    laws: dict[str, dict[str, Any]]

    @classmethod
    def of(cls, number: int, peaks: Sequence[Peak | None], places: FloatArray, axis: Axis | None) -> Process:
        """Return a process with its laws along an axis; none in a grid (None)."""
        made = cls(number, tuple(peaks), {})
        if axis is None:
            return made
        tau, tau_error = made.tau
        resistance, error = made.resistance
        laws = {
            "resistance": fit_law_along(places, resistance, error, axis, name=f"peak {number}", unit="ohm"),
            "tau": fit_law_along(places, tau, tau_error, axis, name=f"tau of peak {number}", unit="s"),
        }
        return cls(number, tuple(peaks), laws)

    @property
    def seen(self) -> int:
        """In how many spectra it is seen."""
        return sum(peak is not None for peak in self.peaks)

    @property
    def resistance(self) -> tuple[FloatArray, FloatArray]:
        """(N,) ohm and their standard errors; NaN where not seen."""
        value, error = self._list_numbers("resistance"), self._list_numbers("resistance_stderr")
        return value, np.maximum(error, _MIN_ERROR * value)

    @property
    def tau(self) -> tuple[FloatArray, FloatArray]:
        """(N,) s and their standard errors; NaN where not seen."""
        value, error = self._list_numbers("tau"), self._list_numbers("log10_tau_stderr")
        return value, np.maximum(np.log(10) * error, _MIN_ERROR) * value

    def _list_numbers(self, name: str) -> FloatArray:
        """Return a number (N,) of the peaks; NaN where there is none."""
        return np.array([getattr(peak, name, None) for peak in self.peaks], dtype=float)

    def columns(self, k: int) -> dict[str, float | None]:
        """Return its columns in the row of one spectrum."""
        peak, n = self.peaks[k], self.number
        tau, error = (column[k] for column in self.tau)
        return {
            f"tau_{n}": None if peak is None else peak.tau,
            f"tau_{n}_stderr": None if peak is None or np.isnan(tau) else float(error),
            f"R_{n}": None if peak is None else peak.resistance,
            f"R_{n}_stderr": None if peak is None else peak.resistance_stderr,
        }

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready document."""
        tau, resistance = self.tau[0], self.resistance[0]
        return {
            "number": self.number,
            "seen": self.seen,
            "of": len(self.peaks),
            "tau_s": [finite(t) for t in tau.tolist()],
            "resistance_ohm": [finite(r) for r in resistance.tolist()],
            "laws": self.laws,
        }
