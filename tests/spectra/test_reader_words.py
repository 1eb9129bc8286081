"""Words and units of headers in the field's languages and instruments: what was refused, or lost a factor."""

from __future__ import annotations

import numpy as np
import pytest

from eisfit.errors import ReadError
from eisfit.spectra.readers import read_bytes
from eisfit.spectra.readers.names.columns import parse_name
from eisfit.spectra.readers.names.units import parse_unit

F = np.geomspace(1e4, 0.1, 26)
Z = 10 + 100 / (1 + 2j * np.pi * F * 0.01)
W = 2 * np.pi * F


def read(head, *columns):
    rows = [
        ",".join(v if isinstance(v, str) else f"{v:.9g}" for v in row) for row in zip(*columns, strict=True)
    ]
    return read_bytes("\n".join([head, *rows, ""]).encode(), "x.csv")


def holds(head, *columns, z=Z):
    (spectrum,) = read(head, *columns)
    np.testing.assert_allclose(spectrum.frequency, F, rtol=1e-6)
    np.testing.assert_allclose(spectrum.impedance, z, rtol=1e-6)
    return spectrum.notes


@pytest.mark.parametrize(
    ("unit", "kind", "scale"),
    [
        ("10^-3 Ohm", "ohm", 1e-3),
        ("10⁻³ Ω", "ohm", 1e-3),
        ("x10^-3 Ohm", "ohm", 1e-3),
        ("×10³ Ω", "ohm", 1e3),
        ("10**3 ohm", "ohm", 1e3),
        ("1e-3 Ohm", "ohm", 1e-3),
        ("1E3 Hz", "frequency", 1e3),
        ("mR", "ohm", 1e-3),
        ("miliohm", "ohm", 1e-3),
        ("Ω⁻¹", "siemens", 1.0),
        ("1/Ω", "siemens", 1.0),
        ("mMho", "siemens", 1e-3),
        ("мСм", "siemens", 1e-3),
        ("NF", "farad", 1e-9),
        ("PF", "farad", 1e-12),
        ("farad", "farad", 1.0),
        ("UH", "henry", 1e-6),
        ("RAD", "angle", 180 / np.pi),
        ("rads", "angle", 180 / np.pi),
        ("弧度", "angle", 180 / np.pi),
        ("рад/с", "frequency", 1 / (2 * np.pi)),
    ],
)
def test_units(unit, kind, scale):
    told = parse_unit(unit)
    assert told is not None
    assert told.kind == kind
    np.testing.assert_allclose(told.scale, scale)


@pytest.mark.parametrize("unit", ["1000 Ohm", "R", "MF", "10^-3", "e", "1e5", "10 V"])
def test_no_units(unit):
    told = parse_unit(unit)
    assert told is None or told.kind == "volt"


@pytest.mark.parametrize(
    ("name", "quantity", "scale"),
    [
        ("実数部(Ω)", "real", 1.0),
        ("-虚数部(mΩ)", "imag", -1e-3),
        ("实阻抗 (kΩ)", "real", 1e3),
        ("虚インピーダンス", "imag", 1.0),
        ("Reële deel (Ohm)", "real", 1.0),
        ("저항 (Ohm)", "real", 1.0),
        ("Активное сопротивление (Ом)", "real", 1.0),
        ("Scheinwiderstand (mOhm)", "modulus", 1e-3),
        ("阻抗幅值 (Ω)", "modulus", 1.0),
        ("Полное сопротивление (кОм)", "modulus", 1e3),
        ("相角(°)", "phase", 1.0),
        ("Argument (deg)", "phase", 1.0),
        ("ϕ / °", "phase", 1.0),
        ("Messfrequenz (kHz)", "frequency", 1e3),
        ("测量频率(Hz)", "frequency", 1.0),
        ("grid (Hz)", "frequency", 1.0),
        ("Frequency【кГц】", "frequency", 1e3),
        ("frequency_Hz [Hz]", "frequency", 1.0),
        ("frequency_Hz [kHz]", "", 1.0),
        ("Frequenza angolare [1/s]", "frequency", 1 / (2 * np.pi)),
        ("Угловая частота (рад/с)", "frequency", 1 / (2 * np.pi)),
        ("w (2πf) / rad/s", "frequency", 1 / (2 * np.pi)),
        ("T (ms)", "period", 1e-3),
        ("T = 1/f (s)", "period", 1.0),
        ("T (K)", "temperature", 1.0),
        ("Parallel capacitance (pF)", "C_parallel", 1e-12),
        ("并联电容(µF)", "C_parallel", 1e-6),
        ("Kapazität seriell (nF)", "C_series", 1e-9),
        ("Cp-D: Cp (F)", "C_parallel", 1.0),
        ("损耗因子", "dissipation", 1.0),
        ("Blindleitwert (mS)", "admittance_imag", 1e-3),
        ("Re(Y)/1/Ω", "admittance_real", 1.0),
        ("re(Z(Port1,Port1)) [ohm]", "real", 1.0),
        ("“Z″ (Ω)”", "imag", 1.0),
        ("Z'(f) (kΩ)", "real", 1e3),
        ("Z' (m?)", "real", 1e-3),  # an ohm sign that no encoding kept
        ("Z', 10^3 Ohm", "real", 1e3),
        ("Z': Ohm*cm^2", "real", 1.0),
        ("Z_re/x10^-3 Ohm", "real", 1e-3),
        ("Z' (x10-3 Ω)", "real", 1e-3),
        ("Partie réelle en MΩ", "real", 1e6),
        ("Module d'impédance (kΩ)", "modulus", 1e3),
        ("インピーダンスの虚部(Ω)", "imag", 1.0),
        ("阻抗负虚部 (Ω)", "imag", -1.0),
        ("Cycle Count / 1", "cycle", 1.0),
        ("Tr1 R(Ohm)", "real", 1.0),
        ("Z'x10^3 (Ohm)", "", 1.0),  # was multiplied, or is to be
        ("Z' (mohn)", "", 1.0),
    ],
)
def test_names(name, quantity, scale):
    told = parse_name(name)
    assert told.quantity == quantity
    np.testing.assert_allclose(told.scale, scale)


@pytest.mark.parametrize(
    "unit", ["cm-1", "RPM", "BPM", "min-1", "%", "counts", "THz", "x1000", "k", "1/min", "kilocycles"]
)
def test_a_frequency_in_a_unit_of_something_else_is_none(unit):
    assert parse_name(f"Frequency ({unit})").quantity == ""


@pytest.mark.parametrize("cell", ["A", "25C", "SOC50", "cell 3", "actual"])
def test_a_frequency_of_a_cell_is_one(cell):
    assert parse_name(f"Frequency ({cell})").quantity == "frequency"


def test_a_logarithm_in_brackets():
    holds("Frequency (log10),Zre (Ohm),Zim (Ohm)", np.log10(F), Z.real, Z.imag)


@pytest.mark.parametrize(("name", "reason"), [("freq_k", "may be a unit"), ("freq x1000", "may be a factor")])
def test_a_frequency_that_may_be_kilohertz_is_asked_for(name, reason):
    with pytest.raises(ReadError, match=reason):
        read(f"{name},Zre (Ohm),Zim (Ohm)", F, Z.real, Z.imag)


@pytest.mark.parametrize("factor", ["{} x1000 (Ohm)", "{} x 1000 (Ohm)", "{} in 1000 Ohm"])
def test_a_thousand_that_may_be_a_factor_is_asked_for(factor):
    with pytest.raises(ReadError, match="may be a factor"):
        read(f"f (Hz),{factor.format('Zre')},{factor.format('Zim')}", F, 1e3 * Z.real, 1e3 * Z.imag)


@pytest.mark.parametrize("head", ["Hz,mOhm,-mOhm", "[Hz],[mOhm],[-mOhm]"])
def test_a_header_of_units_with_a_sign(head):
    holds(head, F, 1e3 * Z.real, -1e3 * Z.imag)


def test_one_column_of_units_is_of_both_parts():
    holds("f,Zre,Zim,unit", F, 1e3 * Z.real, 1e3 * Z.imag, ["mOhm"] * F.size)
    holds("f,Zre,unit,Zim,unit", F, 1e3 * Z.real, ["mOhm"] * F.size, Z.imag, ["Ohm"] * F.size)


@pytest.mark.parametrize(
    ("names", "units", "scale"),
    [
        ("# f,Zre,Zim", "# Hz,mOhm,mOhm", 1e3),
        ("# f,Zre,Zim", "# Hz,10^-3 Ohm,10^-3 Ohm", 1e3),
        ("f,Zre,Zim", "Hz,m\u2126,m\u2126", 1e3),  # the ohm sign that is no Greek letter
        ("#f,Zre,Zim", "#(Hz),(Ω),(Ω)", 1.0),
    ],
)
def test_units_below_the_names(names, units, scale):
    notes = holds(f"{names}\n{units}", F, scale * Z.real, scale * Z.imag)
    assert not any("no unit" in note for note in notes)


def test_units_below_the_names_behind_marks_of_comments():
    holds("# f,Zre,Zim\n# kHz,Ohm,Ohm", F / 1e3, Z.real, Z.imag)
    holds("# T,Zre,Zim\n# ms,Ohm,Ohm", 1e3 / F, Z.real, Z.imag)
    y = 1 / Z  # two siemens are no option line of Touchstone
    text = "# f\tG\tB\n# Hz\tS\tS\n" + "".join(
        f"{f:.9g}\t{one.real:.9g}\t{one.imag:.9g}\n" for f, one in zip(F, y, strict=True)
    )
    np.testing.assert_allclose(read_bytes(text.encode(), "x.txt")[0].impedance, Z, rtol=1e-6)


def test_units_above_the_names_of_which_the_last_has_none():
    y = 1 / Z
    holds("Hz,nF,\nf,Cp,D", F, 1e9 * y.imag / W, y.real / y.imag)


def test_a_column_of_units_beside_a_phase_is_of_the_modulus():
    holds("f,|Z|,phase (deg),unit", F, 1e3 * abs(Z), np.angle(Z, deg=True), ["mOhm"] * F.size)


def test_a_period_called_as_a_time_is_one_where_its_steps_are_of_a_sweep():
    notes = holds("T (ms),Zre (Ohm),Zim (Ohm)", 1e3 / F, Z.real, Z.imag)
    assert "assumed: 'T (ms)' is a period, not a time" in notes
    with pytest.raises(ReadError, match="no column for the frequency"):
        read("T (s),Zre (Ohm),Zim (Ohm)", np.arange(1, 27), Z.real, Z.imag)


def test_parts_of_zeros_beside_modulus_and_phase():
    zero, phase = 0 * F, np.angle(Z, deg=True)
    notes = holds("f/Hz,|Z|/Ohm,Phase/deg,Re(Z)/Ohm,-Im(Z)/Ohm", F, abs(Z), phase, zero, zero)
    assert "left aside: 'Re(Z)/Ohm' and '-Im(Z)/Ohm', columns of zeros" in notes


@pytest.mark.parametrize("mark", [">1M", "> 1 M", "<0.001"])
def test_a_cell_beyond_the_range_is_no_number(mark):
    parts = [[f"{v:.9g}" for v in part] for part in (Z.real, Z.imag)]
    parts[0][4] = parts[1][4] = mark
    (spectrum,) = read("f (Hz),Zre (Ohm),Zim (Ohm)", F, *parts)
    np.testing.assert_allclose(spectrum.impedance, np.delete(Z, 4), rtol=1e-6)
    assert any(note.startswith("skipped 1 line between the rows of numbers") for note in spectrum.notes)


def test_a_mark_for_over_range_in_a_capacitance():
    y = 1 / Z
    capacitance, loss = y.imag / W, y.real / y.imag
    capacitance[3] = 9.9e37
    (spectrum,) = read("f (Hz),Cp (F),D", F, capacitance, loss)
    np.testing.assert_allclose(spectrum.impedance, np.delete(Z, 3), rtol=1e-6)
    assert "dropped 1 row with the instrument's mark for over-range, 9.9E+37" in spectrum.notes


def test_a_mark_for_over_range_in_place_of_a_frequency_cuts_no_sweep():
    f = F.copy()
    f[8] = 9.9e37
    (spectrum,) = read("f (Hz),Zre (Ohm),Zim (Ohm)", f, Z.real, Z.imag)
    np.testing.assert_allclose(spectrum.impedance, np.delete(Z, 8), rtol=1e-6)


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        ("f (Hz),|Z| (kOhm),D", "do not tell a capacitor from a coil"),
        ("f (Hz),Cp (F/cm2),D", "per area"),
        ("f (Hz),Real,Imag,Transfer function H", "'Transfer function' stands beside"),
    ],
)
def test_the_reason_of_a_refusal_is_true(head, reason):
    columns = [F, abs(Z), -Z.imag / Z.real, 0 * F][: head.count(",") + 1]
    with pytest.raises(ReadError, match=reason.replace("'", ".")):
        read(head, *columns)


Z60W = "Z60W Data File: Version 1.1\n\n0,2,0,1,1,100000\n26\n"


@pytest.mark.parametrize(
    ("head", "mark", "scale"),
    [
        ("Freq(Hz),Ampl,Bias,Time(Sec),Z'(a),Z''(b),GD,Err,Range", ",", 1.0),
        ("Freq (Hz), Ampl, Bias, Time (Sec), Z' (a), Z'' (b), GD, Err, Range", ", ", 1.0),
        ("Freq (Hz)\tAmpl\tBias\tTime (s)\tZ' (a)\tZ'' (b)\tGD\tErr\tRange", "\t", 1.0),
        ("Freq (Hz) Ampl Bias Time(Sec) Z'(a) Z''(b) GD Err Range", " ", 1.0),
        ("Freq(Hz),Ampl,Bias,Time(Sec),Z'(kOhm),Z''(kOhm),GD,Err,Range", ",", 1e-3),
    ],
)
def test_zplot_headers_with_other_spaces_and_units(head, mark, scale):
    rows = "\n".join(
        mark.join(f"{v:.9g}" for v in (f, 10, 0, 2 * i, scale * z.real, scale * z.imag, 0, 0, 1))
        for i, (f, z) in enumerate(zip(F, Z, strict=True))
    )
    for name in ("x.z", "x.csv"):
        (spectrum,) = read_bytes(f"{Z60W}{head}\n{rows}\n".encode(), name)
        np.testing.assert_allclose(spectrum.impedance, Z, rtol=1e-6)


@pytest.mark.parametrize(
    "name",
    ["A: -Z'' (Ohm)", "A_-Zimag_ohm", "cell1 -Z'' (ohm)", "Z -Im (Ohm)", "Sample 1 -Im(Z)", "Zim_inv (Ohm)"],
)
def test_a_minus_behind_whose_it_is(name):
    told = parse_name(name)
    assert (told.quantity, told.scale) == ("imag", -1.0)


@pytest.mark.parametrize("name", ["Z-Imag (Ohm)", "Cell A - Z'' (Ohm)", "Sample-1 Z'' (Ohm)"])
def test_a_hyphen_that_is_no_minus(name):
    told = parse_name(name)
    assert (told.quantity, told.scale) == ("imag", 1.0)


@pytest.mark.parametrize(
    ("head", "columns", "note"),
    [
        ("f (Hz),|Z| (Ohm),phase (deg)", (F, 0 * F + 8, 0 * F), "'phase (deg)' is zero in every row"),
        ("f (Hz),Zre (Ohm),Zim (Ohm)", (F, 0 * F, Z.imag), "'Zre (Ohm)' is zero in every row"),
        ("f (Hz),Zre (Ohm),Zim (Ohm),T (C)", (F, Z.real, Z.imag, 0 * F), "'T (C)', zero in every row"),
        ("f (Hz),Zre (?),Zim (?)", (F, Z.real, Z.imag), "the sign that 'Zre (?)' has lost was Ω"),
        ("f (Hz),Zre (m?),Zim (m?)", (F, Z.real, Z.imag), "the sign that 'Zre (m?)' has lost was Ω"),
    ],
)
def test_what_zeros_and_lost_signs_are_taken_for_is_told(head, columns, note):
    (spectrum,) = read(head, *columns)
    assert any(one.startswith("assumed:") and note in one for one in spectrum.notes)


@pytest.mark.parametrize(
    ("name", "word"), [("quality", "outlier"), ("weight", "0"), ("Selected", "FALSE"), ("remark", "excluded")]
)
def test_points_that_a_column_leaves_out(name, word):
    good = {"weight": "1", "Selected": "TRUE"}.get(name, "ok")
    flags = [word if i in (3, 7) else good for i in range(F.size)]
    (spectrum,) = read(f"f (Hz),Zre (Ohm),Zim (Ohm),{name}", F, Z.real, Z.imag, flags)
    np.testing.assert_allclose(spectrum.impedance, np.delete(Z, [3, 7]), rtol=1e-6)
    assert f"left out 2 points that {name!r} marks" in spectrum.notes


def test_an_inductance_beside_a_resistance_and_its_loss():
    z = 1 / (1 / 50 - 1j / (W * 1e-3))
    inductance, loss = -1 / (W * (1 / z).imag), -(1 / z).real / (1 / z).imag
    holds("f (Hz),Lp (mH),Q", F, 1e3 * inductance, 1 / loss, z=z)
    holds("f (Hz),Tr1 Lp(H),Tr2 D", F, inductance, loss, z=z)


def test_a_cell_of_a_spreadsheet_that_failed_is_a_gap():
    parts = [[f"{v:.9g}" for v in part] for part in (Z.real, Z.imag)]
    parts[1][4] = "#VALUE!"
    (spectrum,) = read("f (Hz),Zre (Ohm),Zim (Ohm)", F, *parts)
    np.testing.assert_allclose(spectrum.impedance, np.delete(Z, 4), rtol=1e-6)


def test_kilohertz_of_ec_lab():
    rows = "".join(f"{f / 1e3:.9g}\t{z.real:.9g}\t{-z.imag:.9g}\n" for f, z in zip(F, Z, strict=True))
    text = f"EC-Lab ASCII FILE\nNb header lines : 3\nfreq/kHz\tRe(Z)/Ohm\t-Im(Z)/Ohm\n{rows}"
    np.testing.assert_allclose(read_bytes(text.encode(), "x.mpt")[0].frequency, F, rtol=1e-6)


@pytest.mark.parametrize(
    ("head", "encoding"),
    [("周波数(Hz),実数部(Ω),虚数部(Ω)", "euc_jp"), ("頻率(Hz),實部(Ω),虛部(Ω)", "gb18030")],
)
def test_encodings_of_japan_and_china(head, encoding):
    rows = "".join(f"{f:.9g},{z.real:.9g},{z.imag:.9g}\n" for f, z in zip(F, Z, strict=True))
    (spectrum,) = read_bytes(f"{head}\n{rows}".encode(encoding), "x.csv")
    np.testing.assert_allclose(spectrum.impedance, Z, rtol=1e-6)


@pytest.mark.parametrize(
    ("head", "scales"),
    [("Zre (mOhm),Zim", (1e3, 1e3)), ("Zre,Zim (mOhm)", (1e3, 1e3)), ("Zre (mOhm),Zim", (1e3, 1))],
)
def test_a_part_without_a_unit_has_the_one_that_kramers_kronig_proves(head, scales):
    notes = holds(f"f (Hz),{head}", F, scales[0] * Z.real, scales[1] * Z.imag)
    assert any(note.startswith("assumed:") and "only so Kramers-Kronig holds" in note for note in notes)


@pytest.mark.parametrize(
    "line",
    [
        ",x10^3,x10^3",
        ",*1E-3,*1E-3",
        "1,1E3,1E3",
        "1,10³,10³",
        "# factor 10^3",
        "# all Z in thousands",
        "  1.0e+04 *",
    ],
)
def test_a_factor_below_the_names_is_asked_for(line):
    with pytest.raises(ReadError, match="stands below the names"):
        read(f"f (Hz),Zre (Ohm),Zim (Ohm)\n{line}", F, Z.real, Z.imag)


@pytest.mark.parametrize("line", ["# cell 5", "# factor out", "sample,A,A"])
def test_another_line_below_the_names_is_none(line):
    holds(f"f (Hz),Zre (Ohm),Zim (Ohm)\n{line}", F, Z.real, Z.imag)


@pytest.mark.parametrize("form", ["Y", "Cp-D", "Rs-Cs"])
def test_blocks_side_by_side_in_other_forms(form):
    y = 1 / Z
    head, first, second = {
        "Y": ("f (Hz),Re(Y) (S),Im(Y) (S)", y.real, y.imag),
        "Cp-D": ("f (Hz),Cp (F),D", y.imag / W, y.real / y.imag),
        "Rs-Cs": ("f (Hz),Rs (Ohm),Cs (F)", Z.real, -1 / (W * Z.imag)),
    }[form]
    scale = (2, 1) if form == "Cp-D" else (2, 2) if form == "Y" else (0.5, 2)
    found = read(f"{head},{head}", F, first, second, F, scale[0] * first, scale[1] * second)
    assert len(found) == 2
    np.testing.assert_allclose(found[1].impedance, Z / 2, rtol=1e-6)


def test_a_column_of_remarks_beside_an_admittance():
    remarks = ["checked" if i == 3 else "" for i in range(F.size)]
    holds("f (Hz),Re(Y) (S),Im(Y) (S),Remark", F, (1 / Z).real, (1 / Z).imag, remarks)


def test_a_small_table_of_a_fit_beside_the_columns():
    names, values = ["R0 (Ohm)", "C1 (F)", *[""] * (F.size - 2)], ["3.41", "1e-5", *[""] * (F.size - 2)]
    holds("f (Hz),Zre (Ohm),Zim (Ohm),,,", F, Z.real, Z.imag, [""] * F.size, names, values)


@pytest.mark.parametrize("sample", ["10 mM", "6M KOH", "1 M KOH", "25 C", "10 mA"])
def test_samples_that_begin_with_an_amount(sample):
    holds(f"f (Hz),Z' {sample} (Ohm),Z'' {sample} (Ohm)", F, Z.real, Z.imag)


def test_a_header_in_quotes_of_windows_and_one_over_f():
    text = "1/f (s),Z\x92 (Ohm),Z\x94 (Ohm)\n" + "".join(
        f"{1 / f:.9g},{z.real:.9g},{z.imag:.9g}\n" for f, z in zip(F, Z, strict=True)
    )
    np.testing.assert_allclose(read_bytes(text.encode("latin-1"), "x.csv")[0].impedance, Z, rtol=1e-6)


def test_a_modulus_that_changes_beside_a_phase_of_zeros_is_no_resistance():
    with pytest.raises(ReadError, match="as no resistance does: was it not saved"):
        read("f (Hz),|Z| (Ohm),phase (deg)", F, abs(Z), 0 * F)


def test_sweeps_of_hfss_over_a_parameter():
    names = [f"{part}(Z(1,1)) [ohm] - Cs='{value}pF'" for value in (1, 2) for part in ("re", "im")]
    head = ",".join(f'"{name}"' for name in ["Freq [Hz]", *names])
    found = read(head, F, Z.real, Z.imag, 2 * Z.real, 2 * Z.imag)
    np.testing.assert_allclose(found[1].impedance, 2 * Z, rtol=1e-6)


def test_what_novocontrol_keeps_fixed():
    head = (
        "Fixed value(s) : AC Volt [Vrms]=1.0e+00 Temp. [°C]=2.5e+01\n\nFreq. [Hz]\tZs' [Ohms]\tZs'' [Ohms]\n"
    )
    rows = "".join(f"{f:.9g}\t{z.real:.9g}\t{z.imag:.9g}\n" for f, z in zip(F, Z, strict=True))
    assert read_bytes((head + rows).encode("latin-1"), "x.txt")[0].temperature_C == 25.0


def test_a_block_of_names_without_numbers_is_none():
    empty = [""] * F.size
    holds("f (Hz),Zre (Ohm),Zim (Ohm),f (Hz),Zre (Ohm),Zim (Ohm)", F, Z.real, Z.imag, empty, empty, empty)


def test_a_row_of_samples_between_names_and_units():
    holds("Frequency,Zre,Zim\n,sample A,sample A\nHz,kΩ,kΩ", F, Z.real / 1e3, Z.imag / 1e3)


def test_kelvin_per_watt_are_no_ohms():
    with pytest.raises(ReadError, match="no column for the real"):
        read("f (Hz),Re Zth (K/W),Im Zth (K/W)", F, Z.real, Z.imag)


def test_an_angular_frequency_beside_a_complex_column():
    cells = [f"{z.real:.9g}{z.imag:+.9g}j" for z in Z]
    holds("angular frequency/rad/s,Z (Ω)", W, cells)


@pytest.mark.parametrize(
    ("name", "attribute", "value"),
    [
        ("T_cell (K)", "temperature_C", 298.15),
        ("Chamber temp (°C)", "temperature_C", 25.0),
        ("Температура (°C)", "temperature_C", 25.0),
        ("电池温度(℃)", "temperature_C", 25.0),
        ("OCV (mV)", "potential_V", 3500.0),
        ("Bias (V)", "potential_V", 3.5),
        ("Напряжение, В", "potential_V", 3.5),
        ("Zykluszahl", "cycle", 7.0),
        ("循环次数", "cycle", 7.0),
        ("Messzeit (min)", "time_s", 2.0),
    ],
)
def test_conditions_of_a_column(name, attribute, value):
    (spectrum,) = read(f'"{name}",f (Hz),Zre (Ohm),Zim (Ohm)', np.full(F.size, value), F, Z.real, Z.imag)
    expected = {"temperature_C": 25.0, "potential_V": 3.5, "cycle": 7.0, "time_s": 120.0}[attribute]
    assert getattr(spectrum, attribute) == pytest.approx(expected)


def test_a_cell_at_its_open_circuit_keeps_its_name():
    holds("f (Hz),|Z| OCV (Ohm),Phase OCV (deg)", F, abs(Z), np.angle(Z, deg=True))
