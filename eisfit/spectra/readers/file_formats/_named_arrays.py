"""Arrays that come with names: of MATLAB, of NumPy archives, of groups in a container."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import median
from eisfit.errors import ReadError
from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.conversion.assemble import describe_sign, make_sweeps, note_bare_units
from eisfit.spectra.readers.conversion.attribute_units import iterate_title_units, with_attribute_units
from eisfit.spectra.readers.conversion.chosen import pick_columns
from eisfit.spectra.readers.conversion.cuts import find_boundaries
from eisfit.spectra.readers.conversion.doubt import BETTER, FITS
from eisfit.spectra.readers.conversion.imag_sign import settle_sign
from eisfit.spectra.readers.conversion.impedance import compute_impedance
from eisfit.spectra.readers.file import File, shorten
from eisfit.spectra.readers.file_formats._frames import group_by_length, make_part_names, read_frame
from eisfit.spectra.readers.file_formats._shaped_arrays import read_array
from eisfit.spectra.readers.labels.key_values import apply_conditions
from eisfit.spectra.readers.names.columns import parse_name
from eisfit.spectra.readers.names.not_measured_words import find_kind
from eisfit.spectra.readers.names.swept_names import rename_swept
from eisfit.spectra.readers.names.words import PARTS
from eisfit.spectra.readers.sign import misfit
from eisfit.spectra.readers.surroundings.stated import note_other_words, refuse_unclear
from eisfit.spectra.readers.sweep import Sweep, asks_for_unit
from eisfit.spectra.readers.tables.header_names import WANTED
from eisfit.spectra.spectrum import ASSUMED

Arrays = dict[str, NDArray[Any]]
_MOST_SHOWN = 8
#: What a number is called that the others are to be multiplied with.
SCALE = regex("scale|factor|multipl", re.IGNORECASE)


def read_groups(
    file: File, groups: Mapping[str, Arrays], facts: Mapping[str, Mapping[str, Any]] = MappingProxyType({})
) -> list[Sweep]:
    """Return the sweeps of every group that has a frequency, labelled by the group's name.

    Parameters
    ----------
    file
        The file.
    groups
        Arrays by name, by the path of their group.
    facts
        What else is said of a group and those in it, by its path.

    Raises
    ------
    ReadError
        When no group has one; it says which names there are.
    """
    groups = _share_frequency({name: _name_swept(arrays) for name, arrays in groups.items()})
    own = {name: arrays for name, arrays in groups.items() if _find_swept(arrays) is not None}
    tables = [values for arrays in groups.values() for values in arrays.values() if _is_table(values)]
    if not own and len(tables) == 1:
        return read_array(file, tables[0])
    if not own:
        own = {"": {name: values for arrays in groups.values() for name, values in arrays.items()}}
    sweeps = []
    for name, arrays in own.items():
        found = read_names(file.with_words(iterate_title_units(name)), arrays)
        pairs = {**_find_facts(facts, name), **_find_single_numbers(arrays)}
        apply_conditions(found, pairs)
        for sweep in found:
            sweep.metadata = {**pairs, **sweep.metadata}
        for sweep in found if name and len(own) > 1 else []:
            sweep.metadata["label"] = name
            sweep.notes.append(f"group {name!r}")
        sweeps += found
    return sweeps


def _share_frequency(groups: Mapping[str, Arrays]) -> Mapping[str, Arrays]:
    """Return the groups, those of parts alone with the frequency of the group that they are in."""
    parts = {*PARTS}
    held = {name: {parse_name(one).quantity for one in arrays} for name, arrays in groups.items()}
    alone = [name for name, arrays in groups.items() if not held[name] & parts and _find_swept(arrays)]
    shared = dict(groups)
    for name, arrays in groups.items() if alone else ():
        above = [outer for outer in alone if name != outer and _is_within(name, outer)]
        if above and held[name] & parts and _find_swept(arrays) is None:
            outer = max(above, key=len)
            f_name = str(_find_swept(groups[outer]))
            shared[name] = {f_name: groups[outer][f_name], **arrays}
            shared.pop(outer, None)
    return shared


def _name_swept(arrays: Mapping[str, NDArray[Any]]) -> Arrays:
    return dict(zip(rename_swept(list(arrays)), arrays.values(), strict=True))


def _is_within(name: str, outer: str) -> bool:
    return not outer or name == outer or name.startswith((f"{outer}/", f"{outer}."))


def _find_facts(facts: Mapping[str, Mapping[str, Any]], name: str) -> dict[str, Any]:
    """Return what is said of a group, and of those that it is in."""
    found: dict[str, Any] = {}
    for outer in sorted(facts, key=len):
        found |= facts[outer] if _is_within(name, outer) else {}
    return found


def _find_single_numbers(arrays: Arrays) -> dict[str, Any]:
    return {name: v.item() for name, v in arrays.items() if v.size == 1 and v.dtype.kind in "fiuU"}


def name_columns(arrays: Mapping[str, NDArray[Any]], names: Sequence[Sequence[str]]) -> Arrays:
    """Return the arrays, the columns of a matrix by names that stand beside it, one of them a frequency's."""
    named: Arrays = {}
    for key, values in arrays.items():
        suits = (held for held in names if values.ndim == 2 and values.shape[1] == len(held))
        own = next((held for held in suits if len(set(held)) == len(held) and _find_swept(held)), None)
        named |= {key: values} if own is None else dict(zip(own, values.T, strict=True))
    return named


def iterate_words(name: str, value: NDArray[Any]) -> Iterator[str]:
    """Yield an array of one text behind its name, or of one number that is called a scale or a factor."""
    if value.size == 1 and (value.dtype.kind == "U" or (value.dtype.kind in "fiu" and SCALE.search(name))):
        yield f"{name}: {value.item()}"


def _is_table(values: NDArray[Any]) -> bool:
    """Whether an array has the shape of f, Z', Z'', or of f and complex Z, a row a point."""
    if values.ndim == 3 and values.dtype.kind in "fiu":
        return 3 in values.shape[1:]
    return (
        values.ndim == 2 and values.shape[0] > 3 and values.shape[1] == (2 if values.dtype.kind == "c" else 3)
    )


def _list_names(names: Collection[str]) -> str:
    """Return the first names, and how many more there are."""
    shown = [shorten(name, 40) for name in list(names)[:_MOST_SHOWN]]
    more = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
    return f"{', '.join(shown)}{more}" if shown else "none"


def _find_swept(names: Collection[str]) -> str | None:
    """Return the first name of a frequency, else of a period."""
    named = {quantity: name for name in reversed([*names]) if (quantity := parse_name(name).quantity)}
    return named.get("frequency") or named.get("period")


def read_names(file: File, arrays: Mapping[str, NDArray[Any]]) -> list[Sweep]:
    """Return the sweeps of arrays named after what they hold (``freq``, ``Z_real``, ``imZ``, complex ``Z``).

    Raises
    ------
    ReadError
        When there is no frequency, no impedance, or lengths differ.
    """
    arrays = _name_swept(arrays)
    flat = _split_complex({name: np.atleast_1d(np.squeeze(values)) for name, values in arrays.items()})
    meanings = {name: parse_name(name) for name in flat}
    f_name = _find_swept(meanings)
    if f_name is None or flat[f_name].ndim != 1:
        raise file.error(f"no array named as a frequency (arrays: {_list_names(arrays)})")
    if parts := group_by_length(arrays, flat):
        return _read_parts(file, parts)
    size = flat[f_name].size
    used = {
        name: values
        for name, values in flat.items()
        if meanings[name].quantity in WANTED or (meanings[name].quantity and size in values.shape)
    }
    fitting = {meanings[name].quantity for name, values in used.items() if size in values.shape}
    used = {  # an image of the cell is no imaginary part
        name: values
        for name, values in used.items()
        if values.ndim == 1 or size in values.shape or meanings[name].quantity not in fitting
    }
    unclear = [name for name, values in arrays.items() if values.dtype.kind == "c" and name not in used]
    if unclear and not {meanings[name].quantity for name in used} - {"frequency", "period"}:
        raise file.error(
            f"nothing says that the complex numbers ({_list_names(unclear)}) are impedances: call such "
            "an array 'Z', several 'Z_A', 'Z_B'"
        )
    if any(values.ndim == 2 for values in used.values()):
        return _read_many(file, used, size, f_name, flat)
    sweeps = read_frame(file, {name: v.tolist() for name, v in flat.items() if v.shape == (size,)})
    aside = [name for name, v in arrays.items() if name not in flat and size in v.shape and find_kind(name)]
    for sweep in sweeps if aside else []:
        sweep.notes.append(f"left aside: {_list_names(aside)}")
    return sweeps


def _read_parts(file: File, parts: Sequence[Arrays]) -> list[Sweep]:
    """Return the sweeps of all parts that hold an impedance; else the first's error."""
    sweeps: list[Sweep] = []
    errors: list[ReadError] = []
    for part in parts:
        try:
            sweeps += read_names(file, part)
        except ReadError as error:
            errors.append(error)
    if not sweeps or any(map(asks_for_unit, errors)):
        raise errors[0]
    for sweep in sweeps if errors else []:
        sweep.notes.append("left aside: frequencies of another length, without an impedance")
    return sweeps


def _split_complex(arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    flat: dict[str, NDArray[Any]] = {}
    complex_ones = [name for name, values in arrays.items() if values.dtype.kind == "c"]
    alone = len(complex_ones) == 1 and complex_ones[0][:1] in "zZ"
    for name, values in arrays.items():
        if values.dtype.kind == "c" and (parse_name(name).quantity or alone):
            real, imag = make_part_names(name, alone=alone)
            flat[real], flat[imag] = values.real, values.imag
        elif values.dtype.kind in "fiu":
            flat[name] = values
    return flat


def _read_many(
    file: File, used: Mapping[str, NDArray[Any]], size: int, f_name: str, flat: Mapping[str, NDArray[Any]]
) -> list[Sweep]:
    """Several spectra at the same frequencies: (F, n) or (n, F) arrays; of squares Kramers-Kronig tells.

    An array of `flat` with a number a spectrum says where it stands: ``cycle``, ``temperature``.
    """
    if all(v.shape == (size, size) for v in used.values() if v.ndim == 2):
        return _read_square(file, used, f_name)
    wide = {name: v.T if v.ndim == 2 and v.shape[0] == size else v for name, v in used.items()}
    shapes = {v.shape for v in wide.values() if v.ndim == 2}
    if len(shapes) != 1 or next(iter(shapes))[1] != size:
        raise file.error("the arrays have different shapes")
    rows = next(iter(shapes))[0]
    sweeps = _read_rows(file, wide, f_name)
    each = {name: v for name, v in flat.items() if v.shape == (rows,) and rows != size}
    for i, sweep in enumerate(sweeps if len(sweeps) == rows else []):
        pairs = {name: v[i].item() for name, v in each.items()}
        apply_conditions([sweep], pairs)
        sweep.metadata |= pairs
    return sweeps


def _read_rows(file: File, wide: Mapping[str, NDArray[Any]], f_name: str) -> list[Sweep]:
    """Return a spectrum for each row of the arrays, without a table where each quantity comes once."""
    held = {name: v for name, v in wide.items() if v.ndim == 2 or name == f_name}
    rows = next(v.shape[0] for v in held.values() if v.ndim == 2)
    parts = ({name: v[i] if v.ndim == 2 else v for name, v in held.items()} for i in range(rows))
    known = [parse_name(name).quantity for name in held]
    read = _read_plain if len(set(known)) == len(known) else read_names
    return [sweep for part in parts for sweep in read(file, part)]


def _read_plain(file: File, arrays: Mapping[str, NDArray[Any]]) -> list[Sweep]:
    """Return the sweeps of arrays of one length, each of a quantity of its own."""
    matrix = np.column_stack([values.astype(np.float64) for values in arrays.values()])
    named = {i: parse_name(name) for i, name in enumerate(arrays)}
    columns = with_attribute_units(file, named)
    chosen = pick_columns(columns, matrix)
    z = compute_impedance(file, chosen)
    chosen.notes += [] if file.reading.impedance_unit else note_bare_units(chosen)
    if stated := {c.unit for i, c in columns.items() if c.unit != named[i].unit}:
        chosen.notes.append(f"{ASSUMED} {stated.pop()}, as an attribute beside the arrays says")
    told = {part: chosen.columns[part].unit for part in ("real", "imag", "modulus") if part in chosen.columns}
    bare = set() if not told or any(told.values()) else {"ohm"}
    refuse_unclear(file, bare | (set() if chosen.columns["frequency"].unit else {"frequency"}))
    chosen.notes += note_other_words(file, chosen.columns.values())
    sweeps = make_sweeps(chosen, z, find_boundaries(chosen["frequency"], z, chosen.get("cycle")))
    settle_sign(file, sweeps, describe_sign(chosen))
    return sweeps


def _read_square(file: File, square: Mapping[str, NDArray[Any]], f_name: str) -> list[Sweep]:
    """Return the spectra of square arrays: of rows or of columns, whichever obeys Kramers-Kronig.

    Raises
    ------
    ReadError
        When both do, or neither.
    """
    found: list[list[Sweep]] = []
    off: list[float] = []
    for way in (square, {name: v.T for name, v in square.items()}):
        try:
            sweeps = _read_rows(file, {**way, f_name: square[f_name]}, f_name)
        except ReadError as error:
            if asks_for_unit(error):
                raise
            sweeps = []  # taken the other way the numbers are none of an impedance
        found.append(sweeps)
        misfits = [misfit(sweep.frequency, sweep.impedance) for sweep in sweeps]
        off.append(float(median(misfits)) if misfits else np.inf)
    best = int(np.argmin(off))
    if not (off[best] < FITS and off[1 - best] > BETTER * off[best]):
        raise file.error(
            "as many spectra as frequencies, and nothing tells whether a spectrum is a row or a column: "
            "save them with more or fewer spectra"
        )
    for sweep in found[best]:
        sweep.notes.append(f"a spectrum a {('row', 'column')[best]} of the arrays: Kramers-Kronig tells it")
    return found[best]
