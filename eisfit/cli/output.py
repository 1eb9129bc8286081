"""Printing and writing: a table for eyes, or one JSON document; errors in one sentence."""

from __future__ import annotations

import functools
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from eisfit.cli.all_commands import Remarks, current, report_assumed, say
from eisfit.cli.command import Exit, echo
from eisfit.display import FIGURES
from eisfit.display.progress import count_items
from eisfit.errors import EisfitError, UsageError
from eisfit.files import read_text, to_csv, to_json, write_atomic

#: Endings of files, which the name of a folder would not have.
_FILES = (
    *(".csv", ".tsv", ".txt", ".json", ".jsonl", ".md", ".tex", ".html", ".htm"),
    *(".xlsx", ".xls", ".parquet", ".jpg", ".jpeg", ".tif"),
)
_CAPTION = re.compile(r"\*\*(.+?)\*\* ")
_LONGEST_STEM = 60  # characters: what follows must fit into the 255 bytes of a name too

P = ParamSpec("P")
T = TypeVar("T")


def guard(command: Callable[P, int | None]) -> Callable[P, None]:
    """Turn eisfit's errors into one sentence on standard error and the exit code: 2 wrong usage, 1 failed."""

    @functools.wraps(command)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> None:
        current.unwritten.clear()
        current.assumed = Remarks()
        try:
            code = command(*args, **kwargs) or 0
            report_assumed()
            for error in current.unwritten:
                code = _print_error(error, 1)
        except UsageError as error:
            code = _print_error(error, 2)
        except EisfitError as error:
            code = _print_error(error, 1)
        if code:
            raise Exit(code)

    return wrapper


def _print_error(error: Exception, code: int) -> int:
    echo(f"eisfit: {error}", err=True)
    return code


def format_frame(frame: Any, *, index: bool = True) -> str:
    """Return a pandas frame as CSV; several names in a cell stand one after the other."""
    head = [frame.index.name or "", *frame.columns] if index else list(frame.columns)
    return to_csv(head, [[_join(value) for value in row] for row in frame.itertuples(index=index, name=None)])


def _join(value: Any) -> Any:
    return " ".join(dict.fromkeys(value)) if isinstance(value, list) else value


def print_json(document: Any) -> None:
    """Print one JSON document, or the table that ``--format`` asks for instead."""
    if current.form == "json":
        echo(to_json(document), nl=False)
        return
    if current.form.startswith("paper-"):
        from eisfit.display.report.paper import paper_table

        echo(paper_table(document, current.form.removeprefix("paper-")), nl=False)
        return
    from eisfit.display.report.flat_tables import make_flat_table

    echo(make_flat_table(document, current.form), nl=False)


def print_text(text: str) -> None:
    """Print text, with a line end where it has none."""
    echo(text.rstrip("\n"))


def get_width() -> int:
    """Return the columns of the terminal; wide where the output is not one, so that tables stay whole."""
    if not sys.stdout.isatty():
        return int(os.environ.get("COLUMNS", "160"))
    import shutil

    return shutil.get_terminal_size((100, 24)).columns


class Folder:
    """A folder for results: its figures have one form, and their captions stand in one file.

    Attributes
    ----------
    path
        The folder.
    form
        Of figures: ``png``, ``svg`` or ``pdf``.
    """

    def __init__(self, path: Path, form: str) -> None:
        self.path, self.form = path, form
        self.drawn: dict[str, str] = {}
        self.main: list[str] = []

    def save(self, figure: Any, name: str, kind: str, document: Any, *, beside: bool = False) -> None:
        """Write a figure under a name without ending, with the caption of its kind.

        `beside`: it accompanies the figure that the command is asked for.
        """
        from eisfit.display import plot
        from eisfit.display.report.captions import caption

        whole = f"{name}.{self.form}"
        plot.save(figure, self.path / whole)
        self.drawn[whole] = caption(kind, document)
        if not beside:
            self.main.append(whole)

    def write_captions(self) -> None:
        """Write the captions of all figures into one file, which keeps those of other commands' figures."""
        if self.drawn:
            path = self.path / "captions.md"
            lines = [f"**{name}** {caption}\n" for name, caption in self.drawn.items()]
            write_atomic(path, "\n".join([*self._find_others(path), *lines]))

    def _find_others(self, path: Path) -> list[str]:
        """Return the captions there of figures that are in the folder and were not drawn now."""
        if not path.is_file():
            return []
        named = {line: found[1] for line in read_text(path).splitlines() if (found := _CAPTION.match(line))}
        left = {line: name for line, name in named.items() if name not in self.drawn}
        return [f"{line}\n" for line, name in left.items() if (self.path / name).is_file()]


def write_results(output: Path, form: str, columns: int, write: Callable[[Folder], None]) -> None:
    """Let `write` put results into the folder `output`, or its one figure into the file of that name.

    Raises
    ------
    UsageError
        When a file is named for several figures, or for none.
    """
    from eisfit.display import plot

    with plot.paper(columns):
        if not is_figure(output):
            target = Folder(make_folder(output), form)
            write(target)
            target.write_captions()
            return
        import tempfile

        with tempfile.TemporaryDirectory() as hidden:
            target = Folder(Path(hidden), output.suffix.lower()[1:])
            write(target)
            if len(target.main) != 1:
                number = len(target.main)
                raise UsageError(f"--output {output}: names one file for {number} figures: name a folder")
            write_atomic(output, (target.path / target.main[0]).read_bytes())
    say(f"{output}: {target.drawn[target.main[0]]}")


def is_figure(path: Path) -> bool:
    """Return whether a name is that of a figure's file."""
    return path.suffix.lower().removeprefix(".") in FIGURES and not os.path.isdir(path)


def check_output(path: Path | None) -> None:
    """Raise UsageError before the work begins, where a folder could not be made or written.

    Raises
    ------
    UsageError
        When something else than a folder stands there, nothing can be written, or standard output is meant.
    """
    if path is None:
        return
    if str(path) == "-":
        raise UsageError(
            "--output -: takes a folder; for standard output use --json where the command has it"
        )
    path = path.absolute().parent if is_figure(path) else path
    if path.suffix.lower() in _FILES and not os.path.exists(path):
        raise UsageError(
            f"--output {path}: names a folder, for tables and figures, or a figure ({', '.join(FIGURES)}); "
            "a table alone is what --format csv (tsv, json, md) prints: --format csv > table.csv"
        )
    place = next(one for one in (path.absolute(), *path.absolute().parents) if os.path.exists(one))
    if not os.path.isdir(place):
        make_folder(path)
    import tempfile

    try:
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        raise UsageError(f"--output {path}: nothing can be written there: {error.strerror}") from None


def check_not_read(paths: Iterable[Path], sources: Iterable[str], option: str) -> None:
    """Raise UsageError where a result would be written over a file that is read.

    Raises
    ------
    UsageError
        Naming the file.
    """
    read = {os.path.realpath(source) for source in sources}
    for path in paths:
        if os.path.realpath(path) in read:
            raise UsageError(f"{option}: would write over {path}, which is read: name another place")


def make_folder(path: Path, option: str = "--output") -> Path:
    """Return the folder that an option names, made where it is missing.

    Raises
    ------
    UsageError
        When it cannot be made, for instance because a file of that name exists.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{option} {path}: cannot be made a folder: {error.strerror}") from None
    return path


def make_stem(name: str, taken: set[str]) -> str:
    """Return a file name without extension for a spectrum, different from those `taken`.

    >>> seen = set()
    >>> make_stem("cell A.mpt", seen), make_stem("cell A.csv", seen), make_stem("0.5 V", seen)
    ('cell_A', 'cell_A-2', '0.5_V')
    """
    bare = re.sub(r"\.[A-Za-z]\w{0,4}(?=$|[#_])", "", name)
    base = re.sub(r"[^\w.\-]+", "_", bare).strip("._")[:_LONGEST_STEM] or "spectrum"
    unique, count = base, 2
    while unique in taken:
        unique, count = f"{base}-{count}", count + 1
    taken.add(unique)
    return unique


def track_progress(items: Iterable[T], what: str, total: int) -> Iterator[T]:
    """Yield the items, with a bar on standard error where that is a terminal."""
    return count_items(items, what, total, progress=shows_progress())


def shows_progress() -> bool:
    """Return whether progress is to be shown: standard error is a terminal."""
    return sys.stderr.isatty() and not current.quiet
