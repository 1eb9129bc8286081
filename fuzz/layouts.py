"""What instruments' files look like, filled from one simulated spectrum: for the tests and for the fuzzer."""

from __future__ import annotations

import io
import json
import math
import struct
import zipfile
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

Row = Sequence[object]
F = np.geomspace(1e5, 0.1, 25)
Z = 10 + 100 / (1 + 2j * math.pi * F * 100 * 1e-4)


def lines(pattern: str, f: NDArray[np.float64] = F, z: NDArray[np.complex128] = Z) -> str:
    """Return a line a point: its number `i`, `f`, `re`, `im`, `mim` (-Z''), `mod`, `deg`, `turns`."""
    parts = (z.real, z.imag, -z.imag, abs(z), np.degrees(np.angle(z)), np.angle(z) / (2 * math.pi))
    rows = zip(f.tolist(), *(part.tolist() for part in parts), strict=True)
    names = ("f", "re", "im", "mim", "mod", "deg", "turns")
    return "".join(
        pattern.format(i=i, **dict(zip(names, row, strict=True))) + "\n" for i, row in enumerate(rows)
    )


def saved(write: Callable[..., object], *given: object, **named: object) -> bytes:
    """Return what a function writes into a stream."""
    stream = io.BytesIO()
    write(stream, *given, **named)
    return stream.getvalue()


def archive(members: dict[str, str]) -> bytes:
    """Return a ZIP archive."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as content:
        for name, text in members.items():
            content.writestr(name, text)
    return stream.getvalue()


# --- binary: BioLogic, Zahner

IDS = (1, 2, 3, 21, 31, 65, 4, 32, 37, 38, 36, 35, 77, 24, 131)
FLAGS = {1, 2, 3, 21, 31, 65}
KINDS = {4: "<f8", 24: "<f8", 131: "<u2"}


def mpr_body(
    z: NDArray[np.complex128] = Z,
    f: NDArray[np.float64] = F,
    *,
    version: int = 11,
    ids: Sequence[int] = IDS,
    points: int | None = None,
    extra: bytes = b"",
) -> bytes:
    """Return the data of an `.mpr`: columns by their numbers, then the records."""
    cycle = np.cumsum(np.concatenate([[1], np.diff(f) > 0]))
    columns = {4: np.arange(f.size), 32: f, 37: z.real, 38: -z.imag, 36: np.abs(z), 24: cycle}
    columns |= {35: np.degrees(np.angle(z)), 77: np.full(f.size, 3.7), 131: np.zeros(f.size)}
    fields = [("flags", "u1")] if FLAGS & set(ids) else []
    fields += [(str(i), KINDS.get(i, "<f4")) for i in ids if i not in FLAGS]
    records = np.zeros(f.size, dtype=np.dtype(fields))
    for number, values in columns.items():
        if str(number) in (records.dtype.names or ()):
            records[str(number)] = values
    wide = "<B" if version < 10 else "<H"
    numbers = bytes(ids) if version == 0 else struct.pack(f"<{len(ids)}H", *ids)
    head = struct.pack("<I", f.size if points is None else points) + struct.pack(wide, len(ids)) + numbers
    first = {0: 100, 2: 405, 3: 406}.get(version, 1007)
    return head.ljust(first, b"\0") + records.tobytes() + extra


def module(name: bytes, body: bytes, version: int, size: int | None = None) -> bytes:
    """Return a module of an `.mpr`."""
    size = len(body) if size is None else size
    numbers = (0xFFFFFFFF, size, 0, version) if version >= 10 else (size, version)
    head = b"MODULE" + name.ljust(10) + name.ljust(25)
    return head + struct.pack(f"<{len(numbers)}I", *numbers) + b"05.15.25" + body


def mpr(
    body: bytes | None = None, version: int = 11, loop: Sequence[int] | None = None, size: int | None = None
) -> bytes:
    """Return BioLogic's binary file, with the places where its loops begin."""
    data = b"BIO-LOGIC MODULAR FILE\x1a".ljust(48) + b"\0\0\0\0" + module(b"VMP Set", b"\x1d" + bytes(20), 10)
    data += module(b"VMP data", mpr_body(version=version) if body is None else body, version, size)
    if loop is not None:
        data += module(b"VMP loop", struct.pack(f"<{len(loop) + 1}I", len(loop), *loop), 0)
    return data


def ism(
    f: NDArray[np.float64] = F,
    z: NDArray[np.complex128] = Z,
    strings: Iterable[str] = ("151021", "", "0.0255v, aMPL: 10Mv", "1.8Na", "25c"),
) -> bytes:
    """Return Zahner's binary file: frequencies, moduli, phases, times, significances, strings."""
    data = b"\0\0\xff\xff\xff\xfe" + (f.size - 1).to_bytes(6, "big")
    for values in (f, np.abs(z), np.angle(z), np.full(f.size, 1318683737.0)):
        data += np.asarray(values, dtype=">f8").tobytes()
    data += np.full(f.size, 999, dtype=">u2").tobytes()
    return data + b"".join(struct.pack(">H", len(s)) + s.encode() for s in strings) + bytes(20)


# --- PalmSens


def pssession(
    z: NDArray[np.complex128] = Z,
    keys: Callable[[str], str] = str,
    scans: bool = False,
    eis: bool = True,
) -> str:
    """Return the text of a session of PSTrace; it is saved in UTF-16."""
    held = {5: F, 7: z.real, 8: -z.imag, 1: np.full(F.size, 1.4), 0: F * 0 + 2}
    values = [
        {"ArrayType": kind, "DataValues": [{"V": v} for v in column.tolist()]}
        for kind, column in held.items()
    ]
    data: dict[str, object] = {"Title": "scan", "DataSet": {"Values": values}}
    data = {"Title": "CH 3", "SubScans": [data, data]} if scans else data
    measurement = {"Title": "Impedance Spectroscopy", "TimeStamp": 636513723655837428, "DeviceSerial": "PS4"}
    measurement["EISDataList"] = [data] if eis else []
    text = json.dumps({"Type": "PalmSens.DataFiles.SessionFile", "Measurements": [measurement]})
    for name in ("Measurements", "EISDataList", "DataSet", "ArrayType", "DataValues"):
        text = text.replace(f'"{name}"', f'"{keys(name)}"')
    return text + "\ufeff"


def variable(kind: str, value: float, prefix: str = "m", scale: float = 1e-3, metadata: str = "") -> str:
    """Return a variable of MethodSCRIPT: kind, seven hexadecimal digits plus 2^27, a prefix worth `scale`."""
    return f"{kind}{round(value / scale) + 2**27:07X}{prefix}{metadata}"


# --- text: Ivium, VersaStudio, RelaxIS, Novocontrol


def ivium(z: NDArray[np.complex128] = Z, count: int | None = None, method: str = "Impedance") -> bytes:
    """Return Ivium's settings and its table between binary blocks."""
    rows = lines("{re:.5E}  {im:.5E} {f:.5E} \r", z=z)
    head = f"\0\0Version=15\r\nMethod={method}\r\nTechnique=Constant E\r\nstarttime=12/12/2022 5:18:49 PM\r\n"
    table = f"primary_data    \r\x003         \r\n{count or F.size}        \r\n{rows}\xfe\x88\0\0"
    return (head + "Mconfig=0\r\n\xfe\x88\0\0\r\x002         \r\n" + table).encode("latin-1")


def par() -> str:
    """Return a VersaStudio file of one segment."""
    names = "Segment #, Point #, E(V), I(A), Elapsed Time(s), Frequency(Hz), E Real, Z Real, Z Imag, E2(V)"
    rows = lines("1,{i},3.3,0.1,{i},{f:.9g},0.5,{re:.9g},{im:.9g},0")
    head = "<Application>\nName=VersaStudio\n</Application>\n<Instrument>\nType=VersaSTAT4\n</Instrument>\n"
    return f"{head}<Segment1>\nType=2\nDefinition={names}\n{rows}</Segment1>\n<Graph1>\n1,2,3\n</Graph1>\n"


def relaxis(spectra: int = 1) -> str:
    """Return a RelaxIS export of one or more spectra."""
    names = "Data: Frequency\tData: Z'\tData: Z''\tData: |Z|\tData: Theta (Z)\n"
    block = f"{names}DC=-0.08, TM=33.7\tModel: x\t\t\n" + lines(
        "{f:.9g}\t{re:.9g}\t{im:.9g}\t{mod:.9g}\t{deg:.9g}"
    )
    return "RelaxIS 3.0 Spectrum export\nDate: 12/16/2025\n" + block * spectra


def novocontrol(diameter: str = "4.000e+01", temperatures: Iterable[float] = (20.0,)) -> str:
    """Eps of a disc that has the impedance Z: C0 = eps0 pi (d/2)^2/t, eps* = 1/(j omega C0 Z)."""
    c0 = 8.8541878128e-12 * math.pi * 0.02**2 / 1e-3
    eps = 1 / (2j * math.pi * F * c0 * Z)
    head = (
        f"X7, 17.2.2025\nDiameter[mm] {diameter}  Thickness[mm] 1.000e+00  Electrode Thickness[mm] 2.00e+00\n"
    )
    head += "Fixed value(s) :  AC Volt  [Vrms]=1.0\n"
    head += " Freq. [Hz]\t Temp. [\xb0C]\t Eps'    \t Eps''   \t |Eps|  \tM Temp [\xb0C]\n"
    return head + "".join(
        lines(f"{{f:.9e}}\t{t}\t{{re:.9e}}\t{{mim:.9e}}\t{{mod:.9e}}\t23", z=eps) for t in temperatures
    )


def windeta(names: str, *columns: NDArray[np.float64]) -> bytes:
    """Return a WinDETA export of named columns without a geometry."""
    rows = "\n".join("\t".join(f"{v:.5e}" for v in row) for row in zip(*columns, strict=True))
    return f"Cs, 9.07.2026, 20:00\nFixed value(s) :  AC Volt  [Vrms]=1.0000e+00\n{names}\n{rows}\n".encode()


# --- spreadsheets


def cell(value: object, style: int | None = None) -> str:
    """Return a cell of an `.xlsx`."""
    if isinstance(value, str):
        return f'<c t="inlineStr"><is><t>{value}</t></is></c>'
    chosen = "" if style is None else f' s="{style}"'
    return f"<c{chosen}><v>{value!r}</v></c>"


HEAD = [cell("Frequency (Hz)"), cell("Z' (Ohm)"), cell("-Z'' (Ohm)")]
ROWS = [[cell(f), cell(z.real), cell(-z.imag)] for f, z in zip(F.tolist(), Z.tolist(), strict=True)]


def xlsx(
    cells: Iterable[Iterable[str]], styles: str = "", shared: Iterable[str] = (), sheets: int = 1
) -> bytes:
    """Return the least that a workbook needs."""
    sheet = "".join(f"<row>{''.join(row)}</row>" for row in cells)
    titles = "".join(f'<sheet name="S{i}"/>' for i in range(sheets))
    words = "".join(f"<si><t>{s}</t></si>" for s in shared)
    table = f"<worksheet><sheetData>{sheet}</sheetData></worksheet>"
    members = {
        "xl/workbook.xml": f"<workbook><sheets>{titles}</sheets></workbook>",
        "xl/styles.xml": f"<styleSheet>{styles}</styleSheet>",
        "xl/sharedStrings.xml": f"<sst>{words}</sst>",
    }
    return archive(members | {f"xl/worksheets/sheet{i + 1}.xml": table for i in range(sheets)})


def old_excel(rows: Iterable[Row], sheet: str = "EIS", style: object = None) -> bytes:
    """Return an `.xls`, as far as xlwt is installed."""
    import xlwt

    book = xlwt.Workbook()
    book.add_sheet("Notes").write(0, 0, "cell 7")
    page = book.add_sheet(sheet)
    for i, row in enumerate(rows):
        for j, value in enumerate(row):
            page.write(i, j, value, *([style] if style and i else []))
    return saved(book.save)


def ods(content: str | None) -> bytes:
    """Return an OpenDocument sheet of these rows."""
    space = (
        'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
    )
    table = f'<table:table table:name="A">{content}</table:table>'
    held = {} if content is None else {"content.xml": f"<office:document {space}>{table}</office:document>"}
    return archive({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", **held})


def ods_rows(kind: str = "float") -> str:
    """Return a header, the spectrum and a million rows of nothing; `kind` is the type of Z'."""
    number = '<table:table-cell office:value-type="{kind}" office:value="{{{name}!r}}"/>'
    cells = (number.format(kind=k, name=name) for k, name in (("float", "f"), (kind, "re"), ("float", "mim")))
    names = "".join(
        f"<table:table-cell><text:p>{n}</text:p></table:table-cell>" for n in ("f/Hz", "Zre", "-Zim")
    )
    body = lines(f"<table:table-row>{''.join(cells)}</table:table-row>")
    empty = '<table:table-row table:number-rows-repeated="1048000"><table:table-cell/></table:table-row>'
    return f"<table:table-row>{names}</table:table-row>{body}{empty}"
