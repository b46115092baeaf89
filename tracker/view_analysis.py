"""One view of a client: align, bring into one frame, measure, and make a row per photo."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

import cv2
import numpy as np

from tracker.measure.card_reading import ColourCard, NoCard
from tracker.measure.detection import Detection
from tracker.measure.frame import MeasuringFrame, frame_around
from tracker.measure.hair_kept import HairResponse
from tracker.measure.hand_alignment import register_by_pairs
from tracker.measure.luminance import (
    BoolArray,
    FloatArray,
    SrgbArray,
    channel_density,
    clipped,
    luminance_density,
)
from tracker.measure.photo_pigment import UNIT_GAIN, FramePhoto
from tracker.measure.quality import PhotoQuality
from tracker.measure.refine import refine_on_density
from tracker.measure.registration import NotRegistered, PhotoFeatures, Registration
from tracker.measure.relief import FineSpread
from tracker.measure.results import FloatColumn, Kind
from tracker.measure.series_alignment import align_series
from tracker.measure.skin import SkinMap
from tracker.measure.threads import map_threads
from tracker.measure.tone_gain import ToneGain, relative_tone_gain
from tracker.measure.treated_area import feathered_area, treated_area
from tracker.measure.veil import relative_veil
from tracker.measure.verdicts import Verdicts, with_marked_area
from tracker.measure.view import MeasurementSettings, measure_view
from tracker.measure.zones import lay_zones, outlines
from tracker.records.corrections import Pairs, ViewCorrections
from tracker.series import (
    PhotoMeasures,
    PolygonZone,
    Progress,
    SeriesPhoto,
    Stage,
    ViewAnalysis,
)
from tracker.view_look import LookMaker, LookPhoto, Sites, look_at_sites, sites_of
from tracker.view_rows import Aligned, RowMaker

FWHM_PER_SIGMA = 2.3548
TONE_SIDE_PX = 500
"""Skin colour is compared on reduced pictures of this long side: blotches need no more."""
SAME_SCALE = 0.01
"""A photo whose scale differs by less from the baseline's is reduced to skin as it is."""
NATIVE_GAP_FWHM = 6.0
"""Native skin starts this many dot widths from the treated area: strays lie nearer."""
UNREDDENED_GAP_FWHM = 10.0
"""The camera's contrast is read on native skin so far from the treated area, if there is enough: redness reaches a few
millimetres beyond it, and strengthens the skin's blotches there (unreddened photos err alike up to here)."""
ENOUGH_NATIVE = 0.5
"""Share of the native skin that must lie so far away."""
MARKED_REACH_FWHM = 3.0
"""Skin around a dot that a person marked outside the treated area counts as treated."""


@dataclass(frozen=True, eq=False)
class PreparedPhoto:
    """A usable photo's facts that stay in memory; its pixels are read again when needed."""

    photo: SeriesPhoto
    read: Callable[[], SrgbArray]
    shape: tuple[int, int]
    skin: SkinMap
    quality: PhotoQuality
    features: PhotoFeatures
    stage: Stage
    days_since_session: int | None
    card: ColourCard | NoCard = NoCard()


def density_channels(srgb: SrgbArray, skin: SkinMap) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Red and luminance density of a photo, and 1 where its pixels may be measured, else 0."""
    usable = (skin.region & ~skin.glare & ~clipped(srgb)).astype(np.float32)
    return channel_density(srgb, 0), luminance_density(srgb), usable


def _mark_unusable(density: FloatArray, usable: FloatArray) -> FloatArray:
    density[~(usable > 0.95)] = np.nan
    return density


def _frame_photo(
    prepared: PreparedPhoto,
    frame: MeasuringFrame,
    registration: Registration | None,
    gain: ToneGain,
    sites: Sites,
) -> tuple[FramePhoto, tuple[HairResponse, FineSpread]]:
    """A photo's densities in the measuring frame, and what it shows at the baseline's sites."""
    red, grey, usable = density_channels(prepared.read(), prepared.skin)
    at_sites = look_at_sites(sites, grey, usable, registration)
    if registration is None:
        mask = frame.crop(usable)
        return FramePhoto(
            _mark_unusable(frame.crop(red), mask), _mark_unusable(frame.crop(grey), mask), gain
        ), at_sites
    view = frame.view_of(registration, usable.shape)
    mask = view.resample(usable)
    return FramePhoto(
        _mark_unusable(view.resample(red), mask), _mark_unusable(view.resample(grey), mask), gain
    ), at_sites


@dataclass(frozen=True, eq=False)
class SmallPicture:
    """A photo in the reduced baseline frame, dots and hairs taken out.

    Attributes
    ----------
    skin : ndarray of shape (h, w, 3)
        sRGB codes 0..255 of the skin between the dots; NaN where it is unusable or this photo's
        own search did not find skin.
    shown : ndarray of shape (h, w, 3)
        The same wherever the photo shows the place: skin that turned red or pale may not be
        found as skin, and is what the watches look for.
    bright : ndarray of shape (h, w)
        Share of shine; NaN where the photo does not show the place.
    hair : ndarray of shape (h, w)
        Share of the green code that dots and hairs took there; 0 where that is not known.
    """

    skin: FloatArray
    shown: FloatArray
    bright: FloatArray
    hair: FloatArray


def small_picture(
    prepared: PreparedPhoto,
    small: MeasuringFrame,
    registration: Registration | None,
    fwhm_px: float,
) -> SmallPicture:
    """Reduce a photo to skin; `fwhm_px` is the width of the dots to be taken out, in the baseline's pixels."""
    srgb = prepared.read()
    view = None if registration is None else small.view_of(registration, srgb.shape)
    glare = prepared.skin.glare.astype(np.float32)
    usable = (prepared.skin.region & ~prepared.skin.glare & ~clipped(srgb)).astype(np.float32)
    side = 2 * round(fwhm_px) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    # Closing fills what is darker and smaller than two dots: dots and hairs leave, skin stays.
    even = cv2.blur(srgb if view is None else _at_scale(srgb, view.step_px * small.scale), (3, 3))
    closed = cv2.morphologyEx(even, cv2.MORPH_CLOSE, kernel)
    hairy = even[..., 1].copy()
    del even
    eighth = np.float32(255 / np.iinfo(srgb.dtype).max)
    # One channel at a time: three of a large photo as floats would be most of the memory.
    channels = (closed[..., c].astype(np.float32) * eighth for c in range(3))
    reduced = small.crop if view is None else view.resample
    picture = np.stack([reduced(c) for c in channels], axis=-1)
    mask, bright = reduced(usable), reduced(glare)
    filled, left = picture[..., 1], eighth * reduced(hairy.astype(np.float32))
    taken = np.maximum(filled - left, 0) / np.maximum(filled, 1)
    hair = np.nan_to_num(taken).astype(np.float32)
    shown = picture.copy()
    if prepared.card.corners_px is not None:
        shown[small.covered(prepared.card.corners_px, usable.shape, registration)] = np.nan
    picture[~(mask > 0.95)] = np.nan
    return SmallPicture(picture, shown, bright, hair)


def _at_scale(srgb: SrgbArray, zoom: float) -> SrgbArray:
    """A photo that shows everything `zoom` times as large as the baseline, as large as the baseline shows it.

    What is smaller than a dot must be the same in both: a camera of other resolution, or a step closer, would
    else leave more or less of the skin's blotches, and pass for another contrast.
    """
    if not np.isfinite(zoom) or abs(zoom - 1) < SAME_SCALE:
        return srgb
    size = (max(1, round(srgb.shape[1] / zoom)), max(1, round(srgb.shape[0] / zoom)))
    how = cv2.INTER_AREA if zoom > 1 else cv2.INTER_LINEAR
    return cast("SrgbArray", cv2.resize(srgb, size, interpolation=how))


def _small_masks(
    small: MeasuringFrame, treated: BoolArray, skin: BoolArray, gap_px: float
) -> tuple[BoolArray, BoolArray]:
    """Treated skin, and native skin at least `gap_px` away from it, in the reduced baseline."""
    share = small.crop(treated.astype(np.float32))
    reach = max(2, round(gap_px * small.scale))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    near = cv2.dilate((share > 0.01).astype(np.uint8), kernel) > 0
    return share > 0.9, small.crop_mask(skin) & ~near


def _unreddened(native: BoolArray, treated: BoolArray, gap_px: float) -> BoolArray:
    """Native skin more than `gap_px` from the treated area; all of it where less than half lies so far away."""
    away = cv2.distanceTransform((~treated).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    far: BoolArray = native & (away > gap_px)
    return far if far.sum() >= ENOUGH_NATIVE * native.sum() else native


def _tone_gain(
    baseline: SmallPicture,
    picture: SmallPicture,
    treated: BoolArray,
    native: BoolArray,
    gap_px: float,
    settings: MeasurementSettings,
) -> ToneGain:
    """Contrast of a photo against the baseline's, from their reduced pictures.

    Within `gap_px` of the treated area native skin may be red, and has no say in the camera's contrast.
    """
    known = np.isfinite(baseline.skin).all(axis=2) & np.isfinite(picture.skin).all(axis=2)
    densities = []
    for codes in (baseline.skin, picture.skin):
        whole = np.clip(np.nan_to_num(codes) * (65535 / 255), 0, 65535).astype(np.uint16)
        densities.append(np.stack([channel_density(whole, c) for c in range(3)], axis=-1))
    treated, native = treated & known, native & known
    gain = relative_tone_gain(
        densities[0],
        densities[1],
        treated,
        _unreddened(native, treated, gap_px),
        settings.tone_gain,
        hair=(baseline.hair, picture.hair),
    )
    veil = relative_veil(
        densities[0],
        densities[1],
        treated,
        native,
        settings.veil,
        taken=(baseline.hair, picture.hair),
        contrast=gain.colour,
    )
    return replace(
        gain, gain=gain.gain * veil.kept, log_sd=float(np.hypot(gain.log_sd, veil.log_sd))
    )


def analyse_view(
    view: str,
    prepared: Sequence[PreparedPhoto],
    baseline: int,
    detection: Detection,
    *,
    straight: Mapping[int, Registration | NotRegistered],
    scale_mm_per_px: float | None,
    scale_source: str,
    polygons: Sequence[PolygonZone],
    corrections: ViewCorrections,
    workers: int,
    settings: MeasurementSettings,
    progress: Progress,
) -> ViewAnalysis:
    """Measure one view.

    Parameters
    ----------
    view : str
    prepared : sequence of PreparedPhoto
        All usable photos of the view in time order.
    baseline : int
        Index of the baseline in `prepared`.
    detection : Detection
        Spots of the baseline photo.
    straight : mapping
        Straight alignments of photos with the baseline that are already known, by index.
    scale_mm_per_px : float or None
        Scale of the baseline photo, and where it comes from in `scale_source`.
    polygons : sequence of PolygonZone
        Drawn zones of this view.
    corrections : ViewCorrections
        What a person put right in it.
    workers : int
        Photos worked on at the same time.
    settings : MeasurementSettings
    progress : callable
        Told the share of this view that is done, and what comes next.
    """
    reference = prepared[baseline]
    order = [baseline, *(k for k in range(len(prepared)) if k != baseline)]
    detected = detection.dots
    pigment_like = detected[detected.kind != Kind.HAIR]
    treated = treated_area(detected, reference.shape, reference.skin.region)
    if not treated.any():
        # A row of stray dots makes no area: then they are followed on all of the skin.
        treated = reference.skin.region
    verdicts = corrections.verdicts
    treated = with_marked_area(
        treated, verdicts, MARKED_REACH_FWHM * detection.fwhm_px, reference.skin.region
    )
    # The last dots of a feathered border are measured; what is said of treated skin leaves them out.
    searched = feathered_area(treated, detected, reference.shape, reference.skin.region)
    frame = frame_around(searched, detection.fwhm_px, 4 * detection.fwhm_px, reference.shape)

    progress(0.05, "aligning")
    align = _Aligner(prepared, baseline, pigment_like.xy_px, corrections.pairs, straight, workers)
    small = MeasuringFrame(
        0,
        0,
        reference.shape[1],
        reference.shape[0],
        min(1.0, TONE_SIDE_PX / max(reference.shape)),
    )
    treated_small, native_small = _small_masks(
        small, treated, reference.skin.region, NATIVE_GAP_FWHM * detection.fwhm_px
    )
    masks = (treated_small, native_small)
    sites = sites_of(detection, small, masks)

    def told(number: int) -> None:
        name = prepared[order[number]].photo.name
        progress(0.1 + 0.55 * number / len(order), f"aligning and reading {name}")

    first_view = small_picture(reference, small, None, detection.fwhm_px)

    def seen(k: int) -> _Seen:
        match = align.refined(k)
        registration, gain, picture = None, UNIT_GAIN, first_view
        if k != baseline:
            if not isinstance(match, Aligned):
                return _Seen(match, None, None, None)
            registration = match.registration
            picture = small_picture(prepared[k], small, registration, detection.fwhm_px)
            gap_px = UNREDDENED_GAP_FWHM * detection.fwhm_px * small.scale
            gain = _tone_gain(first_view, picture, *masks, gap_px, settings)
        framed, at_sites = _frame_photo(prepared[k], frame, registration, gain, sites)
        look = LookPhoto(picture.shown, picture.bright, *at_sites, prepared[k].card)
        return _Seen(match, framed, picture.skin, look)

    views = map_threads(seen, order, workers, told)
    align.release()
    frames = [one.framed for one in views]
    pictures = [one.skin for one in views]
    looks = [one.look for one in views]
    progress(0.65, "measuring pigment")
    measurement = measure_view(
        frames,
        sigma_px=detection.fwhm_px * frame.scale / FWHM_PER_SIGMA,
        region=frame.crop_mask(searched),
        photo_scale=frame.scale,
        workers=workers,
        verdicts=Verdicts(frame.to_frame(verdicts.xy_px), verdicts.is_dot),
        settings=settings,
    )
    dots_px = frame.to_baseline(measurement.catalogue.xy_px)
    layout = lay_zones(dots_px, view, [(z.name, np.array(z.vertices_px, float)) for z in polygons])
    look = None
    if measurement.photos:
        look = LookMaker(looks, frames, measurement, small, frame, layout, masks, treated, workers)
    rows = RowMaker(
        reference,
        frame,
        measurement,
        layout,
        treated,
        scale_mm_per_px,
        detection,
        settings,
        pictures,
        masks,
        look,
    )

    def judged(number: int) -> PhotoMeasures:
        k = order[number]
        return rows.row(number, prepared[k], views[number].match)

    def judging(number: int) -> None:
        name = prepared[order[number]].photo.name
        progress(0.8 + 0.2 * number / len(order), f"judging {name}")

    made = map_threads(judged, range(len(order)), workers, judging)
    in_time = [row for _, row in sorted(zip(order, made, strict=True), key=lambda pair: pair[0])]
    return ViewAnalysis(
        view=view,
        baseline=reference.photo.name,
        scale_mm_per_px=scale_mm_per_px,
        scale_source=scale_source,
        baseline_shape=reference.shape,
        dots=rows.baseline_dots(),
        pigment_weight=measurement.weight[rows.listed],
        dot_zone=rows.dot_zone[rows.listed],
        treated_outline_px=outlines(treated),
        photos=tuple(in_time),
    )


@dataclass(frozen=True, eq=False)
class _Seen:
    """A photo's alignment (None for the baseline), its densities, small picture and look; None where it is refused."""

    match: Aligned | NotRegistered | None
    framed: FramePhoto | None
    skin: FloatArray | None
    look: LookPhoto | None


class _Aligner:
    """Aligns every photo with the baseline, and refines the alignment on the dots, one photo at a time.

    A photo for which a person gave point pairs is aligned by them, whatever was found before.
    """

    def __init__(
        self,
        prepared: Sequence[PreparedPhoto],
        baseline: int,
        dots_px: FloatColumn,
        pairs: Mapping[str, Pairs],
        straight: Mapping[int, Registration | NotRegistered],
        workers: int,
    ) -> None:
        features = [p.features for p in prepared]
        self._links = align_series(features, baseline, workers=workers, straight=straight)
        self._prepared, self._baseline = prepared, baseline
        self._dots_px, self._pairs = dots_px, pairs
        self._density = luminance_density(prepared[baseline].read())

    def release(self) -> None:
        """Let go of the baseline's full-size density, once all photos are aligned: it is larger than a photo."""
        self._density = np.empty((0, 0), np.float32)

    def refined(self, k: int) -> Aligned | NotRegistered | None:
        """Alignment of photo `k`; None for the baseline itself."""
        if k == self._baseline:
            return None
        photo, reference = self._prepared[k], self._prepared[self._baseline]
        found, parent = self._links[k].result, self._links[k].parent
        by_hand = self._pairs.get(photo.photo.name)
        if by_hand is not None:
            parent = self._baseline
            found = register_by_pairs(
                reference.features, photo.features, by_hand.baseline_xy_px, by_hand.photo_xy_px
            )
        if not isinstance(found, Registration):
            return found
        density = luminance_density(photo.read())
        fine = refine_on_density(found, self._density, density, self._dots_px)
        n_pairs = 0 if by_hand is None else len(by_hand)
        return Aligned(fine, self._prepared[parent].photo.name, n_pairs)
