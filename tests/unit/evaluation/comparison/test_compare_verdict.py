"""What is a real difference by one objective, and how it is said."""

import numpy as np
import pytest

from starcast.evaluation.comparison.verdict import Contestant, Verdict, p_text
from starcast.evaluation.metrics import LISTS, STARS, bootstrap_means


def verdict(
    *figures: tuple[str, list[float]],
    lists: bool = False,
    leaky: tuple[str, ...] = (),
    baselines: tuple[str, ...] = (),
    for_lists: tuple[str, ...] = (),
    n_draws: int = 1999,
) -> Verdict:
    """Of models by name and by what each of forty users says of them, repeated."""
    by_user = np.array([np.resize(values, 40) for _, values in figures])
    return Verdict(
        objective=LISTS if lists else STARS,
        metric="NDCG@10" if lists else "RMSE",
        contestants=tuple(
            Contestant(
                name,
                float(own.mean()),
                name in leaky,
                name in baselines,
                LISTS if name in for_lists else STARS,
            )
            for (name, _), own in zip(figures, by_user, strict=True)
        ),
        tests=bootstrap_means(by_user, n_draws=n_draws),
    )


GOOD, BAD = [0.25], [0.75]
NOISE = [0.0, 1.0]  # two users who disagree
SAME = [1.02, 0.0]


def test_lower_is_better_by_stars_and_higher_by_lists() -> None:
    stars, lists = (verdict(("A", GOOD), ("B", BAD), lists=lists) for lists in (False, True))
    assert stars.ranked() == (0, 1)
    assert lists.ranked() == (1, 0)
    for one, (better, worse) in ((stars, "AB"), (lists, "BA")):
        (pair,) = one.pairs()
        assert pair.is_real
        assert (pair.gap, pair.low, pair.high) == (0.5, 0.5, 0.5)
        assert pair.verdict.startswith(f"{better} beats {worse} by 0.5000 {one.metric} (95 % 0.5")
        assert one.sentence() == (
            f"Best {one.objective.name}: {better}, really better than {worse}."
        )


def test_the_interval_of_a_gap_is_positive_where_the_better_is_better() -> None:
    for lists in (False, True):
        (pair,) = verdict(("A", [0.25, 0.5]), ("B", [0.75, 0.875]), lists=lists).pairs()
        assert 0.375 < pair.low < pair.gap < pair.high < 0.5


def test_chance_is_called_chance() -> None:
    for lists, word, other in ((False, "lowest", "lower"), (True, "highest", "higher")):
        one = verdict(("A", NOISE), ("B", SAME), lists=lists)
        (pair,) = one.pairs()
        assert not pair.is_real
        assert pair.low < 0 < pair.high
        better, worse = "BA" if lists else "AB"
        assert pair.verdict.startswith(f"no real difference between {better} and {worse} (0.0100")
        assert one.sentence() == (
            f"Best {one.objective.name}: no clear winner. {better} has the {word} {one.metric}, "
            f"but not really {other} than {worse}."
        )


def test_the_order_given_changes_no_verdict() -> None:
    forward = verdict(("A", [0.25, 0.5]), ("B", BAD))
    backward = verdict(("B", BAD), ("A", [0.25, 0.5]))
    assert backward.ranked() == (1, 0)
    assert forward.pairs()[0].verdict == backward.pairs()[0].verdict
    assert forward.sentence() == backward.sentence()


def test_ties_and_losses_are_told_apart() -> None:
    one = verdict(("Worst", [8.0]), ("Twin", SAME), ("Best", NOISE))
    assert one.ranked() == (2, 1, 0)
    assert len(one.pairs()) == 3
    assert one.sentence() == "Best stars: Best, really better than Worst, but not than Twin."


def test_a_leaky_model_never_wins() -> None:
    one = verdict(("Leaky", GOOD), ("Honest", BAD), leaky=("Leaky",))
    assert one.ranked() == (1, 0)
    (pair,) = one.pairs()
    assert not pair.is_real
    assert pair.verdict == ("no verdict on Leaky and Honest: figures of Leaky are worthless")
    assert one.sentence() == (
        "Best stars: no verdict, as fewer than two of these models are free of leaks."
    )


def test_who_does_not_beat_the_best_baseline_is_told_so() -> None:
    one = verdict(
        ("Loser", GOOD), ("Popular", BAD), ("Winner", [0.875]), ("Means", [0.5]),
        ("Leaky", [0.125]), ("Noise", [0.25, 1.2]),
        lists=True, leaky=("Leaky",), baselines=("Popular", "Means"), n_draws=4000,
    )  # fmt: skip
    said = {one.contestants[n].name: remark for n, remark in one.against_baselines().items()}
    assert set(said) == {"Loser", "Noise"}
    assert said["Loser"] == (
        "loses to Popular", "Loser loses to Popular by 0.5000 NDCG@10"
    )  # fmt: skip
    assert said["Noise"] == (
        "no better than Popular", "Noise is no better than Popular: no real difference by NDCG@10"
    )  # fmt: skip


def test_a_slightly_better_model_has_not_beaten_the_baseline_yet() -> None:
    one = verdict(("Model", NOISE), ("Means", SAME), baselines=("Means",))
    assert one.ranked() == (0, 1)
    assert one.against_baselines()[0].in_short == "no better than Means"


def test_a_real_loss_to_any_baseline_is_told_before_a_tie_with_a_better_one() -> None:
    """The best baseline is too uncertain to tell; the second is not."""
    one = verdict(
        ("Model", [0.5]), ("Wild", [0.0, 0.9]), ("Steady", [0.46]),
        baselines=("Wild", "Steady"),
    )  # fmt: skip
    assert one.ranked() == (1, 2, 0)
    assert one.against_baselines()[0].sentence == "Model loses to Steady by 0.0400 RMSE"


def test_a_tie_with_any_baseline_is_told_though_the_best_is_beaten() -> None:
    one = verdict(
        ("Model", [0.4]), ("Steady", [0.46]), ("Wild", [0.0, 1.0]),
        baselines=("Wild", "Steady"),
    )  # fmt: skip
    assert one.against_baselines()[0].in_short == "no better than Wild"


def test_of_equal_baselines_the_one_for_this_objective_is_named() -> None:
    for lists, name in ((False, "Means"), (True, "Popular")):
        one = verdict(
            ("Popular", NOISE), ("Model", NOISE), ("Means", NOISE),
            lists=lists, baselines=("Popular", "Means"), for_lists=("Popular",),
        )  # fmt: skip
        assert one.against_baselines()[1].in_short == f"no better than {name}"


def test_without_baselines_there_is_nothing_to_say() -> None:
    assert verdict(("A", GOOD), ("B", BAD)).against_baselines() == {}


def test_a_baseline_that_wins_is_called_one() -> None:
    one = verdict(("Means", GOOD), ("Model", BAD), baselines=("Means",))
    assert one.sentence() == "Best stars: Means, a baseline, really better than Model."


def test_the_floor_of_the_draws_is_printed_as_a_floor() -> None:
    (pair,) = verdict(("A", GOOD), ("B", BAD), n_draws=199).pairs()
    assert pair.p_value == pytest.approx(2 / 200)
    assert pair.verdict.endswith("p ≤ 0.010)")
    three = verdict(("A", GOOD), ("B", BAD), ("C", [0.0, 0.6]), n_draws=199)
    floor = 3 * 2 / 200
    for pair in three.pairs():
        sign = "≤" if pair.p_value == pytest.approx(floor) else "="
        assert f"p {sign} {pair.p_value:.3f}" in pair.verdict
    assert sum("≤" in pair.verdict for pair in three.pairs()) == 2


def test_p_values_as_people_write_them() -> None:
    assert p_text(0.05) == "p = 0.050"
    assert p_text(0.0123, floor=0.01) == "p = 0.012"
    assert p_text(0.0102, floor=0.0102) == "p ≤ 0.011"  # rounded up: it is a bound
    assert p_text(0.0005, floor=0.0005) == "p < 0.001"
    assert p_text(1, floor=1) == "p = 1.000"


def test_a_list_model_that_predicts_as_a_baseline_is_not_blamed_for_it() -> None:
    one = verdict(
        ("Lists", NOISE), ("Stars", NOISE), ("Means", NOISE),
        baselines=("Means",), for_lists=("Lists",),
    )  # fmt: skip
    said = {one.contestants[n].name: remark for n, remark in one.against_baselines().items()}
    assert said["Lists"] == ("as Means, made for lists", "Lists predicts as Means, made for lists")
    assert said["Stars"].in_short == "no better than Means"
