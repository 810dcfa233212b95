"""The endpoints that tell of the service itself."""

from typing import Any

from fastapi import APIRouter, Response

from starcast.serve import wire
from starcast.serve.measures import CONTENT_TYPE, Measures
from starcast.serve.routes import ALWAYS
from starcast.serve.shelf import Shelf

_TEXT: dict[int | str, dict[str, Any]] = {200: {"content": {"text/plain": {}}}}


def reports(shelf: Shelf, measures: Measures) -> APIRouter:
    """Which models are loaded, how the service is, and what it has done.

    Args:
        shelf: the models.
        measures: what `/metrics` tells.
    """
    router = APIRouter(responses=ALWAYS)

    @router.get("/models", response_model=wire.Models)
    async def models() -> Any:
        """The loaded models; the default answers where no `model` is named."""
        return shelf.cards()

    @router.get("/healthz", response_model=wire.Word)
    async def healthz() -> Any:
        """The process is alive."""
        return {"status": "ok"}

    @router.get("/readyz", response_model=wire.Word)
    async def readyz() -> Any:
        """A model is loaded and answers."""
        shelf.find()
        return {"status": "ready"}

    @router.get("/metrics", response_class=Response, responses=_TEXT)
    async def metrics() -> Response:
        """Requests, times, models and memory, as Prometheus reads them."""
        return Response(measures.text(), media_type=CONTENT_TYPE)

    return router
