"""Results of a joint fit computed in columns, against the formulas for one cycle at a time."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from scipy import stats

import eisfit
from eisfit.engine.coordinates import Scales
from eisfit.fitting.derived import compute_derived
from eisfit.fitting.result_parts import Statistics
from eisfit.fitting.verdicts.findings import set_levels
from eisfit.fitting.verdicts.flags import Judgement, find_at_bound, find_findings
from eisfit.model.geometry import Geometry
from eisfit.model.simulate import simulate
from eisfit.tracking.joint.errors import Smoothing
from eisfit.tracking.joint.problem import JointProblem
from eisfit.tracking.joint.result import make_results
from eisfit.tracking.joint.smoothness import Strength, compute_penalty
from eisfit.tracking.joint.solver import minimise_banded

CYCLES = 12
THICKNESS = {"value": "5 um", "stderr": "0.5 um"}
AGAIN = ("undetermined", "correlated", "at_bound", "arcs_swapped", "arcs_merged", "jump")


def battery(k):
    return {"R_s": 2 + 0.02 * k, "R_sei": 12 + 0.4 * k, "CPE_sei_Q": 2e-4, "CPE_sei_alpha": 0.9,
            "R_ct": 40 + 5 * k, "CPE_ct_Q": 2e-3, "CPE_ct_alpha": 0.88, "W_d_sigma": 3.0}  # fmt: skip


def capacitor(k):
    return {"R_s": 2.0, "R_ct": 40.0 + 5 * k, "CPE_ct_Q": 1e-4, "CPE_ct_alpha": 1.0}


def two_alike(k):
    return {"R_s": 2.0, "R_1": 10.0, "CPE_1_Q": 1e-3, "CPE_1_alpha": 0.9, "R_2": 12.0 + 4 * k,
            "CPE_2_Q": 2e-3, "CPE_2_alpha": 0.85}  # fmt: skip


def film(k):
    return {"R_s": 2.0, "R_ct": 40.0 + 5 * k, "CPE_ct_Q": 1e-4, "CPE_ct_alpha": 0.9,
            "Wo_d_R": 20.0, "Wo_d_tau": 30.0}  # fmt: skip


def plain(circuit):
    return circuit


def tied(circuit):
    return circuit.constrain(expr={"CPE_sei_alpha": "CPE_ct_alpha + 0.02"})


CASES = {
    "battery": ("rs-sei-ct-w", battery, 0.005, plain, {"R_ct": "smooth", "CPE_ct_alpha": "shared"}),
    "noisy": ("rs-sei-ct-w", battery, 0.05, plain, {"R_s": "shared"}),
    "tied": ("rs-sei-ct-w", battery, 0.005, tied, {"R_ct": "smooth", "CPE_ct_alpha": "shared"}),
    "at a bound": ("R_s-p(R_ct,CPE_ct)", capacitor, 0.01, plain, {"R_ct": "smooth"}),
    "correlated": ("R_s-p(R_1,CPE_1)-p(R_2,CPE_2)", two_alike, 0.01, plain, {"R_2": "smooth"}),
    "film": ("R_s-p(R_ct,CPE_ct)-Wo_d", film, 0.005, plain, {"R_ct": "smooth"}),
}


def ended(case):
    """Return the problem, where it ended and the covariance there; spectra of two lengths, two geometries."""
    string, truth, noise, shape, modes = CASES[case]
    circuit = eisfit.circuit(string)
    spectra = [simulate(circuit, truth(k), noise=noise, seed=k, cycle=k + 1) for k in range(CYCLES)]
    spectra[4] = spectra[4].select(fmin=0.05)
    known = Geometry.of({"area": {"value": "2 cm^2", "stderr": "0.1 cm^2"}, "length": THICKNESS})
    spectra[6:] = [known.attach_to(s) for s in spectra[6:]]
    circuit = shape(circuit)
    fits = [fit for fit in eisfit.track(spectra, circuit) if fit.error is None]
    free = {name: "free" for name, p in circuit.parameters.items() if p.free}
    problem = JointProblem.of(fits, circuit, free | modes)
    strengths = {name: Strength(1e4) for name, mode in modes.items() if mode == "smooth"}
    smoothing = Smoothing(problem, compute_penalty(np.arange(float(len(fits)))), strengths)
    theta = minimise_banded(problem, smoothing.bands()).theta
    return problem, theta, smoothing.covariance(theta)


def by_itself(problem, theta, covariance, k):
    """Return what `make_results` gave for a cycle before it worked in columns."""
    circuit, fit, free = problem.circuit, problem.fits[k], problem.coordinates.free
    values = problem.coordinates.physical(theta)[k]
    named = dict(zip(circuit.names, values.tolist(), strict=True))
    slope = np.where(problem.coordinates.log[free], values[free], 1.0)
    scales = Scales.of(fit.spectrum.omega, fit.spectrum.impedance)
    bounded = find_at_bound(circuit, scales, named)
    keep = [v for v, name in enumerate(problem.names) if name not in bounded]
    names = tuple(problem.names[v] for v in keep)
    order = np.argsort(np.concatenate([problem.local, problem.shared]))
    covar = (covariance[k][np.ix_(order, order)] * np.outer(slope, slope))[np.ix_(keep, keep)]
    stderr = dict(zip(names, np.sqrt(np.diag(covar)).tolist(), strict=True))
    z = circuit.impedance(fit.spectrum.frequency, named)
    rms = float(np.sqrt(np.mean(np.abs(z / fit.spectrum.impedance - 1) ** 2)))
    relative = (z - fit.spectrum.impedance) / np.abs(fit.spectrum.impedance)
    lag1 = np.sum(relative[1:] * relative[:-1].conj()).real / np.sum(np.abs(relative) ** 2)
    spread = np.sqrt(np.diag(covar))
    correlation = covar / np.outer(spread, spread)
    upper = zip(*np.triu_indices(len(names), 1), strict=True)
    pairs = [(names[i], names[j], float(correlation[i, j])) for i, j in upper]
    seen = Judgement(circuit, scales, named, {name: stderr.get(name) for name in circuit.names},
                     sorted(pairs, key=lambda pair: -abs(pair[2])), True, "", rms, np.nan,
                     fit.grade)  # fmt: skip
    return {
        "values": named, "stderr": stderr, "bounded": set(bounded), "covar": covar, "names": names,
        "derived": compute_derived(circuit, named, names, covar, Geometry.of_metadata(fit.spectrum.metadata)),
        "chisqr": float(problem.chisqr(theta)[k]), "rms": rms, "lag1": lag1,
        "judged": set_levels(circuit, find_findings(seen)),
    }  # fmt: skip


@pytest.mark.parametrize(
    "case", [pytest.param(c, marks=pytest.mark.slow) if c == "noisy" else c for c in CASES]
)
def test_columns_give_what_each_cycle_gives_by_itself(case):
    problem, theta, covariance = ended(case)
    results = make_results(problem, theta, covariance)
    assert len(results) == len(problem.fits) >= 10
    for k, (fit, alone) in enumerate(zip(results, problem.fits, strict=True)):
        due = by_itself(problem, theta, covariance, k)
        assert fit.values == due["values"]
        assert fit.var_names == due["names"]
        assert {name for name, p in fit.parameters.items() if p.at_bound} == due["bounded"]
        assert {name for name, p in fit.parameters.items() if p.stderr is not None} == set(due["stderr"])
        for name, error in due["stderr"].items():
            assert fit[name].stderr == pytest.approx(error, rel=1e-10)
        spread = np.sqrt(np.diag(due["covar"]))
        assert fit.covar / spread / spread[:, None] == pytest.approx(
            due["covar"] / spread / spread[:, None], abs=1e-10
        )
        assert list(fit.derived) == list(due["derived"])
        for name, row in due["derived"].items():
            assert fit.derived[name] == {"unit": row["unit"], "value": pytest.approx(row["value"], rel=1e-10),
                                         "stderr": pytest.approx(row["stderr"], rel=1e-10),
                                         "verdict": fit.derived[name]["verdict"]}, name  # fmt: skip
        assert fit.statistics.chisqr == pytest.approx(due["chisqr"], rel=1e-10)
        assert fit.statistics.rms_relative_residual == pytest.approx(due["rms"], rel=1e-10)
        assert fit.statistics.lag1_autocorrelation == pytest.approx(due["lag1"], rel=1e-8)
        flags = due["judged"]
        if any(flag.name == "kk_failed" and flag.forbids for flag in fit.flags):
            flags = tuple(flag for flag in flags if flag.name != "misfit")  # the data's fault comes first
        again = tuple(flag for flag in fit.flags if flag.name in AGAIN)
        assert again == flags
        if set(fit.flags) == set(again):
            assert fit.ok == (not any(flag.forbids for flag in flags))
        assert (fit.starts, fit.agreed, fit.weighting) == (alone.starts, alone.agreed, alone.weighting)
        assert json.dumps(eisfit.FitResult.from_dict(json.loads(json.dumps(fit.to_dict()))).to_dict())


def test_the_cases_have_what_they_are_for():
    bounded = make_results(*ended("at a bound"))
    assert 0 < sum(any(p.at_bound for p in fit.parameters.values()) for fit in bounded) < CYCLES
    named = {flag.name for fit in make_results(*ended("correlated")) for flag in fit.flags}
    assert "correlated" in named
    film_fits = make_results(*ended("film"))
    assert "D_d" in film_fits[-1].derived
    assert "D_d" not in film_fits[0].derived
    assert not make_results(*ended("battery"))[0].flags


def test_results_do_not_share_their_arrays():
    first, second, *_ = make_results(*ended("battery"))
    before = second.covar.copy()
    first.covar[:] = 0.0
    assert (second.covar == before).all()


def test_what_follows_from_the_parameters_keeps_the_circuits_own_error():
    """It is common to the cycles: of R_p, the whole variance less the noise's, as of the cycle by itself."""
    frequency = np.geomspace(1e5, 1e-2, 51)
    s = 2j * np.pi * frequency
    cycles = []
    for k in range(5):  # simulated: the slow arc is Havriliak and Negami's
        z = 5 + 20 / (1 + (s * 1e-5) ** 0.9) + (100 + k) / (1 + (s * 0.05) ** 0.9) ** 0.8
        scatter = np.random.default_rng(k).standard_normal((2, 51))
        z = z + 0.001 * np.abs(z) * (scatter[0] + 1j * scatter[1])
        cycles.append(eisfit.Spectrum(frequency=frequency, impedance=z, cycle=k + 1))
    alone = eisfit.track(cycles, "rs-sei-ct")
    joint = eisfit.track(cycles, "rs-sei-ct", joint={"CPE_sei_alpha": "shared"})

    def by_noise(fit):
        rows = [fit.var_names.index(name) for name in ("R_sei", "R_ct")]
        return fit.covar[np.ix_(rows, rows)].sum()

    for one, fit in zip(alone, joint, strict=True):
        by_model = one.derived["R_p"]["stderr"] ** 2 - by_noise(one)
        assert by_model > by_noise(one)
        assert fit.derived["R_p"]["stderr"] ** 2 == pytest.approx(by_noise(fit) + by_model, rel=1e-6)


@pytest.mark.parametrize("noise", [None, 0.02])
def test_every_statistic_of_a_cycle_is_that_of_the_joint_fit(noise):
    weighting = "modulus" if noise is None else "noise"
    circuit, rng = eisfit.circuit("R_s-p(R_ct,C_dl)"), np.random.default_rng(5)
    f = np.logspace(4, -1, 25)
    clean = [circuit.impedance(f, {"R_s": 2.0, "R_ct": 40.0 + 5 * k, "C_dl": 1e-3}) for k in range(3)]
    made = [z * (1 + 0.02 * (rng.normal(size=25) + 1j * rng.normal(size=25))) for z in clean]
    spectra = [
        eisfit.Spectrum(f, z, cycle=k, noise=None if noise is None else noise * np.abs(z))
        for k, z in enumerate(made)
    ]
    track = eisfit.track(spectra, circuit, joint={"R_s": "shared"}, weighting=weighting)
    one = eisfit.fit(spectra[0], circuit, weighting=weighting)
    (batch, *_) = eisfit.fit_many(spectra, circuit, weighting=weighting)
    assert (
        set(vars(one.statistics))
        == set(vars(batch.statistics))
        == {f.name for f in dataclasses.fields(Statistics)}
    )
    for cycle in track:
        seen = cycle.statistics
        assert set(vars(seen)) == set(vars(one.statistics))
        assert (seen.nvarys, seen.nfree, seen.ndata) == (3, 47, 50)
        assert seen.redchi == pytest.approx(seen.chisqr / 47)
        assert seen.aic == pytest.approx(50 * np.log(seen.chisqr / 50) + 2 * 3)
        assert seen.bic == pytest.approx(50 * np.log(seen.chisqr / 50) + np.log(50) * 3)
        assert seen.p_value == (None if noise is None else pytest.approx(stats.chi2.sf(seen.chisqr, 47)))
