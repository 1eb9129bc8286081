"""How numbers are written and parted in a text: one cell, and one line of cells."""

from __future__ import annotations

import re
from functools import lru_cache
from math import isfinite, isnan

from eisfit.records import dataclass
from eisfit.spectra.patterns import regex

_NUMBER = regex(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eEdD][+-]?\d+)?$")
_BEYOND = regex(r"[<>]=?\s?\d[\d.]*\s?[kKMGmu]?$")  # the range of the instrument
_PREFIXED = regex(r"([+-]?\d+(?:\.\d+)?)([pnuµmkMG])$")
_PREFIX = {"p": 1e-12, "n": 1e-9, "u": 1e-6, "µ": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9}
_GAPS = frozenset(
    {
        *("", "nan", "na", "n/a", "n.a.", "null", "none", "inf", "of", "err", "error", "ol", "ovl", "ovld"),
        *("over", "overload", "overflow", "overrange", "underflow", "o.f.", "u.f."),
        *("#n/a", "#div/0!", "#num!", "#value!", "#ref!", "#null!", "#wert!"),
    }
)
#: As C libraries print what is no number: ``-nan(ind)``, ``nan(0x8000)``, ``1.#IND``, ``1.#J``, ``Infinity``.
_NOT_A_NUMBER = regex(r"[sq]?nan[sq]?(?:\(\w*\))?|1[.,]#[a-z]+0*|infinity")
#: Begins the note on what parts the columns, which containers leave out.
PARTED_BY = "columns parted by"
_REMARKS = ("#", "%", "!", "//")
_LONGEST_NUMBER = 60


@dataclass(frozen=True)
class Style:
    r"""How numbers are written and parted.

    Parameters
    ----------
    delimiter
        ``"\t"``, ``";"``, ``","``, ``"|"``, ``":"`` or ``" "`` (any white space).
    decimal
        ``"."`` or ``","``.
    prefixed
        Whether ``1.5k`` means 1500.
    """

    delimiter: str
    decimal: str
    prefixed: bool = False

    @property
    def turned(self) -> Style:
        """The same with the other decimal sign."""
        return Style(self.delimiter, "." if self.decimal == "," else ",", self.prefixed)

    def notes(self) -> list[str]:
        """Return the sentences for `Spectrum.notes`."""
        names = {"\t": "tab", " ": "white space", ";": "semicolon", ",": "comma", "|": "bar", ":": "colon"}
        name = names[self.delimiter]
        notes = [f"{PARTED_BY} {name}"]
        if self.decimal == ",":
            notes.append("decimal comma")
        if self.prefixed:
            notes.append("numbers with SI prefixes (1.5k = 1500)")
        return notes


def is_remark(line: str, delimiter: str) -> bool:
    """Whether a line begins with a comment's mark."""
    text = line.lstrip()
    return text.startswith(_REMARKS) or (delimiter != ";" and text.startswith(";"))


def split(line: str, delimiter: str) -> list[str]:
    """Split one line; trailing empty cells, and those outside a frame of bars, are cut."""
    if delimiter == " ":
        return line.split()
    cells = [
        cell.strip()
        for cell in (line.split(delimiter) if '"' not in line else _split_quoted(line, delimiter))
    ]
    framed = delimiter == "|" and len(cells) > 1 and not cells[0] and not cells[-1]
    while cells and not cells[-1]:
        cells.pop()
    return cells[1:] if framed else cells


def count_marks(line: str, delimiter: str) -> int:
    """Return how many marks part the cells of a line; those within quotes part none."""
    return line.count(delimiter) if '"' not in line else len(_split_quoted(line, delimiter)) - 1


def to_number(cell: str, style: Style) -> float | None:
    """Return the number in `cell`, NaN for a gap (empty, ``nan``, ``--``), None for anything else.

    >>> [to_number(cell, Style(";", ",")) for cell in ("1,5e3", "12:30", "1_0")]
    [1500.0, None, None]
    """
    if style.decimal == "." and cell[-1:].isdecimal() and "_" not in cell:
        try:
            return float(cell)
        except ValueError:
            pass
    text = cell.strip().strip('"').strip()
    if len(text) > _LONGEST_NUMBER:
        return None
    text = _drop_thousands_marks(text, style.decimal)
    known = style.decimal == "." or "." not in text
    bare = text.lower().lstrip("+-")
    if (
        bare in _GAPS
        or _NOT_A_NUMBER.fullmatch(bare)
        or (known and (not text.strip("*") or _BEYOND.match(text)))
    ):
        return float("nan")  # ***: of Fortran
    if text.startswith("###") and not text.strip("#"):
        return float("nan")  # too wide for a column of Excel
    if not known:
        return None
    return _parse_prefixed(text.replace(style.decimal, "."), style.prefixed)


def _drop_thousands_marks(text: str, decimal: str) -> str:
    """Return a number without the marks between its thousands, where they can be nothing else.

    ``1,234.5`` and ``100 000,0`` have a decimal sign too, ``1,234,567`` two marks; ``1,234`` may be 1.234.
    ``1.234.567`` holds the decimal sign twice: its column tells (`settle_thousands`).
    """
    if text.count(decimal) > 1 and _match_grouped(decimal, "$").fullmatch(text):
        return text.replace(decimal, "")
    for mark in ("," if decimal == "." else ".", " ", "\u00a0", "\u202f", "'"):
        if mark in text and _match_grouped(mark, decimal).fullmatch(text):
            certain = decimal in text or text.count(mark) > 1 or mark not in ".,"
            return text.replace(mark, "") if certain else text
    return text


@lru_cache
def _match_grouped(mark: str, decimal: str) -> re.Pattern[str]:
    """Return the pattern of numbers with marks between thousands."""
    return re.compile(
        rf"[+-]?\d{{1,3}}(?:{re.escape(mark)}\d{{3}})+(?:{re.escape(decimal)}\d*)?(?:[eE][+-]?\d+)?"
    )


def _parse_prefixed(text: str, prefixed: bool) -> float | None:
    if _NUMBER.match(text):
        return float(text.replace("d", "e").replace("D", "e"))
    if prefixed and (match := _PREFIXED.match(text)):
        return float(match[1]) * _PREFIX[match[2]]
    return None


def parse_row(line: str, style: Style) -> list[float] | None:
    """Return the numbers of a line, NaN for what is none; None where words prevail."""
    plain = _parse_plain_row(line, style)
    if plain is not None:
        return plain
    values: list[float] = []
    numbers = words = 0
    for cell in split(line, style.delimiter):
        value = to_number(cell, style)
        if value is None:
            words += 1
            values.append(float("nan"))
        else:
            numbers += not isnan(value)
            values.append(value)
    return values if numbers >= 3 or (numbers == 2 and numbers >= words) else None


def _parse_plain_row(line: str, style: Style) -> list[float] | None:
    """Return the numbers of a line that Python reads as they stand, and no others: most lines are such."""
    if "_" in line:
        return None
    if style.decimal == ",":
        if "." in line:
            return None
        line = line.replace(",", ".")
    try:
        line = line.rstrip().rstrip(style.delimiter)  # empty cells at the end count for nothing
        values = list(map(float, line.split(None if style.delimiter == " " else style.delimiter)))
    except ValueError:
        return None
    return values if len(values) > 1 and all(map(isfinite, values)) else None


def _split_quoted(line: str, delimiter: str) -> list[str]:
    """Split a line at the marks that no cell in quotes holds; a quote within a cell is none: ``Z",f,Z"``."""
    cells: list[str] = []
    current: list[str] = []
    inside = False
    for character in line:
        if character == '"':
            inside = not inside and ("".join(current).strip()[:1] in ("", '"'))
        if character == delimiter and not inside:
            cells.append("".join(current))
            current = []
        else:
            current.append(character)
    return [*cells, "".join(current)] if not inside else line.split(delimiter)
