"""What each result shows of itself in little: panels made of the documents of `to_dict`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from eisfit.arrays import ComplexArray, FloatArray
from eisfit.display.plot.comparison import rank_fitted
from eisfit.display.plot.intervals import measure_deviations
from eisfit.display.plot.nyquist import find_decades, format_decade
from eisfit.display.plot.series import band_of, lines_of, select_shown
from eisfit.display.plot.style import (
    BLACK,
    BLUE,
    COLORS,
    GREY,
    ORANGE,
    SKY,
    VERMILION,
    choose_ohm_scale,
    format_ohm,
    read_impedance,
    read_relative_noise,
    require_data,
    to_column,
)
from eisfit.display.report.explanation import name_effect, select_shares
from eisfit.display.report.words import Document, append_unit, axes_of, axis_label
from eisfit.display.svg.panel import Panel
from eisfit.errors import EisfitError

_VIRIDIS = ("#440154", "#3b528b", "#21918c", "#5ec962", "#b5de2b")
_BAND = "#999999"
_WITH_POINTS = 6  # spectra: more of them are lines


def draw_fit(document: Document) -> list[Panel]:
    """Return Nyquist plot and residuals of ``FitResult.to_dict()``."""
    f, z = require_data(document)
    fitted = read_impedance(document, "fit")
    panel = _nyquist([("data", f, z, BLUE)], fitted)
    if fitted is None:
        return [panel]
    off = (z - fitted) / np.abs(z)
    return [panel, _residuals(f, off.real, off.imag, read_relative_noise(document, z))]


def draw_check(document: Document) -> list[Panel]:
    """Return Nyquist plot and residuals of ``KramersKronigResult.to_dict()``; failing ranges are shaded."""
    f, z = require_data(document)
    panels = [
        _nyquist([("data", f, z, BLUE)], read_impedance(document, "fit"), fit_label="Kramers-Kronig fit")
    ]
    data, ranges = document["data"], document.get("ranges") or []
    if data.get("residual_real") is None:
        return panels
    below = _residuals(f, data["residual_real"], data["residual_imag"], read_relative_noise(document, z))
    for place, failing in enumerate(ranges):
        below.span(failing["low_Hz"], failing["high_Hz"], ORANGE, label="" if place else "fails")
    return [*panels, below]


def draw_spectra(documents: Sequence[Document]) -> list[Panel]:
    """Return the Nyquist plots of ``Spectrum.to_dict()`` over each other, coloured in their order."""
    spectra = [require_data(document) for document in documents]
    if len(spectra) == 1:
        return [_nyquist([("", *spectra[0], BLUE)])]
    cycles = [document.get("cycle") for document in documents]
    ends = (0, len(spectra) - 1)
    names = [
        ("" if k not in ends else f"#{k}" if cycle is None else f"cycle {cycle:g}")
        for k, cycle in enumerate(cycles)
    ]
    places = np.rint(np.linspace(0, len(_VIRIDIS) - 1, len(spectra))).astype(int)
    return [_nyquist([(n, *s, _VIRIDIS[k]) for n, s, k in zip(names, spectra, places, strict=True)])]


def draw_drt(tau: Any, gamma: Any, low: Any, high: Any, peaks: Sequence[Document]) -> list[Panel]:
    """Return the distribution of relaxation times (T,), ohm over s, with its band and peaks."""
    t = to_column(tau, "tau")
    order = np.argsort(t)
    t, g = t[order], to_column(gamma, "gamma")[order]
    factor, unit = choose_ohm_scale(float(np.nanmax(np.abs(g), initial=0.0)) or 1.0)
    panel = Panel("τ / s", f"γ(ln τ) / {unit}", height=190, log_x=True)
    top = g
    if low is not None and high is not None:
        below, top = to_column(low, "band")[order], to_column(high, "band")[order]
        panel.band(t, factor * below, factor * top, SKY, label="credible band", opacity=0.35)
    panel.line(t, factor * g, BLUE)
    for peak in peaks:
        at = float(peak["tau"])
        height = factor * float(np.interp(np.log(at), np.log(t), np.maximum(g, top)))
        panel.word(at, height, format_ohm(float(peak["resistance"])), dy=-4)
    panel.ylim = (
        min(0.0, 1.05 * factor * float(np.nanmin(g))),
        1.2 * factor * (float(np.nanmax(top)) or 1.0),
    )
    return [panel]


def draw_trends(documents: Sequence[Document], names: Sequence[str] | None = None) -> list[Panel]:
    """Return a panel for each parameter of one or several ``SeriesResult.to_dict()``, with laws and bands."""
    shown = select_shown(documents, names)
    lines = [
        line
        for line in lines_of(documents)
        if any(row.get(n) is not None for row in line["rows"] for n in shown)
    ]
    if not lines:
        raise EisfitError("nothing to draw: no row holds a value")
    return [_trend(lines, name, labelled=place == 0 and len(lines) > 1) for place, name in enumerate(shown)]


def _trend(documents: Sequence[Document], name: str, *, labelled: bool) -> Panel:
    axis = axes_of(documents[0])[0]
    unit = (documents[0].get("units") or {}).get(name)
    panel = Panel(axis_label(axis), append_unit(name, unit).replace("ohm", "Ω"), height=130)
    for place, document in enumerate(documents):
        color, rows = COLORS[place % len(COLORS)], document["rows"]
        x = to_column([row.get(axis["name"]) for row in rows], axis["name"])
        x = x if np.isfinite(x).any() else np.arange(1.0, x.size + 1)
        y, error = (to_column([row.get(key) for row in rows], key) for key in (name, f"{name}_stderr"))
        bars = np.stack([y - error, y + error, np.full(y.size, np.nan)], axis=1).ravel()
        if (band := band_of(document, name)) is not None:
            places = band[axis["name"] if axis["name"] in band else "cycle"]
            panel.band(places, band["low"], band["high"], color, opacity=0.15)
            panel.line(places, band["value"], color, width=1)
        panel.line(np.repeat(x, 3), bars, color, width=0.8)
        sure = np.array([bool(row.get("ok")) for row in rows])
        label = str(document.get("label") or "") if labelled else ""
        panel.points(x, y, color, filled=sure, size=2.4, label=label)
    return panel


def draw_comparison(document: Document) -> list[Panel]:
    """Return the BIC of the circuits of ``Comparison.to_dict()`` above that of the best."""
    bars = rank_fitted(document)
    names = [str(row["circuit"]["name"])[:24] for row, _, _ in bars]
    panel = Panel("BIC above the best circuit", "", height=26 * len(bars) + 8, names=names)
    for place, (row, behind, words) in enumerate(bars):
        color = GREY if row["refused"] else BLUE if row["fits"] else VERMILION
        panel.bar(place, 0.0, behind, color, filled=not row["refused"])
        panel.word(max(behind, 0), place, words, dx=4, dy=3, anchor="start")
    reach = [behind for _, behind, _ in bars]
    panel.xlim = (min(0.0, *reach), 2.2 * max(10.0, *reach))
    return [panel]


def draw_contributions(document: Document) -> list[Panel]:
    """Return the shares of the change of R_ct of ``Explanation.to_dict()``, medians and central 95 %."""
    rows = {name_effect(name, row): row for name, row in select_shares(document).items()}
    if not rows:
        raise EisfitError("nothing to draw: no effect changes R_ct")
    simulated = " (simulated cells)" if document["simulated"] else ""
    panel = Panel(
        f"share of the change of R_ct / Ω{simulated}", "", height=26 * len(rows) + 8, names=list(rows)
    )
    for place, share in enumerate(rows.values()):
        panel.bar(place, 0.0, share["median"], VERMILION if share["median"] > 0 else BLUE)
        panel.bar(place, share["low95"], share["high95"], GREY, thick=2)
    return [panel]


def draw_intervals(document: Document) -> list[Panel]:
    """Return the intervals of ``Intervals.to_dict()`` as deviations from the values in percent."""
    ends, reach = measure_deviations(document)
    what = f"{100 * float(document['level']):g} % interval, deviation / %"
    panel = Panel(what, "", height=22 * len(ends) + 8, names=list(ends), xlim=(-1.05 * reach, 1.05 * reach))
    for place, pair in enumerate(ends.values()):
        low, high = (
            side * reach if end is None else max(-reach, min(reach, end))
            for side, end in zip((-1, 1), pair, strict=True)
        )
        panel.bar(place, low, high, BLUE, thick=3)
        panel.points([0.0], [place], BLUE, filled=True, size=2.4)
        for end, side in zip(pair, (-1, 1), strict=True):
            if end is None or abs(end) > reach:
                panel.word(side * reach, place, "◀" if side < 0 else "▶", dy=3)
    return [panel]


def _nyquist(
    spectra: Sequence[tuple[str, FloatArray, ComplexArray, str]],
    fitted: ComplexArray | None = None,
    fit_label: str = "fit",
) -> Panel:
    factor, unit = choose_ohm_scale(max(float(np.abs(z).max()) for _, _, z, _ in spectra) or 1.0)
    panel = Panel(f"Z′ / {unit}", f"−Z″ / {unit}", equal=True)
    if fitted is not None:
        panel.line(factor * fitted.real, -factor * fitted.imag, BLACK, label=fit_label)
    for label, f, z, color in spectra:
        x, y = factor * z.real, -factor * z.imag
        if len(spectra) > _WITH_POINTS:
            panel.line(x, y, color, label=label)
            continue
        marks = find_decades(f) if len(spectra) == 1 else []
        filled = np.isin(np.arange(f.size), marks)
        panel.points(x, y, color, label=label, filled=filled)
        texts = [format_decade(f[k]) if k in marks else "" for k in range(f.size)]
        panel.tags(x, y, texts)
    return panel


def _residuals(f: FloatArray, real: Any, imaginary: Any, noise: FloatArray | None) -> Panel:
    panel = Panel("frequency / Hz", "residual / % of |Z|", height=90, log_x=True)
    if noise is not None:
        panel.band(f, -100 * noise, 100 * noise, _BAND, label="noise")
    for values, color, label in ((real, BLUE, "real"), (imaginary, VERMILION, "imaginary")):
        percent = 100 * to_column(values, label, f.size)
        panel.line(f, percent, color, width=0.7)
        panel.points(f, percent, color, label=label, size=2)
    panel.line([f.min(), f.max()], [0, 0], BLACK, width=0.8)
    return panel
