"""What is answered, as OpenAPI documents it."""

from typing import Literal

from pydantic import BaseModel


class Scale(BaseModel):
    """The stars that exist."""

    lowest: float
    highest: float
    step: float


class ModelCard(BaseModel):
    """A loaded model; `test` holds the figures of its test rows by name, if it was tested.

    A final model is trained on all ratings, the test rows among them, and has none of its own:
    `test_before_final` holds those of the run that chose its settings, if they are noted.
    """

    name: str
    title: str
    formula: str
    dataset: str
    n_users: int
    n_items: int
    n_ratings: int
    scale: Scale
    test: dict[str, float | None] | None
    is_final: bool
    test_before_final: dict[str, float | None] | None
    is_default: bool


class Models(BaseModel):
    """Every loaded model."""

    models: list[ModelCard]


class Item(BaseModel):
    """An item and its title, "" if it has none."""

    item: int | str
    title: str


class Items(BaseModel):
    """Items found, best first."""

    items: list[Item]


class Prediction(Item):
    """Predicted stars, and the standard deviation of a rating about them where it is known."""

    stars: float
    deviation: float | None
    new: bool = False


class Predictions(BaseModel):
    """Predictions in the order they were asked for."""

    model: str
    user: int | str
    predictions: list[Prediction]


class Reason(Item):
    """A rating of the person's own, and its effect: in stars by which it moves the prediction,
    or, of a model made for lists, as its share in what lifts and lowers the item."""

    stars: float
    effect: float
    unit: Literal["stars", "share"]


class Recommendation(Item):
    """An item worth a look: its predicted stars, and reasons if asked for.

    `new` is there, and true, for an item that the store knows and the model does not. The others
    are details: the standard deviation of the person's rating about `stars`, the chance that they
    would give the list's `mark` or more, and what is known of the item.
    """

    stars: float
    reasons: list[Reason]
    new: bool = False
    deviation: float | None = None
    chance: float | None = None
    genres: list[str] = []
    links: dict[str, str] = {}


class FoundByTitle(Item):
    """An item that was given by a title; `is_sure` unless year or spelling differ a little."""

    given: str
    is_sure: bool


class GuestList(BaseModel):
    """A list for a person unknown to the model, best first.

    `found` are the items that were given by title, `left_out` those that the model does not know,
    `remarks` what the list lacks of what rules ask for, where there are any. With details there are
    the stars that the person is predicted to give to what people rate, and the least stars above.
    """

    model: str
    recommendations: list[Recommendation]
    remarks: list[str] = []
    usual: float | None = None
    mark: float | None = None
    found: list[FoundByTitle]
    left_out: list[int | str]


class UserList(BaseModel):
    """A list for a known user, best first.

    There are `remarks` where it is asked for by rules, and `fallback`, true, where it is anybody's.
    """

    model: str
    user: int | str
    recommendations: list[Recommendation]
    remarks: list[str] = []
    fallback: bool = False


class OwnRating(Item):
    """A rating that a user gave."""

    stars: float


class OwnRatings(BaseModel):
    """A user's ratings, highest first; those of the test by a final model alone."""

    user: int | str
    ratings: list[OwnRating]


class Suggestion(Item):
    """An item that a person should be asked to rate."""

    genres: list[str] = []
    links: dict[str, str] = {}


class Suggestions(BaseModel):
    """What to ask a person to rate, the most telling first."""

    model: str
    suggestions: list[Suggestion]


class Imported(Item):
    """A rating of an imported list; `is_sure` unless title or year differ a little."""

    given: str
    stars: float
    is_sure: bool


class Unmatched(BaseModel):
    """A rating of an imported list whose item is not known, and items it may be."""

    given: str
    stars: float
    near: list[Item]


class Imports(BaseModel):
    """What a model knows of an imported list, on its own scale; `notes` say what else was done."""

    model: str
    found: list[Imported]
    not_found: list[Unmatched]
    notes: list[str]


class Likeness(Item):
    """An item like another; the similarity is in [-1, 1]."""

    similarity: float


class Likenesses(BaseModel):
    """Items like another, best first."""

    model: str
    item: int | str
    title: str
    similar: list[Likeness]


class Word(BaseModel):
    """How the service is."""

    status: str


class Fault(BaseModel):
    """Why a request was turned down."""

    code: str
    message: str
    near: list[str] | None = None


class Failure(BaseModel):
    """What every answer that is no success looks like."""

    error: Fault
