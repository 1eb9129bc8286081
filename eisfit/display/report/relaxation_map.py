"""Distributions of relaxation times along a series in words: where every process stands, and its law."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from eisfit.display.report.along_axis import describe_energy, describe_line, place_text
from eisfit.display.report.table import tabulate, wrap, wrap_all
from eisfit.display.report.words import WIDTH, Document, axes_of, clean, count, rate_unit
from eisfit.rounding import significant, value_with_error


def relaxation_map_text(document: Document, *, width: int = WIDTH) -> str:
    """Return the peaks along the axis as a table, their laws, and which arc of the circuit each of them is.

    Parameters
    ----------
    document
        What ``SeriesDRT.to_dict()`` gives (``eisfit.drt_series/1``).
    width
        Columns of the terminal.
    """
    processes, axes = document["processes"], axes_of(document)
    over = " and ".join(axis["name"] for axis in axes)
    label = f"{clean(document['label'])}: " if document.get("label") else ""
    title = f"{label}relaxation times over {over}: {count(len(processes), 'peak')} followed"
    numbers = [process["number"] for process in processes]
    titles = [title for n in numbers for title in (f"tau {n} / s", f"R {n} / ohm")]
    head = [*(axis["name"] for axis in axes), *titles, "R_p / ohm"]
    rows = [[*(place_text(row, axis) for axis in axes), *_cells(row, processes)] for row in document["rows"]]
    lines = [*wrap(title, width=width), "", *tabulate(head, rows, width=width), ""]
    said = (*_iterate_laws(document), *(arc["sentence"] for arc in document["arcs"]), *document["notes"])
    lines += wrap_all(map(clean, said), width=width)
    return "\n".join(lines) + "\n"


def _cells(row: Mapping[str, Any], processes: list[Mapping[str, Any]]) -> list[str]:
    if row["error"]:
        return [clean(row["error"])[:24], *[""] * (2 * len(processes))]
    cells = []
    for process in processes:
        n = process["number"]
        tau, resistance = row[f"tau_{n}"], row[f"R_{n}"]
        cells += (
            ["-", "-"]
            if tau is None
            else [significant(tau, 3), value_with_error(resistance, row[f"R_{n}_stderr"])]
        )
    return [*cells, significant(row["polarisation_resistance"], 4)]


def _iterate_laws(document: Document) -> Iterator[str]:
    """Yield a sentence on every process that has a law which can be said in one."""
    for process in document["processes"]:
        name = f"peak {process['number']}"
        law = process["laws"].get("resistance", {})
        if process["seen"] < process["of"]:
            name += f" (seen in {process['seen']} of {process['of']} spectra)"
        if energy := law.get("arrhenius"):
            yield f"{name}: {describe_energy(energy)}"
        elif line := law.get("lines"):
            yield f"{name}: {describe_line(line)}"
        elif growth := law.get("growth"):
            slope = value_with_error(growth["slope"], growth["slope_stderr"])
            yield f"{name}: grows by {slope} ohm per {rate_unit(growth)} ({growth['law']})"
        elif process["seen"] < process["of"]:
            yield name
