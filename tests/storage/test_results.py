"""What was measured is opened, what changed is measured again, and nothing else."""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from dataclasses import fields, is_dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tracker.storage.results as results
from tests.factories import make_analysis
from tests.progress.looks import look as calm_look
from tests.storage.made_up import CountingAnalysis, add_client, incoming, make_measured_view
from tracker import METHOD_VERSION, redating
from tracker.analysis import AnalysisSettings, analyse_series
from tracker.folder import read_client_folder
from tracker.measure.detection import DetectionSettings
from tracker.records import PhotoRecord, SessionRecord, TimelineSettings, TreatmentPlan
from tracker.report.tables import analysis_json
from tracker.series import PolygonZone, SeriesPhoto, Stage
from tracker.storage.errors import NotThereError, StoreError
from tracker.storage.filing import file_photos
from tracker.storage.import_folder import import_folder
from tracker.storage.opening import open_store
from tracker.storage.result_form import ResultFormError, from_bytes, to_bytes
from tracker.storage.result_inputs import ViewInputs
from tracker.storage.results import find_result, list_results, measure_client, open_result
from tracker.storage.store import Store
from tracker.storage.vault import Shelf


def same(a: Any, b: Any) -> bool:
    """Equal value for value, with types, arrays and NaN."""
    if isinstance(a, np.ndarray):
        return (
            isinstance(b, np.ndarray)
            and a.dtype == b.dtype
            and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
        )
    if is_dataclass(a):
        names = [field.name for field in fields(a)]
        return type(a) is type(b) and all(same(getattr(a, n), getattr(b, n)) for n in names)
    if isinstance(a, tuple | list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, float) and a != a:
        return isinstance(b, float) and b != b
    return bool(a == b)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> CountingAnalysis:
    counting = CountingAnalysis()
    monkeypatch.setattr(results, "analyse_series", counting)
    return counting


def photo_of(store: Store, name: str) -> Any:
    return next(kept for kept in store.photos("C-0001") if kept.record.name == name)


def test_an_unchanged_series_is_opened_not_measured(
    store: Store, counted: CountingAnalysis
) -> None:
    add_client(store)
    first = measure_client(store, "C-0001")
    assert (first.measured, first.reused) == (("front", "top"), ())
    second = measure_client(store, "C-0001")
    assert (second.measured, second.reused) == ((), ("front", "top"))
    assert len(counted.calls) == 2
    assert same(first.analysis, second.analysis)


def test_one_photo_more_measures_its_view_again_and_no_other(
    store: Store, counted: CountingAnalysis
) -> None:
    add_client(store)
    measure_client(store, "C-0001")
    file_photos(store, "C-0001", [incoming("new.jpg", date(2026, 6, 1), "top")])
    done = measure_client(store, "C-0001")
    assert (done.measured, done.reused) == (("top",), ("front",))
    assert counted.calls[-1][-1] == "new.jpg"
    assert len(counted.calls) == 3


def test_sessions_and_days_measure_nothing_and_are_seen_at_once(
    store: Store, counted: CountingAnalysis
) -> None:
    add_client(store)
    measure_client(store, "C-0001")
    store.add_session("C-0001", SessionRecord(date(2026, 2, 1)))
    kept = photo_of(store, "C-0001-top-2.jpg")
    store.change_photo(replace(kept, record=replace(kept.record, captured_on=date(2026, 3, 12))))
    done = measure_client(store, "C-0001")
    assert done.measured == ()
    by_name = {row.photo: row for row in done.analysis.photos}
    early, late = by_name["C-0001-top-1.jpg"], by_name["C-0001-top-2.jpg"]
    assert (early.stage, early.days_since_session) == (Stage.HEALING, 9)
    assert "not healed yet (healing)" in early.flags
    assert (late.stage, late.captured_on) == (Stage.HEALED, date(2026, 3, 12))
    assert late.days_since_baseline == (date(2026, 3, 12) - date(2026, 1, 10)).days
    assert [s.date for s in done.analysis.sessions] == [date(2026, 2, 1)]
    # A patch test moves no photo.
    (session,) = store.sessions("C-0001")
    store.remove_session(session)
    assert all(
        "healed" not in " ".join(r.flags) for r in measure_client(store, "C-0001").analysis.photos
    )


def test_other_days_of_the_timeline_measure_nothing(
    store: Store, counted: CountingAnalysis
) -> None:
    add_client(store)
    store.add_session("C-0001", SessionRecord(date(2026, 2, 1)))
    measure_client(store, "C-0001")
    later = AnalysisSettings(timeline=TimelineSettings(healed_days=42))
    done = measure_client(store, "C-0001", settings=later)
    assert done.measured == ()
    assert done.analysis.settings_hash == later.fingerprint()
    stages = {row.photo: row.stage for row in done.analysis.photos}
    assert stages["C-0001-top-2.jpg"] is Stage.SETTLING  # 37 days: healed by default


@pytest.mark.parametrize("change", ["order", "undated", "zone", "scale", "photo scale", "view"])
def test_whatever_the_numbers_depend_on_measures_again(
    store: Store, counted: CountingAnalysis, change: str
) -> None:
    add_client(store)
    measure_client(store, "C-0001")
    kept = photo_of(store, "C-0001-top-1.jpg")
    photo: PhotoRecord = kept.record
    if change == "order":
        store.change_photo(replace(kept, record=replace(photo, captured_on=date(2026, 1, 1))))
    elif change == "undated":
        store.change_photo(replace(kept, record=replace(photo, captured_on=None)))
    elif change == "zone":
        store.add_zone("C-0001", PolygonZone("corner", "top", ((0.0, 0.0), (9.0, 0.0), (9.0, 9.0))))
    elif change == "scale":
        store.save_plan("C-0001", TreatmentPlan(mm_per_px=0.1), None)
    elif change == "photo scale":
        store.change_photo(replace(kept, record=replace(photo, mm_per_px=0.1)))
    else:
        store.change_photo(replace(kept, record=replace(photo, view="front")))
    done = measure_client(store, "C-0001")
    both = change in ("scale", "view")
    assert done.measured == (("front", "top") if both else ("top",))


def test_other_settings_and_methods_are_kept_apart_and_marked(
    store: Store, counted: CountingAnalysis, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_client(store)
    first = measure_client(store, "C-0001").analysis
    settings = AnalysisSettings(detection=DetectionSettings(), min_baseline_dots=31)
    assert measure_client(store, "C-0001", settings=settings).measured == ("front", "top")
    for module in ("tracker.analysis", "tracker.storage.results", "tests.storage.made_up"):
        monkeypatch.setattr(f"{module}.METHOD_VERSION", "next")
    assert not any(not r.method_changed for r in list_results(store, "C-0001"))
    done = measure_client(store, "C-0001")
    assert done.measured == ("front", "top")
    kept = list_results(store, "C-0001")
    assert [(r.method_version, r.method_changed) for r in kept] == [
        *[(METHOD_VERSION, True)] * 4,
        *[("next", False)] * 2,
    ]
    # The older ones stay readable: their table, and all of them.
    old = find_result(store, "C-0001", kept[0].id)
    assert old.photo_rows[1]["fade"] == pytest.approx(0.30)
    whole = open_result(store, old)
    assert same(whole.views[0].dots, first.views[0].dots)
    assert same([p.whole for p in whole.photos], [p.whole for p in first.views[0].photos])
    assert whole.method_version == METHOD_VERSION
    with pytest.raises(NotThereError, match="result 99: is not there"):
        find_result(store, "C-0001", 99)


@pytest.mark.parametrize("damage", ["lost", "altered"])
def test_a_damaged_result_is_measured_again(
    store: Store, counted: CountingAnalysis, damage: str
) -> None:
    add_client(store)
    first = measure_client(store, "C-0001").analysis
    for name in list(store.vault.names(Shelf.RESULTS)):
        store.vault.remove(Shelf.RESULTS, name)
        if damage == "altered":
            store.vault.put(Shelf.RESULTS, name, b"SMPR1\nnonsense")
    again = measure_client(store, "C-0001")
    assert again.measured == ("front", "top")
    assert measure_client(store, "C-0001").reused == ("front", "top")
    assert same(first, again.analysis)
    assert len(list_results(store, "C-0001")) == 2


def test_the_scale_is_that_of_the_photo_that_became_the_baseline(
    store: Store, counted: CountingAnalysis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The earliest photo has no scale and cannot be the baseline; the second one has one."""
    add_client(store)
    kept = photo_of(store, "C-0001-top-1.jpg")
    store.change_photo(replace(kept, record=replace(kept.record, mm_per_px=0.2)))

    def second_is_baseline(photos: list[SeriesPhoto], **options: Any) -> Any:
        analysis = counted(photos, **options)
        view = replace(analysis.views[0], baseline=photos[1].name)
        return replace(analysis, views=(view,))

    monkeypatch.setattr(results, "analyse_series", second_is_baseline)
    measure_client(store, "C-0001")
    asked = [(o["mm_per_px"], o["baseline"]) for o in counted.options]
    assert asked == [(None, None), (None, None), (0.2, "C-0001-top-1.jpg")]


def test_a_lost_original_is_named_when_it_is_needed(store: Store) -> None:
    add_client(store, n_photos=1)
    for name in list(store.vault.names(Shelf.ORIGINALS)):
        store.vault.remove(Shelf.ORIGINALS, name)
    with pytest.raises(StoreError, match="is lost from"):
        measure_client(store, "C-0001")
    assert list_results(store, "C-0001") == []


def test_a_client_without_photos(store: Store) -> None:
    add_client(store, n_photos=0)
    with pytest.raises(StoreError, match="has no photos"):
        measure_client(store, "C-0001")


def test_a_result_comes_back_value_for_value() -> None:
    photos = [SeriesPhoto(f"{k}.jpg", "0" * 64, lambda: None, "top") for k in range(4)]  # type: ignore[arg-type, return-value]
    made = make_analysis()
    analysis = replace(
        made, views=(make_measured_view(photos),), settings=AnalysisSettings().as_mapping()
    )
    again = from_bytes(to_bytes(analysis))
    assert same(analysis, again)
    assert to_bytes(analysis) == to_bytes(again)
    assert analysis_json(analysis) == analysis_json(again)


def test_looks_of_before_there_were_cards_are_read() -> None:
    made = make_analysis_without_registration()
    view = made.views[0]
    whole = view.photos[1].whole
    old = replace(whole, look=calm_look())
    photos = (view.photos[0], replace(view.photos[1], whole=old), *view.photos[2:])
    data = to_bytes(replace(made, views=(replace(view, photos=photos),)))
    body = zlib.decompress(data[6:])
    (length,) = struct.unpack_from("<Q", body)
    words = body[8 : 8 + length].decode()
    for name in ("native_l", "ita_native", "ita_treated", "card"):
        assert words.count(f'"{name}":') == 1
        words = words.replace(f'"{name}":', f'"unknown_{name}":')
    content = words.encode()
    again = from_bytes(
        data[:6] + zlib.compress(struct.pack("<Q", len(content)) + content + body[8 + length :])
    )
    look = again.views[0].photos[1].whole
    assert look is not None
    assert same(look.look, calm_look())


def test_what_has_no_place_in_a_result_is_refused() -> None:
    with pytest.raises(TypeError, match="has no place"):
        to_bytes(make_analysis())  # the factory's alignment is no `Registration`
    with pytest.raises(TypeError, match="an array of object"):
        to_bytes(
            replace(make_analysis_without_registration(), settings={"x": np.array([object()])})
        )


@pytest.mark.parametrize("data", [b"", b"SMPR1\n", b"SMPR1\n\x00\x01", b"SMPR9\n", b"\x80\x04."])
def test_bytes_that_are_no_result(data: bytes) -> None:
    with pytest.raises(ResultFormError):
        from_bytes(data)


def test_every_cut_of_a_result_is_refused() -> None:
    data = to_bytes(make_analysis_without_registration())
    for length in range(0, len(data), max(1, len(data) // 40)):
        with pytest.raises(ResultFormError):
            from_bytes(data[:length])


def make_analysis_without_registration() -> Any:
    made = make_analysis()
    views = tuple(
        replace(view, photos=tuple(replace(p, registration=None) for p in view.photos))
        for view in made.views
    )
    return replace(made, views=views)


def test_a_real_series_from_the_store_is_the_series_of_the_folder(
    small_client: Path, tmp_path: Path
) -> None:
    """Measured view by view, kept and opened: the same numbers as `analyse` on the folder."""
    folder = read_client_folder(small_client)
    direct = analyse_series(
        folder.photos,
        client="C-0001",
        sessions=folder.sessions,
        mm_per_px=folder.plan.mm_per_px,
        marker_mm=folder.plan.marker_mm,
        zones=folder.zones,
        workers=1,
    )
    with open_store(str(tmp_path / "store"), create=True) as store:
        import_folder(store, small_client, code="C-0001")
        measured = measure_client(store, "C-0001", workers=1)
        opened = measure_client(store, "C-0001", workers=1)
        later = measure_client(store, "C-0001", settings=AnalysisSettings(), workers=1).analysis
    assert measured.measured
    assert not opened.measured
    assert same(measured.analysis, opened.analysis)
    assert analysis_json(direct) == analysis_json(opened.analysis)
    assert same(direct.views, later.views)
    moved = redating.redated_view(
        direct.views[0],
        {photo.name: photo.captured_on for photo in folder.photos},
        folder.sessions,
        TimelineSettings(),
    )
    assert same(moved, direct.views[0])  # laying the same days over it changes nothing


def test_the_hash_of_the_inputs_is_stable() -> None:
    """Another way of making it would measure every clinic's photos again."""
    photo = PhotoRecord("a.jpg", "0" * 64, view="top", captured_on=date(2026, 1, 10))
    view = ViewInputs("top", (photo,), (), TreatmentPlan(mm_per_px=0.1))
    settings = AnalysisSettings()
    content = {
        "settings": settings.fingerprint(),
        "view": "top",
        "photos": [["0" * 64, "a.jpg", 0, None]],
        "mm_per_px": 0.1,
        "marker_mm": None,
        "zones": [],
    }
    text = json.dumps(content, sort_keys=True)
    assert view.inputs_hash(settings) == hashlib.sha256(text.encode()).hexdigest()
