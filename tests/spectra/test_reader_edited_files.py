"""What people and programs do to a file: the same spectra come out of it, or a true reason why not.

The spectra are closed forms, simulated here.
"""

from __future__ import annotations

import csv
import io
from itertools import zip_longest

import numpy as np
import pytest

from eisfit.errors import ReadError
from eisfit.spectra.readers import read_bytes

F = np.geomspace(1e5, 1.0, 26)
Z = 10 + 100 / (1 + 2j * np.pi * F * 0.01)
OTHER = 4 + 30 / (1 + 2j * np.pi * F * 0.002)


def rows_of(*columns, mark="\t"):
    return [mark.join(f"{value:.7g}" for value in row) for row in zip(*columns, strict=True)]


def holds(text, *impedances, name="x.csv", f=F):
    found = read_bytes(text.encode(), name)
    assert len(found) == len(impedances)
    for spectrum, z in zip(found, impedances, strict=True):
        np.testing.assert_allclose(spectrum.frequency, f, rtol=1e-5)
        np.testing.assert_allclose(spectrum.impedance, z, rtol=1e-5)
    return [note for spectrum in found for note in spectrum.notes]


HEADER = "f (Hz)\tZ' (Ohm)\tZ'' (Ohm)"
ROWS = rows_of(F, Z.real, Z.imag)


@pytest.mark.parametrize("turned", [slice(13, None), slice(2), slice(5), slice(8), slice(25, None)])
def test_rows_with_the_other_decimal_sign_are_refused_with_their_line(turned):
    rows = list(ROWS)
    rows[turned] = [row.replace(".", ",") for row in rows[turned]]
    with pytest.raises(ReadError, match=r"line \d+: '.' is the decimal sign, and '.' in other lines"):
        read_bytes("\n".join([HEADER, *rows, ""]).encode(), "x.txt")


def test_rows_right_beside_a_table_that_are_none_of_it_are_told_to_everyone():
    rows = [row.replace("\t", "  ") for row in ROWS]
    rows[:4] = [
        f"{row}   {note}" for row, note in zip(rows, ("noisy", "at rest", "by AK", "ok"), strict=False)
    ]
    (spectrum,) = read_bytes("\n".join(["f  Z'  Z''", *rows]).encode(), "x.txt")
    told = [note for note in spectrum.notes if note.startswith("assumed") and "lines 2 to" in note]
    assert spectrum.frequency.size == F.size or told


@pytest.mark.parametrize("name", ["cycle number", "temperature (°C)"])
def test_empty_lines_each_ten_rows_are_pages_of_several_spectra(name):
    two = [*rows_of(5 + 0 * F, F, Z.real, Z.imag), *rows_of(25 + 0 * F, F, OTHER.real, OTHER.imag)]
    pages = [line for place, row in enumerate(two) for line in ([row, ""] if place % 10 == 9 else [row])]
    notes = holds("\n".join([f"{name}\t{HEADER}", *pages, ""]), Z, OTHER)
    assert not any("left aside" in note for note in notes)


def test_a_row_that_was_emptied_is_no_leap():
    f = np.geomspace(1e5, 0.1, 41)
    z = 1 + 100 / (1 + 2j * np.pi * f * 1e-3)
    for place in range(4, 37, 4):
        rows = rows_of(f, z.real, z.imag)
        rows[place] = ""
        holds("\n".join([HEADER, *rows, ""]), np.delete(z, place), f=np.delete(f, place), name=f"{place}.csv")


@pytest.mark.parametrize("head", [";;", ";;;", "#;;"])
def test_a_line_of_marks_above_numbers_without_a_header_is_none(head):
    holds("\n".join([head, *rows_of(F, Z.real, Z.imag, mark=";"), ""]), Z)


@pytest.mark.parametrize("padding", ["", "\t\t"])
def test_a_table_of_cycles_below_rows_of_biologic_is_no_second_spectrum(padding):
    names = "freq/Hz\tRe(Z)/Ohm\t-Im(Z)/Ohm\t|Z|/Ohm\tPhase(Z)/deg"
    rows = rows_of(F, Z.real, -Z.imag, abs(Z), np.degrees(np.angle(Z)))
    cycles = [f"{n}\t{3.2 - n / 100}\t99.{n}{padding}" for n in range(1, 13)]
    lines = ["EC-Lab ASCII FILE", "Nb header lines : 3", names, *rows, "", f"Cycle\tmAh\tCE (%){padding}"]
    holds("\n".join([*lines, *cycles, ""]), Z, name="x.mpt")


@pytest.mark.parametrize("mark", [";", "\t"])
@pytest.mark.parametrize("point", [".", ","])
def test_rows_with_names_hold_decimal_commas_too(mark, point):
    columns = {"f (Hz)": F, "Z' (Ohm)": Z.real, "Z'' (Ohm)": Z.imag}
    rows = [mark.join([name, *(f"{x:.7g}".replace(".", point) for x in v)]) for name, v in columns.items()]
    holds("\n".join([*rows, ""]), Z)


@pytest.mark.parametrize("gap", ["1.#QNAN", "-1.#IND", "1.#INF"])
def test_gaps_of_windows_are_gaps_under_a_decimal_comma(gap):
    rows = [row.replace(".", ",") for row in ROWS]
    rows[7] = f"{F[7]:.7g}\t{gap}\t{gap}".replace("1.#", "1_#").replace(".", ",").replace("_", ".")
    holds("\n".join([HEADER, *rows, ""]), np.delete(Z, 7), f=np.delete(F, 7))


def test_logarithms_beside_a_spectrum_in_milliohm_ask_for_no_unit():
    rows = rows_of(F, Z.real * 1e3, Z.imag * 1e3, np.log10(F), np.log10(abs(Z)))
    holds("\n".join(["f (Hz)\tRe (mOhm)\tIm (mOhm)\tlog f\tlog|Z|", *rows, ""]), Z)


@pytest.mark.parametrize("quote", ["", '"'])
def test_complex_cells_may_stand_in_quotes(quote):
    cells = [(f"{f:.7g}", f"{z.real:.7g}{z.imag:+.7g}j") for f, z in zip(F, Z, strict=True)]
    rows = [",".join(f"{quote}{cell}{quote}" for cell in row) for row in [("f (Hz)", "Z (Ohm)"), *cells]]
    holds("\n".join([*rows, ""]), Z)


@pytest.mark.parametrize(("mark", "point"), [(",", "."), ("\t", ",")])
@pytest.mark.parametrize("lost", range(1, 18, 4))
def test_a_complex_number_that_is_cut_off_is_told(mark, point, lost):
    cells = [f"{f:.7g}{mark}{z.real:.7g}{z.imag:+.7g}j" for f, z in zip(F, Z, strict=True)]
    text = "\n".join([f"f (Hz){mark}Z (Ohm)", *(cell.replace(".", point) for cell in cells)])
    notes = holds(text[:-lost], Z[:-1], f=F[:-1])
    assert "the last line of the file is cut off and was dropped" in notes


def test_blocks_of_keysight_may_be_quoted():
    rows = [",".join(f'"{x:.7g}"' for x in row) for row in zip(F, Z.real, Z.imag, strict=True)]
    head = ['"!CSV A.01.01","",""', '"BEGIN CH1_DATA","",""', '"Frequency(Hz)","R(Ohm)","X(Ohm)"']
    holds("\n".join([*head, *rows, '"END","",""', ""]), Z)


def beside(left, right, mark=","):
    """Return the lines of two tables side by side, a gap between them, as a spreadsheet saves them."""
    tables = [list(csv.reader(lines, delimiter=mark)) for lines in (left, right)]
    stream = io.StringIO()
    for rows in zip_longest(*tables, fillvalue=[]):
        padded = [row + [""] * (max(map(len, of)) - len(row)) for row, of in zip(rows, tables, strict=True)]
        csv.writer(stream, delimiter=mark, lineterminator="\n").writerow([*padded[0], "", *padded[1]])
    return stream.getvalue().splitlines()


FIT = ["Element,Freedom,Value,Error", "Rs,Free(+),12.3,0.2", "Rct,Free(+),102.3,2.2", "CPE-T,Fixed(X),1E-5,0"]
CYCLES = ["Cycle,Capacity (mAh),CE (%)", *(f"{n},{3.2 - n / 100},{99.5 + n / 100}" for n in range(1, 13))]
NOTES = ["", "", "noisy", '"by AK, 12.3.21"', "at rest"]
COMMAS = ["f (Hz),Z' (Ohm),Z'' (Ohm)", *rows_of(F, Z.real, Z.imag, mark=",")]


@pytest.mark.parametrize("near", [FIT, CYCLES, NOTES])
@pytest.mark.parametrize("lost", ["{f},---,---", "{f},,", "OVERLOAD", ""])
@pytest.mark.parametrize("row", [3, 9, 20])
def test_a_point_that_could_not_be_measured_ends_no_table_beside_another(near, lost, row):
    table = list(COMMAS)
    table[row] = lost.format(f=f"{F[row - 1]:.7g}")
    holds("\n".join([*beside(table, near), ""]), np.delete(Z, row - 1), f=np.delete(F, row - 1))


@pytest.mark.parametrize("near", [None, FIT, CYCLES])
@pytest.mark.parametrize("page", [[], ["", "Page 2", ""]])
def test_a_header_again_at_each_page_begins_no_spectrum(near, page):
    pages = [*COMMAS[:11], *page, COMMAS[0], *COMMAS[11:21], *page, *COMMAS[:1], *COMMAS[21:]]
    holds("\n".join([*(beside(pages, near) if near else pages), ""]), Z)


def test_spectra_with_a_header_each_stay_apart_where_one_goes_on_below_the_other():
    low = slice(13, None)
    other = ["f (Hz),Z' (Ohm),Z'' (Ohm)", *rows_of(F[low], 30 * Z.real[low], 30 * Z.imag[low], mark=",")]
    for line in ([], ["Cell B"]):
        one, two = read_bytes("\n".join([*COMMAS[:14], *line, *other, ""]).encode(), "x.csv")
        assert (one.frequency.size, two.frequency.size) == (13, 13)


@pytest.mark.parametrize("order", [slice(None), np.r_[1:26:2, 0:26:2], np.r_[13:26, 0:13]])
def test_a_shorter_column_of_cycles_beside_a_sweep_is_none_of_its_conditions(order):
    rows = [COMMAS[0], *np.array(COMMAS[1:])[order]]
    holds("\n".join([*beside(rows, CYCLES), ""]), Z)
    (spectrum,) = read_bytes("\n".join(beside(rows, CYCLES)).encode(), "x.csv")
    assert spectrum.cycle is None


def test_numbers_left_aside_that_run_like_a_sweep_are_told_to_everyone():
    remarks = [f"{row},ok" for row in COMMAS[1:]]
    text = "\n".join(
        [COMMAS[0] + ",Remark", *remarks, "", *[row.replace(",", ",7,", 1) for row in COMMAS[1:]]]
    )
    found = read_bytes(text.encode(), "x.csv")
    told = [note for spectrum in found for note in spectrum.notes if note.startswith("assumed: 26 lines")]
    assert len(found) == 2 or told


@pytest.mark.parametrize("between", ["", ","])
def test_rows_with_remarks_below_a_lost_point_or_empty_lines_are_read(between):
    rows = [f"{row},{'noisy' if place % 3 == 0 else ''}" for place, row in enumerate(COMMAS[1:])]
    rows[23] = f"{F[23]:.7g},nan,nan,"
    lines = [COMMAS[0] + ",", *(line for row in rows for line in (row, between))]
    holds("\n".join(lines), np.delete(Z, 23), f=np.delete(F, 23))


@pytest.mark.parametrize("first", ["10:00:{n:02d}", "ok"])
def test_means_below_a_table_are_no_points_whatever_its_first_column_holds(first):
    rows = [f"{first.format(n=n)},{row}" for n, row in enumerate(np.array(COMMAS[1:])[::-1])]
    holds("\n".join([f"Time,{COMMAS[0]}", *rows, "Mean,5000,60,-20", "Std,9000,40,15", ""]), Z)


def test_a_narrower_table_below_equivalent_circuits_is_no_second_spectrum():
    y = 1 / Z
    rows = [f"{row},ok" for row in rows_of(F, y.imag / (2 * np.pi * F), 1 / y.real, mark=",")]
    holds("\n".join(["f (Hz),Cp (F),Rp (Ohm),Remark", *rows, "", *CYCLES, ""]), Z)


@pytest.mark.parametrize("mark", [",\t", "\t"])
def test_rows_of_zplot_may_be_parted_by_a_comma_and_a_tab(mark):
    zeros = 0 * F
    rows = rows_of(F, zeros + 0.01, zeros, np.arange(26.0), Z.real, Z.imag, zeros, zeros, zeros, mark=mark)
    holds("\n".join(["ZPLOT2 ASCII", "ZView 3.5", "End Comments", *rows, ""]), Z, name="x.z")


def test_settings_of_a_sweep_above_rows_parted_otherwise_are_no_row():
    rows = rows_of(F, 0 * F + 0.01, 0 * F, np.arange(26.0), Z.real, Z.imag, 0 * F, 0 * F, 0 * F)
    lines = ['"Z60W Data File: Version 1.1"', *['""'] * 7, " 0, 2, 0, 1, .1, 100000", " 26", *rows, ""]
    holds("\n".join(lines), Z, name="x.z")


def test_a_table_of_traces_of_keysight_needs_no_blocks():
    rows = [", ".join(f"{x:.7g}" for x in row) for row in zip(F, Z.real, Z.imag, strict=True)]
    head = ["!Agilent Technologies,E4990A,MY54100001,A.02.12", "!Date: Mon Jun 05 14:01:11 2023", "!"]
    holds("\n".join([*head, "Frequency(Hz), R(Ohm)-data, X(Ohm)-data", *rows, ""]), Z)


def test_names_of_columns_in_quotes_may_go_over_lines():
    rows = rows_of(2 * np.pi * F, 1e3 * Z.real, -1e3 * Z.imag, mark=",")
    lines = ['"omega\n(rad/s)","Z\'\n(mOhm)","-Z\'\'\n[mOhm]"', *rows[:4], "x", *rows[4:], ""]
    notes = holds("\n".join(lines), Z)
    assert not any("no header" in note for note in notes)
    with pytest.raises(ReadError, match="line 8"):
        read_bytes("\n".join([*lines[:4], "1,234,5,6", *lines[4:]]).encode(), "x.csv")


@pytest.mark.parametrize("form", ['="{}"', "'{}"])
@pytest.mark.parametrize("mark", [";", "\t"])
def test_numbers_that_a_spreadsheet_was_to_take_for_text_are_numbers(form, mark):
    rows = [mark.join(form.format(cell) for cell in row.split("\t")) for row in ROWS]
    holds("\n".join([HEADER.replace("\t", mark), *rows, ""]), Z)


def test_a_cell_that_was_too_narrow_for_its_number_is_a_gap():
    rows = list(ROWS)
    rows[7] = f"{F[7]:.7g}\t########\t########"
    holds("\n".join([HEADER, *rows, ""]), np.delete(Z, 7), f=np.delete(F, 7))


def test_the_model_of_an_instrument_is_no_model_of_a_spectrum():
    export = ["HIOKI IM3590", "Model,IM3590", "No.,FREQ[Hz],Rs[ohm],X[ohm]"]
    tables = [rows_of(np.arange(1.0, 27), F, z.real, z.imag, mark=",") for z in (Z, OTHER)]
    holds("\n".join([*export, *tables[0], *export, *tables[1], ""]), Z, OTHER)


def test_a_narrower_table_below_a_shifted_one_is_left_aside():
    lines = [*COMMAS, "", *CYCLES]
    holds("\n".join(["", *(f",,{line}" if line else ",,,," for line in lines), ""]), Z)


@pytest.mark.parametrize("page", [["Page 2"], []])
def test_rows_of_gamry_below_a_header_that_comes_again_are_read(page):
    head = ["EXPLAIN", "TAG\tEISPOT", "TITLE\tLABEL\tEIS\tTest"]
    names = ["\tPt\tTime\tFreq\tZreal\tZimag", "\t#\ts\tHz\tohm\tohm"]
    rows = [f"\t{row}" for row in rows_of(np.arange(26.0), np.arange(26.0), F, Z.real, Z.imag)]
    lines = [*head, "ZCURVE\tTABLE", *names, *rows[:20], *page, *names, *rows[20:], ""]
    holds("\n".join(lines), Z, name="x.dta")


def test_a_header_again_where_another_sweep_begins_begins_one():
    """Rising to 2e5 Hz, then falling from above it: the first point of the second was one of the first's."""
    rising, below = np.geomspace(1e-2, 2e5, 22), np.geomspace(1e6, 2e-2, 16)
    z, other = (4 + 30 / (1 + 2j * np.pi * f * 0.002) for f in (rising, below))
    rows, again = rows_of(rising, z.real, z.imag), rows_of(below, 3 * other.real, 3 * other.imag)
    again.insert(5, "\t\t")
    found = read_bytes("\n".join([HEADER, *rows, "", HEADER, *again, ""]).encode(), "x.csv")
    assert [spectrum.points for spectrum in found] == [22, 16]


@pytest.mark.parametrize("columns", [1, 2])
def test_a_remark_beside_a_shorter_table_parts_no_sweep(columns):
    """Two tables side by side; the lower frequencies of the longer one were a spectrum of their own."""
    short = [*rows_of(F[::4], OTHER[::4].real, OTHER[::4].imag, mark=";")]
    pairs = zip_longest(rows_of(F, Z.real, Z.imag, mark=";"), short if columns == 2 else [], fillvalue=";;")
    rows = [f"{one};{other}" for one, other in pairs]
    rows.insert(14, "*** range change ***")
    head = HEADER.replace("\t", ";")
    found = read_bytes("\n".join([f"{head};{head}", *rows, ""]).encode(), "x.csv")
    assert [spectrum.points for spectrum in found] == [F.size, 7][:columns]
    np.testing.assert_allclose(found[0].impedance, Z, rtol=1e-5)
