"""Parameters over what was varied, with the band and the words of the law that each follows."""

from __future__ import annotations

from typing import Any

from eisfit.display.pages.entries import round_all
from eisfit.display.report.tracks import describe_growth
from eisfit.display.report.words import (
    Document,
    axes_of,
    clean,
    put_resistances_first,
)


def list_trends(track: Document) -> dict[str, dict[str, Any]]:
    """Return each parameter's values over the cycles: x, y, low, high, ok, and the band of its growth."""
    rows = [row for row in track.get("rows") or [] if not row.get("error")]
    axis, growth = axes_of(track)[0]["name"], track.get("growth") or {}
    known = [row.get(axis) for row in rows]
    places = known if None not in known else list(range(1, len(rows) + 1))
    found = {}
    for name, unit in put_resistances_first(track.get("units") or {}).items():
        values = [row.get(name) for row in rows]
        if None in values or len(set(values)) < 2:
            continue
        errors = [row.get(f"{name}_stderr") or 0.0 for row in rows]
        law = growth.get(name) or {}
        found[name] = {
            "x": places,
            "y": round_all(values),
            "low": round_all(y - e for y, e in zip(values, errors, strict=True)),
            "high": round_all(y + e for y, e in zip(values, errors, strict=True)),
            "ok": [bool(row.get("ok")) for row in rows],
            "unit": clean(unit),
            "band": _list_band(law),
            "law": describe_growth(name, law),
        }
    return found


def _list_band(law: Document) -> dict[str, list[float | None]] | None:
    """Return the law's values and its 95 % interval along the axis."""
    columns = (law.get("band") or {}).items()
    return {key: round_all(one) for key, one in columns if isinstance(one, (list, tuple))} or None
