"""Layouts of public repositories at first sight: misspelt names, numbered columns, labels filled in once.

The numbers are simulated here; each layout was refused, or taken for an impedance that it was not.
"""

from __future__ import annotations

import numpy as np
import pytest

from eisfit.errors import ReadError
from eisfit.spectra.readers import read_bytes
from eisfit.spectra.readers.names.columns import parse_name
from eisfit.spectra.series import read_series

F = np.geomspace(1e5, 1.0, 26)
Z = 10 + 100 / (1 + 2j * np.pi * F * 0.01)
G = np.geomspace(1e6, 1e8, 26)
ANTENNA = 40 + 5 * np.sqrt(G / 1e7) + 2e-6j * np.pi * G - 1j / (2e-10 * np.pi * G)
REFLECTION = (ANTENNA - 50) / (ANTENNA + 50)


def rows(*columns, mark=","):
    return "\n".join(mark.join(f"{v:.9g}" for v in row) for row in zip(*columns, strict=True)) + "\n"


def read(text):
    return read_bytes(text.encode(), "x.csv")


def holds(text, *impedances, rtol=1e-6):
    found = read(text)
    assert len(found) == len(impedances)
    for spectrum, z in zip(found, impedances, strict=True):
        np.testing.assert_allclose(spectrum.impedance, z, rtol=rtol)


@pytest.mark.parametrize(
    ("name", "quantity"),
    [
        ("Freqency (Hz)", "frequency"),
        ("Frequncy", "frequency"),
        ("Freqeuncy [Hz]", "frequency"),
        ("Impedence (Ohm)", "modulus"),
        ("Real Impedence (ohm)", "real"),
        ("Z imaginery", "imag"),  # not imaginer of an admittance Y
        ("Imaginer", "imag"),
        ("Phase angel (deg)", "phase"),
        ("Zmagnitute", "modulus"),
        ("ymagnitude", "admittance_modulus"),
        ("reactants", ""),
        ("Imprudence", ""),
    ],
)
def test_misspelt_names(name, quantity):
    assert parse_name(name).quantity == quantity


def test_a_table_with_misspelt_names():
    holds("Freqency (Hz),Impedence (Ohm),Phase angel (deg)\n" + rows(F, abs(Z), np.angle(Z, deg=True)), Z)
    holds("Frequncy;Z real;-Z imaginery\n" + rows(F, Z.real, -Z.imag, mark=";"), Z)


def test_a_unit_of_a_misspelt_impedance_beside_the_table():
    holds("# Impedence in mOhm\nf,Zre,Zim\n" + rows(F, Z.real, Z.imag), Z / 1e3)


def numbered(blocks, mark=","):
    """Return the cells of a row: in turn, or block by block."""
    return mark.join(f"{v:.9g}" for v in np.concatenate(blocks))


def test_one_row_a_spectrum_with_numbered_names_in_turn():
    names = ",".join(f"f_{k},r_{k},i_{k}" for k in range(1, F.size + 1))
    points = [np.ravel([F, k * Z.real, -k * Z.imag], order="F") for k in (1, 2)]
    lines = [f"7,{n},{numbered([one])},{soc}" for n, one, soc in zip((1, 2), points, (90, 40), strict=True)]
    first, second = read("\n".join([f"cell,id,{names},soc", *lines, ""]))
    np.testing.assert_allclose(first.impedance, Z, rtol=1e-6)
    np.testing.assert_allclose(second.impedance, 2 * Z, rtol=1e-6)
    assert [first.metadata["soc"], second.metadata["soc"]] == [90, 40]
    assert "each row is a spectrum" in first.notes


def test_one_row_a_spectrum_with_numbered_names_block_by_block():
    names = ",".join(f"{what}{k}" for what in ("frequency", "Zmod", "Zphase") for k in range(F.size))
    holds(f"{names}\n{numbered([F, np.abs(Z), np.angle(Z, deg=True)])}\n", Z)


def test_numbered_spectra_side_by_side_are_no_rows():
    names = ",".join(f"f_{k},Zre_{k},Zim_{k}" for k in range(1, 7))
    parts = [part for k in range(1, 7) for part in (F * 1.1**k, k * Z.real, k * Z.imag)]
    holds(f"{names}\n{rows(*parts)}", *(k * Z for k in range(1, 7)))


def test_a_label_in_the_first_row_of_each_sweep():
    lines = [
        line + label
        for k, name in ((1, "A1-E1"), (2, "A1-E3"))
        for line, label in zip(
            rows(F, k * Z.real, k * Z.imag).split(), [f",{name}", *[","] * F.size], strict=False
        )
    ]
    found = read("\n".join(["Freq,Zreal (ohm),Zimag (ohm),labels", *lines, ""]))
    assert [spectrum.metadata["label"] for spectrum in found] == ["labels A1-E1", "labels A1-E3"]
    np.testing.assert_allclose(found[1].impedance, 2 * Z, rtol=1e-6)


@pytest.mark.parametrize("names", ["freq_hz,real,imag\n", ""])
def test_a_reflection_that_nothing_calls_so_is_asked_for(names):
    text = names + rows(G, REFLECTION.real, REFLECTION.imag)
    with pytest.raises(ReadError, match="no number exceeds 1 from 100 kHz on: a reflection"):
        read(text)
    holds("freq_hz,Z_real,Z_imag\n" + rows(G, REFLECTION.real, REFLECTION.imag), REFLECTION[::-1])


def test_a_small_impedance_at_low_frequencies_is_no_reflection():
    holds("freq_hz,real,imag\n" + rows(F, Z.real / 120, Z.imag / 120), Z / 120)


def test_parts_and_frequency_without_header_where_only_the_last_column_is_a_sweep():
    noisy = np.random.default_rng(4).normal(size=(2, F.size)) * 30  # no order obeys Kramers-Kronig
    body = rows(Z.real + noisy[0], -200 - Z.imag + noisy[1], F)
    (found,) = read_bytes(body.encode(), "x.csv", imag_sign="+")
    np.testing.assert_allclose(found.frequency, F, rtol=1e-6)
    np.testing.assert_allclose(found.impedance.real, Z.real + noisy[0], rtol=1e-6)
    with pytest.raises(ReadError, match="must start with the frequency"):
        read(rows(200 + noisy[0], noisy[1] / 2, F))  # or modulus and phase


def test_a_modulus_further_right_does_not_tell_the_unit_of_the_frequency():
    linear, noise = np.arange(5.0, 100.0, 5.0), np.random.default_rng(5).normal(size=(2, 19))
    z = (80 + 8 * noise[0]) + 1j * (-10 + 5 * noise[1])
    with pytest.raises(ReadError, match="nothing proves"):
        read(rows(linear, z.real, z.imag, np.angle(z), np.abs(z), 1e-8 * (1 + 0.01 * noise[0])))


def test_pairs_of_a_log_below_their_frequency():
    lines = (
        f"Freq:{f:.4f}\nImpedance:(Real,Image) = ({z.real:f},{z.imag:f})\n" for f, z in zip(F, Z, strict=True)
    )
    holds("".join(lines), Z, rtol=1e-5)


def test_names_of_columns_as_spec_marks_them():
    text = "#S 1 ascan\n#L f  Zre  Zim  Seconds\n" + rows(F, Z.real, Z.imag, np.arange(26), mark=" ")
    holds(
        text + "\n#S 2 ascan\n#L f  Zre  Zim  Seconds\n" + rows(F, 2 * Z.real, 2 * Z.imag, F * 0, mark=" "),
        Z,
        2 * Z,
    )


def test_further_parts_beside_several_spectra_are_told_as_left_aside():
    capacitor = -1j / (2e-6 * np.pi * F)
    names = "frequency,z_real,z_imag,z_actual_real,z_actual_imag,z_cap_real,z_cap_imag\n"
    parts = [part for z in (Z, 1.01 * Z, capacitor) for part in (z.real, z.imag)]
    first, second = read(names + rows(F, *parts))
    np.testing.assert_allclose(first.impedance, Z, rtol=1e-6)
    assert "left aside: z_actual_real, z_actual_imag" in first.notes
    assert not any("left aside" in note for note in second.notes)


@pytest.mark.parametrize(
    ("titles", "temperatures", "cycles"),
    [
        ("T = 25 °C,,,T = 45 °C,,", [25, 45], [None, None]),
        ("Temperature: 25 °C,,,Temperature: 45 °C,,", [25, 45], [None, None]),
        ("T = 298.15 K,,,T = 318.15 K,,", [25, 45], [None, None]),
        ("Cycle: 1,,,Cycle: 50,,", [None, None], [1, 50]),
        ("Sample X\n\ncycle = 1,,,cycle = 50,,", [None, None], [1, 50]),
        ("T = 45 °C,,,Sample B,,", [45, None], [None, None]),
        ("Temperature: 25 °C\n\nCell A,,,Cell B,,", [25, 25], [None, None]),
        ("Temperature: 20 °C\n\nT = 25 °C,,,T = 45 °C,,", [25, 45], [None, None]),
    ],
)
def test_a_condition_over_tables_side_by_side_is_of_the_one_below_it(tmp_path, titles, temperatures, cycles):
    names = ",".join(["Frequency (Hz),Z' (Ω),Z'' (Ω)"] * 2)
    path = tmp_path / "x.csv"
    path.write_text(f"{titles}\n{names}\n" + rows(F, Z.real, Z.imag, F, 2 * Z.real, 2 * Z.imag), "utf-8")
    found = read_series(path).spectra
    assert [spectrum.temperature_C for spectrum in found] == temperatures
    assert [spectrum.cycle for spectrum in found] == cycles


@pytest.mark.parametrize("first", ["-20.00", "25.00", "0"])
def test_a_line_above_blocks_does_not_take_the_later_ones_their_temperature(tmp_path, first):
    body = rows(F, Z.real, Z.imag, mark="\t")
    heads = [f"Temp. [°C]={t}\nFreq. [Hz]\tZs' [Ohms]\tZs'' [Ohms]\n" for t in (first, "10.50")]
    path = tmp_path / "x.txt"
    path.write_text("Result: sample\n" + "\n".join(head + body for head in heads), "utf-8")
    assert [spectrum.temperature_C for spectrum in read_series(path).spectra] == [float(first), 10.5]


@pytest.mark.parametrize("mark", ["inf", "1.#INF", "1.#QNAN", "OL", "NaN"])
def test_a_first_point_that_could_not_be_measured_is_no_factor(mark):
    names, first = "Frequency (Hz),Z' (Ω),Z'' (Ω)\n", f"1e+06,{mark},-{mark}\n"
    (found,) = read(names + first + rows(F, Z.real, Z.imag))
    np.testing.assert_allclose(found.impedance, Z, rtol=1e-6)
    assert "dropped 1 row at the ends without a finite number" in found.notes
    with pytest.raises(ReadError, match="stands below the names: apply it"):
        read(names + "1,1e3,1e3\n" + rows(F, Z.real, Z.imag))


@pytest.mark.parametrize(("end", "points"), [("\r\n", F.size), ("", F.size - 1)])
def test_a_last_line_of_gamry_that_ends_is_whole_however_short_its_last_number(end, points):
    phase = np.round(np.angle(Z, deg=True), 4)
    phase[-1] = -2.1
    body = rows(np.arange(F.size), F, np.round(Z.real, 3), np.round(Z.imag, 3), phase, mark="\t").split("\n")
    head = "EXPLAIN\nTAG\tEISPOT\nZCURVE\tTABLE\n\tPt\tFreq\tZreal\tZimag\tZphz\n\t#\tHz\tohm\tohm\tdeg\n"
    text = head.replace("\n", "\r\n") + "\r\n".join(f"\t{line}" for line in body[:-1]) + end
    (found,) = read_bytes(text.encode(), "x.DTA")
    assert len(found.frequency) == points


def test_the_unit_ohm_beside_a_frequency_is_no_omega():
    header = "Frequency (Hz),Z' (Ω),Z'' (Ω)\n"
    (found,) = read("Frequency sweep with Z in Ω\n" + header + rows(F, Z.real, Z.imag))
    assert not any("stands beside it" in note for note in found.notes)
    (found,) = read("Frequency as ω\n" + header + rows(F, Z.real, Z.imag))
    assert any("stands beside it" in note for note in found.notes)


@pytest.mark.parametrize(
    ("names", "loop", "cycles"),
    [("Loop,Cycle", [0, 0], [1, 50]), ("Loop,Cycle", [1, 2], [1, 50]), ("Cycle,Loop", [0, 0], [1, 50])],
)
def test_a_loop_yields_to_the_cycle(names, loop, cycles):
    columns = {"Loop": np.repeat(loop, F.size), "Cycle": np.repeat([1, 50], F.size)}
    both = [np.tile(values, 2) for values in (F, Z.real, Z.imag)]
    body = rows(*(columns[name] for name in names.split(",")), *both)
    found = read(f"{names},Frequency (Hz),Z' (Ω),Z'' (Ω)\n{body}")
    assert [spectrum.cycle for spectrum in found] == cycles


@pytest.mark.parametrize(
    ("lines", "temperature"),
    [
        ("Chamber temperature = -10 degC", -10),
        ("Cell Temperature [°C]: 25", 25),
        ("Sample temp.: 298.15 K", 25),
        ("Chamber temperature: 30 °C\nTemperature: 25 °C", 25),
        ("Max. temperature: 60 °C", None),
        ("Room temperature: 22 °C", None),
    ],
)
def test_whose_temperature_the_header_tells(lines, temperature):
    (found,) = read(f"{lines}\nFrequency (Hz),Z' (Ω),Z'' (Ω)\n" + rows(F, Z.real, Z.imag))
    assert found.temperature_C == temperature


def test_a_first_column_without_a_name_makes_no_row_of_the_header():
    """The names above pandas' index were a row that was dropped."""
    body = "\n".join(
        f"{k},{f:.6g},{z.real:.6g},{z.imag:.6g}" for k, (f, z) in enumerate(zip(F, Z, strict=True))
    )
    (found,) = read(f",Freq,Real,Imag\n{body}\n")
    np.testing.assert_allclose(found.impedance, Z, rtol=1e-5)
    assert not any("dropped" in note for note in found.notes)


@pytest.mark.parametrize("mark", [" ", "\t"])
@pytest.mark.parametrize(
    ("names", "unit"),
    [
        ("f in Hz Re Z in Ohm Im Z in Ohm", 1.0),
        ("Frequenz in Hz Re Z in mOhm Im(Z) in mOhm", 1e-3),
        ("f en Hz Re Z en Ohm Im Z en Ohm", 1.0),
        ("f in Hz Re (Z) in Ohm Im (Z) in Ohm", 1.0),
        ("f (Hz) Re (Z) (kOhm) Im (Z) (kOhm)", 1e3),
        ("f [Hz] Re Z [kOhm] Im Z [kOhm]", 1e3),
    ],
)
def test_names_of_several_words_parted_by_blanks_end_with_their_units(names, unit, mark):
    holds(f"{names}\n" + rows(F, Z.real, Z.imag, mark=mark), unit * Z)


def test_a_modulus_of_several_words_ends_with_its_unit():
    angle = np.angle(Z, deg=True)
    holds("f in Hz Betrag Z in Ohm Phase in °\n" + rows(F, abs(Z), angle, mark=" "), Z)
    holds("f in Hz T in °C Re Z in Ohm Im Z in Ohm\n" + rows(F, 0 * F + 25, Z.real, Z.imag, mark=" "), Z)


@pytest.mark.parametrize("mark", ["\t", " "])
@pytest.mark.parametrize("count", [1, 3])
def test_a_header_parted_by_commas_that_ends_with_the_cycle(mark, count):
    """As a program for the HP 4192A writes it; the rows are parted otherwise."""
    head = "Frequency /Hz, Z_r, Z_im, cycle :{:04d}\n"
    text = "".join(head.format(k) + rows(F, k * Z.real, k * Z.imag, mark=mark) for k in range(1, count + 1))
    holds(text, *(k * Z for k in range(1, count + 1)))
    assert [spectrum.cycle for spectrum in read(text)] == list(range(1, count + 1))


def test_a_header_parted_by_commas_that_ends_with_a_name():
    head = "Freq /Hz, Zr , Zi ; Name: {}\n"
    text = "".join(head.format(name) + rows(F, Z.real, Z.imag, mark="\t") for name in ("first", "second"))
    holds(text, Z, Z)
    assert [s.metadata["label"] for s in read(text)] == ["Name: first", "Name: second"]
