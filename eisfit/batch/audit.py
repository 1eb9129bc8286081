"""The audit of a batch: how far the kernel's fits are from lmfit's."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from eisfit.engine.objective import Settings
from eisfit.engine.optima import Basin
from eisfit.engine.task import Task
from eisfit.fitting.result import FitResult
from eisfit.fitting.result_parts import FittedParameter
from eisfit.model.circuit import Circuit
from eisfit.records import Document, dataclass
from eisfit.spectra.spectrum import Spectrum


@dataclass(frozen=True)
class Audit(Document):
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

    def join(self, other: Audit) -> Audit:
        """Return the audit of two runs."""
        return Audit(
            self.count + other.count,
            max(self.chisqr, other.chisqr),
            max(self.value, other.value),
            max(self.stderr, other.stderr),
            other.worst if other.value > self.value else self.worst,
        )

    def __str__(self) -> str:
        if not self.count:
            return "audit: no spectrum was finished in lmfit too"
        return (
            f"audit: {self.count} fits finished in lmfit too; largest relative differences: "
            f"chisqr {self.chisqr:.1g}, parameters {self.value:.1g}, standard errors {self.stderr:.1g}"
        )


@dataclass(frozen=True, eq=False, repr=False)
class Ended:
    """What is compared of a fit of the kernel; the columns of its batch need not be kept for it."""

    spectrum: Spectrum
    circuit: Circuit
    weighting: str
    parameters: Mapping[str, FittedParameter]
    chisqr: float
    starts: int
    agreed: int

    @classmethod
    def of(cls, result: FitResult) -> Ended:
        """Take it from a result."""
        same = result.spectrum, result.circuit, result.weighting, result.parameters
        return cls(*same, result.statistics.chisqr, result.starts, result.agreed)


def compare_with_lmfit(kernel: Ended) -> Audit:
    """Continue a fit of the kernel in lmfit, and return how far the results differ."""
    from eisfit.fitting.fit import finish_in_lmfit

    task = Task.of(kernel.spectrum, kernel.circuit, Settings(kernel.weighting, "linear", "impedance"))
    theta = task.coordinates.internal(np.array([[p.value for p in kernel.parameters.values()]]))
    basin = Basin(theta[0], kernel.chisqr, theta, np.zeros(1), kernel.agreed, kernel.starts)
    lmfit = finish_in_lmfit(task, theta[0], basin)
    pairs = [(p, lmfit[name]) for name, p in kernel.parameters.items() if p.vary]
    errors = [(a.stderr, b.stderr) for a, b in pairs if a.stderr and b.stderr]
    return Audit(
        1,
        abs(kernel.chisqr / lmfit.statistics.chisqr - 1) if lmfit.statistics.chisqr else 0.0,
        max(abs(a.value - b.value) / abs(b.value) for a, b in pairs),
        max((abs(a - b) / b for a, b in errors), default=0.0),
        kernel.spectrum.name,
    )
