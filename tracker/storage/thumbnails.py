"""Small pictures for lists: upright, sRGB-like, without any metadata of the original."""

from __future__ import annotations

import io

from PIL import Image, ImageOps

import tracker.photos  # noqa: F401 - Pillow's limits and the HEIC decoder are set there

THUMBNAIL_PX = 320
QUALITY = 80


def make_thumbnail(data: bytes) -> bytes | None:
    """A JPEG of at most `THUMBNAIL_PX` a side; None where the photo cannot be decoded.

    A photo without one is still kept: what is wrong with it is said when it is measured.
    """
    try:
        with Image.open(io.BytesIO(data)) as image:
            image.draft("RGB", (2 * THUMBNAIL_PX, 2 * THUMBNAIL_PX))  # JPEG: decodes small, fast
            upright = ImageOps.exif_transpose(image)
            upright.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX))
            # A fresh picture: nothing of the original's metadata can come along.
            small = Image.new("RGB", upright.size)
            small.paste(upright.convert("RGB"))
    except Exception:  # decoders raise whatever they like on damaged data
        return None
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()
