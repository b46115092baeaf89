"""Back to the page that was asked for after signing in at the clinic's own identity provider.

Streamlit sends whoever comes back from the provider to its first page. A link that somebody of the
clinic shared shall lead where it says, so the page that led to the sign-in is kept in a cookie for
the time of the sign-in. Only a page of this very server is ever kept or gone to.
"""

from __future__ import annotations

import re
from http.cookies import CookieError, SimpleCookie
from urllib.parse import quote, unquote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "smp-tracker-page"
SIGN_IN_PATH, BACK_PATH = "/auth/login", "/oauth2callback"
SIGN_IN_SECONDS = 900
PAGE = re.compile(r"/[a-z]{0,20}(\?[A-Za-z0-9_.~%&=+-]{0,300})?")
"""A page of the dashboard with its question: no host, no second slash, nothing to be read as one."""


class ReturnToPage:
    """ASGI middleware around Streamlit's routes of the sign-in."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"] if scope["type"] == "http" else ""
        if path not in (SIGN_IN_PATH, BACK_PATH):
            await self._app(scope, receive, send)
            return
        asked = Headers(scope=scope)
        page = page_asked_for(asked) if path == SIGN_IN_PATH else page_kept(asked)

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start" and page:
                said = MutableHeaders(scope=message)
                if path == SIGN_IN_PATH:
                    said.append("set-cookie", _cookie(page, SIGN_IN_SECONDS))
                elif urlsplit(said.get("location", "-")).path == "/":
                    said["location"] = page
                    said.append("set-cookie", _cookie("", 0))
            await send(message)

        await self._app(scope, receive, sending)


def page_asked_for(asked: Headers) -> str:
    """The page of this server that led to the sign-in; empty for any other."""
    led = urlsplit(asked.get("referer", ""))
    page = led.path + (f"?{led.query}" if led.query else "")
    return page if led.netloc == asked.get("host") and PAGE.fullmatch(page) else ""


def page_kept(asked: Headers) -> str:
    """The page in the visitor's cookie; empty where there is none that could be gone to."""
    try:
        found = SimpleCookie(asked.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    page = unquote(found.value) if found is not None else ""
    return page if PAGE.fullmatch(page) else ""


def _cookie(page: str, seconds: int) -> str:
    # Lax: the way back begins at the provider.
    return f"{COOKIE}={quote(page, safe='')}; Max-Age={seconds}; Path=/; HttpOnly; SameSite=Lax"
