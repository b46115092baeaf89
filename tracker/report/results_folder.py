"""The folder that `smp-tracker analyse` writes: tables, page and pictures of one client."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from tracker.photos import PhotoError
from tracker.progress.facts import CaseFacts
from tracker.progress.report import last_day, progress_of
from tracker.records import Plan
from tracker.report.overlays import (
    Picture,
    add_legend,
    align,
    checkerboard,
    draw_dots,
    encode_jpeg,
    encode_png,
    shrink,
)
from tracker.report.page import ViewPictures, headline_photo, render_page
from tracker.report.publish import MOST_NAME_BYTES, published_folder
from tracker.report.tables import analysis_json, dots_csv, photos_csv, zones_csv
from tracker.series import PhotoMeasures, Progress, SeriesAnalysis, SeriesPhoto

RESULT_NAMES = (
    "analysis.json",
    "photos.csv",
    "dots.csv",
    "zones.csv",
    "report.html",
    "overlays",
)
PAGE_PICTURE_PX = 900


def write_results(
    analysis: SeriesAnalysis,
    photos: Sequence[SeriesPhoto],
    target: Path,
    *,
    plan: Plan | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> dict[str, ViewPictures]:
    """Write all results of one client to the folder `target`, whole or not at all.

    Parameters
    ----------
    analysis : SeriesAnalysis
        What was measured.
    photos : sequence of SeriesPhoto
        The photos it was measured from; read again for the pictures, one at a time.
    target : Path
        The folder to be.
    plan : Plan, optional
        Goal, target, prices and what else is known of the client.
    overwrite : bool
        Whether earlier results may be replaced.
    progress : callable, optional
        Told the share done and what is being done.

    Returns
    -------
    dict of view name to ViewPictures
        The pictures that the page shows.

    Raises
    ------
    OutputError
        If `target` may not or cannot be written.
    """
    facts = CaseFacts.of_plan(plan) if plan is not None else CaseFacts()
    day = last_day(analysis)
    progress_made = progress_of(analysis, facts, today=day) if day is not None else None
    with published_folder(target, own_names=RESULT_NAMES, overwrite=overwrite) as folder:
        tables = {
            "analysis.json": analysis_json(analysis, progress_made),
            "photos.csv": photos_csv(analysis),
            "dots.csv": dots_csv(analysis),
            "zones.csv": zones_csv(analysis),
        }
        for name, text in tables.items():
            _write_text(folder / name, text)
        overlays = folder / "overlays"
        overlays.mkdir()
        files = {photo.name: photo for photo in photos}
        view_pictures: dict[str, ViewPictures] = {}
        photo_pictures: dict[str, bytes] = {}
        n_photos = sum(len(view.photos) for view in analysis.views)
        done = 0
        for view in analysis.views:
            shown = headline_photo(view)
            before: Picture | None = None
            # The baseline first, wherever it stands in time: the others are shown beside it.
            for photo in sorted(view.photos, key=lambda p: p.photo != view.baseline):
                if progress:
                    progress(done / max(1, n_photos), f"drawing {photo.photo}")
                done += 1
                try:
                    srgb = files[photo.photo].read()
                except PhotoError:
                    continue  # refused with its reason; there is nothing to draw
                marked = draw_dots(srgb, view, photo)
                picture = overlays / overlay_name(photo.photo)
                picture.write_bytes(encode_png(add_legend(marked, photo)))
                photo_pictures[photo.photo] = encode_jpeg(shrink(marked, PAGE_PICTURE_PX)[0])
                if photo.photo == view.baseline:
                    before = shrink(srgb, PAGE_PICTURE_PX)[0]
                    view_pictures[view.view] = ViewPictures(before=encode_jpeg(before))
                elif photo is shown and before is not None and photo.registration is not None:
                    after = shrink(align(srgb, photo.registration)[0], PAGE_PICTURE_PX)[0]
                    view_pictures[view.view] = _pictures(before, after, photo)
        page = render_page(
            analysis,
            view_pictures=view_pictures,
            photo_pictures=photo_pictures,
            target=plan.target if plan else None,
            goal=plan.goal.value if plan and plan.goal else "",
            made=progress_made,
        )
        _write_text(folder / "report.html", page)
    return view_pictures


def overlay_name(photo: str) -> str:
    """File name of a photo's picture; the end of a name that would be too long gives way."""
    data = photo.encode(errors="surrogateescape")
    if len(data) + len(".png") <= MOST_NAME_BYTES:
        return f"{photo}.png"
    digest = hashlib.sha256(data).hexdigest()[:12]
    kept = data[: MOST_NAME_BYTES - len(f"~{digest}.png")].decode(errors="ignore")
    return f"{kept}~{digest}.png"


def _pictures(before: Picture, after: Picture, photo: PhotoMeasures) -> ViewPictures:
    return ViewPictures(
        before=encode_jpeg(before),
        after=encode_jpeg(after),
        checkerboard=encode_jpeg(checkerboard(before, after)),
        after_photo=photo.photo,
    )


def _write_text(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(text)
