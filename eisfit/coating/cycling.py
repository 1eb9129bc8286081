"""Over the cycles: how the film's share and the interface would have to move."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.coating.attribution import FACTORS, Model, median_and_interval, shapley
from eisfit.coating.predictions import Fitted
from eisfit.coating.study import CyclePoint, Study
from eisfit.errors import StudyError
from eisfit.rounding import significant
from eisfit.units import Uncertain, latin_hypercube

__all__ = ["cycling"]

Points = dict[float, Uncertain]

_ALONE = 1000


def cycling(study: Study, sample: Fitted) -> dict[str, Any] | None:
    """Repeat the attribution at every cycle that both cells have; None where the study tells of no cycles.

    The film and the electrode stay as they are; what may move is the bare interface R_i and the gain f. Every
    draw keeps its film and electrode over all cycles, so growth is known better than any level.

    Raises
    ------
    StudyError
        When the two cells have no cycle in common.
    """
    table = study.file.cycling
    if table is None:
        return None
    bare, coated = _points(study, "bare", table.bare), _points(study, "coated", table.coated)
    common = sorted(set(bare) & set(coated))
    if not common:
        raise StudyError(f"{study.source}: cycling: the bare and the coated cell have no cycle in common")
    seed = study.file.draws.seed
    # Where film and electrode are exact their one draw is repeated, so that the cells' errors still count.
    n = np.size(sample.f) if np.size(sample.f) > 1 else _ALONE
    steps = [_at(sample.model, bare[c], coated[c], n, seed + 1 + k) for k, c in enumerate(common)]
    rows = [_row(c, bare[c], coated[c], step) for c, step in zip(common, steps, strict=True)]
    document = {"rows": rows, **_change(steps)}
    return {**document, "verdicts": _verdicts(document)}


def _points(study: Study, which: str, given: str | list[CyclePoint]) -> Points:
    if not isinstance(given, str):
        return {point.cycle: point.r_ct for point in given}
    from eisfit.spectra.series import read_series
    from eisfit.tracking.track import track

    document = track(read_series(study.path(given, f"cycling.{which}")), study.circuit(which)).to_dict(
        data=False
    )
    points = {
        row["cycle"]: Uncertain("normal", row["R_ct"], row.get("R_ct_stderr") or 0.0, "ohm")
        for row in document["rows"]
        if row.get("ok") and row.get("cycle") is not None and row.get("R_ct") is not None
    }
    if not points:
        raise StudyError(
            f"{study.source}: cycling.{which}: no spectrum of {given!r} gives an R_ct that can be used"
        )
    return points


def _at(model: Model, bare: Uncertain, coated: Uncertain, n: int, seed: int) -> Fitted:
    uniform = latin_hypercube(n, 2, seed)
    r_bare, r_coated = bare.draw(uniform[:, 0]) - model.other, coated.draw(uniform[:, 1]) - model.other
    return Fitted.to(replace(model, r_bare=r_bare, r_coated=r_coated))


def _row(cycle: float, bare: Uncertain, coated: Uncertain, step: Fitted) -> dict[str, Any]:
    shares = shapley(step.model, step.R_i, step.f)
    f = np.atleast_1d(step.f)
    return {
        "cycle": cycle,
        "bare": bare.median,
        "coated": coated.median,
        "activity_gain": median_and_interval(f),
        "bare_interface_ohm_cm2": median_and_interval(np.atleast_1d(step.R_i)),
        "coated_reaction_ohm_cm2": median_and_interval(np.atleast_1d(step.R_i / step.f)),
        "contributions": {name: median_and_interval(np.atleast_1d(shares[name])) for name in FACTORS},
        "infeasible": float(np.mean(~np.isfinite(f))),
    }


def _change(steps: list[Fitted]) -> dict[str, Any]:
    """Return what grew from the first common cycle to the last, draw by draw."""
    first, last = steps[0], steps[-1]
    return {
        "gain_growth": median_and_interval(np.atleast_1d(last.f / first.f)),
        "bare_interface_growth": median_and_interval(np.atleast_1d(last.R_i / first.R_i)),
        "coated_reaction_growth": median_and_interval(
            np.atleast_1d(last.R_i / last.f / (first.R_i / first.f))
        ),
        "transport_share_change_ohm": median_and_interval(
            np.atleast_1d(_transport(last) - _transport(first))
        ),
    }


def _transport(step: Fitted) -> FloatArray:
    shares = shapley(step.model, step.R_i, step.f)
    return np.asarray(shares["ionic_crossing"] + shares["electronic_access"])


def _verdicts(document: Mapping[str, Any]) -> list[str]:
    rows = document["rows"]
    if len(rows) < 2:
        return [
            f"Only cycle {significant(rows[0]['cycle'], 4, trailing_zeros=False)} is common to both cells."
        ]
    span = " to ".join(significant(rows[k]["cycle"], 4, trailing_zeros=False) for k in (0, -1))
    bare, coated = document["bare_interface_growth"], document["coated_reaction_growth"]
    sentences = [
        f"From cycle {span} the bare interface's resistance grows {_times(bare)}, the one under the film "
        f"{_times(coated)}."
    ]
    gain = document["gain_growth"]
    if gain["low95"] > 1:
        sentences.append(
            "The film's advantage grows: it protects the interface besides what it did at the start."
        )
    elif gain["high95"] < 1:
        sentences.append(
            "The film's advantage shrinks: the interface under it degrades faster than the bare one."
        )
    else:
        sentences.append(
            "No change of the film's advantage is certain: both interfaces age alike within the error."
        )
    return [*sentences, _transport_verdict(document["transport_share_change_ohm"], rows[-1])]


def _transport_verdict(moved: Mapping[str, float], last: Mapping[str, Any]) -> str:
    median, low, high = (significant(round(moved[key], 6), 2) for key in ("median", "low95", "high95"))
    text = f"The share of the film's transport in the cells' difference moves by {median} ohm"
    text += f" (95 %: {low} to {high})"
    if max(abs(moved["low95"]), abs(moved["high95"])) <= 0.1 * abs(last["coated"] - last["bare"]):
        return f"{text}: it stays what it was while the interfaces age."
    if moved["low95"] <= 0 <= moved["high95"]:
        return f"{text}: whether it stays what it was, the inputs don't decide."
    return f"{text}: it changes along with the interface."


def _times(entry: Mapping[str, float]) -> str:
    low, high = significant(entry["low95"], 3), significant(entry["high95"], 3)
    return f"{significant(entry['median'], 3)} times (95 %: {low} to {high})"
