"""What the first module of arrays does for all others."""

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
    # The fewest of three: a system that is short of memory takes pages away meanwhile.
    ours = min(count_faults("import eisfit.arrays") for _ in range(3))
    assert ours < 500
    assert ours < count_faults("") / 4


def count_faults(line):
    """Return how many pages a process had to fetch that frees large arrays."""
    code = _COUNT.format(line)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return int(done.stdout)


def test_distinct_numbers():
    assert distinct(np.array([2.0, -1.0, 2.0, 0.0])).tolist() == [-1.0, 0.0, 2.0]
    assert distinct([]).size == 0
    assert distinct([5.0]).tolist() == [5.0]
