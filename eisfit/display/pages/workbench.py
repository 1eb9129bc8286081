"""The one page: a report that only shows, `eisfit view` with a server behind it, and the browser build."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from typing import Any

from eisfit import __version__
from eisfit.display.pages.entries import make_entry, make_measurement
from eisfit.display.pages.page import build_page, read_asset
from eisfit.display.pages.trends import list_trends
from eisfit.display.report.names import tell_apart
from eisfit.display.report.words import Document, clean, count
from eisfit.verdict import GRADES

_SCRIPTS = (
    "quantities.js",
    "texts.js",
    "plots.js",
    "items.js",
    "list.js",
    "trend.js",
    "side.js",
    "engine.js",
    "bench.js",
    "session.js",
    "work.js",
)


def build_report_page(
    groups: Sequence[Mapping[str, Any]],
    *,
    title: str,
    draw: Callable[[str], str | None],
    axes: Mapping[str, str] | None = None,
) -> str:
    """Return a page that shows results and fits nothing.

    Parameters
    ----------
    groups
        One a file or a series: ``label``; ``items``, see `make_entry`; for a series
        ``track``, the document of ``SeriesResult.to_dict(data=False)``; ``notes``.
    title
        Of the page.
    draw
        Returns a circuit's drawing as SVG.
    axes
        As of `build_workbench_page`.
    """
    fits = iter(tell_apart([item["fit"] for group in groups for item in group.get("items") or []]))
    shown = [_make_group(group, fits) for group in groups]
    strings = {one["circuit"] for group in shown for one in group["entries"] if one["circuit"]}
    drawings = {string: draw(string) for string in sorted(strings)}
    return build_workbench_page(shown, title=title, weighting="", drawings=drawings, axes=axes)


def build_workbench_page(
    groups: Sequence[Mapping[str, Any]],
    *,
    title: str,
    weighting: str,
    engine: str = "none",
    drawings: Mapping[str, str | None] | None = None,
    circuits: Sequence[tuple[str, str]] = (),
    first: str = "",
    unread: Sequence[str] = (),
    scripts: Sequence[str] = (),
    policy: Mapping[str, str] | None = None,
    axes: Mapping[str, str] | None = None,
) -> str:
    """Return the page.

    Parameters
    ----------
    groups
        ``label``, ``series``, ``notes``, ``entries``, ``trends``; for a page that fits also ``spectra``, the
        documents (``eisfit.spectrum/1``) of the entries.
    title
        Of the page; escaped here.
    weighting
        As for `eisfit.fit`; empty for a page that only shows.
    engine
        Who computes: ``none``, ``server`` or ``worker``.
    drawings
        Circuit string -> its drawing.
    circuits
        Names and titles to choose from.
    first
        The circuit that spectra are fitted with; empty: the data chooses.
    unread
        Why files could not be read, a sentence each.
    scripts
        Texts of scripts to run before the page starts: a worker's engine.
    policy
        Directives of the page's Content-Security-Policy that differ from a report's.
    axes
        Units of what spectra are told apart by: temperature, state of charge, ...
    """
    shown = [dict(group) for group in groups]
    data = {
        "engine": engine,
        "first": first,
        "unread": [clean(error) for error in unread],
        "weighting": weighting,
        "groups": shown,
        "grids": _share_grids(shown),
        "drawings": drawings or {},
        "axes": dict(axes or {}),
        "grades": list(GRADES),
        "circuits": [[clean(name), clean(about)] for name, about in circuits],
    }
    code = [read_asset(name) for name in _SCRIPTS]
    rules = {"connect-src": "'self'"} if engine == "server" else {}
    code += [*scripts, read_asset("start.js")]
    return build_page(title, _build_body(title, shown), data, code, policy={**rules, **(policy or {})})


def group_measured(
    label: str, spectra: Sequence[Document], named: Sequence[Document] | None = None
) -> dict[str, Any]:
    """Return a group of spectra that are still to be fitted; `named`: as they are to be called."""
    entries = [make_measurement(spectrum) for spectrum in (spectra if named is None else named)]
    return {
        "label": clean(label),
        "series": len(entries) > 1,
        "notes": [],
        "entries": entries,
        "trends": {},
        "spectra": list(spectra),
    }


def _make_group(group: Mapping[str, Any], fits: Iterator[Document]) -> dict[str, Any]:
    """Return what the page shows of a group; `fits` are those of its items, with the names they go by."""
    track = group.get("track")
    return {
        "label": clean(group.get("label")) or "spectra",
        "series": bool(track),
        "axis": (track or {}).get("axis") or "cycle",
        "notes": [clean(note) for note in group.get("notes") or []],
        "entries": [make_entry({**item, "fit": next(fits)}) for item in group.get("items") or []],
        "trends": list_trends(track) if track else {},
    }


def _share_grids(groups: Sequence[Mapping[str, Any]]) -> list[list[float]]:
    """Return the lists of frequencies, and put in their places their numbers: cycles share the same ones."""
    known: dict[tuple[float, ...], int] = {}
    for one in (one for group in groups for one in group["entries"]):
        for columns in (one.get("points"), one.get("line")):
            if columns:
                columns["f"] = known.setdefault(tuple(columns["f"]), len(known))
    return [list(grid) for grid in known]


def _build_body(title: str, groups: Sequence[Mapping[str, Any]]) -> str:
    """Return the markup; texts of files come in by script, except for the title."""
    entries = [one for group in groups for one in group["entries"]]
    simulated = sum(one["simulated"] for one in entries)
    badge = ""
    if simulated:
        which = "" if simulated == len(entries) else f"{simulated} of {len(entries)}: "
        badge = f' <span class="badge">{which}simulated data, not measured</span>'
    parts = {
        "title": escape(clean(title)) + badge,
        "count": f"{count(len(entries), 'spectrum')}. " if entries else "",
        "version": escape(__version__),
    }
    text = read_asset("body.html")
    for name, value in parts.items():
        text = text.replace(f"{{{name}}}", value)
    return text
