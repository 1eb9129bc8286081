"""Zahner Thales and Zahner Analysis `.ism`.

Layout (Zahner's own published import script, and the files themselves): two big-endian integers of six bytes,
the version and the number of points less one; then as big-endian doubles all frequencies, moduli, phases in
radians and times since 1980; significances of two bytes; strings, each with its length, upper and lower case
exchanged.
"""

from __future__ import annotations

import struct
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eisfit.arrays import from_polar
from eisfit.spectra.readers.file import File
from eisfit.spectra.readers.labels.key_values import parse_leading_number
from eisfit.spectra.readers.sweep import Sweep, plural

NAME = "Zahner .ism"
SUFFIXES = (".ism",)

_FIRST = 12
_MOST_POINTS = 100_000
_STRINGS = ("date", "system", "potential", "current", "temperature", "time", "slew rate", "comment")
_LONGEST_DATE = 40
_EPOCH = datetime(1980, 1, 1)  # the instrument's local time


def recognise(file: File) -> bool:
    """Whether count and frequencies make sense where an `.ism` has them (it has no magic)."""
    count = _read_count(file.data)
    if not _is_whole(file.data, count):
        return False
    f, modulus, phase = _read_arrays(file.data, count)
    good = (f > 1e-8) & (f < 1e9) & (modulus >= 0) & (modulus < 1e20) & (np.abs(phase) < 7)
    return bool(good.all())


def parse(file: File) -> list[Sweep]:
    """Return the sweep.

    Raises
    ------
    ReadError
        When the file is cut off, or bytes were lost or added within it.
    """
    count = _read_count(file.data)
    if not _is_whole(file.data, count) or _is_moved(file.data, count):
        raise file.error("the .ism file is cut off or damaged")
    f, modulus, phase = _read_arrays(file.data, count)
    sweep = Sweep(np.array(f), from_polar(modulus, phase))
    sweep.notes.append("impedance from modulus and phase")
    _keep_last_run(sweep)
    sweep.metadata = _read_metadata(file.data, count)
    sweep.potential_V = _parse_potential(sweep.metadata.get("potential"))
    return [sweep]


def _read_count(data: bytes) -> int:
    return int.from_bytes(data[6:12], "big") + 1 if len(data) >= _FIRST and data[:2] == b"\0\0" else 0


def _is_whole(data: bytes, count: int) -> bool:
    """Whether the numbers of so many points are there."""
    return 1 <= count <= _MOST_POINTS and len(data) >= _FIRST + 24 * count


def _is_moved(data: bytes, count: int) -> bool:
    """Whether the first text, the date, does not begin where the numbers end: bytes were lost or added."""
    place = _FIRST + 34 * count
    return len(data) >= place + 2 and int.from_bytes(data[place : place + 2], "big") > _LONGEST_DATE


def _read_arrays(data: bytes, count: int) -> NDArray[np.float64]:
    return np.frombuffer(data, ">f8", 3 * count, _FIRST).astype(np.float64).reshape(3, count)


def _keep_last_run(sweep: Sweep) -> None:
    """Keep the run between the highest and the lowest frequency, as Zahner's software does.

    Thales starts in the middle, goes to one end and then to the other, so that a part is measured twice.
    """
    low, high = int(np.argmin(sweep.frequency)), int(np.argmax(sweep.frequency))
    start, stop = min(low, high), max(low, high) + 1
    left = sweep.frequency.size - (stop - start)
    if left:
        mask = np.zeros(sweep.frequency.size, dtype=bool)
        mask[start:stop] = True
        sweep.keep(mask)
        sweep.notes.append(
            f"left out {plural(left, 'point')} of the way from the start frequency to the end of the range, "
            "which were measured again"
        )


def _read_metadata(data: bytes, count: int) -> dict[str, Any]:
    about: dict[str, Any] = {"instrument": "Zahner"}
    times = _FIRST + 24 * count
    if len(data) >= times + 8 * count:
        seconds = struct.unpack_from(">d", data, times)[0]
        if 0 < seconds < 4e9:
            about["date"] = (_EPOCH + timedelta(seconds=seconds)).isoformat(" ", "seconds")
    place = times + 10 * count
    for name in _STRINGS:
        text, place = _read_string(data, place)
        if text and name not in about:
            about[name] = text
    return about


def _read_string(data: bytes, place: int) -> tuple[str, int]:
    if place + 2 > len(data):
        return "", len(data)
    length = struct.unpack_from(">H", data, place)[0]
    text = data[place + 2 : place + 2 + length].decode("latin-1").swapcase()
    printable = "".join(character for character in text if character.isprintable())
    return printable.strip(), place + 2 + length


def _parse_potential(text: str | None) -> float | None:
    """Return the volts of a text such as ``0.0255V, Ampl: 10mV``."""
    head = (text or "").split(",")[0].strip()
    number = parse_leading_number(head)
    if number is None:
        return None
    return number * 1e-3 if head.endswith("mV") else number if head.endswith("V") else None
