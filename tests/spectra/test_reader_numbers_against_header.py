"""What a file's numbers say against its header; several spectra in one table. Numbers are simulated."""

import json
import re

import numpy as np
import pytest

from eisfit.errors import ReadError, UsageError
from eisfit.spectra.readers import read_bytes
from eisfit.spectra.readers.names.columns import parse_name

F = np.geomspace(1e5, 0.1, 31)
S = 2j * np.pi * F
#: Resistances in series with an RC element, which no two of have the same time constant.
CELLS = [10 * k + 100 * k / (1 + S * k * 1e-3) + 1 / (S * 0.1) ** 0.5 for k in (1, 2, 3)]
Z = CELLS[0]
CS = -1 / (2 * np.pi * F * Z.imag)
DEGREES = np.degrees(np.angle(Z))


def table(head, *columns, mark=","):
    rows = (mark.join(f"{value:.9g}" for value in row) for row in zip(*columns, strict=True))
    return "\n".join([head, *rows]) + "\n"


def read(text, **options):
    return read_bytes(text.encode(), "cell.csv", **options)


def assert_cells(spectra, names, cells=CELLS):
    assert [spectrum.metadata.get("label") for spectrum in spectra] == names
    for spectrum, z in zip(spectra, cells, strict=True):
        np.testing.assert_allclose(spectrum.impedance, z, rtol=1e-6)


LIES = {
    "exchanged": (("f/Hz,Z'/ohm,Z''/ohm", F, Z.imag, Z.real), "imaginary and real part"),
    "modulus and degrees": (("f/Hz,Re(Z)/ohm,Im(Z)/ohm", F, abs(Z), DEGREES), "modulus and phase in degrees"),
    "radians": (("f/Hz,|Z|/ohm,phase/deg", F, abs(Z), DEGREES * np.pi / 180), "a phase in radians"),
    "milliradians": (("f/Hz,|Z|/ohm,phase/deg", F, abs(Z + 300), 1e3 * np.angle(Z + 300)), "milliradians"),
    "decibels": (("f/Hz,|Z|/ohm,phase/deg", F, 20 * np.log10(abs(Z)), DEGREES), "decibels of the modulus"),
    "logarithm of the modulus": (
        ("f/Hz,|Z|/ohm,phase/deg", F, np.log10(abs(Z)), DEGREES),
        "logarithm of the modulus",
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_header_that_kramers_kronig_contradicts_is_refused_unless_the_user_says_it_is_right(lie):
    columns, words = LIES[lie]
    with pytest.raises(ReadError, match=words):
        read(table(*columns))
    (spectrum,) = read(table(*columns), imag_sign="header")
    assert any(words in note and note.startswith("assumed:") for note in spectrum.notes)


def test_numbers_that_are_no_impedance_are_read_as_the_header_says_with_a_note_that_fit_shows():
    rng = np.random.default_rng(1)
    (spectrum,) = read(
        table("f/Hz,Zre/ohm,Zim/ohm", F, rng.uniform(1, 9, F.size), -rng.uniform(1, 9, F.size))
    )
    assert any(note.startswith("assumed:") and "Kramers-Kronig fails" in note for note in spectrum.notes)


CONTRADICTIONS = {
    "modulus in milliohm": ("f/Hz,Zre/ohm,Zim/ohm,|Z|/ohm", F, Z.real, Z.imag, 1e3 * abs(Z)),
    "modulus of another": ("f/Hz,Zre/ohm,Zim/ohm,|Z|/ohm", F, Z.real, Z.imag, abs(CELLS[1] + 50)),
    "omega called f": ("f/Hz,Zre/ohm,Zim/ohm,Cs/F", 2 * np.pi * F, Z.real, Z.imag, CS),
    "omega beside f": ("f/Hz,omega/rad/s,Zre/ohm,Zim/ohm", F, F, Z.real, Z.imag),
    "admittance": ("f/Hz,Zre/ohm,Zim/ohm,|Y|/S", F, Z.real, Z.imag, 1e-3 / abs(Z)),
    "milliohm without unit": ("f/Hz,Zre,Zim,Cs/F", F, 1e3 * Z.real, 1e3 * Z.imag, CS),
    "modulus and real part exchanged": ("f/Hz,|Z|/ohm,Zim/ohm,Zre/ohm", F, Z.real, Z.imag, abs(Z)),
}  # fmt: skip


@pytest.mark.parametrize("case", CONTRADICTIONS)
def test_columns_of_the_same_thing_must_agree(case):
    with pytest.raises(ReadError, match="contradicts"):
        read(table(*CONTRADICTIONS[case]))


def test_columns_that_agree_are_read():
    y = 1 / Z
    head = "f/Hz,omega/(rad/s),Zre/ohm,Zim/ohm,|Z|/ohm,|Y|/S,Cs/F,Cp/F"
    omega = 2 * np.pi * F
    (spectrum,) = read(
        table(head, F, omega, Z.real, Z.imag, abs(Z), abs(y), -1 / (omega * Z.imag), y.imag / omega)
    )
    np.testing.assert_allclose(spectrum.impedance, Z, rtol=1e-6)


def parts(*cells):
    return [part for z in cells for part in (z.real, z.imag)]


def polar(*cells):
    return [part for z in cells for part in (abs(z), np.degrees(np.angle(z)))]


BESIDE = {
    "numbers": (
        table("f/Hz,Z1'/ohm,Z1''/ohm,Z2'/ohm,Z2''/ohm,Z3'/ohm,Z3''/ohm", F, *parts(*CELLS)),
        ["1", "2", "3"],
    ),
    "a stack and its cells": (
        table("f/Hz,Re(Z)/ohm,Im(Z)/ohm,Re(Z1)/ohm,Im(Z1)/ohm,Re(Z2)/ohm,Im(Z2)/ohm", F, *parts(*CELLS)),
        [None, "1", "2"],
    ),
    "electrodes": (
        table("f/Hz;Z' WE/ohm;Z'' WE/ohm;Z' CE/ohm;Z'' CE/ohm", F, *parts(*CELLS[:2]), mark=";"),
        ["we", "ce"],
    ),
    "moduli": (
        table("f1,|Z|1,phase1/deg,f2,|Z|2,phase2/deg", F, *polar(CELLS[0]), F, *polar(CELLS[1])),
        ["1", "2"],
    ),
}  # fmt: skip


BESIDE["Ivium's scans"] = (
    table("freq/Hz,Z1/ohm,-Z2/ohm,freq/Hz,Z1/ohm,-Z2/ohm", *(
        part for z in CELLS[:2] for part in (F, z.real, -z.imag))),
    [None, None],
)  # fmt: skip


@pytest.mark.parametrize("case", BESIDE)
def test_spectra_beside_each_other_are_all_read_and_named(case):
    text, names = BESIDE[case]
    assert_cells(read(text), names, CELLS[: len(names)])


def test_what_was_smoothed_is_no_spectrum_more():
    head = "f/Hz,Z'/ohm,Z''/ohm,Z'_smoothed/ohm,Z''_smoothed/ohm"
    (spectrum,) = read(table(head, F, *parts(*CELLS[:2])))
    assert any("left aside: Z'_smoothed" in note for note in spectrum.notes)


def test_a_spectrum_a_row():
    head = ",".join(["cell", *(f"{f:.9g} Hz" for f in F)])
    rows = [
        ",".join([f"c{k}", *(f"{z.real:.9g}{z.imag:+.9g}j" for z in cell)]) for k, cell in enumerate(CELLS)
    ]
    names = [f"spectrum c{k}" for k in range(3)]
    assert_cells(read("\n".join([head, *rows]) + "\n"), names)
    assert_cells(read("\n".join([head.replace(" Hz", ""), *rows]) + "\n"), names)
    named = ",".join(["cell", *(f"Z{part}_{f:.9g}Hz" for f in F for part in ("re", "im"))])
    rows = [
        ",".join([f"c{k}", *(f"{v:.9g}" for z in cell for v in (z.real, z.imag))])
        for k, cell in enumerate(CELLS)
    ]
    assert_cells(read("\n".join([named, *rows]) + "\n"), names)


@pytest.mark.parametrize(
    ("head", "form"),
    [
        ("f/Hz: Z'/ohm, Z''/ohm", "{:.9g}: {:.9g}, {:.9g}"),
        ("f/Hz\tZ'/ohm;Z''/ohm", "{:.9g}\t{:.9g};{:.9g}"),
        ("Columns=f/Hz;Z'/ohm;Z''/ohm", "Point{n}={:.9g};{:.9g};{:.9g}"),
        ("[data]", "row[{n}]: {:.9g} {:.9g} {:.9g}"),
    ],
)
def test_two_marks_and_numbered_rows(head, form):
    rows = [form.format(f, z.real, z.imag, n=n) for n, (f, z) in enumerate(zip(F, Z, strict=True), 1)]
    assert_cells(read("\n".join([head, *rows]) + "\n"), [None], [Z])


def test_a_table_of_very_many_sweeps_is_refused_by_its_beginning():
    text = "f,Zre,Zim\n" + "1000,1,-2\n100,2,-3\n" * 60_000
    with pytest.raises(ReadError, match="more than 10000 sweeps"):
        read(text)


def lines(form, head=""):
    return head + "".join(
        form.format(f, z.real, z.imag, n=n) for n, (f, z) in enumerate(zip(F, Z, strict=True))
    )


WRITTEN = {
    "Fortran's complex numbers": lines("{:.9g} ({:.9g},{:.9g})\n", "f Z\n"),
    "complex numbers with decimal commas": lines("{:.9g};{:.9g}{:+.9g}i\n", "f;Z\n").replace(".", ","),
    "YAML": lines("  - {{f: {:.9g}, re: {:.9g}, im: {:.9g}}}\n", "sample: A\ndata:\n"),
    "names before numbers": lines("f: {:.9g} Hz  Z': {:.9g} Ohm  Z'': {:.9g} Ohm\n"),
    "a value a line": lines("FREQ {:.9g}\nRE {:.9g}\nIM {:.9g}\n"),
    "rows of a matrix": lines("{:.9g} {:.9g} {:.9g};\n", "% f Zre Zim\ndata = [\n") + "];\n",
    "numbered rows the header leaves out": lines("{n} {:.9g} {:.9g} {:.9g}\n", "f Zre Zim\n"),
    "units in quotes": lines("{:.9g},{:.9g},{:.9g}\n", '"f","Z\'","Z\'\'"\n"(Hz)","(Ohm)","(Ohm)"\n'),
    "a remark behind the first row": lines("{:.9g};{:.9g};{:.9g};\n", "f;Zre;Zim;note\n").replace(
        ";\n", ";cold\n", 1
    ),
    "another table beyond a gap": lines("{:.9g},{:.9g},{:.9g},,,\n", "f,Zre,Zim\n").replace(
        ",,,\n", ",,Rs =,12\n", 1
    ),
}


def test_novocontrol_admittance_and_nested_lists():
    y = 1 / Z
    assert_cells(
        read(table(" Freq. [Hz]\t Yp' [1/Ohm]\t Yp'' [1/Ohm]", F, y.real, y.imag, mark="\t")), [None], [Z]
    )
    rows = [[f, z.real, z.imag] for f, z in zip(F.tolist(), Z.tolist(), strict=True)]
    np.testing.assert_allclose(read_bytes(json.dumps(rows).encode(), "cell.json")[0].impedance, Z, rtol=1e-6)


LOGGED = {
    "Analog Devices": ("Freq:{:.9g} RzMag: {:.9g} Ohm , RzPhase: {:.9g} \n", "polar"),
    "with units": ("Frequency: {:.9g} Hz, |Z| = {:.9g} Ohm, Phase = {:.9g} deg\n", "polar"),
    "time before": ("[10:00:01] f={:.9g} Hz Zre={:.9g} Zim={:.9g}\n", "parts"),
    "complex": ("2024-01-01 10:00:00 INFO f={:.9g} Z=({:.9g}{:+.9g}j)\n", "parts"),
}


@pytest.mark.parametrize("how", LOGGED)
def test_lines_of_a_log_that_name_their_numbers(how):
    form, kind = LOGGED[how]
    pairs = zip(abs(Z), DEGREES, strict=True) if kind == "polar" else zip(Z.real, Z.imag, strict=True)
    rows = [form.format(f, *pair) for f, pair in zip(F, pairs, strict=True)]
    assert_cells(read("started\n" + "".join(rows)), [None], [Z])
    if how != "complex":  # a point that lacks a part is none to leave out in silence
        with pytest.raises(ReadError):
            read("".join([*rows[:5], rows[5].rstrip().rpartition(" ")[0] + "\n", *rows[6:]]))


def test_units_that_change_from_line_to_line_in_a_log():
    rows = [
        f"[9:00] f={f:.9g} Hz Zre={a:.9g} Zim={b:.9g}\n" for f, a, b in zip(F, Z.real, Z.imag, strict=True)
    ]
    rows[:16] = [
        f"[9:00] f={f / 1e3:.9g} kHz Zre={a:.9g} Zim={b:.9g}\n"
        for f, a, b in zip(F[:16], Z.real, Z.imag, strict=False)
    ]
    assert_cells(read("".join(rows)), [None], [Z])


@pytest.mark.parametrize("how", WRITTEN)
def test_rows_as_programs_write_them(how):
    assert_cells(read(WRITTEN[how]), [None], [Z])


def test_phase_before_the_modulus_without_header():
    assert_cells(read(table("", F, DEGREES, abs(Z)).lstrip()), [None], [Z])


@pytest.mark.parametrize(
    ("name", "quantity", "scale"),
    [
        ("Re(Z) - Rs (Ohm)", "", 1),
        ("1/omega", "", 1),
        ("Z' (-)", "", 1),
        ("Z (mm)", "", 1),
        ("Im(Z) x(-1)", "imag", -1),
        ("Zim(-)", "imag", -1),
        ("log(-Z'')", "imag", -1),
        ("Negativer Imaginärteil in Ohm", "imag", -1),
        ("tz(deg)", "phase", 1),
        ("Zre day 7", "real", 1),
        ("omega_rad_s", "frequency", 1 / (2 * np.pi)),
        ("θd(°)", "phase", 1),
        ("Z(0.1Hz)", "", 1),
        ("Parte imaginária (Ω)", "imag", 1),
    ],
)
def test_names_with_arithmetic_and_signs(name, quantity, scale):
    assert (parse_name(name).quantity, parse_name(name).scale) == (quantity, scale)


def test_blocks_below_an_empty_line_are_spectra_and_pages_are_one():
    blocks = [table("", F, z.real, z.imag, mark=" ") for z in CELLS[:2]]
    turned = table("", F[::-1], CELLS[2].real[::-1], CELLS[2].imag[::-1], mark=" ")
    assert_cells(read("f Zre Zim" + "\n".join([*blocks, turned])), [None] * 3)
    pages = [
        table("Freq (Hz),Re(Z),Im(Z)", F[part], Z.real[part], Z.imag[part])
        for part in (np.s_[:16], np.s_[16:])
    ]
    assert_cells(read("\n".join(pages)), [None], [Z])


def test_units_of_the_impedance_are_understood_as_in_headers():
    text = table("f,Zre,Zim", F, Z.real, Z.imag)
    for unit in ("mohm", "mΩ", "mOhm", "milliohm"):
        np.testing.assert_allclose(read(text, impedance_unit=unit)[0].impedance, 1e-3 * Z, rtol=1e-6)
    for unit in ("MOHM", "V", 5):
        with pytest.raises(UsageError, match="is none of uohm, mohm"):
            read(text, impedance_unit=unit)


DAMAGED = {
    "a cell is gone": (lambda rows: [*rows[:5], rows[5].partition(",")[2], *rows[6:]], "fewer numbers"),
    "thousands at the top": (lambda rows: [thousands(row) for row in rows], "more numbers than the table"),
    "thousands at the end": (
        lambda rows: [thousands(row) for row in rows[::-1]],
        "more numbers than the table",
    ),
}


def thousands(row):
    frequency, _, rest = row.partition(",")
    return f"{float(frequency):,.4f},{rest}"


@pytest.mark.parametrize("how", DAMAGED)
def test_rows_that_lost_or_won_a_cell_are_refused_with_their_line(how):
    damage, words = DAMAGED[how]
    rows = table("", F, Z.real, Z.imag, abs(Z)).split("\n")[1:-1]
    with pytest.raises(ReadError, match=rf"line \d+: {words}"):
        read("\n".join(["f/Hz,Zre/ohm,Zim/ohm,|Z|/ohm", *damage(rows)]) + "\n")


def test_a_column_that_runs_like_a_frequency_is_none_of_the_impedance():
    count = np.arange(1.0, F.size + 1)
    for head in ("f/Hz,Index,Zre/ohm,Zim/ohm", "f/Hz,Zre/ohm,Zim/ohm,T/C"):
        with pytest.raises(ReadError, match="runs like a frequency"):
            read(table(head, count, F, Z.real, Z.imag))


def unclear(head, below="", scale=1.0):
    return table(head, F, scale * Z.real, scale * Z.imag, mark=";") + below


UNCLEAR = {
    "two units": (unclear("f/kHz;Zre/mOhm;Zim/mOhm\nHz;Ohm;Ohm"), "stands over the unit 'Hz'"),
    "half a unit": (
        "f/Hz;Zre/mOhm;Zim\n10;5;-3\n5;5.1;-5\n2;5.2;-9\n",
        "'Zre/mOhm' has a unit and 'Zim' has none",
    ),
    "a factor above": (unclear("Scale factor: 1000\nf;Zre;Zim"), "'Scale factor: 1000' stands above"),
    "a factor behind a name": (unclear("f (Hz);Zre*1000 (Ohm);Zim*1000 (Ohm)"), "may be a factor"),
    "a power of ten": (unclear("f (Hz);Zre E-3 Ohm;Zim E-3 Ohm"), "real and imaginary part"),
}


@pytest.mark.parametrize("how", UNCLEAR)
def test_units_and_numbers_that_may_be_two_things_are_asked_for(how):
    text, words = UNCLEAR[how]
    with pytest.raises(ReadError, match=re.escape(words)):
        read(text)


def test_a_unit_below_the_table_is_that_of_its_bare_columns():
    (spectrum,) = read(unclear("f;Zre;Zim", "\nNote: impedance in mOhm\n", 1e3))
    np.testing.assert_allclose(spectrum.impedance, Z, rtol=1e-6)
    assert any(note.startswith("assumed: mOhm, as the lines above or below") for note in spectrum.notes)


@pytest.mark.parametrize(
    "head",
    [
        "EIS data [mOhm]\nfreq;real;imag",
        "freq;Zre;Zim\nunits;Hz;mOhm;mOhm",
        'freq;Zre;Zim\n"[Hz]";"[mOhm]";"[mOhm]"',
    ],
)
def test_units_that_stand_in_a_title_or_behind_the_word(head):
    np.testing.assert_allclose(read(unclear(head, scale=1e3))[0].impedance, Z, rtol=1e-6)


def test_a_row_with_units_that_nothing_places_is_refused():
    with pytest.raises(ReadError, match="nothing tells whose they are"):
        read(unclear("freq;Zre;Zim\nall;Hz;mOhm;mOhm"))


def test_three_decimals_with_a_decimal_comma_are_no_thousands():
    text = "f (Hz);Z' (Ohm);Z'' (Ohm)\n" + "".join(
        f"{f:.3f};{z.real:.3f};{z.imag:.3f}\n" for f, z in zip(F[:20], Z, strict=False)
    ).replace(".", ",")
    np.testing.assert_allclose(read(text)[0].impedance, np.round(Z[:20], 3), rtol=1e-9)


def test_an_order_that_fits_much_better_than_the_usual_one_is_asked_for():
    """Modulus and degrees that happen to obey Kramers-Kronig within one percent as parts too."""
    f = np.geomspace(1e4, 10, 31)
    x = 1j * f / np.sqrt(1e5)
    z = 10 + 50 / (1 + (0.1 * x) ** 0.85) + 25 / (1 + 10 * x)
    with pytest.raises(ReadError, match="may be frequency, Z', Z'' or frequency"):
        read(table("", f, abs(z), np.degrees(np.angle(z))).lstrip())
    np.testing.assert_allclose(read(table("", f, z.real, z.imag).lstrip())[0].impedance, z, rtol=1e-6)


def test_more_than_a_turn_is_no_phase():
    with pytest.raises(ReadError, match=r"'phase/rad' holds .* rad, more than a turn"):
        read(table("f/Hz,|Z|/ohm,phase/rad", F, abs(Z), DEGREES))


def test_three_decimals_throughout_beside_whole_numbers_are_decimals():
    f = np.geomspace(900, 2, 12)
    rows = "".join(f"{a:.3f},{b:.3f},{-c:.3f},298\n" for a, b, c in zip(f, f / 3 + 9, f / 9 + 2, strict=True))
    (spectrum,) = read("f/Hz,Zre/ohm,Zim/ohm,T/K\n" + rows)
    np.testing.assert_allclose(spectrum.frequency, np.round(f, 3), rtol=1e-9)
