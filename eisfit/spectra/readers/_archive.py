"""Members of a ZIP archive, with a limit on what they unpack to."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable

from eisfit.spectra.readers._file import MAX_BYTES, File

_MOST_MEMBERS = 2000


def members(file: File, wanted: Callable[[str], bool], limit: int | None = None) -> dict[str, bytes]:
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
