"""Lists that are asked for in a body: for whom, how long, and by which rules."""

from typing import Annotated, Self

from pydantic import BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from starcast.errors import ConfigError
from starcast.evaluation.list_size import LIST_SIZE
from starcast.recommend import Rules
from starcast.recommend.rules import MOST_CHARACTERS, MOST_GROUPS
from starcast.serve.request_schemas import (
    MOST_EXPLAINED,
    MOST_ITEMS,
    Asked,
    GivenRating,
    Id,
    Length,
    LengthAndReasons,
    ModelName,
    whole,
)

_MOST_RATINGS = 2**31 - 1
_COSTLY = ("reasons", "diversity", "calibration")  # every place of a list is looked at for them

Weight = Annotated[float, Field(ge=0, le=1, strict=True)]
Items = Annotated[
    list[Id], Field(max_length=MOST_ITEMS, fail_fast=True, description="ids or titles")
]
Groups = Annotated[
    list[Annotated[
        str,
        StringConstraints(strict=True, max_length=200),
        Field(json_schema_extra={"format": "starcast-group"}),
    ]],
    Field(max_length=MOST_GROUPS, fail_fast=True),
]  # fmt: skip

Where = Annotated[
    Annotated[
        str,
        StringConstraints(strict=True, max_length=MOST_CHARACTERS),
        Field(json_schema_extra={"format": "starcast-filter"}),
    ]
    | None,
    Field(
        description="a filter over columns of items",
        examples=["genres = 'Comedy' and year >= 1990"],
    ),
]
Given = Annotated[list[GivenRating], Field(max_length=MOST_ITEMS, fail_fast=True)]


class _ByRules(LengthAndReasons):
    model_config = ConfigDict(
        json_schema_extra={
            "additionalProperties": False,
            "anyOf": [  # what is checked of them
                {"properties": {"k": {"maximum": MOST_EXPLAINED}}},
                {"properties": {name: {"maximum": 0} for name in _COSTLY}},
            ],
        }
    )

    where: Where = None
    among: Items | None = None
    without: Items = Field(default_factory=list)
    min_ratings: Annotated[
        int, Field(ge=0, le=_MOST_RATINGS, strict=True), BeforeValidator(whole)
    ] = 0
    at_most: Annotated[Groups, Field(default_factory=list, examples=[["3:director"]])]
    at_least: Annotated[Groups, Field(default_factory=list, examples=[["2:genres=Documentary"]])]
    diversity: Annotated[
        Weight, Field(description="weight of being unlike what is listed before")
    ] = 0
    calibration: Annotated[
        Weight, Field(description="weight of genres being spread as in what the person rated")
    ] = 0

    @model_validator(mode="after")
    def _check_weights(self) -> Self:
        if self.k > MOST_EXPLAINED and (self.diversity or self.calibration):
            raise ConfigError(
                f"k may be at most {MOST_EXPLAINED} where a list is to be diverse or calibrated"
            )
        return self

    def rules(self) -> Rules | None:
        """The rules, None if there are none. Raises: ConfigError: one that cannot be read."""
        names = self.model_fields_set & Rules.__dataclass_fields__.keys()
        return Rules.of(None, {name: getattr(self, name) for name in names}) if names else None


class ListAsked(_ByRules):
    """What a person unknown to the model has rated; each item once, or nothing at all.

    Items that the model does not know are left out, and named in the answer, unless it knows none.
    """

    ratings: Given
    model: ModelName = None
    details: Annotated[
        bool,
        Field(
            strict=True,
            description="tell how sure predictions are, what items are, and reasons by what they "
            "say of an item in particular",
        ),
    ] = False
    only_liked: Annotated[
        bool,
        Field(
            strict=True,
            description="items that are predicted at least what is usual for the person come "
            "before all others, where the model's stars differ by more than people's kindness",
        ),
    ] = False


class SuggestionsAsked(Asked):
    """What a person has rated, perhaps nothing, who is to be asked for more."""

    ratings: Annotated[Given, Field(default_factory=list)]
    without: Annotated[Items, Field(description="ids that are not to be asked about")] = Field(
        default_factory=list
    )
    where: Where = None
    k: Annotated[Length, Field(strict=True), BeforeValidator(whole)] = LIST_SIZE
    model: ModelName = None

    def rules(self) -> Rules:
        """The filter. Raises: ConfigError: it cannot be read."""
        return Rules.of(None, {} if self.where is None else {"where": self.where})


class UserListAsked(_ByRules):
    """A known user's list by rules."""

    include_seen: Annotated[bool, Field(strict=True)] = False
    model: ModelName = None
