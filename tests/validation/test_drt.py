"""The distribution of relaxation times against closed forms (RC, ZARC, Gerischer, log-normal)."""

import json

import numpy as np
import pytest

from eisfit.errors import SpectrumError, UsageError
from eisfit.files import to_json
from eisfit.spectra.spectrum import Spectrum
from eisfit.validation.drt import DRTResult, drt
from eisfit.validation.drt_peaks import find_peaks

F = np.logspace(5, -2, 60)
S = 2j * np.pi * F


def zarc(resistance, tau, alpha):
    return resistance / (1 + (S * tau) ** alpha)


def zarc_drt(t, resistance, tau, alpha):
    """Closed form: Fuoss, Kirkwood, J. Am. Chem. Soc. 63 (1941) 385; per unit of ln tau."""
    angle = (1 - alpha) * np.pi
    return resistance / (2 * np.pi) * np.sin(angle) / (np.cosh(alpha * np.log(t / tau)) - np.cos(angle))


def gerischer_drt(t, resistance, tau):
    """Closed form: Boukamp, Electrochim. Acta 252 (2017) 154 (Gerischer: R / sqrt(1 + j omega tau))."""
    return np.where(t < tau, resistance / np.pi * np.sqrt(t / np.maximum(tau - t, 1e-15)), 0.0)


def spectrum(impedance, noise, seed=0):
    rng = np.random.default_rng(seed)
    scale = noise * np.abs(impedance)
    noisy = impedance + scale * (rng.standard_normal(60) + 1j * rng.standard_normal(60))
    return Spectrum(frequency=F, impedance=noisy, noise=np.maximum(scale, 1e-12))


def test_two_rc_elements_are_two_narrow_peaks():
    result = drt(spectrum(5 + zarc(20, 1e-3, 1) + zarc(40, 0.1, 1), 1e-3), samples=20)
    fast, slow = result.peaks
    assert (fast.resistance, slow.resistance) == (pytest.approx(20, rel=0.01), pytest.approx(40, rel=0.01))
    assert (fast.tau, slow.tau) == (pytest.approx(1e-3, rel=0.03), pytest.approx(0.1, rel=0.03))
    assert max(fast.width, slow.width) < 0.25
    assert result.series_resistance == pytest.approx(5, rel=0.01)
    assert result.polarisation_resistance == pytest.approx(60, rel=0.01)
    assert [flag.name for flag in result.flags] == ["as_narrow_as_shown"]  # an ideal RC is infinitely so


@pytest.mark.parametrize(("noise", "limit"), [(0.0, 0.15), (3e-3, 0.25), (1e-2, 0.35)])
def test_zarc_against_its_closed_form(noise, limit):
    result = drt(spectrum(5 + zarc(20, 1e-4, 0.75) + zarc(40, 0.05, 0.75), noise), samples=20)
    truth = zarc_drt(result.tau, 20, 1e-4, 0.75) + zarc_drt(result.tau, 40, 0.05, 0.75)
    inner = (result.tau > 3e-6) & (result.tau < 10)
    error = np.sqrt(np.mean((result.gamma - truth)[inner] ** 2) / np.mean(truth[inner] ** 2))
    assert error < limit
    assert [round(float(np.log10(peak.tau)), 1) for peak in result.peaks] == pytest.approx(
        [-4.0, -1.3], abs=0.2
    )
    areas = [peak.resistance for peak in result.peaks]
    assert areas == pytest.approx([20, 40], rel=0.1)


def test_width_of_a_zarc():
    # cosh(alpha x) = 2 - cos((1 - alpha) pi) at half the height.
    result = drt(spectrum(5 + zarc(40, 0.01, 0.6), 0.0), samples=20)
    expected = 2 * np.arccosh(2 - np.cos(0.4 * np.pi)) / 0.6 / np.log(10)
    assert result.peaks[0].width == pytest.approx(expected, rel=0.15)


def test_log_normal_against_its_definition():
    x = np.linspace(np.log(1e-6), np.log(1e2), 4001)
    gamma = 30 / (0.8 * np.sqrt(2 * np.pi)) * np.exp(-0.5 * ((x - np.log(1e-2)) / 0.8) ** 2)
    z = 2 + (gamma / (1 + S[:, None] * np.exp(x))).sum(axis=1) * (x[1] - x[0])
    result = drt(spectrum(z, 1e-3), samples=99)
    truth = np.interp(np.log(result.tau), x, gamma, left=0, right=0)
    assert np.abs(result.gamma - truth).max() < 0.06 * truth.max()
    (peak,) = result.peaks
    assert peak.tau == pytest.approx(1e-2, rel=0.05)
    assert peak.resistance == pytest.approx(30, rel=0.01)
    assert peak.width == pytest.approx(2 * np.sqrt(2 * np.log(2)) * 0.8 / np.log(10), rel=0.1)
    near = truth > 0.02 * truth.max()
    assert np.mean(((result.low <= truth) & (truth <= result.high))[near]) > 0.8


def test_gerischer_against_its_closed_form():
    result = drt(spectrum(5 + 30 / np.sqrt(1 + 0.01 * S), 3e-3), samples=20)
    truth = gerischer_drt(result.tau, 30, 0.01)
    low = (result.tau > 1e-5) & (result.tau < 3e-3)
    step = np.log(result.tau[1] / result.tau[0])
    # The singular edge at tau = 0.01 s is smoothed; its area and the flank are not.
    assert np.sum((result.gamma - truth)[low]) * step == pytest.approx(0, abs=1.5)
    assert result.gamma[result.tau > 0.04].max() < 0.05 * result.gamma.max()
    assert result.polarisation_resistance == pytest.approx(30, rel=0.03)


def test_warburg_tail_is_taken_off():
    z = 5 + zarc(20, 1e-4, 0.8) + 8 * (1 - 1j) / np.sqrt(2 * np.pi * F)
    result = drt(spectrum(z, 1e-3), samples=20)
    assert result.warburg == pytest.approx(8, rel=0.03)
    (peak,) = result.peaks
    assert peak.resistance == pytest.approx(20, rel=0.08)
    without = drt(spectrum(z, 1e-3), tail=False, samples=20)
    assert without.warburg == 0
    assert "open_end" in [flag.name for flag in without.flags]


def test_series_capacitance_and_inductance_are_taken_off():
    z = 5 + 1e-6 * S + zarc(20, 1e-3, 0.8) + 1 / (0.5 * S)
    result = drt(spectrum(z, 1e-3), samples=20)
    assert result.elastance == pytest.approx(2, rel=0.05)
    assert result.inductance == pytest.approx(1e-6, rel=0.1)
    assert drt(spectrum(z, 1e-3), inductance=False, samples=20).inductance == 0


def test_inductive_loop_is_flagged():
    result = drt(spectrum(5 + zarc(20, 1e-4, 0.8) - zarc(5, 0.5, 1), 1e-3), samples=20)
    assert result.flags[0].name == "misfit" and "[misfit]" in repr(result)


def test_scale_does_not_matter():
    z = 5 + zarc(20, 1e-4, 0.8) + zarc(40, 0.05, 0.8)
    plain, large = drt(spectrum(z, 1e-3), samples=20), drt(spectrum(1e9 * z, 1e-3), samples=20)
    np.testing.assert_allclose(large.gamma, 1e9 * plain.gamma, rtol=1e-5, atol=1e3)


@pytest.mark.slow
def test_noise_is_found_where_it_is_not_known():
    s = spectrum(5 + zarc(20, 1e-4, 0.8) + zarc(40, 0.05, 0.8), 3e-3)
    known, found = drt(s, samples=20), drt(s.replace(noise=None), samples=20)
    assert found.peaks[1].resistance == pytest.approx(known.peaks[1].resistance, rel=0.05)


def test_errors_of_the_area_follow_the_scatter():
    found = [
        drt(spectrum(5 + zarc(20, 1e-4, 0.8) + zarc(40, 0.05, 0.8), 3e-3, seed=seed), samples=40).peaks
        for seed in range(12)
    ]
    pairs = [peaks for peaks in found if len(peaks) == 2]
    assert len(pairs) >= 10
    scatter = np.std([slow.resistance for _, slow in pairs])
    assert 0.3 < np.mean([slow.resistance_stderr for _, slow in pairs]) / scatter < 3


def test_the_choice_is_shown():
    result = drt(spectrum(5 + zarc(20, 1e-4, 0.8), 1e-3), samples=20)
    assert result.criterion == "gcv"
    strengths = [choice.strength for choice in result.choice]
    assert strengths == sorted(strengths) and result.regularisation in strengths
    limit = max(1, min(c.gcv for c in result.choice) * (1 + np.sqrt(2 / 120)))
    assert result.regularisation == max(c.strength for c in result.choice if c.gcv <= limit)
    misfits, rough = [c.misfit for c in result.choice], [c.roughness for c in result.choice]
    assert np.all(np.diff(misfits) > -1e-6) and np.all(np.diff(rough) < 1e-6 * rough[0])
    given = drt(spectrum(5 + zarc(20, 1e-4, 0.8), 1e-3), regularisation=0.1, samples=20)
    assert (given.criterion, given.regularisation, given.choice) == ("given", 0.1, ())


def test_peaks_of_a_plain_curve():
    x = np.linspace(-5, 5, 201)
    gamma = np.exp(-((x + 2) ** 2)) + 0.5 * np.exp(-((x - 2) ** 2)) + 0.02 * np.exp(-20 * (x - 4.5) ** 2)
    (first, second) = find_peaks(gamma, np.zeros(201), 0.05)
    assert x[[first[1], second[1]]] == pytest.approx([-2, 2], abs=0.06)
    assert first[2] == second[0] and x[first[2]] == pytest.approx(0.1, abs=0.15)
    assert find_peaks(gamma, np.full(201, 0.7), 0.05)[0][1] == first[1]
    assert find_peaks(x, np.zeros(201), 0.05) == []
    assert len(find_peaks(gamma, np.zeros(201), 0.5)) == 3  # the small one is far enough off


def test_the_arcs_of_a_pellet_are_seen_before_its_blocking_electrodes():
    """Bulk 2 kohm, grain boundary 9 kohm, and gold whose tail of 600 kohm made them no peaks."""
    f = np.geomspace(7e6, 0.1, 79)
    s = 2j * np.pi * f
    z = 2e3 / (1 + s * 6.7e-8) + 9e3 / (1 + s * 3e-6) + 1 / (1.1e-6 * s**0.76)
    error = np.random.default_rng(5).normal(0, 0.003, (2, f.size))
    result = drt(Spectrum(frequency=f, impedance=z + np.abs(z) * (error[0] + 1j * error[1])), samples=20)
    bulk, boundary = result.peaks[:2]
    assert [bulk.tau, boundary.tau] == pytest.approx([6.7e-8, 3e-6], rel=0.1)
    assert [bulk.resistance, boundary.resistance] == pytest.approx([2e3, 9e3], rel=0.1)


@pytest.mark.parametrize("seed", [0, 1, 8])
def test_a_maximum_whose_resistance_is_noise_is_no_peak(seed):
    """Far from the highest, where 1 ohm of R_s ends: 2 to 10 milliohm, not as large as their errors."""
    f = np.geomspace(1e6, 0.1, 57)
    s = 2j * np.pi * f
    z = 1 + 10 / (1 + s * 2e-3) + 2 / np.sqrt(s)
    error = np.random.default_rng(seed).normal(0, 0.002, (2, f.size))
    measured = Spectrum(frequency=f, impedance=z + np.abs(z) * (error[0] + 1j * error[1]))
    assert [peak.tau for peak in drt(measured, samples=20).peaks] == [pytest.approx(2e-3, rel=0.05)]


def test_refusals():
    good = spectrum(5 + zarc(20, 1e-4, 0.8), 1e-3)
    with pytest.raises(SpectrumError, match="has 5 points; relaxation times need at least 6"):
        drt(good.keep(np.arange(60) < 5))
    with pytest.raises(SpectrumError, match=r"Hz is zero: remove that point"):
        drt(Spectrum(frequency=F, impedance=np.where(F > 1e4, 0, S)))
    for options, message in (
        ({"regularisation": -1.0}, "regularisation: -1 must be a positive number"),
        ({"level": 1.5}, "level: 1.5 must lie between 0 and 1"),
        ({"samples": 1}, "samples: 1 are too few"),
        ({"points_per_decade": 1}, "points_per_decade: 1 are too few"),
        ({"extend": -1.0}, "extend: -1 must be zero or a positive"),
    ):
        with pytest.raises(UsageError, match=message):
            drt(good, **options)
    with pytest.raises(SpectrumError, match="not a complete DRT document"):
        DRTResult.from_dict({"spectrum": {}})


def test_document_goes_round_and_it_draws():
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib.figure import Figure

    result = drt(spectrum(5 + zarc(20, 1e-4, 0.8), 1e-3), samples=20)
    document = json.loads(to_json(result.to_dict()))
    assert document["schema"] == "eisfit.drt/1"
    assert DRTResult.from_dict(document).to_dict() == result.to_dict()
    assert list(result.to_frame()) == ["tau_s", "gamma_ohm", "low_ohm", "high_ohm"]
    ax = Figure().subplots()
    assert result.plot(ax=ax) is ax
    assert "R_s 5 ohm, peaks: 20" in repr(result) or "peaks: 19.9" in repr(result)


def box(resistance, first, last):
    """Return the closed form of a constant distribution between two time constants."""
    height = resistance / np.log(last / first)
    return height * (np.log(last / first) - np.log((1 + S * last) / (1 + S * first)))


@pytest.mark.parametrize("noise", [1e-3, 5e-3])
def test_a_box_is_one_peak_and_two_arcs_are_two(noise):
    one = drt(spectrum(5 + box(10, 1e-3, 0.1), noise), samples=20)
    assert [round(peak.resistance) for peak in one.peaks] == [10]
    two = drt(spectrum(5 + zarc(5, 1e-3, 0.9) + zarc(5, 1e-2, 0.9), noise), samples=20)
    assert [round(peak.resistance) for peak in two.peaks] == [5, 5]
    assert "one_or_two" not in {flag.name for flag in two.flags}


def test_what_was_taken_as_one_peak_is_said():
    result = drt(spectrum(5 + box(10, 1e-3, 0.1), 1e-3, seed=3), samples=20)
    (flag,) = (flag for flag in result.flags if flag.name == "one_or_two")
    assert "there may be one process or two" in flag.cause and flag.level == "tells"


def test_a_gerischer_element_is_told_to_be_sharper_than_it_is_shown():
    result = drt(spectrum(5 + 10 / np.sqrt(1 + S * 0.01), 3e-3), samples=20)
    assert "as_narrow_as_shown" in {flag.name for flag in result.flags}
    broad = drt(spectrum(5 + zarc(10, 0.01, 0.6), 3e-3), samples=20)
    assert "as_narrow_as_shown" not in {flag.name for flag in broad.flags}


@pytest.mark.parametrize("peak", [79.0, 40.0])
def test_an_arc_that_peaks_below_the_sweep_is_no_tail(peak):
    f = np.geomspace(1e5, 100, 31)
    resistance = 1 / (2 * np.pi * peak * 1e-8)
    z = 2600 + resistance / (1 + 1j * f / peak)
    rng = np.random.default_rng(7)
    z = z * (1 + 2e-3 * (rng.normal(size=f.size) + 1j * rng.normal(size=f.size)))
    result = drt((f, z))
    assert "misfit" not in [flag.name for flag in result.flags]
    (seen,) = result.peaks
    assert seen.resistance == pytest.approx(resistance, rel=0.05)
    assert seen.tau == pytest.approx(1 / (2 * np.pi * peak), rel=0.1)
