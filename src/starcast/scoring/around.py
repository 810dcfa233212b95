"""What stands around a scorer, or around a person folded into one, and claims what it claims."""

from collections.abc import Mapping

from starcast.engines.protocol import (
    DistributedScorer,
    ExpressedScorer,
    Folded,
    FoldingScorer,
    LikenessScorer,
    ListFolded,
    ListScorer,
    Scorer,
    TimedScorer,
    UncertainScorer,
)

# By claim: what a subclass answers in a method of its own, which has an underscore in front.
_ANSWERED: Mapping[type, str] = {
    UncertainScorer: "predictive_std",
    DistributedScorer: "chances_below",
    TimedScorer: "score_at",
    FoldingScorer: "fold_in",
    ExpressedScorer: "expressed",
}
_HANDED_ON: Mapping[type, tuple[str, ...]] = {
    ListScorer: ("list_all", "list_user"),
    LikenessScorer: ("likeness",),
    ListFolded: ("list_all", "list_effects"),
}


class AroundScorer:
    """Has of the optional methods of a scorer those that the one within has, and no others.

    List scores and likeness are handed on as they are. A subclass has `_predictive_std`,
    `_chances_below`, `_score_at`, `_fold_in` and `_expressed`, and says why its stars differ.

    Args:
        scorer: within.
    """

    def __init__(self, scorer: Scorer) -> None:
        self.within = scorer
        for claim, name in _ANSWERED.items():
            if isinstance(scorer, claim):
                setattr(self, name, getattr(self, f"_{name}"))
        _hand_on(scorer, self, ListScorer, LikenessScorer)


class AroundFolded:
    """The same for a person: list scores and their effects are handed on, where there are any.

    Args:
        folded: within.
    """

    def __init__(self, folded: Folded) -> None:
        self._folded = folded
        _hand_on(folded, self, ListFolded)


def _hand_on(within: object, around: object, *claims: type) -> None:
    for claim in claims:
        if isinstance(within, claim):
            for name in _HANDED_ON[claim]:
                setattr(around, name, getattr(within, name))
