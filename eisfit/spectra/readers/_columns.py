"""What a column's header says: the quantity, its unit and the sign it is written with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import pi

__all__ = ["Column", "column"]


@dataclass(frozen=True)
class Column:
    """One column's meaning.

    Parameters
    ----------
    name
        As in the file.
    quantity
        ``frequency, real, imag, modulus, phase, admittance_real, admittance_imag, noise, cycle, time,
        temperature, potential, current, index, excel_error``; empty where not recognised.
    scale
        Factor to Hz, ohm, degree, s, ...; includes the sign (-1 for ``-Im(Z)``).
    unit
        Unit as written, empty where the header has none.
    """

    name: str
    quantity: str
    scale: float = 1.0
    unit: str = ""


_PREFIX = {"": 1.0, "u": 1e-6, "µ": 1e-6, "μ": 1e-6, "m": 1e-3, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9}
_UNITS = (
    (re.compile(r"(k|K|M|m|G|)(?:Hz|hz|HZ)$"), "frequency", 1.0),
    (re.compile(r"()(?:rad[ ./*]*(?:s|sec)(?:\^?-1)?)$", re.IGNORECASE), "frequency", 1 / (2 * pi)),
    (re.compile(r"(u|µ|μ|m|k|K|M|G|)(?:[oO]hms?|OHMS?|Ω|Ω|Î©|â„¦)\.?$"), "ohm", 1.0),
    (re.compile(r"(u|µ|μ|m|k|K|M|G|)(?:[oO]hms?|Ω|Ω)[ .*·]*cm(?:2|\^2|²|Â²)$"), "ohm", 1.0),
    (re.compile(r"()(?:\?|\ufffd)$"), "any", 1.0),  # a sign lost to a wrong encoding
    (re.compile(r"()(?:deg(?:rees?|\.)?|°|º|Â°|\ufffd|ï¿½)$", re.IGNORECASE), "angle", 1.0),
    (re.compile(r"(m|)(?:rad(?:ians?)?)$"), "angle", 180 / pi),
    (re.compile(r"(m|u|µ|)(?:S|mho|Ohm-1|1/Ohm|Ohm\^-1)$"), "siemens", 1.0),
    (re.compile(r"(m|)(?:s|sec|seconds?)\.?$"), "time", 1.0),
    (re.compile(r"()(?:min)$"), "time", 60.0),
    (re.compile(r"()(?:h|hours?)$"), "time", 3600.0),
    (re.compile(r"(m|)(?:V|volts?|V vs\. .*)$"), "volt", 1.0),
    (re.compile(r"(u|µ|m|)A$"), "ampere", 1.0),
    (re.compile(r"()(?:deg ?C|°C|ºC|Â°C|\ufffdC|ï¿½C|C|degC|℃)$"), "celsius", 1.0),
)
_LONGEST = 200  # characters of a header that are looked at
_KIND = {
    "frequency": "frequency",
    "real": "ohm",
    "imag": "ohm",
    "modulus": "ohm",
    "noise": "ohm",
    "phase": "angle",
    "admittance_real": "siemens",
    "admittance_imag": "siemens",
    "time": "time",
    "potential": "volt",
    "current": "ampere",
    "temperature": "celsius",
}
_NAMES = {
    "frequency": "f freq frequency frequenz frequence fréquence frecuencia freqs frequencies actfreq fr "
    "hz frequencyact sweepfrequency signalfrequency omega angularfrequency ω",
    "real": "re(z) re real realz zreal zre z' zs' z'(a) rez zr zreal1 r rs realpart real(z) realimpedance "
    "zrealpart resistance impedancereal "
    "zdash realimp z(re) z(real) z're z'real zprime realzpart reimpedance re[z] "
    "z're(z) zrealohm z1' zser' zser",
    "imag": "im(z) im imag imagz zimag zim zimg zi z'' zs'' z''(b) imz x xs reactance imaginary "
    "imaginarypart imag(z) zimaginary z(im) z(imag) img zimg1 zimage z''im imagimpedance "
    "imaginaryimpedance imagpart im[z] zdoubleprime impedanceimag "
    "impedanceimaginary zdoubledash imagimp imagzpart imimpedance zimagpart z1'' imgz img(z) imaginary(z)",
    "modulus": "|z| zmod modz mod z zabs abs(z) magnitude zmag mag impedance modulus absz zmodulus "
    "|impedance| impedancemodulus impedancemagnitude z(mod) |z|mag zmagnitude mod(z) absolute impedanceabs "
    "|zs| ze zwe",
    "phase": "phase(z) phase zphz phz phasez theta phi phaseangle zphase theta(z) arg(z) φ θ angle phaseofz "
    "argz phaseshift zphi zangle zarg zphaseangle phi(z) phasendeg phasedeg zthetaz ztheta phaseimpedance "
    "phasee phasewe",
    "admittance_real": "re(y) y' yre yreal g conductance",
    "admittance_imag": "im(y) y'' yim yimag b susceptance",
    "noise": "noise",
    "cycle": "cyclenumber cycle cycleindex cycleno cyc cyc# cycle# cyclenr loop loopindex loopnumber sweep "
    "sweepindex spectrum spectrumindex spectrumnumber spectrumid cycles",
    "time": "time elapsedtime testtime t times timesec",
    "temperature": "temperature temp tm tcell t tempc mtemp",
    "potential": "ewe vdc edc dcvoltage potential potentialdc voltage e v v-dc dcpotential dc u",
    "current": "i idc current dccurrent",
    "index": "index pt point no nr n # pts number id row pointnumber unnamed:0",
    "excel_error": "#name? #name #value! #ref!",
}
_LOOKUP: dict[str, list[str]] = {}
for _quantity, _names in _NAMES.items():
    for _name in _names.split():
        _LOOKUP.setdefault(_name, []).append(_quantity)

_PRIMES = str.maketrans(
    {"’": "'", "′": "'", "‘": "'", "´": "'", "`": "'", "″": '"', "”": '"', "“": '"', "−": "-", "–": "-"}
)
_TRAILING = re.compile(
    r"^(?P<name>.*?)\s*(?:[\[({](?P<a>[^\[\](){}]*)[\])}]|/\s*(?P<b>[^/]+(?:/s)?)|[,_ ]\s*(?P<c>[^\s,_]+))$"
)


def column(name: str) -> Column:
    """Return what the header `name` says.

    >>> column("-Im(Z)/Ohm")
    Column(name='-Im(Z)/Ohm', quantity='imag', scale=-1.0, unit='Ohm')
    >>> column("Frequency (kHz)").scale, column("Z''[mOhm]").scale, column("tau").quantity
    (1000.0, 0.001, '')
    """
    clean = name[:_LONGEST].translate(_PRIMES).strip().strip("\"'" if name.count('"') > 1 else "").strip()
    clean = clean.strip("#%").strip() if not clean.upper().startswith(("#N", "#V", "#R")) else clean
    core, unit = _split_unit(clean)
    for text, found in ((core, unit), (clean, "")):
        result = _quantity_of(text, found)
        if result is not None:
            quantity, scale = result
            return Column(name, quantity, scale, found)
    return Column(name, "")


def _split_unit(text: str) -> tuple[str, str]:
    match = _TRAILING.match(text)
    if match is None:
        return text, ""
    unit = next(part for part in match.group("a", "b", "c") if part is not None).strip()
    known = _unit(unit) is not None
    return (match["name"], unit) if known and match["name"] else (text, "")


def _unit(unit: str) -> tuple[str, float] | None:
    for pattern, kind, scale in _UNITS:
        match = pattern.match(unit)
        if match is not None:
            return kind, scale * _PREFIX[match[1]]
    return None


def _quantity_of(text: str, unit: str) -> tuple[str, float] | None:
    sign = 1.0
    key = text.lower().replace('"', "''").replace("<", "").replace(">", "")
    minus = re.match(r"^(?:-\s*|\(-\)\s*|neg(?:ative)?[ _.]*|minus[ _.]*)(?=\S)", key)
    if minus is not None:
        sign, key = -1.0, key[minus.end() :]
        key = key[1:-1] if key.startswith("(") and key.endswith(")") else key
    key = re.sub(r"[\s_.]+", "", key)
    candidates = _LOOKUP.get(key, []) or _LOOKUP.get(key.replace("-", ""), [])
    kind, scale = _unit(unit) or ("", 1.0)
    for quantity in candidates:
        if not unit and _needs_unit(key, quantity):
            continue
        if kind in ("", "any") or _KIND.get(quantity, kind) == kind:
            if key in ("omega", "ω", "angularfrequency") and not kind:
                scale = 1 / (2 * pi)
            return quantity, sign * scale
    return None


def _needs_unit(key: str, quantity: str) -> bool:
    return (key == "t" and quantity == "temperature") or key in ("g", "b")
