"""BioLogic EC-Lab and BT-Lab binary `.mpr`.

Layout (public descriptions): 52 bytes of magic, then modules: ``MODULE``, names of 10 and of 25 bytes, the
length, its version and a date; EC-Lab 11.50 and later put ``FFFFFFFF`` in front of the length. The module
``VMP data`` holds the number of points, the column identifiers and the records; ``VMP loop`` the first point
of every loop.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eisfit.records import dataclass
from eisfit.spectra.readers.file import File
from eisfit.spectra.readers.file_formats._mpr_columns import COLUMNS, FLAGS
from eisfit.spectra.readers.file_formats._rows import Block, number_loops, read_named_sweeps
from eisfit.spectra.readers.names.columns import parse_name
from eisfit.spectra.readers.sweep import Sweep

NAME = "BioLogic .mpr"
SUFFIXES = (".mpr",)

_MAGIC = b"BIO-LOGIC MODULAR FILE\x1a"
_FIRST = 0x34
_NEW_STYLE = 0xFFFFFFFF
# Where the records begin, by the version of the data module.
_RECORDS = {0: 100, 2: 405, 3: 406, 10: 1007, 11: 1007}
_TECHNIQUES = {
    0x04: "GCPL",
    0x06: "CV",
    0x0B: "OCV",
    0x18: "CA",
    0x19: "CP",
    0x1C: "Wait",
    0x1D: "PEIS",
    0x1E: "GEIS",
    0x32: "ZIR",
    0x33: "CVA",
    0x6C: "LSV",
    0x7F: "Modulo Bat",
}


@dataclass(frozen=True)
class _Module:
    name: str
    version: int
    date: str
    body: bytes
    complete: bool


def recognise(file: File) -> bool:
    """Whether it starts with BioLogic's magic."""
    return file.data.startswith(_MAGIC)


def parse(file: File) -> list[Sweep]:
    """Return all sweeps.

    Raises
    ------
    ReadError
        When a column is unknown, the records do not fit, or there is no impedance.
    """
    modules = _read_modules(file)
    data = next((module for module in modules if module.name == "VMP data"), None)
    if data is None:
        raise file.error("an .mpr file without data (cut off, or nothing was measured)")
    about = _read_metadata(modules, data)
    names, records, cut = _read_records(file, data)
    if "freq/Hz" not in names:
        raise file.error(
            f"no 'freq/Hz' column, so no impedance in it ({about.get('technique', 'unknown technique')})"
        )
    block = _make_block(names, records)
    loops = _read_loop_starts(modules)
    f = block.matrix[:, names.index("freq/Hz")]
    starts = [row for row in loops[1:] if 0 < row < f.size and f[row] != f[row - 1]]
    sweeps, _ = read_named_sweeps(file, block, [], starts)
    _add_metadata(sweeps, about, cut, loops)
    return sweeps


def _add_metadata(sweeps: list[Sweep], about: dict[str, Any], cut: bool, loops: list[int]) -> None:
    number_loops(sweeps, range(len(loops)))
    for sweep in sweeps:
        sweep.metadata = dict(about)
    if cut:
        sweeps[-1].notes.append("the file is cut off, or was copied while the instrument was writing")


def _read_modules(file: File) -> list[_Module]:
    modules, place, data = [], _FIRST, file.data
    while data[place : place + 6] == b"MODULE" and place + 57 <= len(data):
        name = data[place + 6 : place + 16].decode("latin-1").strip()
        size, version = struct.unpack_from("<II", data, place + 41)
        start = place + 57
        if size == _NEW_STYLE:
            if place + 65 > len(data):
                break
            size, _, version = struct.unpack_from("<III", data, place + 45)
            start = place + 65
        date = data[start - 8 : start].decode("latin-1")
        body = data[start : start + size]
        modules.append(_Module(name, version, date, body, len(body) == size))
        place = start + size
    return modules


def _read_records(file: File, module: _Module) -> tuple[list[str], NDArray[Any], bool]:
    body = module.body
    first = _RECORDS.get(module.version)
    if first is None:
        raise file.error(f"version {module.version} of the .mpr data module is unknown; export it as .mpt")
    if len(body) < first:
        raise file.error("the .mpr file is cut off before its data")
    points = struct.unpack_from("<I", body)[0]
    names, dtype = _find_layout(file, _read_identifiers(module), module)
    whole, rest = divmod(len(body) - first, dtype.itemsize)
    cut = not module.complete
    if not cut and points and (whole != points or rest):
        # Copied while the instrument was writing: the phase column proves that the records are read right.
        cut = {"Phase(Z)/deg", "Re(Z)/Ohm", "-Im(Z)/Ohm"} <= set(names)
        if not cut:
            raise file.error(
                f"{points} records of {dtype.itemsize} bytes do not fill the .mpr data module: "
                "an unknown variant; export it as .mpt"
            )
    count = min(points, whole) if points else whole
    return names, np.frombuffer(body, dtype, count, first), cut or not points


def _read_identifiers(module: _Module) -> list[int]:
    body = module.body
    if module.version == 0:
        return list(body[5 : 5 + body[4]])
    wide = module.version >= 10
    count, start = (struct.unpack_from("<H", body, 4)[0], 6) if wide else (body[4], 5)
    count = min(count, (_RECORDS[module.version] - start) // 2)
    return list(struct.unpack_from(f"<{count}H", body, start))


def _find_layout(file: File, identifiers: list[int], module: _Module) -> tuple[list[str], np.dtype[Any]]:
    fields: list[tuple[str, str]] = []
    names: list[str] = []
    unknown = [number for number in identifiers if number not in COLUMNS and number not in FLAGS]
    if unknown:
        known = [COLUMNS[number][0] for number in identifiers if number in COLUMNS]
        what = "" if "freq/Hz" in known else ", and there is no frequency among the known ones"
        raise file.error(
            f"unknown column identifier {unknown[0]} in the .mpr data (version {module.version}){what}: "
            "export the file as .mpt and read that"
        )
    for number in identifiers:
        name, kind = COLUMNS.get(number, ("flags", "u1"))
        if name == "flags" and "flags" in names:
            continue
        names.append(name)
        fields.append((f"{len(fields)}", kind))
    return names, np.dtype(fields)


def _make_block(names: list[str], records: NDArray[Any]) -> Block:
    columns = {i: meaning for i, name in enumerate(names) if (meaning := parse_name(name)).quantity}
    matrix = np.full((records.size, len(names)), np.nan)
    for i in columns:
        matrix[:, i] = records[str(i)]
    return Block(columns, matrix, 0, False, ".")


def _read_loop_starts(modules: list[_Module]) -> list[int]:
    for module in modules:
        if module.name == "VMP loop" and len(module.body) >= 4:
            count = min(struct.unpack_from("<I", module.body)[0], (len(module.body) - 4) // 4)
            return list(struct.unpack_from(f"<{count}I", module.body, 4))
    return []


def _read_metadata(modules: list[_Module], data: _Module) -> dict[str, Any]:
    about: dict[str, Any] = {"instrument": "BioLogic", "date": data.date.strip()}
    for module in modules:
        if module.name == "VMP Set" and module.body and module.body[0] in _TECHNIQUES:
            about["technique"] = _TECHNIQUES[module.body[0]]
    return about
