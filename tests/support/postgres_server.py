"""A PostgreSQL of our own: a real server in a temporary folder, for as long as tests need it."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

from sqlalchemy import create_engine, text

USER, PASSWORD, DATABASE = "ann", "s3cret/@:word", "shop"
_numbers = count(1)
_UNPRIVILEGED = "nobody"  # the server refuses to run as root


def binaries() -> Path | None:
    """The folder of PostgreSQL's programs; None where it is not installed."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return versions[-1].parent if versions else None


@contextmanager
def running(programs: Path) -> Iterator[int]:
    """The port of a server on this machine that asks for a password.

    Args:
        programs: the folder of `initdb` and `pg_ctl`.
    """
    with TemporaryDirectory(prefix="starcast-postgres-") as folder:
        home, secret = Path(folder), Path(folder) / "password"
        secret.write_text(PASSWORD)
        home.chmod(0o755)
        if os.geteuid() == 0:
            shutil.chown(home, _UNPRIVILEGED)
        port = _free_port()
        data = home / "data"
        _run(programs / "initdb", "-D", data, "-U", USER, "--pwfile", secret,
             "--auth", "scram-sha-256", "--encoding", "UTF8", "--no-sync")  # fmt: skip
        options = f"-h 127.0.0.1 -p {port} -k {home} -F"
        _run(programs / "pg_ctl", "-D", data, "-w", "-l", home / "log", "-o", options, "start")
        try:
            yield port
        finally:
            _run(programs / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")


def fresh_database(port: int, name: str = "") -> str:
    """The address of an empty database, without the password."""
    name = name or f"store_{next(_numbers)}"
    secret = quote(PASSWORD, safe="")
    root = create_engine(
        f"postgresql+psycopg://{USER}:{secret}@127.0.0.1:{port}/postgres",
        isolation_level="AUTOCOMMIT",
    )
    with root.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    root.dispose()
    return f"postgresql://{USER}@127.0.0.1:{port}/{name}"


def _run(*command: str | Path) -> None:
    user = _UNPRIVILEGED if os.geteuid() == 0 else None
    done = subprocess.run(
        [*map(str, command)], user=user, cwd="/", capture_output=True, text=True, check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{command[0]}: {done.stdout}{done.stderr}")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
    return port
