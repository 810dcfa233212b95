"""Work behind the answers: warming up, looking for newer models, sparing the garbage collector."""

import asyncio
import gc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from starcast.serve.api_errors import LOG
from starcast.serve.model_store import ModelStore

_SELDOM = 20_000, 20, 100  # thresholds of the collector; requests leave hardly anything to it


async def keep_up_to_date(model_store: ModelStore, look_every: float) -> None:
    """Look for newer artifacts, now and then, in a thread of its own, until it is cancelled.

    Args:
        model_store: whose models are replaced.
        look_every: seconds between looks.
    """
    n_settled = -1
    with ThreadPoolExecutor(1, "load") as loader:
        await _supervised(loader, model_store.warm_up)
        while True:
            await asyncio.sleep(look_every)
            if n_settled != model_store.n_reloads:  # a look later: who had the old ones is done
                n_settled = model_store.n_reloads
                await _supervised(loader, settle)
            await _supervised(loader, model_store.refresh)


async def _supervised(thread: ThreadPoolExecutor, work: Callable[[], None]) -> None:
    """Do some work, and say so if it fails: the next is done all the same."""
    try:
        await asyncio.get_running_loop().run_in_executor(thread, work)
    except Exception:
        LOG.exception("%s failed", getattr(work, "__qualname__", work))


def settle() -> None:
    """Spare the garbage collector what is here to stay: nobody could be answered meanwhile."""
    gc.unfreeze()
    gc.collect()  # models that were replaced
    gc.freeze()
    gc.set_threshold(*_SELDOM)  # or it would go over all people in memory several times a second
