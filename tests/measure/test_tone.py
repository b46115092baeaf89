"""Tone between the dots against native skin; CIEDE2000 against its published test pairs."""

import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

from tracker.measure.tone import compare_tone

# G. Sharma, W. Wu, E. N. Dalal, "The CIEDE2000 color-difference formula: implementation notes,
# supplementary test data, and mathematical observations", Color Res. Appl. 30, 21-30 (2005).
SHARMA_WU_DALAL = [
    ((50.0000, 2.6772, -79.7751), (50.0000, 0.0000, -82.7485), 2.0425),
    ((50.0000, 3.1571, -77.2803), (50.0000, 0.0000, -82.7485), 2.8615),
    ((50.0000, 2.8361, -74.0200), (50.0000, 0.0000, -82.7485), 3.4412),
    ((50.0000, -1.3802, -84.2814), (50.0000, 0.0000, -82.7485), 1.0000),
    ((50.0000, -1.1848, -84.8006), (50.0000, 0.0000, -82.7485), 1.0000),
    ((50.0000, -0.9009, -85.5211), (50.0000, 0.0000, -82.7485), 1.0000),
    ((50.0000, 0.0000, 0.0000), (50.0000, -1.0000, 2.0000), 2.3669),
    ((50.0000, -1.0000, 2.0000), (50.0000, 0.0000, 0.0000), 2.3669),
    ((50.0000, 2.4900, -0.0010), (50.0000, -2.4900, 0.0009), 7.1792),
    ((50.0000, 2.4900, -0.0010), (50.0000, -2.4900, 0.0010), 7.1792),
    ((50.0000, 2.4900, -0.0010), (50.0000, -2.4900, 0.0011), 7.2195),
    ((50.0000, 2.4900, -0.0010), (50.0000, -2.4900, 0.0012), 7.2195),
    ((50.0000, -0.0010, 2.4900), (50.0000, 0.0009, -2.4900), 4.8045),
    ((50.0000, -0.0010, 2.4900), (50.0000, 0.0010, -2.4900), 4.8045),
    ((50.0000, -0.0010, 2.4900), (50.0000, 0.0011, -2.4900), 4.7461),
    ((50.0000, 2.5000, 0.0000), (50.0000, 0.0000, -2.5000), 4.3065),
    ((50.0000, 2.5000, 0.0000), (73.0000, 25.0000, -18.0000), 27.1492),
    ((50.0000, 2.5000, 0.0000), (61.0000, -5.0000, 29.0000), 22.8977),
    ((50.0000, 2.5000, 0.0000), (56.0000, -27.0000, -3.0000), 31.9030),
    ((50.0000, 2.5000, 0.0000), (58.0000, 24.0000, 15.0000), 19.4535),
    ((50.0000, 2.5000, 0.0000), (50.0000, 3.1736, 0.5854), 1.0000),
    ((50.0000, 2.5000, 0.0000), (50.0000, 3.2972, 0.0000), 1.0000),
    ((50.0000, 2.5000, 0.0000), (50.0000, 1.8634, 0.5757), 1.0000),
    ((50.0000, 2.5000, 0.0000), (50.0000, 3.2592, 0.3350), 1.0000),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((63.0109, -31.0961, -5.8663), (62.8187, -29.7946, -4.0864), 1.2630),
    ((61.2901, 3.7196, -5.3901), (61.4292, 2.2480, -4.9620), 1.8731),
    ((35.0831, -44.1164, 3.7933), (35.0232, -40.0716, 1.5901), 1.8645),
    ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
    ((36.4612, 47.8580, 18.3852), (36.2715, 50.5065, 21.2231), 1.4146),
    ((90.8027, -2.0831, 1.4410), (91.1528, -1.6435, 0.0447), 1.4441),
    ((90.9257, -0.5406, -0.9208), (88.6381, -0.8985, -0.7239), 1.5381),
    ((6.7747, -0.2908, -2.4247), (5.8714, -0.0985, -2.2286), 0.6377),
    ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
]

NATIVE, TREATED = (205, 165, 140), (190, 158, 140)


@pytest.mark.parametrize(("first", "second", "difference"), SHARMA_WU_DALAL)
def test_ciede2000_meets_the_published_pairs(
    first: tuple[float, ...], second: tuple[float, ...], difference: float
) -> None:
    found = float(deltaE_ciede2000(np.array(first), np.array(second)))
    assert found == pytest.approx(difference, abs=5e-5)


def halves(
    left: tuple[int, int, int] = TREATED, right: tuple[int, int, int] = NATIVE
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    srgb = np.zeros((60, 80, 3), np.uint8)
    srgb[:, :40], srgb[:, 40:] = left, right
    treated = np.zeros((60, 80), bool)
    treated[:, :40] = True
    return srgb, treated, ~treated


def test_tone_of_two_known_colours() -> None:
    srgb, treated, native = halves()
    tone = compare_tone(srgb, treated, native)
    lab = rgb2lab(np.array([TREATED, NATIVE]) / 255)
    assert tone.delta_e == pytest.approx(float(deltaE_ciede2000(lab[1], lab[0])))
    assert 1 < tone.delta_e < 10
    assert tone.density > 0, "treated skin is the darker"
    assert tone.erythema < 0, "treated skin is the less red"


def test_like_skin_has_no_difference() -> None:
    tone = compare_tone(*halves(NATIVE, NATIVE))
    assert (tone.density, tone.delta_e, tone.erythema) == pytest.approx((0, 0, 0), abs=1e-6)


def test_sixteen_bits_say_the_same() -> None:
    srgb, treated, native = halves()
    eight = compare_tone(srgb, treated, native)
    sixteen = compare_tone(srgb.astype(np.uint16) * 257, treated, native)
    assert sixteen.delta_e == pytest.approx(eight.delta_e, abs=1e-3)
    assert sixteen.density == pytest.approx(eight.density, abs=1e-5)


def test_outliers_and_glare_do_not_matter() -> None:
    srgb, treated, native = halves()
    plain = compare_tone(srgb, treated, native)
    srgb[::4, ::4] = 255
    assert compare_tone(srgb, treated, native) == plain


def test_too_little_skin_says_nothing() -> None:
    srgb, treated, native = halves()
    none = np.zeros_like(treated)
    sliver = none.copy()
    sliver[:2, 60:62] = True
    for here, there in ((treated, none), (none, native), (treated, sliver), (none, none)):
        assert np.isnan(compare_tone(srgb, here, there).delta_e)


def test_a_channel_without_light_is_no_division_by_zero() -> None:
    tone = compare_tone(*halves((160, 0, 0), NATIVE))
    assert np.isfinite([tone.density, tone.delta_e, tone.erythema]).all()
