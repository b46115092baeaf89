"""An encrypted store works as one in the clear, and nothing personal lies in the clear beside it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

import tracker.storage.results as results
from tests.sealing.quickly import WORDS, stretch_quickly
from tests.storage.conftest import NOW
from tests.storage.contents import content
from tests.storage.made_up import CountingAnalysis, add_client, incoming
from tests.storage.photo_files import write_photo
from tracker.records import ClientRecord, MedicalFlag, NoteRecord, SessionRecord
from tracker.records.corrections import Correction, CorrectionKind
from tracker.storage import encrypting
from tracker.storage.backup import back_up
from tracker.storage.correcting import correct
from tracker.storage.encrypting import Sealed, change_passphrase, decrypt, encrypt, rotate
from tracker.storage.erase import erase_client
from tracker.storage.errors import StoreError
from tracker.storage.filing import file_photos
from tracker.storage.opening import open_store
from tracker.storage.restore import restore
from tracker.storage.results import measure_client
from tracker.storage.sealed_columns import ring_of
from tracker.storage.store import Store
from tracker.storage.tray import tray_of
from tracker.storage.unlocking import PASSPHRASE_FILE_VARIABLE, PASSPHRASE_VARIABLE
from tracker.storage.vault import AlteredError, FolderVault, Shelf
from tracker.storage.verify import verify_store

CODE = "C-0001"
SECRETS = ("Zoë Quill", "quillname", "shaved quillhair", "quillskin", "quillnote", "quilldoctor")
OTHER_WORDS = "quite another passphrase"


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stretch_quickly(monkeypatch)
    monkeypatch.delenv(PASSPHRASE_VARIABLE, raising=False)
    monkeypatch.delenv(PASSPHRASE_FILE_VARIABLE, raising=False)
    monkeypatch.setattr(results, "analyse_series", CountingAnalysis())
    # The tray of a store in PostgreSQL lies with the user's own data.
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.fixture
def clinic(store: Store, tmp_path: Path) -> Store:
    """A client of whom every kind of personal field holds something, and photos in every place."""
    add_client(store, CODE, n_photos=2)
    kept = store.client(CODE)
    store.change_client(
        replace(
            kept,
            record=ClientRecord(
                CODE,
                name=SECRETS[0],
                birth_year=1979,
                hair=SECRETS[2],
                skin=SECRETS[3],
                flags=(MedicalFlag.ISOTRETINOIN,),
            ),
        )
    )
    store.add_session(CODE, SessionRecord(date(2026, 1, 20), notes=SECRETS[4], operator=SECRETS[5]))
    store.add_note(CODE, NoteRecord(date(2026, 1, 21), SECRETS[4]))
    file_photos(store, CODE, [incoming("quillname.jpg", date(2026, 5, 1))])
    measure_client(store, CODE)
    correct(store, CODE, Correction(CorrectionKind.DATE, "quillname.jpg", after="2026-05-02"))
    photo = write_photo(tmp_path / "quillname_waiting.jpg", shade=99)
    tray_of(store, CODE).put(photo.read_bytes(), photo.name, today=date(2026, 9, 1))
    tray_of(store, CODE).thumbnail(tray_of(store, CODE).photos()[0].sha256)
    return store


def everything(store: Store) -> tuple[object, ...]:
    """All that a person can get out of a store."""
    rows = {k: v for k, v in content(store).items() if k != "audit"}
    files = [
        store.vault.get(shelf, name) for shelf in Shelf for name in sorted(store.vault.names(shelf))
    ]
    tray = tray_of(store, CODE)
    waiting = [(photo, tray.data(photo.sha256)) for photo in tray.photos()]
    return rows, files, waiting


def raw_rows(store: Store) -> str:
    """What the database itself holds, without the columns' types."""
    found = []
    with store.reading() as connection:
        for name in sorted(sa.inspect(connection).get_table_names()):
            rows = connection.exec_driver_sql(f"SELECT * FROM {name}").fetchall()
            found.append(f"{name}: {sorted(str(tuple(row)) for row in rows)}")
    return "\n".join(found)


def raw_files(*folders: Path | None) -> bytes:
    return b"\n".join(
        path.name.encode() + path.read_bytes()
        for folder in folders
        if folder is not None and folder.exists()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    )


def folders_of(store: Store, tmp_path: Path) -> list[Path | None]:
    assert isinstance(store.vault.inner, FolderVault)
    return [store.place.folder, store.vault.inner.folder, tmp_path / "data"]


def test_everything_is_as_before_and_nothing_lies_in_the_clear(
    clinic: Store, open_again: Callable[[], Store], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = everything(clinic)
    plain = raw_files(*folders_of(clinic, tmp_path)) + raw_rows(clinic).encode()
    assert all(secret.encode() in plain for secret in SECRETS), "the look finds what is there"
    assert b"photo quillname.jpg" in plain
    assert b"JFIF" in plain

    assert encrypt(clinic, WORDS) == Sealed(1, moving=False, n_files=10)
    assert everything(clinic) == before
    assert clinic.audit(None)[-1].what == "encryption was turned on"
    clinic.close()

    monkeypatch.setenv(PASSPHRASE_VARIABLE, WORDS)
    again = open_again()
    assert everything(again) == before
    assert verify_store(again).damage == ()
    assert measure_client(again, CODE).measured == ()
    sealed = raw_files(*folders_of(again, tmp_path)) + raw_rows(again).encode()
    # A checksum may hold any four digits.
    sealed = re.sub(rb"[0-9a-f]{64}", b"", sealed)
    for secret in (*SECRETS, "1979", "isotretinoin", "photo quillname.jpg", "JFIF", WORDS):
        assert secret.encode() not in sealed, secret
        assert secret.encode("utf-16-le") not in sealed, secret


def test_it_is_worked_with_as_before(
    clinic: Store, open_again: Callable[[], Store], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encrypt(clinic, WORDS)
    monkeypatch.setenv(PASSPHRASE_VARIABLE, WORDS)
    store = open_again()
    store.add_client(ClientRecord("C-0002", name="Another Quill", birth_year=1980))
    late = [incoming("b.jpg", date(2026, 6, 1)), incoming("a.jpg", date(2026, 6, 1))]
    file_photos(store, "C-0002", late)
    measure_client(store, "C-0002")
    assert [photo.record.name for photo in store.photos("C-0002")] == ["a.jpg", "b.jpg"]
    photo = store.photos("C-0002")[0]
    with pytest.raises(IntegrityError):  # the database still tells equal names
        store.change_photo(replace(photo, record=replace(photo.record, name="b.jpg")))
    found = raw_files(*folders_of(store, tmp_path)) + raw_rows(store).encode()
    assert b"Another Quill" not in found
    assert b"photo b.jpg" not in found
    with open_store(
        store.place.url if store.place.folder is None else str(store.place.folder)
    ) as o:
        assert o.client("C-0002").record.birth_year == 1980
    erase_client(store, "C-0002")
    assert verify_store(store).damage == ()
    assert [client.record.code for client in store.clients()] == [CODE]


def test_without_its_passphrase_it_stays_shut(
    clinic: Store, open_again: Callable[[], Store], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    encrypt(clinic, WORDS)
    with pytest.raises(StoreError, match="is encrypted and needs its passphrase"):
        open_again()
    monkeypatch.setenv(PASSPHRASE_VARIABLE, OTHER_WORDS)
    with pytest.raises(StoreError, match="another passphrase.*without it nobody can read"):
        open_again()
    file = tmp_path / "passphrase"
    monkeypatch.setenv(PASSPHRASE_FILE_VARIABLE, str(file))
    with pytest.raises(StoreError, match="cannot be read; name the file of the passphrase"):
        open_again()
    file.write_text("\n")
    with pytest.raises(StoreError, match="holds no passphrase"):
        open_again()
    file.write_text(f"{WORDS}\nsecond line\n")
    assert open_again().client(CODE).record.name == SECRETS[0]


def test_a_program_that_was_running_is_told_and_writes_nothing(
    clinic: Store, open_again: Callable[[], Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    running = open_again()
    encrypt(clinic, WORDS)
    for doing in (
        lambda: running.add_client(ClientRecord("C-0009", name="in the clear")),
        lambda: file_photos(running, CODE, [incoming("clear.jpg", date(2026, 7, 1))]),
        lambda: running.client(CODE),
        lambda: running.vault.get(Shelf.ORIGINALS, next(running.vault.names(Shelf.ORIGINALS))),
    ):
        with pytest.raises(StoreError, match="encrypted, or given another key, while"):
            doing()
    assert [client.record.code for client in clinic.clients()] == [CODE]
    assert verify_store(clinic).strays == ()
    monkeypatch.setenv(PASSPHRASE_VARIABLE, WORDS)
    unlocked = open_again()
    rotate(clinic)
    with pytest.raises(StoreError, match="start this program again; nothing was changed"):
        unlocked.add_note(CODE, NoteRecord(date(2026, 1, 21), "late"))


def test_a_fresh_key_opens_everything_and_the_earlier_one_nothing(
    clinic: Store, open_again: Callable[[], Store], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encrypt(clinic, WORDS)
    before, sealed = everything(clinic), raw_rows(clinic)
    earlier = ring_of(clinic.engine)
    assert rotate(clinic) == Sealed(2, moving=False, n_files=10)
    assert everything(clinic) == before
    now = ring_of(clinic.engine)
    assert earlier is not None
    assert now is not None
    assert set(now.keys) == {2}
    assert now.keys[2] != earlier.keys[1]
    found = raw_files(*folders_of(clinic, tmp_path)) + raw_rows(clinic).encode()
    assert b"\x01smp:1:" not in found
    assert b"\x01smp-file:1\n\x00\x00\x00\x01" not in found
    assert "smp:1:" in sealed
    monkeypatch.setenv(PASSPHRASE_VARIABLE, WORDS)
    assert everything(open_again()) == before


def test_another_passphrase(
    clinic: Store, open_again: Callable[[], Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    encrypt(clinic, WORDS)
    before = everything(clinic)
    with pytest.raises(StoreError, match="has 5 letters; take 12 or more"):
        change_passphrase(clinic, "short")
    change_passphrase(clinic, OTHER_WORDS)
    assert everything(clinic) == before
    monkeypatch.setenv(PASSPHRASE_VARIABLE, WORDS)
    with pytest.raises(StoreError, match="another passphrase"):
        open_again()
    monkeypatch.setenv(PASSPHRASE_VARIABLE, OTHER_WORDS)
    assert everything(open_again()) == before


def test_turned_off_all_lies_in_the_clear_again(
    clinic: Store, open_again: Callable[[], Store], tmp_path: Path
) -> None:
    before = everything(clinic)
    plain = raw_rows(clinic).replace("encryption", "")
    encrypt(clinic, WORDS)
    assert decrypt(clinic) == Sealed(None, moving=False, n_files=10)
    assert everything(open_again()) == before
    assert b"\x01smp" not in raw_files(*folders_of(clinic, tmp_path)) + raw_rows(clinic).encode()
    told = [line for line in plain.splitlines() if not line.startswith(("audit", "setting"))]
    assert [line for line in raw_rows(clinic).splitlines() if line in told] == told
    for again in (decrypt, rotate):
        with pytest.raises(StoreError, match="is not encrypted; `smp-tracker key set`"):
            again(clinic)


@pytest.mark.parametrize("change", [encrypt, rotate, decrypt])
@pytest.mark.parametrize("after", [0, 3, 6])
def test_stopped_on_the_way_it_opens_and_goes_on(
    clinic: Store,
    open_again: Callable[[], Store],
    change: Callable[..., Sealed],
    after: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if change is not encrypt:
        encrypt(clinic, WORDS)
    before = everything(clinic)
    put = clinic.vault.replace
    left = [after]

    def failing(*arguments: Any) -> None:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        put(*arguments)

    with monkeypatch.context() as stopped:
        stopped.setattr(clinic.vault, "replace", failing)
        with pytest.raises(KeyboardInterrupt):
            change(clinic, WORDS) if change is encrypt else change(clinic)
    clinic.close()
    monkeypatch.setenv(PASSPHRASE_VARIABLE, WORDS)
    again = open_again()
    assert encrypting.sealed_state(again).moving
    assert everything(again) == before
    assert verify_store(again).damage == ()
    again.add_note(CODE, NoteRecord(date(2026, 1, 22), "meanwhile"))
    state = encrypting.finish(again)
    assert not state.moving
    assert state.n_files >= 10 - after
    assert verify_store(open_again()).damage == ()
    assert len(open_again().notes(CODE)) == 2


def test_a_reader_that_holds_earlier_pages_is_told(
    clinic: Store, open_again: Callable[[], Store], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tracker.storage.engine.BUSY_TIMEOUT_S", 0.2)
    impatient = open_again()
    reader = open_again()
    with reader.reading() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM note")).scalar() == 1
        state = encrypt(impatient, WORDS)
        assert (state.key, state.moving, state.traces) == (1, False, True)
    reader.close()
    clinic.close()
    assert encrypting.finish(impatient) == Sealed(1, moving=False)
    found = raw_files(*folders_of(impatient, tmp_path))
    assert all(secret.encode() not in found for secret in SECRETS)


def test_records_that_fail_half_way_stay_as_they_were(
    clinic: Store, monkeypatch: pytest.MonkeyPatch, open_again: Callable[[], Store]
) -> None:
    before, rows = everything(clinic), raw_rows(clinic)
    writes = encrypting._write_rows

    def failing(connection: Any, table: sa.Table, some: Any) -> None:
        if table.name == "photo":
            raise StoreError("the disk", "is full", "free some space")
        writes(connection, table, some)

    monkeypatch.setattr(encrypting, "_write_rows", failing)
    with pytest.raises(StoreError, match="the disk: is full"):
        encrypt(clinic, WORDS)
    assert raw_rows(clinic) == rows
    assert everything(open_again()) == before
    clinic.add_note(CODE, NoteRecord(date(2026, 1, 22), "goes on"))


def test_what_was_altered_is_told(
    clinic: Store, open_again: Callable[[], Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    encrypt(clinic, WORDS)
    name = min(clinic.vault.names(Shelf.ORIGINALS))
    data = clinic.vault.inner.get(Shelf.ORIGINALS, name)
    clinic.vault.inner.replace(Shelf.ORIGINALS, name, data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(AlteredError):
        clinic.vault.get(Shelf.ORIGINALS, name)
    (damage,) = verify_store(clinic).damage
    assert (damage.sha256, damage.what) == (name, "altered")
    with clinic.writing() as connection:
        other = connection.exec_driver_sql("SELECT hair FROM client").scalar()
        connection.execute(sa.text("UPDATE client SET name = :other"), {"other": other})
    with pytest.raises(StoreError, match=r"an encrypted client\.name: has been altered"):
        clinic.client(CODE)


def test_a_name_that_looks_encrypted_is_refused(clinic: Store) -> None:
    with pytest.raises(StoreError, match="holds a character that cannot be kept"):
        clinic.add_client(ClientRecord("C-0002", name="\x01smp:1:AAAA"))


@pytest.mark.parametrize("encrypted_there", [False, True])
def test_a_backup_is_encrypted_and_comes_back(
    clinic: Store, tmp_path: Path, encrypted_there: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    encrypt(clinic, WORDS)
    path = tmp_path / "clinic.backup"
    assert back_up(clinic, path).n_photos == 5
    data = path.read_bytes()
    for secret in (*SECRETS, "photo quillname.jpg", "manifest.json"):
        assert secret.encode() not in data
    there = str(tmp_path / "there")
    if encrypted_there:
        with open_store(there, create=True, clock=lambda: NOW) as fresh:
            encrypt(fresh, OTHER_WORDS)
    for words, what in ((None, "needs its passphrase"), (OTHER_WORDS, "another passphrase")):
        with pytest.raises(StoreError, match=what):
            restore(
                path,
                there,
                clock=lambda: NOW,
                words=lambda: OTHER_WORDS,
                backup_words=lambda words=words: words,
            )
    done = restore(
        path, there, clock=lambda: NOW, words=lambda: OTHER_WORDS, backup_words=lambda: WORDS
    )
    told = [note for note in done.notes if "was encrypted and this store is not" in note]
    assert len(told) == (not encrypted_there)
    with open_store(there, clock=lambda: NOW, words=lambda: OTHER_WORDS) as back:
        assert content(back) == content(clinic)
        assert verify_store(back).damage == ()
        assert ("Zoë Quill".encode() in raw_files(Path(there))) != encrypted_there


def test_a_backup_that_was_cut_changes_nothing(clinic: Store, tmp_path: Path) -> None:
    encrypt(clinic, WORDS)
    path = tmp_path / "clinic.backup"
    back_up(clinic, path)
    path.write_bytes(path.read_bytes()[:-100])
    there = tmp_path / "there"
    with pytest.raises(StoreError, match="is no backup, or is damaged"):
        restore(path, str(there), clock=lambda: NOW, words=lambda: WORDS)
    assert not there.exists()


def test_photos_in_s3(
    database: str, s3_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with open_store(database, vault=s3_url, create=True, clock=lambda: NOW) as store:
        add_client(store)
        before = content(store)["photo"]
        encrypt(store, WORDS)
        for name in store.vault.names(Shelf.ORIGINALS):
            assert b"photo C-0001" not in store.vault.inner.get(Shelf.ORIGINALS, name)
        assert verify_store(store).damage == ()
        assert rotate(store).n_files == 6
    monkeypatch.setenv(PASSPHRASE_VARIABLE, WORDS)
    with open_store(database, clock=lambda: NOW) as store:
        assert content(store)["photo"] == before
        assert verify_store(store).damage == ()
