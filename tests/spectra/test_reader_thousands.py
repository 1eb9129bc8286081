"""Marks between thousands: the cells of a column tell them from decimal signs, or the file is refused."""

from __future__ import annotations

import numpy as np
import pytest

from eisfit.errors import ReadError
from eisfit.spectra.readers import read_bytes

F = np.round(np.geomspace(1e5, 1, 21))
W = 2j * np.pi * F
Z = 300 + 4000 / (1 + (W * 2e-3) ** 0.9) + 0j
HEAD = "f (Hz){0}Z' (Ohm){0}-Z'' (Ohm)"


def plain(value):
    return f"{value:.0f}"


def german(value):
    return english(value).replace(",", ".")


def english(value):
    return f"{value:,.0f}"


def large(value):
    """Return a number with a mark from 10.000 on, as Spanish and Polish have it."""
    return plain(value) if abs(value) < 1e4 else german(value)


def decimals(value):
    return f"{value:.2f}".replace(".", ",")


def quoted(write):
    return lambda value: f'"{write(value)}"'


def written(f, re, im, mark=";", z=Z):
    rows = zip(F, z.real, -z.imag, strict=True)
    lines = [mark.join((f(a), re(b), im(c))) for a, b, c in rows]
    return "\n".join([HEAD.format(mark), *lines, ""]).encode()


def holds(content, z=Z):
    (spectrum,) = read_bytes(content, "x.csv")
    np.testing.assert_array_equal(spectrum.frequency, F)
    np.testing.assert_allclose(spectrum.impedance, z, atol=1)
    return [note for note in spectrum.notes if "parts thousands" in note]


@pytest.mark.parametrize(
    ("f", "re", "im"),
    [
        (german, plain, plain),
        (english, plain, plain),
        (large, plain, plain),
        (plain, german, german),
        (plain, english, english),
        (plain, german, plain),
        (german, german, german),
        (english, english, english),
    ],
)
@pytest.mark.parametrize("mark", [";", "\t"])
def test_thousands_are_told_by_how_the_numbers_run_on(f, re, im, mark):
    (note,) = holds(written(f, re, im, mark))
    assert note.startswith("assumed:") and "only so do the numbers run on" in note


@pytest.mark.parametrize(
    ("content", "z"),
    [
        (written(german, decimals, decimals), Z),
        (written(quoted(english), lambda v: f"{v:.2f}", lambda v: f"{v:.2f}", ","), Z),
        (written(lambda v: f"{v:.2f}", english, english, z=Z + 2e3), Z + 2e3),  # above 1000 throughout
    ],
)
def test_thousands_beside_the_other_decimal_sign(content, z):
    assert len(holds(content, z)) == 1


def test_one_number_with_a_mark_is_enough():
    f = [10000, 4677, 2138, 1000, 468, 214, 100, 47, 21, 10]
    rows = [f"{large(a)};{400 + i};{i + 1}" for i, a in enumerate(f)]
    (spectrum,) = read_bytes("\n".join([HEAD.format(";"), *rows, ""]).encode(), "x.csv")
    assert spectrum.frequency[0] == 1e4 and len(spectrum.frequency) == 10


def three(value):
    return f"{value:.3f}".rstrip("0").rstrip(".")


@pytest.mark.parametrize("scale", [1e-2, 1e-1, 1, 30])
def test_three_decimals_are_decimals(scale):
    """Of 100, 56.234, 10 and of whole numbers among decimals none has a mark between thousands."""
    f, z = np.geomspace(100, 1, 9), scale * (7 + 5 / (1 + 1j * np.geomspace(100, 1, 9)))
    rows = [f"{three(a)};{three(b)};{three(c)}" for a, b, c in zip(f, z.real, -z.imag, strict=True)]
    (spectrum,) = read_bytes("\n".join([HEAD.format(";"), *rows, ""]).encode(), "x.csv")
    np.testing.assert_allclose(spectrum.frequency, f, atol=1e-3)
    np.testing.assert_allclose(spectrum.impedance, z, atol=1e-3)


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (["1000;1.300;40", "100;40;45", "10;1.301;40", "1;1.500;7"], "line 2: '1.300' may be 1300 or 1.300"),
        (
            ["1000.5;8,25;3,75", "100.5;9,5;3,5", "10.5;10,5;2,5"],
            "',' in \"Z' (Ohm)\": write all numbers alike",
        ),
        (["1000;1.975.447;0.5", "100;8.25;0.4", "10;9.5;0.3"], "'1.975.447' may be 1975447"),
    ],
)
def test_marks_that_may_be_either_are_refused_with_the_line(rows, says):
    with pytest.raises(ReadError) as error:
        read_bytes("\n".join([HEAD.format(";"), *rows, ""]).encode(), "x.csv")
    assert says in str(error.value)


@pytest.mark.parametrize(("write", "mark"), [(german, "."), (english, ",")])
def test_a_mark_before_three_digits_in_every_number_is_told_as_assumed(write, mark):
    z = 3000 + Z - 1000j
    (spectrum,) = read_bytes(written(plain, write, write, z=z), "x.csv")
    np.testing.assert_allclose(spectrum.impedance, z / 1000, atol=1e-3)
    assert any(f"assumed: {mark!r} is the decimal sign" in note for note in spectrum.notes)
    (spectrum,) = read_bytes(written(plain, lambda v: f"{v / 3e4:.3f}", three), "x.csv")
    assert not any("is the decimal sign" in note for note in spectrum.notes)


def test_numbers_that_lost_their_decimal_marks_are_refused():
    """A German Excel takes 1.226 of an English file for 1226; 0.956 stays a word."""
    z = (Z + 1) / 2000

    def lost(value):
        return f"{value:.3f}".replace(".", "") if value >= 1 else f"{value:.3f}"

    with pytest.raises(ReadError, match="decimal marks of those above 1 were lost"):
        read_bytes(written(plain, lost, lost, z=z), "x.csv")
