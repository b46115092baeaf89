"""Add photos: dropped many at once, kept at once, looked at one by one, filed when a person agrees."""

from __future__ import annotations

from typing import Any

import streamlit as st

from tracker.photos import PHOTO_SUFFIXES
from tracker.record_files import VIEWS
from tracker.records import DateSource, RecordError
from tracker.storage.store import Store
from tracker.storage.tray import Look, Tray, TrayPhoto, file_tray, tray_of
from tracker.ui import intake, look, measuring, pictures, routes, session_store
from tracker.ui.clients import Client, read_client
from tracker.ui.opened import current_client
from tracker.ui.speech import speak, speech
from tracker.ui.words import count, sentence

POLL_SECONDS = 1.0
NEW = ""
LOOK_CHIPS = {
    Look.GOOD: ("Good", "good"),
    Look.USABLE: ("Could be better", "part"),
    Look.UNUSABLE: ("Cannot be measured", "warn"),
    Look.WAITING: ("Being looked at", "none"),
}
DATE_WORDS = {
    DateSource.CAMERA: "date from the camera",
    DateSource.NAME: "date from the file name",
    DateSource.TYPED: "date typed",
    DateSource.NONE: "no date found",
}


def show() -> None:
    """Draw the page."""
    store = session_store.store()
    st.html('<div class="smp"><h1 class="smp-name">Add photos</h1></div>')
    if not session_store.may_change():
        look.empty_state("You may look, not add", "Ask the owner of the records for more.")
        return
    client = current_client()
    code, name = _whose(store, client)
    _drop(store, code, name)
    if client is not None:
        look.notes(
            [
                (f"{reject.name} {reject.what}", sentence(reject.remedy))
                for reject in st.session_state.get(f"rejected-{client.code}", [])
            ]
        )
        _tray(client)


def _whose(store: Store, client: Client | None) -> tuple[str, str]:
    """Code of the client the photos are for, or the name of a new one."""
    names = {kept.record.code: kept.record.name for kept in store.clients()}
    options = [*names, NEW]
    current = client.code if client is not None else NEW

    def label(code: str) -> str:
        if code == NEW:
            return "A new client"
        return f"{names[code]} ({code})" if names[code] not in ("", code) else code

    left, right = st.columns(2, vertical_alignment="bottom")
    chosen = left.selectbox(
        "Whose photos?", options, index=options.index(current), format_func=label, key="add-client"
    )
    if chosen != current:
        if chosen == NEW:
            session_store.close_client()
        else:
            session_store.open_client(chosen)
        st.session_state.pop("add-client")
        st.rerun()
    name = ""
    if chosen == NEW:
        name = right.text_input("Name (optional)", placeholder=intake.OWN_NAME, key="add-name")
    return chosen, name


def _drop(store: Store, code: str, name: str) -> None:
    version = st.session_state.setdefault("add-version", 0)
    files = st.file_uploader(
        "Drop all photos of one person here: several views and months at once are fine",
        type=[suffix.lstrip(".") for suffix in PHOTO_SUFFIXES],
        accept_multiple_files=True,
        key=f"add-upload-{version}",
    )
    if not files:
        return
    if code == NEW:
        code = intake.new_client(store, name or intake.OWN_NAME)
        session_store.open_client(code)
        st.session_state.pop("add-client", None)
    rejected = intake.receive(store, code, files, look.progress_bar())
    st.session_state[f"rejected-{code}"] = rejected
    st.session_state["add-version"] = version + 1
    st.rerun()


# --- the tray --------------------------------------------------------------------------------


def _tray(client: Client) -> None:
    tray = tray_of(client.store, client.code)
    photos = tray.photos()
    if not photos:
        if client.photos:
            n = count(len(client.photos), "photo")
            look.empty_state("Nothing waits here", f"{client.name} has {n}. Drop more above.")
        return
    for photo in photos:
        if photo.look is Look.WAITING:
            measuring.looking_desk().look(client.store, client.code, tray, photo)
    st.subheader("New photos", anchor=False)
    st.html(
        '<p class="smp quiet">They are kept here until you file them, also over a reload. Check '
        "the day and the view: photos of the same view are compared with each other.</p>"
    )
    if any(photo.look is Look.WAITING for photo in photos):
        _watch(client.code)
    for photo in photos:
        _row(client, tray, photo)
    _file(client, tray, photos)


@st.fragment(run_every=POLL_SECONDS)
def _watch(code: str) -> None:
    """How far the looking is; the page is drawn anew with every photo that is done."""
    speak(st.context.locale)
    photos = tray_of(session_store.store(), code).photos()
    done = sum(photo.look is not Look.WAITING for photo in photos)
    before = st.session_state.get("add-looked")
    st.session_state["add-looked"] = (code, len(photos), done)
    if photos and before is not None and before != (code, len(photos), done):
        st.rerun()
    share = done / max(1, len(photos))
    st.progress(share, text=f"Looked at {done} of {count(len(photos), 'photo')}")


def _row(client: Client, tray: Tray, photo: TrayPhoto) -> None:
    key = f"{client.code}-{photo.sha256[:12]}"
    with st.container(border=True):
        small, words, fields = st.columns([1, 2.6, 2], vertical_alignment="center")
        jpeg = tray.thumbnail(photo.sha256)
        if jpeg:
            small.html(
                f'<img class="smp-thumb" src="{pictures.data_uri(jpeg)}" '
                f'alt="{look.text(photo.name)}">'
            )
        words.html(verdict_html(photo))
        day = fields.date_input(
            "Taken on",
            value=photo.captured_on,
            max_value=client.store.today,
            format=speech().date_input,
            key=f"day-{key}",
        )
        one, two = fields.columns([2, 1], vertical_alignment="bottom")
        options = ["", *VIEWS]
        view = one.selectbox(
            "View",
            options,
            index=options.index(photo.view) if photo.view in options else 0,
            format_func=lambda name: name or "not said",
            # A view that matching finds later is a new proposal, not the old answer.
            key=f"view-{key}-{photo.view_matched}",
        )
        if two.button("Remove", key=f"remove-{key}", width="stretch"):
            tray.remove(photo.sha256)
            st.rerun()
    changes: dict[str, Any] = {}
    if day != photo.captured_on and not isinstance(day, tuple):
        source = DateSource.TYPED if day is not None else DateSource.NONE
        changes |= {"captured_on": day, "date_source": source}
    if view != photo.view:
        # Another view is held against other photos.
        changes |= {"view": view, "view_matched": False, "look": Look.WAITING, "mismatch": ""}
    if changes:
        tray.change(photo.sha256, **changes)
        st.rerun()


def verdict_html(photo: TrayPhoto) -> str:
    """Name, verdict and what to do about it."""
    words, kind = LOOK_CHIPS[photo.look]
    lines = list(photo.problems)
    if photo.look is Look.GOOD and photo.praise:
        lines.append(photo.praise)
    if photo.mismatch:
        lines.append(f"it does not lie on the first photo of its view ({photo.mismatch})")
    lines += photo.notes
    facts = [DATE_WORDS[photo.date_source]]
    if photo.view_matched:
        facts.append("view found by matching")
    elif not photo.view:
        facts.append("no view named")
    body = "".join(f"<p>{look.text(sentence(line))}</p>" for line in lines)
    return (
        f'<div class="smp smp-verdict"><p class="smp-file"><strong>{look.text(photo.name)}</strong>'
        f'</p><p>{look.chip(words, kind)} <span class="quiet small">'
        f'{look.text(" · ".join(facts))}</span></p><div class="small">{body}</div></div>'
    )


def _file(client: Client, tray: Tray, photos: list[TrayPhoto]) -> None:
    good = [photo for photo in photos if photo.look is not Look.UNUSABLE]
    bad = len(photos) - len(good)
    undated = sum(photo.captured_on is None for photo in good)
    if undated:
        look.note(
            f"{count(undated, 'photo')} without a date",
            "Type the day, or leave it: undated photos come last, in the order of their names.",
            calm=True,
        )
    if bad:
        look.note(
            f"{count(bad, 'photo')} cannot be measured and will not be filed",
            "Take them again, or remove them here.",
        )
    go, later = st.columns([2, 1])
    waiting = any(photo.look is Look.WAITING for photo in photos)
    if go.button(
        f"File {count(len(good), 'photo')} and measure",
        type="primary",
        width="stretch",
        disabled=not good,
        key="file-photos",
    ):
        try:
            file_tray(client.store, client.code, [photo.sha256 for photo in good])
        except RecordError as error:
            look.note(
                f"{error.name} {error.what}",
                f"Nothing was filed and nothing was lost. {sentence(error.remedy)}",
            )
            return
        st.session_state.pop(f"rejected-{client.code}", None)
        measuring.measure(read_client(client.store, client.code))
        routes.go("Fade")
    if later.button("Remove all", width="stretch", key="clear-tray"):
        tray.clear()
        st.rerun()
    if waiting:
        st.html(
            '<p class="smp quiet small">You need not wait: photos that were not looked at are '
            "judged when they are measured.</p>"
        )
