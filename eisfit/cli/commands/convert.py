"""``eisfit convert``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from eisfit.cli.command import Option, echo
from eisfit.cli.options import Files, Reading
from eisfit.cli.output import check_not_read, check_output, folder, guard, print_json, stem
from eisfit.cli.sources import read_sources
from eisfit.errors import UsageError, did_you_mean
from eisfit.files import write_atomic, write_json

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
        Option(words=tuple(_TABLES), help="csv, json, or csvw: CSV described in JSON-LD."),
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
