"""Simulated spectra: from a circuit, with noise like a real instrument's, and labelled as simulated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from eisfit.errors import UsageError
from eisfit.model.circuit import Circuit
from eisfit.model.files.library import circuit as find_circuit
from eisfit.spectra.spectrum import Spectrum
from eisfit.spectra.vectors import make_vector


def frequencies(fmin: float = 1e-2, fmax: float = 1e5, per_decade: int = 10) -> NDArray[np.float64]:
    """Return logarithmically spaced frequencies (F,) Hz from `fmax` down to `fmin`, both included.

    Raises
    ------
    UsageError
        When the range is empty or not positive.

    Examples
    --------
    >>> frequencies(1, 100, 2).round(2)
    array([100.  ,  31.62,  10.  ,   3.16,   1.  ])
    """
    if not (0 < fmin < fmax and np.isfinite(fmax) and per_decade >= 1):
        raise UsageError(f"frequencies from {fmin:g} to {fmax:g} Hz, {per_decade} a decade, make no sweep")
    count = round(np.log10(fmax / fmin) * per_decade) + 1
    return np.geomspace(fmax, fmin, max(count, 2))


def simulate(
    circuit: str | PathLike[str] | Circuit,
    params: Mapping[str, float] | Sequence[float] | Any,
    frequency: ArrayLike | None = None,
    *,
    noise: float = 0.005,
    seed: int | None = 0,
    cycle: float | None = None,
    source: str = "simulated",
) -> Spectrum:
    """Return a simulated spectrum.

    Parameters
    ----------
    circuit
        As for `eisfit.fit`.
    params
        Name -> value, a list in the order of the circuit's `names`, or a fit.
    frequency
        (F,) Hz; None: 100 kHz to 10 mHz, 10 a decade.
    noise
        Standard deviation of the real and of the imaginary part, as a fraction of |Z|; normally distributed.
    seed
        Of the noise; None: different each time.
    cycle, source
        Kept in the spectrum.

    Raises
    ------
    UsageError
        For an unknown circuit or parameter, a value outside its bounds, or a negative noise.

    Examples
    --------
    >>> s = simulate("R_s-p(R_ct,C_dl)", {"R_s": 1, "R_ct": 10, "C_dl": 1e-4}, noise=0)
    >>> s.points
    71
    >>> s.metadata["simulated"]
    True
    """
    if not 0 <= noise < 1:
        raise UsageError(f"noise: {noise:g} is not a fraction of |Z| between 0 and 1")
    chosen = find_circuit(circuit)
    values = _read_values(chosen, params)
    f = frequencies() if frequency is None else make_vector(frequency, "frequency", np.float64)
    exact = chosen.impedance(f, values)
    rng = np.random.default_rng(seed)
    error = noise * np.abs(exact)
    told = ", ".join(f"{name} = {value:g}" for name, value in values.items())
    return Spectrum(
        frequency=f,
        impedance=exact + error * (rng.standard_normal(f.size) + 1j * rng.standard_normal(f.size)),
        noise=error if noise > 0 else None,
        cycle=cycle,
        source=source,
        metadata={"simulated": True, "circuit": chosen.string, "noise": noise, "seed": seed, **values},
        notes=(f"simulated: not measured; {chosen.string} with {told}, noise {100 * noise:g} % of |Z|",),
    )


def _read_values(circuit: Circuit, params: Mapping[str, float] | Sequence[float]) -> dict[str, float]:
    """Return the values by name, each within its bounds."""
    given = circuit.name_values(params)
    circuit.check_names(given)
    values = {}
    for name, value in given.items():
        p = circuit.parameters[name]
        try:
            values[name] = float(np.asarray(value, dtype=np.float64))
        except (TypeError, ValueError):
            raise UsageError(f"{name}: {value!r} is no number") from None
        if not p.min <= values[name] <= p.max:
            raise UsageError(
                f"{name}: the value {values[name]:g} lies outside its bounds {p.min:g} to {p.max:g}"
            )
    return values
