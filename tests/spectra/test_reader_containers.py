"""What containers (HDF5, Arrow, Parquet, MATLAB, JSON, ZIP) say beside the numbers: units, cycles, names."""

from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import pytest

from eisfit.errors import ReadError
from eisfit.spectra.readers import read_bytes

F = np.geomspace(1e4, 0.1, 21)
Z = 0.02 + 0.03 / (1 + 2j * np.pi * F * 0.01)
MILLI = {"f": F, "re": 1e3 * Z.real, "im": 1e3 * Z.imag}
NAMES = ["Freq (Hz)", "Z' (mOhm)", "Z'' (mOhm)"]
CYCLES = {1: Z, 2: 1.1 * Z, 5: 1.3 * Z}
LISTS = {name: values.tolist() for name, values in MILLI.items()}


def hdf5(fill):
    h5py = pytest.importorskip("h5py", reason="optional: HDF5")
    stream = io.BytesIO()
    with h5py.File(stream, "w") as content:
        fill(content)
    return read_bytes(stream.getvalue(), "a.h5")


def matlab(**variables):
    from scipy.io import savemat

    stream = io.BytesIO()
    savemat(stream, variables)
    return read_bytes(stream.getvalue(), "a.mat")


def in_milliohm(found):
    (spectrum,) = found
    np.testing.assert_allclose(spectrum.impedance, Z, rtol=1e-7)
    assert not any("no unit given" in note for note in spectrum.notes)


def in_cycles(found):
    assert [spectrum.cycle for spectrum in found] == list(CYCLES)
    for spectrum, z in zip(found, CYCLES.values(), strict=True):
        np.testing.assert_allclose(spectrum.impedance, z, rtol=1e-9)


@pytest.mark.parametrize("group", ["impedance_mohm", "cell 7/EIS (mOhm)"])
def test_the_unit_in_the_name_of_a_group(group):
    in_milliohm(hdf5(lambda content: content.create_group(group).update(MILLI)))
    in_milliohm(read_bytes(json.dumps({group: LISTS}).encode(), "a.json"))
    in_milliohm(matlab(impedance_mohm=MILLI))


def test_frequencies_in_the_group_above_the_parts():
    def fill(content):
        content["frequency"] = F
        content.create_group("impedance_mohm").update({"real": MILLI["re"], "imag": MILLI["im"]})

    in_milliohm(hdf5(fill))


def test_units_under_the_names_of_columns_and_above_their_parts():
    units = {"f": "Hz", "re": "mOhm", "im": "mOhm"}
    in_milliohm(read_bytes(json.dumps({"data": LISTS, "metadata": {"units": units}}).encode(), "a.json"))
    in_milliohm(matlab(eis={**MILLI, "units": units}))
    parts = {"re": LISTS["re"], "im": LISTS["im"]}
    in_milliohm(read_bytes(json.dumps({"f": LISTS["f"], "impedance": {"mohm": parts}}).encode(), "a.json"))


def test_a_unit_above_modulus_and_phase_is_that_of_the_modulus_alone():
    polar = {"abs": (1e3 * np.abs(Z)).tolist(), "phase": np.degrees(np.angle(Z)).tolist()}
    in_milliohm(read_bytes(json.dumps({"f": LISTS["f"], "impedance": {"mohm": polar}}).encode(), "a.json"))


def test_points_in_json_whose_impedance_is_a_pair():
    points = [{"f": f, "Z_mohm": [1e3 * z.real, 1e3 * z.imag]} for f, z in zip(F, Z, strict=True)]
    in_milliohm(read_bytes(json.dumps(points).encode(), "a.json"))


@pytest.mark.parametrize("lost", [0, 1])
def test_a_spectrum_a_row_whose_cells_are_lists(lost):
    pa = pytest.importorskip("pyarrow", reason="optional: Parquet")
    from pyarrow.parquet import write_table

    cells = {"f": F.tolist(), "re": Z.real.tolist(), "im": Z.imag.tolist()}
    rows = {"cycle": list(CYCLES), **{name: [cell] * len(CYCLES) for name, cell in cells.items()}}
    rows["im"] = [*rows["im"][:1], rows["im"][1][lost:], *rows["im"][2:]]
    stream = io.BytesIO()
    write_table(pa.table(rows), stream)
    if lost:
        with pytest.raises(ReadError, match="row 2: its lists are not of one length"):
            read_bytes(stream.getvalue(), "a.parquet")
        return
    found = read_bytes(stream.getvalue(), "a.parquet")
    assert [spectrum.cycle for spectrum in found] == list(CYCLES)
    np.testing.assert_allclose(found[2].impedance, Z, rtol=1e-9)


def test_the_last_number_of_a_list_is_whole_however_short_it_is_written():
    pa = pytest.importorskip("pyarrow", reason="optional: Parquet")
    from pyarrow.parquet import write_table

    im = [*Z.imag.tolist()[:-1], float(f"{Z.imag[-1]:.3g}")]  # as text it would seem to be cut off
    stream = io.BytesIO()
    write_table(
        pa.table({"frequency_hz": [F.tolist()], "z_re_ohm": [Z.real.tolist()], "z_im_ohm": [im]}), stream
    )
    (spectrum,) = read_bytes(stream.getvalue(), "a.parquet")
    assert spectrum.points == F.size
    assert spectrum.impedance.imag[-1] == im[-1]


def test_names_of_the_columns_beside_a_matrix():
    matrix = np.column_stack([*MILLI.values()])
    in_milliohm(matlab(data=matrix, colheaders=np.array(NAMES, dtype=object)))
    in_milliohm(matlab(A={"data": matrix, "labels": np.array(NAMES)}))
    columns = {"columns": NAMES}
    in_milliohm(hdf5(lambda content: content.create_dataset("eis", data=matrix).attrs.update(columns)))
    stream = io.BytesIO()
    np.savez(stream, data=matrix, columns=np.array(NAMES))
    in_milliohm(read_bytes(stream.getvalue(), "a.npz"))


def test_cycles_of_groups_keys_attributes_and_arrays():
    named = {f"cycle_{n}": {"f": F, "re_ohm": z.real, "im_ohm": z.imag} for n, z in CYCLES.items()}
    in_cycles(hdf5(lambda content: [content.create_group(n).update(held) for n, held in named.items()]))
    in_cycles(matlab(**named))
    lists = {n: {name: values.tolist() for name, values in held.items()} for n, held in named.items()}
    in_cycles(read_bytes(json.dumps(lists).encode(), "a.json"))
    numbered = {"cycles": {str(n): held for n, held in zip(CYCLES, lists.values(), strict=True)}}
    in_cycles(read_bytes(json.dumps(numbered).encode(), "a.json"))

    def with_attributes(content):
        for n, held in zip(CYCLES, named.values(), strict=True):
            group = content.create_group(f"m{n}")
            group.attrs["cycle"] = n
            group.update(held)

    in_cycles(hdf5(with_attributes))
    table = np.array([*CYCLES.values()])
    whole = {"f": F, "re_ohm": table.real, "im_ohm": table.imag, "cycle": np.array([*CYCLES])}
    in_cycles(hdf5(lambda content: content.update(whole)))


@pytest.mark.parametrize("form", ["parquet", "feather", "file", "stream"])
def test_arrow_tables_and_what_their_record_says(form):
    pa = pytest.importorskip("pyarrow", reason="optional: Arrow, Parquet")
    from pyarrow import feather, parquet

    table = pa.table(MILLI).replace_schema_metadata({"eis": json.dumps({"impedance_unit": "mohm"})})
    stream = io.BytesIO()
    if form in ("parquet", "feather"):
        {"parquet": parquet.write_table, "feather": feather.write_feather}[form](table, stream)
    else:
        with {"file": pa.ipc.new_file, "stream": pa.ipc.new_stream}[form](stream, table.schema) as writer:
            writer.write_table(table)
    name = {"parquet": "a.parquet", "stream": "a.arrows"}.get(form, "a.feather")
    in_milliohm(read_bytes(stream.getvalue(), name))


def archive(**files):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as content:
        for name, text in files.items():
            content.writestr(name.replace("__", "."), text)
    return stream.getvalue()


def test_a_zip_archive_of_one_file_is_read_and_of_several_named():
    rows = "\n".join(f"{f},{z.real},{z.imag}" for f, z in zip(F, 1e3 * Z, strict=True))
    text = ",".join(NAMES) + "\n" + rows + "\n"
    (spectrum,) = read_bytes(archive(a__csv=text), "a.zip")
    np.testing.assert_allclose(spectrum.impedance, Z, rtol=1e-9)
    assert spectrum.notes[-1] == "from 'a.csv' in the ZIP archive"
    with pytest.raises(ReadError, match=r"ZIP archive of 2 files \('a.csv', 'b.csv'\): unpack it"):
        read_bytes(archive(a__csv=text, b__csv=text), "a.zip")


def read_text(text, name="a.csv"):
    return read_bytes(text.encode(), name)


def rows(*columns, mark=","):
    return "\n".join(mark.join(f"{v:.9g}" for v in row) for row in zip(*columns, strict=True)) + "\n"


@pytest.mark.parametrize(
    ("cells", "mark"),
    [
        (["10000;338879-2266,21i", "100;338900-3000i", "1;339000,5-4000,25i", "0,1;340000,5-5000i"], ";"),
        (
            ["10000\t338879-2266.21J", "100\t338900-3000J", "1\t339000.5-4000.25J", "0.1\t340000.5-5000J"],
            "\t",
        ),
        (
            [
                "10000;[338879, -2266.21]",
                "100;[338900, -3000]",
                "1;[339000.5, -4000.25]",
                "0.1;[340000.5, -5000]",
            ],
            ";",
        ),
        (
            [
                "10000\t338879-2266.21j Ohm",
                "100\t338900-3000j Ohm",
                "1\t339000.5-4000.25j Ohm",
                "0.1\t340000.5-5000j Ohm",
            ],
            "\t",
        ),
    ],
)
def test_complex_cells_as_programs_write_them(cells, mark):
    (spectrum,) = read_text("\n".join([f"f (Hz){mark}Z (Ohm)", *cells]) + "\n")
    assert spectrum.impedance.tolist() == [
        338879 - 2266.21j,
        338900 - 3000j,
        339000.5 - 4000.25j,
        340000.5 - 5000j,
    ]


@pytest.mark.parametrize(
    "line",
    [
        "Fixed value(s) : AC Volt [Vrms]=1.0e+00 Temp. [°C]=2.5e+01", "Temperature;25;°C",
        "Temperature (K): 298.15", "Temperatur,25", "Temp [°C] = 25",
    ],
)  # fmt: skip
def test_a_temperature_in_the_header_whatever_its_unit_stands_at(line):
    (spectrum,) = read_text(f"{line}\n\nf (Hz),Zre (ohm),Zim (ohm)\n{rows(F, Z.real, Z.imag)}")
    assert spectrum.temperature_C == pytest.approx(25.0)


def test_temperatures_that_are_measured_at_each_point_part_no_sweep():
    f, z = np.tile(F, 3), np.tile(Z, 3)
    measured = np.repeat([5.0, 25.0, 45.0], F.size) + 0.05 * (np.arange(f.size) % 3)
    found = read_text("T (°C),f (Hz),Zre (ohm),Zim (ohm)\n" + rows(measured, f, z.real, z.imag))
    assert [spectrum.points for spectrum in found] == [F.size] * 3
    assert [spectrum.temperature_C for spectrum in found] == pytest.approx([5.05, 25.05, 45.05])


def test_a_short_sweep_whose_points_are_taken_in_turns_is_one():
    for step in (2, 3):
        order = np.concatenate([np.arange(first, 12, step) for first in range(step)])
        f, z = F[:12][order], Z[:12][order]
        (spectrum,) = read_text("f (Hz),Zre (ohm),Zim (ohm)\n" + rows(f, z.real, z.imag))
        assert spectrum.points == 12


def test_one_frequency_that_drifts_is_no_spectrum():
    f = 1000 + 0.02 * np.random.default_rng(3).normal(size=F.size)
    with pytest.raises(ReadError, match="all 21 rows are at about 1000"):
        read_text("f (Hz),Zre (ohm),Zim (ohm)\n" + rows(f, Z.real, Z.imag))
    (spectrum,) = read_text("f (Hz),Zre (ohm),Zim (ohm)\n" + rows(1000 + 0.1 * np.arange(21), Z.real, Z.imag))
    assert any("no drift of one frequency" in note for note in spectrum.notes)


def test_temperatures_in_the_names_of_columns():
    head = "f (Hz);Z' 25°C (ohm);Z'' 25°C (ohm);Z' 45°C (ohm);Z'' 45°C (ohm)\n"
    found = read_text(head + rows(F, Z.real, Z.imag, 2 * Z.real, 2 * Z.imag, mark=";"))
    assert [spectrum.temperature_C for spectrum in found] == [25, 45]


def test_units_below_a_row_of_types():
    body = rows(F, 1e3 * Z.real, -1e3 * Z.imag)
    in_milliohm(read_text("Frequency,Z',-Z''\nfloat,float,float\nHz,mOhm,mOhm\n" + body))


def test_spectra_with_the_same_numbers_are_told():
    block = "f (Hz),Zre (ohm),Zim (ohm)\n" + rows(F, Z.real, Z.imag)
    first, second = read_text(f"A\n{block}B\n{block}")
    assert not any("the same numbers" in note for note in first.notes)
    assert any("spectrum 1 has the same numbers" in note for note in second.notes)


@pytest.mark.parametrize("gap", ["nan,nan,nan", "0.01,nan,nan", "0.01,,", "0.01,--,--"])
@pytest.mark.parametrize("at_the_end", [True, False])
def test_rows_without_an_impedance_at_the_ends_are_told(gap, at_the_end):
    body, gaps = rows(F, Z.real, Z.imag), f"{gap}\n{gap}\n"
    text = "f (Hz),Zre (ohm),Zim (ohm)\n" + (body + gaps if at_the_end else gaps + body)
    (spectrum,) = read_text(text)
    assert spectrum.points == F.size
    assert any(note.startswith("dropped 2 rows") for note in spectrum.notes)


def cells(z):
    return [f"{one.real:.9g}{one.imag:+.9g}j" for one in z]


@pytest.mark.parametrize(
    "head", ["f (Hz);Z (ohm);Remark\n", "f;Z;Remark\nHz;ohm;\n", "f [Hz];Impedance [ohm];T (°C)\n"]
)
def test_complex_cells_beside_other_columns_and_above_units(head):
    last = "25" if "°C" in head else ""
    lines = [f"{f:.9g};{z};{last}" for f, z in zip(F, cells(Z), strict=True)]
    (spectrum,) = read_text(head + "\n".join(lines) + "\n")
    np.testing.assert_allclose(spectrum.impedance, Z, rtol=1e-7)
    assert not any("no unit given" in note for note in spectrum.notes)


def test_complex_cells_side_by_side_of_unequal_length_with_gaps():
    head = "Cell A\t\t\t\tCell B\t\t\nf (Hz)\tZ (ohm)\tRemark\t\tf (Hz)\tZ (ohm)\tRemark\n"
    lines = [
        f"{f:.9g}\t{a}\t{'ok' if f < 1 else ''}\t\t{f:.9g}\t{b}\t"
        for f, a, b in zip(F, cells(Z), cells(2 * Z), strict=True)
    ]
    lines[-3:] = [f"\t\t\t\t{f:.9g}\t{b}\t" for f, b in zip(F[-3:], cells(2 * Z[-3:]), strict=True)]
    one, other = read_text(head + "\n".join(lines) + "\n")
    np.testing.assert_allclose(one.impedance, Z[:-3], rtol=1e-7)
    np.testing.assert_allclose(other.impedance, 2 * Z, rtol=1e-7)


def test_an_empty_row_of_marks_below_the_units():
    in_milliohm(
        read_text(
            "Frequency;Z';Z''\n(Hz);(mOhm);(mOhm)\n;;\n" + rows(F, 1e3 * Z.real, 1e3 * Z.imag, mark=";")
        )
    )


_DEGREES = np.degrees(np.angle(Z))
_LEFT = "left aside: the same sweep in another form"
_FORMS = {
    "f (Hz),|Z| (ohm),Phase (deg)": (np.abs(Z), _DEGREES),
    "f (Hz),Z' (kohm),-Z'' (kohm)": (Z.real / 1e3, -Z.imag / 1e3),
    "f (Hz),Y' (S),Y'' (S)": ((1 / Z).real, (1 / Z).imag),
}


@pytest.mark.parametrize("form", _FORMS)
@pytest.mark.parametrize("upwards", [False, True])
def test_a_sweep_written_again_in_another_form_is_one(form, upwards):
    rounded = [[float(f"{value:.4g}") for value in values] for values in _FORMS[form]]
    table = list(zip(F, *rounded, strict=True))[:: -1 if upwards else 1]
    body = "".join(",".join(map(str, row)) + "\n" for row in table)
    (spectrum,) = read_text(f"f (Hz),Zre (ohm),Zim (ohm)\n{rows(F, Z.real, Z.imag)}\n{form}\n{body}")
    assert spectrum.impedance == pytest.approx(Z)
    assert sum(note.startswith(_LEFT) for note in spectrum.notes) == 1
    assert not any("the file holds" in note for note in spectrum.notes)


def test_cells_that_differ_by_a_hundredth_are_two_in_whatever_form():
    first = f"f (Hz),Zre (ohm),Zim (ohm)\n{rows(F, Z.real, Z.imag)}\n"
    found = read_text(first + "f (Hz),|Z| (ohm),Phase (deg)\n" + rows(F, 1.01 * np.abs(Z), _DEGREES))
    assert len(found) == 2


def test_cells_as_alike_in_one_form_are_two():
    first, head = f"f (Hz),Zre (ohm),Zim (ohm)\n{rows(F, Z.real, Z.imag)}\n", "f (Hz),Zre (ohm),Zim (ohm)\n"
    assert len(read_text(first + head + rows(F, 1.0004 * Z.real, 1.0004 * Z.imag))) == 2


def test_a_logarithm_beside_parts_with_units_asks_for_none():
    head = "f (Hz),Z' (ohm),Z'' (ohm),log f,log|Z|,Z' (kohm),-Z'' (kohm)\n"
    copies = np.log10(F), np.log10(np.abs(Z)), Z.real / 1e3, -Z.imag / 1e3
    (spectrum,) = read_text(head + rows(F, Z.real, Z.imag, *copies))
    assert spectrum.impedance == pytest.approx(Z)


@pytest.mark.parametrize("units", ["", ",mOhm,mOhm,deg,mOhm\n"])
def test_a_number_behind_the_parts_alone_is_no_second_spectrum(units):
    columns = 1e3 * Z.real, 1e3 * Z.imag, _DEGREES, 1e3 * np.abs(Z)
    names = "f,Zre1,Zim1,Phase,Zabs" if units else "f,Zre1 (mohm),Zim1 (mohm),Phase (deg),Zabs (mohm)"
    (spectrum,) = read_text(f"{names}\n{units}{rows(F, *columns)}")
    in_milliohm((spectrum,))
    assert not any("dropped" in note or "left aside" in note for note in spectrum.notes)


def test_parameters_with_units_of_their_own_beside_a_spectrum():
    beside = ["R0,12.3,ohm", "Q1,1.2e-5,S s^n", "n1,0.89,"] + [",,"] * (F.size - 3)
    lines = rows(F, Z.real, Z.imag).splitlines()
    body = "\n".join(f"{line},,{more}" for line, more in zip(lines, beside, strict=True))
    (spectrum,) = read_text(f"f (Hz),Zre (ohm),Zim (ohm),,Parameter,Value,Unit\n{body}\n")
    assert spectrum.impedance == pytest.approx(Z)


def npz(**arrays):
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return read_bytes(stream.getvalue(), "a.npz")


def test_complex_voltages_and_currents_are_no_impedance():
    with pytest.raises(ReadError, match=r"nothing says that the complex numbers \(V, I\) are impedances"):
        npz(freq=F, V=Z, I=np.ones_like(Z))
    (spectrum,) = npz(freq=F, Z=Z, V=Z, I=np.ones_like(Z))
    assert spectrum.impedance == pytest.approx(Z)


def test_complex_arrays_of_unknown_names_are_asked_for():
    with pytest.raises(ReadError, match=r"\(cellA, cellB\) are impedances"):
        npz(freq=F, cellA=Z, cellB=2 * Z)


@pytest.mark.parametrize("axes", [(0, 1, 2), (0, 2, 1), (1, 2, 0)])
def test_tables_in_layers_of_an_array(axes):
    layers = np.array([np.column_stack([F, k * Z.real, k * Z.imag]) for k in (1, 2)])
    one, two = npz(data=layers.transpose(axes))
    assert one.impedance == pytest.approx(Z)
    assert two.impedance == pytest.approx(2 * Z)


def test_layers_without_frequencies_are_refused():
    with pytest.raises(ReadError, match="without frequencies"):
        npz(data=np.random.default_rng(0).normal(size=(4, 21, 3)))


def test_the_spanish_short_word_for_a_frequency():
    (spectrum,) = read_text("frec,Z real,-Z imaginaria\nHz,ohm,ohm\n" + rows(F, Z.real, -Z.imag))
    assert spectrum.impedance == pytest.approx(Z)


def test_frequencies_beside_each_other_are_told_apart_by_their_numbers():
    head = "f1 (Hz),f2 (Hz),Z1' (ohm),Z1'' (ohm),Z2' (ohm),Z2'' (ohm)\n"
    one, two = read_text(head + rows(F, 1.1 * F, Z.real, Z.imag, 2 * Z.real, 2 * Z.imag))
    assert one.impedance == pytest.approx(Z)
    assert two.impedance == pytest.approx(2 * Z)
    assert two.frequency == pytest.approx(1.1 * F)


def test_parts_with_a_number_that_the_modulus_denies_are_refused():
    head = "f (Hz),Zre1 (ohm),Zim1 (ohm),|Z| (ohm),Phase (deg)\n"
    with pytest.raises(ReadError):
        read_text(head + rows(F, Z.real, Z.imag, 3 * np.abs(Z[::-1]), np.degrees(np.angle(Z))[::-1]))


def test_a_remark_that_ends_in_a_colon_above_columns_parted_by_blanks():
    body = rows(F, Z.real, Z.imag, mark="   ")
    (spectrum,) = read_text(f"f (Hz)  Zre (ohm)  Zim (ohm)\n{body}")
    assert spectrum.impedance == pytest.approx(Z)
    with pytest.raises(ReadError, match="3 columns without a header"):
        read_text(
            f"% Version:            COMSOL 6.0\n% Description:        bla\n{rows(F[::-1], F, F, mark='   ')}"
        )


def test_arrays_of_several_lengths_are_read_with_the_frequencies_of_their_length():
    stream = io.BytesIO()
    np.savez(stream, f1=F, Z1=Z, f2=F[:9], Z2=2 * Z[:9], tau=np.geomspace(1e-4, 1, 50))
    one, two = read_bytes(stream.getvalue(), "x.npz")
    np.testing.assert_allclose(one.impedance, Z)
    np.testing.assert_allclose(two.impedance, 2 * Z[:9])


@pytest.mark.parametrize("name", ["ocv", "I", "temperature"])
def test_a_matrix_of_something_else_beside_a_spectrum_is_no_shape_of_it(name):
    (spectrum,) = matlab(**{"f": F, "Zre": Z.real, "Zim": Z.imag, name: np.ones((200, 2))})
    np.testing.assert_allclose(spectrum.impedance, Z)


def test_five_columns_without_names_prove_themselves_in_an_array_as_in_a_text():
    stream = io.BytesIO()
    np.save(stream, np.column_stack([F, Z.real, Z.imag, abs(Z), np.degrees(np.angle(Z))]))
    (spectrum,) = read_bytes(stream.getvalue(), "x.npy")
    np.testing.assert_allclose(spectrum.impedance, Z)


def test_objects_below_a_frequency_in_json_share_it():
    parts = [{"cycle": n, "Z_real": [*(n * Z.real)], "Z_imag": [*(n * Z.imag)]} for n in (1, 2)]
    found = read_bytes(json.dumps({"frequency_Hz": [*F], "spectra": parts}).encode(), "x.json")
    assert [spectrum.cycle for spectrum in found] == [1, 2]
    for n, spectrum in enumerate(found, 1):
        np.testing.assert_allclose(spectrum.impedance, n * Z)


def test_a_sheet_of_standard_deviations_is_no_spectrum():
    openpyxl = pytest.importorskip("openpyxl", reason="writes the test's file")
    book, stream = openpyxl.Workbook(), io.BytesIO()
    book.remove(book.active)
    for title, scale in (("mean", 1), ("Std", 0.01)):
        sheet = book.create_sheet(title)
        sheet.append(["f (Hz)", "Z' (Ohm)", "Z'' (Ohm)"])
        for row in zip(F, scale * Z.real, scale * Z.imag, strict=True):
            sheet.append(list(map(float, row)))
    book.save(stream)
    (spectrum,) = read_bytes(stream.getvalue(), "x.xlsx")
    np.testing.assert_allclose(spectrum.impedance, Z)
    assert "left aside: 'Std', by its name an error or a weight" in spectrum.notes


def test_an_image_beside_a_spectrum_is_no_imaginary_part():
    h5py = pytest.importorskip("h5py", reason="optional: HDF5")
    with h5py.File(stream := io.BytesIO(), "w") as content:
        content["frequency"], content["impedance"], content["image"] = F, Z, np.ones((30, 40))
        content["time"] = np.arange(200.0)
    (spectrum,) = read_bytes(stream.getvalue(), "a.h5")
    np.testing.assert_allclose(spectrum.impedance, Z)


def test_a_workbook_stored_in_an_archive_is_no_workbook():
    book = b"PK\x03\x04 xl/workbook.xml"
    with pytest.raises(ReadError, match="ZIP archive of 2 files"):
        read_bytes(archive(a__xlsx=book, b__csv="f,Z\n"), "a.zip")
