"""Forced photometry: the pigment at known places, detected there or not.

All baseline dots are fitted together in one photo, resampled into the baseline's frame.
The model is a smooth skin background plus one round spot per place; neighbours that
overlap share their pixels by least squares instead of counting them twice. The width of
the spots is fitted per photo, because a softer photo spreads the same pigment wider.

For spots of Gaussian shape the normal equations need no image-sized matrix: their right
side is the image blurred by the spot and read at the places, their matrix is the overlap
``exp(-d^2 / 4 sigma^2)`` of each pair of places (J. A. Stetson-style crowded-field
photometry, PASP 99, 191 (1987), solved exactly).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.ndimage import gaussian_filter
from scipy.sparse.linalg import LinearOperator, cg
from scipy.spatial import cKDTree

from tracker.measure.blur_match import blur_variance, stack_dots
from tracker.measure.luminance import BoolArray, FloatArray
from tracker.measure.results import FloatColumn


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
class Stack:
    """The mean dot of the baseline (`stack_dots`), its width, and the dots' weights in it."""

    picture: FloatArray
    sigma_px: float
    weight: FloatColumn


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
    intruded : ndarray of shape (n,)
        Share of the spot in [0, 1] taken by pixels darker than spot and skin explain: hair.
    noise : float
        Standard deviation of `pigment` where there is no dot (empty places).
    empty_pigment : ndarray of shape (m,)
        The same measurement at places without a dot: it must scatter around 0.
    sigma_px : float
        Fitted spot width.
    stack : Stack or None
        The mean dot, weighed by this photo's own pigment: the reference for later photos.
    """

    pigment: FloatColumn
    amplitude: FloatColumn
    places_px: FloatColumn
    intruded: FloatColumn
    noise: float
    empty_pigment: FloatColumn
    sigma_px: float
    stack: Stack | None


def sample(image: FloatArray, xy_px: FloatColumn) -> FloatColumn:
    """Values of an image at sub-pixel places, bicubic, shape (n,); the edge value outside."""
    if len(xy_px) == 0:
        return np.empty(0)
    # cv2.remap takes at most 32767 columns: fold the list into a rectangle.
    n = len(xy_px)
    columns = min(n, 4096)
    rows = -(-n // columns)
    folded = np.zeros((rows * columns, 2), np.float32)
    folded[:n] = xy_px
    maps = folded.reshape(rows, columns, 2)
    values = cv2.remap(
        image, maps[..., 0], maps[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return values.reshape(-1)[:n].astype(np.float64)


def blur(image: FloatArray, sigma_px: float) -> FloatArray:
    """Gaussian blur that shrinks the image first where sigma is large (same result to ~1 %)."""
    step = int(sigma_px // 4)
    if step >= 2:
        height, width = image.shape
        small = cv2.resize(image, (-(-width // step), -(-height // step)), interpolation=cv2.INTER_AREA)
        # In small pixels area averaging adds a variance of up to 1/12, linear upsampling 1/6.
        rest = max(sigma_px**2 / step**2 - 0.25, 0.25) ** 0.5
        small = cv2.GaussianBlur(small, (0, 0), rest, borderType=cv2.BORDER_REPLICATE)
        return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    return cv2.GaussianBlur(image, (0, 0), sigma_px, borderType=cv2.BORDER_REPLICATE)


def smooth_valid(image: FloatArray, weight: FloatArray, sigma_px: float) -> FloatArray:
    """Weighted local mean of an image: ``blur(image * weight) / blur(weight)``."""
    mass = blur(weight, sigma_px)
    value = blur(image * weight, sigma_px)
    wide_mass = blur(weight, 4 * sigma_px)
    wide = blur(image * weight, 4 * sigma_px) / np.maximum(wide_mass, 1e-6)
    # Where little skin is left nearby, lean on a wider neighbourhood instead of on noise.
    trust = mass / (mass + 0.02)
    return (trust * value / np.maximum(mass, 1e-6) + (1 - trust) * wide).astype(np.float32)


def _overlap(
    xy_px: FloatColumn, sigma_px: float, smooth_px: float, ridge: float
) -> LinearOperator:
    """Normal matrix of unit spots after the background filter, shape (n, n).

    A spot g of width sigma loses its own smooth part: ``h = g - S g`` with S a Gaussian blur
    of `smooth_px`. The products ``<h_i, h_j> / (2 pi sigma^2)`` are sums of three Gaussians of
    the distance. The narrow one, ``0.5 exp(-d^2 / 4 sigma^2)``, is a sparse matrix; the two wide
    ones, which join hundreds of spots, act through a coarse grid. With an infinite `smooth_px`
    only the narrow one is left.
    """
    n = len(xy_px)
    two = 2 * sigma_px**2
    # Places farther apart than five sigmas do not share pixels (overlap < 0.3 %).
    pairs = cKDTree(xy_px).query_pairs(3.5 * two**0.5, output_type="ndarray")
    d2 = ((xy_px[pairs[:, 0]] - xy_px[pairs[:, 1]]) ** 2).sum(axis=1)
    off = 0.5 * np.exp(-d2 / (2 * two))
    rows = np.concatenate([pairs[:, 0], pairs[:, 1], np.arange(n)])
    cols = np.concatenate([pairs[:, 1], pairs[:, 0], np.arange(n)])
    data = np.concatenate([off, off, np.full(n, 0.5 * (1 + ridge))])
    narrow = sparse.csr_matrix((data, (rows, cols)), shape=(n, n))
    if not np.isfinite(smooth_px):
        return LinearOperator((n, n), matvec=narrow.dot, dtype=np.float64)

    step = smooth_px / 2.5
    grid = _bilinear(xy_px, step)
    shape = grid.grid_shape
    wide = []
    for share, variance in ((-2.0, two + smooth_px**2), (1.0, two + 2 * smooth_px**2)):
        # Bilinear sharing out and reading back add step^2 / 6 each to the variance.
        sigma = float(np.sqrt(variance / step**2 - 1 / 3))
        wide.append((share * np.pi * two * 1.0, sigma))

    def apply(amplitude: FloatColumn) -> FloatColumn:
        coarse = (grid.matrix.T @ amplitude).reshape(shape)
        total = np.zeros(shape)
        for factor, sigma in wide:
            # gaussian_filter has unit sum: its peak is 1 / (2 pi sigma^2) per grid cell.
            total += factor / step**2 * gaussian_filter(coarse, sigma, mode="constant", truncate=3.5)
        result: FloatColumn = narrow @ amplitude + grid.matrix @ total.reshape(-1)
        return result

    return LinearOperator((n, n), matvec=apply, dtype=np.float64)


@dataclass(frozen=True, eq=False)
class _Bilinear:
    matrix: sparse.csr_matrix
    grid_shape: tuple[int, int]


def _bilinear(xy_px: FloatColumn, step_px: float) -> _Bilinear:
    """Weights that read a coarse grid at the places, shape (n, grid cells)."""
    place = (xy_px - xy_px.min(axis=0)) / step_px + 1
    corner = np.floor(place).astype(np.int64)
    frac = place - corner
    columns, rows = (corner.max(axis=0) + 3).tolist()
    n = len(xy_px)
    index, share = [], []
    for dy in (0, 1):
        for dx in (0, 1):
            index.append((corner[:, 1] + dy) * columns + corner[:, 0] + dx)
            share.append(
                (frac[:, 1] if dy else 1 - frac[:, 1]) * (frac[:, 0] if dx else 1 - frac[:, 0])
            )
    matrix = sparse.csr_matrix(
        (np.concatenate(share), (np.tile(np.arange(n), 4), np.concatenate(index))),
        shape=(n, rows * columns),
    )
    return _Bilinear(matrix, (rows, columns))


def paint_spots(
    shape: tuple[int, int], xy_px: FloatColumn, amplitude: FloatColumn, sigma_px: float
) -> FloatArray:
    """Image of round Gaussian spots at sub-pixel places.

    Each spot is spread over 3 x 3 pixels by quadratic B-spline weights, whose variance is
    1/4 px^2 wherever the place falls within its pixel, and the image is blurred by the rest.

    Parameters
    ----------
    shape : (int, int)
        Height and width in pixels.
    xy_px : ndarray of shape (n, 2)
    amplitude : ndarray of shape (n,)
        Peak height of each spot.
    sigma_px : float
        Spot width, at least 0.7 px.

    Returns
    -------
    image : ndarray of shape (H, W)
    """
    height, width = shape
    margin = 2
    centre = np.rint(xy_px).astype(np.int64)
    inside = (
        (centre[:, 0] >= 0)
        & (centre[:, 0] < width)
        & (centre[:, 1] >= 0)
        & (centre[:, 1] < height)
    )
    centre = centre[inside]
    frac = xy_px[inside] - centre
    weights = np.stack([0.5 * (0.5 - frac) ** 2, 0.75 - frac**2, 0.5 * (0.5 + frac) ** 2], axis=-1)
    kernel = weights[:, 1, :, None] * weights[:, 0, None, :]
    kernel *= (amplitude[inside] * 2 * np.pi * sigma_px**2)[:, None, None]
    padded_width = width + 2 * margin
    step = np.arange(-1, 2)
    index = (centre[:, 1] + margin)[:, None, None] * padded_width + (centre[:, 0] + margin)[
        :, None, None
    ]
    index = index + step[None, :, None] * padded_width + step[None, None, :]
    padded = np.bincount(
        index.reshape(-1), kernel.reshape(-1), minlength=(height + 2 * margin) * padded_width
    ).reshape(height + 2 * margin, padded_width)
    impulses = padded[margin:-margin, margin:-margin].astype(np.float32)
    rest = max(sigma_px**2 - 0.25, 0.24) ** 0.5
    return cv2.GaussianBlur(impulses, (0, 0), rest, borderType=cv2.BORDER_CONSTANT).astype(
        np.float32, copy=False
    )


def _amplitudes(matrix: LinearOperator, right: FloatColumn) -> FloatColumn:
    """Solve the normal equations; conjugate gradients, always the same steps."""
    solution, _ = cg(matrix, right, x0=2 * right, rtol=1e-4, maxiter=50)
    return solution


def _filtered_amplitudes(
    filtered: FloatArray,
    xy_px: FloatColumn,
    sigma_px: float,
    smooth_px: float,
    settings: PhotometrySettings,
) -> FloatColumn:
    right = sample(cv2.GaussianBlur(filtered, (0, 0), sigma_px), xy_px)
    return _amplitudes(_overlap(xy_px, sigma_px, smooth_px, settings.ridge), right)


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
    low = np.maximum(np.floor(chosen.min(axis=0) - 5 * sigma_px).astype(int), 0)
    high = np.ceil(chosen.max(axis=0) + 5 * sigma_px).astype(int) + 1
    window = np.ascontiguousarray(filtered[low[1] : high[1], low[0] : high[0]])
    chosen = chosen - low
    empty = controls - low
    inside = (empty >= 0).all(axis=1) & (empty < np.array(window.shape[::-1]) - 1).all(axis=1)
    empty = empty[inside]
    for k, step in enumerate(steps):
        sigma = sigma_px * float(np.exp(step))
        blurred = cv2.GaussianBlur(window, (0, 0), sigma)
        right = sample(blurred, chosen)
        area = 2 * np.pi * sigma**2
        amplitude = _amplitudes(_overlap(chosen, sigma, smooth_px, settings.ridge), right)
        variance = _robust_sd(sample(blurred, empty)) ** 2 if len(empty) > 20 else 0.0
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


def _common_shift(
    residual: FloatArray,
    xy_px: FloatColumn,
    trust: FloatColumn,
    amplitude: FloatColumn,
    sigma_px: float,
    spacing_px: float,
    settings: PhotometrySettings,
) -> FloatColumn:
    """What is left of the misalignment, read off the spots themselves, shape (n, 2), px.

    A spot fitted `delta` beside its true place leaves a residual whose blurred gradient at the
    place is ``amplitude * delta / (4 sigma^2)``. Single dots are too noisy; neighbours move
    together, so the estimate is a local weighted mean, drawn to zero where pigment is scarce.
    """
    blurred = cv2.GaussianBlur(residual, (0, 0), sigma_px)
    slope_x = sample(cv2.Sobel(blurred, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8), xy_px)
    slope_y = sample(cv2.Sobel(blurred, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8), xy_px)
    neighbours = min(settings.shift_neighbours, len(xy_px))
    distance, index = cKDTree(xy_px).query(xy_px, k=neighbours)
    distance = distance.reshape(len(xy_px), -1)
    index = index.reshape(len(xy_px), -1)
    near = np.exp(-0.5 * (distance / (4 * spacing_px)) ** 2)
    strength = trust * amplitude / (4 * sigma_px**2)
    noise = max(_robust_sd(slope_x), _robust_sd(slope_y), 1e-9)
    prior = (noise / settings.shift_prior_px) ** 2
    mass = (near * strength[index] ** 2).sum(axis=1) + prior
    shift = np.column_stack(
        [(near * (strength * s)[index]).sum(axis=1) / mass for s in (slope_x, slope_y)]
    )
    return np.clip(shift, -2 * settings.shift_prior_px, 2 * settings.shift_prior_px)


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
    grid_x, grid_y = np.meshgrid(np.arange(pitch, width - 1, pitch), np.arange(pitch, height - 1, pitch))
    grid = np.column_stack([grid_x.ravel(), grid_y.ravel()])
    grid = grid[region[np.rint(grid[:, 1]).astype(int), np.rint(grid[:, 0]).astype(int)]]
    if len(grid) == 0 or len(xy_px) == 0:
        return np.empty((0, 2))
    distance, _ = cKDTree(xy_px).query(grid)
    near_dots = distance < 1.5 * spacing_px
    grid, distance = grid[near_dots], distance[near_dots]
    order = np.argsort(-distance, kind="stable")
    # The emptiest fifth of the lattice between the dots, thinned evenly.
    chosen = np.sort(order[: max(len(order) // 5, 1)])
    return grid[chosen[:: max(1, len(chosen) // limit)]]


def measure_pigment(
    density: FloatArray,
    xy_px: FloatColumn,
    *,
    sigma_px: float,
    spacing_px: float,
    region: BoolArray,
    trust: FloatColumn | None = None,
    fit_width: bool = True,
    reference: Stack | None = None,
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
    trust : ndarray of shape (n,), optional
        Chance that a place is a pigment dot: only dots decide on width and shift, not hairs.
    fit_width : bool
        Fit this photo's own spot width, near `sigma_px`.
    reference : Stack, optional
        The baseline's mean dot: the width is then this photo's softness against it, which is
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
        raise ValueError(f"density {density.shape} and region {region.shape} must be equal 2-D shapes")
    if not (sigma_px > 0 and spacing_px > 0):
        raise ValueError(f"sigma_px and spacing_px must be positive, got {sigma_px}, {spacing_px}")
    if len(xy_px) == 0:
        nothing = np.empty(0)
        return Photometry(
            nothing, nothing, xy_px, nothing, float("nan"), nothing, sigma_px, None
        )

    valid = np.isfinite(density) & region
    weight = valid.astype(np.float32)
    filled = np.where(valid, density, 0).astype(np.float32)
    places = xy_px
    trust = np.ones(len(xy_px)) if trust is None else trust
    controls = empty_places(region, xy_px, spacing_px)
    smooth_px = max(
        settings.background_spacing * spacing_px, settings.background_fwhm * 2.355 * sigma_px
    )

    cores = paint_spots(density.shape, xy_px, np.ones(len(xy_px)), 1.3 * sigma_px)
    # Skin weight falls smoothly where a dot is: dense work keeps some weight everywhere.
    between = weight * np.exp(-3.0 * np.minimum(cores, 3.0))

    # First pass: spots and background at once, because both are passed through the same
    # filter; dense work, where no bare skin is left between the dots, stays unbiased.
    # The second pass does it again without hairs and glints, and then trusts place and width.
    clean = filled
    intruder = np.zeros(density.shape, bool)
    for final in (False, True):
        once = (clean - smooth_valid(clean, weight, smooth_px)) * weight
        twice = (once - smooth_valid(once, weight, smooth_px)) * weight
        amplitude = _filtered_amplitudes(twice, places, sigma_px, smooth_px, settings)
        if final and fit_places:
            left_over = once - paint_spots(density.shape, places, amplitude, sigma_px) * weight
            places = places + _common_shift(
                left_over, places, trust, amplitude, sigma_px, spacing_px, settings
            )
        if final and fit_width and reference is None:
            sigma_px = _fit_width(twice, places, trust, controls, sigma_px, smooth_px, settings)
        elif final and fit_width and reference is not None:
            signal = (clean - background) * weight
            stack = stack_dots(signal, places, reference.weight, reference.sigma_px)
            softer = blur_variance(reference.picture, stack, reference.sigma_px)
            sigma_px = float(np.sqrt(reference.sigma_px**2 + softer))
        if final and (fit_places or fit_width):
            amplitude = _filtered_amplitudes(twice, places, sigma_px, smooth_px, settings)
        model = paint_spots(density.shape, places, amplitude, sigma_px)
        background = smooth_valid(clean - model, between, smooth_px)
        intruder = find_intruders(filled - background - model, model, valid, settings)
        clean = np.where(intruder, background + model, filled)

    # Then against a background that leaves them out. Filling intruders with the model is the
    # expectation step of least squares with missing pixels.
    for _ in range(settings.background_rounds):
        background = smooth_valid(clean - model, between * ~intruder, smooth_px)
        signal = (clean - background) * weight
        if fit_places:
            places = places + _common_shift(
                signal - model, places, trust, amplitude, sigma_px, spacing_px, settings
            )
        right = sample(cv2.GaussianBlur(signal, (0, 0), sigma_px), places)
        amplitude = _amplitudes(_overlap(places, sigma_px, np.inf, settings.ridge), right)
        model = paint_spots(density.shape, places, amplitude, sigma_px)
        intruder = find_intruders(filled - background - model, model, valid, settings)
        clean = np.where(intruder, background + model, filled)
    hair = (intruder & (filled > background + model)).astype(np.float32)
    weight = (valid & ~intruder).astype(np.float32)

    area = 2 * np.pi * sigma_px**2
    visible = sample(cv2.GaussianBlur(weight, (0, 0), sigma_px), places)
    censored = visible < settings.min_visible_share
    amplitude = np.where(censored, np.nan, amplitude)
    residual = np.where(valid & ~intruder, clean - background - model, np.nan).astype(np.float32)
    # A control shares no pixels with the fitted dots' model, so one step of the same filter does.
    rest = cv2.GaussianBlur(np.nan_to_num(residual), (0, 0), sigma_px)
    shown = sample(cv2.GaussianBlur(weight, (0, 0), sigma_px), controls) >= settings.min_visible_share
    empty = 2 * sample(rest, controls)[shown] * area
    strength = trust * np.maximum(np.nan_to_num(amplitude), 0)
    return Photometry(
        pigment=amplitude * area,
        amplitude=amplitude,
        places_px=places,
        intruded=sample(cv2.GaussianBlur(hair, (0, 0), sigma_px), places),
        noise=_robust_sd(empty),
        empty_pigment=empty,
        sigma_px=sigma_px,
        stack=Stack(stack_dots(clean - background, places, strength, sigma_px), sigma_px, strength),
    )


def _robust_sd(values: NDArray[np.floating]) -> float:
    if values.size == 0:
        return float("nan")
    step = max(1, values.size // 200_000)
    thinned = values.reshape(-1)[::step]
    centre = np.median(thinned)
    return float(1.4826 * np.median(np.abs(thinned - centre)))


def find_intruders(
    residual: FloatArray, model: FloatArray, valid: BoolArray, settings: PhotometrySettings
) -> BoolArray:
    """Pixels that neither skin nor round dots explain: hairs, their shadows, glints.

    A pixel is out when it is off by more than `settings.intruder_sds` of the residual's spread,
    or next to such a pixel and off by half as much. Dots are not all of one shape, so where
    the model is high the residual may be a share of it.
    """
    spread = _robust_sd(residual[valid])
    if not np.isfinite(spread) or spread == 0:
        return np.zeros(residual.shape, bool)
    allowed = np.hypot(spread, settings.shape_misfit * np.maximum(model, 0))
    off = np.abs(residual) / allowed
    core = off > settings.intruder_sds
    near = cv2.dilate(core.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    intruder: BoolArray = (core | (near & (off > settings.intruder_sds / 2))) & valid
    return intruder
