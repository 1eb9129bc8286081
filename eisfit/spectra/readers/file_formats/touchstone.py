"""Touchstone `.s1p`, `.s2p` (IBIS Open Forum, Touchstone File Format Specification 2.0, 2009).

One port: Z = R (1 + S)/(1 - S). Two ports hold one impedance where it stands across the line (shunt-through,
S21 - S11 = 1, Z = R/2 S21/(1 - S21)) or within it (series-through, S21 + S11 = 1, Z = 2 R (1 - S21)/S21;
Keysight, Impedance Measurement Handbook, 6th ed., 2-7); which of them is told from S11.
"""

from __future__ import annotations

import re

import numpy as np

from eisfit.arrays import ComplexArray, FloatArray, from_polar
from eisfit.records import dataclass
from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.conversion.imag_sign import settle_sign
from eisfit.spectra.readers.file import File, quote
from eisfit.spectra.readers.labels.key_values import join_header
from eisfit.spectra.readers.surroundings.ends import drop_cut_line
from eisfit.spectra.readers.sweep import Sweep
from eisfit.spectra.spectrum import ASSUMED

NAME = "Touchstone"
SUFFIXES = (".s1p", ".s2p")
RANK = 20

_OPTION = r"(?:[kMG]?Hz|[SYZ]|RI|MA|DB|R[ \t]+[\d.eE+-]+)"
_OPTIONS = regex(rf"^#[ \t]*({_OPTION}(?:[ \t]+{_OPTION})*)[ \t]*(?:!.*)?$", re.IGNORECASE | re.MULTILINE)
_FREQUENCY = {"hz": 1.0, "khz": 1e3, "mhz": 1e6, "ghz": 1e9}
_KEYWORD = regex(r"^\s*\[([^\]]+)\]\s*(.*)$")
_UNLIKE = 0.2  # S11 from S22, which one impedance in a line has alike
_NEAR, _CLEARLY = 0.1, 0.3  # of the two ways to stand in a line: how well one must fit, and how much better


@dataclass(frozen=True)
class _Options:
    """What the option line says; its defaults are GHz, S, MA, 50 ohm."""

    scale: float = 1e9
    kind: str = "s"
    form: str = "ma"
    reference: float = 50.0


def recognise(file: File) -> bool:
    """Whether the text has an option line such as ``# Hz S RI R 50``, or is called `.s1p` or `.s2p`."""
    if file.encoding is None:
        return False
    found = _OPTIONS.search(file.head) if "#" in file.head else None
    words = found[1].lower().split() if found is not None else []
    return file.suffix in SUFFIXES or len(set(words)) == len(words) > 2  # Hz S S: units of columns


def parse(file: File) -> list[Sweep]:
    """Return the one spectrum.

    Raises
    ------
    ReadError
        When the rows are no network of one or two ports, or two ports hold no single impedance.
    """
    found = _OPTIONS.search(file.text)
    unclear = (
        next((line for line in file.lines if line.startswith("#") and line.strip() != "#"), "")
        if found is None
        else ""
    )
    if unclear:
        raise file.error(f"{quote(unclear)} is no option line of Touchstone, as # Hz S RI R 50")
    options = _parse_options(found[1].lower().split() if found else [])
    keywords = {m[1].lower(): m[2] for line in file.lines if (m := _KEYWORD.match(line))}
    lines, cut = drop_cut_line(file.lines)
    rows = _read_rows(file, lines, keywords)
    f, values = rows[:, 0] * options.scale, _make_complex(rows[:, 1::2], rows[:, 2::2], options.form)
    if keywords.get("reference"):
        options = _Options(options.scale, options.kind, options.form, float(keywords["reference"].split()[0]))
    note = f"Touchstone: {options.kind.upper()} parameters, reference {options.reference:g} ohm"
    notes = [note, *_normalise_values(options, keywords), *cut]
    notes += [] if found else [f"{ASSUMED} GHz, S, modulus and degrees, as without an option line"]
    if values.shape[1] == 1:
        z = _read_one_port(options, values[:, 0], "version" in keywords)
    else:
        z = _read_two_port(file, options, values, notes, keywords.get("two-port data order", "") == "12_21")
    sweep = Sweep(f, z, notes=notes, metadata={"header": join_header(_list_comments(file))})
    settle_sign(file, [sweep], "as written")
    return [sweep]


def _parse_options(words: list[str]) -> _Options:
    given = _Options()
    scale = next((_FREQUENCY[word] for word in words if word in _FREQUENCY), given.scale)
    kind = next((word for word in words if word in ("s", "y", "z")), given.kind)
    form = next((word for word in words if word in ("ri", "ma", "db")), given.form)
    reference = float(words[words.index("r") + 1]) if "r" in words else given.reference
    return _Options(scale, kind, form, reference)


def _normalise_values(options: _Options, keywords: dict[str, str]) -> list[str]:
    if options.kind == "s" or options.reference == 1 or "version" in keywords:
        return []
    what = f"{options.kind.upper()} parameters are normalised to {options.reference:g} ohm"
    return [f"{ASSUMED} {what}, as Touchstone 1 has it"]


def _list_comments(file: File) -> list[str]:
    return [line for line in file.lines[:100] if line.lstrip().startswith(("!", "#", "["))]


def _read_rows(file: File, lines: list[str], keywords: dict[str, str]) -> FloatArray:
    """Return (F, 3) or (F, 9): the rows up to the noise parameters, whose frequencies begin anew."""
    rows: list[list[float]] = []
    width = {"1": 3, "2": 9}.get(keywords.get("number of ports", ""))
    for number, line in enumerate(lines, 1):
        cells = line.partition("!")[0].split()
        if not cells or cells[0][0] in "#[":
            continue
        try:
            row = [float(cell) for cell in cells]
        except ValueError:
            raise file.error(f"line {number}: {quote(line)} is no row of numbers") from None
        width = width or len(row)
        if rows and len(row) == 5 and width == 9:
            break  # noise parameters
        if len(row) != width or width not in (3, 9):
            raise file.error(f"line {number}: {len(row)} numbers, where a one-port has 3 and a two-port 9")
        rows.append(row)
    if len(rows) < 3:
        raise file.error("fewer than three rows of numbers")
    return np.array(rows)


def _make_complex(first: FloatArray, second: FloatArray, form: str) -> ComplexArray:
    if form == "ri":
        return np.asarray(first + 1j * second, dtype=np.complex128)
    modulus = 10 ** (first / 20) if form == "db" else first
    return from_polar(modulus, np.radians(second))


def _read_one_port(options: _Options, values: ComplexArray, version_2: bool) -> ComplexArray:
    unit = 1.0 if version_2 else options.reference
    if options.kind == "s":
        return np.asarray(options.reference * (1 + values) / (1 - values), dtype=np.complex128)
    return np.asarray(values * unit if options.kind == "z" else unit / values, dtype=np.complex128)


def _read_two_port(
    file: File, options: _Options, values: ComplexArray, notes: list[str], swapped: bool
) -> ComplexArray:
    if options.kind != "s":
        raise file.error(
            f"{options.kind.upper()} parameters of two ports hold no single impedance: export S parameters, "
            "or the impedance as one port"
        )
    s11, s21 = values[:, 0], values[:, 2 if swapped else 1]
    shunt, series = (float(np.median(np.abs(s21 + sign * s11 - 1))) for sign in (-1, 1))
    if not min(shunt, series) < min(_NEAR, _CLEARLY * max(shunt, series)):
        raise file.error(
            "S11 and S21 do not tell whether the impedance stands across the line or within it "
            f"(S21 - S11 is {shunt:.2g} and S21 + S11 {series:.2g} from 1): export it as one port"
        )
    unlike = float(np.median(np.abs(values[:, 3] - s11)))
    if unlike > _UNLIKE:
        raise file.error(
            f"S11 and S22 differ by {unlike:.2g}: this is no single impedance; export it as one port"
        )
    way = "across the line (shunt-through)" if shunt < series else "within the line (series-through)"
    notes.append(f"two ports: the impedance stands {way}; Z from S21")
    if shunt < series:
        return np.asarray(options.reference / 2 * s21 / (1 - s21), dtype=np.complex128)
    return np.asarray(2 * options.reference * (1 - s21) / s21, dtype=np.complex128)
