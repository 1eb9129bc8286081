"""The README keeps its word: its commands are those of .ci/run, its Python runs, its table and links hold."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
from pathlib import Path

import pytest

import eisfit

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMAND = re.compile(r"<!-- command: (\w+) -->\n```sh\n(.*?)\n```", re.DOTALL)
MARKDOWN = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")])
SHELL_LINES = [
    line.partition("#")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
    if line.startswith("eisfit ")
]


def test_there_are_two_commands_of_one_line_each():
    commands = dict(COMMAND.findall(README))
    assert list(commands) == ["run", "test"]
    for command in commands.values():
        assert "\n" not in command
        assert command.startswith("python3 -m venv .venv && .venv/bin/python -m pip install")
    assert "eisfit explain example_spectra/rrml/study.toml" in commands["run"]
    assert "pytest" in commands["test"]


def test_ci_takes_its_commands_from_the_readme():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert "for name in run test" in script
    # It has no test command of its own that could drift; a part runs once more at the lowest versions.
    own = [line.strip() for line in script.splitlines() if "-m pytest" in line]
    assert all(line.startswith(".lowest/bin/python") for line in own)
    extract = script[script.index("readme_command()") : script.index("step()")]
    for name, command in COMMAND.findall(README):
        done = subprocess.run(
            ["bash", "-c", f"{extract}\nreadme_command {name}"],
            cwd=ROOT, capture_output=True, text=True, timeout=60, check=True,
        )  # fmt: skip
        assert done.stdout == command + "\n"


def test_the_python_of_the_readme_runs(monkeypatch):
    monkeypatch.chdir(ROOT)
    names: dict[str, object] = {}
    snippets = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len(snippets) == 2
    assert len([line for line in snippets[0].splitlines() if line]) == 5
    for snippet in snippets:
        exec(compile(snippet, "README.md", "exec"), names)
    result = names["result"]
    assert result.ok
    shown = re.search(r"^R_ct +([\d.]+) ± ([\d.]+)", README, re.MULTILINE)
    assert f"{result['R_ct'].value:.2f}" == shown[1]
    assert f"{result['R_ct'].stderr:.2f}" == shown[2]


def test_the_tables_are_complete():
    spec = importlib.util.spec_from_file_location("refresh", ROOT / "docs" / "refresh.py")
    refresh = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(refresh)
    for name in eisfit.circuits():
        assert f"| `{name}` |" in README, "run python docs/refresh.py"
    for page, table in refresh.TABLES.items():
        assert refresh.TABLE.search(page.read_text(encoding="utf-8"))[0] == table(), (
            "run python docs/refresh.py"
        )


def test_the_shell_lines_name_commands_files_and_options_that_exist(capsys):
    from eisfit.cli import app

    assert len(SHELL_LINES) >= 6
    for line in SHELL_LINES:
        words = line.split(">")[0].split()[1:]
        with pytest.raises(SystemExit) as end:
            app([words[0], "--help"])
        assert not end.value.code
        text = capsys.readouterr().out
        for word in words[1:]:
            if word.startswith("--"):
                assert word in text
            elif word.startswith("example_spectra"):
                assert (ROOT / word).exists()


@pytest.mark.parametrize("path", MARKDOWN, ids=lambda path: path.name)
def test_links_within_the_repository_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (path.parent / target).exists(), f"{path.name} links {target}"


def test_the_version_is_one():
    cited = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"version: {eisfit.__version__}\n" in cited
    assert f"## [{eisfit.__version__}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
