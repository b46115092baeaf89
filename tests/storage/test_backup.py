"""A backup holds everything, fits together, and comes back into either database."""

from __future__ import annotations

import hashlib
import json
import threading
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

import tracker.storage.results as results
from tests.postgres import PostgresServer
from tests.storage.conftest import NOW
from tests.storage.contents import content
from tests.storage.made_up import CountingAnalysis, add_client, incoming
from tracker.records import ClientRecord, NoteRecord, SessionRecord
from tracker.storage import restore as restoring
from tracker.storage.archive import MANIFEST
from tracker.storage.backup import back_up
from tracker.storage.errors import StoreError
from tracker.storage.filing import file_photos
from tracker.storage.opening import open_store
from tracker.storage.restore import Restored, restore
from tracker.storage.results import measure_client
from tracker.storage.store import Store
from tracker.storage.vault import Shelf
from tracker.storage.verify import verify_store


def bring_back(path: Path, place: str, tmp_path: Path, *, overwrite: bool = False) -> Restored:
    vault = None if "://" not in place else str(tmp_path / "vault-back")
    return restore(path, place, vault=vault, overwrite=overwrite, clock=lambda: NOW)


@pytest.fixture
def clinic(store: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setattr(results, "analyse_series", CountingAnalysis())
    for code in ("C-0001", "C-0002"):
        add_client(store, code, n_photos=2)
        store.add_session(code, SessionRecord(date(2026, 1, 20), zones=("crown",)))
        measure_client(store, code)
    return store


@pytest.fixture
def backup(clinic: Store, tmp_path: Path) -> Path:
    path = tmp_path / "clinic.zip"
    done = back_up(clinic, path)
    assert (done.n_clients, done.n_photos, done.missing) == (2, 8, ())
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def elsewhere(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Another place, on either database: a clinic may move from one to the other."""
    if request.param == "sqlite":
        return str(tmp_path / "elsewhere")
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.new_database()


def test_everything_comes_back(clinic: Store, backup: Path, elsewhere: str, tmp_path: Path) -> None:
    done = bring_back(backup, elsewhere, tmp_path)
    assert (done.n_clients, done.n_photos) == (2, 8)
    with open_store(elsewhere, clock=lambda: NOW) as back:
        assert content(back) == content(clinic)
        assert verify_store(back).damage == ()
        assert measure_client(back, "C-0001").measured == ()  # results came along
        # Numbers go on where they were.
        kept = back.add_client(ClientRecord("C-0003"))
        assert kept.id == 3
        back.add_session("C-0003", SessionRecord(date(2026, 2, 1)))


def test_a_store_with_clients_is_not_replaced_unasked(
    clinic: Store, backup: Path, database: str, tmp_path: Path
) -> None:
    clinic.add_client(ClientRecord("C-0009"))
    file_photos(clinic, "C-0009", [incoming("late.jpg", date(2026, 6, 1))])
    before = content(clinic)
    with pytest.raises(StoreError, match="holds clients already; --force replaces them all"):
        restore(backup, database, clock=lambda: NOW)
    assert content(clinic) == before
    restore(backup, database, overwrite=True, clock=lambda: NOW)
    assert [c.record.code for c in clinic.clients()] == ["C-0001", "C-0002"]
    assert len(list(clinic.vault.names(Shelf.ORIGINALS))) == 8  # the late one went
    assert verify_store(clinic).damage == ()


def test_lost_and_altered_originals_come_back_on_a_persons_word(
    clinic: Store, backup: Path, database: str
) -> None:
    lost, altered = sorted(clinic.vault.names(Shelf.ORIGINALS))[:2]
    for name in (lost, altered):
        clinic.vault.remove(Shelf.ORIGINALS, name)
    clinic.vault.put(Shelf.ORIGINALS, altered, b"something else")
    assert len(verify_store(clinic).damage) == 2
    done = restore(backup, database, overwrite=True, clock=lambda: NOW)
    assert verify_store(clinic).damage == ()
    assert done.notes == (f"originals {altered[:12]} had been altered; it is back from the backup",)


def test_a_backup_names_what_it_cannot_hold(clinic: Store, tmp_path: Path) -> None:
    lost, altered = sorted(clinic.vault.names(Shelf.ORIGINALS))[:2]
    for name in (lost, altered):
        clinic.vault.remove(Shelf.ORIGINALS, name)
    clinic.vault.put(Shelf.ORIGINALS, altered, b"something else")
    done = back_up(clinic, tmp_path / "b.zip")
    assert sorted(text.split(": ")[1] for text in done.missing) == [
        "its original has been altered",
        "its original is lost",
    ]


def test_a_file_that_is_there_is_not_replaced_unasked(clinic: Store, tmp_path: Path) -> None:
    path = tmp_path / "notes.zip"
    path.write_bytes(b"mine")
    with pytest.raises(StoreError, match="exists already; --force replaces it"):
        back_up(clinic, path)
    assert path.read_bytes() == b"mine"
    back_up(clinic, path, overwrite=True)
    assert zipfile.is_zipfile(path)
    assert [p.name for p in tmp_path.glob("*.part")] == []


def test_a_backup_fits_together_while_others_write(
    clinic: Store, open_again: Callable[[], Store], tmp_path: Path
) -> None:
    """Every client of the backup has its note: both are written in one go, again and again."""
    stop, written = threading.Event(), threading.Event()
    failures: list[BaseException] = []

    def work() -> None:
        store = open_again()
        number = 100
        try:
            while not stop.is_set():
                number += 1
                code = f"W-{number}"
                file_photos_with_client(store, code, number)
                written.set()
        except BaseException as error:
            failures.append(error)
            written.set()

    writer = threading.Thread(target=work)
    writer.start()
    try:
        for k in range(6):
            if k == 5:  # six backups may be quicker than the writer's first client
                assert written.wait(60)
            back_up(clinic, tmp_path / f"{k}.zip")
    finally:
        stop.set()
        writer.join()
    assert failures == []
    sizes = []
    for k in range(6):
        place = str(tmp_path / f"back-{k}")
        done = restore(tmp_path / f"{k}.zip", place, clock=lambda: NOW)
        with open_store(place, clock=lambda: NOW) as back:
            for client in back.clients():
                if client.record.code.startswith("W-"):
                    assert len(back.notes(client.record.code)) == 1
            assert verify_store(back).damage == ()
        sizes.append(done.n_clients)
    assert sizes == sorted(sizes)
    assert sizes[-1] > 2


def file_photos_with_client(store: Store, code: str, number: int) -> None:
    """A client, its note and its photo in one transaction."""
    from tracker.storage.filing import file_within, originals_put
    from tracker.storage.statements import insert

    photos = [incoming(f"{code}.jpg", date(2026, 6, 1))]
    with originals_put(store, photos) as put, store.writing() as connection:
        client = insert(connection, ClientRecord(code), None)
        file_within(connection, store, client, photos, put)
        insert(connection, NoteRecord(date(2026, 6, 1), f"note {number}"), client.id)


def test_a_backup_of_an_earlier_version_comes_back(
    root: Path, database: str, open_again: Callable[[], Store], tmp_path: Path
) -> None:
    rows = json.loads((root / "tests" / "data" / "records-0001.json").read_text("utf-8"))
    rows.pop("setting")
    path = write_archive(tmp_path / "old.zip", rows, revision="0001")
    vault = None if "://" not in database else str(tmp_path / "vault")
    restore(path, database, vault=vault, clock=lambda: NOW)
    store = open_again()
    assert store.client("C-0001").record.name == "Zoë"
    assert [p.record.orientation for p in store.photos("C-0001")] == [1, 1]


def write_archive(
    path: Path,
    rows: dict[str, list[dict[str, object]]],
    *,
    revision: str,
    extra: dict[str, bytes] | None = None,
    sums: dict[str, str] | None = None,
) -> Path:
    members = {
        f"tables/{name}.jsonl": "".join(f"{json.dumps(row)}\n" for row in content).encode()
        for name, content in rows.items()
    }
    members |= extra or {}
    found = {name: hashlib.sha256(data).hexdigest() for name, data in members.items()}
    manifest = {
        "format": "smp-tracker/backup/1",
        "revision": revision,
        "made_at": "2026-01-01",
        "sha256": found | (sums or {}),
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
        archive.writestr(MANIFEST, json.dumps(manifest))
    return path


NAME = hashlib.sha256(b"photo").hexdigest()
NO_HASH = json.dumps(
    {
        "id": 1,
        "client_id": 1,
        "view": "top",
        "inputs_hash": "0",
        "settings_hash": "0",
        "method_version": "1",
        "program_version": "0.1.0",
        "measured_on": "2026-01-01",
        "payload_sha256": "../../../etc/passwd",
        "photo_rows": [],
    }
).encode()
ORPHAN = json.dumps(
    {"id": 1, "client_id": 9, "version": 1, "written_on": "2026-01-01", "text": "of nobody"}
).encode()


@pytest.mark.parametrize(
    ("extra", "revision", "sums", "what"),
    [
        ({}, "0417", {}, "made by a newer version"),
        ({"../../outside.txt": b"x"}, "0002", {}, "which no backup has"),
        ({"/etc/passwd": b"x"}, "0002", {}, "which no backup has"),
        ({f"vault/originals/../{NAME}": b"x"}, "0002", {}, "which no backup has"),
        ({"vault\\originals\\x": b"x"}, "0002", {}, "which no backup has"),
        ({f"vault/originals/{NAME}": b"altered"}, "0002", {}, "is damaged"),
        ({}, "0002", {"tables/client.jsonl": "0" * 64}, "is damaged"),
        ({}, "0002", {f"vault/originals/{NAME}": NAME}, "is damaged"),
        ({"tables/client.jsonl": b'{"id": 1}\n'}, "0002", {}, "do not fit together"),
        ({"tables/client.jsonl": b"nonsense\n"}, "0002", {}, "do not fit together"),
        ({"tables/client.jsonl": b'{"evil": 1}\n'}, "0002", {}, "do not fit together"),
        ({"tables/note.jsonl": ORPHAN}, "0002", {}, "do not fit together"),
        ({"tables/result.jsonl": NO_HASH}, "0002", {}, "do not fit together"),
    ],
)
def test_a_bad_backup_changes_nothing(
    clinic: Store,
    database: str,
    tmp_path: Path,
    extra: dict[str, bytes],
    revision: str,
    sums: dict[str, str],
    what: str,
) -> None:
    before = content(clinic)
    client = {"id": 1, "version": 1, "code": "x", "name": "", "skin_type": "", "hair": ""}
    rows: dict[str, list[dict[str, object]]] = {"client": [client | {"skin": "", "flags": []}]}
    path = write_archive(tmp_path / "bad.zip", rows, revision=revision, extra=extra, sums=sums)
    outside = sorted(
        p for p in tmp_path.rglob("*") if "store" not in p.parts and "vault" not in p.parts
    )
    with pytest.raises(StoreError, match=what) as refused:
        restore(path, database, overwrite=True, clock=lambda: NOW)
    assert len(str(refused.value).splitlines()) == 1
    assert content(clinic) == before
    assert outside == sorted(
        p for p in tmp_path.rglob("*") if "store" not in p.parts and "vault" not in p.parts
    )


@pytest.mark.parametrize("data", [b"", b"no zip", b"PK\x03\x04" + b"\0" * 60])
def test_what_is_no_backup(database: str, tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(data)
    with pytest.raises(StoreError, match="is no backup"):
        restore(path, database, clock=lambda: NOW)
    with pytest.raises(StoreError, match="does not exist"):
        restore(tmp_path / "nothing.zip", database, clock=lambda: NOW)


def test_every_cut_of_a_backup_is_refused(backup: Path, tmp_path: Path) -> None:
    data = backup.read_bytes()
    for length in range(0, len(data), len(data) // 12):
        path = tmp_path / "cut.zip"
        path.write_bytes(data[:length])
        with pytest.raises(StoreError, match=r"is no backup|is damaged"):
            restore(path, str(tmp_path / "cut"), clock=lambda: NOW)


def test_a_restore_that_fails_half_way_changes_nothing(
    clinic: Store,
    backup: Path,
    database: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept = clinic.client("C-0001")
    clinic.change_client(replace(kept, record=replace(kept.record, hair="since the backup")))
    file_photos(clinic, "C-0001", [incoming("late.jpg", date(2026, 6, 1))])
    before = content(clinic)

    def broken(*_args: object) -> None:
        raise ZeroDivisionError("power cut")

    with monkeypatch.context() as patched:
        patched.setattr(Store, "note_in_audit", broken)
        with pytest.raises(ZeroDivisionError):
            restore(backup, database, overwrite=True, clock=lambda: NOW)
    assert content(clinic) == before
    assert verify_store(clinic).damage == ()


def test_a_damaged_database_is_set_aside_not_deleted(
    backup: Path, tmp_path: Path, clinic: Store
) -> None:
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "records.db").write_bytes(b"garbage" * 1000)
    with pytest.raises(StoreError, match="damaged or no database"):
        restore(backup, str(folder), clock=lambda: NOW)
    done = restore(backup, str(folder), overwrite=True, clock=lambda: NOW)
    assert "records.db was damaged; it lies beside as records.db.damaged" in done.notes
    assert (folder / "records.db.damaged").read_bytes() == b"garbage" * 1000
    with open_store(str(folder), clock=lambda: NOW) as back:
        assert content(back) == content(clinic)
    assert restoring._set_damaged_aside(back.place) == []
