"""What a notebook shows of itself: a table and a small figure, nothing from outside, and completion."""

from __future__ import annotations

import base64
import copy
import pickle
import re
import subprocess
import sys
from pathlib import Path

import pytest

import eisfit
from eisfit.display.svg.panel import place_beside
from eisfit.errors import EisfitError

SPECTRA = Path(__file__).resolve().parents[2] / "example_spectra" / "rrml"
CIRCUIT = "rs-sei-ct-w"
LARGEST = 80_000  # characters, with the figure
PICTURE = re.compile(r'<img src="data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)" alt="([^"]+)" width="(\d+)"')


@pytest.fixture(scope="module")
def shown():
    spectrum = eisfit.read(SPECTRA / "bare" / "bare_cycle_003.csv")
    result = eisfit.fit(spectrum, CIRCUIT)
    bare, coated = (eisfit.read_series(SPECTRA / name)[:4] for name in ("bare", "coated"))
    tracked = [eisfit.track(series, CIRCUIT) for series in (bare, coated)]
    return {
        "Spectrum": spectrum,
        "Series": bare,
        "Circuit": result.circuit,
        "FitResult": result,
        "SeriesResult": tracked[0],
        "CellTable": eisfit.compare_series(tracked),
        "KramersKronigResult": eisfit.check(spectrum),
        "DRTResult": eisfit.drt(spectrum),
        "Comparison": eisfit.compare(spectrum, ["rs-ct-w", CIRCUIT]),
        "Intervals": eisfit.intervals(result),
        "Explanation": eisfit.explain(SPECTRA.parent / "other_coatings" / "flat_film.toml"),
    }


@pytest.fixture(scope="module")
def pages(shown):
    return {kind: thing._repr_html_() for kind, thing in shown.items()}


KINDS = (
    "Spectrum", "Series", "Circuit", "FitResult", "SeriesResult", "CellTable", "KramersKronigResult",
    "DRTResult", "Comparison", "Intervals", "Explanation",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_and_a_figure(shown, pages, kind):
    assert type(shown[kind]).__name__ == kind
    html = pages[kind]
    assert "<table" in html
    assert len(html) < LARGEST
    if kind == "Circuit":
        assert "<svg" in html
        return
    data, alt, width = PICTURE.search(html).groups()
    assert base64.b64decode(data).startswith(b"<svg xmlns=")
    assert alt
    assert 100 < int(width) < 700


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_comes_from_outside_and_dark_pages_stay_readable(pages, kind):
    html = PICTURE.sub('<img width="', pages[kind])
    assert not re.search(r"https?:(?!//www\.w3\.org/)|<script|<link|url\((?!#)", html)
    for style in re.findall(r'style="([^"]*)"', html):  # letters of a fixed colour stand on their own ground
        assert not re.search(r"(?<![-\w])color:", style) or "background:" in style
    assert "background:#fff" in html or "currentColor" in html


# lmfit pickles functions of scipy without a module, for which pickle looks through all that are imported.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("again", [lambda x: pickle.loads(pickle.dumps(x)), copy.deepcopy, copy.copy])
@pytest.mark.parametrize("kind", (*KINDS, "Identification", "Growth", "ImpedanceCircuit"))
def test_it_pickles_and_copies(shown, more, kind, again):
    one = {**shown, **more}[kind]
    assert type(one).__name__ == kind
    assert again(one).to_dict() == one.to_dict()


def test_a_copy_is_as_frozen_as_the_original(shown):
    spectrum = copy.deepcopy(shown["FitResult"]).spectrum
    assert spectrum == shown["FitResult"].spectrum
    with pytest.raises(ValueError, match="read-only"):
        spectrum.impedance[0] = 1
    with pytest.raises(TypeError):
        spectrum.metadata["area"] = 1


@pytest.fixture(scope="module")
def more(shown):
    values = {"R_s": 1.0, "R_ct": 10.0, "CPE_ct_Q": 1e-4, "CPE_ct_alpha": 0.9}
    series = [eisfit.simulate("rs-ct", {**values, "R_ct": 10.0 + k}, seed=k, cycle=k) for k in range(5)]
    return {
        "Identification": eisfit.identify(series[0]),
        "Growth": eisfit.track(series, "rs-ct").growth("R_ct"),
        "ImpedanceCircuit": eisfit.from_impedance(eisfit.to_impedance(shown["FitResult"])),
    }


@pytest.mark.parametrize("kind", ["FitResult", "Series", "Circuit"])
def test_the_same_object_is_shown_the_same(shown, pages, kind):
    assert shown[kind]._repr_html_() == pages[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_as_text(shown, kind):
    text = repr(shown[kind])
    assert text.strip()
    assert "object at 0x" not in text


def test_a_parameter_and_a_growth_in_a_line(shown):
    result, growth = shown["FitResult"], shown["SeriesResult"].growth("R_ct")
    assert repr(result["R_ct"]) == "<R_ct = 51.85 ± 0.07 ohm: charge-transfer resistance>"
    fixed = eisfit.fit(result.spectrum, CIRCUIT, fix={"R_s": 3.6}, expr={"CPE_sei_alpha": "CPE_ct_alpha"})
    assert repr(fixed["R_s"]).startswith("<R_s = 3.6000 ohm (fixed): series resistance")
    assert " (= CPE_ct_alpha): exponent" in repr(fixed["CPE_sei_alpha"])
    assert repr(growth) == str(growth)
    assert repr(growth.crossing(factor=2)).startswith("R_ct doubles")


def test_where_nothing_can_be_drawn_the_table_stands_alone():
    def draw():
        raise EisfitError("nothing to draw")

    assert place_beside("<table></table>", draw) == "<table></table>"


def test_a_series_of_failures_is_shown(tmp_path):
    few = [eisfit.Spectrum(frequency=[2.0, 1.0], impedance=[1 - 1j, 2 - 1j], cycle=k) for k in range(2)]
    html = eisfit.track(few, CIRCUIT)._repr_html_()
    assert "FAILED" in html
    assert "<img" not in html


def test_an_empty_series_is_shown():
    assert "<img" not in eisfit.Series(())._repr_html_()


def test_a_long_series_is_drawn_thinned(shown):
    one = shown["Spectrum"]
    series = eisfit.Series(tuple(one.replace(cycle=k) for k in range(500)))
    assert len(series._repr_html_()) < LARGEST


def test_the_first_figure_leaves_interactive_drawing_as_it_turned_it():
    import matplotlib as mpl

    from eisfit.display.plot.style import apply_style

    before = mpl.is_interactive()
    try:
        mpl.interactive(False)
        apply_style(mpl.interactive)(True)  # as the first figure of a notebook does
        assert mpl.is_interactive()
        assert mpl.rcParams["font.size"] != 9.0  # all else is put back
    finally:
        mpl.interactive(before)


def test_what_a_circuit_says_of_its_values(shown):
    changed = shown["Circuit"].constrain(
        fix={"R_s": 3.6}, start={"R_ct": 50}, expr={"CPE_sei_alpha": "CPE_ct_alpha"}
    )
    html = changed._repr_html_()
    assert "3.6000 (fixed)" in html
    assert ">50.000<" in html
    assert "= CPE_ct_alpha" in html
    assert "ohm s^-1/2" in html


def test_names_from_files_are_escaped():
    spectrum = eisfit.Spectrum(frequency=[2.0, 1.0], impedance=[1 - 1j, 2 - 1j], source="<b>x</b>.csv")
    assert "<b>x</b>" not in spectrum._repr_html_()


def test_keys_complete(shown):
    assert shown["FitResult"]._ipython_key_completions_() == list(shown["Circuit"].names)
    assert "R_ct" in shown["Intervals"]._ipython_key_completions_()
    assert shown["CellTable"]._ipython_key_completions_() == ["bare", "coated"]


def test_ipython_completes_keys_and_the_lazy_package(shown):
    core = pytest.importorskip("IPython.core.completer")
    names = {"result": shown["FitResult"], "eisfit": eisfit}
    completer = core.IPCompleter(namespace=names, global_namespace=names, use_jedi=False)
    with core.provisionalcompleter():
        keys = [found.text for found in completer.completions('result["R_', 10)]
        calls = [found.text for found in completer.completions("eisfit.read", 11)]
    assert sorted(keys) == ["R_ct", "R_s", "R_sei"]
    assert {".read", ".read_series"} <= set(calls)


def test_dir_of_the_package():
    assert set(dir(eisfit)) == set(eisfit.__all__)


def test_modules_of_the_package_need_no_import():
    code = "import eisfit; print(eisfit.plot.save.__name__, eisfit.plot is eisfit.display.plot)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.split() == ["save", "True"]
    with pytest.raises(AttributeError, match="no attribute 'fitt'; did you mean 'fit'"):
        _ = eisfit.fitt
    with pytest.raises(AttributeError, match="no attribute '_repr_html_'"):
        _ = eisfit._repr_html_
