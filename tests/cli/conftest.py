"""Commands called in this process, each in a folder and with a configuration of its own."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from eisfit.cli.app import app
from eisfit.files import to_json

SCHEMAS = Path(__file__).resolve().parents[2] / "docs" / "schemas"


@pytest.fixture
def run(capsys, monkeypatch, tmp_path):
    """Return a function that runs a command and returns its exit code, standard output and standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("COLUMNS", "120")

    def call(*arguments, stdin=""):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        with pytest.raises(SystemExit) as end:
            app([str(a) for a in arguments], prog_name="eisfit")
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return end.value.code or 0, out, err

    return call


@pytest.fixture(autouse=True)
def as_the_schemas_say(monkeypatch):
    """Hold every JSON document that a command prints against its published schema."""

    def checked(document):
        text = to_json(document)
        found = json.loads(text)
        path = SCHEMAS / f"{found['schema'].partition('.')[2].replace('/', '-')}.json"
        if path.is_file():  # forms that only some options give have none
            schema = json.loads(path.read_text(encoding="utf-8"))
            wrong = [
                f"{e.json_path}: {e.message[:200]}" for e in Draft202012Validator(schema).iter_errors(found)
            ]
            assert not wrong, f"docs/schemas/{path.name}: {wrong[:5]}"
        return text

    monkeypatch.setattr("eisfit.cli.output.to_json", checked)
