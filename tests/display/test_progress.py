"""Progress: functions are told of every step, bars appear only where asked for and after a moment."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import eisfit
from eisfit.display import progress as module
from eisfit.display.progress import count_items, is_notebook, report_steps

SPECTRA = Path(__file__).resolve().parents[2] / "example_spectra" / "rrml"
CIRCUIT = eisfit.circuit("R_s-p(R_ct,C_dl)")


def spectra(count):
    f = [10.0**k for k in range(5, -3, -1)]
    z = CIRCUIT.impedance(f, {"R_s": [2.0] * count, "R_ct": [50.0 + k for k in range(count)], "C_dl": 1e-5})
    return [eisfit.Spectrum(f, row, cycle=k) for k, row in enumerate(z)]


@pytest.fixture
def told():
    class Told(list):
        def __call__(self, done, total):
            self.append((done, total))

    return Told()


def test_fit_many_tells(told):
    assert len(list(eisfit.fit_many(spectra(3), CIRCUIT, progress=told))) == 3
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_the_number_of_a_stream_is_unknown(told):
    list(eisfit.fit_many(iter(spectra(2)), CIRCUIT, progress=told))
    assert told == [(1, None), (2, None)]


def test_track_tells(told):
    eisfit.track(spectra(3), CIRCUIT, progress=told)
    done, total = told[-1]
    assert done == total


def test_a_stopped_iterator_takes_its_bar_away():
    many = eisfit.fit_many(spectra(3), CIRCUIT, progress=True)
    next(many)
    many.close()
    assert list(many) == []


def test_a_script_stays_silent(capfd, monkeypatch):
    monkeypatch.setattr(module, "_DELAY", 0.0)
    list(eisfit.fit_many(spectra(3), CIRCUIT))
    eisfit.track(spectra(3), CIRCUIT, progress=False)
    assert capfd.readouterr() == ("", "")


def test_a_terminal_bar_is_on_standard_error(capfd, monkeypatch):
    monkeypatch.setattr(module, "_DELAY", 0.0)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert list(count_items("abc", "reading", progress=True)) == ["a", "b", "c"]
    out, err = capfd.readouterr()
    assert out == ""
    assert "reading" in err


def test_short_work_shows_no_bar(capfd):
    list(count_items(range(5), "reading", progress=True))
    assert capfd.readouterr().err == ""


def test_a_notebook_shows_a_bar_and_takes_it_away(monkeypatch):
    shown = []
    handle = SimpleNamespace(update=lambda bundle, raw: shown.append(bundle))
    fake = SimpleNamespace(display=lambda bundle, raw, display_id: shown.append(bundle) or handle)
    monkeypatch.setitem(sys.modules, "IPython.display", fake)
    monkeypatch.setattr(module, "is_notebook", lambda: True)
    monkeypatch.setattr(module, "_DELAY", 0.0)
    monkeypatch.setattr(module, "_INTERVAL", 0.0)
    with report_steps("<fitting>", None) as step:
        step()
    assert "<progress " in shown[0]["text/html"]
    assert "&lt;fitting&gt; 1" in shown[0]["text/html"]
    assert shown[0]["text/plain"] == "<fitting> 1"
    assert shown[-1] == {"text/html": "", "text/plain": ""}


def test_pytest_is_no_notebook():
    assert not is_notebook()
