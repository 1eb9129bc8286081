"""Qucs and Qucs-S: data sets of AC simulations, ``<indep acfrequency 61>``, ``<dep V1.i acfrequency>``."""

from __future__ import annotations

import re
from itertools import product

import numpy as np

from eisfit.arrays import ComplexArray
from eisfit.spectra.patterns import regex
from eisfit.spectra.readers.file import File, quote
from eisfit.spectra.readers.file_formats._traces import read_traces
from eisfit.spectra.readers.sweep import Sweep

NAME = "Qucs data set"
SUFFIXES = ()
RANK = 20

_BLOCK = regex(r"<(indep|dep) (\S+) ([^>]+)>([^<]*)</\1>")
_FREQUENCY = regex(r"(?:ac)?freq(?:uency)?$", re.IGNORECASE)
_VALUE = regex(r"([+-]?[\d.]+(?:[eE][+-]?\d+)?)(?:([+-])j([\d.]+(?:[eE][+-]?\d+)?))?$")


def recognise(file: File) -> bool:
    """Whether the text begins as Qucs' data sets do."""
    return file.encoding is not None and file.head.startswith("<Qucs Dataset")


def parse(file: File) -> list[Sweep]:
    """Return a spectrum a trace and a step of a parameter.

    Raises
    ------
    ReadError
        When there is no AC simulation, or its traces give no impedance.
    """
    blocks = _BLOCK.findall(file.text)
    swept = {name: _parse_numbers(file, body).real for kind, name, _, body in blocks if kind == "indep"}
    over = next((name for name in swept if _FREQUENCY.match(name)), None)
    if over is None:
        raise file.error(f"no AC simulation in it (swept: {', '.join(swept) or 'nothing'})")
    f, traces, varied = swept[over], {}, list[str]()
    for kind, name, depends, body in blocks:
        if kind == "dep" and depends.split()[0] == over:
            traces[name] = _parse_numbers(file, body)
            varied = depends.split()[1:]
    sizes = {trace.size for trace in traces.values()}
    if len(sizes) != 1 or f.size == 0 or (size := sizes.pop()) % f.size:
        raise file.error(f"its traces have not as many numbers as there are frequencies ({f.size})")
    # The first that is named runs fastest.
    values = product(*([f"{name}={value:g}" for value in swept[name]] for name in reversed(varied)))
    steps = {i * f.size: ", ".join(reversed(each)) for i, each in enumerate(values)} if varied else {}
    steps = steps if len(steps) * f.size == size else {}
    return read_traces(file, np.tile(f, size // f.size), traces, steps)


def _parse_numbers(file: File, body: str) -> ComplexArray:
    values = []
    for word in body.split():
        match = _VALUE.match(word)
        if match is None:
            raise file.error(f"{quote(word)} is no number of Qucs")
        values.append(complex(float(match[1]), float(f"{match[2]}{match[3]}") if match[3] else 0.0))
    return np.array(values, np.complex128)
