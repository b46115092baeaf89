"""Place, serial numbers and owner of a camera stay in the original; roles hold at the store; quiet logs."""

from __future__ import annotations

import base64
import io
import json
import logging
import re
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from tests.dossier.conftest import no_measuring  # noqa: F401 - for every test here
from tests.dossier.made_up import CODE, NOW, add_client, consent
from tests.hardening.test_bad_images import Dropped
from tests.storage.photo_files import SECRETS, write_photo
from tests.ui.conftest import PaperEngine
from tests.ui.test_sign_in import PASSWORD, sign_in
from tests.ui.visits import titles, visit
from tracker.cli import main
from tracker.dossier.case import read_case
from tracker.dossier.exports import ExportOptions, Kind, make_export
from tracker.dossier.report import report_html, report_parts, report_pdf
from tracker.logs import LogForm, set_up
from tracker.records import (
    ClientRecord,
    ConsentLevel,
    ConsentRecord,
    NoteRecord,
    SessionRecord,
    TreatmentPlan,
)
from tracker.series import PolygonZone, Progress, SeriesAnalysis
from tracker.storage.clinic_settings import Language, Paper
from tracker.storage.errors import StoreError
from tracker.storage.location import store_place
from tracker.storage.results import measure_client
from tracker.storage.store import Store
from tracker.storage.tray import tray_of
from tracker.storage.vault import open_vault, sha256_of
from tracker.ui import pictures
from tracker.ui.intake import receive
from tracker.ui.jobs import JobState, MeasuringDesk
from tracker.ui.session_store import LookingStore

TODAY = date(2026, 9, 1)


def phone_exif(tmp_path: Path) -> bytes:
    with Image.open(write_photo(tmp_path / "phone.jpg", orientation=1)) as image:
        return bytes(image.info["exif"]).removeprefix(b"Exif\0\0")


def all_bytes(data: bytes) -> bytes:
    """The bytes, those of a ZIP's members, and of pictures within a page."""
    found = [data]
    if data[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            found += [archive.read(name) for name in archive.namelist()]
    for coded in re.findall(rb"base64,([A-Za-z0-9+/=]+)", data):
        found.append(base64.b64decode(coded))
    return b"\n".join(found)


def assert_bare(data: bytes) -> None:
    everything = all_bytes(data)
    for secret in SECRETS:
        assert secret.encode() not in everything, secret
    assert b"Exif\0\0" not in everything
    assert b"Phonemaker" not in everything


def test_what_is_exported_carries_no_place_and_no_serial_number(
    clinic: Store,
    tmp_path: Path,
) -> None:
    exif = phone_exif(tmp_path)
    assert all(secret.encode() in exif for secret in SECRETS)
    add_client(clinic, views=("top",), exif=exif)
    consent(clinic, ConsentLevel.PUBLICATION)
    case = read_case(clinic, CODE)
    assert all(secret.encode() in case.original(case.photos[0].name) for secret in SECRETS)
    for kind in Kind:
        confirmed = tuple(photo.name for photo in case.photos)
        options = ExportOptions(secret="s", confirmed=confirmed)
        made = make_export(case, kind, options, today=TODAY, made_at=NOW)
        assert_bare(made.data)
    parts = report_parts(case, with_name=True)
    assert_bare(report_html(parts, language=Language.ENGLISH, made_at=NOW).encode())
    assert_bare(report_pdf(parts, language=Language.ENGLISH, paper=Paper.A4, made_at=NOW))


def test_what_is_served_carries_no_place_and_no_serial_number(
    clinic: Store,
    tmp_path: Path,
) -> None:
    data = write_photo(tmp_path / "phone.jpg").read_bytes()
    clinic.add_client(ClientRecord("C-0001"))
    tray = tray_of(clinic, "C-0001")
    photo = tray.put(data, "phone.jpg", today=clinic.today)
    assert_bare(tray.thumbnail(photo.sha256))
    facts = next(path for path in tray.folder.iterdir() if path.suffix == ".json")
    assert not any(secret in facts.read_text(encoding="utf-8") for secret in SECRETS)
    assert_bare(pictures.thumbnail_of_file(data))


ELSEWHERE = (
    *("http://192.0.2.1/x", "https://x", "file:///etc/passwd", "ftp://x/y", "gopher://x"),
    *("mysql://x/y", "sqlite:////etc/x", "s3://bucket", "POSTGRESQL+asyncpg://x", "jdbc:x://y"),
)


@pytest.mark.parametrize("url", ELSEWHERE)
def test_a_store_is_a_folder_or_postgresql_and_nothing_is_asked(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_socket(*_: object, **__: object) -> None:
        pytest.fail("a connection was opened")

    monkeypatch.setattr("socket.socket.connect", no_socket)
    monkeypatch.setattr("socket.getaddrinfo", no_socket)
    with pytest.raises(StoreError, match="is no store"):
        store_place(url)
    if not url.startswith("s3://"):
        with pytest.raises(StoreError, match="is no vault"):
            open_vault(url)


def changes(looking: Store) -> Iterator[tuple[str, Callable[[], object]]]:
    """Every change of the records, as a call that would otherwise be made."""
    kept = looking.client("client-a")
    (photo, *_), (session, *_) = looking.photos("client-a"), looking.sessions("client-a")
    square = ((1.0, 1.0), (9.0, 1.0), (9.0, 9.0))
    yield "add_client", lambda: looking.add_client(ClientRecord("C-9"))
    yield "change_client", lambda: looking.change_client(replace(kept, record=kept.record))
    yield "save_plan", lambda: looking.save_plan("client-a", _plan(looking), None)
    yield (
        "add_session",
        lambda: looking.add_session("client-a", SessionRecord(date(2026, 1, 1))),
    )
    yield "change_session", lambda: looking.change_session(session)
    yield "remove_session", lambda: looking.remove_session(session)
    yield "change_photo", lambda: looking.change_photo(photo)
    yield "add_zone", lambda: looking.add_zone("client-a", PolygonZone("z", "top", square))
    yield (
        "add_consent",
        lambda: looking.add_consent(
            "client-a", ConsentRecord(ConsentLevel.TEACHING, date(2026, 1, 1))
        ),
    )
    yield "add_note", lambda: looking.add_note("client-a", NoteRecord(looking.today, "x"))


def _plan(looking: Store) -> TreatmentPlan:
    kept = looking.plan("client-a")
    assert kept is not None
    return kept.record


def test_no_change_of_the_records_gets_past_a_viewers_store(store: Store) -> None:
    looking = LookingStore(store.engine, store.place, store.vault, clock=store.clock, actor="vera")
    before = store.audit()
    tried = {name for name, change in changes(looking) if _refused(change)}
    known = {n for n in dir(Store) if n.split("_")[0] in ("add", "change", "remove", "save")}
    assert tried | {"change_zone"} == known  # a new way to change must be tried here too
    assert store.audit() == before


def _refused(change: Callable[[], object]) -> bool:
    with pytest.raises(StoreError, match="may look, not change"):
        change()
    return True


def test_a_viewer_cannot_write_through_any_page(
    app: AppTest,
    users: Path,
    store: Store,
    engine: PaperEngine,
) -> None:
    measure_client(store, "client-a")
    sign_in(app, "vera")
    app.query_params["client"] = "client-a"
    app.run()
    before = store.audit(), list(store.photos("client-a")), list(store.sessions("client-a"))
    for title in titles(app):
        visit(app, title)
        for number in range(len(app.button)):
            visit(app, title)
            button = app.button[number] if number < len(app.button) else None
            if button is not None and not button.disabled and button.label != "Sign out":
                button.click().run()
    after = store.audit(), list(store.photos("client-a")), list(store.sessions("client-a"))
    assert after == before


def test_a_page_that_the_role_does_not_have_is_not_reached_by_its_address(
    app: AppTest,
    users: Path,
    store: Store,
) -> None:
    sign_in(app, "vera")
    known = {page["url_pathname"] for page in app._registered_pages.values()}
    assert not {"add", "batch"} & known


def test_logs_hold_no_name_no_note_and_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever the libraries are asked to log at their most talkative."""
    monkeypatch.setenv("SMP_TRACKER_RECORDS", str(tmp_path / "records"))
    photo = write_photo(tmp_path / "mine.jpg", taken="2024:03:10 09:00:00")
    with caplog.at_level(logging.DEBUG):
        for words in (
            ("client", "add", "C-0001", "--name", "Anna Nameless"),
            ("client", "note", "C-0001", "told in confidence"),
            ("photo", "add", "C-0001", str(photo)),
            ("backup", "--out", str(tmp_path / "b.zip")),
        ):
            assert main(list(words)) == 0
    for word in ("Anna", "Nameless", "confidence", *SECRETS):
        assert word not in caplog.text, word


def test_json_lines_hold_no_name_no_note_and_no_secret(
    app: AppTest, users: Path, store: Store, tmp_path: Path
) -> None:
    """What is signed in, refused, measured and failed, with people's words in all of it."""
    stream = io.StringIO()
    take_back = set_up(LogForm.JSON, stream)
    photo = write_photo(tmp_path / "phone.jpg").read_bytes()
    try:
        sign_in(app, "hunter2secret", "hunter2secret")  # the password in the wrong box
        sign_in(app, "vera", "hunter2secret")
        sign_in(app, "vera")
        looking = LookingStore(
            store.engine, store.place, store.vault, clock=store.clock, actor="vera"
        )
        with pytest.raises(StoreError):
            looking.add_note("client-a", NoteRecord(store.today, "told in confidence"))
        with pytest.raises(StoreError):
            store.add_client(ClientRecord("client-a", name="Anna Nameless"))
        dropped = [
            Dropped("Anna Nameless.jpg", photo),
            Dropped("Anna Nameless again.jpg", photo),
            Dropped("Anna Nameless.pdf", b"%PDF told in confidence"),
        ]
        receive(store, "client-a", dropped, lambda _share, _text: None)
        wait_for_failure("client-a", "Anna Nameless, told in confidence")
        logging.getLogger("library").error("of %s", "Anna Nameless", exc_info=OSError("Anna"))
    finally:
        take_back()
    rows = [json.loads(line) for line in stream.getvalue().splitlines()]
    said = [(row["event"], row.get("user"), row.get("client"), row.get("kind")) for row in rows]
    for expected in (
        ("sign-in refused", "unknown", None, None),
        ("sign-in refused", "vera", None, None),
        ("signed in", "vera", None, None),
        ("change refused", "vera", None, "viewer"),
        ("change refused", None, None, "StoreError"),
        ("upload refused", None, "client-a", None),
        ("measuring begun", None, "client-a", None),
        ("measuring failed", None, "client-a", None),
        ("library", None, None, None),
    ):
        assert expected in said
    refused = [row for row in rows if row["event"] == "upload refused"]
    assert [row["reason"] for row in refused] == ["there already", "is a PDF document, not a photo"]
    assert refused[0]["sha256"] == sha256_of(photo)[:12]
    for word in ("Anna", "Nameless", "confidence", "hunter2", PASSWORD, ".jpg", *SECRETS):
        assert word not in stream.getvalue(), word


def wait_for_failure(client: str, words: str) -> None:
    def fails(_progress: Progress) -> SeriesAnalysis:
        raise RuntimeError(words)

    desk = MeasuringDesk()
    job = desk.ask("key", fails, "watcher", client)
    while job.active:
        time.sleep(0.01)
    while desk.active():
        time.sleep(0.01)
    assert job.state is JobState.FAILED
    # The line follows the state.
    for thread in threading.enumerate():
        if thread.name.startswith("measuring"):
            thread.join(60)


def test_a_password_of_the_database_is_said_nowhere(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        url = "postgresql://anna:hunter2secret@127.0.0.1:1/none?password=hunter3secret"
        assert main(["verify", "--store", url, "--vault", "/nowhere"]) == 2
    said = capsys.readouterr()
    for text in (said.out, said.err, caplog.text):
        assert "hunter" not in text
