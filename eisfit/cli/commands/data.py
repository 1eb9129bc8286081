"""``eisfit check``, ``eisfit info`` and ``eisfit convert``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from eisfit.cli.answers import Answers
from eisfit.cli.command import Option, echo
from eisfit.cli.completion import words
from eisfit.cli.manners import Remarks, current
from eisfit.cli.options import Files, Frequencies, Json, Reading, Results
from eisfit.cli.output import check_not_read, check_output, folder, guard, print_json, print_text, stem, width
from eisfit.cli.sources import read_sources
from eisfit.errors import UsageError, did_you_mean
from eisfit.files import write_atomic, write_json


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
    from eisfit.display.report.lists import check_text, checks_text
    from eisfit.validation.kramers_kronig import check as test

    results.check()
    limits = span.check()
    failed = {"schema": "eisfit.check/1", "ok": False}
    found = Answers.of("check", "eisfit.check/1", files, reading, lambda s: test(s.select(**limits)), failed)
    found.write(results, _draw)
    return found.show(json, check_text, checks_text)


def _draw(document: Any) -> Any:
    from eisfit.display import plot

    figure = plot.new_figure()
    plot.kramers_kronig(document, figure=figure)
    return figure


@guard
def info(
    files: Files,
    reading: Reading = Reading(),
    json: Json = False,
) -> int:
    """Say what was recognised in files, and how: format, sweeps, sign, cycle.

    Example:  eisfit info measurements/*.DTA
    """
    from eisfit.display.report.lists import spectra_text

    spectra = read_sources(files, **reading.options)
    current.assumed = Remarks()  # the notes below have them
    documents = [{"error": None, **_information(spectrum)} for spectrum in spectra]
    if json:
        rows = [{key: value for key, value in document.items() if key != "data"} for document in documents]
        print_json({"schema": "eisfit.info/1", "results": rows})
    else:
        print_text(spectra_text(documents, width=width()))
    return int(any(document["error"] for document in documents))


def _information(spectrum: Any) -> dict[str, Any]:
    if hasattr(spectrum, "summary"):
        return {**spectrum.to_dict(), "spectrum": spectrum.summary()}
    return dict(spectrum.to_dict())


_TABLES = ("csv", "json", "csvw")


def _pipe(spectra: list[Any], to: str) -> None:
    """Write one spectrum to standard output."""
    from eisfit.spectra.writers.plain_csv import to_csv

    if len(spectra) > 1:
        raise UsageError(f"--output -: takes one spectrum, and here are {len(spectra)}; name a folder")
    for spectrum in spectra:
        if to == "json":
            print_json(spectrum.to_dict())
        else:
            echo(to_csv(spectrum), nl=False)


def _write_tables(spectra: list[Any], output: Path, to: str) -> None:
    """Write a file a spectrum, two with their description."""
    from eisfit.spectra.writers.csvw import describe_table
    from eisfit.spectra.writers.plain_csv import to_csv

    taken, ending = set[str](), "json" if to == "json" else "csv"
    paths = [folder(output) / f"{stem(spectrum.name, taken)}.{ending}" for spectrum in spectra]
    check_not_read(paths, [spectrum.source for spectrum in spectra], "--output")
    for spectrum, path in zip(spectra, paths, strict=True):
        if to == "csv":
            write_atomic(path, to_csv(spectrum))
        elif to == "json":
            write_json(path, spectrum.to_dict())
        else:
            text, about = describe_table(spectrum, path.name)
            write_atomic(path, text)
            write_json(path.with_name(f"{path.name}-metadata.json"), about)


@guard
def convert(
    files: Files,
    output: Annotated[
        Path,
        Option(
            "--output", "-o", metavar="DIR", help="Folder for the converted files, or - for standard output."
        ),
    ],
    to: Annotated[
        str,
        Option(
            "--to",
            help="csv, json, or csvw: CSV described in JSON-LD.",
            autocompletion=words(*_TABLES),
        ),
    ] = "csv",
    reading: Reading = Reading(),
) -> int:
    """Write spectra as the canonical table: frequency_Hz, Z_real_ohm, Z_imag_ohm, with provenance.

    Example:  eisfit convert cell.mpt --to csv --output converted
    """
    from eisfit.fitting.failure import FitFailure

    if to not in _TABLES:
        raise UsageError(f"--to {to!r}: is none of {', '.join(_TABLES)}{did_you_mean(to, _TABLES)}")
    piped = str(output) == "-"
    if piped and to == "csvw":
        raise UsageError("--output -: --to csvw writes two files; name a folder")
    if not piped:
        check_output(output)
    found = read_sources(files, **reading.options)
    failures = [one for one in found if isinstance(one, FitFailure)]
    spectra = [one for one in found if not isinstance(one, FitFailure)]
    if piped:
        _pipe(spectra, to)
    else:
        _write_tables(spectra, output, to)
    for failure in failures:
        echo(f"eisfit: {failure.error}", err=True)
    return int(bool(failures))
