"""A study of the first schema is refused, with the new name of every key that it uses."""

from __future__ import annotations

import sys

from eisfit.errors import SchemaError
from eisfit.schema import MAX_TOML

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["refuse_schema_1"]

_CELL = {
    "": "[[cell]] with a name",
    "spectrum": 'spectra = [{ file = "..." }]',
    "circuit": "circuit under [study]",
    "parameter": "nothing (roles of the circuit tell)",
    "cell_scatter": "r_i under [scatter]",
}
_NEW = {
    "study": {"temperature": "temperature of each of a cell's spectra", "notes": "nothing"},
    "bare": _CELL,
    "coated": {**_CELL, "": "[[cell]] with a name, and coated_by = the film's name"},
    "film": {
        "": "[[film]]",
        "electrons_cross": "nothing (a film without a resistivity is an insulator)",
        "permittivity": "nothing (20 within a factor of two)",
    },
    "electrode": {
        "": '[support] with kind = "channels" and base, the solid below the floors',
        "mouth_radius": "mouth_diameter",
        "floor_radius": "floor_diameter",
        "disc_diameter": "area",
        "double_layer": "nothing (found from the spectra)",
        "alpha": "nothing (found from the spectra)",
        "other_electrode_r_ct": "resistance under [counter]",
        "kappa_activation_energy": "nothing (spectra at several temperatures tell)",
        "sigma_s_activation_energy": "nothing (spectra at several temperatures tell)",
        "reaction_activation_energy": "nothing (spectra at several temperatures tell)",
    },
    "cycling": {"": "nothing (eisfit track follows cells over cycles; [[dc]] holds voltages under current)"},
    "draws": {"": "seed under [study]"},
    "priors": {"": "nothing (f within a factor of 2.5, area 1.15 to 1.75, at one standard deviation)"},
}


def refuse_schema_1(text: str, source: str) -> None:
    """Raise a `SchemaError` where a study is of the first schema, which had [bare], [coated], [electrode].

    Parameters
    ----------
    text
        TOML of the study.
    source
        What to call it.
    """
    if len(text) > MAX_TOML:
        return
    try:
        tables = tomllib.loads(text)
    except (ValueError, RecursionError):
        return  # the reader of studies says where the text is broken
    if not any(isinstance(tables.get(name), dict) for name in ("bare", "coated", "electrode")):
        return
    renamed = []
    for name, keys in _NEW.items():
        table = tables.get(name)
        if not isinstance(table, dict):
            continue
        renamed += [f"[{name}] is now {keys['']}"] if "" in keys else []
        renamed += [f"{name}.{key} is now {keys[key]}" for key in table if key in keys and key]
        packing = table.get("packing")
        renamed += ["electrode.packing is square or hexagonal"] if packing == "both" else []
    raise SchemaError(
        f"{source}: this study is of schema 1, which is no longer read: write schema = 2 first; "
        f"{'; '.join(renamed)}; eisfit explain --template prints a study to start from"
    )
