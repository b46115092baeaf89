"""The commands on records, from the first client to the erasure, on both databases."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tracker.cli.keeping as keeping
import tracker.storage.results as results
from tests.cli.conftest import Run
from tests.storage.made_up import CountingAnalysis
from tests.storage.photo_files import write_photo
from tracker import METHOD_VERSION
from tracker.cli import main
from tracker.storage.store import Store

RECORD_COMMANDS = {
    ("client", "add"),
    ("client", "edit"),
    ("client", "list"),
    ("client", "show"),
    ("client", "plan"),
    ("client", "consent"),
    ("client", "note"),
    ("client", "timeline"),
    ("client", "measure"),
    ("client", "results"),
    ("client", "audit"),
    ("session", "add"),
    ("session", "edit"),
    ("session", "remove"),
    ("session", "list"),
    ("photo", "add"),
    ("photo", "list"),
    ("photo", "date"),
    ("photo", "edit"),
    ("photo", "save"),
    ("import",),
    ("verify",),
    ("backup",),
    ("restore",),
    ("erase",),
}


@pytest.mark.parametrize("command", sorted(RECORD_COMMANDS))
def test_every_command_has_help(
    command: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "--help"]) == 0
    text = capsys.readouterr().out
    for option in ("--store", "--vault", "--json", "--quiet"):
        assert option in text


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "C-0012"
    write_photo(made / "a_top.jpg", taken="2024:01:10 09:00:00", shade=60)
    write_photo(made / "b_top.jpg", taken="2024:03:10 09:00:00", shade=100)
    write_photo(made / "c_top.jpg", taken=None, shade=140)
    (made / "sessions.csv").write_text("date,zones\n2024-02-20,crown\n", encoding="utf-8")
    return made


def test_a_clinics_day(run: Run, run_json: Callable[..., Any], tmp_path: Path) -> None:
    status, out, err = run("client", "add", "--name", "Zoë [b]", "--skin-type", "iv")
    assert (status, out, err) == (0, "client C-0001 added\n", "")
    run_json("client", "edit", "C-0001", "--flag", "recent-sun", "--smp-date", "2023-05-01")
    run_json(
        "client", "plan", "C-0001", "--goal", "soft fade", "--price", "1600", "--currency", "EUR"
    )
    status, _, err = run("client", "plan", "C-0001", "--spacing-days", "21")
    assert status == 0
    assert "sessions every 21 days" in err
    run_json("client", "consent", "C-0001", "--level", "research", "--date", "2024-01-02")
    run_json("client", "consent", "C-0001", "--level", "research", "--withdrawn", "2024-02-02")
    run_json("client", "note", "C-0001", "called; all well", "--date", "2024-01-03")
    shown = run_json("client", "show", "C-0001")
    assert shown["client"]["flags"] == ["recent sun"]
    assert (shown["plan"]["goal"], shown["plan"]["target"]) == ("soft fade", 0.5)
    assert shown["consents"][0]["withdrawn_on"] == "2024-02-02"
    status, out, _ = run("client", "show", "C-0001")
    for text in (
        "Zoë [b]",
        "recent sun",
        "2024-01-02 until 2024-02-02",
        "called; all well",
        "1600",
    ):
        assert text in out

    fields = (
        "--wavelength-nm",
        "1064",
        "--fluence-j-cm2",
        "4.5",
        "--spot-mm",
        "6",
        "--passes",
        "2",
    )
    added = run_json(
        "session", "add", "C-0001", "--date", "2024-03-02", "--zone", "crown", "--pain", "4",
        "--cost", "400", "--currency", "USD", "--operator", "M.", *fields,
    )  # fmt: skip
    assert added["zones"] == ["crown"]
    status, _, err = run("session", "add", "C-0001", "--date", "2024-03-20")
    assert status == 0
    assert "18 days from the session of 2024-03-02" in err
    run_json("session", "add", "C-0001", "--date", "2024-03-02", "--patch-test")
    edited = run_json("session", "edit", added["id"], "--pain", "7", "--notes", "calm")
    assert (edited["pain"], edited["version"], edited["cost"]) == (7, 2, 400.0)
    listed = run_json("session", "list", "C-0001")["sessions"]
    assert [s["kind"] for s in listed] == ["treatment", "patch test", "treatment"]
    run_json("session", "remove", listed[-1]["id"])
    status, out, _ = run("session", "list", "C-0001")
    assert "1064" in out
    assert "patch test" in out
    assert "2024-03-20" not in out

    photo = write_photo(tmp_path / "x_top.jpg", taken="2024:03:10 09:00:00")
    undated = write_photo(tmp_path / "y_top.jpg", taken=None, shade=60)
    status, out, err = run("photo", "add", "C-0001", photo, undated)
    assert (status, out) == (0, "2 photos kept for C-0001, 0 were there already\n")
    assert "y_top.jpg: has no date; give it one with `photo date`" in err
    status, out, _ = run("client", "list")
    assert "1 photos ask for a date" in out
    (asking,) = run_json("photo", "list", "--undated")["photos"]
    assert (asking["name"], asking["stage"]) == ("y_top.jpg", "unknown")
    run_json("photo", "date", asking["id"], "2024-05-01")
    photos = run_json("photo", "list", "C-0001")["photos"]
    assert [(p["name"], p["stage"], p["days_since_session"]) for p in photos] == [
        ("x_top.jpg", "healing", 8),
        ("y_top.jpg", "healed", 60),
    ]
    assert run_json("photo", "list", "--undated")["photos"] == []
    run_json("photo", "edit", photos[0]["id"], "--view", "vertex", "--mm-per-px", "0.1")
    saved = tmp_path / "saved.jpg"
    run_json("photo", "save", photos[0]["id"], "--out", saved)
    assert saved.read_bytes() == photo.read_bytes()
    status, out, _ = run("client", "timeline", "C-0001")
    assert "healing 8 days" in out
    later = run_json("client", "timeline", "C-0001", "--healed-days", "61")
    assert [p["stage"] for p in later["photos"]] == ["healing", "settling"]
    actions = [entry["action"] for entry in run_json("client", "audit", "C-0001")["entries"]]
    assert actions.count("add") == 8
    assert {"change", "withdraw", "remove"} <= set(actions)


def test_from_import_to_erasure(
    run: Run,
    run_json: Callable[..., Any],
    look: Callable[[], Store],
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(results, "analyse_series", CountingAnalysis())
    done = run_json("import", folder)
    assert (done["client"], len(done["added"]), done["sessions"]) == ("C-0012", 3, 1)
    again = run_json("import", folder)
    assert (again["added"], len(again["known"]), again["sessions"]) == ([], 3, 0)
    assert run_json("client", "measure", "C-0012")["measured"] == ["top"]
    assert run_json("client", "measure", "C-0012")["reused"] == ["top"]
    (result,) = run_json("client", "results", "C-0012")["results"]
    assert not result["method_changed"]
    with monkeypatch.context() as patched:
        patched.setattr(results, "METHOD_VERSION", "next")
        status, out, _ = run("client", "results", "C-0012")
        assert f"of method {METHOD_VERSION}, which has changed: do not mix" in out
        status, out, err = run("client", "results", "C-0012", result["id"])
        assert status == 0
        assert "30.0 %" in out
        assert "which has changed" in err

    assert run_json("verify")["damage"] == []
    backup = tmp_path / "clinic.zip"
    run_json("backup", "--out", backup)
    status, _, err = run("backup", "--out", backup)
    assert (status, err) == (2, f"smp-tracker: {backup}: exists already; --force replaces it\n")

    status, out, err = run("erase", "C-0012")
    assert (status, out) == (2, "")
    for part in (
        "client C-0012",
        "1 sessions",
        "3 photos",
        "3 originals",
        "3 thumbnails",
        "1 results",
        "--yes",
    ):
        assert part in err
    assert len(err.splitlines()) == 1
    assert look().client("C-0012")
    gone = run_json("erase", "C-0012", "--yes")
    assert (gone["records"]["photos"], gone["files"]) == (3, 7)
    status, _, err = run("client", "show", "C-0012")
    assert (status, err) == (
        2,
        "smp-tracker: client C-0012: is not there; see `smp-tracker client list`\n",
    )
    entries = run_json("client", "audit")["entries"]
    assert [(e["action"], e["what"]) for e in entries] == [("erase", "a client was erased")]

    back = run_json("restore", backup)
    assert (back["n_clients"], back["n_photos"]) == (1, 3)
    assert run_json("verify")["n_originals"] == 3


def test_erasing_asks_a_person(
    run: Run, look: Callable[[], Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    run("client", "add", "C-0001")

    class Keyboard(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(keeping.sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(keeping.sys, "stdin", Keyboard("no\n"))
    status, out, err = run("erase", "C-0001")
    assert (status, out) == (2, "")
    assert "records: client C-0001, 1 audit entries" in err
    assert "Type C-0001 to erase all of it for good:" in err
    assert "not confirmed; nothing was changed" in err
    assert look().client("C-0001")


def test_a_typed_code_erases(
    run: Run, look: Callable[[], Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    run("client", "add", "C-0001")

    class Keyboard(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(keeping.sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(keeping.sys, "stdin", Keyboard("C-0001\n"))
    status, out, _ = run("erase", "C-0001")
    assert status == 0
    assert "erased: records: client C-0001" in out
    assert look().clients() == []


def test_verify_names_lost_and_altered_originals(
    run: Run, look: Callable[[], Store], folder: Path
) -> None:
    run("import", folder)
    with look() as store:
        from tracker.storage.vault import Shelf

        lost, altered = (kept.record for kept in store.photos("C-0012")[:2])
        store.vault.remove(Shelf.ORIGINALS, lost.sha256)
        store.vault.remove(Shelf.ORIGINALS, altered.sha256)
        store.vault.put(Shelf.ORIGINALS, altered.sha256, b"something else")
    status, out, err = run("verify")
    assert status == 1
    assert err.splitlines() == [
        f"client C-0012, a_top.jpg: lost (SHA-256 {lost.sha256[:12]})",
        f"client C-0012, b_top.jpg: altered (SHA-256 {altered.sha256[:12]})",
    ]
    assert out == "3 originals, 0 results: 2 damaged\n"


def test_a_photo_that_cannot_be_read_is_named_and_the_others_kept(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    (folder / "broken.jpg").write_bytes(b"")
    status, out, err = run("import", folder)
    assert status == 1
    assert "broken.jpg: not kept: is empty (zero bytes)" in err
    assert "3 photos added" in out
    good = write_photo(tmp_path / "good.jpg", shade=220, taken="2024:05:05 10:00:00")
    status, out, err = run("photo", "add", "C-0012", good, folder / "broken.jpg")
    assert (status, "1 photos kept" in out) == (1, True)
    assert "broken.jpg: not kept" in err


def test_two_people_editing_one_client(run: Run, run_json: Callable[..., Any]) -> None:
    run("client", "add", "C-0001")
    seen = run_json("client", "show", "C-0001")["client"]["version"]
    run_json("client", "edit", "C-0001", "--hair", "grown", "--if-version", seen)
    status, out, err = run("client", "edit", "C-0001", "--hair", "shaved", "--if-version", seen)
    assert (status, out) == (2, "")
    assert err == (
        "smp-tracker: client C-0001: changed meanwhile: somebody else saved it after you opened "
        "it; open it again and repeat your change\n"
    )
    assert run_json("client", "show", "C-0001")["client"]["hair"] == "grown"


def test_the_store_lies_in_the_users_own_folder_by_default(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("SMP_TRACKER_RECORDS", raising=False)
    monkeypatch.delenv("SMP_TRACKER_VAULT", raising=False)
    assert main(["client", "list"]) == 2
    assert "there is no store here yet" in capsys.readouterr().err
    assert main(["client", "add", "C-0001"]) == 0
    (database,) = (tmp_path / "home").rglob("records.db")
    assert database.parent.stat().st_mode & 0o077 == 0  # nobody else reads health records
    assert main(["client", "list"]) == 0
    assert "C-0001" in capsys.readouterr().out


def test_programs_of_several_rooms_at_once(
    run: Run, run_json: Callable[..., Any], named_store: str
) -> None:
    """Real processes, as they are started in the rooms of a clinic."""
    run("client", "add", "C-0001")
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "tracker", "client", "note", "C-0001", f"from room {room}"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for room in range(4)
    ]
    said = [program.communicate(timeout=120) for program in started]
    assert [program.returncode for program in started] == [0] * 4, said
    notes = run_json("client", "show", "C-0001")["notes"]
    assert sorted(note["text"] for note in notes) == [f"from room {room}" for room in range(4)]
