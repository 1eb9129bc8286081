"""A study of the first schema, which had [bare], [coated] and [electrode], as one of the second."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from eisfit.errors import SchemaError
from eisfit.model.schema import parse_tables
from eisfit.units import Uncertain, UnitError, uncertain

Table = dict[str, Any]

_BASE = "20 um"
_ENERGIES = ("kappa_activation_energy", "sigma_s_activation_energy", "reaction_activation_energy")
_KEYS: dict[str, tuple[str, ...]] = {
    "study": ("title", "references", "circuit", "temperature", "notes"),
    "bare": ("spectrum", "r_ct", "circuit", "parameter", "cell_scatter", "source"),
    "coated": ("spectrum", "r_ct", "circuit", "parameter", "cell_scatter", "source"),
    "film": (
        *("name", "thickness", "resistivity", "ionic_conductivity", "electrons_cross", "ald_cycles"),
        *("growth_per_cycle", "activation_energy", "temperature", "permittivity", "reference", "source"),
    ),
    "electrode": (
        *("pitch", "depth", "mouth_radius", "mouth_diameter", "floor_radius", "floor_diameter", "packing"),
        *("disc_diameter", "area", "sigma_s", "kappa", "double_layer", "alpha", "other_electrode_r_ct"),
        *(*_ENERGIES, "source"),
    ),
    "cycling": ("bare", "coated", "source"),
    "draws": ("n", "seed"),
    "priors": ("activity_gain", "area_gain"),
}
_UNUSED = {
    "study": ("notes",),
    "bare": ("circuit", "parameter"),
    "coated": ("circuit", "parameter"),
    "film": ("electrons_cross", "permittivity"),
    "electrode": ("double_layer", "alpha", *_ENERGIES),
    "draws": ("n",),
}


def convert_schema_1(text: str, source: str) -> tuple[Table, list[str]] | None:
    """Return the tables of the second schema and what was assumed, or None where a study is not of the first.

    Parameters
    ----------
    text
        TOML of the study.
    source
        What to call it in errors.

    Raises
    ------
    SchemaError
        One sentence for a key that the first schema has not, or for a value that is not to be read.
    """
    try:
        old = parse_tables(text, source)
    except SchemaError:
        return None  # the reader of studies says where the text is broken
    if old.get("schema", 1) != 1 or not any(isinstance(old.get(t), dict) for t in ("bare", "electrode")):
        return None
    _refuse_unknown(old, source)
    notes: list[str] = []
    try:
        return _convert({name: old.get(name, {}) for name in _KEYS}, text, notes), notes
    except UnitError as error:
        raise SchemaError(f"{source}: {error}") from None


def _refuse_unknown(old: Table, source: str) -> None:
    for name, table in old.items():
        if name == "schema":
            continue
        if name not in _KEYS or not isinstance(table, dict):
            raise SchemaError(
                f"{source}: {name} is no table of a study of schema 1; write schema = 2 for new keys"
            )
        for key in table:
            if key not in _KEYS[name]:
                raise SchemaError(
                    f"{source}: {name}.{key} is no key of schema 1; write schema = 2 for new keys"
                )


def _convert(old: dict[str, Table], text: str, notes: list[str]) -> Table:
    film = {key: v for key, v in old["film"].items() if key not in _UNUSED["film"]}
    film.setdefault("name", "film")
    head = {key: v for key, v in old["study"].items() if key not in {"temperature", "notes"}}
    head["simulated"] = "simulated" in text.lower()
    if head["simulated"]:
        notes.append("the word simulated in it makes its cells simulated ones")
    if "seed" in old["draws"]:
        head["seed"] = old["draws"]["seed"]
    new: Table = {"schema": 2, "study": head, "film": [film], "support": _to_support(old["electrode"], notes)}
    cells: tuple[tuple[str, Table], ...] = (("bare", {}), ("coated", {"coated_by": film["name"]}))
    new["cell"] = [{"name": name, **more, **_to_cell(old, name)} for name, more in cells]
    scatter = [old[name]["cell_scatter"] for name in ("bare", "coated") if "cell_scatter" in old[name]]
    if scatter:
        new["scatter"] = {"r_i": scatter[0]}
    new["counter"] = _to_counter(old["electrode"], notes)
    unused = [f"{t}.{key}" for t, keys in _UNUSED.items() for key in keys if key in old[t]]
    unused += [name for name in ("cycling", "priors") if old[name]]
    if unused:
        notes.append(f"not used any more: {', '.join(unused)}")
    return new


def _to_cell(old: dict[str, Table], name: str) -> Table:
    table = old[name]
    cell: Table = {key: table[key] for key in ("r_ct", "source") if key in table}
    files = table.get("spectrum", [])
    at = {"temperature": old["study"]["temperature"]} if "temperature" in old["study"] else {}
    spectra = [
        {"file": file, "replicate": number, **at}
        for number, file in enumerate([files] if isinstance(files, str) else files, 1)
    ]
    return {**cell, "spectra": spectra} if spectra else cell


def _to_support(old: Table, notes: list[str]) -> Table:
    area = old.get("area")
    if area is None and "disc_diameter" in old:
        area = _convert_length(old["disc_diameter"], lambda d: math.pi / 4 * d * d)
    support = {"kind": "flat", **({} if area is None else {"area": area})}
    if "depth" in old and uncertain(old["depth"], "cm", "electrode.depth", zero=True).median == 0:
        return support
    support |= {key: old[key] for key in ("pitch", "depth", "kappa", "sigma_s", "source") if key in old}
    for end in ("mouth", "floor"):
        if f"{end}_diameter" in old:
            support[f"{end}_diameter"] = old[f"{end}_diameter"]
        elif f"{end}_radius" in old:
            support[f"{end}_diameter"] = _convert_length(old[f"{end}_radius"], lambda r: 2 * r)
    packing = old.get("packing", "square")
    if packing == "both":
        notes.append("a packing of both is read as square")
    notes.append(f"schema 1 had no solid below the floors of channels: base = {_BASE} is assumed")
    square = "square" if packing == "both" else packing
    return {**support, "kind": "channels", "packing": square, "base": _BASE}


def _to_counter(old: Table, notes: list[str]) -> Table:
    if "other_electrode_r_ct" in old:
        return {"resistance": old["other_electrode_r_ct"]}
    notes.append("the other electrode, which schema 1 left out, has an arc of 4 to 18 % of the bare cell's")
    return {}


def _convert_length(value: Any, by: Callable[[float], float]) -> Table:
    """Return a length or an area of it: ends of a range as they come, an error by its slope."""
    old = uncertain(value, "cm")
    b = (by(old.a + old.b) - by(old.a - old.b)) / 2 if old.kind == "normal" else by(old.b)
    unit = "cm^2" if by(2.0) / by(1.0) > 3 else "cm"
    new: Uncertain = replace(old, a=by(old.a), b=b, unit=unit)
    return new.to_dict()
