"""The store that this browser session works on, and who works.

One store per server, named by `SMP_TRACKER_RECORDS` and `SMP_TRACKER_VAULT` as on the command line;
without them the user's own private store, made silently. The database connection is shared by
all sessions; the name in the audit and the right to change are each session's own.

    store = session_store.store()      # tracker.storage.store.Store
    code = session_store.client_code() # client in the address bar, or None
    session_store.may_change()         # False for a viewer
"""

from __future__ import annotations

import os
import secrets
from contextlib import AbstractContextManager
from datetime import date

import sqlalchemy as sa
import streamlit as st

from tracker.access import Person, Role
from tracker.logs import EventLog
from tracker.storage.errors import StoreError
from tracker.storage.opening import open_store, user_name
from tracker.storage.store import Store

LOG = EventLog(__name__)
STORE_VARIABLE = "SMP_TRACKER_RECORDS"
VAULT_VARIABLE = "SMP_TRACKER_VAULT"
CLIENT = "client"
"""Names the client in the address bar."""


class LookingStore(Store):
    """The store of a person who changes nothing: no transaction that writes is ever begun."""

    def writing(self) -> AbstractContextManager[sa.Connection]:
        LOG.warning("change refused", kind="viewer", user=self.actor)
        raise may_only_look()


def may_only_look() -> StoreError:
    return StoreError("you", "may look, not change", "ask the owner of the records for more")


@st.cache_resource(show_spinner=False)
def _opened(named: str | None, vault: str | None) -> Store:
    return open_store(named, vault=vault, create=True)


def store() -> Store:
    """The open store, as this session may use it; raises `StoreError` where it cannot be opened."""
    shared = _opened(os.environ.get(STORE_VARIABLE) or None, os.environ.get(VAULT_VARIABLE) or None)
    who = person()
    kind = Store if who.role.may_change else LookingStore
    return kind(shared.engine, shared.place, shared.vault, clock=shared.clock, actor=who.name)


def person() -> Person:
    """Who works here: whoever signed in, else the user of this computer."""
    signed_in = st.session_state.get("person")
    return signed_in if isinstance(signed_in, Person) else Person(user_name(), Role.OWNER)


def may_change() -> bool:
    return person().role.may_change


def today() -> date:
    return store().today


def watcher() -> str:
    """A name for this tab among those that wait for the same measurement."""
    if "watcher" not in st.session_state:
        st.session_state["watcher"] = secrets.token_hex(8)
    return str(st.session_state["watcher"])


# --- the client in the address bar -----------------------------------------------------------


def client_code() -> str | None:
    """Code of the client that this tab looks at; it may no longer be there."""
    return st.session_state.get("client-code")


def open_client(code: str) -> None:
    """Look at this client from now on."""
    st.session_state["client-code"] = code
    _write_address()


def close_client() -> None:
    st.session_state.pop("client-code", None)
    _write_address()


def follow_address() -> None:
    """Agree with the address bar: who comes with a link, or goes back, sees that client.

    The menu drops the client from the address; then the tab's own is put back.
    """
    asked = st.query_params.get(CLIENT)
    if asked and asked != st.session_state.get("address-written"):
        st.session_state["client-code"] = asked
    _write_address()


def _write_address() -> None:
    code = client_code()
    st.session_state["address-written"] = code
    if code is None:
        st.query_params.pop(CLIENT, None)
    elif st.query_params.get(CLIENT) != code:
        st.query_params[CLIENT] = code
