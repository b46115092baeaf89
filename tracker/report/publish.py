"""Results appear whole or not at all, and nothing that exists is overwritten unasked."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

MOST_NAME_BYTES = 255
"""Of the name of a file or folder, on every disk in use."""


class OutputError(Exception):
    """A place that results cannot be written to; the text is one line with the remedy."""


def check_folder(target: Path, *, own_names: Collection[str], overwrite: bool) -> None:
    """Check before any work that `target` may be written.

    Parameters
    ----------
    target : Path
        The folder that the results will be.
    own_names : collection of str
        What results consist of. A folder that holds anything else is never replaced, so that a
        mistyped folder cannot cost a person their files.
    overwrite : bool
        Whether earlier results may be replaced.

    Raises
    ------
    OutputError
        If it may not.
    """
    if not target.exists():
        _check_parent(target)
        return
    if not target.is_dir():
        raise OutputError(f"{target}: is a file, not a folder; name another folder")
    try:
        names = sorted(entry.name for entry in target.iterdir())
    except OSError as error:
        raise OutputError(f"{target}: cannot be opened; check its permissions") from error
    foreign = [name for name in names if name not in own_names]
    if foreign:
        raise OutputError(
            f"{target}: holds other files ({', '.join(foreign[:3])}); name a new or empty folder"
        )
    if names and not overwrite:
        raise OutputError(f"{target}: already holds results; --force replaces them")


@contextmanager
def published_folder(
    target: Path, *, own_names: Collection[str], overwrite: bool
) -> Iterator[Path]:
    """Give a hidden folder beside `target` to write to; it becomes `target` if all went well.

    Raises
    ------
    OutputError
        If `target` may not be written (see `check_folder`) or the disk refuses.
    """
    check_folder(target, own_names=own_names, overwrite=overwrite)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent))
    except OSError as error:
        raise _cannot_write(target, error) from error
    try:
        work.chmod(0o755)  # mkdtemp's own 0700 would keep colleagues out of the results
        yield work
        check_folder(target, own_names=own_names, overwrite=overwrite)
        swap_folder(work, target)
    except OSError as error:
        raise _cannot_write(target, error) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def swap_folder(work: Path, target: Path) -> None:
    """Give the folder `work` the name `target`; what stood there is removed."""
    if not target.exists():
        work.rename(target)
        return
    aside = work.with_suffix(".old")
    target.rename(aside)
    try:
        work.rename(target)
    except OSError:
        aside.rename(target)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def check_file(target: Path, *, overwrite: bool) -> None:
    """Check before any work that the file `target` may be written; raises `OutputError`."""
    if target.is_dir():
        raise OutputError(f"{target}: is a folder; name a file")
    if target.exists() and not overwrite:
        raise OutputError(f"{target}: exists already; --force replaces it")
    _check_parent(target)


def publish_file(target: Path, text: str, *, overwrite: bool) -> None:
    """Write a text file in one step; raises `OutputError` as `check_file` does."""
    publish_bytes(target, text.encode(), overwrite=overwrite)


def publish_bytes(target: Path, data: bytes, *, overwrite: bool) -> None:
    """Write a file in one step; raises `OutputError` as `check_file` does."""
    check_file(target, overwrite=overwrite)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(
            prefix=f".{target.name}.", suffix=".part", dir=target.parent
        )
    except OSError as error:
        raise _cannot_write(target, error) from error
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).chmod(0o644)
        Path(name).replace(target)
    except OSError as error:
        raise _cannot_write(target, error) from error
    finally:
        Path(name).unlink(missing_ok=True)


def _check_parent(target: Path) -> None:
    parent = target.absolute().parent
    while not parent.exists():
        parent = parent.parent
    if not parent.is_dir():
        raise OutputError(f"{target}: {parent} is a file, not a folder; name another place")
    if not os.access(parent, os.W_OK):
        raise OutputError(f"{target}: {parent} may not be written to; name another place")


def _cannot_write(target: Path, error: OSError) -> OutputError:
    reason = (error.strerror or "unknown error").lower()
    return OutputError(f"{target}: cannot be written ({reason}); check the disk and permissions")
