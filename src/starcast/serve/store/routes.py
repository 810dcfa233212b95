"""The endpoints that write into the store and read from it."""

import hashlib
import json
import time
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Response

from starcast.data.store.checks import external, key
from starcast.data.store.putting import Put, checked
from starcast.data.store.records import Id, Item, Outcome, Rating, total
from starcast.data.store.writing import TakenKeyError, Transaction
from starcast.serve import schemas
from starcast.serve.api_errors import ApiError
from starcast.serve.routes import ALWAYS, BODY
from starcast.serve.segment_route import SegmentRoute
from starcast.serve.store import schemas as store_schemas
from starcast.serve.store.live_store import LiveStore

_STORE: dict[int | str, dict[str, Any]] = {
    404: {"model": schemas.Failure, "description": "unknown_user, unknown_item, unknown_rating"},
    403: {"model": schemas.Failure, "description": "forbidden: the token is for reading alone"},
    503: {
        "model": schemas.Failure,
        "description": "store_unavailable, overloaded: not written; try again later",
    },
}
_TAKEN: dict[int | str, dict[str, Any]] = {
    409: {"model": schemas.Failure, "description": "taken_key: it came with other ratings before"}
}
_AnId = Annotated[str, Path(max_length=200, json_schema_extra=store_schemas.STORABLE_ID)]
_Key = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=200,
        pattern=r"^[!-~]+$",
        description="what comes under it again is not stored again, and answered as before",
    ),
]


def rating_endpoints(live: LiveStore) -> APIRouter:
    """A rating of a person. They come before endpoints whose ids may hold slashes.

    Args:
        live: the store.
    """
    router = APIRouter(responses=ALWAYS | _STORE, route_class=SegmentRoute)
    path = "/users/{id:path}/ratings/{item:path}"

    @router.put(path, response_model=store_schemas.Written, responses=BODY)
    async def put_rating(id: _AnId, item: _AnId, asked: store_schemas.RatingPut) -> Response:
        """Store a rating; when this is answered it is on disk, and the person's list knows it."""
        put = checked(Rating(id, item, asked.stars, asked.time), live.store.scale, _now())
        outcome = await live.writer.put(put)
        live.drift.add([put], outcome)
        return Response(
            json.dumps(_named(id, item) | {"outcome": _word(outcome)}),
            media_type="application/json",
        )

    @router.get(path, response_model=store_schemas.Stored)
    async def rating(id: _AnId, item: _AnId) -> Any:
        """A rating that is stored."""
        found = await live.ask(live.store.rating, id, item)
        if found is None:
            raise _no_rating()
        return _named(id, item) | {"stars": found.stars, "time": found.time}

    @router.delete(path, response_model=store_schemas.Gone)
    async def delete_rating(id: _AnId, item: _AnId) -> Any:
        """Take a rating back."""
        put = Put(key(id, "user"), key(item, "item"), None, _now(), wins=True)
        if (await live.writer.put(put)).same:
            raise _no_rating()
        return {"deleted": True}

    return router


def store_endpoints(live: LiveStore) -> APIRouter:
    """Batches of ratings, and what the store knows of items and users.

    They come last: their paths begin others.

    Args:
        live: the store.
    """
    router = APIRouter(responses=ALWAYS | _STORE, route_class=SegmentRoute)
    _add_batches(router, live)
    _add_items(router, live)
    _add_users(router, live)
    return router


def _add_batches(router: APIRouter, live: LiveStore) -> None:
    @router.post("/ratings", response_model=store_schemas.Counts, responses=BODY | _TAKEN)
    async def post_ratings(asked: store_schemas.Batch, idempotency_key: _Key = None) -> Any:
        """Store ratings together, or none of them."""
        ratings = [Rating(one.user, one.item, one.stars, one.time) for one in asked.ratings]
        puts = [checked(one, live.store.scale, _now()) for one in ratings]  # before it is queued
        digest = hashlib.sha256(asked.model_dump_json().encode()).hexdigest()

        def write(written: Transaction) -> Outcome:
            if idempotency_key is None:
                return total(written.write(puts))
            return written.put_batch(idempotency_key, digest, ratings)

        try:
            outcome = await live.writer.do(write, [put.user for put in puts])
        except TakenKeyError as error:
            raise ApiError(409, "taken_key", str(error)) from None
        live.drift.add(puts, outcome)
        return outcome._asdict()


def _add_items(router: APIRouter, live: LiveStore) -> None:
    @router.put("/items/{id:path}", response_model=store_schemas.StoredItem, responses=BODY)
    async def put_item(id: _AnId, asked: store_schemas.ItemPut) -> Any:
        """Store all that is known of an item; lists follow at once."""
        item = Item(external(key(id, "item")), **asked.model_dump())
        await live.writer.do(lambda written: written.put_items([item]), is_of_items=True)
        return _told(item)

    @router.get("/items/{id:path}", response_model=store_schemas.StoredItem)
    async def item(id: _AnId) -> Any:
        """What the store knows of an item."""
        found = await live.ask(live.store.item, id)
        if found is None:
            raise _no_item()
        return _told(found)

    @router.delete("/items/{id:path}", response_model=store_schemas.Gone)
    async def delete_item(id: _AnId) -> Any:
        """Delete an item with its ratings; no list has it any more. To keep them, hide it."""
        text = key(id, "item")
        if not await live.writer.do(lambda written: written.delete_item(text), is_of_items=True):
            raise _no_item()
        return {"deleted": True}


def _add_users(router: APIRouter, live: LiveStore) -> None:
    @router.put("/users/{id:path}", response_model=store_schemas.StoredUser, responses=BODY)
    async def put_user(id: _AnId, asked: store_schemas.UserPut) -> Any:
        """Store all that is known of a user beside their ratings."""
        text = key(id, "user")
        await live.writer.do(lambda written: written.put_users({text: asked.attributes}), [text])
        return {"user": external(text), "attributes": asked.attributes}

    @router.get("/users/{id:path}", response_model=store_schemas.StoredUser)
    async def user(id: _AnId) -> Any:
        """What the store knows of a user beside their ratings."""
        found = await live.ask(live.store.user, id)
        if found is None:
            raise ApiError(404, "unknown_user", "the store does not know this user")
        return {"user": external(key(id, "user")), "attributes": found}

    @router.delete("/users/{id:path}", response_model=store_schemas.Erased)
    async def erase(id: _AnId) -> Any:
        """Erase a person: gone from the store, from answers at once, and from the next model."""
        text = key(id, "user")
        was_stored = await live.writer.do(
            lambda written: written.erase_user(text), [text], is_of_items=True
        )
        return {"user": external(text), "erased": True, "was_stored": was_stored}


def _named(user: str, item: str) -> dict[str, Id]:
    return {"user": external(key(user, "user")), "item": external(key(item, "item"))}


def _told(item: Item) -> dict[str, Any]:
    return {
        "item": item.id, "title": item.title, "attributes": item.attributes,
        "hidden": item.hidden, "available_from": item.available_from,
        "available_until": item.available_until,
    }  # fmt: skip


def _word(outcome: Outcome) -> str:
    return next(name for name, n in outcome._asdict().items() if n)


def _no_rating() -> ApiError:
    return ApiError(404, "unknown_rating", "the store has no such rating")


def _no_item() -> ApiError:
    return ApiError(404, "unknown_item", "the store does not know this item")


def _now() -> int:
    return int(time.time())
