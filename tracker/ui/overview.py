"""The cards of all clients, read once for all visitors until something in the records changes."""

from __future__ import annotations

from datetime import date

import streamlit as st

from tracker.storage.cards import ClientCard, client_cards, records_stamp
from tracker.storage.store import Store
from tracker.ui.home_cards import Standing, standing_of


def overview(store: Store) -> list[tuple[ClientCard, Standing]]:
    """All clients in the order of their codes, each with where it stands today."""
    return _overview(store.place.label, records_stamp(store), store.today, store)


@st.cache_resource(show_spinner=False, max_entries=4)
def _overview(
    label: str, stamp: str, today: date, _store: Store
) -> list[tuple[ClientCard, Standing]]:
    del label, stamp  # parts of the key only
    return [(card, standing_of(card, today)) for card in client_cards(_store)]
