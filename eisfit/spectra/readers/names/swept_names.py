"""Names that mean a frequency only where nothing else does: ``w``, and the ``grid`` of LabOne's sweeper."""

from __future__ import annotations

from collections.abc import Sequence

from eisfit.spectra.readers.names.columns import parse_name

#: What a ``w`` and a ``grid`` are called that are a frequency because no other column is one.
ANGULAR_W, GRID = "angular frequency w", "frequency grid"
#: What is told of them.
SWEPT = {ANGULAR_W: "'w' is the angular frequency, in rad/s", GRID: "'grid' is the frequency, in Hz"}


def rename_swept(names: Sequence[str], units: Sequence[str] = ()) -> list[str]:
    """Return the names, ``w`` or LabOne's ``grid`` as frequency where no other is beside an impedance.

    >>> rename_swept(["w", "Zre", "Zim"]), rename_swept(["grid", "absz"]), rename_swept(["W", "f", "Z"])
    (['angular frequency w', 'Zre', 'Zim'], ['frequency grid', 'absz'], ['W', 'f', 'Z'])
    """
    plain = [name.strip(" \"'").lower() for name in names]
    known = {"w": ANGULAR_W, "grid": GRID} if {"absz", "realz"} & set(plain) else {"w": ANGULAR_W}
    places = [i for i, name in enumerate(plain) if name in known and not any(units[i : i + 1])]
    held = {parse_name(name).quantity for name in names} if len(places) == 1 else set()
    if not held & {"real", "modulus"} or held & {"frequency", "period"}:
        return list(names)
    return [known[plain[i]] if i in places else name for i, name in enumerate(names)]
