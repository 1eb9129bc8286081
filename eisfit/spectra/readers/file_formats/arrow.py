"""Arrow tables: Feather, `.arrow` files and streams (``to_feather`` of pandas and polars), by pyarrow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from eisfit.spectra.readers.file import File
from eisfit.spectra.readers.file_formats._frames import read_frame
from eisfit.spectra.readers.file_formats.parquet import collect_columns, iterate_record_words
from eisfit.spectra.readers.sweep import Sweep

NAME = "Arrow"
SUFFIXES = (".feather", ".arrow", ".arrows", ".ipc")

_FILE, _STREAM, _FIRST_VERSION = b"ARROW1", b"\xff\xff\xff\xff", b"FEA1"


def recognise(file: File) -> bool:
    """Whether it begins with the mark of a file, or of a stream under its suffix."""
    return file.data.startswith((_FILE, _FIRST_VERSION)) or (
        file.data.startswith(_STREAM) and file.suffix in SUFFIXES
    )


def parse(file: File) -> list[Sweep]:
    """Return the spectra of the table.

    Raises
    ------
    ReadError
        When pyarrow is missing, the file is damaged or too long, or its columns hold no spectrum.
    """
    if file.data.startswith(_FIRST_VERSION):
        raise file.error("is a Feather table of version 1: write it again (to_feather), or Parquet or CSV")
    try:
        import pyarrow as pa
        from pyarrow import ipc
    except ImportError:
        raise file.error("Arrow tables need pyarrow: pip install 'eisfit-toolkit[parquet]'") from None
    try:
        source = pa.BufferReader(file.data)
        content = (ipc.open_stream if file.data.startswith(_STREAM) else ipc.open_file)(source)
        columns = collect_columns(file, content.schema, _iterate_batches(content))
        words = list(iterate_record_words(content.schema.metadata))
    except (pa.ArrowException, OSError) as error:
        raise file.error(f"the Arrow table is damaged ({str(error).splitlines()[0][:100]})") from None
    return read_frame(file.with_words(words), columns)


def _iterate_batches(content: Any) -> Iterator[Any]:
    """Yield the batches of a file or a stream, each found whole."""
    whole = hasattr(content, "num_record_batches")
    for batch in map(content.get_batch, range(content.num_record_batches)) if whole else content:
        batch.validate(full=True)
        yield batch
