"""Every page through the app itself on a real store, engine of paper behind it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests import factories
from tests.ui.conftest import PaperEngine, jpeg_of, shown_text
from tests.ui.visits import another_tab, labels, press, titles, visit
from tracker.records import ClientRecord
from tracker.series import Progress, SeriesAnalysis
from tracker.storage.opening import open_store
from tracker.storage.results import measure_client
from tracker.storage.store import Store

Wait = Callable[[str], str]
CODE = "client-a"


def open_fade(app: AppTest, wait_for: Wait) -> str:
    app.run()
    press(app, "Fade")
    return wait_for("Fade over time")


# --- home ----------------------------------------------------------------------------------


def test_the_first_visit_makes_a_store_silently_and_offers_both_ways(
    app: AppTest, empty: Path
) -> None:
    app.run()
    assert not app.exception
    words = shown_text(app)
    assert "How much pigment is gone?" in words
    assert "Nothing leaves this computer" in words
    assert {"Try the sample clients", "New client"} <= set(labels(app))
    assert (empty / "records.db").exists()


def test_samples_come_in_by_one_click_and_are_measured(
    app: AppTest, empty: Path, engine: PaperEngine, small_samples: Path, wait_for: Wait
) -> None:
    app.run()
    press(app, "Try the sample clients")
    words = wait_for("71\u00a0%")
    assert "sample-one" in words
    assert len(engine.asked) == 1


@pytest.fixture
def small_samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One small sample client in place of the shipped ones."""
    folder = tmp_path / "samples" / "sample-one"
    folder.mkdir(parents=True)
    for index in range(len(factories.FADES)):
        (folder / factories.photo_name(index)).write_bytes(jpeg_of(index))
    monkeypatch.setattr("tracker.ui.pages.home.sample_clients", lambda: [folder])
    return folder


def test_home_shows_every_client_with_what_matters(
    app: AppTest, store: Store, engine: PaperEngine
) -> None:
    app.run()
    words = shown_text(app)
    assert "Client &lt;A&gt;" in words
    assert "Client <A>" not in words
    assert "5\u00a0photos to measure" in words
    measure_client(store, CODE)
    app.run()
    words = shown_text(app).replace("\u00a0", " ")
    assert "<strong>71 %</strong>" in words
    assert "Pigment left over time, 29 % at the end" in words
    assert "Full removal, 95 % gone · 3 sessions" in words
    assert "to measure" not in words


def test_home_searches_and_filters(app: AppTest, store: Store) -> None:
    store.add_client(ClientRecord("C-0002", name="Bert"))
    app.run()
    app.text_input[0].set_value("bert").run()
    assert "Bert" in shown_text(app)
    assert "Client &lt;A&gt;" not in shown_text(app)
    app.text_input[0].set_value("nobody").run()
    assert "No client fits" in shown_text(app)
    app.text_input[0].set_value("").run()
    app.button_group[0].set_value("To measure").run()
    assert "Bert" not in shown_text(app)


def test_many_clients_come_page_by_page(app: AppTest, store: Store) -> None:
    for _ in range(14):
        store.add_client(ClientRecord(""))
    app.run()
    assert labels(app).count("Open") == 9
    press(app, "Show more (6 left)")
    assert labels(app).count("Open") == 15


# --- one client ----------------------------------------------------------------------------


def test_client_page_lays_sessions_and_photos_in_time(
    app: AppTest, store: Store, engine: PaperEngine
) -> None:
    measure_client(store, CODE)
    app.run()
    press(app, "Open")
    assert app.query_params["client"] in (CODE, [CODE])
    words = shown_text(app).replace("\u00a0", " ")
    order = [
        words.index(mark)
        for mark in ("Before the first session", "Session 1", "Session 2", "Session 3")
    ]
    assert order == sorted(order)
    assert "71 % gone" in words
    assert "35 days after session 3: healed" in words
    assert "picosecond" in words


def test_a_new_client_is_entered_and_its_plan_changed(app: AppTest, empty: Path) -> None:
    app.run()
    press(app, "New client")
    app.text_input[0].set_value("Anna <i>B</i>")
    press(app, "Add the client")
    assert "Anna &lt;i&gt;B&lt;/i&gt;" in shown_text(app)
    with open_store(str(empty)) as kept:
        assert [one.record.name for one in kept.clients()] == ["Anna <i>B</i>"]
        field = next(f for f in app.text_input if f.label == "Currency")
        field.set_value("eur")
        press(app, "Save")
        plan = kept.plan("C-0001")
        assert plan is not None
        assert plan.record.currency == "EUR"


def test_what_the_rules_refuse_is_said_and_nothing_changed(app: AppTest, store: Store) -> None:
    app.run()
    press(app, "Open")
    first = factories.BASELINE_DAY + timedelta(days=factories.SESSION_DAYS[0])
    next(f for f in app.date_input if f.label == "Day").set_value(first)
    press(app, "Add the session")
    assert "Nothing was changed" in shown_text(app)
    assert len(store.sessions(CODE)) == 3
    next(f for f in app.date_input if f.label == "Day").set_value(first + timedelta(days=150))
    press(app, "Add the session")
    assert len(store.sessions(CODE)) == 4


def test_consent_and_notes_are_kept(app: AppTest, store: Store) -> None:
    app.run()
    press(app, "Open")
    press(app, "Note it")
    app.text_area[0].set_value("tolerated <well>")
    press(app, "Keep the note")
    assert [kept.record.text for kept in store.notes(CODE)] == ["tolerated <well>"]
    assert "tolerated &lt;well&gt;" in shown_text(app)
    press(app, "Withdraw")
    assert store.consents(CODE)[0].record.withdrawn_on == store.today


def test_somebody_else_was_quicker(app: AppTest, store: Store) -> None:
    from dataclasses import replace

    app.run()
    press(app, "Open")
    field = next(f for f in app.text_input if f.label == "Name")
    kept = store.client(CODE)
    field.set_value("Mine")
    store.change_client(replace(kept, record=replace(kept.record, name="Theirs")))
    # The form that was filled in is of the record before: it is drawn anew, nothing overwritten.
    press(app, "Save")
    assert store.client(CODE).record.name == "Theirs"


# --- fade ----------------------------------------------------------------------------------


def test_client_is_measured_and_headed_in_plain_words(
    app: AppTest, store: Store, engine: PaperEngine, wait_for: Wait
) -> None:
    words = open_fade(app, wait_for).replace("\u00a0", " ")
    assert '<div class="figure">71 %</div>' in words
    assert "of the pigment is gone" in words
    assert "(67–75 %)" in words
    assert "35 days after session 3: healed" in words
    assert len(engine.asked) == 1
    assert engine.asked[0]["client"] == CODE
    assert len(engine.asked[0]["sessions"]) == 3


def test_what_is_measured_is_never_measured_again(
    app: AppTest, store: Store, engine: PaperEngine, wait_for: Wait, root: Path
) -> None:
    measure_client(store, CODE)
    open_fade(app, wait_for)
    other = another_tab(root, CODE)
    visit(other, "Fade")
    assert "71" in shown_text(other)
    assert len(engine.asked) == 1


def test_refused_photo_stands_with_reason_and_remedy(
    app: AppTest, store: Store, engine: PaperEngine, wait_for: Wait
) -> None:
    words = open_fade(app, wait_for)
    assert "2026-06-10_top_blurred.jpg could not be measured" in words
    assert "Too blurred to show dots. Hold the phone still" in words
    assert "could not be measured: point at it" in words


def test_every_measure_and_axis_of_the_plot_draws(
    app: AppTest, store: Store, engine: PaperEngine, wait_for: Wait
) -> None:
    open_fade(app, wait_for)
    assert "forecast with 80 and 95 % bands" in shown_text(app)
    n_charts = len(app.get("vega_lite_chart"))
    assert n_charts == 1 + len(factories.ZONES)
    for measure in ("Evenness", "Density", "Contrast", "Pigment left"):
        for axis in ("By session", "By date"):
            app.button_group(key="fade-measure").set_value(measure)
            next(b for b in app.button_group if b.label == "Against").set_value(axis)
            app.run()
            assert not app.exception
            assert len(app.get("vega_lite_chart")) == n_charts


def test_downloads_are_there(
    app: AppTest, store: Store, engine: PaperEngine, wait_for: Wait
) -> None:
    open_fade(app, wait_for)
    assert [button.label for button in app.get("download_button")] == [
        "Picture of the fade (PNG)",
        "Picture of the fade (SVG)",
        "Data of this plot (CSV)",
        "Photos (CSV)",
        "Zones (CSV)",
        "Dots (CSV)",
        "Everything (JSON)",
    ]


def test_a_crash_of_the_engine_is_told_and_can_be_tried_again(
    app: AppTest, store: Store, monkeypatch: pytest.MonkeyPatch, wait_for: Wait
) -> None:
    def crash(*_: Any, **__: Any) -> None:
        raise MemoryError("no room")

    monkeypatch.setattr("tracker.storage.results.analyse_series", crash)
    app.run()
    press(app, "Fade")
    words = wait_for("The measuring ended with an error")
    assert "no room" in words
    assert "untouched" in words
    assert "Try again" in labels(app)


def test_measuring_can_be_stopped_and_taken_up_again(
    app: AppTest, store: Store, engine: PaperEngine, monkeypatch: pytest.MonkeyPatch, wait_for: Wait
) -> None:
    go, started = threading.Event(), threading.Event()

    def slow(*given: Any, progress: Progress, **rest: Any) -> SeriesAnalysis:
        started.set()
        go.wait(20)
        progress(0.5, "half way")
        return engine(*given, progress=progress, **rest)

    monkeypatch.setattr("tracker.storage.results.analyse_series", slow)
    app.run()
    press(app, "Fade")
    assert started.wait(20)
    assert "Measuring" in shown_text(app)
    press(app, "Stop measuring")
    go.set()
    assert "Nothing is lost" in wait_for("Measuring was stopped")
    press(app, "Measure now")
    wait_for("Fade over time")


# --- compare, learn, settings ----------------------------------------------------------------


def test_compare_lays_first_and_last_on_each_other(
    app: AppTest, store: Store, engine: PaperEngine, wait_for: Wait
) -> None:
    open_fade(app, wait_for)
    press(app, "Compare before and after")
    before, after = app.selectbox
    assert before.value == 0
    assert after.value == 3
    words = shown_text(app)
    assert "lie on each other to within about 0.4 pixels" in words
    after.select_index(1).run()
    assert not app.exception
    assert "30\u00a0% of the pigment is gone" in shown_text(app)


def test_learn_explains(app: AppTest, store: Store) -> None:
    visit(app, "Learn")
    assert "The first photo sets the dots" in shown_text(app)
    assert len(app.expander) >= 6


def test_settings_say_where_things_are(app: AppTest, store: Store, empty: Path) -> None:
    visit(app, "Settings")
    words = shown_text(app)
    assert str(empty) in words
    assert "Nobody signs in here" in words


def test_a_client_is_erased_after_the_code_was_typed(app: AppTest, store: Store) -> None:
    visit(app, "Settings")
    app.selectbox(key="erase-client").set_value(CODE).run()
    erase = next(b for b in app.button if b.label == "Erase")
    assert erase.disabled
    app.text_input(key="erase-typed").set_value(CODE).run()
    press(app, "Erase")
    assert store.clients() == []


# --- links -----------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["Fade", "Compare"])
def test_pages_without_a_client_say_what_to_do(app: AppTest, store: Store, place: str) -> None:
    visit(app, place)
    assert "No client is open" in shown_text(app)
    press(app, "Go to all clients")
    assert "Clients" in shown_text(app)


def test_a_link_to_a_client_that_is_gone(store: Store, root: Path) -> None:
    other = another_tab(root, "never-<b>heard</b>")
    visit(other, "Fade")
    words = shown_text(other)
    assert "No client never-&lt;b&gt;heard&lt;/b&gt; here" in words


def test_two_visitors_do_not_mix(store: Store, root: Path) -> None:
    store.add_client(ClientRecord("C-0002", name="Bert"))
    one, two = another_tab(root, CODE), another_tab(root, "C-0002")
    visit(one, "Client")
    visit(two, "Client")
    visit(one, "Settings")
    visit(one, "Client")
    assert "Client &lt;A&gt;" in shown_text(one)
    assert "Bert" in shown_text(two)
    assert "Bert" not in shown_text(one)


def test_a_store_that_cannot_be_opened_is_said(
    app: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMP_TRACKER_RECORDS", "ftp://nowhere")
    app.run()
    assert not app.exception
    assert "is no store" in shown_text(app)
    assert "Nothing was lost" in shown_text(app)


def test_menu(app: AppTest, store: Store) -> None:
    app.run()
    assert [
        t for t in titles(app) if t not in ("Report", "Zones", "Corrections", "Capture guide")
    ] == [
        "Home",
        "Client",
        "Add photos",
        "Fade",
        "Compare",
        "Batch",
        "Settings",
        "Learn",
    ]
