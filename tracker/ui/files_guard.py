"""What pages offer to save is given to people who are signed in, not to whoever knows its address.

Streamlit serves it at `/media/` and a hash of its content, to anybody while the page that offers
it is open. Who is signed in has a cookie that says so: without it the file stays here.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from tracker.ui.sessions import COOKIE, signed_in
from tracker.ui.sign_in import is_needed

FILES_PATH = "/media/"


class FilesForPeople:
    """ASGI middleware before Streamlit's files."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(FILES_PATH) and is_needed():
            token = Request(scope).cookies.get(COOKIE, "")
            if signed_in().name_of(token) is None:
                await Response("Sign in first.", 403)(scope, receive, send)
                return
        await self._app(scope, receive, send)
