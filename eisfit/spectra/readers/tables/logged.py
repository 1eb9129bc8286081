"""Lines of a log that name their numbers: ``10:00 INFO f=1000.0 Hz, |Z| = 2.5 kOhm, phase: -3 deg``."""

from __future__ import annotations

from collections.abc import Sequence

from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.names.cell_units import tabulate
from eisfit.spectra.readers.names.columns import parse_name
from eisfit.spectra.readers.tables.header_names import WANTED
from eisfit.spectra.readers.tables.plain_signs import REAL

_UNIT = r"[ ]?((?:[munkMGµμ]?(?:[oO]hms?|OHMS?|Ω|Ω|Hz|S|F))|deg(?:rees)?|°|m?rad)?(?![^\W_])"
#: A name, and a number or the two of a complex number, which stand with a gap between by now.
_NAMED = regex(rf"(\|?[^\W\d][^=:;,\t\d]{{0,30}}?)\s*[=:]\s*\(?({REAL})(?:\s+({REAL})(?=[)\s]*$))?{_UNIT}")
_LONGEST = 400
_FEWEST_ROWS = 3
_FEWEST_NAMES = 3  # of a point: a frequency and two parts


def tabulate_named_lines(lines: Sequence[str]) -> list[str]:
    r"""Return a table of the numbers that lines name alike; none where they name no impedance.

    >>> tabulate_named_lines([f"[10:00] f={f} Hz Zre=2 kOhm Zim=-1 kOhm" for f in (1, 2, 3)])[:2]
    ['f [Hz]\tZre [kOhm]\tZim [kOhm]', '1\t2\t-1']
    """
    rows = [cells for line in lines if len(cells := _parse_line(line)) > 1]
    heads = {tuple(name for name, _, _ in cells) for cells in rows}
    if len(rows) < _FEWEST_ROWS or len(heads) != 1:
        return []  # a point that lacks a number is none to leave out in silence
    (names,) = heads
    quantities = {parse_name(name).quantity for name in names}
    if len(set(names)) < max(len(names), _FEWEST_NAMES) or "frequency" not in quantities:
        return []
    return tabulate(names, rows)


def _parse_line(line: str) -> list[tuple[str, str, str]]:
    """Return (name, number, unit) of what a line names and is known."""
    if len(line) > _LONGEST or not ("=" in line or ":" in line):
        return []
    found = []
    for match in _NAMED.finditer(line):
        name = _find_known(match[1])
        if name and match[3] and parse_name(name).quantity == "modulus":
            found += [("Z_real", match[2], match[4] or ""), ("Z_imag", match[3], match[4] or "")]
        elif name:
            found.append((name, match[2], match[4] or ""))
    return found


def _find_known(text: str) -> str:
    """Return the end of a text that names a quantity; empty where none does."""
    words = text.split()
    ends = (" ".join(words[start:]).lstrip("[(") for start in range(len(words)))
    return next((end for end in ends if parse_name(end).quantity in {*WANTED, "imag_size"}), "")
