"""What the page gets of a spectrum, and of its fit: entries, values, the drawn circuit, sliders."""

from __future__ import annotations

from typing import Any

from eisfit.cli.pages.html_report import make_item
from eisfit.cli.pages.recipes import make_slider
from eisfit.spectra.spectrum import Spectrum


def describe_measured(spectrum: Spectrum) -> dict[str, Any]:
    """Return a spectrum that was not fitted yet as the page takes it."""
    from eisfit.display.pages.entries import make_measurement

    document = spectrum.to_dict()
    return {"spectrum": document, "entry": make_measurement(document)}


def describe_fit(result: Any) -> dict[str, Any]:
    """Return what the page shows and saves of a fit."""
    from eisfit.display.pages.entries import make_entry
    from eisfit.model.drawing import draw_for_page

    rows = result.circuit.parameters
    return {
        "entry": make_entry(make_item(result)),
        "values": result.values,
        "document": result.to_dict(),
        "circuit": {"name": result.circuit.name, "string": result.circuit.string},
        "drawing": draw_for_page(result.circuit.string),
        "parameters": [make_slider(p, result.values[name]) for name, p in rows.items()],
    }
