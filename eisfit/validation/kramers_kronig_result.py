"""What a Kramers-Kronig test returns: the verdict on one spectrum, its noise, and where it breaks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from eisfit.arrays import BoolArray, ComplexArray, FloatArray
from eisfit.records import CHECK_SCHEMA, Document, dataclass
from eisfit.spectra.spectrum import Spectrum
from eisfit.validation.points import Tested, make_columns, read_impedance, read_spectrum
from eisfit.verdict import Flag

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class FrequencyRange(Document):
    """A part of the sweep that breaks Kramers-Kronig: from `low_Hz` to `high_Hz` (both included), and why."""

    low_Hz: float
    high_Hz: float
    cause: str


@dataclass(frozen=True, eq=False, repr=False)
class KramersKronigResult(Tested):
    """The verdict on one spectrum, with its noise.

    Parameters
    ----------
    spectrum
        What was tested.
    ok
        Whether nothing beyond noise and beyond the tolerance speaks against Kramers-Kronig.
    fitted
        (F,) complex, ohm: the nearest spectrum that obeys Kramers-Kronig.
    noise
        (F,) ohm: standard deviation of the real and of the imaginary part, estimated from the spectrum
        itself, corrected for degrees of freedom, varying with frequency where the data shows that it does.
    noise_relative
        Its root mean square, fraction of |Z|.
    rc_elements, mu
        Number of RC elements within the sweep, and mu = 1 - sum|R < 0| / sum|R >= 0| of them.
    flags
        What to know and what to do.
    ranges
        Where the spectrum breaks.
    """

    KIND = "Kramers-Kronig"
    SCHEMA = CHECK_SCHEMA
    spectrum: Spectrum
    ok: bool
    fitted: ComplexArray
    noise: FloatArray
    noise_relative: float
    rc_elements: int
    mu: float
    flags: tuple[Flag, ...] = ()
    ranges: tuple[FrequencyRange, ...] = ()

    @property
    def unexplained(self) -> FloatArray:
        """What no consistent impedance explains of either part, ohm, (F,): the noise, more where it fails."""
        if self.ok:
            return self.noise
        return np.asarray(
            np.maximum(self.noise, np.abs(self.spectrum.impedance) * self.rms_residual / np.sqrt(2))
        )

    @property
    def invalid(self) -> BoolArray:
        """Points within `ranges`, (F,); ``spectrum.keep(~result.invalid)`` drops them."""
        f = self.spectrum.frequency
        inside = [(f >= r.low_Hz) & (f <= r.high_Hz) for r in self.ranges]
        return np.asarray(np.logical_or.reduce([np.zeros(f.shape, dtype=bool), *inside]))

    def _findings(self) -> dict[str, Any]:
        return {
            "ok": self.ok,
            "rc_elements": self.rc_elements,
            "mu": self.mu,
            "noise_relative": self.noise_relative,
            "rms_residual": self.rms_residual,
            "max_residual": self.max_residual,
            "ranges": [r.to_dict() for r in self.ranges],
            "flags": [flag.to_dict() for flag in self.flags],
        }

    @classmethod
    def _read(cls, document: Mapping[str, Any]) -> KramersKronigResult:
        return cls(
            spectrum=read_spectrum(document),
            fitted=read_impedance(document["data"], "fit"),
            noise=np.asarray(document["data"]["noise_ohm"], dtype=float),
            flags=tuple(Flag.from_dict(flag) for flag in document["flags"]),
            ranges=tuple(FrequencyRange.from_dict(r) for r in document["ranges"]),
            **{name: document[name] for name in ("ok", "noise_relative", "rc_elements", "mu")},
        )

    def to_frame(self) -> pd.DataFrame:
        """Return a table with one row a frequency: measured, fitted, residuals, noise, invalid."""
        return super().to_frame().assign(invalid=self.invalid)

    def plot(self, figure: Figure | None = None) -> tuple[Axes, Axes]:
        """Draw data with the consistent fit, and residuals with the noise; a new figure where None."""
        from eisfit.display import plot

        return plot.kramers_kronig(self.to_dict(), figure=figure)

    def _columns(self) -> dict[str, FloatArray]:
        residual = self.residuals
        return {
            **make_columns(self.spectrum, self.fitted),
            "residual_real": residual.real,
            "residual_imag": residual.imag,
            "noise_ohm": self.noise,
        }

    def __str__(self) -> str:
        from eisfit.display.report.checks import check_text

        return check_text(self.to_dict())

    def __repr__(self) -> str:
        verdict = "pass" if self.ok else "fails (" + ", ".join(flag.name for flag in self.flags) + ")"
        return (
            f"<KramersKronigResult {self.spectrum.name}: {verdict}, noise {100 * self.noise_relative:.2g} %, "
            f"largest residual {100 * self.max_residual:.2g} %, {self.rc_elements} RC elements>"
        )

    def _repr_html_(self) -> str:
        from eisfit.display.report.html import check_html
        from eisfit.display.svg.panel import place_beside
        from eisfit.display.svg.result_figures import draw_check

        document = self.to_dict()
        table = check_html(document)
        return place_beside(table, lambda: draw_check(document), alt="Kramers-Kronig check")
