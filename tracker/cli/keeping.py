"""The commands on a whole store: import, verify, backup, restore, erase."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path

from tracker.cli.record_work import asked_passphrase, opened, warn
from tracker.cli.terminal import DONE, SOME_REFUSED, Terminal, UnusableError
from tracker.storage.backup import back_up
from tracker.storage.erase import erase_client, what_goes
from tracker.storage.import_folder import import_read, read_folder
from tracker.storage.opening import local_clock
from tracker.storage.restore import restore as bring_back
from tracker.storage.store import Store
from tracker.storage.unlocking import passphrase_in
from tracker.storage.verify import verify_store


def bring_in(
    named: str | None, vault: str | None, folder: Path, code: str | None, terminal: Terminal
) -> int:
    """Import a client's folder; exit status 1 where a file is no usable photo.

    The folder is read first: one that is refused makes no store where there was none.
    """
    with terminal.progress(folder.name) as progress:
        read = read_folder(folder, today=local_clock().date(), code=code, progress=progress)
        with opened(named, vault, create=True) as store:
            done = import_read(store, read)
    warn(terminal, done.notes)
    for name, reason in done.refused:
        terminal.failure(f"{name}: not kept: {reason}")
    terminal.result(
        f"client {done.code}{' (new)' if done.new_client else ''}: "
        f"{len(done.photos.added)} photos added, {len(done.photos.known)} were there already, "
        f"{done.sessions} sessions added",
        {
            "client": done.code,
            "new_client": done.new_client,
            "added": [photo.name for photo in done.photos.added],
            "known": [photo.name for photo in done.photos.known],
            "sessions": done.sessions,
            "zones": done.zones,
            "refused": [{"photo": name, "reason": reason} for name, reason in done.refused],
            "notes": done.notes,
        },
    )
    return SOME_REFUSED if done.refused else DONE


def verify(store: Store, terminal: Terminal) -> int:
    """Look for lost and altered originals; exit status 1 where there is one."""
    with terminal.progress("verify") as progress:
        found = verify_store(store, progress=progress)
    for damage in found.damage:
        terminal.failure(
            f"client {damage.client}, {damage.name}: {damage.what} (SHA-256 {damage.sha256[:12]})"
        )
    for name in found.strays:
        terminal.detail(f"original {name[:12]}: no record speaks of it")
    good = "all as they were put there" if not found.damage else f"{len(found.damage)} damaged"
    terminal.result(
        f"{found.n_originals} originals, {found.n_results} results: {good}"
        + (f"; {len(found.strays)} originals belong to no record" if found.strays else ""),
        asdict(found),
    )
    return SOME_REFUSED if found.damage else DONE


def backup(store: Store, out: Path, *, overwrite: bool, terminal: Terminal) -> int:
    """Write a backup; exit status 1 where an original is missing from it."""
    with terminal.progress("backup") as progress:
        done = back_up(store, out, overwrite=overwrite, progress=progress)
    for line in done.missing:
        terminal.failure(line)
    terminal.result(
        f"{out}: {done.n_clients} clients, {done.n_photos} photos",
        {"out": str(out), **asdict(done)},
    )
    return SOME_REFUSED if done.missing else DONE


def restore(
    path: Path,
    store: str | None,
    vault: str | None,
    *,
    overwrite: bool,
    passphrase_file: Path | None,
    terminal: Terminal,
) -> int:
    """Bring a backup back into a store; `passphrase_file` is an encrypted backup's."""

    def backup_words() -> str | None:
        if passphrase_file is not None:
            return passphrase_in(passphrase_file)
        return asked_passphrase("the backup")

    with terminal.progress("restore") as progress:
        done = bring_back(
            path,
            store,
            vault=vault,
            overwrite=overwrite,
            clock=local_clock,
            progress=progress,
            words=asked_passphrase,
            backup_words=backup_words,
        )
    warn(terminal, done.notes)
    terminal.result(
        f"{done.n_clients} clients, {done.n_photos} photos are back, as of {done.made_at}",
        asdict(done),
    )
    return DONE


def erase(
    named: str | None, vault: str | None, code: str, *, confirmed: bool, terminal: Terminal
) -> int:
    """Erase a client after the list of what goes was confirmed."""
    with opened(named, vault) as store:
        planned = what_goes(store, code)
        if not confirmed:
            listing = "; ".join(planned.lines())
            if not (sys.stdin.isatty() and sys.stderr.isatty()):
                raise UnusableError(
                    f"erasing {code} removes for good {listing}; --yes confirms; nothing was changed"
                )
            for line in planned.lines():
                terminal.failure(line)
            print(f"Type {code} to erase all of it for good: ", end="", file=sys.stderr, flush=True)
            if sys.stdin.readline().strip() != code:
                raise UnusableError("not confirmed; nothing was changed")
        gone = erase_client(store, code)
    warn(terminal, gone.notes)
    terminal.result(
        "erased: " + "; ".join(gone.lines()),
        {
            "client": code,
            "records": gone.records,
            "photos": gone.photos,
            "files": len(gone.files),
            "notes": gone.notes,
        },
    )
    return DONE
