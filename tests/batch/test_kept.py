"""What a batch keeps: the key of a view, records that come back, records that are damaged."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tracker.analysis import AnalysisSettings
from tracker.batch.found import Failure, Found, FoundClient, FoundPhoto, Kind
from tracker.batch.kept import ClientRecord, ClientState, Kept, PhotoFacts, ViewRecord, view_key
from tracker.batch.places import FolderPlace
from tracker.batch.plan import Estimate, estimate, make_plan, state_settings
from tracker.records import TimelineSettings
from tracker.records.corrections import Correction, CorrectionKind
from tracker.series import PolygonZone

PHOTOS = (("a" * 64, "1.jpg", date(2026, 1, 1)), ("b" * 64, "2.jpg", date(2026, 2, 1)))
SETTINGS = AnalysisSettings()


def key(**changes: Any) -> str:
    base: dict[str, Any] = {
        "photos": PHOTOS,
        "mm_per_px": None,
        "marker_mm": None,
        "zones": (),
        "settings": SETTINGS,
    }
    return view_key("top", **(base | changes))


def test_the_key_depends_on_what_the_numbers_depend_on() -> None:
    zone = PolygonZone("corner", "top", ((0.0, 0.0), (9.0, 0.0), (0.0, 9.0)))
    other = replace(SETTINGS, min_baseline_dots=SETTINGS.min_baseline_dots + 1)
    keys = [
        key(),
        key(photos=PHOTOS[:1]),
        key(photos=(PHOTOS[0], ("c" * 64, *PHOTOS[1][1:]))),
        key(photos=(PHOTOS[0], (PHOTOS[1][0], "3.jpg", PHOTOS[1][2]))),
        key(photos=(PHOTOS[0], (*PHOTOS[1][:2], None))),
        key(mm_per_px=0.1),
        key(marker_mm=20.0),
        key(zones=(zone,)),
        key(settings=other),
        key(corrections=(Correction(CorrectionKind.REMOVE, "1.jpg", ((3.0, 4.0),)),)),
    ]
    assert len(set(keys)) == len(keys)


def test_the_key_does_not_depend_on_what_only_names_a_stage() -> None:
    later = tuple((sha, name, date(2027, day.month, 9)) for sha, name, day in PHOTOS)
    other_view = PolygonZone("corner", "front", ((0.0, 0.0), (9.0, 0.0), (0.0, 9.0)))
    settings = replace(SETTINGS, timeline=TimelineSettings(healed_days=40))
    elsewhere = Correction(CorrectionKind.REMOVE, "9.jpg", ((3.0, 4.0),))
    assert key(corrections=(elsewhere,)) == key()
    assert key(photos=later) == key(zones=(other_view,)) == key(settings=settings) == key()


def test_the_key_depends_on_the_method(monkeypatch: pytest.MonkeyPatch) -> None:
    before = key()
    monkeypatch.setattr("tracker.analysis.METHOD_VERSION", "another")
    assert key() != before


def client_record() -> ClientRecord:
    return ClientRecord(
        client="Zoë & Co",
        state="s",
        published="p",
        facts={
            "z/1.jpg": (7, "99", PhotoFacts("a" * 64, date(2026, 1, 1), 12.5, ("note",))),
            "z/\udce9.jpg": (8, "98", PhotoFacts("", what="is gone", remedy="look")),
        },
        rows=[["1.jpg", None, 0.25]],
        failures=[Failure("Zoë & Co", "2.jpg", "top", Kind.CRASHED, "why", "what to do")],
        notes=["a note"],
        summary={"views": [], "photos": 2, "measured": 1, "version": "1"},
        seconds=2.5,
        megapixels=25.0,
        n_bytes=1000,
    )


def test_records_come_back_as_they_were(tmp_path: Path) -> None:
    kept = Kept(FolderPlace(tmp_path))
    record = client_record()
    assert kept.client(record.client) is None
    kept.put_client(record)
    assert kept.client(record.client) == record
    (path,) = FolderPlace(tmp_path).names(".smp-batch/clients")
    assert kept.state_of(path) == ("Zoë & Co", ClientState("s", "p", 1, 1, 2.5, 25.0, 1000))
    view = ViewRecord("f" * 64, ("crashed", "a", "b"), ("x.jpg",), True, 1.5, 2.5, 3, 3)
    kept.put_view(view)
    assert kept.view(view.key) == view


@pytest.mark.parametrize("cut", [1, 30, 200, 10_000])
def test_a_damaged_record_counts_as_none(tmp_path: Path, cut: int) -> None:
    kept = Kept(FolderPlace(tmp_path))
    kept.put_client(client_record())
    (path,) = (tmp_path / ".smp-batch" / "clients").glob("*/*.json")
    path.write_bytes(path.read_bytes()[:-cut])
    assert kept.client("Zoë & Co") is None
    assert kept.state_of(path.relative_to(tmp_path).as_posix()) is None


# --- the plan -------------------------------------------------------------------------------

CLIENT = FoundClient("anna", (FoundPhoto("anna/1.jpg", "1.jpg", "top", 10, "1"),))


def plan(known: ClientState | None, folders: set[str], **options: Any) -> bool:
    made = make_plan(
        Found((CLIENT,)),
        {} if known is None else {"anna": known},
        folders,
        settings=SETTINGS,
        **options,
    )
    return bool(made.pending)


def test_a_plan_does_what_is_not_done() -> None:
    state = CLIENT.state(state_settings(SETTINGS, summary_only=False))
    done = ClientState(state, "published", 0, 1, 2.0, 12.0, 10)
    assert plan(None, set())
    assert not plan(done, {"anna"})
    assert plan(done, set()), "its folder is gone"
    assert plan(replace(done, state="other"), {"anna"})
    assert plan(done, {"anna"}, force=True)
    assert plan(done, {"anna"}, summary_only=True), "another kind of results"
    assert not plan(done, {"anna"}, retry_failed=True)
    assert plan(replace(done, n_failures=1), {"anna"}, retry_failed=True)
    assert not plan(replace(done, published="", n_failures=1), set()), "a failed client has none"


def test_an_estimate_learns_from_what_was_done() -> None:
    made = make_plan(Found((CLIENT,)), {}, set(), settings=SETTINGS)
    first = estimate(made, {}, 12.0, 1)
    assert not first.from_this_machine
    slow = ClientState("x", "p", 0, 10, 1000.0, 120.0, 10_000_000)
    learnt = estimate(made, {"bert": slow}, 12.0, 1)
    assert learnt.from_this_machine
    assert learnt.seconds == pytest.approx(100 * 1.15)
    assert learnt.n_bytes == 1_000_000
    assert estimate(made, {"bert": slow}, 12.0, 2).seconds == pytest.approx(50 * 1.15)
    nothing = make_plan(Found(()), {}, set(), settings=SETTINGS)
    assert estimate(nothing, {}, 12.0, 2) == Estimate(0.0, 0, False)
