"""A column's name in plain letters: without quotation marks, entities and what programs write for signs."""

from __future__ import annotations

import re
import unicodedata

from eisfit.spectra.patterns import regex

#: Also in ports' numbers: ``re(Z(1,1)) []``, ``re(Z(Port1,Port1))`` (HFSS), ``Z1(1)``, ``Z1,1 [Real]`` (CST).
_PORTS = regex(
    r"(?<![^\W_])([ZY])(?:\((?:[A-Za-z]{1,6}_?)?(\d)(?::\d)?,(?:[A-Za-z]{1,6}_?)?(\d)(?::\d)?\)|(\d)(?:\((\d)\)|,(\d)))"
)
#: ``comp1.ec.Z11`` of COMSOL, ``re:Trc3_Z<-S21[Ohm]`` of Rohde & Schwarz.
_NAMESPACE = regex(
    r"(?<![^\W\d_])(?:[a-z]{2,8}\d?\.){1,3}(?=[ZY]\d*\b)|(?<=:)Trc\d+_(?=[ZY])|(?<=[ZY])<-S\d\d"
)
_PLURAL = regex(r"(?<=ohm)\(s\)|(?<=degree)\(s\)", re.IGNORECASE)
_DEGREES = regex(r"(\d)\s*(?:°|º)\s?C\b")
#: Under what condition: 0.1 V, 10 ppm; written together it is one word.
_CONDITION = regex(
    r"(?<![^\W_])(?<!\.)(-?\d+(?:\.\d+)?) "
    r"((?:m?V|m?A|m?M|m?T|K|h|min|s|d|days?|pp[mb]|rpm|m?bar|[kM]?Pa|[mnµu]m)(?!\w)|%)"
)
_EIS = regex(r"^(?:(?i:EIS|FRA|Tr ?\d)[\s_:]+(?=\S)|EIS(?=[A-Z][a-z]))")  # EIS_f[Hz], Tr1 R(Ohm)
_ELISION = regex(r"(?<![^\W_])[dlDL]'(?=[^\W\d_]{3})")  # module d'impédance
_LOG10 = regex(r"[(\[]log(?:10|_10)?[)\]]", re.IGNORECASE)
#: ``re(Z(1,1)) [] - Cs='1pF'``: HFSS over values of a parameter.
_VARIED = regex(
    r"^(re|im|mag)\(([ZY])\(\S+?\)\)\s*(\[\w*\])\s*-\s*([^=]+=\s*'?[-\w.]+'?(?:[\s,]+[^=\s]+=\s*'?[-\w.]+'?)*)$"
)
_VALUE = regex(r"=\s*'?([-\w.]+)")
_OF_TRACE = regex(r"(?<=\))-data$|(?<=^[DQRXZ])-data(?=$|\()")  # R(Ohm)-data, as a Keysight analyser writes
#: A voltage over a current, as simulators are asked for it: ``real(comp1.V0/comp1.I0)``, ``dV/dI``.
_RATIO = regex(
    r"(?<![^\W_])(?:[a-z]{2,8}\d?\.){0,3}([dΔδ]?)[VUE]\d?\s*/\s*(?:[a-z]{2,8}\d?\.){0,3}\1I\d?(?![^\W_]|\()"
)
#: ``re(Z(1,1)) [ohm] - Setup1 : Sweep``: HFSS of one of its setups.
_SETUP = regex(r"^((?:re|im|mag|c?ang_\w+)\([ZY]\(\S+?\)\)\s*\[\w*\])\s*-\s[^=]+$")
#: ``G (parallel)``, ``R_series``: Gp, Rs.
_OF_CIRCUIT = regex(r"^(-?[GBCLRX])[\s_(]+(?:(p)ar(?:allel)?|(s)er(?:ies)?)\)?(?![^\W_])")
_WHOSE_TEMPERATURE = regex(r"(umgebungs|kammer|ofen|raum|环境|環境)(?=temp[e]ratur|温度)", re.IGNORECASE)
_LOG_OF_UNIT = regex(
    r"^(.*\S)\s*[(\[](log(?:10)?|lg|ln)[\s(]\s*([kM]?Hz|rad/s|[mkM]?(?:[oO]hms?|Ω))\)?[)\]]$"
)
_PERIOD = regex(r"^[Tτ]\s*=\s*(?=1\s*/\s*f)")  # T = 1/f
_PURE_NUMBER = regex(r"(?<=\w)\s*/\s*1$")  # Cycle Count / 1
_ANGLE = regex(r"^c?ang_(deg|rad)\((.*)\)\s*(?:\[.*\])?$")  # HFSS
#: -Im(Z), -Z'' as R's make.names, MATLAB's makeValidName and others write them.
_R_NAME = regex(r"^(?:X\.(?=Z\b)|[xX]?[._](?=Im(?![a-z]))|[xX][._](?=[Pp]hase))")
PREFIXED_OHM = r"(?=(?:ohms?|OHMS?|Ohms?)(?![^\W_])|[ΩΩ])"
#: ``Zre_m_ohm``, ``kilo·Ohm``, ``[G Ω]``; G, K, n, p and T behind a gap may be a cell too.
_PREFIX_APART = regex(
    rf"(?<![^\W_])([kmMuµμ]|(?i:milli|kilo|mega?|giga|micro|nano|tera|pico)|[GKnpT](?=[.·*-])|(?<=[\[(<|,:/])[GKnpT])"
    rf"(?:[ ._·*-]| x ){PREFIXED_OHM}"
)
_KILO_APART = regex(r"(?<![^\W_])([kMG]|kilo|mega|giga)[ ._·-](?=Hz\b|hertz\b)")
_OF_FREQUENCY = regex(r"([ZY]\w{0,4}'{0,2}\|?|[θφϕ]|(?i:phase|theta))\([ji]?(?:f|ω|w|omega)\)")  # Z'(f)
_LCR_PAIR = regex(
    r"^(?:C[ps]|L[ps]|R[ps]?|G|Y|Z)-(?:D|Q|G|B|X|R[psd]c?|θ|theta|th[dr]):\s*(?=\S)", re.IGNORECASE
)
_RAISED = regex(r"\^\{(-?\d)\}")  # LaTeX
_DEFINED = regex(r"^(?:w|ω|omega)\s*[=(]\s*2\s*[*·]?\s*(?:π|pi)\s*[*·]?\s*f(?![^\W_])\)?\s*", re.IGNORECASE)
_IN_QUOTES = regex("^[“”„‟](.*)[“”‟]$")
_QUOTED = regex(r'^"([^"]+)"(?=\s*\S)')
_WAVEFORMS = regex(r"^Trace (?:th|θ|\?) ?\((?:[*?]?|deg)\)$")  # a phase whose degree sign was lost
_PRIMES = str.maketrans(
    dict.fromkeys("’′‘´`ˈʹʼ＇ꞌ", "'")
    | dict.fromkeys("″”“ʺ＂", '"')
    | dict.fromkeys("−–", "-")
    | dict.fromkeys("【［〔", "[")
    | dict.fromkeys("】］〕", "]")
    | {"Ώ": "Ω", "\x91": "'", "\x92": "'", "\x93": '"', "\x94": '"', "\x96": "-"}  # of cp1252
)
#: Long words, none of which becomes another word of science by one letter; by what they begin and end with.
_LONG = (
    *("frequency", "frequencies", "impedance", "impedances", "imaginary", "magnitude", "resistance"),
    *("reactance", "admittance", "temperature"),
)
_LONGEST = 200  # characters of a header that are looked at


def join_prefixes(text: str) -> str:
    """Return a text with the prefixes of ohms that stand apart joined with them: ``m Ohm``, ``kilo-ohm``."""
    return _KILO_APART.sub(r"\1", _PREFIX_APART.sub(r"\1", text))


def normalise_name(name: str) -> str:
    """Return a name without quotation marks and what programs write in place of signs."""
    text = _IN_QUOTES.sub(r"\1", unicodedata.normalize("NFC", name[:_LONGEST]).strip())
    text = text.translate(_PRIMES).strip()
    if text.count('"') > 1:
        text = _QUOTED.sub(r"\1", text).strip("\"'").strip()
    text = text.replace('""', '"').replace('"', "''")
    text = text.lstrip("#%").rstrip("#").strip() if len(text) > 1 else text
    if "&" in text and ";" in text:
        from html import unescape

        text = unescape(text)
    if "%2" in text:
        from urllib.parse import unquote

        text = unquote(text).strip()
    text = text.replace("$", "").replace("\\Omega", "Ω").replace("\\u03a9", "Ω").replace("\\,", " ")  # LaTeX
    text = _RATIO.sub("Z", _OF_TRACE.sub("", text))
    if varied := _VARIED.match(text):
        part, letter, unit, values = varied.groups()
        text = f"{part}({letter}) {' '.join(_VALUE.findall(values))} {unit}"
    text = _SETUP.sub(r"\1", text)
    text = _OF_FREQUENCY.sub(r"\1", join_prefixes(text))
    text = _PLURAL.sub("s", _RAISED.sub(r"^\1", text.replace("∠", "phase ")))
    text = _CONDITION.sub(r"\1\2", _DEGREES.sub(r"\1°C", text))
    text = _LOG_OF_UNIT.sub(r"\2(\1) (\3)", text)
    text = _PERIOD.sub("", _LOG10.sub("(log)", text))
    text = _OF_CIRCUIT.sub(r"\1\2\3", _WHOSE_TEMPERATURE.sub(r"\1 ", _ELISION.sub("", text)))
    text = _PURE_NUMBER.sub("", _DEFINED.sub("omega ", text))
    text = text.strip("'") if text.startswith("'") else text
    text = _PORTS.sub(r"\1\2\3\4\5\6", _NAMESPACE.sub("", _R_NAME.sub("-", text))).removesuffix("[]").strip()
    return _LCR_PAIR.sub("", _EIS.sub("", _ANGLE.sub(r"phase(\2) [\1]", _WAVEFORMS.sub("phase [deg]", text))))


def correct_spelling(word: str) -> str:
    """Return the long word that this is but for one letter, or for two that changed places; empty: none.

    >>> [correct_spelling(word) for word in ("impedanxe", "freuency", "freuqency", "impedanz", "reactants")]
    ['impedance', 'frequency', 'frequency', '', '']
    """
    alike = (known for known in _LONG if word[0] == known[0] and word[-1] == known[-1])  # ymagnitude: of Y
    return next((known for known in alike if _is_misspelt(word, known)), "")


def _is_misspelt(word: str, known: str) -> bool:
    pairs = zip(word, known, strict=False)
    same = next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(word), len(known)))
    a, b = word[same:], known[same:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])
