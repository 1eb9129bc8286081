"""Options of ``eisfit fit`` that choose an optimum, give intervals and derive what the geometry allows."""

from __future__ import annotations

import json

import numpy as np
import pytest

import eisfit

TRUTH = {
    **{"R_s": 4.2, "R_sei": 12.5, "CPE_sei_Q": 2.5e-5, "CPE_sei_alpha": 0.87},
    **{"R_ct": 51.9, "W_d_sigma": 3.1, "CPE_ct_Q": 4e-3, "CPE_ct_alpha": 0.82},
}


@pytest.fixture(scope="module")
def cell(tmp_path_factory):
    """The file of one simulated spectrum."""
    folder = tmp_path_factory.mktemp("cell")
    s = eisfit.simulate("rs-sei-ct-w", TRUTH, frequency=np.geomspace(1e5, 1e-2, 50), seed=1)
    path = folder / "cell.csv"
    s.to_frame().to_csv(path, index=False)
    return path


def parameters(out):
    return json.loads(out)["results"][0]["parameters"]


ARCS = ("--peak R_sei=:10", "--order R_ct,R_sei", "--order R_ct<R_sei")


@pytest.mark.slow
@pytest.mark.parametrize(
    "options", ["", "--peak R_ct=100:", *(f"-c rs-sei-ct-w {chosen}" for chosen in ARCS)]
)
def test_the_optimum_that_is_meant_is_taken(cell, run, options):
    """The arcs of rs-sei-ct-w can be exchanged with the diffusion in either: both are optima."""
    _, out, _ = run("fit", cell, "--json", *options.split())
    values = {name: row["value"] for name, row in parameters(out).items()}
    if options:
        assert values["R_sei"] > 2 * values["R_ct"]
    else:
        assert values["R_ct"] == pytest.approx(51.9, rel=0.02)


@pytest.mark.parametrize("command", ["fit", "track", "batch"])
@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--peak", "R_tc=1:10"), "no arc belongs to 'R_tc'; did you mean 'R_ct'?"),
        (("--peak", "R_s=1:10"), "no arc belongs to 'R_s'; did you mean"),
        (("--peak", "R_ct=10:1"), "the peak of R_ct cannot lie between 10 and 1 Hz"),
        (("--peak", "R_ct=5"), "--peak 'R_ct=5': expected NAME=LOW:HIGH in Hz"),
        (("--order", "R_ct"), "--order 'R_ct': expected two or more resistors, such as R_sei,R_ct"),
        (("--order", "R_sei,,R_ct"), "expected two or more resistors"),
        (("--order", "R_ct,R_ct"), "names a resistor twice"),
        (("--order", "R_sei,R_tc"), "did you mean 'R_ct'?"),
    ],
)
def test_wrong_arcs_are_refused_before_anything_is_fitted(cell, run, command, options, words):
    code, out, err = run(command, cell, "-c", "rs-sei-ct-w", *options)
    assert code == 2
    assert words in err
    assert out == ""


@pytest.mark.slow
def test_a_peak_that_no_optimum_has_fails_that_file(cell, run):
    code, out, _ = run("fit", cell, "-c", "rs-sei-ct-w", "--peak", "R_ct=200:300")
    assert code == 1
    assert "no optimum of this spectrum has the peak of R_ct between 200 and 300 Hz" in " ".join(out.split())


def test_a_circuit_without_arcs_says_so(cell, run):
    code, _, err = run("fit", cell, "-c", "R_s-W_d", "--peak", "R_s=1:10")
    assert (code, "there is one of none" in err) == (2, True)


@pytest.mark.parametrize("command", ["fit", "track"])
def test_a_fixed_ratio_is_an_expression(cell, run, command):
    code, out, _ = run(command, cell, "--expr", "R_sei = 0.25*R_ct", "--json")
    document = json.loads(out)
    rows = parameters(out) if command == "fit" else document["rows"][0]
    r_sei, r_ct = (rows[name]["value"] if command == "fit" else rows[name] for name in ("R_sei", "R_ct"))
    assert code == 0
    assert r_sei == pytest.approx(0.25 * r_ct, rel=1e-9)


@pytest.mark.slow
def test_intervals_of_derived_quantities_in_table_and_json(cell, run):
    _, out, _ = run("fit", cell, "-c", "rs-sei-ct-w", "--errors", "bootstrap", "--interval", "0.9", "--json")
    row = json.loads(out)["results"][0]["derived"]["R_p"]
    assert row["interval"]["low"] < row["value"] < row["interval"]["high"]
    assert (row["interval"]["level"], row["interval"]["method"]) == (0.9, "bootstrap")
    _, out, _ = run("fit", cell, "-c", "rs-sei-ct-w", "--errors", "profile")
    assert out.count("95 % interval (profile)") == 2


@pytest.mark.slow
def test_geometry_gives_the_diffusion_coefficient(cell, run, tmp_path):
    path = tmp_path / "geometry.toml"
    path.write_text(
        'area = "1.54 cm^2"\nmolar_volume = "20.4 cm^3/mol"\nslope = "-0.35 V"\n', encoding="utf-8"
    )
    _, out, _ = run("fit", cell, "-c", "rs-sei-ct-w", "--geometry", path, "--json")
    row = json.loads(out)["results"][0]["derived"]["D_d"]
    exact = 0.5 * (20.4 * 0.35 / (96485.33212331 * 1.54 * 3.1)) ** 2  # Ho, Raistrick, Huggins 1980
    assert row["value"] == pytest.approx(exact, abs=4 * row["stderr"])
    assert row["unit"] == "cm^2 s^-1"
    code, _, err = run("fit", cell, "--geometry", tmp_path / "none.toml")
    assert (code, "none.toml: there is no such file" in err) == (2, True)


@pytest.mark.slow
def test_a_weakness_of_the_intervals_is_told(cell, run):
    _, out, _ = run("fit", cell, "-c", "rs-ct", "--errors", "mcmc", "--repeats", "200", "--json")
    flags = {flag["name"]: flag for flag in json.loads(out)["results"][0]["flags"]}
    assert (
        "the chain is short: 200 steps for an autocorrelation time of" in flags["interval_doubtful"]["cause"]
    )
    assert flags["interval_doubtful"]["cure"].endswith("steps or more (--repeats)")
    code, _, err = run("fit", cell, "-c", "rs-sei-ct-w", "--errors", "bootstrap", "--repeats", "20")
    assert (code, "20 repeats are too few for 95 % intervals; use 200 or more" in err) == (2, True)


def test_what_the_readers_assumed_is_said_once_with_a_count(run, tmp_path, cell):
    text = cell.read_text(encoding="utf-8").replace("Z_real_ohm", "Zre").replace("Z_imag_ohm", "Zim")
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text(text, encoding="utf-8")
    code, _, told = run("fit", tmp_path / "a.csv", tmp_path / "b.csv", cell, "-c", "rs-sei-ct-w")
    assert code == 0
    assert told.count("assumed: no unit given for the impedance, taken as ohm") == 1
    assert "(2 of 3 spectra)" in told


@pytest.mark.parametrize(
    "command",
    [
        ("check",),
        ("drt",),
        ("compare", "--circuits", "rs-ct"),
        ("track", "-c", "rs-ct"),
        ("batch", "-c", "rs-ct"),
        ("report", "-c", "rs-ct", "-o", "page.html"),
        ("convert", "-o", "out"),
        ("fit", "-c", "rs-ct", "--json"),
    ],
    ids=" ".join,
)
def test_every_command_says_what_the_readers_assumed(command, run, tmp_path, cell):
    text = cell.read_text(encoding="utf-8").replace("Z_real_ohm", "Zre").replace("Z_imag_ohm", "Zim")
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    _, out, told = run(command[0], "a.csv", *command[1:])
    note = "no unit given for the impedance, taken as ohm (else --impedance-unit)"
    assert told.splitlines().count(f"assumed: {note}") == 1
    if "--json" in command:
        assert json.loads(out)["results"][0]["spectrum"]["assumed"] == [note]


def test_the_kernels_finish_gives_lmfits_numbers(cell, run):
    arguments = ("fit", cell, "--circuit", "rs-sei-ct-w", "--json")
    code, lmfits, _ = run(*arguments)
    assert code == 0
    code, kernels, _ = run(*arguments, "--finish", "kernel")
    assert code == 0
    theirs = parameters(lmfits)
    for name, ours in parameters(kernels).items():
        assert ours["value"] == pytest.approx(theirs[name]["value"], rel=1e-6)
        assert ours["stderr"] == pytest.approx(theirs[name]["stderr"], rel=1e-3)
        assert ours["verdict"] == theirs[name]["verdict"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--finish", "scipy"), "--finish 'scipy': is none of lmfit, kernel"),
        (("--finish", "kernel"), "--finish kernel needs --circuit"),
        (("--finish", "kernel", "-c", "rs-ct", "--errors", "mcmc"), "has no --errors mcmc"),
    ],
)
def test_a_finish_that_cannot_be(cell, run, options, sentence):
    code, out, err = run("fit", cell, *options)
    assert (code, out) == (2, "")
    assert sentence in err
