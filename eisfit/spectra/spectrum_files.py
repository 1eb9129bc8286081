"""Which files a folder, a glob or a list means, which of them can hold a spectrum, and their order."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable
from os import PathLike
from pathlib import Path

from eisfit.errors import ReadError

#: Files that lie beside spectra and hold none.
_OTHER_SUFFIXES = (
    "toml json md rst png jpg jpeg svg pdf gif tif py ipynb pyc yaml yml ini cfg log html htm xml doc "
    "docx ppt pptx zip tar gz bz2 7z mps mpl mgr lock tex bib sh bat exe dll isfx pkl"
)
_OTHER = frozenset(f".{suffix}" for suffix in _OTHER_SUFFIXES.split())
_ABOUT = frozenset({"readme", "license", "licence", "copying", "citation", "changelog", "authors", "notice"})
#: Columns that tables of fits have, those that eisfit writes among them, and no spectrum has.
_OF_RESULTS = frozenset({"redchi", "chisqr", "flags"})
_HEAD = 400  # bytes


def files_of(
    source: str | PathLike[str] | Iterable[str | PathLike[str]],
) -> tuple[list[Path], str, list[str]]:
    """Return the files that are meant, in their natural order; what they are called; what to know of them.

    A folder means the files in it, or where it has none those of all folders in it; a glob that matches
    folders alone means their files.

    Raises
    ------
    ReadError
        For a folder without files, and a glob that nothing matches.
    """
    if not isinstance(source, (str, PathLike)):
        return [Path(item) for item in source], "", []
    path = Path(source)
    if os.path.isdir(path):
        return _folder(path)
    if not os.path.exists(path) and glob.has_magic(str(source)):
        files = natural(Path(name) for name in glob.glob(str(source), recursive=True))  # noqa: PTH207
        if not files:
            raise ReadError(f"{source}: no file matches")
        single = [f for f in files if f.is_file()]
        inside = [f for folder in files if folder.is_dir() for f in _folder(folder)[0]] if not single else []
        return single or inside, str(source), []
    return [path], path.stem, []


def _folder(path: Path) -> tuple[list[Path], str, list[str]]:
    try:
        files = natural(f for f in path.iterdir() if f.is_file() and not is_hidden(f))
        if files:
            return files, path.name, []
        deeper = files_below(path)
    except OSError as error:
        raise ReadError(f"{path}: cannot be read: {error.strerror}") from None
    if not deeper:
        raise ReadError(f"{path}: the folder is empty")
    return deeper, path.name, ["the folder has no files itself: its subfolders were read"]


def files_below(folder: Path) -> list[Path]:
    """Return the files of a folder and of all folders in it, but for the hidden (`.ipynb_checkpoints`)."""
    return natural(f for f in folder.rglob("*") if f.is_file() and not is_hidden_below(f, folder))


def is_hidden_below(path: Path, folder: Path) -> bool:
    """Return whether a file, or a folder on the way to it from another one, is hidden."""
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def is_hidden(path: Path) -> bool:
    """Return whether a file or folder is one that nobody means who names the folder around it."""
    return path.name.startswith(".")


def folders_of(source: str | PathLike[str]) -> list[str]:
    """Return the names of the folders in a folder, none where it is no folder."""
    folder = Path(source)
    inside = natural(folder.iterdir()) if os.path.isdir(folder) else []
    return [f.name for f in inside if f.is_dir() and not is_hidden(f)]


def leave_out_others(files: list[Path]) -> tuple[list[Path], list[str]]:
    """Return the files that may hold spectra, and a note on the others; one alone is what was meant."""
    if len(files) == 1:
        return files, []
    wanted = {f: may_hold_spectra(f) for f in files}
    kept, other = ([f for f in files if wanted[f] is yes] for yes in (True, False))
    if not other:
        return kept, []
    names = ", ".join(f.name for f in other[:5]) + (", ..." if len(other) > 5 else "")
    what = "1 file that holds" if len(other) == 1 else f"{len(other)} files that hold"
    return kept, [f"skipped {what} no spectra: {names}"]


def may_hold_spectra(path: Path) -> bool:
    """Return whether a file that was found in a folder may be meant: neither by its name nor a table of fits.

    >>> [may_hold_spectra(Path(name)) for name in ("LICENSE", "cell.mpt", "cell.csv.gz", "all.tar.gz")]
    [False, True, True, False]
    """
    suffix = path.suffix.lower()
    if suffix == ".gz" and Path(path.stem).suffix:  # cell.csv.gz
        suffix = Path(path.stem).suffix.lower()
    if suffix in ("", ".txt") and path.stem.lower() in _ABOUT:
        return False
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
