"""A spectrum as a table that programs understand: CSV, and its description in JSON-LD (W3C's CSV on the Web).

The columns are named as those of the Battery Data Format are, quantity and unit in words: it has no table of
impedance yet, and docs/formats.md proposes this one.
"""

from __future__ import annotations

from typing import Any

from eisfit.spectra.spectrum import Spectrum

#: Column -> title, description, QUDT's name of the unit.
COLUMNS = {
    "frequency_hertz": ("Frequency / Hz", "frequency of the excitation", "HZ"),
    "impedance_real_ohm": ("Real Impedance / ohm", "real part Z' of the impedance", "OHM"),
    "impedance_imaginary_ohm": (
        "Imaginary Impedance / ohm",
        "imaginary part Z'' of the impedance, negative for a capacitor",
        "OHM",
    ),
    "impedance_noise_ohm": (
        "Impedance Standard Deviation / ohm",
        "standard deviation of the real and of the imaginary part",
        "OHM",
    ),
}
_CONTEXT = [
    "http://www.w3.org/ns/csvw",
    {"qudt": "http://qudt.org/schema/qudt/", "schema": "https://schema.org/"},
]
_UNIT = "http://qudt.org/vocab/unit/"


def describe_table(spectrum: Spectrum, name: str) -> tuple[str, dict[str, Any]]:
    """Return a spectrum as CSV, and its JSON-LD description, which belongs into ``NAME-metadata.json``.

    Parameters
    ----------
    spectrum
        What is written, all digits, from the highest frequency down.
    name
        The CSV file's name.

    Examples
    --------
    >>> text, about = describe_table(Spectrum([10.0, 1.0], [1 - 1j, 2 - 3j], cycle=7), "cell.csv")
    >>> print(text, end="")
    frequency_hertz,impedance_real_ohm,impedance_imaginary_ohm
    10.0,1.0,-1.0
    1.0,2.0,-3.0
    >>> about["tableSchema"]["columns"][0]["qudt:unit"]
    {'@id': 'http://qudt.org/vocab/unit/HZ'}
    """
    data = [spectrum.frequency, spectrum.impedance.real, spectrum.impedance.imag]
    data += [] if spectrum.noise is None else [spectrum.noise]
    names = list(COLUMNS)[: len(data)]
    rows = zip(*(column.tolist() for column in data), strict=True)
    text = "\n".join([",".join(names), *(",".join(map(repr, row)) for row in rows)]) + "\n"
    columns = [
        {
            "name": column,
            "titles": COLUMNS[column][0],
            "dc:description": COLUMNS[column][1],
            "datatype": "double",
            "required": True,
            "qudt:unit": {"@id": f"{_UNIT}{COLUMNS[column][2]}"},
        }
        for column in names
    ]
    about: dict[str, Any] = {
        "@context": _CONTEXT,
        "url": name,
        "dc:title": f"impedance spectrum {spectrum.name}",
    }
    about |= _list_facts(spectrum)
    return text, {**about, "tableSchema": {"columns": columns, "primaryKey": "frequency_hertz"}}


def _list_facts(spectrum: Spectrum) -> dict[str, Any]:
    """Return what is known of the measurement as values with units."""
    known = {
        "cycle": (spectrum.cycle, "UNITLESS"),
        "time": (spectrum.time_s, "SEC"),
        "temperature": (spectrum.temperature_C, "DEG_C"),
        "potential": (spectrum.potential_V, "V"),
    }
    measured = [
        {
            "@type": "schema:PropertyValue",
            "schema:name": name,
            "schema:value": value,
            "schema:unitCode": f"{_UNIT}{unit}",
        }
        for name, (value, unit) in known.items()
        if value is not None
    ]
    found: dict[str, Any] = {"schema:variableMeasured": measured} if measured else {}
    notes = [*(["simulated: not measured"] if spectrum.metadata.get("simulated") else []), *spectrum.notes]
    return found | ({"rdfs:comment": notes} if notes else {})
