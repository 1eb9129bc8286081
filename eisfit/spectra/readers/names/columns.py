"""What a column's header says, understood by its parts: quantity, sign, logarithm, unit, and whose it is."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from functools import lru_cache
from math import e

from eisfit.records import dataclass
from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.names.concepts import (
    AMOUNT,
    COMPOUND,
    are_amounts,
    count_concepts,
    find_quantity,
    split_word,
)
from eisfit.spectra.readers.names.name_signs import INNER_MINUS, split_sign
from eisfit.spectra.readers.names.name_units import BRACKET, excludes_ohm, split_units
from eisfit.spectra.readers.names.plain_names import PREFIXED_OHM, normalise_name
from eisfit.spectra.readers.names.units import PER_AREA, Unit, is_unit, parse_unit
from eisfit.spectra.readers.names.words import CONDITIONS, KIND, OMEGA, ONLY_WITH_UNIT, WHOLE


@dataclass(frozen=True)
class Column:
    """One column's meaning.

    Parameters
    ----------
    name
        As in the file.
    quantity
        ``frequency, real, imag, imag_size, modulus, phase, admittance_real, admittance_imag,
        admittance_modulus, admittance_phase, noise, cycle, time, temperature, potential, current, index,
        excel_error``, what an LCR meter writes (``capacitance, C_parallel, C_series, L_series,
        L_parallel, R_parallel, X_parallel, dissipation, quality``), ``capacitance_real`` and
        ``capacitance_imag``; empty where not recognised.
    scale
        Factor to Hz, ohm, degree, s, ...; includes the sign (-1 for ``-Im(Z)``).
    unit
        Unit as written, empty where the header has none.
    label
        What is left of the name: whose column it is (``A`` in ``Z' A (ohm)``).
    base
        Where the column holds a logarithm, what it is to: 10, e, or of decibels the twentieth root of 10;
        0: it holds the quantity.
    """

    name: str
    quantity: str
    scale: float = 1.0
    unit: str = ""
    label: str = ""
    base: float = 0.0


#: A quantity's word and its symbol: ``Reactance X``, ``Frequency f``, ``周波数f``.
_SYMBOL = regex(r"^(.*(?:[^\W\d_]{2}[\s_,]+|[^\x00-\x7f]\s*))\(?(f|[RX]s?)\)?$")
#: A part of ``C* = C' - jC''``, as supercapacitors are told by.
_COMPLEX_CAPACITANCE = regex(
    r"^C\*?(?:('{1,2})|[_\s]?(re|im|real|imag))$|^(re|im)\s*\(\s*C\*?\s*\)$", re.IGNORECASE
)
_PURE = ("dissipation", "quality")
_LABELLED = ("frequency", "real", "imag", "modulus", "phase")
_PREFIX_OR_CELL = regex(rf"(?<![^\W_])[GKnpT][ _]{PREFIXED_OHM}")
_TIMES_AREA = regex(r"\s*[*·×.]\s*(?:A|[aA]rea)(?![^\W_])")
#: Whose a part without a Z is: ``Ch1 R``, ``cell_re``, ``ElectrodeX``.
_WHOSE = regex(
    r"((?i:cell|sample|electrode|battery|dut|device|sensor|data|eis|imp(?:edance)?|ac|we|run|test)(?=[\s_.:-]|\d|(?<=[a-z])[A-Z])"
    r"[\s_]?\d*|(?i:ch(?:annel)?|tra?c(?:e)?|mod(?:ule)?)[\s_]?\d+|\[\d+\]|\d+(?=:))[\s_.:-]*"
)
_UNCERTAINTY = regex(r"(?:u|s|σ|[sS][dD]|se|std|unc|err|δ|Δ)\s*[(\[]|(?:±|\+/-)")  # u(Z')
#: A part of a resistance: ``Z'/R0``, ``Z''/|Z|``.
_DIFFERENCE = regex(r"[\w)'\"]\s*-\s*R(?!eal|e\b)\w*\s*$")  # what is left without the series resistance
_FACTOR = regex(r"[*×·/]\s*\d|(?<![^\W_])(?:\d*[eE][-+]\d|[xX]?10\s*(?:\^|\*\*|[-+⁻⁰¹²³⁴-⁹])\s*[-+]?\d?)")
#: ``2*Zre``, ``Zre·n``, ``Z'/cell``, ``Z' per cell``: of a part, no unit.
_OPERATED = regex(
    r"[*×·]\s*[A-Za-z]|\d\s*[*×·]|[²³]|(?:\^|\*\*)\s*[\d(]|/\s*(?:cells?|stack|area|mass|length|A|n|N|m|l|L|g|kg)(?![^\W_])|(?<![^\W_])per(?![^\W_])"
)
_INVERSE = regex(r"^\s*1\s*/")
_RATIO = regex(r"/\s*\|?[RZ](?!eal)(?:_?\{?\w{1,4}\}?)?\|?\s*(?:$|[\s_](?:re|im))")
_AROUND = {
    *(
        "chamber",
        "ambient",
        "oven",
        "room",
        "ambiente",
        "环境",
        "環境",
        "ofen",
        "umgebungs",
        "kammer",
        "raum",
    ),
    *("surface", "skin", "case", "core", "internal", "bath"),
}  # behind the cell's
_SPREADSHEET = {"#name?", "#name", "#value!", "#ref!"}
#: In brackets it is a unit that is none of ours, a factor or a part of something: no cell is called so.
_NO_LABEL = regex(
    r"^[kKMGmuµnp]?[\x80-\xff]{1,3}$|^[kKMGmuµ](?:[^\x00-\x7f]|[oO](?:[hH][nN])?[sS]?)$|[%×·*^]|^[cmnu]m$|^[kMGmuµ]$|^[kMGmuµ]?W$|\w/\w|^[pn]\.?u\.?$|10[⁰¹²³⁴-⁹⁻]|[Oo][Hh][Mm]|[ΩΩ]"
)
_CELLS = regex("[A-H]$")
_CELL = regex(r"[A-Ha-h]|\d{1,3}|(?!log)[A-Za-z]{3,}[ _]?\d+|-?\d+(?:\.\d+)?°?(?![kMm]?Hz)[A-Za-z]+")
_OHM = regex(r"ohm|[ΩΩω]|hz|hertz", re.IGNORECASE)
_MEASURED = regex(
    r"^(?:(?:(?:trace|param(?:eter)?|primary|secondary"
    r"|meas(?:ured)?|raw|mean|avg|total|series)(?: ?[\dAB])?[\s_:.]"
    r"|imp(?:edance)?(?::|[\s_.]+(?=[RX]s?\s*$)))\s*)+",
    re.IGNORECASE,
)
_MILLI = regex(r"^z[\s_.]m$", re.IGNORECASE)  # z_m: of milliohm, or a modulus
_LOG = regex(r"^\s*(?:log|lg|(ln))_?(?:10|₁₀)?\s*(?=[(\[|/ _]|[fw]\b)", re.IGNORECASE)
_OMEGA = regex(r"\W*w\W*", re.IGNORECASE)  # behind a logarithm, which nobody takes of a power
_TWENTY = regex(r"^20\s*[*·×]?\s*(?=log|lg)", re.IGNORECASE)  # decibels
_DECIBEL = 10**0.05


def parse_name(name: str, *, labelled: bool = False) -> Column:
    """Return what the header `name` says; `labelled`: any foreign word in it says whose column it is.

    >>> parse_name("-Im(Z)/Ohm")
    Column(name='-Im(Z)/Ohm', quantity='imag', scale=-1.0, unit='Ohm', label='', base=0.0)
    >>> parse_name("Frequency (kHz)").scale, parse_name("Z''[mOhm]").scale, parse_name("tau").quantity
    (1000.0, 0.001, '')
    >>> parse_name("Z' B (ohm)").label, parse_name("MinusImZ").scale, parse_name("Imaginärteil").quantity
    ('b', -1.0, 'imag')
    """
    return _parse_name(name, labelled)


def attach_unit(name: str, unit: object) -> str:
    """Return a column's name with the unit that something beside it tells, where it has none itself.

    >>> attach_unit("Zre", "mohm"), attach_unit("Zre/ohm", "ohm"), attach_unit("Zre", None)
    ('Zre [mohm]', 'Zre/ohm', 'Zre')
    """
    return f"{name} [{unit}]" if isinstance(unit, str) and unit and not parse_name(name).unit else name


@lru_cache(maxsize=4096)
def _parse_name(name: str, labelled: bool) -> Column:
    if name.strip().lower() in _SPREADSHEET:
        return Column(name, "excel_error")
    text = normalise_name(name)
    if _UNCERTAINTY.match(text) or _PREFIX_OR_CELL.search(text):
        return Column(name, "")
    for core, unit in split_units(text):
        found = _find_meaning(core, unit, labelled) or (
            _find_meaning(_drop_repeated_unit(core, unit), unit, labelled) if unit else None
        )
        if found is not None:
            quantity, factor, label, base = found
            return Column(name, quantity, factor, unit, label, base)
    alone = parse_unit(text)
    if alone and alone.kind == "angle":
        return Column(name, "phase", alone.scale, text)
    return _parse_owned_name(name, text, labelled) or Column(name, "")


def _drop_repeated_unit(core: str, unit: str) -> str:
    """Return a name without the unit that stands behind it again: ``frequency_Hz [Hz]``."""
    told = (
        (name, again)
        for name, again in split_units(core.strip())
        if again and parse_unit(again) == parse_unit(unit)
    )
    return next((name for name, _ in told), "")


def _parse_owned_name(name: str, text: str, labelled: bool) -> Column | None:
    """Return what a name says behind that of a channel or a cell; None where it does not begin so."""
    sign, rest = split_sign(text)
    rest = rest[1:-1] if rest[:1] == "(" and rest[-1:] == ")" else rest
    whose = _WHOSE.match(rest)
    if whose is None or not rest[whose.end() :][:1].isalpha():
        return None
    held = _parse_name(("-" if sign < 0 else "") + rest[whose.end() :], labelled)
    label = held.label or whose[1].lower().rstrip(" _")
    return replace(held, name=name, label=label) if held.quantity else None


def _find_meaning(core: str, unit: str, labelled: bool) -> tuple[str, float, str, float] | None:
    """Return (quantity, factor, label, base of a logarithm), None where the parts make no quantity."""
    sign, text = split_sign(_TIMES_AREA.sub("", core) if PER_AREA.search(unit) else core)
    twenty = _TWENTY.match(text)
    text = text[twenty.end() :] if twenty else text
    logarithm = _LOG.match(text)
    text = text[logarithm.end() :] if logarithm else text
    if inner := re.fullmatch(r"\s*[({](.*)[)}]\s*", text):
        within, text = split_sign(inner[1]) if logarithm else (1.0, inner[1])
        sign *= within
    text = "omega" if logarithm and _OMEGA.fullmatch(text) else text
    found = _find_quantity(text, bool(unit), labelled)
    if found is None:
        return None
    quantity, label, concepts = found
    if core.rstrip().endswith("(-)") and quantity not in ("imag", "phase", *_PURE):
        return None  # without a dimension
    given = parse_unit(unit)
    quantity = _adapt_to_unit(quantity, given.kind, concepts) if given else quantity
    kind = KIND.get(quantity)
    operated = kind in ("ohm", "siemens") and _OPERATED.search(text)
    if (
        operated
        or (kind in ("ohm", "frequency") and _FACTOR.search(text))
        or not _can_have_unit(quantity, given, core, bool(concepts["Z"]))
    ):
        return None
    factor = given.scale if given else 1.0
    if concepts["omega"] and quantity == "frequency" and (given is None or given.kind != "frequency"):
        factor /= 6.283185307179586
    if quantity == "imag" and sign > 0 and not concepts["minus"] and INNER_MINUS.search(text):
        sign = -1.0
    sign = 1.0 if quantity in _PURE else sign * (-1.0) ** concepts["minus"]  # DF(-): without a dimension
    if quantity == "modulus" and sign < 0 and label != "2":  # no modulus is negative; Z2: Ivium's Z''
        return None
    base = _DECIBEL if twenty else _find_base(logarithm, concepts, given)
    return quantity, sign * factor, label.lower(), base


def _adapt_to_unit(quantity: str, kind: str, concepts: Counter[str]) -> str:
    """Return what a name means with its unit: Z (deg) is a phase beside Z (ohm), T (s) a period."""
    if kind == "angle" and not (concepts["modulus"] or concepts["bar"]):
        return quantity.replace("modulus", "phase")
    if kind == "time" and quantity == "cycle":
        return "time"
    return "period" if kind == "time" and quantity == "temperature" and not concepts.total() else quantity


def _has_other_unit(text: str) -> bool:
    """Whether brackets hold what is no cell's name: a unit of something else, a factor, ohms per length."""
    inside = [match[1].strip() for match in BRACKET.finditer(text)]
    return any(_NO_LABEL.search(one) or (is_unit(one) and not _CELLS.match(one)) for one in inside)


def _find_base(logarithm: re.Match[str] | None, concepts: Counter[str], unit: Unit | None) -> float:
    """Return what a logarithm is to, 0 where there is none."""
    if unit is not None and unit.kind == "decibel ohm":
        return _DECIBEL
    if concepts["ln"] or (logarithm and logarithm[1]):
        return e
    return 10.0 if logarithm or concepts["log"] else 0.0


def _can_have_unit(quantity: str, unit: Unit | None, core: str, is_of_z: bool) -> bool:
    """Whether a quantity can have the unit, or without one what stands in the name's brackets.

    ``Z' (mW)`` is of ohms in another typeface (`is_of_z`), ``Real (W)`` of a power.
    """
    others = (parse_unit(match[1].strip()) for match in BRACKET.finditer(core)) if unit else ()
    if unit and any(told and told.kind == unit.kind and told.scale != unit.scale for told in others):
        return False  # Z' (Ohm) [mOhm]
    if unit is None:
        return KIND.get(quantity) not in ("ohm", "siemens") or not _has_other_unit(core)
    also = {
        "kelvin": "temperature",
        "fahrenheit": "temperature",
        "rate": "frequency",
        "decibel ohm": "modulus",
    }.get(unit.kind)
    if unit.kind == "watt":
        return is_of_z and KIND.get(quantity) == "ohm"
    return unit.kind == "any" or quantity == also or KIND.get(quantity) in (unit.kind, None)


def _find_quantity(text: str, with_unit: bool, labelled: bool) -> tuple[str, str, Counter[str]] | None:
    """Return (quantity, label, how often each concept is named)."""
    bare = re.sub(r"[\s_.()\[\]:<>]+", "", _MEASURED.sub("", text)).lower()
    if bare in WHOLE and not _MILLI.search(text):
        quantity = "temperature" if text.strip() == "T" and with_unit else WHOLE[bare]
        omega = Counter({"omega": int(bare in OMEGA)})
        return None if bare in ONLY_WITH_UNIT and not with_unit else (quantity, "", omega)
    if formed := _read_symbols(text.strip(), with_unit, labelled):
        return formed
    concepts, label = count_concepts(text, words=labelled)
    quantity = find_quantity(concepts) if concepts is not None else ""
    if concepts is None or not quantity or any(p.search(text) for p in (_RATIO, _DIFFERENCE, _INVERSE)):
        return None
    if label and not (labelled or _can_have_label(quantity, label, concepts)):
        return None
    of_else = not with_unit and _has_foreign_unit(text, quantity, label, concepts)
    of_else |= KIND.get(quantity) == "ohm" and excludes_ohm(text)
    if of_else or (label and _OHM.search(label)):
        return None
    return quantity, label, concepts


def _read_symbols(text: str, with_unit: bool, labelled: bool) -> tuple[str, str, Counter[str]] | None:
    """Return what a numbered f, a part of C* or a word with its symbol says; None of other names."""
    if named := re.fullmatch(r"f(?:[\s_.]?(\d+)|[\s_]([A-Z]|[A-Za-z]{3,} ?\d+))", text):
        return "frequency", (named[1] or named[2]).lower(), Counter(frequency=1)
    if with_unit and (part := _COMPLEX_CAPACITANCE.match(text)):
        imag = part[1] == "''" or (part[2] or part[3] or "").lower().startswith("im")
        return f"capacitance_{'imag' if imag else 'real'}", "", Counter()
    if symbol := _SYMBOL.match(text):
        said = _find_quantity(symbol[1], with_unit, labelled)
        return said if said and said[0] == WHOLE[symbol[2].lower()] and not said[2]["Z"] else None
    return None


def _has_foreign_unit(text: str, quantity: str, label: str, concepts: Counter[str]) -> bool:
    """Whether a foreign word makes another unit: ``ohm m``, ``Ohm/sq``, ``freq (cpm)``, ``freq (cm-1)``."""
    if quantity == "frequency":
        inside = [match[1].strip() for match in BRACKET.finditer(text)]
        return any(not (_CELL.fullmatch(one) or split_word(one.lower())) for one in inside if one)
    if " " in label and AMOUNT.match(label) and not are_amounts(label.split()):
        return True  # 25 k
    return bool(label) and bool(concepts["ohm"] or concepts["omega"]) and KIND.get(quantity) == "ohm"


def _can_have_label(quantity: str, label: str, concepts: Counter[str]) -> bool:
    """Whether a foreign word beside a quantity can name whose it is: ``Z' A``, ``M Temp``, ``freq_1``."""
    if quantity in CONDITIONS:
        return (len(label) == 1 and label not in "Ff") or label.isdigit() or label.lower() in _AROUND
    if concepts["relative"]:
        return False
    ports = concepts["Y"] and len(label) == 2 and label.isdigit()  # Y11
    return ports or (
        quantity in _LABELLED
        and bool(concepts["Z"] or concepts["frequency"] or label.isdigit() or COMPOUND.fullmatch(label))
    )
