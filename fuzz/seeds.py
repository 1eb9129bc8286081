"""Seeds of every format that is read, made here from one simulated spectrum; none is anybody's file."""

from __future__ import annotations

import io
import struct
import zipfile

import numpy as np

from eisfit.files import data_folder

__all__ = ["SEEDS"]

ROWS = [(10.0 ** (k / 4), 10 + 50 / (1 + 10 ** (k / 2 - 4)), -5.0 - k / 7) for k in range(20, -5, -1)]
F, RE, IM = (np.array(column) for column in zip(*ROWS, strict=True))
Z = RE + 1j * IM
TABLE = "\n".join(f"{f:.6g},{re:.6g},{im:.6g}" for f, re, im in ROWS)


def lines(pattern: str) -> str:
    """Return a line a point, of its frequency `f`, parts `re` and `im`, and `mim`, the second turned."""
    return "\n".join(pattern.format(f=f, re=re, im=im, mim=-im) for f, re, im in ROWS) + "\n"


def saved(write: object, *given: object, **named: object) -> bytes:
    """Return what a function writes into a stream."""
    stream = io.BytesIO()
    write(stream, *given, **named)  # type: ignore[operator]
    return stream.getvalue()


def text_seeds() -> dict[str, list[str]]:
    """Return texts by the extension they are read under."""
    return {
        "csv": [
            f"frequency_Hz,Z_real_ohm,Z_imag_ohm\n{TABLE}\n",
            TABLE,
            f"Z in mOhm\nkHz,mOhm,mOhm\nFrequency,Z real,Z imag\n{TABLE}\nf,Z' (Ohm),Z'' (Ohm)\n{TABLE}\n",
            "chunk;timestamp;size;fieldname;0;1;2\n" + "".join(
                f"0;1;3;{name};{a:g};{b:g};{c:g}\n"
                for name, (a, b, c) in (("frequency", F[:3]), ("realz", RE[:3]), ("imagz", IM[:3]))
            ),
            "!CSV A.01.01\nBEGIN CH1_DATA\nFrequency(Hz), R(ohm), X(ohm)\n" + TABLE + "\nEND\n",
        ],
        "txt": [
            "f/Hz\tZ'/kOhm\t-Z''/kOhm\n" + TABLE.replace(",", "\t").replace(".", ","),
            'TRACE: A\nFORMAT: R\n"Frequency"\t"Data Real"\t"Data Imag"\n' + lines("{f}\t{re}\t0"),
            "Freq.\tV(out)/I(V1)\n" + lines("{f:e}\t{re:e},{im:e}"),
            "FREQ VR(IN) VI(IN) IR(V1) II(V1)\n" + lines("{f} {re} {im} -1 0"),
            "Period (s),|V| (V),|I| (mA),phase (turns)\n" + lines("{f},{re},1,0.1"),
            "Real (Ohm)\nf,cell 1,cell 2\n"
            + lines("{f},{re},{re}")
            + "Imag (Ohm)\nf,cell 1,cell 2\n"
            + lines("{f},{im},{im}"),
            f"<Qucs Dataset 0.0.19>\n<indep acfrequency {F.size}>\n"
            + lines("{f}")
            + "</indep>\n<dep V1.i acfrequency>\n"
            + lines("-{re:e}+j{mim:e}")
            + "</dep>\n<dep in.v acfrequency>\n"
            + lines("1")
            + "</dep>\n",
            "f (Hz);Z (Ohm)\n" + lines("{f};{re} - j{mim}"),
            "cell;f;name;value\n" + lines("A;{f};Zre;{re}\nA;{f};Zim;{im}"),
            lines("f={f} Hz, Zre={re} Ohm, Zim={im} mOhm"),
            f"f = {F.tolist()}\nZre = {RE.tolist()}\nZim = {IM.tolist()}\n",
            "# Created by Octave 8.4\n"
            + "".join(
                f"# name: {name}\n# type: matrix\n# rows: {F.size}\n# columns: 1\n"
                + "\n".join(map(str, held))
                + "\n\n"
                for name, held in (("f", F), ("Zre", RE), ("Zim", IM))
            ),
            "e\nM0000\nPdc8030D40 ;cc8000800u;cd8000800u\n*\n\n",
        ],
        "mpt": [
            "EC-Lab ASCII FILE\r\nNb header lines : 3\r\nfreq/Hz\tRe(Z)/Ohm\t-Im(Z)/Ohm\tcycle number\r\n"
            + lines("{f}\t{re}\t{mim}\t1\r")
        ],
        "dta": [
            "EXPLAIN\nTAG\tEISPOT\nZCURVE\tTABLE\n\tPt\tTime\tFreq\tZreal\tZimag\n\t#\ts\tHz\tohm\tohm\n"
            + lines("\t1\t1\t{f}\t{re}\t{im}")
        ],
        "z": ["Z60W Data File: Version 1.1\nEnd Comments\n" + lines("{f}, 0.01, 0, 1, {re}, {im}, 0, 0, 1")],
        "dfr": [f"VERSION8.0\n{F.size}\n0\n" + lines("{f}\n{re}\n{mim}\n0.3\n1e-7\n5\n0\n0\n0")],
        "s1p": ["! one port\n# Hz S RI R 50\n" + lines("{f} 0.5 -0.1")],
        "par": [
            "<Segment1>\nDefinition=Segment #, Point #, Frequency(Hz), Zre(ohms), Zim(ohms)\n"
            + lines("0,1,{f},{re},{im}")
        ],
        "json": [
            '{"frequency": [1000, 100, 10], "real": [1, 2, 3], "imaginary": [-1, -2, -1]}',
        ],
    }  # fmt: skip


def raw(kind: str) -> bytes:
    """Return a raw file of SPICE, its numbers as text or binary."""
    names = "\t0\tfrequency\tfrequency\n\t1\tv(in)\tvoltage\n\t2\ti(v1)\tcurrent\n"
    head = (
        "Title: rc\nDate: Sun\nPlotname: AC Analysis\nFlags: complex\nNo. Variables: 3\n"
        f"No. Points: {F.size}\nVariables:\n{names}{kind}:\n"
    )
    text = lines(" 0\t{f},0\n\t1,0\n\t-{re},{im}\n")
    numbers = np.column_stack([F, np.ones(F.size), -1 / Z]).astype(complex)
    return head.encode() + (text.encode() if kind == "Values" else numbers.tobytes())


def binary_seeds() -> dict[str, list[bytes]]:
    """Return the formats that are no text, as far as their writers are installed."""
    from scipy.io import savemat

    found = {
        "mpr": [mpr()],
        "ism": [ism()],
        "ods": [ods()],
        "raw": [raw("Values"), raw("Binary")],
        "npy": [saved(np.save, np.stack([F, RE, IM], axis=1))],
        "npz": [saved(np.savez, frequency=F, Z=Z)],
        "mat": [
            saved(savemat, {"freq": F, "Z": Z}),
            saved(savemat, {"cell": {"eis": {"f": F, "Zre": RE, "Zim": IM}}}, do_compression=True),
        ],
    }
    try:
        import h5py

        stream = io.BytesIO()
        with h5py.File(stream, "w") as content:
            content["cell/frequency"], content["cell/Z"] = F, Z
        found["h5"] = [stream.getvalue()]
    except ImportError:
        pass
    try:
        import openpyxl

        book = openpyxl.Workbook()
        for row in [("frequency_Hz", "Z_real_ohm", "Z_imag_ohm"), *ROWS]:
            book.active.append(row)
        found["xlsx"] = [saved(book.save)]
    except ImportError:
        pass
    try:
        import xlwt

        old = xlwt.Workbook()
        sheet = old.add_sheet("EIS")
        for i, row in enumerate([("frequency_Hz", "Z_real_ohm", "Z_imag_ohm"), *ROWS]):
            for j, value in enumerate(row):
                sheet.write(i, j, value)
        found["xls"] = [saved(old.save)]
    except ImportError:
        pass
    try:
        import pyarrow
        from pyarrow import parquet

        table = pyarrow.table({"frequency_Hz": F, "Z_real_ohm": RE, "Z_imag_ohm": IM, "cell": ["a"] * F.size})
        found["parquet"] = [saved(lambda stream: parquet.write_table(table, stream))]
    except ImportError:
        pass
    return found


def module(name: bytes, body: bytes, version: int) -> bytes:
    """Return a module of an `.mpr`."""
    head = b"MODULE" + name.ljust(10) + name.ljust(25)
    return head + struct.pack("<IIII", 0xFFFFFFFF, len(body), 0, version) + b"05.15.25" + body


def mpr(numbers: tuple[int, ...] = (32, 37, 38, 24)) -> bytes:
    """Return BioLogic's binary: frequency, Re, -Im, cycle number as columns by their numbers."""
    kinds = [(str(number), "<f8" if number == 24 else "<f4") for number in numbers]
    records = np.zeros(F.size, dtype=kinds)
    for number, values in zip(numbers, (F, RE, -IM, np.ones(F.size)), strict=True):
        records[str(number)] = values
    head = struct.pack(f"<IH{len(numbers)}H", F.size, len(numbers), *numbers).ljust(1007, b"\0")
    data = b"BIO-LOGIC MODULAR FILE\x1a".ljust(48) + b"\0\0\0\0"
    data += module(b"VMP Set", b"\x1d" + bytes(20), 10) + module(b"VMP data", head + records.tobytes(), 11)
    return data + module(b"VMP loop", struct.pack("<2I", 1, 0), 10)


def ism() -> bytes:
    """Return Zahner's binary: frequencies, moduli, phases, times, significances, strings."""
    columns = np.array([F, np.abs(Z), np.angle(Z), np.full(F.size, 1318683737.0)])
    data = b"\0\0\xff\xff\xff\xfe" + (F.size - 1).to_bytes(6, "big") + columns.astype(">f8").tobytes()
    texts = (b"151021", b"", b"0.0255v, aMPL: 10Mv")
    return (
        data + bytes(2 * F.size) + b"".join(struct.pack(">H", len(text)) + text for text in texts) + bytes(20)
    )


def ods() -> bytes:
    """Return an OpenDocument sheet."""
    named = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text")
    )
    rows = [("f/Hz", "Zre/Ohm", "Zim/Ohm"), *ROWS]
    body = "".join(f"<table:table-row>{''.join(map(ods_cell, row))}</table:table-row>" for row in rows)
    content = f'<office:document {named}><table:table table:name="A">{body}</table:table></office:document>'
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
    return stream.getvalue()


def ods_cell(value: object) -> str:
    """Return a cell of an OpenDocument sheet."""
    if isinstance(value, str):
        return f"<table:table-cell><text:p>{value}</text:p></table:table-cell>"
    return f'<table:table-cell office:value-type="float" office:value="{value!r}"/>'


def own_seeds() -> dict[str, list[bytes]]:
    """Return what is no spectrum: circuits, units, studies."""
    return {
        "circuit": [b"R_s-p(R_ct,CPE_ct)-W_d", b"L0-R0-p(R1,C1-p(R2-Wo1,CPE2))", b"R(RQ)([RW]Q)"],
        "result": [b'{"schema": "eisfit.fit/2", "results": [{"error": null, "ok": true, "grade": "A"}]}'],
        "unit": [b"5 nm", b"70 uohm*cm", b"10 uF/cm^2"],
        "study": [(data_folder("example_spectra") / "study_template.toml").read_bytes()],
    }


def within_archive(data: bytes, change: object, choose: object) -> bytes:
    """Return a ZIP archive with one of its members changed: else every change ends at the checksum."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    name = choose(sorted(content))  # type: ignore[operator]
    content[name] = change(content[name])  # type: ignore[operator]
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, held in content.items():
            archive.writestr(member, held)
    return stream.getvalue()


SEEDS = {
    **{kind: [text.encode() for text in texts] for kind, texts in text_seeds().items()},
    **binary_seeds(),
    **own_seeds(),
}
