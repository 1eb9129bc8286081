"""Studies whose spectra were made by formulas of this file alone, of flat electrodes: is the truth named?"""

from __future__ import annotations

import numpy as np
import pytest

import eisfit
from eisfit.coating.inference.assembly import build_problem
from eisfit.coating.inference.hypotheses import HYPOTHESES
from eisfit.coating.physics.parameters import INDEX
from eisfit.coating.study import Study
from eisfit.display.report.explanation import explanation_markdown

BOLTZMANN_EV = 8.617333262e-5
FREQUENCY = np.geomspace(1e5, 1e-2, 50)
JW = 2j * np.pi * FREQUENCY
AREA, R_S = 1.13, 5.0
R_I, Q, ALPHA, W = 120.0, 2e-5, 0.88, 5.0  # ohm cm^2, S s^alpha/cm^2, 1, ohm cm^2 s^-1/2
NOISE = 0.002
HEAD = """schema = 2
study = { title = "a film on a flat electrode", simulated = true }
support = { kind = "flat", area = "1.13 cm^2" }
"""
FILM = """[[film]]
name = "film"
thickness = { value = "5 nm", stderr = "0.3 nm" }
ionic_conductivity = { value = "3e-8 S/cm", stderr = "0.3e-8 S/cm" }
resistivity = { value = "1 ohm*cm", stderr = "0.1 ohm*cm" }
"""


def warm(energy, kelvin):
    """What a resistance is multiplied by from 25 degC."""
    return np.exp(energy / BOLTZMANN_EV * (1 / kelvin - 1 / 298.15))


def mixed(nanometres, kelvin=298.15):
    """A film of 3e-8 S/cm and 200 F/cm^3 through which ions go, ohm cm^2."""
    R = nanometres * 1e-7 / 3e-8 * warm(0.45, kelvin)
    s = np.sqrt(JW * R * 200 * nanometres * 1e-7)
    return R * np.tanh(s) / s


def shorted(nanometres, z):
    """The same film at 25 degC, its electrons shorted to the solid, over a reaction z: ohm cm^2."""
    R = nanometres * 1e-7 / 3e-8
    s = np.sqrt(JW * R * 200 * nanometres * 1e-7)
    line = R / s
    return line * (z + line * np.tanh(s)) / (line + z * np.tanh(s))


def simulate(
    rng,
    nanometres=0.0,
    *,
    gain=1.0,
    kelvin=298.15,
    energy=0.6,
    slower=1.0,
    more=0.0,
    below=0.0,
    layer=0.0,
    ladder=0.0,
    interface=None,
):
    """Spectrum of a cell, ohm; the other electrode's arc has 4 ohm at 8 kHz."""
    reaction = R_I / gain * warm(energy, kelvin) + below * warm(0.45, kelvin)
    diffusion = slower * W * warm(0.4, kelvin) * (1 - 1j) / np.sqrt(JW.imag)
    z = 1 / (1 / (reaction + diffusion) + Q * JW**ALPHA)
    z = shorted(ladder, z) if ladder else z
    z = z if interface is None else interface
    z = z + (mixed(nanometres, kelvin) if nanometres else 0) + layer
    other = 4.0 * warm(0.6, kelvin) / (1 + warm(0.6, kelvin) * (JW * 2e-5) ** 0.85)
    Z = z / AREA + R_S * warm(0.15, kelvin) + other + more
    return Z + NOISE * np.abs(Z) * (rng.standard_normal(Z.size) + 1j * rng.standard_normal(Z.size))


def write_study(folder, spectra, films=FILM):
    """The study of spectra by (cell, temperature in degC); a cell's film is named after it, bare has none."""
    cells: dict[str, list[str]] = {}
    for (cell, celsius), Z in spectra.items():
        file = f"{cell.replace(' ', '_')}_{celsius}.csv"
        columns = np.column_stack([FREQUENCY, Z.real, Z.imag])
        np.savetxt(
            folder / file, columns, delimiter=",", header="frequency_Hz,Z_real_ohm,Z_imag_ohm", comments=""
        )
        cells.setdefault(cell, []).append(f'{{ file = "{file}", temperature = "{celsius} degC" }}')
    text = HEAD + "".join(
        f'[[cell]]\nname = "{cell}"\n'
        + ("" if cell == "bare" else f'coated_by = "{cell}"\n')
        + f"spectra = [{', '.join(rows)}]\n"
        for cell, rows in cells.items()
    )
    return Study.from_text(text + films, folder)


def explain(folder, spectra, films=FILM):
    return eisfit.explain(write_study(folder, spectra, films)).to_dict()


def most_probable(document):
    return max(document["hypotheses"], key=lambda name: document["hypotheses"][name]["log_evidence"])


def series(*sizes, kind='resistivity = { value = "1 ohm*cm", stderr = "0.1 ohm*cm" }'):
    """Films of one material, the first of which says what they share."""
    tables = [
        f'[[film]]\nname = "film {n}"\nthickness = {{ value = "{n} nm", stderr = "{n / 20:g} nm" }}\n'
        for n in sizes
    ]
    tables[0] += f'ionic_conductivity = {{ value = "3e-8 S/cm", stderr = "0.6e-8 S/cm" }}\n{kind}\n'
    return "".join(tables)


@pytest.mark.parametrize(("kind", "power"), [('resistivity = "1 ohm*cm"', 1), ("", -1)])
def test_what_a_film_stores_goes_with_its_thickness_and_an_insulator_with_its_inverse(tmp_path, kind, power):
    rng = np.random.default_rng(0)
    spectra = {("bare", 25): simulate(rng)} | {(f"film {n}", 25): simulate(rng, n) for n in (5, 20)}
    problem = build_problem(write_study(tmp_path, spectra, series(5, 20, kind=kind)))
    names = problem.names(HYPOTHESES["barrier_only"])
    thin, thick = (problem.affine(block, names)[0][INDEX["chi"]] for block in problem.blocks[1:])
    assert thick - thin == pytest.approx(power * np.log(4), rel=1e-2)


def test_a_thickness_series_of_a_mixed_conductor_is_explained(tmp_path):
    """Its capacitance was the same for 2 and for 20 nm: no hypothesis fitted, and nothing mended it."""
    rng = np.random.default_rng(1)
    spectra = {("bare", 25): simulate(rng)}
    spectra |= {(f"film {n}", 25): simulate(rng, n, gain=1.5) for n in (2, 5, 10, 20)}
    document = explain(tmp_path, spectra, series(2, 5, 10, 20))
    assert document["fits"]
    assert most_probable(document) == "intrinsic_activity"
    assert document["gains"]["f"]["low95"] < 1.5 < document["gains"]["f"]["high95"]


def test_another_activation_energy_of_the_reaction_is_told(tmp_path):
    """Of a faster reaction, what everybody looks for first: no hypothesis fitted such cells."""
    rng = np.random.default_rng(2)
    spectra = {("bare", t): simulate(rng, kelvin=t + 273.15) for t in (5, 25, 45)}
    spectra |= {
        ("film", t): simulate(rng, 5, gain=1.8 / warm(-0.12, t + 273.15), kelvin=t + 273.15)
        for t in (5, 25, 45)
    }
    document = explain(tmp_path, spectra)
    assert document["fits"]
    assert most_probable(document) == "intrinsic_activity"
    change = document["gains"]["Ea:gain"]
    assert change["seen"]
    assert change["median"] == pytest.approx(-0.12, abs=0.003)
    assert "its activation energy lower by 0.1" in document["headline"][1]
    assert document["gains"]["f"]["low95"] < 1.8 < document["gains"]["f"]["high95"]


@pytest.mark.parametrize("exponent", [0.8, 0.9, 1.0])
def test_a_native_layer_s_arc_may_be_depressed(tmp_path, exponent):
    """40 ohm cm^2 at 4 kHz. With 1 taken for granted, 0.95 was refused, or another electrode was blamed."""
    rng = np.random.default_rng(8)
    layer = 40 / (1 + (JW * 4e-5) ** exponent)
    document = explain(tmp_path, {("bare", 25): simulate(rng, layer=layer), ("film", 25): simulate(rng, 5)})
    assert document["fits"]
    assert most_probable(document) == "native_layer"
    found = document["parameters"]
    assert found["native_alpha"]["low95"] < exponent < found["native_alpha"]["high95"] + 0.02
    assert found["native_R"]["median"] == pytest.approx(40, rel=0.05)
    assert not any(row["log10_odds"] > 2 for row in document["outside"]["causes"])
    assert "bare cell's contact gone" not in document["headline"][1]


def test_an_insulating_film_s_arc_may_be_depressed(tmp_path):
    """50 ohm cm^2 of 3e-6 F/cm^2 with an exponent of 0.88, as of LiNbO3: the barrier; it was refused."""
    rng = np.random.default_rng(9)
    film = 50 / (1 + (JW * 50 * 3e-6) ** 0.88)
    spectra = {("bare", 25): simulate(rng), ("film", 25): simulate(rng, layer=film)}
    insulator = "\n".join(row for row in FILM.splitlines() if not row.startswith("resistivity"))
    stated = '{ low = "1e-9 S/cm", high = "1e-7 S/cm", scale = "log" }'
    insulator = insulator.replace('{ value = "3e-8 S/cm", stderr = "0.3e-8 S/cm" }', stated)
    document = explain(tmp_path, spectra, insulator + "\n")
    assert document["fits"]
    assert most_probable(document) == "barrier_only"
    barrier = document["contributions"]["r_ct"]["ions_through_film"]
    assert barrier["low95"] < 50 / AREA < barrier["high95"]
    assert document["parameters"]["film_alpha"]["median"] == pytest.approx(0.88, abs=0.03)


def test_two_causes_at_once_are_no_larger_area(tmp_path):
    """A reaction 1.8 times as fast, diffusion 0.6 times as large: "a larger area", 99 %, was the answer."""
    rng = np.random.default_rng(3)
    spectra = {("bare", 25): simulate(rng), ("film", 25): simulate(rng, 5, gain=1.8, slower=0.6)}
    document = explain(tmp_path, spectra)
    cause = document["outside"]["causes"][0]
    assert (cause["what"], cause["hypothesis"]) == ("W", "intrinsic_activity")
    assert "diffusion in the coated cells has 0.6" in cause["text"]
    assert cause["gain"] == pytest.approx(1.8, rel=0.15)
    assert cause["log10_odds"] > 3
    assert "but a faster reaction is far more likely if diffusion in the coated" in document["headline"][1]
    assert "no probability and no share below is to be used" in document["headline"][2]
    assert all("-" not in row["text"] for row in document["outside"]["causes"] if row["what"] == "behind")


def test_a_contact_of_the_coated_cell_is_found_at_three_temperatures(tmp_path):
    """25 ohm at 21 kHz, beside the other electrode's arc: nothing mended it, as the search began too slow."""
    rng = np.random.default_rng(4)
    contact = 25 / (1 + JW * 25 * 3e-7)
    spectra = {("bare", t): simulate(rng, kelvin=t + 273.15) for t in (5, 25, 45)}
    spectra |= {("film", t): simulate(rng, 5, kelvin=t + 273.15, more=contact) for t in (5, 25, 45)}
    document = explain(tmp_path, spectra)
    assert not document["fits"]
    cause = document["outside"]["causes"][0]
    assert (cause["what"], cause["cells"], cause["hypothesis"]) == ("arc", "coated", "barrier_only")
    assert cause["text"] == "the coated cells have a further arc of 25 ohm at 21 kHz"
    assert document["headline"][2].startswith(
        "It fits if the coated cells have a further arc of 25 ohm at 21 kHz, beside"
    )


def test_a_conductivity_stated_fifteen_times_too_small_is_named(tmp_path):
    rng = np.random.default_rng(5)
    spectra = {("bare", 25): simulate(rng), ("film", 25): simulate(rng, 5, gain=1.4)}
    wrong = FILM.replace("3e-8 S/cm", "2e-9 S/cm").replace("0.3e-8", "0.1e-9")
    document = explain(tmp_path, spectra, wrong + 'ald_cycles = 100\ngrowth_per_cycle = "0.12 nm"\n')
    said = "5 nm and the 12 nm that 100 growth cycles of 0.12 nm give do not agree"
    assert said in document["contradictions"][0]["text"]
    assert said in explanation_markdown(document).split("## The film's values, held against")[1]
    cause = document["outside"]["causes"][0]
    assert (cause["what"], cause["hypothesis"]) == ("s_i", "intrinsic_activity")
    assert cause["text"] in {f"the film conducts ions {n} times as well as stated" for n in (14, 15, 16)}


def test_a_film_with_its_double_layer_on_it_is_found_and_can_be_stated(tmp_path):
    """As on a metal film, 17 ohm cm^2 behind the double layer: the reaction's gain comes out right."""
    rng = np.random.default_rng(7)
    spectra = {("bare", t): simulate(rng, kelvin=t + 273.15) for t in (5, 25, 45)}
    spectra |= {
        ("film", t): simulate(rng, gain=1.8, kelvin=t + 273.15, below=5e-7 / 3e-8) for t in (5, 25, 45)
    }
    document = explain(tmp_path, spectra)
    assert not document["fits"]
    cause = document["outside"]["causes"][0]
    assert (cause["what"], cause["hypothesis"]) == ("behind", "intrinsic_activity")
    assert "lies behind the double layer, as where that is on the film" in document["headline"][2]
    stated = explain(tmp_path, spectra, FILM + 'double_layer = "on"\n')
    assert stated["fits"]
    assert most_probable(stated) == "intrinsic_activity"
    assert stated["gains"]["f"]["low95"] < 1.8 < stated["gains"]["f"]["high95"]
    assert stated["contributions"]["r_ct"]["ions_through_film"]["median"] == pytest.approx(14.7, abs=1.0)
    with pytest.raises(eisfit.EisfitError, match="double_layer"):
        write_study(tmp_path, spectra, FILM.replace("resistivity", "# resistivity") + 'double_layer = "on"\n')


def test_a_film_whose_electrons_are_shorted_to_the_solid_is_found_and_can_be_stated(tmp_path):
    """As a metal's in contact with it: 100 uF/cm^2 lie across the reaction too, no hypothesis fits."""
    rng = np.random.default_rng(8)
    spectra = {("bare", 25): simulate(rng), ("film", 25): simulate(rng, gain=1.7, ladder=5)}
    document = explain(tmp_path, spectra)
    assert not document["fits"]
    assert all(entry["probability"] is None for entry in document["hypotheses"].values())
    cause = document["outside"]["causes"][0]
    assert (cause["what"], cause["hypothesis"]) == ("shorted", "intrinsic_activity")
    assert cause["gain"] == pytest.approx(1.7, rel=0.1)
    said = (
        "if the film's electrons are shorted to the solid, so that its capacitance lies across the reaction"
    )
    assert said in document["headline"][2]
    stated = explain(tmp_path, spectra, FILM + 'electrons = "shorted"\n')
    assert stated["fits"]
    assert most_probable(stated) == "intrinsic_activity"
    assert stated["gains"]["f"]["low95"] < 1.7 < stated["gains"]["f"]["high95"]
    assert stated["parameters"]["chi"]["low95"] < 1e-4 < stated["parameters"]["chi"]["high95"]
    with pytest.raises(eisfit.EisfitError, match="electrons"):
        write_study(
            tmp_path, spectra, FILM.replace("resistivity", "# resistivity") + 'electrons = "shorted"\n'
        )


def test_a_film_that_carries_the_double_layer_may_have_its_electrons_shorted_too(tmp_path):
    rng = np.random.default_rng(9)
    reaction = R_I / 1.7 + W * (1 - 1j) / np.sqrt(JW.imag)
    z = 1 / (1 / shorted(5, reaction) + Q * JW**ALPHA)
    spectra = {("bare", 25): simulate(rng), ("film", 25): simulate(rng, interface=z)}
    on_it = FILM + 'double_layer = "on"\n'
    cause = explain(tmp_path, spectra, on_it)["outside"]["causes"][0]
    assert (cause["what"], cause["hypothesis"]) == ("shorted", "intrinsic_activity")
    stated = explain(tmp_path, spectra, on_it + 'electrons = "shorted"\n')
    assert most_probable(stated) == "intrinsic_activity"
    assert stated["gains"]["f"]["low95"] < 1.7 < stated["gains"]["f"]["high95"]


def test_chambers_half_a_kelvin_off_refuse_nothing_and_activation_energies_have_their_width(tmp_path):
    """Temperatures counted as exact: no hypothesis fitted, and 0.600 eV had an error of 0.001."""
    rng = np.random.default_rng(12)
    off = {("bare", 5): 0.3, ("bare", 45): -0.2, ("film", 5): -0.4, ("film", 45): 0.3}
    spectra = {
        (cell, t): simulate(rng, nm, gain=gain, kelvin=t + 273.15 + off.get((cell, t), 0.0))
        for cell, nm, gain in (("bare", 0, 1.0), ("film", 5, 1.5))
        for t in (5, 25, 45)
    }
    document = explain(tmp_path, spectra)
    assert document["fits"]
    assert most_probable(document) == "intrinsic_activity"
    energy = document["parameters"]["Ea:reaction"]
    assert energy["low95"] < 0.6 < energy["high95"]
    assert 0.012 < energy["high95"] - energy["low95"] < 0.03
    exact = explain(tmp_path, spectra, '[scatter]\ntemperature = "0.001 K"\n' + FILM)
    assert not exact["fits"]


def test_errors_of_temperatures_are_stated_or_taken(tmp_path):
    def spreads(study):
        return {name: p.sd for name, p in build_problem(study).priors.items() if name.startswith("dT:")}

    spectra = {key: simulate(np.random.default_rng(1)) for key in (("bare", 25), ("film", 25))}
    assert not spreads(write_study(tmp_path, spectra))  # of cells at one temperature the scatter holds it
    several = write_study(tmp_path, {**spectra, ("film", 45): simulate(np.random.default_rng(2))})
    assert spreads(several) == pytest.approx({"dT:film_25.csv": 0.3, "dT:film_45.csv": 0.3})
    cells = """[[cell]]
name = "bare"
spectra = [{ file = "bare_25.csv", temperature = { value = "25 degC", stderr = "0.5 K" } }]
[[cell]]
name = "film"
coated_by = "film"
spectra = [{ file = "film_25.csv" }]
"""
    stated = Study.from_text(HEAD + cells + FILM, tmp_path)
    assert spreads(stated) == pytest.approx({"dT:bare_25.csv": 0.5}, rel=1e-3)
    with pytest.raises(eisfit.EisfitError, match="how far one may be"):
        write_study(tmp_path, spectra, '[scatter]\ntemperature = "0.3 degC"\n' + FILM)


def test_an_error_of_temperature_moves_a_film_by_the_activation_energy_that_the_study_states(tmp_path):
    """It moved every film by the 0.45 eV that are taken where none is stated."""
    spectra = {key: simulate(np.random.default_rng(1)) for key in (("bare", 25), ("film", 25), ("film", 45))}
    problem = build_problem(write_study(tmp_path, spectra, f'{FILM}activation_energy = "0.8 eV"\n'))
    block, names = next(b for b in problem.blocks if b.name == "film_45.csv"), [*problem.priors]
    slopes = problem.affine(block, names)[1][:, names.index("dT:film_45.csv")] / 0.3  # 1/K
    assert slopes[INDEX["s_i"]] == pytest.approx(0.8 / (BOLTZMANN_EV * 318.15**2), rel=1e-6)
    assert slopes[INDEX["R_i"]] == pytest.approx(-0.6 / (BOLTZMANN_EV * 318.15**2), rel=1e-6)


@pytest.mark.parametrize("stated", ['electrons = "shorted"', 'double_layer = "on"'])
def test_what_a_further_film_alone_states_is_refused(tmp_path, stated):
    """It was left aside without a word."""
    spectra = {key: simulate(np.random.default_rng(1)) for key in (("bare", 25), ("film", 25), ("thick", 25))}
    thick = f"{FILM}{stated}\n".replace('"film"', '"thick"')
    with pytest.raises(eisfit.EisfitError, match="holds for all films or none"):
        write_study(tmp_path, spectra, FILM + thick)
    both = write_study(tmp_path, spectra, f"{FILM}{stated}\n{thick}")
    assert {"behind", "shorted"} & set(build_problem(both).priors)
    first = write_study(tmp_path, spectra, f"{FILM}{stated}\n" + FILM.replace('"film"', '"thick"'))
    assert {"behind", "shorted"} & set(build_problem(first).priors)


def test_two_cells_that_differ_too_much_are_told_once(tmp_path):
    """Each moves by half of it: Q of the one cell and Q of the other were two contradictions."""
    rng = np.random.default_rng(11)
    reaction = R_I + W * (1 - 1j) / np.sqrt(JW.imag)
    z = 1 / (1 / reaction + 1.7 * Q * JW**ALPHA) + mixed(5)
    document = explain(tmp_path, {("bare", 25): simulate(rng), ("film", 25): simulate(rng, interface=z)})
    rows = [row for row in document["contradictions"] if row.get("what", "").startswith("dQ")]
    assert len(rows) == 1
    assert rows[0]["text"].startswith("The Q of film would have to be 1.")
    assert "times that of bare, 5." in rows[0]["text"]
    assert rows[0]["deviations"] == pytest.approx(np.log(1.7) / 0.1, rel=0.1)


def test_cells_that_only_scatter_are_no_barrier_that_lowers_a_resistance(tmp_path):
    """A fall of 3 ohm beside a barrier of +0.2: "the barrier alone explains it" was the answer."""
    rng = np.random.default_rng(6)
    spectra = {("bare", 25): simulate(rng), ("film", 25): simulate(rng, gain=1.03)}
    document = explain(tmp_path, spectra, FILM.replace("e-8", "e-6"))
    assert most_probable(document) == "barrier_only"
    told = document["headline"][1]
    assert told.startswith("Differences between cells alike, beside the film's barrier, explain it")
