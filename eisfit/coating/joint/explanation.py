"""`JointExplanation`: a study of schema 2 explained."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from eisfit.coating.joint.assembly import problem_of
from eisfit.coating.joint.posterior import posteriors
from eisfit.coating.joint.story import LEAST_P, SCHEMA, document_of, plain
from eisfit.coating.joint.study import JointStudy
from eisfit.errors import SchemaError
from eisfit.rounding import significant

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["JointExplanation", "explain_jointly", "fit_jointly"]


@dataclass(frozen=True, repr=False, eq=False)
class JointExplanation:
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
    def from_dict(cls, document: Mapping[str, Any]) -> JointExplanation:
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
        """Return the contributions to R_ct, one row per factor, ohm (``frame.attrs["units"]``)."""
        import pandas as pd

        frame = pd.DataFrame(self.document["contributions"]["r_ct"]).T.rename_axis("factor")
        frame.attrs["units"] = dict.fromkeys(frame.columns, "ohm")
        return frame

    def to_html(self) -> str:
        """Return a self-contained page that opens offline, the same bytes for the same inputs."""
        from eisfit.display.report.joint_page import joint_html

        return joint_html(self.to_dict())

    def to_markdown(self) -> str:
        """Return the report as Markdown."""
        from eisfit.display.report.joint_explanation import joint_markdown

        return joint_markdown(self.to_dict())

    def __repr__(self) -> str:
        from eisfit.display.report.joint_explanation import joint_text

        return joint_text(self.to_dict())


def explain_jointly(study: JointStudy) -> JointExplanation:
    """Explain a study of schema 2.

    Raises
    ------
    StudyError
        When a spectrum is missing.
    """
    return JointExplanation(document_of(study, problem_of(study)))


def fit_jointly(study: JointStudy) -> str:
    """Return the table of the joint fit, with every switch that no hypothesis is needed for, as text.

    The film's access and its gain of activity are free; nothing is compared.
    """
    problem = problem_of(study)
    found = posteriors(problem, study.file.study.seed)
    best = found.get("access_and_activity", found["intrinsic_activity"])
    lines = [f"joint fit of {len(problem.blocks)} spectra, p = {best.p_value:.2g}"]
    if best.p_value < LEAST_P:
        lines.append("The fit misses the data: the values below are not to be used.")
    import numpy as np

    for k, name in enumerate(best.names):
        prior, sd = problem.priors[name], float(np.sqrt(best.covariance[k, k]))
        ends = [prior.mean + prior.sd * (best.u[k] + z * sd) for z in (0.0, -1.96, 1.96)]
        middle, low, high = (significant(float(np.exp(x) if prior.log else x), 3) for x in ends)
        lines.append(f"{name:28} {middle:>9}  ({low} to {high})  {prior.unit}  {plain(name)}")
    return "\n".join(lines)
