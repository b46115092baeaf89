"""Dots that do not fade as the others do: a part that was not treated, or that does not respond.

Hair is told from pigment by its course, so a dot that stays where the others fade would be taken for hair. Which of
the places off the common course are dots is asked of their *look* in the baseline photo, which knows of no course. One
place alone cannot answer, all of them can. Let rho(look) be how many places off the course there are for each
that follows it. Dots off the course look as those do that follow: among them rho has one value, alpha, whatever the
look. Hair looks as hair does: by the meaning of log-odds it grows rarer by e^-tau per unit of look, tau about 1. So

    rho(look) = alpha + beta e^(-tau look)

is fitted to the counts (a place of a given look is off the course with chance rho / (1 + rho); binomial maximum
likelihood), and a place off the course is a dot with chance alpha / rho. Where hair alone (alpha = 0) explains the
counts nearly as well, or dots would explain few of them, there are no such dots. Where they are so many that hardly
a dot about them follows, hair is seen pure elsewhere, among the dots that do follow, and its looks are counted there
as well as supposed: only where both ways see dots are they believed, where one alone does they are possible. What is
not treated is an area of its own: neighbours have the last word.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from tracker.measure.log_odds import chance as as_chance
from tracker.measure.log_odds import held, logit
from tracker.measure.luminance import BoolArray
from tracker.measure.results import FloatColumn

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class OffCourseSettings:
    """When places off the common course are believed to be dots."""

    least_evidence: float = 5.0
    """By how much dots must explain the counts better than hair alone, in log-likelihood, times the share of the
    places that they explain: hair that looks tell from dots badly (real shaved heads) falls off slower than the
    formula has it, and a few dots mend that. It reaches 3.4 in 57 series in which all dots fade alike (24 of the own
    renderer, 22 of the second, 11 painted on real heads), 7.9 in one of them, of whose dots one in a hundred was
    drawn darker, and 22 on a painted head since (P03 of the trial photos, seed 56). In 25 series of which a tenth to
    six sevenths were drawn to stay it is 7.1 to 390, in others less (docs/STATUS.md)."""
    least_of_both: tuple[float, float] = (3.0, 19.0)
    """The same where hair's looks are counted as well, by the formula and by the count. Of 38 series that have hair by
    itself and whose dots all fade alike none reaches both (the count's 12 at most but for a dark scalp saved as poor
    JPEGs, 20 and 29, where the formula's is 0.3); of 46 of which a part by itself was drawn to stay 40 do, the least
    with 3.9 and 111 or 6.3 and 69."""
    most_tilt: float = 0.1
    """Hair by itself may be clearer or vaguer than hair among dots: by so much its frequency may grow or fall per unit
    of look against what was counted."""
    low_shares: tuple[float, ...] = (0.02, 0.05, 0.1)
    """Limits of further classes where hair's looks are counted."""
    least_explained: float = 0.6
    """Share of the places among dots that follow which dots must explain as well. Dots that do not respond, strewn
    among the others, explain 0.7 and more (5 series); stubble of a real head that looks like dots 0.4 and less, though
    with an evidence of up to 11 (painted heads of seeds 36, 37, 45 and 56)."""
    shares: tuple[float, ...] = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.78, 0.85, 0.91, 0.96, 1.0)
    """Limits of the classes of look, in shares of the dots that follow the course; lower looks are mostly hair's."""
    decay: tuple[float, float] = (0.6, 3.0)
    """Of hair's frequency per unit of look, at least and at most, when it is asked whether hair explains all."""
    usual_decay: float = 1.0
    """At least so much where it does not."""
    most: float = 20.0
    """Dots off the course for each that follows, at most."""
    least_followers: int = 100
    """Fewer dots that follow do not show how dots look."""
    least_hairs: int = 50
    """Fewer places off the course among the dots that follow do not show how hair looks."""
    neighbours: int = 40
    """Places that have a say about one of them."""
    rounds: int = 12
    """In which neighbours come to agree."""


@dataclass(frozen=True, eq=False)
class OffCourse:
    """Chances in [0, 1] of the places off the course to be dots, shape (n,); 0 for all others.

    `chance` is what is believed. `possible` is more where dots explain the looks better than hair does, but not
    surely enough: what these would change in the fade is in doubt.
    """

    chance: FloatColumn
    possible: FloatColumn


@dataclass(frozen=True, eq=False)
class Explained:
    """Chances of some places to be dots, by how much dots explain them better than hair, and how many they explain."""

    chance: FloatColumn
    evidence: float
    share: float

    @classmethod
    def by_hair(cls, n: int) -> Explained:
        """Hair alone explains them."""
        return cls(np.zeros(n), 0.0, 0.0)


def dots_off_course(
    look: FloatColumn,
    follows: BoolArray,
    off: BoolArray,
    xy_px: FloatColumn,
    settings: OffCourseSettings = OffCourseSettings(),
) -> OffCourse:
    """Which of the places off the course are dots.

    Parameters
    ----------
    look : ndarray of shape (n,)
        Log-odds of a dot by the baseline alone, at even prior odds.
    follows : ndarray of shape (n,) of bool
        Places that surely are dots and fade as the others do.
    off : ndarray of shape (n,) of bool
        Places that hold pigment at baseline and have another course.
    xy_px : ndarray of shape (n, 2)
    """
    believed, possible = np.zeros(len(look)), np.zeros(len(look))
    if int(follows.sum()) < settings.least_followers or not off.any():
        return OffCourse(believed, possible)
    among = _among_followers(look, follows, off, xy_px, settings)
    beside, aside = off & among, off & ~among
    for part, (found, is_possible, is_believed) in (
        (beside, _amid_followers(look[follows], look[beside], settings)),
        (aside, _by_themselves(look[follows], look[aside], look[beside], settings)),
    ):
        if is_possible:
            possible[part] = _agreed(found.chance, xy_px[part], settings)
        if is_believed:
            believed[part] = possible[part]
    return OffCourse(believed, possible)


Verdict = tuple[Explained, bool, bool]
"""What was found, whether it is possible, and whether it is believed."""


def _amid_followers(
    of_followers: FloatColumn, of_others: FloatColumn, settings: OffCourseSettings
) -> Verdict:
    found = chance_by_look(of_followers, of_others, settings)
    enough = found.evidence >= settings.least_evidence and found.share >= settings.least_explained
    return found, enough, enough


def _by_themselves(
    of_followers: FloatColumn,
    of_others: FloatColumn,
    of_hair: FloatColumn,
    settings: OffCourseSettings,
) -> Verdict:
    formula = chance_by_look(of_followers, of_others, settings)
    if len(of_hair) < settings.least_hairs:
        enough = formula.evidence >= settings.least_evidence
        return formula, enough, enough
    count = chance_beside_hair(of_followers, of_others, of_hair, settings)
    passed = [
        found.evidence >= least
        for found, least in zip((formula, count), settings.least_of_both, strict=True)
    ]
    return (count if passed[1] else formula), any(passed), all(passed)


def chance_by_look(
    of_followers: FloatColumn, of_others: FloatColumn, settings: OffCourseSettings
) -> Explained:
    """Chance of each place off the course to be a dot by the formula."""
    nothing = Explained.by_hair(len(of_others))
    edges = np.quantile(of_followers, settings.shares)
    edges[-1] = np.inf
    follow, others = (np.histogram(look, edges)[0] for look in (of_followers, of_others))
    if (follow == 0).any() or not others.any():
        # Looks so much alike that classes coincide have nothing to tell.
        return nothing
    which = np.digitize(of_followers, edges) - 1
    middle = np.array([np.median(of_followers[which == k]) for k in range(len(follow))])
    dots = np.concatenate([[0.0], np.geomspace(0.004, settings.most, 36)])
    hair = np.concatenate([[0.0], np.geomspace(0.001, 300, 48)])
    decay = np.geomspace(*settings.decay, 6)
    said = _log_likelihood(dots, hair, decay, middle - middle[0], follow, others)
    likeliest = dots[np.unravel_index(int(np.argmax(said)), said.shape)[0]]
    explained = min(1.0, float(likeliest) * follow.sum() / others.sum())
    evidence = explained * float(said.max() - said[0].max())
    if evidence <= 0:
        return nothing
    decay = np.geomspace(settings.usual_decay, settings.decay[1], 6)
    for _ in range(3):
        said = _log_likelihood(dots, hair, decay, middle - middle[0], follow, others)
        best = np.unravel_index(int(np.argmax(said)), said.shape)
        alpha, beta, tau = (axis[k] for axis, k in zip((dots, hair, decay), best, strict=True))
        dots, hair, decay = (
            _finer(axis, int(k)) for axis, k in zip((dots, hair, decay), best, strict=True)
        )
    fall = np.clip(tau * (of_others - middle[0]), -50, 50)
    chance = alpha / np.maximum(alpha + beta * np.exp(-fall), 1e-12)
    chance = _no_more_than(alpha, chance, of_followers, of_others, settings)
    return Explained(chance, evidence, explained)


def _no_more_than(
    alpha: float,
    chance: FloatColumn,
    of_followers: FloatColumn,
    of_others: FloatColumn,
    settings: OffCourseSettings,
) -> FloatColumn:
    """The chances, such that no class of look holds more dots than it has for the dots that follow.

    The formula is fitted where dots are; below them there may be hair of which it knows nothing.
    """
    edges = _all_edges(of_followers, settings)
    which = np.searchsorted(edges, of_others)
    follow, others = (
        np.bincount(np.searchsorted(edges, look), minlength=len(edges) + 1)
        for look in (of_followers, of_others)
    )
    held: FloatColumn = np.minimum(chance, (alpha * follow / np.maximum(others, 1))[which])
    return held


def _all_edges(of_followers: FloatColumn, settings: OffCourseSettings) -> FloatColumn:
    """Limits of classes of look from below the least of the dots that follow to their highest looks."""
    edges = np.quantile(of_followers, [0.02, 0.05, 0.1, 0.15, *settings.shares[:-1]])
    below: FloatColumn = np.concatenate([edges[0] - np.array([3.0, 2.0, 1.0]), edges])
    return below


def _among_followers(
    look: FloatColumn,
    follows: BoolArray,
    off: BoolArray,
    xy_px: FloatColumn,
    settings: OffCourseSettings,
) -> BoolArray:
    """Places about which at least half of what looks like a dot follows the course, shape (n,)."""
    dotlike = (follows | off) & (look >= np.quantile(look[follows], 1 / 3))
    near = cKDTree(xy_px[dotlike]).query(xy_px, k=min(settings.neighbours, int(dotlike.sum())))[1]
    share = follows[dotlike][np.asarray(near).reshape(len(look), -1)].mean(axis=1)
    among: BoolArray = share >= 0.5
    return among


def _log_likelihood(
    dots: FloatColumn,
    hair: FloatColumn,
    decay: FloatColumn,
    look: FloatColumn,
    follow: Counts,
    others: Counts,
) -> FloatColumn:
    """Log-likelihood of the counts for all values of alpha, beta and tau, shape of the three."""
    rho = dots[:, None, None, None] + hair[:, None, None] * np.exp(-decay[:, None] * look)
    rho = np.maximum(rho, 1e-9)
    said: FloatColumn = (others * np.log(rho) - (others + follow) * np.log1p(rho)).sum(axis=-1)
    return said


def _finer(axis: FloatColumn, k: int) -> FloatColumn:
    """Nine steps from the neighbour below to the one above."""
    finer: FloatColumn = np.linspace(axis[max(k - 1, 0)], axis[min(k + 1, len(axis) - 1)], 9)
    return finer


def chance_beside_hair(
    of_followers: FloatColumn,
    of_others: FloatColumn,
    of_hair: FloatColumn,
    settings: OffCourseSettings,
) -> Explained:
    """Chance of each place off the course to be a dot, where hair's looks are counted.

    Hair like that which was counted, or a little clearer or vaguer, is what else may explain the looks. Places whose
    looks hardly a dot has are none and have no say.
    """
    edges = np.quantile(of_followers, [*settings.low_shares, *settings.shares[:-1]])
    which_follower, which_other, which_hair = (
        np.searchsorted(edges, look) for look in (of_followers, of_others, of_hair)
    )
    follow, others, hairs = (
        np.bincount(which, minlength=len(edges) + 1)[1:]
        for which in (which_follower, which_other, which_hair)
    )
    if (follow == 0).any() or not others.any():
        return Explained.by_hair(len(of_others))
    middle = np.array([np.median(of_followers[which_follower == k + 1]) for k in range(len(edges))])
    # A class that happens to be empty is not for ever impossible.
    dot = (follow + 0.5) / (follow + 0.5).sum()
    tilt = np.linspace(-settings.most_tilt, settings.most_tilt, 9)[:, None]
    hair = (hairs + 0.5) * np.exp(tilt * (middle - middle.mean()))
    hair /= hair.sum(axis=1, keepdims=True)
    share = np.linspace(0.0, 1.0, 201)[:, None, None]
    said = (others * np.log(share * dot + (1 - share) * hair)).sum(axis=-1)
    best = np.unravel_index(int(np.argmax(said)), said.shape)
    dots = float(share[best[0], 0, 0])
    of_class = dots * dot / (dots * dot + (1 - dots) * hair[best[1]])
    chance: FloatColumn = np.concatenate([[0.0], of_class])[which_other]
    return Explained(chance, dots * float(said[best] - said[0].max()), dots)


def _agreed(chance: FloatColumn, xy_px: FloatColumn, settings: OffCourseSettings) -> FloatColumn:
    """The chances once each place knows what its neighbours are."""
    near = cKDTree(xy_px).query(xy_px, k=min(settings.neighbours, len(xy_px)))[1]
    near = np.asarray(near).reshape(len(xy_px), -1)
    own = logit(chance) - logit(held(np.array(chance.mean())))
    agreed = chance
    for _ in range(settings.rounds):
        agreed = as_chance(own + logit(held(agreed[near].mean(axis=1))))
    return agreed
