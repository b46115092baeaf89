"""Corrections in the store: kept, counted at once, undone, and never in the place of what was found."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

import tracker.storage.results as results
from tests.storage.made_up import CountingAnalysis, add_client, incoming
from tracker.analysis import AnalysisSettings, analyse_series
from tracker.correction_file import corrections_text
from tracker.folder import read_client_folder
from tracker.records import ClientRecord, DateSource, RecordError
from tracker.records.corrections import Correction, CorrectionKind
from tracker.report.tables import photos_csv
from tracker.storage.correcting import correct, list_corrections, undo
from tracker.storage.erase import erase_client
from tracker.storage.errors import ChangedMeanwhileError, NotThereError, StoreError
from tracker.storage.filing import file_photos
from tracker.storage.import_folder import import_folder
from tracker.storage.results import list_results, measure_client, open_result
from tracker.storage.store import Store

CODE = "C-0001"
BASELINE, LATER = f"{CODE}-top-0.jpg", f"{CODE}-top-2.jpg"
THREE = ((10.0, 12.0), (90.0, 14.0), (40.0, 80.0))
REMOVE = Correction(CorrectionKind.REMOVE, BASELINE, THREE)
ALIGN = Correction(CorrectionKind.ALIGN, LATER, THREE, baseline=BASELINE, baseline_points_px=THREE)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> CountingAnalysis:
    counting = CountingAnalysis()
    monkeypatch.setattr(results, "analyse_series", counting)
    return counting


def add_sized_client(store: Store) -> None:
    store.add_client(ClientRecord(CODE))
    names = [(f"{CODE}-{view}-{k}.jpg", k, view) for view in ("front", "top") for k in range(3)]
    photos = [
        incoming(name, date(2026, 1 + k, 10), view, width_px=400, height_px=300)
        for name, k, view in names
    ]
    file_photos(store, CODE, photos)


def test_a_correction_measures_its_view_again_and_undo_opens_what_was_found(
    store: Store, counted: CountingAnalysis
) -> None:
    add_sized_client(store)
    found = measure_client(store, CODE)
    (kept,) = correct(store, CODE, REMOVE)
    assert (kept.record.made_by, kept.record.standing) == ("tester", True)
    done = measure_client(store, CODE)
    assert (done.measured, done.reused) == (("top",), ("front",))
    assert counted.options[-1]["corrections"] == (kept.record,)
    assert done.analysis.settings_hash != found.analysis.settings_hash
    assert done.analysis.settings["corrections"] == [REMOVE.numbers()]
    # The original finding is still there to be opened.
    assert len(list_results(store, CODE)) == 3
    assert open_result(store, list_results(store, CODE)[1]).views[0].view == "top"
    undo(store, CODE, kept)
    back = measure_client(store, CODE)
    assert back.measured == ()
    assert back.analysis.settings_hash == found.analysis.settings_hash
    # Every entry stays, and the audit tells what happened in order.
    (entry,) = list_corrections(store, CODE)
    assert (entry.record.standing, entry.record.undone_by) == (False, "tester")
    assert entry.record.points_px == THREE
    said = [(e.action, e.what) for e in store.audit(CODE) if e.action in ("correct", "undo")]
    assert said == [
        ("correct", f"{BASELINE}: places that are no dots (3)"),
        ("undo", f"{BASELINE}: places that are no dots (3)"),
    ]
    with pytest.raises(StoreError, match="undone already"):
        undo(store, CODE, entry)


def test_point_pairs_are_handed_to_the_measuring(store: Store, counted: CountingAnalysis) -> None:
    add_sized_client(store)
    correct(store, CODE, ALIGN)
    measure_client(store, CODE)
    assert counted.options[0]["corrections"] == ()
    (given,) = counted.options[-1]["corrections"]
    assert given.numbers() == ALIGN.numbers()


def test_a_day_and_a_view_are_put_right_and_back(store: Store, counted: CountingAnalysis) -> None:
    add_sized_client(store)
    measure_client(store, CODE)
    (dated,) = correct(store, CODE, Correction(CorrectionKind.DATE, LATER, after="2026-04-02"))
    (moved,) = correct(store, CODE, Correction(CorrectionKind.VIEW, LATER, after="front"))
    assert (dated.record.before, moved.record.before) == ("2026-03-10", "top")
    (photo,) = [p for p in store.photos(CODE) if p.record.name == LATER]
    assert (photo.record.captured_on, photo.record.view) == (date(2026, 4, 2), "front")
    assert photo.record.date_source is DateSource.TYPED
    done = measure_client(store, CODE)
    assert set(done.measured) == {"front", "top"}
    for kept in (moved, dated):
        undo(store, CODE, kept)
    (photo,) = [p for p in store.photos(CODE) if p.record.name == LATER]
    assert (photo.record.captured_on, photo.record.view) == (date(2026, 3, 10), "top")
    assert measure_client(store, CODE).measured == ()


def test_undoing_over_a_later_change_is_refused(store: Store) -> None:
    add_sized_client(store)
    (kept,) = correct(store, CODE, Correction(CorrectionKind.VIEW, LATER, after="front"))
    (photo,) = [p for p in store.photos(CODE) if p.record.name == LATER]
    store.change_photo(replace(photo, record=replace(photo.record, view="crown")))
    with pytest.raises(ChangedMeanwhileError):
        undo(store, CODE, kept)
    assert list_corrections(store, CODE)[0].record.standing


def test_two_people_cannot_undo_the_same(store: Store) -> None:
    add_sized_client(store)
    (kept,) = correct(store, CODE, REMOVE)
    undo(store, CODE, kept)
    with pytest.raises(ChangedMeanwhileError):
        undo(store, CODE, kept)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (replace(REMOVE, points_px=((401.0, 5.0),)), r"has no place \(401, 5\)"),
        (replace(REMOVE, points_px=()), "marks no place"),
        (Correction(CorrectionKind.VIEW, LATER, after="elbow"), "view `elbow` is not known"),
        (Correction(CorrectionKind.VIEW, LATER, after="top"), "says that already"),
        (Correction(CorrectionKind.DATE, LATER, after="2031-01-01"), "lies in the future"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(
    store: Store, wrong: Correction, words: str
) -> None:
    add_sized_client(store)
    with pytest.raises(RecordError, match=words):
        correct(store, CODE, wrong)
    assert list_corrections(store, CODE) == []
    assert not [e for e in store.audit(CODE) if e.action == "correct"]


def test_a_photo_of_another_client_cannot_be_corrected(store: Store) -> None:
    add_sized_client(store)
    add_client(store, "C-0002")
    with pytest.raises(NotThereError, match="photo C-0002-top-0.jpg"):
        correct(store, CODE, replace(REMOVE, photo="C-0002-top-0.jpg"))


def test_corrections_go_with_the_client(store: Store) -> None:
    add_sized_client(store)
    correct(store, CODE, REMOVE)
    assert erase_client(store, CODE).records["corrections"] == 1


def test_folder_and_store_give_the_same_numbers(
    small_client: Path, tmp_path: Path, store: Store
) -> None:
    """The command line reads corrections.json, the dashboard the store: one set of numbers."""
    import shutil

    if store.place.folder is None:
        pytest.skip("measured once, on SQLite; what is kept is tested on both above")
    folder = tmp_path / "C-0009"
    shutil.copytree(small_client, folder)
    first = read_client_folder(folder)
    names = [photo.name for photo in first.photos]
    corrections = [
        Correction(CorrectionKind.REMOVE, names[0], ((320.0, 320.0), (300.0, 310.0))),
        Correction(CorrectionKind.ADD, names[0], ((331.0, 333.0),)),
        Correction(CorrectionKind.DATE, names[2], after="2026-08-30"),
    ]
    (folder / "corrections.json").write_text(corrections_text(corrections), encoding="utf-8")
    client = read_client_folder(folder)
    by_folder = analyse_series(
        client.photos,
        client="C-0009",
        sessions=client.sessions,
        mm_per_px=client.plan.mm_per_px,
        marker_mm=client.plan.marker_mm,
        corrections=client.corrections,
    )
    import_folder(store, folder)
    by_store = measure_client(store, "C-0009").analysis
    assert photos_csv(by_store) == photos_csv(by_folder)
    assert by_store.settings_hash == by_folder.settings_hash != AnalysisSettings().fingerprint()
    # The same folder again brings nothing new.
    import_folder(store, folder)
    assert len(list_corrections(store, "C-0009")) == 2


def test_corrections_made_together_are_kept_all_or_none(
    store: Store, counted: CountingAnalysis
) -> None:
    """Two tabs: the view was put right elsewhere, so this tab's date must not be kept alone."""
    add_sized_client(store)
    view = Correction(CorrectionKind.VIEW, LATER, after="front")
    correct(store, CODE, view)
    before = [p.record for p in store.photos(CODE)]
    day = Correction(CorrectionKind.DATE, LATER, after="2026-04-02")
    with pytest.raises(RecordError, match="says that already"):
        correct(store, CODE, day, view)
    assert [p.record for p in store.photos(CODE)] == before
    assert len(list_corrections(store, CODE)) == 1
    (dated, moved) = correct(store, CODE, day, replace(view, after="crown"))
    photo = next(p.record for p in store.photos(CODE) if p.record.name == LATER)
    assert (photo.captured_on, photo.view) == (date(2026, 4, 2), "crown")
    assert (dated.record.before, moved.record.before) == ("2026-03-10", "front")
