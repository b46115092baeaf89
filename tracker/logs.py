"""What the program tells whoever runs it: an event a line, as words for people or as JSON.

A line holds a time, a level, where it comes from, the event, and of the records ids alone: a client's
code, the beginning of a photo's SHA-256, a user's name in the file of users. Which fields there may be
is a list, so that no name and no note can slip in. What libraries say is told by its place and its
kind without its words: nobody knows what stands in them.

    LOG = EventLog(__name__)
    LOG.info("measuring ended", client="C-0012", seconds=4.2)
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TextIO

from tracker.one_line import plain

LOG_VARIABLE = "SMP_TRACKER_LOG"
FIELDS = {
    *("client", "sha256", "user", "role", "reason", "kind", "seconds", "address"),
    *("photos", "clients", "measured", "failed", "unfinished"),
}
"""All that may stand beside an event."""
SHORT_SHA256 = 12
"""Digits that tell a clinic's photos apart."""
OURS = "tracker"
MOST_FRAMES = 20

# Without it Python itself prints what nobody asked to be told: a refused command says its one line.
logging.getLogger(OURS).addHandler(logging.NullHandler())


class LogForm(StrEnum):
    """How a line looks."""

    LINES = "lines"
    JSON = "json"


class EventLog:
    """The log of one module; fields that are not on the list are refused.

    Parameters
    ----------
    name : str
        The module's ``__name__``.
    """

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(name)

    def info(self, event: str, **fields: str | float | None) -> None:
        """Tell what happens in good order."""
        self._tell(logging.INFO, event, fields, None)

    def warning(self, event: str, **fields: str | float | None) -> None:
        """Tell what was refused."""
        self._tell(logging.WARNING, event, fields, None)

    def error(
        self, event: str, error: BaseException | None = None, **fields: str | float | None
    ) -> None:
        """Tell what failed; of an exception its kind and where it was raised, never its words."""
        self._tell(logging.ERROR, event, fields, error)

    def _tell(
        self,
        level: int,
        event: str,
        fields: Mapping[str, str | float | None],
        error: BaseException | None,
    ) -> None:
        unknown = fields.keys() - FIELDS
        if unknown:
            raise ValueError(f"fields must be among {sorted(FIELDS)}, got {sorted(unknown)}")
        said: dict[str, Any] = {key: value for key, value in fields.items() if value is not None}
        if "sha256" in said:
            said["sha256"] = str(said["sha256"])[:SHORT_SHA256]
        if "seconds" in said:
            said["seconds"] = round(float(said["seconds"]), 3)
        if error is not None:
            said["error"] = _outline(type(error), error)
        self._logger.log(level, "%s", event, extra={"event_fields": said})


def wanted_form(environment: Mapping[str, str] = os.environ) -> LogForm | None:
    """The form that `SMP_TRACKER_LOG` names; None where it names none that there is."""
    try:
        return LogForm(environment.get(LOG_VARIABLE, "").strip().lower())
    except ValueError:
        return None


def set_up(form: LogForm | None, stream: TextIO | None = None) -> Callable[[], None]:
    """Have this process tell its events; gives what takes it back.

    Parameters
    ----------
    form : LogForm, optional
        JSON: every event of the program, and that a library warned, a JSON object a line. LINES: every
        event as words. None: as words, what was refused or failed alone.
    stream : file, optional
        By default standard error.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_Lines() if form is not LogForm.JSON else _Json())
    as_json = form is LogForm.JSON
    logger = logging.getLogger() if as_json else logging.getLogger(OURS)
    ours = logging.getLogger(OURS)
    level_before, factory_before = ours.level, logging.getLogRecordFactory()
    ours.setLevel(logging.WARNING if form is None else logging.INFO)
    logger.addHandler(handler)
    if as_json:
        logging.setLogRecordFactory(_silenced(factory_before))
        logging.captureWarnings(True)

    def take_back() -> None:
        logger.removeHandler(handler)
        ours.setLevel(level_before)
        if as_json:
            logging.setLogRecordFactory(factory_before)
            logging.captureWarnings(False)

    return take_back


class _Lines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        said = _content(record)
        words = [f"{key}={plain(str(value))}" for key, value in said.items() if key not in _HEAD]
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(record.created))
        return " ".join(
            [when, said["level"], f"{said['event']}:" if words else said["event"], *words]
        )


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        # What a library said was turned into JSON where it was said.
        return json.dumps(_content(record)) if _is_ours(record.name) else record.getMessage()


_HEAD = ("time", "level", "logger", "event")


def _content(record: logging.LogRecord) -> dict[str, Any]:
    fields: dict[str, Any] = getattr(record, "event_fields", {})
    return {**_head(record), "event": record.getMessage(), **fields}


def _head(record: logging.LogRecord) -> dict[str, Any]:
    return {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "logger": record.name,
    }


def _is_ours(name: str) -> bool:
    return name == OURS or name.startswith(f"{OURS}.")


def _silenced(make: Callable[..., logging.LogRecord]) -> Callable[..., logging.LogRecord]:
    """Makes a library's records without its words, whoever prints them: some bring a handler."""

    def made(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make(*args, **kwargs)
        if _is_ours(record.name):
            return record
        said = {**_head(record), "event": "library"}
        if record.exc_info and record.exc_info[0] is not None:
            said |= {"error": _outline(record.exc_info[0], record.exc_info[1])}
        record.msg, record.args, record.exc_info = json.dumps(said), (), None
        record.exc_text = record.stack_info = None
        return record

    return made


def _outline(kind: type[BaseException], error: BaseException | None) -> dict[str, Any]:
    """Kind and frames of an exception, the innermost last; of its causes the kinds."""
    frames = traceback.extract_tb(error.__traceback__ if error is not None else None)
    causes: list[str] = []
    cause = error
    while cause is not None and len(causes) < MOST_FRAMES:
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
        if cause is not None:
            causes.append(type(cause).__name__)
    return {
        "kind": kind.__name__,
        "causes": causes,
        "frames": [
            f"{'/'.join(frame.filename.replace(os.sep, '/').split('/')[-3:])}:{frame.lineno} {frame.name}"
            for frame in frames[-MOST_FRAMES:]
        ],
    }
