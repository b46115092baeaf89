"""Pigment of every place in one photo: a first reading of all places, a final one of the dots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tracker.measure.blur_match import LEAST_CLEAREST, DotPicture
from tracker.measure.dots_alone import DotReader, DotReading, DotSettings
from tracker.measure.fade import retained_share
from tracker.measure.lens_match import (
    SAME_LENS,
    LensMatch,
    LensSettings,
    match_lens,
    with_sum,
)
from tracker.measure.luminance import BoolArray, FloatArray
from tracker.measure.photometry import (
    PhotometrySettings,
    background_px,
    empty_places,
    measure_pigment,
)
from tracker.measure.results import FloatColumn
from tracker.measure.shadow import (
    RingExcess,
    ShadowSettings,
    ring_excess,
    shadow_share,
    without_shadow,
)
from tracker.measure.threads import map_threads
from tracker.measure.tone_gain import ToneGain

UNIT_GAIN = ToneGain(1.0, 0.0, 1.0)
NEARLY_GONE = 0.3
"""Dots of which less than this is left, against those of which most is, say nothing of a photo's lens."""


@dataclass(frozen=True, eq=False)
class FramePhoto:
    """Two density channels of one photo in the measuring frame; NaN where unusable.

    `gain` is how much more contrast the camera drew than in the baseline photo.
    """

    red: FloatArray
    luminance: FloatArray
    gain: ToneGain = UNIT_GAIN


@dataclass(frozen=True, eq=False)
class PhotoPigment:
    """Pigment of every place of the catalogue in one photo.

    Pigment is OD px^2 of the frame, mean of the red and the luminance reading, at the
    baseline's contrast.
    """

    pigment: FloatColumn
    pigment_sd: float
    amplitude: FloatColumn
    places_px: FloatColumn
    channels: tuple[FloatColumn, FloatColumn]
    zero_point: float
    """Mean reading of empty places, OD px^2: what "no dot" gives; already taken off."""
    sigma_px: float
    picture: DotPicture | None
    """Of the baseline photo's first reading; the others need not be kept."""
    gain: ToneGain
    lens: LensMatch = SAME_LENS
    """What the lens took beyond the baseline's; already given back."""
    shadow: float = 0.0
    """Share of what the dots lost that their spots read in the shadow that stayed; already taken off."""


@dataclass(frozen=True, eq=False)
class _Followed:
    """A later photo as its spots were read, and what tells of its lens and of a shadow."""

    photo: PhotoPigment
    """Its lens is that of the dots' shape."""
    excess: RingExcess | None
    read: float
    summed: float
    """What is left of the dots by spots and by sums, in the red channel."""


def measure_photo(
    photo: FramePhoto,
    xy_px: FloatColumn,
    trust: FloatColumn,
    *,
    controls_px: FloatColumn,
    sigma_px: float,
    spacing_px: float,
    region: BoolArray,
    reference: DotPicture | None,
    quick: bool,
    settings: PhotometrySettings,
) -> PhotoPigment:
    """Pigment of all places, dots and hairs, in the red channel of one photo.

    Without a `reference`, the baseline's dots, the photo is the baseline itself. A `quick`
    reading keeps the given places and width.
    """
    red = measure_pigment(
        photo.red,
        xy_px,
        sigma_px=sigma_px,
        spacing_px=spacing_px,
        region=region,
        controls_px=controls_px,
        trust=trust,
        fit_width=not quick,
        reference=reference,
        fit_places=not quick and reference is not None,
        settings=replace(settings, background_rounds=1) if quick else settings,
    )
    gain = photo.gain.gain
    zero = float(np.mean(red.empty_pigment)) / gain if len(red.empty_pigment) else 0.0
    pigment = red.pigment / gain - zero
    return PhotoPigment(
        pigment=pigment,
        pigment_sd=red.noise / gain,
        amplitude=red.amplitude / gain,
        places_px=red.places_px,
        channels=(pigment, pigment),
        zero_point=zero,
        sigma_px=red.sigma_px,
        picture=red.picture if reference is None else None,
        gain=photo.gain,
    )


def read_dots_of_series(
    photos: Sequence[FramePhoto | None],
    measured: Sequence[PhotoPigment | None],
    weight: FloatColumn,
    off_course: BoolArray,
    *,
    sigma_px: float,
    spacing_px: float,
    region: BoolArray,
    workers: int,
    settings: PhotometrySettings,
    dot_settings: DotSettings,
    lens_settings: LensSettings,
    shadow_settings: ShadowSettings,
    photo_scale: float,
) -> list[PhotoPigment | None]:
    """Read the dots anew, in both channels, now that it is known which places are dots.

    Parameters
    ----------
    photos, measured : sequences of FramePhoto and PhotoPigment, or None
        The series, the baseline first, and its first reading: it gives places, the baseline's
        width and the dots' strength.
    weight : ndarray of shape (n,)
        Chance that a place holds pigment, 0 where it is no dot: there the first reading stays.
    off_course : ndarray of shape (n,) of bool
        Dots that do not fade as the others do.
    sigma_px, spacing_px : float
        Width of a typical dot and median spacing of the places, frame pixels.
    photo_scale : float
        Pixels of the frame per pixel of the baseline photo.
    """
    dots = weight > 0
    first, baseline = measured[0], photos[0]
    if first is None or baseline is None or not dots.any():
        return list(measured)
    strength = (weight * np.maximum(np.nan_to_num(first.amplitude), 0))[dots]
    smooth_px = background_px(sigma_px, spacing_px, settings)
    controls = empty_places(region, first.places_px[dots], spacing_px)

    def read(
        photo: FramePhoto, old: PhotoPigment, reference: DotPicture | None
    ) -> tuple[PhotoPigment, DotReading, FloatColumn]:
        valid = np.isfinite(photo.red) & np.isfinite(photo.luminance) & region
        reader = DotReader(
            valid,
            old.places_px[dots],
            strength,
            controls,
            sigma_px=first.sigma_px,
            smooth_px=smooth_px,
            settings=dot_settings,
        )
        if reference is None:
            # The baseline's own width is known: both channels at once, nothing else can be done meanwhile.
            channels = ((photo.red, True), (photo.luminance, False))
            red, grey = map_threads(
                lambda c: reader.read(c[0], first.sigma_px, compared=c[1]), channels, workers
            )
        else:
            red = reader.read(photo.red, first.sigma_px, reference)
            # One lens, one misalignment: the second channel takes the width from the first.
            grey = reader.read(photo.luminance, red.sigma_px, compared=False)
        around = (red.around + grey.around) / (2 * photo.gain.gain)
        return _merged(old, dots, red, grey), red, around

    new_first, first_red, around_first = read(baseline, first, None)
    picture = first_red.picture

    def follow(number: int) -> _Followed | None:
        photo, old = photos[number], measured[number]
        if photo is None or old is None:
            return None
        shown = _by_what_is_left(picture, first, old, weight, off_course)
        now, red, around = read(photo, old, shown)
        before, after = (one.channels[0][dots] for one in (new_first, now))
        lens = match_lens(
            shown,
            red.picture,
            before,
            after,
            photo.gain.gain,
            lens_settings,
            photo_scale=photo_scale,
        )
        seen = np.isfinite(new_first.pigment) & np.isfinite(now.pigment)
        left = retained_share(new_first.pigment, now.pigment, weight) / lens.kept
        strength = np.nan_to_num(new_first.amplitude[dots])
        counted = np.where(seen, weight, 0.0)[dots]
        read_left = retained_share(new_first.channels[0], now.channels[0], weight)
        assert first_red.summed is not None
        assert red.summed is not None
        summed = retained_share(first_red.summed, red.summed, weight[dots]) / photo.gain.gain
        excess = ring_excess(around_first, around, strength, counted, left)
        return _Followed(replace(now, lens=lens), excess, read_left, summed)

    later = map_threads(follow, range(1, len(photos)), workers)
    excess = [one.excess for one in later if one is not None]
    stays = shadow_share([one for one in excess if one is not None], shadow_settings)
    return [
        new_first,
        *(
            None
            if one is None
            else _cleared(one, new_first, dots, stays, lens_settings, shadow_settings)
            for one in later
        ),
    ]


def _by_what_is_left(
    picture: DotPicture,
    first: PhotoPigment,
    photo: PhotoPigment,
    weight: FloatColumn,
    off_course: BoolArray,
) -> DotPicture:
    """The baseline's dots, each kind as strong in the mean dot as what this photo shows of it.

    Where most dots are gone and some stay, these show what the lens does, and not what is left about the others.
    """
    if int(off_course.sum()) < LEAST_CLEAREST:
        return picture
    left = [
        max(0.0, float(np.nan_to_num(retained_share(first.pigment, photo.pigment, kind * weight))))
        for kind in (~off_course, off_course)
    ]
    # What nearly gone dots leave has no shape of a dot.
    left = [share if share > NEARLY_GONE * max(left) else 0.0 for share in left]
    return replace(
        picture, strength=picture.strength * np.where(off_course, *left[::-1])[weight > 0]
    )


def _cleared(
    followed: _Followed,
    first: PhotoPigment,
    dots: BoolArray,
    stays: float,
    lens_settings: LensSettings,
    shadow_settings: ShadowSettings,
) -> PhotoPigment:
    """The dots with what the lens took given back, and less the shadow that stayed where ink went.

    Where a photo shows no less ink, there is no shadow.
    """
    photo, excess = followed.photo, followed.excess
    stays = stays if excess is not None and excess.lost > 0 else 0.0
    read_share = shadow_settings.read_share * stays
    lens = with_sum(
        photo.lens,
        followed.read,
        followed.summed,
        read_share,
        shadow_settings.sum_share * stays,
        lens_settings,
    )

    def clear(now: FloatColumn, before: FloatColumn) -> FloatColumn:
        return np.where(dots, without_shadow(now / lens.kept, before, read_share), now)

    red, grey = (
        clear(now, before) for now, before in zip(photo.channels, first.channels, strict=True)
    )
    return replace(
        photo,
        pigment=clear(photo.pigment, first.pigment),
        channels=(red, grey),
        lens=lens,
        shadow=read_share,
    )


def _merged(old: PhotoPigment, dots: BoolArray, red: DotReading, grey: DotReading) -> PhotoPigment:
    """The final reading of the dots beside the first one of all other places."""
    gain = old.gain.gain
    empty = np.concatenate([red.empty_pigment, grey.empty_pigment]) / gain
    zero = float(np.mean(empty)) if len(empty) else 0.0

    def put(before: FloatColumn, values: FloatColumn) -> FloatColumn:
        column = before.copy()
        column[dots] = values
        return column

    return replace(
        old,
        pigment=put(old.pigment, (red.pigment + grey.pigment) / (2 * gain) - zero),
        # The channels share most of their texture: no gain from the mean is claimed.
        pigment_sd=(red.noise + grey.noise) / (2 * gain),
        amplitude=put(old.amplitude, (red.amplitude + grey.amplitude) / (2 * gain)),
        channels=(
            put(old.channels[0], red.pigment / gain - zero),
            put(old.channels[1], grey.pigment / gain - zero),
        ),
        zero_point=zero,
        sigma_px=red.sigma_px,
    )
