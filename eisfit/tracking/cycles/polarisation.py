"""How much of a cell's voltage drop its impedance explains."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eisfit.errors import FitError
from eisfit.fitting.failure import FitFailure
from eisfit.fitting.result import FitResult
from eisfit.model.notation import components
from eisfit.records import Document, dataclass
from eisfit.rounding import significant
from eisfit.tracking.cycles.table import CycleTable, find_polarisation
from eisfit.tracking.growth.growth import fit_growth


@dataclass(frozen=True)
class Explained(Document):
    """The polarisation resistance of one cycle beside the resistances of the impedance.

    Attributes
    ----------
    label, cycle
        Of the cell.
    resistance
        Voltage drop over current, ohm.
    impedance, impedance_low, impedance_high
        Sum of the circuit's resistors at that cycle from its growth, ohm, with its 95 % band.
    resistors
        That were added up: series, films and charge transfer; no diffusion.
    share, share_low, share_high
        Of the polarisation resistance, from the band and the rounding of voltage and current.
    extrapolated
        Whether no spectrum was measured so late (or so early).
    """

    label: str
    cycle: float
    resistance: float
    impedance: float
    impedance_low: float | None
    impedance_high: float | None
    resistors: tuple[str, ...]
    share: float
    share_low: float | None
    share_high: float | None
    extrapolated: bool

    def __str__(self) -> str:
        text = f"cycle {self.cycle:g}: of {significant(self.resistance, 3)} ohm (voltage drop over current) "
        text += f"{' + '.join(self.resistors)} explain {significant(100 * self.share, 3)} %"
        if self.share_low is not None and self.share_high is not None:
            low, high = significant(100 * self.share_low, 3), significant(100 * self.share_high, 3)
            text += f" ({low} to {high} %)"
        return text + (", extrapolated" if self.extrapolated else "")


def explain_polarisation(
    table: CycleTable, results: Sequence[FitResult | FitFailure], cycle: float, *, label: str
) -> Explained:
    """Return the share of the polarisation at one cycle that the impedance explains.

    Parameters
    ----------
    table
        With `voltage_drop_V` and `current_A` at this cycle.
    results
        Of the same cell: a `SeriesResult`, or its results.
    cycle
        Where the drop was measured; the impedance is taken from its growth over the cycles.
    label
        Of the cell, where the table has none.

    Raises
    ------
    EisfitError
        When the table has no drop and current there.
    FitError
        When fewer than two cycles have a usable fit.
    """
    drop = find_polarisation(table, cycle)
    fits = [fit for fit in results if isinstance(fit, FitResult) and fit.ok]
    if not fits:
        raise FitError("no cycle has a usable fit: the impedance explains nothing")
    names = tuple(c.name for c in components(fits[0].circuit.tree) if c.symbol == "R")
    sums = [_sum_resistances(fit, names) for fit in fits]
    cycles = np.array([fit.spectrum.cycle for fit in fits], dtype=float)  # NaN of None
    growth = fit_growth(
        cycles, [s[0] for s in sums], [s[1] for s in sums], name=" + ".join(names), unit="ohm"
    )
    band = growth.band(cycle, extrapolate=True)
    low, high = band.low[0], band.high[0]
    return Explained(
        table.label or label,
        cycle,
        drop.value,
        band.value[0],
        low,
        high,
        names,
        band.value[0] / drop.value,
        None if low is None else low / drop.high,
        None if high is None else high / drop.low,
        band.extrapolated[0],
    )


def _sum_resistances(fit: FitResult, names: tuple[str, ...]) -> tuple[float, float]:
    """Return the sum of some resistances and its standard error, correlations included."""
    value = sum(fit.values[name] for name in names)
    if fit.covar is None:
        return value, float("nan")
    chosen = np.array([float(name in names) for name in fit.var_names])
    return value, float(np.sqrt(max(chosen @ fit.covar @ chosen, 0.0)))
