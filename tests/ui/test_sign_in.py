"""Who is let in, and what a viewer may not do."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.conftest import PaperEngine, shown_text
from tests.ui.visits import labels, press, titles, visit
from tracker.access import Role, read_users, with_user, write_users
from tracker.storage.errors import StoreError
from tracker.storage.results import measure_client
from tracker.storage.store import Store
from tracker.ui.session_store import LookingStore
from tracker.ui.sessions import FREE_TRIES, SESSION_SECONDS, TICKET_SECONDS, SignedIn

PASSWORD = "correct horse battery"


@pytest.fixture
def users(empty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SMP_TRACKER_SIGN_IN", "on")
    file = tmp_path / "users.json"
    roles = {"olga": Role.OWNER, "otto": Role.OPERATOR, "vera": Role.VIEWER}
    write_users(file, {n: with_user({}, n, role, PASSWORD) for n, role in roles.items()})
    return file


def sign_in(app: AppTest, name: str, password: str = PASSWORD) -> None:
    app.run()
    app.text_input[0].set_value(name)
    app.text_input[1].set_value(password)
    press(app, "Sign in")


def test_nothing_is_shown_before_the_sign_in(app: AppTest, users: Path, store: Store) -> None:
    app.query_params["client"] = "client-a"
    app.run()
    assert not app.exception
    assert "Client &lt;A&gt;" not in shown_text(app)
    sign_in(app, "olga", "wrong password")
    assert "Name or password is wrong" in shown_text(app)
    sign_in(app, "olga")
    assert "Client &lt;A&gt;" in shown_text(app)
    assert "Batch" in titles(app)


def test_nobody_can_sign_in_and_nothing_is_served(
    app: AppTest, empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMP_TRACKER_SIGN_IN", "on")
    app.run()
    assert "This dashboard shows nothing yet" in shown_text(app)
    assert labels(app) == []


def test_an_operator_works_and_the_audit_says_who(app: AppTest, users: Path, store: Store) -> None:
    sign_in(app, "otto")
    assert "Batch" not in titles(app)
    press(app, "Open")
    press(app, "Note it")
    assert store.audit("client-a")[-1].actor == "otto"


def test_a_viewer_sees_and_changes_nothing(
    app: AppTest, users: Path, store: Store, engine: PaperEngine
) -> None:
    measure_client(store, "client-a")
    before = len(store.audit())
    sign_in(app, "vera")
    assert not {"Add photos", "Batch"} & set(titles(app))
    assert "New client" not in labels(app)
    press(app, "Open")
    assert not {"Add photos", "Add the session", "Note it", "Keep the note"} & set(labels(app))
    assert next(b for b in app.button if b.label == "Save").disabled
    visit(app, "Fade")
    assert "Fade over time" in shown_text(app)
    assert len(store.audit()) == before


def test_the_store_itself_refuses_a_viewers_change(store: Store) -> None:
    looking = LookingStore(store.engine, store.place, store.vault, clock=store.clock, actor="vera")
    kept = looking.client("client-a")
    with pytest.raises(StoreError, match="may look, not change"):
        looking.change_client(kept)


def test_a_viewer_starts_no_measuring(
    app: AppTest, users: Path, store: Store, engine: PaperEngine
) -> None:
    sign_in(app, "vera")
    press(app, "Fade")
    assert "Not measured yet" in shown_text(app)
    assert engine.asked == []


def test_access_that_is_taken_away_ends_at_once(app: AppTest, users: Path, store: Store) -> None:
    sign_in(app, "otto")
    known = dict(read_users(users))
    del known["otto"]
    write_users(users, known)
    app.run()
    assert "Client &lt;A&gt;" not in shown_text(app)


def test_signing_out(app: AppTest, users: Path, store: Store) -> None:
    sign_in(app, "olga")
    visit(app, "Settings")
    assert "vera" in shown_text(app)
    press(app, "Sign out")
    assert "olga" not in shown_text(app)
    assert "Sign in" in labels(app)


def test_who_comes_from_a_provider_is_logged_once(
    app: AppTest, users: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("tracker.ui.sign_in.has_provider", lambda: True)
    monkeypatch.setattr("tracker.ui.sign_in._known", lambda known: known["vera"])
    with caplog.at_level("INFO", "tracker"):
        app.run()
        app.run()
    told = [record for record in caplog.records if record.getMessage() == "signed in"]
    assert [vars(record)["event_fields"] for record in told] == [{"user": "vera", "role": "viewer"}]


def test_tokens_end_and_guessing_is_slowed_down() -> None:
    now = [0.0]
    desk = SignedIn(lambda: now[0], lambda: now[0])
    token = desk.begin("olga")
    assert desk.name_of(token) == "olga"
    assert desk.name_of(token + "x") is None
    now[0] = SESSION_SECONDS + 1.0
    assert desk.name_of(token) is None
    for _ in range(FREE_TRIES - 1):
        desk.failed("olga")
    assert desk.seconds_to_wait("olga") == 0
    desk.failed("olga")
    first = desk.seconds_to_wait("olga")
    assert first > 0
    desk.failed("olga")
    assert desk.seconds_to_wait("olga") == pytest.approx(2 * first)
    desk.begin("olga")
    assert desk.seconds_to_wait("olga") == 0


def test_a_clock_that_is_set_back_lets_nobody_stay() -> None:
    wall, running = [1_000_000.0], [50.0]
    desk = SignedIn(lambda: wall[0], lambda: running[0])
    token = desk.begin("olga")
    ticket = desk.ticket(token)
    for _ in range(FREE_TRIES):
        desk.failed("otto")
    wait = desk.seconds_to_wait("otto")
    wall[0] -= 365 * 86_400.0
    assert desk.name_of(token) == "olga"  # nobody loses a sign-in by it
    assert desk.seconds_to_wait("otto") == wait  # nor waits for a year
    running[0] += max(wait, TICKET_SECONDS) + 1
    assert desk.seconds_to_wait("otto") == 0
    assert desk.redeem(ticket) is None
    running[0] += SESSION_SECONDS
    assert desk.name_of(token) is None


def test_a_sign_in_ends_while_the_computer_sleeps() -> None:
    wall, running = [1_000_000.0], [50.0]
    desk = SignedIn(lambda: wall[0], lambda: running[0])
    token = desk.begin("olga")
    wall[0] += SESSION_SECONDS + 1
    assert desk.name_of(token) is None


def test_a_ticket_counts_once_and_for_a_minute() -> None:
    now = [0.0]
    desk = SignedIn(lambda: now[0], lambda: now[0])
    token = desk.begin("olga")
    ticket = desk.ticket(token)
    assert ticket != token
    assert desk.redeem(ticket) == token
    assert desk.redeem(ticket) is None
    late = desk.ticket(token)
    now[0] = TICKET_SECONDS + 1
    assert desk.redeem(late) is None
    assert desk.redeem("made up") is None
    assert desk.redeem(desk.ticket("")) == ""  # takes the cookie away


def test_every_sign_in_has_a_token_of_its_own() -> None:
    """A token that somebody planted in the browser beforehand never becomes a sign-in."""
    desk = SignedIn()
    assert desk.name_of("planted") is None
    first, second = desk.begin("olga"), desk.begin("olga")
    assert first != second
    assert "planted" not in (first, second)
    assert desk.name_of("planted") is None
