"""Traces of a circuit simulator's AC analysis: impedances, or a voltage over a current."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import cycle, pairwise

import numpy as np

from eisfit.arrays import ComplexArray, FloatArray
from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.conversion.cuts import find_boundaries
from eisfit.spectra.readers.conversion.imag_sign import settle_sign
from eisfit.spectra.readers.conversion.voltage_current import is_of_source, orient_impedance
from eisfit.spectra.readers.file import File
from eisfit.spectra.readers.labels.constants import label_rows
from eisfit.spectra.readers.labels.key_values import apply_header, read_pairs
from eisfit.spectra.readers.names.columns import parse_name
from eisfit.spectra.readers.names.units import IMPEDANCE_UNITS
from eisfit.spectra.readers.sweep import GIVEN_UNIT, Sweep

_RATIO = regex(r"/\s*\(?\s*-?\s*I[a-z]?\(", re.IGNORECASE)
_VOLTAGE = regex(r"(?:\w+\.)?V\(|.*\.[vV]b?$", re.IGNORECASE)
_CURRENT = regex(r"(?:\w+\.)?I[a-z]?\(|.*\.[iI]b?$|.*#branch$", re.IGNORECASE)
_SAME = 1e-9


def read_traces(
    file: File,
    frequency: FloatArray,
    traces: Mapping[str, ComplexArray],
    steps: Mapping[int, str] | None = None,
) -> list[Sweep]:
    """Return a spectrum a trace of an impedance, or that of the one voltage and current, and a step.

    `steps` says for the first row of each step what was varied, and to which values.

    Raises
    ------
    ReadError
        When no trace is an impedance, and no voltage belongs to a current for certain.
    """
    any_trace = next(iter(traces.values()), np.zeros(frequency.size, np.complex128))
    cuts = [*(steps or [0, *find_boundaries(frequency, any_trace)]), frequency.size]
    sweeps = []
    for name, trace, notes in _find_impedances(file, traces):
        z = np.asarray(trace * IMPEDANCE_UNITS[file.reading.impedance_unit or "ohm"], np.complex128)
        parts = [slice(a, b) for a, b in pairwise(cuts)]
        said = [*notes, *_list_given(file)]
        sweeps += [
            Sweep(frequency[part], z[part], notes=list(said), metadata={"label": name}) for part in parts
        ]
    settle_sign(file, sweeps, "complex numbers as written")
    for sweep, words in zip(sweeps, cycle((steps or {}).values()), strict=False):
        several = len(sweeps) > len(cuts) - 1
        label_rows([sweep], f"{sweep.metadata['label']}, {words}" if several else words, "")
        apply_header([sweep], read_pairs(words.split(", ")))
    return sweeps


def _list_given(file: File) -> list[str]:
    return [f"{GIVEN_UNIT} {file.reading.impedance_unit}"] if file.reading.impedance_unit else []


def _find_impedances(
    file: File, traces: Mapping[str, ComplexArray]
) -> list[tuple[str, ComplexArray, list[str]]]:
    """Return name, impedance and notes of each; a lone voltage is one where the user says so."""
    found = [name for name in traces if _RATIO.search(name) or parse_name(name).quantity == "modulus"]
    if found:
        return [(name, *orient_impedance(traces[name], name)) for name in found]
    voltages = [name for name in traces if _VOLTAGE.match(name)]
    currents = [name for name in traces if _CURRENT.match(name)]
    currents = [name for name in currents if is_of_source(name)] or currents
    driven = voltages if len(voltages) == 1 else [name for name in voltages if _is_constant(traces[name])]
    if len(driven) == len(currents) == 1:
        z, notes = orient_impedance(traces[driven[0]] / traces[currents[0]], currents[0])
        return [(f"{driven[0]}/{currents[0]}", z, ["impedance as the voltage over the current", *notes])]
    if voltages and file.reading.impedance_unit:
        return [(name, traces[name], []) for name in voltages]
    raise file.error(
        f"the traces {', '.join([*traces][:5])} are no impedance, and nothing tells which voltage belongs to "
        "which current: plot V(node)/I(source) and export that; "
        "where the AC source is a current of 1 A, say --impedance-unit ohm"
    )


def _is_constant(trace: ComplexArray) -> bool:
    """Whether a voltage is the same at all frequencies, as that of a source is."""
    return bool(np.abs(trace - trace[0]).max() <= _SAME * np.abs(trace[0]) and trace[0] != 0)
