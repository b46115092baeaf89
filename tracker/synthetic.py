"""Scalp scenes with known dots, motion, light and fade.

A scene is painted in skin coordinates on a curved head and photographed by a perspective camera;
the truth of every photo is known: where each dot is, what share of its ink is left, and which
pixel shows which skin. Pigment is optical density: a dot's `pigment_od_mm2` is the integral of
``log10(skin / pixel)`` of green light over its area on the skin. The parts are in
`tracker.rendering`; ``python -m tracker.synthetic sample_images`` renders the sample clients.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from tracker.rendering.client_files import check_folder, write_client
from tracker.rendering.clients import ClientSpec, ViewSpec, random_client, sample_clients
from tracker.rendering.presets import (
    DARKER_HISTORY,
    FULL_HISTORY,
    NULL_HISTORY,
    PRESETS,
    scene_specs,
)
from tracker.rendering.scene import render_series
from tracker.rendering.spec import PhotoSpec, SeriesSpec, View
from tracker.rendering.truth import RenderedPhoto, RenderedSeries

__all__ = [
    "DARKER_HISTORY",
    "FULL_HISTORY",
    "NULL_HISTORY",
    "PRESETS",
    "ClientSpec",
    "PhotoSpec",
    "RenderedPhoto",
    "RenderedSeries",
    "SeriesSpec",
    "ViewSpec",
    "random_client",
    "render_client",
    "render_series",
    "sample_clients",
    "scene_specs",
    "write_client",
    "write_sample_clients",
]


def render_client(
    folder: Path,
    *,
    seed: int = 0,
    preset: str = "clinic",
    views: Sequence[View] = ("top",),
    n_photos: int = 5,
    force: bool = False,
) -> ClientSpec:
    """Render a random client with its truth into a folder.

    Parameters
    ----------
    folder : Path
        Must not exist or be empty, unless `force`.
    seed : int
        Same seed, same files.
    preset : str
        Conditions, one of `PRESETS`.
    views : sequence of str
        Views of the head, each photographed `n_photos` times.
    n_photos : int
        Photos per view; the first is the baseline.

    Raises
    ------
    ValueError
        If the preset or a view is unknown or a number is out of range.
    FileExistsError
        If the folder holds something and `force` is not set.
    """
    client = random_client(seed, preset=preset, views=views, n_photos=n_photos)
    check_folder(folder, force=force)
    write_client(client, [render_series(v.series) for v in client.views], folder, force=force)
    return client


def write_sample_clients(folder: Path, *, force: bool = False) -> tuple[Path, ...]:
    """Render the sample clients into sub-folders of `folder`; returns these."""
    folders = []
    for client in sample_clients():
        target = folder / client.name
        check_folder(target, force=force)
        write_client(client, [render_series(v.series) for v in client.views], target, force=force)
        folders.append(target)
    return tuple(folders)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Render the sample clients with their truth.")
    parser.add_argument("folder", type=Path, help="where the clients' folders go")
    parser.add_argument("--force", action="store_true", help="replace clients that are there")
    arguments = parser.parse_args()
    try:
        write_sample_clients(arguments.folder, force=arguments.force)
    except FileExistsError as error:
        parser.error(f"{error}; give --force to replace it")
