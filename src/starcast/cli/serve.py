"""`starcast serve`: trained models behind HTTP, and a page to try them."""

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from starcast.cli import completing
from starcast.cli.command_line import require_no_secret
from starcast.errors import ConfigError

_NEEDED = ("fastapi", "uvicorn", "httptools", "prometheus_client")


def serve(
    *,
    model: Annotated[
        list[Path],
        typer.Option(
            "--model",
            help="A trained model's folder; repeat for more, default first.",
            autocompletion=completing.artifacts,
        ),
    ],
    share: Annotated[
        str | None,
        typer.Option(
            "--share",
            help="Which share of the users each model answers, as 90:10, by a hash of their ids; "
            "without it the first answers everybody who asks for no other.",
        ),
    ] = None,
    host: Annotated[str, typer.Option("--host", help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="0: any that is free.")
    ] = 8000,
    token_env: Annotated[
        str | None,
        typer.Option("--token-env", help="Environment variable with a token to ask for."),
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(
            "--store",
            metavar="ADDRESS",
            help="A store of ratings, written into by PUT, POST and DELETE: sqlite:///r.db, or "
            "postgresql://user@host/database.",
        ),
    ] = None,
    read_token_env: Annotated[
        str | None,
        typer.Option(
            "--read-token-env",
            help="Environment variable with another token, for those who write nothing.",
        ),
    ] = None,
    items_are: Annotated[
        str | None,
        typer.Option(
            "--items-are",
            metavar="WORD",
            help="What the page calls items, in the plural: products; or both, story/stories. "
            "Without it films of sets known to be of films, else items.",
        ),
    ] = None,
    cors: Annotated[
        list[str] | None,
        typer.Option("--cors", help="An origin whose pages may ask; repeat for more."),
    ] = None,
    reload_every: Annotated[
        float,
        typer.Option("--reload-every", min=0.01, help="Seconds between looks for newer ones."),
    ] = 1.0,
    timeout: Annotated[
        float, typer.Option("--timeout", min=0.01, help="Seconds a request may take.")
    ] = 30.0,
) -> None:
    """Answer over HTTP from trained models, and show a page to try them."""
    if missing := [name for name in _NEEDED if find_spec(name) is None]:
        raise ConfigError(
            f"serving needs {missing[0]}, which is not here: pip install 'starcast[serve]'"
        )
    token, read_token = _token(token_env), _token(read_token_env)
    if read_token and not token:
        raise ConfigError("--read-token-env is beside --token-env; give that, too")
    if store is not None:
        require_no_secret(store)
    # One thread for each matrix product: more would wait for each other, and take memory.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from starcast.serve.middleware import Limits
    from starcast.serve.process import Settings
    from starcast.serve.process import serve as answer
    from starcast.serve.shares import Shares
    from starcast.serve.words import Words

    settings = Settings(
        folders=model, host=host, port=port, token=token, cors=cors or (),
        limits=Limits(seconds=timeout, body_seconds=min(timeout, 10.0)), look_every=reload_every,
        store=store, read_token=read_token,
        shares=None if share is None else Shares.parse(share, len(model)),
        words=None if items_are is None else Words.parse(items_are),
    )  # fmt: skip
    answer(settings, lambda line: print(line, flush=True))


def _token(name: str | None) -> str:
    if name is None:
        return ""
    token = os.environ.get(name, "")
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise ConfigError(f"${name} holds no token: set it to printable characters without spaces")
    return token
