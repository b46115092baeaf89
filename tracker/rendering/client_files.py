"""A rendered client as files: dated JPEGs, sessions.csv, client.toml and truth.json."""

from __future__ import annotations

import csv
import io
import json
import math
import shutil
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as PillowImage

from tracker.rendering.camera_processing import encode_jpeg
from tracker.rendering.clients import SKIN_TYPE_NAMES, ClientSpec
from tracker.rendering.truth import RenderedPhoto, RenderedSeries
from tracker.series import Session

TRUTH_SCHEMA = "smp-tracker-truth/1"
SESSION_COLUMNS = (
    "date",
    "method",
    "device",
    "wavelength_nm",
    "fluence_j_cm2",
    "spot_mm",
    "zones",
    "cost",
    "currency",
    "pain",
    "notes",
)
DATE_TIME_ORIGINAL = 0x9003
EXIF_IFD = 0x8769
IMAGE_DESCRIPTION, MAKE, MODEL, DATE_TIME = 0x010E, 0x010F, 0x0110, 0x0132


def write_client(
    client: ClientSpec, rendered: Sequence[RenderedSeries], folder: Path, *, force: bool = False
) -> None:
    """Write a client's folder, whole or not at all.

    Parameters
    ----------
    client : ClientSpec
    rendered : sequence of RenderedSeries
        One per view of `client`, in order.
    folder : Path
        Must not exist or be empty, unless `force`: then it is replaced.

    Raises
    ------
    FileExistsError
        If the folder holds something and `force` is not set.
    ValueError
        If the series do not match the client's views.
    """
    if len(rendered) != len(client.views):
        raise ValueError(f"rendered must hold {len(client.views)} series, got {len(rendered)}")
    check_folder(folder, force=force)
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        unfinished.chmod(0o755)
        truth: dict[str, Any] = {
            "schema": TRUTH_SCHEMA,
            "client": client.name,
            "note": "Rendered scene with known truth; no photo of a person.",
            "views": {},
        }
        for view, series in zip(client.views, rendered, strict=True):
            names = [f"{day.isoformat()}_{series.spec.view}.jpg" for day in view.days]
            for name, day, photo in zip(names, view.days, series.photos, strict=True):
                (unfinished / name).write_bytes(_dated_jpeg(photo, day))
            refusals = dict(view.expected_refusals)
            truth["views"][series.spec.view] = _truth(series, names, view.days, refusals)
        (unfinished / "sessions.csv").write_text(_sessions_csv(client.sessions), "utf-8")
        (unfinished / "client.toml").write_text(_client_toml(client), "utf-8")
        text = json.dumps(truth, separators=(",", ":"), allow_nan=False)
        (unfinished / "truth.json").write_text(text + "\n", "utf-8")
        if folder.is_dir():
            shutil.rmtree(folder)
        unfinished.rename(folder)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise


def check_folder(folder: Path, *, force: bool) -> None:
    """Raise FileExistsError unless `folder` is free, or a folder that may be replaced."""
    if folder.exists() and (not folder.is_dir() or (not force and any(folder.iterdir()))):
        raise FileExistsError(f"{folder} exists and is not an empty folder")


def _dated_jpeg(photo: RenderedPhoto, day: date) -> bytes:
    """The photo's own JPEG with an EXIF block put in front, so that no pixel is coded twice."""
    data = photo.jpeg or encode_jpeg(photo.srgb, 95)
    exif = PillowImage.Exif()
    moment = day.strftime("%Y:%m:%d 10:30:00")
    exif[IMAGE_DESCRIPTION] = "Rendered scene, no photo of a person"
    exif[MAKE] = "smp-tracker"
    exif[MODEL] = "rendered scene"
    exif[DATE_TIME] = moment
    exif.get_ifd(EXIF_IFD)[DATE_TIME_ORIGINAL] = moment
    block = exif.tobytes()
    header = b"\xff\xe1" + (len(block) + 2).to_bytes(2, "big") + block
    return data[:2] + header + data[2:]


def _sessions_csv(sessions: Sequence[Session]) -> str:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(SESSION_COLUMNS)
    for session in sessions:
        row = []
        for column in SESSION_COLUMNS:
            value = getattr(session, column)
            if column == "zones":
                value = ";".join(value)
            elif isinstance(value, float):
                value = f"{value:g}"
            row.append("" if value is None else str(value))
        writer.writerow(row)
    return file.getvalue()


def _client_toml(client: ClientSpec) -> str:
    return (
        f'name = "{client.name}"\n'
        f'goal = "{client.goal}"\n'
        f"target = {client.target:g}\n"
        f'skin_type = "{SKIN_TYPE_NAMES[client.skin_type - 1]}"\n'
        f"smp_date = {client.smp_date.isoformat()}\n"
        f"mm_per_px = {client.mm_per_px:.5f}\n"
    )


def _number(value: float, digits: int) -> float | None:
    return round(float(value), digits) if math.isfinite(value) else None


def _column(values: np.ndarray, digits: int) -> list[float | None]:
    return [_number(value, digits) for value in values]


def _truth(
    series: RenderedSeries, names: Sequence[str], days: Sequence[date], refusals: dict[int, str]
) -> dict[str, Any]:
    # dots that no photo shows would only make the file long
    shown = np.any([np.isfinite(photo.xy_px[:, 0]) for photo in series.photos], axis=0)
    zones, zone_index = np.unique(series.zone[shown], return_inverse=True)
    return {
        "baseline": names[0],
        "seed": series.spec.seed,
        "mm_per_px": _number(series.mm_per_px, 6),
        "dots": {
            "pigment_od_mm2": _column(series.pigment_od_mm2[shown], 4),
            "diameter_mm": _column(series.diameter_mm[shown], 3),
            "zone_names": zones.tolist(),
            "zone": zone_index.tolist(),
        },
        "photos": [
            {
                "photo": name,
                "captured_on": day.isoformat(),
                "fade": _number(photo.fade, 5),
                "fade_shown": _number(photo.fade_shown, 5),
                "zone_fade": {zone: _number(fade, 5) for zone, fade in photo.zone_fade.items()},
                "must_be_refused": refusals.get(index, ""),
                "stubble_mm": _number(photo.spec.stubble_mm, 3),
                "x_px": _column(photo.xy_px[shown, 0], 2),
                "y_px": _column(photo.xy_px[shown, 1], 2),
                "retained": _column(photo.retained[shown], 3),
                "treated_outline_px": [
                    np.round(outline, 1).tolist() for outline in photo.treated_outline_px
                ],
            }
            for index, (name, day, photo) in enumerate(zip(names, days, series.photos, strict=True))
        ],
    }
