"""A corpus of damaged photos, made from a seed: each is a photo or one clear line, never a traceback."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.hardening.damaged_photos import FILES_PER_KIND, KINDS, all_files, odd, whole_photo
from tracker.photos import PhotoError, decode_photo
from tracker.records import ClientRecord
from tracker.storage.opening import open_store
from tracker.storage.tray import tray_of
from tracker.ui.intake import receive

LIMIT_S = 300
"""For the whole corpus; it takes some seconds. A hang ends here, wherever the decoder is."""
MOST_MB = 1_200
"""What a photo of 12 megapixels may take to be measured; a picture of 62 is decoded within it."""


def in_a_child(*arguments: str, limit_s: float = LIMIT_S) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, timeout=limit_s
    )


def test_every_damaged_photo_is_a_photo_or_one_line_in_bounded_time_and_memory() -> None:
    done = in_a_child("-m", "tests.hardening.damaged_photos")
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert found["wrong"] == []
    counts = found["counts"]
    assert counts["files"] == len(KINDS) * FILES_PER_KIND + len(odd()) > 1_000
    # A corpus that is refused at the door would prove little: half of it reaches the decoders.
    assert counts["header read"] > 500
    assert 300 < counts["photo"] < counts["header read"]
    assert found["peak_mb"] < MOST_MB


def test_a_tiff_whose_second_picture_lost_its_size_is_damaged() -> None:
    """Counting its pictures raised a bare KeyError, where the header was read already."""
    page = Image.fromarray(np.zeros((144, 160), np.uint8))
    file = io.BytesIO()
    page.save(file, "TIFF", save_all=True, append_images=[page])
    data = bytearray(file.getvalue())
    first = int.from_bytes(data[4:8], "little")
    entries = int.from_bytes(data[first : first + 2], "little")
    link = first + 2 + 12 * entries
    second = int.from_bytes(data[link : link + 4], "little")
    assert int.from_bytes(data[second + 2 : second + 4], "little") == 256  # ImageWidth
    data[second + 2 : second + 4] = (65_000).to_bytes(2, "little")
    with pytest.raises(PhotoError, match=r"^a\.tif: is damaged or cut short; copy it"):
        decode_photo(bytes(data), "a.tif")


def sample() -> dict[str, bytes]:
    """Every tenth damaged file and all odd ones."""
    files = dict(all_files())
    odd_ones = {name for name in files if name.startswith("odd")}
    every_tenth = [name for name in files if name not in odd_ones][::10]
    return {name: files[name] for name in sorted({*every_tenth, *odd_ones})}


@pytest.mark.long
def test_a_folder_of_damaged_photos_is_a_line_each_on_the_command_line(tmp_path: Path) -> None:
    folder = tmp_path / "client"
    folder.mkdir()
    files = sample()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    done = in_a_child(
        *("-m", "tracker", "import", str(folder), "--client", "C-0001", "--json"),
        *("--store", str(tmp_path / "records")),
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    kept = json.loads(done.stdout)
    refused = {row["photo"] for row in kept["refused"]}
    assert refused | set(kept["added"]) | set(kept["known"]) <= set(files)
    assert refused
    assert kept["added"]
    lines = done.stderr.splitlines()
    for name in refused:
        assert sum(line.startswith(f"{name}: not kept: ") for line in lines) == 1, name
    again = in_a_child("-m", "tracker", "verify", "--store", str(tmp_path / "records"))
    assert again.returncode == 0, again.stderr


@dataclass
class Dropped:
    name: str
    data: bytes

    def getvalue(self) -> bytes:
        return self.data


def test_damaged_photos_dropped_on_the_page_are_a_line_each(tmp_path: Path) -> None:
    files = sample()
    with open_store(str(tmp_path / "records"), create=True) as store:
        store.add_client(ClientRecord("C-0001"))
        dropped = [Dropped(name, data) for name, data in files.items()]
        rejected = receive(store, "C-0001", dropped, lambda _share, _text: None)
        tray = tray_of(store, "C-0001")
        kept = tray.photos()
        assert len(rejected) + len(kept) == len(files)
        for one in rejected:
            assert one.what
            assert one.remedy
            assert len(f"{one.what}; {one.remedy}".splitlines()) == 1
        # The rejected file leaves nothing; a kept one draws, or has no small picture.
        for photo in kept:
            tray.thumbnail(photo.sha256)
        assert not [path for path in tray.folder.iterdir() if path.name.startswith(".")]


def test_names_of_dropped_photos_lead_nowhere(tmp_path: Path) -> None:
    names = ("../../up.jpg", "/etc/passwd", "..\\..\\up.jpg", "a\0b.jpg", "x" * 300, "con", "", ".")
    with open_store(str(tmp_path / "records"), create=True) as store:
        store.add_client(ClientRecord("C-0001"))
        dropped = [
            Dropped(name, whole_photo("JPEG", np.random.default_rng(seed)))
            for seed, name in enumerate(names)
        ]
        assert receive(store, "C-0001", dropped, lambda _share, _text: None) == []
        tray = tray_of(store, "C-0001")
        photos = tray.photos()
        assert len(photos) == len(names)
        # Files are named by their content alone.
        for path in tray.folder.iterdir():
            assert path.name.split(".")[0] in {photo.sha256 for photo in photos}
        assert {path.name for path in tmp_path.iterdir()} == {"records"}
