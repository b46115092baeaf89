"""The server beside Streamlit: page files from memory, careful headers, the session cookie."""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
import streamlit
from starlette.applications import Starlette

from tests.storage.made_up import add_client
from tests.ui.asgi import Answer, answer_of, run_apart
from tracker.storage.opening import open_store
from tracker.storage.store import Store
from tracker.ui import server
from tracker.ui.bundle import ELEMENTS, ahead_of_need
from tracker.ui.sessions import COOKIE, SignedIn

STATIC = Path(streamlit.__file__).parent / "static"


Asking = Callable[..., Answer]


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> SignedIn:
    made = SignedIn()
    monkeypatch.setattr(server, "signed_in", lambda: made)
    return made


@pytest.fixture
def ask() -> Asking:
    app = Starlette(routes=server.routes(), middleware=server.middleware())
    return partial(answer_of, app)


@pytest.fixture
def clinic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store with a photo, as the server is told to use it."""
    place = str(tmp_path / "records")
    monkeypatch.setenv("SMP_TRACKER_RECORDS", place)
    monkeypatch.delenv("SMP_TRACKER_VAULT", raising=False)
    with open_store(place, create=True) as store:
        add_client(store, "C-0001", n_photos=1)
        yield store
    server._health_look.cache_clear()


def health(answer: Answer) -> tuple[int, dict[str, str]]:
    assert answer.headers["cache-control"] == "no-store"
    return answer.status, json.loads(answer.body)


def test_health_is_good_where_database_and_vault_answer(ask: Asking, clinic: Store) -> None:
    assert health(ask("/health")) == (200, {"database": "good", "vault": "good"})
    assert ask("/health", "POST").status == 405


def test_health_of_a_store_without_photos_is_good(
    ask: Asking, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMP_TRACKER_RECORDS", str(tmp_path / "fresh"))
    open_store(str(tmp_path / "fresh"), create=True).close()
    assert health(ask("/health")) == (200, {"database": "good", "vault": "good"})


def test_health_says_that_the_vault_is_lost(
    ask: Asking, clinic: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path(clinic.vault.place).rename(tmp_path / "moved away")
    assert health(ask("/health")) == (503, {"database": "good", "vault": "lost"})
    (tmp_path / "moved away").rename(clinic.vault.place)
    assert health(ask("/health"))[0] == 200
    monkeypatch.setenv("SMP_TRACKER_VAULT", "ftp://elsewhere")
    assert health(ask("/health")) == (503, {"database": "good", "vault": "lost"})


@pytest.mark.parametrize("harm", ["removed", "emptied", "overwritten"])
def test_health_says_that_the_database_is_lost(ask: Asking, clinic: Store, harm: str) -> None:
    file = clinic.place.database_file
    assert file is not None
    clinic.close()
    for path in file.parent.glob("records.db*"):
        path.unlink()
    if harm != "removed":
        file.write_bytes(b"" if harm == "emptied" else b"no database at all" * 500)
    assert health(ask("/health")) == (503, {"database": "lost", "vault": "lost"})
    assert file.exists() == (harm != "removed")  # asking makes no database


def test_health_does_not_wait_for_what_is_slow_and_looks_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server, "HEALTH_LIMIT_S", 0.05)
    looks = []
    answered = threading.Event()

    def slow_vault(words: dict[str, server.Word]) -> None:
        looks.append(1)
        words["database"] = server.Word.GOOD
        answered.wait()
        words["vault"] = server.Word.GOOD

    async def asked() -> list[dict[str, server.Word]]:
        look = server.HealthLook(slow_vault)
        first = await asyncio.gather(*(look.words() for _ in range(20)))
        answered.set()
        monkeypatch.setattr(server, "HEALTH_LIMIT_S", 60)
        return [first[0], first[-1], await look.words()]

    slow, also_slow, good = run_apart(asked)
    assert slow == also_slow == {"database": "good", "vault": "slow"}
    assert good == {"database": "good", "vault": "good"}
    assert len(looks) == 1


def some_script() -> Path:
    return max((STATIC / "static" / "js").glob("*.js"), key=lambda path: path.stat().st_size)


def test_page_files_come_packed_and_whole(ask: Asking) -> None:
    path = some_script()
    plain = ask(f"/static/js/{path.name}")
    assert (plain.status, plain.body) == (200, path.read_bytes())
    packed = ask(f"/static/js/{path.name}", accept_encoding="gzip, br")
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == path.read_bytes()
    assert len(packed.body) < 0.6 * len(plain.body)
    for answer in (plain, packed):
        assert answer.headers["content-type"].startswith("text/javascript")
        assert int(answer.headers["content-length"]) == len(answer.body)
        assert "immutable" in answer.headers["cache-control"]
    head = ask(f"/static/js/{path.name}", "HEAD")
    assert (head.status, head.body, head.headers["content-length"]) == (
        *(200, b""),
        str(len(plain.body)),
    )


@pytest.mark.parametrize(
    "path",
    [
        "/static/../index.html",
        "/static/js/../../../__init__.py",
        "/static//etc/passwd",
        "/static/js/%2e%2e/secret",
        "/static/",
    ],
)
def test_nothing_but_page_files_is_read(ask: Asking, path: str) -> None:
    assert ask(path).status == 404


def test_what_other_pages_need_is_known_by_name(ask: Asking) -> None:
    """A Streamlit that names its files otherwise would fetch nothing ahead, unnoticed."""
    paths = ahead_of_need(server.FOLDER)
    assert len(paths) == len(ELEMENTS)
    for path in paths:
        assert ask(f"/{path}").status == 200


def test_every_answer_carries_the_policy(ask: Asking) -> None:
    for answer in (ask(f"/static/js/{some_script().name}"), ask("/nothing")):
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert "frame-ancestors 'self'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_ticket_becomes_a_cookie_no_script_can_read(ask: Asking, desk: SignedIn) -> None:
    token = desk.begin("olga")
    path = f"/session-cookie/{desk.ticket(token)}"
    answer = ask(path, "POST", sec_fetch_site="same-origin")
    assert answer.status == 204
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}={token};")
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Secure" not in cookie
    # The same ticket again, as from a log or over a shoulder, opens nothing.
    again = ask(path, "POST", sec_fetch_site="same-origin")
    assert again.status == 404
    assert "set-cookie" not in again.headers


def test_under_https_the_cookie_stays_there(ask: Asking, desk: SignedIn) -> None:
    for proof in ({"scheme": "https"}, {"x_forwarded_proto": "https"}):
        path = f"/session-cookie/{desk.ticket(desk.begin('olga'))}"
        assert "Secure" in ask(path, "POST", **proof).headers["set-cookie"]


def test_another_site_signs_nobody_in(ask: Asking, desk: SignedIn) -> None:
    """A page elsewhere must not give a visitor the sign-in of somebody else."""
    ticket = desk.ticket(desk.begin("mallory"))
    answer = ask(f"/session-cookie/{ticket}", "POST", sec_fetch_site="cross-site")
    assert answer.status == 403
    assert "set-cookie" not in answer.headers
    assert ask(f"/session-cookie/{ticket}", "GET").status == 405


def test_signing_out_takes_the_cookie_away(ask: Asking, desk: SignedIn) -> None:
    answer = ask(f"/session-cookie/{desk.ticket('')}", "POST")
    assert answer.status == 204
    assert f'{COOKIE}="";' in answer.headers["set-cookie"]
    assert "Max-Age=0" in answer.headers["set-cookie"]
