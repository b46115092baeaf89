"""Blotches that two photos share: hair and unclear skin must not pass for them."""

import cv2
import numpy as np
import pytest

from tracker.measure.skin_blotches import blotches_of_size, halved

SIZE = 400
BAND = (0.0125, 0.02)
SKIN = np.ones((SIZE, SIZE), bool)


def field(rng: np.random.Generator, sigma_px: float) -> np.ndarray:
    noise = cv2.GaussianBlur(rng.normal(size=(SIZE, SIZE)), (0, 0), sigma_px)
    return np.asarray(noise / noise.std(), np.float32)


def two_photos(slope: float, seed: int) -> list[np.ndarray]:
    """Colour and brightness of a photo, and of one that draws both by `slope` stronger."""
    rng = np.random.default_rng(seed)
    colour = 0.02 * field(rng, 6.0)
    brightness = 0.8 * colour

    def noise() -> np.ndarray:
        return 0.002 * field(rng, 6.0)

    return [
        colour + noise(),
        brightness + noise(),
        slope * colour + noise(),
        slope * brightness + noise(),
    ]


def slope_of(pictures: list[np.ndarray], hair: list[np.ndarray] | None = None) -> float:
    """How strongly brightness follows colour in the second photo against the first."""
    seen = blotches_of_size(pictures, SKIN, BAND, hair or ())
    sums = seen.whole()
    colour = (sums.cc11 + sums.cc01) / (sums.cc01 + sums.cc00)
    return float((colour * sums.bc10 / sums.bc01)[0])


@pytest.mark.parametrize("slope", [0.8, 1.0, 1.3])
def test_brightness_follows_colour(slope: float) -> None:
    assert slope_of(two_photos(slope, seed=3)) == pytest.approx(slope, rel=0.02)


@pytest.mark.parametrize("slope", [0.8, 1.0, 1.3])
def test_colour_alone_tells_how_strongly_it_is_drawn(slope: float) -> None:
    colours = two_photos(slope, seed=7)[::2]
    sums = blotches_of_size(colours, SKIN, BAND).whole()
    drawn = (sums.cc11 + sums.cc01) / (sums.cc01 + sums.cc00)
    assert drawn[0] == pytest.approx(slope, rel=0.02)
    assert sums.bc01[0] == sums.bc10[0] == sums.cc01[0]


def test_hair_is_taken_out_of_colour_alone_too() -> None:
    colour_0, _, colour_1, _ = two_photos(1.0, seed=8)
    rng = np.random.default_rng(9)
    hair = [field(rng, 6.0), field(rng, 6.0)]
    # The second photo's stubble colours the skin as strongly as its blotches do.
    hairy = [colour_0, colour_1 + np.float32(0.02) * hair[1]]

    def drawn(cover: list[np.ndarray]) -> float:
        sums = blotches_of_size(hairy, SKIN, BAND, cover).whole()
        return float(np.log((sums.cc11 + sums.cc01) / (sums.cc01 + sums.cc00))[0])

    assert drawn([]) > 0.3
    assert abs(drawn(hair)) < 0.02


def test_hair_that_lies_like_the_blotches_is_told_by_what_was_taken_out() -> None:
    plain = two_photos(1.0, seed=4)
    rng = np.random.default_rng(5)
    hair = [1 + 0.5 * field(rng, 6.0) + 6 * plain[0], 1 + 0.5 * field(rng, 6.0)]
    colour_0, brightness_0, colour_1, brightness_1 = plain
    # The first photo's hair happens to stand where the blotches are, and darkens the skin there.
    hairy = [colour_0, brightness_0 + 0.03 * hair[0], colour_1, brightness_1 + 0.03 * hair[1]]
    misled = slope_of(hairy)
    assert abs(misled - 1) > 0.1
    assert slope_of(hairy, hair) == pytest.approx(1.0, abs=0.02)


def test_photos_without_hair_are_read_as_if_none_was_looked_for() -> None:
    pictures = two_photos(1.1, seed=6)
    bald = [np.zeros((SIZE, SIZE), np.float32)] * 2
    assert slope_of(pictures, bald) == slope_of(pictures)


def test_unclear_skin_counts_less() -> None:
    errors, usual = [], []
    for seed in range(6):
        pictures = two_photos(1.0, seed=10 + seed)
        rng = np.random.default_rng(20 + seed)
        spoilt = np.zeros((SIZE, SIZE), np.float32)
        spoilt[:, : SIZE // 2] = 0.08 * field(rng, 6.0)[:, : SIZE // 2]
        pictures[3] = pictures[3] + spoilt
        errors.append(abs(slope_of(pictures) - 1))
        fine, coarse = (
            [cv2.GaussianBlur(p, (0, 0), share * SIZE) for p in pictures] for share in BAND
        )
        c0, b0, c1, b1 = (f - c for f, c in zip(fine, coarse, strict=True))
        plain = (c1 * c1 + c0 * c1).sum() / (c0 * c1 + c0 * c0).sum()
        usual.append(abs(plain * (b1 * c0).sum() / (b0 * c1).sum() - 1))
    assert np.mean(errors) < 0.02
    assert np.mean(errors) < np.mean(usual) / 3


def test_grey_skin_makes_no_blotches() -> None:
    grey = [np.zeros((SIZE, SIZE), np.float32)] * 4
    assert np.isnan(blotches_of_size(grey, SKIN, BAND).agreement)


def test_halving_keeps_to_the_skin() -> None:
    pictures = np.ones((9, 9, 6), np.float32)
    pictures[:, :4] = np.nan
    skin = np.isfinite(pictures[..., 0])
    means, kept = halved(pictures, skin)
    assert len(means) == 6
    assert means[0].shape == kept.shape == (4, 4)
    assert np.array_equal(kept, np.tile([False, False, True, True], (4, 1)))
    assert all((mean[kept] == 1).all() and (mean[~kept] == 0).all() for mean in means)
