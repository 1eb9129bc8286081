"""Spectra side by side whose names differ in one place: whose they are, where that is a word of ours too."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import replace
from itertools import combinations

from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.names.columns import Column, parse_name
from eisfit.spectra.readers.names.not_measured_words import find_kind
from eisfit.spectra.readers.names.units import unit_kind
from eisfit.spectra.readers.names.words import ALL_PARTS, PAIRED

#: What else makes an impedance, each with its unit.
WITH_UNITS = (
    *PAIRED,
    *(("admittance_real", "admittance_imag"), ("admittance_modulus", "admittance_phase")),
    *(
        ("admittance_modulus", "phase"),
        ("capacitance_real", "capacitance_imag"),
        ("R_parallel", "X_parallel"),
    ),
    *((f"C_{kind}", other) for kind in ("parallel", "series") for other in ("dissipation", "quality")),
    *(("C_parallel", "R_parallel"), ("C_parallel", "admittance_real"), ("C_series", "real")),
    *((f"L_{kind}", other) for kind in ("parallel", "series") for other in ("dissipation", "quality")),
    *(("L_series", "real"), ("L_parallel", "R_parallel"), ("L_parallel", "admittance_real")),
)
_PARALLEL, _SERIES = {"p", "par", "parallel"}, {"s", "ser", "series"}  # Zp' is no part of the impedance
_NAMES_Z = regex(r"(?<![^\W_])(?:[zZ]|[Ii]mp)")
_KINDS = ("ohm", "siemens", "angle", "frequency")  # of units of what is read here
_MAY_BE_PART = regex(
    r"z|imp|imag|real|pha|arg|θ|φ|theta|ang|freq|(?<![^\W_])f(?![^\W_])|im(?![a-z])|re(?![a-z])",
    re.IGNORECASE,
)
_STRAY = regex(r"^[\s_]+|^-+(?!\d)|[\s_-]+$")
_LABEL = regex(r"[\w.%°+= -]{1,30}")
_UNIT_PREFIXES = tuple("kKMGmuµn")
_FEWEST, _MOST, _LONGEST = 5, 64, 80  # columns, characters
_NEAR = 3  # letters that words written together with others may have in common


def group_by_template(
    names: Sequence[str], columns: dict[int, Column], *, with_units: bool = False
) -> list[dict[int, Column]]:
    """Return a set for each word that stands in one place of names that are else the parts of an impedance.

    None where the names without the word stand there too: what is named so is the spectrum.
    `with_units`: their units say what they are, in whatever words: ``Cp A (F)``, ``Betrag A (Ohm)``.

    >>> names = ["f", "Re(Zre)", "Im(Zre)", "Re(Zim)", "Im(Zim)"]
    >>> sets = group_by_template(names, {i: parse_name(name) for i, name in enumerate(names)})
    >>> [[(c.quantity, c.label) for c in own.values()] for own in sets]
    [[('frequency', ''), ('real', 're'), ('imag', 're')], [('frequency', ''), ('real', 'im'), ('imag', 'im')]]
    """
    if not _FEWEST <= len(names) <= _MOST:
        return []
    found = _find_templates(names, WITH_UNITS if with_units else PAIRED, any_name=with_units)
    best = max(
        (
            (
                len(found[first]),
                [list(held) for held in found.values()].count(list(found[first])),
                first,
                second,
            )
            for first in found
            for second in found
            if (parse_name(first).quantity, parse_name(second).quantity)
            in (WITH_UNITS if with_units else PAIRED)
            and list(found[first]) == list(found[second])
            and (
                parse_name(first).unit if with_units else _NAMES_Z.search(first) or _are_letters(found[first])
            )
        ),
        default=None,
    )
    if best is None:
        return []
    first = best[2]
    parts = {template: held for template, held in found.items() if list(held) == list(found[first])}
    taken = {i for held in parts.values() for i in held.values()}
    shared = {
        i: c for i, c in columns.items() if i not in taken and not c.label and c.quantity not in ALL_PARTS
    }
    of_parallel = {label.lower() for label in found[first]} <= _PARALLEL | _SERIES
    aside = {}
    sets = []
    for label in found[first]:
        own = {held[label]: template for template, held in parts.items()}
        if find_kind(label) or (of_parallel and label.lower() in _PARALLEL):
            aside.update({i: Column(names[i], "") for i in own})
        else:
            meaning = {i: replace(parse_name(t), name=names[i], label=label.lower()) for i, t in own.items()}
            sets.append({**shared, **meaning})
    return [{**own, **aside} for own in sets]


def _find_templates(
    names: Sequence[str], pairs: Sequence[tuple[str, str]], *, any_name: bool
) -> dict[str, dict[str, int]]:
    """Return, by name without the word, which word stands in which column; in the order of the columns."""
    found: dict[str, dict[str, int]] = {}
    wanted = {"frequency", *ALL_PARTS}.union(*pairs)
    likely = [
        (i, name)
        for i, name in enumerate(names)
        if (any_name or _MAY_BE_PART.search(name)) and len(name) <= _LONGEST
    ]
    for (i, one), (j, other) in combinations(likely, 2):
        cuts = [cut for cut in _iterate_cuts(one, other) if _is_part(cut[0], wanted)]
        cuts.sort(key=lambda cut: not _NAMES_Z.search(cut[0]))
        for template, *labels in cuts if any_name else cuts[:1]:
            found.setdefault(template, {}).update(zip(labels, (i, j), strict=True))
    whole = {
        template: dict(sorted(held.items(), key=lambda item: item[1])) for template, held in found.items()
    }
    return {
        template: held
        for template, held in whole.items()
        if template not in names and len(set(held.values())) == len(held)
    }


def _is_part(template: str, wanted: Container[str]) -> bool:
    meaning = parse_name(template)
    return not meaning.label and meaning.quantity in wanted


def _iterate_cuts(one: str, other: str) -> Iterator[tuple[str, str, str]]:
    """Yield (name without the word, word in one, word in the other), the shortest words first."""
    size = min(len(one), len(other))
    head = next((k for k in range(size) if one[k] != other[k]), size)
    tail = next((k for k in range(size - head) if one[-1 - k] != other[-1 - k]), size - head)
    heads = [h for h in range(head + 1) if h > head - _NEAR or _is_word_boundary(one, h)]
    tails = [t for t in range(tail + 1) if t > tail - _NEAR or _is_word_boundary(one, len(one) - t)]
    ends = [(h, t) for h in heads for t in tails]
    for h, t in sorted(ends, key=lambda ends: -sum(ends)):
        first, second = (_STRAY.sub("", name[h : len(name) - t]) for name in (one, other))
        rest = one[len(one) - t :]
        if _is_label(first, rest) and _is_label(second, rest):
            yield one[:h] + (rest if h else rest.lstrip(" _-")), first, second


def _is_word_boundary(name: str, place: int) -> bool:
    """Whether a word begins or ends at a place of a name."""
    around = name[max(place - 1, 0) : place + 1]
    return len(around) < 2 or not around.isalpha()


def _is_label(word: str, rest: str) -> bool:
    if rest[:1] in ("°", "%") or (word in _UNIT_PREFIXES and rest[:1] in ("o", "O", "Ω", "Ω", "H")):
        return False
    return bool(_LABEL.fullmatch(word)) and (len(word) < 2 or unit_kind(word) not in _KINDS)


def _are_letters(labels: dict[str, int]) -> bool:
    """Whether cells are called ``a, b, c``: such names say a cell where nothing says impedance."""
    return len(labels) > 2 and [label.lower() for label in labels] == list("abcdefghijkl"[: len(labels)])
