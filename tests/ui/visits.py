"""What a visitor does on the pages, in words of the tests."""

from __future__ import annotations

from pathlib import Path

from streamlit.testing.v1 import AppTest

from tests import factories
from tests.ui.conftest import SETTLE_SECONDS, jpeg_of


def press(app: AppTest, label: str) -> AppTest:
    pressed = next(b for b in app.button if b.label == label).click().run()
    assert not app.exception
    return pressed


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


def visit(app: AppTest, title: str) -> None:
    """Go to a page; `AppTest.switch_page` knows pages that are files only."""
    if not app._registered_pages:
        app.run()
    known = app._registered_pages
    app._page_hash = next(key for key, page in known.items() if page["page_name"] == title)
    app.run()
    assert not app.exception


def titles(app: AppTest) -> list[str]:
    return [page["page_name"] for page in app._registered_pages.values()]


def upload(app: AppTest, files: list[tuple[str, bytes, str]]) -> None:
    app.get("file_uploader")[0].set_value(files)
    app.run()
    assert not app.exception


def photos_to_upload() -> list[tuple[str, bytes, str]]:
    return [
        (factories.photo_name(index), jpeg_of(index), "image/jpeg")
        for index in range(len(factories.FADES))
    ]


def another_tab(root: Path, client: str | None = None) -> AppTest:
    other = AppTest.from_file(str(root / "app.py"), default_timeout=SETTLE_SECONDS)
    if client is not None:
        other.query_params["client"] = client
    return other
