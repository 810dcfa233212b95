"""The endpoints."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from starcast.serve import schemas
from starcast.serve.batching import Batcher
from starcast.serve.model_store import ModelStore
from starcast.serve.served_model import check_reasons

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
_BODY: dict[int | str, dict[str, Any]] = {
    400: {"model": schemas.Failure, "description": "invalid_request: no JSON"},
    408: {"model": schemas.Failure, "description": "timeout: the body did not come in time"},
    413: {"model": schemas.Failure, "description": "too_large: more than a body may have"},
}
PathId = Annotated[str, Path(max_length=200)]
K = Annotated[schemas.Length, Query()]
Reasons = Annotated[schemas.Reasons, Query()]
Model = Annotated[schemas.ModelName, Query()]


def endpoints(model_store: ModelStore, threads: Executor) -> APIRouter:
    """The endpoints that answer from a model.

    What takes a millisecond is done on the event loop, since threads would cost more than they
    bring (docs/serving.md has the figures); what may take longer goes to `threads`.

    Args:
        model_store: the models that answer.
        threads: for what takes longer.
    """
    router, together = APIRouter(responses=ALWAYS), Batcher()

    @router.post("/predict", response_model=schemas.Predictions, responses=_UNKNOWN | _BODY)
    async def predict(asked: schemas.PredictionsAsked) -> Response:
        """Predicted stars of a known user for items."""
        return await _aside(
            threads, model_store.find(asked.model).predictions, asked.user, asked.items
        )

    @router.get(
        "/users/{id:path}/recommendations", response_model=schemas.UserList, responses=_UNKNOWN
    )
    async def recommendations(
        id: PathId, k: K = 10, include_seen: bool = False, reasons: Reasons = 0, model: Model = None
    ) -> Response:
        """The items a known user would like most."""
        check_reasons(k, reasons)
        top = model_store.find(model).top
        if reasons:
            return await _aside(threads, top, id, k, include_seen, reasons)
        return _json(await together.make(top, id, k, include_seen, 0))

    @router.get("/users/{id:path}/ratings", response_model=schemas.OwnRatings, responses=_UNKNOWN)
    async def ratings(
        id: PathId,
        limit: Annotated[int, Query(ge=1, le=schemas.MOST_K)] = 50,
        model: Model = None,
    ) -> Response:
        """What a user rated, as far as the model was allowed to see it."""
        return await _aside(threads, model_store.find(model).own_ratings, id, limit)

    @router.post("/recommendations", response_model=schemas.GuestList, responses=_UNKNOWN | _BODY)
    async def recommend(asked: schemas.ListAsked) -> Response:
        """The items a person unknown to the model would like most, given some ratings."""
        check_reasons(asked.k, asked.reasons)
        top_for = model_store.find(asked.model).top_for
        return await _aside(threads, top_for, asked.ratings, asked.k, asked.reasons)

    return router


def item_endpoints(model_store: ModelStore, threads: Executor) -> APIRouter:
    """The endpoints about items; see `endpoints`."""
    router = APIRouter(responses=ALWAYS)

    @router.get("/items", response_model=schemas.Items, responses=_UNKNOWN)
    async def items(
        query: Annotated[str, Query(max_length=200)] = "",
        limit: Annotated[int, Query(ge=1, le=schemas.MOST_K)] = 20,
        model: Model = None,
    ) -> Response:
        """Items by the words of their titles, or how these begin, in any order; best first."""
        return _json(model_store.find(model).find(query, limit))

    @router.get("/items/{id:path}/similar", response_model=schemas.Likenesses, responses=_UNKNOWN)
    async def similar(id: PathId, k: K = 10, model: Model = None) -> Response:
        """Items like another."""
        return await _aside(threads, model_store.find(model).similar, id, k)

    return router


async def _aside(threads: Executor, answer: Callable[..., str], *given: object) -> Response:
    return _json(await asyncio.get_running_loop().run_in_executor(threads, answer, *given))


def _json(text: str) -> Response:
    return Response(text, media_type="application/json")
