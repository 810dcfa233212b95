"""What there is to say of a refit, which no validation watches."""

from starcast.evaluation.metrics import Objective
from starcast.training.loop import Trained

_SETTLED = 1.1  # times the loss of an epoch, at most that of the epoch before
_ELSEWHERE = 1.03  # times the loss of rows, those that judge included


def ended_elsewhere(objective: Objective, chosen: Trained, again: Trained) -> str:
    """What is to be said of a refit that fits its own rows clearly worse than the run that chose
    fitted its rows, and even predicted others; "" of one that does not.

    No validation watches a refit: where training is so unstable that another order of ratings
    leads elsewhere, nothing else tells.
    """
    if not (again.history and chosen.best_epoch and objective.lower_is_better):
        return ""
    before, now = chosen.history[chosen.best_epoch - 1], objective.loss(again.history[-1].train)
    fitted = objective.loss(before.train)
    earlier = chosen.history[max(0, chosen.best_epoch - 2)].train
    if objective.loss(earlier) > _SETTLED * fitted:
        return ""  # one more epoch would have led elsewhere, too
    predicted = objective.loss(before.validation) if before.validation else fitted
    if not now > _ELSEWHERE * max(fitted, predicted):
        return ""
    return (
        f"the refit ended elsewhere: {objective.metric.upper()} {now:.4f} of its training rows, "
        f"{fitted:.4f} in the run that chose; try another --seed, a smaller learning rate, or no "
        "--refit"
    )
