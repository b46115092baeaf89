"""What the server does beside Streamlit: page files from memory, careful headers, cookie, health.

app = st.App(
    "app.py", routes=server.routes(), middleware=server.middleware(), lifespan=server.lifespan
)
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable
from functools import cache
from pathlib import Path

import streamlit
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tracker.logs import EventLog
from tracker.storage.health import Word, look_quickly
from tracker.ui.bundle import BundleInMemory
from tracker.ui.files_guard import FilesForPeople
from tracker.ui.returning import ReturnToPage
from tracker.ui.session_store import STORE_VARIABLE, VAULT_VARIABLE
from tracker.ui.sessions import COOKIE, COOKIE_PATH, SESSION_SECONDS, signed_in

LOG = EventLog(__name__)
HEALTH_PATH = "/health"
HEALTH_LIMIT_S = 2.5
"""Whoever asks, as compose.yaml, waits three seconds."""
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


async def health(_request: Request) -> Response:
    """Say whether database and vault answer: 200, or 503, with a word for each; no names, no places."""
    parts = await _health_look().words()
    status = 200 if all(word is Word.GOOD for word in parts.values()) else 503
    return JSONResponse(parts, status, headers={"cache-control": "no-store"})


class HealthLook:
    """Looks at the store in a thread, one look at a time, however many ask."""

    def __init__(self, look: Callable[[dict[str, Word]], None]) -> None:
        self._look = look
        self._parts: dict[str, Word] = {}
        self._running: asyncio.Task[None] | None = None

    async def words(self) -> dict[str, Word]:
        """A word for each part; what has not answered after `HEALTH_LIMIT_S` is slow."""
        if self._running is None or self._running.done():
            self._parts = {"database": Word.SLOW, "vault": Word.SLOW}
            self._running = asyncio.create_task(asyncio.to_thread(self._look, self._parts))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._running), HEALTH_LIMIT_S)
        return dict(self._parts)


@cache
def _health_look() -> HealthLook:
    return HealthLook(
        lambda parts: look_quickly(
            os.environ.get(STORE_VARIABLE) or None,
            vault=os.environ.get(VAULT_VARIABLE) or None,
            words=parts,
        )
    )


@contextlib.asynccontextmanager
async def lifespan(_app: object) -> AsyncIterator[None]:
    """Tell that the server begins and ends."""
    LOG.info("server started", address=str(streamlit.get_option("server.address")))
    yield
    LOG.info("server stopped")


def routes() -> list[Route]:
    return [
        Route(f"/{COOKIE_PATH}/{{ticket}}", session_cookie, methods=["POST"]),
        Route(HEALTH_PATH, health, methods=["GET"]),
    ]


def middleware() -> list[Middleware]:
    return [
        Middleware(CarefulHeaders),
        Middleware(ReturnToPage),
        Middleware(FilesForPeople),
        Middleware(BundleInMemory, folder=FOLDER),
    ]
