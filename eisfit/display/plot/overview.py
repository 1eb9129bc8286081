"""Whole figures of one document: a fit, a Kramers-Kronig check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from eisfit.display.plot.frequency import bode, residuals
from eisfit.display.plot.nyquist import get_unit_factor, nyquist
from eisfit.display.plot.style import (
    GREEN,
    ORANGE,
    VERMILION,
    WIDTH,
    apply_style,
    figure_or_new,
    paper_columns,
    read_impedance,
    read_relative_noise,
    require_data,
    sanitise,
    shorten,
)
from eisfit.display.report.words import explain_refusal, is_simulated, name_of
from eisfit.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_TITLE_LETTERS = 60  # letters of a title beside the verdict


def draw_spectrum(kind: str, frequency: Any, impedance: Any, ax: Any, options: Mapping[str, Any]) -> Any:
    """Draw a spectrum as a plot of this `kind`, and return the axes.

    Parameters
    ----------
    kind
        ``nyquist`` or ``bode``; ``residuals``, where there is a fit.
    frequency, impedance
        (F,) Hz and (F,) complex ohm.
    ax
        Axes to draw on, one or two for ``bode``; a new figure where None.
    options
        Of `nyquist`, `bode` or `residuals`.

    Raises
    ------
    UsageError
        For another kind.
    """
    if isinstance(ax, str):
        raise UsageError(f"the first argument is the axes to draw on; the kind goes by name: kind={ax!r}")
    if kind == "nyquist":
        return nyquist(frequency, impedance, ax=ax, **options)
    if kind == "bode":
        return bode(frequency, impedance, axes=ax, **options)
    kinds = ("nyquist", "bode", "residuals") if "fitted" in options else ("nyquist", "bode")
    known = ", ".join(kinds[:-1]) + f" or {kinds[-1]}"
    raise UsageError(f"no plot is called {kind!r}; use {known}{did_you_mean(kind, kinds)}")


@apply_style
def fit_overview(document: Mapping[str, Any], *, figure: Figure | None = None) -> tuple[Axes, ...]:
    """Draw one fit: Nyquist, Bode and residuals, under a title with its verdict.

    Parameters
    ----------
    document
        What ``FitResult.to_dict()`` gives, with its data.
    figure
        An empty figure (`new_figure`); a new pyplot figure where None.

    Returns
    -------
    tuple of matplotlib.axes.Axes
        Nyquist, magnitude, phase, residuals.

    Raises
    ------
    EisfitError
        When the document holds no data (a failed file).
    """
    f, z = require_data(document)
    fitted = read_impedance(document, "fit")
    stacked = paper_columns() == 1
    figure = figure_or_new(figure, *((WIDTH, 9.6) if stacked else (8.6, 4.9)))
    first, magnitude, phase, last = _add_panels(figure, stacked=stacked)
    nyquist(f, z, fitted=fitted, ax=first)
    bode(f, z, fitted=fitted, axes=(magnitude, phase))
    if legend := magnitude.get_legend():
        legend.remove()  # the Nyquist plot's says it
    if fitted is not None:
        difference = (z - fitted) / np.abs(z)
        residuals(f, difference.real, difference.imag, noise=read_relative_noise(document, z), ax=last)
    circuit = document.get("circuit") or {}
    _add_title(figure, document, circuit.get("name") or circuit.get("string"))
    return first, magnitude, phase, last


@apply_style
def kramers_kronig(document: Mapping[str, Any], *, figure: Figure | None = None) -> tuple[Axes, Axes]:
    """Draw a Kramers-Kronig check: data with the consistent fit, residuals with noise, failing ranges shaded.

    Parameters
    ----------
    document
        What ``KramersKronigResult.to_dict()`` gives (``eisfit.check/1``), with its data.
    figure
        An empty figure (`new_figure`); a new pyplot figure where None.

    Returns
    -------
    tuple of matplotlib.axes.Axes
        Nyquist, residuals.

    Raises
    ------
    EisfitError
        When the document holds no data.
    """
    f, z = require_data(document)
    data = document["data"]
    if paper_columns() == 1:
        figure = figure_or_new(figure, WIDTH, 6.2)
        left, right = figure.subplots(2, 1, height_ratios=[1.2, 1.0])
    else:
        figure = figure_or_new(figure, 8.6, 3.6)
        left, right = figure.subplots(1, 2, width_ratios=[1.0, 1.1])
    nyquist(f, z, fitted=read_impedance(document, "fit"), fit_label="Kramers-Kronig fit", ax=left)
    if data.get("residual_real") is not None:
        residuals(
            f, data["residual_real"], data["residual_imag"], noise=read_relative_noise(document, z), ax=right
        )
    ranges = document.get("ranges") or []
    for place, failing in enumerate(ranges):
        low, high = failing["low_Hz"], failing["high_Hz"]
        right.axvspan(
            low, high, color=ORANGE, alpha=0.25, lw=0, label="fails" if place == 0 else None, zorder=0
        )
        _mark_points(left, z[(f >= low) & (f <= high)])
    if ranges:
        right.legend(
            loc="lower center",
            bbox_to_anchor=(0.5, 1.0),
            ncols=4,
            columnspacing=1.0,
            handletextpad=0.5,
            borderaxespad=0.1,
        )
    _add_title(figure, document, "Kramers-Kronig check")
    return left, right


def _add_panels(figure: Figure, *, stacked: bool) -> tuple[Axes, Axes, Axes, Axes]:
    """Return Nyquist above residuals on the left, magnitude above phase on the right; or all in a column."""
    if stacked:
        whole = figure.add_gridspec(4, 1, height_ratios=[1.3, 1.0, 1.0, 1.0])
        places = [whole[k] for k in range(4)]
    else:
        sides = figure.add_gridspec(1, 2, width_ratios=[1.3, 1.0])
        left = sides[0].subgridspec(2, 1, height_ratios=[1.6, 1.0])
        right = sides[1].subgridspec(2, 1)
        places = [left[0], right[0], right[1], left[1]]
    magnitude = figure.add_subplot(places[1])
    phase = figure.add_subplot(places[2], sharex=magnitude)
    magnitude.tick_params(labelbottom=False)
    return figure.add_subplot(places[0]), magnitude, phase, figure.add_subplot(places[3])


def _mark_points(ax: Axes, impedance: Any) -> None:
    """Mark the points of a failing range in the Nyquist plot, in whatever unit it is drawn."""
    z = get_unit_factor(ax, impedance) * impedance
    ax.plot(z.real, -z.imag, "o", ms=9, color=ORANGE, alpha=0.35, mew=0, zorder=1)


def _add_title(figure: Figure, document: Mapping[str, Any], what: str | None) -> None:
    if paper_columns():  # the caption says what is shown, and whether to believe it
        if is_simulated(document):
            figure.suptitle("simulated data", x=0.99, ha="right", size=7)
        return
    source = name_of(document)
    if is_simulated(document):
        source = f"{shorten(source, 28)} (simulated)"
    parts = [sanitise(part) for part in (shorten(source, 40), shorten(what or "", 60)) if part]
    head = ", ".join(parts) if len(", ".join(parts)) <= _TITLE_LETTERS else "\n".join(parts)
    grade = f"{document['grade']}, " if document.get("grade") else ""
    usable = "usable" if document.get("ok") else f"not usable{explain_refusal(document)}"
    figure.suptitle(head, x=0.01, ha="left", fontsize=10)
    figure.text(
        0.995,
        0.99,
        sanitise(shorten(grade + usable, 60)),
        ha="right",
        va="top",
        fontsize=9.5,
        fontweight="bold",
        color=GREEN if document.get("ok") else VERMILION,
    )
