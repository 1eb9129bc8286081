"""What the first module of arrays does for all others."""

import os
import platform
import subprocess
import sys

import numpy as np
import pytest

from eisfit.arrays import distinct

_COUNT = """
import resource
import numpy as np
{}
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
np.ones(1 << 19)
before = faults()
for _ in range(20):
    np.ones(1 << 19)
    np.ones(1 << 18)
print(faults() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library keeps memory as it likes")
def test_memory_of_large_arrays_is_kept():
    ours = count_faults("import eisfit.arrays")
    assert ours < 500
    assert ours < count_faults("") / 4


def count_faults(line):
    """Return how many pages a process had to fetch that frees large arrays."""
    # Dask tells the C library of its workers, and of what is started after them, to give memory back.
    plain = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    words = [sys.executable, "-c", _COUNT.format(line)]
    return int(subprocess.run(words, capture_output=True, text=True, check=True, env=plain).stdout)


def test_distinct_numbers():
    assert distinct(np.array([2.0, -1.0, 2.0, 0.0])).tolist() == [-1.0, 0.0, 2.0]
    assert distinct([]).size == 0
    assert distinct([5.0]).tolist() == [5.0]
