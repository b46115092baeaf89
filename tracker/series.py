"""What goes into `analyse_series` and what comes out: plain frozen records."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracker.measure.luminance import SrgbArray
from tracker.measure.quality import PhotoQuality
from tracker.measure.registration import Registration
from tracker.measure.results import Dots, Estimate, Fate, FloatColumn
from tracker.measure.skin_look import SkinLook


def natural_key(name: str) -> list[tuple[int, int, str]]:
    """Sort key under which IMG_2 comes before IMG_10."""
    parts = re.findall(r"\d+|\D+", name.lower())
    return [(0, int(p), "") if p.isdecimal() else (1, 0, p) for p in parts]


def time_key(captured_on: date | None, name: str) -> tuple[date, list[tuple[int, int, str]], str]:
    """Sort key of photos in time: by day, those without a date last, then in order of names."""
    return captured_on or date.max, natural_key(name), name


class Stage(StrEnum):
    """Where a photo stands after the last session (`records.stage_of`)."""

    BASELINE = "baseline"
    IMMEDIATE = "immediate"
    HEALING = "healing"
    SETTLING = "settling"
    HEALED = "healed"
    UNKNOWN = "unknown"


class Status(StrEnum):
    BASELINE = "baseline"
    MEASURED = "measured"
    REFUSED = "refused"


@dataclass(frozen=True)
class Session:
    """One removal visit, as a row of `sessions.csv`. Empty fields are None or ''."""

    date: date
    method: str = ""
    device: str = ""
    wavelength_nm: float | None = None
    fluence_j_cm2: float | None = None
    spot_mm: float | None = None
    zones: tuple[str, ...] = ()
    cost: float | None = None
    currency: str = ""
    pain: int | None = None
    notes: str = ""


@dataclass(frozen=True)
class PolygonZone:
    """A zone a person drew on the baseline photo of a view: vertices in baseline pixels."""

    name: str
    view: str
    vertices_px: tuple[tuple[float, float], ...]


@dataclass(frozen=True, eq=False)
class SeriesPhoto:
    """A photo to be measured. `read` decodes it (may be called more than once).

    `read` raises `tracker.photos.PhotoError` where the file cannot be used; the photo
    is then a refused row with that reason.
    """

    name: str
    sha256: str
    read: Callable[[], SrgbArray]
    view: str = ""
    captured_on: date | None = None


@dataclass(frozen=True, eq=False)
class DotSeries:
    """The baseline dots in one photo: columns of equal length, one entry per baseline dot."""

    x_px: FloatColumn
    y_px: FloatColumn
    """Place in this photo, full-resolution pixels; NaN where not photographed."""
    pigment: FloatColumn
    """Integrated optical density; OD mm^2 with a scale, else OD px^2 of the baseline photo."""
    pigment_sd: FloatColumn
    contrast: FloatColumn
    fate: NDArray[np.str_]
    """`Fate` values as text."""

    def count(self, fate: Fate) -> int:
        return int(np.count_nonzero(self.fate == fate.value))


@dataclass(frozen=True)
class ZoneMeasures:
    """The measures of one zone (or of the whole treated area, zone 'all') in one photo."""

    zone: str
    fade: Estimate
    detectable: float
    """Smallest detectable change of the fade, a fraction."""
    n_dots: int
    """Baseline dots of the zone that this photo shows."""
    area_cm2: float
    density_per_cm2: float
    """Visible dots per cm2 of valid skin; NaN without a scale."""
    density_ratio: float
    """Share of the baseline dots still visible in this photo."""
    density_ratio_low: float
    density_ratio_high: float
    contrast: float
    """Median Weber contrast of the baseline dots in this photo."""
    contrast_ratio: float
    evenness: float
    """Relative variation (SD / mean) of pigment over equal-area cells."""
    tone_density: float
    """Diffuse optical density of the skin between dots against native skin; NaN if no native skin."""
    tone_delta_e: float
    erythema: float
    look: SkinLook | None = None
    """Colour, relief and gloss beside native skin; None in results of earlier versions."""


@dataclass(frozen=True)
class PhotoLook:
    """Dots and hairs of one photo against the baseline's; see `measure.hair_kept`."""

    dot_width_change: Estimate
    """ln of the width of the mean dot over the baseline's."""
    ink_colour_change: Estimate
    """ln of red over luminance pigment, against the baseline: above 0 the ink is bluer."""
    hairs_kept: Estimate
    """Share of the treated area's hairs still there, relative to native skin's."""
    shave: float
    """Share of native skin's hairs found again; 1 is the same shave."""
    hair_reason: str = ""
    own_sd: float = float("nan")
    """SD of the retained pigment by what this photo does not share with the others (contrast, zero
    point, colour channels, alignment); NaN in results of earlier versions."""


@dataclass(frozen=True, eq=False)
class PhotoMeasures:
    """Everything measured in one photo. A refused photo has a reason and empty measures."""

    photo: str
    sha256: str
    view: str
    captured_on: date | None
    days_since_baseline: int | None
    days_since_session: int | None
    stage: Stage
    status: Status
    reason: str
    registered_to: str
    registration_error_px: float
    overlap: float
    quality: PhotoQuality | None
    whole: ZoneMeasures | None
    """The treated area as a whole."""
    zones: tuple[ZoneMeasures, ...] = ()
    dots: DotSeries | None = None
    registration: Registration | None = None
    """Maps baseline pixels to this photo's pixels; None for the baseline itself and refusals."""
    flags: tuple[str, ...] = ()
    look: PhotoLook | None = None

    @property
    def usable(self) -> bool:
        return self.status is not Status.REFUSED


@dataclass(frozen=True, eq=False)
class ViewAnalysis:
    """One view's series against its own baseline photo."""

    view: str
    baseline: str
    scale_mm_per_px: float | None
    scale_source: str
    baseline_shape: tuple[int, int]
    dots: Dots
    """The baseline dots (pigment and undecided) that every photo is measured at."""
    pigment_weight: FloatColumn
    """What each baseline dot counts in the fade, in [0, 1]: the chance that its readings tell of pigment
    alone. A dot that a hair crosses has little of it; how likely it is a dot, `dots` knows."""
    dot_zone: NDArray[np.str_]
    treated_outline_px: tuple[NDArray[np.float64], ...]
    """Closed polygons (n, 2) around the treated area in the baseline photo."""
    photos: tuple[PhotoMeasures, ...]


@dataclass(frozen=True, eq=False)
class SeriesAnalysis:
    """The whole product of one client's photos."""

    client: str
    views: tuple[ViewAnalysis, ...]
    refused: tuple[PhotoMeasures, ...]
    """Photos that belong to no measurable view (undecodable, no scalp, no baseline)."""
    sessions: tuple[Session, ...]
    version: str
    method_version: str
    settings: Mapping[str, Any]
    settings_hash: str
    notes: tuple[str, ...] = field(default=())

    @property
    def photos(self) -> tuple[PhotoMeasures, ...]:
        """All photos in time order; undated ones last, in the order of names."""
        rows = [p for v in self.views for p in v.photos] + list(self.refused)
        return tuple(sorted(rows, key=lambda p: time_key(p.captured_on, p.photo)))


Progress = Callable[[float, str], None]
"""Called with the share done in [0, 1] and a short sentence."""
