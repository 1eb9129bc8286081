"""What the lines above the table say: `key: value` pairs and the conditions of the measurement."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from eisfit.spectra.axes import AXES, find_in_name, is_treatment
from eisfit.spectra.cycle_numbers import FROM_LINE
from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.file import quote
from eisfit.spectra.readers.names.units import parse_unit, to_celsius
from eisfit.spectra.readers.names.words import VOCABULARY
from eisfit.spectra.readers.sweep import Sweep
from eisfit.units import ZERO_CELSIUS

_PAIR = regex(r"^\s*[#%;!/]*\s*\"?((?:[^\W\d_]|<)[^:=\t]{0,60}?)\s*(?:[:=]|\"?\t\"?)\s*(.*?)\s*\"?\s*$")
_LEADING = regex(r"[-+]?(?:\d+[.,]?\d*|[.,]\d+)(?:[eE][-+]?\d+)?")
#: The unit behind the number that a text starts with.
_BEHIND = regex(
    rf"{_LEADING.pattern}(?![eE][+-]?\d)\s*((?:deg\.? ?|degrees? )?[^\W\d_]+|[°º℃]\s?[CFKcfk]?|%|[:/-]\d)"
)
_RANGE = regex(rf"{_LEADING.pattern}\s*(?:to|bis|-|–|\.\.+)\s*\d")  # cycle: 1 to 5
_KINDS = {"temperature": ("celsius", "kelvin", "fahrenheit"), "potential": ("volt",), "time": ("time",)}
#: A unit behind the name of a condition: ``Temp. [°C]``, ``Temperature / K``, ``T_degC``, ``E (V vs Li)``.
_OF_KEY = regex(
    r"^(.*?)\s*(?:[\[(]\s*([^\[\]()]{1,20}?)\s*[\])]|/\s*(\S[^/]{0,20}(?:/\w+)?)|(?<=[^\W\d])_((?:deg)?[CFK]|m?V))$"
)
#: Pairs within a line: ``Fixed value(s) : AC Volt [Vrms]=1.0e+00 Temp. [°C]=2.5e+01``.
_WITHIN = regex(r"([A-Za-z][\w.]*(?: [\w.]+)? \[[^\[\]]{1,12}\])\s*=\s*([-+.\deE]+)")
#: ... and further ones behind the first: ``Ambient temperature: 22 °C; cell temperature: 45 °C``.
_FURTHER = regex(
    r"(?<=[;,|])\s*([^\W\d][^:=;,|\t()\[\]]{0,40}?(?:\s?[\[(][^()\[\]]{0,12}[\])])?)"
    r"\s*[:=]\s*([^:=;|]{1,60}?)\s*(?=$|[;|]|,\s)"
)
#: ``Temperature;25;°C``, ``Cycle,15``.
_LISTED = regex(
    r"^\s*(?:[#%!;/]+\s*)?\"?([^\W\d][^;,:=\t]{0,40}?)\"?\s*[;,][;,\s]*\"?([-+]?\d+(?:[.,]\d+)?)\"?"
    r"(?:\s*[;,]?\s*\"?([^\W\d][\w ./]{0,19}|[°º]\s?\w|[℃%]))?\"?[\s;,]*$"
)
#: What stands alone between marks in a title, or behind what was measured.
_BEGINS = r"(?:^[\s#%;\"]*|[,;(\t]\s*|\s[|/–-]\s+)"
_ENDS = r"(?=\s*(?:$|[,;)|\t\"])|\s[/–-]\s)"
_PROSE = regex(
    rf"(?:{_BEGINS}(?:(?:at|bei|@|T\s*=|temp(?:eratur)?e?\.?(?=\s))\s*)?|\s@\s*"
    r"|\b(?:EIS|measured|recorded|gemessen)\b[^,;\d]{0,20}\s(?:at|bei|@)\s*"
    r"|\b(?:cell|sample|spectr\w+|impedance|measurements?|zelle|probe)\s(?:at|bei)\s)"
    r"([-−+]?\d{1,3}(?:[.,]\d+)?)\s?(°\s?C|ºC|℃|deg(?:rees?|\.)?[\s_]?C(?:elsius)?|C|K)"
    rf"(?:{_ENDS}|\s+(?:after|on)\b)",
    re.IGNORECASE,
)
#: ... ``Cycle 100``, ``EIS after 200 cycles``; 10 cycles alone may be a setting.
_CYCLE_PROSE = regex(
    rf"{_BEGINS}(?:EIS\s)?(?:(?:at|after|nach|bei|@)\s)?(?:cycle|cyc|zyklus)\s?(?:no\.?|nr\.?|number|#)?\s?(\d+){_ENDS}"
    rf"|\b(?:after|nach)\s(\d+)\s(?:cycles|zyklen){_ENDS}",
    re.IGNORECASE,
)
#: Degrees Celsius that a mere C or K may tell, and lines in which they may be a rate, coulombs or ohms.
_MAY_BE_BARE = (-40.0, 130.0)
_ELSE = regex(r"charg|rate|load|carbon|resist|(?<!\d)(?:[1-9]|1\d|20) ?C\b", re.IGNORECASE)
_DEGREES = regex(r"\d\s?(?:[°º℃CK]|deg)")
_CYCLE = regex(r"cyc|zykl", re.IGNORECASE)
_MINUS_AND_POINT = str.maketrans("−,", "-.")
_LONGEST_PROSE = 200
_HEADER_LIMIT = 20_000
_PAIRS_LIMIT = 300
_WORDS = {
    quantity: "|".join(re.escape(word) for word, concept in VOCABULARY.items() if concept == quantity)
    for quantity in ("cycle", "temperature")
}
_WHERE = (
    "cell|sample|dut|chamber|oven|bath|test|measurement|measured|measuring|stage|holder"
    "|surface|skin|case|core|internal"
)
_CONDITIONS = (
    (
        "cycle",  # cycles: over how many periods is averaged, in many settings
        regex(
            rf"(?!(?:cycles|zyklen|ciclos)\b)(?:{_WORDS['cycle']})"
            r"(?:[ _]?(?:number|nummer|index|no\.?|nr\.?|#))?$",
            re.IGNORECASE,
        ),
    ),
    (
        "temperature_C",
        regex(rf"(?:(?:{_WORDS['temperature']})\.?|temperature_C|temperature \(C\))$", re.IGNORECASE),
    ),
    (
        "temperature_C",  # where no other is told
        regex(
            rf"(?:(?:{_WHERE})[ _-]temp(?:\.|erature)?|temp(?:erature)?[ _-](?:set ?point|set|{_WHERE})"
            r"|T[ _](?:cell|sample|chamber|set|bath|dut|surf(?:ace)?|oven)"
            r"|(?:zell|kammer|ofen|proben|mess|prüf|bad)-?temp[e]ratur"
            r"|(?:电池|电芯|测试|電池|試験|測定|试验|样品|셀 ?|测量)(?:温度|온도))$",
            re.IGNORECASE,
        ),
    ),
    (
        "temperature_C",  # nor that of the cell
        regex(r"(?:(?:ambient|climate)[ _-]temp(?:\.|erature)?|T[ _]amb(?:ient)?)$", re.IGNORECASE),
    ),
    (
        "potential_V",
        regex(
            r"(?:potential_V|dc[ _-]?(?:potential|voltage|bias)|bias(?:[ _](?:voltage|potential))?|[EV]_?dc"
            r"|ewe|ocv|ocp|cell[ _](?:voltage|potential)|zellspannung|ruhespannung|gleichspannung)(?:_V)?$",
            re.IGNORECASE,
        ),
    ),
    ("time_s", regex(r"time_s$", re.IGNORECASE)),
)
#: Names that mean a condition only with its unit: T may be a time, E what it is excited with.
_WITH_UNIT = {"temperature_C": {"T"}, "potential_V": {"potential", "Potential", "E"}}


def read_pairs(lines: Iterable[str]) -> dict[str, Any]:
    """Return the `key: value` and `key = value` pairs of `lines`.

    >>> read_pairs(["# cycle: 50", "Area = 1.13 cm2", "no pair here"])
    {'cycle': '50', 'Area': '1.13 cm2'}
    >>> read_pairs(["Cell: A1; Temp (°C): 45; p(R,C) with R = 3, R_ct = 5"])
    {'Cell': 'A1; Temp (°C): 45; p(R,C) with R = 3, R_ct = 5', 'Temp (°C)': '45', 'R_ct': '5'}
    """
    pairs: dict[str, Any] = {}
    for line in lines:
        match = _PAIR.match(line[:500])
        if match and match[2] and len(pairs) < _PAIRS_LIMIT:
            value = match[2].replace('"\t"', "\t") if '"\t"' in match[2] else match[2]
            pairs.setdefault(match[1].strip(), value.strip(" ,;"))  # the mark of the columns: ``T:,25``
            further = _WITHIN if "]=" in match[2] else _FURTHER
            for key, value in further.findall(match[2]) if "=" in match[2] or ":" in match[2] else ():
                pairs.setdefault(key, value)
        elif match is None and len(pairs) < _PAIRS_LIMIT and (listed := _LISTED.match(line[:500])):
            pairs.setdefault(listed[1], " ".join(filter(None, listed.groups()[1:])))
    return pairs


def join_header(lines: Iterable[str]) -> str:
    """Return the raw header, cut where it is very long."""
    text = "\n".join(lines).strip("\n")
    return text if len(text) <= _HEADER_LIMIT else text[:_HEADER_LIMIT] + "\n[cut]"


def parse_leading_number(text: str) -> float | None:
    """Return the number that `text` starts with.

    >>> parse_leading_number("25,5 °C"), parse_leading_number("room")
    (25.5, None)
    """
    match = _LEADING.match(text.strip())
    return float(match[0].replace(",", ".")) if match else None


def read_condition(name: str, text: str, factors: Mapping[str, float] = MappingProxyType({})) -> float | None:
    """Return the number that `text` starts with in the unit of a condition; None for one of something else.

    `factors` are of the units that other conditions than temperature, potential and time may have.

    >>> read_condition("temperature_C", "298.15 K"), read_condition("potential", "300 mV vs. Li")
    (25.0, 0.3)
    >>> read_condition("thickness", "5 um", {"nm": 1.0, "um": 1e3})
    5000.0
    >>> [read_condition("temperature_C", text) for text in ("25 (room)", "25 bar")]
    [25.0, None]
    >>> read_condition("time", "11:14:53"), read_condition("time", "2024-05-01")
    (None, None)
    >>> read_condition("temperature", "-273.15+-0.0C"), read_condition("temperature", "0 K")
    (None, None)
    """
    number, behind = parse_leading_number(text), _BEHIND.match(text.strip())
    word = behind[1] if behind else ""
    kinds = _KINDS.get(name.partition("_")[0], ())
    if _RANGE.match(text.strip()):
        return None
    if name.startswith("temperature") and (number == -ZERO_CELSIUS or (number == 0 and word == "K")):
        return None  # of an instrument that measured none
    if number is None or not word or not (kinds or factors):
        return number
    if not kinds:
        return number * factors[word] if word in factors else None
    word = "degF" if word == "F" else word
    told = parse_unit(word)
    return round(to_celsius(number * told.scale, word), 6) if told and told.kind in kinds else None


def apply_prose(sweeps: Iterable[Sweep], lines: Iterable[str]) -> None:
    """Fill temperature and cycle of sweeps that have none from a line that names one: ``A12, 25 °C``."""
    lines = [line for line in lines if len(line) < _LONGEST_PROSE]
    _fill_cycle([sweep for sweep in sweeps if sweep.cycle is None], lines)
    bare = [sweep for sweep in sweeps if sweep.temperature_C is None]
    short = (line for line in lines if _DEGREES.search(line)) if bare else ()
    told = {value: line for line in short for value in _iterate_temperatures(line)}
    for sweep in bare if len(told) == 1 else ():
        ((sweep.temperature_C, line),) = told.items()
        sweep.notes.append(f"temperature {FROM_LINE} {quote(' '.join(line.split()))}")


def _fill_cycle(sweeps: Sequence[Sweep], lines: Iterable[str]) -> None:
    """Fill the cycle from the only one that the lines name."""
    near = (line for line in lines if _CYCLE.search(line)) if sweeps else ()
    told = {float(match[1] or match[2]): line for line in near for match in _CYCLE_PROSE.finditer(line)}
    for sweep in sweeps if len(told) == 1 else ():
        ((sweep.cycle, line),) = told.items()
        sweep.notes.append(f"cycle {FROM_LINE} {quote(' '.join(line.split()))}")


def _iterate_temperatures(line: str) -> Iterator[float]:
    """Yield the temperatures that stand alone in a line, in degrees Celsius; 2C may be a rate."""
    for match in _PROSE.finditer(line):
        unit = match[2] if match[2] in ("C", "K") else "°C"
        value = find_in_name(f"{match[1].translate(_MINUS_AND_POINT)}{unit}", AXES["temperature"])
        told = (
            value is not None
            and not is_treatment(value, line[: match.start(1)])
            and (unit == "°C" or (_MAY_BE_BARE[0] <= value <= _MAY_BE_BARE[1] and not _ELSE.search(line)))
        )
        yield from (value,) if told and value is not None else ()


def apply_conditions(sweeps: Iterable[Sweep], pairs: Mapping[str, Any]) -> None:
    """Fill cycle, temperature, potential and time of the sweeps that have none from the header's pairs."""
    told: dict[int, float] = {}
    for key, value in pairs.items():
        for place, unit, only_with_unit in _find_conditions(str(key)):
            number = _parse_value(_CONDITIONS[place][0], str(value), unit, only_with_unit)
            if number is not None:
                told.setdefault(place, number)
    for place in sorted(told):
        for sweep in sweeps:
            if getattr(sweep, _CONDITIONS[place][0]) is None:
                setattr(sweep, _CONDITIONS[place][0], told[place])


@lru_cache(maxsize=4096)
def _find_conditions(key: str) -> tuple[tuple[int, str, bool], ...]:
    """Return the places of the conditions that a key means, with its unit, and whether it needs one.

    A program's headers have the same keys in file after file.
    """
    name, unit = _split_key(key)
    found = []
    for place, (field, pattern) in enumerate(_CONDITIONS):
        if pattern.match(key):
            found.append((place, "", False))
        elif name in _WITH_UNIT.get(field, ()):
            found.append((place, unit, True))
        elif unit and pattern.match(name):
            found.append((place, unit, False))
    return tuple(found)


def _split_key(key: str) -> tuple[str, str]:
    """Return the name and the unit in a key."""
    match = _OF_KEY.match(key)
    return (match[1], str(match[2] or match[3] or match[4])) if match else (key, "")


def _parse_value(name: str, value: str, unit: str, only_with_unit: bool) -> float | None:
    """Return what a pair says of a condition, in the key's unit or the one behind the number."""
    told = (f"{value} {unit}" if unit else value).strip(" ~≈")
    return None if only_with_unit and not _BEHIND.match(told.strip()) else read_condition(name, told)


def apply_header(sweeps: Iterable[Sweep], pairs: Mapping[str, Any]) -> None:
    """Do the same, but where a sweep has another value of its own under a key of the header."""
    alike = list[Sweep]()
    for sweep in sweeps:
        if pairs.keys().isdisjoint(sweep.metadata):
            alike.append(sweep)
        else:
            apply_conditions([sweep], {key: sweep.metadata.get(key, value) for key, value in pairs.items()})
    apply_conditions(alike, pairs)
