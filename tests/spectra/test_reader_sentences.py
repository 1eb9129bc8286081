"""What notes and errors say: one true sentence, whole quotes, labels that the file has."""

from __future__ import annotations

import re

import numpy as np
import pytest

from eisfit.errors import ReadError
from eisfit.spectra.readers import read_bytes
from eisfit.spectra.readers.conversion.cuts import note_misplaced

F = np.geomspace(1e5, 1, 16)
Z = 20 + 300 / (1 + (2j * np.pi * F * 6e-3) ** 0.85)


def write(head, *columns, mark=","):
    rows = [mark.join(f"{value:.9g}" for value in row) for row in zip(*columns, strict=True)]
    return "\n".join([head, *rows, ""]).encode()


@pytest.mark.parametrize(
    ("name", "cycle"),
    [
        ("Aging cycle", 3.0),
        ("Charge cycles (-)", 3.0),
        ("Duty cycle", None),
        ("Half cycle", None),
        ("Ageing cycle count", 3.0),
        ("Cycle life", None),
    ],
)
def test_a_column_of_one_cycle_tells_it_as_one_of_several_does(name, cycle):
    """``Aging cycle`` of one value was lost, and of several taken from the label."""
    columns = np.full(F.size, 3), F, Z.real, Z.imag
    (one,) = read_bytes(write(f"{name},f (Hz),Zre (ohm),Zim (ohm)", *columns), "x.csv")
    assert one.cycle == cycle
    assert (f"cycle from the column {name!r}" in one.notes) == (cycle is not None)
    twice = [np.concatenate([values, values]) for values in columns]
    twice[0][F.size :] = 7
    several = read_bytes(write(f"{name},f (Hz),Zre (ohm),Zim (ohm)", *twice), "x.csv")
    assert [spectrum.cycle for spectrum in several] == ([3.0, 7.0] if cycle else [None, None])


def note_on_sign(content, name="x.csv"):
    (spectrum,) = read_bytes(content, name)
    np.testing.assert_allclose(spectrum.impedance.imag.sum(), Z.imag.sum(), rtol=1e-6)
    (note,) = [note for note in spectrum.notes if "imaginary sign" in note and "taken from" not in note]
    return note


@pytest.mark.parametrize(
    ("name", "sign", "told"),
    [
        ("Z'' / Ohm", -1, "imaginary sign: \"Z'' / Ohm\" holds -Im Z, as the phase says; "),
        ("-Z'' / Ohm", 1, "imaginary sign: \"-Z'' / Ohm\" holds Im Z, as the phase says; "),
        ("Z'' / Ohm", 1, "imaginary sign: \"Z'' / Ohm\" holds Im Z; "),
    ],
)
def test_a_part_that_the_phase_turns_is_said_to_hold_what_it_holds(name, sign, told):
    """The note said that the column holds Im Z as written, where the phase had turned it."""
    phase = np.degrees(np.angle(Z))
    note = note_on_sign(write(f"f / Hz,Z' / Ohm,{name},Phase / deg", F, Z.real, sign * Z.imag, phase))
    assert note.startswith(f"{told}Kramers-Kronig agrees (residual ")
    assert ("as written" in note) == ("phase says" not in note)


@pytest.mark.parametrize(
    ("real", "imag", "told"),
    [
        ("Z' (Ω)", "Im Z (Ω)", "turned against the header ('Im Z (Ω)' holds -Im Z)"),
        ("实部Z'/Ω", "虚部-Z''/Ω", "turned (\"虚部-Z''/Ω\" holds -Im Z)"),
    ],
)
def test_a_turned_part_is_said_to_hold_what_it_holds(real, imag, told):
    assert told in note_on_sign(write(f"f/Hz,{real},{imag}", F, Z.real, -Z.imag))


def test_a_sign_told_by_the_slope_is_not_said_to_agree_with_kramers_kronig():
    """``Kramers-Kronig fails`` and ``Kramers-Kronig agrees`` stood side by side."""
    z = 10 + 1 / (2j * np.pi * F * 1e-6) * (1 + 0.6 * (-1.0) ** np.arange(F.size))
    (spectrum,) = read_bytes(write("f/Hz,Re Z (ohm),Im Z (ohm)", F, z.real, z.imag), "x.csv")
    told = " | ".join(spectrum.notes)
    assert "Kramers-Kronig fails" in told
    assert "Kramers-Kronig agrees" not in told
    assert "'Im Z (ohm)' holds Im Z, as the slope of |Z| asks for" in told


@pytest.mark.parametrize("length", [30, 200])
def test_a_quote_that_is_cut_ends_in_an_ellipsis(length):
    """``'formula without a stored value: open and' is not a number`` broke off within the sentence."""
    word = ("broken sensor of the second kind " * 9)[:length].strip()
    rows = write("f (Hz),Zre (ohm),Zim (ohm)", F, Z.real, Z.imag).replace(b",-", f",{word}".encode(), 1)
    with pytest.raises(ReadError) as error:
        read_bytes(rows, "x.csv")
    (quoted,) = re.findall(r"'(broken[^']*)'", str(error.value))
    assert quoted.endswith("...") == (length == 200)
    assert quoted.startswith(word[:30])


def test_names_of_which_the_first_is_empty_are_no_dropped_row():
    """R's write.csv with row names: "dropped 1 row at the ends", where all rows were there."""
    rows = [f'"{i}",{f:.6g},{z.real:.6g},{z.imag:.6g}' for i, (f, z) in enumerate(zip(F, Z, strict=True), 1)]
    (spectrum,) = read_bytes("\n".join(['"","freq","Re.Z.","Im.Z."', *rows, ""]).encode(), "x.csv")
    assert len(spectrum.frequency) == F.size
    assert not any("dropped" in note for note in spectrum.notes)


def test_lines_above_the_rows_of_z60w_are_no_dropped_rows():
    rows = [f"{f:.6E},0,0,0,{z.real:.6E},{z.imag:.6E},0,0,0" for f, z in zip(F, Z, strict=True)]
    head = ["Z60W Data File: Version 1.1", *[""] * 6, "0,2,0,1,0.1,100000", str(F.size)]
    (spectrum,) = read_bytes("\n".join([*head, *rows, ""]).encode(), "x.z")
    np.testing.assert_allclose(spectrum.impedance, Z, rtol=1e-6)
    assert not any("dropped" in note for note in spectrum.notes)


@pytest.mark.parametrize("mark", ["9.9E+37", "1E+38", "9.99999E+28"])
def test_a_mark_for_over_range_is_named(mark):
    size, phase = np.abs(Z), np.degrees(np.angle(Z))
    for head, a, b in (
        ("f (Hz),Zre (ohm),Zim (ohm)", Z.real, Z.imag),
        ("f (Hz),|Z| (ohm),phase (deg)", size, phase),
    ):
        lines = write(head, F, a, b).decode().splitlines()
        lines[4] = f"{F[3]:.9g},{mark},{mark}"
        (spectrum,) = read_bytes("\n".join(lines).encode(), "x.csv")
        np.testing.assert_allclose(spectrum.impedance, np.delete(Z, 3), rtol=1e-6)
        told = f", {mark}" if "Zre" in head else ""
        assert f"dropped 1 row with the instrument's mark for over-range{told}" in spectrum.notes


@pytest.mark.parametrize(
    ("content", "name", "told"),
    [
        (
            "CORRW ASCII\n  Experiment Type:  Potentiodynamic\nEnd Comments\n"
            + "".join(f"{i / 59:.4E}\t{i * 1e-8:.4E}\t{i:.4E}\t0\n" for i in range(60)),
            "x.cor",
            r"is a CorrWare file \(Potentiodynamic\): potential and current",
        ),
        (
            "Potential (V),C^-2 (F^-2),Frequency (Hz)\n" + "".join(f"{i / 9},{i}e8,1000\n" for i in range(9)),
            "x.csv",
            r"'C\^-2 \(F\^-2\)' is no impedance: 1/C², as in a Mott-Schottky plot",
        ),
        (
            "f/Hz,Re(Z)/Ohm,Im(Z)/Ohm\n"
            + "".join(f"{10.0 ** (3 - i / 5)},{700 + 40 * i:,}.120,-{20 + i}.5\n" for i in range(20)),
            "x.csv",
            "more numbers than the table has columns .*; a mark between thousands",
        ),
    ],
    ids=["CorrWare", "Mott-Schottky", "thousands"],
)
def test_what_is_no_spectrum_is_refused_for_what_it_is(content, name, told):
    with pytest.raises(ReadError, match=told):
        read_bytes(content.encode(), name)


def test_a_random_order_raises_no_question_and_a_lost_mark_in_a_sweep_does():
    f = np.geomspace(1e5, 1, 51)
    z = 20 + 300 / (1 + (2j * np.pi * f * 6e-3) ** 0.85)
    head = "f (Hz),Zre (ohm),Zim (ohm)"
    for seed in range(20):
        order = np.random.default_rng(seed).permutation(f.size)
        (spectrum,) = read_bytes(write(head, f[order], z.real[order], z.imag[order]), "x.csv")
        assert not any("lost decimal" in note for note in spectrum.notes)
    for place in (1, 25, 49):
        moved = np.where(np.arange(f.size) == place, 100 * f, f)
        (note,) = note_misplaced(moved)
        assert "a lost decimal mark or exponent?" in note


def test_absolute_values_beside_a_phase_are_said_to_have_its_sign():
    z = np.where(np.arange(F.size) < 2, Z.conj(), Z)  # an inductive end
    phase = np.degrees(np.angle(z))
    content = write("f/Hz,Z' / Ohm,Z'' / Ohm,Phase / deg", F, z.real, abs(z.imag), phase)
    (spectrum,) = read_bytes(content, "x.csv")
    np.testing.assert_allclose(spectrum.impedance, z, rtol=1e-6)
    told = [note for note in spectrum.notes if "imaginary sign: " in note]
    assert told[0].startswith("imaginary sign: \"Z'' / Ohm\" with the sign of the phase")
    assert "as written" not in told[0]
