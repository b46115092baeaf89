"""How quick the dashboard is: `python -m benchmarks.dashboard` prints a table, a row per question.

A store of 200 clients with 20 photos, 8 sessions and a measured view each is filled with made-up
records. The dashboard is served on it as `smp-tracker app` serves it. One person's real browser
(chromium) opens Home and goes from page to page, each time from the click until the page's own words
stand there; meanwhile 24 others are at work over the same protocol that browsers speak, each
opening another page every few seconds. `--document docs/dashboard.md` puts the table between the
marks there.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import platform
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.filled_store import client_code, fill
from benchmarks.visitors import visit
from tracker.cli.serving import HERE, _port, _server, _visit_once, _wait_until_healthy
from tracker.storage.opening import open_store

BEGIN, END = "<!-- speed: begin -->", "<!-- speed: end -->"
WORDS = {
    "Home": "Search",
    "Client": "Timeline",
    "Settings": "People",
    "Learn": "Questions people ask",
}
LIMITS_S = {"first paint": 2.0, "page switch": 0.5}


@dataclass
class Row:
    question: str
    seconds: list[float] = field(default_factory=list)

    @property
    def limit_s(self) -> float:
        return next(limit for name, limit in LIMITS_S.items() if self.question.startswith(name))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--photos", type=int, default=20)
    parser.add_argument("--visitors", type=int, default=25, help="the real browser included")
    parser.add_argument(
        "--pause", type=float, default=5.0, help="seconds a visitor looks at a page"
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--document", type=Path, help="put the table between the marks there")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        place = Path(name) / "records"
        with open_store(str(place), create=True) as store:
            fill(store, given.clients, given.photos)
        port = _port(HERE, 0)
        settings: dict[str, str | None] = {
            "SMP_TRACKER_RECORDS": str(place),
            "SMP_TRACKER_SIGN_IN": "off",
        }
        with _server(HERE, port, settings) as server:
            _wait_until_healthy(server, f"http://{HERE}:{port}")
            _visit_once(f"http://{HERE}:{port}")
            alone = measure(f"http://{HERE}:{port}", given.rounds, "alone")
            others = Others(port, given.visitors - 1, given.pause)
            with others:
                together = measure(
                    f"http://{HERE}:{port}", given.rounds, f"{given.visitors} visitors"
                )
    table = as_table([*alone, *together], given, others)
    print(table)
    if given.document:
        text = given.document.read_text(encoding="utf-8")
        before, rest = text.split(BEGIN)
        given.document.write_text(
            f"{before}{BEGIN}\n{table}\n{END}{rest.split(END)[1]}", encoding="utf-8"
        )
    rows = [*alone, *together]
    return 0 if all(statistics.median(row.seconds) < row.limit_s for row in rows) else 1


# --- one person's browser -----------------------------------------------------------------------


def measure(address: str, rounds: int, who: str) -> list[Row]:
    """First paints and page switches as one person sees them."""
    from playwright.sync_api import sync_playwright

    paint, switch = Row(f"first paint of Home, {who}"), Row(f"page switch, {who}")
    chromium = shutil.which("chromium")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium)
        for number in range(rounds + 1):
            context = browser.new_context(viewport={"width": 1280, "height": 900})
            page = context.new_page()
            started = time.perf_counter()
            page.goto(f"{address}/?client={client_code(number)}")
            page.get_by_text("Client 0", exact=True).wait_for()
            # The very first visitor of a server waits for Python to load: told apart below.
            if number:
                paint.seconds.append(time.perf_counter() - started)
            elif who == "alone":
                first = Row("first paint of Home, very first visitor of a server")
                first.seconds.append(time.perf_counter() - started)
            for title, words in WORDS.items():
                if title == "Home":
                    continue
                page.wait_for_timeout(300)
                for name, said in ((title, words), ("Home", WORDS["Home"])):
                    clicked = time.perf_counter()
                    page.get_by_test_id("stTopNavLink").get_by_text(name, exact=True).click()
                    page.get_by_text(said, exact=True).first.wait_for()
                    if number:
                        switch.seconds.append(time.perf_counter() - clicked)
                    page.wait_for_timeout(300)
            context.close()
        browser.close()
    return [first, paint, switch] if who == "alone" else [paint, switch]


# --- the others ------------------------------------------------------------------------------


class Others:
    """Visitors without a screen: each asks for page after page over a browser's own protocol."""

    def __init__(self, port: int, n_visitors: int, pause_s: float) -> None:
        self.port, self.n_visitors, self.pause_s = port, n_visitors, pause_s
        self.answers: list[float] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)

    def __enter__(self) -> Others:
        self._thread.start()
        time.sleep(self.pause_s)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(30)

    async def _run(self) -> None:
        await asyncio.gather(*(self._visitor(n) for n in range(self.n_visitors)))

    async def _visitor(self, number: int) -> None:
        await asyncio.sleep(self.pause_s * number / max(1, self.n_visitors))
        async with visit(f"http://{HERE}:{self.port}") as visitor:
            for page in itertools.cycle(("", "client", "settings", "learn")):
                if self._stop.is_set():
                    return
                answer = await visitor.ask(page, client_code(number))
                self.answers.append(answer.seconds)
                await visitor.look(self.pause_s)


def as_table(rows: Sequence[Row], given: argparse.Namespace, others: Others) -> str:
    lines = [
        "| question | times | median | worst | asked for |",
        "|---|--:|--:|--:|--:|",
    ]
    lines += [
        f"| {row.question} | {len(row.seconds)} | {statistics.median(row.seconds):.2f} s "
        f"| {max(row.seconds):.2f} s | under {row.limit_s:g} s |"
        for row in rows
    ]
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    middle = statistics.median(others.answers) if others.answers else float("nan")
    lines += [
        "",
        (
            f"{given.clients} clients, {given.clients * given.photos} photos. The {others.n_visitors} "
            f"others opened a page every {given.pause:g} s: {len(others.answers)} pages, answered in "
            f"{middle:.2f} s (median), {max(others.answers, default=float('nan')):.2f} s (worst)."
        ),
        "",
        (
            f"{os.cpu_count()} processors shared by server, browser and visitors, Python "
            f"{platform.python_version()}{load}."
        ),
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())
