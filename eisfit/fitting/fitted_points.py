"""The part of a spectrum that is fitted, and its noise where the weights need it: the same for every act."""

from __future__ import annotations

from eisfit.spectra.masks import Drop, drop_points
from eisfit.spectra.spectrum import Spectrum

#: The options of `eisfit.fit` that `select_points` takes; those that `Circuit.constrain` takes.
SELECTING = ("fmin", "fmax", "drop", "drop_inductive")
CONSTRAINING = ("fix", "start", "bound", "expr", "params")
#: How fits of many spectra end.
FINISH = ("kernel", "lmfit")


def select_points(
    spectrum: Spectrum,
    *,
    fmin: float | None = None,
    fmax: float | None = None,
    drop: Drop | None = None,
    drop_inductive: bool = False,
) -> Spectrum:
    """Return the points that are meant; the spectrum itself where that is all of them.

    Parameters
    ----------
    spectrum
        What was measured.
    fmin, fmax
        The range of frequencies, Hz, both included.
    drop, drop_inductive
        Points to leave out; see `eisfit.spectra.masks.drop_points`.

    Raises
    ------
    UsageError
        For a mask of another length or a frequency that was not measured.
    SpectrumError
        When no point is left.
    """
    kept = drop_points(spectrum, drop, drop_inductive=drop_inductive)
    return kept if fmin is None and fmax is None else kept.select(fmin, fmax)


def add_noise(spectrum: Spectrum, weighting: str) -> Spectrum:
    """Return the spectrum with the noise that its Kramers-Kronig test finds, where weights by noise lack it.

    Raises
    ------
    SpectrumError
        When there are too few points for the test.
    """
    if weighting != "noise" or spectrum.noise is not None:
        return spectrum
    from eisfit.validation.kramers_kronig import check_once

    return spectrum.replace(noise=check_once(spectrum).noise)
