"""Start-up: help and import load nothing heavy. It looks at what is imported, never at a clock."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import version
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from eisfit.cli import lean_imports

ROOT = Path(__file__).resolve().parents[2]
HELP_NEEDS_NOT = ("numpy", "rich", "sqlite3", "asyncio", "http", "pydantic")
HEAVY = (
    "lmfit",
    "scipy.optimize",
    "matplotlib",
    "pandas",
    "impedance",
    "sympy",
    "schemdraw",
)

CALL = """
import sys; sys.argv = ['eisfit', *{}]
from eisfit.__main__ import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
"""


def imported_after(code: str, names: tuple[str, ...] = HEAVY) -> str:
    look = f"import sys; print('HEAVY', [name for name in {names!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{look}"], capture_output=True, text=True, timeout=120, check=True
    )
    return done.stdout.rsplit("HEAVY ", 1)[1].strip()


@pytest.mark.parametrize("arguments", [["--help"], ["fit", "--help"], ["--version"], ["circuits", "rs-ct"]])
def test_a_command_that_fits_nothing_imports_nothing_heavy(arguments):
    assert imported_after(CALL.format(arguments)) == "[]"


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["fit", "--help"], ["circuits", "--help"]])
def test_help_does_not_even_import_numpy(arguments):
    assert imported_after(CALL.format(arguments), (*HEAVY, *HELP_NEEDS_NOT)) == "[]"


def test_completion_of_circuits_imports_nothing_heavy():
    """The shell asks at every press of the tab key."""
    code = (
        "import os; os.environ.update(_EISFIT_COMPLETE='bash_complete', COMP_CWORD='3',"
        " COMP_WORDS='eisfit fit --circuit rs-')\n" + CALL.format([])
    )
    assert imported_after(code, (*HEAVY, "numpy")) == "[]"


def test_import_eisfit_imports_nothing_heavy():
    assert imported_after("import eisfit; eisfit.circuit('rs-sei-ct-w').impedance([1.0], "
                          "dict(R_s=1, R_sei=1, CPE_sei_Q=1e-5, CPE_sei_alpha=0.9, R_ct=1, W_d_sigma=1,"
                          "CPE_ct_Q=1e-4, CPE_ct_alpha=0.9))") == "[]"  # fmt: skip


@pytest.mark.slow
def test_the_program_fits_in_lmfit_without_pandas_matplotlib_and_scipy_stats(tmp_path):
    """The same numbers to the last digit as in a process that has all of them."""
    spectrum = str(ROOT / "example_spectra" / "rrml" / "bare" / "bare_cycle_003.csv")
    arguments = ["fit", spectrum, "--circuit", "rs-sei-ct-w", "--json"]
    names = ("pandas", "matplotlib", "scipy.stats")
    look = "import sys, atexit; atexit.register(lambda: print([n for n in {!r} if n in sys.modules]))\n{}\n{}"
    run = CALL.format(arguments)
    shown = [
        subprocess.run(
            [sys.executable, "-c", look.format(names, before, run)],
            capture_output=True, text=True, timeout=120, check=True,
        ).stdout.rstrip().rpartition("\n")
        for before in ("", "import lmfit")
    ]  # fmt: skip
    (lean, _, few), (whole, _, _) = shown
    assert few == "[]"
    assert json.loads(lean) == json.loads(whole)


@pytest.mark.slow
def test_what_lmfit_imports_later_is_there_when_it_is_used():
    code = (
        "from eisfit.cli.lean_imports import defer_imports\ndefer_imports()\n"
        "import lmfit, sys\nassert not {'scipy.stats', 'scipy.spatial', 'scipy.fft'} & set(sys.modules)\n"
        "from lmfit.confidence import f_compare\n"
        "import lmfit.confidence as c\n"
        "print(round(float(c.f.cdf(1.0, 2, 3)), 6))\n"
        "import pandas, matplotlib, scipy.stats\n"
        "p = lmfit.Parameters(); p.add('a', value=1.0)\n"
        "m = lmfit.Minimizer(lambda p: [p['a'].value - 2.0, p['a'].value - 2.1], p)\n"
        "r = m.minimize(); print(round(r.params['a'].value, 6))\n"
        "import numpy, scipy.optimize as o, scipy.sparse as s\n"
        "print(o.linprog([1.0], bounds=[(1, 2)]).x[0], s.csgraph.connected_components(numpy.eye(3))[0])\n"
        "print(round(float(o.shgo(lambda x: (x[0] - 0.25) ** 2 + x[1] ** 2, [(0, 1), (-1, 1)]).x[0]), 6))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.split() == ["0.535242", "2.05", "1.0", "3", "0.25"]


@pytest.mark.slow
def test_a_module_that_cannot_do_without_is_loaded_whole(tmp_path, monkeypatch):
    """Before 3.9 matplotlib would not start without its third dimension."""
    path = tmp_path / "needing.py"
    path.write_text("import colorsys\nvalue = colorsys.__name__\n")
    monkeypatch.setitem(lean_imports._ABSENT, "needing", ("colorsys",))
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    spec = spec_from_file_location("needing", path)
    module = module_from_spec(spec)
    lean_imports._Loader(spec.loader).exec_module(module)
    assert module.value == "colorsys"


def test_a_report_draws_circuits_without_matplotlib(tmp_path):
    spectrum = str(ROOT / "example_spectra" / "rrml" / "bare" / "bare_cycle_003.csv")
    code = CALL.format(["report", spectrum, "-c", "rs-sei-ct-w", "-o", str(tmp_path / "report.html")])
    names = ["matplotlib", "pandas", "numpy.f2py", "multiprocessing", "emcee"]
    if not version("scipy").startswith(("1.11.", "1.12.")):  # these need it themselves
        names.append("numpy.testing")
    assert imported_after(code, names) == "[]"


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        ["circuits", "rs-sei-ct-w", "--draw", "-o", "drawing.png"],
        ["fit", "bare.csv", "--circuit", "rs-ct", "--output", ".", "--finish", "kernel"],
    ],
)
def test_the_program_draws_what_a_process_that_has_everything_draws(tmp_path, arguments):
    """With schemdraw's backend for matplotlib found later, and modules of figures that are loaded lean."""
    source = ROOT / "example_spectra" / "rrml" / "bare" / "bare_cycle_003.csv"
    everything = "import lmfit, matplotlib.pyplot, mpl_toolkits.mplot3d, schemdraw"
    drawn = []
    for name, before in (("lean", ""), ("whole", everything)):
        place = tmp_path / name
        place.mkdir()
        (place / "bare.csv").write_bytes(source.read_bytes())
        code = f"{before}\n{CALL.format(arguments)}"
        subprocess.run([sys.executable, "-c", code], cwd=place, capture_output=True, timeout=120, check=True)
        drawn.append({one.name: one.read_bytes() for one in place.glob("*.png")})
    assert drawn[0] == drawn[1]
    assert len(drawn[0]) == 1
