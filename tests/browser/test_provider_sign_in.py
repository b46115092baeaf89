"""Signing in with the clinic's own identity provider (OpenID Connect), in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.conftest import PATIENCE_MS, free_port, served
from tests.browser.identity_provider import (
    CLIENT_ID,
    CLIENT_SECRET,
    Provider,
    identity_provider,
)
from tracker.access import Role, with_user, write_users
from tracker.ui.sessions import COOKIE

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

pytestmark = pytest.mark.browser
SIGN_IN = "Sign in with your clinic’s account"


@pytest.fixture
def provider() -> Iterator[Provider]:
    with identity_provider() as found:
        yield found


@pytest.fixture
def address(root: Path, tmp_path: Path, provider: Provider) -> Iterator[str]:
    """A dashboard that knows the provider, and two of its accounts."""
    people = {}
    for name, role in (("olga@clinic.example", Role.OWNER), ("vera@clinic.example", Role.VIEWER)):
        people[name] = with_user(people, name, role, None)
    write_users(tmp_path / "users.json", people)
    port = free_port()
    home = tmp_path / "home"
    (home / ".streamlit").mkdir(parents=True)
    (home / ".streamlit" / "secrets.toml").write_text(
        "[auth]\n"
        f'redirect_uri = "http://127.0.0.1:{port}/oauth2callback"\n'
        'cookie_secret = "long enough for a test of the cookie"\n'
        f'client_id = "{CLIENT_ID}"\n'
        f'client_secret = "{CLIENT_SECRET}"\n'
        f'server_metadata_url = "{provider.address}/.well-known/openid-configuration"\n'
        'client_kwargs = { code_challenge_method = "S256" }\n',
        encoding="utf-8",
    )
    settings = {"SMP_TRACKER_SIGN_IN": "on", "HOME": str(home)}
    with served(root, tmp_path, settings, port) as found:
        yield found


def come_in(browser: playwright.Browser, address: str) -> playwright.Page:
    page = browser.new_context(base_url=address).new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto("/settings?client=C-0001")
    page.get_by_role("button", name=SIGN_IN).click()
    return page


def menu(page: playwright.Page) -> list[str]:
    """Pages in the menu of somebody who was let in."""
    links = page.get_by_test_id("stTopNavLink")
    links.first.wait_for()
    return [name.strip() for name in links.all_inner_texts()]


def test_the_clinics_accounts_come_in_with_their_roles(
    browser: playwright.Browser, address: str, provider: Provider, shots: Path
) -> None:
    provider.account = "Olga@clinic.example"
    owner = come_in(browser, address)
    assert {"Add photos", "Batch"} <= set(menu(owner))
    owner.screenshot(path=shots / "sign-in-provider.png")
    # What pages offer to save is given to this browser, and not to one that only knows the address.
    owner.wait_for_timeout(500)
    assert COOKIE in {cookie["name"] for cookie in owner.context.cookies()}
    assert owner.request.get("/media/unknown.csv").status == 404
    stranger = browser.new_context(base_url=address)
    assert stranger.request.get("/media/unknown.csv").status == 403
    # Back on the page that was asked for, with its client.
    assert owner.url == f"{address}/settings?client=C-0001"
    # What only this sign-in can know went along, and came back.
    assert provider.asked[0]["state"]
    assert provider.asked[0]["code_challenge_method"] == "S256"
    kept = [c for c in owner.context.cookies() if c["name"].startswith("_streamlit_user")]
    assert kept
    assert all(cookie["httpOnly"] for cookie in kept)
    owner.reload()
    assert "Batch" in menu(owner)

    provider.account = "vera@clinic.example"
    viewer = come_in(browser, address)
    assert {"Home", "Fade"} <= set(menu(viewer))
    assert not {"Add photos", "Batch"} & set(menu(viewer))

    owner.get_by_test_id("stTopNavLink").get_by_text("Settings", exact=True).click()
    owner.get_by_role("button", name="Sign out").click()
    owner.get_by_role("button", name=SIGN_IN).wait_for()
    owner.reload()
    owner.get_by_role("button", name=SIGN_IN).wait_for()
    assert "Settings" in menu(viewer)  # who signs out signs nobody else out


def test_an_account_nobody_added_or_proved_stays_out(
    browser: playwright.Browser, address: str, provider: Provider, shots: Path
) -> None:
    provider.account = "mallory@elsewhere.example"
    page = come_in(browser, address)
    page.get_by_text("No access for this account").wait_for()
    assert page.get_by_test_id("stTopNavLink").count() == 0
    page.screenshot(path=shots / "sign-in-no-access.png")
    # An address that its owner never proved is anybody's claim.
    provider.account, provider.verified = "olga@clinic.example", False
    page.get_by_role("button", name="Sign in with another account").click()
    page.get_by_role("button", name=SIGN_IN).click()
    page.get_by_text("No access for this account").wait_for()
    assert page.get_by_test_id("stTopNavLink").count() == 0

    provider.account, provider.verified = "vera@clinic.example", True
    page.get_by_role("button", name="Sign in with another account").click()
    page.get_by_role("button", name=SIGN_IN).click()
    assert "Home" in menu(page)
