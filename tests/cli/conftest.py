"""Commands called in this process, each in a folder and with a configuration of its own."""

from __future__ import annotations

import io
import sys

import pytest

from eisfit.cli.app import app


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
