"""``eisfit convert``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from eisfit.cli.command import Option, echo
from eisfit.cli.options import Files, Reading
from eisfit.cli.output import check_not_read, check_output, guard, make_folder, make_stem
from eisfit.cli.sources import read_sources
from eisfit.errors import UsageError
from eisfit.files import to_json, write_atomic

if TYPE_CHECKING:
    from eisfit.spectra.spectrum import Spectrum


def _make_csv(spectrum: Spectrum, name: str) -> dict[str, str]:
    from eisfit.spectra.writers.plain_csv import to_csv

    return {f"{name}.csv": to_csv(spectrum)}


def _make_json(spectrum: Spectrum, name: str) -> dict[str, str]:
    return {f"{name}.json": to_json(spectrum.to_dict())}


def _make_csvw(spectrum: Spectrum, name: str) -> dict[str, str]:
    from eisfit.spectra.writers.csvw import describe_table

    text, about = describe_table(spectrum, f"{name}.csv")
    return {f"{name}.csv": text, f"{name}.csv-metadata.json": to_json(about)}


#: What ``--to`` takes -> the texts of a spectrum's files, by their names.
_FORMS: Mapping[str, Callable[[Spectrum, str], dict[str, str]]] = {
    "csv": _make_csv,
    "json": _make_json,
    "csvw": _make_csvw,
}


def _print_table(spectra: list[Spectrum], to: str) -> None:
    """Write one spectrum to standard output."""
    if len(spectra) > 1:
        raise UsageError(f"--output -: takes one spectrum, and here are {len(spectra)}; name a folder")
    for spectrum in spectra:
        texts = _FORMS[to](spectrum, "").values()
        if len(texts) > 1:
            raise UsageError(f"--output -: --to {to} writes {len(texts)} files; name a folder")
        echo("".join(texts), nl=False)


def _write_tables(spectra: list[Spectrum], output: Path, to: str) -> None:
    """Write the files of every spectrum."""
    from eisfit.display.report.names import tell_apart
    from eisfit.display.report.words import name_of

    taken = set[str]()
    names = map(name_of, tell_apart([spectrum.summary() for spectrum in spectra]))
    texts = [
        _FORMS[to](spectrum, make_stem(name, taken)) for spectrum, name in zip(spectra, names, strict=True)
    ]
    paths = [make_folder(output) / next(iter(files)) for files in texts]
    check_not_read(paths, [spectrum.source for spectrum in spectra], "--output")
    for files in texts:
        for name, text in files.items():
            write_atomic(output / name, text)


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
        Option(words=tuple(_FORMS), help="csv, json, or csvw: CSV described in JSON-LD."),
    ] = "csv",
    reading: Reading = Reading(),
) -> int:
    """Write spectra as the canonical table: frequency_Hz, Z_real_ohm, Z_imag_ohm, with provenance.

    Example:  eisfit convert cell.mpt --to csv --output converted
    """
    from eisfit.fitting.failure import FitFailure

    piped = str(output) == "-"
    if not piped:
        check_output(output)
    found = read_sources(files, **reading.options)
    failures = [one for one in found if isinstance(one, FitFailure)]
    spectra = [one for one in found if not isinstance(one, FitFailure)]
    if piped:
        _print_table(spectra, to)
    else:
        _write_tables(spectra, output, to)
    for failure in failures:
        echo(f"eisfit: {failure.error}", err=True)
    return int(bool(failures))
