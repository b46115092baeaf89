"""Every kind of bad input: one clear line, exit status 2, nothing changed. On both databases."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.cli.conftest import Run
from tests.storage.contents import content
from tests.storage.photo_files import write_photo
from tracker.cli import main
from tracker.storage import engine as engines
from tracker.storage import vault as vaults
from tracker.storage.engine import open_engine
from tracker.storage.location import store_place
from tracker.storage.store import Store

# Two days ahead: a run of the tests may pass midnight.
SOON = (date.today() + timedelta(days=2)).isoformat()


def only_line(status: int, out: str, err: str) -> str:
    """The one line that a refused command says."""
    assert status == 2
    assert out == ""
    (line,) = err.splitlines()
    assert line.startswith("smp-tracker: ")
    return line


@pytest.fixture
def clinic(run: Run, tmp_path: Path) -> None:
    """Two clients, the first with a session and a photo."""
    run("client", "add", "C-0001", "--smp-date", "2023-05-01")
    run("client", "add", "C-0002")
    run("session", "add", "C-0001", "--date", "2024-03-02", "--zone", "crown")
    photo = write_photo(tmp_path / "mine.jpg", taken="2024:03:10 09:00:00")
    run("photo", "add", "C-0001", photo)


SESSION = ("session", "add", "C-0001", "--date")


BAD_INPUT: list[tuple[tuple[str, ...], str]] = [
    ((*SESSION, SOON), "lies in the future"),
    ((*SESSION, "2023-04-30"), "lies before the SMP of 2023-05-01"),
    ((*SESSION, "2024-03-02"), "there is one already on that day for the same zones"),
    ((*SESSION, "2024-03-02", "--zone", "Crown"), "there is one already on that day"),
    ((*SESSION, "2024-04-02", "--wavelength-nm", "5"), "plausible is 400 to 11000 nm"),
    ((*SESSION, "2024-04-02", "--wavelength-nm", "nan"), "wavelength_nm is nan"),
    ((*SESSION, "2024-04-02", "--cost", "-1"), "cost is -1; plausible is 0 to 1000000"),
    ((*SESSION, "2024-04-02", "--pain", "11"), "pain is 11; plausible is 0 to 10"),
    ((*SESSION, "02.04.2024"), "--date is `02.04.2024`; write the date as YYYY-MM-DD"),
    ((*SESSION, "2024-02-30"), "write the date as YYYY-MM-DD"),
    (("session", "add", "nobody", "--date", "2024-04-02"), "client nobody: is not there"),
    (("session", "edit", "1", "--date", "2023-04-30"), "lies before the SMP"),
    (("session", "edit", "1"), "nothing to change was given"),
    (("session", "edit", "99", "--pain", "1"), "session 99: is not there"),
    (("session", "remove", "1", "--if-version", "9"), "changed meanwhile"),
    (("client", "plan", "C-0001", "--price", "-5"), "price is -5; plausible is 0 to"),
    (("client", "plan", "C-0001", "--target", "50"), "target is 50; plausible is"),
    (("client", "plan", "C-0001", "--goal", "none"), "--goal is `none`; give one of soft fade"),
    (("client", "edit", "C-0001", "--smp-date", SOON), "lies in the future"),
    (("client", "edit", "C-0001", "--smp-date", "2024-03-05"), "lies after a session or photo"),
    (("client", "edit", "C-0001", "--skin-type", "VII"), "give one of I, II"),
    (("client", "edit", "C-0001", "--flag", "tired"), "--flag is `tired`; give one of"),
    (("client", "edit", "C-0001", "--hair", "x", "--if-version", "7"), "changed meanwhile"),
    (("client", "add", "C-0001"), "client C-0001: is there already"),
    (("client", "add", "Anna Smith"), "give a pseudonym"),
    (("client", "add", "--birth-year", "1800"), "birth year is 1800"),
    (("client", "consent", "C-0001", "--level", "all"), "give one of record"),
    (("client", "consent", "C-0001", "--level", "care", "--date", SOON), "in the future"),
    (
        ("client", "consent", "C-0001", "--level", "care", "--withdrawn", "2024-01-01"),
        "in force",
    ),
    (("client", "note", "C-0001", "  "), "is empty"),
    (("client", "timeline", "C-0001", "--healed-days", "10"), "give more than 14 days"),
    (("client", "measure", "C-0002"), "has no photos"),
    (("client", "results", "C-0001", "9"), "result 9: is not there"),
    (("photo", "date", "1", SOON[:4] + "-13-01"), "write the date as YYYY-MM-DD"),
    (("photo", "date", "1", "2099-01-01"), "lies in the future"),
    (("photo", "date", "1", "2023-04-30"), "before the SMP of 2023-05-01"),
    (("photo", "date", "1", "2024-01-01", "--if-version", "9"), "changed meanwhile"),
    (("photo", "edit", "1", "--view", "below"), "view `below`: is not known"),
    (("photo", "edit", "1", "--mm-per-px", "-1"), "mm_per_px is -1"),
    (("photo", "add", "C-0002", "mine.jpg"), "mine.jpg: is filed under client C-0001 already"),
    (("photo", "add", "C-0002", "nothing.jpg"), "nothing.jpg: does not exist"),
    (("photo", "add", "nobody", "mine.jpg"), "client nobody: is not there"),
    (("import", "nothing"), "there is no such folder"),
    (("import", ".", "--client", "Anna Smith"), "name one with --client"),
    (("erase", "nobody", "--yes"), "client nobody: is not there"),
    (("restore", "mine.jpg"), "mine.jpg: is no backup"),
    (("restore", "nothing.zip"), "nothing.zip: does not exist"),
    (("backup", "--out", "mine.jpg"), "mine.jpg: exists already"),
    (("verify", "--store", "mysql://x/y"), "mysql://...: is no store"),
    (("verify", "--store", "nowhere", "--vault", "v"), "there is no store here yet"),
]


def test_bad_input_is_one_line_and_changes_nothing(
    clinic: None,
    run: Run,
    look: Callable[[], Store],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All of the table on one store: as nothing changes, one refusal does not disturb the next."""
    monkeypatch.chdir(tmp_path)
    store = look()
    before = content(store)
    for arguments, what in BAD_INPUT:
        line = only_line(*run(*arguments))
        assert what in line, arguments
        assert content(store) == before, arguments


def test_a_newer_database(clinic: None, run: Run, look: Callable[[], Store]) -> None:
    with look() as store:
        with store.writing() as connection:
            connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
        before = content(store)
        for command in (("client", "list"), ("client", "add", "C-0003")):
            assert "was made by a newer version of smp-tracker" in only_line(*run(*command))
        assert content(store) == before


def test_a_locked_database(
    clinic: None,
    run: Run,
    look: Callable[[], Store],
    named_store: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Another program holds the lock for longer than anybody waits."""
    monkeypatch.setattr(engines, "BUSY_TIMEOUT_S", 0.2)
    place = store_place(named_store)
    with look() as store, ExitStack() as held:
        before = content(store)
        if place.folder is not None:
            other = held.enter_context(locking_process(place.folder / "records.db"))
            assert other.poll() is None
        else:
            connection = held.enter_context(store.engine.connect())
            held.enter_context(connection.begin())
            connection.execute(sa.text("LOCK TABLE client IN ACCESS EXCLUSIVE MODE"))
        line = only_line(*run("client", "edit", "C-0001", "--hair", "x"))
        assert "is locked by another program" in line
        held.close()
        assert content(store) == before
    assert run("client", "edit", "C-0001", "--hair", "x")[0] == 0


class locking_process:  # noqa: N801 - read as a context
    """Another process that holds SQLite's write lock."""

    def __init__(self, database: Path) -> None:
        code = (
            "import sqlite3, sys\n"
            "c = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
            "c.execute('BEGIN EXCLUSIVE')\n"
            "print('held', flush=True)\n"
            "sys.stdin.readline()\n"
        )
        self._process = subprocess.Popen(
            [sys.executable, "-c", code, str(database)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> subprocess.Popen[str]:
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "held\n"
        return self._process

    def __exit__(self, *_error: object) -> None:
        self._process.communicate("done\n", timeout=20)


def test_a_full_disk_under_the_vault(
    clinic: None,
    run: Run,
    look: Callable[[], Store],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    photo = write_photo(tmp_path / "new.jpg", shade=60, taken="2024:05:10 09:00:00")

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    with look() as store:
        before = content(store)
        with monkeypatch.context() as patched:
            patched.setattr(vaults.os, "fsync", full)
            line = only_line(*run("photo", "add", "C-0001", photo))
        assert "cannot be written to (no space left on device)" in line
        assert content(store) == before
    assert run("photo", "add", "C-0001", photo)[0] == 0


SQLITE_ALONE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@SQLITE_ALONE
def test_a_full_disk_under_the_database(
    clinic: None,
    run: Run,
    look: Callable[[], Store],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """SQLite is told that its file may not grow: what it says is what a full disk makes it say."""
    photo = write_photo(tmp_path / "new.jpg", shade=60, taken="2024:05:10 09:00:00")
    prepare = engines._prepare_sqlite

    def prepare_small(connection: Any, record: Any) -> None:
        prepare(connection, record)
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")

    with look() as store:
        before = content(store)
        with monkeypatch.context() as patched:
            patched.setattr(engines, "_prepare_sqlite", prepare_small)
            line = only_line(*run("client", "note", "C-0001", "long " * 20_000))
            assert "the disk is full" in line
            names = [
                write_photo(
                    tmp_path / "many" / f"{'n' * 150}{k}_{n}.jpg",
                    shade=8 * n,
                    taken=f"2024:05:{1 + k:02} 09:00:00",
                )
                for k in range(5)
                for n in range(20)
            ]
            line = only_line(*run("photo", "add", "C-0001", *names))
            assert "the disk is full" in line
        assert content(store) == before
    assert run("photo", "add", "C-0001", photo)[0] == 0


@SQLITE_ALONE
def test_a_disk_that_takes_no_more(
    clinic: None, look: Callable[[], Store], named_store: str, tmp_path: Path
) -> None:
    """The whole program in a process that may write no file beyond 100 kB."""
    photo = write_photo(tmp_path / "big_top.jpg", taken="2024:05:10 09:00:00")
    with photo.open("ab") as file:
        file.write(b"\0" * 300_000)  # what follows a JPEG's end belongs to the file
    code = (
        "import resource, sys\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "from tracker.cli import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    with look() as store:
        before = content(store)
        done = subprocess.run(
            [sys.executable, "-c", code, "photo", "add", "C-0001", str(photo)],
            capture_output=True,
            text=True,
            env={**os.environ, "SMP_TRACKER_RECORDS": named_store},
        )
        line = only_line(done.returncode, done.stdout, done.stderr)
        assert "cannot be written to (file too large)" in line
        assert content(store) == before


@SQLITE_ALONE
@pytest.mark.parametrize("damage", ["garbage", "cut", "page"])
def test_a_corrupted_database(clinic: None, run: Run, named_store: str, damage: str) -> None:
    file = Path(named_store) / "records.db"
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    data = file.read_bytes()
    for ending in ("-wal", "-shm"):
        file.with_name(file.name + ending).unlink(missing_ok=True)
    bad = {
        "garbage": b"garbage " * 4000,
        "cut": data[: len(data) // 3],
        "page": data[:4096] + b"\xaa" * (len(data) - 4096),
    }[damage]
    file.write_bytes(bad)
    for command in (("client", "list"), ("session", "add", "C-0001", "--date", "2024-06-01")):
        line = only_line(*run(*command))
        assert "damaged" in line
        assert "smp-tracker restore FILE --force" in line
    assert file.read_bytes() == bad


@SQLITE_ALONE
def test_a_folder_that_cannot_be_made(database: str, tmp_path: Path, run: Run) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    line = only_line(*run("client", "add", "C-1", "--store", tmp_path / "file" / "store"))
    assert "cannot be made" in line or "is a file" in line
    line = only_line(*run("client", "add", "C-1", "--store", tmp_path / "file"))
    assert "is a file, not a folder" in line


def test_a_server_that_does_not_answer(capsys: pytest.CaptureFixture[str]) -> None:
    url = "postgresql://doctor:secret-word@127.0.0.1:9/clinic"
    assert main(["client", "list", "--store", url]) == 2
    said = capsys.readouterr()
    line = only_line(2, said.out, said.err)
    assert "does not answer" in line
    assert "secret-word" not in line


def test_a_shared_database_needs_a_place_for_photos(
    postgres: Any, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    url = postgres.new_database()
    assert main(["client", "list", "--store", url]) == 2
    assert "has no place for photos yet" in only_line(2, "", capsys.readouterr().err)
    first, second = str(tmp_path / "a"), str(tmp_path / "b")
    assert main(["client", "add", "C-0001", "--store", url, "--vault", first]) == 0
    capsys.readouterr()
    assert main(["client", "list", "--store", url]) == 0  # it remembers
    capsys.readouterr()
    assert main(["client", "list", "--store", url, "--vault", second]) == 2
    assert f"keeps its photos in {first}, not in {second}" in capsys.readouterr().err


def test_without_the_drivers_the_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for name in [m for m in sys.modules if m.split(".")[0] in ("psycopg", "obstore")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    monkeypatch.setitem(sys.modules, "obstore", None)
    assert main(["client", "list", "--store", "postgresql://x/y"]) == 2
    assert "pip install 'smp-tracker[postgres]'" in capsys.readouterr().err
    store = str(tmp_path / "store")
    assert main(["client", "add", "C-1", "--store", store, "--vault", "s3://bucket/x"]) == 2
    assert "pip install 'smp-tracker[s3]'" in capsys.readouterr().err


def test_the_engine_waits_as_long_as_it_says(named_store: str) -> None:
    place = store_place(named_store)
    if place.folder is not None:
        place.folder.mkdir()
    engine = open_engine(place)
    with engine.connect() as connection:
        if place.folder is not None:
            waits = connection.exec_driver_sql("PRAGMA busy_timeout").scalar()
            for pragma, value in (
                ("journal_mode", "wal"),
                ("foreign_keys", 1),
                ("synchronous", 2),
                ("secure_delete", 1),
            ):
                assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value
            assert waits == 15000
        else:
            assert connection.exec_driver_sql("SHOW lock_timeout").scalar() == "15s"
    engine.dispose()


@pytest.mark.parametrize(
    "arguments",
    [
        ("client", "add", "Anna Smith"),
        ("client", "add", "--smp-date", SOON),
        ("import", "nowhere"),
        ("import", "here", "--client", "Anna Smith"),
        ("import", "here", "--client", "C-0001"),  # its sessions.csv is refused
    ],
)
def test_what_is_refused_makes_no_store(
    arguments: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    write_photo(tmp_path / "here" / "a.jpg")
    (tmp_path / "here" / "sessions.csv").write_text(f"date\n{SOON}\n", encoding="utf-8")
    status = main([*arguments, "--store", str(tmp_path / "store")])
    said = capsys.readouterr()
    only_line(status, said.out, said.err)
    assert not (tmp_path / "store").exists()


def test_an_empty_database_file_is_no_store(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A copy that was cut off must not pass for a clinic without clients."""
    (tmp_path / "records.db").touch()
    status = main(["client", "list", "--store", str(tmp_path)])
    said = capsys.readouterr()
    assert "there is no store here yet" in only_line(status, said.out, said.err)
    assert [(file.name, file.stat().st_size) for file in tmp_path.iterdir()] == [("records.db", 0)]


def test_what_a_person_wrote_does_not_steer_the_terminal(
    clinic: None, run: Run, tmp_path: Path
) -> None:
    assert run("client", "note", "C-0002", "\x1b[31mred\u202e turned")[0] == 0
    status, out, _ = run("client", "show", "C-0002")
    assert (status, "?[31mred? turned" in out) == (0, True)
    line = only_line(*run("photo", "add", "C-0002", tmp_path / "\x1b[2Jgone.jpg"))
    assert "?[2Jgone.jpg" in line
