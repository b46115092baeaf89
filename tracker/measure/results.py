"""Frozen results shared by the measuring steps."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum, StrEnum
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

FloatColumn = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A measured value with its 95 % interval.

    NaN in `value` means "not measured"; it is never 0. `n` counts what the value
    rests on (dots, cells or pixels, as the measure says).
    """

    value: float
    low: float
    high: float
    n: int
    unit: str

    @classmethod
    def missing(cls, unit: str) -> Estimate:
        return cls(float("nan"), float("nan"), float("nan"), 0, unit)

    @property
    def measured(self) -> bool:
        return bool(np.isfinite(self.value))


class Kind(IntEnum):
    """What a dark spot is taken for."""

    DOT = 0
    HAIR = 1
    UNDECIDED = 2

    @property
    def label(self) -> str:
        return self.name.lower()


class Fate(StrEnum):
    """What became of a baseline dot in a later photo."""

    PERSISTING = "persisting"
    FADED = "faded"
    GONE = "gone"
    CENSORED = "censored"
    NEW = "new"


@dataclass(frozen=True, eq=False)
class Dots:
    """Dark spots of one photo: equal-length columns.

    Attributes
    ----------
    x_px, y_px : ndarray of shape (n,)
        Centres; the first pixel's centre is (0, 0).
    fwhm_px : ndarray of shape (n,)
        Full width at half maximum of the spot as photographed.
    contrast : ndarray of shape (n,)
        Peak Weber contrast (B - Y) / B, 0 invisible, 1 black.
    pigment : ndarray of shape (n,)
        Integrated optical density over the spot, OD px^2.
    snr : ndarray of shape (n,)
        Detection signal over the local noise of skin texture.
    hair_probability : ndarray of shape (n,)
        Chance in [0, 1] that the spot is hair, a pore or a mole instead of pigment,
        from this photo alone.
    kind : ndarray of shape (n,)
        `Kind` codes.
    """

    x_px: FloatColumn
    y_px: FloatColumn
    fwhm_px: FloatColumn
    contrast: FloatColumn
    pigment: FloatColumn
    snr: FloatColumn
    hair_probability: FloatColumn
    kind: NDArray[np.int8]

    def __post_init__(self) -> None:
        n = len(self.x_px)
        for field in fields(self):
            column = getattr(self, field.name)
            if column.shape != (n,):
                raise ValueError(f"Dots.{field.name} must have shape ({n},), got {column.shape}")

    def __len__(self) -> int:
        return len(self.x_px)

    def __getitem__(self, which: Any) -> Dots:
        return Dots(**{field.name: getattr(self, field.name)[which] for field in fields(self)})

    @property
    def xy_px(self) -> FloatColumn:
        """Centres as an (n, 2) array."""
        return np.column_stack([self.x_px, self.y_px])

    @cached_property
    def spacing_px(self) -> float:
        """Median distance of a spot to its neighbour; NaN for fewer than two."""
        if len(self) < 2:
            return float("nan")
        distance = np.asarray(cKDTree(self.xy_px).query(self.xy_px, k=2)[0])
        return float(np.median(distance[:, 1]))

    @classmethod
    def empty(cls) -> Dots:
        none = np.empty(0)
        return cls(none, none, none, none, none, none, none, np.empty(0, np.int8))
