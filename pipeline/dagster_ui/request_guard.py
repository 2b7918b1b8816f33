"""Admits to the Dagster UI only what comes from its own pages.

Dagster's web server answers any Host and runs mutations that a GET carries, so a page elsewhere could start a load in the
browser of whoever has the UI open. The guard accepts only its own names as Host and its own address as Origin, for
pages and web sockets alike, and no mutation by GET.
"""

from collections.abc import Sequence
from urllib.parse import parse_qs

from graphql import GraphQLError, OperationType, parse
from graphql.language import OperationDefinitionNode
from starlette.datastructures import Headers
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

#: The names of this machine's loopback; no other name of it is accepted.
OWN_NAMES = ("127.0.0.1", "localhost")
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


def guard(app: ASGIApp, names: Sequence[str] = OWN_NAMES) -> ASGIApp:
    """Return the application behind the guard."""
    return TrustedHostMiddleware(OwnPagesOnly(app), allowed_hosts=list(names), www_redirect=False)


class OwnPagesOnly:
    """Refuses requests of pages elsewhere, and mutations by GET."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it with a sentence."""
        refusal = check_request(scope) if scope["type"] in ("http", "websocket") else None
        if refusal is None:
            await self.app(scope, receive, send)
        else:
            status, sentence = refusal
            await PlainTextResponse(sentence + "\n", status_code=status)(scope, receive, send)


def check_request(scope: Scope) -> tuple[int, str] | None:
    """Return status and reason where a request is refused, else None."""
    headers = Headers(scope=scope)
    is_change = scope["type"] == "websocket" or scope["method"] not in SAFE_METHODS
    origins = headers.getlist("origin")
    own_origin = f"http://{headers.get('host', '')}".lower()
    if any(origin.lower() != own_origin for origin in origins):
        return 403, "Trang khác không được gọi vào đây · another page may not call this server: its Origin is not ours"
    if is_change and headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return 403, "Trang khác không được gọi vào đây · another page may not call this server"
    if not is_change and _mutates(scope.get("query_string", b"")):
        return 405, "Không thay đổi gì bằng GET; hãy dùng POST · nothing is changed by GET; use POST"
    return None


def _mutates(query_string: bytes) -> bool:
    """Tell whether the GraphQL in an address is, or may be, more than a query."""
    for query in parse_qs(query_string.decode("latin-1")).get("query", []):
        try:
            document = parse(query)
        except (GraphQLError, RecursionError):
            # Not GraphQL; what another parser may find in it is not ours to guess, unless it names a mutation.
            if "mutation" in query:
                return True
            continue
        operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
        if any(operation.operation != OperationType.QUERY for operation in operations):
            return True
    return False
