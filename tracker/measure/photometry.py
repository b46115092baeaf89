"""Forced photometry: the pigment at known places, detected there or not.

All baseline dots are fitted together in one photo, resampled into the baseline's frame.
The model is a smooth skin background plus one round spot per place; neighbours that
overlap share their pixels by least squares instead of counting them twice. The width of
the spots is fitted per photo, because a softer photo spreads the same pigment wider.

Crowded-field photometry as in astronomy (P. B. Stetson, "DAOPHOT", PASP 99, 191 (1987)), with
the linear part solved at once (`tracker.measure.spots`).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.sparse import csr_array
from scipy.spatial import cKDTree

from tracker.measure.blur_match import DotPicture, matched_width_px
from tracker.measure.luminance import BoolArray, FloatArray
from tracker.measure.results import FloatColumn
from tracker.measure.smoothing import LocalMean, gaussian, robust_sd, sample, smooth_valid
from tracker.measure.spots import (
    filtered_amplitudes,
    overlap,
    paint_spots,
    skin_between,
    solve_amplitudes,
)


@dataclass(frozen=True)
class PhotometrySettings:
    """How the joint fit is made; lengths are relative to the dots themselves."""

    background_spacing: float = 0.8
    """Sigma of the background smoothing, in median dot spacings."""
    background_fwhm: float = 2.0
    """...but never below this many dot FWHM, or the background follows the dots."""
    min_visible_share: float = 0.85
    """A place with less of its spot on valid skin is censored."""
    background_rounds: int = 3
    width_range: float = 1.6
    """The fitted width stays within this factor of the baseline's."""
    width_prior: float = 0.5
    """Prior sd of log(width / detected width) in the baseline: the detection only guesses."""
    width_dots: int = 1500
    """The width is fitted on this many neighbouring places: more changes it by under 1 %."""
    shift_prior_px: float = 0.4
    """Misalignment left by the registration: prior sd of the common shift, which
    is held within twice this."""
    shift_neighbours: int = 64
    """Dots that vote on the shift of their neighbourhood."""
    intruder_sds: float = 4.0
    """Pixels off the model by more than this many spreads are hair or glint, not dot or skin."""
    shape_misfit: float = 0.3
    """A dot may differ from the common shape by this share of its height."""
    ridge: float = 0.01
    """Relative ridge: keeps pairs closer than one sigma from taking opposite signs."""


@dataclass(frozen=True, eq=False)
class Photometry:
    """Pigment at each place in one photo.

    Attributes
    ----------
    pigment : ndarray of shape (n,)
        Integrated optical density, OD px^2 of the frame; NaN where censored.
    amplitude : ndarray of shape (n,)
        Peak optical density of the fitted spot; NaN where censored.
    places_px : ndarray of shape (n, 2)
        The places after the common shift.
    noise : float
        Standard deviation of `pigment` where there is no dot (empty places).
    empty_pigment : ndarray of shape (m,)
        The same measurement at places without a dot: it must scatter around 0.
    sigma_px : float
        Fitted spot width.
    picture : DotPicture or None
        The dots, weighed by this photo's own pigment: the reference for later photos.
    """

    pigment: FloatColumn
    amplitude: FloatColumn
    places_px: FloatColumn
    noise: float
    empty_pigment: FloatColumn
    sigma_px: float
    picture: DotPicture | None


def background_px(sigma_px: float, spacing_px: float, settings: PhotometrySettings) -> float:
    """Sigma of the background smoothing for dots of one width and spacing, px."""
    by_width = settings.background_fwhm * 2.355 * sigma_px
    return max(settings.background_spacing * spacing_px, by_width)


def _fit_width(
    filtered: FloatArray,
    xy_px: FloatColumn,
    trust: FloatColumn,
    controls: FloatColumn,
    sigma_px: float,
    smooth_px: float,
    settings: PhotometrySettings,
) -> float:
    """Spot width that explains most of the image beyond what empty skin explains by chance.

    Skin texture looks like wide, weak spots; where little pigment is left it would draw the
    width along. So the energy explained at empty places is taken off, and the noise that
    weighs the evidence against the prior is the noise of those places. `filtered` has its
    smooth part taken off twice, as `_overlap` expects.
    """
    chosen, votes = _compact_subset(xy_px, trust, settings.width_dots)
    limit = np.log(settings.width_range)
    steps = np.linspace(-limit, limit, 7)
    energy = np.empty(len(steps))
    noise = np.empty(len(steps))
    amplitude = np.zeros(len(chosen))
    low = np.maximum(np.floor(chosen.min(axis=0) - 5 * sigma_px).astype(int), 0)
    high = np.ceil(chosen.max(axis=0) + 5 * sigma_px).astype(int) + 1
    window = np.ascontiguousarray(filtered[low[1] : high[1], low[0] : high[0]])
    chosen = chosen - low
    empty = controls - low
    inside = (empty >= 0).all(axis=1) & (empty < np.array(window.shape[::-1]) - 1).all(axis=1)
    empty = empty[inside]
    for k, step in enumerate(steps):
        sigma = sigma_px * float(np.exp(step))
        blurred = gaussian(window, sigma)
        right = sample(blurred, chosen)
        area = 2 * np.pi * sigma**2
        amplitude = solve_amplitudes(
            overlap(chosen, sigma, smooth_px, settings.ridge), right, amplitude if k else None
        )
        variance = robust_sd(sample(blurred, empty)) ** 2 if len(empty) > 20 else 0.0
        energy[k] = (votes * (amplitude * right - 2 * variance)).sum() * area
        noise[k] = 2 * variance * area
    score = energy / (2 * max(float(np.median(noise)), 1e-8))
    score -= 0.5 * (steps / settings.width_prior) ** 2
    best = int(np.argmax(score))
    if best in (0, len(steps) - 1):
        return sigma_px * float(np.exp(steps[best]))
    left, middle, right_ = score[best - 1 : best + 2]
    shift = 0.5 * (left - right_) / (left - 2 * middle + right_)
    return sigma_px * float(np.exp(steps[best] + shift * (steps[1] - steps[0])))


def _compact_subset(
    xy_px: FloatColumn, trust: FloatColumn, limit: int
) -> tuple[FloatColumn, FloatColumn]:
    """The `limit` places nearest to the middle place: whole neighbourhoods, not a thinned list."""
    if len(xy_px) <= limit:
        return xy_px, trust
    distance = ((xy_px - np.median(xy_px, axis=0)) ** 2).sum(axis=1)
    chosen = np.sort(np.argpartition(distance, limit)[:limit])
    return xy_px[chosen], trust[chosen]


def _votes(xy_px: FloatColumn, spacing_px: float, settings: PhotometrySettings) -> csr_array:
    """By what weight each place (column) votes on the shift of each other one (row), (n, n).

    Places move by a fraction of a pixel, which changes nobody's neighbours.
    """
    n, k = len(xy_px), min(settings.shift_neighbours, len(xy_px))
    distance, index = cKDTree(xy_px).query(xy_px, k=[*range(1, k + 1)])
    near = np.exp(-0.5 * (np.asarray(distance) / (4 * spacing_px)) ** 2)
    starts = np.arange(0, n * k + 1, k)
    return csr_array((near.ravel(), np.asarray(index).ravel(), starts), shape=(n, n))


def _common_shift(
    residual: FloatArray,
    xy_px: FloatColumn,
    trust: FloatColumn,
    amplitude: FloatColumn,
    sigma_px: float,
    votes: csr_array,
    settings: PhotometrySettings,
) -> FloatColumn:
    """What is left of the misalignment, read off the spots themselves, shape (n, 2), px.

    A spot fitted `delta` beside its true place leaves a residual whose blurred gradient at the
    place is ``amplitude * delta / (4 sigma^2)``. Single dots are too noisy; neighbours move
    together, so the estimate is a local weighted mean, drawn to zero where pigment is scarce.
    """
    blurred = gaussian(residual, sigma_px)
    slopes = [sample(_slope(blurred, *along), xy_px) for along in ((1, 0), (0, 1))]
    strength = trust * amplitude / (4 * sigma_px**2)
    noise = max(*(robust_sd(slope) for slope in slopes), 1e-9)
    prior = (noise / settings.shift_prior_px) ** 2
    mass = votes @ strength**2 + prior
    shift = np.column_stack([(votes @ (strength * slope)) / mass for slope in slopes])
    limit = 2 * settings.shift_prior_px
    held: FloatColumn = np.clip(shift, -limit, limit)
    return held


def _slope(image: FloatArray, along_x: int, along_y: int) -> FloatArray:
    """Derivative per pixel."""
    slope = cv2.Sobel(image, cv2.CV_32F, along_x, along_y, ksize=3, scale=1 / 8)
    return np.asarray(slope, np.float32)


def empty_places(
    region: BoolArray, xy_px: FloatColumn, spacing_px: float, limit: int = 2000
) -> FloatColumn:
    """Places on skin as far from every dot as the layout allows, on a jitter-free grid.

    They are the control of the photometry: measured like dots, they must read zero.

    Returns
    -------
    xy_px : ndarray of shape (m, 2), m < 2 `limit`
    """
    height, width = region.shape
    pitch = max(spacing_px / 2, 2.0)
    grid_x, grid_y = np.meshgrid(
        np.arange(pitch, width - 1, pitch), np.arange(pitch, height - 1, pitch)
    )
    grid = np.column_stack([grid_x.ravel(), grid_y.ravel()])
    grid = grid[region[np.rint(grid[:, 1]).astype(int), np.rint(grid[:, 0]).astype(int)]]
    if len(grid) == 0 or len(xy_px) == 0:
        return np.empty((0, 2))
    distance = np.asarray(cKDTree(xy_px).query(grid)[0])
    near_dots = distance < 1.5 * spacing_px
    grid, distance = grid[near_dots], distance[near_dots]
    order = np.argsort(-distance, kind="stable")
    # The emptiest fifth of the lattice between the dots, thinned evenly.
    chosen = np.sort(order[: max(len(order) // 5, 1)])
    places: FloatColumn = grid[chosen[:: max(1, len(chosen) // limit)]]
    return places


def measure_pigment(
    density: FloatArray,
    xy_px: FloatColumn,
    *,
    sigma_px: float,
    spacing_px: float,
    region: BoolArray,
    controls_px: FloatColumn | None = None,
    trust: FloatColumn | None = None,
    fit_width: bool = True,
    reference: DotPicture | None = None,
    fit_places: bool = True,
    settings: PhotometrySettings = PhotometrySettings(),
) -> Photometry:
    """Pigment of every place in one photo by a joint fit.

    Parameters
    ----------
    density : ndarray of shape (H, W)
        Optical density in the baseline's frame; NaN where the photo shows nothing usable.
    xy_px : ndarray of shape (n, 2)
        The places, in the same frame.
    sigma_px, spacing_px : float
        Width of the spots at baseline (Gaussian sigma) and median spacing of the places.
    region : ndarray of shape (H, W)
        Skin whose background may be trusted.
    controls_px : ndarray of shape (m, 2), optional
        Places without a dot (`empty_places` of these places if None), the same for a whole series.
    trust : ndarray of shape (n,), optional
        Chance that a place is a pigment dot: only dots decide on width and shift, not hairs.
    fit_width : bool
        Fit this photo's own spot width, near `sigma_px`.
    reference : DotPicture, optional
        The baseline's dots: the width is then this photo's softness against their mean, which is
        far steadier than a fit to the faded dots themselves.
    fit_places : bool
        Let neighbourhoods of places move together by what the alignment left over.

    Returns
    -------
    Photometry

    Raises
    ------
    ValueError
        If shapes disagree or a width is not positive.
    """
    if density.shape != region.shape or density.ndim != 2:
        raise ValueError(
            f"density {density.shape} and region {region.shape} must be equal 2-D shapes"
        )
    if not (sigma_px > 0 and spacing_px > 0):
        raise ValueError(f"sigma_px and spacing_px must be positive, got {sigma_px}, {spacing_px}")
    if len(xy_px) == 0:
        nothing = np.empty(0)
        return Photometry(nothing, nothing, xy_px, float("nan"), nothing, sigma_px, None)

    valid = np.isfinite(density) & region
    weight = valid.astype(np.float32)
    filled = np.where(valid, density, 0).astype(np.float32)
    places = xy_px
    trust = np.ones(len(xy_px)) if trust is None else trust
    controls = empty_places(region, xy_px, spacing_px) if controls_px is None else controls_px
    smooth_px = background_px(sigma_px, spacing_px, settings)

    between = skin_between(weight, xy_px, sigma_px)
    if fit_places:
        votes = _votes(xy_px, spacing_px, settings)

    # First pass: spots and background at once, because both are passed through the same
    # filter; dense work, where no bare skin is left between the dots, stays unbiased.
    # The second pass does it again without hairs and glints, and then trusts place and width.
    clean = filled
    of_skin, of_all = LocalMean(between, smooth_px), LocalMean(weight, smooth_px)
    background = of_skin.of(filled)
    intruder = np.zeros(density.shape, bool)
    amplitude = np.zeros(len(places))
    for final in (False, True):
        once = (clean - of_all.of(clean)) * weight
        twice = (once - of_all.of(once)) * weight
        amplitude = filtered_amplitudes(
            twice, places, sigma_px, smooth_px, settings.ridge, amplitude if final else None
        )
        if final and fit_places:
            left_over = once - paint_spots(density.shape, places, amplitude, sigma_px) * weight
            places = places + _common_shift(
                left_over, places, trust, amplitude, sigma_px, votes, settings
            )
        if final and fit_width and reference is None:
            sigma_px = _fit_width(twice, places, trust, controls, sigma_px, smooth_px, settings)
        elif final and fit_width and reference is not None:
            signal = (clean - background) * weight
            seen = sample(gaussian(weight, sigma_px), places) >= settings.min_visible_share
            picture = DotPicture(signal, places, seen, reference.strength, sigma_px)
            sigma_px = matched_width_px(reference, picture)
        if final and (fit_places or fit_width):
            amplitude = filtered_amplitudes(
                twice, places, sigma_px, smooth_px, settings.ridge, amplitude
            )
        model = paint_spots(density.shape, places, amplitude, sigma_px)
        background = of_skin.of(clean - model)
        intruder = find_intruders(filled - background - model, model, valid, settings)
        clean = np.where(intruder, background + model, filled)

    # Then against a background that leaves them out. Filling intruders with the model is the
    # expectation step of least squares with missing pixels.
    for _ in range(settings.background_rounds):
        background = smooth_valid(clean - model, between * ~intruder, smooth_px)
        signal = (clean - background) * weight
        if fit_places:
            places = places + _common_shift(
                signal - model, places, trust, amplitude, sigma_px, votes, settings
            )
        right = sample(gaussian(signal, sigma_px), places)
        amplitude = solve_amplitudes(
            overlap(places, sigma_px, np.inf, settings.ridge), right, amplitude
        )
        model = paint_spots(density.shape, places, amplitude, sigma_px)
        intruder = find_intruders(filled - background - model, model, valid, settings)
        clean = np.where(intruder, background + model, filled)
    weight = (valid & ~intruder).astype(np.float32)

    area = 2 * np.pi * sigma_px**2
    visible = sample(gaussian(weight, sigma_px), places)
    censored = visible < settings.min_visible_share
    amplitude = np.where(censored, np.nan, amplitude)
    residual = np.where(valid & ~intruder, clean - background - model, np.nan).astype(np.float32)
    # A control shares no pixels with the fitted dots' model, so one step of the same filter does.
    rest = gaussian(np.nan_to_num(residual), sigma_px)
    shown = sample(gaussian(weight, sigma_px), controls) >= settings.min_visible_share
    empty = 2 * sample(rest, controls)[shown] * area
    strength = trust * np.maximum(np.nan_to_num(amplitude), 0)
    return Photometry(
        pigment=amplitude * area,
        amplitude=amplitude,
        places_px=places,
        noise=robust_sd(empty),
        empty_pigment=empty,
        sigma_px=sigma_px,
        picture=DotPicture(clean - background, places, ~censored, strength, sigma_px),
    )


def find_intruders(
    residual: FloatArray, model: FloatArray, valid: BoolArray, settings: PhotometrySettings
) -> BoolArray:
    """Pixels that neither skin nor round dots explain: hairs, their shadows, glints.

    A pixel is out when it is off by more than `settings.intruder_sds` of the residual's spread,
    or next to such a pixel and off by half as much. Dots are not all of one shape, so where
    the model is high the residual may be a share of it.
    """
    spread = robust_sd(residual[valid])
    if not np.isfinite(spread) or spread == 0:
        return np.zeros(residual.shape, bool)
    # Squares throughout: roots and quotients of whole pictures take longer than all the rest.
    allowed = np.maximum(model, 0)
    allowed *= np.float32(settings.shape_misfit)
    allowed *= allowed
    allowed += np.float32(spread**2)
    off = residual * residual
    off /= allowed
    core = off > settings.intruder_sds**2
    near = cv2.dilate(core.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    intruder: BoolArray = (core | (near & (off > (settings.intruder_sds / 2) ** 2))) & valid
    return intruder
