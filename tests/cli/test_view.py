"""`eisfit view` without a browser: what its page may ask, and that nobody else may ask anything."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest

import eisfit
from eisfit.cli.viewer import Viewer
from eisfit.errors import CircuitError, FitError, ParameterError, SchemaError, UsageError
from eisfit.spectra.spectrum import Spectrum

ONE = Path(__file__).resolve().parents[2] / "example_spectra" / "rrml" / "bare" / "bare_cycle_003.csv"
RC = {"R_s": 2.0, "R_ct": 50.0, "C_dl": 1e-4}


@pytest.fixture(scope="module")
def spectrum():
    return eisfit.read(ONE)


@pytest.fixture(scope="module")
def viewer(spectrum):
    return Viewer((spectrum,), eisfit.circuit("rs-sei-ct-w"), "rs-sei-ct-w")


def test_the_curve_is_the_circuits(viewer):
    """R_s + R_ct / (1 + j omega R_ct C_dl)."""
    told = viewer.impedance({"circuit": "rs-rc", "values": RC})
    curve = told["curve"]
    omega = 2 * np.pi * np.array(curve["frequency_Hz"])
    z = 2.0 + 50.0 / (1 + 1j * omega * 50.0 * 1e-4)
    assert curve["Z_real_ohm"] == pytest.approx(z.real, rel=1e-12)
    assert curve["Z_imag_ohm"] == pytest.approx(z.imag, rel=1e-12)
    assert told["values"] == RC


def test_the_distance_to_the_data(viewer, spectrum):
    told = viewer.impedance({"circuit": "rs-rc", "values": RC})
    z = 2.0 + 50.0 / (1 + 2j * np.pi * spectrum.frequency * 50.0 * 1e-4)
    away = (spectrum.impedance - z) / abs(spectrum.impedance)
    assert told["residual_real_percent"] == pytest.approx(100 * away.real)
    assert told["rms_relative_residual"] == pytest.approx(np.sqrt(np.mean(abs(away) ** 2)))


def test_sliders_start_at_the_fit_and_keep_to_the_bounds(viewer, spectrum):
    told = viewer.describe({"circuit": "rs-sei-ct-w"})
    rows = {row["name"]: row for row in told["parameters"]}
    fitted = eisfit.fit(spectrum, "rs-sei-ct-w")
    assert rows["R_ct"]["value"] == pytest.approx(fitted["R_ct"].value, rel=1e-4)
    assert rows["R_ct"]["scale"] == "log"
    assert rows["R_ct"]["high"] == pytest.approx(1e6 * rows["R_ct"]["low"])
    alpha = rows["CPE_ct_alpha"]
    assert (alpha["scale"], alpha["low"], alpha["high"]) == ("linear", 0.2, 1.0)


def test_what_the_command_line_fixed_and_tied_stays(spectrum):
    chosen = eisfit.circuit("rs-sei-ct-w").constrain(
        fix={"R_s": 3.5}, expr={"CPE_ct_alpha": "CPE_sei_alpha"}, bound={"R_ct": (40, 60)}
    )
    viewer = Viewer((spectrum,), chosen, "rs-sei-ct-w", circuit_arguments=("--fix", "R_s=3.5"))
    rows = {row["name"]: row for row in viewer.describe({"circuit": "rs-sei-ct-w"})["parameters"]}
    assert (rows["R_s"]["mode"], rows["R_s"]["value"]) == ("fixed", 3.5)
    assert (rows["CPE_ct_alpha"]["mode"], rows["CPE_ct_alpha"]["expr"]) == ("tied", "CPE_sei_alpha")
    assert (rows["R_ct"]["low"], rows["R_ct"]["high"]) == (40, 60)
    values = {name: row["value"] for name, row in rows.items() if row["mode"] == "free"}
    told = viewer.impedance({"circuit": "rs-sei-ct-w", "values": values})
    assert told["values"]["CPE_ct_alpha"] == values["CPE_sei_alpha"]
    assert "--fix R_s=3.5 --start R_sei=" in told["command"]


def test_a_fit_is_that_of_the_library_from_the_same_start(viewer, spectrum):
    start = {row["name"]: row["value"] for row in viewer.describe({"circuit": "rs-sei-ct-w"})["parameters"]}
    start |= {"R_ct": 80.0, "R_sei": 4.0}
    told = viewer.fit({"circuit": "rs-sei-ct-w", "values": start, "held": ["R_s"]})
    fixed = start.pop("R_s")
    result = eisfit.fit(spectrum, "rs-sei-ct-w", start=start, fix={"R_s": fixed})
    assert told["values"] == pytest.approx(result.values, rel=1e-12)
    assert told["entry"]["ok"] == result.ok
    assert told["document"]["results"][0]["parameters"]["R_s"]["vary"] is False


def test_the_command_does_what_the_button_does(viewer, tmp_path, monkeypatch, capsys):
    from eisfit.cli import app

    start = {row["name"]: row["value"] for row in viewer.describe({"circuit": "rs-sei-ct-w"})["parameters"]}
    told = viewer.fit({"circuit": "rs-sei-ct-w", "values": {**start, "R_ct": 70.0}, "held": ["R_s"]})
    program, *words = shlex.split(told["command"])
    assert program == "eisfit"
    assert words[:2] == ["fit", str(ONE)]
    with pytest.raises(SystemExit) as end:
        app([*words, "--json"], prog_name="eisfit")
    assert not end.value.code
    (row,) = json.loads(capsys.readouterr().out)["results"]
    assert row["parameters"]["R_ct"]["value"] == pytest.approx(told["values"]["R_ct"], rel=1e-9)


def test_the_command_names_the_options_of_the_data(spectrum):
    viewer = Viewer(
        (spectrum.replace(source="<stdin>"),),
        eisfit.circuit("rs-rc"),
        "my circuits/rc.toml",
        "unit",
        ("--fmax", "100"),
    )
    command = viewer.impedance({"circuit": "rs-rc", "values": RC})["command"]
    assert command.startswith(
        "eisfit fit - --circuit 'my circuits/rc.toml' --fmax 100 --weighting unit --start R_s=2.0"
    )


def test_where_nothing_can_be_fitted_the_sliders_still_stand_somewhere():
    few = Spectrum(frequency=[10.0, 1.0], impedance=[3 - 1j, 5 - 1j])
    told = Viewer((few,), eisfit.circuit("rs-sei-ct-w")).describe({"circuit": "rs-sei-ct-w"})
    assert told["note"].startswith("no fit to start from: ")
    assert all(row["min"] <= row["value"] <= row["max"] for row in told["parameters"])


@pytest.mark.parametrize(
    ("request_", "error", "said"),
    [
        ([], UsageError, "the request is not a JSON object"),
        ({}, SchemaError, "circuit"),
        ({"circuit": "rs-rc", "file": "/etc/passwd"}, SchemaError, "file"),
        ({"circuit": "x" * 401}, SchemaError, "circuit"),
        ({"circuit": "rs-rc", "values": {"R_s": float("nan")}}, SchemaError, "values"),
        ({"circuit": "rs-rc", "values": {f"R{k}": 1.0 for k in range(31)}}, SchemaError, "values"),
        ({"circuit": "rs-rc", "spectrum": 7}, UsageError, "there is no spectrum 7: there are 1"),
        ({"circuit": "/etc/passwd"}, CircuitError, "name a file with eisfit view --circuit"),
        ({"circuit": "../secret.toml"}, CircuitError, "name a file with eisfit view --circuit"),
        ({"circuit": "C:\\secret.toml"}, CircuitError, "name a file with eisfit view --circuit"),
        ({"circuit": "rs-tc"}, CircuitError, "did you mean 'rs-"),
        ({"circuit": "R0-p(R1"}, CircuitError, "R0-p"),
        ({"circuit": "(" * 400}, CircuitError, "nested more than 50 deep"),
        ({"circuit": "-".join(f"R{k}" for k in range(40))}, CircuitError, "40 parameters; the page shows 30"),
        ({"circuit": "rs-rc", "values": {"R_x": 1.0}}, ParameterError, "no parameter 'R_x'"),
        ({"circuit": "rs-rc", "values": {**RC, "R_s": -1.0}}, ParameterError, "outside its bounds"),
        ({"circuit": "rs-rc", "values": {"R_s": 1.0}}, ParameterError, "no value for R_ct, C_dl"),
    ],
)  # fmt: skip
def test_a_wrong_request_is_answered_with_a_sentence(request_, error, said, viewer):
    with pytest.raises(error, match=said):
        viewer.impedance(request_)


def test_a_fit_of_a_name_that_is_not_there(viewer):
    with pytest.raises(ParameterError, match="no parameter 'R_x'"):
        viewer.fit({"circuit": "rs-rc", "values": RC, "held": ["R_x"]})


def test_a_fit_that_cannot_be_made():
    few = Spectrum(frequency=[10.0], impedance=[3 - 1j])
    with pytest.raises(FitError):
        Viewer((few,), eisfit.circuit("rs-rc")).fit({"circuit": "rs-rc", "values": RC})


def test_no_spectrum_no_viewer():
    with pytest.raises(UsageError, match="there is no spectrum to view"):
        Viewer((), eisfit.circuit("rs-rc"))


class Client:
    """A server in a thread, and requests to it."""

    def __init__(self, viewer):
        from eisfit.cli.view_server import serve

        self.loop, told = asyncio.new_event_loop(), threading.Event()

        def ready(address):
            self.address = address
            told.set()

        self.task = self.loop.create_task(serve(viewer, 0, ready))
        self.thread = threading.Thread(target=self._run)
        self.thread.start()
        assert told.wait(30)
        self.port, self.path = urlsplit(self.address).port, urlsplit(self.address).path

    def _run(self):
        asyncio.set_event_loop(self.loop)
        with pytest.raises(asyncio.CancelledError):
            self.loop.run_until_complete(self.task)
        self.loop.close()

    def close(self):
        self.loop.call_soon_threadsafe(self.task.cancel)
        self.thread.join(30)

    def ask(self, method="GET", path=None, body=None, **headers):
        """Return (status, headers, text) of a request; header names with _ for -."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            given = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, self.path if path is None else path, body, given)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read().decode("utf-8", "replace")
        finally:
            connection.close()

    def post(self, what="impedance", content=None, **headers):
        body = content if isinstance(content, (str, bytes)) else json.dumps(content or {})
        return self.ask(
            "POST", f"{self.path}api/{what}", body, **{"Content_Type": "application/json", **headers}
        )


@pytest.fixture(scope="module")
def client(viewer):
    one = Client(viewer)
    yield one
    one.close()


def test_the_page_and_its_answers(client):
    status, headers, text = client.ask()
    assert status == 200
    assert "<title>View bare_cycle_003.csv</title>" in text
    assert "simulated data, not measured" in text
    assert "connect-src 'self'" in text
    status, headers, text = client.post(content={"circuit": "rs-rc", "values": RC})
    assert status == 200
    assert headers["Content-Type"].startswith("application/json")
    assert json.loads(text)["values"] == RC


def test_every_answer_is_kept_to_this_page(client):
    for _, headers, _ in (client.ask(), client.post(), client.ask(path="/"), client.post(content="{")):
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert not [name for name in headers if name.lower().startswith("access-control")]
        assert "Server" not in headers


def test_the_token_is_long_and_new_each_time(client, viewer):
    other = Client(viewer)
    other.close()
    assert len(client.path.strip("/")) >= 43  # 32 random bytes
    assert other.path != client.path


@pytest.mark.parametrize(
    "path",
    ["/", "/x/", "/x/api/fit", "//", "/api/fit", "/favicon.ico", "/robots.txt", "/static/js/bokeh.min.js",
     "/../../etc/passwd", "/%2e%2e/etc/passwd", "/" + "A" * 43 + "/", "/%ff%fe/", "*"],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_without_the_token_nothing(path, method, client):
    status, _, text = client.ask(method, path, "{}" if method == "POST" else None)
    assert status == 403
    assert text == "403: Forbidden\n"


def test_a_token_that_is_nearly_right(client):
    token = client.path.strip("/")
    for near in (token[:-1], token + "A", token.swapcase(), token[::-1], f"{token}%00"):
        assert client.ask(path=f"/{near}/")[0] == 403


@pytest.mark.parametrize(
    "inner", ["x", "../../etc/passwd", "api", "api/", "api/run", "api/fit/", "%2e%2e/x", "api/../x"]
)
def test_behind_the_token_there_is_nothing_else(inner, client):
    assert client.ask(path=f"{client.path}{inner}")[0] == 404
    assert client.ask("POST", f"{client.path}{inner}", "{}")[0] == 404


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "POST"])
def test_other_methods_are_refused_on_the_page(method, client):
    assert client.ask(method)[0] in {403, 405}


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_other_methods_are_refused_on_the_answers(method, client):
    assert client.ask(method, f"{client.path}api/fit")[0] in {403, 405}


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "0.0.0.0:{port}", ""]
)
def test_another_host_is_refused(host, client):
    """A name elsewhere that has been pointed at 127.0.0.1 reaches nothing."""
    given = host.format(port=client.port)
    assert client.ask(Host=given)[0] in {400, 403}
    assert client.post(content={"circuit": "rs-rc", "values": RC}, Host=given)[0] in {400, 403}


def test_both_names_of_this_machine_are_taken(client):
    for name in ("127.0.0.1", "localhost"):
        assert client.ask(Host=f"{name}:{client.port}")[0] == 200


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1:1", "https://127.0.0.1:{port}"]
)
def test_a_page_from_elsewhere_is_refused(origin, client):
    given = origin.format(port=client.port)
    assert client.post(content={"circuit": "rs-rc", "values": RC}, Origin=given)[0] == 403


def test_this_page_is_not(client):
    origin = f"http://127.0.0.1:{client.port}"
    assert client.post(content={"circuit": "rs-rc", "values": RC}, Origin=origin)[0] == 200


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("", "is not valid JSON"),
        ("{", "is not valid JSON"),
        (b"\xff\xfe", "is not valid JSON"),
        ("[" * 60_000, "is not valid JSON"),
        ("[]", "is not a JSON object"),
        ('{"circuit": "R0-p(R1"}', "R0-p(R1"),
        ('{"circuit": "rs-rc", "values": {"R_s": NaN}}', "values"),
        ('{"circuit": "rs-rc", "values": {"R_s": 1e999}}', "values"),
        ('{"circuit": "../x.toml"}', "name a file with eisfit view --circuit"),
    ],
)
def test_a_wrong_body_is_answered_with_a_sentence(body, said, client):
    status, _, text = client.post(content=body or b"")
    assert status == 400
    error = json.loads(text)["error"]
    assert said in error
    assert "Traceback" not in error


def test_only_json_is_read(client):
    """What a form elsewhere could send without asking first is refused."""
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        status, _, text = client.post(content={"circuit": "rs-rc"}, Content_Type=kind)
        assert status == 400
        assert "is not declared as JSON" in text


def test_a_large_body_is_refused(client):
    try:
        status, _, _ = client.post(content=" " * 70_000)
    except (BrokenPipeError, ConnectionResetError):
        status = 400  # the server hung up while it was being sent
    assert status in {400, 413}
    assert client.ask()[0] == 200


def test_a_fault_of_eisfits_own_tells_no_more_than_that(client, viewer, monkeypatch):
    monkeypatch.setitem(viewer.answers, "circuit", lambda request: 1 / 0)
    status, _, text = client.post("circuit", {"circuit": "rs-rc"})
    assert status == 500
    assert text == "500: Internal Server Error\n"


def test_it_listens_on_this_machine_alone():
    from eisfit.cli.view_server import open_socket

    with open_socket(0) as one:
        assert one.getsockname()[0] == "127.0.0.1"  # not on the network
        with pytest.raises(
            UsageError, match=r"--port \d+: cannot be used: .*; --port 0 takes one that is free"
        ):
            open_socket(one.getsockname()[1])
    with pytest.raises(UsageError, match="--port 99999: cannot be used"):
        open_socket(99999)


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is sent in another way on Windows")
def test_ctrl_c_ends_it_cleanly_and_the_address_is_printed():
    command = [sys.executable, "-m", "eisfit", "view", str(ONE), "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        address = urlsplit(process.stdout.readline().strip())
        with socket.create_connection((address.hostname, address.port), timeout=30):
            pass
        assert process.stdout.readline() == "The page is open to this machine alone. Ctrl-C ends it.\n"
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=60)
    assert process.returncode == 0
    assert error == "eisfit: ended\n"


def test_files_that_cannot_be_viewed(tmp_path, capsys):
    from eisfit.cli import app

    (tmp_path / "bad.mpt").write_bytes(b"\x00\x01")
    with pytest.raises(SystemExit) as end:
        app(["view", str(tmp_path / "bad.mpt"), "--no-browser"], prog_name="eisfit")
    error = capsys.readouterr().err
    assert end.value.code == 1
    assert "bad.mpt: " in error
    assert "none of the files can be viewed" in error


def test_the_browser_is_sent_to_the_address(monkeypatch, capsys):
    import webbrowser

    from eisfit.cli import app

    opened = threading.Event()
    found = []

    def browse(address):
        found.append(address)
        opened.set()

    async def serve(viewer, port, ready):
        assert port == 0
        ready("http://127.0.0.1:1/secret/")
        assert opened.wait(30)

    monkeypatch.setattr(webbrowser, "open", browse)
    monkeypatch.setattr("eisfit.cli.view_server.serve", serve)
    with pytest.raises(SystemExit) as end:
        app(["view", str(ONE)], prog_name="eisfit")
    assert not end.value.code
    assert found == ["http://127.0.0.1:1/secret/"]
    assert capsys.readouterr().out.startswith("http://127.0.0.1:1/secret/\n")
