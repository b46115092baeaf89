"""The Batch page in a real browser: plan, stop, go on, results; also dark on a phone."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

pytestmark = pytest.mark.browser
MEASURING_MS = 240_000


@pytest.fixture
def clients(rendered_photos: list[Path], tmp_path: Path) -> Path:
    """Two clients, one with a file that is no photo and has a name that must not be obeyed."""
    root = tmp_path / "clients"
    for client in ("anna", "bert"):
        (root / client).mkdir(parents=True)
        for photo in rendered_photos[:2]:
            shutil.copy(photo, root / client)
    (root / "bert" / "<img src=x onerror=alert(1)>.jpg").write_text("no photo")
    return root


def name_folders(page: playwright.Page, root: Path, out: Path) -> None:
    page.get_by_label("Folder of the photos").fill(str(root))
    page.get_by_label("Folder of the photos").press("Tab")
    page.get_by_label("Folder for the results").fill(str(out))
    page.get_by_label("Folder for the results").press("Enter")


def start(page: playwright.Page) -> None:
    page.get_by_role("button", name="Show the plan").click()
    page.get_by_role("heading", name="The plan").wait_for()
    page.get_by_role("button", name="Start", exact=True).click()


def test_plan_stop_go_on(
    watched: playwright.Page, clients: Path, tmp_path: Path, shots: Path
) -> None:
    page, out = watched, tmp_path / "results"
    page.goto("/batch")
    name_folders(page, clients, out)
    start(page)
    page.get_by_role("button", name="Stop the batch").click()
    page.get_by_text("The batch was stopped").wait_for()
    page.screenshot(path=shots / "batch-stopped.png", full_page=True)

    # Started again and found again after a reload, it ends with every photo measured.
    start(page)
    page.get_by_role("button", name="Stop the batch").wait_for()
    page.reload()
    name_folders(page, clients, out)
    page.get_by_role("heading", name="Results").wait_for(timeout=MEASURING_MS)
    page.get_by_text("One by one (3)").click()
    page.locator('[data-testid="stDataFrame"] canvas').first.wait_for()
    page.screenshot(path=shots / "batch-done.png", full_page=True)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download batch.csv").click()
    table = tmp_path / "batch.csv"
    waiting.value.save_as(table)
    rows = list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))
    assert [(row["client"], row["status"]) for row in rows if row["status"] != "refused"] == [
        ("anna", "baseline"),
        ("anna", "measured"),
        ("bert", "baseline"),
        ("bert", "measured"),
    ]

    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": 390, "height": 844})
        page.goto("/batch")
        name_folders(page, clients, out)
        page.get_by_role("heading", name="Results").wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.screenshot(path=shots / f"batch-phone-{scheme}.png", full_page=True)
