"""Where a visit starts: add own photos, or open a client of the store."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd  # type: ignore[import-untyped]
import streamlit as st

from tracker.folder import view_in_name
from tracker.photos import PHOTO_SUFFIXES
from tracker.record_files import VIEWS, FolderError
from tracker.records import Goal
from tracker.series import Session
from tracker.ui import cards, intake, look, pictures, routes, workspace
from tracker.ui.intake import Added, Rejected
from tracker.ui.words import count, headline, result_photo, sentence

METHODS = (
    "Q-switched Nd:YAG",
    "picosecond",
    "Alexandrite",
    "combination",
    "saline",
    "peel or other",
)
GOALS: dict[str, Goal | None] = {
    "Not decided": None,
    "Full removal (95 % gone)": Goal.FULL_REMOVAL,
    "Soft fade (50 % gone)": Goal.SOFT_FADE,
    "Correction of some zones": Goal.CORRECTION,
}
DRAWN = "Drawn by the computer: nobody’s real scalp."
MOST_PHOTOS = 60
"""Added photos live in memory; larger series belong in a folder (`smp-tracker analyse`)."""


def show() -> None:
    """Draw the page."""
    st.html(
        '<div class="smp"><h1 class="smp-name">How much pigment is gone?</h1>'
        '<p class="smp-lead">Add photos taken over the months. They are laid on each other, the '
        "pigment in every dot is measured, and you see how much is gone and how sure that is.</p>"
        "</div>"
    )
    if not workspace.store_is_named():
        _add_photos()
        _clients("Or look at a sample client", DRAWN)
    else:
        samples = workspace.shows_samples()
        _clients("Sample clients" if samples else "Clients", DRAWN if samples else "")
        _add_photos()


# --- clients of the store -------------------------------------------------------------------


def _clients(title: str, remark: str) -> None:
    folders = workspace.client_folders()
    st.subheader(title, anchor=False)
    if remark:
        st.html(f'<p class="smp quiet">{look.text(remark)}</p>')
    if not folders:
        look.empty_state(
            "No client folders here",
            f"Each client is a folder of photos in {workspace.store_folder()}. "
            "The command smp-tracker render draws a sample client there.",
        )
        return
    for start in range(0, len(folders), 3):
        for folder, column in zip(folders[start : start + 3], st.columns(3), strict=False):
            with column:
                _client_card(folder)


def _client_card(folder: Path) -> None:
    with st.container(border=True):
        _thumbnails(folder)
        try:
            client = workspace.read_folder(folder)
        except FolderError as error:
            look.note(f"{folder.name}: {error.name}", f"{error.what}; {error.remedy}.")
            return
        analysis = workspace.finished_analysis(client)
        found = ""
        if analysis is not None:
            heads = [headline(view, analysis.sessions) for view in analysis.views]
            with_result = [h for v, h in zip(analysis.views, heads, strict=True) if result_photo(v)]
            found = f"{with_result[0].figure} {with_result[0].claim}" if with_result else ""
        line = cards.summary_line(len(client.photos), client.sessions, client.goal, client.target)
        st.html(
            f'<div class="smp smp-card"><h3>{look.text(client.name)}</h3>'
            f'<p class="quiet small">{look.text(line)}</p>'
            + (f"<p><strong>{look.text(found)}</strong></p>" if found else "")
            + "</div>"
        )
        label = "Open" if analysis is not None else "Measure and open"
        if st.button(label, key=f"open-{folder.name}", width="stretch"):
            workspace.open_folder(folder.name)
            routes.go("Result")


def _thumbnails(folder: Path) -> None:
    """First and last photo of a folder's first view, side by side."""
    files = workspace.photo_files(folder)
    files = [file for file in files if view_in_name(file.name) == view_in_name(files[0].name)]
    chosen = [files[0], files[-1]] if len(files) > 1 else files
    shown = [workspace.folder_thumbnail(str(f), f.stat().st_mtime_ns) for f in chosen]
    images = "".join(
        f'<img src="{pictures.data_uri(jpeg)}" alt="{role} photo">'
        for jpeg, role in zip(shown, ("First", "Last"), strict=False)
        if jpeg
    )
    st.html(f'<div class="smp-pair">{images}</div>')


# --- photos added in the browser ------------------------------------------------------------


def _kept() -> dict[str, Any]:
    """What this tab has added so far; survives going to another page and back."""
    kept: dict[str, Any] = st.session_state.setdefault(
        "intake", {"checked": [], "edits": {}, "version": 0}
    )
    return kept


def _add_photos() -> None:
    kept = _kept()
    st.subheader("Your photos", anchor=False)
    files = st.file_uploader(
        "Drop photos here or choose them: one person, from the oldest to the newest",
        type=[suffix.lstrip(".") for suffix in PHOTO_SUFFIXES],
        accept_multiple_files=True,
        key=f"upload-{kept['version']}",
    )
    st.html(
        '<p class="smp quiet small">Nothing leaves this computer: no account, no internet, and '
        "your files stay as they are.</p>"
    )
    if files:
        _check(kept, files)
        st.rerun()
    photos, rejects = intake.sort_out(kept["checked"])
    look.notes([(f"{r.name} {r.what}", _advice(r.remedy)) for r in rejects])
    if photos:
        _describe(kept, photos, rejects)


def _advice(remedy: str) -> str:
    return sentence(remedy.replace(" into the folder", " here"))


def _check(kept: dict[str, Any], files: list[Any]) -> None:
    """Look at the new files and keep them; the uploader is then empty for more."""
    checked: list[Added | Rejected] = kept["checked"]
    bar = st.progress(0.0, text="Looking at the photos")
    for nth, file in enumerate(files, start=1):
        if sum(isinstance(item, Added) for item in checked) >= MOST_PHOTOS:
            checked.append(
                Rejected(
                    file.name,
                    f"is one more than the {MOST_PHOTOS} photos a visit can hold",
                    "put large series into a folder and use `smp-tracker analyse`",
                )
            )
        else:
            checked.append(intake.check(file.name, file.getvalue()))
        bar.progress(nth / len(files), text=look.plain(f"Looking at {file.name}"))
    kept["version"] += 1


def _describe(kept: dict[str, Any], photos: list[Added], rejects: list[Rejected]) -> None:
    """The table of proposals, the optional answers, and the button."""
    st.html(
        f'<p class="smp"><strong>{count(len(photos), "photo")} ready.</strong> '
        '<span class="quiet">Check date and view; both can be changed in the table. Photos of the '
        "same view are compared with each other.</span></p>"
    )
    chosen = _photo_table(kept, photos)
    undated = sum(photo.captured_on is None for photo in chosen)
    if undated:
        look.note(
            f"{count(undated, 'photo')} without a date",
            "Type the date into the table, or leave it: undated photos follow in the order "
            "of their names.",
            calm=True,
        )
    sessions = _session_table()
    left, middle, right = st.columns(3, vertical_alignment="bottom")
    name = left.text_input("Name of the client", placeholder="My photos", key="client-name")
    goal = GOALS[middle.selectbox("Goal", list(GOALS), key="goal")]
    scale = right.number_input(
        "Scale of the first photo, mm per pixel (optional)",
        min_value=0.0005,
        max_value=2.0,
        value=None,
        step=0.01,
        format="%.4f",
        placeholder="unknown",
        key="mm-per-px",
        help="Known from a ruler in the first photo: millimetres divided by the pixels they span. "
        "With it, dots per cm² are shown; the fade needs no scale.",
    )
    go, over = st.columns([3, 1])
    if go.button(
        f"Measure {count(len(chosen), 'photo')}",
        type="primary",
        disabled=not chosen,
        width="stretch",
        key="measure",
    ):
        client = intake.make_client(
            name,
            chosen,
            rejects,
            sessions,
            goal=goal.value if goal else "",
            target=goal.default_target if goal else None,
            mm_per_px=scale,
        )
        workspace.open_added(client)
        routes.go("Result")
    if over.button("Start over", width="stretch", key="start-over"):
        st.session_state.pop("intake", None)
        st.session_state.pop("session-table", None)
        st.rerun()


def _photo_table(kept: dict[str, Any], photos: list[Added]) -> list[Added]:
    """The editable table; returns the photos to use, with the date and view that stand in it."""
    edits: dict[str, dict[str, Any]] = kept["edits"]
    base = kept.get("base")
    if base is None or kept.get("base_version") != kept["version"]:
        base = [
            {
                "use": edits.get(photo.sha256, {}).get("use", True),
                "picture": pictures.data_uri(photo.thumbnail) if photo.thumbnail else None,
                "date": edits.get(photo.sha256, {}).get("date", photo.captured_on),
                "view": edits.get(photo.sha256, {}).get("view", photo.view) or None,
                "name": photo.name,
                "remark": "; ".join(
                    part
                    for part in (
                        f"date from {photo.date_from}" if photo.date_from else "no date found",
                        photo.remark,
                    )
                    if part
                ),
            }
            for photo in photos
        ]
        kept["base"], kept["base_version"] = base, kept["version"]
    frame = pd.DataFrame(base)
    frame["date"] = pd.to_datetime(frame["date"])
    edited = st.data_editor(
        frame,
        key=f"photo-table-{kept['version']}",
        hide_index=True,
        row_height=64,
        disabled=("picture", "name", "remark"),
        column_config={
            "use": st.column_config.CheckboxColumn("Use", width="small"),
            "picture": st.column_config.ImageColumn("", width="small"),
            "name": st.column_config.TextColumn("Photo"),
            "date": st.column_config.DateColumn("Taken on", format="D MMM YYYY"),
            "view": st.column_config.SelectboxColumn("View", options=list(VIEWS)),
            "remark": st.column_config.TextColumn("Remark"),
        },
    )
    chosen = []
    for photo, row in zip(photos, edited.to_dict("records"), strict=True):
        taken = None if pd.isna(row["date"]) else pd.Timestamp(row["date"]).date()
        view = row["view"] if isinstance(row["view"], str) else ""
        edits[photo.sha256] = {"use": bool(row["use"]), "date": taken, "view": view}
        if row["use"]:
            chosen.append(intake.described(photo, taken, view))
    return chosen


def _session_table() -> list[Session]:
    """Removal sessions typed in by hand; empty rows are skipped."""
    with st.expander("Removal sessions (optional: they tell healed photos from fresh ones)"):
        frame = pd.DataFrame(
            {
                "date": pd.Series(dtype="datetime64[ns]"),
                "method": pd.Series(dtype="str"),
                "notes": pd.Series(dtype="str"),
            }
        )
        edited = st.data_editor(
            frame,
            key="session-table",
            num_rows="dynamic",
            hide_index=True,
            column_config={
                "date": st.column_config.DateColumn("Date", format="D MMM YYYY", required=True),
                "method": st.column_config.SelectboxColumn("Method", options=list(METHODS)),
                "notes": st.column_config.TextColumn("Notes"),
            },
        )
    return [
        Session(
            date=_day(row["date"]),
            method=row["method"] if isinstance(row["method"], str) else "",
            notes=row["notes"] if isinstance(row["notes"], str) else "",
        )
        for row in edited.to_dict("records")
        if not pd.isna(row["date"])
    ]


def _day(value: Any) -> date:
    day: date = pd.Timestamp(value).date()
    return day
