"""Dots told from strokes in one photo, as dark and as many."""

import numpy as np
import pytest

from tests.measure.painted_skin import FAIR, encode, texture
from tracker.measure.detection import Detection, detect_dots
from tracker.measure.luminance import SrgbArray
from tracker.measure.photo_kinds import told_apart
from tracker.measure.results import Kind

SIDE, STEP = 460, 23


def places() -> np.ndarray:
    """A grid of places, a little off it."""
    rng = np.random.default_rng(8)
    grid = np.stack(np.meshgrid(*[np.arange(1, SIDE // STEP) * STEP] * 2), -1).reshape(-1, 2)
    return grid + rng.uniform(-5, 5, grid.shape)


def stroke(at: np.ndarray, rng: np.random.Generator, half_px: float, sigma_px: float) -> np.ndarray:
    """A stroke of any direction, of a half length beyond its rounding; a spot where that is 0."""
    y, x = np.mgrid[:SIDE, :SIDE].astype(float)
    turn = rng.uniform(0, np.pi)
    along = (x - at[0]) * np.cos(turn) + (y - at[1]) * np.sin(turn)
    across = -(x - at[0]) * np.sin(turn) + (y - at[1]) * np.cos(turn)
    beyond = np.maximum(np.abs(along) - half_px, 0)
    return np.exp(-(beyond**2 + across**2) / (2 * sigma_px**2))


def drawn(xy: np.ndarray, is_stroke: np.ndarray) -> SrgbArray:
    """Spots of 2 px sigma, and strokes of 1.2 px across and 14 px along."""
    rng = np.random.default_rng(9)
    density = texture((SIDE, SIDE), rng)
    for at, is_long in zip(xy, is_stroke, strict=True):
        density += 0.3 * stroke(at, rng, *((7.0, 1.2) if is_long else (0.0, 2.0)))
    return encode(np.array(FAIR) * 10.0 ** -density[:, :, None])


@pytest.fixture(scope="module")
def half_strokes() -> tuple[SrgbArray, np.ndarray, np.ndarray]:
    xy = places()
    is_stroke = xy[:, 0] + xy[:, 1] > SIDE
    return drawn(xy, is_stroke), xy[~is_stroke], xy[is_stroke]


def share_taken(found: Detection, xy: np.ndarray) -> float:
    """Share of the places near which something is listed as a dot, or as one perhaps."""
    kept = found.dots.xy_px[found.dots.kind != Kind.HAIR]
    apart = np.hypot(*(xy[:, None] - kept[None]).transpose(2, 0, 1))
    return float((apart.min(axis=1) < 4).mean())


def test_dots_stay_and_strokes_go(half_strokes: tuple[SrgbArray, np.ndarray, np.ndarray]) -> None:
    srgb, dots, strokes = half_strokes
    found = told_apart(detect_dots(srgb), srgb)
    assert share_taken(found, dots) > 0.95
    assert share_taken(found, strokes) < 0.1


def test_spots_and_places_are_those_of_the_detection(
    half_strokes: tuple[SrgbArray, np.ndarray, np.ndarray],
) -> None:
    srgb, _, _ = half_strokes
    before = detect_dots(srgb)
    after = told_apart(before, srgb)
    assert np.array_equal(before.dots.xy_px, after.dots.xy_px)
    assert np.array_equal(before.dots.pigment, after.dots.pigment)
    chance = 1 - after.dots.hair_probability
    assert (after.dots.kind[chance >= 0.8] == Kind.DOT).all()
    assert (after.dots.kind[chance < 0.5] == Kind.HAIR).all()


def test_skin_without_a_crowd_of_dots_is_left_as_it_is() -> None:
    bare = encode(
        np.array(FAIR) * 10.0 ** -texture((300, 300), np.random.default_rng(1))[:, :, None]
    )
    before = detect_dots(bare)
    assert told_apart(before, bare) is before


def test_shaved_roots_are_narrower_and_fainter_than_pigment() -> None:
    """Strewn among each other, one in four a root 3 px longer than wide."""
    rng = np.random.default_rng(12)
    xy = places()
    is_root = rng.random(len(xy)) < 0.25
    density = texture((SIDE, SIDE), rng)
    for at, root in zip(xy, is_root, strict=True):
        half_px, sigma_px, peak = (1.5, 1.2, 0.2) if root else (0.0, 2.1, 0.3)
        density += peak * stroke(at, rng, half_px, sigma_px)
    srgb = encode(np.array(FAIR) * 10.0 ** -density[:, :, None])
    found = told_apart(detect_dots(srgb), srgb)
    assert share_taken(found, xy[~is_root]) > 0.95
    assert share_taken(found, xy[is_root]) < 0.1


def test_noise_in_a_photo_of_dots_alone_costs_no_dots() -> None:
    rng = np.random.default_rng(3)
    xy = places()[::4]
    srgb = drawn(xy, np.zeros(len(xy), bool)).astype(float) + rng.normal(0, 5, (SIDE, SIDE, 3))
    noisy = np.clip(np.rint(srgb), 0, 255).astype(np.uint8)
    detection = detect_dots(noisy)
    near = np.hypot(*(xy[:, None] - detection.dots.xy_px[None]).transpose(2, 0, 1)).min(axis=1) < 4
    assert near.mean() > 0.9
    assert share_taken(told_apart(detection, noisy), xy) > near.mean() - 0.03
