"""The vocabulary of verdicts and every limit with its source, as text."""

from __future__ import annotations

from eisfit.display.report.table import wrap
from eisfit.display.report.words import WIDTH
from eisfit.rounding import significant
from eisfit.verdict import GRADES, THRESHOLDS, VERDICTS


def grades_text(*, width: int = WIDTH) -> str:
    """Return grades, verdicts and thresholds, one paragraph each.

    >>> grades_text().splitlines()[1]
    '  A  within the noise'
    """
    lines = ["Grades of a fit"]
    lines += [f"  {grade}  {meaning}" for grade, meaning in GRADES.items()]
    lines += ["", "Verdicts of a parameter"]
    lines += [f"  {word:<12}  {meaning}" for word, meaning in VERDICTS.items()]
    lines += ["", "Limits"]
    for name, row in THRESHOLDS.items():
        lines += wrap(f"{name} = {significant(row.value, 3)}: {row.meaning}", width=width, indent="  ")
        lines += [f"    {line}" for line in wrap(f"source: {row.source}", width=width - 4)]
    return "\n".join(lines) + "\n"
