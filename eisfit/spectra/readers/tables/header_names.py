"""Names of columns that do not stand in one line: a legend, two or three lines, or units alone."""

from __future__ import annotations

import re
from collections.abc import Sequence

from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.names.columns import parse_name
from eisfit.spectra.readers.names.units import is_unit, is_units_row, unit_kind
from eisfit.spectra.readers.names.words import PARTS, can_make_impedance
from eisfit.spectra.readers.tables.numbers import Style, to_number
from eisfit.spectra.readers.tables.table import Table

WANTED, _FEWEST_WANTED = {"frequency", *PARTS}, 3
#: A name that is a number of a column: its stem, and the number or the letter.
_COUNTED = regex(r"([^\W\d]*[ _(]*)(\d{1,3})\)?|()([A-Za-z])(?:\([XYxy]\))?")
#: ``#L`` names columns in files of SPEC.
COMMENT = regex(r"^\s*(?:#L(?=\s)|#(?!NAME|VALUE|REF)|%|;;|;(?=\s)|//|!|\*)+\s?")
LONGEST_HEADER = 8000
_LONGEST_LEGEND = 20  # lines
_OF_LEGEND = regex(
    r"(?:(?<=^)|(?<=[\s,;#%]))(?:col(?:umn)?|spalte)?\.?[ _]*(\d{1,2})[ \t]*[:=)][ \t]*",
    re.IGNORECASE | re.MULTILINE,
)
_FIRST_OF_LEGEND = regex(r"(?<![\d.])[01][ \t]*[:=)]")
_OF_DIGATRON = {"Zreal1", "Zimg1"}  # beside one of the names below; the row of units is lost in many copies
_BESIDE = {
    "ActFreq",
    "FreqEIS",
    "AhAccu",
    "AhStep",
    "AhPrev",
    "Prog Time",
    "Step Time",
    "Step",
    "Schritt",
    "Status",
}
#: A cell in quotes, begun behind a mark, that goes on in the next line or two.
_OVER_LINES = regex(r'(?:(?<=^)|(?<=[,;\t\n]))"[^"\n,;\t]{1,60}(?:\n[^"\n,;\t]{1,60}){1,2}"(?=[,;\t\n]|$)')
#: A name of several words to the unit it is given in: ``Re Z in Ohm``, ``Im (Z) [Ohm]``.
_TO_ITS_UNIT = regex(
    r"\S.{0,60}?(?:\s(?:in|en|em)\s+\S+(?:\s?cm(?:\^?2|²))?|\s*\[[^\[\]]+\]|\s\((?![ZY]\w?\))[^()\s]+\))(?=\s|$)"
)
_JOINT, _LAST_OF_HEADER = "\x00", 60  # lines


def join_quoted_lines(lines: Sequence[str]) -> Sequence[str]:
    r"""Return the lines with names in quotes that go over several in one; empty ones keep the count.

    >>> join_quoted_lines(['"f', '(Hz)","Z', '(Ohm)"', "1,2"])
    ['"f (Hz)","Z (Ohm)"', '', '', '1,2']
    """
    head = "\n".join(lines[:_LAST_OF_HEADER])
    joined = _OVER_LINES.sub(lambda cell: cell[0].replace("\n", _JOINT), head)
    if joined == head:
        return lines
    whole: list[str] = []
    for line in joined.split("\n"):
        whole += [line.replace(_JOINT, " "), *[""] * line.count(_JOINT)]
    return [*whole, *lines[_LAST_OF_HEADER:]]


def read_legend(above: Sequence[str], width: int) -> list[str]:
    """Return the names of a legend: ``Column 1: f [Hz]``, a line each, or ``1=f 2=Zre 3=Zim``; else none."""
    text = "\n".join(above[-_LONGEST_LEGEND:])
    if len(text) > LONGEST_HEADER or not _FIRST_OF_LEGEND.search(text):
        return []
    _, *parts = _OF_LEGEND.split(text)
    names = [part.strip().partition("\n")[0].strip(" ,;") for part in parts[1::2]]
    if parts[::2] not in ([f"{i + first}" for i in range(width)] for first in (0, 1)):
        return []
    return names if are_spectrum_names(names) else []


def make_names_of_units(table: Table, line: str) -> list[str]:
    """Return names for columns of which only the units are told: one frequency, and two of an impedance."""
    cells = [cell.strip("[](){} \"'") for cell in table.split(COMMENT.sub("", line))]
    kinds = [unit_kind(cell.lstrip("-")) for cell in cells]
    if len(cells) != table.width or kinds.count("frequency") != 1:
        return []
    told = [kind for kind in kinds if kind in ("ohm", "angle")]
    quantities = {"ohm ohm": ["Z'", "Z''"], "ohm angle": ["|Z|", "phase"]}.get(" ".join(told), [])
    names = iter(quantities)
    called = {"frequency": "frequency", **dict.fromkeys(("ohm", "angle"), "")}
    return (
        [
            f"{'-' * (cell[:1] == '-')}{called[kind] or next(names)} [{cell.lstrip('-')}]"
            if kind in called
            else cell
            for kind, cell in zip(kinds, cells, strict=True)
        ]
        if quantities
        else []
    )


def split_at_units(line: str) -> list[str]:
    """Return the names of a line that blanks part, where each ends with its unit; else none.

    >>> split_at_units("f in Hz Re Z in Ohm Im Z in Ohm"), split_at_units("f in Hz Re Z")
    (['f in Hz', 'Re Z in Ohm', 'Im Z in Ohm'], [])
    """
    names = _TO_ITS_UNIT.findall(line)
    whole = names and " ".join(" ".join(names).split()) == " ".join(line.split())
    return names if whole and all(parse_name(name).unit for name in names) else []


def join_name_lines(table: Table, lines: Sequence[str]) -> list[str]:
    """Return names of two or three lines joined: those above may span columns: ``Z,`` over ``re,im``."""
    if len(lines) < 2:
        return []
    width = table.width
    rows = [table.split(COMMENT.sub("", line))[:width] for line in lines]
    rows = [[*row, *[""] * (width - len(row))] for row in rows]
    units = sum(map(is_unit, rows[-1]))
    rows = _drop_index_name(rows)
    if (
        not all(map(any, rows))
        or _is_remark(lines, rows)
        or not any(row[-1] for row in rows)
        or _is_mostly_numbers(rows[-1], table.style)
        or units > 1
        or sum(map(len, lines)) > LONGEST_HEADER
    ):
        return []
    for over in rows[:-1]:
        for i in range(1, width):
            over[i] = over[i] or over[i - 1]
    names = [" ".join(filter(None, cells)) for cells in zip(*rows, strict=True)]
    return names if are_spectrum_names(names) else []


def _is_mostly_numbers(cells: Sequence[str], style: Style) -> bool:
    """Whether most of a line are numbers, whole ones aside, which may number cells: a point with remarks."""
    found = [value for cell in cells if cell and (value := to_number(cell, style)) is not None]
    return 2 * len(found) > len(cells) and any(value % 1 for value in found)


def _drop_index_name(rows: list[list[str]]) -> list[list[str]]:
    """Return the rows without a last one that names the first column alone, as pandas writes an index.

    What stands over it names the rows of names.
    """
    *upper, last = rows
    whole = len(upper) > 1 or len(set(upper[0][1:])) == len(last) - 1  # else a line above parts them
    if not whole or any(last[1:]) or parse_name(last[0]).quantity != "frequency":
        return rows
    return [*(["", *row[1:]] for row in upper[:-1]), [last[0], *upper[-1][1:]]]


def _is_remark(lines: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Whether the last line is a remark below a header: of one cell, or behind a comment's mark."""
    filled = sum(map(bool, rows[-1]))
    if filled == 1:
        return bool(rows[0][0])
    marked = COMMENT.match(lines[-1]) is not None and COMMENT.match(lines[-2]) is None
    return marked and are_spectrum_names(list(rows[-2]))


def are_spectrum_names(names: list[str]) -> bool:
    """Whether names are those of a spectrum's columns: three of a frequency and the parts of an impedance."""
    return len(WANTED & {*find_quantities(names)}) >= _FEWEST_WANTED


def find_quantities(names: list[str], units: list[str] | None = None) -> list[str]:
    """Return what each name means, some of them only with the unit that stands below."""
    units = units or []
    each = units if len(units) == len(names) else align_units(units, names) if is_units_row(units) else []
    known = [parse_name(name).quantity for name in names]
    return [
        found or parse_name(f"{name} [{unit}]").quantity if unit and name else found
        for found, name, unit in zip(known, names, each or [""] * len(names), strict=True)
    ]


def align_units(units: list[str], names: list[str]) -> list[str]:
    """Return a unit for each name where some have none: as they stand, else each to the next it suits."""
    padded = [*units, *[""] * (len(names) - len(units))]
    if len(padded) == len(names) and all(map(is_unit_of, padded, names)):
        return padded
    aligned, left = [], list(units)
    for name in names:
        fits = bool(left) and is_unit_of(left[0], name) and bool(parse_name(f"{name} [{left[0]}]").quantity)
        aligned.append(left.pop(0) if fits else "")
    return [] if left else aligned


def is_unit_of(unit: str, name: str) -> bool:
    """Whether a unit can be that of a column: of a known quantity, the one that it measures."""
    found = parse_name(f"{name} [{unit}]").quantity
    return not unit or found == "temperature" or parse_name(name).quantity in ("", found)  # T without: a time


def is_unit_alone(cell: str) -> bool:
    """Whether a cell is a unit in brackets, which a gap parted from its name, or a word of a title."""
    return cell in ("vs", "vs.", "versus") or is_bracketed_unit(cell)


def is_bracketed_unit(cell: str) -> bool:
    """Whether a cell is a unit in brackets and nothing else."""
    inner = cell.strip("[]() ")
    return cell[:1] in ("[", "(") and (is_unit(inner) or inner in ("a", "b"))  # ZPlot's ohm


def is_of_digatron(names: Sequence[str], above: Sequence[str]) -> bool:
    """Whether a table has Digatron's two names, and another of theirs or their name above it."""
    if not _OF_DIGATRON.issubset(names) or "Zreal2" in names:
        return False
    return not _BESIDE.isdisjoint(names) or any("digatron" in line.lower() for line in above)


def are_units_and_a_word(cells: Sequence[str]) -> bool:
    """Whether a row below names holds units, and a word for one that has none: ``Nr, Hz, ohm, ohm``."""
    units = [cell for cell in cells if is_unit(cell.strip("[]() "))]
    return len(units) >= 3 and is_units_row(units) and sum(map(bool, cells)) - len(units) == 1


def are_column_numbers(cells: Sequence[str]) -> bool:
    """Whether names count the columns and say no more: ``V1,V2,V3`` (R), ``Var1`` (MATLAB), ``A(X),B(Y)``."""
    found = [_COUNTED.fullmatch(unquote(cell.strip())) for cell in cells]
    if any(match is None for match in found):
        return False
    stems = {(match[1] or "") for match in found if match}
    counts = [(match[2] or match[4]) for match in found if match]
    places = [int(count) if count.isdigit() else ord(count.upper()) for count in counts]
    return len(stems) == 1 and places == list(range(places[0], places[0] + len(places)))


def unquote(cell: str) -> str:
    """Return a cell without the marks around it; one that only ends with a mark is a name: ``Z"``."""
    if cell[:1] == cell[-1:] == '"' and len(cell) > 2:
        return cell[1:-1]  # "Z""" is Z"
    return cell.strip('"') if cell[:1] == '"' or not cell.rstrip('"')[-1:].isalpha() else cell


def drop_logarithms(names: list[str]) -> list[str]:
    """Return the names without those of logarithms of what stands beside them: they have fewer digits."""
    columns = [parse_name(name) for name in names]
    plain = {(c.quantity, c.label) for c in columns if not c.base}
    if len(plain) == len(columns):
        return names
    held = {label: {q for q, whose in plain if whose == label} for _, label in plain}
    whole = {label for label, quantities in held.items() if can_make_impedance(quantities)}
    return [
        ""
        if c.base and ((c.quantity, c.label) in plain or (c.label in whole and c.quantity in PARTS))
        else name
        for name, c in zip(names, columns, strict=True)
    ]
