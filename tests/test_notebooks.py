"""The notebooks in docs/notebooks run in a fresh kernel, and what is stored in them is what they gave."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

nbformat = pytest.importorskip("nbformat")
pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "notebooks"
NAMES = ("first_fit", "a_series", "five_fields", "the_coating_study")
LARGEST = 1_500_000  # bytes, of all together
FIGURES = {"first_fit": 1, "a_series": 3, "five_fields": 5, "the_coating_study": 1}  # drawn by plot functions

# In a process of its own: Jupyter's warnings are not ours, and a warning of ours would be in the outputs.
RUN = """
import sys, nbformat
from nbclient import NotebookClient

source, target = sys.argv[1:]
notebook = nbformat.read(source, 4)
NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": "."}}).execute()
nbformat.write(notebook, target)
"""


def stored(name):
    return nbformat.read(FOLDER / f"{name}.ipynb", 4)


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def figures(notebook):
    return sum("image/png" in out.get("data", {}) for cell in code(notebook) for out in cell.outputs)


def test_there_are_these_notebooks_and_they_are_small():
    files = list(FOLDER.glob("*.ipynb"))
    assert sorted(file.stem for file in files) == sorted(NAMES)
    assert sum(file.stat().st_size for file in files) < LARGEST


@pytest.mark.parametrize("name", NAMES)
def test_the_stored_outputs_are_complete(name):
    notebook = stored(name)
    nbformat.validate(notebook)
    assert [cell.execution_count for cell in code(notebook)] == list(range(1, len(code(notebook)) + 1))
    outputs = [out for cell in code(notebook) for out in cell.outputs]
    assert {out.output_type for out in outputs} <= {"display_data", "execute_result", "stream"}
    assert all(out.name == "stdout" for out in outputs if out.output_type == "stream")
    assert figures(notebook) == FIGURES[name]


@pytest.mark.parametrize("name", NAMES)
def test_they_name_no_place_of_the_machine_that_ran_them(name):
    text = (FOLDER / f"{name}.ipynb").read_text(encoding="utf-8")
    assert not re.search(
        r'"[^"]*(/home/|/root/|/work/|/tmp/|[A-Z]:\\\\)[^"]*"', re.sub(r"base64,[^\\]*", "", text)
    )


@pytest.mark.parametrize("name", NAMES)
def test_it_runs_in_a_fresh_kernel(name, tmp_path):
    target = tmp_path / f"{name}.ipynb"
    root = str(FOLDER.parent.parent)
    paths = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = os.environ | {
        "PYTHONPATH": paths, "JUPYTER_PREFER_ENV_PATH": "1", "IPYTHONDIR": str(tmp_path)
    }  # fmt: skip
    environment.pop("MPLBACKEND", None)  # the kernel chooses
    done = subprocess.run(
        [sys.executable, "-c", RUN, f"{name}.ipynb", str(target)],
        cwd=FOLDER, env=environment, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    fresh = nbformat.read(target, 4)
    assert figures(fresh) == FIGURES[name]
    for old, new in zip(code(stored(name)), code(fresh), strict=True):
        said = [out.text for out in new.outputs if out.output_type == "stream" and out.name == "stderr"]
        assert not said, said
        assert _kinds(old) == _kinds(new), new.source


def _kinds(cell):
    """Return which kinds of output a cell has; a progress bar that was taken away does not count."""
    shown = [out for out in cell.outputs if any(out.get("data", {"": "x"}).values())]
    return [(out.output_type, sorted(out.get("data", {}))) for out in shown]
