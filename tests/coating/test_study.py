"""Study files: what is refused, and in which words."""

from __future__ import annotations

import pytest

from eisfit.coating.inference.assembly import build_problem
from eisfit.coating.physics.supports import Particles, Pellet, Porous
from eisfit.coating.study import Study, load_study, template
from eisfit.errors import EisfitWarning, SchemaError, StudyError
from eisfit.files import data_folder

GOOD = template()
WRONG = [
    (
        'depth = "60 um"',
        'deepth = "60 um"',
        r"study.toml, line \d+: support.deepth: unknown key; did you mean",
    ),
    ('depth = "60 um"', "depth = 60", "support.depth: 60 has no unit; a length is due"),
    ('depth = "60 um"', 'depth = "-60 um"', "support.depth: must be positive"),
    (
        'packing = "square"',
        'packing = "cubic"',
        "support.packing: must be 'square' or 'hexagonal', not 'cubic'",
    ),
    ('pitch = "100 um"', "", "kind 'channels' needs pitch"),
    ('pitch = "100 um"', 'pitch = "30 um"', "the channels overlap"),
    ('kind = "channels"', 'kind = "flat"', "kind 'flat' has no pitch"),
    ('coated_by = "film"', 'coated_by = "skin"', "no film has that name"),
    ('coated_by = "film"', "", "at least one bare and one coated cell"),
    (
        "# ald_cycles = 40",
        'temperature = "60 degC"',
        "a temperature of the film's own needs its activation_energy",
    ),
    ("schema = 2", "schema = 3", "schema: must be 2, not 3"),
]


@pytest.mark.parametrize(("old", "new", "message"), WRONG)
def test_refuses_in_one_sentence(old, new, message):
    assert old in GOOD
    with pytest.raises(SchemaError, match=message) as caught:
        Study.from_text(GOOD.replace(old, new, 1), source="study.toml")
    assert "\n" not in str(caught.value)


def test_the_template_is_a_valid_study():
    study = Study.from_text(GOOD)
    assert study.file.film[0].thickness.median == pytest.approx(5.25e-7)
    assert study.file.cell[0].r_ct.a == 51.9


OLD = """
[study]
title = "old"
temperature = "35 degC"
notes = ["a note"]
[bare]
spectrum = ["b1.csv", "b2.csv"]
cell_scatter = "3 %"
[coated]
spectrum = "c.csv"
[film]
thickness = "5 nm"
resistivity = "70 uohm*cm"
ionic_conductivity = "3.8e-8 S/cm"
electrons_cross = true
[electrode]
pitch = "100 um"
depth = "60 um"
mouth_radius = { value = "20 um", stderr = "1 um" }
floor_diameter = "20 um"
packing = "both"
disc_diameter = { low = "10 mm", high = "14 mm", source = "coin cells" }
sigma_s = { low = "1e-5 S/cm", high = "1e-2 S/cm", scale = "log" }
kappa = "9 mS/cm"
[draws]
n = 10000
seed = 3
"""


def test_a_study_of_schema_1_still_reads_and_says_what_was_assumed():
    study = Study.from_text(OLD)
    file = study.file
    assert [cell.name for cell in file.cell] == ["bare", "coated"]
    assert [s.file for s in file.cell[0].spectra] == ["b1.csv", "b2.csv"]
    assert [s.replicate for s in file.cell[0].spectra] == [1, 2]
    assert file.cell[1].spectra[0].temperature.median == pytest.approx(308.15)
    assert file.cell[1].coated_by == file.film[0].name == "film"
    # Discs of 1 and 1.4 cm: pi/4 and 1.96 pi/4 cm2; a radius of 20 +- 1 um is a diameter of 40 +- 2 um.
    assert file.support.area.a == pytest.approx(0.785398, rel=1e-5)
    assert file.support.area.b == pytest.approx(1.539380, rel=1e-5)
    assert file.support.area.source == "coin cells"
    assert file.support.mouth_diameter.a == pytest.approx(40e-4)
    assert file.support.mouth_diameter.b == pytest.approx(2e-4)
    assert (file.support.packing, file.study.seed) == ("square", 3)
    assert file.scatter.r_i.median == pytest.approx(0.03)
    told = " ".join(study.notes)
    for words in ("packing", "base = 20 um", "other electrode", "study.notes, film.electrons_cross, draws.n"):
        assert words in told
    assert "simulated" not in told


def test_an_electrode_of_schema_1_without_depth_is_flat_and_its_other_one_is_as_it_says():
    flat = OLD.replace(
        'depth = "60 um"', 'depth = "0 um"\nother_electrode_r_ct = { low = "1 ohm", high = "5 ohm" }'
    )
    study = Study.from_text(flat.replace('"old"', '"old, simulated"'))
    assert study.file.support.kind == "flat"
    assert study.file.counter.resistance.median == pytest.approx(3)
    assert study.file.study.simulated


@pytest.mark.parametrize(("old", "new", "message"), [
    ("[draws]", "[drawn]", "drawn is no table of a study of schema 1"),
    ("pitch", "pich", "electrode.pich is no key of schema 1"),
    ('"9 mS/cm"', '"9 mm"', "kappa"),
    ('low = "10 mm"', 'low = "10 mS"', "mS"),
    ('spectrum = "c.csv"', "", "either spectra"),
    ('spectrum = "c.csv"', "r_ct = 36.8", "spectra of all, or r_ct of all"),
])  # fmt: skip
def test_schema_1_is_refused_in_one_sentence(old, new, message):
    with pytest.raises(SchemaError, match=message):
        Study.from_text(OLD.replace(old, new))


@pytest.mark.parametrize("rest", ["9" * 6000, "[" * 5000, '"' + "a" * 2**21 + '"'])
def test_text_that_no_reader_takes_is_one_sentence(rest):
    with pytest.raises(SchemaError, match=r"is not valid TOML|the limit"):
        Study.from_text(f"schema = 2\nx = {rest}")


def test_a_thickness_follows_from_growth_cycles():
    grown = 'ald_cycles = 40\ngrowth_per_cycle = { value = "0.125 nm", stderr = "0.01 nm" }'
    text = 'thickness = { low = "5 nm", high = "5.5 nm" }\nres'
    table = Study.from_text(GOOD.replace(text, f"{grown}\nres")).file.film[0]
    assert table.thickness.a == pytest.approx(5e-7)
    assert table.thickness.b == pytest.approx(0.4e-7)
    assert table.thickness.source.startswith("40 growth cycles")
    with pytest.raises(SchemaError, match=r"thickness: is missing"):
        Study.from_text(GOOD.replace(text, "res"))


def test_a_conductivity_measured_warm_is_carried_over():
    warm = 'temperature = "60 degC"\nactivation_energy = "0.4 eV"'
    priors = build_problem(Study.from_text(GOOD.replace("# ald_cycles = 40", warm))).priors
    # 3.8e-8 exp(-0.4/k (1/298.15 - 1/333.15)), k = 8.617333e-5 eV/K: a factor 0.1948.
    assert priors["s_i"].mean == pytest.approx(-17.0856 - 1.6357, abs=2e-2)


@pytest.mark.parametrize(
    ("table", "built", "true_area"),
    [
        (
            'kind = "porous"\nthickness = "60 um"\nporosity = 0.3\ntortuosity = 3'
            '\narea_density = "1e4 1/cm"'
            '\nkappa = "9 mS/cm"\nsigma_s = "0.1 S/cm"',
            Porous(60e-4, 0.3, 3.0, 1e4, percolation=2 / 3),
            60.0,
        ),
        (
            'kind = "particles"\nthickness = "60 um"\nporosity = 0.3\ntortuosity = 3'
            '\narea_density = "1e4 1/cm"'
            '\nkappa = "9 mS/cm"\nsigma_s = "0.1 S/cm"\npercolation = 0',
            Particles(60e-4, 0.3, 3.0, 1e4, percolation=0.0),
            60.0,
        ),
        ('kind = "pellet"\nthickness = "1 mm"\nkappa = "0.3 mS/cm"', Pellet(0.1), 1.0),
    ],
)
def test_other_supports(table, built, true_area):
    start, end = GOOD.index("[support]"), GOOD.index("# [counter]")
    text = GOOD[:start] + f'[support]\narea = "1 cm^2"\n{table}\n' + GOOD[end:]
    problem = build_problem(Study.from_text(text))
    assert problem.support == built
    assert ("tau_d" in problem.priors) is built.particles
    # R_i of 80 % of 51.9 ohm over the true area.
    assert 0.8 * 51.9 * true_area == pytest.approx(2.718281828 ** problem.priors["R_i"].mean, rel=1e-6)


def test_a_symmetric_cell_shows_two_interfaces():
    halves = [
        build_problem(Study.from_text(f'{GOOD}\n[counter]\nkind = "{k}"')) for k in ("half", "symmetric")
    ]
    assert halves[0].priors["area"].mean - halves[1].priors["area"].mean == pytest.approx(0.693147, abs=1e-6)
    assert not any(name.startswith(("counter", "dcounter")) for name in halves[0].priors)


def test_a_missing_spectrum_is_one_sentence(tmp_path):
    text = GOOD
    for name in ("none", "other"):
        text = text.replace("r_ct = {", f'spectra = [{{ file = "{name}.csv" }}] # {{', 1)
    with pytest.raises(StudyError, match=r"no file 'none.csv'"):
        build_problem(Study.from_text(text, tmp_path))


def test_a_study_file_that_is_not_there(tmp_path):
    with pytest.raises(SchemaError, match="there is no such file"):
        load_study(tmp_path / "nothing.toml")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("rrml/study", "channels"),
        ("rrml/published", "channels"),
        ("other_coatings/alumina", "channels"),
        ("other_coatings/carbon", "channels"),
        ("other_coatings/flat_film", "flat"),
        ("other_coatings/artificial_sei", "flat"),
        ("other_coatings/interlayer", "pellet"),
    ],
)
def test_the_examples_are_read(name, kind):
    assert load_study(data_folder("example_spectra") / f"{name}.toml").file.support.kind == kind


@pytest.mark.parametrize(
    "name", ["../secret.csv", "/etc/passwd", "a/../../secret.csv", "link.csv", "bad\x00"]
)
def test_a_study_opens_nothing_outside_its_folder(tmp_path, name):
    home = tmp_path / "study"
    (home / "a").mkdir(parents=True)
    (tmp_path / "secret.csv").write_text("secret", encoding="utf-8")
    (home / "link.csv").symlink_to(tmp_path / "secret.csv")
    study = Study(file=None, folder=home, source="study.toml")
    with pytest.raises(StudyError, match=r"lies outside the study's folder: .*--allow-outside"):
        study.read(name)


def test_files_outside_are_opened_where_that_is_allowed(tmp_path):
    home = tmp_path / "study"
    home.mkdir()
    rows = "".join(f"{10.0**k},{10 + 50 / (1 + 0.001 * 10**k)},-1\n" for k in range(5, -2, -1))
    (tmp_path / "out.csv").write_text("frequency_Hz,Z_real_ohm,Z_imag_ohm\n" + rows, encoding="utf-8")
    (home / "study.toml").write_text(GOOD, encoding="utf-8")
    assert load_study(home / "study.toml", allow_outside=True).read("../out.csv").points == 7
    with pytest.raises(StudyError, match="lies outside the study's folder"):
        load_study(home / "study.toml").read("../out.csv")


def test_what_a_reader_took_for_granted_of_a_studys_spectrum_is_told(tmp_path):
    rows = "".join(f"{10.0**k},{10 + 50 / (1 + 0.001 * 10**k)},-1\n" for k in range(5, -2, -1))
    (tmp_path / "cell.csv").write_text("freq,Zre,Zim\n" + rows, encoding="utf-8")
    study = Study(file=None, folder=tmp_path, source="study.toml")
    with pytest.warns(EisfitWarning, match="spectra of the study: assumed: no unit given"):
        study.read("cell.csv")
