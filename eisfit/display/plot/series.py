"""Series of cells: parameters with the band of their growth law, and Nyquist plots one above the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from eisfit.display.plot.style import (
    COLORS,
    WIDTH,
    apply_style,
    axes_or_new,
    choose_ohm_scale,
    figure_or_new,
    label_impedance,
    paper_columns,
    read_impedance,
    require_data,
    to_column,
)
from eisfit.display.plot.trends import explain_hollow, get_bounds, trend
from eisfit.display.report.along_axis import place_text
from eisfit.display.report.words import Document, append_unit, axes_of, axis_label, cycle_of
from eisfit.errors import EisfitError
from eisfit.verdict import BELIEVED

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MAX_RATIO = 10.0  # between the largest and the smallest spectrum of a figure in ohm
_LOG_RATIO = 3.0  # factor between values of a parameter
_MAX_SPANS = 5.0  # times the span of what can be used, from which the rest does not set the frame
_LINES_NAMED = 12
_POINTS_SHOWN = 15  # spectra: of more, only the lines are told apart


@apply_style
def cells_trend(
    documents: Sequence[Document], name: str, *, ax: Axes | None = None, label: bool = True
) -> Axes:
    """Draw one parameter of one or several cells over the cycles, each with its growth law and 95 % band.

    Parameters
    ----------
    documents
        Of each cell, what ``SeriesResult.to_dict()`` gives (``eisfit.track/2``); cells with the same
        ``group`` have one colour and one name.
    name
        Of the parameter.
    ax
        Axes to draw on; a new pyplot figure where None.
    label
        Name the cells in a legend.

    Raises
    ------
    EisfitError
        When no cell has this parameter.
    """
    shown = [document for document in documents if _holds(document, name)]
    if not shown:
        raise EisfitError(f"nothing to draw: no row holds a value of {name}")
    ax = axes_or_new(ax, WIDTH, 3.4)
    groups = list(dict.fromkeys(document.get("group") for document in documents))
    for document in lines_of([*shown]):
        rows, unit = document["rows"], (document.get("units") or {}).get(name)
        axis, group = axes_of(document)[0], document.get("group")
        named = group or document.get("label") or None
        again = group and named in ax.get_legend_handles_labels()[1]
        trend(
            to_column([row.get(axis["name"]) for row in rows], axis["name"]),
            to_column([row.get(name) for row in rows], name),
            to_column([row.get(f"{name}_stderr") for row in rows], name),
            ok=[_is_believed(row, name) for row in rows],
            within=get_bounds(document, name),
            label=named if label and not again else None,
            color=COLORS[groups.index(group) % len(COLORS)] if group else None,
            ax=ax,
            xlabel=axis_label(axis),
            ylabel=append_unit(name, unit),
        )
        _draw_band(ax, band_of(document, name), axis["name"])
    if axes_of(shown[0])[0]["name"] not in ("cycle", "time"):
        _frame_axes(ax, shown, name)
    return ax


#: What may hold the law of a parameter along an axis.
LAWS = ("growth", "arrhenius", "lines", "curves")


def add_groups(documents: Sequence[Document], groups: Mapping[str, Sequence[str]] | None) -> list[Document]:
    """Return the documents of cells, each with the name of the group that its label belongs to."""
    of = {label: name for name, labels in (groups or {}).items() for label in labels}
    return [{**one, "group": of.get(one.get("label", ""))} for one in documents]


def band_of(document: Document, name: str) -> Document | None:
    """Return the band of the law that a parameter follows, None where there is none."""
    found = [((document.get(law) or {}).get(name) or {}).get("band") for law in LAWS]
    return next((band for band in found if band), None)


def lines_of(documents: Sequence[Document]) -> list[Document]:
    """Return the lines of grids as documents of their own, labelled by their place on the second axis."""
    found: list[Document] = []
    for document in documents:
        if not document.get("grid"):
            found.append(document)
            continue
        second = document["axes"][1]
        for part in document["grid"]:
            value = part[second["name"]]
            rows = [row for row in document["rows"] if row.get(second["name"]) == value]
            label = f"{second['name']} {value:g} {second['unit']}".rstrip() if value is not None else "?"
            axes = document["axes"][:1]
            found.append({**document, **part, "grid": None, "rows": rows, "label": label, "axes": axes})
    return found


def _is_believed(row: Mapping[str, Any], name: str) -> bool:
    """Return whether a value is one to rely on: its fit can be used, and determines it."""
    return bool(row.get("ok")) and row.get(f"{name}_verdict", "determined") in BELIEVED


def _frame_axes(ax: Axes, documents: Sequence[Document], name: str) -> None:
    """Make the axis logarithmic where a parameter moves by more than a factor of three, and frame its values.

    Fits that cannot be used do not set the frame where there are two that can.
    """
    rows = [row for document in documents for row in document["rows"] if row.get(name) is not None]
    usable = [row[name] for row in rows if row.get("ok")]
    values = usable if len(usable) > 1 else [row[name] for row in rows]
    low, high = min(values), max(values)
    if low > 0 and high > _LOG_RATIO * low:
        margin = (high / low) ** 0.15
        ax.set_yscale("log")
        ax.set_ylim(low / margin, high * margin)
    elif np.ptp([row[name] for row in rows]) > _MAX_SPANS * (high - low or abs(high)):
        margin = 0.5 * (high - low or abs(high))
        ax.set_ylim(low - margin, high + margin)


def _holds(document: Document, name: str) -> bool:
    return any(row.get(name) is not None for row in document.get("rows") or [])


def _draw_band(ax: Axes, band: Document | None, axis: str) -> None:
    if not band or not ax.containers:
        return
    color = ax.containers[-1].lines[0].get_color()  # type: ignore[attr-defined]
    low, high = (np.array(band[key], dtype=float) for key in ("low", "high"))
    places = band[axis if axis in band else "cycle"]
    ax.plot(places, band["value"], "-", color=color, lw=1.2, zorder=2)
    if np.isfinite(low).all() and np.isfinite(high).all():
        frame = ax.get_ylim()
        ax.fill_between(places, low, high, color=color, alpha=0.15, lw=0, zorder=1)
        if np.ptp(ax.get_ylim()) > _MAX_SPANS * abs(frame[1] - frame[0]):  # of three points, say
            ax.set_ylim(frame)


@apply_style
def cells_trends(
    documents: Sequence[Document], *, names: Sequence[str] | None = None, figure: Figure | None = None
) -> tuple[Axes, ...]:
    """Draw every parameter of one or several cells, a small panel each, with growth laws and bands.

    Parameters
    ----------
    documents
        As for `cells_trend`.
    names
        Parameters to show; all that have a value where None.
    figure
        An empty figure; a new pyplot figure where None.

    Raises
    ------
    EisfitError
        When there is nothing to draw.
    """
    shown = select_shown(documents, names)
    columns = min(3, len(shown), 2 if len(shown) in (2, 4) or paper_columns() == 1 else 3)
    lines = -(-len(shown) // columns)
    figure = figure_or_new(figure, 1.0 + 2.8 * columns, 0.6 + 2.0 * lines)
    axes = figure.subplots(lines, columns, squeeze=False, sharex=True).ravel()
    for place, (ax, name) in enumerate(zip(axes, shown, strict=False)):
        cells_trend(documents, name, ax=ax, label=place == 0 and len(lines_of(documents)) > 1)
        lowest = place + columns >= len(shown)
        ax.tick_params(labelbottom=lowest)
        if not lowest:
            ax.set_xlabel("")
    if any(not row.get("ok") for document in documents for row in document["rows"]):
        explain_hollow(axes[0])
    _move_legend(axes[0], list(axes[len(shown) :]))
    return tuple(axes[: len(shown)])


def _move_legend(ax: Axes, spare: Sequence[Axes]) -> None:
    """Move a legend into a panel that nothing was drawn in, where there is one; the others are not shown."""
    legend = ax.get_legend()
    for place, empty in enumerate(spare):
        empty.set_axis_off()
        if legend is not None and place == 0:
            empty.legend(*ax.get_legend_handles_labels(), loc="center left")
            legend.remove()


def select_shown(documents: Sequence[Document], names: Sequence[str] | None) -> list[str]:
    """Return the parameters that are drawn: these, or all that have a value.

    Raises
    ------
    EisfitError
        When there is none.
    """
    units = [name for document in documents for name in document.get("units") or {}]
    known = [name for name in dict.fromkeys(units) if any(_holds(document, name) for document in documents)]
    shown = list(names) if names is not None else known
    if not shown:
        raise EisfitError("nothing to draw: no row of this track has a fitted parameter")
    return shown


@apply_style
def nyquist_waterfall(
    spectra: Sequence[Document],
    *,
    step: float | None = None,
    places: Sequence[float | None] | None = None,
    axis: Document | None = None,
    labels: Sequence[str] = (),
    ax: Axes | None = None,
    figure: Figure | None = None,
) -> Axes:
    """Draw Nyquist plots one above the other, each shifted by `step`, coloured by cycle or another axis.

    Where the largest is more than ten times as large as the smallest, each is drawn in parts of its largest
    |Z|.

    Parameters
    ----------
    spectra
        What ``Spectrum.to_dict()`` gives, in the order to be drawn; with `fit_real_ohm` and `fit_imag_ohm` in
        the data the fit is drawn as a line.
    step
        Shift from one to the next, ohm; where None a quarter of the tallest spectrum, and less where the
        figure would become a tower.
    places, axis
        Where each stands on another axis, and its name and unit; the cycle where None.
    labels
        Words beside the right end of each; empty ones are left out.
    ax
        Axes to draw on; where None, those of a figure that is as high as the spectra need.
    figure
        An empty one for that; a new pyplot figure where None.

    Raises
    ------
    EisfitError
        When there is no spectrum.
    """
    if not spectra:
        raise EisfitError("nothing to draw: there is no spectrum")
    import matplotlib as mpl

    measured = [require_data(document)[1] for document in spectra]
    known = [cycle_of(document) for document in spectra] if places is None else list(places)
    told = all(place is not None for place in known)
    cycles = [float(place) if told and place is not None else k + 1.0 for k, place in enumerate(known)]
    sizes = [float(np.abs(z).max()) for z in measured]
    scale, unit = choose_ohm_scale(max(sizes))
    scales = [scale] * len(sizes)
    if step is None and max(sizes) > _MAX_RATIO * min(sizes) > 0:
        scales, unit = [1 / size for size in sizes], "largest |Z|"
    shift = _step([z * k for z, k in zip(measured, scales, strict=True)]) if step is None else step * scale
    ax = ax or figure_or_new(figure, WIDTH, _find_height(measured, scales, shift)).subplots()
    norm = mpl.colors.Normalize(min(cycles), max(*cycles, min(cycles) + 1e-9))
    shades = mpl.colormaps["viridis"]
    for place, (z, cycle, document, scale) in enumerate(zip(measured, cycles, spectra, scales, strict=True)):
        color, up = shades(0.92 * norm(cycle)), place * shift
        if len(spectra) <= _POINTS_SHOWN:
            ax.plot(z.real * scale, up - z.imag * scale, ".", color=color, ms=3, zorder=3)
        fitted = read_impedance(document, "fit")
        line = z if fitted is None else fitted
        ax.plot(line.real * scale, up - line.imag * scale, "-", color=color, lw=1.0, zorder=2)
    for place, label in enumerate(labels):
        end = float(measured[place].real.max()) * scales[place], place * shift
        ax.annotate(label, end, (6, 0), textcoords="offset points", va="center", size=8)
        ax.update_datalim([(1.15 * end[0], end[1])] if label else [])
    label_impedance(ax, unit, ", shifted")
    ax.set_aspect("equal", adjustable="datalim")
    bar = mpl.cm.ScalarMappable(norm, mpl.colors.ListedColormap(shades(np.linspace(0, 0.92, 128))))
    ax.figure.colorbar(bar, ax=ax, label=axis_label(axis or axes_of({})[0]) if told else "spectrum")
    return ax


def series_waterfall(document: Document, **options: Any) -> Axes:
    """Draw the spectra of a track document (``eisfit.track/2``) one above the other, coloured by its axis.

    Of a grid, the first of each line says where the line stands on the second axis.
    """
    axes, pairs = axes_of(document), zip(document["rows"], document["results"], strict=True)
    fitted = [(row, fit) for row, fit in pairs if fit["error"] is None]
    lines = [place_text(row, axes[1]) if len(axes) > 1 else "" for row, _ in fitted]
    labels = [one if one != before else "" for before, one in zip(["", *lines], lines, strict=False)]
    return nyquist_waterfall(
        [fit for _, fit in fitted],
        places=[row.get(axes[0]["name"]) for row, _ in fitted],
        axis=axes[0],
        labels=labels if len(set(lines)) <= _LINES_NAMED else (),
        **options,
    )


def _find_height(measured: Sequence[NDArray[np.complex128]], scales: Sequence[float], shift: float) -> float:
    """Return the height of a figure, inches, that equal axes fill where the spectra take its width."""
    heaps = [z * k - 1j * place * shift for place, (z, k) in enumerate(zip(measured, scales, strict=True))]
    every = np.concatenate(heaps)
    return float(np.clip(0.7 + 3.2 * np.ptp(every.imag) / max(np.ptp(every.real), 1e-300), 2.4, 7.0))


def _step(measured: Sequence[NDArray[np.complex128]]) -> float:
    """Return a shift that keeps the spectra apart and the whole no taller than 1.3 times what is wide."""
    tallest = max(float(np.ptp(z.imag)) for z in measured)
    widest = max(float(np.ptp(z.real)) for z in measured)
    return min(0.25 * tallest, 1.3 * max(tallest, widest) / len(measured))
