"""Where and when: what a figure cannot be read without."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from benchmarks.crew import HOUSE, cores

_PACKAGES = (
    "starcast", "numpy", "numba", "polars", "tensorflow-cpu", "tensorflow", "keras", "torch",
    "cornac", "scikit-surprise", "implicit", "lenskit", "recbole", "myfm", "LibRecommender",
    "pandas",
)  # fmt: skip


def circumstances() -> dict[str, str]:
    """Date, commit, machine and versions, each in a few words."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "commit": commit(),
        "processor": f"{cores()} cores of {processor()}",
        "memory": memory(),
        "system": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "versions": ", ".join(_versions()),
    }


def commit() -> str:
    """The commit that lies here, and whether files differ from it; "unknown" without git."""
    try:
        head = _git("rev-parse", "--short=12", "HEAD")
        return f"{head} with changes" if _git("status", "--porcelain", "--", "src") else head
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def processor() -> str:
    """The processor's name, as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        lines = []
    said = dict(line.partition(":")[::2] for line in lines)
    told = {key.strip(): value.strip() for key, value in said.items()}
    name = told.get("model name") or platform.processor() or platform.machine()
    family = f" (family {told['cpu family']}, model {told['model']})" if "model" in told else ""
    return name + family


def memory() -> str:
    """How much memory there is."""
    try:
        size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return "unknown"
    return f"{size / 2**30:.0f} GiB"


def free_memory() -> float:
    """Memory that can be had without swapping, GB; infinite where the system does not tell."""
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
    except OSError:
        return float("inf")
    return next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable")) / 1e6


def _versions() -> list[str]:
    found = []
    for package in _PACKAGES:
        try:
            found.append(f"{package} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            continue
    return found


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=HOUSE, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()
