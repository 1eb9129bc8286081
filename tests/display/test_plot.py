"""Figures, read back from their axes: what is drawn is what was given, with its sign, unit and words."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest

mpl.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from eisfit.display import plot
from eisfit.display.plot.style import prettify
from eisfit.errors import EisfitError, UsageError

FREQUENCY = np.logspace(5, -2, 71)


def cell(frequency: np.ndarray = FREQUENCY, R_ct: float = 50.0) -> np.ndarray:
    """Return R_s 3 - SEI 8 ohm - (R_ct + Warburg 2.5) with CPEs, written out (ohm)."""
    jw = 2j * np.pi * frequency
    sei = 1 / (1 / 8 + 1e-4 * jw**0.85)
    warburg = 2.5 * (1 - 1j) / np.sqrt(2 * np.pi * frequency)
    return 3 + sei + 1 / (1 / (R_ct + warburg) + 5e-3 * jw**0.85)


Z = cell()


def noisy(z: np.ndarray, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return z + 0.005 * np.abs(z) * (rng.normal(size=z.size) + 1j * rng.normal(size=z.size))


def document(**changes: Any) -> dict[str, Any]:
    z = noisy(Z)
    data = {
        "frequency_Hz": FREQUENCY.tolist(),
        "Z_real_ohm": z.real.tolist(),
        "Z_imag_ohm": z.imag.tolist(),
        "fit_real_ohm": Z.real.tolist(),
        "fit_imag_ohm": Z.imag.tolist(),
    }
    circuit = {"name": "rs-sei-ct-w", "string": "R_s-p(R_sei,CPE_sei)-p(R_ct-W_d,CPE_ct)"}
    return {
        "spectrum": {"source": "a/cell.csv"},
        "circuit": circuit,
        "ok": True,
        "flags": [],
        "data": data,
        **changes,
    }


@pytest.fixture(autouse=True)
def no_leftovers() -> Any:
    before = dict(mpl.rcParams)
    yield
    plt.close("all")
    assert dict(mpl.rcParams) == before


def texts(figure: Any) -> list[str]:
    return [text.get_text() for text in figure.findobj(mpl.text.Text)]


def overlap(figure: Any, ax: Any) -> list[tuple[str, str]]:
    figure.canvas.draw()
    boxes = [(text.get_text(), text.get_window_extent()) for text in ax.texts]
    return [
        (a[0], b[0])
        for place, a in enumerate(boxes)
        for b in boxes[place + 1 :]
        if a[1].x0 < b[1].x1 and b[1].x0 < a[1].x1 and a[1].y0 < b[1].y1 and b[1].y0 < a[1].y1
    ]


# --- Nyquist


def test_nyquist_draws_minus_the_imaginary_part_upwards_with_equal_axes() -> None:
    ax = plot.nyquist(FREQUENCY, Z)
    x, y = ax.lines[0].get_data()
    np.testing.assert_array_equal(x, Z.real)
    np.testing.assert_array_equal(y, -Z.imag)
    assert ax.get_aspect() == 1.0
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Z′ / Ω", "−Z″ / Ω")
    ax.figure.canvas.draw()
    box = ax.get_window_extent()
    assert box.width / np.ptp(ax.get_xlim()) == pytest.approx(box.height / np.ptp(ax.get_ylim()), rel=1e-6)


@pytest.mark.parametrize(
    "z",
    [Z, 5 + 1 / (1e-3 * (2j * np.pi * FREQUENCY) ** 0.95), cell() + 1e-6j * FREQUENCY, np.full(71, 5 + 0j)],
)
def test_nyquist_axes_are_never_a_strip_and_hold_every_point(z: np.ndarray) -> None:
    ax = plot.nyquist(FREQUENCY, z)
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    assert 0.45 <= (top - bottom) / (right - left) <= 1.15
    x, y = ax.lines[0].get_data()
    assert x.min() > left
    assert x.max() < right
    assert y.min() > bottom
    assert y.max() < top


@pytest.mark.parametrize(
    ("scale", "factor", "unit"), [(1e-3, 1e3, "mΩ"), (1, 1, "Ω"), (1e3, 1e-3, "kΩ"), (1e6, 1e-6, "MΩ")]
)
def test_nyquist_unit(scale: float, factor: float, unit: str) -> None:
    ax = plot.nyquist(FREQUENCY, scale * Z, fitted=scale * Z)
    assert ax.get_xlabel() == f"Z′ / {unit}"
    for line in ax.lines[:2]:
        np.testing.assert_allclose(line.get_xdata(), factor * scale * Z.real, rtol=1e-12)


def test_spectra_that_share_axes_share_the_unit_of_the_first() -> None:
    ax = plot.nyquist(FREQUENCY, Z / 1000, label="small", mark_decades=False)
    assert plot.nyquist(FREQUENCY, Z, ax=ax, label="large", mark_decades=False) is ax
    np.testing.assert_allclose(ax.lines[1].get_xdata(), 1000 * Z.real)
    assert ax.lines[0].get_color() != ax.lines[1].get_color()
    assert ax.get_xlim()[1] > 1000 * Z.real.max()


def test_decades_are_filled_and_labelled_without_collisions() -> None:
    ax = plot.nyquist(FREQUENCY, noisy(Z), fitted=Z)
    marks = ax.lines[2]
    decades = 10.0 ** np.arange(-2, 6)
    expected = [noisy(Z)[np.argmin(np.abs(np.log10(FREQUENCY / f)))].real for f in decades]
    np.testing.assert_allclose(marks.get_xdata(), expected)
    assert marks.get_markerfacecolor() == ax.lines[0].get_color()
    assert ax.lines[0].get_markerfacecolor() == "none"
    words = [text.get_text() for text in ax.texts]
    assert {"10 mHz", "100 mHz", "1 Hz", "10 Hz"} <= set(words)
    assert overlap(ax.figure, ax) == []


def test_decades_of_two_spectra_do_not_collide() -> None:
    ax = plot.nyquist(FREQUENCY, Z, label="bare")
    plot.nyquist(FREQUENCY, cell(R_ct=36.8), label="coated", ax=ax)
    assert len(ax.texts) >= 5
    assert overlap(ax.figure, ax) == []


def test_decades_can_be_left_out_and_need_a_point_nearby() -> None:
    assert len(plot.nyquist(FREQUENCY, Z, mark_decades=False).texts) == 0
    ax = plot.nyquist([2.0, 4.0, 30.0], [1 - 1j, 2 - 1j, 3 - 1j])
    assert not ax.texts
    assert len(ax.lines) == 1


def test_nyquist_legend_and_fit_at_its_own_frequencies() -> None:
    fine = np.logspace(5, -2, 300)
    ax = plot.nyquist(FREQUENCY, Z, fitted=cell(fine), fitted_frequency=fine, label="bare", fit_label="model")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["bare", "bare, model"]
    assert ax.lines[1].get_xdata().size == 300
    plain = plot.nyquist(FREQUENCY, Z)
    assert plain.get_legend() is None


@pytest.mark.slow
@pytest.mark.parametrize("name", ["셀_A.mpt", "$\\frac$.csv", "x\ny\x07$", "_" * 300])
def test_any_file_name_can_be_drawn(name: str) -> None:
    ax = plot.nyquist(FREQUENCY, Z, label=name)
    plot.bode(FREQUENCY, Z, label=name)
    plot.trend([1, 2], [1, 2], label=name, ylabel=name)
    overview = plot.fit_overview(document(spectrum={"source": name}, ok=False, flags=[{"name": name}]))
    for drawn in plt.get_fignums():
        plt.figure(drawn).draw_without_rendering()
    assert any("not usable" in text for text in texts(overview[0].figure))
    assert ax.get_legend() is not None


def test_numbers_must_match_in_length() -> None:
    with pytest.raises(EisfitError, match="cannot draw frequency: needs 71 values, got shape"):
        plot.nyquist(FREQUENCY[:5], Z)
    with pytest.raises(EisfitError, match="cannot draw fitted impedance: needs 71 values"):
        plot.nyquist(FREQUENCY, Z, fitted=Z[:5])
    with pytest.raises(EisfitError, match="cannot draw impedance: needs one row"):
        plot.nyquist(FREQUENCY, Z[None, :])


def test_missing_numbers_leave_gaps() -> None:
    z = Z.copy()
    z[3] = np.nan
    ax = plot.nyquist(FREQUENCY, z, fitted=z)
    assert np.isfinite(ax.get_xlim()).all()
    empty = plot.nyquist(FREQUENCY, np.full(71, np.nan + 0j))
    assert empty.get_xlabel() == "Z′ / Ω"


def test_nyquist_cycles_colours_by_cycle() -> None:
    spectra = [
        {
            "cycle": cycle,
            "data": {"frequency_Hz": FREQUENCY, "Z_real_ohm": Z.real + cycle, "Z_imag_ohm": Z.imag},
        }
        for cycle in (0, 50, 100)
    ]
    ax = plot.nyquist_cycles(spectra)
    np.testing.assert_allclose(ax.lines[1].get_xdata(), Z.real + 50)
    assert len({tuple(line.get_color()) for line in ax.lines}) == 3
    assert any(other.get_ylabel() == "cycle" for other in ax.figure.axes)


# --- Bode, residuals, DRT


def test_bode_magnitude_and_phase() -> None:
    upper, lower = plot.bode(FREQUENCY, Z, fitted=Z)
    np.testing.assert_allclose(upper.lines[0].get_ydata(), np.abs(Z))
    np.testing.assert_allclose(lower.lines[0].get_ydata(), np.degrees(np.angle(Z)))
    assert upper.get_yscale() == upper.get_xscale() == lower.get_xscale() == "log"
    assert (upper.get_ylabel(), lower.get_ylabel()) == ("|Z| / Ω", "phase / °")
    assert lower.get_xlabel() == "frequency / Hz"
    assert upper.get_xlabel() == ""


def test_bode_phase_of_a_negative_resistance_is_not_folded() -> None:
    _, lower = plot.bode([1.0, 10.0], [-1 - 1j, -1j])
    np.testing.assert_allclose(lower.lines[0].get_ydata(), [-135, -90])


def test_bode_on_one_axes_has_the_phase_at_the_right() -> None:
    ax = plot.new_axes()
    upper, lower = plot.bode(FREQUENCY, Z, axes=ax, label="a")
    assert upper is ax and lower.yaxis.get_label_position() == "right"
    again = plot.bode(FREQUENCY, Z, axes=ax, label="b")
    assert again == (upper, lower)
    assert upper.get_xlabel() == "frequency / Hz"
    with pytest.raises(UsageError, match="takes two axes"):
        plot.bode(FREQUENCY, Z, axes=plot.new_figure().subplots(3, 1))


def test_the_legend_names_each_of_several_spectra_once() -> None:
    ax = plot.new_axes()
    plot.nyquist(FREQUENCY, Z, fitted=Z, label="bare", ax=ax)
    plot.nyquist(FREQUENCY, 2 * Z, fitted=2 * Z, label="coated", ax=ax)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["bare", "coated"]


def test_letters_are_the_users_on_the_users_axes() -> None:
    with mpl.rc_context({"font.family": "serif", "legend.fontsize": 6.0}):
        _, ax = plt.subplots()
        plot.nyquist(FREQUENCY, Z, label="bare", ax=ax)
        ours = plot.nyquist(FREQUENCY, Z, label="bare", ax=plot.new_axes())
    (theirs,), (own,) = (one.get_legend().get_texts() for one in (ax, ours))
    assert (theirs.get_fontfamily(), theirs.get_fontsize()) == (["serif"], 6.0)
    assert (own.get_fontfamily(), own.get_fontsize()) == (["DejaVu Sans"], 8.5)


def test_bode_draws_on_given_axes() -> None:
    axes = plot.new_figure().subplots(2, 1)
    assert plot.bode(FREQUENCY, Z, axes=tuple(axes)) == tuple(axes)
    assert plt.get_fignums() == []


def test_residuals_are_percent_round_zero_with_the_noise_band() -> None:
    real, imag = np.full(71, 0.01), np.full(71, -0.02)
    ax = plot.residuals(FREQUENCY, real, imag, noise=0.005)
    by_name = {line.get_label(): line.get_ydata() for line in ax.lines}
    np.testing.assert_allclose(by_name["real"], 1.0)
    np.testing.assert_allclose(by_name["imaginary"], -2.0)
    band = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == pytest.approx((-0.5, 0.5))
    low, high = ax.get_ylim()
    assert low == -high
    assert ax.get_ylabel() == "residual / % of |Z|"


def test_residuals_of_zero_and_without_noise() -> None:
    ax = plot.residuals(FREQUENCY, np.zeros(71), np.zeros(71))
    assert not ax.collections


def test_drt_with_band_and_peaks_in_either_order() -> None:
    tau = np.logspace(-5, 2, 141)
    gamma = 12 * np.exp(-(np.log(tau / 0.1) ** 2))
    ax = plot.drt(tau[::-1], gamma[::-1], low=0.8 * gamma[::-1], high=1.2 * gamma[::-1],
                  peaks=[{"tau": 0.1, "resistance": 21.27}, 1e-4])  # fmt: skip
    np.testing.assert_allclose(ax.lines[0].get_ydata(), gamma)
    assert ax.get_xscale() == "log"
    assert [text.get_text() for text in ax.texts] == ["100 ms\n21.3 Ω", "100 µs"]
    peak = next(line for line in ax.lines if line.get_marker() == "v")
    np.testing.assert_allclose(peak.get_data(), [[0.1], [12.0]])
    assert plot.drt(tau, np.zeros(141)).get_xlabel() == r"$\tau$ / s"


# --- whole documents


def test_fit_overview_holds_data_fit_and_residuals() -> None:
    axes = plot.fit_overview(document())
    nyquist, magnitude, _, residuals = axes
    z = noisy(Z)
    np.testing.assert_allclose(nyquist.lines[0].get_ydata(), -z.imag)
    np.testing.assert_allclose(magnitude.lines[1].get_ydata(), np.abs(Z))
    percent = next(line for line in residuals.lines if line.get_label() == "real").get_ydata()
    np.testing.assert_allclose(percent, 100 * ((z - Z) / np.abs(z)).real)
    words = texts(nyquist.figure)
    assert "usable" in words
    assert "cell.csv, rs-sei-ct-w" in words


def test_fit_overview_says_what_cannot_be_trusted() -> None:
    bad = document(ok=False, flags=[{"name": "at_bound", "cause": "x", "cure": "y"}] * 2)
    figure = plot.new_figure()
    assert plot.fit_overview(bad, figure=figure)[0].figure is figure
    assert "not usable: at_bound" in texts(figure)
    assert plt.get_fignums() == []


def test_simulated_data_is_labelled() -> None:
    told = document(spectrum={"source": "a/cell.csv", "metadata": {"simulated": True}})
    assert "cell.csv (simulated), rs-sei-ct-w" in texts(plot.fit_overview(told)[0].figure)


def test_a_document_without_data_says_so() -> None:
    failed = {"spectrum": {"source": "x.mpt"}, "error": "the file is empty", "data": None}
    with pytest.raises(EisfitError, match=r"x\.mpt: there is nothing to draw: the file is empty"):
        plot.fit_overview(failed)
    with pytest.raises(
        EisfitError, match="this document: there is nothing to draw: it holds no measured data"
    ):
        plot.kramers_kronig({})


def test_a_document_with_data_but_no_fit_is_drawn() -> None:
    half = document()
    half["data"] = {k: v for k, v in half["data"].items() if not k.startswith("fit")}
    assert len(plot.fit_overview(half)[0].lines) == 2


def test_kramers_kronig_shades_failing_ranges() -> None:
    check = document(ok=False, flags=[{"name": "kk_failed"}])
    z = noisy(Z)
    residual = (z - Z) / np.abs(z)
    check["data"] |= {
        "residual_real": residual.real.tolist(),
        "residual_imag": residual.imag.tolist(),
        "noise_ohm": (0.005 * np.abs(z)).tolist(),
    }
    check["ranges"] = [{"low_Hz": 0.01, "high_Hz": 0.1, "cause": "drift"}]
    nyquist, residuals = plot.kramers_kronig(check)
    shaded = next(patch for patch in residuals.patches if patch.get_label() == "fails")
    x = shaded.get_extents().transformed(residuals.transData.inverted())
    assert (x.x0, x.x1) == pytest.approx((0.01, 0.1))
    assert any(line.get_xdata().size == 11 for line in nyquist.lines)
    assert "Kramers-Kronig fit" in texts(nyquist.figure)
    band = residuals.collections[0].get_paths()[0].vertices[:, 1]
    assert band.max() == pytest.approx(0.5)


# --- trends


def test_trend_draws_doubtful_points_hollow() -> None:
    x = np.array([0.0, 50, 100, 150])
    ok = [True, False, True, True]
    ax = plot.trend(
        x,
        50 + 0.1 * x,
        np.full(4, 0.5),
        ok=ok,
        label="bare",
        ylabel="R_ct / ohm",
    )
    points = {tuple(line.get_xdata()): line for line in ax.lines if line.get_marker() == "o"}
    assert points[(50.0,)].get_markerfacecolor() == "white"
    assert points[(0.0, 100.0, 150.0)].get_markerfacecolor() != "white"
    assert ax.get_ylabel() == "$R_\\mathrm{ct}$ / Ω"
    assert "not usable or not determined" in texts(ax.figure)


def test_a_trend_on_the_users_axes_takes_the_next_of_the_users_colours() -> None:
    """Matplotlib 3.11's own cycle holds numbers, not names: every trend on axes of the user's failed."""
    orange = (1.0, 0.498, 0.055)
    with mpl.rc_context({"axes.prop_cycle": mpl.cycler(color=[orange])}):
        ax = Figure().subplots()
        plot.trend([1, 2, 3], [5.0, 6.0, 7.0], [0.1, 0.1, 0.1], ax=ax)
    (bars,) = ax.containers
    assert to_rgb(bars.lines[0].get_color()) == pytest.approx(orange, abs=1 / 255)


def test_unknown_cycles_are_counted() -> None:
    ax = plot.trend([None, None], [1.0, 2.0])
    assert ax.get_xlabel() == "spectrum"
    assert list(ax.lines[1].get_xdata()) == [1.0, 2.0]


def test_cycles_are_counted_in_whole_numbers() -> None:
    ax = plot.trend([1, 2, 3], [1.0, 2.0, 3.0])
    assert all(tick == round(tick) for tick in ax.get_xticks())


def test_trend_leaves_out_what_is_missing() -> None:
    ax = plot.trend([0, 1, 2], [1.0, np.nan, 3.0], [0.1, np.nan, np.nan])
    assert [list(line.get_xdata()) for line in ax.lines if line.get_marker() == "o"] == [[0.0, 2.0]]
    assert ax.get_legend() is None
    nothing = plot.trend([0.0], [np.nan])
    assert nothing.get_xlabel() == "cycle"


def test_one_wild_error_bar_does_not_flatten_the_trend() -> None:
    ax = plot.trend([0, 1, 2], [50.0, 51.0, 52.0], [0.1, 1e6, 0.1])
    assert np.ptp(ax.get_ylim()) < 20


def test_a_wild_series_does_not_hide_the_points_of_the_others() -> None:
    """Of a grid, a line whose values agree by chance within a fifth of their errors set the frame of all."""
    ax = plot.trend([0, 1], [1.0, 3.0], [0.1, 0.1])
    plot.trend([0, 1], [2.000, 2.001], [0.1, 0.1], ax=ax)
    low, high = ax.get_ylim()
    assert low < 1.0 and high > 3.0
    ax = plot.trend([0, 1], [2.000, 2.001], [0.1, 0.1])
    plot.trend([0, 1], [1.0, 3.0], [0.1, 0.1], ax=ax)
    low, high = ax.get_ylim()
    assert low < 1.0 and high > 3.0


def track(rows: int = 4) -> dict[str, Any]:
    return {
        "rows": [
            {
                "cycle": 50 * i,
                "ok": i != 1,
                "R_s": 3.0 + i,
                "R_s_stderr": 0.1,
                "R_ct": 50.0 + i,
                "R_ct_stderr": None,
            }
            for i in range(rows)
        ]
        + [{"cycle": None if rows == 0 else 999, "ok": False, "error": "empty", "flags": []}],
        "units": {"R_s": "ohm", "R_ct": "ohm", "W_d_sigma": "ohm s^-1/2"},
        "growth": {"R_ct": {"law": "linear", "slope": 0.02, "intercept": 50.0}},
    }


def test_trends_draws_one_panel_for_each_parameter_with_values() -> None:
    axes = plot.cells_trends([track()])
    assert [ax.get_ylabel() for ax in axes] == ["$R_\\mathrm{s}$ / Ω", "$R_\\mathrm{ct}$ / Ω"]
    assert [ax.get_xlabel() for ax in axes] == ["cycle", "cycle"]
    assert plot.cells_trends([track()], names=["R_ct"])[0].get_ylabel() == "$R_\\mathrm{ct}$ / Ω"
    with pytest.raises(EisfitError, match="no row of this track has a fitted parameter"):
        plot.cells_trends([track(0)])


# --- files


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
@pytest.mark.slow
def test_the_same_input_gives_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    files = [
        plot.save(plot.nyquist(FREQUENCY, Z, fitted=Z, ax=plot.new_axes()), tmp_path / f"{n}.{suffix}")
        for n in "ab"
    ]
    contents = [file.read_bytes() for file in files]
    assert contents[0] == contents[1]
    assert contents[0].startswith({"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[suffix])


@pytest.mark.slow
def test_the_longest_label_keeps_its_distance_from_the_edge(tmp_path: Path) -> None:
    """The layout was made at the screen's resolution, at which text is a few per cent narrower."""
    ax = Figure(figsize=(4.8, 3.8), dpi=110, layout="constrained").subplots()
    ax.set_yticks([0, 1], ["electrons along the film", "reaction"])
    image = plt.imread(plot.save(ax, tmp_path / "a.png"))
    ink = np.flatnonzero((image[..., :3] < 0.9).any(axis=(0, 2)))
    assert ink.min() >= 7
    assert ink.max() < image.shape[1] - 7


def test_a_figure_saved_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    axes = plot.fit_overview(document(), figure=plot.new_figure())
    first = plot.save(axes, tmp_path / "a.PNG").read_bytes()
    assert plot.save(axes[0].figure, tmp_path / "b.png").read_bytes() == first


def test_save_refuses_other_formats_and_lost_folders(tmp_path: Path) -> None:
    ax = plot.nyquist(FREQUENCY, Z)
    with pytest.raises(UsageError, match=r"can be written as \.png, \.svg or \.pdf, not as '\.xlsx'"):
        plot.save(ax, tmp_path / "a.xlsx")
    with pytest.raises(EisfitError, match="cannot be written"):
        plot.save(ax, tmp_path / "missing" / "a.png")
    assert list(tmp_path.iterdir()) == []


def test_new_figure_belongs_to_no_window() -> None:
    assert isinstance(plot.new_figure(4, 3), Figure)
    assert plot.new_axes(4, 3).figure.get_size_inches().tolist() == [4, 3]
    assert plt.get_fignums() == []
    plot.nyquist(FREQUENCY, Z)
    assert len(plt.get_fignums()) == 1


@pytest.mark.slow
def test_matplotlib_is_imported_only_to_draw_and_bytes_do_not_depend_on_the_process(tmp_path: Path) -> None:
    script = (
        "import sys; from eisfit import plot; assert 'matplotlib' not in sys.modules\n"
        "ax = plot.nyquist([100, 10, 1], [1-1j, 2-2j, 3-1j], label='a', ax=plot.new_axes())\n"
        "plot.save(ax, sys.argv[1]); assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    contents = []
    for seed in ("1", "2"):
        target = tmp_path / f"{seed}.svg"
        root = Path(__file__).resolve().parents[2]
        subprocess.run(
            [sys.executable, "-c", script, str(target)], check=True, cwd=root, env={"PYTHONHASHSEED": seed}
        )
        contents.append(target.read_bytes())
    assert contents[0] == contents[1]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("R_ct / ohm", r"$R_\mathrm{ct}$ / Ω"),
        ("CPE_ct_Q / S s^alpha", r"$Q_\mathrm{ct}$ / S $\mathrm{s}^{\alpha}$"),
        ("W_d_sigma / ohm s^-1/2", r"$\sigma_\mathrm{d}$ / Ω $\mathrm{s}^{-1/2}$"),
        ("Wo1_tau / s", r"$\tau_\mathrm{Wo1}$ / s"),
        ("Wo_d_R / mohm", r"$R_\mathrm{Wo,d}$ / mΩ"),
        ("cycle", "cycle"),
        ("$x$", "$x$"),
    ],
)
def test_labels_as_on_paper(name: str, expected: str) -> None:
    assert prettify(name) == expected


def test_a_figure_for_a_paper_has_its_quantities_in_italics():
    """Elsewhere in plain letters: matplotlib reads its first formula more slowly than it draws the rest."""
    with plot.paper(1):
        ax = plot.nyquist([10.0, 1.0], [1 - 1j, 2 - 0.5j], ax=plot.new_axes())
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("$Z'$ / Ω", "$-Z''$ / Ω")
