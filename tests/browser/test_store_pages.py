"""Zones, corrections, compare and the guide of a store in a real browser, measured for real."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import pytest
from PIL import Image

from tests.browser.conftest import PATIENCE_MS, _wait_until_healthy
from tracker.records import ClientRecord
from tracker.records.corrections import CorrectionKind
from tracker.series import PolygonZone
from tracker.storage.correcting import list_corrections
from tracker.storage.filing import describe_photo, file_photos
from tracker.storage.opening import open_store
from tracker.storage.results import measure_client
from tracker.storage.store import Store

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

pytestmark = pytest.mark.browser
CODE, LARGE = "C-0001", "C-0002"
MEASURING_MS = 240_000
ENLARGED = 4


@dataclass(frozen=True)
class Clinic:
    """A store that is served."""

    address: str
    place: str

    def url(self, page: str, client: str = CODE, role: str = "") -> str:
        return f"{self.address}/?page={page}&client={client}&role={role}"

    def store(self) -> Store:
        return open_store(self.place, actor="tester")


@pytest.fixture(scope="module")
def clinic(
    root: Path, rendered_photos: list[Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Clinic]:
    """Two clients: small photos, and the same ones enlarged beyond a screen's pixels."""
    folder = tmp_path_factory.mktemp("clinic")
    place = str(folder / "records")
    with open_store(place, create=True, actor="M.") as store:
        for code in (CODE, LARGE):
            store.add_client(ClientRecord(code))
            incoming = []
            for path in rendered_photos[:: 2 if code == LARGE else 1]:
                own = folder / code / path.name
                own.parent.mkdir(exist_ok=True)
                srgb = cv2.imread(str(path))[:, :, ::-1]
                if code == LARGE:
                    srgb = cv2.resize(srgb, None, fx=ENLARGED, fy=ENLARGED, interpolation=2)
                Image.fromarray(srgb).save(own, quality=94)
                incoming.append(describe_photo(own, today=store.today)[0])
            file_photos(store, code, incoming)
            measure_client(store, code)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = (folder / "server.log").open("wb")
    server = subprocess.Popen(
        [
            sys.executable,
            *("-m", "streamlit", "run", "tests/browser/store_pages.py", f"--server.port={port}"),
            *("--server.headless=true", "--server.address=127.0.0.1"),
        ],
        cwd=root,
        env=dict(os.environ) | {"SMP_TRACKER_RECORDS": place, "PYTHONPATH": str(root)},
        stdout=log,
        stderr=log,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_until_healthy(address, server)
        yield Clinic(address, place)
    finally:
        server.terminate()
        server.wait(20)
        log.close()


@pytest.fixture
def tab(page: Any, clinic: Clinic) -> Iterator[Any]:
    """A tab that must log no error and ask nobody but the dashboard for anything."""
    complaints: list[str] = []
    strangers: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda m: complaints.append(m.text) if m.type == "error" and "404" not in m.text else None,
    )
    own = (clinic.address, clinic.address.replace("http", "ws"), "data:", "blob:")
    page.on("request", lambda r: None if r.url.startswith(own) else strangers.append(r.url))
    page.set_viewport_size({"width": 1280, "height": 1000})
    page.set_default_timeout(PATIENCE_MS)
    yield page
    assert not strangers
    assert not complaints


def tap(page: Any, x: float, y: float, stage: int = 0) -> None:
    """A click at shares of the stage."""
    box = page.locator(".stage").nth(stage).bounding_box()
    assert box
    page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])


def zone_names(clinic: Clinic) -> list[str]:
    with clinic.store() as store:
        return [kept.record.name for kept in store.zones(CODE)]


def await_marking(page: Any) -> None:
    page.locator(".stage canvas").first.wait_for(timeout=MEASURING_MS)
    page.get_by_text("Measuring").first.wait_for(state="detached", timeout=MEASURING_MS)
    page.wait_for_timeout(400)


def test_zones_by_mouse_and_by_keys(tab: Any, clinic: Clinic, shots: Path) -> None:
    page = tab
    page.goto(clinic.url("zones"))
    await_marking(page)
    assert page.get_by_role("button", name="Save zones").is_disabled()
    # By mouse: four corners, closed on the first one.
    for x, y in ((0.3, 0.3), (0.55, 0.3), (0.55, 0.6), (0.3, 0.6), (0.3, 0.3)):
        tap(page, x, y)
    page.get_by_role("textbox", name="Name of zone 1").fill("left corner")
    # By keys: the cross goes where the arrows take it, Enter sets a corner.
    stage = page.locator(".stage")
    stage.focus()
    for moves in (["Shift+ArrowRight"] * 4, ["Shift+ArrowDown"] * 3, ["Shift+ArrowLeft"] * 3):
        for key in moves:
            stage.press(key)
        stage.press("Enter")
    stage.press("Backspace")
    stage.press("Enter")
    page.get_by_role("button", name="Close shape").click()
    page.get_by_text("2 zones.").wait_for()
    page.screenshot(path=shots / "zones-drawing.png", full_page=True)
    page.get_by_role("button", name="Save zones").click()
    page.get_by_text("What is gone in each zone").wait_for(timeout=MEASURING_MS)
    page.get_by_role("cell", name="Left corner").wait_for(timeout=MEASURING_MS)
    await_marking(page)
    assert sorted(zone_names(clinic)) == ["Zone 2", "left corner"]
    page.screenshot(path=shots / "zones-measured.png", full_page=True)
    # Move the whole zone, take it back, rename, and save.
    with clinic.store() as store:
        before = {k.record.name: k.record.vertices_px for k in store.zones(CODE)}
    page.get_by_role("radio", name="Move").click()
    for turn in range(2):
        stage.scroll_into_view_if_needed()
        box = stage.bounding_box()
        assert box
        grip = (box["x"] + 0.42 * box["width"], box["y"] + 0.45 * box["height"])
        page.mouse.move(*grip)
        page.mouse.down()
        page.mouse.move(grip[0] - 50, grip[1] + 20, steps=5)
        page.mouse.up()
        if turn == 0:
            page.get_by_role("button", name="Step back").click()
    names = page.get_by_role("textbox")
    index = next(i for i in range(names.count()) if names.nth(i).input_value() == "Zone 2")
    names.nth(index).fill("crown")
    names.nth(index).press("Tab")
    page.get_by_role("button", name="Save zones").click()
    page.get_by_role("cell", name="Crown").wait_for(timeout=MEASURING_MS)
    await_marking(page)
    with clinic.store() as store:
        after = {k.record.name: k.record.vertices_px for k in store.zones(CODE)}
    assert after["crown"] == before["Zone 2"]
    moved = [b[0] - a[0] for a, b in zip(before["left corner"], after["left corner"], strict=True)]
    assert max(moved) < -20
    assert max(moved) == pytest.approx(min(moved), abs=0.1)


def test_a_dot_is_removed_and_the_correction_undone(tab: Any, clinic: Clinic, shots: Path) -> None:
    page = tab
    page.goto(clinic.url("corrections"))
    await_marking(page)
    page.get_by_role("button", name="Zoom in").click()
    page.get_by_role("button", name="Zoom in").click()
    # Anywhere amid the dots one is near; a second tap beside it may take another.
    for x, y in ((0.45, 0.45), (0.55, 0.5), (0.5, 0.6)):
        tap(page, x, y)
    said = page.locator(".say").inner_text()
    removed = int(re.match(r"(\d+) removed, 0 added", said).group(1))  # type: ignore[union-attr]
    assert removed >= 1
    page.get_by_role("radio", name="Missed dot").click()
    tap(page, 0.5, 0.3)
    page.get_by_text(f"{removed} removed, 1 added.").wait_for()
    page.screenshot(path=shots / "corrections-dots.png", full_page=True)
    page.get_by_role("button", name="Save and measure again").click()
    page.get_by_text("Missed dots", exact=True).wait_for(timeout=MEASURING_MS)
    await_marking(page)
    with clinic.store() as store:
        entries = [kept.record for kept in list_corrections(store, CODE)]
        assert [e.kind for e in entries] == [CorrectionKind.REMOVE, CorrectionKind.ADD]
        analysis = measure_client(store, CODE).analysis
        assert "dot" in analysis.notes[-1]
    page.screenshot(path=shots / "corrections-kept.png", full_page=True)
    for _ in range(2):
        page.get_by_role("button", name="Undo", exact=True).last.click()
        page.wait_for_timeout(1500)
        await_marking(page)
    page.get_by_text("undone").nth(1).wait_for()
    with clinic.store() as store:
        assert not any(k.record.standing for k in list_corrections(store, CODE))
        assert measure_client(store, CODE).measured == ()


def test_point_pairs_in_two_photos(tab: Any, clinic: Clinic, shots: Path) -> None:
    page = tab
    page.goto(clinic.url("corrections"))
    await_marking(page)
    page.get_by_role("radio", name="Alignment").click()
    page.locator(".stage").nth(1).wait_for()
    page.wait_for_timeout(800)
    save = page.get_by_role("button", name="Save and measure again")
    for n, (x, y) in enumerate(((0.35, 0.35), (0.65, 0.4), (0.5, 0.65), (0.42, 0.5)), 1):
        tap(page, x, y, 0)
        page.get_by_text(f"Pair {n}: now tap the same place in the second photo.").wait_for()
        assert save.is_disabled()
        tap(page, x + 0.01, y - 0.01, 1)
    page.get_by_text("4 pairs. More, spread out, are better.").wait_for()
    assert save.is_enabled()
    page.screenshot(path=shots / "corrections-pairs.png", full_page=True)


def test_compare_areas_and_full_detail(tab: Any, clinic: Clinic, shots: Path) -> None:
    page = tab
    page.goto(clinic.url("compare", LARGE))
    stage = page.locator(".stage")
    stage.wait_for(timeout=MEASURING_MS)
    page.wait_for_timeout(1500)
    page.get_by_role("checkbox", name="fade heat-map").check()
    page.screenshot(path=shots / "compare-heat-map.png", full_page=True)
    page.get_by_role("checkbox", name="fade heat-map").uncheck()
    assert page.locator(".fine").first.is_hidden()
    for _ in range(5):
        page.get_by_role("button", name="Zoom in").click()
    page.locator(".a .fine").wait_for(state="visible")
    page.wait_for_timeout(1000)
    shown = page.evaluate(
        """() => { const root = [...document.querySelectorAll('*')].map(e => e.shadowRoot)
        .find(r => r && r.querySelector('.fine')) || document;
        return [...root.querySelectorAll('.fine')].map(i => [i.naturalWidth, parseFloat(i.style.width)]); }"""
    )
    for natural, in_picture in shown:
        assert natural > 1.05 * in_picture  # more pixels than the picture has there
    zoomed = page.locator(".level").inner_text()
    page.screenshot(path=shots / "compare-detail.png", full_page=True)
    # Side by side keeps zoom; moving asks for the next part.
    page.get_by_role("radio", name="Side by side").click()
    assert page.locator(".level").inner_text() == zoomed
    stage.press("ArrowRight")
    page.wait_for_timeout(1500)
    page.screenshot(path=shots / "compare-detail-side.png", full_page=True)


def test_compare_shows_the_zones_of_the_store(tab: Any, clinic: Clinic, shots: Path) -> None:
    page = tab
    with clinic.store() as store:
        if not store.zones(CODE):
            corners = ((300.0, 300.0), (600.0, 320.0), (500.0, 600.0))
            store.add_zone(CODE, PolygonZone("left corner", "top", corners))
    page.goto(clinic.url("compare"))
    page.locator(".stage").wait_for(timeout=MEASURING_MS)
    page.get_by_role("checkbox", name=re.compile("zones")).check()
    page.wait_for_timeout(500)
    page.screenshot(path=shots / "compare-zones.png", full_page=True)


def test_the_guide_without_a_camera_says_what_to_do(
    tab: Any, clinic: Clinic, shots: Path, tmp_path: Path
) -> None:
    page = tab
    page.goto(clinic.url("guide"))
    page.get_by_role("button", name="Start camera").click()
    page.get_by_text(re.compile("No camera was found|The camera was not allowed")).wait_for()
    page.screenshot(path=shots / "guide.png", full_page=True)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Sheet for A4 (PDF)").click()
    sheet = tmp_path / "sheet.pdf"
    waiting.value.save_as(sheet)
    assert sheet.read_bytes().startswith(b"%PDF-1.4")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_phone(tab: Any, clinic: Clinic, scheme: str, shots: Path) -> None:
    """At 390 px nothing sticks out sideways, in either theme."""
    page = tab
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 390, "height": 844})
    for name in ("zones", "corrections", "guide", "compare"):
        page.goto(clinic.url(name))
        page.locator(".stage, .frame").first.wait_for(timeout=MEASURING_MS)
        page.wait_for_timeout(800)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.screenshot(path=shots / f"{name}-phone-{scheme}.png", full_page=True)


def test_touch_sets_and_pans(clinic: Clinic, browser: Any) -> None:
    """A finger taps corners; a finger that moves moves the picture and sets nothing."""
    context = browser.new_context(has_touch=True, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(clinic.url("zones"))
    await_marking(page)
    before = zone_names(clinic)
    box = page.locator(".stage").bounding_box()
    assert box
    for x, y in ((0.7, 0.7), (0.9, 0.7), (0.9, 0.9)):
        page.touchscreen.tap(box["x"] + x * box["width"], box["y"] + y * box["height"])
    page.get_by_text("Tap the first corner or “Close shape” to end.").wait_for()
    page.locator(".close").click()
    page.get_by_text(f"{len(before) + 1} zone").wait_for()
    context.close()
    assert zone_names(clinic) == before


def test_a_photo_taken_with_the_camera_gets_hints(
    clinic: Clinic, browser_type: Any, browser_type_launch_args: dict[str, Any], shots: Path
) -> None:
    """The browser's made-up camera shows no scalp: the page says so, and keeps nothing by itself."""
    flags = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    browser = browser_type.launch(**(browser_type_launch_args | {"args": flags}))
    try:
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        page.set_default_timeout(PATIENCE_MS)
        page.goto(clinic.url("guide"))
        page.get_by_role("button", name="Start camera").click()
        page.get_by_role("button", name="Take photo").wait_for()
        page.wait_for_function(
            "() => [...document.querySelectorAll('*')].some(e => e.shadowRoot && "
            "[...e.shadowRoot.querySelectorAll('video')].some(v => v.videoWidth > 0)) || "
            "[...document.querySelectorAll('video')].some(v => v.videoWidth > 0)"
        )
        page.screenshot(path=shots / "guide-camera.png")
        page.get_by_role("button", name="Take photo").click()
        page.get_by_text("The photo just taken").wait_for()
        page.get_by_text("For the next photo").wait_for()
        page.get_by_role("button", name="Keep this photo").wait_for()
        page.screenshot(path=shots / "guide-taken.png")
    finally:
        browser.close()
    with clinic.store() as store:
        assert len(store.photos(CODE)) == 3
