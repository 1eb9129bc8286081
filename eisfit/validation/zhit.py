"""Z-HIT: the modulus of the impedance rebuilt from its phase alone.

Slow drift and mutual induction touch modulus and phase differently, so the difference between measured and
rebuilt modulus is a check that needs no model. Ehm, Kaus, Schiller, Strunz, in "New Trends in Electrochemical
Impedance Spectroscopy and Electrochemical Noise Analysis", Electrochem. Soc. Proc. 2000-24 (2000) 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from eisfit.arrays import FloatArray, median
from eisfit.records import ZHIT_SCHEMA, dataclass
from eisfit.spectra.given import takes_spectrum
from eisfit.spectra.spectrum import Spectrum
from eisfit.validation.points import Tested, check_points, make_columns, read_spectrum

GAMMA = -np.pi / 6  # weight of the slope of the phase


@dataclass(frozen=True, eq=False, repr=False)
class ZHitResult(Tested):
    """Measured against rebuilt modulus.

    Parameters
    ----------
    spectrum
        What was tested.
    modulus
        (F,) ohm, rebuilt from the phase.
    window
        Frequencies (Hz) between which it was adjusted to the measured modulus.
    """

    KIND = "Z-HIT"
    SCHEMA = ZHIT_SCHEMA
    spectrum: Spectrum
    modulus: FloatArray
    window: tuple[float, float]

    @property
    def residuals(self) -> FloatArray:  # type: ignore[override]  # of moduli, real
        """Measured minus rebuilt modulus, fraction of |Z|, (F,)."""
        measured = np.abs(self.spectrum.impedance)
        return np.asarray((measured - self.modulus) / measured)

    def _findings(self) -> dict[str, Any]:
        return {
            "window_Hz": list(self.window),
            "rms_residual": self.rms_residual,
            "max_residual": self.max_residual,
        }

    @classmethod
    def _read(cls, document: Mapping[str, Any]) -> ZHitResult:
        low, high = document["window_Hz"]
        modulus = np.asarray(document["data"]["zhit_modulus_ohm"], dtype=float)
        return cls(read_spectrum(document), modulus, (low, high))

    def _columns(self) -> dict[str, FloatArray]:
        return {
            **make_columns(self.spectrum),
            "zhit_modulus_ohm": self.modulus,
            "residual_modulus": self.residuals,
        }

    def __repr__(self) -> str:
        return (
            f"<ZHitResult {self.spectrum.name}: modulus off by {100 * self.rms_residual:.2g} % rms, "
            f"{100 * self.max_residual:.2g} % at most>"
        )


@takes_spectrum
def zhit(spectrum: Spectrum, *, fmin: float | None = None, fmax: float | None = None) -> ZHitResult:
    """Rebuild the modulus from the phase and compare.

    ln|Z(omega)| = const + 2/pi * integral of phase d ln omega + gamma * d phase / d ln omega, gamma = -pi/6.
    Higher derivatives of the phase are dropped, so that it is exact for constant phase elements only and off
    by up to 0.9 % at a depressed arc (alpha 0.8) and 2.5 % at two RC arcs. The constant is the median over
    the window, in which the spectrum is taken to be good.

    Parameters
    ----------
    spectrum
        At least 6 points.
    fmin, fmax
        Window, Hz, in which rebuilt and measured modulus are made to agree; None: the whole spectrum.

    Raises
    ------
    SpectrumError
        Fewer than 6 points, an impedance of zero, or no point within the window.

    Examples
    --------
    >>> f = np.logspace(4, 0, 41)
    >>> result = zhit(Spectrum(frequency=f, impedance=3 / (2j * np.pi * f) ** 0.5))
    >>> bool(result.max_residual < 1e-12)
    True
    """
    check_points(spectrum, "Z-HIT needs")
    window = spectrum.select(fmin, fmax).frequency
    inside = (spectrum.frequency >= window[-1]) & (spectrum.frequency <= window[0])
    rebuilt = _integrate_phase(spectrum)
    offset = median((np.log(np.abs(spectrum.impedance)) - rebuilt)[inside])
    return ZHitResult(spectrum, np.exp(rebuilt + offset), (float(window[-1]), float(window[0])))


def _integrate_phase(spectrum: Spectrum) -> FloatArray:
    from scipy.interpolate import CubicSpline

    x = np.log(spectrum.omega[::-1])
    phase = np.unwrap(np.angle(spectrum.impedance[::-1]))
    integral = CubicSpline(x, phase).antiderivative()(x)
    return np.asarray(2 / np.pi * integral + GAMMA * _compute_slope(x, phase))[::-1]


def _compute_slope(x: FloatArray, y: FloatArray) -> FloatArray:
    # Parabola through five neighbours by least squares: a spline's own derivative would pass the noise on.
    slope = np.empty_like(x)
    for place in range(x.size):
        first = min(max(place - 2, 0), x.size - 5)
        near = slice(first, first + 5)
        shifted = x[near] - x[place]
        scale = np.abs(shifted).max()
        design = np.vander(shifted / scale, 3, increasing=True)
        slope[place] = np.linalg.lstsq(design, y[near], rcond=None)[0][1] / scale
    return slope
