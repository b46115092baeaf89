"""A whole visit in a real browser: add photos, measure, read the fade, compare, download."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pypdf
import pytest

from tests.browser.conftest import FADES, PHOTO_DAYS

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

pytestmark = pytest.mark.browser
MEASURING_MS = 240_000
PAGES = (
    *("", "client", "add", "fade", "compare", "zones", "corrections", "guide", "report"),
    *("batch", "settings", "learn"),
)


def cut_of(page: playwright.Page) -> float:
    return float(page.locator(".stage").get_attribute("aria-valuenow"))


def zoom_of(page: playwright.Page) -> str:
    return page.locator(".level").inner_text()


def test_visit(
    watched: playwright.Page, rendered_photos: list[Path], tmp_path: Path, shots: Path
) -> None:
    page = watched
    letter = tmp_path / "letter.jpg"
    letter.write_bytes(b"%PDF-1.7 a letter")

    # The first visit: add photos, one of them no photo at all; they are looked at one by one.
    page.goto("/")
    page.get_by_text("How much pigment is gone?").wait_for()
    page.screenshot(path=shots / "home-first.png")
    page.locator("input[type=file]").set_input_files([*rendered_photos, letter])
    page.get_by_text("letter.jpg is a PDF document").wait_for()
    page.get_by_role("button", name="File 3 photos and measure").wait_for()
    page.get_by_text("Being looked at").first.wait_for(state="detached", timeout=MEASURING_MS)
    assert page.locator(".smp-verdict").count() == 3
    assert page.get_by_text("Being looked at").count() == 0
    page.screenshot(path=shots / "add-photos.png", full_page=True)

    # Nothing is lost on a reload, before anything is filed.
    page.reload()
    file_them = page.get_by_role("button", name="File 3 photos and measure")
    file_them.wait_for()

    # Measure.
    file_them.click()
    page.get_by_text("Fade over time").wait_for(timeout=MEASURING_MS)
    figure = page.locator(".smp-hero .figure").inner_text()
    shown = float(figure.replace("%", "").strip())
    assert shown == pytest.approx(100 * FADES[-1], abs=12)
    chart = page.locator('[data-testid="stVegaLiteChart"] :is(canvas, svg)').first
    chart.wait_for()
    page.wait_for_timeout(500)
    page.screenshot(path=shots / "fade.png")

    # Take the table away; it says the same as the page.
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Photos (CSV)").click()
    table = tmp_path / "photos.csv"
    waiting.value.save_as(table)
    rows = list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))
    assert [row["captured_on"] for row in rows] == list(PHOTO_DAYS)
    assert round(100 * float(rows[-1]["fade"])) == shown

    # A reload loses nothing.
    page.reload()
    page.get_by_text("Fade over time").wait_for()
    assert page.locator(".smp-hero .figure").inner_text() == figure

    # Compare: slide by mouse and by keys, zoom, switch the photo: the zoom stays.
    page.get_by_role("button", name="Compare before and after").click()
    stage = page.locator(".stage")
    stage.wait_for()
    page.wait_for_function(
        "() => [...document.querySelectorAll('*')].some(e => e.shadowRoot && "
        "[...e.shadowRoot.querySelectorAll('img.whole')].every(i => i.complete && i.naturalWidth))"
    )
    box = stage.bounding_box()
    assert box
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.3, middle, steps=6)
    page.mouse.up()
    assert cut_of(page) == pytest.approx(30, abs=2)
    stage.press("ArrowRight")
    assert cut_of(page) == pytest.approx(32, abs=2)
    page.screenshot(path=shots / "compare.png", full_page=True)
    page.get_by_role("button", name="Zoom in").click()
    page.get_by_role("button", name="Zoom in").click()
    zoomed = zoom_of(page)
    assert zoomed != "1×"
    page.get_by_role("radio", name="Side by side").click()
    gone = page.get_by_role("checkbox", name="gone")
    gone.check()
    page.get_by_role("combobox", name="After").click()
    page.get_by_role("option").nth(1).click()
    page.get_by_text("Mar 20, 2026").first.wait_for()
    page.wait_for_timeout(1000)
    assert zoom_of(page) == zoomed
    assert stage.get_attribute("data-mode") == "side"
    page.screenshot(path=shots / "compare-side-by-side.png", full_page=True)
    page.get_by_role("radio", name="Checkerboard").click()
    page.screenshot(path=shots / "compare-checkerboard.png", full_page=True)

    # The report: made on the page, taken away as a PDF that says the same.
    page.get_by_role("link", name="Report").click()
    page.get_by_role("button", name="Make the report").click()
    save = page.get_by_role("button", name="Save the report")
    save.wait_for(timeout=MEASURING_MS)
    page.screenshot(path=shots / "report.png", full_page=True)
    with page.expect_download() as waiting:
        save.click()
    letter = tmp_path / "report.pdf"
    waiting.value.save_as(letter)
    words = " ".join(sheet.extract_text() for sheet in pypdf.PdfReader(letter).pages)
    assert f"{shown:.0f}" in words
    assert "not yet healed" in words


@pytest.mark.parametrize(
    ("scheme", "width"),
    [
        ("light", 390),
        ("dark", 820),
        pytest.param("dark", 390, marks=pytest.mark.long),
        pytest.param("light", 820, marks=pytest.mark.long),
    ],
)
def test_phone_and_tablet(watched: playwright.Page, scheme: str, width: int, shots: Path) -> None:
    """Nothing sticks out sideways, in either theme."""
    page = watched
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 844})
    for name in PAGES:
        path = f"/{name}"
        page.goto(path)
        page.locator("h1, .smp-empty").first.wait_for()
        page.wait_for_timeout(300)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        page.screenshot(path=shots / f"{name or 'home'}-{width}-{scheme}.png", full_page=True)


def test_two_people_at_once(
    browser: playwright.Browser, base_url: str, rendered_photos: list[Path]
) -> None:
    """Each sees the own client, language and page; a closed tab in mid-upload harms nobody."""
    german = browser.new_context(base_url=base_url, locale="de-DE").new_page()
    american = browser.new_context(base_url=base_url, locale="en-US").new_page()
    names = ("Anna <b>B</b>", "Bert")
    for page, name in zip((german, american), names, strict=True):
        page.set_default_timeout(MEASURING_MS)
        page.goto("/client")
        page.get_by_role("textbox", name="Name (optional)").fill(name)
        page.get_by_role("button", name="Add the client").click()
        page.locator("h1", has_text=name).wait_for()
        page.get_by_role("tab", name="Consent and notes").click()
        page.get_by_role("button", name="Note it").click()
    today = date.today()
    german.get_by_text(f"given {today:%d.%m.%Y}").wait_for()
    american.get_by_text(f"given {today:%b} {today.day}, {today.year}").wait_for()
    assert german.locator("h1").inner_text() == names[0]
    assert american.locator("h1").inner_text() == names[1]
    assert german.locator("h1 b").count() == 0

    # A link is the client and the page, for somebody else too.
    link = german.url
    assert "client?client=" in link
    third = browser.new_context(base_url=base_url).new_page()
    third.goto(link)
    third.locator("h1", has_text=names[0]).wait_for()

    # A tab closed in mid-upload: what arrived whole is there, nothing half.
    american.get_by_role("button", name="Add photos").click()
    american.locator("input[type=file]").wait_for(state="attached")
    american.locator("input[type=file]").set_input_files(rendered_photos)
    address = american.url
    american.close()
    third.goto(address)
    third.get_by_text("Whose photos?").wait_for()
    third.wait_for_timeout(1500)
    assert third.locator(".smp-verdict").count() <= len(rendered_photos)
    assert third.get_by_text("error").count() == 0
