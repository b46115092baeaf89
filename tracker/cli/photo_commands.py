"""The commands `photo ...` with their arguments; the work is in `photo_work`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tracker.cli.options import Force, IfVersion, Json, Quiet, Store, Vault, Verbose
from tracker.cli.terminal import Terminal

photo_app = typer.Typer(help="A client's photos.", rich_markup_mode=None)

Number = Annotated[int, typer.Argument(metavar="PHOTO", help="Its number in `photo list`.")]
View = Annotated[str | None, typer.Option(help="front, top, crown, left, right, back or close-up.")]
Scale = Annotated[float | None, typer.Option(help="Scale of the photo, mm per pixel.")]


@photo_app.command()
def add(
    client: Annotated[str, typer.Argument(help="Code of the client.")],
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Photo files.")],
    view: View = None,
    date: Annotated[
        str | None, typer.Option(help="Day they were taken, YYYY-MM-DD; before the camera's.")
    ] = None,
    mm_per_px: Scale = None,
    store: Store = None,
    vault: Vault = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """File photos under a client; the originals are kept byte for byte."""
    from tracker.cli.photo_work import add as run
    from tracker.cli.record_work import opened

    with opened(store, vault) as kept:
        return run(
            kept,
            client,
            files,
            view=view,
            taken_on=date,
            mm_per_px=mm_per_px,
            terminal=Terminal(as_json, quiet, verbose),
        )


@photo_app.command(name="list")
def list_(
    client: Annotated[
        str | None, typer.Argument(help="Code of the client; all without it.")
    ] = None,
    undated: Annotated[
        bool, typer.Option("--undated", help="Only photos that ask for a date.")
    ] = False,
    store: Store = None,
    vault: Vault = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """List photos with their stage."""
    from tracker.cli.photo_work import list_of
    from tracker.cli.record_work import opened

    with opened(store, vault) as kept:
        return list_of(kept, client, undated, Terminal(as_json, quiet, verbose))


@photo_app.command()
def date(
    number: Number,
    day: Annotated[str, typer.Argument(metavar="YYYY-MM-DD", help="Day it was taken.")],
    if_version: IfVersion = None,
    store: Store = None,
    vault: Vault = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Give a photo its date."""
    from tracker.cli.photo_work import edit as run
    from tracker.cli.record_work import opened

    with opened(store, vault) as kept:
        return run(
            kept,
            number,
            if_version,
            taken_on=day,
            view=None,
            mm_per_px=None,
            terminal=Terminal(as_json, quiet, verbose),
        )


@photo_app.command()
def edit(
    number: Number,
    view: View = None,
    mm_per_px: Scale = None,
    if_version: IfVersion = None,
    store: Store = None,
    vault: Vault = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Change the view or the scale of a photo."""
    from tracker.cli.photo_work import edit as run
    from tracker.cli.record_work import opened

    with opened(store, vault) as kept:
        return run(
            kept,
            number,
            if_version,
            taken_on=None,
            view=view,
            mm_per_px=mm_per_px,
            terminal=Terminal(as_json, quiet, verbose),
        )


@photo_app.command()
def save(
    number: Number,
    out: Annotated[Path, typer.Option(help="File to write.")],
    store: Store = None,
    vault: Vault = None,
    force: Force = False,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Write a photo's original to a file, byte for byte."""
    from tracker.cli.photo_work import save as run
    from tracker.cli.record_work import opened

    with opened(store, vault) as kept:
        terminal = Terminal(as_json, quiet, verbose)
        return run(kept, number, out, overwrite=force, terminal=terminal)
