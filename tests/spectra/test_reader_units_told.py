"""Units of each pair of columns, and units or words that tell numbers of no impedance."""

from __future__ import annotations

import numpy as np
import pytest

from eisfit.errors import ReadError
from eisfit.spectra.readers import read_bytes

F = np.geomspace(1e5, 1, 16)
A = 20 + 300 / (1 + (2j * np.pi * F * 6e-3) ** 0.85)
B = 1.4 * A + 5


def read(head, *columns, impedance_unit=None):
    rows = [",".join(f"{value:.9g}" for value in row) for row in zip(*columns, strict=True)]
    content = "\n".join([head, *rows, ""]).encode()
    return read_bytes(content, "x.csv", impedance_unit=impedance_unit)


@pytest.mark.parametrize(
    "head",
    [
        "f,Z',Z'',Z',Z''\nHz,mΩ,mΩ,Ω,Ω",
        "Hz,mΩ,mΩ,Ω,Ω\nf,Z',Z'',Z',Z''",
        ",Cell A,,Cell B,\nf,Z',Z'',Z',Z''\nHz,mΩ,mΩ,Ω,Ω",
        "f (Hz),Z' (mΩ),Z'' (mΩ),Z' (Ω),Z'' (Ω)",
        "f (Hz),Zre/mOhm,Zim/mOhm,Zre/Ohm,Zim/Ohm",
        "f_Hz,Zre_mOhm,Zim_mOhm,Zre_Ohm,Zim_Ohm",
    ],
)
def test_each_pair_has_its_own_unit(head):
    a, b = read(head, F, 1e3 * A.real, 1e3 * A.imag, B.real, B.imag)
    np.testing.assert_allclose(a.impedance, A, rtol=1e-6)
    np.testing.assert_allclose(b.impedance, B, rtol=1e-6)


@pytest.mark.parametrize(
    ("head", "factor"),
    [
        ("f (Hz),Z' (Ohm),Z'' (Ohm),Z' (mOhm),Z'' (mOhm)", 1e3),
        ("f (Hz),Z' (Ohm),Z'' (Ohm),Z' (Ohm cm2),Z'' (Ohm cm2)", 2.01),
        ("f,Z',Z'',Z',Z''\nHz,Ohm,Ohm,Ohm cm2,Ohm cm2", 2.01),
        ("f,Z',Z'',Z',Z''\nHz,Ohm,Ohm,S,S", 2.01),
    ],
)
def test_one_spectrum_in_two_units_is_one(head, factor):
    (spectrum,) = read(head, F, A.real, A.imag, factor * A.real, factor * A.imag)
    np.testing.assert_allclose(spectrum.impedance, A, rtol=1e-6)


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        ("f,Z',Z''\nHz,S,S", "\"Z' [S]\" has a unit that no impedance has: call admittances Y' and Y''"),
        ("f,Zre,Zim\nHz,V,V", "'Zre [V]' has a unit that no impedance has"),
        ("f,Zre,Zim\nHz,A,A", "'Zre [A]' has a unit that no impedance has"),
        ("f (Hz),Zre / V,Zim / V", "'Zre / V' has a unit that no impedance has"),
        ("f (Hz),Z' (a.u.),Z'' (a.u.)", "has lost its ohms"),
        ("f (Hz),Zre / arb. units,Zim / arb. units", "has lost its ohms"),
        ("f (Hz),Zre [-],Zim [-]", "has lost its ohms"),
        ("f (Hz),Zre / %,Zim / %", "has lost its ohms"),
        ("f (Hz),Z' (dimensionless),Z'' (dimensionless)", "has lost its ohms"),
        ("f (Hz),Z' x A,Z'' x A", "it is multiplied by an area"),
        ("f (Hz),Z' (1),Z'' (1)", '(1) in "Z\' (1)" may be the number of a run'),
    ],
)
def test_units_of_no_impedance_are_refused_for_what_they_are(head, reason):
    with pytest.raises(ReadError) as error:
        read(head, F, A.real, A.imag)
    assert reason in str(error.value)


def test_a_lone_one_in_brackets_is_read_where_the_user_tells_the_unit():
    (spectrum,) = read("f (Hz),Z' (1),Z'' (1)", F, A.real, A.imag, impedance_unit="mohm")
    np.testing.assert_allclose(spectrum.impedance, 1e-3 * A, rtol=1e-6)


@pytest.mark.parametrize("label", ["Au", "A", "12", "rest"])
def test_words_that_may_be_a_cell_still_are(label):
    (spectrum,) = read(f"f (Hz),Z' {label} (Ohm),Z'' {label} (Ohm)", F, A.real, A.imag)
    np.testing.assert_allclose(spectrum.impedance, A, rtol=1e-6)
