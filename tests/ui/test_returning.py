"""After a sign-in elsewhere the visit goes on where it began, and nowhere else."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tests.ui.asgi import answer_of
from tracker.ui.returning import COOKIE, ReturnToPage

HOST = "http://testserver"


def to_provider(request: Request) -> Response:
    return RedirectResponse("https://provider.example/authorize", 302)


def back(request: Request) -> Response:
    return RedirectResponse(request.query_params.get("to", "/"), 302)


class Visitor:
    """A browser: sends its cookies, keeps those that it is given."""

    def __init__(self) -> None:
        routes = [Route("/auth/login", to_provider), Route("/oauth2callback", back)]
        self._app = Starlette(routes=routes, middleware=[Middleware(ReturnToPage)])
        self.cookie = ""

    def get(self, path: str, **headers: str) -> str:
        """Where it is sent to."""
        headers = {"host": "testserver", "cookie": self.cookie} | headers
        said = answer_of(self._app, path, **headers).headers
        self.cookie = said.get("set-cookie", self.cookie).partition(";")[0]
        return said["location"]


@pytest.fixture
def visitor() -> Visitor:
    return Visitor()


def sign_in(visitor: Visitor, page: str) -> str:
    visitor.get("/auth/login", referer=page)
    return visitor.get("/oauth2callback")


@pytest.mark.parametrize("page", ["/fade?client=C-0001", "/settings", "/", "/fade?client=a%20b"])
def test_back_to_the_page_that_was_asked_for(visitor: Visitor, page: str) -> None:
    assert sign_in(visitor, HOST + page) == page
    assert visitor.cookie == f"{COOKIE}=", "used once"


@pytest.mark.parametrize(
    "page",
    [
        "https://evil.example/fade",
        f"{HOST}//evil.example",
        f"{HOST}/fade/../../x",
        f"{HOST}/fade?client=<script>",
        f"{HOST}/\\evil.example",
        "",
    ],
)
def test_never_elsewhere(visitor: Visitor, page: str) -> None:
    assert sign_in(visitor, page) == "/"


@pytest.mark.parametrize("value", ["//evil.example", "https%3A%2F%2Fevil.example", "%0d%0aX:1", ""])
def test_a_cookie_that_somebody_made_leads_nowhere(visitor: Visitor, value: str) -> None:
    assert visitor.get("/oauth2callback", cookie=f"{COOKIE}={value}") == "/"


def test_other_ways_of_the_sign_in_stay_as_they_are(visitor: Visitor) -> None:
    visitor.get("/auth/login", referer=f"{HOST}/fade")
    elsewhere = "https://provider.example/logout"
    assert visitor.get(f"/oauth2callback?to={elsewhere}") == elsewhere
