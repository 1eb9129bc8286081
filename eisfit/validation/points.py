"""The points of a spectrum in the documents of its tests, and what a test asks of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np

from eisfit.arrays import ComplexArray, FloatArray
from eisfit.errors import SpectrumError, expect_document
from eisfit.spectra.spectrum import ASSUMED, COLUMNS, Spectrum

if TYPE_CHECKING:
    import pandas as pd

FEWEST = 6
T = TypeVar("T", bound="Tested")


class Tested:
    """What results of a spectrum share that have a curve beside it: residuals, their table, the document.

    Each names the `KIND` and `SCHEMA` of its document, gives what it found (`_findings`) and its `_columns`,
    and reads them back (`_read`).
    """

    KIND: ClassVar[str]
    SCHEMA: ClassVar[str]
    spectrum: Spectrum
    fitted: ComplexArray

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

    def to_dict(self, data: bool = True) -> dict[str, Any]:
        """Return a JSON-ready document; `from_dict` reads it back, without `data` it cannot."""
        document = {"schema": self.SCHEMA, "spectrum": self.spectrum.summary(), **self._findings()}
        if data:
            document["data"] = {name: column.tolist() for name, column in self._points().items()}
        return document

    @classmethod
    def from_dict(cls: type[T], document: Mapping[str, Any]) -> T:
        """Rebuild a result from `to_dict`'s document.

        Raises
        ------
        SpectrumError
            When the document is not one.
        """
        with expect_document(cls.KIND, SpectrumError):
            return cls._read(document)

    def to_frame(self) -> pd.DataFrame:
        """Return the columns of the result as a table."""
        import pandas as pd

        return pd.DataFrame(self._columns())

    @classmethod
    def _read(cls: type[T], document: Mapping[str, Any]) -> T:
        raise NotImplementedError

    def _findings(self) -> dict[str, Any]:
        raise NotImplementedError

    def _points(self) -> dict[str, FloatArray]:
        """Return what the document keeps of every frequency, from which it is read back."""
        return self._columns()

    def _columns(self) -> dict[str, FloatArray]:
        raise NotImplementedError


def check_points(spectrum: Spectrum, needs: str) -> None:
    """Refuse a spectrum of fewer than `FEWEST` points; `needs` says what needs them, with the verb.

    An impedance of zero has no phase, and cannot be weighed: it is refused too.
    """
    if spectrum.points < FEWEST:
        raise SpectrumError(f"{spectrum.name}: has {spectrum.points} points; {needs} at least {FEWEST}")
    for frequency in spectrum.frequency[spectrum.impedance == 0]:
        raise SpectrumError(f"{spectrum.name}: the impedance at {frequency:g} Hz is zero: remove that point")


def make_columns(spectrum: Spectrum, fitted: ComplexArray | None = None) -> dict[str, FloatArray]:
    """Return the measured points as columns, and those of a curve (F,) fitted to them."""
    z = spectrum.impedance
    columns = dict(zip(COLUMNS, (spectrum.frequency, z.real, z.imag), strict=True))
    return (
        columns if fitted is None else {**columns, "fit_real_ohm": fitted.real, "fit_imag_ohm": fitted.imag}
    )


def read_spectrum(document: Mapping[str, Any]) -> Spectrum:
    """Return the spectrum that a test's document is about."""
    known, data = document["spectrum"], document["data"]
    kept = {name: known[name] for name in ("source", "index", "cycle")}
    told = {"simulated": True} if known.get("simulated") else {}
    notes = tuple(f"{ASSUMED} {note}" for note in known.get("assumed", ()))
    z = read_impedance(data, "Z")
    return Spectrum(frequency=data["frequency_Hz"], impedance=z, metadata=told, notes=notes, **kept)


def read_impedance(data: Mapping[str, Any], kind: str) -> ComplexArray:
    """Return the measured impedance (`kind` ``Z``) or the fitted one (``fit``) of a document's columns."""
    real, imag = (np.asarray(data[f"{kind}_{part}_ohm"], dtype=float) for part in ("real", "imag"))
    return np.asarray(real + 1j * imag)
