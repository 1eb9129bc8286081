"""The report page without a browser: one file, nothing from outside, no text that becomes markup."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import eisfit
from eisfit.cli import app
from eisfit.cli.pages.html_report import html_report, make_item
from eisfit.display.pages.entries import make_entry
from eisfit.display.pages.page import escape_json
from eisfit.display.pages.trends import list_trends
from eisfit.display.pages.workbench import build_report_page
from eisfit.errors import UsageError
from eisfit.files import write_json
from eisfit.fitting.failure import FitFailure
from eisfit.model.simulate import simulate
from eisfit.spectra.axes import AXES
from eisfit.spectra.spectrum import Spectrum
from eisfit.spectra.writers.plain_csv import to_csv
from eisfit.verdict import GRADES, VERDICTS

HOME = Path(__file__).resolve().parents[2]
BARE = HOME / "example_spectra" / "rrml" / "bare"
ONE = BARE / "bare_cycle_003.csv"
EVIL = "<script>alert('owned')<img src=x onerror=alert(1)>"
SHAPE = {"R_s": 2.0, "R_ct": 50.0, "CPE_ct_Q": 1e-4, "CPE_ct_alpha": 0.9}


@pytest.fixture(scope="module")
def fitted():
    return eisfit.fit(eisfit.read(ONE), "rs-sei-ct-w", validate=True)


@pytest.fixture(scope="module")
def tracked():
    return eisfit.track(eisfit.read_series(BARE), "rs-sei-ct-w")


@pytest.fixture(scope="module")
def page(fitted, tracked, tmp_path_factory):
    """A page with a spectrum, a series and a failure, and its text."""
    path = tmp_path_factory.mktemp("page") / "report.html"
    failure = FitFailure(f"folder/{EVIL}.mpt", f"folder/{EVIL}.mpt: </script>{EVIL} is no spectrum")
    assert html_report([fitted, tracked, failure], path) == path
    return path.read_text(encoding="utf-8")


def data_of(text, name="eisfit-data"):
    return json.loads(re.search(rf'id="{name}">(.*?)</script>', text, re.DOTALL)[1])


def test_a_page_is_small(page):
    """Scripts, eight spectra with fits and trends: what a mail takes without a thought."""
    assert len(page.encode("utf-8")) < 300_000


def test_a_page_names_nothing_outside_itself(page):
    own = re.sub(r"/\*.*?\*/", "", page)
    assert not re.findall(r"(?i)https?://|//[a-z0-9-]+\.[a-z]|@import|\burl\(", own)
    loaded = re.findall(r'(?i)<(?:script|img|iframe|link)[^>]*\s(?:src|href)\s*=\s*("[^"]*"|\S+)', own)
    assert loaded == ['"data:,"']  # the icon that browsers else ask for


def test_the_policy_forbids_every_request_and_foreign_script(page):
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["connect-src"] == "'none'"
    assert set(rules["img-src"].split()) == {"data:", "blob:"}
    assert re.fullmatch(r"('sha256-[A-Za-z0-9+/=]{44}' ?)", rules["script-src"])


def test_texts_from_files_never_become_markup(page):
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert data_of(page)["groups"][2]["entries"][0]["name"].startswith("<script>alert")
    titled = build_report_page([{"label": "a", "items": [{"fit": {"error": "no"}}]}], title=EVIL, draw=str)
    assert "&lt;script&gt;alert" in titled
    assert "<script>alert" not in titled


def test_json_in_a_script_cannot_end_it():
    text = escape_json({"a": "</script><!--&\u2028", "b": float("nan")})
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == {"a": "</script><!--&\u2028", "b": None}


def test_the_same_results_give_the_same_bytes(fitted, tmp_path):
    first, second = (html_report(fitted, tmp_path / name).read_bytes() for name in ("a.html", "b.html"))
    assert first == second


def test_simulated_data_says_so(page, tmp_path):
    assert "simulated data, not measured" in page
    assert all(e["simulated"] for group in data_of(page)["groups"][:2] for e in group["entries"])
    measured = Spectrum(
        frequency=[1e3, 1e2, 1e1, 1.0, 0.1], impedance=[2 - 1j, 3 - 2j, 5 - 2j, 7 - 1j, 8 - 0.1j]
    )
    result = eisfit.fit(measured, "R0-p(R1,C1)")
    assert "simulated data" not in html_report(result, tmp_path / "m.html").read_text(encoding="utf-8")


def test_the_page_knows_the_unit_of_every_axis_and_every_grade(page):
    assert data_of(page)["axes"] == {name: axis.unit for name, axis in AXES.items()}
    assert data_of(page)["grades"] == list(GRADES)


@pytest.mark.parametrize("verdict", VERDICTS)
def test_every_verdict_of_a_parameter_has_its_mark_and_colour_on_the_page(verdict):
    assets = Path(eisfit.__file__).parent / "display/pages/assets"
    marks = re.search(r"MARKS = \{(.*?)\}", (assets / "side.js").read_text(encoding="utf-8"))[1]
    assert f"{verdict}: " in marks
    assert verdict == "fixed" or f".vd.{verdict}" in (assets / "page.css").read_text(encoding="utf-8")
    assert f"`{verdict}`" in (HOME / "docs" / "output.md").read_text(encoding="utf-8")


def test_sentences_of_the_page_stand_in_one_script():
    """`texts.js`; what the worker runs in Python, and an error of its own, are none that a user reads."""
    assets = Path(eisfit.__file__).parent / "display/pages/assets"
    for path in sorted(assets.glob("*.js")):
        code = re.sub(r"(?s)/\*.*?\*/", "", path.read_text(encoding="utf-8"))
        plain = [re.sub(r"\$\{[^}]*\}", "", text) for text in re.findall(r'"[^"\n]*"|`[^`\n]*`', code)]
        said = [text for text in plain if re.search(r"[A-Za-z]{2,}[.,:;]* [a-z]{2,}", text)]
        own = [text for text in said if "import " in text or "is not part of" in text or "use strict" in text]
        assert len(said) > 50 if path.name == "texts.js" else said == own, (path.name, said)


def test_what_a_series_holds(page, tracked):
    group = data_of(page)["groups"][1]
    assert [e["cycle"] for e in group["entries"]] == ["3", "50", "100", "150", "200", "250"]
    assert group["trends"]["R_ct"]["y"] == pytest.approx([r["R_ct"].value for r in tracked], rel=1e-4)
    assert group["trends"]["R_ct"]["band"]["value"]
    assert group["axis"] == "cycle"


@pytest.mark.slow
def test_verdict_flags_and_kramers_kronig_are_on_the_page():
    turned = eisfit.read(ONE)
    turned = turned.replace(impedance=turned.impedance.conj())
    told = make_entry(make_item(eisfit.fit(turned, "rs-ct", validate=True)))
    assert not told["ok"]
    assert any(flag["name"] == "imaginary_sign" and flag["words"] for flag in told["flags"])
    assert told["kk"]["text"].startswith("fails (noise")
    assert told["kk"]["ranges"]


def test_too_few_points_for_a_kramers_kronig_test_are_said(tmp_path):
    short = simulate("rs-ct", SHAPE, frequency=np.geomspace(1e4, 0.1, 4), noise=0.001)
    told = make_entry(make_item(eisfit.fit(short, "R0-p(R1,C1)")))
    assert told["kk"]["ok"] is None
    assert told["kk"]["text"].startswith("not tested: ")


def test_residuals_have_the_sign_of_the_plots():
    """(Z - fit) / |Z|: 10 measured and 9 fitted are +10 %, and 3 - 4j against 3 - 3j is -20 % imaginary."""
    data = {"frequency_Hz": [1.0, 0.1], "Z_real_ohm": [10.0, 3.0], "Z_imag_ohm": [0.0, -4.0],
            "fit_real_ohm": [9.0, 3.0], "fit_imag_ohm": [0.0, -3.0], "noise_ohm": [0.1, 0.1]}  # fmt: skip
    points = make_entry({"fit": {"data": data, "ok": True}})["points"]
    assert points["res_re"] == [10.0, 0.0]
    assert points["res_im"] == [0.0, -20.0]
    assert points["noise"] == [1.0, 2.0]


def test_spectra_without_cycles_are_counted():
    rows = [{"cycle": None, "R": 1.0 + k, "ok": True} for k in range(3)]
    assert list_trends({"rows": rows, "units": {"R": "ohm"}})["R"]["x"] == [1, 2, 3]


def test_a_page_is_written_whole_or_not_at_all(fitted, tmp_path, monkeypatch):
    path = tmp_path / "report.html"
    path.write_text("before", encoding="utf-8")
    monkeypatch.setattr(sys.modules["eisfit.cli.pages.html_report"], "_MAX_BYTES", 1000)
    with pytest.raises(
        UsageError, match=r"report\.html: would be 0\.\d MB large, above .*fewer files at a time"
    ):
        html_report(fitted, path)
    assert path.read_text(encoding="utf-8") == "before"
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]
    monkeypatch.undo()
    with pytest.raises(UsageError, match=r"there is no folder .*missing; make it"):
        html_report(fitted, tmp_path / "missing" / "report.html")


@pytest.mark.parametrize(
    ("results", "name", "said"),
    [
        ([], "r.html", "there is no result to report on"),
        (["text"], "r.html", "a report shows fits and series, not str"),
        ([], "r.pdf", r"r\.pdf: the name of a report ends in \.html"),
    ],
)
def test_what_cannot_be_reported_is_refused(results, name, said, tmp_path):
    with pytest.raises(UsageError, match=said):
        html_report(results, tmp_path / name)


@pytest.mark.parametrize("code", ["import eisfit; eisfit.html_report", "from eisfit.cli import app"])
def test_nothing_of_a_page_is_imported_before_one_is_made(code):
    names = "('http.server', 'eisfit.cli.pages.server', 'eisfit.display.pages', 'schemdraw')"
    look = f"import sys; print([name for name in {names} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{look}"], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.strip() == "[]"


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def call(*arguments, code=0):
        done = CliRunner().invoke(app, [str(a) for a in arguments])
        assert done.exit_code == code, done.output
        return done

    return call


@pytest.mark.parametrize(("place", "said"), [("no/r.html", "there is no folder"), ("r.pdf", "ends in .html")])
def test_where_no_page_can_be_written_is_told_before_anything_is_read(run, place, said):
    done = run("report", "missing.csv", "-o", place, code=2)
    assert said in done.output
    assert "missing.csv" not in done.output


def test_report_of_a_series_a_file_and_a_refused_one(run, tmp_path):
    (tmp_path / "notes.mpt").write_bytes(b"\x00\x01not a spectrum")
    done = run("report", BARE, ONE, "notes.mpt", "-o", "out.html", code=1)
    assert "out.html: 8 spectra, 1 failed (listed in the page)" in done.output
    groups = data_of((tmp_path / "out.html").read_text(encoding="utf-8"))["groups"]
    assert [(g["label"], g["series"], len(g["entries"])) for g in groups] == [
        ("bare", True, 6),
        ("bare_cycle_003.csv", False, 1),
        ("notes.mpt", False, 1),
    ]
    assert groups[2]["entries"][0]["error"]


def test_options_mean_what_they_mean_elsewhere(run, tmp_path):
    run(
        "report",
        ONE,
        "-c",
        "rs-ct-w",
        "--fix",
        "R_s=3.6",
        "--fmin",
        1,
        "--weighting",
        "unit",
        "--title",
        "My cell",
        "--area",
        "2cm2",
    )
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    (shown,) = data_of(text)["groups"][0]["entries"]
    assert shown["facts"][:3] == ["R_s-p(R_ct-W_d,CPE_ct)", "51 points, 1 Hz to 100 kHz", "weighting unit"]
    first = shown["parameters"][0]
    assert [first[key] for key in ("name", "text", "unit", "word")] == ["R_s", "3.6", "ohm", "fixed"]
    assert "<title>My cell</title>" in text
    assert any(row[0] == "R_ct_area" for row in shown["derived"])


def test_files_of_one_cell_are_one_series_when_asked(run, tmp_path):
    files = sorted(BARE.glob("*.csv"))[:3]
    run("report", *files, "--series")
    (group,) = data_of((tmp_path / "report.html").read_text(encoding="utf-8"))["groups"]
    assert group["series"]
    assert len(group["entries"]) == 3


def test_spectra_of_a_folder_without_cycles_are_shown_one_by_one(run, tmp_path):
    (tmp_path / "cells").mkdir()
    for name in ("red", "green"):
        (tmp_path / "cells" / f"{name}.csv").write_text(to_csv(simulate("rs-ct", SHAPE)), encoding="utf-8")
    run("report", "cells", "-c", "rs-ct")
    groups = data_of((tmp_path / "report.html").read_text(encoding="utf-8"))["groups"]
    assert sorted(group["label"] for group in groups) == ["green.csv", "red.csv"]


@pytest.mark.slow
def test_what_fit_and_track_wrote_is_shown_as_it_is(run, tmp_path, fitted, tracked):
    """Their --output holds what to_dict gives; a failure among them stays in its place."""
    bad = FitFailure("bad.mpt", "bad.mpt: is empty")
    rows = {"schema": "eisfit.fit/2", "results": [fitted.to_dict(), bad.to_dict()]}
    write_json(tmp_path / "fit.json", rows)
    write_json(tmp_path / "track.json", tracked.to_dict())
    write_json(tmp_path / "cells.json", {"schema": "eisfit.cells/1", "cells": [tracked.to_dict()]})
    run("report", "fit.json", "track.json", "cells.json", "-c", "rs-ct", code=1)
    groups = data_of((tmp_path / "report.html").read_text(encoding="utf-8"))["groups"]
    assert [len(group["entries"]) for group in groups] == [1, 1, 6, 6]
    assert groups[0]["entries"][0]["facts"][0] == "R_s-p(R_sei,CPE_sei)-p(R_ct-W_d,CPE_ct)"
    assert groups[1]["entries"][0]["error"] == "is empty"


def test_a_folder_that_fit_wrote_is_shown_as_it_is(run, tmp_path, fitted):
    (tmp_path / "results").mkdir()
    write_json(tmp_path / "results" / "fit.json", {"schema": "eisfit.fit/2", "results": [fitted.to_dict()]})
    run("report", "results")
    (group,) = data_of((tmp_path / "report.html").read_text(encoding="utf-8"))["groups"]
    assert group["entries"][0]["facts"][0] == "R_s-p(R_sei,CPE_sei)-p(R_ct-W_d,CPE_ct)"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is not valid JSON"),
        ('{"schema": "eisfit.fit/2"}', "not a complete eisfit.fit/2 document: 'results'"),
        ('{"schema": "eisfit.fit/2", "results": [{"error": null}]}', "give the file that --output wrote"),
        ('{"schema": "eisfit.track/2"}', "give the file that --output wrote"),
        ('{"schema": "eisfit.cells/1"}', "not a complete eisfit.cells/1 document: 'cells'"),
    ],
)
def test_stored_results_that_cannot_be_shown(text, said, run, tmp_path):
    (tmp_path / "r.json").write_text(text, encoding="utf-8")
    run("report", "r.json", code=1)
    (group,) = data_of((tmp_path / "report.html").read_text(encoding="utf-8"))["groups"]
    assert said in group["entries"][0]["error"]


def test_a_file_that_is_not_there_is_listed(run, tmp_path):
    run("report", "gone.json", "gone.csv", code=1)
    groups = data_of((tmp_path / "report.html").read_text(encoding="utf-8"))["groups"]
    assert all(group["entries"][0]["error"] for group in groups)


def test_wrong_usage_writes_no_page(run, tmp_path):
    assert "did you mean" in run("report", ONE, "-c", "rs-sei-ct-v", code=2).output
    assert "--fmin" in run("report", ONE, "--fmin", 10, "--fmax", 1, code=2).output
    assert list(tmp_path.iterdir()) == []
