"""The self-check: its figures from made-up readings, its scenes, and one small run."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from tracker import self_check
from tracker.cli import main
from tracker.self_check import (
    PRESETS,
    TRUE_FADES,
    Reading,
    SelfCheck,
    check_spec,
    error_figures,
    repeatability,
    run_self_check,
)

NAN = float("nan")


def reading(true: float, fade: float, half: float = 0.05, photo: int = 2) -> Reading:
    return Reading("made up", photo, true, fade, fade - half, fade + half, 0.1)


def check_of(*readings: Reading) -> SelfCheck:
    figures = error_figures(readings)
    pairs = repeatability([(0.2, 0.25), (0.6, 0.58)])
    return SelfCheck(readings, figures, figures, pairs, 1, "1", "abc")


def test_errors_of_known_readings() -> None:
    figures = error_figures([reading(0.3, 0.32), reading(0.6, 0.5), reading(0.8, 0.8)])
    assert figures.n == 3
    assert figures.mean_absolute == pytest.approx(0.04)
    assert figures.worst == pytest.approx(0.10)
    assert figures.bias == pytest.approx(-0.08 / 3)
    assert figures.coverage == pytest.approx(2 / 3)
    assert figures.mean_width == pytest.approx(0.10)


def test_refused_photos_are_no_readings_and_fail_the_check() -> None:
    refused = Reading("made up", 2, 0.5, NAN, NAN, NAN, NAN, "too blurred")
    assert error_figures([refused]).n == 0
    check = check_of(reading(0.3, 0.3), refused)
    assert check.refused == (refused,)
    assert not check.passed
    assert check_of(reading(0.3, 0.3)).passed


@pytest.mark.parametrize(
    ("readings", "passed"),
    [
        ([reading(0.3, 0.33), reading(0.5, 0.48)], True),
        ([reading(0.3, 0.36, half=0.2), reading(0.5, 0.44, half=0.2)], False),
        ([reading(0.3, 0.33, half=0.01), reading(0.5, 0.48, half=0.01)], False),
    ],
    ids=["near and covered", "far though covered", "near but not covered"],
)
def test_what_passes(readings: list[Reading], passed: bool) -> None:
    assert check_of(*readings).passed is passed


def test_repeatability_of_known_pairs() -> None:
    same = repeatability([(0.1, 0.1), (0.5, 0.5), (0.8, 0.8), (NAN, 0.2)])
    assert same.n_pairs == 3
    assert same.icc == pytest.approx(1)
    assert same.cv == 0
    apart = repeatability([(0.1, 0.2), (0.5, 0.4), (0.8, 0.9)])
    assert apart.s_w == pytest.approx(0.1 / np.sqrt(2))
    assert apart.detectable == pytest.approx(0.196)
    assert apart.cv == pytest.approx(apart.s_w / (1 - 2.9 / 6))


def test_scenes_vary_and_are_repeatable() -> None:
    specs = [check_spec(number, 1) for number in range(len(PRESETS) * len(TRUE_FADES))]
    fades = [tuple(photo.fade for photo in spec.photos) for spec in specs]
    assert all(known[:2] == (0, 0) and known[2] == known[3] != 0 for known in fades)
    assert len({(n % len(PRESETS), known[2]) for n, known in enumerate(fades)}) == len(specs)
    assert len({spec.seed for spec in specs}) == len(specs)
    assert specs[3] == check_spec(3, 1)


def test_misuse_is_named() -> None:
    with pytest.raises(ValueError, match="n_series must be at least 1"):
        run_self_check(n_series=0)


def test_one_series_is_measured_near_its_truth() -> None:
    told: list[float] = []
    check = run_self_check(n_series=1, seed=1, progress=lambda share, text: told.append(share))
    assert not check.refused
    assert [r.photo for r in check.readings] == [1, 2, 3]
    assert [r.true_fade for r in check.readings] == pytest.approx([0, 0.35, 0.35], abs=0.02)
    assert error_figures(check.readings).mean_absolute < 0.08
    assert check.repeatability.n_pairs == 1
    assert told == sorted(told)
    assert told[-1] == 1


def test_the_command_says_what_it_found(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made: list[int] = []
    good = check_of(reading(0.0, 0.01, photo=1), reading(0.3, 0.32), reading(0.3, 0.31, photo=3))
    bad = replace(good, readings=(reading(0.3, 0.6), reading(0.3, 0.31)))

    def instead(*, n_series: int, seed: int, progress: object) -> SelfCheck:
        made.append(n_series)
        return good if seed == 1 else bad

    from tracker.cli import checking

    monkeypatch.setattr(checking, "run_self_check", instead)
    assert main(["self-check"]) == 0
    said = capsys.readouterr().out
    for words in ("ICC(2,1)", "Bland-Altman limits", "intervals hold truth", "Self-check passed"):
        assert words in said
    assert main(["self-check", "--quick", "--seed", "2", "--json"]) == 1
    content = json.loads(capsys.readouterr().out)
    assert content["passed"] is False
    assert content["readings"][0]["true_fade"] == 0.3
    assert main(["self-check", "--seeds", "9"]) == 0
    assert made == [self_check.SERIES, self_check.QUICK_SERIES, 9]
