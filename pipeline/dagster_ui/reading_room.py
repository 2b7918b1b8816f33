"""Serves the files of a home that people read, for the links of the Dagster UI: ``python -m ... HOME HOST PORT``.

On loopback only, read-only, without listings. What arrived, the contacts and what is being built are not shown.
"""

import sys
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pipeline.child_process import end_with_parent
from pipeline.home import Home

#: Below the home: folders and files that may be read.
PUBLIC = ("bulletin", "data_docs", "marked", "alerts/outbox", "alerts/standing.md")
#: Text is shown, not downloaded; a workbook is downloaded.
TYPES = {".md": "text/plain; charset=utf-8", ".json": "application/json; charset=utf-8"}


class ReadingRoom(SimpleHTTPRequestHandler):
    """Answers with a file of ``SHOWN``, or with 404."""

    extensions_map = SimpleHTTPRequestHandler.extensions_map | TYPES

    def send_head(self):
        """Answer GET and HEAD, but under our own name only: a page from elsewhere may have its name resolve to us."""
        if self.headers.get("Host", "").partition(":")[0] not in ("127.0.0.1", "localhost"):
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST)
            return None
        if not Path(self.translate_path(self.path)).is_file():
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        return super().send_head()

    def translate_path(self, path: str) -> str:
        """Return the file at ``path``; where that may not be read, one that does not exist."""
        root = Path(self.directory).resolve()
        relative = unquote(urlsplit(path).path).strip("/")
        candidate = (root / relative).resolve() if "\0" not in relative else root
        public_places = (root / name for name in PUBLIC)
        return str(candidate if any(candidate.is_relative_to(place) for place in public_places) else root / "not shown")

    def end_headers(self) -> None:
        """Let no browser guess a type, nor keep a page: the next night changes it."""
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing: the terminal is Dagster's."""


def place_of(address: str) -> tuple[str, int] | None:
    """Return host and port of an address on loopback, None for any other."""
    parts = urlsplit(address)
    host = "127.0.0.1" if parts.hostname == "localhost" else parts.hostname or ""
    try:
        is_ours = parts.scheme == "http" and IPv4Address(host).is_loopback and not parts.path.strip("/")
    except ValueError:
        return None
    return (host, parts.port or 80) if is_ours else None


def bind_server(home: Home, host: str, port: int) -> ThreadingHTTPServer:
    """Return a server of what may be read of ``home``, bound and not running yet; raises ``OSError`` where it is taken."""
    handler: Callable[..., ReadingRoom] = partial(ReadingRoom, directory=str(home.root))
    return ThreadingHTTPServer((host, port), handler)


def main(home: str, host: str, port: str) -> None:
    """Serve until the process that started this one ends."""
    end_with_parent()
    try:
        with bind_server(Home(Path(home)), host, int(port)) as server:
            server.serve_forever()
    except OSError as problem:
        sys.exit(f"links to pages and letters will not open: {host}:{port} is taken ({problem.strerror})")
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main(*sys.argv[1:])
