"""OpenDocument `.ods`, `.fods` (ISO/IEC 26300): every sheet as a table. Dates and times are no numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.archive import read_members
from eisfit.spectra.readers.file import File
from eisfit.spectra.readers.file_formats._sheet import MAX_XML, Sheet, parse_xml, read_sheets, write_unit
from eisfit.spectra.readers.names.units import is_unit
from eisfit.spectra.readers.sweep import Sweep

if TYPE_CHECKING:  # read when a workbook is
    from xml.etree import ElementTree as ET

NAME = "OpenDocument .ods"
SUFFIXES = (".ods", ".fods")

_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_MOST_COLUMNS = 1000
_MOST_REPEATS = 1000
_NUMBERS = ("float", "percentage", "currency")
_WITH_UNIT = regex(r"([-+]?\d+(?:[.,]\d+)?(?:E[-+]?\d+)?)\s*([^\d\s][^\d]{0,12})")


def recognise(file: File) -> bool:
    """Whether it is a ZIP archive of OpenDocument's spreadsheet type, or its flat XML."""
    zipped = file.data.startswith(b"PK\x03\x04") and b"opendocument.spreadsheet" in file.data[:200]
    return zipped or _is_flat(file)


def _is_flat(file: File) -> bool:
    return (
        file.data[:1] == b"<"
        and b"<office:document " in file.data[:1000]
        and b"opendocument.spreadsheet" in file.data[:10_000]
    )


def parse(file: File) -> list[Sweep]:
    """Return the spectra of all sheets.

    Raises
    ------
    ReadError
        When the document is damaged, or no sheet holds a spectrum.
    """
    if _is_flat(file):
        if len(file.data) > MAX_XML:
            raise file.error(f"more than {MAX_XML // 2**20} MiB of XML, the limit for a spectrum")
        content = {"content.xml": file.data}
    else:
        content = read_members(file, lambda name: name == "content.xml", MAX_XML)
    if "content.xml" not in content:
        raise file.error("the document has no content")
    tree = parse_xml(file, content["content.xml"])
    sheets = {table.get(f"{_TABLE}name", "sheet"): _read_rows(table) for table in tree.iter(f"{_TABLE}table")}
    return read_sheets(file, sheets)


def _read_rows(table: ET.Element) -> Sheet:
    rows: Sheet = []
    titles: dict[int, list[str]] = {}
    for row in table.iter(f"{_TABLE}table-row"):
        cells: list[str] = []
        for cell in row:
            repeated = _count_repeats(cell, "number-columns-repeated", _MOST_COLUMNS - len(cells))
            cells += [_read_cell(cell)] * repeated
            if repeated == 1 and cells[-1]:
                is_number = cell.get(f"{_OFFICE}value-type", "") in _NUMBERS
                asked = is_number and len(cells) - 1 in titles
                write_unit(
                    titles,
                    cells,
                    len(cells) - 1,
                    _find_shown_unit(cell) if asked else "" if is_number else None,
                )
        while cells and not cells[-1]:
            cells.pop()
        rows += [cells] * _count_repeats(row, "number-rows-repeated", _MOST_REPEATS if cells else 1)
    return rows


def _count_repeats(element: ET.Element, name: str, most: int) -> int:
    text = element.get(f"{_TABLE}{name}", "1")
    return max(0, min(int(text) if text.isdigit() else 1, most))


def _read_shown_text(cell: ET.Element) -> str:
    return " ".join("".join(part.itertext()) for part in cell.iter(f"{_TEXT}p"))


def _find_shown_unit(cell: ET.Element) -> str:
    """Return the unit that stands behind a number as it is shown, where that is not scaled."""
    match = _WITH_UNIT.fullmatch(_read_shown_text(cell).strip())
    if match is None or not is_unit(match[2]):
        return ""
    value, shown = float(cell.get(f"{_OFFICE}value", "nan")), float(match[1].replace(",", "."))
    return match[2] if abs(shown - value) <= 0.1 * abs(value) else ""


def _read_cell(cell: ET.Element) -> str:
    kind = cell.get(f"{_OFFICE}value-type", "")
    if kind in _NUMBERS:
        return cell.get(f"{_OFFICE}value", "")
    text = _read_shown_text(cell)
    return f"date or time {text}" if kind in ("date", "time") else text
