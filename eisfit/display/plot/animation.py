"""A series as a moving picture: one Nyquist plot after the other, with what came before in grey."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from eisfit.display.plot.style import (
    COLORS,
    apply_style,
    choose_ohm_scale,
    label_impedance,
    new_axes,
    read_impedance,
    require_data,
)
from eisfit.display.report.words import cycle_of
from eisfit.errors import EisfitError, UsageError
from eisfit.files import write_atomic

_MAX_FRAMES = 150  # frames: of a longer series evenly chosen ones are shown
_SUFFIXES = (".gif", ".html")


@apply_style
def nyquist_animation(
    spectra: Sequence[Mapping[str, Any]], path: str | PathLike[str], *, seconds: float = 8.0
) -> Path:
    """Write an animation of the Nyquist plots of a series, and return its path.

    Parameters
    ----------
    spectra
        As for `eisfit.display.plot.nyquist_waterfall`.
    path
        ``.gif``, or ``.html`` for a page with buttons to stop and step.
    seconds
        That it lasts.

    Raises
    ------
    EisfitError
        When there is no spectrum.
    UsageError
        For another suffix.
    """
    target = Path(path)
    if target.suffix.lower() not in _SUFFIXES:
        raise UsageError(f"{target.name}: an animation is written as {' or '.join(_SUFFIXES)}")
    if not spectra:
        raise EisfitError("nothing to draw: there is no spectrum")
    chosen = [spectra[int(k)] for k in np.unique(np.linspace(0, len(spectra) - 1, _MAX_FRAMES).round())]
    made = _animate(chosen, seconds)
    if target.suffix.lower() == ".html":
        return write_atomic(target, made.to_jshtml(default_mode="loop"))
    return write_atomic(target, _write_gif(made, len(chosen) / seconds))


def _animate(spectra: Sequence[Mapping[str, Any]], seconds: float) -> Any:
    from matplotlib.animation import FuncAnimation

    measured = [require_data(document)[1] for document in spectra]
    scale, unit = choose_ohm_scale(max(float(np.abs(z).max()) for z in measured))
    ax = new_axes(5.0, 3.8)
    everything = np.concatenate(measured) * scale
    ax.plot(everything.real, -everything.imag, ",", alpha=0.0)  # every frame has the limits of all
    label_impedance(ax, unit)
    ax.set_aspect("equal", adjustable="datalim")
    (past,) = ax.plot([], [], ".", color="0.85", ms=2, zorder=1)
    (points,) = ax.plot([], [], "o", color=COLORS[0], ms=3.5, zorder=3)
    (line,) = ax.plot([], [], "-", color=COLORS[1], lw=1.2, zorder=2)

    def show(frame: int) -> tuple[Any, ...]:
        z, before = measured[frame] * scale, np.concatenate([[np.nan + 0j], *measured[:frame]]) * scale
        past.set_data(before.real, -before.imag)
        points.set_data(z.real, -z.imag)
        fitted = read_impedance(spectra[frame], "fit")
        fitted = np.empty(0, complex) if fitted is None else fitted * scale
        line.set_data(fitted.real, -fitted.imag)
        ax.set_title(_make_title(spectra[frame], frame))
        return past, points, line

    interval = 1000 * seconds / len(spectra)
    return FuncAnimation(ax.figure, show, frames=len(spectra), interval=interval)  # type: ignore[arg-type]


def _make_title(document: Mapping[str, Any], frame: int) -> str:
    cycle = cycle_of(document)
    return f"spectrum {frame + 1}" if cycle is None else f"cycle {cycle:g}"


def _write_gif(made: Any, rate: float) -> bytes:
    """Return the animation as bytes; matplotlib writes to files alone."""
    from tempfile import TemporaryDirectory

    from matplotlib.animation import PillowWriter

    with TemporaryDirectory() as folder:
        file = Path(folder) / "animation.gif"
        made.save(file, writer=PillowWriter(fps=max(round(rate), 1)), dpi=90)
        return file.read_bytes()
