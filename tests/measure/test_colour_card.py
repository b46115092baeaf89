"""Cards found in photos: the light is recovered within the stated error, bad cards are refused."""

from __future__ import annotations

import time
from dataclasses import replace

import cv2
import numpy as np
import pytest

from tests.measure import card_scenes
from tests.measure.card_scenes import card_photo, hand, mirror, shadow, skin_density, veil
from tests.report.test_marker_sheet import PX_PER_MM, printed
from tracker.measure import marker_card
from tracker.measure.colour_card import CHART, MARKER_CARD, ColourCard, NoCard, find_card
from tracker.measure.colour_checker import LAB_D50, NEUTRAL, patch_linear
from tracker.rendering.colour_cards import Printing, marker_card_reflectance
from tracker.rendering.spec import PhotoSpec
from tracker.report.marker_sheet import CARD_MM, Paper, marker_sheet

KINDS = ("marker", "chart")
PLAIN = PhotoSpec(shot_noise=0.01, read_noise=0.002)
PHONE = replace(
    PLAIN, contrast=0.2, gamma=1.05, shoulder=0.4, saturation=1.15, sharpen=0.5, denoise=0.5
)
LIGHTS = [(1.0, 1.0, 0.0), (1.12, 0.85, -0.3), (0.90, 1.15, 0.3)]


def error_of(found: ColourCard, srgb: np.ndarray, skin_type: int) -> tuple[np.ndarray, np.ndarray]:
    """What is wrong with the corrected density of the skin, and the error that is stated."""
    seen = skin_density(srgb)
    added, covariance = found.correction.to_add(seen)
    return seen + added - card_scenes.true_density(skin_type), np.sqrt(np.diag(covariance))


def used(found: ColourCard | NoCard) -> ColourCard:
    assert isinstance(found, ColourCard), found.reason
    return found


def refused(found: ColourCard | NoCard) -> str:
    assert isinstance(found, NoCard)
    return found.reason


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("skin_type", [1, 3, 6])
@pytest.mark.parametrize(("red", "blue", "stops"), LIGHTS)
def test_white_balance_and_exposure_are_recovered(
    kind: str, skin_type: int, red: float, blue: float, stops: float
) -> None:
    light = replace(PLAIN, white_balance=(red, blue), exposure_stops=stops)
    srgb = card_photo(kind, skin_type, light)
    off, _ = error_of(used(find_card(srgb)), srgb, skin_type)
    assert np.abs(off).max() < 0.02


@pytest.mark.parametrize("kind", KINDS)
def test_a_phone_s_own_colours_stay_within_the_stated_error(kind: str) -> None:
    scores = []
    for skin_type in (1, 3, 5, 6):
        light = replace(PHONE, white_balance=(1.06, 0.93))
        srgb = card_photo(kind, skin_type, light, seed=skin_type)
        off, sd = error_of(used(find_card(srgb)), srgb, skin_type)
        scores.append(off / sd)
    assert np.abs(scores).max() < 2.5
    assert float(np.sqrt(np.mean(np.square(scores)))) < 1.3


def test_a_chart_tells_how_strong_the_camera_shows_colours() -> None:
    srgb = card_photo("chart", 4, replace(PHONE, saturation=1.25))
    found = used(find_card(srgb))
    assert found.correction.strength < 0.9
    off, _ = error_of(found, srgb, 4)
    assert np.ptp(off) < 0.03


@pytest.mark.parametrize(("turn", "right", "down"), [(0, 0, 0), (95, 20, 0), (184, -15, 15)])
@pytest.mark.parametrize("kind", KINDS)
def test_a_card_is_found_as_it_lies(kind: str, turn: float, right: float, down: float) -> None:
    lying: dict[str, object] = {
        "turn_deg": turn,
        "tilt_right_deg": right,
        "tilt_down_deg": down,
        "place_px": (-30.0, 10.0),
    }
    srgb = card_photo(kind, 2, lying=lying)
    found = used(find_card(srgb))
    assert found.kind == (MARKER_CARD if kind == "marker" else CHART)
    middle = np.array([srgb.shape[1], srgb.shape[0]]) / 2 + [-30, 10]
    assert found.corners_px.mean(axis=0) == pytest.approx(middle, abs=12)
    assert np.abs(error_of(found, srgb, 2)[0]).max() < 0.02


BAD_MARKER = {
    "a shadow over half": ("shadow", {"change": shadow(0.5, 2)}),
    "a soft shadow": ("uneven light", {"change": shadow(0.5, 2, soft_px=40)}),
    "a shadow over the greys": ("shadow", {"change": shadow(-1, 0.5, down=True)}),
    "overexposed": ("clipped", {"gain": 4.0}),
    "a lamp on the dark end": (
        "covers or mirrors|uneven",
        {"change": mirror(0.95, 0.2, 0.15, 0.3)},
    ),
    "a lamp on a patch": ("uneven", {"change": mirror(0.6, 0.25, 0.1, 0.5)}),
    "behind haze": ("mirrors the light", {"change": veil(0.1)}),
    "a hand on the right": ("hidden", {"change": hand(0.78, -0.2, 1.3, 1.3)}),
    "a hand on the lower half": ("hidden", {"change": hand(-0.1, 0.6, 1.2, 1.2)}),
    "a green print": ("cast", {"printing": Printing(cast=(0.0, 0.1, 0.0))}),
}
BAD_CHART = {
    "a shadow over half": ("uneven light", {"change": shadow(0.5, 2, depth=0.4)}),
    "a shadow over the greys": ("shadow", {"change": shadow(0.75, 2, down=True)}),
    "a soft shadow": ("shadow", {"change": shadow(0.5, 2, soft_px=40)}),
    "a lamp on a patch": ("uneven", {"change": mirror(0.6, 0.25, 0.1, 0.5)}),
    "behind haze": ("mirrors the light", {"change": veil(0.1)}),
    "far too bright": ("clipped", {"gain": 3.0}),
    "a hand on the right": ("something over it", {"change": hand(0.78, -0.2, 1.3, 1.3)}),
}


@pytest.mark.parametrize("name", BAD_MARKER)
def test_a_bad_marker_card_is_refused_with_the_reason(name: str) -> None:
    words, how = BAD_MARKER[name]
    reason = refused(find_card(card_photo("marker", **how)))  # type: ignore[arg-type]
    assert any(word in reason for word in words.split("|")), reason


@pytest.mark.parametrize("name", BAD_CHART)
def test_a_bad_chart_is_refused_with_the_reason(name: str) -> None:
    words, how = BAD_CHART[name]
    reason = refused(find_card(card_photo("chart", **how)))  # type: ignore[arg-type]
    assert words in reason, reason


@pytest.mark.parametrize("kind", KINDS)
def test_what_can_be_used_is_used(kind: str) -> None:
    """A little blur, a weak shadow, a clipped white: within the stated error."""
    for how in (
        {"photo": replace(PLAIN, defocus_px=1.5)},
        {"change": shadow(0.5, 2, depth=0.1)},
        {"gain": 1.3},
    ):
        srgb = card_photo(kind, 3, **how)  # type: ignore[arg-type]
        off, sd = error_of(used(find_card(srgb)), srgb, 3)
        assert (np.abs(off) < 1.5 * sd).all(), how


@pytest.mark.parametrize("kind", KINDS)
def test_a_card_far_out_of_focus_is_not_used(kind: str) -> None:
    assert isinstance(find_card(card_photo(kind, photo=replace(PLAIN, defocus_px=9.0))), NoCard)


def test_a_card_far_away_is_refused() -> None:
    small = cv2.resize(card_photo("marker"), None, fx=0.55, fy=0.55, interpolation=cv2.INTER_AREA)
    assert "too small" in refused(find_card(np.asarray(small, np.uint8)))


def test_a_marker_without_greys_is_no_card() -> None:
    srgb = np.full((500, 700, 3), 190, np.uint8)
    dictionary = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50)
    marker = cv2.aruco.generateImageMarker(dictionary, marker_card.MARKER_ID, 120)
    srgb[150:270, 100:220] = marker[..., None]
    assert find_card(srgb) == NoCard()


def test_skin_alone_shows_no_card() -> None:
    nowhere: dict[str, object] = {"place_px": (5000.0, 5000.0)}
    for skin_type in (1, 4, 6):
        assert find_card(card_photo("marker", skin_type, PHONE, lying=nowhere)) == NoCard()


def test_sixteen_bits_read_the_same() -> None:
    srgb = card_photo("marker")
    deep = find_card(srgb.astype(np.uint16) * 257)
    assert used(deep).correction.coefficients == pytest.approx(
        used(find_card(srgb)).correction.coefficients, abs=2e-3
    )


def test_the_same_photo_gives_the_same_numbers() -> None:
    for kind in KINDS:
        srgb = card_photo(kind)
        one, other = (used(find_card(srgb)).correction for _ in range(2))
        assert (one.coefficients == other.coefficients).all()
        assert one.strength == other.strength


def test_a_card_of_the_printed_sheet_is_read() -> None:
    """The sheet that people print is the layout that photos are read by."""
    page = printed(marker_sheet(Paper.A4), Paper.A4)
    left = (Paper.A4.value[0] - 2 * CARD_MM[0] - 6) / 2
    card = page[
        round(30 * PX_PER_MM) : round((30 + CARD_MM[1]) * PX_PER_MM),
        round(left * PX_PER_MM) : round((left + CARD_MM[0]) * PX_PER_MM),
    ]
    around = np.full((card.shape[0] + 200, card.shape[1] + 200, 3), 170, np.uint8)
    around[100:-100, 100:-100] = card * 0.9
    found = find_card(around)
    assert used(found).kind == MARKER_CARD
    rendered = marker_card_reflectance(Printing(paper=(1, 1, 1), black=0.0))[..., 1]
    size = (card.shape[1], card.shape[0])
    drawn = cv2.resize(rendered, size, interpolation=cv2.INTER_AREA)
    linear = np.where(card <= 10, card / 12.92 / 255, ((card / 255 + 0.055) / 1.055) ** 2.4)
    inside = (slice(8, round(38 * PX_PER_MM)), slice(8, -8))  # above the scale, within the outline
    off = np.abs(drawn[inside] - linear[inside][..., 1])
    assert (off > 0.05).mean() < 0.01


def test_the_published_chart() -> None:
    """Lab of the neutral row, back from linear sRGB: L* as published, hardly a colour."""
    linear = patch_linear()[NEUTRAL]
    luminance = linear @ np.array([0.2126, 0.7152, 0.0722])
    lightness = 116 * np.cbrt(luminance) - 16
    assert lightness == pytest.approx(LAB_D50[NEUTRAL, 0], abs=0.35)
    assert (np.ptp(linear, axis=1) < 0.07).all()


def test_finding_costs_little() -> None:
    """0.15 s of a 12-megapixel photo's seconds; asked for in processor time, which load leaves."""
    rng = np.random.default_rng(3)
    small = rng.normal(150, 25, (1500, 2000)).astype(np.float32)
    grain = np.clip(cv2.GaussianBlur(small, (0, 0), 1.2) * 3 - 300, 0, 255).astype(np.uint8)
    photo = np.repeat(
        cv2.resize(grain, (4000, 3000), interpolation=cv2.INTER_LINEAR)[..., None], 3, 2
    )
    spent = []
    for _ in range(3):
        start = time.thread_time()
        assert find_card(photo) == NoCard()
        spent.append(time.thread_time() - start)
    assert min(spent) < 0.30


@pytest.mark.parametrize("shape", [(40, 50), (40, 50, 4)])
def test_a_picture_must_be_rgb(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="srgb must have shape"):
        find_card(np.zeros(shape, np.uint8))


def test_a_tiny_picture_shows_no_card() -> None:
    assert find_card(np.zeros((8, 8, 3), np.uint8)) == NoCard()
