"""A made-up `SeriesAnalysis` whose numbers are known, for everything that shows or writes one.

One scalp patch with a grid of dots, photographed four times from slightly other places; the
share of pigment left in each photo is stated below. No measuring happens here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from tracker.measure.luminance import FloatArray
from tracker.measure.quality import PhotoQuality
from tracker.measure.results import Dots, Estimate, Fate, Kind
from tracker.series import (
    DotSeries,
    PhotoMeasures,
    SeriesAnalysis,
    SeriesPhoto,
    Session,
    Stage,
    Status,
    ViewAnalysis,
    ZoneMeasures,
)

SHAPE = (300, 400)
BASELINE_DAY = date(2026, 1, 10)
FADES = (0.0, 0.30, 0.52, 0.71)
"""Share of the pigment gone in each photo of the made-up series."""
PHOTO_DAYS = (0, 47, 96, 145)
SESSION_DAYS = (10, 60, 110)
SHIFTS_PX = ((0.0, 0.0), (6.0, -4.0), (-5.0, 3.0), (2.0, 7.0))
ZONES = ("hairline", "crown")
SCALE_MM_PER_PX = 0.1


@dataclass(frozen=True, eq=False)
class ShiftRegistration:
    """A `Registration` that is a plain shift: moving = reference + shift."""

    shift_px: tuple[float, float]
    reference_shape: tuple[int, int] = SHAPE
    moving_shape: tuple[int, int] = SHAPE
    error_px: float = 0.4
    overlap: float = 0.93

    def map_points(self, xy_px: NDArray[np.float64]) -> NDArray[np.float64]:
        moved = np.asarray(xy_px, float) + np.asarray(self.shift_px)
        height, width = self.moving_shape
        inside = (
            (moved[:, 0] >= 0)
            & (moved[:, 0] <= width - 1)
            & (moved[:, 1] >= 0)
            & (moved[:, 1] <= height - 1)
        )
        moved[~inside] = np.nan
        return moved

    def point_sd_px(self, xy_px: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.full(len(xy_px), self.error_px)

    def warp(self, image: FloatArray) -> FloatArray:
        dx, dy = (round(s) for s in self.shift_px)
        height, width = self.reference_shape
        out = np.full((height, width, *image.shape[2:]), np.nan, np.float32)
        y, x = np.mgrid[0:height, 0:width]
        inside = (
            (x + dx >= 0)
            & (x + dx < self.moving_shape[1])
            & (y + dy >= 0)
            & (y + dy < self.moving_shape[0])
        )
        out[inside] = image[(y + dy)[inside], (x + dx)[inside]]
        return out


def dot_places() -> NDArray[np.float64]:
    """The (n, 2) places of the dots in the baseline photo."""
    y, x = np.mgrid[60:241:20, 60:341:20]
    return np.column_stack([x.ravel(), y.ravel()]).astype(float)


def make_srgb(fade: float = 0.0, shift_px: tuple[float, float] = (0.0, 0.0)) -> NDArray[np.uint8]:
    """A skin-coloured picture with the dots at their shifted places, `fade` of their OD gone."""
    height, width = SHAPE
    # A round dot is a column of light times a row of it; all dots are one product.
    x, y = (dot_places() + np.asarray(shift_px)).T
    column, row = (
        np.exp(-((np.arange(size) - place[:, None]) ** 2) / (2 * 2.2**2))
        for size, place in ((height, y), (width, x))
    )
    density = (0.35 * (1 - fade) * column.T @ row).astype(np.float32)
    texture = 1 + 0.03 * np.random.default_rng(7).standard_normal(SHAPE)
    skin = np.array([205, 165, 140], np.float32) * texture[:, :, None].astype(np.float32)
    return np.clip(skin * (10**-density)[:, :, None] ** 0.45, 0, 255).astype(np.uint8)


def _estimate(value: float, spread: float, n: int) -> Estimate:
    return Estimate(value, value - spread, value + spread, n, "fraction")


def make_zone_measures(zone: str, fade: float, n_dots: int) -> ZoneMeasures:
    share_left = max(0.0, 1 - 0.6 * fade)
    return ZoneMeasures(
        zone=zone,
        fade=_estimate(fade, 0.04, n_dots),
        detectable=0.06,
        n_dots=n_dots,
        area_cm2=6.0,
        density_per_cm2=n_dots * share_left / 6.0,
        density_ratio=share_left,
        density_ratio_low=max(0.0, share_left - 0.05),
        density_ratio_high=min(1.0, share_left + 0.05),
        contrast=0.4 * (1 - fade),
        contrast_ratio=1 - fade,
        evenness=0.2 + 0.1 * fade,
        tone_density=0.05 * (1 - fade),
        tone_delta_e=3.0 * (1 - fade),
        erythema=0.01,
    )


def _dot_series(index: int) -> DotSeries:
    places = dot_places() + np.asarray(SHIFTS_PX[index])
    n = len(places)
    left = 1 - FADES[index]
    spread = np.linspace(0.7, 1.3, n)
    pigment = 4.0 * left * spread
    fate = np.where(
        pigment > 3.2,
        Fate.PERSISTING.value,
        np.where(pigment > 1.5, Fate.FADED.value, Fate.GONE.value),
    )
    if index == 0:
        fate[:] = Fate.PERSISTING.value
    else:
        fate[0] = Fate.CENSORED.value
        places[0] = np.nan
        pigment[0] = np.nan
    return DotSeries(
        x_px=places[:, 0].copy(),
        y_px=places[:, 1].copy(),
        pigment=pigment,
        pigment_sd=np.full(n, 0.15),
        contrast=0.4 * left * spread,
        fate=fate.astype(np.str_),
    )


def photo_name(index: int, view: str = "top") -> str:
    day = BASELINE_DAY + timedelta(days=PHOTO_DAYS[index])
    return f"{day.isoformat()}_{view}.jpg"


def make_photo_measures(index: int, view: str = "top") -> PhotoMeasures:
    """Measures of photo `index` (0 is the baseline) of the made-up series."""
    day = BASELINE_DAY + timedelta(days=PHOTO_DAYS[index])
    passed = [d for d in SESSION_DAYS if d <= PHOTO_DAYS[index]]
    n = len(dot_places())
    return PhotoMeasures(
        photo=photo_name(index, view),
        sha256=f"{index:064x}",
        view=view,
        captured_on=day,
        days_since_baseline=PHOTO_DAYS[index],
        days_since_session=PHOTO_DAYS[index] - passed[-1] if passed else None,
        stage=Stage.BASELINE if index == 0 else Stage.HEALED,
        status=Status.BASELINE if index == 0 else Status.MEASURED,
        reason="",
        registered_to="" if index == 0 else photo_name(0, view),
        registration_error_px=0.0 if index == 0 else 0.4,
        overlap=1.0 if index == 0 else 0.93,
        quality=PhotoQuality(0.8, 0.001, 0.01, 5.2),
        whole=make_zone_measures("all", FADES[index], n),
        zones=(
            make_zone_measures(ZONES[0], FADES[index] * 0.8, n // 2),
            make_zone_measures(ZONES[1], min(1.0, FADES[index] * 1.2), n - n // 2),
        ),
        dots=_dot_series(index),
        registration=None if index == 0 else ShiftRegistration(SHIFTS_PX[index]),
    )


def make_refused(
    name: str = "blurred.jpg", reason: str = "too blurred to show dots"
) -> PhotoMeasures:
    return PhotoMeasures(
        photo=name,
        sha256="f" * 64,
        view="top",
        captured_on=None,
        days_since_baseline=None,
        days_since_session=None,
        stage=Stage.UNKNOWN,
        status=Status.REFUSED,
        reason=reason,
        registered_to="",
        registration_error_px=float("nan"),
        overlap=float("nan"),
        quality=None,
        whole=None,
    )


def make_view(view: str = "top") -> ViewAnalysis:
    places = dot_places()
    n = len(places)
    zones = np.where(places[:, 1] > SHAPE[0] / 2, ZONES[1], ZONES[0])
    return ViewAnalysis(
        view=view,
        baseline=photo_name(0, view),
        scale_mm_per_px=SCALE_MM_PER_PX,
        scale_source="typed",
        baseline_shape=SHAPE,
        dots=Dots(
            x_px=places[:, 0],
            y_px=places[:, 1],
            fwhm_px=np.full(n, 5.2),
            contrast=np.full(n, 0.4),
            pigment=np.full(n, 4.0),
            snr=np.full(n, 12.0),
            hair_probability=np.full(n, 0.05),
            kind=np.full(n, Kind.DOT, np.int8),
        ),
        pigment_weight=np.full(n, 0.95),
        dot_zone=zones.astype(np.str_),
        treated_outline_px=(
            np.array([[45.0, 45.0], [355.0, 45.0], [355.0, 255.0], [45.0, 255.0]]),
        ),
        photos=tuple(make_photo_measures(i, view) for i in range(len(FADES))),
    )


def make_sessions() -> tuple[Session, ...]:
    return tuple(
        Session(
            BASELINE_DAY + timedelta(days=day), method="Q-switched Nd:YAG", wavelength_nm=1064.0
        )
        for day in SESSION_DAYS
    )


def make_analysis(
    views: tuple[str, ...] = ("top",), refused: tuple[PhotoMeasures, ...] = (make_refused(),)
) -> SeriesAnalysis:
    """A whole series of four photos per view and, by default, one refused photo."""
    return SeriesAnalysis(
        client="Client A",
        views=tuple(make_view(view) for view in views),
        refused=refused,
        sessions=make_sessions(),
        version="0.1.0",
        method_version="1",
        settings={"healed_days": 28},
        settings_hash="0123456789abcdef",
    )


def make_series_photos(view: str = "top") -> tuple[SeriesPhoto, ...]:
    """The photos that belong to `make_analysis()`, as `analyse_series` takes them."""

    def reader(index: int) -> SeriesPhoto:
        return SeriesPhoto(
            name=photo_name(index, view),
            sha256=f"{index:064x}",
            read=lambda: make_srgb(FADES[index], SHIFTS_PX[index]),
            view=view,
            captured_on=BASELINE_DAY + timedelta(days=PHOTO_DAYS[index]),
        )

    return tuple(reader(index) for index in range(len(FADES)))
