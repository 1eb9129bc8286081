"""What a release says of itself: addresses, classifiers, recipe and citation hold together."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

import pytest

import eisfit

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
RECIPE = (ROOT / "conda" / "recipe.yaml").read_text(encoding="utf-8")


def test_links_and_pictures_of_the_readme_are_addresses_on_a_package_index():
    pytest.importorskip("hatchling", reason="hatchling, which builds the package, is not installed")
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    hook = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hook)
    given = "![a](docs/a.png) [b](LICENSE) [c](https://c.org) [d](#d)"
    assert hook.with_addresses(given, "https://x.org/e", "1.2") == (
        "![a](https://x.org/e/raw/v1.2/docs/a.png) [b](https://x.org/e/blob/v1.2/LICENSE) "
        "[c](https://c.org) [d](#d)"
    )
    metadata = {"urls": {"Source": "https://x.org/e"}}
    hook.ReadmeHook(str(ROOT), {}).update(metadata)
    targets = re.findall(r"\]\(([^)]+)\)", metadata["readme"]["text"])
    assert targets
    assert all(target.startswith("https://") for target in targets)


def test_the_recipe_has_the_version_and_the_packages_of_the_project():
    assert f'version: "{eisfit.__version__}"' in RECIPE
    needed = {re.split(r"[>=;]", entry)[0].strip() for entry in PROJECT["dependencies"]}
    run = RECIPE.partition("  run:\n")[2].partition("\n\n")[0]
    listed = {re.split(r"[ >]", line.strip().removeprefix("- "))[0] for line in run.splitlines()}
    assert {name.replace("matplotlib-base", "matplotlib") for name in listed} == needed | {"python"}


def test_the_recipe_is_one_that_rattler_build_renders():
    rattler = pytest.importorskip("rattler_build", reason="py-rattler-build is not installed")
    variants = rattler.VariantConfig.from_yaml('python_min:\n  - "3.10"\n')
    (rendered,) = rattler.Stage0Recipe.from_yaml(RECIPE).render(variants)
    assert "eisfit-toolkit" in repr(rendered)
    assert eisfit.__version__ in repr(rendered)


def test_the_classifiers_name_the_lowest_python():
    lowest = PROJECT["requires-python"].removeprefix(">=")
    assert f"Programming Language :: Python :: {lowest}" in PROJECT["classifiers"]
    assert set(PROJECT["urls"]) >= {"Source", "Documentation", "Changelog", "Issues"}


def test_the_extras_that_the_documents_name_are_those_of_users():
    own = set(PROJECT["optional-dependencies"]) - {"test", "docs", "dev"}
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    readme = text.partition("Optional parts,")[2].partition("\n")[0]
    start = (ROOT / "docs" / "start.md").read_text(encoding="utf-8").partition("| name | for |")[2]
    rows = start.partition("\n\n")[0].splitlines()
    assert set(re.findall(r"toolkit\[(\w+)\]|`(\w+)`", readme)) == {
        ("fast", ""), *(("", name) for name in own - {"fast"})}  # fmt: skip
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1] if row else "")} == own
