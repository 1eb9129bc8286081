"""The Nyquist plot: equal axes, -Z'' upwards, frequency decades marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from eisfit.arrays import ComplexArray, FloatArray
from eisfit.display.plot.style import (
    BLACK,
    apply_style,
    axes_or_new,
    choose_ohm_scale,
    get_figure,
    label_impedance,
    name_fits,
    require_data,
    sanitise,
    to_column,
    to_complex_column,
)
from eisfit.display.report.words import cycle_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SHAPE = (0.5, 1.1)  # least and greatest height over width: no arc of 60 x 15 ohm is squeezed into a strip
_TAG = "eisfit decade"
_UNITS = {"mΩ": 1e3, "Ω": 1.0, "kΩ": 1e-3, "MΩ": 1e-6}


@apply_style
def nyquist(
    frequency: ArrayLike,
    impedance: ArrayLike,
    *,
    fitted: ArrayLike | None = None,
    fitted_frequency: ArrayLike | None = None,
    ax: Axes | None = None,
    label: str | None = None,
    fit_label: str = "fit",
    mark_decades: bool = True,
    color: str | None = None,
) -> Axes:
    """Draw measured points, the fit as a line, and the whole decades of frequency as filled, labelled points.

    Parameters
    ----------
    frequency, impedance
        (F,) Hz and (F,) complex ohm.
    fitted, fitted_frequency
        The fit, at `fitted_frequency` where given, else at `frequency`.
    ax
        Axes to draw on; a new pyplot figure where None. Several spectra may share one.
    label, fit_label
        What the legend calls points and line. Where several spectra share the axes, it names the points.
    mark_decades
        Fill and label the points nearest to 1 Hz, 10 Hz, ...
    color
        Of this spectrum; the next of the cycle where None.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    EisfitError
        When the lengths differ.
    """
    z = to_complex_column(impedance, "impedance")
    f = to_column(frequency, "frequency", z.size)
    ax = axes_or_new(ax)
    factor, name = get_unit_factor(ax, z), None if label is None else sanitise(label)
    (points,) = ax.plot(
        factor * z.real,
        -factor * z.imag,
        "o",
        mfc="none",
        mew=1.0,
        color=color,
        zorder=3,
        label=name or ("data" if fitted is not None else None),
    )
    if fitted is not None:
        size = f.size if fitted_frequency is None else np.size(fitted_frequency)
        line = to_complex_column(fitted, "fitted impedance", size) * factor
        shown = BLACK if color is None and label is None else points.get_color()
        fit_name = fit_label if name is None else f"{name}, {fit_label}"
        (drawn,) = ax.plot(line.real, -line.imag, "-", color=shown, lw=1.2, label=fit_name, zorder=2)
        name_fits(ax, drawn, named=name is not None)
    if mark_decades:
        _mark_decades(ax, f, factor * z, points.get_color())
    _frame_axes(ax)
    _label_decades(ax)
    _add_legend(ax)
    return ax


@apply_style
def nyquist_cycles(
    spectra: Sequence[Mapping[str, Any]],
    *,
    places: Sequence[float | None] | None = None,
    label: str = "cycle",
    ax: Axes | None = None,
) -> Axes:
    """Draw spectrum documents over each other, coloured by cycle or another axis, with a colour bar.

    Parameters
    ----------
    spectra
        Documents of `Spectrum.to_dict` (or any with `cycle` and `data`).
    places, label
        Where each stands on another axis, and that axis' name with its unit; the cycle where None.
    """
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    ax = axes_or_new(ax, 5.2, 3.8)
    known = [cycle_of(document) for document in spectra] if places is None else places
    cycles = [float(k if place is None else place) for k, place in enumerate(known)]
    norm = Normalize(min(cycles, default=0), max(cycles, default=1))
    shades = colormaps["viridis"]
    for cycle, document in zip(cycles, spectra, strict=True):
        f, z = require_data(document)
        nyquist(f, z, ax=ax, mark_decades=False, color=shades(0.9 * float(norm(cycle))))  # type: ignore[arg-type]
    ax.figure.colorbar(ScalarMappable(norm, _cut_light_end(shades)), ax=ax, label=label, shrink=0.7)
    return ax


def _cut_light_end(shades: Any) -> Any:
    """Return the map without its lightest tenth, which is invisible on white paper."""
    from matplotlib.colors import ListedColormap

    return ListedColormap(shades(np.linspace(0, 0.9, 256)))


def get_unit_factor(ax: Axes, impedance: ComplexArray) -> float:
    """Return ohm -> unit of the axis, which the first spectrum drawn on it decides."""
    unit = ax.get_xlabel().rpartition("/ ")[2]
    if unit in _UNITS:
        return _UNITS[unit]
    finite = np.abs(impedance[np.isfinite(impedance)])
    factor, unit = choose_ohm_scale(float(finite.max(initial=0.0)) or 1.0)
    label_impedance(ax, unit)
    return factor


def _frame_axes(ax: Axes) -> None:
    """Set equal axes round everything drawn, of a shape that wastes little room."""
    from matplotlib.ticker import MaxNLocator

    box = ax.dataLim
    if not np.isfinite([box.x0, box.x1, box.y0, box.y1]).all():
        return
    left, right = min(0.0, box.x0) if box.x0 < 0.35 * box.x1 else box.x0, box.x1
    bottom, top = min(0.0, box.y0), max(box.y1, 0.0)
    margin = 0.05 * max(right - left, top - bottom, 1e-12 * abs(right), 1e-30)
    left, right, bottom, top = left - margin, right + 1.6 * margin, bottom - margin, top + 2 * margin
    top = max(top, bottom + _SHAPE[0] * (right - left))
    right = max(right, left + (top - bottom) / _SHAPE[1])
    ax.set(xlim=(left, right), ylim=(bottom, top))
    ax.set_aspect("equal", adjustable="box", anchor="C")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(7 if axis is ax.xaxis else 5, steps=[1, 2, 2.5, 5, 10]))
    if bottom < -2 * margin:
        ax.axhline(0, color="0.8", lw=0.8, zorder=0)


def _add_legend(ax: Axes) -> None:
    if ax.get_legend_handles_labels()[1]:
        ax.legend(loc="best", handletextpad=0.5, borderaxespad=0.2)


def _mark_decades(ax: Axes, frequency: FloatArray, z: ComplexArray, color: Any) -> None:
    places = find_decades(frequency)
    if places:
        (marks,) = ax.plot(z.real[places], -z.imag[places], "o", color=color, zorder=4)
        marks.set_gid(f"{_TAG}|" + "|".join(format_decade(frequency[place]) for place in places))


def _label_decades(ax: Axes) -> None:
    """Label the marks of all spectra on these axes, again from the start: each new one changes the room."""
    for text in [text for text in ax.texts if text.get_gid() == _TAG]:
        text.remove()
    scale = _measure_scale(ax)
    lines = [
        np.column_stack([np.asarray(part, dtype=float) for part in line.get_data()]) for line in ax.lines
    ]
    curve = np.concatenate([_densify(line * scale) for line in lines if len(line) > 2] or [np.zeros((0, 2))])
    area = np.array([ax.get_xlim(), ax.get_ylim()]).T * scale
    taken: list[FloatArray] = []
    for line in ax.lines:
        tag, *words = str(line.get_gid()).split("|")
        if tag == _TAG:
            _label_marks(ax, line, words, scale, (curve, taken, area))


def _label_marks(ax: Axes, line: Any, words: list[str], scale: float, room: tuple[Any, Any, Any]) -> None:
    for x, y, word in zip(*line.get_data(), words, strict=True):
        anchor = np.array([float(x), float(y)])
        offset = _find_label_place(anchor * scale, word, *room)
        if offset is not None:
            text = ax.annotate(
                word, (x, y), offset, textcoords="offset points", ha="center", va="center", fontsize=7.5
            )
            text.set_gid(_TAG)
            centre, half = anchor * scale + np.array(offset), _estimate_half_size(word)
            room[1].append(np.array([centre - half, centre + half]))


def _densify(line: FloatArray) -> FloatArray:
    """Return points along a drawn line no further apart than a label is high."""
    line = line[np.isfinite(line).all(axis=1)]
    pieces = [np.linspace(a, b, min(100, 2 + int(np.abs(b - a).max() / 4))) for a, b in pairwise(line)]
    return np.concatenate([line, *pieces])


def find_decades(frequency: FloatArray) -> list[int]:
    """Return the places of the points nearest to whole decades, at most a tenth of a decade away."""
    log = np.log10(frequency)
    wanted = np.arange(np.ceil(log.min() - 0.1), np.floor(log.max() + 0.1) + 1)
    nearest = [int(np.argmin(np.abs(log - decade))) for decade in wanted]
    return [place for place, decade in zip(nearest, wanted, strict=True) if abs(log[place] - decade) <= 0.1]


def format_decade(frequency: float) -> str:
    """Return a whole decade of frequency as labels name it, such as 10 kHz."""
    exponent = round(float(np.log10(frequency)))
    power = max(-9, min(9, 3 * (exponent // 3)))
    prefix = {-9: "n", -6: "µ", -3: "m", 0: "", 3: "k", 6: "M", 9: "G"}[power]
    return f"{10.0 ** (exponent - power):g} {prefix}Hz"


def _measure_scale(ax: Axes) -> float:
    """Return about how many typographic points one unit of the axes takes when drawn."""
    place = ax.get_position(original=True)
    room = 72 * np.array(get_figure(ax).get_size_inches()) * [place.width, place.height]
    span = np.array([np.ptp(ax.get_xlim()), np.ptp(ax.get_ylim())])
    return float((room / span).min())


def _estimate_half_size(words: str) -> FloatArray:
    return np.array([2.35 * len(words) + 1.5, 4.8])  # points, half of the label's box at 7.5 pt


def _find_label_place(
    anchor: FloatArray, words: str, curve: FloatArray, taken: list[FloatArray], area: FloatArray
) -> tuple[float, float] | None:
    """Return the offset (points) of the first place where the label hits neither points nor labels."""
    half = _estimate_half_size(words)
    for radius in (6.0, 12.0):
        for angle in np.deg2rad([90, 60, 120, 30, 150, -90, -60, -120, 0, 180, -30, -150]):
            direction = np.array([np.cos(angle), np.sin(angle)])
            offset = direction * (half + radius * 0.85)
            low, high = anchor + offset - half, anchor + offset + half
            inside = (low >= area[0]).all() and (high <= area[1]).all()
            hits_curve = ((curve > low - 3.0) & (curve < high + 3.0)).all(axis=1).any()
            hits_label = any((low < other[1]).all() and (high > other[0]).all() for other in taken)
            if inside and not hits_curve and not hits_label:
                return float(offset[0]), float(offset[1])
    return None
