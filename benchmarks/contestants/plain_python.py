"""Loops over rows in Python, as the 2018 system judged its models."""

from collections import defaultdict

from benchmarks.held_out import held_out
from benchmarks.worker import Round, clocked


def metrics(n_rows: int, of_rows: int, threads: int) -> Round:
    """RMSE, MAE and precision, recall and F1 at 1 to 100, by the recipe of Surprise's manual.

    Args:
        n_rows: judged; the time is scaled up.
        of_rows: how many the others judge.
        threads: one, as it is Python.
    """
    columns = [column.tolist() for column in held_out(n_rows)]

    def judge() -> None:
        squares = distances = 0.0
        by_user = defaultdict(list)
        for user, stars, score in zip(*columns, strict=True):
            squares += (stars - score) ** 2
            distances += abs(stars - score)
            by_user[user].append((score, stars))
        for k in range(1, 101):
            _precision_recall(by_user, k)

    return lambda: {"time": clocked(judge, n_rows / of_rows)}


def _precision_recall(by_user: dict[int, list[tuple[float, float]]], k: int) -> float:
    precisions, recalls = [], []
    for rows in by_user.values():
        rows.sort(key=lambda row: row[0], reverse=True)
        mean = sum(stars for _, stars in rows) / len(rows)
        relevant = sum(stars >= mean for _, stars in rows)
        recommended = sum(score >= mean for score, _ in rows[:k])
        both = sum(stars >= mean and score >= mean for score, stars in rows[:k])
        precisions.append(both / recommended if recommended else 0.0)
        recalls.append(both / relevant)
    precision, recall = sum(precisions) / len(precisions), sum(recalls) / len(recalls)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
