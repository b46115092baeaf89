"""What this dashboard works on and who works: store, people, language, sign-out."""

from __future__ import annotations

import streamlit as st

from tracker import METHOD_VERSION, __version__
from tracker.access import AccessError, Role, read_users
from tracker.samples import import_samples, sample_clients
from tracker.storage.encrypting import sealed_state
from tracker.storage.erase import erase_client, what_goes
from tracker.storage.store import Store
from tracker.ui import look, session_store, sign_in
from tracker.ui.words import count, day, number, sentence

ROLE_WORDS = {
    Role.OWNER: "everything, erasing clients included",
    Role.OPERATOR: "clients, sessions, photos, measuring",
    Role.VIEWER: "looks, changes nothing",
}


def show() -> None:
    """Draw the page."""
    store = session_store.store()
    who = session_store.person()
    st.html('<div class="smp"><h1 class="smp-name">Settings</h1></div>')
    codes = [kept.record.code for kept in store.clients()]
    key = sealed_state(store).key
    language = st.context.locale or "not said by the browser"
    _facts(
        [
            ("Records", store.place.label, count(len(codes), "client")),
            ("Photos", store.vault.place, "byte for byte, never altered"),
            (
                "Encryption",
                f"on, key {key}" if key is not None else "off",
                "smp-tracker key changes it"
                if key is not None
                else "smp-tracker key set turns it on",
            ),
            (
                "You",
                who.name or "the user of this computer",
                f"{who.role.value}: {ROLE_WORDS[who.role]}",
            ),
            ("Language", language, f"today is {day(store.today)}; {number(1234.5, 1)}"),
            ("Program", __version__, f"method {METHOD_VERSION}"),
        ]
    )
    st.html(
        '<p class="smp quiet small">Light or dark follows your device; the menu at the top right '
        "changes it. Another store: start with smp-tracker app --store PATH_OR_URL.</p>"
    )
    _people()
    if sign_in.who() is not None and st.button("Sign out", icon=":material/logout:"):
        sign_in.leave()
    if who.role.may_change:
        _samples(store)
    if who.role is Role.OWNER and codes:
        _erase(store, codes)


def _facts(rows: list[tuple[str, str, str]]) -> None:
    items = "".join(
        f'<div><dt>{look.text(name)}</dt><dd class="smp-file">{look.text(value)}'
        f"<small>{look.text(more)}</small></dd></div>"
        for name, value, more in rows
    )
    st.html(f'<dl class="smp smp-settings">{items}</dl>')


def _people() -> None:
    st.subheader("People", anchor=False)
    if not sign_in.is_needed():
        look.note(
            "Nobody signs in here",
            "Only this computer reaches the dashboard, or it was started without sign-in on "
            "purpose. For a clinic: smp-tracker user add NAME --role owner, then smp-tracker app "
            "--sign-in.",
            calm=True,
        )
        return
    try:
        users = read_users(sign_in.users_file())
    except AccessError as error:
        look.note("The file of users cannot be read", f"{sentence(str(error))} It was not changed.")
        return
    rows = "".join(
        f"<tr><td>{look.text(user.name)}</td><td>{look.text(user.role.value)}</td>"
        f'<td class="quiet">{look.text(ROLE_WORDS[user.role])}</td></tr>'
        for user in users.values()
    )
    st.html(
        '<div class="smp"><table class="smp-rows"><thead><tr><th>Name</th><th>Role</th><th>May'
        f"</th></tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _samples(store: Store) -> None:
    folders = sample_clients()
    if not folders:
        return
    with st.expander("Sample clients"):
        st.write("Three clients drawn by the computer, to try everything on. Nobody’s real scalp.")
        if st.button("Bring the sample clients in", key="settings-samples"):
            import_samples(store, folders, look.progress_bar())
            st.toast("The sample clients are on the first page.")


def _erase(store: Store, codes: list[str]) -> None:
    with st.expander("Erase a client for good"):
        code = st.selectbox("Client", codes, index=None, key="erase-client")
        if code is None:
            return
        st.write("This goes, and cannot be brought back but from a backup:")
        for line in what_goes(store, code).lines():
            st.html(f'<p class="smp">{look.text(line)}</p>')
        typed = st.text_input("Type the client’s code to confirm", key="erase-typed")
        if st.button("Erase", type="primary", disabled=typed != code, key="erase-now"):
            gone = erase_client(store, code)
            if session_store.client_code() == code:
                session_store.close_client()
            st.toast(f"Client {code} is erased.")
            look.notes([("Note", note) for note in gone.notes])
            st.rerun()
