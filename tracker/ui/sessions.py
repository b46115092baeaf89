"""Who is signed in on this server. Pure: no page, no Streamlit; one for the whole process."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

COOKIE = "smp_tracker_session"
COOKIE_PATH = "session-cookie"
"""Where a page hands in its ticket, beside the pages themselves."""
SESSION_SECONDS = 12 * 3600
TICKET_SECONDS = 60.0
FREE_TRIES = 5
WAIT_SECONDS = 30.0
"""After `FREE_TRIES` wrong passwords a name waits this long, and twice as long each time after."""
MOST_NAMES = 10_000


@dataclass(frozen=True)
class Moment:
    """A time by the wall's clock and by the one that nobody sets, both in seconds.

    The first goes on while a computer sleeps, the second when somebody sets the clock back.
    """

    wall: float
    running: float

    def after(self, seconds: float) -> Moment:
        return Moment(self.wall + seconds, self.running + seconds)

    def seconds_until(self, later: Moment) -> float:
        """The shorter of both spans; 0 where either has passed."""
        return max(0.0, min(later.wall - self.wall, later.running - self.running))


NEVER = Moment(0.0, 0.0)


class SignedIn:
    """Who is signed in on this server, by token; and who guessed wrongly how often."""

    def __init__(
        self,
        clock: Callable[[], float] = time.time,
        running: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._running = running
        self._lock = threading.Lock()
        self._tokens: dict[str, tuple[str, Moment]] = {}
        self._wrong: dict[str, tuple[int, Moment]] = {}
        self._tickets: dict[str, tuple[str, Moment]] = {}

    def begin(self, name: str) -> str:
        """A token for someone who has just signed in."""
        token = secrets.token_urlsafe(32)
        now = self._now()
        with self._lock:
            self._tokens = {
                k: kept for k, kept in self._tokens.items() if now.seconds_until(kept[1])
            }
            self._tokens[_digest(token)] = (name, now.after(SESSION_SECONDS))
            self._wrong.pop(name, None)
        return token

    def name_of(self, token: str) -> str | None:
        with self._lock:
            name, until = self._tokens.get(_digest(token), ("", NEVER))
        return name if self._now().seconds_until(until) else None

    def end(self, token: str) -> None:
        with self._lock:
            self._tokens.pop(_digest(token), None)

    def ticket(self, token: str) -> str:
        """What a page may hand in, once, for the cookie with this token; for none: to lose it."""
        ticket = secrets.token_urlsafe(32)
        now = self._now()
        with self._lock:
            self._tickets = {
                k: kept for k, kept in self._tickets.items() if now.seconds_until(kept[1])
            }
            self._tickets[_digest(ticket)] = (token, now.after(TICKET_SECONDS))
        return ticket

    def redeem(self, ticket: str) -> str | None:
        """The token that a ticket stands for; None where it is unknown, used or too old."""
        with self._lock:
            token, until = self._tickets.pop(_digest(ticket), (None, NEVER))
        return token if self._now().seconds_until(until) else None

    def failed(self, name: str) -> None:
        """Note a wrong password."""
        with self._lock:
            n = self._wrong.get(name, (0, NEVER))[0] + 1
            wait = WAIT_SECONDS * 2 ** min(n - FREE_TRIES, 6) if n >= FREE_TRIES else 0.0
            if len(self._wrong) >= MOST_NAMES:
                self._wrong.clear()
            self._wrong[name] = (n, self._now().after(wait))

    def seconds_to_wait(self, name: str) -> float:
        with self._lock:
            until = self._wrong.get(name, (0, NEVER))[1]
        return self._now().seconds_until(until)

    def _now(self) -> Moment:
        return Moment(self._clock(), self._running())


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@cache
def signed_in() -> SignedIn:
    """The sign-ins of this process, for its pages and for the route that sets the cookie."""
    return SignedIn()
