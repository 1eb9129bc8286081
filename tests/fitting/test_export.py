"""Circuits for other programs: a netlist solved, a figure's wires followed, a table read back, a paragraph.

The netlist is solved by nodal analysis here (C.-W. Ho et al., IEEE Trans. Circuits Syst. 22 (1975) 504),
which reads nothing but its lines R, C and L; the impedances to compare with are written out in the tests.
"""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

import eisfit
from eisfit.cli import app
from eisfit.errors import CircuitError, ParameterError, UsageError
from eisfit.fitting.interop import export
from eisfit.model.notation import components
from eisfit.spectra.writers.csvw import describe_table

F = np.geomspace(2e-2, 7e4, 17)  # between the frequencies that a chain is fitted at
S = 2j * np.pi * F


def solved(edges, a, b, omega):
    """Return the impedance between two nodes of (node, node, admittance at omega)."""
    names = sorted({node for edge in edges for node in edge[:2]} - {b})
    matrix = np.zeros((len(names), len(names)), dtype=complex)
    for one, other, admittance in edges:
        y = admittance(omega)
        for here, there in ((one, other), (other, one)):
            if here != b:
                matrix[names.index(here), names.index(here)] += y
                if there != b:
                    matrix[names.index(here), names.index(there)] -= y
    current = np.array([float(name == a) for name in names])
    return np.linalg.solve(matrix, current)[names.index(a)]


def admittance(kind, value):
    return {
        "R": lambda w: 1 / value,
        "C": lambda w: 1j * w * value,
        "L": lambda w: 1 / (1j * w * value),
    }[kind]


def impedance_of(netlist):
    lines = netlist.splitlines()
    inside = lines[lines.index(".subckt cell p n") + 1 : lines.index(".ends cell")]
    edges = []
    for line in inside:
        if not line.startswith("*"):
            name, one, other, value = line.split()
            edges.append((one, other, admittance(name[0], float(value))))
    return np.array([solved(edges, "p", "n", w) for w in S.imag])


def coth(x):
    return 1 / np.tanh(x)


NETLISTS = {
    "R_s-p(R_ct,C_dl)-L_x": (
        {"R_s": 2, "R_ct": 50, "C_dl": 1e-5, "L_x": 1e-6},
        lambda: 2 + 1 / (1 / 50 + 1e-5 * S) + 1e-6 * S,
    ),
    "R_s-p(R_ct-W_d,CPE_dl)": (
        {"R_s": 2, "R_ct": 50, "W_d_sigma": 3, "CPE_dl_Q": 1e-4, "CPE_dl_alpha": 0.8},
        lambda: 2 + 1 / (1e-4 * S**0.8 + 1 / (50 + 3 * np.sqrt(2) / np.sqrt(S))),
    ),
    "Wo1-Ws2": (
        {"Wo1_R": 20, "Wo1_tau": 3, "Ws2_R": 5, "Ws2_tau": 0.1},
        lambda: 20 * coth(np.sqrt(3 * S)) / np.sqrt(3 * S) + 5 * np.tanh(np.sqrt(0.1 * S)) / np.sqrt(0.1 * S),
    ),
    "La1-Zarc1-K1": (
        {**{"La1_L": 1e-4, "La1_alpha": 0.8, "Zarc1_R": 5, "Zarc1_tau": 1e-3, "Zarc1_alpha": 0.7},
         "K1_R": 3, "K1_tau": 0.1},
        lambda: 1e-4 * S**0.8 + 5 / (1 + (1e-3 * S) ** 0.7) + 3 / (1 + 0.1 * S),
    ),
    "line(R_ion,0,p(R_ct,CPE_dl))": (
        {"R_ion": 30, "R_ct": 60, "CPE_dl_Q": 1e-3, "CPE_dl_alpha": 0.9},
        lambda: np.sqrt(30 / (1 / 60 + 1e-3 * S**0.9)) * coth(np.sqrt(30 * (1 / 60 + 1e-3 * S**0.9))),
    ),
}  # fmt: skip


@pytest.mark.parametrize("string", NETLISTS)
def test_a_netlist_has_the_impedance(string):
    values, exact = NETLISTS[string]
    text = export(string, "spice", values=values, fmin=1e-2, fmax=1e5)
    with np.errstate(over="ignore", invalid="ignore"):
        expected = exact()
    known = np.isfinite(expected)
    assert known.sum() > 8
    away = np.abs(impedance_of(text) - expected)[known] / np.abs(expected)[known]
    stated = [float(found) for found in re.findall(r"within (\S+) %", text)]
    assert away.max() < max([0.02 * share for share in stated], default=0) + 1e-6  # twice what it says
    assert all(share < 0.1 for share in stated)
    assert text.endswith(".end\n")


def test_a_netlist_of_a_fit_holds_where_it_was_measured():
    spectrum = eisfit.simulate("R_s-p(R_ct,C_dl)", {"R_s": 1, "R_ct": 9, "C_dl": 1e-4}, noise=1e-3)
    result = eisfit.fit(spectrum, "R_s-p(R_ct,C_dl)")
    text = eisfit.export(result, "spice")
    assert "valid from 0.01 to 100000 Hz" in text
    assert impedance_of(text) == pytest.approx(result.predict(F), rel=1e-7)


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    [
        (
            lambda: export("rs-ct", "ltspice"),
            UsageError,
            "no form is called 'ltspice'; use spice, circuitikz",
        ),
        (lambda: export("rs-ct", "spice"), ParameterError, "needs a value for R_s, R_ct"),
        (lambda: export("rs-ct", "spice", values={"R_x": 1}), ParameterError, "no parameter 'R_x'"),
        (lambda: export("R_s-TLM1", "pyimpspec"), CircuitError, "pyimpspec has no element TLM"),
        (lambda: export("R_s-TLM1", "impedance.py"), CircuitError, "impedance.py has no element TLM"),
    ],
)
def test_what_cannot_be_written_is_said(call, error, sentence):
    with pytest.raises(error) as told:
        call()
    assert sentence in str(told.value)


# ---- circuitikz

DRAW = re.compile(r"\\draw \(([-\d.]+),([-\d.]+)\) to\[(.*)\] \(([-\d.]+),([-\d.]+)\);")


@pytest.mark.parametrize(
    "string",
    ["R_1", "R_1-R_2-R_3", "R_s-p(R_1,R_2,R_3)-R_4", "p(R_1-p(R_2,R_3-R_4),p(R_5,R_6)-R_7)", "p(R_1,R_2)"],
)
def test_the_wires_of_a_figure_connect_what_the_circuit_connects(string):
    """Resistors of 1, 2, 3, ... ohm: the network drawn has the circuit's resistance."""
    tree = eisfit.circuit(string).tree
    values = {c.name: float(k) for k, c in enumerate(components(tree), 1)}
    labels = {f"R,l=$R_\\mathrm{{{c.label}}}$": values[c.name] for c in components(tree)}
    edges, places, seen = [], [], set()
    for line in export(string, "circuitikz").splitlines()[1:-1]:
        x, y, what, to_x, to_y = DRAW.fullmatch(line).groups()
        places += [(float(x), float(y)), (float(to_x), float(to_y))]
        short = what.startswith("short")
        assert short or what not in seen
        seen.add(what)
        conductance = 1e8 if short else 1 / labels[what]
        edges.append((places[-2], places[-1], lambda w, y=conductance: y))
    assert len(seen - {w for w in seen if w.startswith("short")}) == len(values)
    ends = min(places), max(places)
    resistance = eisfit.circuit(string).impedance([1.0], values).real[0]
    assert solved(edges, *ends, 1.0).real == pytest.approx(resistance, rel=1e-3)


def test_symbols_of_a_figure():
    text = export("L_1-p(CPE_dl,R_ct-W_d)-line(R_a,0,C_b)", "circuitikz")
    for glyph in (
        "to[L,l=$L_\\mathrm{1}$]",
        "to[cpe,",
        "to[generic,l=$W_\\mathrm{d}$]",
        r"line(R\_a,0,C\_b)",
    ):
        assert glyph in text
    assert text.count("{") == text.count("}")


# ---- table and paragraph


def test_a_described_table_is_read_back(tmp_path):
    spectrum = eisfit.simulate("R_s-p(R_ct,C_dl)", {"R_s": 1, "R_ct": 9, "C_dl": 1e-4}, cycle=3)
    text, about = describe_table(spectrum, "cell.csv")
    (tmp_path / "cell.csv").write_text(text, encoding="utf-8")
    again = eisfit.read(tmp_path / "cell.csv")
    assert again.frequency.tolist() == spectrum.frequency.tolist()
    assert again.impedance.tolist() == spectrum.impedance.tolist()
    assert again.noise.tolist() == spectrum.noise.tolist()
    assert about["url"] == "cell.csv"
    assert [column["name"] for column in about["tableSchema"]["columns"]] == text.splitlines()[0].split(",")
    assert "simulated: not measured" in about["rdfs:comment"]
    assert about["schema:variableMeasured"][0]["schema:value"] == 3
    json.dumps(about)


def test_the_paragraph_states_what_a_reader_needs():
    f = np.geomspace(1e4, 0.1, 40)
    z = 2 + 1 / (1 / 50 + 1e-4 * (2j * np.pi * f) ** 0.9)
    z *= 1 + 0.002 * np.random.default_rng(1).standard_normal((40, 2)) @ [1, 1j]
    result = eisfit.fit((f, z), "rs-ct", fix={"R_s": 2.0})
    text = result.methods()
    for part in (
        "measured at 40 frequencies from 10 kHz to 100 mHz", "R_s-p(R_ct,CPE_ct)", "inverse of |Z|",
        "80 data, 3 free parameters", "one standard error", "Fixed: R_s = 2 ohm", "reduced", "% rms", "Grade",
        f"eisfit {eisfit.__version__} (lmfit ", "amplitude of the perturbation",
    ):  # fmt: skip
        assert part in text, part
    assert f"{result.statistics.chisqr:.4g}" in text
    assert "\n" not in text
    assert "The file states" not in text


def test_the_paragraph_asks_only_for_what_the_file_does_not_say():
    f = np.geomspace(1e4, 0.1, 40)
    z = 2 + 1 / (1 / 50 + 2j * np.pi * f * 1e-4)
    known = {"instrument": "IFC1010", "area_cm2": 1.54, "amplitude_mV_rms": 10.0}
    spectrum = eisfit.Spectrum(f, z, temperature_C=25.0, metadata=known)
    text = eisfit.fit(spectrum, "R0-p(R1,C1)").methods()
    assert (
        "The file states: instrument IFC1010, amplitude of the perturbation 10 mV rms, temperature 25 °C, "
        "electrode area 1.54 cm2. [State besides: potential or state of charge.]"
    ) in text


@pytest.fixture
def run(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    from eisfit.spectra.writers.plain_csv import to_csv

    spectrum = eisfit.simulate("rs-ct", {"R_s": 1, "R_ct": 9, "CPE_ct_Q": 1e-4, "CPE_ct_alpha": 0.9})
    (tmp_path / "cell.csv").write_text(to_csv(spectrum), encoding="utf-8")

    def call(*arguments):
        with pytest.raises(SystemExit) as end:
            app(list(arguments), prog_name="eisfit")
        return end.value.code or 0, *capsys.readouterr()

    return call


def test_in_the_shell(run, tmp_path):
    assert "A simulated spectrum has 71" in run("fit", "cell.csv", "-c", "rs-ct", "--methods")[1]
    assert ".subckt cell p n" in run("fit", "cell.csv", "-c", "rs-ct", "--export", "spice")[1]
    assert run("circuits", "rs-ct", "--export", "impedance.py")[1] == "R0-p(R1,CPE1)\n"
    assert run("convert", "cell.csv", "--to", "csvw", "-o", "out")[0] == 0
    assert json.loads((tmp_path / "out" / "cell.csv-metadata.json").read_text())["url"] == "cell.csv"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["fit", "cell.csv", "--methods", "--json"], "--methods, --export and --json exclude each other"),
        (["fit", "cell.csv", "--export", "spise"], "did you mean 'spice'"),
        (["circuits", "--export", "spice"], "--export needs a circuit"),
        (["circuits", "rs-ct", "--export", "spice", "--draw"], "exclude each other"),
        (["convert", "cell.csv", "--to", "xml", "-o", "out"], "is none of csv, json, csvw"),
    ],
)
def test_wrong_use_in_the_shell(run, arguments, sentence):
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert sentence in err
