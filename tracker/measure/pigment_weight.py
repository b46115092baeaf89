"""Which of the measured places hold pigment: hair told from dots by what the series shows.

Three things speak, as log-odds that add up:

- *look*: what the place shows in all photos (`series_look`), or in the baseline alone (`crowd_look`);
- *amount*: a dot of pigment holds more than a shaved hair root, or the other way round; how
  much either holds is learnt from the series itself;
- *course*: over the series pigment fades, all of it much alike, while hair stays, longer or
  shorter by the last shave but again all of it much alike. The places' ratios of later to
  baseline pigment form two populations, one coordinate per photo.

How likely pigment is beforehand is learnt from the neighbours: hair grows in areas, and outside
the treated area there is nothing else. Where nothing fades the course is silent and look, amount
and neighbours decide alone: the interval carries that doubt.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from tracker.measure.courses import (
    Courses,
    CourseSettings,
    learnt_populations,
    log_densities,
    mean_left,
    unknown_populations,
)
from tracker.measure.log_odds import chance as as_chance
from tracker.measure.log_odds import held, logit, told_by_two_kinds
from tracker.measure.off_course import OffCourseSettings, dots_off_course
from tracker.measure.results import FloatColumn
from tracker.measure.second_places import (
    SecondSettings,
    doubtful_seconds,
    expected_beside,
)
from tracker.measure.threads import map_threads

LookAgain = Callable[[NDArray[np.bool_]], FloatColumn]


@dataclass(frozen=True)
class WeightSettings:
    """The two populations."""

    course: CourseSettings = CourseSettings()
    second: SecondSettings = SecondSettings()
    off_course: OffCourseSettings | None = OffCourseSettings()
    """None looks for no dots off the common course."""
    follows: float = 0.9
    """Chance from which on a place is a dot that fades as the others do, when others are judged by it."""
    darkest: float = 1.4
    """Mean ratio of later to baseline pigment beyond which a place is no dot that just did not fade."""
    later_look_share: float = 2.0
    """What a place that stays looks like in later photos counts beside its look at baseline, in log-odds: drawn dots
    that stay have 0.9 to 2.6 (medians of six series), hair of three real heads that the baseline shows as dots -1.0 to
    -1.6."""
    most_later_look: float = 2.0
    most_look: float = 4.0
    """The look counts up to these log-odds: a shaved root can look just like a dot."""
    series_share: float = 0.6
    """Of what all photos' pictures say, beside the course: they know the ratios too."""
    most_amount: float = 2.0
    amount_spread: tuple[float, float] = (0.3, 1.0)
    """SD of the logarithm of the amount of dots, and of hairs: at least and at most."""
    least_together: float = 0.2
    """Share of pigment among a pigment place's neighbours. A real tattoo is dense somewhere; a
    few odd ratios strewn among hair are not one."""
    most_course: float = 2.0
    """The course may speak for or against a dot by these log-odds; against its readings by all it says."""
    separation: float = 2.0
    """Populations whose means differ by less than this many sds, in the photos together, are
    not told apart; from twice this on the course has its full say."""
    shared_evidence: float = 0.25
    """Photos share what spoils a place's reading: the course's evidence is divided by their number to this power."""
    neighbours: int = 40
    """Places whose opinion makes the local share of hair."""
    rounds: int = 25
    """At most."""
    settling_rounds: int = 5
    """The amounts of dots and hairs are learnt only after these rounds."""
    settled: float = 0.001
    """Mean change of the weights by a round that ends it."""


@dataclass(frozen=True, eq=False)
class PigmentWeights:
    """What is said of each place, in [0, 1], shape (n,).

    `weight` is the chance that its readings tell of pigment alone, and so what it counts in the fade;
    `by_look` is what look, amount and neighbours say without the course: how far the two differ in
    the fade is what the doubt about hair is worth. `chance` is that of a dot, whatever its readings
    do: a dot that a hair crosses in some photos is a dot, but its readings say little of the fade.
    `on_course` is `weight` without the dots that do not fade as the others do (`off_course`); `possible` is `weight`
    with those of them that may be dots but are not believed to be.
    """

    weight: FloatColumn
    by_look: FloatColumn
    chance: FloatColumn
    on_course: FloatColumn
    possible: FloatColumn

    @property
    def off_course(self) -> NDArray[np.bool_]:
        """Dots that count and do not fade as the others do, shape (n,)."""
        found: NDArray[np.bool_] = (self.weight > 0) & (self.on_course < self.weight / 2)
        return found

    @classmethod
    def alike(cls, weight: FloatColumn) -> PigmentWeights:
        """The weights where nothing but one number per place is known."""
        return cls(weight, weight, weight, weight, weight)


@dataclass(frozen=True, eq=False)
class _Mixture:
    weight: FloatColumn
    score: float
    say: float


@dataclass(frozen=True, eq=False)
class _Places:
    """What is known of the usable places before any of them is called pigment or hair."""

    look: FloatColumn
    courses: Courses
    near: NDArray[np.intp]

    @property
    def amount(self) -> FloatColumn:
        """Baseline pigment, positive."""
        return self.courses.amount

    def local_share(self, weight: FloatColumn, told: FloatColumn) -> FloatColumn:
        """Share of pigment around each place."""
        pigment = (weight * told)[self.near].sum(axis=1)
        return held(pigment / np.maximum(told[self.near].sum(axis=1), 1))


def pigment_weights(
    baseline: FloatColumn,
    baseline_sd: float,
    later: Sequence[FloatColumn],
    later_sd: Sequence[float],
    look: FloatColumn,
    xy_px: FloatColumn,
    settings: WeightSettings = WeightSettings(),
    *,
    fwhm_px: float = 0.0,
    no_dot: NDArray[np.bool_] | None = None,
    series_look: FloatColumn | None = None,
    look_again: LookAgain | None = None,
    workers: int = 1,
) -> PigmentWeights:
    """Chance in [0, 1] that each place holds pigment.

    Parameters
    ----------
    baseline : ndarray of shape (n,)
        Pigment at baseline; NaN where not seen.
    baseline_sd : float
        Its noise for one place.
    later, later_sd : sequences of ndarray of shape (n,) and of float
        The same in the later photos.
    look : ndarray of shape (n,)
        Log-odds of a dot by its shape in the baseline, at even prior odds.
    xy_px : ndarray of shape (n, 2)
        The places.
    fwhm_px : float
        Width of a dot: beside a surer place not much farther away, only what a place itself shows makes it a dot.
        Fewer than 50 places that can be read are left as they are.
    no_dot : ndarray of shape (n,) of bool, optional
        Places that a person said are no dots: they speak against no place beside them.
    series_look : ndarray of shape (n,), optional
        Log-odds of a dot by what all photos show, amounts and ratios known, at even prior odds.
    look_again : callable, optional
        Mean log-odds of a dot by what the later photos show, each by itself, of the chosen places: (n,) of bool to
        (chosen,). Asked where dots seem to stay while the others fade.
    workers : int
        The populations are learnt from two starts side by side; the result does not depend on it.
    """
    unclipped = look
    baseline_look = np.clip(look, -settings.most_look, settings.most_look)
    own = look if series_look is None else settings.series_share * series_look
    look = np.clip(own, -settings.most_look, settings.most_look)
    # A place that reads no pigment at baseline is no dot, whatever the noise there looks like.
    result = 0.5 / (1 + np.exp(-look))
    usable = np.isfinite(baseline) & (baseline > 2 * baseline_sd)
    if usable.sum() < 50:
        return PigmentWeights.alike(result)
    before = baseline[usable]
    ratios = np.stack(later)[:, usable] / before if later else np.zeros((0, len(before)))
    noise = np.hypot(
        np.array(later_sd, float)[:, None], baseline_sd * np.clip(np.nan_to_num(ratios), 0, 1.5)
    )
    # A photo that shares no place with the baseline says nothing; it must not read as all gone.
    shares = np.isfinite(ratios).any(axis=1)
    ratios, noise = ratios[shares], (noise / before)[shares]
    unread = ~np.isfinite(baseline)
    tree = cKDTree(xy_px[usable])
    near, beside_unread = (
        np.asarray(tree.query(places, k=min(settings.neighbours, len(before)))[1])
        for places in (xy_px[usable], xy_px[unread])
    )
    seen = np.isfinite(ratios)
    courses = Courses(np.nan_to_num(ratios), noise, seen, before)
    places = _Places(look[usable], courses, near)

    def everywhere(weight: FloatColumn) -> FloatColumn:
        """Chance of all places from that of the usable ones."""
        whole = result.copy()
        whole[usable] = weight
        whole[unread] = _of_unread(baseline_look[unread], weight[beside_unread])
        return whole

    # The pictures of all photos know the amounts: these would count twice.
    by_look = (
        _settle(places, settings)
        if series_look is None
        else _settle(replace(places, look=series_look[usable]), settings, use_amount=False)
    )
    without_course = everywhere(by_look)
    if not shares.any():
        alone = _by_itself_beside_surer(
            without_course, unclipped, xy_px, fwhm_px, settings, no_dot=no_dot
        )
        return replace(PigmentWeights.alike(without_course), chance=alone)
    count = seen.sum(axis=0)
    mean = np.where(count > 0, courses.ratios.sum(axis=0) / np.maximum(count, 1), 1.0)
    # Two starts, by look and by what fades most; the likelier end counts.
    starts = [by_look, np.where(mean <= np.quantile(mean, 0.15), 0.9, 0.1)]
    ends = map_threads(lambda start: _mix(places, start, settings), starts, workers)
    # An end in which "hair" clears and "pigment" stays has the two confused (say 0).
    best = max(ends, key=lambda end: (end.say > 0, end.score))
    settled = best.say * best.weight + (1 - best.say) * by_look
    if series_look is not None:
        # Hair that was shorn or combed away clears as ink does: the course may take a place that the
        # pictures show as a dot from the count, but not add one that they show as hair.
        settled = np.minimum(settled, by_look)
    course = np.clip(logit(best.weight), -settings.most_course, settings.most_course)
    chance = as_chance(logit(by_look) + best.say * course)
    odd, possible = np.zeros(len(look)), np.zeros(len(look))
    odd[usable], possible[usable] = _off_course(
        places, settled, unclipped[usable], xy_px[usable], usable, look_again, settings
    )
    on_course = everywhere(settled)
    weight = np.maximum(on_course, odd)
    # Only places that later photos show were seen as a series; of others the neighbours say most.
    of_a_dot = weight.copy()
    of_a_dot[usable] = np.where(courses.told > 0, np.maximum(chance, odd[usable]), settled)
    # Pictures of a whole series take a dot that stays for hair.
    shown = None if series_look is None else np.where(weight > on_course, np.inf, series_look)
    of_a_dot = _by_itself_beside_surer(
        of_a_dot, unclipped, xy_px, fwhm_px, settings, no_dot=no_dot, series_look=shown
    )
    return PigmentWeights(weight, without_course, of_a_dot, on_course, np.maximum(weight, possible))


def _by_itself_beside_surer(
    chance: FloatColumn,
    look: FloatColumn,
    xy_px: FloatColumn,
    fwhm_px: float,
    settings: WeightSettings,
    *,
    no_dot: NDArray[np.bool_] | None,
    series_look: FloatColumn | None = None,
) -> FloatColumn:
    """The chances; of likely dots beside surer ones that show too little of their own, by what they show alone."""
    second = settings.second
    likely = np.flatnonzero(chance >= 0.5 if no_dot is None else (chance >= 0.5) & ~no_dot)
    reach_px = second.reach_fwhm * fwhm_px
    beside = expected_beside(xy_px[likely], reach_px, second.neighbours)
    if beside == 0:
        return chance
    least = float(np.clip(-second.rarity_share * np.log(beside), 0.0, second.most_asked))
    if series_look is None:
        least -= second.look_share
    shown = look if series_look is None else series_look
    fallen = likely[doubtful_seconds(shown[likely], xy_px[likely], reach_px, least)]
    result = chance.copy()
    result[fallen] = as_chance(shown[fallen] - least)
    return result


def _off_course(
    places: _Places,
    weight: FloatColumn,
    look: FloatColumn,
    xy_px: FloatColumn,
    usable: NDArray[np.bool_],
    look_again: LookAgain | None,
    settings: WeightSettings,
) -> tuple[FloatColumn, FloatColumn]:
    """Chances of places that do not fade as the dots do to be dots: those believed, and all that are possible."""
    courses = places.courses
    told = courses.told > 0
    follows = told & (weight > settings.follows)
    if settings.off_course is None or not follows.any():
        return np.zeros(len(weight)), np.zeros(len(weight))
    usual = mean_left(courses, weight * follows)
    count = np.maximum(courses.seen.sum(axis=0), 1)
    mean = (courses.seen * courses.ratios).sum(axis=0) / count
    slower = mean > (courses.seen * usual[:, None]).sum(axis=0) / count
    # Ink does not become twice itself; hair that is longer than at the baseline does.
    off = told & (weight < 0.5) & (mean < settings.darkest)
    stays = dots_off_course(look, follows, off & slower, xy_px, settings.off_course)
    chance, possible = stays.chance, stays.possible
    if look_again is not None and possible.any():
        # A dot that stays looks in other photos as it did, a hair that was cut or combed seldom does.
        likely = possible > 0
        where = np.zeros(len(usable), bool)
        where[usable] = likely
        later = np.clip(look_again(where), -settings.most_later_look, settings.most_later_look)
        for column in (chance, possible):
            seen = as_chance(logit(column[likely]) + settings.later_look_share * later)
            column[likely] = np.where((seen >= 0.5) & (column[likely] > 0), seen, 0.0)
    clears = dots_off_course(look, follows, off & ~slower, xy_px, settings.off_course)
    return np.maximum(chance, clears.chance), np.maximum(possible, clears.possible)


def _of_unread(look: FloatColumn, beside: FloatColumn) -> FloatColumn:
    """Chance of pigment where the baseline was not read, by its look there and by the neighbours.

    The mask that keeps hair out of the first reading takes dots along that are sharper or darker
    than most. Hardly any of them is hair where it is round and stands among dots.
    """
    return as_chance(look + logit(held(beside.mean(axis=1))))


def _settle(places: _Places, settings: WeightSettings, *, use_amount: bool = True) -> FloatColumn:
    """Chance of pigment by look, amount and neighbours, without the course."""
    everywhere = np.ones(len(places.look))
    local = np.full(len(places.look), 0.5)
    amount = np.zeros(len(places.look))
    weight = everywhere
    for k in range(settings.rounds):
        weight = as_chance(places.look + amount + logit(local))
        local = places.local_share(weight, everywhere)
        if use_amount and k >= settings.settling_rounds:
            amount = _amount_evidence(places.amount, weight, settings)
    return weight


def _amount_evidence(
    amount: FloatColumn, weight: FloatColumn, settings: WeightSettings
) -> FloatColumn:
    """Log-odds of a dot by how much it holds: two log-normal populations."""
    evidence, (dot, hair) = told_by_two_kinds(np.log(amount), weight, settings.amount_spread)
    if dot < hair:
        # Where hairs hold more than dots, a large amount may be a dot on a hair: no evidence.
        return np.zeros(len(amount))
    clipped: FloatColumn = np.clip(evidence, -settings.most_amount, settings.most_amount)
    return clipped


def _mix(places: _Places, start: FloatColumn, settings: WeightSettings) -> _Mixture:
    """Expectation-maximisation of the two populations from one start."""
    courses = places.courses
    temper = np.maximum(courses.seen.sum(axis=0), 1) ** -settings.shared_evidence
    told = courses.told
    weight = start
    amount = np.zeros(len(places.look))
    score = -np.inf
    populations = unknown_populations(len(courses.ratios), settings.course)
    for k in range(settings.rounds):
        populations = learnt_populations(courses, weight, populations, settings.course)
        as_pigment, as_hair = log_densities(courses, populations, settings.course)
        local = places.local_share(weight, told)
        if k >= settings.settling_rounds:
            amount = _amount_evidence(places.amount, weight, settings)
        beforehand = places.look + amount + logit(local)
        old = weight
        weight = as_chance(beforehand + temper * (as_pigment - as_hair))
        share = np.clip(as_chance(beforehand), 0.01, 0.99)
        top = np.maximum(as_pigment, as_hair) * temper
        mixed = share * np.exp(temper * as_pigment - top) + (1 - share) * np.exp(
            temper * as_hair - top
        )
        score = float((np.log(mixed) + top).mean())
        if k > settings.settling_rounds and np.abs(weight - old).mean() < settings.settled:
            break
    off = (populations.hair - 1) / settings.course.hair_mean_sd
    score -= 0.5 * float((off**2).sum()) / len(weight)
    together = float((weight * weight[places.near].mean(axis=1)).sum() / max(weight.sum(), 1e-9))
    real = populations.fades and together >= settings.least_together
    say = np.clip(populations.apart_sds / settings.separation - 0.5, 0, 1) if real else 0.0
    return _Mixture(weight, score, float(say))
