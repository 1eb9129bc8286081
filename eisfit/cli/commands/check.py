"""``eisfit check``."""

from __future__ import annotations

from typing import Any

from eisfit.cli.answers import Answers
from eisfit.cli.options import Files, Frequencies, Json, Reading, Results
from eisfit.cli.output import guard
from eisfit.records import CHECK_SCHEMA


@guard
def check(
    files: Files,
    span: Frequencies = Frequencies(),
    reading: Reading = Reading(),
    json: Json = False,
    results: Results = Results(),
) -> int:
    """Test spectra against the Kramers-Kronig relations, before any circuit is fitted.

    Example:  eisfit check cell.mpt --output results
    """
    from eisfit.display.report.checks import check_text, checks_text
    from eisfit.validation.kramers_kronig import check as test

    results.check()
    limits = span.check()
    failed = {"schema": CHECK_SCHEMA, "ok": False}
    found = Answers.of("check", CHECK_SCHEMA, files, reading, lambda s: test(s.select(**limits)), failed)
    found.write(results, _draw)
    return found.show(json, check_text, checks_text)


def _draw(document: Any) -> Any:
    from eisfit.display import plot

    figure = plot.new_figure()
    plot.kramers_kronig(document, figure=figure)
    return figure
