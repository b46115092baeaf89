"""Signing in at a clinic in a real browser: the cookie survives a reload and ends with sign-out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.conftest import PATIENCE_MS, served
from tracker.access import Role, with_user, write_users
from tracker.ui.sessions import COOKIE

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

pytestmark = pytest.mark.browser
PASSWORD = "correct horse battery"


def cookie_of(page: playwright.Page, name: str) -> dict[str, object]:
    """The cookie once the page has fetched it."""
    for _ in range(PATIENCE_MS // 100):
        for cookie in page.context.cookies():
            if cookie["name"] == name:
                return cookie
        page.wait_for_timeout(100)
    raise AssertionError(f"no cookie {name}")


def test_sign_in_reload_and_sign_out(
    root: Path, tmp_path: Path, browser: playwright.Browser, shots: Path
) -> None:
    write_users(tmp_path / "users.json", {"olga": with_user({}, "olga", Role.OWNER, PASSWORD)})
    with served(root, tmp_path, {"SMP_TRACKER_SIGN_IN": "on"}) as address:
        page = browser.new_context(base_url=address).new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.goto("/settings")
        page.get_by_role("textbox", name="Name").fill("olga")
        page.get_by_role("textbox", name="Password").fill(PASSWORD)
        page.screenshot(path=shots / "sign-in.png")
        page.get_by_role("button", name="Sign in").click()
        # The page that was asked for, once in and after a reload.
        page.get_by_role("button", name="Sign out").wait_for()
        cookie = cookie_of(page, COOKIE)
        assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
        assert COOKIE not in page.evaluate("() => document.cookie")
        page.reload()
        page.get_by_role("button", name="Sign out").wait_for()

        # Somebody else's browser is not let in by the address alone.
        other = browser.new_context(base_url=address).new_page()
        other.set_default_timeout(PATIENCE_MS)
        other.goto("/settings")
        other.get_by_role("button", name="Sign in").wait_for()
        assert other.get_by_text("olga").count() == 0

        page.get_by_role("button", name="Sign out").click()
        page.get_by_role("button", name="Sign in").wait_for()
        page.reload()
        page.get_by_role("button", name="Sign in").wait_for()
