"""Why a coating changed the charge-transfer resistance: a study's inputs in, an explanation out.

>>> from eisfit.coating.study import Study, template
>>> explanation = explain(Study.from_text(template()))
>>> round(explanation.document["r_ct"]["change"], 1)
-15.1
"""

from __future__ import annotations

import copy
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

from eisfit._version import __version__
from eisfit.coating.attribution import (
    FACTORS,
    Model,
    draw,
    median_and_interval,
    shapley,
    thinned,
    unchanged_kinetics_sigma_s,
)
from eisfit.coating.cells import CellResistance, capacitance_ratio, cell_resistance
from eisfit.coating.cycling import cycling
from eisfit.coating.film.arc import film_of_cell
from eisfit.coating.film.checks import describe_film
from eisfit.coating.hypotheses import weigh
from eisfit.coating.joint.study import JointStudy, load_joint_study
from eisfit.coating.predictions import (
    Fitted,
    apparent_energies,
    best_thickness,
    depth_scan,
    spectra,
    temperature_scan,
    thickness_scan,
)
from eisfit.coating.sensitivity import over, rank_correlations, sobol_indices
from eisfit.coating.study import Study, load_study
from eisfit.coating.verdicts import conclude
from eisfit.display.progress import Progress, steps
from eisfit.errors import SchemaError, StudyError
from eisfit.units import Uncertain

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from eisfit.coating.joint.explanation import JointExplanation

__all__ = ["SCHEMA", "Explanation", "explain"]

FloatArray = NDArray[np.float64]

SCHEMA = "eisfit.explain/1"

_FEW = 2500  # draws that settle a median over a scan to its last shown digit


@dataclass(frozen=True, repr=False, eq=False)
class Explanation:
    """A change of R_ct attributed to the properties of a film.

    Parameters
    ----------
    document
        The ``eisfit.explain/1`` document, as JSON has it; every other attribute reads it.
    """

    document: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "document", MappingProxyType(copy.deepcopy(dict(self.document))))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.to_dict(),)

    @property
    def contributions(self) -> dict[str, dict[str, float]]:
        """Share of each factor in the change, ohm: ``{factor: {median, low95, high95, mean}}``."""
        return copy.deepcopy(self.document["contributions"])

    @property
    def verdicts(self) -> tuple[str, ...]:
        """The conclusion in plain sentences."""
        return tuple(self.document["verdicts"])

    @property
    def predictions(self) -> dict[str, Any]:
        """What each reading foretells over thickness, depth, temperature and in the spectrum."""
        document = copy.deepcopy(dict(self.document["predictions"]))
        return {"thickness": copy.deepcopy(self.document["thickness_scan"]), **document}

    @property
    def thresholds(self) -> dict[str, float]:
        """Values at which the answer turns."""
        return copy.deepcopy(self.document["thresholds"])

    def to_dict(self) -> dict[str, Any]:
        """Return the ``eisfit.explain/1`` document."""
        return copy.deepcopy(dict(self.document))

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Explanation:
        """Rebuild an explanation from `to_dict`.

        Raises
        ------
        SchemaError
            When the document is of another kind.
        """
        if document.get("schema") != SCHEMA:
            raise SchemaError(f"this is not an {SCHEMA} document, but {document.get('schema')!r}")
        return cls(document)

    def to_frame(self) -> pd.DataFrame:
        """Return the contributions as a table, one row per factor, ohm (``frame.attrs["units"]``)."""
        import pandas as pd

        frame = pd.DataFrame(self.contributions).T.rename_axis("factor")
        frame.attrs["units"] = dict.fromkeys(frame.columns, "ohm")
        return frame

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the waterfall from the bare to the coated cell's R_ct and return its axes.

        The bars are means over the draws, which add up to the measured change exactly; medians don't.
        """
        from eisfit.coating.explanation_figures import waterfall_of

        return waterfall_of(self.document, ax)

    def plot_thickness(self, ax: Axes | None = None) -> Axes:
        """Draw R_ct predicted over the film's thickness and return the axes."""
        from eisfit.display.plot import thickness_scan as draw_scan

        return draw_scan(self.document["thickness_scan"], ax=ax)

    def to_html(self) -> str:
        """Return a self-contained page: figures inside, opens offline, the same bytes for the same inputs."""
        from eisfit.display.report.explanation import explanation_html

        return explanation_html(self.to_dict(), self.figures())

    def to_markdown(self) -> str:
        """Return the report as Markdown."""
        from eisfit.display.report.explanation import explanation_markdown

        return explanation_markdown(self.to_dict())

    def figures(self) -> dict[str, str]:
        """Return the report's figures as SVG text, by title."""
        from eisfit.coating.explanation_figures import figures

        return figures(self.document)

    def __repr__(self) -> str:
        from eisfit.display.report.explanation import explanation_text

        return explanation_text(self.to_dict())

    def _repr_html_(self) -> str:
        from eisfit.display import plot
        from eisfit.display.report.explanation import explanation_summary_html

        table = explanation_summary_html(self.to_dict())
        return plot.place_beside(
            table, lambda figure: self.plot(figure.subplots()), width=6.4, height=4.0, alt="contributions"
        )


@overload
def explain(study: Study, *, allow_outside: bool = False, progress: Progress = None) -> Explanation: ...
@overload
def explain(
    study: JointStudy, *, allow_outside: bool = False, progress: Progress = None
) -> JointExplanation: ...
@overload
def explain(
    study: str | os.PathLike[str], *, allow_outside: bool = False, progress: Progress = None
) -> Explanation | JointExplanation: ...
def explain(
    study: str | os.PathLike[str] | Study | JointStudy,
    *,
    allow_outside: bool = False,
    progress: Progress = None,
) -> Explanation | JointExplanation:
    """Attribute the change of R_ct between a bare and a coated cell to the film's properties.

    Parameters
    ----------
    study
        A study file, a `Study`, or a `JointStudy` (``schema = 2``: whole spectra in one physical model).
    allow_outside
        Let a study file open spectra that do not lie below its own folder (a `Study` says it itself).
    progress
        None: a bar in a notebook; True: in a terminal too; or a function; see `eisfit.display.progress`.

    Raises
    ------
    SchemaError, StudyError
        One sentence for whatever is wrong with the study.

    Examples
    --------
    >>> from eisfit.coating.study import template
    >>> explanation = explain(Study.from_text(template()))
    >>> sorted(explanation.contributions)
    ['electronic_access', 'intrinsic_activity', 'ionic_crossing']
    """
    if not isinstance(study, (Study, JointStudy)):
        study = load_joint_study(study, allow_outside=allow_outside) or load_study(
            study, allow_outside=allow_outside
        )
    if isinstance(study, JointStudy):
        from eisfit.coating.joint.explanation import explain_jointly

        return explain_jointly(study)
    with steps("explaining", 3, progress) as done:
        cells = {}
        for which in ("bare", "coated"):
            cells[which] = cell_resistance(study, which)
            done()
        inputs = study.inputs() | {f"{which}.r_ct": cell.value for which, cell in cells.items()}
        x = draw(inputs, study.file.draws.n, study.file.draws.seed)
        document = _head(study, cells, inputs) | _numbers(study, cells, inputs, x)
        done()
    return Explanation({**document, "verdicts": conclude(document)})


def _head(
    study: Study, cells: Mapping[str, CellResistance], inputs: Mapping[str, Uncertain]
) -> dict[str, Any]:
    file = study.file
    bare, coated = cells["bare"], cells["coated"]
    doubts = [doubt for cell in cells.values() for doubt in cell.doubts]
    doubts += [f"The spectrum {name} lies outside the study's folder." for name in study.outside()]
    return {
        "schema": SCHEMA,
        "title": file.study.title,
        "references": list(file.study.references),
        "notes": list(file.study.notes),
        "study": os.path.basename(study.source),  # noqa: PTH119 - a name, not a path on this machine
        "eisfit": __version__,
        "r_ct": {
            "bare": bare.value.median,
            "coated": coated.value.median,
            "change": coated.value.median - bare.value.median,
            "bare_stderr": bare.stderr,
            "coated_stderr": coated.stderr,
            "change_stderr": math.hypot(bare.stderr, coated.stderr),
        },
        "cells": {which: cell.to_dict() for which, cell in cells.items()},
        "film": describe_film(file.film),
        "inputs": {name: {**value.to_dict(), "text": str(value)} for name, value in inputs.items()},
        "capacitance_ratio": capacitance_ratio(bare, coated),
        "doubts": doubts,
        "seed": file.draws.seed,
    }


def _numbers(
    study: Study,
    cells: Mapping[str, CellResistance],
    inputs: Mapping[str, Uncertain],
    x: dict[str, FloatArray],
) -> dict[str, Any]:
    file = study.file
    cross = file.film.electrons_cross
    model = Model.from_inputs(x, electrons_cross=cross)
    fitted = Fitted.to(model)
    n = file.draws.n
    f = np.broadcast_to(fitted.f, (n,))
    _refuse_bad_geometry(model)
    shares = shapley(model, fitted.R_i, fitted.f)
    few = thinned(x, _FEW)
    sample = Fitted.to(Model.from_inputs(few, electrons_cross=cross))
    barrier = np.atleast_1d(fitted.coated("barrier_only"))
    scan = thickness_scan(sample)
    return {
        "electrode": _electrode(model),
        "activity_gain": median_and_interval(f),
        "bare_interface_ohm_cm2": median_and_interval(np.atleast_1d(fitted.R_i)),
        "contributions": {name: _contribution(shares[name]) for name in FACTORS},
        "barrier": {
            "r_ct": median_and_interval(barrier),
            "rise": median_and_interval(np.atleast_1d(barrier - x["bare.r_ct"])),
        },
        "thresholds": _thresholds(sample, fitted, f),
        "hypotheses": weigh(fitted, cells["coated"].stderr, file.priors.activity_gain, file.priors.area_gain),
        "thickness_scan": scan,
        "predictions": {
            "best_thickness": best_thickness(scan),
            "depth": depth_scan(sample),
            "temperature": temperature_scan(sample, few, file.study.temperature.median),
            "apparent_activation_energy_eV": apparent_energies(sample, few, file.study.temperature.median),
            "spectrum": spectra(fitted, x),
        },
        "sensitivity": _sensitivity(inputs, x, shares, f, cross, file.draws.seed),
        "film_from_spectrum": film_of_cell(
            cells["coated"].fits, file.film, np.atleast_1d(model.channels.true_area)
        ),
        "cycling": cycling(study, sample),
        "draws": n,
        "infeasible": int(np.count_nonzero(~np.isfinite(f))),
    }


def _electrode(model: Model) -> dict[str, dict[str, float]]:
    channels = model.channels
    named = {
        "channels": channels.count,
        "true_area_cm2": channels.true_area,
        "true_over_projected_area": channels.true_area / channels.area,
    }
    return {name: median_and_interval(np.atleast_1d(values)) for name, values in named.items()}


def _refuse_bad_geometry(model: Model) -> None:
    channels = model.channels
    widest = 2 * np.maximum(channels.mouth_radius, channels.floor_radius)
    if (widest >= channels.pitch).any():
        raise StudyError(
            "electrode: in some draws the channels overlap: narrow the ranges of pitch and diameters"
        )


def _contribution(values: FloatArray) -> dict[str, float]:
    good = values[np.isfinite(values)]
    mean = float(good.mean()) if good.size else math.nan
    return {**median_and_interval(np.atleast_1d(values)), "mean": mean}


def _thresholds(sample: Fitted, fitted: Fitted, f: FloatArray) -> dict[str, Any]:
    sigma_s = np.atleast_1d(unchanged_kinetics_sigma_s(sample.model))
    return {
        **_flat("sigma_s_for_unchanged_kinetics_S_per_cm", sigma_s),
        **_flat("f_without_electronic_access", np.atleast_1d(fitted.f_alone)),
        "share_of_draws_with_faster_kinetics": float(np.mean(f[np.isfinite(f)] > 1))
        if np.isfinite(f).any()
        else 0.0,
    }


def _flat(name: str, values: FloatArray) -> dict[str, float | None]:
    entry = {
        key: value if math.isfinite(value) else None for key, value in median_and_interval(values).items()
    }
    return {name: entry["median"], f"{name}_low95": entry["low95"], f"{name}_high95": entry["high95"]}


def _sensitivity(  # noqa: PLR0917 - the parts of one chapter
    inputs: Mapping[str, Uncertain],
    x: Mapping[str, FloatArray],
    shares: Mapping[str, FloatArray],
    f: FloatArray,
    cross: bool,
    seed: int,
) -> dict[str, Any]:
    idle = () if "film.temperature" in inputs else ("film.activation_energy",)
    used = {name: v for name, v in inputs.items() if name in Model.INPUTS and name not in idle}
    drawn = {name: x[name] for name in used}
    outputs = {**{name: np.broadcast_to(v, f.shape) for name, v in shares.items()}, "ln_f": np.log(f)}

    def answer(columns: dict[str, FloatArray]) -> dict[str, FloatArray]:
        model = Model.from_inputs(columns, electrons_cross=cross)
        gain = model.gain()
        return {**shapley(model, model.bare_interface(), gain), "ln_f": np.log(gain)}

    sobol = sobol_indices(answer, used, seed=seed)
    deciding = sobol.get("intrinsic_activity", {})
    best = max(deciding, key=lambda name: deciding[name]["first"], default=None)
    return {
        "rank_correlation": rank_correlations(drawn, outputs),
        "sobol": sobol,
        "most_informative": {"input": best, **deciding[best]} if best else None,
        "over_most_informative": over(drawn[best], {name: outputs[name] for name in FACTORS}) if best else [],
    }
