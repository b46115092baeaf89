from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.measure.painted_skin import DARK, FAIR, encode, paint
from tracker.measure.skin import find_skin

GREY_BROWN = (0.20, 0.165, 0.14)
"""Skin under dense neutral pigment."""


def head(
    tone: tuple[float, float, float],
    wall: tuple[float, float, float] = (0.5, 0.5, 0.48),
    axes: tuple[int, int] = (150, 230),
) -> tuple[np.ndarray, np.ndarray]:
    """A head in front of a wall, and where it is."""
    rng = np.random.default_rng(3)
    mask = cv2.ellipse(np.zeros((600, 480), np.uint8), (240, 330), axes, 0, 0, 360, 1, -1) > 0
    skin = paint(5.0, tone=tone, size=600).srgb[:, :480] / 255.0
    linear = ((skin + 0.055) / 1.055) ** 2.4
    light = np.linspace(1.1, 0.8, 480)[None, :, None]
    plain = np.array(wall) * light * (1 + 0.004 * rng.normal(size=(600, 480, 1)))
    return encode(np.where(mask[:, :, None], linear, plain)), mask


@pytest.mark.parametrize("tone", [FAIR, DARK, GREY_BROWN], ids=["fair", "dark", "grey"])
def test_a_head_is_parted_from_the_wall(tone: tuple[float, float, float]) -> None:
    srgb, truth = head(tone)
    region = find_skin(srgb).region
    assert (region & truth).sum() / (region | truth).sum() > 0.9


@pytest.mark.parametrize("tone", [FAIR, DARK, GREY_BROWN], ids=["fair", "dark", "grey"])
def test_a_head_that_fills_a_sixth_of_the_photo_is_found(tone: tuple[float, float, float]) -> None:
    srgb, truth = head(tone, axes=(96, 150))
    region = find_skin(srgb).region
    assert truth.mean() < 0.17
    assert (region & truth).sum() / (region | truth).sum() > 0.9


@pytest.mark.parametrize("gains", [(0.85, 1.0, 1.15), (1.2, 1.0, 0.8), (0.3, 0.3, 0.3)])
def test_white_balance_and_exposure_do_not_matter(gains: tuple[float, float, float]) -> None:
    srgb, truth = head(FAIR)
    linear = ((srgb / 255.0 + 0.055) / 1.055) ** 2.4
    region = find_skin(encode(linear * np.array(gains))).region
    assert (region & truth).sum() / (region | truth).sum() > 0.9


@pytest.mark.parametrize("tone", [FAIR, DARK, GREY_BROWN], ids=["fair", "dark", "grey"])
def test_a_close_up_is_skin_all_over(tone: tuple[float, float, float]) -> None:
    skin = find_skin(paint(tone=tone).srgb)
    assert skin.covered_share == 1.0
    assert skin.region.all()
    assert skin.problems == ()


def plain_wall() -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.clip(np.array([210, 190, 165]) + rng.normal(0, 2, (400, 300, 3)), 0, 255).astype(
        np.uint8
    )


def text_page() -> np.ndarray:
    page = np.full((400, 300, 3), 245, np.uint8)
    for line in range(30, 390, 24):
        cv2.putText(page, "a page of text", (10, line), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (20,) * 3, 2)
    return page


def landscape() -> np.ndarray:
    rng = np.random.default_rng(0)
    colours = np.where(np.arange(400)[:, None] < 180, (120, 170, 230), (70, 110, 50))
    return np.clip(colours[:, None] + rng.normal(0, 12, (400, 500, 1)), 0, 255).astype(np.uint8)


def white_noise() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (300, 400, 3)).astype(np.uint8)


def cushion_at_the_edge() -> np.ndarray:
    picture, _ = head(FAIR, axes=(96, 150))
    return np.ascontiguousarray(np.roll(picture, 240, axis=1)[:, :360])


@pytest.mark.parametrize(
    "picture", [cushion_at_the_edge, plain_wall, text_page, landscape, white_noise]
)
def test_what_is_no_scalp_is_said_to_be_none(picture: object) -> None:
    skin = find_skin(picture())  # type: ignore[operator]
    assert not skin.region.any()
    assert "no scalp in view" in skin.problems[0]


def test_a_photo_without_colour_is_named() -> None:
    grey = np.repeat(paint().srgb.mean(axis=2).astype(np.uint8)[..., None], 3, axis=2)
    skin = find_skin(grey)
    assert not skin.region.any()
    assert "black and white" in skin.problems[0]


def test_shine_is_marked() -> None:
    scene = paint().srgb.copy()
    cv2.circle(scene, (160, 160), 14, (255, 255, 255), -1)
    skin = find_skin(scene)
    assert skin.glare[160, 160]
    assert skin.glare.mean() < 0.03


def test_dots_do_not_make_the_skin_between_them_shine() -> None:
    assert find_skin(paint(spacing=1.8).srgb).glare.mean() < 0.02
