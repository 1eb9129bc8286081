"""The coating explained: against DESIGN.md's model solved otherwise, closed forms of flat ones, words."""

from __future__ import annotations

import itertools
import json
import math

import numpy as np
import pytest
from scipy import optimize, stats

from eisfit.coating.explain import Explanation, explain
from eisfit.coating.sensitivity import rank_correlations, sobol_indices
from eisfit.coating.study import Study
from eisfit.errors import SchemaError, StudyError
from eisfit.files import data_folder, to_json
from eisfit.units import Uncertain

UM, NM = 1e-4, 1e-7  # cm

STUDY = """
[study]
title = "a test"
[bare]
r_ct = {bare}
[coated]
r_ct = {coated}
[film]
thickness = {thickness}
resistivity = "70 uohm*cm"
ionic_conductivity = {conductivity}
activation_energy = "0.4 eV"
{film}
[electrode]
pitch = "100 um"
depth = {depth}
mouth_diameter = "40 um"
floor_diameter = {floor}
packing = "square"
disc_diameter = {disc}
sigma_s = {sigma_s}
kappa = "9 mS/cm"
double_layer = "10 uF/cm^2"
kappa_activation_energy = "0.1 eV"
sigma_s_activation_energy = "0.2 eV"
reaction_activation_energy = "0.6 eV"
{electrode}
[draws]
n = {n}
seed = 3
"""

EXACT = {
    "bare": "51.9",
    "coated": "36.8",
    "thickness": '"5 nm"',
    "conductivity": '"3.8e-8 S/cm"',
    "film": "",
    "depth": '"60 um"',
    "floor": '"20 um"',
    "disc": '"12 mm"',
    "sigma_s": '"1e-4 S/cm"',
    "electrode": "",
    "n": "100",
}
FLAT = {"depth": '"0 um"', "floor": '"40 um"'}
RANGES = {
    "bare": "{value = 51.9, stderr = 0.3}",
    "coated": "{value = 36.8, stderr = 0.3}",
    "sigma_s": '{low = "1e-5 S/cm", high = "1e-2 S/cm", scale = "log"}',
    "disc": '{low = "10 mm", high = "14 mm"}',
    "n": "2000",
}


def study(**changes):
    return Study.from_text(STUDY.format_map({**EXACT, **changes}))


@pytest.fixture(scope="module")
def rough():
    return explain(study(**RANGES))


def textbook_r_ct(interface, *, sheet, sigma_s=1e-4):
    """R_ct of the paper's electrode (12 mm disc) from DESIGN.md: eta = A cosh(k x) + B sinh(k x)."""
    L, r1, r2, a = 60 * UM, 20 * UM, 10 * UM, (100 * UM) ** 2
    count = math.pi * 0.36 / a
    wall = math.pi * (r1 + r2) * math.hypot(L, r1 - r2)
    top, floor = a - math.pi * r1**2, math.pi * r2**2
    solid = a - math.pi * (r1**2 + r1 * r2 + r2**2) / 3
    m_i, m_e = 1 / (9e-3 * math.pi * r1 * r2), 1 / (sigma_s * solid + wall / L * sheet)
    m, k = m_i + m_e, math.sqrt((m_i + m_e) * wall / L / interface)
    ch, sh = math.cosh(k * L), math.sinh(k * L)
    gain = m * floor / interface
    A, B = np.linalg.solve(
        [[m * top / interface, -k], [k * sh + gain * ch, k * ch + gain * sh]], [m - m_e, m_e]
    )
    integral = (m_e * L - (A * ch + B * sh - A)) / m
    return (A + m_e * (L - integral) - m_i * m_e * L / m) / count


def textbook_answer():
    """R_i, f and the Shapley values as averages over all orders of switching on."""
    crossing, sheet = 5e-7 / 3.8e-8 + 70e-6 * 5e-7, 5e-7 / 70e-6
    R_i = optimize.brentq(lambda x: textbook_r_ct(x, sheet=0) - 51.9, 1, 1e4, xtol=1e-12, rtol=1e-14)
    both = optimize.brentq(lambda x: textbook_r_ct(x, sheet=sheet) - 36.8, 1, 1e4, xtol=1e-12, rtol=1e-14)
    f = R_i / (both - crossing)

    def value(on):
        interface = (R_i / f if "intrinsic_activity" in on else R_i) + (
            crossing if "ionic_crossing" in on else 0
        )
        return textbook_r_ct(interface, sheet=sheet if "electronic_access" in on else 0)

    names = ("ionic_crossing", "electronic_access", "intrinsic_activity")
    shares = dict.fromkeys(names, 0.0)
    for order in itertools.permutations(names):
        for place, name in enumerate(order):
            shares[name] += (value(order[: place + 1]) - value(order[:place])) / 6
    return R_i, f, shares


def test_the_paper_case_against_a_textbook_solution():
    document = explain(study()).document
    R_i, f, shares = textbook_answer()
    assert document["bare_interface_ohm_cm2"]["median"] == pytest.approx(R_i, rel=1e-9)
    assert document["activity_gain"]["median"] == pytest.approx(f, rel=1e-9)
    assert f == pytest.approx(1.0, abs=0.02)  # DESIGN.md's order of magnitude
    for name, share in shares.items():
        assert document["contributions"][name]["median"] == pytest.approx(share, rel=1e-8)
    assert sum(shares.values()) == pytest.approx(36.8 - 51.9)


def test_thresholds_against_a_textbook_solution():
    thresholds = explain(study()).thresholds
    sheet, crossing = 5e-7 / 70e-6, 5e-7 / 3.8e-8 + 70e-6 * 5e-7

    def ln_f(log_sigma, with_sheet=sheet):
        sigma = math.exp(log_sigma)
        R_i = optimize.brentq(lambda x: textbook_r_ct(x, sheet=0, sigma_s=sigma) - 51.9, 1, 1e4)
        both = optimize.brentq(lambda x: textbook_r_ct(x, sheet=with_sheet, sigma_s=sigma) - 36.8, 1, 1e4)
        return math.log(R_i / (both - crossing))

    expected = math.exp(optimize.brentq(ln_f, math.log(1e-5), math.log(1e-3)))
    assert thresholds["sigma_s_for_unchanged_kinetics_S_per_cm"] == pytest.approx(expected, rel=1e-5)
    alone = math.exp(ln_f(math.log(1e-4), with_sheet=0.0))
    assert thresholds["f_without_electronic_access"] == pytest.approx(alone, rel=1e-8)


def test_contributions_add_up_over_the_draws(rough):
    c = rough.contributions
    assert sum(entry["mean"] for entry in c.values()) == pytest.approx(36.8 - 51.9, abs=1e-3)
    assert all(entry["low95"] <= entry["median"] <= entry["high95"] for entry in c.values())


def test_a_flat_electrode_in_closed_form():
    """R_ct A = R_i/f + t/s: no access to give, f = R_i/(R_ct A - t/s), barrier rises by t/(s A)."""
    document = explain(study(**FLAT)).document
    area, crossing = math.pi * 0.36, 5e-7 / 3.8e-8
    assert document["bare_interface_ohm_cm2"]["median"] == pytest.approx(51.9 * area, rel=1e-9)
    f = 51.9 * area / (36.8 * area - crossing)
    assert document["activity_gain"]["median"] == pytest.approx(f, rel=1e-6)
    assert document["contributions"]["electronic_access"]["median"] == pytest.approx(0, abs=1e-9)
    assert document["barrier"]["rise"]["median"] == pytest.approx(crossing / area, rel=1e-6)
    assert document["thresholds"]["sigma_s_for_unchanged_kinetics_S_per_cm"] is None
    for row in document["thickness_scan"]:
        expected = (51.9 * area + row["thickness_nm"] * NM / 3.8e-8) / area
        assert row["unchanged_kinetics"]["median"] == pytest.approx(expected, rel=1e-6)


def test_evidence_in_closed_form_on_a_flat_electrode():
    """p(R) = p(f) |df/dR| with p(f) = 1/(f ln 25): A / ((R A - c) ln 25); an area gain: 1 / (R ln 2)."""
    weighed = explain(study(**FLAT)).document["hypotheses"]
    area, crossing = math.pi * 0.36, 5e-7 / 3.8e-8
    reaction = 36.8 * area - crossing
    assert weighed["intrinsic_activity"]["evidence"] == pytest.approx(
        area / reaction / math.log(25), rel=1e-5
    )
    assert weighed["area_gain"]["evidence"] == pytest.approx(1 / 36.8 / math.log(2), rel=1e-5)
    predicted = 51.9 + crossing / area
    assert weighed["barrier_only"]["predicted"]["median"] == pytest.approx(predicted, rel=1e-6)
    assert weighed["barrier_only"]["evidence"] == pytest.approx(
        stats.norm(predicted, 0.005 * 36.8).pdf(36.8), rel=1e-3, abs=1e-300
    )
    assert sum(entry["probability"] for entry in weighed.values()) == pytest.approx(1)


def test_evidence_of_unchanged_kinetics_by_change_of_variable():
    """Only sigma_s unknown, log-uniform over 3 decades: p(R) = |d ln sigma_s / dR| / ln(1000) at 36.8 ohm."""
    weighed = explain(study(sigma_s=RANGES["sigma_s"], n="10000")).document["hypotheses"]
    sheet, crossing = 5e-7 / 70e-6, 5e-7 / 3.8e-8 + 70e-6 * 5e-7

    def foretold(log_sigma):
        sigma = math.exp(log_sigma)
        R_i = optimize.brentq(lambda x: textbook_r_ct(x, sheet=0, sigma_s=sigma) - 51.9, 1, 1e4)
        return textbook_r_ct(R_i + crossing, sheet=sheet, sigma_s=sigma)

    at = optimize.brentq(lambda x: foretold(x) - 36.8, math.log(2e-5), math.log(1e-3))
    slope = (foretold(at + 1e-4) - foretold(at - 1e-4)) / 2e-4
    assert weighed["electronic_access"]["evidence"] == pytest.approx(1 / math.log(1000) / slope, rel=0.05)


def test_temperature_in_closed_form_on_a_flat_electrode():
    rows = explain(study(**FLAT)).predictions["temperature"]
    area, crossing, k = math.pi * 0.36, 5e-7 / 3.8e-8, 8.617333262e-5
    T = rows[0]["temperature_C"] + 273.15
    x = (1 / T - 1 / 298.15) / k
    expected = 51.9 * math.exp(0.6 * x) + crossing / area * math.exp(0.4 * x)
    assert rows[0]["unchanged_kinetics"]["median"] == pytest.approx(expected, rel=1e-6)


def test_a_film_measured_at_another_temperature_is_carried_over():
    """0.4 eV from 60 to 25 degC is a factor exp(0.4/8.617333262e-5 (1/333.15 - 1/298.15)) = 0.194833."""
    warm = {"film": 'temperature = "60 degC"', "conductivity": f'"{3.8e-8 / 0.194833} S/cm"'}
    one, other = (explain(study(**{**FLAT, **changes})).document for changes in ({}, warm))
    assert other["activity_gain"]["median"] == pytest.approx(one["activity_gain"]["median"], rel=1e-4)


def test_apparent_activation_energy_in_closed_form_on_a_flat_electrode():
    """d ln R / d(1/kT) of R_i + t/s: the two energies weighed by the two resistances."""
    energies = explain(study(**FLAT)).predictions["apparent_activation_energy_eV"]
    R_i, crossing = 51.9 * math.pi * 0.36, 5e-7 / 3.8e-8
    mixed = (0.6 * R_i + 0.4 * crossing) / (R_i + crossing)
    assert energies["bare"]["median"] == pytest.approx(0.6, rel=1e-6)
    assert energies["unchanged_kinetics"]["median"] == pytest.approx(mixed, rel=1e-3)
    text = STUDY.format_map(EXACT).replace('reaction_activation_energy = "0.6 eV"', "")
    unknown = explain(Study.from_text(text)).predictions
    assert unknown["apparent_activation_energy_eV"] == {}
    assert unknown["temperature"] == []


def test_the_spectrum_of_a_flat_electrode_is_one_arc():
    """(R_i + t/s)/A in parallel with the double layer: the apex at 1/(2 pi R C), no resistance of rails."""
    curves = explain(study(**FLAT)).predictions["spectrum"]["curves"]
    apex = 1 / (2 * math.pi * 51.9 * math.pi * 0.36 * 10e-6)
    assert curves["bare"]["apex_Hz"] == pytest.approx(apex, rel=0.15)  # ten points a decade
    assert curves["bare"]["Z_real_ohm"][-1] == pytest.approx(51.9, rel=1e-3)
    assert curves["bare"]["Z_real_ohm"][0] == pytest.approx(0, abs=0.1)


def test_depth_scan_meets_the_measured_cells_at_their_own_depth(rough):
    rows = {round(row["depth_um"]): row for row in rough.predictions["depth"]}
    assert rows[60]["bare"]["median"] == pytest.approx(51.9, abs=0.1)
    assert rows[60]["film_and_gain"]["median"] == pytest.approx(36.8, abs=0.1)
    assert rows[120]["bare"]["median"] < rows[60]["bare"]["median"] < rows[0]["bare"]["median"]


def test_the_solid_s_conductivity_is_named_as_the_measurement_to_make(rough):
    best = rough.document["sensitivity"]["most_informative"]
    assert best["input"] == "electrode.sigma_s"
    assert best["first"] > 0.9
    assert any("electrode.sigma_s" in sentence for sentence in rough.verdicts)


def test_the_other_electrode_s_share_is_taken_off():
    share = explain(study(electrode="other_electrode_r_ct = 10")).document
    less = explain(study(bare="41.9", coated="26.8")).document
    assert share["activity_gain"] == less["activity_gain"]


def test_electrons_that_need_not_cross_leave_an_insulator_possible():
    insulating = {"film": "", "thickness": '"1 nm"', "coated": "60"}
    text = STUDY.format_map({**EXACT, **insulating}).replace('"70 uohm*cm"', '"1e12 ohm*cm"')
    crossing = explain(Study.from_text(text)).document
    under = explain(
        Study.from_text(text.replace("[electrode]", "electrons_cross = false\n[electrode]"))
    ).document
    assert crossing["infeasible"] == crossing["draws"]
    assert under["infeasible"] == 0


def test_draws_without_a_solution_are_counted_and_said():
    some = explain(study(conductivity='{low = "2e-9 S/cm", high = "2e-8 S/cm"}', n="500"))
    lost = some.document["infeasible"]
    assert 0 < lost < 500
    assert f"{lost} of 500 draws" in some.verdicts[1]
    none = explain(study(conductivity='"1e-10 S/cm"'))
    assert none.document["infeasible"] == 100
    assert "None of the 100 draws admits a solution" in none.verdicts[1]
    again = Explanation.from_dict(json.loads(to_json(none.to_dict())))
    assert "None of the 100 draws" in repr(again)
    assert "<html" in again.to_html()


@pytest.mark.parametrize(
    ("bare", "coated", "words"),
    [
        ("{value = 50, stderr = 1}", "{value = 51, stderr = 1}", "no change beyond the error"),
        ("50", "60", "rises from 50 to 60 ohm"),
        ("50", "40", "falls from 50 to 40 ohm"),
    ],
)
def test_the_first_sentence_says_what_happened(bare, coated, words):
    assert words in explain(study(bare=bare, coated=coated)).verdicts[0]


def test_a_clear_answer_is_given_where_the_inputs_decide():
    faster = explain(study(sigma_s='"1e-2 S/cm"', bare=RANGES["bare"], coated=RANGES["coated"]))
    assert any("The kinetics have become faster" in sentence for sentence in faster.verdicts)
    slower = explain(study(sigma_s='"2e-5 S/cm"', bare=RANGES["bare"], coated=RANGES["coated"]))
    assert any("The kinetics have become slower" in sentence for sentence in slower.verdicts)


def test_same_inputs_same_bytes_and_back_from_json(rough):
    again = explain(study(**RANGES))
    assert to_json(again.to_dict()) == to_json(rough.to_dict())
    back = Explanation.from_dict(json.loads(to_json(rough.to_dict())))
    assert back.to_html() == rough.to_html()
    assert back.contributions == rough.contributions


def test_a_document_of_another_kind_is_refused():
    with pytest.raises(SchemaError, match=r"not an eisfit.explain/1 document, but 'eisfit.fit/2'"):
        Explanation.from_dict({"schema": "eisfit.fit/2"})


def test_the_document_has_the_promised_layout(rough):
    document = rough.to_dict()
    assert document["schema"] == "eisfit.explain/1"
    assert document["r_ct"]["change"] == pytest.approx(-15.1)
    assert list(document["contributions"]) == ["ionic_crossing", "electronic_access", "intrinsic_activity"]
    for key in ("film", "verdicts", "thresholds", "thickness_scan", "sensitivity", "draws", "infeasible"):
        assert key in document
    assert document["draws"] == 2000


def test_page_and_markdown_stand_alone_and_escape(rough):
    text = STUDY.format_map(EXACT).replace('"a test"', '"<script>alert(1)</script> | x"')
    explanation = explain(Study.from_text(text))
    page = explanation.to_html()
    assert "<script" not in page
    assert page.count("<svg") >= 2
    assert 'src="http' not in page
    assert "&lt;script&gt;" in explanation._repr_html_()
    assert "## Conclusion" in explanation.to_markdown()
    assert "ionic crossing" in repr(rough)


def test_frame_and_figures(rough):
    assert rough.to_frame().loc["ionic_crossing", "median"] == rough.contributions["ionic_crossing"]["median"]
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    assert rough.plot().get_ylabel()
    assert rough.plot_thickness().get_xlabel() == "film thickness / nm"
    plt.close("all")


def test_overlapping_channels_are_refused():
    wide = study(floor='{value = "40 um", stderr = "19 um"}', n="5000")
    with pytest.raises(StudyError, match="the channels overlap"):
        explain(wide)


def cell_file(path, r_ct, seed):
    """A cell's spectrum from the textbook formula of its circuit, R_s-p(R_ct,C), with 0.2 % noise."""
    frequency = np.logspace(5, -1, 43)
    rng = np.random.default_rng(seed)
    Z = 3 + r_ct / (1 + 2j * np.pi * frequency * r_ct * 1e-4)
    Z = Z + 0.002 * np.abs(Z) * (rng.standard_normal(43) + 1j * rng.standard_normal(43))
    rows = "\n".join(f"{f:.6e},{z.real:.8e},{z.imag:.8e}" for f, z in zip(frequency, Z, strict=True))
    path.write_text(f"frequency_Hz,Z_real_ohm,Z_imag_ohm\n{rows}\n", encoding="utf-8")


def test_spectra_are_fitted_and_their_errors_enter(tmp_path):
    for name, r_ct, seed in (("b1", 51.0, 1), ("b2", 52.8, 2), ("c", 36.8, 3)):
        cell_file(tmp_path / f"{name}.csv", r_ct, seed)
    text = (
        STUDY.format_map(EXACT)
        .replace("r_ct = 51.9", 'spectrum = ["b1.csv", "b2.csv"]')
        .replace("r_ct = 36.8", 'spectrum = "c.csv"\ncell_scatter = "2 %"')
        .replace('title = "a test"', 'title = "a test"\ncircuit = "R_s-p(R_ct,C_dl)"')
    )
    document = explain(Study.from_text(text, tmp_path)).document
    assert document["r_ct"]["bare"] == pytest.approx(51.9, abs=0.1)
    # Two cells 1.8 ohm apart: the standard error of their mean is 0.9 ohm, whatever the fits say.
    assert document["r_ct"]["bare_stderr"] == pytest.approx(0.9, rel=0.1)
    assert document["r_ct"]["coated_stderr"] == pytest.approx(0.02 * 36.8, rel=0.05)
    assert len(document["cells"]["bare"]["fits"]) == 2
    assert "Fit of the bare cell" in Explanation.from_dict(document).to_markdown()


def test_a_parameter_that_the_circuit_lacks(tmp_path):
    cell_file(tmp_path / "b.csv", 51.9, 1)
    text = STUDY.format_map(EXACT).replace("r_ct = 51.9", 'spectrum = "b.csv"\ncircuit = "R_s-p(R1,C1)"')
    with pytest.raises(StudyError, match="bare: the circuit has no parameter 'R_ct'; it has R_s, R1, C1"):
        explain(Study.from_text(text, tmp_path))


def test_cell_scatter_on_a_range_is_refused():
    with pytest.raises(StudyError, match="cell_scatter goes with an exact or a normal r_ct"):
        explain(study(coated='{low = 30, high = 40}\ncell_scatter = "2 %"'))


def test_sobol_indices_of_ishigami():
    """Closed forms of Ishigami and Homma (1990) for a = 7, b = 0.1."""
    inputs = {name: Uncertain("uniform", -math.pi, math.pi, positive=False) for name in "xyz"}

    def ishigami(v):
        return {"out": np.sin(v["x"]) + 7 * np.sin(v["y"]) ** 2 + 0.1 * v["z"] ** 4 * np.sin(v["x"])}

    table = sobol_indices(ishigami, inputs, n=8192)["out"]
    for name, first, total in (("x", 0.3139, 0.5576), ("y", 0.4424, 0.4424), ("z", 0.0, 0.2437)):
        assert table[name]["first"] == pytest.approx(first, abs=max(4 * table[name]["first_stderr"], 0.01))
        assert table[name]["total"] == pytest.approx(total, abs=max(4 * table[name]["total_stderr"], 0.01))


def test_sobol_leaves_out_rows_without_an_answer_and_outputs_that_stand_still():
    inputs = {"x": Uncertain("uniform", 0.0, 1.0), "c": Uncertain("exact", 2.0)}
    table = sobol_indices(
        lambda v: {
            "half": np.where(v["x"] > 0.5, np.nan, v["x"]),
            "still": 0 * v["x"],
            "none": v["x"] * np.nan,
        },
        inputs,
        n=512,
    )
    assert set(table) == {"half"}
    assert set(table["half"]) == {"x"}


def test_rank_correlations_against_scipy():
    rng = np.random.default_rng(1)
    x, y = rng.random(200), rng.integers(0, 5, 200).astype(float)
    table = rank_correlations({"x": x, "y": y, "c": np.ones(1)}, {"out": x**3 - 0.2 * y, "still": 0 * x})
    out = x**3 - 0.2 * y
    assert table["out"]["x"] == pytest.approx(stats.spearmanr(x, out).statistic)
    assert table["out"]["y"] == pytest.approx(stats.spearmanr(y, out).statistic)
    assert table["still"] == {"x": 0.0, "y": 0.0}


@pytest.mark.parametrize("name", ["alumina", "carbon"])
def test_the_other_example_coatings(name):
    document = explain(data_folder("example_spectra") / "other_coatings" / f"{name}.toml").document
    shares = document["contributions"]
    assert document["infeasible"] == 0
    assert any("invented" in note for note in document["notes"])
    if name == "alumina":  # an insulator: R_ct must rise, and electrons get no new way
        assert shares["ionic_crossing"]["low95"] > 0
        assert abs(shares["electronic_access"]["low95"]) < 1e-6
        assert "electronic_access" not in document["hypotheses"]
        assert "this alone accounts for the rise" in document["verdicts"][1]
    else:  # electrons only: no barrier, and access alone lowers R_ct
        assert shares["ionic_crossing"]["high95"] < 0.01
        assert shares["electronic_access"]["high95"] < 0
        assert document["hypotheses"]["barrier_only"]["probability"] < 0.01


def test_the_example_study_end_to_end(monkeypatch):
    """The simulated cells' truth is 51.9 and 36.8 ohm (manifest.csv); the film's numbers are the paper's."""
    folder = data_folder("example_spectra") / "rrml"
    explanation = explain(folder / "study.toml")
    document = explanation.document
    r = document["r_ct"]
    assert abs(r["bare"] - 51.9) < 3 * r["bare_stderr"] < 1
    assert abs(r["coated"] - 36.8) < 3 * r["coated_stderr"] < 1
    f = document["activity_gain"]
    assert f["low95"] < 1 < f["high95"]  # sigma_s, which nobody gives, decides
    assert document["thresholds"]["sigma_s_for_unchanged_kinetics_S_per_cm"] == pytest.approx(1e-4, rel=0.1)
    assert document["hypotheses"]["barrier_only"]["probability"] < 1e-6
    assert [row["cycle"] for row in document["cycling"]["rows"]] == [3, 50, 100, 150, 200, 250]
    assert "The bare cell's spectrum is simulated, not measured." in explanation.verdicts
    monkeypatch.chdir(folder)
    assert to_json(explain("study.toml").to_dict()) == to_json(explanation.to_dict())


def film_arc_file(path):
    """R_s-p(R_film,C_film)-p(R_ct,C_dl); 13.158 ohm and 3.54 uF: 5 nm, eps_r 20, 3.8e-8 S/cm on 1 cm2."""
    f = np.logspace(6, -2, 73)
    jw = 2j * np.pi * f
    Z = 3 + 13.158 / (1 + jw * 13.158 * 3.5417e-6) + 36.8 / (1 + jw * 36.8 * 5e-3)
    Z = Z * (1 + 0.002 * np.random.default_rng(2).standard_normal(73))
    rows = "\n".join(f"{a:.6e},{z.real:.8e},{z.imag:.8e}" for a, z in zip(f, Z, strict=True))
    path.write_text(f"frequency_Hz,Z_real_ohm,Z_imag_ohm\n{rows}\n", encoding="utf-8")


def test_the_film_s_own_arc_is_held_against_the_measured_film(tmp_path):
    film_arc_file(tmp_path / "c.csv")
    measured = '{value = "3.8e-8 S/cm", stderr = "2e-9 S/cm"}'
    flat = {**EXACT, **FLAT, "conductivity": measured, "film": "permittivity = 20", "disc": '"11.2838 mm"'}
    text = STUDY.format_map(flat).replace(
        "r_ct = 36.8", 'spectrum = "c.csv"\ncircuit = "R_s-p(R_film,C_film)-p(R_ct,C_dl)"'
    )
    found = explain(Study.from_text(text, tmp_path)).document["film_from_spectrum"]
    assert found["estimate"]["values"]["ionic_conductivity_S_per_cm"] == pytest.approx(3.8e-8, rel=0.02)
    assert "agrees with the measured 3.80e-8 S/cm" in found["verdict"]
    other = explain(Study.from_text(text.replace('"3.8e-8 S/cm"', '"6e-8 S/cm"'), tmp_path)).document
    assert "does not agree with" in other["film_from_spectrum"]["verdict"]


def test_a_film_s_arc_that_is_not_resolved_is_refused_with_the_reason(tmp_path):
    cell_file(tmp_path / "c.csv", 36.8, 1)
    text = STUDY.format_map(EXACT).replace(
        "r_ct = 36.8", 'spectrum = "c.csv"\ncircuit = "R_s-p(R_film,C_film)-p(R_ct,C_dl)"'
    )
    found = explain(Study.from_text(text, tmp_path)).document["film_from_spectrum"]
    assert found["estimate"] is None
    assert "yields no film" in found["verdict"]
