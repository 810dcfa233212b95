"""The endpoints."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from starcast.evaluation.list_size import LIST_SIZE
from starcast.serve import list_schemas, request_schemas, schemas
from starcast.serve.batching import Answers
from starcast.serve.guests import guest_list, suggestions
from starcast.serve.imports import imported
from starcast.serve.middleware import IMPORTS
from starcast.serve.model_store import ModelStore
from starcast.serve.strict_route import StrictRoute
from starcast.serve.trained_people import Asked, PeopleAnswered

ALWAYS: dict[int | str, dict[str, Any]] = {
    status: {"model": schemas.Failure, "description": what}
    for status, what in (
        (401, "a token is wanted"),
        (422, "invalid_request: out of its limits, or nothing that can be meant"),
        (500, "internal_error: a fault of the service"),
        (504, "timeout: not answered in time"),
    )
}
_UNKNOWN: dict[int | str, dict[str, Any]] = {
    404: {"model": schemas.Failure, "description": "unknown_user, unknown_item or unknown_model"}
}
BODY: dict[int | str, dict[str, Any]] = {
    400: {"model": schemas.Failure, "description": "invalid_request: no JSON"},
    408: {"model": schemas.Failure, "description": "timeout: the body did not come in time"},
    413: {"model": schemas.Failure, "description": "too_large: more than a body may have"},
}
PathId = Annotated[str, Path(max_length=200)]
K = Annotated[request_schemas.Length, Query(include_in_schema=False)]  # as one: LENGTH_AND_REASONS
Reasons = Annotated[request_schemas.Reasons, Query(include_in_schema=False)]
Limit = Annotated[int, Query(ge=1, le=request_schemas.MOST_K)]
Fallback = Annotated[
    bool, Query(description="for somebody unknown, what suits everybody instead of 404")
]
Model = Annotated[request_schemas.ModelName, Query()]


def endpoints(model_store: ModelStore, answers: Answers, people: PeopleAnswered) -> APIRouter:
    """The endpoints that answer from a model.

    Args:
        model_store: the models that answer.
        answers: makes what they say, where it holds nobody up.
        people: answers for those who have an id.
    """
    router = APIRouter(responses=ALWAYS, route_class=StrictRoute)

    @router.get(
        "/users/{id:path}/recommendations", response_model=schemas.UserList, responses=_UNKNOWN,
        openapi_extra={"parameters": [request_schemas.LENGTH_AND_REASONS]},
    )  # fmt: skip
    async def recommendations(
        id: PathId, k: K = LIST_SIZE, include_seen: bool = False, reasons: Reasons = 0,
        fallback: Fallback = False, model: Model = None,
    ) -> Response:  # fmt: skip
        """The items a known user would like most."""
        request_schemas.check_reasons(k, reasons)
        asked = Asked(k, include_seen, reasons, fallback=fallback)
        return _json(await people.top(model_store.find(model, id), id, asked))

    @router.post("/predict", response_model=schemas.Predictions, responses=_UNKNOWN | BODY)
    async def predict(asked: request_schemas.PredictionsAsked) -> Response:
        """Predicted stars of a known user for items."""
        model = model_store.find(asked.model, asked.user)
        return _json(await people.predictions(model, asked.user, asked.items))

    @router.post(
        "/users/{id:path}/recommendations", response_model=schemas.UserList,
        responses=_UNKNOWN | BODY,
    )  # fmt: skip
    async def recommendations_by_rules(id: PathId, asked: list_schemas.UserListAsked) -> Response:
        """The same by filters and rules, which all act before the list is cut to its length."""
        wanted = Asked(asked.k, asked.include_seen, asked.reasons, asked.rules())
        return _json(await people.top(model_store.find(asked.model, id), id, wanted))

    @router.get("/users/{id:path}/ratings", response_model=schemas.OwnRatings, responses=_UNKNOWN)
    async def ratings(id: PathId, limit: Limit = 50, model: Model = None) -> Response:
        """What a user rated, as far as the model was allowed to see it."""
        return _json(await people.own_ratings(model_store.find(model, id), id, limit))

    @router.post("/recommendations", response_model=schemas.GuestList, responses=_UNKNOWN | BODY)
    async def recommend(asked: list_schemas.ListAsked) -> Response:
        """The items a person unknown to the model would like most, given some ratings.

        Items may be given by title; the answer says which these were found to be, and which items
        are left out since the model does not know them. If it knows none, that is 404.
        """
        return _json(await answers.make(guest_list, model_store.find(asked.model), asked))

    @router.post("/suggestions", response_model=schemas.Suggestions, responses=_UNKNOWN | BODY)
    async def suggest(asked: list_schemas.SuggestionsAsked) -> Response:
        """The items whose ratings would tell most about a person, given those they have rated."""
        return _json(await answers.make(suggestions, model_store.find(asked.model), asked))

    @router.post(
        IMPORTS, response_model=schemas.Imports, responses=_UNKNOWN | BODY,
        openapi_extra={"requestBody": request_schemas.A_LIST},
    )  # fmt: skip
    async def imports(
        request: Request,
        name: Annotated[str, Query(max_length=200, description="of the file")] = "the list",
        model: Model = None,
    ) -> Response:
        """What a model knows of a list of ratings; it is not kept.

        The list is an export of Letterboxd, IMDb and the like, as a table or in its archive, or any
        table of ratings and ids or titles. What is not known comes with what it may be.
        """
        content = await request.body()
        return _json(await answers.make(imported, model_store.find(model), name, content))

    return router


def item_endpoints(model_store: ModelStore, answers: Answers) -> APIRouter:
    """The endpoints about items; see `endpoints`."""
    router = APIRouter(responses=ALWAYS, route_class=StrictRoute)

    @router.get("/items", response_model=schemas.Items, responses=_UNKNOWN)
    async def items(
        query: Annotated[str, Query(max_length=200)] = "", limit: Limit = 20, model: Model = None
    ) -> Response:
        """Items by the words of their titles, or how these begin, in any order; best first."""
        chosen = model_store.find(model)
        is_quick = chosen.search_cost.is_quick(limit)
        return _json(await answers.make(chosen.find, query, limit, is_quick=is_quick))

    @router.get("/items/{id:path}/similar", response_model=schemas.Likenesses, responses=_UNKNOWN)
    async def similar(
        id: PathId, k: Annotated[request_schemas.Length, Query()] = LIST_SIZE, model: Model = None
    ) -> Response:
        """Items like another."""
        return _json(await answers.make(model_store.find(model).similar, id, k))

    return router


def _json(text: str) -> Response:
    return Response(text, media_type="application/json")
