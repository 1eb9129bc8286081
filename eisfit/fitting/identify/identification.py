"""What `eisfit.identify` returns: circuits with their probabilities, frozen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from eisfit.errors import expect_document
from eisfit.model.circuit import Circuit
from eisfit.records import ShownAsText, dataclass
from eisfit.spectra.spectrum import Spectrum
from eisfit.verdict import Flag

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False)
class IdentifiedCircuit:
    """One answer of `eisfit.identify`.

    Attributes
    ----------
    circuit
        With names by role where the data support them, else by number.
    probability
        Among all that was tried, 0 to 1.
    rms
        Root mean square of |residual| / |Z|.
    misfit
        The residual over what the noise leaves.
    grade
        A to D, as for a fit.
    chisqr
        Sum of squares of the weighted residual.
    free
        Number of free parameters.
    values
        Parameters at the optimum, by name.
    drawings
        Circuit strings of the same impedance, or one the data cannot tell from it; the first is `circuit`'s.
    drawn
        Parameters by name of each of the other drawings, at their optima.
    assigned
        Whether roles such as ``sei`` and ``ct`` were given, which is an assignment and not a measurement.
    at_bound
        Whether a parameter ended at its limit: an element the data do not show.
    """

    circuit: Circuit
    probability: float
    rms: float
    misfit: float
    grade: str
    chisqr: float
    free: int
    values: Mapping[str, float]
    drawings: tuple[str, ...] = ()
    drawn: tuple[Mapping[str, float], ...] = ()
    assigned: bool = False
    at_bound: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return a row of the JSON document."""
        return {
            "circuit": {"name": self.circuit.name, "string": self.circuit.string},
            "free": self.free,
            "probability": self.probability,
            "grade": self.grade,
            "rms_relative_residual": self.rms,
            "misfit": self.misfit,
            "chisqr": self.chisqr,
            "at_bound": self.at_bound,
            "assigned": self.assigned,
            "drawings": list(self.drawings),
            "drawn": [dict(values) for values in self.drawn],
            "values": dict(self.values),
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> IdentifiedCircuit:
        """Rebuild a row from `to_dict`'s document."""
        kept = ("free", "probability", "grade", "misfit", "chisqr", "at_bound", "assigned", "values")
        return cls(
            circuit=Circuit.from_string(document["circuit"]["string"]),
            rms=document["rms_relative_residual"],
            drawings=tuple(document["drawings"]),
            drawn=tuple(document.get("drawn", ())),
            **{key: document[key] for key in kept},
        )


@dataclass(frozen=True, eq=False, repr=False)
class Identification(ShownAsText):
    """Which circuit a spectrum supports: ranked answers, most probable first.

    Attributes
    ----------
    spectrum
        The points that were used.
    circuits
        The answers; empty where the data allow no ranking.
    tried
        How many circuits were fitted.
    noise
        Standard deviation of each part, fraction of |Z|, that misfits were measured by.
    flags
        What to know of the data.
    """

    spectrum: Spectrum
    circuits: tuple[IdentifiedCircuit, ...]
    tried: int
    noise: float
    flags: tuple[Flag, ...] = ()

    error = None

    @property
    def first(self) -> IdentifiedCircuit | None:
        """The most probable answer, None where there is no ranking."""
        return self.circuits[0] if self.circuits else None

    @property
    def best(self) -> Circuit | None:
        """The most probable circuit, for `eisfit.fit`; None where there is no ranking."""
        return self.first.circuit if self.first else None

    @property
    def probability(self) -> float:
        """That of the best."""
        return self.first.probability if self.first else 0.0

    @property
    def ok(self) -> bool:
        """Whether the best describes the data to better than 3 % (grade A to C)."""
        return self.first is not None and self.first.grade != "D"

    def to_dict(self, data: bool = True) -> dict[str, Any]:
        """Return the JSON document; without `data` it cannot be read back."""
        document: dict[str, Any] = {
            "spectrum": self.spectrum.summary(),
            "best": None if self.best is None else self.best.string,
            "probability": self.probability,
            "ok": self.ok,
            "tried": self.tried,
            "noise": self.noise,
            "circuits": [row.to_dict() for row in self.circuits],
            "flags": [flag.to_dict() for flag in self.flags],
            "error": None,
        }
        return {**document, "spectrum_document": self.spectrum.to_dict()} if data else document

    @classmethod
    @expect_document("identification")
    def from_dict(cls, document: Mapping[str, Any]) -> Identification:
        """Rebuild an identification from `to_dict`'s document.

        Raises
        ------
        EisfitError
            When the document lacks the data, or is another.
        """
        return cls(
            spectrum=Spectrum.from_dict(document["spectrum_document"]),
            circuits=tuple(IdentifiedCircuit.from_dict(row) for row in document["circuits"]),
            tried=document["tried"],
            noise=document["noise"],
            flags=tuple(Flag.from_dict(flag) for flag in document["flags"]),
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row a circuit, most probable first."""
        import pandas as pd

        rows = [{**row.to_dict(), "circuit": row.circuit.string} for row in self.circuits]
        columns = ("circuit", "free", "probability", "grade", "rms_relative_residual", "misfit", "chisqr")
        return pd.DataFrame(rows, columns=[*columns, "drawings"]).set_index("circuit")

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the probability of the first circuits on `ax` (a new one where None) and return it."""
        from eisfit.display import plot

        return plot.identification(self.to_dict(data=False), ax=ax)

    def __str__(self) -> str:
        from eisfit.display.report.identification import identification_text

        return identification_text(self.to_dict(data=False))

    def _repr_html_(self) -> str:
        from eisfit.display.report.identification import identification_html

        return identification_html(self.to_dict(data=False))
