"""Small photo files with all that a phone writes into one."""

from __future__ import annotations

from pathlib import Path

from PIL import ExifTags, Image

SERIAL = "SN-774411-XYZ"
LENS_SERIAL = "LENS-99887766"
OWNER = "Owner Nameless"
PLACE_NAME = "GPSPLACE-HARLEY"
SECRETS = (SERIAL, LENS_SERIAL, OWNER, PLACE_NAME)
"""What stands in the metadata and must never enter the records."""


def write_photo(
    path: Path,
    *,
    taken: str | None = "2026:03:10 09:30:00",
    shade: int = 160,
    orientation: int = 6,
    size: tuple[int, int] = (200, 150),
) -> Path:
    """A JPEG with date, device, orientation, and with place and serial numbers."""
    picture = Image.new("RGB", size, (shade, 140, 120))
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Phonemaker"
    exif[ExifTags.Base.Model] = "P9"
    exif[ExifTags.Base.Orientation] = orientation
    details = exif.get_ifd(ExifTags.IFD.Exif)
    if taken:
        details[ExifTags.Base.DateTimeOriginal] = taken
    details[ExifTags.Base.BodySerialNumber] = SERIAL
    details[ExifTags.Base.LensSerialNumber] = LENS_SERIAL
    details[ExifTags.Base.CameraOwnerName] = OWNER
    place = exif.get_ifd(ExifTags.IFD.GPSInfo)
    place[ExifTags.GPS.GPSLatitudeRef] = "N"
    place[ExifTags.GPS.GPSLatitude] = (51.0, 31.0, 7.77)
    place[ExifTags.GPS.GPSAreaInformation] = PLACE_NAME.encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, exif=exif, quality=90)
    return path
