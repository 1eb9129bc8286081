"""What a page shows of one spectrum: short texts and rounded numbers, ready to be drawn."""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Iterable, Mapping
from typing import Any

from eisfit.display.drawing import svg
from eisfit.display.report.words import (
    Document,
    clean,
    count,
    cycle_words,
    failure,
    flag_name,
    flag_words,
    flags_of,
    hertz,
    meaning,
    measured,
    name_of,
    parameter_verdict,
    percent,
    points_of,
    simulated,
    span_of,
    verdict,
)
from eisfit.errors import CircuitError
from eisfit.rounding import significant, value_with_error

__all__ = ["drawing", "entry", "rounded"]

DIGITS = 5  # of every number drawn: a screen has 4 of them, and the page stays small


def entry(item: Mapping[str, Document | None]) -> dict[str, Any]:
    """Return what the page needs of one spectrum, JSON-ready.

    Parameters
    ----------
    item
        ``fit``: what ``to_dict()`` of a fit or a failure gives. ``check``: the Kramers-Kronig document, or
        None. ``curve``: the fitted circuit at closely spaced frequencies (``frequency_Hz``, ``Z_real_ohm``,
        ``Z_imag_ohm``), or None.
    """
    fit: Document = item.get("fit") or {}
    check, curve = item.get("check"), item.get("curve")
    words = _words(fit)
    if fit.get("error"):
        return {**words, "error": failure(fit)}
    return {**words, "error": None, "kk": _check(check), "points": _points(fit), "line": _line(curve)}


def drawing(circuit: str) -> str | None:
    """Return a drawing of a circuit as the address of a picture; None where it cannot be drawn."""
    try:
        picture = svg(circuit, color="#111111")
    except CircuitError:
        return None
    return f"data:image/svg+xml;base64,{b64encode(picture.encode('utf-8')).decode('ascii')}"


def _words(fit: Document) -> dict[str, Any]:
    cycle = (fit.get("spectrum") or {}).get("cycle")
    return {
        "name": name_of(fit),
        "cycle": cycle_words(cycle),
        "simulated": simulated(fit),
        "circuit": clean((fit.get("circuit") or {}).get("string")),
        "ok": bool(fit.get("ok")),
        "verdict": verdict(fit),
        "flags": [[flag_name(flag), flag_words(flag)] for flag in flags_of(fit)],
        "facts": _facts(fit),
        "parameters": [
            [name, measured(row), clean(row.get("unit")), parameter_verdict(row), meaning(row)]
            for name, row in (fit.get("parameters") or {}).items()
        ],
        "derived": [
            [name, value_with_error(row.get("value"), row.get("stderr")), clean(row.get("unit"))]
            for name, row in (fit.get("derived") or {}).items()
        ],
    }


def _facts(fit: Document) -> list[str]:
    """Return the circuit, the data's extent and the quality of the fit, one short text each."""
    circuit, statistics = fit.get("circuit") or {}, fit.get("statistics") or {}
    number = points_of(fit)
    facts = [
        clean(circuit.get("string")),
        f"{count(number, 'point')}, {span_of(fit)}" if number else "",
        f"weighting {clean(fit.get('weighting'))}" if fit.get("weighting") else "",
    ]
    if statistics.get("rms_relative_residual") is not None:
        facts.append(f"rms residual {percent(statistics['rms_relative_residual'])} of |Z|")
    known = [key for key in ("redchi", "aic", "bic") if statistics.get(key) is not None]
    facts.append(", ".join(f"{key} {significant(statistics[key], 4)}" for key in known))
    return [fact for fact in facts if fact]


def _check(check: Document | None) -> dict[str, Any] | None:
    """Return the outcome of the Kramers-Kronig test in a sentence, and the ranges that fail (Hz)."""
    if check is None:
        return None
    if check.get("error"):
        return {"ok": None, "text": f"not tested: {failure(check)}", "flags": [], "ranges": []}
    noise = f"noise {percent(check.get('noise_relative'))} of |Z|"
    largest = f"largest residual {percent(check.get('max_residual'))}"
    ranges = [[rounded(row.get(end)) for end in ("low_Hz", "high_Hz")] for row in check.get("ranges") or []]
    where = ", ".join(hertz(low) if low == high else f"{hertz(low)} to {hertz(high)}" for low, high in ranges)
    said = f"{'consistent' if check.get('ok') else 'NOT consistent'} ({noise}, {largest})"
    return {
        "ok": bool(check.get("ok")),
        "text": f"{said}; fails at {where}" if where else said,
        "flags": [[flag_name(flag), flag_words(flag)] for flag in flags_of(check)],
        "ranges": ranges,
    }


def _points(fit: Document) -> dict[str, Any] | None:
    """Return the measured points, the residuals ((Z - fit) / |Z|, percent) and the noise (percent)."""
    data = fit.get("data") or {}
    if not data.get("frequency_Hz"):
        return None
    z = _complex(data, "Z")
    points = _columns(data.get("frequency_Hz"), z)
    if data.get("fit_real_ohm") is not None:
        away = [
            100 * (a - b) / abs(a) if a else math.nan for a, b in zip(z, _complex(data, "fit"), strict=True)
        ]
        points["res_re"] = [rounded(value.real, 3) for value in away]
        points["res_im"] = [rounded(value.imag, 3) for value in away]
    noise = data.get("noise_ohm")
    if noise is not None:
        points["noise"] = [rounded(100 * n / abs(a), 3) if a else None for n, a in zip(noise, z, strict=True)]
    return points


def _line(curve: Document | None) -> dict[str, Any] | None:
    return None if curve is None else _columns(curve["frequency_Hz"], _complex(curve, "Z"))


def _complex(data: Document, kind: str) -> list[complex]:
    real, imag = data[f"{kind}_real_ohm"], data[f"{kind}_imag_ohm"]
    return [complex(a, b) for a, b in zip(real, imag, strict=True)]


def _columns(frequency: Iterable[float] | None, z: list[complex]) -> dict[str, Any]:
    return {
        "f": [rounded(f) for f in frequency or ()],
        "re": [rounded(value.real) for value in z],
        "im": [rounded(value.imag) for value in z],
    }


def rounded(value: float | None, digits: int = DIGITS) -> float | None:
    """Return so many digits of a number; None for what JSON has no word for.

    >>> rounded(51.847579873), rounded(float("nan"))
    (51.848, None)
    """
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.{digits}g}")
