"""The Dagster UI lets in its own pages only, and ``thads dev`` says what stands in its way."""

import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from pipeline.cli import dev
from pipeline.dagster_ui.request_guard import guard
from tests.support.mail_room import free_port

METHODS = ["GET", "POST"]


async def answer(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"{request.method} was let in")


async def talk(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.close()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A server on loopback behind the guard, as the UI is."""
    routes = [Route("/graphql", answer, methods=METHODS), Route("/", answer), WebSocketRoute("/graphql", talk)]
    number = free_port()
    server = uvicorn.Server(uvicorn.Config(guard(Starlette(routes=routes)), port=number, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield number
    server.should_exit = True
    thread.join()


def ask(port: int, path: str = "/", method: str = "GET", **headers: str) -> tuple[int, str]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method=method, headers=named)
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@pytest.mark.parametrize("method", METHODS)
def test_its_own_pages_are_let_in(port: int, method: str) -> None:
    for name in ("127.0.0.1", "localhost"):
        host = f"{name}:{port}"
        for headers in (
            {},
            {"Origin": f"http://{host}"},
            {"Origin": f"http://{host}", "Sec_Fetch_Site": "same-origin"},
        ):
            assert ask(port, "/graphql", method, Host=host, **headers) == (200, f"{method} was let in")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:{port}", "192.168.1.2", "0.0.0.0"]
)
def test_no_other_name_leads_here(port: int, method: str, host: str) -> None:
    status, text = ask(port, "/graphql", method, Host=host.format(port=port))
    assert (status, text) == (400, "Invalid host header")


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "http://127.0.0.1",
        "https://127.0.0.1:{port}",
        "http://localhost:{port}",
        "http://127.0.0.1:1",
        "",
    ],
)
def test_no_page_from_elsewhere_is_let_in(port: int, origin: str) -> None:
    for method in METHODS:
        status, text = ask(port, "/graphql", method, Origin=origin.format(port=port))
        assert status == 403
        assert "Origin" in text


def test_what_a_browser_says_comes_from_elsewhere_changes_nothing(port: int) -> None:
    for site in ("cross-site", "same-site"):
        assert ask(port, "/graphql", "POST", Sec_Fetch_Site=site)[0] == 403
        assert ask(port, "/", "GET", Sec_Fetch_Site=site)[0] == 200, "a link to the UI may be followed"


@pytest.mark.parametrize(
    "query",
    [
        "mutation { launchRun }",
        "query a { version } mutation b { launchRun }",
        "# a comment\nmutation{launchRun}",
        "subscription { runs }",
        "mutation { not graphql",
    ],
)
def test_nothing_is_changed_by_get(port: int, query: str) -> None:
    for address in (f"/graphql?query={quote(query)}", f"/graphql?query=%7Bversion%7D&query={quote(query)}"):
        assert ask(port, address)[0] == 405
    assert ask(port, f"/graphql?query={quote(query)}", "POST")[0] == 200


def test_a_query_by_get_is_answered(port: int) -> None:
    assert ask(port, f"/graphql?query={quote('query q { mutationLog { id } }')}")[0] == 200
    assert ask(port, "/graphql?query=")[0] == 200


def handshake(port: int, **headers: str) -> str:
    """Ask for a web socket and return the first line of the answer."""
    named = {"Host": f"127.0.0.1:{port}", "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
             "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="} | headers  # fmt: skip
    lines = ["GET /graphql HTTP/1.1", *(f"{name}: {value}" for name, value in named.items()), "", ""]
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall("\r\n".join(lines).encode())
        return connection.makefile("rb").readline().decode().strip()


def test_a_web_socket_is_opened_by_its_own_pages_only(port: int) -> None:
    assert " 101 " in handshake(port, Origin=f"http://127.0.0.1:{port}")
    assert " 101 " in handshake(port)
    for wrong in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Host": "evil.example"}):
        assert " 101 " not in handshake(port, **wrong)


def test_a_port_that_is_taken_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert dev.start(tmp_path, taken.getsockname()[1]) == 1
    told = " ".join(capsys.readouterr().err.split())
    assert told.startswith("thads dev: port ")
    assert "--port" in told
    assert not (tmp_path / "dagster").exists(), "nothing was begun"
