"""One trained model in use by the service: ids in, JSON out."""

import json
import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, final

import numpy as np

from starcast.artifacts import storage
from starcast.artifacts.replacement import MANIFEST
from starcast.data.files.person import Rated
from starcast.data.ids import Vocabulary
from starcast.errors import UnknownIdError
from starcast.recommend import FoldedInUser, Recommendation, Recommender, Rules
from starcast.recommend.elicitation import Elicitation
from starcast.recommend.matching import ItemFinder
from starcast.recommend.search import Search
from starcast.scoring.panels import FEW
from starcast.serve import cost
from starcast.serve.api_errors import ApiError
from starcast.serve.catalogue import EVERYTHING
from starcast.serve.item_facts import ItemFacts
from starcast.serve.kept import Kept
from starcast.serve.request_schemas import MOST_K
from starcast.serve.usage import Usage

_MOST_KEPT = 1 << 22  # characters of known users' lists, as they were sent; about 1,000 each


@final
class ServedModel:
    """A trained model and what the service says of it. Its answers are JSON text.

    Args:
        folder: of the artifact.
    Attributes:
        tested: the figures of its test rows, by name; None where it has none.
        mean_stars, written_at: of its ratings; when the artifact was, seconds since 1970.
        usage: what it was asked for and has shown.
    Raises: ArtifactError: nothing there, not one of ours, or damaged.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tested = (storage.read_manifest(folder).get("metrics") or {}).get("test")
        artifact = storage.load(folder)
        self.artifact, self.name = artifact, artifact.model
        self.ratings = artifact.split.ratings
        self.recommender = Recommender(artifact)
        self.mean_stars = float(self.ratings.stars.mean())  # once: a scrape holds everybody up
        self.written_at, self.usage = (folder / MANIFEST).stat().st_mtime, Usage()
        self.kept = Kept(_MOST_KEPT)
        self.catalogue = EVERYTHING
        self.list_cost = self.search_cost = cost.UNKNOWN  # hence not quick, until measured

    def measure_lists(self) -> None:
        """Learn what a known user's list costs."""
        user = self.ratings.users.ids[self.ratings.n_users // 2].item()
        self.list_cost = cost.measure(lambda k: self._list(user, k, False, 0), MOST_K)
        self.usage.shown.clear()  # nobody saw these

    def measure_search(self) -> None:
        """Learn what a search costs at most, and make its words."""
        query = self.search.widest()
        self.search_cost = cost.measure(lambda limit: self.find(query, limit), MOST_K)

    @cached_property
    def item_rows(self) -> Mapping[str, int]:
        """Ids of items, as text, to their rows."""
        return {str(item): row for row, item in enumerate(self.ratings.items.ids.tolist())}

    @cached_property
    def finder(self) -> ItemFinder:
        """Finds items by id or title."""
        return ItemFinder(self.ratings)

    @cached_property
    def facts(self) -> ItemFacts:
        """What is told of items beside their titles."""
        return ItemFacts(self.ratings)

    @cached_property
    def elicitation(self) -> Elicitation:
        """Chooses what to ask a person to rate."""
        return Elicitation(self.artifact)

    @cached_property
    def search(self) -> Search:
        """Finds items as people type their titles."""
        return Search(self.ratings.titles.tolist(), self.artifact.n_raters.tolist())

    def predictions(self, user: object, items: Sequence[object]) -> str:
        """Predicted stars for items, in their order."""
        user = self._known(self.ratings.users, user)
        known = [self.known_item(item) for item in items]
        told = []
        for at in range(0, len(known), FEW):  # so few at once that NumPy alone scores them
            some = known[at : at + FEW]
            pairs = np.full(len(some), user), np.array(some)
            stars, deviations = (self.recommender.predict(*pairs).tolist(),
                                 self.recommender.predictive_std(*pairs).tolist())  # fmt: skip
            told += [
                {**self.at(self.ratings.items.row(item)), "stars": short(own),
                 "deviation": short(deviation) if math.isfinite(deviation) else None}
                for item, own, deviation in zip(some, stars, deviations, strict=True)
            ]  # fmt: skip
        return self.said(user=user, predictions=told)

    def kept_top(self, user: object, k: int, include_seen: bool, reasons: int) -> str | None:
        """What `top` said, if it was said of late."""
        return self.kept.get((user, k, include_seen, reasons, None))

    def top(
        self, user: object, k: int, include_seen: bool, reasons: int, rules: Rules | None = None
    ) -> str:
        """A known user's list. It is kept, since people come back."""
        key = (user, k, include_seen, reasons, rules)
        text = self.kept.get(key)  # somebody else may have waited for the same
        if text is None:
            text = self._list(*key)
            self.kept.put(key, text)
        return text

    def _list(
        self, user: object, k: int, include_seen: bool, reasons: int, rules: Rules | None = None
    ) -> str:
        user, remarks = self._known(self.ratings.users, user), list[str]()
        found = self.recommender.recommend(
            user, k, exclude_seen=not include_seen, rules=rules, on_remark=remarks.append
        )
        told = [
            self.recommended(one, self.reasons(user, one, reasons) if reasons else [])
            for one in found
        ]
        return self.said(user=user, recommendations=told, **remarks_of(rules, remarks))

    def known_user(self, user: object) -> Any:
        """The id of a user as the data has it. Raises: ApiError: it does not."""
        return self._known(self.ratings.users, user)

    def known_item(self, item: object) -> Any:
        """The id of an item that is named by it, or by its title. Raises: ApiError: by neither.

        Digits are an id and no title, and so they are told of if there is no such id.
        """
        items, match = self.ratings.items, None
        if isinstance(item, str) and item not in items and not item.isdecimal():
            match = self.finder.find(Rated(item, "", None, 0), exactly=True)
        self.usage.ask("item", known=match is not None or item in items)
        return items.ids[match.row].item() if match else self._known(items, item)

    def similar(self, item: object, k: int) -> str:
        """Items like another."""
        item = self.known_item(item)
        catalogue, row_of = self.catalogue, self.ratings.items.row
        told = [
            {
                "item": like.item_id,
                "title": catalogue.title(like.item_id, like.title),
                "similarity": short(like.similarity),
            }
            for like in self.recommender.similar(item, k + catalogue.n_hidden)
            if catalogue.allowed is None or catalogue.may_list(row_of(like.item_id))
        ]
        return self.said(**self.at(self.ratings.items.row(item)), similar=told[:k])

    def find(self, query: str, limit: int) -> str:
        """Items by words of their titles."""
        catalogue = self.catalogue
        found = self.search.find(query, limit + catalogue.n_hidden)
        shown = [self.at(row) for row in found if catalogue.may_list(row)]
        return json.dumps({"items": [*shown, *catalogue.search(query)][:limit]})

    def reasons(self, who: object, one: Recommendation, k: int) -> list[dict[str, Any]]:
        """Why something is recommended to a person or to a known user."""
        told = (
            who.explain(one.item_id, k)
            if isinstance(who, FoldedInUser)
            else self.recommender.explain(who, one.item_id, k)
        )
        return [
            {"item": why.item_id, "title": why.title, "stars": short(why.stars),
             "effect": short(why.effect), "unit": told.unit}
            for why in told.reasons
        ]  # fmt: skip

    def recommended(self, one: Recommendation, reasons: list[dict[str, Any]]) -> dict[str, Any]:
        """A recommendation as it is answered."""
        self.usage.show(one.item_id)
        stars = short(one.prediction)
        title = self.catalogue.title(one.item_id, one.title)
        return {"item": one.item_id, "title": title, "stars": stars, "reasons": reasons}

    def _known(self, vocabulary: Vocabulary, external_id: object) -> Any:
        """An id as the data has it. Raises: ApiError: it does not."""
        try:
            return vocabulary.ids[vocabulary.row(external_id)].item()
        except UnknownIdError as error:
            near = vocabulary.nearest(external_id)
            raise ApiError(404, f"unknown_{vocabulary.kind}", str(error), near) from None

    def at(self, row: int) -> dict[str, Any]:
        """An item by its row, as it is answered."""
        item = self.ratings.items.ids[row].item()
        return {"item": item, "title": self.catalogue.title(item, str(self.ratings.titles[row]))}

    def said(self, **said: Any) -> str:
        """An answer as JSON text, with the model that gives it."""
        return json.dumps({"model": self.name, **said})


def remarks_of(rules: Rules | None, remarks: Sequence[str]) -> dict[str, Sequence[str]]:
    """What a list lacks of what was asked for, where something was."""
    return {} if rules is None else {"remarks": remarks}


def short(stars: float) -> float:
    """Stars as they are shown: ten thousandths are more than anybody reads."""
    return round(stars, 4)
