"""Made-up series for the tests of progress: fades and days are stated, nothing is measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from tests import factories
from tracker.measure.results import Estimate
from tracker.records.timeline import days_since_session, stage_of
from tracker.series import PhotoMeasures, SeriesAnalysis, Session, Status

START = date(2026, 1, 10)


def day(number: int) -> date:
    """A day counted from the baseline's."""
    return START + timedelta(days=number)


def sessions_on(days: Sequence[int], **fields: object) -> tuple[Session, ...]:
    """Sessions on these days, alike but for the date."""
    base = {"method": "Q-switched Nd:YAG 1064 nm"} | fields
    return tuple(Session(date=day(n), **base) for n in days)  # type: ignore[arg-type]


def photo_of(
    number: int, fade: float, sessions: Sequence[Session], *, half: float = 0.04, zone: float = 0.2
) -> PhotoMeasures:
    """A measured photo on a day; its two zones fade by `zone` less and more than the whole."""
    template = factories.make_photo_measures(1 if number else 0)
    whole = factories.make_zone_measures("all", fade, 150)

    def estimated(value: float) -> Estimate:
        return Estimate(value, value - half, value + half, 150, "fraction")

    zones = tuple(
        replace(factories.make_zone_measures(name, fade * share, 75), fade=estimated(fade * share))
        for name, share in zip(factories.ZONES, (1 - zone, 1 + zone), strict=True)
    )
    on = day(number)
    return replace(
        template,
        photo=f"{on.isoformat()}_top.jpg",
        captured_on=on,
        days_since_baseline=number,
        days_since_session=days_since_session(on, sessions),
        stage=stage_of(on, sessions),
        status=Status.MEASURED if number else Status.BASELINE,
        whole=replace(whole, fade=estimated(fade) if number else whole.fade),
        zones=zones,
    )


def series(
    fades: Sequence[tuple[int, float]],
    session_days: Sequence[int],
    *,
    half: float = 0.04,
    zone: float = 0.2,
    **fields: object,
) -> SeriesAnalysis:
    """A series with photos on (day, fade) after the baseline, and sessions on days."""
    sessions = sessions_on(session_days, **fields)
    photos = [photo_of(0, 0.0, sessions)]
    photos += [photo_of(n, fade, sessions, half=half, zone=zone) for n, fade in fades]
    view = replace(factories.make_view(), baseline=photos[0].photo, photos=tuple(photos))
    return replace(factories.make_analysis(refused=()), views=(view,), sessions=sessions)
