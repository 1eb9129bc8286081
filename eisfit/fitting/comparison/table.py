"""What a comparison of circuits returns: frozen, ranked, with a verdict in words."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from eisfit.arrays import finite
from eisfit.errors import expect_document
from eisfit.fitting.result import FitResult
from eisfit.model.circuit import Circuit
from eisfit.records import ShownAsText, dataclass
from eisfit.rounding import significant
from eisfit.spectra.spectrum import Spectrum
from eisfit.verdict import is_near_noise, limit, usable

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_LISTED = 4  # circuits in a sentence
_ABOUT_AS_CLOSE = 1.5  # times the rms residual of the closest


@dataclass(frozen=True)
class Candidate:
    """One circuit in a comparison.

    Attributes
    ----------
    circuit, result
        The circuit and its fit; None where it could not be fitted.
    free
        Number of free parameters.
    aicc, bic
        Criteria; lower is better, only differences mean something.
    cross_validation
        Root mean square weighted residual at frequencies left out of the fit.
    weight
        Akaike weight among the candidates that are not refused, 0 to 1.
    misfit
        Root mean square residual over what the noise alone leaves; 0 where unknown.
    refused
        Why it cannot be taken as an answer; empty where it can.
    reserved
        What the data do not determine in a circuit that is an answer all the same, because no other fits.
    """

    circuit: Circuit
    result: FitResult | None = None
    free: int = 0
    aicc: float = np.inf
    bic: float = np.inf
    cross_validation: float | None = None
    weight: float = 0.0
    misfit: float = 0.0
    refused: str = ""
    reserved: str = ""

    @property
    def name(self) -> str:
        """The circuit's name."""
        return self.circuit.name

    @property
    def fits(self) -> bool:
        """Whether what it leaves is near the noise, and no flag of its fit calls it a misfit."""
        if self.result is None:
            return False
        missed = any(flag.name == "misfit" and flag.forbids for flag in self.result.flags)
        return not missed and is_near_noise(self.misfit, self.result.statistics.rms_relative_residual)

    def to_dict(self) -> dict[str, Any]:
        """Return a row of the JSON document."""
        statistics = self.result.statistics if self.result else None
        return {
            "circuit": {"name": self.circuit.name, "string": self.circuit.string},
            "free": self.free,
            "chisqr": None if statistics is None else statistics.chisqr,
            "rms_relative_residual": None if statistics is None else statistics.rms_relative_residual,
            "aicc": finite(self.aicc),
            "bic": finite(self.bic),
            "cross_validation": self.cross_validation,
            "weight": self.weight,
            "misfit": self.misfit,
            "fits": self.fits,
            "refused": self.refused,
            "reserved": self.reserved,
        }


@dataclass(frozen=True, eq=False, repr=False)
class Comparison(ShownAsText):
    """Circuits ranked for one spectrum: those that it supports first, by BIC, then the refused.

    Attributes
    ----------
    spectrum, weighting
        What was fitted and how.
    ranked
        All candidates, best first.
    """

    spectrum: Spectrum
    weighting: str
    ranked: tuple[Candidate, ...]

    error = None

    @classmethod
    def of(
        cls, spectrum: Spectrum, weighting: str, candidates: Sequence[Candidate], noise: float
    ) -> Comparison:
        """Rank candidates; `noise` is the chisqr that the noise alone would leave, 0 where unknown."""
        candidates = _accept_closest(candidates, noise)
        lowest = min((c.aicc for c in candidates if not c.refused), default=np.inf)
        shares = [0.0 if c.refused else float(np.exp(-0.5 * (c.aicc - lowest))) for c in candidates]
        total = sum(shares) or 1.0
        rows = [
            dataclasses.replace(c, weight=share / total, misfit=_compute_misfit(c, noise))
            for c, share in zip(candidates, shares, strict=True)
        ]
        return cls(spectrum, weighting, tuple(sorted(rows, key=lambda c: (bool(c.refused), c.bic))))

    @property
    def best(self) -> Candidate | None:
        """The circuit that the data supports best; None where every candidate is refused."""
        return next((c for c in self.ranked if not c.refused), None)

    @property
    def fits(self) -> bool:
        """Whether the best circuit fits to within the noise."""
        return self.best is not None and self.best.fits

    @property
    def ok(self) -> bool:
        """Whether there is a best circuit and it fits."""
        return self.fits

    @cached_property
    def alike(self) -> tuple[Candidate, ...]:
        """The circuits, by BIC, that describe the spectrum as well as the best: it rules none of them out.

        They are hardly behind it, or what they have more than the best the spectrum does not show.
        """
        best = self.best
        if best is None or best.result is None:
            return ()
        price, found = float(np.log(best.result.statistics.ndata)), []
        for c in sorted((c for c in self.ranked if c.result and c is not best), key=lambda c: c.bic):
            closeness = c.bic - best.bic - price * (c.free - best.free)
            if self._is_near(c, best) or closeness < limit("not_shown"):
                found.append(c)
        return tuple(found)

    @cached_property
    def verdict(self) -> tuple[str, ...]:
        """What the ranking says, one sentence each."""
        best = self.best
        if best is None:
            return (
                "every circuit is refused: the data determines none of them; measure a wider range "
                "or try a simpler circuit",
            )
        said = [f"{best.name} is supported best{self._describe_lead(best)}"]
        if not best.fits:
            said = [
                f"none of these circuits fits to within the noise: the best, {best.name}, misses the data by "
                f"{_percent(best)} rms{_describe_misfit(best)}; try other circuits, or look for bad points "
                "(eisfit check)"
            ]
        if best.reserved:
            said.append(f"not determined in it: {best.reserved}")
        return (*said, *self._describe_closer(best), *self._describe_as_good(best), *self._name_larger(best))

    def _describe_lead(self, best: Candidate) -> str:
        second = next((c for c in self.ranked if not c.refused and c is not best), None)
        if second is None:
            return ": all others are refused" if len(self.ranked) > 1 else ""
        return f", by {significant(second.bic - best.bic, 2)} of BIC before {second.name}"

    def _describe_as_good(self, best: Candidate) -> list[str]:
        near = [c for c in self.alike if self._is_near(c, best)]
        return [f"{_join_names(near)} can hardly be told from it by this spectrum"] if near else []

    @staticmethod
    def _is_near(c: Candidate, best: Candidate) -> bool:
        return not c.refused and c.bic - best.bic < limit("hardly_worse")

    def _describe_closer(self, best: Candidate) -> list[str]:
        """Say which refused circuit fits closer: the reason to refuse it may be removable."""
        refused = [c for c in self.ranked if c.refused and c.result]
        closest = min(refused, key=lambda c: c.bic, default=best)
        if closest.bic > best.bic - limit("hardly_worse"):
            return []
        much = "much " if closest.bic < best.bic - limit("far_closer") else ""
        return [
            f"{closest.name} fits {much}closer, {_percent(closest)} rms, but is refused: {closest.refused}; "
            "mend that (fix the parameter, leave its element out, measure a wider range) and compare again"
        ]

    def _name_larger(self, best: Candidate) -> list[str]:
        """Say which larger circuits fit as well without being needed."""
        larger = [
            c
            for c in self.alike
            if c.free > best.free and c.bic > best.bic - limit("hardly_worse") and not self._is_near(c, best)
        ]
        if not larger or not best.fits:
            return []
        return [
            f"the simpler circuit is enough: {_join_names(larger)} fit no closer than more parameters must; "
            "what they have more this spectrum neither shows nor rules out"
        ]

    def to_dict(self, data: bool = True) -> dict[str, Any]:
        """Return the JSON document; without `data` it cannot be read back."""
        document: dict[str, Any] = {
            "spectrum": self.spectrum.summary(),
            "weighting": self.weighting,
            "best": None if self.best is None else self.best.name,
            "ok": self.ok,
            "verdict": list(self.verdict),
            "alike": [c.name for c in self.alike],
            "ranked": [c.to_dict() for c in self.ranked],
            "error": None,
        }
        if not data:
            return document
        fits = [None if c.result is None else c.result.to_dict() for c in self.ranked]
        return {
            **document,
            "fits": fits,
            "circuit_documents": [c.circuit.to_dict() for c in self.ranked],
            "spectrum_document": self.spectrum.to_dict(),
        }

    @classmethod
    @expect_document("comparison")
    def from_dict(cls, document: Mapping[str, Any]) -> Comparison:
        """Rebuild a comparison from `to_dict`'s document.

        Raises
        ------
        EisfitError
            When the document lacks the data, or is another.
        """
        rows = zip(document["ranked"], document["fits"], document["circuit_documents"], strict=True)
        kept = ("free", "cross_validation", "weight", "misfit", "refused", "reserved")
        ranked = [
            Candidate(
                Circuit.from_dict(circuit),
                None if result is None else FitResult.from_dict(result),
                aicc=np.inf if row["aicc"] is None else row["aicc"],
                bic=np.inf if row["bic"] is None else row["bic"],
                **{key: row[key] for key in kept},
            )
            for row, result, circuit in rows
        ]
        spectrum = Spectrum.from_dict(document["spectrum_document"])
        return cls(spectrum, document["weighting"], tuple(ranked))

    def to_frame(self) -> pd.DataFrame:
        """Return one row per circuit, best first."""
        import pandas as pd

        rows = [{**c.to_dict(), "circuit": c.name, "string": c.circuit.string} for c in self.ranked]
        return pd.DataFrame(rows).set_index("circuit")

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw how far each circuit stands behind the best on `ax` (a new one where None) and return it."""
        from eisfit.display import plot

        return plot.comparison(self.to_dict(data=False), ax=ax)

    def __str__(self) -> str:
        from eisfit.display.report.comparison import comparison_text

        return comparison_text(self.to_dict(data=False))

    def _repr_html_(self) -> str:
        from eisfit.display.report.comparison import comparison_html
        from eisfit.display.svg.panel import place_beside
        from eisfit.display.svg.result_figures import draw_comparison

        document = self.to_dict(data=False)
        table = comparison_html(document)
        return place_beside(table, lambda: draw_comparison(document), alt="circuits compared")


def _join_names(candidates: Sequence[Candidate]) -> str:
    """Return names in a row, of many the first and how many there are."""
    names = [c.name for c in candidates]
    more = len(names) - _LISTED
    return ", ".join(names) if more <= 1 else f"{', '.join(names[:_LISTED])} and {more} more"


def _accept_closest(candidates: Sequence[Candidate], noise: float) -> list[Candidate]:
    """Return the candidates, the closest one accepted where all others that are accepted miss the data.

    A parameter that the data do not determine is a flaw of that parameter; to miss the data is one of the
    whole circuit. Where the closest can be used, and is better by far, it is the answer though another is
    near the noise.
    """
    answer = min((c for c in candidates if not c.refused), key=lambda c: c.bic, default=None)
    held = [c for c in candidates if c.refused and c.result]
    closest = _find_closest(held)
    misses = answer is None or (_compute_misfit(answer, noise) > limit("near_the_noise") or noise <= 0)
    if closest is None or not (misses or _is_usable(closest)):
        return list(candidates)
    if answer is not None and closest.bic > answer.bic - limit("far_closer"):
        return list(candidates)
    taken = dataclasses.replace(closest, refused="", reserved=closest.refused)
    return [taken if c is closest else c for c in candidates]


def _find_closest(held: Sequence[Candidate]) -> Candidate | None:
    """Return the closest circuit, or one about as close whose fit can be used where that one's cannot."""
    fitted = [(c, c.result) for c in held if c.result]
    if not fitted:
        return None
    closest, fit = min(fitted, key=lambda pair: pair[0].bic)
    most = _ABOUT_AS_CLOSE**2 * fit.statistics.chisqr
    others = [c for c, r in fitted if _is_usable(c) and r.statistics.chisqr <= most]
    return closest if _is_usable(closest) else min(others, key=lambda c: c.bic, default=closest)


def _is_usable(candidate: Candidate) -> bool:
    return candidate.result is not None and usable(candidate.result.grade, candidate.result.flags)


def _compute_misfit(candidate: Candidate, noise: float) -> float:
    if candidate.result is None or noise <= 0:
        return 0.0
    return float(np.sqrt(candidate.result.statistics.chisqr / noise))


def _describe_misfit(candidate: Candidate) -> str:
    above = candidate.misfit > limit("near_the_noise")
    return f", {significant(candidate.misfit, 2)} times its noise" if above else ""


def _percent(candidate: Candidate) -> str:
    rms = candidate.result.statistics.rms_relative_residual if candidate.result else np.nan
    return f"{significant(100 * rms, 2)} %"
