"""``python -m eisfit``, and the command ``eisfit``."""

from __future__ import annotations

import io
import os
import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line; whatever goes wrong, the user gets a sentence and not a traceback."""
    from eisfit.cli import app

    # An old terminal may know no plus-minus sign: a question mark is better than an error.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    try:
        app()
    except BrokenPipeError:
        # The reader of our output (head, less) has gone: nothing is wrong.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        if os.environ.get("EISFIT_DEBUG"):
            raise
        sys.stderr.write(
            f"eisfit: internal error, please report it: {type(error).__name__}: {error} "
            "(EISFIT_DEBUG=1 shows where)\n"
        )
        sys.exit(1)


if __name__ == "__main__":
    main()
