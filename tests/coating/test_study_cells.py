"""Which cells of a study are compared, and at which temperature; all of them simulated, flat, of 1 cm^2.

The bare cell's reaction has 20 ohm at 25 degC, 0.6 eV, the film 5 ohm, 0.45 eV: 1.72 and 0.80 ohm at 60 degC.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from eisfit.coating.explain import explain
from eisfit.coating.headline import write_headline
from eisfit.coating.inference.assembly import build_problem, estimate_published_error
from eisfit.coating.inference.descent import invert
from eisfit.coating.study import Study
from eisfit.coating.voltages import _compute_fact_voltages, butler_volmer
from eisfit.errors import SchemaError
from eisfit.units import Uncertain

KT = 8.617333262e-5 * 298.15
HERTZ = np.geomspace(1e5, 1e-2, 40)
TABLES = """
[support]
kind = "flat"
area = "1 cm^2"
[[film]]
name = "film"
thickness = "5 nm"
ionic_conductivity = { value = "1e-7 S/cm", stderr = "1e-9 S/cm" }
activation_energy = "0.45 eV"
[counter]
kind = "half"
"""


def warm(energy, celsius):
    return math.exp(energy / 8.617333262e-5 * (1 / (celsius + 273.15) - 1 / 298.15))


def write_cell(path, celsius, film, seed):
    jw = 2j * np.pi * HERTZ
    faradaic = 20 * warm(0.6, celsius) + 5 * warm(0.4, celsius) * (1 - 1j) / np.sqrt(2 * np.pi * HERTZ)
    Z = 3 * warm(0.15, celsius) + 1 / (1 / faradaic + 2e-5 * jw**0.9)
    if film:
        R = 5 * warm(0.45, celsius)
        Z = Z + R / (1 + jw * R * 3.5e-6)
    noise = np.random.default_rng(seed).standard_normal((2, HERTZ.size))
    Z = Z + 0.002 * abs(Z) * (noise[0] + 1j * noise[1])
    rows = [f"{f!r},{z.real!r},{z.imag!r}" for f, z in zip(HERTZ.tolist(), Z.tolist(), strict=True)]
    path.write_text("\n".join(["frequency_Hz,Z_real_ohm,Z_imag_ohm", *rows]))


def study(folder, bare, coated):
    return Study.from_text(write_study(folder, bare, coated), folder)


def write_study(folder, bare, coated):
    cells = []
    for name, degrees, more in (("bare", bare, ""), ("coated", coated, 'coated_by = "film"')):
        for celsius in degrees:
            write_cell(folder / f"{name}{celsius}.csv", celsius, bool(more), celsius)
        spectra = ", ".join(f'{{ file = "{name}{c}.csv", temperature = "{c} degC" }}' for c in degrees)
        cells.append(f'[[cell]]\nname = "{name}"\n{more}\nspectra = [{spectra}]\n')
    head = 'schema = 2\n[study]\ntitle = "flat"\nsimulated = true\n'
    return head + "".join(cells) + TABLES


@pytest.mark.parametrize("coated", [(25, 60), (60, 25)])
def test_the_order_of_files_does_not_matter(tmp_path, coated):
    """The coated cell at 60 degC was held against the bare one at 25: -17.5 ohm of scatter between cells."""
    document = explain(study(tmp_path, (60, 25), coated)).document
    assert document["electrode"]["change"]["median"] == pytest.approx(5.0, abs=0.1)
    assert document["contributions"]["r_ct"]["ions_through_film"]["median"] == pytest.approx(5.0, abs=0.1)
    assert document["contributions"]["r_ct"]["cell_to_cell"]["median"] == pytest.approx(0.0, abs=0.2)
    assert "°C" not in document["headline"][0]


def test_cells_without_a_temperature_in_common_are_compared_at_one(tmp_path):
    document = explain(study(tmp_path, (25,), (60,))).document
    assert document["contributions"]["r_ct"]["cell_to_cell"]["median"] == pytest.approx(0.0, abs=1.0)
    assert "bare at 25 and coated at 60 °C" in document["headline"][0]


def test_the_size_of_a_warm_cell_is_carried_to_the_reference(tmp_path):
    """1.72 ohm at 60 degC are 20 at 25; the prior stood at 1.4, 2.7 of its standard deviations off."""
    priors = build_problem(study(tmp_path, (60,), (60,))).priors
    assert priors["R_i"].mean == pytest.approx(math.log(0.8 * 20), abs=0.5)
    assert priors["W"].mean == pytest.approx(math.log(5), abs=0.5)
    assert priors["native_R"].mean == pytest.approx(math.log(7.0))  # of no measurement: as it was


def test_a_published_range_is_as_uncertain_as_it_says():
    """10 to 30 ohm: the central 68 % are 13.2 to 26.8, not 20 within 0.5 %."""
    assert estimate_published_error(Uncertain("uniform", 10.0, 30.0)) == pytest.approx(6.83, abs=0.01)
    assert estimate_published_error(Uncertain("normal", 20.0, 3.0)) == 3.0
    assert estimate_published_error(Uncertain("exact", 20.0)) == pytest.approx(0.1)


def test_resistances_hardly_known_leave_everything_open(flat):
    document = explain(Study.from_text(flat(20, 25).replace("0.05 ohm", "7 ohm"))).document
    assert document["headline"][0].startswith("The published numbers leave open how R_ct changed")
    assert max(h["probability"] for h in document["hypotheses"].values()) < 0.5


def foretell(text, cell, current):
    """Return what the medians of the priors make of a current: linear and by Butler and Volmer."""
    from eisfit.coating.contributions import Draw
    from eisfit.coating.inference.posterior import Posterior

    fact = f'[[dc]]\nwhat = "x"\ncell = "{cell}"\nvoltage = "1 V"\ncurrent = "1 mA"\n'
    read = Study.from_text(f"{text}\n{fact}")
    problem = build_problem(read)
    names = ("area", "R_i", "s_i", "thickness:film", "chi", "Q", "alpha")
    drawn = Draw(Posterior("barrier_only", names, (), 1), np.zeros((1, len(names))))
    return problem, _compute_fact_voltages(problem, [drawn], read.file.dc[0], np.array([current]))[:, 0, 0]


def test_a_symmetric_cell_has_two_reactions_that_share_the_voltage(flat):
    """R_i of 0.8 x 29 ohm: twice that of half of it, 86 mV at 4 mA, not that of the whole, 72 mV."""
    text = flat(29, 39).replace('"half"', '"symmetric"')
    _, (linear, curved) = foretell(text, "bare", 4e-3)
    R = 0.8 * 29
    assert linear == pytest.approx(4e-3 * R, rel=1e-3)
    assert curved == pytest.approx(4 * KT * math.asinh(4e-3 * R / (4 * KT)), rel=1e-3)
    assert curved > 1.15 * butler_volmer(np.array(4e-3), np.array(R))


def test_a_fact_is_of_the_cell_that_it_names(flat):
    text = flat(20, 25).replace('"bare"', '"NMC bare"').replace('name = "coated"', 'name = "NMC"')
    assert foretell(text, "NMC", 1e-3)[1][0] == pytest.approx(1e-3 * (16 + 5), rel=1e-3)
    assert foretell(text, "NMC bare", 1e-3)[1][0] == pytest.approx(1e-3 * 16, rel=1e-3)


BARE = 'name = "bare"\nr_ct = { value = "20 ohm", stderr = "0.05 ohm" }'


@pytest.mark.parametrize(("old", "new", "message"), [
    ('name = "coated"', 'name = "bare"', "two cells are called 'bare'"),
    ('[counter]', '[[film]]\nname = "film"\nthickness = "9 nm"\n[counter]', "two films are called 'film'"),
    ('"half"', '"half"\nresistance = "3 ohm"', "only kind 'full' has another electrode"),
    ('schema = 2', 'schema = 2\nnoise = 0', "noise: must be positive"),
    (BARE, f"{BARE}\nc_ratio = 1.1", "a coated cell's capacitance over the bare cell's"),
    (BARE, 'name = "bare"\nc_ratio = 1.1\nspectra = [{file = "a"}]', "r_hf and c_ratio stand beside r_ct"),
    (BARE, 'name = "bare"\nspectra = [{file = "a", temperature = "25 K"}]', "is it '25 degC'"),
])  # fmt: skip
def test_what_was_ignored_or_ended_in_a_traceback_is_refused(flat, old, new, message):
    text = flat(20, 25)
    assert old in text
    with pytest.raises(SchemaError, match=message):
        Study.from_text(text.replace(old, new, 1))


def test_a_spectrum_stands_for_one_cell(tmp_path):
    text = write_study(tmp_path, (25,), (25,))
    with pytest.raises(SchemaError, match=r"two spectra are of file .bare25\.csv"):
        Study.from_text(text.replace("coated25", "bare25"))


def test_another_electrode_of_zero_ohm_has_no_arc(flat):
    text = flat(20, 25).replace('"half"', '"full"\nresistance = 0')
    assert not any("counter" in name for name in build_problem(Study.from_text(text)).priors)


def test_a_film_of_a_thousand_million_ohm_fits_nothing(flat):
    """1e9 ohm cm^2 beside 25 ohm: the priors drown in rounding, which ended in a singular matrix."""
    text = flat(20, 25).replace('"1e-7 S/cm", stderr = "1e-9 S/cm"', '"1e-13 S/cm", stderr = "1e-14 S/cm"')
    document = explain(Study.from_text(text.replace('"5 nm"', '"1000 nm"'))).document
    assert not document["fits"]
    matrix = np.array([[1e24, -1e24], [-1e24, 1e24]]) + np.eye(2)
    log_det, inverse = invert(matrix)
    assert math.isfinite(log_det)
    assert np.isfinite(inverse).all()


def test_resistances_of_a_large_cell_are_not_printed_as_zero(flat):
    """20 and 25 milliohm of 1,000 cm^2: the headline said 0.0 ohm, and no share was shown."""
    text = flat("0.020", "0.025").replace('"0.05 ohm"', '"0.00005 ohm"').replace('"1 cm^2"', '"1000 cm^2"')
    explanation = explain(Study.from_text(text))
    assert explanation.headline[0].startswith(
        "R_ct rose from 0.0200 to 0.0250 ohm (simulated cells), by 0.0050"
    )
    assert "+0.0050 (+0.0049 to +0.0051)" in explanation.to_html()


@pytest.mark.parametrize("verdict", ["open", "ambiguous"])
def test_what_the_fit_does_not_tell_has_not_changed_by_so_much(flat, verdict):
    document = explain(Study.from_text(flat(20, 25))).to_dict()
    assert write_headline(document)[0].startswith("R_ct rose from 20.0 to 25.0 ohm")
    document["r_ct"] |= {"source": "fit of rs-sei-ct-w", "verdict": verdict}
    told = write_headline(document)[0]
    assert told.startswith("The fits leave open how R_ct changed: 20.0 and 25.0 ohm")
    assert verdict in told
