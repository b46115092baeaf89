"""Calibration of the response curve: do its bands hold simulated clients as often as they say?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tracker.progress.published import Method
from tracker.progress.response import (
    DEFAULT_PRIOR,
    HealedPoint,
    fade_of,
    fit_response,
    response_from_normal,
)


def simulated_client(rng: np.random.Generator, kind: str, n_sessions: int) -> np.ndarray:
    """True fades after each session: drawn from the prior, or from published ranges."""
    if kind == "prior":
        lam, floor = response_from_normal(
            DEFAULT_PRIOR, Method.Q_SWITCHED, rng.standard_normal((1, 4 + n_sessions))
        )
        return np.asarray(fade_of(floor[:, None], np.cumsum(lam, axis=1))[0])
    # 20-40 % after the first session; one in five keeps a shadow of 8 to 25 %.
    first = rng.uniform(0.20, 0.40)
    left = rng.uniform(0.08, 0.25) if rng.random() < 0.2 else rng.uniform(0.0, 0.04)
    step = -math.log(1 - first / (1 - left)) * rng.uniform(0.75, 1.25, n_sessions)
    return np.asarray((1 - left) * (1 - np.exp(-np.cumsum(step))))


def calibration(n_clients: int, n_points: Sequence[int] = (0, 1, 2, 3, 5)) -> list[dict[str, Any]]:
    """How often the 80 and 95 % bands hold the truth one and three sessions ahead."""
    rows = []
    # What the prior itself draws must hold exactly: there the count matters.
    most = {"prior": n_clients, "published": max(1, n_clients // 4)}
    for kind, n_clients in most.items():
        for n in n_points:
            held = {(level, ahead): 0 for level in (80, 95) for ahead in (1, 3)}
            width = 0.0
            for k in range(n_clients):
                rng = np.random.default_rng([7, k, n, kind == "prior"])
                truth = simulated_client(rng, kind, n + 3)
                points = [
                    HealedPoint("all", tuple(range(i + 1)), truth[i] + 0.03 * rng.normal(), 0.03)
                    for i in range(n)
                ]
                fit = fit_response(points, [Method.Q_SWITCHED] * n, ["all"], seed=k)
                steps = fit.future_steps("all", Method.Q_SWITCHED, 3, np.random.default_rng(k))
                log_left = fit.log_left("all", range(n))[:, None] + np.cumsum(steps, axis=1)
                fade = fade_of(fit.floor[:, None], log_left)
                for level, ahead in held:
                    low, high = np.quantile(
                        fade[:, ahead - 1], [0.5 - level / 200, 0.5 + level / 200]
                    )
                    held[level, ahead] += bool(low <= truth[n + ahead - 1] <= high)
                low, high = np.quantile(fade[:, 0], [0.025, 0.975])
                width += float(high - low) / n_clients
            rows.append(
                {
                    "clients": kind,
                    "healed": n,
                    "n": n_clients,
                    "width": width,
                    **{f"{lv}_{ah}": v / n_clients for (lv, ah), v in held.items()},
                }
            )
    return rows


def calibration_table(rows: Sequence[dict[str, Any]]) -> str:
    """How often the bands hold the truth."""
    lines = [
        (
            "| simulated clients | healed points | clients | 80 % band, next | 3 ahead "
            "| 95 % band, next | 3 ahead | width of the 95 % band |"
        ),
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    lines += [
        f"| {r['clients']} | {r['healed']} | {r['n']} | {r['80_1']:.0%} | {r['80_3']:.0%} "
        f"| {r['95_1']:.0%} | {r['95_3']:.0%} | {100 * r['width']:.0f} points |"
        for r in rows
    ]
    return "\n".join(lines)
