"""Numbers as people write them, rewritten as plain rows: complex cells, units or names in every cell."""

from __future__ import annotations

import re
from collections.abc import Sequence

from eisfit.records import dataclass
from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.names.cell_units import tabulate
from eisfit.spectra.readers.names.columns import parse_name
from eisfit.spectra.readers.names.units import is_units_row, parse_unit
from eisfit.spectra.readers.tables.numbers import split
from eisfit.spectra.readers.tables.plain_signs import POSITIVE, REAL, normalise_signs

#: ``1.5-2j``, ``(1.5 - 2i)``, ``1.5 - 2im`` (Julia), ``1.5 - 2 I`` (Mathematica), ``1.5 - j2``.
_COMPLEX = regex(
    rf"(?:\(\s*)?({REAL})\s*([+-])\s*(?:[ij]\s*\*?\s*({POSITIVE})|({POSITIVE})\s*\*?(?:[ij]m?|[IJ]))"
    r"(?![A-Za-z\d])(?:\s*\))?"
)
_IMAGINARY = regex(r"[ijIJ](?<=[\d*+ -].)")  # looked for by the letter: few places to look at
#: Where fixed columns glue numbers together: ``1E+02-3E+01``.
_GLUED = regex(r"([eE][+-]\d{2,3})(?=[+-]\d)")
_POLAR = regex(rf"({POSITIVE})\s*∠\s*({REAL})\s*(°|º|deg\b|rad\b)?")
#: A frequency that was saved as a complex number.
_REAL_FIRST = regex(rf"^[ \t]*\(?({REAL})[+-]0*\.?0*(?:[eE][+-]?\d+)?[ij]\)?", re.MULTILINE)
_END = r"(?:[eE][+-]?\d+)?"
#: A line with a decimal comma in both parts of a number, or in one where other marks part the columns.
_COMMAS_IN_COMPLEX = regex(
    rf"^.*\d,\d+{_END}\s*[+-]\s*\d+,\d+{_END}\s*[ijJ].*$"
    rf"|^.*[;\t][^;\t]*(?:\d,\d+{_END}\s*[+-]\s*\d+|\d{_END}\s*[+-]\s*\d+,\d+){_END}\s*[ijJ].*$",
    re.MULTILINE,
)
_IN_COMPLEX = regex(rf"^.*\d{_END}\s*[+-]\s*\d+(?:,\d+)?{_END}\s*[ijJ].*$", re.MULTILINE)
_DECIMAL_COMMA = regex(r"(?<=\d),(?=\d)")
#: ``5,1 Ohm``, ``0,123 Ohm``: none between thousands, as in ``5,100 Ohm``.
_COMMA_BEFORE_UNIT = regex(
    r"(?:(?<=^)|(?<=[\s;=:]))[+-]?(?:0,\d+|\d+,(?:\d\d?|\d{4,}))(?:[eE][+-]?\d+)? ?[^\s\d.,;eE+-]"
)
_LONGEST = 2000
_SEVERAL = 2
_MOST_ABOVE = 4  # lines above the first row that may be its header and its units
_NAME_WITH_UNIT = regex(r"(.*?)(\s*)([\[(/].*)$")
_DRESSED = regex(
    rf"""^\s*(?:(["']?)([^\W\d][^=:;,\t]{{0,40}}?)\1\s*[=:]\s*)?({REAL})\s*([^\s\d.,;=:][^\s,;=:]{{0,12}})?\s*$"""
)
#: An entry of a YAML list: ``- {f: 10, re: 5, im: -3}``.
_BRACES = regex(r"^\s*-?\s*\{(.*)\}\s*,?\s*$")
_NEXT_NAME = regex(r"(?<=[\w.])\s+(?=[^\W\d][^\s=:]{0,20}\s?[=:])")  # f: 10 Hz  Z': 5 Ohm
_NAME_AND_NUMBER = regex(rf"\s*([^\W\d][^=:;,\t]{{0,20}}?)\s*[\s=:]\s*{REAL}\s*[^\s\d.,;=:+-]{{0,6}}\s*")
_MOST_NAMES = 12
#: Rows in brackets: ``[[1, 2, 3], [4, 5, 6]]``, ``{{1, 2}, {3, 4}}``.
_NESTED = regex(r"\[\s*\[|\{\s*\{")
#: ... or a line each, as Python prints tuples and arrays.
_IN_BRACKETS = regex(r"\s*[\[(]{1,2}\s*([-+.\d][^\[\](){}]*?)\s*[\])]{1,2},?\s*")
_GROUP = regex(r"[\[{]([^\[\]{}]+)[\]}]")
#: ``31.2 ± 0.3``, ``31.2(3)``.
_UNCERTAINTY = regex(r"(?<=\d) ?(?:(?:±|\+/-) ?\d[\d.]*(?:[eE][+-]?\d+)?|\(\d{1,3}\))")
#: ``Point12=``, ``data[12]:`` before the numbers of a row, and what such files call the row of names.
_ROW_NUMBER = regex(r"^\s*[^\W\d][\w .]{0,20}?[\[(]?\d{1,6}[\])]?\s*[=:]\s*(?=[+-]?\.?\d)")
_ROW_OF_NAMES = regex(r"^\s*(?:columns?|fields?|header|format|names?|spalten|kopf)\s*[=:]\s*", re.IGNORECASE)
#: Numbers with any marks between them: ``1000: 10.5, -3.2``.
_ANY_NUMBER = regex(r"[+-]?(?:\d+(?:[.,]\d+)?|\.\d+)(?:[eE][+-]?\d+)?")
_ANY_MARK = regex(r"\s*[,;:|\t/]\s*| +")
_FEWEST_ROWS = 3
#: As the examples of the AD5940 print it: ``Freq: 10 (real, image) = ,5 , -3 ,mOhm``, or in two lines.
_LOGGED = (
    (
        regex(rf"\(real, image\)\s*=[ ,]*({REAL})[ ,]+({REAL})[ ,]+(m?Ohm)\b"),
        r", Zreal: \1 \3, Zimag: \2 \3",
    ),
    (regex(rf"(?:Impedance: *)?\(Real, *Image\)\s*= *({REAL})({REAL})j"), r"Zreal: \1, Zimag: \2"),
    (regex(rf"^(Freq: *{REAL} *(?:Hz)?)\s*\n(?=RzMag:|Zreal:)", re.MULTILINE), r"\1, "),
)


@dataclass(frozen=True)
class Lines:
    """The lines of a text.

    Parameters
    ----------
    plain
        As they stand, but for the sign and the exponent of numbers.
    lines
        With a gap between all numbers.
    polar
        Unit of the second of each pair where numbers stand as modulus and angle (empty where none is
        written), None where they do not.
    """

    plain: Sequence[str]
    lines: list[str]
    polar: str | None = None


def separate_numbers(plain: Sequence[str]) -> Lines:
    """Return the lines with a plain minus, and those with a gap between all numbers.

    >>> separate_numbers(["10,5 - j2", "1,3.5-2im"]).lines, separate_numbers(["10,5∠-20°"]).lines
    (['10,5,-2', '1,3.5,-2'], ['10,5,-20'])
    """
    whole = "\n".join(plain := normalise_signs(plain))
    if _IMAGINARY.search(whole) and _COMMAS_IN_COMPLEX.search(whole):
        whole = _IN_COMPLEX.sub(lambda line: _DECIMAL_COMMA.sub(".", line[0]), whole)
        plain = whole.split("\n")
    if "∠" in whole:
        units = {match[3] or "" for match in _POLAR.finditer(whole)}
        if len(units) == 1:
            (unit,) = units
            return Lines(plain, [_format_pair(line, _POLAR, r"\1{0}\2") for line in plain], unit)
    if not _IMAGINARY.search(whole):
        lines = list(plain)
    else:
        real = len(_REAL_FIRST.findall(whole)) == sum(1 for line in plain if _COMPLEX.match(line.strip())) > 0
        lines = [_complex_to_pair(_REAL_FIRST.sub(r"\1", line) if real else line) for line in plain]
    return Lines(plain, [_GLUED.sub(r"\1 ", line) for line in lines] if _GLUED.search(whole) else lines)


def name_complex_columns(written: Lines) -> list[str]:
    """Return the lines with two names for each column of complex numbers, where there are several of them.

    >>> name_complex_columns(separate_numbers(["f,Z A,Z B", "10,5-2j,6-3j"]))[0]
    'f,Z_real a,Z_imag a,Z_real b,Z_imag b'
    """
    plain, lines = written.plain, written.lines
    pairs = zip(plain, lines, strict=True)
    row = next((i for i, (a, b) in enumerate(pairs) if a is not b and _IMAGINARY.search(a)), 0)
    mark = _find_delimiter(plain[row]) if row else ""
    held = [split_complex(cell) is not None for cell in split(plain[row], mark)] if row else []
    if not any(held) or written.polar is not None or len(split(lines[row], mark)) != len(held) + sum(held):
        return lines
    above = [line for line in plain[:row] if line.strip()][-_MOST_ABOVE:]
    named = {line: new for line in above if (new := _split_header(line, held, mark)) != line}
    whole = sum(held) < _SEVERAL
    return [
        named.get(line, line) if whole or line is old else _fill_gaps(old, line, held, mark)
        for old, line in zip(plain, lines, strict=True)
    ]


def _fill_gaps(plain: str, line: str, held: Sequence[bool], mark: str) -> str:
    """Return a row of several complex numbers with two empty cells for each of those that are missing."""
    cells = [cell.strip() for cell in plain.split(mark)]
    if mark == " " or not any(two and not cell for two, cell in zip(held, cells, strict=False)):
        return line
    pairs = [split_complex(cell) if two else None for two, cell in zip(held, cells, strict=False)]
    each = (
        pair or (("", "") if two else (cell,)) for pair, two, cell in zip(pairs, held, cells, strict=False)
    )
    return mark.join([*(one for parts in each for one in parts), *cells[len(held) :]])


def _split_header(line: str, held: Sequence[bool], mark: str) -> str:
    """Return a header, or a row of units below it, with two cells for each column of complex numbers."""
    cells = split(line, mark)
    if len(cells) < len(held) or not any(cells) or (len(cells) > len(held) and mark == " "):
        return line
    held = [*held, *[False] * (len(cells) - len(held))]  # last cells are empty
    units = is_units_row(cells)
    each = [
        [cell] if not two else [cell, cell] if units or not cell else _make_part_names(cell)
        for cell, two in zip(cells, held, strict=True)
    ]
    return mark.join(one for pair in each for one in pair)


def _make_part_names(name: str) -> list[str]:
    """Return names for the parts of a complex column."""
    meaning = parse_name(name)
    unit = f" [{meaning.unit}]" if meaning.unit else ""
    if meaning.quantity in ("modulus", "admittance_modulus"):
        letter = "Z" if meaning.quantity == "modulus" else "Y"
        return [f"{letter}_{part} {meaning.label}".strip() + unit for part in ("real", "imag")]
    match = _NAME_WITH_UNIT.match(name)
    bare, gap, rest = match.groups() if match else (name, "", "")
    return [f"{bare}_{part}{gap}{rest}" for part in ("real", "imag")]


def _find_delimiter(line: str) -> str:
    return next((mark for mark in "\t;," if mark in line), " ")


def _complex_to_pair(line: str) -> str:
    return _format_pair(line, _COMPLEX, r"\1{0}\2\3\4") if _IMAGINARY.search(line) else line


def split_complex(cell: str) -> tuple[str, str] | None:
    """Return the real and the imaginary part of one complex number as text; None where it is none."""
    match = _COMPLEX.fullmatch(cell.strip())
    return None if match is None else (match[1], f"{match[2]}{match[3] or match[4]}".removeprefix("+"))


def _format_pair(line: str, pattern: re.Pattern[str], form: str) -> str:
    return line if len(line) > _LONGEST else pattern.sub(form.format(_find_delimiter(line)), line)


def strip_cells(lines: Sequence[str]) -> list[str]:
    r"""Return a table of rows in brackets, or of lines whose every cell has a unit or a name; none: empty.

    ``f=10 Hz, Z=2 kOhm`` becomes a row of its numbers, in units that are told in the header above.

    >>> strip_cells(["f,Zre", "1 kHz,2 Ohm", "100 Hz,2 Ohm", "10 Hz,2 Ohm"])[:2]
    ['f [Hz]\tZre [Ohm]', '1000.0\t2']
    """
    if sum(1 for line in lines if _UNCERTAINTY.search(line)) >= _FEWEST_ROWS:
        return [_UNCERTAINTY.sub("", line) for line in lines]
    for pattern, form in _LOGGED:
        if any(line.startswith("Freq:") for line in lines[:_FEWEST_ROWS]):
            lines = pattern.sub(form, "\n".join(lines)).split("\n")
    groups = _GROUP.findall("\n".join(lines)) if any(_NESTED.search(line) for line in lines) else []
    if len(groups) >= _FEWEST_ROWS:
        return groups
    rows = [match[1] for line in lines if line[:1] in " [(" and (match := _IN_BRACKETS.fullmatch(line))]
    if len(rows) >= _FEWEST_ROWS:
        return rows
    return _strip_row_numbers(lines) or _unify_marks(lines) or _strip_units(lines) or _join_records(lines)


def _strip_units(lines: Sequence[str]) -> list[str]:
    """Return a table whose every cell has a unit or a name without them: they are told in its header."""
    rows: list[list[tuple[str, str, str]]] = []
    above: list[str] = []
    others: dict[int, list[str]] = {}  # lines by the row they stand below
    commas = any(map(_COMMA_BEFORE_UNIT.search, lines))
    for line in lines:
        cells = _parse_cells(line, commas)
        if len(cells) > 1 and (not rows or [name for name, *_ in cells] == [name for name, *_ in rows[0]]):
            rows.append(cells)
        elif not rows and line.strip():
            above = [cell.strip() for cell in line.split(_find_delimiter(line))]
        elif line.strip():
            others.setdefault(len(rows), []).append(" ".join(line.split()))
    names = [name for name, *_ in rows[0]] if rows else []
    names = names if all(names) else above
    if len(rows) < _FEWEST_ROWS or len(names) != len(rows[0]):
        return []
    table = tabulate(names, rows)
    return [line for i, row in enumerate(table) for line in (row, *others.get(i, ()))]


def is_numbered(line: str) -> bool:
    """Whether a row begins with its number and a name for it: ``Point12=``."""
    return bool(_ROW_NUMBER.match(line))


def _strip_row_numbers(lines: Sequence[str]) -> list[str]:
    """Return the lines without ``Point12=`` before the numbers; none where no rows begin so."""
    if sum(map(is_numbered, lines)) < _FEWEST_ROWS:
        return []
    return [_ROW_OF_NAMES.sub("", _ROW_NUMBER.sub("", line)) for line in lines]


def _unify_marks(lines: Sequence[str]) -> list[str]:
    r"""Return rows whose numbers are parted by two marks, in the same order, with tabs; none: empty.

    >>> _unify_marks(["f: Z', Z''", *["10: 1.5, -2"] * 3])[:2]
    ["f\tZ'\tZ''", '10\t1.5\t-2']
    """
    marks = [_find_marks(line) for line in lines]
    told = max({*marks} - {()}, key=marks.count, default=())
    if len(set(told)) < 2 or marks.count(told) < _FEWEST_ROWS:
        return []
    first = marks.index(told)
    known = set(told) - {" "}
    names = {
        i: cells
        for i in range(first)
        if len(cells := [one.strip() for one in re.split(f"[{re.escape(''.join(known))}]", lines[i])])
        == len(told) + 1
    }
    return [
        "\t".join(names.get(i) or (_ANY_NUMBER.findall(line) if mark == told else [line]))
        for i, (line, mark) in enumerate(zip(lines, marks, strict=True))
    ]


def _find_marks(line: str) -> tuple[str, ...]:
    """Return the marks between the numbers of a line; none where it holds anything else."""
    if len(line) > _LONGEST:
        return ()
    between = _ANY_NUMBER.split(line.strip())
    if len(between) < 4 or between[0] or between[-1] or not all(map(_ANY_MARK.fullmatch, between[1:-1])):
        return ()
    return tuple(mark.strip(" ") or " " for mark in between[1:-1])


def _join_records(lines: Sequence[str]) -> list[str]:
    """Return a line for each record of lines such as ``FREQ 10``, ``RE 5``, ``IM -3``; none: empty."""
    filled = [line for line in lines if line.strip()]
    cells = [_NAME_AND_NUMBER.fullmatch(line) for line in filled]
    names = [match[1] if match else "" for match in cells]
    first = next((i for i, name in enumerate(names) if name), None)
    if first is None:
        return []
    width = names[first + 1 :].index(names[first]) + 1 if names[first] in names[first + 1 :] else 0
    record = names[first : first + width]
    if not 3 <= width <= _MOST_NAMES or "" in record or len(set(record)) < width:
        return []
    last = first
    while names[last : last + width] == record:
        last += width
    whole = [match[0].strip() for match in cells[first:last] if match]
    rows = [", ".join(whole[i : i + width]) for i in range(0, len(whole), width)]
    return (
        [re.sub(r"(?<=[^\W\d])\s+(?=[+-]?\d)", ": ", row) for row in rows]
        if len(rows) >= _FEWEST_ROWS
        else []
    )


def _parse_cells(line: str, commas: bool = False) -> list[tuple[str, str, str]]:
    """Return (name, number, unit) of each cell; none where one of them is something else.

    `commas`: those that do not part cells are decimal ones.
    """
    if not 5 < len(line) < _LONGEST:
        return []
    line = _BRACES.sub(r"\1", line)
    if not any(mark in line for mark in ",;\t"):
        line = _NEXT_NAME.sub(",", line)
    found = []
    mark = _find_delimiter(line)
    if commas and mark != ",":
        line = _DECIMAL_COMMA.sub(".", line)
    for cell in line.strip().rstrip(",;").split(mark):
        match = _DRESSED.match(cell)
        if match is None or match[3].count(".") > 1 or (match[4] and parse_unit(match[4]) is None):
            return []
        found.append((match[2] or "", match[3], match[4] or ""))
    return found if any(name or unit for name, _, unit in found) else []
