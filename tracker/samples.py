"""The sample clients that come with the program: drawn by the computer, nobody's real scalp."""

from __future__ import annotations

from pathlib import Path

from tracker.series import Progress
from tracker.storage.import_folder import Imported, import_folder
from tracker.storage.store import Store

PACKAGE = Path(__file__).resolve().parent


def beside_package(name: str) -> Path:
    """Return `app.py` or `sample_images`: in a checkout beside the package, else inside it."""
    beside = PACKAGE.parent / name
    return beside if beside.exists() else PACKAGE / "bundled" / name


def sample_clients() -> list[Path]:
    """Folders of the sample clients; none where they were left out of the installation."""
    samples = beside_package("sample_images")
    return sorted(f for f in samples.glob("*") if f.is_dir()) if samples.is_dir() else []


def import_samples(
    store: Store, folders: list[Path], progress: Progress | None = None
) -> list[Imported]:
    """Bring the sample clients into a store; those that are there already stay as they are."""
    done = []
    for number, folder in enumerate(folders):

        def tell(share: float, text: str, number: int = number) -> None:
            if progress is not None:
                progress((number + share) / len(folders), text)

        done.append(import_folder(store, folder, progress=tell))
    return done
