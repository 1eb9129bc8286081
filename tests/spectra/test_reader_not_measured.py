"""What a file's words say is no measured impedance: fits, errors, other quantities, wherever they stand."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest

from eisfit.errors import ReadError
from eisfit.spectra.readers import read_bytes

F = np.geomspace(1e5, 0.1, 37)
Z = 5 + 60 / (1 + (2j * np.pi * F * 3e-4) ** 0.9) + 20 / (1 + (2j * np.pi * F * 0.1) ** 0.85)
NEAR = 1.03 * Z  # as a fit lies
CELL = 5 + 45 / (1 + (2j * np.pi * F * 2e-4) ** 0.9) + 70 / (1 + (2j * np.pi * F * 0.2) ** 0.85)
SMALL = 0.01 * np.abs(Z) * (1.3 + 1.1j)  # as an error does
NAMES = "f (Hz),Z' (Ohm),Z'' (Ohm)"


def table(head, *columns):
    lines = (
        ",".join(value if isinstance(value, str) else f"{value:.9g}" for value in row)
        for row in zip(*columns, strict=True)
    )
    return "\n".join([head, *lines]) + "\n"


def in_columns(word, z):
    return table(f"f,Zre,Zim,Zre {word},Zim {word}", F, Z.real, Z.imag, z.real, z.imag)


def in_row_of_groups(word, z):
    return table(f",Measured,,{word},\nf (Hz),Z',Z'',Z',Z''", F, Z.real, Z.imag, z.real, z.imag)


def in_column_of_words(word, z):
    both = np.concatenate([Z, z])
    kinds = ["mean"] * F.size + [word] * F.size
    return table(f"type,{NAMES}", kinds, np.tile(F, 2), both.real, both.imag)


def in_titles(word, z):
    blocks = (f"{title}\n{table(NAMES, F, one.real, one.imag)}" for title, one in (("Data", Z), (word, z)))
    return "\n".join(blocks)


def in_json(word, z):
    groups = {name: {"f": F.tolist(), "re": one.real.tolist(), "im": one.imag.tolist()}
              for name, one in (("data", Z), (word, z))}  # fmt: skip
    return json.dumps(groups)


def read(text, name="x.csv"):
    return read_bytes(text.encode(), "x.json" if text.startswith("{") else name)


PLACES = [in_columns, in_row_of_groups, in_column_of_words, in_titles, in_json]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    "word",
    [
        "Anpassung",
        "Prediction",
        "KK",
        "smoothed",
        "拟合",
        "simulé",
        "DRT",
        "Fitkurve",
        "ajustement",
        "ZFit",
        "модель",
        "kkfit",
    ],
)
def test_a_model_beside_a_measurement_is_left_aside_wherever_its_name_stands(place, word):
    (spectrum,) = read(place(word, NEAR))
    np.testing.assert_allclose(spectrum.impedance, Z, rtol=1e-7)
    assert any("left aside" in note and word in note for note in spectrum.notes)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    "word",
    ["SE", "95% CI", "RSD", "Residuals", "weights", "Streuung", "标准差", "3sigma", "Messunsicherheit"],
)
def test_an_error_beside_a_measurement_is_left_aside_wherever_its_name_stands(place, word):
    (spectrum,) = read(place(word, SMALL))
    np.testing.assert_allclose(spectrum.impedance, Z, rtol=1e-7)
    assert any("left aside" in note and word in note for note in spectrum.notes)


@pytest.mark.parametrize("place", PLACES)
def test_an_error_with_a_name_of_its_own_is_told_by_its_numbers(place):
    (spectrum,) = read(place("half-width", SMALL))
    np.testing.assert_allclose(spectrum.impedance, Z, rtol=1e-7)
    assert any("left aside" in note and "half" in note for note in spectrum.notes)


def test_a_cell_a_hundred_times_smaller_is_a_cell():
    _, small = read(in_titles("stack", 0.01 * CELL))
    np.testing.assert_allclose(small.impedance, 0.01 * CELL, rtol=1e-7)


@pytest.mark.parametrize("title", ["Std", "Sim.", "Weights"])
def test_a_sheet_of_a_model_or_an_error_is_named(title):
    openpyxl = pytest.importorskip("openpyxl", reason="writes the workbook")
    book = openpyxl.Workbook()
    for sheet, z in ((book.active, Z), (book.create_sheet(), NEAR if title == "Sim." else SMALL)):
        sheet.append(NAMES.split(","))
        for row in zip(F, z.real, z.imag, strict=True):
            sheet.append([float(value) for value in row])
    book.worksheets[1].title = title
    book.save(stream := io.BytesIO())
    (spectrum,) = read_bytes(stream.getvalue(), "x.xlsx")
    assert any(f"left aside: '{title}'" in note for note in spectrum.notes)


@pytest.mark.parametrize(
    "word", ["Std", "smooth", "Upper", "theory lab", "Model S", "Fitted seal", "Sim card"]
)
def test_a_name_that_may_be_a_cells_is_one_where_its_numbers_are(word):
    _, second = read(in_titles(word, CELL))
    np.testing.assert_allclose(second.impedance, CELL, rtol=1e-7)
    assert any(f"{word!r} is a spectrum of its own" in note for note in second.notes)


@pytest.mark.parametrize("words", [("Sim1", "Sim2"), ("5 min", "10 min"), ("Var1", "Var2")])
def test_names_of_cells_that_all_say_the_same_are_cells(words):
    columns = (part for z in (Z, CELL) for part in (z.real, z.imag))
    text = table(
        ",".join(["f", *(f"{part} {word}" for word in words for part in ("Zre", "Zim"))]), F, *columns
    )
    assert len(read(text)) == 2


def test_a_model_alone_is_read_and_told_and_an_error_is_refused():
    alone = {"Simulation": {"f": F.tolist(), "re": Z.real.tolist(), "im": Z.imag.tolist()}}
    (spectrum,) = read(json.dumps(alone))
    assert any("'Simulation', by its name a fit or a model" in note for note in spectrum.notes)
    with pytest.raises(ReadError, match="'Residuals' is by its name an error"):
        read(json.dumps({"Residuals": alone["Simulation"]}))


Y = 1e3 / Z  # mS


def lists(z):
    return {"frequency": F.tolist(), "real": z.real.tolist(), "imag": z.imag.tolist()}


@pytest.mark.parametrize(
    "text",
    [
        *(table(f"{title}\nf,Re,Im", F, Y.real, Y.imag)
          for title in ("Y in mS", "unit: mS", "Units: Hz, mS, mS", "values in millisiemens", "Leitwert [mS]",
                        "导纳 mS")),
        table("f (Hz),Re,Im,Unit", F, Y.real, Y.imag, ["mS"] * F.size),
        table("Type,f (Hz),Re,Im", ["Admittance"] * F.size, F, 1e-3 * Y.real, 1e-3 * Y.imag),
        json.dumps({"unit": "mS", **lists(Y)}),
        json.dumps({"Admittance": lists(1e-3 * Y)}),
        json.dumps({"name": "Y", **lists(1e-3 * Y)}),
    ],
)  # fmt: skip
def test_bare_parts_of_an_admittance_are_inverted_wherever_it_is_said(text):
    (spectrum,) = read(text)
    np.testing.assert_allclose(spectrum.impedance, Z, rtol=1e-6)
    assert any("admittance" in note for note in spectrum.notes)


@pytest.mark.parametrize("words", [("Impedance", "Admittance"), ("Z", "Y"), ("Z (Ohm)", "Y (S)")])
def test_an_admittance_beside_the_impedance_is_the_same_spectrum(words):
    one = (F, Z.real, Z.imag, 1e-3 * Y.real, 1e-3 * Y.imag)
    (grouped,) = read(table(",{},,{},\nf (Hz),Re,Im,Re,Im".format(*words), *one))
    both = np.concatenate([Z, 1e-3 * Y])
    (long,) = read(
        table(
            "quantity,f,Re,Im", [words[0]] * F.size + [words[1]] * F.size, np.tile(F, 2), both.real, both.imag
        )
    )
    for spectrum in (grouped, long):
        np.testing.assert_allclose(spectrum.impedance, Z, rtol=1e-6)


def test_cells_called_x_and_y_are_no_admittances():
    both = np.concatenate([Z, CELL])
    found = read(table("cell,f,Re,Im", ["X"] * F.size + ["Y"] * F.size, np.tile(F, 2), both.real, both.imag))
    np.testing.assert_allclose(found[1].impedance, CELL, rtol=1e-6)


def test_units_in_columns_named_after_what_they_are_of():
    units = (["kHz"] * F.size, ["mOhm"] * F.size)
    (spectrum,) = read(table("f,Funit,Re,Im,Zunit", 1e-3 * F, units[0], 1e3 * Z.real, 1e3 * Z.imag, units[1]))
    np.testing.assert_allclose(spectrum.frequency, F, rtol=1e-6)
    np.testing.assert_allclose(spectrum.impedance, Z, rtol=1e-6)


@pytest.mark.parametrize(
    ("title", "reason"),
    [
        ("Voltage (V)", "Voltage"),
        ("current in A", "current"),
        ("Capacitance C* (F)", "Capacitance"),
        ("Z/Z(1 kHz)", "Z/Z"),
        ("Residuals of the fit", "Residuals"),
        ("Standard deviation of 5 runs", "deviation"),
        ("Thermal impedance Zth (K/W)", "Thermal impedance"),
        ("conductance / susceptance", "conductance"),
        ("M* of sample 3", "of sample 3"),
        ("Difference cycle 100 - cycle 1", "Difference"),
        ("scale factor 1e-3", "scale factor 1e-3"),
        ("Faktor 1000", "Faktor 1000"),
        ("Impedance in thousandths of an ohm", "thousandths"),
        ("Messwerte in tausendstel Ohm", "tausendstel"),
    ],
)
def test_a_title_that_says_something_else_is_the_reason_of_a_refusal(title, reason):
    with pytest.raises(ReadError, match=reason):
        read(table(f"{title}\nFrequency,Re,Im", F, Z.real, Z.imag))


@pytest.mark.parametrize(
    "title",
    [
        "Current range: 1 A",
        "Potentiostatic EIS, voltage 10 mV",
        "Cell Y, 5 min",
        "Error log: none",
        "Tolerance 5 %",
        "Voltage 3.7",
        "Capacitance of cable compensated",
        "data S",
        "unit 5",
        "S 12",
    ],
)
def test_a_title_of_a_setting_or_a_cell_refuses_nothing(title):
    (spectrum,) = read(table(f"{title}\nFrequency,Re,Im", F, Z.real, Z.imag))
    np.testing.assert_allclose(spectrum.impedance, Z, rtol=1e-6)


def test_a_column_of_volts_is_the_reason_of_a_refusal():
    for names, unit in (("Re,Im", "V"), ("Z',Z''", "S")):
        with pytest.raises(ReadError, match=f"the column 'Unit' says {unit}"):
            read(table(f"f (Hz),{names},Unit", F, Z.real, Z.imag, [unit] * F.size))


def test_a_scale_in_an_attribute_is_asked_for():
    h5py = pytest.importorskip("h5py", reason="optional: HDF5")
    with h5py.File(stream := io.BytesIO(), "w") as content:
        content.update({"f": F, "Z": 1e3 * Z})
        content["Z"].attrs["scale"] = 1e-3
    with pytest.raises(ReadError, match=r"scale: 0\.001"):
        read_bytes(stream.getvalue(), "x.h5")


def test_a_fit_on_other_frequencies_is_known_by_its_distance():
    f = np.geomspace(1e5, 0.1, 80)
    fit = (
        np.interp(np.log(f), np.log(F[::-1]), NEAR[::-1].real),
        np.interp(np.log(f), np.log(F[::-1]), NEAR[::-1].imag),
    )
    (spectrum,) = read(f"Cell new\n{table(NAMES, F, Z.real, Z.imag)}\nModel new\n{table(NAMES, f, *fit)}")
    np.testing.assert_allclose(spectrum.impedance, Z, rtol=1e-7)


def test_a_word_for_a_quantity_over_ohms_is_a_cell_s():
    assert len(read(in_titles("current", CELL))) == 2


def test_arrays_of_a_fit_that_are_left_aside_are_named():
    np.savez(stream := io.BytesIO(), f=F, Z=Z, Z_fit=NEAR)
    (spectrum,) = read_bytes(stream.getvalue(), "x.npz")
    assert "left aside: Z_fit" in spectrum.notes


def test_an_area_in_a_title_is_told():
    (spectrum,) = read(table("Impedance (Ohm cm2)\nf,Re,Im", F, Z.real, Z.imag))
    assert any("Ohm cm2" in note for note in spectrum.notes)


@pytest.mark.parametrize(
    "title", ["Simulation of cell 3 (R-CPE)", "# Fitted with ZView", "Standard deviation of runs"]
)
def test_a_title_of_a_fit_or_an_error_over_columns_of_ohms_is_told(title):
    (spectrum,) = read(table(f"{title}\n{NAMES}", F, Z.real, Z.imag))
    assert any(title.strip("# ") in note and "by its name" in note for note in spectrum.notes)


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"unit": "V", **lists(Z)}),
        json.dumps(
            {"Z_unit": "S", "frequency": F.tolist(), "Z_real": Z.real.tolist(), "Z_imag": Z.imag.tolist()}
        ),
        table("parameter,f,Re,Im", ["Permittivity"] * F.size, F, Z.real, Z.imag),
        table("quantity,f,Re,Im", ["Voltage"] * F.size, F, Z.real, Z.imag),
    ],
)
def test_a_quantity_or_a_unit_of_something_else_in_a_key_or_a_column_is_refused(text):
    with pytest.raises(ReadError, match=r"no unit of an impedance|is no impedance"):
        read(text)


@pytest.mark.parametrize(
    "facts", [{"unit": "ohm"}, {"potential": 3.7, "potential_unit": "V"}, {"units": "SI"}]
)
def test_other_units_in_keys_refuse_nothing(facts):
    (spectrum,) = read(json.dumps({**facts, **lists(Z)}))
    np.testing.assert_allclose(spectrum.impedance, Z, rtol=1e-6)


def test_the_median_between_its_percentiles_is_the_spectrum():
    parts = [scale * part for part in (Z.real, Z.imag) for scale in (1, 0.97, 1.03)]
    names = [f"{part} {word}" for part in ("Zre", "Zim") for word in ("median", "p5", "p95")]
    (spectrum,) = read(table(",".join(["f", *names]), F, *parts))
    np.testing.assert_allclose(spectrum.impedance, Z, rtol=1e-7)


def test_a_noisy_cell_a_tenth_as_large_is_no_error():
    """Kramers-Kronig fails to 11 %: so noise can, and the cell was left aside as by its numbers an error."""
    noise = 1 + 0.15 * np.random.default_rng(8).normal(size=(2, F.size))
    small = 0.01 * Z * (noise[0] + 0.1j * (noise[1] - 1))
    found = read(table("f,Zre fresh,Zim fresh,Zre aged,Zim aged", F, Z.real, Z.imag, small.real, small.imag))
    assert len(found) == 2
