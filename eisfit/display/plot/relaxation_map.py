"""Distributions of relaxation times along a series: a map, and the resistance of every process on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.display.plot.series import LAWS
from eisfit.display.plot.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    VERMILION,
    apply_style,
    figure_or_new,
    prettify,
    to_column,
)
from eisfit.display.report.words import Document, axis_label
from eisfit.errors import EisfitError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLORS = (VERMILION, BLACK, ORANGE, GREEN, PURPLE, BLUE, GREY)
_MAX_TICKS = 12  # rows of the map that are named
_LOG_RATIO = 3.0  # factor between values from which an axis of resistances is logarithmic


@apply_style
def relaxation_map(document: Document, *, figure: Figure | None = None) -> tuple[Axes, ...]:
    """Draw the map of the distributions with their peaks, and beside it each peak's resistance with its law.

    A row of the map is a spectrum, in the order of the series; its colour is the distribution as a share of
    that spectrum's polarisation resistance, so that warm and cold are seen alike.

    Parameters
    ----------
    document
        What ``SeriesDRT.to_dict()`` gives (``eisfit.drt_series/1``).
    figure
        An empty figure; a new pyplot figure where None.

    Raises
    ------
    EisfitError
        When there is no distribution.
    """
    rows = document["rows"]
    if all(row["error"] for row in rows):
        raise EisfitError("nothing to draw: there is no distribution of relaxation times")
    figure = figure_or_new(figure, 9.2, 3.8)
    left, right = figure.subplots(1, 2, gridspec_kw={"width_ratios": [1.25, 1.0]})
    _draw_map(left, document)
    _draw_resistances(right, document)
    return left, right


def _draw_map(ax: Axes, document: Document) -> None:
    rows, (tau, gamma) = document["rows"], _read_map(document)
    total = to_column([row["polarisation_resistance"] for row in rows], "resistance")
    share = np.ma.masked_invalid(gamma / total[:, np.newaxis])
    edge = np.exp(np.log(tau[1] / tau[0]) / 2)
    edges = np.append(tau / edge, tau[-1] * edge)
    mesh = ax.pcolormesh(edges, np.arange(len(rows) + 1) - 0.5, share, cmap="Blues", vmin=0, rasterized=True)
    for place, process in enumerate(document["processes"]):
        ax.plot(
            to_column(process["tau_s"], "tau"),
            np.arange(len(rows)),
            "-o",
            color=_colour(place),
            ms=3.5,
            lw=1.0,
            mec="white",
            mew=0.5,
        )
    _name_rows(ax, document)
    ax.set(xscale="log", xlabel=r"$\tau$ / s", xlim=(edges[0], edges[-1]), ylim=(-0.5, len(rows) - 0.5))
    ax.figure.colorbar(mesh, ax=ax, label=r"$\gamma(\ln\tau)$ / polarisation resistance")


def _read_map(document: Document) -> tuple[FloatArray, FloatArray]:
    tau = to_column(document["map"]["tau_s"], "tau")
    return tau, np.array([[np.nan if g is None else g for g in row] for row in document["map"]["gamma_ohm"]])


def _name_rows(ax: Axes, document: Document) -> None:
    """Write the places of some rows beside the map."""
    axes, rows = document["axes"], document["rows"]
    step = -(-len(rows) // _MAX_TICKS)
    shown = list(range(0, len(rows), step))
    words = [", ".join(_format_place(rows[k].get(axis["name"])) for axis in axes) for k in shown]
    ax.set_yticks(shown, words)
    ax.set_yticks([], minor=True)
    ax.set_ylabel(", ".join(map(axis_label, axes)))


def _format_place(value: float | None) -> str:
    return "?" if value is None else f"{value:.4g}"


def _draw_resistances(ax: Axes, document: Document) -> None:
    axis, drawn = document["axes"][0], []
    places = to_column([row.get(axis["name"]) for row in document["rows"]], axis["name"])
    numbered = not np.isfinite(places).any()
    x = np.arange(1.0, places.size + 1) if numbered else places
    arcs = {arc["process"]: arc["resistance"] for arc in document["arcs"] if arc["process"]}
    for place, process in enumerate(document["processes"]):
        n = process["number"]
        errors = to_column([row.get(f"R_{n}_stderr") for row in document["rows"]], "standard errors")
        values = to_column(process["resistance_ohm"], "resistance")
        name = f"peak {n} ({prettify(arcs[n])})" if n in arcs else f"peak {n}"
        ax.errorbar(x, values, np.nan_to_num(errors), fmt="o", ms=3.5, color=_colour(place), label=name)
        drawn.append(values)
        law = process["laws"].get("resistance", {})
        band = next((law[kind]["band"] for kind in LAWS if kind in law), None)
        if band and not numbered:
            at = band.get(axis["name"], band.get("cycle"))
            ax.plot(at, band["value"], "-", color=_colour(place), lw=1.0, alpha=0.8, zorder=1)
    known = np.concatenate(drawn) if drawn else np.ones(1)
    known = known[np.isfinite(known) & (known > 0)]
    if known.size and known.max() > _LOG_RATIO * known.min():
        ax.set_yscale("log")
    ax.set(xlabel="spectrum" if numbered else axis_label(axis), ylabel="resistance of the peak / Ω")
    if drawn:
        ax.legend(loc="best", fontsize=7)


def _colour(place: int) -> str:
    return _COLORS[place % len(_COLORS)]
