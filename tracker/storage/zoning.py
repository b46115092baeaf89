"""The zones of one view, drawn anew as a whole: what is new, changed or gone is kept at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tracker.records import RecordError, rules
from tracker.series import PolygonZone
from tracker.storage.errors import ChangedMeanwhileError
from tracker.storage.rows import Kept
from tracker.storage.statements import delete, insert, lock_client, select, update
from tracker.storage.store import Store

LONGEST_NAME = 60


@dataclass(frozen=True)
class DrawnZone:
    """A zone as it was drawn; `id` is that of the kept zone it was, None for a new one."""

    id: int | None
    name: str
    vertices_px: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class ZonesSaved:
    """Names of the zones that were added, changed and removed."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]


def save_zones(
    store: Store,
    code: str,
    view: str,
    drawn: Sequence[DrawnZone],
    seen: Sequence[Kept[PolygonZone]],
) -> ZonesSaved:
    """Make a view's zones what was drawn: all of it, or nothing.

    Parameters
    ----------
    store : Store
    code : str
        The client.
    view : str
        The view whose baseline they were drawn on.
    drawn : sequence of DrawnZone
    seen : sequence of Kept
        The view's zones as they were when drawing began.

    Raises
    ------
    RecordError
        If a zone has no name, no polygon, or another one's name.
    ChangedMeanwhileError
        If somebody else changed the zones meanwhile.
    """
    zones = {
        number: PolygonZone(one.name.strip(), view, one.vertices_px)
        for number, one in enumerate(drawn)
    }
    names = [zone.name for zone in zones.values()]
    for zone in zones.values():
        rules.check_zone(zone)
        if len(zone.name) > LONGEST_NAME:
            raise RecordError(
                f"zone `{zone.name[:20]}...`", "has too long a name", "give a short one"
            )
        if names.count(zone.name) > 1:
            raise RecordError(f"zone `{zone.name}`", "is there twice", "give each its own name")
    added, changed, removed = [], [], []
    with store.writing() as connection:
        client_id = lock_client(connection, code).id
        now = {k.id: k for k in select(connection, PolygonZone, client_id) if k.record.view == view}
        if {k: v.version for k, v in now.items()} != {k.id: k.version for k in seen}:
            raise ChangedMeanwhileError(f"zones of {code}")
        kept_ids = {one.id for one in drawn}
        for gone in (k for k in now.values() if k.id not in kept_ids):
            delete(connection, gone, f"zone {gone.record.name}")
            store.note_in_audit(connection, client_id, "remove", f"zone {gone.record.name}")
            removed.append(gone.record.name)
        moved = {
            one.id: zones[number]
            for number, one in enumerate(drawn)
            if one.id in now and now[one.id].record != zones[number]
        }
        # Two zones may exchange names: for a moment each has one that nobody types.
        for number, zone in moved.items():
            if zone.name != now[number].record.name:
                aside = replace(now[number].record, name=f"\u2060{number}")
                now[number] = update(connection, replace(now[number], record=aside), "zone")
        for number, zone in moved.items():
            update(connection, replace(now[number], record=zone), f"zone {zone.name}")
            store.note_in_audit(connection, client_id, "change", f"zone {zone.name}")
            changed.append(zone.name)
        for number, one in enumerate(drawn):
            if one.id not in now:
                insert(connection, zones[number], client_id)
                store.note_in_audit(connection, client_id, "add", f"zone {zones[number].name}")
                added.append(zones[number].name)
    return ZonesSaved(tuple(added), tuple(changed), tuple(removed))
