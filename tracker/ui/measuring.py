"""The shared desk where clients are measured, and results that are opened once for all tabs."""

from __future__ import annotations

import streamlit as st

from tracker.series import SeriesAnalysis
from tracker.storage.results import kept_analysis
from tracker.ui import session_store
from tracker.ui.clients import Client
from tracker.ui.courses import CourseDesk
from tracker.ui.jobs import Job, JobState, MeasuringDesk
from tracker.ui.looking import LookingDesk


@st.cache_resource(show_spinner=False)
def desk() -> MeasuringDesk:
    return MeasuringDesk()


@st.cache_resource(show_spinner=False)
def looking_desk() -> LookingDesk:
    return LookingDesk()


@st.cache_resource(show_spinner=False)
def course_desk() -> CourseDesk:
    return CourseDesk()


@st.cache_resource(show_spinner=False, max_entries=32)
def _opened(key: str, _client: Client) -> SeriesAnalysis | None:
    del key  # names the client and all that its figures depend on
    return kept_analysis(_client.store, _client.code)


def finished_analysis(client: Client) -> SeriesAnalysis | None:
    """The whole result of a client where it is measured already; never starts anything."""
    if client.photos and not client.state.missing:
        opened = _opened(client.key, client)
        if opened is not None and _all_views(client, opened):
            return opened
    job = desk().find(client.key)
    return job.analysis if job is not None and job.state == JobState.DONE else None


def _all_views(client: Client, analysis: SeriesAnalysis) -> bool:
    """False where a kept result could not be read: it has to be measured again."""
    return {photo.name for photo in client.photos} == {photo.photo for photo in analysis.photos}


def measure(client: Client) -> Job:
    """The measuring job of a client; started when there is none."""
    return desk().ask(client.key, client.measure, session_store.watcher(), client.code)


def measure_again(client: Client) -> None:
    desk().forget(client.key)
