"""Tables of a spectrum a row, turned into a point a row: frequencies above, or in the columns' names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice

import numpy as np

from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.names.columns import parse_name
from eisfit.spectra.readers.names.units import parse_unit, unit_kind
from eisfit.spectra.readers.tables.plain_signs import REAL
from eisfit.spectra.readers.tables.rewritten import split_complex
from eisfit.spectra.readers.tables.sweeps import runs_one_way

_FEWEST = 5  # frequencies
_MOST_ROWS = 10_000
_LONGEST = 2**17
_LONGEST_NAME = 100
_LOOKED_AT = 40  # lines
_HEAD = "spectrum\tfrequency [Hz]"
_FREQUENCY = regex(
    r"(?P<before>.*?)[\s_@(]*(?P<number>\d[\d.]*(?:[eE][+-]?\d+)?)[\s_]*(?P<unit>[mkMG]?Hz)\)?(?P<after>.*)$"
)
_NUMBERED = regex(r"(?P<stem>[^\W\d].*?)[\s_.(\[]*(?P<number>\d+)[)\]]?$")
#: What names stand for where they are one letter or two, beside those of a frequency.
_SHORT = {"r": "Z_real", "i": "Z_imag", "re": "Z_real", "im": "Z_imag"}
_OF_A_POINT = ({"frequency", "real", "imag"}, {"frequency", "modulus", "phase"})
_HERTZ = regex(r"([+]?\d[\d.]*(?:[eE][+-]?\d+)?)\s*([^\s\d]*)")
_IMAGINARY = regex("[ijIJ]")
_ALIKE = 0.05
_PLAIN = regex(rf"{REAL}$")


def unpivot_spectra(lines: Sequence[str]) -> list[str]:
    r"""Return the lines of a table with a point a row, of one with a spectrum a row; none where it is none.

    >>> row = ",".join(f"{k}-1j" for k in range(1, 6))
    >>> unpivot_spectra(["cell,1e4,1e3,1e2,1e1,1", "A," + row])[:2]
    ['spectrum\tfrequency [Hz]\tZ_real\tZ_imag', 'A\t10000.0\t1\t-1']
    """
    places = [i for i, line in enumerate(lines[:_LOOKED_AT]) if 20 < len(line) < _LONGEST]
    for place in places:
        mark = next((one for one in "\t;," if lines[place].count(one) >= _FEWEST), None)
        if not mark:
            continue
        head, last = _split(lines[place], mark), place + 1 + _MOST_ROWS
        below = next((line for line in islice(lines, place + 1, last) if line.strip()), "")
        named = len(_find_frequency_names(head)) >= 2 * _FEWEST or _find_numbered_names(head)
        # of complex numbers, or under names that tell; one row tells whether it is such a table
        if (named or _IMAGINARY.search(below)) and _list_points(head, [_split(below, mark)]):
            return _list_points(
                head, [_split(line, mark) for line in lines[place + 1 : last] if line.strip()]
            )
    return []


def _list_points(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    found = _find_complex_points(head, rows) or _find_named_points(head, rows)
    return found or _find_numbered_points(head, rows)


def _find_frequency_names(head: Sequence[str]) -> dict[int, re.Match[str]]:
    """Return the names that hold a frequency, by place."""
    short = {i: cell for i, cell in enumerate(head) if "Hz" in cell and len(cell) < _LONGEST_NAME}
    return {i: match for i, cell in short.items() if (match := _FREQUENCY.fullmatch(cell))}


def _split(line: str, mark: str) -> list[str]:
    return [cell.strip().strip('"') for cell in line.rstrip().rstrip(mark).split(mark)]


def _find_complex_points(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return points of rows of complex cells under a row of frequencies."""
    named = [place for place, cell in enumerate(head) if _parse_hertz(cell) is None]
    start = len(named)
    frequency = [_parse_hertz(cell) for cell in head[start:]]
    if named != list(range(start)) or start > 3 or len(frequency) < _FEWEST:
        return []
    points = [f"{_HEAD}\tZ_real\tZ_imag"]
    for number, row in enumerate(rows, 1):
        parts = [split_complex(cell) for cell in row[start:]]
        if len(parts) != len(frequency) or None in parts:
            return []
        name = _name_spectrum(row[:start], rows, number)
        points += [f"{name}\t{f}\t{z[0]}\t{z[1]}" for f, z in zip(frequency, parts, strict=True) if z]
    return points


def _find_named_points(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return points of rows under names that hold a frequency each: ``Re_1000Hz,Im_1000Hz``."""
    found = _find_frequency_names(head)
    names = {
        i: f"{match['before'].strip(' _@(')} {match['after'].strip(' _')}".strip()
        for i, match in found.items()
    }
    kinds = list(dict.fromkeys(names.values()))
    if len(kinds) != 2 or not all(parse_name(kind).quantity for kind in kinds):
        return []
    places: dict[float, dict[str, int]] = {}
    for i, match in found.items():
        places.setdefault(_parse_frequency(match["number"], match["unit"]), {})[names[i]] = i
    if len(places) < _FEWEST or any(len(held) != 2 for held in places.values()):
        return []
    points = ["\t".join([_HEAD, *kinds])]
    for number, row in enumerate(rows, 1):
        if len(row) != len(head):
            return []
        name = _name_spectrum(row[: min(found)], rows, number)
        points += [
            "\t".join([name, f"{f}", *(row[held[kind]] for kind in kinds)]) for f, held in places.items()
        ]
    return points


def _find_numbered_names(head: Sequence[str]) -> dict[str, list[int]]:
    """Return the places of each quantity whose names are all numbered alike: ``f_1, r_1, i_1, f_2``."""
    found: dict[str, dict[int, int]] = {}
    for place, cell in enumerate(head):
        if len(cell) < _LONGEST_NAME and (match := _NUMBERED.fullmatch(cell)):
            found.setdefault(match["stem"], {})[int(match["number"])] = place
    most = max(map(len, found.values()), default=0)
    alike = {stem: held for stem, held in found.items() if len(held) == most >= _FEWEST}
    named = {_SHORT.get(stem.lower(), stem): [held[n] for n in sorted(held)] for stem, held in alike.items()}
    quantities = {parse_name(stem).quantity for stem in named}
    numbered_alike = len({tuple(sorted(held)) for held in alike.values()}) == 1
    return named if numbered_alike and len(named) == 3 and quantities in _OF_A_POINT else {}


def _find_numbered_points(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return points of rows under numbered names; what stands beside them is repeated at each point."""
    named = _find_numbered_names(head)
    if not named or any(len(row) != len(head) for row in rows) or not _are_shared_frequencies(named, rows):
        return []
    places = list(zip(*named.values(), strict=True))
    others = sorted(set(range(len(head))) - {i for place in places for i in place})
    points = ["\t".join([*named, *(head[i] for i in others)])]
    for row in rows:
        beside = [row[i] for i in others]
        points += ["\t".join([*(row[i] for i in place), *beside]) for place in places if row[place[0]]]
    return points


def _are_shared_frequencies(named: dict[str, list[int]], rows: Sequence[Sequence[str]]) -> bool:
    """Whether frequencies run along the first row and are alike down the rows: no spectra side by side."""
    places = next(held for stem, held in named.items() if parse_name(stem).quantity == "frequency")
    try:
        first = [float(rows[0][i]) for i in places]
        return runs_one_way(np.array(first)) and all(
            abs(float(row[places[0]]) / first[0] - 1) < _ALIKE for row in rows[:2]
        )
    except (ValueError, ZeroDivisionError):
        return False


def _name_spectrum(cells: Sequence[str], rows: Sequence[Sequence[str]], number: int) -> str:
    """Return what the cells before the numbers call a spectrum, numbered where several are."""
    name = " ".join(cells).strip() or f"row {number}"
    alike = sum(1 for row in rows[:200] if list(row[: len(cells)]) == list(cells)) > 1 or len(rows) > 200
    called = f"{name} {number}" if alike else name
    return called if not _PLAIN.match(called) else f"no. {called}"


def _parse_hertz(cell: str) -> float | None:
    match = _HERTZ.fullmatch(cell)
    if match is None or match[1].count(".") > 1 or (match[2] and unit_kind(match[2]) != "frequency"):
        return None
    return _parse_frequency(match[1], match[2])


def _parse_frequency(number: str, unit: str) -> float:
    told = parse_unit(unit)
    return float(number) * (told.scale if told else 1.0)
