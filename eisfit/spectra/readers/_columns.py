"""What a column's header says, understood by its parts: quantity, sign, logarithm, unit, and whose it is."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from eisfit.spectra.readers._units import Unit, is_unit, unit_of

__all__ = ["Column", "column", "is_units_row"]


@dataclass(frozen=True)
class Column:
    """One column's meaning.

    Parameters
    ----------
    name
        As in the file.
    quantity
        ``frequency, real, imag, modulus, phase, admittance_real, admittance_imag, admittance_modulus,
        admittance_phase, noise, cycle, time, temperature, potential, current, index, excel_error``, what an
        LCR meter writes (``C_parallel, C_series, L_series, L_parallel, R_parallel, dissipation, quality``);
        empty where not recognised.
    scale
        Factor to Hz, ohm, degree, s, ...; includes the sign (-1 for ``-Im(Z)``).
    unit
        Unit as written, empty where the header has none.
    label
        What is left of the name: whose column it is (``A`` in ``Z' A (ohm)``).
    log
        Whether the column holds the decadic logarithm.
    """

    name: str
    quantity: str
    scale: float = 1.0
    unit: str = ""
    label: str = ""
    log: bool = False


_LONGEST = 200  # characters of a header that are looked at
#: Words by what they mean; a word may be written together with others (``zreal``, ``sweepfrequency``).
_MEANS = {
    "frequency": "freq freqs frequency frequencies frequenz frequence fréquence frecuencia frequência "
    "freqüência frequenza частота 频率 頻率 周波数 주파수 фреквенция frq",
    "omega": "omega ω angularfrequency kreisfrequenz pulsation 角频率 角周波数",
    "Z": "z zs zser imp impedance impedances impedanz impédance impedancia impedância impedenza импеданс "
    "zimpedance 阻抗 インピーダンス 임피던스 complexz",
    "Y": "y adm admittance admittanz admitancia 导纳 アドミタンス 어드미턴스",
    "real": "re real rea realpart realteil reell reel réel reelle réelle reale parte_real 实部 實部 実部 "
    "실수 실수부 resistance resistive вещ действ",
    "imag": "im imag ima img image imaginary imaginaire imaginär imaginar imaginario immaginaria "
    "imaginaria imaginärteil imaginaerteil 虚部 虛部 허수 허수부 reactance reaktanz réactance "
    "reactancia мним",
    "modulus": "mod modulus modul module módulo modulo abs absolute absolutebetrag betrag magnitude mag "
    "magnitud 模 模值 绝对值 絶対値 크기 모듈러스",
    "phase": "phase ang phasen phasenwinkel phz phi φ theta θ arg angle winkel phaseangle phaseshift fase "
    "phas ph фаза 相位 相位角 位相 위상 위상각",
    "prime": "prime dash strich",
    "double": "double dbl doppel 2",
    "minus": "minus neg negative moins negativ inverted",
    "log": "log log10 lg",
    "conductance": "conductance leitwert",
    "susceptance": "susceptance",
    "dissipation": "dissipation dissipationfactor tandelta lossfactor",
    "noise": "noise",
    "cycle": "cycle cycles cyc zyklus ciclo 循环 サイクル 사이클",
    "loop": "loop spectrum",
    "number": "number no nr num index id idx nummer 号 序号 번호",
    "time": "time times zeit temps tiempo tempo время 时间 時間 시간 timesec",
    "temperature": "temperature temp temperatur température temperatura tm tempc tcell mtemp 温度 온도",
    "potential": "ewe vdc edc voltage potential potentiel spannung potenzial tensión tension tensione "
    "voltaje 电压 電圧 电位 電位 전압",
    "current": "idc current strom courant corriente corrente 电流 電流 전류",
    "index": "pt pts point points row messpunkt unnamed 点",
    "filler": "part partie parte teil value values wert act actual istwert applied signal test elapsed "
    "measured meas cell of the in der de la ac series serial component complex linear lin total at column "
    "data raw shift ohm ohms deg sweep dc trace lumped port element",
    "other": "fit fitted sim simulated calc calculated model error err std stddev sigma sig residual resid "
    "dev deviation uncertainty range ref reference drift power density rate charge energy capacity thd nsd "
    "snr norm normalized normalised target set counter ce d delta initial final line acquisition estimated "
    "control area units unit",
}
#: Names that say it only as a whole.
_WHOLE = {
    "f": "frequency",
    "r": "real",
    "rs": "real",
    "x": "imag",
    "xs": "imag",
    "g": "admittance_real",
    "gp": "admittance_real",
    "b": "admittance_imag",
    "bp": "admittance_imag",
    "cp": "C_parallel",
    "cs": "C_series",
    "ls": "L_series",
    "lp": "L_parallel",
    "rp": "R_parallel",
    "d": "dissipation",
    "q": "quality",
    "t": "time",
    "i": "current",
    "e": "potential",
    "v": "potential",
    "u": "potential",
    "n": "index",
    "#": "index",
    "fr": "frequency",
    "hz": "frequency",
    "ze": "modulus",
    "zwe": "modulus",
    "phasee": "phase",
    "phasewe": "phase",
    "v-dc": "potential",
    "dc": "potential",
    "zr": "real",
    "zi": "imag",
    "zim": "imag",
    "zm": "modulus",
    "zser": "real",
    "sweep": "cycle",
    "sweepindex": "cycle",
}
_ONLY_WITH_UNIT = {"g", "gp", "b", "bp", "cp", "cs", "ls", "lp"}
_KIND = {
    "frequency": "frequency",
    "real": "ohm",
    "imag": "ohm",
    "modulus": "ohm",
    "noise": "ohm",
    "R_parallel": "ohm",
    "phase": "angle",
    "admittance_real": "siemens",
    "admittance_imag": "siemens",
    "admittance_modulus": "siemens",
    "admittance_phase": "angle",
    "C_parallel": "farad",
    "C_series": "farad",
    "L_series": "henry",
    "L_parallel": "henry",
    "time": "time",
    "potential": "volt",
    "current": "ampere",
    "temperature": "celsius",
    "cycle": "",
    "index": "",
    "dissipation": "",
    "quality": "",
}
_VOCABULARY = {word: concept for concept, words in _MEANS.items() for word in words.split()}
#: Words that may stand within another: ``zreal``.
_JOINED = {
    word: concept
    for word, concept in _VOCABULARY.items()
    if (len(word) > 1 and (concept != "filler" or len(word) > 3 or word in ("ohm", "deg", "act", "dc", "of")))
    or word in "zy"
}
#: What a concept means where no part of an impedance is named, the first that is there.
_ALONE = (
    *(("frequency", "frequency"), ("omega", "frequency")),
    *(("conductance", "admittance_real"), ("susceptance", "admittance_imag")),
    *((name, name) for name in ("dissipation", "noise", "temperature", "potential", "current", "cycle")),
    *(("loop", "cycle"), ("time", "time"), ("index", "index"), ("number", "index")),
    *(("Y", "admittance_modulus"), ("Z", "modulus")),
)
_LABELLED = ("frequency", "real", "imag", "modulus", "phase")
#: Also in ports' numbers: ``re(Z(1,1)) []`` (HFSS), ``real(ec.Z11)`` (COMSOL).
_PORTS = re.compile(r"(?<![^\W_])([ZY])\((\d+),(\d+)\)")
_NAMESPACE = re.compile(r"(?<![^\W\d_])[a-z]{2,6}\d?\.(?=[ZY]\d*\b)")
_ANGLE = re.compile(r"^c?ang_(deg|rad)\((.*)\)\s*(?:\[.*\])?$")  # HFSS
_RELATIVE = re.compile(r"/\s*[RZ]_?0\b|(?:ohm|[ΩΩω])\s*[.·*]?\s*\w+$", re.IGNORECASE)
_R_NAME = re.compile(r"^X\.(?=(?:Im|Z)\b)")  # R's make.names of -Im(Z), -Z''
_CONDITIONS = ("temperature", "potential", "current", "time", "cycle")
_PRIMES = str.maketrans(
    {"’": "'", "′": "'", "‘": "'", "´": "'", "`": "'", "″": '"', "”": '"', "“": '"', "−": "-", "–": "-"}
)
_BRACKET = re.compile(r"[\[({]([^\[\](){}]*)[\])}]")
_SPREADSHEET = {"#name?", "#name", "#value!", "#ref!"}
#: Whose column it is, in one word: SOC50, 25C.
_COMPOUND = re.compile(r"[A-Za-z]{3,}\d+|\d+[A-Za-z%]+")
_PARTS = re.compile(
    r"(?<![^\W_])(?!cell|[zZ]|[rR]e|[iI]m|[fF]req|[pP]h)[A-Za-z]{3,}\d+(?![^\W_])"
    r"|(?<![^\W_])\d+[A-Za-z%]+(?![^\W_])|[^\W\d_]+|\d+|'+|\|"
)
_CAMEL = re.compile(r"(?<=[a-zà-ÿ])(?=[A-Z])")
_SIGN = re.compile(r"^\s*(?:-\s*(?=\S)|\(-\)\s*)")
_UNIT_LAST = (
    re.compile(r"^(.*?\S)\s*/\s*([^/]+(?:/s)?)$"),
    re.compile(r"^(.*[^ _])[ _]+in[ _]+(\S+)$"),
    re.compile(r"^(.*?[^.,_ -])[.,_ -]+([^\s,_.]+)[._]*$"),
    # PhaseDegrees, FreqkHz; nobody can part ZmOhm
    re.compile(r"^(.*?[a-z])([kMG]?Hz|[kMG]?(?<!m)Ohms?|Deg(?:rees?)?|Rad(?:ians?)?)$"),
)
_LOG = re.compile(r"^\s*(?:log|lg)_?(?:10|₁₀)?\s*(?=[(\[|/ _]|f\b)", re.IGNORECASE)


def column(name: str) -> Column:
    """Return what the header `name` says.

    >>> column("-Im(Z)/Ohm")
    Column(name='-Im(Z)/Ohm', quantity='imag', scale=-1.0, unit='Ohm', label='', log=False)
    >>> column("Frequency (kHz)").scale, column("Z''[mOhm]").scale, column("tau").quantity
    (1000.0, 0.001, '')
    >>> column("Z' B (ohm)").label, column("MinusImZ").scale, column("Imaginärteil").quantity
    ('b', -1.0, 'imag')
    """
    return _column(name)


@lru_cache(maxsize=4096)
def _column(name: str) -> Column:
    text = unicodedata.normalize("NFC", name[:_LONGEST]).translate(_PRIMES).strip()
    if text.lower() in _SPREADSHEET:
        return Column(name, "excel_error")
    text = text.strip("\"'" if name.count('"') > 1 else "").strip()
    text = text.replace('""', '"').replace('"', "''").strip("#%" if len(text) > 1 else "").strip()
    text = text.replace("$", "").replace("\\Omega", "Ω").replace("\\,", " ")  # LaTeX
    text = text.strip("'") if text.startswith("'") else text
    text = _PORTS.sub(r"\1\2\3", _NAMESPACE.sub("", _R_NAME.sub("-", text))).removesuffix("[]").strip()
    text = _ANGLE.sub(r"phase(\2) [\1]", text)
    for core, unit in _readings(text):
        found = _meaning(core, unit)
        if found is not None:
            quantity, factor, label, log = found
            return Column(name, quantity, factor, unit, label, log)
    return Column(name, "")


def is_units_row(cells: list[str]) -> bool:
    """Whether a row holds units alone: ``Hz, ohm, ohm, deg``."""
    filled = [cell.strip("[](){} \"'") for cell in cells if cell.strip("[](){} \"'")]
    return len(filled) >= 2 and all(is_unit(cell) or cell in ("#", "-", "1") for cell in filled)


def _readings(text: str) -> list[tuple[str, str]]:
    """Return (name, unit) in the ways a header can be cut, the likelier first."""
    ways = []
    for match in reversed(list(_BRACKET.finditer(text))):
        inside = match[1].strip()
        if is_unit(inside) and (text[: match.start()] + text[match.end() :]).strip():
            ways.append((text[: match.start()] + " " + text[match.end() :], inside))
        elif (within := re.match(r"(.+?)\s*/\s*(.+)$", inside)) and is_unit(within[2]):  # log(f/Hz)
            ways.append((text[: match.start()] + f"({within[1]})" + text[match.end() :], within[2]))
    for pattern in _UNIT_LAST:
        cut = pattern.match(text)
        if cut and is_unit(cut[2].strip(" _")):
            ways.append((cut[1].rstrip(" _"), cut[2].strip(" _")))
    return [*ways, (text, "")]


def _meaning(core: str, unit: str) -> tuple[str, float, str, bool] | None:
    """Return (quantity, factor, label, whether a logarithm), None where the parts make no quantity."""
    sign, text = 1.0, core
    if match := _SIGN.match(text):
        sign, text = -1.0, text[match.end() :]
    logarithm = _LOG.match(text)
    if logarithm:
        text = text[logarithm.end() :]
    if inner := re.fullmatch(r"\s*\((.*)\)\s*", text):
        text = inner[1]
    found = _quantity(text, bool(unit))
    if found is None:
        return None
    quantity, label, concepts = found
    given = unit_of(unit) if unit else None
    if not _fits(quantity, given):
        return None
    factor = given.scale if given else 1.0
    if concepts["omega"] and quantity == "frequency" and (given is None or given.kind != "frequency"):
        factor /= 6.283185307179586
    sign *= (-1.0) ** concepts["minus"]
    if quantity == "modulus" and sign < 0 and label != "2":  # no modulus is negative; Z2: Ivium's Z''
        return None
    return quantity, sign * factor, label.lower(), bool(logarithm or concepts["log"])


def _fits(quantity: str, unit: Unit | None) -> bool:
    if quantity == "temperature" and unit is not None and unit.kind == "kelvin":
        return True
    return unit is None or unit.kind == "any" or _KIND.get(quantity) in (unit.kind, None)


def _quantity(text: str, with_unit: bool) -> tuple[str, str, Counter[str]] | None:
    """Return (quantity, label, how often each concept is named)."""
    bare = re.sub(r"[\s_.()\[\]:<>]+", "", text).lower()
    if bare in _WHOLE:
        quantity = "temperature" if text.strip() == "T" and with_unit else _WHOLE[bare]
        return None if bare in _ONLY_WITH_UNIT and not with_unit else (quantity, "", Counter())
    concepts, label = _concepts(text)
    quantity = _decide(concepts) if concepts is not None else ""
    if concepts is None or not quantity:
        return None
    if label and not _may_carry(quantity, label, concepts):
        return None
    return quantity, label, concepts


def _may_carry(quantity: str, label: str, concepts: Counter[str]) -> bool:
    """Whether a foreign word beside a quantity can name whose it is: ``Z' A``, ``M Temp``, ``freq_1``."""
    if quantity in _CONDITIONS:
        return len(label) == 1 or label.isdigit()
    if concepts["relative"]:
        return False
    return quantity in _LABELLED and bool(
        concepts["Z"] or concepts["frequency"] or label.isdigit() or _COMPOUND.fullmatch(label)
    )


def _concepts(text: str) -> tuple[Counter[str] | None, str]:
    """Return how often each concept is named, and the one word that is none of ours."""
    concepts: Counter[str] = Counter()
    rest: list[str] = []
    for part in _PARTS.findall(_CAMEL.sub(" ", text)):
        if _COMPOUND.fullmatch(part):
            rest.append(part)
        elif part.startswith("'"):
            concepts["primes"] += len(part)
        elif part == "|":
            concepts["bar"] += 1
        elif part.isdigit():
            rest.append(part)
        else:
            found = _segments(part.lower())
            concepts.update(found or ())
            rest += [] if found else [part]
    concepts["relative"] = int(bool(_RELATIVE.search(text)))
    if len(rest) > 1 or concepts["other"]:
        return None, ""
    return concepts, "".join(rest)


@lru_cache(maxsize=1024)
def _segments(word: str) -> tuple[str, ...] | None:
    """Return the concepts of a word written together, the longest words first; None where it is not ours."""
    if word in _VOCABULARY:
        return (_VOCABULARY[word],)
    for size in range(len(word) - 1, 0, -1):
        if word[:size] in _JOINED:
            rest = word[size:]
            tail = (_VOCABULARY[rest],) if rest in _JOINED else _segments(rest) if len(rest) > 1 else None
            if tail is not None:
                return (_VOCABULARY[word[:size]], *tail)
    return None


def _decide(c: Counter[str]) -> str:
    """Return the quantity that the concepts make."""
    primes = (c["primes"] + c["prime"] * (1 + (c["double"] > 0))) * bool(c["Z"] or c["Y"])
    if primes and not (c["real"] or c["imag"]):
        c["imag" if primes > 1 else "real"] += 1
    parts = [name for name in ("real", "imag", "phase", "modulus") if c[name]]
    if c["bar"] and not parts:
        parts = ["modulus"]
    if parts:
        return "" if c["frequency"] else _part(c, parts)
    return next((quantity for concept, quantity in _ALONE if c[concept]), "")


def _part(c: Counter[str], parts: list[str]) -> str:
    part = parts[0] if len(parts) == 1 else "phase" if "phase" in parts and "modulus" not in parts else ""
    if part == "modulus" and any(c[name] for name in ("frequency", "potential", "current", "time")):
        return ""
    if part == "phase" and any(c[name] for name in ("potential", "current")):
        return ""
    if c["Y"] and part:
        return f"admittance_{part}"
    return part
