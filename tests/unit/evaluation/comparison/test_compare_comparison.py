"""Several models on the same test rows: two verdicts, names, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest
from tiny_reports import N_ITEMS, artifact, deep_network, pair_of_reports, report, split

from starcast import models
from starcast.data.split import TEST, VALIDATION, Split
from starcast.engines.settings import AlsSettings, MiniBatchSettings, SgdSettings
from starcast.errors import ConfigError, SplitMismatchError
from starcast.evaluation.comparison import Comparison, compare
from starcast.evaluation.comparison.comparison import draws_for
from starcast.evaluation.comparison.results_table import REMARK
from starcast.evaluation.metrics import LISTS, STARS, Relevance


def opposites() -> Comparison:
    """A latent factor model with the better stars, and a deep network with the better lists."""
    shared = split()
    return compare(
        [report(artifact(shared), [0.5], [0.25]), report(deep_network(shared), [2.0], [0.5])],
        n_draws=199,
    )


def test_stars_and_lists_have_a_verdict_each() -> None:
    # every user has two rows with 0.5 or 2.0 in all: every draw gives RMSE 0.5 and 1
    compared = opposites()
    assert (compared.stars.objective, compared.lists.objective) == (STARS, LISTS)
    assert compared.stars.ranked() == (0, 1)
    assert compared.lists.ranked() == (1, 0)
    assert compared.sentences() == [
        "Best stars: Latent factor, really better than Deep network.",
        "  Latent factor beats Deep network by 0.5000 RMSE (95 % 0.5000 to 0.5000, p ≤ 0.010)",
        "Best lists: Deep network, really better than Latent factor.",
        "  Deep network beats Latent factor by 0.2500 NDCG@10 (95 % 0.2500 to 0.2500, p ≤ 0.010)",
    ]
    assert compared.stars.interval(1) == pytest.approx((1.0, 1.0))
    assert compared.lists.interval(1) == pytest.approx((0.5, 0.5))


def test_each_table_is_ranked_by_its_own_figure_and_holds_every_model() -> None:
    stars, lists = opposites().tables()
    assert stars[0].cells == ["Latent factor", "Deep network"]
    assert stars[1].name == "RMSE"
    assert stars[1].cells == ["0.5000 (0.500–0.500)", "1.0000 (1.000–1.000)"]
    assert lists[0].cells == ["Deep network", "Latent factor"]
    assert lists[1].name == "NDCG@10"
    assert lists[1].cells == ["0.5000 (0.500–0.500)", "0.2500 (0.250–0.250)"]
    assert not any(column.name == REMARK for column in [*stars, *lists])  # no baseline is there


def test_no_name_stands_for_two_protocols() -> None:
    stars, lists = opposites().tables()
    names = [column.name for column in [*stars[1:], *lists[1:]]]
    assert len(set(names)) == len(names)
    assert not {"Precision@10", "Recall@10", "F1@10"} & set(names)
    assert "Held-out Precision@10" in names
    assert "Catalogue Recall@10" in names


def test_losing_to_a_baseline_is_said_in_words_and_in_the_table(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counting = replace(models.find("deep-neural-network-model"), is_baseline=True)
    monkeypatch.setattr(models, "MODELS", {**models.MODELS, counting.name: counting})
    compared = opposites()
    assert compared.lists.against_baselines()[0].in_short == "loses to Deep network"
    assert "  Latent factor loses to Deep network by 0.2500 NDCG@10" in compared.sentences()
    assert compared.sentences()[2].startswith("Best lists: Deep network, a baseline, really")
    stars, lists = compared.tables()
    assert (lists[-1].name, lists[-1].cells) == (REMARK, ["", "loses to Deep network"])
    assert stars[-1].name != REMARK  # there, the model beats the baseline
    assert "loses to Deep network" in repr(compared)
    assert "loses to Deep network" in compared._repr_html_()


def test_of_many_pairs_those_of_the_best_are_said_unless_all_are_asked_for() -> None:
    shared = split()
    many = [
        report(artifact(shared, config=MiniBatchSettings(dimension=n)), [n / 10], [n / 10])
        for n in range(1, 8)
    ]
    compared = compare(many, n_draws=draws_for(7))
    pairs = [line for line in compared.sentences() if line.startswith("  ")]
    assert len(pairs) == 2 * 6
    assert all("(dimension 1)" in line for line in pairs[:6])
    assert all("(dimension 7)" in line for line in pairs[6:])
    assert sum(line.startswith("  ") for line in compared.sentences(all_pairs=True)) == 2 * 21


def test_who_is_served_worst_and_who_are_strangers_is_said() -> None:
    shared = split()
    parts = shared.parts.copy()
    parts[: 2 * N_ITEMS] = TEST  # the first two users
    parts[2 * N_ITEMS + 2] = VALIDATION  # the third trains with two ratings, the others with three
    few = Split(shared.ratings, parts, "by hand")
    sums, ndcg = [9.0, 9.0, 4.0, *[1.0] * 37], [0.0, 0.0, 1.0, *[0.5] * 37]
    reports = [report(artifact(few), sums, ndcg), report(deep_network(few), [8.0], [0.25])]
    compared = compare(reports)
    (note,) = compared.notes()
    assert note.startswith("2 of 40 test users have no training ratings: they are given what")
    assert note in repr(compared)
    stars, lists = (compared.served(verdict) for verdict in compared.verdicts)
    # six test ratings of each stranger: √(9 / 6) against √(1 / 2); the third's √(4 / 2) is worse
    assert stars == (
        "Latent factor serves the least active third worst (RMSE 1.4142) "
        "and the middle third best (0.7071)"
    )
    assert lists == (
        "Latent factor serves the users without ratings worst (NDCG@10 0.0000) "
        "and the least active third best (1.0000)"
    )
    assert f"  {lists}" in compared.sentences()


def test_users_without_a_relevant_item_take_no_part_in_lists() -> None:
    shared = split()
    reports = [
        report(model, [1], [np.nan, value])
        for model, value in ((artifact(shared), 0.5), (deep_network(shared), 0.25))
    ]
    compared = compare(reports, n_draws=199)
    assert compared.lists.contestants[0].figure == 0.5
    assert compared.lists.interval(0) == (0.5, 0.5)


def test_names_differ_by_what_differs() -> None:
    shared = split()
    models = [
        artifact(shared, seed=1),
        artifact(shared, seed=2),
        artifact(shared, seed=2),
        deep_network(shared),
    ]
    comparison = compare([report(model) for model in models])
    assert comparison.names == (
        "Latent factor (seed 1)",
        "Latent factor (seed 2) #1",
        "Latent factor (seed 2) #2",
        "Deep network",
    )


def test_another_split_is_refused() -> None:
    ours, theirs = split(), split(39)
    with pytest.raises(SplitMismatchError, match="cannot compare it with latent-factor-model"):
        compare([report(artifact(ours)), report(deep_network(theirs))])


def test_one_model_is_refused() -> None:
    with pytest.raises(ConfigError, match="at least two models, got 1"):
        compare([report(artifact())])


def test_one_user_is_refused() -> None:
    reports = [
        replace(one, n_rows_of_user=np.where(np.arange(40) == 7, 2, 0)) for one in pair_of_reports()
    ]
    with pytest.raises(ConfigError, match="tiny has test ratings of 1 user"):
        compare(reports)


def test_other_list_sizes_are_refused() -> None:
    first, second = pair_of_reports()
    with pytest.raises(ConfigError, match=r"list sizes \[5, 10\]"):
        compare([first, replace(second, k=5)])


def test_other_rules_of_relevance_are_refused() -> None:
    first, second = pair_of_reports()
    with pytest.raises(ConfigError, match="relevant by above-mean and by 4; use one rule"):
        compare([first, replace(second, relevance=Relevance.parse("4"))])


def test_one_user_with_a_relevant_item_is_refused() -> None:
    shared = split()
    ndcg = [0.5, *[np.nan] * 39]
    reports = [report(model, None, ndcg) for model in (artifact(shared), deep_network(shared))]
    with pytest.raises(ConfigError, match="tiny has relevant test ratings of one user"):
        compare(reports)


def test_too_few_draws_are_refused() -> None:
    with pytest.raises(ConfigError, match="39 draws cannot tell 1 pairs"):
        compare(pair_of_reports(), n_draws=39)  # 2 / 40 is 0.05, so nothing could be below it
    compare(pair_of_reports(), n_draws=40)


@pytest.mark.parametrize("n_models", [2, 4, 5, 20])
def test_enough_draws_for_any_number_of_models(n_models: int) -> None:
    n_pairs = n_models * (n_models - 1) // 2
    assert draws_for(n_models) >= max(2000, 100 * n_pairs)


def test_twins_by_other_optimizers_are_told_apart_by_what_both_have() -> None:
    """Their own settings, such as the rate that ALS has not, follow from the optimizer."""
    shared = split()
    twins = [AlsSettings(), SgdSettings(learning_rate=0.5, averaging=0.7)]
    comparison = compare([report(artifact(shared, config=one), [1.0], [0.5]) for one in twins])
    assert comparison.names == (
        "Latent factor (optimizer ALS, averaging 0.0)",
        "Latent factor (optimizer SGD, averaging 0.7)",
    )
