"""The paragraph of a paper that says how a spectrum was fitted, with the numbers that a reader needs."""

from __future__ import annotations

from eisfit import __version__
from eisfit.display.report.words import (
    Document,
    clean,
    explain_failure,
    flag_name,
    flags_of,
    format_measured,
    name_of,
)
from eisfit.rounding import hertz, significant
from eisfit.verdict import BELIEVED

_WEIGHTS = {
    "modulus": "each residual weighted by the inverse of |Z|",
    "proportional": "real and imaginary residuals weighted by the inverse of their own part",
    "unit": "unweighted",
    "noise": "each residual weighted by the inverse of the data's standard deviation",
}
_FORMS = {"impedance": "the impedance", "admittance": "the admittance", "modulus_phase": "modulus and phase"}
# What a paper must state of the measurement, and where a file may say it: key and unit.
_CONDITIONS = (
    ("instrument", (("instrument", ""),)),
    (
        "amplitude of the perturbation",
        (
            ("amplitude_mV_rms", "mV rms"),
            ("amplitude_mV", "mV"),
            ("amplitude_A_rms", "A rms"),
            ("amplitude_mA", "mA"),
        ),
    ),
    ("temperature", (("temperature_C", "°C"),)),
    ("potential or state of charge", (("potential_V", "V"), ("dc_potential_V", "V"))),
    ("electrode area", (("area_cm2", "cm2"), ("area", ""))),
)


def methods_text(document: Document) -> str:
    """Return the paragraph on one fit, from what ``FitResult.to_dict()`` gives.

    It states data, circuit, weights, search, free and fixed parameters with standard errors, goodness of fit,
    verdict and software, and ends with what a paper must state and the data do not say.
    """
    if document.get("error"):
        return f"{name_of(document)}: {explain_failure(document)}"
    parts = (
        _describe_data,
        _describe_model,
        _describe_search,
        _describe_values,
        _describe_goodness,
        _describe_verdict,
        _describe_software,
        _describe_conditions,
    )
    return " ".join(sentence for part in parts if (sentence := part(document)))


def _describe_data(document: Document) -> str:
    spectrum = document["spectrum"]
    what = "A simulated spectrum has" if spectrum.get("simulated") else "Impedance was measured at"
    high, low = spectrum["frequency_max_Hz"], spectrum["frequency_min_Hz"]
    said = (
        f"{what} {spectrum['points']} frequencies from {hertz(high)} to {hertz(low)} ({name_of(document)})."
    )
    dropped = "points_dropped" in map(flag_name, flags_of(document))
    return f"{said} Points that failed the Kramers-Kronig test were left out." if dropped else said


def _describe_model(document: Document) -> str:
    circuit, found = document["circuit"], ""
    if circuit["chosen_by"] == "identify":
        found = ", identified from the spectrum by the evidence of many circuits,"
    loss = document.get("loss", "linear")
    squares = "complex nonlinear least squares" if loss == "linear" else f"minimising a {loss} loss"
    form = _FORMS[document.get("representation", "impedance")]
    drawn = f"{circuit['string']} (- series, p(,) parallel)"
    weights = _WEIGHTS[document["weighting"]]
    return f"The equivalent circuit {drawn}{found} was fitted to {form} by {squares}, {weights}."


def _describe_search(document: Document) -> str:
    starts, agreed = document.get("starts") or 0, document.get("agreed") or 0
    if starts < 2:
        return "The fit was started from given values."
    return f"Of {starts} starting points {agreed} led to the optimum that is reported."


def _describe_values(document: Document) -> str:
    rows = document["parameters"]
    rescaled = document.get("covariance_rescaled")
    scaled = "scaled by the residuals" if rescaled else "from the known noise, not rescaled"
    free = [_value(name, row) for name, row in rows.items() if row.get("vary")]
    tied = [f"{name} = {row['expr']}" for name, row in rows.items() if row.get("expr")]
    fixed = [_value(name, row) for name, row in rows.items() if not row.get("vary") and not row.get("expr")]
    errors = f"one standard error (from the covariance, {scaled})"
    said = [f"Results with {errors}: {', '.join(free)}."] if free else []
    said += [f"Fixed: {', '.join(fixed)}."] if fixed else []
    said += [f"Tied: {', '.join(tied)}."] if tied else []
    return " ".join(said)


def _value(name: str, row: Document) -> str:
    unit = f" {clean(row['unit'])}" if row.get("unit") else ""
    doubt = "" if row.get("verdict") in (*BELIEVED, None) else f" ({row['verdict']})"
    return f"{name} = {format_measured(row)}{unit}{doubt}"


def _describe_goodness(document: Document) -> str:
    s = document["statistics"]
    said = (
        f"{s['ndata']} data, {s['nvarys']} free parameters: weighted chi-square {s['chisqr']:.4g}, "
        f"reduced {s['redchi']:.4g}, residual {100 * s['rms_relative_residual']:.3g} % rms of |Z|, "
        f"AIC {s['aic']:.5g}, BIC {s['bic']:.5g}"
    )
    noise = s.get("noise")
    known = noise is not None and noise == noise  # noqa: PLR0124 (NaN)
    return f"{said}; noise of each part {100 * noise:.2g} % of |Z|." if known else f"{said}."


def _describe_verdict(document: Document) -> str:
    names = sorted({flag_name(flag) for flag in flags_of(document)})
    use = "" if document.get("ok") else ", not usable as it stands"
    reserved = f" (reservations: {', '.join(names)})" if names else ""
    return f"Grade of the fit {document.get('grade')}{use}{reserved}."


def _describe_software(_: Document) -> str:
    from importlib.metadata import PackageNotFoundError, version

    found = []
    for package in ("lmfit", "scipy", "numpy"):
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return f"Software: eisfit {__version__} ({', '.join(found)})."


def _describe_conditions(document: Document) -> str:
    """Return what the file says of the measurement, and what a paper must state that it does not say."""
    if document["spectrum"].get("simulated"):
        return ""
    known = document.get("spectrum_document") or {}
    told = [(word, _find_stated(known, keys)) for word, keys in _CONDITIONS]
    said = ", ".join(f"{word} {value}" for word, value in told if value)
    missing = ", ".join(word for word, value in told if not value)
    parts = (f"The file states: {said}." if said else "", f"[State besides: {missing}.]" if missing else "")
    return " ".join(part for part in parts if part)


def _find_stated(known: Document, keys: tuple[tuple[str, str], ...]) -> str:
    """Return the first of these that the spectrum or its metadata has, with its unit."""
    metadata = known.get("metadata") or {}
    for key, unit in keys:
        value = metadata.get(key) if known.get(key) is None else known[key]
        if value is not None and str(value).strip():
            shown = significant(value, 4, trailing_zeros=False) if isinstance(value, float) else clean(value)
            return f"{shown} {unit}".strip()
    return ""
