"""Curve, forecast and judgement of a client, worked out once for all visitors of a day.

They take seconds of computing, so they are made in a thread of their own, one client at a time:
however many open a client for the first time, the processor stays free for others' pages. Nothing
here touches Streamlit.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor

from tracker.progress.report import Progress

KEPT_COURSES = 32


class CourseDesk:
    """Hands out what is worked out, is being worked out, or was just asked for."""

    def __init__(self) -> None:
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="course")
        self._asked: OrderedDict[Hashable, Future[Progress]] = OrderedDict()
        self._lock = threading.Lock()

    def ask(self, key: Hashable, work: Callable[[], Progress]) -> Future[Progress]:
        """The course named by `key`; `work` makes it unless somebody asked before.

        What failed is forgotten at the next question, so that a reload tries again.
        """
        with self._lock:
            course = self._asked.get(key)
            if course is None or (course.done() and course.exception() is not None):
                course = self._asked[key] = self._worker.submit(work)
            self._asked.move_to_end(key)
            while len(self._asked) > KEPT_COURSES:
                self._asked.popitem(last=False)
            return course
