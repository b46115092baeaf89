"""An event a line: ids only, as words or as JSON, and no word of a library."""

from __future__ import annotations

import io
import json
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tracker.logs import FIELDS, EventLog, LogForm, set_up, wanted_form

LOG = EventLog("tracker.somewhere")


@contextmanager
def told(form: LogForm | None) -> Iterator[io.StringIO]:
    stream = io.StringIO()
    take_back = set_up(form, stream)
    try:
        yield stream
    finally:
        take_back()


def rows(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_json_is_an_object_a_line_with_ids() -> None:
    with told(LogForm.JSON) as stream:
        LOG.info("measuring ended", client="C-0001", seconds=1.23456, reason=None)
        LOG.warning("upload refused", client="C-0001", sha256="ab" * 32, reason="is empty\nx")
    first, second = rows(stream)
    assert set(first) == {"time", "level", "logger", "event", "client", "seconds"}
    assert first["time"].endswith("+00:00")
    assert (first["level"], first["logger"]) == ("info", "tracker.somewhere")
    assert (first["event"], first["seconds"]) == ("measuring ended", 1.235)
    assert (second["sha256"], second["reason"]) == ("abababababab", "is empty\nx")


def test_words_are_a_line_and_without_a_wish_only_what_failed() -> None:
    with told(LogForm.LINES) as stream:
        LOG.info("server started")
        LOG.warning("sign-in refused", user="anna", reason="wrong name\nor password")
    first, second = stream.getvalue().splitlines()
    assert first.endswith(" info server started")
    assert second.endswith(" warning sign-in refused: user=anna reason=wrong name or password")
    with told(None) as stream:
        LOG.info("server started")
        LOG.warning("sign-in refused")
    assert len(stream.getvalue().splitlines()) == 1


def test_a_field_that_is_not_on_the_list_is_a_fault_of_the_program() -> None:
    with pytest.raises(ValueError, match="fields must be among"):
        LOG.info("x", name="Anna")
    assert not FIELDS & {"name", "note", "notes", "file", "photo", "password", "token"}


def test_of_an_exception_kind_and_place_are_told_and_no_word() -> None:
    with told(LogForm.JSON) as stream:
        try:
            try:
                raise KeyError("Anna")
            except KeyError as error:
                raise ValueError("about Anna") from error
        except ValueError as error:
            LOG.error("measuring failed", error, client="C-0001")
    (row,) = rows(stream)
    assert (row["error"]["kind"], row["error"]["causes"]) == ("ValueError", ["KeyError"])
    assert "test_logs.py:" in row["error"]["frames"][-1]
    assert "Anna" not in stream.getvalue()


def test_a_library_is_told_without_its_words_whoever_prints_them() -> None:
    own = io.StringIO()
    handler = logging.StreamHandler(own)  # as Streamlit brings one
    library = logging.getLogger("library.of.others")
    library.addHandler(handler)
    with told(LogForm.JSON) as stream:
        try:
            raise OSError("of Anna")
        except OSError:
            library.exception("failed for %s", "Anna")
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn("about Anna", stacklevel=1)
    library.removeHandler(handler)
    failed, warned = rows(stream)
    assert (failed["event"], failed["error"]["kind"]) == ("library", "OSError")
    assert (warned["event"], warned["logger"]) == ("library", "py.warnings")
    assert rows(own) == [failed]
    library.warning("said as before")
    assert "Anna" not in stream.getvalue() + own.getvalue()


def test_what_was_set_up_is_taken_back() -> None:
    before = (logging.getLogRecordFactory(), list(logging.getLogger().handlers))
    level = logging.getLogger("tracker").level
    with told(LogForm.JSON):
        pass
    assert (logging.getLogRecordFactory(), list(logging.getLogger().handlers)) == before
    assert logging.getLogger("tracker").level == level


@pytest.mark.parametrize(
    ("said", "form"),
    [("json", LogForm.JSON), (" Lines ", LogForm.LINES), ("", None), ("xml", None)],
)
def test_the_environment_names_the_form(said: str, form: LogForm | None) -> None:
    assert wanted_form({"SMP_TRACKER_LOG": said}) is form
    assert wanted_form({}) is None
