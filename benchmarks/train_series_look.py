"""Train the network of `tracker.measure.series_look` on rendered series.

``python -m benchmarks.train_series_look --examples FOLDER`` renders and measures series with seeds
that no benchmark uses, keeps what the network sees of each in FOLDER (a run that is stopped goes on
where it was) and writes the weights. Forty minutes on two processors. Needs scikit-learn, JAX and
Optax (dependency group `bench`); measuring does not.

The network goes on from the weights that are there. Those of method 21 went on from those of method 20, which had
learnt from 476 scenes as methods 4 to 7 measured them and did not know the look at baseline (its weights began as
zeros): log loss on 22 scenes not taught 0.150 before, 0.125 after, 0.146 taught anew by these scenes alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.place_training import example_files, kept, taught, write_place_net
from benchmarks.series_look_scenes import SMALL_KINDS, USUAL_KINDS, examples_of
from tracker.measure.series_look import series_net

USUAL_SEEDS, SMALL_SEEDS = range(9101, 9115), range(9301, 9315)
HELD_OUT = 5
"""Of ten seeds the one ending in this teaches nothing: it shows what was learnt."""
CHANNELS, HIDDEN = (32, 48), (96, 32)
EPOCHS, RATE = 14, 1.5e-3

Job = tuple[str, int, Path]


def made(job: Job) -> Path | None:
    """File of one scene's examples, made unless it is there; None where it has none."""
    return kept(*job, examples_of)


def main(given: Sequence[str] | None = None) -> int:
    from sklearn.metrics import log_loss, roc_auc_score

    scenes = [(kind, seed) for seed in USUAL_SEEDS for kind in USUAL_KINDS]
    scenes += [(kind, seed) for seed in SMALL_SEEDS for kind in SMALL_KINDS]
    paths, target = example_files(given, "series_look", scenes, made)
    teaching: list[tuple[Any, ...]] = []
    unseen: list[tuple[Any, ...]] = []
    for path in sorted(paths):
        with np.load(path) as file:
            shown = (file["pictures"], file["context"], file["is_dot"], file["look"])
        held_out = int(path.stem.rpartition("_")[2]) % 10 == HELD_OUT
        (unseen if held_out else teaching).append((path.stem, *shown))
    net = taught(
        *(np.concatenate([scene[k] for scene in teaching]) for k in (1, 2, 3)),
        channels=CHANNELS,
        hidden=HIDDEN,
        epochs=EPOCHS,
        rate=RATE,
        start=series_net(),
        told=lambda epoch, loss: print(f"epoch {epoch + 1} of {EPOCHS}: {loss:.4f}", flush=True),
    )
    losses = []
    for name, pictures, context, is_dot, look in unseen:
        if 0 < is_dot.sum() < len(is_dot):
            said = net.logit(pictures.astype(np.float32), context)
            losses.append(log_loss(is_dot, 1 / (1 + np.exp(-said))))
            area, alone = roc_auc_score(is_dot, said), roc_auc_score(is_dot, look)
            print(f"{name}: {len(is_dot)} places, AUC {area:.3f}, baseline alone {alone:.3f}")
    print(f"mean log loss of scenes not taught {np.mean(losses):.4f}")
    write_place_net(target, net, "series_look")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
