"""Extension without a fork: a formula in a notebook, and a package installed without network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import mpmath
import numpy as np
import pytest

import eisfit
from eisfit import extensions
from eisfit.errors import CircuitError, EisfitWarning
from eisfit.model.elements import ELEMENTS, FrequencyGrid
from eisfit.tracking.growth.laws import LAWS

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "docs" / "howto" / "extension"


def arc(omega, R, tau):
    return R / (1 + 1j * omega * tau) ** 0.7


@pytest.fixture
def forgotten():
    """Leave no element behind."""
    before = dict(ELEMENTS)
    yield
    for symbol in set(ELEMENTS) - set(before):
        del ELEMENTS[symbol]


def test_a_formula_is_enough(forgotten):
    eisfit.register_element("Arc", arc, {"R": "ohm", "tau": "s"})
    truth = {"R_s": 2.0, "Arc1_R": 40.0, "Arc1_tau": 3e-3}
    spectrum = eisfit.simulate("R_s-Arc1", truth, noise=1e-3, seed=1)
    result = eisfit.fit(spectrum, "R_s-Arc1")
    assert result.grade == "A"
    for name, value in truth.items():
        assert abs(result[name].value - value) < 5 * result[name].stderr < 0.02 * value
    batch = next(iter(eisfit.fit_many([spectrum], "R_s-p(Arc1,C1)")))
    assert batch.error is None


@pytest.mark.parametrize("built_in", ["R_s-p(R1,C1)", "R_s-p(R1-W1,C1)"])
def test_a_resistance_of_ones_own_is_found_as_the_built_in_one(forgotten, built_in):
    eisfit.register_element("Own", lambda omega, R: R * np.ones_like(omega), {"R": "ohm"})
    for seed in range(8):
        rng = np.random.default_rng(seed)
        r, tau = np.exp(rng.uniform(np.log([5, 1e-4]), np.log([300, 10])))
        truth = {"R_s": rng.uniform(1, 50), "R1": r, "C1": tau / r, "W1_sigma": rng.uniform(2, 50)}
        truth = {name: truth[name] for name in eisfit.circuit(built_in).names}
        spectrum = eisfit.simulate(built_in, truth, noise=3e-3, seed=seed)
        chisqr = [
            eisfit.fit(spectrum, one, validate=False).statistics.chisqr
            for one in (built_in, built_in.replace("R1", "Own1"))
        ]
        assert chisqr[1] == pytest.approx(chisqr[0], rel=1e-6)


def test_what_is_no_element_is_told(forgotten):
    with pytest.raises(CircuitError, match=r"parameters are a mapping of names to units, .*not list"):
        eisfit.register_element("Arc", arc, ["ohm", "s"])
    with pytest.raises(CircuitError, match="the impedance does not depend on tau"):
        eisfit.register_element("Arc", lambda omega, R, tau: R + 0 * omega, {"R": "ohm", "tau": "s"})


def test_complex_steps_are_exact(forgotten):
    """Against mpmath's derivative, 30 digits, over 12 decades of omega tau."""
    element = eisfit.register_element("Arc", arc, {"R": "ohm", "tau": "s"})
    omega = np.geomspace(1e-6, 1e6, 25)
    _, slopes = element.evaluate(FrequencyGrid(omega), np.array([[7.0]]), np.array([[0.3]]))
    with mpmath.workdps(30):
        for k, w in enumerate(omega):
            f = lambda R, tau: R / (1 + 1j * mpmath.mpf(w) * tau) ** mpmath.mpf(0.7)  # noqa: B023, E731
            for slope, order in zip(slopes, ((1, 0), (0, 1)), strict=True):
                exact = complex(mpmath.diff(f, (mpmath.mpf(7), mpmath.mpf(0.3)), order))
                value = float(mpmath.mpf(7) if order == (1, 0) else mpmath.mpf(0.3))
                assert abs(slope[0, k] - exact) <= 1e-12 * abs(complex(f(7, 0.3))) / value


def test_a_derivative_of_ones_own_is_used(forgotten):
    asked = []

    def slopes(omega, R, tau):
        asked.append(1)
        z = arc(omega, R, tau)
        return z / R, -0.7 * z * 1j * omega / (1 + 1j * omega * tau)

    element = eisfit.register_element("Arc", arc, {"R": "ohm", "tau": "s"}, derivative=slopes)
    asked.clear()
    element.evaluate(FrequencyGrid(np.ones(1)), np.ones((1, 1)), np.ones((1, 1)))
    assert asked == [1]


@pytest.mark.parametrize(
    ("formula", "parameters", "options", "sentence"),
    [
        (arc, {"R": "ohm", "tau": "s"}, {"symbol": "W"}, "there is such an element already"),
        (arc, {"R": "ohm", "tau": "s"}, {"symbol": "my arc"}, "letters only"),
        (arc, {"R": "ohm", "tau": "h"}, {}, "the unit 'h' is none of ohm, F, H"),
        (arc, {"R": "ohm", "tau": {"unit": "s", "mim": 1}}, {}, "no 'mim'; did you mean 'min'"),
        (arc, {"R": "ohm", "tau": {"unit": "s", "min": 2, "max": 1}}, {}, "make no range"),
        (arc, {"R": "ohm"}, {}, "the formula fails for omega"),
        (arc, {}, {}, "needs a parameter"),
        (lambda w, R: R * np.inf * w, {"R": "ohm"}, {}, "no finite impedance"),
        (lambda w, R: np.abs(R) + 1j * w, {"R": "ohm"}, {}, "not analytic in R"),
        (lambda R, tau, w: R / (1 + 1j * w * tau), {"R": "ohm", "tau": "s"}, {}, "takes (R, tau, w), but"),
        (lambda w, tau, R: R / (1 + 1j * w * tau), {"R": "ohm", "tau": "s"}, {}, "handed (omega, R, tau)"),
        (lambda w, R: float(np.max(R)) + 0j * w, {"R": "ohm"}, {}, "other numbers for parameters (3, 1)"),
        (lambda w, R: R + 0j * w, {"R": "ohm"}, {"derivative": lambda w, R: (2 + 0j * w,)}, "by R is wrong"),
        (lambda w, R: R + 0j * w, {"R": "ohm"}, {"derivative": lambda w, R: ()}, "0 derivatives for 1"),
    ],
)  # fmt: skip
def test_what_cannot_be_right_is_refused(forgotten, formula, parameters, options, sentence):
    with pytest.raises(CircuitError) as told:
        eisfit.register_element(**{"symbol": "Arc", "formula": formula, "parameters": parameters, **options})
    assert sentence in str(told.value)
    assert "Arc" not in dict(ELEMENTS)


def test_a_cell_of_a_notebook_may_run_again(forgotten):
    for _ in range(2):
        eisfit.register_element("Arc", arc, {"R": "ohm", "tau": "s"})


# ---- entry points


@pytest.fixture
def offered(monkeypatch):
    """Offer entry points as installed packages do, and forget them."""
    points = []
    monkeypatch.setattr(
        "importlib.metadata.entry_points", lambda group: [p for p in points if p.group == group]
    )
    kept = [(registry, dict(registry), registry._complete) for registry in (ELEMENTS, LAWS)]
    extensions.list_extensions.cache_clear()
    for registry, _, _ in kept:
        registry._complete = False
    monkeypatch.setattr("eisfit.spectra.readers.is_offered", lambda _: True)
    yield lambda group, value: points.append(EntryPoint("lab", value, f"eisfit.{group}"))
    extensions.list_extensions.cache_clear()
    for registry, things, complete in kept:
        registry.clear()
        registry.update(things)
        registry._complete = complete


def test_nothing_is_looked_up_for_what_is_known():
    """In a process of its own: neither import, nor a circuit, nor a text file asks for installed packages."""
    code = (
        "import sys, eisfit; eisfit.circuit('rs-ct'); eisfit.circuit('R0-p(R1,CPE1)'); "
        "eisfit.read('example_spectra/rrml/bare/bare_cycle_003.csv'); "
        "from eisfit.extensions import list_extensions; assert not list_extensions.cache_info().currsize"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


class LabTable:
    """Writes |Z| and phase under names that eisfit takes for real and imaginary part."""

    NAME = "lab table"
    SUFFIXES = (".csv",)
    recognise = staticmethod(lambda file: file.text.startswith("# our bridge"))

    @staticmethod
    def parse(file):
        f, modulus, phase = np.loadtxt(file.lines[2:], delimiter=",", unpack=True)
        return [eisfit.Spectrum(f, modulus * np.exp(1j * np.radians(phase)))]


def test_a_reader_that_claims_a_file_goes_first(offered):
    rows = "".join(f"{f},2,{-10 * k}\n" for k, f in enumerate((1000.0, 100.0, 10.0)))
    data = b"# our bridge\nfreq,R,X\n" + rows.encode()
    offered("readers", f"{__name__}:LabTable")
    extensions.list_extensions.cache_clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, __name__, sys.modules.get(__name__, type("Module", (), globals())))
        (ours,) = eisfit.spectra.readers.read_bytes(data, "a.csv")
        (other,) = eisfit.spectra.readers.read_bytes(data.replace(b"our", b"a"), "a.csv")
    assert ours.metadata["format"] == "lab table"
    assert ours.impedance == pytest.approx(2 * np.exp(-1j * np.radians([0, 10, 20])))
    assert other.metadata["format"] == "text table"


def test_installed_packages_are_looked_through(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [str(tmp_path), str(tmp_path / "none")])
    extensions.is_offered.cache_clear()
    (tmp_path / "lab-1.dist-info").mkdir()
    (tmp_path / "lab-1.dist-info" / "entry_points.txt").write_text("[eisfit.readers]\nlab = lab:Lab\n")
    assert (extensions.is_offered("readers"), extensions.is_offered("elements")) == (True, False)
    extensions.is_offered.cache_clear()
    monkeypatch.setattr(sys, "path", [str(tmp_path / "lab-1.dist-info" / "entry_points.txt")])
    assert extensions.is_offered("elements")
    extensions.is_offered.cache_clear()


def test_a_package_that_cannot_be_loaded_is_a_note(offered):
    offered("elements", "no_such_module:thing")
    with (
        pytest.warns(EisfitWarning, match=r"offers elements 'lab', which cannot be loaded: No module"),
        pytest.raises(CircuitError, match="'Foo1' is not an element"),
    ):
        eisfit.circuit("R0-Foo1")


def test_nothing_of_ours_is_replaced(offered):
    offered("elements", "eisfit.model.elements.lumped:ELEMENTS")
    offered("growth_laws", "pathlib:Path")
    resistor = ELEMENTS["R"]
    ELEMENTS["R"] = object()  # eisfit's, for this test
    with pytest.warns(EisfitWarning, match="'R' is known already"), pytest.raises(CircuitError):
        eisfit.circuit("R0-Foo1")
    assert ELEMENTS["R"] is not resistor
    with pytest.warns(EisfitWarning, match="it has no name"):
        assert "foo" not in LAWS


USE = """
import json, sys, eisfit
s = eisfit.read("cell.lab")
r = eisfit.fit(s, "skewed")
print(json.dumps({
    "format": s.metadata["format"], "grade": r.grade, "R": r["CD1_R"].value,
    "formats": eisfit.spectra.readers.formats()[-1], "law": "log" in eisfit.tracking.growth.laws.LAWS,
}))
"""


@pytest.mark.slow
def test_the_example_package_of_the_documentation(tmp_path):
    target = tmp_path / "site"
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", "--no-index", "--no-deps", "--no-build-isolation",
         "--disable-pip-version-check", "--target", target, PACKAGE],
        check=True, cwd=tmp_path,
    )  # fmt: skip
    f = np.geomspace(1e4, 1e-2, 40)
    z = 3.5 + 42 / (1 + 2j * np.pi * f * 0.02) ** 0.55
    rows = "\n".join(f"{a:.6g};{abs(b):.8g};{np.degrees(np.angle(b)):.8g}" for a, b in zip(f, z, strict=True))
    (tmp_path / "cell.lab").write_text(f"LAB 1\n{rows}\n", encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": f"{target}{os.pathsep}{ROOT}"}
    code = "import eisfit.spectra.readers, eisfit.tracking.growth.laws\n" + USE
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=tmp_path, env=environment, check=True, text=True,
        stdout=subprocess.PIPE,
    )  # fmt: skip
    found = json.loads(run.stdout)
    assert found.pop("R") == pytest.approx(42, rel=1e-5)
    assert found == {"format": "lab bridge", "grade": "A", "formats": "lab bridge", "law": True}
    shell = subprocess.run(
        [sys.executable, "-m", "eisfit", "circuits", "skewed", "--check"], cwd=tmp_path, env=environment,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert shell.returncode == 0, shell.stderr + shell.stdout
