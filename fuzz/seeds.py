"""Seeds of every format that is read, made here from one simulated spectrum; none is anybody's file.

`tests/spectra/test_fuzz_seeds.py` fails where a module of `file_formats` has no seed that is read as it.
"""

from __future__ import annotations

import contextlib
import io
import json
import zipfile
from collections.abc import Callable, Iterator

import numpy as np
from layouts import (
    HEAD,
    ROWS,
    F,
    Z,
    ism,
    ivium,
    lines,
    mpr,
    novocontrol,
    ods,
    ods_rows,
    old_excel,
    par,
    pssession,
    relaxis,
    saved,
    variable,
    windeta,
    xlsx,
)

from eisfit.files import data_folder

__all__ = ["SEEDS"]

RE, IM = Z.real, Z.imag
S = (Z - 50) / (Z + 50)
NAMES = ("frequency_Hz", "Z_real_ohm", "Z_imag_ohm")
TABLE = lines("{f:.7g},{re:.7g},{im:.7g}").strip()
COLUMNS = {"f": F.tolist(), "Zre": RE.tolist(), "Zim": IM.tolist()}


def text_seeds() -> dict[str, list[str]]:
    """Return texts by the extension they are read under."""
    return {
        "csv": [
            f"frequency_Hz,Z_real_ohm,Z_imag_ohm\n{TABLE}\n",
            TABLE,
            f"Z in mOhm\nkHz,mOhm,mOhm\nFrequency,Z real,Z imag\n{TABLE}\nf,Z' (Ohm),Z'' (Ohm)\n{TABLE}\n",
            "chunk;timestamp;size;fieldname;0;1;2\n"
            + "".join(
                f"0;1;{F.size};{name};{';'.join(f'{v:.7g}' for v in values)}\n"
                for name, values in (("frequency", F), ("realz", RE), ("imagz", IM))
            ),
            "!CSV A.01.01\nBEGIN CH1_DATA\nFrequency(Hz), R(ohm), X(ohm)\n" + TABLE + "\nEND\n",
        ],
        "txt": [*tables_in_lines(), *of_analysers(), *of_programs()],
        "rlx": [relaxis(), relaxis(spectra=2)],
        "i2b": ["Cell 7\nPotentiostatic\n\n" + f"{F.size}\n" + lines("{f} {re} {im}")],
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
        "s1p": [
            "! one port\n# Hz S RI R 50\n" + lines("{f} {re} {im}", z=S),
            "# kHz Z MA R 1\n" + lines("{f} {mod} {deg}", f=F / 1e3),
        ],
        "par": [par()],
        "json": [
            json.dumps({"frequency": F.tolist(), "real": RE.tolist(), "imaginary": IM.tolist()}),
            json.dumps([dict(zip(COLUMNS, row, strict=True)) for row in zip(*COLUMNS.values(), strict=True)]),
        ],
        "yaml": [
            "".join(f"{name}: {values}\n" for name, values in COLUMNS.items()),
            "cell: a\neis:\n" + lines("- f: {f}\n  Zre: {re}\n  Zim: {im}"),
        ],
    }  # fmt: skip


def tables_in_lines() -> Iterator[str]:
    """Yield tables, and tables on their side, without an instrument's mark."""
    yield "f/Hz\tZ'/kOhm\t-Z''/kOhm\n" + lines("{f}\t{re}\t{mim}").replace(".", ",")
    yield "Period (s),|V| (V),|I| (A),phase (turns)\n" + lines("{f},{mod},1,{turns}", f=1 / F)
    parts = (f"{part} (Ohm)\nf,cell 1,cell 2\n" + lines(f"{{f}},{of},{of}")
             for part, of in (("Real", "{re}"), ("Imag", "{im}")))  # fmt: skip
    yield "".join(parts)
    yield "f (Hz);Z (Ohm)\n" + lines("{f};{re} - j{mim}")
    yield "cell;f;name;value\n" + lines("A;{f};Zre;{re}\nA;{f};Zim;{im}")
    yield lines("f={f} Hz, Zre={re} Ohm, Zim={im} mOhm")
    yield "".join(f"{name} = {values}\n" for name, values in COLUMNS.items())
    yield "".join(f"{name},{','.join(map(str, values))}\n" for name, values in COLUMNS.items())


def of_analysers() -> Iterator[str]:
    """Yield what analysers write: Agilent, Novocontrol, PalmSens' MethodSCRIPT."""
    arrays = '"Frequency"\t"Data Real"\t"Data Imag"\n' + lines("{f}\t{re}\t{im}")
    yield '"4294A REV1.11"\n"TRACE: A"\n"FORMAT: R"\n' + arrays
    shown = '"Frequency"\t"Data Trace Real"\t"Data Trace Imag"\n'
    modulus, phase = lines("{f}\t{mod}\t0"), lines("{f}\t{deg}\t0")
    yield f'"TRACE: A"\n"FORMAT: |Z|"\n{shown}{modulus}\n"TRACE: B"\n"FORMAT: THETA"\n{shown}{phase}'
    yield novocontrol()
    yield windeta(" Freq. [Hz]\t Zp' [Ohms]\t Zp'' [Ohms]", F, 1 / (1 / Z).real, 1 / (1 / Z).imag).decode()
    packages = (
        f"P{variable('dc', f, *(('m', 1e-3) if f > 100 else ('u', 1e-6)))};"
        f"{variable('cc', z.real)};{variable('cd', z.imag, 'u', 1e-6)}\n"
        for f, z in zip(F, Z, strict=True)
    )
    yield f"e\nM0005\n{''.join(packages)}*\n\n"


def of_programs() -> Iterator[str]:
    """Yield what simulators and Octave write."""
    yield "Freq.\tV(out)/I(V1)\n" + lines("{f:.14e}\t-{re:.14e},{mim:.14e}")
    yield "FREQ VR(IN) VI(IN) IR(V1) II(V1)\n" + lines("{f} 1 0 -{re} -{im}", z=1 / Z)
    yield (
        f"<Qucs Dataset 0.0.19>\n<indep acfrequency {F.size}>\n{lines('{f}')}</indep>\n"
        f"<dep V1.i acfrequency>\n{lines('-{re:e}-j{im:e}', z=1 / Z)}</dep>\n"
        f"<dep in.v acfrequency>\n{lines('1')}</dep>\n"
    )
    matrices = (
        f"# name: {name}\n# type: matrix\n# rows: {F.size}\n# columns: 1\n" + "\n".join(map(str, held))
        for name, held in COLUMNS.items()
    )
    yield "# Created by Octave 8.4\n" + "".join(f"{matrix}\n\n\n" for matrix in matrices)


def raw(kind: str) -> bytes:
    """Return a raw file of SPICE, its numbers as text or binary."""
    names = "\t0\tfrequency\tfrequency\n\t1\tv(in)\tvoltage\n\t2\ti(v1)\tcurrent\n"
    head = (
        "Title: rc\nDate: Sun\nPlotname: AC Analysis\nFlags: complex\nNo. Variables: 3\n"
        f"No. Points: {F.size}\nVariables:\n{names}{kind}:\n"
    )
    text = lines(" 0\t{f},0\n\t1,0\n\t-{re},-{im}\n", z=1 / Z)
    numbers = np.column_stack([F, np.ones(F.size), -1 / Z]).astype(complex)
    return head.encode() + (text.encode() if kind == "Values" else numbers.tobytes())


def binary_seeds() -> dict[str, list[bytes]]:
    """Return the formats that are no text."""
    from scipy.io import savemat

    return {
        "mpr": [mpr(loop=[0])],
        "ism": [ism()],
        "idf": [ivium()],
        "pssession": [pssession().encode("utf-16"), pssession(keys=str.lower, scans=True).encode()],
        "xlsx": [xlsx([HEAD, *ROWS])],
        "ods": [ods(ods_rows())],
        "raw": [raw("Values"), raw("Binary")],
        "npy": [saved(np.save, np.stack([F, RE, IM], axis=1)), saved(np.save, np.stack([F, Z]))],
        "npz": [saved(np.savez, frequency=F, Z=Z)],
        "mat": [
            saved(savemat, {"freq": F, "Z": Z}),
            saved(savemat, {"cell": {"eis": {"f": F, "Zre": RE, "Zim": IM}}}, do_compression=True),
        ],
    }


def optional_seeds() -> Iterator[tuple[str, list[bytes]]]:
    """Yield the formats that are written as far as a package is installed."""
    rows = list(zip(F.tolist(), RE.tolist(), IM.tolist(), strict=True))
    with contextlib.suppress(ImportError):
        import h5py

        stream = io.BytesIO()
        with h5py.File(stream, "w") as content:
            content["cell/frequency"], content["cell/Z"] = F, Z
        yield "h5", [stream.getvalue()]
    with contextlib.suppress(ImportError):
        yield "xls", [old_excel([NAMES, *rows])]
    with contextlib.suppress(ImportError):
        import pyarrow
        from pyarrow import feather, ipc, parquet

        table = pyarrow.table(dict(zip(NAMES, (F, RE, IM), strict=True)) | {"cell": ["a"] * F.size})
        stream = io.BytesIO()
        with ipc.new_stream(stream, table.schema) as writer:
            writer.write_table(table)
        yield "parquet", [saved(lambda stream: parquet.write_table(table, stream))]
        yield "feather", [saved(lambda stream: feather.write_feather(table, stream))]
        yield "arrows", [stream.getvalue()]


def own_seeds() -> dict[str, list[bytes]]:
    """Return what is no spectrum: circuits, units, studies."""
    return {
        "circuit": [b"R_s-p(R_ct,CPE_ct)-W_d", b"L0-R0-p(R1,C1-p(R2-Wo1,CPE2))", b"R(RQ)([RW]Q)"],
        "result": [b'{"schema": "eisfit.fit/2", "results": [{"error": null, "ok": true, "grade": "A"}]}'],
        "unit": [b"5 nm", b"70 uohm*cm", b"10 uF/cm^2"],
        "study": [(data_folder("example_spectra") / "study_template.toml").read_bytes()],
    }


def within_archive(
    data: bytes, change: Callable[[bytes], bytes], choose: Callable[[list[str]], str]
) -> bytes:
    """Return a ZIP archive with one of its members changed: else every change ends at the checksum."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    name = choose(sorted(content))
    content[name] = change(content[name])
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, held in content.items():
            archive.writestr(member, held)
    return stream.getvalue()


SEEDS = {
    **{kind: [text.encode() for text in texts] for kind, texts in text_seeds().items()},
    **binary_seeds(),
    **dict(optional_seeds()),
    **own_seeds(),
}
