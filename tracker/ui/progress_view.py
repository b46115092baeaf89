"""While a client's photos are measured: progress in words, stop, and what went wrong."""

from __future__ import annotations

import time
from concurrent.futures import wait

import streamlit as st

from tracker.progress.report import Progress, progress_of
from tracker.series import SeriesAnalysis
from tracker.ui import look, measuring, routes, session_store
from tracker.ui.clients import Client
from tracker.ui.jobs import Job, JobState
from tracker.ui.speech import speak
from tracker.ui.words import count

POLL_SECONDS = 0.6


def await_analysis(client: Client) -> SeriesAnalysis | None:
    """The finished analysis, or None while the page shows how far it is."""
    if not client.photos:
        look.empty_state("No photos yet", "Add some, and the first is what later ones are held to.")
        if session_store.may_change() and st.button("Add photos", type="primary"):
            routes.go("Add photos")
        return None
    finished = measuring.finished_analysis(client)
    if finished is not None:
        return finished
    if not session_store.may_change():
        look.empty_state(
            "Not measured yet", "Somebody who may change the records has to open this page once."
        )
        return None
    job = measuring.measure(client)
    if job.state == JobState.DONE:
        return job.analysis
    if job.active:
        _watch(client)
    elif job.state == JobState.STOPPED:
        look.empty_state("Measuring was stopped", "The photos are still here. Nothing is lost.")
        _again(client, "Measure now")
    else:
        look.note(
            "The measuring ended with an error",
            f"{job.problem}. The photos are untouched; trying again is safe.",
        )
        _again(client, "Try again")
    return None


def await_course(client: Client, analysis: SeriesAnalysis) -> Progress:
    """Curve, forecast and judgement; the page waits for the thread that works them out."""
    facts, today = client.facts, client.store.today
    course = measuring.course_desk().ask(
        (client.key, facts, today), lambda: progress_of(analysis, facts, today=today)
    )
    if not course.done():
        slot = st.empty()
        with slot, st.spinner("Working out the curve and the forecast", show_time=False):
            while not course.done():
                wait([course], timeout=0.2)
                "left" in st.session_state  # noqa: B015 - here Streamlit ends a run nobody awaits
        slot.empty()
    return course.result()


def _again(client: Client, label: str) -> None:
    if st.button(label, type="primary"):
        measuring.measure_again(client)
        st.rerun()


@st.fragment(run_every=POLL_SECONDS)
def _watch(client: Client) -> None:
    speak(st.context.locale)
    job = measuring.measure(client)
    if not job.active:
        st.rerun()
    with st.container(border=True):
        st.html(
            f'<div class="smp"><p class="smp-eyebrow">Measuring '
            f"{look.text(count(len(client.photos), 'photo'))}</p></div>"
        )
        st.progress(job.share, text=look.plain(_sentence(job)))
        if st.button("Stop measuring", key="stop"):
            job.leave(session_store.watcher())
            st.toast("Stopping after this step.")
    st.html(
        '<p class="smp quiet small">You can look around meanwhile: the measuring goes on, '
        "and this page comes back to it.</p>"
    )


def _sentence(job: Job) -> str:
    words = f"{job.sentence[:1].upper()}{job.sentence[1:]}"
    left = job.seconds_left(time.monotonic())
    if left is None:
        return words
    span = f"{max(1, round(left))} s" if left < 90 else f"{round(left / 60)} min"
    return f"{words} · about {span} left"
