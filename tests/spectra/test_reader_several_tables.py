"""Files and sheets with several tables: each is read by itself, and what is not is told.

The spectra are closed forms, simulated here.
"""

from __future__ import annotations

import numpy as np
import pytest

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
