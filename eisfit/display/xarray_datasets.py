"""Series as xarray datasets: labelled axes, units as attributes. Takes the documents that `to_dict` gives.

>>> import eisfit
>>> s = eisfit.Spectrum(frequency=[100, 1], impedance=[1 - 1j, 2 - 1j], cycle=50)
>>> dataset = eisfit.Series((s, s.replace(cycle=100))).to_xarray()
>>> dict(dataset.sizes), dataset.Z_real.attrs["units"]
({'cycle': 2, 'frequency': 2}, 'ohm')
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from eisfit.arrays import FloatArray
from eisfit.display.report.words import Document
from eisfit.errors import UsageError

if TYPE_CHECKING:
    import xarray

_SAME_FREQUENCY = 1e-6  # relative difference of two frequencies that are one
_SPECTRUM = {"Z_real_ohm": "Z_real", "Z_imag_ohm": "Z_imag", "noise_ohm": "noise"}
_FIT = {"fit_real_ohm": "fit_real", "fit_imag_ohm": "fit_imag"}
_MEANING = {
    "Z_real": "real part of the impedance",
    "Z_imag": "imaginary part of the impedance",
    "noise": "standard deviation of each part",
    "fit_real": "real part of the fitted impedance",
    "fit_imag": "imaginary part of the fitted impedance",
}
_CONDITIONS = {
    "time_s": ("time", "s"),
    "temperature_C": ("temperature", "degC"),
    "potential_V": ("potential", "V"),
}


def series_dataset(document: Document) -> xarray.Dataset:
    """Return the spectra of a series (``eisfit.series/1``).

    Parameters
    ----------
    document
        What ``Series.to_dict()`` gives.

    Returns
    -------
    xarray.Dataset
        `Z_real`, `Z_imag` (and `noise`), ohm, over `cycle` and `frequency` (Hz, from high to low; NaN where a
        spectrum was not measured), with `source`, `index` and the conditions of each cycle.

    Raises
    ------
    UsageError
        When xarray is not installed.
    """
    spectra = list(document["spectra"])
    dataset = _join_spectra(spectra, [spectrum["data"] for spectrum in spectra], _SPECTRUM)
    return dataset.assign_attrs(_list_attributes(document))


def track_dataset(document: Document) -> xarray.Dataset:
    """Return the fits of a series (``eisfit.track/2``, with its data).

    Parameters
    ----------
    document
        What ``SeriesResult.to_dict()`` gives.

    Returns
    -------
    xarray.Dataset
        `value` and `stderr` over `cycle` and `parameter`, with the coordinate `unit`; `ok`, `redchi` and
        `rms_relative_residual` over `cycle`; data and fit, ohm, over `cycle` and `frequency`.

    Raises
    ------
    UsageError
        When xarray is not installed.
    """
    rows = list(document["rows"])
    data = [result.get("data") or {} for result in document["results"]]
    given = [
        {**row, **(result.get("spectrum_document") or {})}
        for row, result in zip(rows, document["results"], strict=True)
    ]
    dataset = _join_spectra(given, data, {**_SPECTRUM, **_FIT})
    names, units = list(document["units"]), document["units"]
    dataset = dataset.assign_coords(parameter=names, unit=("parameter", [units[name] for name in names]))
    for key, suffix in (("value", ""), ("stderr", "_stderr")):
        numbers = [[row[f"{name}{suffix}"] for name in names] for row in rows]
        table = np.array(numbers, dtype=float).reshape(len(rows), len(names))
        dataset[key] = (("cycle", "parameter"), table, {"units": "see the coordinate unit"})
    dataset["ok"] = ("cycle", np.array([bool(row["ok"]) for row in rows]))
    for key in ("redchi", "rms_relative_residual"):
        dataset[key] = ("cycle", np.array([row[key] for row in rows], dtype=float), {"units": "1"})
    circuit = document["circuit"]
    return dataset.assign_attrs(
        {**_list_attributes(document), "circuit": circuit["name"], "circuit_string": circuit["string"]}
    )


def _import_xarray() -> Any:
    try:
        return import_module("xarray")
    except ImportError:
        raise UsageError('to_xarray needs the extra: pip install "eisfit-toolkit[xarray]"') from None


def _join_spectra(
    spectra: Sequence[Document], data: Sequence[Document], columns: Mapping[str, str]
) -> xarray.Dataset:
    """Return the columns of all spectra on the union of their frequencies."""
    frequency = _join_grids([np.asarray(one.get("frequency_Hz", []), dtype=float) for one in data])
    variables = {
        name: (
            ("cycle", "frequency"),
            _tabulate(data, column, frequency),
            {"units": "ohm", "long_name": _MEANING[name]},
        )
        for column, name in columns.items()
        if any(column in one for one in data)
    }
    cycles = np.array([np.nan if s["cycle"] is None else s["cycle"] for s in spectra], dtype=float)
    coordinates: dict[str, Any] = {
        "cycle": ("cycle", cycles, {"units": "1", "long_name": "cycle"}),
        "frequency": ("frequency", frequency, {"units": "Hz", "long_name": "frequency"}),
        "source": ("cycle", [str(s["source"]) for s in spectra]),
        "index": ("cycle", [int(s["index"]) for s in spectra]),
    }
    for key, (name, unit) in _CONDITIONS.items():
        values = [s.get(key) for s in spectra]
        if any(value is not None for value in values):
            coordinates[name] = ("cycle", np.array(values, dtype=float), {"units": unit})
    dataset: xarray.Dataset = _import_xarray().Dataset(variables, coords=coordinates)
    return dataset


def _join_grids(grids: Sequence[FloatArray]) -> FloatArray:
    """Return all frequencies, from high to low; those that differ by rounding are one."""
    every = np.sort(np.concatenate([*grids, []]))[::-1]
    return every[np.insert(every[1:] < every[:-1] * (1 - _SAME_FREQUENCY), 0, True)] if every.size else every


def _tabulate(data: Sequence[Document], column: str, frequency: FloatArray) -> FloatArray:
    """Return one column of all spectra, (N, F), NaN where a frequency was not measured."""
    table = np.full((len(data), frequency.size), np.nan)
    for row, one in zip(table, data, strict=True):
        if column in one:
            f = np.asarray(one["frequency_Hz"], dtype=float)
            # The first frequency of the union that is no higher than this one but for rounding.
            row[np.searchsorted(-frequency, -f * (1 + _SAME_FREQUENCY))] = one[column]
    return table


def _list_attributes(document: Document) -> dict[str, str]:
    return {
        "title": document.get("label") or "",
        "notes": "\n".join(document.get("notes") or []),
        "made_by": "eisfit",
    }
