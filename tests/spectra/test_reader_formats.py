"""Instrument formats, one section each, on files built from their layout. Z: the closed form of R-(R||C)."""

from __future__ import annotations

import io
import math
import sys

import numpy as np
import pytest
from layouts import (
    HEAD,
    IDS,
    ROWS,
    F,
    Z,
    cell,
    ism,
    ivium,
    mpr,
    mpr_body,
    novocontrol,
    ods,
    ods_rows,
    old_excel,
    par,
    pssession,
    relaxis,
    saved,
    windeta,
    xlsx,
)

from eisfit.errors import EisfitError, ReadError
from eisfit.spectra.readers import read_bytes


def one(data, name, **options):
    (spectrum,) = read_bytes(data, name, **options)
    return spectrum


def assert_rc(spectrum, z=Z, rtol=1e-5):
    np.testing.assert_allclose(spectrum.frequency, F, rtol=rtol)
    np.testing.assert_allclose(spectrum.impedance, z, rtol=rtol)


def said(spectrum, words):
    return any(words in note for note in spectrum.notes)


# --- BioLogic .mpr ----------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [0, 2, 3, 10, 11])
def test_mpr_of_every_version(version):
    spectrum = one(mpr(version=version), "a.mpr")
    assert_rc(spectrum)
    assert spectrum.cycle == 1
    assert spectrum.potential_V == pytest.approx(3.7)
    assert spectrum.metadata["technique"] == "PEIS"
    assert said(spectrum, "agree with the phase column")


def test_mpr_with_sweeps_and_loops():
    f, z = np.tile(F, 2), np.concatenate([Z, 2 * Z])
    first, second = read_bytes(mpr(mpr_body(z, f)), "a.mpr")
    assert_rc(first)
    assert_rc(second, 2 * Z)
    assert (first.cycle, second.cycle) == (1, 2)
    ids = tuple(i for i in IDS if i != 24)
    looped = read_bytes(mpr(mpr_body(z, f, ids=ids), loop=[0, 25]), "a.mpr")
    assert [s.cycle for s in looped] == [0, 1]


def test_mpr_copied_while_the_instrument_was_writing():
    whole = mpr()
    cut = one(whole[:-40], "a.mpr")
    assert cut.points < 25
    assert said(cut, "cut off")
    np.testing.assert_allclose(cut.impedance, Z[: cut.points], rtol=1e-6)
    assert_rc(one(mpr(mpr_body(points=0)), "a.mpr"))
    short = one(mpr(mpr_body(points=20)), "a.mpr")
    assert short.points == 20
    assert said(short, "was writing")


def test_mpr_refused():
    with pytest.raises(ReadError, match="unknown column identifier 999"):
        one(mpr(mpr_body(ids=(*IDS, 999))), "a.mpr")
    with pytest.raises(ReadError, match=r"no 'freq/Hz' column.*PEIS"):
        one(mpr(mpr_body(ids=(4, 77))), "a.mpr")
    with pytest.raises(ReadError, match=r"version 7 of the \.mpr"):
        one(mpr(mpr_body(), 7), "a.mpr")
    with pytest.raises(ReadError, match="do not fill"):
        one(mpr(mpr_body(ids=(32, 37, 38), points=24)), "a.mpr")
    with pytest.raises(ReadError, match="without data"):
        one(mpr()[:200], "a.mpr")
    with pytest.raises(ReadError, match="cut off before its data"):
        one(mpr()[:500], "a.mpr")


# --- Zahner .ism ------------------------------------------------------------------------------------


def test_ism():
    spectrum = one(ism(), "a.ism")
    assert_rc(spectrum)
    assert spectrum.potential_V == 0.0255
    assert spectrum.metadata["potential"] == "0.0255V, Ampl: 10mV"
    assert spectrum.metadata["date"] == "2021-10-14 13:02:17"  # date -u -d "1980-01-01 +1318683737 sec"


def test_ism_keeps_the_last_run():
    f, z = np.concatenate([F[10:0:-1], F]), np.concatenate([3 * Z[10:0:-1], Z])
    spectrum = one(ism(f, z), "a.ism")
    assert_rc(spectrum)
    assert said(spectrum, "left out 10 points")


def test_ism_cut_off():
    with pytest.raises(ReadError, match="cut off or damaged"):
        one(ism()[:300], "a.ism")


# --- PalmSens ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("keys", [str, str.lower])
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-8"])
def test_pssession(keys, encoding):
    spectrum = one(pssession(keys=keys).encode(encoding), "a.pssession")
    assert_rc(spectrum)
    assert spectrum.potential_V == 1.4
    assert spectrum.time_s == 2
    assert spectrum.metadata["date"] == "2018-01-12 16:46:05"  # (ticks - 621355968000000000)/1e7 s after 1970


def test_pssession_scans_and_refusals():
    assert [s.metadata["title"] for s in read_bytes(pssession(scans=True).encode("utf-16"), "a")] == [
        "CH 3 scan"
    ] * 2
    with pytest.raises(ReadError, match="without impedance"):
        one(pssession(eis=False).encode("utf-16"), "a")
    with pytest.raises(ReadError, match="broken or cut off"):
        one(pssession()[:500].encode("utf-16"), "a")
    with pytest.raises(ReadError, match="values"):
        one(pssession(Z[:20]).encode("utf-16"), "a")
    deep = '{"Type":"PalmSens.DataFiles.SessionFile","a":' + "[" * 200_000
    with pytest.raises(ReadError, match="nested too deeply"):
        one(deep.encode("utf-16"), "a")


def test_pstrace_csv_in_utf16():
    head = "Date and time:;2021-05-03\nNotes:;\n\n"
    head += "freq / Hz;neg. Phase / °;Idc / uA;Z / Ohm;Z' / Ohm;-Z'' / Ohm;Cs / F\n"
    rows = "".join(
        f"{f:.9g};{-math.degrees(np.angle(z)):.9g};0;{abs(z):.9g};{z.real:.9g};{-z.imag:.9g};1e-6\n"
        for f, z in zip(F, Z, strict=True)
    )
    assert_rc(one((head + rows).encode("utf-16"), "a.csv"))
    assert_rc(one((head + rows).replace(".", ",").encode("utf-16"), "a.csv"))


# --- Ivium, VersaStudio, RelaxIS, Novocontrol, text of other instruments ------------------------------


def test_ivium():
    spectrum = one(ivium(), "a.idf")
    assert_rc(spectrum, rtol=2e-5)
    assert spectrum.metadata["date"].startswith("12/12/2022")
    assert len(read_bytes(ivium() + ivium(), "a.ids")) == 2
    with pytest.raises(ReadError, match="method: CyclicVoltammetry"):
        one(ivium(method="CyclicVoltammetry"), "a.idf")
    with pytest.raises(ReadError, match="cut off"):
        one(ivium(count=40), "a.idf")
    with pytest.raises(ReadError, match="more than"):
        one(ivium(count=10_000_000), "a.idf")
    with pytest.raises(ReadError, match="something else than numbers"):
        one(ivium().replace(b"E+01", b"E+??", 1), "a.idf")


def test_versastudio():
    spectrum = one(par().encode(), "a.par")
    assert_rc(spectrum)
    assert spectrum.potential_V == 3.3
    assert spectrum.metadata["instrument"].endswith("VersaSTAT4")
    with pytest.raises(ReadError, match="without impedance"):
        one(par().replace("Z Imag", "Q").encode(), "a.par")


def test_relaxis():
    assert one(relaxis().encode(), "a.txt").potential_V == -0.08
    assert len(read_bytes(relaxis(spectra=2).encode(), "a.txt")) == 2
    with pytest.raises(ReadError, match="without the columns"):
        one(relaxis(spectra=0).encode(), "a.txt")


def test_novocontrol_with_marks_behind_the_names_of_lengths():
    text = novocontrol().replace("[mm] ", "[mm]: ").encode("latin-1")
    assert one(text, "a.txt").metadata["thickness_mm"] == 1.0


PARALLEL = " Freq. [Hz]\t Zp' [Ohms]\t Zp'' [Ohms]"
BESIDE = " Freq. [Hz]\t Eps'    \t Eps''   \t Zp' [Ohms]\t Zp'' [Ohms]\t Sig' [S/cm]"


def test_novocontrol_parallel_equivalents():
    """Zp' and Zp'' are 1/G and 1/B; they were no columns of an impedance."""
    f = np.geomspace(1e6, 1.0, 25)
    z = 500 + 1e5 / (1 + 2j * np.pi * f * 1e-4)
    g, b = (1 / z).real, (1 / z).imag
    eps = 1 / (2j * np.pi * f * 5e-12 * z)
    alone = one(windeta(PARALLEL, f, 1 / g, 1 / b), "a.txt")
    beside = one(windeta(BESIDE, f, eps.real, -eps.imag, 1 / g, 1 / b, g), "a.txt")
    for spectrum in (alone, beside):
        np.testing.assert_allclose(spectrum.impedance, z, rtol=1e-4)
    told = "impedance from Zp' and Zp'', the parallel equivalents 1/G and 1/B"
    assert f"assumed: {told}, as WinDETA writes them" in alone.notes
    assert f"{told}, as Eps''/Eps' is" in beside.notes
    names = PARALLEL.replace(" Zp' ", " Temp. [K]\t Zp' ")
    many = [np.concatenate([c, c]) for c in (f, 1 / g, 1 / b)]
    both = read_bytes(windeta(names, many[0], np.repeat([293.15, 313.15], f.size), *many[1:]), "a.txt")
    assert [s.temperature_C for s in both] == pytest.approx([20, 40])


def test_novocontrol_parallel_equivalents_that_are_none():
    f = np.geomspace(1e6, 1.0, 25)
    z = 500 + 1e5 / (1 + 2j * np.pi * f * 1e-4)
    with pytest.raises(ReadError, match="by Kramers-Kronig these are the parts of Z"):
        one(windeta(PARALLEL, f, z.real, z.imag), "a.txt")
    with pytest.raises(ReadError, match="Zp''/Zp' is not Eps''/Eps'"):
        one(windeta(BESIDE, f, 0 * f + 5.3, 0 * f + 0.02, z.real, z.imag, 0 * f), "a.txt")


def test_novocontrol_permittivity():
    spectrum = one(novocontrol().encode("latin-1"), "a.txt")
    assert_rc(spectrum)
    assert spectrum.temperature_C == 20
    assert said(spectrum, "geometry")
    several = read_bytes(novocontrol(temperatures=(22, 50)).encode("latin-1"), "a.txt")
    assert [s.temperature_C for s in several] == [22, 50]
    with pytest.raises(ReadError, match="diameter and thickness"):
        one(novocontrol(diameter="0").encode("latin-1"), "a.txt")
    with pytest.raises(ReadError, match="no columns for frequency, Eps' and Eps''"):
        one(novocontrol().replace(" Eps'' ", " Q ").encode("latin-1"), "a.txt")


def rows(pattern, delimiter=","):
    return "".join(
        pattern(i, f, z).replace(",", delimiter) + "\n" for i, (f, z) in enumerate(zip(F, Z, strict=True))
    )


def test_nova_text():
    text = "Index;Frequency (Hz);Z' (Ω);-Z'' (Ω);Z (Ω);-Phase (°);Time (s)\n" + rows(
        lambda i, f, z: (
            f"{i + 1},{f:.9g},{z.real:.9g},{-z.imag:.9g},{abs(z):.9g},{-math.degrees(np.angle(z)):.9g},{i}"
        ),
        ";",
    )
    assert_rc(one(text.encode(), "a.txt"))


def test_hioki():
    text = "Frequency(Hz),R(ohm),X(ohm),V(V),T(deg C),Range(Ohm)\n" + "".join(
        reversed(
            rows(lambda i, f, z: f"{f:.9g},{z.real:.9g},{z.imag:.9g},3.7,25.1,0.1").splitlines(keepends=True)
        )
    )
    spectrum = one(text.encode(), "a.csv")
    assert_rc(spectrum)
    assert spectrum.potential_V == 3.7
    assert spectrum.temperature_C == 25.1


def test_digatron():
    text = (
        "".join(f"Key{i},value\n" for i in range(20))
        + "Step,Status,ActFreq,Zreal1,Zimg1\n,,[EIS],[EIS],[EIS]\n"
    )
    body = rows(lambda i, f, z: f"{i},EIS,{f:.9g},{z.real:.9g},{z.imag:.9g}").splitlines(keepends=True)
    spectrum = one((text + "".join([*body[:9], "9,MSG,message\n", *body[9:]])).encode(), "a.csv")
    assert spectrum.impedance == pytest.approx(1e-3 * Z, rel=1e-8)  # milliohm, what Digatron's testers write
    assert said(spectrum, "assumed: milliohm, as in Digatron's files")
    in_ohm = read_bytes("".join([text, *body]).encode(), "a.csv", impedance_unit="ohm")[0]
    assert in_ohm.impedance == pytest.approx(Z, rel=1e-8)


@pytest.mark.parametrize(
    ("names", "scale"),
    [
        ("Step,Status,ActFreq,Zreal1,Zimg1", 1e-3),  # a copy without the row of units
        ("AhAccu,Status,Frequency,Zreal1,Zimg1", 1e-3),
        ("Step,Status,ActFreq,Zreal1 (Ohm),Zimg1 (Ohm)", 1.0),
        ("Step,Status,Frequency,Zreal1,Zimg1", 1e-3),
        ("Step,Status,ActFreq,Zreal1,Zimg1\n[],[],[Hz],[EIS],[EIS]", 1e-3),
        ("Digatron BTS\n\nNo,Remark,Frequency,Zreal1,Zimg1", 1e-3),
    ],
)
def test_digatron_by_its_names(names, scale):
    text = names + "\n" + rows(lambda i, f, z: f"{i},EIS,{f:.9g},{z.real:.9g},{z.imag:.9g}")
    spectrum = one(text.encode(), "a.csv")
    assert spectrum.impedance == pytest.approx(scale * Z, rel=1e-8)
    assert said(spectrum, "assumed: milliohm, as in Digatron's files") == (scale == 1e-3)


def test_names_of_digatron_alone_are_asked_for_their_unit():
    body = rows(lambda i, f, z: f"{f:.9g},{z.real:.9g},{z.imag:.9g}")
    with pytest.raises(ReadError, match=r"Digatron's testers.*--impedance-unit mohm"):
        one(f"Frequency,Zreal1,Zimg1\n{body}".encode(), "a.csv")
    spectrum = one(f"Frequency,Zreal1,Zimg1\n[Hz],[Ohm],[Ohm]\n{body}".encode(), "a.csv")
    assert spectrum.impedance == pytest.approx(Z, rel=1e-8)
    twice = rows(lambda i, f, z: f"{f:.9g},{z.real:.9g},{z.imag:.9g},{2 * z.real:.9g},{2 * z.imag:.9g}")
    found = read_bytes(
        ("f,Zreal1,Zimg1,Zreal2,Zimg2\n" + twice).encode(), "a.csv"
    )  # anyone's first of several
    assert found[0].impedance == pytest.approx(Z, rel=1e-8)


def test_frequency_in_the_last_column():
    text = "25\n" + rows(lambda i, f, z: f"{z.real:.9g},{-z.imag:.9g},{f:.9g}", "\t")
    spectrum = one(text.encode(), "a.txt")
    assert_rc(spectrum)
    assert said(spectrum, "Z', Z'', frequency")


def test_decades_of_two_pi_are_said():
    f = np.geomspace(2 * math.pi * 1e-3, 2 * math.pi * 1e3, 7)
    text = "freq,Zre,Zim\n" + "".join(f"{v:.12g},1,-{i}\n" for i, v in enumerate(f))
    assert said(one(text.encode(), "a.csv"), "whole decades of 2 pi")


# --- arrays -----------------------------------------------------------------------------------------


def test_npy():
    pairs = np.stack([np.stack([F, Z]), np.stack([F, 2 * Z])])
    first, second = read_bytes(saved(np.save, pairs), "a.npy")
    assert_rc(first)
    assert_rc(second, 2 * Z)
    assert_rc(one(saved(np.save, np.column_stack([F, Z.real, Z.imag])), "a.npy"))
    assert_rc(one(saved(np.save, np.stack([F, Z])), "a.npy"))


def test_npy_of_python_2_and_by_columns():
    table = np.column_stack([F, Z.real, Z.imag])
    header = f"{{'descr': '<f8', 'fortran_order': True, 'shape': ({len(F)}L, 3L), }}"
    start = b"\x93NUMPY\x01\x00v\x00" + header.encode().ljust(117) + b"\n"
    assert_rc(one(start + table.tobytes(order="F"), "a.npy"))


def test_what_numpy_says_of_a_header_is_one_line():
    header = b"{'descr': '<f8', " + b" " * 12000 + b"'fortran_order': False, 'shape': (5, 3), }"
    with pytest.raises(ReadError, match="damaged") as error:
        one(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header, "a.npy")
    assert "\n" not in str(error.value)


def test_npy_with_given_frequencies():
    spectra = read_bytes(saved(np.save, np.column_stack([Z, 2 * Z])), "Z.npy", frequency=F)
    assert_rc(spectra[1], 2 * Z)
    assert said(spectra[0], "given by the user")
    admittance = one(saved(np.save, 1 / Z[:, None]), "Y_1.npy", frequency=F)
    assert_rc(admittance)
    assert said(admittance, "admittance")
    with pytest.raises(ReadError, match="does not fit 24 frequencies"):
        one(saved(np.save, Z[:, None]), "Z.npy", frequency=F[1:])


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (np.column_stack([Z, Z]), "without frequencies"),
        (np.stack([np.stack([Z, Z])]), "two should be frequencies"),
        (np.array([{"a": 1}]), "objects"),
        (np.ones((5, 4)), "without frequencies"),
    ],
)
def test_npy_refused(values, words):
    with pytest.raises(ReadError, match=words):
        one(saved(np.save, values), "a.npy")


def test_npy_that_announces_more_than_it_holds():
    data = saved(np.save, np.ones((25, 3))).replace(b"(25, 3)", b"(9999999999, 3)"[:7].ljust(7))
    with pytest.raises(EisfitError, match=r"."):
        one(data, "a.npy")
    huge = (
        b"\x93NUMPY\x01\x00v\x00"
        + b"{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999, 3), }".ljust(117)
        + b"\n"
    )
    with pytest.raises(ReadError, match="less than it announces"):
        one(huge, "a.npy")


def test_npz():
    stream = io.BytesIO()
    np.savez_compressed(stream, frequency=F, Z=Z)
    assert_rc(one(stream.getvalue(), "a.npz"))
    stream = io.BytesIO()
    np.savez(stream, freq=F, Z_real=Z.real, Z_imag=Z.imag)
    assert_rc(one(stream.getvalue(), "a.npz"))
    stream = io.BytesIO()
    np.savez(stream, f=F, Z=np.stack([Z, 2 * Z]))
    assert_rc(read_bytes(stream.getvalue(), "a.npz")[1], 2 * Z)
    stream = io.BytesIO()
    np.savez(stream, a=F)
    with pytest.raises(ReadError, match="no array named as a frequency"):
        one(stream.getvalue(), "a.npz")
    with pytest.raises(ReadError, match="damaged"):
        one(stream.getvalue()[:100], "a.npz")


def test_bombs_are_not_unpacked(monkeypatch):
    monkeypatch.setattr("eisfit.spectra.readers.archive.MAX_BYTES", 10_000)
    stream = io.BytesIO()
    np.savez_compressed(stream, f=np.zeros(100_000))
    with pytest.raises(ReadError, match="unpacks to more than"):
        one(stream.getvalue(), "a.npz")


def mat(**variables):
    savemat = pytest.importorskip("scipy.io").savemat
    stream = io.BytesIO()
    savemat(stream, variables, do_compression=True)
    return stream.getvalue()


def test_mat(monkeypatch):
    assert_rc(one(mat(freq=F, Z_prime=Z.real, Z_double_prime=Z.imag), "a.mat"))
    assert_rc(one(mat(freq=F, reZ=Z.real, imZ=Z.imag), "a.mat"))
    assert_rc(one(mat(eis={"f": F, "Z": Z}), "a.mat"))
    with pytest.raises(ReadError, match="no array named as a frequency"):
        one(mat(a=F), "a.mat")
    with pytest.raises(ReadError, match="damaged"):
        one(mat(freq=F, Z=Z)[:-30], "a.mat")
    monkeypatch.setattr("eisfit.spectra.readers.file.MAX_BYTES", 10_000)
    with pytest.raises(ReadError, match="unpacks to more than"):
        one(mat(freq=F, Z=Z, more=np.zeros(100_000)), "a.mat")


def test_text_matrix_needs_frequencies():
    line = " ".join(f"{z.real:.12e} {z.imag:.12e}" for z in Z)
    data = (line + "\n" + line + "\n").encode()
    with pytest.raises(ReadError, match=r"a matrix of 2 x 50 numbers without frequencies.*frequency="):
        one(data, "Z1s.txt")
    spectra = read_bytes(data, "Z1s.txt", frequency=F)
    assert len(spectra) == 2
    assert_rc(spectra[0])


def test_frequencies_are_refused_where_the_file_has_its_own():
    with pytest.raises(ReadError, match="has its own"):
        one(mpr(), "a.mpr", frequency=F)


# --- spreadsheets -----------------------------------------------------------------------------------


def test_xlsx():
    spectrum = one(xlsx([[cell("Cell 7")], HEAD, *ROWS]), "a.xlsx")
    assert_rc(spectrum, rtol=1e-12)
    assert spectrum.metadata["sheet"] == "S0"
    names = [f'<c t="s" r="{letter}1"><v>{i}</v></c>' for i, letter in enumerate("ABC")]
    assert_rc(one(xlsx([names, *ROWS], shared=("f/Hz", "Zre/Ohm", "-Zim/Ohm")), "a.xlsx"))
    assert len(read_bytes(xlsx([HEAD, *ROWS], sheets=2), "a.xlsx")) == 2


def test_xlsx_written_by_openpyxl():
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["freq/Hz", "Re(Z)/Ohm", "-Im(Z)/Ohm"])
    for f, z in zip(F, Z, strict=True):
        book.active.append([float(f), float(z.real), float(-z.imag)])
    book.create_sheet("notes").append(["nothing here"])
    stream = io.BytesIO()
    book.save(stream)
    spectrum = one(stream.getvalue(), "a.xlsx")
    assert_rc(spectrum, rtol=1e-12)
    assert said(spectrum, "left out sheet 'notes'")


@pytest.mark.parametrize("fmt", ['<xf numFmtId="20"/>', '<xf numFmtId="164"/>'])
def test_xlsx_times_of_day_are_refused(fmt):
    """Excel turns 0.01 into 00:14:24 where it takes the column for times."""
    custom = '<numFmts><numFmt numFmtId="164" formatCode="[$-407]hh:mm:ss"/></numFmts>'
    styles = f'{custom}<cellXfs><xf numFmtId="0"/>{fmt}</cellXfs>'
    spoilt = [[cell(float(f)), cell(float(z.real), 1 if i > 20 else 0), cell(float(-z.imag))]
              for i, (f, z) in enumerate(zip(F, Z, strict=True))]  # fmt: skip
    with pytest.raises(ReadError, match=r"date or time .* is not a number"):
        one(xlsx([HEAD, *spoilt], styles), "a.xlsx")


def test_spreadsheets_refused():
    with pytest.raises(ReadError, match="no table of numbers"):
        one(xlsx([[cell("words")]]), "a.xlsx")
    with pytest.raises(ReadError, match="damaged"):
        one(xlsx([HEAD, *ROWS])[:-30], "a.xlsx")
    with pytest.raises(ReadError, match="XML entities"):
        one(xlsx([["<!DOCTYPE x>"]]), "a.xlsx")
    with pytest.raises(ReadError, match="XML is damaged"):
        one(xlsx([["<broken>"]]), "a.xlsx")
    with pytest.raises(ReadError, match="has no content"):
        one(ods(None), "a.ods")
    with pytest.raises(ReadError, match="old Excel"):
        one(b"\xd0\xcf\x11\xe0" + bytes(600), "a.xls")


def test_ods():
    assert_rc(one(ods(ods_rows()), "a.ods"), rtol=1e-12)
    with pytest.raises(ReadError, match="is not a number"):
        one(ods(ods_rows("time")), "a.ods")


# --- fuzz -------------------------------------------------------------------------------------------

SAMPLES = {
    "a.mpr": mpr(),
    "a.ism": ism(),
    "a.pssession": pssession().encode("utf-16"),
    "a.idf": ivium(),
    "a.par": par().encode(),
    "n.txt": novocontrol().encode("latin-1"),
    "a.npy": saved(np.save, np.stack([F, Z])),
    "a.xlsx": xlsx([HEAD, *ROWS]),
    "a.ods": ods(ods_rows()),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_truncated_anywhere_is_right_or_refused(name):
    data = SAMPLES[name]
    for size in range(1, len(data), max(1, len(data) // 60)):
        try:
            spectra = read_bytes(data[:size], name)
        except EisfitError:
            continue
        for spectrum in spectra:
            expected = np.interp(-spectrum.frequency, -F, np.arange(F.size))
            where = np.round(expected).astype(int)[:-1]
            np.testing.assert_allclose(spectrum.impedance[:-1], Z[where], rtol=1e-4)


@pytest.mark.parametrize("name", SAMPLES)
def test_flipped_bits_raise_nothing_else(name):
    random = np.random.default_rng(len(name))
    data = np.frombuffer(SAMPLES[name], dtype=np.uint8)
    for _ in range(40):
        broken = data.copy()
        places = random.integers(0, data.size, 3)
        broken[places] ^= (1 << random.integers(0, 8, 3)).astype(np.uint8)
        try:
            spectra = read_bytes(broken.tobytes(), name)
        except EisfitError as error:
            assert "\n" not in str(error)
            continue
        assert all(np.isfinite(s.impedance).all() for s in spectra)


# Old Excel, written by xlwt


def test_old_excel():
    f = np.geomspace(1e5, 1, 21)
    z = 10 + 100 / (1 + 2j * np.pi * f * 1e-3)
    rows = [["Freq", "Zreal", "Zimag"], ["Hz", "ohm", "ohm"], *zip(f, z.real, z.imag, strict=True)]
    (spectrum,) = read_bytes(old_excel(rows), "a.xls")
    assert spectrum.impedance == pytest.approx(z, rel=1e-12)
    assert spectrum.metadata["sheet"] == "EIS"


def test_dates_in_old_excel_and_damaged_files_are_refused():
    import xlwt

    dates = xlwt.easyxf(num_format_str="hh:mm")
    rows = [["f/Hz", "Zre", "Zim"], *([0.1 * i, 0.2, 0.3] for i in range(1, 9))]
    data = old_excel(rows, style=dates)
    with pytest.raises(ReadError, match=r"date or time|no table of numbers"):
        read_bytes(data, "a.xls")
    with pytest.raises(ReadError, match="is an old Excel or Word file"):
        read_bytes(data[:4000], "a.xls")  # cut off: its directory stands at the end
    with pytest.raises(ReadError, match="the Excel file is damaged or locked"):
        read_bytes(data[:44] + b"\xff" * 32 + data[76:], "a.xls")  # the table of sectors is gone


def test_what_a_parquet_file_announces_is_checked():
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    stream = io.BytesIO()
    column = arrow.array(np.zeros(900_000))
    parquet.write_table(arrow.table({f"c{i}": column for i in range(10)}), stream)  # 72 MB of zeros in 10 kB
    with pytest.raises(ReadError, match="more than 8000000 cells"):
        read_bytes(stream.getvalue(), "a.parquet")


@pytest.mark.parametrize("before", [b"", b"MATLAB 7.3 MAT-file".ljust(512, b"\0")])
def test_hdf5_is_named_with_a_way_out(monkeypatch, before):
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(ReadError, match=r"HDF5 needs h5py: .*export the table as CSV; MATLAB: save"):
        read_bytes(before + b"\x89HDF\r\n\x1a\n" + bytes(64), "a.h5")


@pytest.mark.parametrize(
    ("formats", "offsets", "itemsize", "apart"),
    [
        (("<f8", "<f8"), (0, 8), 16, True),
        (("<f8", "<f8"), (8, 0), 24, True),
        (("<f16", "<f8"), (0, 8), 16, False),
        (("<f8", "<f4"), (0, 4), 12, False),
    ],
)
def test_a_table_whose_fields_overlap_is_known_in_hdf5(formats, offsets, itemsize, apart):
    """HDF5 writes such a table beyond its memory: the process ended when it was freed (found by fuzzing)."""
    from eisfit.spectra.readers.file_formats.hdf5 import _has_disjoint_fields

    table = {"names": ["r", "i"], "formats": formats, "offsets": offsets, "itemsize": itemsize}
    assert _has_disjoint_fields(np.dtype(table)) is apart
