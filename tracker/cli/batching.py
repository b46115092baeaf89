"""The command batch: many clients' photos, planned, run, summed up."""

from __future__ import annotations

import signal
import threading
import time
from collections import Counter
from dataclasses import asdict
from datetime import date
from pathlib import Path
from types import FrameType
from typing import Any

from tracker.batch.found import FAILURES_FILE, OVERVIEW_FILE, Failure, Kind
from tracker.batch.outputs import BatchTotals
from tracker.batch.places import PlaceLostError
from tracker.batch.progress import BatchProgress, amount, duration
from tracker.batch.session import Batch, BatchRequest, PlannedBatch, watch
from tracker.cli.terminal import (
    DONE,
    INTERRUPTED,
    SOME_REFUSED,
    Terminal,
    UnusableError,
    table,
)
from tracker.logs import EventLog
from tracker.series import Progress

LOG = EventLog(__name__)
MOST_LINES = 50
"""Failures said one by one; the rest is in failures.csv."""


def batch(
    root: Path,
    out: Path,
    *,
    jobs: int,
    overwrite: bool,
    terminal: Terminal,
) -> int:
    """Measure every client folder below `root` into `out`; returns the exit status."""
    request = BatchRequest(str(root), str(out), workers=jobs, force=overwrite)
    return run_batch(request, dry_run=False, terminal=terminal)


def run_batch(request: BatchRequest, *, dry_run: bool, terminal: Terminal) -> int:
    """Plan and run a batch; returns the exit status."""
    asked = Batch(request)
    try:
        with terminal.progress("planning") as progress:
            progress(0.0, f"looking into {request.root}")
            planned = asked.plan(asked.find())
            if not dry_run:
                asked.check_output()
    except PlaceLostError as error:
        raise UnusableError(str(error)) from error
    if dry_run:
        terminal.result(plan_table(planned), _plan_content(planned, request))
        return DONE
    if not terminal.as_json:
        terminal.remark(plan_line(planned))
    begun = time.monotonic()
    to_do = planned.plan
    LOG.info("batch begun", clients=len(to_do.pending), photos=to_do.n_new_photos)
    try:
        with asked.held() as lock:
            stopped = False
            try:
                with terminal.progress("batch") as progress:
                    for moment in asked.run(planned, lock, today=date.today()):
                        _show(progress, moment)
            except KeyboardInterrupt:
                stopped = True
            totals = asked.write_outputs(planned.plan)
    except PlaceLostError as error:
        LOG.error("batch failed", error, seconds=time.monotonic() - begun)
        raise UnusableError(str(error)) from error
    _log_totals("batch stopped" if stopped else "batch ended", totals, begun)
    _say_failures(totals, terminal)
    terminal.result(_summary(totals, request), _totals_content(totals, request))
    if stopped:
        left = f"{totals.unfinished} clients are left" if totals.unfinished else "all was done"
        terminal.failure(f"stopped; {left}; the same command goes on where it stopped")
        return INTERRUPTED
    return SOME_REFUSED if totals.n_failed else DONE


def watch_batch(request: BatchRequest, *, seconds: float, terminal: Terminal) -> int:
    """Measure what comes into a folder until Ctrl-C; returns the exit status."""
    asked = Batch(request)
    asked.check_output()
    enough = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        enough.set()
        raise KeyboardInterrupt

    def finished(totals: BatchTotals) -> None:
        _log_totals("batch round ended", totals, begun)
        if terminal.as_json:
            return
        terminal.remark(
            f"{totals.clients} clients, {totals.photos} photos, {totals.n_failed} not measured"
        )
        _say_failures(totals, terminal, already=said)
        said.update((f.client, f.photo, f.reason) for f in totals.failures)

    said: set[tuple[str, str, str]] = set()
    before = signal.signal(signal.SIGTERM, end)
    begun = time.monotonic()
    LOG.info("watching begun")
    try:
        with asked.held() as lock, terminal.progress("batch") as progress:
            if not terminal.as_json:
                terminal.remark(f"watching {request.root} (Ctrl-C ends it)")
            watch(
                asked,
                lock,
                seconds=seconds,
                today=date.today,
                pause=lambda span: not enough.wait(span),
                told=lambda moment: _show(progress, moment),
                finished=finished,
            )
    except KeyboardInterrupt:
        LOG.info("watching ended", seconds=time.monotonic() - begun)
        terminal.remark("stopped watching; the same command goes on")
    except PlaceLostError as error:
        LOG.error("watching failed", error, seconds=time.monotonic() - begun)
        raise UnusableError(str(error)) from error
    finally:
        signal.signal(signal.SIGTERM, before)
    return DONE


def _log_totals(event: str, totals: BatchTotals, begun: float) -> None:
    """How many, never which: names of folders and files may be those of people."""
    LOG.info(
        event,
        clients=totals.clients,
        photos=totals.photos,
        measured=totals.measured,
        failed=totals.n_failed,
        unfinished=totals.unfinished,
        seconds=time.monotonic() - begun,
    )


def _show(progress: Progress, moment: BatchProgress) -> None:
    progress(moment.share, f"{moment.line} · {moment.sentence}")


def plan_line(planned: PlannedBatch) -> str:
    """A plan in one line."""
    plan, guess = planned.plan, planned.estimate
    line = f"{len(plan.clients)} clients, {plan.n_views} views, {plan.n_photos} photos; "
    if not plan.pending:
        return line + "all measured already"
    return line + (
        f"{len(plan.pending)} clients with {plan.n_new_photos} photos to do, about "
        f"{duration(guess.seconds)} and {amount(guess.n_bytes)} of disk"
    )


def plan_table(planned: PlannedBatch) -> str:
    """A plan as a table for people."""
    plan, guess = planned.plan, planned.estimate
    basis = "by this batch so far" if guess.from_this_machine else "by other machines' figures"
    rows = [
        ("plan", "all", "to do"),
        ("clients", str(len(plan.clients)), str(len(plan.pending))),
        ("views", str(plan.n_views), str(sum(len(c.client.views()) for c in plan.pending))),
        ("photos", str(plan.n_photos), str(plan.n_new_photos)),
        ("time", "", f"about {duration(guess.seconds)}" if plan.pending else "none"),
        ("disk", "", f"about {amount(guess.n_bytes)}" if plan.pending else "none"),
        ("processes", "", f"{planned.workers} ({basis})"),
    ]
    text = table(rows)
    if plan.failures:
        text += f"\n{len(plan.failures)} files or folders do not fit:\n"
        text += "\n".join(f"  {_line(failure)}" for failure in plan.failures[:MOST_LINES])
    return text


def _plan_content(planned: PlannedBatch, request: BatchRequest) -> dict[str, Any]:
    plan = planned.plan
    return {
        "out": request.out,
        "clients": len(plan.clients),
        "views": plan.n_views,
        "photos": plan.n_photos,
        "clients_to_do": len(plan.pending),
        "photos_to_do": plan.n_new_photos,
        "seconds": round(planned.estimate.seconds, 1),
        "bytes": planned.estimate.n_bytes,
        "failures": [_failure_content(failure) for failure in plan.failures],
    }


def _say_failures(
    totals: BatchTotals, terminal: Terminal, already: set[tuple[str, str, str]] | None = None
) -> None:
    rows = [
        f for f in totals.failures if not already or (f.client, f.photo, f.reason) not in already
    ]
    most = len(rows) if terminal.verbose else MOST_LINES
    for failure in rows[:most]:
        terminal.failure(_line(failure))
    if len(rows) > most:
        terminal.failure(f"and {len(rows) - most} more, all in {FAILURES_FILE}")


def _line(failure: Failure) -> str:
    name = "/".join(part for part in (failure.client, failure.photo) if part)
    what = "" if failure.kind is Kind.DUPLICATE else "not measured: "
    return f"{name}: {what}{failure.reason}; {failure.remedy}"


def _summary(totals: BatchTotals, request: BatchRequest) -> str:
    counted = Counter(failure.kind for failure in totals.failures)
    rows = [
        ("batch", ""),
        ("clients", str(totals.clients)),
        ("photos", str(totals.photos)),
        ("measured", str(totals.measured)),
        ("not measured", str(totals.n_failed)),
    ]
    rows += [(f"  {kind.value}", str(counted[kind])) for kind in Kind if counted[kind]]
    text = table(rows)
    reasons = totals.by_reason()
    if reasons:
        shown = [("rows", "reason"), *((str(n), reason) for _, reason, n in reasons[:8])]
        text += f"\n\n{table(shown)}"
    return f"{text}\n{request.out.rstrip('/')}/{OVERVIEW_FILE}"


def _totals_content(totals: BatchTotals, request: BatchRequest) -> dict[str, Any]:
    return {
        "out": request.out,
        "clients": totals.clients,
        "photos": totals.photos,
        "measured": totals.measured,
        "unfinished": totals.unfinished,
        "failures": [_failure_content(failure) for failure in totals.failures],
    }


def _failure_content(failure: Failure) -> dict[str, Any]:
    return asdict(failure) | {"kind": failure.kind.value}
