"""Old Excel `.xls` (BIFF in an OLE container): every sheet as a table, by xlrd (extra `excel`).

xlrd is plain Python: damaged files raise. python-calamine, tried too, ends the process on some.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from typing import Any

from eisfit.errors import ReadError
from eisfit.spectra.readers.file import File
from eisfit.spectra.readers.file_formats._sheet import Sheet, find_format_unit, read_sheets, write_unit
from eisfit.spectra.readers.sweep import Sweep

NAME = "Excel .xls"
SUFFIXES = (".xls",)

_OLE = b"\xd0\xcf\x11\xe0"
_STREAMS = ("Workbook".encode("utf-16-le"), "Book".encode("utf-16-le"))
#: The end of a number's format with a unit, in either of the encodings of its strings.
_MAY_SHOW_UNITS = re.compile(
    rb"(?i:(?:[zmcs]|deg|rad)\x00?\"|[\xa9\xb0\x26][\x03\x21\x00]?\"|[zmZM]\x00?\\\\)"
)
_MOST_BYTES = 32 * 2**20  # 65,536 x 256 cells are allowed, and a cell takes up to 100 bytes
_EMPTY, _TEXT, _NUMBER, _DATE, _BOOLEAN, _ERROR = range(6)


def recognise(file: File) -> bool:
    """Whether it is an OLE container with a workbook in it."""
    return file.data.startswith(_OLE) and any(name in file.data for name in _STREAMS)


def parse(file: File) -> list[Sweep]:
    """Return the spectra of all sheets.

    Raises
    ------
    ReadError
        When xlrd is missing, the document is damaged or too large, or no sheet holds a spectrum.
    """
    try:
        import xlrd
    except ImportError:
        raise file.error("old Excel files need xlrd: pip install 'eisfit-toolkit[excel]'") from None
    if len(file.data) > _MOST_BYTES:
        raise file.error(f"larger than {_MOST_BYTES // 2**20} MiB, the limit for an old Excel file")
    try:
        book = xlrd.open_workbook(
            file_contents=file.data,
            logfile=io.StringIO(),
            on_demand=True,
            ragged_rows=True,
            formatting_info=_MAY_SHOW_UNITS.search(file.data) is not None,
        )
        codes = [book.format_map.get(style.format_key) for style in book.xf_list]
        units = {i: find_format_unit(code.format_str) if code else "" for i, code in enumerate(codes)}
        sheets = {name: _read_rows(file, book.sheet_by_name(name), units) for name in book.sheet_names()}
    except ReadError:
        raise
    except Exception as error:  # xlrd raises nearly anything for a damaged file
        raise file.error(f"the Excel file is damaged or locked ({str(error)[:100]})") from None
    return read_sheets(file, sheets)


def _read_rows(file: File, sheet: Any, units: Mapping[int, str]) -> Sheet:
    file.limit(cells=sum(map(sheet.row_len, range(sheet.nrows))))
    rows = [
        [_format_cell(*cell) for cell in zip(sheet.row_types(row), sheet.row_values(row), strict=True)]
        for row in range(sheet.nrows)
    ]
    titles: dict[int, list[str]] = {}
    for place, row in enumerate(rows if any(units.values()) else ()):
        for i, kind in enumerate(sheet.row_types(place) if row else ()):
            unit = units.get(sheet.cell_xf_index(place, i), "") if kind == _NUMBER else None
            write_unit(titles, row, i, unit)
    return rows


def _format_cell(kind: int, value: Any) -> str:
    if kind == _DATE:
        return f"date or time {value}"
    if kind == _ERROR:
        return "#N/A"
    return repr(value) if kind == _NUMBER else str(value)
