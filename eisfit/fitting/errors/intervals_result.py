"""The intervals of a fit's parameters: frozen, to tables, to JSON and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any

from eisfit.arrays import FloatArray
from eisfit.errors import ParameterError, did_you_mean, expect_document
from eisfit.records import INTERVALS_SCHEMA, ShownAsText, dataclass

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from eisfit.fitting.result import FitResult


@dataclass(frozen=True)
class Interval:
    """The interval of one parameter.

    Attributes
    ----------
    name, value, unit
        The parameter and its fitted value.
    low, high
        Ends; None where the data sets no limit on that side.
    """

    name: str
    value: float
    unit: str
    low: float | None
    high: float | None

    @property
    def determined(self) -> bool:
        """Whether both sides are closed."""
        return self.low is not None and self.high is not None

    @classmethod
    def of(cls, result: FitResult, name: str, low: float | None, high: float | None) -> Interval:
        """Return the interval of a fit's parameter, or of what follows from them, by its ends."""
        if name in result.parameters:
            return cls(name, result[name].value, result[name].unit, low, high)
        row = result.derived[name]
        return cls(name, row["value"], row["unit"], low, high)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready document."""
        return {"value": self.value, "unit": self.unit, "low": self.low, "high": self.high}


@dataclass(frozen=True, eq=False, repr=False)
class Intervals(ShownAsText, Mapping[str, Interval]):
    """Intervals by name: iterated over the parameters; ``found["R_p"]`` also finds the derived ones.

    Attributes
    ----------
    level
        Confidence, for instance 0.95.
    method
        ``covariance``, ``profile``, ``bootstrap`` or ``mcmc``; see `eisfit.fitting.errors.intervals`.
    criterion
        In words: what makes an interval end.
    rows
        Name -> `Interval`.
    notes
        What to know besides, one sentence each.
    profiles
        Name -> {values, rise, limit} of profile likelihood, for figures.
    derived
        Name -> `Interval` of what follows from the parameters.
    samples
        (n, P) all parameters of bootstrap or mcmc, in the circuit's order; not kept in JSON.
    """

    level: float
    method: str
    criterion: str
    rows: Mapping[str, Interval]
    notes: tuple[str, ...] = ()
    profiles: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    samples: FloatArray | None = None
    derived: Mapping[str, Interval] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Interval:
        known = {**self.derived, **self.rows}
        if name not in known:
            raise ParameterError(f"no interval for {name!r}{did_you_mean(name, known)}")
        return known[name]

    def __contains__(self, name: object) -> bool:
        return name in self.rows or name in self.derived

    def __iter__(self) -> Iterator[str]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready document; `from_dict` reads it back."""
        return {
            "schema": INTERVALS_SCHEMA,
            "level": self.level,
            "method": self.method,
            "criterion": self.criterion,
            "intervals": {name: row.to_dict() for name, row in self.rows.items()},
            "derived": {name: row.to_dict() for name, row in self.derived.items()},
            "notes": list(self.notes),
            "profiles": {name: dict(profile) for name, profile in self.profiles.items()},
        }

    @classmethod
    @expect_document("intervals")
    def from_dict(cls, document: Mapping[str, Any]) -> Intervals:
        """Rebuild intervals from `to_dict`'s document."""
        rows, derived = (
            {name: Interval(name=name, **row) for name, row in document.get(key, {}).items()}
            for key in ("intervals", "derived")
        )
        kept = (document["level"], document["method"], document["criterion"])
        return cls(*kept, rows, tuple(document["notes"]), document["profiles"], derived=derived)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per parameter and derived quantity: value, unit, low, high (NaN where open)."""
        import pandas as pd

        rows = {name: row.to_dict() for name, row in {**self.rows, **self.derived}.items()}
        return pd.DataFrame.from_dict(rows, orient="index")

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the intervals relative to the values on `ax` (a new one where None) and return it."""
        from eisfit.display import plot

        return plot.intervals(self.to_dict(), ax=ax)

    def plot_profiles(self, **options: Any) -> tuple[Axes, ...]:
        """Draw the profile of every parameter, one small panel each, and return the axes."""
        from eisfit.display import plot

        return plot.profiles(self.to_dict(), **options)

    def __str__(self) -> str:
        from eisfit.display.report.intervals import intervals_text

        return intervals_text(self.to_dict())

    def _repr_html_(self) -> str:
        from eisfit.display.report.intervals import intervals_html
        from eisfit.display.svg.panel import place_beside
        from eisfit.display.svg.result_figures import draw_intervals

        document = self.to_dict()
        table = intervals_html(document)
        return place_beside(table, lambda: draw_intervals(document), alt="intervals")

    def _ipython_key_completions_(self) -> list[str]:
        return list(self.rows)
