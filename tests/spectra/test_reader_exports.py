"""Exports of programs and instruments, tables printed by programs, and columns beside each other, read right.

The spectrum is a closed form, simulated here; each case is a kind that was read wrongly or refused once.
"""

from __future__ import annotations

import io
import json
import re

import numpy as np
import pytest

from eisfit.errors import ReadError
from eisfit.spectra.readers import read_bytes
from eisfit.spectra.readers.names.columns import parse_name

F = np.geomspace(1e5, 1.0, 26)
Z = 10 + 100 / (1 + 2j * np.pi * F * 0.01)


def rows(*columns, mark=","):
    return [
        mark.join(v if isinstance(v, str) else f"{v:.9g}" for v in row) for row in zip(*columns, strict=True)
    ]


def table(header, *columns, mark=","):
    return "\n".join([header, *rows(*columns, mark=mark)]) + "\n"


def beside(place, words, head, body):
    """A table with a line of words above it, below it, or between its header and its rows."""
    lines = {
        "above": [words, head, *body],
        "between": [head, f"# {words}", *body],
        "below": [head, *body, words],
    }
    return "\n".join([*lines[place], ""])


def holds(text, name="x.csv", spectra=1):
    found = read_bytes(text if isinstance(text, bytes) else text.encode(), name)
    assert len(found) == spectra
    for spectrum in found:
        np.testing.assert_allclose(spectrum.frequency, F, rtol=1e-6)
        np.testing.assert_allclose(spectrum.impedance, Z, rtol=1e-6)
    return [note for spectrum in found for note in spectrum.notes]


@pytest.mark.parametrize(
    "header",
    [
        "Frequency (Hz),Trace 1: Impedance: Rs (Ω),Trace 2: Impedance: Xs (Ω)",
        "F, Hz,R, Ohm,X, Ohm",
        "Freq,Z',Z\"",
        "C  freq,Zre,Zim",
    ],
)
def test_headers_of_exports(header):
    holds(table(header, F, Z.real, Z.imag))


def test_a_name_that_ends_with_a_quotation_mark_twice():
    holds(table("Freq,Z',Z\",Freq,Z',Z\"", F, Z.real, Z.imag, F, Z.real, Z.imag), spectra=2)


@pytest.mark.parametrize("mark", [",", "\t"])
def test_units_in_row_two_where_the_last_columns_have_none(mark):
    head = f"f{mark}Zre{mark}Zim{mark}T{mark}#\nHz{mark}mOhm{mark}mOhm{mark}°C{mark}"
    columns = (F, 1e3 * Z.real, 1e3 * Z.imag, 25 + 0 * F, np.arange(26))
    holds(table(head, *columns, mark=mark))


def test_a_number_column_that_counts_down_below_a_mark_of_comments():
    names = "#\tX\tR\tF\n\tkΩ\tkΩ\tkHz"
    holds(table(names, np.arange(26, 0, -1), Z.imag / 1e3, Z.real / 1e3, F / 1e3, mark="\t"))


def test_a_dissipation_without_dimension():
    y, omega = 1 / Z, 2 * np.pi * F
    holds(table("FREQ(Hz),CP(nF),DF(-)", F, 1e9 * y.imag / omega, y.real / y.imag))


def test_siemens_in_words():
    holds(
        table("f [Hz],Re(Y) [microSiemens],Im(Y) [microSiemens]", F, 1e6 * (1 / Z).real, 1e6 * (1 / Z).imag)
    )


def test_a_table_as_polars_prints_it():
    body = [f"│ {row} │" for row in rows(F, Z.real, Z.imag, mark=" ┆ ")]
    above = ["shape: (26, 3)", "┌───┬───┬───┐", "│ freq_Hz ┆ Zre_ohm ┆ Zim_ohm │", "│ --- ┆ --- ┆ --- │"]
    holds("\n".join([*above, "│ f64 ┆ f64 ┆ f64 │", "╞═══╪═══╪═══╡", *body, "└───┴───┴───┘"]), "x.txt")


def test_a_matrix_as_matlab_prints_it_has_a_factor():
    body = "\n".join(rows(F / 1e5, Z.real / 1e5, Z.imag / 1e5, mark="   "))
    with pytest.raises(ReadError, match=r"1.0e\+05 \*"):
        read_bytes(f"ans =\n\n   1.0e+05 *\n\n{body}\n".encode(), "x.txt")


def test_a_fit_below_the_data_is_no_spectrum_more():
    data = table("Freq(Hz)\tZ'\tZ\"", F, Z.real, Z.imag, mark="\t")
    fit = table("Freq(Hz)\tZ'\tZ\"", F, 1.01 * Z.real, Z.imag, mark="\t")
    notes = holds(f"Data: cell.z\n{data}\nFit: cell.z, R(RC)\n{fit}", "x.txt")
    assert any("Fit: cell.z, R(RC)" in note and "by its name a fit" in note for note in notes)


def test_bars_between_columns_are_no_frame_where_the_first_is_empty():
    empty = [""] * 26
    holds(table("Note|Z''|f|Z'", empty, Z.imag, F, Z.real, mark="|"), "x.txt")


@pytest.mark.parametrize("name", ["u({}) [Ohm]", "{} unc.", "± [Ohm]", "s({})", "δ({}) (Ohm)"])
def test_uncertainties_beside_parts_are_no_spectrum_more(name):
    header = f"f [Hz],Z' [Ohm],{name.format(chr(90) + chr(39))},Z'' [Ohm],{name.format('Z' + 2 * chr(39))}"
    holds(table(header, F, Z.real, 0.01 * Z.real, Z.imag, 0.01 * Z.imag))


def test_a_logarithm_beside_what_it_is_of_is_not_taken():
    holds(table("log(f),f/Hz,Z'/Ohm,Z''/Ohm", np.round(np.log10(F), 3), F, Z.real, Z.imag))


def test_an_impedance_times_an_area_beside_it():
    header = "f/Hz,Z'*A/Ohm cm2,Z''*A/Ohm cm2,Z'/Ohm,Z''/Ohm"
    holds(table(header, F, 1.13 * Z.real, 1.13 * Z.imag, Z.real, Z.imag))


def test_corrected_columns_beside_raw_ones_are_named():
    header = "f,Zre_uncorrected,Zim_uncorrected,Zre_corrected,Zim_corrected"
    assert "left aside: Zre_corrected, Zim_corrected" in holds(
        table(header, F, Z.real, Z.imag, Z.real, 2 * Z.imag)
    )


def test_a_row_between_two_sweeps_takes_no_point_from_either():
    body = rows(F, Z.real, Z.imag)
    holds("\n".join(["f (Hz),Zre (Ohm),Zim (Ohm)", *body, "1000,12,-20", *body]), spectra=2)


def test_units_behind_the_frequencies_alone():
    told = [f"{f / 1e3:.9g} kHz" if f >= 1e3 else f"{f:.9g} Hz" for f in F]
    holds(table("Frequency,Zre (Ohm),Zim (Ohm)", told, Z.real, Z.imag))


def test_a_line_that_counts_pages_is_no_row():
    head, body = "Freq_Hz Zre_ohm Zim_ohm", rows(F, Z.real, Z.imag, mark=" ")
    holds("\n".join(["Page 1 of 2", head, *body[:13], "Page 2 of 2", head, *body[13:]]), "x.txt")


def test_an_omega_of_old_dos_programs():
    holds(table("Frequency (Hz);Z' (Ω);-Z'' (Ω)", F, Z.real, -Z.imag, mark=";").encode("cp437"))


@pytest.mark.parametrize(
    "document",
    [
        {
            "columns": ["f", "Zre", "Zim"],
            "units": ["Hz", "mOhm", "mOhm"],
            "data": np.c_[F, 1e3 * Z.real, 1e3 * Z.imag].tolist(),
        },
        {
            "data": [
                {"name": "f", "unit": "kHz", "values": (F / 1e3).tolist()},
                {"name": "Zre", "unit": "mΩ", "values": (1e3 * Z.real).tolist()},
                {"name": "Zim", "unit": "mΩ", "values": (1e3 * Z.imag).tolist()},
            ]
        },
    ],
)
def test_json_with_units_beside_the_names(document):
    holds(json.dumps(document), "x.json")


@pytest.mark.parametrize("turned", [False, True])
def test_as_many_spectra_as_frequencies(turned):
    many = np.array([Z * (1 + k / 26) for k in range(26)])
    stream = io.BytesIO()
    np.savez(stream, freq=F, Z=many.T if turned else many)
    found = read_bytes(stream.getvalue(), "x.npz")
    np.testing.assert_allclose([s.impedance for s in found], many, rtol=1e-12)


def test_as_many_spectra_as_frequencies_of_which_nothing_tells_which():
    stream = io.BytesIO()
    np.savez(stream, freq=F, Z=np.outer(Z, Z))
    with pytest.raises(ReadError, match="a row or a column"):
        read_bytes(stream.getvalue(), "x.npz")


@pytest.mark.parametrize("words", ["IMPS measurement", "IMVS of cell 3", "Intensity modulated photovoltage"])
def test_other_transfer_functions_are_no_impedance(words):
    with pytest.raises(ReadError, match="stands beside the table"):
        read_bytes((words + "\n" + table("Frequency,Real,Imag", F, Z.real, Z.imag)).encode(), "x.csv")


def test_an_acoustic_impedance_is_refused():
    with pytest.raises(ReadError, match="Rayl"):
        read_bytes(table("f (Hz),Re(Z) (Rayl),Im(Z) (Rayl)", F, Z.real, Z.imag).encode(), "x.csv")


def test_rows_of_a_cycler_between_those_of_spectra():
    head = "Phase,Time(s),Ewe(V),freq(Hz),Zre(Ohm),Zim(Ohm)"
    swept = [f"PEIS,1.5,3.6,{row}" for row in rows(F, Z.real, Z.imag)]
    charge = [f"CC Charge,{k}.5,{3.6 + k / 100:.2f},,," for k in range(80)]
    holds("\n".join([head, *swept, *charge, *swept, ""]), spectra=2)


def test_a_column_more_from_some_row_on_is_refused_with_the_line():
    body = rows(F, Z.real, Z.imag)
    text = "\n".join(["f (Hz),Zre (Ohm),Zim (Ohm)", *body[:6], *(f"{row},0.5" for row in body[6:]), ""])
    with pytest.raises(ReadError, match="line 2: fewer numbers"):
        read_bytes(text.encode(), "x.csv")


def test_files_behind_each_other_without_the_end_of_a_line():
    one = table("f (Hz),Zre (Ohm),Zim (Ohm)", F, Z.real, Z.imag)
    with pytest.raises(ReadError, match="line 27: a header right behind a number"):
        read_bytes((one.rstrip() + one).encode(), "x.csv")


@pytest.mark.parametrize("form", ["({}, {}, {})", "[[{} {} {}]", " [ {} {} {}]]", "[{}, {}, {}],"])
def test_rows_as_python_prints_them(form):
    text = "".join(form.format(f, z.real, z.imag) + "\n" for f, z in zip(F, Z, strict=True))
    holds(text, "x.txt")


@pytest.mark.parametrize("omega", ["\\u03a9", "\\Omega", "Ω"])
def test_an_omega_that_was_written_in_code(omega):
    holds(table(f"f (Hz),Z' (k{omega}),Z'' (k{omega})", F, Z.real / 1e3, Z.imag / 1e3))


def test_an_entity_of_html_in_a_header():
    holds(table("f (Hz),Z' (k&#937;),Z'' (k&Omega;)", F, Z.real / 1e3, Z.imag / 1e3))


def test_phase_in_radians_before_the_modulus_without_header():
    holds("\n".join(rows(F, np.angle(Z), np.abs(Z))))


def test_a_matlab_file_of_version_4_is_told():
    io_matlab = pytest.importorskip("scipy.io")
    stream = io.BytesIO()
    io_matlab.savemat(stream, {"f": F, "Zre": Z.real, "Zim": Z.imag}, format="4")
    with pytest.raises(ReadError, match="save it again"):
        read_bytes(stream.getvalue(), "x.mat")


def test_resistance_and_reactance_in_parallel():
    holds(table("f (Hz),Rp (Ohm),Xp (Ohm)", F, 1 / (1 / Z).real, -1 / (1 / Z).imag))


def test_a_sheet_and_a_table_called_fit_are_left_aside():
    document = {
        name: {"f": F.tolist(), "Zre": Z.real.tolist(), "Zim": Z.imag.tolist()} for name in ("data", "fit")
    }
    assert "left aside: 'fit', by its name a fit or a model" in holds(json.dumps(document), "x.json")
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.title = "Data"
    book.create_sheet("Fit")
    for sheet in book:
        for row in [["f (Hz)", "Z' (ohm)", "Z'' (ohm)"], *np.c_[F, Z.real, Z.imag].tolist()]:
            sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    assert "left aside: 'Fit', by its name a fit or a model" in holds(stream.getvalue(), "x.xlsx")


@pytest.mark.parametrize(
    "legend",
    [
        "Column 1: Frequency [kHz]\nColumn 2: Z_real [mOhm]\nColumn 3: Z_imag [mOhm]\n\n",
        "# 1=f/kHz 2=Z'/mOhm 3=Z''/mOhm\n",
        "# col 1: freq (kHz), col 2: Re(Z) (mOhm), col 3: Im(Z) (mOhm)\n",
        "# col1: frequency [kHz]\n# col2: Re(Z) [mOhm]\n# col3: Im(Z) [mOhm]\n",
        "0: f [kHz]\n1: Zre [mOhm]\n2: Zim [mOhm]\n",
    ],
)
def test_a_legend_of_numbered_columns(legend):
    holds(legend + "\n".join(rows(F / 1e3, 1e3 * Z.real, 1e3 * Z.imag, mark=" ")) + "\n", "x.txt")


def test_json_of_an_impedance_with_the_unit_of_its_phase():
    polar = {"magnitude": np.abs(Z).tolist(), "phase": np.angle(Z).tolist(), "phase_unit": "rad"}
    holds(json.dumps({"frequency": {"values": F.tolist()}, "impedance": polar}), "x.json")


def test_a_header_again_within_a_sweep_whose_names_have_units_behind_commas():
    head, body = "#,F, Hz,R, Ohm,X, Ohm", rows(np.arange(1, 27), F, Z.real, Z.imag)
    holds("\n".join([head, *body[:7], head, *body[7:], ""]))


def test_two_rows_that_are_exchanged_lose_no_point():
    body = rows(F, Z.real, Z.imag)
    holds("\n".join(["f (Hz),Zre (Ohm),Zim (Ohm)", body[1], body[0], *body[2:], ""]))


@pytest.mark.parametrize("place", [0, 12, 25])
def test_a_point_that_lost_its_decimal_mark_is_told(place):
    body = rows(F, Z.real, Z.imag)
    f, real, imag = body[place].split(",")
    body[place] = f"{f},{real.replace('.', '')},{imag}"
    (spectrum,) = read_bytes("\n".join(["f,Zre,Zim", *body, ""]).encode(), "x.csv")
    assert sum("a lost decimal mark?" in note for note in spectrum.notes) == 1


@pytest.mark.parametrize("header", ["f (Hz),Z/Z0 real,Z/Z0 imag", "f (Hz),Re(Z)/Z0,Im(Z)/Z0"])
def test_a_ratio_of_impedances_is_none(header):
    with pytest.raises(ReadError, match="no column"):
        read_bytes(table(header, F, Z.real, Z.imag).encode(), "x.csv")


@pytest.mark.parametrize(
    "whose", ["Ch1 ", "Channel 2_", "cell_", "Electrode ", "DUT.", "Mod1 ", "[1] ", "1: ", "imp_", "Total "]
)
@pytest.mark.parametrize(
    "parts", ["R,-1*{}X", "Rs,neg {}Xs", "Re,-({}Im)", "real part,minus {}imaginary part"]
)
def test_names_of_channels_and_cells_before_bare_parts(whose, parts):
    real, imag = parts.split(",")
    holds(
        table(
            f"{whose}freq (Hz);{whose}{real} (Ohm);{imag.format(whose)} (Ohm)", F, Z.real, -Z.imag, mark=";"
        )
    )


def test_two_channels_beside_each_other():
    header = "f (Hz),Ch1 R (Ohm),Ch1 X (Ohm),Ch2 R (Ohm),Ch2 X (Ohm)"
    found = read_bytes(table(header, F, Z.real, Z.imag, 2 * Z.real, 2 * Z.imag).encode(), "x.csv")
    assert [s.metadata["label"] for s in found] == ["ch1", "ch2"]
    np.testing.assert_allclose([s.impedance for s in found], [Z, 2 * Z], rtol=1e-6)


def test_cells_by_one_letter_and_a_number_and_a_cell_called_d():
    names = [f"{part} S{k}(Ω)" for k in (1, 2) for part in ("实部", "虚部")]
    holds(table(",".join(["频率(Hz)", *names]), F, Z.real, Z.imag, Z.real, Z.imag), spectra=2)
    names = [f"{part} {cell}/Ohm" for cell in "CD" for part in ("Re(Z)", "Im(Z)")]
    holds(table(",".join(["f/Hz", *names]), F, Z.real, Z.imag, Z.real, Z.imag), spectra=2)


def test_a_frequency_called_real_beside_the_nominal_one():
    holds(table("f_nom (Hz),f_real (Hz),Zre,Zim", np.round(F), F, Z.real, Z.imag))


@pytest.mark.parametrize("name", ["Frequency (set)", "Freq_nominal", "f soll / Hz"])
def test_a_frequency_that_was_set_where_there_is_no_other(name):
    holds(table(f"{name};Zre;Zim", F, Z.real, Z.imag, mark=";"))


def test_titles_with_numbers_over_tables_beside_each_other_tell_no_gaps():
    head = (
        "SOC 10 %\t\t\tSOC 30 %\t\t\tSOC 50 %\nfreq/Hz\tRe(Z)/Ohm\t-Im(Z)/Ohm"
        + "\tfreq/Hz\tRe(Z)/Ohm\t-Im(Z)/Ohm" * 2
    )
    short = [[f"{v:.7e}" for v in column[:20]] + [""] * 6 for column in (F, Z.real, -Z.imag)]
    text = table(head, F, Z.real, -Z.imag, F, Z.real, -Z.imag, *short, mark="\t").replace(".", ",")
    assert [s.frequency.size for s in read_bytes(text.encode(), "x.txt")] == [26, 26, 20]


@pytest.mark.parametrize("header", ["|Z| (Ohm)|f|Z'|Z''", "||Z| (Ohm)|f|Z'|Z''|", "|f||Z| (Ohm)|Z'|Z''|"])
def test_a_modulus_between_bars(header):
    columns = (F, np.abs(Z)) if header.startswith("|f") else (np.abs(Z), F)
    body = rows(*columns, Z.real, Z.imag, mark="|")
    framed = header.endswith("|")
    holds("\n".join([header, *(f"|{row}|" if framed else row for row in body), ""]), "x.txt")


def test_a_pivot_of_pandas_has_three_lines_of_names():
    pandas = pytest.importorskip("pandas")
    parts = {"cell": ["A"] * 26 + ["B"] * 26, "f_Hz": [*F, *F], "Zre": [*Z.real] * 2, "Zim": [*Z.imag] * 2}
    frame = pandas.DataFrame(parts).pivot(index="f_Hz", columns="cell")
    holds(frame.to_csv(), spectra=2)


@pytest.mark.parametrize("form", ['"{}"', '"{}";;', "{};;;"])
def test_rows_that_a_spreadsheet_took_for_one_cell(form):
    lines = ["f (Hz),Zre (Ohm),Zim (Ohm)", *rows(F, Z.real, Z.imag)]
    holds("".join(form.format(line) + "\n" for line in lines))


def test_a_remark_of_as_many_words_as_columns_is_no_header():
    holds(
        "*Woofer Tester DATS\n" + "\n".join(rows(F, np.abs(Z), np.angle(Z, deg=True), mark=" ")) + "\n",
        "x.txt",
    )


def test_a_sheet_on_its_side():
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for name, values in (("f (Hz)", F), ("Zre (Ohm)", Z.real), ("Zim (Ohm)", Z.imag)):
        book.active.append([name, *values.tolist()])
    stream = io.BytesIO()
    book.save(stream)
    holds(stream.getvalue(), "x.xlsx")


def test_flat_xml_of_opendocument():
    spaces = "office", "table", "text"
    names = " ".join(f'xmlns:{s}="urn:oasis:names:tc:opendocument:xmlns:{s}:1.0"' for s in spaces)
    cell = '<table:table-cell office:value-type="{0}"{2}><text:p>{1}</text:p></table:table-cell>'.format
    lines = [[cell("string", name, "") for name in ("f (Hz)", "Zre (Ohm)", "Zim (Ohm)")]]
    lines += [
        [cell("float", f"{v:.3g}", f' office:value="{v:.9g}"') for v in row]
        for row in zip(F, Z.real, Z.imag, strict=True)
    ]
    body = "".join(f"<table:table-row>{''.join(line)}</table:table-row>" for line in lines)
    kind = 'office:mimetype="application/vnd.oasis.opendocument.spreadsheet"'
    sheet = f'<table:table table:name="one">{body}</table:table>'
    holds(f"<office:document {names} {kind}><office:body>{sheet}</office:body></office:document>", "x.fods")


@pytest.mark.parametrize("unit", ["_m_ohm", " / m.ohm", " [m Ω]", "/m·Ohm", " (m-ohm)"])
def test_a_prefix_apart_from_ohm(unit):
    holds(table(f"f,Zre{unit},Zim{unit}", F, 1e3 * Z.real, 1e3 * Z.imag))


def test_a_frequency_that_was_measured_stands_before_the_one_that_was_set():
    holds(table("f soll / Hz,f ist / Hz,Zre,Zim", np.round(F), F, Z.real, Z.imag))


@pytest.mark.parametrize(
    ("unit", "scale"),
    [
        ("giga.ohm", 1e9),
        ("meg-Ω", 1e6),
        ("nano·ohms", 1e-9),
        ("[K Ω]", 1e3),
        ("/ G·Ohm", 1e9),
        ("m*Ohms", 1e-3),
        ("MegaΩ", 1e6),
        ("milli x Ohm", 1e-3),
        ("in microohm", 1e-6),
        ("kilo_OHMS", 1e3),
    ],
)
@pytest.mark.parametrize("name", ["Zre {}", "Re(Z) {}", '"Z\'" {}', "Zmod {}"])
def test_prefixes_of_ohm_in_words_and_apart(name, unit, scale):
    meaning = parse_name(name.format(unit))
    assert meaning.quantity in ("real", "modulus")
    assert meaning.scale == pytest.approx(scale)
    assert not meaning.label


@pytest.mark.parametrize("name", ["Zre_G_ohm", "Z' T Ohm", "|Z| n_Ω", "Zre=K ohm"])
def test_a_letter_apart_that_may_be_a_prefix_or_a_cell_is_not_understood(name):
    assert not parse_name(name).quantity


@pytest.mark.parametrize(
    ("modulus", "angle", "scale"),
    [
        ("Amplitude (ohm)", "Phase (deg)", 1.0),
        ("abs(Z)", "deg(Z)", 1.0),
        ("Z/ohm", "Z/deg", 1.0),
        ("Z [Ohm]", "Z [°]", 1.0),
        ("Z_ohm", "rad(Z)", np.pi / 180),
    ],
)
def test_an_impedance_in_degrees_is_its_phase(modulus, angle, scale):
    holds(table(f"Frequency (Hz),{modulus},{angle}", F, abs(Z), np.angle(Z, deg=True) * scale))


@pytest.mark.parametrize("name", ["Amplitude", "Amplitude (V)", "amplitude_mV", "|Y| (deg)", "|Z| (deg)"])
def test_what_is_no_modulus(name):
    assert not parse_name(name).quantity


@pytest.mark.parametrize(
    ("mean", "derived"),
    [
        ("Mittelwert", "Stdabw"),
        ("moyenne", "incertitude"),
        ("平均", "标准差"),
        ("", "Anpassung"),
        ("", "拟合"),
    ],
)
def test_uncertainties_and_fits_in_other_languages_are_no_spectrum(mean, derived):
    header = f"f (Hz),Z' {mean} (Ohm),Z' {derived} (Ohm),Z'' {mean} (Ohm),Z'' {derived} (Ohm)"
    holds(table(header, F, Z.real, Z.real / 9, Z.imag, Z.imag / 9))


def test_vectors_of_r():
    vectors = zip(("f", "Zre", "Zim"), (F, Z.real, Z.imag), strict=True)
    text = "\n".join(f"{name} <- c({', '.join(f'{v:.9g}' for v in one)})" for name, one in vectors)
    holds(text, "data.R")


def test_two_pi_f_and_parts_per_unit():
    holds(table("2πf,Z' (Ohm),Z'' (Ohm)", 2 * np.pi * F, Z.real, Z.imag))
    assert not parse_name("Z' (p.u.)").quantity


@pytest.mark.parametrize("header", ["Résistance,Réactance", "Wirkwiderstand (Ω),Blindwiderstand (Ω)"])
def test_a_mark_of_over_range_between_resistances(header):
    text = table(f"f (Hz),{header}", F, Z.real, Z.imag).splitlines()
    text.insert(4, "50000,1E+99,1E+99")
    assert any("over-range" in note for note in holds("\n".join(text)))


@pytest.mark.parametrize(("name", "scale"), [("frequency [megahz]", 1e6), ("FREQ, kiloHz", 1e3)])
def test_prefixes_of_hertz_in_words(name, scale):
    assert parse_name(name).scale == pytest.approx(scale)


@pytest.mark.parametrize(
    "words",
    [
        "impedance/mohm vs frequency/Hz",
        "R/mOhm, X/mOhm",
        "Achtung: Werte in mOhm!",
        "unit: m Ohm",
        "单位：毫欧",
        "Z in mOhm",
        "Scale: 1e-3",
        "ohm x 1e-3",
        "impedance values multiplied by 1000",
    ],
)
@pytest.mark.parametrize("place", ["above", "between", "beside", "below"])
def test_a_unit_or_a_factor_anywhere_beside_a_header_without_units_is_used_or_asked_for(words, place):
    head, body = "freq,Zre,Zim", rows(F, 1e3 * Z.real, 1e3 * Z.imag)
    lines = {
        "above": [words, head, *body],
        "between": [head, f"# {words}", *body],
        "beside": [f'{head},,"{words}"', *(f"{row},," for row in body)],
        "below": [head, *body, words],
    }[place]
    try:
        holds("\n".join([*lines, ""]))
    except ReadError as error:
        assert re.search("impedance-unit|stands above the table|has a unit", str(error))


@pytest.mark.parametrize(("unit", "scale"), [("V/mA", 1e3), ("mV/A", 1e-3), ("V/A", 1), ("mV/mA", 1)])
def test_volts_per_ampere_are_ohms(unit, scale):
    holds(table(f"f/Hz,Z' / {unit},Z'' ({unit})", F, Z.real / scale, Z.imag / scale))


@pytest.mark.parametrize(
    "words",
    [
        "频率单位: kHz",
        "单位：千赫",
        "unit: k Hz",
        "f (x 1000 Hz)",
        "частота, кГц",
        "sweep (kHz)",
        "Abszisse: kHz",
        "f in thousand Hz",
    ],
)
@pytest.mark.parametrize("place", ["above", "between", "below"])
def test_a_unit_of_the_frequency_beside_a_header_without_is_used_or_asked_for(words, place):
    head, body = "freq,Zre (Ohm),Zim (Ohm)", rows(F / 1e3, Z.real, Z.imag)
    try:
        holds(beside(place, words, head, body))
    except ReadError as error:
        assert re.search("the header has no unit", str(error))


@pytest.mark.parametrize(
    "words",
    [
        "Start frequency: 100 kHz",
        "fi (kHz)   200.000",
        "unit fi   kHz",
        "Sampling (kHz)",
        "Lowpass filter kHz",
        "Shunt 10 mOhm",
        "Calibrated with a 100 mOhm shunt",
        "DCIR (mOhm),23.4",
        "averages: 10 x",
        "Impedance @1kHz: 20 mOhm",
    ],
)
@pytest.mark.parametrize("place", ["above", "between", "below"])
def test_units_of_settings_and_results_are_not_those_of_the_table(words, place):
    head, body = "freq,Zre,Zim", rows(F, Z.real, Z.imag)
    holds(beside(place, words, head, body))


def npz(**arrays):
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def test_complex_arrays_of_two_cells_are_two_spectra():
    found = read_bytes(npz(f=F, Z_A=Z, Z_B=2 * Z), "x.npz")
    np.testing.assert_allclose([s.impedance for s in found], [Z, 2 * Z], rtol=1e-12)
    found = read_bytes(npz(f=F, Z_A=np.array([Z, 3 * Z]), Z_B=np.array([2 * Z, 4 * Z])), "x.npz")
    np.testing.assert_allclose([s.impedance for s in found], [Z, 2 * Z, 3 * Z, 4 * Z], rtol=1e-12)


def test_the_fit_beside_a_complex_array_is_not_taken_for_it():
    holds(npz(f=F, Z=Z, Z_fit=1.01 * Z), "x.npz")
    pairs = {name: np.c_[z.real, z.imag].tolist() for name, z in (("Z", Z), ("Z_fit", 1.01 * Z))}
    holds(json.dumps({"f": F.tolist(), **pairs}), "x.json")


@pytest.mark.parametrize("word", [{"unit": "mOhm"}, {"scale": 1e-3}])
def test_a_unit_or_a_factor_beside_arrays_is_asked_for(word):
    with pytest.raises(ReadError, match="--impedance-unit"):
        read_bytes(npz(f=F, Z=1e3 * Z, **word), "x.npz")
    h5py = pytest.importorskip("h5py")
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        for name, value in {"f": F, "Z": 1e3 * Z, **word}.items():
            file[name] = value
    with pytest.raises(ReadError, match="--impedance-unit"):
        read_bytes(stream.getvalue(), "x.h5")


def test_json_of_nested_lists_and_conditions_of_another_length():
    pair = [np.c_[z.real, z.imag].tolist() for z in (Z, 2 * Z)]
    found = read_bytes(json.dumps({"f": F.tolist(), "Z": pair, "T": [20, 30]}).encode(), "x.json")
    np.testing.assert_allclose([s.impedance for s in found], [Z, 2 * Z], rtol=1e-12)


def test_a_unit_that_changes_in_the_middle_of_a_sweep_is_told():
    factor = np.where(np.arange(26) > 12, 1000, 1)
    (spectrum,) = read_bytes(
        table("f (Hz),Zre (Ohm),Zim (Ohm)", F, factor * Z.real, factor * Z.imag).encode(), "x.csv"
    )
    assert any(note.startswith("assumed: the unit is the same throughout") for note in spectrum.notes)
    assert not any("lost decimal mark" in note for note in spectrum.notes)


def test_parts_over_frequencies_that_differ_are_refused():
    header = "f (Hz),|Z| (Ohm),f (Hz),Phase (deg)"
    holds(table(header, F, np.abs(Z), F, np.angle(Z, deg=True)))
    with pytest.raises(ReadError, match="more than two per cent"):
        read_bytes(table(header, F, np.abs(Z), 1.05 * F, np.angle(Z, deg=True)).encode(), "x.csv")


@pytest.mark.parametrize("name", ["Status", "Meas status", "Flag"])
def test_points_whose_state_says_that_they_were_not_measured_are_left_out(name):
    state = ["OK"] * 27
    state[5] = "OVERLOAD"
    f, real, imag = (np.insert(values, 5, 7e4) for values in (F, Z.real, Z.imag))
    holds(table(f"f (Hz),Zre (Ohm),Zim (Ohm),{name}", f, real, imag, state))


def test_columns_of_units_whose_names_are_empty():
    unit = ["mOhm"] * 26
    holds(table("f,,Zre,,Zim,", F, ["Hz"] * 26, 1e3 * Z.real, unit, 1e3 * Z.imag, unit))


@pytest.mark.parametrize(
    "types", ["REAL,REAL,REAL", "double,double,double", "float64,float64,float64", "int,float,float"]
)
def test_a_row_of_types_below_the_names(types):
    holds(table(f"f,Zre,Zim\n{types}", F, Z.real, Z.imag))


def test_names_in_percent_codes():
    holds(table("freq%20(Hz),Z%27%20(Ohm),Z%27%27%20(Ohm)", F, Z.real, Z.imag))


@pytest.mark.parametrize(
    "text",
    [
        "17782.8,10.00Ω16,-7.4234.1,10.\n0002,-7.71429\n17782.8,10.0016,-7.4234.1,10.0",
        table(
            "frequency/Hz,|V|/V,phase V,|I|/A,phase I",
            F,
            np.ones(26),
            ["nan"] * 26,
            np.ones(26),
            ["nan"] * 26,
        ),
    ],
    ids=["headerless", "voltage"],
)
def test_a_column_without_a_number_is_refused_in_a_sentence(text):
    with pytest.raises(ReadError):
        read_bytes(text.encode(), "x.csv")
