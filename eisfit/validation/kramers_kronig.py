"""Whether a spectrum is one of a stable, linear, causal system, and how noisy it is.

`check` is the linear test of Schönleber, Klotz and Ivers-Tiffée (Electrochim. Acta 131 (2014) 20), with a
significance test in place of the eye: see `eisfit.validation.linear_kk` for the algebra,
`eisfit.validation.zhit` for Z-HIT.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from eisfit.arrays import BoolArray, ComplexArray, FloatArray
from eisfit.errors import SpectrumError, UsageError, did_you_mean
from eisfit.rounding import hertz
from eisfit.spectra.given import takes_spectrum
from eisfit.spectra.spectrum import Spectrum
from eisfit.validation.linear_kk import Basis, fit
from eisfit.validation.validity import (
    CAUSES,
    CURES,
    FEWEST,
    MIRRORED,
    TOLERANCE,
    Finding,
    Problem,
    Trust,
    find_breaches,
    resonant,
    trusted,
)
from eisfit.verdict import Flag

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["FrequencyRange", "KramersKronigResult", "check"]


@dataclass(frozen=True)
class FrequencyRange:
    """A part of the sweep that breaks Kramers-Kronig: from `low_Hz` to `high_Hz` (both included), and why."""

    low_Hz: float
    high_Hz: float
    cause: str

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready document."""
        return {"low_Hz": self.low_Hz, "high_Hz": self.high_Hz, "cause": self.cause}


@dataclass(frozen=True, eq=False, repr=False)
class KramersKronigResult:
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
    def residuals(self) -> ComplexArray:
        """Measured minus fitted, fraction of |Z|, (F,) complex."""
        return (self.spectrum.impedance - self.fitted) / np.abs(self.spectrum.impedance)

    @property
    def rms_residual(self) -> float:
        """Root mean square of |residual|, fraction of |Z|."""
        return float(np.sqrt(np.mean(np.abs(self.residuals) ** 2)))

    @property
    def max_residual(self) -> float:
        """Largest |residual|, fraction of |Z|."""
        return float(np.abs(self.residuals).max())

    @property
    def invalid(self) -> BoolArray:
        """Points within `ranges`, (F,); ``spectrum.keep(~result.invalid)`` drops them."""
        f = self.spectrum.frequency
        inside = [(f >= r.low_Hz) & (f <= r.high_Hz) for r in self.ranges]
        return np.asarray(np.logical_or.reduce([np.zeros(f.shape, dtype=bool), *inside]))

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready document; `from_dict` reads it back."""
        return {
            "schema": "eisfit.check/1",
            "spectrum": self.spectrum.summary(),
            "ok": self.ok,
            "rc_elements": self.rc_elements,
            "mu": self.mu,
            "noise_relative": self.noise_relative,
            "rms_residual": self.rms_residual,
            "max_residual": self.max_residual,
            "ranges": [r.to_dict() for r in self.ranges],
            "flags": [flag.to_dict() for flag in self.flags],
            "data": {name: column.tolist() for name, column in self._columns().items()},
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> KramersKronigResult:
        """Rebuild a result from `to_dict`'s document.

        Raises
        ------
        SpectrumError
            When the document is not one.
        """
        try:
            return cls(
                spectrum=_spectrum_from(document),
                fitted=_complex(document["data"], "fit"),
                noise=np.asarray(document["data"]["noise_ohm"], dtype=float),
                flags=tuple(Flag.from_dict(flag) for flag in document["flags"]),
                ranges=tuple(FrequencyRange(**r) for r in document["ranges"]),
                **{name: document[name] for name in ("ok", "noise_relative", "rc_elements", "mu")},
            )
        except (KeyError, TypeError) as error:
            raise SpectrumError(f"not a Kramers-Kronig document: {error}") from None

    def to_frame(self) -> pd.DataFrame:
        """Return a table with one row a frequency: measured, fitted, residuals, noise, invalid."""
        import pandas as pd

        frame: pd.DataFrame = pd.DataFrame({**self._columns(), "invalid": self.invalid})
        return frame

    def plot(self, figure: Figure | None = None) -> tuple[Axes, Axes]:
        """Draw data with the consistent fit, and residuals with the noise; a new figure where None."""
        from eisfit.display import plot

        return plot.kramers_kronig(self.to_dict(), figure=figure)

    def _columns(self) -> dict[str, FloatArray]:
        measured, fitted, residual = self.spectrum.impedance, self.fitted, self.residuals
        return {
            "frequency_Hz": self.spectrum.frequency,
            "Z_real_ohm": measured.real,
            "Z_imag_ohm": measured.imag,
            "fit_real_ohm": fitted.real,
            "fit_imag_ohm": fitted.imag,
            "residual_real": residual.real,
            "residual_imag": residual.imag,
            "noise_ohm": self.noise,
        }

    def __str__(self) -> str:
        from eisfit.display import report

        return report.check_text(self.to_dict())

    def __repr__(self) -> str:
        verdict = "pass" if self.ok else "fails (" + ", ".join(flag.name for flag in self.flags) + ")"
        return (
            f"<KramersKronigResult {self.spectrum.name}: {verdict}, noise {100 * self.noise_relative:.2g} %, "
            f"largest residual {100 * self.max_residual:.2g} %, {self.rc_elements} RC elements>"
        )

    def _repr_html_(self) -> str:
        from eisfit.display import report, svg

        document = self.to_dict()
        table = report.check_html(document)
        return svg.place_beside(table, lambda: svg.draw_check(document), alt="Kramers-Kronig check")


@takes_spectrum
def check(
    spectrum: Spectrum,
    *,
    inductance: bool = True,
    capacitance: bool = True,
    rc_elements: int | None = None,
    mu: float = 0.85,
    representation: str = "auto",
    tolerance: float = TOLERANCE,
) -> KramersKronigResult:
    """Test a spectrum against the Kramers-Kronig relations and estimate its noise.

    Real and imaginary part are fitted together, weighted by 1/|Z|, by a resistance, RC elements of fixed time
    constants within the sweep, and terms for what lies beyond it. RC resistances may be negative, so that an
    inductive loop at low frequency, which does obey Kramers-Kronig, passes. A spectrum fails where a
    deviation is both unlikely by chance (1 in 2000 for each of three tests) and above the tolerance, or
    where single points are off the curve of all others. The noise is that of the data, even where
    `spectrum.noise` says otherwise.

    Parameters
    ----------
    spectrum
        At least 6 points: a `Spectrum`, a path, a pair of arrays, a DataFrame, as for `eisfit.fit`.
    inductance
        Allow a series inductance and one RC element faster than the sweep.
    capacitance
        Allow a series capacitance and one RC element slower than the sweep (blocking cells, Warburg tails)
        where Z'' does not die out at the lowest frequencies; where it does, nothing slow is left to describe,
        and leaving them out makes drift show.
    rc_elements
        Number of RC elements; None: found by the residual and mu, see `eisfit.validation.linear_kk.choose`.
    mu
        Limit of the mu criterion.
    representation
        ``"impedance"``, or ``"admittance"`` for cells that are stable only under potential control
        (passivation, negative differential resistance); there the capacitance and the inductance stand in
        parallel. ``"auto"``: the impedance; where that breaks and Z' is negative in places, the admittance.
    tolerance
        Systematic deviations up to this fraction of |Z| are not held against the spectrum.

    Raises
    ------
    SpectrumError
        Fewer than 6 points, or an impedance of zero.
    UsageError
        An unknown representation, or a number of RC elements that the points cannot determine.

    Examples
    --------
    >>> f = np.logspace(4, 0, 41)
    >>> result = check(Spectrum(frequency=f, impedance=1 + 2 / (1 + 2j * np.pi * f * 1e-2)))
    >>> result.ok
    True
    """
    asked = "impedance" if representation == "auto" else representation
    terms = (inductance, capacitance)

    def judged(choice: str) -> Trust:
        problem = replace(_problem(spectrum, terms, rc_elements, choice), mu=mu, tolerance=tolerance)
        trust = trusted(problem)
        return trust if _holds(trust) else resonant(problem, trust) or trust

    trust = judged(asked)
    if representation == "auto" and not _holds(trust) and (spectrum.impedance.real < 0).any():
        other = judged("admittance")
        if _holds(other):
            asked, trust = "admittance", other
    return _result(spectrum, asked, trust)


def _holds(trust: Trust) -> bool:
    return not find_breaches(trust) and bool(trust.kept.all())


def _result(spectrum: Spectrum, representation: str, trust: Trust) -> KramersKronigResult:
    problem = trust.problem
    columns = problem.basis.columns(trust.solved.elements, spectrum.omega)
    modelled = columns @ trust.solved.coefficients
    fitted = modelled if representation == "impedance" else 1 / modelled
    modulus = np.abs(spectrum.impedance if representation == "impedance" else 1 / spectrum.impedance)
    relative = np.maximum(trust.found.noise / (trust.weight * modulus), 1e-12)
    ranges = list(_ranges(find_breaches(trust), trust.kept, spectrum))
    return KramersKronigResult(
        spectrum=spectrum,
        ok=not ranges,
        fitted=fitted,
        noise=relative * np.abs(fitted),
        noise_relative=float(np.sqrt(np.mean(relative**2))),
        rc_elements=trust.solved.elements,
        mu=trust.solved.mu,
        flags=_flags(ranges, trust),
        ranges=tuple(ranges),
    )


def _problem(
    spectrum: Spectrum, terms: tuple[bool, bool], rc_elements: int | None, representation: str
) -> Problem:
    if representation not in ("impedance", "admittance"):
        hint = did_you_mean(representation, ["impedance", "admittance"])
        raise UsageError(f"representation: {representation!r} is neither 'impedance' nor 'admittance'{hint}")
    if spectrum.points < FEWEST:
        raise SpectrumError(
            f"{spectrum.name}: has {spectrum.points} points; a Kramers-Kronig test needs at least {FEWEST}"
        )
    if (spectrum.impedance == 0).any():
        row = int(np.argmax(spectrum.impedance == 0))
        raise SpectrumError(
            f"{spectrum.name}: the impedance at {spectrum.frequency[row]:g} Hz is zero: remove that point"
        )
    direct = representation == "impedance"
    data = spectrum.impedance if direct else 1 / spectrum.impedance
    fast, slow = terms if direct else terms[::-1]
    basis = Basis(spectrum.omega, slow=slow, fast=fast, guards=spectrum.points >= 12)
    _check_elements(rc_elements, basis, spectrum)
    # A series RC branch has the admittance 1 - 1/(1 + j omega tau), over R: the same columns, sign turned.
    return Problem(basis, data, 1 / np.abs(data), 1.0 if direct else -1.0, rc_elements, slow).settled()


def _check_elements(rc_elements: int | None, basis: Basis, spectrum: Spectrum) -> None:
    most = spectrum.points - basis.fixed().shape[1]
    if rc_elements is not None and not 1 <= rc_elements <= most:
        raise UsageError(
            f"rc_elements: {rc_elements} is not between 1 and {most}, the most that "
            f"{spectrum.points} points can determine"
        )


def _ranges(findings: list[Finding], kept: BoolArray, spectrum: Spectrum) -> Iterator[FrequencyRange]:
    frequency = spectrum.frequency[kept]
    for finding in findings:
        yield FrequencyRange(
            float(frequency[finding.last]), float(frequency[finding.first]), CAUSES[finding.name]
        )
    for single in spectrum.frequency[~kept].tolist():
        yield FrequencyRange(single, single, CAUSES["outlier"])


def _flags(ranges: list[FrequencyRange], trust: Trust) -> tuple[Flag, ...]:
    flags = []
    size = trust.problem.fraction(trust.found.systematic).max()
    for name, cause in CAUSES.items():
        places = [r for r in ranges if r.cause == cause]
        if not places:
            continue
        where, single = ", ".join(_span(r) for r in places), name == "outlier"
        extent = "" if single else f" (up to {100 * size:.2g} % of |Z|)"
        flags.append(Flag("outlier" if single else "kk_failed", f"{where}: {cause}{extent}", CURES[name]))
    if any(flag.name == "kk_failed" for flag in flags) and _mirrored(trust):
        flags.insert(0, MIRRORED)
    return tuple(flags)


def _span(r: FrequencyRange) -> str:
    return hertz(r.low_Hz) if r.low_Hz == r.high_Hz else f"{hertz(r.low_Hz)} to {hertz(r.high_Hz)}"


def _mirrored(trust: Trust) -> bool:
    problem, as_is = trust.problem, trust.solved.scaled
    turned = fit(problem.basis, problem.data.conj(), problem.weight, trust.solved.elements).scaled
    return bool(as_is @ as_is > 9 * (turned @ turned))


def _spectrum_from(document: Mapping[str, Any]) -> Spectrum:
    known, data = document["spectrum"], document["data"]
    kept = {name: known[name] for name in ("source", "index", "cycle")}
    return Spectrum(frequency=data["frequency_Hz"], impedance=_complex(data, "Z"), **kept)


def _complex(data: Mapping[str, Any], name: str) -> ComplexArray:
    real, imag = (np.asarray(data[f"{name}_{part}_ohm"], dtype=float) for part in ("real", "imag"))
    return np.asarray(real + 1j * imag)
