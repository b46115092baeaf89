"""The last step of alignment: round spots of both photos shifted onto each other.

The field of `registration` comes from a reduced picture in which stubble counts as much as dots. Hairs of
another length, or combed another way, draw it along by pixels. Here the photos are compared by their
*round* dark spots: the smaller curvature of the density, less what the larger exceeds it by, is high on dots
and pores and nil along hairs (`round_spots`).

Patches of these pictures around given places (dots, as a rule) are correlated. First the correlations of
neighbouring patches are added up: what sits still in the skin adds up at one shift, what hairs are left scatters.
The peak of the sum gives a smooth correction that may be large; then each patch has its own say, within a small
reach. How far the first correction went tells how strongly hair had a hold on the map, and so how far the map may
still be off.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
import scipy.fft
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from tracker.measure.geometry import Points, as_points, centred_cells
from tracker.measure.luminance import FloatArray
from tracker.measure.matching import neighbours_agree
from tracker.measure.registration import CHECK_STEP_PX, RADIUS_PER_SD, Registration
from tracker.measure.round_spots import round_spots
from tracker.measure.spline_field import FieldFit, fit_spline_field

FINE_LONG_SIDE_PX = 2000
"""Photos are reduced by the whole number that brings them nearest to this: their dots get no sharper beyond."""
PATCHES = 900
"""At most this many patches, spread evenly."""
PATCH_PX = 64
"""Side of a patch; under a Gaussian window it sees some 35 px, several dots."""
WINDOW_SD_PX = 12.0
LARGEST_SHIFT_PX = 8
"""Search radius of the summed correlation; unshaved stubble drew maps 4 px off."""
POOLED = 60
"""Patches whose correlations are added up."""
HUMP_SD_PX = 1.5
"""Correlation broader than this comes from hairs, not from spots."""
POOLED_SHIFT_SD_PX = 0.6
FAR_PX = 1.5
"""After a larger correction the photo is warped and correlated anew."""
SAME_SHIFT_PX = 1.2
LEAST_SUPPORT = 0.5
"""Share of patches that alone peak where their neighbourhood does. Real photos without any ink left had 0.2 to 0.5
and got worse by 0.2 px; rendered ones have 0.55 and more, amid combed stubble with little ink 0.26 to 0.5.
Chance is 0.02."""
LEAST_ALIKE = 0.5
"""With less support a correction counts where both halves of the patches show it in this share of the places (0.74
to 1 where it was right)..."""
OVERTURNING = 2.5
"""...and it exceeds the map's stated error by this factor: then the map followed hair that was combed another way (3 to
6 times; real photos without ink 0.7 to 1.5). A lesser one stays as doubt."""
OWN_SHIFT_PX = 3
"""Search radius of the single patch about its neighbourhood's shift."""
LEAST_CORRELATION = 0.1
AGREE_PX = 1.0
AGREE_SHARE = 0.4
LEAST_PATCHES = 12
LEAST_KEPT_SHARE = 0.12
"""Patches that agree in the end; of two unlike skins 3 % did, amid changed stubble without ink 20 %."""
KNOTS_PER_LONG_SIDE = 24
MAP_STEP_PX = 16
"""The map is computed this coarsely and interpolated: it bends by less than 0.02 px in between."""
BEND_SD_PX = 0.3
"""Prior second difference of the correction over a knot spacing."""
ZERO_SD_PX = 6.0
"""Prior size of a correction: weak, it only ends it where no patch is."""
SD_CALIBRATION = 1.8
SHIFT_SD_PX = (0.08, 1.5)
FLOOR_SD_PX = 0.03
"""What patches cannot see: ink that fades on one side, spots of shine."""
UNSURE_TIMES = 2.5
"""Where the map is this many times less sure than usual, the correction does not make it sure."""
HAIR_SHARE = 0.12
"""Share of the first correction that stays as an error: short hairs are round as well."""


@dataclass(frozen=True, eq=False)
class _Patches:
    """Patches that show both photos: reference px of their middles, and correlation by shift."""

    places: Points
    surface: FloatArray

    def __len__(self) -> int:
        return len(self.places)


def refine_on_density(
    registration: Registration,
    reference_density: FloatArray,
    moving_density: FloatArray,
    points_xy: ArrayLike,
) -> Registration:
    """Correct an alignment by correlating patches of optical density around given points.

    Parameters
    ----------
    registration : Registration
        From `register` or `align_series`.
    reference_density, moving_density : ndarray of shape (H, W)
        Optical density of both photos at full resolution.
    points_xy : array_like of shape (n, 2)
        Reference px to look around; all dots may be given, an even selection is used.

    Returns
    -------
    Registration
        With the correction added; the same one where nothing can be correlated.

    Raises
    ------
    ValueError
        If a density has not its photo's shape.
    """
    if reference_density.shape != registration.reference_shape:
        raise ValueError(
            f"reference_density must have shape {registration.reference_shape}, "
            f"got {reference_density.shape}"
        )
    if moving_density.shape != registration.moving_shape:
        raise ValueError(
            f"moving_density must have shape {registration.moving_shape}, "
            f"got {moving_density.shape}"
        )
    points = as_points(points_xy, "points_xy")
    points = points[np.isfinite(points).all(axis=1)]
    mapped = np.isfinite(registration.map_points(points)[:, 0])
    # Where the map only bridges cleared skin, a patch has nothing to say.
    places = _spread(points[mapped & registration.is_proven(points)])
    if len(places) < LEAST_PATCHES:
        return registration
    pair = _Pair(registration, reference_density, moving_density, places)
    patches = pair.correlate(registration)
    if len(patches) < LEAST_PATCHES:
        return registration
    shift = _pooled_shifts(patches)
    moved = float(np.median(np.hypot(*shift.T))) * pair.reduce
    near = np.hypot(*(_peaks(patches.surface)[0] - shift).T) < SAME_SHIFT_PX
    support = float(np.mean(near))
    if support < LEAST_SUPPORT:
        if _alike(patches) < LEAST_ALIKE:
            return registration
        if moved < OVERTURNING * registration.error_px:
            return _doubted(registration, moved)
    guided = registration
    if moved > FAR_PX * pair.reduce:
        sd = np.full(len(shift), POOLED_SHIFT_SD_PX)
        corrected = _corrected(registration, patches, shift, sd, pair.reduce)
        if corrected is None:
            return registration
        guided = corrected.registration
        patches = pair.correlate(guided)
        if len(patches) < LEAST_PATCHES:
            return registration
        shift = _pooled_shifts(patches)
    corrected = _corrected(guided, *_own_shifts(patches, shift), pair.reduce)
    if corrected is None or len(corrected.places) < LEAST_KEPT_SHARE * len(patches):
        return registration
    return _with_error(corrected, registration, moved, support)


class _Pair:
    """Both photos' round spots at the fine scale, and patches of them."""

    def __init__(
        self,
        registration: Registration,
        reference_density: FloatArray,
        moving_density: FloatArray,
        places: Points,
    ) -> None:
        self.reduce = max(1, round(max(registration.reference_shape) / FINE_LONG_SIDE_PX))
        height, width = registration.reference_shape
        reach = self.reduce * PATCH_PX
        low = np.maximum(0, places.min(axis=0) - reach).astype(int) // self.reduce * self.reduce
        high = np.minimum([width, height], places.max(axis=0) + reach + 1).astype(int)
        self.box = (int(low[0]), int(low[1]), int(high[0]), int(high[1]))
        window = reference_density[low[1] : high[1], low[0] : high[0]]
        self.moving = round_spots(_reduced(moving_density, self.reduce))
        self.centres = np.rint((places - low + 0.5) / self.reduce - 0.5)
        self.places = (self.centres + 0.5) * self.reduce - 0.5 + low
        self.fixed = _cut(round_spots(_reduced(window, self.reduce)), self.centres)

    def correlate(self, registration: Registration) -> _Patches:
        """Correlation of the patches under a map, by shift in fine px of the reference."""
        found = _cut(self._warped(registration), self.centres)
        whole = np.isfinite(found).all(axis=(1, 2)) & np.isfinite(self.fixed).all(axis=(1, 2))
        return _Patches(self.places[whole], _surface(self.fixed[whole], found[whole]))

    def _warped(self, registration: Registration) -> FloatArray:
        """The moving photo's spots in the reference's box; NaN beyond the photo."""
        x0, y0, x1, y1 = self.box
        rows, columns = -(-(y1 - y0) // self.reduce), -(-(x1 - x0) // self.reduce)
        ny, nx = rows // MAP_STEP_PX + 2, columns // MAP_STEP_PX + 2
        node_y, node_x = np.mgrid[:ny, :nx] * MAP_STEP_PX
        fine = np.column_stack([node_x.ravel(), node_y.ravel()]).astype(np.float64)
        there = registration.map_everywhere((fine + 0.5) * self.reduce - 0.5 + [x0, y0])
        there = (there + 0.5) / self.reduce - 0.5
        coarse = there.reshape(ny, nx, 2).astype(np.float32)
        at_x, at_y = np.meshgrid(
            (np.arange(columns) / MAP_STEP_PX).astype(np.float32),
            (np.arange(rows) / MAP_STEP_PX).astype(np.float32),
        )
        dense = cv2.remap(coarse, at_x, at_y, cv2.INTER_LINEAR)
        map_x, map_y = dense[..., 0], dense[..., 1]
        warped = np.asarray(
            cv2.remap(self.moving, map_x, map_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE),
            np.float32,
        )
        height, width = self.moving.shape
        outside = (map_x < 0) | (map_y < 0) | (map_x > width - 1) | (map_y > height - 1)
        warped[outside] = np.nan
        return warped


def _spread(points: Points) -> Points:
    """An even selection: one point of each cell of a grid with about `PATCHES` filled cells."""
    if len(points) <= PATCHES:
        return points
    side = 8.0
    while True:
        _, first = np.unique(np.floor(points / side).astype(int), axis=0, return_index=True)
        if len(first) <= PATCHES:
            return points[np.sort(first)]
        side *= 1.15


def _reduced(density: FloatArray, reduce: int) -> FloatArray:
    """Means of `reduce` by `reduce` pixels; a rest at the right and lower border is left out."""
    if reduce == 1:
        return density
    rows, columns = (side // reduce for side in density.shape)
    whole = density[: rows * reduce, : columns * reduce]
    return np.asarray(cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA), np.float32)


def _cut(image: FloatArray, centres: Points) -> FloatArray:
    """Square patches (n, `PATCH_PX`, `PATCH_PX`) around whole centres; NaN beyond the border."""
    half = PATCH_PX // 2
    framed = np.pad(image, half, constant_values=np.nan)
    views = np.lib.stride_tricks.sliding_window_view(framed, (PATCH_PX, PATCH_PX))
    corner = np.clip(centres.astype(int), 0, [image.shape[1] - 1, image.shape[0] - 1])
    return np.ascontiguousarray(views[corner[:, 1], corner[:, 0]])


def _windowed(patches: FloatArray) -> tuple[FloatArray, NDArray[np.float32]]:
    """Patches less their mean, under the Gaussian window, and their energy there."""
    axis = np.arange(PATCH_PX) - PATCH_PX // 2
    profile = np.exp(-0.5 * (axis / WINDOW_SD_PX) ** 2)
    window = np.outer(profile, profile).astype(np.float32)
    window /= window.sum()
    mean = np.einsum("nij,ij->n", patches, window)
    centred = patches - mean[:, None, None]
    weighted = centred * window
    energy = np.einsum("nij,nij->n", centred, weighted)
    return weighted, energy


def _surface(fixed: FloatArray, found: FloatArray) -> FloatArray:
    """Correlation of each fixed patch with the found one, by shift: (n, side, side).

    All patches at once by Fourier transforms. The norm is that of no shift: over some pixels it hardly changes.
    """
    weighted, energy = _windowed(fixed)
    _, found_energy = _windowed(found)
    product = scipy.fft.rfft2(found, axes=(-2, -1))
    product *= np.conj(scipy.fft.rfft2(weighted, axes=(-2, -1)))
    full = scipy.fft.irfft2(product, s=(PATCH_PX, PATCH_PX), axes=(-2, -1), overwrite_x=True)
    # Zero shift to the middle.
    ring = np.arange(-LARGEST_SHIFT_PX, LARGEST_SHIFT_PX + 1)
    norm = np.sqrt(np.maximum(energy * found_energy, 1e-12))
    surface: FloatArray = full[:, ring[:, None], ring[None, :]] / norm[:, None, None]
    return surface


def _pooled_shifts(patches: _Patches) -> Points:
    """The shift at which the correlations of each patch's neighbours together peak."""
    n, count = len(patches), min(POOLED, len(patches))
    distance, near = (np.asarray(v) for v in cKDTree(patches.places).query(patches.places, count))
    weight = np.exp(-0.5 * (distance / (distance[:, -1:] / 2)) ** 2)
    weight /= weight.sum(axis=1, keepdims=True)
    mixing = sp.csr_array(
        (weight.ravel(), near.ravel(), np.arange(0, n * count + 1, count)), shape=(n, n)
    )
    side = patches.surface.shape[1]
    pooled = (mixing @ patches.surface.reshape(n, -1)).reshape(n, side, side)
    hump = np.stack([cv2.GaussianBlur(surface, (0, 0), HUMP_SD_PX) for surface in pooled])
    sharp: FloatArray = (pooled - hump).astype(np.float32)
    return _peaks(sharp)[0]


def _alike(patches: _Patches) -> float:
    """Share of places at which every other patch and the rest, pooled apart, peak at one shift."""
    odd = np.arange(len(patches)) % 2 == 1
    found = []
    for half in (odd, ~odd):
        some = _Patches(patches.places[half], patches.surface[half])
        nearest = cKDTree(some.places).query(patches.places)[1]
        found.append(_pooled_shifts(some)[nearest])
    return float(np.mean(np.hypot(*(found[0] - found[1]).T) < SAME_SHIFT_PX))


def _own_shifts(patches: _Patches, guide: Points) -> tuple[_Patches, Points, NDArray[np.float64]]:
    """Each patch's own peak near its neighbourhood's: the patches that have one, shifts, their sd."""
    ring = np.arange(-LARGEST_SHIFT_PX, LARGEST_SHIFT_PX + 1)
    off_x = np.abs(ring[None, None, :] - guide[:, 0, None, None])
    off_y = np.abs(ring[None, :, None] - guide[:, 1, None, None])
    near = np.where((off_x > OWN_SHIFT_PX) | (off_y > OWN_SHIFT_PX), -1, patches.surface)
    shift, sd, correlation = _peaks(near.astype(np.float32))
    kept = correlation > LEAST_CORRELATION
    kept &= np.abs(shift - guide).max(axis=1) < OWN_SHIFT_PX - 0.5
    return _Patches(patches.places[kept], patches.surface[kept]), shift[kept], sd[kept]


def _peaks(
    correlation: FloatArray,
) -> tuple[Points, NDArray[np.float64], NDArray[np.float64]]:
    n, side, _ = correlation.shape
    top = correlation[:, 1:-1, 1:-1].reshape(n, -1).argmax(axis=1)
    row, column = top // (side - 2) + 1, top % (side - 2) + 1
    line = np.arange(n)

    def at(dy: int, dx: int) -> NDArray[np.float64]:
        picked: NDArray[np.float64] = correlation[line, row + dy, column + dx].astype(float)
        return picked

    peak = at(0, 0)
    gx, gy = (at(0, 1) - at(0, -1)) / 2, (at(1, 0) - at(-1, 0)) / 2
    hxx = at(0, 1) + at(0, -1) - 2 * peak
    hyy = at(1, 0) + at(-1, 0) - 2 * peak
    hxy = (at(1, 1) - at(1, -1) - at(-1, 1) + at(-1, -1)) / 4
    hxx, hyy = np.minimum(hxx, -1e-4), np.minimum(hyy, -1e-4)
    determinant = np.maximum(hxx * hyy - hxy**2, 0.05 * hxx * hyy)
    dx = np.clip(-(hyy * gx - hxy * gy) / determinant, -1, 1)
    dy = np.clip(-(hxx * gy - hxy * gx) / determinant, -1, 1)
    shift = np.column_stack([column + dx, row + dy]) - (side // 2)
    # Independent texture elements under the window times the sharpness of the peak.
    sharpness = np.sqrt(determinant) / np.maximum(peak, 0.05)
    elements = 4 * np.pi * WINDOW_SD_PX**2 * sharpness / (2 * np.pi)
    unlike = np.maximum(1 - peak**2, 1e-3) / np.maximum(peak, 0.05) ** 2
    sd = np.sqrt(unlike / np.maximum(elements * sharpness, 1e-6))
    return shift, np.clip(sd, *SHIFT_SD_PX), peak


@dataclass(frozen=True, eq=False)
class _Correction:
    """A registration with a correction field added, the field's fit and the places it was measured at."""

    registration: Registration
    fit: FieldFit
    places: Points


def _corrected(
    registration: Registration,
    patches: _Patches,
    shift: Points,
    sd: NDArray[np.float64],
    reduce: int,
) -> _Correction | None:
    """Add the smooth field through the shifts (fine px) that agree with their neighbours; None if few do."""
    kept = np.abs(shift).max(axis=1) < LARGEST_SHIFT_PX - 0.5
    kept[kept] = neighbours_agree(patches.places[kept], shift[kept], AGREE_PX, 0.0, AGREE_SHARE)
    if np.count_nonzero(kept) < LEAST_PATCHES:
        return None
    places = patches.places[kept]
    reference, moving = registration.reference, registration.moving
    # The shift was measured in reference px; the map's local stretch takes it to moving px.
    before = registration.map_everywhere(places)
    after = registration.map_everywhere(places + reduce * shift[kept])
    unit = reduce * moving.scale
    fit = fit_spline_field(
        reference.to_working(places),
        (after - before) * moving.scale_xy,
        low=np.zeros(2),
        high=np.array(reference.working_shape[::-1], np.float64),
        spacing=float(reference.long_side) / KNOTS_PER_LONG_SIDE,
        bend_sd=BEND_SD_PX * unit,
        noise_sd=sd[kept] * unit,
        zero_sd=ZERO_SD_PX * unit,
    )
    added = replace(registration, fields=(*registration.fields, fit.field))
    return _Correction(added, fit, places)


def _doubted(registration: Registration, moved_px: float) -> Registration:
    """The same map, as unsure as the spots' say against it."""
    sd_px = np.hypot(registration.sd_px, moved_px / RADIUS_PER_SD).astype(np.float32)
    return replace(
        registration, sd_px=sd_px, error_px=float(np.hypot(registration.error_px, moved_px))
    )


def _with_error(
    correction: _Correction, before: Registration, moved_px: float, support: float
) -> Registration:
    """The refined registration with what is known of its error."""
    fine = correction.registration
    cells = centred_cells(fine.reference.working_shape, CHECK_STEP_PX)
    scatter = SD_CALIBRATION * correction.fit.sd(cells.reshape(-1, 2)) / fine.moving.scale
    new = np.hypot(scatter, np.hypot(FLOOR_SD_PX, HAIR_SHARE * moved_px)).reshape(cells.shape[:2])
    # In gaps that are bridged and outside the crowd of matches no patch bears the map out.
    unseen = before.sd_px > UNSURE_TIMES * np.nanmedian(before.sd_px)
    new[unseen if before.bridged is None else unseen | before.bridged] = np.inf
    # Where no patch is, the map is as wrong as the patches found it elsewhere.
    sd_px = np.minimum(np.hypot(before.sd_px, moved_px), new).astype(np.float32)
    fine = replace(fine, sd_px=sd_px)
    here = fine.sd_at(correction.places)
    here = here[np.isfinite(here)]
    return replace(
        fine,
        error_px=float(RADIUS_PER_SD * np.median(here)) if len(here) else before.error_px,
        evidence={
            **before.evidence,
            "patches": float(len(correction.places)),
            "moved_px": moved_px,
            "support": support,
        },
    )
