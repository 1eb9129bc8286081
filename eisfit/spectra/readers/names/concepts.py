"""Which concepts the words of a name are (real, impedance, ohm), and the quantity that they make together."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache

from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.names.plain_names import correct_spelling
from eisfit.spectra.readers.names.words import ALONE, JOINED, PAIRS, VOCABULARY

_RELATIVE = regex(r"(?:ohm|[ΩΩω])\s*[.·*]?\s*\w+$", re.IGNORECASE)
#: Whose column it is, in one word: SOC50, 25C.
COMPOUND = regex(r"[A-Za-z]{3,}\d+|-?\d+(?:\.\d+)?°?(?![kMm]?Hz)[A-Za-z%]+")
AMOUNT = regex(r"(?!10{2,}$)\d+(?:\.\d+)?[A-Za-z%]*")
_PARTS = regex(
    r"(?<![^\W_])(?!cell|[zZ]|[rR]e(?!p)|[iI]m|[fF]req|[pP]h)[A-Za-z]{3,}\d+(?![^\W_])"
    r"|(?:(?<=[\s_(])|^)-\d+(?:\.\d+)?(?![^\W_]|[.°%])"
    r"|(?:(?<=[\s_(])-|^-)?(?<![^\W_])\d+(?:\.\d+)?°?(?![kMm]?Hz)[A-Za-z%]+(?![^\W_])|[^\W\d_]+|\d+|'+|\|"
)
_CAMEL = regex(r"(?<=[a-zà-ÿ])(?<!\d[a-z])(?=[A-Z])|(?<=[θφϕ])(?=[zZ])|(?<=[zZ])(?=[θφϕ])")  # θz is two words
#: Whose impedance it is: Zout, ZDUT.
_Z_OF = regex(
    r"(?<![^\W_])([zZ])(?=(?:out|load|dut|tot|sum|eq|eff|sample|batt?|battery|eis|body|tissue|skin|sensor|coil|"
    r"speaker|piezo|pos|cathode|anode|electrode|probe|ant|antenna|stack|device|source|src|grid)\d*(?![^\W_]))",
    re.IGNORECASE,
)
#: A part of an impedance with a name: Re(Zm), Im_Zdd.
_Z_NAMED = regex(
    r"(?<![^\W_])((?i:re|im|real|imag|abs|mag|phi|phase|arg)[\s_(\[]+)(Z(?!cal|mdl)[a-z]{1,3})(?![^\W_])"
)


def count_concepts(text: str, *, words: bool = False) -> tuple[Counter[str] | None, str]:
    """Return how often each concept is named, and the one word (`words`: up to five) that is no concept."""
    concepts: Counter[str] = Counter()
    rest: list[str] = []
    if (named := _Z_NAMED.search(text)) and not split_word(named[2].lower()):
        text = text.replace(named[0], f"{named[1]}Z {named[2]}", 1)
    for part in _PARTS.findall(_CAMEL.sub(" ", _Z_OF.sub(r"\1 ", text))):
        if COMPOUND.fullmatch(part):
            rest.append(part)
        elif part.startswith("'"):
            concepts["primes"] += len(part)
        elif part == "|":
            concepts["bar"] += 1
        elif part.isdigit() or part.lower() == "ce" or (part == "D" and concepts):
            rest.append(part)  # Z' CE beside Z' WE; EC-Lab's Zce is another matter, and so is dZ'
        else:
            found = ("ohm",) if part == "Ω" else split_word(part.lower())
            concepts.update(found or ())
            rest += [] if found else [part]
    concepts["relative"] = int(bool(_RELATIVE.search(text)))
    label = _join_label(rest, words)
    return (None, "") if label is None or concepts["other"] else (concepts, label)


def _join_label(rest: list[str], words: bool) -> str | None:
    """Return the words that are no concepts as one label, None where they are too many."""
    if len(rest) == 2 and rest[0].isalpha() and rest[1].rstrip("%").isdigit():  # S1, day 7, SOC 50%
        return ("" if len(rest[0]) < 3 else " ").join(rest)
    if 1 < len(rest) < 4 and AMOUNT.fullmatch(rest[0]) and all(map(str.isalpha, rest[1:])):
        return " ".join(rest)  # 25 C, 6M KOH, 1 M LiPF6
    if 1 < len(rest) < 5 and are_amounts(rest):
        return " ".join(rest)  # 1mm 4mm, 25C 50SOC
    if words and 1 < len(rest) < 6 and rest[0].isalpha():  # Z' bare steel
        return " ".join(rest)
    return "".join(rest) if len(rest) < 2 else None


def are_amounts(words: list[str]) -> bool:
    """Whether each word is a number with its unit, or a word with its number."""
    return all(map(COMPOUND.fullmatch, words))


@lru_cache(maxsize=1024)
def split_word(word: str) -> tuple[str, ...] | None:
    """Return the concepts of a word written together, the longest words first; None where it is not ours."""
    if word in PAIRS:
        return PAIRS[word]
    if word in VOCABULARY:
        return (VOCABULARY[word],)
    if len(word) > 7 and (known := correct_spelling(word)):  # before imaginery is imaginer of Y
        return (VOCABULARY[known],)
    for size in range(len(word) - 1, 0, -1):
        if word[:size] in JOINED:
            rest = word[size:]
            tail = (VOCABULARY[rest],) if rest in JOINED else split_word(rest) if len(rest) > 1 else None
            if tail is not None:
                return (VOCABULARY[word[:size]], *tail)
    return None


def find_quantity(c: Counter[str]) -> str:
    """Return the quantity that the concepts make."""
    primes = (c["primes"] + c["prime"] * (1 + (c["double"] > 0))) * bool(c["Z"] or c["Y"])
    if primes and not (c["real"] or c["imag"]):
        c["imag" if primes > 1 else "real"] += 1
    parts = [name for name in ("real", "imag", "phase", "modulus") if c[name]]
    if parts in (["imag"], ["imag", "modulus"]) and (c["bar"] > 1 or c["modulus"]) and not c["Y"]:
        return "imag_size"
    if c["bar"] and not parts:
        parts = ["modulus"]
    if parts:
        return "" if c["frequency"] else _find_part(c, parts)
    return next((quantity for concept, quantity in ALONE if c[concept]), "")


def _find_part(c: Counter[str], parts: list[str]) -> str:
    part = parts[0] if len(parts) == 1 else "phase" if "phase" in parts and "modulus" not in parts else ""
    if part == "modulus" and any(c[name] for name in ("frequency", "potential", "current", "time")):
        return ""
    if part in ("real", "imag") and (c["noise"] or c["time"] or (c["index"] and not c["Z"])):
        return ""
    if part in ("real", "imag") and not c["Z"] and (c["current"] or c["potential"]):
        return ""
    if part == "phase" and any(c[name] for name in ("potential", "current", "cycle")):
        return ""
    if c["Y"] and part:
        return f"admittance_{part}"
    return part
