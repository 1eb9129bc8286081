"""Many spectra: the batch against lmfit and against the truth, workers that die, failures in their place."""

from __future__ import annotations

import copy
import dataclasses
import multiprocessing
import os
import signal
import subprocess
import sys
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import eisfit
from eisfit.batch import many as many_fits
from eisfit.batch.audit import Audit
from eisfit.batch.many import dask_executor
from eisfit.batch.pool import LostChunk, run_in_order
from eisfit.batch.transport import Package, fit_package
from eisfit.engine.coordinates import Coordinates, Scales
from eisfit.engine.solver import Problem
from eisfit.errors import UsageError
from eisfit.fitting.failure import FitFailure
from eisfit.model.elements import FrequencyGrid
from eisfit.spectra.noise import attainable_chisqr, attainable_of_many, compute_weights
from eisfit.spectra.spectrum import TURNED

FREQUENCY = np.geomspace(1e5, 1e-2, 50)
CIRCUIT = eisfit.circuit("R_s-p(R_1,CPE_1)-p(R_2,CPE_2)")
BASE = np.array([2.0, 10.0, 2e-5, 0.9, 40.0, 3e-3, 0.85])


def formula(p, f=FREQUENCY):
    """Z written out here."""
    s = 2j * np.pi * f
    r0, r1, q1, a1, r2, q2, a2 = p
    return r0 + r1 / (1 + r1 * q1 * s**a1) + r2 / (1 + r2 * q2 * s**a2)


def spectra(count, seed=0, noise=0.003, f=FREQUENCY):
    rng = np.random.default_rng(seed)
    found = []
    for k in range(count):
        true = BASE * np.exp(0.2 * rng.standard_normal(7))
        true[[3, 6]] = rng.uniform(0.75, 0.95, 2)
        z = formula(true, f)
        z = z * (1 + noise * (rng.standard_normal(z.size) + 1j * rng.standard_normal(z.size)))
        found.append(eisfit.Spectrum(f, z, source=f"cell_{k}.csv", cycle=k, metadata={"simulated": True}))
    return found


@pytest.fixture(scope="module")
def some():
    return spectra(24)


@pytest.fixture(scope="module")
def fitted(some):
    return list(eisfit.fit_many(some, CIRCUIT))


def test_each_result_is_the_one_that_lmfit_gives(some, fitted):
    for spectrum, result in zip(some[::3], fitted[::3], strict=True):
        one = eisfit.fit(spectrum, CIRCUIT)
        assert result.lmfit is None
        assert result.statistics.chisqr == pytest.approx(one.lmfit.chisqr, rel=1e-8)
        for name in CIRCUIT.names:
            assert result[name].value == pytest.approx(one.params[name].value, rel=1e-6)
            assert result[name].stderr == pytest.approx(one.params[name].stderr, rel=1e-3)
        assert result.covar == pytest.approx(one.lmfit.covar, rel=1e-3)
        for name in ("redchi", "aic", "bic", "ndata", "nvarys", "nfree"):
            assert getattr(result.statistics, name) == pytest.approx(getattr(one.lmfit, name), rel=1e-7)
        assert result.flags == one.flags
        assert result.ok == one.ok
        assert set(result.derived) == set(one.derived)
        for name, row in one.derived.items():
            assert result.derived[name]["unit"] == row["unit"]
            assert result.derived[name]["value"] == pytest.approx(row["value"], rel=1e-6)
            assert result.derived[name]["stderr"] == pytest.approx(row["stderr"], rel=1e-3)


def test_order_and_what_is_known_of_the_spectra(some, fitted):
    assert [r.spectrum.source for r in fitted] == [s.source for s in some]
    assert all(r.spectrum == s for r, s in zip(fitted, some, strict=True))
    assert all(r.circuit == CIRCUIT for r in fitted)


def test_the_audit_says_how_far_lmfit_is():
    many = eisfit.fit_many(spectra(101), CIRCUIT)
    assert many.audit == Audit()
    assert "no spectrum" in str(many.audit)
    assert len(list(many)) == 101
    assert many.audit.count == 1
    assert many.audit.chisqr < 1e-8
    assert many.audit.value < 1e-6
    assert many.audit.stderr < 1e-3
    assert "1 fits finished in lmfit too" in str(many.audit)
    assert many.audit.to_dict()["count"] == 1


def test_finish_in_lmfit(some):
    (result,) = eisfit.fit_many(some[:1], CIRCUIT, finish="lmfit")
    assert result.lmfit is not None
    assert result.params["R_2"].value == result["R_2"].value


def test_from_a_start_value(some):
    start = dict(zip(CIRCUIT.names, BASE, strict=True))
    for spectrum, result in zip(some[:6], eisfit.fit_many(some[:6], CIRCUIT, start=start), strict=True):
        one = eisfit.fit(spectrum, CIRCUIT, start=start)
        assert result.statistics.chisqr == pytest.approx(one.lmfit.chisqr, rel=1e-8)


@pytest.mark.parametrize("weighting", ["proportional", "unit", "noise"])
def test_weightings(some, weighting):
    known = [s.replace(noise=0.003 * np.abs(s.impedance)) for s in some[:4]]
    for spectrum, result in zip(
        known, eisfit.fit_many(known, CIRCUIT, weighting=weighting, fmin=0.1), strict=True
    ):
        one = eisfit.fit(spectrum, CIRCUIT, weighting=weighting, fmin=0.1)
        assert result.statistics.chisqr == pytest.approx(one.lmfit.chisqr, rel=1e-8)
        # lmfit's own error takes the weights for the noise; ours sees that it goes with |Z|.
        assert result["R_2"].stderr == pytest.approx(one["R_2"].stderr, rel=1e-3)
        if weighting != "unit":
            assert result["R_2"].stderr == pytest.approx(one.params["R_2"].stderr, rel=1e-3)
        assert result.statistics.p_value == pytest.approx(one.statistics.p_value)
        assert result.spectrum.points == one.spectrum.points


@pytest.mark.parametrize(
    "constraint",
    [
        {"fix": {"R_s": 2.0}},
        {"bound": {"CPE_2_alpha": (0.2, 0.7)}},
        {"bound": {"R_2": (1.0, 20.0)}},
        {"expr": {"R_2": "4*R_1"}},
    ],
    ids=["fixed", "exponent at its bound", "resistance at its bound", "tied"],
)
def test_constraints(some, constraint):
    for spectrum, result in zip(some[:3], eisfit.fit_many(some[:3], CIRCUIT, **constraint), strict=True):
        one = eisfit.fit(spectrum, CIRCUIT, **constraint)
        assert result.statistics.chisqr == pytest.approx(one.lmfit.chisqr, rel=1e-6)
        assert [f.name for f in result.flags] == [f.name for f in one.flags]
        for name in CIRCUIT.names:
            assert result[name].at_bound == one[name].at_bound
            assert (result[name].stderr is None) == (one[name].stderr is None)


@pytest.mark.slow
def test_a_circuit_with_too_much_in_it_gets_the_same_flags_as_one_by_one():
    """One arc in the data, two in the circuit: nothing that the batch may pass over."""
    rng = np.random.default_rng(5)
    found = []
    for _ in range(6):
        z = 3 + 50 / (1 + 50 * 1e-3 * (2j * np.pi * FREQUENCY) ** 0.9)
        kick = rng.standard_normal(z.size) + 1j * rng.standard_normal(z.size)
        found.append(eisfit.Spectrum(FREQUENCY, z * (1 + 0.002 * kick)))
    for spectrum, result in zip(found, eisfit.fit_many(found, CIRCUIT), strict=True):
        one = eisfit.fit(spectrum, CIRCUIT)
        assert result.ok == one.ok
        assert result.statistics.chisqr <= one.statistics.chisqr * (1 + 1e-3)


def test_files_stay_in_the_order_in_which_they_are_named(tmp_path):
    """Results were in the order of the cycles, without the files that failed: zip(files, results) lied."""
    resistances = {"z_cycle_001.csv": 10.0, "b_cycle_100.csv": 20.0, "c_cycle_010.csv": 30.0}
    for name, resistance in resistances.items():
        z = 2 + resistance / (1 + 2j * np.pi * FREQUENCY * 1e-3)
        eisfit.Spectrum(FREQUENCY, z).to_frame().to_csv(tmp_path / name, index=False)
    (tmp_path / "broken_cycle_005.csv").write_text("nothing", encoding="utf-8")
    names = [
        "b_cycle_100.csv",
        "broken_cycle_005.csv",
        "z_cycle_001.csv",
        "c_cycle_010.csv",
        "z_cycle_001.csv",
    ]
    files = [tmp_path / name for name in names]
    for named in (files, iter(files), [str(file) for file in files]):
        found = list(eisfit.fit_many(named, "rs-rc"))
        values = [None if one.error else round(one["R_ct"].value, 6) for one in found]
        assert values == [resistances.get(name) for name in names]
        assert found[0].spectrum.cycle == 100
    of_folder = list(eisfit.fit_many(tmp_path, "rs-rc"))
    assert [one.error is None for one in of_folder] == [True, True, True, False]
    assert [round(one["R_ct"].value) for one in of_folder[:3]] == [10, 30, 20]


def test_what_is_no_spectrum_is_told_with_its_place(some):
    with pytest.raises(eisfit.EisfitError, match=r"spectrum 1 \(from 0\): int is no spectrum"):
        eisfit.fit_many([some[0], 3], CIRCUIT)
    with pytest.raises(eisfit.EisfitError, match="dict: several spectra belong here"):
        eisfit.fit_many({"a": some[0]}, CIRCUIT)
    with pytest.raises(eisfit.EisfitError, match="a number of processes or an executor, not 'all'"):
        eisfit.fit_many(some, CIRCUIT, workers="all")


def test_a_script_without_its_guard_is_told(some, monkeypatch):
    """Each worker ran the whole script, fits and files that it writes included, and told of lost workers."""
    monkeypatch.setattr(multiprocessing.current_process(), "_inheriting", True, raising=False)
    with pytest.raises(UsageError, match='below `if __name__ == "__main__":`'):
        list(eisfit.fit_many(some[:1], CIRCUIT, workers=1))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
def test_workers_end_with_their_parent(tmp_path):
    """Those of a parent that was killed waited for work for ever."""
    script = tmp_path / "script.py"
    script.write_text(
        "import os, signal, eisfit\n"
        "if __name__ == '__main__':\n"
        "    s = eisfit.simulate('rs-rc', [1, 2, 1e-5])\n"
        "    many = eisfit.fit_many(iter([s] * 3000), 'rs-rc', workers=1)\n"
        "    next(many)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n",
        encoding="utf-8",
    )
    done = subprocess.run([sys.executable, script], check=False, capture_output=True, timeout=40)
    assert done.returncode == -signal.SIGKILL  # and the pipes to it are closed: no worker holds them


def test_a_worker_that_does_not_know_an_element_says_so():
    circuit = {"name": "R_s-Zq1", "string": "R_s-Zq1", "parameters": {}}
    with pytest.raises(eisfit.EisfitError, match="worker process does not know the circuit: 'Zq1' is not an"):
        fit_package(Package.of([], circuit, {}, "kernel"))


def test_other_grids_and_failures_stay_in_their_place(some):
    short = eisfit.Spectrum([1e3, 1.0], [1 - 1j, 2 - 1j], source="short.csv")
    unread = FitFailure("broken.csv", "broken.csv: is no spectrum")
    other = spectra(2, seed=9, f=np.geomspace(1e4, 0.1, 31))
    many = eisfit.fit_many([some[0], short, unread, *other, some[1]], CIRCUIT)
    found = list(many)
    assert [r.error is None for r in found] == [True, False, False, True, True, True]
    assert "cannot determine" in found[1].error
    assert found[2] is unread
    assert [r.spectrum.points for r in found[3:]] == [31, 31, 50]
    assert (many.fitted, many.failed) == (5, 2)


def test_nothing_is_read_before_it_is_needed():
    def endless():
        k = 0
        while True:
            yield FitFailure(f"{k}", "no spectrum")
            k += 1

    many = eisfit.fit_many(endless(), CIRCUIT)
    assert next(many).source == "0"
    many.close()
    assert list(many) == []


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"finish": "scipy"}, "no finish is called 'scipy'"),
        ({"workers": 0}, "workers: must be at least 1, not 0"),
        ({"wieghting": "unit"}, "fit_many has no option 'wieghting'; did you mean 'weighting'"),
        ({"loss": "hubber"}, "no loss is called 'hubber'; did you mean 'huber'"),
        ({"fix": {"R_9": 1.0}}, "no parameter 'R_9'"),
        ({"weighting": "modulos"}, "no weighting is called 'modulos'"),
    ],
)
def test_wrong_requests(some, options, match):
    with pytest.raises(UsageError, match=match):
        list(eisfit.fit_many(some[:1], CIRCUIT, **options))


def test_a_thread_pool_may_be_passed(some, fitted):
    with ThreadPoolExecutor(2) as pool:
        found = list(eisfit.fit_many(some, CIRCUIT, workers=pool))
    for one, other in zip(
        found, fitted, strict=True
    ):  # threads of the linear algebra may sum in another order
        assert one.spectrum == other.spectrum
        assert one.values == pytest.approx(other.values, rel=1e-8)
        assert one.statistics.chisqr == pytest.approx(other.statistics.chisqr, rel=1e-10)
        assert (one.grade, one.flags) == (other.grade, other.flags)
        verdicts = [[p.verdict for p in r.parameters.values()] for r in (one, other)]
        assert verdicts[0] == verdicts[1]


def test_processes_give_the_same(some, fitted):
    found = list(eisfit.fit_many(some, CIRCUIT, workers=1))
    for one, other in zip(found, fitted, strict=True):
        assert one.spectrum.source == other.spectrum.source
        assert one.statistics.chisqr == pytest.approx(other.statistics.chisqr, rel=1e-10)


class Dying(Executor):
    """Breaks at some submissions, as a pool does whose worker was killed."""

    def __init__(self, deaths):
        self.deaths = list(deaths)

    def submit(self, fn, /, *args, **kwargs):
        future = Future()
        if self.deaths and self.deaths.pop(0):
            future.set_exception(BrokenExecutor("a worker was killed"))
        else:
            future.set_result(fn(*args, **kwargs))
        return future


def double(x):
    return 2 * x


def killed_once(task):
    """Kill this process where the flag file says that it was not yet done."""
    number, flag = task
    if number == 3 and not Path(flag).exists():
        Path(flag).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def killed_always(number):
    if number == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def refused(number):
    raise UsageError(f"{number} is wrong")


def test_a_broken_executor_is_tried_again_and_nothing_is_lost_or_doubled():
    found = list(run_in_order(double, range(6), Dying([True, False, True, True])))
    assert found == [(k, 2 * k) for k in range(6)]


@pytest.mark.slow
def test_a_killed_worker_is_replaced(tmp_path):
    flag = str(tmp_path / "killed")
    found = [outcome for _, outcome in run_in_order(killed_once, ((k, flag) for k in range(8)), 2)]
    assert Path(flag).exists()
    assert found == list(range(8))


@pytest.mark.slow
def test_what_always_kills_its_worker_is_given_up_in_its_place():
    found = [outcome for _, outcome in run_in_order(killed_always, range(4), 1)]
    assert isinstance(found[1], LostChunk)
    assert "failed 3 times" in found[1].reason
    assert [found[k] for k in (0, 2, 3)] == [0, 2, 3]


def test_what_the_user_did_wrong_is_raised():
    with ThreadPoolExecutor(1) as pool, pytest.raises(UsageError, match="0 is wrong"):
        list(run_in_order(refused, range(2), pool))


def test_a_lost_chunk_is_a_failure_of_its_spectra(some):
    found = list(eisfit.fit_many(some[:2], CIRCUIT, workers=Dying([True] * 9)))
    assert [r.source for r in found] == ["cell_0.csv", "cell_1.csv"]
    assert all("its worker failed 3 times: a worker was killed" in r.error for r in found)


def test_dask_is_asked_for_in_one_sentence(monkeypatch):
    def absent(name):
        raise ImportError(name)

    monkeypatch.setattr("eisfit.batch.many.import_module", absent)
    with pytest.raises(UsageError, match=r"pip install \"eisfit-toolkit\[cluster\]\""):
        dask_executor("local")


@pytest.mark.slow
@pytest.mark.parametrize("error", [OSError("timed out"), ValueError("unknown address scheme 'tpc'")])
def test_a_scheduler_that_does_not_answer(monkeypatch, error):
    def client(address, timeout):
        raise error

    monkeypatch.setattr("eisfit.batch.many.import_module", lambda name: SimpleNamespace(Client=client))
    with pytest.raises(UsageError, match=f"no Dask scheduler answers at 'tpc://nowhere': {error}"):
        dask_executor("tpc://nowhere")


@pytest.mark.slow
def test_a_worker_of_a_dask_cluster_may_be_killed(some, fitted):
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        victim = next(iter(client.run(os.getpid).values()))
        many = eisfit.fit_many(some * 25, CIRCUIT, workers=client.get_executor())
        first = next(many)
        os.kill(victim, signal.SIGKILL)
        found = [first, *many]
    assert [r.spectrum.source for r in found] == [s.source for s in some * 25]
    assert found[0].statistics.chisqr == pytest.approx(fitted[0].statistics.chisqr, rel=1e-10)


@pytest.mark.parametrize(
    "name", ["rs-sei-ct-w", "R0-L1-p(R1,C1)-p(R2-Wo1,CPE2)", "R_s-p(R_1-p(R_2,C_2),C_1)-Zarc_3"]
)
@pytest.mark.parametrize("weighting", ["modulus", "proportional"])
def test_the_kernels_jacobian_is_the_difference_quotient(name, weighting):
    circuit = eisfit.circuit(name)
    typical = {n: 0.8 if n.endswith("alpha") else 1.3 for n in circuit.names}
    z = circuit.impedance(FREQUENCY, typical)
    s = eisfit.Spectrum(FREQUENCY, 1.1 * z)
    coordinates = Coordinates(circuit, Scales.of(s.omega, s.impedance))
    problem = Problem(
        coordinates,
        FrequencyGrid(s.omega),
        s.impedance[np.newaxis],
        compute_weights(s, weighting)[np.newaxis],
    )
    values = np.array([[typical[n] for n in circuit.names], [1.1 * typical[n] for n in circuit.names]])
    theta = coordinates.internal(values)
    jacobian = problem.evaluate(theta, problem.buffer(2))[1].copy()
    h = 1e-5
    for v in range(coordinates.size):
        step = np.zeros(coordinates.size)
        step[v] = h
        up, down = (problem.evaluate(theta + k * step, problem.buffer(2))[0].copy() for k in (1, -1))
        quotient = (up - down) / (2 * h)
        assert jacobian[:, v] == pytest.approx(quotient, rel=1e-5, abs=1e-7 * np.abs(quotient).max() + 1e-12)


def test_attainable_of_a_group_is_that_of_each(some):
    weight = np.stack([compute_weights(s) for s in some])
    found = attainable_of_many(some[0].omega, np.stack([s.impedance for s in some]), weight)
    expected = [attainable_chisqr(s, w) for s, w in zip(some, weight, strict=True)]
    assert found == pytest.approx(expected, rel=0.02)


def test_spectra_of_one_shape_and_of_any_size_are_started_from_their_own():
    """Sizes over nine decades: each is what it is of its size."""
    sizes = np.array([1e-6, 1.0, 1e3])
    z = sizes[:, np.newaxis] * formula(BASE)
    lot = [eisfit.Spectrum(FREQUENCY, row) for row in z]
    assert [r["R_2"].value for r in eisfit.fit_many(lot, CIRCUIT)] == pytest.approx(40 * sizes, rel=1e-6)
    tracked = eisfit.track([one.replace(cycle=k) for k, one in enumerate(lot)], CIRCUIT)
    assert tracked.to_frame()["R_2"].to_numpy() == pytest.approx(40 * sizes, rel=1e-6)


def test_rounding_does_not_say_which_arc_is_which():
    """Exchanged, the arcs of these exact data miss by 2.6e-30 in chisqr, in order by 5.0e-30."""
    rng = np.random.default_rng(1)
    base = [BASE * np.exp(0.05 * rng.standard_normal(7)) for _ in range(3)][-1]
    base[[3, 6]] = np.clip(base[[3, 6]], 0.6, 0.95)
    f = np.geomspace(1e5, 1e-2, 71)
    lot = [eisfit.Spectrum(f, size * formula(base, f), cycle=k) for k, size in enumerate((1.0, 2.0, 3.0))]
    tracked = eisfit.track(lot, CIRCUIT)
    assert tracked.to_frame()["R_2"].to_numpy() == pytest.approx(base[4] * np.array([1, 2, 3]), rel=1e-6)
    assert not any(flag.name == "error_structure" for fit in tracked for flag in fit.flags)


def test_points_left_out_by_a_worker_are_left_out_here_too(some):
    with ThreadPoolExecutor(1) as pool:
        (far,) = eisfit.fit_many(some[:1], CIRCUIT, workers=pool, fmin=0.1, drop=[1e5])
    (near,) = eisfit.fit_many(some[:1], CIRCUIT, fmin=0.1, drop=[1e5])
    assert far.to_dict() == near.to_dict()
    assert far.spectrum.metadata == {"simulated": True}


def test_a_worker_tells_of_a_turned_sign_as_a_fit_does(some):
    """The note of the reader did not travel, and the flag was lost."""
    turned = [one.replace(notes=(f"{TURNED}: it has the sign of -Z''",)) for one in some[:2]]
    with ThreadPoolExecutor(1) as pool:
        for options in ({}, {"fmin": 0.1}):
            far = list(eisfit.fit_many(turned, CIRCUIT, workers=pool, **options))
            near = list(eisfit.fit_many(turned, CIRCUIT, **options))
            assert [one.flags[0].name for one in far] == ["sign_turned"] * 2
            assert [one.to_dict() for one in far] == [one.to_dict() for one in near]


def test_what_earlier_chunks_have_shown_changes_no_optimum(monkeypatch):
    """Later chunks follow the ends of earlier ones: fewer starts, the same fits as in one lot."""
    lot = spectra(96, seed=4)
    whole = list(eisfit.fit_many(lot, CIRCUIT))
    monkeypatch.setattr(many_fits, "CHUNK", 32)
    parts = list(eisfit.fit_many(lot, CIRCUIT))
    for one, other in zip(whole, parts, strict=True):
        assert other.statistics.chisqr == pytest.approx(one.statistics.chisqr, rel=1e-9)
        assert other.values == pytest.approx(one.values, rel=1e-5)
        assert (other.grade, other.ok) == (one.grade, one.ok)
    assert sum(r.starts for r in parts[32:]) < sum(r.starts for r in whole[32:])


def test_a_result_lets_go_of_its_lot_when_it_is_copied(some):
    result = next(iter(eisfit.fit_many(some, CIRCUIT)))
    assert "parameters" not in vars(result)  # nobody has asked yet
    alone = copy.copy(result)
    assert set(vars(alone)) == {field.name for field in dataclasses.fields(result)}
    assert alone.to_dict() == result.to_dict()
    with pytest.raises(AttributeError, match="'FitResult' object has no attribute 'nothing'"):
        _ = result.nothing


@pytest.mark.slow
def test_lmfit_is_not_imported_before_the_audit_is_asked_for():
    code = (
        "import sys, numpy as np, eisfit;"
        "f = np.geomspace(1e5, 1, 40); c = eisfit.circuit('R_s-p(R_1,C_1)');"
        "z = c.impedance(f, {'R_s': 1.0, 'R_1': 10.0, 'C_1': 1e-4});"
        "rng = np.random.default_rng(0);"
        "lot = [eisfit.Spectrum(f, z * (1 + 0.01 * (rng.normal(size=40) + 1j * rng.normal(size=40))))"
        " for _ in range(101)];"
        "many = eisfit.fit_many(lot, c); assert all(r.ok for r in many);"
        "assert 'lmfit' not in sys.modules; assert many.audit.count == 1; assert 'lmfit' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_is_under_way_says_how_far_it_is():
    many = eisfit.fit_many([eisfit.simulate("rs-rc", [1, 2, 1e-5], np.geomspace(1e5, 1, 20))], "rs-rc")
    assert repr(many) == "<fits of rs-rc, made as they are asked for: 0 fitted, 0 from the store, 0 failed>"
    list(many)
    assert ": 1 fitted, " in repr(many)
