from __future__ import annotations

import threading
import time

import pytest

from tests import factories
from tracker.series import Progress, SeriesAnalysis
from tracker.ui.jobs import KEPT_JOBS, Job, JobState, MeasuringDesk


def wait_until_idle(job: Job) -> None:
    deadline = time.monotonic() + 10
    while job.active:
        assert time.monotonic() < deadline
        time.sleep(0.005)


def quick(progress: Progress) -> SeriesAnalysis:
    progress(0.5, "half way")
    return factories.make_analysis()


def test_same_key_is_measured_once_for_all_watchers() -> None:
    desk = MeasuringDesk()
    job = desk.ask("a", quick, "tab 1")
    assert desk.ask("a", quick, "tab 2") is job
    wait_until_idle(job)
    assert job.state is JobState.DONE
    assert job.share == 1.0
    assert job.analysis is not None


def test_stops_when_the_last_watcher_leaves() -> None:
    desk, go, told = MeasuringDesk(), threading.Event(), threading.Event()

    def slow(progress: Progress) -> SeriesAnalysis:
        told.set()
        go.wait(5)
        progress(0.5, "half way")
        return factories.make_analysis()

    job = desk.ask("a", slow, "tab 1")
    desk.ask("a", slow, "tab 2")
    assert told.wait(5)
    job.leave("tab 1")
    assert job.active
    job.leave("tab 2")
    go.set()
    wait_until_idle(job)
    assert job.state is JobState.STOPPED
    desk.forget("a")
    again = desk.ask("a", quick, "tab 1")
    wait_until_idle(again)
    assert again.state is JobState.DONE


def test_one_measurement_at_a_time() -> None:
    desk, go = MeasuringDesk(), threading.Event()

    def slow(progress: Progress) -> SeriesAnalysis:
        go.wait(5)
        return quick(progress)

    first, second = desk.ask("a", slow, "tab"), desk.ask("b", quick, "tab")
    time.sleep(0.05)
    assert second.state is JobState.WAITING
    go.set()
    wait_until_idle(first)
    wait_until_idle(second)
    assert second.state is JobState.DONE


def test_a_crash_is_kept_in_words() -> None:
    def crash(progress: Progress) -> SeriesAnalysis:
        raise ValueError("photo names must differ")

    job = MeasuringDesk().ask("a", crash, "tab")
    wait_until_idle(job)
    assert job.state is JobState.FAILED
    assert "photo names must differ" in job.problem


def test_progress_never_runs_back_and_tells_the_time_left() -> None:
    job = Job("a", state=JobState.RUNNING)
    job._started_at = 100.0
    job.report(0.25, "one")
    job.report(0.1, "two")
    assert job.share == 0.25
    assert job.seconds_left(110.0) == pytest.approx(30.0)
    assert Job("b").seconds_left(0.0) is None


def test_old_results_are_let_go() -> None:
    desk = MeasuringDesk()
    for number in range(KEPT_JOBS + 5):
        wait_until_idle(desk.ask(str(number), quick, "tab"))
    assert desk.find("0") is None
    assert desk.find(str(KEPT_JOBS + 4)) is not None
