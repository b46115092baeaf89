"""The small strip that stands for a client in the overview: before and now, side by side."""

from __future__ import annotations

import io
from collections.abc import Mapping

from PIL import Image

from tracker.report.page import ViewPictures

CONTACT_FILE = "contact.jpg"
SIDE_PX = 180
GAP_PX = 4


def contact_strip(pictures: Mapping[str, ViewPictures]) -> bytes:
    """JPEG of the first view's photos before and now; empty where there is no picture."""
    for view in sorted(pictures):
        shown = [data for data in (pictures[view].before, pictures[view].after) if data]
        if not shown:
            continue
        small = [_square(data) for data in shown]
        width = len(small) * SIDE_PX + (len(small) - 1) * GAP_PX
        strip = Image.new("RGB", (width, SIDE_PX), "white")
        for number, picture in enumerate(small):
            strip.paste(picture, (number * (SIDE_PX + GAP_PX), 0))
        buffer = io.BytesIO()
        strip.save(buffer, "JPEG", quality=82)
        return buffer.getvalue()
    return b""


def _square(jpeg: bytes) -> Image.Image:
    """The middle of a picture, so that before and now show the same part."""
    picture = Image.open(io.BytesIO(jpeg)).convert("RGB")
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    return picture.resize(
        (SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS, (left, top, left + side, top + side)
    )
