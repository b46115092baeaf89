"""Does the method tell the truth here and now? Rendered series, measured like a client's.

Each series is one rendered scalp photographed four times: a baseline, a *null* photo (nothing
has changed but pose, light, shave and phone), and two photos at one and the same true fade. The
null photo and the fades give error, bias and interval coverage; the two photos of one truth
give the repeatability that a clinic would see when it photographs the same scalp twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tracker.analysis import analyse_series
from tracker.measure.agreement import (
    LimitsOfAgreement,
    intraclass_correlation,
    limits_of_agreement,
    within_subject_sd,
)
from tracker.series import PhotoMeasures, Progress, SeriesPhoto, Status
from tracker.synthetic import RenderedSeries, SeriesSpec, render_series, scene_specs

PRESETS = ("clinic", "phone", "dark", "hairy", "dense")
TRUE_FADES = (0.35, 0.60, 0.80, -0.20, 0.50, 0.20, 0.70)
"""Five and seven have no common divisor: conditions and fades come in every combination."""
SIDE_PX = 800
FINENESS = 0.7
"""Pixels per mm against the preset's: smaller pictures of a smaller patch, dots of 3 to 5 px."""
SERIES = 6
QUICK_SERIES = 2

MOST_MEAN_ERROR = 0.04
"""Mean fade error that still passes; the goal in clinic photos of full size is 0.02."""
LEAST_COVERAGE = 0.80
"""Share of 95 % intervals that must hold the truth: of 18 readings, 15 in 1 of 100 good runs."""


@dataclass(frozen=True)
class Reading:
    """One photo's fade against its truth; NaN and a reason where it was refused."""

    series: str
    photo: int
    true_fade: float
    fade: float
    low: float
    high: float
    detectable: float
    reason: str = ""

    @property
    def error(self) -> float:
        return self.fade - self.true_fade

    @property
    def covered(self) -> bool:
        return self.low <= self.true_fade <= self.high


@dataclass(frozen=True)
class ErrorFigures:
    """Errors of a set of readings, fractions of the baseline pigment."""

    n: int
    mean_absolute: float
    worst: float
    bias: float
    coverage: float
    """Share of the 95 % intervals that hold the truth."""
    mean_width: float


@dataclass(frozen=True)
class Repeatability:
    """Agreement of two photos of the same skin at the same fade."""

    n_pairs: int
    icc: float
    """ICC(2,1)."""
    limits: LimitsOfAgreement
    """Bland-Altman, of the fade, a fraction."""
    s_w: float
    """Within-subject standard deviation of the fade, a fraction."""
    cv: float
    """s_w over the mean pigment that is left."""
    detectable: float
    """Smallest detectable change, 1.96 sqrt(2) s_w, a fraction."""


@dataclass(frozen=True)
class SelfCheck:
    """What a self-check found."""

    readings: tuple[Reading, ...]
    fading: ErrorFigures
    null: ErrorFigures
    repeatability: Repeatability
    seed: int
    method_version: str
    settings_hash: str

    @property
    def refused(self) -> tuple[Reading, ...]:
        return tuple(reading for reading in self.readings if reading.reason)

    @property
    def coverage(self) -> float:
        """Share of all intervals that hold the truth."""
        return error_figures(self.readings).coverage

    @property
    def passed(self) -> bool:
        """All photos were measured, errors are small and intervals honest."""
        figures = error_figures(self.readings)
        return (
            not self.refused
            and figures.mean_absolute <= MOST_MEAN_ERROR
            and figures.coverage >= LEAST_COVERAGE
        )


def check_spec(number: int, seed: int) -> SeriesSpec:
    """The `number`-th series of a self-check: baseline, null photo, one fade photographed twice."""
    fade = TRUE_FADES[number % len(TRUE_FADES)]
    preset = PRESETS[number % len(PRESETS)]
    spec = scene_specs(preset, seed + number, (0.0, 0.0, fade, fade))
    photos = tuple(
        replace(photo, shift_px=(0.5 * photo.shift_px[0], 0.5 * photo.shift_px[1]))
        for photo in spec.photos
    )
    return replace(
        spec,
        width_px=SIDE_PX,
        height_px=SIDE_PX,
        px_per_mm=FINENESS * spec.px_per_mm,
        patch_radius_mm=FINENESS * spec.patch_radius_mm,
        photos=photos,
    )


def error_figures(readings: Sequence[Reading]) -> ErrorFigures:
    """Errors of the readings that were measured."""
    measured = [reading for reading in readings if not reading.reason]
    if not measured:
        nan = float("nan")
        return ErrorFigures(0, nan, nan, nan, nan, nan)
    errors = np.array([reading.error for reading in measured])
    return ErrorFigures(
        n=len(measured),
        mean_absolute=float(np.abs(errors).mean()),
        worst=float(np.abs(errors).max()),
        bias=float(errors.mean()),
        coverage=float(np.mean([reading.covered for reading in measured])),
        mean_width=float(np.mean([reading.high - reading.low for reading in measured])),
    )


def repeatability(pairs: Sequence[tuple[float, float]]) -> Repeatability:
    """Agreement of pairs of fades of the same skin at the same fade; NaN for a missing one."""
    fades = np.array(pairs, np.float64).reshape(-1, 2)
    complete = fades[np.isfinite(fades).all(axis=1)]
    s_w = within_subject_sd(complete)
    left = float((1 - complete).mean()) if len(complete) else float("nan")
    return Repeatability(
        n_pairs=len(complete),
        icc=intraclass_correlation(complete),
        limits=limits_of_agreement(complete[:, 0], complete[:, 1]),
        s_w=s_w,
        cv=s_w / left if left > 0 else float("nan"),
        detectable=1.96 * 2**0.5 * s_w,
    )


def run_self_check(
    *, n_series: int = SERIES, seed: int = 1, progress: Progress | None = None
) -> SelfCheck:
    """Render series with a known truth, measure them, and compare.

    Parameters
    ----------
    n_series : int
        Rendered scalps, four photos each.
    seed : int
        Same seed, same scenes.
    progress : callable, optional
        Told the share done in [0, 1] and a short sentence.

    Raises
    ------
    ValueError
        If `n_series` is less than 1.
    """
    if n_series < 1:
        raise ValueError(f"n_series must be at least 1, got {n_series}")
    tell = progress or (lambda _share, _text: None)
    readings: list[Reading] = []
    pairs: list[tuple[float, float]] = []
    method_version = settings_hash = ""
    for number in range(n_series):
        spec = check_spec(number, seed)
        name = f"{PRESETS[number % len(PRESETS)]} {spec.seed}"
        tell(number / n_series, f"rendering {name}")
        series = render_series(spec)
        tell((number + 0.4) / n_series, f"measuring {name}")
        analysis = analyse_series(_photos(series))
        method_version, settings_hash = analysis.method_version, analysis.settings_hash
        rows = {row.photo: row for row in analysis.photos}
        own = [
            _reading(name, index, series.photos[index].fade_shown, rows[_file(index)])
            for index in range(1, len(series.photos))
        ]
        readings += own
        pairs.append((own[1].fade, own[2].fade))
    tell(1.0, "done")
    null = [reading for reading in readings if reading.photo == 1]
    fading = [reading for reading in readings if reading.photo > 1]
    return SelfCheck(
        readings=tuple(readings),
        fading=error_figures(fading),
        null=error_figures(null),
        repeatability=repeatability(pairs),
        seed=seed,
        method_version=method_version,
        settings_hash=settings_hash,
    )


def _file(index: int) -> str:
    return f"{index}.jpg"


def _photos(series: RenderedSeries) -> list[SeriesPhoto]:
    return [
        SeriesPhoto(_file(index), "", lambda srgb=photo.srgb: srgb)  # type: ignore[misc]
        for index, photo in enumerate(series.photos)
    ]


def _reading(series: str, photo: int, true_fade: float, row: PhotoMeasures) -> Reading:
    nan = float("nan")
    if row.status is Status.REFUSED or row.whole is None:
        return Reading(series, photo, true_fade, nan, nan, nan, nan, row.reason or "not measured")
    if row.status is Status.BASELINE:
        reason = "taken for the baseline, because the first photo could not be"
        return Reading(series, photo, true_fade, nan, nan, nan, nan, reason)
    fade = row.whole.fade
    reason = "" if fade.measured else "too few dots for a fade"
    return Reading(
        series, photo, true_fade, fade.value, fade.low, fade.high, row.whole.detectable, reason
    )
