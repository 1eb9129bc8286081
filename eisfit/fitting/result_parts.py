"""The parts of a fit's result: its parameters, its statistics, and how they are read back from JSON."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import FloatArray, IntArray
from eisfit.files import to_json_ready
from eisfit.records import Document, dataclass
from eisfit.rounding import significant, value_with_error
from eisfit.verdict import FORBIDS, TELLS, limit


@dataclass(frozen=True)
class FittedParameter(Document):
    """One parameter after the fit.

    `value`, `stderr`, `min` and `max` are in `unit`; `stderr` is None where the data gives none. Its square
    is the sum of those of `stderr_noise`, which the noise alone would leave, and `stderr_model`, by how much
    a circuit that is nearly true may have moved the value (``eisfit.fitting.errors.departures``); between
    spectra of one cell the first alone counts. `hidden` is what the error would be if the circuit departed
    from the truth by as much as the noise could hide; None in a batch, which does not ask. `verdict` is one
    of `eisfit.verdict.VERDICTS`. `interval` is {level, low, high, method} where one was asked for, or where
    the parameter is open; an end is None where it is open.
    """

    name: str
    value: float
    stderr: float | None
    unit: str
    min: float
    max: float
    vary: bool
    expr: str | None
    at_bound: bool
    role: str
    describe: str
    stderr_noise: float | None = None
    stderr_model: float | None = None
    hidden: float | None = None
    verdict: str = "determined"
    interval: Mapping[str, Any] | None = None

    def __repr__(self) -> str:
        how = "" if self.vary else f" (= {self.expr})" if self.expr else " (fixed)"
        value = value_with_error(self.value, self.stderr) if self.stderr else significant(self.value, 5)
        return f"<{self.name} = {value} {self.unit}".rstrip() + f"{how}: {self.describe or self.role}>"

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready document; None for a bound that is none."""
        return {key: to_json_ready(getattr(self, key)) for key in self.__dataclass_fields__ if key != "name"}


@dataclass(frozen=True)
class Statistics:
    """Goodness of fit, in lmfit's words.

    Attributes
    ----------
    chisqr, redchi, aic, bic, ndata, nvarys, nfree
        As lmfit defines them; `ndata` counts real and imaginary parts.
    rms_relative_residual
        Root mean square of |Z_model - Z| / |Z|.
    p_value
        Probability of a chisqr this large from the noise alone; None where the noise is not known.
    noise
        Standard deviation of the noise of each part, fraction of |Z|, from the nearest spectrum that obeys
        Kramers-Kronig; None where the points are too few.
    lag1_autocorrelation
        Correlation of the residuals of neighbouring frequencies; None where there are none.
    """

    chisqr: float
    redchi: float
    aic: float
    bic: float
    ndata: int
    nvarys: int
    nfree: int
    rms_relative_residual: float
    p_value: float | None
    noise: float | None
    lag1_autocorrelation: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready document, in the order of the fields whichever way they were found."""
        document: dict[str, Any] = to_json_ready({k: getattr(self, k) for k in self.__dataclass_fields__})
        return document


def compute_statistics(
    chisqr: FloatArray, ndata: int | IntArray, nfree: IntArray, *, known_noise: bool
) -> dict[str, NDArray[Any]]:
    """Return, of many fits (B,), the statistics that lmfit defines by chisqr, and the p-value it has then.

    `p_value` is left out where the noise is not known.
    """
    nvarys = ndata - nfree
    likelihood = ndata * np.log(np.maximum(chisqr, 1e-250 * ndata) / ndata)
    found = {
        "chisqr": chisqr,
        "redchi": chisqr / np.maximum(nfree, 1),
        "aic": likelihood + 2 * nvarys,
        "bic": likelihood + np.log(ndata) * nvarys,
        "nvarys": nvarys,
        "nfree": nfree,
    }
    if not known_noise:
        return found
    from scipy.special import gammaincc  # a fifth of a second: not where nothing else needs it

    return {**found, "p_value": gammaincc(nfree / 2, chisqr / 2)}


def convert_to_version_2(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a document of ``eisfit.fit/1``, which had no grades, as one of ``eisfit.fit/2``.

    What was ``ok`` there is graded by its residual's size alone; what was not keeps that, as grade D.
    """
    if "grade" in document or "flags" not in document:
        return document
    rms = document["statistics"]["rms_relative_residual"]
    grade = "D" if not document["ok"] else "B" if rms <= limit("good_rms") else "C"
    return {
        **document,
        "circuit": {**document["circuit"], "chosen_by": "user"},
        "grade": grade,
        "flags": [{**flag, "level": TELLS if document["ok"] else FORBIDS} for flag in document["flags"]],
        "parameters": {
            name: {
                **row,
                "stderr_noise": row["stderr"],
                "stderr_model": None if row["stderr"] is None else 0.0,
                "verdict": _find_old_verdict(row),
            }
            for name, row in document["parameters"].items()
        },
        "derived": {
            name: {**row, "verdict": "open" if row["stderr"] is None else "determined"}
            for name, row in document["derived"].items()
        },
        "alternatives": [],
    }


def _find_old_verdict(row: Mapping[str, Any]) -> str:
    if not row["vary"] and not row["expr"]:
        return "fixed"
    return "open" if row["stderr"] is None else "determined"


def read_statistics(row: Mapping[str, Any]) -> Statistics:
    """Return statistics read from JSON, which has no word for a non-finite number.

    Of another version's document, what it lacks is not known, and what only it has is left out.
    """
    optional = ("p_value", "noise", "lag1_autocorrelation")
    found: dict[str, Any] = {key: row.get(key) for key in Statistics.__dataclass_fields__}
    blank = {key for key, value in found.items() if value is None and key not in optional}
    return Statistics(**found | dict.fromkeys(blank, np.nan))


#: Attributes that lmfit, scipy and impedance.py give a result -> where a `FitResult` has them.
_THEIRS = {
    "best_fit": "fitted",
    "residual": "residuals",
    "best_values": "values",
    "parameters_": "values",
    "x": "values",
    "conf_": 'parameters["NAME"].stderr',
    "success": "ok",
    "message": "summary()",
    "fit_report": "summary()",
    "pcov": "covar",
    "nfev": "lmfit.nfev",
    "method": "lmfit.method",
    "eval": "predict(frequency)",
    "errors": 'parameters["NAME"].stderr',
    "stderr": 'parameters["NAME"].stderr',
    "chi2": "statistics.chisqr",
    "chisq": "statistics.chisqr",
    "rms": "statistics.rms_relative_residual",
    "rmse": "statistics.rms_relative_residual",
    "correlation": "correlations",
    "correl": "correlations",
    "to_json": "to_dict(), which json.dumps takes",
    "to_csv": "to_frame().to_csv(...)",
    "to_latex": "to_frame().to_latex()",
    **dict.fromkeys(("plot_nyquist", "nyquist"), "plot()"),
    **dict.fromkeys(("plot_bode", "bode"), "plot(kind='bode')"),
    **dict.fromkeys(("plot_residuals",), "plot(kind='residuals')"),
    **dict.fromkeys(("df", "to_df", "to_dataframe", "frame"), "to_frame()"),
    **dict.fromkeys(("usable", "converged"), "ok"),
    **dict.fromkeys(("report", "text"), "summary()"),
    **dict.fromkeys(("covariance", "cov"), "covar"),
    **dict.fromkeys(("parameter_names", "names", "var_names_"), "circuit.names"),
    **dict.fromkeys(("items",), "parameters.items()"),
    **dict.fromkeys(("data", "measured"), "spectrum"),
    "frequency": "spectrum.frequency",
    "impedance": "spectrum.impedance",
}
_FUNCTIONS = {
    **dict.fromkeys(("interval", "intervals", "conf_interval", "ci"), "intervals(result)"),
    **dict.fromkeys(("bootstrap", "profile", "mcmc"), "intervals(result, 0.95, 'profile')"),
    "export": "export(result, ...)",
    "save": "html_report(...), or result.to_dict() for json.dumps",
}


def name_place(name: str) -> str:
    """Return the end of a sentence about a missing attribute: where the result has it, or nothing."""
    if name in {part.name for part in dataclasses.fields(Statistics)}:
        return f": it is result.statistics.{name}"
    if name in _FUNCTIONS:
        return f": it is eisfit.{_FUNCTIONS[name]}"
    return f": it is result.{_THEIRS[name]}" if name in _THEIRS else ""
