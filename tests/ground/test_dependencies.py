"""What is installed: permissive licences alone, each in the list, and lowest versions that are tested."""

from __future__ import annotations

import re
import sys
from importlib.metadata import PackageNotFoundError, metadata, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[2]
PERMISSIVE = re.compile(
    r"\b(MIT|BSD|0BSD|Apache|ISC|PSF|Python Software Foundation|Zlib|CC0|MPL|HPND|Unlicense)\b", re.IGNORECASE
)
COPYLEFT = re.compile(r"\b(A|L)?GPL|GNU\b", re.IGNORECASE)


PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def declared():
    """Return the names of the plain install's own requirements."""
    return [Requirement(line).name.lower() for line in PROJECT["dependencies"]]


def brought_along():
    """Return every installed package that the plain install reaches, by name."""
    found, waiting = set(), declared()
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        try:
            lines = requires(name) or []
        except PackageNotFoundError:  # for another Python, or another system
            continue
        found.add(name)
        needs = [Requirement(line) for line in lines]
        waiting += [r.name.lower() for r in needs if not r.marker or r.marker.evaluate({"extra": ""})]
    return sorted(found)


def licence(name):
    """Return the words by which a package states its licence, the shortest statement that it makes."""
    data = metadata(name)
    classifiers = [line for line in data.get_all("Classifier") or [] if line.startswith("License")]
    text = (data.get("License") or "").strip().splitlines()
    return data.get("License-Expression") or "; ".join(classifiers) or (text[0] if text else "")


@pytest.mark.parametrize("name", brought_along())
def test_the_plain_install_brings_permissive_licences_alone(name):
    stated = licence(name)
    assert PERMISSIVE.search(stated), f"{name}: {stated!r}"
    assert not COPYLEFT.search(stated), f"{name}: {stated!r}"


def test_each_requirement_stands_in_the_list_of_licences():
    listed = re.findall(r"^\| ([\w-]+) \|", (ROOT / "docs" / "licences.md").read_text(encoding="utf-8"), re.M)
    assert sorted(set(listed) - {"package"}) == sorted(declared())


def test_a_copyleft_licence_is_seen():
    assert COPYLEFT.search("License :: OSI Approved :: GNU General Public License v3 (GPLv3)")
    assert COPYLEFT.search("LGPL-3.0-only")
    assert not COPYLEFT.search("BSD-3-Clause AND 0BSD AND MIT")


def lowest_versions():
    """Yield each requirement of the plain install and of a user's extras, with its lower bound."""
    groups = PROJECT["optional-dependencies"].items()
    extras = [line for name, lines in groups for line in lines if name not in {"test", "docs", "dev"}]
    for line in [*PROJECT["dependencies"], *extras]:
        need = Requirement(line)
        if need.name not in {PROJECT["name"], "tomli"}:
            yield need.name.lower(), str(need.specifier).removeprefix(">=")


def test_the_lowest_versions_that_are_declared_are_those_that_ci_installs():
    text = (ROOT / ".ci" / "lowest.txt").read_text(encoding="utf-8")
    tested = dict(line.split("==") for line in text.split() if "==" in line)
    stated = {name: version for name, version in lowest_versions() if name in tested}
    wrong = {n: (v, tested[n]) for n, v in stated.items() if Version(v) != Version(tested[n])}
    assert not wrong
    assert set(declared()) - {"tomli"} <= set(tested)
