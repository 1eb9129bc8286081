"""The sign that the name of a column says: ``-Im(Z)``, ``neg. Z''``, ``Z'' (-)``, ``A: -Z''``."""

from __future__ import annotations

import re

from eisfit.spectra.patterns import regex

_SIGN = regex(
    r"^\s*(?:(?:-\s*1|\(\s*-\s*1\s*\))\s*[*·×x]\s*|-\s*(?=[^\s\d])|\(-\)\s*|(?:neg(?:ative|\.)?|minus)[\s_.]+(?=\S))",
    re.IGNORECASE,
)
#: Behind whose it is: ``A: -Z''``, ``Z -Im``.
INNER_MINUS = regex(r"(?<=[\s_:.])-(?=[zZ]|[iI]m|X(?![a-z]))")
_NEGATED = regex(r"\s*[*·×x]\s*(?:\(\s*-\s*1\s*\)|-\s*1)\s*$|\s*\(\s*-\s*\)\s*$")


def split_sign(text: str) -> tuple[float, str]:
    """Return the sign that a name begins or ends with, and the rest of it."""
    if match := _SIGN.match(text):
        return -1.0, text[match.end() :]
    if match := _NEGATED.search(text):
        return -1.0, text[: match.start()]
    return 1.0, text
