"""What a name says is no measurement: fits, models, and how far numbers scatter."""

from __future__ import annotations

import re

from eisfit.spectra.patterns import regex
from eisfit.spectra.readers._sweep import Sweep

_OF_A_MODEL = r"(?:fit(?:ted)?|model(?:led)?|calc(?:ulated)?|sim(?:ulated)?)"
#: Begins the name of what is no measurement, or stands anywhere in it.
MODEL = regex(rf"\W*{_OF_A_MODEL}\b(?!.*[\t;,]\s*\d)", re.IGNORECASE)
_SPREAD = regex(
    r"\W*(?:std(?:ev|err|abw)?|sd|sem|standard[ _]?(?:deviation|error)|standardabweichung"
    r"|errors?|fehler|residuals?|uncertaint(?:y|ies))\W*$",
    re.IGNORECASE,
)
MODEL_WITHIN = regex(rf"(?<![^\W_]){_OF_A_MODEL}(?![^\W_])", re.IGNORECASE)


def measured_only(sweeps: list[Sweep], place: str) -> list[Sweep]:
    """Return the sweeps without those that stand where a name says fit or model, beside others; it is said.

    Parameters
    ----------
    sweeps
        All sweeps of a file.
    place
        What of their metadata is the name: ``sheet``, ``label``.
    """
    names = [str(sweep.metadata.get(place, "")) for sweep in sweeps]
    for pattern, what in ((MODEL, "a fit or a model"), (_SPREAD, "a spread or an error")):
        out = dict.fromkeys(name for name in names if pattern.match(name.split("/")[-1]))
        kept = [sweep for sweep, name in zip(sweeps, names, strict=True) if name not in out]
        for sweep in kept if out else []:
            sweep.notes.append(f"left aside: {', '.join(map(repr, out))}, by its name {what}")
        sweeps, names = (kept, [name for name in names if name not in out]) if kept else (sweeps, names)
    return sweeps
