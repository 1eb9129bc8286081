"""Study files: what is wrong is one sentence with its line; what is right keeps its units and sources."""

from __future__ import annotations

from dataclasses import replace

import pytest

from eisfit.coating.explain import explain
from eisfit.coating.joint.study import JointStudy
from eisfit.coating.study import Study, load_study, path_below, template
from eisfit.errors import SchemaError, StudyError
from eisfit.files import data_folder

GOOD = template()

# (text of the template, its replacement, what the message must say)
WRONG = [
    (
        "mouth_diameter",
        "mouth_diamter",
        r"study.toml, line \d+: electrode.mouth_diamter: unknown key; did you mean",
    ),
    ("[priors]", "[prios]", r"prios: unknown key; did you mean 'priors'"),
    ('low = "5 nm"', 'low = "-5 nm"', r"line \d+: film.thickness: must be positive"),
    (
        'low = "5 nm", high',
        'low = "5 S/cm", high',
        "film.thickness: '5 S/cm' is in 'S/cm', but a length is due",
    ),
    (
        '"70 uohm*cm"',
        '"70 uohm/cm"',
        "film.resistivity: '70 uohm/cm' is in 'uohm/cm', but a resistivity is due",
    ),
    ('low = "5 nm", high', 'low = "5 nm", hihg', "film.thickness: unknown key 'hihg'; did you mean 'high'"),
    ('"3.8e-8 S/cm"', '"5 nm"', "film.ionic_conductivity: '5 nm' is in 'nm', but a conductivity is due"),
    ('mouth_diameter = "40 um"', 'mouth_diameter = "110 um"', "110 um wide does not fit a pitch of 100 um"),
    ('floor_diameter = "20 um"', 'floor_radius = "60 um"', "120 um wide does not fit a pitch of 100 um"),
    ('depth = "60 um"', "depth = 60", "electrode.depth: 60 has no unit; a length is due"),
    ('depth = "60 um"', 'depth = "-60 um"', "electrode.depth: must be positive"),
    (
        'packing = "both"',
        'packing = "cubic"',
        "electrode.packing: must be 'square', 'hexagonal' or 'both', not 'cubic'",
    ),
    ('floor_diameter = "20 um"', "", "give either floor_radius or floor_diameter, one of the two"),
    ('pitch = "100 um"', "", "electrode.pitch: is missing"),
    ("n = 10000", "n = 10", "draws.n: must be at least 100"),
    ("r_ct = { value = 36.8, stderr = 0.4 }", "", "coated: give either spectrum .* or r_ct"),
    ("r_ct = { value = 36.8, stderr = 0.4 }", "r_ct = -3", "coated.r_ct: must be positive"),
    ("electrons_cross = true", 'electrons_cross = "perhaps"', "film.electrons_cross"),
    ("[draws]", "[draws", "is not valid TOML"),
    (
        "low = 1, high = 2",
        "low = 2, high = 2",
        "priors.area_gain: an exact gain leaves the hypothesis nothing free",
    ),
    ("# alpha = 0.9", "alpha = 1.1", "electrode.alpha: a constant phase element's alpha is 1 at most"),
    ("r_ct = { value = 36.8, stderr = 0.4 }", "spectrum = []", "coated: spectrum names no file"),
    (
        "[electrode] ",
        "[[film.reference]]\nname = 'x'\ngrain_reflection = 1\n[electrode] ",
        "grain_reflection: a reflection coefficient stays below 1",
    ),
]


@pytest.mark.parametrize(("old", "new", "message"), WRONG)
def test_refuses_in_one_sentence(old, new, message):
    assert old in GOOD
    with pytest.raises(SchemaError, match=message) as caught:
        Study.from_text(GOOD.replace(old, new), source="study.toml")
    assert "\n" not in str(caught.value)


def test_the_template_is_a_valid_study():
    study = Study.from_text(template())
    assert study.file.film.thickness.median == pytest.approx(5.25e-7)
    assert study.file.bare.r_ct.a == 51.9


def test_inputs_are_named_as_their_keys_and_keep_their_sources(tmp_path):
    study = load_study(data_folder("example_spectra") / "rrml" / "study.toml")
    inputs = study.inputs()
    assert inputs["film.ionic_conductivity"].a == 3.8e-8
    assert inputs["electrode.kappa"].source.startswith("not given")
    assert inputs["electrode.packing"].median == 0.5
    assert Study.from_text(GOOD.replace('"both"', '"hexagonal"')).inputs()["electrode.packing"].a == 1.0


def test_a_thickness_follows_from_growth_cycles():
    grown = 'ald_cycles = 40\ngrowth_per_cycle = { value = "0.125 nm", stderr = "0.01 nm" }'
    table = Study.from_text(
        GOOD.replace('thickness = { low = "5 nm", high = "5.5 nm" }\nres', f"{grown}\nres")
    ).file.film
    assert table.thickness.a == pytest.approx(5e-7)
    assert table.thickness.b == pytest.approx(0.4e-7)
    assert table.thickness.source.startswith("40 growth cycles")
    with pytest.raises(SchemaError, match=r"film\.thickness: is missing"):
        Study.from_text(GOOD.replace('thickness = { low = "5 nm", high = "5.5 nm" }\nres', "res"))


def test_a_temperature_of_the_film_needs_its_activation_energy():
    with pytest.raises(
        SchemaError, match="film: a temperature of the film's own needs its activation_energy"
    ):
        Study.from_text(GOOD.replace("electrons_cross = true", 'temperature = "60 degC"'))


def test_a_circuit_file_lies_beside_the_study(tmp_path):
    text = GOOD.replace('circuit = "rs-sei-ct-w"', 'circuit = "mine.toml"')
    study = Study.from_text(text.replace("[coated] ", "[coated]\ncircuit = 'rs-ct' #"), tmp_path)
    assert study.circuit("bare") == tmp_path / "mine.toml"
    assert study.circuit("coated") == "rs-ct"


def test_a_missing_spectrum_is_one_sentence(tmp_path):
    text = GOOD.replace("r_ct = { value = 51.9, stderr = 0.4 }   # ohm", 'spectrum = "bare.csv"')
    study = Study.from_text(text, tmp_path, "study.toml")
    with pytest.raises(
        StudyError, match=r"study\.toml: bare\.spectrum: there is no file .bare\.csv. beside the study"
    ):
        study.existing("bare.csv", "bare.spectrum")


def test_spectra_outside_the_folder_are_noticed(tmp_path):
    text = GOOD.replace(
        "r_ct = { value = 51.9, stderr = 0.4 }   # ohm", 'spectrum = ["in.csv", "../out.csv"]'
    )
    assert Study.from_text(text, tmp_path).outside() == ["../out.csv"]


def test_a_study_file_that_is_not_there(tmp_path):
    with pytest.raises(SchemaError, match="there is no such file"):
        load_study(tmp_path / "nothing.toml")


@pytest.mark.parametrize(
    "name", ["../secret.csv", "/etc/passwd", "a/../../secret.csv", "link.csv", "bad\x00"]
)
@pytest.mark.parametrize("kind", [Study, JointStudy])
def test_a_study_opens_nothing_outside_its_folder(tmp_path, name, kind):
    home = tmp_path / "study"
    (home / "a").mkdir(parents=True)
    (tmp_path / "secret.csv").write_text("secret", encoding="utf-8")
    (home / "link.csv").symlink_to(tmp_path / "secret.csv")
    study = kind(file=None, folder=home, source="study.toml")
    with pytest.raises(StudyError, match=r"lies outside the study's folder: .*--allow-outside"):
        study.read(name) if kind is JointStudy else study.existing(name, "bare.spectrum")
    assert path_below(study, "a/../inside.csv", "x") == home / "a/../inside.csv"
    if "\x00" not in name:
        assert path_below(replace(study, allow_outside=True), name, "x") == home / name


def test_files_outside_are_opened_where_that_is_allowed(tmp_path):
    home = tmp_path / "study"
    home.mkdir()
    rows = "".join(f"{10.0**k},{10 + 50 / (1 + 0.001 * 10**k)},-1\n" for k in range(5, -2, -1))
    (tmp_path / "out.csv").write_text("frequency_Hz,Z_real_ohm,Z_imag_ohm\n" + rows, encoding="utf-8")
    old = "r_ct = { value = 51.9, stderr = 0.4 }   # ohm"
    assert old in GOOD
    (home / "study.toml").write_text(GOOD.replace(old, 'spectrum = "../out.csv"'), encoding="utf-8")
    with pytest.raises(StudyError, match="lies outside the study's folder"):
        explain(home / "study.toml")
    allowed = explain(home / "study.toml", allow_outside=True)
    assert "The spectrum ../out.csv lies outside the study's folder." in allowed.document["doubts"]
