"""What lists are judged by where weights are chosen: hand-counted."""

import numpy as np
import pytest
from rule_weights import _distance, _judged, _lists, _on_validation
from shop_of_items import artifact

from starcast.data.split import TEST, TRAIN, VALIDATION
from starcast.recommend import Recommender


def test_distance_is_what_pairs_do_not_share() -> None:
    kinds = [{("genre", 1), ("year", 7)}, {("genre", 1)}, {("genre", 2)}]
    assert _distance(kinds) == pytest.approx(1 - (1 / 2 + 0 + 0) / 3)
    assert _distance(kinds[:1]) == 0


def test_no_test_row_is_looked_at() -> None:
    whole = artifact()
    judged = _on_validation(whole)
    parts, rows = whole.split.parts, judged.split.test
    wanted = whole.split.ratings.take(parts == VALIDATION)
    assert (rows.user_rows.tolist(), rows.stars.tolist()) == (
        wanted.user_rows.tolist(), wanted.stars.tolist(),
    )  # fmt: skip
    assert len(judged.split.ratings) == np.count_nonzero(parts != TEST)
    assert np.count_nonzero(judged.split.parts <= VALIDATION) == np.count_nonzero(parts == TRAIN)
    users = np.unique(rows.user_rows)
    lists = _lists(Recommender(judged), users, {"diversity": 0.2})
    assert lists.shape == (len(users), 10)
    ndcg, distance, off = _judged(judged, users, lists)
    assert 0 <= ndcg <= 1
    assert 0 < distance <= 1
    assert off > 0
