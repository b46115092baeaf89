"""overview.html: every client of a batch at a glance. No script, nothing loaded from elsewhere.

The pictures are those in the clients' folders beside it; a batch of many clients has more pages.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tracker.batch.contact import CONTACT_FILE
from tracker.batch.kept import ClientRecord

if TYPE_CHECKING:
    from tracker.batch.outputs import BatchTotals

CLIENTS_PER_PAGE = 300
MOST_FAILURES_SHOWN = 200
"""The rest is in failures.csv."""


@dataclass(frozen=True)
class ClientCard:
    """What the overview shows of a client."""

    client: str
    folder: str
    """Address of its results from the overview; empty where there are none."""
    has_picture: bool
    photos: int
    measured: int
    views: tuple[dict[str, Any], ...]
    failure: str

    @staticmethod
    def of(record: ClientRecord) -> ClientCard:
        whole = [f"{f.reason}; {f.remedy}" for f in record.failures if not f.photo]
        views = tuple(record.summary["views"])
        return ClientCard(
            record.client,
            quote(record.client) if record.published else "",
            bool(record.published and views),
            record.summary["photos"],
            record.summary["measured"],
            views,
            whole[0] if whole else "",
        )


class OverviewWriter:
    """Gathers cards; a page is written once the end is known. Cards wait in a file, not in memory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._cards = (folder / "cards.jsonl").open("w", encoding="utf-8")
        self._n = 0

    def add(self, card: ClientCard) -> None:
        self._cards.write(json.dumps(card.__dict__) + "\n")
        self._n += 1

    def finish(self, totals: BatchTotals) -> list[str]:
        """Write the pages; gives their names, the first one `overview.html`."""
        self._cards.close()
        n_pages = max(1, -(-self._n // CLIENTS_PER_PAGE))
        names = [page_name(number) for number in range(n_pages)]
        cards: list[ClientCard] = []
        number = 0
        with (self._folder / "cards.jsonl").open(encoding="utf-8") as file:
            for line in file:
                cards.append(_card(json.loads(line)))
                if len(cards) == CLIENTS_PER_PAGE:
                    self._page(names, number, cards, totals)
                    cards, number = [], number + 1
        if cards or number == 0:
            self._page(names, number, cards, totals)
        return names

    def _page(
        self, names: Sequence[str], number: int, cards: Sequence[ClientCard], totals: BatchTotals
    ) -> None:
        text = (
            _environment()
            .get_template("overview.html.j2")
            .render(
                cards=cards,
                totals=totals,
                pages=names,
                number=number,
                contact=CONTACT_FILE,
                shown_failures=totals.failures[:MOST_FAILURES_SHOWN],
            )
        )
        with (self._folder / names[number]).open("w", encoding="utf-8", newline="") as file:
            file.write(text)


def page_name(number: int) -> str:
    return "overview.html" if number == 0 else f"overview-{number + 1}.html"


def _card(content: dict[str, Any]) -> ClientCard:
    return ClientCard(**{**content, "views": tuple(content["views"])})


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"percent": _percent, "place": _place}
    return environment


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.0f} %"


def _place(share: float) -> str:
    """Where a share stands on a bar that shows 0 to 100 %."""
    return f"{100 * min(1.0, max(0.0, share)):.1f}%"
