"""A file that a page offers is not given to whoever knows its address."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.ui.asgi import answer_of
from tracker.ui import files_guard
from tracker.ui.files_guard import FilesForPeople
from tracker.ui.sessions import COOKIE, SignedIn

FILE = "/media/0123abcd.csv"


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> SignedIn:
    made = SignedIn()
    monkeypatch.setattr(files_guard, "signed_in", lambda: made)
    monkeypatch.setenv("SMP_TRACKER_SIGN_IN", "on")
    return made


@pytest.fixture
def status() -> Callable[..., int]:
    def offered(_request: Request) -> Response:
        return Response("name,fade")

    routes = [Route("/media/{name}", offered), Route("/fade", offered)]
    app = Starlette(routes=routes, middleware=[Middleware(FilesForPeople)])
    ask = partial(answer_of, app)
    return lambda path, **headers: ask(path, **headers).status


def test_only_with_a_cookie_that_counts(desk: SignedIn, status: Callable[..., int]) -> None:
    token = desk.begin("vera")
    assert status(FILE) == 403
    assert status(FILE, cookie=f"{COOKIE}=guessed") == 403
    assert status(FILE, cookie=f"{COOKIE}={token}") == 200
    desk.end(token)
    assert status(FILE, cookie=f"{COOKIE}={token}") == 403
    assert status("/fade") == 200, "the page itself asks to sign in"


def test_where_nobody_signs_in_files_are_given(
    desk: SignedIn, status: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMP_TRACKER_SIGN_IN", "off")
    assert status(FILE) == 200
