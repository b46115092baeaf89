"""Forced photometry against pictures whose pigment is known exactly."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.measure.density_scenes import DensityScene, dotted_skin, gaussians, skin
from tracker.measure.photometry import (
    Photometry,
    PhotometrySettings,
    empty_places,
    find_intruders,
    measure_pigment,
)

FEW = settings(max_examples=6, deadline=None, derandomize=True)


def measure(scene: DensityScene, **changes: object) -> Photometry:
    arguments: dict = {
        "sigma_px": scene.sigma_px,
        "spacing_px": scene.spacing_px,
        "region": scene.region,
        "fit_width": False,
        "fit_places": False,
    } | changes
    return measure_pigment(arguments.pop("density", scene.density), scene.xy_px, **arguments)


def total_error(scene: DensityScene, measured: Photometry) -> float:
    return float(np.nansum(measured.pigment) / scene.pigment.sum() - 1)


# measure_pigment: right


@pytest.mark.parametrize(
    ("spacing_px", "sigma_px"), [(16.0, 2.1), (11.0, 2.1), (8.0, 2.1), (13.0, 1.2), (20.0, 3.4)]
)
def test_sum_of_pigment_is_right_from_sparse_to_overlapping(
    spacing_px: float, sigma_px: float
) -> None:
    scene = dotted_skin(spacing_px=spacing_px, sigma_px=sigma_px)
    assert abs(total_error(scene, measure(scene))) < 0.04


def test_each_dot_of_touching_neighbours_gets_its_own_pigment() -> None:
    """Summing apertures would count the shared pixels twice: pairs would read 30 % too much."""
    rng = np.random.default_rng(8)
    first = np.stack(np.meshgrid(np.arange(30, 240, 30.0), np.arange(30, 240, 30.0)), -1)
    first = first.reshape(-1, 2)
    xy = np.concatenate([first, first + np.array([5.0, 0.0])])
    amplitude = rng.uniform(0.1, 0.4, len(xy))
    bare = skin((260, 260), noise=0.003, shading=0.2, seed=3)
    density = (bare + gaussians((260, 260), xy, amplitude, 2.1)).astype(np.float32)
    scene = DensityScene(density, xy, amplitude, 2.1, 15.0)
    measured = measure(scene)
    relative = measured.pigment / scene.pigment - 1
    assert abs(np.median(relative)) < 0.03
    assert np.median(np.abs(relative)) < 0.10
    assert np.corrcoef(measured.pigment, scene.pigment)[0, 1] > 0.97


def test_empty_places_and_bare_skin_read_zero() -> None:
    dotted = dotted_skin()
    measured = measure(dotted)
    assert len(measured.empty_pigment) > 50
    assert abs(measured.empty_pigment.mean()) < 0.03 * dotted.pigment.mean()

    bare = dotted_skin(peak=0.0)
    nothing = measure(bare)
    assert abs(np.mean(nothing.pigment)) < 0.02 * dotted.pigment.mean()
    assert np.std(nothing.pigment) < 2 * nothing.noise


def test_hair_strokes_are_left_out() -> None:
    scene = dotted_skin(size=300)
    clean = measure(scene)
    strands = np.zeros(scene.density.shape, np.uint8)
    rng = np.random.default_rng(4)
    for _ in range(25):
        start, angle = rng.uniform(20, 280, 2), rng.uniform(0, np.pi)
        end = start + 30 * np.array([np.cos(angle), np.sin(angle)])
        cv2.line(strands, start.astype(int).tolist(), end.astype(int).tolist(), 255, 1)
    hair = 0.5 * cv2.GaussianBlur(strands / 255.0, (0, 0), 0.7)
    hairy = measure(scene, density=(scene.density + hair).astype(np.float32))
    seen = np.isfinite(hairy.pigment)
    assert seen.mean() > 0.5
    gained = hairy.pigment[seen].sum() / clean.pigment[seen].sum() - 1
    assert abs(gained) < 0.06
    # reading the strokes as pigment would add this much
    assert hair.sum() > 0.1 * scene.pigment.sum()


def test_intruders_are_the_outliers_alone() -> None:
    rng = np.random.default_rng(1)
    residual = rng.normal(0, 0.01, (100, 100)).astype(np.float32)
    residual[50, 10:90] = 0.3
    valid = np.ones_like(residual, bool)
    out = find_intruders(residual, np.zeros_like(residual), valid, PhotometrySettings())
    assert out[50, 10:90].all()
    assert out.mean() < 0.02
    flat = np.zeros_like(residual)
    assert not find_intruders(flat, flat, valid, PhotometrySettings()).any()


# measure_pigment: width and place


@pytest.mark.parametrize("later_sigma_px", [1.7, 2.1, 2.6])
@pytest.mark.parametrize("left", [1.0, 0.3])
def test_width_follows_a_softer_and_a_sharper_photo(later_sigma_px: float, left: float) -> None:
    baseline = dotted_skin(noise=0.004)
    first = measure(baseline, fit_width=True)
    assert first.sigma_px == pytest.approx(baseline.sigma_px, rel=0.05)
    # the same pigment in a softer picture is lower and wider
    peak = 0.25 * (baseline.sigma_px / later_sigma_px) ** 2
    later = dotted_skin(
        noise=0.004, sigma_px=later_sigma_px, peak=peak, left=left, skin_seed=5, shading=-0.2
    )
    second = measure(later, sigma_px=first.sigma_px, fit_width=True, reference=first.picture)
    assert second.sigma_px / first.sigma_px == pytest.approx(
        later_sigma_px / baseline.sigma_px, rel=0.08
    )
    fade = 1 - second.pigment.sum() / first.pigment.sum()
    assert fade == pytest.approx(1 - left, abs=0.05)


def test_a_common_shift_is_found_and_costs_no_pigment() -> None:
    scene = dotted_skin(noise=0.004)
    moved = replace(scene, xy_px=scene.xy_px + np.array([0.5, -0.35]))
    held, free = measure(moved), measure(moved, fit_places=True)
    left_over = np.hypot(*(free.places_px - scene.xy_px).T)
    assert np.median(left_over) < 0.1
    assert abs(total_error(scene, free)) < abs(total_error(scene, held)) + 0.01
    assert abs(total_error(scene, free)) < 0.04


def test_places_that_are_right_stay() -> None:
    scene = dotted_skin()
    measured = measure(scene, fit_places=True)
    assert np.abs(measured.places_px - scene.xy_px).max() < 0.15


# measure_pigment: what is not there


def test_a_place_the_photo_does_not_show_is_nan() -> None:
    scene = dotted_skin()
    density = scene.density.copy()
    density[:, 130:] = np.nan
    measured = measure(scene, density=density)
    x = scene.xy_px[:, 0]
    assert np.isnan(measured.pigment[x > 133]).all()
    assert np.isfinite(measured.pigment[x < 126]).all()
    seen = x < 120
    error = measured.pigment[seen].sum() / scene.pigment[seen].sum() - 1
    assert abs(error) < 0.05


def test_a_photo_that_shows_nothing_gives_nan_everywhere() -> None:
    scene = dotted_skin(size=120)
    measured = measure(
        scene, density=np.full_like(scene.density, np.nan), fit_places=True, fit_width=True
    )
    assert np.isnan(measured.pigment).all()
    assert np.isnan(measured.noise)
    assert len(measured.empty_pigment) == 0


def test_no_places_no_pigment() -> None:
    scene = replace(dotted_skin(size=80), xy_px=np.empty((0, 2)))
    measured = measure(scene)
    assert measured.pigment.shape == (0,)
    assert measured.picture is None


def test_a_single_place_can_be_measured() -> None:
    xy = np.array([[40.3, 38.6]])
    bare = skin((80, 80), noise=0.002, shading=0.1, seed=1)
    density = (bare + gaussians((80, 80), xy, np.array([0.3]), 2.0)).astype(np.float32)
    scene = DensityScene(density, xy, np.array([0.3]), 2.0, 14.0)
    measured = measure(scene, fit_width=True, fit_places=True)
    assert abs(total_error(scene, measured)) < 0.1


def test_empty_places_keep_off_the_dots_and_on_the_region() -> None:
    scene = dotted_skin()
    region = scene.region
    region[:, :100] = False
    places = empty_places(region, scene.xy_px, scene.spacing_px, limit=50)
    assert 20 < len(places) < 100
    assert region[np.rint(places[:, 1]).astype(int), np.rint(places[:, 0]).astype(int)].all()
    distance = np.hypot(*(places[:, None] - scene.xy_px[None]).transpose(2, 0, 1)).min(axis=1)
    assert distance.min() > 0.4 * scene.spacing_px
    assert empty_places(np.zeros((50, 50), bool), scene.xy_px, 10.0).shape == (0, 2)
    assert empty_places(region, np.empty((0, 2)), 10.0).shape == (0, 2)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"region": np.ones((5, 5), bool)}, r"density .* and region .* must be equal"),
        ({"sigma_px": 0.0}, "sigma_px and spacing_px must be positive, got 0.0"),
        ({"spacing_px": -3.0}, "must be positive"),
        ({"sigma_px": float("nan")}, "must be positive"),
    ],
)
def test_misuse_is_named(changes: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        measure(dotted_skin(size=80), **changes)


# properties


@FEW
@given(offset=st.floats(-0.8, 0.8))
def test_exposure_leaves_pigment_alone(offset: float) -> None:
    scene = dotted_skin(size=160)
    plain = measure(scene)
    brighter = measure(scene, density=scene.density + np.float32(offset))
    assert brighter.pigment == pytest.approx(plain.pigment, abs=0.01 * plain.pigment.mean())


@FEW
@given(slope_x=st.floats(-0.2, 0.2), slope_y=st.floats(-0.2, 0.2))
def test_smooth_shading_nearly_leaves_pigment_alone(slope_x: float, slope_y: float) -> None:
    scene = dotted_skin(size=160)
    y, x = np.mgrid[:160, :160].astype(np.float32) / 160
    shaded = scene.density + slope_x * np.sin(2 * x) + slope_y * y**2
    plain, other = measure(scene), measure(scene, density=shaded.astype(np.float32))
    inner = ((scene.xy_px > 20) & (scene.xy_px < 140)).all(axis=1)
    assert other.pigment[inner].sum() == pytest.approx(plain.pigment[inner].sum(), rel=0.02)


@FEW
@given(left=st.floats(0.05, 1.4))
def test_scaled_pigment_is_the_fade(left: float) -> None:
    before = measure(dotted_skin(size=200))
    after = measure(dotted_skin(size=200, left=left, skin_seed=9, shading=0.1))
    assert after.pigment.sum() / before.pigment.sum() == pytest.approx(left, abs=0.04)


@FEW
@given(dx=st.floats(-4, 4), dy=st.floats(-4, 4))
def test_dots_and_places_may_move_together(dx: float, dy: float) -> None:
    still = dotted_skin(size=200)
    moved = dotted_skin(size=200, shift_px=(dx, dy))
    inner = ((still.xy_px > 15) & (still.xy_px < 185)).all(axis=1)
    here, there = measure(still).pigment[inner], measure(moved).pigment[inner]
    assert there.sum() == pytest.approx(here.sum(), rel=0.02)


def test_same_input_same_bytes() -> None:
    scene = dotted_skin(size=160)
    once, again = (measure(scene, fit_width=True, fit_places=True) for _ in range(2))
    assert once.pigment.tobytes() == again.pigment.tobytes()
    assert once.sigma_px == again.sigma_px
