"""``eisfit batch``: a folder fitted, continued, exported; failures listed; Ctrl-C says how to go on."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from click.testing import CliRunner

import eisfit
from eisfit.batch.export import export_results
from eisfit.cli.app import app
from eisfit.errors import EisfitError, UsageError
from eisfit.fitting.failure import FitFailure

FREQUENCY = np.geomspace(1e4, 0.1, 15)
CIRCUIT = "R_s-p(R_ct,C_dl)"


def write(path, r_ct):
    kick = np.random.default_rng(r_ct).standard_normal((2, FREQUENCY.size))
    z = 2 + r_ct / (1 + 2j * np.pi * FREQUENCY * r_ct * 1e-4) * (1 + 1e-3 * (kick[0] + 1j * kick[1]))
    rows = [f"{f},{v.real},{v.imag}" for f, v in zip(FREQUENCY, z, strict=True)]
    path.write_text("\n".join(["frequency_Hz,Z_real_ohm,Z_imag_ohm", *rows]) + "\n")


@pytest.fixture
def folder(tmp_path):
    """Two cells in folders of their own, a manifest, and a file that is no spectrum."""
    for cell, values in {"a": (40, 50), "b": (60,)}.items():
        (tmp_path / "cells" / cell).mkdir(parents=True)
        for k, r_ct in enumerate(values):
            write(tmp_path / "cells" / cell / f"cycle_{k}.csv", r_ct)
    (tmp_path / "cells" / "manifest.csv").write_text("file,cycle\na/cycle_0.csv,0\n")
    return tmp_path / "cells"


def run(*arguments):
    return CliRunner().invoke(app, ["batch", *map(str, arguments), "--circuit", CIRCUIT])


def test_a_folder_and_then_only_what_is_new(folder, tmp_path):
    store = tmp_path / "results.sqlite"
    done = run(folder, "--store", store)
    assert done.exit_code == 0, done.output
    assert "3 spectra" in done.stdout
    assert "3 fitted, 0 from the store, 0 failed" in done.stdout
    assert "finished in lmfit" not in done.stdout  # three are too few for an audit
    write(folder / "b" / "cycle_0.csv", 61)
    write(folder / "b" / "cycle_1.csv", 70)
    assert "2 fitted, 2 from the store" in run(folder, "--store", store).stdout


@pytest.mark.parametrize("name", ["results.csv", "results.jsonl", "results.parquet"])
def test_what_it_wrote_beside_the_spectra_is_none_of_them(folder, name):
    """And may be written again: the message after Ctrl-C asks for the same command."""
    if name.endswith(".parquet"):
        pytest.importorskip("pyarrow")
    for fitted in (3, 0):
        done = run(folder, "--store", folder / "results", "--export", folder / name)
        assert "3 spectra in" in done.stdout
        assert f"{fitted} fitted, {3 - fitted} from the store, 0 failed" in done.stdout
    (folder / "results-wal").write_bytes(b"\x37\x7f\x06\x82")  # of a colleague's run that is under way
    assert "3 spectra in" in run(folder).stdout


def test_a_file_that_is_named_twice_counts_once(folder):
    assert "3 spectra in" in run(folder, folder / "a", folder / "a" / "cycle_0.csv").stdout


def test_json_and_exit_code_of_failures(folder, tmp_path):
    (folder / "b" / "broken.csv").write_text("nothing here\n")
    done = run(folder, "--json")
    assert done.exit_code == 1
    document = json.loads(done.stdout)
    assert document["schema"] == "eisfit.batch/1"
    assert (document["spectra"], document["fitted"], document["reused"]) == (4, 3, 0)
    (failed,) = document["failed"]
    assert failed["source"].endswith("broken.csv")
    assert document["audit"]["count"] == 0
    plain = run(folder)
    assert plain.stdout.count("broken.csv") == 1
    assert plain.exit_code == 1


def cycles_of(folder, *arguments):
    """Return file -> cycle of an exported batch."""
    target = folder.parent / "cycles.csv"
    done = run(folder, "--export", target, *arguments)
    assert done.exit_code == 0, done.output
    with target.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    target.unlink()
    names = [row["source"].replace("\\", "/").split("/")[-2:] for row in rows]
    return {
        "/".join(name): row["cycle"] and float(row["cycle"]) for name, row in zip(names, rows, strict=True)
    }


def test_cycles_of_a_manifest(folder):
    """The names say 0, 1 and 0; a row that names its folder is of the file in that folder alone."""
    manifest = folder / "manifest.csv"
    assert cycles_of(folder) == {"a/cycle_0.csv": 0, "a/cycle_1.csv": 1, "b/cycle_0.csv": 0}
    manifest.write_text("file,cycle\na/cycle_0.csv,50\ncycle_1.csv,75\n")
    assert cycles_of(folder) == {"a/cycle_0.csv": 50, "a/cycle_1.csv": 75, "b/cycle_0.csv": 0}
    (folder / "b" / "manifest.csv").write_text("file,cycle,remark\ncycle_0.csv,80,nearer than the other\n")
    assert cycles_of(folder) == {"a/cycle_0.csv": 50, "a/cycle_1.csv": 75, "b/cycle_0.csv": 80}
    other = folder.parent / "other.csv"
    other.write_text("file,cycle\ncycle_0.csv,7\n")
    assert cycles_of(folder, "--manifest", other) == {
        "a/cycle_0.csv": 7,
        "a/cycle_1.csv": 1,
        "b/cycle_0.csv": 7,
    }
    (folder / "b" / "manifest.csv").write_text("no,list\n1,2\n")
    assert cycles_of(folder)["b/cycle_0.csv"] == 0


def test_cycles_are_those_of_track(folder):
    (folder / "a" / "manifest.csv").write_text("file,cycle\ncycle_0.csv,50\ncycle_1.csv,75\n")
    tracked = eisfit.track(eisfit.read_series(folder / "a"), CIRCUIT)
    found = cycles_of(folder / "a")
    assert [found["a/cycle_0.csv"], found["a/cycle_1.csv"]] == tracked.to_frame()["cycle"].tolist()
    assert cycles_of(folder)["a/cycle_1.csv"] == 75


def test_a_wrong_manifest(folder, tmp_path):
    done = run(folder, "--manifest", tmp_path / "nowhere.csv")
    assert done.exit_code == 1
    assert "nowhere.csv: there is no such file" in done.stderr
    (folder / "manifest.csv").write_text("file,cycle\na/cycle_0.csv,first\n")
    done = run(folder)
    assert done.exit_code == 1
    assert "'first' is not a cycle number" in done.stderr


def test_export(folder, tmp_path):
    table, lines = tmp_path / "all.csv", tmp_path / "all.jsonl"
    assert run(folder, "--export", table).exit_code == 0
    with table.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [float(row["R_ct"]) for row in rows] == pytest.approx([40, 50, 60], rel=3e-3)
    assert run(folder, "--export", lines).exit_code == 0
    documents = [json.loads(line) for line in lines.read_text().splitlines()]
    assert [d["parameters"]["R_ct"]["value"] for d in documents] == pytest.approx([40, 50, 60], rel=3e-3)
    assert sorted(f.name for f in tmp_path.iterdir()) == ["all.csv", "all.jsonl", "cells"]


def test_a_table_with_failures_at_its_head(tmp_path, monkeypatch):
    """The columns are known from the first fit, even where a thousand failures come before it."""
    monkeypatch.setattr("eisfit.batch.export._BLOCK_ROWS", 2)
    z = 2 + 50 / (1 + 2j * np.pi * FREQUENCY * 50e-4)
    fitted = eisfit.fit(eisfit.Spectrum(FREQUENCY, z, source="good.csv"), CIRCUIT)
    bad = [FitFailure(f"bad{k}.csv", "no spectrum, at all") for k in range(5)]
    assert export_results([*bad, fitted, bad[0]], tmp_path / "t.csv") == 7
    with (tmp_path / "t.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["source"] for row in rows] == [*(b.source for b in bad), "good.csv", "bad0.csv"]
    assert rows[0]["error"] == "no spectrum, at all"
    assert float(rows[5]["R_ct"]) == pytest.approx(50, rel=1e-4)
    assert export_results(bad, tmp_path / "bad.csv") == 5
    assert len((tmp_path / "bad.csv").read_text().splitlines()) == 6


def results_of_all_kinds():
    """Fits with and without an area, without a cycle, a flagged one, and failures at head and tail."""
    found = []
    for k, r_ct in enumerate((50.0, 60.0, 1e7)):
        z = 2 + r_ct / (1 + 2j * np.pi * FREQUENCY * r_ct * 1e-4)
        fields = {"metadata": {"area_cm2": 2.0}, "cycle": 10.0} if k == 1 else {}
        found.append(eisfit.Spectrum(FREQUENCY, z * (1 + 1e-3j), source=f"c,{k}.csv", index=k, **fields))
    bad = FitFailure("bad.csv", 'no "spectrum", at all')
    return [bad, *eisfit.fit_many(found, CIRCUIT), bad]


def frame_of(path):
    """Read an export with pandas, as a user would."""
    import pandas as pd

    if path.suffix == ".csv":
        return pd.read_csv(path, engine="python")  # the other engine of pandas 2 rounds
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    documents = [json.loads(line) for line in path.read_text().splitlines()]
    rows = []
    for d in documents:
        flat = {**(d["derived"] or {}), **(d["parameters"] or {})}
        row = {name: block["value"] for name, block in flat.items()}
        row |= {f"{name}_stderr": block["stderr"] for name, block in flat.items()}
        rows.append({**d["spectrum"], **row, **(d["statistics"] or {}), "ok": d["ok"], "error": d["error"]})
    return pd.DataFrame(rows)


_LAST_DIGIT = 4e-16  # pandas before 2.1 rounds what it reads from text


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
@pytest.mark.parametrize("at_once", [1, 2, 1000])
def test_every_export_comes_back_through_pandas(tmp_path, monkeypatch, suffix, at_once):
    monkeypatch.setattr("eisfit.batch.export._BLOCK_ROWS", at_once)
    results, path = results_of_all_kinds(), tmp_path / f"all{suffix}"
    assert export_results(iter(results), path) == 5
    frame = frame_of(path)
    assert frame["source"].tolist() == ["bad.csv", "c,0.csv", "c,1.csv", "c,2.csv", "bad.csv"]
    assert [str(x).lower() for x in frame["ok"]] == [str(r.ok).lower() for r in results]
    assert [e for e in frame["error"] if isinstance(e, str) and e] == ['no "spectrum", at all'] * 2
    for k, result in enumerate(results[1:4], 1):
        for name, p in result.parameters.items():
            assert frame[name][k] == pytest.approx(p.value, rel=_LAST_DIGIT)
            assert frame[f"{name}_stderr"][k] == pytest.approx(p.stderr, nan_ok=True)
        for name, row in result.derived.items():
            assert frame[name][k] == pytest.approx(row["value"], rel=_LAST_DIGIT)
        assert frame["chisqr"][k] == pytest.approx(result.statistics.chisqr, rel=_LAST_DIGIT)
    assert frame["R_ct_area"].isna().tolist() == [True, True, False, True, True]
    assert frame["cycle"].isna().tolist() == [True, True, False, True, True]
    assert list(tmp_path.iterdir()) == [path]


def test_parquet_has_types(tmp_path):
    import pandas as pd

    export_results(results_of_all_kinds(), tmp_path / "all.parquet")
    frame = pd.read_parquet(tmp_path / "all.parquet")
    kinds = {name: frame[name].dtype.kind for name in ("R_ct", "R_ct_stderr", "chisqr", "cycle", "index")}
    assert set(kinds.values()) <= {"f", "i"}, kinds
    assert frame["ok"].tolist() == [False, True, True, False, False]
    export_results([FitFailure("bad.csv", "no spectrum")], tmp_path / "bad.parquet")
    assert pd.read_parquet(tmp_path / "bad.parquet")["error"].tolist() == ["no spectrum"]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_an_export_cut_short_leaves_the_old_one_and_nothing_else(tmp_path, suffix):
    path = tmp_path / f"all{suffix}"
    path.write_text("the old one")

    def broken():
        yield FitFailure("bad.csv", "no spectrum")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export_results(broken(), path)
    assert path.read_text() == "the old one"
    assert list(tmp_path.iterdir()) == [path]


def test_parquet_without_its_package(folder, tmp_path, monkeypatch):
    def absent(name):
        raise ImportError(name)

    monkeypatch.setattr("eisfit.batch.export.import_module", absent)
    done = run(folder, "--export", tmp_path / "all.parquet")
    assert done.exit_code == 2
    assert 'Parquet needs another package: pip install "eisfit-toolkit[parquet]"' in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--export", "results.txt"], "must end in .csv, .jsonl, .parquet"),
        (["--export", "nowhere/results.csv"], "there is no folder nowhere"),
        (["--workers", "2", "--dask", "local"], "--workers and --dask exclude each other"),
        (["--finish", "scipy"], "no finish is called 'scipy'"),
        (["--fmin", "10", "--fmax", "1"], "no frequency is left"),
    ],
)
def test_wrong_usage(folder, arguments, message):
    done = run(folder, *arguments)
    assert done.exit_code == 2
    assert message in done.stderr
    assert "Traceback" not in done.output


def test_an_empty_folder(tmp_path):
    done = run(tmp_path)
    assert done.exit_code == 1
    assert "the folder is empty" in done.stderr


@pytest.mark.parametrize("kept", [True, False])
def test_ctrl_c_says_how_to_go_on(folder, tmp_path, monkeypatch, kept):
    store = tmp_path / "results.sqlite"
    monkeypatch.setattr("eisfit.cli.commands.batch._Run.show_progress", interrupt)
    done = run(folder, *(["--store", store] if kept else []))
    assert done.exit_code == 130
    assert "stopped after 1 results" in done.stderr
    expected = "run the same command again to go on" if kept else "there was no --store"
    assert expected in done.stderr
    if kept:
        monkeypatch.undo()
        assert "0 fitted, 3 from the store" in run(folder, "--store", store).stdout


def interrupt(self):
    if self.done:
        raise KeyboardInterrupt


def test_progress_on_a_terminal(folder, monkeypatch, capsys):
    from eisfit.cli.commands import batch

    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setattr(batch, "_INTERVAL", 0.0)
    batch.batch([str(folder)], circuit=CIRCUIT)
    shown = capsys.readouterr()
    assert "1 of about 3 read, 0 fitted" in shown.err, "while files are read"
    assert "3 of about 3 read, 3 fitted" in shown.err
    assert "0:00:00 left, 0 failed" in shown.err
    assert "about" not in shown.out


def test_an_export_that_cannot_be_written(tmp_path):
    with pytest.raises(UsageError, match="must end in"):
        export_results([], tmp_path / "x.xlsx")
    (tmp_path / "x.csv").mkdir()
    with pytest.raises((EisfitError, OSError)):
        export_results([], tmp_path / "x.csv")
