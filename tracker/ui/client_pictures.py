"""Small pictures out of the vault, as the pages show them."""

from __future__ import annotations

import streamlit as st

from tracker.storage.errors import StoreError
from tracker.storage.store import Store
from tracker.storage.vault import Shelf
from tracker.ui import pictures


def picture_of(store: Store, sha256: str) -> str:
    """Data URI of a photo's thumbnail; empty where there is none."""
    try:
        return _thumbnail(store.place.label, sha256, store)
    except StoreError:
        # A preview only: what is wrong with the photo is said when it is measured. A failure is not
        # kept: a vault that was away for a moment is asked again.
        return ""


@st.cache_resource(show_spinner=False, max_entries=2000)
def _thumbnail(label: str, sha256: str, _store: Store) -> str:
    del label  # part of the key only
    return pictures.data_uri(_store.vault.get(Shelf.THUMBNAILS, sha256))
