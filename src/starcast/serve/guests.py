"""What a model answers people whom it knows by the ratings that they send: lists and questions."""

import math
from collections.abc import Iterator, Sequence
from typing import Any, final

import numpy as np

from starcast.data.files.person import Rated
from starcast.data.ids import Rows
from starcast.data.scale import RatingScale
from starcast.engines.normal import cdf
from starcast.engines.protocol import Scores
from starcast.recommend import FoldedInUser, Recommendation
from starcast.recommend.given_ratings import check_once, check_stars
from starcast.recommend.remarks import restated
from starcast.recommend.titles import Match
from starcast.serve.list_schemas import ListAsked, SuggestionsAsked
from starcast.serve.request_schemas import GivenRating
from starcast.serve.served_model import ServedModel, remarks_of, short

_DEEP = 5  # times as long as a list is what it is chosen from, where some of it is not wanted


@final
class Guest:
    """Somebody whom a model is told a few ratings of.

    Args:
        model: the model.
        ratings: ids or titles of items, and stars.
    Raises: ApiError, ConfigError: it knows none of the items, one is given twice, or stars are
        outside the scale.
    """

    def __init__(self, model: ServedModel, ratings: Sequence[GivenRating]) -> None:
        known = model.ratings
        check_stars(known.scale, [one.item for one in ratings], [one.stars for one in ratings])
        matches = [(one, _found(model, one.item)) for one in ratings]
        self.known = [(one, match) for one, match in matches if match]
        self.left_out = [one.item for one, match in matches if not match]
        if ratings and not self.known:
            model.known_item(ratings[0].item)  # which says what is near
        check_once(known, [match.row for _, match in self.known if not match.title])
        stars = {match.row: one.stars for one, match in self.known}  # of two titles the later
        self.item_rows: Rows = np.array([*stars], np.int32)
        self.stars = [*stars.values()]


def guest_list(model: ServedModel, asked: ListAsked) -> str:
    """A list for a guest. Raises: as `Guest`, and of rules that cannot be obeyed."""
    guest, wanted = Guest(model, asked.ratings), asked.rules()
    rules = model.catalogue.rules_of_the_model(wanted)
    ids, remarks = model.ratings.items.ids[guest.item_rows].tolist(), list[str]()
    person = model.recommender.fold_in(ids, guest.stars)
    only_liked = asked.only_liked and model.elicitation.stars_are_personal
    k = _DEEP * asked.k if only_liked else asked.k
    found: Sequence[Recommendation] = person.recommend(
        k, allowed=model.catalogue.allowed, rules=rules, on_remark=remarks.append
    )
    if only_liked:
        found = liked_first(found, person.usual, asked.k)
    n_reasons = 0 if asked.details else asked.reasons
    told = [
        model.recommended(one, model.reasons(person, one, n_reasons) if n_reasons else [])
        for one in found
    ]
    more = _details(model, person, told, asked.reasons) if asked.details else {}
    given = {str(one.item): one.stars for one in asked.ratings}
    fresh = model.catalogue.for_person(person.item_rows, person.stars, given, wanted)
    told = fresh.among(told, asked.k, model.ratings.scale)
    by_title = [
        {**model.at(match.row), "given": one.item, "is_sure": match.is_sure}
        for one, match in guest.known
        if match.title
    ]
    more |= remarks_of(wanted, restated(remarks, len(told), asked.k))
    return model.said(recommendations=told, found=by_title, left_out=guest.left_out, **more)


def suggestions(model: ServedModel, asked: SuggestionsAsked) -> str:
    """What a guest should be asked to rate. Raises: as `guest_list`."""
    guest, items = Guest(model, asked.ratings), model.ratings.items
    allowed = model.recommender.allowed(asked.rules())
    listed = model.catalogue.allowed
    if listed is not None:
        allowed = listed if allowed is None else allowed & listed
    without = items.find(list(asked.without)) if asked.without else np.empty(0, np.int32)
    rows = model.elicitation.choose(guest.item_rows, asked.k, without, allowed)
    told = [{**model.at(row), **model.facts.of(row)} for row in rows.tolist()]
    return model.said(suggestions=told)


def liked_first(found: Sequence[Recommendation], usual: float, k: int) -> list[Recommendation]:
    """The first k that are predicted at least what is usual; where they run out, those next."""
    liked = [one for one in found if one.prediction >= usual][:k]
    others = (one for one in found if one.prediction < usual)
    return [*liked, *(one for one, _ in zip(others, range(k - len(liked)), strict=False))]


def _details(
    model: ServedModel, person: FoldedInUser, told: list[dict[str, Any]], n_reasons: int
) -> dict[str, Any]:
    """What is told of a list, and, in place, of its items: how sure their stars are, what they
    are, and which ratings say something of them in particular."""
    ids, scale = [one["item"] for one in told], model.ratings.scale
    mark = above(person.usual, scale)
    if told:
        std = person.predictive_std(ids)
        stars = np.array([one["stars"] for one in told])
        chances = 1 - cdf((mark - scale.step / 2 - stars) / std)
        rows = model.ratings.items.rows(ids).tolist()
        for one, row, *sure in zip(told, rows, std.tolist(), chances.tolist(), strict=True):
            one |= dict(zip(("deviation", "chance"), map(short, sure), strict=True))
            one |= model.facts.of(row)
        if n_reasons:
            for one, effects in zip(told, person.particular_effects(ids), strict=True):
                one["reasons"] = list(_particular(model, person, effects, n_reasons))
    return {"usual": short(person.usual), "mark": short(mark)}


def _particular(
    model: ServedModel, person: FoldedInUser, effects: Scores, n: int
) -> Iterator[dict[str, Any]]:
    """The ratings that say most of an item in particular."""
    for at in np.argsort(-np.abs(effects), kind="stable")[:n].tolist():
        told = {"stars": short(float(person.stars[at])), "effect": short(float(effects[at]))}
        yield {**model.at(int(person.item_rows[at])), **told, "unit": person.unit}


def above(usual: float, scale: RatingScale) -> float:
    """The least stars of a scale that are more than what is usual, if there are any.

    >>> above(3.7, RatingScale(0.5, 5.0, 0.5)), above(4.0, RatingScale(1.0, 5.0, 1.0))
    (4.0, 5.0)
    """
    n_steps = math.floor((usual - scale.lowest) / scale.step + 1e-6) + 1
    return min(scale.highest, scale.lowest + n_steps * scale.step)


def _found(model: ServedModel, item: int | str) -> Match | None:
    """The item that is meant: by id, or, if it is text, by title."""
    if isinstance(item, str):
        found = model.finder.find(Rated(item, "", None, 0))
    else:
        known = item in model.ratings.items
        found = Match(model.ratings.items.row(item), "", is_sure=True) if known else None
    model.usage.ask("item", known=found is not None)
    return found
