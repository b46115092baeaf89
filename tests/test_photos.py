from __future__ import annotations

import io
import struct
import zlib
from datetime import date
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageOps

from tracker import photos
from tracker.photos import PhotoError, date_in_name, decode_photo, inspect_photo, load_photo

QUARTERS = ((200, 40, 40), (40, 160, 40), (40, 40, 180), (240, 240, 240))
SAMPLE_POINTS = ((20, 20), (20, 230), (170, 20), (170, 230))
"""(y, x) in each quarter of the upright picture."""


def quarters() -> Image.Image:
    pixels = np.array(QUARTERS, np.uint8).reshape(2, 2, 3)
    return Image.fromarray(np.repeat(np.repeat(pixels, 96, axis=0), 128, axis=1))


def encode(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)  # type: ignore[arg-type]
    return buffer.getvalue()


def jpeg(image: Image.Image | None = None, **options: object) -> bytes:
    return encode(image or quarters(), "JPEG", quality=95, subsampling=0, **options)


def corners(srgb: np.ndarray) -> np.ndarray:
    assert srgb.shape == (192, 256, 3)
    return np.array([srgb[y, x] for y, x in SAMPLE_POINTS], float)


def assert_quarters(srgb: np.ndarray, tolerance: float = 3) -> None:
    scale = 257 if srgb.dtype == np.uint16 else 1
    assert corners(srgb) / scale == pytest.approx(np.array(QUARTERS, float), abs=tolerance)


def exif_of(**tags: object) -> Image.Exif:
    exif = Image.Exif()
    if "orientation" in tags:
        exif[0x0112] = tags["orientation"]
    if "taken" in tags:
        exif.get_ifd(0x8769)[0x9003] = tags["taken"]
    return exif


STORED_AS = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""How the camera stored the upright picture for each EXIF orientation."""


def stored(orientation: int) -> Image.Image:
    turn = STORED_AS[orientation]
    return quarters() if turn is None else quarters().transpose(turn)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_orientation_is_applied_once(kind: str, orientation: int) -> None:
    options: dict[str, object] = {"exif": exif_of(orientation=orientation)}
    if kind == "WEBP":
        options["lossless"] = True
    if kind == "TIFF":
        image = stored(orientation)
        data = encode(image, kind, tiffinfo={0x0112: orientation})
    else:
        data = encode(stored(orientation), kind, **options)
    assert_quarters(decode_photo(data, "p").srgb, tolerance=12 if kind == "JPEG" else 3)
    header = inspect_photo(data, "p")
    assert (header.width_px, header.height_px) == (256, 192)


def sixteen_bit(image: Image.Image) -> np.ndarray:
    """16-bit version whose low bytes are not zero."""
    return np.asarray(image).astype(np.uint16) * 257 - 100


def with_png_exif(data: bytes, exif: Image.Exif) -> bytes:
    body = exif.tobytes()[6:]  # without the JPEG prefix
    chunk = struct.pack(">I", len(body)) + b"eXIf" + body
    chunk += struct.pack(">I", zlib.crc32(b"eXIf" + body))
    return data[:33] + chunk + data[33:]  # right after IHDR


@pytest.mark.parametrize("orientation", range(1, 9))
def test_16_bit_png_keeps_its_bits_and_is_upright(orientation: int) -> None:
    deep = sixteen_bit(stored(orientation))
    plain = cv2.imencode(".png", deep[:, :, ::-1])[1].tobytes()
    loaded = decode_photo(with_png_exif(plain, exif_of(orientation=orientation)), "deep.png")
    assert loaded.srgb.dtype == np.uint16
    assert np.array_equal(loaded.srgb, sixteen_bit(quarters()))


def deep_tiff(pixels: np.ndarray, orientation: int = 1, icc: bytes | None = None) -> bytes:
    tifffile = pytest.importorskip("tifffile")
    buffer = io.BytesIO()
    tags = [(0x0112, "H", 1, orientation, True)]
    grey = pixels.ndim == 2
    tifffile.imwrite(
        buffer,
        pixels,
        photometric="minisblack" if grey else "rgb",
        extratags=tags,
        iccprofile=icc,
        metadata=None,
    )
    return buffer.getvalue()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_16_bit_tiff_keeps_its_bits_and_is_upright(orientation: int) -> None:
    data = deep_tiff(sixteen_bit(stored(orientation)), orientation)
    loaded = decode_photo(data, "deep.tif")
    assert loaded.srgb.dtype == np.uint16
    assert np.array_equal(loaded.srgb, sixteen_bit(quarters()))


def test_16_bit_grey_becomes_three_equal_channels() -> None:
    grey = np.tile(np.arange(192, dtype=np.uint16) * 300, (150, 1))
    for data in (deep_tiff(grey), cv2.imencode(".png", grey)[1].tobytes()):
        srgb = decode_photo(data, "grey").srgb
        assert srgb.dtype == np.uint16
        assert np.array_equal(srgb, np.repeat(grey[:, :, None], 3, axis=2))


def test_16_bit_with_alpha_is_laid_on_white() -> None:
    bgra = np.zeros((150, 150, 4), np.uint16)
    bgra[:75, :, 3] = 65535
    srgb = decode_photo(cv2.imencode(".png", bgra)[1].tobytes(), "a.png").srgb
    assert srgb[10, 10].tolist() == [0, 0, 0]
    assert srgb[140, 10].tolist() == [65535] * 3


def wide_profile() -> bytes:
    """A matrix profile with Display P3 primaries (D50-adapted) and the sRGB curve, made by hand."""

    def fixed(value: float) -> bytes:
        return struct.pack(">i", round(value * 65536))

    def xyz(x: float, y: float, z: float) -> bytes:
        return b"XYZ \0\0\0\0" + fixed(x) + fixed(y) + fixed(z)

    curve = b"para\0\0\0\0\0\3\0\0" + b"".join(
        map(fixed, (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045))
    )
    text = b"wide test profile"
    description = b"desc\0\0\0\0" + struct.pack(">I", len(text) + 1) + text + b"\0" * 80
    tags = {
        b"desc": description,
        b"wtpt": xyz(0.9642, 1.0, 0.8249),
        b"rXYZ": xyz(0.51512, 0.24120, -0.00105),
        b"gXYZ": xyz(0.29198, 0.69225, 0.04189),
        b"bXYZ": xyz(0.15710, 0.06657, 0.78407),
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    table, body = b"", b""
    start = 128 + 4 + 12 * len(tags)
    for tag, content in tags.items():
        content += b"\0" * (-len(content) % 4)
        table += tag + struct.pack(">II", start + len(body), len(content))
        body += content
    size = start + len(body)
    header = struct.pack(">I", size) + b"\0" * 4 + struct.pack(">I", 0x02400000)
    header += b"mntrRGB XYZ " + struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp"
    header = header.ljust(68, b"\0") + fixed(0.9642) + fixed(1.0) + fixed(0.8249)
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def linear(code: np.ndarray) -> np.ndarray:
    code = code / 255
    return np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)


def encoded(light: np.ndarray) -> np.ndarray:
    light = np.clip(light, 0, 1)
    return 255 * np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def test_display_p3_is_converted_to_srgb() -> None:
    p3_to_srgb = np.array(  # CSS Color 4, the published Display P3 -> sRGB matrix
        [[1.2249, -0.2247, 0.0], [-0.0420, 1.0419, 0.0], [-0.0197, -0.0786, 1.0979]]
    )
    skin = np.array([[205, 165, 140], [120, 85, 70], [230, 200, 190], [60, 50, 45]], np.uint8)
    pixels = np.repeat(np.repeat(skin.reshape(2, 2, 3), 96, axis=0), 128, axis=1)
    data = encode(Image.fromarray(pixels), "PNG", icc_profile=wide_profile())
    expected = encoded(linear(skin.astype(float)) @ p3_to_srgb.T)
    assert np.abs(expected - skin).max() > 5  # the profile matters
    assert corners(decode_photo(data, "p3.png").srgb) == pytest.approx(expected, abs=1.5)


def test_16_bit_with_another_profile_is_converted_at_8_bits_and_says_so() -> None:
    loaded = decode_photo(deep_tiff(sixteen_bit(quarters()), icc=wide_profile()), "deep.tif")
    assert loaded.srgb.dtype == np.uint8
    assert any("8 bits" in note for note in loaded.notes)


def test_srgb_profile_leaves_pixels_alone() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = encode(quarters(), "PNG", icc_profile=profile)
    assert np.array_equal(decode_photo(data, "s.png").srgb, np.asarray(quarters()))


def test_profile_of_another_colour_space_is_ignored_with_a_note() -> None:
    grey = encode(quarters().convert("L"), "PNG", icc_profile=wide_profile())
    loaded = decode_photo(grey, "grey.png")
    assert any("profile" in note for note in loaded.notes)
    assert loaded.srgb.shape == (192, 256, 3)


def test_damaged_profile_is_ignored() -> None:
    data = encode(quarters(), "PNG", icc_profile=b"not a profile")
    assert_quarters(decode_photo(data, "p.png").srgb)


def test_cmyk_jpeg_is_read() -> None:
    data = encode(quarters().convert("CMYK"), "JPEG", quality=95, subsampling=0)
    assert_quarters(decode_photo(data, "print.jpg").srgb, tolerance=12)


@pytest.mark.parametrize("mode", ["L", "1", "P", "RGBA", "LA", "YCbCr", "LAB"])
def test_other_colour_modes_become_rgb(mode: str) -> None:
    if mode == "LAB":
        to_lab = ImageCms.buildTransform(
            ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB"
        )
        image = ImageCms.applyTransform(quarters(), to_lab)
        assert image is not None
    elif mode == "P":
        image = quarters().quantize(16)
    else:
        image = quarters().convert(mode)
    kind = "TIFF" if mode in ("YCbCr", "LAB") else "PNG"
    srgb = decode_photo(encode(image, kind), "p").srgb
    if mode in ("L", "LA", "1"):
        assert srgb.shape == (192, 256, 3)
        assert np.array_equal(srgb[:, :, 0], srgb[:, :, 2])
    else:
        assert_quarters(srgb, tolerance=9 if mode == "LAB" else 6)


@pytest.mark.parametrize("mode", ["RGBA", "PA"])
def test_transparency_is_laid_on_white_and_said_so(mode: str) -> None:
    image = quarters().convert("RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 128, 96))
    if mode == "PA":
        image = image.quantize(8)
    loaded = decode_photo(encode(image, "PNG"), "a.png")
    assert loaded.srgb[20, 20].tolist() == [255, 255, 255]
    assert loaded.srgb[170, 20] == pytest.approx(np.array(QUARTERS[2]), abs=6)
    assert any("transparent" in note for note in loaded.notes)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_of_an_animation_the_first_picture_is_taken_and_said_so(kind: str) -> None:
    frames = [quarters().convert("L"), Image.new("L", (256, 192), 10)]
    data = encode(frames[0], kind, save_all=True, append_images=frames[1:])
    loaded = decode_photo(data, "moving")
    assert loaded.srgb[170, 230].mean() > 200
    assert any("only the first" in note for note in loaded.notes)


def test_mpo_of_a_phone_is_an_ordinary_photo() -> None:
    data = encode(quarters(), "MPO", save_all=True, append_images=[quarters()], quality=95)
    loaded = decode_photo(data, "phone.jpg")
    assert loaded.notes == ()
    assert_quarters(loaded.srgb, tolerance=12)


def test_heic_is_upright_with_date_and_camera(root: Path) -> None:
    loaded = load_photo(root / "tests" / "data" / "quarters.heic")
    assert_quarters(loaded.srgb)
    assert loaded.captured_on == date(2026, 3, 14)
    assert loaded.camera == "Acme Phone 1"


def test_content_decides_not_the_name() -> None:
    loaded = decode_photo(encode(quarters(), "PNG"), "really_a_png.jpg")
    assert_quarters(loaded.srgb)
    assert loaded.notes == ("is a PNG file in spite of its name",)


def bomb_png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    size = struct.pack(">II", width, height) + bytes([8, 2, 0, 0, 0])
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", size)
        + chunk(b"IDAT", zlib.compress(b"\0" * 100))
        + chunk(b"IEND", b"")
    )


BAD = {
    "empty.jpg": (b"", "empty"),
    "text.jpg": (b"hello there, no photo at all" * 9, "not a photo"),
    "letter.jpg": (b"%PDF-1.7\n" + b"x" * 300, "PDF"),
    "drawing.png": (b"<svg xmlns='x'></svg>", "text document"),
    "film.heic": (b"\0\0\0\x18ftypqt  " + b"\0" * 200, "video"),
    "broken.heic": (b"\0\0\0\x18ftypheic" + b"\0" * 200, "damaged"),
    "dot.png": (encode(Image.new("RGB", (1, 1)), "PNG"), "1 x 1 pixels"),
    "small.png": (encode(Image.new("RGB", (4000, 127)), "PNG"), "4000 x 127 pixels"),
    "huge.png": (bomb_png(10_000, 10_000), "megapixels"),
    "bomb.png": (bomb_png(60_000, 60_000), "megapixels"),
    "cut.jpg": (jpeg()[:1500], "damaged or cut short"),
    "cut.png": (encode(quarters(), "PNG")[:300], "damaged or cut short"),
    "head.jpg": (jpeg()[:20], "damaged or cut short"),
    "cut.tif": (encode(quarters(), "TIFF")[:5000], "damaged or cut short"),
    "cut.webp": (encode(quarters(), "WEBP")[:100], "damaged or cut short"),
    "float.tif": (deep_tiff(np.zeros((150, 150), np.float32)), "32-bit"),
    "floats.tif": (deep_tiff(np.zeros((150, 150, 3), np.float32)), "not read"),
    "long.tif": (encode(Image.new("I", (150, 150)), "TIFF"), "32-bit"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_line_that_names_the_file_and_what_to_do(name: str) -> None:
    data, what = BAD[name]
    with pytest.raises(PhotoError) as caught:
        decode_photo(data, name)
    line = str(caught.value)
    assert line.startswith(f"{name}: ")
    assert what in line
    assert "\n" not in line
    assert caught.value.remedy in line


def test_a_photo_of_the_largest_size_passes_the_header() -> None:
    assert inspect_photo(bomb_png(8000, 8000), "large.png").width_px == 8000


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(PhotoError, match="does not exist"):
        load_photo(tmp_path / "none.jpg")
    with pytest.raises(PhotoError, match="folder"):
        load_photo(tmp_path)


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        ("2026:03:14 10:11:12", date(2026, 3, 14)),
        ("2026:03:14", date(2026, 3, 14)),
        ("0000:00:00 00:00:00", None),
        ("1980:01:01 00:00:00", None),
        ("2026:13:40 00:00:00", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_capture_date(taken: str, expected: date | None) -> None:
    data = jpeg(exif=exif_of(taken=taken))
    assert inspect_photo(data, "p.jpg").captured_on == expected


def test_place_is_never_kept() -> None:
    exif = exif_of(taken="2026:03:14 10:11:12")
    exif.get_ifd(0x8825)[2] = (51.0, 30.0, 26.0)
    loaded = decode_photo(jpeg(exif=exif), "p.jpg")
    assert "51" not in repr(loaded.__dict__ | {"srgb": None, "sha256": None})


@pytest.mark.filterwarnings(
    "ignore::UserWarning"
)  # tracker.photos silences Pillow's, pytest undoes it
def test_damaged_metadata_does_not_lose_the_photo() -> None:
    loaded = decode_photo(jpeg(exif=b"Exif\0\0II*\0\xff\xff\xff\x7fgarbage"), "p.jpg")
    assert_quarters(loaded.srgb, tolerance=12)
    assert loaded.captured_on is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("2026-03-14_top.jpg", date(2026, 3, 14)),
        ("IMG 2026-03-14 (2).jpg", date(2026, 3, 14)),
        ("2026-02-30_then_2026-03-01.jpg", date(2026, 3, 1)),
        ("12026-03-14.jpg", None),
        ("20260314.jpg", None),
        ("top.jpg", None),
    ],
)
def test_date_in_name(name: str, expected: date | None) -> None:
    assert date_in_name(name) == expected


@given(st.binary(max_size=600), st.sampled_from([b"", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n"]))
def test_any_bytes_are_a_photo_or_a_photo_error(tail: bytes, head: bytes) -> None:
    with pytest.raises(PhotoError):
        decode_photo(head + tail, "any.jpg")


@given(st.integers(0, 3000), st.integers(0, 255))
def test_a_damaged_byte_never_escapes(place: int, value: int) -> None:
    data = bytearray(jpeg())
    data[place % len(data)] = value
    try:
        srgb = decode_photo(bytes(data), "p.jpg").srgb
    except PhotoError:
        return
    assert srgb.ndim == 3


def test_turn_upright_agrees_with_pillow() -> None:
    for orientation in range(1, 9):
        image = stored(orientation)
        image.getexif()[0x0112] = orientation
        expected = np.asarray(ImageOps.exif_transpose(image))
        assert np.array_equal(
            photos._turn_upright(np.asarray(stored(orientation)), orientation), expected
        )
