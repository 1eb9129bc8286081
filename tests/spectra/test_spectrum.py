"""Spectrum: what is refused, the order, averaging, round trips, and that nothing in it can be changed."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from eisfit.errors import EisfitError, SpectrumError
from eisfit.files import to_json
from eisfit.spectra.spectrum import Spectrum

F = [1.0, 100.0, 10.0]
Z = [3 - 1j, 1 - 0.1j, 2 - 0.5j]


def full():
    return Spectrum(
        F,
        Z,
        noise=[0.3, 0.1, 0.2],
        cycle=50,
        time_s=12.5,
        temperature_C=25.0,
        potential_V=3.7,
        source="folder/cell.mpt",
        index=2,
        metadata={"instrument": "VMP-300", "area_cm2": 1.13},
        notes=("sign turned",),
    )


def test_sorted_from_high_to_low_with_everything_that_belongs_together():
    s = full()
    assert s.frequency.tolist() == [100.0, 10.0, 1.0]
    assert s.impedance.tolist() == [1 - 0.1j, 2 - 0.5j, 3 - 1j]
    assert s.noise.tolist() == [0.1, 0.2, 0.3]
    assert s.omega == pytest.approx(2 * np.pi * np.array([100.0, 10.0, 1.0]))
    assert (s.points, len(s)) == (3, 3)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"frequency": []}, "frequency: is empty"),
        ({"impedance": []}, "impedance: is empty"),
        ({"frequency": [1.0, 2.0]}, "impedance: has 3 values for 2 frequencies"),
        ({"frequency": [[1.0, 2.0, 3.0]]}, r"frequency: must be one-dimensional, not of shape \(1, 3\)"),
        ({"frequency": 5.0}, r"frequency: must be one-dimensional, not of shape \(\)"),
        ({"frequency": ["a", "b", "c"]}, "frequency: not a list of numbers"),
        ({"frequency": [1.0, [2.0], 3.0]}, "frequency: not a list of numbers"),
        ({"impedance": ["x", "y", "z"]}, "impedance: not a list of numbers"),
        ({"frequency": [1.0, np.nan, 3.0]}, "frequency: not a finite number in row 2"),
        ({"frequency": [1.0, 2.0, np.inf]}, "frequency: not a finite number in row 3"),
        ({"impedance": [np.nan, 1, 1]}, "impedance: not a finite number in row 1"),
        ({"impedance": [1, 1 + 1j * np.inf, 1]}, "impedance: not a finite number in row 2"),
        ({"frequency": [1.0, 0.0, 3.0]}, "frequency: must be positive, but row 2 has 0 Hz"),
        ({"frequency": [1.0, 2.0, -3.0]}, "frequency: must be positive, but row 3 has -3 Hz"),
        (
            {"frequency": [5.0, 1.0, 5.0]},
            "frequency: 5 Hz occurs more than once; average repeated points on req",
        ),
        ({"noise": [0.1, 0.2]}, "noise: has 2 values for 3 frequencies"),
        ({"noise": [0.1, 0.2, 0.0]}, "noise: must be positive and finite everywhere"),
        ({"noise": -1.0}, "noise: must be positive and finite everywhere"),
        ({"noise": np.nan}, "noise: must be positive and finite everywhere"),
        ({"noise": "loud"}, "noise: not a list of numbers"),
    ],
)
def test_what_is_not_a_spectrum(fields, message):
    with pytest.raises(SpectrumError, match=message) as caught:
        Spectrum(**{"frequency": F, "impedance": Z, **fields})
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, EisfitError)
    assert isinstance(caught.value, ValueError)


def test_one_number_for_the_noise():
    assert Spectrum(F, Z, noise=0.5).noise.tolist() == [0.5, 0.5, 0.5]


def test_real_numbers_are_an_impedance_too():
    assert Spectrum([1.0], [2.0]).impedance.tolist() == [2 + 0j]


def test_nothing_can_be_changed_and_nothing_is_shared():
    frequency, impedance = np.array(F), np.array(Z)
    metadata = {"a": 1}
    s = Spectrum(frequency, impedance, noise=0.1, metadata=metadata)
    frequency[:], impedance[:] = 7.0, 7.0
    metadata["a"] = 2
    assert s.frequency.tolist() == [100.0, 10.0, 1.0]
    assert s.metadata["a"] == 1
    for array in (s.frequency, s.impedance, s.noise):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        s.cycle = 3
    with pytest.raises(TypeError, match="does not support item assignment"):
        s.metadata["a"] = 3
    with pytest.raises(TypeError, match="unhashable"):
        hash(s)


def test_averaged():
    s = Spectrum.averaged([10.0, 1.0, 10.0, 10.0], [1 + 1j, 5 - 5j, 2 + 2j, 6 + 0j], notes=("read",), cycle=3)
    assert s.frequency.tolist() == [10.0, 1.0]
    assert s.impedance.tolist() == [3 + 1j, 5 - 5j]
    assert s.notes == ("read", "averaged 2 repeated points")
    assert s.cycle == 3
    assert Spectrum.averaged([1.0, 1.0], [1, 3]).notes == ("averaged 1 repeated point",)
    assert Spectrum.averaged(F, Z).notes == ()
    assert Spectrum.averaged(F, Z) == Spectrum(F, Z)


def test_the_noise_of_an_average_is_that_of_a_mean():
    """Variance of a mean of independent values: sum of the variances over the square of their number."""
    s = Spectrum.averaged([1.0, 1.0, 5.0], [1, 3, 9], noise=[0.3, 0.4, 0.1])
    assert s.noise == pytest.approx([0.1, 0.5 / 2])
    assert Spectrum.averaged([1.0, 1.0], [1, 3], noise=0.2).noise == pytest.approx([0.2 / np.sqrt(2)])


def test_averaged_refuses_what_a_spectrum_refuses():
    with pytest.raises(SpectrumError, match="impedance: not a finite number in row 2"):
        Spectrum.averaged([1.0, 1.0], [1.0, np.nan])
    with pytest.raises(SpectrumError, match="impedance: has 1 values for 2 frequencies"):
        Spectrum.averaged([1.0, 1.0], [1.0])


def test_the_ends_of_a_range_are_included_however_they_were_rounded():
    s = Spectrum([10 * (1 + 2e-16), 1.0, 0.1 * (1 - 2e-16)], [1 - 1j, 2 - 1j, 3 - 1j])
    assert s.select(0.1, 10).points == 3


def test_select_and_keep():
    s = full()
    assert s.select(fmin=10).frequency.tolist() == [100.0, 10.0]
    assert s.select(fmax=10).noise.tolist() == [0.2, 0.3]
    assert s.select(5, 50).impedance.tolist() == [2 - 0.5j]
    assert s.select() == s
    assert s.keep([True, False, True]).cycle == 50
    with pytest.raises(SpectrumError, match=r"cell\.mpt#2: no point is left of 3 \(1 Hz to 100 Hz\): widen"):
        s.select(fmin=200)


def test_replace_validates_again():
    assert full().replace(noise=None, cycle=7).cycle == 7
    with pytest.raises(SpectrumError, match="must be positive"):
        full().replace(frequency=[-1.0, 2.0, 3.0])


def test_round_trip_through_json():
    for s in (full(), Spectrum(F, Z)):
        document = json.loads(to_json(s.to_dict()))
        assert Spectrum.from_dict(document) == s
        assert document["schema"] == "eisfit.spectrum/1"
    assert full() != Spectrum(F, Z)
    assert full() != "cell"


@pytest.mark.parametrize(
    ("document", "missing"),
    [
        ({}, "'data'"),
        ({"data": {}}, "'frequency_Hz'"),
        ({"data": {"frequency_Hz": [1]}}, "'Z_real_ohm'"),
        ({"data": 3}, ""),
    ],
)
def test_what_is_not_a_spectrum_document(document, missing):
    with pytest.raises(SpectrumError, match=f"not a complete spectrum document: .*{missing}"):
        Spectrum.from_dict(document)


def test_frame():
    frame = full().to_frame()
    assert list(frame.columns) == ["frequency_Hz", "Z_real_ohm", "Z_imag_ohm", "noise_ohm"]
    assert list(Spectrum(F, Z).to_frame().columns) == ["frequency_Hz", "Z_real_ohm", "Z_imag_ohm"]
    assert frame["Z_imag_ohm"].tolist() == [-0.1, -0.5, -1.0]


def test_summary_and_names():
    assert full().summary() == {
        "source": "folder/cell.mpt",
        "index": 2,
        "cycle": 50,
        "points": 3,
        "frequency_min_Hz": 1.0,
        "frequency_max_Hz": 100.0,
    }
    assert full().name == "cell.mpt#2"
    assert Spectrum(F, Z, source="C:\\data\\cell.z").name == "cell.z"
    assert Spectrum(F, Z).name == "spectrum"
    assert repr(full()) == "<Spectrum cell.mpt#2: 3 points, 1 Hz to 100 Hz, cycle 50>"
    assert "cell.mpt" in full()._repr_html_()


def test_plot():
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    ax = full().plot()
    assert ax.get_lines() or ax.collections
    pyplot.close("all")


@pytest.mark.parametrize("scale", [1e-300, 1e-100, 1e-41, 1e41, 1e100, 1e300])
def test_what_nothing_measures_is_refused_before_it_overflows(scale):
    with pytest.raises(SpectrumError, match="lies beyond anything measured"):
        Spectrum(frequency=[10.0, 1.0], impedance=[scale * (1 - 1j), 2.0 * scale])
    with pytest.raises(SpectrumError, match="lies beyond anything measured"):
        Spectrum(frequency=[10.0 * scale, scale], impedance=[1 - 1j, 2.0])


@pytest.mark.parametrize("which", ["frequency", "impedance", "noise"])
def test_what_numpy_masks_is_left_out_and_said(which):
    f = np.array([100.0, 10.0, 1.0])
    given = {"frequency": f, "impedance": 5 - 1j / f, "noise": 0.01 * f}
    given[which] = np.ma.masked_where([False, True, False], given[which])
    found = Spectrum(**given)
    assert found.frequency.tolist() == [100.0, 1.0]
    assert found.impedance.tolist() == [5 - 0.01j, 5 - 1j]
    assert found.noise.tolist() == [1.0, 0.01]
    assert found.notes == ("left out 1 masked points",)


def test_sums_and_differences_point_by_point():
    f = [100.0, 10.0, 1.0]
    cell = Spectrum(f, [3 - 1j, 5 - 2j, 7 - 1j], noise=0.03, cycle=4, source="cell.mpt")
    leads = Spectrum([1.0, 10.0001, 100.0], [0.1, 0.1 + 0.01j, 0.1 + 0.1j], noise=0.04, source="leads.mpt")
    less = cell - leads
    assert less.impedance == pytest.approx(np.array([2.9 - 1.1j, 4.9 - 2.01j, 6.9 - 1j]))
    assert less.noise == pytest.approx([0.05] * 3)
    assert less.cycle == 4 and less.notes[-1] == "less leads.mpt, point by point"
    assert (less + leads).impedance == pytest.approx(cell.impedance)
    assert (cell - 0.5).impedance == pytest.approx(cell.impedance - 0.5)
    assert (cell + np.array([1j, 2j, 3j])).impedance.imag == pytest.approx([0, 0, 2])
    assert (cell + leads.replace(noise=None)).noise is None
    with pytest.raises(SpectrumError, match=r"cell\.mpt and leads\.mpt have other frequencies \(3 and 2"):
        _ = cell - leads[1:]
    for wrong in ("leads.mpt", [1, 2]):
        with pytest.raises(SpectrumError, match=r"has no impedance to add|impedances go with no"):
            _ = cell - wrong
