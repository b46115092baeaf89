import cv2
import numpy as np
import pytest

from tests.measure.alignment_scenes import photographed, speckled_skin, true_map
from tracker.measure.luminance import luminance_density
from tracker.measure.refine import refine_on_density
from tracker.measure.registration import (
    NotRegistered,
    PhotoFeatures,
    Registration,
    extract_features,
    register,
)
from tracker.measure.series_alignment import align_series, compose

SHAPE = (700, 800)


@pytest.fixture(scope="module")
def reference_photo() -> np.ndarray:
    return speckled_skin(1)


@pytest.fixture(scope="module")
def moving_photo(reference_photo: np.ndarray) -> np.ndarray:
    return photographed(reference_photo, 2)


@pytest.fixture(scope="module")
def reference(reference_photo: np.ndarray) -> PhotoFeatures:
    return extract_features(reference_photo)


@pytest.fixture(scope="module")
def moving(moving_photo: np.ndarray) -> PhotoFeatures:
    return extract_features(moving_photo)


@pytest.fixture(scope="module")
def aligned(reference: PhotoFeatures, moving: PhotoFeatures) -> Registration:
    result = register(reference, moving)
    assert isinstance(result, Registration)
    return result


def _inner(n: int = 600) -> np.ndarray:
    return np.random.default_rng(7).uniform([60, 60], [740, 640], (n, 2))


def test_recovers_a_known_map(aligned: Registration) -> None:
    points = _inner()
    error = np.hypot(*(aligned.map_points(points) - true_map(points)).T)
    assert np.isfinite(error).mean() > 0.95
    assert np.nanmedian(error) < 0.3
    assert np.nanmedian(error) < aligned.error_px < 1.5


def test_refinement_on_density_does_better(
    aligned: Registration, reference_photo: np.ndarray, moving_photo: np.ndarray
) -> None:
    points = _inner()
    fine = refine_on_density(
        aligned, luminance_density(reference_photo), luminance_density(moving_photo), points
    )
    error = np.hypot(*(fine.map_points(points) - true_map(points)).T)
    assert np.nanmedian(error) < 0.12
    assert fine.error_px < aligned.error_px


def test_mapping_back_inverts(aligned: Registration) -> None:
    points = _inner()
    back = aligned.map_points_back(aligned.map_points(points))
    assert np.nanmax(np.abs(back - points)) < 1e-2


def test_warping_a_ramp_shows_the_map(aligned: Registration) -> None:
    x, y = np.meshgrid(np.arange(SHAPE[1]), np.arange(SHAPE[0]))
    ramps = np.stack([x, y], axis=-1).astype(np.float32)
    warped = aligned.warp(ramps)
    assert warped.shape == (*SHAPE, 2)
    points = np.rint(_inner())
    column, row = points.astype(int).T
    mapped = aligned.map_points(points)
    np.testing.assert_allclose(warped[row, column], mapped, atol=0.08)


def test_a_box_of_the_warp_is_the_warp_cut_out(aligned: Registration) -> None:
    ramp = np.tile(np.arange(SHAPE[1], dtype=np.float32), (SHAPE[0], 1))
    whole = aligned.warp(ramp, trusted_only=False)
    part = aligned.warp(ramp, box=(200, 100, 333, 311), trusted_only=False)
    np.testing.assert_allclose(part, whole[100:311, 200:333], atol=0.02)
    small = aligned.warp(ramp, step_px=4, trusted_only=False)
    np.testing.assert_allclose(small[20:150, 20:180], whole[80:600:4, 80:720:4], atol=0.1)


def test_outside_and_untrusted_places_are_nan(aligned: Registration) -> None:
    far = np.array([[-50.0, 10.0], [10_000.0, 3.0], [np.nan, 5.0]])
    assert np.isnan(aligned.map_points(far)).all()
    assert np.isnan(aligned.point_sd_px(far)).all()


def test_a_chain_there_and_back_is_the_identity(
    aligned: Registration, reference: PhotoFeatures, moving: PhotoFeatures
) -> None:
    back = register(moving, reference)
    assert isinstance(back, Registration)
    loop = compose(aligned, back)
    points = _inner()
    assert np.nanmedian(np.hypot(*(loop.map_points(points) - points).T)) < 0.4
    assert loop.error_px > aligned.error_px


def test_chains_must_meet(aligned: Registration) -> None:
    small = extract_features(speckled_skin(1, (500, 500)))
    other = register(small, small)
    assert isinstance(other, Registration)
    with pytest.raises(ValueError, match="second must start"):
        compose(aligned, other)


def test_another_texture_is_refused(reference: PhotoFeatures) -> None:
    result = register(reference, extract_features(speckled_skin(99)))
    assert isinstance(result, NotRegistered)
    assert "another head" in result.reason
    assert result.evidence["hit_rate"] < 0.07


def test_a_mirrored_photo_is_refused_by_name(reference: PhotoFeatures) -> None:
    mirrored = extract_features(speckled_skin(1)[:, ::-1].copy())
    result = register(reference, mirrored)
    assert isinstance(result, NotRegistered)
    assert "mirrored" in result.reason


def test_a_blank_photo_is_refused(reference: PhotoFeatures) -> None:
    result = register(reference, extract_features(np.full((400, 500, 3), 128, np.uint8)))
    assert isinstance(result, NotRegistered)


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_photo_saved_on_its_side_or_its_head_is_found(
    reference: PhotoFeatures, moving_photo: np.ndarray, aligned: Registration, quarters: int
) -> None:
    result = register(
        reference, extract_features(np.ascontiguousarray(np.rot90(moving_photo, quarters)))
    )
    assert isinstance(result, Registration)
    places = _inner()
    expected = aligned.map_points(places)
    for k in range(quarters):
        # numpy turns a picture against the clock: its right side becomes its top.
        width = moving_photo.shape[1 - k % 2]
        expected = np.column_stack([expected[:, 1], width - 1 - expected[:, 0]])
    off = np.hypot(*(result.map_points(places) - expected).T)
    assert np.nanmedian(off) < 0.3


@pytest.mark.parametrize("turn_deg", [-35.0, 22.0])
def test_finds_a_turned_photo(reference: PhotoFeatures, turn_deg: float) -> None:
    matrix = cv2.getRotationMatrix2D((399.5, 349.5), -turn_deg, 1.0)
    turned = cv2.warpAffine(speckled_skin(1), matrix, (800, 700), flags=cv2.INTER_CUBIC)
    result = register(reference, extract_features(turned))
    assert isinstance(result, Registration)
    assert result.evidence["rotation_deg"] == pytest.approx(turn_deg, abs=3)
    points = _inner()
    truth = points @ matrix[:, :2].T + matrix[:, 2]
    assert np.nanmedian(np.hypot(*(result.map_points(points) - truth).T)) < 0.4


def test_the_same_photos_give_the_same_map(
    aligned: Registration, reference: PhotoFeatures, moving: PhotoFeatures
) -> None:
    again = register(reference, moving)
    assert isinstance(again, Registration)
    np.testing.assert_array_equal(again.map_points(_inner()), aligned.map_points(_inner()))


def test_a_series_reports_each_photo(reference: PhotoFeatures, moving: PhotoFeatures) -> None:
    links = align_series([reference, moving, extract_features(speckled_skin(50))], 0)
    assert links[0].result is None
    assert isinstance(links[1].result, Registration)
    assert links[1].parent == 0
    assert isinstance(links[2].result, NotRegistered)


def test_misuse_is_named(aligned: Registration, reference: PhotoFeatures) -> None:
    with pytest.raises(ValueError, match="image must have shape"):
        aligned.warp(np.zeros((10, 10), np.float32))
    with pytest.raises(ValueError, match="step_px"):
        aligned.warp(np.zeros(SHAPE, np.float32), step_px=0)
    with pytest.raises(ValueError, match="region must have shape"):
        extract_features(speckled_skin(1), np.ones((3, 3), bool))
    with pytest.raises(ValueError, match="baseline"):
        align_series([reference], 1)
    with pytest.raises(ValueError, match="reference_density"):
        refine_on_density(aligned, np.zeros((2, 2), np.float32), np.zeros(SHAPE, np.float32), [])
