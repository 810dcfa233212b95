"""What is asked, as pydantic checks and OpenAPI documents it."""

from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    FailFast,
    Field,
    StrictInt,
    StringConstraints,
    model_validator,
)

from starcast.errors import ConfigError, UnknownNameError
from starcast.evaluation.list_size import LIST_SIZE

MOST_ITEMS, MOST_K, MOST_REASONS, MOST_EXPLAINED = 1000, 1000, 5, 100


def whole(given: object) -> object:
    """A number without a fraction as an integer, as JSON Schema has it: 1.0 is 1."""
    return int(given) if isinstance(given, float) and given.is_integer() else given


Id = Annotated[
    StrictInt | Annotated[str, StringConstraints(strict=True, max_length=200)],
    BeforeValidator(whole),
]
"""An item or user id as the data set has it; text such as "42" is taken for the integer 42."""

Length = Annotated[int, Field(ge=1, le=MOST_K, description="length of the list")]
Reasons = Annotated[
    int,
    Field(
        ge=0,
        le=MOST_REASONS,
        description=f"reasons for each recommendation; with any, k may be at most {MOST_EXPLAINED}",
    ),
]
ModelName = Annotated[
    Annotated[str, StringConstraints(max_length=200)] | None,
    Field(
        description="one of /models; if not given, the user's own where models share users, "
        "else the default"
    ),
]


def check_reasons(k: int, reasons: int) -> None:
    """Refuse what would take long: every reason is an answer of its own. Raises: ConfigError."""
    if reasons and k > MOST_EXPLAINED:
        raise ConfigError(f"k may be at most {MOST_EXPLAINED} where reasons are wanted")


class Asked(BaseModel):
    """A body, in which nothing unknown may stand."""

    model_config = ConfigDict(json_schema_extra={"additionalProperties": False})

    @model_validator(mode="before")
    @classmethod
    def _refuse_unknown(cls, given: Any) -> Any:
        """Refuse the first unknown field; pydantic itself would list a hundred thousand."""
        if isinstance(given, dict):
            for name in given:
                if name not in cls.model_fields:
                    raise UnknownNameError("field", name, cls.model_fields)
        return given


class GivenRating(Asked):
    """Stars a person gives to an item, by its id or its title, perhaps with a year at the end."""

    item: Annotated[Id, Field(description="an id, or a title such as `Heat (1995)`")]
    stars: Annotated[float, Field(allow_inf_nan=False, strict=True)]


class PredictionsAsked(Asked):
    """Which predictions are wanted."""

    user: Id
    items: Annotated[
        list[Id],
        Field(min_length=1, max_length=MOST_ITEMS, description="ids or titles"),
        FailFast(),
    ]
    model: ModelName = None


class LengthAndReasons(Asked):
    """How long a list is to be, and why."""

    model_config = ConfigDict(
        json_schema_extra={
            "additionalProperties": False,
            "anyOf": [  # what `check_reasons` says
                {"properties": {"k": {"maximum": MOST_EXPLAINED}}},
                {"properties": {"reasons": {"maximum": 0}}},
            ],
        }
    )

    k: Annotated[Length, Field(strict=True), BeforeValidator(whole)] = LIST_SIZE
    reasons: Annotated[Reasons, Field(strict=True), BeforeValidator(whole)] = 0

    @model_validator(mode="after")
    def _check(self) -> Self:
        check_reasons(self.k, self.reasons)
        return self


LENGTH_AND_REASONS = {
    "name": "list", "in": "query", "style": "form", "explode": True,
    "description": "two parameters, as `k=10&reasons=2`",
    "schema": LengthAndReasons.model_json_schema(),
}  # fmt: skip
"""Two parameters of a query as OpenAPI documents those that depend on each other."""

A_LIST = {
    "required": True,
    "description": "a table of ratings: CSV and the like, or a zip archive that holds one",
    "content": {"text/plain": {"schema": {"type": "string", "format": "starcast-ratings"}}},
}
"""A body that is no JSON, as OpenAPI documents it."""
