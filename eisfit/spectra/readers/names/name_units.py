"""Where the name of a column ends and its unit begins."""

from __future__ import annotations

import re

from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.names.units import is_unit, unit_kind

BRACKET = regex(r"[\[({<]([^\[\](){}<>]*)[\])}>]")
_UNIT_LAST = (
    regex(r"^([^/]*[^/\s])\s*/\s*(\S.*/.+)$"),  # rad/s, V/A, 1/Ohm
    regex(r"^(.*?\S)\s*/\s*([^/]+)$"),
    regex(r"^([^,:]*[^,:\s])\s*[,:]\s*(\S.*)$"),
    regex(r"^((?:[^|]|\|[^|]*\|)+?)\s*\|\s*([^|\s]+)$"),  # Frequency|Hz, |Z||Ohm
    regex(r"^(.*[^ _])[ _]+(?:in|en|em|w|в)[ _]+(\S+(?: cm(?:\^?2|²))?)$"),
    regex(r"^(.*[^ _])[ _]+(\w?(?:[oO]hms?|Ω)[ _.*·-]cm(?:\^?2|²))$"),
    regex(r"^(.*[^ _])[ _]+(rad(?:ians?)?[ _](?:per[ _])?s(?:ec)?(?:\^?-1|⁻¹)?)$", re.IGNORECASE),
    regex(r"^(.*?[^.,_ -])[.,_ -]+([^\s,_.]+)[._]*$"),
    regex(r"^(.*[^\w\s])\s*([^\W\d_].*)$"),  # |Z|kOhm, Z'mΩ
    regex(r"^(.*\S)\s*([°º])$"),
    # PhaseDegrees, FreqkHz; nobody can part ZmOhm
    regex(
        r"^(.*?[a-z])(?:In)?([kKMG]?Hz|(?:[Mm]illi|[Kk]ilo|[Mm]ega)(?:[Hh]ertz|[Oo]hms?)|[kMG]?(?<!m)Ohms?|Deg(?:rees?)?|Rad(?:ians?)?)$"
    ),
)
_IN = regex(r"^(?:in|units?:?)\s+", re.IGNORECASE)
_UNIT_FIRST = regex(r"^([^\s_(]+)(?:[ _]+|(?=\())(.+)$")  # deg Z, deg(Z)


def _is_always_unit(text: str) -> bool:
    """Whether a text is a unit wherever it stands; W may be ohm in brackets alone."""
    return is_unit(text) and unit_kind(text) != "watt"


def split_units(text: str) -> list[tuple[str, str]]:
    """Return (name, unit) in the ways a header can be cut, the likelier first."""
    ways = []
    for match in reversed(list(BRACKET.finditer(text))):
        inside = _IN.sub("", match[1].strip())
        if is_unit(inside) and (text[: match.start()] + text[match.end() :]).strip():
            ways.append((text[: match.start()] + " " + text[match.end() :], inside))
        elif inside[:1] == "-" and is_unit(inside[1:]):  # Z'' (-Ω)
            ways.append(("-" + text[: match.start()] + " " + text[match.end() :], inside[1:]))
        elif (within := re.match(r"(.+?)\s*/\s*(.+)$", inside)) and _is_always_unit(within[2]):  # log(f/Hz)
            ways.append((text[: match.start()] + f"({within[1]})" + text[match.end() :], within[2]))
    for pattern in _UNIT_LAST:
        cut = pattern.match(text)
        if cut and _is_always_unit(cut[2].strip(" _")):
            ways.append((cut[1].rstrip(" _"), cut[2].strip(" _")))
    first = _UNIT_FIRST.match(text)
    if first and is_unit(first[1]):
        ways.append((first[2], first[1]))
    return [*ways, (text, "")]


#: Numbers without a unit, or multiplied by an area of which nobody knows the unit.
_NO_UNIT = regex(
    r"(?:(?<=[\s(\[/])(?:a\. ?u\.?|p\.u\.?|pu|arb(?:\.|itrary)?[ _]?u(?:nits?|\.)|counts"
    r"|(?i:dimensionless|unitless))|[\s(\[][x×*·] ?A(?:rea)?|\[-)\s*[)\]]?\s*$"
)
_BEHIND_STROKE = regex(r"/\s*(%|[^\W\d]{1,3})\s*$")


def excludes_ohm(text: str) -> bool:
    """Whether a name tells numbers without a unit, or behind a stroke one of no impedance: ``Z' / S``."""
    match = _BEHIND_STROKE.search(text)
    return bool(_NO_UNIT.search(text) or (match and (match[1] == "%" or is_unit(match[1]))))
