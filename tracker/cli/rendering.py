"""The command render: a synthetic client with its truth."""

from __future__ import annotations

from pathlib import Path
from typing import cast, get_args

from tracker.cli.terminal import DONE, Terminal, UnusableError
from tracker.rendering.spec import View
from tracker.synthetic import render_client

TRUTH_FILE = "truth.json"


def render(
    folder: Path,
    *,
    seed: int,
    preset: str,
    views: tuple[str, ...],
    n_photos: int,
    overwrite: bool,
    terminal: Terminal,
) -> int:
    """Render one client into `folder`; returns the exit status."""
    for view in views:
        if view not in get_args(View):
            raise UnusableError(f"--view is {view}; give one of {', '.join(get_args(View))}")
    # --force replaces the whole folder: only ever one that was rendered.
    if folder.is_dir() and any(folder.iterdir()) and not (folder / TRUTH_FILE).exists():
        raise UnusableError(f"{folder}: holds other files; name a new or empty folder")
    try:
        with terminal.progress("rendering") as progress:
            progress(0.0, f"{len(views) * n_photos} photos")
            client = render_client(
                folder,
                seed=seed,
                preset=preset,
                views=cast("tuple[View, ...]", views),
                n_photos=n_photos,
                force=overwrite,
            )
    except FileExistsError as error:
        raise UnusableError(f"{folder}: holds a client already; --force replaces it") from error
    except ValueError as error:
        raise UnusableError(str(error)) from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UnusableError(f"{folder}: cannot be written ({reason}); check the disk") from error
    n_rendered = len(views) * n_photos
    terminal.result(
        f"{folder}: {client.name}, {n_rendered} photos with {TRUTH_FILE}",
        {"client": client.name, "out": str(folder), "photos": n_rendered},
    )
    return DONE
