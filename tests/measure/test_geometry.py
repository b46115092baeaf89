import numpy as np
import pytest

from tracker.measure.geometry import (
    apply_affine,
    as_points,
    centred_cells,
    contains,
    reduced_frame,
    rotation_of,
    similarity,
    zoom_of,
)


def test_working_and_full_pixels_invert_each_other() -> None:
    frame = reduced_frame((301, 203), 0.37)
    points = np.random.default_rng(0).uniform(0, 200, (20, 2))
    np.testing.assert_allclose(frame.to_full(frame.to_working(points)), points, atol=1e-9)


def test_resizing_keeps_the_corner_of_the_first_pixel() -> None:
    frame = reduced_frame((100, 80), 0.5)
    np.testing.assert_allclose(frame.to_working(np.array([[-0.5, -0.5]])), [[-0.5, -0.5]])


def test_a_photo_is_never_enlarged() -> None:
    assert reduced_frame((50, 60), 3.0).working_shape == (50, 60)


def test_similarity_is_read_back() -> None:
    affine = similarity(17.0, 1.3, np.array([3.0, 4.0]), np.array([10.0, -2.0]))
    assert rotation_of(affine) == pytest.approx(17.0)
    assert zoom_of(affine) == pytest.approx(1.3)
    np.testing.assert_allclose(apply_affine(affine, np.array([[3.0, 4.0]])), [[10.0, -2.0]])


def test_cells_cover_the_frame() -> None:
    cells = centred_cells((20, 33), 8)
    assert cells.shape == (3, 5, 2)
    np.testing.assert_allclose(cells[0, 0], [3.5, 3.5])


def test_contains_counts_the_outermost_pixel_centres() -> None:
    points = np.array([[0.0, 0.0], [4.0, 2.0], [4.1, 0.0], [-0.1, 0.0]])
    assert contains(points, (3, 5)).tolist() == [True, True, False, False]


def test_points_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match=r"xy_px must have shape \(n, 2\)"):
        as_points(np.zeros((3, 3)))
