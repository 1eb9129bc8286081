"""The file as every reader sees it: its bytes, its name and, where it is text, its lines; with limits."""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Iterable
from dataclasses import field, replace
from functools import cache, cached_property
from itertools import islice
from pathlib import Path

import numpy as np

from eisfit.errors import ReadError
from eisfit.files import printable_name, suggest_file
from eisfit.records import dataclass
from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.reading import Reading

MAX_BYTES = 128 * 2**20
MAX_LINE = 2**17
MAX_ROWS = 1_000_000
MAX_SWEEPS = 10_000
MAX_CELLS = 8_000_000  # as text a cell takes 60 bytes
_MOST_WORDS, _LONGEST_WORDS = 300, 200  # lines beside a table, characters of one
_HEAD = 1024  # bytes
_BLOCK = 2**24  # bytes looked at in one go

_BOMS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_FOREIGN = (
    (b"PK\x03\x04", "a ZIP archive or office document"),
    (b"\x1f\x8b", "a gzip archive of several files, or a damaged one"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"SQLite format 3\0", "a database, such as `eisfit batch --store` writes (--export writes tables)"),
    (b"{\\rtf", "a document of a word processor (.rtf)"),
    (b"%!PS", "a PostScript document"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file (.xls, .doc)"),
)
#: Encodings of old programs, and words that tell them: frequency, real part, impedance, Hz.
_EASTERN = (
    ("euc_jp", "周波数 実部 実数部 インピーダンス"),  # before gb18030, in which Ω has the same bytes
    ("gb18030", "频率 頻率 实部 實部 阻抗 Ω θ"),
    ("cp932", "周波数 実部 実数部 インピーダンス Ω θ"),
    ("cp949", "주파수 실수 임피던스 Ω"),
    ("big5", "頻率 實部 阻抗"),
    ("cp1251", "астота Гц"),
    ("cp1250", "ęstotliwość zęść část Část"),
    ("iso8859-2", "ęstotliwość zęść"),
    ("cp1254", "kısım açı"),
    ("koi8-r", "астота Гц"),
    ("cp1253", "(Ω) [Ω] /Ω kΩ mΩ MΩ"),
    ("mac-roman", "(Ω) [Ω] /Ω kΩ mΩ MΩ"),
    ("cp437", "(Ω) [Ω] (kΩ) [kΩ] (mΩ) [mΩ] (MΩ) [MΩ]"),
)
#: Wide letters and marks, as Chinese and Japanese keyboards type them, and characters without a width.
_WIDE = regex("[\uff01-\uff5e\u3000\u200b-\u200d\u2060]")
#: Origin's rich text, as in ``\\g(W)``: Greek, italic, bold, below and above the line.
_ORIGIN = regex(r"\\([gGiIbB+-])\(([^()]*)\)")
_GREEK = str.maketrans("WwqfmpsDdtn", "ΩωθφµπσΔδτν")
#: What pages write for Ω, a prime, ...
_ENTITY = regex(r"&(?:Omega|prime|Prime|deg|micro|mu|minus|nbsp|theta|phi|#\d{2,5}|#x[\da-fA-F]{2,4});")
_ANNEX = re.compile(rb"[./]*(?:\.git)?/?annex/objects/[^\n]{1,300}\s*$")
_LFS = b"version https://git-lfs.github.com/spec/"
_GZIP = b"\x1f\x8b"
_CONFLICT = re.compile(rb"^<{7}[ \r\n][^\0]*?^={7}\r?\n[^\0]*?^>{7}[ \r\n]", re.MULTILINE)
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\x0b\x0c\x1a\x1b"))


_AS_IT_IS = Reading()


def quote(text: str, most: int = 60) -> str:
    """Return words of a file in quotes, as notes and errors show them: cut ones end in an ellipsis.

    >>> quote("  mean of 3 "), quote("formula without a stored value", 12)
    ("'mean of 3'", "'formula with...'")
    """
    return repr(shorten(text, most))


def shorten(text: str, most: int = 60) -> str:
    """Return words of a file, cut ones with an ellipsis."""
    text = text.strip()
    return text if len(text) <= most else f"{text[:most].rstrip()}..."


@dataclass(frozen=True)
class File:
    """One file's content.

    Parameters
    ----------
    name
        Path as the user gave it; every message starts with it.
    data
        The bytes.
    reading
        What the user says of it.
    beside
        Lines of words that stand beside its table elsewhere in a container: attributes, other sheets.
    angles
        Units in which phases without one have been proved to be so far: a program writes all of them alike.
    """

    name: str
    data: bytes
    reading: Reading = Reading()
    beside: tuple[str, ...] = ()
    angles: list[str] = field(default_factory=list, compare=False)

    @cached_property
    def suffix(self) -> str:
        """Extension in lower case, with its dot; of a compressed file that of the file within."""
        return Path(self.name.lower().removesuffix(".gz")).suffix

    @property
    def stem(self) -> str:
        """Name without folder and extension."""
        return Path(self.name).stem

    @cached_property
    def encoding(self) -> str | None:
        """Encoding of the text; None where the file is not text."""
        for mark, name in _BOMS:
            if self.data.startswith(mark):
                return name if _can_decode(self.data, name) else None
        wide = _find_unmarked_utf16(self.data)
        if wide is not None:
            return wide
        data = self.data.rstrip(b"\0")  # a computer that stopped leaves zeros where the last lines were
        if _is_binary(data):
            return None
        if _can_decode(data, "utf-8"):
            return "utf-8"
        return next((name for name, words in _EASTERN if _has_text(data, name, words)), "latin-1")

    @cached_property
    def text(self) -> str:
        """The decoded text, all line ends alike; empty where the file is not text."""
        text = "" if self.encoding is None else self.data.decode(self.encoding)
        text = text.rstrip("\0")
        text = _ENTITY.sub(_unescape, text) if "&" in text else text
        text = text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
        text = _ORIGIN.sub(_strip_rich_text, text) if "\\g(" in text else text
        return text if text.isascii() or not _WIDE.search(text) else _WIDE.sub(_narrow_character, text)

    @cached_property
    def lines(self) -> list[str]:
        """Lines of the text without their ends.

        Raises
        ------
        ReadError
            When a line is longer than `MAX_LINE` characters.
        """
        ends = self.data.count(b"\n") + self.data.count(b"\r")
        if ends > 2 * MAX_ROWS:  # before they are made: a line takes 50 bytes and more
            raise self.error(f"more than {MAX_ROWS} lines")
        if _count_cells(self.data) > MAX_CELLS:
            raise self.error(f"more than {MAX_CELLS} cells, the limit for a spectrum file")
        lines = self.text.split("\n")
        longest = max(map(len, lines), default=0)
        if longest > MAX_LINE:
            raise self.error(f"a line of {longest} characters is no table (limit {MAX_LINE})")
        return lines

    @cached_property
    def head(self) -> str:
        """The first 4096 characters."""
        return self.text[:4096]

    def with_words(self, words: Iterable[str]) -> File:
        """Return the file with lines of words that stand beside its table."""
        told = (word for word in words if len(word) < _LONGEST_WORDS)
        beside = (*self.beside, *islice(told, _MOST_WORDS))
        return replace(self, beside=beside)

    def with_lines(self, lines: Iterable[str]) -> File:
        """Return the file as it would be if it held these lines, each of them whole."""
        return replace(self, data="".join(f"{line}\n" for line in lines).encode())

    def limit(self, *, rows: int = 0, cells: int = 0, unpacked: int = 0) -> None:
        """Refuse more rows, cells or unpacked bytes than a spectrum's file may have."""
        if rows > MAX_ROWS:
            raise self.error(f"more than {MAX_ROWS} rows")
        if cells > MAX_CELLS:
            raise self.error(f"more than {MAX_CELLS} cells")
        if unpacked > MAX_BYTES:
            raise self.error(f"unpacks to more than {MAX_BYTES // 2**20} MiB")

    def reason(self, error: ReadError) -> str:
        """Return what an error says without the file's name."""
        return str(error).removeprefix(f"{self.name}: ")

    def error(self, message: str) -> ReadError:
        """Return a `ReadError` that starts with the file's name; a library's words may have several lines."""
        return ReadError(f"{self.name}: {' '.join(message.split())}")

    def encoding_notes(self) -> list[str]:
        """Return the sentence about the encoding, where it is worth saying."""
        notes = [] if self.encoding in (None, "utf-8") else [f"encoding {self.encoding}"]
        if self.data.endswith(b"\0") and not str(self.encoding).startswith("utf-16"):
            notes.append("the file ends in zero bytes: lines that the computer no longer wrote are missing")
        return notes

    def foreign(self) -> str | None:
        """Return what the file is by its first bytes, where it is certainly no spectrum."""
        if b"%PDF-" in self.data[:_HEAD]:  # some write a line before it
            return "a PDF document"
        return next((what for magic, what in _FOREIGN if self.data.startswith(magic)), None)


def load_file(path: str | Path, reading: Reading = _AS_IT_IS) -> File:
    """Read the file at `path` (`-`: standard input).

    Raises
    ------
    ReadError
        When it is missing, a folder, unreadable, empty or larger than `MAX_BYTES`.
    """
    name = printable_name(str(path))
    if name == "-":
        return check_file(File("<stdin>", sys.stdin.buffer.read(MAX_BYTES + 1), reading))
    return check_file(File(name, _read_bytes(Path(path), name), reading))


def check_file(file: File) -> File:
    """Return `file`, what a gzip archive holds; refuse an empty or too large one."""
    file = _decompress(file) if file.data.startswith(_GZIP) else file
    if not file.data.strip():
        raise file.error("the file is empty")
    if file.data.startswith(_LFS):
        raise file.error("is a Git LFS pointer, its content was not downloaded: run git lfs pull")
    if _ANNEX.match(file.data):
        raise file.error("is a git-annex pointer, its content was not downloaded: run git annex get")
    if _CONFLICT.search(file.data):
        raise file.error("holds two versions of some lines (<<<<<<<, >>>>>>>): resolve the merge in git")
    if len(file.data) > MAX_BYTES:
        raise file.error(f"larger than {MAX_BYTES // 2**20} MiB, the limit for a spectrum file")
    return file


def _decompress(file: File) -> File:
    """Return the file that gzip (or pandas) compressed; the archive itself where it is none of one file."""
    import zlib
    from gzip import GzipFile
    from io import BytesIO

    try:
        with GzipFile(fileobj=BytesIO(file.data)) as stream:
            data = stream.read(MAX_BYTES + 1)
    except EOFError:
        raise file.error("the gzip archive is cut off") from None
    except (OSError, zlib.error):
        return file
    return file if data[257:262] == b"ustar" else replace(file, data=data)


def _read_bytes(path: Path, name: str) -> bytes:
    try:
        kind = path.stat().st_mode
        if stat.S_ISDIR(kind):
            os.scandir(path).close()  # one that cannot be looked into says so
            raise ReadError(f"{name}: is a folder, not a file; read_series reads folders")
        if not stat.S_ISREG(kind):
            raise ReadError(
                f"{path}: is not a regular file; what a program prints is read as -, standard input"
            )
        with path.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        address = "; download it first" if re.match(r"\w{2,}:/", name) else suggest_file(path)
        address = address or ("; read_series reads all that a pattern means" if "*" in name else "")
        raise ReadError(f"{name}: there is no such file{address}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ReadError(f"{name}: cannot be read: {reason}") from None


def _count_cells(data: bytes) -> int:
    """Return the number of words or of delimiters in `data`, whichever is larger."""
    if len(data) <= MAX_CELLS:
        return 0  # a cell and its delimiter take two bytes
    words = 0
    for first in range(0, len(data), _BLOCK):
        blank = np.frombuffer(data[first : first + _BLOCK], dtype=np.uint8) == ord(" ")
        words += int(np.count_nonzero(blank[:-1] & ~blank[1:]))
    return max(words, *map(data.count, (b",", b";", b"\t")))


def _unescape(entity: re.Match[str]) -> str:
    from html import unescape

    return unescape(entity[0])


def _strip_rich_text(rich: re.Match[str]) -> str:
    """Return what Origin's rich text shows."""
    return rich[2].translate(_GREEK) if rich[1] in "gG" else "^" * (rich[1] == "+") + rich[2]


def _narrow_character(wide: re.Match[str]) -> str:
    """Return the ASCII character that a wide one stands for; of one without a width nothing."""
    code = ord(wide[0])
    return chr(code - 0xFEE0) if code > 0xFF00 else " " if code == 0x3000 else ""


def _can_decode(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except (UnicodeDecodeError, UnicodeError):
        return False
    return True


def _has_text(data: bytes, encoding: str, words: str) -> bool:
    """Whether the bytes are of this encoding: they hold one of the words, and all of them decode."""
    return any(word in data for word in _encode_words(encoding, words)) and _can_decode(data, encoding)


@cache
def _encode_words(encoding: str, words: str) -> tuple[bytes, ...]:
    return tuple(word.encode(encoding) for word in words.split())


def _find_unmarked_utf16(data: bytes) -> str | None:
    sample = data[:2000]
    half = len(sample) // 2
    if half < 8 or len(data) % 2:
        return None
    for encoding, low, high in (
        ("utf-16-le", sample[1::2], sample[::2]),
        ("utf-16-be", sample[::2], sample[1::2]),
    ):
        if low.count(0) > 0.9 * half and high.count(0) == 0 and _can_decode(data, encoding):
            return encoding
    return None


def _is_binary(data: bytes) -> bool:
    sample = data[: 2**16]
    if b"\0" in data:
        return True
    controls = len(sample) - len(sample.translate(None, _CONTROLS))
    return controls > 0.02 * len(sample)
