"""The look of the skin of one view's photos: colour, relief, gloss, hair, in the engine's one pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tracker.measure.card_look import look_with_cards
from tracker.measure.card_reading import ColourCard, NoCard
from tracker.measure.detection import Detection
from tracker.measure.dot_width import reach_px, width_growth
from tracker.measure.frame import MeasuringFrame
from tracker.measure.hair_kept import HairResponse, HairSites, hair_response, hair_sites, hairs_kept
from tracker.measure.luminance import BoolArray, FloatArray
from tracker.measure.photo_pigment import FramePhoto
from tracker.measure.registration import Registration
from tracker.measure.relief import (
    FineSpread,
    ReliefPlaces,
    fine_spread,
    relief_change,
    relief_places,
)
from tracker.measure.results import Estimate, FloatColumn
from tracker.measure.skin_blocks import (
    SkinBlocks,
    block_shares,
    skin_blocks,
    whitening,
    without_shine,
)
from tracker.measure.skin_look import (
    FLOOR_GLOSS,
    FLOOR_GLOSS_VEIL,
    FLOOR_INK_COLOUR,
    FLOOR_RELIEF,
    FLOOR_WIDTH,
    SkinLook,
    estimate,
)
from tracker.measure.threads import map_threads
from tracker.measure.view import ViewMeasurement
from tracker.measure.zones import WHOLE, ZoneLayout
from tracker.series import PhotoLook

WHOLE_BLOCK = 0.9
"""A block counts as treated or native where this share of it is."""
LEAST_DOTS = 60


@dataclass(frozen=True, eq=False)
class LookPhoto:
    """What the look needs of one photo: small arrays that outlive its pixels.

    `codes` are sRGB codes (h, w, 3) of the reduced baseline frame, dots and hairs closed, NaN
    where the place is not shown or a card lies; `bright` is the share (h, w) under shine.
    """

    codes: FloatArray
    bright: FloatArray
    hair: HairResponse | None
    fine: FineSpread | None = None
    card: ColourCard | NoCard = NoCard()


class LookMaker:
    """Looks of one view's photos; number 0 is the baseline."""

    def __init__(
        self,
        photos: Sequence[LookPhoto | None],
        frames: Sequence[FramePhoto | None],
        measurement: ViewMeasurement,
        small: MeasuringFrame,
        frame: MeasuringFrame,
        layout: ZoneLayout,
        masks: tuple[BoolArray, BoolArray],
        treated: BoolArray,
        workers: int = 1,
    ) -> None:
        self.photos, self.frames, self.measurement = photos, frames, measurement
        self.cards = [p.card if p is not None else NoCard() for p in photos]
        treated_small, native_small = masks

        def in_blocks(photo: LookPhoto | None) -> tuple[SkinBlocks, SkinBlocks] | tuple[None, None]:
            if photo is None:
                return None, None
            matt = without_shine(photo.codes, photo.bright, native_small)
            return skin_blocks(matt), skin_blocks(photo.codes)

        blocks = map_threads(in_blocks, photos, workers)
        self.blocks, self.shining = [matt for matt, _ in blocks], [shiny for _, shiny in blocks]
        self.treated = block_shares(treated_small) > WHOLE_BLOCK
        self.native = block_shares(native_small) > WHOLE_BLOCK
        first = self.blocks[0]
        assert first is not None
        half = max(treated_small.shape) / 2
        height, width = treated_small.shape
        centres = np.column_stack([first.x * half + width / 2, first.y * half + height / 2]) - 0.5
        self.block_zone = layout.zone_of(small.to_baseline(centres))
        self.zones = [name for name in layout.names if name != WHOLE]
        places = frame.to_baseline(measurement.catalogue.xy_px)
        self.dot_zone = layout.zone_of(places)
        self.frame_px2 = float(np.prod(frame.scale_xy))
        self.area_px2 = {WHOLE: float(np.count_nonzero(treated)) * self.frame_px2}
        step = max(1, max(treated.shape) // 500)
        rows, columns = np.nonzero(treated[::step, ::step])
        named = layout.zone_of(np.column_stack([columns, rows]).astype(float) * step)
        for zone in self.zones:
            share = float((named == zone).mean()) if len(named) else 0.0
            self.area_px2[zone] = share * self.area_px2[WHOLE]

    def zone_looks(self, number: int) -> Mapping[str, SkinLook]:
        """Look of every zone and of the whole treated area (`all`) in one photo."""
        blocks, first = self.blocks[number], self.blocks[0]
        pigment = self.measurement.photos[number]
        if blocks is None or first is None or pigment is None:
            return {}
        looks = {}
        for zone in (WHOLE, *self.zones):
            mine = np.ones(len(self.dot_zone), bool) if zone == WHOLE else self.dot_zone == zone
            amount = np.where(mine, self.measurement.weight * np.nan_to_num(pigment.pigment), 0.0)
            area = max(self.area_px2[zone], 1.0)
            members = self.treated if zone == WHOLE else self.treated & (self.block_zone == zone)
            looks[zone] = look_with_cards(
                blocks,
                first,
                members,
                self.native,
                ink_density=max(0.0, float(amount.sum())) / area,
                card=self.cards[number],
                first_card=self.cards[0],
            )
        looks[WHOLE] = replace(
            looks[WHOLE], relief_change=self._relief(number), gloss_change=self._gloss(number)
        )
        return looks

    def photo_look(self, number: int) -> PhotoLook:
        """What is measured of a photo as a whole: the dots' width and colour, and the hairs."""
        now, first = self.measurement.photos[number], self.measurement.photos[0]
        width, colour = Estimate.missing("ln"), Estimate.missing("ln")
        if now is not None and first is not None and number > 0:
            sure = self.measurement.weight > 0.6
            seen = sure & np.isfinite(now.pigment) & np.isfinite(first.pigment)
            n = int(seen.sum())
            reading = [
                float((self.measurement.weight * channel)[seen].sum())
                for channel in (*now.channels, *first.channels)
            ]
            left = now.pigment[seen].sum() / max(first.pigment[seen].sum(), 1e-9)
            if n >= LEAST_DOTS and min(reading) > 0 and left > 0:
                # What is left decides how well its width and colour can be read.
                noise = now.pigment_sd * np.sqrt(n) / max(now.pigment[seen].sum(), 1e-9)
                ratio = np.log(reading[0] / reading[1] / (reading[2] / reading[3]))
                doubt = 1 / np.sqrt(min(1.0, left))
                colour = estimate(ratio, 2 * noise**2, FLOOR_INK_COLOUR * doubt, n, "ln")
                growth = width_growth(
                    (self._reach_px(0), self._reach_px(number)), (first.sigma_px, now.sigma_px)
                )
                if np.isfinite(growth):
                    width = estimate(growth, noise**2, FLOOR_WIDTH, n, "ln")
        return PhotoLook(width, colour, *self._hairs(number))

    def _reach_px(self, number: int) -> float:
        """How far the mean dot reaches in one photo, at the places that photo's own fit found."""
        frame, pigment = self.frames[number], self.measurement.photos[number]
        first = self.measurement.photos[0]
        if frame is None or pigment is None or first is None:
            return float("nan")
        sure = (self.measurement.weight > 0.6) & np.isfinite(pigment.pigment)
        return reach_px(
            frame.luminance,
            pigment.places_px[sure],
            np.clip(np.nan_to_num(first.pigment[sure]), 0, None),
            self.measurement.sigma_px,
        )

    def _hairs(self, number: int) -> tuple[Estimate, float, str]:
        photo, first = self.photos[number], self.photos[0]
        if photo is None or first is None or photo.hair is None or first.hair is None:
            return Estimate.missing("share"), float("nan"), "not measured"
        found = hairs_kept(first.hair, photo.hair)
        return found.kept, found.shave, found.reason

    def _relief(self, number: int) -> Estimate:
        photo, first = self.photos[number], self.photos[0]
        if not number or photo is None or photo.fine is None or first is None or first.fine is None:
            return Estimate.missing("ln")
        change = relief_change(first.fine, photo.fine)
        if not np.isfinite(change):
            return Estimate.missing("ln")
        return estimate(change, 0.0, FLOOR_RELIEF, int(self.treated.sum()), "ln")

    def _gloss(self, number: int) -> Estimate:
        now, first = self.shining[number], self.shining[0]
        if number == 0 or now is None or first is None:
            return Estimate.missing("B/R")
        value, n = whitening(now, first, self.treated, self.native)
        if not np.isfinite(value):
            return Estimate.missing("B/R")
        red = 10.0 ** -float(np.nanmedian(now.density[self.native, 0]))
        floor = float(np.hypot(FLOOR_GLOSS, FLOOR_GLOSS_VEIL / red))
        return estimate(value, 0.0, floor, n, "B/R")


@dataclass(frozen=True, eq=False)
class Sites:
    """Places of the baseline photo that every later photo is asked for."""

    hair: HairSites
    bare: ReliefPlaces


def sites_of(
    detection: Detection, small: MeasuringFrame, masks: tuple[BoolArray, BoolArray]
) -> Sites:
    """Hairs and bare skin of the baseline photo."""
    treated, native = masks
    spots, fwhm_px = detection.dots, detection.fwhm_px
    return Sites(
        hair_sites(spots, fwhm_px, treated, native, small.scale),
        relief_places(spots.xy_px, fwhm_px, treated, native, small.scale),
    )


def look_at_sites(
    sites: Sites,
    density: FloatArray,
    usable: FloatArray,
    registration: Registration | None,
) -> tuple[HairResponse, FineSpread]:
    """What one photo shows at the baseline's hairs and on its bare skin."""

    def here(*places: FloatColumn) -> tuple[FloatColumn, ...]:
        if registration is None:
            return places
        return tuple(registration.map_points(xy) if len(xy) else xy for xy in places)

    hair = sites.hair
    hairs = here(hair.treated, hair.native, hair.empty_treated, hair.empty_native)
    treated, native = here(sites.bare.treated, sites.bare.native)
    return (
        hair_response(density, usable, hairs, hair.fwhm_px),
        fine_spread(density, usable, (treated, native), sites.bare.fwhm_px),
    )
