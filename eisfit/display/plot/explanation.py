"""Figures of a coating study beyond the waterfall: what its answer hangs on, and what it foretells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from eisfit.display.plot.style import COLORS, axes_or_new, column, legible, pretty, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["deciding", "foretold", "foretold_spectra"]

_DASHES = ("-", "--", "-.", ":", (0, (1, 3)))


@styled
def deciding(
    rows: Sequence[Mapping[str, Any]], xlabel: str, *, log: bool = False, ax: Axes | None = None
) -> Axes:
    """Draw every factor's contribution over the one input that the answer hangs on most.

    Parameters
    ----------
    rows
        Each ``{value, FACTOR: {median, low95, high95}, ...}``.
    xlabel
        The input with its unit.
    log
        Whether its axis counts decades.
    """
    ax = axes_or_new(ax, 6.4, 4.0)
    _bands(ax, rows, "value")
    ax.axhline(0, color="0.6", lw=0.8, zorder=0)
    ax.set(xlabel=legible(xlabel), ylabel=pretty("contribution to R_ct / ohm"))
    ax.set_xscale("log" if log else "linear")
    ax.legend(loc="best")
    return ax


@styled
def foretold(
    rows: Sequence[Mapping[str, Any]],
    key: str,
    xlabel: str,
    *,
    ylabel: str = "R_ct / ohm",
    log: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Draw what each supposition foretells over `key`; rows as in ``predictions`` of the document."""
    ax = axes_or_new(ax, 6.4, 4.0)
    _bands(ax, rows, key)
    ax.set(xlabel=legible(xlabel), ylabel=pretty(ylabel))
    ax.set_yscale("log" if log else "linear")
    ax.legend(loc="best")
    return ax


@styled
def foretold_spectra(curves: Mapping[str, Any], *, ax: Axes | None = None) -> Axes:
    """Draw the electrode's own spectrum under each supposition in the complex plane, equal axes."""
    ax = axes_or_new(ax, 6.4, 4.0)
    named = [(name, curve) for name, curve in curves.items() if name != "frequency_Hz"]
    for place, (name, curve) in enumerate(named):
        real, imag = column(curve["Z_real_ohm"], name), column(curve["Z_imag_ohm"], name)
        color = COLORS[place % len(COLORS)]
        ax.plot(real, -imag, ls=_DASHES[place % len(_DASHES)], color=color, label=_words(name))
    ax.set(xlabel=pretty("Z' / ohm"), ylabel=pretty("-Z'' / ohm"))
    ax.set_aspect("equal", adjustable="datalim")
    ax.legend(loc="best")
    return ax


def _bands(ax: Axes, rows: Sequence[Mapping[str, Any]], key: str) -> None:
    x = column([row[key] for row in rows], key)
    for place, name in enumerate(name for name in rows[0] if name != key):
        color = COLORS[place % len(COLORS)]
        low, middle, high = (
            column([row[name][part] for row in rows], name) for part in ("low95", "median", "high95")
        )
        ax.plot(x, middle, ls=_DASHES[place % len(_DASHES)], color=color, label=_words(name), zorder=3)
        ax.fill_between(x, low, high, color=color, alpha=0.13, lw=0, zorder=1)


def _words(name: str) -> str:
    return legible(name.replace("_", " "))
