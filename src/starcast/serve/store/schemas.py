"""What is written into the store and read from it, as pydantic checks and OpenAPI documents it."""

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    FailFast,
    Field,
    JsonValue,
    StrictBool,
    StrictInt,
    StringConstraints,
)

from starcast.data.store.checks import FARTHEST
from starcast.serve.request_schemas import MOST_ITEMS, Asked, whole

_BOUNDS: dict[str, JsonValue] = {"minimum": -FARTHEST, "maximum": FARTHEST}
Seconds = Annotated[int, Field(strict=True, json_schema_extra=_BOUNDS), BeforeValidator(whole)]
Stars = Annotated[float, Field(allow_inf_nan=False, strict=True)]
_END = r"[^\s\x00\x1c-\x1f\x85]"  # what Python takes for no blank, in every dialect of patterns
# Patterns and bounds are for those who read the document: the store itself refuses in better words.
STORABLE_ID: dict[str, JsonValue] = {"pattern": rf"^{_END}([^\x00]*{_END})?$"}
_Id = Annotated[
    StrictInt
    | Annotated[
        str, StringConstraints(strict=True, max_length=200), Field(json_schema_extra=STORABLE_ID)
    ],
    BeforeValidator(whole),
]
_Text = Annotated[str, Field(max_length=1000, json_schema_extra={"pattern": r"^[^\x00]*$"})]
_Int64 = Annotated[int, Field(strict=True, ge=-(2**63), le=2**63 - 1)]  # others as floats
Value = StrictBool | _Int64 | Stars | _Text | Annotated[list[_Text], Field(max_length=200)]
Attributes = Annotated[
    dict[Annotated[str, Field(max_length=100, pattern=r"^[^\x00]*$")], Value],
    Field(
        max_length=100,
        description="texts, lists of texts, numbers and truth values by name",
        json_schema_extra={"additionalProperties": False},  # beside names of the pattern
    ),
]
Outcome = Literal["new", "changed", "same", "older"]
Time = Annotated[
    Seconds | None,
    Field(description="when it was given, seconds since 1970; an older one than is stored changes "
          "nothing; now if not said"),
]  # fmt: skip


class RatingPut(Asked):
    """A rating."""

    stars: Stars
    time: Time = None


class BatchRating(RatingPut):
    """A rating of somebody for something."""

    user: _Id
    item: _Id


class Batch(Asked):
    """Ratings that are stored together, or not at all."""

    ratings: Annotated[list[BatchRating], Field(min_length=1, max_length=MOST_ITEMS), FailFast()]


class ItemPut(Asked):
    """All that is known of an item; what is left out is not kept from before."""

    title: _Text = ""
    attributes: Attributes = Field(default_factory=dict)
    hidden: StrictBool = False
    available_from: Annotated[Seconds | None, Field(description="lists may have it from then")] = (
        None
    )
    available_until: Annotated[Seconds | None, Field(description="and no more from then")] = None


class UserPut(Asked):
    """All that is known of a user."""

    attributes: Attributes = Field(default_factory=dict)


class Written(BaseModel):
    """What became of a rating that was put: it is on disk."""

    user: int | str
    item: int | str
    outcome: Outcome


class Counts(BaseModel):
    """What became of the ratings of a batch: all are on disk."""

    new: int
    changed: int
    same: int
    older: int


class Stored(BaseModel):
    """A rating that is stored."""

    user: int | str
    item: int | str
    stars: float
    time: int | None


class Gone(BaseModel):
    """What is there no more."""

    deleted: bool


class StoredItem(BaseModel):
    """What the store knows of an item."""

    item: int | str
    title: str
    attributes: dict[str, Any]
    hidden: bool
    available_from: int | None
    available_until: int | None


class StoredUser(BaseModel):
    """What the store knows of a user."""

    user: int | str
    attributes: dict[str, Any]


class Erased(BaseModel):
    """A person who is not known any more; `was_stored` tells whether the store knew them."""

    user: int | str
    erased: bool
    was_stored: bool
