"""What is left of a store whose program is killed: ``python -m benchmarks.kills --kills 200``.

A program imports clients' folders, puts photos into a tray, keeps measures, writes backups or brings
stores of earlier versions up to this one, and tells what it has acknowledged. It is killed (SIGKILL) at
a random moment of that. Then the store is opened as after a restart, and must hold every acknowledged
thing, unaltered, and nothing half-done. The measures are made up: what is killed is their keeping, not
the engine. SQLite and a vault in a folder, or with ``--database postgresql`` import and measures on a
server; a power cut, which also takes what the system had not yet written to disk, is not tried.
"""

from __future__ import annotations

import argparse
import io
import json
import multiprocessing
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
from PIL import Image

from tests.postgres import postgres_server
from tests.storage.contents import content
from tests.storage.made_up import CountingAnalysis, add_client
from tests.storage.test_migrations import put_at
from tracker.records import ClientRecord
from tracker.storage import results
from tracker.storage.archive import opened_backup
from tracker.storage.backup import back_up
from tracker.storage.engine import open_engine
from tracker.storage.import_folder import import_folder
from tracker.storage.location import store_place
from tracker.storage.migrate import HEAD, REVISIONS, current_revision
from tracker.storage.opening import open_store
from tracker.storage.results import kept_analysis, measure_client
from tracker.storage.store import Store
from tracker.storage.tray import tray_of
from tracker.storage.vault import sha256_of
from tracker.storage.verify import verify_store

PHOTOS_PER_FOLDER = 3
LONGEST_S = 0.5
"""Of the moment of the kill after the work began; several rounds of each work on an idle machine."""
KILLS_PER_STORE = 20
"""Then a fresh store: looking through it stays quick."""
TRAY = "T-0001"
OLD_STORES = 30
"""Of earlier versions, for one kill: more than are brought up to date within `LONGEST_S`."""
DATA = Path(__file__).parents[1] / "tests" / "data"
Acknowledged = tuple[str, str]


def small_photo(seed: int) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (15, 20, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).resize((200, 150)).save(file, "JPEG")
    return file.getvalue()


# --- what is killed: each yields what it has acknowledged ------------------------------------


def importing(store: Store, folder: Path, mark: int) -> Iterator[Acknowledged]:
    for number in count():
        code = f"I-{mark}-{number}"
        path = folder / code
        path.mkdir()
        for k in range(PHOTOS_PER_FOLDER):
            data = small_photo(mark * 10_000 + number * 10 + k)
            (path / f"2026-0{k + 1}-10_top.jpg").write_bytes(data)
        (path / "sessions.csv").write_text("date,method\n2026-01-20,picosecond\n")
        import_folder(store, path, code=code)
        yield "client", code


def uploading(store: Store, _folder: Path, mark: int) -> Iterator[Acknowledged]:
    tray = tray_of(store, TRAY)
    for number in count():
        data = small_photo(5_000_000 + mark * 10_000 + number)
        yield "tray", tray.put(data, f"{mark}-{number}.jpg", today=store.today).sha256


def measuring(store: Store, _folder: Path, mark: int) -> Iterator[Acknowledged]:
    results.analyse_series = CountingAnalysis()
    for number in count():
        code = f"M-{mark}-{number}"
        add_client(store, code)
        measure_client(store, code)
        yield "measured", code


def backing_up(store: Store, folder: Path, mark: int) -> Iterator[Acknowledged]:
    for number in count():
        # The same file again and again: an older whole backup must survive a killed newer one.
        back_up(store, folder / f"backup-{mark}.zip", overwrite=number > 0)
        yield "backup", f"backup-{mark}.zip"


def migrating(_store: Store, folder: Path, mark: int) -> Iterator[Acknowledged]:
    for number in range(OLD_STORES):
        open_store(str(old_store(folder, mark, number))).close()
        yield "migrated", old_store(folder, mark, number).name


WORKS: dict[str, Callable[[Store, Path, int], Iterator[Acknowledged]]] = {
    "import": importing,
    "upload": uploading,
    "measure": measuring,
    "backup": backing_up,
    "migration": migrating,
}
ON_A_SERVER = ("import", "measure")
"""Works whose whole trace lies in database and vault."""


def old_store(folder: Path, mark: int, number: int) -> Path:
    return folder / f"old-{mark}-{number:02d}"


def revision_of(number: int) -> str:
    return REVISIONS[:-1][number % (len(REVISIONS) - 1)]


@cache
def old_template(revision: str) -> dict[str, bytes]:
    """Files of a store as the program of that revision left it."""
    with tempfile.TemporaryDirectory(prefix="smp-old-") as folder:
        place = put_at(f"{folder}/store", revision, DATA / f"records-{revision}.json")
        assert place.folder is not None
        return {path.name: path.read_bytes() for path in place.folder.iterdir()}


@cache
def brought_up(revision: str) -> dict[str, object]:
    """What such a store holds once it was opened and nobody killed anything."""
    with tempfile.TemporaryDirectory(prefix="smp-old-") as folder:
        _lay_down(revision, Path(folder))
        with open_store(folder) as store:
            return content(store)


def _lay_down(revision: str, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for name, data in old_template(revision).items():
        (folder / name).write_bytes(data)


def work(name: str, place: str, folder: Path, mark: int, told: Connection) -> None:
    """Run in the program that is killed; says "begun", then what it acknowledges, without end."""
    with open_store(place) as store:
        told.send(("begun", ""))
        for acknowledged in WORKS[name](store, folder, mark):
            told.send(acknowledged)


def kill_once(name: str, place: str, folder: Path, mark: int, after_s: float) -> list[Acknowledged]:
    """Let the work run for so long, kill it, and give what it had acknowledged."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.storage.made_up", "tracker.storage.backup"])
    hears, tells = context.Pipe(duplex=False)
    process = context.Process(target=work, args=(name, place, folder, mark, tells))
    process.start()
    tells.close()
    acknowledged: list[Acknowledged] = []
    assert hears.recv() == ("begun", "")
    process.join(after_s)
    assert process.is_alive(), f"{name} ended by itself with {process.exitcode}"
    process.kill()
    process.join()
    while True:
        try:
            acknowledged.append(hears.recv())
        except (EOFError, OSError):  # the last word may be cut off
            return acknowledged


# --- what must be left ------------------------------------------------------------------------


def migration_faults(
    folder: Path, mark: int, acknowledged: Sequence[Acknowledged]
) -> tuple[list[str], Counter[str]]:
    """What is wrong with the stores of earlier versions, and how far the killed one had come."""
    found: list[str] = []
    states: Counter[str] = Counter()
    done = {name for kind, name in acknowledged if kind == "migrated"}
    for number in range(OLD_STORES):
        path = old_store(folder, mark, number)
        left_open = (path / "records.db-wal").exists()
        engine = open_engine(store_place(str(path)))
        with engine.connect() as connection:
            before = current_revision(connection)
        engine.dispose()
        if before != HEAD and path.name in done:
            found.append(f"{path.name} was said to be up to date and is at {before}")
        if before not in (HEAD, revision_of(number)):
            found.append(f"{path.name} is half way, at {before}")
        if path.name not in done and (left_open or before == HEAD):
            states["killed before the end" if before != HEAD else "killed after the end"] += 1
        with open_store(str(path)) as store:
            if content(store) != brought_up(revision_of(number)):
                found.append(f"{path.name} holds other than before")
        shutil.rmtree(path)
    return found, states


def faults(place: str, folder: Path, acknowledged: Sequence[Acknowledged]) -> list[str]:
    """Open the store as after a restart, and name everything that is not as it must be."""
    found: list[str] = []
    with open_store(place) as store:
        damage = verify_store(store).damage
        found += [f"{each.client} {each.name} is {each.what}" for each in damage]
        codes = {kept.record.code for kept in store.clients()}
        for kind, name in acknowledged:
            if kind in ("client", "measured") and name not in codes:
                found.append(f"client {name} is missing")
            elif kind == "measured" and kept_analysis(store, name) is None:
                found.append(f"the measures of {name} are missing")
            elif kind == "tray" and tray_of(store, TRAY).find(name) is None:
                found.append(f"{name} is missing from the tray")
            elif kind == "backup" and not (folder / name).exists():
                found.append(f"{name} is missing")
        for code in codes:
            if code.startswith("I-"):
                n_photos, n_sessions = len(store.photos(code)), len(store.sessions(code))
                if (n_photos, n_sessions) != (PHOTOS_PER_FOLDER, 1):
                    found.append(f"client {code} is half imported: {n_photos}, {n_sessions}")
        tray = tray_of(store, TRAY)
        for photo in tray.photos():
            if sha256_of(tray.data(photo.sha256)) != photo.sha256:
                found.append(f"{photo.name} in the tray is altered")
    for path in folder.glob("backup-*.zip"):
        with opened_backup(path) as backup:
            for member in backup.sums:
                backup.read(member)
    return found


def run(
    n_kills: int,
    seed: int,
    tell: Callable[[str], None] = lambda _words: None,
    *,
    works: Sequence[str] = tuple(WORKS),
    new_database: Callable[[], str] | None = None,
    within_s: float = LONGEST_S,
) -> dict[str, object]:
    """Kill so many times, each within so many seconds; gives counts, and every fault that was found.

    With `new_database`, which gives the URL of an empty one, the records lie there.
    """
    chance = random.Random(seed)
    kills: Counter[str] = Counter()
    things: Counter[str] = Counter()
    found: list[str] = []
    for first in range(0, n_kills, KILLS_PER_STORE):
        root = Path(tempfile.mkdtemp(prefix="smp-kills-"))
        try:
            place, folder = str(root / "records"), root / "files"
            vault = None
            if new_database is not None:
                place, vault = new_database(), str(root / "vault")
            folder.mkdir()
            with open_store(place, vault=vault, create=True) as store:
                store.add_client(ClientRecord(TRAY))
            acknowledged: list[Acknowledged] = []
            for number in range(first, min(first + KILLS_PER_STORE, n_kills)):
                name = works[number % len(works)]
                if name == "migration":
                    for old in range(OLD_STORES):
                        _lay_down(revision_of(old), old_store(folder, number, old))
                after_s = chance.uniform(0, within_s)
                new = kill_once(name, place, folder, number, after_s)
                acknowledged += new
                kills[name] += 1
                things.update(kind for kind, _ in new)
                wrong = faults(place, folder, acknowledged)
                if name == "migration":
                    of_old, states = migration_faults(folder, number, new)
                    wrong += of_old
                    things.update(states)
                found += [f"kill {number}, {name}: {each}" for each in wrong]
                tell(f"{number + 1} of {n_kills} kills, {len(found)} faults")
        finally:
            shutil.rmtree(root)
    return {"kills": dict(kills), "acknowledged": dict(things), "faults": found}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--within", type=float, default=LONGEST_S, help="seconds of work")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--work", choices=tuple(WORKS), action="append", help="default: all")
    given = parser.parse_args(arguments)

    def tell(words: str) -> None:
        print(words, file=sys.stderr)

    if given.database == "postgresql":
        works = given.work or ON_A_SERVER
        if not set(works) <= set(ON_A_SERVER):
            parser.error(f"on a server: {' and '.join(ON_A_SERVER)}")
        with postgres_server() as server:
            done = run(
                given.kills,
                given.seed,
                tell,
                works=works,
                new_database=server.new_database,
                within_s=given.within,
            )
    else:
        works = given.work or tuple(WORKS)
        done = run(given.kills, given.seed, tell, works=works, within_s=given.within)
    print(json.dumps(done, indent=1))
    return 1 if done["faults"] else 0


if __name__ == "__main__":
    sys.exit(main())
