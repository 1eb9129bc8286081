"""YAML of plain names, lists and numbers, in lines or in brackets: read as the same JSON is.

What more YAML can say (anchors, tags, blocks of text) no program needs to write numbers, and it is refused
with its line: half understood, it could tell other numbers.
"""

from __future__ import annotations

import re
from typing import Any, NoReturn

from eisfit.errors import ReadError
from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.file import File, quote
from eisfit.spectra.readers.file_formats import text
from eisfit.spectra.readers.file_formats.json_columns import read_document
from eisfit.spectra.readers.sweep import Sweep

NAME = "YAML"
SUFFIXES = (".yaml", ".yml")
RANK = 30

_DEEPEST = 20

Lines = list[tuple[int, int, str]]  # number in the file, indent, text

_KEY = regex(
    r"(\"[^\"]*\"|'[^']*'|[^\s\[\]{},#&*!|>'\"%@`-][^:#]{0,200}?|-?[A-Za-z][^:#]{0,200}?)\s{0,9}:(?:\s+(.*))?$"
)
_TOKEN = regex(
    r"\s*(?:([\[\]{},])|(:)(?=[\s\[{])|(\"[^\"]*\"|'[^']*')|((?:[^\[\]{},:\"'\s]|:(?!\s))(?:[^\[\]{},:]|:(?!\s))*))"
)
_COMMENT = regex(r"(?:^|(?<=\s))#[^\"']*$")
_BEYOND = ("&", "*", "!", "|", ">", "%", "@", "`", "? ")
_NOTHING = ("", "~", "null", "Null", "NULL")
_NUMBER = regex(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")


def recognise(file: File) -> bool:
    """Whether the file is called so."""
    return file.encoding is not None and file.suffix in SUFFIXES


def parse(file: File) -> list[Sweep]:
    """Return the spectra of all tables that name a frequency.

    Raises
    ------
    ReadError
        When the text says more than names, lists and numbers, or holds no such table.
    """
    try:
        return read_document(file, Reader(file).document())
    except ReadError:
        try:
            return text.parse(file)  # a table of another kind that is called so
        except ReadError:
            pass
        raise


class Reader:
    """A text of YAML, line by line.

    Parameters
    ----------
    file
        The file.
    """

    def __init__(self, file: File) -> None:
        self.file = file
        self.lines = self._join_lines()
        self.place = 0

    def document(self) -> Any:
        """Return what the text says: objects, lists, numbers and words."""
        value = self._read_block(self.lines[0][1], 0) if self.lines else None
        if self.place < len(self.lines):
            self._refuse(self.lines[self.place])
        return value

    def _join_lines(self) -> Lines:
        """Return the lines that say something, lists in brackets over several lines as one."""
        found: Lines = []
        open_brackets = 0
        for number, line in enumerate(self.file.text.lstrip("\ufeff").splitlines(), 1):
            bare = _COMMENT.sub("", line.expandtabs(8)).rstrip()
            if not bare or bare in ("---", "..."):
                continue
            if open_brackets > 0:
                found[-1] = (*found[-1][:2], f"{found[-1][2]} {bare.strip()}")
            else:
                found.append((number, len(bare) - len(bare.lstrip()), bare.strip()))
            open_brackets += sum(map(bare.count, "[{")) - sum(map(bare.count, "]}"))
        return found

    def _read_block(self, indent: int, depth: int) -> Any:
        """Return the value whose lines begin at a place of the line, from the next line on."""
        line = self.lines[self.place]
        if depth > _DEEPEST:
            self._refuse(line)
        if line[2] == "-" or line[2].startswith("- "):
            return self._read_list(indent, depth)
        if _KEY.match(line[2]):
            return self._read_object(indent, depth)
        self.place += 1
        return self._read_value(line, line[2])

    def _is_at_indent(self, indent: int) -> bool:
        return self.place < len(self.lines) and self.lines[self.place][1] == indent

    def _read_list(self, indent: int, depth: int) -> list[Any]:
        items: list[Any] = []
        while self._is_at_indent(indent) and self.lines[self.place][2][:2] in ("-", "- "):
            number, _, said = self.lines[self.place]
            rest = said[1:].lstrip()
            if rest:
                self.lines[self.place] = (number, indent + len(said) - len(rest), rest)
                items.append(self._read_block(indent + len(said) - len(rest), depth + 1))
            else:
                self.place += 1
                items.append(self._read_below(indent + 1, depth))
        return items

    def _read_object(self, indent: int, depth: int) -> dict[str, Any]:
        held: dict[str, Any] = {}
        while self._is_at_indent(indent) and (match := _KEY.match(self.lines[self.place][2])):
            line = self.lines[self.place]
            self.place += 1
            name = match[1].strip("\"'")
            if name in held:
                self._refuse(line)
            listed = self._is_at_indent(indent) and self.lines[self.place][2][:2] in ("-", "- ")
            held[name] = (
                self._read_value(line, match[2])
                if match[2]
                else self._read_below(indent + (not listed), depth)
            )
        return held

    def _read_below(self, least: int, depth: int) -> Any:
        """Return the value in the lines below a name, which begin further to the right; None without."""
        begins = self.lines[self.place][1] if self.place < len(self.lines) else -1
        return self._read_block(begins, depth + 1) if begins >= least else None

    def _read_value(self, line: tuple[int, int, str], said: str) -> Any:
        if said.startswith(_BEYOND):
            self._refuse(line)
        if said[:1] not in "[{":
            return _parse_scalar(said)
        tokens = [match[0].strip() for match in _TOKEN.finditer(said)]
        value, end = self._read_flow(line, tokens, 0, 0)
        if end != len(tokens):
            self._refuse(line)
        return value

    def _read_flow(
        self, line: tuple[int, int, str], tokens: list[str], at: int, depth: int
    ) -> tuple[Any, int]:
        """Return the value that begins at a token, and where the next one stands."""
        if at >= len(tokens) or depth > _DEEPEST or tokens[at].startswith(_BEYOND):
            self._refuse(line)
        if tokens[at] not in ("[", "{"):
            return _parse_scalar(tokens[at]), at + 1
        closing = {"[": "]", "{": "}"}[tokens[at]]
        items: list[Any] = []
        names: list[str] = []
        at += 1
        while at < len(tokens) and tokens[at] != closing:
            if closing == "}":
                if tokens[at + 1 : at + 2] != [":"]:
                    self._refuse(line)
                names.append(tokens[at].strip("\"'"))
                at += 2
            value, at = self._read_flow(line, tokens, at, depth + 1)
            items.append(value)
            at += tokens[at : at + 1] == [","]
        if at >= len(tokens):
            self._refuse(line)
        return (dict(zip(names, items, strict=True)) if closing == "}" else items), at + 1

    def _refuse(self, line: tuple[int, int, str]) -> NoReturn:
        raise self.file.error(
            f"line {line[0]}: YAML is read where it holds names, lists and numbers alone, and "
            f"{quote(line[2])} is more: save it as JSON or CSV"
        )


def _parse_scalar(said: str) -> Any:
    if _NUMBER.fullmatch(said):
        return float(said)
    if said in _NOTHING:
        return None
    if re.fullmatch(r"[-+]?\.(?:inf|Inf|INF|nan|NaN|NAN)", said):
        return float(said.replace(".", ""))
    return said.strip("\"'")
