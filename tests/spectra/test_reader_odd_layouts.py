"""Layouts with units, signs and tables in odd places: read right, or refused for the true reason.

The spectrum is a closed form, simulated here; each case is a kind that was read with wrong numbers once.
"""

from __future__ import annotations

import numpy as np
import pytest

from eisfit.errors import ReadError
from eisfit.spectra.readers import read_bytes

F = np.geomspace(1e5, 1.0, 26)
Z = 10 + 100 / (1 + 2j * np.pi * F * 0.01)


def table(*columns, mark=","):
    return "\n".join(mark.join(f"{v:.9g}" for v in row) for row in zip(*columns, strict=True)) + "\n"


def numbers(kilo=1.0, milli=1.0, mark=","):
    return table(F / kilo, Z.real * milli, Z.imag * milli, mark=mark)


def holds(text, name="x.csv"):
    (spectrum,) = read_bytes(text if isinstance(text, bytes) else text.encode(), name)
    np.testing.assert_allclose(spectrum.frequency, F, rtol=1e-6)
    np.testing.assert_allclose(spectrum.impedance, Z, rtol=1e-6)
    return spectrum.notes


@pytest.mark.parametrize(
    "header",
    [
        "kHz,mOhm,mOhm",
        "[kHz],[mΩ],[mΩ]",
        "kHz Freq,mOhm Z',mOhm Z''",
        "Freq (in kHz),Zre (in mOhm),Zim (in mOhm)",
        "FreqInKHz,ZrealInMilliOhm,ZimagInMilliOhm",
        "frequency_kilohertz,real_impedance_milliohm,imaginary_impedance_milliohm",
        "f/кГц,Z'/мОм,Z''/мОм",
        "Frequency, kHz,Z real, mOhm,Z imag, mOhm",
        "kHz,mOhm,mOhm\nFrequency,Z real,Z imag",
        "Frequency (kHz),Impedance (mOhm),\n,Real,Imag",
        "Frequency|kHz,Z'|mOhm,Z''|mOhm",
        "freq <kHz>,Zre <mOhm>,Zim <mOhm>",
        "频率（ｋＨｚ）,实部（mΩ）,虚部（mΩ）",
        "\u200bf／kHz,Ｚ′／mΩ,Ｚ″／mΩ",
        "Frequenz (kHz),Zˈ (mOhm),Zˈˈ (mOhm)",
        "freq in kHz,Re in mΩ cm²,Im in mΩ cm²",
        "f | kHz,Re(Z) | mΩ,Im(Z) | mΩ",
        "FreqkHz,Z'mΩ,Z''mΩ",
        "f:kHz,Zre:mOhm,Zim:mOhm",
        "freq_kHz,Z__mOhm,Z___mOhm",
        "Frequency_kHz_,Z___mOhm_,Z____mOhm_",
        "Freq..kHz.,Z...mOhm.,Z....mOhm.",
    ],
)
def test_units_in_odd_places(header):
    holds(f"{header}\n{numbers(1e3, 1e3)}")


@pytest.mark.parametrize(
    ("above", "kilo", "milli"),
    [
        ("Impedance unit: mOhm", 1, 1e3),
        ("# units: kHz, mOhm, mOhm", 1e3, 1e3),
        ("freq in kHz", 1e3, 1),
        ("All impedances in kΩ", 1, 1e-3),
        ("Columns: frequency (kHz), Zre (mOhm), Zim (mOhm)", 1e3, 1e3),
        ("The impedance is given in milliohms.", 1, 1e3),
        ("(mOhm)", 1, 1e3),
        ("Shunt resistor unit: mOhm", 1, 1),  # of something else
        ("Start: 100 kHz\nUnit fi: kHz", 1, 1),  # of a setting
        ("Impedance range (kOhm): 10", 1, 1),  # a value
    ],
)
def test_units_stated_above_the_table(above, kilo, milli):
    notes = holds(f"{above}\nfreq,Zreal,Zimag\n{numbers(kilo, milli)}")
    assert any(note.startswith("assumed:") for note in notes)


def test_two_units_stated_are_asked_for():
    with pytest.raises(ReadError, match="states mOhm and kOhm"):
        read_bytes(f"Z in mOhm\nZ in kOhm\nfreq,Zre,Zim\n{numbers()}".encode(), "x.csv")


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("f (Hz),Z' (ohm m),Z'' (ohm m)", "Z' \\(ohm m\\)"),
        ("f (Hz),Z' (Ohm/sq),Z'' (Ohm/sq)", "Ohm/sq"),
        ("f (Hz),Z' (Ω/m),Z'' (Ω/m)", "Ω/m"),
        ("f (Hz),Z' (V),Z'' (V)", "Z' \\(V\\)"),
        ("f (Hz),Z' (%),Z'' (%)", "lost its ohms"),
        ("f (Hz),Re Z [k],Im Z [k]", "Re Z \\[k\\]"),
        ("f (Hz),Z' (×1000 Ω),Z'' (×1000 Ω)", "×1000"),
        ("f (Hz),Z'*1e-3,Z''*1e-3", "1e-3"),
        ("f (Hz),Z'/1000,Z''/1000", "/1000"),
        ("f (Hz),eps',eps''", "area and thickness"),
        ("f (Hz),M',M''", "vacuum capacitance"),
        ("f (Hz),C',C''", "complex capacitance"),
        ("f/Hz,C_real,-C_imag", "complex capacitance"),
        ("freq [mhz],zre [ohm],zim [ohm]", "millihertz or megahertz"),
        ("f (Hz),Zre (Ohm),|Zim| (Ohm)", "absolute values"),
        ("f (Hz),V_re,I_re", "real and imaginary"),
        ("f (Hz),Permittivity real,Permittivity imag", "area and thickness"),
        ("f (Hz),|Z| (Ohm),Phase (arcmin)", "real and imaginary"),
        ("Hz,V,A", "does not name|recognised"),
    ],
)
def test_other_quantities_are_refused_for_what_they_are(header, reason):
    with pytest.raises(ReadError, match=reason):
        read_bytes(f"{header}\n{numbers()}".encode(), "x.csv")


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("ln(freq)", np.log(F)),
        ("ln f", np.log(F)),
        ("log10(f/Hz)", np.log10(F)),
        ("w [1/s]", 2 * np.pi * F),
        ("ω [rad·s⁻¹]", 2 * np.pi * F),
        ("angular frequency (s^-1)", 2 * np.pi * F),
        ("f [1/s]", F),
    ],
)
def test_what_a_frequency_may_be(name, values):
    holds(f"{name};Z' (Ohm);Z'' (Ohm)\n{table(values, Z.real, Z.imag, mark=';')}")


@pytest.mark.parametrize("name", ["|Z| (dBΩ)", "Magnitude (dBOhm)", "Impedance (dB ohm)", "20*log10(|Z|)"])
def test_decibels_of_one_ohm(name):
    holds(f"f (Hz),{name},Phase (deg)\n{table(F, 20 * np.log10(abs(Z)), np.degrees(np.angle(Z)))}")


def test_a_modulus_below_zero_is_told():
    with pytest.raises(ReadError, match="is it a logarithm"):
        read_bytes(
            f"f,|Z|,phase (deg)\n{table(F, np.log10(abs(Z)) - 3, np.degrees(np.angle(Z)))}".encode(), "x"
        )


@pytest.mark.parametrize("name", ["Zimag*(-1)", "Z''·(−1)", "-1*Zimag", "nothing"])
def test_a_sign_written_as_a_product(name):
    if name == "nothing":
        holds(f"f,Zre,Zim\n{numbers()}")
    else:
        holds(f"f (Hz);Zre (Ohm);{name}\n{table(F, Z.real, -Z.imag, mark=';')}")


def test_an_area_in_square_metres():
    (spectrum,) = read_bytes(f"f (Hz),Z' (Ω m²),Z'' (Ω m²)\n{numbers(1, 1e-4)}".encode(), "x.csv")
    np.testing.assert_allclose(spectrum.impedance, Z, rtol=1e-6)  # ohm cm2
    assert any(note.endswith("the impedance is per area") for note in spectrum.notes)


@pytest.mark.parametrize("gap", ["", "\n", "Cell B\n"])
@pytest.mark.parametrize(
    ("head", "factor"), [("f (Hz),Z' (mOhm),Z'' (mOhm)", 1e3), ("f (Hz),Zre (Ohm),Zim (Ohm)", 1)]
)
def test_tables_below_each_other_keep_their_own_header(gap, head, factor):
    f = F * 1.31  # no frequency twice
    second = table(f, 2 * Z.real * factor, 2 * Z.imag * factor)
    one, two = read_bytes(f"f (Hz),Zre (Ohm),Zim (Ohm)\n{numbers()}{gap}{head}\n{second}".encode(), "x.csv")
    np.testing.assert_allclose(one.impedance, Z, rtol=1e-6)
    np.testing.assert_allclose(two.impedance, 2 * Z, rtol=1e-6)
    assert "the file holds 2 sweeps" in two.notes


def test_a_header_on_every_page_is_one_table():
    rows = numbers().splitlines(keepends=True)
    head = "f (Hz),Zre (Ohm),Zim (Ohm)\n"
    holds(head + "".join(rows[:9]) + head + "".join(rows[9:18]) + head + "".join(rows[18:]))


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_cells_named_by_letters(mark):
    names = mark.join(["Freq", "A_Re", "A_Im", "B_Re", "B_Im"])
    found = read_bytes(
        f"{names}\n{table(F, Z.real, Z.imag, 3 * Z.real, 3 * Z.imag, mark=mark)}".encode(), "x.csv"
    )
    for k, spectrum in zip((1, 3), found, strict=True):
        np.testing.assert_allclose(spectrum.impedance, k * Z, rtol=1e-6)


@pytest.mark.parametrize("foot", ["mean,3,4\n", "total,61,,\n", "\nEnd of data\n"])
def test_a_foot_is_no_point(foot):
    holds(f"f (Hz),Zre (Ohm),Zim (Ohm)\n{numbers()}{foot}")


def test_columns_that_fixed_formats_glue_together():
    lines = [f"{f:12.5E}{z.real:12.5E}{z.imag:12.5E}" for f, z in zip(F, Z, strict=True)]
    (spectrum,) = read_bytes(
        ("   Frequency         Zre         Zim\n" + "\n".join(lines) + "\n").encode(), "x.dat"
    )
    np.testing.assert_allclose(spectrum.impedance, Z, rtol=1e-4)


def test_a_header_below_the_numbers_is_told():
    with pytest.raises(ReadError, match="does not name 3 columns"):
        read_bytes(f"{numbers()}Frequency (Hz),Z' (mOhm),Z'' (mOhm)\n".encode(), "x.csv")


@pytest.mark.parametrize("encoding", ["utf-32", "cp1251", "koi8-r"])
def test_further_encodings(encoding):
    text = f"Частота, Гц;Z', Ом;Z'', Ом\n{numbers(mark=';')}"
    notes = holds(text.encode(encoding))
    assert any(note.startswith("encoding") for note in notes)


@pytest.mark.parametrize("word", ["OVER", "#DIV/0!", "********", "ERR"])
def test_words_for_no_number(word):
    rows = [row.split(",") for row in numbers().splitlines()]
    rows[4][1] = word
    text = "f (Hz),Zre (Ohm),Zim (Ohm)\n" + "\n".join(map(",".join, rows)) + "\n"
    (spectrum,) = read_bytes(text.encode(), "x.csv")
    assert len(spectrum.frequency) == F.size - 1
    assert "dropped 1 row without a finite number" in spectrum.notes


def test_what_is_no_table_is_told_with_its_line():
    with pytest.raises(ReadError, match="HTML"):
        read_bytes(b"<table><tr><td>1000</td><td>2</td></tr></table>", "x.xls")
    with pytest.raises(ReadError, match="line 2, '1000 Hz"):
        read_bytes(b"Freq;Z\n1000 Hz;3 Ohm<4\n100 Hz;5 Ohm<4\n", "x.csv")


def test_an_empty_column_between_the_others():
    rows = "\n".join(f"{f:.9g}\t\t{z.real:.9g}\t{z.imag:.9g}\t" for f, z in zip(F, Z, strict=True))
    holds(f"Frequency (Hz)\tTemp (C)\tZ' (Ohm)\tZ'' (Ohm)\tSoH\n{rows}\n")


def test_two_spectra_with_frequencies_and_units_of_their_own():
    rows = table(F, Z.real, Z.imag, F / 1e3, 3e3 * Z.real, 3e3 * Z.imag)
    head = "f1 (Hz),Z1' (Ohm),Z1'' (Ohm),f2 (kHz),Z2' (mOhm),Z2'' (mOhm)\n"
    found = read_bytes((head + rows).encode(), "x.csv")
    for k, spectrum in zip((1, 3), found, strict=True):
        np.testing.assert_allclose(spectrum.frequency, F, rtol=1e-6)
        np.testing.assert_allclose(spectrum.impedance, k * Z, rtol=1e-6)


def test_columns_of_temperatures():
    head = "f (Hz),Re(Z) -10°C (Ohm),Im(Z) -10°C (Ohm),Re(Z) 10°C (Ohm),Im(Z) 10°C (Ohm)\n"
    rows = table(F, Z.real, Z.imag, 3 * Z.real, 3 * Z.imag)
    found = read_bytes((head + rows).encode(), "x.csv")
    assert [spectrum.metadata["label"] for spectrum in found] == ["-10°c", "10°c"]
    for k, spectrum in zip((1, 3), found, strict=True):
        np.testing.assert_allclose(spectrum.impedance, k * Z, rtol=1e-6)


def test_moduli_and_phases_of_two_cells():
    rows = table(F, abs(Z), np.degrees(np.angle(Z)), 3 * abs(Z), np.degrees(np.angle(Z)))
    head = "f (Hz),|Z| A (Ohm),phase A (deg),|Z| B (Ohm),phase B (deg)\n"
    found = read_bytes((head + rows).encode(), "x.csv")
    for k, spectrum in zip((1, 3), found, strict=True):
        np.testing.assert_allclose(spectrum.impedance, k * Z, rtol=1e-6)


OTHER = {
    "potential over time": "Time (s),E (V),I (A)\n"
    + table(np.arange(40.0), np.full(40, 3.7), np.arange(40.0)),
    "relaxation times": "tau (s),gamma (Ohm)\n" + table(np.geomspace(1e-5, 1, 40), np.full(40, 1.5)),
}


@pytest.mark.parametrize("other", OTHER.values(), ids=OTHER)
@pytest.mark.parametrize("first", [True, False])
def test_a_table_of_something_else_is_left_aside_and_said(other, first):
    own = f"f (Hz),Zre (Ohm),Zim (Ohm)\n{numbers()}"
    notes = holds(f"{other}\n{own}" if first else f"{own}\n{other}")
    assert any(note.startswith("left aside: 41 lines") for note in notes)


def test_results_of_a_fit_below_are_no_points():
    foot = "\nParameter,Value,Error\n" + "".join(f"R{i},{i}.1,0.1\n" for i in range(6))
    holds(f"f (Hz),Zre (Ohm),Zim (Ohm)\n{numbers()}{foot}")


@pytest.mark.parametrize("power", [" e", "×10^"])
@pytest.mark.parametrize("mark", ["\t", ","])
def test_powers_of_ten_as_people_write_them(power, mark):
    rows = "\n".join(
        mark.join(f"{v:.9e}".replace("e", power) for v in (f, z.real, z.imag))
        for f, z in zip(F, Z, strict=True)
    )
    holds(f"f (Hz){mark}Zre (Ohm){mark}Zim (Ohm)\n{rows}\n")


def test_a_fourth_column_without_a_number_is_no_modulus():
    rows = ["100000,10,-7.8,x", "10000,10.2,-7.1,-", "1000,11,-6,-", "100,14,-5,-", "10,22,-3,x", "1,30,-1,x"]
    with pytest.raises(ReadError, match="4 columns without a header"):
        read_bytes("\n".join(rows).encode(), "x.csv")


@pytest.mark.parametrize(
    ("header", "turn"), [("phase (turns)", 1.0), ("phase [cycles]", 1.0), ("phase/π", 2.0)]
)
def test_phases_in_turns(header, turn):
    holds(f"f (Hz),|Z|kOhm,{header}\n{table(F, abs(Z) / 1e3, np.angle(Z) / (2 * np.pi) * turn)}")


@pytest.mark.parametrize(("header", "unit"), [("Period (ms)", 1e3), ("Periode/s", 1.0), ("周期 (s)", 1.0)])
def test_a_period_in_place_of_the_frequency(header, unit):
    assert "frequency from the period" in holds(f"{header},Zre,Zim\n{table(unit / F, Z.real, Z.imag)}")
    holds(f"f/Hz,{header},Zre,Zim\n{table(F, unit / F, Z.real, Z.imag)}")


@pytest.mark.parametrize(
    "header", ["freq_Hz,Re_Z__Ohm,x_Im_Z__Ohm", "f,Z__Ohm_,x_Z___Ohm_", "f,Z...Ohm.,X.Z....Ohm."]
)
def test_a_minus_that_a_program_wrote_otherwise(header):
    f = np.geomspace(10, 5, 4)  # too few points to tell
    (spectrum,) = read_bytes(f"{header}\n{table(f, 5 + f, f)}".encode(), "x.csv")
    np.testing.assert_allclose(spectrum.impedance, 5 + f - 1j * f, rtol=1e-6)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("f (Hz),Z' (Ohm)", "f (Hz),-Z'' (Ohm)"),
        ("Real part (Ohm)\nFrequency (Hz),Value", "Minus imaginary part (Ohm)\nFrequency (Hz),Value"),
        ("# Z' (Ohm) vs Frequency (Hz)", "# -Z'' (Ohm) vs Frequency (Hz)"),
    ],
)
def test_parts_in_tables_below_each_other(first, second):
    holds(f"{first}\n{table(F, Z.real)}\n{second}\n{table(F, -Z.imag)}")


def test_parts_of_several_cells_in_tables_below_each_other():
    head = "Frequency (Hz),cell 1,cell 2\n"
    text = (
        f"Real (Ohm)\n{head}{table(F, Z.real, 2 * Z.real)}\nImag (Ohm)\n{head}{table(F, Z.imag, 2 * Z.imag)}"
    )
    first, second = read_bytes(text.encode(), "x.csv")
    np.testing.assert_allclose(first.impedance, Z, rtol=1e-6)
    np.testing.assert_allclose(second.impedance, 2 * Z, rtol=1e-6)
    assert second.metadata["label"] == "spectrum cell 2"


def test_columns_of_words_in_quotation_marks_beside_numbers():
    rows = "".join(f'1,"EIS",0,{f:.7g},{z.real:.9g},{-z.imag:.9g}\n' for f, z in zip(F, Z, strict=True))
    holds(f'"Step","Name","t (s)","Frequency (Hz)","Z\' (Ohms)","-Z"" (Ohms)"\n{rows}')


def test_a_header_of_fewer_names_than_columns_is_not_parted_at_its_gaps():
    holds(f"  Freq. [Hz]  \t Zs' [Ohms] \t Zs'' [Ohms]\n{table(F, Z.real, Z.imag, abs(Z), F, mark=chr(9))}")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Freq. in Hertz, resistance in milliohms\nf,Zre,Zim", "stands beside the table"),
        ("Z values x 1000 ohm\nf,Zre,Zim", "x 1000"),
        ("Values multiplied by 1000\nf,Zre,Zim", "multiplied by 1000"),
        ("Scale: 1 = 1 mOhm\nf,Zre,Zim", "1 = 1 mOhm"),
        ("Impedance Z (10^3 Ohm)\nf,Zre,Zim", "10"),
        ("f (Hz),Z' in thousands of ohm,Z'' in thousands of ohm", "real and imaginary"),
        ("f (Hz),kZre,kZim", "may be a unit"),
        ("f (Hz),Zre_k,Zim_k", "may be a unit"),
        ("f (Hz),Z'(k¤),Z''(k¤)", "real and imaginary"),
        ("Frequency (cpm),Z' (Ohm),Z'' (Ohm)", "frequency"),
    ],
)
def test_what_may_be_a_unit_or_a_factor_is_asked_for(text, reason):
    with pytest.raises(ReadError, match=reason):
        read_bytes(f"{text}\n{numbers()}".encode(), "x.csv")


@pytest.mark.parametrize("encoding", ["gb18030", "cp932", "cp949", "cp1253", "mac-roman"])
def test_an_omega_in_the_encodings_of_old_programs(encoding):
    holds(f"Frequency(Hz),Z'(mΩ),-Z''(mΩ)\n{table(F, Z.real * 1e3, -Z.imag * 1e3)}".encode(encoding))
    if encoding in ("gb18030", "cp932"):
        header = "Frequency (Hz),Trace θ (deg),Trace |Z| (Ohm),Trace Rs (Ohm),Trace Xs (Ohm)"
        text = table(F, np.degrees(np.angle(Z)), abs(Z), Z.real, Z.imag)
        holds(f"{header}\n{text}".encode(encoding))


def test_names_of_ports_and_of_a_reflection_beside():
    holds(f'"Frequency / kHz","Z1,1 [Real]","Z1,1 [Imag]"\n{numbers(1e3)}')
    header = "Frequency(Hz),Return Loss(dB),Phase(deg),Rs,SWR,Xs,|Z|"
    g = (Z - 50) / (Z + 50)
    columns = (20 * np.log10(abs(g)), np.degrees(np.angle(g)), Z.real, 1 + abs(g), Z.imag, abs(Z))
    holds(f"{header}\n{table(F, *columns)}")


def test_signs_and_units_as_meters_write_them():
    holds(f"Frequency (kHz),R (Ohms),Xc (Ohms)\n{table(F / 1e3, Z.real, -Z.imag)}")
    holds(f"f/Hz,Z',Z'' (-Ω)\n{table(F, Z.real, -Z.imag)}")
    holds(f"Frequency,Z(Ohm),Thd(deg)\n{table(F, abs(Z), np.degrees(np.angle(Z)))}")
    holds(f"f (Hz),Z',Z''\n{numbers()}".replace("-", "–").replace("e–", "e-"))


def test_numbers_under_a_line_of_words_with_a_number_are_read_by_position():
    text = f"PASSIVE CELL 4 TEST\n{table(np.arange(1.0, F.size + 1), F, Z.real, Z.imag, mark='  ')}"
    holds(text)


def test_the_longer_of_two_spectra_side_by_side_goes_on_beyond_the_other():
    rows = numbers().splitlines()
    beside = [f"{row},{row}" if i < 5 else row for i, row in enumerate(rows)]
    long, short = read_bytes("\n".join(["f (Hz),Zre (Ohm),Zim (Ohm)," * 2, *beside]).encode(), "x.csv")
    assert (long.frequency.size, short.frequency.size) == (26, 5)


def test_rows_that_a_program_did_not_print():
    lines = [f"{i}  {f:.6f}  {z.real:.6f}  {z.imag:.6f}" for i, (f, z) in enumerate(zip(F, Z, strict=True))]
    text = "\n".join(["freq_Hz  Zre_ohm  Zim_ohm", *lines[:5], "..  ...  ...  ...", *lines[-5:]])
    with pytest.raises(ReadError, match="not printed"):
        read_bytes(text.encode(), "x.txt")


def test_names_with_gaps_parted_by_wider_ones():
    names = "Frequency   (kHz)   Real part of Z   (mOhm)   Imaginary part of Z   (mOhm)"
    holds(f"{names}\n{numbers(1e3, 1e3, mark='   ')}")


def test_tables_as_r_prints_them():
    rows = [
        f"{i + 1:2d} {f!r} {z.real!r} {z.imag!r}"
        for i, (f, z) in enumerate(zip(F.tolist(), Z.tolist(), strict=True))
    ]
    holds("\n".join(["# A tibble: 26 × 3", "   freq  Zre  Zim", "   <dbl> <dbl> <dbl>", *rows]) + "\n")


def test_noise_may_hide_a_sign_that_the_header_says_but_not_one_that_nobody_says():
    noise = 1 + 0.09 * np.random.default_rng(4).normal(size=F.size)
    text = table(F, Z.real * noise, -Z.imag * noise)
    (unsaid,) = read_bytes(f"f (Hz),Z' (Ohm),Z'' (Ohm)\n{text}".encode(), "x.csv")
    assert unsaid.impedance.imag.max() < 0


def test_origins_rows_of_names_units_and_comments():
    rows = "".join(f"{i + 1}\t{row}\n" for i, row in enumerate(numbers(1e3, 1e3, mark="\t").splitlines()))
    holds(f"Long Name\tFrequency\tZ'\tZ''\nUnits\tkHz\tmΩ\tmΩ\nComments\t\tA\tA\n{rows}")


def test_igors_text_files():
    rows = "".join(f"\t{row}\n" for row in numbers(mark="\t").splitlines())
    holds(f'IGOR\nWAVES/D\tfreq\tZreal\tZimag\nBEGIN\n{rows}END\nX SetScale/P x 0,1,"", freq\n', "a.itx")


def test_groups_of_columns_that_end_with_the_frequency():
    head = ",".join(["Z1/ohm,Z2/ohm,freq./Hz"] * 2)
    text = f"{head}\n{table(Z.real, -Z.imag, F, 2 * Z.real, -2 * Z.imag, F)}"
    first, second = read_bytes(text.encode(), "x.csv")
    np.testing.assert_allclose(first.impedance, Z, rtol=1e-6)
    np.testing.assert_allclose(second.impedance, 2 * Z, rtol=1e-6)


@pytest.mark.parametrize("word", ["Nr", "count", "n/a", "Schritt"])
def test_a_word_in_the_row_of_units_below_a_column_that_has_none(word):
    body = table(np.arange(F.size) + 1, F, Z.real * 1e3, Z.imag * 1e3)
    holds(f"No.,Frequency,Z',Z''\n{word},Hz,mOhm,mOhm\n" + body)
    holds(f"No.,Frequency,Z',Z''\n{word},[Hz],[mOhm],[mOhm]\n" + body)


def test_complex_numbers_as_tuples_in_quotes():
    pairs = "".join(f'{f:.9g},"({z.real:.9g}, {z.imag:.9g})"\n' for f, z in zip(F, Z, strict=True))
    holds("Frequency (Hz),Z (Ohm)\n" + pairs)
    holds('"Frequency (Hz)";"Z (Ohm)"\n' + pairs.replace(',"', ";"))


def test_a_damaged_arrow_table_and_feather_of_version_1_are_named():
    pytest.importorskip("pyarrow", reason="optional: Arrow")
    for start, words in ((b"ARROW1\0\0", "Arrow table is damaged"), (b"FEA1", "Feather table of version 1")):
        with pytest.raises(ReadError, match=words):
            read_bytes(start + bytes(range(256)) + b"ARROW1", "a.feather")


@pytest.mark.parametrize("share", [0.5, 0.97])
@pytest.mark.parametrize("labels", [("1", "2"), ("A3", "B1")])
def test_channels_in_turn_with_frequencies_of_their_own(labels, share):
    """They were read as one sweep: no frequency comes twice."""
    slow = F * share
    z = 7 + 20 / (1 + 2j * np.pi * slow * 0.001)
    lines = ["Channel,Frequency (Hz),Z' (Ohm),Z'' (Ohm)"]
    for f, one, g, other in zip(F, Z, slow, z, strict=True):
        lines += [f"{labels[0]},{f:.9g},{one.real:.9g},{one.imag:.9g}"]
        lines += [f"{labels[1]},{g:.9g},{other.real:.9g},{other.imag:.9g}"]
    first, second = read_bytes("\n".join(lines).encode(), "a.csv")
    np.testing.assert_allclose(first.impedance, Z, rtol=1e-6)
    np.testing.assert_allclose(second.impedance, z, rtol=1e-6)


@pytest.mark.parametrize("name", ["Range", "Cell voltage (V)", "Cell temperature (°C)", "Channel gain"])
def test_a_range_that_changes_within_one_sweep_is_no_channel(name):
    body = table(np.arange(F.size) % 2 * 0.01 + 3.7, F, Z.real, Z.imag)
    holds(f"{name},Frequency (Hz),Z' (Ohm),Z'' (Ohm)\n" + body)


@pytest.mark.parametrize("mark", ["1E+30", "-1E+20", "9.9E+37"])
def test_a_mark_for_over_range_among_ohms(mark):
    body = numbers().splitlines()
    notes = holds("f/Hz,Zre/Ohm,Zim/Ohm\n" + "\n".join([*body[:3], f"27000,{mark},{mark}", *body[3:]]) + "\n")
    assert any("over-range" in note for note in notes)


@pytest.mark.parametrize("name", ["tan delta", "Dissipation factor", "D-factor", "loss factor", "tg δ"])
def test_names_of_the_dissipation_factor(name):
    omega = 2 * np.pi * F
    body = table(F, -1e9 / (omega * Z.imag), -Z.real / Z.imag)
    holds(f"Frequency (Hz),Cs (nF),{name}\n" + body)


@pytest.mark.parametrize(("name", "of"), [("theta-r [rad]", 1.0), ("theta-d [deg]", 180 / np.pi)])
def test_names_of_the_phase_on_meters(name, of):
    holds(f"Frequency (Hz),Z [Ohm],{name}\n" + table(F, np.abs(Z), np.angle(Z) * of))


@pytest.mark.parametrize("header", ["f,ℜ(Z),ℑ(Z)", "freq (Hz),ℜ(Z) (Ohm),ℑ(Z) (Ohm)", "f/Hz,ℜZ/Ω,ℑZ/Ω"])
def test_parts_in_blackletter(header):
    holds(f"{header}\n" + numbers())


@pytest.mark.parametrize("name", ["2*pi*f", "2πf", "2·π·f", "2 pi f (rad/s)"])
def test_two_pi_f_is_the_angular_frequency(name):
    holds(f"{name},Z' (Ohm),Z'' (Ohm)\n" + table(2 * np.pi * F, Z.real, Z.imag))


ONES, ZEROS, ROW, TIME = np.ones(F.size), np.zeros(F.size), np.arange(1.0, F.size + 1), np.cumsum(1 / F + 1)
MODULUS, PHASE = abs(Z), np.degrees(np.angle(Z))


@pytest.mark.parametrize("turned", [1, -1])
@pytest.mark.parametrize(
    "columns",
    [
        [F, ONES / 100, ZEROS, TIME, "Z", ZEROS, ZEROS, ONES],  # ZPlot
        [ROW, TIME, F, "Z", ONES, MODULUS, "phase", ZEROS, ONES, 8 * ONES],  # Gamry
        [TIME, F, "Z", MODULUS, "phase"],
        [F, MODULUS, "phase", "Z"],
        [ROW, F, "Z", MODULUS, "phase"],
        [F, "Z", TIME],
    ],
)
def test_a_spectrum_among_many_columns_without_a_header(columns, turned):
    known = {"Z": [Z.real, turned * Z.imag], "phase": [turned * PHASE]}
    flat = [one for c in columns for one in (known[c] if isinstance(c, str) else [c])]
    holds(table(*flat, mark="\t"), "x.txt")


@pytest.mark.parametrize(
    "columns",
    [
        [TIME, F, "Y"],
        [TIME, F, "Z"],  # or any other two parts
        [F, TIME, "Z", "Z"],
        [2 * np.pi * F, "Z", F],
        [F, "Z", "Y"],
        [TIME, F, MODULUS, PHASE],
        [TIME, "Z", F],
    ],
)
def test_columns_without_a_header_that_nothing_proves_are_refused(columns):
    known = {"Z": [Z.real, Z.imag], "Y": [(1 / Z).real, (1 / Z).imag]}
    flat = [one for c in columns for one in (known[c] if isinstance(c, str) else [c])]
    with pytest.raises(ReadError, match="header"):
        read_bytes(table(*flat, mark="\t").encode(), "x.txt")


@pytest.mark.parametrize("count", [4, 12])
def test_triplets_of_few_rows_are_spectra(count):
    rows = list(range(0, 26, 2))
    text = table(*(v[rows] for k in range(count) for v in (F, Z.real + k, -Z.imag)), mark="\t")
    spectra = read_bytes(text.encode(), "x.txt")
    assert len(spectra) == count
    for k, spectrum in enumerate(spectra):
        np.testing.assert_allclose(spectrum.impedance, Z[rows] + k, rtol=1e-6)
