"""Real photos, and the same once more as another hand would have taken them.

``python -m benchmarks.varied --pairs FOLDER --dots FOLDER`` aligns pairs of real photos with
landmarks, as they are and turned, seen at a slant, reduced, cropped, blurred, compressed, lit from a
side; pairs every photo with every other person's; and looks for the dots of crops whose dots were
marked by eye, varied alike. A few real photos are few; what must not matter is tried on them many times.

A pair is ``NAME_1*.jpg`` and ``NAME_2*.jpg``, its landmarks ``NAME_landmarks.csv`` (``x_with_px``,
``y_with_px``, ``x_without_px``, ``y_without_px``); a crop is ``NAME.png`` with ``NAME_points.csv`` (``x``, ``y``,
``confident``: 0 counts neither way). The photos stay where they are.
"""

from __future__ import annotations

import argparse
import csv
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from scipy.spatial import cKDTree

from benchmarks.document import Table, markdown, number, origin, show
from benchmarks.measuring import dots_of_one_photo
from benchmarks.scoring import f1_score
from tracker.measure.registration import NotRegistered
from tracker.pair import register_pair
from tracker.photos import MIN_SIDE_PX, load_photo

Picture = NDArray[np.uint8]
Places = NDArray[np.float64]
Variant = Callable[[Picture, Places], tuple[Picture, Places]]
"""A picture as another hand would have taken it, and where its places lie then."""

NEAR_PX = 4.0
"""A spot this near a marked dot is that dot, in pixels of the crop as it is."""
GOOD_PX = 3.0
"""Median error under which a pair counts as aligned."""


def mapped(
    matrix: NDArray[np.float64], size: tuple[int, int], picture: Picture, places: Places
) -> tuple[Picture, Places]:
    """A picture and its places through a homography onto a picture of `size` (width, height)."""
    shrinks = abs(np.linalg.det(matrix[:2, :2])) < 0.8
    flags = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    warped = cv2.warpPerspective(
        picture, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    there: Places = cv2.perspectiveTransform(places[None].astype(np.float64), matrix)[0]
    return np.asarray(warped, np.uint8), there


def turned(degrees: float) -> Variant:
    def vary(picture: Picture, places: Places) -> tuple[Picture, Places]:
        height, width = picture.shape[:2]
        matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1.0)
        return mapped(np.vstack([matrix, [0, 0, 1]]), (width, height), picture, places)

    return vary


def on_its_side(quarters: int) -> Variant:
    """By quarter turns against the clock, as a phone that was held flat saves it."""

    def vary(picture: Picture, places: Places) -> tuple[Picture, Places]:
        for _ in range(quarters):
            # The right side becomes the top.
            places = np.column_stack([places[:, 1], picture.shape[1] - 1 - places[:, 0]])
            picture = np.ascontiguousarray(np.rot90(picture))
        return picture, places

    return vary


def slanted(picture: Picture, places: Places) -> tuple[Picture, Places]:
    """Seen so that the right side is a fifth farther away than the left one."""
    height, width = picture.shape[:2]
    matrix = np.array([[1, 0, 0], [0, 1, 0], [0.25 / width, 0, 1.0]])
    return mapped(matrix, (width, height), picture, places)


def scaled(factor: float) -> Variant:
    def vary(picture: Picture, places: Places) -> tuple[Picture, Places]:
        how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
        small = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=how)
        return np.asarray(small, np.uint8), (places + 0.5) * factor - 0.5

    return vary


def mirrored(picture: Picture, places: Places) -> tuple[Picture, Places]:
    last = picture.shape[1] - 1
    return np.ascontiguousarray(picture[:, ::-1]), np.column_stack(
        [last - places[:, 0], places[:, 1]]
    )


def cropped(first: float, last: float) -> Variant:
    """Columns from and to these shares of the width; places outside are lost."""

    def vary(picture: Picture, places: Places) -> tuple[Picture, Places]:
        left, right = (round(share * picture.shape[1]) for share in (first, last))
        moved = places - [left, 0]
        moved[(moved[:, 0] < 0) | (moved[:, 0] > right - left - 1)] = np.nan
        return np.ascontiguousarray(picture[:, left:right]), moved

    return vary


def compressed(quality: int) -> Variant:
    def vary(picture: Picture, places: Places) -> tuple[Picture, Places]:
        _, file = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
        return np.ascontiguousarray(cv2.imdecode(file, cv2.IMREAD_COLOR)[..., ::-1]), places

    return vary


def blurred(sigma_px: float) -> Variant:
    return lambda picture, places: (cv2.GaussianBlur(picture, (0, 0), sigma_px), places)


def lit_from_a_side(picture: Picture, places: Places) -> tuple[Picture, Places]:
    """Light that falls off to three fifths towards one side, from a colder lamp."""
    fall = np.linspace(0.6, 1.0, picture.shape[1])[:, None] * np.array([0.9, 1.0, 1.1])
    light = np.clip((picture / 255.0) ** 2.2 * fall, 0, 1)
    return (255 * light ** (1 / 2.2) + 0.5).astype(np.uint8), places


def toned(exponent: float) -> Variant:
    return lambda picture, places: (
        (255 * (picture / 255.0) ** exponent + 0.5).astype(np.uint8),
        places,
    )


def noisy(sd: float) -> Variant:
    def vary(picture: Picture, places: Places) -> tuple[Picture, Places]:
        noise = np.random.default_rng(0).normal(0, sd, picture.shape)
        return np.clip(picture + noise, 0, 255).astype(np.uint8), places

    return vary


def as_it_is(picture: Picture, places: Places) -> tuple[Picture, Places]:
    return picture, places


PAIR_VARIANTS: dict[str, tuple[Variant, Variant]] = {
    "as they are": (as_it_is, as_it_is),
    "second turned by 12°": (as_it_is, turned(12)),
    "second turned by -20°": (as_it_is, turned(-20)),
    "second on its side": (as_it_is, on_its_side(1)),
    "second upside down": (as_it_is, on_its_side(2)),
    "second slanted": (as_it_is, slanted),
    "second at 0.6 of its size": (as_it_is, scaled(0.6)),
    "first at 0.6 of its size": (scaled(0.6), as_it_is),
    "both at 0.4 of their size": (scaled(0.4), scaled(0.4)),
    "both mirrored": (mirrored, mirrored),
    "both JPEG of quality 50": (compressed(50), compressed(50)),
    "second blurred by 2 px": (as_it_is, blurred(2.0)),
    "second lit from a side": (as_it_is, lit_from_a_side),
    "second without its left quarter": (as_it_is, cropped(0.25, 1.0)),
    "second without its right quarter": (as_it_is, cropped(0.0, 0.75)),
    "first without its left two fifths": (cropped(0.4, 1.0), as_it_is),
    "first without its right two fifths": (cropped(0.0, 0.6), as_it_is),
}
DOT_VARIANTS: dict[str, tuple[Variant, float]] = {
    "as it is": (as_it_is, 1.0),
    "at 0.75 of its size": (scaled(0.75), 0.75),
    "at 1.5 of its size": (scaled(1.5), 1.5),
    "at 2.5 of its size": (scaled(2.5), 2.5),
    "at 4 of its size": (scaled(4.0), 4.0),
    "mirrored": (mirrored, 1.0),
    "JPEG of quality 70": (compressed(70), 1.0),
    "JPEG of quality 40": (compressed(40), 1.0),
    "blurred by 1.2 px": (blurred(1.2), 1.0),
    "codes to the power 0.6": (toned(0.6), 1.0),
    "codes to the power 1.5": (toned(1.5), 1.0),
    "noise of 4 codes": (noisy(4.0), 1.0),
    "noise of 8 codes": (noisy(8.0), 1.0),
}


def read_columns(path: Path, *names: str) -> Places:
    with path.open(newline="", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    return np.array([[float(row[name]) for name in names] for row in rows])


def align(job: tuple[str, str, str, str]) -> dict[str, Any]:
    """One pair by one variant: median error, 95th percentile and share of landmarks covered."""
    first, second, landmarks, name = job
    truth = read_columns(Path(landmarks), "x_with_px", "y_with_px", "x_without_px", "y_without_px")
    vary_first, vary_second = PAIR_VARIANTS[name]
    reference, here = vary_first(load_photo(Path(first)).srgb, truth[:, :2].copy())
    moving, there = vary_second(load_photo(Path(second)).srgb, truth[:, 2:].copy())
    found = register_pair(reference, moving)
    if isinstance(found, NotRegistered):
        return {"variant": name, "reason": found.reason}
    shown = np.isfinite(here).all(axis=1) & np.isfinite(there).all(axis=1)
    error = np.hypot(*(found.map_points(here[shown]) - there[shown]).T)
    return {
        "variant": name,
        "median_px": float(np.nanmedian(error)),
        "p95_px": float(np.nanpercentile(error, 95)),
        "covered": float(np.isfinite(error).mean()),
    }


def pair_up(job: tuple[str, str]) -> str | None:
    """Why two persons' photos were refused; None where they were taken for one."""
    found = register_pair(*(load_photo(Path(path)).srgb for path in job))
    return found.reason if isinstance(found, NotRegistered) else None


def find(job: tuple[str, str, str]) -> dict[str, Any]:
    """One crop by one variant: recall, precision and F1 of its dots."""
    crop, points, name = job
    marked = read_columns(Path(points), "x", "y", "confident")
    vary, scale = DOT_VARIANTS[name]
    picture, places = vary(load_photo(Path(crop)).srgb, marked[:, :2].copy())
    spots = dots_of_one_photo(picture)
    clear = np.flatnonzero(marked[:, 2] == 1)
    distance, nearest = cKDTree(places).query(spots) if len(spots) else (np.empty(0), np.empty(0))
    near = distance < NEAR_PX * scale
    hits = len(np.intersect1d(nearest[near], clear))
    found = f1_score(hits, hits + int((~near).sum()), len(clear))
    return {"variant": name, **found}


def pair_table(records: Sequence[dict[str, Any]]) -> Table:
    rows = []
    for name in PAIR_VARIANTS:
        members = [r for r in records if r["variant"] == name]
        found = [r for r in members if "median_px" in r]
        good = sum(r["median_px"] <= GOOD_PX for r in found)
        worst = max((r["median_px"] for r in found), default=None)
        tail = max((r["p95_px"] for r in found), default=None)
        covered = min((r["covered"] for r in found), default=None)
        counts = (f"{len(members)}", f"{good}", f"{len(found) - good}")
        rows.append((name, *counts, number(worst, 2), number(tail, 2), number(covered, 2)))
    return Table(
        "Pairs of real photos",
        (
            "second photo against the first",
            "pairs",
            "within 3 px",
            "wrong but not refused",
            "worst median px",
            "worst 95th pct. px",
            "least share of landmarks covered",
        ),
        tuple(rows),
        "Errors at landmarks marked by hand, in pixels of the second photo as it was varied.",
    )


def dot_table(records: Sequence[dict[str, Any]]) -> Table:
    rows = []
    for name in DOT_VARIANTS:
        members = [r for r in records if r["variant"] == name]
        worst = min(members, key=lambda r: float(r["f1"]))
        figures = (number(worst[key], 3) for key in ("recall", "precision", "f1"))
        rows.append((name, f"{len(members)}", *figures))
    columns = ("crop", "crops", "recall", "precision", "worst F1")
    return Table("Dots marked by eye", columns, tuple(rows))


def pairs_of(folder: Path) -> list[tuple[str, str, str]]:
    """First and second photo and landmarks of every pair that has any."""
    chosen = []
    for landmarks in sorted(folder.glob("*_landmarks.csv")):
        stem = landmarks.name.removesuffix("_landmarks.csv")
        first, second = (next(iter(sorted(folder.glob(f"{stem}_{k}*.jpg")))) for k in (1, 2))
        chosen.append((str(first), str(second), str(landmarks)))
    return chosen


def strangers_of(folder: Path) -> list[tuple[str, str]]:
    """Every photo with every one of another name."""
    photos = sorted(folder.glob("*_[12]*.jpg"))
    return [
        (str(a), str(b))
        for a in photos
        for b in photos
        if a.name.split("_")[0] != b.name.split("_")[0]
    ]


def crops_of(folder: Path) -> list[tuple[str, str]]:
    """Crops of at least the smallest size that is measured, with the points marked on them."""
    found = [
        (p.with_name(p.name.replace("_points.csv", ".png")), p) for p in folder.glob("*_points.csv")
    ]
    return [
        (str(crop), str(points))
        for crop, points in sorted(found)
        if min(load_photo(crop).srgb.shape[:2]) * min(s for _, s in DOT_VARIANTS.values())
        >= MIN_SIDE_PX
    ]


def main(given: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.varied", description=__doc__)
    parser.add_argument("--pairs", type=Path, help="folder of pairs of photos with landmarks")
    parser.add_argument("--dots", type=Path, help="folder of crops with marked dots")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--document", type=Path, help="where the Markdown goes")
    arguments = parser.parse_args(given)
    pairs = pairs_of(arguments.pairs) if arguments.pairs else []
    strangers = strangers_of(arguments.pairs) if arguments.pairs else []
    crops = crops_of(arguments.dots) if arguments.dots else []
    if not pairs and not crops:
        parser.error("no pair with landmarks and no crop with points: give --pairs or --dots")
    tables = []
    with ProcessPoolExecutor(arguments.workers, get_context("spawn")) as pool:
        if pairs:
            jobs = [(*pair, name) for pair in pairs for name in PAIR_VARIANTS]
            tables.append(pair_table(list(pool.map(align, jobs))))
            reasons = list(pool.map(pair_up, strangers))
            told = f"{sum(r is not None for r in reasons)} of {len(reasons)} were refused."
            tables.append(Table("Photos of two persons", (), (), told))
        if crops:
            found = [(*crop, name) for crop in crops for name in DOT_VARIANTS]
            tables.append(dot_table(list(pool.map(find, found))))
    for made in tables:
        show(made, Console(width=170))
    if arguments.document:
        facts = origin(None)
        folders = " --pairs FOLDER" * bool(pairs) + " --dots FOLDER" * bool(crops)
        text = "\n".join(markdown(made) for made in tables)
        arguments.document.write_text(
            f"# Benchmark: real photos, varied\n\nWritten by `python -m benchmarks.varied{folders}`, commit "
            f"{facts['commit']}, method {facts['method_version']}. The photos are no part of the repository.\n\n{text}",
            encoding="utf-8",
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
