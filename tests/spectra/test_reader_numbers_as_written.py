"""Numbers as people and programs write them: complex cells, units in cells, one value a row, arrays.

The spectrum is a closed form, simulated here. Layouts are those of the output of Julia, R, Octave, MATLAB,
NumPy and Mathematica, of LCR meters and of tables in "long" form.
"""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from scipy.io import savemat

from eisfit.errors import ReadError
from eisfit.spectra.readers import read_bytes

F = np.geomspace(1e5, 1.0, 26)
Z = 10 + 100 / (1 + 2j * np.pi * F * 0.01)
DEGREES = np.degrees(np.angle(Z))


def holds(text, name="x.csv"):
    (spectrum,) = read_bytes(text.encode(), name)
    np.testing.assert_allclose(spectrum.frequency, F, rtol=1e-6)
    np.testing.assert_allclose(spectrum.impedance, Z, rtol=1e-6)
    return spectrum.notes


def rows(form, *columns):
    return "\n".join(form.format(*row) for row in zip(*columns, strict=True)) + "\n"


@pytest.mark.parametrize(
    "form",
    [
        "{0!r},{1!r} - {3!r}im",
        "{0!r},{1!r} - {3!r} I",
        "{0!r},{1!r} - j{3!r}",
        "{0!r},{1!r}-j*{3!r}",
        "{0!r},({1!r}{2:+.17g}j)",
        "({0!r}+0.000e+00j),({1!r}{2:+.17g}j)",
        "{0!r},{1!r}-{3!r}*1i",
        "{0!r},{1!r} - {3!r} * 1j",
        "{0!r},{1!r}+1i*{2!r}",
        "{0!r},{1!r} - 1j * {3!r}",
        "{0!r},{1!r}+i*{2!r}",
        "{0!r},{1!r} + {2!r}i",
        "{0!r},{1!r}+({2!r})*1i",
    ],
)
def test_complex_cells(form):
    holds("f (Hz),Z (Ohm)\n" + rows(form, F.tolist(), Z.real.tolist(), Z.imag.tolist(), (-Z.imag).tolist()))


@pytest.mark.parametrize("form", ["{!r};{!r}∠{!r}°", "{!r};{!r} ∠ {!r} deg", "{!r};{!r}∠{!r}"])
def test_modulus_and_angle_in_one_cell(form):
    notes = holds("f (Hz);Z (Ohm)\n" + rows(form, F.tolist(), np.abs(Z).tolist(), DEGREES.tolist()))
    assert "impedance from modulus and phase" in notes


@pytest.mark.parametrize(
    "form",
    [
        "f={!r} Hz, Zre={!r} Ohm, Zim={!r} Ohm",
        "f: {!r} Hz\tRe(Z): {!r} Ohm\tIm(Z): {!r} Ohm",
        "freq = {!r}; Z_real = {!r}; Z_imag = {!r}",
    ],
)
def test_names_in_every_row(form):
    holds(rows(form, F.tolist(), Z.real.tolist(), Z.imag.tolist()))


def test_units_in_every_cell_and_not_the_same_in_each():
    def scaled(value, unit):
        return f"{value / 1e3:.12g} k{unit}" if abs(value) > 50 else f"{value * 1e3:.12g} m{unit}"

    lines = (
        f"{scaled(f, 'Hz')},{scaled(z.real, 'Ohm')},{scaled(z.imag, 'Ohm')}"
        for f, z in zip(F, Z, strict=True)
    )
    holds("Frequency,Re(Z),Im(Z)\n" + "\n".join(lines))


def test_units_that_may_be_milli_or_mega_are_asked_for():
    with pytest.raises(ReadError, match="milliohm or megaohm"):
        read_bytes(b"f,Zre,Zim\n" + b"1 Hz,2 MOHM,3 MOHM\n" * 4, "x.csv")


@pytest.mark.parametrize("order", ["by name", "by point"])
@pytest.mark.parametrize("names", [("Zreal", "Zimag"), ("Re(Z)", "Im(Z)"), ("|Z|", "phase (deg)")])
def test_one_value_a_row(order, names):
    parts = (np.abs(Z), DEGREES) if names[0] == "|Z|" else (Z.real, Z.imag)
    table = [
        (number, f"{f!r},{name},{value!r}")
        for number, (name, part) in enumerate(zip(names, parts, strict=True))
        for f, value in zip(F.tolist(), part.tolist(), strict=True)
    ]
    if order == "by point":
        table = [row for pair in zip(table[: F.size], table[F.size :], strict=True) for row in pair]
    holds("freq_Hz,quantity,value\n" + "\n".join(line for _, line in table))


def test_one_value_a_row_of_two_cells():
    lines = [
        f"{cell},{f!r},{name},{value!r}"
        for cell, factor in (("A", 1.0), ("B", 2.0))
        for name, part in (("Zreal", Z.real), ("Zimag", Z.imag))
        for f, value in zip(F.tolist(), (factor * part).tolist(), strict=True)
    ]
    first, second = read_bytes(("cell,f,name,value\n" + "\n".join(lines)).encode(), "x.csv")
    np.testing.assert_allclose(second.impedance, 2 * first.impedance)
    assert first.metadata["label"] == "cell A"


def listed(values, mark=", "):
    return mark.join(map(repr, values.tolist()))


@pytest.mark.parametrize(
    "text",
    [
        f"freq = [{listed(F, ' ')}];\nZre = [{listed(Z.real, ' ')}];\nZim = [{listed(Z.imag, ' ')}];\n",
        f"f = [{listed(F)}]\nZ_re = [{listed(Z.real)}]\nZ_im = [{listed(Z.imag)}]\n",
        f"f = np.array([{listed(F)}])\nZ = np.array([{listed(Z)}])\n",
        f"f: [{listed(F)}]\nz_real: [{listed(Z.real)}]\nz_imag: [{listed(Z.imag)}]\nlimits: [1, 2, 3, 4]\n",
        f"f = [{listed(F, ';' + chr(10))}];\nZ = [{listed(Z, ';' + chr(10))}];\n",
        "data = [" + ",\n".join(f"[{f!r}, {z.real!r}, {z.imag!r}]" for f, z in zip(F, Z, strict=True)) + "]",
        "{"
        + ", ".join(f"{{{f:.12g}, {z.real:.12g} - {-z.imag:.12g} I}}" for f, z in zip(F, Z, strict=True))
        + "}",
    ],
    ids=["MATLAB", "Python", "NumPy", "YAML", "columns", "nested", "Mathematica"],
)
def test_arrays_as_programs_write_them(text):
    holds(text, "x.txt")


def test_arrays_of_two_lengths_are_refused():
    text = f"f = [{listed(F)}]\nZ_re = [{listed(Z.real)}]\nZ_im = [{listed(Z.imag[1:])}]\n"
    with pytest.raises(ReadError, match="'Z_im' has 25 numbers for 26 frequencies"):
        read_bytes(text.encode(), "x.m")


def octave(name, values):
    kind = "complex matrix" if np.iscomplexobj(values) else "matrix"
    cells = (f" ({v.real!r},{v.imag!r})" if kind[0] == "c" else f" {v!r}" for v in values.tolist())
    return (
        f"# name: {name}\n# type: {kind}\n# rows: {values.size}\n# columns: 1\n" + "\n".join(cells) + "\n\n\n"
    )


def test_octave():
    head = "# Created by Octave 8.4.0, Mon Mar 04 10:00:00 2024 UTC <a@b>\n"
    holds(head + octave("f", F) + octave("Z", Z), "x.txt")
    holds(head + "# name: cell\n# type: scalar struct\n# ndims: 2\n 1 1\n# length: 2\n"
          + octave("freq", F) + octave("Z", Z), "x.dat")  # fmt: skip
    body = "\n".join(f" {f!r} {z.real!r} {z.imag!r}" for f, z in zip(F.tolist(), Z.tolist(), strict=True))
    table = f"# name: data\n# type: matrix\n# rows: {F.size}\n# columns: 3\n{body}\n\n\n"
    holds(head + table, "x.txt")
    with pytest.raises(ReadError, match="says 27 x 3 and holds 78 numbers"):
        read_bytes((head + table.replace("rows: 26", "rows: 27")).encode(), "x.txt")


def test_json_of_lines_and_with_units_beside_values():
    points = zip(F.tolist(), Z.real.tolist(), Z.imag.tolist(), strict=True)
    holds("".join(json.dumps({"frequency": f, "z_re": a, "z_im": b}) + "\n" for f, a, b in points), "x.jsonl")
    columns = {"frequency": ("kHz", F / 1e3), "z_re": ("mOhm", Z.real * 1e3), "z_im": ("mOhm", Z.imag * 1e3)}
    document = {name: {"unit": unit, "values": held.tolist()} for name, (unit, held) in columns.items()}
    holds(json.dumps({"cell": "A", "eis": document}), "x.json")


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        ("Frequency (Hz),ESR (Ohm),C (F)", (Z.real, -1 / (2 * np.pi * F * Z.imag))),
        ("f (Hz),Capacitance (uF),ESR (mOhm)", (-1e6 / (2 * np.pi * F * Z.imag), 1e3 * Z.real)),
        ("f (Hz),Cp (nF),tan δ", (1e9 * (1 / Z).imag / (2 * np.pi * F), -Z.real / Z.imag)),
        ("Freq (Hz),Z (Ohms),A (Deg)", (abs(Z), DEGREES)),
        ("f (Hz),|Y| (S),phase (deg)", (1 / abs(Z), -DEGREES)),
        ("f (Hz),|Y| (S),phase (deg)", (1 / abs(Z), DEGREES)),
        ("Frequency (Hz),Z' 25 °C (Ohm),Z'' 25 °C (Ohm)", (Z.real, Z.imag)),
        ("Frequency\tZ'\t-Z''\nHz\tOhm\tOhm\n\t\tsample 1", (Z.real, -Z.imag)),
    ],
)
def test_what_meters_and_origin_write(header, columns):
    mark = "\t" if "\t" in header else ","
    holds(header + "\n" + rows(mark.join(["{!r}"] * 3), F.tolist(), *(part.tolist() for part in columns)))


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("x_freq,y_real,y_imag", "y axis of a plot or an admittance"),
        ("f (Hz),|Y| (S),phase (deg)", "that of Y or of Z"),
        ("f (Hz),C (F),D", "series or of the parallel circuit"),
        ("f (Hz),sigma' (S/cm),sigma'' (S/cm)", "area and thickness"),
        ("f (Hz),rho' (Ohm cm),rho'' (Ohm cm)", "area and thickness"),
    ],
)
def test_what_may_be_two_things_is_asked_for(header, reason):
    with pytest.raises(ReadError, match=reason):
        read_bytes(f"{header}\n1000,1e-3,0\n100,1e-3,0\n10,1e-3,0\n1,1e-3,0\n".encode(), "x.csv")


def test_a_gap_in_columns_of_fixed_width_is_of_the_number_that_is_missing():
    lines = [f"{f:14.6e}{z.real:14.6e}{z.imag:14.6e}{25.0:8.1f}" for f, z in zip(F, Z, strict=True)]
    lines[5] = lines[5][:28] + " " * 14 + lines[5][42:]
    text = "      Freq(Hz)      Zre(Ohm)      Zim(Ohm)    T(C)\n" + "\n".join(lines) + "\n"
    (spectrum,) = read_bytes(text.encode(), "x.txt")
    kept = np.arange(F.size) != 5
    np.testing.assert_allclose(spectrum.impedance, Z[kept], rtol=1e-6)
    assert "dropped 1 row without a finite number" in spectrum.notes


def test_a_gap_that_may_be_of_any_number_is_refused_with_its_line():
    lines = [f"{f:.6e} {z.real:.6e} {z.imag:.6e} 25.0" for f, z in zip(F, Z, strict=True)]
    lines[5] = f"{F[5]:.6e} {Z[5].real:.6e} 25.0"
    with pytest.raises(ReadError, match="line 7: fewer numbers than the table has columns"):
        read_bytes(("Freq(Hz) Zre(Ohm) Zim(Ohm) T(C)\n" + "\n".join(lines) + "\n").encode(), "x.txt")


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("mark", ["   ", ",", "\t"])
def test_a_header_again_on_the_next_page_parts_nothing(descending, mark):
    order = slice(None) if descending else slice(None, None, -1)
    header = mark.join(("Freq (Hz)", "Z' (Ohm)", "Z'' (Ohm)")) + "\n"
    table = rows(mark.join(["{!r}"] * 3), F[order].tolist(), Z.real[order].tolist(), Z.imag[order].tolist())
    lines = table.splitlines(keepends=True)
    holds(header + "".join(lines[:7]) + "\nPage 2\n" + header + "".join(lines[7:]))


@pytest.mark.parametrize("above", ["Measured quantity: Admittance", "# transfer function", "S-parameters"])
def test_parts_of_something_else_are_refused(above):
    with pytest.raises(ReadError, match="does not say of what it is"):
        read_bytes(f"{above}\nFrequency (Hz),Real,Imag\n1000,1,-1\n100,2,-2\n10,3,-1\n".encode(), "x.csv")


@pytest.mark.parametrize(
    "header",
    [
        "Částice;Frekvence [Hz];Reálná část [Ohm];Imaginární část [Ohm]",
        "Nr.;Frekvens (Hz);Realdel (Ohm);Imaginärdel (Ohm)",
        "Nr.;Częstotliwość [Hz];Część rzeczywista [Ω];Część urojona [Ω]",
        "No;周波数(Hz);抵抗成分(Ω);リアクタンス(Ω)",
        "No;Tần số (Hz);Phần thực (Ohm);Phần ảo (Ohm)",
        "No;Frekuensi (Hz);Z riil (Ohm);Z imajiner (Ohm)",
    ],
)
def test_languages(header):
    holds(header + "\n" + rows("1;{!r};{!r};{!r}", F.tolist(), Z.real.tolist(), Z.imag.tolist()))


def test_a_table_of_something_else_below_is_left_aside():
    table = "f (Hz),Zre (Ohm),Zim (Ohm)\n" + rows(
        "{!r},{!r},{!r}", F.tolist(), Z.real.tolist(), Z.imag.tolist()
    )
    for below in (
        "Rs (Ohm),Rct (Ohm),chi2\n10.2,100.3,1e-4\n",
        "tau,gamma,error\n1,2,3\n0.1,3,3\n0.01,1,3\n",
    ):
        assert any("left aside" in note for note in holds(table + below))


def test_logarithms_without_a_header_are_no_frequencies():
    z = rows("{!r}\t{!r}\t{!r}", np.log10(F).tolist(), np.log10(abs(Z)).tolist(), DEGREES.tolist())
    with pytest.raises(ReadError, match="frequencies or their logarithms"):
        read_bytes(z.encode(), "x.txt")


def two(text, name="x.csv"):
    first, second = read_bytes(text.encode() if isinstance(text, str) else text, name)
    np.testing.assert_allclose(first.impedance, Z, rtol=1e-6)
    np.testing.assert_allclose(second.impedance, 2 * Z, rtol=1e-6)


def test_spectra_without_header_side_by_side():
    once = (F.tolist(), Z.real.tolist(), Z.imag.tolist())
    again = (F.tolist(), (2 * Z.real).tolist(), (2 * Z.imag).tolist())
    two(rows(" ".join(["{!r}"] * 6), *once, *again))
    with pytest.raises(ReadError, match="columns 4 and 5 may be another spectrum"):
        read_bytes(rows(" ".join(["{!r}"] * 5), *once, *again[1:]).encode(), "x.txt")


@pytest.mark.parametrize("names", ["Z'/Rs,Z''/Rs", "Re(Z)/R_ct,Im(Z)/R_ct", "Z'/|Z|,Z''/|Z|"])
def test_parts_of_a_resistance_are_no_ohms(names):
    with pytest.raises(ReadError, match="no column for the real and imaginary part"):
        read_bytes(f"f (Hz),{names}\n1000,1,-1\n100,2,-2\n10,3,-1\n".encode(), "x.csv")


def test_raw_codes_of_an_ad5933_are_no_ohms():
    with pytest.raises(ReadError, match="AD5933"):
        read_bytes(b"# AD5933 sweep\nfreq, real, imaginary\n1000,120,-100\n100,2000,-20\n10,3,-1\n", "x.csv")


@pytest.mark.parametrize("cell", [lambda z: [z.real, z.imag], lambda z: {"re": z.real, "im": z.imag}, str])
def test_complex_cells_of_json(cell):
    holds(json.dumps({"frequency": F.tolist(), "impedance": [cell(z) for z in Z.tolist()]}), "x.json")
    points = [{"f": f, "Z": cell(z)} for f, z in zip(F.tolist(), Z.tolist(), strict=True)]
    holds(json.dumps({"cell": "A", "points": points}), "x.json")


def test_json_by_row_number():
    frame = {
        str(i): {"f": f, "z_re": z.real, "z_im": z.imag} for i, (f, z) in enumerate(zip(F, Z, strict=True))
    }
    holds(json.dumps(frame), "x.json")


def saved(**variables):
    stream = io.BytesIO()
    savemat(stream, variables)
    return stream.getvalue()


@pytest.mark.parametrize(
    "variables",
    [
        {"data": np.column_stack([F, Z.real, Z.imag])},
        {"freq": F, "Zc": Z, "area": 1.13},
        {"freq": F, "impedance": Z},
    ],
)
def test_matlab_arrays(variables):
    (spectrum,) = read_bytes(saved(**variables), "x.mat")
    np.testing.assert_allclose(spectrum.impedance, Z)


def test_cells_of_structs_of_matlab():
    cells = np.empty(2, dtype=object)
    cells[:] = [{"f": F, "Re": factor * Z.real, "Im": factor * Z.imag} for factor in (1, 2)]
    two(saved(EIS=cells), "x.mat")


def test_numpy_records_and_complex_columns():
    records = np.zeros(F.size, dtype=[("freq", "f8"), ("Zre", "f8"), ("Zim", "f8")])
    records["freq"], records["Zre"], records["Zim"] = F, Z.real, Z.imag
    for array in (records, np.column_stack([F + 0j, Z])):
        stream = io.BytesIO()
        np.save(stream, array)
        (spectrum,) = read_bytes(stream.getvalue(), "x.npy")
        np.testing.assert_allclose(spectrum.impedance, Z)


@pytest.mark.parametrize(
    ("unit", "factor"),
    [
        ("k-ohm", 1e3),
        ("M Ohm", 1e6),
        ("m Ohm", 1e-3),
        ("kΩs", 1e3),
        ("ohm(s)", 1),
        ("Ω∙cm2", 1),
        ("Ohm cm**2", 1),
        ("Ω cm^{2}", 1),
    ],
)
def test_spellings_of_ohm(unit, factor):
    columns = (F.tolist(), (Z.real / factor).tolist(), (Z.imag / factor).tolist())
    holds(f"f (Hz),Z' ({unit}),Z'' ({unit})\n" + rows("{!r},{!r},{!r}", *columns))


@pytest.mark.parametrize(
    ("name", "factor"),
    [
        ("f (k Hz)", 1e3),
        ("f (cps)", 1),
        ("f (Hertz)", 1),
        ("ω (krad/s)", 1e3 / (2 * np.pi)),
        ("f_meas (Hz)", 1),
    ],
)
def test_spellings_of_hertz(name, factor):
    columns = ((F / factor).tolist(), Z.real.tolist(), Z.imag.tolist())
    holds(f"{name},Zre (Ohm),Zim (Ohm)\n" + rows("{!r},{!r},{!r}", *columns))


def test_r_beside_a_phase_is_what_kramers_kronig_says():
    for r in (np.abs(Z), Z.real):
        table = rows("{!r},{!r},{!r}", F.tolist(), r.tolist(), DEGREES.tolist())
        assert any(
            note.startswith("assumed: 'R (Ohm)' is the") for note in holds("f (Hz),R (Ohm),θ (deg)\n" + table)
        )
    with pytest.raises(ReadError, match="may be the modulus or the real part"):
        read_bytes(b"f (Hz),R (Ohm),phase (deg)\n1000,1,-1\n100,2,-2\n10,3,-1\n", "x.csv")


def test_a_column_of_units_beside_each():
    form = "{!r},kHz,{!r},mOhm,{!r},mOhm"
    columns = ((F / 1e3).tolist(), (1e3 * Z.real).tolist(), (1e3 * Z.imag).tolist())
    holds("Frequency,Unit,Zre,Unit,Zim,Unit\n" + rows(form, *columns))
    mixed = "f,Unit,Zre,Unit,Zim,Unit\n" + "1,kHz,2,Ohm,3,Ohm\n" * 3 + "1,Hz,2,Ohm,3,Ohm\n"
    with pytest.raises(ReadError, match="the units beside 'f' are Hz, kHz: write one"):
        read_bytes(mixed.encode(), "x.csv")


@pytest.mark.parametrize(
    "form", ["{!r},{!r} ± 0.1,{!r} ± 0.2", "{!r},{!r}(3),{!r}(12)", "{!r},{!r},{!r}  # noisy"]
)
def test_uncertainties_and_remarks_behind_numbers(form):
    holds("f (Hz),Zre (Ohm),Zim (Ohm)\n" + rows(form, F.tolist(), Z.real.tolist(), Z.imag.tolist()))


def test_names_of_rows_without_a_name_of_their_own():
    names = [f"P{i}" for i in range(F.size)]
    holds(
        "f (Hz),Zre (Ohm),Zim (Ohm)\n"
        + rows("{},{!r},{!r},{!r}", names, F.tolist(), Z.real.tolist(), Z.imag.tolist())
    )


def test_a_header_parted_by_commas_over_tabs():
    holds("f, Zre, Zim\n" + rows("{!r}\t{!r}\t{!r}", F.tolist(), Z.real.tolist(), Z.imag.tolist()))


@pytest.mark.parametrize(
    "header",
    [
        "f (Hz),res_Zre (Ohm),res_Zim (Ohm)",
        "f (Hz),Z' diff (Ohm),Z'' diff (Ohm)",
        "f (Hz),gamma (Ohm)",
    ],
)
def test_residuals_and_headers_too_short_are_refused(header):
    with pytest.raises(ReadError, match=r"no column for the real and imaginary|does not name 3 columns"):
        read_bytes(
            (header + "\n" + rows("{!r},{!r},{!r}", F.tolist(), Z.real.tolist(), Z.imag.tolist())).encode(),
            "x.csv",
        )


def test_a_loss_without_header_is_no_phase_beyond_a_right_angle():
    y = 1 / Z
    c, d = (y.imag / (2 * np.pi * F)).tolist(), (y.real / y.imag).tolist()
    table = rows("{!r},{!r},{!r},0", F.tolist(), c, d)
    with pytest.raises(ReadError, match="no impedance spectrum"):
        read_bytes(table.encode(), "x.txt")


def test_loudspeakers():
    holds(
        "* Freq(Hz) Z(Ohms) Phase(degrees)\n"
        + rows("{!r} {!r} {!r}", F.tolist(), abs(Z).tolist(), DEGREES.tolist()),
        "x.zma",
    )


@pytest.mark.parametrize("numbers", ["1,2,3", "0,1,2"])
@pytest.mark.parametrize("above", [True, False])
def test_rows_that_number_the_columns_are_no_points(above, numbers):
    header = "Frequency (Hz),Z' (Ohm),Z'' (Ohm)"
    first = (numbers, header) if above else (header, numbers)
    holds("\n".join(first) + "\n" + rows("{!r},{!r},{!r}", F.tolist(), Z.real.tolist(), Z.imag.tolist()))


def test_means_beside_standard_deviations_are_one_spectrum():
    for header in ("freq_hz,z_real_avg,z_real_sd,z_imag_avg,z_imag_sd", "f,Re_mean,Re_sem,Im_mean,Im_sem"):
        form = "{!r},{!r},0.1,{!r},0.2"
        holds(header + "\n" + rows(form, F.tolist(), Z.real.tolist(), Z.imag.tolist()))


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("f (Hz),Zre (F),Zim (F)", "may be a unit or a cell"),
        ("tau (s),gamma (Ohm)", "does not name 3 columns"),
        ("reduced frequency,Zre,Zim", "no column for the frequency"),
    ],
)
def test_what_is_no_spectrum_for_its_names(header, reason):
    text = header + "\n" + rows("{!r},{!r},{!r}", F.tolist(), Z.real.tolist(), Z.imag.tolist())
    with pytest.raises(ReadError, match=reason):
        read_bytes(text.encode(), "x.csv")


@pytest.mark.parametrize(
    "places", [(0,), (25,), (0, 1, 2, 24, 25), (5, 6, 7, 8, 9), range(1, 25), range(3, 26)]
)
@pytest.mark.parametrize("mark", ["\t", ";", ","])
def test_remarks_behind_some_rows_lose_no_point(places, mark):
    values = zip(F.tolist(), Z.real.tolist(), Z.imag.tolist(), strict=True)
    lines = [mark.join(map(repr, row)) + (f"{mark}range changed" if i in places else mark)
             for i, row in enumerate(values)]  # fmt: skip
    holds("\n".join([mark.join(["f (Hz)", "Zre (Ohm)", "Zim (Ohm)", "Remark"]), *lines]) + "\n")


@pytest.mark.parametrize(
    "impedance",
    [
        {"Z": {"real": Z.real.tolist(), "imag": Z.imag.tolist()}},
        {"impedance": {"magnitude": np.abs(Z).tolist(), "phase_deg": DEGREES.tolist()}},
    ],
)
def test_json_whose_impedance_holds_its_parts(impedance):
    holds(json.dumps({"freq": F.tolist(), **impedance}), "x.json")


def lines_of(mark=",", form="{:.5f}"):
    columns = (F, Z.real, Z.imag)
    return [mark.join(form.format(value) for value in row) for row in zip(*columns, strict=True)]


def test_a_mean_below_the_table_is_no_point():
    rows = [f"{i + 1},{row}" for i, row in enumerate(lines_of(form="{!r}"))]
    assert any(
        "begin with a word" in note for note in holds("\n".join(["Pt,f,Zre,Zim", *rows, "Mean,1,1,1"]))
    )


@pytest.mark.parametrize("cut", [2, 5, 8, 9])
@pytest.mark.parametrize("form", ["{:.5f}", "{:.5E}"])
def test_a_last_line_that_is_cut_off(cut, form):
    *whole, last = lines_of(form=form)
    (spectrum,) = read_bytes("\n".join(["f (Hz),Zre,Zim", *whole, last[:-cut]]).encode(), "x.csv")
    assert spectrum.frequency.size in (25, 26)
    np.testing.assert_allclose(spectrum.impedance, Z[: spectrum.frequency.size], rtol=0.02)


def test_a_first_row_that_lost_a_cell_is_told():
    first, *rest = lines_of()
    with pytest.raises(ReadError, match="line 2: fewer numbers"):
        holds("\n".join(["f (Hz),Zre,Zim", first.rsplit(",", 1)[0], *rest]) + "\n")


def test_remarks_between_the_rows_are_no_rows_though_they_hold_numbers():
    rows = lines_of(form="{!r}")
    holds("\n".join(["f (Hz),Zre,Zim", *rows[:9], "# comment 1, 2, 3", *rows[9:]]) + "\n")
    holds("\n".join(["Cell,7,8", "f (Hz),Zre,Zim", *rows]) + "\n")


@pytest.mark.parametrize(
    "names",
    [
        "Re Z [Ohm] Cycle 1,Im Z [Ohm] Cycle 1,Re Z [Ohm] Cycle 100,Im Z [Ohm] Cycle 100",
        "SOC 50% Re,SOC 50% Im,SOC 80% Re,SOC 80% Im",
        "cell1_re,cell1_im,cell2_re,cell2_im",
    ],
)
def test_labels_of_columns_beside_each_other(names):
    text = f"Frequency (Hz),{names}\n" + rows("{},{},{},{},{}", F, Z.real, Z.imag, 2 * Z.real, 2 * Z.imag)
    for written in (text, text.replace(",", "\t")):
        first, second = read_bytes(written.encode(), "x.csv")
        np.testing.assert_allclose(first.impedance, Z, rtol=1e-6)
        np.testing.assert_allclose(second.impedance, 2 * Z, rtol=1e-6)


def test_what_is_not_understood_of_an_impedance_is_told():
    text = "f (Hz),Zre (Ohm),Zim (Ohm),Z'/R0\n" + rows("{},{},{},{}", F, Z.real, Z.imag, Z.real / 10)
    assert "left aside: Z'/R0" in holds(text)


def test_rows_without_an_impedance_between_the_header_and_the_first_spectrum():
    head = "Test_Time[s],Date_Time,Voltage[V],EIS_f[Hz],EIS_Z_Real[Ohm],EIS_Z_Imag[Ohm],EIS_DC[A]\n"
    rest = "".join(f"{i},2026-03-04 12:00:0{i},3.5{i},,,,\n" for i in range(9))
    points = rows("{0},2026-03-04 12:10:00,,{0},{1},{2},0.0", F, Z.real, Z.imag)
    assert "dropped 9 rows without a finite number" in holds(head + rest + points)


def test_numbers_without_a_header_above_a_spectrum_are_left_aside():
    cv = "".join(f"{x / 10},{x * x / 100},{x / 10},{x * x / 90}\n" for x in range(-20, 40))
    text = f"V,µA,V,µA\n{cv}CH 3: Fixed at 26 freqs\nfreq / Hz,neg. Phase / °,Z' / Ohm,Z'' / Ohm\n"
    notes = holds(text + rows("{},{},{},{}", F, -DEGREES, Z.real, -Z.imag))
    assert any(note.startswith("left aside: 62 lines") for note in notes)


@pytest.mark.parametrize(
    "header",
    [
        "; columns: f/Hz Zre/Ohm Zim/Ohm\n",
        "# Data: f Zre Zim\n# Units: Hz Ohm Ohm\n",
        "nu/Hz  ReZ/Ohm  ImZ/Ohm\n",
    ],
)
def test_names_in_a_comment(header):
    holds(header + rows("{} {} {}", F, Z.real, Z.imag))


def test_an_angle_that_only_its_unit_names():
    holds("Freq.(Hz),|Z|(ohm),deg\n" + rows("{},{},{}", F, abs(Z), DEGREES))


def test_the_last_row_of_a_table_above_another_is_not_the_last_of_the_file():
    head = "Pt,f (Hz),Z' (Ohm),-Zimag/Ohm"
    rows = [f"{i + 1},{f:.9g},{z.real:.9g},{-z.imag:.9g}" for i, (f, z) in enumerate(zip(F, Z, strict=True))]
    rows[-1] = rows[-1].rsplit(",", 1)[0] + ",1"  # a round number
    spectra = read_bytes("\n".join([head, *rows, head, *rows, ""]).encode(), "x.csv")
    assert [spectrum.frequency.size for spectrum in spectra] == [26, 26]


def test_grad_are_degrees_unless_they_are_gons():
    holds("f (Hz),|Z| (Ohm),Phase (grad)\n" + rows("{},{},{}", F, abs(Z), DEGREES))
    with pytest.raises(ReadError, match="seems to be in gons"):
        holds("f (Hz),|Z| (Ohm),Phase (grad)\n" + rows("{},{},{}", F, abs(Z), DEGREES / 0.9))


@pytest.mark.parametrize(
    "names",
    ["freq_hz,z_ohm,z_ohm,z_ohm,phase_deg", "Frequency__Hz_,x_Z___Ohms_,Z___Ohms_,x_Z___Ohms_,Phase__deg_"],
)
def test_several_columns_called_a_modulus_that_differ_are_asked_for(names):
    text = f"{names}\n" + rows("{},{},{},{},{}", F, Z.real, -Z.imag, abs(Z), DEGREES)
    with pytest.raises(ReadError, match="another column"):
        holds(text)


def test_names_whose_ohm_became_a_mark_too():
    names = '"Frequency..Hz.","Z.....","X.Z......","Z....","X.Phase...."'
    holds(f"{names}\n" + rows("{},{},{},{},{}", F, Z.real, -Z.imag, abs(Z), -DEGREES))


def test_milli_of_a_unit_that_lost_its_ohm():
    with pytest.raises(ReadError, match="may be a unit"):
        holds("frequency_hz,r_m,x_m,z_m,deg\n" + rows("{},{},{},{},{}", F, Z.real, Z.imag, abs(Z), DEGREES))


def test_a_period_in_json_and_arrays():
    holds(
        json.dumps({"Period (s)": (1 / F).tolist(), "Zre": Z.real.tolist(), "Zim": Z.imag.tolist()}), "x.json"
    )
    stream = io.BytesIO()
    np.savez(stream, period_s=1 / F, Z=Z)
    (spectrum,) = read_bytes(stream.getvalue(), "x.npz")
    np.testing.assert_allclose(spectrum.frequency, F, rtol=1e-6)


def test_a_table_in_latex():
    body = "\n".join(rf"{f:.9g} & {z.real:.9g} & {-z.imag:.9g} \\" for f, z in zip(F, Z, strict=True))
    head = r"$f$ / Hz & $Z'$ / $\mathrm{m}\Omega$ & $-Z''$ / $\mathrm{m}\Omega$ \\"
    text = (
        "\\begin{tabular}{rrr}\n\\toprule\n"
        + head
        + "\n\\midrule\n"
        + body
        + "\n\\bottomrule\n\\end{tabular}\n"
    )
    (found,) = read_bytes(text.encode(), "table.tex")
    np.testing.assert_allclose(found.impedance, Z / 1000, rtol=1e-6)


def test_zero_bytes_at_the_end_as_a_computer_leaves_them_that_stopped():
    lines = "f/Hz,Z'/ohm,Z''/ohm\n" + "".join(
        f"{f:.9g},{z.real:.9g},{z.imag:.9g}\n" for f, z in zip(F, Z, strict=True)
    )
    (found,) = read_bytes(lines.encode() + bytes(300), "x.csv")
    assert found.points == F.size
    assert any("zero bytes" in note for note in found.notes)


@pytest.mark.parametrize("form", ["{}×10{}", "{} · 10{}", "{}*10^{}", "{}x10{}"])
def test_powers_of_ten_with_their_exponent_above_the_line(form):
    above = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

    def write(value):
        mantissa, exponent = f"{value:.9e}".split("e")
        power = str(int(exponent))
        return form.format(mantissa, power if "^" in form else power.translate(above))

    holds(
        "f/Hz;Z'/Ω;−Z''/Ω\n"
        + "".join(f"{write(f)};{write(z.real)};{write(-z.imag)}\n" for f, z in zip(F, Z, strict=True))
    )
