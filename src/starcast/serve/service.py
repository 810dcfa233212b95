"""The application: endpoints, page and middleware around the loaded models."""

import asyncio
import gc
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from importlib import metadata
from typing import TYPE_CHECKING

from fastapi import APIRouter, FastAPI
from starlette.middleware.cors import CORSMiddleware

from starcast.serve.api_errors import refuse_in_json
from starcast.serve.batching import Answers
from starcast.serve.middleware import Limits, Middleware
from starcast.serve.model_store import ModelStore
from starcast.serve.prometheus import ServiceMetrics
from starcast.serve.reloading import keep_up_to_date
from starcast.serve.routes import endpoints, item_endpoints
from starcast.serve.site import page_settings, site
from starcast.serve.static import Document
from starcast.serve.status import status
from starcast.serve.trained_people import PeopleAnswered, TrainedPeople
from starcast.serve.words import Words

if TYPE_CHECKING:
    from starcast.data.store.ratings_store import RatingsStore
    from starcast.serve.store.live_store import LiveStore

THREADS = 1  # for what takes longer; two would pass the lock to and fro (docs/serving.md)


def create_app(
    model_store: ModelStore,
    *,
    token: str = "",
    cors: Sequence[str] = (),
    limits: Limits | None = None,
    look_every: float = 1.0,
    store: "RatingsStore | None" = None,
    read_token: str = "",
    words: Words | None = None,
) -> FastAPI:
    """The service as an ASGI application.

    Args:
        model_store: the models that answer.
        token: what has to be shown; "" for nothing.
        cors: origins whose pages may ask.
        limits: what a request may take.
        look_every: seconds between looks for newer artifacts, and for what others have stored.
        store: of ratings, which is written into; closed when the service ends.
        read_token: what may be shown instead of the token by those who write nothing.
        words: what the page calls items; None: what the data set's name says.
    Raises: ConfigError, DataError: the store does not fit the models, or does not answer.
    """
    metrics, threads = ServiceMetrics(model_store), ThreadPoolExecutor(THREADS, "answer")
    answers = Answers(threads)
    live = _live(store, model_store, metrics)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        looking = [asyncio.create_task(keep_up_to_date(model_store, look_every))]
        looking += [asyncio.create_task(live.keep_up(look_every))] if live else []
        yield
        for one in looking:
            one.cancel()
        if live:
            await asyncio.to_thread(live.close)
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
    settings = page_settings(model_store, words, has_store=store is not None)
    page = site(Document(app, threads, model_store.stars), settings)
    for router in [*_routers(model_store, answers, metrics, live), page]:
        app.router.routes += router.routes  # routers within are each searched twice
    refuse_in_json(app)
    app.add_middleware(
        Middleware, metrics=metrics, limits=limits or Limits(), token=token, read_token=read_token
    )
    if cors:
        writing = ["PUT", "DELETE"] if live else []
        app.add_middleware(
            CORSMiddleware, allow_origins=list(cors), allow_methods=["GET", "POST", *writing],
            allow_headers=["Authorization", "Content-Type", *["Idempotency-Key"] * bool(live)],
        )  # fmt: skip
    return app


def _live(
    store: "RatingsStore | None", model_store: ModelStore, metrics: ServiceMetrics
) -> "LiveStore | None":
    if store is None:
        return None
    from starcast.serve.store.live_store import LiveStore

    return LiveStore(store, model_store, metrics)


def _routers(
    model_store: ModelStore, answers: Answers, metrics: ServiceMetrics, live: "LiveStore | None"
) -> Iterator[APIRouter]:
    """The endpoints; of those that a path may mean the first one answers."""
    people: PeopleAnswered = TrainedPeople(answers)
    if live:
        from starcast.serve.store import routes as store_routes
        from starcast.serve.store.living_people import LivingPeople

        people = LivingPeople(live, answers)
        yield store_routes.rating_endpoints(live)
    yield endpoints(model_store, answers, people)
    yield item_endpoints(model_store, answers)
    yield status(model_store, metrics)
    if live:
        yield store_routes.store_endpoints(live)
