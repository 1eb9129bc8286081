"""The program: streams and their encoding, signals, and a sentence for whatever else goes wrong."""

from __future__ import annotations

import errno
import gc
import io
import os
import signal
import sys
from typing import NoReturn

_NO_ROOM = (errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EFBIG, errno.EROFS)
_NO_MORE = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN)  # of what the system lets a program have


def main() -> None:
    """Run the command line; whatever goes wrong, the user gets a sentence and not a traceback."""
    # Imports make a hundred thousand objects that stay: looking for garbage there is a twentieth of a fit.
    gc.set_threshold(100_000)
    _open_streams()
    if signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:  # a scheduler's end of time is as good as Ctrl-C
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    # An old terminal may know no plus-minus sign: a question mark is better than an error.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    try:
        from eisfit.cli import app
        from eisfit.cli.lean_imports import defer_imports

        defer_imports()
        _warn_of_other_package()
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
        _exit_with_sentence(error)


def _warn_of_other_package() -> None:
    from pathlib import Path

    from eisfit.files import describe_other_package

    told = describe_other_package(Path(__file__).resolve().parent.parent)
    if told is not None:
        sys.stderr.write(f"eisfit: {told}\n")


def _open_streams() -> None:
    """Replace the standard streams that the caller has closed; without an output there is nothing to do.

    The lowest free descriptor is taken, so that no file that is opened later becomes a standard stream.
    """
    if sys.stdin is None:
        sys.stdin = os.fdopen(os.open(os.devnull, os.O_RDONLY))
    output = sys.stdout is not None
    if not output:
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")
    if not output:
        sys.exit("eisfit: standard output is closed: send it to a file or a terminal")


def _has_no_folder() -> bool:
    from pathlib import Path

    try:
        Path.cwd()
    except FileNotFoundError:
        return True
    return False


def _exit_with_sentence(error: Exception) -> NoReturn:
    """Say what went wrong in one sentence, and end."""
    if isinstance(error, FileNotFoundError) and "temporary directory" in str(error.strerror):
        sentence = "no folder for temporary files can be written: make room, or set TMPDIR to another folder"
    elif isinstance(error, OSError) and error.errno in _NO_ROOM:
        sentence = f"cannot write: {error.strerror}"
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    elif isinstance(error, OSError) and error.errno in _NO_MORE:
        sentence = f"the system allows no more (ulimit -a shows the limits): {error.strerror}"
    elif isinstance(error, MemoryError):
        sentence = "there is not enough memory: try fewer spectra at a time"
    elif isinstance(error, FileNotFoundError) and _has_no_folder():
        sentence = "the folder in which this was started is gone: change to another one"
    else:
        sentence = (
            f"internal error, please report it: {type(error).__name__}: {error} (EISFIT_DEBUG=1 shows where)"
        )
    sys.stderr.write(f"eisfit: {sentence}\n")
    sys.exit(1)


if __name__ == "__main__":
    main()
