"""Results of circuit simulators, and tables of a voltage and a current: the impedance is their quotient."""

from __future__ import annotations

import math

import numpy as np
import pytest

from eisfit.errors import ReadError
from eisfit.spectra.readers import read_bytes

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
