"""An S3 that answers slowly or not at all: one line in bounded time, nothing half there, then on as before."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.slow_proxy import Mood, SlowProxy
from tests.storage.photo_files import write_photo
from tracker.cli import main
from tracker.storage import s3_vault
from tracker.storage.errors import StoreError
from tracker.storage.opening import open_store
from tracker.storage.vault import Shelf, Vault, open_vault, sha256_of
from tracker.storage.verify import verify_store

LIMIT_S = 0.5
BOUND_S = 60
"""Of a command, with much to spare: without a limit it would not end at all."""
SLOW = (Mood.STALLED, Mood.ANSWER_LOST, Mood.TRICKLE)
KEPT, NEW = b"kept before", b"new"
LINE = (
    "{place}: answers too slowly (no whole answer within 0.5 s); check the network and try again; "
    "nothing was changed in the records"
)


@pytest.fixture
def proxy(s3_address: str, s3_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowProxy]:
    """Stands before the server for whoever opens a vault in the test."""
    made = SlowProxy(s3_address)
    monkeypatch.setenv("AWS_ENDPOINT_URL", made.address)
    monkeypatch.setattr(s3_vault, "LIMIT_S", LIMIT_S)
    yield made
    made.close()


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """The limit as it is, for what comes when the line is quick again."""
    return lambda: monkeypatch.setattr(s3_vault, "LIMIT_S", 30.0)


@pytest.mark.parametrize("mood", SLOW, ids=lambda mood: mood.name)
def test_every_request_ends_in_one_line(
    proxy: SlowProxy, s3_url: str, mood: Mood, patient: Callable[[], None]
) -> None:
    vault = open_vault(s3_url)
    name, new = sha256_of(KEPT), sha256_of(NEW)
    assert vault.put(Shelf.ORIGINALS, name, KEPT)
    proxy.mood = mood
    requests: tuple[Callable[[], object], ...] = (
        lambda: vault.put(Shelf.ORIGINALS, new, NEW),
        lambda: vault.get(Shelf.ORIGINALS, name),
        lambda: vault.holds(Shelf.ORIGINALS, name),
        lambda: vault.remove(Shelf.ORIGINALS, new),
        lambda: list(vault.names(Shelf.ORIGINALS)),
    )
    begun = time.monotonic()
    for request in requests:
        with pytest.raises(StoreError) as refused:
            request()
        assert str(refused.value) == LINE.format(place=s3_url)
    assert time.monotonic() - begun < BOUND_S
    proxy.mood = Mood.QUICK
    patient()
    _whole(open_vault(s3_url), {name, new})


def _whole(vault: Vault, known: set[str]) -> None:
    """What is there is there whole, and can be put again."""
    assert set(vault.names(Shelf.ORIGINALS)) <= known
    for data in (KEPT, NEW):
        vault.put(Shelf.ORIGINALS, sha256_of(data), data)
        assert vault.get(Shelf.ORIGINALS, sha256_of(data)) == data


@pytest.mark.parametrize("mood", SLOW, ids=lambda mood: mood.name)
def test_a_command_ends_in_one_line_and_the_next_one_works(
    proxy: SlowProxy,
    s3_url: str,
    mood: Mood,
    patient: Callable[[], None],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    place = str(tmp_path / "records")
    write_photo(tmp_path / "C-0001" / "1_top.jpg", shade=80, taken="2026:01:10 09:00:00")
    write_photo(tmp_path / "C-0001" / "2_top.jpg", shade=120, taken="2026:02:10 09:00:00")
    open_store(place, vault=s3_url, create=True).close()
    proxy.mood = mood
    begun = time.monotonic()
    assert main(["import", str(tmp_path / "C-0001"), "--store", place]) == 2
    assert time.monotonic() - begun < BOUND_S
    assert capsys.readouterr().err == f"smp-tracker: {LINE.format(place=s3_url)}\n"
    proxy.mood = Mood.QUICK
    patient()
    with open_store(place) as store:
        assert store.clients() == []
        assert store.audit() == []
    assert main(["import", str(tmp_path / "C-0001"), "--store", place]) == 0
    with open_store(place) as store:
        assert len(store.photos("C-0001")) == 2
        assert verify_store(store).damage == ()
