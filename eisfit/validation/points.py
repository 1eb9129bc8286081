"""The points of a spectrum in the documents of its tests, and what a test asks of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from eisfit.arrays import ComplexArray, FloatArray
from eisfit.errors import SpectrumError
from eisfit.spectra.spectrum import COLUMNS, Spectrum

FEWEST = 6


def check_points(spectrum: Spectrum, needs: str) -> None:
    """Refuse a spectrum of fewer than `FEWEST` points; `needs` is who needs them, with the verb."""
    if spectrum.points < FEWEST:
        raise SpectrumError(f"{spectrum.name}: has {spectrum.points} points; {needs} at least {FEWEST}")


def columns_of(spectrum: Spectrum, fitted: ComplexArray | None = None) -> dict[str, FloatArray]:
    """Return the measured points as columns, and those of a curve (F,) fitted to them."""
    z = spectrum.impedance
    columns = dict(zip(COLUMNS, (spectrum.frequency, z.real, z.imag), strict=True))
    return (
        columns if fitted is None else {**columns, "fit_real_ohm": fitted.real, "fit_imag_ohm": fitted.imag}
    )


def spectrum_in(document: Mapping[str, Any]) -> Spectrum:
    """Return the spectrum that a test's document is about."""
    known, data = document["spectrum"], document["data"]
    kept = {name: known[name] for name in ("source", "index", "cycle")}
    return Spectrum(frequency=data["frequency_Hz"], impedance=impedance_in(data, "Z"), **kept)


def impedance_in(data: Mapping[str, Any], kind: str) -> ComplexArray:
    """Return the measured impedance (`kind` ``Z``) or the fitted one (``fit``) of a document's columns."""
    real, imag = (np.asarray(data[f"{kind}_{part}_ohm"], dtype=float) for part in ("real", "imag"))
    return np.asarray(real + 1j * imag)
