"""Train the network of `tracker.measure.series_look` on rendered series.

``python -m benchmarks.train_series_look --examples FOLDER`` renders and measures series with seeds
that no benchmark uses, keeps what the network sees of each in FOLDER (a run that is stopped goes on
where it was) and writes the weights. Half an hour on two processors. Needs scikit-learn
(dependency group `bench`); measuring does not.
"""

from __future__ import annotations

import argparse
import os
import warnings
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.series_look_scenes import SMALL_KINDS, USUAL_KINDS, examples_of
from benchmarks.train_spot_look import write_weights
from tracker.measure.spot_look import GRID, SpotNet

if TYPE_CHECKING:
    from sklearn.neural_network import MLPClassifier

FIRST_SEED, FIRST_SMALL_SEED = 9101, 9301
HELD_OUT = 5
"""Of ten seeds the one ending in this teaches nothing: it shows what was learnt."""
TARGET = Path(__file__).parent.parent / "tracker/measure/series_look_weights.py"
COLUMNS = 4 * GRID * GRID
HIDDEN = (192, 48)
EPOCHS = 36
LEARNING_RATE, LAST_RATE = 1.5e-3, 1e-5
"""Rate of the first and the last epoch; it falls by a cosine between them."""

Job = tuple[str, int, Path]


def made(job: Job) -> Path | None:
    """File of one scene's examples, made unless it is there; None where it has none."""
    kind, seed, folder = job
    path = folder / f"{kind.replace(' ', '-')}_{seed}.npz"
    if not path.exists():
        examples = examples_of(kind, seed)
        if examples is None:
            return None
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            np.savez(
                file,
                pictures=examples.pictures,
                context=examples.context,
                is_dot=examples.is_dot,
                look=examples.look,
            )
        part.replace(path)
    return path


def _turned(pictures: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """All pictures of a place turned and mirrored alike, at random: skin has no upright."""
    square = pictures.reshape(len(pictures), 4, GRID, GRID).copy()
    turn = rng.integers(8, size=len(square))
    for k in range(8):
        chosen = turn == k
        some = np.rot90(square[chosen], k % 4, axes=(2, 3))
        square[chosen] = some[..., ::-1] if k >= 4 else some
    return square.reshape(len(pictures), COLUMNS)


def _rate(epoch: int) -> float:
    fall = 0.5 * (1 + np.cos(np.pi * epoch / EPOCHS))
    return float(LAST_RATE + LEARNING_RATE * fall)


def trained(
    pictures: NDArray[np.float16], context: NDArray[np.float32], is_dot: NDArray[np.bool_]
) -> MLPClassifier:
    """The network after all epochs; each sees every place once, turned anew."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    rng = np.random.default_rng(1)
    net = MLPClassifier(
        HIDDEN, alpha=2e-3, batch_size=512, max_iter=1, warm_start=True, random_state=1
    )
    with warnings.catch_warnings():
        # Each call is one epoch: that it does not converge is meant.
        warnings.simplefilter("ignore", ConvergenceWarning)
        for epoch in range(EPOCHS):
            order = rng.permutation(len(is_dot))
            turned = _turned(pictures[order].astype(np.float32), rng)
            net.set_params(learning_rate_init=_rate(epoch))
            net.fit(np.hstack([turned, context[order]]).astype(np.float32), is_dot[order])
    return net


def main(given: Sequence[str] | None = None) -> int:
    from sklearn.metrics import log_loss, roc_auc_score

    parser = argparse.ArgumentParser(prog="python -m benchmarks.train_series_look")
    parser.add_argument("--examples", type=Path, required=True)
    parser.add_argument("--scenes", type=int, default=16, help="scenes of each usual kind")
    parser.add_argument("--small", type=int, default=14, help="scenes of each small kind")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path, default=TARGET)
    arguments = parser.parse_args(given)
    folder: Path = arguments.examples
    folder.mkdir(parents=True, exist_ok=True)
    jobs = [
        (kind, FIRST_SMALL_SEED + k, folder) for k in range(arguments.small) for kind in SMALL_KINDS
    ]
    jobs += [
        (kind, FIRST_SEED + k, folder) for k in range(arguments.scenes) for kind in USUAL_KINDS
    ]
    with ProcessPoolExecutor(arguments.workers, get_context("spawn")) as pool:
        paths = [path for path in pool.map(made, jobs) if path is not None]
    taught: list[tuple[Any, ...]] = []
    unseen: list[tuple[Any, ...]] = []
    for path in paths:
        with np.load(path) as kept:
            shown = (kept["pictures"], kept["context"], kept["is_dot"], kept["look"])
        held_out = int(path.stem.rpartition("_")[2]) % 10 == HELD_OUT
        (unseen if held_out else taught).append((path.stem, *shown))
    net = trained(*(np.concatenate([scene[k] for scene in taught]) for k in (1, 2, 3)))
    weights = tuple(np.asarray(w, np.float32) for w in net.coefs_)
    biases = tuple(np.asarray(b, np.float32) for b in net.intercepts_)
    losses = []
    for name, pictures, context, is_dot, look in unseen:
        if 0 < is_dot.sum() < len(is_dot):
            said = SpotNet(weights, biases).logit(pictures.astype(np.float32), context)
            losses.append(log_loss(is_dot, 1 / (1 + np.exp(-said))))
            area, alone = roc_auc_score(is_dot, said), roc_auc_score(is_dot, look)
            print(f"{name}: {len(is_dot)} places, AUC {area:.3f}, baseline alone {alone:.3f}")
    print(f"mean log loss of scenes not taught {np.mean(losses):.4f}")
    write_weights(arguments.out, net.coefs_, net.intercepts_, "series_look")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
