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
from starcast.serve.middleware import Limits, Middleware
from starcast.serve.model_store import ModelStore
from starcast.serve.prometheus import ServiceMetrics
from starcast.serve.routes import endpoints, item_endpoints
from starcast.serve.static import Pages, documentation
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

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        looking = asyncio.create_task(_look(model_store, look_every))
        yield
        looking.cancel()
        gc.unfreeze()

    app = FastAPI(
        title="Starcast",
        version=metadata.version("starcast"),
        description="Recommendations from models that were trained by star ratings.",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    for router in (
        endpoints(model_store, threads),
        item_endpoints(model_store, threads),
        status(model_store, metrics),
    ):
        app.include_router(router)
    _add_site(app)
    refuse_in_json(app)
    app.add_middleware(Middleware, metrics=metrics, limits=limits or Limits(), token=token)
    if cors:
        app.add_middleware(
            CORSMiddleware, allow_origins=list(cors), allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type"],
        )  # fmt: skip
    return app


def _add_site(app: FastAPI) -> None:
    pages = Pages()

    @app.get("/", include_in_schema=False)
    async def page(request: Request) -> Response:
        return pages.answer("index.html", request)

    @app.get("/static/{name:path}", include_in_schema=False)
    async def static(name: str, request: Request) -> Response:
        return pages.answer(name, request)

    @app.get("/docs", include_in_schema=False)
    async def docs() -> Response:
        return Response(documentation(app), media_type="text/html")


async def _look(model_store: ModelStore, look_every: float) -> None:
    """Look for newer artifacts, now and then, in a thread of its own."""
    loop, n_settled = asyncio.get_running_loop(), -1
    with ThreadPoolExecutor(1, "load") as loader:
        await loop.run_in_executor(loader, model_store.warm_up)
        while True:
            await asyncio.sleep(look_every)
            if n_settled != model_store.n_reloads:  # a look later: who had the old ones is done
                n_settled = model_store.n_reloads
                await loop.run_in_executor(loader, settle)
            await loop.run_in_executor(loader, model_store.refresh)


def settle() -> None:
    """Spare the garbage collector what is here to stay: nobody could be answered meanwhile."""
    gc.unfreeze()
    gc.collect()  # models that were replaced
    gc.freeze()
