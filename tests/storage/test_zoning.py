"""Zones of a view saved as a whole, against what others did meanwhile."""

from __future__ import annotations

import pytest

from tests.storage.made_up import add_client
from tracker.records import RecordError
from tracker.series import PolygonZone
from tracker.storage.errors import ChangedMeanwhileError
from tracker.storage.rows import Kept
from tracker.storage.store import Store
from tracker.storage.zoning import DrawnZone, save_zones

CODE = "C-0001"
BOX = ((0.0, 0.0), (50.0, 0.0), (50.0, 40.0), (0.0, 40.0))
CORNER = ((60.0, 0.0), (90.0, 0.0), (90.0, 30.0))


def zones(store: Store) -> list[Kept[PolygonZone]]:
    return [kept for kept in store.zones(CODE) if kept.record.view == "top"]


def drawn(kept: Kept[PolygonZone], **changes: object) -> DrawnZone:
    values = {"id": kept.id, "name": kept.record.name, "vertices_px": kept.record.vertices_px}
    return DrawnZone(**(values | changes))  # type: ignore[arg-type]


def test_zones_are_drawn_renamed_moved_and_removed(store: Store) -> None:
    add_client(store)
    store.add_zone(CODE, PolygonZone("front corner", "front", BOX))
    saved = save_zones(store, CODE, "top", [DrawnZone(None, " left ", BOX)], [])
    assert saved.added == ("left",)
    (left,) = zones(store)
    moved = tuple((x + 5, y) for x, y in BOX)
    both = [drawn(left, name="left temple", vertices_px=moved), DrawnZone(None, "corner", CORNER)]
    saved = save_zones(store, CODE, "top", both, [left])
    assert (saved.added, saved.changed, saved.removed) == (("corner",), ("left temple",), ())
    _, left = zones(store)
    assert (left.record.name, left.record.vertices_px) == ("left temple", moved)
    saved = save_zones(store, CODE, "top", [drawn(left)], zones(store))
    assert (saved.added, saved.changed, saved.removed) == ((), (), ("corner",))
    assert [z.record.name for z in store.zones(CODE)] == ["front corner", "left temple"]
    told = [e.what for e in store.audit(CODE) if "zone" in e.what]
    assert told[-3:] == ["zone left temple", "zone corner", "zone corner"]


def test_two_zones_can_exchange_their_names(store: Store) -> None:
    add_client(store)
    save_zones(store, CODE, "top", [DrawnZone(None, "a", BOX), DrawnZone(None, "b", CORNER)], [])
    a, b = zones(store)
    save_zones(store, CODE, "top", [drawn(a, name="b"), drawn(b, name="a")], [a, b])
    assert {z.record.name: z.record.vertices_px for z in zones(store)} == {"b": BOX, "a": CORNER}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ([DrawnZone(None, "  ", BOX)], "has no name"),
        ([DrawnZone(None, "a", BOX[:2])], "has no polygon"),
        ([DrawnZone(None, "a", BOX), DrawnZone(None, "a ", CORNER)], "is there twice"),
        ([DrawnZone(None, "a" * 61, BOX)], "too long a name"),
    ],
)
def test_a_wrong_zone_saves_nothing(store: Store, wrong: list[DrawnZone], words: str) -> None:
    add_client(store)
    with pytest.raises(RecordError, match=words):
        save_zones(store, CODE, "top", wrong, [])
    assert zones(store) == []


def test_what_somebody_else_drew_meanwhile_is_not_overwritten(store: Store) -> None:
    add_client(store)
    save_zones(store, CODE, "top", [DrawnZone(None, "a", BOX)], [])
    seen = zones(store)
    save_zones(store, CODE, "top", [drawn(seen[0], vertices_px=CORNER)], seen)
    with pytest.raises(ChangedMeanwhileError):
        save_zones(store, CODE, "top", [], seen)
    assert len(zones(store)) == 1
