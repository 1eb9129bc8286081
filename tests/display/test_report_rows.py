"""Documents as flat tables: the JSON's own numbers, one row for what the command counts, safe to paste."""

from __future__ import annotations

import csv
import io

import pytest

from eisfit.display.report.fits import fits_text
from eisfit.display.report.flat_tables import FORMS, make_flat_table

SPECTRUM = {"source": "a/b.csv", "index": 0, "cycle": 3.0}


def read(document, form="tsv"):
    made = make_flat_table(document, form)
    assert made.endswith("\n")
    return list(csv.DictReader(io.StringIO(made), delimiter="\t" if form == "tsv" else ","))


def test_a_fit_is_a_row_a_spectrum():
    fitted = {
        "spectrum": SPECTRUM,
        "circuit": {"string": "p(R1,C1)"},
        "ok": True,
        "parameters": {"R1": {"value": 0.1 + 0.2, "stderr": None, "unit": "ohm"}},
        "flags": [{"name": "misfit"}],
    }
    failed = {"spectrum": SPECTRUM, "error": "no table\tof numbers", "ok": False}
    rows = read({"schema": "eisfit.fit/2", "results": [fitted, failed]})
    assert [row["R1"] for row in rows] == ["0.30000000000000004", ""]
    assert (rows[0]["R1_stderr"], rows[0]["flags"], rows[0]["circuit"]) == ("", "misfit", "p(R1,C1)")
    assert rows[1]["error"] == "no table of numbers"


def test_a_track_is_a_row_a_cycle_and_cells_say_which():
    rows = [{"cycle": 1.0, "R_ct": 50.0, "flags": ["misfit", "kk_failed"]}, {"cycle": 2.0, "R_ct": None}]
    made = read({"schema": "eisfit.track/2", "rows": rows, "growth": {}}, "csv")
    assert made == [
        {"cycle": "1.0", "R_ct": "50.0", "flags": "misfit; kk_failed"},
        {"cycle": "2.0", "R_ct": "", "flags": ""},
    ]
    cells = {
        "schema": "eisfit.cells/1",
        "cells": [{"label": "bare", "rows": rows}, {"label": "coated", "rows": rows}],
    }
    assert [row["cell"] for row in read(cells)] == ["bare", "bare", "coated", "coated"]


def test_inner_tables_carry_their_spectrum():
    ranked = [
        {"circuit": {"name": "x", "string": "R1"}, "bic": float("nan")},
        {"circuit": {"name": "y"}, "bic": 2},
    ]
    rows = read(
        {"schema": "eisfit.compare/1", "results": [{"spectrum": SPECTRUM, "ranked": ranked, "error": None}]}
    )
    assert [(row["source"], row["circuit_name"], row["bic"]) for row in rows] == [
        ("a/b.csv", "x", ""),
        ("a/b.csv", "y", "2"),
    ]
    failed = {"spectrum": SPECTRUM, "peaks": [], "error": "too short"}
    (row,) = read({"schema": "eisfit.drt/1", "results": [failed]})
    assert (row["source"], row["error"]) == ("a/b.csv", "too short")


def test_others_are_a_row_a_result_blocks_opened_tables_left_out():
    result = {
        "schema": "eisfit.check/1",
        "spectrum": SPECTRUM,
        "ok": False,
        "ranges": [{"low_Hz": 1.0}],
        "flags": [{"name": "kk_failed"}],
        "error": None,
    }
    assert read({"schema": "eisfit.check/1", "results": [result]}) == [
        {"source": "a/b.csv", "index": "0", "cycle": "3.0", "ok": "false", "flags": "kk_failed", "error": ""}
    ]
    assert read({"schema": "eisfit.examples/1", "folder": "x", "files": ["a", "b"]}) == [
        {"name": "a"},
        {"name": "b"},
    ]


def test_circuits_are_a_row_a_parameter():
    parameters = [{"name": "R1", "min": 0.0, "max": float("inf"), "vary": True}]
    document = {
        "schema": "eisfit.circuits/1",
        "circuits": [{"name": "x", "string": "R1", "parameters": parameters}],
    }
    assert read(document) == [
        {"circuit": "x", "string": "R1", "parameter": "R1", "min": "0.0", "max": "", "vary": "true"}
    ]


def test_a_study_is_a_row_a_contribution_and_a_batch_one_row():
    shares = {"ions_through_film": {"median": 9.1, "low95": 5.6}, "reaction": {"median": -18.0}}
    rows = read({"schema": "eisfit.explain/2", "headline": ["x"], "contributions": {"r_ct": shares}})
    assert rows == [
        {"contribution": "ions_through_film", "median": "9.1", "low95": "5.6"},
        {"contribution": "reaction", "median": "-18.0", "low95": ""},
    ]
    batch = {
        "schema": "eisfit.batch/1",
        "spectra": 3,
        "failed": [{"source": "a", "error": "b"}],
        "audit": {"n": 1},
    }
    assert read(batch) == [{"spectra": "3", "audit_n": "1"}]


def test_markdown():
    rows = [{"cycle": 1, "note": "a|b"}, {"cycle": 2, "note": None}]
    assert make_flat_table({"schema": "eisfit.track/2", "rows": rows}, "md") == (
        "| cycle | note |\n| --- | --- |\n| 1 | a\\|b |\n| 2 |  |\n"
    )


@pytest.mark.parametrize("form", FORMS)
def test_nothing_is_a_table_too(form):
    assert make_flat_table({"schema": "eisfit.track/2", "rows": []}, form).endswith("\n")


def test_fits_of_different_circuits_have_a_table_each():
    def fit(source, circuit, **values):
        rows = {
            name: {"value": v, "stderr": v / 100, "unit": "ohm", "vary": True} for name, v in values.items()
        }
        about = {"grade": "A", "ok": True, "flags": [], "statistics": {"rms_relative_residual": 0.004}}
        return {"spectrum": {"source": source}, "circuit": {"string": circuit}, "parameters": rows, **about}

    lost = {"spectrum": {"source": "c.csv"}, "error": "c.csv: empty", "ok": False}
    text = fits_text([fit("a.csv", "R1-R2", R1=1.0, R2=2.0), fit("b.csv", "R_s", R_s=3.0), lost])
    blocks = text.split("\n\n")
    assert [line.split() for line in blocks[0].splitlines()[2:]] == [
        ["a.csv", "A", "0.400", "%", "R1-R2"],
        ["b.csv", "A", "0.400", "%", "R_s"],
        ["c.csv", "FAILED"],
    ]
    assert blocks[1].startswith("R1-R2\n") and "b.csv" not in blocks[1] and "R_s" not in blocks[1]
    assert blocks[2].startswith("R_s\n") and blocks[2].count("csv") == 1
