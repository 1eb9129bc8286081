"""Readers: every rule on small files written here. Impedances come from the closed form of R-(R||C)."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from eisfit.errors import EisfitError, ReadError
from eisfit.spectra.readers import formats, read, read_all, read_bytes
from eisfit.spectra.readers.file import MAX_LINE
from eisfit.spectra.readers.names.columns import parse_name
from eisfit.spectra.readers.sign import kramers_kronig_sign

F = np.geomspace(1e5, 0.1, 25)


def rc(f=F, series=10.0, r=100.0, c=1e-4):
    """Z = R_s + R/(1 + j omega R C), textbook closed form."""
    return series + r / (1 + 2j * math.pi * np.asarray(f) * r * c)


Z = rc()


def table(columns, header="", delimiter=",", decimal=".", number="{:.9g}"):
    """Text of a table."""
    rows = [delimiter.join(number.format(v) for v in row) for row in zip(*columns, strict=True)]
    text = "\n".join(rows) + "\n"
    if decimal == ",":
        text = text.replace(".", ",")
    return header + text


def one(text, name="a.csv", encoding="utf-8", **options):
    (spectrum,) = read_bytes(text.encode(encoding), name, **options)
    return spectrum


def said(spectrum, words):
    return any(words in note for note in spectrum.notes)


def assert_rc(spectrum, z=Z, rtol=1e-6):
    np.testing.assert_allclose(spectrum.frequency, np.sort(F)[::-1], rtol=1e-6)
    np.testing.assert_allclose(spectrum.impedance, z, rtol=rtol)


# --- header names -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "quantity", "scale"),
    [
        ("freq/Hz", "frequency", 1),
        ("Frequency (kHz)", "frequency", 1e3),
        ("f [MHz]", "frequency", 1e6),
        ("frequency_Hz", "frequency", 1),
        ("freq / mHz", "frequency", 1e-3),
        ("omega (rad/s)", "frequency", 1 / (2 * math.pi)),
        ("Frequency (rad/s)", "frequency", 1 / (2 * math.pi)),
        ("omega", "frequency", 1 / (2 * math.pi)),
        ("Re(Z)/Ohm", "real", 1),
        ("Z' (mOhm)", "real", 1e-3),
        ("Z_real_ohm", "real", 1),
        ("Zre (ohms)", "real", 1),
        ("Zs'[ohm]", "real", 1),
        ("R(kohm)", "real", 1e3),
        ("-Im(Z)/Ohm", "imag", -1),
        ("-Z'' (Ω)", "imag", -1),
        ("−Z″ (Ω)", "imag", -1),
        ("Z''", "imag", 1),
        ('Z"/ohm', "imag", 1),
        ("Zimag", "imag", 1),
        ("Z_imag_ohm", "imag", 1),
        ("-Zimag", "imag", -1),
        ("neg. Zimag", "imag", -1),
        ("Zimg (Mohm)", "imag", 1e6),
        ("X(ohm)", "imag", 1),
        ("|Z|/Ohm", "modulus", 1),
        ("Zmod", "modulus", 1),
        ("Phase(Z)/deg", "phase", 1),
        ("Phase (rad)", "phase", 180 / math.pi),
        ("-Phase (°)", "phase", -1),
        ("Zphz", "phase", 1),
        ("cycle number", "cycle", 1),
        ("loop_index", "cycle", 1),
        ("noise_ohm", "noise", 1),
        ("<Ewe>/V", "potential", 1),
        ("T(deg C)", "temperature", 1),
        ("t/s", "time", 1),
        ("tau", "", 1),
        ("Eps'", "", 1),
        ("Re(Z)/Ohm * Area", "", 1),
        ("Im(Y)/Ohm-1", "admittance_imag", 1),
        ("Re(Zce)/Ohm", "", 1),
    ],
)
def test_header_names(name, quantity, scale):
    meaning = parse_name(name)
    assert meaning.quantity == quantity
    assert meaning.scale == pytest.approx(scale)


# --- the text reader --------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "  "])
@pytest.mark.parametrize("header", ["", "freq,Zreal,Zimag\n"])
def test_delimiters_with_and_without_header(delimiter, header):
    text = table((F, Z.real, Z.imag), header.replace(",", delimiter), delimiter)
    assert_rc(one(text))


@pytest.mark.parametrize("delimiter", [";", "\t", " "])
def test_decimal_comma(delimiter):
    spectrum = one(table((F, Z.real, Z.imag), delimiter=delimiter, decimal=","))
    assert_rc(spectrum)
    assert said(spectrum, "decimal comma")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1"])
def test_encodings(encoding):
    text = table((F, Z.real, -Z.imag), "Fréquence (Hz);Z' (Ohm);-Z'' (Ohm)\n", ";")
    spectrum = one(text, encoding=encoding)
    assert_rc(spectrum)
    assert said(spectrum, "encoding") == (encoding != "utf-8")


@pytest.mark.parametrize(
    ("header", "sign"),
    [
        ("f,Z',-Z''", -1),
        ("freq/Hz,Re(Z)/Ohm,-Im(Z)/Ohm", -1),
        ("frequency_Hz,Z_real_ohm,Z_imag_ohm", 1),
        ("Frequency,Z Real,Z Imag", 1),
    ],
)
def test_sign_of_header(header, sign):
    spectrum = one(table((F, Z.real, sign * Z.imag), header + "\n"))
    assert_rc(spectrum)
    assert said(spectrum, "Kramers-Kronig agrees")


@pytest.mark.parametrize("header", ["", "f,Zre,Zim\n", "f,Z',-Z''\n"])
def test_the_data_overrule_a_wrong_sign(header):
    written = Z.imag if "-" in header else -Z.imag
    spectrum = one(table((F, Z.real, written), header))
    assert_rc(spectrum)
    assert said(spectrum, "imaginary sign turned")


def test_kramers_kronig_leaves_either_sign_undecided_for_a_resistor():
    f = np.geomspace(1e4, 1, 20)
    assert kramers_kronig_sign(f, np.full(20, 5 + 0j)).verdict == 0
    assert kramers_kronig_sign(f[:4], rc(f[:4])) is None
    assert kramers_kronig_sign(f, rc(f)).verdict == 1
    assert kramers_kronig_sign(f, rc(f).conj()).verdict == -1


def test_inductive_spectra_keep_their_sign():
    # R + j omega L in parallel with a resistor, closed form: Z'' > 0 everywhere.
    z = 1 + 1 / (1 / 5 + 1 / (0.1 + 2j * math.pi * F * 1e-4))
    assert (z.imag > 0).all()
    assert_rc(one(table((F, z.real, z.imag), "f,Zre,Zim\n")), z)


def test_units_of_the_header():
    text = table((F / 1e3, Z.real * 1e3, Z.imag * 1e3), "f (kHz),Z' (mOhm),Z'' (mOhm)\n")
    spectrum = one(text)
    assert_rc(spectrum)
    assert said(spectrum, "in kHz")
    assert_rc(
        one(table((2 * np.pi * F, Z.real / 1e6, Z.imag / 1e6), "omega (rad/s);Zre/MOhm;Zim/MOhm\n", ";"))
    )


def test_units_row():
    spectrum = one(table((F / 1e3, Z.real, Z.imag), "Freq,Zreal,Zimag\nkHz,ohm,ohm\n"))
    assert_rc(spectrum)


def test_index_column_and_extra_columns():
    index = np.arange(F.size)
    assert_rc(one(table((index, F, Z.real, Z.imag), ",Freq,Real,Imag\n")))
    assert_rc(one(table((index + 1, F, Z.real, Z.imag))))
    assert_rc(one(table((F, index, Z.real, Z.imag), "Freq,Time/s,Real,Imag\n")))


def test_preamble_and_comments():
    head = "# made by a test\n# cycle: 50\n# Temperature: 25.5 C\nnot a pair\n\nfreq;Zre;Zim\n"
    spectrum = one(head + table((F, Z.real, Z.imag), delimiter=";"))
    assert_rc(spectrum)
    assert spectrum.cycle == 50
    assert spectrum.temperature_C == 25.5
    assert "# made by a test" in spectrum.metadata["header"]


def test_header_line_in_a_comment():
    head = "# Circuit: x\n# Freq.[Hz]\t\t Zs'[ohm] \t\t Zs''[ohm]\n"
    assert_rc(one(head + table((F, Z.real, Z.imag), delimiter="\t"), "a.txt"))


def test_canonical_csv_with_noise():
    noise = np.full(F.size, 0.01)
    head = "# eisfit spectrum\n# cycle: 7\nfrequency_Hz,Z_real_ohm,Z_imag_ohm,noise_ohm\n"
    spectrum = one(head + table((F, Z.real, Z.imag, noise)))
    np.testing.assert_allclose(spectrum.noise, 0.01)
    assert spectrum.cycle == 7


@pytest.mark.parametrize("unit", ["deg", "rad", ""])
def test_polar(unit):
    phase = np.angle(Z) if unit == "rad" else np.degrees(np.angle(Z))
    header = "Frequency (Hz);|Z| (Ohm);Phase" + (f" ({unit})" if unit else "") + "\n"
    spectrum = one(table((F, np.abs(Z), phase), header, ";"))
    assert_rc(spectrum)
    assert said(spectrum, "modulus and phase")


def test_polar_without_unit_that_only_radians_fit():
    spectrum = one(table((F, np.abs(Z), np.angle(Z)), "f;|Z|;phase\n", ";"))
    assert_rc(spectrum)
    assert said(spectrum, "phase in radians")


def test_polar_of_unknown_unit_is_refused():
    flat = np.full(F.size, 0.001)
    with pytest.raises(ReadError, match="degrees or radians"):
        one(table((F, np.abs(Z), flat), "f;|Z|;phase\n", ";"))


def test_si_prefixes():
    text = "Frequency;Impedance;Phase\n5.0;14.1;-88.8\n1.5k;735.5m;-44.0\n100k;50m;10.0\n"
    spectrum = one(text)
    np.testing.assert_allclose(spectrum.frequency, [1e5, 1500, 5])
    np.testing.assert_allclose(np.abs(spectrum.impedance), [0.05, 0.7355, 14.1])


def test_complex_text():
    rows = "".join(f"{f:.9g},{z.real:.9g}{z.imag:+.9g}j\n" for f, z in zip(F, Z, strict=True))
    assert_rc(one("frequency,Z\n" + rows))
    assert_rc(one(rows.replace("j", "i")))
    assert_rc(one("\n".join(f"{f:.9g};({z.real:.9g} {'+' if z.imag > 0 else '-'} {abs(z.imag):.9g}i)"
                            for f, z in zip(F, Z, strict=True))))  # fmt: skip


def test_admittance_columns():
    y = 1 / Z
    assert_rc(one(table((F, y.real, y.imag), "freq/Hz,Re(Y)/Ohm-1,Im(Y)/Ohm-1\n")))


def test_absolute_imaginary_part_gets_its_sign_from_the_phase():
    z = Z + 2j * np.pi * F * 1e-5  # inductive at the top, capacitive below
    columns = (F, z.real, np.abs(z.imag), np.abs(z), np.degrees(np.angle(z)))
    spectrum = one(table(columns, "Freq,Real,Imag,|Z|/Ohm,Phase(Z)/deg\n"))
    assert_rc(spectrum, z)
    assert said(spectrum, "absolute value")
    turned = one(table((F, z.real, -z.imag, np.degrees(np.angle(z))), "Freq,Real,Imag,Phase(Z)/deg\n"))
    assert_rc(turned, z)
    assert said(turned, "phase column")


def test_columns_that_contradict_each_other_are_refused():
    with pytest.raises(ReadError, match="contradicts the real and imaginary"):
        one(table((F, Z.real, Z.imag, np.linspace(0, 170, F.size)), "f,Zre,Zim,Phase/deg\n"))
    with pytest.raises(ReadError, match="contradict the real part"):
        one(table((F, Z.real * 2, np.abs(Z), np.degrees(np.angle(Z))), "f,Zre,|Z|/Ohm,Phase/deg\n"))


def test_excel_error_in_the_header():
    phase, modulus = np.degrees(np.angle(Z)), np.abs(Z)
    head = "freq/Hz\tRe(Z)/Ohm\t#NAME?\t|Z|/Ohm\tPhase(Z)/deg\n"
    spectrum = one(table((F, Z.real, -Z.imag, modulus, phase), head, "\t"))
    assert_rc(spectrum)
    assert said(spectrum, "#NAME?")
    with pytest.raises(ReadError, match="#NAME"):
        one(table((F, Z.real, -Z.imag), "freq/Hz,Re(Z)/Ohm,#NAME?\n"))
    with pytest.raises(ReadError, match=r"contradicts|does not fit"):
        one(table((F, Z.real, -3 * Z.imag, modulus, phase), head, "\t"))


def fold(z):
    return z.real, np.abs(z.imag)


def test_absolute_values_without_a_phase_are_refused():
    z = Z + 2j * np.pi * F * 2e-4  # inductive at the top
    with pytest.raises(ReadError, match=r"holds absolute values: \d+ points"):
        one(table((F, *fold(z)), "Freq,Real,Imag\n"))
    assert_rc(one(table((F, *fold(Z)), "Freq,Real,Imag\n")))


def test_z_scores_are_refused():
    scores = [(v - v.mean()) / v.std() for v in (Z.real, Z.imag)]
    with pytest.raises(ReadError, match="z-scores, not ohms"):
        one(table((F, *scores), "f,Zre,Zim\n"))


def test_turned_impedance_and_missing_unit_are_said():
    turned = table((F, -Z.real, -Z.imag), "f,Zre,Zim\n")
    with pytest.raises(ReadError, match="negative in every point"):
        one(turned)
    assert said(one(turned, imag_sign="header"), "negative in most points")
    assert said(one(table((F, Z.real, Z.imag), "f,Zre,Zim\n")), "no unit given")
    assert not said(one(table((F, Z.real, Z.imag), "f,Zre/Ohm,Zim/Ohm\n")), "no unit given")


@pytest.mark.parametrize("unit", ["deg", "rad"])
def test_headerless_polar_is_recognised_by_kramers_kronig(unit):
    phase = np.angle(Z) if unit == "rad" else np.degrees(np.angle(Z))
    spectrum = one(table((F, np.abs(Z), phase)))
    assert_rc(spectrum)
    assert said(spectrum, "frequency, |Z|, phase")


def test_quoted_cells_and_thousands():
    quoted = "\n".join(f'"{f:.9g}","{z.real:.9g}","{z.imag:.9g}"' for f, z in zip(F, Z, strict=True))
    assert_rc(one('"f","Zre","Zim"\n' + quoted))
    assert_rc(one('"f","Zre","Zim"\n' + quoted.replace(".", ",")))
    rows = "\n".join(f"{f:,.9f};{z.real:.9g};{z.imag:.9g}" for f, z in zip(F, Z, strict=True))
    assert_rc(one("f;Zre;Zim\n" + rows))
    assert_rc(one("f;Zre;Zim\n" + rows.translate(str.maketrans(",.", " ,"))))
    spectrum = one("f;Zre;Zim\n1,000;20.5;-1.5\n100;20.6;-2.5\n10.0;20.7;-1.5\n1.0;30.5;-0.5\n")
    assert spectrum.frequency[0] == 1000 and said(spectrum, "'.' is the decimal sign")


def test_words_beside_the_numbers_and_lost_unit_signs():
    rows = "".join(
        f"2021-01-01,12:00,x,EIS,{f:.9g},{z.real:.9g},{z.imag:.9g}\n" for f, z in zip(F, Z, strict=True)
    )
    assert_rc(one("Date,Time,Name,Status,Frequency (Hz),Z' (?),Z'' (?)\n" + rows))


def test_last_line_cut_off_in_its_last_number():
    spectrum = one(table((F, Z.real, Z.imag), "f,Zre,Zim\n", number="{:.6e}").rstrip("\n")[:-6])
    assert spectrum.points == F.size - 1
    assert said(spectrum, "cut off")


# --- several sweeps ---------------------------------------------------------------------------------


def test_sweeps_parted_where_the_frequency_jumps_back():
    f, z = np.tile(F, 3), np.concatenate([rc(r=r) for r in (100, 120, 140)])
    cycle = np.repeat([50, 100, 150], F.size)
    spectra = read_bytes(table((f, z.real, z.imag)).encode(), "a.csv")
    assert [s.points for s in spectra] == [25, 25, 25]
    assert [s.index for s in spectra] == [0, 1, 2]
    spectra = read_bytes(table((cycle, f, z.real, z.imag), "cycle number,f,Zre,Zim\n").encode(), "a.csv")
    assert [s.cycle for s in spectra] == [50, 100, 150]
    for spectrum, r in zip(spectra, (100, 120, 140), strict=True):
        np.testing.assert_allclose(spectrum.impedance, rc(r=r), rtol=1e-6)


def test_up_and_down_sweeps_and_a_cycle_that_changes_within_a_sweep():
    f = np.concatenate([F, F[::-1]])
    z = np.concatenate([rc(), rc()[::-1]])
    assert len(read_bytes(table((f, z.real, z.imag)).encode(), "a.csv")) == 2
    half = np.where(np.arange(F.size) < 12, 6, 7)
    spectrum = one(table((F, Z.real, Z.imag, half), "f,Zre,Zim,cycle number\n"))
    assert spectrum.points == 25


def test_spectra_side_by_side():
    z = rc(r=50)
    text = table((F, Z.real, Z.imag, F, z.real, z.imag), "f,Zre,Zim,f,Zre,Zim\n")
    first, second = read_bytes(text.encode(), "a.csv")
    np.testing.assert_allclose(first.impedance, Z, rtol=1e-6)
    np.testing.assert_allclose(second.impedance, z, rtol=1e-6)
    for names in ("f,Zre,Zim,Zre,Zim\n", "f,Zre,Zim,Zre.1,Zim.1\n"):
        shared = read_bytes(table((F, Z.real, Z.imag, z.real, z.imag), names).encode(), "a.csv")
        np.testing.assert_allclose(shared[1].impedance, z, rtol=1e-6)
    fitted = one(table((F, Z.real, Z.imag, z.real, z.imag), "f,Zre,Zim,R,X\n"))
    assert_rc(fitted)
    assert said(fitted, "left aside: R, X")


def test_rows_of_zeros_and_gaps_are_dropped_and_said():
    f = np.concatenate([[0], F, [0]])
    z = np.concatenate([[0], Z, [0]])
    spectrum = one(table((f, z.real, z.imag), "f,Zre,Zim\n") + "0.05,nan,1\n")
    assert_rc(spectrum)
    assert said(spectrum, "dropped 2 rows where the instrument wrote zeros")
    assert said(spectrum, "dropped 1 row without a finite number")


def test_repeated_frequencies():
    f, z = np.append(F, F[-1]), np.append(Z, Z[-1])
    copied = one(table((f, z.real, z.imag)))
    assert_rc(copied)
    assert said(copied, "exact copy")
    near = one(table((f, np.append(Z, Z[-1] * 1.001).real, np.append(Z, Z[-1] * 1.001).imag)))
    assert near.points == F.size
    assert said(near, "averaged 1 repeated point")
    again = np.append(Z, Z[-1] + 2)
    text = table((f, again.real, again.imag))
    with pytest.raises(ReadError, match=r"occurs more than once.*average"):
        one(text)
    assert one(text, average_duplicates=True).impedance[-1] == pytest.approx(Z[-1] + 1)


# --- refused ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        (" \n\n ", "empty"),
        ("Dear diary, nothing to see.\n", "no table of numbers"),
        ("1,2,3\n", "no table of numbers"),
        ("f,Zre,Zim\n100,nan,nan\n10,nan,nan\n1,nan,nan\n0.1,nan,nan\n", "no|holds no number"),
        ("f,Zre,Zim\n100,1,nan\n10,2,nan\n1,3,nan\n", "holds no number"),
        ("f,Zre,Zim\n100,1,-1\n-10,2,-2\n1,3,-1\n", "negative frequency"),
        ("f,Zre\n100,1\n10,2\n1,3\n", "no column for the imaginary part"),
        ("tau,gamma\n1,2\n2,3\n3,4\n", "no column for a frequency or an impedance"),
        ("100,1\n10,2\n1,3\n", "three columns"),
        ("5,3,1\n2,4,2\n7,5,1\n1,9,3\n8,2,2\n3,1,1\n9,3,3\n", "must start with the frequency"),
        ("-1,3,1\n-0.5,4,2\n0.3,5,1\n1.2,9,3\n", "must start with the frequency"),
        ("f,Zre,Zim\n100,1,-1\n10,00:14:24,-2\n1,3,-1\n0.1,4,-1\n", "not a number"),
        ("f,Zre,Zim\n100,1,-1\n10,#NAME?,-2\n1,3,-1\n0.1,4,-1\n", "not a number"),
        ("f;Zre;Zim\n1e13;1;-1\n1e12;2;-2\n1e7;3;-1\n", "decimal comma lost"),
        ("100,5,0,3,4,5,6\n10,5,0,3,4,5,6\n1,5,0,3,4,5,6\n.1,5,0,3,4,5,6\n", "never changes"),
        ("100,5,1,3,4\n10,6,9,3,4\n1,5,2,3,4\n.1,7,9,3,4\n.01,1,1,1,1\n.001,9,5,5,5\n.0001,7,3,3,3\n"
         ".00001,6,3,3,4\n.000001,5,9,3,4\n", "without a header"),
        ("f,Zre,Zim\n0,01,181,19,-53,66\n0,02,175,12,-54,03\n0,04,171,76,-51,29\n", "3 column names for 6"),
        ("f,Zre,Zim,Zmod\n" + "100,1,-1,2,5\n10,2,-1,2,3\n1,3,-1,2,3\n", "."),
    ],
)  # fmt: skip
def test_refused_with_one_sentence(text, words):
    try:
        read_bytes(text.encode(), "lab/cell.csv")
    except ReadError as error:
        assert str(error).startswith("lab/cell.csv: ")
        assert "\n" not in str(error)
    if words != ".":
        with pytest.raises(ReadError, match=words):
            read_bytes(text.encode(), "lab/cell.csv")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"PK\x03\x04" + bytes(200), "ZIP"),
        (b"\x1f\x8b" + bytes(range(256)), "gzip"),
        (bytes(range(256)) * 4, "binary file of no known format"),
        (b"\xff\xfe\x00\xd8\x00", "binary file"),
        (b"1," * MAX_LINE, "characters is no table"),
    ],
)
def test_binary_and_hostile_files(data, words):
    with pytest.raises(ReadError, match=words):
        read_bytes(data, "a.csv")


@pytest.mark.parametrize(
    "data",
    [
        b"\n" * 300_000 + b"End Comments Z''(b)",
        b"1" * 100_000 + b"x j\n",
        b"f," + b"1" * 100_000 + b"x,Zim\n1,2,3\n2,3,4\n3,4,5\n",
        b" " * 100_000 + b"\n1,2,3\n2,3,4\n3,4,5\n",
        b"Method=Impedance\nprimary_data 3" + b"\n" * 300_000,
        b'"' * 100_000,
        b"[" * 100_000,
    ],
)
def test_nothing_grows_with_the_square_of_a_line(data):
    """Careless patterns take hours over these; whether they are refused or read does not matter."""
    try:
        read_bytes(data, "a.z")
    except ReadError as error:
        assert "\n" not in str(error)


def test_paths(tmp_path):
    with pytest.raises(ReadError, match=r"is a folder.*read_series"):
        read(tmp_path)
    with pytest.raises(ReadError, match="no such file"):
        read(tmp_path / "none.csv")
    with pytest.raises(ReadError, match=r"cannot be read|no such"):
        read("a\0b.csv")
    path = tmp_path / "a.csv"
    path.write_text(table((np.tile(F, 2), np.tile(Z.real, 2), np.tile(Z.imag, 2))))
    with pytest.raises(ReadError, match=r"holds 2 spectra; read_series"):
        read(path)
    assert read(path, index=-1).index == 1
    assert len(read_all(str(path))) == 2
    with pytest.raises(ReadError, match="has no spectrum 5"):
        read(path, index=5)
    assert read(path, index=0).source == str(path)


def test_standard_input(monkeypatch):
    import io
    import types

    text = table((F, Z.real, Z.imag))
    monkeypatch.setattr("sys.stdin", types.SimpleNamespace(buffer=io.BytesIO(text.encode())))
    assert_rc(read("-"))


def test_too_large(monkeypatch):
    monkeypatch.setattr("eisfit.spectra.readers.file.MAX_BYTES", 100)
    with pytest.raises(ReadError, match="larger than"):
        one(table((F, Z.real, Z.imag)))


def test_too_many_rows(monkeypatch):
    monkeypatch.setattr("eisfit.spectra.readers.tables.block.MAX_ROWS", 10)
    with pytest.raises(ReadError, match="more than 10 lines"):
        one(table((F, Z.real, Z.imag)))


def test_three_points_are_read_and_said():
    spectrum = one(table((F[:3], Z.real[:3], Z.imag[:3])))
    assert spectrum.points == 3
    assert said(spectrum, "too few points")


# --- BioLogic .mpt ----------------------------------------------------------------------------------

MPT_NAMES = (
    "freq/Hz",
    "Re(Z)/Ohm",
    "-Im(Z)/Ohm",
    "|Z|/Ohm",
    "Phase(Z)/deg",
    "time/s",
    "<Ewe>/V",
    "cycle number",
)


def mpt(z=Z, f=F, cycle=None, *, names=MPT_NAMES, lines=5, header=True):
    cycle = np.ones(f.size) if cycle is None else cycle
    columns = (
        f,
        z.real,
        -z.imag,
        np.abs(z),
        np.degrees(np.angle(z)),
        np.arange(f.size),
        np.full(f.size, 3.7),
        cycle,
    )
    head = (
        f"EC-Lab ASCII FILE\nNb header lines : {lines}\n\nPotentio Electrochemical Impedance Spectroscopy\n"
    )
    head += "Device : VSP (SN 1)\nAcquisition started on : 04/21/2018 13:32:55\n"
    head += "Electrode surface area : 1.130 cm\xb2\n"
    head += "Va (mV)             10.0\n"
    names_line = "\t".join(names) + "\t\n"
    return (head + names_line if header else "") + table(columns, delimiter="\t", number="{:.9E}")


def test_mpt():
    spectrum = one(mpt(), "a.mpt", "latin-1")
    assert_rc(spectrum)
    assert spectrum.cycle == 1
    assert spectrum.potential_V == 3.7
    assert spectrum.time_s == 0
    assert spectrum.metadata["format"] == "BioLogic .mpt"
    assert spectrum.metadata["area"] == "1.130 cm\xb2"
    assert spectrum.metadata["amplitude_mV"] == "10.0"
    assert spectrum.metadata["instrument"] == "VSP (SN 1)"
    assert spectrum.metadata["header"].startswith("EC-Lab ASCII FILE")


def test_mpt_is_known_by_content_and_with_any_header_count():
    assert_rc(one(mpt(lines=999), "a.txt", "latin-1"))
    assert_rc(one(mpt().replace("\n", "\r\n"), "noextension", "latin-1"))


def test_mpt_with_decimal_comma():
    spectrum = one(mpt().replace(".", ","), "a.mpt", "latin-1")
    assert_rc(spectrum)
    assert said(spectrum, "decimal comma")


def test_mpt_with_loops_and_rows_of_zeros():
    f = np.concatenate([[0.0], F, [0.0], F])
    z = np.concatenate([[0], rc(r=100), [0], rc(r=200)])
    cycle = np.repeat([1.0, 2.0], F.size + 1)
    first, second = read_bytes(mpt(z, f, cycle).encode("latin-1"), "a.mpt")
    np.testing.assert_allclose(first.impedance, rc(r=100), rtol=1e-6)
    np.testing.assert_allclose(second.impedance, rc(r=200), rtol=1e-6)
    assert (first.cycle, second.cycle) == (1, 2)
    assert said(first, "wrote zeros")


def test_mpt_loops_of_the_header_give_the_cycle():
    text = mpt(np.tile(Z, 2), np.tile(F, 2))
    loops = "Number of loops : 2\nLoop 0 from point number 0 to 24\nLoop 1 from point number 25 to 49\n"
    first, second = read_bytes(text.replace("freq/Hz", loops + "freq/Hz", 1).encode("latin-1"), "a.mpt")
    assert (first.cycle, second.cycle) == (0, 1)


def test_mpt_cut_off():
    text = mpt(np.tile(Z, 2), np.tile(F, 2)).rstrip("\n")
    first, second = read_bytes(text[:-70].encode("latin-1"), "a.mpt")
    assert (first.points, second.points) == (25, 24)
    assert said(second, "cut off")


def test_mpt_without_header():
    spectrum = one(mpt(header=False), "a.mpt")
    assert_rc(spectrum)
    assert said(spectrum, "no header")


def test_mpt_refused():
    with pytest.raises(ReadError, match="no 'freq/Hz' column"):
        one("EC-Lab ASCII FILE\nNb header lines : 4\n\nWait\n", "a.mpt")
    with pytest.raises(ReadError, match="no row with a frequency"):
        one(mpt().split("\n1.0")[0] + "\n", "a.mpt")
    lost = tuple(name for name in MPT_NAMES if name != "-Im(Z)/Ohm")
    with pytest.raises(ReadError, match="contradict"):
        one(mpt(names=lost), "a.mpt")


# --- Gamry .DTA -------------------------------------------------------------------------------------


def dta(z=Z, tag="EISPOT", extra="", extra_names=""):
    head = f"EXPLAIN\nTAG\t{tag}\nTITLE\tLABEL\tPotentiostatic EIS\tTest\nDATE\tLABEL\t4/23/2018\tDate\n"
    head += "AREA\tQUANT\t1.50000E+000\t&Area (cm^2)\nVDC\tPOTEN\t1.00000E-001\tT\tDC &Voltage (V)\n"
    head += "OCVCURVE\tTABLE\t1\n\tPt\tT\tVf\n\t#\ts\tV\n\t0\t0.25\t1.5\n"
    names = (
        f"ZCURVE\tTABLE\n\tPt\tTime\tFreq\tZreal\tZimag\tZsig\tZmod\tZphz\tIdc\tVdc\tIERange{extra_names}\n"
    )
    units = "\t#\ts\tHz\tohm\tohm\tV\tohm\t\xb0\tA\tV\t#\n"
    rows = "".join(
        f"\t{i}\t{i + 1}\t{f:.9g}\t{v.real:.9g}\t{v.imag:.9g}\t1\t{abs(v):.9g}\t"
        f"{math.degrees(np.angle(v)):.9g}\t0\t3.3\t7\n"
        for i, (f, v) in enumerate(zip(F, z, strict=True))
    )
    return head + names + units + rows + extra


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8"])
def test_gamry(encoding):
    spectrum = one(dta(), "a.DTA", encoding)
    assert_rc(spectrum)
    assert spectrum.potential_V == 3.3
    assert spectrum.metadata["area_cm2"] == 1.5
    assert spectrum.metadata["dc_potential_V"] == 0.1
    assert spectrum.metadata["technique"] == "EISPOT"


def test_gamry_decimal_comma_and_spaces_for_tabs():
    assert_rc(one(dta().replace(".", ","), "a.dta"))
    lines = dta().split("\n")
    mended = [line.replace("\t", " ") if i == len(lines) - 3 else line for i, line in enumerate(lines)]
    assert_rc(one("\n".join(mended), "a.dta"))


def test_gamry_aborted_and_several_curves():
    aborted = one(
        dta(extra="EXPERIMENTABORTED\tTOGGLE\tT\tExperiment Aborted\nFRACURVE\tTABLE\t1\n\tPt\tT\n"), "a.dta"
    )
    assert_rc(aborted)
    assert said(aborted, "aborted")
    whole = one(dta(extra="EXPERIMENTABORTED\tTOGGLE\tF\tExperiment Aborted\n"), "a.dta")
    assert not said(whole, "aborted")
    second = dta(rc(r=50)).split("ZCURVE", 1)[1]
    spectra = read_bytes(dta(extra="ZCURVE" + second).encode(), "a.dta")
    assert len(spectra) == 2
    np.testing.assert_allclose(spectra[1].impedance, rc(r=50), rtol=1e-6)


def test_gamry_drift_correction_is_said():
    assert said(one(dta(extra_names="\tZrealDrCor\tZimagDrCor"), "a.dta"), "drift-corrected")


def test_gamry_refused():
    with pytest.raises(ReadError, match="Gamry CV experiment without impedance"):
        one("EXPLAIN\nTAG\tCV\nCURVE1\tTABLE\n\tPt\tT\n\t#\ts\n\t0\t1\n", "a.dta")
    with pytest.raises(ReadError, match="ends before"):
        one("EXPLAIN\nTAG\tEISPOT\nZCURVE\tTABLE", "a.dta")


# --- ZPlot .z ---------------------------------------------------------------------------------------


def zplot(comments=True, delimiter="\t"):
    zeros = np.zeros(F.size)
    rows = table(
        (F, zeros + 0.01, zeros + 0.5, zeros, Z.real, Z.imag, zeros, zeros, zeros + 3), delimiter=delimiter
    )
    if not comments:
        header = "\"  Freq(Hz)    Ampl     Bias   Time(Sec)   Z'(a)    Z''(b)    GD   Err   Range\"\n"
        return f'"ZPlotW Data File: Version 3.2c"\n"Raw Data"\n0,3,0,1,300000,0.005\n79\n{header}{rows}'
    head = (
        "ZPLOT2 ASCII\n  Date:                       10-12-2018\n  Null Configuration:         0,3,0,1,5,1\n"
    )
    names = "  Freq(Hz)\tAmpl\tBias\tTime(Sec)\tZ'(a)\tZ''(b)\tGD\tErr\tRange\nEnd Comments\n"
    return head + names + rows


@pytest.mark.parametrize("comments", [True, False])
@pytest.mark.parametrize("delimiter", ["\t", ", "])
def test_zplot(comments, delimiter):
    spectrum = one(zplot(comments, delimiter), "a.z")
    assert_rc(spectrum)
    assert spectrum.potential_V == 0.5
    assert spectrum.metadata["format"] == "ZPlot/ZView .z"


def test_zplot_without_rows():
    with pytest.raises(ReadError, match="without a row of numbers"):
        one("ZPLOT2 ASCII\nEnd Comments\n", "a.z")


# --- all of them ------------------------------------------------------------------------------------


def test_formats_are_found_by_being_there():
    assert {"text table", "BioLogic .mpt", "Gamry .DTA", "ZPlot/ZView .z"} <= set(formats())


@pytest.mark.parametrize("text", [mpt(), dta(), zplot(), table((F, Z.real, Z.imag), "f,Zre,Zim\n")])
@pytest.mark.parametrize("name", ["a.mpt", "a.dta", "a.z", "a.csv"])
def test_truncated_anywhere_is_right_or_refused(text, name):
    data = text.encode("latin-1")
    for size in range(0, len(data), 97):
        try:
            spectra = read_bytes(data[:size], name)
        except EisfitError:
            continue
        for spectrum in spectra:
            inner = spectrum.impedance[:-1]  # the very last number may have lost digits
            np.testing.assert_allclose(inner, rc(spectrum.frequency)[: inner.size], rtol=1e-5)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    data=st.one_of(
        st.binary(max_size=300),
        st.text(max_size=300).map(lambda text: text.encode("utf-8", "replace")),
        st.lists(st.lists(st.floats(allow_nan=True), min_size=3, max_size=4), min_size=1, max_size=12).map(
            lambda rows: "\n".join(",".join(map(repr, row)) for row in rows).encode()
        ),
    ),
    name=st.sampled_from(
        ["a.csv", "a.mpt", "a.mpr", "a.dta", "a.z", "a.ism", "a.npy", "a.mat", "a.xlsx", "a"]
    ),
)
def test_anything_is_a_spectrum_or_one_sentence(data, name):
    try:
        spectra = read_bytes(data, name)
    except EisfitError as error:
        assert "\n" not in str(error)
        return
    assert all(s.points and np.isfinite(s.impedance).all() and (s.frequency > 0).all() for s in spectra)


@settings(max_examples=40, deadline=None)
@given(
    delimiter=st.sampled_from(",;\t "),
    decimal=st.sampled_from(".,"),
    sign=st.sampled_from([1, -1]),
    f_unit=st.sampled_from([("Hz", 1.0), ("kHz", 1e3), ("rad/s", 1 / (2 * math.pi))]),
    z_unit=st.sampled_from([("Ohm", 1.0), ("mOhm", 1e-3), ("kΩ", 1e3)]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    scale=st.floats(1e-3, 1e6),
    turn=st.booleans(),
)
def test_written_in_any_style_it_reads_the_same(
    *, delimiter, decimal, sign, f_unit, z_unit, encoding, scale, turn
):
    assume(delimiter != decimal)
    names = (f"Frequency[{f_unit[0]}]", f"Z'[{z_unit[0]}]", f"{'-' if sign < 0 else ''}Z''[{z_unit[0]}]")
    columns = [F / f_unit[1], Z.real * scale / z_unit[1], sign * Z.imag * scale / z_unit[1]]
    columns = [c[::-1] for c in columns] if turn else columns
    text = (
        delimiter.join(names) + "\n" + table(columns, delimiter=delimiter, decimal=decimal, number="{:.12g}")
    )
    assert_rc(one(text, encoding=encoding), Z * scale)
