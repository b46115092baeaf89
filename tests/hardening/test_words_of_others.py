"""What a person typed, or a file is called, is shown as it is: never run, never drawn as a page."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from google.protobuf.message import Message
from streamlit.testing.v1 import AppTest

from tests import factories
from tests.ui.conftest import PaperEngine, jpeg_of
from tests.ui.visits import visit
from tracker.records import (
    ConsentLevel,
    ConsentRecord,
    DateSource,
    NoteRecord,
    PhotoRecord,
    SessionRecord,
    TreatmentPlan,
)
from tracker.report.tables import dots_csv, photos_csv, zones_csv
from tracker.series import PolygonZone, SeriesAnalysis
from tracker.storage.filing import Incoming, file_photos
from tracker.storage.results import measure_client
from tracker.storage.store import Store
from tracker.storage.tray import tray_of
from tracker.storage.vault import sha256_of

CODE = "client-a"
TAG = "<b>bold</b>"
LINK = "![m](m:x)"
EVIL = f"{TAG}{LINK}"
# What a browser would be asked to draw: the tag in HTML, the picture in Markdown.
LIVE_MARKDOWN = re.compile(r"(?<!\\)!?(?<!\\)\[m\]\(m:x\)")
NOT_MARKDOWN = {
    # Fields of elements that the browser shows as plain text, whatever stands in them.
    *("options", "default", "value", "set_value", "raw_values", "placeholder", "id", "form_id"),
    *("query_string", "page_script_hash", "url", "url_path", "spec", "data", "json", "file_name"),
    *("element_id", "user_key", "block_id", "json_args", "bytes_args"),
}
PAGES = (
    "Home",
    "Client",
    "Add photos",
    "Fade",
    "Compare",
    "Zones",
    "Corrections",
    "Report",
    "Settings",
)


def strings(message: Message, kind: str = "") -> Iterator[tuple[str, str]]:
    """(path of field names, text) of every text in an element."""
    for field, value in message.ListFields():
        if field.name in NOT_MARKDOWN:
            continue
        path = f"{kind}.{field.name}"
        many = field.is_repeated if hasattr(field, "is_repeated") else field.label == 3
        for one in value if many and not hasattr(value, "items") else [value]:
            if isinstance(one, str):
                yield path, one
            elif isinstance(one, Message):
                yield from strings(one, path)


def drawn(app: AppTest) -> Iterator[tuple[str, str]]:
    def walk(node: Any) -> Iterator[tuple[str, str]]:
        proto = getattr(node, "proto", None)
        if isinstance(proto, Message):
            yield from strings(proto, str(getattr(node, "type", "")))
        for child in getattr(node, "children", {}).values():
            yield from walk(child)

    yield from walk(app._tree)


@pytest.fixture
def evil(store: Store) -> Store:
    """Every text field of the records holds a tag and a picture."""
    kept = store.client(CODE)
    store.change_client(replace(kept, record=replace(kept.record, name=EVIL, hair=EVIL, skin=EVIL)))
    plan = store.plan(CODE)
    known = plan.record if plan is not None else TreatmentPlan()
    store.save_plan(CODE, replace(known, method=EVIL, currency="EUR"), plan)
    day = factories.BASELINE_DAY + timedelta(days=1)
    store.add_session(
        CODE, SessionRecord(day, method=EVIL, device=EVIL, operator=EVIL, notes=EVIL, zones=(EVIL,))
    )
    square = ((10.0, 10.0), (90.0, 10.0), (90.0, 90.0))
    store.add_zone(CODE, PolygonZone(EVIL, "top", square))
    store.add_note(CODE, NoteRecord(store.today, EVIL))
    store.add_consent(CODE, ConsentRecord(ConsentLevel.TEACHING, date(2026, 1, 1)))
    data = jpeg_of(2) + b"again"
    record = PhotoRecord(
        f"{EVIL}.jpg",
        sha256_of(data),
        view="top",
        captured_on=date(2026, 6, 1),
        date_source=DateSource.TYPED,
        width_px=400,
        height_px=300,
    )
    file_photos(store, CODE, [Incoming(record, lambda: data)])
    tray_of(store, CODE).put(jpeg_of(1) + b"again", f"{EVIL}.jpg", today=store.today)
    return store


@pytest.mark.parametrize("title", PAGES)
def test_no_page_draws_what_a_person_typed(
    app: AppTest,
    evil: Store,
    engine: PaperEngine,
    title: str,
) -> None:
    measure_client(evil, CODE)
    app.query_params["client"] = CODE
    app.run()
    visit(app, title)
    texts = list(drawn(app))
    if title != "Settings":
        assert any("bold" in text for _, text in texts), "the page shows none of it"
    assert live(texts) == []


def live(texts: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Those texts that a browser would take for more than words."""
    return [
        (where, text)
        for where, text in texts
        if (TAG in text if where.startswith("html") else LIVE_MARKDOWN.search(text))
    ]


def test_the_look_finds_what_is_drawn() -> None:
    def careless() -> None:
        import streamlit as st

        words = "<b>bold</b>![m](m:x)"
        st.html(f"<p>{words}</p>")
        st.markdown(words)
        st.button(words)
        st.expander(words)
        st.radio("which", [words])

    found = live(list(drawn(AppTest.from_function(careless).run())))
    assert {where.split(".")[0] for where, _ in found} >= {"html", "markdown", "button"}
    assert len(found) >= 4


FORMULAS = ("=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "  =1")


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_name_is_no_formula_in_what_the_dashboard_gives(formula: str) -> None:
    """The command line keeps names raw: its tables are a contract."""
    analysis = _named(formula)
    for make in (photos_csv, zones_csv, dots_csv):
        cells = [
            c for row in csv.reader(io.StringIO(make(analysis, for_spreadsheet=True))) for c in row
        ]
        assert f"'{formula}" in cells, make
        for cell in cells:
            assert not cell.lstrip().startswith(("=", "+", "@", "|", "%")), make
            assert not cell.lstrip().startswith("-") or _is_number(cell), make
        raw = [cell for row in csv.reader(io.StringIO(make(analysis))) for cell in row]
        assert formula in raw, make


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _named(name: str) -> SeriesAnalysis:
    """The made-up series with a photo and a zone of this name."""
    view = factories.make_view()
    photos = [
        replace(photo, photo=name if number == 1 else photo.photo)
        for number, photo in enumerate(view.photos)
    ]
    return replace(factories.make_analysis(), views=(replace(view, photos=tuple(photos)),))
