"""What check, compare, drt and identify share: an answer to each spectrum, shown, written and counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from eisfit.cli.output import (
    Folder,
    format_frame,
    get_width,
    make_stem,
    print_json,
    print_text,
    track_progress,
)
from eisfit.cli.sources import read_sources
from eisfit.errors import EisfitError, UsageError
from eisfit.files import write_atomic, write_json
from eisfit.records import dataclass

if TYPE_CHECKING:
    from eisfit.cli.options import Reading, Results

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Answers:
    """What a command says of each spectrum.

    Attributes
    ----------
    command
        Its name, after which files and figures are called.
    schema
        Of the JSON document.
    found
        A result each, or the document of a failure.
    """

    command: str
    schema: str
    found: list[Any]

    @classmethod
    def of(
        cls,
        command: str,
        schema: str,
        files: list[str],
        reading: Reading,
        ask: Callable[[Any], Any],
        blank: Document,
    ) -> Answers:
        """Ask for each spectrum of the files; where one fails, `blank` stands in the place of an answer."""
        spectra = read_sources(files, **reading.options)
        asked = track_progress(spectra, command, len(spectra))
        return cls(command, schema, [_ask_safely(spectrum, ask, blank) for spectrum in asked])

    @cached_property
    def documents(self) -> list[dict[str, Any]]:
        """Each answer as a document, without what is needed to read it back."""
        return self._make_documents(data=False)

    def _make_documents(self, *, data: bool) -> list[dict[str, Any]]:
        return [
            one if isinstance(one, dict) else {**one.to_dict(data=data), "error": None} for one in self.found
        ]

    def write(self, results: Results, draw: Callable[[Document], Any], *, table: bool = False) -> None:
        """Write them where results are to go: JSON, and of each that `draw` can draw the figure.

        `table`: as CSV too, where an answer has rows.
        """
        results.write(lambda target: self._write(target, draw, table))

    def _write(self, target: Folder, draw: Callable[[Document], Any], table: bool) -> None:
        from eisfit.display.report.names import tell_apart
        from eisfit.display.report.words import name_of

        whole = self._make_documents(data=True)
        write_json(target.path / f"{self.command}.json", {"schema": self.schema, "results": whole})
        taken: set[str] = set()
        for one, document in zip(self.found, tell_apart(whole), strict=True):
            if document["error"]:
                continue
            name = make_stem(f"{name_of(document)}_{self.command}", taken)
            if table and len(frame := one.to_frame()):
                write_atomic(target.path / f"{name}.csv", format_frame(frame))
            if (figure := draw(document)) is not None:
                target.save(figure, name, self.command, document)

    def show(self, json: bool, text: Callable[..., str], many: Callable[..., str] | None = None) -> int:
        """Print them; return the exit code, 1 where one failed.

        As one JSON document, as the `text` of each, or, where not one alone is there, as that of `many`.
        """
        from eisfit.display.report.names import tell_apart

        if json:
            print_json({"schema": self.schema, "results": self.documents})
        elif many is not None and (len(self.documents) != 1 or self.documents[0]["error"]):
            print_text(many(self.documents, width=get_width()))
        else:
            print_text(
                "\n".join(text(document, width=get_width()) for document in tell_apart(self.documents))
            )
        return int(any(document["error"] for document in self.documents))


def _ask_safely(spectrum: Any, ask: Callable[[Any], Any], blank: Document) -> Any:
    """Return the answer, or the document of a failure."""
    if not hasattr(spectrum, "select"):
        return {**blank, "spectrum": spectrum.to_dict()["spectrum"], "error": spectrum.error}
    try:
        return ask(spectrum)
    except UsageError:
        raise
    except EisfitError as error:
        return {**blank, "spectrum": spectrum.summary(), "error": str(error)}
