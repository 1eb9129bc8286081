"""Distribution of relaxation times: which processes a spectrum holds, without a circuit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from eisfit.arrays import ComplexArray, FloatArray
from eisfit.errors import UsageError
from eisfit.records import DRT_SCHEMA, dataclass
from eisfit.spectra.given import takes_spectrum
from eisfit.spectra.spectrum import Spectrum
from eisfit.validation.drt_algebra import Problem, draw_samples, set_up_problem, solve
from eisfit.validation.drt_flags import find_misfit_flags, find_peak_flags, is_sharp
from eisfit.validation.drt_peaks import Peak, find_peaks, merge_peaks, summarise_peaks
from eisfit.validation.drt_smoothness import Choice, choose_strength
from eisfit.validation.kramers_kronig import check_once
from eisfit.validation.points import Tested, check_points, make_columns, read_impedance, read_spectrum
from eisfit.verdict import LEVEL, Flag

if TYPE_CHECKING:
    from matplotlib.axes import Axes

QUIETEST = 1e-4  # of |Z|: noise taken for noise-free data
_BEYOND = 1.0  # decades below the sweep, of relaxations that are seen rising there
CURVE = ("tau_s", "gamma_ohm", "low_ohm", "high_ohm")
TERMS = ("series_resistance", "inductance", "warburg", "elastance")


@dataclass(frozen=True, eq=False, repr=False)
class DRTResult(Tested):
    """A distribution of relaxation times.

    Parameters
    ----------
    spectrum
        What was analysed.
    tau, gamma
        (T,) s and (T,) ohm per unit of ln tau.
    low, high
        (T,) ohm: credible band from the noise, at `level`.
    peaks
        Processes from fast to slow, each with time constant, resistance, width and errors.
    series_resistance, inductance, warburg, elastance
        R_s in ohm, L in H, the coefficient of a Warburg tail in ohm s^-1/2 (Z = sigma (1 - j)/sqrt(omega)),
        and 1/C in 1/F of a series capacitance; zero where not needed or not asked for.
    fitted
        (F,) complex, ohm.
    regularisation
        Strength of the regularisation, relative to the size of the problem.
    criterion
        How it was chosen: ``"gcv"`` or ``"given"``.
    choice
        What was tried: strength, criterion, misfit, roughness, effective number of parameters.
    level
        Probability inside the band.
    flags
        What to know and what to do.
    """

    KIND = "DRT"
    SCHEMA = DRT_SCHEMA
    spectrum: Spectrum
    tau: FloatArray
    gamma: FloatArray
    low: FloatArray
    high: FloatArray
    peaks: tuple[Peak, ...]
    series_resistance: float
    inductance: float
    warburg: float
    elastance: float
    fitted: ComplexArray
    regularisation: float
    criterion: str
    choice: tuple[Choice, ...]
    level: float
    flags: tuple[Flag, ...] = ()

    @property
    def polarisation_resistance(self) -> float:
        """Area below the whole distribution, ohm."""
        return float(np.sum(self.gamma) * np.log(self.tau[1] / self.tau[0]))

    def _findings(self) -> dict[str, Any]:
        return {
            "regularisation": self.regularisation,
            "criterion": self.criterion,
            "level": self.level,
            "polarisation_resistance": self.polarisation_resistance,
            **{name: getattr(self, name) for name in TERMS},
            "peaks": [asdict(peak) for peak in self.peaks],
            "flags": [flag.to_dict() for flag in self.flags],
            "choice": [asdict(choice) for choice in self.choice],
            "distribution": {name: column.tolist() for name, column in self._columns().items()},
        }

    def _points(self) -> dict[str, FloatArray]:
        return make_columns(self.spectrum, self.fitted)

    @classmethod
    def _read(cls, document: Mapping[str, Any]) -> DRTResult:
        tau, gamma, low, high = (np.asarray(document["distribution"][name]) for name in CURVE)
        return cls(
            spectrum=read_spectrum(document),
            tau=tau,
            gamma=gamma,
            low=low,
            high=high,
            peaks=tuple(Peak.from_dict(peak) for peak in document["peaks"]),
            fitted=read_impedance(document["data"], "fit"),
            choice=tuple(Choice.from_dict(choice) for choice in document["choice"]),
            flags=tuple(Flag.from_dict(flag) for flag in document["flags"]),
            **{name: document[name] for name in (*TERMS, "regularisation", "criterion", "level")},
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the distribution with its band and peaks on `ax` (a new one where None) and return it."""
        from eisfit.display import plot

        peaks = [asdict(peak) for peak in self.peaks]
        return plot.drt(self.tau, self.gamma, low=self.low, high=self.high, peaks=peaks, ax=ax)

    def _columns(self) -> dict[str, FloatArray]:
        return dict(zip(CURVE, (self.tau, self.gamma, self.low, self.high), strict=True))

    def __str__(self) -> str:
        from eisfit.display.report import relaxation

        return relaxation.drt_text(self.to_dict())

    def _repr_html_(self) -> str:
        from eisfit.display.report import relaxation
        from eisfit.display.svg.panel import place_beside
        from eisfit.display.svg.result_figures import draw_drt

        table, peaks = relaxation.drt_html(self.to_dict()), [asdict(peak) for peak in self.peaks]
        curves = self.tau, self.gamma, self.low, self.high
        return place_beside(table, lambda: draw_drt(*curves, peaks), alt="relaxation times")

    def __repr__(self) -> str:
        found = ", ".join(f"{peak.resistance:.3g} ohm at {peak.tau:.2g} s" for peak in self.peaks) or "none"
        warning = "".join(f" [{flag.name}]" for flag in self.flags)
        return (
            f"<DRTResult {self.spectrum.name}: R_s {self.series_resistance:.3g} ohm, peaks: {found}{warning}>"
        )


@takes_spectrum
def drt(
    spectrum: Spectrum,
    *,
    inductance: bool = True,
    tail: bool | None = None,
    regularisation: float | None = None,
    level: float = LEVEL,
    samples: int = 100,
    points_per_decade: int = 12,
    extend: float = 0.5,
    seed: int = 0,
) -> DRTResult:
    """Compute the distribution of relaxation times by Tikhonov regularisation with non-negativity.

    The noise that weighs the data is the spectrum's own where it is known, else that found by the
    Kramers-Kronig test. The strength of regularisation is found by generalised cross-validation
    (`eisfit.validation.drt_smoothness`); what was tried is in `choice`. The distribution returned is the mean
    of the posterior over that strength and weaker ones that fit about as well
    (`eisfit.validation.drt_algebra.draw_samples`), which comes a third nearer to closed-form curves than the
    solution at one strength; series resistance and the tail are those of the strength found, because the mean
    puts a little of them into the ends of the distribution. A given strength is used alone, and beside a
    diffusion tail, which the mean would thin out, the one found. A peak cannot come out narrower than the
    regularisation allows: an ideal RC is seen as a narrow peak with the right area, and a flag says where a
    peak is as narrow as can be shown, because the band does not hold there. Maxima that the data do not hold
    apart are one peak, and a flag says so (`eisfit.validation.drt_peaks.merge_peaks`).

    Parameters
    ----------
    spectrum
        At least 6 points: a `Spectrum`, a path, a pair of arrays, a DataFrame, as for `eisfit.fit`.
    inductance
        Allow a series inductance.
    tail
        Allow a Warburg tail and a series capacitance besides the distribution, which then ends at the
        slowest frequency; None: where -Z'' still rises there, unless only relaxations slower than the sweep
        describe the data.
    regularisation
        Strength to use instead of the one found.
    level
        Probability inside the credible band.
    samples
        Draws from the posterior that make band and errors, over strengths that fit about as well.
    points_per_decade, extend
        Grid of tau, and how many decades it reaches beyond the sweep on either side.
    seed
        Of the draws, so that a result can be had again.

    Raises
    ------
    SpectrumError
        Fewer than 6 points, or an impedance of zero.
    UsageError
        An option without meaning.

    Examples
    --------
    >>> f = np.logspace(4, 0, 41)
    >>> spectrum = Spectrum(frequency=f, impedance=1 + 2 / (1 + 2j * np.pi * f * 1e-2), noise=1e-3)
    >>> result = drt(spectrum, samples=20)
    >>> len(result.peaks), round(result.peaks[0].resistance, 1)
    (1, 2.0)
    """
    _check_options(spectrum, regularisation, level, samples)
    _check_grid(points_per_decade, extend)
    diffusion = _is_rising(spectrum) if tail is None else tail
    distribute = partial(
        _distribute,
        spectrum,
        inductance=inductance,
        regularisation=regularisation,
        per_decade=points_per_decade,
        samples=samples,
        seed=seed,
        level=level,
    )
    result = distribute(extend=extend, tail=diffusion)
    if tail is None and diffusion and _is_misfit(result):  # an arc that peaks below the sweep rises there too
        slower = distribute(extend=max(extend, _BEYOND), tail=False)
        return result if _is_misfit(slower) else slower
    return result


def _is_misfit(result: DRTResult) -> bool:
    return any(flag.name == "misfit" for flag in result.flags)


def _distribute(
    spectrum: Spectrum,
    *,
    extend: float,
    tail: bool,
    inductance: bool,
    regularisation: float | None,
    per_decade: int,
    samples: int,
    seed: int,
    level: float,
) -> DRTResult:
    terms = ["series_resistance", *["inductance"] * inductance, *["warburg", "elastance"] * tail]
    noise = _estimate_noise(spectrum)
    reach = (extend, 0.0 if tail else extend)  # beyond the sweep the tail does what slow processes do
    data = (spectrum.omega, spectrum.impedance, noise)
    p = set_up_problem(*data, per_decade=per_decade, extend=reach, terms=terms)
    strength, choice = (regularisation, ()) if regularisation is not None else choose_strength(p)
    strongest = solve(p, strength)
    draws = draw_samples(p, strength, samples, np.random.default_rng(seed))
    x = strongest if tail or regularisation is not None else draws.mean(axis=0)
    known = dict(zip(p.terms, (strongest * p.scale)[: len(p.terms)].tolist(), strict=True))
    gamma, drawn = ((values * p.scale)[..., len(p.terms) :] for values in (x, draws))
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=0)
    real, imag = (p.a @ x).reshape(2, -1) * noise
    peaks, flags = _describe_peaks(p, strength, gamma, drawn)
    result = DRTResult(
        spectrum=spectrum.replace(noise=noise),
        tau=p.tau,
        gamma=gamma,
        low=np.minimum(low, gamma),
        high=np.maximum(high, gamma),
        peaks=peaks,
        **{name: known.get(name, 0.0) for name in TERMS},
        fitted=real + 1j * imag,
        regularisation=strength,
        criterion="gcv" if choice else "given",
        choice=choice,
        level=level,
    )
    return replace(result, flags=(*find_misfit_flags(p, x, result.rms_residual / np.sqrt(2)), *flags))


def _describe_peaks(
    p: Problem, strength: float, gamma: FloatArray, drawn: FloatArray
) -> tuple[tuple[Peak, ...], tuple[Flag, ...]]:
    seen = find_peaks(gamma, drawn.std(axis=0), p.step)
    places, merged = merge_peaks(p, strength, seen, gamma)
    pairs = zip(summarise_peaks(p, gamma, drawn, places), places, strict=True)
    sure = [(peak, top) for peak, (_, top, _) in pairs if peak.is_sure]
    sharp = [peak for peak, top in sure if is_sharp(p, strength, top, peak)]
    return tuple(peak for peak, _ in sure), find_peak_flags(p, merged, sharp)


def _estimate_noise(spectrum: Spectrum) -> FloatArray:
    noise = check_once(spectrum).noise if spectrum.noise is None else spectrum.noise
    return np.asarray(np.maximum(noise, QUIETEST * np.abs(spectrum.impedance)))


def _is_rising(spectrum: Spectrum) -> bool:
    near = spectrum.frequency <= 5 * spectrum.frequency[-1]
    near[-4:] = True
    slope = np.polyfit(np.log(spectrum.omega[near]), -spectrum.impedance.imag[near], 1)[0]
    height = float(np.abs(spectrum.impedance.imag[near]).max())
    return bool(-slope > 0.1 * height and height > 0.02 * np.abs(spectrum.impedance[near]).max())


def _check_options(spectrum: Spectrum, regularisation: float | None, level: float, samples: int) -> None:
    check_points(spectrum, "relaxation times need")
    if regularisation is not None and not 0 < regularisation < np.inf:
        raise UsageError(f"regularisation: {regularisation:g} must be a positive number")
    if not 0 < level < 1:
        raise UsageError(f"level: {level:g} must lie between 0 and 1")
    if samples < 2:
        raise UsageError(f"samples: {samples} are too few for a band; use 2 or more")


def _check_grid(points_per_decade: int, extend: float) -> None:
    if points_per_decade < 3:
        raise UsageError(f"points_per_decade: {points_per_decade} are too few; use 3 or more")
    if not 0 <= extend < np.inf:
        raise UsageError(f"extend: {extend:g} must be zero or a positive number of decades")
