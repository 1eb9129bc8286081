"""What the lines above the table say: `key: value` pairs and the conditions of the measurement."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from eisfit.spectra.patterns import regex
from eisfit.spectra.readers._sweep import Sweep

__all__ = ["apply_conditions", "header_text", "key_values", "leading_number"]

_PAIR = regex(r"^\s*[#%;!/]*\s*\"?([A-Za-zÀ-ÿ<][^:=\t]{0,60}?)\s*(?:[:=]|\t)\s*(.*?)\s*\"?\s*$")
_LEADING = regex(r"[-+]?(?:\d+[.,]?\d*|[.,]\d+)(?:[eE][-+]?\d+)?")
_HEADER_LIMIT = 20_000
_PAIRS_LIMIT = 300
_CONDITIONS = (
    ("cycle", regex(r"cycle(?:[ _](?:number|index|no\.?))?$", re.IGNORECASE)),
    ("temperature_C", regex(r"(?:temperature|temp|temperature_C|temperature \(C\))$", re.IGNORECASE)),
    ("potential_V", regex(r"(?:potential_V|dc potential(?: \(V\))?|potential \(V\))$", re.IGNORECASE)),
    ("time_s", regex(r"time_s$", re.IGNORECASE)),
)


def key_values(lines: Iterable[str]) -> dict[str, Any]:
    """Return the `key: value` and `key = value` pairs of `lines`.

    >>> key_values(["# cycle: 50", "Area = 1.13 cm2", "no pair here"])
    {'cycle': '50', 'Area': '1.13 cm2'}
    """
    pairs: dict[str, Any] = {}
    for line in lines:
        match = _PAIR.match(line[:500])
        if match and match[2] and len(pairs) < _PAIRS_LIMIT:
            pairs.setdefault(match[1].strip(), match[2].strip())
    return pairs


def header_text(lines: Iterable[str]) -> str:
    """Return the raw header, cut where it is very long."""
    text = "\n".join(lines).strip("\n")
    return text if len(text) <= _HEADER_LIMIT else text[:_HEADER_LIMIT] + "\n[cut]"


def leading_number(text: str) -> float | None:
    """Return the number that `text` starts with.

    >>> leading_number("25,5 °C"), leading_number("room")
    (25.5, None)
    """
    match = _LEADING.match(text.strip())
    return float(match[0].replace(",", ".")) if match else None


def apply_conditions(sweeps: Iterable[Sweep], pairs: Mapping[str, Any]) -> None:
    """Fill cycle, temperature, potential and time of the sweeps that have none from the header's pairs."""
    for name, pattern in _CONDITIONS:
        for key, value in pairs.items():
            found = leading_number(str(value)) if pattern.match(key) else None
            if found is None or (name == "temperature_C" and re.search(r"\dK|\d K", str(value))):
                continue
            for sweep in sweeps:
                if getattr(sweep, name) is None:
                    setattr(sweep, name, found)
            break
