"""Small pictures out of the vault, as the pages show them."""

from __future__ import annotations

import streamlit as st

from tracker.storage.errors import StoreError
from tracker.storage.store import Store
from tracker.storage.vault import Shelf
from tracker.ui import pictures


def picture_of(store: Store, sha256: str) -> str:
    """Data URI of a photo's thumbnail; empty where there is none."""
    jpeg = _thumbnail(sha256, store)
    return pictures.data_uri(jpeg) if jpeg else ""


@st.cache_data(show_spinner=False, max_entries=2000)
def _thumbnail(sha256: str, _store: Store) -> bytes:
    try:
        return _store.vault.get(Shelf.THUMBNAILS, sha256)
    except StoreError:
        return b""  # a preview only: what is wrong with the photo is said when it is measured
