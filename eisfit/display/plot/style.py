"""How every figure looks: colours, fonts, units, and the size that a journal wants."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar
from weakref import WeakSet

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eisfit.arrays import FloatArray
from eisfit.errors import EisfitError, UsageError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

P = ParamSpec("P")
T = TypeVar("T")

# M. Okabe, K. Ito, "Color Universal Design" (2008): told apart with every common colour vision.
BLUE, VERMILION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
SKY, ORANGE, BLACK, GREY = "#56B4E9", "#E69F00", "#000000", "#6E6E6E"
COLORS = (BLUE, VERMILION, GREEN, PURPLE, SKY, ORANGE, BLACK)

_RC: dict[str, Any] = {
    "axes.formatter.useoffset": False,
    "axes.labelsize": 10.0,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 10.0,
    "axes.unicode_minus": True,
    "errorbar.capsize": 2.5,
    "figure.dpi": 110.0,
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same letters on every machine
    "font.size": 9.0,
    "legend.fontsize": 8.5,
    "legend.frameon": False,
    "lines.linewidth": 1.5,
    "lines.markersize": 4.5,
    "mathtext.fontset": "dejavusans",
    "pdf.fonttype": 42,
    "savefig.dpi": 200.0,
    "svg.hashsalt": "eisfit",
}

_USER_SETTINGS = frozenset(
    {"axes.labelsize", "axes.titlesize", "font.family", "font.size", "legend.fontsize", "mathtext.fontset"}
)

#: Inches of a figure of one panel, where no journal's column is asked for.
WIDTH = 4.8
#: Width of a figure in a journal, inches: one column of two (85 mm), and both with the gap (175 mm).
_WIDTHS = {1: 85 / 25.4, 2: 175 / 25.4}
_PAPER: dict[str, Any] = {
    "axes.labelsize": 8.0,
    "axes.linewidth": 0.6,
    "axes.titlesize": 8.0,
    "font.size": 7.5,
    "legend.fontsize": 7.0,
    "lines.linewidth": 1.0,
    "lines.markersize": 3.2,
    "savefig.dpi": 600.0,
}
_columns: ContextVar[int] = ContextVar("columns", default=0)


@contextmanager
def paper(columns: int) -> Iterator[None]:
    """Draw figures for a paper: 85 or 175 mm wide, with letters of 7 to 8 points.

    Parameters
    ----------
    columns
        That a figure takes of a page with two: 1 or 2; 0 for the usual size.

    Raises
    ------
    UsageError
        For another number.
    """
    if columns not in (0, *_WIDTHS):
        raise UsageError(f"a figure takes 1 or 2 columns, not {columns}")
    before = _columns.set(columns)
    try:
        yield
    finally:
        _columns.reset(before)


def paper_columns() -> int:
    """Return how many columns of a page figures are drawn for, 0 outside `paper`."""
    return _columns.get()


def _compute_size(width: float, height: float) -> tuple[float, float]:
    """Return the size of a figure, inches: as asked for, or as wide as its columns with the same shape."""
    wanted = _WIDTHS.get(_columns.get())
    return (width, height) if wanted is None else (wanted, wanted * max(height / width, 0.4))


_own_figures: WeakSet[Any] = WeakSet()  # figures that were opened here


@contextmanager
def style(foreign: bool = False) -> Iterator[None]:
    """Draw in eisfit's style, and leave the user's settings as they were.

    On `foreign` axes, which the user has made, letters and lines are the user's, as those of the ticks are.
    """
    import matplotlib as mpl
    from cycler import cycler

    settings: Any = {**_RC, **(_PAPER if _columns.get() else {}), "axes.prop_cycle": cycler(color=COLORS)}
    if foreign:
        settings = {key: value for key, value in settings.items() if key not in _USER_SETTINGS}
    with mpl.rc_context(settings):
        try:
            yield
        finally:
            interactive = mpl.is_interactive()
    # The first figure of a notebook turns this on; put back, no later figure would be shown.
    mpl.interactive(interactive)


def apply_style(function: Callable[P, T]) -> Callable[P, T]:
    """Let `function` draw in eisfit's style, in the user's letters on the user's axes."""

    @functools.wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> T:
        with style(foreign=_is_foreign(kwargs)):
            return function(*args, **kwargs)

    return wrapper


def _is_foreign(given: Mapping[str, Any]) -> bool:
    """Return whether what is drawn on was not opened here."""
    drawn = next((given[key] for key in ("ax", "axes", "figure") if given.get(key) is not None), None)
    return drawn is not None and get_figure(drawn) not in _own_figures


@apply_style
def new_figure(width: float = WIDTH, height: float = 3.8) -> Figure:
    """Return an empty figure (inches) that belongs to no window: for files, threads and servers."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=_compute_size(width, height), layout="constrained")
    _own_figures.add(figure)
    return figure


@apply_style
def new_axes(width: float = WIDTH, height: float = 3.8) -> Axes:
    """Return the only axes of a `new_figure`."""
    return new_figure(width, height).subplots()


def open_figure(width: float, height: float) -> Figure:
    """Return a pyplot figure, which a notebook displays of itself."""
    import matplotlib.pyplot as plt

    figure = plt.figure(figsize=_compute_size(width, height), layout="constrained")
    _own_figures.add(figure)
    return figure


def axes_or_new(ax: Axes | None, width: float = WIDTH, height: float = 3.8) -> Axes:
    """Return `ax`, or the axes of a new pyplot figure.

    Raises
    ------
    UsageError
        For several axes.
    """
    if isinstance(ax, (tuple, list, np.ndarray)):
        raise UsageError(f"this figure takes one axes, not {len(ax)}: give it one of them, ax=axes[0]")
    if hasattr(ax, "savefig"):
        raise UsageError("this takes axes, not a figure: ax=figure.subplots()")
    return open_figure(width, height).subplots() if ax is None else ax


def figure_or_new(figure: Figure | None, width: float, height: float) -> Figure:
    """Return `figure` made this large, or a new pyplot figure."""
    if figure is None:
        return open_figure(width, height)
    figure.set_size_inches(*_compute_size(width, height))
    return figure


def get_figure(drawn: Any) -> Any:
    """Return the figure of whatever a plot function returned."""
    given = drawn
    while isinstance(drawn, (tuple, list, np.ndarray)) and len(drawn):
        drawn = drawn[0]
    if hasattr(drawn, "savefig"):
        return drawn
    if not hasattr(drawn, "get_figure"):
        raise UsageError(f"{given!r} is no axes of matplotlib, and no figure")
    try:
        return drawn.get_figure(root=True)
    except TypeError:  # matplotlib < 3.10 has no `root`
        return drawn.get_figure()


_FIT = "eisfit fit"


def name_fits(ax: Axes, line: Any, *, named: bool) -> None:
    """Leave the lines out of the legend where several spectra, each with a name, share the axes."""
    line.set_gid(_FIT if named else None)
    lines = [one for one in ax.lines if one.get_gid() == _FIT]
    for one in lines if len(lines) > 1 else ():
        one.set_label("_")


def to_column(values: ArrayLike | None, name: str, size: int | None = None) -> FloatArray:
    """Return numbers as (N,) floats, None as NaN, checked against the wanted length."""
    return _read_row(np.asarray(values, dtype=np.float64), name, size)


def to_complex_column(values: ArrayLike, name: str, size: int | None = None) -> NDArray[np.complex128]:
    """Return complex numbers as (N,), checked against the wanted length."""
    return _read_row(np.asarray(values, dtype=np.complex128), name, size)


def _read_row(values: NDArray[Any], name: str, size: int | None) -> NDArray[Any]:
    array = np.atleast_1d(values)
    if array.ndim != 1 or (size is not None and array.size != size):
        wanted = "one row" if size is None else f"{size} values"
        raise EisfitError(f"cannot draw {name}: needs {wanted}, got shape {array.shape}")
    return array


def read_impedance(document: Any, kind: str = "Z") -> NDArray[np.complex128] | None:
    """Return ``Z_real_ohm + j Z_imag_ohm`` (or ``fit_...``) of a document's data, None where it has none."""
    data = document.get("data") or {}
    real, imag = data.get(f"{kind}_real_ohm"), data.get(f"{kind}_imag_ohm")
    if real is None or imag is None:
        return None
    return np.asarray(to_column(real, kind) + 1j * to_column(imag, kind))


def require_data(document: Any) -> tuple[FloatArray, NDArray[np.complex128]]:
    """Return frequency (Hz) and impedance (ohm) of a document.

    Raises
    ------
    EisfitError
        When it holds no data, or says why it failed.
    """
    impedance = read_impedance(document)
    if impedance is None:
        source = (document.get("spectrum") or {}).get("source") or "this document"
        reason = document.get("error") or "it holds no measured data"
        raise EisfitError(f"{source}: there is nothing to draw: {reason}")
    return to_column(document["data"]["frequency_Hz"], "frequency", impedance.size), impedance


def read_relative_noise(document: Any, impedance: NDArray[np.complex128]) -> FloatArray | None:
    """Return the standard deviation of a document's data as a fraction of |Z|, None where it is not known."""
    noise = document["data"].get("noise_ohm")
    return None if noise is None else np.asarray(to_column(noise, "noise") / np.abs(impedance))


@functools.lru_cache(maxsize=1)
def _list_letters() -> frozenset[int]:
    from matplotlib.font_manager import findfont, get_font

    return frozenset(get_font(findfont("DejaVu Sans")).get_charmap())


def sanitise(text: str) -> str:
    """Return a name from outside as text that can be drawn: no broken formula, no letter the font lacks."""
    from matplotlib.mathtext import MathTextParser

    letters = _list_letters()
    drawn = "".join(letter if ord(letter) in letters else "?" for letter in " ".join(text.split()))
    if drawn.startswith("_"):  # matplotlib keeps such labels out of the legend
        drawn = f" {drawn}"
    if "$" in drawn:
        try:
            MathTextParser("agg").parse(drawn)
        except ValueError:
            return shorten(drawn.replace("$", r"\$"))
        return drawn
    return shorten(drawn)


def shorten(text: str, length: int = 60) -> str:
    """Return a text that leaves room for the figure."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def prettify(text: str) -> str:
    r"""Return a label with subscripts and the Greek letters that units use on paper.

    >>> print(prettify("R_ct / ohm"))
    $R_\mathrm{ct}$ / Ω
    """
    if "$" in text:  # a formula already
        return sanitise(text)
    text = re.sub(r"\b[A-Z][A-Za-z]{0,3}\d*(?:_[A-Za-z0-9]+)+\b", _format_subscript, text)
    text = re.sub(r"(?<![A-Za-z])([mkM]?)ohm(?![A-Za-z])", lambda found: f"{found[1]}Ω", text)
    return sanitise(_format_exponents(text))


def format_quantity(formula: str) -> str:
    """Return a formula in italics where it is for a paper, else in plain letters.

    Matplotlib takes longer to read its first formula than to draw all the rest.

    >>> format_quantity("-Z''")
    '−Z″'
    """
    if _columns.get():
        return f"${formula}$"
    return formula.replace("-", "−").replace("''", "″").replace("'", "′")


def label_impedance(ax: Axes, unit: str, more: str = "") -> None:
    """Name the axes of a Nyquist plot; `more` is said of the vertical one."""
    real, imaginary = format_quantity("Z'"), format_quantity("-Z''")
    ax.set(xlabel=f"{real} / {unit}", ylabel=f"{imaginary} / {unit}{more}")


def _format_subscript(found: re.Match[str]) -> str:
    element, *rest = found[0].split("_")
    greek = {"alpha": r"\alpha", "tau": r"\tau", "sigma": r"\sigma"}
    symbol = element
    if rest[-1] in greek or rest[-1] in {"Q", "R"}:  # CPE_ct_alpha is the alpha of CPE_ct
        symbol = greek.get(rest[-1], rest[-1])
        rest = [element, *rest[:-1]] if len(rest) == 1 or symbol == "R" else rest[:-1]
    return rf"${symbol}_\mathrm{{{','.join(rest)}}}$"


def _format_exponents(text: str) -> str:
    text = re.sub(r"\bs\^alpha\b", r"$\\mathrm{s}^{\\alpha}$", text)
    text = re.sub(r"\bcm2\b", "cm²", text)
    return re.sub(r"\b(s|cm|m)\^(-?\d+(?:/\d+)?)", r"$\\mathrm{\1}^{\2}$", text)


def choose_ohm_scale(largest: float) -> tuple[float, str]:
    """Return the factor and the unit in which a resistance of this size (ohm) reads best."""
    for limit, factor, unit in ((0.1, 1e3, "mΩ"), (1e4, 1.0, "Ω"), (2e6, 1e-3, "kΩ")):
        if largest < limit:
            return factor, unit
    return 1e-6, "MΩ"


def format_ohm(resistance: float) -> str:
    """Return a resistance as figures write it.

    >>> format_ohm(0.0123), format_ohm(3456.0)
    ('12.3 mΩ', '3456 Ω')
    """
    factor, unit = choose_ohm_scale(resistance)
    scaled = factor * resistance
    return f"{scaled:.3g} {unit}" if scaled < 1000 else f"{scaled:.0f} {unit}"
