"""What stands in a result's place where a spectrum could not be read or fitted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from eisfit.records import dataclass

if TYPE_CHECKING:
    from eisfit.spectra.series import Series
    from eisfit.spectra.spectrum import Spectrum
    from eisfit.verdict import Flag


@dataclass(frozen=True)
class FitFailure:
    """A spectrum that could not be read or fitted, with the reason in one line, in a result's place."""

    source: str
    error: str
    index: int = 0
    cycle: float | None = None

    ok = False
    grade = None
    flags: tuple[Flag, ...] = ()

    @classmethod
    def of(cls, spectrum: Spectrum, error: str) -> FitFailure:
        """Return the failure of a spectrum that could be read."""
        return cls(spectrum.source, error, spectrum.index, spectrum.cycle)

    @classmethod
    def of_series(cls, series: Series) -> list[FitFailure]:
        """Return the failures of the files of a series that could not be read."""
        return [cls(one.source, one.error, cycle=one.cycle) for one in series.failures]

    def to_dict(self, data: bool = True) -> dict[str, Any]:
        """Return the same keys as a fit's document, null but for source and error."""
        settings = ("circuit", "weighting", "loss", "representation", "covariance_rescaled")
        found = ("parameters", "statistics", "derived", "starts", "agreed")
        spectrum = dict.fromkeys(("points", "frequency_min_Hz", "frequency_max_Hz"))
        return {
            "spectrum": {"source": self.source, "index": self.index, "cycle": self.cycle, **spectrum},
            **dict.fromkeys((*settings, *found)),
            "correlations": [],
            "grade": None,
            "ok": False,
            "flags": [],
            "alternatives": [],
            "error": self.error,
        }
