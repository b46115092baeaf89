"""Where photos lie and results go: a folder (of this computer or shared), or S3 by its URL.

Paths within a place are relative, with `/` between their parts. A file appears whole or not at
all. A place that is lost as a whole (disk full, network folder gone) is a `PlaceLostError`: the
batch then stops in good order instead of calling each photo a failure.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat as stat_bits
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tracker.one_line import one_line, plain
from tracker.report.publish import swap_folder


class PlaceLostError(Exception):
    """A place that can no longer be read or written as a whole; the text is one line."""

    def __init__(self, place: str, what: str, remedy: str) -> None:
        self.place, self.what, self.remedy = place, plain(what), plain(remedy)
        super().__init__(one_line(place, self.what, self.remedy))

    def __reduce__(self) -> tuple[type[PlaceLostError], tuple[str, str, str]]:
        """Cross to another process whole."""
        return type(self), (self.place, self.what, self.remedy)


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or folder as it is listed.

    Attributes
    ----------
    path : str
        Within the place.
    size : int
        Bytes.
    stamp : str
        Changes when the file is written again.
    is_folder : bool
    problem : str
        Why it cannot be looked at; empty for an ordinary entry.
    """

    path: str
    size: int = 0
    stamp: str = ""
    is_folder: bool = False
    problem: str = ""

    @property
    def name(self) -> str:
        return self.path.rsplit("/", 1)[-1]


class Place(Protocol):
    """A tree of files. Missing files are `FileNotFoundError`, others that fail `OSError`."""

    @property
    def url(self) -> str:
        """Folder or URL by which another process finds the same place."""
        ...

    def entries(self, folder: str) -> list[Entry]:
        """What lies directly in a folder, in no order."""
        ...

    def stats(self, paths: Iterable[str]) -> dict[str, Entry]:
        """Entries of those files that are there."""
        ...

    def names(self, folder: str) -> Iterator[str]:
        """Paths of all files below a folder that this program made."""
        ...

    def read(self, path: str, n_bytes: int | None = None) -> bytes:
        """Bytes of a file, or its first `n_bytes`."""
        ...

    def write(self, path: str, data: bytes) -> None:
        """Write a file in one step, replacing an earlier one."""
        ...

    def create(self, path: str, data: bytes) -> bool:
        """Write a file that is not there yet; False where it is."""
        ...

    def remove(self, path: str) -> None:
        """Remove a file; one that is not there is no failure."""
        ...

    def work_folder(self) -> Path:
        """A folder of this computer from which `publish` is quick."""
        ...

    def publish(self, made: Path, folder: str) -> None:
        """Bring the files in `made` to `folder`, replacing it."""
        ...

    def publish_file(self, made: Path, path: str) -> None:
        """Bring one file that may be large to `path`, replacing an earlier one."""
        ...

    def check(self, witnesses: Iterable[str] = ()) -> None:
        """Raise `PlaceLostError` where the place as a whole is not there.

        `witnesses` are entries of its top that were there before: a network folder that was lost
        may look like an empty one.
        """
        ...


def shown(name: str) -> str:
    r"""A file name as text: bytes of an encoding that is not UTF-8 are written as ``\xff``."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


class FolderPlace:
    """A folder of this computer, or a shared one."""

    def __init__(self, folder: Path | str, work: str = "") -> None:
        self.folder = Path(folder)
        self._work = work

    @property
    def url(self) -> str:
        return str(self.folder)

    def entries(self, folder: str) -> list[Entry]:
        prefix = f"{folder}/" if folder else ""
        with os.scandir(self._path(folder)) as listing:
            return [_entry(item, prefix + item.name) for item in listing]

    def stats(self, paths: Iterable[str]) -> dict[str, Entry]:
        found = {}
        for path in paths:
            with contextlib.suppress(OSError, ValueError):
                facts = self._path(path).stat()
                if stat_bits.S_ISREG(facts.st_mode):
                    found[path] = Entry(path, facts.st_size, str(facts.st_mtime_ns))
        return found

    def names(self, folder: str) -> Iterator[str]:
        top = self._path(folder)
        for place, _, files in os.walk(top):
            below = os.path.relpath(place, self.folder).replace(os.sep, "/")
            yield from (f"{below}/{file}" for file in files)

    def read(self, path: str, n_bytes: int | None = None) -> bytes:
        with self._path(path).open("rb") as file:
            return file.read() if n_bytes is None else file.read(n_bytes)

    def write(self, path: str, data: bytes) -> None:
        target = self._path(path)
        part: str | None = None
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            handle, part = tempfile.mkstemp(prefix=".", suffix=".part", dir=target.parent)
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            Path(part).chmod(0o644)
            Path(part).replace(target)
            part = None
        except OSError as error:
            raise write_failure(self.url, error) from error
        finally:
            if part is not None:
                with contextlib.suppress(OSError):
                    Path(part).unlink()

    def create(self, path: str, data: bytes) -> bool:
        target = self._path(path)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        except FileExistsError:
            return False
        except OSError as error:
            raise write_failure(self.url, error) from error
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
        except OSError as error:
            target.unlink(missing_ok=True)
            raise write_failure(self.url, error) from error
        return True

    def remove(self, path: str) -> None:
        self._path(path).unlink(missing_ok=True)

    def work_folder(self) -> Path:
        # In the same file system: a rename then publishes.
        place = self._path(self._work)
        try:
            place.mkdir(parents=True, exist_ok=True)
            return Path(tempfile.mkdtemp(dir=place))
        except OSError as error:
            raise write_failure(self.url, error) from error

    def publish(self, made: Path, folder: str) -> None:
        target = self._path(folder)
        try:
            made.chmod(0o755)
            target.parent.mkdir(parents=True, exist_ok=True)
            swap_folder(made, target)
        except OSError as error:
            raise write_failure(self.url, error) from error

    def publish_file(self, made: Path, path: str) -> None:
        try:
            made.chmod(0o644)
            made.replace(self._path(path))
        except OSError as error:
            raise write_failure(self.url, error) from error

    def check(self, witnesses: Iterable[str] = ()) -> None:
        known = list(witnesses)
        try:
            os.listdir(self.folder)  # noqa: PTH208 - answers at once where the folder is lost
            there = not known or any(os.path.lexists(self._path(path)) for path in known)
        except OSError:
            there = False
        if not there:
            raise PlaceLostError(
                self.url,
                "cannot be reached any more",
                "what was measured is kept; connect the folder again and repeat the command",
            )

    def _path(self, path: str) -> Path:
        return self.folder / path if path else self.folder


def write_failure(place: str, error: OSError) -> PlaceLostError:
    """What a failed write means for a batch."""
    if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", -1)):
        return PlaceLostError(
            place,
            "the disk is full",
            "what was measured is kept; free some space and repeat the command",
        )
    return PlaceLostError(
        place,
        f"cannot be written ({(error.strerror or 'unknown error').lower()})",
        "what was measured is kept; check the disk, the network and the permissions and "
        "repeat the command",
    )


def _entry(item: os.DirEntry[str], path: str) -> Entry:
    try:
        facts = item.stat()
    except OSError as error:
        return Entry(path, problem=(error.strerror or "unknown error").lower())
    if stat_bits.S_ISDIR(facts.st_mode):
        if item.is_symlink() and _leads_up(item.path):
            return Entry(path, problem="is a link to a folder above itself")
        return Entry(path, stamp=f"{facts.st_dev}:{facts.st_ino}", is_folder=True)
    if not stat_bits.S_ISREG(facts.st_mode):
        return Entry(path, problem="is a device or pipe, not a file")
    return Entry(path, facts.st_size, str(facts.st_mtime_ns))


def _leads_up(link: str) -> bool:
    """Whether a link leads to a folder that it lies in, however deep."""
    own, target = Path(link).parent.resolve(), Path(link).resolve()
    return target == own or target in own.parents


def remove_folder(folder: Path) -> None:
    """Remove a work folder; what cannot be removed is left for the next run."""
    shutil.rmtree(folder, ignore_errors=True)


def open_place(named: str, work: str = "") -> Place:
    """Folder or ``s3://bucket/prefix``.

    `work` is a folder within it for what is not finished.
    """
    if named.startswith("s3://"):
        from tracker.batch.s3_place import S3Place

        return S3Place(named)
    return FolderPlace(Path(named).expanduser().absolute(), work)
