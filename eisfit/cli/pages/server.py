"""The server of `eisfit view`: this machine alone, a secret address, and nothing else behind it.

It listens on 127.0.0.1. Every request is refused that does not name this very address as its host (a page
elsewhere cannot reach it through a name of its own), does not carry the token in its path, comes from a page
of another origin, or asks for anything but the page and its one table of questions. No file is ever opened
for it.
"""

from __future__ import annotations

import hmac
import json
import secrets
import socket
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from eisfit.errors import UsageError
from eisfit.files import to_json

_MAX_BYTES = 64 * 1024 * 1024  # bytes of a request: files that were dropped on the page
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",  # the address holds the token
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Site:
    """What is served: a page, and answers to its questions, one at a time.

    Parameters
    ----------
    page
        Makes the page.
    handle
        Answers a JSON object with a JSON object, ``{"error": sentence}`` where it cannot.
    """

    def __init__(self, page: Callable[[], str], handle: Callable[[Any], dict[str, Any]]) -> None:
        self.page, self.handle = page, handle
        self.token = secrets.token_urlsafe(32)
        self.hosts: frozenset[str] = frozenset()
        self.turn = threading.Lock()

    def answer(self, kind: str, body: bytes) -> dict[str, Any]:
        """Return the answer to the body of a request."""
        if kind.partition(";")[0].strip().lower() != "application/json":
            return {"error": "the request is not declared as JSON"}
        try:
            request = json.loads(body)
        except (ValueError, RecursionError):
            return {"error": "the request is not valid JSON"}
        with self.turn:
            return self.handle(request)


class Server(ThreadingHTTPServer):
    """What listens, with its address."""

    daemon_threads = True
    site: Site
    address: str

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: the address with its token stays out of every log."""


class _Guarded(BaseHTTPRequestHandler):
    """A handler that answers requests of the page alone."""

    server: Server
    timeout = 30

    def handle_one_request(self) -> None:
        """Answer one request of whatever method, and hang up."""
        self.raw_requestline = self.rfile.readline(65537)
        self.close_connection = True
        if not self.raw_requestline or not self.parse_request():
            return
        self.close_connection = True
        try:
            self._respond()
        except (ConnectionError, TimeoutError):
            return
        except Exception:
            self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR)

    def _respond(self) -> None:
        site, parts = self.server.site, self.path.split("/")
        if not (self._is_own_address() and self._has_token(parts[1] if len(parts) > 1 else "")):
            self._refuse(HTTPStatus.FORBIDDEN)
        elif parts[0] or parts[2:] not in ([""], ["api"]):
            self._refuse(HTTPStatus.NOT_FOUND)
        elif self.command != ("POST" if parts[2] else "GET"):
            self._refuse(HTTPStatus.FORBIDDEN)
        elif not parts[2]:
            self._send(HTTPStatus.OK, "text/html", site.page())
        else:
            self._post(site)

    def _post(self, site: Site) -> None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > _MAX_BYTES:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return
        told = site.answer(self.headers.get("Content-Type", ""), self.rfile.read(int(length)))
        status = HTTPStatus.BAD_REQUEST if "error" in told else HTTPStatus.OK
        self._send(status, "application/json", to_json(told))

    def _is_own_address(self) -> bool:
        """Return whether this address was asked for, and not by a page of another one."""
        hosts, origin = self.server.site.hosts, self.headers.get("Origin")
        return self.headers.get("Host") in hosts and (
            origin is None or origin in {f"http://{host}" for host in hosts}
        )

    def _has_token(self, given: str) -> bool:
        """Return whether the path begins with the token; the time that this takes does not depend on it."""
        return hmac.compare_digest(given.encode("utf-8", "replace"), self.server.site.token.encode("ascii"))

    def _refuse(self, status: HTTPStatus) -> None:
        self._send(status, "text/plain", f"{status.value}: {status.phrase}\n")

    def _send(self, status: HTTPStatus, kind: str, text: str) -> None:
        content = text.encode("utf-8")
        self.send_response_only(status)
        headers = {"Content-Type": f"{kind}; charset=utf-8", "Content-Length": str(len(content))}
        for name, value in {**headers, **_HEADERS, "Connection": "close"}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content if self.command != "HEAD" else b"")

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse a malformed request, in the same few words."""
        self._refuse(HTTPStatus(code))

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the address with its token stays out of every log."""


def open_socket(port: int) -> socket.socket:
    """Return a socket on 127.0.0.1 alone; port 0: any that is free.

    Raises
    ------
    UsageError
        When the port is taken or not allowed.
    """
    if not 0 <= port <= 65535:
        raise UsageError(f"--port {port}: cannot be used: ports go from 0 to 65535")
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    # At once after another server has ended; but on Windows this would let two share a port.
    option = getattr(socket, "SO_EXCLUSIVEADDRUSE", socket.SO_REUSEADDR)
    try:
        made.setsockopt(socket.SOL_SOCKET, option, 1)
        made.bind(("127.0.0.1", port))
        made.listen(64)
    except OSError as error:
        made.close()
        reason = f"{error.strerror}; --port 0 takes one that is free"
        raise UsageError(f"--port {port}: cannot be used: {reason}") from None
    return made


def open_server(site: Site, port: int) -> Server:
    """Return a server that listens, and answers nobody yet.

    Raises
    ------
    UsageError
        See `open_socket`.
    """
    entrance = open_socket(port)
    number = entrance.getsockname()[1]
    site.hosts = frozenset({f"127.0.0.1:{number}", f"localhost:{number}"})
    server = Server(("127.0.0.1", number), _Guarded, bind_and_activate=False)
    server.socket.close()
    server.socket, server.site = entrance, site
    server.address = f"http://127.0.0.1:{number}/{site.token}/"
    return server


def serve(site: Site, port: int, ready: Callable[[str], None]) -> None:
    """Serve until interrupted; `ready` is called with the address."""
    with open_server(site, port) as server:
        ready(server.address)
        server.serve_forever(poll_interval=0.2)
