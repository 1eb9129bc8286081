"""The pages in a headless Chromium; where there is none, these tests are skipped with the reason."""

from __future__ import annotations

import asyncio
import json
import shutil
import threading
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

import eisfit
from eisfit.cli.html_report import html_report
from eisfit.fitting.failure import FitFailure

pytestmark = pytest.mark.slow

BARE = Path(__file__).resolve().parents[2] / "example_spectra" / "rrml" / "bare"
CIRCUIT = "rs-sei-ct-w"
EVIL = "<script>alert('owned')<img src=x onerror=alert(1)>"
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
#: Whether the Nyquist plot has its place in a window this wide, with an ohm as long upwards as across.
EQUAL = """(width) => { const p = eisfit.panels.plot.nyquist, x = p.x_range, y = p.y_range;
    const place = document.getElementById("panel-nyquist").clientWidth;
    const fits = innerWidth === width && Math.abs(p.outer_width - place) < 3;
    const ratio = p.inner_width / (x.end - x.start) / (p.inner_height / (y.end - y.start));
    return fits && Math.abs(ratio - 1) < 1e-3; }"""


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next((found for name in names if (found := shutil.which(name))), None)
    with playwright.sync_playwright() as driver:
        try:
            started = driver.chromium.launch(executable_path=path, args=FLAGS)
        except playwright.Error as error:
            pytest.skip(f"no Chromium can be started: {str(error).splitlines()[0]}")
        yield started
        started.close()


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
        self.settle(width)

    def settle(self, width):
        """Wait until the panels have their places, and one ohm is equally long both ways."""
        self.page.wait_for_function(EQUAL, arg=width, timeout=30_000)

    def _console(self, message):
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def _dialog(self, dialog):
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def run(self, script, argument=None):
        return self.page.evaluate(script, argument)

    def column(self, source, name):
        """Return a column of one of the page's data sources."""
        return self.run("([s, c]) => Array.from(eisfit.panels.model(s).data[c])", [source, name])

    def text(self, selector):
        return self.page.locator(selector).inner_text()

    def row(self, name):
        """Return the cells of a parameter's row."""
        row = self.page.locator("#parameters tr", has=self.page.get_by_text(name, exact=True))
        return row.locator("th,td").all_inner_texts()

    def point_at(self, plot, x, y):
        """Move the pointer to a point of a plot, given in its axes."""
        self.page.locator(f"#panel-{plot}").scroll_into_view_if_needed()
        script = """([name, x, y]) => {
            const view = Bokeh.index.find_one(eisfit.panels.plot[name]);
            const box = view.el.getBoundingClientRect();
            return [box.left + view.frame.x_scale.compute(x), box.top + view.frame.y_scale.compute(y)];
        }"""
        self.at = self.run(script, [plot, x, y])
        self.page.mouse.move(*self.at)
        self.page.wait_for_timeout(200)


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
    opened.page.select_option("#group", "0")
    opened.run("() => eisfit.choose(0)")
    opened.page.wait_for_timeout(100)
    yield opened
    assert opened.complaints == []
    assert opened.dialogs == []
    assert opened.requests == [("GET", report.as_uri())]


def test_a_report_opens_without_an_error_and_asks_for_nothing(shown):
    assert shown.text("#verdict .word").endswith(", usable")
    assert shown.page.locator(".bk-Figure").count() == 4 + 8


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


@pytest.mark.parametrize("plot", ["nyquist", "magnitude", "phase", "residuals"])
def test_pointing_at_a_point_marks_it_in_all_panels(plot, shown, fitted):
    k = 30
    frequency, z = fitted.spectrum.frequency[k], fitted.spectrum.impedance[k]
    where = {
        "nyquist": (z.real, -z.imag),
        "magnitude": (frequency, abs(z)),
        "phase": (frequency, np.degrees(np.angle(z))),
        "residuals": (frequency, 0.0),
    }
    assert shown.column("lit", "f") == []
    shown.point_at(plot, *map(float, where[plot]))
    assert shown.column("lit", "f") == pytest.approx([frequency], rel=1e-4)
    for name, value in (("re", z.real), ("im", -z.imag), ("mag", abs(z)), ("phase", where["phase"][1])):
        assert shown.column("lit", name) == pytest.approx([value], rel=1e-4)
    assert shown.column("lit", "label") == ["100 Hz"]
    assert shown.text("#readout").startswith("100 Hz")
    shown.page.mouse.move(5, 5)
    shown.page.wait_for_timeout(200)
    assert shown.column("lit", "f") == []


def test_a_click_pins_the_mark(shown, fitted):
    z = fitted.spectrum.impedance[30]
    shown.point_at("nyquist", float(z.real), float(-z.imag))
    shown.page.mouse.click(*shown.at)
    shown.page.wait_for_timeout(500)
    shown.page.mouse.move(5, 5)
    shown.page.wait_for_timeout(200)
    assert shown.column("lit", "label") == ["100 Hz"]


def test_the_slider_moves_spectrum_fit_table_and_marks(shown, tracked):
    shown.page.select_option("#group", "1")
    assert shown.text("#what") == "cycle 3 (1 of 6)"
    shown.page.focus("#cycle")
    for _ in range(3):
        shown.page.keyboard.press("ArrowRight")
    result = tracked[3]
    assert shown.text("#what") == "cycle 150 (4 of 6)"
    assert shown.column("points", "re") == pytest.approx(result.spectrum.impedance.real, rel=1e-4)
    line = np.array(shown.column("line", "re")) - 1j * np.array(shown.column("line", "im"))
    expected = result.circuit.impedance(shown.column("line", "f"), result.values)
    assert np.abs(line / expected - 1).max() < 3e-4
    assert shown.row("R_ct")[1].startswith(f"{result['R_ct'].value:.1f}")
    assert shown.column("mark R_ct", "x") == [150]
    assert shown.column("mark R_ct", "y") == pytest.approx([result["R_ct"].value], rel=1e-4)
    shown.page.click("#after")
    assert shown.text("#what") == "cycle 200 (5 of 6)"


def test_a_click_in_a_trend_shows_its_cycle(shown):
    shown.page.select_option("#group", "1")
    place = shown.page.locator("#trend-2")
    place.scroll_into_view_if_needed()
    shown.page.wait_for_timeout(300)
    box = place.bounding_box()
    shown.page.mouse.click(box["x"] + box["width"] - 25, box["y"] + box["height"] / 2)
    shown.page.wait_for_timeout(500)
    assert shown.text("#what") == "cycle 250 (6 of 6)"


def test_a_refused_file_says_why_and_shows_no_points(shown):
    shown.page.select_option("#group", "2")
    assert shown.text("#verdict .word") == "FAILED"
    assert f"{EVIL} is no spectrum" in shown.text("#verdict")
    assert shown.column("points", "re") == []
    assert shown.column("line", "re") == []
    assert not shown.page.locator("#panel-nyquist").is_visible()
    assert not shown.page.locator("#parameters").is_visible()
    shown.page.select_option("#group", "0")
    assert len(shown.column("points", "re")) == 71
    assert shown.page.locator("#panel-nyquist canvas").first.is_visible()
    shown.settle(1400)


@pytest.mark.parametrize("width", [360, 1000, 2200])
def test_an_ohm_is_as_long_upwards_as_to_the_right_and_nothing_sticks_out(width, watch, report, fitted):
    shown = watch(report.as_uri(), width=width)
    shown.settle(width)
    assert shown.run("() => document.documentElement.scrollWidth") <= width
    narrower = max(360, width - 40)
    shown.page.set_viewport_size({"width": narrower, "height": 700})
    shown.settle(narrower)
    left, right = shown.run(
        "() => { const r = eisfit.panels.plot.nyquist.x_range; return [r.start, r.end]; }"
    )
    assert left < fitted.spectrum.impedance.real.min()
    assert right > fitted.spectrum.impedance.real.max()


def test_on_paper_the_controls_are_gone_and_the_figures_fit(shown):
    shown.page.emulate_media(media="print")
    shown.page.set_viewport_size({"width": 700, "height": 990})  # A4 within its margins
    shown.run("() => dispatchEvent(new Event('beforeprint'))")
    shown.page.wait_for_timeout(500)
    assert not shown.page.locator("#cycle-control").is_visible()
    assert not shown.page.locator("#panel-nyquist canvas").first.is_visible()
    assert shown.page.locator("#panel-nyquist .printed").bounding_box()["width"] > 300
    assert shown.page.locator(".printed").count() == 4 + 8
    assert shown.run("() => document.documentElement.scrollWidth") <= 700
    assert shown.run("() => getComputedStyle(document.body).backgroundColor") in {
        "rgb(255, 255, 255)",
        "rgba(0, 0, 0, 0)",
    }
    shown.run("() => dispatchEvent(new Event('afterprint'))")
    shown.page.emulate_media(media="screen")
    shown.page.set_viewport_size({"width": 1400, "height": 950})
    shown.settle(1400)
    assert shown.page.locator(".printed").count() == 0
    assert shown.page.locator("#panel-nyquist canvas").first.is_visible()


@contextmanager
def viewed(viewer):
    """Serve a viewer in a thread and yield its address."""
    from eisfit.cli.view_server import serve

    loop, told = asyncio.new_event_loop(), threading.Event()
    address = []

    def ready(text):
        address.append(text)
        told.set()

    task = loop.create_task(serve(viewer, 0, ready))

    def run():
        asyncio.set_event_loop(loop)
        with pytest.raises(asyncio.CancelledError):
            loop.run_until_complete(task)
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    assert told.wait(30)
    try:
        yield address[0]
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join(30)


@pytest.fixture(scope="module")
def bench():
    from eisfit.cli.viewer import Viewer

    spectra = tuple(eisfit.read(BARE / f"bare_cycle_{n}.csv") for n in ("003", "250"))
    with viewed(Viewer(spectra, eisfit.circuit(CIRCUIT), CIRCUIT)) as address:
        yield address


def move(shown, name, place):
    """Move a slider, and wait until the curve has followed."""
    before = shown.run("() => document.body.dataset.drawn")
    slider = shown.page.locator(f"#slider-{name}")
    slider.evaluate("(s, v) => { s.value = v; s.dispatchEvent(new Event('input')); }", place)
    shown.page.wait_for_function("(b) => document.body.dataset.drawn !== b", arg=before, timeout=20_000)


def values(shown):
    return shown.run("() => ({ ...eisfit.state.values })")


def test_a_slider_moves_the_curve(watch, bench):
    shown = watch(bench)
    before = np.array(shown.column("line", "re"))
    move(shown, "R_ct", 600)
    z = eisfit.circuit(CIRCUIT).impedance(shown.column("line", "f"), values(shown))
    assert np.abs(before - shown.column("line", "re")).max() > 10
    assert shown.column("line", "re") == pytest.approx(z.real, rel=1e-6)
    assert shown.column("line", "im") == pytest.approx(-z.imag, rel=1e-6)
    assert shown.run("() => document.getElementById('value-R_ct').value") == str(values(shown)["R_ct"])
    assert all(url.startswith(bench) for _, url in shown.requests)


def test_the_button_fits_from_where_the_sliders_stand(watch, bench):
    shown = watch(bench)
    move(shown, "R_ct", 540)
    move(shown, "CPE_ct_Q", 460)
    start = values(shown)
    shown.page.click("#fit")
    shown.page.wait_for_selector("body[data-fits='1']", timeout=60_000)
    result = eisfit.fit(eisfit.read(BARE / "bare_cycle_003.csv"), CIRCUIT, start=start)
    assert shown.row("R_ct")[1].split()[0] == f"{result['R_ct'].value:.2f}"
    assert values(shown)["R_ct"] == pytest.approx(result["R_ct"].value, rel=1e-5)
    assert shown.text("#verdict .word").endswith(", usable")
    command = shown.text("#command")
    assert command.startswith("eisfit fit ")
    assert f"--start R_ct={start['R_ct']!r}" in command
    with shown.page.expect_download() as download:
        shown.page.click("#save")
    document = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
    assert document["schema"] == "eisfit.fit/2"
    kept = eisfit.FitResult.from_dict(document["results"][0])
    assert kept["R_ct"].value == pytest.approx(result["R_ct"].value, rel=1e-9)
    assert not shown.page.locator("#stale").is_visible()
    move(shown, "R_s", 400)
    assert shown.page.locator("#stale").is_visible()


def test_a_held_parameter_stays(watch, bench):
    shown = watch(bench)
    shown.page.fill("#value-R_s", "3.5")
    shown.page.keyboard.press("Tab")
    shown.page.check("#hold-R_s")
    shown.page.wait_for_timeout(500)
    assert "--fix R_s=3.5" in shown.text("#command")
    shown.page.click("#fit")
    shown.page.wait_for_selector("body[data-fits='1']", timeout=60_000)
    assert shown.row("R_s")[1:4] == ["3.5", "ohm", "fixed"]


def test_another_circuit_and_a_wrong_one(watch, bench):
    shown = watch(bench)
    shown.page.select_option("#known", "rs-ct")
    shown.page.wait_for_function("() => eisfit.state.rows.length === 4", timeout=20_000)
    shown.page.fill("#circuit", "R0-p(R1,CPE1)-p(R2")
    shown.page.click("#circuit-form button")
    shown.page.wait_for_selector("#problem:not([hidden])")
    assert "R0-p(R1,CPE1)-p(R2" in shown.text("#problem")
    assert shown.run("() => eisfit.state.circuit") == "rs-ct"
    shown.complaints.clear()  # Chromium notes the refused request
    shown.page.fill("#circuit", "R0-p(R1,C1)")
    shown.page.click("#circuit-form button")
    shown.page.wait_for_function("() => 'C1' in eisfit.state.values", timeout=20_000)
    assert not shown.page.locator("#problem").is_visible()


def test_another_spectrum(watch, bench):
    shown = watch(bench)
    low = values(shown)["R_ct"]
    shown.page.select_option("#spectrum", "1")
    shown.page.wait_for_function(f"() => eisfit.state.values.R_ct > {2 * low}", timeout=20_000)


def test_the_bench_on_a_phone(watch, bench):
    shown = watch(bench, width=360, height=780)
    assert shown.run("() => document.documentElement.scrollWidth") <= 360
    shown.settle(360)
    shown.page.locator("#slider-R_ct").scroll_into_view_if_needed()
    top = shown.page.locator("#panel-nyquist").bounding_box()["y"]
    assert 0 <= top < 780  # the plot stays in sight
