"""Which consent allows which export, with expiry and withdrawal."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from tracker.records import ConsentLevel, ConsentRecord, RecordError, rules
from tracker.records.consents import Purpose, check_purpose, require_purpose

GIVEN = date(2026, 1, 10)
ON = date(2026, 6, 1)


def consent(level: ConsentLevel, **changes: object) -> ConsentRecord:
    return replace(ConsentRecord(level, GIVEN), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("level", "allowed"),
    [
        (ConsentLevel.RECORD, {"record"}),
        (ConsentLevel.RESEARCH, {"record"}),
        (ConsentLevel.TEACHING, {"record", "teaching"}),
        (ConsentLevel.PUBLICATION, {"record", "teaching", "publication"}),
    ],
)
def test_each_level_covers_the_narrower_ones(level: ConsentLevel, allowed: set[str]) -> None:
    found = {p.value for p in Purpose if check_purpose([consent(level)], p, on=ON).allowed}
    assert found == allowed


@pytest.mark.parametrize(
    ("consents", "reason"),
    [
        ([], "no consent to publication is on record"),
        ([consent(ConsentLevel.TEACHING)], "no consent to publication is on record"),
        (
            [consent(ConsentLevel.PUBLICATION, withdrawn_on=date(2026, 3, 1))],
            "the consent to publication was withdrawn on 2026-03-01",
        ),
        (
            [consent(ConsentLevel.PUBLICATION, expires_on=ON)],
            "the consent to publication expired on 2026-06-01",
        ),
        (
            [ConsentRecord(ConsentLevel.PUBLICATION, ON + timedelta(days=1))],
            "holds from 2026-06-02 on only",
        ),
    ],
)
def test_a_refusal_says_why(consents: list[ConsentRecord], reason: str) -> None:
    found = check_purpose(consents, Purpose.PUBLICATION, on=ON)
    assert not found.allowed
    assert reason in found.reason
    with pytest.raises(RecordError, match="may not be exported for publication"):
        require_purpose("C-0001", consents, Purpose.PUBLICATION, on=ON)


def test_the_last_day_before_expiry_still_counts() -> None:
    made = consent(ConsentLevel.PUBLICATION, expires_on=ON)
    assert check_purpose([made], Purpose.PUBLICATION, on=ON - timedelta(days=1)).consent == made


def test_a_withdrawal_takes_earlier_consents_of_its_level_with_it() -> None:
    twice = [
        consent(ConsentLevel.TEACHING),
        consent(ConsentLevel.TEACHING, withdrawn_on=date(2026, 3, 1)),
    ]
    assert not check_purpose(twice, Purpose.TEACHING, on=ON).allowed
    anew = [*twice, ConsentRecord(ConsentLevel.TEACHING, date(2026, 4, 1))]
    assert check_purpose(anew, Purpose.TEACHING, on=ON).allowed


def test_an_expiry_must_come_after_the_day_it_was_given() -> None:
    with pytest.raises(RecordError, match="not after it was given"):
        rules.check_consent(consent(ConsentLevel.RECORD, expires_on=GIVEN), "C-0001", today=ON)


def test_stores_of_earlier_versions_say_care() -> None:
    assert ConsentLevel("care") is ConsentLevel.RECORD
