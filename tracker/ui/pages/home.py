"""Where a visit starts: all clients at a glance; on the first visit, the quickest way to a result."""

from __future__ import annotations

import json
from typing import Any

import streamlit as st

from tracker.photos import PHOTO_SUFFIXES
from tracker.samples import import_samples, sample_clients
from tracker.storage.cards import ClientCard
from tracker.storage.store import Store
from tracker.ui import home_cards, intake, look, measuring, routes, server, session_store
from tracker.ui.bundle import ahead_of_need
from tracker.ui.client_pictures import picture_of
from tracker.ui.clients import read_client
from tracker.ui.home_cards import Filter, Standing
from tracker.ui.overview import overview
from tracker.ui.speech import speak
from tracker.ui.words import count

PAGE_CARDS = 9
POLL_SECONDS = 1.0
AHEAD_MS = 200
"""The page itself comes first."""
ORDERS = ("Code", "Latest photo first", "Next session first")


def show() -> None:
    """Draw the page."""
    store = session_store.store()
    found = overview(store)
    if not found:
        _first_visit(store)
        return
    st.html('<div class="smp"><h1 class="smp-name">Clients</h1></div>')
    _measuring_now()
    chosen = _narrowed(found)
    _grid(store, chosen)
    _fetch_ahead()


# --- the first visit ------------------------------------------------------------------------


def _first_visit(store: Store) -> None:
    st.html(
        '<div class="smp"><h1 class="smp-name">How much pigment is gone?</h1>'
        '<p class="smp-lead">Add photos taken over the months. They are laid on each other, the '
        "pigment in every dot is measured, and you see how much is gone and how sure that is.</p>"
        "</div>"
    )
    if not session_store.may_change():
        look.empty_state("No clients yet", "Somebody who may change the records adds the first.")
        return
    files = st.file_uploader(
        "Drop photos of one person here, or choose them",
        type=[suffix.lstrip(".") for suffix in PHOTO_SUFFIXES],
        accept_multiple_files=True,
        key="first-upload",
    )
    st.html(
        '<p class="smp quiet small">Nothing leaves this computer: no account, no internet, and '
        "your own files stay as they are.</p>"
    )
    if files:
        code = intake.new_client(store, intake.OWN_NAME)
        rejected = intake.receive(store, code, files, look.progress_bar())
        st.session_state[f"rejected-{code}"] = rejected
        session_store.open_client(code)
        routes.go("Add photos")
    left, right = st.columns(2)
    with left.container(border=True, height="stretch"):
        st.html(
            '<div class="smp smp-card"><h3>Just looking?</h3><p class="quiet">Three sample clients '
            "over eight months, drawn by the computer: nobody’s real scalp. Measuring them takes a "
            "few minutes, and you can look around meanwhile.</p></div>"
        )
        if st.button("Try the sample clients", type="primary", width="stretch", key="samples"):
            _samples(store)
    with right.container(border=True, height="stretch"):
        st.html(
            '<div class="smp smp-card"><h3>Running a clinic?</h3><p class="quiet">Enter the client '
            "first: plan, consent and sessions. Photos come after.</p></div>"
        )
        if st.button("New client", width="stretch", key="first-client"):
            session_store.close_client()
            routes.go("Client")


def _samples(store: Store) -> None:
    folders = sample_clients()
    if not folders:
        look.note("The sample clients are missing", "Install the package again to get them.")
        return
    tell = look.progress_bar("Bringing the sample clients in")
    done = import_samples(store, folders, tell)
    for imported in done:
        measuring.measure(read_client(store, imported.code))
    st.rerun()


# --- what is being measured -----------------------------------------------------------------


def _measuring_now() -> None:
    """A strip while clients are measured; it takes itself away and redraws the cards."""
    if measuring.desk().active():
        _watch()


@st.fragment(run_every=POLL_SECONDS)
def _watch() -> None:
    speak(st.context.locale)
    jobs = measuring.desk().active()
    known = st.session_state.get("home-jobs")
    st.session_state["home-jobs"] = len(jobs)
    if not jobs or (known is not None and len(jobs) < known):
        st.session_state.pop("home-jobs", None)
        st.rerun()
    with st.container(border=True):
        job = jobs[0]
        more = f" · {count(len(jobs) - 1, 'more client')} waiting" if len(jobs) > 1 else ""
        words = f"Measuring {job.label}: {job.sentence}{more}"
        st.progress(job.share, text=look.plain(words))
        if session_store.may_change() and st.button("Stop measuring", key="home-stop"):
            for one in jobs:
                one.leave(session_store.watcher())
            st.toast("Stopping after this step. What is measured is kept.")


# --- the list --------------------------------------------------------------------------------


def _narrowed(found: list[tuple[ClientCard, Standing]]) -> list[tuple[ClientCard, Standing]]:
    """What is left of the list by search and filter, in the order that was chosen."""
    search, order = st.columns([3, 1.3], vertical_alignment="bottom")
    words = search.text_input(
        "Search", placeholder="Code, name or goal", key="home-search", persist_state="session"
    )
    by = order.selectbox("Order", ORDERS, key="home-order", persist_state="session")
    options = [
        option
        for option in Filter
        if option is Filter.ALL or any(home_cards.matches(c, s, "", option) for c, s in found)
    ]
    with st.container(horizontal=True, vertical_alignment="center"):
        picked = st.pills(
            "Show",
            options,
            default=Filter.ALL,
            key="home-filter",
            label_visibility="collapsed",
        )
        if session_store.may_change() and st.button(
            "New client", icon=":material/person_add:", key="new-client"
        ):
            session_store.close_client()
            routes.go("Client")
    chosen = [
        pair for pair in found if home_cards.matches(*pair, words or "", picked or Filter.ALL)
    ]
    if by == ORDERS[1]:
        chosen.sort(key=lambda pair: _ordinal(pair[0].last_day), reverse=True)
    elif by == ORDERS[2]:
        chosen.sort(key=lambda pair: (not pair[1].session_due, _ordinal(pair[1].due.opens_on)))
    return chosen


def _ordinal(day: Any) -> int:
    return day.toordinal() if day is not None else 0


def _grid(store: Store, chosen: list[tuple[ClientCard, Standing]]) -> None:
    if not chosen:
        look.empty_state("No client fits", "Clear the search, or choose All.")
        return
    shown = PAGE_CARDS * int(st.session_state.get("home-pages", 1))
    for start in range(0, min(shown, len(chosen)), 3):
        for pair, column in zip(chosen[start : start + 3], st.columns(3), strict=False):
            with column:
                _card(store, *pair)
    if len(chosen) > shown:
        left = len(chosen) - shown
        if st.button(f"Show more ({left} left)", width="stretch", key="home-more"):
            st.session_state["home-pages"] = int(st.session_state.get("home-pages", 1)) + 1
            st.rerun()


def _fetch_ahead() -> None:
    """Have the browser fetch what other pages are drawn with while the visitor looks at this one."""
    if st.session_state.get("fetched-ahead"):
        return
    st.session_state["fetched-ahead"] = True
    wanted = json.dumps(ahead_of_need(server.FOLDER))
    st.html(
        f"<script>setTimeout(() => requestIdleCallback(() => {{ for (const path of {wanted}) "
        "import(new URL(path, document.baseURI)).catch(() => {}); }), "
        f"{AHEAD_MS});</script>",
        unsafe_allow_javascript=True,
    )


def _card(store: Store, card: ClientCard, standing: Standing) -> None:
    code = card.client.record.code
    shown = tuple(picture_of(store, sha) for sha in (card.first_photo, card.last_photo) if sha)
    with st.container(border=True, height="stretch"):
        st.html(home_cards.card_html(card, standing, shown, look.palette()))
        with st.container(horizontal=True, vertical_alignment="bottom", height="stretch"):
            if st.button("Open", key=f"open-{code}", width="stretch"):
                session_store.open_client(code)
                routes.go("Client")
            if card.n_photos and st.button("Fade", key=f"fade-{code}", width="stretch"):
                session_store.open_client(code)
                routes.go("Fade")
