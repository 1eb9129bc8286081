"""A part with a unit beside one without: which unit the other has, where Kramers-Kronig tells it."""

from __future__ import annotations

from dataclasses import replace

from eisfit.spectra.readers.conversion.chosen import Chosen
from eisfit.spectra.readers.file import File
from eisfit.spectra.readers.names.columns import Column
from eisfit.spectra.readers.sign import misfit
from eisfit.spectra.spectrum import ASSUMED

_HOLDS, _CLEARLY = 0.05, 4.0  # residual of the right unit; times less than that of the other


def settle_half_unit(file: File, chosen: Chosen, columns: dict[int, Column]) -> dict[int, Column]:
    """Return the columns, a part without a unit with that of the other, where Kramers-Kronig tells; say so.

    Raises
    ------
    ReadError
        Where it does not tell.
    """
    parts = {q: chosen.columns[q] for q in ("real", "imag") if q in chosen.columns}
    told = [part for part in parts.values() if part.unit and abs(part.scale) != 1]
    bare = [q for q, part in parts.items() if not part.unit]
    if not (told and bare) or file.reading.impedance_unit:
        return columns
    q, factor = bare[0], abs(told[0].scale)
    off = {scale: _misfit(chosen, q, scale) for scale in (factor, 1.0)}
    best = min(off, key=lambda scale: off[scale])
    if not off[best] < _HOLDS or max(off.values()) < _CLEARLY * off[best]:
        raise file.error(
            f"{told[0].name!r} has a unit and {parts[q].name!r} has none: write it into the header"
        )
    unit = told[0].unit if best == factor else ""
    chosen.set_column(q, replace(parts[q], unit=unit, scale=parts[q].scale * best), chosen[q] * best)
    chosen.notes.append(f"{ASSUMED} {parts[q].name!r} is in {unit or 'ohm'}: only so Kramers-Kronig holds")
    return {i: chosen.columns[q] if c == parts[q] else c for i, c in columns.items()}


def _misfit(chosen: Chosen, quantity: str, scale: float) -> float:
    """Return the residual of Kramers-Kronig with one part scaled."""
    scales = {"real": 1.0, "imag": 1.0, quantity: scale}
    z = chosen["real"] * scales["real"] + 1j * chosen["imag"] * scales["imag"]
    return misfit(chosen["frequency"], z)
