"""The charge-transfer resistance of each cell of a study: fitted to its spectra, or as the study gives it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from eisfit.coating.study import CellTable, Study
from eisfit.errors import StudyError
from eisfit.units import Uncertain

__all__ = ["CellResistance", "capacitance_ratio", "cell_resistance"]


@dataclass(frozen=True)
class CellResistance:
    """R_ct of a cell and what it rests on.

    Parameters
    ----------
    value
        Ohm; a normal distribution where its error is known.
    fits
        One ``eisfit.fit`` document per spectrum; empty where the study gives R_ct itself.
    doubts
        One sentence for each thing that speaks against trusting it.
    source
        Where it comes from.
    replicated
        Whether the error covers the scatter from cell to cell.
    """

    value: Uncertain
    fits: tuple[dict[str, Any], ...] = ()
    doubts: tuple[str, ...] = ()
    source: str = ""
    replicated: bool = False

    @property
    def stderr(self) -> float:
        """Standard error, ohm; 0 where R_ct is exact, that of a uniform range where it is one."""
        if self.value.kind == "normal":
            return self.value.b
        return 0.0 if self.value.exact else (self.value.b - self.value.a) / math.sqrt(12)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-like document."""
        return {
            "R_ct": self.value.median,
            "stderr": self.stderr,
            "source": self.source,
            "replicated": self.replicated,
            "fits": list(self.fits),
            "doubts": list(self.doubts),
        }


def cell_resistance(study: Study, which: str) -> CellResistance:
    """Return R_ct of the ``bare`` or the ``coated`` cell.

    Raises
    ------
    StudyError
        When a spectrum is missing, or its fit gives no charge-transfer resistance.
    """
    table: CellTable = getattr(study.file, which)
    if table.r_ct is not None:
        source = table.source or table.r_ct.source
        known = table.cell_scatter is not None
        return CellResistance(_scattered(table.r_ct, table), source=source, replicated=known)
    results = [_fit(study, which, name) for name in table.spectra]
    values, errors, doubts = zip(*(_resistance(r, which, table) for r in results), strict=True)
    combined = _combined(np.array(values), np.array(errors))
    fits = tuple(_document(r, name) for r, name in zip(results, table.spectra, strict=True))
    told = tuple(dict.fromkeys(doubt for each in doubts for doubt in each))
    known = len(results) > 1 or table.cell_scatter is not None
    return CellResistance(_scattered(combined, table), fits, told, table.source, known)


def capacitance_ratio(bare: CellResistance, coated: CellResistance) -> dict[str, float] | None:
    """Effective capacitance of the charge-transfer arc, coated over bare; None where no fit gives it."""
    means = []
    for cell in (bare, coated):
        found = [fit["derived"]["C_ct"] for fit in cell.fits if fit["derived"].get("C_ct", {}).get("stderr")]
        if not found:
            return None
        values = np.array([(row["value"], row["stderr"]) for row in found])
        means.append((values[:, 0].mean(), math.sqrt((values[:, 1] ** 2).sum()) / len(found)))
    (b, db), (c, dc) = means
    return {"value": float(c / b), "stderr": float(c / b * math.hypot(db / b, dc / c))}


def _fit(study: Study, which: str, name: str) -> Any:
    from eisfit.fitting.fit import fit  # brings lmfit
    from eisfit.model.library import circuit
    from eisfit.spectra.readers import read

    spectrum = read(study.existing(name, f"{which}.spectrum"))
    return fit(spectrum, circuit(study.circuit(which)))


def _resistance(result: Any, which: str, table: CellTable) -> tuple[float, float, list[str]]:
    document = result.to_dict()
    name = table.parameter or _charge_transfer(document)
    if name not in document["parameters"]:
        known = ", ".join(document["parameters"])
        raise StudyError(f"{which}: the circuit has no parameter {name!r}; it has {known}")
    entry = document["parameters"][name]
    doubts = _simulated(result.spectrum, which)
    doubts += [f"The {which} cell's fit, {flag['name']}: {flag['cause']}." for flag in document["flags"]]
    if entry["stderr"] is None or not math.isfinite(entry["stderr"]):
        doubts.append(f"The {which} cell's fit gives no error for {name}, which therefore enters as exact.")
        return entry["value"], 0.0, doubts
    return entry["value"], entry["stderr"], doubts


def _document(result: Any, name: str) -> dict[str, Any]:
    """Return the fit's document, its spectrum named as the study names it, whatever the working folder."""
    document: dict[str, Any] = result.to_dict()
    document["spectrum"]["source"] = name
    document["spectrum_document"]["source"] = name
    return document


def _simulated(spectrum: Any, which: str) -> list[str]:
    said = spectrum.metadata.get("simulated")
    return [f"The {which} cell's spectrum is simulated, not measured."] if said else []


def _charge_transfer(document: dict[str, Any]) -> str:
    entries = document["parameters"].items()
    roles = [
        name for name, entry in entries if entry.get("role") == "charge_transfer" and entry["unit"] == "ohm"
    ]
    return roles[0] if roles else "R_ct"


def _combined(values: np.ndarray[Any, Any], errors: np.ndarray[Any, Any]) -> Uncertain:
    """Mean of cells alike; its variance is the fits' plus, from several cells, the scatter between them."""
    n = values.size
    within = float(np.mean(errors**2)) / n
    between = max(float(values.var(ddof=1)) / n - within, 0.0) if n > 1 else 0.0
    return Uncertain("normal", float(values.mean()), math.sqrt(within + between), "ohm")


def _scattered(value: Uncertain, table: CellTable) -> Uncertain:
    """Add the declared scatter from cell to cell."""
    if table.cell_scatter is None:
        return value
    if value.kind not in ("exact", "normal"):
        raise StudyError("cell_scatter goes with an exact or a normal r_ct, not with a range")
    stderr = value.b if value.kind == "normal" else 0.0
    return Uncertain("normal", value.a, math.hypot(stderr, value.a * table.cell_scatter.median), "ohm")
