"""Which files of a folder can hold a spectrum, and in which order they come."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

#: Files that lie beside spectra and hold none.
_OTHER_SUFFIXES = (
    "toml json md rst png jpg jpeg svg pdf gif tif py ipynb pyc yaml yml ini cfg log html htm xml doc "
    "docx ppt pptx zip tar gz bz2 7z mps mpl mgr lock tex bib sh bat exe dll isfx pkl"
)
_OTHER = frozenset(f".{suffix}" for suffix in _OTHER_SUFFIXES.split())
#: Columns that tables of fits have, those that eisfit writes among them, and no spectrum has.
_OF_RESULTS = frozenset({"redchi", "chisqr", "flags"})
_HEAD = 400  # bytes


def may_hold_spectra(path: Path) -> bool:
    """Return whether a file that was found in a folder may be meant: neither by its name nor a table of fits.

    >>> [may_hold_spectra(Path(name)) for name in ("notes.pdf", "cell.mpt", "cell.csv.gz", "all.tar.gz")]
    [False, True, True, False]
    """
    suffix = path.suffix.lower()
    if suffix == ".gz" and Path(path.stem).suffix:  # cell.csv.gz
        suffix = Path(path.stem).suffix.lower()
    return suffix not in _OTHER and not (suffix in (".csv", ".tsv") and _is_table_of_fits(path))


def _is_table_of_fits(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            first = file.readline(_HEAD).decode("utf-8", errors="replace")
    except OSError:
        return False  # the reader says why it cannot be read
    return bool(_OF_RESULTS & {word.strip().lower() for word in re.split(r"[,;\t]", first)})


def natural(paths: Iterable[Path]) -> list[Path]:
    """Sort so that 2 comes before 10.

    >>> [path.name for path in natural([Path("c10"), Path("c2")])]
    ['c2', 'c10']
    """
    return sorted(
        paths, key=lambda p: [(int(c), "") if c.isascii() and c.isdigit() else (-1, c) for c in _pieces(p)]
    )


def _pieces(path: Path) -> list[str]:
    return [piece for piece in re.split(r"([0-9]+)", str(path).lower()) if piece]
