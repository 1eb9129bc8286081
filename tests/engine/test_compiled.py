"""The compiled path against numpy's: same ends for every circuit; when it is taken, what it says if not."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from eisfit.engine.coordinates import Coordinates, Scales
from eisfit.engine.evaluation import compiled, machine_code, tape
from eisfit.engine.evaluation.compiled import uses_compiled_loop
from eisfit.engine.evaluation.tape import SYMBOLS, is_supported
from eisfit.engine.solver import Problem, solve
from eisfit.errors import UsageError
from eisfit.fitting.errors.departures.linearised import linearise
from eisfit.model.circuit import Circuit
from eisfit.model.elements import ELEMENTS, FrequencyGrid
from eisfit.model.files.library import circuit as find_circuit
from eisfit.model.files.library import circuits

needs_numba = pytest.mark.skipif(find_spec("numba") is None, reason="numba is not installed")
OMEGA = 2 * np.pi * np.geomspace(1e5, 1e-2, 31)
TYPICAL = {"ohm": 20.0, "F": 1e-4, "H": 1e-5, "S s^alpha": 2e-3, "ohm s^-1/2": 4.0, "s": 3.0, "": 0.8}
KNOWN = [name for name in circuits() if is_supported(Coordinates(find_circuit(name), Scales(1, 9, 0.1, 1e5)))]
CONSTRAINED = {
    "capacitor": ("R_s-p(R_ct,C_dl)", {}),
    "fixed alpha": ("R_s-p(R_ct,CPE_ct)", {"fix": {"CPE_ct_alpha": 0.8}}),
    "fixed R": ("R_s-p(R_ct,CPE_ct)", {"fix": {"R_ct": 30.0}}),
    "fixed to zero": ("R_s-p(R_ct,CPE_ct)", {"fix": {"R_s": 0.0}}),
    "fixed Q": ("R_s-p(R_ct,CPE_ct)-p(R_2,CPE_2)", {"fix": {"CPE_2_Q": 1e-3}}),
    "bounded": ("R_s-p(R_ct,CPE_ct)", {"bound": {"CPE_ct_alpha": (0.2, 0.7), "R_ct": (1.0, 10.0)}}),
    "nested": ("L_1-R_s-p(R1-p(R2-W3,CPE2),CPE1)", {}),
    "all in parallel": ("p(R1-L1,C1,CPE1-R2,W1-R3)", {}),
    "diffusion in parallel": ("R_s-p(Wo1,R1)-p(Ws1,C1)-p(G1-R2,CPE1)", {}),
    "by time constant": ("R_s-K1-Zarc1-p(K2-R_1,C_1)", {}),
    "transmissive": ("R_s-p(R_1-Ws_1,CPE_1)", {}),
    "free exponents": ("R_s-p(R_1-Wsp_1,CPE_1)-Wop_2", {}),
    "fixed exponent": ("R_s-p(R_1-Wsp_1,CPE_1)", {"fix": {"Wsp_1_p": 0.45}}),
    "pores": ("R_s-TLM_1-p(R_2-TLMQ_2,C_2)", {}),
    "pores of known resistance": ("R_s-p(TLM_1,C_1)", {"fix": {"TLM_1_R_ion": 10.0, "TLM_1_alpha": 0.9}}),
}


def typical(circuit, count=1, spread=0.0, seed=0):
    rng = np.random.default_rng(seed)
    rows = circuit.parameters.values()
    usual = TYPICAL | {"_p": 0.42}  # the exponent of a diffusion, which has no unit either
    middle = np.array([usual.get(p.name[-2:], usual[p.unit]) if p.free else p.value for p in rows])
    free = np.array([p.free for p in rows])
    width = np.array([0.05 if p.scale == "linear" else 1.0 for p in rows])
    # Arcs at different places, so that the optimum is one point.
    middle = np.where(free, middle * 1.5 ** (np.arange(len(middle)) * (width == 1.0)), middle)
    return middle * np.exp(spread * width * free * rng.uniform(-1, 1, (count, len(middle))))


def problem(circuit, count=5, seed=1, noise=0.003, omega=OMEGA):
    """Return spectra of the circuit with noise, and starts near the truth."""
    rng = np.random.default_rng(seed)
    truth = typical(circuit, count, 0.2, seed)
    z = np.stack(
        [
            circuit.impedance(row / 2 / np.pi, dict(zip(circuit.names, p, strict=True)))
            for row, p in zip(np.broadcast_to(omega, (count, omega.shape[-1])), truth, strict=True)
        ]
    )
    z = z * (1 + noise * (rng.normal(size=z.shape) + 1j * rng.normal(size=z.shape)))
    coordinates = Coordinates(circuit, Scales.of(omega, z))
    parts = np.maximum(np.abs(z.view(np.float64)), 0.1 * np.repeat(np.abs(z), 2, axis=1))
    task = Problem(coordinates, FrequencyGrid(omega), z, 1 / parts)
    return task, coordinates.internal(truth * np.exp(0.1 * rng.normal(size=truth.shape)))


def both(task, theta, **options):
    return [solve(task, theta, engine=engine, **options) for engine in ("numpy", "numba")]


def assert_same(first, second):
    assert np.array_equal(first.converged, second.converged)
    assert second.chisqr == pytest.approx(first.chisqr, rel=1e-9)


@pytest.mark.slow
@needs_numba
@pytest.mark.parametrize("name", KNOWN)
def test_same_optima_for_the_circuits_in_the_folder(name):
    task, theta = problem(find_circuit(name))
    numpys, numbas = both(task, theta, tolerance=1e-13, max_iterations=300)
    done = numpys.converged  # a row still on its way along a flat valley is nowhere in particular
    assert done.sum() >= 4
    assert np.array_equal(done, numbas.converged)
    assert numbas.chisqr[done] == pytest.approx(numpys.chisqr[done], rel=1e-9)
    left = [task.evaluate(end.theta, task.buffer(5))[0][done] for end in (numpys, numbas)]
    assert left[1] == pytest.approx(left[0], abs=1e-7)  # of |Z|, where the noise is 3e-3


@pytest.mark.slow
@needs_numba
@pytest.mark.parametrize("case", CONSTRAINED)
def test_same_steps_under_constraints(case):
    string, constraints = CONSTRAINED[case]
    circuit = Circuit.from_string(string).constrain(**constraints)
    task, theta = problem(circuit)
    for steps in (0, 1, 3, 12):
        numpys, numbas = both(task, theta, max_iterations=steps)
        assert_same(numpys, numbas)
        assert numbas.theta == pytest.approx(numpys.theta, rel=1e-6, abs=1e-6)
        assert numbas.iterations == numpys.iterations


@st.composite
def trees(draw, depth=2, nested=False):
    """Draw a circuit's string without names; every letter is an element that the loop knows."""
    if depth == 0 or (nested and draw(st.booleans())):
        return draw(st.sampled_from(sorted(SYMBOLS)))
    parts = draw(st.lists(trees(depth - 1, True), min_size=2, max_size=3))
    return f"p({','.join(parts)})" if draw(st.booleans()) else "-".join(parts)


def named(string):
    """Give each element of a string a number."""
    out, word, count = "", "", 0
    for letter in f"{string} ":
        if letter.isalpha() and not (letter == "p" and not word):
            word += letter
            continue
        if word:
            count += 1
            out, word = f"{out}{word}{count}", ""
        out += letter
    return out.strip()


@needs_numba
@settings(max_examples=40, deadline=None)
@given(trees(), st.integers(0, 2**16))
@example("p(C-C,p(CPE,R))", 0)
@pytest.mark.slow
def test_same_steps_for_random_circuits(string, seed):
    circuit = Circuit.from_string(named(string))
    task, theta = problem(circuit, 2, seed)
    numpys, numbas = both(task, theta, max_iterations=2, damping=1e-2)
    assert_same(numpys, numbas)
    assert numbas.theta == pytest.approx(numpys.theta, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(
    "string", ["p(C_1-C_2,p(CPE_3,R_4))", "p(R_1-L_1,p(CPE_3,R_4),C_2)", "R_1-p(CPE_3,R_4)"]
)
def test_derivatives_by_differences(string):
    """In numpy: an arc by itself and one inside a parallel connection, where its admittance is wanted."""
    task, start = problem(Circuit.from_string(string), 2)
    theta = task.coordinates.clip(start)
    slopes = task.evaluate(theta, task.buffer(2))[1].copy()
    for k in range(theta.shape[1]):
        step = 1e-6 * (np.arange(theta.shape[1]) == k)
        above, below = (task.evaluate(theta + side * step, task.buffer(2))[0] for side in (1, -1))
        assert slopes[:, k] == pytest.approx((above - below) / 2e-6, rel=1e-5, abs=1e-6)


@pytest.mark.slow
@needs_numba
def test_extreme_values_of_the_diffusion_elements():
    """Diffusion times from far above to far below the sweep: nothing overflows, nothing cancels."""
    circuit = Circuit.from_string("R_s-Wo1-Ws1-Wop1-Wsp1-TLM1-TLMQ1")
    task, _ = problem(circuit, 1)
    times, plain = 10.0 ** np.arange(-9, 7), np.full((16, 1), 2.0)
    up, down = np.stack([2 * plain[:, 0], times], axis=1), np.stack([plain[:, 0], times[::-1]], axis=1)
    exponents = np.linspace(0.2, 0.6, 16)[:, np.newaxis]
    pores = np.concatenate([up, down[:, 1:], 0.4 + exponents, down, 0.4 + exponents], axis=1)
    rows = np.concatenate([plain, up, down, up, exponents, down, exponents, pores], axis=1)
    theta = task.coordinates.internal(rows)
    for steps in (0, 1):
        numpys, numbas = both(task, theta, max_iterations=steps)
        assert numbas.chisqr == pytest.approx(numpys.chisqr, rel=1e-9)


@pytest.mark.slow
@needs_numba
def test_one_spectrum_for_all_rows_and_frequencies_of_their_own():
    circuit = find_circuit("rs-ct-w")
    task, theta = problem(circuit, 1)
    many = theta + np.random.default_rng(3).normal(0, 0.3, (7, theta.shape[1]))
    assert_same(*both(task, many))
    omega = np.stack([OMEGA, 2 * OMEGA, 0.5 * OMEGA])
    task, theta = problem(circuit, 3, omega=omega)
    assert_same(*both(task, theta))


@pytest.mark.slow
@needs_numba
@pytest.mark.parametrize("case", CONSTRAINED)
def test_fits_are_described_as_in_numpy(case, monkeypatch):
    monkeypatch.setenv("EISFIT_ENGINE", "numba")
    string, constraints = CONSTRAINED[case]
    circuit = Circuit.from_string(string).constrain(**constraints)
    task, theta = problem(circuit)
    c = task.coordinates
    free = circuit.free_columns
    of_fits = circuit, task.grid.omega, task.target, task.weight, c.physical(theta)
    held = np.zeros((5, len(free)), dtype=bool)
    one, other = (
        linearise(*of_fits, free=free, held=held, known_noise=False, coordinates=given) for given in (c, None)
    )
    assert (one._beyond is None, other._beyond is None) == (False, True)
    assert one.residual == pytest.approx(other.residual, rel=1e-9, abs=1e-11)
    sound = np.linalg.cond(other.inverse / np.sqrt(scale_of(other.inverse))) < 1e10  # else it is rounding
    assert sound.sum() >= 3
    assert one.inverse[sound] == pytest.approx(other.inverse[sound], rel=1e-6)
    left = one.beyond_parameters.residual, other.beyond_parameters.residual
    assert left[0][sound] == pytest.approx(left[1][sound], abs=1e-7 * np.abs(other.residual).max())


def scale_of(covar):
    diagonal = np.einsum("bii->bi", covar)
    return diagonal[:, :, np.newaxis] * diagonal[:, np.newaxis, :]


@pytest.mark.slow
@needs_numba
def test_a_start_that_cannot_be_evaluated():
    task, theta = problem(find_circuit("rs-ct"))
    theta[1], theta[3, 0] = np.nan, np.nan
    found = solve(task, theta, engine="numba")
    assert np.isinf(found.chisqr[[1, 3]]).all()
    assert not found.converged[[1, 3]].any()
    assert found.converged[[0, 2, 4]].all()


@needs_numba
def test_what_the_loop_does_not_know_is_solved_in_numpy():
    circuit = Circuit.from_string("R_s-TLMe1")
    assert not is_supported(Coordinates(circuit, Scales(1, 9, 0.1, 1e5)))
    task, theta = problem(circuit)
    assert_same(*both(task, theta))


@needs_numba
def test_tape_and_loop_speak_of_the_same_instructions():
    from eisfit.engine.evaluation import compiled_loop

    numbers = [getattr(compiled_loop, name) for name in tape._INSTRUCTIONS]
    assert numbers == list(range(len(numbers)))


def test_every_symbol_is_an_element():
    assert set(ELEMENTS) >= SYMBOLS


def coordinates():
    return Coordinates(find_circuit("rs-sei-ct-w"), Scales(1, 9, 0.1, 1e5))


@pytest.fixture
def fresh(monkeypatch):
    """A process that has solved nothing; a stand-in for machine code, of which nothing is kept."""
    meter = compiled._Meter()
    nothing = {"load_library": lambda: None, "load_object": lambda: None}
    code = SimpleNamespace(**nothing, make_loop=lambda: lambda *arrays: 0)
    monkeypatch.setattr(compiled, "_METER", meter)
    monkeypatch.setattr(compiled, "import_module", lambda name: code)
    monkeypatch.delenv("EISFIT_ENGINE", raising=False)
    return meter, code


def test_much_work_is_compiled(fresh):
    assert not uses_compiled_loop(coordinates(), 100_000, 60, None)
    assert uses_compiled_loop(coordinates(), 101_000, 60, None)
    assert uses_compiled_loop(coordinates(), 1, 60, None)


def test_what_is_kept_is_used_sooner(fresh):
    fresh[1].load_object = lambda: lambda *arrays: 0
    assert not uses_compiled_loop(coordinates(), 400, 60, None)
    assert not uses_compiled_loop(coordinates(), 1, 60, None)
    assert fresh[0].rows == 432  # a call has its price
    assert uses_compiled_loop(coordinates(), 100, 60, None)


def test_a_library_is_used_soonest(fresh):
    fresh[1].load_library = lambda: lambda *arrays: 0
    assert uses_compiled_loop(coordinates(), 1, 60, None)


def test_the_caller_decides(fresh):
    fresh[0].rows = 1e9
    assert uses_compiled_loop(coordinates(), 1, 60, "numba")
    assert not uses_compiled_loop(coordinates(), 100, 60, "numpy")


def test_the_environment_decides(fresh, monkeypatch):
    monkeypatch.setenv("EISFIT_ENGINE", "numba")
    assert uses_compiled_loop(coordinates(), 1, 60, None)
    assert not uses_compiled_loop(coordinates(), 1, 60, "numpy")
    monkeypatch.setenv("EISFIT_ENGINE", "numbra")
    with pytest.raises(UsageError, match=r"'numbra' \(environment variable EISFIT_ENGINE\).*numba"):
        uses_compiled_loop(coordinates(), 1, 60, None)


def test_an_unknown_engine():
    with pytest.raises(UsageError, match=r"no engine is called 'fortran'; there are numpy and numba"):
        uses_compiled_loop(coordinates(), 1, 60, "fortran")


def test_without_numba(fresh, monkeypatch):
    def absent(name):
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(compiled, "import_module", absent)
    monkeypatch.setattr(compiled, "find_spec", lambda name: None)
    assert not uses_compiled_loop(coordinates(), 10**6, 60, None)
    with pytest.raises(UsageError, match=r'numba is not installed; pip install "eisfit-toolkit\[fast\]"'):
        uses_compiled_loop(coordinates(), 1, 60, "numba")


@pytest.mark.parametrize(
    "error",
    [ImportError("needs NumPy 2.3 or less"), AttributeError("no types"), RuntimeError("no such processor")],
)
def test_a_numba_that_does_not_load(fresh, monkeypatch, error):
    def refuse():
        raise error

    fresh[1].make_loop = refuse
    monkeypatch.setattr(compiled, "find_spec", lambda name: "found")
    assert not uses_compiled_loop(coordinates(), 10**6, 60, None)
    with pytest.raises(UsageError, match=r"cannot be used: numba does not load \(n"):
        uses_compiled_loop(coordinates(), 1, 60, "numba")


@pytest.mark.slow
@needs_numba
def test_machine_code_is_kept_and_loads_without_numba(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert machine_code.load_library() is None and machine_code.load_object() is None
    assert machine_code.make_loop() is not None
    kept, *library = sorted((tmp_path / "eisfit").iterdir(), key=lambda path: path.suffix)
    assert [path.suffix for path in (kept, *library)] in ([".o"], [".o", ".so"])
    code = (
        "import sys; from eisfit.engine.evaluation.machine_code import load_library, load_object; "
        "found = load_library() or load_object(); "
        "print(found is not None, 'numba' in sys.modules, 'llvmlite' in sys.modules)"
    )
    for path in (*library, None):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert done.stdout.strip() == f"True False {path is None}", done.stderr
        if path is not None:  # a library that is not whole is passed over
            path.write_bytes(path.read_bytes()[:-1])
    kept.parent.chmod(0o777)
    assert machine_code.load_object() is None
    kept.parent.chmod(0o700)
    assert machine_code.load_object() is not None
    kept.write_bytes(kept.read_bytes()[:-1])
    assert machine_code.load_object() is None


@needs_numba
@pytest.mark.skipif(sys.platform == "win32", reason="the user's profile is the user's own there")
def test_code_that_others_can_have_put_there_is_not_loaded(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(machine_code, "_load_object_file", lambda llvm, code: code)
    path = machine_code._find_file(machine_code.import_module("llvmlite.binding"))
    path.parent.mkdir(mode=0o700)
    path.write_bytes(machine_code._digest(b"name\ncode") + b"\nname\ncode")
    assert machine_code.load_object() == b"name\ncode"
    path.parent.chmod(0o770)
    assert machine_code.load_object() is None


@needs_numba
def test_code_that_does_not_load_is_not_kept(tmp_path):
    machine_code._store(tmp_path / "new" / "loop.o", b"name\nno object file")
    content = b"no library\nname\n"
    content += machine_code._checksum(content)
    (tmp_path / "loop.so").write_bytes(content)
    assert machine_code._open_library(tmp_path / "loop.so") is None
    machine_code._store(tmp_path / "new" / "loop.so", content)
    assert not machine_code._link_library(b"no object file", tmp_path / "new" / "loop.so.new")
    assert not list((tmp_path / "new").iterdir())


@needs_numba
def test_a_cache_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    machine_code._store(tmp_path / "file" / "loop.o", b"")  # does not raise
    assert not machine_code._link_library(b"", tmp_path / "file" / "loop.o.new")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems have LLVM's linker")
def test_another_processor_has_another_library(tmp_path, monkeypatch):
    found = set()
    for model, mhz in ((1, 2400), (1, 3600), (2, 3600)):
        told = tmp_path / "cpuinfo"
        told.write_text(
            f"processor\t: 0\nmodel\t\t: {model}\ncpu MHz\t\t: {mhz}\nflags\t\t: fpu\n\nprocessor\t: 1\n"
        )
        monkeypatch.setattr(machine_code, "_PROCESSORS", told)
        found.add(machine_code._find_library())
    assert len(found) == 2
    monkeypatch.setattr(machine_code, "_PROCESSORS", tmp_path / "absent")
    assert machine_code._find_library() is None


@needs_numba
def test_a_user_without_a_home(monkeypatch):
    def nowhere():
        raise RuntimeError

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    monkeypatch.setattr(machine_code.Path, "home", nowhere)
    assert machine_code.load_object() is None


@pytest.mark.slow
@needs_numba
@pytest.mark.parametrize("agree", [1, 3, 40])
@pytest.mark.parametrize("spectra", [1, 3])
def test_both_stop_where_enough_rows_agree(agree, spectra):
    """Twelve starts each: those that still were on their way are left where they were."""
    task, theta = problem(find_circuit("rs-sei-ct"), spectra)
    owner = np.repeat(np.arange(spectra), 12)
    starts = theta[owner] + np.random.default_rng(4).normal(0, 0.8, (owner.size, theta.shape[1]))
    part = task.rows(owner)
    numpys, numbas = both(part, starts, agree=agree, owner=owner, tolerance=1e-6, max_iterations=60)
    assert_same(numpys, numbas)
    assert numbas.theta == pytest.approx(numpys.theta, rel=1e-5, abs=1e-5)


@pytest.mark.slow
@needs_numba
@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_rows_that_lead_nowhere_are_left(engine):
    task, theta = problem(find_circuit("rs-ct"))
    free = solve(task, theta, engine=engine)
    low, high = np.full(5, free.chisqr.max() * 1e-3), np.full(5, np.inf)
    left = solve(task, theta, engine=engine, ceiling=low)
    assert not left.converged.any()
    assert (left.chisqr >= free.chisqr).all()
    assert_same(free, solve(task, theta, engine=engine, ceiling=high))


@pytest.mark.slow
def test_one_fit_does_not_import_numba():
    code = (
        "import sys, eisfit; s = eisfit.simulate('rs-ct', {'R_s': 1, 'R_ct': 9, 'CPE_ct_Q': 1e-3,"
        " 'CPE_ct_alpha': 0.9}); eisfit.fit(s, 'rs-ct'); print('numba' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "False", done.stderr
