"""Series: folders, globs, lists and files with loops; cycles from data, names and manifests."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from eisfit.cli.batch_sources import list_paths
from eisfit.errors import ReadError, UsageError
from eisfit.spectra.axes import read_name
from eisfit.spectra.cycle_numbers import find_name_cycle
from eisfit.spectra.series import Series, UnreadFile, read_series
from eisfit.spectra.spectrum import Spectrum
from eisfit.spectra.spectrum_files import list_below

F = np.array([1000.0, 100.0, 10.0, 1.0])
Z = np.array([1 - 0.5j, 2 - 1j, 3 - 0.5j, 4 - 0.1j])


def write(folder, name, scale=1.0, head=""):
    rows = "".join(f"{f:g},{z.real * scale:g},{z.imag * scale:g}\n" for f, z in zip(F, Z, strict=True))
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{head}frequency_Hz,Z_real_ohm,Z_imag_ohm\n{rows}", encoding="utf-8")
    return path


def test_a_manifest_that_names_folders_tells_files_of_one_name_apart(tmp_path):
    """Both had the cycle of the last row, without a word."""
    files = [
        write(tmp_path, f"{cell}/eis.csv", scale) for cell, scale in (("a", 1.0), ("b", 2.0), ("c", 3.0))
    ]
    listing = tmp_path / "manifest.csv"
    listing.write_text("file,cycle\na/eis.csv,1\nb\\eis.csv,50\n")
    found = {one.source: one.cycle for one in read_series(files, manifest=listing)}
    assert [found[str(file)] for file in files] == [1, 50, None]
    listing.write_text("file,cycle\nD:/data/eis.csv,7\n")  # as another machine calls it
    assert read_series(files[:1], manifest=listing)[0].cycle == 7


@pytest.mark.parametrize(
    ("name", "cycle"),
    [
        ("bare_cycle_050.csv", 50),
        ("cyc12.csv", 12),
        ("cycle12_a.csv", 12),
        ("C0050.csv", 50),
        ("cell_C0050_3.csv", 50),
        ("cycle=50.csv", 50),
        ("cell cycle 7.csv", 7),
        ("Cycle-100.csv", 100),
        ("cell3.csv", None),
        ("1C_rate.csv", None),
        ("25C.csv", None),
    ],
)
def test_cycle_from_the_name(tmp_path, name, cycle):
    (spectrum,) = read_series(write(tmp_path, name))
    assert spectrum.cycle == cycle


def test_folder_is_ordered_by_cycle_not_by_name(tmp_path):
    for number in (100, 5, 50):
        write(tmp_path, f"bare_cycle_{number}.csv", number)
    write(tmp_path, "formation.csv")
    (tmp_path / "study.toml").write_text("x = 1")
    (tmp_path / "README.md").write_text("words")
    (tmp_path / ".hidden").write_text("words")
    series = read_series(tmp_path)
    np.testing.assert_array_equal(series.cycles, [5, 50, 100, np.nan])
    assert [round(s.impedance[0].real) for s in series] == [5, 50, 100, 1]
    assert any("2 files that hold no spectra: README.md, study.toml" in note for note in series.notes)
    assert any("cycle of 1 of 4 spectra is unknown: formation.csv" in note for note in series.notes)
    assert len(read_series(str(tmp_path / "bare*.csv"))) == 3
    assert len(read_series([tmp_path / "bare_cycle_5.csv", str(tmp_path / "formation.csv")])) == 2


def test_header_wins_over_name_and_pattern_over_both(tmp_path):
    path = write(tmp_path, "cycle_7.csv", head="# cycle: 8\n")
    assert read_series(path).cycles == [8]
    assert read_series(path, cycle_pattern=r"_(\d+)").cycles == [7]


def test_manifest(tmp_path):
    write(tmp_path, "a.csv")
    write(tmp_path, "b.csv")
    write(tmp_path, "c_cycle_9.csv")
    (tmp_path / "manifest.csv").write_text(
        "# simulated\nfile,cycle,R_ct\na.csv,100,1\nb.csv,50,2\nc_cycle_9.csv,,3\n"
    )
    series = read_series(tmp_path)
    np.testing.assert_array_equal(series.cycles, [9, 50, 100])
    assert not series.failures
    other = tmp_path / "other" / "list.csv"
    other.parent.mkdir()
    other.write_text("file,cycle\na.csv,1\n")
    np.testing.assert_array_equal(read_series([tmp_path / "a.csv"], manifest=other).cycles, [1])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name,number\na,1\n", "needs the columns file and cycle, it has name, number"),
        ("file,cycle\na.csv\n", "row 2 of the manifest has 1 of 2"),
        ("file,cycle\na.csv,many\n", "'many' is not a cycle number"),
        ("file,cycle\na.csv,nan\n", "'nan' is not a cycle number"),
        ("", "it has none"),
    ],
)
def test_bad_manifest(tmp_path, text, words):
    path = write(tmp_path, "a.csv")
    listing = tmp_path / "m.csv"
    listing.write_text(text)
    with pytest.raises(ReadError, match=words):
        read_series([path], manifest=listing)


def test_missing_manifest(tmp_path):
    with pytest.raises(ReadError, match="there is no such file"):
        read_series([write(tmp_path, "a.csv")], manifest=tmp_path / "none.csv")


def test_failures_are_kept(tmp_path):
    write(tmp_path, "cycle_1.csv")
    (tmp_path / "cycle_2.csv").write_text("broken")
    series = read_series(tmp_path)
    assert len(series) == 1
    (failure,) = series.failures
    assert failure.source.endswith("cycle_2.csv")
    assert failure.cycle == 2
    assert "no table of numbers" in failure.error
    assert "1 unreadable" in repr(series)


def test_nothing_readable(tmp_path):
    with pytest.raises(ReadError, match="folder is empty"):
        read_series(tmp_path)
    (tmp_path / "a.csv").write_text("broken")
    with pytest.raises(ReadError, match="no table of numbers"):
        read_series(tmp_path)
    (tmp_path / "b.csv").write_text("broken")
    with pytest.raises(ReadError, match=r"none of 2 files can be read; the first: .*a.csv"):
        read_series(tmp_path)
    with pytest.raises(ReadError, match="no file matches"):
        read_series(str(tmp_path / "*.mpt"))
    with pytest.raises(ReadError, match="no such file"):
        read_series(tmp_path / "none.csv")
    with pytest.raises(ReadError, match="no spectra in it"):
        read_series([])


def test_a_folder_with_papers_only_names_its_folders(tmp_path):
    write(tmp_path, "bare/cycle_1.csv")
    (tmp_path / "README.md").write_text("words")
    (tmp_path / "study.toml").write_text("x = 1")
    (tmp_path / "LICENSE").write_text("MIT License")
    with pytest.raises(ReadError, match="no spectra in it; name one of its folders: bare"):
        read_series(tmp_path)


def test_bad_pattern(tmp_path):
    path = write(tmp_path, "abc.csv")
    with pytest.raises(UsageError, match="no regular expression"):
        read_series(path, cycle_pattern="(")
    with pytest.raises(UsageError, match="needs a group"):
        read_series(path, cycle_pattern=r"\d+")
    with pytest.raises(UsageError, match=r"found 'abc' in abc\.csv, which is no number"):
        read_series(path, cycle_pattern=r"(\w+)")


def test_subfolders_only_where_the_folder_is_bare(tmp_path):
    write(tmp_path, "deep/cycle_2.csv")
    write(tmp_path, "deep/cycle_10.csv")
    assert any("subfolders were read" in note for note in read_series(tmp_path).notes)
    write(tmp_path, "cycle_1.csv")
    found = read_series(tmp_path)
    np.testing.assert_array_equal(found.cycles, [1])
    assert "the folders in it were not read: deep; name those that belong to it too" in found.notes


def test_copies_and_cells_in_folders_of_their_own_are_told(tmp_path):
    for folder in ("5C", "25C"):
        write(tmp_path, f"{folder}/cycle_1.csv", 1.0 + len(folder))
    write(tmp_path, "5C/cycle_50.csv", 3.0)
    notes = read_series(tmp_path).notes
    assert "cycle_50.csv holds the numbers of cycle_1.csv again" in notes
    told = "under one cycle number: 1; name the folders one by one (5C, 25C) where each is a cell"
    assert any(told in note for note in notes)


def test_temperatures_of_folders_are_taken_where_they_are_asked_for(tmp_path):
    for folder, name in (("5C", "a"), ("25C", "a"), ("45C", "b_40C")):
        write(tmp_path, f"{folder}/{name}.csv", len(folder) + len(name))
    assert [one.temperature_C for one in read_series(tmp_path, by="temperature")] == [5, 25, 40]
    assert [one.temperature_C for one in read_series(tmp_path)] == [None, None, 40]


def test_names_with_brackets_are_found_by_a_glob(tmp_path):
    path = write(tmp_path, "cell [1]/cycle_1 [GEIS].csv")
    assert [one.source for one in read_series(str(tmp_path / "cell [1]" / "cycle*[GEIS].csv"))] == [str(path)]
    assert [one.source for one in read_series(str(tmp_path / "cell*" / "cycle_[0-3]*"))] == [str(path)]


def test_a_file_beside_folders_that_is_no_spectrum_points_at_them(tmp_path):
    write(tmp_path, "bare/cycle_1.csv")
    (tmp_path / "README.txt").write_text("words")
    with pytest.raises(ReadError, match="no spectra in it; name one of its folders: bare"):
        read_series(tmp_path)
    (tmp_path / "who.csv").write_text("date,who\n2024,me\n")
    with pytest.raises(ReadError, match=r"who\.csv: no table .*; name one of its folders: bare"):
        read_series(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights of their own")
def test_linked_folders_are_read_and_no_file_counts_twice(tmp_path):
    write(tmp_path, "elsewhere/cycle_2.csv")
    write(tmp_path, "cells/a/cycle_1.csv")
    (tmp_path / "cells" / "b").symlink_to("../elsewhere")
    (tmp_path / "cells" / "b" / "round").symlink_to("../cells")
    (tmp_path / "cells" / "a" / "latest.csv").symlink_to("cycle_1.csv")
    (tmp_path / "cells" / "a" / "gone.csv").symlink_to("nowhere.csv")
    cells = tmp_path / "cells"
    names = [str(path.relative_to(cells)) for path in list_below(cells)]
    assert names == ["a/cycle_1.csv", "a/gone.csv", "b/cycle_2.csv"]
    found = read_series(cells / "a")
    np.testing.assert_array_equal(found.cycles, [1])
    assert "it is a link to nowhere.csv, where nothing is" in found.failures[0].error


def test_a_folder_that_cannot_be_looked_into_is_not_left_out(tmp_path, monkeypatch):
    write(tmp_path, "a/cycle_1.csv")
    write(tmp_path, "b/cycle_2.csv")
    scan = os.scandir

    def refuse(path):
        if Path(path).name == "b":
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found = read_series(tmp_path)
    said = [failure.error for failure in found.failures]
    assert said == [f"{tmp_path / 'b'}: cannot be read: Permission denied"]


def test_hidden_folders_are_passed_over(tmp_path):
    """Jupyter keeps a copy of every table that it has shown in `.ipynb_checkpoints`."""
    hidden = tmp_path / ".hidden" / "data"
    write(hidden, "deep/cycle_2.csv")
    write(hidden, "deep/.ipynb_checkpoints/cycle_2-checkpoint.csv")
    np.testing.assert_array_equal(read_series(hidden).cycles, [2])
    assert [path for path, _ in list_paths([str(hidden)])] == [str(hidden / "deep" / "cycle_2.csv")]


def test_a_glob_of_folders_means_their_files(tmp_path):
    write(tmp_path, "cell1/cycle_2.csv")
    write(tmp_path, "cell2/cycle_10.csv")
    np.testing.assert_array_equal(read_series(tmp_path / "cell*").cycles, [2, 10])
    write(tmp_path, "cell_cycle_5.csv")
    np.testing.assert_array_equal(read_series(tmp_path / "cell*").cycles, [5])


def test_file_with_loops_and_repeated_cycles(tmp_path):
    rows = "".join(
        f"{f:g},{z.real:g},{z.imag:g},{cycle}\n" for cycle in (3, 1, 1) for f, z in zip(F, Z, strict=True)
    )
    path = tmp_path / "loops.csv"
    path.write_text("f,Zre,Zim,cycle number\n" + rows)
    series = read_series(path)
    np.testing.assert_array_equal(series.cycles, [1, 1, 3])
    assert [s.index for s in series] == [1, 2, 0]
    assert any("several spectra under one cycle number: 1" in note for note in series.notes)


def mpt(folder, name):
    rows = "".join(f"{f:g}\t{z.real:g}\t{-z.imag:g}\t1\n" for f, z in zip(F, Z, strict=True))
    path = folder / name
    path.write_text(
        "EC-Lab ASCII FILE\nNb header lines : 3\nfreq/Hz\tRe(Z)/Ohm\t-Im(Z)/Ohm\tcycle number\n" + rows
    )
    return path


def test_counts_within_a_technique_are_no_cycles(tmp_path):
    assert read_series(mpt(tmp_path, "cell_a.mpt")).cycles == [1]
    mpt(tmp_path, "cell_b.mpt")
    series = read_series(tmp_path)
    assert np.isnan(series.cycles).all()
    assert any("counts anew" in note for note in series[0].notes)
    mpt(tmp_path, "cycle_50.mpt")
    np.testing.assert_array_equal(read_series(tmp_path).cycles, [50, np.nan, np.nan])


def test_json_frame_and_indexing(tmp_path):
    for number in (1, 2, 10):
        write(tmp_path, f"cycle_{number}.csv", number)
    series = read_series(tmp_path)
    again = Series.from_dict(json.loads(json.dumps(series.to_dict())))
    assert again == series
    assert series != 5
    frame = series.to_frame()
    assert list(frame.columns[:4]) == ["cycle", "source", "index", "frequency_Hz"]
    assert len(frame) == 12
    assert series[0].cycle == 1
    assert series[-2:].cycles.tolist() == [2, 10]
    assert repr(series) == f"<Series {tmp_path.name}: 3 spectra, cycles 1 to 10>"
    with pytest.raises(ReadError, match="not a complete series document"):
        Series.from_dict({})
    assert len(Series(()).to_frame()) == 0
    assert "no cycle numbers" in repr(Series((Spectrum(frequency=F, impedance=Z),), (UnreadFile("a", "b"),)))


def test_plot_and_html(tmp_path):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    write(tmp_path, "cycle_1.csv")
    write(tmp_path, "cycle_2.csv")
    series = read_series(tmp_path)
    assert series.plot() is not None
    assert "<" in series._repr_html_()
    matplotlib.pyplot.close("all")


def test_tables_of_fits_in_a_folder_are_no_spectra(tmp_path):
    write(tmp_path, "a.csv")
    (tmp_path / "fit.csv").write_text("source,index,cycle,circuit,ok,flags,R_s\na.csv,0,,rs-ct,1,,1\n")
    series = read_series(tmp_path)
    assert len(series) == 1
    assert not series.failures
    assert "skipped 1 file that holds no spectra: fit.csv" in series.notes


def test_the_channel_in_the_name_of_an_eclab_file_is_no_cycle():
    assert find_name_cycle(Path("cell_PEIS_C05.mpt"), None) is None
    assert find_name_cycle(Path("cell_cyc7_C05.mpr"), None) == 7
    assert find_name_cycle(Path("cell_C05.csv"), None) is None
    assert find_name_cycle(Path("cell_C0005.csv"), None) == 5
    assert find_name_cycle(Path("cell_C05.csv"), None, of_eclab=True) is None
    assert find_name_cycle(Path("cell_01_PEIS_C05.csv"), None) is None


@pytest.mark.parametrize(
    "name", ["NMC_296th_cycle.csv", "after 296 cycles.csv", "296cyc.txt", "cell_cyc296.csv"]
)
def test_the_cycle_of_a_name(name):
    assert find_name_cycle(Path(name), None) == 296


def test_two_dimensions_are_no_days():
    assert read_name("npz_2d") == {}
    assert read_name("cell_4d") == {"time": 345600.0}
