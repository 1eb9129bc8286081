"""Whether a spectrum is one of a stable, linear, causal system, and how noisy it is.

`check` is the linear test of Schönleber, Klotz and Ivers-Tiffée (Electrochim. Acta 131 (2014) 20), with a
significance test in place of the eye: see `eisfit.validation.linear_kk` for the algebra,
`eisfit.validation.zhit` for Z-HIT.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from eisfit.arrays import ComplexArray, FloatArray
from eisfit.errors import UsageError, did_you_mean
from eisfit.spectra.given import takes_spectrum
from eisfit.spectra.noise import attainable_of_many, estimate_noise_level
from eisfit.spectra.spectrum import Spectrum
from eisfit.validation.kramers_kronig_findings import (
    FALSE_ALARM,
    TOLERANCE,
    Problem,
    Trust,
    add_resonances,
    find_breaches,
    find_trusted,
)
from eisfit.validation.kramers_kronig_flags import CAUSES, find_ranges, flag_thinned, make_flags
from eisfit.validation.kramers_kronig_result import FrequencyRange, KramersKronigResult
from eisfit.validation.linear_kk import Basis
from eisfit.validation.points import check_points
from eisfit.verdict import Flag, limit

_MOST_POINTS = 250  # that the test is made with: more would follow the same curve no closer
_MANY, _A_DECADE = 12, 3.6  # points, of which one of the two is enough for terms beyond the sweep
_AT_ONCE = 10_000  # points that the curve is drawn through in one array
_MAX_KEPT = 16  # results
_CHECKED: dict[int, KramersKronigResult] = {}  # by the identity of the spectrum, which each keeps alive


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
    deviation is both unlikely by chance (1 in 330 at the slow end, where drift shows, 1 in 4000 at the fast
    end, 1 in 2000 anywhere, and for a step of the gain between any two points) and above the tolerance, or
    where single points are off the curve of all others. The noise may vary with frequency, and step. It is
    that of the data, even where `spectrum.noise` says otherwise. Of more than 250 points, 250 spread evenly
    over log f are tested; the others are held against the curve through them, one by one.

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
        Number of RC elements; None: found by the residual and mu, by
        `eisfit.validation.linear_kk.choose_elements`.
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
    tested = _thin(spectrum)
    asked = ["impedance"] if representation == "auto" else [representation]
    if representation == "auto" and (tested.impedance.real < 0).any():
        asked.append("admittance")
    doubted: list[tuple[str, Problem, Trust]] = []
    for form in asked:
        problem = _make_problem(tested, (inductance, capacitance), rc_elements, form)
        problem = replace(problem, mu=mu, tolerance=tolerance)
        trust = find_trusted(problem)
        # Beyond what good data miss by, what seems to be noise may be a resonance that no relaxation follows.
        if _is_clean(trust) and trust.found.noise <= limit("kk_breach"):
            return _conclude(spectrum, tested, form, trust)
        doubted.append((form, problem, trust))
    found = [(form, add_resonances(problem, trust)) for form, problem, trust in doubted]
    form, trust = next((row for row in found if _is_clean(row[1])), found[0])
    return _conclude(spectrum, tested, form, trust)


def check_once(spectrum: Spectrum) -> KramersKronigResult:
    """Return what `check` says by itself: a fit, its choice of a circuit and its verdicts ask in turn."""
    found = _CHECKED.get(id(spectrum))
    if found is None:
        if len(_CHECKED) >= _MAX_KEPT:
            _CHECKED.clear()
        found = _CHECKED[id(spectrum)] = check(spectrum)
    return found


def _thin(spectrum: Spectrum) -> Spectrum:
    """Return the spectrum, or of very many points some, spread evenly over log f."""
    if spectrum.points <= _MOST_POINTS:
        return spectrum
    x = -np.log(spectrum.frequency)
    places = np.rint(np.interp(np.linspace(x[0], x[-1], _MOST_POINTS), x, np.arange(x.size)))
    return spectrum.keep(np.isin(np.arange(x.size), places))


def _is_clean(trust: Trust) -> bool:
    return not find_breaches(trust) and bool(trust.kept.all())


def _conclude(spectrum: Spectrum, tested: Spectrum, representation: str, trust: Trust) -> KramersKronigResult:
    fitted = _compute_curve(spectrum, representation, trust)
    modulus = np.abs(tested.impedance if representation == "impedance" else 1 / tested.impedance)
    relative = np.maximum(_compute_noise(representation, trust) / (trust.weight * modulus), 1e-12)
    ranges = list(find_ranges(find_breaches(trust), trust.kept, tested))
    notes: list[Flag] = []
    if tested is not spectrum:
        relative = np.interp(-np.log(spectrum.omega), -np.log(tested.omega), relative)
        if all(r.low_Hz == r.high_Hz for r in ranges):  # what breaks smoothly bends the curve beside it too
            ranges += _find_far(spectrum, fitted, relative, ranges, trust.problem.tolerance)
        notes = [flag_thinned(spectrum, tested)]
    return KramersKronigResult(
        spectrum=spectrum,
        ok=not ranges,
        fitted=fitted,
        noise=relative * np.abs(fitted),
        noise_relative=float(np.sqrt(np.mean(relative**2))),
        rc_elements=trust.solved.elements,
        mu=trust.solved.mu,
        flags=(*make_flags(ranges, trust), *notes),
        ranges=tuple(ranges),
    )


def _compute_noise(representation: str, trust: Trust) -> float:
    """Return the standard deviation of each part in units of the weights (`eisfit.spectra.noise`).

    Where the ladder cannot tell it, of few points and of admittances, it is what the chain leaves.
    """
    problem, found = trust.problem, trust.found.noise
    if representation != "impedance":
        return found
    omega, weight = problem.basis.omega, np.repeat(problem.weight, 2)[np.newaxis]
    z, left = problem.data[np.newaxis], np.array([found**2 * 2 * problem.size])
    level = float(
        estimate_noise_level(
            omega, weight, 1 / problem.weight[np.newaxis], attainable_of_many(omega, z, weight), left
        )[0]
    )
    return level if np.isfinite(level) else found


def _compute_curve(spectrum: Spectrum, representation: str, trust: Trust) -> ComplexArray:
    """Return the fitted impedance (F,) at every frequency, ohm."""
    basis, solved = trust.problem.basis, trust.solved
    parts = np.array_split(spectrum.omega, -(-spectrum.points // _AT_ONCE))
    modelled = [basis.columns(solved.elements, omega) @ solved.coefficients for omega in parts]
    found = np.concatenate(modelled)
    return np.asarray(found if representation == "impedance" else 1 / found)


def _find_far(
    spectrum: Spectrum,
    fitted: ComplexArray,
    relative: FloatArray,
    ranges: list[FrequencyRange],
    tolerance: float,
) -> list[FrequencyRange]:
    """Return the points that lie off the curve by more than their noise and the tolerance, outside ranges.

    |residual|^2 / noise^2 is chi-squared with 2 degrees of freedom: exp(-x / 2) is the chance of more.
    """
    f, size = spectrum.frequency, np.abs(spectrum.impedance - fitted) / np.abs(spectrum.impedance)
    least = np.sqrt(2 * np.log(spectrum.points / FALSE_ALARM)) * relative
    far = size > np.maximum(least, tolerance)
    for r in ranges:
        far &= (f < r.low_Hz) | (f > r.high_Hz)
    return [FrequencyRange(one, one, CAUSES["outlier"]) for one in np.unique(f[far])[::-1].tolist()]


def _make_problem(
    spectrum: Spectrum, terms: tuple[bool, bool], rc_elements: int | None, representation: str
) -> Problem:
    if representation not in ("impedance", "admittance"):
        hint = did_you_mean(representation, ["impedance", "admittance"])
        raise UsageError(f"representation: {representation!r} is neither 'impedance' nor 'admittance'{hint}")
    check_points(spectrum, "a Kramers-Kronig test needs")
    direct = representation == "impedance"
    data = spectrum.impedance if direct else 1 / spectrum.impedance
    fast, slow = terms if direct else terms[::-1]
    basis = Basis(spectrum.omega, slow=slow, fast=fast)
    # Few points far apart have no room for them: what is left would be three times the noise.
    few = spectrum.points < _MANY and spectrum.points < _A_DECADE * basis.decades
    basis = replace(basis, guards=not few)
    _check_elements(rc_elements, basis, spectrum)
    # A series RC branch has the admittance 1 - 1/(1 + j omega tau), over R: the same columns, sign turned.
    return Problem(basis, data, 1 / np.abs(data), 1.0 if direct else -1.0, rc_elements, slow).settle()


def _check_elements(rc_elements: int | None, basis: Basis, spectrum: Spectrum) -> None:
    most = spectrum.points - basis.compute_fixed().shape[1]
    if rc_elements is not None and not 1 <= rc_elements <= most:
        raise UsageError(
            f"rc_elements: {rc_elements} is not between 1 and {most}, the most that "
            f"{spectrum.points} points can determine"
        )
