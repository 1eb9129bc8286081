"""What a page shows of one spectrum: short texts and rounded numbers, ready to be drawn."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from eisfit.display.plot.style import read_impedance, require_data
from eisfit.display.report.checks import describe_check
from eisfit.display.report.identification import format_chance
from eisfit.display.report.words import (
    Document,
    clean,
    count,
    describe_meaning,
    describe_parameter_verdict,
    describe_verdict,
    error_of,
    explain_failure,
    flag_name,
    flag_text,
    flags_of,
    format_cycle,
    is_doubted,
    is_simulated,
    list_goodness,
    name_of,
    percent,
    points_of,
    span_of,
)
from eisfit.rounding import value_with_error
from eisfit.verdict import GRADES

_PREFIXES = {-12: "p", -9: "n", -6: "µ", -3: "m", 0: "", 3: "k", 6: "M", 9: "G"}
_PREFIXED = frozenset({"ohm", "S", "F", "H", "s", "Hz"})
DIGITS = 5  # of every number drawn: a screen has 4 of them, and the page stays small


def make_entry(item: Mapping[str, Document | None]) -> dict[str, Any]:
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
    words = _list_texts(fit)
    if fit.get("error"):
        return {**words, "error": explain_failure(fit)}
    line = None if curve is None else _read_columns(curve)
    return {**words, "error": None, "kk": _describe_check(check), "points": _list_points(fit), "line": line}


def make_measurement(spectrum: Document) -> dict[str, Any]:
    """Return the same of a spectrum that was not fitted yet (``eisfit.spectrum/1``)."""
    words = _list_texts({"spectrum": spectrum, "data": spectrum.get("data")})
    return {**words, "error": None, "kk": None, "points": _list_points(spectrum), "line": None}


def make_ranking(document: Document) -> dict[str, Any]:
    """Return what the page shows of an identification: circuits in order, or why there are none."""
    rows = [
        {
            "string": clean(row["circuit"]["string"]),
            "free": row["free"],
            "rms": percent(row.get("rms_relative_residual")),
            "grade": clean(row.get("grade")),
            "chance": format_chance(row["probability"]),
            "probability": round_to(row["probability"], 3),
            "equivalent": [clean(one) for one in row.get("drawings") or []],
        }
        for row in document.get("circuits") or []
    ]
    return {
        "ranking": rows,
        "flags": [_make_flag(flag) for flag in flags_of(document)],
        "tried": document.get("tried"),
    }


def list_conditions(spectrum: Document) -> dict[str, float]:
    """Return where a spectrum stands: cycle, temperature and whatever else is known of it.

    >>> list_conditions({"cycle": 3, "temperature_C": 25.0, "axes": {"soc": 50.0}})
    {'cycle': 3, 'temperature': 25.0, 'soc': 50.0}
    """
    own = {"cycle": "cycle", "time": "time_s", "temperature": "temperature_C", "potential": "potential_V"}
    known = {name: spectrum.get(key) for name, key in own.items()} | dict(spectrum.get("axes") or {})
    return {clean(name): value for name, value in known.items() if value is not None}


def format_engineering(value: float | None, stderr: float | None, unit: str) -> tuple[str, str]:
    """Return a value with its error, and the unit with the prefix that both read best in.

    >>> format_engineering(2.06307e-5, 5.8e-7, "S s^alpha"), format_engineering(51.847, 0.066, "ohm")
    (('20.6 ± 0.6', 'µS s^alpha'), ('51.85 ± 0.07', 'ohm'))
    >>> format_engineering(0.8772, 0.0027, "")
    ('0.8772 ± 0.0027', '')
    """
    plain = unit.partition(" ")[0] in _PREFIXED and value is not None and math.isfinite(value) and value
    power = 3 * math.floor(math.log10(abs(float(value or 1.0))) / 3) if plain else 0
    if power not in _PREFIXES or (unit.startswith("ohm") and -1 <= math.log10(abs(value or 1.0)) < 4):
        power = 0
    scale = 10.0**-power
    text = value_with_error(
        value if value is None else value * scale, None if stderr is None else stderr * scale
    )
    return text, f"{_PREFIXES[power]}{unit}"


def _list_texts(fit: Document) -> dict[str, Any]:
    block = fit.get("spectrum") or {}
    stood = {**(fit.get("spectrum_document") or {}), **{k: v for k, v in block.items() if v is not None}}
    parameters = [_make_parameter(name, row) for name, row in (fit.get("parameters") or {}).items()]
    return {
        "name": name_of(fit),
        "cycle": format_cycle(block.get("cycle")),
        "conditions": list_conditions(stood),
        "simulated": is_simulated(fit),
        "circuit": clean((fit.get("circuit") or {}).get("string")),
        "ok": bool(fit.get("ok")),
        "grade": clean(fit.get("grade")),
        "said": _describe_grade(fit),
        "rms": round_to((fit.get("statistics") or {}).get("rms_relative_residual"), 3),
        "wanted": _pick_main(fit.get("parameters") or {}),
        "flags": [_make_flag(flag) for flag in flags_of(fit)],
        "facts": _list_facts(fit),
        "parameters": parameters,
        "derived": [
            [name, *format_engineering(row.get("value"), row.get("stderr"), clean(row.get("unit")))]
            for name, row in (fit.get("derived") or {}).items()
        ],
    }


def _describe_grade(fit: Document) -> str:
    """Return what the grade means, and why the fit is not usable where it is not."""
    meant = GRADES.get(clean(fit.get("grade")), "")
    return meant if fit.get("ok") else f"{meant} ({describe_verdict({**fit, 'grade': None})})"


def _make_flag(flag: Any) -> dict[str, str]:
    level = flag.get("level") if isinstance(flag, Mapping) else ""
    return {"name": flag_name(flag), "words": flag_text(flag), "level": clean(level)}


def _make_parameter(name: str, row: Document) -> dict[str, Any]:
    """Return a parameter as a row of the table, with the numbers that trends and filters use."""
    shown, unit = format_engineering(row.get("value"), error_of(row), clean(row.get("unit")))
    return {
        "name": name,
        "text": shown,
        "unit": unit,
        "verdict": clean(row.get("verdict")),
        "word": describe_parameter_verdict(row),
        "doubted": is_doubted(row.get("verdict")),
        "meaning": describe_meaning(row),
        "value": round_to(row.get("value"), 7),
        "stderr": round_to(row.get("stderr"), 3),
        "noise": round_to(row.get("stderr_noise"), 2),
        "model": round_to(row.get("stderr_model"), 2),
        "plain_unit": clean(row.get("unit")),
        "bounds": round_all((row.get("min"), row.get("max"))),
    }


def _pick_main(rows: Document) -> str | None:
    """Return the parameter that is asked for most: the charge-transfer, else the largest resistance."""
    ohms = {name: row for name, row in rows.items() if row.get("unit") == "ohm"}
    charge = [name for name, row in ohms.items() if row.get("role") == "charge_transfer"]
    if charge:
        return charge[0]
    return max(ohms, key=lambda name: ohms[name].get("value") or 0.0) if ohms else next(iter(rows), None)


def _list_facts(fit: Document) -> list[str]:
    """Return the circuit, the data's extent and the quality of the fit, one short text each."""
    circuit, statistics = fit.get("circuit") or {}, fit.get("statistics") or {}
    number = points_of(fit)
    facts = [
        clean(circuit.get("string")),
        f"{count(number, 'point')}, {span_of(fit)}" if number else "",
        f"weighting {clean(fit.get('weighting'))}" if fit.get("weighting") else "",
        ", ".join(list_goodness(statistics)),
    ]
    return [fact for fact in facts if fact]


def _describe_check(check: Document | None) -> dict[str, Any] | None:
    """Return the outcome of the Kramers-Kronig test in a sentence, and the ranges that fail (Hz)."""
    if check is None:
        return None
    return {
        "ok": None if check.get("error") else bool(check.get("ok")),
        "text": describe_check(check),
        "flags": [_make_flag(flag) for flag in flags_of(check)],
        "ranges": [round_all((row["low_Hz"], row["high_Hz"])) for row in check.get("ranges") or []],
        "residuals": _list_residuals(check.get("residuals") or {}),
    }


def _list_residuals(columns: Document) -> dict[str, Any] | None:
    """Return the residuals of the Kramers-Kronig test, percent of |Z|."""
    if not columns:
        return None
    real, imaginary = (100 * np.array(columns[f"residual_{part}"]) for part in ("real", "imag"))
    return {
        "f": round_all(columns["frequency_Hz"]),
        "re": round_all(real, 2),
        "im": round_all(imaginary, 2),
    }


def _list_points(fit: Document) -> dict[str, Any] | None:
    """Return the measured points, the residuals ((Z - fit) / |Z|, percent) and the noise (percent)."""
    data = fit.get("data") or {}
    if not data.get("frequency_Hz"):
        return None
    points = _read_columns(data)
    (_, z), fitted = require_data(fit), read_impedance(fit, "fit")
    size = np.where(z == 0, np.nan, np.abs(z))
    if fitted is not None:
        away = 100 * (z - fitted) / size
        points |= {"res_re": round_all(away.real, 3), "res_im": round_all(away.imag, 3)}
    if data.get("noise_ohm") is not None:
        points["noise"] = round_all(100 * np.array(data["noise_ohm"]) / size, 3)
    return points


def _read_columns(data: Document) -> dict[str, Any]:
    """Return the frequencies and impedances of a document's data."""
    names = {"f": "frequency_Hz", "re": "Z_real_ohm", "im": "Z_imag_ohm"}
    return {short: round_all(data[name]) for short, name in names.items()}


def round_all(values: Iterable[float | None], digits: int = DIGITS) -> list[float | None]:
    """Return so many digits of each number."""
    return [round_to(value, digits) for value in values]


def round_to(value: float | None, digits: int = DIGITS) -> float | None:
    """Return so many digits of a number; None for what JSON has no word for.

    >>> round_to(51.847579873), round_to(float("nan"))
    (51.848, None)
    """
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.{digits}g}")
