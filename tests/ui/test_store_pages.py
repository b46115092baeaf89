"""Zones, Corrections, Compare and the guide on a store, engine of paper behind them.

What is drawn in the browser is handed in as the element would hand it: the element itself is
tested in a real browser (`tests/browser/test_store_pages.py`).
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest

import tracker.storage.results as results
from tests import factories
from tests.storage.made_up import CountingAnalysis
from tests.ui.conftest import SETTLE_SECONDS, jpeg_of, shown_text
from tracker.records import ClientRecord
from tracker.records.corrections import Correction, CorrectionKind
from tracker.series import PolygonZone
from tracker.storage.correcting import correct, list_corrections
from tracker.storage.filing import describe_photo, file_photos
from tracker.storage.opening import open_store
from tracker.storage.store import Store
from tracker.storage.vault import Shelf
from tracker.ui import capture_view, marking_view
from tracker.ui.pages import corrections

CODE = "C-0001"
TODAY = date(2026, 9, 1)
TRIANGLE = ((20.0, 20.0), (180.0, 30.0), (90.0, 160.0))


@pytest.fixture
def clinic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store with one client: the made-up series as photos, measured on paper."""
    place = str(tmp_path / "records")
    monkeypatch.setenv("SMP_TRACKER_RECORDS", place)

    monkeypatch.setattr(results, "analyse_series", CountingAnalysis())
    store = open_store(place, create=True, actor="M.")
    store.add_client(ClientRecord(CODE, name="Anna <b>"))
    incoming = []
    for index in range(len(factories.FADES)):
        path = tmp_path / factories.photo_name(index)
        path.write_bytes(jpeg_of(index))
        incoming.append(describe_photo(path, today=TODAY)[0])
    file_photos(store, CODE, incoming)
    yield store
    store.close()


def retaken() -> bytes:
    """The first photo once more, as another file."""
    buffer = io.BytesIO()
    Image.fromarray(factories.make_srgb(0.1, (2.0, -3.0))).save(buffer, "JPEG", quality=93)
    return buffer.getvalue()


def settle(app: AppTest) -> None:
    """Rerun as the page's polling does, until nothing is measured any more."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while "Measuring" in shown_text(app):
        assert time.monotonic() < deadline
        time.sleep(0.05)
        app.run()
    assert not app.exception


@pytest.fixture
def visit(root: Path, clinic: Store) -> Callable[[str, str], AppTest]:
    def open_page(name: str, role: str = "") -> AppTest:
        app = AppTest.from_file(
            str(root / "tests" / "browser" / "store_pages.py"), default_timeout=SETTLE_SECONDS
        )
        app.query_params["page"] = name
        app.query_params["client"] = CODE
        app.query_params["role"] = role
        app.run()
        settle(app)
        return app

    return open_page


@pytest.fixture
def marked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the element is asked to show; `saves` are handed out one after the other."""
    asked: list[dict[str, Any]] = []

    def show(kind: str, sheets: Any, marks: Any, **rest: Any) -> dict[str, Any] | None:
        asked.append({"kind": kind, "sheets": sheets, "marks": marks} | rest)
        waiting = st.session_state.pop("saved-in-test", None)
        return waiting

    monkeypatch.setattr(marking_view, "show", show)
    return asked


def save(app: AppTest, marks: dict[str, Any]) -> None:
    app.session_state["saved-in-test"] = marks
    app.run()
    settle(app)


def test_zones_are_drawn_renamed_and_removed_and_the_audit_says_so(
    visit: Any, clinic: Store, marked: list[dict[str, Any]]
) -> None:
    app = visit("zones")
    assert marked[-1]["marks"] == {"zones": [], "open": []}
    corners = [[20.0, 20.0], [180.0, 30.0], [90.0, 160.0]]
    save(app, {"zones": [{"id": None, "name": "left temple", "vertices": corners}], "open": []})
    (kept,) = clinic.zones(CODE)
    assert kept.record == PolygonZone("left temple", "top", TRIANGLE)
    # What is shown next starts from what is kept, under a new name for the unsaved.
    (shown,) = marked[-1]["marks"]["zones"]
    assert (shown["id"], shown["name"], shown["vertices"]) == (kept.id, "left temple", corners)
    assert marked[-1]["task"] != marked[0]["task"]
    shown["name"] = "right temple"
    save(app, {"zones": [shown], "open": []})
    assert [z.record.name for z in clinic.zones(CODE)] == ["right temple"]
    assert clinic.zones(CODE)[0].record.vertices_px == TRIANGLE
    save(app, {"zones": [], "open": []})
    assert clinic.zones(CODE) == []
    assert [e.action for e in clinic.audit(CODE) if "temple" in e.what] == [
        "add",
        "change",
        "remove",
    ]


def test_zones_that_cannot_be_are_refused_and_nothing_is_lost(
    visit: Any, clinic: Store, marked: list[dict[str, Any]]
) -> None:
    app = visit("zones")
    zone = {"id": None, "name": "a", "vertices": [[1.0, 1.0], [9.0, 1.0], [9.0, 9.0]]}
    save(app, {"zones": [zone, zone], "open": []})
    assert "is there twice" in shown_text(app)
    assert "What you drew is still here" in shown_text(app)
    assert clinic.zones(CODE) == []


def test_each_zone_has_its_figure_on_the_page(visit: Any, marked: list[dict[str, Any]]) -> None:
    words = shown_text(visit("zones"))
    assert "What is gone in each zone" in words
    assert "Hairline" in words
    assert "57\u00a0%" in words  # 0.8 of the 71 % of the last photo


def test_dots_are_removed_and_added_and_undone(
    visit: Any, clinic: Store, marked: list[dict[str, Any]]
) -> None:
    app = visit("corrections")
    asked = marked[-1]
    assert asked["kind"] == "dots"
    sheet = asked["sheets"][0]
    spot = [float(v) for v in asked["dots"][7]]
    save(app, {"removed": [spot], "added": [[30.25, 41.5]]})
    first, second = list_corrections(clinic, CODE)
    listed = factories.dot_places()[7]
    assert first.record.kind is CorrectionKind.REMOVE
    assert first.record.points_px == ((listed[0], listed[1]),)
    assert first.record.photo == factories.photo_name(0)
    assert second.record.points_px == sheet.to_photo([[30.25, 41.5]])
    words = shown_text(app)
    assert "Not dots" in words
    assert "Missed dots" in words
    next(b for b in app.button if b.key == f"undo-{second.id}").click().run()
    assert not app.exception
    assert [c.record.standing for c in list_corrections(clinic, CODE)] == [True, False]
    assert "undone" in shown_text(app)
    # Measuring anew goes on beside the page, and may be written down before or after.
    assert [e.action for e in clinic.audit(CODE) if e.action != "measure"][-1] == "undo"


def choose(app: AppTest, label: str) -> None:
    control = next(g for g in app.button_group if label in g.options)
    control.set_value(label).run()
    assert not app.exception


def test_point_pairs_align_a_photo(visit: Any, clinic: Store, marked: list[dict[str, Any]]) -> None:
    app = visit("corrections")
    choose(app, "Alignment")
    assert marked[-1]["kind"] == "pairs"
    assert len(marked[-1]["sheets"]) == 2
    pairs = [[[x, y], [x + 6, y - 4]] for x, y in ((60, 60), (300, 70), (200, 220))]
    save(app, {"pairs": pairs})
    (kept,) = list_corrections(clinic, CODE)
    assert kept.record.kind is CorrectionKind.ALIGN
    assert kept.record.photo == factories.photo_name(1)
    assert kept.record.baseline == factories.photo_name(0)
    assert kept.record.baseline_points_px == ((60, 60), (300, 70), (200, 220))
    assert kept.record.points_px == ((66, 56), (306, 66), (206, 216))


def test_a_pair_far_from_the_others_is_pointed_out_first(
    visit: Any, clinic: Store, marked: list[dict[str, Any]]
) -> None:
    app = visit("corrections")
    choose(app, "Alignment")
    places = ((60, 60), (300, 70), (200, 220), (80, 200), (180, 120), (330, 200), (120, 90))
    pairs = [[[x, y], [x + 6, y - 4]] for x, y in places]
    pairs[4][1] = [300, 200]
    save(app, {"pairs": pairs})
    assert "Pair 5 does not fit the others" in shown_text(app)
    assert list_corrections(clinic, CODE) == []


def test_a_photo_is_re_dated_and_re_filed(visit: Any, clinic: Store) -> None:
    app = visit("corrections")
    choose(app, "Date or view")
    app.date_input[0].set_value(date(2026, 1, 5))
    app.selectbox[1].set_value("crown")
    next(b for b in app.button if b.label == "Save").click().run()
    assert not app.exception
    photo = next(p for p in clinic.photos(CODE) if p.record.name == factories.photo_name(0))
    assert (photo.record.captured_on, photo.record.view) == (date(2026, 1, 5), "crown")
    assert "2026-01-10 → 2026-01-05" in shown_text(app)
    assert "top → crown" in shown_text(app)


def test_what_is_refused_is_not_kept_in_part_and_the_page_says_so(
    visit: Any, clinic: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another tab puts the view right just before this one saves day and view."""
    name = factories.photo_name(0)

    def a_moment_later(store: Store, code: str, *corrections: Correction) -> object:
        correct(store, code, Correction(CorrectionKind.VIEW, name, after="crown"))
        return correct(store, code, *corrections)

    app = visit("corrections")
    choose(app, "Date or view")
    app.date_input[0].set_value(date(2026, 1, 5))
    app.selectbox[1].set_value("crown")
    monkeypatch.setattr(corrections, "correct", a_moment_later)
    next(b for b in app.button if b.label == "Save").click().run()
    assert not app.exception
    photo = next(p.record for p in clinic.photos(CODE) if p.record.name == name)
    assert photo.captured_on == factories.BASELINE_DAY
    assert [c.record.kind for c in list_corrections(clinic, CODE)] == [CorrectionKind.VIEW]
    assert "Not saved" in shown_text(app)
    assert "Date and view are as they were." in shown_text(app)


@pytest.mark.parametrize("page", ["zones", "corrections", "compare", "guide"])
def test_an_original_that_is_gone_costs_one_line_and_nothing_else(
    visit: Any, clinic: Store, page: str
) -> None:
    results.measure_client(clinic, CODE)
    st.cache_data.clear()
    for kept in clinic.photos(CODE):
        clinic.vault.remove(Shelf.ORIGINALS, kept.record.sha256)
    app = visit(page)
    assert not app.exception
    words = shown_text(app)
    assert "cannot be shown" in words
    assert "Nothing was lost." in words or "as they were." in words
    assert len(clinic.photos(CODE)) == len(factories.FADES)


def test_a_viewer_looks_and_changes_nothing(
    visit: Any, clinic: Store, marked: list[dict[str, Any]]
) -> None:
    (kept,) = correct(
        clinic, CODE, Correction(CorrectionKind.REMOVE, factories.photo_name(0), TRIANGLE)
    )
    for name in ("zones", "corrections"):
        app = visit(name, "viewer")
        assert "You may look, not change" in shown_text(app)
        assert marked[-1]["locked"]
    assert next(b for b in app.button if b.key == f"undo-{kept.id}").disabled
    save(app, {"removed": [], "added": [[30.0, 40.0]]})
    assert len(list_corrections(clinic, CODE)) == 1


def test_compare_shows_a_client_of_the_store(visit: Any, clinic: Store) -> None:
    clinic.add_zone(CODE, PolygonZone("corner", "top", TRIANGLE))
    app = visit("compare")
    words = shown_text(app).replace("\u00a0", " ")
    assert "71 % of the pigment is gone" in words


def test_the_guide_offers_the_sheet_and_compares_the_last_photo(visit: Any) -> None:
    app = visit("guide")
    labels = [button.proto.label for button in app.get("download_button")]
    assert labels == ["Sheet for A4 (PDF)", "Sheet for Letter (PDF)"]
    next(b for b in app.button if b.label == "What could be better?").click().run()
    assert not app.exception
    assert "This photo is like the first one" in shown_text(app)


def test_a_photo_taken_in_the_guide_is_kept_under_its_view_and_day(
    visit: Any, clinic: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = [retaken()]
    monkeypatch.setattr(capture_view, "show", lambda *_, **__: taken.pop() if taken else None)
    app = visit("guide")
    assert "This photo is like the first one" in shown_text(app)
    next(b for b in app.button if b.label == "Keep this photo").click().run()
    assert not app.exception
    new = [p.record for p in clinic.photos(CODE)][-1]
    assert (new.view, new.captured_on) == ("top", clinic.today)
    assert new.name == f"{clinic.today}_top.jpg"
    assert len(clinic.photos(CODE)) == len(factories.FADES) + 1


def test_only_pictures_of_a_sane_size_come_from_the_browser() -> None:
    assert capture_view.photo_of("data:image/jpeg;base64,AAEC") == b"\x00\x01\x02"
    for wrong in ("", "data:text/html;base64,AAEC", "data:image/jpeg;base64,?", "AAEC"):
        assert capture_view.photo_of(wrong) is None


@pytest.mark.parametrize("name", ["zones", "corrections", "compare", "guide"])
def test_without_photos_each_page_says_what_to_do(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    place = str(tmp_path / "empty")
    monkeypatch.setenv("SMP_TRACKER_RECORDS", place)
    with open_store(place, create=True) as store:
        store.add_client(ClientRecord(CODE))
    app = AppTest.from_file(str(root / "tests" / "browser" / "store_pages.py"), default_timeout=20)
    app.query_params["page"] = name
    app.run()
    assert not app.exception
    assert "No photo" in shown_text(app)
