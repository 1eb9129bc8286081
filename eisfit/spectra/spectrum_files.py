"""Which files a folder, a glob or a list means, which of them can hold a spectrum, and their order."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable
from itertools import islice
from os import PathLike
from pathlib import Path

from eisfit.errors import ReadError

#: Files that lie beside spectra and hold none.
_OTHER_SUFFIXES = (
    "toml json md rst png jpg jpeg svg pdf gif tif py ipynb pyc yaml yml ini cfg log html htm xml doc "
    "docx ppt pptx zip tar gz bz2 7z mps mpl mgr lock tex bib sh bat exe dll isfx pkl sqlite sqlite3"
)
_OTHER = frozenset(f".{suffix}" for suffix in _OTHER_SUFFIXES.split())
_ABOUT = frozenset({"readme", "license", "licence", "copying", "citation", "changelog", "authors", "notice"})
#: Columns that tables of fits have, those that eisfit writes among them, and no spectrum has.
_OF_RESULTS = frozenset({"redchi", "chisqr", "flags"})
_DATABASE, _BESIDE_ONE = b"SQLite format 3\0", ("-wal", "-shm", "-journal")
#: How the note begins on folders that are left out.
NOT_READ = "the folders in it were not read"
_HEAD, _TAIL = 400, 2**16  # bytes
_LOOKED_AT = 200  # files of a folder that is not read


def find_files(
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
        return _list_folder(path)
    if not os.path.exists(path) and glob.has_magic(str(source)):
        matches = _find_matches(str(source)) or _find_matches(str(source).replace("[", "[[]"))
        files = sort_naturally(map(Path, matches))
        if not files:
            raise ReadError(f"{source}: no file matches")
        single = [f for f in files if f.is_file()]
        inside = (
            [f for folder in files if folder.is_dir() for f in _list_folder(folder)[0]] if not single else []
        )
        return single or inside, str(source), []
    return [path], path.stem, []


def _find_matches(pattern: str) -> list[str]:
    """Return what a glob finds; names with brackets are found by one in which these stand for themselves."""
    return glob.glob(pattern, recursive=True)  # noqa: PTH207


def _list_folder(path: Path) -> tuple[list[Path], str, list[str]]:
    try:
        files = sort_naturally(_drop_others([f for f in path.iterdir() if not is_hidden(f)]))
        if files:
            return files, path.name, _note_folders(path)
        deeper = list_below(path)
    except OSError as error:
        raise ReadError(f"{path}: cannot be read: {error.strerror}") from None
    if not deeper:
        raise ReadError(f"{path}: the folder is empty")
    return deeper, path.name, ["the folder has no files itself: its subfolders were read"]


def _note_folders(folder: Path) -> list[str]:
    """Return a note on the folders in a folder that are not read, because it has files itself."""
    names = [name for name in list_folders(folder) if _seems_to_hold_spectra(folder / name)]
    shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
    return [f"{NOT_READ}: {shown}; name those that belong to it too"] if names else []


def _seems_to_hold_spectra(folder: Path) -> bool:
    """Return whether one of the first files of a folder, or of those in it, may hold spectra."""
    inside = (Path(name, one) for name, _, files in os.walk(folder) for one in files)
    return any(may_hold_spectra(path) for path in islice(inside, _LOOKED_AT) if not is_hidden(path))


def list_below(folder: Path) -> list[Path]:
    """Return the files of a folder and of all folders in it, linked ones too, but for the hidden ones.

    A folder that cannot be looked into stands among them in the place of its files: who reads it says why.
    """
    found, refused, seen = list[Path](), list[OSError](), set[str]()
    for name, folders, files in os.walk(folder, followlinks=True, onerror=refused.append):
        place = os.path.realpath(name)
        if place in seen:  # a link to a folder around it would have no end
            folders.clear()
            continue
        seen.add(place)
        folders[:] = sorted(one for one in folders if not one.startswith("."))
        found += [Path(name, one) for one in files if not one.startswith(".")]
    return sort_naturally([*_drop_others(found), *(Path(error.filename) for error in refused)])


def _drop_others(paths: list[Path]) -> list[Path]:
    """Return what may be read: no pipes, and no links to files that are there too and would count twice."""
    links = {path for path in paths if path.is_symlink()}
    there = {os.path.realpath(path) for path in paths if path not in links} if links else set[str]()
    twice = {path for path in links if os.path.realpath(path) in there}
    return [path for path in paths if path not in twice and _may_be_read(path)]


def _may_be_read(path: Path) -> bool:
    """Return whether this is a file, or one of which only who reads it can say what is wrong."""
    try:
        return path.is_file() or (path.is_symlink() and not path.exists())
    except OSError:
        return True


def is_hidden_below(path: Path, folder: Path) -> bool:
    """Return whether a file, or a folder on the way to it from another one, is hidden."""
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def is_hidden(path: Path) -> bool:
    """Return whether a file or folder is one that nobody means who names the folder around it."""
    return path.name.startswith(".")


def list_folders(source: str | PathLike[str]) -> list[str]:
    """Return the names of the folders in a folder, none where it is no folder."""
    folder = Path(source)
    inside = sort_naturally(folder.iterdir()) if os.path.isdir(folder) else []
    return [f.name for f in inside if f.is_dir() and not is_hidden(f)]


def leave_out_others(files: list[Path], *, meant: bool = True) -> tuple[list[Path], list[str]]:
    """Return the files that may hold spectra, and a note on the others; one alone, if named, is `meant`."""
    if len(files) == 1 and meant:
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
    return suffix not in _OTHER and not path.name.endswith(_BESIDE_ONE) and not _is_of_results(path, suffix)


def _is_of_results(path: Path, suffix: str) -> bool:
    """Return whether a file has the results of fits, in a form that eisfit writes: table, lines or store."""
    if suffix not in ("", ".csv", ".tsv", ".jsonl", ".parquet", ".db"):
        return False
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
            file.seek(max(0, path.stat().st_size - _TAIL) if suffix == ".parquet" else 0)
            tail = file.read(_TAIL) if suffix == ".parquet" else b""
    except OSError:
        return False  # the reader says why it cannot be read
    if suffix in (".csv", ".tsv"):
        first = head.partition(b"\n")[0].decode("utf-8", errors="replace")
        return bool(_OF_RESULTS & {word.strip().lower() for word in re.split(r"[,;\t]", first)})
    return head.startswith((_DATABASE, b'{"spectrum": {"source": ')) or b"redchi" in tail


def sort_naturally(paths: Iterable[Path]) -> list[Path]:
    """Sort so that 2 comes before 10.

    >>> [path.name for path in sort_naturally([Path("c10"), Path("c2")])]
    ['c2', 'c10']
    """
    return sorted(
        paths,
        key=lambda p: [(int(c), "") if c.isascii() and c.isdigit() else (-1, c) for c in _split_digits(p)],
    )


def _split_digits(path: Path) -> list[str]:
    return [piece for piece in re.split(r"([0-9]+)", str(path).lower()) if piece]
