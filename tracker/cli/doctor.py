"""The command doctor: what this program runs on, and how it stands with its store."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Callable
from dataclasses import asdict

from tracker import METHOD_VERSION, __version__
from tracker.cli.terminal import DONE, SOME_REFUSED, Terminal, table
from tracker.storage.health import Finding, State, store_health
from tracker.storage.opening import local_clock

PACKAGES = (
    *("numpy", "scipy", "opencv-python-headless", "scikit-image", "pillow", "pi-heif"),
    *("streamlit", "sqlalchemy"),
)
"""What numbers, pictures, pages and records come from."""


def doctor(store: str | None, vault: str | None, terminal: Terminal) -> int:
    """Say how it stands; exit status 1 where something is bad."""
    findings = [
        _versions(),
        *_codecs(),
        *store_health(store, vault=vault, now=local_clock()),
    ]
    for found in findings:
        if found.state is State.BAD:
            terminal.failure(f"{found.part}: {found.what}; {found.remedy}")
    bad = sum(found.state is State.BAD for found in findings)
    rows: list[tuple[str, ...]] = [("part", "state", "what")]
    rows += [(f.part, f.state.value, _words(f)) for f in findings]
    said = "all is well" if not bad else f"{bad} to mend"
    terminal.result(
        f"{table(rows)}\n\n{said}",
        {"well": not bad, "findings": [asdict(found) for found in findings]},
    )
    return SOME_REFUSED if bad else DONE


def _words(found: Finding) -> str:
    return f"{found.what}; {found.remedy}" if found.remedy else found.what


def _versions() -> Finding:
    versions = [f"smp-tracker {__version__}", f"method {METHOD_VERSION}"]
    versions += [f"Python {platform.python_version()}", f"{platform.system()} {platform.machine()}"]
    missing = []
    for name in PACKAGES:
        try:
            versions.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
    what = ", ".join(versions)
    if missing:
        lacking = f"{what}; not installed: {', '.join(missing)}"
        return Finding("versions", State.BAD, lacking, "install smp-tracker again")
    return Finding("versions", State.GOOD, what)


def _codecs() -> list[Finding]:
    """A finding for each kind of photo that cannot be read here, else one for all."""
    missing = [name for name, read in _readers().items() if not _works(read)]
    if missing:
        return [
            Finding(
                "codecs", State.BAD, f"{name} cannot be read", "install Pillow and pi-heif again"
            )
            for name in missing
        ]
    return [Finding("codecs", State.GOOD, f"{', '.join(_readers())} are read")]


def _readers() -> dict[str, Callable[[], object]]:
    return {
        **{kind: _round_trip(kind) for kind in ("JPEG", "PNG", "TIFF", "WEBP")},
        "16-bit PNG": _deep_round_trip,
        "HEIC": _heic_decoder,
        "colour profiles": _colour_profiles,
    }


def _round_trip(kind: str) -> Callable[[], object]:
    def read() -> object:
        import io

        from PIL import Image

        from tracker.photos import MIN_SIDE_PX, decode_photo

        file = io.BytesIO()
        Image.new("RGB", (MIN_SIDE_PX, MIN_SIDE_PX), (160, 140, 120)).save(file, kind)
        return decode_photo(file.getvalue(), kind)

    return read


def _deep_round_trip() -> object:
    import cv2
    import numpy as np

    from tracker.photos import MIN_SIDE_PX, decode_photo

    written, data = cv2.imencode(".png", np.full((MIN_SIDE_PX, MIN_SIDE_PX, 3), 40_000, np.uint16))
    photo = decode_photo(data.tobytes(), "16 bits")
    if not written or photo.srgb.dtype != np.uint16:
        raise ValueError
    return photo


def _heic_decoder() -> object:
    import pi_heif

    decoders: dict[str, str] = pi_heif.libheif_info()["decoders"]
    if not any("HEVC" in name for name in decoders.values()):
        raise OSError("no decoder of HEVC")
    return decoders


def _colour_profiles() -> object:
    from PIL import ImageCms

    return ImageCms.createProfile("sRGB")


def _works(read: Callable[[], object]) -> bool:
    try:
        read()
    except Exception:  # a library that is missing or broken fails in whatever way it likes
        return False
    return True
