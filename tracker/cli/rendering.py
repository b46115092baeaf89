"""The command render: synthetic clients with their truth."""

from __future__ import annotations

from pathlib import Path

from tracker.cli.terminal import DONE, Terminal, UnusableError
from tracker.rendering.client_files import write_client
from tracker.rendering.clients import ClientSpec, random_client, sample_clients
from tracker.synthetic import render_series


def render(
    folder: Path,
    *,
    seed: int,
    preset: str,
    views: tuple[str, ...],
    n_photos: int,
    samples: bool,
    overwrite: bool,
    terminal: Terminal,
) -> int:
    """Render one client into `folder`, or each sample client into a folder below it."""
    if samples:
        clients = {folder / client.name: client for client in sample_clients()}
    else:
        try:
            client = random_client(seed, preset=preset, views=views, n_photos=n_photos)  # type: ignore[arg-type]
        except ValueError as error:
            raise UnusableError(str(error)) from error
        clients = {folder: client}
    for target in clients:
        _check(target, overwrite)
    for target, client in clients.items():
        _render(client, target, overwrite, terminal)
    return DONE


def _check(target: Path, overwrite: bool) -> None:
    if not target.exists():
        return
    if not target.is_dir():
        raise UnusableError(f"{target}: is a file, not a folder; name another folder")
    if any(target.iterdir()):
        if not (target / "truth.json").exists():
            raise UnusableError(f"{target}: holds other files; name a new or empty folder")
        if not overwrite:
            raise UnusableError(f"{target}: already holds a client; --force replaces it")


def _render(client: ClientSpec, target: Path, overwrite: bool, terminal: Terminal) -> None:
    with terminal.progress(client.name) as progress:
        rendered = []
        for number, view in enumerate(client.views):
            progress(number / len(client.views), f"rendering {view.series.view}")
            rendered.append(render_series(view.series))
        try:
            write_client(client, rendered, target, force=overwrite)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise UnusableError(
                f"{target}: cannot be written ({reason}); check the disk"
            ) from error
    n_photos = sum(len(series.photos) for series in rendered)
    terminal.result(
        f"{target}: {client.name}, {n_photos} photos with truth.json",
        {"client": client.name, "out": str(target), "photos": n_photos},
    )
