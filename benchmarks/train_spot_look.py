"""Train the network of `tracker.measure.spot_look` on rendered scenes.

``python -m benchmarks.train_spot_look`` renders scenes by both renderers (seeds that no
benchmark uses), cuts out the spots that detection finds there, and writes the weights. Needs
scikit-learn (dependency group `bench`); measuring does not.
"""

from __future__ import annotations

import argparse
import base64
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from benchmarks.other_scenes import LOOKS, OtherScene, render_other
from benchmarks.place_training import turned_at_random, write_module
from benchmarks.scoring import true_fwhm_px
from tracker.measure.detection import pigment_density
from tracker.measure.peaks import band_pass, peak_pixels, subpixel, to_full_px
from tracker.measure.spot_look import neighbourhoods
from tracker.synthetic import PRESETS, render_series, scene_specs

FIRST_SEED = 9001
HISTORY = (0.0, 0.35)
OWN = ("clinic", "phone", "hairy", "dense", "sparse", "dark", "wide", "macro")
PER_PHOTO = 2500
TARGET = Path(__file__).parent.parent / "tracker/measure/spot_look_weights.py"


def _own_scene(preset: str, seed: int) -> OtherScene:
    series = render_series(scene_specs(preset, seed, HISTORY))
    return OtherScene(
        preset,
        tuple(photo.srgb for photo in series.photos),
        tuple(photo.xy_px for photo in series.photos),
        series.pigment_od_mm2,
        np.stack([photo.retained for photo in series.photos]),
        series.mm_per_px,
        true_fwhm_px(series),
    )


def _processed(density: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """The same skin through another lens and another sharpening."""
    kind = rng.integers(3)
    if kind == 1:
        return cv2.GaussianBlur(density, (0, 0), rng.uniform(0.4, 0.9))
    if kind == 2:
        soft = cv2.GaussianBlur(density, (0, 0), rng.uniform(0.9, 1.6))
        return density + np.float32(rng.uniform(0.2, 0.9)) * (density - soft)
    return density


def examples(job: tuple[str, str, int]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Neighbourhoods and labels (dot or not) of one scene's photos."""
    cv2.setNumThreads(1)
    source, kind, seed = job
    scene = _own_scene(kind, seed) if source == "own" else render_other(kind, seed, HISTORY)
    rng = np.random.default_rng(seed)
    looks, labels = [], []
    for number, photo in enumerate(scene.photos):
        xy = scene.xy_px[number]
        left = scene.pigment * scene.retained[number]
        shown = np.isfinite(xy[:, 0])
        strong = shown & (left > 0.25 * np.median(scene.pigment))
        low = np.maximum(np.floor(xy[shown].min(axis=0)).astype(int) - 60, 0)
        high = np.ceil(xy[shown].max(axis=0)).astype(int) + 60
        part = np.ascontiguousarray(photo[low[1] : high[1], low[0] : high[0]])
        density = _processed(pigment_density(part), rng)
        any_dot, sure_dot = cKDTree(xy[shown] - low), cKDTree(xy[strong] - low)
        for _ in range(2):
            sigma = scene.fwhm_px / 2.3548 * float(np.exp(rng.uniform(np.log(0.65), np.log(1.35))))
            band = band_pass(density, sigma)
            rows, columns = peak_pixels(band.response, 0.0, 1.4 * band.sigma)
            x, y, top = subpixel(band.response, rows, columns)
            x, y = to_full_px(x, band.reduction), to_full_px(y, band.reduction)
            spread = 1.4826 * float(np.median(np.abs(band.response[band.response < 0])))
            keep = top > 1.0 * spread
            x, y = x[keep], y[keep]
            place = np.column_stack([x, y])
            near_any, near_sure = any_dot.query(place)[0], sure_dot.query(place)[0]
            dot = near_sure < 0.4 * scene.fwhm_px
            plain = near_any > 0.9 * scene.fwhm_px
            for group, label in ((dot, True), (plain, False)):
                index = np.flatnonzero(group)
                index = rng.permutation(index)[: PER_PHOTO // 4]
                looks.append(neighbourhoods(density, x[index], y[index], sigma))
                labels.append(np.full(len(index), label))
    return np.concatenate(looks), np.concatenate(labels)


def write_weights(
    path: Path,
    weights: Sequence[NDArray[np.float64]],
    biases: Sequence[NDArray[np.float64]],
) -> None:
    """The network as a module of the core."""
    layers = (weights[0].shape[0], *(bias.size for bias in biases))
    parts = [part for pair in zip(weights, biases, strict=True) for part in pair]
    flat = np.concatenate([part.ravel() for part in parts]).astype(np.float16)
    write_module(path, "spot_look", f"LAYERS = {layers}", base64.b64encode(flat.tobytes()).decode())


def main(given: Sequence[str] | None = None) -> int:
    from sklearn.metrics import roc_auc_score
    from sklearn.neural_network import MLPClassifier

    parser = argparse.ArgumentParser(prog="python -m benchmarks.train_spot_look")
    parser.add_argument("--scenes", type=int, default=4, help="scenes per preset and renderer")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path, default=TARGET)
    arguments = parser.parse_args(given)
    assert set(OWN) <= set(PRESETS)
    jobs = [
        (source, kind, FIRST_SEED + k)
        for source, kinds in (("own", OWN), ("other", tuple(LOOKS)))
        for kind in kinds
        for k in range(arguments.scenes)
    ]
    with ProcessPoolExecutor(arguments.workers, get_context("spawn")) as pool:
        made = list(pool.map(examples, jobs))
    held_out = [job[2] == FIRST_SEED + arguments.scenes - 1 for job in jobs]
    rng = np.random.default_rng(1)

    def gather(which: bool) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        chosen = [pair for pair, out in zip(made, held_out, strict=True) if out == which]
        return np.concatenate([a for a, _ in chosen]), np.concatenate([b for _, b in chosen])

    looks, labels = gather(False)
    turned = np.concatenate([turned_at_random(looks, rng) for _ in range(2)])
    net = MLPClassifier(
        (48, 16), alpha=3e-4, batch_size=512, max_iter=14, random_state=1, learning_rate_init=2e-3
    ).fit(turned, np.tile(labels, 2))
    for job, (a, b), out in zip(jobs, made, held_out, strict=True):
        if out:
            print(f"{job}: {len(b)} spots, AUC {roc_auc_score(b, net.predict_proba(a)[:, 1]):.3f}")
    write_weights(arguments.out, net.coefs_, net.intercepts_)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
