"""The commands on records with their arguments. The work is imported inside: help is quick."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tracker.cli.client_commands import client_app
from tracker.cli.key_commands import key_app
from tracker.cli.options import Force, Json, Quiet, Store, Vault, Verbose
from tracker.cli.photo_commands import photo_app
from tracker.cli.session_commands import session_app
from tracker.cli.terminal import Terminal


def register(app: typer.Typer) -> None:
    """Add the commands on records to the program."""
    app.add_typer(client_app, name="client")
    app.add_typer(session_app, name="session")
    app.add_typer(photo_app, name="photo")
    app.add_typer(key_app, name="key")
    app.command(name="import")(import_)
    for command in (verify, doctor, backup, restore, erase):
        app.command()(command)


def import_(
    folder: Annotated[
        Path, typer.Argument(help="Folder of one client's photos, or a ZIP that `archive` wrote.")
    ],
    client: Annotated[
        str | None, typer.Option(help="The client's code; by default the folder's name.")
    ] = None,
    store: Store = None,
    vault: Vault = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Bring a client's folder into the store; the same folder again changes nothing."""
    if folder.is_file() and folder.suffix.lower() == ".zip":
        from tracker.cli.dossier_work import bring_archive
        from tracker.cli.record_work import opened

        with opened(store, vault, create=True) as kept:
            return bring_archive(kept, folder, Terminal(as_json, quiet, verbose))
    from tracker.cli.keeping import bring_in

    return bring_in(store, vault, folder, client, Terminal(as_json, quiet, verbose))


def verify(
    report: Annotated[
        Path | None, typer.Argument(help="A report: are its photos those of the store?")
    ] = None,
    store: Store = None,
    vault: Vault = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Find lost and altered originals, or say whether a report's photos are the store's."""
    from tracker.cli.keeping import verify as run
    from tracker.cli.record_work import opened

    terminal = Terminal(as_json, quiet, verbose)
    with opened(store, vault) as kept:
        if report is not None:
            from tracker.cli.dossier_work import verify_report

            return verify_report(kept, report, terminal)
        return run(kept, terminal)


def doctor(
    store: Store = None,
    vault: Vault = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Say what this runs on and how store, disk, clock and codecs stand; changes nothing."""
    from tracker.cli.doctor import doctor as run

    return run(store, vault, Terminal(as_json, quiet, verbose))


def backup(
    out: Annotated[Path, typer.Option(help="File to write, such as clinic.zip.")],
    store: Store = None,
    vault: Vault = None,
    force: Force = False,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Write records, photos and results to one file, while others go on working."""
    from tracker.cli.keeping import backup as run
    from tracker.cli.record_work import opened

    with opened(store, vault) as kept:
        return run(kept, out, overwrite=force, terminal=Terminal(as_json, quiet, verbose))


def restore(
    file: Annotated[Path, typer.Argument(help="File that `backup` wrote.")],
    store: Store = None,
    vault: Vault = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace all that the store holds.")
    ] = False,
    passphrase_file: Annotated[
        Path | None,
        typer.Option(help="File that holds the passphrase of an encrypted backup."),
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Bring a backup back, into either kind of database."""
    from tracker.cli.keeping import restore as run

    terminal = Terminal(as_json, quiet, verbose)
    return run(
        file,
        store,
        vault,
        overwrite=force,
        passphrase_file=passphrase_file,
        terminal=terminal,
    )


def erase(
    client: Annotated[str, typer.Argument(help="Code of the client.")],
    store: Store = None,
    vault: Vault = None,
    yes: Annotated[bool, typer.Option("--yes", help="Erase without asking; for scripts.")] = False,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Erase a client for good: records, photos, thumbnails, results."""
    from tracker.cli.keeping import erase as run

    terminal = Terminal(as_json, quiet, verbose)
    return run(store, vault, client, confirmed=yes, terminal=terminal)
