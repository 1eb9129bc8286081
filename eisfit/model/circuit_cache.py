"""A cache of what depends on a circuit alone, so that it is computed once, not for every spectrum."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from eisfit.model.circuit import Circuit

T = TypeVar("T")
_MAX_CIRCUITS = 64  # circuits of which answers are kept


def cache_per_circuit(function: Callable[[Circuit], T]) -> Callable[[Circuit], T]:
    """Return a function of a circuit that caches its results by the circuit's identity.

    To compare circuits, or to hash them, takes longer than most of these functions. The circuit of a cached
    result is kept too, so that no other can take its identity.
    """
    kept: dict[int, tuple[Circuit, T]] = {}

    @wraps(function)
    def answer(circuit: Circuit) -> T:
        found = kept.get(id(circuit))
        if found is None:
            if len(kept) >= _MAX_CIRCUITS:
                kept.clear()
            found = kept[id(circuit)] = circuit, function(circuit)
        return found[1]

    return answer
