"""A session of Spark by the address of its master, and failures of Spark in one line."""

import os
import re
import sys
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, final

from starcast.display import quoted
from starcast.engines.spark.needs import require_java, require_pyspark
from starcast.errors import ConfigError, DataError

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

LOCAL = "local[*]"
_MASTERS = re.compile(r"(local(-cluster)?\[.+\]|local|(spark|sc|k8s)://.+|yarn)$")
_OF_PANDAS = "PySpark does not yet fully support pandas"
_CONNECT, _NESTED = "sc://", "sc://local"
_SETTINGS = {  # of every session
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.sources.partitionOverwriteMode": "static",
}
_AT_START = {  # of one that this process starts
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    "spark.driver.memory": "4g",
    "spark.executorEnv.OPENBLAS_NUM_THREADS": "1",
    "spark.executorEnv.NUMBA_NUM_THREADS": "1",
}


@final
class Session(NamedTuple):
    """Spark, ready.

    Attributes:
        spark: the session.
        master: its address.
        width: how many tasks it runs at a time.
    """

    spark: "SparkSession"
    master: str
    width: int

    @property
    def is_one_machine(self) -> bool:
        """Whether executors see the disk of this process."""
        return self.master.startswith(("local", _NESTED))

    def frame(self, table: "pa.Table") -> "DataFrame":
        """A table of this process as a data frame."""
        return self.spark.createDataFrame(table)


@contextmanager
def opened(master: str | None, settings: Mapping[str, str]) -> Iterator[Session]:
    """A session, for as long as the context lasts; one that is open already is used, and stays.

    Args:
        master: local[*], spark://…, yarn, k8s://…, or sc://… (Spark Connect); sc://local[2] starts
            a server of Spark Connect on this machine. None: the open session's, else local[*].
        settings: of Spark, by name; they come before our own.
    Raises:
        ConfigError: something is missing here or on the executors, or a session of another master
            is open.
        DataError: nobody answers there.
    """
    require_pyspark()
    from pyspark.sql import SparkSession

    if (active := SparkSession.getActiveSession()) is not None:
        yield _taken_over(active, master, settings)
        return
    master = master or LOCAL
    if not _MASTERS.match(master):
        raise ConfigError(
            f"{quoted(master)} is no master of Spark; write local[*], spark://HOST:PORT, "
            "sc://HOST:PORT, yarn or k8s://…"
        )
    if not master.startswith(_CONNECT) or master.startswith(_NESTED):
        require_java()
    with told_in_a_line(f"Spark at {master}"):
        spark = _started(master, settings)
    try:
        with told_in_a_line(f"Spark at {master}"):
            session = Session(spark, master, _width(spark))
        yield session
    finally:
        spark.stop()


def _taken_over(spark: "SparkSession", master: str | None, settings: Mapping[str, str]) -> Session:
    """A session that is open. Raises: ConfigError: it is not the one that is asked for."""
    is_remote = ".connect." in type(spark).__module__
    own = "sc://the open session" if is_remote else str(spark.conf.get("spark.master"))
    if settings or master not in (None, own):
        raise ConfigError(
            f"a session of Spark is open ({own}), with its own master and settings; leave these "
            "out, or stop it"
        )
    return Session(spark, own, _width(spark))


def _started(master: str, settings: Mapping[str, str]) -> "SparkSession":
    from pyspark.sql import SparkSession

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder: Any = SparkSession.builder
    builder = builder.appName("starcast")
    if master.startswith(_CONNECT):
        address = master.removeprefix(_CONNECT) if master.startswith(_NESTED) else master
        builder = builder.remote(address)
        own = _SETTINGS if address == master else _SETTINGS | _AT_START
    else:
        builder, own = builder.master(master), _SETTINGS | _AT_START
    for name, value in {**own, **settings}.items():
        builder = builder.config(name, value)
    warnings.filterwarnings("ignore", _OF_PANDAS, FutureWarning)
    with _log() as log:
        try:
            spark: SparkSession = builder.getOrCreate()
        except Exception:
            sys.stderr.write(log.read_text(errors="replace")[-2000:])
            raise
    return spark


@contextmanager
def _log() -> Iterator[Path]:
    """What Java writes goes to a file: it begins with lines that nobody needs, and whoever is
    started in this context keeps it. What fails is raised here."""
    with tempfile.NamedTemporaryFile(prefix="starcast-spark-", suffix=".log") as log:
        sys.stderr.flush()
        before = os.dup(2)
        try:
            os.dup2(log.fileno(), 2)
            yield Path(log.name)
        finally:
            os.dup2(before, 2)
            os.close(before)


def _width(spark: "SparkSession") -> int:
    """How many tasks run at a time: what a range is cut into that nobody cuts.

    Each of them tells its version, which is the first that Python is asked there.
    Raises: ConfigError: executors have no Starcast, or another one.
    """
    from starcast.engines.spark.versions import tell_version, version

    try:
        told = spark.range(1 << 16).mapInArrow(tell_version, "version string").toArrow()
    except Exception as error:
        if "No module named" in str(error):
            raise ConfigError(
                "the Python of the executors has no starcast; install the same there, and name "
                "that Python: PYSPARK_PYTHON"
            ) from None
        raise
    found = told["version"].to_pylist()
    if others := set(found) - {version()}:
        theirs = ", ".join(sorted(others))
        raise ConfigError(f"executors have starcast {theirs}, and this is {version()}; make it one")
    return len(found)


@contextmanager
def told_in_a_line(what: str) -> Iterator[None]:
    """Failures of Spark as ours, in a line. Raises: DataError."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException, PySparkRuntimeError

    try:
        yield
    except (PySparkException, PySparkRuntimeError, Py4JError) as error:
        raise DataError(f"{what}: {cause(str(error))}") from None
    except Exception as error:
        if type(error).__module__.startswith("grpc"):
            raise DataError(f"{what}: {cause(str(error))}") from None
        raise


def cause(told: str) -> str:
    """What went wrong, of the pages that Spark writes of it."""
    lines = [line.strip() for line in told.splitlines() if line.strip()]
    if "Python worker" in told:
        of_python = [
            line for line in lines if re.match(r"([\w.]+(Error|Exception)|Killed)\b", line)
        ]
        return re.sub(r"\s+", " ", (of_python or lines)[-1])[:300]
    by_sign = (
        line
        for sign in ("Caused by:", "details = ", ": java.", ": org.")
        for line in reversed(lines)
        if sign in line
    )
    line = lines[0] if lines and lines[0].startswith("[") else next(by_sign, (lines or ["?"])[0])
    return re.sub(r"\s+", " ", line.removeprefix("Caused by:"))[:300].strip()
