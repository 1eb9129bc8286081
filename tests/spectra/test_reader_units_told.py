"""Units of each pair of columns, and units or words that tell numbers of no impedance."""

from __future__ import annotations

import io

import numpy as np
import pytest

from eisfit.errors import ReadError
from eisfit.spectra.readers import read_bytes

F = np.geomspace(1e5, 1, 16)
A = 20 + 300 / (1 + (2j * np.pi * F * 6e-3) ** 0.85)
B = 1.4 * A + 5


def read(head, *columns, **said):
    rows = [",".join(f"{value:.9g}" for value in row) for row in zip(*columns, strict=True)]
    content = "\n".join([head, *rows, ""]).encode()
    return read_bytes(content, "x.csv", **said)


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
    assert any(note.startswith("left aside: ") for note in spectrum.notes)


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


def rows_of(cells):
    return "\n".join(",".join(row) for row in cells)


def test_millihertz_in_capitals_are_told_from_megahertz_by_the_order_of_the_rows():
    f = np.geomspace(100, 0.1, 13)
    z = 20 + 300 / (1 + (2j * np.pi * f * 6e-3) ** 0.85)

    def low(value):
        return f"{value:.9g} HZ" if value >= 1 else f"{1e3 * value:.9g} MHZ"

    def high(value):
        return f"{value:.9g} HZ" if value < 1 else f"{1e-6 * value:.9g} MHZ"

    for write in (low, high):
        cells = [
            (write(a), f"{b:.9g} OHM", f"{c:.9g} OHM") for a, b, c in zip(f, z.real, z.imag, strict=True)
        ]
        (spectrum,) = read_bytes(f"Frequency,Zreal,Zimag\n{rows_of(cells)}\n".encode(), "x.csv")
        np.testing.assert_allclose(spectrum.frequency, f, rtol=1e-6)


@pytest.mark.parametrize("name", ["Frequency (log Hz)", "f [log10(Hz)]", "log f (Hz)"])
def test_the_logarithm_may_stand_in_the_unit(name):
    (spectrum,) = read(f"{name},Zre (Ohm),Zim (Ohm)", np.log10(F), A.real, A.imag)
    np.testing.assert_allclose(spectrum.frequency, F, rtol=1e-6)


def test_a_row_of_means_above_the_sweep_is_left_aside_as_one_below_it_is():
    cells = [
        ("Mean", "24.5", "7.3"),
        *((f"{a:.9g}", f"{z.real:.9g}", f"{-z.imag:.9g}") for a, z in zip(F, A, strict=True)),
    ]
    (spectrum,) = read_bytes(f"f (Hz),Z' (Ohm),-Z'' (Ohm)\n{rows_of(cells)}\n".encode(), "x.csv")
    np.testing.assert_allclose(spectrum.impedance, A, rtol=1e-6)
    assert any("left aside: 1 line above the frequencies" in note for note in spectrum.notes)


def test_means_and_deviations_below_a_row_of_parts():
    (spectrum,) = read(
        ",Zreal,,Zimag,\nFreq,mean,std,mean,std", F, A.real, 0.01 * A.real, A.imag, 0.01 * A.real
    )
    np.testing.assert_allclose(spectrum.impedance, A, rtol=1e-6)
    assert any("left aside: Zreal std" in note for note in spectrum.notes)


def test_rows_in_random_order_are_told_apart_by_the_number_of_their_run():
    order = np.random.default_rng(5).permutation(F.size)
    both = np.concatenate([A[order], B[order[::-1]]])
    f = np.concatenate([F[order], F[order[::-1]]])
    a, b = read("run,f (Hz),Zre (Ohm),Zim (Ohm)", np.repeat([1, 2], F.size), f, both.real, both.imag)
    np.testing.assert_allclose(a.impedance, A, rtol=1e-6)
    np.testing.assert_allclose(b.impedance, B, rtol=1e-6)


def test_the_negative_electrode_is_no_minus():
    columns = [part for z in (A, B, A + B) for part in (z.real, z.imag)]
    spectra = read("Frequency,Re pos,Im pos,Re neg,Im neg,Re full,Im full", F, *columns)
    for spectrum, z in zip(spectra, (A, B, A + B), strict=True):
        np.testing.assert_allclose(spectrum.impedance, z, rtol=1e-6)


def test_capacitance_and_resistance_beside_permittivities_are_enough():
    y = 1 / A
    columns = (2 * F, 0.02 * F, y.imag / (2 * np.pi * F), 1 / y.real)
    (spectrum,) = read("Freq. [Hz],Eps',tan delta,Cp [F],Rp [Ohm]", F, *columns)
    np.testing.assert_allclose(spectrum.impedance, A, rtol=1e-6)


def test_a_modulus_at_an_angle():
    cells = [f"{a:.9g}\t{abs(z):.9g} @ {np.degrees(np.angle(z)):.9g} deg" for a, z in zip(F, A, strict=True)]
    (spectrum,) = read_bytes("\n".join(["f (Hz)\tZ (Ohm)", *cells, ""]).encode(), "x.txt")
    np.testing.assert_allclose(spectrum.impedance, A, rtol=1e-6)


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        ("f (Hz),E' (MPa),E'' (MPa)", "a mechanical modulus"),
        ("f (Hz),gamma (Ohm),PSD", "a distribution of relaxation times"),
    ],
)
def test_what_is_no_impedance_is_called_what_it_is(head, reason):
    with pytest.raises(ReadError, match=reason):
        read(head, F, A.real, -A.imag)


def test_words_in_a_column_of_temperatures_are_no_zeros():
    cells = [("20 °C", f"{a:.9g}", f"{z.real:.9g}", f"{z.imag:.9g}") for a, z in zip(F, A, strict=True)]
    (spectrum,) = read_bytes(f"Temperature,f (Hz),Zre (Ohm),Zim (Ohm)\n{rows_of(cells)}\n".encode(), "x.csv")
    assert not any("zero in every row" in note for note in spectrum.notes)


def save(values):
    stream = io.BytesIO()
    np.save(stream, values)
    return stream.getvalue()


PAIR = np.column_stack([F.astype(complex), 1e3 * A])


@pytest.mark.parametrize(
    ("values", "frequency"),
    [(PAIR, None), (PAIR.T, None), (PAIR.T[None], None), (PAIR[:, 1][None], F)],
    ids=["columns", "rows", "layers", "frequencies given"],
)
def test_complex_numbers_without_a_unit_are_told_and_a_given_one_is_heeded(values, frequency):
    """A file in milliohm read a thousand times too large, and nothing was said."""
    (spectrum,) = read_bytes(save(values), "x.npy", frequency=frequency)
    assert "assumed: no unit given for the impedance, taken as ohm (else --impedance-unit)" in spectrum.notes
    (spectrum,) = read_bytes(save(values), "x.npy", frequency=frequency, impedance_unit="mohm")
    np.testing.assert_allclose(spectrum.impedance, A, rtol=1e-9)
    assert not any("no unit given" in note or "pair of rows" in note for note in spectrum.notes)
    with pytest.raises(ReadError, match="write it there, or say --impedance-unit"):
        read_bytes(save(values), "Z_mOhm.npy", frequency=frequency)


def test_admittances_without_a_unit_are_told():
    (spectrum,) = read_bytes(save(1 / A[None]), "Y.npy", frequency=F)
    assert "assumed: no unit given for the admittance, taken as siemens" in spectrum.notes


def test_a_parallel_resistance_without_a_unit_is_told_and_a_given_one_is_heeded():
    columns = F, 1 / (1 / A).real, -1 / (1 / A).imag
    (spectrum,) = read("f (Hz),Rp,Xp", *columns)
    assert any("no unit given for the impedance" in note for note in spectrum.notes)
    (spectrum,) = read("f (Hz),Rp,Xp", *columns, impedance_unit="kohm")
    np.testing.assert_allclose(spectrum.impedance, 1e3 * A, rtol=1e-6)
    (spectrum,) = read("f (Hz),Rp (ohm),Xp (ohm)", *columns)
    assert not any("no unit given" in note for note in spectrum.notes)


@pytest.mark.parametrize(
    ("head", "columns"),
    [
        ("f (Hz),Y',Y''", ((1 / A).real, (1 / A).imag)),
        ("f (Hz),Cp (F),D", ((1 / A).imag / (2 * np.pi * F), -A.real / A.imag)),
    ],
)
def test_a_given_unit_is_refused_where_nothing_is_in_ohm(head, columns):
    """It was noted as heeded, and the numbers were those without it."""
    np.testing.assert_allclose(read(head, F, *columns)[0].impedance, A, rtol=1e-6)
    with pytest.raises(ReadError, match="no column in it asks for it: leave impedance_unit out"):
        read(head, F, *columns, impedance_unit="mohm")
    with pytest.raises(ReadError, match="no column in it asks for it: leave imag_sign out"):
        read(head, F, *columns, imag_sign="-")
