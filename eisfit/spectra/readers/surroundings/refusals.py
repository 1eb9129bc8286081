"""Why a text table is refused: what its rows, its header or the text above it do not say for certain."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import drop_nan
from eisfit.errors import ReadError
from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.conversion.chosen import Chosen
from eisfit.spectra.readers.conversion.imag_sign import FAILS
from eisfit.spectra.readers.file import File, quote
from eisfit.spectra.readers.names.columns import Column, parse_name
from eisfit.spectra.readers.names.name_units import split_units
from eisfit.spectra.readers.names.not_measured_words import find_other_subject
from eisfit.spectra.readers.names.swept_names import SWEPT
from eisfit.spectra.readers.names.units import is_unit, parse_unit, unit_kind
from eisfit.spectra.readers.names.words import CONDITIONS, IN_OHM, KIND
from eisfit.spectra.readers.sweep import Sweep, plural
from eisfit.spectra.readers.tables.header import STRAY
from eisfit.spectra.readers.tables.numbers import is_remark, parse_row, split, to_number
from eisfit.spectra.readers.tables.table import Table
from eisfit.spectra.readers.tables.thousands import may_be_grouped

_OF_IMPEDANCE = {"ohm", "siemens", "farad", "henry", "angle"}
BESIDE_IMPEDANCE = (*CONDITIONS, "index", "noise")
#: What else is measured over frequency.
_SUBJECT = regex(
    r"AD593\d|admittan\w*|\bY[- ]param\w*|permittiv\w*|dielectric\w*|\bgain\b(?!\s*[:=])|transfer function|"
    r"\bIM[PV]S\b|intensity[- ]modulated|photocurrent|"
    r"\bS\d\d\b|\bS[- ]param\w*|reflection coeff\w*|conductivity|mobility|"
    r"(?:electric|complex) modulus|complex (?:capacitance|permittivity|admittance)",
    re.IGNORECASE,
)
_IMPEDANCE = regex(r"(?<![^\W_])Z|imped[ae]n|\bEIS\b|ohm|Ω", re.IGNORECASE)
#: A factor of the numbers below, of which nobody knows.
_FACTOR = regex(
    r"[#%!;*\s]*(?:[ZzYy]\w*\s+)?(?:(?:scal(?:e|ing)|multipl\w*|unit)(?:[\s_]*factor)?\s*[:=,;\t]|(?:scal(?:e|ing)[\s_]*)?fa[ck]tor\s*[\s:=,;])\s*([-+.\deE,]+|milli|kilo|mega)|"
    r"(\d[.\d]*e[-+]\d+) ?\*",  # as MATLAB prints a matrix
    re.IGNORECASE,
)
#: The same below the names: a row of powers of ten, or a remark with one.
_POWER = (
    r"(?:[x×*·] ?)?(?:10 ?(?:\^|\*\*) ?[-+]?\d+|10[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+|1?(?:\.0+)?[eE][-+]?\d+|[x×*·] ?10+)"
)
_FACTOR_BELOW = regex(
    rf"(?:^|[,;\t\s])\s*{_POWER}\s*\*?\s*(?:$|[,;\t])|\bfactor\b.*(?:\d|thousand|million|milli|kilo|mega)"
    r"|\b(?:thousand|million)s?\b",
    re.IGNORECASE,
)
_FACTORS = regex(r"range[\s_]*factor|(?:scal(?:e|ing)|multiplier)(?:[\s_]*factor)?|factor", re.IGNORECASE)
_STATISTICS = {"count", "mean", "std", "min", "max", "median", "25%", "50%", "75%"}
_LEFT_OUT = regex(r"[\s.…⋮|│]*(?:\.\.|…|⋮)[\s.…⋮|│\d]*")
_LOOKED_AT = 500
_THOUSAND, _NEARLY_WHOLE = 1000, 0.499
_FEWEST_OF_EITHER = 3
_MANY_NEGATIVE = 0.2
_LEAST_REFLECTION, _MOST_REFLECTION = 0.5, 1.02  # the largest of a sweep; noise lifts it above 1
_NETWORK_ANALYSER = 1e5  # Hz, where they begin
_PARTED = regex(r"\d{1,3},\d{3}(?:\.\d*)?,")
_PARTED_WITHIN = regex(r",-?\d{1,3},\d{3}(?:\.\d*)?(?:,|$)")
_OF_DRT = regex(r"(?<![^\W_])(?:tau|DRT)(?![^\W_])|τ|relaxation|^gamma\W", re.IGNORECASE)
_BRACKETS = regex(r"[\[(]\s*([^\[\]()]+?)\s*[\])]$")


def refuse_unclear_table(file: File, table: Table) -> None:
    """Refuse a table whose rows and header do not say for certain what it holds."""
    _refuse_wider_row(file, table)
    if len(table.names) != table.width:
        _refuse_parted_thousands(file, table.lines)
    _refuse_stray_units(file, table)
    _refuse_two_units(file, table)
    _refuse_summary(file, table)
    _refuse_lost_points(file, table)
    _refuse_factor(file, table)
    _refuse_lost_decimals(file, table)


def _refuse_stray_units(file: File, table: Table) -> None:
    """Refuse a row of units that are not as many as the names."""
    if table.units[-1:] == [STRAY]:
        raise file.error(
            f"a row of {len(table.units) - 1} units ({', '.join(table.units[:-1][:6])}) under "
            f"{len(table.names)} names, and nothing tells whose they are: write them into the header"
        )


def _refuse_wider_row(file: File, table: Table) -> None:
    """Refuse a row with more numbers than the table has columns."""
    for line in table.wider[:1]:
        names = len(table.names) + len(table.further)
        raise _make_width_error(file, table.lines, line, table.width, names)


def _refuse_parted_thousands(file: File, lines: Sequence[str]) -> None:
    """Refuse a table under a header whose thousands are parted by the comma that parts its columns."""
    named = (line.count(",") + 1 for line in lines if line.count(",") > 1 and line.lstrip('"')[:1].isalpha())
    names = next(named, 0)
    rows = [(place, line) for place, line in enumerate(lines) if line[:1].isdigit()]
    wide = [row for row in rows if names and row[1].count(",") == names]
    some_fit = any(row[1].count(",") == names - 1 for row in rows)
    begin = all(_PARTED.match(line) for _, line in wide)
    if len(wide) > 1 and (begin or (some_fit and all(_PARTED_WITHIN.search(line) for _, line in wide))):
        raise _make_width_error(file, lines, wide[0][0], names, names)


def _make_width_error(file: File, lines: Sequence[str], line: int, columns: int, names: int) -> ReadError:
    told = f"the table has columns ({columns})"
    if names not in (0, columns):
        told = f"most rows have ({columns}; the header has {plural(names, 'name')})"
    cells = re.split(r"[,;\t ]+", lines[line])
    grouped = any(map(may_be_grouped, cells)) or "," in lines[line]
    cure = "; a mark between thousands? take it out" if grouped else ""
    return file.error(f"line {line + 1}: more numbers than {told}: {quote(lines[line])}{cure}")


def explain_missing_table(lines: Sequence[str]) -> str:
    """Return why there is no table, with the first line that looks like a part of one."""
    if re.match(r"\s*<(?:!|\?xml|html|table|div|body)", "\n".join(lines[:20]), re.IGNORECASE):
        return "is a page of HTML or XML: export the table as CSV"
    for place, line in enumerate(lines):
        if sum(map(str.isdigit, line)) > max(3, len(line) // 3):
            return f"no table of numbers in it: line {place + 1}, {quote(line)}, is no row of numbers"
    return "no table of numbers in it"


def refuse_lost_header(file: File, table: Table, below: Sequence[str]) -> None:
    """Refuse to read by position what a header names, although not column by column."""
    near = [line for line in table.preamble if line.strip()][-2:]
    for place, line in enumerate([*near[::-1], *below]):
        cells = table.split(line)
        named = {parse_name(cell).quantity for cell in cells} - {"", "index", "time"}
        titled = place == 0 and "frequency" in named and len(cells) > 1 and not re.search("[:=]", line)
        united = (
            place == 0 and sum(1 for cell in cells if (m := _BRACKETS.search(cell)) and is_unit(m[1])) > 1
        )
        if (titled or united or len(named) > 1) and named != {"frequency", "modulus"}:  # f, Z: complex cells
            raise file.error(
                f"the header {quote(line)} does not name {table.width} columns one by one: "
                "part its names as the numbers are parted"
            )


def _refuse_lost_points(file: File, table: Table) -> None:
    """Refuse whole numbers that begin with zeros in several columns: decimal marks were lost."""
    if len(table.names) not in (0, table.width) or drop_nan(table.matrix % 1).any():
        return
    padded: dict[int, str] = {}
    for row in table.rows[:_LOOKED_AT]:
        cells = enumerate(table.split(table.lines[row]))
        padded.update({i: cell for i, cell in cells if re.fullmatch(r'"?[+-]?0\d+"?', cell)})
    if len(padded) > 1:
        raise file.error(
            f"no number has a decimal mark, and {', '.join(list(padded.values())[:2])} begin with a zero: "
            "the marks were lost"
        )


def _refuse_lost_decimals(file: File, table: Table) -> None:
    """Refuse an impedance of which the numbers above 1 are whole and beyond a thousand: 1.226 became 1226."""
    for index, name in enumerate(table.names[: table.width]):
        values = np.abs(table.matrix[:, index])
        small, large = values[(values < 1) & (values > 0)], values[values >= _THOUSAND]
        if min(small.size, large.size) < _FEWEST_OF_EITHER or parse_name(name).quantity not in IN_OHM:
            continue
        between = ((values >= 1) & (values < _THOUSAND)).any() or (large % 1).any()
        if not between and (np.abs(small * _THOUSAND % 1 - 0.5) > _NEARLY_WHOLE).all():
            raise file.error(
                f"the numbers of {name!r} are below 1, or whole and from {large.min():.0f} on: "
                "the decimal marks of those above 1 were lost (1.226 became 1226): export them again"
            )


def refuse_gaps(file: File, table: Table, used: NDArray[np.bool_]) -> None:
    """Refuse a row without a number of which nothing tells whose, where it would be a point all the same."""
    points = set(np.array(table.rows)[used].tolist()) if table.narrower else set()
    above = [row for row in table.narrower if row < table.rows[0]]
    for row in [*above, *points.intersection(table.narrower)]:
        raise file.error(
            f"line {row + 1}: fewer numbers than the table has columns ({table.width}), and nothing"
            f" tells which is missing: {quote(table.lines[row])}; delete the line, or write nan"
        )


def refuse_words(file: File, table: Table, columns: dict[int, Column]) -> None:
    """Refuse words, times of day and the like where numbers must stand."""
    needed = [i for i, c in columns.items() if c.quantity not in BESIDE_IMPEDANCE]
    for index in (i for i in needed if columns[i].quantity != "excel_error"):
        for row in np.flatnonzero(np.isnan(table.matrix[:, index]))[:1000]:
            text = table.cell(int(row), index)
            if to_number(text, table.style) is None and not _is_foot(table, int(row), index, text):
                raise file.error(
                    f"line {table.rows[row] + 1}: {quote(text, 80)} is not a number ({columns[index].name!r})"
                )
        if table.rows and np.isnan(table.matrix[:, index]).all():
            raise file.error(f"the column {columns[index].name!r} holds no number")
    _refuse_skipped(file, table, needed)


def _refuse_skipped(file: File, table: Table, needed: Sequence[int]) -> None:
    """Refuse a line between the rows that is a row all the same, or stands for several."""
    for line, text in table.skipped:
        if _LEFT_OUT.fullmatch(text):
            raise file.error(
                f"line {line}: {quote(text, 30)} stands for rows that were not printed: write all of them"
            )
        mark = table.style.delimiter
        cells = [] if is_remark(text, mark) else split(text, mark)
        if all(to_number(cells[i], table.style) is not None for i in needed if i < len(cells)):
            continue  # gaps: a row without an impedance
        if len(cells) == table.width and any(cell[:1].isdigit() for cell in cells):
            grouped = any(map(may_be_grouped, cells))
            cure = ": take the marks between thousands out" if grouped else ""
            raise file.error(f"line {line}: {quote(text)} cannot be read as a row of numbers{cure}")


def _is_foot(table: Table, row: int, index: int, text: str) -> bool:
    """Whether a word stands for a frequency from this row to the end: ``mean``, ``total``."""
    frequency = index < len(table.names) and parse_name(table.names[index]).quantity == "frequency"
    return frequency and row > 0 and text[:1].isalpha() and bool(np.isnan(table.matrix[row:, index]).all())


def refuse_other_subject(file: File, table: Table, chosen: Chosen) -> None:
    """Refuse parts of nobody knows what under a text that names something else than an impedance."""
    held = [chosen.columns[q] for q in ("real", "imag", "modulus") if q in chosen]
    if any(meaning.unit or _IMPEDANCE.search(meaning.name) for meaning in held) or not held:
        return
    beside = [value for line in file.beside if _SUBJECT.fullmatch(value := line.partition(": ")[2])]
    titles = [name for name in chosen.unknown if " " in name.strip()]  # a gain alone is a meter's factor
    for line in (said.replace("_", " ") for said in (*table.preamble, *beside, *titles)):
        subject = _SUBJECT.search(line) if not _IMPEDANCE.search(line) else None
        if told := subject[0] if subject else find_other_subject(line):
            raise file.error(
                f"{told!r} stands beside the table, and {held[0].name!r} does not say of what it is: "
                "call it 'Z_real_ohm', 'Y_real_S', ..."
            )


def refuse_unproven(file: File, table: Table, chosen: Chosen, sweeps: Sequence[Sweep]) -> None:
    """Refuse parts of nobody knows what that no passive system has: a Fourier transform, a response, codes.

    Nothing says impedance or ohm, Kramers-Kronig fails, and the real part is negative in many points; or no
    number exceeds 1 at the frequencies of network analysers, as of a reflection.
    """
    held = [chosen.columns[q] for q in ("real", "imag", "modulus") if q in chosen]
    said = [file.stem.replace("_", " "), *table.preamble, *table.names, *(meaning.unit for meaning in held)]
    if file.reading.impedance_unit or any(map(_IMPEDANCE.search, said)):
        return
    for sweep in sweeps:
        largest = float(np.max(np.abs(sweep.impedance), initial=0.0))
        if _LEAST_REFLECTION < largest < _MOST_REFLECTION and sweep.frequency.min() >= _NETWORK_ANALYSER:
            raise file.error(
                f"nothing says that {held[0].name!r} is of an impedance, and no number exceeds 1 from "
                "100 kHz on: a reflection? Save it as Touchstone (.s1p), else --impedance-unit ohm"
            )
    for sweep in sweeps if table.names else []:
        negative = float(np.mean(sweep.impedance.real < 0))
        if negative > _MANY_NEGATIVE and any(FAILS in note for note in sweep.notes):
            raise file.error(
                f"nothing says that {held[0].name!r} is of an impedance, it is negative in {negative:.0%} of "
                f"the points, and {FAILS}: if it is one all the same, --impedance-unit ohm"
            )


def _refuse_summary(file: File, table: Table) -> None:
    """Refuse rows that are statistics of a column, as ``describe`` of a table of pandas prints them."""
    if not 0 < len(table.rows) <= len(_STATISTICS):
        return
    cells = [table.split(table.lines[row])[0].strip(' "').lower() for row in table.rows]
    if {"mean", "std"} <= set(cells) <= _STATISTICS:
        raise file.error(f"its rows are {', '.join(cells[:3])}, ...: a summary of a table, no sweep")


def refuse_z_scores(file: File, chosen: Chosen) -> None:
    """Refuse columns of mean 0 and standard deviation 1: numbers prepared for machine learning."""
    parts = [drop_nan(part) for name in ("real", "imag") if (part := chosen.get(name)) is not None]
    if (
        len(parts) == 2
        and parts[0].min(initial=0.0) < 0
        and all(part.size and abs(part.mean()) < 1e-3 and abs(part.std() - 1) < 0.03 for part in parts)
    ):
        raise file.error("real and imaginary part have mean 0 and standard deviation 1: z-scores, not ohms")


def _refuse_two_units(file: File, table: Table) -> None:
    """Refuse a name whose unit is another than the one below it."""
    for name, below in zip(table.names, table.units, strict=False):
        own, other = parse_name(name).unit, parse_unit(below)
        told = parse_unit(own)
        if told and other and told.kind == other.kind and told.scale != other.scale:
            raise file.error(f"{name!r} stands over the unit {below!r}: leave the wrong one out")


def refuse_unknown_tester(file: File, table: Table, chosen: Chosen) -> None:
    """Refuse the names that Digatron gives milliohm, without a unit and without another sign of Digatron."""
    parts = [chosen.columns[q] for q in ("real", "imag") if q in chosen.columns]
    bare = [part.name for part in parts if not part.unit] == ["Zreal1", "Zimg1"]
    if bare and "Zreal2" not in table.names and not file.reading.impedance_unit:
        raise file.error(
            "'Zreal1' and 'Zimg1' have no unit, and Digatron's testers, which call them so, mean milliohm: "
            "--impedance-unit mohm, or ohm"
        )


def _refuse_factor(file: File, table: Table) -> None:
    """Refuse a table with a factor, in a column or a line above it, of which nothing tells what it is of."""
    for name, values in zip(table.names, table.matrix.T, strict=False):
        if _FACTORS.fullmatch(name.strip()) and (drop_nan(values) != 1).any():
            raise file.error(f"the column {name!r} may be a factor of the others: apply it, or take it out")
    for line in table.preamble:
        match = _FACTOR.fullmatch(line.strip())
        factor = (match[1] or match[2]) if match else ""
        if factor.isalpha() or (factor and to_number(factor, table.style) not in (None, 1.0)):
            raise file.error(
                f"{line.strip()!r} stands above the table: apply it to the numbers, or take it out"
            )


def refuse_factor_below(file: File, table: Table) -> None:
    """Refuse a line between the names and the numbers that holds a factor of these."""
    if below := _find_factor_below(table):
        raise file.error(f"{quote(below)} stands below the names: apply it to the numbers, or take it out")


def _find_factor_below(table: Table) -> str:
    """Return the line that holds a factor; empty: none does."""
    if not table.names:
        return ""
    factors = (line for line in table.between if _FACTOR_BELOW.search(line) and not _is_gap(table, line))
    if found := next(factors, ""):
        return found
    first = np.abs(table.matrix[0])
    powers = np.isfinite(first).all() and (first > 0).all() and not (np.log10(first) % 1).any()
    is_alone = first.size > 2 and powers and first[0] == 1 != first[1] == first[2]
    return table.lines[table.rows[0]] if is_alone else ""


def _is_gap(table: Table, line: str) -> bool:
    """Whether a line is a point with words for numbers that nobody could measure: ``1e+06,inf,inf``."""
    first, *others = table.split(line) or [""]
    lost = [
        value for cell in others if cell.strip("+-")[:1].isalnum() and (value := to_number(cell, table.style))
    ]
    whole = len(lost) == len(others) == table.width - 1
    return (
        whole and np.isnan(lost).all().item() and bool(np.isfinite(to_number(first, table.style) or np.nan))
    )


def refuse_two_decimal_signs(file: File, table: Table, left: Sequence[int]) -> None:
    """Refuse lines right beside the table that are rows of it with the other decimal sign."""
    other = table.style.turned
    mark = other.decimal
    if mark == table.style.delimiter:
        return
    ends = (row for row in (table.rows[0] - 1, table.rows[-1] + 1) if 0 <= row < len(table.lines))
    for row in (*ends, *(row for row in left if {row - 1, row + 1} & table.places)):
        if mark not in table.lines[row]:
            continue
        values = parse_row(table.lines[row], other)
        if values and len(values) == table.width and np.isfinite(values).all():
            raise file.error(
                f"line {row + 1}: {mark!r} is the decimal sign, and {table.style.decimal!r} in other lines: "
                f"{quote(table.lines[row])}; write all numbers alike"
            )


_ONE_FREQUENCY = regex(r"\bfreq\w*\.?\s*(?:[\[(][kMG]?Hz[\])]\s*)?[:=]\s*\d", re.IGNORECASE)


def explain_missing_frequency(table: Table) -> str:
    """Return the sentence that says why a table without a frequency is refused."""
    names = ", ".join(name.split()[-1] if name in SWEPT else name for name in table.names[:8])
    units = {unit_kind(split_units(name)[0][1]) for name in table.names}
    known = {KIND.get(parse_name(name).quantity) for name in table.names}
    if not (known & _OF_IMPEDANCE or units & {"ohm", "frequency"}):
        return (
            f"no column for a frequency or an impedance (columns: {names}): it is no impedance spectrum, "
            "or the names are none that is known"
        )
    swept = next((name for name in table.names if parse_name(name).quantity in CONDITIONS), "")
    if swept and any(map(_ONE_FREQUENCY.search, table.preamble)):
        return f"its rows run over {swept.strip()!r} at one frequency: it is no spectrum"
    if any(map(_OF_DRT.search, table.names)):
        return f"no column for the frequency (columns: {names}): a distribution of relaxation times"
    over = parse_name(table.names[0]).quantity
    if over in BESIDE_IMPEDANCE and all(parse_name(name).quantity for name in table.names):
        return f"no column for the frequency (columns: {names}): over the {over} it is no spectrum"
    return f"no column for the frequency (columns: {names}); if one of them is, call it 'frequency_Hz'"
