"""Reports, held against tests/golden (EISFIT_REGENERATE_GOLDEN=1 writes them anew: read before committing).

Besides: hostile strings do no harm, numbers in CSV are exact, tables keep to the terminal's width.
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from eisfit.display.report.cells import cells_text
from eisfit.display.report.checks import check_text, checks_text
from eisfit.display.report.circuits import circuits_text
from eisfit.display.report.fit_tables import fit_latex, fit_markdown, fits_csv
from eisfit.display.report.fits import fit_text, fits_text
from eisfit.display.report.html import (
    check_html,
    circuit_html,
    fit_html,
    series_html,
    spectrum_html,
    track_html,
)
from eisfit.display.report.spectra import spectra_text
from eisfit.display.report.tracks import SHAPES, track_text
from eisfit.tracking.growth.laws import OWN_LAWS

GOLDEN = Path(__file__).parents[1] / "golden"


def parameter(value: float, stderr: float | None, unit: str, role: str, **changes: Any) -> dict[str, Any]:
    plain = {"min": 0.0, "max": None, "vary": True, "expr": None, "at_bound": False, "describe": ""}
    return {"value": value, "stderr": stderr, "unit": unit, "role": role, **plain, **changes}


GOOD: dict[str, Any] = {
    "spectrum": {
        "source": "cells/bare_cycle_050.csv",
        "index": 0,
        "cycle": 50,
        "points": 71,
        "frequency_min_Hz": 0.01,
        "frequency_max_Hz": 1e5,
    },
    "circuit": {"name": "rs-sei-ct-w", "string": "R_s-p(R_sei,CPE_sei)-p(R_ct-W_d,CPE_ct)"},
    "weighting": "modulus",
    "covariance_rescaled": True,
    "parameters": {
        "R_s": parameter(3.0012, 0.0042, "ohm", "series", describe="electrolyte, separator and contacts"),
        "R_sei": parameter(
            8.01,
            0.03,
            "ohm",
            "sei",
            describe="resistance of the solid electrolyte interphase, both electrodes",
        ),
        "CPE_sei_Q": parameter(1.01e-4, 2e-6, "S s^alpha", "sei"),
        "CPE_sei_alpha": parameter(0.85, None, "", "sei", vary=False),
        "R_ct": parameter(51.912, 0.287, "ohm", "charge_transfer"),
        "CPE_ct_Q": parameter(5.01e-3, None, "S s^alpha", "charge_transfer"),
        "CPE_ct_alpha": parameter(1.0, 0.004, "", "charge_transfer", at_bound=True),
        "W_d_sigma": parameter(1.5006, 0.0021, "ohm s^-1/2", "diffusion", expr="R_s / 2"),
    },
    "statistics": {
        "chisqr": 142.1,
        "redchi": 1.0605,
        "aic": 22.31,
        "bic": 39.12,
        "ndata": 142,
        "nvarys": 6,
        "nfree": 136,
        "rms_relative_residual": 0.00523,
    },
    "derived": {
        "C_eff_ct": {"value": 3.1e-3, "stderr": 5e-5, "unit": "F"},
        "R_p": {"value": 62.9, "stderr": 0.3, "unit": "ohm"},
    },
    "correlations": [
        ["CPE_sei_Q", "CPE_sei_alpha", -0.991],
        ["R_ct", "W_d_sigma", -0.93],
        ["R_s", "R_ct", 0.2],
    ],
    "grade": "A",
    "ok": True,
    "flags": [],
    "error": None,
}
FLAGS = [
    {
        "name": "at_bound",
        "cause": "CPE_ct_alpha ended at its upper bound 1.",
        "cure": "Use a capacitor, or check the low frequencies.",
        "level": "forbids",
    },
    {
        "name": "correlated",
        "cause": "CPE_sei_Q and CPE_sei_alpha trade off (-0.991)",
        "cure": "fix one of them",
        "level": "tells",
    },
]
BAD = {
    **GOOD,
    "spectrum": {**GOOD["spectrum"], "source": "x\\coated.mpt", "cycle": 100, "index": 2},
    "grade": "B",
    "ok": False,
    "flags": FLAGS,
    "covariance_rescaled": False,
}
EMPTY = dict.fromkeys(
    ("circuit", "weighting", "parameters", "statistics", "derived", "correlations", "ok", "flags", "data")
)
FAILED = {
    **EMPTY,
    "spectrum": {"source": "cells/broken.DTA"},
    "error": "cells/broken.DTA: no table ZCURVE in it: export it again with the impedance",
}
CHECK = {
    "schema": "eisfit.check/1",
    "spectrum": GOOD["spectrum"],
    "ok": False,
    "rc_elements": 24,
    "mu": 0.8312,
    "noise_relative": 0.0048,
    "rms_residual": 0.021,
    "max_residual": 0.0812,
    "ranges": [{"low_Hz": 0.01, "high_Hz": 0.08, "cause": "drift: the real part leaves by 8 %"}],
    "flags": [
        {"name": "kk_failed", "cause": "9 points deviate", "cure": "repeat the sweep or cut below 80 mHz"}
    ],
}
CHECK_OK = {**CHECK, "ok": True, "ranges": [], "flags": [], "rms_residual": 0.0049, "max_residual": 0.011}


def row(cycle: int, R_ct: float, CPE_stderr: float | None, *flags: str) -> dict[str, Any]:
    known = {"cycle": cycle, "source": f"bare_{cycle:03}.csv", "ok": not flags, "error": None}
    values = {"R_s": 3.0, "R_s_stderr": 0.01, "CPE_ct_Q": 5e-3, "CPE_ct_Q_stderr": CPE_stderr}
    return {**known, "flags": list(flags), **values, "R_ct": R_ct, "R_ct_stderr": 0.3}


TRACK = {
    "schema": "eisfit.track/2",
    "circuit": GOOD["circuit"],
    "rows": [
        row(0, 51.9, 4e-5),
        row(50, 56.9, None, "at_bound", "correlated"),
        {"cycle": 100, "source": "bare_100.csv", "ok": False, "error": "bare_100.csv: is empty", "flags": []},
    ],
    "units": {"R_s": "ohm", "CPE_ct_Q": "S s^alpha", "R_ct": "ohm"},
    "growth": {
        "R_ct": {
            "law": "linear",
            "slope": 0.1003,
            "slope_stderr": 0.002,
            "intercept": 51.9,
            "intercept_stderr": 0.3,
            "unit": "ohm",
            "doubling_cycle": 519.2,
            "doubling": {"cycle": 519.2, "stderr": 12.0, "low": 495.4, "high": None, "level": 0.95},
        },
        "R_s": None,
    },
}
SPECTRUM = {
    "schema": "eisfit.spectrum/1",
    "source": "a/b.csv",
    "index": 0,
    "cycle": 3,
    "notes": ["decimal comma recognised", "imaginary sign: Z'' is negative for a capacitor"],
    "data": {
        "frequency_Hz": [10.0**power for power in range(5, -5, -1)],
        "Z_real_ohm": [float(n) for n in range(10)],
        "Z_imag_ohm": [-0.5 * n for n in range(10)],
        "noise_ohm": [0.01] * 10,
    },
}
CIRCUITS = [
    {"name": "rs-ct", "title": "One arc", "string": "R_s-p(R_ct,CPE_ct)", "parameters": ["R_s", "R_ct"]},
    {"name": "rs-w", "title": "", "string": "R_s-W_d", "parameters": {"R_s": {}, "W_d_sigma": {}}},
]
CIRCUIT = {
    "name": "rs-ct",
    "title": "One arc",
    "string": "R_s-p(R_ct,CPE_ct)",
    "parameters": {"R_s": {"role": "series", "describe": "contacts", "min": 1e-9, "max": None}},
}

TEXTS: dict[str, Callable[[], str]] = {
    "fit.txt": lambda: fit_text(GOOD),
    "fit_narrow.txt": lambda: fit_text(GOOD, width=60),
    "fit_bad.txt": lambda: fit_text(BAD),
    "fit_failed.txt": lambda: fit_text(FAILED),
    "fits.txt": lambda: fits_text([GOOD, BAD, FAILED]),
    "fits.csv": lambda: fits_csv([GOOD, BAD, FAILED]),
    "fit.md": lambda: fit_markdown(BAD),
    "fit.tex": lambda: fit_latex(BAD),
    "fit.html": lambda: fit_html(BAD),
    "check.txt": lambda: check_text(CHECK),
    "check.html": lambda: check_html(CHECK),
    "checks.txt": lambda: checks_text([CHECK, CHECK_OK, FAILED]),
    "track.txt": lambda: track_text(TRACK),
    "track.html": lambda: track_html(TRACK),
    "circuits.txt": lambda: circuits_text(CIRCUITS),
    "circuit.html": lambda: circuit_html(CIRCUIT),
    "spectra.txt": lambda: spectra_text([SPECTRUM, FAILED]),
    "spectrum.html": lambda: spectrum_html(SPECTRUM),
    "series.html": lambda: series_html([SPECTRUM, SPECTRUM]),
}


@pytest.mark.parametrize("name", TEXTS)
def test_golden(name: str) -> None:
    text, file = TEXTS[name](), GOLDEN / name
    if os.environ.get("EISFIT_REGENERATE_GOLDEN"):
        file.write_bytes(text.encode())
    assert text == file.read_bytes().decode()


def test_golden_folder_holds_nothing_else() -> None:
    mine = {file.name for file in GOLDEN.iterdir() if not file.name.startswith("explanation")}
    assert mine == set(TEXTS)


@pytest.mark.parametrize("name", [name for name in TEXTS if name.endswith(".txt")])
def test_text_is_ascii_but_for_plus_minus(name: str) -> None:
    assert TEXTS[name]().replace("±", "").isascii()
    assert TEXTS[name]().endswith("\n")


# --- the verdict comes first


def test_verdict_first() -> None:
    assert fit_text(GOOD).startswith("bare_cycle_050.csv: A, usable\n")
    assert fit_text(BAD).startswith(
        "coated.mpt#2: B, not usable: at_bound\n  forbids  at_bound: CPE_ct_alpha ended"
    )
    assert fit_text(FAILED).startswith("broken.DTA: FAILED: no table ZCURVE in it")
    assert fit_text({**GOOD, "ok": False}).startswith("bare_cycle_050.csv: A, not usable\n")


def test_good_fit_with_a_remark_stays_ok_and_shows_it() -> None:
    text = fit_text({**GOOD, "flags": FLAGS[1:]})
    assert text.startswith("bare_cycle_050.csv: A, usable\n  tells  correlated: ")


def test_failures_are_in_sight_in_the_table() -> None:
    text = fits_text([GOOD, FAILED])
    assert re.search(r"broken\.DTA +FAILED\n", text)
    assert "1 of 2 spectra failed, 0 not usable:\n  broken.DTA: FAILED: no table ZCURVE" in text
    assert "failed" not in fits_text([GOOD])


def test_the_parameter_asked_for_stands_in_the_first_line() -> None:
    """With its verdict, and errors in their two parts; an open one shows the side that is limited."""
    known = {"verdict": "determined", "stderr_noise": 0.2, "stderr_model": 0.21}
    lower = {"verdict": "open", "interval": {"level": 0.95, "low": 120.0, "high": None, "method": "profile"}}
    rows = {
        "R_ct": {**parameter(39.91, 0.29, "ohm", "charge_transfer"), **known},
        "R_sei": {**parameter(1e4, 1e5, "ohm", "sei"), **lower},
    }
    text = fit_text({**GOOD, "grade": "B", "parameters": rows})
    assert text.startswith("bare_cycle_050.csv: B, usable: R_ct = 39.91 ± 0.29 ohm, determined\n")
    assert re.search(r"R_ct +39\.91 ± 0\.29 +ohm +0\.20 +0\.21 +determined", text)
    assert "open: > 120" in text


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, False),
        ({"hidden": 3.0}, True),
        ({"hidden": 1.5}, False),
        ({"hidden": 3.0, "stderr_model": 1.0}, False),
    ],
)
def test_what_the_noise_may_hide_is_told_where_it_is_much(changes: dict[str, float], told: bool) -> None:
    known = {"ok": True, "parameters": {"R_ct": parameter(100.0, 1.0, "ohm", "charge_transfer", **changes)}}
    known["statistics"] = {"chisqr": 1.0}
    words = "R_ct \u00b1 3.0 ohm if the circuit departs by as much as this noise hides"
    assert (words in fit_text(known).splitlines()) == told


def test_marks_of_parameters() -> None:
    text = fit_text(GOOD)
    assert re.search(r"CPE_sei_alpha +0\.85 +fixed", text)
    assert re.search(r"CPE_ct_Q +0\.00501 ± \? ", text)
    assert re.search(r"CPE_ct_alpha +1\.000 ± 0\.004 +at bound", text)
    assert re.search(r"W_d_sigma .* = R_s / 2", text)
    named = {**GOOD, "parameters": {"R": parameter(1.0, 0.1, "ohm", "", at_bound="max")}}
    assert "at bound (max)" in fit_text(named)


def test_only_strong_correlations_and_not_too_many() -> None:
    assert "+0.2" not in fit_text(GOOD)
    many = [[f"a{n}", "b", 0.99] for n in range(8)]
    assert "and 3 more" in fit_text({**GOOD, "correlations": many})
    assert "correlations" not in fit_text({**GOOD, "correlations": []})


# --- documents with little in them


@pytest.mark.parametrize("function", [fits_text, checks_text, spectra_text, circuits_text])
def test_nothing_to_report(function: Callable[[list[Any]], str]) -> None:
    assert function([]).startswith("no ")
    assert track_text({}) == "no spectra\n"


@pytest.mark.parametrize(
    "function",
    [
        fit_text, fit_html, fit_markdown, fit_latex, check_text,
        check_html, track_text, track_html, spectrum_html, circuit_html,
    ],
)  # fmt: skip
def test_empty_and_null_documents_do_not_break(function: Callable[[dict[str, Any]], str]) -> None:
    assert isinstance(function({}), str)
    assert isinstance(function({**EMPTY, "spectrum": None, "error": None, "rows": None}), str)


def test_lists_of_empty_documents_do_not_break() -> None:
    for function in (
        fits_text,
        checks_text,
        spectra_text,
        fits_csv,
    ):
        assert "spectrum" in function([{}]) or function is fits_csv
    assert "n/a" in spectra_text([{}])
    assert "<table>" in series_html({"spectra": [SPECTRUM]})


# --- widths


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_text_keeps_to_the_width(width: int) -> None:
    long = {**GOOD, "spectrum": {**GOOD["spectrum"], "source": "very_long_name_" * 20 + ".csv"}}
    texts = [
        fits_text([GOOD, BAD, FAILED, long], width=width),
        track_text(TRACK, width=width),
        spectra_text([SPECTRUM, long, FAILED], width=width),
        circuits_text(CIRCUITS, width=width),
        check_text(CHECK, width=width),
    ]
    texts += [fit_text(GOOD, width=width), fit_text(long, width=width)]
    texts.append(checks_text([CHECK, {**long, "error": "x"}], width=width))
    widest = max((line for text in texts for line in text.splitlines()), key=len)
    assert len(widest) <= width, widest


def test_wide_tables_continue_below_themselves_with_every_value() -> None:
    text = fits_text([GOOD], width=60)
    assert text.count("bare_cycle_050.csv") > 2
    for name in GOOD["parameters"]:
        assert name in text


# --- hostile strings


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "셀 А\u202e.mpt",
    "x\x1b[31mred\x07\r\nnext",
    "a|b`c*_d_",
    "\\input{/etc/passwd} % $x$ & # ~ ^",
    "=cmd|' /C calc'!A0",
    "n" * 5000,
]


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.seen.add(tag)
        assert not any(name.startswith("on") for name, _ in attrs)


def hostile(text: str) -> dict[str, Any]:
    return {
        "spectrum": {"source": text, "cycle": 1},
        "source": text,
        "name": text,
        "title": text,
        "string": text,
        "circuit": {"name": text, "string": text},
        "weighting": text,
        "parameters": {text: parameter(1.0, 0.1, text, text, expr=text, describe=text)},
        "derived": {text: {"value": 1.0, "stderr": None, "unit": text}},
        "correlations": [[text, text, 0.99]],
        "ok": False,
        "flags": [{"name": text, "cause": text, "cure": text}],
        "notes": [text],
        "ranges": [{"low_Hz": 1.0, "high_Hz": 2.0, "cause": text}],
        "rows": [{"cycle": 1, "source": text, "ok": False, "flags": [text], text: 1.0}],
        "units": {text: text},
        "growth": {text: {"law": text, "slope": 1.0, "unit": text}},
    }


@pytest.mark.parametrize("text", HOSTILE)
def test_html_holds_no_tag_of_theirs(text: str) -> None:
    document = hostile(text)
    pages = [
        function(document)
        for function in (
            fit_html, check_html, track_html, spectrum_html, circuit_html,
        )
    ]  # fmt: skip
    pages += [
        series_html([document]),
        fit_html({**document, "error": text}),
    ]
    for page in pages:
        parser = Tags()
        parser.feed(page)
        assert parser.seen <= {"div", "b", "span", "table", "thead", "tbody", "tr", "th", "td", "code"}


@pytest.mark.parametrize("text", HOSTILE)
def test_terminals_get_no_control_characters(text: str) -> None:
    document = hostile(text)
    for said in (
        fit_text(document),
        fits_text([document, {**document, "error": text}]),
        check_text(document),
        checks_text([document]),
        track_text(document),
        spectra_text([document]),
        circuits_text([document]),
        fit_markdown(document),
        fit_latex(document),
        fit_latex({**document, "error": text}),
    ):
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202e]", said)


def test_markdown_and_latex_escape() -> None:
    markdown = fit_markdown(hostile("a|b`c*_d_<i>"))
    assert r"a\|b\`c\*\_d\_&lt;i&gt;" in markdown
    latex = fit_latex(hostile("\\input{x} % $ & # _ ~ ^"))
    escaped = r"\textbackslash{}input\{x\} \% \$ \& \# \_ \textasciitilde{} \textasciicircum{}"
    assert latex.count(escaped) >= 3
    assert "\\input{" not in latex
    assert fit_latex(FAILED).startswith("% no table ZCURVE")


# --- CSV


def test_csv_numbers_are_exact() -> None:
    odd = {**GOOD, "parameters": {"R_ct": parameter(0.1 + 0.2, 1 / 3, "ohm", "charge_transfer")}}
    (row,) = csv.DictReader(io.StringIO(fits_csv([odd])))
    assert float(row["R_ct"]) == 0.1 + 0.2
    assert float(row["R_ct_stderr"]) == 1 / 3
    assert (row["source"], row["ok"], row["cycle"]) == ("cells/bare_cycle_050.csv", "true", "50")
    assert float(row["R_p"]) == 62.9


def test_csv_survives_commas_quotes_and_line_ends() -> None:
    nasty = 'a,"b"\nc'
    rows = list(csv.DictReader(io.StringIO(fits_csv([hostile(nasty), FAILED]))))
    assert rows[0]["source"] == nasty
    assert rows[1]["error"].startswith("cells/broken.DTA: no table")
    assert rows[1]["ok"] == ""


def test_long_html_tables_are_cut_and_say_so() -> None:
    assert ">and 40 rows more</div>" in series_html([SPECTRUM] * 100)


def test_series_shows_what_could_not_be_read() -> None:
    failures = [{"source": "a/<b>.csv", "error": "a/<b>.csv: is empty"}]
    page = series_html({"spectra": [SPECTRUM], "failures": failures, "notes": ["1 file left out"]})
    assert ">&lt;b&gt;.csv</td><td></td><td></td><td>FAILED: is empty</td>" in page
    assert ">1 file left out</div>" in page


def test_a_flag_raised_twice_is_named_once_and_explained_twice() -> None:
    text = fit_text({**BAD, "flags": [FLAGS[0], {**FLAGS[0], "cause": "R_s = 0 is at its lower bound"}]})
    assert text.startswith("coated.mpt#2: B, not usable: at_bound\n  forbids  at_bound: CPE_ct")
    assert "  forbids  at_bound: R_s = 0 is at its lower bound. Use a capacitor" in text


@pytest.mark.parametrize(
    "told",
    [{"simulated": True}, {"metadata": {"simulated": True}}, {"notes": ["Simulated, not measured: R"]}],
)
def test_simulated_data_is_labelled(told: dict[str, Any]) -> None:
    document = {**GOOD, "spectrum": {**GOOD["spectrum"], **told}}
    assert fit_text(document).startswith("bare_cycle_050.csv (simulated): A, usable")
    assert "(simulated)" in fit_html(document)
    assert "(simulated)" in spectrum_html({**SPECTRUM, **told})


def test_csv_leaves_unknown_numbers_empty() -> None:
    unknown = {**GOOD, "parameters": {"R": parameter(float("nan"), None, "ohm", "")}}
    (row,) = csv.DictReader(io.StringIO(fits_csv([unknown])))
    assert (row["R"], row["R_stderr"]) == ("", "")


def test_track_shows_its_label_and_notes() -> None:
    told = {**TRACK, "label": "bare", "notes": ["1 spectrum without a cycle number left out"]}
    assert track_text(told).startswith("bare; rs-sei-ct-w: R_s-p(")
    for page in (track_text(told), track_html(told)):
        assert "1 spectrum without a cycle number left out" in page


def test_what_a_warburg_without_end_adds_to_r_p_is_told_where_it_is_much():
    """sigma / (2 pi f)^(1/2) at 10 mHz is four times sigma (3.99)."""
    parameters = {
        "R_ct": parameter(100.0, 1.0, "ohm", ""),
        "W_d_sigma": parameter(5.0, 0.1, "ohm s^-1/2", ""),
    }
    derived = {"R_p": {"value": 100.0, "stderr": 1.0, "unit": "ohm", "verdict": "determined"}}
    told = {**GOOD, "parameters": parameters, "derived": derived}
    assert "R_p is of the arcs alone: W_d adds to it, 20 ohm at 10 mHz and without end" in fit_text(told)
    parameters["W_d_sigma"]["value"] = 0.2  # 0.8 ohm
    assert "arcs alone" not in fit_text(told)


def test_a_passed_check_says_what_it_cannot_see():
    passed = {**CHECK, "ok": True, "flags": [], "ranges": []}
    assert "smooth drift" not in check_text(CHECK)
    for noise, told in ((0.0, "than about 2 %"), (0.01, "than about 10 %"), (0.2, "drift during the sweep")):
        assert told in check_text({**passed, "noise_relative": noise})


@pytest.mark.parametrize(("points", "low", "told"), [(12, 0.1, True), (20, 0.1, False), (9, 300.0, True)])
def test_a_passed_check_of_few_points_says_that_it_sees_hardly_anything(points, low, told):
    """Of 12 points over five decades a wrong sign was not seen in 100 of 100 simulated spectra."""
    span = {"points": points, "frequency_min_Hz": low, "frequency_max_Hz": 1e4}
    text = check_text({**CHECK, "ok": True, "flags": [], "ranges": [], "spectrum": span})
    assert ("hardly any error would show" in text) is told


def test_a_law_of_two_points_has_few_digits_and_no_error():
    law = {"slope": -0.0042704, "intercept": 2.00021, "law": "linear", "unit": "ohm"}
    text = track_text({**TRACK, "growth": {"R_s": law}})
    assert "changes by -0.00427 ± ? ohm per cycle, from 2.00 ± ? ohm" in text


def test_the_shape_of_every_law_that_is_no_straight_line_is_told():
    assert set(SHAPES) == {law.name for law in OWN_LAWS} - {"linear"}


@pytest.mark.parametrize(
    ("name", "coefficients", "told"),
    [
        ("sqrt", [8.0, 2.0], "(sqrt: 2.0000 ± 0.0020 ohm per root of a cycle)"),
        ("exponential", [36.0, 0.001], "(exponential: by 0.0010 ± 0.0020 of itself per cycle)"),
        ("power", [8.0, 2.0, 0.7], "(power: exponent 0.7000 ± 0.0020)"),
        ("breakpoint", [8.0, 2.0, 1.0, 50.0], "(breakpoint: at cycle 50.0000 ± 0.0020)"),
    ],
)
def test_a_law_says_its_own_number_and_over_what_its_rate_is_the_mean(name, coefficients, told):
    """Of 8 + 2 sqrt(cycle) ohm "0.182 ohm per cycle (sqrt)" was told: 2 was nowhere."""
    law = {"slope": 0.182, "slope_stderr": 0.0004, "law": name, "unit": "ohm", "first": 1.0, "last": 100.0}
    matrix = [[4e-6 * (j == k) for j, _ in enumerate(coefficients)] for k, _ in enumerate(coefficients)]
    law |= {"coefficients": coefficients, "coefficients_covariance": matrix}
    text = track_text({**TRACK, "growth": {"R_sei": law}})
    assert f"ohm per cycle over cycles 1 to 100 {told}" in " ".join(text.split())


@pytest.mark.parametrize(("first", "told"), [(0.0, True), (10.0, True), (3000.0, False)])
def test_what_was_at_cycle_0_is_told_of_series_that_begin_near_it(first, told):
    """Of cycles 3000 to 3011 an exponential told (5 ± 5)e62 S at cycle 0."""
    law = {"slope": 1.0, "slope_stderr": 0.1, "intercept": 5.0, "intercept_stderr": 1.0, "law": "linear"}
    text = track_text({**TRACK, "growth": {"R": {**law, "first": first, "last": first + 11}}})
    assert ("at cycle 0" in text) is told


def test_rows_of_several_cells_say_why_they_failed_and_which_arcs_stand_exchanged():
    """A row said FAILED and nothing else; arcs exchanged in a whole series were in its JSON alone."""
    rows = [
        {"cell": "a", "cycle": 1.0, "source": "a/x.csv", "ok": True, "grade": "A", "flags": ["arcs_swapped"]},
        {"cell": "b", "cycle": 1.0, "source": "b/x.csv", "ok": False, "error": "b/x.csv: the file is empty"},
    ]
    text = cells_text({"rows": rows}, width=200)
    assert "1 of 2 spectra failed, 0 not usable:\n  b/x.csv: FAILED: the file is empty\n" in text
    assert "in 1 of 2 spectra the arcs stand against the order of their names (arcs_swapped)" in text
    assert "(--order FASTER,SLOWER)" in track_text({"rows": rows[:1]}, width=200)
