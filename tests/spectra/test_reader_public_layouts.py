"""Layouts as people store them in public repositories: read right, or refused for the true reason.

The numbers are simulated here; each layout was read with wrong numbers, in part, or refused once.
"""

from __future__ import annotations

import numpy as np
import pytest

from eisfit.errors import ReadError
from eisfit.spectra.readers import read_bytes

F = np.geomspace(1e5, 1.0, 26)
Z = 10 + 100 / (1 + 2j * np.pi * F * 0.01)
SCATTER = np.random.default_rng(3).normal(size=(2, F.size))
#: So noisy that nothing in it tells the sign of its imaginary part.
NOISY = (50 * (1 + 0.2 * SCATTER[0])) - 1j * np.abs(0.3 + SCATTER[1])


def rows(*columns, mark=",", form="%.9g"):
    return "\n".join(mark.join(form % v for v in row) for row in zip(*columns, strict=True)) + "\n"


def read(text, name="x.csv"):
    return read_bytes(text if isinstance(text, bytes) else text.encode(), name)


def holds(text, *impedances, name="x.csv", rtol=1e-6):
    found = read(text, name)
    assert len(found) == len(impedances)
    for spectrum, z in zip(found, impedances, strict=True):
        np.testing.assert_allclose(spectrum.impedance, z, rtol=rtol)
    return [note for spectrum in found for note in spectrum.notes]


def test_spectra_side_by_side_without_header_of_rounded_frequencies():
    rounded = [f"{f:.2E},{z.real:.2E},{-z.imag:.2E}" for f, z in zip(F, 2 * Z, strict=True)]
    first = rows(F, Z.real, -Z.imag).splitlines()
    text = "\n".join(map(",".join, zip(first, rounded, strict=True)))
    holds(text, Z, 2 * Z, rtol=0.01)


def test_spectra_side_by_side_without_header_at_other_frequencies():
    first, second = read(rows(F, Z.real, Z.imag, 1.7 * F, 2 * Z.real, 2 * Z.imag))
    np.testing.assert_allclose(second.frequency / first.frequency, 1.7, rtol=1e-6)


def test_spectra_side_by_side_without_header_with_a_modulus_each():
    holds(rows(F, Z.real, Z.imag, abs(Z), F, 2 * Z.real, 2 * Z.imag, 2 * abs(Z)), Z, 2 * Z)


def test_spectra_side_by_side_without_header_of_which_one_is_shorter():
    lines = rows(F, Z.real, Z.imag, F, 2 * Z.real, 2 * Z.imag).splitlines()
    short = [",".join([*line.split(",")[:3], "", "", ""]) for line in lines[20:]]
    assert [s.points for s in read("\n".join([*lines[:20], *short]))] == [26, 20]


def test_frequencies_again_without_header_where_nothing_tells_whose():
    with pytest.raises(ReadError, match="column 5 holds frequencies again"):
        read(rows(F, Z.real, Z.imag, abs(Z), F, 2 * Z.real))


def test_columns_without_header_beside_a_spectrum_are_told():
    notes = holds(rows(F, Z.real, Z.imag, np.sin(F), np.cos(3 * F)), Z)
    assert any("2 more left aside" in note for note in notes)


@pytest.mark.parametrize("columns", [(-1 / (2 * np.pi * F * Z.imag), Z.real), (Z.real, 1e-6 + 1e-9 * F)])
def test_capacitance_and_resistance_without_header_are_no_impedance(columns):
    with pytest.raises(ReadError, match="nothing proves"):
        read(rows(F, *columns))


@pytest.mark.parametrize(
    "text",
    [
        rows(F, Z.real, -Z.imag, F, NOISY.real, -NOISY.imag),
        "f,Z' A,Z'' A,Z' B,Z'' B\n" + rows(F, Z.real, -Z.imag, NOISY.real, -NOISY.imag),
        "f,Z',Z'',f,Z',Z''\n" + rows(F, Z.real, -Z.imag, F, NOISY.real, -NOISY.imag),
        "f,Z',Z''\n" + rows(F, Z.real, -Z.imag) + "\nf,Z',Z''\n" + rows(F, NOISY.real, -NOISY.imag),
        "f,Z',Z'',n\n" + rows(F, Z.real, -Z.imag, 1 + 0 * F) + rows(F, NOISY.real, -NOISY.imag, 2 + 0 * F),
    ],
)
def test_one_file_has_one_sign(text):
    notes = holds(text, Z, NOISY)
    assert sum("imaginary sign turned" in note for note in notes) == 2


def test_a_sign_that_the_file_says_stays():
    holds("f,Z',Z'',f,Z',-Z''\n" + rows(F, Z.real, -Z.imag, F, NOISY.real, NOISY.imag), Z, NOISY.conj())


@pytest.mark.parametrize("head", ["", "* measured\n"])
def test_impedance_of_a_speaker_that_is_nearly_a_resistance(head):
    f = 1.03 * 2 ** (np.arange(240) / 24)
    z = (8 + 1e-3 * np.sqrt(f)) * np.exp(1j * np.radians(0.01 + 1e-4 * f))
    text = head + rows(f, abs(z), np.angle(z, deg=True), mark="    \t", form="%.6f")
    holds(text, z[::-1], name="speaker.zma", rtol=1e-5)


@pytest.mark.parametrize(
    "names", ["V1,V2,V3", "Var1,Var2,Var3", "Column 1,Column 2,Column 3", "A(X),B(Y),C(Y)"]
)
def test_names_that_count_the_columns_are_no_header(names):
    holds(names + "\n" + rows(F, Z.real, Z.imag), Z)


def test_names_that_count_from_a_name_that_means_something_stay_one():
    with pytest.raises(ReadError, match="f1"):
        read("f1,f2,f3\n" + rows(F, Z.real, Z.imag))


def test_trace_of_a_network_analyser_in_ohms_beside_a_scattering_parameter():
    head = "freq[Hz];re:Trc2_S22;im:Trc2_S22;re:Trc3_Z<-S21[Ohm];im:Trc3_Z<-S21[Ohm];\n"
    s = 0.2 + 0.1j / (1 + F / 1e3)
    text = (
        rows(F, s.real, s.imag, Z.real, Z.imag, mark=";", form="%.14E").replace(".", ",").replace("\n", ";\n")
    )
    holds(head + text, Z)


@pytest.mark.parametrize("head", ["BEGIN CH1_DATA\nFreq(Hz),S11(REAL),S11(IMAG)\n", "f,Re(S11),Im(S11)\n"])
def test_scattering_parameters_are_named_as_such(head):
    with pytest.raises(ReadError, match="scattering parameter"):
        read(head + rows(F, Z.real / 200, Z.imag / 200) + "END\n" * head.startswith("BEGIN"))


CODES = np.round(4e4 * np.exp(2.1j) / Z)


def test_codes_of_a_converter_beside_modulus_and_phase():
    angle = np.angle(Z, deg=True)
    notes = holds("Frequency,Impedance,Phase,R,I\n" + rows(F, abs(Z), angle, CODES.real, CODES.imag), Z)
    assert any("codes" in note for note in notes)
    head = "Frequency,Impedance,Phase,Real,Imaginary,Magnitude\n"
    holds(head + rows(F, abs(Z), angle, CODES.real, CODES.imag, abs(CODES)), Z)


def test_codes_of_a_converter_beside_what_is_not_calibrated():
    head = "Frequency,Impedance,Phase,Real,Imaginary,Magnitude\n"
    columns = (F, 0.25 / abs(CODES), np.angle(CODES, deg=True) - 120, CODES.real, CODES.imag, abs(CODES))
    with pytest.raises(ReadError, match="not calibrated"):
        read(head + rows(*columns))


def test_decimal_signs_like_the_marks_between_columns():
    head = "Frequency;Impedance;Phase;Real;Imaginary;Magnitude\n"
    columns = (abs(Z), np.angle(Z, deg=True), CODES.real, CODES.imag, abs(CODES))
    text = "".join(
        f"{f:.0f};" + ";".join(f"{v:.6f}".replace(".", ";") for v in row) + "\n"
        for f, row in zip(F, zip(*columns, strict=True), strict=True)
    )
    with pytest.raises(ReadError, match="6 column names for"):
        read(head + text)


def test_gamry_rows_that_lost_their_first_tab():
    head = "EXPLAIN\nTAG\tEISPOT\nZCURVE\tTABLE\nPt\tTime\tFreq\tZreal\tZimag\n#\ts\tHz\tohm\tohm\n"
    count = np.arange(F.size)
    holds(head + rows(count, count, F, Z.real, Z.imag, mark="\t"), Z, name="x.DTA")


def test_versastudio_without_the_name_of_the_program():
    names = "Segment #, Point #, E(V), Frequency(Hz), E Real, E Imag, I Real, I Imag, Z Real, Z Imag, Z2 Real"
    zero = 0 * F
    text = (
        "<Application>\nVersion=2.61\nLanguage [VersaStudio]=English\n</Application>\n<Segment1>\n"
        f"Type=30\nDefinition={names}\n"
        + rows(zero, zero, zero, F, Z.real, Z.imag, zero, zero, Z.real, Z.imag, zero)
        + "</Segment1>\n"
    )
    (spectrum,) = read(text, "x.par")
    assert spectrum.metadata["format"] == "VersaStudio .par"
    np.testing.assert_allclose(spectrum.impedance, Z, rtol=1e-6)


def test_a_sweep_of_zeros_is_counted_apart():
    notes = holds("f,Z' A,Z'' A,Z' B,Z'' B\n" + rows(F, Z.real, Z.imag, 0 * F, 0 * F), Z)
    assert "the file holds 1 sweep, and 1 without a point" in notes


def complex_cells(*spectra):
    form = [[f"{z.real:.8g}{z.imag:+.8g}j" for z in spectrum] for spectrum in spectra]
    return "".join(
        ",".join([f"{f:.9g}", *row]) + "\n" for f, row in zip(F, zip(*form, strict=True), strict=True)
    )


@pytest.mark.parametrize(
    "head",
    ["freq (Hz),Z cell1 (ohm),Z cell2 (ohm)", "Frequency,Z_A,Z_B", "Frequency [Hz],Z1,Z2", "f,Z A,Z B"],
)
def test_several_columns_of_complex_numbers(head):
    holds(head + "\n" + complex_cells(Z, 2 * Z), Z, 2 * Z)


def test_potential_and_current_as_complex_numbers():
    current = np.full(F.size, 1e-3 * np.exp(0.3j))
    holds("freq,E,I\n" + complex_cells(Z * current, current), Z, rtol=1e-5)


@pytest.mark.parametrize("angle", ["Trace th (*)", "Trace ? ()", "Trace ? (?)", "Trace th (deg)"])
def test_waveforms_headers_that_lost_their_degree_sign(angle):
    head = f"Frequency (Hz),{angle},Trace |Z| (Ohm),Trace Rs (Ohm),Trace Xs (Ohm)\n"
    holds(head + rows(F, np.angle(Z, deg=True), abs(Z), Z.real, Z.imag), Z)
    holds(f"Frequency (Hz),{angle},Trace |Z| (Ohm)\n" + rows(F, np.angle(Z, deg=True), abs(Z)), Z)


LABELLED = [
    "f,Z' bare steel,Z'' bare steel,Z' coated steel,Z'' coated steel",
    "f,Z' (ohm) steel,Z'' (ohm) steel,Z' (ohm) coated steel,Z'' (ohm) coated steel",
    "Frequency,Zre Sample A day 1,Zim Sample A day 1,Zre Sample B day 1,Zim Sample B day 1",
    "f (Hz),before cycling Zre,before cycling Zim,after cycling Zre,after cycling Zim",
]


@pytest.mark.parametrize("head", LABELLED)
def test_cells_named_by_several_words(head):
    notes = holds(head + "\n" + rows(F, Z.real, Z.imag, 2 * Z.real, 2 * Z.imag), Z, 2 * Z)
    assert not any("left aside" in note for note in notes)


def test_several_words_beside_the_impedance_are_no_spectrum():
    columns = (F, Z.real, Z.imag, 2 * Z.real, 2 * Z.imag)
    notes = holds("f,Z',Z'',Z' best guess,Z'' best guess\n" + rows(*columns), Z)
    assert "left aside: Z' best guess, Z'' best guess" in notes
    holds("f,Z' bare steel,Z'' bare steel,Z' kk corrected,Z'' kk corrected\n" + rows(*columns), Z)


@pytest.mark.parametrize(
    "form",
    [
        "Freq: {f:f} (real, image) = ,{a:f} , {b:f} ,mOhm \r\n",
        "Freq: {f:f}   (real, image) =  {a:f} , {b:f}   mOhm \r\n",
        "Freq:{f:.2f} Hz RzMag: {m:f} Ohm, RzPhase: {p:f} deg\r\n",
        "Freq:{f:.2f} \r\nRzMag: {m:f} Ohm , RzPhase: {p:f} \r\n",
        "Freq: {f:.2f} Hz\r\nRzMag: {m:f} Ohm, RzPhase: {p:f} deg\r\n",
    ],
)
def test_prints_of_the_ad5940_examples(form):
    values = (
        {"f": f, "a": z.real, "b": z.imag, "m": abs(z), "p": np.angle(z, deg=True)}
        for f, z in zip(F, Z, strict=True)
    )
    holds(
        "".join(form.format(**row) for row in values),
        Z / 1e3 if "mOhm" in form else Z,
        name="x.log",
        rtol=1e-5,
    )


@pytest.mark.parametrize("header", ["", "f,R,X,phase,modulus,gain\n"])
def test_each_frequency_several_times_in_a_row(header):
    z = np.repeat(Z, 3) * (1 + 1e-4 * np.arange(3 * F.size) ** 0.5)
    thrice = [np.repeat(F, 3), z.real, z.imag, np.angle(z), abs(z), 0 * z.real + 1e-8]
    with pytest.raises(ReadError, match="occurs more than once; average"):
        read(header + rows(*thrice[: 6 if header else 3]))


def test_codes_of_a_converter_without_a_header():
    with pytest.raises(ReadError, match=r"5 columns without (a )?header"):
        read(rows(F, CODES.real, CODES.imag, abs(Z), 0 * F + 1.0e-8))


@pytest.mark.parametrize("angle", ["θz/°", "φZ (deg)", "Zθ [deg]", "Pha (deg)"])
def test_the_angle_of_z(angle):
    holds(f"Hz,|Z|/Ohm,{angle}\n" + rows(F, abs(Z), np.angle(Z, deg=True)), Z)


@pytest.mark.parametrize(
    "head",
    [
        "f,Re(Zpos),Im(Zpos),Re(Zneg),Im(Zneg)",
        "f,Zcathode_re,Zcathode_im,Zanode_re,Zanode_im",
        "f,Re(Zin),Im(Zin),Re(Zout),Im(Zout)",
        "f,re_zdut1,im_zdut1,re_zdut2,im_zdut2",
    ],
)
def test_whose_impedance_written_together(head):
    holds(head + "\n" + rows(F, Z.real, Z.imag, 2 * Z.real, 2 * Z.imag), Z, 2 * Z)


@pytest.mark.parametrize("other", ["sim", "fit", "calc"])
def test_no_part_of_a_model_is_taken_for_one_of_the_measurement(other):
    head = f"f,Re(Zdut),Im(Zdut),Re(Z{other}),Im(Z{other})\n"
    holds(head + rows(F, Z.real, Z.imag, 2 * Z.real, 2 * Z.imag), Z)


def test_print_of_ngspice():
    line = "-" * 80 + "\n"
    text = f"{line}Index   frequency       z\n{line}" + "".join(
        f"{i}\t{f:.6e}\t{z.real:.6e},\t{z.imag:.6e}\t\n" for i, (f, z) in enumerate(zip(F, Z, strict=True))
    )
    holds(text, Z, name="x.log", rtol=1e-5)


SEVERAL = [
    ["a", "b", "c", "d"],
    ["control", "treated"],
    ["initial", "final"],
    ["-20", "0", "20"],
    ["day 1", "day 10", "day 100"],
    ["x", "y", "z"],
    ["d", "q"],
    ["out", "par"],
    ["SOC 10%", "SOC 50%"],
    ["25°C", "-5°C"],
]
NAMES = [
    ("Z'_{} (ohm)", "Z''_{} (ohm)"),
    ("Z' {}", "-Z'' {}"),
    ("Re(Z_{})", "Im(Z_{})"),
    ("{}_Zre", "{}_Zim"),
    ("{} - Z' [Ω]", "{} - Z'' [Ω]"),
    ("|Z| {} (ohm)", "Phase {} (deg)"),
]


@pytest.mark.parametrize("labels", SEVERAL)
@pytest.mark.parametrize("names", NAMES)
def test_cells_whose_names_are_words_of_ours(labels, names):
    each = [Z * (1 + 0.3 * i) for i in range(len(labels))]
    first, second = names
    columns = []
    for z in each:
        sign = -1 if second.startswith("-") else 1
        columns += [abs(z), np.angle(z, deg=True)] if "|" in first else [z.real, sign * z.imag]
    head = ",".join(["Frequency (Hz)", *(name.format(label) for label in labels for name in names)])
    holds(head + "\n" + rows(F, *columns), *each)


@pytest.mark.parametrize(
    "head",
    [
        "{}_f,{}_Zre,{}_Zim",
        "freq ({}),Zre ({}),Zim ({})",
        "Frequency {} (Hz),Z' {} (ohm),Z'' {} (ohm)",
    ],
)
@pytest.mark.parametrize(
    "labels", [["control", "treated"], ["SOC 10%", "SOC 50%"], ["before", "after cleaning"]]
)
def test_cells_with_frequencies_of_their_own(head, labels):
    names = ",".join(head.replace("{}", label) for label in labels)
    holds(names + "\n" + rows(F, Z.real, Z.imag, F, 2 * Z.real, 2 * Z.imag), Z, 2 * Z)


@pytest.mark.parametrize(
    "head",
    [
        "f,Zs',Zs'',Zp',Zp''",
        "f,Z_re_data,Z_im_data,Z_re_model,Z_im_model",
        "f,Zre_obs,Zim_obs,Zre_pred,Zim_pred",
        "f,Z' [ohm],Z'' [ohm],Z' [ohm cm2],Z'' [ohm cm2]",
        "f,Z_re,Z_im,V_re,V_im",
        "f,Re(Z)/Ohm,Im(Z)/Ohm,Re(Zce)/Ohm,Im(Zce)/Ohm",
        "f,Zre_mean,Zim_mean,Zre_std,Zim_std",
    ],
)
def test_what_else_two_names_alike_may_be(head):
    holds(head + "\n" + rows(F, Z.real, Z.imag, 2 * Z.real, 2 * Z.imag), Z)


@pytest.mark.parametrize("name", ["x", "R", "X", "r"])
def test_a_letter_beside_what_says_impedance(name):
    rounds = np.repeat([10.0, 50.0, 100.0], F.size)
    z = np.concatenate([Z, 1.3 * Z, 1.7 * Z])
    text = f"{name},f,Zre,Zim\n" + rows(rounds, np.tile(F, 3), z.real, z.imag)
    holds(text, Z, 1.3 * Z, 1.7 * Z)
    holds("f,R,X\n" + rows(F, Z.real, Z.imag), Z)


def test_rows_of_two_spectra_in_no_order():
    order = np.random.default_rng(2).permutation(2 * F.size)
    f, z = np.tile(F, 2)[order], np.concatenate([Z, 2 * Z])[order]
    with pytest.raises(ReadError, match="up and down without order"):
        read("f,Zre,Zim\n" + rows(f, z.real, z.imag))
    labels = np.repeat([1, 2], F.size)[order]
    holds("cell,f,Zre,Zim\n" + rows(labels, f, z.real, z.imag), Z, 2 * Z)
    order = order[order < F.size]
    holds("f,Zre,Zim\n" + rows(F[order], Z[order].real, Z[order].imag), Z)


@pytest.mark.parametrize(
    "name", ["Rs (ohm)", "ESR", "Resistance (ohm)", "Reactance", "noise_re", "real time"]
)
def test_a_column_of_something_else_before_the_impedance(name):
    for head in ("f,Zre,Zim", "Frequency (Hz),Z' (ohm),Z'' (ohm)", "f/Hz,R/ohm,X/ohm"):
        holds(f"{name},{head}\n" + rows(20 + 0 * F, F, Z.real, Z.imag), Z)


@pytest.mark.parametrize("head", ["R,f,Rs,Xs", "R,f,Resistance (ohm),Reactance (ohm)", "Resistance,f,R,X"])
def test_which_resistance_belongs_to_a_reactance(head):
    holds(head + "\n" + rows(20 + 0 * F, F, Z.real, Z.imag), Z)


@pytest.mark.parametrize(
    "names",
    [
        "Freq_Hz,Z_Real_Z_over_rho_c,Z_Imag_Z_over_rho_c",
        "frequency_hz,impedance_real_pa_s_m,impedance_imag_pa_s_m",
        "freq_hz,Z_re_N_s_m,Z_im_N_s_m",
        "f (Hz),Re(Z) (Pa s/m),Im(Z) (Pa s/m)",
    ],
)
def test_an_acoustic_or_mechanical_impedance_has_no_ohms(names):
    with pytest.raises(ReadError, match="acoustic or a mechanical impedance"):
        read(names + "\n" + rows(F, Z.real, Z.imag))


def responses():
    """A Fourier transform, and the response of masses on springs."""
    bins = np.arange(128) * 8.0
    signal = np.sin(2 * np.pi * 100 * np.arange(256) / 2048) + 0.3 * np.sin(2 * np.pi * np.arange(256) / 6.02)
    f = np.linspace(1, 300, 120)
    compliance = 1 / (1 - (f / 90) ** 2 + 0.06j * f / 90) + 0.4 / (1 - (f / 210) ** 2 + 0.04j * f / 210)
    return (bins, np.fft.fft(signal)[:128]), (f, compliance)


@pytest.mark.parametrize("place", [0, 1])
def test_parts_of_nothing_that_no_passive_system_has_are_refused(place):
    f, h = responses()[place]
    text = "frequency,real,imag,magnitude,phase\n" + rows(f, h.real, h.imag, np.abs(h), np.angle(h))
    with pytest.raises(ReadError, match=r"nothing says that 'real' is of an impedance.*--impedance-unit ohm"):
        read(text)
    assert read_bytes(text.encode(), "eis_3.csv")  # its name says what it is
    assert read_bytes(text.encode(), "x.csv", impedance_unit="ohm")


def test_a_sweep_at_one_frequency_is_no_spectrum():
    bias = np.linspace(-1, 1, 21)
    with pytest.raises(ReadError, match="all 21 rows are at 10000 Hz: a sweep of something else"):
        read(
            "bias_v,frequency_hz,re_z_ohm,im_z_ohm\n" + rows(bias, 1e4 + 0 * bias, 200 + bias, 40 * bias - 90)
        )


@pytest.mark.parametrize(
    "names", ["f;Re(Zm);Im(Zm)", "freq_Hz;Re_Zdd;Im_Zdd", "f (Hz);Re Zxy (ohm);Im Zxy (ohm)"]
)
def test_parts_of_an_impedance_with_a_name(names):
    holds(names + "\n" + rows(F, Z.real, Z.imag, mark=";"), Z)


def test_a_phase_without_a_unit_is_in_that_of_another_phase_of_the_file():
    near = 80e3 * (1 + 1e-4 * np.random.default_rng(2).normal(size=F.size)) - 30j  # nothing in it tells
    first = "f;Abs(Zm);Phi(Zm);Re(Zm);Im(Zm)\n" + rows(F, np.abs(Z), np.angle(Z), Z.real, Z.imag, mark=";")
    second = "f;Abs(Z12);Phi(Z12)\n" + rows(F, np.abs(near), np.angle(near), mark=";")
    notes = holds(f"{first}\n{second}", Z, near)
    assert "phase in radians (as another phase in the file is)" in notes
    with pytest.raises(ReadError, match="may be degrees or radians"):
        read(second)


@pytest.mark.parametrize(
    "names",
    [
        ("quantity,Zre,Zim", "frequency,,"),
        ("cell,A,A", "quantity,Zre (ohm),Zim (ohm)", "frequency (Hz),,"),
        (",Z_real,Z_imag", "sample,pt 3,pt 3", "freq,,"),
    ],
)
def test_an_index_named_below_the_columns_as_pandas_writes_it(names):
    holds("\n".join([*names, rows(F, Z.real, Z.imag)]), Z)


def test_columns_of_two_levels_hold_a_spectrum_each():
    names = "cell,A,A,B,B\nquantity,Zre,Zim,Zre,Zim\nfrequency,,,,\n"
    holds(names + rows(F, Z.real, Z.imag, 2 * Z.real, 2 * Z.imag), Z, 2 * Z)


@pytest.mark.parametrize(("name", "out"), [("is_valid_raw", "False"), ("is_outlier_fit", "True")])
def test_points_that_a_mark_of_some_step_leaves_out(name, out):
    kept = {"False": "True", "True": "False"}[out]
    lines = rows(F, Z.real, Z.imag).split()
    lines[3] = f"{F[3]:.9g},999,-5"
    marked = [f"{line},{out if place == 3 else kept}" for place, line in enumerate(lines)]
    found = read("\n".join([f"freq_Hz,Zre_ohm,Zim_ohm,{name}", *marked, ""]))
    np.testing.assert_allclose(found[0].impedance, np.delete(Z, 3), rtol=1e-6)
    assert any(f"left out 1 point that '{name}' marks" in note for note in found[0].notes)


def test_a_modulus_that_is_a_constant_times_that_of_the_parts_is_told():
    names, area = "Frequency\tZ_E\tPhase_E\tZ_re\tZ_img\n", 2.8e-4
    text = names + rows(F, np.abs(Z) / area, np.angle(Z), Z.real, -Z.imag, mark="\t")
    notes = holds(text, Z)
    words = "assumed: Z_re and Z_img hold the impedance, although 'Z_E' is 3571 times as large (an area?)"
    assert words in notes
    assert not any("although" in note for note in holds(text.replace("\tZ_re", "\tZ_re (ohm cm2)"), Z))


def test_rows_by_frequency_of_spectra_that_two_columns_tell_apart():
    held = {("A", 1): Z, ("A", 50): 2 * Z, ("B", 1): 3 * Z, ("B", 50): 4 * Z}
    lines = [
        f"{cell},{cycle},{f:.9g},{z[i].real:.9g},{z[i].imag:.9g}"
        for i, f in enumerate(F)
        for (cell, cycle), z in held.items()
    ]
    found = read("\n".join(["cell,cycle,f_Hz,Zre_ohm,Zim_ohm", *lines]))
    assert [(s.metadata["label"], s.cycle) for s in found] == [
        (f"cell {cell}, cycle {cycle}", cycle) for cell, cycle in held
    ]
    for spectrum, z in zip(found, held.values(), strict=True):
        np.testing.assert_allclose(spectrum.impedance, z, rtol=1e-6)


def test_a_summary_of_a_table_is_no_sweep():
    statistics = ["count,26,26,26", "mean,9e3,40,-20", "std,2e4,30,10", "min,1,10,-50", "max,1e5,110,-0.1"]
    with pytest.raises(ReadError, match="summary"):
        read("\n".join([",f_Hz,Zre_ohm,Zim_ohm", *statistics]))


@pytest.mark.parametrize(("factor", "told"), [(1e-4, True), (1.0, False)])
def test_a_frequency_without_a_unit_is_told_where_hertz_make_a_period_of_hours(factor, told):
    notes = holds("freq,Zre,Zim\n" + rows(F * factor, Z.real, Z.imag), Z)
    assert any("no unit given for the frequency" in note for note in notes) == told


def test_columns_without_header_that_break_kramers_kronig_are_a_spectrum_by_the_users_word_or_a_name_alone():
    body = rows(F, abs(Z), Z.real)
    with pytest.raises(ReadError, match=r"nothing proves .* --imag-sign \+ or -"):
        read(body)
    for text, name, given in (
        (body, "cell_EIS.csv", {}),
        ("# impedance\n" + body, "x.csv", {}),
        (body, "x.csv", {"imag_sign": "+"}),
    ):
        (found,) = read_bytes(text.encode(), name, **given)
        np.testing.assert_allclose(found.impedance, abs(Z) + 1j * Z.real, rtol=1e-6)


OMEGA = 2j * np.pi * F
NOISE = np.random.default_rng(7).normal(size=(2, F.size))


@pytest.mark.parametrize(
    ("second", "third"),
    [
        (1 / (1 + 1e3 / F) ** 2, 0.02 + 0.001 * NOISE[0]),  # a gain and its deviation
        (1e-9 * (1 + 100 / F), 2e-9 * (1 + 30 / F)),  # a power spectrum of two channels
        ((1e4 * OMEGA / (OMEGA + 1e3)).real, (1e4 * OMEGA / (OMEGA + 1e3)).imag),  # moduli of a liquid
        (100 / (1 + F / 50) + NOISE[0], abs(2 + NOISE[1])),  # a response to a dose and its deviation
        (50 + 5 * NOISE[0], 45 + 5 * NOISE[1]),  # sound levels
    ],
)
def test_other_tables_over_a_logarithmic_axis_are_no_spectra(second, third):
    with pytest.raises(ReadError, match="3 columns without a header, and "):
        read(rows(F, second, third))


@pytest.mark.parametrize("noise", [0.01, 0.04])
def test_a_noisy_spectrum_without_header_is_one_with_its_sign(noise):
    z = Z * (1 + noise * (NOISE[0] + 1j * NOISE[1]))
    for written in (z, z.conj()):
        (found,) = read(rows(F, written.real, written.imag))
        np.testing.assert_allclose(found.impedance, z, rtol=1e-6)


def test_an_impedance_at_one_frequency_over_cycles_is_no_spectrum():
    cycles = np.arange(1.0, 8.0)
    with pytest.raises(ReadError, match="all 7 rows are at 1000 Hz"):
        read("cycle,f_Hz,Zre_ohm,Zim_ohm\n" + rows(cycles, 0 * cycles + 1e3, 20 + cycles, -3 - cycles))


def test_numbers_that_lost_their_decimal_marks():
    body = rows(F, Z.real / 1000, Z.imag / 1000, form="%.6f").replace(".", "")
    with pytest.raises(ReadError, match="no number has a decimal mark"):
        read("f (Hz),Z' (ohm),Z'' (ohm)\n" + body)


def test_two_bands_that_share_some_frequencies_are_one_sweep_in_whatever_order():
    high, low = F[:14], F[11:]
    for first, second in ((low, high), (low[::-1], high[::-1]), (high, low[::-1]), (low, high[::-1])):
        f = np.concatenate([first, second * 1.0001])
        z = np.interp(np.log(f), np.log(F[::-1]), Z[::-1])
        holds("f (Hz),Zre (ohm),Zim (ohm)\n" + rows(f, z.real, z.imag), z[np.argsort(-f, kind="stable")])
        f = np.concatenate([first, second])  # and the mean of those measured twice
        z = np.interp(np.log(f), np.log(F[::-1]), Z[::-1]) * (1 + 0.001 * np.cos(np.arange(f.size)))
        notes = holds("f (Hz),Zre (ohm),Zim (ohm)\n" + rows(f, z.real, z.imag), Z, rtol=0.003)
        assert "averaged 3 repeated points" in notes


@pytest.mark.parametrize(
    "order",
    [
        np.random.default_rng(3).permutation(F.size),
        np.r_[0 : F.size : 2, 1 : F.size : 2],
        np.r_[12 : F.size, 0:12],
    ],
)
def test_sweeps_in_any_order_are_told_apart_by_a_cycle_column(order):
    f, z = np.tile(F[order], 3), np.concatenate([k * Z[order] for k in (1, 1.05, 1.2)])
    body = rows(np.repeat([1, 2, 3], F.size), f, z.real, z.imag)
    found = read("cycle,f (Hz),Zre (ohm),Zim (ohm)\n" + body)
    assert [spectrum.cycle for spectrum in found] == [1, 2, 3]
    for spectrum, k in zip(found, (1, 1.05, 1.2), strict=True):
        np.testing.assert_allclose(spectrum.impedance, k * Z, rtol=1e-6)


def test_parts_of_nobody_knows_what_beside_a_column_that_names_something_else_are_asked_for():
    with pytest.raises(ReadError, match="'Transfer function' stands beside the table"):
        read("f (Hz),Real,Imag,Transfer function H\n" + rows(F, Z.real, Z.imag, 0 * F))


HEAD = "f (Hz),Zre (ohm),Zim (ohm)\n"
THREE = {1: Z, 2: 1.1 * Z, 7: 1.3 * Z}


def cycles_of(text):
    found = read(text)
    for spectrum, z in zip(found, THREE.values(), strict=True):
        np.testing.assert_allclose(spectrum.impedance, z, rtol=1e-6)
    return [spectrum.cycle for spectrum in found]


@pytest.mark.parametrize(
    "line", ["Cycle %d", "# cycle %d", "--- Cycle no. %d ---", "Zyklus %d", "Cycle Number,%d,"]
)
@pytest.mark.parametrize("head", [HEAD, ""])
def test_a_line_above_each_table_names_its_cycle(line, head):
    blocks = [
        f"{line % n}\n{head or (HEAD if n == 1 else '')}{rows(F, z.real, z.imag)}" for n, z in THREE.items()
    ]
    assert cycles_of("cell 4711\n" + "".join(blocks)) == [1, 2, 7]


def test_a_line_below_each_table_names_no_cycle():
    blocks = [f"{HEAD}{rows(F, z.real, z.imag)}end of cycle {n}\n" for n, z in THREE.items()]
    assert cycles_of("".join(blocks)) == [None] * 3


@pytest.mark.parametrize(
    "over",
    [
        "Cycle 1,,,Cycle 2,,,Cycle 7,,\n" + ",".join([HEAD.strip()] * 3),
        "f (Hz),Zre_cyc1,Zim_cyc1,f (Hz),Zre_cyc2,Zim_cyc2,f (Hz),Zre_cyc7,Zim_cyc7",
    ],
)
def test_titles_over_tables_beside_each_other_name_their_cycles(over):
    columns = [column for z in THREE.values() for column in (F, z.real, z.imag)]
    assert cycles_of(over + "\n" + rows(*columns)) == [1, 2, 7]


@pytest.mark.parametrize("again", ["imaginary", "real", "phase"])
def test_a_part_that_holds_the_frequencies_again_is_refused(again):
    f = np.arange(10_000.0, 19_000.0, 300.0)
    z = 100 + 1 / (2j * np.pi * f * 1e-8)
    names = ["impedance", "phase"] if again == "phase" else ["real", "imaginary"]
    parts = [abs(z), np.degrees(np.angle(z))] if again == "phase" else [z.real, z.imag]
    parts[names.index(again)] = f  # as a program wrote it
    table = "".join(",".join(f"{v:.6g}" for v in row) + "\n" for row in zip(f, *parts, strict=True))
    with pytest.raises(ReadError, match="holds the frequencies again"):
        read_bytes(f"freq,{','.join(names)}\n{table}".encode(), "a.csv")


@pytest.mark.parametrize(
    "above", ["#gain_factor\n#1.0143e-08\n", "Gain factor: 9.8E-10\n", "gain factor = 1e-9\n\n"]
)
def test_bare_parts_below_a_gain_factor_may_be_a_converters_codes(above):
    rows = "".join(f"{f},{1300 + f // 100},{-4900 + f // 50}\n" for f in range(10_000, 40_000, 1000))
    with pytest.raises(ReadError, match="does not say of what it is"):
        read_bytes(f"{above}frequency,real,imaginary\n{rows}".encode(), "a.csv")
    assert len(read_bytes(f"frequency,real,imaginary\n{rows}".encode(), "a.csv")) == 1
    assert len(read_bytes(f"{above}frequency,real (ohm),imaginary (ohm)\n{rows}".encode(), "a.csv")) == 1


@pytest.mark.parametrize("way", [1, -1])
@pytest.mark.parametrize("stop", [12e3, 18e3, 29e3])
def test_sweeps_of_a_narrow_range_below_each_other(way, stop):
    f = np.linspace(10e3, stop, 25)[::way]
    spectra = [r + 1e3 / (1 + 2j * np.pi * f * 1e-5) for r in (100, 120, 90)]
    rows = "".join(
        f"{a:.10g},{z.real:.10g},{z.imag:.10g}\n" for each in spectra for a, z in zip(f, each, strict=True)
    )
    found = read_bytes(f"f (Hz),Z' (ohm),Z'' (ohm)\n{rows}".encode(), "a.csv")
    assert [s.points for s in found] == [25, 25, 25]
    assert [s.impedance[0] for s in found] == pytest.approx([z[np.argmax(f)] for z in spectra])


def test_a_sweep_over_temperature_at_one_frequency_is_called_so():
    head = "PMN 25mkm\nFixed value(s) :  Freq. [Hz]=2.858e+05  AC Volt  [Vrms]=2.000e-01\n"
    rows = "".join(f"{297 + t}\t{22 - t}\t{-61 - t}\n" for t in range(6))
    with pytest.raises(ReadError, match=r"run over 'Temp. \[K\]' at one frequency"):
        read_bytes(f"{head} Temp. [K]\t Zs' [Ohms]\t Zs'' [Ohms]\n{rows}".encode(), "a.txt")
