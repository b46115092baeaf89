"""Rendered photos for the benchmark of batches, made once and kept in the store of scenes."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

from benchmarks.scenes import store_folder
from tracker.synthetic import random_client, render_series, scene_specs, write_client

COST_SIZES = {2: (1633, 1225), 12: (4000, 3000), 48: (8000, 6000)}
"""Pixels of the photos whose cost is measured, by megapixels."""
SMALL_PX = (816, 640)
"""Half a megapixel: dots of the clinic preset are still 3 px wide."""


def cost_folder(megapixels: int) -> Path:
    """A client of three photos of one size, rendered once."""
    folder = store_folder() / f"scale-{megapixels}mp"
    if folder.exists():
        return folder
    from PIL import Image

    width, height = COST_SIZES[megapixels]
    spec = scene_specs("clinic", 3, (0.0, 0.35, 0.7))
    finer = height / spec.height_px
    photos = tuple(
        replace(
            photo,
            shift_px=(photo.shift_px[0] * finer, photo.shift_px[1] * finer),
            defocus_px=photo.defocus_px * finer,
        )
        for photo in spec.photos
    )
    spec = replace(
        spec, width_px=width, height_px=height, px_per_mm=spec.px_per_mm * finer, photos=photos
    )
    part = folder.with_suffix(".part")
    part.mkdir(exist_ok=True)
    for number, photo in enumerate(render_series(spec).photos):
        Image.fromarray(photo.srgb).save(part / f"2026-0{number + 1}-01_top.jpg", quality=93)
    part.rename(folder)
    return folder


def _render_small(job: tuple[int, int, str]) -> None:
    seed, n_photos, folder = job
    if (Path(folder) / "truth.json").exists():
        return
    client = random_client(seed, n_photos=n_photos)
    (view,) = client.views
    series = replace(view.series, width_px=SMALL_PX[0], height_px=SMALL_PX[1])
    client = replace(client, views=(replace(view, series=series),))
    write_client(client, [render_series(series)], Path(folder), force=True)


def small_clients(name: str, n_clients: int, n_photos: int) -> Path:
    """Clients of small photos, each another scalp."""
    root = store_folder() / name
    root.mkdir(exist_ok=True)
    jobs = [(1000 + k, n_photos, str(root / f"client-{k:03d}")) for k in range(n_clients)]
    with ProcessPoolExecutor(2) as pool:
        for number, _ in enumerate(pool.map(_render_small, jobs)):
            if number % 20 == 0:
                print(f"rendered {number} of {n_clients} clients", flush=True)
    return root
