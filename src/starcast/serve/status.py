"""The endpoints that tell of the service itself."""

from typing import Any

from fastapi import APIRouter, Response

from starcast.serve import schemas
from starcast.serve.model_store import ModelStore
from starcast.serve.prometheus import CONTENT_TYPE, ServiceMetrics
from starcast.serve.routes import ALWAYS
from starcast.serve.strict_route import StrictRoute

_TEXT: dict[int | str, dict[str, Any]] = {200: {"content": {"text/plain": {}}}}


def status(model_store: ModelStore, service_metrics: ServiceMetrics) -> APIRouter:
    """Which models are loaded, how the service is, and what it has done.

    Args:
        model_store: the models.
        service_metrics: what `/metrics` tells.
    """
    router = APIRouter(responses=ALWAYS, route_class=StrictRoute)

    @router.get("/models", response_model=schemas.Models)
    async def models() -> Any:
        """The loaded models; the default answers where no `model` is named."""
        return model_store.cards()

    @router.get("/healthz", response_model=schemas.Word)
    async def healthz() -> Any:
        """The process is alive."""
        return {"status": "ok"}

    @router.get("/readyz", response_model=schemas.Word)
    async def readyz() -> Any:
        """A model is loaded and answers."""
        model_store.find()
        return {"status": "ready"}

    @router.get("/metrics", response_class=Response, responses=_TEXT)
    async def metrics() -> Response:
        """Requests, times, models and memory, as Prometheus reads them."""
        return Response(service_metrics.text(), media_type=CONTENT_TYPE)

    return router
