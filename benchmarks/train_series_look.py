"""Train the network of `tracker.measure.series_look` on rendered series.

``python -m benchmarks.train_series_look --examples FOLDER`` renders and measures series with seeds
that no benchmark uses, keeps what the network sees of each in FOLDER (a run that is stopped goes on
where it was) and writes the weights. A quarter of an hour on two processors. Needs scikit-learn
(dependency group `bench`); measuring does not.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.series_look_scenes import SMALL_KINDS, USUAL_KINDS, examples_of
from benchmarks.train_spot_look import write_weights
from tracker.measure.spot_look import GRID

FIRST_SEED, FIRST_SMALL_SEED = 9101, 9301
HELD_OUT = 5
"""Of ten seeds the one ending in this teaches nothing: it shows what was learnt."""
TARGET = Path(__file__).parent.parent / "tracker/measure/series_look_weights.py"
COLUMNS = 4 * GRID * GRID

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


def main(given: Sequence[str] | None = None) -> int:
    from sklearn.metrics import roc_auc_score
    from sklearn.neural_network import MLPClassifier

    parser = argparse.ArgumentParser(prog="python -m benchmarks.train_series_look")
    parser.add_argument("--examples", type=Path, required=True)
    parser.add_argument("--scenes", type=int, default=12, help="scenes of each usual kind")
    parser.add_argument("--small", type=int, default=10, help="scenes of each small kind")
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
    rng = np.random.default_rng(1)
    shown, labels, unseen = [], [], []
    for path in paths:
        with np.load(path) as kept:
            pictures = kept["pictures"].astype(np.float32)
            context, is_dot, look = kept["context"], kept["is_dot"], kept["look"]
        if int(path.stem.rpartition("_")[2]) % 10 == HELD_OUT:
            unseen.append((path.stem, np.hstack([pictures, context]), is_dot, look))
            continue
        for _ in range(2):
            shown.append(np.hstack([_turned(pictures, rng), context]))
            labels.append(is_dot)
    net = MLPClassifier(
        (64, 24), alpha=2e-3, batch_size=512, max_iter=12, random_state=1, learning_rate_init=1.5e-3
    ).fit(np.concatenate(shown), np.concatenate(labels))
    for name, inputs, is_dot, look in unseen:
        if 0 < is_dot.sum() < len(is_dot):
            area = roc_auc_score(is_dot, net.predict_proba(inputs)[:, 1])
            alone = roc_auc_score(is_dot, look)
            print(f"{name}: {len(is_dot)} places, AUC {area:.3f}, baseline alone {alone:.3f}")
    write_weights(arguments.out, net.coefs_, net.intercepts_, "series_look")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
