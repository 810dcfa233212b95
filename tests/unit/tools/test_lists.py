"""The figures of lists: the shop, the table, and paired differences."""

import numpy as np
from lists import EASE, Run, difference, table
from shop import N_ITEMS, N_RATINGS, N_USERS, shop


def run(title: str, seed: int, *by_user: float) -> Run:
    ndcg = dict.fromkeys(("above-mean", "4", "all"), float(np.nanmean(by_user)))
    return Run(title, seed, ndcg, np.array(by_user), 4.25, 0.5)


def test_a_shop_is_the_same_by_the_same_seed() -> None:
    one, same, other = shop(1), shop(1), shop(2)
    assert len(one) == N_RATINGS
    assert one.n_users <= N_USERS
    assert one.n_items <= N_ITEMS
    assert one.content_hash() == same.content_hash() != other.content_hash()


def test_differences_are_paired_by_user_and_nobody_counts_who_has_none() -> None:
    runs = [run(EASE, 1, 0.1, 0.3, np.nan), run("Mix", 1, 0.2, 0.6, np.nan)]
    assert difference(runs, "Mix") == f"+0.2000 ± {0.1 / np.sqrt(2):.4f}"


def test_over_splits_the_error_is_that_of_their_means() -> None:
    runs = [run(EASE, 1, 0.1), run(EASE, 2, 0.2), run("Mix", 1, 0.3), run("Mix", 2, 0.6)]
    assert difference(runs, "Mix") == "0.3000 ± 0.1000"
    told = table(runs)
    assert "| Mix | 0.4500 ± 0.1500 |" in told
    assert "| 4.25 | 0.50 | 0.3000 ± 0.1000 |" in told
