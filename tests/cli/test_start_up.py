"""Start-up: help and import load nothing heavy. It looks at what is imported, never at a clock."""

from __future__ import annotations

import subprocess
import sys

import pytest

HELP_NEEDS_NOT = ("numpy", "rich", "sqlite3", "asyncio", "http", "pydantic")
HEAVY = (
    "lmfit",
    "scipy.optimize",
    "matplotlib",
    "pandas",
    "pint",
    "impedance",
    "sympy",
    "bokeh",
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
