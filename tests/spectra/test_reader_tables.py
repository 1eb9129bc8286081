"""Tables of several sweeps, units beside the table, marks for what was not measured, workbooks by hand.

The spectra are closed forms, simulated here.
"""

from __future__ import annotations

import io
import json

import numpy as np
import pytest

from eisfit.errors import ReadError
from eisfit.spectra.readers import read_bytes

F = np.geomspace(1e5, 1.0, 26)
Z = 10 + 100 / (1 + 2j * np.pi * F * 0.01)
G = np.geomspace(3e4, 0.1, 30)
ZG = 50 + 300 / (1 + 2j * np.pi * G * 0.1)


def rows(form, *columns):
    return "".join(form.format(*row) + "\n" for row in zip(*columns, strict=True))


def one(text, name="x.csv"):
    (spectrum,) = read_bytes(text.encode() if isinstance(text, str) else text, name)
    return spectrum


def holds(spectrum, f=F, z=Z):
    np.testing.assert_allclose(spectrum.frequency, f, rtol=1e-6)
    np.testing.assert_allclose(spectrum.impedance, z, rtol=1e-6)


def hdf5(fill):
    h5py = pytest.importorskip("h5py", reason="optional: HDF5")
    stream = io.BytesIO()
    with h5py.File(stream, "w") as content:
        fill(content)
    return stream.getvalue()


def workbook(*sheets):
    openpyxl = pytest.importorskip("openpyxl", reason="optional: workbooks")
    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, sheet in enumerate(sheets):
        page = book.create_sheet(f"S{number}")
        for row in sheet:
            page.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_two_sweeps_of_different_frequencies_stay_two():
    text = "Step,Frequency (Hz),Zre (Ohm),Zim (Ohm)\n"
    text += rows("1,{},{},{}", F, Z.real, Z.imag) + rows("3,{},{},{}", G, ZG.real, ZG.imag)
    first, second = read_bytes(text.encode(), "x.csv")
    holds(first)
    holds(second, G, ZG)


def test_a_sweep_in_two_interlaced_passes_stays_one():
    order = [*range(0, 26, 2), *range(1, 26, 2)]
    holds(one("f (Hz),Zre (Ohm),Zim (Ohm)\n" + rows("{},{},{}", F[order], Z.real[order], Z.imag[order])))


def test_a_column_of_remarks_behind_numbered_rows_with_units_in_row_two():
    numbers = range(1, F.size + 1)
    text = "#\tFrequency\tReal\t-Imag\tComment\n\tHz\tmΩ\tmΩ\t\n"
    holds(one(text + rows("{}\t{}\t{}\t{}\t", numbers, F, Z.real, -Z.imag)), z=Z / 1000)


@pytest.mark.parametrize(
    "mark", ["9.99999E+28", "9.9E+37", "9.99999E+99", "OVERFLOW", "-----", "O.F.", "+OVER"]
)
def test_marks_of_analysers_for_what_they_could_not_measure(mark):
    text = "FREQ[Hz],Z[ohm],PHASE[deg]\n" + rows("{},{},{}", F, abs(Z), np.degrees(np.angle(Z)))
    lines = text.splitlines()
    lines.insert(9, f"33.3,{mark},{mark}")
    holds(one("\n".join(lines) + "\n"))


def test_ohms_stand_before_ohms_times_area():
    head = "Frequency (Hz),Z' (Ohm cm2),Z'' (Ohm cm2),Z' (Ohm),Z'' (Ohm)\n"
    holds(one(head + rows("{},{},{},{},{}", F, 2 * Z.real, 2 * Z.imag, Z.real, Z.imag)))


def test_the_unit_of_a_dataset():
    def fill(content):
        group = content.create_group("eis")
        for name, values, unit in (
            ("frequency", F, "Hz"),
            ("z_real", Z.real, "mOhm"),
            ("z_imag", Z.imag, "mOhm"),
        ):
            group.create_dataset(name, data=values).attrs["units"] = unit

    holds(one(hdf5(fill), "x.h5"), z=Z / 1000)


def test_a_unit_in_the_name_of_a_file_without_units_is_asked_for():
    text = "f,Zre,Zim\n" + rows("{},{},{}", F, Z.real, Z.imag)
    with pytest.raises(ReadError, match="or in the file"):
        one(text, "cell_A_mOhm.csv")
    holds(one(text, "shunt_10_mOhm.csv"))  # a resistor's


def test_a_workbook_that_begins_in_its_third_column_beside_an_empty_one():
    head = [["", "", "f [Hz]", "Z' [Ohm]", "Z'' [Ohm]", "", "Rs", "20.4 Ohm"]]
    sheet = head + [["", "", float(f), float(z.real), float(z.imag)] for f, z in zip(F, Z, strict=True)]
    holds(one(workbook(sheet, []), "x.xlsx"))


def test_the_last_row_of_a_sheet_is_never_cut_off():
    sheet = [["f (Hz)", "Zre (Ohm)", "Zim (Ohm)", "", "f (Hz)", "Zre (Ohm)", "Zim (Ohm)"]]
    longer = [[float(f), float(z.real), float(z.imag)] for f, z in zip(G, ZG, strict=True)]
    shorter = [["", float(f), float(z.real), float(z.imag)] for f, z in zip(F, Z, strict=True)]
    sheet += [a + b for a, b in zip(longer, [*shorter, [], [], [], []], strict=True)]
    spectra = read_bytes(workbook(sheet), "x.xlsx")
    assert [spectrum.frequency.size for spectrum in spectra] == [30, 26]


@pytest.mark.parametrize(
    "labels", [("blank", "10 ppm", "50 ppm"), ("0 V", "0.1 V", "0.2 V"), ("1 min", "5 min", "1 h")]
)
def test_a_condition_in_the_names_of_columns(labels):
    names = [f"{label} {part} (Ohm)" for label in labels for part in ("Zre", "Zim")]
    columns = [values for k in (1, 2, 3) for values in (k * Z.real, k * Z.imag)]
    text = ";".join(["f (Hz)", *names]) + "\n" + rows(";".join(["{}"] * 7), F, *columns)
    spectra = read_bytes(text.encode(), "x.csv")
    assert len(spectra) == 3
    for k, spectrum in enumerate(spectra, 1):
        holds(spectrum, z=k * Z)


def test_four_point_sweeps_stay_apart():
    text, z = "f (Hz),Zre (Ohm),Zim (Ohm)\n", {}
    for k in (1.0, 1.3, 1.6):
        f = k * np.array([1000.0, 100.0, 10.0, 1.0])
        z[k] = 10 * k + 100 * k / (1 + 2j * np.pi * f * 0.01)
        text += rows("{},{},{}", f, z[k].real, z[k].imag)
    assert [s.frequency.size for s in read_bytes(text.encode(), "x.csv")] == [4, 4, 4]


@pytest.mark.parametrize("row", ["\n33.3,110,0.0031\n", "\n1e-3,110,0.0031\n", "1000,21,-30\n"])
def test_a_row_below_the_sweep_that_is_none_is_left_aside(row):
    spectrum = one("f (Hz),Zre (Ohm),Zim (Ohm)\n" + rows("{},{},{}", F, Z.real, Z.imag) + row)
    holds(spectrum)
    assert any("left aside" in note for note in spectrum.notes)


@pytest.mark.parametrize("row", ["10 0.01 0\n", "1e9 0.1 31\n"])
def test_a_row_of_settings_above_numbers_without_header_is_left_aside(row):
    holds(one(row + rows("{} {} {}", F, Z.real, Z.imag)))


def test_the_last_page_of_one_row_stays():
    table = rows("{},{},{}", F, Z.real, Z.imag).splitlines()
    holds(one("\n".join(["f (Hz),Zre (Ohm),Zim (Ohm)", *table[:-1], "", table[-1], ""])))


COLUMNS = {"frequency": F.tolist(), "z_real": Z.real.tolist(), "z_imag": Z.imag.tolist()}


@pytest.mark.parametrize(
    "document",
    [
        {"meta": {"unit": "mOhm"}, "data": COLUMNS},
        {**COLUMNS, "comment": "impedances in mΩ"},
        {**COLUMNS, "comment": "frequency in kHz"},
    ],
)
def test_a_unit_elsewhere_in_json_is_asked_for(document):
    with pytest.raises(ReadError, match="stands beside the table"):
        one(json.dumps(document), "x.json")


def test_units_of_the_columns_beside_them_in_json():
    units = {"frequency": "kHz", "z_real": "mohm", "z_imag": "mohm"}
    spectrum = one(json.dumps({**COLUMNS, "units": units}), "x.json")
    holds(spectrum, 1000 * F, Z / 1000)


def test_a_unit_elsewhere_in_arrays_is_asked_for():
    from scipy.io import savemat

    npz, mat = io.BytesIO(), io.BytesIO()
    np.savez(npz, freq=F, Z=Z, unit=np.array("mOhm"))
    savemat(mat, {"EIS": {"f": F, "Z": Z, "unit": "mOhm"}})
    group = hdf5(lambda content: content.attrs.update({"unit": "mOhm"}) or content.update({"f": F, "Z": Z}))
    for stream, name in ((npz.getvalue(), "x.npz"), (mat.getvalue(), "x.mat"), (group, "x.h5")):
        with pytest.raises(ReadError, match="stands beside the table"):
            one(stream, name)


def test_the_unit_of_a_column_in_parquet():
    pa = pytest.importorskip("pyarrow", reason="optional: Parquet")
    from pyarrow import parquet

    units = {"freq": "Hz", "zre": "mOhm", "zim": "mOhm"}
    schema = pa.schema(
        [pa.field(name, pa.float64(), metadata={"unit": unit}) for name, unit in units.items()]
    )
    stream = io.BytesIO()
    parquet.write_table(pa.table([F, Z.real, Z.imag], schema=schema), stream)
    holds(one(stream.getvalue(), "x.parquet"), z=Z / 1000)


@pytest.mark.parametrize("words", [("EIS mOhm", []), ("Data", [["Impedance in mOhm"]])])
def test_a_unit_in_a_sheets_name_is_taken_and_one_on_another_sheet_asked_for(words):
    openpyxl = pytest.importorskip("openpyxl", reason="optional: workbooks")
    book, stream = openpyxl.Workbook(), io.BytesIO()
    book.active.title = words[0]
    for row in (["f", "Zre", "Zim"], *zip(F.tolist(), Z.real.tolist(), Z.imag.tolist(), strict=True)):
        book.active.append(row)
    page = book.create_sheet("Readme")
    for row in words[1]:
        page.append(row)
    book.save(stream)
    if words[1]:
        with pytest.raises(ReadError, match="stands beside the table"):
            one(stream.getvalue(), "x.xlsx")
    else:
        holds(one(stream.getvalue(), "x.xlsx"), z=Z / 1000)


def test_a_line_that_says_to_divide_is_asked_for():
    with pytest.raises(ReadError, match="stands beside the table"):
        one("Note: divide Z by 1000 to get Ohm\nf,Zre,Zim\n" + rows("{},{},{}", F, Z.real, Z.imag))


@pytest.mark.parametrize("words", ["\n\n\nNotes:\na\nb\nc\nd\ne\nImpedance values are in milliohm\n"])
def test_a_unit_far_below_the_table_is_asked_for(words):
    with pytest.raises(ReadError, match="stands beside the table"):
        one("f,Zre,Zim\n" + rows("{},{},{}", F, Z.real, Z.imag) + words)


def test_an_mpt_of_another_program_is_a_table():
    head = "Instrument: X\nFrequency (Hz);Z' (Ω);-Z'' (Ω);|Z| (Ω);Phase (°)\n"
    angle = np.degrees(np.angle(Z))
    holds(one(head + rows("{};{};{};{};{}", F, Z.real, -Z.imag, abs(Z), angle), "x.mpt"))


def test_a_line_of_commas_above_the_header():
    holds(
        one("Notes:\n,,,,\nCH 3: Fixed\nf (Hz),Zre (Ohm),Zim (Ohm)\n" + rows("{},{},{}", F, Z.real, Z.imag))
    )


def test_parts_that_modulus_and_phase_confirm_are_parts_although_kramers_kronig_fails():
    odd = Z.real + 0.05j * Z.imag * np.linspace(1, 20, F.size)
    columns = (F, odd.real, odd.imag, abs(odd), np.degrees(np.angle(odd)))
    holds(one("frequency,real,imag,|Z|,phase\n" + rows("{},{},{},{},{}", *columns)), z=odd)


def test_a_last_number_that_needs_no_exponent_is_not_cut_off():
    small = [f"{x:.6g}" for x in np.geomspace(1e-9, 1.17e-4, F.size)]
    assert "e" not in small[-1]
    head = "f (Hz),Zre (Ohm),Zim (Ohm),Cs (F)\n"
    columns = (F, Z.real, Z.imag, small)
    holds(one((head + rows("{},{},{},{}", *columns)).rstrip("\n")))


def test_electrodes_called_pos_and_neg():
    names = "f (Hz),Zre pos (Ohm),Zim pos (Ohm),Zre neg (Ohm),Zim neg (Ohm)\n"
    first, second = read_bytes(
        (names + rows("{},{},{},{},{}", F, Z.real, Z.imag, 2 * Z.real, 2 * Z.imag)).encode(), "x.csv"
    )
    holds(first)
    holds(second, z=2 * Z)
    assert second.metadata["label"] == "neg"


def test_rows_of_a_cycler_beside_those_of_a_spectrum():
    rest = "CC,3.7,0.5,0,0,0\n" * 20
    eis = rows("EIS,3.9,0,{},{},{}", F, Z.real, Z.imag)
    holds(one("Step,Potential (V),Current (A),EISFreq(Hz),Zre(Ohm),Zim(Ohm)\n" + rest + eis + rest))


def test_numbers_with_units_in_cells_parted_by_tabs():
    cells = rows("{} Hz\t{} Ω\t{} Ω", F, Z.real, Z.imag)
    holds(one("f\tRe(Z)\tIm(Z)\n" + cells))


def test_an_array_that_is_multiplied_is_asked_for():
    f, re, im = (" ".join(map(str, values.tolist())) for values in (F, Z.real, Z.imag))
    with pytest.raises(ReadError, match="write the product"):
        one(f"f = [{f}];\nZre = [{re}]*1e-3;\nZim = [{im}]*1e-3;\n", "x.m")


def test_a_table_without_units_below_one_in_milliohm_is_asked_for():
    table = rows("{},{},{}", F, Z.real, Z.imag)
    with pytest.raises(ReadError, match="stands beside the table"):
        read_bytes(f"f (Hz),Zre (mOhm),Zim (mOhm)\n{table}\nf,Zre,Zim\n{table}".encode(), "x.csv")


@pytest.mark.parametrize(
    ("name", "out", "kept"),
    [
        ("Masked", "True", "False"),
        ("excluded", "1", "0"),
        ("Outlier", "x", ""),
        ("valid", "0", "1"),
        ("use", "no", "yes"),
    ],
)
def test_points_that_a_column_marks_are_left_out(name, out, kept):
    marked = np.zeros(F.size, dtype=bool)
    marked[[5, 11]] = True
    wrong = np.where(marked, 3 * Z, Z)
    told = [out if one else kept for one in marked]
    spectrum = one(
        f"{name},f (Hz),Zre (Ohm),Zim (Ohm)\n" + rows("{},{},{},{}", told, F, wrong.real, wrong.imag)
    )
    holds(spectrum, F[~marked], Z[~marked])
    assert f"left out 2 points that {name!r} marks" in spectrum.notes
    assert not any(note.startswith("dropped") for note in spectrum.notes)


@pytest.mark.parametrize("value", [-999, -9999.0, 9999999, -1])
def test_a_number_that_stands_for_nothing_is_left_out(value):
    table = rows("{},{},{}", F, Z.real, Z.imag).splitlines()
    for place in (6, 14):
        table[place] = f"{F[place]},{value},{value}"
    kept = np.delete(np.arange(F.size), [6, 14])
    spectrum = one("\n".join(["f (Hz),Zre (Ohm),Zim (Ohm)", *table, ""]))
    holds(spectrum, F[kept], Z[kept])
    assert any("in both parts is no value" in note for note in spectrum.notes)


def test_a_calibration_above_the_spectrum_is_left_aside():
    gains = rows("{},{},{}", F[::6], np.ones(5), np.zeros(5))
    text = f"Calibration\nFrequency (Hz),Gain,Phase (deg)\n{gains}\nMeasurement\n"
    holds(one(text + "Frequency (Hz),Zre (Ohm),Zim (Ohm)\n" + rows("{},{},{}", F, Z.real, Z.imag)))


def test_packed_numbers_of_a_dataset():
    def fill(content):
        content["frequency"] = F
        for name, values in (("z_real", Z.real), ("z_imag", Z.imag)):
            dataset = content.create_dataset(name, data=np.round(values * 1e6).astype(np.int64))
            dataset.attrs.update({"scale_factor": 1e-6, "units": "ohm"})

    np.testing.assert_allclose(one(hdf5(fill), "x.h5").impedance, Z, rtol=1e-5)


@pytest.mark.parametrize("factor", ["0.001", "linear", np.array([1.0, 2.0])])
def test_a_dataset_packed_by_what_is_no_number_is_refused(factor):
    def fill(content):
        content["frequency"], content["z_real"] = F, Z.real
        content.create_dataset("z_imag", data=Z.imag).attrs["scale_factor"] = factor

    with pytest.raises(ReadError, match="scale_factor of a dataset is no number"):
        one(hdf5(fill), "x.h5")


@pytest.mark.parametrize("line", ["Multiplier,1e-3", "Z scale: 0.001", "Scale,milli", "# scaling: 1e-3"])
def test_a_factor_above_the_table_is_asked_for(line):
    with pytest.raises(ReadError, match="stands above the table"):
        one(f"{line}\nf,Zre,Zim\n" + rows("{},{},{}", F, Z.real, Z.imag))


def test_a_factor_in_json_is_asked_for():
    with pytest.raises(ReadError, match="stands beside the table"):
        one(json.dumps({**COLUMNS, "scale_factor": 0.001}), "x.json")


def test_marks_behind_the_last_column():
    marks = ["x" if place in (5, 11) else "" for place in range(F.size)]
    kept = np.delete(np.arange(F.size), [5, 11])
    text = "f (Hz),Zre (Ohm),Zim (Ohm),Outlier\n" + rows("{},{},{},{}", F, Z.real, Z.imag, marks)
    holds(one(text), F[kept], Z[kept])


@pytest.mark.parametrize("mark", ["#", "%", "//", ";", "!"])
def test_rows_behind_the_mark_of_a_comment_are_none(mark):
    table = rows("{},{},{}", F, Z.real, Z.imag).splitlines()
    table[7] = mark + table[7]
    kept = np.delete(np.arange(F.size), 7)
    holds(one("\n".join(["f (Hz),Zre (Ohm),Zim (Ohm)", *table, ""])), F[kept], Z[kept])


def test_a_sweep_up_that_begins_below_the_end_of_the_one_down():
    up = np.geomspace(0.3, 2e4, 25)
    zu = 5 + 60 / (1 + 2j * np.pi * up * 0.03)
    text = "f (Hz),Zre (Ohm),Zim (Ohm)\n" + rows("{},{},{}", F, Z.real, Z.imag)
    first, second = read_bytes((text + rows("{},{},{}", up, zu.real, zu.imag)).encode(), "x.csv")
    holds(first)
    holds(second, up[::-1], zu[::-1])


def test_the_last_of_rows_with_units_is_whole():
    cells = [f"{f:.6g} Hz,{z.real:.6g} Ohm,{z.imag:.6g} Ohm" for f, z in zip(F, Z + 0.123456, strict=True)]
    cells[-1] = "1 Hz,12 Ohm,-1 Ohm"
    assert one("\n".join(["Frequency,Z real,Z imag", *cells, ""])).points == F.size


def test_columns_without_a_unit_beside_others_in_milliohm_are_asked_for():
    head = "f (Hz),Zre1 (mOhm),Zim1 (mOhm),Zre2,Zim2\n"
    with pytest.raises(ReadError, match="stands beside the table"):
        one(head + rows("{},{},{},{},{}", F, Z.real, Z.imag, Z.real, Z.imag))


def test_a_sheet_without_units_beside_one_in_milliohm_is_not_left_out():
    table = [[float(f), float(z.real), float(z.imag)] for f, z in zip(F, Z, strict=True)]
    book = workbook([["f (Hz)", "Zre (mOhm)", "Zim (mOhm)"], *table], [["f", "Zre", "Zim"], *table])
    with pytest.raises(ReadError, match=r"sheet 'S1': .*stands beside the table"):
        one(book, "x.xlsx")


def test_the_unit_of_the_impedance_as_a_key_or_an_attribute_beside_the_numbers():
    values = {"frequency": F.tolist(), "Z_real": (1e3 * Z.real).tolist(), "Z_imag": (1e3 * Z.imag).tolist()}
    told = json.dumps({"units": {"frequency": "Hz", "impedance": "mOhm"}, **values})
    from scipy.io import savemat

    stream = io.BytesIO()
    savemat(stream, {"EIS": {"f": F, "Z": 1e3 * Z, "Z_unit": "mOhm"}})
    meta = json.dumps({"meta": {"impedance_unit": "mOhm"}, "data": values})
    spectra = [one(told, "x.json"), one(meta, "x.json"), one(stream.getvalue(), "x.mat")]

    def fill(content):
        content.attrs["impedance_unit"] = "mOhm"
        for name, numbers in values.items():
            content[name] = numbers

    spectra.append(one(hdf5(fill), "x.h5"))
    for spectrum in spectra:
        holds(spectrum)
        assert any("assumed: mOhm" in note for note in spectrum.notes)


def test_a_unit_of_nobody_knows_what_is_asked_for():
    def fill(content):
        content["frequency"], content["Z"] = F, 1e3 * Z
        content["R_1kHz"] = 20.0
        content["R_1kHz"].attrs["unit"] = "mOhm"

    with pytest.raises(ReadError, match="--impedance-unit"):
        one(hdf5(fill), "x.h5")


def test_units_in_quotes_over_an_empty_column_of_remarks():
    body = rows("{:.9g},{:.9g},{:.9g},", F / 1e3, Z.real, Z.imag)
    holds(one('"f","Re","Im","Comment"\n"kHz","ohm","ohm",""\n' + body))


def test_what_pages_write_for_signs():
    body = rows("{:.9g},{:.9g},{:.9g}", F, Z.real, -Z.imag)
    holds(one("Frequency (Hz),Z&prime; (&Omega;),&minus;Z&Prime; (&Omega;)\n" + body))


LISTS = {
    "cycle": [1, 50],
    "f_Hz": [F, F[2:]],
    "Zre_ohm": [Z.real, 2 * Z.real[2:]],
    "Zim_ohm": [Z.imag, 2 * Z.imag[2:]],
}


@pytest.mark.parametrize("form", ["list", "numpy", "semicolons"])
def test_a_spectrum_a_row_whose_cells_are_lists(form):
    def cell(values):
        if np.ndim(values) == 0:
            return str(values)
        with np.printoptions(threshold=10**6, precision=12):
            return f'"{values}"' if form == "numpy" else f'"{values.tolist()}"'

    mark = ";" if form == "semicolons" else ","
    text = "\n".join(mark.join(map(cell, row)) for row in zip(*LISTS.values(), strict=True))
    first, second = read_bytes(f"{mark.join(LISTS)}\n{text}\n".encode(), "x.csv")
    holds(first)
    holds(second, F[2:], 2 * Z[2:])
    assert (first.cycle, second.cycle) == (1, 50)


def test_a_spectrum_a_row_of_lists_in_parquet():
    pa = pytest.importorskip("pyarrow", reason="optional: Parquet")
    from pyarrow import parquet

    stream = io.BytesIO()
    parquet.write_table(
        pa.table({name: [np.asarray(v).tolist() for v in values] for name, values in LISTS.items()}), stream
    )
    first, second = read_bytes(stream.getvalue(), "x.parquet")
    holds(first)
    holds(second, F[2:], 2 * Z[2:])


def test_lists_that_numpy_cut_off_are_no_spectrum():
    with pytest.raises(ReadError):
        one("cycle,f_Hz,Zre_ohm,Zim_ohm\n" + '1,"[1e5 1e4 ... 10 1]","[1 2 ... 3 4]","[-1 -2 ... -3 -4]"\n')


@pytest.mark.parametrize(
    "head",
    [
        "f (Hz),Zp (ohm),Zpp (ohm)",
        "f (Hz),Zp (ohm),Zdp (ohm)",
        "Frequency (Hz),Pri |Z| (ohm),Sec Theta (Deg)",
    ],
)
def test_primes_in_letters_and_a_meter_with_two_readings(head):
    parts = (abs(Z), np.degrees(np.angle(Z))) if "Pri" in head else (Z.real, Z.imag)
    holds(one(f"{head}\n" + rows("{:.9g},{:.9g},{:.9g}", F, *parts)))


@pytest.mark.parametrize("mark", [", ", " , ", " ,"])
@pytest.mark.parametrize("whole", [False, True])
def test_a_comma_beside_a_blank_parts_and_one_without_is_decimal(mark, whole):
    numbers = [(1000, "10,53", "-1,02"), (100, "11,2", "-2,5"), (10, "14", "-5,8"), (1, "2,01E+01", "-8")]
    body = "".join(mark.join(map(str, row)) + "\n" for row in numbers)
    (found,) = read_bytes(f"f (Hz),Zre (Ohm),Zim (Ohm){',' * whole}\n{body}".encode(), "a.csv")
    assert found.impedance.tolist() == [10.53 - 1.02j, 11.2 - 2.5j, 14 - 5.8j, 20.1 - 8j]
    assert "columns parted by a comma beside a blank" in found.notes
