"""The endpoints for people: the page and what it is made of, and the documentation."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from starcast.data.files.naming import YEAR
from starcast.serve.model_store import ModelStore
from starcast.serve.served_model import ServedModel
from starcast.serve.static import Document, Pages
from starcast.serve.strict_route import StrictRoute
from starcast.serve.words import Words

Settings = Callable[[], Mapping[str, Any]]


def site(document: Document, settings: Settings) -> APIRouter:
    """The endpoints; none is in the documentation.

    Args:
        document: of the other endpoints.
        settings: what the page is to know of the data.
    """
    router, pages = APIRouter(include_in_schema=False), Pages()

    @router.get("/")
    async def page(request: Request) -> Response:  # whoever passes a link on may add to its query
        return pages.answer("index.html", request)

    @router.get("/static/{name:path}")
    async def static(name: str, request: Request) -> Response:
        return pages.answer(name, request)

    strict = APIRouter(include_in_schema=False, route_class=StrictRoute)

    @strict.get("/page.json")
    async def page_json() -> Response:
        return JSONResponse(settings())

    @strict.get("/docs")
    async def docs(request: Request) -> Response:
        return (await document.page()).answer(request)

    @strict.get("/openapi.json")
    async def openapi(request: Request) -> Response:
        return (await document.json()).answer(request)

    router.routes += strict.routes
    return router


def page_settings(model_store: ModelStore, words: Words | None, *, has_store: bool) -> Settings:
    """What the page is to know: what items are called, what they are filtered by, whether there is
    a store. It is told of the default model, whichever that is when it is asked for.

    Args:
        model_store: the models.
        words: what items are called; None: what the data set's name says.
        has_store: whether ratings can be kept.
    """
    made: list[tuple[ServedModel, Mapping[str, Any]]] = []

    def settings() -> Mapping[str, Any]:
        model = model_store.find()
        if not made or made[0][0] is not model:
            about = {**_about(model, words or Words.of(model.ratings.name)), "has_store": has_store}
            made[:] = [(model, about)]
        return made[0][1]

    return settings


def _about(model: ServedModel, words: Words) -> dict[str, Any]:
    years = model.recommender.item_columns.by_name.get(YEAR)
    told = years.values if years is not None and years.is_number else np.empty(0)
    return {
        "items": words._asdict(),
        "genres": model.facts.genres,
        "years": [int(told.min()), int(told.max())] if len(told) else None,
    }
