"""Excel `.xlsx` (Office Open XML, ECMA-376): every sheet as a table; dates are no numbers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.archive import has_member, read_members
from eisfit.spectra.readers.file import File
from eisfit.spectra.readers.file_formats._sheet import (
    MAX_XML,
    Sheet,
    find_format_unit,
    parse_xml,
    read_sheets,
    write_unit,
)
from eisfit.spectra.readers.sweep import Sweep

if TYPE_CHECKING:  # read when a workbook is
    from xml.etree import ElementTree as ET

NAME = "Excel .xlsx"
SUFFIXES = (".xlsx", ".xlsm")

_SHEET = regex(r"xl/worksheets/sheet\d+\.xml$")
_DATE_FORMATS = frozenset(
    {*range(14, 23), 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, *range(45, 48), 50, 57, 58}
)
#: Of a number's format what is no part of a date: texts, colours, letters of another meaning.
_NO_DATE = r"\"[^\"]*\"|\[[^\]]*\]|\\.|E\+|General"
_MOST_COLUMNS = 1000
_WANTED = ("xl/workbook.xml", "xl/sharedStrings.xml", "xl/styles.xml")


def recognise(file: File) -> bool:
    """Whether it is a ZIP archive with a workbook in it."""
    return (
        file.data.startswith(b"PK\x03\x04")
        and b"xl/workbook.xml" in file.data
        and has_member(file, "xl/workbook.xml")
    )


def parse(file: File) -> list[Sweep]:
    """Return the spectra of all sheets.

    Raises
    ------
    ReadError
        When the document is damaged, or no sheet holds a spectrum.
    """
    content = read_members(file, lambda name: name in _WANTED or bool(_SHEET.match(name)), MAX_XML)
    trees = {name: parse_xml(file, data) for name, data in content.items()}
    strings = [_join_text(item) for item in _find_elements(trees.get("xl/sharedStrings.xml"), "si")]
    dates = _find_date_styles(trees.get("xl/styles.xml"))
    units = _find_style_units(trees.get("xl/styles.xml"))
    titles = [sheet.get("name", "") for sheet in _find_elements(trees.get("xl/workbook.xml"), ".//sheet")]
    names = sorted((n for n in trees if _SHEET.match(n)), key=lambda n: int(re.findall(r"\d+", n)[-1]))
    sheets = {
        titles[i] if i < len(titles) else name: _read_rows(trees[name], strings, dates, units)
        for i, name in enumerate(names)
    }
    return read_sheets(file, sheets)


def _find_elements(tree: ET.Element | None, path: str) -> list[ET.Element]:
    """Return what stands at a path, in whatever namespace; of a part that is not there nothing."""
    return [] if tree is None else tree.findall(re.sub(r"(\w+)", r"{*}\1", path))


def _join_text(element: ET.Element) -> str:
    return "".join(child.text or "" for child in _find_elements(element, ".//t"))


def _find_date_styles(tree: ET.Element | None) -> set[int]:
    """Return the numbers of the cell styles that show a date or a time."""
    shown = {
        int(item.get("numFmtId", "0")): re.sub(_NO_DATE, "", item.get("formatCode", "")[:300])
        for item in _find_elements(tree, ".//numFmt")
    }
    dates = _DATE_FORMATS.union(number for number, code in shown.items() if re.search("[ymdhs]", code, re.I))
    styles = _find_elements(tree, ".//cellXfs/xf")
    return {i for i, xf in enumerate(styles) if int(xf.get("numFmtId", "0")) in dates}


def _find_style_units(tree: ET.Element | None) -> dict[int, str]:
    """Return the units that formats write behind numbers, by cell style."""
    formats = _find_elements(tree, ".//numFmt")
    units = {item.get("numFmtId"): find_format_unit(item.get("formatCode", "")) for item in formats}
    styles = _find_elements(tree, ".//cellXfs/xf") if any(units.values()) else []
    return {i: unit for i, xf in enumerate(styles) if (unit := units.get(xf.get("numFmtId"), ""))}


def _read_rows(tree: ET.Element, strings: list[str], dates: set[int], units: dict[int, str]) -> Sheet:
    rows: Sheet = []
    titles: dict[int, list[str]] = {}
    for row in _find_elements(tree, ".//row"):
        cells: list[str] = []
        for cell in row:
            place = _find_column(cell.get("r", ""), len(cells))
            if place >= _MOST_COLUMNS:
                break
            cells += [""] * (place - len(cells))
            cells.append(_read_cell(cell, strings, dates))
            if units and cells[-1]:
                named = cell.get("t", "n") != "n"
                write_unit(
                    titles, cells, len(cells) - 1, None if named else units.get(int(cell.get("s", "0")), "")
                )
        rows.append(cells)
    return rows


def _find_column(reference: str, following: int) -> int:
    letters = re.match(r"[A-Z]{1,3}", reference)
    if letters is None:
        return following
    number = 0
    for letter in letters[0]:
        number = 26 * number + ord(letter) - 64
    return max(number - 1, following)


def _read_cell(cell: ET.Element, strings: list[str], dates: set[int]) -> str:
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        return _join_text(cell)
    value = cell.findtext("{*}v", "")
    if not value and cell.find("{*}f") is not None:
        return "formula without a stored value: open and save the file in a spreadsheet program"
    if kind == "s":
        return strings[int(value)] if value.isdigit() and int(value) < len(strings) else ""
    if kind == "n" and value and int(cell.get("s", "0")) in dates:
        return f"date or time {value}"
    return value
