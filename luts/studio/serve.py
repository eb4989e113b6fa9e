"""The studio served on 127.0.0.1, where Save writes into a folder.

Nobody else gets in: the address carries a random token, which every request must show; requests
under another host's name (a web page that lets its own name point here) are refused; only file
names without folders are written, and only in the formats that the page makes.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from ..tool.files import whole_file

HOST = "127.0.0.1"
MAX_BYTES = 1 << 26
_NAME = re.compile(r"\w[\w.-]{0,150}\.(toml|cube|png)", re.ASCII)


def make_server(
    port: int, folder: Path, page: Callable[[str], str]
) -> tuple[ThreadingHTTPServer, str]:
    """Bind the server; nothing is answered before `serve_forever`.

    Parameters
    ----------
    port : 0 for any that is free
    folder : where Save writes
    page : function(token) -> HTML

    Returns
    -------
    The server, and the address to open.

    Raises
    ------
    OSError : the port is taken
    """
    token = secrets.token_urlsafe(24)
    server = ThreadingHTTPServer((HOST, port), _Handler)
    server.studio = folder, token, page(token).encode()  # type: ignore[attr-defined]
    return server, f"http://{HOST}:{server.server_address[1]}/{token}/"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self._refused():
            return
        _, _, page = self.server.studio  # type: ignore[attr-defined]
        self._answer(HTTPStatus.OK, page, "text/html; charset=utf-8")

    def do_POST(self) -> None:
        if self._refused(last="save"):
            return
        folder, token, _ = self.server.studio  # type: ignore[attr-defined]
        size = self.headers.get("Content-Length", "")
        name = parse_qs(urlsplit(self.path).query).get("name", [""])[0]
        if not secrets.compare_digest(self.headers.get("X-Token", ""), token):
            self._say(HTTPStatus.FORBIDDEN, "no token")
        elif not size.isdigit() or int(size) > MAX_BYTES:
            self._say(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"at most {MAX_BYTES} bytes are saved")
        elif not _NAME.fullmatch(name):
            self._say(HTTPStatus.BAD_REQUEST, f"{name[:60]!r} is no name of a look, LUT or plate")
        else:
            data = self.rfile.read(int(size))
            try:
                with whole_file(folder / name) as scratch:
                    scratch.write_bytes(data)
            except OSError as error:
                self._say(HTTPStatus.INTERNAL_SERVER_ERROR, f"{name}: {error.strerror}")
            else:
                self._say(HTTPStatus.OK, str(folder / name))

    def _refused(self, last: str = "") -> bool:
        """Answer a request that does not show the token, or comes under another name."""
        _, token, _ = self.server.studio  # type: ignore[attr-defined]
        port = self.server.server_address[1]  # type: ignore[index]
        hosts = {f"{name}:{port}" for name in (HOST, "localhost")}
        path = urlsplit(self.path).path
        if self.headers.get("Host", "") not in hosts:
            self._say(HTTPStatus.FORBIDDEN, "another host's name")
        elif not secrets.compare_digest(path.encode(), f"/{token}/{last}".encode()):
            self._say(HTTPStatus.NOT_FOUND, "not here: open the address that luts studio printed")
        else:
            return False
        return True

    def _say(self, status: HTTPStatus, text: str) -> None:
        self._answer(status, f"{text}\n".encode(), "text/plain; charset=utf-8")

    def _answer(self, status: HTTPStatus, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Requests are not logged: their paths hold the token."""
