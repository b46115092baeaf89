"""The consents of a client: what was agreed to, until when, and taking it back."""

from __future__ import annotations

from datetime import date, timedelta

import streamlit as st

from tracker.records import ConsentLevel, ConsentRecord, RecordError
from tracker.ui import look, saved_words, session_store
from tracker.ui.clients import Client
from tracker.ui.words import day

CONSENT_MEANS = {
    ConsentLevel.RECORD: "own treatment only",
    ConsentLevel.RESEARCH: "figures without a name, no photos",
    ConsentLevel.TEACHING: "photos without a face may be shown to colleagues",
    ConsentLevel.PUBLICATION: "photos without a face may be shown to everybody",
}


def show(client: Client) -> None:
    """Draw what was agreed to, and let who may change note or withdraw a consent."""
    st.subheader("Consent", anchor=False)
    off = not session_store.may_change()
    kept = client.store.consents(client.code)
    if not kept:
        st.html('<p class="smp quiet">No consent is noted.</p>')
    for one in kept:
        consent = one.record
        left, right = st.columns([5, 1], vertical_alignment="center")
        until = f", ends {day(consent.expires_on)}" if consent.expires_on else ""
        until = f", withdrawn {day(consent.withdrawn_on)}" if consent.withdrawn_on else until
        left.html(
            f'<p class="smp"><strong>{look.text(consent.level.value.capitalize())}</strong> '
            f'<span class="quiet">{look.text(CONSENT_MEANS[consent.level])} · given '
            f"{look.text(day(consent.given_on) + until)}</span></p>"
        )
        if (
            not off
            and consent.withdrawn_on is None
            and right.button("Withdraw", key=f"withdraw-{one.id}")
        ):
            try:
                client.store.withdraw_consent(client.code, one, client.store.today)
            except RecordError as error:
                saved_words.saved("", error)
            else:
                saved_words.saved("The consent is withdrawn from today on.")
    if off:
        return
    left, middle, right = st.columns([3, 2, 1], vertical_alignment="bottom")
    level = left.selectbox(
        "A new consent, given today",
        [lvl.value for lvl in ConsentLevel],
        format_func=lambda word: f"{word.capitalize()}: {CONSENT_MEANS[ConsentLevel(word)]}",
        key=f"consent-{client.code}",
    )
    expires_on = middle.date_input(
        "Ends on (empty: no end)",
        value=None,
        min_value=client.store.today + timedelta(days=1),
        key=f"consent-end-{client.code}",
    )
    if right.button("Note it", key="add-consent", width="stretch"):
        try:
            end = expires_on if isinstance(expires_on, date) else None
            client.store.add_consent(
                client.code,
                ConsentRecord(ConsentLevel(level), client.store.today, expires_on=end),
            )
        except RecordError as error:
            saved_words.saved("", error)
        else:
            saved_words.saved("The consent is kept.")
