"""Apache Parquet: the columns of the table, by pyarrow (extra `parquet`); BDF's `.bdf.parquet` among them."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from eisfit.spectra.readers._file import MAX_BYTES, MAX_CELLS, MAX_ROWS, File
from eisfit.spectra.readers._frames import attach_unit, frame_sweeps
from eisfit.spectra.readers._sweep import Sweep

NAME = "Parquet"
SUFFIXES = (".parquet",)

_ROWS = 65_536  # read in one go


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
    except (ArrowException, OSError) as error:
        raise file.error(f"the Parquet file is damaged ({str(error).splitlines()[0][:100]})") from None
    return frame_sweeps(file, columns)


def _read(file: File, content: Any) -> dict[str, list[Any]]:
    """Return the columns, a few rows at a time: a text that its page holds once may fill every row."""
    holds_text = any(kind.physical_type.endswith("BYTE_ARRAY") for kind in content.schema)
    # A text is no longer than its group. No column is asked for its record: a damaged one ends the process.
    groups = (content.metadata.row_group(i).total_byte_size for i in range(content.metadata.num_row_groups))
    longest = max(groups, default=0) if holds_text else 0
    units = {field.name: _unit_of(field.metadata or {}) for field in content.schema_arrow}
    columns: dict[str, list[Any]] = {name: [] for name in units}
    left = MAX_BYTES
    for batch in content.iter_batches(batch_size=max(1, min(_ROWS, MAX_BYTES // max(longest, 1)))):
        left -= batch.nbytes
        if left < 0:
            raise file.error(f"unpacks to more than {MAX_BYTES // 2**20} MiB")
        for name, values in batch.to_pydict().items():
            columns[name] += values
    return {attach_unit(name, units[name]): values for name, values in columns.items()}


def _unit_of(metadata: Mapping[bytes, bytes]) -> str:
    """Return the unit that a column's record tells."""
    return (metadata.get(b"unit") or metadata.get(b"units") or b"").decode(errors="replace")


def _refuse_announced(file: File, metadata: Any) -> None:
    """Refuse a table that announces more than a spectrum file may have, before it is unpacked."""
    if metadata.num_rows > MAX_ROWS:
        raise file.error(f"more than {MAX_ROWS} rows")
    if metadata.num_rows * metadata.num_columns > MAX_CELLS:
        raise file.error(f"more than {MAX_CELLS} cells")
    if sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups)) > MAX_BYTES:
        raise file.error(f"unpacks to more than {MAX_BYTES // 2**20} MiB")
