"""The fuzzer's seeds: each is read, and each format has one that is read as it, with the right numbers."""

from __future__ import annotations

import numpy as np
import pytest
from layouts import F, Z
from seeds import SEEDS, own_seeds

from eisfit.spectra.readers import _list_modules, read_bytes

PACKAGES = {"Arrow": "pyarrow", "Parquet": "pyarrow", "HDF5": "h5py", "Excel .xls": "xlwt"}
OF_SPECTRA = [(kind, seed) for kind, found in SEEDS.items() if kind not in own_seeds() for seed in found]


def is_right(spectrum):
    return spectrum.points == F.size and (
        np.allclose(spectrum.frequency, F, rtol=1e-4, atol=0)
        and np.allclose(spectrum.impedance, Z, rtol=1e-4, atol=0)
    )


@pytest.fixture(scope="module")
def read_right():
    """Return the formats that seeds were read as, right; a seed that is refused fails."""
    found = (read_bytes(seed, f"fuzz.{kind}") for kind, seed in OF_SPECTRA)
    return {spectra[0].metadata["format"] for spectra in found if all(map(is_right, spectra))}


@pytest.mark.parametrize("name", [module.NAME for module in _list_modules()])
def test_each_format_has_a_seed_that_is_read_as_it(name, read_right):
    if name in PACKAGES:
        pytest.importorskip(PACKAGES[name])
    assert name in read_right
