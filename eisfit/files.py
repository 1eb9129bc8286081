"""Writing files so that a reader never sees half of one, and finding the data shipped with eisfit."""

from __future__ import annotations

import json
import math
import os
import tempfile
from itertools import islice
from pathlib import Path
from typing import Any

from eisfit.errors import EisfitError, did_you_mean

__all__ = ["data_folder", "nearest_file", "to_json", "write_atomic", "write_json"]

_LOOKED_AT = 2000  # names of a folder: enough for a hint, and done at once


def data_folder(name: str) -> Path:
    """Return the folder `name` (``circuits`` or ``example_spectra``) of a checkout or of an installed copy.

    Raises
    ------
    EisfitError
        When neither place has it (a broken installation).
    """
    package = Path(__file__).resolve().parent
    for folder in (package / "_data" / name, package.parent / name):
        if folder.is_dir():
            return folder
    raise EisfitError(f"the folder {name!r} that belongs to eisfit is missing: reinstall eisfit-toolkit")


def nearest_file(path: str | os.PathLike[str]) -> str:
    """Return ``"; did you mean 'x'?"`` for the file in the same folder whose name is nearest, or nothing."""
    try:
        beside = [entry.name for entry in islice(os.scandir(Path(path).parent), _LOOKED_AT)]
    except (OSError, ValueError):
        return ""
    return did_you_mean(Path(path).name, beside)


def write_atomic(path: str | os.PathLike[str], content: str | bytes) -> Path:
    """Write `content` to `path` through a temporary file beside it: no half-written file is ever seen.

    Raises
    ------
    EisfitError
        When the folder does not exist or cannot be written.
    """
    target = Path(path)
    data = content.encode("utf-8") if isinstance(content, str) else content
    try:
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    except OSError as error:
        raise EisfitError(f"{target}: cannot be written: {error.strerror}") from None
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        Path(temporary).chmod(0o666 & ~_umask())
        Path(temporary).replace(target)
    except OSError as error:
        Path(temporary).unlink(missing_ok=True)
        raise EisfitError(f"{target}: cannot be written: {error.strerror}") from None
    return target


def to_json(document: Any) -> str:
    """Return strict JSON, indented; NaN and infinity become null, because JSON has no word for them."""
    return json.dumps(_finite(document), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def write_json(path: str | os.PathLike[str], document: Any) -> Path:
    """Write `document` as JSON (see `to_json`) atomically."""
    return write_atomic(path, to_json(document))


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    if hasattr(value, "tolist"):
        return _finite(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
