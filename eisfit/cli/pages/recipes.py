"""What the workbench says of a fit so that it can be repeated: a command, and Python; and its sliders."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

from eisfit.model.circuit_parameters import CircuitParameter
from eisfit.spectra import WEIGHTING

_DECADES = 1e3  # a slider reaches so many times up and down where the parameter has no bound
_DIGITS = 5  # of a start value, on the page and in the command


def write_command(told: Mapping[str, Any], more: Sequence[str] = ()) -> str:
    """Return the line that repeats a fit in a shell; `more` are further options of the command line."""
    source = told["source"]
    words = ["eisfit", "fit", "-" if source == "<stdin>" else source, "--circuit", told["circuit"], *more]
    for name, value in zip(("--fmin", "--fmax"), told["range"], strict=False):
        words += [name, f"{value:g}"]
    for frequency in told["masks"]:
        words += ["--drop", f"{frequency:.6g}"]
    if told["weighting"] != WEIGHTING:
        words += ["--weighting", told["weighting"]]
    for option, values in (("--fix", told["fix"]), ("--start", told["start"])):
        for name, value in values.items():
            words += [option, f"{name}={value!r}"]
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)


def write_python(told: Mapping[str, Any]) -> str:
    """Return the same in Python."""
    index = f", index={told['index']}" if told["index"] else ""
    options = [repr(told["circuit"])]
    options += [f"{end}={value:g}" for end, value in zip(("fmin", "fmax"), told["range"], strict=False)]
    if told["masks"]:
        options.append(f"drop=[{', '.join(f'{frequency:.6g}' for frequency in told['masks'])}]")
    if told["weighting"] != WEIGHTING:
        options.append(f"weighting={told['weighting']!r}")
    options += [f"{name}={dict(told[name])!r}" for name in ("fix", "start") if told[name]]
    return (
        f"import eisfit\n\ns = eisfit.read({told['source']!r}{index})\n"
        f"r = eisfit.fit(s, {', '.join(options)})\nprint(r)"
    )


def make_slider(p: CircuitParameter, value: float) -> dict[str, Any]:
    """Return a parameter as the page shows it; `low` and `high` are the slider's ends."""
    shown = float(f"{min(max(value, p.min), p.max):.{_DIGITS}g}")
    shown = min(max(shown, p.min), p.max)
    if p.scale == "log":
        base = shown if shown > 0 else 1e-6
        low, high = max(p.min, base / _DECADES), min(p.max, base * _DECADES)
    else:
        reach = 10 * abs(shown) or 1.0
        low, high = max(p.min, shown - reach), min(p.max, shown + reach)
    mode = "tied" if p.expr else "free" if p.vary else "fixed"
    return {
        "name": p.name,
        "unit": p.unit,
        "describe": p.describe,
        "value": shown,
        "low": low,
        "high": high,
        "min": p.min,
        "max": p.max,
        "scale": p.scale,
        "mode": mode,
        "expr": p.expr,
    }
