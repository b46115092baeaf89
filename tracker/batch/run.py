"""Run a plan: send its tasks to a pool, answer to what comes back, say how far it is.

Every client of the plan ends in a record, whatever happens to it. What the tasks have written is
found again by the next run, so that this one may end at any moment.
"""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol

from tracker.batch.found import Failure, FoundClient, Kind
from tracker.batch.kept import ClientRecord, Kept, PhotoFacts, watch_path
from tracker.batch.places import Place, PlaceLostError, open_place
from tracker.batch.plan import Plan, PlannedClient
from tracker.batch.progress import BatchProgress
from tracker.batch.reading import refiled_client
from tracker.batch.tasks import (
    Changed,
    ClientFailed,
    Crashed,
    Faulted,
    Job,
    Lost,
    Outcome,
    PublishDone,
    PublishTask,
    Task,
    ViewDone,
    ViewTask,
)

WAIT_SECONDS = 0.5
READY_TASKS = 256
"""Tasks made ahead; a million photos are not turned into tasks at once."""
MOST_LEFT_OUT = 8
"""Photos of one view that may end a worker before the view is given up."""
CRASH_REASON = "the program that measured it was ended (a crash, or too little memory)"
CRASH_REMEDY = (
    "repeat with --retry-failed on a computer with more memory, or export the photos anew"
)
CHANGED_REMEDY = "wait until the photos are copied and repeat with --retry-failed"


class Pool(Protocol):
    """Who works: `LocalPool` or `ClusterPool`."""

    @property
    def busy(self) -> bool: ...

    def fill(self, ready: deque[Task]) -> None: ...

    def wait(self, seconds: float) -> list[tuple[Task, Outcome]]: ...

    def close(self) -> None: ...


class StopSign(Protocol):
    """Asked between tasks; raises where the batch must end (see `lock.OutputLock.check`)."""

    def __call__(self) -> None: ...


@dataclass
class _Open:
    """A client that is worked on."""

    planned: PlannedClient
    waiting: set[str]
    facts: dict[str, PhotoFacts] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    n_failures: int = 0


class BatchRun:
    """One run of a plan.

    Parameters
    ----------
    job : Job
    plan : Plan
    out : Place
        Of the results.
    pool : Pool
    again, force : bool
        Measure views with failures, or all, although they are done.
    stop_sign : callable, optional
        Raises where the batch must end.
    """

    def __init__(
        self,
        job: Job,
        plan: Plan,
        out: Place,
        pool: Pool,
        *,
        again: bool = False,
        force: bool = False,
        stop_sign: StopSign | None = None,
    ) -> None:
        self.job, self.plan, self.pool = job, plan, pool
        self._again, self._force = again, force
        self._stop_sign = stop_sign or (lambda: None)
        self._kept, self._out, self._root = Kept(out), out, open_place(job.root)
        self._clients = iter(plan.pending)
        self._ready: deque[Task] = deque()
        self._open: dict[str, _Open] = {}
        self._attempts: dict[str, int] = {}
        self._started = time.monotonic()
        self._photos_done = self._clients_done = 0
        self._clients_total = len(plan.pending)
        self._photos_total = plan.n_new_photos
        self._failures = len(plan.failures)
        self._sentence = ""

    def progress(self, state: str = "running") -> BatchProgress:
        """How far it is."""
        return BatchProgress(
            state,
            self._photos_done,
            self._photos_total,
            self._clients_done,
            self._clients_total,
            self._failures,
            time.monotonic() - self._started,
            self._sentence,
        )

    def __iter__(self) -> Iterator[BatchProgress]:
        """Work until all is done; raises `PlaceLostError` where that is not possible."""
        try:
            while True:
                self._stop_sign()
                self._make_ready()
                self.pool.fill(self._ready)
                if not self.pool.busy and not self._ready:
                    break
                for task, outcome in self.pool.wait(WAIT_SECONDS):
                    self._take(task, outcome)
                yield self.progress()
        finally:
            self.pool.close()

    # --- making tasks -----------------------------------------------------------------------

    def _make_ready(self) -> None:
        while len(self._ready) < READY_TASKS:
            planned = next(self._clients, None)
            if planned is None:
                return
            self._begin(planned, known=self._known(planned))

    def _known(self, planned: PlannedClient) -> dict[str, PhotoFacts]:
        """Facts of photos that have not changed since an earlier run read them."""
        record = self._kept.client(planned.client.name) if planned.has_record else None
        if record is None:
            return {}
        found = {}
        for photo in planned.client.photos:
            size, stamp, facts = record.facts.get(photo.path, (0, "", PhotoFacts()))
            if facts.sha256 and (size, stamp) == (photo.size, photo.stamp):
                found[photo.path] = facts
        return found

    def _begin(self, planned: PlannedClient, known: dict[str, PhotoFacts]) -> None:
        client = refiled_client(self._root, planned.client)
        planned = replace(planned, client=client)
        views = client.views()
        self._open[client.name] = _Open(planned, set(views))
        for view, photos in views.items():
            self._ready.append(
                ViewTask(
                    self.job,
                    replace(client, photos=photos),
                    view,
                    {p.path: known[p.path] for p in photos if p.path in known},
                    again=self._again,
                    force=self._force,
                )
            )

    def _publish(self, opened: _Open) -> None:
        planned = opened.planned
        self._ready.appendleft(
            PublishTask(
                self.job,
                planned.client,
                planned.state,
                opened.facts,
                opened.keys,
                "" if self._force else planned.published,
            )
        )

    # --- taking what comes back -------------------------------------------------------------

    def _take(self, task: Task, outcome: Outcome) -> None:
        opened = self._open.get(task.client.name)
        if isinstance(outcome, Lost):
            raise _lost(outcome)
        if opened is None:
            return  # another view of this client has failed for all of them
        if isinstance(outcome, ClientFailed):
            self._fail_client(opened, Kind.CLIENT, outcome.reason, outcome.remedy)
        elif isinstance(task, ViewTask):
            self._take_view(opened, task, outcome)
        else:
            self._take_publish(opened, task, outcome)

    def _take_view(self, opened: _Open, task: ViewTask, outcome: Outcome) -> None:
        tried = self._attempts[task.name] = self._attempts.get(task.name, 0) + 1
        if isinstance(outcome, ViewDone):
            opened.facts |= outcome.facts
            opened.keys[task.view] = outcome.key
            opened.n_failures += outcome.n_failures
            opened.waiting.discard(task.view)
            self._photos_done += task.n_photos
            self._failures += outcome.n_failures
            self._sentence = task.client.name
            if not opened.waiting:
                self._publish(opened)
        elif task.give_up:
            kind, reason, remedy = task.give_up
            self._fail_client(opened, Kind(kind), reason, remedy)
        elif isinstance(outcome, Crashed):
            self._ready.appendleft(self._after_crash(task))
        elif isinstance(outcome, Changed):
            if tried <= 1:
                self._ready.append(replace(task, known={}))
            else:
                self._give_up(task, Kind.UNREADABLE, outcome.what, CHANGED_REMEDY)
        elif isinstance(outcome, Faulted):
            reason = f"could not be measured ({outcome.what})"
            self._give_up(task, Kind.FAULT, reason, "please report it")

    def _give_up(self, task: ViewTask, kind: Kind, reason: str, remedy: str) -> None:
        given_up = (kind.value, reason, remedy)
        self._ready.appendleft(replace(task, give_up=given_up, watched=False))

    def _after_crash(self, task: ViewTask) -> ViewTask:
        """What is done where a worker was ended over a view.

        The first time it is tried again, alone and watched; then the photo it was at is left out.
        """
        if not task.watched:
            return replace(task, watched=True)
        try:
            seen = json.loads(self._out.read(watch_path(task.name)))
        except (OSError, ValueError):
            seen = {}
        photo = str(seen.get("photo", "")) if seen.get("preparing") else ""
        if not photo or photo in task.left_out or len(task.left_out) >= MOST_LEFT_OUT:
            given_up = (Kind.CRASHED.value, CRASH_REASON, CRASH_REMEDY)
            return replace(task, give_up=given_up, watched=False)
        return replace(task, left_out=(*task.left_out, photo))

    def _take_publish(self, opened: _Open, task: PublishTask, outcome: Outcome) -> None:
        tried = self._attempts[task.name] = self._attempts.get(task.name, 0) + 1
        if isinstance(outcome, PublishDone):
            self._clients_done += 1
            self._sentence = f"{task.client.name} done"
            del self._open[task.client.name]
        elif isinstance(outcome, Crashed):
            if task.watched:
                reason = "the program that wrote its results was ended"
                self._ready.appendleft(replace(task, without_folder=reason, watched=False))
            elif task.without_folder:
                self._fail_client(opened, Kind.CRASHED, task.without_folder, CRASH_REMEDY)
            else:
                self._ready.appendleft(replace(task, watched=True))
        elif tried <= 1:
            # A photo changed, or a kept series is damaged: the client is looked at anew.
            self._photos_done -= task.n_photos
            self._failures -= opened.n_failures
            self._begin(opened.planned, known={})
        elif isinstance(outcome, Changed):
            self._fail_client(opened, Kind.UNREADABLE, outcome.what, CHANGED_REMEDY)
        elif isinstance(outcome, Faulted):
            self._fail_client(
                opened, Kind.FAULT, f"could not be written ({outcome.what})", "please report it"
            )

    def _fail_client(self, opened: _Open, kind: Kind, reason: str, remedy: str) -> None:
        planned = opened.planned
        client: FoundClient = planned.client
        self._ready = deque(task for task in self._ready if task.client.name != client.name)
        self._kept.put_client(
            ClientRecord(
                client=client.name,
                state=planned.state,
                published="",
                facts={},
                rows=[],
                failures=[Failure(client.name, "", "", kind, reason, remedy)],
                notes=[],
                summary={"views": [], "photos": len(client.photos), "measured": 0, "version": ""},
            )
        )
        self._photos_done += sum(photo.view in opened.waiting for photo in client.photos)
        self._failures += 1
        self._clients_done += 1
        del self._open[client.name]


def _lost(outcome: Lost) -> PlaceLostError:
    place, _, rest = outcome.line.partition(": ")
    what, _, remedy = rest.partition("; ")
    return PlaceLostError(place, what, remedy or "repeat the command")
