"""eisfit inside a web page: what the page's worker calls in a Python that runs in the browser."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable
from importlib import import_module, invalidate_caches

from eisfit.cli.lean_imports import defer_imports
from eisfit.cli.pages.workbench import handle
from eisfit.display.progress import show_progress
from eisfit.errors import EisfitError
from eisfit.files import parse_json, to_json

_FIRST = ("eisfit.spectra.readers", "eisfit.spectra.series", "eisfit.display.pages")
_THEN = (  # what a fit needs; imported before one is asked for, while the user chooses a file
    "lmfit", "eisfit.fitting.fit", "eisfit.fitting.identify.identify", "eisfit.validation.kramers_kronig",
)  # fmt: skip


def prepare(show: Callable[[str, int, int | None], object] | None = None) -> Callable[[str], str | None]:
    """Import what reading a file needs and return `answer`; only numpy has to be there.

    Parameters
    ----------
    show
        Called with what is being done, how much of it is done, and of how much, while an answer is computed.
    """
    os.umask(0o022)  # a browser's Python begins with 0o777: files that are written could not be read
    warnings.simplefilter("ignore")  # there is no console; what a user must know is in the answers
    defer_imports()
    for name in _FIRST:
        import_module(name)
    show_progress(show)
    return answer


def complete() -> None:
    """Import what everything else needs, once scipy and lmfit are there."""
    invalidate_caches()
    for name in _THEN:
        import_module(name)


def answer(text: str) -> str | None:
    """Answer one question, JSON in and out; whatever goes wrong, the answer holds a sentence.

    None where the answer needs what is not there before `complete`: the question is then to be asked again.

    Parameters
    ----------
    text
        The request of `eisfit.cli.pages.workbench.handle`.
    """
    try:
        return to_json(handle(parse_json(text, "the request")))
    except EisfitError as error:
        told = str(error)
    except MemoryError:
        told = "the browser gave no more memory: open fewer or smaller files, or use eisfit in a shell"
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and "lmfit" not in sys.modules:
            return None
        told = f"internal error, please report it: {type(error).__name__}: {error}"
    return to_json({"error": told})
