"""Results as one page that opens in any browser, without a network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from os import PathLike, fspath
from pathlib import Path
from typing import Any

import numpy as np

from eisfit.display.report.words import name_of
from eisfit.errors import SpectrumError, UsageError
from eisfit.files import write_atomic
from eisfit.fitting.failure import FitFailure
from eisfit.fitting.result import FitResult
from eisfit.model.circuit import Circuit
from eisfit.spectra.axes import AXIS_UNITS
from eisfit.spectra.spectrum import Spectrum
from eisfit.tracking.series_result import SeriesResult
from eisfit.validation.kramers_kronig import check

_PER_DECADE = 15  # points of a fitted curve: smooth at the size of a screen
_MAX_BYTES = 5_000_000  # bytes; what a mail server and a telephone still take

Result = FitResult | FitFailure | SeriesResult


def html_report(
    results: Result | Iterable[Result], path: str | PathLike[str], *, title: str | None = None
) -> Path:
    """Write results as one self-contained HTML page.

    Parameters
    ----------
    results
        What `eisfit.fit` and `eisfit.track` return, one or several; a series gets a slider and trends.
    path
        Of the ``.html`` file; written atomically.
    title
        Of the page; the names of what it shows where None.

    Returns
    -------
    pathlib.Path
        `path`.

    Raises
    ------
    UsageError
        When there is nothing to show, more than one page of 5 MB holds, `path` does not end in .html, or its
        folder is not there.
    EisfitError
        When the file cannot be written.

    Examples
    --------
    >>> import eisfit
    >>> result = eisfit.fit(eisfit.read("cell.mpt"), "rs-sei-ct-w")  # doctest: +SKIP
    >>> eisfit.html_report(result, "report.html")  # doctest: +SKIP
    """
    check_page(path)
    text = build_report(results, title=title).encode("utf-8")
    check_size(path, len(text))
    return write_atomic(path, text)


def check_size(path: str | PathLike[str], size: int) -> None:
    """Refuse a page of more bytes than browsers and mail take.

    Raises
    ------
    UsageError
        When it is larger.
    """
    if size > _MAX_BYTES:
        raise UsageError(
            f"{fspath(path)}: would be {size / 1e6:.1f} MB large, above {_MAX_BYTES / 1e6:g} MB: "
            "report on fewer files at a time"
        )


def check_page(path: str | PathLike[str]) -> None:
    """Refuse a place where no page can be written, before there is anything to write.

    Raises
    ------
    UsageError
        When it does not end in .html, or its folder is not there.
    """
    if Path(path).suffix.lower() not in {".html", ".htm"}:
        raise UsageError(f"{fspath(path)}: the name of a report ends in .html")
    home = Path(path).absolute().parent
    if not home.is_dir():
        raise UsageError(f"{fspath(path)}: there is no folder {home}; make it, or name another")


def build_report(results: Result | Iterable[Result], *, title: str | None) -> str:
    """Return the page that `html_report` writes.

    Raises
    ------
    UsageError
        When there is nothing to show.
    """
    from eisfit.display.pages.workbench import build_report_page
    from eisfit.model.drawing import draw_for_page

    groups = [_make_group(result) for result in _iterate_results(results)]
    if not groups:
        raise UsageError("there is no result to report on")
    return build_report_page(groups, title=title or _make_title(groups), draw=draw_for_page, axes=AXIS_UNITS)


def make_item(result: FitResult | FitFailure) -> dict[str, Any]:
    """Return what a page draws of a result: fit, curve, Kramers-Kronig test; see `make_entry`."""
    if isinstance(result, FitFailure):
        return {"fit": result.to_dict(), "check": None, "curve": None}
    return {
        "fit": result.to_dict(),
        "check": _run_check(result),
        "curve": compute_curve(result.spectrum, result.circuit, result.values),
    }


def _iterate_results(results: Result | Iterable[Result]) -> Iterator[Result]:
    """Yield the results; one alone too, and the cells of several series."""
    if isinstance(results, (FitResult, FitFailure, SeriesResult)):
        yield results
        return
    if isinstance(results, (str, Spectrum)) or not isinstance(results, Iterable):
        raise UsageError(f"a report shows fits and series, not {type(results).__name__}: fit it first")
    for result in results:
        if not isinstance(result, (FitResult, FitFailure, SeriesResult)):
            raise UsageError(f"a report shows fits and series, not {type(result).__name__}")
        yield result


def _make_group(result: Result) -> dict[str, Any]:
    if isinstance(result, SeriesResult):
        track = result.to_dict(data=False)
        items = [make_item(one) for one in result]
        return {"label": result.label, "items": items, "track": track, "notes": result.notes}
    item, notes = make_item(result), () if isinstance(result, FitFailure) else result.spectrum.notes
    return {"label": name_of(item["fit"]), "items": [item], "track": None, "notes": notes}


def _make_title(groups: list[dict[str, Any]]) -> str:
    labels = [group["label"] or "spectra" for group in groups]
    more = f" and {len(labels) - 3} more" if len(labels) > 3 else ""
    return f"Impedance of {', '.join(labels[:3])}{more}"


def _run_check(result: FitResult) -> dict[str, Any]:
    try:
        document = check(result.spectrum).to_dict()
    except SpectrumError as error:
        return {"spectrum": result.spectrum.summary(), "error": str(error)}
    kept = ("frequency_Hz", "residual_real", "residual_imag")
    residuals = {key: document["data"][key] for key in kept}
    return {**{key: value for key, value in document.items() if key != "data"}, "residuals": residuals}


def compute_curve(
    spectrum: Spectrum, circuit: Circuit, values: Mapping[str, float]
) -> dict[str, list[float]]:
    """Return a circuit's impedance over the range of a spectrum, close enough to look smooth."""
    high, low = spectrum.frequency[[0, -1]]
    number = max(2, round(_PER_DECADE * float(np.log10(high / low))) + 1)
    grid = np.geomspace(high, low, number)
    z = circuit.impedance(grid, values)
    return {"frequency_Hz": grid.tolist(), "Z_real_ohm": z.real.tolist(), "Z_imag_ohm": z.imag.tolist()}
