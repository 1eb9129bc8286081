"""Files: read as text or JSON, written so that nobody sees half of one; the nearest to a missing one."""

from __future__ import annotations

import math
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from eisfit.errors import EisfitError, did_you_mean

OTHER_CURE = "pip uninstall eisfit, then pip install --force-reinstall --no-deps eisfit-toolkit"
MAX_TEXT = 64 * 2**20  # bytes of a document that is read whole
MAX_DEPTH = 200  # brackets within brackets of JSON: documents of instruments and of eisfit have about ten
_STEPS = {"[": 1, "{": 1, "]": -1, "}": -1}
_BRACKETS = re.compile(r'[\[\]{}]|"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_ENDLESS = re.compile(r"(?<!\d)\d{4301}")
_MOST_PARTS = 4_000_000  # values and brackets of JSON: each takes 32 to 64 bytes and more
_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_LOOKED_AT = 2000  # names of a folder: enough for a hint, and done at once


@cache
def data_folder(name: str) -> Path:
    """Return the folder `name` (``circuits`` or ``example_spectra``) of a checkout or of an installed copy.

    Raises
    ------
    EisfitError
        When neither place has it (a broken installation).
    """
    package = Path(__file__).resolve().parent
    for folder in (package / "_data" / name, package.parent / name):
        if folder.is_dir():
            return folder
    raise EisfitError(f"the folder {name!r} that belongs to eisfit is missing: reinstall eisfit-toolkit")


def is_same_file(one: Path, other: Path) -> bool:
    """Return whether another file is there and holds the same."""
    return other.is_file() and one.read_bytes() == other.read_bytes()


def suggest_file(path: str | os.PathLike[str]) -> str:
    """Return ``"; did you mean 'x'?"`` for the file in the same folder whose name is nearest, or nothing."""
    try:
        if Path(path).is_symlink():
            return f"; it is a link to {Path(path).readlink()}, where nothing is"
        beside = [entry.name for entry in islice(os.scandir(Path(path).parent), _LOOKED_AT)]
    except (OSError, ValueError):
        return ""
    return did_you_mean(Path(path).name, beside)


def read_text(
    path: str | os.PathLike[str],
    failure: type[EisfitError] = EisfitError,
    limit: int = MAX_TEXT,
    encoding: str = "utf-8",
) -> str:
    """Return the text of a file that people write or eisfit wrote, never more than `limit` bytes of it.

    Raises
    ------
    EisfitError
        (or `failure`) When it is missing, no regular file, unreadable, longer than `limit`, or not UTF-8.
    """
    file = Path(path)
    try:
        if os.path.exists(file) and not (
            os.path.isfile(file) or os.path.isdir(file)
        ):  # a pipe would be waited for
            raise failure(f"{path}: cannot be read: not a regular file")
        with file.open("rb") as stream:
            data = stream.read(limit + 1)
    except FileNotFoundError:
        raise failure(f"{path}: there is no such file{suggest_file(path)}") from None
    except (OSError, ValueError) as error:
        raise failure(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(data) > limit:
        raise failure(f"{path}: longer than {limit // 2**10} KiB, the limit for such a file")
    try:
        return data.decode(encoding).replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise failure(f"{path}: is not a UTF-8 text file") from None


def describe_other_package(folder: Path) -> str | None:
    """Return a sentence where another program's package `eisfit` is installed in `folder` too; else None.

    It has the same module and command: whichever came last has overwritten files of the other.
    """
    for found in folder.glob("eisfit-*.dist-info"):
        named = found.name.removesuffix(".dist-info").replace("-", " ")
        return (
            f"another program, {named}, is installed here and shares the module eisfit with this one: "
            f"{OTHER_CURE}"
        )
    return None


def printable_name(name: str) -> str:
    r"""Return a file's name as every table and database takes it: bytes that are no UTF-8 as Latin-1.

    >>> printable_name("Zelle_\udcfc.csv"), printable_name("Zelle_ü.csv")
    ('Zelle_ü.csv', 'Zelle_ü.csv')
    """
    if name.isascii():
        return name
    known = "".join(chr(ord(c) - 0xDC00) if 0xDC80 <= ord(c) <= 0xDCFF else c for c in name)
    return known.encode("utf-8", "replace").decode("utf-8")


def parse_json(text: str, name: str, failure: type[EisfitError] = EisfitError) -> Any:
    """Return the content of JSON text; `name` stands at the start of the message.

    Raises
    ------
    EisfitError
        (or `failure`) When it is not JSON, nested too deeply, or of more values than memory should hold.
    """
    if sum(map(text.count, ",[{")) > _MOST_PARTS:
        raise failure(f"{name}: holds more than {_MOST_PARTS} values, the limit for JSON")
    if count_json_depth(text) > MAX_DEPTH:
        raise failure(f"{name}: is not valid JSON: nested too deeply")
    if has_long_number(text):
        raise failure(f"{name}: is not valid JSON: a number of thousands of digits")
    import json

    try:
        return json.loads(text)
    except ValueError as error:
        raise failure(f"{name}: is not valid JSON: {str(error)[:200]}") from None


def has_long_number(text: str) -> bool:
    """Whether a number has more than 4300 digits; looked for where Python has no limit of its own (3.10.6).

    To read one takes a time that goes with the square of its length.
    """
    return not hasattr(sys, "set_int_max_str_digits") and bool(_ENDLESS.search(text))


def count_json_depth(text: str) -> int:
    r"""Return how deeply the brackets of JSON text are nested, not counting those in strings.

    Python's parser calls itself for every bracket, and in a browser's small stack that ends the interpreter.

    >>> count_json_depth('{"a": [1, {"b": "[[[["}]}'), count_json_depth("7")
    (3, 0)
    """
    depth = deepest = 0
    for found in _BRACKETS.finditer(text):
        step = _STEPS.get(found[0], 0)  # 0: a string
        depth += step
        deepest = max(deepest, depth)
    return deepest


def write_atomic(path: str | os.PathLike[str], content: str | bytes) -> Path:
    """Write `content` to `path` through a temporary file beside it: no half-written file is ever seen.

    Raises
    ------
    EisfitError
        When the folder does not exist or cannot be written.
    """
    # A name of a file that is no UTF-8 holds lone surrogates: written as \udcfc, which JSON reads back.
    data = content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content
    with write_beside(Path(path)) as name:
        name.write_bytes(data)
    return Path(path)


@contextmanager
def write_beside(target: Path) -> Iterator[Path]:
    """Give the name of an empty file beside `target` that takes its name when it is complete.

    Raises
    ------
    EisfitError
        When the folder does not exist or cannot be written.
    """
    import tempfile

    try:
        handle, text = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        os.close(handle)
        name = Path(text)
        try:
            yield name
            name.chmod(0o666 & ~_read_umask())
            name.replace(target)
        finally:  # Ctrl-C too leaves nothing behind
            name.unlink(missing_ok=True)
    except OSError as error:
        raise EisfitError(f"{target}: cannot be written: {error.strerror}") from None


def to_csv(head: Sequence[str], rows: Iterable[Sequence[Any]], delimiter: str = ",") -> str:
    """Return a table as CSV: every table that eisfit writes with names above its columns comes from here.

    >>> print(to_csv(["file", "R", "ok"], [["a,b.csv", 0.1, True], ["=HYPERLINK(1)", math.nan, None]]))
    file,R,ok
    "a,b.csv",0.1,true
    '=HYPERLINK(1),,
    <BLANKLINE>
    """
    import csv
    import io

    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=delimiter, lineterminator="\n")
    writer.writerows([disarm_cell(format_cell(cell)) for cell in row] for row in (head, *rows))
    return stream.getvalue()


def format_cell(value: Any) -> str:
    """Return what stands in a cell as it stands in JSON: exact numbers with a decimal point; empty: unknown.

    >>> [format_cell(value) for value in (0.1 + 0.2, math.inf, None, False, "R_ct")]
    ['0.30000000000000004', '', '', 'false', 'R_ct']
    """
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def disarm_cell(text: str) -> str:
    """Return a cell of a CSV table such that no spreadsheet program runs it as a formula.

    Text that begins with ``= + - @``, a tab or a carriage return gets an apostrophe in front, numbers do not
    (OWASP, "CSV Injection").

    >>> disarm_cell("=HYPERLINK(1)"), disarm_cell("-0.5"), disarm_cell("a.csv")
    ("'=HYPERLINK(1)", '-0.5', 'a.csv')
    """
    if not text.startswith(_STARTS_A_FORMULA):
        return text
    try:
        float(text)
    except ValueError:
        return f"'{text}"
    return text


def to_json(document: Any) -> str:
    """Return strict JSON, indented; NaN and infinity become null, because JSON has no word for them."""
    import json

    return json.dumps(to_json_ready(document), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def write_json(path: str | os.PathLike[str], document: Any) -> Path:
    """Write `document` as JSON (see `to_json`) atomically."""
    return write_atomic(path, to_json(document))


def _read_umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def to_json_ready(value: Any) -> Any:
    """Return a document with None for what is NaN or infinite, and lists for arrays."""
    if isinstance(value, dict):
        return {str(key): to_json_ready(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json_ready(item) for item in value]
    if hasattr(value, "tolist"):
        return to_json_ready(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
