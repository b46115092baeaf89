"""A batch from request to result: find, plan, run, write. Command line and dashboard call this."""

from __future__ import annotations

import gc
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from tracker.analysis import AnalysisSettings
from tracker.batch.found import WORK_FOLDER, Found, FoundClient
from tracker.batch.kept import CLIENTS, FORM, MARK_PATH, TEMPORARY, ClientState, Kept
from tracker.batch.layout import Pattern, find_by_pattern, find_in_folders
from tracker.batch.local_pool import LocalPool, Perform
from tracker.batch.lock import OutputLock, output_lock
from tracker.batch.manifest import find_by_manifest
from tracker.batch.memory import megapixels_of
from tracker.batch.outputs import TOP_FILES, BatchTotals, write_outputs
from tracker.batch.places import FolderPlace, Place, PlaceLostError, open_place, remove_folder
from tracker.batch.plan import USUAL_MEGAPIXELS, Estimate, Plan, estimate, make_plan
from tracker.batch.progress import WRITE_SECONDS, BatchProgress, tell_place
from tracker.batch.run import BatchRun, Pool
from tracker.batch.tasks import Job
from tracker.batch.worker import perform
from tracker.record_files import FolderError
from tracker.report.publish import OutputError, check_folder

SAMPLED_PHOTOS = 12
"""Headers that are read to know how large the photos are."""
READ_THREADS = 16
"""Records are read side by side where each takes a round trip."""


@dataclass(frozen=True)
class BatchRequest:
    """What a person asks for.

    Attributes
    ----------
    root, out : str
        Folder or ``s3://`` URL of the photos and of the results.
    pattern : str
        How names tell whose a photo is; empty: a folder per client.
    manifest : Path or None
        A table that tells it.
    workers : int
        Processes of this computer; 0: one per processor.
    memory_mb : float or None
        What they may take together; None: what is free.
    scheduler : str
        Address of a Dask scheduler; empty: this computer works.
    summary_only, retry_failed, force : bool
        As the command's options say.
    """

    root: str
    out: str
    pattern: str = ""
    manifest: Path | None = None
    workers: int = 0
    memory_mb: float | None = None
    scheduler: str = ""
    summary_only: bool = False
    retry_failed: bool = False
    force: bool = False
    settings: AnalysisSettings = AnalysisSettings()


@dataclass(frozen=True)
class PlannedBatch:
    """A plan, and what it may take."""

    plan: Plan
    estimate: Estimate
    workers: int


class Batch:
    """One request on its places.

    Raises
    ------
    FolderError
        If the request makes no sense, or the root is not there.
    OutputError
        If the results have no place.
    """

    def __init__(self, request: BatchRequest) -> None:
        if request.pattern and request.manifest is not None:
            raise FolderError("--pattern", "excludes --manifest", "give one of them")
        self.request = request
        self.root = open_place(request.root)
        self.out = open_place(request.out, TEMPORARY)
        if self.root.url == self.out.url or _same_folder(self.root, self.out):
            raise FolderError(
                self.out.url, "holds the photos, which are never changed", "name another --out"
            )
        self._pattern = Pattern(request.pattern) if request.pattern else None

    def find(self) -> Found:
        """List the photos; reads none."""
        leave_out = self._out_within_root()
        if self.request.manifest is not None:
            return find_by_manifest(self.root, self.request.manifest)
        if self._pattern is not None:
            return find_by_pattern(self.root, self._pattern, leave_out)
        return find_in_folders(self.root, leave_out)

    def plan(self, found: Found) -> PlannedBatch:
        """What is to be done; reads records and a few photos' headers, writes nothing."""
        request = self.request
        states = self.states()
        plan = make_plan(
            found,
            states,
            self._folders(),
            settings=request.settings,
            summary_only=request.summary_only,
            retry_failed=request.retry_failed,
            force=request.force,
        )
        workers = self.workers()
        megapixels = self._usual_megapixels(plan)
        guess = estimate(plan, states, megapixels, workers, summary_only=request.summary_only)
        return PlannedBatch(plan, guess, workers)

    def workers(self) -> int:
        """Processes of this computer that would work."""
        return self.request.workers or _processors()

    def states(self) -> dict[str, ClientState]:
        """What earlier runs on this output have finished."""
        kept = Kept(self.out)
        paths = [path for path in self.out.names(CLIENTS) if path.endswith(".json")]
        if isinstance(self.out, FolderPlace):
            found = [kept.state_of(path) for path in paths]
        else:
            from concurrent.futures import ThreadPoolExecutor

            with ThreadPoolExecutor(READ_THREADS) as threads:
                found = list(threads.map(kept.state_of, paths))
        return dict(pair for pair in found if pair is not None)

    def check_output(self) -> None:
        """Raise `OutputError` where the results' folder holds what is not this batch's."""
        if _exists(self.out, MARK_PATH) or self._only_begun():
            return
        if isinstance(self.out, FolderPlace):
            own = set(TOP_FILES)
            if self.out.folder.is_dir() and (self.out.folder / TOP_FILES[0]).exists():
                # Results of a version that kept no records.
                own |= {p.parent.name for p in self.out.folder.glob("*/analysis.json")}
            check_folder(self.out.folder, own_names=own, overwrite=self.request.force)
        elif self.out.entries(""):
            raise OutputError(f"{self.out.url}: holds other files; name another place")

    def _only_begun(self) -> bool:
        """Whether a batch was ended, or its disk was full, before it could set its mark."""
        try:
            return [entry.name for entry in self.out.entries("")] == [WORK_FOLDER]
        except OSError:
            return False

    @contextmanager
    def held(self) -> Iterator[OutputLock]:
        """Hold the output for this batch alone, and clear what a killed one left half done."""
        self.check_output()
        with output_lock(self.out) as lock:
            self.out.write(MARK_PATH, json.dumps({"form": FORM, "program": "smp-tracker"}).encode())
            if isinstance(self.out, FolderPlace):
                remove_folder(self.out.folder / TEMPORARY)
            yield lock

    def run(
        self,
        planned: PlannedBatch,
        lock: OutputLock,
        *,
        today: date,
        pool: Pool | None = None,
    ) -> Iterator[BatchProgress]:
        """Work a plan off; raises `PlaceLostError` where it has to stop."""
        request = self.request
        job = Job(
            self.root.url,
            self.out.url,
            today,
            request.summary_only,
            request.settings,
            planned.plan.witnesses,
        )
        run = BatchRun(
            job,
            planned.plan,
            self.out,
            pool or self.make_pool(),
            again=request.retry_failed,
            force=request.force,
            stop_sign=lock.check,
        )
        told = 0.0
        state = "stopped"
        tell_place(self.out, run.progress())
        try:
            for moment in run:
                if time.monotonic() - told >= WRITE_SECONDS:
                    told = time.monotonic()
                    tell_place(self.out, moment)
                yield moment
            state = "done"
        except PlaceLostError:
            state = "failed"
            raise
        finally:
            tell_place(self.out, run.progress(state))
        yield run.progress("done")

    def make_pool(self, work: Perform = perform) -> Pool:
        """Who works: this computer, or the cluster that was named."""
        if self.request.scheduler:
            from tracker.batch.cluster_pool import ClusterPool

            return ClusterPool(self.request.scheduler)
        return LocalPool(self.root, self.workers(), memory_mb=self.request.memory_mb, work=work)

    def write_outputs(self, plan: Plan) -> BatchTotals:
        """Tables and overview over all clients that are done."""
        # A hundred thousand rows live until the tables stand: looking through them for garbage
        # again and again finds nothing and takes an eighth of the time.
        collecting = gc.isenabled()
        gc.disable()
        try:
            return write_outputs(plan, self.out)
        finally:
            if collecting:
                gc.enable()

    def _folders(self) -> set[str]:
        try:
            return {entry.name for entry in self.out.entries("") if entry.is_folder}
        except OSError:
            return set()

    def _usual_megapixels(self, plan: Plan) -> float:
        photos = [photo for planned in plan.pending[:2000] for photo in planned.client.photos]
        step = max(1, len(photos) // SAMPLED_PHOTOS)
        sizes = [megapixels_of(self.root, photo) for photo in photos[::step][:SAMPLED_PHOTOS]]
        return sum(sizes) / len(sizes) if sizes else USUAL_MEGAPIXELS

    def _out_within_root(self) -> str:
        """Path of the results within the root; empty where they lie elsewhere."""
        if not (isinstance(self.root, FolderPlace) and isinstance(self.out, FolderPlace)):
            root, out = self.root.url + "/", self.out.url
            return out.removeprefix(root) if out.startswith(root) else ""
        root_folder, out_folder = self.root.folder.resolve(), self.out.folder.resolve()
        if root_folder not in out_folder.parents:
            return ""
        return out_folder.relative_to(root_folder).as_posix()


def watch(
    batch: Batch,
    lock: OutputLock,
    *,
    seconds: float,
    today: Callable[[], date],
    pause: Callable[[float], bool],
    told: Callable[[BatchProgress], None],
    finished: Callable[[BatchTotals], None],
) -> None:
    """Measure what comes in, until `pause` says that it is enough.

    A photo counts once two looks in a row have found it the same: a camera or a copy that is still
    writing is left alone. A view with a new photo is measured again as a whole, and no other.
    """
    found = _found_by_now(batch, ())
    done: object = (frozenset(), ())  # nothing there: tables of an earlier watch stay as they are
    while pause(seconds):
        before = _stamps(found)
        found = _found_by_now(batch, found.witnesses)
        settled = replace(
            found,
            clients=tuple(c for c in (_settled(c, before) for c in found.clients) if c.photos),
        )
        planned = batch.plan(settled)
        now = (frozenset(p.state for p in planned.plan.clients), planned.plan.failures)
        if planned.plan.pending or now != done:
            for moment in batch.run(planned, lock, today=today()):
                told(moment)
            finished(batch.write_outputs(planned.plan))
            done = now


def _found_by_now(batch: Batch, witnesses: tuple[str, ...]) -> Found:
    """What lies there; a folder that had photos and is empty now counts as lost."""
    try:
        return batch.find()
    except FolderError:
        batch.root.check(witnesses)
        return Found(())


def _stamps(found: Found) -> dict[str, tuple[int, str]]:
    return {p.path: (p.size, p.stamp) for client in found.clients for p in client.photos}


def _settled(client: FoundClient, before: dict[str, tuple[int, str]]) -> FoundClient:
    return replace(
        client,
        photos=tuple(p for p in client.photos if before.get(p.path) == (p.size, p.stamp)),
    )


def _exists(place: Place, path: str) -> bool:
    try:
        place.read(path, 1)
    except OSError:
        return False
    return True


def _same_folder(root: Place, out: Place) -> bool:
    if not (isinstance(root, FolderPlace) and isinstance(out, FolderPlace)):
        return False
    return root.folder.resolve() == out.folder.resolve()


def _processors() -> int:
    """Processors this program may use: fewer than the machine has in many containers."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
