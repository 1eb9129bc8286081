"""The server of `eisfit view`: this machine alone, a secret address, and nothing else behind it.

It listens on 127.0.0.1. Every request is refused that does not name this very address as its host (a page
elsewhere cannot reach it through a name of its own), does not carry the token in its path, comes from a page
of another origin, or asks for anything but the page and its three answers. No file is ever opened for it.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import secrets
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.log import access_log, app_log, gen_log
from tornado.web import Application, HTTPError, RequestHandler

from eisfit.cli.viewer import Viewer
from eisfit.errors import EisfitError, UsageError
from eisfit.files import to_json

__all__ = ["application", "open_socket", "serve"]

_LARGEST = 64 * 1024  # bytes of a request: a circuit and its values take one or two thousand
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",  # the address holds the token
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class _Guarded(RequestHandler):
    """A handler that answers nobody but the page itself."""

    allowed = ""

    def set_default_headers(self) -> None:
        self.clear_header("Server")
        for name, value in _HEADERS.items():
            self.set_header(name, value)

    def prepare(self) -> None:
        if not (self._is_home() and self._is_known()):
            raise HTTPError(403)
        if not self.allowed:
            raise HTTPError(404)
        if self.request.method != self.allowed:
            raise HTTPError(403)

    def _is_home(self) -> bool:
        """Return whether this address was asked for, and not by a page of another one."""
        hosts: set[str] = self.settings["hosts"]
        origin = self.request.headers.get("Origin")
        return self.request.host in hosts and (
            origin is None or origin in {f"http://{host}" for host in hosts}
        )

    def _is_known(self) -> bool:
        """Return whether the path begins with the token, in a time that tells nothing of it."""
        given = self.request.path.split("/")[1] if "/" in self.request.path else ""
        return hmac.compare_digest(given.encode("utf-8", "replace"), self.settings["token"].encode("ascii"))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(f"{status_code}: {self._reason}\n")


class _Page(_Guarded):
    """The page."""

    allowed = "GET"

    async def get(self) -> None:
        self.finish(await self.settings["work"](self.settings["viewer"].page))


class _Answer(_Guarded):
    """What the page asks for, as JSON."""

    allowed = "POST"

    async def post(self, what: str) -> None:
        viewer, work = self.settings["viewer"], self.settings["work"]
        self.set_header("Content-Type", "application/json; charset=utf-8")
        try:
            request = _request(self.request.headers.get("Content-Type", ""), self.request.body)
            text = await work(lambda: to_json(viewer.answers[what](request)))
        except EisfitError as error:
            self.set_status(400)
            text = to_json({"error": str(error)})
        self.finish(text)


class _Nothing(_Guarded):
    """Every other path."""


def _request(kind: str, body: bytes) -> Any:
    if kind.partition(";")[0].strip().lower() != "application/json":
        raise UsageError("the request is not declared as JSON")
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise UsageError("the request is not valid JSON") from None


def application(viewer: Viewer, token: str, port: int) -> Application:
    """Return the web application for one token and port."""
    pool = ThreadPoolExecutor(1, thread_name_prefix="eisfit-view")  # one fit at a time

    def work(task: Callable[[], Any]) -> Any:
        return asyncio.get_running_loop().run_in_executor(pool, task)

    routes = [(r"/[^/]+/", _Page), (r"/[^/]+/api/(circuit|impedance|fit)", _Answer)]
    hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
    settings: Any = {"viewer": viewer, "token": token, "hosts": hosts, "work": work, "pool": pool}
    return Application(routes, default_handler_class=_Nothing, log_function=lambda handler: None, **settings)


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
    made.setblocking(False)
    return made


async def serve(viewer: Viewer, port: int, ready: Callable[[str], None]) -> None:
    """Serve until cancelled; `ready` is called with the address.

    Raises
    ------
    UsageError
        See `open_socket`.
    """
    for log in (access_log, app_log, gen_log):
        log.setLevel(logging.CRITICAL)  # the address with its token stays out of every log
    entrance = open_socket(port)
    number, token = entrance.getsockname()[1], secrets.token_urlsafe(32)
    app = application(viewer, token, number)
    server = HTTPServer(app, max_body_size=_LARGEST, max_header_size=16 * 1024, body_timeout=30)
    server.add_socket(entrance)
    try:
        ready(f"http://127.0.0.1:{number}/{token}/")
        await asyncio.Event().wait()
    finally:
        server.stop()
        app.settings["pool"].shutdown(wait=False, cancel_futures=True)
