"""What there is to say of a refit, which no validation watches."""

from starcast.evaluation.metrics import Objective
from starcast.training.loop import Trained

_ELSEWHERE = 1.03  # times the loss of training rows


def ended_elsewhere(objective: Objective, chosen: Trained, again: Trained) -> str:
    """What is to be said of a refit that fits its own rows worse than the run that chose fitted
    its rows, and even predicted others; "" of one that does not.

    No validation watches a refit: where training is so unstable that another order of ratings
    leads elsewhere, nothing else tells.
    """
    if not (again.history and chosen.best_epoch and objective.lower_is_better):
        return ""
    before, now = chosen.history[chosen.best_epoch - 1], objective.loss(again.history[-1].train)
    fitted = objective.loss(before.train)
    if not now > max(_ELSEWHERE * fitted, objective.loss(before.validation or before.train)):
        return ""
    return (
        f"the refit ended elsewhere: {objective.metric.upper()} {now:.4f} of its training rows, "
        f"{fitted:.4f} in the run that chose; try another --seed, a smaller learning rate, or no "
        "--refit"
    )
