"""Layouts of some fifty instruments and programs, in random variants: read right, never with wrong numbers.

Names and orders of columns are from makers' manuals and public examples; the numbers are simulated here.
"""

from __future__ import annotations

import random

import numpy as np
import pytest

from eisfit.errors import EisfitError, ReadError
from eisfit.spectra.readers import read_bytes

SEEDS = 4  # thousands were tried when the rules were made

#: Marks between columns, then column by column: name = what it holds (see `columns`).
SPECTRA = {
    "NOVA": ("\t;,", "Index=i|Frequency (Hz)=f|Z' (Ω)=re|-Z'' (Ω)=-im|Z (Ω)=abs|"
        "-Phase (°)=-deg|Time (s)=t"),
    "NOVA, colons": (":", "Index=i|Frequency (Hz)=f|Z' (Ω)=re|-Z'' (Ω)=-im"),
    "FRA 4.9": ("\t", "Frequency/Hz=f|Z'/ohm=re|Z''/ohm=im|Time/s=t"),
    "CHI": (", ", "Freq/Hz=f|Z'/ohm=re|Z\"/ohm=im|Z/ohm=abs|Phase/deg=deg"),
    "VersaStudio": (",", "Segment #=1|Point #=i|E(V)=1|Frequency(Hz)=f|E Real=re|"
        "E Imag=im|I Real=1|Z Real=re|Z Imag=im"),
    "Ivium": ("\t;,", "freq. /Hz=f|Z1 /ohm=re|Z2 /ohm=im"),
    "Ivium, last": ("\t,", "Z1/ohm=re|-Z2/ohm=-im|freq./Hz=f"),
    "PSTrace": (",", "freq / Hz=f|neg. Phase / °=-deg|Idc / uA=1|Z / Ohm=abs|"
        "Z' / Ohm=re|-Z'' / Ohm=-im|Cs / F=cs"),
    "Thales": ("  ", "Number=i|Frequency/Hz=f|Impedance/Ohm=abs|Phase/deg=deg|Significance=1"),
    "Squidstat": (",", "Step=1|Step name=EIS|Elapsed Time (s)=t|Frequency (Hz)=f|"
        "Z' (Ohms)=re|-Z\" (Ohms)=-im|Phase (deg)=deg"),
    "Arbin": (",", "Test_ID=1|Date_Time=2020-03-03 10:11:12|Frequency(Hz)=f|"
        "Zmod(Ohm)=abs|Zphz(Deg)=deg|Zreal(Ohm)=re|Zimg(Ohm)=im"),
    "Neware": ("\t,", "序号=i|频率(Hz)=f|实部(mΩ)=mre|-虚部(mΩ)=-mim|模值(mΩ)=mabs|相位(°)=deg"),
    "Japanese": (",", "周波数[Hz]=f|実部[Ω]=re|虚部[Ω]=im"),
    "Korean": ("\t,", "주파수 (Hz)=f|실수 (ohm)=re|허수 (ohm)=im"),
    "Russian": ("\t;", "Частота (Hz)=f|Z' (Ohm)=re|-Z'' (Ohm)=-im"),
    "French": (";", "Fréquence (Hz)=f|Partie réelle (Ohm)=re|Partie imaginaire (Ohm)=im"),
    "German": (";\t", "Datum=03.02.2021|Frequenz [Hz]=f|Realteil [mOhm]=mre|"
        "Imaginärteil [mOhm]=mim|Temperatur [°C]=1|Bemerkung="),
    "Novocontrol": ("\t", "Freq. [Hz]=f|Zs' [Ohms]=re|Zs'' [Ohms]=im"),
    "Hioki": (",", "No.=i|FREQUENCY[Hz]=f|Z[ohm]=abs|PHASE[deg]=deg|Rs[ohm]=re|X[ohm]=im"),
    "Sciospec": (", ", "frequency[Hz]=f|Re[Ohm]=re|Im[Ohm]=im"),
    "Basytec": (" \t", "~Time[h]=t|Freq[Hz]=f|Re[mOhm]=mre|Im[mOhm]=mim|U[V]=1|T1[°C]=1"),
    "Bode 100": (";,", "Frequency (Hz)=f|Trace 1: Impedance: Magnitude (Ω)=abs|"
        "Trace 2: Impedance: Phase (°)=deg"),
    "EC-Lab": ("\t", "freq/Hz=f|Re(Z)/Ohm=re|-Im(Z)/Ohm=-im|Phase(Z)/deg=deg|"
        "<Ewe>/V=1|Cs/µF=cs|I Range=1|Re(Zce)/Ohm=mre"),
    "MTS": ("\t", "Frequency (Hz)=f|DC Level (V)=1|"
        "Impedance Magnitude (Ohms)=abs|Impedance Phase Degrees (')=deg|"
        "Impedance Real (Ohms)=re|Impedance Imaginary (Ohms)=im"),
    "ZView": (",\t", "Freq(Hz)=f|Ampl=1|Bias=1|Time(Sec)=t|Z'(a)=re|Z''(b)=im|GD=1|Err=1|Range=1"),
    "CorrTest": ("\t", "Freq(Hz)=f|Z'(Ohm)=re|Z''(Ohm)=im|Phase(Deg)=deg"),
    "R": (",", "=x|freq.Hz=f|Re.Z..Ohm=re|X.Im.Z..Ohm=-im"),
    "R, kHz": (",", "freq.kHz=kf|Re.Z..mOhm=mre|Im.Z..mOhm=mim"),
    "HFSS": (",", '"Freq [MHz]"=Mf|"re(Z(1,1)) []"=re|"im(Z(1,1)) []"=im'),
    "E4980": (",", "Frequency(Hz)=f|Cp(F)=cp|D=d|Status=1"),
    "Cp, Q": (",\t", "Freq (Hz)=f|Cp (F)=cp|Q=q"),
    "Cs, D": (",\t", "FREQ(Hz)=f|Cs(F)=cs|D=d"),
    "G, B": (",\t", "f (Hz)=f|G (S)=g|B (S)=b"),
    "pandas": (",", "=i|frequency=f|Z_real=re|Z_imag=im"),
    "logarithms": (",\t", "log(f) [Hz]=lf|log(Z) [Ohm]=lz|Phase [deg]=deg"),
    "omega": (",;\t", "ω (rad/s)=w|Z' (Ω)=re|Z'' (Ω)=im"),
    "radians": (",;\t", "f [MHz]=Mf|abs(Z) [Ω]=abs|φ [rad]=rad"),
    "mixed units": (",;\t", "Freq [kHz]=kf|Re [mOhm]=mre|Im [Ohm]=im"),
    "polar": (",;\t", "Frequency (Hz)=f|Zabs (Ohm)=abs|-Phase (deg)=-deg"),
    "area": ("\t;", "Frequency (Hz)=f|Z' (Ω cm²)=re|-Z'' (Ω cm²)=-im"),
    "fit beside": (",;\t", "f/Hz=f|Z'_exp/Ohm=re|Z''_exp/Ohm=im|Z'_fit/Ohm=mre|Z''_fit/Ohm=mim|res_re/%=i"),
    "errors beside": (",;\t", "Frequency (Hz)=f|Re(Z) (Ohm)=re|Re(Z) error (Ohm)=1|"
        "Im(Z) (Ohm)=im|Im(Z) error (Ohm)=1"),
    "both signs": (",\t", "Freq (Hz)=f|log10(Freq)=lf|Zreal (ohm)=re|Zimag (ohm)=im|-Zimag (ohm)=-im"),
    "set and actual": (",;\t", "Set Frequency (Hz)=i|Actual Frequency (Hz)=f|Z' (Ohm)=re|Z'' (Ohm)=im"),
    "prefixed": (",", "Battery_frequency_Hz=f|Battery_impedance_real=re|Battery_impedance_imag=im"),
    "web page": (",", "Frequency (Hz)=f|Z' Real (Ohms)=re|Z'' Imag (Ohms)=im|Phase (degrees)=deg"),
    "negative": (",\t", "freq_hz=f|z_re_ohm=re|z_im_neg_ohm=-im"),
    "imaginary first": (",;\t", "-Im(Z) (Ohm)=-im|Re(Z) (Ohm)=re|f (Hz)=f"),
    "bars": ("|", "f / Hz=f|Re(Z) / Ω=re|Im(Z) / Ω=im"),
}  # fmt: skip
#: Tables that hold no impedance spectrum, or not enough of one: to be refused.
TRAPS = (
    "Frequency (Hz)=f|Gain=abs|Phase (deg)=deg",
    "Frequency (Hz)=f|Magnitude (dB)=lz|Phase (deg)=deg",
    "Frequency (Hz)=f|Sound Pressure Magnitude (Pa)=abs|Phase (deg)=deg",
    "f (Hz)=f|X (V)=re|Y (V)=im|R (V)=abs|Theta (deg)=deg",
    "Frequency=f|X=re|Y=im|R=abs|Theta=deg",
    "Freq (Hz)=f|eps'=re|eps''=im",
    "Frequency (Hz)=f|Re(H)=re|Im(H)=im",
    "Frequency=f|S11 real=re|S11 imag=im",
    "Frequency (Hz)=f|Real [Pa]=re|Imaginary [Pa]=im",
    "Frequency (Hz)=f|Storage Modulus (Pa)=re|Loss Modulus (Pa)=im",
    "Frequency_Hz=f|Apparent_Resistivity_OhmM=abs|Phase_Deg=deg",
    "Frequency (Hz)=f|abs(Z) (Ohm)=abs",
    "frequency=f|Zre_fit=re|Zim_fit=im",
    "Frequency (Hz)=f|Z'/R0=re|Z''/R0=im",
    "tau (s)=t|gamma (Ohm)=abs",
    "Potential (V)=i|Current (A)=re|Time (s)=t",
    "Z' (Ohm)=re|-Z'' (Ohm)=-im",
    "freq=f|Z1=abs|Z2=mabs",
)
_ENCODINGS = {
    "Neware": "gb18030",
    "Japanese": "cp932",
    "Korean": "cp949",
    "German": "cp1252",
    "EC-Lab": "latin-1",
}


def simulated(rng):
    """Return f, Z of a circuit in closed form, with noise of none or 0.1 %."""
    high, low = rng.choice([(1e5, 0.1), (1e6, 1), (2e5, 0.01), (1e4, 10)])
    f = np.geomspace(high, low, rng.choice([12, 31, 61]))
    s = 2j * np.pi * f
    z = rng.choice([
        10 + 100 / (1 + s * 0.01), 0.02 + s * 2e-8 + 0.03 / (1 + (s * 0.05) ** 0.85),
        5 + 50 / (1 + s * 1e-3) + 20 / np.sqrt(s), 1e6 / (1 + s * 1e-4) + 1e4, 30 + 1 / (1e-5 * s**0.88),
    ])  # fmt: skip
    kick = np.random.default_rng(rng.randrange(10**6)).standard_normal((2, f.size))
    return f, z * (1 + rng.choice([0, 1e-3]) * (kick[0] + 1j * kick[1]))


def columns(f, z):
    """Return what a column may hold."""
    y, w, deg = 1 / z, 2 * np.pi * f, np.degrees(np.angle(z))
    found = {
        "f": f, "kf": f / 1e3, "Mf": f / 1e6, "w": w, "lf": np.log10(f), "t": np.cumsum(1 / f),
        "i": np.arange(1.0, f.size + 1), "1": np.ones(f.size), "re": z.real, "im": z.imag, "abs": abs(z),
        "deg": deg, "rad": np.angle(z), "lz": np.log10(abs(z)), "g": y.real, "b": y.imag, "cp": y.imag / w,
        "cs": -1 / (w * z.imag), "d": y.real / y.imag, "q": y.imag / y.real,
    }  # fmt: skip
    found.update({f"m{name}": 1e3 * found[name] for name in ("re", "im", "abs")})
    return {**found, **{f"-{name}": -found[name] for name in ("im", "mim", "deg")}}


def rows_of(layout, f, z, form, decimal):
    """Return the names, and the rows of cells, of a layout."""
    parts = [part.rpartition("=")[::2] for part in layout.split("|")]
    held = columns(f, z)
    cells = [
        [form.format(float(v)).replace(".", decimal) for v in held[what]] if what in held else [what] * f.size
        for _, what in parts
    ]
    return [name for name, _ in parts], [list(row) for row in zip(*cells, strict=True)]


def written(name, seed):
    """Return a file's bytes, and the spectra (f, Z) that are in it, of layout `name` in a random variant."""
    rng = random.Random(f"{name}{seed}")
    f, z = simulated(rng)
    marks, layout = SPECTRA[name]
    mark = marks if len(set(marks)) == 1 or marks == ", " else rng.choice(marks)
    decimal = "." if mark.strip() in (",", "|") else rng.choice(".,")
    form = rng.choice(["{:.8g}", "{:.7E}", "{!r}"])
    names, rows = rows_of(layout, f, z, form, decimal)
    expected, gap = [(f, z)], []
    rows = rng.choice([rows, rows[::-1]])
    variant = rng.choice(["plain", "plain", "gap", "dc", "trailing", "twice", "blank"])
    numeric = [k for k, cell in enumerate(rows[0]) if cell[-1:].isdigit() and not names[k].startswith("Da")]
    if variant == "gap" and mark.strip():
        place = next(
            k for k, what in enumerate(layout.split("|")) if what.endswith(("=f", "=kf", "=lf", "=Mf", "=w"))
        )
        bad = rng.choice(["NaN", "---", "#N/A"])
        rows.insert(5, [bad if k in numeric and k != place else cell for k, cell in enumerate(rows[5])])
    elif variant == "dc" and "log" not in layout:
        rows.insert(0, ["0" if k in numeric else cell for k, cell in enumerate(rows[0])])
    elif variant == "trailing" and mark.strip():
        rows = [[*row, ""] for row in rows]
    elif variant == "twice":
        again = rows_of(layout, f, 3 * z, form, decimal)[1]
        gap, expected = rng.choice([[], [""], ["", mark.join(names)]]), [(f, z), (f, 3 * z)]
        rows = [*rows, *([line] for line in gap), *again]
    lines = rng.choice([[], ["Date: 2024-05-06 12:33"], ["# amplitude = 10 mV", ""]])
    lines = [*lines, mark.join(names), *(mark.join(row) for row in rows)]
    if mark == "|":
        lines = [f"| {line.replace('|', ' | ')} |" for line in lines]
    if variant == "blank":
        lines = [part for line in lines for part in (line, "")]
    text = rng.choice(["\n", "\r\n"]).join([*lines, ""])
    encoding = rng.choice(["utf-8", "utf-8-sig", "utf-16", _ENCODINGS.get(name, "utf-8")])
    return text.replace("Ω", "Ohm" if encoding == "cp1252" else "Ω").encode(encoding, "replace"), expected


def trap(layout, seed):
    """Return a file's bytes of a table that is no impedance spectrum."""
    rng = random.Random(f"{layout}{seed}")
    f, z = simulated(rng)
    mark = rng.choice(",;\t")
    names, rows = rows_of(layout, f, z, "{:.8g}", ".")
    return "\n".join(mark.join(row) for row in [names, *rows, [""]]).encode()


def outcome(name, seed):
    data, expected = written(name, seed)
    try:
        found = read_bytes(data, "a.csv")
    except EisfitError as error:
        return str(error)
    told = (name, seed, data[:200], [s.notes for s in found][:1])
    assert len(found) == len(expected), told
    for spectrum, (f, z) in zip(found, expected, strict=True):
        order = np.argsort(-f)
        assert spectrum.frequency == pytest.approx(f[order], rel=1e-5), told
        assert spectrum.impedance == pytest.approx(z[order], rel=1e-4), told
    return ""


@pytest.mark.parametrize("name", SPECTRA)
def test_layouts(name):
    refused = [said for seed in range(SEEDS) if (said := outcome(name, seed))]
    assert not refused


@pytest.mark.parametrize("layout", TRAPS)
def test_what_is_no_spectrum_is_refused(layout):
    for seed in range(SEEDS):
        with pytest.raises(ReadError):
            read_bytes(trap(layout, seed), "a.csv")


@pytest.mark.parametrize(
    ("encoding", "head"),
    [
        ("cp1250", "Częstotliwość (Hz);Część rzeczywista (Ohm);Część urojona (Ohm)"),
        ("cp1250", "Frekvence (Hz);Reálná část (Ohm);Imaginární část (Ohm)"),
        ("iso8859-2", "Częstotliwość (Hz);Część rzeczywista (Ohm);Część urojona (Ohm)"),
        ("cp1254", "Frekans (Hz);Gerçek kısım (Ohm);Sanal kısım (Ohm)"),
        ("utf-8", "Frequenz (Hz);Betrag (Ohm);Phasenverschiebung (°)"),
        ("utf-8", "Fréquence (Hz);Module (Ohm);Déphasage (degrés)"),
        ("utf-8", "Frekans (Hz);Modül (Ohm);Faz (derece)"),
        ("utf-8", "Frekvens (Hz);Belopp (Ohm);Fas (grader)"),
        ("utf-8", "Frecuencia (Hz);Módulo (Ohm);Ángulo de fase (grados)"),
        ("utf-8", "Частота (Гц);Модуль (Ом);Сдвиг фаз (град)"),
        ("utf-8", "频率 (Hz);阻抗模 (Ω);相位差 (°)"),
        ("utf-8", "Frecvență (Hz);Partea reală (Ohm);Partea imaginară (Ohm)"),
        ("utf-8", "Frekvencija (Hz);Realni dio (Ohm);Imaginarni dio (Ohm)"),
        ("utf-8", "Freqüència (Hz);Part real (Ohm);Part imaginària (Ohm)"),
        ("utf-8", "Sagedus (Hz);Reaalosa (Ohm);Imaginaarosa (Ohm)"),
        ("utf-8", "Dažnis (Hz);Reali dalis (Ohm);Menama dalis (Ohm)"),
        ("utf-8", "التردد (Hz);الجزء الحقيقي (Ohm);الجزء التخيلي (Ohm)"),
        ("utf-8", "f (Hz);Z_prime (Ohm);Z_dprime (Ohm)"),
    ],
)
def test_headers_of_more_languages_and_their_old_encodings(encoding, head):
    z = 10 + 100 / (1 + 2j * np.pi * 0.01 * (f := np.geomspace(1e5, 1.0, 26)))
    parts = (
        (abs(z), np.degrees(np.angle(z))) if head[-1] == ")" and "Ohm)" not in head[-8:] else (z.real, z.imag)
    )
    body = "".join(f"{a:.9g};{b:.9g};{c:.9g}\n" for a, b, c in zip(f, *parts, strict=True))
    (spectrum,) = read_bytes(f"{head}\n{body}".encode(encoding), "x.csv")
    np.testing.assert_allclose(spectrum.impedance, z, rtol=1e-6)
