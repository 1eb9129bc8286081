"""A growth law with its confidence band."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from eisfit.records import Document, dataclass

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Band(Document):
    """A law with its confidence band.

    Attributes
    ----------
    cycle, value, low, high
        (N,); the ends None where the growth has no errors.
    level
        Of confidence.
    extrapolated
        (N,) True where no cycle was measured.
    """

    cycle: tuple[float, ...]
    value: tuple[float, ...]
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]
    level: float
    extrapolated: tuple[bool, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return one row a cycle."""
        import pandas as pd

        return pd.DataFrame({key: v for key, v in asdict(self).items() if key != "level"})
