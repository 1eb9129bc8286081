"""What a file's words say is no measured impedance: fits, errors, other quantities, wherever they stand."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest

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
@pytest.mark.parametrize("word", ["Anpassung", "Prediction", "KK", "smoothed", "拟合", "simulé", "DRT"])
def test_a_model_beside_a_measurement_is_left_aside_wherever_its_name_stands(place, word):
    (spectrum,) = read(place(word, NEAR))
    np.testing.assert_allclose(spectrum.impedance, Z, rtol=1e-7)
    assert any("left aside" in note and word in note for note in spectrum.notes)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    "word", ["SE", "95% CI", "RSD", "Residuals", "weights", "Streuung", "标准差", "3sigma"]
)
def test_an_error_beside_a_measurement_is_left_aside_wherever_its_name_stands(place, word):
    (spectrum,) = read(place(word, SMALL))
    np.testing.assert_allclose(spectrum.impedance, Z, rtol=1e-7)
    assert any("left aside" in note and word in note for note in spectrum.notes)


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


@pytest.mark.parametrize("word", ["Std", "smooth", "Upper", "theory lab", "Model S"])
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
    with pytest.raises(Exception, match="'Residuals' is by its name an error"):
        read(json.dumps({"Residuals": alone["Simulation"]}))
