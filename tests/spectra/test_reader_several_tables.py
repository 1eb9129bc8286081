"""Files and sheets with several tables: each is read by itself, and what is not is told.

The spectra are closed forms, simulated here.
"""

from __future__ import annotations

import numpy as np
import pytest

from eisfit.errors import ReadError
from eisfit.spectra.readers import read_bytes

F = np.geomspace(1e5, 1.0, 26)
Z = 10 + 100 / (1 + 2j * np.pi * F * 0.01)
OTHER = 4 + 30 / (1 + 2j * np.pi * F * 0.002)
HEADER = ["f (Hz)", "Z' (Ohm)", "Z'' (Ohm)"]


def table(header, *columns, mark=",", point="."):
    rows = [[f"{value:.7g}".replace(".", point) for value in row] for row in zip(*columns, strict=True)]
    return "".join(mark.join(row) + "\n" for row in ([header, *rows] if header else rows))


def spectra(text, name="x.csv"):
    return read_bytes(text.encode(), name)


def holds(spectrum, f, z):
    np.testing.assert_allclose(spectrum.frequency, f, rtol=1e-5)
    np.testing.assert_allclose(spectrum.impedance, z, rtol=1e-5)


FIRST = table(HEADER, F, Z.real, Z.imag)


def test_a_fit_below_a_spectrum_without_a_title_is_left_aside():
    (one,) = spectra(FIRST + "\nFit\n" + table(HEADER, F, 1.01 * Z.real, 1.01 * Z.imag))
    holds(one, F, Z)
    assert any("'Fit', by its name a fit or a model" in note for note in one.notes)


def test_a_status_in_tables_side_by_side_that_begin_in_different_lines_leaves_points_out():
    """A column of words is one of the table whose last column it follows."""
    blocks = []
    for start, z, bad in ((0, Z, 3), (2, OTHER, 5)):
        rows = table([*HEADER], F, z.real, z.imag).splitlines()
        status = ["Status", *("overload" if i == bad else "ok" for i in range(F.size))]
        filled = [f"{row},{word}" for row, word in zip(rows, status, strict=True)]
        blocks.append([*[",,,"] * start, *filled, *[",,,"] * (2 - start)])
    one, two = spectra("".join(f"{left},,{right}\n" for left, right in zip(*blocks, strict=True)))
    holds(one, np.delete(F, 3), np.delete(Z, 3))
    holds(two, np.delete(F, 5), np.delete(OTHER, 5))


@pytest.mark.parametrize("between", ["", "\n", "Cell B\n", "\n# second\n"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_a_second_table_that_is_wider_leaves_the_first_one_read(between, mark):
    first = table(HEADER, F, Z.real, Z.imag, mark=mark)
    second = table([*HEADER, "t (s)"], F, OTHER.real, OTHER.imag, np.arange(26), mark=mark)
    one, two = spectra(first + between + second)
    holds(one, F, Z)
    holds(two, F, OTHER)


def test_four_tables_that_grow_are_four_spectra():
    columns = [np.arange(26) + place for place in range(3)]
    text = ""
    for size in range(4):
        text += f"Cycle {size + 1}\n"
        text += table(HEADER + ["t (s)", "E (V)", "I (A)"][:size], F, Z.real + size, Z.imag, *columns[:size])
    found = spectra(text)
    assert [spectrum.cycle for spectrum in found] == [1, 2, 3, 4]
    for size, spectrum in enumerate(found):
        holds(spectrum, F, Z + size)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ((",", "."), (";", ".")),
        (("\t", "."), (",", ".")),
        ((";", ","), (";", ".")),
        (("\t", "."), (";", ",")),
    ],
)
def test_tables_written_differently_are_all_read(one, two):
    text = table(HEADER, F, Z.real, Z.imag, mark=one[0], point=one[1])
    text += table(HEADER, F, OTHER.real, OTHER.imag, mark=two[0], point=two[1])
    first, second = spectra(text)
    holds(first, F, Z)
    holds(second, F, OTHER)


def test_numbers_without_a_name_beside_a_table_are_told():
    steps = np.arange(12)
    for text in (FIRST + "\n" + table([], *[steps] * 4), table([], *[steps] * 4) + "\n" + FIRST):
        (spectrum,) = spectra(text)
        holds(spectrum, F, Z)
        assert any("left aside: 12 lines" in note for note in spectrum.notes), spectrum.notes


def test_a_longer_table_of_unnamed_numbers_does_not_hide_the_spectrum():
    (spectrum,) = spectra(FIRST + "\n" + table([], *[np.arange(40)] * 4))
    holds(spectrum, F, Z)
    assert any("left aside" in note for note in spectrum.notes), spectrum.notes


@pytest.mark.parametrize("remark", ["*** range changed", "# overload here", "note\tof mine"])
def test_a_line_between_the_rows_of_a_gamry_table_loses_none(remark):
    points = enumerate(zip(F, Z, strict=True))
    rows = [f"\t{i}\t{i}\t{f:.7g}\t{z.real:.7g}\t{z.imag:.7g}" for i, (f, z) in points]
    rows.insert(9, remark)
    head = [
        "EXPLAIN",
        "TAG\tEISPOT",
        "ZCURVE\tTABLE",
        "\tPt\tTime\tFreq\tZreal\tZimag",
        "\t#\ts\tHz\tohm\tohm",
    ]
    (spectrum,) = spectra("\n".join([*head, *rows, "EXPERIMENTABORTED\tTOGGLE\tF\tx", ""]), "x.DTA")
    holds(spectrum, F, Z)
    assert any("skipped 1 line" in note for note in spectrum.notes)


def grid(*placed):
    """Return lines of cells with each table of `placed` at its line and column."""
    cells = {}
    for line, place, text in placed:
        for i, row in enumerate(text.splitlines()):
            cells |= {(line + i, place + j): cell for j, cell in enumerate(row.split(","))}
    height, width = (max(places) + 1 for places in zip(*cells, strict=True))
    return "".join(",".join(cells.get((i, j), "") for j in range(width)) + "\n" for i in range(height))


SECOND = table(HEADER, F[:20], OTHER.real[:20], OTHER.imag[:20])
UNITS_BELOW = table(["f", "Z'", "Z''"], F, OTHER.real, OTHER.imag).replace("\n", "\nHz,Ohm,Ohm\n", 1)
FIT = "R0 (Ohm),3.41\nR1 (Ohm),45.2\nC1 (F),1e-5\n"


@pytest.mark.parametrize(
    ("line", "place"), [(3, 3), (1, 3), (3, 4), (5, 4), (27, 0), (28, 1), (28, 2), (30, 4), (28, 3)]
)
def test_tables_are_read_wherever_they_stand(line, place):
    one, two = sorted(spectra(grid((0, 0, FIRST), (line, place, SECOND))), key=lambda s: -len(s.frequency))
    holds(one, F, Z)
    holds(two, F[:20], OTHER[:20])


@pytest.mark.parametrize("place", [3, 4])
def test_names_and_units_of_tables_beside_each_other_may_stand_in_other_rows(place):
    for placed in (
        [(0, 0, "Cell A\n" + FIRST), (0, place, "Cell B\n" + UNITS_BELOW)],
        [(0, 0, "Cell A\n" + FIRST), (0, place, UNITS_BELOW)],
    ):
        one, two = spectra(grid(*placed))
        holds(one, F, Z)
        holds(two, F, OTHER)


def test_a_table_of_results_beside_a_spectrum_is_told():
    for text in (FIRST, UNITS_BELOW.replace("Ohm", "mOhm")):
        (spectrum,) = spectra(grid((0, 0, text), (2, 4, FIT)))
        holds(spectrum, F, Z if text == FIRST else OTHER / 1000)
        assert any("left aside" in note for note in spectrum.notes), spectrum.notes


def test_a_factor_above_tables_is_asked_for_wherever_they_stand():
    with pytest.raises(ReadError, match="stands above the table"):
        spectra("Multiplier,1e-3\n" + FIRST)


G, B = (1 / Z).real, (1 / Z).imag
FORMS = {
    "Y": (["f (Hz)", "Y' (S)", "Y'' (S)"], [F, G, B]),
    "Y and phase": (["f (Hz)", "|Y| (S)", "phase(Y) (deg)"], [F, abs(1 / Z), np.degrees(np.angle(1 / Z))]),
    "Rs-Cs": (["f (Hz)", "Rs (Ohm)", "Cs (F)"], [F, Z.real, -1 / (2 * np.pi * F * Z.imag)]),
    "Cp-D": (["f (Hz)", "Cp (F)", "D"], [F, B / (2 * np.pi * F), G / B]),
    "Z and phase": (["f (Hz)", "|Z| (Ohm)", "Phase (deg)"], [F, abs(Z), np.degrees(np.angle(Z))]),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("gap", [0, 1])
@pytest.mark.parametrize("points", [26, 20])
def test_tables_beside_each_other_are_read_whatever_they_hold(form, gap, points):
    names, columns = FORMS[form]
    first, second = table(names, *columns), table(names, *(column[:points] for column in columns))
    one, two = spectra(grid((0, 0, first), (0, 3 + gap, second)))
    holds(one, F, Z)
    holds(two, F[:points], Z[:points])


def test_parts_beside_modulus_and_phase_are_two_tables():
    names, (f, modulus, phase) = FORMS["Z and phase"]
    one, two = spectra(grid((0, 0, FIRST), (0, 3, table(names, f, 2 * modulus, phase))))
    holds(one, F, Z)
    holds(two, F, 2 * Z)


def test_columns_of_tables_may_be_grouped_by_quantity():
    names = ["f (Hz)"] * 3 + ["Z' (Ohm)"] * 3 + ["-Z'' (Ohm)"] * 3
    cells = [Z + k for k in range(3)]
    text = table(names, F, F, F, *(z.real for z in cells), *(-z.imag for z in cells))
    for k, spectrum in enumerate(spectra(text)):
        holds(spectrum, F, Z + k)


def test_a_second_table_by_other_names_is_read_or_told():
    text = table([*HEADER, "Freq2", "ReB", "ImB"], F, Z.real, Z.imag, F, OTHER.real, OTHER.imag)
    one, two = spectra(text)
    holds(one, F, Z)
    holds(two, F, OTHER)


@pytest.mark.parametrize("line", ["", ",,,,,", "# below here the second alone"])
def test_a_line_below_the_end_of_the_shorter_table_ends_no_other(line):
    lines = grid((0, 0, SECOND), (0, 3, FIRST)).splitlines()
    text = "\n".join([*lines[:23], line, *lines[23:], ""])
    one, two = spectra(text)
    holds(one, F[:20], OTHER[:20])
    holds(two, F, Z)


UPPER, LOWER = slice(0, 13), slice(13, 26)


def goes_on(between="", labels=None, second=OTHER):
    """Return a text whose second spectrum begins at the frequency below the first's last."""
    header = HEADER if labels is None else [labels[0], *HEADER]
    parts = []
    for part, z in ((UPPER, Z), (LOWER, second)):
        columns = [F[part], z[part].real, z[part].imag]
        rows = table([], *columns).splitlines()
        parts.append(
            "".join(f"{labels[1 + (z is second)]},{row}\n" if labels else f"{row}\n" for row in rows)
        )
    return ",".join(header) + "\n" + parts[0] + between + parts[1]


@pytest.mark.parametrize(
    "labels",
    [("Cell", "A", "B"), ("channel", 1, 2), ("T (°C)", 20, 60), ("SOC (%)", 20, 80), ("cycle", 1, 50)],
)
def test_labels_part_spectra_whose_frequencies_go_on(labels):
    one, two = spectra(goes_on(labels=labels))
    holds(one, F[UPPER], Z[UPPER])
    holds(two, F[LOWER], OTHER[LOWER])
    if labels[0] == "cycle":
        assert (one.cycle, two.cycle) == (1, 50)


@pytest.mark.parametrize(
    "between",
    ["Cell B\n", "# cycle 50\n", "\n", ",".join(HEADER) + "\n", "Cell B\n" + ",".join(HEADER) + "\n"],
)
def test_lines_part_spectra_whose_frequencies_go_on(between):
    one, two = spectra(goes_on(between))
    holds(one, F[UPPER], Z[UPPER])
    holds(two, F[LOWER], OTHER[LOWER])


@pytest.mark.parametrize("between", ["\n", ",".join(HEADER) + "\n", "# range 2\n", "Page 2\n"])
def test_pages_of_one_spectrum_are_one(between):
    (spectrum,) = spectra(goes_on(between, second=Z.copy()))
    holds(spectrum, F, Z)


@pytest.mark.parametrize("name", ["cycle number", "SOC (%)", "Run"])
def test_a_condition_that_changes_within_one_spectrum_is_told(name):
    (spectrum,) = spectra(goes_on(labels=(name, 1, 2), second=Z.copy()))
    holds(spectrum, F, Z)
    assert any("changes within one spectrum" in note for note in spectrum.notes), spectrum.notes


def complex_table(points, z):
    return "f (Hz),Z (Ohm)\n" + "".join(
        f"{f:.7g},{value.real:.7g}{value.imag:+.7g}j\n" for f, value in zip(F[points], z[points], strict=True)
    )


@pytest.mark.parametrize(("line", "place"), [(0, 2), (0, 3), (2, 3), (22, 0), (23, 2)])
def test_tables_of_complex_cells_are_read_wherever_they_stand(line, place):
    placed = [(0, 0, complex_table(slice(20), Z)), (line, place, complex_table(slice(26), OTHER))]
    one, two = sorted(spectra(grid(*placed)), key=lambda s: len(s.frequency))
    holds(one, F[:20], Z[:20])
    holds(two, F, OTHER)


def test_tables_under_one_row_of_names_may_begin_and_end_where_they_will():
    second = table([], F[:20], OTHER.real[:20], OTHER.imag[:20])
    lines = grid(
        (0, 0, FIRST), (0, 3, ",".join(HEADER)), (8, 3, second), (0, 6, ",".join(HEADER)), (3, 6, second)
    )
    text = "\n".join(line.rstrip(",") for line in lines.splitlines()) + "\n"
    one, two, three = spectra(text)
    holds(one, F, Z)
    holds(two, F[:20], OTHER[:20])
    holds(three, F[:20], OTHER[:20])


def test_a_remark_on_the_unit_beside_tables_without_one_is_asked_for():
    bare = FIRST.replace(" (Ohm)", "")
    with pytest.raises(ReadError, match="mOhm"):
        spectra(grid((0, 0, bare), (2, 4, FIT), (8, 4, "Z in mOhm")))
