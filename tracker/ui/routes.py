"""The pages and how to get from one to another.

Each page is imported when it is first opened: the first paint does not wait for the charts.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import streamlit as st

from tracker.photos import PhotoError
from tracker.records import RecordError
from tracker.ui import long_lived, look, session_store, sign_in

OF_A_CLIENT = (
    ("Zones", "zones"),
    ("Corrections", "corrections"),
    ("Capture guide", "guide"),
    ("Report", "report"),
)
"""Pages that show one client by `show_NAME(store, client_code, ...)` in `tracker.ui.pages.NAME`;
each is in the menu where its module is there."""


def _page(name: str) -> Callable[[], None]:
    def draw() -> None:
        import_module(f"tracker.ui.pages.{name}").show()

    return draw


def _page_of_client(title: str, name: str) -> Callable[[], None]:
    def draw() -> None:
        from tracker.ui.opened import opened_client

        client = opened_client(f"its {title.lower()} appear here")
        if client is not None:
            page = import_module(f"tracker.ui.pages.{name}")
            draw_page = getattr(page, f"show_{name}")
            if name == "report":
                draw_page(client.store, client.code, client.store.today)
            else:
                draw_page(client.store, client.code, may_change=session_store.may_change())

    return draw


def pages() -> list[Any]:
    """All pages of this person in the order of the menu; the first is where a visit starts."""
    who = sign_in.who()
    changes = who is None or who.role.may_change
    found = [
        st.Page(_page("home"), title="Home", url_path="home", default=True),
        st.Page(_page("client"), title="Client", url_path="client"),
    ]
    if changes:
        found.append(st.Page(_page("add"), title="Add photos", url_path="add"))
    found += [
        st.Page(_page("fade"), title="Fade", url_path="fade"),
        st.Page(_page("compare"), title="Compare", url_path="compare"),
    ]
    found += [
        st.Page(_page_of_client(title, name), title=title, url_path=name)
        for title, name in OF_A_CLIENT
        if find_spec(f"tracker.ui.pages.{name}") is not None
    ]
    # A batch reads and writes folders of the server: not for everybody who can sign in.
    if who is None or who.role.value == "owner":
        found.append(st.Page(_page("batch"), title="Batch", url_path="batch"))
    found += [
        st.Page(_page("settings"), title="Settings", url_path="settings"),
        st.Page(_page("learn"), title="Learn", url_path="learn"),
    ]
    return found


def run(page: Any) -> None:
    """Draw a page on the open store; what a store cannot do is said in words."""
    try:
        session_store.store()
        session_store.follow_address()
        page.run()
        long_lived.after_page(page.url_path)
    except (RecordError, PhotoError) as error:
        look.note(f"{error.name}: {error.what}", f"Nothing was lost. What to do: {error.remedy}.")
        if st.button("Try again", key="again-after-error"):
            st.rerun()


def go(title: str) -> None:
    """Leave for the page with this title, with the client that is open."""
    code = session_store.client_code()
    page = next(page for page in pages() if page.title == title)
    st.switch_page(page, query_params={session_store.CLIENT: code} if code else None)
