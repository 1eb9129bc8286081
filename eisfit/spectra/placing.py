"""Where every spectrum stands on the axes of its series: a manifest, the data, or names tell."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eisfit.spectra.axes import AXES, Axis, find_axis_value, find_in_name, read_name
from eisfit.spectra.cycle_numbers import (
    FROM_FOLDER,
    FROM_LABEL,
    FROM_LINE,
    FROM_MANIFEST,
    FROM_NAME,
    FROM_SHEET,
    find_name_cycle,
    is_counter,
)
from eisfit.spectra.readers.labels.key_values import read_condition
from eisfit.spectra.spectrum import Spectrum

_NAMES = (FROM_LABEL, FROM_SHEET, FROM_NAME, FROM_FOLDER)


def set_cycles(
    found: tuple[Spectrum, ...], file: Path, pattern: re.Pattern[str] | None, given: float | None
) -> list[Spectrum]:
    """Return the spectra of one file with their cycles: `given`, of the data, or of the file's name."""
    if given is not None and len(found) == 1:
        return [found[0].replace(cycle=given, notes=(*found[0].notes, f"cycle {FROM_MANIFEST}"))]
    of_eclab = bool(found) and "freq/Hz" in str(found[0].metadata.get("header", ""))
    named = find_name_cycle(file, pattern, of_eclab)
    if named is None or len(found) > 1:
        return list(found)
    spectrum = found[0]
    if pattern is None and spectrum.cycle is not None and not is_counter(spectrum, named):
        return [spectrum]
    return [spectrum.replace(cycle=named, notes=(*spectrum.notes, f"cycle {FROM_NAME}"))]


def place_on_axes(
    spectrum: Spectrum,
    file: Path,
    axes: Sequence[Axis],
    pattern: re.Pattern[str] | None,
    listed: Mapping[str, float],
) -> Spectrum:
    """Return a spectrum with its place on every axis that something tells of.

    Parameters
    ----------
    axes
        Those asked for; `pattern` finds the first of them in names, and wins over the data.
    listed
        What a manifest says of the file.
    """
    said = _read_names(spectrum, file, axes, pattern)
    first = axes[0].name if pattern is not None and axes else None
    kept: dict[str, tuple[float, str]] = {}
    for axis in {**AXES, **{axis.name: axis for axis in axes}}.values():
        if axis.name in listed:
            kept[axis.name] = listed[axis.name], FROM_MANIFEST
        elif axis.name in said and axis.name == first:
            kept[axis.name] = said[axis.name]
        elif find_axis_value(spectrum, axis) is None and (header := _read_header(spectrum, axis)) is not None:
            kept[axis.name] = header, "from the header"
        elif find_axis_value(spectrum, axis) is None and axis.name in said:
            kept[axis.name] = said[axis.name]
    kept.pop("cycle", None)
    return _set_axes(spectrum, kept) if kept else spectrum


def _read_names(
    spectrum: Spectrum, file: Path, axes: Sequence[Axis], pattern: re.Pattern[str] | None
) -> dict[str, tuple[float, str]]:
    """Return what the label, the sheet's name and the file's say, and which; what is nearest counts first."""
    held = {FROM_LABEL: spectrum.metadata.get("label"), FROM_SHEET: spectrum.metadata.get("sheet")}
    names = {source: str(name) for source, name in held.items() if name}
    names[FROM_NAME] = file.stem if may_be_suffix(file.suffix) else file.name
    told: dict[str, tuple[float, str]] = {}
    for source, name in names.items():
        own = {
            axis.name: find_in_name(name, axis, pattern if place == 0 else None)
            for place, axis in enumerate(axes)
        }
        found = {**read_name(name), **{key: value for key, value in own.items() if value is not None}}
        told = {**{key: (value, source) for key, value in found.items()}, **told}
    # Folders bear names for many reasons: they count for what is asked for.
    asked = {axis.name: find_in_name(file.parent.name, axis, None) for axis in axes}
    return {**{key: (value, FROM_FOLDER) for key, value in asked.items() if value is not None}, **told}


def may_be_suffix(suffix: str) -> bool:
    """Return whether this is a file's type, and not the decimals of a number in its name."""
    return bool(re.fullmatch(r"\.[A-Za-z]\w*", suffix))


def _read_header(spectrum: Spectrum, axis: Axis) -> float | None:
    """Return what the header says under one of the axis' names; in the axis' unit."""
    words = {axis.name, *axis.also}
    for key, value in spectrum.metadata.items():
        bare = re.sub(r"\s*[\[(/]\s*%\s*[\])]?$", "", str(key).strip())
        plain = re.sub(r"[\s-]+", "_", bare)
        if plain in words or plain.lower() in words:
            number = read_condition(axis.name, str(value), axis.suffixes)
            said = axis.name == "soc" and isinstance(value, str)  # numbers of columns are per cent
            part = said and "%" not in f"{key}{value}" and number is not None and 0 < number <= 1
            return number * 100 if part and number is not None else number
    return None


def _set_axes(spectrum: Spectrum, told: Mapping[str, tuple[float, str]]) -> Spectrum:
    fields: dict[str, Any] = {}
    axes, notes = dict(spectrum.axes), list(spectrum.notes)
    for name, (value, source) in told.items():
        axis = AXES.get(name)
        if axis is not None and axis.attribute:
            fields[axis.attribute] = value
        else:
            axes[name] = value
        notes.append(f"{name} {source}")
    return spectrum.replace(axes=axes, notes=tuple(notes), **fields)


def find_axis_in_names(spectra: Sequence[Spectrum]) -> Axis | None:
    """Return the axis that names or a manifest spell out for all spectra, where no cycle is known at all."""
    if len(spectra) < 2 or any(spectrum.cycle is not None for spectrum in spectra):
        return None
    for axis in AXES.values():
        said = tuple(f"{axis.name} {source}" for source in (*_NAMES, FROM_LINE, FROM_MANIFEST))
        told = all(any(note.startswith(said) for note in spectrum.notes) for spectrum in spectra)
        if told and len({find_axis_value(spectrum, axis) for spectrum in spectra}) > 1:
            return axis
    return None


def sort_spectra(spectra: Sequence[Spectrum], axes: Sequence[Axis]) -> list[Spectrum]:
    """Return the spectra by their last axis, then by the first; those without a place come last."""

    def key(spectrum: Spectrum) -> tuple[tuple[bool, float], ...]:
        values = [find_axis_value(spectrum, axis) for axis in reversed(axes)]
        return tuple((value is None, value or 0.0) for value in values)

    return sorted(spectra, key=key)


def note_axes(spectra: Sequence[Spectrum], axes: Sequence[Axis]) -> list[str]:
    """Return what is unknown, what stands twice at one place, and what was taken from names."""
    notes = []
    for axis in axes:
        unknown = [s.name for s in spectra if find_axis_value(s, axis) is None]
        if unknown and len(spectra) > 1:
            shown = ", ".join(unknown[:5]) + (", ..." if len(unknown) > 5 else "")
            others = _name_known_axes(spectra, axes) if len(unknown) == len(spectra) else ""
            notes.append(
                f"the {axis.name} of {len(unknown)} of {len(spectra)} spectra is unknown: {shown}{others}"
            )
        named = sum(any(f"{axis.name} {source}" in s.notes for source in _NAMES) for s in spectra)
        if named and axis.name != "cycle":
            notes.append(
                f"{axis.name} of {named} of {len(spectra)} spectra from the names of files, folders or "
                f"sheets (as in {axis.example}; --axis-pattern or a manifest for others)"
            )
    places = [tuple(find_axis_value(s, axis) for axis in axes) for s in spectra]
    known = [place for place in places if None not in place]
    twice = sorted(place for place, times in Counter(known).items() if times > 1)
    if twice:
        shown = ", ".join(
            " and ".join(axis.format(v) for axis, v in zip(axes, place, strict=True)) for place in twice[:10]
        )
        what = "cycle number" if axes[0].name == "cycle" and len(axes) == 1 else "place of the axis"
        notes.append(f"several spectra under one {what}: {shown}" + (", ..." if len(twice) > 10 else ""))
        notes[-1] += _name_folders([s for s, place in zip(spectra, places, strict=True) if place == twice[0]])
    return notes


def _name_folders(spectra: Sequence[Spectrum]) -> str:
    """Return what to do where spectra of one place are of several folders, as the end of a sentence."""
    folders = list(dict.fromkeys(Path(spectrum.source).parent.name for spectrum in spectra))
    named = ", ".join(folders[:5])
    return f"; name the folders one by one ({named}) where each is a cell" if len(folders) > 1 else ""


def _name_known_axes(spectra: Sequence[Spectrum], axes: Sequence[Axis]) -> str:
    """Return the axes on which every spectrum stands, and not all at one place, as the end of a sentence."""
    places = {name: {find_axis_value(s, axis) for s in spectra} for name, axis in AXES.items()}
    asked = {axis.name for axis in axes}
    names = [name for name, held in places.items() if name not in asked and len(held - {None}) > 1]
    names = [name for name in names if None not in places[name]]
    return f"; {' and '.join(names)} known of all: --by {names[0]}" if names else ""
