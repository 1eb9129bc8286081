"""Headers parted by commas that end with whose the rows are: ``Frequency /Hz, Z_r, Z_im, cycle :0001``."""

from __future__ import annotations

from collections.abc import Sequence

from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.tables.header_names import are_spectrum_names
from eisfit.spectra.readers.tables.numbers import Style, parse_row

_TITLED = regex(
    r"\s*([^\W\d][^:;\t]*,[^:;\t]*?)\s*[,;]\s*([^\W\d][\w ]{0,20}?)\s*[:=]\s*([^\s,;][^,;\t]{0,40})"
)
MOST_LINES = 20_000  # it is looked for where a table was refused: more would take long
_LONGEST = 200  # characters


def part_titled_headers(lines: Sequence[str]) -> list[str]:
    r"""Return the lines with each such header as a title and names parted by tabs; none where there is none.

    >>> part_titled_headers(["Frequency /Hz, Z_r, Z_im, cycle :0001", "1E5\t12\t-3"])
    ['cycle: 0001', 'Frequency /Hz\tZ_r\tZ_im', '1E5\t12\t-3']
    """
    found: list[str] = []
    if len(lines) > MOST_LINES:
        return found
    for line, below in zip(lines, [*lines[1:], ""], strict=True):
        found += _split_title(line, below) or [line]
    return found if len(found) > len(lines) else []


def _split_title(line: str, below: str) -> list[str]:
    """Return the title and the names of a header over a row of as many numbers; else none."""
    match = _TITLED.fullmatch(line.rstrip()) if "," in line and len(line) < _LONGEST else None
    if match is None:
        return []
    names = [name.strip() for name in match[1].split(",")]
    numbers = parse_row(below, Style(" ", ".")) or parse_row(below, Style(" ", ","))
    if not numbers or len(numbers) != len(names):
        return []
    return [f"{match[2]}: {match[3]}", "\t".join(names)] if are_spectrum_names(names) else []
