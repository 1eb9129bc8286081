"""A page for every circuit of ``circuits/``."""

from __future__ import annotations

import numpy as np

import eisfit
from _generate.pages import Pages, bounds, code, head, table, toctree
from eisfit.display import plot
from eisfit.files import data_folder
from eisfit.model import drawing
from eisfit.model.files.library import list_reference_tests
from eisfit.model.notation import components

__all__ = ["write"]

_SWEEP = np.geomspace(1e5, 1e-2, 71)


def write(pages: Pages) -> None:
    """Write the list of the circuits and a page for each."""
    names = eisfit.circuits()
    for name in names:
        _page(pages, name)
    rows = [(f"[`{n}`]({n}.md)", code(eisfit.circuit(n).string), eisfit.circuit(n).title) for n in names]
    columns = ("name", "circuit", "what it is for")
    pages.write("circuits/index.md", head("circuits") + table(columns, rows) + "\n" + toctree(names))


def _page(pages: Pages, name: str) -> None:
    circuit = eisfit.circuit(name)
    source, values, _, _ = list_reference_tests(data_folder("circuits") / f"{name}.toml")[0]
    rows = [
        (code(n), p.unit or "1", p.describe, p.role.replace("_", " "), bounds(p.min, p.max), f"{values[n]:g}")
        for n, p in circuit.parameters.items()
    ]
    columns = ("parameter", "unit", "meaning", "role", "bounds", "in the figure")
    ax = plot.new_axes(4.6, 3.4)
    plot.nyquist(_SWEEP, circuit.impedance(_SWEEP, values), ax=ax)
    pages.draw(f"circuits/{name}.svg", ax)
    symbols = dict.fromkeys(component.symbol for component in components(circuit.tree))
    elements = ", ".join(f"[`{symbol}`](../elements/{symbol}.md)" for symbol in symbols)
    references = "\n".join(f"- {reference}" for reference in circuit.references)
    pages.write(
        f"circuits/{name}.md",
        f"# {name}\n\n{circuit.title[:1].upper()}{circuit.title[1:]}.\n\n```text\n{circuit.string}\n```\n\n"
        f"{_drawing(circuit)}Elements: {elements}\n\n{table(columns, rows)}\n"
        f"```{{figure}} {name}.svg\n:alt: Nyquist plot of {name}\n\n"
        f"Nyquist plot at the values of the table, 100 kHz to 10 mHz (computed).\n```\n\n"
        f"```sh\neisfit fit cell.csv --circuit {name}\n```\n\n"
        f"## References\n\n{references}\n\n"
        f"Its reference values were computed without eisfit, the first by: {source}.\n",
    )


def _drawing(circuit: eisfit.Circuit) -> str:
    return f'```{{raw}} html\n<div class="circuit">{drawing.draw_svg(circuit.string)}</div>\n```\n\n'
