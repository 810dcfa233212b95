"""Install a wheel or an sdist into an empty environment and see that it works there.

    python tools/try_release.py dist/*.whl [--python python3.12 …] [--oldest] [--sbom FILE]

For each interpreter: a fresh virtual environment, the package with the service, and in an empty
folder `starcast doctor`, a training, a list, and the same list over HTTP. What is not found
among the interpreters is said, and the others are tried.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

HOUSE = Path(__file__).parents[1]
NEWEST, OLDEST = HOUSE / "constraints.txt", HOUSE / "constraints-oldest.txt"
# What is tried is what is installed, whatever is beside it here.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
MODEL = "pretrained_models/ml-latest-small/item-item-model"


class BrokenReleaseError(Exception):
    """Something of the release does not work; says what, and what was said."""


def main() -> int:
    """Read the command line and try. Returns: the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("release", nargs="+", type=Path, help="wheels and sdists")
    parser.add_argument("--python", nargs="+", default=[sys.executable], help="interpreters")
    parser.add_argument("--oldest", action="store_true", help="with the oldest packages allowed")
    parser.add_argument("--sbom", type=Path, help="where a list of all that is installed goes")
    given = parser.parse_args()
    status = 0
    for python in given.python:
        if not shutil.which(python):
            print(f"{python}: not found, not tried")
            continue
        try:
            for said in _try(python, given):
                print(f"{python}, {said}", flush=True)
        except BrokenReleaseError as error:
            print(f"{python}: {error}", file=sys.stderr)
            status = 1
    return status


def _try(python: str, given: argparse.Namespace) -> Iterator[str]:
    """Install and use each release, one in the place of the other; what was tried, in words."""
    with tempfile.TemporaryDirectory() as folder:
        home, inside = Path(folder, "home"), Path(folder, "venv", "bin")
        _say([python, "-m", "venv", f"{folder}/venv"], Path(folder))
        bounds = OLDEST if given.oldest else NEWEST
        pip = [str(inside / "python"), "-m", "pip", "install", "--quiet", "-c", str(bounds)]
        for release in given.release:
            home.mkdir()
            _say([*pip, f"{release.resolve()}[serve]"], home)
            yield f"{release.name}: {_use(str(inside / 'starcast'), home)}"
            shutil.rmtree(home)
            pip = [*pip, "--force-reinstall", "--no-deps"]  # the others in the same environment
        if given.sbom:
            _write_sbom(inside / "python", given.sbom)


def _use(starcast: str, home: Path) -> str:
    """What a person would do first."""
    version = _say([starcast, "--version"], home).strip()
    _say([starcast, "doctor"], home)
    _say([starcast, "train", "--for", "lists"], home)
    by_hand = json.loads(_say([starcast, "recommend", MODEL, "--user", "1", "--json"], home))
    served = _served(starcast, home)
    if [row["item"] for row in served] != [row["item_id"] for row in by_hand]:
        raise BrokenReleaseError("the service lists other items than the command line")
    return f"{version} trains, lists and serves"


def _served(starcast: str, home: Path) -> list[dict[str, object]]:
    """The list of user 1 over HTTP."""
    command = [starcast, "serve", "--model", MODEL, "--port", "0"]
    with subprocess.Popen(
        command, cwd=home, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True
    ) as service:
        try:
            said = service.stdout.readline() if service.stdout else ""
            found = re.search(r"http://\S+", said)
            if not found:
                raise BrokenReleaseError(f"the service did not begin: {said}")
            with urlopen(f"{found[0]}/users/1/recommendations", timeout=60) as answer:
                rows: list[dict[str, object]] = json.load(answer)["recommendations"]
                return rows
        finally:
            service.terminate()


def _write_sbom(python: Path, path: Path) -> None:
    """All packages of an environment, with versions and licences, as CycloneDX."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tool = [sys.executable, "-m", "cyclonedx_py", "environment", str(python)]
    _say([*tool, "--output-reproducible", "--output-file", str(path.resolve())], HOUSE)


def _say(command: list[str], home: Path) -> str:
    """Run a command. Raises: BrokenReleaseError: it failed."""
    done = subprocess.run(
        command, cwd=home, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise BrokenReleaseError(f"{' '.join(command)}: {done.stderr.strip()[-2000:]}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
