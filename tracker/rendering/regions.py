"""Which part of the scalp is treated, hair-bearing or bare, by direction from the head's centre."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tracker.rendering.scalp import CHART_RADIUS_MM, Array, Chart
from tracker.rendering.spec import SeriesSpec

ZONES = ("hairline", "left temple", "right temple", "mid-scalp", "crown")


def _sagittal_deg(direction: Array) -> Array:
    """0 at the forehead, 90 at the top, 180 at the back."""
    result: Array = np.rad2deg(np.arctan2(direction[..., 1], direction[..., 2]))
    return np.where(result < -90, result + 360, result)


def _lateral_deg(direction: Array) -> Array:
    result: Array = np.rad2deg(np.arcsin(np.clip(direction[..., 0], -1, 1)))
    return result


@dataclass(frozen=True, eq=False)
class Regions:
    """Borders of one head, waved by a few low cosines so that no line is ruled."""

    chart: Chart
    spec: SeriesSpec
    waves: Array
    phases: Array
    hairline_deg: float

    @classmethod
    def random(cls, rng: np.random.Generator, chart: Chart, spec: SeriesSpec) -> Regions:
        waves = rng.normal(size=(6, 3)) * 7.0
        return cls(chart, spec, waves, rng.uniform(0, 2 * np.pi, 6), rng.uniform(38, 44))

    def _wobble(self, direction: Array) -> Array:
        wobble: Array = np.cos(direction @ self.waves.T + self.phases).mean(-1)
        return wobble

    def _hairline_at(self, lateral: Array) -> Array:
        hairline: Array = self.hairline_deg + 10.0 * (np.abs(lateral) / 40) ** 3
        return hairline

    def inside_treated_mm(self, direction: Array) -> Array:
        """Signed distance to the treated area's border, mm; positive inside."""
        if self.spec.treated == "none":
            return np.full(direction.shape[:-1], -1e3)
        if self.spec.treated == "patch":
            uv = self.chart.uv(direction)
            radius = (np.abs(uv) ** 2.6).sum(-1) ** (1 / 2.6)
            border = self.spec.patch_radius_mm * (1 + 0.16 * self._wobble(direction))
            inside: Array = border - radius
            return inside
        sagittal, lateral = _sagittal_deg(direction), _lateral_deg(direction)
        wobble = 6.0 * self._wobble(direction)
        margin = np.minimum.reduce(
            [
                sagittal - self._hairline_at(lateral) + wobble / 2,
                155.0 - sagittal + wobble,
                50.0 - np.abs(lateral) + wobble,
            ]
        )
        result: Array = np.deg2rad(margin) * CHART_RADIUS_MM
        return result

    def bald(self, direction: Array) -> Array:
        """0 on the hairy sides and back to 1 on the bald top, soft border."""
        sagittal, lateral = _sagittal_deg(direction), _lateral_deg(direction)
        wobble = 8.0 * self._wobble(direction)
        margin = np.minimum(150.0 - sagittal + wobble, 44.0 - np.abs(lateral) + wobble)
        result: Array = 1 / (1 + np.exp(-margin / 4.0))
        return result

    def hair_bearing(self, direction: Array) -> Array:
        """0 on forehead, face, and neck to 1 where scalp hair grows or grew."""
        sagittal, lateral = _sagittal_deg(direction), _lateral_deg(direction)
        front = sagittal - self._hairline_at(lateral) + 3.0 * self._wobble(direction)
        elevation = np.rad2deg(np.arcsin(np.clip(direction[..., 1], -1, 1)))
        low = elevation + np.where(direction[..., 2] < 0.2, 42.0, 5.0)
        result: Array = 1 / (1 + np.exp(-np.minimum(front, low) / 1.5))
        return result

    def zone_names(self, direction: Array) -> np.ndarray:
        """Zone of each direction, as text."""
        sagittal, lateral = _sagittal_deg(direction), _lateral_deg(direction)
        if self.spec.treated == "patch":
            uv = self.chart.uv(direction)
            third = self.spec.patch_radius_mm / 3
            return np.select(
                [uv[..., 1] < -third, uv[..., 1] > third], ["upper", "lower"], "middle"
            )
        front = sagittal < self._hairline_at(lateral) + 14.0
        side = (np.abs(lateral) > 27.0) & (sagittal < 85.0)
        return np.select(
            [side & (lateral > 0), side, front, sagittal > 108.0],
            ["left temple", "right temple", "hairline", "crown"],
            "mid-scalp",
        )
