"""No file takes more than a gigabyte or twenty seconds before a result or a sentence: each kind of bomb in a
process of its own, whose memory and CPU time the kernel limits."""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import pytest

resource = pytest.importorskip("resource", reason="limits of a process are set by Unix only")

MEGA = 2**20
HEAD = b"frequency_Hz,Z_real_ohm,Z_imag_ohm\n"

# Imports once, then reads each file in a fork of its own, and prints the number with which that ended.
CHILDREN = """
import json, os, resource, sys
from eisfit.errors import EisfitError
from eisfit.spectra.readers import read_all
import numpy, scipy.io

def read(path):
    os.dup2(os.open(path + ".stdout", os.O_CREAT | os.O_WRONLY), 1)
    os.dup2(os.open(path + ".stderr", os.O_CREAT | os.O_WRONLY), 2)
    with open("/proc/self/status") as status:
        used = int(next(line for line in status if line.startswith("VmSize")).split()[1]) * 1024
    resource.setrlimit(resource.RLIMIT_AS, (used + 2**30, used + 2**30))
    resource.setrlimit(resource.RLIMIT_CPU, (40, 41))  # twenty seconds on a machine half as fast
    try:
        print("spectra:", len(read_all(path)))
    except EisfitError as error:
        print(str(error)[:500])

for line in sys.stdin:
    path = line.rstrip()
    if not (child := os.fork()):
        read(path)
        sys.exit()
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


def archive(**parts: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in parts.items():
            file.writestr(name.replace("__", "/").replace("_xml", ".xml"), data)
    return stream.getvalue()


def workbook(sheet: bytes, strings: bytes = b"<sst/>") -> bytes:
    parts = {
        "xl__workbook_xml": b"<a/>",
        "xl__sharedStrings_xml": strings,
        "xl__worksheets__sheet1_xml": sheet,
    }
    return archive(**parts)


def opendocument(table: bytes) -> bytes:
    spaces = (
        b'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        b'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
        b'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
    )
    content = b"<office:document-content %s>%s</office:document-content>" % (spaces, table)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("mimetype", b"application/vnd.oasis.opendocument.spreadsheet", zipfile.ZIP_STORED)
        file.writestr("content.xml", content)
    return stream.getvalue()


def matlab(*dimensions: int, compressed: bool = False, more: bytes = b"") -> bytes:
    """A file of one array, MATLAB's "MAT-File Format" level 5, that announces its shape and holds `more`."""
    flags = struct.pack("<IIII", 6, 8, 6, 0)
    shape = struct.pack(f"<II{len(dimensions)}i", 5, 4 * len(dimensions), *dimensions)
    matrix = flags + shape + b"\0" * (-len(shape) % 8) + struct.pack("<HH4s", 1, 4, b"freq") + more
    element = struct.pack("<II", 14, len(matrix)) + matrix
    if compressed:
        packed = zlib.compress(element)
        element = struct.pack("<II", 15, len(packed)) + packed
    return b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM" + element


def npy(shape: str, data: bytes) -> bytes:
    head = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + data


def lines(count: int, line: bytes) -> bytes:
    return HEAD + line * count


def sawtooth(count: int) -> bytes:
    return HEAD + b"".join(b"%d,10,-5\n" % (10**k) for k in (3, 2, 1)) * (count // 3)


BOMBS = {
    "empty_lines.csv": lambda: b"\n" * (120 * MEGA),
    "carriage_returns.csv": lambda: b"\r" * (120 * MEGA),
    "one_line.csv": lambda: b"1" * (120 * MEGA),
    "commas.csv": lambda: (b"," * 100_000 + b"\n") * 1200,
    "numbers.csv": lambda: (b"1," * 50_000 + b"1\n") * 1200,
    "spaces.txt": lambda: (b" " * 100_000 + b"\n") * 1200,
    "tabs.txt": lambda: (b"1\t" * 500 + b"\n") * 100_000,
    "rows.csv": lambda: lines(20 * MEGA, b"1,1,-1\n"),
    "many_columns.csv": lambda: b"f," * 60_000 + b"\n" + (b"1," * 60_000 + b"\n") * 500,
    "words.txt": lambda: b"impedance and phase of the cell\n" * 900_000,
    "named.txt": lambda: b"f=1000 Hz Zre=2 ohm Zim=-1 ohm\n" * 900_000,
    "names.txt": lambda: b"impedance: and phase = of the cell\n" * 900_000,
    "long_rows.csv": lambda: lines(900_000, b"1000.0,10.000000,-5.0000000" + b" " * 100 + b"\n"),
    "sawtooth.csv": lambda: sawtooth(900_000),
    "sawtooth.txt": lambda: sawtooth(900_000).replace(b",", b"\t"),
    "utf16.csv": lambda: lines(900_000, b"1000.0,10.0,-5.0\n").decode().encode("utf-16"),
    "quotes.csv": lambda: HEAD + b'"' * (100 * MEGA),
    "quoted.csv": lambda: HEAD + (b'"' + b'1,""' * 20_000 + b'"\n') * 1000,
    "header_count.mpt": lambda: (
        b"EC-Lab ASCII FILE\r\nNb header lines : 999999999\r\n" + b"freq/Hz\tRe(Z)/Ohm\t-Im(Z)/Ohm\r\n" * 9
    ),
    "sweeps.mpt": lambda: (
        b"EC-Lab ASCII FILE\r\nNb header lines : 3\r\nfreq/Hz\tRe(Z)/Ohm\t-Im(Z)/Ohm\tcycle number\r\n"
        + b"".join(b"1000\t1\t1\t%d\r\n100\t1\t1\t%d\r\n" % (k, k) for k in range(400_000))
    ),
    "curves.dta": lambda: b"EXPLAIN\nTAG\tEISPOT\n" + b"ZCURVE\tTABLE\t999999999\n\tPt\tFreq\n" * 500_000,
    "curve.dta": lambda: (
        b"EXPLAIN\nTAG\tEISPOT\nZCURVE\tTABLE\n\tPt\tTime\tFreq\tZreal\tZimag\n\t#\ts\tHz\tohm\tohm\n"
        + b"\t1\t1\t1000\t1\t-1\n" * 900_000
    ),
    "points.z": lambda: b"ZPLOT2 ASCII\nEnd Comments\n" + b"1000, 0, 0, 0, 1, -1, 0, 0, 0\n" * 900_000,
    "shape.npy": lambda: npy("(99999999999, 3)", b"\0" * 300),
    "nothing.npy": lambda: npy("(99999999999, 0)", b"\0" * 300),
    "large.npy": lambda: npy("(5000000, 3)", b"\0" * 120_000_000),
    "zeros.npz": lambda: archive(**{"freq.npy": npy("(100000000,)", b"\0" * 800_000_000)}),
    "members.npz": lambda: archive(**{f"{k}.npy": npy("(1000,)", b"\0" * 8000) for k in range(20_000)}),
    "shape.mat": lambda: matlab(30_000, 30_000, more=b"\0" * 64),
    "negative.mat": lambda: matlab(-30_000, -30_000, more=b"\0" * 64),
    "dimensions.mat": lambda: matlab(*[2] * 100_000, more=b"\0" * 64),
    "zeros.mat": lambda: matlab(1, 1, compressed=True, more=b"\0" * (600 * MEGA)),
    "many.mat": lambda: (
        b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM" + struct.pack("<II", 14, 0) * (15 * MEGA)
    ),
    "strings.xlsx": lambda: workbook(
        b"<s><row>" + b"<c t='s'><v>0</v></c>" * 100_000 + b"</row></s>",
        b"<sst><si><t>" + b"A" * 1_000_000 + b"</t></si></sst>",
    ),
    "empty_cells.xlsx": lambda: workbook(b"<s>" + b'<row><c r="ALL1"/></row>' * 900_000 + b"</s>"),
    "repeated.ods": lambda: opendocument(
        b'<table:table><table:table-row table:number-rows-repeated="1048576">'
        b'<table:table-cell table:number-columns-repeated="16384" office:value-type="float" '
        b'office:value="1"/>'
        b"</table:table-row></table:table>" * 20
    ),
    "deep.pssession": lambda: b'{"Measurements": ' + b"[" * (40 * MEGA),
    "lists.pssession": lambda: b'{"Measurements": [' + b"[]," * (30 * MEGA) + b"[]]}",
    "numbers.pssession": lambda: (
        json.dumps({"Measurements": []}).encode()[:-2] + b"1," * (30 * MEGA) + b"1]}"
    ),
}


@pytest.fixture(scope="module")
def children():
    command = [sys.executable, "-W", "error", "-c", CHILDREN]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        yield parent


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize("name", BOMBS)
def test_a_sentence_or_a_result_within_the_limits(tmp_path, children, name):
    path = tmp_path / name
    path.write_bytes(BOMBS[name]())
    print(path, file=children.stdin, flush=True)
    status = children.stdout.readline().strip()
    path.unlink()
    stdout, stderr = (Path(f"{path}.{stream}").read_text(encoding="utf-8") for stream in ("stdout", "stderr"))
    assert status == "0", stderr[-1000:]
    assert stderr == ""
    assert len(stdout.splitlines()) == 1
    assert "MemoryError" not in stdout
    assert "RecursionError" not in stdout
