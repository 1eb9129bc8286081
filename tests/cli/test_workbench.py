"""The table of operations behind the workbench page: JSON in, JSON out, a sentence for what cannot be."""

from __future__ import annotations

import base64
import json
import shlex
from pathlib import Path

import numpy as np
import pytest

import eisfit
from eisfit.cli.pages.workbench import Workbench, handle

ONE = Path(__file__).resolve().parents[2] / "example_spectra" / "rrml" / "bare" / "bare_cycle_003.csv"
RC = {"R_s": 2.0, "R_ct": 50.0, "C_dl": 1e-4}


def upload(path, name=None):
    return {"name": name or path.name, "base64": base64.b64encode(path.read_bytes()).decode("ascii")}


@pytest.fixture(scope="module")
def document():
    told = handle({"op": "read", "files": [upload(ONE)]})
    return told["spectra"][0]["spectrum"]


@pytest.fixture(scope="module")
def fitted(document):
    return handle({"op": "fit", "spectrum": document, "circuit": "rs-sei-ct-w"})


def test_read_gives_what_eisfit_reads_and_says_what_it_refuses(tmp_path):
    bad = tmp_path / "bad.mpt"
    bad.write_bytes(b"\x00\x01 no spectrum")
    told = handle({"op": "read", "files": [upload(ONE, "../../etc/bare_cycle_003.csv"), upload(bad)]})
    (one,) = told["spectra"]
    own = eisfit.read(ONE)
    assert one["spectrum"]["data"]["Z_real_ohm"] == own.impedance.real.tolist()
    assert one["spectrum"]["source"] == "bare_cycle_003.csv"
    assert one["entry"]["conditions"] == {"cycle": 3.0}
    assert one["entry"]["simulated"]
    (failure,) = told["failures"]
    assert failure["source"] == "bad.mpt"
    assert failure["error"].startswith("bad.mpt: ")


def test_two_files_of_one_name_are_two_spectra():
    told = handle({"op": "read", "files": [upload(ONE), upload(ONE)]})
    assert [one["spectrum"]["source"] for one in told["spectra"]] == ["bare_cycle_003.csv"] * 2


def test_a_fit_is_the_librarys_and_leaves_out_what_is_masked(document):
    f = document["data"]["frequency_Hz"]
    request = {
        "op": "fit",
        "spectrum": document,
        "circuit": "rs-sei-ct-w",
        "masks": f[:3],
        "range": [0.1, 1e6],
    }
    told = json.loads(json.dumps(handle(request)))
    result = eisfit.fit(eisfit.read(ONE), "rs-sei-ct-w", fmin=0.1, drop=f[:3])
    assert told["values"] == pytest.approx(result.values, rel=1e-9)
    assert told["document"]["spectrum"]["points"] == sum(x >= 0.1 for x in f) - 3
    assert "--fmin 0.1" in told["command"]
    assert told["command"].count("--drop") == 3
    assert "drop=[" in told["python"]


def test_the_python_that_is_copied_does_what_was_done(document, tmp_path, monkeypatch):
    (tmp_path / ONE.name).write_bytes(ONE.read_bytes())
    monkeypatch.chdir(tmp_path)
    f = document["data"]["frequency_Hz"]
    values = {"R_s": 3.6, "R_ct": 60.0, "W_d_sigma": 3.5, "CPE_ct_Q": 2e-4, "CPE_ct_alpha": 0.85}
    told = handle({"op": "fit", "spectrum": document, "circuit": "rs-ct-w", "masks": f[5:7],
                   "values": values, "held": ["R_s"]})  # fmt: skip
    names: dict = {}
    exec(compile(told["python"], "copied", "exec"), names)
    assert names["r"]["R_ct"].value == pytest.approx(told["values"]["R_ct"], rel=1e-9)


@pytest.mark.slow
def test_without_a_circuit_the_data_chooses(document):
    told = handle({"op": "fit", "spectrum": document})
    assert told["document"]["circuit"]["chosen_by"] == "identify"
    ranked = handle({"op": "identify", "spectrum": document})
    assert ranked["ranking"][0]["string"] == told["circuit"]["string"]


def test_a_circuit_that_served_before_is_asked_first(document):
    told = handle({"op": "fit", "spectrum": document, "like": "R_s-p(R_sei,CPE_sei)-p(R_ct-W_d,CPE_ct)"})
    assert told["circuit"]["string"] == "R_s-p(R_sei,CPE_sei)-p(R_ct-W_d,CPE_ct)"
    assert "serves here too" in str(told["document"]["flags"])


def test_simulate_gives_the_circuits_curve(document):
    """R_s + R_ct / (1 + j omega R_ct C_dl)."""
    told = handle({"op": "simulate", "spectrum": document, "circuit": "rs-rc", "values": RC})
    omega = 2 * np.pi * np.array(told["curve"]["frequency_Hz"])
    z = 2.0 + 50.0 / (1 + 1j * omega * 50.0 * 1e-4)
    assert told["curve"]["Z_real_ohm"] == pytest.approx(z.real, rel=1e-12)
    assert told["curve"]["Z_imag_ohm"] == pytest.approx(z.imag, rel=1e-12)


def test_masked_points_do_not_count_in_the_residual(document):
    f = np.array(document["data"]["frequency_Hz"])
    z = np.array(document["data"]["Z_real_ohm"]) + 1j * np.array(document["data"]["Z_imag_ohm"])
    model = 2.0 + 50.0 / (1 + 2j * np.pi * f * 50.0 * 1e-4)
    away = np.abs((z - model) / z)[5:]
    request = {
        "op": "simulate",
        "spectrum": document,
        "circuit": "rs-rc",
        "values": RC,
        "masks": f[:5].tolist(),
    }
    assert handle(request)["rms_relative_residual"] == pytest.approx(np.sqrt(np.mean(away**2)))


def test_track_gives_rows_and_trends(document):
    files = sorted(ONE.parent.glob("*.csv"))[:3]
    read = handle({"op": "read", "files": [upload(path) for path in files]})
    spectra = [one["spectrum"] for one in read["spectra"]]
    told = json.loads(json.dumps(handle({"op": "track", "spectra": spectra})))
    assert told["document"]["circuit"]["name"] == "rs-sei-ct-w"  # the data chose it
    assert len(told["entries"]) == 3
    assert told["trends"]["R_ct"]["x"] == [one["cycle"] for one in spectra]


def test_report_export_and_session(document, fitted):
    assert "<!DOCTYPE html>" in handle({"op": "report", "results": [fitted["document"]]})["text"]
    table = handle({"op": "export", "results": [fitted["document"]], "form": "csv"})["text"]
    assert table.startswith("source,")
    for form, part in (("latex", r"51.85 \pm 0.07"), ("markdown", "| 51.85 ± 0.07 | ohm |")):
        assert part in handle({"op": "export", "results": [fitted["document"]], "form": form})["text"]
    row = {"spectrum": document, "masks": document["data"]["frequency_Hz"][:1], "fit": fitted["document"]}
    told = handle({"op": "session", "session": {"schema": "eisfit.session/1", "spectra": [row]}})
    assert told["spectra"][0]["fit"]["values"] == pytest.approx(fitted["values"])
    assert told["spectra"][0]["masks"] == row["masks"]


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ([], "the request is not a JSON object"),
        ({"op": "run"}, "there is no operation 'run': use read, circuit, "),
        ({"op": ["fit"]}, "there is no operation"),
        ({"op": "fit"}, "spectrum"),
        ({"op": "fit", "spectrum": {}}, "not a complete spectrum document"),
        (
            {"op": "read", "files": [{"name": "a.csv", "base64": "*"}]},
            "a.csv: its content is not valid base64",
        ),
        ({"op": "session", "session": {"schema": "x"}}, "this is no session"),
        ({"op": "session", "session": {"schema": "eisfit.session/1"}}, "no list of spectra"),
        ({"op": "export", "results": [{}], "form": "exe"}, "there is no form 'exe'"),
    ],
)
def test_what_cannot_be_answered_is_a_sentence(request_, said):
    assert said in handle(request_)["error"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"circuit": "../secret.toml"}, "name a file with eisfit view --circuit"),
        ({"circuit": "-".join(f"R{k}" for k in range(40))}, "40 parameters; the page shows 30"),
        ({"file": "/etc/passwd"}, "unknown key"),
        ({"values": {"R_s": float("nan")}}, "finite"),
        ({"range": [5.0]}, "two frequencies"),
        ({"range": [1e9, 2e9]}, "every point is masked"),
        ({"values": {"R_s": 1.0}}, "no value for R_ct, C_dl"),
    ],
)
def test_a_wrong_question_about_a_spectrum(change, said, document):
    told = handle({"op": "simulate", "spectrum": document, "circuit": "rs-rc", "values": RC, **change})
    assert said in told["error"]


def test_a_circuit_of_the_command_line_keeps_what_was_said_of_it(document):
    own = eisfit.circuit("rs-sei-ct-w").constrain(fix={"R_s": 3.5})
    bench = Workbench(own, "rs-sei-ct-w", ("--average-duplicates",), ("--fix", "R_s=3.5"))
    told = bench.handle({"op": "circuit", "spectrum": document, "circuit": "rs-sei-ct-w"})
    rows = {row["name"]: row for row in told["parameters"]}
    assert (rows["R_s"]["mode"], rows["R_s"]["value"]) == ("fixed", 3.5)
    fit = bench.handle({"op": "fit", "spectrum": document, "circuit": "rs-sei-ct-w"})
    assert fit["values"]["R_s"] == 3.5
    assert "--average-duplicates --fix R_s=3.5" in fit["command"]


def test_sliders_start_at_the_fit_and_keep_to_the_bounds(fitted):
    rows = {row["name"]: row for row in fitted["parameters"]}
    own = eisfit.fit(eisfit.read(ONE), "rs-sei-ct-w")
    assert rows["R_ct"]["value"] == pytest.approx(own["R_ct"].value, rel=1e-4)
    assert rows["R_ct"]["scale"] == "log"
    assert rows["R_ct"]["high"] == pytest.approx(1e6 * rows["R_ct"]["low"])
    alpha = rows["CPE_ct_alpha"]
    assert (alpha["scale"], alpha["low"], alpha["high"]) == ("linear", 0.2, 1.0)


def test_what_the_command_line_tied_and_bounded_stays(document):
    chosen = eisfit.circuit("rs-sei-ct-w").constrain(
        expr={"CPE_ct_alpha": "CPE_sei_alpha"}, bound={"R_ct": (40, 60)}
    )
    told = Workbench(chosen).handle({"op": "circuit", "spectrum": document, "circuit": "rs-sei-ct-w"})
    rows = {row["name"]: row for row in told["parameters"]}
    assert (rows["CPE_ct_alpha"]["mode"], rows["CPE_ct_alpha"]["expr"]) == ("tied", "CPE_sei_alpha")
    assert (rows["R_ct"]["low"], rows["R_ct"]["high"]) == (40, 60)
    values = {name: row["value"] for name, row in rows.items() if row["mode"] == "free"}
    moved = Workbench(chosen).handle({"op": "simulate", "spectrum": document, "values": values})
    assert moved["values"]["CPE_ct_alpha"] == values["CPE_sei_alpha"]


def test_a_fit_from_where_the_sliders_stand_and_its_command(document, tmp_path, monkeypatch, capsys):
    from eisfit.cli import app

    told = handle({"op": "circuit", "spectrum": document, "circuit": "rs-sei-ct-w"})
    start = {row["name"]: row["value"] for row in told["parameters"]} | {"R_ct": 80.0, "R_s": 3.6}
    request = {"op": "fit", "spectrum": document, "circuit": "rs-sei-ct-w", "values": start, "held": ["R_s"]}
    fit = handle(request)
    fixed = start.pop("R_s")
    result = eisfit.fit(eisfit.read(ONE), "rs-sei-ct-w", start=start, fix={"R_s": fixed})
    assert fit["values"] == pytest.approx(result.values, rel=1e-12)
    assert fit["document"]["parameters"]["R_s"]["vary"] is False
    (tmp_path / ONE.name).write_bytes(ONE.read_bytes())
    monkeypatch.chdir(tmp_path)
    program, *words = shlex.split(fit["command"])
    with pytest.raises(SystemExit) as end:
        app([*words, "--json"], prog_name=program)
    assert not end.value.code
    (row,) = json.loads(capsys.readouterr().out)["results"]
    assert row["parameters"]["R_ct"]["value"] == pytest.approx(fit["values"]["R_ct"], rel=1e-9)


def test_the_command_names_what_was_read_and_how(document):
    bench = Workbench(eisfit.circuit("rs-rc"), "my circuits/rc.toml", ("--average-duplicates",))
    told = {"spectrum": {**document, "source": "<stdin>"}, "values": RC, "weighting": "unit"}
    command = bench.handle({"op": "simulate", "circuit": "rs-rc", **told})["command"]
    assert command.startswith(
        "eisfit fit - --circuit 'my circuits/rc.toml' --average-duplicates --weighting unit --start R_s=2.0"
    )


def test_where_nothing_can_be_fitted_the_sliders_still_stand_somewhere():
    few = eisfit.Spectrum(frequency=[10.0, 1.0], impedance=[3 - 1j, 5 - 1j]).to_dict()
    assert handle({"op": "fit", "spectrum": few, "circuit": "rs-sei-ct-w"})["error"]
    rows = handle({"op": "circuit", "spectrum": few, "circuit": "rs-sei-ct-w"})["parameters"]
    assert all(row["min"] <= row["value"] <= row["max"] for row in rows)
