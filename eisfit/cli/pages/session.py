"""A session of the page: read anew from what it saved; what is saved stands in ``assets/session.js``."""

from __future__ import annotations

from typing import Any

from eisfit.cli.pages.describe import describe_fit, describe_measured
from eisfit.cli.pages.questions import Ask, find_used_points
from eisfit.errors import UsageError
from eisfit.model.schema import ClosedModel, validate
from eisfit.records import SESSION_SCHEMA
from eisfit.spectra.spectrum import Spectrum


class _Session(ClosedModel):
    op: str
    session: dict[str, Any]


def open_session(request: dict[str, Any]) -> dict[str, Any]:
    """Return a saved session with its spectra read anew, or say what is wrong with it."""
    session = validate(request, _Session, "the request").session
    if session.get("schema") != SESSION_SCHEMA:
        raise UsageError(f"this is no session: its schema is not {SESSION_SCHEMA}; Save session writes one")
    rows = session.get("spectra")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UsageError("this session holds no list of spectra")
    found = []
    for row in rows:
        spectrum = Spectrum.from_dict(row.get("spectrum") or {})
        kept = {key: row[key] for key in ("masks", "range", "circuit", "values", "held") if key in row}
        ask = validate({"op": "session", "spectrum": {}, **kept}, Ask, "the session")
        find_used_points(ask, spectrum)
        found.append({**describe_measured(spectrum), **kept, "fit": _restore_result(row.get("fit"))})
    return {"schema": SESSION_SCHEMA, "selected": session.get("selected"), "spectra": found}


def _restore_result(document: Any) -> dict[str, Any] | None:
    from eisfit.fitting.failure import FitFailure
    from eisfit.fitting.result import result_or_failure

    if not isinstance(document, dict):
        return None
    result = result_or_failure(document)
    return None if isinstance(result, FitFailure) else describe_fit(result)
