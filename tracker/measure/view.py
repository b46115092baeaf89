"""One view's photos, already in one frame: places, weights, pigment, per photo and per zone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tracker.measure.catalogue import (
    FLAT_SIGMAS,
    Catalogue,
    CatalogueSettings,
    build_catalogue,
    flatten,
    median_spacing,
)
from tracker.measure.dots_alone import DotSettings
from tracker.measure.fade import FadeSettings, SystematicErrors, retained_share
from tracker.measure.fates import course_of_dots
from tracker.measure.later_looks import looks_of_photos
from tracker.measure.lens_match import LensSettings
from tracker.measure.luminance import BoolArray, FloatArray
from tracker.measure.photo_pigment import (
    FramePhoto,
    PhotoPigment,
    measure_photo,
    read_dots_of_series,
)
from tracker.measure.photometry import PhotometrySettings, empty_places
from tracker.measure.pigment_weight import (
    PigmentWeights,
    WeightSettings,
    pigment_weights,
)
from tracker.measure.results import FloatColumn
from tracker.measure.series_look import pigment_logit, place_context, place_pictures
from tracker.measure.shadow import ShadowSettings
from tracker.measure.threads import map_threads
from tracker.measure.tone_gain import ToneGainSettings
from tracker.measure.veil import VeilSettings
from tracker.measure.verdicts import Verdicts, overruled, removed, with_marked_dots

LEAST_COUNTED = 0.2
"""Places whose readings have less chance of being pigment's are hair: not counted in the fade."""
DOUBT_FREE = 0.03
"""Share of the dots' pigment in doubt that clean series show too (0.003 to 0.03)."""
DOUBT_SD = (0.13, 0.86)
"""SD of the fade by each unit of that share beyond it, and how much more each unit gets by every further one.
Hair that looks like dots is counted, and leaves or stays by its own course. This, `READINGS_SHARE`, `SHADOW_SHARE`
and `TONE_SHARE` were set on method 17's errors of 189 photos (own seeds 84 to 87, second renderer 57, painted heads;
`python -m benchmarks.intervals`), halfway to what would be likeliest: 98 % of them lie in intervals narrower still."""
READINGS_SHARE = 0.3
"""Of the gap between the reading that masks hair and the one that clips it, what stays in doubt."""
SHADOW_SHARE = 0.4
"""Of the shadow taken off, what stays in doubt."""
OFF_COURSE_SHARE = 0.3
"""Of what dots that do not fade as the others do change in the fade, what stays in doubt: looks tell how many."""
POSSIBLE_SHARE = 0.5
"""The same of places that may be such dots, and may be hair: as likely one as the other."""
LEAST_OF_A_KIND = 20
"""Dots that do not fade as the others do and are fewer are no kind of their own when the fate of each is judged."""
TONE_SHARE = 0.6
"""Of what the tone gain states as its SD, what the errors show."""


@dataclass(frozen=True, eq=False)
class ViewMeasurement:
    """All photos of a view; `photos[0]` is the baseline, None where a photo had no pixels."""

    catalogue: Catalogue
    weights: PigmentWeights
    spacing_px: float
    sigma_px: float
    photos: tuple[PhotoPigment | None, ...]
    first_readings: tuple[PhotoPigment | None, ...] = ()
    """What hair was told from pigment by, before the dots were read alone."""

    @property
    def weight(self) -> FloatColumn:
        """What each place counts in the fade, in [0, 1]."""
        return self.weights.weight

    @property
    def chance(self) -> FloatColumn:
        """Chance in [0, 1] that each place is a dot."""
        return self.weights.chance


@dataclass(frozen=True)
class MeasurementSettings:
    catalogue: CatalogueSettings = CatalogueSettings()
    photometry: PhotometrySettings = PhotometrySettings()
    dots: DotSettings = DotSettings()
    lens: LensSettings = LensSettings()
    shadow: ShadowSettings = ShadowSettings()
    weight: WeightSettings = WeightSettings()
    fade: FadeSettings = FadeSettings()
    tone_gain: ToneGainSettings = ToneGainSettings()
    veil: VeilSettings = VeilSettings()


def measure_view(
    photos: Sequence[FramePhoto | None],
    *,
    sigma_px: float,
    region: BoolArray,
    photo_scale: float = 1.0,
    workers: int = 1,
    verdicts: Verdicts | None = None,
    settings: MeasurementSettings = MeasurementSettings(),
) -> ViewMeasurement:
    """Measure a whole series in its frame.

    Parameters
    ----------
    photos : sequence of FramePhoto or None
        The baseline first; None for a photo that could not be aligned.
    sigma_px : float
        Width of a typical dot in the frame.
    region : ndarray of shape (H, W)
        Treated area in the frame.
    photo_scale : float
        Pixels of the frame per pixel of the baseline photo.
    workers : int
        Photos measured at the same time; the result does not depend on it.
    verdicts : Verdicts, optional
        Places that a person judged, frame pixels.

    Raises
    ------
    ValueError
        If the baseline itself is None.
    """
    baseline = photos[0] if photos else None
    if baseline is None:
        raise ValueError("photos[0], the baseline, must not be None")

    def flattened(photo: FramePhoto | None) -> FloatArray | None:
        if photo is None:
            return None
        return flatten(photo.red * np.float32(1 / photo.gain.gain), FLAT_SIGMAS * sigma_px)

    flat = map_threads(flattened, photos, workers)
    first_flat, *later_flat = (picture for picture in flat if picture is not None)
    catalogue = build_catalogue(
        first_flat,
        later_flat,
        sigma_px=sigma_px,
        region=region,
        settings=settings.catalogue,
        workers=workers,
    )
    verdicts = Verdicts.none() if verdicts is None else verdicts
    separation_px = settings.catalogue.separation_fwhm * 2.355 * sigma_px
    catalogue = with_marked_dots(
        catalogue, verdicts, separation_px=separation_px, shape=(region.shape[0], region.shape[1])
    )

    no_dot = removed(catalogue.xy_px, verdicts, separation_px=separation_px)

    def judged(readings: Sequence[PhotoPigment | None], *, glance: bool) -> PigmentWeights:
        found = _weights(
            readings,
            catalogue,
            flat,
            sigma_px,
            settings.weight,
            no_dot=no_dot,
            glance=glance,
            workers=workers,
        )
        return overruled(found, catalogue.xy_px, verdicts, separation_px=separation_px)

    spacing_px = median_spacing(catalogue.xy_px)
    if not np.isfinite(spacing_px):
        # One or two places are no pattern to measure: an empty catalogue says so.
        none = Catalogue(np.empty((0, 2)), np.empty(0))
        return ViewMeasurement(none, PigmentWeights.alike(np.empty(0)), float("nan"), sigma_px, ())
    controls = empty_places(region, catalogue.xy_px, spacing_px)
    # A quick first look tells hair from pigment; only then may the dots set width and place.
    measured: list[PhotoPigment | None] = []
    looks = np.ones(len(catalogue))
    for quick in (True, False):
        first = measure_photo(
            baseline,
            catalogue.xy_px,
            looks,
            controls_px=controls,
            sigma_px=sigma_px,
            spacing_px=spacing_px,
            region=region,
            reference=None,
            quick=quick,
            settings=settings.photometry,
        )

        def follow(
            photo: FramePhoto | None,
            first: PhotoPigment = first,
            looks: FloatColumn = looks,
            quick: bool = quick,
        ) -> PhotoPigment | None:
            if photo is None:
                return None
            return measure_photo(
                photo,
                catalogue.xy_px,
                looks,
                controls_px=controls,
                sigma_px=first.sigma_px,
                spacing_px=spacing_px,
                region=region,
                reference=first.picture,
                quick=quick,
                settings=settings.photometry,
            )

        measured = [first, *map_threads(follow, photos[1:], workers)]
        if quick:
            looks = judged(measured, glance=True).on_course / (1 + np.exp(-catalogue.look))
    weights = judged(measured, glance=False)
    # Many places with a small chance each are hair; together they would weigh as much as dots.
    counted = weights.weight >= LEAST_COUNTED
    weights = replace(
        weights,
        weight=np.where(counted, weights.weight, 0.0),
        on_course=np.where(counted, weights.on_course, 0.0),
        possible=np.where(weights.possible >= LEAST_COUNTED, weights.possible, 0.0),
    )
    final = read_dots_of_series(
        photos,
        measured,
        weights.weight,
        weights.off_course,
        sigma_px=sigma_px,
        spacing_px=spacing_px,
        region=region,
        workers=workers,
        settings=settings.photometry,
        dot_settings=settings.dots,
        lens_settings=settings.lens,
        shadow_settings=settings.shadow,
        photo_scale=photo_scale,
    )
    return ViewMeasurement(catalogue, weights, spacing_px, sigma_px, tuple(final), tuple(measured))


def _weights(
    measured: Sequence[PhotoPigment | None],
    catalogue: Catalogue,
    flat: Sequence[FloatArray | None],
    sigma_px: float,
    settings: WeightSettings,
    *,
    no_dot: BoolArray,
    glance: bool,
    workers: int,
) -> PigmentWeights:
    """Chance of pigment per place from all photos; at a glance, or looked at from all sides."""
    first, first_flat = measured[0], flat[0]
    assert first is not None
    assert first_flat is not None
    # A photo that shares no place with the baseline says nothing; it must not read as all gone.
    later = [
        (pigment, picture)
        for pigment, picture in zip(measured[1:], flat[1:], strict=True)
        if pigment is not None and picture is not None and np.isfinite(pigment.pigment).any()
    ]
    series_look = None
    if later:
        readings = [pigment.pigment for pigment, _ in later]
        usable = np.isfinite(first.pigment) & (first.pigment > 2 * first.pigment_sd)
        pictures, shown = place_pictures(
            [first_flat, *(picture for _, picture in later)],
            [first.places_px, *(pigment.places_px for pigment, _ in later)],
            sigma_px,
            workers=workers,
        )
        context = place_context(first.pigment, usable, readings, catalogue.look, sigma_px)
        # Hair that covers a place leaves no reading there, but is a picture worth seeing.
        series_look = np.where(
            shown,
            pigment_logit(pictures, context, glance=glance, workers=workers),
            catalogue.look,
        )
    if glance:
        # Only dots that follow the course set width and place.
        settings = replace(settings, off_course=None)
    return pigment_weights(
        first.pigment,
        first.pigment_sd,
        [pigment.pigment for pigment, _ in later],
        [pigment.pigment_sd for pigment, _ in later],
        catalogue.look,
        catalogue.xy_px,
        settings,
        fwhm_px=2.355 * sigma_px,
        no_dot=no_dot,
        series_look=series_look,
        look_again=looks_of_photos(later, sigma_px),
        workers=workers,
    )


def shares_left(measurement: ViewMeasurement) -> dict[int, FloatColumn]:
    """What is left of each place in each photo, by its course over the series."""
    if not measurement.photos or measurement.photos[0] is None:
        return {}
    first = measurement.photos[0]
    n = len(first.pigment)
    shares = {0: np.where(np.isfinite(first.pigment), 1.0, np.nan)}
    later = [(k, m) for k, m in enumerate(measurement.photos) if k > 0 and m is not None]
    shares |= {number: np.full(n, np.nan) for number, _ in later}
    weight = measurement.weight
    off_course = measurement.weights.off_course
    # Dots that do not fade as the rest does are judged by one another, unless they are too few for that.
    if int(off_course.sum()) < LEAST_OF_A_KIND:
        off_course = np.zeros(n, bool)
    for kind in (~off_course, off_course):
        left = [
            retained_share(first.pigment[kind], m.pigment[kind], weight[kind]) for _, m in later
        ]
        seen = [k for k, share in enumerate(left) if np.isfinite(share)]
        if not seen:
            continue
        course = course_of_dots(
            first.pigment[kind],
            first.pigment_sd,
            [later[k][1].pigment[kind] for k in seen],
            [later[k][1].pigment_sd for k in seen],
            [left[k] for k in seen],
            weight[kind],
            measurement.catalogue.xy_px[kind],
            measurement.spacing_px,
        )
        for k, share in zip(seen, course, strict=True):
            shares[later[k][0]][kind] = share
    return shares


def share_in_doubt(pigment: FloatColumn, weight: FloatColumn) -> float:
    """Share of the counted pigment that may be hair: sum of w (1 - w) p over sum of w p.

    Parameters
    ----------
    pigment : ndarray of shape (n,)
        Baseline pigment; NaN where not seen.
    weight : ndarray of shape (n,)
        Chance in [0, 1] that each place holds pigment.
    """
    amount = weight * np.maximum(np.nan_to_num(pigment), 0)
    total = float(amount.sum())
    return float((amount * (1 - weight)).sum()) / total if total > 0 else 0.0


def shares_off_course(measurement: ViewMeasurement) -> tuple[float, float]:
    """Shares of the pigment, at baseline, in dots that do not fade as the others do: believed, and possible beside."""
    first = measurement.photos[0] if measurement.photos else None
    if first is None:
        return 0.0, 0.0
    amount = np.maximum(np.nan_to_num(first.pigment), 0)
    usual, counted, most = (
        float((weight * amount).sum())
        for weight in (
            measurement.weights.on_course,
            measurement.weight,
            measurement.weights.possible,
        )
    )
    return (1 - usual / counted, 1 - counted / most) if counted > 0 else (0.0, 0.0)


def doubt_sd(share: float) -> float:
    """SD of the fade when so much of the counted pigment may be hair, as a fraction."""
    beyond = max(0.0, share - DOUBT_FREE)
    return beyond * (DOUBT_SD[0] + DOUBT_SD[1] * beyond)


def _between_readings(measurement: ViewMeasurement, number: int) -> float:
    """What is left by the last reading less what is left by the first; 0 where one is missing.

    What a lens took is given back, and a shadow taken off, in the last reading alone; that says nothing about hair.
    """
    readings = (measurement.photos, measurement.first_readings)
    left = []
    for reading in readings:
        first, photo = (reading[0], reading[number]) if reading else (None, None)
        if first is None or photo is None:
            return 0.0
        share = retained_share(first.pigment, photo.pigment, measurement.weight)
        left.append((share + photo.shadow * (1 - share)) * photo.lens.kept)
    return float(np.nan_to_num(left[0] - left[1]))


def systematic_errors(
    measurement: ViewMeasurement, number: int, *, alignment_px: float
) -> SystematicErrors:
    """Errors that all dots of photo `number` share, each read off the photos themselves."""
    first, photo = measurement.photos[0], measurement.photos[number]
    if first is None or photo is None:
        return SystematicErrors()
    weight = measurement.weight
    usable = np.isfinite(first.pigment) & np.isfinite(photo.pigment)
    if not usable.any():
        return SystematicErrors()
    mean_dot = float(np.average(first.pigment[usable], weights=weight[usable] + 1e-9))
    # The zero is taken off; half of what was taken off stays in doubt.
    zero = (photo.zero_point - first.zero_point) / (2 * mean_dot) if mean_dot > 0 else 0.0
    red, grey = (
        retained_share(a, b, weight) for a, b in zip(first.channels, photo.channels, strict=True)
    )
    # Doubtful places counted, or not: half the gap is what the doubt is worth. The verdict without
    # the course is a poor one where it differs much; a tenth of that gap is enough.
    strict, loose, settled, by_look, on_course, possible = (
        retained_share(first.pigment, photo.pigment, chosen)
        for chosen in (
            (weight >= 0.8).astype(float),
            (weight >= 0.2).astype(float),
            weight,
            np.where(weight > 0, measurement.weights.by_look, 0.0),
            measurement.weights.on_course,
            measurement.weights.possible,
        )
    )
    # Where no place is sure there is no strict reading; the share in doubt then says it all.
    both_ways = float(np.nan_to_num(np.hypot((loose - strict) / 2, 0.1 * (settled - by_look))))
    # A place misplaced by delta loses exp(-delta^2 / 4 sigma^2) of its signal; the common part
    # of the misplacement is fitted, about half of the stated error stays.
    lost = 1 - np.exp(-((0.5 * alignment_px) ** 2) / (4 * photo.sigma_px**2))
    return SystematicErrors(
        zero_point=abs(zero),
        channel=abs(red - grey),
        counting=both_ways,
        doubt=doubt_sd(share_in_doubt(first.pigment, weight)),
        # Hair masked in the first reading, clipped in the last.
        readings=READINGS_SHARE * abs(_between_readings(measurement, number)),
        off_course=float(
            np.nan_to_num(
                np.hypot(
                    OFF_COURSE_SHARE * (settled - on_course), POSSIBLE_SHARE * (settled - possible)
                )
            )
        ),
        shadow=SHADOW_SHARE * photo.shadow * max(0.0, float(np.nan_to_num(1 - settled))),
        alignment=float(lost),
        lens=photo.lens.log_sd,
        tone=TONE_SHARE * photo.gain.log_sd,
    )
