"""Tables as people have them: headers by their parts, units, signs, orders, marks of instruments."""

from __future__ import annotations

import io
import math
import struct

import numpy as np
import pytest

import eisfit
from eisfit.errors import ReadError, UsageError
from eisfit.spectra.readers import read_bytes
from eisfit.spectra.readers.names.columns import parse_name
from eisfit.spectra.writers.plain_csv import to_csv

F = np.geomspace(1e5, 0.1, 31)
Z = 10 + 100 / (1 + 2j * math.pi * F * 100 * 1e-4)


def table(head, *columns, delimiter=","):
    rows = zip(*columns, strict=True)
    return head + "\n" + "".join(delimiter.join(f"{v:.10g}" for v in row) + "\n" for row in rows)


def read(text, name="a.csv", **options):
    return read_bytes(text.encode(), name, **options)


def one(text, **options):
    (spectrum,) = read(text, **options)
    return spectrum


@pytest.mark.parametrize(
    ("head", "quantity", "scale"),
    [
        ("Realteil", "real", 1.0),
        ("Imaginärteil (mOhm)", "imag", 1e-3),
        ("-Im(Z) in Ohm", "imag", -1.0),
        ("Z_imag_neg", "imag", -1.0),
        ("MinusImZ", "imag", -1.0),
        ("Partie réelle / Ω", "real", 1.0),
        ("频率(Hz)", "frequency", 1.0),
        ("虚部 (ohm)", "imag", 1.0),
        ("周波数 [kHz]", "frequency", 1e3),
        ("위상각 (deg)", "phase", 1.0),
        ("Linear_freq", "frequency", 1.0),
        ("Cp (pF)", "C_parallel", 1e-12),
        ("Z_real_fit", "", 1.0),
        ("Re(Z) error", "", 1.0),
        ("Eps'", "", 1.0),
        ("E Real", "", 1.0),
        ("Initial Freq. (Hz)", "", 1.0),
    ],
)
def test_a_header_is_understood_by_its_parts(head, quantity, scale):
    found = parse_name(head)
    assert found.quantity == quantity
    assert not quantity or found.scale == pytest.approx(scale)


def test_logarithms_and_units_in_row_two():
    text = table("log(f/Hz),Z' (ohm),-Z'' (ohm)", np.log10(F), Z.real, -Z.imag)
    assert one(text).impedance == pytest.approx(Z, rel=1e-8)
    text = table("Frequency,Zreal,Zimag\nHz,mOhm,mOhm", F, 1e3 * Z.real, 1e3 * Z.imag)
    assert one(text).impedance == pytest.approx(Z, rel=1e-8)


def test_one_frequency_column_for_two_cells():
    text = table("Frequency (Hz),Z' A (ohm),-Z'' A (ohm),Z' B (ohm),-Z'' B (ohm)",
                 F, Z.real, -Z.imag, 2 * Z.real, -2 * Z.imag)  # fmt: skip
    a, b = read(text)
    assert a.impedance == pytest.approx(Z, rel=1e-8)
    assert b.impedance == pytest.approx(2 * Z, rel=1e-8)
    assert (a.metadata["label"], b.metadata["label"]) == ("a", "b")


def test_spectra_side_by_side_keep_all_their_points():
    rows = [f"{f:.9g},{z.real:.9g},{z.imag:.9g}" for f, z in zip(F, Z, strict=True)]
    text = "f,Zre,Zim,f,Zre,Zim\n" + "".join(
        row + ("," + row if k < 20 else ",,,") + "\n" for k, row in enumerate(rows)
    )
    assert [s.points for s in read(text)] == [31, 20]


@pytest.mark.parametrize(
    "order", [np.random.default_rng(1).permutation(31), np.r_[0:31:2, 1:31:2], np.r_[15:31, 0:15]]
)
def test_one_sweep_in_any_order_is_one_spectrum(order):
    assert one(table("f,Zre,Zim", F[order], Z.real[order], Z.imag[order])).points == 31


def test_two_sweeps_stay_two():
    f, z = np.tile(F, 2), np.tile(Z, 2)
    assert [s.points for s in read(table("f,Zre,Zim", f, z.real, z.imag))] == [31, 31]


def test_over_range_is_dropped_and_labels_nothing():
    real, temperature = Z.real.copy(), np.full(31, 25.0)
    real[:3], temperature[:3] = 9.9e37, 99.0
    spectrum = one(table("temperature_C,f,Zre,Zim", temperature, F, real, Z.imag))
    assert spectrum.points == 28
    assert spectrum.temperature_C == 25.0
    assert any("over-range" in note for note in spectrum.notes)


def test_a_column_of_zeros_proves_nothing():
    head = "freq/Hz,Re(Z)/Ohm,-Im(Z)/Ohm,Phase(Z)/deg"
    assert one(table(head, F, Z.real, -Z.imag, 0 * F)).impedance == pytest.approx(Z, rel=1e-8)


def test_a_wider_row_is_refused_with_its_line():
    text = table("f/Hz,Zre/Ohm,Zim/Ohm", F, Z.real, Z.imag).splitlines()
    text[9] = "316.2,1,011.92,-12.3"
    with pytest.raises(ReadError, match=r"line 10: more numbers than the table has columns"):
        one("\n".join(text))


def test_milli_or_mega_is_asked_for():
    text = table("FREQ(HZ),R(MOHM),X(MOHM)", F, Z.real, Z.imag)
    with pytest.raises(ReadError, match=r"may be milliohm or megaohm: say which, --impedance-unit mohm"):
        one(text)
    assert one(text, impedance_unit="mohm").impedance == pytest.approx(1e-3 * Z, rel=1e-8)
    with pytest.raises(UsageError, match="impedance_unit: 'furlong' is none of"):
        one(text, impedance_unit="furlong")


def test_three_columns_without_a_header_need_proof():
    t = np.linspace(0.5, 15, 31)
    with pytest.raises(ReadError, match="nothing proves that they are frequency and impedance"):
        one(table("", t, 3.7 + 0.01 * np.sin(7 * t), 0.1 * np.cos(3 * t)).lstrip())


@pytest.mark.parametrize(
    ("head", "columns"),
    [
        ("f(Hz),Cp(F),D", lambda w, y: (y.imag / w, y.real / y.imag)),
        ("f(Hz),Cp(uF),Rp(ohm)", lambda w, y: (1e6 * y.imag / w, 1 / y.real)),
        ("f(Hz),Cs(F),Rs(ohm)", lambda w, y: (-1 / (w * (1 / y).imag), (1 / y).real)),
        ("f(Hz),Y(S),theta_Y(deg)", lambda w, y: (np.abs(y), np.degrees(np.angle(y)))),
        ("f(Hz),G(S),B(S)", lambda w, y: (y.real, y.imag)),
        ("f(Hz),Cp(F),Q", lambda w, y: (y.imag / w, y.imag / y.real)),
        ("f(Hz),Ls(H),Q", lambda w, y: ((1 / y).imag / w, (1 / y).imag / (1 / y).real)),
        ("f(Hz),Cs(F),Q", lambda w, y: (-1 / (w * (1 / y).imag), -(1 / y).imag / (1 / y).real)),
    ],
)
def test_lcr_meters(head, columns):
    """Equivalents of a two-pole: Y = G + j omega Cp, Z = Rs - j/(omega Cs), D = G/(omega Cp)."""
    assert one(table(head, F, *columns(2 * np.pi * F, 1 / Z))).impedance == pytest.approx(Z, rel=1e-7)


def test_a_sign_is_turned_only_where_the_system_is_passive_for_certain():
    turned = one(table("f,Zre,Zim", F, Z.real, -Z.imag))
    assert turned.impedance == pytest.approx(Z, rel=1e-8)
    assert any(note.startswith("assumed: imaginary sign turned") for note in turned.notes)
    active = 10 - 600 / (1 - 2j * math.pi * F * 600 * 4e-5)
    assert one(table("f,Zre,Zim", F, active.real, active.imag)).impedance == pytest.approx(active, rel=1e-8)
    for sign, expected in (("header", Z.conj()), ("+", Z.conj()), ("-", Z)):
        assert one(table("f,Zre,Zim", F, Z.real, -Z.imag), imag_sign=sign).impedance == pytest.approx(
            expected
        )


@pytest.mark.parametrize("z", [Z, Z.conj(), -Z, 10 - 600 / (1 - 2j * math.pi * F * 600 * 4e-5)])
def test_what_is_written_reads_back_as_it_was(z):
    spectrum = eisfit.Spectrum(frequency=F, impedance=z)
    assert one(to_csv(spectrum)).impedance == pytest.approx(spectrum.impedance, rel=1e-7)


def test_what_a_matlab_file_announces_is_not_believed():
    """An int8 array of 2^30 elements in a hundred bytes (MAT-File Format, level 5)."""
    body = struct.pack("<IIIIII", 6, 8, 8, 0, 5, 8) + struct.pack("<ii", 2**15, 2**15)
    body += struct.pack("<II", 1, 4) + b"freq" + bytes(4) + struct.pack("<II", 1, 8) + bytes(8)
    data = io.BytesIO()
    data.write(b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack("<H2s", 0x0100, b"IM"))
    data.write(struct.pack("<II", 14, len(body)) + body)
    with pytest.raises(ReadError, match="announces 1073741824 elements"):
        read_bytes(data.getvalue(), "a.mat")


@pytest.mark.parametrize("names", [("A", "B"), ("1", "2"), ("cell 7", "cell 8")])
def test_two_cells_row_by_row_are_told_apart_by_their_column(names):
    rows = [
        f"{name},{f:.10g},{k * z.real:.10g},{k * z.imag:.10g}"
        for f, z in zip(F, Z, strict=True)
        for k, name in zip((1, 2), names, strict=True)
    ]
    first, second = read("cell,freq,Zre,Zim\n" + "\n".join(rows) + "\n")
    assert first.impedance == pytest.approx(Z, rel=1e-8)
    assert second.impedance == pytest.approx(2 * Z, rel=1e-8)
    assert (first.metadata["label"], second.metadata["label"]) == (f"cell {names[0]}", f"cell {names[1]}")


def test_temperatures_row_by_row():
    rows = [
        f"{f:.10g},{k * z.real:.10g},{k * z.imag:.10g},{t}"
        for f, z in zip(F, Z, strict=True)
        for k, t in ((1, 25), (2, 35), (3, 45))
    ]
    spectra = read("freq,Zre,Zim,temperature (°C)\n" + "\n".join(rows) + "\n")
    assert [s.temperature_C for s in spectra] == [25, 35, 45]
    for k, spectrum in enumerate(spectra, 1):
        assert spectrum.impedance == pytest.approx(k * Z, rel=1e-8)


@pytest.mark.parametrize("mark", [" ", ",", "\t"])
def test_three_rows_are_a_spectrum_where_kramers_kronig_proves_it(mark):
    def lying(*rows):
        return "\n".join(mark.join(f"{v:.10g}" for v in row) for row in rows)

    spectrum = one(lying(F, Z.real, Z.imag))
    assert spectrum.impedance == pytest.approx(Z, rel=1e-8)
    assert spectrum.notes[0] == "the rows are the quantities"
    with pytest.raises(ReadError, match="a matrix of 3 x 62 numbers without frequencies"):
        one(lying(*(k * np.column_stack([Z.real, Z.imag]).ravel() for k in (1, 2, 3))))
    with pytest.raises(ReadError, match=r"cannot be frequency|without frequencies"):
        one(lying(F[::-1], Z.real, 0 * F + 3.7))


def test_rows_with_names():
    rows = {"-Z'' (mohm)": -1e3 * Z.imag, "freq (Hz)": F, "Z' (mohm)": 1e3 * Z.real}
    text = "Cell 7\n" + "".join(f"{n};{';'.join(f'{v:.10g}' for v in row)}\n" for n, row in rows.items())
    assert one(text).impedance == pytest.approx(Z, rel=1e-8)


def test_columns_z1_and_z2_are_parts_only_with_proof():
    assert one(table("freq. /Hz,Z1 /ohm,-Z2 /ohm", F, Z.real, -Z.imag)).impedance == pytest.approx(Z)
    with pytest.raises(ReadError, match="Z1 and Z2 may be parts or moduli"):
        one(table("freq,Z1,Z2", F, abs(Z), 2 * abs(Z)))


def test_an_imaginary_column_of_zeros_is_told():
    with pytest.raises(ReadError, match="'Zim' is zero in every row although 'Zre' changes"):
        one(table("f,Zre,Zim", F, abs(Z), 0 * F))
    spectrum = one(table("f,Zre,Zim", F, 10 + 0.1 * np.sin(F), 0 * F))
    assert any(note.startswith("assumed: 'Zim' is zero in every row") for note in spectrum.notes)


@pytest.mark.parametrize(
    ("name", "quantity", "scale"),
    [  # R's make.names, HFSS, COMSOL, Bode 100, quotes, and what is no impedance
        ("X.Im.Z..mOhm", "imag", -1e-3), ("freq.kHz", "frequency", 1e3), ("Freq_MHz_", "frequency", 1e6),
        ("re(Z(1,1)) []", "real", 1), ("cang_rad(Z(1,1))", "phase", 180 / np.pi), ("re(S(1,1)) []", "", 1),
        ("real(ec.Z11) (ohm)", "real", 1), ("Trace 2: Impedance: Phase (°)", "phase", 1),
        ("'Z_prime'", "real", 1), ("logZ/ohm", "modulus", 1), ("Z'/Z0", "", 1), ("Z'/Ω m", "", 1),
        ("T(K)", "temperature", 1), ("-|Z|", "", 1), ("Z imaginaria", "imag", 1), ("Z_A", "modulus", 1),
        ("PhaseDegrees", "phase", 1), ("PhaseRadians", "phase", 180 / np.pi), ("FreqkHz", "frequency", 1e3),
        ("ZmOhm", "", 1), ("ZrealkOhm", "real", 1e3), (r"$-Z''$ ($\Omega$)", "imag", -1),
        (r"$Z'$ / k$\Omega$", "real", 1e3),
    ],
)  # fmt: skip
def test_further_names(name, quantity, scale):
    found = parse_name(name)
    assert (found.quantity, found.scale) == (quantity, pytest.approx(scale))


def test_a_logarithm_of_the_modulus_and_kelvin():
    head = "log f,log|Z|,phase(deg),T(K)"
    spectrum = one(table(head, np.log10(F), np.log10(abs(Z)), np.degrees(np.angle(Z)), 298.15 + 0 * F))
    assert spectrum.impedance == pytest.approx(Z, rel=1e-7)
    assert spectrum.temperature_C == pytest.approx(25)


@pytest.mark.parametrize("head", [",frequency,Z", "no,Z,frequency"])
def test_complex_cells_of_pandas(head):
    cells = [f"({z.real:.12g}{z.imag:+.12g}j)" for z in Z]
    order = (1, 2) if head.endswith("Z") else (2, 1)
    rows = [
        (str(k), *(pair[i - 1] for i in order))
        for k, pair in enumerate(zip(map(repr, F.tolist()), cells, strict=True))
    ]
    text = "\n".join([head, *map(",".join, rows), ""])
    assert one(text).impedance == pytest.approx(Z, rel=1e-8)


def test_complex_cells_of_comsol():
    rows = "".join(f"{f:<24.12g} {z.real:.12g}{z.imag:+.12g}i\n" for f, z in zip(F, Z, strict=True))
    head = "% Model:              cell.mph\n% freq (Hz)              ec.Z11 (ohm)\n"
    assert one(head + rows).impedance == pytest.approx(Z, rel=1e-8)


@pytest.mark.parametrize(
    ("encoding", "names"),
    [
        ("gb18030", "序号,频率(Hz),实部(Ω),-虚部(Ω)"),
        ("cp932", "番号,周波数[Hz],実部[Ω],-虚部[Ω]"),
        ("cp949", "번호,주파수 (Hz),실수 (ohm),-허수 (ohm)"),
    ],
)
def test_encodings_of_the_far_east(encoding, names):
    data = table(names, np.arange(31), F, Z.real, -Z.imag).encode(encoding)
    (spectrum,) = read_bytes(data, "a.csv")
    assert spectrum.impedance == pytest.approx(Z, rel=1e-8)
    assert f"encoding {encoding}" in spectrum.notes


@pytest.mark.parametrize("gap", ["-", "---", "NaN", "#N/A", "overload"])
def test_a_row_of_gaps_is_left_out(gap):
    lines = table("step,freq,Zre,Zim", 1 + 0 * F, F, Z.real, Z.imag).splitlines()
    lines[12] = f"EIS,{F[11]},{gap},{gap}"
    assert one("\n".join(lines)).points == 30


def test_a_dc_row_does_not_make_a_system_active():
    text = "f,Zre,Zim\n0,0,0\n" + table("", F, Z.real, -Z.imag).lstrip()
    assert one(text).impedance == pytest.approx(Z, rel=1e-8)


def test_a_last_column_without_values():
    assert one(table("f,Zre,Zim,Comment", F, Z.real, Z.imag)).impedance == pytest.approx(Z, rel=1e-8)
    with pytest.raises(ReadError, match="no column for the imaginary part"):
        one(table("f,|Z|,Zre,Zim", F, Z.real, 1 + 0 * F))


def test_cells_side_by_side_named_by_their_state():
    head = "Frequency (Hz);SOC10_Re (Ohm);SOC10_Im (Ohm);SOC50_Re (Ohm);SOC50_Im (Ohm)"
    columns = (F, Z.real, Z.imag, 2 * Z.real, 2 * Z.imag)
    first, second = read(table(head, *columns, delimiter=";"))
    assert second.impedance == pytest.approx(2 * Z, rel=1e-8)
    assert (first.metadata["label"], second.metadata["label"]) == ("soc10", "soc50")


def test_zplot_with_repeated_header_and_decimal_comma():
    head = "ZPLOT2 ASCII\nEnd Comments\n"
    names = "Freq(Hz)  Ampl  Bias  Time(Sec)  Z'(a)  Z''(b)  GD  Err  Range\n"
    o = 0 * F
    rows = [
        "  ".join(f"{v:.9g}" for v in row) for row in zip(F, o, o, o, Z.real, Z.imag, o, o, o, strict=True)
    ]
    body = "\n".join(rows) + "\n"
    spectra = read(head + names + body + names + body, "a.z")
    assert [s.points for s in spectra] == [31, 31]
    (comma,) = read((head + names + body).replace(".", ","), "a.z")
    assert comma.impedance == pytest.approx(Z, rel=1e-7)


def test_zplot_header_that_lacks_a_name_of_its_nine():
    """As scripts of laboratories write it: the real part was read as the imaginary one."""
    o = 0 * F
    rows = "".join(
        " ".join(f"{v:.9g}" for v in row) + "\n"
        for row in zip(F, o, o, o, Z.real, Z.imag, o, o, o, strict=True)
    )
    names = "Freq (Hz) Ampl Time(Sec); Z'(a) Z''(b) GD Err Range\n"
    (spectrum,) = read("Z60W Data File: Version 1.1\n" + names + rows, "a.z60")
    assert spectrum.impedance == pytest.approx(Z, rel=1e-7)
    assert "assumed: the header names 8 of 9 columns; not potential [V], as in ZPlot's" in spectrum.notes
    with pytest.raises(ReadError, match="line 3: 9 numbers below 8 names of columns"):
        read("Z60W Data File: Version 1.1\n" + names.replace("GD", "Other") + rows, "a.z60")


@pytest.mark.parametrize("mark", [" ", "\t"])
def test_a_unit_parted_from_its_name_is_no_name_of_a_column(mark):
    """Five names over six numbers counted as six: zeros were read as the real part."""
    rows = "".join(
        mark.join(f"{v:.9g}" for v in (f, 0, 0, 0, z.real, z.imag)) + "\n" for f, z in zip(F, Z, strict=True)
    )
    names = mark.join(["Freq(Hz)", "Ampl", "Time(Sec)", "Z' (a)", "Z''(ohm)"])
    with pytest.raises(ReadError):
        read(names + "\n" + rows, "a.txt")


@pytest.mark.parametrize("step", [1, -1])
def test_thousands_that_the_mark_of_columns_parts_are_refused_with_their_line(step):
    rows = [f"{f:,.2f},{z.real:.5f},{z.imag:.5f}" for f, z in zip(F, Z, strict=True)][::step]
    first = 2 + next(i for i, row in enumerate(rows) if row.count(",") == 3)
    with pytest.raises(ReadError, match=rf"line {first}: more numbers than the table has columns"):
        read("Frequency (Hz),Z' (ohm),Z'' (ohm)\n" + "\n".join(rows) + "\n", "a.csv")


BLOCKING = 1e9 / (1 + (2j * np.pi * F * 10) ** 0.9)


@pytest.mark.parametrize("z", [BLOCKING, 0.02 + (2j * np.pi * F * 2e-6) ** 0.9])
def test_a_sign_that_nobody_says_is_told_by_the_slope_of_the_modulus(z):
    """A blocking and an inductive sweep: a ladder of relaxations fits either sign, or neither."""
    for written in (z, z.conj()):
        assert one(table("", F, written.real, written.imag).lstrip()).impedance == pytest.approx(z, rel=1e-8)
        assert one(table("f,Zre,Zim", F, written.real, written.imag)).impedance == pytest.approx(z, rel=1e-8)


def test_a_sign_that_the_header_says_is_not_turned_by_the_slope():
    """The ladder cannot tell a lossless capacitor's sign: it has one in series with either."""
    capacitor = 5 + 1 / (2j * np.pi * F * 1e-6)
    minus = one(table("f,Zre,-Zim", F, capacitor.real, capacitor.imag))
    assert minus.impedance == pytest.approx(capacitor.conj(), rel=1e-8)


def test_a_sign_that_the_header_says_is_turned_where_the_ladder_tells():
    minus = one(table("f,Zre,-Zim", F, BLOCKING.real, BLOCKING.imag))
    assert minus.impedance == pytest.approx(BLOCKING, rel=1e-8)
    assert any(note.startswith("assumed: imaginary sign turned") for note in minus.notes)


def test_a_sweep_down_and_up_again_is_two():
    down, up = read(table("f,Zre,Zim", np.r_[F, F[::-1]], np.r_[Z.real, 1.2 * Z.real[::-1]],
                          np.r_[Z.imag, 1.2 * Z.imag[::-1]]))  # fmt: skip
    assert down.impedance == pytest.approx(Z, rel=1e-8)
    assert up.impedance == pytest.approx(1.2 * Z, rel=1e-8)


def test_blank_lines_lose_no_row():
    text = table("f,Zre,Zim", F, Z.real, Z.imag).replace("\n", "\r\r\n\r\r\n")
    assert one(text).points == 31


def test_an_index_that_counts_down():
    assert one(table("", np.arange(31.0)[::-1], F, Z.real, Z.imag).lstrip()).points == 31


def test_open_files_are_read_and_other_things_told(tmp_path):
    text = table("f,Zre,Zim", F, Z.real, Z.imag)
    (tmp_path / "a.csv").write_text(text)
    with (tmp_path / "a.csv").open("rb") as stream:
        assert eisfit.read(stream).source == str(tmp_path / "a.csv")
    assert eisfit.read(io.StringIO(text)).points == 31
    for given, said in (([1], "read_series reads a list"), (None, "NoneType: read takes the path of a file")):
        with pytest.raises(ReadError, match=said):
            eisfit.read(given)
    with pytest.raises(ReadError, match="download it first"):
        eisfit.read("https://example.org/a.csv")
