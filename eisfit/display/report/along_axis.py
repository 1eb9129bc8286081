"""What a series over any axis says: places with units, activation energies, thickness lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from eisfit.display.report.words import Document, axes_of, axis_unit, clean, format_cycle
from eisfit.rounding import significant, value_with_error

_MIN_ERRORS = 3.0  # standard errors from which an energy is worth a sentence
_LARGE = 1e5
_USUAL = 3.93  # standard errors, a little more than a normal 95 % interval takes


def place_text(row: Mapping[str, Any], axis: Mapping[str, Any]) -> str:
    """Return where a row stands on an axis, with the unit.

    >>> place_text({"temperature": -25.0}, {"name": "temperature", "unit": "degC"})
    '-25 °C'
    >>> place_text({"time": 1764400000.0}, {"name": "time", "unit": "s"})
    '1764400000 s'
    """
    value = row.get(axis["name"])
    if axis["name"] == "cycle" or value is None:
        return format_cycle(value) or "?"
    digits = 5 if abs(value) < _LARGE else 12  # seconds since 1970 differ in their last ones
    return f"{value:.{digits}g} {axis_unit(axis)}".rstrip()


def list_energies(document: Document, names: Sequence[str], places: int) -> list[list[str]]:
    """Return the row of activation energies that closes a table over the temperature; of a grid, several."""
    rows = []
    for part in _list_parts(document):
        energies = part.get("arrhenius") or {}
        if not energies:
            continue
        words = ["Ea / eV", *([place_text(part, axes_of(document)[1])] if places > 1 else []), ""]
        told = [energies.get(name) for name in names]
        found = [value_with_error(e["activation_energy_eV"], e["stderr"]) if e else "" for e in told]
        rows.append([*words, *found])
    return rows


def _list_parts(document: Document) -> list[Mapping[str, Any]]:
    return list(document.get("grid") or [document])


def describe_laws(document: Document) -> list[str]:
    """Return a sentence for each law that a series over its axis has."""
    axes = axes_of(document)
    said = []
    for part in _list_parts(document):
        where = f"{axes[1]['name']} {place_text(part, axes[1])}: " if len(axes) > 1 else ""
        said += [where + text for text in _iterate_laws(part)]
    return said


def _iterate_laws(part: Mapping[str, Any]) -> Iterator[str]:
    for name, law in (part.get("arrhenius") or {}).items():
        if abs(law["activation_energy_eV"]) >= _MIN_ERRORS * law["stderr"]:  # else it stands in the table
            yield f"{clean(name)}: {describe_energy(law)}"
    for name, law in (part.get("lines") or {}).items():
        yield f"{clean(name)}: {describe_line(law)}"


def describe_energy(law: Mapping[str, Any]) -> str:
    """Return what an activation energy says."""
    energy = value_with_error(law["activation_energy_eV"], law["stderr"])
    text = f"activation energy {energy} eV, from {law['points']} of {law['of']} temperatures"
    text += _describe_scatter(law, "stderr", ("", " eV"))
    if law["form"] == "times_temperature":
        text += f" ({clean(law['name'])}/T over 1/T)"
    if not law["told_apart"]:
        other = value_with_error(law["other_activation_energy_eV"], law["stderr"])
        text += f"; {other} eV if hopping puts a factor T before it, which the data do not tell"
    if law["left_out"]:
        text += f"; off the line of the others: {', '.join(f'{t:g}' for t in law['left_out'])} °C"
    return text


def describe_line(law: Mapping[str, Any]) -> str:
    """Return what a line over the thickness says."""
    slope = value_with_error(law["slope"], law["slope_stderr"])
    offset = value_with_error(law["offset"], law["offset_stderr"])
    text = f"{slope} {clean(law['slope_unit'])} of thickness"
    if law.get("resistivity_ohm_cm") is not None:
        told = value_with_error(law["resistivity_ohm_cm"], law["resistivity_ohm_cm_stderr"])
        text += f" (resistivity {told} ohm cm)"
    text += f", and {offset} {clean(law['unit'])} at none (interfaces), from {law['points']} films"
    return text + _describe_scatter(law, "slope_stderr", ("slope_", ""), ("offset_", ""))


def _describe_scatter(law: Mapping[str, Any], stderr: str, *parts: tuple[str, str]) -> str:
    """Return the 95 % intervals where they are not two standard errors: these were taken from the scatter."""
    first = parts[0][0]
    low, high, error = law.get(f"{first}low"), law.get(f"{first}high"), law[stderr]
    if low is None or high is None or not error or high - low < _USUAL * error:
        return ""
    ends = [[significant(law[f"{part}{end}"], 4) for end in ("low", "high")] for part, _ in parts]
    told = ", and ".join(
        f"{one} to {other}{unit}" for (one, other), (_, unit) in zip(ends, parts, strict=True)
    )
    return f", which scatter by {significant(law['scatter'], 2)} of their errors (95 %: {told})"
