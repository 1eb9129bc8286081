"""The fuzzer's seeds: each is read, each format has one that is read right; what mutations of them showed."""

from __future__ import annotations

import json

import numpy as np
import pytest
from layouts import F, Z, ism, lines, par, relaxis, saved
from seeds import SEEDS, own_seeds

from eisfit.errors import ReadError
from eisfit.spectra.readers import _list_modules, read_bytes
from eisfit.spectra.readers.surroundings.stacked import _GLUED

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


# Wrong numbers without a word, in mutated seeds


@pytest.mark.parametrize(
    "as_text", [json.dumps, lambda held: "\n".join(f"{k}: {v}" for k, v in held.items())]
)
@pytest.mark.parametrize("lost", ["f", "Zre"])
def test_lists_of_unlike_lengths_in_json_and_yaml_are_refused(as_text, lost):
    """The first list was the measure: frequencies that lost one were paired with others' impedances."""
    held = {"f": F.tolist(), "Zre": Z.real.tolist(), "Zim": Z.imag.tolist()}
    held[lost] = held[lost][:7] + held[lost][9:]
    name = "a.json" if as_text is json.dumps else "a.yaml"
    with pytest.raises(ReadError, match="columns are not of one length"):
        read_bytes(as_text(held).encode(), name)


@pytest.mark.parametrize(
    ("text", "name"),
    [(par().replace("Segment #, ", ""), "a.par"), (relaxis().replace("\tData: |Z|", ""), "a.rlx")],
)
def test_a_row_of_more_cells_than_names_is_refused(text, name):
    """VersaStudio's number of the point was the frequency, and the voltage Z'."""
    with pytest.raises(ReadError, match=r"cells in each row under \d names of columns"):
        read_bytes(text.encode(), name)


def test_a_part_of_the_voltage_beside_a_part_of_the_impedance_is_a_voltage():
    """In a file with other numbers around its table ``E Real`` was taken as the real part of a cell E."""
    rows = lines("0.5,{re:.9g},{im:.9g},{f:.9g}")
    (spectrum,) = read_bytes(f"0.5,2,3,4\nE Real,Z Real,Z Imag,Frequency(Hz)\n1,4\n{rows}".encode(), "a.csv")
    assert is_right(spectrum)


@pytest.mark.parametrize("more", [b"\0" * 8, saved(np.save, np.stack([F, 2 * Z]))], ids=["bytes", "array"])
def test_what_follows_an_array_of_numpy_is_refused(more):
    """Bytes too many within it moved all numbers behind them; of several arrays the first alone was read."""
    with pytest.raises(ReadError, match="more follows the NumPy array than it announces"):
        read_bytes(saved(np.save, np.stack([F, Z])) + more, "a.npy")


@pytest.mark.parametrize(("lost", "added"), [(0, b"\r"), (0, b"\r\r"), (1, b""), (2, b"")])
def test_bytes_lost_or_added_within_numbers_of_zahner_are_refused(lost, added):
    """A transfer as text does it: moduli and phases behind them were other numbers, without a word."""
    data = ism()
    with pytest.raises(ReadError, match="cut off or damaged"):
        read_bytes(data[:400] + added + data[400 + lost :], "a.ism")


@pytest.mark.parametrize(("kind", "mark"), [("z", ","), ("par", ","), ("dta", "\t"), ("mpt", "\t")])
def test_a_mark_twice_in_a_row_moves_no_numbers(kind, mark):
    """Z' was another column's number at that point; a word behind a row moves nothing."""
    rows = SEEDS[kind][0].decode().split("\n")
    place = len(rows) - 9
    row = rows[place].rstrip("\r")
    twice = [*rows[:place], row.replace(mark, 2 * mark, 1), *rows[place + 1 :]]
    with pytest.raises(ReadError, match="more numbers than the lines beside it"):
        read_bytes("\n".join(twice).encode(), f"a.{kind}")
    remark = [*rows[:place], f"{row}{mark}overload", *rows[place + 1 :]]
    assert is_right(*read_bytes("\n".join(remark).encode(), f"a.{kind}"))


def test_a_row_of_many_tabs_twice_is_read_in_one_way():
    """Each pair of tabs doubled the ways that a pattern tried: a kilobyte took for ever (seed 300031178)."""
    assert not _GLUED.match("1" + "\t\t-0.0894993299" * 40 + "\tx")
    assert _GLUED.match("10\t\t-0.5\t2.5Frequency\tZre\tZim")
