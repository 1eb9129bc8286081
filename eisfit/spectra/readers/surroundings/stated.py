"""What lines beside the numbers tell of their units, in words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.conversion.assemble import note_bare_units
from eisfit.spectra.readers.conversion.attribute_units import HOLDS, with_attribute_units
from eisfit.spectra.readers.conversion.chosen import Chosen
from eisfit.spectra.readers.conversion.stated_quantity import with_stated_quantity
from eisfit.spectra.readers.conversion.voltage_current import VOLT_PER_AMPERE
from eisfit.spectra.readers.file import File, quote
from eisfit.spectra.readers.names.columns import Column, parse_name
from eisfit.spectra.readers.names.name_units import split_units
from eisfit.spectra.readers.names.plain_names import join_prefixes
from eisfit.spectra.readers.names.units import DIGATRON, PER_AREA, is_unit, parse_unit
from eisfit.spectra.readers.names.words import VOCABULARY
from eisfit.spectra.readers.tables.table import Table
from eisfit.spectra.spectrum import ASSUMED

_TOKEN = regex(r"[^\s,;:=()\[\]{}\"'<>|]+")
_UNIT_WORD = r"units?|einheit(?:en)?|unités?|unidad(?:es)?|unità|enhet(?:er)?|eenheid|单位|單位|単位|단위"
_UNITS = regex(_UNIT_WORD, re.IGNORECASE)
#: What a line must name beside the unit, by what the unit measures.
_SUBJECT = {
    "ohm": regex(
        rf"\b(?:{_UNIT_WORD}|Z(?:re(?:al)?|im(?:ag)?|mod)?|Re|Im|real|imag(?:inary)?|imp[eé]d[aâe]n\w*|values?|EIS"
        r"|data|spectr\w+|Nyquist)\b|单位|單位|単位|단위|阻抗|インピーダンス|임피던스",
        re.IGNORECASE,
    ),
    "frequency": regex(
        rf"\b(?:{_UNIT_WORD}|f|freq\w*|frequen\w*|frecuen\w*|fréquen\w*|frekven\w*|частот\w*)\b|频率|頻率|周波数|주파수",
        re.IGNORECASE,
    ),
}
_MENTIONS = regex(rf"{_SUBJECT['ohm'].pattern}|ohm|[ΩΩ]", re.IGNORECASE)
#: ``multiplied by 1000``, ``x 1000``, ``10^3 Ohm``.
_FACTOR = regex(
    r"\b(?:multipl\w+|divided?|scaled?)\s+(?:\S+\s+)?(?:by|with)\s+\d|[x×*·/]\s*(?:10{2,}\b|1?[eE][-+]?\d)|\b10\s*(?:\^|\*\*)\s*[-+]?\d|\b10[⁻⁰-⁹¹²³]+|\b1?[eE][-+]?\d\s*(?=\w?(?:[oO]hm|OHM|[ΩΩ]))"
    r"|\b1\s*=\s*1\s*\w|\b(?:hundred|thousand|million)(?:th)?s?\s+(?:of\s+(?:an?\s+)?)?\w*(?:Hz|Hertz|ohm)"
    r"|\b(?:tausend|million)stel\b|\bmilli(?:è|on)i?èmes?\b",
    re.IGNORECASE,
)
_THOUSAND_HERTZ = regex(r"(?:thousands?(?: of)?|million|[x×*] ?10{3,}) ?(?:Hz|hertz)", re.IGNORECASE)
_SCALE = regex(
    r"(?:(?:\w+_)?(?:scale|multiplier)(?:_factor)?|factor): (?!1(?:\.0*)?$)[-+.\deE]+$", re.IGNORECASE
)
#: Of numbers that are not those that were measured.
_WORKED_ON = regex(
    r"\bnormali[sz]ed\b|\bnormiert|\bnormalisé|\bnormali[sz]ad"
    r"|\barea[- ]?(?:specific|corrected)|\bflächen(?:bezogen|spezifisch)"
    r"|\bper (?:unit )?(?:area|cell)\b|\b(?:pro|je) Zelle\b"
    r"|\b(?:multiplied|divided|scaled) (?:by|with)\b|\bsubtracted\b"
    r"|\bdoubled\b|\bhalved\b|\bhalf (?:of )?(?:the )?(?:measured )?(?:impedance|Z)\b"
    r"|\badmittan\w+|\bZ ?/ ?\d|\b\d ?[*·×] ?Z\b"
    r"|\bresistance (?:corrected|compensated|removed)\b",
    re.IGNORECASE,
)
HERTZ = {1.0, 1e3, 1e6, 1e9}
ANGULAR = regex(
    r"\bangular\b|\bKreisfrequenz|\bpulsation\b|\bomega\b|(?-i:ω)|2 ?[*·]? ?(?:pi|π) ?[*·]? ?f", re.IGNORECASE
)
_VALUE = regex(r"[:=\t;,]\s*[-+]?\.?\d[\d.,eE+-]*\s*$")
_NUMBER_BEFORE = regex(r"\d[.\d]*\s*$")
#: What has a unit of its own: ``Range: kOhm`` tells nothing of the table.
_AREA = regex(r"(?:[oO]hm|[ΩΩ]).{0,4}m(?:\^|\*\*)?[2²]\W*$")
_OTHER = regex(r"\b(?:range|limit|max|min|shunt|resistor|load|bandwidth|filter)", re.IGNORECASE)
#: Of a sweep or an instrument, not of the table's frequencies.
_SETTING = regex(
    r"\b(?:f[if]|start|stop|from|initial|final|low\w*|high\w*|upper|cut-?off|sampl\w*|clock|demod\w*|modulation|center|centre)\b",
    re.IGNORECASE,
)
_LOST = ("?", "\ufffd", "W", "Ù")
_LONGEST = 200
_MOST_NAMES = 60
_NEAR = 5  # lines below a header within which numbers begin
_MOST_LINES = 300
_STATABLE = {"frequency": "frequency", "real": "ohm", "imag": "ohm", "imag_size": "ohm", "modulus": "ohm"}


def with_stated_units(file: File, table: Table, columns: dict[int, Column]) -> dict[int, Column]:
    """Return the columns with units that the text above or below states, where their names have none.

    Raises
    ------
    ReadError
        When it states several of one kind.
    """
    columns = with_attribute_units(file, columns)
    columns = with_stated_quantity(file, columns, table.preamble)
    bare = {i: kind for i, c in columns.items() if not c.unit and (kind := _STATABLE.get(c.quantity))}
    if {"real", "imag"} <= {c.quantity for c in columns.values() if c.unit}:  # then log|Z| may do without
        bare = {i: kind for i, kind in bare.items() if kind != "ohm" or not columns[i].base}
    if not bare:
        return columns
    text, below = find_lines_beside(table)
    found: dict[str, str] = {}
    for kind, unit, line in _find_stated(text):
        if kind not in bare.values() or _FACTOR.search(line) or not _is_unit_of_table(kind, unit, line):
            continue
        other = found.setdefault(kind, unit)
        if parse_unit(other) != parse_unit(unit):
            raise file.error(
                f"the text beside the table states {other} and {unit}, and the header does not say whose: "
                "write the units into the header"
            )
    refuse_unclear(file, {*bare.values()} - {*found}, text, below)
    return {i: _scale_column(c, found[bare[i]]) if bare.get(i) in found else c for i, c in columns.items()}


def find_lines_beside(table: Table) -> tuple[list[str], list[str]]:
    """Return the lines next to a table, above, beside its header or right below, and those further down."""
    after = table.lines[table.rows[-1] + 1 :][:_MOST_LINES] if table.rows else []
    near = (line for line in after[:_NEAR] if not _has_digits(line))
    return [*table.preamble, *_find_beside_header(table), *near], [line for line in after if line.strip()]


def _has_digits(line: str) -> bool:
    """Whether a line has a digit but that of an area."""
    return any(map(str.isdecimal, line.replace("cm2", "").replace("cm^2", "")))


def note_other_words(file: File, columns: Iterable[Column], text: Iterable[str] = ()) -> list[str]:
    """Return notes on words beside the numbers that their header does not bear out; `fit` shows them.

    Another unit than the header's, a factor, a normalisation, an angular frequency: the header is believed,
    as lines beside a table tell of much, and the line is shown.
    """
    told: dict[str, set[float]] = {}
    columns = list(columns)
    in_hertz = any(c.quantity == "frequency" and c.scale in HERTZ for c in columns)
    for c in columns:
        if (kind := _STATABLE.get(c.quantity)) and c.unit and (unit := parse_unit(c.unit)):
            told.setdefault(kind, set()).add(unit.scale)
    beside = (
        line for line in file.beside if not (parse_name(line).quantity or line.startswith(HOLDS))
    )  # names of other columns
    lines = [line for line in dict.fromkeys([*text, *beside]) if not _names_columns(line)]
    if any(c.quantity.startswith("admittance") for c in columns):
        lines = [line for line in lines if "admit" not in line.lower()]
    if file.reading.impedance_unit:
        told.pop("ohm", None)
    odd = [quote(line, 80) for line in lines[-_MOST_LINES:] if _contradicts(line, told, in_hertz)]
    return [f"{ASSUMED} the header holds, although {line} stands beside it" for line in odd[:3]]


def _names_columns(line: str) -> bool:
    """Whether a line is the header of a table."""
    return sum(bool(parse_name(cell).quantity) for cell in re.split(r"[,;\t|]", line)[:_MOST_NAMES]) > 1


def _contradicts(line: str, told: dict[str, set[float]], in_hertz: bool) -> bool:
    """Whether a line says of the numbers what their units, by what they measure, do not."""
    if len(line) > _LONGEST or not line.strip():
        return False
    if "ohm" in told and (_has_factor(line) or _SCALE.match(line.strip(" #%;!*"))):
        return True
    of_frequency = bool(_SUBJECT["frequency"].search(line)) and not _SETTING.search(line)
    if of_frequency and in_hertz and (ANGULAR.search(line) or _FACTOR.search(line)):
        return True
    if any(
        kind in told and _is_other_unit(kind, unit, line, told[kind])
        for kind, unit, _ in _find_stated([line])
    ):
        return True
    return bool(_WORKED_ON.search(line)) and not _VALUE.search(line)


def _is_other_unit(kind: str, unit: str, line: str, scales: set[float]) -> bool:
    """Whether a unit that a line states without a value is another than those of the header."""
    told = parse_unit(unit)
    of_a_setting = kind == "frequency" and _SETTING.search(line) is not None
    return told is not None and told.scale not in scales and not of_a_setting


def _has_factor(line: str) -> bool:
    """Whether a line has a factor of the impedance, or is a footnote with one."""
    return bool(_FACTOR.search(line) and (_MENTIONS.search(line) or line.lstrip()[:1] == "*"))


def _find_beside_header(table: Table) -> list[str]:
    """Return what stands behind the names of the columns, and between them and the first row."""
    names = [*table.names[table.width :], *table.further]
    return [name for name in names if name] + [line for line in table.between if line.strip()]


def refuse_unclear(file: File, bare: set[str], text: Sequence[str] = (), below: Sequence[str] = ()) -> None:
    """Refuse a line beside the table that names another unit than ohm or Hz, or a factor, of unknown columns.

    Parameters
    ----------
    file
        The file: its name and what stands elsewhere in it count too.
    bare
        Kinds of unit that the header leaves out (``ohm``, ``frequency``).
    text, below
        Lines next to the table, and those further down.

    Raises
    ------
    ReadError
        Unless the user says the unit.
    """
    elsewhere = [word.replace("_", " ") for word in (*file.beside, file.stem)]
    if "ohm" in bare and not file.reading.impedance_unit:
        told = _find_scaled("ohm", [*text, *below, *elsewhere])
        near = [*text[-_MOST_LINES:], *below]
        told += [line for line in near if _FACTOR.search(line) and _MENTIONS.search(line)]
        told += [line for line in (*file.beside, *near) if _SCALE.match(line.strip(" #%;!*"))]
        for line in told:
            raise file.error(f"{_describe_place(line)}: write it there, or say --impedance-unit")
    if "frequency" in bare:
        near = [line for line in (*text[-_MOST_LINES:], *below) if not _SETTING.search(line)]
        told = [
            line
            for line in near
            if _FACTOR.search(line) and (_SUBJECT["frequency"].search(line) or "Hz" in line)
        ]
        told += [line for line in elsewhere if _THOUSAND_HERTZ.search(line)]
        titles = [line for line in near if not _has_digits(line)]
        for line in [*told, *_find_scaled("frequency", [*titles, *elsewhere])]:
            raise file.error(f"{_describe_place(line)}: write it there")


def _find_scaled(wanted: str, lines: Sequence[str]) -> list[str]:
    return [line for kind, unit, line in _find_stated(lines) if kind == wanted and _is_scaled(unit)]


def _describe_place(line: str) -> str:
    return f"{quote(line)} stands beside the table or in the file's name, and the header has no unit"


def note_assumed_units(table: Table, chosen: Chosen) -> list[str]:
    """Return what is taken for granted of the impedance's unit, or read from the text above."""
    if DIGATRON in table.units:
        return [f"{ASSUMED} milliohm, as in Digatron's files (else --impedance-unit)"]
    lost = [c.name for q, c in chosen.columns.items() if _STATABLE.get(q) == "ohm" and c.unit.endswith(_LOST)]
    if lost:
        return [f"{ASSUMED} the sign that {lost[0]!r} has lost was Ω (else --impedance-unit)"]
    told = {q: c.unit for q, c in chosen.columns.items() if q in _STATABLE and c.unit != VOLT_PER_AMPERE}
    names = table.names[: table.width]
    stated = {unit for unit in told.values() if unit and not any(unit in name for name in names)}
    if stated - set(table.units):
        return [f"{ASSUMED} {', '.join(sorted(stated))}, as the lines above or below the table say"]
    return note_bare_units(chosen)


def _scale_column(column: Column, unit: str) -> Column:
    told = parse_unit(unit)
    return column if told is None else replace(column, unit=unit, scale=column.scale * told.scale)


def _find_stated(lines: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Yield (kind, unit, line) where a line has a unit, and no value in it."""
    for line in lines[-_MOST_LINES:]:
        if len(line) > _LONGEST or _VALUE.search(line) or _OTHER.search(line):
            continue
        text = join_prefixes(line)
        if _AREA.search(text) and (area := next((u for _, u in split_units(text) if PER_AREA.search(u)), "")):
            yield "ohm", area, line
            continue
        for match in _TOKEN.finditer(text):
            word = match[0].rstrip(".!?*")
            unit = parse_unit(word) or parse_unit(word := word.rpartition("/")[2])  # impedance/mOhm
            if (
                unit is not None
                and unit.kind in _SUBJECT
                and not _NUMBER_BEFORE.search(text[: match.start()])
            ):
                yield unit.kind, word, line


def _is_scaled(unit: str) -> bool:
    return (told := parse_unit(unit)) is not None and told.scale != 1


def _is_unit_of_table(kind: str, unit: str, line: str) -> bool:
    """Whether a line says that a unit is that of the table: by naming it, or by naming nothing else."""
    named = [match[0] for match in _SUBJECT[kind].finditer(line)]
    if not all(map(_UNITS.fullmatch, named)):
        return True
    found = re.findall(r"[^\W\d_]+", join_prefixes(line))
    words = [word for word in found if not (is_unit(word) or word in ("cm", "cm²"))]
    if not named:
        return not words  # [kHz] [mΩ] [mΩ]
    return all(_UNITS.fullmatch(word) or word.lower() in VOCABULARY for word in words)
