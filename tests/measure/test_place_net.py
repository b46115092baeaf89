"""A convolutional network that sees places alike from all sides."""

from itertools import pairwise

import numpy as np
import pytest

from tracker.measure.luminance import FloatArray
from tracker.measure.place_net import SIDES, PlaceNet, packed, turned, unpacked
from tracker.measure.spot_look import GRID, MOST_LOGIT, TURNS

CHANNELS, HIDDEN = (3, 5), (7, 4)
PICTURES, CONTEXT = 2, 6


def some_net(seed: int = 1) -> PlaceNet:
    rng = np.random.default_rng(seed)

    def drawn(*shape: int) -> FloatArray:
        return rng.normal(0, 1 / np.sqrt(np.prod(shape[:-1])), shape).astype(np.float32)

    dense = pairwise((SIDES[1] ** 2 * CHANNELS[1], *HIDDEN, 1))
    return PlaceNet(
        (drawn(5, 5, PICTURES, CHANNELS[0]), drawn(3, 3, *CHANNELS)),
        tuple(drawn(*shape) for shape in dense),
        drawn(CONTEXT, HIDDEN[0]),
        tuple(drawn(size) for size in (*CHANNELS, *HIDDEN, 1)),
    )


def some_places(n: int) -> tuple[FloatArray, FloatArray]:
    rng = np.random.default_rng(2)
    pictures = rng.normal(size=(n, PICTURES * GRID * GRID)).astype(np.float32)
    return pictures, rng.normal(size=(n, CONTEXT)).astype(np.float32)


def by_hand(net: PlaceNet, picture: FloatArray, context: FloatArray) -> float:
    """One place the long way: every window by itself."""
    seen = picture.reshape(PICTURES, GRID, GRID).transpose(1, 2, 0)
    for kernel, bias, step in zip(net.kernels, net.biases, (2, 1), strict=False):
        size = len(kernel)
        places = range(0, len(seen) - size + 1, step)
        seen = np.array(
            [
                [
                    np.maximum(
                        (seen[r : r + size, c : c + size, :, None] * kernel).sum((0, 1, 2)) + bias,
                        0,
                    )
                    for c in places
                ]
                for r in places
            ]
        )
    found = np.maximum(seen.ravel() @ net.dense[0] + context @ net.beside + net.biases[2], 0)
    found = np.maximum(found @ net.dense[1] + net.biases[3], 0)
    return float((found @ net.dense[2] + net.biases[4])[0])


def test_one_look_is_two_convolutions_and_three_dense_layers() -> None:
    net, (pictures, context) = some_net(), some_places(9)
    expected = [by_hand(net, *place) for place in zip(pictures, context, strict=True)]
    assert net.logit(pictures, context, turns=1) == pytest.approx(expected, abs=1e-4)
    assert np.ptp(expected) > 0.1


@pytest.mark.parametrize("turn", range(TURNS))
def test_what_is_turned_looks_alike(turn: int) -> None:
    net, (pictures, context) = some_net(), some_places(30)
    square = pictures.reshape(30, PICTURES, GRID, GRID).transpose(2, 3, 0, 1)
    other = turned(square, turn).transpose(2, 3, 0, 1).reshape(pictures.shape)
    seen = net.logit(pictures, context)
    assert net.logit(other, context) == pytest.approx(seen, abs=1e-4)
    assert net.logit(other, context, turns=1) != pytest.approx(seen, abs=1e-2)


def test_the_odds_are_the_mean_of_eight_bounded_looks() -> None:
    net, (pictures, context) = some_net(), some_places(12)
    net = PlaceNet(net.kernels, (*net.dense[:-1], 20 * net.dense[-1]), net.beside, net.biases)
    square = pictures.reshape(12, PICTURES, GRID, GRID).transpose(2, 3, 0, 1)
    looks = [
        net.logit(turned(square, k).transpose(2, 3, 0, 1).reshape(pictures.shape), context, turns=1)
        for k in range(TURNS)
    ]
    assert np.abs(looks).max() == MOST_LOGIT
    assert net.logit(pictures, context) == pytest.approx(np.mean(looks, axis=0), abs=1e-4)


def test_many_places_are_seen_as_few_are() -> None:
    net, (pictures, context) = some_net(), some_places(1500)
    whole = net.logit(pictures, context)
    assert whole[1020:1030] == pytest.approx(net.logit(pictures[1020:1030], context[1020:1030]))
    assert net.logit(pictures[:0], context[:0]).shape == (0,)


def test_weights_that_were_packed_come_back() -> None:
    net = some_net()
    back = unpacked(PICTURES, CONTEXT, CHANNELS, HIDDEN, packed(net))
    pictures, context = some_places(20)
    assert back.logit(pictures, context) == pytest.approx(net.logit(pictures, context), abs=0.02)
    with pytest.raises(ValueError, match="weights for a network of"):
        unpacked(PICTURES + 1, CONTEXT, CHANNELS, HIDDEN, packed(net))
