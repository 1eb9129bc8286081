"""Units as they stand in column headers, with their factor to Hz, ohm, degree, siemens, farad, ..."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from math import pi
from typing import TypeVar

from eisfit.arrays import FloatArray
from eisfit.records import dataclass
from eisfit.spectra.patterns import regex
from eisfit.units import ZERO_CELSIUS

Values = TypeVar("Values", float, FloatArray)

#: Spelt in capitals, M may be milli or mega.
AMBIGUOUS = regex(r"M[ -]?OHMS?(?:[ .*·]*CM(?:2|\^2|²))?$")
#: Spelt in small letters, m is mega to those who write khz, and milli to the others.
AMBIGUOUS_FREQUENCY = "mhz"
#: Of an impedance multiplied by an area.
PER_AREA = regex(r"m(?:2|\^2|²|Â²)$", re.IGNORECASE)
#: What `find_impedance_unit` may be, with the factor to ohm.
IMPEDANCE_UNITS = {"uohm": 1e-6, "mohm": 1e-3, "ohm": 1.0, "kohm": 1e3, "Mohm": 1e6, "Gohm": 1e9}


@dataclass(frozen=True)
class Unit:
    """What a unit measures (``ohm``, ``frequency``, ...; ``any`` for a lost sign) and its factor.

    ``rate``: 1/s, of a frequency or an angular frequency; ``decibel ohm``: 20 lg of ohms.
    """

    kind: str
    scale: float


_PREFIXES = {
    1.0: ("",),
    1e-15: ("f",),
    1e-12: ("p", "п", "皮", "pico"),
    1e-9: ("n", "н", "纳", "nano"),
    1e-6: ("u", "µ", "μ", "мк", "微", "マイクロ", "마이크로", "micro", "micr"),
    1e-3: ("m", "м", "毫", "ミリ", "밀리", "milli", "mili"),
    1e3: ("k", "K", "к", "千", "キロ", "킬로", "kilo", "kil"),  # kilohm
    1e6: ("M", "М", "兆", "メガ", "메가", "mega", "meg"),
    1e9: ("G", "Г", "giga", "gig"),
    1e12: ("T", "tera"),
}
_PREFIX = {prefix: factor for factor, prefixes in _PREFIXES.items() for prefix in prefixes}
_WORD = "(mill?i|micro?|nano|pico|kilo?|mega?|giga?|tera)[ -]?"
_OHM = r"(?:[oO]hm(?:s|ios?)?|OHMS?|Ωs|Ω|Ω|Î©|â„¦|欧姆|欧|オーム|옴)"
_AREA = r"[ .*·⋅∙×_-]*cm(?:(?:\^|\*\*)?2|\^\{2\}|²|Â²)"
_OHM_ENDS = "msoMSΩΩ©¦姆欧ム옴"
#: ``10^-3 Ohm``, ``x10⁻³ Ω``, ``1e-3 Ohm``: a power of ten as the prefix; 1000 Ohm may be a load.
_POWER = regex(
    r"(?:[x×] ?10(-\d{1,2})|(?:[x×*·] ?)?(?:10 ?(?:\^|\*\*) ?\(?([-+]?\d{1,2})\)?"
    r"|10([⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,2})|1?(?:\.0)?[eE]([-+]?\d{1,2})))\s*[x×*·]?\s*(?=[^\W\d])"
)
_RAISED = str.maketrans("⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "+-0123456789")
#: What it may end with (empty: anything), the pattern, which is compiled where it may match, kind and factor.
_UNITS = (
    ("zZ兹ツ", r"(k|K|M|m|G|u|µ|μ|)(?:Hz|hz|HZ|赫兹|ヘルツ)$", "frequency", 1.0),
    ("zZs.c", r"(k|K|M|m|G|)(?:[hH]ertz|HERTZ|cps|c/s|cycles?/s(?:ec)?|Hz\.)$", "frequency", 1.0),
    ("zZ", rf"(?i:{_WORD}(?:hertz|hz))$", "frequency", 1.0),
    ("ц", r"(к|М|м|Г|)Гц$", "frequency", 1.0),
    (
        "sScCdD1¹",
        r"(?i:(k|)(?!rads$)(?:rad[ ./*·⋅_]*|radians?[ ./*·⋅_]+)(?:per[ _])?(?:s|sec|second)(?:\^?-1|⁻¹)?)$",
        "frequency",
        1 / (2 * pi),
    ),
    ("с秒", r"()(?:рад/с|弧度/秒|ラジアン/秒)$", "frequency", 1 / (2 * pi)),
    ("s1¹}", r"()(?:1 ?/ ?s|s\^?-1|s⁻¹)$", "rate", 1.0),
    (_OHM_ENDS + ".", rf"(p|n|u|µ|μ|m|k|K|M|G|T|){_OHM}\.?$", "ohm", 1.0),
    ("msMS.ΩΩ", rf"(?i:{_WORD}(?:ohms?\.?|[ΩΩ]))$", "ohm", 1.0),
    ("sS", rf"(?i:{_WORD}siemens)$", "siemens", 1.0),
    ("м", r"(мк|к|М|м|Г|)Ом$", "ohm", 1.0),
    ("S1¹}", r"()(?:1 ?/ ?S|S\^?-1|S⁻¹)$", "ohm", 1.0),
    ("S", r"()1 ?/ ?mS$", "ohm", 1e3),
    ("R", r"(u|µ|μ|m|k|M)R$", "ohm", 1.0),  # as resistors are marked
    ("赫兹ツ츠", r"(毫|千|兆|ミリ|キロ|メガ|밀리|킬로|메가|)(?:赫兹|赫|ヘルツ|헤르츠)$", "frequency", 1.0),
    (
        "姆欧ム옴",
        r"(毫|微|千|兆|ミリ|マイクロ|キロ|メガ|밀리|마이크로|킬로|메가)(?:欧姆|欧|オーム|옴)$",
        "ohm",
        1.0,
    ),
    ("2²}", rf"(u|µ|μ|m|k|K|M|G|){_OHM}{_AREA}$", "ohm", 1.0),
    ("2²", rf"(u|µ|μ|m|k|){_OHM}[ .*·⋅-]*m(?:2|\^2|²|Â²)$", "ohm", 1e4),  # to ohm cm2
    (_OHM_ENDS + ")", rf"()(?:dB ?\(?{_OHM}\)?)$", "decibel ohm", 1.0),
    ("?\ufffd", r"()(?:\?|\ufffd)$", "any", 1.0),  # a sign lost to a wrong encoding
    ("WÙ", r"(u|µ|μ|m|k|M|)[WÙ]$", "watt", 1.0),  # ohm, where a font or an encoding was lost
    ("?\ufffd", r"(m|k|M|G)(?:\?{1,2}|\ufffd{1,2})$", "ohm", 1.0),
    (
        "gGsSeE.éÉ°º\ufffd½oOdDдД度iIaArRěĚыЫвВсС",
        r"(?i:()(?:deg(?:s|rees?|\.)?|degrés?|grad[oi]s?|graus|stopni[ea]?|stupně|derece|grader|градус(?:ы|ов)?|°|º|Â°|\ufffd|ï¿½|grad|град|度))$",
        "angle",
        1.0,
    ),
    ("ns", r"()(?:gon|gons|Gon)$", "angle", 0.9),
    (
        "snv",
        r"()(?:[tT]urns?|[cC]ycles?|[rR]ev(?:s|olutions?)?|Umdrehung(?:en)?)$",
        "angle",
        360.0,
    ),
    ("πid", r"()(?:[*·×]? ?(?:π|pi)(?:[ ·*]?rad)?)$", "angle", 180.0),
    ("g", r"(m)deg$", "angle", 1.0),
    ("도", r"()도$", "angle", 1.0),
    (
        "dDnsSN.д度ン안",
        r"(m|)(?:[rR]ad(?:ians?|s|\.)?|RAD(?:IANS?|S)?|рад|弧度|ラジアン|라디안)$",
        "angle",
        180 / pi,
    ),
    (
        "SesoO1¹}" + _OHM_ENDS,
        rf"(n|u|µ|μ|m|k|)(?:S|Sie|[sS]iemens|SIEMENS|[mM]hos?|MHO|℧|{_OHM}(?:\^?-1|⁻¹)|1/{_OHM})$",
        "siemens",
        1.0,
    ),
    ("m2²", r"(u|µ|μ|m|)(?:S[ .*·⋅/-]*cm(?:\^?-?2|²|⁻²))$", "siemens", 1.0),
    ("м子スス", r"(мк|к|м|毫|微|ミリ|マイクロ|)(?:См|西门子|ジーメンス)$", "siemens", 1.0),
    ("F", r"(f|p|n|u|µ|μ|m|P|N|U|)F$", "farad", 1.0),  # meters write all in capitals
    ("dD拉ドФ", r"(p|n|u|µ|μ|m|п|н|мк|皮|纳|微|)(?:[fF]arads?|FARADS?|法拉|ファラド|Ф)$", "farad", 1.0),
    ("H", r"(p|n|u|µ|μ|m|N|U|)H$", "henry", 1.0),
    ("scd秒.", r"(m|u|µ|μ|)(?:s|sec|seconds?|秒)\.?$", "time", 1.0),
    ("n.н钟分", r"()(?:min\.?|мин|分钟?)$", "time", 60.0),
    ("с", r"()с$", "time", 1.0),  # Cyrillic, as the letters of the next
    ("В", r"(м|к|)В$", "volt", 1.0),
    ("ч时時間", r"()(?:ч|小?时|時間)$", "time", 3600.0),
    ("hrs", r"()(?:h|hrs?|hours?)$", "time", 3600.0),
    ("s", r"()(?:days)$", "time", 86400.0),
    ("", r"(k|m|u|µ|μ|)(?:V|volts?|V vs\.? .*)$", "volt", 1.0),
    ("A", r"(n|u|µ|μ|m|)A$", "ampere", 1.0),
    ("KknN", r"(?i:()(?:K|kelvin))$", "kelvin", 1.0),
    (
        "C℃sSС度",
        r"()(?:deg\.? ?C|°C|[°º]С|摄氏度|ºC|Â°C|\ufffdC|ï¿½C|C|degC|℃"
        r"|(?:deg(?:rees?)? )?[cC]elsius|CELSIUS)$",
        "celsius",
        1.0,
    ),
    ("FftT", r"(?i:()(?:deg\.? ?F|(?:°|º|Â°)F|(?:deg(?:rees?)? )?fahrenheit))$", "fahrenheit", 1.0),
)


_VOLT_PER_AMPERE = regex(r"([kmuµμ]?)V ?/ ?([kmunµμ]?)A$")
_APART = regex(r"(?<=^[kKMGmuµμn])[ -](?=[oO]hm|OHM|[ΩΩ]|Hz)")  # k Ω


def to_celsius(values: Values, unit: str) -> Values:
    """Return temperatures in degrees Celsius, those without a unit as they are.

    >>> to_celsius(298.15, "K"), to_celsius(77.0, "°F"), to_celsius(25.0, "")
    (25.0, 25.0, 25.0)
    """
    kind = unit_kind(unit)
    if kind == "kelvin":
        return values - ZERO_CELSIUS
    return (values - 32.0) / 1.8 if kind == "fahrenheit" else values


@cache
def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def unit_kind(text: str) -> str:
    """Return what a unit measures, as `Unit.kind`; empty where a text is no unit.

    >>> unit_kind("mOhm"), unit_kind("apples"), unit_kind("")
    ('ohm', '', '')
    """
    told = parse_unit(text)
    return told.kind if told is not None else ""


@lru_cache(maxsize=1024)
def parse_unit(text: str) -> Unit | None:
    """Return what `text` measures; None where it is no unit.

    >>> parse_unit("mOhm"), parse_unit("volts"), parse_unit("apples")
    (Unit(kind='ohm', scale=0.001), Unit(kind='volt', scale=1.0), None)
    """
    text = _APART.sub("", text.replace("\u2126", "Ω").replace("^{", "^").replace("}", ""))
    if (power := _POWER.match(text)) and (rest := parse_unit(text[power.end() :])):
        told = power[1] or power[2] or (power[3] or "").translate(_RAISED) or power[4]
        known = rest.kind in ("ohm", "siemens", "farad", "henry", "frequency") and told
        return Unit(rest.kind, rest.scale * 10.0 ** int(told)) if known else None
    for ends, pattern, kind, scale in _UNITS:
        match = _compile(pattern).match(text) if not ends or text[-1:] in ends else None
        if match is not None:
            return Unit(kind, scale * (_PREFIX.get(match[1]) or _PREFIX[match[1].lower()]))
    if ratio := _VOLT_PER_AMPERE.match(text):
        return Unit("ohm", _PREFIX[ratio[1]] / _PREFIX[ratio[2]])
    return Unit("ohm", 1e6) if AMBIGUOUS.match(text) else None


def find_impedance_unit(text: str) -> str:
    """Return the key of `IMPEDANCE_UNITS` that `text` means; empty where it is none, or may be two.

    >>> [find_impedance_unit(text) for text in ("mΩ", "kOhm", "MOHM", "V")]
    ['mohm', 'kohm', '', '']
    """
    told = None if AMBIGUOUS.match(text) else parse_unit(text)
    known = {scale: name for name, scale in IMPEDANCE_UNITS.items()}
    return known.get(told.scale, "") if told is not None and told.kind == "ohm" else ""


def is_unit(text: str) -> bool:
    """Whether `text` is a unit that a column of a spectrum may have."""
    return len(text) < 40 and parse_unit(text) is not None


#: Stands in the row of units of Digatron's impedances, which are milliohm.
DIGATRON = "EIS"


def is_units_row(cells: list[str]) -> bool:
    """Whether a row holds units alone: ``Hz, ohm, ohm, deg``."""
    filled = [cell.strip("[](){} \"'") for cell in cells if cell.strip("[](){} \"'")]
    if DIGATRON in filled and all(cell.strip('"')[:1] in ("[", "") for cell in cells):
        return True  # with [Ah] and whatever else it counts
    return len(filled) >= 2 and all(
        is_unit(cell.lstrip("-")) or cell in ("#", "-", "1", DIGATRON) for cell in filled
    )
