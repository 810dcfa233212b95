"""Spark for tests: a session where there is a Java, a skip with the reason where there is none."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from starcast.engines.spark.needs import require_java, require_pyspark
from starcast.engines.spark.session import Session, opened
from starcast.errors import ConfigError

MARK = f"STARCAST_TEST_OF_SPARK={os.getpid()}"
"""In the environment of every process that a session of this process starts."""

SMALL = {
    "spark.sql.shuffle.partitions": "2",
    "spark.driver.memory": "1g",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
}
"""Settings of Spark that suit little data."""


def require_spark() -> None:
    """Skip, with the reason, where Spark cannot run."""
    try:
        require_pyspark()
        require_java()
    except ConfigError as error:
        pytest.skip(str(error))


@contextmanager
def session(master: str = "local[2]") -> Iterator[Session]:
    """A session on this machine."""
    require_spark()
    name, _, value = MARK.partition("=")
    os.environ[name] = value
    os.environ.setdefault("SPARK_WORKER_DIR", tempfile.gettempdir())
    with opened(master, SMALL) as started:
        yield started
