"""The commands `key ...`: encryption of a store at rest."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tracker.cli.options import Json, Quiet, Store, Vault, Verbose
from tracker.cli.terminal import Terminal

key_app = typer.Typer(
    help="Encrypt records and photos where they lie, with a passphrase.", rich_markup_mode=None
)

NewPassphrase = Annotated[
    Path | None,
    typer.Option(
        "--new-file", help="File whose first line is the new passphrase; asked for by default."
    ),
]


@key_app.command()
def status(
    store: Store = None,
    vault: Vault = None,
    as_json: Json = False,
) -> int:
    """Say whether the store is encrypted, and under which key."""
    from tracker.cli.key_work import status as run

    return run(store, vault, Terminal(as_json))


@key_app.command(name="set")
def set_(
    new_file: NewPassphrase = None,
    store: Store = None,
    vault: Vault = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Encrypt the store. Without the passphrase nobody can ever read it again."""
    from tracker.cli.key_work import encrypt as run

    return run(store, vault, new_file, Terminal(as_json, quiet, verbose))


@key_app.command()
def change(
    new_file: NewPassphrase = None,
    store: Store = None,
    vault: Vault = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Take another passphrase; quick, as what is encrypted stays as it is."""
    from tracker.cli.key_work import change as run

    return run(store, vault, new_file, Terminal(as_json, quiet, verbose))


@key_app.command()
def rotate(
    store: Store = None,
    vault: Vault = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Encrypt everything anew with a fresh key; the passphrase stays."""
    from tracker.cli.key_work import rotate as run

    return run(store, vault, Terminal(as_json, quiet, verbose))


@key_app.command()
def finish(
    store: Store = None,
    vault: Vault = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Go on with a change of the key that was interrupted."""
    from tracker.cli.key_work import finish as run

    return run(store, vault, Terminal(as_json, quiet, verbose))


@key_app.command()
def remove(
    store: Store = None,
    vault: Vault = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int:
    """Bring everything back into the clear."""
    from tracker.cli.key_work import decrypt as run

    return run(store, vault, Terminal(as_json, quiet, verbose))
