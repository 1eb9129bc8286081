"""What to know of a distribution of relaxation times: where it misses, ends too early, or cannot see."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.validation.drt_algebra import Problem
from eisfit.validation.drt_peaks import Peak, find_narrowest
from eisfit.verdict import Flag

_WELL = 2e-3  # of |Z|: a residual that no one minds
_SHARP = 1.4  # times the narrowest peak that can be shown: Gerischer's and ideal arcs' lie below


def find_misfit_flags(p: Problem, x: FloatArray, relative: float) -> tuple[Flag, ...]:
    """Return flags of the residual (`relative`: of |Z|) and of the slow end of the distribution."""
    size = float(np.sqrt(np.mean((p.a @ x - p.b) ** 2)))
    flags = []
    if size > 1.5 and relative > _WELL:
        cause = (
            f"the residual is {size:.2g} times the noise: no sum of positive relaxations describes the data"
        )
        cure = "look at the Kramers-Kronig check; an inductive loop or drift must be left out (fmin, fmax)"
        flags.append(Flag("misfit", cause, cure))
    gamma = x[len(p.terms) :]
    if gamma[-1] > 0.1 * gamma.max():
        cause = "the distribution does not end within the sweep: a slower process is cut off"
        tail = "" if "warburg" in p.terms else ", or allow a diffusion tail (tail=True)"
        flags.append(Flag("open_end", cause, f"measure to lower frequencies{tail}"))
    return tuple(flags)


def is_sharp(p: Problem, strength: float, top: int, peak: Peak) -> bool:
    """Return whether a peak is about as narrow as the regularisation can show at its place."""
    return peak.width < _SHARP * find_narrowest(p, strength, top, peak.resistance)


def find_peak_flags(p: Problem, merged: Sequence[tuple[int, int]], sharp: Sequence[Peak]) -> tuple[Flag, ...]:
    """Return flags of maxima taken as one peak, and of peaks that may be sharper than shown."""
    flags = []
    if merged:
        pairs = ", ".join(f"{p.tau[fast]:.2g} and {p.tau[slow]:.2g} s" for fast, slow in merged)
        cause = (
            f"the maxima at {pairs} were taken as one broad peak: the data are described as well without the "
            "dip between them; there may be one process or two"
        )
        cure = "compare circuits with one arc and with two (eisfit compare), or measure with less noise"
        flags.append(Flag("one_or_two", cause, cure, level="tells"))
    if sharp:
        times = ", ".join(f"{peak.tau:.2g} s" for peak in sharp)
        cause = (
            f"the peak at {times} is about as narrow as can be shown at this noise: it may be sharper and "
            "higher, as that of an ideal RC or of a Gerischer element is, and the band does not hold there"
        )
        cure = "take its resistance and time constant, not its height; a circuit tells its shape"
        flags.append(Flag("as_narrow_as_shown", cause, cure, level="tells"))
    return tuple(flags)
