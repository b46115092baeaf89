"""Every page by keyboard alone, and every text against its ground (WCAG 2.1 AA: 2.1.1, 2.1.2, 2.4.7, 4.1.2, 1.4.3)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import PATIENCE_MS, served
from tracker.records import ClientRecord, SessionRecord
from tracker.storage.filing import describe_photo, file_photos
from tracker.storage.opening import open_store
from tracker.storage.results import measure_client

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

pytestmark = pytest.mark.browser
CODE = "C-0001"
PAGES = (
    *("", "client", "add", "fade", "compare", "zones", "corrections", "guide", "report"),
    *("batch", "settings", "learn"),
)
SCRIPT = Path(__file__).with_name("reach.js")
MOST_PRESSES = 250
SETTLE_MS = 700
FADE_IN_MS = 400
"""Frames of focus may fade in."""
DRAWN_MS = 10_000
"""A busy machine draws them late."""


@pytest.fixture(scope="module")
def address(
    root: Path, rendered_photos: list[Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A dashboard with one client, measured, with a session."""
    folder = tmp_path_factory.mktemp("reach")
    with open_store(str(folder / "records"), create=True, actor="M.") as store:
        store.add_client(ClientRecord(CODE, name="Olga Example"))
        incoming = [describe_photo(path, today=store.today)[0] for path in rendered_photos]
        day = incoming[0].record.captured_on
        assert day is not None
        store.add_session(CODE, SessionRecord(day))
        file_photos(store, CODE, incoming)
        measure_client(store, CODE)
    with served(root, folder, {}) as found:
        yield found


@pytest.fixture
def tab(page: Any) -> Any:
    page.set_viewport_size({"width": 1280, "height": 1000})
    page.set_default_timeout(PATIENCE_MS)
    return page


def opened(page: Any, address: str, name: str) -> None:
    page.goto(f"{address}/{name}?client={CODE}")
    page.locator("h1, .smp-empty").first.wait_for()
    page.get_by_test_id("stStatusWidget").wait_for(state="detached")
    page.wait_for_timeout(SETTLE_MS)
    page.evaluate(SCRIPT.read_text(encoding="utf-8"))
    if page.evaluate("smpReach.unfold()"):
        page.wait_for_timeout(SETTLE_MS)


def test_every_control_by_keyboard(tab: Any, address: str) -> None:
    complaints = []
    for name in PAGES:
        opened(tab, address, name)
        n_asked = tab.evaluate("smpReach.begin()")
        assert n_asked >= 10, name
        for _ in range(MOST_PRESSES):
            tab.keyboard.press("Tab")
            step = tab.evaluate("smpReach.step()")
            if step["end"]:
                break
            if step["again"]:
                complaints.append(f"/{name}: Tab comes back to {step['what']}")
                break
            if not step["named"]:
                complaints.append(f"/{name}: no name: {step['what']}")
            if not step["seen"] and not tab.evaluate(f"smpReach.seen({FADE_IN_MS}, {DRAWN_MS})"):
                complaints.append(f"/{name}: focus is not seen: {step['what']}")
        else:
            complaints.append(f"/{name}: {MOST_PRESSES} presses do not leave the page")
        complaints += [
            f"/{name}: not reached: {what}" for what in tab.evaluate("smpReach.missed()")
        ]
    assert not complaints, "\n".join(complaints)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out(tab: Any, address: str, scheme: str) -> None:
    tab.emulate_media(color_scheme=scheme)
    complaints = []
    for name in PAGES:
        opened(tab, address, name)
        told = tab.evaluate("smpReach.faint()")
        assert told["judged"] >= 8, name
        complaints += [f"/{name}: {what}" for what in told["found"]]
    assert not complaints, "\n".join(complaints)
