"""Keysight E4990A: the CSV of "Saving Trace Data to a File", a block ``BEGIN CHn_DATA`` for each channel.

A block has its own header, ``Frequency(Hz), |Z|(Ohm)-data, theta-z(deg)-data, theta-z(deg)-mem``; the memory
traces (``-mem``) are used for nothing.
"""

from __future__ import annotations

import re
from dataclasses import replace

from eisfit.errors import ReadError
from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.file import File
from eisfit.spectra.readers.file_formats import text
from eisfit.spectra.readers.labels.key_values import join_header
from eisfit.spectra.readers.sweep import Sweep

NAME = "Keysight E4990A"
SUFFIXES = ()
RANK = 20

#: Behind the last cell of a row that a spreadsheet has saved.
_PADDING = regex(r'(?:[,;\t](?:"")?)+(?=\r?$)', re.MULTILINE)
_BEGINS = regex(r'^"?BEGIN CH\d+_DATA', re.MULTILINE)
_OF_TRACES = regex(r'^"?Freq[^\n]*-data\b', re.MULTILINE)
_BLOCK = regex(r'^"?BEGIN (CH\d+)_DATA"?\s*$(.*?)(?:^"?END"?\s*$|\Z)', re.MULTILINE | re.DOTALL)


def recognise(file: File) -> bool:
    """Whether the text has a block of a channel, or one table of traces."""
    return ("BEGIN CH" in file.head and _BEGINS.search(file.head) is not None) or _is_one_table(file)


def _is_one_table(file: File) -> bool:
    of_traces = file.head.startswith("!") and _OF_TRACES.search(file.head) is not None
    return of_traces and "BEGIN CH" not in file.head


def parse(file: File) -> list[Sweep]:
    """Return the spectra of all channels that measured an impedance over frequency.

    Raises
    ------
    ReadError
        When none did.
    """
    sweeps: list[Sweep] = []
    reasons = []
    tables: list[str] = []
    whole = _PADDING.sub("", file.text)
    for channel, block in [("", whole)] if _is_one_table(file) else _BLOCK.findall(whole):
        above, header, table = (
            re.split(r'("?Freq)', block, maxsplit=1) if "Freq" in block else ("", "", block)
        )
        tables.append(_drop_memory(header + table))
        try:
            found = text.parse(replace(file, data=tables[-1].encode()))
        except ReadError as error:
            reasons.append(f"{channel}: {file.reason(error)}".removeprefix(": "))
            continue
        for sweep in found:
            named = {"channel": channel} if channel else {}
            sweep.metadata |= {**named, "header": join_header([file.head[:400], above])}
        sweeps += found
    sweeps = sweeps or _join_channels(file, tables)
    if not sweeps:
        raise file.error("; ".join(reasons[:3]) or "no block of a channel is complete")
    return sweeps


def _join_channels(file: File, tables: list[str]) -> list[Sweep]:
    """Return the sweep of which each channel holds a part at the same frequencies; none where none does."""
    held = [[line.split("\t") for line in table.splitlines()] for table in tables]
    if len(held) < 2 or any([row[0] for row in rows] != [row[0] for row in held[0]] for rows in held):
        return []
    rows = (sum((row[1:] for row in parts), parts[0][:1]) for parts in zip(*held, strict=True))
    return text.parse(file.with_lines(map("\t".join, rows)))


def _drop_memory(table: str) -> str:
    """Return the table without the columns of stored traces, parted by tabulators."""
    mark = next((mark for mark in ";\t" if mark in table.partition("\n")[0]), ",")
    rows = [[cell.strip(' "') for cell in line.split(mark)] for line in table.splitlines() if line.strip()]
    kept = [i for i, name in enumerate(rows[0] if rows else []) if not name.endswith("-mem")]
    names = [rows[0][i].removesuffix("-data") for i in kept] if rows else []
    lines = [names, *([row[i] for i in kept if i < len(row)] for row in rows[1:])]
    return "\n".join("\t".join(line) for line in lines) + "\n" * table.endswith("\n")
