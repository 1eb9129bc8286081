"""What the page's worker calls, in this Python."""

import json
import os
import subprocess
import sys
from base64 import b64encode
from pathlib import Path

import pytest

from eisfit.cli.pages.browser import answer
from eisfit.display.progress import count_items, show_progress


def ask(op, **payload):
    return json.loads(answer(json.dumps({"op": op, **payload})))


EXAMPLES = Path(__file__).resolve().parents[2] / "example_spectra"


def test_a_file_is_read_and_its_circuit_drawn():
    content = b64encode((EXAMPLES / "rrml/bare/bare_cycle_003.csv").read_bytes()).decode()
    told = ask("read", files=[{"name": "bare_cycle_003.csv", "base64": content}])
    spectrum = told["spectra"][0]["spectrum"]
    assert ask("circuit", spectrum=spectrum, circuit="rs-ct-w")["circuit"]["name"] == "rs-ct-w"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[" * 100_000, "nested too deeply"),
        ("{", "not valid JSON"),
        ('{"op": "nothing"}', "there is no operation"),
    ],
)
def test_wrong_questions_are_answered_in_a_sentence(text, told):
    assert told in json.loads(answer(text))["error"]


@pytest.mark.parametrize(
    ("fault", "told"), [(MemoryError(), "fewer or smaller"), (KeyError("x"), "report it")]
)
def test_faults_are_answered_too(monkeypatch, fault, told):
    def broken(request):
        raise fault

    monkeypatch.setattr("eisfit.cli.pages.browser.handle", broken)
    assert told in json.loads(answer("{}"))["error"]


def test_progress_is_shown_by_a_function_until_it_is_taken_away():
    seen = []
    show_progress(lambda *how: seen.append(how))
    try:
        list(count_items("ab", "fitting"))
    finally:
        show_progress(None)
    list(count_items("ab", "fitting"))
    assert seen == [("fitting", 1, 2), ("fitting", 2, 2)]


@pytest.mark.slow
def test_a_prepared_process_has_a_umask_and_none_of_what_a_page_lacks():
    absent = ("rich", "pandas", "matplotlib", "concurrent.futures.process", "scipy.stats")
    code = (
        "import os, sys; os.umask(0o777)\n"
        f"for name in {absent[:4]}: sys.modules[name] = None\n"
        "from eisfit.cli.pages.browser import prepare; prepare()\n"
        "import eisfit, numpy as np\n"
        "f = np.geomspace(1e5, 0.1, 40); z = 2 + 50 / (1 + 2j * np.pi * f * 50 * 1e-5)\n"
        "r = eisfit.fit((f, z), 'R_s-p(R_ct,C_dl)')\n"
        "list(eisfit.fit_many([r.spectrum] * 2, r.circuit))\n"
        f"loaded = [name for name in {absent} if sys.modules.get(name)]\n"
        "print(oct(os.umask(0)), loaded, round(r['R_ct'].value, 6))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env={**os.environ}
    )
    assert done.stdout.strip() == "0o22 [] 50.0", done.stderr
