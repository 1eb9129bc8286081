"""A figure as a file: PNG, SVG or PDF, the same bytes every time; size and resolution: `paper` in `style`."""

from __future__ import annotations

import io
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eisfit.display import FIGURES
from eisfit.display.plot.style import apply_style, get_figure, paper_columns
from eisfit.errors import UsageError
from eisfit.files import write_atomic

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# A file must not tell when or with which version it was drawn: the same input gives the same bytes.
_METADATA: dict[str, dict[str, Any]] = {
    "png": {"Software": "eisfit"},
    "svg": {"Date": None, "Creator": "eisfit"},
    "pdf": {"CreationDate": None, "Creator": "eisfit", "Producer": "eisfit"},
}


@apply_style
def save(figure: Figure | Axes | Any, path: str | os.PathLike[str]) -> Path:
    """Write a figure (or the figure of these axes) to a PNG, SVG or PDF file, atomically.

    The same figure gives the same bytes whenever it is written; its layout is settled by the first writing.

    Raises
    ------
    UsageError
        When the file name ends in none of these.
    EisfitError
        When the file cannot be written.
    """
    target = Path(path)
    kind = target.suffix.lower().removeprefix(".")
    if kind not in FIGURES:
        known = f".{', .'.join(FIGURES[:-1])} or .{FIGURES[-1]}"
        raise UsageError(f"{target}: a figure can be written as {known}, not as {target.suffix!r}")
    drawn, buffer = get_figure(figure), io.BytesIO()
    engine = drawn.get_layout_engine()
    logging.getLogger("fontTools").setLevel(logging.ERROR)  # it remarks on the dates in every font
    if engine is None:  # no layout engine has made everything fit
        cut: dict[str, Any] = {} if paper_columns() else {"bbox_inches": "tight", "pad_inches": 0.05}
        drawn.savefig(buffer, format=kind, metadata=_METADATA[kind], **cut)
    else:
        _print(drawn, buffer, kind)
    return write_atomic(target, buffer.getvalue())


def _print(drawn: Figure, buffer: io.BytesIO, kind: str) -> None:
    """Settle the layout and draw a figure: once, where ``savefig`` would draw it twice.

    The layout moves a little at every drawing, and text is as wide as the pixels it is fitted to make it: it
    is settled once, at the resolution that is written.
    """
    import matplotlib as mpl
    from matplotlib.backend_bases import get_registered_canvas_class

    shown, dpi = drawn.canvas, drawn.dpi
    try:
        drawn.dpi = mpl.rcParams["savefig.dpi"]
        if engine := drawn.get_layout_engine():
            engine.execute(drawn)
            drawn.set_layout_engine("none")
        canvas: Any = get_registered_canvas_class(kind)(drawn)
        getattr(canvas, f"print_{kind}")(buffer, metadata=_METADATA[kind])
    finally:
        drawn.dpi = dpi
        drawn.set_canvas(shown)
