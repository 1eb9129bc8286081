"""A series without a circuit: a common one where it serves, else it is identified. Simulated."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest

import eisfit
from eisfit.errors import EisfitError
from eisfit.fitting.common_circuit import choose_circuit
from eisfit.fitting.failure import FitFailure
from eisfit.model import COMMON
from eisfit.spectra.writers.plain_csv import to_csv

pytestmark = pytest.mark.usefixtures("searched_once")

F = np.geomspace(1e5, 1e-2, 51)
CELL = {
    **{"R_s": 4.2, "R_sei": 12.5, "CPE_sei_Q": 2.5e-5, "CPE_sei_alpha": 0.87},
    **{"R_ct": 51.9, "W_d_sigma": 3.1, "CPE_ct_Q": 4e-4, "CPE_ct_alpha": 0.82},
}
ARC = "R_s-p(R_ct,C_ct)"


def cells():
    made = (
        eisfit.simulate(COMMON, {**CELL, "R_ct": 50.0 + k}, frequency=F, noise=0.003, seed=k)
        for k in range(4)
    )
    return [one.replace(cycle=k) for k, one in enumerate(made)]


def arcs():
    made = (eisfit.simulate(ARC, [5, 20 + k, 1e-5], F, noise=0.003, seed=k) for k in range(4))
    return [one.replace(cycle=k) for k, one in enumerate(made)]


def test_the_common_circuit_is_taken_where_it_serves():
    series = eisfit.track(cells())
    assert series.circuit.name == COMMON
    assert series.ok
    assert series.notes[0] == (
        "rs-sei-ct-w was chosen: in each of 3 spectra looked at it leaves noise alone, all is determined"
    )
    assert {row.chosen_by for row in series} == {"default"}


def test_else_it_is_identified():
    series = eisfit.track([one.select(fmin=1) for one in arcs()[:2]])
    assert series.circuit.string == ARC
    assert series.ok
    assert series.notes[0].startswith(f"{ARC} was chosen for all 2 spectra, by 2 of them out of")
    assert {row.chosen_by for row in series} == {"identify"}
    assert series.growth("R_ct").slope == pytest.approx(1, rel=0.05)


@pytest.mark.slow
def test_of_circuits_that_some_support_the_closest_to_all_is_taken():
    two = [
        eisfit.simulate("R0-p(R1,C1)-p(R2,C2)", [5, 20, 1e-6, 30, 1e-3], F, noise=0.003, seed=k)
        for k in (8, 9)
    ]
    series = eisfit.track([arcs()[0], *two])
    assert series.circuit.string == "R_s-p(R_sei,C_sei)-p(R_ct,C_ct)"
    assert "each of 3 looked at has its own circuit" in series.notes[0]
    assert {row.grade for row in series[1:]} == {"A"}


def test_a_place_in_the_ranking_is_asked_for():
    first = choose_circuit(arcs()[:1], "#1", {})
    assert first.circuit.string == ARC
    assert first.note.startswith(f"{ARC} was chosen out of ")
    with pytest.raises(EisfitError, match="there is no circuit #400: the ranking ends at #"):
        choose_circuit(arcs()[:1], "#400", {})


def test_a_given_circuit_is_not_chosen():
    series = eisfit.track(arcs(), ARC)
    assert not any("chosen" in note for note in series.notes)


def test_where_none_can_be_chosen_that_is_told():
    few = [one.select(fmin=1e4) for one in arcs()]
    choice = choose_circuit([one[:3] for one in few], None, {})
    assert choice.circuit.name == COMMON
    assert choice.note.startswith("rs-sei-ct-w was taken, none can be chosen: ")
    assert choose_circuit([], None, {}).note.endswith("no spectrum is there to choose a circuit by")


def test_many_take_the_common_circuit():
    many = eisfit.fit_many(cells())
    assert many.circuit.name == COMMON
    assert many.note.startswith("rs-sei-ct-w was chosen: in each of 3 spectra looked at")
    assert [row.chosen_by for row in many] == ["default"] * 4


def test_many_that_come_one_by_one_take_the_circuit_of_the_first():
    unread = FitFailure("a.csv", "cannot be read")
    many = eisfit.fit_many(iter([unread, *arcs()[:2]]), fix={"R_s": 5.0})
    assert many.note.startswith(f"{ARC} was chosen out of ")
    failed, *fits = many
    assert failed is unread
    assert [(row["R_s"].verdict, row.chosen_by) for row in fits] == [("fixed", "identify")] * 2
    with pytest.raises(EisfitError, match="there is no circuit #400"):
        eisfit.fit_many(arcs()[:1], "#400")


@pytest.fixture
def run(capsys):
    """Run a command; what it printed."""
    from eisfit.cli import app

    def runs(*arguments):
        with pytest.raises(SystemExit) as end:
            app([str(a) for a in arguments], prog_name="eisfit")
        assert not end.value.code
        return capsys.readouterr()

    return runs


def save(spectra, folder):
    for k, one in enumerate(spectra):
        (folder / f"cycle_{k}.csv").write_text(to_csv(one), encoding="utf-8")
    return folder


def test_commands_take_the_common_circuit(tmp_path, run):
    folder, page = save(cells(), tmp_path), tmp_path / "page.html"
    assert json.loads(run("track", folder, "--json").out)["circuit"]["name"] == COMMON
    run("report", folder, "-o", page)
    assert "rs-sei-ct-w was chosen: in each of 3" in page.read_text(encoding="utf-8")
    assert "--circuit rs-sei-ct-w keeps it" in run("batch", folder).err


@pytest.mark.slow
def test_commands_identify(tmp_path, run):
    folder, table = save(arcs(), tmp_path), tmp_path / "all.csv"
    assert json.loads(run("track", folder, "--json").out)["circuit"]["string"] == ARC
    said = run("batch", folder, "--export", table).err
    assert f"{ARC} was chosen for all" in said
    assert f"--circuit '{ARC}' keeps it" in said
    rows = list(csv.DictReader(io.StringIO(table.read_text(encoding="utf-8"))))
    assert [float(row["R_ct"]) for row in rows] == pytest.approx([20, 21, 22, 23], rel=0.02)


@pytest.mark.slow
def test_batch_counts_the_spectra_of_one_file_and_of_standard_input(tmp_path, run, monkeypatch):
    rows = [
        f"{one.cycle:g},{f!r},{z.real!r},{z.imag!r}"
        for one in arcs()
        for f, z in zip(one.frequency.tolist(), one.impedance.tolist(), strict=True)
    ]
    (tmp_path / "all.csv").write_text(
        "\n".join(["cycle,freq/Hz,Re(Z)/Ohm,Im(Z)/Ohm", *rows]), encoding="utf-8"
    )
    assert f"{ARC} was chosen for all 4 spectra, by 3 of them" in run("batch", tmp_path / "all.csv").err
    given = io.BytesIO((tmp_path / "all.csv").read_bytes())
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(given, encoding="utf-8"))
    assert f"{ARC} was chosen for all 4 spectra, by 3 of them" in run("batch", "-").err
