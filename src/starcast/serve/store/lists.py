"""What people of the store are answered: their lists, ratings and predictions, as JSON text."""

import json
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from starcast.data.store.checks import external
from starcast.display import quoted
from starcast.recommend import Recommendation
from starcast.recommend.remarks import restated
from starcast.serve.api_errors import ApiError
from starcast.serve.served_model import ServedModel, remarks_of
from starcast.serve.store.people import SeenPerson
from starcast.serve.store.person import StoredPerson, Wanted
from starcast.serve.trained_people import Asked


def kept_list(model: ServedModel, seen: SeenPerson, asked: Asked) -> str | None:
    """A list that was made of late, if nothing has changed since."""
    return model.kept.get(_key(model, seen, asked))


def top(model: ServedModel, seen: SeenPerson, asked: Asked) -> str:
    """The list of a person, by all that the model and the store know of them.

    Raises: ApiError: neither knows them, and not anybody is to be answered.
    """
    key = _key(model, seen, asked)
    if kept := model.kept.get(key):
        return kept
    (k, include_seen, n_reasons, rules, fallback), catalogue = asked, model.catalogue
    who, remarks = who_is(model, seen), list[str]()
    if not (who.is_known or fallback):
        raise unknown(seen)
    known = catalogue.rules_of_the_model(rules)
    limits = Wanted(catalogue.allowed, not include_seen, known, remarks.append)
    told = [
        model.recommended(one, _reasons(model, who, one, n_reasons) if n_reasons else [])
        for one in who.recommend(k, limits)
    ]
    told = _with_new(model, who, told, asked)
    more: dict[str, Any] = {} if who.is_known else {"fallback": True}
    more |= remarks_of(rules, restated(remarks, len(told), k))
    text = model.said(user=external(seen.person.key), recommendations=told, **more)
    model.kept.put(key, text)
    return text


def own_ratings(model: ServedModel, seen: SeenPerson, limit: int) -> str:
    """What a person has rated, highest first. Raises: ApiError: nobody knows them."""
    who = who_is(model, seen)
    if not who.is_known:
        raise unknown(seen)
    highest = sorted(who.stars.items(), key=lambda one: -one[1])[:limit]
    told = [{**_named(model, item), "stars": round(stars, 4)} for item, stars in highest]
    return json.dumps({"user": external(seen.person.key), "ratings": told})


def predictions(model: ServedModel, seen: SeenPerson, items: Sequence[object]) -> str:
    """Predicted stars for items, in their order; of new ones, what they may be worth.

    Raises: ApiError: nobody knows the person, or an item.
    """
    who = who_is(model, seen)
    if not who.is_known:
        raise unknown(seen)
    fresh = {one.id: one for one in model.catalogue.for_person(*who.rated, {}).items}
    told = []
    for item in items:
        known = external(str(item))
        if known in fresh:
            stars = float(model.ratings.scale.clip(np.array([fresh[known].stars]))[0])
            named = {"item": known, "title": fresh[known].title}
            told.append({**named, "stars": round(stars, 4), "deviation": None, "new": True})
        else:
            told.append(_predicted(model, who, model.known_item(item)))
    return model.said(user=external(seen.person.key), predictions=told)


def unknown(seen: SeenPerson) -> ApiError:
    """What is said of somebody whom neither the model nor the store knows.

    Not who is near: that may be somebody who was erased.
    """
    said = f"user {quoted(seen.person.key)} is unknown to the model and to the store"
    return ApiError(404, "unknown_user", said)


def who_is(model: ServedModel, seen: SeenPerson) -> StoredPerson:
    """A person to a model.

    Worked out once for those whom the model's own weights answer, of whom there are many; who is
    folded in takes memory, and their lists are kept.
    """
    if known := _worked_out(model, seen):
        return known
    who = StoredPerson(model, seen.person)
    if who.is_as_trained:
        seen.to_models[model.name] = who
    return who


def is_worked_out(model: ServedModel, seen: SeenPerson) -> bool:
    """Whether `who_is` costs nothing."""
    return _worked_out(model, seen) is not None


def _worked_out(model: ServedModel, seen: SeenPerson) -> StoredPerson | None:
    who: StoredPerson | None = seen.to_models.get(model.name)
    return who if who is not None and who.model is model else None


def _with_new(
    model: ServedModel, who: StoredPerson, told: list[dict[str, Any]], asked: Asked
) -> list[dict[str, Any]]:
    if not model.catalogue.fresh:
        return told
    rated = {} if asked.include_seen else who.stars
    fresh = model.catalogue.for_person(*who.rated, rated, asked.rules)
    return fresh.among(told, asked.k, model.ratings.scale)


def _predicted(model: ServedModel, who: StoredPerson, item: Any) -> dict[str, Any]:
    stars, deviation = who.predict(item)
    return {
        **model.at(model.ratings.items.row(item)),
        "stars": round(stars, 4),
        "deviation": round(deviation, 4) if math.isfinite(deviation) else None,
    }


def _reasons(
    model: ServedModel, who: StoredPerson, one: Recommendation, n: int
) -> list[dict[str, Any]]:
    if who.folded is None and who.user_row < 0:
        return []
    user = who.folded or model.ratings.users.ids[who.user_row].item()
    return model.reasons(user, one, n)


def _named(model: ServedModel, item: str) -> dict[str, Any]:
    if (row := model.item_rows.get(item)) is not None:
        return model.at(row)
    return {"item": external(item), "title": model.catalogue.titles.get(item, "")}


def _key(model: ServedModel, seen: SeenPerson, asked: Asked) -> tuple[object, ...]:
    return seen.number, seen.person.key, model.catalogue.number, *asked
