"""Make the pictures, the tables of circuits, elements and flags, and the JSON Schemas again.

python docs/refresh.py
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import eisfit
from eisfit.display import plot
from eisfit.model.elements import ELEMENTS

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "docs"))

from _generate import json_schemas  # noqa: E402
from _generate.flags import summary as flags_table  # noqa: E402
from _generate.rooms import summary as rooms_table  # noqa: E402

SPECTRA = ROOT / "example_spectra" / "rrml"
IMAGES = ROOT / "docs" / "images"
TABLE = re.compile(r"(?<=<!-- table -->\n).*?(?=<!-- end of table -->)", re.DOTALL)


def circuits_table() -> str:
    """Return the circuits that come with eisfit as a Markdown table."""
    lines = ["| name | circuit | what it is for |", "|---|---|---|"]
    for name in eisfit.circuits():
        circuit = eisfit.circuit(name)
        lines.append(f"| `{name}` | `{circuit.string}` | {circuit.title} |")
    return "\n".join(lines) + "\n"


def elements_table() -> str:
    """Return the elements as a Markdown table."""
    lines = ["| symbol | what it is | impedance | parameters |", "|---|---|---|---|"]
    for symbol, element in ELEMENTS.items():
        names = [f"{p.symbol or symbol}{f' / {p.unit}' if p.unit else ''}" for p in element.parameters]
        lines.append(f"| `{symbol}` | {element.title} | {element.formula} | {', '.join(names)} |")
    return "\n".join(lines) + "\n"


TABLES = {
    ROOT / "README.md": circuits_table,
    ROOT / "docs" / "circuits.md": elements_table,
    ROOT / "docs" / "output.md": flags_table,
    ROOT / "docs" / "architecture.md": rooms_table,
}


def write_tables() -> None:
    """Put each table into its page."""
    for page, table in TABLES.items():
        made = table()
        text = TABLE.sub(lambda _, made=made: made, page.read_text(encoding="utf-8"))
        page.write_text(text, encoding="utf-8")


def draw() -> None:
    """Draw the pictures from the example spectra."""
    result = eisfit.fit(eisfit.read(SPECTRA / "bare" / "bare_cycle_003.csv"), "rs-sei-ct-w")
    figure = plot.new_figure()
    plot.fit_overview(result.to_dict(), figure=figure)
    plot.save(figure, IMAGES / "fit.png")
    ax = plot.new_axes()
    for cell in ("bare", "coated"):
        eisfit.track(eisfit.read_series(SPECTRA / cell), "rs-sei-ct-w").plot("R_ct", ax=ax)
    ax.set_title("simulated cells", loc="left")
    plot.save(ax, IMAGES / "cycles.png")


if __name__ == "__main__":
    write_tables()
    json_schemas.write()
    draw()
