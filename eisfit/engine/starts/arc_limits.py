"""What a user knows of the arcs beforehand: where an arc peaks, and which arc is the faster one.

These choose among the optima that the search found; they do not bend one. A bound on the peak frequency would
put the optimum on the bound where it does not hold, with a value that the data contradicts; a choice either
finds an optimum in which it holds or says that there is none. (To force a time constant into a range all the
same, write the arc as one element with its own tau, and bound that: ``bound={"Zarc_ct_tau": (1e-3, 1)}``.)
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.engine.arcs import arcs, name_columns
from eisfit.engine.arcs_order import order_arcs
from eisfit.engine.coordinates import Coordinates
from eisfit.engine.optima import Basin
from eisfit.errors import FitError, ParameterError, UsageError, did_you_mean
from eisfit.model.circuit import Circuit


def compute_peaks(circuit: Circuit, values: FloatArray) -> dict[str, FloatArray]:
    """Return the peak frequency (n,), Hz, of each arc by its resistor's name, for parameters (n, P)."""
    p = name_columns(circuit, values)
    return {arc.resistor.name: 1 / (2 * np.pi * arc.tau(p)) for arc in arcs(circuit.tree)}


def check_arcs(
    circuit: Circuit, peak: Mapping[str, tuple[float, float]] | None = None, order: Sequence[str] = ()
) -> None:
    """Refuse what no optimum could satisfy, before anything is fitted.

    Raises
    ------
    ParameterError
        For a resistor that has no arc, or that is named twice.
    UsageError
        For an empty range of frequencies, or another form.
    """
    if not isinstance(peak or {}, Mapping) or isinstance(order, str):
        raise UsageError("arcs are told as peak={'R_ct': (1, 100)}, in Hz, and order=('R_sei', 'R_ct')")
    known = [resistor.name for resistor, _ in arcs(circuit.tree)]
    for name in (*(peak or ()), *order):
        if name not in known:
            near = did_you_mean(name, known) or f"; there is one of {', '.join(known) or 'none'}"
            raise ParameterError(f"{circuit.name}: no arc belongs to {name!r}{near}")
    if len(set(order)) < len(order):
        raise ParameterError(f"{circuit.name}: the order {', '.join(order)} names a resistor twice")
    for name, (low, high) in (peak or {}).items():
        if not low < high or high <= 0:
            raise UsageError(
                f"the peak of {name} cannot lie between {low:g} and {high:g} Hz: low before high"
            )


def select_by_arcs(
    coordinates: Coordinates, basin: Basin, peak: Mapping[str, tuple[float, float]], order: Sequence[str]
) -> Basin:
    """Return the search's optima that satisfy the user, best first.

    Parameters
    ----------
    coordinates, basin
        Of the search.
    peak
        Resistor -> (low, high) of its arc's peak frequency, Hz.
    order
        Resistors from the fastest arc to the slowest.

    Raises
    ------
    ParameterError, UsageError
        See `check_arcs`.
    FitError
        When no optimum satisfies.
    """
    circuit = coordinates.circuit
    check_arcs(circuit, peak, order)
    with np.errstate(all="ignore"):
        values = order_arcs(circuit, coordinates.physical(basin.ends))
        at = compute_peaks(circuit, values)
    good = np.isfinite(basin.ends_chisqr)
    for name, (low, high) in peak.items():
        good &= (at[name] >= low) & (at[name] <= high)
    for fast, slow in pairwise(order):
        good &= at[fast] >= at[slow]
    if not good.any():
        raise FitError(f"{circuit.name}: no optimum of this spectrum has {_describe_limits(peak, order, at)}")
    theta, chisqr = coordinates.internal(values[good]), basin.ends_chisqr[good]
    return dataclasses.replace(basin, theta=theta[0], chisqr=float(chisqr[0]), ends=theta, ends_chisqr=chisqr)


def _describe_limits(
    peak: Mapping[str, tuple[float, float]], order: Sequence[str], at: Mapping[str, FloatArray]
) -> str:
    said = [
        f"the peak of {name} between {low:g} and {high:g} Hz (the best has it at {at[name][0]:.3g} Hz)"
        for name, (low, high) in peak.items()
    ]
    if order:
        said.append(f"{' before '.join(order)} from fast to slow")
    return " and ".join(said)
