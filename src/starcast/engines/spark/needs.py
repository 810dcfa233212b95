"""What Spark needs on this machine, looked for before anything is begun."""

import os
import re
import shutil
import subprocess
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from starcast.errors import ConfigError

_LEAST = (4, 1)  # of pyspark: `repartitionById`
_JAVA = 17
_INSTALL = "Debian: apt install default-jre-headless; macOS: brew install openjdk@17"


def require_pyspark() -> None:
    """Raises: ConfigError: pyspark is missing, or older than what is used of it."""
    missing = [one for one in ("pyspark", "pyarrow") if find_spec(one) is None]
    if missing:
        raise ConfigError(f"--engine spark needs {missing[0]}: pip install 'starcast[spark]'")
    found = metadata.version("pyspark")
    if tuple(map(int, re.findall(r"\d+", found)[:2])) < _LEAST:
        least = ".".join(map(str, _LEAST))
        raise ConfigError(
            f"pyspark {found} is too old, {least} is needed: pip install 'starcast[spark]'"
        )


def require_java() -> None:
    """Raises: ConfigError: there is no Java of 17 or later, with how to install it."""
    program = _java()
    if program is None:
        raise ConfigError(f"Spark needs Java {_JAVA} or later, and there is none ({_INSTALL})")
    try:
        told = subprocess.run(
            [program, "-version"], capture_output=True, text=True, check=False, timeout=60
        ).stderr
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ConfigError(f"{program} does not run ({error}); {_INSTALL}") from None
    version = java_version(told)
    if version is None or version < _JAVA:
        found = f"is Java {version}" if version else "tells no version of Java"
        raise ConfigError(f"Spark needs Java {_JAVA} or later, and {program} {found} ({_INSTALL})")


def java_version(told: str) -> int | None:
    """The version that `java -version` tells, None if it tells none.

    >>> java_version('openjdk version "17.0.15" 2025-04-15'), java_version('version "1.8.0_402"')
    (17, 8)
    """
    found = re.search(r'version "(?:1\.)?(\d+)', told)
    return int(found[1]) if found else None


def _java() -> str | None:
    """The Java that Spark would take."""
    home = os.environ.get("JAVA_HOME")
    return str(Path(home) / "bin" / "java") if home else shutil.which("java")
