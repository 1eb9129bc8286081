"""Results of circuit simulators, and tables of a voltage and a current: the impedance is their quotient."""

from __future__ import annotations

import math

import numpy as np
import pytest

from eisfit.errors import ReadError
from eisfit.spectra.readers import read_bytes
from eisfit.spectra.series import read_series

F = np.geomspace(1e6, 10, 26)
Z = 20 + 300 / (1 + 2j * math.pi * F * 300 * 1e-7)  # 20 ohm, 300 ohm beside 100 nF


def one(data, name="a.txt", **options):
    (spectrum,) = read_bytes(data if isinstance(data, bytes) else data.encode(), name, **options)
    return spectrum


def holds(data, name="a.txt", **options):
    spectrum = one(data, name, **options)
    np.testing.assert_allclose(spectrum.frequency, F, rtol=1e-6)
    np.testing.assert_allclose(spectrum.impedance, Z, rtol=1e-6)
    return spectrum.notes


def rows(*columns, mark=" "):
    return "".join(mark.join(f"{v:.10E}" for v in row) + "\n" for row in zip(*columns, strict=True))


def degrees(z):
    return np.degrees(np.angle(z))


ONE, NULL = np.ones(F.size), np.zeros(F.size)


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        (
            "FREQ        VM(IN)      VP(IN)      IM(V_V1)    IP(V_V1)",
            (ONE, NULL, abs(1 / Z), degrees(-1 / Z)),
        ),
        ("FREQ VR(IN) VI(IN) IR(R_1) II(R_1)", (ONE, NULL, (1 / Z).real, (1 / Z).imag)),
        ("FREQ Re(V(1)) Im(V(1)) Re(I(V1)) Im(I(V1))", (ONE, NULL, (-1 / Z).real, (-1 / Z).imag)),
        ("frequency V_phase_rad I_phase_rad |V| |I|", (np.angle(Z) + 3, 3 * ONE, 2 * abs(Z), 2 * ONE)),
    ],
)
def test_a_voltage_over_a_current_printed_by_a_simulator(header, columns):
    above = " ****     AC ANALYSIS                      TEMPERATURE =   27.000 DEG C\n\n"
    assert "impedance as the voltage over the current" in holds(
        f"{above}{header}\n\n\n{rows(F, *columns)}\n JOB CONCLUDED\n"
    )


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        ("f (Hz),Ereal (V),Eimag (V),Ireal (mA),Iimag (mA)", (Z.real, Z.imag, 1e3 * ONE, NULL)),
        ("Frequency/Hz,U' / mV,U'' / mV,I' / A,I'' / A", (1e3 * Z.real, 1e3 * Z.imag, ONE, NULL)),
        ("freq/Hz,|Ewe|/V,|I|/A,Phase(Z)/deg", (abs(Z), ONE, degrees(Z))),
    ],
)
def test_a_voltage_over_a_current_measured(header, columns):
    notes = holds(f"{header}\n{rows(F, *columns, mark=',')}", "a.csv")
    assert not any(note.startswith("assumed") for note in notes)


def test_volt_and_ampere_are_assumed_aloud_where_no_unit_is_given():
    notes = holds(f"f,V_re,V_im,I_re,I_im\n{rows(F, Z.real, Z.imag, ONE, NULL, mark=',')}", "a.csv")
    assert any("taken as volt and ampere" in note for note in notes)


def test_a_voltage_alone_and_several_voltages_are_no_impedance():
    with pytest.raises(ReadError, match="a voltage; print one, and the source's current"):
        one("FREQ VR(IN) VI(IN)\n" + rows(F, Z.real, Z.imag))
    text = "FREQ VR(1) VI(1) VR(2) VI(2) IR(V1) II(V1)\n" + rows(F, *[ONE] * 6)
    with pytest.raises(ReadError, match="a voltage; print one"):
        one(text)


def qucs(**traces):
    def cells(values):
        return "".join(f"  {z.real:+.11e}{'-' if z.imag < 0 else '+'}j{abs(z.imag):.11e}\n" for z in values)

    head = f"<Qucs Dataset 0.0.19>\n<indep acfrequency {F.size}>\n{rows(F)}</indep>\n"
    return head + "".join(
        f"<dep {name.replace('_', '.')} acfrequency>\n{cells(values)}</dep>\n"
        for name, values in traces.items()
    )


def test_qucs_data_sets():
    assert "impedance as the voltage over the current" in holds(qucs(V1_i=-1 / Z, in_v=ONE + 0j), "a.dat")
    holds(qucs(V1_i=-1 / Z, in_v=ONE + 0j, out_v=0.5 / Z), "a.dat")  # the source's voltage is constant
    holds(qucs(V1_i=ONE, Z=Z, out_v=0.5 / Z), "a.dat")
    with pytest.raises(ReadError, match="which voltage belongs to which current"):
        one(qucs(R1_i=1 / Z, in_v=Z, out_v=0.5 / Z), "a.dat")
    holds(qucs(in_v=Z), "a.dat", impedance_unit="ohm")


@pytest.mark.parametrize("kind", ["text", "binary", "wide"])
def test_raw_files(kind):
    encoding = "utf-16-le" if kind == "wide" else "ascii"
    names = "\t0\tfrequency\tfrequency\n\t1\tv(in)\tvoltage\n\t2\tv(out)\tvoltage\n\t3\ti(v1)\tcurrent\n"
    head = (
        f"Title: * rc\nDate: Sun Nov 29 2026\nPlotname: AC Analysis\nFlags: complex\nNo. Variables: 4\n"
        f"No. Points: {F.size}\nVariables:\n{names}{'Values' if kind == 'text' else 'Binary'}:\n"
    )
    values = np.column_stack([F + 0j, ONE + 0j, 0.5 / Z, -1 / Z])
    text = "".join(
        f" {i}" + "".join(f"\t{z.real:.15e},{z.imag:.15e}\n" for z in row) + "\n"
        for i, row in enumerate(values)
    )
    data = head.encode(encoding) + (text.encode() if kind == "text" else values.astype("<c16").tobytes())
    holds(data, "a.raw")
    with pytest.raises(ReadError, match=r"cut off|numbers for 26 points"):
        one(data[:-40], "a.raw")
    with pytest.raises(ReadError, match="'Transient Analysis', not an AC analysis"):
        one(head.replace("complex", "real").replace("AC A", "Transient A").encode(), "a.raw")


def cells(z):
    return [f"{v.real:.10e}{v.imag:+.10e}i" for v in z]


@pytest.mark.parametrize("over", ["V0/I0", "comp1.V0/comp1.I0", "dV/dI"])
def test_comsol_tells_an_impedance_as_a_voltage_over_a_current(over):
    head = "% Model:              cell.mph\n% Version:            COMSOL 6.1.0.357\n"
    parts = f"{head}% freq (Hz)               real({over}) (ohm)       -imag({over}) (ohm)\n"
    holds(parts + rows(F, Z.real, -Z.imag))
    whole = "".join(f"{f:.10E}    {z}\n" for f, z in zip(F, cells(Z), strict=True))
    holds(f"{head}% freq (Hz)               {over} (ohm)\n{whole}")
    holds(f"% freq (Hz),abs({over}) (ohm),arg({over}) (rad)\n" + rows(F, abs(Z), np.angle(Z), mark=","))


@pytest.mark.parametrize("path", ["ec.", "comp1.ec.", "comp1.liion1."])
def test_comsol_tells_where_in_the_model_an_impedance_stands(path):
    holds(f"% freq (Hz),real({path}Z11) (ohm),imag({path}Z11) (ohm)\n" + rows(F, Z.real, Z.imag, mark=","))


@pytest.mark.parametrize("mark", [",", "      ", "\t"])
@pytest.mark.parametrize(
    "formula",
    ["1/ec.Y11", "cir.IvsU1_v/-cir.IvsU1_i", "intop1(V)/intop1(ec.Jz)", "(ec.V0_1 - ec.V0_2) / ec.I0_1"],
)
def test_comsol_tells_an_impedance_by_a_formula(formula, mark):
    model = "% Model:              cell.mph\n% Version:            COMSOL 6.1.0.357\n"

    def table(unit, *columns, parts):
        names = [f"{part}({formula}) ({told})" for part, told in zip(parts, unit.split(), strict=True)]
        return f"{model}% {mark.join(['freq (Hz)', *names])}\n" + rows(F, *columns, mark=mark)

    holds(table("Ω Ω", Z.real, Z.imag, parts=("real", "imag")))
    holds(table("mΩ mΩ", 1e3 * Z.real, -1e3 * Z.imag, parts=("real", "-imag")))
    holds(table("Ω rad", abs(Z), np.angle(Z), parts=("abs", "arg")))
    for unit in ("V V", "Ω V"):
        with pytest.raises(ReadError):
            one(table(unit, Z.real, Z.imag, parts=("real", "imag")))


def test_parts_of_two_formulas_are_no_impedance():
    with pytest.raises(ReadError):
        one("% freq (Hz),real(1/ec.Y11) (Ω),imag(1/ec.Y22) (Ω)\n" + rows(F, Z.real, Z.imag, mark=","))


def test_a_voltage_over_a_current_in_volts_is_none():
    with pytest.raises(ReadError):
        one("f (Hz),V/I (V),phase (deg)\n" + rows(F, abs(Z), degrees(Z), mark=","))


@pytest.mark.parametrize("unit", ["", "ohm"])
def test_hfss_over_values_of_several_parameters(unit):
    varied = [f"L='1mm' W='{width}mm'" for width in (4, 5)]
    names = ",".join(f'"re(Z(1,1)) [{unit}] - {v}","im(Z(1,1)) [{unit}] - {v}"' for v in varied)
    data = f'"Freq [Hz]",{names}\n' + rows(F, Z.real, Z.imag, 2 * Z.real, 2 * Z.imag, mark=",")
    first, second = read_bytes(data.encode(), "a.csv")
    np.testing.assert_allclose(2 * first.impedance, second.impedance)
    assert (first.metadata["label"], second.metadata["label"]) == tuple(varied)
    assert "thickness" not in first.metadata


@pytest.mark.parametrize(("name", "thickness"), [("w", None), ("thickness", 5.0)])
def test_a_variable_of_hfss_is_no_thickness_unless_it_is_called_so(name, thickness, tmp_path):
    """Lines over `w='1mm'` were a series over a thickness of 1e6 nm."""
    varied = [f"{name}='{width}nm'" for width in (5, 6)]
    names = ",".join(f'"re(Z(1,1)) [ohm] - {v}","im(Z(1,1)) [ohm] - {v}"' for v in varied)
    (tmp_path / "a.csv").write_text(
        f'"Freq [Hz]",{names}\n' + rows(F, Z.real, Z.imag, Z.real, Z.imag, mark=",")
    )
    first = read_series(tmp_path / "a.csv").spectra[0]
    assert first.metadata["label"] == varied[0]
    assert first.axes.get("thickness") == thickness


def test_steps_of_ltspice_say_what_was_varied():
    steps = "".join(
        f"Step Information: Temp={t} R1=3{t}0  (Run: {n}/2)\n"
        + "".join(f"{f:.15e}\t{n * z.real:.15e},{n * z.imag:.15e}\n" for f, z in zip(F, Z, strict=True))
        for n, t in ((1, 25), (2, 45))
    )
    first, second = read_bytes(f"Freq.\tV(a)/I(R1)\n{steps}".encode(), "a.txt")
    assert [first.temperature_C, second.temperature_C] == [25, 45]
    assert "rows of 'Temp=45, R1=3450'" in second.notes


def test_qucs_says_what_was_varied_and_parts_short_sweeps():
    names = "<Qucs Dataset 0.0.19>\n<indep acfrequency 3>\n1e2\n2e2\n3e2\n</indep>\n"
    names += "<indep R1 2>\n50\n100\n</indep>\n"
    data = "\n".join(f"{50 * r * c}-j{c}.{k}" for c in (1, 2) for r in (1, 2) for k in (1, 2, 3))
    whole = f"{names}<indep C1 2>\n1e-6\n2e-6\n</indep>\n<dep Zin acfrequency R1 C1>\n{data}\n</dep>\n"
    spectra = read_bytes(whole.encode(), "a.dat")
    assert [s.metadata["label"] for s in spectra] == [
        *("R1=50, C1=1e-06", "R1=100, C1=1e-06"),
        *("R1=50, C1=2e-06", "R1=100, C1=2e-06"),
    ]
    assert [s.impedance[-1].real for s in spectra] == [50, 100, 100, 200]
