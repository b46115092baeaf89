"""Colour of treated against native skin on drawn pictures whose truth is stated."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from skimage.color import deltaE_ciede2000

from tracker.measure.luminance import BoolArray, FloatArray
from tracker.measure.results import FloatColumn
from tracker.measure.skin_blocks import (
    BlotchedLight,
    Effect,
    Light,
    SkinBlocks,
    block_shares,
    skin_blocks,
    treated_effect,
    whitening,
    without_shine,
)
from tracker.measure.skin_look import (
    FLOOR_GLOSS,
    colour_look,
    compare_colour,
    ita_deg,
    veil_free_erythema,
)

SHAPE = (400, 500)
NATIVE = np.array([0.24, 0.44, 0.57])
"""Density of fair skin, red, green, blue."""


def patch() -> BoolArray:
    y, x = np.indices(SHAPE)
    return np.asarray(np.hypot(x - 250, y - 200) < 110)


def picture(
    more: FloatColumn | list[float],
    *,
    shading: float = 0.0,
    gains: tuple[float, ...] = (0, 0, 0),
    seed: int = 1,
) -> FloatArray:
    """sRGB codes of skin with `more` density in the patch, blotches, and shading across."""
    rng = np.random.default_rng(seed)
    y, x = np.indices(SHAPE) / 250 - 0.8
    density = NATIVE + np.array(gains) + patch()[..., None] * np.asarray(more, float)
    density = density + (shading * (x + 0.6 * y**2))[..., None]
    blotch = np.kron(rng.normal(0, 0.01, (20, 25)), np.ones((20, 20)))
    density = density + blotch[..., None] * np.array([0.4, 0.7, 1.0])
    linear = np.clip(10.0**-density, 0, 1)
    codes = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(255 * codes, np.float32)


def members() -> tuple[BoolArray, BoolArray]:
    share = block_shares(patch())
    return share > 0.9, share < 0.01


def effect_of(codes: FloatArray) -> Effect:
    blocks = skin_blocks(codes)
    return treated_effect(blocks.density, blocks, *members())


@pytest.mark.parametrize("shading", [0.0, 0.15, -0.15])
def test_the_effect_is_found_whatever_the_shading(shading: float) -> None:
    effect = effect_of(picture([0.02, 0.05, 0.04], shading=shading))
    assert effect.value == pytest.approx([0.02, 0.05, 0.04], abs=0.008)
    assert (np.sqrt(np.diag(effect.covariance)) < 0.01).all()


def test_white_balance_and_exposure_cancel() -> None:
    plain = effect_of(picture([0.02, 0.05, 0.04]))
    tinted = effect_of(picture([0.02, 0.05, 0.04], gains=(0.1, 0.02, -0.08)))
    assert tinted.value == pytest.approx(plain.value, abs=1e-3)


def test_errors_hold_the_truth() -> None:
    z = []
    for seed in range(40):
        effect = effect_of(picture([0.0, 0.0, 0.0], seed=seed))
        z.append(effect.value / np.sqrt(np.diag(effect.covariance)))
    inside = np.abs(np.array(z)) < 1.96
    assert inside.mean() > 0.85


def test_without_native_skin_there_is_no_claim() -> None:
    codes = picture([0.0, 0.05, 0.0])
    codes[~patch()] = np.nan
    blocks = skin_blocks(codes)
    look = colour_look(blocks, blocks, *members(), ink_density=0.0)
    assert "too little untreated skin" in look.reason
    assert not look.whole_delta_e.measured
    assert not look.erythema_change.measured


def test_changes_are_read_in_their_own_index() -> None:
    first = skin_blocks(picture([0.01, 0.01, 0.01]))
    red = colour_look(skin_blocks(picture([0.02, 0.10, 0.08])), first, *members(), ink_density=0.0)
    assert red.erythema_change.value == pytest.approx(0.08, abs=0.01)
    pale = colour_look(
        skin_blocks(picture([-0.03, -0.06, -0.09])), first, *members(), ink_density=0.0
    )
    assert pale.melanin_change.value == pytest.approx(-0.06, abs=0.01)
    assert pale.lightness_change.high < 0
    assert pale.skin_delta_l.value > 0
    assert pale.ita_treated_deg > pale.ita_native_deg


def test_delta_e_is_ciede2000_and_starts_at_zero_where_nothing_is_proved() -> None:
    sure = Effect(np.array([0.03, 0.03, 0.03]), np.eye(3) * 1e-6, 100, 100)
    found = compare_colour(NATIVE, sure)
    assert found.delta_e.low > 0
    assert found.delta_e.low <= found.delta_e.value <= found.delta_e.high
    assert found.delta_l.value < 0
    nothing = Effect(np.zeros(3), np.eye(3) * 1e-4, 100, 100)
    assert compare_colour(NATIVE, nothing).delta_e.low == 0
    darker = compare_colour(NATIVE, nothing, ink_density=0.1)
    assert darker.delta_e.value > found.delta_e.value


# L1 a1 b1 L2 a2 b2 dE00: of the 34 pairs of Sharma, Wu and Dalal (2005), Table 1.
PAIRS = [
    (50.0, 2.6772, -79.7751, 50.0, 0.0, -82.7485, 2.0425),
    (50.0, -1.3802, -84.2814, 50.0, 0.0, -82.7485, 1.0000),
    (50.0, 2.4900, -0.0010, 50.0, -2.4900, 0.0009, 7.1792),
    (50.0, 2.5, 0.0, 73.0, 25.0, -18.0, 27.1492),
    (60.2574, -34.0099, 36.2677, 60.4626, -34.1751, 39.4387, 1.2644),
    (22.7233, 20.0904, -46.6940, 23.0331, 14.9730, -42.5619, 2.0373),
    (2.0776, 0.0795, -1.1350, 0.9033, -0.0636, -0.5514, 0.9082),
]


def test_ciede2000_against_published_pairs() -> None:
    data = np.array(PAIRS)
    found = deltaE_ciede2000(data[:, :3], data[:, 3:6])  # type: ignore[no-untyped-call]
    assert found == pytest.approx(data[:, 6], abs=1e-4)


def test_ita() -> None:
    assert ita_deg(np.array([70.0, 10.0, 20.0])) == pytest.approx(45.0)
    assert ita_deg(np.array([30.0, 10.0, 20.0])) == pytest.approx(-45.0)


def test_shine_is_left_out_unless_native_skin_is_all_shine() -> None:
    codes = picture([0.0, 0.0, 0.0])
    bright = np.zeros(SHAPE, np.float32)
    bright[:50] = 1
    assert np.isnan(without_shine(codes, bright, ~patch())[:50]).all()
    bright[~patch()] = 1
    assert np.isfinite(without_shine(codes, bright, ~patch())).all()
    codes[0, 0] = 255
    assert np.isnan(without_shine(codes, bright, ~patch())[0, 0]).all()


def shining(amount: float, veil_on: BoolArray) -> SkinBlocks:
    """Blocks of a picture to which light is added on a part, share of full scale."""
    codes = picture([0.0, 0.0, 0.0]) / 255
    linear = np.where(codes <= 0.04045, codes / 12.92, ((codes + 0.055) / 1.055) ** 2.4)
    linear = np.clip(linear + amount * veil_on[..., None], 0, 1)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return skin_blocks(np.asarray(255 * encoded, np.float32))


def test_shine_on_a_part_of_the_treated_skin_is_told() -> None:
    first = skin_blocks(picture([0.0, 0.0, 0.0]))
    y, x = np.indices(SHAPE)
    spot = np.asarray(np.hypot(x - 280, y - 180) < 50)
    shown, n = whitening(shining(0.2, spot), first, *members())
    assert shown > 0.1
    assert n > 100
    treated = np.asarray(patch())
    all_of_it, _ = whitening(shining(0.2, treated), first, *members())
    assert all_of_it >= shown
    everywhere, _ = whitening(shining(0.2, np.ones(SHAPE, bool)), first, *members())
    assert abs(everywhere) < 0.03
    # Paler skin is a little whiter too; a watch needs about three times FLOOR_GLOSS.
    paler, _ = whitening(skin_blocks(picture([-0.03, -0.06, -0.09])), first, *members())
    assert abs(paler) < 2.5 * FLOOR_GLOSS
    assert np.isnan(whitening(first, first, members()[0], np.zeros_like(members()[0]))[0])


@pytest.mark.parametrize("darker", [0.0, 0.35])
def test_redness_is_read_through_a_veil_and_a_tan(darker: float) -> None:
    """Blood moves the index in full, added light hardly, and a tan never reads as redness."""
    first = skin_blocks(picture([0.0, 0.0, 0.0], gains=(0.4 * darker, 0.7 * darker, darker)))
    native = np.nanmedian(first.density, axis=0)
    blood, melanin = np.array([0.1, 1.0, 0.82]) * 0.08, np.array([0.42, 0.66, 1.0]) * 0.1
    veil = -np.log10(1 + 0.01 / 10.0**-native)
    index, _ = veil_free_erythema(np.array([blood, melanin, veil]), native)
    plain = np.array([blood, melanin, veil]) @ np.array([-1.0, 1.0, 0.0])
    assert index[0] == pytest.approx(plain[0], rel=0.1)
    assert -0.5 * plain[1] < index[1] < 0.25 * plain[1]
    assert abs(index[2]) < 0.15 * abs(plain[2])


def test_redness_that_ends_softly_is_not_taken_for_light() -> None:
    """Half of native skin shares some of it, as on a head: a curved field would swallow it."""
    y, x = np.indices(SHAPE)
    reach = 1 / (1 + np.exp((np.hypot(x - 250, y - 200) - 110) / 30))
    first = skin_blocks(picture([0.0, 0.0, 0.0]))
    soft = picture([0.0, 0.0, 0.0]) / 255
    linear = np.where(soft <= 0.04045, soft / 12.92, ((soft + 0.055) / 1.055) ** 2.4)
    linear = linear * 10.0 ** (-reach[..., None] * np.array([0.008, 0.08, 0.066]))
    codes = 255 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    look = colour_look(
        skin_blocks(np.asarray(codes, np.float32)), first, *members(), ink_density=0.0
    )
    true = 0.072 * (reach[patch()].mean() - reach[~patch()].mean())
    assert look.erythema_change.value == pytest.approx(true, rel=0.15)


def blotched(seed: int) -> FloatArray:
    """Shine (h, w) in blotches of about a quarter of the picture, as a share of full scale."""
    rng = np.random.default_rng(seed)
    noise = cv2.GaussianBlur(rng.standard_normal(SHAPE), (0, 0), 35)
    return np.asarray(0.02 * np.clip(1 + noise / noise.std(), 0, None), np.float32)


def test_blotches_of_shine_are_taken_off_where_a_polynomial_takes_them_for_a_change() -> None:
    """The change of skin under shine that moved between two photos."""
    dark = 10.0 ** -np.array([0.75, 1.0, 1.15])
    change = np.array([0.03, 0.05, 0.08])
    errors: dict[Light, list[float]] = {Light.CURVED: [], Light.BLOTCHED: []}
    for seed in range(6):
        densities = []
        for number, more in enumerate((0 * change, change)):
            skin = dark * 10.0 ** -(patch()[..., None] * more)
            seen = skin + blotched(2 * seed + number)[..., None]
            codes = 255 * (1.055 * seen ** (1 / 2.4) - 0.055)
            densities.append(skin_blocks(codes.astype(np.float32)))
        moved = densities[1].density - densities[0].density
        for light, found in errors.items():
            effect = treated_effect(moved, densities[0], *members(), light=light)
            found.append(float(effect.value[2] - change[2]))
    rms = {light: float(np.sqrt(np.mean(np.square(found)))) for light, found in errors.items()}
    assert rms[Light.BLOTCHED] < 0.5 * rms[Light.CURVED]
    assert rms[Light.BLOTCHED] < 0.5 * change[2]


def test_what_goes_with_a_cause_is_taken_off_beside_blotches_of_light() -> None:
    blocks = skin_blocks(picture([0.0, 0.0, 0.0]))
    inside, outside = members()
    rng = np.random.default_rng(3)
    cause = rng.normal(0, 0.02, len(blocks.x)) + 0.05 * inside
    quantity = 0.7 * cause + 0.2 * inside + 0.01 * np.sin(3 * blocks.x) * np.cos(2 * blocks.y)
    quantity = quantity + rng.normal(0, 0.002, len(cause))
    light = BlotchedLight.of(np.column_stack([quantity, cause, inside]), blocks, inside, outside)
    assert light is not None
    of_cause = light.effect(1, [0])[0]
    # The step at the border is partly in it, as the cause has one as well.
    assert of_cause[0] > 0.7
    without = light.less([0], 1, np.array([0.7]))
    assert without.effect(1, [0])[0][0] == pytest.approx(of_cause[0] - 0.7, abs=1e-9)
    assert without.effect(2, [0])[0][0] == pytest.approx(0.2, abs=0.02)
    assert BlotchedLight.of(quantity[:, None], blocks, inside, inside & ~inside) is None
