"""Every flag once, from a spectrum that deserves it, with cause and cure; and none where none is due."""

from __future__ import annotations

import numpy as np
import pytest

import eisfit
from eisfit.engine.coordinates import Scales
from eisfit.fitting.verdicts.findings import set_levels
from eisfit.fitting.verdicts.flags import CHECKS, Batch, Judgement, are_silent, find_at_bound, find_findings
from eisfit.model.circuit import Circuit
from eisfit.spectra.spectrum import Spectrum
from eisfit.verdict import Flag

FREQUENCY = np.geomspace(1e5, 1e-2, 60)
S = 2j * np.pi * FREQUENCY


def arc(r, q, alpha, s=S):
    return r / (1 + r * q * s**alpha)


def noisy(z, noise=0.003, seed=0, frequency=FREQUENCY):
    rng = np.random.default_rng(seed)
    return Spectrum(frequency, z * (1 + noise * (rng.normal(size=z.size) + 1j * rng.normal(size=z.size))))


def named(result, name):
    found = [flag for flag in result.flags if flag.name == name]
    assert found, [str(flag) for flag in result.flags]
    for flag in found:
        assert flag.cause
        assert flag.cure
        assert "\n" not in str(flag)
    return found


def test_a_good_fit_has_no_flags():
    r = eisfit.fit(noisy(3 + arc(10, 2e-5, 0.9) + arc(50, 3e-3, 0.85)), "rs-sei-ct")
    assert r.ok
    assert r.flags == ()


def test_misfit():
    r = eisfit.fit(noisy(3 + arc(10, 2e-5, 0.9) + arc(50, 3e-3, 0.85)), "rs-ct")
    (flag,) = named(r, "misfit")
    assert (r.grade, flag.level) == ("D", "forbids")
    assert not r.ok
    assert not any(p.verdict == "determined" for p in r.parameters.values())
    assert "misses the data by" in flag.cause
    assert "times its noise" in flag.cause
    assert "another circuit" in flag.cure


def test_at_bound():
    r = eisfit.fit(noisy(3 + arc(50, 3e-3, 0.85)), "rs-ct", bound={"R_ct": (60, 1000)})
    flag = named(r, "at_bound")[0]
    assert not r.ok
    assert r["R_ct"].at_bound
    assert flag.cause.startswith("R_ct = 60")
    assert "lower" in flag.cause
    assert "--bound" in flag.cure or "--fix" in flag.cure


def test_an_exponent_of_one_is_told_but_no_fault():
    r = eisfit.fit(noisy(3 + arc(50, 1e-5, 1.0), 0.003, 3), "rs-ct")
    if not r["CPE_ct_alpha"].at_bound:
        r = eisfit.fit(noisy(3 + arc(50, 1e-5, 1.0), 0.003, 4), "rs-ct")
    flag = named(r, "at_bound")[0]
    assert "CPE_ct_alpha" in flag.cause
    assert "capacitor" in flag.cure
    assert r.ok


def test_a_resistance_that_is_not_there():
    r = eisfit.fit(noisy(3 + arc(50, 3e-3, 0.85)), "rs-sei-ct-w")
    assert r["W_d_sigma"].verdict == "open"
    assert r["W_d_sigma"].interval["low"] is None  # it has an upper limit, and spoils nothing else
    assert r.ok
    assert {flag.name for flag in r.flags} & {"at_bound", "undetermined", "degenerate"}


def test_undetermined():
    """The arc closes a hundred times below the lowest frequency: R_ct is a guess."""
    f = np.geomspace(1e5, 1e3, 40)
    z = 3 + arc(5e5, 1e-5, 0.9, 2j * np.pi * f)
    r = eisfit.fit(noisy(z, 0.01, 1, f), "rs-ct")
    assert not r.ok
    assert {flag.name for flag in r.flags} & {"undetermined", "at_bound"}
    assert any("R_ct" in flag.cause for flag in r.flags)


def judged(**changes):
    """Judge a fit made by hand: for what none of ours does on request."""
    circuit = eisfit.circuit("R_s-p(R_ct,C_dl)")
    fields = {
        "circuit": circuit,
        "scales": Scales(1.0, 100.0, 1.0, 1e6),
        "values": {"R_s": 2.0, "R_ct": 50.0, "C_dl": 1e-4},
        "stderr": {"R_s": 0.1, "R_ct": 0.5, "C_dl": 1e-6},
        "correlations": [],
        "converged": True,
        "message": "",
        "rms": 0.0,
        "misfit": 1.0,
        "grade": "A",
    }
    seen = Judgement(**{**fields, **changes})
    flags = set_levels(seen.circuit, find_findings(seen))
    return flags, not any(flag.forbids for flag in flags)


def test_correlated():
    """Told, but no fault: the combination of the two is determined."""
    (flag,), ok = judged(correlations=[("R_s", "R_ct", -0.995), ("R_ct", "C_dl", 0.5)])
    assert (flag.name, ok) == ("correlated", True)
    assert "R_s and R_ct are correlated by -0.995" in flag.cause
    assert "fix one of them" in flag.cure
    assert judged(correlations=[("R_s", "R_ct", -0.9)])[0] == ()


def test_parameters_that_hang_together_are_one_flag():
    """Two groups: three resistances, by way of the middle one; a diffusion and a capacitance."""
    circuit = Circuit.from_string("R_s-p(R_sei,CPE_sei)-p(R_ct-W_d,CPE_ct)")
    values = dict.fromkeys(circuit.names, 1.0)
    pairs = [
        *(("R_s", "R_sei", -0.999), ("W_d_sigma", "CPE_ct_Q", 0.99), ("R_sei", "R_ct", 0.985)),
        *(("CPE_ct_Q", "CPE_ct_alpha", -0.984), ("R_s", "R_ct", -0.97)),
    ]
    flags, _ = judged(circuit=circuit, values=values, stderr=dict.fromkeys(values, 0.1), correlations=pairs)
    found = [flag for flag in flags if flag.name == "correlated"]
    assert [flag.cause for flag in found] == [
        "R_s, R_sei and R_ct are correlated with each other, R_s and R_sei by -0.999",
        "W_d_sigma and CPE_ct_Q are correlated by +0.990",
    ]
    assert found[0].cure.endswith("such as R_p")


def test_not_converged():
    (flag,), ok = judged(converged=False, message="gave up")
    assert (flag.name, ok) == ("not_converged", False)
    assert "gave up" in flag.cause
    assert "start values" in flag.cure


def test_arcs_swapped():
    """The Warburg stands in the faster arc: the roles come out exchanged, and that is said."""
    w = 3 * np.sqrt(2 / S)
    fast = 1 / (2e-5 * S**0.95 + 1 / (20 + w))
    r = eisfit.fit(noisy(3 + fast + arc(50, 5e-2, 0.95), 0.001), "rs-sei-ct-w")
    (flag,) = named(r, "arcs_swapped")
    assert flag.level == "tells"  # the values hold: it is their names that must be read as exchanged
    assert r.ok
    assert "SEI" in flag.cause
    assert "charge-transfer" in flag.cause


def test_a_flag_goes_to_json_and_back():
    flag = Flag("misfit", "cause", "cure", "forbids")
    assert Flag.from_dict(flag.to_dict()) == flag
    assert str(flag) == "misfit: cause; cure"


@pytest.mark.parametrize("seed", range(8))
def test_good_fits_are_not_suspected(seed):
    """The misfit flag compares with what noise alone leaves: it must not cry wolf."""
    r = eisfit.fit(noisy(3 + arc(10, 2e-5, 0.9) + arc(50, 3e-3, 0.85), 0.01, seed), "rs-sei-ct")
    assert "misfit" not in {flag.name for flag in r.flags}


@pytest.mark.parametrize("fault", ["a point", pytest.param("the slow end", marks=pytest.mark.slow)])
def test_the_cure_of_a_misfit_by_faulty_data_helps_and_sends_to_no_other_circuit(fault):
    """A wrong point, or a cell that changes at the slow end: `--drop-invalid`, where no circuit would do."""
    f = np.geomspace(1e5, 1e-2, 50)
    z = 3 + 30 / (1 + (2j * np.pi * f * 1e-3) ** 0.9)
    error = np.random.default_rng(1).normal(0, 0.002, (2, f.size))
    z = z * (1 + error[0] + 1j * error[1])
    if fault == "a point":
        z[20] *= 1.3
    else:
        z = z * (1 + 0.25 * np.clip(np.log10(0.1 / f), 0, None))
    faulty = eisfit.fit((f, z), "rs-ct")
    told = next(flag for flag in faulty.flags if flag.name == "misfit")
    assert "--drop-invalid" in told.cure
    assert "compare" not in told.cure
    cured = eisfit.fit((f, z), "rs-ct", drop_invalid=True)
    assert cured.ok
    assert cured["R_ct"].value == pytest.approx(30, rel=0.01)


def test_a_point_off_is_told_where_the_grade_allows_it():
    """Grade A bears a single point that is 15 standard deviations off: the data are tested all the same."""
    z = 10 + arc(100, 1e-4, 0.9)
    clean, off = noisy(z, 0.002, 3), noisy(np.where(np.arange(z.size) == 30, 1.03 * z, z), 0.002, 3)
    alone = [eisfit.fit(spectrum, "rs-ct") for spectrum in (clean, off)]
    for results in (alone, list(eisfit.fit_many([clean, off], "rs-ct"))):
        assert [r.grade for r in results] == ["A", "A"]
        assert not results[0].flags
        named(results[1], "outlier")


def draw_batch(circuit, rng, count=400):
    """Return fits as they may come out: arcs in any order, exponents to the end, errors and correlations."""
    names = circuit.free_names
    values = {name: 10.0 ** rng.uniform(-1, 2, count) for name in circuit.names}
    values["R_sei"][::20] = 1e-9
    for name in circuit.names:
        if name.endswith("_alpha"):
            values[name] = np.minimum(rng.uniform(0.3, 1.2, count), 1.0)
    held = {name: expression.evaluate(values)[0] for name, expression in circuit.expressions.items()}
    for name, given in held.items():
        values[name] = np.clip(given, circuit.parameters[name].min, circuit.parameters[name].max)
    columns = np.column_stack([values[name] for name in circuit.names])
    size = np.column_stack([values[name] for name in names])
    shared = rng.normal(size=(count, 1, len(names))) * 10.0 ** rng.uniform(-2, 1.5, (count, 1, 1))
    covar = np.einsum("bki,bkj->bij", shared, shared) + np.eye(len(names))
    covar *= (10.0 ** rng.uniform(-5, 0.5, (count, 1)) * size)[:, :, np.newaxis] * size[:, np.newaxis, :]
    stderr = np.sqrt(np.einsum("bii->bi", covar))
    stderr[rng.random(count) < 0.05] = np.nan
    named = [dict(zip(circuit.names, row, strict=True)) for row in columns.tolist()]
    scales = Scales.of(2 * np.pi * FREQUENCY, 3 + arc(50, 3e-3, 0.85))
    bounded = np.array([bool(find_at_bound(circuit, scales, row)) for row in named])
    batch = Batch(circuit, columns, names, stderr, stderr, covar, bounded)
    places = [(i, j) for i in range(len(names)) for j in range(i)]
    for b, row in enumerate(named):
        pairs = [(names[j], names[i], covar[b, i, j] / stderr[b, i] / stderr[b, j]) for i, j in places]
        pairs = sorted((pair for pair in pairs if np.isfinite(pair[2])), key=lambda pair: -abs(pair[2]))
        errors = dict(zip(names, stderr[b].tolist(), strict=True))
        yield batch, b, Judgement(circuit, scales, row, errors, pairs, True, "", 1e-3, 1.0, "A")


def test_a_batch_is_asked_for_whatever_one_fit_would_be_told():
    """A check that calls a row silent of which it has something to say leaves batches without its flag."""
    plain, spoken = eisfit.circuit("rs-sei-ct"), set()
    tied = plain.constrain(expr={"CPE_ct_alpha": "1.5*CPE_sei_alpha"})
    for circuit in (plain, tied):
        drawn = list(draw_batch(circuit, np.random.default_rng(7)))
        quiet = are_silent(drawn[0][0])
        assert 0.02 < quiet.mean() < 0.9
        for k, check in enumerate(CHECKS):
            silent = check.silent(drawn[0][0])
            said = [bool(list(check.one(seen))) for _, _, seen in drawn]
            spoken |= {k} if any(said) else set()
            assert not any(silent & said), check
        assert not any(find_findings(seen) for _, b, seen in drawn if quiet[b])
    assert spoken == set(range(len(CHECKS))), "draw fits of which the new check says something"
