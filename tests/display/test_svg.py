"""Figures as SVG of our own: well-formed, equal axes, ticks at round numbers, words from outside escaped."""

from __future__ import annotations

import re
import subprocess
import sys
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eisfit.display.svg.axis import Axis
from eisfit.display.svg.panel import Panel, to_svg
from eisfit.display.svg.result_figures import draw_fit, draw_spectra, draw_trends
from eisfit.errors import EisfitError

EVIL = '</svg><script>alert("owned")</script>&'
TAG = "{http://www.w3.org/2000/svg}"


def circles(svg):
    found = ElementTree.fromstring(svg).iter(f"{TAG}circle")
    return np.array([[float(c.get("cx")), float(c.get("cy"))] for c in found if c.get("cx") != "6"])


def spectrum(z, **fields):
    data = {"frequency_Hz": np.geomspace(1e5, 1, len(z)).tolist()}
    data |= {"Z_real_ohm": z.real.tolist(), "Z_imag_ohm": z.imag.tolist()}
    return {"data": data, **fields}


def test_the_axes_of_a_nyquist_plot_are_equal():
    turn = np.linspace(0, np.pi, 9)
    (panel,) = draw_spectra([spectrum(30 + 20 * np.cos(turn) - 20j * np.sin(turn))])
    at = circles(to_svg([panel])[0])
    middle = (at[0] + at[-1]) / 2
    assert np.hypot(*(at - middle).T) == pytest.approx(np.full(9, at[0, 0] - middle[0]), abs=0.15)


def test_what_points_upwards_is_minus_the_imaginary_part():
    (panel,) = draw_spectra([spectrum(np.array([10 - 1j, 20 - 5j]))])
    low, high = circles(to_svg([panel])[0])
    assert low[0] < high[0]
    assert low[1] > high[1]


def test_words_from_outside_stay_words():
    panel = Panel(EVIL, EVIL, names=[EVIL])
    panel.points([0.0], [0], "#000", label=EVIL)
    panel.word(0.0, 0.0, EVIL)
    svg = to_svg([panel])[0]
    texts = ["".join(text.itertext()) for text in ElementTree.fromstring(svg).iter(f"{TAG}text")]
    assert texts.count(EVIL) == 5
    assert "<script" not in svg


def test_an_axis_has_two_ticks_at_least():
    """Residuals of 18 % stood on an axis whose only number was 0."""
    assert [text for _, text in Axis(-18.5, 17.2, 0.0, 80.0).ticks(2)] == ["−10", "0", "10"]


@given(st.floats(-1e12, 1e12), st.floats(1e-6, 1e12), st.integers(2, 8))
def test_ticks_are_round_numbers_inside(low, size, most):
    size = max(size, 1e-6 * abs(low))
    axis = Axis(low, low + size, 0.0, 100.0)
    values = [value for value, _ in axis.ticks(most)]
    assert 2 <= len(values) <= max(most + 1, 5)
    assert all(-1e-6 * size <= value - low <= size * (1 + 1e-6) for value in values)
    places = axis.place(np.array(values))
    assert ((places > -0.1) & (places < 100.1)).all()


@pytest.mark.parametrize(
    ("low", "high", "powers"), [(0.5, 2e3, [0, 1, 2, 3]), (1e-9, 1e9, [-9, -6, -3, 0, 3, 6, 9])]
)
def test_decades_of_a_logarithmic_axis(low, high, powers):
    ticks = Axis(low, high, 0.0, 100.0, log=True).ticks(7)
    assert [round(np.log10(value)) for value, _ in ticks] == powers


def test_a_line_breaks_where_a_value_is_missing():
    panel = Panel("x", "y")
    panel.line([1, 2, 3, 4], [1, np.nan, 3, 4], "#123456")
    (path,) = re.findall(r'<path d="([^"]+)" fill="none" stroke="#123456"', to_svg([panel])[0])
    assert path.count("M") == 2
    assert path.count("L") == 1


def test_numbers_that_are_all_missing_still_give_a_figure():
    panel = Panel("x", "y", log_x=True)
    panel.points([np.nan, -1.0], [np.nan, 2.0], "#000")
    assert not len(circles(to_svg([panel])[0]))


def test_what_cannot_be_drawn_says_so():
    with pytest.raises(EisfitError, match="nothing to draw: it is broken"):
        draw_fit({"error": "it is broken"})
    with pytest.raises(EisfitError, match="nothing to draw"):
        draw_trends([{"rows": [], "units": {}}])


def test_a_result_is_shown_without_matplotlib():
    code = (
        "import sys, numpy as np, eisfit;"
        "s = eisfit.Spectrum(np.geomspace(1e4, 1, 9), np.linspace(1, 9, 9) - 1j);"
        "assert '<img' in s._repr_html_(); assert not {'matplotlib', 'PIL'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
