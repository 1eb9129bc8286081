"""The audit of a batch: how far the kernel's fits are from lmfit's."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from eisfit.fit import _lmfit
from eisfit.objective import Settings
from eisfit.result import FitResult
from eisfit.task import Task

__all__ = ["Audit", "Compared", "compared"]


@dataclass(frozen=True)
class Compared:
    """One fit of the kernel held against lmfit's: the largest relative differences of each kind."""

    name: str
    chisqr: float
    value: float
    stderr: float


def compared(kernel: FitResult) -> Compared:
    """Let lmfit go on from where the kernel ended, and return how far it comes from there."""
    settings = Settings(kernel.weighting, kernel.loss, kernel.representation)
    task = Task.of(kernel.spectrum, kernel.circuit, settings)
    lmfit = _lmfit(task, np.array(list(kernel.values.values())), 1.0)
    pairs = [(p, lmfit.params[name]) for name, p in kernel.parameters.items() if p.vary]
    errors = [(a.stderr, b.stderr) for a, b in pairs if a.stderr and b.stderr]
    return Compared(
        kernel.spectrum.name,
        abs(kernel.statistics.chisqr / lmfit.chisqr - 1) if lmfit.chisqr else 0.0,
        max(abs(a.value - b.value) / abs(b.value) for a, b in pairs),
        max((abs(a - b) / b for a, b in errors), default=0.0),
    )


@dataclass(frozen=True)
class Audit:
    """How far the kernel's fits are from lmfit's: the largest relative differences among `count` fits.

    Attributes
    ----------
    count
        Fits that were finished both ways.
    chisqr, value, stderr
        Largest relative difference of the sum of squares, of any parameter and of any standard error.
    worst
        Name of the spectrum with the largest difference of a parameter.
    """

    count: int = 0
    chisqr: float = 0.0
    value: float = 0.0
    stderr: float = 0.0
    worst: str = ""

    def with_one(self, seen: Compared) -> Audit:
        """Return the audit with one more comparison."""
        return Audit(
            self.count + 1,
            max(self.chisqr, seen.chisqr),
            max(self.value, seen.value),
            max(self.stderr, seen.stderr),
            seen.name if seen.value > self.value else self.worst,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready document."""
        return dataclasses.asdict(self)

    def __str__(self) -> str:
        if not self.count:
            return "audit: no spectrum was finished in lmfit too"
        return (
            f"audit: {self.count} fits finished in lmfit too; largest relative differences: "
            f"chisqr {self.chisqr:.1g}, parameters {self.value:.1g}, standard errors {self.stderr:.1g}"
        )
