"""A spectrum as a plain CSV table, conditions above: what `convert` and `simulate` write unless told."""

from __future__ import annotations

from eisfit.spectra.spectrum import Spectrum

#: What a table says above its columns: conditions, and of the metadata what names the measurement. The rest
#: of a header stays behind: its words are about the columns of another file.
_FACTS = ("cycle", "time_s", "temperature_C", "potential_V")
_PROVENANCE = (
    *("simulated", "instrument", "technique", "title", "date", "area_cm2", "area"),
    *("amplitude_mV_rms", "amplitude_mV", "amplitude_A_rms", "amplitude_mA"),
)


def _format_cell(value: object) -> str:
    return f"{value:.8g}" if isinstance(value, float) else " ".join(str(value).split())


def to_csv(spectrum: Spectrum) -> str:
    """Return the canonical table as CSV text: comment lines with the provenance, then the columns.

    >>> print(to_csv(Spectrum(frequency=[10.0, 1.0], impedance=[1 - 1j, 2 - 3j], cycle=50)))
    # cycle: 50
    frequency_Hz,Z_real_ohm,Z_imag_ohm
    10,1,-1
    1,2,-3
    """
    told = spectrum.to_dict()
    facts = {name: told[name] for name in _FACTS} | told["axes"]
    facts |= {name: told["metadata"].get(name) for name in _PROVENANCE}
    lines = [f"# {note}" for note in spectrum.notes]
    lines += [f"# {name}: {_format_cell(value)}" for name, value in facts.items() if value is not None]
    lines.append(",".join(told["data"]))
    lines += [",".join(map(_format_cell, row)) for row in zip(*told["data"].values(), strict=True)]
    return "\n".join(lines) + "\n"
