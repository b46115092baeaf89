"""Damaged and odd photo files, made from a seed; the same files on every computer.

As a program it reads all of them and prints what came of it, for a test that bounds its time and
memory from outside: ``python -m tests.hardening.damaged_photos``.
"""

from __future__ import annotations

import faulthandler
import io
import json
import struct
import sys
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.cost import peak_memory_mb
from tracker.photos import PhotoError, decode_photo, inspect_photo

FILES_PER_KIND = 210
LIMIT_PER_FILE_S = 60.0
"""Ends the program, with the line it hangs in, wherever a decoder is."""
KINDS = ("JPEG", "PNG", "TIFF", "WEBP", "HEIC")
HEIC = Path(__file__).parents[1] / "data" / "quarters.heic"


def whole_photo(kind: str, rng: np.random.Generator) -> bytes:
    """A small sound photo of this kind."""
    if kind == "HEIC":
        return HEIC.read_bytes()
    pixels = rng.integers(0, 256, (18, 20, 3), dtype=np.uint8)
    return _saved(Image.fromarray(pixels).resize((160, 144)), kind)


def damaged(kind: str) -> Iterator[bytes]:
    """Headers with changed bytes, cut files, holes of zeros, and files with another file behind or before."""
    rng = np.random.default_rng(KINDS.index(kind))
    whole = whole_photo(kind, rng)
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
                other = whole_photo(KINDS[number % len(KINDS)], rng)
                data = data + other if number % 2 else bytearray(other[:40]) + data
        yield bytes(data)


def odd() -> dict[str, bytes]:
    """Files that are whole, or say so, and are unlike a camera's: by what is odd about them."""
    return odd_pictures() | large_inside()


def large_inside() -> dict[str, bytes]:
    """Files that take long to make, and much to be read."""
    grey = Image.fromarray(np.full((144, 160), 90, np.uint8))
    return {
        # 62 megapixels out of 60 kB: within what is read, so its memory is what the bound is for.
        "PNG bomb by bytes": _png(7_900, 7_900, bytes(7_900 * (1 + 3 * 7_900))),
        "PNG whose text unpacks to 200 MB": _png_with_text(_saved(grey, "PNG"), 200_000_000),
        "TIFF of a thousand pictures": _saved(
            grey, "TIFF", save_all=True, append_images=[grey.convert("I;16")] * 999
        ),
    }


def odd_pictures() -> dict[str, bytes]:
    """Those of `odd` that are made at once."""
    rng = np.random.default_rng(7)
    grey = rng.integers(0, 256, (144, 160), dtype=np.uint8)
    rgb = Image.fromarray(rng.integers(0, 256, (144, 160, 3), dtype=np.uint8))
    deep = Image.fromarray(grey.astype(np.uint16) * 257)
    noise = rng.bytes(4000)
    jpeg = _saved(rgb, "JPEG")
    exif = Image.Exif()
    exif[0x010E] = "x" * 60_000  # the largest a JPEG's segment takes
    return {
        "1 bit PNG": _saved(Image.fromarray(grey).convert("1"), "PNG"),
        "1 bit TIFF": _saved(Image.fromarray(grey).convert("1"), "TIFF"),
        "16 bit PNG": _saved(deep, "PNG"),
        "16 bit TIFF": _saved(deep, "TIFF"),
        "32 bit float TIFF": _saved(Image.fromarray(grey.astype(np.float32)), "TIFF"),
        "32 bit float TIFF of NaN": _saved(
            Image.fromarray(np.full((144, 160), np.nan, np.float32)), "TIFF"
        ),
        "32 bit integer TIFF": _saved(Image.fromarray(grey.astype(np.int32)), "TIFF"),
        "CMYK JPEG": _saved(rgb.convert("CMYK"), "JPEG"),
        "CMYK TIFF": _saved(rgb.convert("CMYK"), "TIFF"),
        "Lab TIFF": _saved(rgb.convert("LAB"), "TIFF"),
        "YCbCr TIFF": _saved(rgb.convert("YCbCr"), "TIFF"),
        "palette PNG with transparency": _saved(rgb.convert("P"), "PNG", transparency=3),
        "grey and alpha PNG": _saved(Image.fromarray(grey).convert("LA"), "PNG"),
        "huge EXIF": _saved(rgb, "JPEG", exif=exif),
        "EXIF of noise": _saved(rgb, "JPEG", exif=b"Exif\0\0" + noise),
        "EXIF that points at itself": _saved(
            rgb, "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\x01\0\x69\x87\x04\0\x01\0\0\0\x08\0\0\0"
        ),
        "ICC of noise": _saved(rgb, "JPEG", icc_profile=noise),
        "ICC of noise in TIFF": _saved(rgb, "TIFF", icc_profile=noise),
        "ICC of noise in WebP": _saved(rgb, "WEBP", icc_profile=noise),
        "huge ICC": _saved(rgb, "JPEG", icc_profile=bytes(2_000_000)),
        "PNG says 2 billion pixels": _png(46_000, 46_000, b""),
        "PNG says 2 billion by 1": _png(2**31 - 1, 1, b""),
        "PNG of no size": _png(0, 0, b""),
        "JPEG says 65 500 by 65 500": _jpeg_sized(jpeg, 65_500, 65_500),
        "GIF of many pictures": _saved(
            rgb.convert("P"), "GIF", save_all=True, append_images=[rgb.rotate(90)] * 50
        ),
        "JPEG and ZIP": jpeg + b"PK\x03\x04" + noise,
        "JPEG and page": jpeg + b"<html><script>alert(1)</script></html>",
        "PDF before JPEG": b"%PDF-1.4\n" + jpeg,
        "GIF before script": b"GIF89a/*" + noise[:200] + b"*/=1;alert(1)",
        "EPS": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 200 200\n(/etc/passwd) run\n",
        "SVG that asks outside": b"<svg xmlns='http://www.w3.org/2000/svg'>"
        b"<image href='http://192.0.2.1/x'/></svg>",
        "nothing": b"",
        "noise": noise,
    }


def all_files() -> Iterator[tuple[str, bytes]]:
    """Every file of the corpus under a name of its own."""
    for kind in KINDS:
        for number, data in enumerate(damaged(kind)):
            yield f"{kind}-{number:03d}.jpg", data
    for number, (_, data) in enumerate(odd().items()):
        yield f"odd-{number:03d}.jpg", data


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _png(width: int, height: int, rows: bytes) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def _png_with_text(png: bytes, size: int) -> bytes:
    text = _chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(size)))
    return png[:33] + text + png[33:]  # behind the signature and IHDR


def _jpeg_sized(jpeg: bytes, width: int, height: int) -> bytes:
    at = jpeg.index(b"\xff\xc0") + 5
    return jpeg[:at] + struct.pack(">HH", height, width) + jpeg[at + 4 :]


def main() -> None:
    """Read every file; print counts, what is no single line, and the peak of memory."""
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    before_mb = peak_memory_mb()
    for name, data in all_files():
        faulthandler.dump_traceback_later(LIMIT_PER_FILE_S, exit=True)
        counts["files"] += 1
        try:
            inspect_photo(data, name)
            counts["header read"] += 1
            photo = decode_photo(data, name)
            counts["photo"] += 1
            if photo.srgb.ndim != 3 or photo.srgb.shape[2] != 3:
                wrong.append(f"{name}: shape {photo.srgb.shape}")
        except PhotoError as error:
            line = str(error)
            if name not in line or len(line.splitlines()) != 1:
                wrong.append(line)
        except Exception as error:
            wrong.append(f"{name}: {error!r}")
    faulthandler.cancel_dump_traceback_later()
    json.dump(
        {"counts": counts, "wrong": wrong, "before_mb": before_mb, "peak_mb": peak_memory_mb()},
        sys.stdout,
    )


if __name__ == "__main__":
    main()
