"""The application: endpoints, page and guard around a shelf of models."""

import asyncio
import gc
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from importlib import metadata

from fastapi import FastAPI, Request, Response
from starlette.middleware.cors import CORSMiddleware

from starcast.serve.guard import Guard, Limits
from starcast.serve.measures import Measures
from starcast.serve.refusal import refuse_in_json
from starcast.serve.reports import reports
from starcast.serve.routes import endpoints, item_endpoints
from starcast.serve.shelf import Shelf
from starcast.serve.site import Site, documentation

THREADS = 1  # for what takes longer; two would pass the lock to and fro (docs/serving.md)


def create_app(
    shelf: Shelf,
    *,
    token: str = "",
    cors: Sequence[str] = (),
    limits: Limits | None = None,
    look_every: float = 1.0,
) -> FastAPI:
    """The service as an ASGI application.

    Args:
        shelf: the models that answer.
        token: what has to be shown; "" for nothing.
        cors: origins whose pages may ask.
        limits: what a request may take.
        look_every: seconds between looks for newer artifacts.
    """
    measures, threads = Measures(shelf), ThreadPoolExecutor(THREADS, "answer")

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        looking = asyncio.create_task(_look(shelf, look_every))
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
        endpoints(shelf, threads),
        item_endpoints(shelf, threads),
        reports(shelf, measures),
    ):
        app.include_router(router)
    _add_site(app)
    refuse_in_json(app)
    app.add_middleware(Guard, measures=measures, limits=limits or Limits(), token=token)
    if cors:
        app.add_middleware(
            CORSMiddleware, allow_origins=list(cors), allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type"],
        )  # fmt: skip
    return app


def _add_site(app: FastAPI) -> None:
    site = Site()

    @app.get("/", include_in_schema=False)
    async def page(request: Request) -> Response:
        return site.answer("index.html", request)

    @app.get("/static/{name:path}", include_in_schema=False)
    async def static(name: str, request: Request) -> Response:
        return site.answer(name, request)

    @app.get("/docs", include_in_schema=False)
    async def docs() -> Response:
        return Response(documentation(app), media_type="text/html")


async def _look(shelf: Shelf, look_every: float) -> None:
    """Look for newer artifacts, now and then, in a thread of its own."""
    loop, n_settled = asyncio.get_running_loop(), -1
    with ThreadPoolExecutor(1, "load") as loader:
        await loop.run_in_executor(loader, shelf.warm_up)
        while True:
            await asyncio.sleep(look_every)
            if n_settled != shelf.n_reloads:  # a look later: who had the old ones is done
                n_settled = shelf.n_reloads
                await loop.run_in_executor(loader, settle)
            await loop.run_in_executor(loader, shelf.refresh)


def settle() -> None:
    """Spare the garbage collector what is here to stay: nobody could be answered meanwhile."""
    gc.unfreeze()
    gc.collect()  # models that were replaced
    gc.freeze()
