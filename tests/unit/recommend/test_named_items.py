"""Items by id or title, wherever Python takes an item."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from starcast.artifacts.artifact import Artifact
from starcast.data.ratings import Ratings
from starcast.data.split import Split
from starcast.errors import ConfigError, StarcastWarning, UnknownIdError
from starcast.recommend import Recommender
from starcast.recommend.named_items import NamedItems

Asked = Callable[[Recommender, str], Any]

ASKED: dict[str, Asked] = {
    "predict": lambda model, item: model.predict(["bob"], [item]).tolist(),
    "deviation": lambda model, item: str(model.predictive_std(["bob"], [item]).tolist()),
    "explain": lambda model, item: model.explain("ann", item),
    "similar": lambda model, item: model.similar(item),
    "fold in": lambda model, item: model.fold_in([item], [4]).recommend(),
    "a mapping": lambda model, item: model.fold_in({item: 4}).recommend(),
    "a person's": lambda model, item: model.fold_in(["clue"], [4]).predict([item]).tolist(),
    "and its deviation": lambda model, item: (
        model.fold_in(["clue"], [4]).predictive_std([item]).tolist()
    ),
    "and reasons": lambda model, item: model.fold_in(["clue"], [4]).explain(item),
    "and effects": lambda model, item: (
        model.fold_in(["clue"], [4]).particular_effects([item]).tolist()
    ),
    "among": lambda model, item: model.recommend("bob", 1, among=[item], exclude_seen=False),
    "without": lambda model, item: model.fold_in(["clue"], [4]).recommend(2, without=[item]),
}


@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED)
@pytest.mark.parametrize(
    ("title", "item"), [("Duel (1971)", "duel"), ("DUEL!", "duel"), (" álien ", "alien")]
)
def test_a_title_is_as_good_as_an_id(
    known_by_heart: Artifact, ask: Asked, title: str, item: str
) -> None:
    model = Recommender(known_by_heart)
    assert ask(model, title) == ask(model, item)


def films(titles: dict[Any, str]) -> NamedItems:
    ids = np.array(list(titles))
    ratings = Ratings.from_columns(
        np.arange(len(ids)), ids, np.arange(len(ids)) % 5 + 1.0, titles=titles
    )
    return NamedItems(_trained(ratings))


def _trained(ratings: Ratings) -> Any:
    """As much of an artifact as names need."""

    class Trained:
        split = Split(ratings, np.arange(len(ratings), dtype=np.uint8) % 3, "by hand")
        n_raters = np.bincount(ratings.item_rows, minlength=ratings.n_items)

    return Trained()


REMADE = {7: "Heat (1986)", 8: "Heat (1995)", 9: "1984 (1956)", 1984: "Dune (1984)"}


def test_a_title_of_several_is_refused_with_them() -> None:
    with pytest.raises(UnknownIdError, match=r"title 'heat'; near: . 'Heat .*\(19") as told:
        films(REMADE).row("heat")
    assert "7 'Heat (1986)'" in str(told.value)
    assert "8 'Heat (1995)'" in str(told.value)
    assert films(REMADE).rows(["Heat (1995)", 7]).tolist() == [1, 0]


def test_digits_are_an_id_first() -> None:
    named = films(REMADE)
    assert named.rows(["1984", 1984, "9"]).tolist() == [3, 3, 2]
    with pytest.raises(UnknownIdError, match=r"item '1985' .*nearest known: "):
        named.row("1985")
    lines: list[str] = []
    assert films({7: "1917 (2019)", 8: "Up", 9: "Jaws"}).rows(["1917"], lines.append).tolist() == [
        0
    ]
    assert lines == ["'1917' is taken for '1917 (2019)'"]


def test_what_is_taken_for_another_is_said_at_the_line_that_asks(known_by_heart: Artifact) -> None:
    with pytest.warns(StarcastWarning, match=r"^'Alien \(1980\)' is taken for 'Alien") as told:
        Recommender(known_by_heart).predict(["ann"], ["Alien (1980)"])
    assert told[0].filename == __file__


def test_other_spellings_are_taken_only_where_that_is_asked_for() -> None:
    named, lines = films(REMADE | {5: "Usual Suspects, The (1995)"}), list[str]()
    with pytest.raises(UnknownIdError, match=r"near: 5 'Usual Suspects, The \(1995\)'"):
        named.rows(["usual suspekts"], lines.append)
    assert named.rows(["usual suspekts"], lines.append, exactly=False).tolist() == [0]
    assert lines == ["'usual suspekts' is taken for 'Usual Suspects, The (1995)'"]


def test_several_that_are_none_are_counted_or_left_as_they_are() -> None:
    named = films(REMADE)
    with pytest.raises(UnknownIdError, match=r"title 'dune 2' \(nor 2 more\); near: 1984 'Dune"):
        named.rows(["dune 2", 8, "Solaris", 77])
    assert named.rows(["dune 2", 8, "Solaris", 77], refuse=False).tolist() == [-1, 1, -1, -1]


def test_unknown_titles_get_means_where_these_stand_in(known_by_heart: Artifact) -> None:
    model = Recommender(known_by_heart, fallback=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert model.predict(["ann"] * 2, ["Duel", "Nowhere"])[0] == 1.5


def test_a_mapping_is_items_and_stars_and_a_list_needs_them(known_by_heart: Artifact) -> None:
    model = Recommender(known_by_heart)
    assert model.fold_in({"Duel": 2, "alien": 5}).stars.tolist() == [2, 5]
    with pytest.raises(ConfigError, match="leave the others out"):
        model.fold_in({"Duel": 2}, [2])
    with pytest.raises(ConfigError, match=r"items need their stars, .*\{item: stars\}"):
        model.fold_in(["Duel"])
    with pytest.raises(ConfigError, match="item 'duel' is rated more than once"):
        model.fold_in({"duel": 2, "Duel (1971)": 3})
