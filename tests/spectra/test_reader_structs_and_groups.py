"""Spectra in structs, groups and programs' own text files: MATLAB, HDF5, Eco Chemie, Elchemea.

The spectrum is a closed form, simulated here. The layouts of `.dfr`, `.i2b` and `.P00` are those that another
program, pyimpspec, reads.
"""

from __future__ import annotations

import io
import re

import numpy as np
import pytest

from eisfit.errors import ReadError
from eisfit.spectra.readers import read_bytes

F = np.geomspace(1e5, 1.0, 26)
Z = 10 + 100 / (1 + 2j * np.pi * F * 0.01)


def mat(content):
    from scipy.io import savemat

    stream = io.BytesIO()
    savemat(stream, content)
    return stream.getvalue()


def hdf5(fill):
    h5py = pytest.importorskip("h5py", reason="optional: HDF5")
    stream = io.BytesIO()
    with h5py.File(stream, "w") as content:
        fill(content, h5py)
    return stream.getvalue()


def points(pattern):
    return "".join(pattern.format(f=f, re=z.real, im=z.imag, mim=-z.imag) for f, z in zip(F, Z, strict=True))


def holds(data, name, scale=1.0, **given):
    spectra = read_bytes(data if isinstance(data, bytes) else data.encode(), name, **given)
    for spectrum in spectra:
        np.testing.assert_allclose(spectrum.frequency, F, rtol=1e-5)
        np.testing.assert_allclose(spectrum.impedance, Z * scale, rtol=1e-5)
    return spectra


def test_structs_at_any_depth():
    holds(mat({"cell": {"eis": {"f": F, "Z_real": Z.real, "Z_imag": Z.imag}, "area": 1.0}}), "a.mat")


def test_a_struct_array_is_a_series():
    runs = np.zeros(3, dtype=[("freq", "O"), ("Z", "O")])
    for i in range(3):
        runs[i] = (F, Z)
    found = holds(mat({"runs": runs}), "a.mat")
    assert [spectrum.metadata["label"] for spectrum in found] == ["runs(1)", "runs(2)", "runs(3)"]


def test_complex_arrays_keep_the_unit_of_their_name():
    (spectrum,) = holds(mat({"freq_Hz": F, "Z_mohm": Z * 1e3}), "a.mat")
    assert not any("no unit given" in note for note in spectrum.notes)
    (spectrum,) = holds(mat({"freq": F, "Z": Z * 1e3}), "a.mat", impedance_unit="mohm")
    (spectrum,) = holds(mat({"freq": F, "Z": Z}), "a.mat")
    assert "assumed: no unit given for the impedance, taken as ohm (else --impedance-unit)" in spectrum.notes


def test_a_message_lists_few_names():
    with pytest.raises(ReadError, match=r"\(arrays: x0, .*, x7 and 492 more\)$"):
        read_bytes(mat({f"x{i}": F for i in range(500)}), "a.mat")


def test_an_element_of_no_known_type_is_refused():
    """SciPy looks its type up beyond the end of a table: the process ended with a segmentation fault."""
    data = bytearray(mat({"Z": Z}))
    at = data.rindex(b"\x09\0\0\0\xd0\0\0\0")  # the imaginary part: doubles, 208 bytes
    data[at : at + 4] = b"\x06\x08\0\0"
    with pytest.raises(ReadError, match="no known type"):
        read_bytes(bytes(data), "a.mat")


def test_a_complex_array_without_its_imaginary_part_is_refused():
    """SciPy took the next array for it, and the process ended with a segmentation fault."""
    data = bytearray(mat({"freq": F, "Z": Z}))
    flags = data.index(b"\x06\0\0\0\x08\0\0\0") + 8  # of the first array, of real numbers
    assert data[flags : flags + 2] == b"\x06\0"
    data[flags + 1] = 0x08
    with pytest.raises(ReadError, match="without all of its parts"):
        read_bytes(bytes(data), "a.mat")


def test_a_type_by_its_old_name_is_read_without_a_warning():
    """NumPy 2.5 no longer knows it."""
    stream = io.BytesIO()
    np.save(stream, np.array([b"ab"]))
    data = stream.getvalue().replace(b"'|S2'", b"'|a2'")
    with pytest.raises(ReadError, match=r"an array of shape|not a valid dtype descriptor"):
        read_bytes(data, "a.npy")


def test_hdf5_groups():
    def fill(content, _):
        for name in ("fresh", "aged"):
            group = content.create_group(f"cells/{name}")
            group["freq_Hz"], group["Zre_ohm"], group["Zim_ohm"] = F, Z.real, Z.imag

    found = holds(hdf5(fill), "a.h5")
    assert sorted(spectrum.metadata["label"] for spectrum in found) == ["cells/aged", "cells/fresh"]


def test_hdf5_table():
    def fill(content, _):
        table = np.zeros(F.size, dtype=[("f_kHz", "f8"), ("Zre_mOhm", "f8"), ("Zim_mOhm", "f8")])
        table["f_kHz"], table["Zre_mOhm"], table["Zim_mOhm"] = F / 1e3, Z.real * 1e3, Z.imag * 1e3
        content["eis"] = table

    holds(hdf5(fill), "a.h5")


def test_matlab_7_3_is_hdf5():
    def fill(content, _):
        values = np.zeros((1, F.size), dtype=[("real", "f8"), ("imag", "f8")])
        values["real"], values["imag"] = Z.real, Z.imag
        content["freq"], content["Z"] = F[None], values

    holds(b"MATLAB 7.3 MAT-file".ljust(512, b"\0") + hdf5(fill), "a.mat")


def test_hdf5_opens_no_other_file_and_no_huge_one(tmp_path):
    def links(content, h5py):
        content["frequency"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "f")
        content["Z"] = h5py.SoftLink("/frequency")

    def outside(content, _):
        where = [(str(tmp_path / "raw"), 0, 8 * F.size)]
        content.create_dataset("frequency", shape=F.shape, dtype="f8", external=where)

    for fill in (links, outside):
        with pytest.raises(ReadError, match="no array named as a frequency"):
            read_bytes(hdf5(fill), "a.h5")
    huge = hdf5(lambda content, _: content.create_dataset("frequency", (10**10,), "f8", chunks=True))
    with pytest.raises(ReadError, match="unpacks to more than"):
        read_bytes(huge, "a.h5")
    with pytest.raises(ReadError, match="damaged"):
        read_bytes(huge[:300], "a.h5")


def test_eco_chemie():
    text = f"VERSION8.0\n{F.size}\n0\n" + points("{f:.8g}\n{re:.8g}\n{mim:.8g}\n0.31\n1e-7\n12\n0\n0\n0\n")
    (spectrum,) = holds(text, "a.dfr")
    assert spectrum.potential_V == 0.31
    with pytest.raises(ReadError, match="not 9 numbers for each of 26 points"):
        read_bytes(text[:300].encode(), "a.dfr")
    with pytest.raises(ReadError, match=r"is not version 8\.0: export it as text"):
        read_bytes(text.replace("8.0", "4.9").encode(), "a.dfr")


def test_elchemea_and_p00():
    holds(f"Some words\nabout the cell\n\n{F.size}\n" + points("{f} {re} {im}\n"), "a.i2b")
    head = " f/Hz       \t Z'/Ohm     \t -Z''/Ohm   \t time/s    \t Edc/V     \t Idc/A     \t\n 26 \n"
    row = " {f:.8e}\t {re:.8e}\t {mim:.8e}\t 5.9e+01\t 3.1e-01\t 1.8e-07\t\n"
    holds("Procedure : a title\nt =  736.4 s\n" + head + points(row), "a.P00")


@pytest.mark.parametrize(
    "head",
    [
        "Frequency (Hz),Cp {} (F),Rp {} (ohm)",
        "f [Hz],Y' {} [S],Y'' {} [S]",
        "f/Hz,R {}/ohm,X {}/ohm",
        "Frequenz in Hz,Betrag {} in Ohm,Phase {} in deg",
        "Fréquence in Hz,Module {} in milliohm,Phase {} in deg",
        "周波数 (Hz),Cs {} (F),Rs {} (ohm)",
        "f (Hz),|Z| {} (ohm),Phase {} (deg)",
    ],
)
@pytest.mark.parametrize("labels", [("A", "C", "B"), ("cell 1", "cell 2", "cell 3")])
@pytest.mark.parametrize("shared", [True, False])
def test_spectra_side_by_side_of_what_their_units_say(head, labels, shared):
    f = np.geomspace(1e5, 1.0, 26)
    omega, impedances = 2 * np.pi * f, [k * (10 + 100 / (1 + 2j * np.pi * 0.01 * f)) for k in (1, 2, 3)]
    first, *names = head.split(",")
    heads, columns = [], []
    for label, z in zip(labels, impedances, strict=True):
        y = 1 / z
        if not (shared and heads):
            heads.append(first if shared else re.sub(r"(?=[ /])", f" {label}", first, count=1))
            columns.append(f)
        heads += [name.format(label) for name in names]
        columns += {
            "Cp": [y.imag / omega, 1 / y.real], "Cs": [-1 / (omega * z.imag), z.real], "Y'": [y.real, y.imag],
            "R ": [z.real, z.imag],
        }.get(names[0][:2], [abs(z) * (1e3 if "milli" in head else 1), np.degrees(np.angle(z))])  # fmt: skip
    body = "".join(",".join(f"{v:.10g}" for v in row) + "\n" for row in zip(*columns, strict=True))
    found = read_bytes(f"{','.join(heads)}\n{body}".encode(), "x.csv")
    assert len(found) == 3
    for spectrum, z in zip(found, impedances, strict=True):
        np.testing.assert_allclose(spectrum.impedance, z, rtol=1e-5)


def test_units_below_the_names_of_each_of_several_tables_begin_no_other():
    f = np.geomspace(1e5, 1.0, 26)
    z = 10 + 100 / (1 + 2j * np.pi * 0.01 * f)
    columns = (f, z.real, -z.imag, abs(z), np.degrees(np.angle(z)))
    body = "".join("\t".join(f"{v:.9g}" for v in row) + "\n" for row in zip(*columns, strict=True))
    table = "Frequency\tReal part\t-Imag part\tModulus\tPhase\nHz\tohm\tohm\tohm\t°\n" + body
    found = read_bytes(f"Cell A\n{table}\nCell B\n{table}".encode(), "x.txt")
    assert [s.points for s in found] == [26, 26]
