"""How pigment answers to sessions: model, prior, and posterior.

After n sessions a zone z holds the share

    R_n = f + (1 - f) exp(-sum_i lambda_i),   lambda_i = -ln(rho_m(i)) exp(u_z + e_i)

of its baseline pigment: `f` a floor (the residual shadow that does not clear), `rho_m` the share
that one session of method m leaves, `u_z` how the zone differs, `e_i` how the session did. Healed
photos give ``1 - R`` with their own standard errors. The prior is weak and comes from published
ranges (`docs/progress.md`): it decides where nothing was measured, and says so by its width.

The posterior is sampled by tempering: draws of the prior are led to it by letting the points in
little by little, with resampling and Metropolis moves between, always with the same seed. The
points often leave two stories open (a slow answer, or a fast one that stops at a high floor);
draws around the best fit alone forget the second.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracker.progress.published import Method

FloatArray = NDArray[np.float64]

LEAST_RHO, MOST_RHO = 0.05, 0.85
"""Range of the share that one session leaves (metrics.md's weak prior)."""


@dataclass(frozen=True)
class ResponsePrior:
    """Weak prior of the response; logarithmic unless said otherwise."""

    base_logit: float = 1.15
    """Median rho 0.66: with the floor, 32 % gone after one session and 55 % after two."""
    base_sd: float = 1.0
    """95 % of clients leave between 30 and 82 % per session."""
    method_sd: float = 0.4
    """How a method may differ from what is expected of it, on the logit of rho."""
    method_shift: Mapping[Method, float] | None = None
    floor_logit: float = -3.2
    """Median floor 4 % of the pigment."""
    floor_sd: float = 1.3
    """One client in six ends with more than 13 %: published are 15 to 25 % with a shadow."""
    zone_sd: float = 0.25
    session_sd: float = 0.30
    darkening_sd: float = 0.8
    """A session whose photo came out darker adds any amount, up or down."""
    least_error: float = 0.01
    """No point is trusted to better than this."""

    def shift(self, method: Method) -> float:
        shifts = DEFAULT_SHIFTS if self.method_shift is None else self.method_shift
        return shifts.get(method, 0.0)


DEFAULT_SHIFTS: Mapping[Method, float] = {
    Method.Q_SWITCHED: 0.0,
    # 15-20 % fewer sessions is -ln(rho) larger by 1.21: rho 0.66 becomes 0.60.
    Method.COMBINATION: -0.35,
    # "Often fewer sessions" is no figure: the middle stays, the width speaks.
    Method.PICOSECOND: -0.15,
    Method.ALEXANDRITE: 0.0,
    Method.SALINE: 0.9,
    Method.SUPERFICIAL: 1.4,
    Method.UNKNOWN: 0.0,
}


DEFAULT_PRIOR = ResponsePrior()


@dataclass(frozen=True)
class HealedPoint:
    """Fade of one zone in one healed photo, after the sessions that treated that zone."""

    zone: str
    sessions: tuple[int, ...]
    """Indices of the sessions before the photo that treated the zone."""
    fade: float
    sd: float


@dataclass(frozen=True, eq=False)
class Posterior:
    """Draws of the response: equal-length first axes.

    `log_step` is ln(-ln rho) per method, `zone` and `session` what they add to it; sessions
    that darkened have their own `lambda` in `darkened` instead. `distinct_draws` counts the draws
    that are not a copy of another.
    """

    methods: tuple[Method, ...]
    session_method: tuple[int, ...]
    zones: tuple[str, ...]
    log_step: FloatArray
    floor: FloatArray
    zone: FloatArray
    session: FloatArray
    darkened: Mapping[int, FloatArray]
    prior: ResponsePrior
    distinct_draws: int
    n_points: int

    def __len__(self) -> int:
        return len(self.floor)

    def log_left(self, zone: str, sessions: Sequence[int]) -> FloatArray:
        """Sum of lambda over past sessions of a zone, shape (draws,)."""
        z = self.zones.index(zone)
        total = np.zeros(len(self))
        for i in sessions:
            if i in self.darkened:
                total = total + self.darkened[i]
            else:
                step = self.log_step[:, self.session_method[i]]
                total = total + np.exp(step + self.zone[:, z] + self.session[:, i])
        return total

    def fade_after(self, zone: str, sessions: Sequence[int]) -> FloatArray:
        """Fade of a zone after past sessions, shape (draws,)."""
        return fade_of(self.floor, self.log_left(zone, sessions))

    def future_steps(
        self, zone: str, method: Method, n_sessions: int, rng: np.random.Generator
    ) -> FloatArray:
        """Lambda of sessions to come, shape (draws, n_sessions)."""
        z = self.zones.index(zone)
        step = self._step_of(method, rng)
        luck = self.prior.session_sd * rng.standard_normal((len(self), n_sessions))
        return np.asarray(np.exp((step + self.zone[:, z])[:, None] + luck))

    def _step_of(self, method: Method, rng: np.random.Generator) -> FloatArray:
        if method in self.methods:
            own: FloatArray = self.log_step[:, self.methods.index(method)]
            return own
        # A method this client has not had: the client's own answer, moved by what is expected
        # of the method, and wider.
        known = _logit_rho(self.log_step[:, 0])
        shift = self.prior.shift(method) - self.prior.shift(self.methods[0])
        spread = self.prior.method_sd * np.sqrt(2) * rng.standard_normal(len(self))
        return _log_step(known + shift + spread)


def fade_of(floor: FloatArray, log_left: FloatArray) -> FloatArray:
    """Fade for a floor and a sum of lambda, the floor never counted as darkening."""
    return np.asarray((1 - floor) * (1 - np.exp(-log_left)))


def _log_step(logit: FloatArray) -> FloatArray:
    """ln(-ln rho) of the unbounded coordinate of rho."""
    rho = LEAST_RHO + (MOST_RHO - LEAST_RHO) / (1 + np.exp(-np.clip(logit, -30, 30)))
    return np.asarray(np.log(-np.log(rho)))


def _logit_rho(log_step: FloatArray) -> FloatArray:
    rho = np.exp(-np.exp(log_step))
    share = np.clip((rho - LEAST_RHO) / (MOST_RHO - LEAST_RHO), 1e-9, 1 - 1e-9)
    return np.asarray(np.log(share / (1 - share)))


def response_from_normal(
    prior: ResponsePrior, method: Method, normal: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Lambda of each session (draws, sessions) and floor of clients drawn from the prior.

    Parameters
    ----------
    normal : ndarray of shape (draws, 4 + sessions)
        Standard normal numbers: base, floor, method, zone, then one per session.
    """
    logit = prior.base_logit + prior.base_sd * normal[:, 0]
    logit = logit + prior.shift(method) + prior.method_sd * normal[:, 2]
    floor = 1 / (1 + np.exp(-(prior.floor_logit + prior.floor_sd * normal[:, 1])))
    step = _log_step(logit) + prior.zone_sd * normal[:, 3]
    return np.exp(step[:, None] + prior.session_sd * normal[:, 4:]), np.asarray(floor)


class _Model:
    """Residuals of data and prior in standard units, for one client's points."""

    def __init__(
        self,
        points: Sequence[HealedPoint],
        session_methods: Sequence[Method],
        zones: Sequence[str],
        darkened: Sequence[int],
        prior: ResponsePrior,
    ) -> None:
        self.prior = prior
        self.methods = tuple(dict.fromkeys(session_methods)) or (Method.UNKNOWN,)
        self.session_method = tuple(self.methods.index(m) for m in session_methods)
        self.zones = tuple(zones)
        self.darkened = tuple(darkened)
        n_sessions = len(session_methods)
        # theta, all standard normal a priori: base, methods, floor, zones, sessions
        self.n_methods, self.n_zones = len(self.methods), len(self.zones)
        self.size = 2 + self.n_methods + self.n_zones + n_sessions
        self.given = np.zeros((len(points), n_sessions))
        for k, point in enumerate(points):
            self.given[k, list(point.sessions)] = 1.0
        self.zone_of = np.array([self.zones.index(p.zone) for p in points], int)
        self.fade = np.array([p.fade for p in points])
        self.error = np.maximum([p.sd for p in points], prior.least_error)
        self.shifts = np.array([prior.shift(m) for m in self.methods])

    def parts(
        self, theta: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
        """log_step, floor, zone, session, darkening of theta (draws, size)."""
        prior, m, z = self.prior, self.n_methods, self.n_zones
        base = prior.base_logit + prior.base_sd * theta[:, :1]
        logit = base + self.shifts + prior.method_sd * theta[:, 2 : 2 + m]
        floor = 1 / (1 + np.exp(-(prior.floor_logit + prior.floor_sd * theta[:, 1])))
        zone = prior.zone_sd * theta[:, 2 + m : 2 + m + z]
        luck = theta[:, 2 + m + z :]
        return _log_step(logit), floor, zone, prior.session_sd * luck, prior.darkening_sd * luck

    def misfit(self, theta: FloatArray) -> FloatArray:
        """Data residuals in standard errors, shape (draws, points)."""
        log_step, floor, zone, session, darkening = self.parts(theta)
        # A zone multiplies every session's lambda but for those that darkened.
        step = np.exp(log_step[:, list(self.session_method)] + session)
        step[:, list(self.darkened)] = 0.0
        left = np.exp(zone)[:, self.zone_of] * (step @ self.given.T)
        dark = list(self.darkened)
        left += darkening[:, dark] @ self.given[:, dark].T
        fade = (1 - floor)[:, None] * (1 - np.exp(-left))
        return np.asarray((fade - self.fade) / self.error)

    def log_likelihood(self, theta: FloatArray) -> FloatArray:
        """Logarithm of the points' likelihood up to a constant, shape (draws,)."""
        return np.asarray(-0.5 * (self.misfit(theta) ** 2).sum(1))


DRAWS = 4000
KEPT_SHARE = 0.5
"""A step of the tempering leaves this share of the draws' weight effective."""
MOVES, LAST_MOVES = 5, 15
MOST_STAGES = 60
LEAST_MOVE, MOST_MOVE = 0.15, 0.95
"""How far a move goes, in the spread of the draws; each draw has its own length."""


def fit_response(
    points: Sequence[HealedPoint],
    session_methods: Sequence[Method],
    zones: Sequence[str],
    *,
    darkened: Sequence[int] = (),
    prior: ResponsePrior = DEFAULT_PRIOR,
    seed: int = 20_260_101,
) -> Posterior:
    """Posterior of the response from healed points; the prior itself where there are none.

    Parameters
    ----------
    points : sequence of HealedPoint
    session_methods : sequence of Method
        Method of every past session, in time order.
    zones : sequence of str
        All zones that are asked about, those without a point included.
    darkened : sequence of int
        Sessions after which the pigment came out darker: they explain themselves, and the
        others' answer is read without them.
    prior : ResponsePrior
    seed : int
        Same seed, same draws.

    Raises
    ------
    ValueError
        If a point names a session or zone that is not there, or its figures are not finite.
    """
    for point in points:
        if point.zone not in zones:
            raise ValueError(f"point.zone must be one of {', '.join(zones)}; got {point.zone!r}")
        if any(not 0 <= i < len(session_methods) for i in point.sessions):
            raise ValueError(f"point.sessions must be below {len(session_methods)}: {point}")
        if not (np.isfinite(point.fade) and np.isfinite(point.sd) and point.sd > 0):
            raise ValueError(f"a point needs a finite fade and a positive sd: {point}")
    model = _Model(points, session_methods, zones, darkened, prior)
    rng = np.random.default_rng(seed)
    theta, distinct = _sample(model, rng)
    log_step, floor, zone, session, darkening = model.parts(theta)
    return Posterior(
        methods=model.methods,
        session_method=model.session_method,
        zones=model.zones,
        log_step=log_step,
        floor=floor,
        zone=zone,
        session=session,
        darkened={i: darkening[:, i] for i in model.darkened},
        prior=prior,
        distinct_draws=distinct,
        n_points=len(points),
    )


def _sample(model: _Model, rng: np.random.Generator) -> tuple[FloatArray, int]:
    """Draws of theta from the posterior, shape (DRAWS, size), and how many are distinct.

    References
    ----------
    .. [1] P. Del Moral, A. Doucet, A. Jasra, J. R. Stat. Soc. B 68, 411-436 (2006).
    .. [2] S. L. Cotter et al., Stat. Sci. 28, 424-446 (2013), for the move.
    """
    theta = rng.standard_normal((DRAWS, model.size))
    if len(model.fade) == 0:
        return theta, DRAWS
    likelihood = model.log_likelihood(theta)
    told = 0.0
    for _ in range(MOST_STAGES):
        more = _next_share(likelihood, 1.0 - told)
        told += more
        weight = np.exp(more * (likelihood - likelihood.max()))
        # Systematic resampling: one random number, evenly spread.
        places = (np.arange(DRAWS) + rng.random()) / DRAWS
        chosen = np.searchsorted(np.cumsum(weight / weight.sum()), places).clip(0, DRAWS - 1)
        theta, likelihood = theta[chosen], likelihood[chosen]
        is_last = told >= 1.0
        for _ in range(LAST_MOVES if is_last else MOVES):
            theta, likelihood = _move(model, theta, likelihood, told, rng)
        if is_last:
            break
    theta = theta[rng.permutation(DRAWS)]
    return theta, len(np.unique(theta[:, 0]))


def _next_share(likelihood: FloatArray, most: float) -> float:
    """How much more of the data the draws bear before `KEPT_SHARE` of their weight is left."""

    def kept(share: float) -> float:
        weight = np.exp(share * (likelihood - likelihood.max()))
        return float(weight.sum() ** 2 / (weight**2).sum() / len(weight))

    if kept(most) >= KEPT_SHARE:
        return most
    low, high = 0.0, most
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if kept(middle) >= KEPT_SHARE else (low, middle)
    return high


def _move(
    model: _Model,
    theta: FloatArray,
    likelihood: FloatArray,
    told: float,
    rng: np.random.Generator,
) -> tuple[FloatArray, FloatArray]:
    """One Metropolis step of every draw; leaves prior times likelihood**told as it is.

    The proposal keeps the normal distribution that the draws have: its density cancels but for
    what the true one differs from it.
    """
    n, size = theta.shape
    middle = theta.mean(axis=0)
    root = np.linalg.cholesky(np.cov(theta.T).reshape(size, size) + 1e-9 * np.eye(size))
    standard = (theta - middle) @ np.linalg.inv(root).T
    length = rng.uniform(LEAST_MOVE, MOST_MOVE, (n, 1))
    other = np.sqrt(1 - length**2) * standard + length * rng.standard_normal((n, size))
    proposed = middle + other @ root.T
    seen = model.log_likelihood(proposed)
    before = told * likelihood - 0.5 * (theta**2).sum(1) + 0.5 * (standard**2).sum(1)
    after = told * seen - 0.5 * (proposed**2).sum(1) + 0.5 * (other**2).sum(1)
    taken = np.log(rng.random(n)) < after - before
    return np.where(taken[:, None], proposed, theta), np.where(taken, seen, likelihood)
