"""Files as laboratories keep them: compressed, with results beside the table, merged by git, nested JSON."""

from __future__ import annotations

import gzip
import io
import json
import tarfile

import numpy as np
import pytest

import eisfit
from eisfit import read_series
from eisfit.errors import ReadError
from eisfit.spectra.readers import read_bytes
from eisfit.spectra.readers.file import File
from eisfit.spectra.readers.file_formats._sheet import read_sheets
from eisfit.spectra.readers.names.columns import parse_name

F = np.geomspace(1e5, 1.0, 26)
Z = 10 + 100 / (1 + 2j * np.pi * F * 0.01)
HEADER = "f (Hz),Z' (Ohm),-Z'' (Ohm)"
ROWS = [",".join(f"{v:.9g}" for v in row) for row in zip(F, Z.real, -Z.imag, strict=True)]
TEXT = "\n".join([HEADER, *ROWS, ""])


def holds(data, name="x.csv", rtol=1e-6):
    (spectrum,) = read_bytes(data if isinstance(data, bytes) else data.encode(), name)
    np.testing.assert_allclose(spectrum.frequency, F, rtol=rtol)
    np.testing.assert_allclose(spectrum.impedance, Z, rtol=rtol)
    return spectrum


POINTS = [(f, z.real * 1e3, z.imag * 1e3) for f, z in zip(F.tolist(), Z.tolist(), strict=True)]


@pytest.mark.parametrize(
    "record",
    [
        [{"frequency_hz": f, "impedance": {"re_mohm": x, "im_mohm": y}} for f, x, y in POINTS],
        [{"f": f, "impedance": {"re": x, "im": y, "unit": "mohm"}} for f, x, y in POINTS],
        [{"f": f, "Z": {"re_mohm": x, "im_mohm": y, "abs_mohm": abs(x + 1j * y)}} for f, x, y in POINTS],
        [{"f": {"value": f / 1e3, "unit": "kHz"}, "Z_mohm": {"re": x, "im": y}} for f, x, y in POINTS],
        {"f": F.tolist(), "Z_mohm": {"re": [x for _, x, _ in POINTS], "im": [y for *_, y in POINTS]}},
        {"header": ["f", "re", "im"], "units": ["Hz", "mohm", "mohm"], "rows": [list(p) for p in POINTS]},
        {
            "columns": [{"name": "f"}, {"name": "z_re", "unit": "mohm"}, {"name": "z_im", "unit": "mohm"}],
            "data": [list(p) for p in POINTS],
        },
        [
            {"quantity": name, "unit": unit, "values": list(values)}
            for name, unit, values in zip(
                ("frequency", "real impedance", "imaginary impedance"),
                ("Hz", "mohm", "mohm"),
                zip(*POINTS, strict=True),
                strict=True,
            )
        ],
        {"f": F.tolist(), "Z": [{"re_mohm": x, "im_mohm": y} for _, x, y in POINTS]},
    ],
)
def test_units_beside_the_names_of_json_count(record):
    spectrum = holds(
        json.dumps({"cell": "A", "points": record} if isinstance(record, list) else record), "x.json"
    )
    assert not any("no unit" in note for note in spectrum.notes)


def test_an_unresolved_merge_is_refused():
    merged = [
        *ROWS[:9],
        "<<<<<<< HEAD",
        ROWS[9],
        "=======",
        ROWS[9].replace("1", "2"),
        ">>>>>>> b",
        *ROWS[10:],
    ]
    for mark in ("\n", "\r\n"):
        with pytest.raises(ReadError, match="merge in git"):
            read_bytes(mark.join([HEADER, *merged, ""]).encode(), "x.csv")
    underlined = "\n".join(["EIS of a cell", "=============", TEXT])
    holds(underlined)


def test_compressed_files_are_read(tmp_path):
    packed = gzip.compress(TEXT.encode())
    holds(packed, "x.csv.gz")
    holds(gzip.compress(TEXT[:300].encode()) + gzip.compress(TEXT[300:].encode()), "x.csv.gz")
    with pytest.raises(ReadError, match="cut off"):
        read_bytes(packed[:-9], "x.csv.gz")
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as held:
        held.addfile(tarfile.TarInfo("x.csv"))
    with pytest.raises(ReadError, match="several files"):
        read_bytes(archive.getvalue(), "x.tar.gz")
    (tmp_path / "cell_cyc12.csv.gz").write_bytes(packed)
    assert read_series(tmp_path).cycles.tolist() == [12.0]


@pytest.mark.parametrize("mark", ["\t", ";"])
@pytest.mark.parametrize("beside", [("", "R_ct ="), ("R_ct",), ("", "-Z''", "log f", "R_ct (Ohm)")])
def test_a_result_beside_the_first_row_is_no_column(mark, beside):
    """With names for all: a number more than the other rows have was taken for a thousands mark."""
    more = ["1" if name and not name.startswith("R") else "" for name in beside[:-1]]
    lines = [mark.join([*row.split(","), *more]) for row in ROWS]
    lines[0] += f"{mark}101.5"
    holds("\n".join([mark.join([*HEADER.split(","), *beside]), *lines, ""]))


def test_a_number_more_that_nothing_names_stays_refused():
    with pytest.raises(ReadError, match="more numbers than the table has columns"):
        read_bytes("\n".join([HEADER, ROWS[0] + ",101.5", *ROWS[1:], ""]).encode(), "x.csv")


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("names", ["C' (mF),C'' (mF)", "Re(C)/mF,Im(C)/mF", "C_real [mF],C_imag [mF]"])
def test_the_complex_capacitance_gives_the_impedance(names, sign):
    c = 1e3 / (2j * np.pi * F * Z)
    rows = [f"{f:.9g},{x.real:.9g},{-sign * x.imag:.9g}" for f, x in zip(F, c, strict=True)]
    holds("\n".join([f"f (Hz),{names}", *rows, ""]))


@pytest.mark.parametrize(
    ("name", "quantity", "label"),
    [
        ("抵抗 R[Ω]", "real", ""),
        ("リアクタンス X[Ω]", "imag", ""),
        ("电阻R(Ω)", "real", ""),
        ("频率f(Hz)", "frequency", ""),
        ("Widerstand R [Ohm]", "real", ""),
        ("Reactance (X) [Ohm]", "imag", ""),
        ("Series resistance Rs (Ohm)", "real", ""),
        ("Frequency f (Hz)", "frequency", ""),
        ("Reactive component of impedance, milliohm", "imag", ""),
        ("Wirkanteil (Ohm)", "real", ""),
        ("Z'' X (Ohm)", "imag", "x"),  # of a cell X
        ("Resistance R1 (Ohm)", "", ""),
        ("Reactive power (W)", "", ""),
        ("C'' (F/g)", "", ""),
    ],
)
def test_words_with_their_symbols(name, quantity, label):
    found = parse_name(name)
    assert (found.quantity, found.label) == (quantity, label)


ZPLOT = ["ZPLOT2 ASCII", "Freq(Hz)  Ampl  Bias  Time(Sec)  Z'(a)  Z''(b)  GD  Err  Range", "End Comments"]


def test_a_row_of_an_instruments_file_that_lost_a_cell_is_refused():
    """The numbers behind it moved, and came in as another impedance."""
    rows = [f"{f:.5E}, 0.01, 0, 1.5, {z.real:.5E}, {z.imag:.5E}, 0, 0, 4" for f, z in zip(F, Z, strict=True)]
    holds("\r\n".join([*ZPLOT, *rows, ""]), "x.z", rtol=1e-5)
    rows[7] = rows[7].replace("0.01, ", "")
    with pytest.raises(ReadError, match="line 11: fewer cells"):
        read_bytes("\r\n".join([*ZPLOT, *rows, ""]).encode(), "x.z")


@pytest.mark.parametrize("lost", [".", "E+0"])
def test_a_frequency_without_its_mark_or_exponent_is_told(lost):
    rows = [f"{f:.5E};{z.real:.5E};{-z.imag:.5E}" for f, z in zip(F, Z, strict=True)]
    rows[8] = rows[8].replace(lost, "E-0" if lost == "E+0" else "", 1)
    found = read_bytes("\n".join([HEADER.replace(",", ";"), *rows, ""]).encode(), "x.csv")
    assert all(any("lost decimal mark or exponent" in note for note in s.notes) for s in found)


def test_a_check_at_one_frequency_between_the_points_is_no_lost_mark():
    f = np.insert(np.geomspace(1e5, 1.0, 51), [20, 30], 1e3)
    rows = [f"{x:.6g},{10 + 50 / (1 + 1j * x / 30)!r}".replace("(", "").replace(")", "") for x in f]
    found = read_bytes("\n".join(["f (Hz),Z (Ohm)", *rows, ""]).encode(), "x.csv", average_duplicates=True)
    assert not any("lost decimal mark" in note for s in found for note in s.notes)


def test_a_row_whose_phase_contradicts_its_parts_is_named():
    rows = [
        f"{f:.6g},{z.real:.6g},{z.imag:.6g},{np.angle(z, deg=True):.6g}" for f, z in zip(F, Z, strict=True)
    ]
    rows[8] = rows[8].replace(f"{Z[8].imag:.6g}", f"{10 * Z[8].imag:.6g}")
    (spectrum,) = read_bytes(
        "\n".join(["f (Hz),Z' (Ohm),Z'' (Ohm),phase (deg)", *rows, ""]).encode(), "x.csv"
    )
    assert any(note.startswith("assumed") and f"{F[8]:.6g} Hz" in note for note in spectrum.notes)


@pytest.mark.parametrize(
    ("row", "name", "above"),
    [
        ("{0:.3e}, {1:.3e}, {2:.3e}", "x.csv", ["Freq/Hz, Z'/ohm, Z''/ohm"]),
        ("{0:.6e}\t{1:.6e}\t{2:.6e}", "x.mpt", ["freq/Hz\tRe(Z)/Ohm\tIm(Z)/Ohm"]),
        ("{0:.6g} Hz,{1:.7f},{2:.7f}", "x.csv", ["f,Z' (Ohm),Z'' (Ohm)"]),
    ],
)
def test_a_file_cut_within_its_last_exponent_or_below_units_loses_that_row(row, name, above):
    z = 5000 / (1 + 2j * np.pi * F * 1e-4)
    rows = [row.format(f, x.real, x.imag) for f, x in zip(F, z, strict=True)]
    cut = rows[14][: -1 if "e" in rows[14] else -6]
    (found,) = read_bytes("\n".join([*above, *rows[:14], cut]).encode(), name)
    np.testing.assert_allclose(found.impedance, z[:14], rtol=2e-3)
    (found,) = read_bytes("\n".join([*above, *rows[:15]]).encode(), name)
    assert found.points == 15


def test_ltspice_cut_within_its_last_exponent_is_refused():
    rows = [f"{f:.14e}\t{z.real:.14e},{z.imag:.14e}" for f, z in zip(F, Z, strict=True)]
    with pytest.raises(ReadError, match="no complex number"):
        read_bytes("\n".join(["Freq.\tV(in)/I(V1)", *rows])[:-1].encode(), "x.txt")


def test_a_last_row_of_the_densest_spectrum_alone_is_kept():
    """Of columns side by side in which every other row is filled: the last one was dropped without a word."""
    for count in (25, 26):
        rows = [
            row + ("," + row.split(",", 1)[1] if i % 2 == 0 else ",,") for i, row in enumerate(ROWS[:count])
        ]
        header = "f (Hz),Z' A (Ohm),-Z'' A (Ohm),Z' B (Ohm),-Z'' B (Ohm)"
        a, b = read_bytes("\n".join([header, *rows, ""]).encode(), "x.csv")
        assert (a.points, b.points) == (count, 13)


@pytest.mark.parametrize("place", [1, 3, 14, 22, 24])
def test_rows_beyond_an_empty_one_are_kept_of_spectra_side_by_side(place):
    """At the ends, where the other spectrum has no rows, those beyond it were lost without a word."""
    rows = [f"{row},{row}" if 4 < i < 20 else f"{row},,," for i, row in enumerate(ROWS)]
    rows.insert(place, ",,,,,")
    a, b = read_bytes("\n".join([f"{HEADER},{HEADER}", *rows, ""]).encode(), "x.csv")
    assert (a.points, b.points) == (len(ROWS), 15)


def test_results_beyond_an_empty_row_are_no_rows_of_the_table():
    rows = [*(f"{row},{row}" for row in ROWS), ",,,,,", "fit,1.5,2.5,,,"]
    a, b = read_bytes("\n".join([f"{HEADER},{HEADER}", *rows, ""]).encode(), "x.csv")
    assert a.points == b.points == len(ROWS)


@pytest.mark.parametrize("gap", [1, 4, 12, 24])
def test_sheets_of_spectra_side_by_side_with_gaps(gap):
    """Cells that a sheet does not hold at the end of a row are empty, not lost."""
    rows = [row.split(",") for row in ROWS]
    sheet = [
        f"{HEADER},{HEADER}".split(","),
        *(row + (row if i % 3 == 0 else []) for i, row in enumerate(rows)),
    ]
    sheet.insert(gap, [])
    found = read_sheets(File("x.xlsx", b""), {"S": [["cell 5", "", ""], *sheet, [], ["measured in May"]]})
    assert [np.isfinite(sweep.impedance).sum() for sweep in found] == [len(ROWS), 9]


@pytest.mark.parametrize(
    ("unit", "scale"),
    [("kilohms", 1e3), ("kiloohm", 1e3), ("microhm", 1e-6), ("megohm", 1e6), ("gigohms", 1e9)],
)
def test_units_in_words(unit, scale):
    assert parse_name(f"Real Z ({unit})").scale == pytest.approx(scale)


@pytest.mark.parametrize(
    ("lines", "axis", "values"),
    [
        (("# T = 25 C", "# T = 35 C", "# T = 45 C"), "temperature", [25.0, 35.0, 45.0]),
        (("Temperature: 298.15 K", "Temperature: 308.15 K", ""), "temperature", [25.0, 35.0, None]),
        (("# SOC = 20 %", "# SOC = 50 %", "# SOC = 80 %"), "soc", [20.0, 50.0, 80.0]),
    ],
)
def test_a_line_between_spectra_is_of_the_one_below_it(tmp_path, lines, axis, values):
    f = np.geomspace(1e5, 0.1, 25)
    z = 3 + 20 / (1 + 2j * np.pi * f * 1e-3)
    rows = "".join(f"{a:.6g},{b.real:.6g},{b.imag:.6g}\n" for a, b in zip(f, z, strict=True))
    first, *others = lines
    path = tmp_path / "cell.csv"
    path.write_text(
        f"{first}\nfreq(Hz),Zre(Ohm),Zim(Ohm)\n{rows}" + "".join(f"{one}\n{rows}" for one in others)
    )
    found = eisfit.read_series(path).spectra
    assert [one.points for one in found] == [25, 25, 25]
    told = [one.temperature_C if axis == "temperature" else one.axes.get(axis) for one in found]
    assert told == values


def test_an_admittance_per_area_is_told(tmp_path):
    f = np.geomspace(1e5, 0.1, 25)
    y = 1 / (3 + 20 / (1 + 2j * np.pi * f * 1e-3))
    rows = "".join(f"{a:.6g},{b.real:.6g},{b.imag:.6g}\n" for a, b in zip(f, y, strict=True))
    (tmp_path / "cell.csv").write_text(f"f (Hz),Y' (S/cm2),Y'' (S/cm2)\n{rows}")
    assert any("ohm cm2" in note for note in eisfit.read(tmp_path / "cell.csv").notes)


@pytest.mark.parametrize("name", ["Global impedance (ohm)", "Lumped impedance (Ω)", "ec.Z11 (ohm)"])
def test_a_description_of_several_words_over_a_complex_column(tmp_path, name):
    f = np.geomspace(1e5, 0.1, 25)
    z = 3 + 20 / (1 + 2j * np.pi * f * 1e-3)
    rows = "".join(f"{a:<24.10g}{b.real:.10g}{b.imag:+.10g}i\n" for a, b in zip(f, z, strict=True))
    path = tmp_path / "cell.txt"
    path.write_text(f"% Model:  cell.mph\n% freq (Hz)              {name}\n{rows}", encoding="utf-8")
    assert eisfit.read(path).impedance == pytest.approx(z, rel=1e-8)


@pytest.mark.parametrize("rest", ["0.0421", "0.25,"])
def test_a_file_cut_off_within_its_last_row_says_so(tmp_path, rest):
    f = np.geomspace(1e5, 0.1, 25)
    z = 3 + 20 / (1 + 2j * np.pi * f * 1e-3)
    rows = "".join(f"{a:.6g},{b.real:.6g},{b.imag:.6g}\n" for a, b in zip(f, z, strict=True))
    (tmp_path / "cell.csv").write_text(f"freq(Hz),Zre(Ohm),Zim(Ohm)\n{rows}{rest}")
    spectrum = eisfit.read(tmp_path / "cell.csv")
    assert spectrum.points == 25
    assert "the last line of the file is cut off and was dropped" in spectrum.notes


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({}, "no unit given for the impedance, taken as ohm"),
        ({"units": ["Hz", "mOhm", "mOhm"]}, "units: Hz, mOhm, mOhm"),
        ({"unit": "mOhm"}, "unit: mOhm"),
    ],
)
def test_the_unit_of_a_matrix_without_names_is_told_or_asked_for(tmp_path, attributes, said):
    h5py = pytest.importorskip("h5py")
    f = np.geomspace(5e3, 0.02, 37)
    z = 18 + 9 / (1 + 2j * np.pi * f * 0.01)
    with h5py.File(tmp_path / "cell.h5", "w") as file:
        held = file.create_dataset("eis", data=np.stack([f, z.real, z.imag], axis=1))
        held.attrs.update(attributes)
    if attributes:
        with pytest.raises(ReadError, match=said):
            eisfit.read(tmp_path / "cell.h5")
        read = eisfit.read(tmp_path / "cell.h5", impedance_unit="mohm")
        assert read.impedance == pytest.approx(z * 1e-3, rel=1e-12)
    else:
        read = eisfit.read(tmp_path / "cell.h5")
        assert any(said in note for note in read.notes)
        assert not any("zero bytes" in note or "parted" in note for note in read.notes)
