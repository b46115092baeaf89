"""What the server does beside Streamlit: page files from memory, careful headers, the session cookie.

app = st.App("app.py", routes=server.routes(), middleware=server.middleware())
"""

from __future__ import annotations

from pathlib import Path

import streamlit
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tracker.ui.bundle import BundleInMemory
from tracker.ui.files_guard import FilesForPeople
from tracker.ui.returning import ReturnToPage
from tracker.ui.sessions import COOKIE, COOKIE_PATH, SESSION_SECONDS, signed_in

FOLDER = Path(streamlit.__file__).parent / "static"
"""Streamlit's page files."""
POLICY = (
    b"default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; object-src 'none'; "
    b"base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)
"""The browser itself refuses whatever would leave this server. Streamlit's charts and style need
`unsafe-inline` and `unsafe-eval`; every text of a person is escaped before it is drawn."""
HEADERS = (
    (b"content-security-policy", POLICY),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
)


class CarefulHeaders:
    """ASGI middleware that adds `HEADERS` to every answer that does not say otherwise itself."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                said = list(message.get("headers", []))
                names = {bytes(name).lower() for name, _ in said}
                message["headers"] = said + [pair for pair in HEADERS if pair[0] not in names]
            await send(message)

        await self._app(scope, receive, sending)


async def session_cookie(request: Request) -> Response:
    """Turn a page's ticket into the cookie of its sign-in, or take the cookie away.

    A script in the page never sees the token: the cookie is HttpOnly. A ticket counts once and for
    a minute, and only from a page of this very server: nobody can be signed in as somebody else.
    """
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return Response(status_code=403)
    token = signed_in().redeem(request.path_params["ticket"])
    if token is None:
        return Response(status_code=404)
    answer = Response(status_code=204, headers={"cache-control": "no-store"})
    safe = "https" in (request.url.scheme, request.headers.get("x-forwarded-proto", ""))
    if token:
        answer.set_cookie(
            COOKIE, token, max_age=SESSION_SECONDS, httponly=True, samesite="strict", secure=safe
        )
    else:
        answer.delete_cookie(COOKIE, httponly=True, samesite="strict", secure=safe)
    return answer


def routes() -> list[Route]:
    return [Route(f"/{COOKIE_PATH}/{{ticket}}", session_cookie, methods=["POST"])]


def middleware() -> list[Middleware]:
    return [
        Middleware(CarefulHeaders),
        Middleware(ReturnToPage),
        Middleware(FilesForPeople),
        Middleware(BundleInMemory, folder=FOLDER),
    ]
