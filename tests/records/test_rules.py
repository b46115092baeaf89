"""What may be kept: every refusal with its line, every warning, and what passes."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.records import (
    ClientRecord,
    ConsentLevel,
    ConsentRecord,
    DateSource,
    NoteRecord,
    PhotoRecord,
    RecordError,
    SessionKind,
    SessionRecord,
    TreatmentPlan,
    rules,
)
from tracker.series import PolygonZone

TODAY = date(2026, 9, 1)
CLIENT = ClientRecord("C-0001", smp_date=date(2025, 5, 1), birth_year=1980)
DAY = date(2026, 3, 2)
SESSION = SessionRecord(DAY, zones=("hairline",))
PHOTO = PhotoRecord("a.jpg", "0" * 64, captured_on=DAY, date_source=DateSource.CAMERA)


@pytest.mark.parametrize("code", ["C-0001", "a", "x.y_z-9", "7" * 40])
def test_a_code_is_a_pseudonym(code: str) -> None:
    rules.check_code(code)


@pytest.mark.parametrize("code", ["", "Anna Smith", "Zoë", "-a", "a-", "../x", "7" * 41, "a\nb"])
def test_a_name_is_no_code(code: str) -> None:
    with pytest.raises(RecordError, match="pseudonym"):
        rules.check_code(code)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"smp_date": TODAY + timedelta(days=1)}, "SMP date 2026-09-02 lies in the future"),
        ({"smp_date": date(202, 5, 1)}, "too long ago"),
        ({"birth_year": 2027}, "birth year is 2027"),
        ({"birth_year": 1900}, "birth year is 1900"),
        ({"birth_year": 2026}, "lies before the birth year"),
        ({"skin_type": "VII"}, "give one of I, II"),
    ],
)
def test_a_client_that_cannot_be(changes: dict[str, object], what: str) -> None:
    with pytest.raises(RecordError, match=what):
        rules.check_client(replace(CLIENT, **changes), today=TODAY)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"date": TODAY + timedelta(days=1)}, "date 2026-09-02 lies in the future"),
        ({"date": date(2025, 4, 30)}, "lies before the SMP of 2025-05-01"),
        ({"wavelength_nm": 5.0}, "wavelength_nm is 5; plausible is 400 to 11000 nm"),
        ({"wavelength_nm": math.nan}, "wavelength_nm is nan"),
        ({"fluence_j_cm2": 400.0}, "fluence_j_cm2 is 400; plausible is 0.1 to 30"),
        ({"spot_mm": 0.0}, "spot_mm is 0"),
        ({"passes": 0}, "passes is 0"),
        ({"pain": 11}, "pain is 11; plausible is 0 to 10"),
        ({"cost": -1.0}, "cost is -1"),
    ],
)
def test_a_session_that_cannot_be(changes: dict[str, object], what: str) -> None:
    with pytest.raises(RecordError, match=what):
        rules.check_session(replace(SESSION, **changes), CLIENT, [], today=TODAY)


@pytest.mark.parametrize(
    ("zones", "other_zones"),
    [(("hairline",), ("Hairline ", "crown")), ((), ("crown",)), (("crown",), ()), ((), ())],
)
def test_two_sessions_on_one_day_on_the_same_skin(
    zones: tuple[str, ...], other_zones: tuple[str, ...]
) -> None:
    other = SessionRecord(DAY, zones=other_zones)
    with pytest.raises(RecordError, match="there is one already on that day"):
        rules.check_session(replace(SESSION, zones=zones), CLIENT, [other], today=TODAY)


def test_one_day_may_hold_two_zones_and_a_patch_test() -> None:
    crown = SessionRecord(DAY, zones=("crown",))
    test = SessionRecord(DAY, kind=SessionKind.PATCH_TEST, zones=("hairline",))
    assert rules.check_sessions([SESSION, crown, test], CLIENT, today=TODAY) == []


@pytest.mark.parametrize(("days", "warns"), [(27, True), (28, False), (-27, True), (-28, False)])
def test_less_than_four_weeks_is_warned_of_before_and_after(days: int, warns: bool) -> None:
    other = SessionRecord(DAY + timedelta(days=days))
    said = rules.check_session(SESSION, CLIENT, [other], today=TODAY)
    assert [("27 days from the session of" in line) for line in said] == [True] * warns


def test_spacing_is_counted_on_the_same_skin_only() -> None:
    crown = SessionRecord(DAY + timedelta(days=7), zones=("crown",))
    patch = SessionRecord(DAY - timedelta(days=7), kind=SessionKind.PATCH_TEST)
    assert rules.check_session(SESSION, CLIENT, [crown, patch], today=TODAY) == []


def test_plan() -> None:
    with pytest.raises(RecordError, match="price is -5"):
        rules.check_plan(TreatmentPlan(price=-5.0), "C-0001")
    with pytest.raises(RecordError, match="target is 50"):
        rules.check_plan(TreatmentPlan(target=50.0), "C-0001")
    (warning,) = rules.check_plan(TreatmentPlan(spacing_days=21), "C-0001")
    assert "sessions every 21 days" in warning
    assert rules.check_plan(TreatmentPlan(spacing_days=42, price=0.0), "C-0001") == []


def test_photo_dates() -> None:
    def check(day: date | None) -> list[str]:
        return rules.check_photo(replace(PHOTO, captured_on=day), CLIENT, today=TODAY)

    assert check(DAY) == []
    assert check(TODAY + timedelta(days=1)) == []  # another time zone
    with pytest.raises(RecordError, match="lies in the future"):
        check(TODAY + timedelta(days=2))
    with pytest.raises(RecordError, match="before the SMP of 2025-05-01"):
        check(date(2025, 4, 30))
    assert "has no date" in check(None)[0]
    assert "41 days after the SMP" in check(date(2025, 6, 11))[0]
    assert check(date(2025, 6, 12)) == []
    with pytest.raises(RecordError, match="mm_per_px is -1"):
        rules.check_photo(replace(PHOTO, mm_per_px=-1.0), CLIENT, today=TODAY)


def test_smp_date_against_what_is_kept() -> None:
    rules.check_smp_date(CLIENT, [SESSION], [PHOTO])
    late = replace(CLIENT, smp_date=DAY + timedelta(days=1))
    with pytest.raises(RecordError, match="lies after a session or photo of 2026-03-02"):
        rules.check_smp_date(late, [SESSION], [])
    with pytest.raises(RecordError, match="lies after a session or photo"):
        rules.check_smp_date(late, [], [PHOTO])


def test_consent() -> None:
    consent = ConsentRecord(ConsentLevel.RESEARCH, DAY)
    rules.check_consent(consent, "C-0001", today=TODAY)
    assert consent.in_force(DAY)
    assert not consent.in_force(DAY - timedelta(days=1))
    withdrawn = replace(consent, withdrawn_on=DAY + timedelta(days=10))
    assert withdrawn.in_force(DAY + timedelta(days=9))
    assert not withdrawn.in_force(DAY + timedelta(days=10))
    with pytest.raises(RecordError, match="before it was given"):
        rules.check_consent(
            replace(consent, withdrawn_on=DAY - timedelta(days=1)), "C-0001", today=TODAY
        )
    with pytest.raises(RecordError, match="future"):
        rules.check_consent(consent, "C-0001", today=DAY - timedelta(days=1))


def test_notes_and_zones() -> None:
    with pytest.raises(RecordError, match="is empty"):
        rules.check_note(NoteRecord(DAY, " "), "C-0001", today=TODAY)
    with pytest.raises(RecordError, match="has no polygon"):
        rules.check_zone(PolygonZone("corner", "top", ((0.0, 0.0), (1.0, 1.0))))
    with pytest.raises(RecordError, match="has no name"):
        rules.check_zone(PolygonZone(" ", "top", ((0.0, 0.0), (1.0, 1.0), (0.0, 1.0))))
    rules.check_zone(PolygonZone("corner", "top", ((0.0, 0.0), (1.0, 1.0), (0.0, 1.0))))


def test_a_patch_test_is_no_session_of_the_timeline_but_has_all_its_fields() -> None:
    session = SessionRecord(
        DAY, method="QS", wavelength_nm=1064.0, zones=("crown",), cost=400.0, passes=2, pain=4
    ).as_session()
    assert (session.date, session.method, session.zones, session.pain) == (DAY, "QS", ("crown",), 4)


@given(st.lists(st.dates(date(2025, 6, 1), TODAY), max_size=8))
def test_a_refusal_never_depends_on_the_order(days: list[date]) -> None:
    sessions = [SessionRecord(day) for day in days]

    def refused(order: list[SessionRecord]) -> bool:
        try:
            rules.check_sessions(order, CLIENT, today=TODAY)
        except RecordError:
            return True
        return False

    assert refused(sessions) == refused(sessions[::-1]) == (len(set(days)) < len(days))


@given(st.text(max_size=60))
def test_every_refusal_is_one_line(text: str) -> None:
    said = ""
    try:
        rules.check_client(ClientRecord(text), today=TODAY)
    except RecordError as error:
        said = str(error)
    assert len(said.splitlines()) == (0 if re.fullmatch(rules.CODE_PATTERN, text) else 1)
