"""`eisfit view` without a browser: what its page may ask, and that nobody else may ask anything."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import eisfit
from eisfit.cli.pages.server import Site, open_server, open_socket
from eisfit.cli.pages.workbench import Workbench
from eisfit.errors import UsageError

ONE = Path(__file__).resolve().parents[2] / "example_spectra" / "rrml" / "bare" / "bare_cycle_003.csv"
RC = {"R_s": 2.0, "R_ct": 50.0, "C_dl": 1e-4}


@pytest.fixture(scope="module")
def spectrum():
    return eisfit.read(ONE)


@pytest.fixture(scope="module")
def question(spectrum):
    """A question that the page asks with every move of a slider."""
    return {"op": "simulate", "spectrum": spectrum.to_dict(), "circuit": "rs-rc", "values": RC}


@pytest.fixture(scope="module")
def site(spectrum):
    bench = Workbench(eisfit.circuit("rs-sei-ct-w"), "rs-sei-ct-w")
    return Site(lambda: bench.page([spectrum]), bench.handle)


def test_no_spectrum_no_page():
    with pytest.raises(UsageError, match="there is no spectrum to view"):
        Workbench().page([])


def test_folders_are_groups(spectrum):
    text = Workbench().page([spectrum.replace(source=f"{cell}/a.csv") for cell in ("bare", "coated", "bare")])
    data = json.loads(re.search(r'id="eisfit-data">(.*?)</script>', text, re.DOTALL)[1])
    assert [(group["label"], len(group["spectra"])) for group in data["groups"]] == [
        ("bare", 2),
        ("coated", 1),
    ]


def test_folders_and_files_of_one_name_are_told_apart(spectrum):
    """They were one series: the cells of two makers, in folders of one name."""
    text = Workbench().page([spectrum.replace(source=f"{maker}/eis/a.csv") for maker in ("gamry", "zahner")])
    data = json.loads(re.search(r'id="eisfit-data">(.*?)</script>', text, re.DOTALL)[1])
    found = [(group["label"], *(entry["name"] for entry in group["entries"])) for group in data["groups"]]
    assert found == [("gamry/eis", "gamry/eis/a.csv"), ("zahner/eis", "zahner/eis/a.csv")]


def test_files_that_cannot_be_read_are_told_by_the_page(spectrum):
    text = Workbench().page([spectrum], unread=["a.csv: the file is empty"])
    data = json.loads(re.search(r'id="eisfit-data">(.*?)</script>', text, re.DOTALL)[1])
    assert data["unread"] == ["a.csv: the file is empty"]


class Client:
    """A server in a thread, and requests to it."""

    def __init__(self, site):
        self.server = open_server(site, 0)
        self.address = self.server.address
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.2,))
        self.thread.start()
        self.port, self.path = urlsplit(self.address).port, urlsplit(self.address).path

    def close(self):
        self.server.shutdown()
        self.server.server_close()
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

    def post(self, content=None, **headers):
        body = content if isinstance(content, (str, bytes)) else json.dumps(content or {})
        return self.ask("POST", f"{self.path}api", body, **{"Content_Type": "application/json", **headers})


@pytest.fixture(scope="module")
def client(site):
    one = Client(site)
    yield one
    one.close()


def test_the_page_and_its_answers(client, question):
    status, headers, text = client.ask()
    assert status == 200
    assert "<title>View bare_cycle_003.csv</title>" in text
    assert "simulated data, not measured" in text
    assert "connect-src 'self'" in text
    status, headers, text = client.post(question)
    assert status == 200
    assert headers["Content-Type"].startswith("application/json")
    assert json.loads(text)["values"] == RC


def test_every_answer_is_kept_to_this_page(client):
    for _, headers, _ in (client.ask(), client.post({}), client.ask(path="/"), client.post("{")):
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert not [name for name in headers if name.lower().startswith("access-control")]
        assert "Server" not in headers


def test_the_token_is_long_and_new_each_time(client):
    other = Client(Site(str, dict))
    other.close()
    assert len(client.path.strip("/")) >= 43  # 32 random bytes
    assert other.path != client.path


@pytest.mark.parametrize(
    "path",
    ["/", "/x/", "/x/api", "//", "/api", "/favicon.ico", "/robots.txt", "/static/js/bokeh.min.js",
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
    "inner", ["x", "../../etc/passwd", "api/", "api/run", "api/fit/", "%2e%2e/x", "api/../x"]
)
def test_behind_the_token_there_is_nothing_else(inner, client):
    assert client.ask(path=f"{client.path}{inner}")[0] == 404
    assert client.ask("POST", f"{client.path}{inner}", "{}")[0] == 404


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "POST"])
def test_other_methods_are_refused_on_the_page(method, client):
    assert client.ask(method)[0] in {403, 405}


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_other_methods_are_refused_on_the_answers(method, client):
    assert client.ask(method, f"{client.path}api")[0] in {403, 405}


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "0.0.0.0:{port}", ""]
)
def test_another_host_is_refused(host, client, question):
    """A name elsewhere that has been pointed at 127.0.0.1 reaches nothing."""
    given = host.format(port=client.port)
    assert client.ask(Host=given)[0] in {400, 403}
    assert client.post(question, Host=given)[0] in {400, 403}


def test_both_names_of_this_machine_are_taken(client):
    for name in ("127.0.0.1", "localhost"):
        assert client.ask(Host=f"{name}:{client.port}")[0] == 200


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1:1", "https://127.0.0.1:{port}"]
)
def test_a_page_from_elsewhere_is_refused(origin, client, question):
    given = origin.format(port=client.port)
    assert client.post(question, Origin=given)[0] == 403


def test_this_page_is_not(client, question):
    origin = f"http://127.0.0.1:{client.port}"
    assert client.post(question, Origin=origin)[0] == 200


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("", "is not valid JSON"),
        ("{", "is not valid JSON"),
        (b"\xff\xfe", "is not valid JSON"),
        ("[" * 60_000, "is not valid JSON"),
        ("[]", "is not a JSON object"),
        ('{"op": "simulate", "spectrum": {}, "values": {"R_s": NaN}}', "values"),
        ('{"op": "simulate", "spectrum": {}, "values": {"R_s": 1e999}}', "values"),
        ('{"op": "run"}', "there is no operation 'run'"),
    ],
)
def test_a_wrong_body_is_answered_with_a_sentence(body, said, client):
    status, _, text = client.post(body or b"")
    assert status == 400
    error = json.loads(text)["error"]
    assert said in error
    assert "Traceback" not in error


def test_only_json_is_read(client):
    """What a form elsewhere could send without asking first is refused."""
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        status, _, text = client.post({"op": "read"}, Content_Type=kind)
        assert status == 400
        assert "is not declared as JSON" in text


def test_a_large_body_is_refused(client, monkeypatch):
    monkeypatch.setattr("eisfit.cli.pages.server._MAX_BYTES", 65_536)
    try:
        status, _, _ = client.post(" " * 70_000)
    except (BrokenPipeError, ConnectionResetError):
        status = 400  # the server hung up while it was being sent
    assert status in {400, 413}
    assert client.ask()[0] == 200


def test_a_fault_of_eisfits_own_tells_no_more_than_that(client, site, monkeypatch):
    monkeypatch.setattr(site, "handle", lambda request: 1 / 0)
    status, _, text = client.post({"op": "circuit"})
    assert status == 500
    assert text == "500: Internal Server Error\n"


def test_it_listens_on_this_machine_alone():
    with open_socket(0) as one:
        assert one.getsockname()[0] == "127.0.0.1"  # not on the network
        with pytest.raises(
            UsageError, match=r"--port \d+: cannot be used: .*; --port 0 takes one that is free"
        ):
            open_socket(one.getsockname()[1])
    with pytest.raises(UsageError, match="--port 99999: cannot be used"):
        open_socket(99999)


@pytest.mark.slow
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

    def serve(site, port, ready):
        assert port == 0
        ready("http://127.0.0.1:1/secret/")
        assert opened.wait(30)

    monkeypatch.setattr(webbrowser, "open", browse)
    monkeypatch.setattr("eisfit.cli.pages.server.serve", serve)
    with pytest.raises(SystemExit) as end:
        app(["view", str(ONE)], prog_name="eisfit")
    assert not end.value.code
    assert found == ["http://127.0.0.1:1/secret/"]
    assert capsys.readouterr().out.startswith("http://127.0.0.1:1/secret/\n")
