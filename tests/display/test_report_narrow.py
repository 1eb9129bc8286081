"""Tables on narrow terminals: what does not fit becomes records, with whole numbers and names."""

from __future__ import annotations

import re

import pytest

from eisfit.display.report.fits import fit_text, fits_text
from eisfit.display.report.relaxation import drt_text
from eisfit.display.report.table import list_blocks, list_records, tabulate
from eisfit.display.report.tracks import track_text

NAMES = ("R_s", "R_sei", "CPE_sei_Q", "CPE_sei_alpha", "R_ct", "W_d_sigma")
UNITS = {"CPE_sei_Q": "S s^alpha", "CPE_sei_alpha": "", "W_d_sigma": "ohm s^-1/2"}


def fit(source):
    rows = {
        name: {"value": 51.85, "stderr": 0.07, "unit": UNITS.get(name, "ohm"), "vary": True} for name in NAMES
    }
    return {
        "spectrum": {"source": source, "index": 0, "cycle": 3.0, "points": 71, "simulated": True},
        "circuit": {"name": "rs-sei-ct-w", "string": "R_s-p(R_sei,CPE_sei)-p(R_ct-W_d,CPE_ct)"},
        "ok": True,
        "parameters": rows,
        "flags": [],
    }


FITS = [fit(f"cell_with_a_long_name_cycle_{k:03}.csv") for k in (3, 50, 100)]
TRACK = {
    "circuit": FITS[0]["circuit"],
    "units": {name: UNITS.get(name, "ohm") for name in NAMES},
    "rows": [{"cycle": k, "ok": True, **dict.fromkeys(NAMES, 51.85), **{f"{n}_stderr": 0.07 for n in NAMES}}
             for k in (3, 50)],
}  # fmt: skip
DRT = {
    "spectrum": FITS[0]["spectrum"],
    "peaks": [
        {"tau": 4.3e-5, "resistance": 6.5, "width": 0.56, "log10_tau_stderr": 0.07, "resistance_stderr": 0.3}
    ],
    "polarisation_resistance": 58.3,
    "series_resistance": 3.58,
    "inductance": 0.0,
    "warburg": 3.49,
    "elastance": 0.0,
    "regularisation": 0.178,
    "criterion": "gcv",
}


@pytest.mark.parametrize("width", [40, 45, 50, 60, 80])
def test_everything_keeps_to_the_width_and_breaks_no_number(width):
    texts = [
        fit_text(FITS[0], width=width),
        fits_text([*FITS, {**FITS[0], "error": "there is no such file"}], width=width),
        track_text(TRACK, width=width),
        drt_text(DRT, width=width),
    ]
    for text in texts:
        assert max(map(len, text.splitlines())) <= width, text
    whole = re.compile(r"51\.85 ± 0\.07")
    assert [len(whole.findall(text)) for text in texts[:3]] == [6, 24, 12]
    for name in NAMES:
        assert all(name in text for text in texts[:3])


@pytest.mark.parametrize("width", [40, 60, 80])
def test_files_that_differ_look_different(width):
    text = fits_text(FITS, width=width)
    names = {line[:width] for line in text.splitlines() if line.startswith("cell_")}
    starts = {re.split(r"\s{2,}", name)[0] for name in names}
    assert len(starts) == 3, text


def test_a_table_becomes_records_before_its_names_become_alike():
    rows = [[f"the_same_long_beginning_{k}_the_same_long_end", "1.0 ± 0.1", "2"] for k in range(3)]
    head = ["name", "value", "count"]
    assert tabulate(head, rows, width=80)[2].startswith("the_same_long_beginning_0_the_same_long_end  1.0")
    for made in (tabulate(head, rows, width=44), list_blocks(head, rows, width=44, fixed=1)):
        assert made[:3] == ["the_same_long_beginning_0_the_same_long_end", "  value  1.0 ± 0.1", "  count  2"]
        assert len(made) == 9


def test_records_leave_out_what_is_empty_and_put_what_is_long_below():
    made = list_records(["name", "value", "interval at 95 %"], [["R", "", "(0.00072 to 0.00106)"]], width=30)
    assert made == ["R", "  interval at 95 %", "    (0.00072 to 0.00106)"]
