"""The last step of alignment: patches of skin, at full resolution, shifted onto each other.

The field of `registration` comes from a reduced picture. Here patches around given places (dots, as a rule) of
both optical densities are correlated; dots, hairs and the skin's own texture all help, so that it also works where the
dots have faded. The shifts are weighed by how sharp and high their correlation peak is, must agree with
their neighbours, and become one smooth correction field whose prior is the field found before.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import scipy.fft
from numpy.typing import ArrayLike, NDArray

from tracker.measure.geometry import Points, as_points, centred_cells
from tracker.measure.luminance import FloatArray
from tracker.measure.matching import neighbours_agree
from tracker.measure.registration import CHECK_STEP_PX, RADIUS_PER_SD, Registration
from tracker.measure.spline_field import FieldFit, fit_spline_field

PATCHES = 900
"""At most this many patches, spread evenly."""
PATCH_PX = 64
"""Side of a patch; under a Gaussian window it sees some 35 px, several dots."""
WINDOW_SD_PX = 12.0
NOISE_BLUR_PX = 1.0
BACKGROUND_PX = 10.0
"""Blur whose difference to the picture is correlated: keeps dots and texture, drops shading."""
LARGEST_SHIFT_PX = 6
"""Search radius: half the spacing of densely set dots."""
LEAST_CORRELATION = 0.25
AGREE_PX = 1.0
AGREE_SHARE = 0.4
KNOTS_PER_LONG_SIDE = 24
BEND_SHARE_OF_ERROR = 0.5
SD_CALIBRATION = 1.5
SHIFT_SD_PX = (0.08, 1.5)
FLOOR_SD_PX = 0.2
"""What patches cannot see: hairs that have grown lean, ink that fades on one side."""


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
    places = _spread(points[np.isfinite(registration.map_points(points)[:, 0])])
    if len(places) < 12:
        return registration
    low = places.min(axis=0) - PATCH_PX
    high = places.max(axis=0) + PATCH_PX + 1
    height, width = registration.reference_shape
    x0, y0 = (int(max(0, v)) for v in low)
    x1, y1 = (int(min(side, v)) for side, v in zip((width, height), high, strict=True))
    warped = registration.warp(moving_density, box=(x0, y0, x1, y1), trusted_only=False)
    fixed = _patches(_detail(reference_density[y0:y1, x0:x1]), places - [x0, y0])
    found = _patches(_detail(warped), places - [x0, y0])
    whole = np.isfinite(found).all(axis=(1, 2)) & np.isfinite(fixed).all(axis=(1, 2))
    places = np.rint(places[whole])
    if len(places) < 12:
        return registration
    shift, sd, correlation = _shifts(fixed[whole], found[whole])
    good = (correlation > LEAST_CORRELATION) & (np.abs(shift).max(axis=1) < LARGEST_SHIFT_PX - 0.5)
    places, shift, sd = places[good], shift[good], sd[good]
    agree = neighbours_agree(places, shift, AGREE_PX, 0.0, AGREE_SHARE)
    if np.count_nonzero(agree) < 12:
        return registration
    return _corrected(registration, places[agree], shift[agree], sd[agree])


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


def _detail(density: FloatArray) -> FloatArray:
    smooth = cv2.GaussianBlur(density, (0, 0), NOISE_BLUR_PX)
    wide = cv2.GaussianBlur(density, (0, 0), BACKGROUND_PX)
    return (smooth - wide).astype(np.float32, copy=False)


def _patches(image: FloatArray, centres: Points) -> FloatArray:
    """Square patches (n, `PATCH_PX`, `PATCH_PX`) around rounded centres; NaN beyond the border."""
    half = PATCH_PX // 2
    framed = np.pad(image, half, constant_values=np.nan)
    views = np.lib.stride_tricks.sliding_window_view(framed, (PATCH_PX, PATCH_PX))
    corner = np.rint(centres).astype(int)
    return np.ascontiguousarray(views[corner[:, 1], corner[:, 0]])


def _shifts(
    fixed: FloatArray, found: FloatArray
) -> tuple[Points, NDArray[np.float64], NDArray[np.float64]]:
    """Where each fixed patch lies in the found one: shift, its standard deviation, correlation.

    Normalised correlation under a Gaussian window, all patches at once by Fourier transforms, the
    peak between pixels by a parabola.
    """
    axis = np.arange(PATCH_PX) - PATCH_PX // 2
    profile = np.exp(-0.5 * (axis / WINDOW_SD_PX) ** 2)
    window = np.outer(profile, profile).astype(np.float32)
    window /= window.sum()
    mean = (fixed * window).sum(axis=(1, 2), keepdims=True)
    centred = fixed - mean
    energy = (centred**2 * window).sum(axis=(1, 2))

    def spectrum(patches: FloatArray) -> NDArray[np.complex64]:
        transformed: NDArray[np.complex64] = scipy.fft.rfft2(patches, axes=(-2, -1))
        return transformed

    window_f = np.conj(spectrum(window))
    found_f = spectrum(found)

    def near(product: NDArray[np.complex64]) -> FloatArray:
        """Correlations at shifts up to the search radius, zero shift in the middle."""
        full = scipy.fft.irfft2(product, s=(PATCH_PX, PATCH_PX), axes=(-2, -1))
        ring = np.arange(-LARGEST_SHIFT_PX, LARGEST_SHIFT_PX + 1)
        picked: FloatArray = full[:, ring[:, None], ring[None, :]]
        return picked

    cross = near(found_f * np.conj(spectrum(centred * window)))
    local_mean = near(found_f * window_f)
    local_energy = near(spectrum(found**2) * window_f) - local_mean**2
    correlation = cross / np.sqrt(np.maximum(energy[:, None, None] * local_energy, 1e-12))
    return _peaks(correlation.astype(np.float64))


def _peaks(
    correlation: NDArray[np.float64],
) -> tuple[Points, NDArray[np.float64], NDArray[np.float64]]:
    n, side, _ = correlation.shape
    top = correlation[:, 1:-1, 1:-1].reshape(n, -1).argmax(axis=1)
    row, column = top // (side - 2) + 1, top % (side - 2) + 1
    line = np.arange(n)

    def at(dy: int, dx: int) -> NDArray[np.float64]:
        picked: NDArray[np.float64] = correlation[line, row + dy, column + dx]
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


def _corrected(
    registration: Registration, places: Points, shift: Points, sd: NDArray[np.float64]
) -> Registration:
    reference, moving = registration.reference, registration.moving
    working = reference.to_working(places)
    # The shift was measured in reference px; the map's local stretch takes it to moving px.
    before = registration.map_everywhere(places)
    after = registration.map_everywhere(places + shift)
    displacement = (after - before) * moving.scale_xy
    expected = max(registration.error_px, 0.3) / RADIUS_PER_SD * moving.scale
    long_side = float(reference.long_side)
    fit = fit_spline_field(
        working,
        displacement,
        low=np.zeros(2),
        high=np.array(reference.working_shape[::-1], np.float64),
        spacing=long_side / KNOTS_PER_LONG_SIDE,
        bend_sd=BEND_SHARE_OF_ERROR * expected,
        noise_sd=sd * moving.scale,
        zero_sd=2 * expected,
    )
    sd_px = _corrected_sd(registration, fit)
    here = np.isfinite(registration.point_sd_px(places))
    ratio = np.median(_sample(sd_px, working[here])) if here.any() else np.nan
    return replace(
        registration,
        fields=(*registration.fields, fit.field),
        sd_px=sd_px,
        error_px=float(RADIUS_PER_SD * ratio) if np.isfinite(ratio) else registration.error_px,
        evidence={**registration.evidence, "patches": float(len(places))},
    )


def _corrected_sd(registration: Registration, fit: FieldFit) -> FloatArray:
    """The smaller of what was known before and what the patches say, cell by cell."""
    cells = centred_cells(registration.reference.working_shape, CHECK_STEP_PX)
    new = SD_CALIBRATION * fit.sd(cells.reshape(-1, 2)) / registration.moving.scale
    new = np.hypot(new, FLOOR_SD_PX)
    return np.minimum(registration.sd_px, new.reshape(cells.shape[:2])).astype(np.float32)


def _sample(cells: FloatArray, working: Points) -> FloatArray:
    index = np.floor((working + 0.5) / CHECK_STEP_PX).astype(int)
    index = np.clip(index, 0, [cells.shape[1] - 1, cells.shape[0] - 1])
    sampled: FloatArray = cells[index[:, 1], index[:, 0]]
    return sampled
