"""Settings of a rendered series: plain frozen records with units."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

View = Literal["front", "top", "crown", "left", "right", "back", "close-up"]


@dataclass(frozen=True)
class CardSpec:
    """A grey or colour card that lies in the scene."""

    kind: Literal["marker", "chart"] = "marker"
    place_px: tuple[float, float] = (0.0, 0.0)
    """Its middle, from the middle of the photo."""
    turn_deg: float = 0.0
    tilt_right_deg: float = 0.0
    """How far its right side lies behind its left, as seen from the camera."""
    tilt_down_deg: float = 0.0
    print_gamma: float = 1.0
    """Of the printer: above 1 its greys are darker than meant."""


@dataclass(frozen=True)
class PhotoSpec:
    """One photo: what time, the shave, the hand that held the camera and the phone did."""

    fade: float = 0.0
    """True fade of the whole treated area, 0 = baseline, negative = darker."""
    yaw_deg: float = 0.0
    pitch_deg: float = 0.0
    roll_deg: float = 0.0
    distance_mm: float = 450.0
    zoom: float = 1.0
    shift_px: tuple[float, float] = (0.0, 0.0)
    radial_distortion: float = 0.0
    """k1 of x (1 + k1 r^2), x in units of the focal length."""
    stubble_mm: float = 0.4
    light_azimuth_deg: float = -60.0
    """Where the main light stands in the picture: 0 right, -90 above."""
    light_elevation_deg: float = 50.0
    """90 is a light at the camera, 0 one that grazes the skin."""
    ambient_share: float = 0.55
    shine: float = 0.15
    """Specular reflection relative to the light that the skin scatters."""
    exposure_stops: float = 0.0
    white_balance: tuple[float, float] = (1.0, 1.0)
    """Gains of red and blue against green."""
    gamma: float = 1.0
    contrast: float = 0.0
    """S-curve strength, 0 straight, 1 strong."""
    shoulder: float = 0.0
    """Highlight roll-off, 0 none, 1 strong."""
    local_contrast: float = 0.0
    saturation: float = 1.0
    """Distance from grey after the tone curve; phones show skin above 1."""
    defocus_px: float = 0.6
    """Standard deviation of the lens blur."""
    motion_px: float = 0.0
    motion_deg: float = 0.0
    shot_noise: float = 0.006
    """Standard deviation at linear level 1."""
    read_noise: float = 0.0015
    denoise: float = 0.0
    """Share of the noise filter's result in the picture, 0 to 1."""
    sharpen: float = 0.0
    sharpen_radius_px: float = 1.2
    jpeg_quality: int = 92
    """0 keeps the picture uncompressed."""
    redness: float = 0.0
    """Added haemoglobin density of the treated skin (healing)."""
    crust_share: float = 0.0
    """Share of the dots under a small brown crust (healing)."""
    melanin_change: float = 0.0
    """Added melanin density of the treated skin: below 0 it is lighter than the native skin."""
    sheen: float = 0.0
    """Added oil of the treated skin, relative to usual: skin that shines."""
    relief_change: float = 0.0
    """Relative change of the treated skin's relief: -1 is flat, 1 twice as rough."""
    hair_loss: float = 0.0
    """Share of the treated area's follicles that no longer bear hair."""
    ink_spread: float = 0.0
    """Relative widening of every dot, its amount unchanged: 0.4 is 40 % wider."""
    ink_blue: float = 0.0
    """1 takes 30 % more red and 30 % less blue light away than neutral ink does."""
    other_person: bool = False
    """The photo shows another head: it must be refused."""
    card: CardSpec | None = None
    """A card beside or on the head."""


@dataclass(frozen=True)
class SeriesSpec:
    """One view of one scalp and the photos taken of it. The first photo is the baseline."""

    seed: int = 0
    width_px: int = 1500
    height_px: int = 1500
    px_per_mm: float = 12.0
    """Scale at the centre of the view in a photo with zoom 1."""
    view: View = "top"
    skin_type: int = 2
    """Fitzpatrick 1 to 6."""
    texture: float = 1.0
    """Strength of pores, creases and blotches, 1 = usual."""
    blemishes_per_100_cm2: float = 6.0

    treated: Literal["scalp", "patch", "none"] = "patch"
    """The balding scalp with its zones, or a patch around the centre of the view."""
    patch_radius_mm: float = 38.0
    dots_per_cm2: float = 90.0
    dot_diameter_mm: float = 0.34
    """Median full width at half maximum."""
    diameter_spread: float = 0.24
    """Standard deviation of the logarithm."""
    peak_density: float = 0.42
    """Median optical density in the middle of a dot at baseline, green light."""
    density_spread: float = 0.35
    regularity: float = 0.62
    """Least distance of neighbours over the mean spacing of a hexagonal layout."""
    merged_share: float = 0.06
    edge_softness_mm: float = 5.0
    """Width over which the dots thin out at the border of the treated area."""
    zone_response: tuple[tuple[str, float], ...] = ()
    """Exponent of the retained share by zone; 1 = average, below 1 = lags behind."""
    response_spread: float = 0.35
    """Standard deviation of the logarithm of each dot's exponent."""
    darkening_share: float = 0.01
    ghosting: float = 0.1
    """Share of the lost pigment that stays as a broad shadow."""

    hairs_per_cm2: float = 170.0
    """Hairs on the untreated, hair-bearing scalp."""
    hair_share_in_treated: float = 0.25
    hair_diameter_mm: float = 0.085
    hair_colour: Literal["black", "brown", "fair"] = "brown"
    grey_share: float = 0.1

    photos: tuple[PhotoSpec, ...] = field(default=(PhotoSpec(),))

    def __post_init__(self) -> None:
        if not self.photos:
            raise ValueError("photos must hold at least the baseline")
        if self.photos[0].fade != 0.0:
            raise ValueError(f"photos[0].fade must be 0 (the baseline), got {self.photos[0].fade}")
        if self.photos[0].other_person:
            raise ValueError("photos[0] must show the client")
        if not 1 <= self.skin_type <= 6:
            raise ValueError(f"skin_type must be 1 to 6, got {self.skin_type}")
        if min(self.width_px, self.height_px) < 64:
            raise ValueError("width_px and height_px must be at least 64")
