"""The open client on a page, or in words why there is none."""

from __future__ import annotations

import streamlit as st

from tracker.record_files import FolderError
from tracker.ui import cards, look, routes, workspace
from tracker.ui.clients import Client


def opened_client(what_appears: str) -> Client | None:
    """The client this tab looks at, its name on the page; None when the page ends here."""
    try:
        client = workspace.current_client()
    except FolderError as error:
        look.note(f"{error.name}: {error.what}", f"What to do: {error.remedy}.")
        _back()
        return None
    if client is None:
        asked = st.session_state.get("place")
        if asked is not None:
            look.empty_state(
                "This client is no longer here",
                "Added photos live in memory until the tracker is closed. Add them again; "
                "your own files are untouched.",
            )
        else:
            look.empty_state(
                "No client is open", f"Add photos or open a client, and {what_appears}."
            )
        _back()
        return None
    line = cards.summary_line(len(client.photos), client.sessions, client.goal, client.target)
    st.html(
        f'<div class="smp"><h1 class="smp-name">{look.text(client.name)}</h1>'
        f'<p class="quiet">{look.text(line)}</p></div>'
    )
    return client


def _back() -> None:
    if st.button("Go to photos", type="primary"):
        workspace.close()
        routes.go("Photos")
