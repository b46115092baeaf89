"""What the sessions cost so far and what the rest may cost, in one currency or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tracker.progress.facts import CaseFacts
from tracker.progress.published import PRICE_PER_SESSION
from tracker.series import Session


@dataclass(frozen=True)
class Prices:
    """Price of one session, low to high, in one currency.

    `paid` is what was noted in that currency so far; `agreed` the price of the whole removal
    where one was agreed. `basis` says where the prices come from; `problem` why there are none.
    """

    currency: str
    low: float
    middle: float
    high: float
    paid: float
    agreed: float | None
    basis: str
    problem: str = ""

    @property
    def known(self) -> bool:
        return not self.problem


def prices_of(sessions: Sequence[Session], facts: CaseFacts) -> Prices:
    """Prices of a client, from sessions that were paid, else from the published range."""
    noted = [s for s in sessions if s.cost is not None]
    nan = float("nan")
    currencies = sorted({s.currency.upper() for s in noted if s.currency})
    wanted = facts.currency.upper() or (currencies[0] if len(currencies) == 1 else "")
    if len(currencies) > 1 or (currencies and wanted and currencies != [wanted]):
        named = ", ".join(sorted({*currencies, *([wanted] if wanted else [])}))
        return Prices(
            "",
            nan,
            nan,
            nan,
            nan,
            None,
            "",
            f"prices are noted in more than one currency ({named}): they are not added up and no "
            "cost is forecast; note all of them in one",
        )
    costs = [float(s.cost) for s in noted if s.cost is not None and s.cost > 0]
    if costs:
        if not wanted:
            return Prices(
                "", nan, nan, nan, nan, None, "", "prices have no currency: no cost is forecast"
            )
        basis = f"the {len(costs)} sessions paid so far"
        middle = float(np.median(costs))
        return Prices(wanted, min(costs), middle, max(costs), sum(costs), facts.price, basis)
    low, high = PRICE_PER_SESSION.low, PRICE_PER_SESSION.high
    if wanted not in ("", PRICE_PER_SESSION.unit):
        return Prices(
            wanted,
            nan,
            nan,
            nan,
            0.0,
            facts.price,
            "",
            f"no session has a price yet, and the published ones are in USD, not in {wanted}",
        )
    return Prices("USD", low, (low + high) / 2, high, 0.0, facts.price, PRICE_PER_SESSION.cited)


@dataclass(frozen=True)
class Cost:
    """Cost to the finish, low to high; `sentence` says what it rests on, or why there is none."""

    currency: str
    low: float
    high: float
    sentence: str


def cost_to_finish(
    prices: Prices, sessions_low: float, sessions_high: float, factor: tuple[float, float]
) -> Cost:
    """Cost of the sessions that are left.

    Parameters
    ----------
    prices : Prices
    sessions_low, sessions_high : float
        Sessions that are left; infinite where the goal may never be reached.
    factor : (float, float)
        How much dearer the method asked about is, low to high.
    """
    nan = float("nan")
    if prices.agreed is not None and np.isfinite(prices.paid) and prices.currency:
        left = max(0.0, prices.agreed - prices.paid)
        words = (
            f"{left:.0f} {prices.currency} are left of the agreed {prices.agreed:.0f}, whatever "
            "the number of sessions"
        )
        return Cost(prices.currency, left, left, words)
    if not prices.known:
        return Cost(prices.currency, nan, nan, prices.problem)
    if not np.isfinite(sessions_low):
        return Cost(prices.currency, nan, nan, "no cost: the goal may never be reached this way")
    low = sessions_low * prices.low * factor[0]
    high = sessions_high * prices.high * factor[1] if np.isfinite(sessions_high) else nan
    amount = (
        f"{low:.0f} to {high:.0f} {prices.currency}"
        if np.isfinite(high)
        else f"{low:.0f} {prices.currency} or more, with no upper end in sight"
    )
    words = f"{amount}, by {prices.basis}"
    return Cost(prices.currency, low, high, words)
