"""The open client on a page, or in words why there is none."""

from __future__ import annotations

import streamlit as st

from tracker.storage.errors import NotThereError
from tracker.ui import cards, look, routes, session_store
from tracker.ui.clients import Client, read_client


def current_client() -> Client | None:
    """The client this tab looks at; None when none is chosen or it is no longer there."""
    code = session_store.client_code()
    if code is None:
        return None
    try:
        return read_client(session_store.store(), code)
    except NotThereError:
        return None


def opened_client(what_appears: str) -> Client | None:
    """The client this tab looks at, its name on the page; None when the page ends here."""
    client = current_client()
    if client is None:
        code = session_store.client_code()
        if code is not None:
            look.empty_state(
                f"No client {code} here",
                "The link is of another store, or the client was erased.",
            )
        else:
            look.empty_state("No client is open", f"Open one, and {what_appears}.")
        if st.button("Go to all clients", type="primary"):
            session_store.close_client()
            routes.go("Home")
        return None
    line = cards.summary_line(len(client.photos), client.sessions, client.goal, client.target)
    st.html(
        f'<div class="smp"><h1 class="smp-name">{look.text(client.name)}</h1>'
        f'<p class="quiet">{look.text(line)}</p></div>'
    )
    return client
