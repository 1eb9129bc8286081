"""PalmSens PSTrace and MultiTrace sessions (`.pssession`): JSON in UTF-16 with a mark at its end.

Keys are in lower case in older and in mixed case in newer versions; ``ZIm`` and ``Phase`` have the sign of
-Z'' (their unit says ``-Z''`` and ``-Phase``). Spectra stand in ``EISDataList``, nested per channel and scan.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eisfit.files import MAX_DEPTH, count_json_depth
from eisfit.spectra.readers.file import File
from eisfit.spectra.readers.sweep import Sweep

NAME = "PalmSens .pssession"
SUFFIXES = (".pssession",)

# Numbers of PalmSens' array types.
_TIME, _POTENTIAL, _FREQUENCY, _ZRE, _ZIM = 0, 1, 5, 7, 8
_FIRST_TICK = datetime(1, 1, 1)  # .NET ticks, the instrument's local time


def recognise(file: File) -> bool:
    """Whether it is a session file of PalmSens."""
    return file.encoding is not None and "PalmSens.DataFiles.SessionFile" in file.head


def parse(file: File) -> list[Sweep]:
    """Return the spectra of all measurements, channels and scans.

    Raises
    ------
    ReadError
        When the JSON is broken or no measurement is an impedance.
    """
    session = _lower_keys(_read_json(file))
    sweeps: list[Sweep] = []
    titles = []
    for measurement in _select_dicts(session.get("measurements")):
        titles.append(str(measurement.get("title", "unnamed")))
        about = _read_metadata(measurement)
        for title, dataset in _iterate_datasets(measurement.get("eisdatalist")):
            sweep = _make_sweep(file, dataset)
            if sweep is not None:
                sweep.metadata = {**about, "title": title}
                sweeps.append(sweep)
    if not sweeps:
        raise file.error(
            f"a PalmSens session without impedance ({', '.join(titles[:5]) or 'no measurement'})"
        )
    for sweep in sweeps:
        sweep.notes.append("imaginary sign: PalmSens' ZIm holds -Z''")
    return sweeps


def _read_json(file: File) -> dict[str, Any]:
    text = file.text.lstrip("\ufeff")
    if count_json_depth(text) > MAX_DEPTH:
        raise file.error("the session's JSON is nested too deeply")
    try:
        document, _ = json.JSONDecoder().raw_decode(text)
    except ValueError as error:
        raise file.error(f"the session's JSON is broken or cut off ({error})") from None
    if not isinstance(document, dict):
        raise file.error("the session's JSON is no object")
    return document


def _lower_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key).lower(): _lower_keys(item) for key, item in value.items()}
    return [_lower_keys(item) for item in value] if isinstance(value, list) else value


def _select_dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _iterate_datasets(items: Any, above: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    for item in _select_dicts(items):
        title = " ".join(part for part in (above, str(item.get("title") or "")) if part)
        scans = _select_dicts(item.get("subscans"))
        if scans:
            yield from _iterate_datasets(scans, title)
        elif isinstance(item.get("dataset"), dict):
            yield title, item["dataset"]


def _make_sweep(file: File, dataset: dict[str, Any]) -> Sweep | None:
    arrays = {item.get("arraytype"): item for item in _select_dicts(dataset.get("values"))}
    if not {_FREQUENCY, _ZRE, _ZIM} <= set(arrays):
        return None
    f, real, imag = (_read_numbers(arrays[kind]) for kind in (_FREQUENCY, _ZRE, _ZIM))
    if not f.size == real.size == imag.size:
        raise file.error(f"frequency, ZRe and ZIm have {f.size}, {real.size} and {imag.size} values")
    potential, time = (
        _read_numbers(arrays[kind]) if kind in arrays else np.empty(0) for kind in (_POTENTIAL, _TIME)
    )
    return Sweep(
        f,
        real - 1j * imag,
        times=time if time.size == f.size else None,
        potential_V=float(np.median(potential)) if potential.size else None,
        time_s=float(time[0]) if time.size else None,
    )


def _read_numbers(item: dict[str, Any]) -> NDArray[np.float64]:
    values = [value.get("v") for value in _select_dicts(item.get("datavalues"))]
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def _read_metadata(measurement: dict[str, Any]) -> dict[str, Any]:
    about: dict[str, Any] = {"instrument": f"PalmSens {measurement.get('deviceserial') or ''}".strip()}
    ticks = measurement.get("timestamp")
    if isinstance(ticks, int) and 0 < ticks < 3_155_378_975_999_999_999:
        about["date"] = (_FIRST_TICK + timedelta(microseconds=ticks // 10)).isoformat(" ", "seconds")
    about["header"] = str(measurement.get("method") or "")[:20_000]
    return about
