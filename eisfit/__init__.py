"""eisfit: believable impedance fits, cycle tracking and the transport behind a coating.

>>> import eisfit
>>> circuit = eisfit.circuit("R_s-p(R_ct,C_dl)")
>>> circuit.impedance([0.0001], {"R_s": 2.0, "R_ct": 50.0, "C_dl": 1e-5}).real.round(3)
array([52.])
"""

from __future__ import annotations

import gc
from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"  # the build reads it here, and so does `eisfit --version`

if TYPE_CHECKING:
    from eisfit.batch.many import fit_many
    from eisfit.cli.pages.html_report import html_report
    from eisfit.coating.explain import Explanation, explain
    from eisfit.coating.film.estimates import film
    from eisfit.display import plot as plot
    from eisfit.errors import EisfitError
    from eisfit.fitting.comparison.compare import compare
    from eisfit.fitting.comparison.table import Comparison
    from eisfit.fitting.errors.intervals import intervals
    from eisfit.fitting.fit import fit
    from eisfit.fitting.identify.identification import Identification
    from eisfit.fitting.identify.identify import identify
    from eisfit.fitting.interop import export, from_impedance, to_impedance
    from eisfit.fitting.result import FitResult
    from eisfit.model.circuit import Circuit
    from eisfit.model.exchange.impedance_py import ImpedanceCircuit
    from eisfit.model.files.library import circuit, circuits
    from eisfit.model.own_elements import register_element
    from eisfit.model.simulate import simulate
    from eisfit.spectra.readers import read
    from eisfit.spectra.series import Series, read_series
    from eisfit.spectra.spectrum import Spectrum
    from eisfit.tracking.comparison.compare_series import compare_series
    from eisfit.tracking.cycles.table import read_cycle_table
    from eisfit.tracking.relaxation.distributions import SeriesDRT, drt_series
    from eisfit.tracking.series_result import SeriesResult
    from eisfit.tracking.track import track
    from eisfit.validation.drift import correct_drift
    from eisfit.validation.drt import DRTResult, drt
    from eisfit.validation.kramers_kronig import check
    from eisfit.validation.kramers_kronig_result import KramersKronigResult

_HOME = {
    "Circuit": "model.circuit",
    "Comparison": "fitting.comparison.table",
    "DRTResult": "validation.drt",
    "EisfitError": "errors",
    "Explanation": "coating.explain",
    "FitResult": "fitting.result",
    "Identification": "fitting.identify.identification",
    "ImpedanceCircuit": "model.exchange.impedance_py",
    "KramersKronigResult": "validation.kramers_kronig_result",
    "Series": "spectra.series",
    "SeriesDRT": "tracking.relaxation.distributions",
    "SeriesResult": "tracking.series_result",
    "Spectrum": "spectra.spectrum",
    "check": "validation.kramers_kronig",
    "circuit": "model.files.library",
    "circuits": "model.files.library",
    "compare": "fitting.comparison.compare",
    "compare_series": "tracking.comparison.compare_series",
    "correct_drift": "validation.drift",
    "drt": "validation.drt",
    "drt_series": "tracking.relaxation.distributions",
    "explain": "coating.explain",
    "export": "fitting.interop",
    "film": "coating.film.estimates",
    "fit": "fitting.fit",
    "fit_many": "batch.many",
    "from_impedance": "fitting.interop",
    "html_report": "cli.pages.html_report",
    "identify": "fitting.identify.identify",
    "intervals": "fitting.errors.intervals",
    "read": "spectra.readers",
    "read_cycle_table": "tracking.cycles.table",
    "read_series": "spectra.series",
    "register_element": "model.own_elements",
    "simulate": "model.simulate",
    "to_impedance": "fitting.interop",
    "track": "tracking.track",
}

#: Modules that notebooks reach as `eisfit.plot`.
_MODULES = {"plot": "display.plot"}

#: Names that other programs give what is called otherwise here.
_THEIRS = {
    **dict.fromkeys(("kk", "linKK", "lin_kk", "kramers_kronig", "validate"), "eisfit.check"),
    **dict.fromkeys(("nyquist", "plot_nyquist"), "spectrum.plot(kind='nyquist')"),
    **dict.fromkeys(("bode", "plot_bode"), "spectrum.plot(kind='bode')"),
    **dict.fromkeys(("load", "open", "parse_data", "readFile", "load_spectrum"), "eisfit.read"),
    **dict.fromkeys(("CustomCircuit", "Randles", "parse_cdc"), "eisfit.circuit, and eisfit.fit with it"),
    **dict.fromkeys(("fit_circuit", "circuit_fit"), "eisfit.fit"),
    **dict.fromkeys(("mask", "crop"), "spectrum[keep], or spectrum.select(fmin, fmax)"),
    "batch": "eisfit.fit_many",
    "save": "eisfit.html_report, or to_dict() of a result for json.dumps",
}

__all__ = [
    "Circuit",
    "Comparison",
    "DRTResult",
    "EisfitError",
    "Explanation",
    "FitResult",
    "Identification",
    "ImpedanceCircuit",
    "KramersKronigResult",
    "Series",
    "SeriesDRT",
    "SeriesResult",
    "Spectrum",
    "__version__",
    "check",
    "circuit",
    "circuits",
    "compare",
    "compare_series",
    "correct_drift",
    "drt",
    "drt_series",
    "explain",
    "export",
    "film",
    "fit",
    "fit_many",
    "from_impedance",
    "html_report",
    "identify",
    "intervals",
    "read",
    "read_cycle_table",
    "read_series",
    "register_element",
    "simulate",
    "to_impedance",
    "track",
]


def __getattr__(name: str) -> Any:
    # Imported on first use, so that `import eisfit` and `eisfit --help` start fast.
    if name in _MODULES:
        value = _load(_MODULES[name])
    elif name in _HOME:
        value = getattr(_load(_HOME[name]), name)
    else:
        from eisfit.errors import did_you_mean

        told = f": it is {_THEIRS[name]}" if name in _THEIRS else did_you_mean(name, __all__)
        raise AttributeError(f"module 'eisfit' has no attribute {name!r}{told}")
    globals()[name] = value
    return value


def _load(module: str) -> Any:
    """Import a module. What that makes stays: to look for garbage in it takes a tenth of the time."""
    looks = gc.isenabled()
    gc.disable()
    try:
        return import_module(f"eisfit.{module}")
    finally:
        if looks and not gc.get_freeze_count():  # those are somebody's own
            gc.freeze()
            gc.unfreeze()  # both together: whatever there is counts as old, and nothing is looked at
        if looks:
            gc.enable()


def __dir__() -> list[str]:
    return __all__
