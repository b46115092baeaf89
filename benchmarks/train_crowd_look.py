"""Train the network of `tracker.measure.crowd_look` on rendered photos.

``python -m benchmarks.train_crowd_look --examples FOLDER`` renders photos with seeds that no benchmark uses, keeps what
the network sees of each in FOLDER (a run that is stopped goes on where it was) and writes the weights. Half an hour on
two processors. Needs scikit-learn, JAX and Optax (dependency group `bench`); measuring does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.crowd_look_scenes import KINDS, Examples, examples_of
from benchmarks.place_training import example_files, kept, taught, write_place_net

SEEDS = range(31001, 31046)
HELD_OUT = 8
"""Every so manieth seed teaches nothing: it shows what was learnt."""
CHANNELS, HIDDEN = (16, 24), (48, 24)
EPOCHS = 16

Job = tuple[str, int, Path]


def made(job: Job) -> Path | None:
    """File of one photo's examples, made unless it is there; None where it has none."""
    return kept(*job, examples_of)


def read(path: Path) -> Examples:
    with np.load(path) as file:
        return Examples(file["pictures"], file["context"], file["is_dot"])


def main(given: Sequence[str] | None = None) -> int:
    from sklearn.metrics import log_loss, roc_auc_score

    scenes = [(kind, seed) for seed in SEEDS for kind in KINDS]
    paths, target = example_files(given, "crowd_look", scenes, made)
    held_out = [int(path.stem.rpartition("_")[2]) % HELD_OUT == 0 for path in paths]
    teaching = [read(path) for path, out in zip(paths, held_out, strict=True) if not out]
    net = taught(
        np.concatenate([scene.pictures for scene in teaching]),
        np.concatenate([scene.context for scene in teaching]),
        np.concatenate([scene.is_dot for scene in teaching]),
        channels=CHANNELS,
        hidden=HIDDEN,
        epochs=EPOCHS,
        told=lambda epoch, loss: print(f"epoch {epoch + 1} of {EPOCHS}: {loss:.4f}", flush=True),
    )
    losses = []
    for path, out in zip(paths, held_out, strict=True):
        shown = read(path)
        if out and 0 < shown.is_dot.sum() < len(shown.is_dot):
            said = net.logit(shown.pictures.astype(np.float32), shown.context)
            losses.append(log_loss(shown.is_dot, 1 / (1 + np.exp(-said))))
            area = roc_auc_score(shown.is_dot, said)
            print(f"{path.stem}: {len(shown.is_dot)} spots, AUC {area:.3f}")
    print(f"mean log loss of photos not taught {np.mean(losses):.4f}")
    write_place_net(target, net, "crowd_look")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
