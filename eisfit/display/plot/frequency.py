"""Plots over frequency: Bode, residuals, distribution of relaxation times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from eisfit.display.plot.style import (
    BLACK,
    BLUE,
    GREY,
    SKY,
    VERMILION,
    WIDTH,
    apply_style,
    axes_or_new,
    choose_ohm_scale,
    format_ohm,
    format_quantity,
    name_fits,
    open_figure,
    sanitise,
    to_column,
    to_complex_column,
)
from eisfit.errors import UsageError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WORDS = 1.3  # decades of tau that the words of a peak take


@apply_style
def bode(
    frequency: ArrayLike,
    impedance: ArrayLike,
    *,
    fitted: ArrayLike | None = None,
    fitted_frequency: ArrayLike | None = None,
    axes: Axes | Sequence[Axes] | None = None,
    label: str | None = None,
) -> tuple[Axes, Axes]:
    """Draw magnitude and phase over frequency.

    Parameters
    ----------
    frequency, impedance
        (F,) Hz and (F,) complex ohm.
    fitted, fitted_frequency
        The fit, complex ohm, at `fitted_frequency` where given, else at `frequency`.
    axes
        Two axes, for magnitude and for phase; a new pyplot figure where None. On one, the phase has its
        scale at the right, and filled points.
    label
        For the legend.

    Returns
    -------
    tuple of matplotlib.axes.Axes
        Magnitude (ohm, logarithmic) and phase (degrees, atan2: -90 for a capacitor).
    """
    z = to_complex_column(impedance, "impedance")
    f = to_column(frequency, "frequency", z.size)
    if axes is None:
        axes = open_figure(WIDTH, 4.4).subplots(2, 1, sharex=True)
    upper, lower = _get_two_axes(axes)
    face = "full" if lower.get_gid() == _PHASE else "none"
    known = None if label is None else sanitise(label)
    name = known or ("data" if fitted is not None else None)
    (points,) = upper.plot(f, np.abs(z), "o", mfc="none", mew=1.0, label=name, zorder=3)
    lower.plot(f, _compute_phase(z), "o", fillstyle=face, mew=1.0, color=points.get_color(), zorder=3)
    if fitted is not None:
        at = f if fitted_frequency is None else to_column(fitted_frequency, "frequency of the fit")
        line = to_complex_column(fitted, "fitted impedance", at.size)
        name = "fit" if known is None else f"{known}, fit"
        shown = BLACK if label is None else points.get_color()
        (drawn,) = upper.plot(at, np.abs(line), "-", color=shown, lw=1.2, label=name, zorder=2)
        name_fits(upper, drawn, named=known is not None)
        lower.plot(at, _compute_phase(line), "-", color=shown, lw=1.2, zorder=2)
    _label_bode(upper, lower)
    return upper, lower


_PHASE = "eisfit phase"


def _get_two_axes(axes: Axes | Sequence[Axes]) -> tuple[Axes, Axes]:
    """Return the axes of magnitude and phase; of one, the phase's scale is at its right."""
    if isinstance(axes, (Sequence, np.ndarray)):
        if len(axes) != 2:
            raise UsageError(f"a Bode plot takes two axes, for magnitude and phase, or one, not {len(axes)}")
        return axes[0], axes[1]
    there = [ax for ax in axes.figure.axes if ax.get_gid() == _PHASE and ax.bbox.bounds == axes.bbox.bounds]
    if there:
        return axes, there[0]
    right = axes.twinx()
    right.set_gid(_PHASE)
    right.spines["right"].set_visible(True)
    return axes, right


def _compute_phase(impedance: Any) -> Any:
    return np.degrees(np.arctan2(impedance.imag, impedance.real))


def _label_bode(upper: Axes, lower: Axes) -> None:
    from matplotlib.ticker import MultipleLocator

    upper.set(yscale="log", ylabel=f"{format_quantity('|Z|')} / Ω")
    lower.set(ylabel="phase / °")
    span = float(np.ptp(lower.get_ylim()))
    step = next((step for step in (1, 2, 5, 10, 15, 30, 45) if span / step < 6), 90)
    lower.yaxis.set_major_locator(MultipleLocator(step))
    _write_plain_numbers(upper)
    apart = upper.get_shared_x_axes().joined(upper, lower) is False
    format_frequency_axis(upper, labelled=apart or lower.get_gid() == _PHASE)
    format_frequency_axis(lower)
    if upper.get_legend_handles_labels()[1]:
        upper.legend(loc="best")


def _write_plain_numbers(ax: Axes) -> None:
    """Write 5, 10, 20, 50 instead of powers of ten where the axis spans few decades."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = ax.get_ylim()
    if high / low > 300 or low < 1e-3 or high > 1e5:
        return
    ax.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.yaxis.set_minor_formatter(NullFormatter())


def format_frequency_axis(ax: Axes, *, labelled: bool = True) -> None:
    """Make x a logarithmic frequency axis with a tick at every decade (every other where many).

    Small ticks at 2 and 5 only where the decades leave room for them: ticks are most of what is drawn.
    """
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

    ax.set_xscale("log")
    ax.xaxis.set_major_locator(LogLocator(numticks=9))
    ax.xaxis.set_major_formatter(FuncFormatter(_format_power_of_ten))
    low, high = ax.get_xlim()
    few = 0 < low < high <= _FEW_DECADES * low
    ax.xaxis.set_minor_locator(LogLocator(subs=(2.0, 5.0), numticks=40) if few else NullLocator())
    ax.xaxis.set_minor_formatter(NullFormatter())
    if labelled:
        ax.set_xlabel("frequency / Hz")


_FEW_DECADES = 1e5
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def _format_power_of_ten(value: float, _: int) -> str:
    """Return a decade as 10⁻², in plain letters; matplotlib's own labels are formulae, which are parsed."""
    return "10" + str(round(np.log10(value))).translate(_RAISED)


@apply_style
def residuals(
    frequency: ArrayLike,
    residual_real: ArrayLike,
    residual_imag: ArrayLike,
    *,
    noise: ArrayLike | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the residuals of both parts, in percent of abs(Z).

    Parameters
    ----------
    frequency
        (F,) Hz.
    residual_real, residual_imag
        (F,) fractions of abs(Z): (Z - fit) / abs(Z).
    noise
        One standard deviation of the data as a fraction of abs(Z): one number or (F,). Drawn as a band.
    ax
        Axes to draw on; a new pyplot figure where None.
    """
    f = to_column(frequency, "frequency")
    ax = axes_or_new(ax, WIDTH, 2.8)
    order = np.argsort(f)
    ax.axhline(0, color=BLACK, lw=0.8, zorder=1)
    if noise is not None:
        band = 100 * np.broadcast_to(to_column(noise, "noise"), f.shape)[order]
        ax.fill_between(f[order], -band, band, color="0.88", lw=0, label="noise (±1 s.d.)", zorder=0)
    for values, marker, color, name in (
        (residual_real, "o", BLUE, "real"),
        (residual_imag, "s", VERMILION, "imaginary"),
    ):
        percent = 100 * to_column(values, f"{name} residual", f.size)
        ax.plot(f, percent, marker, ls="-", lw=0.6, ms=3.5, mfc="none", color=color, label=name, zorder=3)
    largest = max((abs(limit) for limit in ax.get_ylim()), default=1.0)
    ax.set(ylim=(-1.05 * largest, 1.05 * largest), ylabel=f"residual / % of {format_quantity('|Z|')}")
    format_frequency_axis(ax)
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, columnspacing=1.2, borderaxespad=0.1)
    return ax


@apply_style
def drt(
    tau: ArrayLike,
    gamma: ArrayLike,
    *,
    low: ArrayLike | None = None,
    high: ArrayLike | None = None,
    peaks: Sequence[float | Mapping[str, Any]] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a distribution of relaxation times.

    Parameters
    ----------
    tau, gamma
        (T,) s and (T,) ohm (per unit of ln tau).
    low, high
        (T,) ohm, the credible band.
    peaks
        Their time constants (s), or mappings with `tau` and, where known, `resistance` (ohm).
    ax
        Axes to draw on; a new pyplot figure where None.
    """
    t = to_column(tau, "tau")
    order = np.argsort(t)
    t, g = t[order], to_column(gamma, "gamma", t.size)[order]
    ax = axes_or_new(ax, WIDTH, 3.2)
    factor, unit = choose_ohm_scale(float(np.nanmax(np.abs(g), initial=0.0)) or 1.0)
    above = factor * g
    if low is not None and high is not None:
        below, above = (factor * to_column(edge, "band", t.size)[order] for edge in (low, high))
        ax.fill_between(t, below, above, color=SKY, alpha=0.35, lw=0, label="credible band", zorder=1)
        ax.legend(loc="upper left")
    ax.plot(t, factor * g, "-", color=BLUE, zorder=2)
    ax.axhline(0, color="0.8", lw=0.8, zorder=0)
    ax.set(xscale="log", xlabel=r"$\tau$ / s", ylabel=rf"$\gamma(\ln \tau)$ / {unit}")
    if np.nanmax(above, initial=0.0) > 0:
        ax.set_ylim(top=1.35 * float(np.nanmax(above)))
    last, lifted = -np.inf, False
    for peak in peaks or ():
        fields = peak if isinstance(peak, Mapping) else {"tau": peak}
        at = fields.get("tau", fields.get("tau_s"))
        if at is None:
            continue
        resistance = fields.get("resistance", fields.get("resistance_ohm", fields.get("R")))
        words = _format_time(at) + ("" if resistance is None else f"\n{format_ohm(resistance)}")
        lifted = np.log10(at) - last < _WORDS and not lifted  # the words of near peaks stand at two heights
        last = float(np.log10(at))
        height, top = (float(np.interp(np.log(at), np.log(t), curve)) for curve in (factor * g, above))
        _mark_peak(ax, at, height, max(height, top), words, lift=24 if lifted else 0)
    return ax


def _mark_peak(ax: Axes, at: float, height: float, top: float, words: str, *, lift: int) -> None:
    ax.plot([at], [height], "v", color=VERMILION, ms=5, zorder=4)
    ax.annotate(
        words,
        (at, top),
        (0, 5 + lift),
        textcoords="offset points",
        ha="center",
        va="bottom",
        fontsize=7.5,
        color=GREY,
    )


def _format_time(time: float) -> str:
    for limit, factor, unit in ((1e-6, 1e9, "ns"), (1e-3, 1e6, "µs"), (1.0, 1e3, "ms")):
        if time < limit:
            return f"{time * factor:.3g} {unit}"
    return f"{time:.3g} s"
