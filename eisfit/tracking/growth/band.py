"""A growth law with its confidence band."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from eisfit.records import dataclass

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Band"]


@dataclass(frozen=True)
class Band:
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

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready document; `from_dict` reads it back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Band:
        """Rebuild from `to_dict`'s document."""
        row: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in document.items()}
        return cls(**row)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a cycle."""
        import pandas as pd

        return pd.DataFrame({key: v for key, v in asdict(self).items() if key != "level"})
