"""Made-up looks of the skin: every reading is stated."""

from __future__ import annotations

from dataclasses import replace

from tests import factories
from tracker.measure.results import Estimate
from tracker.measure.skin_look import SkinLook
from tracker.series import PhotoLook, ViewAnalysis


def reading(value: float, sd: float, unit: str) -> Estimate:
    return Estimate(value, value - 1.96 * sd, value + 1.96 * sd, 500, unit)


def look(**changes: Estimate) -> SkinLook:
    """Skin that matches native skin and did not change, but for what is given."""
    calm = SkinLook(
        reason="",
        reference="native skin",
        skin_delta_e=Estimate(0.6, 0.0, 1.4, 500, "dE00"),
        whole_delta_e=Estimate(0.8, 0.0, 1.6, 500, "dE00"),
        delta_l=reading(-0.3, 0.4, "L*"),
        delta_b=reading(-0.1, 0.3, "b*"),
        skin_delta_l=reading(-0.2, 0.4, "L*"),
        ita_treated_deg=40.0,
        ita_native_deg=41.0,
        shadow=reading(0.002, 0.01, "OD"),
        erythema=reading(0.0, 0.006, "OD"),
        erythema_change=reading(0.001, 0.006, "OD"),
        melanin_change=reading(0.002, 0.01, "OD"),
        lightness_change=reading(-0.01, 0.012, "OD"),
        relief_change=reading(0.02, 0.17, "ln"),
        gloss_change=reading(0.0, 0.04, "B/R"),
    )
    return replace(calm, **changes)


def photo_look(**changes: object) -> PhotoLook:
    calm = PhotoLook(
        dot_width_change=reading(0.02, 0.09, "ln"),
        ink_colour_change=reading(0.01, 0.026, "ln"),
        hairs_kept=reading(1.0, 0.08, "share"),
        shave=0.9,
    )
    return replace(calm, **changes)  # type: ignore[arg-type]


def view_with(
    last: SkinLook | None = None, dots: PhotoLook | None = None, *, first: SkinLook | None = None
) -> ViewAnalysis:
    """The made-up view with calm looks in all photos, and these in the last one."""
    view = factories.make_view()
    photos = []
    for number, photo in enumerate(view.photos):
        is_last = number == len(view.photos) - 1
        seen = (last if is_last else first) or look()
        assert photo.whole is not None
        photos.append(
            replace(
                photo,
                whole=replace(photo.whole, look=seen),
                zones=tuple(replace(z, look=seen) for z in photo.zones),
                look=(dots if is_last else None) or photo_look(),
            )
        )
    return replace(view, photos=tuple(photos))
