"""The pages in a headless Chromium; where there is none, these tests are skipped with the reason."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

import eisfit
from eisfit.cli.pages.html_report import html_report
from eisfit.fitting.failure import FitFailure

pytestmark = pytest.mark.slow

BARE = Path(__file__).resolve().parents[2] / "example_spectra" / "rrml" / "bare"
CIRCUIT = "rs-sei-ct-w"
EVIL = "<script>alert('owned')<img src=x onerror=alert(1)>"
CHECKS = (Path(__file__).parent / "page_checks.js").read_text(encoding="utf-8").partition("*/")[2].strip()
CONTRAST, NAMELESS = (f"() => ({CHECKS}).{name}()" for name in ("contrast", "nameless"))


class Watched:
    """A page that remembers what it asked for and what went wrong."""

    def __init__(self, browser, address, width=1400, height=950):
        self.page = browser.new_page(viewport={"width": width, "height": height})
        self.requests, self.complaints, self.dialogs = [], [], []
        self.page.on("request", lambda request: self.requests.append((request.method, request.url)))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._console)
        self.page.on("dialog", self._dialog)
        self.page.goto(address)
        self.page.wait_for_selector("body[data-ready=yes]", timeout=60_000)
        self.idle()

    def idle(self):
        """Wait until nothing is computed any more."""
        self.page.wait_for_function("() => document.body.dataset.busy !== 'yes'", timeout=90_000)

    def _console(self, message):
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def _dialog(self, dialog):
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def run(self, script, argument=None):
        return self.page.evaluate(script, argument)

    def text(self, selector):
        return self.page.locator(selector).inner_text()

    def row(self, name):
        """Return the cells of a parameter's row."""
        return self.page.locator(f"#parameters tr[data-name={name}]").locator("th,td").all_inner_texts()

    def line(self):
        """Return the fitted curve that is drawn: frequencies, impedances."""
        told = self.run(
            "() => { const l = eisfit.items.view(eisfit.bench.item).line; return [l.f, l.re, l.im]; }"
        )
        return np.array(told[0]), np.array(told[1]) + 1j * np.array(told[2])

    def place(self, panel, k):
        """Return where point k of a panel is on the screen."""
        self.page.locator(f"#{panel}").scroll_into_view_if_needed()
        script = """([name, k]) => {
            const p = eisfit.bench.panels[name], b = p.svg.getBoundingClientRect();
            const [x, y] = p.places[k];
            return [b.left + x * b.width / p.width, b.top + y * b.height / p.height]; }"""
        return self.run(script, [panel, k])

    def hot(self):
        return self.run("() => eisfit.bench.hot")


@pytest.fixture(scope="module")
def fitted():
    return eisfit.fit(eisfit.read(BARE / "bare_cycle_003.csv"), CIRCUIT, validate=True)


@pytest.fixture(scope="module")
def tracked():
    return eisfit.track(eisfit.read_series(BARE), CIRCUIT)


@pytest.fixture(scope="module")
def report(fitted, tracked, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    failure = FitFailure(f"{EVIL}.mpt", f"{EVIL}.mpt: {EVIL} is no spectrum")
    return html_report([fitted, tracked, failure], path)


@pytest.fixture
def watch(browser):
    opened = []

    def open_page(address, **size):
        opened.append(Watched(browser, address, **size))
        return opened[-1]

    yield open_page
    for one in opened:
        assert one.complaints == []
        assert one.dialogs == []
        one.page.close()


@pytest.fixture(scope="module")
def opened(browser, report):
    page = Watched(browser, report.as_uri())
    yield page
    page.page.close()


@pytest.fixture
def shown(opened, report):
    """One page for all tests that leave it as it was, at its first spectrum."""
    opened.page.mouse.move(5, 5)
    opened.run("() => eisfit.bench.choose(0)")
    yield opened
    assert opened.complaints == []
    assert opened.dialogs == []
    assert opened.requests == [("GET", report.as_uri())]


def test_a_report_opens_without_an_error_and_asks_for_nothing(shown):
    assert shown.text("#big") == "A"
    assert "51.85 ± 0.07" in shown.text("#head")
    assert shown.page.locator("#rows li").count() == 8
    assert not shown.page.locator("#identify").is_visible()  # a report fits nothing


def test_a_request_would_be_refused_by_the_page_itself(browser, report):
    """Not only does it make none: the policy in it stops a fetch and a foreign script."""
    shown = Watched(browser, report.as_uri())
    stopped = shown.run("() => fetch('https://example.org/').then(() => 'went out', () => 'stopped')")
    assert stopped == "stopped"
    assert any("Content Security Policy" in text for text in shown.complaints)
    foreign = "const s = document.createElement('script'); s.textContent = 'window.owned = 1';"
    shown.run(f"() => {{ {foreign} document.body.append(s); }}")
    assert shown.run("() => window.owned") is None
    shown.page.close()


@pytest.mark.parametrize("panel", ["nyquist", "magnitude", "phase", "residuals"])
def test_pointing_at_a_point_marks_it_in_all_panels(panel, shown):
    assert shown.hot() is None
    shown.page.mouse.move(*shown.place(panel, 30))
    assert shown.hot() == 30
    for one in ("nyquist", "magnitude", "phase", "residuals"):
        assert shown.page.locator(f"#{one} .hot").get_attribute("visibility") == "visible"
    assert shown.text("#readout").replace("\u00a0", " ").startswith("100 Hz")
    shown.page.mouse.move(5, 5)
    assert shown.hot() is None


def test_a_click_in_a_report_keeps_the_mark(shown):
    shown.page.mouse.click(*shown.place("nyquist", 30))
    shown.page.mouse.move(5, 5)
    assert shown.hot() == 30
    shown.page.mouse.click(*shown.place("nyquist", 30))


def test_keys_walk_through_spectra_and_points(shown, tracked):
    shown.page.locator("#rows").focus()
    for _ in range(4):
        shown.page.keyboard.press("ArrowDown")
    result = tracked[3]
    assert shown.page.locator("#rows [aria-selected=true] .nm").inner_text().startswith("cycle 150")
    f, z = shown.line()
    assert np.abs(z / result.circuit.impedance(f, result.values) - 1).max() < 3e-4
    assert shown.row("R_ct")[1].startswith(f"{result['R_ct'].value:.1f}")
    shown.page.keyboard.press("ArrowRight")
    assert shown.hot() == 70  # the lowest frequency
    assert "10 mHz" in shown.text("#readout").replace("\u00a0", " ")
    shown.page.keyboard.press("Escape")
    assert shown.hot() is None


def test_a_click_in_a_trend_shows_its_cycle(shown):
    shown.page.locator("#trend").scroll_into_view_if_needed()
    x, y = shown.run("""() => { const p = eisfit.bench.trend.panel, b = p.svg.getBoundingClientRect();
        const r = p.rows.at(-1);
        return [b.left + r.x * b.width / p.width, b.top + r.y * b.height / p.height]; }""")
    shown.page.mouse.click(x, y)
    assert shown.page.locator("#rows [aria-selected=true] .nm").inner_text().startswith("cycle 250")
    assert "changes by 0.2667 ± 0.0006 Ω per cycle" in shown.text("#trend-said").replace("\u00a0", " ")


def test_one_wild_error_bar_does_not_flatten_a_trend(shown):
    low, high = shown.run(
        """() => eisfit.trendSpan([[11, 0.1], [12, 1e6], [13, 0.1]]
            .map(([y, e]) => ({ y, low: y - e, high: y + e })))"""
    )
    assert 10 < low < 11
    assert 13 < high < 14


@pytest.mark.parametrize(
    ("text", "count"),
    [("bare_cycle_1", 2), ("R_ct>100", 2), ("cycle >= 150", 3), ("cycle>3 R_ct<70", 1),
     ("grade=A", 7), ("nothing", 0)],
)  # fmt: skip
def test_the_filter(text, count, shown):
    shown.page.fill("#filter", text)
    assert shown.page.locator("#rows li").count() == count
    shown.page.fill("#filter", "")


def test_the_order_and_the_counts(shown):
    shown.page.select_option("#sort", "R_ct")
    first = shown.page.locator("#rows li .r").first.inner_text()
    assert first.startswith("51.85")
    shown.page.select_option("#sort", "residual")
    shown.page.locator("#chips button").first.click()
    assert shown.page.locator("#rows li").count() == 1  # the file that failed
    shown.page.locator("#chips button").first.click()
    shown.page.select_option("#sort", "")


def test_a_refused_file_says_why_and_shows_no_points(shown):
    shown.page.locator("#rows li").last.click()
    assert f"{EVIL} is no spectrum" in shown.text("#head")
    assert not shown.page.locator("#nyquist").is_visible()
    assert not shown.page.locator("#parameters").is_visible()
    shown.page.locator("#rows li").first.click()
    assert shown.page.locator("#nyquist circle.pt").count() == 71


@pytest.mark.parametrize("width", [360, 900, 1280, 2200])
def test_an_ohm_is_as_long_upwards_as_to_the_right_and_nothing_sticks_out(width, watch, report, fitted):
    shown = watch(report.as_uri(), width=width)
    z = fitted.spectrum.impedance
    for now in (width, max(360, width - 40)):
        shown.page.set_viewport_size({"width": now, "height": 700})
        shown.page.wait_for_timeout(250)
        assert shown.run("() => document.documentElement.scrollWidth") <= now
        a, b = (np.array(shown.place("nyquist", k)) for k in (20, 45))
        across, upwards = np.abs(b - a)
        assert across / upwards == pytest.approx(abs((z[45] - z[20]).real / (z[45] - z[20]).imag), rel=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_words_can_be_read_and_everything_has_a_name(scheme, width, watch, report):
    """Contrast of at least 4.5 : 1 (WCAG 2.2, 1.4.3); every control with a name; every picture with words."""
    shown = watch(report.as_uri(), width=width)
    shown.page.emulate_media(color_scheme=scheme)
    shown.page.wait_for_timeout(100)
    assert shown.run(CONTRAST) == []
    assert shown.run(NAMELESS) == []


def test_on_paper_the_controls_are_gone_and_the_folds_are_open(shown):
    shown.page.emulate_media(media="print")
    shown.page.set_viewport_size({"width": 700, "height": 990})  # A4 within its margins
    shown.run("() => dispatchEvent(new Event('beforeprint'))")
    shown.page.wait_for_timeout(300)
    assert not shown.page.locator("#rows").is_visible()
    assert shown.page.locator("#nyquist").is_visible()
    assert shown.page.locator("#derived").is_visible()
    assert shown.page.locator("#small-trends svg").count() == 8
    assert shown.run("() => document.documentElement.scrollWidth") <= 700
    shown.run("() => dispatchEvent(new Event('afterprint'))")
    shown.page.emulate_media(media="screen")
    shown.page.set_viewport_size({"width": 1400, "height": 950})
    shown.page.wait_for_timeout(200)
    assert not shown.page.locator("#derived").is_visible()


@contextmanager
def served(bench, spectra):
    """Serve a workbench in a thread and yield its address."""
    from eisfit.cli.pages.server import Site, open_server

    server = open_server(Site(lambda: bench.page(spectra), bench.handle), 0)
    thread = threading.Thread(target=server.serve_forever, args=(0.2,))
    thread.start()
    try:
        yield server.address
    finally:
        server.shutdown()
        server.server_close()
        thread.join(30)


@pytest.fixture(scope="module")
def bench():
    from eisfit.cli.pages.workbench import Workbench

    spectra = [eisfit.read(BARE / f"bare_cycle_{n}.csv") for n in ("003", "250")]
    with served(Workbench(eisfit.circuit(CIRCUIT), CIRCUIT), spectra) as address:
        yield address


def move(shown, name, place):
    """Move a slider, and wait until the curve has followed."""
    before = shown.run("() => document.body.dataset.drawn || ''")
    shown.run("() => { document.getElementById('by-hand').open = true; }")
    slider = shown.page.locator(f"#slider-{name}")
    slider.evaluate("(s, v) => { s.value = v; s.dispatchEvent(new Event('input')); }", place)
    shown.page.wait_for_function(
        "(b) => (document.body.dataset.drawn || '') !== b", arg=before, timeout=20_000
    )


def values(shown):
    return shown.run("() => ({ ...eisfit.items.current.values })")


def press(shown, selector):
    """Press a button and wait for the fit that it brings."""
    before = shown.run("() => document.body.dataset.fits || ''")
    shown.page.click(selector)
    shown.page.wait_for_function(
        "(b) => (document.body.dataset.fits || '') !== b", arg=before, timeout=90_000
    )
    shown.idle()


def test_a_spectrum_is_fitted_when_it_is_looked_at(watch, bench):
    shown = watch(bench)
    assert shown.text("#big") == "A"
    assert shown.row("R_ct")[1] == "51.85 ± 0.07"
    shown.page.locator("#rows li").nth(1).click()
    shown.page.wait_for_function("() => eisfit.items.all[1].entry.grade === 'A'", timeout=60_000)
    assert all(url.startswith(bench) for _, url in shown.requests)


def test_files_that_gave_nothing_stay_in_sight_and_others_bear_their_names(watch, bench, tmp_path):
    """Names tell a technician which file it is; a time or a potential does not."""
    rows = [f"{10.0**k:g},{2 + 1 / 10.0**k:g},{-1 / 10.0**k:g},3.7" for k in range(4, -2, -1)]
    (tmp_path / "B12.csv").write_text("\n".join(["f/Hz,Z'/Ohm,Z''/Ohm,E/V", *rows]), encoding="utf-8")
    (tmp_path / "half.csv").write_text("")
    shown = watch(bench)
    shown.page.set_input_files("#files", [str(path) for path in sorted(tmp_path.iterdir())])
    shown.page.wait_for_function("() => eisfit.items.all.length === 3", timeout=60_000)
    assert shown.page.locator("#rows li .nm").last.inner_text().startswith("B12.csv")
    press(shown, "#fit-all")
    assert shown.text("#unread").startswith("1 file could not be read")
    assert "half.csv: the file is empty" in shown.text("#unread")


def test_a_slider_moves_the_curve_and_what_is_set_by_hand_is_not_graded(watch, bench):
    shown = watch(bench)
    move(shown, "R_ct", 600)
    f, z = shown.line()
    model = eisfit.circuit(CIRCUIT).impedance(f, values(shown))
    assert np.abs(z / model - 1).max() < 1e-6
    assert shown.text("#big") == "–"
    assert "set by hand" in shown.text("#head")
    start = values(shown)
    press(shown, "#fit")
    result = eisfit.fit(eisfit.read(BARE / "bare_cycle_003.csv"), CIRCUIT, start=start)
    assert values(shown)["R_ct"] == pytest.approx(result["R_ct"].value, rel=1e-4)
    assert shown.text("#big") == "A"
    assert f"--start R_ct={start['R_ct']!r}" in shown.text("#code")
    shown.page.keyboard.press("Control+z")
    assert shown.text("#big") == "–"


def test_points_are_masked_by_a_click_and_a_drag_and_the_way_back(watch, bench):
    shown = watch(bench)
    shown.page.mouse.click(*shown.place("nyquist", 40))
    assert shown.page.locator("#nyquist .mk").count() == 1
    assert "press F" in shown.text("#stale")
    (x0, y0), (x1, _) = shown.place("phase", 66), shown.place("phase", 70)
    shown.page.mouse.move(x0 + 3, y0 - 15)
    shown.page.mouse.down()
    shown.page.mouse.move(x1 - 4, y0 + 10, steps=4)
    shown.page.mouse.up()
    masked = shown.run("() => eisfit.items.current.masks.size")
    assert masked == 1 + 5
    press(shown, "#again")
    assert "65 of 71 points" in shown.text("#sub")
    assert shown.text("#code").count("--drop") == 6
    for _ in range(3):
        shown.page.keyboard.press("Control+z")
    assert shown.run("() => eisfit.items.current.masks.size") == 0


def test_only_the_dragged_range(watch, bench):
    shown = watch(bench)
    (x0, y0), (x1, _) = shown.place("phase", 10), shown.place("phase", 60)
    shown.page.mouse.move(x0 + 1, y0)
    shown.page.mouse.down()
    shown.page.mouse.move(x1 - 1, y0 + 20, steps=4)
    shown.page.mouse.up()
    shown.page.click("#only")
    press(shown, "#again")
    assert "51 of 71 points" in shown.text("#sub")
    assert "--fmin 0.1" in shown.text("#code")


def test_a_held_parameter_stays(watch, bench):
    shown = watch(bench)
    shown.run("() => { document.getElementById('by-hand').open = true; }")
    shown.page.fill("#value-R_s", "3.5")
    shown.page.keyboard.press("Tab")
    shown.page.check("#hold-R_s")
    press(shown, "#fit")
    assert shown.row("R_s")[1] == "3.5"
    assert "fixed" in shown.row("R_s")[3]
    assert "--fix R_s=3.5" in shown.text("#code")


def test_another_circuit_a_wrong_one_and_the_datas_own(watch, bench):
    shown = watch(bench)
    shown.page.select_option("#known", "rs-ct")
    shown.page.wait_for_function("() => eisfit.items.current.entry.parameters.length === 4", timeout=60_000)
    shown.idle()
    shown.page.fill("#circuit", "R0-p(R1,CPE1)-p(R2")
    shown.page.click("#circuit-form button")
    shown.page.wait_for_selector("#problem:not([hidden])")
    assert "R0-p(R1,CPE1)-p(R2" in shown.text("#problem")
    assert shown.run("() => eisfit.items.current.circuit") == "rs-ct"
    shown.complaints.clear()  # Chromium notes the refused request
    shown.page.click("#identify")
    shown.page.wait_for_selector("#ranked tr", timeout=90_000)
    shown.idle()
    assert shown.page.locator("#ranked tr").count() >= 2
    assert shown.text("#big") == "A"


def test_files_come_in_and_a_session_comes_back(watch, bench, tmp_path):
    shown = watch(bench)
    shown.page.set_input_files("#files", [BARE / "bare_cycle_100.csv"])
    shown.page.wait_for_function(
        "() => eisfit.items.all.length === 3 && eisfit.items.all[2].entry.grade", timeout=60_000
    )
    assert "bare_cycle_100.csv" in shown.text("#sub")
    shown.page.mouse.click(*shown.place("nyquist", 40))
    with shown.page.expect_download() as download:
        shown.page.click("#save")
    path = tmp_path / "session.json"
    download.value.save_as(path)
    assert json.loads(path.read_text(encoding="utf-8"))["schema"] == "eisfit.session/1"
    again = watch(bench)
    again.page.set_input_files("#files", [path])
    again.page.wait_for_function("() => eisfit.items.all.length === 5", timeout=60_000)
    again.idle()
    assert "bare_cycle_100.csv" in again.text("#sub")
    assert again.run("() => eisfit.items.current.masks.size") == 1


def test_what_is_downloaded_is_the_fit(watch, bench, tmp_path):
    shown = watch(bench)
    shown.page.locator("#as-json").scroll_into_view_if_needed()
    with shown.page.expect_download() as download:
        shown.page.click("#as-json")
    document = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
    assert document["schema"] == "eisfit.fit/2"
    kept = eisfit.FitResult.from_dict(document["results"][0])
    assert kept["R_ct"].value == pytest.approx(51.85, abs=0.01)


def test_the_bench_on_a_phone(watch, bench):
    shown = watch(bench, width=360, height=780)
    assert shown.run("() => document.documentElement.scrollWidth") <= 360
    assert shown.run(NAMELESS) == []
