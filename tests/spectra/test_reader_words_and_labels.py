"""Words that were not understood, or said what is not so: quantities, units, labels and their sources."""

from __future__ import annotations

import json

import numpy as np
import pytest

from eisfit.errors import ReadError
from eisfit.spectra.axes import read_name
from eisfit.spectra.readers import read_bytes
from eisfit.spectra.series import read_series

F = np.geomspace(1e5, 0.1, 31)
W = 2 * np.pi * F
Z = 20 + 300 / (1 + (1j * W * 6e-3) ** 0.85) + 30 * (1 - 1j) / np.sqrt(W)


def table(head, *columns, mark=","):
    rows = [mark.join(f"{value:.9g}" for value in row) for row in zip(*columns, strict=True)]
    return "\n".join([head, *rows, ""])


def read(text, name="x.csv"):
    return read_bytes(text if isinstance(text, bytes) else text.encode(), name)


def holds(text, name="x.csv"):
    (spectrum,) = read(text, name)
    np.testing.assert_allclose(spectrum.frequency, F, rtol=1e-6)
    np.testing.assert_allclose(spectrum.impedance, Z, rtol=1e-6)
    return spectrum.notes


@pytest.mark.parametrize("name", ["log(w)", "log w", "lg w", "log10(w)", "logw", "log_w"])
def test_a_logarithm_of_w_is_that_of_the_angular_frequency(name):
    assert f"{name!r} in rad/s" in holds(table(f"{name},Zre (ohm),Zim (ohm)", np.log10(W), Z.real, Z.imag))


@pytest.mark.parametrize("unit", ["ohm.cm2", "Ohm*cm2", "Ω·cm²"])
def test_an_area_behind_a_unit_without_brackets(unit):
    holds(table(f"Freq Hertz,Z' {unit},Z'' {unit}", F, Z.real, Z.imag))


TAKEN = "assumed: 'w' is the angular frequency, in rad/s"


@pytest.mark.parametrize("name", ["w", "W"])
def test_w_beside_an_impedance_is_the_angular_frequency(name, tmp_path):
    assert TAKEN in holds(table(f"{name},Zre (ohm),Zim (ohm)", W, Z.real, Z.imag))
    document = {name: W.tolist(), "Zreal": Z.real.tolist(), "Zimag": Z.imag.tolist()}
    assert TAKEN in holds(json.dumps(document), "a.json")
    np.savez(tmp_path / "a.npz", **{name: W, "Z": Z})
    assert TAKEN in holds((tmp_path / "a.npz").read_bytes(), "a.npz")


def test_w_that_is_something_else_is_no_frequency():
    assert len(holds(table("w,f (Hz),Zre (ohm),Zim (ohm)", 0 * F + 3, F, Z.real, Z.imag)))
    with pytest.raises(ReadError, match=r"no column for the frequency \(columns: w, Zre"):
        read(table("w,Zre (ohm),Zim (ohm)", 2 + np.sin(F), Z.real, Z.imag))
    with pytest.raises(ReadError, match="no column for the frequency"):
        read(table("w (W),Zre (ohm),Zim (ohm)", W, Z.real, Z.imag))


@pytest.mark.parametrize("setup", ["Setup1", "Setup1 : Sweep", "LastAdaptive"])
def test_a_setup_of_hfss_behind_the_unit(setup):
    head = f'"Freq [GHz]","re(Z(1,1)) [ohm] - {setup}","im(Z(1,1)) [ohm] - {setup}"'
    holds(table(head, F / 1e9, Z.real, Z.imag))


@pytest.mark.parametrize("name", ["10^-3 {}", "1000*{}", "{}*1000", "10^3 {} (ohm)", "{} x 1000", "1e3*{}"])
def test_a_factor_in_the_name_is_asked_for(name):
    names = ",".join(name.format(part) for part in ("Z'", "Z''"))
    with pytest.raises(ReadError, match=r"1\S+ in \"\S.* may be a factor: apply it, or take it out"):
        read(table(f"f (Hz),{names}", F, Z.real, Z.imag))


def test_fields_of_labone_without_their_container():
    polar = (F, 0 * F + 100, 0 * F - 0.01)  # nothing but the format tells that this is no degree
    (spectrum,) = read(table("grid;absz;phasez", *polar, mark=";"))
    np.testing.assert_allclose(np.angle(spectrum.impedance), -0.01)
    assert "assumed: 'grid' is the frequency, in Hz" in spectrum.notes
    fields = {"grid": F, "absz": abs(Z), "phasez": np.angle(Z)}
    rows = [";".join([name, *(f"{value:.9g}" for value in values)]) for name, values in fields.items()]
    assert "phase in radians (as LabOne's are)" in holds("\n".join([*rows, ""]))


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("cell_T-20C", {"temperature": -20}),
        ("T25C", {"temperature": 25}),
        ("Temp=298K", {"temperature": 24.85}),
        ("cell_minus_20C", {"temperature": -20}),
        ("cell_\N{EN DASH}20C", {"temperature": -20}),
        ("04_s", {}),
        ("cell_24_h", {"time": 86400}),
    ],
)
def test_labels_in_names_of_files(name, found):
    assert read_name(name) == pytest.approx(found)


@pytest.mark.parametrize(
    "line",
    [
        "Temperature;-10 °C",
        '"Temperature";"-10 °C"',
        "T (°C);-10",
        "T;263.15 K",
        "温度;-10 ℃",
        "# T: -10 °C",
        "Temperatura;;-10,0 °C",
    ],
)
def test_a_temperature_above_the_table(line):
    (spectrum,) = read(line + "\n" + table("f (Hz);Z' (ohm);Z'' (ohm)", F, Z.real, Z.imag, mark=";"))
    assert spectrum.temperature_C == pytest.approx(-10)


def test_a_t_without_a_unit_of_temperature_is_none():
    for line in ("T = 25", "T = 25 s"):
        (spectrum,) = read(line + "\n" + table("f (Hz),Z' (ohm),Z'' (ohm)", F, Z.real, Z.imag))
        assert spectrum.temperature_C is None


@pytest.mark.parametrize(
    "over",
    [
        "T (°C),25,,T (°C),45",
        "Temperature (°C),25,,,Temperature (°C),45,",
        "T,25,°C,,T,45,°C",
        "Temperature,25 °C,,,Temperature,45 °C",
        "T/K,298.15,,,T/K,318.15",
    ],
)
def test_a_key_and_its_number_over_tables_beside_each_other(over):
    names = "f (Hz),Z' (ohm),Z'' (ohm)"
    gap = np.full(F.size, np.nan)
    text = table(f"{over}\n{names},,{names}", F, Z.real, Z.imag, gap, F, 2 * Z.real, 2 * Z.imag)
    assert [s.temperature_C for s in read(text.replace("nan", ""))] == pytest.approx([25, 45])


def test_a_note_on_a_label_names_its_source(tmp_path):
    block = table("f (Hz),Z' (ohm),Z'' (ohm)", F, Z.real, Z.imag)
    (tmp_path / "blocks.csv").write_text(f"25 °C\n{block}\n45 °C\n{block}")
    series = read_series(tmp_path / "blocks.csv")
    assert [s.temperature_C for s in series] == [25, 45]
    assert [note for s in series for note in s.notes if "temperature" in note] == [
        f"temperature from the line '{degrees} °C'" for degrees in (25, 45)
    ]
    assert series.axes == ("temperature",)
    (tmp_path / "cell_25C.csv").write_text(block)
    (spectrum,) = read_series(tmp_path / "cell_25C.csv")
    assert "temperature from the file's name" in spectrum.notes


def trace(channel, **columns):
    names = [f"{name}-data" if place else name for place, name in enumerate(columns)]
    return f"BEGIN {channel}_DATA\n{table(','.join(names), *columns.values())}END\n"


def test_two_channels_of_an_e4990a_hold_one_sweep():
    head, swept = "!CSV A.01.01\n", {"Frequency(Hz)": F}
    modulus = trace("CH1", **swept, **{"|Z|(Ohm)": abs(Z)})
    phase = trace("CH2", **swept, **{"theta-z(deg)": np.angle(Z, deg=True)})
    holds(head + modulus + phase)
    other = trace("CH2", **{"Frequency(Hz)": 2 * F, "theta-z(deg)": np.angle(Z, deg=True)})
    with pytest.raises(ReadError, match="CH1: no column"):
        read(head + modulus + other)


@pytest.mark.parametrize("pair", ["Cp D", "Cp G", "G B", "Ls Rs", "R X"])
def test_parameters_of_a_4294a_are_in_si_units(pair):
    y = 1 / Z
    held = {"Cp": y.imag / W, "D": y.real / y.imag, "G": y.real, "B": y.imag, "Ls": Z.imag / W}
    held |= {"Rs": Z.real, "R": Z.real, "X": Z.imag}
    first, second = pair.split()
    names = "\t".join(f'"{name}"' for name in ("Frequency", first, second))
    text = table(names, F, held[first], held[second], mark="\t")
    notes = holds('"4294A REV1.11"\n"TITLE: cell"\n' + text)
    assert not [note for note in notes if "no unit given" in note]


def sheet(tmp_path, names, rows, *formats):
    book = pytest.importorskip("openpyxl").Workbook()
    book.active.append(names)
    for row in rows:
        book.active.append([float(value) for value in row])
    for row in book.active.iter_rows(min_row=2):
        for cell, code in zip(row, formats, strict=True):
            cell.number_format = code
    book.save(tmp_path / "a.xlsx")
    return (tmp_path / "a.xlsx").read_bytes()


def test_a_unit_in_the_format_of_a_sheets_numbers(tmp_path):
    rows = list(zip(F / 1e3, 1e3 * Z.real, 1e3 * Z.imag, strict=True))
    formats = ("0.00\\ \\k\\H\\z", '0.00" mΩ"', '[Red]#,##0.00" mΩ"')
    holds(sheet(tmp_path, ["f", "Z'", "Z''"], rows, *formats), "a.xlsx")
    holds(sheet(tmp_path, ["f (kHz)", "Z' (mohm)", "Z'' (mohm)"], rows, *formats), "a.xlsx")
    with pytest.raises(ReadError, match="tells two units"):
        read(sheet(tmp_path, ["f (kHz)", "Z' (ohm)", "Z'' (ohm)"], rows, *formats), "a.xlsx")


def test_a_format_that_shows_thousands_tells_another_unit(tmp_path):
    rows = list(zip(F, Z.real, Z.imag, strict=True))
    holds(sheet(tmp_path, ["f (Hz)", "Z'", "Z''"], rows, "0.00", '0.00,"kΩ"', '0.00,"kΩ"'), "a.xlsx")


@pytest.mark.parametrize(
    ("word", "note"),
    [
        ("OVLD", "assumed: line 3 is a point as the others are, although 'OVLD' stands behind it"),
        ("checked", "left aside: words behind 1 row, such as 'checked'"),
    ],
)
def test_a_lone_word_behind_a_row(word, note):
    lines = table("f (Hz),Z' (ohm),Z'' (ohm)", F, Z.real, Z.imag).splitlines()
    lines[2] += f",{word}"
    assert note in holds("\n".join([*lines, ""]))


def test_a_line_that_was_skipped_is_shown():
    lines = table("f (Hz),Z' (ohm),Z'' (ohm)", F, Z.real, Z.imag).splitlines()
    lines[5] = f"{F[4]},OVLD,OVLD"
    (spectrum,) = read("\n".join([*lines, ""]))
    assert f"skipped 1 line between the rows of numbers, '{lines[5]}'" in spectrum.notes


def test_padding_below_a_shorter_table_is_no_row():
    short = np.where(np.arange(F.size) < 20, 1.0, np.nan)
    names = "f (Hz),Z' (ohm),Z'' (ohm)"
    text = table(f"{names},{names}", F, Z.real, Z.imag, short * F, short * Z.real, short * Z.imag)
    spectra = read(text)
    assert [s.frequency.size for s in spectra] == [31, 20]
    assert not [note for s in spectra for note in s.notes if "dropped" in note]


@pytest.mark.parametrize("names", ["E (V),I (mA)", "2theta,Intensity", "Cycle,Capacity (mAh)"])
def test_what_is_no_spectrum_is_not_told_to_name_a_frequency(names):
    with pytest.raises(ReadError, match="it is no impedance spectrum") as caught:
        read(table(names, F, Z.real))
    assert "frequency_Hz" not in str(caught.value)


def lists(mark, **columns):
    return "".join(
        f"{name}:\n" + "".join(f"{mark} {v:.9g}\n" for v in values) for name, values in columns.items()
    )


PARTS = {"frequency_Hz": F, "Z_real_ohm": Z.real, "Z_imag_ohm": Z.imag}
POINTS = list(zip(F.tolist(), Z.real.tolist(), Z.imag.tolist(), strict=True))
YAML = {
    "lists below their names": "# a cell\n---\ncell: A\n" + lists("-", **PARTS),
    "lists further to the right": lists("  -", **PARTS),
    "lists in brackets": "".join(f"{name}: {values.tolist()}\n" for name, values in PARTS.items()),
    "brackets over lines": "".join(f"{n}: {v.tolist()}\n" for n, v in PARTS.items()).replace(", ", ",\n  "),
    "an object a point": "data:\n" + "".join(f"- f: {a}\n  Zre: {b}\n  Zim: {c}\n" for a, b, c in POINTS),
    "an object a line": "data:\n" + "".join(f"  - {{f: {a}, Zre: {b}, Zim: {c}}}\n" for a, b, c in POINTS),
    "rows of lists": "columns: [f, Zre, Zim]\ndata:\n"
    + "".join(f"- - {a}\n  - {b}\n  - {c}\n" for a, b, c in POINTS),
    "a table of another kind": table("f (Hz),Z' (ohm),Z'' (ohm)", F, Z.real, Z.imag),
}


@pytest.mark.parametrize("form", YAML)
def test_yaml_of_plain_lists(form):
    holds(YAML[form], "a.yaml")


def test_yaml_with_units_and_facts():
    parts = f"{{re: {(1e3 * Z.real).tolist()}, im: {(1e3 * Z.imag).tolist()}, unit: mohm}}"
    (spectrum,) = read(
        f"sweep:\n  f_Hz: {F.tolist()}\n  Z: {parts}\nmeta: {{T: 25 °C, cycle: 12}}\n", "a.yml"
    )
    np.testing.assert_allclose(spectrum.impedance, Z)
    assert (spectrum.temperature_C, spectrum.cycle) == (25, 12)


@pytest.mark.parametrize("more", ["&f [1, 2]", "!!float 3", "|", "*f", "[1, 2", "[1, 2] 3"])
def test_yaml_that_says_more_is_refused_with_its_line(more):
    with pytest.raises(ReadError, match="line 2: YAML is read where it holds names, lists and numbers alone"):
        read(f"cell: A\nfrequency: {more}\n", "a.yaml")


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_a_key_that_ends_in_a_colon_before_the_mark_of_columns(mark):
    head = f"Temperature (°C):{mark}35\nCycle:{mark}120\n"
    (spectrum,) = read(
        head + table("f (Hz),Z' (ohm),Z'' (ohm)".replace(",", mark), F, Z.real, Z.imag, mark=mark)
    )
    assert (spectrum.temperature_C, spectrum.cycle) == (35, 120)


@pytest.mark.parametrize(
    ("line", "temperature"),
    [
        ("Sample A12, LFP/graphite, 25 °C, SOC 50 %", 25),
        ("Cell 4 (-10 °C)", -10),
        ("EIS at 25 °C after 10 cycles", 25),
        ("dried at 80 °C for 12 h", None),
        ("from -20 to 60 °C", None),
        ("25 °C, 45 °C", None),
    ],
)
def test_a_temperature_in_a_line_of_words(line, temperature):
    (spectrum,) = read(line + "\n" + table("f (Hz),Z' (ohm),Z'' (ohm)", F, Z.real, Z.imag))
    assert spectrum.temperature_C == temperature
    assert any("temperature from the line" in note for note in spectrum.notes) == (temperature is not None)


@pytest.mark.parametrize("over", ["{} cycles", "after {} cycles", "{}th cycle", "Cycle: {}"])
def test_cycles_named_over_tables_beside_each_other(over):
    names = "f (Hz),Z' (ohm),Z'' (ohm)"
    text = table(f"{over.format(0)},,,{over.format(10)}\n{names},{names}", *[F, Z.real, Z.imag] * 2)
    assert [s.cycle for s in read(text.replace(" cycles", " cycles"))] == [0, 10]


@pytest.mark.parametrize(("name", "cycle"), [("PEIS_C03_12", None), ("A_GEIS_C03_cyc12", 12), ("A_C003", 3)])
def test_the_channel_behind_a_technique_is_no_cycle(name, cycle, tmp_path):
    (tmp_path / f"{name}.csv").write_text(table("f (Hz),Z' (ohm),Z'' (ohm)", F, Z.real, Z.imag))
    (spectrum,) = read_series(tmp_path / f"{name}.csv")
    assert spectrum.cycle == cycle


def test_a_thermometer_that_is_not_connected_tells_no_temperature():
    def gamry(degrees):
        rows = (f"\t{i}\t{a:.9g}\t{b:.9g}\t{c:.9g}\t{degrees}" for i, (a, b, c) in enumerate(POINTS))
        head = (
            "EXPLAIN\nTAG\tEISPOT\nZCURVE\tTABLE\n\tPt\tFreq\tZreal\tZimag\tTemp\n\t#\tHz\tohm\tohm\tdeg C\n"
        )
        return read(head + "\n".join(rows) + "\n", "a.DTA")[0].temperature_C

    assert (gamry(-327.67), gamry(35.0)) == (None, 35)


@pytest.mark.parametrize("pair", ["R(Ohm) X(Ohm)", "Cp(F) D", "G(S) B(S)", "|Z|(Ohm) theta-z(deg)"])
def test_data_and_memory_traces_of_a_keysight_analyser_without_its_container(pair):
    y = 1 / Z
    held = {"Cp": y.imag / W, "D": y.real / y.imag, "G": y.real, "B": y.imag, "R": Z.real, "X": Z.imag}
    held |= {"|Z|": abs(Z), "theta-z": np.angle(Z, deg=True)}
    first, second = pair.split()
    names = ", ".join(f"{name}-{kind}" for kind in ("data", "mem") for name in (first, second))
    columns = [held[name.partition("(")[0]] for name in (first, second)]
    assert len(holds(table(f"Frequency(Hz), {names}", F, *columns, *(2 * one for one in columns))))


@pytest.mark.parametrize("unit", ["[]", "[S]"])
def test_admittances_of_hfss(unit):
    head = f'"Freq [GHz]","re(Y(1,1)) {unit}","im(Y(1,1)) {unit}"'
    holds(table(head, F / 1e9, (1 / Z).real, (1 / Z).imag))


def test_a_modulus_of_zeros_is_told():
    names = "f (Hz),Z' (ohm),Z'' (ohm),|Z| (ohm)"
    assert "left aside: '|Z| (ohm)', a column of zeros" in holds(table(names, F, Z.real, Z.imag, 0 * F))


def test_moduli_of_a_rheometer_are_not_asked_for_farads():
    with pytest.raises(ReadError, match="is no impedance: a mechanical modulus"):
        read(table("Frequency (Hz),G' (Pa),G'' (Pa),tan delta", F, Z.real, -Z.imag, -Z.imag / Z.real))


def test_the_row_of_units_of_digatron_is_no_row_that_was_dropped():
    head = "Digatron\n\nStep,ActFreq,Zreal1,Zimg1,Temp\n,[Hz],[EIS],[EIS],[°C]"
    notes = holds(table(head, 0 * F + 12, F, 1e3 * Z.real, 1e3 * Z.imag, 0 * F + 23.5))
    assert not any("dropped" in note for note in notes)


def test_a_pointer_of_git_annex_is_named():
    with pytest.raises(ReadError, match="is a git-annex pointer"):
        read("/annex/objects/SHA256E-s1234--0a1b2c.csv\n")


def test_one_spectrum_without_a_cycle_needs_no_note(tmp_path):
    (tmp_path / "a.csv").write_text(table("f (Hz),Z' (ohm),Z'' (ohm)", F, Z.real, Z.imag))
    assert not read_series(tmp_path / "a.csv").notes


@pytest.mark.parametrize(
    ("line", "temperature"),
    [
        ("Kammertemperatur [Celsius]: -20", -20),
        ("T_degC: -20", -20),
        ('"Temperature"\t"253.15"\t"K"', -20),
        ("Temp_K = 253.15", -20),
        ("# 電池温度 (℃);-20", -20),
        ("온도 / °F: -4", -20),
        ("T_cell,-20,deg C", -20),
        ('"温度"\t"-20"', -20),
        ("Temperature setpoint (°C): -20", -20),
        ("Temperature (set): -20", None),
        ("T: 3 s", None),
        ("Umgebungstemperatur: 22 °C", None),
    ],
)
def test_temperatures_of_a_header_in_other_words(line, temperature):
    (spectrum,) = read(line + "\n" + table("f (Hz);Z' (ohm);Z'' (ohm)", F, Z.real, Z.imag, mark=";"))
    assert spectrum.temperature_C == (None if temperature is None else pytest.approx(temperature))


@pytest.mark.parametrize(
    ("line", "cycle", "potential"),
    [
        ("Zyklusnummer: 12", 12, None),
        ("循环次数: 12", 12, None),
        ("Cycle #;12", 12, None),
        ("Cycles: 3", None, None),  # over which an instrument averages
        ("Cell voltage (mV): -450", None, -0.45),
        ("E / V vs Ag/AgCl;-0.45", None, -0.45),
        ("Zellspannung: -450 mV", None, -0.45),
        ("E: 12", None, None),
        ("Voltage: 10 mV", None, None),  # what it is excited with?
    ],
)
def test_cycles_and_potentials_of_a_header_in_other_words(line, cycle, potential):
    (spectrum,) = read(line + "\n" + table("f (Hz);Z' (ohm);Z'' (ohm)", F, Z.real, Z.imag, mark=";"))
    assert (spectrum.cycle, spectrum.potential_V) == (cycle, potential)


@pytest.mark.parametrize(
    "name",
    ["Kammertemperatur / °C", "Umgebungstemperatur (°C)", "電池温度_degC", "Measurement temperature, C"],
)
def test_temperatures_of_a_column_in_other_words(name):
    head = f'"{name}","f (Hz)","Z\' (ohm)","Z\'\' (ohm)"'
    (spectrum,) = read(table(head, 0 * F + 60, F, Z.real, Z.imag))
    assert spectrum.temperature_C == 60
    (spectrum,) = read(table(f'{head},"Zelltemperatur (°C)"', 0 * F + 60, F, Z.real, Z.imag, 0 * F + 25))
    assert spectrum.temperature_C == (25 if name.startswith(("K", "U")) else 60)


@pytest.mark.parametrize(
    "names", ["G (parallel) [mS],B (parallel) [mS]", "Gp/mS,Bp/mS", "G_par (mS),B_par (mS)"]
)
def test_the_circuit_of_a_conductance_in_words(names):
    holds(table(f"f (Hz),{names}", F, 1e3 * (1 / Z).real, 1e3 * (1 / Z).imag))


@pytest.mark.parametrize(
    "line",
    [
        "[Hz] [mΩ] [mΩ]",
        "# (Hz,kilo-ohm,kilo-ohm)",
        "阻抗单位：mΩ",
        "impédance en mΩ",
        "columns: frequency (Hz), real (mΩ), imaginary (mΩ)",
        "Frequency in Hz, impedance in mΩ cm²",
        "Y axis: Z (mΩ)",
        "Freq unit Hz; Z unit mΩ",
    ],
)
@pytest.mark.parametrize("mark", ["\t", ";"])
@pytest.mark.parametrize("place", [0, 1, None])
def test_units_in_a_line_above_below_the_names_and_at_the_foot(line, mark, place):
    scale = 1e-3 if "kilo" in line else 1e3
    lines = table(f"f{mark}Zre{mark}Zim", F, scale * Z.real, scale * Z.imag, mark=mark).splitlines()
    lines.insert(len(lines) if place is None else place, line)
    notes = holds("\n".join([*lines, ""]))
    assert any("as the lines above or below the table say" in note for note in notes)


@pytest.mark.parametrize(
    "names",
    [
        "Frekvens (Hz),Reel del (Ω),Imaginær del (Ω)",
        "Dažnis (Hz),Realioji dalis (Ω),Menamoji dalis (Ω)",
        "Frekvence (Hz),Reālā daļa (Ω),Imaginārā daļa (Ω)",
        "Frekvence [Hz],Reálná složka [Ω],Imaginární složka [Ω]",
        "Frekans (Hz),Gerçel Empedans (Ω),Sanal Empedans (Ω)",
        "Фреквенција (Hz),Реални део (Ω),Имагинарни део (Ω)",
        "תדר (Hz),חלק ממשי (Ω),חלק מדומה (Ω)",
        "فرکانس (Hz),قسمت حقیقی (Ω),قسمت موهومی (Ω)",
        "Maiztasuna (Hz),Zati erreala (Ω),Zati irudikaria (Ω)",
    ],
)
def test_parts_in_further_languages(names):
    assert len(holds(table(names, F, Z.real, Z.imag)))


def test_a_unit_in_the_format_of_an_old_sheets_numbers(tmp_path):
    book = pytest.importorskip("xlwt").Workbook()
    pytest.importorskip("xlrd")
    page, style = book.add_sheet("a"), pytest.importorskip("xlwt").easyxf(num_format_str='0.00" mΩ"')
    for place, name in enumerate(("f", "Z'", "Z''")):
        page.write(0, place, name)
    for row, (f, real, imag) in enumerate(POINTS, 1):
        page.write(row, 0, f)
        page.write(row, 1, 1e3 * real, style)
        page.write(row, 2, 1e3 * imag, style)
    book.save(str(tmp_path / "a.xls"))
    holds((tmp_path / "a.xls").read_bytes(), "a.xls")


FODS = """<?xml version="1.0"?>
<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
 office:mimetype="application/vnd.oasis.opendocument.spreadsheet"><office:body><office:spreadsheet>
 <table:table table:name="a">{}</table:table></office:spreadsheet></office:body></office:document>"""


@pytest.mark.parametrize(("unit", "scale", "shown"), [("mΩ", 1e3, 1e3), ("kΩ", 1, 1e-3), ("Ω", 1, 1)])
def test_a_unit_shown_behind_the_numbers_of_an_open_document(unit, scale, shown):
    def cell(kind, value, text):
        told = f' office:value="{value}"' if kind == "float" else ""
        return (
            f'<table:table-cell office:value-type="{kind}"{told}><text:p>{text}</text:p></table:table-cell>'
        )

    rows = [[cell("string", "", name) for name in ("f", "Z'", "Z''")]]
    for f, *parts in POINTS:
        rows.append(
            [cell("float", f, f), *(cell("float", scale * v, f"{shown * v:.4f} {unit}") for v in parts)]
        )
    body = "".join(f"<table:table-row>{''.join(row)}</table:table-row>" for row in rows)
    notes = holds(FODS.format(body), "a.fods")
    assert any("no unit given" in note for note in notes) == (unit == "kΩ")  # shown in thousands
