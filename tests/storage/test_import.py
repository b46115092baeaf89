"""A client's folder comes in whole; the same folder again changes nothing."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from tests.storage.contents import content
from tests.storage.photo_files import write_photo
from tracker.record_files import FolderError
from tracker.records import DateSource, Goal, RecordError, SessionKind
from tracker.storage.errors import StoreError
from tracker.storage.import_folder import import_folder
from tracker.storage.store import Store

SESSIONS = """date,method,device,wavelength_nm,fluence_j_cm2,spot_mm,zones,cost,currency,pain,notes
2026-02-20,patch test QS,,1064,,,nape,,,,
2026-03-02,Q-switched Nd:YAG,,1064,4.5,6,hairline;crown,400,USD,4,fine
"""
CLIENT = """name = "Anna"
goal = "soft fade"
skin_type = "III"
smp_date = 2025-05-01
mm_per_px = 0.08
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "C-0012"
    write_photo(made / "2026-01-10_top.jpg", taken=None, shade=100)
    write_photo(made / "IMG_7_top.jpg", shade=60)
    write_photo(made / "undated_front.jpg", taken=None, shade=140)
    (made / "sessions.csv").write_text(SESSIONS, encoding="utf-8")
    (made / "client.toml").write_text(CLIENT, encoding="utf-8")
    zone = {"name": "corner", "view": "top", "vertices_px": [[1, 2], [30, 2], [30, 40]]}
    (made / "zones.json").write_text(json.dumps({"zones": [zone]}), encoding="utf-8")
    return made


def test_all_of_a_folder_comes_in(store: Store, folder: Path) -> None:
    done = import_folder(store, folder)
    assert (done.code, done.new_client, done.sessions, done.zones) == ("C-0012", True, 2, 1)
    client = store.client("C-0012").record
    assert (client.name, client.skin_type, client.smp_date) == ("Anna", "III", date(2025, 5, 1))
    plan = store.plan("C-0012")
    assert plan is not None
    assert (plan.record.goal, plan.record.target, plan.record.mm_per_px) == (
        Goal.SOFT_FADE,
        0.5,
        0.08,
    )
    patch, treatment = [kept.record for kept in store.sessions("C-0012")]
    assert (patch.kind, treatment.kind) == (SessionKind.PATCH_TEST, SessionKind.TREATMENT)
    assert (treatment.zones, treatment.cost, treatment.pain) == (("hairline", "crown"), 400.0, 4)
    assert [kept.record.vertices_px for kept in store.zones("C-0012")] == [
        ((1.0, 2.0), (30.0, 2.0), (30.0, 40.0))
    ]
    facts = {
        kept.record.name: (kept.record.captured_on, kept.record.date_source, kept.record.view)
        for kept in store.photos("C-0012")
    }
    assert facts == {
        "2026-01-10_top.jpg": (date(2026, 1, 10), DateSource.NAME, "top"),
        "IMG_7_top.jpg": (date(2026, 3, 10), DateSource.CAMERA, "top"),
        "undated_front.jpg": (None, DateSource.NONE, "front"),
    }
    assert any("undated_front.jpg: has no date; give it one" in note for note in done.notes)


def test_twice_gives_the_same_store(store: Store, folder: Path) -> None:
    import_folder(store, folder)
    before = content(store)
    again = import_folder(store, folder)
    assert content(store) == before
    assert (again.new_client, again.photos.added, again.sessions, again.zones) == (False, (), 0, 0)
    assert len(again.photos.known) == 3


def test_what_was_edited_since_stays(store: Store, folder: Path) -> None:
    import_folder(store, folder)
    (folder / "client.toml").write_text(CLIENT.replace("Anna", "Berta"), encoding="utf-8")
    (folder / "sessions.csv").write_text(SESSIONS.replace("fine", "other"), encoding="utf-8")
    write_photo(folder / "2026-06-01_top.jpg", taken=None, shade=200)
    before = store.client("C-0012")
    done = import_folder(store, folder)
    assert store.client("C-0012") == before
    assert [photo.name for photo in done.photos.added] == ["2026-06-01_top.jpg"]
    said = " ".join(done.notes)
    assert "name is Berta, the store has Anna; the store's stays" in said
    assert "session of 2026-03-02: the folder says other than the store" in said


def test_empty_fields_are_filled(store: Store, folder: Path) -> None:
    (folder / "client.toml").unlink()
    import_folder(store, folder)
    assert store.client("C-0012").record.smp_date is None
    (folder / "client.toml").write_text(CLIENT, encoding="utf-8")
    import_folder(store, folder)
    assert store.client("C-0012").record.smp_date == date(2025, 5, 1)
    assert store.plan("C-0012") is not None


@pytest.mark.parametrize(
    ("file", "old", "new", "what"),
    [
        ("sessions.csv", "1064,4.5", "5,4.5", "wavelength_nm is 5"),
        ("sessions.csv", "2026-03-02", "2027-03-02", "lies in the future"),
        ("sessions.csv", "2026-03-02", "2025-04-30", "before the SMP"),
        ("sessions.csv", "400,USD", "-400,USD", "cost is `-400`"),
        ("sessions.csv", "2026-02-20,patch test", "2026-03-02,", "one already on that day"),
        ("client.toml", "2025-05-01", "2026-02-01", "before the SMP of 2026-02-01"),
        ("client.toml", "0.08", "80", "mm_per_px is 80"),
    ],
)
def test_one_bad_record_and_nothing_comes_in(
    store: Store, folder: Path, file: str, old: str, new: str, what: str
) -> None:
    path = folder / file
    text = path.read_text(encoding="utf-8").replace(old, new)
    if "one already" in what:
        text = text.replace(",nape,", ",crown,")
    path.write_text(text, encoding="utf-8")
    before = content(store)
    with pytest.raises((RecordError, FolderError), match=what) as refused:
        import_folder(store, folder)
    assert len(str(refused.value).splitlines()) == 1
    assert content(store) == before


def test_a_damaged_photo_is_named_and_the_others_come_in(store: Store, folder: Path) -> None:
    (folder / "broken_top.jpg").write_bytes(b"")
    done = import_folder(store, folder)
    assert done.refused == (
        ("broken_top.jpg", "is empty (zero bytes); copy it from the phone or camera again"),
    )
    assert len(done.photos.added) == 3


def test_a_photo_of_another_client_stops_the_import(store: Store, folder: Path) -> None:
    import_folder(store, folder)
    before = content(store)
    with pytest.raises(StoreError, match="is filed under client C-0012 already"):
        import_folder(store, folder, code="C-0013")
    assert content(store) == before


def test_a_folder_named_after_a_person_needs_a_code(store: Store, folder: Path) -> None:
    named = folder.rename(folder.with_name("Anna Smith"))
    with pytest.raises(RecordError, match="name one with --client"):
        import_folder(store, named)
    assert store.clients() == []
    assert import_folder(store, named, code="C-0020").code == "C-0020"
