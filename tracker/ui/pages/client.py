"""One client: timeline of sessions and photos, plan, sessions, consent, notes, what was done."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import streamlit as st

from tracker.progress.published import Method
from tracker.records import (
    ClientRecord,
    Goal,
    MedicalFlag,
    NoteRecord,
    PigmentKind,
    RecordError,
    SessionKind,
    SessionRecord,
    TreatmentPlan,
)
from tracker.records.rules import SKIN_TYPES
from tracker.storage.overview import timeline
from tracker.storage.store import Store
from tracker.storage.tray import tray_of
from tracker.ui import consent_card, home_cards, look, measuring, routes, saved_words, session_store
from tracker.ui.client_pictures import picture_of
from tracker.ui.clients import Client
from tracker.ui.opened import opened_client
from tracker.ui.overview import overview
from tracker.ui.speech import speech
from tracker.ui.timeline_cards import timeline_html
from tracker.ui.words import count, day, headline, sentence, view_title

METHODS = [method.value for method in Method if method is not Method.UNKNOWN]
OLDEST = date(1990, 1, 1)


def show() -> None:
    """Draw the page."""
    store = session_store.store()
    if session_store.client_code() is None:
        _new(store)
        return
    client = opened_client("its timeline appears here")
    if client is None:
        return
    _ways(client)
    _standing(client)
    parts = st.tabs(["Timeline", "Plan and record", "Sessions", "Consent and notes", "History"])
    with parts[0]:
        _timeline(client)
    with parts[1]:
        _plan(client)
    with parts[2]:
        _sessions(client)
    with parts[3]:
        consent_card.show(client)
        _notes(client)
    with parts[4]:
        _history(client)


# --- a new client ----------------------------------------------------------------------------


def _new(store: Store) -> None:
    st.html('<div class="smp"><h1 class="smp-name">New client</h1></div>')
    if not session_store.may_change():
        look.empty_state("No client is open", "Open one on the first page.")
        return
    with st.form("new-client-form", border=True):
        left, right = st.columns(2)
        name = left.text_input("Name (optional)", help="Reports carry the code, never the name.")
        code = right.text_input("Code (optional)", placeholder="the next free one, such as C-0001")
        goal = left.selectbox(
            "Goal",
            [None, *Goal],
            format_func=lambda g: g.value.capitalize() if g else "Not decided",
        )
        smp = right.date_input(
            "Last SMP session (optional)",
            value=None,
            min_value=OLDEST,
            max_value=store.today,
            format=speech().date_input,
        )
        sent = st.form_submit_button("Add the client", type="primary")
    if not sent:
        return
    try:
        kept = store.add_client(
            ClientRecord(code.strip(), name=" ".join(name.split()), smp_date=smp)
        )
        if goal is not None:
            plan = TreatmentPlan(goal=goal, target=goal.default_target)
            store.save_plan(kept.record.code, plan, None)
    except RecordError as error:
        saved_words.saved("", error)
        return
    session_store.open_client(kept.record.code)
    st.rerun()


# --- where the client stands ------------------------------------------------------------------


def _ways(client: Client) -> None:
    waiting = len(tray_of(client.store, client.code).photos())
    with st.container(horizontal=True):
        if client.photos and st.button("Fade", type="primary", icon=":material/show_chart:"):
            routes.go("Fade")
        if len(client.photos) > 1 and st.button("Compare", icon=":material/compare:"):
            routes.go("Compare")
        if session_store.may_change():
            label = f"Add photos ({waiting} waiting)" if waiting else "Add photos"
            kind: Any = "secondary" if client.photos else "primary"
            if st.button(label, type=kind, icon=":material/add_a_photo:"):
                routes.go("Add photos")


def _standing(client: Client) -> None:
    """The results of all views in a line each, where they are measured."""
    analysis = measuring.finished_analysis(client)
    if analysis is None:
        if client.photos:
            n = count(len(client.state.missing), "view")
            look.note("Not measured yet", f"{n} to measure: open Fade, and it begins.", calm=True)
        return
    rows = "".join(
        f"<p><strong>{look.text(view_title(view.view))}</strong> "
        f"{look.text(headline(view, analysis.sessions).sentence)}</p>"
        for view in analysis.views
    )
    if rows:
        st.html(f'<div class="smp smp-note calm">{rows}</div>')


def _timeline(client: Client) -> None:
    found = timeline(client.store, client.code)
    if not found.photos and not found.sessions:
        look.empty_state(
            "Nothing here yet", "Add the first photos, taken before the first session if there are."
        )
        return
    found_all = overview(client.store)
    standing = next(s for card, s in found_all if card.client.record.code == client.code)
    analysis = measuring.finished_analysis(client)
    fades = {
        photo.sha256: photo.whole.fade.value
        for photo in (analysis.photos if analysis else ())
        if photo.whole is not None and photo.whole.fade.measured and photo.days_since_baseline
    }
    due = home_cards.due_words(standing)
    st.html(f'<p class="smp"><strong>{look.text(due)}.</strong></p>')
    st.html(timeline_html(found, lambda sha: picture_of(client.store, sha), fades))


# --- plan and record --------------------------------------------------------------------------


def _plan(client: Client) -> None:
    kept = client.store.client(client.code)
    before = client.store.plan(client.code)
    record, plan = kept.record, before.record if before else TreatmentPlan()
    off = not session_store.may_change()
    with st.form(f"plan-{client.code}-{kept.version}-{before.version if before else 0}"):
        left, middle, right = st.columns(3)
        goal = left.selectbox(
            "Goal",
            [None, *Goal],
            index=0 if plan.goal is None else 1 + list(Goal).index(plan.goal),
            format_func=lambda g: g.value.capitalize() if g else "Not decided",
            disabled=off,
        )
        target = middle.number_input(
            "Target, % of the pigment gone",
            1,
            100,
            value=None if plan.target is None else round(100 * plan.target),
            placeholder="as the goal says",
            disabled=off,
        )
        method = right.selectbox(
            "Planned method",
            list(dict.fromkeys(["", plan.method, *METHODS])),
            index=0 if not plan.method else 1,
            format_func=lambda m: m or "not decided",
            disabled=off,
        )
        spacing = left.number_input(
            "Days between sessions", 1, 730, value=plan.spacing_days, placeholder="42", disabled=off
        )
        price = middle.number_input(
            "Agreed price in all", 0.0, value=plan.price, placeholder="not agreed", disabled=off
        )
        currency = right.text_input("Currency", value=plan.currency, max_chars=3, disabled=off)
        zones = left.text_input(
            "Zones to remove (for a correction)", value=", ".join(plan.zones), disabled=off
        )
        scale = middle.number_input(
            "Scale of the first photos, mm per pixel",
            0.0005,
            2.0,
            value=plan.mm_per_px,
            format="%.4f",
            placeholder="unknown",
            help="Known from a ruler in the first photo: millimetres divided by the pixels they "
            "span. With it dots per cm² are shown; the fade needs no scale.",
            disabled=off,
        )
        name = left.text_input("Name", value=record.name, disabled=off)
        skin = middle.selectbox(
            "Skin type (Fitzpatrick)",
            ["", *SKIN_TYPES],
            index=["", *SKIN_TYPES].index(record.skin_type),
            format_func=lambda s: s or "not noted",
            disabled=off,
        )
        smp = right.date_input(
            "Last SMP session",
            value=record.smp_date,
            min_value=OLDEST,
            max_value=client.store.today,
            format=speech().date_input,
            disabled=off,
        )
        pigment = right.selectbox(
            "Pigment",
            [None, *PigmentKind],
            index=0 if record.pigment is None else 1 + list(PigmentKind).index(record.pigment),
            format_func=lambda p: p.value if p else "not known",
            disabled=off,
        )
        flags = st.multiselect(
            "To be known before a session",
            list(MedicalFlag),
            default=list(record.flags),
            format_func=lambda flag: flag.value,
            disabled=off,
        )
        sent = st.form_submit_button("Save", type="primary", disabled=off)
    if not sent:
        return
    new_record = replace(
        record,
        name=" ".join(name.split()),
        skin_type=skin,
        smp_date=smp,
        pigment=pigment,
        flags=tuple(flags),
    )
    new_plan = replace(
        plan,
        goal=goal,
        target=target / 100 if target else (goal.default_target if goal else None),
        method=method,
        spacing_days=spacing,
        price=price,
        currency=currency.strip().upper(),
        zones=tuple(zone.strip() for zone in zones.split(",") if zone.strip()),
        mm_per_px=scale,
    )
    try:
        if new_record != record:
            client.store.change_client(replace(kept, record=new_record))
        if new_plan != plan:
            client.store.save_plan(client.code, new_plan, before)
    except RecordError as error:
        saved_words.saved("", error)
        return
    saved_words.saved("Saved.")


# --- sessions ----------------------------------------------------------------------------------


def _sessions(client: Client) -> None:
    kept = client.store.sessions(client.code)
    off = not session_store.may_change()
    if not kept:
        look.empty_state(
            "No session yet",
            "Sessions tell healed photos from fresh ones: enter each with its day.",
        )
    for number, one in enumerate(kept, start=1):
        session = one.record
        left, right = st.columns([5, 1], vertical_alignment="center")
        facts = [session.kind.value, session.method, session.device, session.notes]
        left.html(
            f'<p class="smp"><strong>{look.text(day(session.date))}</strong> '
            f'<span class="quiet">{look.text(" · ".join(f for f in facts if f))}</span></p>'
        )
        if not off and right.button("Remove", key=f"remove-session-{one.id}"):
            try:
                client.store.remove_session(one)
            except RecordError as error:
                saved_words.saved("", error)
            else:
                saved_words.saved(f"Session {number} was removed.")
    if off:
        return
    with st.form(f"session-{client.code}", clear_on_submit=True):
        left, middle, right = st.columns(3)
        on = left.date_input(
            "Day", min_value=OLDEST, max_value=client.store.today, format=speech().date_input
        )
        method = middle.selectbox("Method", ["", *METHODS], format_func=lambda m: m or "not noted")
        kind = right.selectbox("Kind", [word.value for word in SessionKind])
        device = left.text_input("Device")
        wavelength = middle.number_input("Wavelength, nm", 400.0, 11000.0, value=None)
        fluence = right.number_input("Fluence, J/cm²", 0.1, 30.0, value=None)
        spot = left.number_input("Spot, mm", 0.5, 20.0, value=None)
        pain = middle.number_input("Pain, 0 to 10", 0, 10, value=None)
        cost = right.number_input("Price", 0.0, value=None)
        notes = st.text_input("Notes")
        sent = st.form_submit_button("Add the session", type="primary")
    if not sent:
        return
    session = SessionRecord(
        on,
        SessionKind(kind),
        method=method,
        device=device.strip(),
        wavelength_nm=wavelength,
        fluence_j_cm2=fluence,
        spot_mm=spot,
        pain=pain,
        cost=cost,
        currency=client.plan.currency,
        operator=session_store.person().name,
        notes=notes.strip(),
    )
    try:
        _, warnings = client.store.add_session(client.code, session)
    except RecordError as error:
        saved_words.saved("", error)
        return
    saved_words.saved(" ".join(map(sentence, warnings)) or "The session is kept.")


# --- notes, history --------------------------------------------------------------------


def _notes(client: Client) -> None:
    st.subheader("Notes", anchor=False)
    for one in reversed(client.store.notes(client.code)):
        note = one.record
        st.html(
            f'<p class="smp"><strong>{look.text(day(note.written_on))}</strong> '
            f"{look.text(note.text)}</p>"
        )
    if not session_store.may_change():
        return
    with st.form(f"note-{client.code}", clear_on_submit=True):
        words = st.text_area("A new note", height=90)
        sent = st.form_submit_button("Keep the note")
    if sent and words.strip():
        try:
            client.store.add_note(client.code, NoteRecord(client.store.today, words.strip()))
        except RecordError as error:
            saved_words.saved("", error)
        else:
            saved_words.saved("The note is kept.")


def _history(client: Client) -> None:
    rows = [
        {
            "when (UTC)": f"{entry.at:%Y-%m-%d %H:%M}",
            "who": entry.actor,
            "did": entry.action,
            "what": entry.what,
        }
        for entry in reversed(client.store.audit(client.code))
    ]
    st.dataframe(rows, hide_index=True)
