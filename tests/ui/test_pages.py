"""Every page through the app itself, engine of paper behind it."""

from __future__ import annotations

import csv
import io
import json
import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from tests import factories
from tests.ui.conftest import jpeg_of, shown_text
from tracker.report.tables import analysis_json, photos_csv
from tracker.series import Progress, SeriesAnalysis

Wait = Callable[[str], str]


def press(app: AppTest, label: str) -> AppTest:
    return next(b for b in app.button if b.label == label).click().run()


def visit(app: AppTest, title: str) -> None:
    """Go to a page; `AppTest.switch_page` knows pages that are files only."""
    known = app._registered_pages
    app._page_hash = next(key for key, page in known.items() if page["page_name"] == title)
    app.run()


def open_client(app: AppTest, wait_for: Wait) -> str:
    app.run()
    press(app, "Measure and open")
    return wait_for("Fade over time")


def upload(app: AppTest, files: list[tuple[str, bytes, str]]) -> None:
    app.get("file_uploader")[0].set_value(files)
    app.run()
    assert not app.exception


def photos_to_upload() -> list[tuple[str, bytes, str]]:
    return [
        (factories.photo_name(index), jpeg_of(index), "image/jpeg")
        for index in range(len(factories.FADES))
    ]


def test_start_offers_the_clients_and_says_that_nothing_leaves(app: AppTest, store: Path) -> None:
    app.run()
    assert not app.exception
    words = shown_text(app)
    assert "Client &lt;A&gt;" in words
    assert "Client <A>" not in words
    assert "Nothing leaves this computer" in words
    assert "4 photos".replace(" ", "\u00a0") in words


def test_start_without_clients_says_what_to_do(
    app: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMP_TRACKER_STORE", str(tmp_path / "nowhere"))
    app.run()
    assert not app.exception
    assert "smp-tracker render" in shown_text(app)


def test_client_is_measured_and_headed_in_plain_words(
    app: AppTest, store: Path, engine: list[dict[str, Any]], wait_for: Wait
) -> None:
    words = open_client(app, wait_for).replace("\u00a0", " ")
    assert '<div class="figure">71 %</div>' in words
    assert "of the pigment is gone" in words
    assert "(67–75 %)" in words
    assert "35 days after session 3: healed" in words
    assert "Noticeable" in words
    assert len(engine) == 1
    assert engine[0]["client"] == "Client <A>"
    assert len(engine[0]["sessions"]) == 3


def test_refused_photo_stands_with_reason_and_remedy(
    app: AppTest, store: Path, engine: list[dict[str, Any]], wait_for: Wait
) -> None:
    words = open_client(app, wait_for)
    assert "blurred.jpg could not be measured" in words
    assert "Too blurred to show dots. Hold the phone still" in words


def test_downloads_parse_and_agree_with_the_page(
    app: AppTest, store: Path, engine: list[dict[str, Any]], wait_for: Wait
) -> None:
    open_client(app, wait_for)
    labels = [button.label for button in app.get("download_button")]
    assert labels == [
        "Photos (CSV)",
        "Zones (CSV)",
        "Dots (CSV)",
        "Everything (JSON)",
        "Picture of the plot (SVG)",
    ]


def test_a_second_visit_finds_the_result(
    app: AppTest, store: Path, engine: list[dict[str, Any]], wait_for: Wait, root: Path
) -> None:
    open_client(app, wait_for)
    assert app.query_params["client"] == "client-a"
    other = AppTest.from_file(str(root / "app.py"), default_timeout=20)
    other.query_params["client"] = "client-a"
    other.run()
    assert any(button.label == "Open" for button in other.button)
    press(other, "Open")
    assert "71" in shown_text(other)
    assert len(engine) == 1


def test_compare_lays_first_and_last_on_each_other(
    app: AppTest, store: Path, engine: list[dict[str, Any]], wait_for: Wait
) -> None:
    open_client(app, wait_for)
    press(app, "Compare before and after")
    assert not app.exception
    before, after = app.selectbox
    assert before.value == 0
    assert after.value == 3
    words = shown_text(app)
    assert "lie on each other to within about 0.4 pixels" in words
    assert "of the pigment is gone" in words
    after.select_index(1).run()
    assert not app.exception
    assert "30\u00a0% of the pigment is gone" in shown_text(app)
    app.toggle[0].set_value(True).run()
    assert not app.exception


@pytest.mark.parametrize("place", ["Result", "Compare"])
def test_pages_without_a_client_say_what_to_do(app: AppTest, store: Path, place: str) -> None:
    app.run()
    visit(app, place)
    assert not app.exception
    assert "No client is open" in shown_text(app)
    press(app, "Go to photos")
    assert "How much pigment is gone?" in shown_text(app)


def test_client_that_is_gone(app: AppTest, store: Path) -> None:
    app.query_params["added"] = "never-heard-of"
    app.run()
    visit(app, "Result")
    assert "no longer here" in shown_text(app)


def test_learn_explains(app: AppTest, store: Path) -> None:
    app.run()
    visit(app, "How it is measured")
    assert not app.exception
    assert "The first photo sets the dots" in shown_text(app)
    assert len(app.expander) >= 6


def test_uploads_are_checked_dated_and_measured(
    app: AppTest, store: Path, engine: list[dict[str, Any]], wait_for: Wait
) -> None:
    app.run()
    upload(app, photos_to_upload())
    words = shown_text(app)
    assert "4\u00a0photos ready" in words
    press(app, "Measure 4\u00a0photos")
    wait_for("Fade over time")
    photos = engine[0]["photos"]
    assert [photo.view for photo in photos] == ["top"] * 4
    assert photos[0].captured_on == date(2026, 1, 10)
    assert photos[0].read().shape == (*factories.SHAPE, 3)
    assert "added" in app.query_params


def test_bad_uploads_get_a_line_each_and_the_others_are_measured(
    app: AppTest, store: Path, engine: list[dict[str, Any]], wait_for: Wait
) -> None:
    tiny = io.BytesIO()
    Image.new("RGB", (1, 1)).save(tiny, "PNG")
    good = photos_to_upload()
    app.run()
    upload(
        app,
        [
            *good,
            ("copy of first.jpg", good[0][1], "image/jpeg"),
            ("letter.jpg", b"%PDF-1.7 a letter", "image/jpeg"),
            ("<b>empty</b>.jpg", b"", "image/jpeg"),
            ("dot.png", tiny.getvalue(), "image/png"),
            ("half.jpg", good[1][1][:4000], "image/jpeg"),
        ],
    )
    words = shown_text(app)
    assert "letter.jpg is a PDF document, not a photo" in words
    assert "&lt;b&gt;empty&lt;/b&gt;.jpg is empty (zero bytes)" in words
    assert "dot.png is only 1 x 1 pixels" in words
    assert "half.jpg is damaged or cut short" in words
    assert "copy of first.jpg is the same photo as 2026-01-10_top.jpg" in words
    press(app, "Measure 4\u00a0photos")
    words = wait_for("Fade over time")
    assert "letter.jpg was left out" in words
    assert len(engine[0]["photos"]) == 4


def test_added_photos_survive_a_look_at_another_page(app: AppTest, store: Path) -> None:
    app.run()
    upload(app, photos_to_upload()[:2])
    visit(app, "How it is measured")
    visit(app, "Photos")
    assert "2\u00a0photos ready" in shown_text(app)
    press(app, "Start over")
    assert "photos ready" not in shown_text(app)


def test_a_crash_of_the_engine_is_told_and_can_be_tried_again(
    app: AppTest, store: Path, monkeypatch: pytest.MonkeyPatch, wait_for: Wait
) -> None:
    def crash(*_: Any, **__: Any) -> None:
        raise MemoryError("no room")

    monkeypatch.setattr("tracker.analysis.analyse_series", crash)
    app.run()
    press(app, "Measure and open")
    words = wait_for("The measuring ended with an error")
    assert "no room" in words
    assert "untouched" in words
    assert any(button.label == "Try again" for button in app.button)


def test_a_broken_record_file_is_named(app: AppTest, store: Path) -> None:
    (store / "client-a" / "sessions.csv").write_text("day,method\n1,2\n", encoding="utf-8")
    app.run()
    assert not app.exception
    assert "sessions.csv" in shown_text(app)


def test_tables_of_the_downloads_parse(engine: list[dict[str, Any]]) -> None:
    analysis = factories.make_analysis()
    rows = list(csv.DictReader(io.StringIO(photos_csv(analysis))))
    assert len(rows) == 5
    assert json.loads(analysis_json(analysis))["client"] == "Client A"


def test_measuring_can_be_stopped_and_taken_up_again(
    app: AppTest, store: Path, monkeypatch: pytest.MonkeyPatch, wait_for: Wait
) -> None:
    go, started = threading.Event(), threading.Event()

    def slow(*_: Any, progress: Progress, client: str, **__: Any) -> SeriesAnalysis:
        started.set()
        go.wait(20)
        progress(0.5, "half way")
        return factories.make_analysis()

    monkeypatch.setattr("tracker.analysis.analyse_series", slow)
    app.run()
    press(app, "Measure and open")
    assert started.wait(20)
    assert "Measuring" in shown_text(app)
    press(app, "Stop measuring")
    go.set()
    assert "Nothing is lost" in wait_for("Measuring was stopped")
    press(app, "Measure now")
    wait_for("Fade over time")


def test_a_view_is_chosen_and_remembered(
    app: AppTest, store: Path, engine: list[dict[str, Any]], wait_for: Wait
) -> None:
    first = store / "client-a" / factories.photo_name(0)
    (store / "client-a" / "2026-01-10_crown.jpg").write_bytes(first.read_bytes())
    open_client(app, wait_for)
    choice = app.get("button_group")[0]
    assert [label.split()[0] for label in choice.options] == ["Crown", "Top"]
    choice.set_value(1).run()
    assert not app.exception
    assert 'aria-label="Result, Top"' in shown_text(app)
