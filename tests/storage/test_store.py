"""Records come back as they were put; changes are checked, counted and noted. On both databases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tracker.records import (
    ClientRecord,
    ConsentLevel,
    ConsentRecord,
    Goal,
    MedicalFlag,
    NoteRecord,
    PigmentKind,
    RecordError,
    SessionKind,
    SessionRecord,
    TreatmentPlan,
)
from tracker.series import PolygonZone
from tracker.storage.errors import ChangedMeanwhileError, NotThereError, StoreError
from tracker.storage.store import Store

CLIENT = ClientRecord(
    code="C-0007",
    name="Zoë O'Neil",
    birth_year=1979,
    skin_type="IV",
    hair="dark, shaved daily",
    skin="sensitive",
    smp_date=date(2024, 5, 1),
    pigment=PigmentKind.IRON_OXIDE,
    flags=(MedicalFlag.ISOTRETINOIN, MedicalFlag.RECENT_SUN),
)
PLAN = TreatmentPlan(
    goal=Goal.CORRECTION,
    target=0.95,
    zones=("hairline", "left temple"),
    method="picosecond",
    spacing_days=42,
    price=1600.5,
    currency="EUR",
    mm_per_px=0.08,
    marker_mm=20.0,
)
SESSION = SessionRecord(
    date=date(2026, 3, 2),
    kind=SessionKind.TREATMENT,
    method="Q-switched Nd:YAG",
    device="Device 3",
    wavelength_nm=1064.0,
    fluence_j_cm2=4.5,
    spot_mm=6.0,
    passes=2,
    zones=("hairline",),
    pain=4,
    cost=400.0,
    currency="USD",
    operator="M.",
    notes="calm",
)
ZONE = PolygonZone("corner", "front", ((120.5, 80.0), (420.0, 90.0), (300.0, 300.25)))


def test_every_record_comes_back_as_it_was(store: Store, open_again: Callable[[], Store]) -> None:
    store.add_client(CLIENT)
    store.save_plan("C-0007", PLAN, None)
    store.add_session("C-0007", SESSION)
    store.add_zone("C-0007", ZONE)
    store.add_consent("C-0007", ConsentRecord(ConsentLevel.PUBLICATION, date(2026, 1, 2)))
    store.add_note("C-0007", NoteRecord(date(2026, 1, 3), "called; all well"))
    again = open_again()
    assert again.client("C-0007").record == CLIENT
    plan = again.plan("C-0007")
    assert plan is not None
    assert plan.record == PLAN
    assert [kept.record for kept in again.sessions("C-0007")] == [SESSION]
    assert [kept.record for kept in again.zones("C-0007")] == [ZONE]
    (consent,) = again.consents("C-0007")
    assert consent.record == ConsentRecord(ConsentLevel.PUBLICATION, date(2026, 1, 2))
    (note,) = again.notes("C-0007")
    assert note.record == NoteRecord(date(2026, 1, 3), "called; all well")


def test_codes_are_given_out_and_taken_once(store: Store) -> None:
    assert store.add_client(ClientRecord("")).record.code == "C-0001"
    store.add_client(ClientRecord("C-0041"))
    store.add_client(ClientRecord("anna"))
    assert store.add_client(ClientRecord("")).record.code == "C-0042"
    with pytest.raises(StoreError, match="client anna: is there already"):
        store.add_client(ClientRecord("anna"))
    assert [c.record.code for c in store.clients()] == ["C-0001", "C-0041", "C-0042", "anna"]


def test_what_the_rules_refuse_changes_nothing(store: Store) -> None:
    kept = store.add_client(CLIENT)
    store.add_session("C-0007", SESSION)
    with pytest.raises(RecordError, match="skin type"):
        store.change_client(replace(kept, record=replace(CLIENT, skin_type="X")))
    with pytest.raises(RecordError, match="lies after a session or photo"):
        store.change_client(replace(kept, record=replace(CLIENT, smp_date=date(2026, 5, 1))))
    with pytest.raises(RecordError, match="there is one already on that day"):
        store.add_session("C-0007", replace(SESSION, notes="again"))
    with pytest.raises(RecordError, match="price"):
        store.save_plan("C-0007", replace(PLAN, price=-1.0), None)
    store.add_zone("C-0007", ZONE)
    with pytest.raises(StoreError, match="zone `corner`: is there already"):
        store.add_zone("C-0007", ZONE)
    assert store.client("C-0007") == kept
    assert [k.record for k in store.sessions("C-0007")] == [SESSION]
    assert store.plan("C-0007") is None


def test_editing_and_removing(store: Store) -> None:
    store.add_client(CLIENT)
    kept, warnings = store.add_session("C-0007", SESSION)
    assert warnings == []
    later = replace(SESSION, date=date(2026, 3, 20))
    (warning,) = store.add_session("C-0007", later)[1]
    assert "18 days from the session of 2026-03-02" in warning
    store.change_session(replace(kept, record=replace(SESSION, pain=7)))
    code, now = store.session(kept.id)
    assert (code, now.version, now.record.pain) == ("C-0007", 2, 7)
    store.remove_session(now)
    assert [k.record for k in store.sessions("C-0007")] == [later]
    zone = store.add_zone("C-0007", ZONE)
    redrawn = replace(ZONE, vertices_px=((0.0, 0.0), (9.0, 0.0), (9.0, 9.0)))
    store.change_zone("C-0007", replace(zone, record=redrawn))
    assert [k.record for k in store.zones("C-0007")] == [redrawn]
    consent = store.add_consent("C-0007", ConsentRecord(ConsentLevel.CARE, date(2026, 1, 2)))
    store.withdraw_consent("C-0007", consent, date(2026, 2, 2))
    assert store.consents("C-0007")[0].record.withdrawn_on == date(2026, 2, 2)


def test_what_is_not_there_is_named(store: Store) -> None:
    with pytest.raises(NotThereError, match="client nobody: is not there"):
        store.client("nobody")
    with pytest.raises(NotThereError, match="client nobody: is not there"):
        store.add_session("nobody", SESSION)
    with pytest.raises(NotThereError, match="session 99: is not there"):
        store.session(99)
    with pytest.raises(NotThereError, match="photo 99: is not there"):
        store.photo(99)


def test_two_people_editing_one_client(store: Store, open_again: Callable[[], Store]) -> None:
    store.add_client(CLIENT)
    other = open_again()
    mine, theirs = store.client("C-0007"), other.client("C-0007")
    other.change_client(replace(theirs, record=replace(CLIENT, hair="grown")))
    with pytest.raises(ChangedMeanwhileError, match="client C-0007: changed meanwhile"):
        store.change_client(replace(mine, record=replace(CLIENT, skin="dry")))
    assert store.client("C-0007").record.hair == "grown"
    assert store.client("C-0007").record.skin == "sensitive"
    seen = store.client("C-0007")
    store.change_client(replace(seen, record=replace(seen.record, skin="dry")))
    assert store.client("C-0007").version == 3


def test_changed_meanwhile_on_plan_session_and_removal(
    store: Store, open_again: Callable[[], Store]
) -> None:
    store.add_client(CLIENT)
    other = open_again()
    store.save_plan("C-0007", PLAN, None)
    with pytest.raises(ChangedMeanwhileError, match="plan of C-0007"):
        other.save_plan("C-0007", replace(PLAN, price=1.0), None)
    seen = other.plan("C-0007")
    store.save_plan("C-0007", replace(PLAN, price=2.0), store.plan("C-0007"))
    with pytest.raises(ChangedMeanwhileError):
        other.save_plan("C-0007", replace(PLAN, price=3.0), seen)
    plan = store.plan("C-0007")
    assert plan is not None
    assert plan.record.price == 2.0
    kept, _ = store.add_session("C-0007", SESSION)
    store.change_session(replace(kept, record=replace(SESSION, pain=9)))
    with pytest.raises(ChangedMeanwhileError, match="session of 2026-03-02"):
        other.change_session(replace(kept, record=replace(SESSION, pain=1)))
    with pytest.raises(ChangedMeanwhileError, match="session of 2026-03-02"):
        other.remove_session(kept)
    assert store.sessions("C-0007")[0].record.pain == 9


def test_the_audit_says_who_did_what(store: Store) -> None:
    kept = store.add_client(CLIENT)
    store.change_client(replace(kept, record=replace(CLIENT, hair="x")))
    store.add_client(ClientRecord("other"))
    store.add_session("C-0007", SESSION)
    entries = store.audit("C-0007")
    assert [(e.action, e.what) for e in entries] == [
        ("add", "client C-0007"),
        ("change", "client C-0007"),
        ("add", "session of 2026-03-02"),
    ]
    assert {(e.actor, e.client) for e in entries} == {("tester", "C-0007")}
    assert entries[0].at.isoformat() == "2026-09-01T12:00:00"
    assert [e.client for e in store.audit()] == ["C-0007", "C-0007", "other", "C-0007"]
    assert not any("Neil" in e.what for e in store.audit())


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text(max_size=60),
    cost=st.none() | st.floats(0, 1e6),
    zones=st.lists(st.text(max_size=9)),
)
def test_what_is_stored_comes_back(
    store: Store, text: str, cost: float | None, zones: list[str]
) -> None:
    client = store.add_client(ClientRecord(""))
    session = replace(SESSION, notes=text, cost=cost, zones=tuple(zones), date=date(2026, 3, 2))
    if any("\0" in word for word in (text, *zones)):
        with pytest.raises(StoreError, match="cannot be kept"):
            store.add_session(client.record.code, session)
        assert store.sessions(client.record.code) == []
        return
    store.add_session(client.record.code, session)
    (kept,) = store.sessions(client.record.code)
    assert kept.record == session


def test_half_a_character_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match="cannot be kept"):
        store.add_client(ClientRecord("C-1", name="\ud800"))
    assert store.clients() == []
