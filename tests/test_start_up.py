"""Start-up: help and import load nothing heavy. It looks at what is imported, never at a clock."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("lmfit", "scipy.optimize", "matplotlib", "pandas", "pint", "impedance", "sympy")


def imported_after(code: str) -> str:
    look = f"import sys; print('HEAVY', [name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{look}"], capture_output=True, text=True, timeout=120, check=True
    )
    return done.stdout.rsplit("HEAVY ", 1)[1].strip()


@pytest.mark.parametrize("arguments", [["--help"], ["fit", "--help"], ["--version"], ["circuits", "rs-ct"]])
def test_a_command_that_fits_nothing_imports_nothing_heavy(arguments):
    code = (
        f"import sys; sys.argv = ['eisfit', *{arguments!r}]\n"
        "from eisfit.__main__ import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code"
    )
    assert imported_after(code) == "[]"


def test_import_eisfit_imports_nothing_heavy():
    assert imported_after("import eisfit; eisfit.circuit('rs-sei-ct-w').impedance([1.0], "
                          "dict(R_s=1, R_sei=1, CPE_sei_Q=1e-5, CPE_sei_alpha=0.9, R_ct=1, W_d_sigma=1,"
                          "CPE_ct_Q=1e-4, CPE_ct_alpha=0.9))") == "[]"  # fmt: skip
