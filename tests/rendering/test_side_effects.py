"""Side effects of the renderer: each changes what it says, and none changes older scenes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tracker.synthetic import PhotoSpec, RenderedPhoto, SeriesSpec, render_series

PLAIN = PhotoSpec(fade=0.0, shot_noise=0.0, read_noise=0.0, jpeg_quality=0, stubble_mm=0.4)
SCENE = SeriesSpec(
    seed=4, width_px=260, height_px=260, px_per_mm=6.0, patch_radius_mm=12.0, photos=(PLAIN, PLAIN)
)


def rendered(**change: float) -> RenderedPhoto:
    last = replace(PLAIN, **change)  # type: ignore[arg-type]
    return render_series(replace(SCENE, photos=(PLAIN, last))).photos[1]


def densities(photo: RenderedPhoto) -> np.ndarray:
    return -np.log10(np.maximum(photo.srgb.astype(float) / 255, 1e-3))[photo.treated_region]


def test_melanin_changes_blue_more_than_red() -> None:
    shift = (densities(rendered(melanin_change=-0.1)) - densities(rendered())).mean(axis=0)
    assert shift[2] < shift[1] < shift[0] < 0


def test_ink_turns_blue() -> None:
    shift = (densities(rendered(ink_blue=1.0)) - densities(rendered())).mean(axis=0)
    assert shift[0] > 0 > shift[2]


def test_spread_keeps_the_amount() -> None:
    wide, narrow = densities(rendered(ink_spread=1.0)), densities(rendered())
    assert wide.max() < narrow.max()
    assert wide.mean() == pytest.approx(narrow.mean(), rel=0.03)


def test_hair_is_lost_in_the_treated_area_only() -> None:
    bald, hairy = rendered(hair_loss=1.0), rendered()
    outside = ~hairy.treated_region & hairy.skin_region
    changed = np.abs(bald.srgb.astype(int) - hairy.srgb.astype(int)).max(axis=-1) > 8
    assert changed[hairy.treated_region].mean() > 5 * changed[outside].mean()


def test_relief_and_sheen_change_the_treated_skin() -> None:
    rough, plain = rendered(relief_change=4.0), rendered()
    assert densities(rough).std() > densities(plain).std()
    assert densities(rendered(sheen=8.0)).mean() < densities(plain).mean()
