"""Which points of a spectrum serve to identify a circuit: points that none can describe are left out."""

from __future__ import annotations

import numpy as np

from eisfit.rounding import hertz
from eisfit.spectra.noise import make_ladder
from eisfit.spectra.spectrum import Spectrum
from eisfit.validation.kramers_kronig import check_once
from eisfit.validation.kramers_kronig_result import KramersKronigResult
from eisfit.verdict import FORBIDS, Flag, limit

#: Points: with less there is nothing left to tell circuits apart.
FEWEST = 8
_LEFT_OUT = 0.25  # of the points, that none can describe: more are what the spectrum is
_AS_NEAR = 1.5
_LOOK = "look at them with eisfit check"


def drop_broken(spectrum: Spectrum, tested: KramersKronigResult) -> tuple[Spectrum | None, tuple[Flag, ...]]:
    """Return the points that obey Kramers-Kronig, None where too few do, and what to say of it.

    Parameters
    ----------
    spectrum
        What was measured.
    tested
        Its test.
    """
    broken = tested.invalid
    if tested.ok or not broken.any():
        return spectrum, ()
    where = ", ".join(dict.fromkeys(hertz(f) for f in spectrum.frequency[broken][:6]))
    where += ", ..." if broken.sum() > 6 else ""
    seen = f"{int(broken.sum())} of {spectrum.points} points break the Kramers-Kronig relations ({where})"
    left = spectrum.points - int(broken.sum())
    if broken.mean() <= _LEFT_OUT and left >= FEWEST:
        return spectrum.keep(~broken), (Flag("points_dropped", f"{seen} and were left out", _LOOK),)
    if tested.rms_residual > limit("usable_rms"):
        cure = f"{_LOOK}; give a circuit, or leave the points out with --fmin and --fmax"
        return None, (Flag("no_ranking", f"{seen}: no circuit can describe them", cure, FORBIDS),)
    size = f"by {100 * tested.rms_residual:.2g} % rms"
    cure = f"{_LOOK}; no circuit can come closer"
    return spectrum, (Flag("kk_failed", f"{seen}, {size}: probabilities are what is left by it", cure),)


def drop_top(spectrum: Spectrum) -> tuple[Spectrum, Flag] | None:
    """Return a spectrum without the highest frequencies that no passive circuit describes, where it has such.

    Parameters
    ----------
    spectrum
        What no circuit fits.

    Returns
    -------
    tuple of Spectrum and Flag, or None
        None where that takes more than a quarter of the points, or none.
    """
    fewest, most = 0, min(int(_LEFT_OUT * spectrum.points), spectrum.points - FEWEST)
    if most < 1 or not _is_passive(_keep_below(spectrum, most)):
        return None
    while fewest < most:
        middle = (fewest + most) // 2
        fewest, most = (fewest, middle) if _is_passive(_keep_below(spectrum, middle)) else (middle + 1, most)
    if most == 0:
        return None
    gone = spectrum.frequency[:most]
    said = (
        f"{most} points at the high end of the sweep ({hertz(gone.min())} to {hertz(gone.max())}) are what "
        "no passive circuit gives, and were left out"
    )
    return _keep_below(spectrum, most), Flag(
        "points_dropped", said, "the instrument or its leads is possible"
    )


def _keep_below(spectrum: Spectrum, count: int) -> Spectrum:
    return spectrum.keep(np.arange(spectrum.points) >= count)


def _is_passive(spectrum: Spectrum) -> bool:
    """Return whether a chain of RC elements with R, L and C, none of them negative, comes as near as can be.

    That is within 1 %, or not much farther than the Kramers-Kronig test, whose elements may be negative. Any
    arc, line and diffusion is such a chain (R. M. Foster, Bell System Technical Journal 3 (1924) 259).
    """
    from scipy.optimize import nnls

    weight = 1 / np.repeat(np.abs(spectrum.impedance), 2)
    design = (make_ladder(spectrum.omega) * weight).T
    design /= np.linalg.norm(design, axis=0)  # an insulator's columns differ by 1e12: nnls went on for ever
    parts = np.ascontiguousarray(spectrum.impedance).view(np.float64)
    _, left = nnls(design, parts * weight, maxiter=30 * design.shape[1])
    nearest = _AS_NEAR * check_once(spectrum).rms_residual
    return bool(left / np.sqrt(spectrum.points) <= max(limit("good_rms"), nearest))
