"""Agilent 4294A: the ASCII file of its traces A and B, a block for each.

Operation Manual, chapter 8, "Data contents saved in the trace data": "Data Real" and "Data Imag" hold R and
X, whatever is shown; "Data Trace Real" and "Data Trace Imag" hold the parameter as it is shown, with zeros
where it has no imaginary part. So a trace of the modulus looks like resistances, and is read as what it is.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import zip_longest

from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.file import File
from eisfit.spectra.readers.file_formats import text
from eisfit.spectra.readers.names.columns import parse_name
from eisfit.spectra.readers.sweep import Sweep

NAME = "Agilent 4294A"
SUFFIXES = ()
RANK = 20

_BLOCK = regex(r'^"?TRACE: ([AB])"?[^\S\n]*$(.*?)(?=^"?TRACE: [AB]"?[^\S\n]*$|\Z)', re.MULTILINE | re.DOTALL)
_PAIR = regex(r"(\|Z\||\|Y\||[RGLCZY][a-z]?)\s*-\s*(THETA|θ|[XBDQRG][a-z]?)", re.IGNORECASE)
#: ``MEASURE PARAMETER: IMPEDANCE MAG PHASE (DEG)``, ``SERIES CAPACITANCE(Cs) - SERIES RESISTANCE(Rs)``.
_IN_WORDS = regex(r'MEAS\w* PARAMETER:\s*([^"\n]+?)(?:\s+-\s+|[^\S\n]+(?=PHASE))([^"\n-]+)', re.IGNORECASE)
_SYMBOL = regex(r"\((\|[ZY]\||[RXGBCLDQ][ps]?)\)")
_OF_TRACE = regex(r"^Trace [AB] ?\((.+)\)$")
#: A file of the analyser with a table in tabulators.
_PLAIN = regex(r'"?4294A\b[^\n]*\n(?:.*\n){0,60}?"?Frequency"?\t')
#: What its parameters are saved in, by their first letter.
_UNITS = {"C": "F", "L": "H", **dict.fromkeys("GBY", "S"), **dict.fromkeys("RXZ", "ohm")}


def recognise(file: File) -> bool:
    """Whether a block of a trace has columns named as the analyser names them."""
    begin = file.text[:20_000]
    return _PLAIN.match(begin) is not None or _has_traces(begin)


def _has_traces(begin: str) -> bool:
    named = "TRACE: A" in begin and re.search('^"?TRACE: A"?', begin, re.MULTILINE)
    return bool(named and re.search("Data (?:Trace )?Real", begin, re.IGNORECASE))


def parse(file: File) -> list[Sweep]:
    """Return the spectrum of the data arrays, or of the two traces together.

    Raises
    ------
    ReadError
        When the file does not say what its traces hold.
    """
    if not _has_traces(file.text[:20_000]):
        return _read_plain(file)
    blocks = dict(_BLOCK.findall(file.text))
    above = file.text.partition("TRACE: A")[0]
    tables = {name: _read_table(block) for name, block in blocks.items()}
    first = tables["A"]
    if "Data Real" in first and "Data Imag" in first:
        columns = [("R [ohm]", first["Data Real"]), ("X [ohm]", first["Data Imag"])]
    else:
        columns = [
            (_describe_trace(file, name, blocks[name], above), table["Data Trace Real"])
            for name, table in tables.items()
            if "Data Trace Real" in table
        ]
    rows = zip_longest(first.get("Frequency", []), *(cells for _, cells in columns), fillvalue="")
    names = ["Frequency [Hz]", *(name for name, _ in columns)]
    sweeps = text.parse(file.with_lines(map("\t".join, [names, *rows])))
    for sweep in sweeps:
        sweep.metadata["header"] = above[:4000]
    return sweeps


def _read_words(words: str) -> str:
    """Return the header of what words say, with its unit; empty where they say nothing known."""
    if symbol := _SYMBOL.search(words):
        return _add_unit(symbol[1])
    if "PHASE" in words.upper():
        return f"phase [{'rad' if 'RAD' in words.upper() else 'deg'}]"
    kind = {"IMP": "|Z|", "ADM": "|Y|"}.get(words.strip()[:3].upper(), "")
    return _add_unit(kind) if kind and "MAG" in words.upper() else ""


def _read_plain(file: File) -> list[Sweep]:
    """Return the sweeps of a table of the parameters themselves, in the analyser's SI units."""
    head, names, rows = re.split(r'(?m)^("?Frequency\b.*)$', file.text, maxsplit=1)
    names = "\t".join(_add_unit(cell.strip(' "')) for cell in names.split("\t"))
    return text.parse(replace(file, data=f"{head}{names}{rows}".encode()))


def _add_unit(name: str) -> str:
    name = _OF_TRACE.sub(r"\1", name)
    bare = name.strip("|")
    unit = _UNITS.get(bare[:1].upper(), "") if bare[1:].lower() in ("", "p", "s") else ""
    return f"{name} [{unit}]" if unit else name


def _read_table(block: str) -> dict[str, list[str]]:
    """Return the columns of a block by name, as text."""
    rows = [[cell.strip(' "') for cell in line.split("\t")] for line in block.splitlines() if "\t" in line]
    start = next((i for i, row in enumerate(rows) if row[0].title() == "Frequency"), len(rows))
    body = [row for row in rows[start + 1 :] if row[0]]
    if start < len(rows) and body and len(body[-1]) < len(rows[start]):
        body.pop()  # the file was cut off
    return (
        {name.title(): [row[i] if i < len(row) else "" for row in body] for i, name in enumerate(rows[start])}
        if body
        else {}
    )


def _describe_trace(file: File, name: str, block: str, above: str) -> str:
    """Return the header of what a trace shows: by its own lines, else by the pair above, ``|Z|-THETA``."""
    if (pair := _IN_WORDS.search(above)) and (told := _read_words(pair[1 if name == "A" else 2])):
        return told
    own = re.search(r'^"?(?:FORMAT|MEAS\w*|PARAMETER|DATA)[^:\n]*:\s*([^"\n]+?)\s*"?$', block, re.MULTILINE)
    pair = _PAIR.search(own[1] if own and "-" in own[1] else above)
    word = own[1] if own and not pair else pair[1 if name == "A" else 2] if pair else ""
    header = _add_unit(word)
    if not parse_name(header).quantity:
        raise file.error(
            f"nothing says what trace {name} holds (modulus, phase, R, X, ...): save the data arrays too, "
            "or in Touchstone format"
        )
    return header
