"""A corpus of damaged photos, made from a seed: each is a photo or one clear line, never a traceback."""

import io
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tracker.photos import PhotoError, decode_photo

FILES_PER_KIND = 210
# A photo of this size is read in some 20 ms; the limit is for a machine under load, and still finds a hang.
LIMIT_S = 20.0
KINDS = ("JPEG", "PNG", "TIFF", "WEBP", "HEIC")
HEIC = Path(__file__).parents[1] / "data" / "quarters.heic"


def _whole(kind: str, rng: np.random.Generator) -> bytes:
    if kind == "HEIC":
        return HEIC.read_bytes()
    pixels = rng.integers(0, 256, (18, 20, 3), dtype=np.uint8)
    image = Image.fromarray(pixels).resize((160, 144))
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()


def _damaged(kind: str) -> Iterator[bytes]:
    """Headers with changed bytes, cut files, holes of zeros, and files with another file behind or before."""
    rng = np.random.default_rng(KINDS.index(kind))
    whole = _whole(kind, rng)
    for number in range(FILES_PER_KIND):
        data = bytearray(whole)
        match number % 5:
            case 0 | 1:
                head = min(len(data), 64 if number % 5 == 0 else 512)
                for place in rng.integers(0, head, rng.integers(1, 9)):
                    data[place] = rng.integers(0, 256)
            case 2:
                del data[int(rng.integers(1, len(data))) :]
            case 3:
                start = int(rng.integers(0, len(data)))
                data[start : start + 200] = bytes(len(data[start : start + 200]))
            case 4:
                other = _whole(KINDS[number % len(KINDS)], rng)
                data = data + other if number % 2 else bytearray(other[:40]) + data
        yield bytes(data)


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_photo_is_a_photo_or_one_line(kind: str) -> None:
    count = 0
    for number, data in enumerate(_damaged(kind)):
        begun = time.monotonic()
        try:
            photo = decode_photo(data, "photo.jpg")
        except PhotoError as error:
            line = str(error)
            assert "photo.jpg" in line, number
            assert len(line.splitlines()) == 1, number
        else:
            assert photo.srgb.ndim == 3, number
        assert time.monotonic() - begun < LIMIT_S, number
        count += 1
    assert count == FILES_PER_KIND
