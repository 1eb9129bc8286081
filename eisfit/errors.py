"""Every error that eisfit raises on purpose, each one clear sentence for the user."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager


class EisfitError(Exception):
    """Base of all errors raised on purpose: catch this one to catch them all."""


class EisfitWarning(UserWarning):
    """Something the user should know that is no error; the command line prints it as a note."""


class UsageError(EisfitError):
    """The request itself is wrong: an unknown name or an impossible option (exit code 2)."""


class CircuitError(UsageError):
    """A circuit that cannot be found or makes no sense."""


class NotationError(CircuitError):
    """A circuit string that cannot be read; shows the string with a caret under the place.

    Parameters
    ----------
    string
        The circuit string as given.
    position
        Index into `string` where reading failed.
    message
        What was expected there.
    """

    def __init__(self, string: str, position: int, message: str) -> None:
        self.string = string
        self.position = position
        self.message = message
        super().__init__(f"{message}\n  {string}\n  {' ' * position}^")

    def __reduce__(self) -> tuple[type[NotationError], tuple[str, int, str]]:
        # Else it cannot come back from another process, and takes the whole pool of workers with it.
        return type(self), (self.string, self.position, self.message)


class ParameterError(UsageError):
    """A parameter that does not exist, or a value or bound it cannot have."""


class SpectrumError(EisfitError, ValueError):
    """Numbers that are not an impedance spectrum."""


class ReadError(EisfitError):
    """A file that cannot be read as impedance spectra."""


class SchemaError(EisfitError):
    """A TOML or JSON file whose form is wrong; names the file, the line and the key."""


class StudyError(EisfitError):
    """A coating study whose inputs admit no answer."""


class FitError(EisfitError):
    """A fit that could not be carried out."""


@contextmanager
def expect_document(kind: str, error: type[EisfitError] = EisfitError) -> Iterator[None]:
    """Raise what a document lacks that is read here, before a method or in a block, as one sentence.

    >>> with expect_document("fit"):
    ...     {}["parameters"]
    Traceback (most recent call last):
    ...
    eisfit.errors.EisfitError: not a complete fit document: 'parameters' is missing
    """
    try:
        yield
    except (KeyError, TypeError) as reason:
        lacks = f"{reason} is missing" if isinstance(reason, KeyError) else reason
        raise error(f"not a complete {kind} document: {lacks}") from None


def did_you_mean(name: object, candidates: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"`` for the candidate nearest to `name`, else an empty string.

    >>> did_you_mean("R_tc", ["R_s", "R_ct"])
    "; did you mean 'R_ct'?"
    >>> did_you_mean("banana", ["R_s", "R_ct"])
    ''
    >>> did_you_mean("Q_ct", ["R_ct", "CPE_ct_Q"])
    "; did you mean 'CPE_ct_Q'?"
    """
    import difflib  # for mistakes alone

    name = str(name)
    known = {candidate.lower(): candidate for candidate in candidates}
    parts = set(name.lower().split("_"))
    near = [one for one in known if len(parts) > 1 and parts <= set(one.split("_"))]
    near = near or difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.6)
    return f"; did you mean '{known[near[0]]}'?" if near else ""
