"""A refit that ended elsewhere than the run that chose how long to train."""

from starcast.evaluation.metrics import LISTS, STARS
from starcast.training.loop import EpochRecord, Trained
from starcast.training.refit import ended_elsewhere


def run_of(*figures: tuple[float, float | None], best: int = 1, metric: str = "rmse") -> Trained:
    """A run with these figures of training and validation rows after its epochs."""
    history = [
        EpochRecord(n, 0.0, 0.0, {metric: one}, None if other is None else {metric: other}, 0.0)
        for n, (one, other) in enumerate(figures, start=1)
    ]
    return Trained({}, best, tuple(history), "")


def test_a_refit_that_ended_elsewhere_is_told_of() -> None:
    """One that fits its rows worse than others were predicted, by the last epoch of each."""
    chosen = run_of((0.95, 0.96), (0.87, 0.89), (0.86, 0.9), best=2)
    said = ended_elsewhere(STARS, chosen, run_of((0.9, None), (0.94, None)))
    assert said.startswith("the refit ended elsewhere: RMSE 0.9400 of its training rows, 0.8700 in")
    assert ended_elsewhere(STARS, chosen, run_of((0.94, None), (0.88, None))) == ""
    falling = run_of((0.97, 0.96), (0.87, 0.89), best=2)  # an epoch more or less tells too much
    assert ended_elsewhere(STARS, falling, run_of((0.94, None))) == ""
    unwatched = run_of((0.99, 0.9), best=1)  # validation rows that are easy to predict
    assert ended_elsewhere(STARS, unwatched, run_of((1.0, None))) == ""
    assert ended_elsewhere(STARS, unwatched, run_of((1.03, None))) != ""
    assert ended_elsewhere(STARS, run_of(best=0), run_of()) == ""
    lists = run_of((0.3, 0.3), metric=LISTS.metric)
    assert ended_elsewhere(LISTS, lists, run_of((0.1, None), metric=LISTS.metric)) == ""
