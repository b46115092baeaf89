"""`doctor`: what is well and what is to mend, on both databases; it changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run
from tests.storage.contents import content
from tests.storage.photo_files import write_photo
from tracker.cli import doctor as doctors
from tracker.storage import health
from tracker.storage.health import State
from tracker.storage.store import Store


@pytest.fixture
def clinic(run: Run, tmp_path: Path) -> None:
    run("client", "add", "C-0001")
    run("photo", "add", "C-0001", write_photo(tmp_path / "mine.jpg", taken="2024:03:10 09:00:00"))


def parts(out: str) -> dict[str, dict[str, str]]:
    return {found["part"]: found for found in json.loads(out)["findings"]}


def test_a_sound_store_is_well_and_stays_as_it_is(
    clinic: None, run: Run, look: Callable[[], Store]
) -> None:
    before = content(look())
    status, out, err = run("doctor")
    assert (status, err) == (0, "")
    assert "all is well" in out
    found = parts(run("doctor", "--json")[1])
    assert {"versions", "codecs", "database", "vault", "clock"} <= found.keys()
    assert {each["state"] for each in found.values()} == {"good"}
    assert "1 clients" in found["database"]["what"]
    assert "1 originals" in found["vault"]["what"]
    assert content(look()) == before


def test_a_lost_original(clinic: None, run: Run, look: Callable[[], Store], tmp_path: Path) -> None:
    store = look()
    (photo,) = store.photos("C-0001")
    next(Path(store.vault.place).rglob(photo.record.sha256)).unlink()
    status, out, err = run("doctor", "--json")
    assert status == 1
    assert "vault: " in err
    assert parts(out)["vault"]["state"] == "bad"
    assert "1 of 1 originals are not there" in parts(out)["vault"]["what"]


def test_a_clock_that_was_set_back(clinic: None, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    past = datetime.now(UTC) - timedelta(days=40)
    monkeypatch.setattr(doctors, "local_clock", lambda: past)
    status, out, _ = run("doctor", "--json")
    assert status == 1
    assert "is before the last change of the records" in parts(out)["clock"]["what"]


def test_a_kind_of_photo_that_cannot_be_read(
    clinic: None, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> object:
        raise OSError("decoder webp not available")

    monkeypatch.setattr(doctors, "_heic_decoder", broken)
    status, _, err = run("doctor")
    assert status == 1
    assert "codecs: HEIC cannot be read; install Pillow and pi-heif again" in err


def test_a_full_disk(tmp_path: Path) -> None:
    (found,) = health._disk(tmp_path / "not" / "yet", usage=lambda _path: (10, 9, 1))
    assert found.state is State.BAD
    assert str(tmp_path) in found.what


def test_no_store_yet_is_no_fault_and_none_is_made(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    status, out, _ = run("doctor", "--store", tmp_path / "none", "--json")
    assert status == 0
    assert parts(out)["database"]["state"] == "note"
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("place", "what"),
    [
        ("mysql://x/y", "is no store"),
        ("postgresql://anna:hunter2@127.0.0.1:1/none", "does not answer"),
    ],
)
def test_what_is_no_store_is_a_finding_without_a_password(run: Run, place: str, what: str) -> None:
    status, out, err = run("doctor", "--store", place, "--json")
    assert status == 1
    assert what in parts(out)["database"]["what"]
    assert "hunter2" not in out + err


def test_a_damaged_database(clinic: None, run: Run, named_store: str, tmp_path: Path) -> None:
    place = tmp_path / "damaged"
    place.mkdir()
    (place / "records.db").write_bytes(b"no database" * 1000)
    found: Any = parts(run("doctor", "--store", place, "--json")[1])["database"]
    assert found["state"] == "bad"
