"""Curves are worked out once, outside the thread that asks."""

from __future__ import annotations

import threading
from typing import cast

import pytest

from tracker.progress.report import Progress
from tracker.ui.courses import KEPT_COURSES, CourseDesk


def made() -> Progress:
    return cast("Progress", threading.current_thread().name)


def test_worked_out_once_and_in_another_thread() -> None:
    desk = CourseDesk()
    first, again = desk.ask("a", made), desk.ask("a", made)
    assert first is again
    assert str(first.result(10)).startswith("course")


def test_what_failed_is_tried_again_when_asked_again() -> None:
    desk = CourseDesk()

    def fail() -> Progress:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        desk.ask("a", fail).result(10)
    assert desk.ask("a", made).result(10)


def test_the_oldest_is_forgotten() -> None:
    desk = CourseDesk()
    first = desk.ask(0, made)
    for key in range(1, KEPT_COURSES + 1):
        desk.ask(key, made)
    assert desk.ask(0, made) is not first
