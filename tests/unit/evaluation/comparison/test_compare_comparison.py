"""What is a real difference, and how it is said."""

from dataclasses import replace

import numpy as np
import pytest
from tiny_reports import artifact, deep_network, pair_of_reports, report, split

from starcast.engines.settings import MiniBatchSettings
from starcast.errors import ConfigError, SplitMismatchError
from starcast.evaluation.comparison import compare
from starcast.evaluation.comparison.comparison import draws_for


def test_a_real_difference_is_said_with_its_interval_and_p() -> None:
    # every user has two rows with 0.5 or 2.0 in all: every draw gives RMSE 0.5 and 1
    comparison = compare(pair_of_reports(), n_draws=199)
    (pair,) = comparison.pairs()
    assert pair.is_real
    assert (pair.better, pair.worse) == (0, 1)
    assert pair.p_value == pytest.approx(2 / 200)
    assert pair.verdict == (
        "Latent factor beats Deep network by 0.5000 RMSE (95 % 0.5000 to 0.5000, p = 0.010)"
    )
    assert comparison.interval(0) == pytest.approx((0.5, 0.5))
    assert comparison.interval(1) == pytest.approx((1.0, 1.0))
    assert (
        comparison.verdict() == "Latent factor is the best here: really better than Deep network."
    )


def test_chance_is_called_chance() -> None:
    shared = split()
    reports = [report(artifact(shared), [1, 2]), report(deep_network(shared), [2, 1.01])]
    comparison = compare(reports)
    (pair,) = comparison.pairs()
    assert not pair.is_real
    assert pair.low < 0 < pair.high
    assert pair.verdict.startswith("no real difference between Latent factor and Deep network (0.0")
    assert comparison.verdict() == (
        "No clear winner: Latent factor has the lowest RMSE, but not really lower than "
        "Deep network."
    )


def test_the_order_given_changes_no_verdict() -> None:
    first, second = pair_of_reports()
    forward, backward = compare([first, second]), compare([second, first])
    assert forward.ranked() == (0, 1)
    assert backward.ranked() == (1, 0)
    assert forward.pairs()[0].verdict == backward.pairs()[0].verdict
    assert backward.names == ("Deep network", "Latent factor")


def test_ties_and_losses_are_told_apart() -> None:
    shared = split()
    best, twin, worst = (
        report(artifact(shared), [1, 2]),
        report(artifact(shared, config=MiniBatchSettings(dimension=8)), [2, 1.01]),
        report(deep_network(shared), [8.0]),
    )
    comparison = compare([worst, twin, best])
    assert comparison.ranked() == (2, 1, 0)
    assert len(comparison.pairs()) == 3
    assert comparison.verdict() == (
        "Latent factor (dimension 32) has the lowest RMSE: really better than Deep network, "
        "but not than Latent factor (dimension 8)."
    )


def test_a_leaky_model_never_wins() -> None:
    comparison = compare(pair_of_reports(leak="has seen the test ratings"))
    assert comparison.ranked() == (1, 0)
    (pair,) = comparison.pairs()
    assert not pair.is_real
    assert pair.verdict == (
        "no verdict on Latent factor (LEAKY) and Deep network: "
        "figures of Latent factor (LEAKY) are worthless"
    )
    assert comparison.verdict().startswith("No verdict")


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


def test_too_few_draws_are_refused() -> None:
    with pytest.raises(ConfigError, match="39 draws cannot tell 1 pairs"):
        compare(pair_of_reports(), n_draws=39)  # 2 / 40 is 0.05, so nothing could be below it
    compare(pair_of_reports(), n_draws=40)


@pytest.mark.parametrize("n_models", [2, 4, 5, 20])
def test_enough_draws_for_any_number_of_models(n_models: int) -> None:
    n_pairs = n_models * (n_models - 1) // 2
    assert draws_for(n_models) >= max(2000, 100 * n_pairs)
