"""What is to be done, before anything is done. Pure: listings and records in, a plan out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from tracker import METHOD_VERSION
from tracker.analysis import AnalysisSettings
from tracker.batch.found import Failure, Found, FoundClient
from tracker.batch.kept import FORM, ClientState

SECONDS_PER_PHOTO = 2.0
SECONDS_PER_MEGAPIXEL = 0.4
BYTES_PER_PHOTO = 600_000
BYTES_PER_MEGAPIXEL = 1_400_000
"""Where a batch begins and nothing is known of this machine and these photos; from
`python -m benchmarks.scale cost`. Finished clients of the same batch replace them."""
SUMMARY_BYTES_PER_PHOTO = 8_000
USUAL_MEGAPIXELS = 12.0
"""Of a photo, where none could be looked at."""
PUBLISH_SHARE = 0.15
"""Writing the results, as a share of the measuring."""


@dataclass(frozen=True, slots=True)
class PlannedClient:
    """A client and whether there is something to do.

    Attributes
    ----------
    client : FoundClient
    state : str
        `FoundClient.state` of now.
    pending : bool
    published : str
        What the folder that is there was made from; empty where there is none.
    has_record : bool
        Whether an earlier run knows some of its photos.
    """

    client: FoundClient
    state: str
    pending: bool
    published: str
    has_record: bool


@dataclass(frozen=True)
class Plan:
    """All clients of a batch in their order, and the rows that no measuring can mend."""

    clients: tuple[PlannedClient, ...]
    failures: tuple[Failure, ...]
    witnesses: tuple[str, ...]

    @property
    def pending(self) -> tuple[PlannedClient, ...]:
        return tuple(planned for planned in self.clients if planned.pending)

    @property
    def n_photos(self) -> int:
        return sum(len(planned.client.photos) for planned in self.clients)

    @property
    def n_views(self) -> int:
        return sum(len({p.view for p in planned.client.photos}) for planned in self.clients)

    @property
    def n_new_photos(self) -> int:
        """Photos of the clients that have something to do."""
        return sum(len(planned.client.photos) for planned in self.pending)


@dataclass(frozen=True)
class Estimate:
    """What a plan may take."""

    seconds: float
    n_bytes: int
    from_this_machine: bool
    """Whether finished clients of this batch stand behind it, or only figures of elsewhere."""


def state_settings(settings: AnalysisSettings, *, summary_only: bool) -> str:
    """What besides the files decides whether a client is done."""
    content = [FORM, METHOD_VERSION, settings.fingerprint(), summary_only]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:16]


def make_plan(
    found: Found,
    states: Mapping[str, ClientState],
    folders: Collection[str],
    *,
    settings: AnalysisSettings,
    summary_only: bool = False,
    retry_failed: bool = False,
    force: bool = False,
) -> Plan:
    """Plan a batch.

    Parameters
    ----------
    found : Found
        What lies below the root.
    states : mapping of client to ClientState
        What earlier runs have finished.
    folders : collection of str
        Folders of results that are there.
    settings : AnalysisSettings
    summary_only : bool
        No folder per client is written.
    retry_failed : bool
        Clients with failures are done again.
    force : bool
        All clients are done again.
    """
    key = state_settings(settings, summary_only=summary_only)
    clients = []
    for client in found.clients:
        state = client.state(key)
        known = states.get(client.name)
        published = known.published if known and client.name in folders else ""
        done = (
            known is not None
            and known.state == state
            and (summary_only or bool(published) or not known.published)
            and not force
            and not (retry_failed and known.n_failures)
        )
        clients.append(PlannedClient(client, state, not done, published, known is not None))
    return Plan(tuple(clients), found.failures, found.witnesses)


def estimate(
    plan: Plan,
    states: Mapping[str, ClientState],
    megapixels: float,
    workers: int,
    *,
    summary_only: bool = False,
) -> Estimate:
    """Time and disk that a plan may take; `megapixels` is the size of its photos on average."""
    n_photos = plan.n_new_photos
    seconds = n_photos * (SECONDS_PER_PHOTO + SECONDS_PER_MEGAPIXEL * megapixels)
    n_bytes = n_photos * (BYTES_PER_PHOTO + BYTES_PER_MEGAPIXEL * megapixels)
    timed = [s for s in states.values() if s.seconds > 0 and s.n_photos > 0]
    known = sum(s.n_photos for s in timed)
    if known:
        usual = known * SECONDS_PER_PHOTO + SECONDS_PER_MEGAPIXEL * sum(s.megapixels for s in timed)
        seconds *= sum(s.seconds for s in timed) / usual
        n_bytes = n_photos * sum(s.n_bytes for s in timed) / known
    if summary_only:
        n_bytes = n_photos * SUMMARY_BYTES_PER_PHOTO
    return Estimate(seconds * (1 + PUBLISH_SHARE) / max(1, workers), int(n_bytes), bool(known))
