"""Rendered clients: several views over months of removal, as a clinic would keep them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from tracker.rendering.presets import CLINIC, PHONE, PRESETS, Conditions, photo_specs
from tracker.rendering.spec import PhotoSpec, SeriesSpec, View
from tracker.series import Session

SKIN_TYPE_NAMES = ("I", "II", "III", "IV", "V", "VI")


@dataclass(frozen=True)
class ViewSpec:
    """The photos of one view and the days they were taken; `expected` names a refusal's reason."""

    series: SeriesSpec
    days: tuple[date, ...]
    expected_refusals: tuple[tuple[int, str], ...] = ()

    def __post_init__(self) -> None:
        if len(self.days) != len(self.series.photos):
            raise ValueError(
                f"days must hold one day per photo ({len(self.series.photos)}), "
                f"got {len(self.days)}"
            )


@dataclass(frozen=True)
class ClientSpec:
    """A client's folder before it is rendered."""

    name: str
    goal: str
    target: float
    skin_type: int
    smp_date: date
    sessions: tuple[Session, ...]
    views: tuple[ViewSpec, ...]

    @property
    def mm_per_px(self) -> float:
        """Scale of the baselines: at distance 450 mm and zoom 1 the same for all views."""
        return 1 / self.views[0].series.px_per_mm


def _sessions(
    first: date, count: int, *, gap_days: int, method: str, seed: int
) -> tuple[Session, ...]:
    rng = np.random.default_rng([seed, 71])
    wavelength = 1064.0 if "1064" in method else 755.0
    return tuple(
        Session(
            date=first + timedelta(days=gap_days * i),
            method=method,
            device="rendered laser",
            wavelength_nm=wavelength,
            fluence_j_cm2=round(float(3.0 + 0.4 * i + rng.uniform(-0.2, 0.2)), 1),
            spot_mm=6.0,
            cost=float(350 + 10 * rng.integers(0, 6)),
            currency="EUR",
            pain=int(rng.integers(3, 7)),
        )
        for i in range(count)
    )


def _steady(photos: Sequence[PhotoSpec]) -> tuple[PhotoSpec, ...]:
    """The baseline is taken at the series' own scale, so that one figure holds for all views."""
    first = replace(photos[0], distance_mm=450.0, zoom=1.0)
    return (first, *photos[1:])


def _view(
    seed: int,
    base: SeriesSpec,
    view: View,
    history: Sequence[float],
    conditions: Conditions,
    days: Sequence[date],
) -> ViewSpec:
    rng = np.random.default_rng([seed, *view.encode()])
    photos = [
        replace(photo, jpeg_quality=min(photo.jpeg_quality, 88))
        for photo in photo_specs(rng, history, conditions)
    ]
    spec = replace(base, seed=seed + 101 * sum(view.encode()), view=view, photos=_steady(photos))
    return ViewSpec(spec, tuple(days))


def _change(view: ViewSpec, index: int, **changes: object) -> ViewSpec:
    photos = list(view.series.photos)
    photos[index] = replace(photos[index], **changes)  # type: ignore[arg-type]
    return replace(view, series=replace(view.series, photos=tuple(photos)))


def _refuse(view: ViewSpec, index: int, reason: str, **changes: object) -> ViewSpec:
    changed = _change(view, index, **changes)
    return replace(changed, expected_refusals=(*view.expected_refusals, (index, reason)))


def random_client(
    seed: int, *, preset: str = "clinic", views: Sequence[View] = ("top",), n_photos: int = 5
) -> ClientSpec:
    """A client drawn from a preset: sessions every six weeks, a healed photo after each.

    Raises
    ------
    ValueError
        If the preset or a view is unknown, or `n_photos` is below 1.
    """
    if preset not in PRESETS:
        raise ValueError(f"preset must be one of {', '.join(PRESETS)}; got {preset!r}")
    if n_photos < 1:
        raise ValueError(f"n_photos must be at least 1, got {n_photos}")
    if not views:
        raise ValueError("views must name at least one view")
    rng = np.random.default_rng([seed, 19])
    base, conditions = PRESETS[preset](rng)
    first = date(2026, 1, 5) + timedelta(days=int(rng.integers(0, 40)))
    sessions = _sessions(
        first + timedelta(days=2),
        n_photos - 1,
        gap_days=42,
        method="Q-switched Nd:YAG 1064 nm",
        seed=seed,
    )
    # the published course: 20-40 % after the first session, then diminishing steps
    steps = rng.uniform(0.24, 0.40) * np.power(rng.uniform(0.80, 0.92), np.arange(n_photos - 1))
    history = [0.0, *(1 - np.cumprod(1 - steps)).tolist()]
    days = [first, *(session.date + timedelta(days=40) for session in sessions)]
    return ClientSpec(
        f"rendered-{seed:03d}",
        "full removal",
        0.95,
        base.skin_type,
        first - timedelta(days=900),
        sessions,
        tuple(_view(seed, base, view, history, conditions, days) for view in views),
    )


def sample_clients() -> tuple[ClientSpec, ...]:
    """The three clients of `sample_images/`."""
    return (_full_removal(), _soft_fade(), _difficult())


def _full_removal() -> ClientSpec:
    sessions = _sessions(
        date(2026, 1, 19), 5, gap_days=42, method="Q-switched Nd:YAG 1064 nm", seed=1
    )
    days = [date(2026, 1, 14), *(session.date + timedelta(days=40) for session in sessions)]
    history = (0.0, 0.31, 0.55, 0.71, 0.82, 0.89)
    base = SeriesSpec(
        width_px=1400,
        height_px=1400,
        px_per_mm=9.0,
        skin_type=2,
        treated="scalp",
        dots_per_cm2=85,
        dot_diameter_mm=0.42,
        peak_density=0.55,
        hair_share_in_treated=0.12,
        hairs_per_cm2=190,
        ghosting=0.08,
    )
    wide = replace(base, width_px=1500, height_px=1800)
    close = replace(base, width_px=1400, height_px=900)
    top = _view(11, wide, "top", history, CLINIC, days)
    front = _view(11, close, "front", history[:5], CLINIC, days[:5])
    return ClientSpec(
        "client-01-full-removal", "full removal", 0.95, 2, date(2023, 6, 2), sessions, (top, front)
    )


def _soft_fade() -> ClientSpec:
    sessions = _sessions(date(2026, 3, 4), 3, gap_days=42, method="picosecond 755 nm", seed=2)
    unhealed = sessions[1].date + timedelta(days=10)
    days = [date(2026, 2, 27), *(session.date + timedelta(days=41) for session in sessions)]
    base = SeriesSpec(
        width_px=1400,
        height_px=1400,
        px_per_mm=11.0,
        skin_type=4,
        treated="scalp",
        dots_per_cm2=85,
        dot_diameter_mm=0.38,
        hair_colour="black",
        hair_share_in_treated=0.2,
        zone_response=(("crown", 0.35), ("left temple", 0.6)),
        edge_softness_mm=3.0,
        grey_share=0.03,
    )
    crown_days = [*days[:2], unhealed, *days[2:]]
    crown = _view(22, base, "crown", (0.0, 0.27, 0.38, 0.44, 0.53), CLINIC, crown_days)
    crown = _change(crown, 2, redness=0.10, crust_share=0.3, stubble_mm=2.2)
    late = sessions[-1].date + timedelta(days=84)
    close = replace(base, height_px=1000)
    front = _view(22, close, "front", (0.0, 0.29, 0.46, 0.56, 0.57), CLINIC, [*days, late])
    return ClientSpec(
        "client-02-soft-fade", "soft fade", 0.5, 4, date(2022, 11, 21), sessions, (crown, front)
    )


def _difficult() -> ClientSpec:
    sessions = _sessions(
        date(2026, 2, 11), 4, gap_days=42, method="Q-switched Nd:YAG 1064 nm", seed=3
    )
    days = [date(2026, 2, 8), *(session.date + timedelta(days=39) for session in sessions)]
    check_in = sessions[2].date + timedelta(days=35)
    base = SeriesSpec(
        width_px=1400,
        height_px=1400,
        px_per_mm=11.0,
        skin_type=3,
        texture=1.5,
        treated="scalp",
        dots_per_cm2=105,
        dot_diameter_mm=0.42,
        merged_share=0.15,
        hair_share_in_treated=0.5,
        hair_colour="black",
        grey_share=0.15,
        ghosting=0.3,
        darkening_share=0.04,
    )
    history = (0.0, 0.22, 0.41, 0.50, 0.52, 0.58)
    top = _view(33, base, "top", history, PHONE, [*days[:4], check_in, days[4]])
    top = replace(top, days=tuple(sorted(top.days)))
    blurred = 3
    top = _refuse(top, blurred, "blurred", defocus_px=7.0, motion_px=26.0, motion_deg=30.0)
    close = replace(base, height_px=1000)
    front = _view(33, close, "front", (0.0, 0.24, 0.43, 0.51, 0.59), PHONE, days)
    front = _refuse(front, 3, "another person", other_person=True)
    return ClientSpec(
        "client-03-difficult", "full removal", 0.9, 3, date(2021, 4, 12), sessions, (top, front)
    )
