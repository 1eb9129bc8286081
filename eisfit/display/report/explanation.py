"""A coating study's explanation as text, Markdown and a self-contained page."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from eisfit.rounding import significant, value_with_error

__all__ = ["explanation_html", "explanation_markdown", "explanation_summary_html", "explanation_text"]

Document = Mapping[str, Any]


@dataclass(frozen=True)
class _Table:
    """A table of strings with the sentence that says how to read it."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""


def explanation_text(document: Document) -> str:
    """Return the change, the contributions and the conclusion for a terminal."""
    table = _contributions(document)
    widths = [max(len(row[k]) for row in (table.head, *table.rows)) for k in range(len(table.head))]
    lines = [document["title"], _change(document), ""]
    for row in (table.head, *table.rows):
        cells = [row[0].ljust(widths[0])] + [
            cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True)
        ]
        lines.append("  ".join(cells))
    lines += ["", *(f"- {sentence}" for sentence in document["verdicts"])]
    return "\n".join(lines)


def explanation_markdown(document: Document) -> str:
    """Return the whole report, without figures, as Markdown."""
    parts = [f"# {document['title']}", _change(document)]
    parts += ["## Conclusion", "\n".join(f"- {sentence}" for sentence in document["verdicts"])]
    for table in _tables(document):
        rule = ["---"] * len(table.head)
        rows = "\n".join(
            f"| {' | '.join(_piped(c) for c in row)} |" for row in (table.head, rule, *table.rows)
        )
        parts += [f"## {table.title}", *([table.note] if table.note else []), rows]
    parts += (
        ["## References", "\n".join(f"- {r}" for r in document["references"])]
        if document["references"]
        else []
    )
    return "\n\n".join([*parts, _made_by(document)]) + "\n"


def explanation_summary_html(document: Document) -> str:
    """Return the change, the contributions and the conclusion as an HTML fragment for notebooks."""
    return f"<h4>{escape(document['title'])}</h4><p>{escape(_change(document))}</p>" + (
        _html_table(_contributions(document)) + _html_list(document["verdicts"])
    )


def explanation_html(document: Document, figures: Mapping[str, str] | None = None) -> str:
    """Return the whole report as one page.

    Parameters
    ----------
    document
        An ``eisfit.explain/1`` document.
    figures
        SVG text by title; they become part of the page.
    """
    title = escape(document["title"])
    body = [f"<h1>{title}</h1>", f"<p class='lead'>{escape(_change(document))}</p>"]
    body += ["<h2>Conclusion</h2>", _html_list(document["verdicts"])]
    body += [_html_figure(name, svg, k) for k, (name, svg) in enumerate((figures or {}).items())]
    for table in _tables(document):
        note = f"<p>{escape(table.note)}</p>" if table.note else ""
        body.append(f"<h2>{escape(table.title)}</h2>{note}{_html_table(table)}")
    if document["references"]:
        body += ["<h2>References</h2>", _html_list(document["references"])]
    body.append(f"<footer>{escape(_made_by(document))}</footer>")
    head = f"<meta charset='utf-8'><title>{title}</title><style>{_STYLE}</style>"
    return (
        f"<!doctype html>\n<html lang='en'><head>{head}</head>\n<body>\n"
        + "\n".join(body)
        + "\n</body></html>\n"
    )


_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a}"
    "h1{font-size:1.5rem;line-height:1.25}h2{font-size:1.1rem;margin-top:2.2rem}.lead{font-size:1.1rem}"
    "table{border-collapse:collapse;font-size:.88rem;display:block;overflow-x:auto}"
    "th,td{text-align:left;padding:.25rem .8rem .25rem 0;border-bottom:1px solid #ddd;vertical-align:top}"
    "td{font-variant-numeric:tabular-nums}th{font-weight:600;border-color:#888}"
    "figure{margin:1.5rem 0}figure svg{max-width:100%;height:auto}figcaption{font-size:.88rem;color:#555}"
    "footer{margin-top:2.5rem;font-size:.85rem;color:#555}li{margin:.3rem 0}"
)

_CAPTIONS = {
    "From the bare to the coated cell": (
        "Bars: means over all draws, which add up to the measured change; whiskers: 95 % of the draws."
    ),
    "What the answer hangs on most": (
        "The same contributions over the input that carries most of their spread. "
        "Lines: medians; bands: 95 %."
    ),
    "Predicted over the film's thickness": "Lines: medians; bands: 95 % of the draws.",
    "Predicted over the channels' depth": "The same projected area. Lines: medians; bands: 95 %.",
    "Predicted over temperature": "Lines: medians; bands: 95 % of the draws.",
    "Predicted spectra of the electrode": "At the median inputs: rails, interface and double layer only.",
    "Over the cycles": "Resistance of the interface per true area. Lines: medians; bands: 95 %.",
}


def _tables(document: Document) -> Iterator[_Table]:
    yield _contributions(document)
    yield _thresholds(document)
    yield _hypotheses(document)
    yield _scan(
        "R_ct over the film's thickness / ohm", "thickness_nm", "nm", document["thickness_scan"], every=4
    )
    predictions = document["predictions"]
    yield _scan("R_ct over the channels' depth / ohm", "depth_um", "um", predictions["depth"])
    if predictions["temperature"]:
        rows = predictions["temperature"]
        yield _scan("R_ct over temperature / ohm", "temperature_C", "°C", rows, every=2)
    if predictions["apparent_activation_energy_eV"]:
        yield _energies(predictions["apparent_activation_energy_eV"])
    yield _high_frequency(predictions["spectrum"])
    if document["sensitivity"]["sobol"].get("intrinsic_activity"):
        yield _sensitivity(document["sensitivity"])
    if document.get("cycling"):
        yield _cycling(document["cycling"])
    yield _film(document["film"])
    yield _electrode(document["electrode"])
    yield from _cells(document["cells"])
    yield _inputs(document["inputs"])


def _contributions(document: Document) -> _Table:
    rows = [
        [_plain(name), *(significant(c[key], 3) for key in ("median", "low95", "high95", "mean"))]
        for name, c in document["contributions"].items()
    ]
    note = (
        "Shapley values over the draws: in each draw they add up to the measured "
        "change, and so do their means; "
        "medians need not."
    )
    return _Table(
        "Contributions to the change of R_ct",
        ("factor / ohm", "median", "2.5 %", "97.5 %", "mean"),
        rows,
        note,
    )


def _thresholds(document: Document) -> _Table:
    t, rows = document["thresholds"], []
    labels = {
        "sigma_s_for_unchanged_kinetics_S_per_cm": "conductivity of the solid at which f = 1 suffices, S/cm",
        "f_without_electronic_access": "f needed if the film carried no electrons along the walls",
    }
    for name, label in labels.items():
        rows.append([label, *(significant(t[name + end], 3) for end in ("", "_low95", "_high95"))])
    f = document["activity_gain"]
    rows.append(
        ["f needed with the film as measured", *(significant(f[k], 3) for k in ("median", "low95", "high95"))]
    )
    return _Table("Thresholds", ("", "median", "2.5 %", "97.5 %"), rows)


def _hypotheses(document: Document) -> _Table:
    rows = [
        [
            _plain(name),
            h["statement"],
            h["prior"] or "none",
            significant(h["evidence"], 2),
            f"{h['probability']:.1%}",
        ]
        for name, h in document["hypotheses"].items()
    ]
    note = (
        "All equally likely beforehand. Evidence: the probability density that each "
        "gave to the coated cell's R_ct "
        "before it was measured. Differences below a factor of 10 don't decide."
    )
    return _Table(
        "Hypotheses", ("name", "statement", "prior", "evidence / (1/ohm)", "probability"), rows, note
    )


def _scan(title: str, key: str, unit: str, rows: Sequence[Document], every: int = 1) -> _Table:
    names = [name for name in rows[0] if name != key]
    kept = [row for k, row in enumerate(rows) if k % every == 0 or k == len(rows) - 1]
    body = [[significant(row[key], 3), *(_span(row[name]) for name in names)] for row in kept]
    return _Table(title, (unit, *(_plain(name) for name in names)), body, "Medians, with 95 % of the draws.")


def _energies(energies: Document) -> _Table:
    rows = [[_plain(name), _span(entry)] for name, entry in energies.items()]
    return _Table("Activation energy that R_ct would show / eV", ("supposition", ""), rows)


def _high_frequency(spectrum: Document) -> _Table:
    entries = {f"electrode, {_plain(k)}": v for k, v in spectrum["high_frequency_resistance"].items()}
    entries["change that access would bring"] = spectrum["high_frequency_change_by_access"]
    for name, curve in spectrum.get("curves", {}).items():
        if name != "frequency_Hz":
            apex = curve["apex_Hz"]
            entries[f"apex of the arc / Hz, {_plain(name)}"] = {"median": apex, "low95": apex, "high95": apex}
    rows = [[label, _span(entry)] for label, entry in entries.items()]
    return _Table("The spectrum's shape", ("high-frequency resistance / ohm", ""), rows)


def _sensitivity(sensitivity: Document) -> _Table:
    entries = sensitivity["sobol"]["intrinsic_activity"]
    rho = sensitivity["rank_correlation"].get("intrinsic_activity", {})
    order = sorted(entries, key=lambda name: -entries[name]["total"])
    rows = [
        [
            name,
            value_with_error(entries[name]["first"], entries[name]["first_stderr"]),
            value_with_error(entries[name]["total"], entries[name]["total_stderr"]),
            f"{rho[name]:+.2f}" if rho.get(name) is not None else "n/a",
        ]
        for name in order
    ]
    note = (
        "Of the contribution of intrinsic activity. First: the share of its "
        "variance that goes when this input "
        "becomes known; total: the share that stays when all others do (Sobol)."
    )
    return _Table("What the answer hangs on", ("input", "first", "total", "rank correlation"), rows, note)


def _cycling(cycling: Document) -> _Table:
    rows = [
        [
            significant(row["cycle"], 4, trailing_zeros=False),
            *(significant(row[k], 3) for k in ("bare", "coated")),
            _span(row["activity_gain"]),
            *(_span(row["contributions"][name]) for name in row["contributions"]),
        ]
        for row in cycling["rows"]
    ]
    names = [_plain(name) for name in cycling["rows"][0]["contributions"]] if cycling["rows"] else []
    head = ("cycle", "bare / ohm", "coated / ohm", "f", *names)
    return _Table("Over the cycles", head, rows, " ".join(cycling["verdicts"]))


def _electrode(electrode: Document) -> _Table:
    rows = [[_plain(name), _span(entry)] for name, entry in electrode.items()]
    return _Table("The electrode", ("property", "value"), rows)


def _film(film: Document) -> _Table:
    skipped = ("name", "checks")
    rows = [[_plain(k), significant(v, 3)] for k, v in film.items() if k not in skipped and v is not None]
    return _Table(f"The film: {film['name']}", ("property, at the median inputs", "value"), rows)


def _cells(cells: Document) -> Iterator[_Table]:
    for which, cell in cells.items():
        for fit in cell["fits"]:
            rows = [
                [name, value_with_error(p["value"], p["stderr"]), p["unit"] or ""]
                for name, p in fit["parameters"].items()
            ]
            source = fit["spectrum"].get("source") or ""
            note = f"{source.replace(chr(92), '/').rsplit('/', 1)[-1]}, {fit['circuit']['string']}"
            yield _Table(f"Fit of the {which} cell", ("parameter", "value", "unit"), rows, note)


def _inputs(inputs: Document) -> _Table:
    rows = [[name, entry["text"], entry["source"] or "not said"] for name, entry in inputs.items()]
    return _Table("Inputs", ("input", "value", "source"), rows)


def _change(document: Document) -> str:
    r = document["r_ct"]
    bare = value_with_error(r["bare"], r["bare_stderr"])
    coated = value_with_error(r["coated"], r["coated_stderr"])
    change = value_with_error(r["change"], r["change_stderr"])
    return f"R_ct: bare {bare} ohm, coated {coated} ohm, change {change} ohm."


def _made_by(document: Document) -> str:
    lost = document["infeasible"]
    return (
        f"{document['study']}, explained by eisfit {document['eisfit']}: {document['draws']} draws with seed "
        f"{document['seed']}, {lost} without a solution."
    )


def _span(entry: Document) -> str:
    median, low, high = (entry[key] for key in ("median", "low95", "high95"))
    if median is None or math.isnan(median):
        return "none"
    if abs(high - low) <= 1e-3 * abs(median):
        return significant(median, 3)
    return f"{significant(median, 3)} ({significant(low, 3)} to {significant(high, 3)})"


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _piped(cell: str) -> str:
    return cell.replace("|", "\\|").replace("\n", " ")


def _html_list(items: Sequence[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(item)}</li>" for item in items) + "</ul>"


def _html_table(table: _Table) -> str:
    head = "".join(f"<th>{escape(cell)}</th>" for cell in table.head)
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in table.rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _html_figure(title: str, svg: str, number: int) -> str:
    # Two figures' ids must not meet on one page; an XML prologue has no place inside one.
    drawing = svg[svg.find("<svg") :]
    for mark in ('id="', 'href="#', "url(#"):
        drawing = drawing.replace(mark, f"{mark}f{number}-")
    caption = f"{title}. {_CAPTIONS.get(title, '')}".strip()
    return f"<figure>{drawing}<figcaption>{escape(caption)}</figcaption></figure>"
