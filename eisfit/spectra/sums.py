"""Sums and differences of spectra, point by point: electrodes in series, leads to be taken off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from eisfit.errors import SpectrumError

if TYPE_CHECKING:
    from eisfit.spectra.spectrum import Spectrum

_SAME = 1e-3  # relative: instruments write the frequency that they have set, not always the same digits


def combine(spectrum: Spectrum, other: Any, sign: float) -> Spectrum:
    """Return a spectrum with another one, or impedances (F,) or a resistance in ohm, added or taken off.

    Noise that is known of both adds by its squares; times are those of the first.

    Raises
    ------
    SpectrumError
        Where the frequencies differ, or it is nothing that has an impedance at them.
    """
    added, noise = _find_summand(spectrum, other)
    word = "with" if sign > 0 else "less"
    note = f"{word} {getattr(other, 'name', 'given impedances')}, point by point"
    impedance = spectrum.impedance + sign * added
    return spectrum.replace(impedance=impedance, noise=noise, notes=(*spectrum.notes, note))


def _find_summand(spectrum: Spectrum, other: Any) -> tuple[Any, Any]:
    """Return what is added, (F,) ohm or a number, and the noise of the sum."""
    if hasattr(other, "frequency") and hasattr(other, "impedance"):
        f, g = spectrum.frequency, np.asarray(other.frequency)
        if f.size != g.size or (np.abs(f - g) > _SAME * f).any():
            raise SpectrumError(
                f"{spectrum.name} and {other.name} have other frequencies ({f.size} and {g.size} points): "
                "take those that both have (select, s[5:]), or the impedance of a fit there (result.predict)"
            )
        unknown = spectrum.noise is None or other.noise is None
        return other.impedance, None if unknown else np.hypot(np.asarray(spectrum.noise), other.noise)
    try:
        added = np.asarray(other, dtype=np.complex128)
    except (TypeError, ValueError):
        raise SpectrumError(f"{type(other).__name__} has no impedance to add to {spectrum.name}") from None
    if added.shape not in ((), spectrum.frequency.shape):
        raise SpectrumError(
            f"{added.shape} impedances go with no {spectrum.points} points of {spectrum.name}"
        )
    return added, spectrum.noise
