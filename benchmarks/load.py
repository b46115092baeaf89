"""Does the dashboard bear many people for long: `python -m benchmarks.load` prints a table.

The sample clients, measured, and 200 made-up ones lie in a store on SQLite, then on PostgreSQL. The
dashboard is served on it as `smp-tracker app` serves it, and 25 visitors are at work for ten minutes
over the protocol that browsers speak: each opens page after page in a random order, writes a note
now and then, and every so many pages closes the tab and comes back as somebody new. Meanwhile a
command of `smp-tracker` keeps a note every few seconds, beside the server. Counted as an error is
every exception on a page, every page that is not there, lacks its words or does not come in 60 s,
every lost line, every note that is not in the store afterwards, and every traceback in the server's log.
`--document docs/reliability.md` puts the table between the marks there.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import random
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from google.protobuf.message import DecodeError
from websockets.exceptions import WebSocketException

from benchmarks.filled_store import client_code, fill
from benchmarks.load_document import BEGIN, END, as_text
from benchmarks.visitors import ANSWER_S, Visit, pause, visit
from tests.postgres import postgres_server
from tracker.cli.serving import HERE, _port, _server, _visit_once, _wait_until_healthy
from tracker.samples import import_samples, sample_clients
from tracker.storage.backup import back_up
from tracker.storage.opening import local_clock, open_store
from tracker.storage.restore import restore
from tracker.storage.results import measure_client

DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
PAGES = {
    "Home": ("", "Search"),
    "Client": ("client", "Timeline"),
    "Fade": ("fade", "Fade over time"),
    "Compare": ("compare", "Before"),
    "Corrections": ("corrections", "Where the program"),
    "Zones": ("zones", "Each zone is measured"),
    "Report": ("report", "Exports"),
    "Capture": ("guide", "Take the next photo"),
    "Settings": ("settings", "People"),
    "Learn": ("learn", "Questions people ask"),
}
"""Address of each page, and words that stand on no other."""
OF_A_CLIENT = {"Client", "Fade", "Compare", "Corrections", "Zones"}
"""Pages that say the client's name."""
NOTE = "Note kept"
SHARE_OF_NOTES = 0.25
"""Of the visits to a client's page."""
PAGES_PER_VISIT = (4, 12)
COMMAND_EVERY_S = 10.0


@dataclass
class Run:
    """What came of one run."""

    database: str
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """Of each page, and of keeping a note, until it stood there."""
    faults: Counter[str] = field(default_factory=Counter)
    memory_mb: list[float] = field(default_factory=list)
    """Of the server and its children, once a second."""
    processor_share: float = float("nan")
    """Of one core, that the server used."""
    notes: set[str] = field(default_factory=set)
    """Acknowledged on a page or by a command."""
    n_sessions: int = 0
    n_parts: int = 0
    n_pictures: int = 0
    n_commands: int = 0

    @property
    def n_pages(self) -> int:
        return sum(map(len, self.seconds.values()))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--visitors", type=int, default=25)
    parser.add_argument("--database", choices=[*DATABASES, "both"], default="both")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--pause", type=float, default=5.0, help="seconds a visitor looks at a page, on average"
    )
    parser.add_argument("--clients", type=int, default=200, help="made-up ones")
    parser.add_argument("--photos", type=int, default=20, help="of each of them")
    parser.add_argument(
        "--demo", type=Path, help="a demo's store, which is copied: nothing is measured again"
    )
    parser.add_argument("--document", type=Path, help="put the table between the marks there")
    given = parser.parse_args(arguments)
    wanted = list(DATABASES) if given.database == "both" else [given.database]
    runs = []
    for database in wanted:
        with filled_store(database, given.demo, given.clients, given.photos) as (store, vault):
            runs.append(run(DATABASES[database], store, vault, given))
    text = as_text(runs, given)
    print(text)
    if given.document:
        old = given.document.read_text(encoding="utf-8")
        before, rest = old.split(BEGIN)
        new = f"{before}{BEGIN}\n{text}\n{END}{rest.split(END)[1]}"
        given.document.write_text(new, encoding="utf-8")
    return 1 if any(done.faults for done in runs) else 0


@contextmanager
def filled_store(
    database: str, demo: Path | None, n_clients: int, n_photos: int
) -> Iterator[tuple[str, str | None]]:
    """The store and its vault, as `open_store` takes them; gone at the end of the block."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="smp-load-")))
        place, vault = str(folder / "records"), None
        if demo is None:
            with open_store(place, create=True) as store:
                for done in import_samples(store, sample_clients()):
                    measure_client(store, done.code)
        else:
            shutil.copytree(demo, place)
        if database == "postgresql":
            with open_store(place) as store:
                back_up(store, folder / "backup.zip")
            place = stack.enter_context(postgres_server()).new_database()
            vault = str(folder / "vault")
            restore(folder / "backup.zip", place, vault=vault, clock=local_clock)
        with open_store(place, vault=vault) as store:
            fill(store, n_clients, n_photos)
        yield place, vault


def run(database: str, store: str, vault: str | None, given: argparse.Namespace) -> Run:
    """Serve the store, let the visitors in, and gather what comes of it."""
    done = Run(database)
    settings = {
        "SMP_TRACKER_RECORDS": store,
        "SMP_TRACKER_VAULT": vault,
        "SMP_TRACKER_SIGN_IN": "off",
    }
    with open_store(store, vault=vault) as opened:
        names = {each.record.code: each.record.name for each in opened.clients()}
    made_up = {client_code(number) for number in range(given.clients)}
    clients = Clients(names, [code for code in names if code not in made_up], sorted(made_up))
    port = _port(HERE, 0)
    address = f"http://{HERE}:{port}"
    with tempfile.TemporaryFile() as log:
        with _server(HERE, port, settings, log=log) as server:
            _wait_until_healthy(server, address)
            _visit_once(address)
            with memory_watched(server.pid, done):
                asyncio.run(visitors(address, clients, store, vault, done, given))
            if server.poll() is not None:
                done.faults[f"the server ended with {server.returncode}"] += 1
        log.seek(0)
        said = log.read().decode(errors="replace")
    if "Traceback" in said:
        print(said, file=sys.stderr)
        done.faults["traceback in the server's log"] += said.count("Traceback")
    with open_store(store, vault=vault) as opened:
        kept = {note.record.text for code in names for note in opened.notes(code)}
    for _ in done.notes - kept:
        done.faults["a note that was kept is not there"] += 1
    return done


# --- who is at work ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Clients:
    """Codes of the clients that can be opened."""

    names: dict[str, str]
    measured: list[str]
    """With photos, open to all pages."""
    made_up: list[str]
    """With records alone: for Home and the client's page."""

    def for_page(self, page: str, chance: random.Random) -> str:
        if page == "Client" and self.made_up and chance.random() < 0.5:
            return chance.choice(self.made_up)
        return chance.choice(self.measured)


async def visitors(
    address: str,
    clients: Clients,
    store: str,
    vault: str | None,
    done: Run,
    given: argparse.Namespace,
) -> None:
    """All visitors and the commands beside them, for the given time."""
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for number in range(given.visitors):
            chance = random.Random(given.seed * 1000 + number)
            begins_s = given.pause * number / given.visitors
            group.create_task(visitor(address, clients, chance, given.pause, begins_s, done, stop))
        group.create_task(commands(store, vault, clients, random.Random(given.seed), done, stop))
        await asyncio.sleep(given.minutes * 60)
        stop.set()


async def visitor(
    address: str,
    clients: Clients,
    chance: random.Random,
    pause_s: float,
    begins_s: float,
    done: Run,
    stop: asyncio.Event,
) -> None:
    """One visit after the other."""
    await pause(begins_s, stop)
    while not stop.is_set():
        page = "no page yet"
        try:
            async with visit(address) as session:
                done.n_sessions += 1
                try:
                    for page in _way(chance):
                        if stop.is_set():
                            break
                        client = clients.for_page(page, chance)
                        await open_page(session, page, client, clients, chance, done)
                        for fault in await session.look(chance.uniform(0.5, 1.5) * pause_s):
                            done.faults[f"{page}, a part of it: {fault}"] += 1
                finally:
                    done.n_parts += session.n_parts
                    done.n_pictures += session.n_pictures
        except (OSError, WebSocketException, DecodeError) as error:
            done.faults[f"line lost, {page}: {type(error).__name__}: {error}"] += 1
            await pause(1.0, stop)


def _way(chance: random.Random) -> list[str]:
    """The pages of one visit: all of them equally often, in any order, Home first."""
    rounds = [chance.sample(list(PAGES), len(PAGES)) for _ in range(2)]
    return ["Home", *itertools.chain(*rounds)][: chance.randint(*PAGES_PER_VISIT)]


async def open_page(
    session: Visit, page: str, client: str, clients: Clients, chance: random.Random, done: Run
) -> None:
    """Open a page, or write a note on it, and note what came."""
    path, words = PAGES[page]
    if page == "Client" and chance.random() < SHARE_OF_NOTES:
        text = f"{NOTE} {chance.getrandbits(64):016x}"
        answer = await session.keep_note(client, text)
        page = NOTE
        if not answer.faults:
            done.notes.add(text)
    else:
        name = [clients.names[client]] if page in OF_A_CLIENT else []
        answer = await session.ask(path, client, [words, *name])
    done.seconds[page].append(answer.seconds)
    for fault in answer.faults:
        done.faults[f"{page}: {fault}"] += 1


async def commands(
    store: str,
    vault: str | None,
    clients: Clients,
    chance: random.Random,
    done: Run,
    stop: asyncio.Event,
) -> None:
    """Keep notes with the command line, beside the server."""
    while not stop.is_set():
        text = f"{NOTE} {chance.getrandbits(64):016x}"
        client = chance.choice(clients.measured + clients.made_up)
        command = [sys.executable, "-m", "tracker", "client", "note", client, text]
        command += ["--store", store, *(["--vault", vault] if vault else [])]
        process = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
        )
        try:
            async with asyncio.timeout(ANSWER_S):
                _, said = await process.communicate()
        except TimeoutError:
            process.kill()
            said = b"no end in time"
        done.n_commands += 1
        if process.returncode == 0:
            done.notes.add(text)
        else:
            done.faults[f"command: {said.decode(errors='replace').strip()}"] += 1
        await pause(COMMAND_EVERY_S, stop)


@contextmanager
def memory_watched(pid: int, done: Run) -> Iterator[None]:
    """Within the block the memory of the process and its children is noted once a second."""
    server = psutil.Process(pid)
    ended = threading.Event()

    def watch() -> None:
        due = time.monotonic()
        while not ended.wait(max(0.0, due - time.monotonic())):
            due += 1.0
            total = 0
            with suppress(psutil.NoSuchProcess):
                for process in (server, *server.children(recursive=True)):
                    with suppress(psutil.NoSuchProcess):
                        total += process.memory_info().rss
            done.memory_mb.append(total / 1e6)

    watcher = threading.Thread(target=watch, daemon=True)
    started, before = time.monotonic(), server.cpu_times()
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()
        with suppress(psutil.NoSuchProcess):
            after = server.cpu_times()
            used_s = after.user + after.system - before.user - before.system
            done.processor_share = used_s / (time.monotonic() - started)


if __name__ == "__main__":
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    raise SystemExit(main())
