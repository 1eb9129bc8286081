"""Circuits drawn: every component there once, wires whole, labels apart from each other, in every form."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

import eisfit
from eisfit.errors import CircuitError, EisfitError, UsageError
from eisfit.model import drawing
from eisfit.model.drawing import CircuitDrawing, _measure
from eisfit.model.notation import components, parse

NESTED = (
    "R0",
    "p(R1-p(R2-p(R3,C3),C2),C1)",
    "R_s-p(p(R1,C1)-R3,p(R2,C2)-W1,L1)-G1",
    "L1-La_2-R_s-p(R_film-p(R_a_long_label,C1),CPE_film)-p(R2,CPE2,C2)-Zarc1-HN_x-K-TLMe_p",
)
STRINGS = [*NESTED, *(eisfit.circuit(name).string for name in eisfit.circuits())]


@pytest.mark.parametrize("string", STRINGS)
def test_svg_is_well_formed_and_labels_do_not_touch(string):
    root = ET.fromstring(drawing.draw_svg(string))
    assert root.tag.endswith("svg")
    assert root.get("aria-label") == f"circuit {string}"
    labels = []
    for text in root.iter("{http://www.w3.org/2000/svg}text"):
        words = "".join(text.itertext())
        labels.append((float(text.get("x")), float(text.get("y")), words))
    named = list(components(parse(string)))
    assert len(labels) >= len(named)
    high = [label for label in labels if not re.fullmatch(r"[A-Z][A-Za-z]{0,3}", label[2])]
    for k, (x, y, words) in enumerate(high):
        for x2, y2, other in high[k + 1 :]:
            room = 4.5 * (len(words) + len(other)) / 2  # 13 points, most of it subscript
            assert abs(x - x2) > room or abs(y - y2) > 14, (words, other)


def test_svg_takes_colours_and_carries_no_scripts():
    made = drawing.draw_svg("R_s-p(R_ct,CPE_ct)", color="black", background="white")
    assert "currentColor" not in made
    assert "white" in made
    assert "currentColor" in drawing.draw_svg("R_s-p(R_ct,CPE_ct)")
    assert "baseline-shift" not in made


@pytest.mark.parametrize(
    "string", ["", "R_s-", "R_s--R_ct", "p(R_s)x", "p(R1,C1", "R1)", "<script>", "R1;R2", "-", "p("]
)
def test_what_is_no_circuit_string_is_refused(string):
    for draw in (drawing.draw_svg, drawing.draw_text):
        with pytest.raises(CircuitError):
            draw(string)
    assert drawing.draw_for_page(string) is None


def test_text():
    assert drawing.draw_text("R_s-p(R_ct-W_d,CPE_ct)") == (
        "o──R_s──┬──R_ct──W_d──┬──o\n"
        "        └──CPE_ct─────┘"
    )  # fmt: skip
    assert drawing.draw_text("p(R1-p(R2,C2),L1,C1)", plain=True) == (
        "o--+--R1--+--R2--+--+--o\n"
        "   |      +--C2--+  |\n"
        "   +--L1------------+\n"
        "   +--C1------------+"
    )  # fmt: skip


@pytest.mark.parametrize("string", STRINGS)
@pytest.mark.parametrize("width", [40, 60, 100])
def test_text_holds_every_name_once_and_keeps_to_the_width(string, width):
    made = drawing.draw_text(string, width=width)
    words = re.findall(r"\w+", made)
    assert sorted(words) == sorted([*(c.name for c in components(parse(string))), "o", "o"])
    if width >= 60:  # no part of these is wider
        assert max(map(len, made.splitlines())) <= width


def test_a_long_circuit_goes_on_below_itself():
    string = "-".join(f"p(R{k},CPE{k})" for k in range(6))
    rows = drawing.draw_text(string, width=40).splitlines()
    assert len(rows) == 2 * 2
    assert all(len(row) <= 40 for row in rows)
    assert rows[0].startswith("o──┬")
    assert rows[0].endswith("┬───")
    assert rows[-2].endswith("──o")


def test_room_grows_with_what_is_in_it():
    one, two = _measure(parse("R1")), _measure(parse("R1-R2"))
    assert two.width == 2 * one.width
    side = _measure(parse("p(R1,R2)"))
    assert side.up + side.down > 2 * one.up
    assert _measure(parse("R_a_very_long_label")).width > one.width


@pytest.mark.parametrize("ending", ["svg", "png", "pdf"])
def test_save(tmp_path, ending):
    written = CircuitDrawing("R_s-p(R_ct,CPE_ct)").save(tmp_path / f"randles.{ending}")
    head = {"svg": b"<svg", "png": b"\x89PNG", "pdf": b"%PDF"}[ending]
    assert written.read_bytes().startswith(head)


def test_save_elsewhere(tmp_path):
    with pytest.raises(UsageError, match=r"as \.png, \.svg or \.pdf, not as '\.docx'"):
        CircuitDrawing("R_s").save(tmp_path / "a.docx")
    with pytest.raises(EisfitError, match="cannot be written"):
        CircuitDrawing("R_s").save(tmp_path / "none" / "a.svg")


def test_a_notebook_shows_a_picture_and_a_terminal_text():
    made = CircuitDrawing("R_s-C_dl")
    assert made._repr_svg_().startswith("<svg")
    assert repr(made) == str(made) == "o──R_s──C_dl──o"
