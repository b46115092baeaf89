"""Many clients at once: the plan, how far it is, and what came of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from tracker.batch.found import BATCH_FILE, FAILURES_FILE, OVERVIEW_FILE
from tracker.batch.kept import TEMPORARY
from tracker.batch.outputs import BatchTotals, by_reason, read_totals
from tracker.batch.places import FolderPlace, Place, PlaceLostError, open_place
from tracker.batch.progress import BatchProgress, amount, duration, read_progress
from tracker.batch.session import Batch, BatchRequest, PlannedBatch
from tracker.record_files import FolderError
from tracker.records import RecordError
from tracker.report.publish import OutputError
from tracker.ui import look
from tracker.ui.batch_runs import BatchRuns
from tracker.ui.words import count, sentence

POLL_SECONDS = 1.0
MOST_ROWS = 300
"""Failures shown on the page; all are in failures.csv."""
MOST_BYTES = 50_000_000
"""Tables up to this size can be downloaded from the page; larger ones lie in the folder."""


@st.cache_resource(show_spinner=False)
def runs() -> BatchRuns:
    return BatchRuns()


def show() -> None:
    """Draw the page."""
    st.html(
        '<div class="smp"><h1 class="smp-name">Many clients at once</h1>'
        '<p class="smp-lead">Name a folder that holds a folder of photos per client. The plan '
        "comes first; then it runs on its own, can be stopped at any time, and goes on where it "
        "stopped. Nothing in the photos’ folder is ever changed.</p></div>"
    )
    request = _request()
    if request is None:
        return
    if runs().running(request.out):
        _watch(request)
        return
    left, right = st.columns(2)
    if left.button("Show the plan", width="stretch", key="batch-plan"):
        st.session_state["batch-planned"] = (request, _plan(request))
    planned = st.session_state.get("batch-planned")
    if planned is not None and planned[0] == request and planned[1] is not None:
        _show_plan(planned[1])
        go_on = bool(planned[1].plan.pending)
        label = "Start" if go_on else "Write the tables again"
        if right.button(label, type="primary", width="stretch", key="batch-start"):
            st.session_state.pop("batch-planned")
            runs().start(request)
            st.rerun()
    _show_end(request)


def _request() -> BatchRequest | None:
    """What stands in the fields; None while something is missing."""
    left, right = st.columns(2)
    root = left.text_input("Folder of the photos, or s3://…", key="batch-root")
    out = right.text_input("Folder for the results, or s3://…", key="batch-out")
    with st.expander("Other layouts, processes, a cluster"):
        pattern = st.text_input(
            "Pattern of the names",
            placeholder="{client}_{date}_{view}",
            help="For photos of many clients in one folder, or in folders by date.",
            key="batch-pattern",
        )
        manifest = st.text_input(
            "Manifest: a CSV or Excel file with the columns photo and client", key="batch-manifest"
        )
        one, two = st.columns(2)
        workers = one.number_input(
            "Processes (0: one per processor)", min_value=0, value=0, key="batch-jobs"
        )
        scheduler = two.text_input("Dask scheduler", placeholder="tcp://…", key="batch-scheduler")
        summary = st.checkbox("Tables only, no folder per client", key="batch-summary")
        retry = st.checkbox("Measure again what failed before", key="batch-retry")
    if not root.strip() or not out.strip():
        look.empty_state("Name both folders", "Then the plan says what there is to do.")
        return None
    return BatchRequest(
        _absolute(root),
        _absolute(out),
        pattern=pattern.strip(),
        manifest=Path(_absolute(manifest)) if manifest.strip() else None,
        workers=int(workers),
        scheduler=scheduler.strip(),
        summary_only=summary,
        retry_failed=retry,
    )


def _absolute(named: str) -> str:
    named = named.strip()
    return named if named.startswith("s3://") else str(Path(named).expanduser().absolute())


def _plan(request: BatchRequest) -> PlannedBatch | None:
    try:
        batch = Batch(request)
        with st.spinner("Looking into the folders"):
            planned = batch.plan(batch.find())
            batch.check_output()
    except (FolderError, OutputError, PlaceLostError, RecordError) as error:
        look.note("There is no plan for this", f"{sentence(str(error))} Nothing was started.")
        return None
    return planned


def _show_plan(planned: PlannedBatch) -> None:
    plan, guess = planned.plan, planned.estimate
    facts = [
        ("Clients", str(len(plan.clients)), f"{len(plan.pending)} to do"),
        ("Views", str(plan.n_views), ""),
        ("Photos", str(plan.n_photos), f"{plan.n_new_photos} to do"),
        (
            "Time",
            f"about {duration(guess.seconds)}" if plan.pending else "none",
            "as this batch went so far" if guess.from_this_machine else "a first guess",
        ),
        ("Disk", f"about {amount(guess.n_bytes)}" if plan.pending else "none", ""),
    ]
    _facts("The plan", facts)
    if plan.failures:
        look.note(
            f"{count(len(plan.failures), 'file or folder', 'files or folders')} will not be measured",
            "They are named in failures.csv with what to do.",
            calm=True,
        )
        _reasons(by_reason(plan.failures))


def _facts(title: str, facts: list[tuple[str, str, str]]) -> None:
    items = "".join(
        f"<div><dt>{look.text(name)}</dt><dd>{look.text(value)}"
        + (f"<small>{look.text(more)}</small>" if more else "")
        + "</dd></div>"
        for name, value, more in facts
    )
    st.html(f'<div class="smp"><h2>{look.text(title)}</h2><dl class="smp-facts">{items}</dl></div>')


def _reasons(rows: list[tuple[str, str, int]]) -> None:
    body = "".join(
        f'<tr><td class="num">{n}</td><td>{look.text(kind)}</td>'
        f'<td class="smp-file">{look.text(reason)}</td></tr>'
        for kind, reason, n in rows
    )
    st.html(
        '<div class="smp"><table class="smp-rows"><tr><th>Rows</th><th>Kind</th><th>Reason</th>'
        f"</tr>{body}</table></div>"
    )


@st.fragment(run_every=POLL_SECONDS)
def _watch(request: BatchRequest) -> None:
    """How far it is; ends itself with the batch."""
    if not runs().running(request.out):
        st.rerun()
    progress = read_progress(_place(request))
    with st.container(border=True):
        st.html('<div class="smp"><p class="smp-eyebrow">Measuring</p></div>')
        if progress is None or progress.state != "running":
            st.progress(0.0, text="Starting")
        else:
            st.progress(min(1.0, progress.share), text=look.plain(_line(progress)))
        if st.button("Stop the batch", key="batch-stop"):
            runs().stop(request.out)
            st.toast("Stopping. What is measured is kept.")
    st.html(
        '<p class="smp quiet small">It runs on its own: you can look around, reload or close this '
        "page, and come back to it with the same two folders.</p>"
    )


def _line(progress: BatchProgress) -> str:
    return f"{progress.line} · {progress.sentence}" if progress.sentence else progress.line


def _place(request: BatchRequest) -> Place:
    return open_place(request.out, TEMPORARY)


def _show_end(request: BatchRequest) -> None:
    """What came of the last batch on these results."""
    problem = runs().problem(request.out)
    if problem:
        look.note(
            "The batch could not go on",
            f"{sentence(problem)} What is measured is kept: start it again to go on from there.",
        )
    try:
        place = _place(request)
        totals = read_totals(place)
    except (PlaceLostError, RecordError):
        return
    if runs().stopped(request.out) and (totals is None or totals.unfinished):
        left = "No client is" if totals is None else f"{count(totals.unfinished, 'client')} not"
        look.note(
            "The batch was stopped",
            f"{left} done yet. Show the plan and start: it goes on where it stopped.",
            calm=True,
        )
    if totals is None:
        return
    _show_totals(totals)
    _show_failures(totals)
    _downloads(place, request)


def _show_totals(totals: BatchTotals) -> None:
    _facts(
        "Results",
        [
            ("Clients", str(totals.clients), ""),
            ("Photos", str(totals.photos), ""),
            ("Measured", str(totals.measured), ""),
            ("Not measured", str(totals.n_failed), "each with its reason"),
        ],
    )


def _show_failures(totals: BatchTotals) -> None:
    if not totals.failures:
        return
    st.subheader("What could not be measured, and remarks", anchor=False)
    _reasons(totals.by_reason())
    rows: list[dict[str, Any]] = [
        {
            "client": failure.client,
            "photo": failure.photo,
            "reason": failure.reason,
            "what to do": failure.remedy,
        }
        for failure in totals.failures[:MOST_ROWS]
    ]
    with st.expander(f"One by one ({len(totals.failures)})"):
        st.dataframe(rows, hide_index=True)
        if len(totals.failures) > MOST_ROWS:
            st.caption(f"The first {MOST_ROWS}; all are in {FAILURES_FILE}.")


def _downloads(place: Place, request: BatchRequest) -> None:
    sizes = {name: entry.size for name, entry in place.stats(_tables()).items()}
    columns = st.columns(len(_tables()))
    for name, column in zip(_tables(), columns, strict=True):
        if 0 < sizes.get(name, 0) <= MOST_BYTES:
            column.download_button(
                f"Download {name}", place.read(name), file_name=name, width="stretch"
            )
    where = request.out.rstrip("/")
    shown = where if isinstance(place, FolderPlace) else place.url
    st.html(
        f'<p class="smp quiet">The contact sheet is <span class="smp-file">{look.text(shown)}/'
        f"{OVERVIEW_FILE}</span>; each client’s page lies in a folder of its own beside it.</p>"
    )


def _tables() -> tuple[str, str]:
    return BATCH_FILE, FAILURES_FILE
