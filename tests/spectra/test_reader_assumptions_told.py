"""What a reader takes for granted against a word of the file is told. Numbers are simulated."""

import io
import json

import numpy as np
import pytest

from eisfit.errors import ReadError
from eisfit.spectra.readers import read_bytes

F = np.geomspace(1e5, 0.1, 31)
S = 2j * np.pi * F
Z = 10 + 100 / (1 + S * 1e-3) + 1 / (S * 0.1) ** 0.5


def read(text, name="cell.csv", **options):
    return read_bytes(text.encode(), name, **options)


def table(head, *columns, mark=","):
    rows = (
        mark.join(value if isinstance(value, str) else f"{value:.9g}" for value in row)
        for row in zip(*columns, strict=True)
    )
    return "\n".join([head, *rows]) + "\n"


def assumed(spectrum):
    return [note for note in spectrum.notes if note.startswith("assumed:")]


@pytest.mark.parametrize(
    "line",
    [
        "# all impedances in mOhm",
        "Impedance unit: kOhm",
        "# values divided by 1000 before export",
        "# Scale factor: 1000",
        "# normalised to the area",
        "# Area-specific impedance",
        "# impedances per cell, stack of 10 cells",
        "# frequency is angular (rad/s)",
        "# frequencies given as 2*pi*f",
        "# in mOhm",
        "resistances in kilo-ohm",
        "# impedance/1000",
        "freq x1000",
        "# omega (rad/s)",
        "# admittance",
    ],
)
def test_a_line_that_the_header_does_not_bear_out_is_told(line):
    text = line + "\n" + table("f (Hz),Zre (Ohm),Zim (Ohm)", F, Z.real, Z.imag)
    if line.startswith("# Scale"):
        with pytest.raises(ReadError, match="stands above the table"):
            read(text)
        return
    (spectrum,) = read(text)
    np.testing.assert_allclose(spectrum.impedance, Z, rtol=1e-6)
    assert any(line.strip() in note for note in assumed(spectrum))


@pytest.mark.parametrize(
    "line", ["# cell 5, area 2 cm2", "Normalize by area: no", "Range: 10 kOhm", "f from 0.1 to 1e5 Hz", "Ohm"]
)
def test_a_line_of_something_else_is_not(line):
    (spectrum,) = read(line + "\n" + table("f (Hz),Zre (Ohm),Zim (Ohm)", F, Z.real, Z.imag))
    assert not assumed(spectrum)


@pytest.mark.parametrize(
    "line",
    ["# symmetric cell: half of the measured impedance", "# values doubled", "Z/2 of a symmetric cell"],
)
def test_halves_and_doubles_are_told(line):
    (spectrum,) = read(line + "\n" + table("f (Hz),Zre (Ohm),Zim (Ohm)", F, Z.real, Z.imag))
    assert any(line in note for note in assumed(spectrum))


@pytest.mark.parametrize(
    "names",
    [
        ("2*Zre (Ohm)", "2*Zim (Ohm)"),
        ("Zre·n (Ohm)", "Zim·n (Ohm)"),
        ("Z'/cell (Ohm)", "Z''/cell (Ohm)"),
        ("Z'*A (Ohm)", "Z''*A (Ohm)"),
        ("Z' per cell (Ohm)", "Z'' per cell (Ohm)"),
        ("Z'^2 (Ohm)", "Z''^2 (Ohm)"),
        ("Zre² (Ohm)", "Zim² (Ohm)"),
        ("Zre (Ohm) [mOhm]", "Zim (Ohm) [mOhm]"),
        ("Zre (Ohm [mOhm])", "Zim (Ohm [mOhm])"),
    ],
)
def test_a_multiple_a_share_or_two_units_of_a_part_make_no_part(names):
    with pytest.raises(ReadError, match=r"no column for the real|may be a factor|two units"):
        read(table("f (Hz)," + ",".join(names), F, Z.real, Z.imag))


def test_a_word_that_only_one_part_has_is_told():
    (spectrum,) = read(table("f (Hz),Zre_comp (Ohm),Zim (Ohm)", F, Z.real, Z.imag))
    assert assumed(spectrum) == ["assumed: 'comp' in the header says whose the columns are"]


def test_an_impedance_per_area_is_told():
    (spectrum,) = read(table("f (Hz),Zre (Ohm cm2),Zim (Ohm cm2)", F, Z.real, Z.imag))
    assert assumed(spectrum) == ["assumed: ohm in what follows is ohm cm2: the impedance is per area"]


def test_a_column_of_factors_is_refused():
    factor = np.where(F > 10, 1, 1000)
    with pytest.raises(ReadError, match="'multiplier' may be a factor of the others"):
        read(table("f (Hz),Zre,Zim,multiplier", F, Z.real / factor, Z.imag / factor, factor))


def test_radians_called_degrees_are_told_where_the_noise_hides_them():
    z = 100 + 30 / (1 + S * 1e-3)
    noise = 0.005 * np.random.default_rng(1).normal(size=(2, F.size))
    text = table("f (Hz),|Z| (Ohm),phase (deg)", F, abs(z) * (1 + noise[0]), np.angle(z) + noise[1])
    assert any("a phase in radians" in note for note in assumed(read(text)[0]))


def test_a_footnote_with_a_factor_is_told():
    text = table("f (Hz),Z' (Ohm)*,Z'' (Ohm)*", F, Z.real, Z.imag) + "*) x1000\n"
    assert any("x1000" in note for note in assumed(read(text)[0]))


@pytest.mark.parametrize("name", ["omega (Hz)", "angular frequency (Hz)", "w (Hz)"])
def test_an_angular_frequency_in_hertz_is_told(name):
    (spectrum,) = read(table(f"{name},Zre (Ohm),Zim (Ohm)", F, Z.real, Z.imag))
    np.testing.assert_allclose(spectrum.frequency, F, rtol=1e-6)
    assert assumed(spectrum) == [f"assumed: {name!r} is in Hz, not in rad/s"]


@pytest.mark.parametrize("sign, told", [(1, True), (-1, False)])
def test_few_points_with_a_positive_imaginary_part_are_told(sign, told):
    f = np.geomspace(1e4, 10, 5)
    z = 10 + 100 / (1 + 2j * np.pi * f * 1e-3) ** 0.9
    (spectrum,) = read(table("f (Hz),Z' (Ohm),Z'' (Ohm)", f, z.real, -sign * z.imag))
    np.testing.assert_allclose(spectrum.impedance.imag, -sign * z.imag, rtol=1e-6)
    assert any("--imag-sign" in note for note in assumed(spectrum)) is told


def test_what_a_reader_of_three_electrodes_leaves_aside_is_told():
    names = "freq/Hz\tRe(Z)/Ohm\t-Im(Z)/Ohm\tRe(Zce)/Ohm\t-Im(Zce)/Ohm"
    head = f"EC-Lab ASCII FILE\nNb header lines : 4\n\n{names}"
    (spectrum,) = read(table(head, F, Z.real, -Z.imag, 2 * Z.real, -2 * Z.imag, mark="\t"), "cell.mpt")
    np.testing.assert_allclose(spectrum.impedance, Z, rtol=1e-6)
    assert assumed(spectrum) == ["assumed: Re(Z) is what is asked for; left aside: Re(Zce)/Ohm, -Im(Zce)/Ohm"]


@pytest.mark.parametrize(("unit", "scale"), [(r"\g(W)", 1.0), (r"m\g(W)", 1e-3), (r"k\g(W)", 1e3)])
def test_units_in_the_rich_text_of_origin(unit, scale):
    head = f"Frequency\t\\i(Z)'\t-\\i(Z)''\nHz\t{unit}\t{unit}\n\tcell 5\tcell 5"
    (spectrum,) = read(table(head, F, Z.real / scale, -Z.imag / scale, mark="\t"), "cell.txt")
    np.testing.assert_allclose(spectrum.impedance, Z, rtol=1e-6)


def test_watts_are_ohms_in_another_typeface():
    """In the Symbol typeface W is an omega; in an encoding of Greece so is Ù."""
    for unit in ("mW", "mÙ"):
        (spectrum,) = read(table(f"f (Hz),Z' ({unit}),Z'' ({unit})", F, 1e3 * Z.real, 1e3 * Z.imag))
        np.testing.assert_allclose(spectrum.impedance, Z, rtol=1e-6)
        assert f'assumed: the sign that "Z\' ({unit})" has lost was Ω (else --impedance-unit)' in assumed(
            spectrum
        )
    with pytest.raises(ReadError, match="has a unit that no impedance has"):
        read(table("f (Hz),Real (W),Imag (W)", F, Z.real, Z.imag))


def test_frequencies_that_are_labelled_as_their_parts_are():
    head = "f cyc1 (Hz),Z' cyc1 (Ohm),Z'' cyc1 (Ohm),f cyc2 (Hz),Z' cyc2 (Ohm),Z'' cyc2 (Ohm)"
    first, second = read(table(head, F, Z.real, Z.imag, F * 2, 3 * Z.real, 3 * Z.imag))
    np.testing.assert_allclose(first.impedance, Z, rtol=1e-6)
    np.testing.assert_allclose(second.impedance, 3 * Z, rtol=1e-6)
    np.testing.assert_allclose(second.frequency, 2 * F, rtol=1e-6)


def test_a_damaged_package_is_told():
    rows = [f"Pdc8{f:06X}m;cc8{int(1e3 * r):06X}m;cd8{int(1e3 * x):06X}m" for f, r, x in ROWS]
    text = "e\nM0005\n" + "\n".join([*rows[:3], rows[3][:15], *rows[4:]]) + "\n*\n\n"
    (spectrum,) = read(text, "cell.txt")
    assert spectrum.frequency.size == len(ROWS) - 1
    assert "assumed: 1 damaged package left out" in assumed(spectrum)


#: mHz, ohm, ohm
ROWS = [(1000 * 2**i, 10 + 100 / (1 + i), 5.0 + i) for i in range(12)]


def test_a_resistance_beside_a_phase_is_what_kramers_kronig_tells_or_asked_for():
    names = "Frequency(Hz),Resistance(Ohm),Phase(mrad)"
    (spectrum,) = read(table(names, F, abs(Z), 1e3 * np.angle(Z)))
    np.testing.assert_allclose(spectrum.impedance, Z, rtol=1e-6)
    assert any("'Resistance(Ohm)' is the modulus" in note for note in assumed(spectrum))
    z = 100 + 0.3 / (1 + S * 1e-3)
    with pytest.raises(ReadError, match="may be the modulus or the real part"):
        read(table(names, F, abs(z), 1e3 * np.angle(z)))


@pytest.mark.parametrize("column", [2, 3])
def test_a_title_to_the_left_of_a_sheets_table(column, tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active["B1"] = "sample 5"
    for i, row in enumerate([("f [Hz]", "Z' [Ohm]", "Z'' [Ohm]"), *zip(F, Z.real, Z.imag, strict=True)]):
        for j, value in enumerate(row):
            book.active.cell(3 + i, column + j, value)
    book.save(tmp_path / "cell.xlsx")
    (spectrum,) = read_bytes((tmp_path / "cell.xlsx").read_bytes(), "cell.xlsx")
    np.testing.assert_allclose(spectrum.impedance, Z, rtol=1e-9)


def test_one_array_without_a_name():
    stream = io.BytesIO()
    np.savez(stream, np.stack([F, Z.real, Z.imag]))
    (spectrum,) = read_bytes(stream.getvalue(), "cell.npz")
    np.testing.assert_allclose(spectrum.impedance, Z)


def test_a_modulus_that_is_called_the_real_part_is_told():
    noise = 1 + 0.001 * np.random.default_rng(2).normal(size=F.size)
    (spectrum,) = read(table("f (Hz),Zre (Ohm),Zim (Ohm)", F, abs(Z) * noise, Z.imag * noise))
    assert any("modulus and imaginary part" in note for note in assumed(spectrum))


@pytest.mark.parametrize("mark", ["%", "#", "//"])
def test_a_unit_behind_the_numbers_of_a_vector_is_asked_for(mark):
    columns = {"f": F, "Zre": Z.real, "Zim": Z.imag}
    lines = (f"{name} = {values.tolist()}; {mark} kOhm" for name, values in columns.items())
    with pytest.raises(ReadError, match="--impedance-unit"):
        read("\n".join(lines) + "\n", "cell.txt")


def test_a_document_of_permittivities_is_no_impedance():
    values = {"type": "permittivity", "frequency": [*F], "real": [*Z.real], "imag": [*Z.imag]}
    with pytest.raises(ReadError, match="'permittivity' stands beside"):
        read(json.dumps(values), "cell.json")


def test_gamry_per_area_is_told():
    head = "EXPLAIN\nTAG\tEISPOT\nZCURVE\tTABLE\n\tPt\tFreq\tZreal\tZimag\n\t#\tHz\tohm.cm^2\tohm.cm^2"
    text = table(head, [""] * F.size, range(F.size), F, Z.real, Z.imag, mark="\t")
    (spectrum,) = read(text, "cell.DTA")
    np.testing.assert_allclose(spectrum.impedance, Z, rtol=1e-6)
    assert assumed(spectrum) == ["assumed: ohm in what follows is ohm cm2: the impedance is per area"]


def test_a_remark_on_angular_frequencies_without_a_unit_is_told():
    text = "Frequencies are given as omega = 2 pi f\n" + table("freq,Zre (Ohm),Zim (Ohm)", F, Z.real, Z.imag)
    assert any("omega = 2 pi f" in note for note in assumed(read(text)[0]))
    text = "% freq in rad/s\n" + table("freq,Zre (Ohm),Zim (Ohm)", 2 * np.pi * F, Z.real, Z.imag)
    np.testing.assert_allclose(read(text)[0].frequency, F, rtol=1e-6)
    assert not any("the header holds" in note for note in assumed(read(text)[0]))


def test_a_power_of_ten_before_the_names_is_asked_for():
    with pytest.raises(ReadError, match=r"'1000' in .* may be a factor"):
        read(table("f (Hz),1000 Z' (Ohm),1000 Z'' (Ohm)", F, 1e3 * Z.real, 1e3 * Z.imag))


@pytest.mark.parametrize("name", ["w", "omega", "omega (rad/s)"])
def test_an_omega_beside_a_frequency_tells_the_unit_of_that(name):
    with pytest.raises(ReadError, match="contradicts"):
        read(table(f"f,{name},Zre (Ohm),Zim (Ohm)", F / 1e3, 2 * np.pi * F, Z.real, Z.imag))
    (spectrum,) = read(table(f"f,{name},Zre (Ohm),Zim (Ohm)", F, 2 * np.pi * F, Z.real, Z.imag))
    np.testing.assert_allclose(spectrum.frequency, F, rtol=1e-6)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("option", ["# KHZ S RI R 50", "#kHz S RI R 50", "# kHz S RI R 50 ! comment"])
def test_touchstone_with_any_line_end(option, end):
    """An option line that ended in CR LF was not found, and kilohertz read as gigahertz."""
    s11 = (Z - 50) / (Z + 50)
    text = "\n".join(["! network", table(option, F / 1e3, s11.real, s11.imag, mark=" ")])
    (spectrum,) = read(text.replace("\n", end), "cell.s1p")
    np.testing.assert_allclose(spectrum.frequency, F, rtol=1e-6)
    np.testing.assert_allclose(spectrum.impedance, Z, rtol=1e-5)


def test_an_option_line_that_is_not_understood_is_refused_and_none_is_told():
    s11 = (Z - 50) / (Z + 50)
    columns = F / 1e9, abs(s11), np.degrees(np.angle(s11))
    with pytest.raises(ReadError, match="'# THz S MA R 50' is no option line"):
        read(table("# THz S MA R 50", *columns, mark=" "), "cell.s1p")
    (spectrum,) = read(table("! none", *columns, mark=" "), "cell.s1p")
    np.testing.assert_allclose(spectrum.impedance, Z, rtol=1e-5)
    assert any("without an option line" in note for note in assumed(spectrum))


@pytest.mark.parametrize("mark", [";", ","])
def test_an_ec_lab_file_that_was_saved_with_another_mark_between_columns(mark):
    head = mark.join(["freq/Hz", "Re(Z)/Ohm", "-Im(Z)/Ohm"])
    text = "EC-Lab ASCII FILE\nNb header lines : 4\n\n" + table(head, F, Z.real, -Z.imag, mark=mark)
    np.testing.assert_allclose(read(text, "cell.mpt")[0].impedance, Z, rtol=1e-6)


def test_a_gamry_file_with_an_empty_line_between_all_lines():
    head = "EXPLAIN\nTAG\tEISPOT\nZCURVE\tTABLE\n\tPt\tFreq\tZreal\tZimag\n\t#\tHz\tohm\tohm"
    text = table(head, [""] * F.size, range(F.size), F, Z.real, Z.imag, mark="\t").replace("\n", "\n\n")
    np.testing.assert_allclose(read(text, "cell.DTA")[0].impedance, Z, rtol=1e-6)


def test_an_index_that_counts_down_or_begins_later():
    for index in (range(F.size)[::-1], range(5, F.size + 5)):
        text = table("f,Zre,Zim", index, F, Z.real, Z.imag, mark="  ")
        np.testing.assert_allclose(read(text)[0].impedance, Z, rtol=1e-6)


@pytest.mark.parametrize("end", ["\n", "\n\n", "\n \n\n"])
def test_spectra_of_unequal_length_side_by_side_with_empty_lines_between_all_rows(end):
    head = "f (Hz),Z' (Ohm),Z'' (Ohm)"
    rows = table(head, F, Z.real, Z.imag).splitlines()
    beside = [f"{row},{row}" if i < 20 else f"{row},,," for i, row in enumerate(rows)]
    first, second = read(end.join([*beside, ""]))
    assert (first.points, second.points) == (31, 19)


def test_a_cut_ec_lab_file_with_an_empty_line_between_all_rows():
    head = "EC-Lab ASCII FILE\nNb header lines : 4\n\nfreq/Hz\tRe(Z)/Ohm\t-Im(Z)/Ohm"
    text = table(head, F, Z.real, -Z.imag, mark="\t").replace("\n", "\n\n")
    (spectrum,) = read(text.rstrip()[:-12], "cell.mpt")
    assert spectrum.points == F.size - 1
    assert "the last line of the file is cut off and was dropped" in spectrum.notes


@pytest.mark.parametrize("head", ['Freq,Z\',"Z"""', '"Freq","Z\'","Z"""', '"Freq","Z\'","Z""', "Freq,Z',Z\""])
def test_a_double_mark_in_quotation_marks(head):
    np.testing.assert_allclose(read(table(head, F, Z.real, Z.imag))[0].impedance, Z, rtol=1e-6)


@pytest.mark.parametrize("gap", [0, 1])
def test_names_that_come_again_in_any_order_are_a_spectrum_each(gap):
    names, space = ["Z'' (Ohm)", "f (Hz)", "t (s)", "Z' (Ohm)"], [""] * gap
    rows = zip(Z.imag, F, range(F.size), Z.real, strict=True)
    lines = [";".join([*names, *space, *names])]
    lines += [";".join([*(cells := [f"{x:.9g}" for x in row]), *space, *cells]) for row in rows]
    spectra = read("\n".join(lines) + "\n")
    assert len(spectra) == 2
    for spectrum in spectra:
        np.testing.assert_allclose(spectrum.impedance, Z, rtol=1e-6)


def test_empty_cells_before_the_names_are_no_mark_of_a_comment():
    text = table(";;f;Zre;Zim", [""] * F.size, range(F.size), F, Z.real, Z.imag, mark=";")
    np.testing.assert_allclose(read(text)[0].impedance, Z, rtol=1e-6)


def test_names_with_gaps_above_right_aligned_numbers_with_an_index():
    """As pandas prints a table: four names of five words above five columns."""
    names = ["cycle number", "Re(Z)/Ohm", "freq/Hz", "-Im(Z)/Ohm"]
    rows = [names, *([1, z.real, f, -z.imag] for f, z in zip(F, Z, strict=True))]
    lines = [" ".join(f"{x if isinstance(x, str) else format(x, '.7g'):>14}" for x in row) for row in rows]
    text = "\n".join(f"{'' if i == 0 else i - 1:>2} {line}" for i, line in enumerate(lines)) + "\n"
    (spectrum,) = read(text)
    np.testing.assert_allclose(spectrum.impedance, Z, rtol=1e-6)
    assert spectrum.cycle == 1


def test_rows_of_two_sweeps_in_the_same_random_order_are_refused():
    order = np.random.default_rng(3).permutation(F.size)
    f, z = np.tile(F[order], 2), np.concatenate([Z[order], 2 * Z[order]])
    with pytest.raises(ReadError, match="goes up and down without order"):
        read(table("f (Hz),Zre (Ohm),Zim (Ohm)", f, z.real, z.imag))


def test_empty_lines_between_all_rows_part_no_last_point():
    """Of equal steps of f the last is the widest of log f."""
    f = np.linspace(1e5, 1e3, 40)
    z = 10 + 100 / (1 + 2j * np.pi * f * 1e-5)
    (spectrum,) = read(table("f (Hz),Zre (Ohm),Zim (Ohm)", f, z.real, z.imag).replace("\n", "\n\n"))
    assert spectrum.points == f.size


@pytest.mark.parametrize("name", ["f (x 1000 Hz).csv", "f_in_thousand_Hz.csv"])
def test_a_factor_of_the_frequency_in_a_files_name_is_asked_for(name):
    with pytest.raises(ReadError, match="in the file's name"):
        read(table("freq,Zre (Ohm),Zim (Ohm)", F / 1e3, Z.real, Z.imag), name)


@pytest.mark.parametrize("names", ["tau,gamma,error", "tau,gamma,NA", "x,y,overload"])
def test_a_header_of_unknown_words_is_one_although_a_word_may_stand_for_a_gap(names):
    with pytest.raises(ReadError, match=r"no column for (?:the|a) frequency"):
        read(table(names, F, Z.real, Z.imag))


def test_a_thermal_impedance_is_refused():
    with pytest.raises(ReadError, match="no column for the real"):
        read(table("f (Hz),Zth real (K/W),Zth imag (K/W)", F, Z.real, Z.imag))


def test_a_unit_in_a_name_without_a_column_is_told():
    for names in ("f,Zre,Zim,Z in mOhm", "f (Hz),Zre (Ohm),Zim (Ohm),Z in mOhm"):
        assert any("mOhm" in note for note in assumed(read(table(names, F, Z.real, Z.imag))[0]))
