import pytest

from starcast.errors import UnknownNameError
from starcast.evaluation.metrics import DEFINITIONS, explain

PRINTED = [
    "RMSE", "MAE", "Accuracy", "Held-out Precision@20", "Held-out Recall@20", "Held-out F1@100",
    "NDCG@10", "Catalogue Precision@10", "Catalogue Recall@10", "MAP@10", "HitRate@1",
    "HitStars@10", "Coverage@10", "Gini@10", "LongTail@5", "Novelty@10", "Miscalibration@10",
    "Log loss", "CRPS", "Coverage of 80 %",
]  # fmt: skip


@pytest.mark.parametrize("name", PRINTED)
def test_every_printed_name_is_explained_with_its_source(name: str) -> None:
    assert "Source: " in explain(name)


def test_every_definition_is_of_a_printed_name() -> None:
    assert {explain(name) for name in PRINTED} == set(DEFINITIONS.values())
    assert len(PRINTED) == len(DEFINITIONS)


def test_a_list_length_stands_for_k_and_case_does_not_matter() -> None:
    assert explain("NDCG@10") == DEFINITIONS["NDCG@k"]
    assert explain("ndcg@K") == DEFINITIONS["NDCG@k"]
    assert explain("Held-out Precision@5") != explain("Catalogue Precision@5")


@pytest.mark.parametrize("name", ["Precision@20", "recall@10", "F1@5"])
def test_names_of_older_reports_are_still_explained(name: str) -> None:
    assert explain(name) == explain(f"Held-out {name}")


@pytest.mark.parametrize("name", ["NDCG", "NDCG@0", "NDCG@-1", "NDCG@ten", "RMSE@10", "", "beauty"])
def test_unknown_names_are_refused(name: str) -> None:
    with pytest.raises(UnknownNameError, match=f"unknown metric '{name}'"):
        explain(name)


def test_a_misspelt_name_brings_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'Held-out Precision@k'"):
        explain("Precison@10")
