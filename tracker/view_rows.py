"""The row of each photo: what its pigment says about fade, fates, evenness and tone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from tracker.measure.detection import Detection
from tracker.measure.evenness import relative_variation
from tracker.measure.fade import (
    SystematicErrors,
    detectable_change,
    estimate_fade,
    systematic_variance,
)
from tracker.measure.fates import dot_fates, survival
from tracker.measure.frame import MeasuringFrame
from tracker.measure.luminance import BoolArray, FloatArray
from tracker.measure.photo_pigment import PhotoPigment
from tracker.measure.quality import PhotoQuality
from tracker.measure.registration import NotRegistered, Registration
from tracker.measure.results import Dots, Estimate, Fate, Kind
from tracker.measure.skin import SkinMap
from tracker.measure.skin_look import SkinLook
from tracker.measure.tone import Tone, compare_tone
from tracker.measure.view import (
    MeasurementSettings,
    ViewMeasurement,
    shares_left,
    shares_off_course,
    systematic_errors,
)
from tracker.measure.zones import WHOLE, ZoneLayout
from tracker.row_remarks import (
    card_flag,
    hair_flag,
    healing_flag,
    not_believed,
    off_course_flags,
)
from tracker.series import (
    DotSeries,
    PhotoLook,
    PhotoMeasures,
    SeriesPhoto,
    Stage,
    Status,
    ZoneMeasures,
)

SMALL_DOT_PX = 4.0
SMALL_DOT_SD = 0.03
"""SD that the fade of dots well under `SMALL_DOT_PX` gains by unresolved hair: 35 photos of whole heads (own seeds
201, 202, 211, 1501 to 1506 and 1601 to 1603, method 14) err by 4.0 points (rms), and their other terms make 3.1."""
LEAST_LISTED, SURE = 0.5, 0.8
"""Places with at least this chance of a dot are listed; those with less than the second are undecided."""
LEAST_READ = 0.5
"""What is left of a dot whose readings have less chance to tell of pigment alone is not looked at."""
LEAST_COMMON_SHARE = 0.15
"""A photo that shows fewer of the baseline's dots is refused."""


class Looks(Protocol):
    """What a row needs of the skin's look (`view_look.LookMaker`)."""

    def zone_looks(self, number: int) -> Mapping[str, SkinLook]: ...
    def photo_look(self, number: int) -> PhotoLook: ...


@dataclass(frozen=True, eq=False)
class Aligned:
    """A photo's trusted alignment, and the photo it was aligned with."""

    registration: Registration
    registered_to: str
    n_hand_pairs: int = 0
    """Point pairs of a person that it rests on; 0 for one found by the program."""


class Prepared(Protocol):
    """What a row needs of a prepared photo."""

    @property
    def photo(self) -> SeriesPhoto: ...
    @property
    def shape(self) -> tuple[int, int]: ...
    @property
    def skin(self) -> SkinMap: ...
    @property
    def quality(self) -> PhotoQuality: ...
    @property
    def stage(self) -> Stage: ...
    @property
    def days_since_session(self) -> int | None: ...


def refused_row(
    photo: SeriesPhoto,
    reason: str,
    *,
    stage: Stage = Stage.UNKNOWN,
    days_since_baseline: int | None = None,
    days_since_session: int | None = None,
    quality: PhotoQuality | None = None,
) -> PhotoMeasures:
    """The row of a photo that could not be measured: its reason, no number."""
    return PhotoMeasures(
        photo=photo.name,
        sha256=photo.sha256,
        view=photo.view,
        captured_on=photo.captured_on,
        days_since_baseline=days_since_baseline,
        days_since_session=days_since_session,
        stage=stage,
        status=Status.REFUSED,
        reason=reason,
        registered_to="",
        registration_error_px=float("nan"),
        overlap=float("nan"),
        quality=quality,
        whole=None,
    )


def hand_flag(match: Aligned | None) -> tuple[str, ...]:
    """The flag of a photo whose alignment a person gave; none for others."""
    if match is None or not match.n_hand_pairs:
        return ()
    return (f"aligned by hand ({match.n_hand_pairs} point pairs)",)


class RowMaker:
    """Makes the rows of one view from its measurement."""

    def __init__(
        self,
        reference: Prepared,
        frame: MeasuringFrame,
        measurement: ViewMeasurement,
        layout: ZoneLayout,
        treated: BoolArray,
        scale_mm_per_px: float | None,
        detection: Detection,
        settings: MeasurementSettings,
        pictures: Sequence[FloatArray | None],
        small_masks: tuple[BoolArray, BoolArray],
        looks: Looks | None = None,
    ) -> None:
        self.reference = reference
        self.frame = frame
        self.measurement = measurement
        self.treated = treated
        self.scale = scale_mm_per_px
        self.detection = detection
        self.settings = settings
        self.dots_px = frame.to_baseline(measurement.catalogue.xy_px)
        self.dot_zone = layout.zone_of(self.dots_px)
        # Plain hair is measured along, but it is no dot of the baseline.
        self.listed = measurement.chance >= LEAST_LISTED
        self.zone_names = [name for name in layout.names if name != WHOLE]
        x_scale, y_scale = frame.scale_xy
        self.px2_per_frame_px2 = 1.0 / float(x_scale * y_scale)
        # Pigment leaves in OD mm2 with a scale, else in OD px2 of the baseline photo.
        self.pigment_unit = self.px2_per_frame_px2 * (scale_mm_per_px or 1.0) ** 2
        self.area_cm2 = self._areas(layout)
        self.pictures = pictures
        self.treated_small, self.native_small = small_masks
        self.looks = looks
        self.shares = shares_left(measurement)

    def baseline_dots(self) -> Dots:
        """The listed places as spots of the baseline photo, full-resolution pixels."""
        first = self.measurement.photos[0] if self.measurement.photos else None
        if first is None:
            return Dots.empty()
        n = len(self.dots_px)
        chance = self.measurement.chance
        kind = np.where(chance >= SURE, Kind.DOT, Kind.UNDECIDED)
        fwhm_px = 2.3548 * first.sigma_px / self.frame.scale
        return Dots(
            x_px=self.dots_px[:, 0],
            y_px=self.dots_px[:, 1],
            fwhm_px=np.full(n, fwhm_px),
            contrast=1 - 10.0 ** -np.nan_to_num(first.amplitude),
            pigment=np.nan_to_num(first.pigment) * self.pigment_unit,
            snr=np.nan_to_num(first.pigment) / max(first.pigment_sd, 1e-12),
            hair_probability=1 - chance,
            kind=kind.astype(np.int8),
        )[self.listed]

    def row(
        self, number: int, prepared: Prepared, match: Aligned | NotRegistered | None
    ) -> PhotoMeasures:
        """Row of photo `number` of the measurement (0 is the baseline)."""
        days = self._days_since_baseline(prepared)

        def refused(reason: str) -> PhotoMeasures:
            return refused_row(
                prepared.photo,
                reason,
                stage=prepared.stage,
                days_since_baseline=days,
                days_since_session=prepared.days_since_session,
                quality=prepared.quality,
            )

        if isinstance(match, NotRegistered):
            return refused(match.reason)
        is_baseline = number == 0
        first = self.measurement.photos[0] if self.measurement.photos else None
        if first is None:
            return refused("too few dots of the baseline photo can be measured")
        pigment = self.measurement.photos[number]
        common = 0.0
        if pigment is not None:
            common = float(np.isfinite(first.pigment + pigment.pigment).mean())
        if pigment is None or common < LEAST_COMMON_SHARE:
            return refused(
                f"only {common:.0%} of the baseline's dots are in view: photograph the same area"
            )
        registration = match.registration if match is not None else None
        error_px = registration.error_px if registration is not None else 0.0
        fate = dot_fates(
            first.pigment,
            first.pigment_sd,
            pigment.pigment,
            pigment.pigment_sd,
            self.shares[number],
        )
        if is_baseline:
            fate[fate != Fate.CENSORED.value] = Fate.PERSISTING.value
        else:
            # Under a hair, or a mole, what is left of a dot cannot be seen.
            fate[self.measurement.weight <= 0] = Fate.CENSORED.value
        tone = self._tone(number)
        errors = systematic_errors(
            self.measurement, number, alignment_px=error_px * self.frame.scale
        )
        px_per_dot = self._px_per_dot(registration)
        if not is_baseline:
            # Under about 4 px a dot and a hair beside it are one spot: hair reads as pigment that stays.
            fewest_px = np.fmin(self.detection.fwhm_px, px_per_dot)
            small = np.clip((SMALL_DOT_PX - fewest_px) / (SMALL_DOT_PX / 3), 0, 1)
            errors = replace(errors, small_dots=float(SMALL_DOT_SD * small))
        everywhere = np.ones(len(self.dots_px), bool)
        look = self.looks.zone_looks(number) if self.looks is not None else {}
        whole = replace(
            self._zone(WHOLE, everywhere, number, fate, tone, errors), look=look.get(WHOLE)
        )
        zones = tuple(
            replace(
                self._zone(name, self.dot_zone == name, number, fate, Tone.missing(), errors),
                look=look.get(name),
            )
            for name in self.zone_names
        )
        doubt = "" if is_baseline else not_believed(whole.fade, errors.hair_at_worst, days)
        if doubt:
            return refused(doubt)
        quality = replace(prepared.quality, px_per_dot=px_per_dot)
        return PhotoMeasures(
            photo=prepared.photo.name,
            sha256=prepared.photo.sha256,
            view=prepared.photo.view,
            captured_on=prepared.photo.captured_on,
            days_since_baseline=days,
            days_since_session=prepared.days_since_session,
            stage=prepared.stage,
            status=Status.BASELINE if is_baseline else Status.MEASURED,
            reason="",
            registered_to="" if match is None else match.registered_to,
            registration_error_px=error_px,
            overlap=1.0 if registration is None else registration.overlap,
            quality=quality,
            whole=whole,
            zones=zones,
            dots=self._dot_series(pigment, fate, registration),
            registration=registration,
            flags=(
                *self._flags(prepared, whole, is_baseline, errors.hair),
                *hand_flag(match),
                *card_flag(look.get(WHOLE)),
            ),
            look=self._photo_look(number, 1 - whole.fade.value, errors),
        )

    def _photo_look(self, number: int, left: float, errors: SystematicErrors) -> PhotoLook | None:
        if self.looks is None:
            return None
        # Which spots are hair is a doubt that all photos share.
        own = systematic_variance(left, errors.without_hair(), self.settings.fade)
        return replace(self.looks.photo_look(number), own_sd=float(np.sqrt(own)))

    def _zone(
        self,
        name: str,
        members: BoolArray,
        number: int,
        fate: np.ndarray,
        tone: Tone,
        errors: SystematicErrors,
    ) -> ZoneMeasures:
        first, photo = self.measurement.photos[0], self.measurement.photos[number]
        assert first is not None
        assert photo is not None
        weight = self.measurement.weight[members]
        before, now = first.pigment[members], photo.pigment[members]
        fade = estimate_fade(
            before,
            now,
            weight,
            self.measurement.catalogue.xy_px[members],
            spacing_px=self.measurement.spacing_px,
            errors=errors,
            settings=self.settings.fade,
        )
        if number == 0 and fade.measured:
            # By definition: the baseline is what everything else is compared with.
            fade = Estimate(0.0, 0.0, 0.0, fade.n, fade.unit)
        detectable = detectable_change(
            before,
            now,
            weight,
            baseline_noise=first.pigment_sd,
            noise=photo.pigment_sd,
            errors=errors,
            settings=self.settings.fade,
        )
        counted = members & self.listed
        share, low, high = survival(fate[counted])
        seen = int(np.count_nonzero(fate[counted] != Fate.CENSORED.value))
        area = self.area_cm2.get(name, float("nan"))
        density = float("nan")
        if self.detection.resolved and np.isfinite(area) and area > 0:
            # The area that this photo shows is taken from the share of the places it shows.
            shown = seen / max(int(counted.sum()), 1)
            density = seen * share / (area * shown) if shown > 0 else float("nan")
        read = counted & (self.measurement.weight >= LEAST_READ)
        contrast = _median(1 - 10.0 ** -photo.amplitude[read])
        contrast_before = _median(1 - 10.0 ** -first.amplitude[read])
        return ZoneMeasures(
            zone=name,
            fade=fade,
            detectable=detectable,
            n_dots=seen,
            area_cm2=area,
            density_per_cm2=density,
            density_ratio=share,
            density_ratio_low=low,
            density_ratio_high=high,
            contrast=contrast,
            contrast_ratio=contrast / contrast_before if contrast_before > 0 else float("nan"),
            evenness=relative_variation(
                now,
                weight,
                self.measurement.catalogue.xy_px[members],
                self.measurement.spacing_px,
            ),
            tone_density=tone.density,
            tone_delta_e=tone.delta_e,
            erythema=tone.erythema,
        )

    def _dot_series(
        self, pigment: PhotoPigment, fate: np.ndarray, registration: Registration | None
    ) -> DotSeries:
        places = self.frame.to_baseline(pigment.places_px)
        if registration is not None:
            places = registration.map_points(places)
        listed = self.listed
        amount = pigment.pigment[listed] * self.pigment_unit
        return DotSeries(
            x_px=places[listed, 0],
            y_px=places[listed, 1],
            pigment=amount,
            pigment_sd=np.where(
                np.isfinite(amount), pigment.pigment_sd * self.pigment_unit, np.nan
            ),
            contrast=1 - 10.0 ** -pigment.amplitude[listed],
            fate=fate[listed],
        )

    def _flags(
        self, prepared: Prepared, whole: ZoneMeasures, is_baseline: bool, hair_sd: float
    ) -> tuple[str, ...]:
        flags = [*prepared.quality.problems, *healing_flag(prepared.stage)]
        if not self.detection.resolved and is_baseline:
            flags.append(f"dots not counted: {self.detection.reason}")
        if not is_baseline:
            flags += hair_flag(hair_sd)
            flags += off_course_flags(*shares_off_course(self.measurement))
        if whole.fade.measured and whole.fade.high < 0 and abs(whole.fade.value) > whole.detectable:
            flags.append("pigment darker than at baseline")
        return tuple(flags)

    def _px_per_dot(self, registration: Registration | None) -> float:
        """Dot width in this photo: the baseline's, times the local zoom of the alignment."""
        fwhm_px = self.detection.fwhm_px
        if registration is None or len(self.dots_px) == 0:
            return fwhm_px
        some = self.dots_px[:: max(1, len(self.dots_px) // 100)]
        here = registration.map_points(some)
        aside = registration.map_points(some + np.array([8.0, 0.0]))
        zooms = np.hypot(*(aside - here).T) / 8.0
        return float(fwhm_px * np.nanmedian(zooms)) if np.isfinite(zooms).any() else float("nan")

    def _days_since_baseline(self, prepared: Prepared) -> int | None:
        start, day = self.reference.photo.captured_on, prepared.photo.captured_on
        return None if start is None or day is None else (day - start).days

    def _areas(self, layout: ZoneLayout) -> dict[str, float]:
        """Area of each zone on valid skin, cm2; NaN without a scale."""
        per_px_cm2 = (self.scale / 10) ** 2 if self.scale else float("nan")
        step = max(1, int(max(self.treated.shape) / 800))
        rows, columns = np.nonzero(self.treated[::step, ::step])
        areas = {WHOLE: float(len(rows)) * step**2 * per_px_cm2}
        if len(rows):
            names = layout.zone_of(np.column_stack([columns, rows]).astype(float) * step)
            for name in self.zone_names:
                areas[name] = float(np.count_nonzero(names == name)) * step**2 * per_px_cm2
        return areas

    def _tone(self, number: int) -> Tone:
        """Tone of treated against native skin in one photo's reduced picture."""
        picture = self.pictures[number]
        if picture is None:
            return Tone.missing()
        known = np.isfinite(picture).all(axis=-1)
        codes = np.clip(np.nan_to_num(picture), 0, 255).astype(np.uint8)
        return compare_tone(codes, self.treated_small & known, self.native_small & known)


def _median(values: np.ndarray) -> float:
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if len(finite) else float("nan")
