"""``python -m eisfit``, and the command ``eisfit``."""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import NoReturn

__all__ = ["main"]


def main() -> None:
    """Run the command line; whatever goes wrong, the user gets a sentence and not a traceback."""
    # An old terminal may know no plus-minus sign: a question mark is better than an error.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    try:
        from eisfit.cli import app
        from eisfit.cli.lean_lmfit import defer_lmfit

        defer_lmfit()
        app()
    except KeyboardInterrupt:  # before a command has begun, which sees to it itself
        sys.exit(130)
    except BrokenPipeError:
        # The reader of our output (head, less) has gone: nothing is wrong.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        if os.environ.get("EISFIT_DEBUG"):
            raise
        _leave(error)


def _leave(error: Exception) -> NoReturn:
    """Say what went wrong in one sentence, and end."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EIO):
        sentence = f"cannot write: {error.strerror}"
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    else:
        sentence = (
            f"internal error, please report it: {type(error).__name__}: {error} (EISFIT_DEBUG=1 shows where)"
        )
    sys.stderr.write(f"eisfit: {sentence}\n")
    sys.exit(1)


if __name__ == "__main__":
    main()
