"""Circuits of one's own: where they are found, which wins, and that what replaces eisfit's own is said."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

import eisfit
from eisfit.errors import CircuitError, EisfitWarning
from eisfit.files import data_folder
from eisfit.model.files import catalogue
from eisfit.model.files.catalogue import (
    Entry,
    find_entry,
    find_project_folder,
    find_user_folder,
    list_entries,
)

MINE = """\
circuit = "R_s-C_dl"
title = "blocking electrode"
references = ["the lab book, page 12"]

[parameters.R_s]
describe = "series resistance"
role = "series"

[parameters.C_dl]
describe = "double layer"
role = "other"
"""


@pytest.fixture(autouse=True)
def nowhere(tmp_path, monkeypatch):
    """An empty current folder and an empty home."""
    here, home = tmp_path / "work", tmp_path / "home"
    here.mkdir()
    home.mkdir()
    monkeypatch.chdir(here)
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(home))
    for name in ("XDG_CONFIG_HOME", "APPDATA"):
        monkeypatch.delenv(name, raising=False)
    return here


def put(folder: Path, name: str, content: str = MINE) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.toml"
    path.write_text(content, encoding="utf-8")
    return path


def test_with_nothing_of_ones_own_there_are_eisfits():
    assert find_project_folder() is None
    assert tuple(list_entries()) == eisfit.circuits()
    assert {entry.origin for entry in list_entries().values()} == {"eisfit"}


def test_the_projects_go_before_the_users_before_eisfits(nowhere):
    user = put(find_user_folder(), "blocking")
    assert find_entry("blocking") == Entry("blocking", user, "user")
    project = put(nowhere / "circuits", "blocking", MINE.replace("blocking", "mine"))
    assert find_entry("blocking") == Entry("blocking", project, "project")
    assert eisfit.circuit("blocking").title == "mine electrode"
    assert list(list_entries()) == sorted([*eisfit.circuits(), "blocking"])
    assert "blocking" not in eisfit.circuits()


def test_replacing_one_of_eisfits_is_said(nowhere):
    path = put(nowhere / "circuits", "rs-ct")
    assert find_entry("rs-ct") == Entry("rs-ct", path, "project", shadows=True)
    with pytest.warns(
        EisfitWarning, match=r"rs-ct is your own circuit .*rs-ct\.toml, not the one that comes"
    ):
        assert eisfit.circuit("rs-ct").string == "R_s-C_dl"


def test_a_clone_of_eisfit_replaces_nothing(nowhere):
    shutil.copytree(data_folder("circuits"), nowhere / "circuits")
    assert find_entry("rs-ct").origin == "eisfit"
    assert {entry.origin for entry in list_entries().values()} == {"eisfit"}


@pytest.mark.parametrize("mark", [".git", "pyproject.toml", "study.toml"])
def test_a_project_is_left_at_its_root_and_not_below(nowhere, monkeypatch, mark):
    put(nowhere / "circuits", "blocking")
    deep = nowhere / "cells" / "june"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    assert find_entry("blocking") is None  # no root: only the current folder counts
    (nowhere / mark).mkdir()
    assert find_entry("blocking").origin == "project"
    (nowhere / "cells" / mark).mkdir()  # a project within the project
    assert find_entry("blocking") is None


def test_the_nearest_folder_of_circuits_counts(nowhere, monkeypatch):
    (nowhere / ".git").mkdir()
    put(nowhere / "circuits", "blocking")
    put(nowhere / "cells" / "circuits", "other")
    (nowhere / "cells" / "june" / "circuits").mkdir(parents=True)  # empty: none of circuit files
    monkeypatch.chdir(nowhere / "cells" / "june")
    assert find_project_folder() == nowhere / "cells" / "circuits"


@pytest.mark.parametrize(
    "name", ["../blocking", "Blocking", "my circuit", "R_s", ".hidden", "a/b", "", "x.toml"]
)
def test_what_is_no_name_is_not_looked_for(nowhere, name):
    put(nowhere / "circuits", "blocking")
    assert find_entry(name) is None


def test_a_misspelt_name_finds_ones_own(nowhere):
    put(nowhere / "circuits", "blocking")
    with pytest.raises(CircuitError, match=r"no circuit is called 'blokcing'; did you mean 'blocking'\?"):
        eisfit.circuit("blokcing")
    with pytest.raises(CircuitError, match=r"no such circuit file; did you mean 'blocking.toml'\?"):
        eisfit.circuit("circuits/blokcing.toml")


@pytest.mark.skipif(os.name == "nt", reason="paths of POSIX")
def test_the_users_folder(monkeypatch):
    monkeypatch.setattr(catalogue.sys, "platform", "linux")
    assert find_user_folder() == Path.home() / ".config" / "eisfit" / "circuits"
    monkeypatch.setenv("XDG_CONFIG_HOME", "/elsewhere")
    assert find_user_folder() == Path("/elsewhere/eisfit/circuits")
    monkeypatch.setattr(catalogue.sys, "platform", "darwin")
    assert find_user_folder() == Path.home() / "Library" / "Application Support" / "eisfit" / "circuits"
    assert sys.platform == "darwin"


def test_without_a_home_or_a_current_folder_there_is_no_failure(monkeypatch):
    def gone():
        raise RuntimeError("no home")

    def removed():
        raise FileNotFoundError("no folder")

    monkeypatch.setattr(Path, "home", gone)
    monkeypatch.setattr(Path, "cwd", removed)
    assert find_user_folder() is None
    assert find_project_folder() is None
    assert eisfit.circuit("rs-ct").name == "rs-ct"
