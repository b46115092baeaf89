"""Photos dropped on the page: kept at once, judged in words, filed when a person agrees."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from tests import factories
from tests.ui.conftest import SETTLE_SECONDS, PaperEngine, jpeg_of, shown_text
from tests.ui.visits import another_tab, labels, photos_to_upload, press, upload, visit
from tracker.photo_check import PhotoCheck
from tracker.records import ClientRecord
from tracker.storage.opening import open_store
from tracker.storage.store import Store
from tracker.storage.tray import file_tray, tray_of
from tracker.synthetic import render_series, scene_specs
from tracker.ui.words import sentence

Wait = Callable[[str], str]
CODE = "client-a"


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Stands in for looking at pixels: photos are good, small ones are too far away."""
    seen: list[int] = []

    def check(srgb, references) -> PhotoCheck:
        seen.append(len(references))
        if srgb.shape[0] < 200:
            far = ("move closer: dots are 2.0 px, 3 needed to count them",)
            return PhotoCheck("", far, 2.0)
        return PhotoCheck("", (), 5.2, "crown", "")

    monkeypatch.setattr("tracker.photo_check.check_photo", check)
    monkeypatch.setattr("tracker.photo_check.features_of", lambda srgb: srgb)
    return seen


def picture(side_px: int, seed: int = 0) -> bytes:
    out = io.BytesIO()
    srgb = factories.make_srgb(0.1 * seed)[:side_px, :side_px]
    Image.fromarray(srgb).save(out, "PNG")
    return out.getvalue()


def test_dropped_at_home_judged_dated_and_measured(
    app: AppTest, empty: Path, looks: list[int], engine: PaperEngine, wait_for: Wait
) -> None:
    app.run()
    upload(app, photos_to_upload())
    words = wait_for("Sharp and close enough: dots are 5 px wide.")
    assert "date from the file name" in words
    press(app, "File 4\u00a0photos and measure")
    wait_for("Fade over time")
    photos = engine.asked[0]["photos"]
    assert [photo.view for photo in photos] == ["top"] * 4
    assert photos[0].captured_on == date(2026, 1, 10)
    with open_store(str(empty)) as kept:
        assert kept.client("C-0001").record.name == "My photos"
        assert tray_of(kept, "C-0001").photos() == []


def test_what_was_dropped_is_there_after_a_reload_and_in_another_tab(
    app: AppTest, empty: Path, looks: list[int], root: Path
) -> None:
    app.run()
    upload(app, photos_to_upload()[:2])
    again = another_tab(root, "C-0001")
    visit(again, "Add photos")
    assert "File 2\u00a0photos and measure" in labels(again)
    press(again, "Remove all")
    assert "File 2\u00a0photos and measure" not in labels(again)


def test_bad_files_get_a_line_each_and_the_others_stay(
    app: AppTest, store: Store, looks: list[int]
) -> None:
    tiny = io.BytesIO()
    Image.new("RGB", (1, 1)).save(tiny, "PNG")
    good = picture(240, 3)
    visit(app, "Add photos")
    upload(
        app,
        [
            ("new.png", good, "image/png"),
            ("copy of new.png", good, "image/png"),
            ("first again.jpg", jpeg_of(0), "image/jpeg"),
            ("letter.jpg", b"%PDF-1.7 a letter", "image/jpeg"),
            ("<b>empty</b>.jpg", b"", "image/jpeg"),
            ("dot.png", tiny.getvalue(), "image/png"),
        ],
    )
    words = shown_text(app)
    assert "letter.jpg is a PDF document, not a photo" in words
    assert "&lt;b&gt;empty&lt;/b&gt;.jpg is empty (zero bytes)" in words
    assert "dot.png is only 1 x 1 pixels" in words
    assert "copy of new.png is the same photo as new.png" in words
    # A new client was being entered: the other client's photo is not taken over.
    assert "first again.jpg is filed under client client-a already" in words
    assert "File 1\u00a0photo and measure" in labels(app)
    assert len(store.photos(CODE)) == 5


def test_advice_stands_at_the_photo_and_the_view_is_found_by_matching(
    store: Store, looks: list[int], root: Path
) -> None:
    app = another_tab(root, CODE)
    visit(app, "Add photos")
    upload(
        app,
        [("IMG_1.png", picture(150), "image/png"), ("IMG_2.png", picture(240), "image/png")],
    )
    tray = tray_of(store, CODE)
    for _ in range(200):
        app.run()
        if all(photo.look.value != "waiting" for photo in tray.photos()):
            break
    app.run()
    words = shown_text(app)
    assert "Move closer: dots are 2.0 px, 3 needed to count them." in words
    assert "view found by matching" in words
    assert looks == [1, 1]  # held against the first photo of the one view the client has
    assert {photo.view for photo in tray.photos()} == {"", "crown"}


def test_a_view_and_a_day_that_are_typed_are_kept(
    store: Store, looks: list[int], root: Path
) -> None:
    app = another_tab(root, CODE)
    visit(app, "Add photos")
    upload(app, [("IMG_1.png", picture(240), "image/png")])
    app.date_input[0].set_value(date(2026, 7, 1)).run()
    next(s for s in app.selectbox if s.label == "View").set_value("top").run()
    (photo,) = tray_of(store, CODE).photos()
    assert (photo.captured_on, photo.view, photo.date_source.value) == (
        date(2026, 7, 1),
        "top",
        "typed",
    )
    assert not app.exception


def test_a_photo_that_was_filed_meanwhile_elsewhere_loses_nothing(
    store: Store, looks: list[int], root: Path
) -> None:
    app = another_tab(root, CODE)
    visit(app, "Add photos")
    upload(app, [("IMG_1.png", picture(240), "image/png")])
    store.add_client(ClientRecord("other"))
    other = tray_of(store, "other")
    photo = other.put(picture(240), "same.png", today=store.today)
    file_tray(store, "other", [photo.sha256])
    press(app, "File 1\u00a0photo and measure")
    assert "is filed under client other already" in shown_text(app)
    assert len(tray_of(store, CODE).photos()) == 1
    assert len(store.photos(CODE)) == 5


def test_forty_photos_at_once_and_a_very_large_one(
    store: Store, looks: list[int], root: Path
) -> None:
    """A 60 MB file is a photo like any other."""
    app = another_tab(root, CODE)
    visit(app, "Add photos")
    large = picture(260, 5)
    files = [(f"IMG_{n}.png", _varied(n), "image/png") for n in range(39)]
    files.append(("heavy.png", large + b"\0" * (60_000_000 - len(large)), "image/png"))
    upload(app, files)
    assert "File 40\u00a0photos and measure" in labels(app)
    assert len(tray_of(store, CODE).photos()) == 40


def _varied(n: int) -> bytes:
    out = io.BytesIO()
    srgb = factories.make_srgb()[:240, :240].copy()
    srgb[:4, :4] = n
    Image.fromarray(srgb).save(out, "PNG")
    return out.getvalue()


def scalp(seed: int) -> bytes:
    spec = replace(
        scene_specs("clinic", seed, (0.0,)),
        width_px=900,
        height_px=800,
        px_per_mm=10.0,
        patch_radius_mm=24.0,
    )
    out = io.BytesIO()
    Image.fromarray(render_series(spec).photos[0].srgb).save(out, "PNG")
    return out.getvalue()


def cat() -> bytes:
    picture = np.full((600, 800, 3), (70, 120, 60), np.uint8)
    cv2.ellipse(picture, (400, 320), (180, 140), 0, 0, 360, (95, 98, 104), -1)
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "PNG")
    return out.getvalue()


def test_a_cat_and_another_persons_scalp_get_a_line_before_they_are_filed(
    empty: Path, root: Path
) -> None:
    """The engine itself looks, at real pixels; nothing is lost and nothing is mixed."""
    with open_store(str(empty), create=True) as store:
        store.add_client(ClientRecord(CODE))
        own = tray_of(store, CODE)
        first = own.put(scalp(3), "2026-01-10_top.png", today=store.today)
        file_tray(store, CODE, [first.sha256])
        app = another_tab(root, CODE)
        visit(app, "Add photos")
        files = {"2026-03-01_top.png": scalp(8), "2026-03-02_top.png": cat()}
        upload(app, [(name, data, "image/png") for name, data in files.items()])
        deadline = time.monotonic() + SETTLE_SECONDS
        while any(photo.look.value == "waiting" for photo in own.photos()):
            assert time.monotonic() < deadline
            time.sleep(0.2)
            app.run()
        app.run()
        assert not app.exception
        other, animal = own.photos()
        assert (other.look.value, animal.look.value) == ("usable", "unusable")
        words = shown_text(app)
        assert "does not lie on the first photo of its view" in words
        assert sentence(animal.problems[0]) in words
        assert len(store.photos(CODE)) == 1
