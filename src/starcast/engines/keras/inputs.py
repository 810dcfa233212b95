"""What a network of one's own in Keras may read: users, items, and what is known of them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, final

import keras

from starcast.data.ratings import Ratings
from starcast.engines.expression import Expression
from starcast.engines.expression.layers import time
from starcast.engines.expression.node import made
from starcast.engines.known import Known, known_of, require_width
from starcast.errors import ConfigError, UnknownNameError

SIDES = ("user", "item")
POOLS = ("rated", "raters")
_OWN = (*SIDES, "n_users", "n_items", "time", *POOLS)


@final
class Inputs:
    """Keras tensors to write a network over.

    `user` and `item` are rows, (batch,), for `Embedding` layers of `n_users` and `n_items` rows.
    `time` is when the rating is made, (batch, 2): the date, and the user's drift. `rated` is what
    the user has rated in training, (batch, n_items), and `raters` who has rated the item, (batch,
    n_users): 1/√n in each of the n places, for `Dense` layers. Everything else
    has the name of an attribute, such as `age` or `genre`, and is a vector: of categories
    (batch, n_values), of numbers (batch, 1). Names that are no words of Python have _ in the place
    of other characters; one that users and items share is user_<name> and item_<name>.

    Args:
        ratings: whose users and items, and what is known of them.
    """

    def __init__(self, ratings: Ratings) -> None:
        self.n_users, self.n_items = ratings.n_users, ratings.n_items
        self.user, self.item = (keras.Input((), dtype="int32", name=side) for side in SIDES)
        self._known = _named(list(known_of(ratings)))
        self._tensors: dict[str, Any] = {}
        self._name, self._has_times = ratings.name, ratings.timestamps is not None

    def __getattr__(self, name: str) -> Any:
        """What is known by that name. Raises: UnknownNameError, with the nearest; ConfigError."""
        if name.startswith("_"):
            raise AttributeError(name)
        if name == "time" and not self._has_times:
            raise ConfigError(f"{self._name} has no timestamps, which inputs.time reads")
        width = self._width(name)
        if name not in self._tensors:
            self._tensors[name] = keras.Input((width,), name=name)
        return self._tensors[name]

    def _width(self, name: str) -> int:
        own = {"time": time().shape[0], "rated": self.n_items, "raters": self.n_users}
        if name in own:
            return own[name]
        if name not in self._known:
            raise UnknownNameError("input", name, [*_OWN, *self._known])
        require_width(self._known[name])
        return self._known[name].width

    def __dir__(self) -> list[str]:
        return [*_OWN, *self._known]

    @property
    def sizes(self) -> Mapping[int, tuple[str, int]]:
        """Of the tensors of rows, by identity: the side, and how many rows there are."""
        return {id(self.user): ("user", self.n_users), id(self.item): ("item", self.n_items)}

    @property
    def pools(self) -> Mapping[int, str]:
        """Of the tensors of who rated what that were asked for, by identity: which it is."""
        return {id(one): name for name, one in self._tensors.items() if name in POOLS}

    def read(self) -> Iterator[tuple[Any, Expression]]:
        """The vectors that have been asked for, each as a tensor and as an expression."""
        for name, tensor in self._tensors.items():
            if name in POOLS:
                continue
            if name == "time":
                yield tensor, time()
                continue
            known = self._known[name]
            row = f"{known.side}_row"
            yield tensor, made(row, shape=(known.width,), weights=(known.table,), start="given")


def _named(known: list[Known]) -> dict[str, Known]:
    """Each by the name that it has among the inputs."""
    words = [re.sub(r"\W|^(?=\d)", "_", one.name) for one in known]
    return {
        word if words.count(word) == 1 and word not in _OWN else f"{one.side}_{word}": one
        for word, one in zip(words, known, strict=True)
    }
