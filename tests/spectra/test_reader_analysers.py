"""Files of analysers and programs, written from their documented layouts with values of a closed form."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from layouts import variable

from eisfit.errors import ReadError
from eisfit.spectra.readers import read_bytes

F = np.geomspace(1e6, 10, 26)
Z = 20 + 300 / (1 + 2j * math.pi * F * 300 * 1e-7)  # 20 ohm, 300 ohm beside 100 nF


def read(text, name="a.txt", **options):
    return read_bytes(text.encode(), name, **options)


def one(text, name="a.txt", **options):
    (spectrum,) = read(text, name, **options)
    return spectrum


def rows(*columns, mark=" "):
    return "".join(mark.join(f"{v:.12g}" for v in row) + "\n" for row in zip(*columns, strict=True))


# Touchstone


def reflection(z, reference=50.0):
    return (z - reference) / (z + reference)


@pytest.mark.parametrize("form", ["RI", "MA", "DB"])
@pytest.mark.parametrize(("unit", "scale"), [("Hz", 1.0), ("GHZ", 1e9)])
def test_touchstone_of_one_port(form, unit, scale):
    s = reflection(Z, 75.0)
    size = {"RI": s.real, "MA": abs(s), "DB": 20 * np.log10(abs(s))}[form]
    second = s.imag if form == "RI" else np.degrees(np.angle(s))
    text = f"! analyser\n# {unit} S {form} R 75\n" + rows(F / scale, size, second)
    assert one(text, "a.s1p").impedance == pytest.approx(Z, rel=1e-7)
    assert one(text, "a.txt").frequency == pytest.approx(F, rel=1e-9)


def test_touchstone_defaults_are_ghz_magnitude_angle_and_fifty_ohm():
    s = reflection(Z)
    text = rows(F / 1e9, abs(s), np.degrees(np.angle(s)))
    assert one("#\n" + text, "a.s1p").impedance == pytest.approx(Z, rel=1e-7)


def test_touchstone_impedances_are_normalised_in_version_1_and_not_in_version_2():
    assert one("# Hz Z RI R 50\n" + rows(F, Z.real / 50, Z.imag / 50), "a.s1p").impedance == pytest.approx(Z)
    text = "[Version] 2.0\n# Hz Y RI R 50\n[Number of Ports] 1\n[Network Data]\n"
    y = 1 / Z
    assert one(text + rows(F, y.real, y.imag) + "[End]\n", "a.s1p").impedance == pytest.approx(Z)


@pytest.mark.parametrize("way", ["shunt", "series"])
def test_touchstone_of_two_ports_tells_how_the_impedance_stands(way):
    # ABCD matrices: (1 0; 1/Z 1) across the line, (1 Z; 0 1) within it (Pozar, Microwave Engineering, 4.4).
    a, b, c, d = (1, 0, 1 / Z, 1) if way == "shunt" else (1, Z, 0, 1)
    total = a + b / 50 + c * 50 + d
    s11, s21, s22 = (a + b / 50 - c * 50 - d) / total, 2 / total, (-a + b / 50 - c * 50 + d) / total
    columns = [part for s in (s11, s21, s21, s22) for part in (np.real(s), np.imag(s))]
    spectrum = one("# HZ S RI R 50\n" + rows(F, *columns), "a.s2p")
    assert spectrum.impedance == pytest.approx(Z, rel=1e-7)
    assert any(way in note for note in spectrum.notes)


def test_touchstone_of_two_ports_without_reflection_is_refused():
    zero, s21 = np.zeros(F.size), 2 / (2 + 50 / Z)
    columns = [zero, zero, s21.real, s21.imag, s21.real, s21.imag, zero, zero]
    with pytest.raises(ReadError, match="across the line or within it"):
        one("# HZ S RI R 50\n" + rows(F, *columns), "a.s2p")


def test_touchstone_of_two_unlike_ports_is_refused():
    """It stands within the line by S11, and by S22 it does not."""
    s11, s21 = Z / (Z + 100), 100 / (Z + 100)
    columns = [s11.real, s11.imag, *[s21.real, s21.imag] * 2, 0.2 * s11.real, 0.2 * s11.imag]
    with pytest.raises(ReadError, match="S11 and S22 differ by"):
        one("# HZ S RI R 50\n" + rows(F, *columns), "a.s2p")


# Keysight E4990A: documented example of "Saving Trace Data to a File"


def test_keysight_e4990a():
    angle = np.degrees(np.angle(Z))
    text = (
        "!Agilent Technologies,E4990A,MY521012345,A.02.10\n!Date: Fri Apr 03 13:41:16 2015\nBEGIN CH1_DATA\n"
        "Title label, TEST DATA\nDCV(V), +5.230e-005, DCI(A), +2.335e-005\n"
        "Frequency(Hz), |Z|(Ohm)-data, theta-z(deg)-data, theta-z(deg)-mem\n"
        + rows(F, abs(Z), angle, angle + 7, mark=", ")
        + "END\nBEGIN CH2_DATA\n"
        "Frequency(Hz), Z-Real(Ohm)-data, Z-Imag(Ohm)-data, Y-Real(S)-mem, Y-Imag(S)-mem\n"
        + rows(F, 2 * Z.real, 2 * Z.imag, (1 / Z).real, (1 / Z).imag, mark=", ")
        + "END\n"
    )
    first, second = read(text, "a.csv")
    assert first.impedance == pytest.approx(Z, rel=1e-7)
    assert second.impedance == pytest.approx(2 * Z, rel=1e-7)


def test_keysight_calls_the_phase_thz():
    angle = np.degrees(np.angle(Z))
    text = f"BEGIN CH1_DATA\nFrequency(Hz),|Z|(Ohm),Thz(deg)\n{rows(F, abs(Z), angle, mark=', ')}END\n"
    assert one(text, "a.csv").impedance == pytest.approx(Z, rel=1e-7)


def test_keysight_channels_of_other_quantities():
    """The second channel is no rows of another table, which the text reader leaves aside."""
    Y = 1 / (2 * Z)
    text = (
        "BEGIN CH1_DATA\nFrequency(Hz), R(Ohm)-data, X(Ohm)-data\n"
        + rows(F, Z.real, Z.imag, mark=", ")
        + "END\nBEGIN CH2_DATA\nFrequency(Hz), Cp(F)-data, D()-data\n"
        + rows(F, Y.imag / (2 * np.pi * F), Y.real / Y.imag, mark=", ")
        + "END\n"
    )
    first, second = read(text, "a.csv")
    assert first.impedance == pytest.approx(Z, rel=1e-7)
    assert second.impedance == pytest.approx(2 * Z, rel=1e-7)
    assert [one.metadata["channel"] for one in (first, second)] == ["CH1", "CH2"]


@pytest.mark.parametrize(("mark", "decimal"), [(",", "."), (";", "."), (";", ","), ("\t", ".")])
def test_keysight_saved_again_by_a_spreadsheet(mark, decimal):
    angle = np.degrees(np.angle(Z))
    lines = ["!CSV A.01.01", "BEGIN CH1_DATA", f"Frequency(Hz){mark}|Z|(ohm)-data{mark}theta-z(deg)-data"]
    lines += rows(F, abs(Z), angle, mark=mark).replace(".", decimal).splitlines()
    padded = [line + mark * (2 - line.count(mark)) for line in [*lines, "END"]]
    (spectrum,) = read("\r\n".join(padded) + "\r\n", "a.csv")
    assert spectrum.impedance == pytest.approx(Z, rel=1e-6)


# Zurich Instruments LabOne: fields of ZISweeperImpedanceWave, one a line


def labone(fields, mark=";"):
    lines = [mark.join(["chunk", "timestamp", "size", "fieldname"]) + mark * F.size]
    for chunk, name, values in fields:
        lines.append(mark.join([str(chunk), "1234", str(F.size), name, *(f"{v:.12g}" for v in values)]))
    return "\n".join(lines) + "\n"


def test_labone_without_sizes():
    text = labone([(0, "frequency", F), (0, "realz", Z.real), (0, "imagz", Z.imag), (0, "auxin0", 0 * F)])
    lines = (";".join(line.split(";")[:2] + line.split(";")[3:]) for line in text.splitlines())
    (spectrum,) = read("\n".join(lines).rstrip(";") + "\n")
    assert spectrum.impedance == pytest.approx(Z, rel=1e-7)
    assert spectrum.metadata["format"] == "Zurich Instruments LabOne"


def test_labone_with_a_field_a_line():
    fields = [
        (chunk, name, values)
        for chunk in (0, 1)
        for name, values in (
            ("grid", F),
            ("frequency", F),
            ("realz", (chunk + 1) * Z.real),
            ("realzstddev", 0 * F),
            ("imagz", (chunk + 1) * Z.imag),
            ("absz", (chunk + 1) * abs(Z)),
            ("phasez", np.angle(Z)),
        )
    ]
    first, second = read(labone(fields))
    assert first.impedance == pytest.approx(Z, rel=1e-7)
    assert second.impedance == pytest.approx(2 * Z, rel=1e-7)
    polar = labone([(0, "grid", F), (0, "absz", abs(Z)), (0, "phasez", np.angle(Z))], ",")
    assert one(polar, "a.csv").impedance == pytest.approx(Z, rel=1e-7)


# MethodSCRIPT


def test_methodscript_packages():
    lines = ["e", "M0005"]
    for f, z in zip(F, Z, strict=True):
        cells = variable("dc", f, "m"), variable("cc", z.real, metadata=",10,20D"), variable("cd", z.imag)
        lines.append("P" + ";".join(cells if f < 1e5 else (variable("dc", f, " ", 1.0), *cells[1:])))
    overload = ";".join((variable("dc", 1.0), variable("cc", 5.0, metadata=",12"), variable("cd", 1.0)))
    spectrum = one("\n".join([*lines, "P" + overload, "*", ""]))
    assert spectrum.frequency == pytest.approx(F, rel=1e-4)
    assert spectrum.impedance == pytest.approx(Z, abs=1e-3)
    assert any("1 point marked as overload" in note for note in spectrum.notes)


# LTspice: File, Export data as text


@pytest.mark.parametrize("end", ["\n", " \n", "\r\r\n"])
def test_ltspice_of_an_ac_analysis(end):
    cells = [f"{f:.14e}\t{z.real:.14e},{z.imag:.14e}" for f, z in zip(F, -Z, strict=True)]
    spectrum = one("Freq.\tV(n001)/I(V1)" + end + end.join(cells) + end)
    assert spectrum.impedance == pytest.approx(Z, rel=1e-7)
    assert any(note.startswith("assumed: V(n001)/I(V1) turned") for note in spectrum.notes)


def test_ltspice_in_decibels_with_steps():
    def cell(z):
        return f"({20 * math.log10(abs(z)):.14e}dB,{math.degrees(math.atan2(z.imag, z.real)):.14e}°)"

    text = "Freq.\tV(n001)/I(R1)\n" + "".join(
        f"Step Information: R={k}  (Run: {k}/2)\n"
        + "".join(f"{f:.14e}\t{cell(k * z)}\n" for f, z in zip(F, Z, strict=True))
        for k in (1, 2)
    )
    first, second = read_bytes(text.encode("latin-1"), "a.txt")
    assert first.impedance == pytest.approx(Z, rel=1e-7)
    assert second.impedance == pytest.approx(2 * Z, rel=1e-7)


def test_ltspice_voltage_is_an_impedance_only_where_the_user_says_so():
    text = "Freq.\tV(n001)\n" + "".join(
        f"{f:.14e}\t{z.real:.14e},{z.imag:.14e}\n" for f, z in zip(F, Z, strict=True)
    )
    with pytest.raises(ReadError, match="--impedance-unit ohm"):
        one(text)
    assert one(text, impedance_unit="ohm").impedance == pytest.approx(Z, rel=1e-7)


def test_a_git_lfs_pointer_is_named_as_such():
    text = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n"
    with pytest.raises(ReadError, match="Git LFS pointer"):
        one(text, "a.mpr")


# JSON and Parquet: names and columns


def json_documents():
    f, real, imag = F.tolist(), Z.real.tolist(), Z.imag.tolist()
    named = {"frequency_Hz": f, "Z_real_ohm": real, "Z_imag_ohm": imag}
    return {
        "columns": named,
        "rows": [dict(zip(named, row, strict=True)) for row in zip(f, real, imag, strict=True)],
        "split": {"columns": list(named), "data": [list(r) for r in zip(f, real, imag, strict=True)]},
        "pandas": {name: {str(i): v for i, v in enumerate(values)} for name, values in named.items()},
        "complex": {"freq": f, "Z (ohm)": [list(pair) for pair in zip(real, imag, strict=True)]},
        "nested": {"version": 3, "data": [{"label": "cell", **named}]},
    }  # fmt: skip


@pytest.mark.parametrize("layout", list(json_documents()))
def test_json_tables(layout):
    spectrum = one(json.dumps(json_documents()[layout]), "a.json")
    assert spectrum.frequency == pytest.approx(F, rel=1e-12)
    assert spectrum.impedance == pytest.approx(Z, rel=1e-12)


def test_json_of_pyimpspec_without_its_masked_points():
    document = {
        "label": "dummy",
        "frequencies": F.tolist(),
        "real_impedances": Z.real.tolist(),
        "imaginary_impedances": Z.imag.tolist(),
        "mask": {"0": True, "3": False},
    }
    spectrum = one(json.dumps(document), "a.json")
    assert spectrum.impedance == pytest.approx(Z[1:], rel=1e-12)
    assert spectrum.metadata["label"] == "dummy"


@pytest.mark.parametrize(
    "text", ['{"a": [1, 2]}', '{"frequency": [1', "[{}]", '{"frequency": [1, 2, 3], "Z": 1}']
)
def test_other_json_is_refused(text):
    with pytest.raises(ReadError):
        one(text, "a.json")


def test_a_unit_beside_a_name_that_has_one_in_parquet_and_json(tmp_path):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    names = {"f/Hz": "Hz", "Re(Z)/Ohm": "Ohm", "Im(Z)": "Ohm"}
    columns = dict(zip(names, (F.tolist(), Z.real.tolist(), Z.imag.tolist()), strict=True))
    fields = [pa.field(name, pa.float64(), metadata={"unit": unit}) for name, unit in names.items()]
    pq.write_table(pa.table(columns, schema=pa.schema(fields)), tmp_path / "a.parquet")
    document = json.dumps({**columns, "units": names}).encode()
    for data, name in (((tmp_path / "a.parquet").read_bytes(), "a.parquet"), (document, "a.json")):
        (spectrum,) = read_bytes(data, name)
        np.testing.assert_allclose(spectrum.impedance, Z)


def test_parquet(tmp_path):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    table = pa.table(
        {"Frequency / Hz": F, "Real Impedance / Ohm": Z.real, "Imaginary Impedance / Ohm": Z.imag}
    )
    pq.write_table(table, tmp_path / "a.parquet")
    data = (tmp_path / "a.parquet").read_bytes()
    (spectrum,) = read_bytes(data, "a.parquet")
    assert spectrum.impedance == pytest.approx(Z, rel=1e-12)
    with pytest.raises(ReadError, match="damaged"):
        read_bytes(data[:50] + b"PAR1", "a.parquet")


def agilent(pair, first, second, **columns):
    """Return a file of the 4294A's layout (its manual, chapter 8): two blocks, imaginary parts of zeros."""
    text = f'"4294A REV1.11"\r\n"NUMBER OF POINTS: {F.size}"\r\n{pair}\r\n'
    for name, (head, values) in {"A": first, "B": second}.items():
        shown = {**columns, "Data Trace Real": values, "Data Trace Imag": 0 * F}
        text += f'"TRACE: {name}"\r\n{head}\r\n' + "\t".join(f'"{n}"' for n in ("Frequency", *shown))
        rows = zip(F[::-1], *(v[::-1] for v in shown.values()), strict=True)
        text += "\r\n" + "".join("\t".join(f"{v:.10E}" for v in row) + "\r\n" for row in rows) + "\r\n"
    return text.encode()


@pytest.mark.parametrize(
    "data",
    [
        agilent("", ('"FORMAT: |Z|"', abs(Z)), ('"FORMAT: THETA"', np.degrees(np.angle(Z)))),
        agilent('"MEASUREMENT: |Z|-θ"', ("", abs(Z)), ("", np.degrees(np.angle(Z)))),
        agilent('"PARAMETER: R-X"', ("", Z.real), ("", Z.imag)),
        agilent(
            '"MEASURE PARAMETER: IMPEDANCE MAG PHASE (DEG)"',
            ('"FORMAT: LOG"', abs(Z)),
            ('"FORMAT: LIN"', np.degrees(np.angle(Z))),
        ),
        agilent(
            '"MEASUREMENT PARAMETER: IMPEDANCE MAG(|Z|) - PHASE(deg)"',
            ('"FORMAT: LOG Y-AXIS"', abs(Z)),
            ("", np.degrees(np.angle(Z))),
        ),
        agilent('"MEASUREMENT PARAMETER: RESISTANCE(R) - REACTANCE(X)"', ("", Z.real), ("", Z.imag)),
        agilent(
            '"MEASUREMENT PARAMETER: SERIES CAPACITANCE(Cs) - SERIES RESISTANCE(Rs)"',
            ("", -1 / (2 * np.pi * F * Z.imag)),
            ("", Z.real),
        ),
        agilent('"Cs-D"', ("", -1 / (2 * np.pi * F * Z.imag)), ("", -Z.real / Z.imag)),
        agilent("", ("", abs(Z)), ("", 0 * F), **{"Data Real": Z.real, "Data Imag": Z.imag}),
    ],
    ids=["formats", "pair", "parts", "words", "symbols", "R-X", "Cs-Rs", "Cs-D", "arrays"],
)
def test_agilent_4294a(data):
    (spectrum,) = read_bytes(data, "a.txt")
    assert spectrum.impedance == pytest.approx(Z, rel=1e-8)
    assert spectrum.metadata["format"] == "Agilent 4294A"


def test_traces_of_the_4294a_that_say_nothing_are_refused():
    data = agilent("", ("", abs(Z)), ("", np.degrees(np.angle(Z))))
    with pytest.raises(ReadError, match="nothing says what trace A holds"):
        read_bytes(data, "a.txt")


@pytest.mark.parametrize("first", ["|Z|", "Cs"])
def test_agilent_4294a_with_a_column_a_trace(first):
    pairs = {
        "|Z|": (abs(Z), np.degrees(np.angle(Z)), "theta"),
        "Cs": (-1 / (2 * np.pi * F * Z.imag), -Z.real / Z.imag, "D"),
    }
    one_, other, second = pairs[first]
    head = f'"4294A REV1.11"\n"NUMBER OF POINTS: {F.size}"\n'
    text = f'{head}"Frequency"\t"Trace A ({first})"\t"Trace B ({second})"\n' + rows(F, one_, other, mark="\t")
    np.testing.assert_allclose(one(text).impedance, Z, rtol=1e-6)


def test_agilent_4294a_with_names_in_capitals():
    phase = np.degrees(np.angle(Z))
    text = '"4294A REV1.11"\n'
    for trace, word, values in (("A", "|Z|", abs(Z)), ("B", "THETA", phase)):
        text += f'"TRACE: {trace}"\n"FORMAT: {word}"\n"FREQUENCY"\t"DATA TRACE REAL"\t"DATA TRACE IMAG"\n'
        text += rows(F, values, 0 * F, mark="\t")
    np.testing.assert_allclose(one(text).impedance, Z, rtol=1e-6)


# Files that end within a number


def cut_texts():
    body = "".join(f"{f:.7E}, {z.real:.7E}, {z.imag:.7E}\n" for f, z in zip(F, Z, strict=True))
    yield "BEGIN CH1_DATA\nFrequency(Hz), R(ohm), X(ohm)\n" + body[:-5], "a.csv"
    yield "# HZ Z RI R 1\n" + body.replace(",", " ")[:-5], "a.s1p"
    yield "f (Hz),Z' (ohm),Z'' (ohm)\n" + rows(F, Z.real, Z.imag, mark=",")[:-12], "a.csv"
    yield (
        "f (Hz);Z' (ohm);Z'' (ohm)\n" + body.replace(",", ";").replace(".", ",").rpartition(",")[0] + ",",
        "a.csv",
    )
    remarks = "".join(
        f"{f:.9g};{z.real:.9g};{z.imag:.9g};{'range' if f > 9e5 else ''}\n" for f, z in zip(F, Z, strict=True)
    )
    yield "f (Hz);Z' (ohm);Z'' (ohm);remarks\n" + remarks[:-9], "a.csv"
    yield (
        "Z' (ohm);Z'' (ohm);f (Hz)\n" + rows(Z.real, Z.imag, F * 1.001, mark=";").rpartition(".")[0] + ".",
        "a.csv",
    )
    traces = (("A", "R", Z.real), ("B", "X", Z.imag))
    blocks = [
        f'"TRACE: {trace}"\n"FORMAT: {word}"\n"Frequency"\t"Data Trace Real"\t"Data Trace Imag"\n'
        + rows(F, values, 0 * F, mark="\t")
        for trace, word, values in traces
    ]
    yield ('"4294A REV1.11"\n' + "".join(blocks))[:-6], "a.txt"


@pytest.mark.parametrize(("text", "name"), list(cut_texts()))
def test_a_last_number_that_was_cut_off_is_no_point(text, name):
    spectrum = one(text, name)
    np.testing.assert_allclose(spectrum.frequency, F[:-1], rtol=2e-3)
    np.testing.assert_allclose(spectrum.impedance, Z[:-1], rtol=1e-6)


@pytest.mark.parametrize("last", ["-2.5", "-2.50312", "-0.4"])
def test_a_last_number_of_fewer_digits_is_whole_where_others_have_as_few(last):
    body = rows(F, Z.real, Z.imag.round(1), mark=",").rpartition(",")[0]
    assert one(f"f (Hz),Z' (ohm),Z'' (ohm)\n{body},{last}", "a.csv").points == F.size


# Meters


@pytest.mark.parametrize(
    "head", ["Keysight E4980AL Precision LCR Meter\n", "# HIOKI IM3536\n", "Instrument,4284A\n\n"]
)
@pytest.mark.parametrize("names", ["frequency,Cp,D", "f (Hz),Cp,Rp", "f,Cs,Rs", "FREQ,Ls,Rs"])
def test_a_meter_writes_farad_and_henry_where_no_unit_stands(head, names):
    y, w = 1 / Z, 2 * math.pi * F
    first = {"Cp": y.imag / w, "Cs": -1 / (w * Z.imag), "Ls": Z.imag / w}[names.split(",")[1]]
    second = {"D": y.real / y.imag, "Rp": 1 / y.real, "Rs": Z.real}[names.split(",")[2]]
    table = f"{names}\n{rows(F, first, second, mark=',')}"
    found = one(head + table)
    assert found.impedance == pytest.approx(Z)
    assert any(note.startswith("assumed: no unit given, taken as") for note in found.notes)
    with pytest.raises(ReadError):  # of no meter
        one(table)
    with pytest.raises(ReadError):  # picofarads
        one(f"{head}{names}\n{rows(F, first * 1e12, second, mark=',')}")
    with pytest.raises(ReadError):  # a line tells another
        one(f"{head}C in nF, L in uH\n{table}")


@pytest.mark.parametrize(
    "names", ["R-data(ohm), X-data(ohm)", "R(Ohm)-data, X(Ohm)-data", "Z-Real(Ohm)-data, Z-Imag(Ohm)-data"]
)
def test_names_of_a_keysight_analysers_traces(names):
    block = f"BEGIN CH1_DATA\nFrequency(Hz), {names}\n{rows(F, Z.real, Z.imag, mark=', ')}END\n"
    assert one(f"!Keysight Technologies,E4990A\n{block}").impedance == pytest.approx(Z)
