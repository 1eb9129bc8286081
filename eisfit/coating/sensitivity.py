"""Which unknown input an answer hangs on: rank correlations and Sobol indices.

First-order index: the share of the answer's variance that goes away when this input alone becomes known.
Total index: the share that stays when all others become known. Estimators of M. J. W. Jansen (Comput. Phys.
Comm. 117 (1999) 35), as recommended by Saltelli et al. (Comput. Phys. Comm. 181 (2010) 259).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.coating.attribution import median_and_interval
from eisfit.units import Uncertain, latin_hypercube

__all__ = ["over", "rank_correlations", "sobol_indices"]

Outputs = Mapping[str, FloatArray]


def rank_correlations(inputs: Mapping[str, FloatArray], outputs: Outputs) -> dict[str, dict[str, float]]:
    """Spearman's correlation of every output with every drawn input, where the output exists."""
    table: dict[str, dict[str, float]] = {}
    for name, values in outputs.items():
        good = np.isfinite(values)
        ranks = _ranks(values[good])
        drawn = {key: column[good] for key, column in inputs.items() if column.size > 1}
        table[name] = {key: _correlation(_ranks(column), ranks) for key, column in drawn.items()}
    return table


def sobol_indices(
    function: Callable[[dict[str, FloatArray]], Outputs],
    inputs: Mapping[str, Uncertain],
    n: int = 2048,
    seed: int = 1,
) -> dict[str, dict[str, dict[str, float]]]:
    """First-order and total indices of every output for every unknown input.

    Parameters
    ----------
    function
        Takes drawn inputs by name, each (n,), and returns outputs by name, each (n,); NaN where there is
        none.
    inputs
        Distributions; exact ones are handed on as one number.
    n
        Rows of each of the two base samples; `function` runs once per unknown input, and twice more.
    seed
        Of the base samples.

    Returns
    -------
    dict
        ``[output][input] = {first, first_stderr, total, total_stderr}``. Rows where any of the runs has no
        answer are left out. An output that does not vary has no entry.
    """
    unknown = [name for name, value in inputs.items() if not value.exact]
    base = latin_hypercube(n, 2 * len(unknown), seed)
    A, B = base[:, : len(unknown)], base[:, len(unknown) :]

    def run(uniform: FloatArray) -> Outputs:
        drawn = {name: inputs[name].draw(uniform[:, k]) for k, name in enumerate(unknown)}
        return function({name: drawn.get(name, inputs[name].draw([0.5])) for name in inputs})

    ya, yb = run(A), run(B)
    table: dict[str, dict[str, dict[str, float]]] = {name: {} for name in ya}
    for k, name in enumerate(unknown):
        mixed = A.copy()
        mixed[:, k] = B[:, k]
        for output, y in run(mixed).items():
            entry = _jansen(ya[output], yb[output], y)
            if entry:
                table[output][name] = entry
    return {output: entries for output, entries in table.items() if entries}


def over(column: FloatArray, outputs: Outputs, bins: int = 16) -> list[dict[str, Any]]:
    """Median and 95 % interval of the outputs over an input, from draws in bins of equal count.

    Returns
    -------
    list
        ``{value, OUTPUT: {median, low95, high95}, ...}`` each, `value` the bin's median.
    """
    order = np.argsort(column, kind="stable")
    rows = []
    for part in np.array_split(order, bins):
        named = {name: median_and_interval(values[part]) for name, values in outputs.items()}
        rows.append({"value": float(np.median(column[part])), **named})
    return rows


def _jansen(a: FloatArray, b: FloatArray, mixed: FloatArray) -> dict[str, float] | None:
    good = np.isfinite(a) & np.isfinite(b) & np.isfinite(mixed)
    a, b, mixed = a[good], b[good], mixed[good]
    if a.size < 16:
        return None
    variance = float(np.concatenate([a, b]).var())
    if variance == 0:
        return None
    first = 1 - (b - mixed) ** 2 / (2 * variance)
    total = (a - mixed) ** 2 / (2 * variance)
    root = np.sqrt(a.size)
    return {
        "first": float(first.mean()),
        "first_stderr": float(first.std() / root),
        "total": float(total.mean()),
        "total_stderr": float(total.std() / root),
    }


def _ranks(values: FloatArray) -> FloatArray:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[inverse]


def _correlation(one: FloatArray, other: FloatArray) -> float:
    if one.size < 3 or one.std() == 0 or other.std() == 0:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])
