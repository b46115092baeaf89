"""Where the skin of one photo lies in another, or why that cannot be said.

`register` matches the described keypoints of two photos (`features`, `matching`), grows a smooth field over
the head (`growth`) and asks held-out blocks whether the field is true. What it cannot vouch for it
refuses: a wrong alignment that is reported as good is the worst failure, because every dot of a
misaligned photo looks cleared.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from tracker.measure.features import MAX_KEYPOINTS, PhotoFeatures, extract_features
from tracker.measure.geometry import (
    Affine,
    Frame,
    Points,
    apply_affine,
    as_points,
    centred_cells,
    contains,
    mask_at_cells,
    rotation_of,
    zoom_of,
)
from tracker.measure.growth import HIT_CHANCE, Growth, HoldOut, Scene, grow, hold_out, keep_proven
from tracker.measure.luminance import BoolArray, FloatArray
from tracker.measure.matching import Matches, find_candidates, largest_agreeing_group
from tracker.measure.pose_search import QUARTER_TURNS_DEG, TURNS_DEG, search_poses
from tracker.measure.spline_field import SplineField
from tracker.measure.trust import judge_cells

__all__ = [
    "NotRegistered",
    "PhotoFeatures",
    "Registration",
    "RegistrationSettings",
    "extract_features",
    "register",
]

MAP_STEP_PX = 8
"""The map is computed this coarsely and interpolated: the field bends less than 0.01 px in between."""
STRONG_KEYPOINTS = 6000
"""Of the first attempt; all are used where these do not give plenty of agreeing matches."""
PLENTY_OF_SEEDS = 300
CHECK_CLIENT = "see that it shows this client and the area of the baseline"
FEWEST_KEYPOINTS = 300
MOSTLY_PROVEN = 0.85
CHECK_STEP_PX = 8
"""Cells of the working frame on which trust is kept."""
RADIUS_PER_SD = 1.1774
"""Median length of a two-dimensional normal error over its component's standard deviation."""


@dataclass(frozen=True)
class RegistrationSettings:
    """What counts as aligned.

    Attributes
    ----------
    window_share : float
        How far apart the photos may be framed, over the long side.
    seed_ratio : float
        A first match's descriptor distance over its best rival's.
    least_seeds : int
        Agreeing first matches below which nothing is grown.
    least_matches : int
        Kept matches below which the photos are refused.
    least_hit_rate : float
        Share of held-out keypoints found where predicted; chance is 0.03, mismatched heads
        reached 0.05 (0.06 with 23 matches), the hardest right pair has 0.23.
    least_overlap : float
        Share of the reference's skin that must be proven and inside the moving photo.
    trusted_sd_px : float
        Places whose standard deviation is larger are not mapped, working px.
    """

    window_share: float = 0.1
    seed_ratio: float = 0.9
    least_seeds: int = 8
    least_matches: int = 80
    least_hit_rate: float = 0.08
    least_overlap: float = 0.12
    trusted_sd_px: float = 1.5


@dataclass(frozen=True)
class NotRegistered:
    """Two photos that could not be aligned, with the reason in plain words."""

    reason: str
    evidence: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Registration:
    """A trusted alignment: reference pixels -> moving pixels, full resolution.

    Attributes
    ----------
    reference, moving : Frame
        Both photos' frames.
    prewarp : ndarray of shape (2, 3)
        Affine map between the working frames.
    fields : tuple of SplineField
        Displacements in moving working px at reference working px, added up on top of the prewarp.
    sd_px : ndarray of shape (ny, nx), float32
        Standard deviation of each mapped coordinate, full-resolution moving px, on cells of the
        reference working frame (`CHECK_STEP_PX` wide); NaN where the map may not be used.
    error_px : float
        Expected median error over the trusted skin, full-resolution moving px.
    overlap : float
        Share of the reference's skin that is trusted and inside the moving photo.
    evidence : dict
        Numbers behind the verdict.
    bridged : ndarray of shape (ny, nx), bool, optional
        Cells in gaps between proven places (`trust`); nowhere if None.
    """

    reference: Frame
    moving: Frame
    prewarp: Affine
    fields: tuple[SplineField, ...]
    sd_px: FloatArray
    error_px: float
    overlap: float
    evidence: dict[str, float]
    bridged: BoolArray | None = None

    @property
    def reference_shape(self) -> tuple[int, int]:
        return self.reference.shape

    @property
    def moving_shape(self) -> tuple[int, int]:
        return self.moving.shape

    def map_points(self, xy_px: ArrayLike) -> Points:
        """Places of (n, 2) reference points in the moving photo; NaN where outside or not trusted."""
        points = as_points(xy_px)
        mapped = self.map_everywhere(points)
        mapped[~(self._trusts(points) & contains(mapped, self.moving_shape))] = np.nan
        return mapped

    def point_sd_px(self, xy_px: ArrayLike) -> NDArray[np.float64]:
        """Standard deviation of each mapped coordinate, moving px; NaN where `map_points` is NaN."""
        points = as_points(xy_px)
        deviation = self.sd_at(points)
        deviation[np.isnan(self.map_points(points)[:, 0])] = np.nan
        return deviation

    def map_working(self, working: Points) -> Points:
        """Moving working px of reference working px, trusted or not."""
        mapped = apply_affine(self.prewarp, working)
        for part in self.fields:
            mapped = mapped + part(working)
        return mapped

    def map_everywhere(self, xy_px: Points) -> Points:
        """Moving px of reference px, trusted or not, inside or not."""
        return self.moving.to_full(self.map_working(self.reference.to_working(xy_px)))

    def sd_at(self, xy_px: Points) -> NDArray[np.float64]:
        """Standard deviation of the map at reference px; NaN where it may not be used."""
        cell = self._cell_of(xy_px)
        ny, nx = self.sd_px.shape
        inside = (cell >= 0).all(axis=1) & (cell[:, 0] < nx) & (cell[:, 1] < ny)
        cell = np.clip(cell, 0, [nx - 1, ny - 1])
        return np.where(inside, self.sd_px[cell[:, 1], cell[:, 0]], np.nan).astype(np.float64)

    def _cell_of(self, xy_px: Points) -> NDArray[np.intp]:
        place = (self.reference.to_working(xy_px) + 0.5) / CHECK_STEP_PX
        return np.floor(np.nan_to_num(place, nan=-1.0)).astype(np.intp)

    def map_points_back(self, xy_px: ArrayLike) -> Points:
        """Places of (n, 2) moving points in the reference; NaN where outside or not trusted."""
        points = as_points(xy_px)
        target = self.moving.to_working(points)
        inverse = np.linalg.inv(self.prewarp[:, :2])
        working = (target - self.prewarp[:, 2]) @ inverse.T
        # The field is smooth and small against the prewarp: the fixed-point iteration contracts.
        for _ in range(30):
            step = (target - self.map_working(working)) @ inverse.T
            working = working + step
            if np.abs(np.nan_to_num(step)).max(initial=0) < 1e-4:
                break
        found = self.reference.to_full(working)
        found[~(self._trusts(found) & contains(found, self.reference_shape))] = np.nan
        return found

    def warp(
        self,
        image: FloatArray,
        *,
        box: tuple[int, int, int, int] | None = None,
        step_px: int = 1,
        trusted_only: bool = True,
    ) -> FloatArray:
        """The moving photo's `image` in the reference frame; NaN where outside or not trusted.

        Parameters
        ----------
        image : ndarray of shape (H, W) or (H, W, channels)
            A picture of the moving photo at its full resolution.
        box : tuple of int, optional
            (x0, y0, x1, y1): only these reference pixels, the last ones excluded.
        step_px : int
            Take every `step_px`-th reference pixel, for thumbnails.
        trusted_only : bool
            False also shows places that the map covers but cannot vouch for.

        Raises
        ------
        ValueError
            If `image` has not the moving photo's shape or `step_px` is below 1.
        """
        if image.shape[:2] != self.moving_shape:
            raise ValueError(f"image must have shape {self.moving_shape}, got {image.shape[:2]}")
        if step_px < 1:
            raise ValueError(f"step_px must be at least 1, got {step_px}")
        height, width = self.reference_shape
        x0, y0, x1, y1 = box or (0, 0, width, height)
        shape = (-(-(y1 - y0) // step_px), -(-(x1 - x0) // step_px))
        # One extra cell on each side, so that enlarging interpolates up to the border.
        cells = centred_cells(shape, MAP_STEP_PX)
        ny, nx = cells.shape[0] + 2, cells.shape[1] + 2
        grid = centred_cells((ny * MAP_STEP_PX, nx * MAP_STEP_PX), MAP_STEP_PX) - MAP_STEP_PX
        places = grid.reshape(-1, 2) * step_px + [x0, y0]
        coarse = self.map_everywhere(places).reshape(ny, nx, 2)
        trusts = self._trusts(places).reshape(ny, nx)

        def enlarge(picture: NDArray[np.float32]) -> NDArray[np.float32]:
            full = cv2.resize(
                picture,
                (nx * MAP_STEP_PX, ny * MAP_STEP_PX),
                interpolation=cv2.INTER_LINEAR,
            )
            return full[MAP_STEP_PX:, MAP_STEP_PX:][: shape[0], : shape[1]].astype(np.float32)

        map_x, map_y = (enlarge(coarse[..., axis].astype(np.float32)) for axis in (0, 1))
        warped = cv2.remap(
            image.astype(np.float32, copy=False),
            map_x,
            map_y,
            interpolation=cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_REPLICATE,
        ).astype(np.float32, copy=False)
        # A NaN border value would do the same, but OpenCV 5.0 lets it into the last columns of a row.
        rows, columns = self.moving_shape
        outside = (map_x < 0) | (map_y < 0) | (map_x > columns - 1) | (map_y > rows - 1)
        if trusted_only and not trusts.all():
            outside |= enlarge(trusts.astype(np.float32)) < 0.5
        warped[outside] = np.nan
        return warped

    def is_proven(self, xy_px: Points) -> NDArray[np.bool_]:
        """Where the photos were seen to agree; not where the map only bridges a gap."""
        mapped = self._trusts(xy_px)
        if self.bridged is None:
            return mapped
        cell = np.clip(self._cell_of(xy_px), 0, np.array(self.bridged.shape[::-1]) - 1)
        return mapped & np.asarray(~self.bridged[cell[:, 1], cell[:, 0]])

    def _trusts(self, xy_px: Points) -> NDArray[np.bool_]:
        return np.isfinite(self.sd_at(xy_px))


def register(
    reference: PhotoFeatures,
    moving: PhotoFeatures,
    settings: RegistrationSettings | None = None,
    start: Affine | None = None,
) -> Registration | NotRegistered:
    """Align two photos of one head.

    Parameters
    ----------
    reference, moving : PhotoFeatures
        From `extract_features`.
    settings : RegistrationSettings, optional
        One default set serves every photo.
    start : ndarray of shape (2, 3), optional
        About where the photos lie on each other, between working frames: no other pose is tried.

    Returns
    -------
    Registration or NotRegistered
        The alignment, or the reason why there is none that can be trusted.
    """
    settings = settings or RegistrationSettings()
    attempt = _attempt(reference, moving, np.eye(2, 3) if start is None else start, settings)
    result = _verdict(reference, moving, attempt, settings)
    if isinstance(result, Registration) or start is not None:
        return result
    for turns_deg in (TURNS_DEG, QUARTER_TURNS_DEG):
        for pose in search_poses(reference, moving, turns_deg=turns_deg):
            turned_attempt = _attempt(
                reference, moving, pose.prewarp, settings, sizes=(STRONG_KEYPOINTS,)
            )
            turned = _verdict(reference, moving, turned_attempt, settings)
            if isinstance(turned, Registration):
                return turned
            if turned.evidence["hit_rate"] > result.evidence["hit_rate"]:
                result = turned
    if _is_mirrored(reference, moving, settings):
        return NotRegistered(
            "mirrored: left and right are exchanged against the other photo", result.evidence
        )
    return result


def _is_mirrored(
    reference: PhotoFeatures, moving: PhotoFeatures, settings: RegistrationSettings
) -> bool:
    flipped = moving.mirrored()
    attempt = _attempt(reference, flipped, np.eye(2, 3), settings, sizes=(STRONG_KEYPOINTS,))
    return isinstance(_verdict(reference, flipped, attempt, settings), Registration)


@dataclass(frozen=True, eq=False)
class _Attempt:
    prewarp: Affine
    seeds: int
    growth: Growth | None
    proof: HoldOut


def _attempt(
    reference: PhotoFeatures,
    moving: PhotoFeatures,
    prewarp: Affine,
    settings: RegistrationSettings,
    sizes: tuple[int, ...] = (STRONG_KEYPOINTS, MAX_KEYPOINTS),
) -> _Attempt:
    """Match, agree, grow and prove under one prewarp."""
    zoom = zoom_of(prewarp)
    scene = Scene(
        reference.places_at(0.0, max(1.0, 1 / zoom)),
        moving.places_at(rotation_of(prewarp), max(1.0, zoom)),
        prewarp,
        reference.frame.working_shape,
        moving.frame.working_shape,
    )
    seeds = _agreeing(scene, settings, sizes)
    nothing = HoldOut(np.empty((0, 2)), np.empty(0, bool))
    if len(seeds) < settings.least_seeds:
        return _Attempt(prewarp, len(seeds), None, nothing)
    growth = grow(scene, seeds)
    proof = hold_out(scene, growth.matches)
    if proof.hit_rate > settings.least_hit_rate:
        proven = keep_proven(scene, growth, proof)
        # Chance matches bend the fields that test the others; few of them hardly do.
        if len(proven.matches) < MOSTLY_PROVEN * len(growth.matches):
            proof = hold_out(scene, proven.matches)
        growth = proven
    return _Attempt(prewarp, len(seeds), growth, proof)


def _agreeing(scene: Scene, settings: RegistrationSettings, sizes: tuple[int, ...]) -> Matches:
    """First matches that agree; the strongest keypoints alone where they suffice."""
    seeds = Matches(np.empty(0, np.intp), np.empty(0, np.intp))
    for most in sizes:
        matches = find_candidates(
            scene.reference[:most],
            scene.moving[:most],
            scene.start[:most],
            settings.window_share * scene.long_side,
        ).matches(settings.seed_ratio)
        group = largest_agreeing_group(
            scene.reference.xy[matches.reference], scene.displacement(matches), scene.long_side
        )
        seeds = matches[group]
        if len(seeds) >= PLENTY_OF_SEEDS:
            break
    return seeds


def _verdict(
    reference: PhotoFeatures,
    moving: PhotoFeatures,
    attempt: _Attempt,
    settings: RegistrationSettings,
) -> Registration | NotRegistered:
    growth, proof = attempt.growth, attempt.proof
    kept = 0 if growth is None else len(growth.matches)
    evidence = {
        "seeds": float(attempt.seeds),
        "matches": float(kept),
        "hit_rate": proof.hit_rate,
        "hit_chance": HIT_CHANCE,
        "hits_of": float(len(proof.hit)),
        "rotation_deg": rotation_of(attempt.prewarp),
        "zoom": zoom_of(attempt.prewarp),
    }
    if growth is None or kept < settings.least_matches or proof.hit_rate < settings.least_hit_rate:
        return NotRegistered(_why_not(reference, moving, attempt, kept, settings), evidence)
    cells = centred_cells(reference.frame.working_shape, CHECK_STEP_PX)
    flat = cells.reshape(-1, 2)
    skin = mask_at_cells(reference.region, CHECK_STEP_PX)
    trust = judge_cells(
        growth, proof, cells, skin, reference.frame.long_side, settings.trusted_sd_px
    )
    mapped = apply_affine(attempt.prewarp, flat) + growth.fit.field(flat)
    seen = moving.frame.contains_working(mapped).reshape(skin.shape) & skin
    # The verdict is the proven skin's: what is bridged between vouches for nothing.
    overlap = int(np.count_nonzero(trust.proven & seen)) / max(1, int(np.count_nonzero(skin)))
    evidence["overlap"] = overlap
    if overlap < settings.least_overlap:
        return NotRegistered(f"only {overlap:.0%} overlap: photograph the same area", evidence)
    sd_px = (trust.sd_px / moving.frame.scale).astype(np.float32)
    good = (trust.proven | trust.bridged) & seen
    return Registration(
        reference.frame,
        moving.frame,
        attempt.prewarp,
        (growth.fit.field,),
        sd_px,
        RADIUS_PER_SD * float(np.median(sd_px[good])),
        int(np.count_nonzero(good)) / max(1, int(np.count_nonzero(skin))),
        evidence,
        trust.bridged,
    )


def _why_not(
    reference: PhotoFeatures,
    moving: PhotoFeatures,
    attempt: _Attempt,
    kept: int,
    settings: RegistrationSettings,
) -> str:
    fewest = min(len(reference.places), len(moving.places))
    if fewest < FEWEST_KEYPOINTS:
        return f"too blurred or too little skin to align: focus on the scalp ({fewest} details)"
    if attempt.growth is None or kept < settings.least_matches:
        places = attempt.seeds if attempt.growth is None else kept
        return f"another head or another part of it: only {places} places agree; {CHECK_CLIENT}"
    rate, chance = attempt.proof.hit_rate, HIT_CHANCE
    return (
        "another head or another part of it: details lie where expected in "
        f"{rate:.0%} of places, by chance {chance:.0%}; {CHECK_CLIENT}"
    )
