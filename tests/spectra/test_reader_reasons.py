"""Reasons and notes that say what is so; numbers as programs write them; exact columns first."""

from __future__ import annotations

import numpy as np
import pytest

from eisfit.errors import ReadError
from eisfit.spectra.readers import read_bytes
from eisfit.spectra.series import read_series

F = np.geomspace(1e5, 0.1, 31)
W = 2 * np.pi * F
Z = 5 + 20 / (1 + 2e-3j * W) + 8 / (1 + 0.4j * W)
HEAD = "Frequency (Hz),Z' (Ohm),Z'' (Ohm)"
ROWS = [f"{f:.9g},{z.real:.9g},{z.imag:.9g}" for f, z in zip(F, Z, strict=True)]


def table(names, *columns, mark=","):
    rows = [mark.join(f"{value:.9g}" for value in row) for row in zip(*columns, strict=True)]
    return "\n".join([names, *rows, ""])


def read(text, name="x.csv"):
    return read_bytes(text if isinstance(text, bytes) else text.encode(), name)


def holds(text, name="x.csv", without=()):
    (spectrum,) = read(text, name)
    kept = np.delete(np.arange(F.size), without)
    np.testing.assert_allclose(spectrum.frequency, F[kept], rtol=1e-6)
    np.testing.assert_allclose(spectrum.impedance, Z[kept], rtol=1e-6)
    return spectrum


@pytest.mark.parametrize(
    "word", ["-nan(ind)", "nan(snan)", "NaN(0x8000)", "-1.#IND", "1.#QNAN0", "1.#J", "-Infinity", "qnan"]
)
@pytest.mark.parametrize("mark", [",", "\t"])
def test_a_c_librarys_word_for_no_number_is_a_gap(word, mark):
    lines = [HEAD, *ROWS[:5], f"12000,{word},{word}", *ROWS[5:], ""]
    holds("\n".join(lines).replace(",", mark))


@pytest.mark.parametrize("unit", ["1/S", "1 / S", "S^-1", "S⁻¹", "1/mS"])
def test_one_over_siemens_is_ohm(unit):
    scale = 1000 if unit == "1/mS" else 1
    holds(table(f"f (Hz),Z' ({unit}),Z'' ({unit})", F, Z.real / scale, Z.imag / scale))


@pytest.mark.parametrize("name", ["x.pdf", "x.csv", "x.txt"])
@pytest.mark.parametrize(
    ("begin", "what"),
    [
        ("%PDF-1.4\n", "a PDF"),
        ("\n%PDF-1.7\n", "a PDF"),
        ("%!PS-Adobe\n", "a PostScript"),
        ("{\\rtf1\n", "rtf"),
    ],
)
def test_a_document_is_named_as_such(name, begin, what):
    body = "".join(f"{i} 0 obj 1 2 3 endobj\n" for i in range(30))
    with pytest.raises(ReadError, match=what):
        read(begin + body, name)


@pytest.mark.parametrize("row", ["12000,9.9E+37,9.9E+37", "0.05,9.91E+37,9.91E+37", "12000,1E+99,1E+99"])
@pytest.mark.parametrize("place", ["above", "below"])
def test_a_lone_row_of_over_range_marks_is_told_as_such(row, place):
    lines = [HEAD, row, *ROWS] if place == "above" else [HEAD, *ROWS, row]
    notes = holds("\n".join([*lines, ""])).notes
    assert any("over-range" in note for note in notes)
    assert not any("beside the sweeps" in note for note in notes)


LOG_F, LOG_Z = np.round(np.log10(F), 3), np.round(np.log10(np.abs(Z)), 3)
ANGLE = np.round(np.degrees(np.angle(Z)), 1)


@pytest.mark.parametrize(
    ("names", "columns"),
    [
        ("log f,log|Z|,Phase (deg),Frequency,Zre,Zim", (LOG_F, LOG_Z, ANGLE, F, Z.real, Z.imag)),
        ("f,log f,Zre,-Zim,log Zre,log(-Zim)",
         (F, LOG_F, Z.real, -Z.imag, np.round(np.log10(Z.real), 2), np.round(np.log10(-Z.imag), 2))),
        ("log f,log|Z|,f (Hz),|Z| (Ohm),Phase (deg)",
         (LOG_F, LOG_Z, F, np.abs(Z), np.degrees(np.angle(Z)))),
        ("Phase (deg),Z',log10(f/Hz),f (Hz),Z'',|Z| (dBohm)",
         (ANGLE, Z.real, LOG_F, F, Z.imag, np.round(20 * np.log10(np.abs(Z)), 1))),
    ],
)  # fmt: skip
def test_rounded_logarithms_beside_exact_columns_are_left_aside(names, columns):
    holds(table(names, *columns))


def comma(value):
    return f"{value:.9g}".replace(".", ",")


@pytest.mark.parametrize(
    "form", ["{} Hz\t{} Ohm\t{} Ohm", "{} Hz;{} Ohm;{} Ohm", "f={} Hz;Zre={} Ohm;Zim={} Ohm"]
)
@pytest.mark.parametrize("turn", [1, 2, 3])
def test_cells_with_units_may_have_either_decimal_sign(form, turn):
    rows = []
    for i, (f, z) in enumerate(zip(F, Z, strict=True)):
        write = [comma if (i + k) % turn == 0 else "{:.9g}".format for k in range(3)]
        rows.append(form.format(*(w(v) for w, v in zip(write, (f, z.real, z.imag), strict=True))))
    mark = "\t" if "\t" in form else ";"
    holds("\n".join([mark.join(("f", "Zre", "Zim")), *rows, ""]), "x.txt")


def test_a_line_among_cells_with_units_is_told():
    rows = [f"{f:.9g} Hz\t{z.real:.9g} Ohm\t{z.imag:.9g} Ohm" for f, z in zip(F, Z, strict=True)]
    rows[9] = "OVERLOAD at 12 kHz"
    notes = holds("\n".join(["f\tZre\tZim", *rows, ""]), "x.txt", without=[9]).notes
    assert any("OVERLOAD" in note for note in notes)


@pytest.mark.parametrize("names", ["Rct (Ohm)", "Temperature", "Rct (Ohm),chi2"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("filled", [True, False])
def test_a_result_in_the_first_row_under_a_name_of_its_own_widens_no_table(names, mark, filled):
    more = names.count(",") + 1
    lines = [f"{HEAD},{names}", ROWS[0] + ",25" * more, *(row + "," * more * filled for row in ROWS[1:]), ""]
    (spectrum,) = read("\n".join(lines).replace(",", mark))
    np.testing.assert_allclose(spectrum.impedance, Z, rtol=1e-6)


def test_a_condition_in_the_first_row_is_the_spectrums(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("\n".join([f"{HEAD},Temperature", ROWS[0] + ",25", *ROWS[1:], ""]))
    assert read_series(path).spectra[0].temperature_C == 25


@pytest.mark.parametrize("row", ["100,000,5.1,-0.016", "100000,5,100,-0.016"])
def test_marks_between_thousands_are_no_result(row):
    with pytest.raises(
        ReadError, match=r"more numbers than most rows have \(3; the header has 4 names\).*thousands"
    ):
        read("\n".join([f"{HEAD},Rct (Ohm)", row, *ROWS[1:], ""]))


@pytest.mark.parametrize("turned", [180, -180])
@pytest.mark.parametrize("unit", [" (deg)", "", " (rad)"])
def test_a_phase_that_jumps_by_half_a_turn_is_called_so(turned, unit):
    angle = np.degrees(np.angle(Z)) + np.where(F < 100, turned, 0)
    angle = np.radians(angle) if "rad" in unit else angle
    with pytest.raises(ReadError, match=r"180 degrees off in places.*mend the phase"):
        read(table(f"Frequency,Impedance,Phase{unit}", F, np.abs(Z), angle))


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        ("tau (s),gamma (Ohm),upper (Ohm)", "a distribution of relaxation times$"),
        ("Relaxation time (s),h (Ohm),g (Ohm)", "a distribution of relaxation times$"),
        ("time (s),Resistance (Ohm),Temperature (C)", "over the time it is no spectrum$"),
        ("Cycle,ESR (mOhm),Voltage (V)", "over the cycle it is no spectrum$"),
        ("Dose,ESR (mOhm),Voltage (V)", "if one of them is, call it 'frequency_Hz'$"),
    ],
)
def test_what_is_no_spectrum_is_not_asked_for_a_name(names, reason):
    x = np.arange(1.0, 32.0)
    with pytest.raises(ReadError, match=reason):
        read(table(names, x, 100 + x, 20 + np.sqrt(x)))


@pytest.mark.parametrize("line", ["Time Mass", "Time Mass Rate", "alpha beta gamma"])
def test_names_above_are_not_denied(line):
    x = np.arange(31.0) + 0.5
    with pytest.raises(ReadError, match=r"whose names, .* are not understood|columns: "):
        read(table(line, x, np.cos(x), np.sqrt(x), mark=" "), "x.txt")
