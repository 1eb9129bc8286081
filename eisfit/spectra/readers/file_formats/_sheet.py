"""Rows of a spreadsheet as a text table: what a cell shows as a date or a time is no number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from eisfit.errors import ReadError
from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.conversion.attribute_units import iterate_title_units
from eisfit.spectra.readers.file import File
from eisfit.spectra.readers.file_formats import matrix
from eisfit.spectra.readers.file_formats.text import read_lines
from eisfit.spectra.readers.names.columns import parse_name
from eisfit.spectra.readers.names.units import is_unit, parse_unit
from eisfit.spectra.readers.sweep import Sweep, asks_for_unit, drop_notes
from eisfit.spectra.readers.tables.numbers import PARTED_BY

if TYPE_CHECKING:  # read when a workbook is
    from xml.etree import ElementTree as ET

_FEWEST_COLUMNS = 3
_FIRST_ROWS = 50  # of another sheet that are looked at for units
_MOST_TAGS = 1_000_000  # an element and its text take 200 bytes as a tree
_MOST_TEXT = 32 * 2**20  # characters of all cells: a file may name one long text a million times
MAX_XML = 24 * 2**20  # bytes of all parts: as a tree they take up to twenty times as much

#: A format with a unit in quotes or behind backslashes; ``0.0,`` shows thousands, so its unit is another.
_UNIT_OF_FORMAT = regex(
    r'(?:\[[^\]]*\])*[#0?.,]*[0#?](?:E\+0+)?[_ ]*(?:\\ )?(?:"([^"]*)"|((?:\\[^\s])+))[_) ]*'
)
_UNIT_AS_CURRENCY = regex(r"\[\$([^\]-]+)(?:-[^\]]*)?\]")  # [$mΩ] 0.00
_NUMBER_ALONE = regex(r"[#0?.,]*[0#?](?:E\+0+)?|\s*[#0?.,]*[0#?](?:E\+0+)?\s*")

Sheet = list[list[str]]


def find_format_unit(code: str) -> str:
    r"""Return the unit that a number's format writes behind it; empty where there is none.

    >>> [find_format_unit(code) for code in ('0.00" mΩ"', r"0.00\ \k\H\z", "[$mΩ] 0.00", "0.00", '0.0,"kΩ"')]
    ['mΩ', 'kHz', 'mΩ', '', '']
    """
    code = code[:300].partition(";")[0]
    if (first := _UNIT_AS_CURRENCY.search(code)) and is_unit(first[1].strip()):
        return first[1].strip() if _NUMBER_ALONE.fullmatch(_UNIT_AS_CURRENCY.sub("", code)) else ""
    match = _UNIT_OF_FORMAT.fullmatch(code)
    unit = (match[1] or match[2]).replace("\\", "").strip() if match else ""
    return unit if is_unit(unit) else ""


def write_unit(titles: dict[int, list[str]], cells: list[str], place: int, unit: str | None) -> None:
    """Write the unit of a number in a row behind the name above it, where that has not the same itself.

    `titles` holds the rows in which the last words of each column stand; `unit` is None for a word.
    """
    if unit is None:
        titles[place] = cells
    elif unit and (above := titles.pop(place, None)):
        name = above[place]
        bare = name.strip("[](){} ")
        own = parse_unit(parse_name(name).unit or bare) if bare else None
        above[place] = name if own == parse_unit(unit) else f"{name} [{unit}]"


def parse_xml(file: File, data: bytes) -> ET.Element:
    """Parse XML that declares no entities (they may expand without end).

    Raises
    ------
    ReadError
        When it is damaged or declares a document type.
    """
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise file.error("the document declares XML entities, which no spreadsheet program does")
    if data.count(b"<") > _MOST_TAGS:
        raise file.error(f"more than {_MOST_TAGS} tags in one part of the document, the limit for a spectrum")
    from xml.etree import ElementTree as ET

    try:
        return ET.fromstring(data)
    except ET.ParseError as error:
        raise file.error(f"the document's XML is damaged ({error})") from None


def read_sheets(file: File, sheets: dict[str, Sheet]) -> list[Sweep]:
    """Return the sweeps of all sheets that hold a spectrum; what the others are is said in a note.

    Raises
    ------
    ReadError
        When no sheet holds one.
    """
    sweeps: list[Sweep] = []
    reasons: list[str] = []
    for name, rows in sheets.items():
        try:
            found = _read_rows(file.with_words(_iterate_words(name, sheets)), rows)
        except ReadError as error:
            reasons.append(f"sheet {name!r}: {file.reason(error)}")
            if asks_for_unit(error):
                raise file.error(reasons[-1]) from None
            continue
        drop_notes(found, PARTED_BY)
        for sweep in found:
            sweep.metadata["sheet"] = name
        sweeps += found
    if not sweeps:
        raise file.error("; ".join(reasons[:3]) or "the document has no sheets")
    for sweep in sweeps:
        sweep.notes += [f"left out {reason}" for reason in reasons[:5]]
    return sweeps


def _iterate_words(name: str, sheets: dict[str, Sheet]) -> Iterator[str]:
    """Yield the sheet's name, and the first rows of the other sheets that begin with words."""
    yield name
    yield from iterate_title_units(name)
    for other in (rows for title, rows in sheets.items() if title != name):
        yield from (" ".join(row) for row in other[:_FIRST_ROWS] if row and row[0][:1].isalpha())


def _read_rows(file: File, rows: Sheet) -> list[Sweep]:
    file.limit(rows=len(rows))
    if sum(len(cell) + 1 for row in rows for cell in row) > _MOST_TEXT:
        raise file.error(f"cells of more than {_MOST_TEXT // 2**20} million characters")
    rows = _pad_rows(_drop_empty_columns(rows))
    inner = file.with_lines("\t".join(" ".join(cell.split()) for cell in row) for row in rows)
    return matrix.parse(inner) if matrix.recognise(inner) else read_lines(inner, inner.lines)


def _drop_empty_columns(rows: Sheet) -> Sheet:
    """Return the rows without the empty cells to the left of the table, above which a title may stand."""
    filled = [[i for i, cell in enumerate(row) if cell.strip()] for row in rows]
    rows_of_table = [places for places in filled if len(places) >= _FEWEST_COLUMNS] or filter(None, filled)
    first = min((places[0] for places in rows_of_table), default=0)
    return [row[min([first, *places[:1]]) :] for row, places in zip(rows, filled, strict=True)]


def _pad_rows(rows: Sheet) -> Sheet:
    """Return the rows of the table with as many cells as the widest: as they stand in a CSV."""
    of_table = [i for i, row in enumerate(rows) if len(row) - row.count("") >= _FEWEST_COLUMNS]
    width = max((len(rows[i]) for i in of_table), default=0)
    first, last = (of_table[0], of_table[-1]) if of_table else (0, -1)
    return [[*row, *[""] * (width - len(row))] if first <= i <= last else row for i, row in enumerate(rows)]
