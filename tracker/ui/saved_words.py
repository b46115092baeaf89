"""What a page says once something was kept, or why it was not."""

from __future__ import annotations

import streamlit as st

from tracker.records import RecordError
from tracker.ui import look
from tracker.ui.words import sentence


def saved(words: str, error: RecordError | None = None) -> None:
    """Say what came of a change, after the page is drawn anew."""
    if error is None:
        st.toast(words)
        st.rerun()
    look.note(
        f"{error.name}: {error.what}" if error else "",
        f"Nothing was changed. {sentence(error.remedy)}" if error else "",
    )
