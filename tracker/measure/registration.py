"""Where the skin of one photo lies in another: contract (the engine follows)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tracker.measure.luminance import FloatArray


class Registration(Protocol):
    """A trusted alignment: reference pixels -> moving pixels."""

    reference_shape: tuple[int, int]
    moving_shape: tuple[int, int]
    error_px: float
    overlap: float

    def map_points(self, xy_px: NDArray[np.float64]) -> NDArray[np.float64]: ...

    def point_sd_px(self, xy_px: NDArray[np.float64]) -> NDArray[np.float64]: ...

    def warp(self, image: FloatArray) -> FloatArray: ...


@dataclass(frozen=True)
class NotRegistered:
    """Two photos that could not be aligned, with the reason in plain words."""

    reason: str
    evidence: dict[str, float] = field(default_factory=dict)
