"""A page for every element, from the tables of ``eisfit/elements``."""

from __future__ import annotations

import numpy as np

from _generate.formula import equations, limit
from _generate.pages import Pages, bounds, code, head, table, toctree
from eisfit.display import plot
from eisfit.model.elements import ELEMENTS, Element, FrequencyGrid

__all__ = ["write"]

_SWEEP = np.geomspace(1e5, 1e-2, 71)


def write(pages: Pages) -> None:
    """Write the list of the elements and a page for each."""
    for element in ELEMENTS.values():
        pages.write(f"elements/{element.symbol}.md", _page(element))
        pages.draw(f"elements/{element.symbol}.svg", _figure(element))
    rows = [
        (f"[`{symbol}`]({symbol}.md)", element.title, limit(element.formula), _symbols(element))
        for symbol, element in ELEMENTS.items()
    ]
    columns = ("symbol", "what it is", "impedance", "parameters")
    pages.write("elements/index.md", head("elements") + table(columns, rows) + "\n" + toctree(ELEMENTS))


def _symbols(element: Element) -> str:
    return ", ".join(code(p.symbol or element.symbol) for p in element.parameters)


def _page(element: Element) -> str:
    formulas = "\n\n".join(f"$$\n{line}\n$$" for line in equations(element.formula))
    rows = [
        (
            code(p.symbol or element.symbol),
            p.unit or "1",
            p.describe,
            bounds(p.min, p.max),
            "its logarithm" if p.scale == "log" else "itself",
            f"{p.typical:g}",
        )
        for p in element.parameters
    ]
    columns = ("symbol", "unit", "meaning", "bounds", "fitted as", "in the figure")
    return (
        f"# {element.symbol}: {element.title}\n\n{formulas}\n\n{table(columns, rows)}\n{_names(element)}\n\n"
        f"**At low frequency**: {limit(element.low.formula)}\n\n"
        f"**At high frequency**: {limit(element.high.formula)}\n\n"
        f"```{{figure}} {element.symbol}.svg\n:alt: Nyquist plot of {element.title}\n\n"
        f"Nyquist plot at the values of the table, 100 kHz to 10 mHz (computed).\n```\n\n"
        f"Source: {element.reference or 'the definition of the quantity itself.'}\n"
    )


def _names(element: Element) -> str:
    example = f"{element.symbol}_x"
    names = [f"{example}_{p.symbol}" if p.symbol else example for p in element.parameters]
    shown = ", ".join(map(code, names))
    return f"In a circuit, `{example}` has the parameter{'s' if len(names) > 1 else ''} {shown}."


def _figure(element: Element) -> object:
    values = [np.array([[p.typical]]) for p in element.parameters]
    z = np.broadcast_to(element.evaluate(FrequencyGrid(2 * np.pi * _SWEEP), *values)[0], (1, _SWEEP.size))
    ax = plot.new_axes(4.6, 3.4)
    plot.nyquist(_SWEEP, z[0], ax=ax, mark_decades=np.ptp(z[0]) > 0)
    if not np.ptp(z[0]):  # a resistor is one point
        ax.set(xlim=(0, 2 * z[0, 0].real), ylim=(-0.5 * z[0, 0].real, z[0, 0].real))
    if np.ptp(ax.get_ylim()) > np.ptp(ax.get_xlim()):
        ax.locator_params(axis="x", nbins=3)
    return ax
