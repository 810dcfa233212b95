"""The service as a process: a socket, signals, and an end without dropped requests."""

import asyncio
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import final

import uvicorn

from starcast.data.store.source import opened
from starcast.errors import ConfigError
from starcast.serve.http_protocol import HttpProtocol
from starcast.serve.logs import log_to_standard_error
from starcast.serve.middleware import Limits
from starcast.serve.model_store import ModelStore
from starcast.serve.service import create_app
from starcast.serve.shares import Shares
from starcast.serve.words import Words

_Handler = Callable[[int, FrameType | None], object]
_UNREAD = 1 << 17  # bytes that the system keeps for each client; by itself it would take 4 MB
_GRACE = 15  # seconds that requests under way have to end, once the process is told to


@final
@dataclass(frozen=True, kw_only=True)
class Settings:
    """How to serve.

    Attributes:
        folders: of artifacts; the first is the default.
        host, port: where to listen; port 0 for any that is free.
        token: what has to be shown; "" for nothing.
        cors: origins whose pages may ask.
        limits: what a request may take.
        look_every: seconds between looks for newer artifacts.
        shares: which model answers whom; None: the default answers everybody.
        store: the address of a store that is written into; None for none.
        read_token: what may be shown instead of the token by those who write nothing.
    """

    folders: Sequence[Path]
    host: str = "127.0.0.1"
    port: int = 8000
    token: str = ""
    cors: Sequence[str] = ()
    limits: Limits = Limits()  # noqa: RUF009  # it is frozen
    look_every: float = 1.0
    shares: Shares | None = None
    store: str | None = None
    read_token: str = ""
    words: Words | None = None


def serve(settings: Settings, on_ready: Callable[[str], None]) -> None:
    """Answer until SIGTERM or SIGINT; requests under way are finished. SIGHUP loads anew.

    Args:
        settings: how.
        on_ready: told once, in a line, where the service is and what it took.
    Raises: ArtifactError, ConfigError: a model cannot be loaded, or the address not be had.
    """
    log_to_standard_error()
    with listening(settings.host, settings.port) as listener:
        model_store = ModelStore(settings.folders, settings.shares)
        app = create_app(
            model_store, token=settings.token, cors=settings.cors, limits=settings.limits,
            look_every=settings.look_every, read_token=settings.read_token, words=settings.words,
            store=None if settings.store is None else opened(settings.store),
        )  # fmt: skip
        config = uvicorn.Config(
            app, http=HttpProtocol, ws="none", log_config=None, access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_GRACE, lifespan="on",
            timeout_keep_alive=max(1, round(settings.limits.body_seconds)), proxy_headers=False,
        )  # fmt: skip
        server = _Server(config, model_store, lambda: on_ready(_ready(listener)))
        with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
            runner.run(server.serve([listener]))


@final
class _Server(uvicorn.Server):
    """Uvicorn that ends with status 0 when it is told to end, and reloads when told to."""

    def __init__(
        self, config: uvicorn.Config, model_store: ModelStore, on_ready: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._model_store, self._on_ready = model_store, on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.should_exit:
            self._on_ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        wanted: dict[signal.Signals, _Handler] = {
            signal.SIGINT: self.handle_exit,
            signal.SIGTERM: self.handle_exit,
        }
        if hasattr(signal, "SIGHUP"):
            wanted[signal.SIGHUP] = self._reload
        before = {number: signal.signal(number, act) for number, act in wanted.items()}
        try:
            yield
        finally:
            for number, act in before.items():
                signal.signal(number, act)

    def _reload(self, _number: int, _frame: FrameType | None) -> None:
        threading.Thread(target=self._model_store.refresh, kwargs={"everything": True}).start()


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that listens, before a model is loaded in vain. Raises: ConfigError."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
        family, kind, protocol, _, address = found[0]
        # Where the protocol is not named, asyncio leaves TCP waiting 40 ms for more to send.
        listener = socket.socket(family, kind, protocol)
    except (OSError, OverflowError, UnicodeError) as error:
        raise ConfigError(f"cannot listen at {host} port {port}: {error}") from None
    with listener:
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _UNREAD)
            listener.bind(address)
            listener.listen(1024)
        except OSError as error:
            raise ConfigError(
                f"cannot listen at {host} port {port}: {error.strerror}; choose another --port"
            ) from None
        yield listener


def _ready(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return f"ready in {_age():.1f} s, {resident() / 1e6:.0f} MB, http://{where}"


def _age() -> float:
    """Seconds since this process began, its interpreter's start and all imports included."""
    with suppress(OSError, AttributeError):
        ticks = int(Path("/proc/self/stat").read_text("ascii").rpartition(")")[2].split()[19])
        return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    return time.process_time()


def resident() -> int:
    """Memory that this process has now, bytes; at its peak, where the system does not tell."""
    with suppress(OSError):
        return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf(
            "SC_PAGE_SIZE"
        )
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
