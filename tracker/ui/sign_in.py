"""Signing in: off on this computer alone, demanded as soon as others can reach the dashboard.

Local users (`tracker.access`) sign in with name and password; a random token in a cookie brings
them back after a reload. With `[auth]` in Streamlit's secrets the clinic's identity provider
signs people in, and the file of users says by e-mail address who may do what.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

import streamlit as st

from tracker.access import (
    AccessError,
    Person,
    User,
    check_password,
    is_loopback,
    read_users,
)
from tracker.logs import EventLog
from tracker.storage.location import data_folder
from tracker.ui import look
from tracker.ui.sessions import COOKIE, COOKIE_PATH, signed_in

LOG = EventLog(__name__)
SWITCH_VARIABLE = "SMP_TRACKER_SIGN_IN"
"""`on`: also on this computer; `off`: not even for others, which a person must say in so many words."""
USERS_VARIABLE = "SMP_TRACKER_USERS"


def users_file() -> Path:
    named = os.environ.get(USERS_VARIABLE, "")
    return Path(named) if named else data_folder() / "users.json"


def is_needed() -> bool:
    """Whether a person must sign in here."""
    switch = os.environ.get(SWITCH_VARIABLE, "").lower()
    if switch in ("on", "off"):
        return switch == "on"
    return not is_loopback(st.get_option("server.address") or "")


def has_provider() -> bool:
    """Whether the clinic's identity provider is configured."""
    return st.secrets.load_if_toml_exists() and "auth" in st.secrets


def admit() -> bool:
    """True where the page may be drawn; else draws what there is to say instead."""
    if not is_needed():
        st.session_state.pop("person", None)
        return True
    try:
        users = read_users(users_file())
    except AccessError as error:
        look.note("Nobody can sign in", str(error))
        return False
    user = _known(users)
    if user is not None:
        if has_provider() and who() is None:  # a password is told where it is typed
            LOG.info("signed in", user=user.name, role=user.role.value)
        st.session_state["person"] = user.person
        return True
    st.session_state.pop("person", None)
    passwords = any(user.password_hash for user in users.values())
    if not passwords and not has_provider():
        _refuse()
        return False
    _ask(users, passwords)
    return False


def _known(users: Mapping[str, User]) -> User | None:
    """The user of this session: by the provider, by this tab, or by the cookie of a reload."""
    if has_provider() and st.user.is_logged_in:
        verified = st.user.get("email_verified", True)
        user = users.get(str(st.user.get("email", "")).lower()) if verified else None
        if user is not None:
            _let_files_be_saved(user.name)
        return user
    token = st.session_state.get("sign-in-token") or st.context.cookies.get(COOKIE, "")
    name = signed_in().name_of(token) if token and isinstance(token, str) else None
    if name is None:
        return None
    st.session_state["sign-in-token"] = token
    return users.get(name)


def _let_files_be_saved(name: str) -> None:
    """A cookie for whoever the provider signed in: `files_guard` asks for it. It opens no page."""
    token = st.session_state.get("sign-in-token") or st.context.cookies.get(COOKIE, "")
    if token and signed_in().name_of(token) is not None:
        return
    # No user is called so: with this cookie alone nobody is let in.
    token = signed_in().begin(f"files of {name}")
    st.session_state["sign-in-token"] = token
    st.session_state["cookie-ticket"] = signed_in().ticket(token)


def _refuse() -> None:
    look.empty_state(
        "This dashboard shows nothing yet",
        "Others can reach it, and nobody has been given a way to sign in. On the computer that "
        "serves it: smp-tracker user add NAME --role owner, then reload this page.",
    )


def _ask(users: Mapping[str, User], passwords: bool) -> None:
    _, middle, _ = st.columns([1, 1.4, 1])
    with middle:
        st.html('<div class="smp"><h1 class="smp-name">Sign in</h1></div>')
        if has_provider():
            if st.user.is_logged_in:
                if not st.session_state.get("refusal-told"):
                    st.session_state["refusal-told"] = True
                    LOG.warning("sign-in refused", user="unknown", reason="account without access")
                look.note(
                    "No access for this account",
                    "The owner of the records can add it: smp-tracker user add E-MAIL --role viewer",
                )
                st.button("Sign in with another account", on_click=st.logout, width="stretch")
            else:
                st.button(
                    "Sign in with your clinic’s account",
                    type="primary",
                    on_click=st.login,
                    width="stretch",
                )
        if passwords:
            _password_form(users)


def _password_form(users: Mapping[str, User]) -> None:
    with st.form("sign-in"):
        name = st.text_input("Name", autocomplete="username").strip().lower()
        password = st.text_input("Password", type="password", autocomplete="current-password")
        sent = st.form_submit_button("Sign in", type="primary", width="stretch")
    if not sent:
        return
    wait = signed_in().seconds_to_wait(name)
    if wait > 0:
        LOG.warning("sign-in refused", user=_id(users, name), reason="too many wrong passwords")
        look.note(
            "Too many wrong passwords", f"Wait {max(1, round(wait))} seconds, then try again."
        )
        return
    user = check_password(users, name, password)
    if user is None:
        signed_in().failed(name)
        LOG.warning("sign-in refused", user=_id(users, name), reason="wrong name or password")
        look.note("Name or password is wrong", "Nothing was opened. Try again.")
        return
    LOG.info("signed in", user=user.name, role=user.role.value)
    token = signed_in().begin(user.name)
    st.session_state["sign-in-token"] = token
    st.session_state["cookie-ticket"] = signed_in().ticket(token)
    st.rerun()


def _id(users: Mapping[str, User], name: str) -> str:
    """A name as a log may hold it: who mistakes one box for the other types the password there."""
    return name if name in users else "unknown"


def write_cookie() -> None:
    """Have the browser fetch the cookie of a sign-in, or have it taken away; once."""
    ticket = st.session_state.pop("cookie-ticket", None)
    if ticket is None:
        return
    # A ticket is letters, digits, - and _ alone: nothing in it can end the script's text.
    st.html(
        f"<script>fetch('{COOKIE_PATH}/{ticket}', {{method: 'POST'}});</script>",
        unsafe_allow_javascript=True,
    )


def leave() -> NoReturn:
    """Sign this session out; the page starts anew."""
    person = who()
    LOG.info("signed out", user=person.name if person is not None else None)
    signed_in().end(st.session_state.get("sign-in-token", ""))
    st.session_state.clear()
    if has_provider() and st.user.is_logged_in:
        st.logout()
        st.stop()  # a rerun would overtake the browser's way to the sign-out
    st.session_state["cookie-ticket"] = signed_in().ticket("")
    st.rerun()


def who() -> Person | None:
    """Whoever signed in; None where nobody has to."""
    found = st.session_state.get("person")
    return found if isinstance(found, Person) else None
