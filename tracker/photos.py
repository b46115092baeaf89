"""Photo files to pixels: decoded once, upright, in sRGB.

The content decides what a file is, never its name. Every way a file can be unusable ends in a
`PhotoError` of one line that names the file and what to do.
"""

from __future__ import annotations

import hashlib
import io
import logging
import re
import warnings
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pi_heif
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageCms, ImageOps, UnidentifiedImageError

from tracker.measure.luminance import SrgbArray
from tracker.one_line import one_line, plain

PHOTO_SUFFIXES = (".jpg", ".jpeg", ".png", ".heic", ".heif", ".tif", ".tiff", ".webp")

MAX_MEGAPIXELS = 64
"""The working copies of a larger photo would not fit the memory an ordinary laptop has to spare;
a phone's 48 and 50 megapixel modes stay below it."""
MIN_SIDE_PX = 128
"""Below this a picture holds too few dots and too little skin around them."""
EARLIEST_YEAR = 1990
"""Cameras without a set clock write 1970 or 1980."""

_FORMATS = ("JPEG", "PNG", "HEIF", "AVIF", "TIFF", "WEBP", "GIF")
_DAMAGED = ("is damaged or cut short", "copy it from the phone or camera again")
_REMEDY_EXPORT = "export it again as JPEG or PNG"

# Pillow tells every value of a photo's metadata, place and serial numbers too, to who logs all.
logging.getLogger("PIL").setLevel(logging.INFO)
Image.init()
pi_heif.register_heif_opener()
# Set once, on purpose: Pillow's own bomb check then agrees with ours and is an error, not a
# warning that goes unseen. Other warnings of damaged metadata are not for the person who looks on.
Image.MAX_IMAGE_PIXELS = MAX_MEGAPIXELS * 1_000_000
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")


class PhotoError(Exception):
    """A file that cannot be used as a photo.

    Attributes
    ----------
    name : str
        The file's name.
    what : str
        What is wrong with it.
    remedy : str
        What a person can do about it.
    """

    def __init__(self, name: str, what: str, remedy: str) -> None:
        self.name, self.what, self.remedy = name, plain(what), plain(remedy)
        super().__init__(one_line(name, self.what, self.remedy))


@dataclass(frozen=True)
class PhotoHeader:
    """What a photo file says about itself, read without decoding its pixels.

    Place and device numbers in the metadata are never read.
    """

    name: str
    sha256: str
    format: str
    width_px: int
    height_px: int
    captured_on: date | None
    camera: str
    notes: tuple[str, ...] = ()
    orientation: int = 1
    """EXIF orientation 1-8; the size is that of the upright picture."""


@dataclass(frozen=True, eq=False)
class LoadedPhoto:
    """A decoded photo: `srgb` of shape (H, W, 3), uint8 or uint16, upright, in sRGB."""

    name: str
    srgb: SrgbArray
    sha256: str
    captured_on: date | None
    camera: str
    notes: tuple[str, ...] = ()


def inspect_photo(data: bytes, name: str) -> PhotoHeader:
    """Read the header of a photo file.

    Parameters
    ----------
    data : bytes
        The whole file.
    name : str
        Its name, for messages.

    Returns
    -------
    PhotoHeader
        Upright size, date, camera, and notes that a person should see.

    Raises
    ------
    PhotoError
        If the file is empty, no photo, too small or too large.
    """
    with _open(data, name) as image:
        return _header(image, data, name)


def decode_photo(data: bytes, name: str) -> LoadedPhoto:
    """Decode a photo file to upright sRGB pixels.

    Colour profiles (Display P3, Adobe RGB, CMYK, ...) are converted to sRGB, transparent parts
    are laid on white, of an animation the first picture is taken. 16-bit PNG and TIFF files
    without another profile than sRGB keep their 16 bits.

    Parameters
    ----------
    data : bytes
        The whole file.
    name : str
        Its name, for messages.

    Returns
    -------
    LoadedPhoto

    Raises
    ------
    PhotoError
        If the file cannot be used; see `inspect_photo`, and damaged or unsupported pixels.
    """
    with _open(data, name) as image:
        header = _header(image, data, name)
        try:
            srgb, notes = _pixels(image, data, name)
        except PhotoError:
            raise
        except MemoryError as error:
            raise PhotoError(
                name, "there is not enough memory to read it", "close other programs and try again"
            ) from error
        # Decoders raise whatever they like on damaged data (OSError, SyntaxError, struct.error,
        # ValueError, ...); each means the same to a person.
        except Exception as error:
            raise PhotoError(name, *_DAMAGED) from error
    return LoadedPhoto(
        name, srgb, header.sha256, header.captured_on, header.camera, header.notes + notes
    )


def load_photo(path: Path | str) -> LoadedPhoto:
    """Read and decode the photo file at `path`; raises `PhotoError` as `decode_photo` does."""
    path = Path(path)
    return decode_photo(read_photo_bytes(path), path.name)


def read_photo_bytes(path: Path) -> bytes:
    """Return the bytes of the file at `path`; raises `PhotoError` where it cannot be read."""
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise PhotoError(path.name, "does not exist", "check the name and the folder") from error
    except IsADirectoryError as error:
        raise PhotoError(path.name, "is a folder, not a photo", "name a photo file") from error
    except OSError as error:
        reason = (error.strerror or "unknown error").lower()
        raise PhotoError(
            path.name, f"cannot be opened ({reason})", "check its permissions and the disk"
        ) from error


def date_in_name(name: str) -> date | None:
    """Return the first valid ``YYYY-MM-DD`` in a file name, or None."""
    for match in re.finditer(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)", name):
        year, month, day = map(int, match.groups())
        try:
            found = date(year, month, day)
        except ValueError:
            continue
        if year >= EARLIEST_YEAR:
            return found
    return None


def _open(data: bytes, name: str) -> Image.Image:
    if not data:
        raise PhotoError(name, "is empty (zero bytes)", "copy it from the phone or camera again")
    too_large = f"has more than {MAX_MEGAPIXELS} megapixels"
    save_smaller = "save a copy at half its width and height and use that"
    try:
        image = Image.open(io.BytesIO(data), formats=_FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PhotoError(name, too_large, save_smaller) from error
    except UnidentifiedImageError as error:
        raise PhotoError(name, *_unidentified(data)) from error
    except Exception as error:  # see decode_photo
        raise PhotoError(name, *_DAMAGED) from error
    width, height = image.size
    if width * height > MAX_MEGAPIXELS * 1_000_000:
        raise PhotoError(name, too_large, save_smaller)
    if min(width, height) < MIN_SIDE_PX:
        raise PhotoError(
            name,
            f"is only {width} x {height} pixels",
            f"use the original photo, at least {MIN_SIDE_PX} pixels on each side",
        )
    return image


def _unidentified(data: bytes) -> tuple[str, str]:
    """What an unreadable file seems to be, and what to do, from its first bytes."""
    head = data[:512]
    if head.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")):
        return "is a TIFF file of a kind that is not read", "export it as 8- or 16-bit TIFF or PNG"
    if head.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")) or head[8:12] == b"WEBP":
        return _DAMAGED
    if head[4:8] == b"ftyp":
        if head[8:12] in (b"heic", b"heix", b"mif1", b"msf1", b"avif"):
            return _DAMAGED
        return "is a video, not a photo", "take a photo or export a still picture"
    if head.startswith(b"%PDF"):
        return "is a PDF document, not a photo", "put the photo itself into the folder"
    text = head.lstrip().lower()
    if text.startswith((b"<svg", b"<?xml", b"<!doctype", b"<html")):
        return "is a text document, not a photo", "put the photo itself into the folder"
    return "is not a photo", "use a JPEG, PNG, HEIC, TIFF or WebP photo"


def _picture_count(image: Image.Image, name: str) -> int:
    try:
        return int(getattr(image, "n_frames", 1))
    # A later picture is damaged: the decoder is left between two, the first is not to be trusted.
    except Exception as error:
        raise PhotoError(name, *_DAMAGED) from error


def _header(image: Image.Image, data: bytes, name: str) -> PhotoHeader:
    captured_on, camera, orientation = _exif_facts(image)
    width, height = image.size
    if orientation >= 5 and image.format != "TIFF":  # Pillow has turned a TIFF's size already
        width, height = height, width
    notes = []
    # The second pictures of an MPO or HEIC file are previews or depth maps, not an animation.
    if image.format not in ("MPO", "HEIF", "JPEG") and _picture_count(image, name) > 1:
        notes.append("holds several pictures; only the first is measured")
    suffix = Path(name).suffix.lower()
    if suffix in _SUFFIX_FORMATS and image.format not in _SUFFIX_FORMATS[suffix]:
        notes.append(f"is a {image.format} file in spite of its name")
    return PhotoHeader(
        name=name,
        sha256=hashlib.sha256(data).hexdigest(),
        format=str(image.format),
        width_px=width,
        height_px=height,
        captured_on=captured_on,
        camera=camera,
        notes=tuple(notes),
        orientation=orientation,
    )


_SUFFIX_FORMATS = {
    ".jpg": ("JPEG", "MPO"),
    ".jpeg": ("JPEG", "MPO"),
    ".png": ("PNG",),
    ".heic": ("HEIF", "AVIF"),
    ".heif": ("HEIF", "AVIF"),
    ".tif": ("TIFF",),
    ".tiff": ("TIFF",),
    ".webp": ("WEBP",),
}


def _exif_facts(image: Image.Image) -> tuple[date | None, str, int]:
    """Capture date, camera and orientation; damaged metadata counts as none."""
    try:
        exif = image.getexif()
        details = exif.get_ifd(ExifTags.IFD.Exif)
        taken = _exif_date(details.get(ExifTags.Base.DateTimeOriginal))
        make = _exif_text(exif.get(ExifTags.Base.Make))
        model = _exif_text(exif.get(ExifTags.Base.Model))
        orientation = exif.get(ExifTags.Base.Orientation, 1)
    except Exception:  # metadata of any device: never a reason to lose the photo
        return None, "", 1
    camera = model if model.lower().startswith(make.lower()) else f"{make} {model}".strip()
    return taken, camera, orientation if orientation in range(1, 9) else 1


def _exif_text(value: Any) -> str:
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    if not isinstance(value, str):
        return ""
    printable = "".join(c for c in value if c.isprintable())
    return printable.strip()[:60]


def _exif_date(value: Any) -> date | None:
    match = re.match(r"(\d{4})[:\-/](\d{2})[:\-/](\d{2})", _exif_text(value))
    if not match:
        return None
    year, month, day = map(int, match.groups())
    try:
        return date(year, month, day) if year >= EARLIEST_YEAR else None
    except ValueError:
        return None


def _pixels(image: Image.Image, data: bytes, name: str) -> tuple[SrgbArray, tuple[str, ...]]:
    if image.mode in ("F", "I") or image.mode.startswith("I;32"):
        raise PhotoError(
            name,
            "holds 32-bit values, not a photo's pixels",
            "export it as 8- or 16-bit TIFF or PNG",
        )
    notes: list[str] = []
    profile = _profile_of(image)
    if _bits_per_channel(image, data) == 16:
        if profile is None or _is_srgb(profile):
            deep = _decode_16_bit(image, data)
            if deep is not None:
                return deep, ()
        notes.append("16-bit photo read at 8 bits")
        if image.mode.startswith("I;16"):
            grey = (np.asarray(ImageOps.exif_transpose(image)) >> 8).astype(np.uint8)
            return np.repeat(grey[:, :, None], 3, axis=2), tuple(notes)
    image = ImageOps.exif_transpose(image)
    if image.mode in ("P", "PA"):
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    elif image.has_transparency_data and image.mode not in ("RGBA", "LA"):
        image = image.convert("RGBA")
    alpha = image.getchannel("A") if image.mode in ("RGBA", "LA") else None
    if alpha is not None:
        image = image.convert("RGB" if image.mode == "RGBA" else "L")
    rgb = _to_srgb(image, profile, notes)
    if alpha is not None and alpha.getextrema() != (255, 255):
        white = Image.new("RGB", rgb.size, "white")
        white.paste(rgb, mask=alpha)
        rgb = white
        notes.append("transparent parts are shown as white")
    return np.asarray(rgb), tuple(notes)


@lru_cache(maxsize=1)
def _srgb_profile() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def _profile_of(image: Image.Image) -> ImageCms.ImageCmsProfile | None:
    embedded = image.info.get("icc_profile")
    if not embedded:
        return None
    try:
        return ImageCms.ImageCmsProfile(io.BytesIO(embedded))
    except (OSError, ImageCms.PyCMSError):
        return None


def _is_srgb(profile: ImageCms.ImageCmsProfile) -> bool:
    try:
        return "srgb" in ImageCms.getProfileDescription(profile).lower()
    except ImageCms.PyCMSError:
        return False


def _to_srgb(
    image: Image.Image, profile: ImageCms.ImageCmsProfile | None, notes: list[str]
) -> Image.Image:
    """RGB picture in sRGB; a profile that does not fit the picture is ignored, with a note."""
    if image.mode == "LAB":
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    if profile is not None and not (image.mode == "RGB" and _is_srgb(profile)):
        try:
            converted = ImageCms.profileToProfile(
                image,
                profile,
                _srgb_profile(),
                renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
                outputMode="RGB",
            )
        except ImageCms.PyCMSError:
            notes.append("its colour profile does not fit the picture and was ignored")
        else:
            assert converted is not None  # only an in-place conversion returns None
            return converted
    return image if image.mode == "RGB" else image.convert("RGB")


def _bits_per_channel(image: Image.Image, data: bytes) -> int:
    if image.mode.startswith("I;16"):
        return 16
    if image.format == "PNG":
        return data[24]  # IHDR: bit depth
    if image.format == "TIFF":
        tags: Any = image
        bits = tags.tag_v2.get(258, (8,))  # BitsPerSample
        return int(max(bits) if isinstance(bits, tuple) else bits)
    return 8


def _decode_16_bit(image: Image.Image, data: bytes) -> NDArray[np.uint16] | None:
    """Full-depth pixels by OpenCV (Pillow keeps the high byte only); None where it cannot."""
    try:
        flags = cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION
        raw = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error:
        return None
    if raw is None or raw.dtype != np.uint16:
        return None
    pixels = raw.reshape(*raw.shape[:2], -1)
    if pixels.shape[2] == 1:
        pixels = np.repeat(pixels, 3, axis=2)
    elif pixels.shape[2] == 4:
        alpha = pixels[:, :, 3:].astype(np.float32) / 65535
        on_white = pixels[:, :, 2::-1] * alpha + 65535 * (1 - alpha)
        pixels = np.rint(on_white).astype(np.uint16)
    else:
        pixels = pixels[:, :, ::-1]
    if image.format != "TIFF":  # whatever the flag says, OpenCV turns TIFF files itself
        pixels = _turn_upright(pixels, _exif_facts(image)[2])
    return np.ascontiguousarray(pixels, np.uint16)


def _turn_upright(pixels: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Apply EXIF orientation 1-8 (EXIF 2.3, tag 0x0112)."""
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return pixels
