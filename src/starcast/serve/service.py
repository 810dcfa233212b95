"""The application: endpoints, page and middleware around the loaded models."""

import asyncio
import gc
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from importlib import metadata

from fastapi import FastAPI, Request, Response
from starlette.middleware.cors import CORSMiddleware

from starcast.serve.api_errors import refuse_in_json
from starcast.serve.batching import Answers
from starcast.serve.middleware import Limits, Middleware
from starcast.serve.model_store import ModelStore
from starcast.serve.prometheus import ServiceMetrics
from starcast.serve.reloading import keep_up_to_date
from starcast.serve.routes import endpoints, item_endpoints
from starcast.serve.static import Document, Pages
from starcast.serve.status import status

THREADS = 1  # for what takes longer; two would pass the lock to and fro (docs/serving.md)


def create_app(
    model_store: ModelStore,
    *,
    token: str = "",
    cors: Sequence[str] = (),
    limits: Limits | None = None,
    look_every: float = 1.0,
) -> FastAPI:
    """The service as an ASGI application.

    Args:
        model_store: the models that answer.
        token: what has to be shown; "" for nothing.
        cors: origins whose pages may ask.
        limits: what a request may take.
        look_every: seconds between looks for newer artifacts.
    """
    metrics, threads = ServiceMetrics(model_store), ThreadPoolExecutor(THREADS, "answer")
    answers = Answers(threads)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        looking = asyncio.create_task(keep_up_to_date(model_store, look_every))
        yield
        looking.cancel()
        gc.unfreeze()

    app = FastAPI(
        title="Starcast",
        version=metadata.version("starcast"),
        description="Recommendations from models that were trained by star ratings.",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    for router in (
        endpoints(model_store, answers),
        item_endpoints(model_store, answers),
        status(model_store, metrics),
    ):
        app.include_router(router)
    _add_site(app, Document(app, threads, model_store.stars))
    refuse_in_json(app)
    app.add_middleware(Middleware, metrics=metrics, limits=limits or Limits(), token=token)
    if cors:
        app.add_middleware(
            CORSMiddleware, allow_origins=list(cors), allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type"],
        )  # fmt: skip
    return app


def _add_site(app: FastAPI, document: Document) -> None:
    pages = Pages()

    @app.get("/", include_in_schema=False)
    async def page(request: Request) -> Response:
        return pages.answer("index.html", request)

    @app.get("/static/{name:path}", include_in_schema=False)
    async def static(name: str, request: Request) -> Response:
        return pages.answer(name, request)

    @app.get("/docs", include_in_schema=False)
    async def docs(request: Request) -> Response:
        return (await document.page()).answer(request)

    @app.get("/openapi.json", include_in_schema=False)
    async def openapi(request: Request) -> Response:
        return (await document.json()).answer(request)
