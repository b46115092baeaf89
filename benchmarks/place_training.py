"""Teaching a `PlaceNet`: stochastic gradient descent on the log loss, every picture turned anew each time.

Needs JAX and Optax (dependency group `bench`); measuring does not.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import fields
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracker.measure.place_net import SIDES, SIZES, STRIDES, PlaceNet, packed
from tracker.measure.spot_look import GRID

ROOT = Path(__file__).parent.parent
BATCH = 512
RATE, LAST_SHARE = 2e-3, 1e-2
"""Rate of the first step, and the last one's share of it; it falls by a cosine between them."""
DECAY = 1e-4

SHARPNESS = (-0.9, 1.2)
"""Share of what softening takes that is taken, or given on top."""
MOST_GRAIN = 0.35
"""SD of the grain, in strengths of the place."""

Weights = dict[str, Any]


def kept(kind: str, seed: int, folder: Path, examples_of: Callable[[str, int], Any]) -> Path | None:
    """File of one scene's examples, a dataclass of arrays, made unless it is there; None where it has none."""
    path = folder / f"{kind.replace(' ', '-')}_{seed}.npz"
    if not path.exists():
        examples = examples_of(kind, seed)
        if examples is None:
            return None
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            np.savez(
                file, **{field.name: getattr(examples, field.name) for field in fields(examples)}
            )
        part.replace(path)
    return path


def example_files(
    given: Sequence[str] | None,
    user: str,
    scenes: Sequence[tuple[str, int]],
    made: Callable[[tuple[str, int, Path]], Path | None],
) -> tuple[list[Path], Path]:
    """Files of all scenes' examples, and where the weights of `user` go, as the command line of a training has it."""
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.train_{user}")
    parser.add_argument("--examples", type=Path, required=True)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path, default=ROOT / f"tracker/measure/{user}_weights.py")
    arguments = parser.parse_args(given)
    folder: Path = arguments.examples
    folder.mkdir(parents=True, exist_ok=True)
    jobs = [(kind, seed, folder) for kind, seed in scenes]
    with ProcessPoolExecutor(arguments.workers, get_context("spawn")) as pool:
        return [path for path in pool.map(made, jobs) if path is not None], arguments.out


def turned_at_random(
    pictures: NDArray[np.float32], rng: np.random.Generator
) -> NDArray[np.float32]:
    """All pictures of a place turned and mirrored alike, at random: skin has no upright."""
    square = pictures.reshape(len(pictures), -1, GRID, GRID).copy()
    turn = rng.integers(8, size=len(square))
    for k in range(8):
        chosen = turn == k
        some = np.rot90(square[chosen], k % 4, axes=(2, 3))
        square[chosen] = some[..., ::-1] if k >= 4 else some
    return square.reshape(pictures.shape)


def disturbed(pictures: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Pictures as another lens, another sharpening and a hard compression might have left them.

    Half of the places are left as they are; of the others all pictures are softened or sharpened
    alike, and a grain with the size of the strokes is laid on each of them.
    """
    square = pictures.reshape(len(pictures), -1, GRID, GRID)
    touched = (rng.random(len(square)) < 0.5)[:, None, None, None]
    sharpness = rng.uniform(*SHARPNESS, (len(square), 1, 1, 1)) * touched
    grain = rng.uniform(0, MOST_GRAIN, (len(square), 1, 1, 1)) * touched
    noise = _softened(rng.standard_normal(square.shape, np.float32))
    noise /= noise.std()
    result = square + sharpness * (square - _softened(square)) + grain * noise
    return result.astype(np.float32).reshape(pictures.shape)


def _softened(square: NDArray[np.float32]) -> NDArray[np.float32]:
    """Weights 1, 2, 1 along rows and columns, borders repeated."""
    for axis in (2, 3):
        wide = np.pad(square, [(1, 1) if k == axis else (0, 0) for k in range(4)], mode="edge")
        low, middle, high = (np.take(wide, range(k, k + GRID), axis=axis) for k in range(3))
        square = (low + 2 * middle + high) / 4
    return square


def taught(
    pictures: NDArray[np.float16],
    context: NDArray[np.float32],
    is_dot: NDArray[np.bool_],
    *,
    channels: tuple[int, int],
    hidden: tuple[int, int],
    epochs: int,
    rate: float = RATE,
    start: PlaceNet | None = None,
    seed: int = 1,
    told: Callable[[int, float], None],
) -> PlaceNet:
    """The network after all epochs; each sees every place once, turned anew.

    Parameters
    ----------
    pictures : ndarray of shape (n, k * GRID * GRID)
    context : ndarray of shape (n, m)
    is_dot : ndarray of shape (n,) of bool
    channels, hidden : tuple of int
        Outputs of the convolutions and of the dense layers before the last.
    epochs, seed : int
    rate : float
        Of the first step.
    start : PlaceNet, optional
        A network of these sizes that goes on learning; one that knows nothing if None.
    told : callable
        Is called after every epoch with its number and mean log loss.
    """
    import jax
    import jax.numpy as jnp
    import optax

    rng = np.random.default_rng(seed)
    weights = (
        _at_random(rng, pictures.shape[1] // GRID**2, context.shape[1], channels, hidden)
        if start is None
        else _of(start)
    )
    steps = epochs * (len(is_dot) // BATCH)
    optimizer = optax.adamw(
        optax.cosine_decay_schedule(rate, steps, LAST_SHARE), weight_decay=DECAY
    )

    def logit(now: Weights, seen: Any, aside: Any) -> Any:
        found = seen.reshape(len(seen), -1, GRID, GRID).transpose(0, 2, 3, 1)
        for k in range(2):
            found = jax.lax.conv_general_dilated(
                found,
                now[f"kernel{k}"],
                (STRIDES[k], STRIDES[k]),
                "VALID",
                dimension_numbers=("NHWC", "HWIO", "NHWC"),
            )
            found = jax.nn.relu(found + now[f"bias{k}"])
        found = found.reshape(len(found), -1) @ now["dense0"] + aside @ now["beside"]
        for k in range(len(hidden)):
            found = jax.nn.relu(found + now[f"bias{2 + k}"]) @ now[f"dense{k + 1}"]
        return (found + now[f"bias{2 + len(hidden)}"])[:, 0]

    def loss(now: Weights, seen: Any, aside: Any, truth: Any) -> Any:
        return jnp.mean(optax.sigmoid_binary_cross_entropy(logit(now, seen, aside), truth))

    @jax.jit  # type: ignore[untyped-decorator]
    def step(now: Weights, state: Any, seen: Any, aside: Any, truth: Any) -> Any:
        value, slope = jax.value_and_grad(loss)(now, seen, aside, truth)
        change, state = optimizer.update(slope, state, now)
        return optax.apply_updates(now, change), state, value

    state = optimizer.init(weights)
    for epoch in range(epochs):
        order = rng.permutation(len(is_dot))
        total = 0.0
        for start in range(0, len(order) - BATCH + 1, BATCH):
            some = order[start : start + BATCH]
            shown = disturbed(turned_at_random(pictures[some].astype(np.float32), rng), rng)
            weights, state, value = step(
                weights, state, shown, context[some], is_dot[some].astype(np.float32)
            )
            total += float(value)
        told(epoch, total / max(len(order) // BATCH, 1))
    last = 2 + len(hidden)
    as_array = {name: np.asarray(value, np.float32) for name, value in weights.items()}
    return PlaceNet(
        (as_array["kernel0"], as_array["kernel1"]),
        tuple(as_array[f"dense{k}"] for k in range(len(hidden) + 1)),
        as_array["beside"],
        tuple(as_array[f"bias{k}"] for k in range(last + 1)),
    )


def _of(net: PlaceNet) -> Weights:
    weights: Weights = {"beside": net.beside}
    for name, parts in (("kernel", net.kernels), ("dense", net.dense), ("bias", net.biases)):
        weights |= {f"{name}{k}": part for k, part in enumerate(parts)}
    return weights


def _at_random(
    rng: np.random.Generator,
    pictures: int,
    context: int,
    channels: tuple[int, int],
    hidden: tuple[int, int],
) -> Weights:
    """Weights to begin with (He et al. 2015): variance two over the number of inputs."""

    def drawn(*shape: int, inputs: int) -> NDArray[np.float32]:
        return rng.normal(0, np.sqrt(2 / inputs), shape).astype(np.float32)

    weights: Weights = {}
    before = pictures
    for k, size in enumerate(channels):
        shape = (SIZES[k], SIZES[k], before, size)
        weights[f"kernel{k}"] = drawn(*shape, inputs=SIZES[k] ** 2 * before)
        weights[f"bias{k}"] = np.zeros(size, np.float32)
        before = size
    before *= SIDES[-1] ** 2
    weights["beside"] = 0.3 * drawn(context, hidden[0], inputs=context)
    for k, size in enumerate((*hidden, 1)):
        weights[f"dense{k}"] = drawn(before, size, inputs=before)
        weights[f"bias{2 + k}"] = np.zeros(size, np.float32)
        before = size
    return weights


def write_module(path: Path, user: str, sizes: str, text: str) -> None:
    """A network as a module for `user` of the core, which reads no files: half precision, base 64."""
    lines = [f'    "{text[k : k + 88]}"' for k in range(0, len(text), 88)]
    path.write_text(
        f'"""Weights of `{user}`, written by `python -m benchmarks.train_{user}`."""\n\n'
        f"{sizes}\nPACKED = (\n" + "\n".join(lines) + "\n)\n",
        encoding="utf-8",
    )


def write_place_net(path: Path, net: PlaceNet, user: str) -> None:
    """The network as a module for `user`."""
    channels = tuple(kernel.shape[3] for kernel in net.kernels)
    hidden = tuple(weight.shape[1] for weight in net.dense[:-1])
    write_module(path, user, f"CHANNELS = {channels}\nHIDDEN = {hidden}", packed(net))
