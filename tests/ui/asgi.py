"""A question put to a server without a network."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from starlette.types import ASGIApp

T = TypeVar("T")


class Answer:
    def __init__(self, messages: list[dict[str, Any]]) -> None:
        self.status: int = messages[0]["status"]
        self.headers = {name.decode(): value.decode() for name, value in messages[0]["headers"]}
        self.body = b"".join(message.get("body", b"") for message in messages[1:])


def answer_of(app: ASGIApp, path: str, method: str = "GET", **headers: str) -> Answer:
    path, _, query = path.partition("?")
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "scheme": headers.pop("scheme", "http"),
        "query_string": query.encode(),
        "headers": [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()],
        "server": ("127.0.0.1", 8501),
    }
    messages: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        messages.append(dict(message))

    async def ask() -> None:
        await app(scope, receive, send)

    run_apart(ask)
    return Answer(messages)


def run_apart(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine `apart`."""
    return apart(lambda: asyncio.run(work()))


def apart(work: Callable[[], T]) -> T:
    """Do it in a thread of its own: a browser that runs beside has an event loop in this one."""
    with ThreadPoolExecutor(1) as other:
        return other.submit(work).result()
