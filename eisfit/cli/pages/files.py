"""Files that come into the workbench, and the documents that leave it."""

from __future__ import annotations

import base64
import binascii
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from eisfit.cli.pages.describe import describe_measured
from eisfit.errors import UsageError
from eisfit.files import to_json
from eisfit.model.schema import ClosedModel, Field, validate
from eisfit.records import FIT_SCHEMA


class _Upload(ClosedModel):
    name: str = Field(min_length=1, max_length=400)
    base64: str


class _Read(ClosedModel):
    op: str
    files: list[_Upload] = Field(min_length=1, max_length=5_000)


class _Results(ClosedModel):
    op: str
    results: list[dict[str, Any]] = Field(min_length=1, max_length=5_000)
    form: str = "json"
    title: str | None = None


def read_files(request: dict[str, Any]) -> dict[str, Any]:
    """Read files that the page was given, as names and contents; their own names tell cycles and axes."""
    from eisfit.spectra.series import read_series

    ask = validate(request, _Read, "the request")
    with tempfile.TemporaryDirectory() as folder:
        names = [_write_separately(Path(folder) / f"{place:05d}", one) for place, one in enumerate(ask.files)]
        found = read_series([path for path, _ in names])
        own = {str(path): name for path, name in names}
        spectra = [one.replace(source=own.get(one.source, one.source)) for one in found]
        failures = [
            {"source": own.get(f.source, f.source), "error": f.error.replace(f.source, own.get(f.source, ""))}
            for f in found.failures
        ]
    return {"spectra": [describe_measured(one) for one in spectra], "failures": failures}


def _write_separately(folder: Path, one: _Upload) -> tuple[Path, str]:
    """Write one file into a folder of its own and return where, and its name."""
    name = one.name.replace("\\", "/").rpartition("/")[2].replace("\0", "").strip(". ") or "file"
    try:
        content = base64.b64decode(one.base64, validate=True)
    except (binascii.Error, ValueError):
        raise UsageError(f"{name}: its content is not valid base64") from None
    folder.mkdir()
    path = folder / name[-200:]
    path.write_bytes(content)
    return path, name


def build_report(request: dict[str, Any]) -> dict[str, Any]:
    """Return the page that `eisfit report` writes of these results."""
    from eisfit.cli.pages.html_report import build_report
    from eisfit.fitting.result import result_or_failure

    ask = validate(request, _Results, "the request")
    results = [result_or_failure(one) for one in ask.results]
    return {"name": "report.html", "text": build_report(results, title=ask.title)}


def export(request: dict[str, Any]) -> dict[str, Any]:
    """Return the results as a file of another form."""
    from eisfit.display.report.fit_tables import fit_latex, fit_markdown
    from eisfit.display.report.flat_tables import make_flat_table

    ask = validate(request, _Results, "the request")
    document = {"schema": FIT_SCHEMA, "results": ask.results}
    forms: dict[str, tuple[str, Callable[[], str]]] = {
        "json": ("json", lambda: to_json(document)),
        "csv": ("csv", lambda: make_flat_table(document, "csv")),
        "latex": ("tex", lambda: "\n".join(map(fit_latex, ask.results))),
        "markdown": ("md", lambda: "\n".join(map(fit_markdown, ask.results))),
    }
    if ask.form not in forms:
        raise UsageError(f"there is no form {ask.form[:40]!r}: use {', '.join(forms)}")
    suffix, write = forms[ask.form]
    return {"name": f"fit.{suffix}", "text": write()}
