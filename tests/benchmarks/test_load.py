"""A load on the dashboard: what goes wrong is counted, and what goes well is not."""

from __future__ import annotations

import argparse
import asyncio
import random
from collections import Counter
from pathlib import Path

import pytest

from benchmarks import load
from benchmarks.load_document import BEGIN, END, growth
from benchmarks.visitors import visit
from tests.ui.asgi import apart, run_apart
from tracker.storage.import_folder import import_folder
from tracker.storage.opening import open_store
from tracker.storage.results import measure_client

FAILING_PAGE = """
import sys
from tracker.ui.pages import learn

def fail():
    print("Traceback (most recent call last):", file=sys.stderr, flush=True)
    raise RuntimeError("on purpose")

learn.show = fail
"""


@pytest.fixture(scope="module")
def measured(small_client: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a store with one measured client; runs copy it."""
    place = tmp_path_factory.mktemp("load") / "records"
    with open_store(str(place), create=True) as store:
        import_folder(store, small_client, code="S-1")
        measure_client(store, "S-1")
    return place


def given(**more: object) -> argparse.Namespace:
    chosen = {"minutes": 0.01, "visitors": 1, "pause": 0.1, "seed": 1, "clients": 2, "photos": 2}
    return argparse.Namespace(**(chosen | more))


@pytest.mark.long
def test_a_short_load_has_no_error_and_is_told(measured: Path, tmp_path: Path) -> None:
    document = tmp_path / "reliability.md"
    document.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    options = ["--minutes", "0.1", "--visitors", "3", "--database", "sqlite", "--pause", "0.2"]
    options += ["--clients", "2", "--photos", "2", "--demo", str(measured)]
    assert apart(lambda: load.main([*options, "--document", str(document)])) == 0
    text = document.read_text(encoding="utf-8")
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text
    assert "| errors | 0 |" in text
    assert "| Home |" in text


def test_what_goes_wrong_is_counted(
    measured: Path, tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "served" / "app.py"
    page.parent.mkdir()
    whole = (root / "app.py").read_text(encoding="utf-8")
    page.write_text(whole.replace("\ndef main", f"{FAILING_PAGE}\ndef main", 1), encoding="utf-8")
    monkeypatch.setattr("tracker.cli.serving.beside_package", lambda _name: page)
    monkeypatch.setenv("PYTHONPATH", str(root))
    monkeypatch.setitem(load.PAGES, "Nowhere", ("nowhere", "Search"))
    monkeypatch.setitem(load.PAGES, "Settings", ("settings", "words that are not there"))

    async def every_page_once(
        address: str,
        clients: load.Clients,
        _store: str,
        _vault: str | None,
        done: load.Run,
        _: object,
    ) -> None:
        async with visit(address) as session:
            for name in load.PAGES:
                await load.open_page(session, name, "S-1", clients, Never(), done)
            await load.open_page(session, "Client", "S-1", clients, Always(), done)
        done.notes.add("acknowledged, and lost since")

    monkeypatch.setattr(load, "visitors", every_page_once)
    with load.filled_store("sqlite", measured, 2, 2) as (store, vault):
        done = apart(lambda: load.run("SQLite", store, vault, given()))
    (raised,) = [words for words in done.faults if words.startswith("Learn: RuntimeError")]
    assert "on purpose" in raised
    assert done.faults == Counter(
        {
            raised: 1,
            "Nowhere: the server knows no such page": 1,
            "Settings: 'words that are not there' is not on the page": 1,
            "a note that was kept is not there": 1,
            "traceback in the server's log": 1,
        }
    )
    assert done.n_pages == len(load.PAGES) + 1
    assert len(done.seconds[load.NOTE]) == 1
    assert done.memory_mb[0] > 10


class Never(random.Random):
    """Chance that never lets a note be written."""

    def random(self) -> float:
        return 1.0


class Always(random.Random):
    """Chance that always does."""

    def random(self) -> float:
        return 0.0


def test_a_lost_line_is_counted() -> None:
    done = load.Run("none")
    clients = load.Clients({"S-1": ""}, ["S-1"], [])

    async def try_until_it_is_told() -> None:
        stop = asyncio.Event()
        nobody = f"http://{load.HERE}:{load._port(load.HERE, 0)}"
        trying = asyncio.create_task(
            load.visitor(nobody, clients, random.Random(1), 0.1, 0.0, done, stop)
        )
        while not done.faults:
            await asyncio.sleep(0.01)
        stop.set()
        await trying

    run_apart(try_until_it_is_told)
    (words,) = done.faults
    assert words.startswith("line lost, no page yet: ConnectionRefusedError")


@pytest.mark.parametrize("at_end", [1.0, 1.1, 0.9])
def test_growth_is_that_of_the_second_half_without_its_peaks(at_end: float) -> None:
    first = [100.0 + second for second in range(300)]
    second = [400.0 * (1 + (at_end - 1) * k / 299) for k in range(300)]
    for peak in range(0, 300, 10):
        second[peak] += 200
    assert growth([*first, *second]) == pytest.approx(at_end - 1, abs=0.002)
