"""Apache Parquet: the columns of the table, by pyarrow (extra `parquet`); BDF's `.bdf.parquet` among them."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from eisfit.spectra.readers.file import MAX_BYTES, File
from eisfit.spectra.readers.file_formats._frames import read_frame
from eisfit.spectra.readers.file_formats.json_columns import iterate_words
from eisfit.spectra.readers.names.columns import attach_unit
from eisfit.spectra.readers.sweep import Sweep

NAME = "Parquet"
SUFFIXES = (".parquet",)

_ROWS = 65_536  # read in one go
_LONGEST_RECORD = 100_000  # characters of what stands beside a table
_OF_PROGRAMS = (b"pandas", b"ARROW:schema", b"org.apache.spark.sql.parquet.row.metadata")


def recognise(file: File) -> bool:
    """Whether it begins and ends with Parquet's mark."""
    return file.data.startswith(b"PAR1") and file.data.endswith(b"PAR1")


def parse(file: File) -> list[Sweep]:
    """Return the spectra of the table.

    Raises
    ------
    ReadError
        When pyarrow is missing, the file is damaged or too long, or its columns hold no spectrum.
    """
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile
    except ImportError:
        raise file.error("Parquet needs pyarrow: pip install 'eisfit-toolkit[parquet]'") from None
    try:
        content = ParquetFile(io.BytesIO(file.data))
        _refuse_announced(file, content.metadata)
        columns = _read(file, content)
        words = list(iterate_record_words(content.schema_arrow.metadata))
    except (ArrowException, OSError) as error:
        raise file.error(f"the Parquet file is damaged ({str(error).splitlines()[0][:100]})") from None
    return read_frame(file.with_words(words), columns)


def iterate_record_words(metadata: Mapping[bytes, bytes] | None) -> Iterator[str]:
    """Yield the texts of a table's record, each behind its name, but for those of programs."""
    for key, value in (metadata or {}).items():
        if key in _OF_PROGRAMS or len(value) > _LONGEST_RECORD:
            continue
        name, text = key.decode(errors="replace"), value.decode(errors="replace")
        try:
            yield from iterate_words(json.loads(text), name)
        except ValueError:
            yield f"{name}: {text}"


def _read(file: File, content: Any) -> dict[str, list[Any]]:
    """Return the columns, a few rows at a time: a text that its page holds once may fill every row."""
    holds_text = any(kind.physical_type.endswith("BYTE_ARRAY") for kind in content.schema)
    # A text is no longer than its group. No column is asked for its record: a damaged one ends the process.
    groups = (content.metadata.row_group(i).total_byte_size for i in range(content.metadata.num_row_groups))
    longest = max(groups, default=0) if holds_text else 0
    size = max(1, min(_ROWS, MAX_BYTES // max(longest, 1)))
    return collect_columns(file, content.schema_arrow, content.iter_batches(batch_size=size))


def collect_columns(file: File, schema: Any, batches: Iterable[Any]) -> dict[str, list[Any]]:
    """Return the columns of the batches of a table, named with their units.

    Raises
    ------
    ReadError
        When they are larger than a spectrum file may be.
    """
    units = {field.name: _find_unit(field.metadata or {}) for field in schema}
    columns: dict[str, list[Any]] = {name: [] for name in units}
    unpacked = rows = 0
    for batch in batches:
        unpacked, rows = unpacked + batch.nbytes, rows + batch.num_rows
        file.limit(rows=rows, unpacked=unpacked)
        for name, values in batch.to_pydict().items():
            columns[name] += values
    return {attach_unit(name, units[name]): values for name, values in columns.items()}


def _find_unit(metadata: Mapping[bytes, bytes]) -> str:
    """Return the unit that a column's record tells."""
    return (metadata.get(b"unit") or metadata.get(b"units") or b"").decode(errors="replace")


def _refuse_announced(file: File, metadata: Any) -> None:
    """Refuse a table that announces more than a spectrum file may have, before it is unpacked."""
    unpacked = sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))
    cells = metadata.num_rows * metadata.num_columns
    file.limit(rows=metadata.num_rows, cells=cells, unpacked=unpacked)
