"""Members of a ZIP archive, with a limit on what they unpack to."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace

from eisfit.spectra.readers.file import MAX_BYTES, File
from eisfit.spectra.readers.sweep import plural

_MOST_MEMBERS = 2000
_OF_OFFICE = {"mimetype", "[Content_Types].xml"}


def find_only_member(file: File) -> tuple[File, str]:
    """Return the one file of a ZIP archive and its name; any other file as it is, with an empty name.

    Raises
    ------
    ReadError
        When the archive holds several, or none; it says which.
    """
    if not file.data.startswith(b"PK\x03\x04"):
        return file, ""
    try:
        with zipfile.ZipFile(io.BytesIO(file.data)) as archive:
            names = [info.filename for info in archive.infolist() if not info.is_dir()]
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise file.error(f"is a damaged ZIP archive ({error})") from None
    if not _OF_OFFICE.isdisjoint(names):
        raise file.error("is an office document without a table that is known, not a spectrum")
    names = [name for name in names if "__MACOSX/" not in name and name.rsplit("/", 1)[-1][:1] != "."]
    if len(names) != 1:
        shown = ", ".join(
            repr(name if len(name) <= 40 else f"...{name[-40:]}") for name in names[:3]
        ) + ", ..." * (len(names) > 3)
        held = plural(len(names), "file")
        raise file.error(f"is a ZIP archive of {held} ({shown}): unpack it and read the folder")
    return replace(file, data=read_members(file, names.__contains__)[names[0]]), names[0]


def has_member(file: File, name: str) -> bool:
    """Whether a file of that name is in the archive, or it is damaged; not in an archive within it."""
    try:
        with zipfile.ZipFile(io.BytesIO(file.data)) as archive:
            return name in archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError):
        return True


def read_members(file: File, wanted: Callable[[str], bool], limit: int | None = None) -> dict[str, bytes]:
    """Return the content of the members whose name is wanted.

    Raises
    ------
    ReadError
        When the archive is damaged, encrypted, or would unpack to more than `limit` (`MAX_BYTES`) bytes.
    """
    content: dict[str, bytes] = {}
    most = left = min(MAX_BYTES, limit or MAX_BYTES)
    try:
        with zipfile.ZipFile(io.BytesIO(file.data)) as archive:
            for info in archive.infolist()[:_MOST_MEMBERS]:
                if not wanted(info.filename):
                    continue
                with archive.open(info) as stream:
                    # Read by size, not by what the archive announces: that may be a lie.
                    data = stream.read(left + 1)
                left -= len(data)
                if left < 0:
                    raise file.error(f"unpacks to more than {most // 2**20} MiB")
                content[info.filename] = data
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError) as error:
        raise file.error(f"the archive is damaged or encrypted ({error})") from None
    return content
