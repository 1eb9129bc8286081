"""Any text table: CSV, TSV, white space or semicolons, with or without header, decided by what it holds."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import median, relative_differences
from eisfit.errors import ReadError
from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.conversion.assemble import describe_sign, find_sweep_starts, make_sweeps
from eisfit.spectra.readers.conversion.chosen import Chosen, drop_word_columns, pick_columns
from eisfit.spectra.readers.conversion.cuts import find_gaps, refuse_disorder
from eisfit.spectra.readers.conversion.doubt import compare_modulus, find_conflict, find_misnamed_frequency
from eisfit.spectra.readers.conversion.half_unit import settle_half_unit
from eisfit.spectra.readers.conversion.imag_sign import settle_sign
from eisfit.spectra.readers.conversion.impedance import compute_impedance
from eisfit.spectra.readers.conversion.lcr import add_meter_units
from eisfit.spectra.readers.conversion.masks import drop_short_conditions, leave_out_marked, note_remarks
from eisfit.spectra.readers.conversion.stated_quantity import with_titled_quantity
from eisfit.spectra.readers.conversion.unit_columns import add_units_beside
from eisfit.spectra.readers.conversion.voltage_current import settle_voltage_and_current
from eisfit.spectra.readers.file import MAX_SWEEPS, File
from eisfit.spectra.readers.file_formats._list_cells import unpack_lists
from eisfit.spectra.readers.labels.column_sets import Z1_Z2, find_column_sets
from eisfit.spectra.readers.labels.constants import (
    find_shared_lines,
    find_titles,
    label_rows,
    name_by_lines,
    name_constants,
)
from eisfit.spectra.readers.labels.groups import name_by_label, split_by_label
from eisfit.spectra.readers.labels.key_values import apply_header, apply_prose, join_header, read_pairs
from eisfit.spectra.readers.labels.labelled_cuts import find_label_cuts
from eisfit.spectra.readers.names.columns import Column, parse_name
from eisfit.spectra.readers.names.swept_names import SWEPT, rename_swept
from eisfit.spectra.readers.surroundings.ends import (
    drop_column_numbers,
    drop_ends,
)
from eisfit.spectra.readers.surroundings.left_over import Rest, find_near, find_unused, read_with_rest
from eisfit.spectra.readers.surroundings.noted import note_commas, note_table, note_unnamed
from eisfit.spectra.readers.surroundings.rectangles import read_rectangles
from eisfit.spectra.readers.surroundings.refusals import (
    explain_missing_frequency,
    explain_missing_table,
    refuse_factor_below,
    refuse_gaps,
    refuse_lost_header,
    refuse_other_subject,
    refuse_two_decimal_signs,
    refuse_unclear_table,
    refuse_unknown_tester,
    refuse_unproven,
    refuse_words,
    refuse_z_scores,
)
from eisfit.spectra.readers.surroundings.stacked import find_stacked_tables, read_stacked
from eisfit.spectra.readers.surroundings.stated import (
    find_lines_beside,
    note_other_words,
    with_stated_units,
)
from eisfit.spectra.readers.sweep import ManySweepsError, Sweep, plural, refuse_many
from eisfit.spectra.readers.tables.block import find_table
from eisfit.spectra.readers.tables.header_names import join_quoted_lines
from eisfit.spectra.readers.tables.headerless import read_headerless
from eisfit.spectra.readers.tables.logged import tabulate_named_lines
from eisfit.spectra.readers.tables.long import pivot_names
from eisfit.spectra.readers.tables.parts_below import join_parts
from eisfit.spectra.readers.tables.rewritten import (
    is_numbered,
    name_complex_columns,
    separate_numbers,
    strip_cells,
)
from eisfit.spectra.readers.tables.spaced_commas import part_spaced_commas
from eisfit.spectra.readers.tables.sweeps import is_spaced_like_sweep, looks_like_frequency
from eisfit.spectra.readers.tables.table import Table
from eisfit.spectra.readers.tables.thousands import settle_thousands
from eisfit.spectra.readers.tables.titled_header import part_titled_headers
from eisfit.spectra.spectrum import ASSUMED

NAME = "text table"
SUFFIXES = (".csv", ".txt", ".tsv", ".dat", ".asc")
RANK = 100  # asked last: every text looks like a table to it

_OPEN_END = regex(r"[\d.,eE+-]$")
_WITH_UNIT = regex(r"\s*\"?\d[\d.,eE+-]*\s*[kmMG]?[hH][zZ]\b")
_FEWEST_ROWS, _COUNTED = 3, 50_000  # lines
_MOST_DRESSED = 300_000  # lines of numbers among names and units, of which 40 us each are needed


def recognise(file: File) -> bool:
    """Whether `file` is text at all, and no document."""
    return file.encoding is not None and file.foreign() is None


def parse(file: File) -> list[Sweep]:
    """Return the sweeps of a text table.

    Raises
    ------
    ReadError
        When there is no table, or its columns cannot be told for certain.
    """
    if len(file.lines) > 2 * _COUNTED:
        _refuse_short_sweeps(file)
    lines = join_quoted_lines(file.lines) if '"' in file.head else file.lines
    if file.head.startswith("LabVIEW Measurement"):  # numbers stand in its head too
        ends = [i for i, line in enumerate(lines[:_COUNTED]) if "***End_of_Header***" in line]
        lines = [*[""] * (ends[-1] + 1), *lines[ends[-1] + 1 :]] if ends else lines
    try:
        return read_lines(file, lines)
    except ReadError:
        if sweeps := _read_parts_below(file, lines):
            return sweeps
        if rows := unpack_lists(file) or part_titled_headers(lines):
            return read_lines(file, rows)
        if rows := part_spaced_commas(lines):
            return note_commas(read_lines(file, rows))
        raise


def _read_parts_below(file: File, lines: Sequence[str]) -> list[Sweep]:
    """Return the sweeps of tables that hold a part each; none where there are no such tables."""
    table = find_table(file, lines)
    joined = join_parts(lines, table.style) if table is not None else []
    sweeps = read_lines(file, joined) if joined else []
    for sweep in sweeps:
        sweep.notes.append("its two parts stand in tables below each other")
    return sweeps


def _refuse_short_sweeps(file: File) -> None:
    """Refuse a long table of very short sweeps by its beginning: to read all of it takes long.

    Raises
    ------
    ManySweepsError
        Where the beginning holds too many.
    """
    try:
        found = len(read_lines(file, file.lines[:_COUNTED]))
        enough = int(1.2 * _COUNTED * MAX_SWEEPS / found)
        if enough < len(file.lines):
            read_lines(file, file.lines[:enough])
    except ManySweepsError:
        raise
    except ReadError:
        return  # whatever it is, the whole file tells it


def read_lines(file: File, plain: Sequence[str]) -> list[Sweep]:
    """Return the sweeps of the tables in `plain`, wherever they stand."""
    return read_rectangles(file, plain, partial(_read_stacked, file, plain), _read_stacked)


def _read_stacked(file: File, plain: Sequence[str]) -> list[Sweep]:
    """Return the sweeps of the tables in `plain`, one below the other where their headers differ."""
    written = separate_numbers(plain)
    plain, lines = written.plain, name_complex_columns(written)
    table = find_table(file, lines)
    parts = find_stacked_tables(table) if table is not None else []
    if parts:
        return read_stacked(file, plain, parts, read_lines)
    used = set(table.rows) if table is not None else set()
    ends = drop_ends(table) if table is not None else []
    few_rows = table is None or table.matrix.shape[0] < _FEWEST_ROWS
    if (few_rows or _has_words(table)) and (plainer := _rewrite_cells(file, plain, lines)):
        whole = not _OPEN_END.search(plain[-1])  # a bracket or a unit ends its last number
        return read_lines(file, [*plainer, *([""] if whole else [])])
    if table is None or few_rows:
        few = "" if table is None else f"no table of numbers in it (only {plural(len(table.matrix), 'row')})"
        raise file.error(few or explain_missing_table(lines))
    table.polar = written.polar
    if wide := pivot_names(table):
        return read_lines(file, wide)
    numbered = drop_column_numbers(table)
    if table.mixed and all(lines[row] is not plain[row] for row in table.rows):
        table.mixed = False  # complex numbers make two columns of one name
    rest = Rest(plain, used, find_unused(plain, used, table.style, find_near(table, used, plain)))
    refuse_two_decimal_signs(file, table, rest.left)
    sweeps = read_with_rest(file, rest, partial(read_table, file, table), read_lines)
    sweeps[-1].notes += ends
    if numbered:
        sweeps[0].notes.append("left out the first row: it numbers the columns")
    return sweeps


def _rewrite_cells(file: File, plain: Sequence[str], lines: Sequence[str]) -> list[str]:
    """Return a table of numbers that stand among names and units; none where its beginning has none.

    Raises
    ------
    ReadError
        Where there are so many of them that it would take long.
    """
    for count in (_COUNTED, len(plain)):
        found = strip_cells(plain[:count]) or tabulate_named_lines(lines[:count])
        if not found or count >= len(plain):
            return found
        if len(plain) > _MOST_DRESSED:
            raise file.error(
                f"numbers among names or units in {len(plain)} lines; up to {_MOST_DRESSED} are read: "
                "write the file as a plain table, or in parts"
            )
    return []


def _has_words(table: Table | None) -> bool:
    """Whether rows hold words: a name and a number for each, or without a header units or names."""
    if table is None:
        return False
    row = table.lines[table.rows[0]]
    cut_apart = table.style.delimiter == " " and "\t" in row  # 10 Hz<tab>5 Ohm
    if table.names and np.isnan(table.matrix[:, 0]).all() and _WITH_UNIT.match(row):
        return parse_name(table.names[0]).quantity == "frequency"  # 1 MHz,5.2
    return (
        is_numbered(row)
        or row.lstrip()[:1] in ("[", "(")
        or ((cut_apart or not table.names) and bool(re.search(r"[^\W\d_eE]", row)))
    )


def read_table(file: File, table: Table) -> list[Sweep]:
    """Return the sweeps of `table`, with notes and metadata."""
    refuse_unclear_table(file, table)
    parted = settle_thousands(file, table)
    table.names = add_units_beside(file, table)
    table.names = rename_swept(table.names, table.units)
    beside = [*table.preamble, *table.units, Path(file.name).name]
    table.names, metered = add_meter_units(table.names, table.matrix, beside)
    if table.names:
        sets, words = find_column_sets(table), ""
    else:
        refuse_lost_header(file, table, table.lines[table.rows[-1] + 1 :][:3] if table.rows else [])
        reading = read_headerless(file, table.matrix, table.preamble)
        sets, words = [reading.columns, *reading.beside], f"no header: taken as {reading.words}"
    sweeps, table.alone = [], len(sets) == 1
    file = file if table.alone else file.with_words(table.names)  # a unit that another's columns have
    titles, over = find_titles(table, sets)
    sets = [with_titled_quantity(*pair, titles) for pair in zip(sets, titles, strict=True)]
    sets = [with_stated_units(file, table, one) for one in sets]
    refuse_factor_below(file, table)
    for columns, title in zip(sets, titles, strict=True):
        table.others = {i for one in sets if one is not columns for i in one}
        parts = split_by_label(table, columns)
        for label, part in parts:
            try:
                own_rows = with_titled_quantity(columns, label, [one for one, _ in parts])
                found = _make_sweeps(file, part, own_rows, words)
            except ReadError as error:
                too_few = table.mixed and len(table.names) < table.width
                raise (_make_names_error(file, table) if too_few else error) from error
            label_rows(found, label, title)
            sweeps += found
    used = (c for one in sets for c in one.values())
    told = note_other_words(file, used, itertools.chain(*find_lines_beside(table)))
    told += [*parted, *metered, *note_unnamed(table), *note_remarks(table)]
    pairs = read_pairs(line for line in table.preamble if line != over)  # each title is of one alone
    apply_header(sweeps, pairs)
    apply_prose(sweeps, find_shared_lines(table, over))
    for sweep in sweeps:
        sweep.metadata = {
            **pairs,
            **sweep.metadata,
            "header": join_header([*table.preamble, *_list_header_lines(table)]),
        }
        sweep.notes[:0] = [*file.encoding_notes(), *table.style.notes()]
        sweep.notes += told
    return sweeps


def _make_sweeps(file: File, table: Table, columns: dict[int, Column], words: str) -> list[Sweep]:
    chosen = pick_columns(columns, table.matrix)
    drop_short_conditions(chosen)
    if "frequency" not in chosen or _is_no_sweep(chosen):
        raise file.error(explain_missing_frequency(table))
    drop_word_columns(chosen)
    refuse_words(file, table, {i: c for i, c in columns.items() if c in chosen.columns.values()})
    refuse_z_scores(file, chosen)
    refuse_other_subject(file, table, chosen)
    columns = settle_half_unit(file, chosen, columns)
    refuse_unknown_tester(file, table, chosen)
    z = _compute_impedance(file, table, chosen, columns)
    if table.names and (name := find_misnamed_frequency(chosen, columns, table.matrix)):
        taken = chosen.columns["frequency"].name
        raise file.error(f"{name!r} runs like a frequency, and {taken!r} does not: mend the header")
    if told := find_conflict(chosen, z, columns, table.matrix):
        raise file.error(f"{told}: delete the wrong column, or mend its unit")
    if told := compare_modulus(chosen, z):
        chosen.notes.append(f"{ASSUMED} {told}")
    refuse_gaps(file, table, np.isfinite(z))
    leave_out_marked(table, columns, chosen, z)
    note_table(file, table, chosen)
    cuts = find_sweep_starts(chosen, z, find_gaps(table, chosen["frequency"], z))
    cuts = cuts or find_label_cuts(table, chosen, columns, z)
    refuse_many(file, len(cuts))
    refuse_disorder(file, chosen["frequency"], cuts)
    sweeps = make_sweeps(chosen, z, cuts)
    name_constants(table, columns, cuts, sweeps)
    name_by_lines(table, cuts, sweeps)
    name_by_label(file, sweeps, columns, table.alone)
    z1_z2 = "real" in chosen and chosen.columns["real"].name == Z1_Z2[0]
    unsigned = bool(words) or ("imag" in chosen and chosen.columns["imag"].scale > 0 and not z1_z2)
    outcome = settle_sign(file, sweeps, words or describe_sign(chosen), unsigned=unsigned)
    refuse_unproven(file, table, chosen, sweeps)
    if z1_z2 and (outcome == 0 or _is_proportional(z)) and not (np.minimum(z.real, z.imag) < 0).any():
        raise file.error('columns Z1 and Z2 may be parts or moduli: name them "Z\'" and "Z\'\'"')
    proven = outcome == 1 or (outcome == -1 and is_spaced_like_sweep(chosen["frequency"]))
    if table.mixed and not proven and not any("agree with the phase" in note for note in chosen.notes):
        raise _make_names_error(file, table)
    return sweeps


def _is_no_sweep(chosen: Chosen) -> bool:
    """Whether a ``w`` that may be an angular frequency runs like none: a weight, a power."""
    return chosen.columns["frequency"].name in SWEPT and not looks_like_frequency(chosen["frequency"])


def _make_names_error(file: File, table: Table) -> ReadError:
    mark = table.style.delimiter
    cause = (
        f" (a decimal sign, or a mark between thousands, written like the {mark!r} between columns?)"
        if mark in ",;"
        else ""
    )
    return file.error(
        f"{len(table.names)} column names for {table.width} columns, and nothing proves which is which{cause}"
    )


def _is_proportional(z: NDArray[np.complex128]) -> bool:
    """Whether one column is the other times a constant, as the moduli of two capacitors are."""
    return bool(np.ptp(np.angle(z[np.isfinite(z) & (z != 0)])) < 0.1)


def _compute_impedance(
    file: File, table: Table, chosen: Chosen, columns: dict[int, Column]
) -> NDArray[np.complex128]:
    """Return Z; a header that a spreadsheet turned into #NAME? is -Im(Z) where the other columns prove it."""
    settle_voltage_and_current(chosen, columns, table.matrix)
    lost = [i for i, meaning in columns.items() if meaning.quantity == "excel_error"]
    if "imag" in chosen or "real" not in chosen or not lost:
        return compute_impedance(file, chosen)
    if not chosen.has_all("modulus", "phase"):
        raise file.error(
            "the header of a column is #NAME? (a spreadsheet's error) and nothing tells what it holds"
        )
    chosen.set_column("imag", Column(columns[lost[0]].name, "imag", -1.0), -table.matrix[:, lost[0]])
    chosen.notes.append("the column headed #NAME? is -Im(Z): it agrees with the modulus and the phase")
    z = compute_impedance(file, chosen)
    off = relative_differences(np.abs(z), chosen["modulus"])
    if off.size and median(off) > 0.03:
        raise file.error(
            "the header of a column is #NAME? (a spreadsheet's error) and it does not fit the modulus"
        )
    return z


def _list_header_lines(table: Table) -> list[str]:
    delimiter = "\t" if table.style.delimiter == " " else table.style.delimiter
    return [delimiter.join(cells) for cells in (table.names, table.units) if cells]
