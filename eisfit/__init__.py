"""eisfit: believable impedance fits, cycle tracking and the transport behind a coating.

>>> import eisfit
>>> circuit = eisfit.circuit("R_s-p(R_ct,C_dl)")
>>> circuit.impedance([0.0001], {"R_s": 2.0, "R_ct": 50.0, "C_dl": 1e-5}).real.round(3)
array([52.])
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING, Any

from eisfit._version import __version__

if TYPE_CHECKING:
    from eisfit.circuit import Circuit
    from eisfit.compare import compare
    from eisfit.compare_series import compare_series
    from eisfit.comparison import Comparison
    from eisfit.cycle_table import read_cycle_table
    from eisfit.drt import DRTResult, drt
    from eisfit.errors import EisfitError
    from eisfit.explain import Explanation, explain
    from eisfit.fit import fit
    from eisfit.html_report import html_report
    from eisfit.interop import ImpedanceCircuit, from_impedance, to_impedance
    from eisfit.kramers_kronig import KramersKronigResult, check
    from eisfit.library import circuit, circuits
    from eisfit.many import fit_many
    from eisfit.readers import read
    from eisfit.result import FitResult
    from eisfit.series import CycleSeries, read_series
    from eisfit.series_result import SeriesResult
    from eisfit.simulate import simulate
    from eisfit.spectrum import Spectrum
    from eisfit.track import track
    from eisfit.uncertainty import intervals

_HOME = {
    "Circuit": "circuit",
    "Comparison": "comparison",
    "CycleSeries": "series",
    "DRTResult": "drt",
    "EisfitError": "errors",
    "Explanation": "explain",
    "FitResult": "result",
    "ImpedanceCircuit": "interop",
    "KramersKronigResult": "kramers_kronig",
    "SeriesResult": "series_result",
    "Spectrum": "spectrum",
    "check": "kramers_kronig",
    "circuit": "library",
    "circuits": "library",
    "compare": "compare",
    "compare_series": "compare_series",
    "drt": "drt",
    "explain": "explain",
    "fit": "fit",
    "fit_many": "many",
    "from_impedance": "interop",
    "html_report": "html_report",
    "intervals": "uncertainty",
    "read": "readers",
    "read_cycle_table": "cycle_table",
    "read_series": "series",
    "simulate": "simulate",
    "to_impedance": "interop",
    "track": "track",
}

__all__ = [
    "Circuit",
    "Comparison",
    "CycleSeries",
    "DRTResult",
    "EisfitError",
    "Explanation",
    "FitResult",
    "ImpedanceCircuit",
    "KramersKronigResult",
    "SeriesResult",
    "Spectrum",
    "__version__",
    "check",
    "circuit",
    "circuits",
    "compare",
    "compare_series",
    "drt",
    "explain",
    "fit",
    "fit_many",
    "from_impedance",
    "html_report",
    "intervals",
    "read",
    "read_cycle_table",
    "read_series",
    "simulate",
    "to_impedance",
    "track",
]


def __getattr__(name: str) -> Any:
    # Imported on first use, so that `import eisfit` and `eisfit --help` start fast.
    if name not in _HOME:
        return _module(name)
    value = getattr(import_module(f"eisfit.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def _module(name: str) -> ModuleType:
    """Return a module of the package by its plain name, `eisfit.plot`, without an import of its own."""
    from eisfit.errors import did_you_mean

    if name.startswith("_") or find_spec(f"eisfit.{name}") is None:
        raise AttributeError(f"module 'eisfit' has no attribute {name!r}{did_you_mean(name, __all__)}")
    return import_module(f"eisfit.{name}")


def __dir__() -> list[str]:
    return __all__


class _Door(ModuleType):
    """The package itself: `eisfit.fit` is the function, although a module of that name exists too."""

    def __setattr__(self, name: str, value: Any) -> None:
        # Importing the submodule eisfit.fit binds it here under its name; the public function must win.
        if not (name in _HOME and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Door
