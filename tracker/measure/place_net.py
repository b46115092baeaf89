"""A small convolutional network that looks at pictures of a place, whichever way up it is seen.

Two convolutions find what is round and what is a stroke, wherever in the picture it lies; two dense
layers judge that together with what has no direction. Trained by scripts in `benchmarks`, run with
matrix products alone.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from tracker.measure.luminance import FloatArray
from tracker.measure.results import FloatColumn
from tracker.measure.spot_look import GRID, MOST_LOGIT, TURNS
from tracker.measure.threads import map_threads

SIZES, STRIDES = (5, 3), (2, 1)
"""Sides of the two convolutions' windows, and their steps."""
_AFTER_FIRST = (GRID - SIZES[0]) // STRIDES[0] + 1
SIDES = (_AFTER_FIRST, (_AFTER_FIRST - SIZES[1]) // STRIDES[1] + 1)
"""Samples a side after each of them: 13 become 5, and those 3."""
CHUNK = 1024
"""Places looked at together: their windows stay in the processor's cache."""


@dataclass(frozen=True, eq=False)
class PlaceNet:
    """Kernels (size, size, inputs, outputs) of two convolutions, weights of the layers after them.

    `beside` are the weights of what has no direction; it joins at the first dense layer. Every layer
    is rectified but the last.
    """

    kernels: tuple[FloatArray, FloatArray]
    dense: tuple[FloatArray, ...]
    beside: FloatArray
    biases: tuple[FloatArray, ...]

    def logit(
        self, pictures: FloatArray, context: FloatArray, *, turns: int = TURNS, workers: int = 1
    ) -> FloatColumn:
        """Log-odds of a dot for each row, shape (n,), the mean over turns and mirrorings.

        Parameters
        ----------
        pictures : ndarray of shape (n, k * GRID * GRID)
            Square pictures of each place, beside each other.
        context : ndarray of shape (n, m)
            What has no direction.
        turns : int
            How many of the eight turns are looked at.
        workers : int
            Parts of the list looked at side by side; the result does not depend on it.
        """

        def look(start: int) -> FloatColumn:
            some = pictures[start : start + CHUNK]
            square = some.reshape(len(some), -1, GRID, GRID)
            windows = _windows(square.transpose(0, 2, 3, 1), SIZES[0], STRIDES[0])
            aside = context[start : start + CHUNK] @ self.beside + self.biases[2]
            total = np.zeros(len(some))
            for turn in range(turns):
                total += self._seen(windows, aside, turn)
            return total

        if len(pictures) == 0:
            return np.empty(0)
        parts = map_threads(look, range(0, len(pictures), CHUNK), workers)
        result: FloatColumn = np.concatenate(parts) / turns
        return result

    def _seen(self, windows: FloatArray, aside: FloatArray, turn: int) -> FloatColumn:
        """Log-odds with everything turned that has a direction, the pictures left as they are."""
        first, second = (turned(kernel, turn) for kernel in self.kernels)
        found = _rectified(windows @ first.reshape(windows.shape[1], -1), self.biases[0])
        found = found.reshape(len(aside), SIDES[0], SIDES[0], -1)
        found = _windows(found, SIZES[1], STRIDES[1]) @ second.reshape(-1, second.shape[3])
        found = _rectified(found, self.biases[1]).reshape(len(aside), -1)
        places = self.dense[0].reshape(SIDES[1], SIDES[1], second.shape[3], -1)
        found = _rectified(found @ turned(places, turn).reshape(found.shape[1], -1), aside)
        for weight, bias in zip(self.dense[1:-1], self.biases[3:-1], strict=True):
            found = _rectified(found @ weight, bias)
        said = (found @ self.dense[-1] + self.biases[-1])[:, 0].astype(np.float64)
        bounded: FloatColumn = np.clip(said, -MOST_LOGIT, MOST_LOGIT)
        return bounded


def turned(kernel: FloatArray, turn: int) -> FloatArray:
    """Weights over a square, turned by quarters, and mirrored from the fourth on."""
    some = np.rot90(kernel, turn % 4, axes=(0, 1))
    return np.ascontiguousarray(some[:, ::-1] if turn >= 4 else some)


def _windows(values: FloatArray, size: int, stride: int) -> FloatArray:
    """Every window of pictures (n, h, w, c) as a row: (n * places, size * size * c)."""
    seen = np.lib.stride_tricks.sliding_window_view(values, (size, size), axis=(1, 2))
    seen = seen[:, ::stride, ::stride].transpose(0, 1, 2, 4, 5, 3)
    rows: FloatArray = seen.reshape(-1, size * size * values.shape[3])
    return rows


def _rectified(values: FloatArray, bias: FloatArray) -> FloatArray:
    values += bias
    return np.maximum(values, 0, out=values)


def packed(net: PlaceNet) -> str:
    """All weights in half precision, base 64; `unpacked` with the same sizes gives them back."""
    parts = (*net.kernels, *net.dense, net.beside, *net.biases)
    flat = np.concatenate([part.ravel() for part in parts]).astype(np.float16)
    return base64.b64encode(flat.tobytes()).decode()


def unpacked(
    pictures: int, context: int, channels: tuple[int, int], hidden: tuple[int, ...], text: str
) -> PlaceNet:
    """A network from its sizes and `packed` weights.

    Parameters
    ----------
    pictures, context : int
        Pictures of a place, and numbers beside them.
    channels : tuple of int
        Outputs of the convolutions.
    hidden : tuple of int
        Outputs of the dense layers before the last.
    text : str
    """
    inputs = (pictures, channels[0])
    kernels = [(SIZES[k], SIZES[k], inputs[k], channels[k]) for k in range(2)]
    dense = list(pairwise((SIDES[1] ** 2 * channels[1], *hidden, 1)))
    biases = [(size,) for size in (*channels, *hidden, 1)]
    values = np.frombuffer(base64.b64decode(text), np.float16).astype(np.float32)
    shapes = (*kernels, *dense, (context, hidden[0]), *biases)
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
    if ends[-1] != len(values):
        raise ValueError(f"{len(values)} weights for a network of {ends[-1]}")
    parts = [
        part.reshape(shape) for part, shape in zip(np.split(values, ends[:-1]), shapes, strict=True)
    ]
    after = 2 + len(dense)
    return PlaceNet(
        (parts[0], parts[1]), tuple(parts[2:after]), parts[after], tuple(parts[after + 1 :])
    )
