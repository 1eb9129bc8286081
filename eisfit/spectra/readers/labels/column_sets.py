"""Which columns of a table belong together: one spectrum, or several side by side, by their names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.names.columns import Column, attach_unit, parse_name
from eisfit.spectra.readers.names.formulas import take_formula_parts
from eisfit.spectra.readers.names.not_measured_words import find_kind
from eisfit.spectra.readers.names.templates import WITH_UNITS, group_by_template
from eisfit.spectra.readers.names.units import DIGATRON, PER_AREA, parse_unit, unit_kind
from eisfit.spectra.readers.names.words import ALL_PARTS, IN_OHM, PAIRED, PARTS, can_make_impedance
from eisfit.spectra.readers.tables.header_names import drop_logarithms
from eisfit.spectra.readers.tables.table import Table

Z1_Z2 = ("Z1: real part", "Z2: imaginary part")  # as Ivium's programs name them
#: What makes an impedance, and what else of one may stand beside.
_REFLECTION = regex(r"return.?loss|reflection|\bS11\b|V?SWR\b", re.IGNORECASE)
_SPELT_PRIMES = regex(r"(?<![^\W_])Z_?(pp|dp|p)(?![^\W_])", re.IGNORECASE)
_OF_Z = regex(r"Z|imp|theta|θ", re.IGNORECASE)
#: Sign, marks for primes, gap and bracket, unit.
_WITHOUT_MARKS = regex(r"([xX]?[._])?Z([._]{1,9})([A-Za-z]*)[._]?")
_NAMES_Z = regex(r"(?<![^\W_])(?:Z|[Ii]mp|[Pp]h|[Ff]req|f(?![^\W_]))")
_OF_A_CELL = regex(r"[a-z]{3,} ?\d+%?|-?\d+(?:\.\d+)?°?[a-z%]*")  # soc 50%, 25c, 2
_NEGATIVE = regex(r"(?:(?<![^\W_])|(?<=(?<![^\W_])Z))neg(?:ative|\.)?(?![^\W_])", re.IGNORECASE)
_POSITIVE = regex(r"pos|positive|cathode")
_ACTUAL, _SET = (
    regex(rf"[\s_(\[]*(?<![^\W_])(?:{words})(?![^\W_])[)\]]?", re.IGNORECASE)
    for words in ("real|true|ist|actual|meas", "set|nominal|target|nom|soll")
)
#: The unit of another quantity in a name, word by word (Pa s/m, N s/m, mV/nT), or what it was divided by.
_OF_ELSE = regex(
    r"(?:(?:[kmMGun]?(?:pa|n|v|t|nt|a|g|w|s|m|cm)\d?|kg|rad|rayls?) ?)+|.*\b(?:over|per|rho)\b.*"
)
_OF_MEMORY = ")-mem"  # a trace that a Keysight analyser had stored before
_LETTERS = "abcdefgh"  # cells; V_re, I_re and S11_re are none


def find_column_sets(table: Table) -> list[dict[int, Column]]:
    """Return the meaning of the columns; several sets where spectra stand side by side."""
    names = ["" if name.endswith(_OF_MEMORY) else name for name in _expand_complex(table)]
    names = drop_logarithms(names)
    sets = _drop_empty_sets(table, _find_sets(table, names))
    by_template = [] if _are_whole(sets, len(names)) else group_by_template(names, sets[0])
    if not by_template and len(sets) == 1 and not _makes_impedance(sets[0]):
        units = table.units if len(table.units) == len(names) else [""] * len(names)
        told = list(map(attach_unit, names, units))
        by_template = group_by_template(told, sets[0], with_units=True)
    sets = by_template if len(by_template) > len(sets) or (by_template and len(sets) == 1) else sets
    return [{i: c for i, c in one.items() if i < table.width or not c.quantity} for one in sets]


def _drop_empty_sets(table: Table, sets: list[dict[int, Column]]) -> list[dict[int, Column]]:
    """Return the sets whose frequencies are there: names of a block may stand over no number."""
    if len(sets) < 2:
        return sets
    width = table.width
    held = [
        columns
        for columns in sets
        if any(
            c.quantity == "frequency" and i < width and not np.isnan(table.matrix[:, i]).all()
            for i, c in columns.items()
        )
    ]
    return held or sets


def _makes_impedance(columns: dict[int, Column]) -> bool:
    """Whether columns hold more than frequencies and phases."""
    return bool({c.quantity for c in columns.values()} - {"", "frequency", "phase", "time", "index"})


def _are_whole(sets: list[dict[int, Column]], width: int) -> bool:
    """Whether several spectra hold every column, and each of them one of a kind."""
    held = {i for columns in sets for i, c in columns.items() if c.quantity in ("frequency", *ALL_PARTS)}
    kinds = [[c.quantity for c in columns.values()] for columns in sets]
    return len(sets) > 1 and len(held) == width and all(len(kind) == len(set(kind)) for kind in kinds)


def _find_sets(table: Table, names: list[str]) -> list[dict[int, Column]]:
    # pandas writes a repeated name as Z.1, Z.2
    names = [bare if (bare := re.sub(r"\.\d+$", "", name)) in names else name for name in names]
    names = _write_primes(names)
    columns = {i: _add_unit(name, table.units, i, len(names)) for i, name in enumerate(names)}
    columns = _take_set_frequency(columns)
    columns = _name_labelled_parts(_name_ivium_parts(_name_unmarked_parts(_drop_reflection(columns))))
    columns = take_formula_parts(_drop_computed(_label_electrodes(columns)))
    place = {q: [i for i, c in columns.items() if c.quantity == q] for q in ("frequency", *PARTS)}
    starts = place["frequency"]
    if len(starts) == 1 and (sets := _group_by_label(columns)):
        return sets
    if sets := _group_by_frequency(columns, starts):
        return sets
    pairs = [pair for pair in PAIRED if len(place[pair[0]]) == len(place[pair[1]]) > 1]
    if not pairs:
        return _split_mixed_blocks(columns, starts)
    blocks = _find_repeated_blocks(names)
    if blocks and all(sum(start in block for start in starts) == 1 for block in blocks):
        return [{i: columns[i] for i in block} for block in blocks]
    if len(starts) == len(place[pairs[0][0]]):
        last = min(place[pairs[0][0]]) < starts[0]  # the frequency ends each group
        inner = [start + 1 for start in starts[:-1]] if last else starts[1:]
        return [{i: columns[i] for i in range(*edges)} for edges in pairwise([0, *inner, max(columns) + 1])]
    return _split_by_parts(table, columns, place, pairs[0])


def _split_mixed_blocks(columns: dict[int, Column], starts: Sequence[int]) -> list[dict[int, Column]]:
    """Return a set for each frequency where what follows it is the same: f, Cp, D, f, Cp, D."""
    edges = [*starts, max(columns) + 1] if starts else []
    blocks = [{i: columns[i] for i in range(*pair)} for pair in pairwise(edges)]
    held = [[c.quantity for c in block.values() if c.quantity] for block in blocks]
    alike = len(held) > 1 and starts[0] == min(columns) and all(each == held[0] for each in held)
    return blocks if alike and any(set(held[0]).issuperset(pair) for pair in WITH_UNITS) else [columns]


def _write_primes(names: list[str]) -> list[str]:
    """Return the names with ``Zp`` and ``Zpp``, where both are there, as Z' and Z''."""
    spelt = {match[1].lower() for name in names if (match := _SPELT_PRIMES.search(name))}
    if "p" not in spelt or len(spelt) < 2:
        return names
    return [_SPELT_PRIMES.sub(lambda m: "Z'" + "'" * (len(m[1]) - 1), name) for name in names]


def _find_repeated_blocks(names: Sequence[str]) -> list[list[int]]:
    """Return the places of names that come again in the same order, gaps between them aside; none: []."""
    named = [i for i, name in enumerate(names) if name]
    for size in range(3, len(named) // 2 + 1):
        blocks = [named[start : start + size] for start in range(0, len(named), size)]
        if all([names[i] for i in block] == [names[i] for i in blocks[0]] for block in blocks):
            return blocks
    return []


def _take_set_frequency(columns: dict[int, Column]) -> dict[int, Column]:
    """Return the columns with ``f_real``, else ``f_set`` as the frequency where there is no other."""
    for pattern in (_ACTUAL, _SET):
        if {"frequency", "period"} & {c.quantity for c in columns.values()}:
            break
        told = {i: parse_name(pattern.sub("", c.name)) for i, c in columns.items() if pattern.search(c.name)}
        set_ = {i: replace(c, name=columns[i].name) for i, c in told.items() if c.quantity == "frequency"}
        columns = {**columns, **set_}
    return columns


def _drop_reflection(columns: dict[int, Column]) -> dict[int, Column]:
    """Return the columns without the phase of a reflection, which stands beside a return loss."""
    if not any(_REFLECTION.search(c.name) for c in columns.values()):
        return columns
    whose = {i: c for i, c in columns.items() if c.quantity == "phase" and not _OF_Z.search(c.name)}
    return {**columns, **{i: Column(c.name, "") for i, c in whose.items()}}


def _name_unmarked_parts(columns: dict[int, Column]) -> dict[int, Column]:
    """Return the columns with ``Z__Ohm_``, ``x_Z___Ohm_`` as parts: one mark more for the one prime more.

    MATLAB's writetable, R and others write a mark for each sign that names of theirs cannot hold.
    """
    lost = {i: match for i, c in columns.items() if (match := _WITHOUT_MARKS.fullmatch(c.name))}
    pairs = [
        (bool(second[1]), len(second[2]), i, j)
        for i, first in lost.items()
        for j, second in lost.items()
        if not first[1] and 2 <= len(first[2]) == len(second[2]) - 1 and first[3] == second[3]
    ]
    if not pairs or {c.quantity for c in columns.values()} & {"real", "imag"}:
        return columns
    negative, _, real, imag = max(pairs)
    parts = dict(columns)
    for i, quantity, sign in ((real, "real", 1.0), (imag, "imag", -1.0 if negative else 1.0)):
        unit = parse_unit(lost[i][3] or "ohm")
        if unit is None or unit.kind != "ohm":
            return columns
        parts[i] = replace(columns[i], quantity=quantity, scale=sign * unit.scale, unit=lost[i][3], label="")
    return parts


def _name_ivium_parts(columns: dict[int, Column]) -> dict[int, Column]:
    """Return the columns with Z1, Z2 as real and imaginary part where there is neither part nor phase.

    Scans beside each other repeat both; their columns follow each other as the frequencies do.
    """
    moduli = {i: c.label for i, c in columns.items() if c.quantity == "modulus"}
    named = {c.quantity for c in columns.values()} & {"real", "imag", "phase"}
    labels, frequencies = list(moduli.values()), [c for c in columns.values() if c.quantity == "frequency"]
    alike = len({columns[i].unit for i in moduli}) == 1
    if named or not labels or labels != ["1", "2"] * (len(labels) // 2) or not alike:
        return columns
    if len(labels) not in (2, 2 * len(frequencies)):
        return columns
    parts = {
        i: replace(
            columns[i], name=Z1_Z2[label == "2"], quantity="imag" if label == "2" else "real", label=""
        )
        for i, label in moduli.items()
    }
    return {**columns, **parts}


def _name_labelled_parts(columns: dict[int, Column]) -> dict[int, Column]:
    """Return the columns with ``A_Re``, ``A_Im``, ``B_Re``, ... as parts, and phases of labelled moduli."""
    found = {i: parse_name(c.name, labelled=True) for i, c in columns.items() if not c.quantity}
    if any(_POSITIVE.fullmatch(c.label) for c in found.values()):
        found |= _label_negative(columns)
        columns = {i: Column(c.name, "") if i in found else c for i, c in columns.items()}
    columns = _label_by_words(columns, found)
    known = {c.quantity for c in columns.values()}
    if known & {*PARTS}:
        moduli = {c.label for c in columns.values() if c.quantity == "modulus"} - {""}
        return {**columns, **{i: c for i, c in found.items() if c.quantity == "phase" and c.label in moduli}}
    parts = {i: c for i, c in found.items() if c.quantity in ("real", "imag")}
    labels = list(dict.fromkeys(c.label for c in parts.values()))
    held = [sorted(c.quantity for c in parts.values() if c.label == label) for label in labels]
    told = (
        any(map(_POSITIVE.fullmatch, labels))
        or sorted(labels) == list(_LETTERS[: len(labels)])
        or all(map(_OF_A_CELL.fullmatch, labels))
    )
    told = told or all(c.unit for c in parts.values())
    whole = len(labels) > 1 and told and all(each == ["imag", "real"] for each in held)
    return {**columns, **parts} if whole else columns


def _label_by_words(columns: dict[int, Column], found: dict[int, Column]) -> dict[int, Column]:
    """Return the columns with ``Z' bare steel``, ``Z'' bare steel``, where each label has an impedance."""
    told = {
        i: c
        for i, c in found.items()
        if c.quantity in ("frequency", *PARTS)
        and " " in c.label
        and _NAMES_Z.search(c.name)
        and not find_kind(c.label)
        and not _OF_ELSE.fullmatch(c.label)
    }
    held: dict[str, set[str]] = {}
    for c in (*told.values(), *columns.values()):
        held.setdefault(c.label, set()).add(c.quantity)
    labels = {c.label for c in told.values()}
    whole = all(can_make_impedance(held[label]) for label in labels)
    if not whole or held.get("", set()) & {*IN_OHM}:
        return columns
    return {**columns, **told}


def _label_electrodes(columns: dict[int, Column]) -> dict[int, Column]:
    """Return the columns with ``neg`` as an electrode's name where another is called ``pos``."""
    positive = any(_POSITIVE.fullmatch(c.label) for c in columns.values())
    return {**columns, **_label_negative(columns)} if positive else columns


def _label_negative(columns: dict[int, Column]) -> dict[int, Column]:
    """Return the columns of the negative electrode: ``Z' neg`` is no part with a minus."""
    named = {i: c.name for i, c in columns.items() if _NEGATIVE.search(c.name)}
    told = {i: parse_name(_NEGATIVE.sub("pos", name), labelled=True) for i, name in named.items()}
    return {i: replace(c, name=named[i], label="neg") for i, c in told.items()}


def _drop_computed(columns: dict[int, Column]) -> dict[int, Column]:
    """Return the columns without those whose labels say a fit or an error, beside an impedance."""
    aside = {label for c in columns.values() if (label := c.label) and find_kind(label)}
    for middle in ("", "median"):  # which is the spectrum where no other is
        aside.discard(middle)
        measured = {c.quantity for c in columns.values() if c.label not in aside}
        if can_make_impedance(measured):
            break
    else:
        return columns
    return {i: Column(c.name, "") if c.label in aside else c for i, c in columns.items()}


def _group_by_label(columns: dict[int, Column]) -> list[dict[int, Column]]:
    """Return a set for each label of f, Z' A, Z'' A, Z' B, Z'' B, where two labels have an impedance.

    A pair without a label beside them is one more, the first: the whole cell beside its electrodes.
    """
    shared = {
        i: c
        for i, c in columns.items()
        if c.quantity == "frequency" or not (c.label or c.quantity in ALL_PARTS)
    }
    sets = []
    for label in sorted(dict.fromkeys(c.label for c in columns.values()), key=bool):  # stable: "" first
        own = {
            i: c
            for i, c in columns.items()
            if c.label == label and c.quantity in ALL_PARTS and i not in shared
        }
        if can_make_impedance(c.quantity for c in own.values()):
            sets.append({**shared, **own})
    return sets if len(sets) > 1 and not _is_one_in_two_forms(sets) else []


def _is_one_in_two_forms(sets: Sequence[dict[int, Column]]) -> bool:
    """Whether a number behind the parts alone tells two sets apart: ``Zre1,Zim1,Phase,Zabs``."""
    held = [{(c.quantity, c.label) for c in one.values() if c.quantity in ALL_PARTS} for one in sets]
    polar = {("modulus", ""), ("phase", "")}
    if len(held) != 2 or held[0] != polar:
        return False
    labels = {label for _, label in held[1] - polar}
    return {q for q, _ in held[1] - polar} == {"real", "imag"} and len(labels) == 1 and labels.pop().isdigit()


def _group_by_frequency(columns: dict[int, Column], starts: Sequence[int]) -> list[dict[int, Column]]:
    """Return a set for each of f1, f2, ... that stand beside each other, before Z1', Z1'', Z2', Z2'', ..."""
    labels = [columns[i].label for i in starts]
    beside = len(starts) > 1 and starts[-1] - starts[0] == len(starts) - 1
    if not beside or len({*labels} - {""}) < len(starts):
        return []
    other = {i for i, c in columns.items() if not c.label and c.quantity not in ALL_PARTS}
    sets = [{i: c for i, c in columns.items() if c.label == label or i in other} for label in labels]
    return sets if all(can_make_impedance(c.quantity for c in one.values()) for one in sets) else []


def _split_by_parts(
    table: Table, columns: dict[int, Column], place: dict[str, list[int]], pair: tuple[str, ...]
) -> list[dict[int, Column]]:
    """Split f, Z', Z'', Z', Z'', ... where the names repeat, whatever their units; others are left aside."""
    alike = all(len({_drop_unit(columns[i]) for i in place[q]}) == 1 for q in pair)
    if not alike or len(place["frequency"]) != 1:
        return [columns]
    f, pairs = place["frequency"][0], list(zip(place[pair[0]], place[pair[1]], strict=True))
    kept = _drop_other_units(table, columns, pairs)
    aside = {i: Column(columns[i].name, "") for one in pairs if one not in kept for i in one}
    return [{f: columns[f], a: columns[a], b: columns[b], **aside} for a, b in kept]


def _drop_other_units(
    table: Table, columns: dict[int, Column], pairs: list[tuple[int, int]]
) -> list[tuple[int, int]]:
    """Return the pairs without those per area beside others, and those that another holds in another unit."""
    whole = [pair for pair in pairs if not any(PER_AREA.search(columns[i].unit) for i in pair)] or pairs
    kept: list[tuple[int, int]] = []
    for pair in whole:
        others = [one for one in kept if columns[one[0]].unit != columns[pair[0]].unit]
        if not any(
            all(_are_equal(table, columns, *two) for two in zip(one, pair, strict=True)) for one in others
        ):
            kept.append(pair)
    return kept


def _are_equal(table: Table, columns: dict[int, Column], one: int, other: int) -> bool:
    a, b = (table.matrix[:, i] * columns[i].scale for i in (one, other))
    return np.allclose(a, b, rtol=1e-3, equal_nan=True)


def _drop_unit(meaning: Column) -> str:
    name = re.sub(r"\.\d+$", "", meaning.name)
    return name[: name.rfind(meaning.unit)].rstrip("[(/_ ") if meaning.unit else name


def _add_unit(name: str, units: list[str], index: int, width: int) -> Column:
    meaning = parse_name(name)
    if len(units) == width and units[index] == DIGATRON and meaning.quantity in IN_OHM:
        return replace(meaning, unit="mOhm", scale=1e-3 * meaning.scale)
    if meaning.unit or len(units) != width or not units[index]:
        return meaning
    combined = parse_name(f"{name} [{units[index]}]")
    if meaning.quantity in ALL_PARTS and not combined.unit and unit_kind(units[index]) not in ("", "any"):
        return Column(combined.name, "")  # Z' in S
    return combined if combined.quantity else meaning


def _expand_complex(table: Table) -> list[str]:
    """Give a column that held complex text, or modulus and angle (split into two by now), two names."""
    names, width = table.names, table.width
    if len(names) != width - 1:
        return names
    for i, name in enumerate(names):
        meaning = parse_name(name)
        if meaning.quantity == "modulus":
            unit = f" [{meaning.unit}]" if meaning.unit else ""
            pair = [f"Z_real{unit}", f"Z_imag{unit}"]
            if table.polar is not None:
                pair = [f"|Z|{unit}", f"phase [{table.polar}]" if table.polar else "phase"]
            return [*names[:i], *pair, *names[i + 1 :]]
    return names
