"""Why a coating changed a cell's impedance: a study in, an explanation out."""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping
from dataclasses import field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from eisfit.coating.explanation_document import build_document, plain_name
from eisfit.coating.inference.assembly import build_problem
from eisfit.coating.inference.posterior import LEAST_P
from eisfit.coating.inference.search import find_posteriors
from eisfit.coating.study import Study, load_study
from eisfit.errors import SchemaError
from eisfit.records import EXPLAIN_SCHEMA, dataclass
from eisfit.rounding import significant

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_DRAWS = 4000  # behind the intervals of a joint fit


@dataclass(frozen=True, repr=False, eq=False)
class Explanation:
    """Bare and coated cells explained by one physical model.

    Parameters
    ----------
    document
        The ``eisfit.explain/2`` document, as JSON has it; every other attribute reads it.
    """

    document: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "document", MappingProxyType(copy.deepcopy(dict(self.document))))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.to_dict(),)

    @property
    def headline(self) -> tuple[str, ...]:
        """What changed, what explains it, what would settle the rest."""
        return tuple(self.document["headline"])

    @property
    def probabilities(self) -> dict[str, float | None]:
        """Of every hypothesis; None where none fits."""
        return {name: entry["probability"] for name, entry in self.document["hypotheses"].items()}

    def to_dict(self) -> dict[str, Any]:
        """Return the ``eisfit.explain/2`` document."""
        return copy.deepcopy(dict(self.document))

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Explanation:
        """Rebuild an explanation from `to_dict`.

        Raises
        ------
        SchemaError
            When the document is of another kind.
        """
        if document.get("schema") != EXPLAIN_SCHEMA:
            raise SchemaError(f"this is not an {EXPLAIN_SCHEMA} document, but {document.get('schema')!r}")
        return cls(document)

    def to_frame(self) -> pd.DataFrame:
        """Return the contributions to R_ct, one row per factor (units in ``frame.attrs["units"]``)."""
        import pandas as pd

        frame = pd.DataFrame(self.document["contributions"]["r_ct"]).T.rename_axis("factor")
        frame.attrs["units"] = dict.fromkeys(frame.columns, "ohm") | {"at_work": "1"}
        return frame

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the shares of the change of R_ct and return the axes."""
        from eisfit.display import plot

        return plot.contributions(self.to_dict(), ax=ax)

    def to_html(self) -> str:
        """Return a self-contained page that opens offline, the same bytes for the same inputs."""
        from eisfit.display.report.explanation_page import explanation_html

        return explanation_html(self.to_dict())

    def to_markdown(self) -> str:
        """Return the report as Markdown."""
        from eisfit.display.report.explanation import explanation_markdown

        return explanation_markdown(self.to_dict())

    def _repr_html_(self) -> str:
        from eisfit.display.report.explanation_page import explanation_summary_html
        from eisfit.display.svg.panel import place_beside
        from eisfit.display.svg.result_figures import draw_contributions

        document = self.to_dict()
        table = explanation_summary_html(document)
        return place_beside(table, lambda: draw_contributions(document), alt="contributions")

    def __repr__(self) -> str:
        from eisfit.display.report.explanation import explanation_text

        return explanation_text(self.to_dict())


def explain(study: str | os.PathLike[str] | Study, *, allow_outside: bool = False) -> Explanation:
    """Explain why a coating changed a cell's impedance.

    Parameters
    ----------
    study
        A study file, or a `Study`.
    allow_outside
        Let a study file open spectra that do not lie below its own folder (a `Study` says it itself).

    Raises
    ------
    SchemaError, StudyError
        One sentence for whatever is wrong with the study.

    Examples
    --------
    >>> from eisfit.coating.study import Study, load_study, template
    >>> explanation = explain(Study.from_text(template()))
    >>> round(explanation.document["r_ct"]["change"]["median"], 1)
    -15.1
    """
    study = study if isinstance(study, Study) else load_study(study, allow_outside=allow_outside)
    return Explanation(build_document(study, build_problem(study)))


def fit_jointly(study: Study) -> str:
    """Return the table of the joint fit as text, without the parameters that a hypothesis frees.

    The film's access and its gain of activity are free; nothing is compared.
    """
    problem = build_problem(study)
    found = find_posteriors(problem, study.file.study.seed)
    best = found.get("access_and_activity", found["intrinsic_activity"])
    data = "cells' published resistances" if problem.scalar else "spectra"
    lines = [f"joint fit of {len(problem.blocks)} {data}, p = {best.p_value:.2g}"]
    if best.p_value < LEAST_P:
        lines.append("The fit misses the data: the values below are not to be used.")
    drawn = best.draws(_DRAWS, np.random.default_rng(study.file.study.seed))
    for name, column in zip(best.names, drawn.T, strict=True):
        prior = problem.priors[name]
        ends = prior.value(np.quantile(column, [0.5, 0.025, 0.975])).tolist()
        middle, low, high = (significant(end, 3) for end in ends)
        lines.append(f"{name:28} {middle:>9}  ({low} to {high})  {prior.unit}  {plain_name(name)}")
    return "\n".join(lines)
