"""The command line as a user meets it: a process of its own, in a folder of its own."""

import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from processes import Starcast, command, environment, write_ratings
from services import Service

from starcast.artifacts import storage
from starcast.artifacts.artifact import Artifact
from starcast.cli import main
from starcast.data.ratings import Ratings


@pytest.fixture(autouse=True, scope="session")
def signals_end_what_is_started() -> Iterator[None]:
    """A shell that runs the tests in the background has them, and what they start, ignore some."""
    defaults = {
        signal.SIGINT: signal.default_int_handler,
        signal.SIGTERM: signal.SIG_DFL,
        signal.SIGHUP: signal.SIG_DFL,
    }
    before = {number: signal.signal(number, handler) for number, handler in defaults.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def starcast(tmp_path: Path) -> Starcast:
    """Runs `starcast ARGUMENTS` in an empty folder and gives back what it said."""

    def run(*arguments: object, **more: Any) -> "subprocess.CompletedProcess[str]":
        settings: dict[str, Any] = {"cwd": tmp_path, "env": environment(), "timeout": 120, **more}
        return subprocess.run(
            command(*arguments), capture_output=True, encoding="utf-8", check=False, **settings
        )

    return run


@pytest.fixture
def at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Starcast:
    """The same without a process of its own, for the many ways to be refused."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("STARCAST_MIRROR", raising=False)
    monkeypatch.delenv("STARCAST_DATA_DIR", raising=False)

    def run(*arguments: object) -> "subprocess.CompletedProcess[str]":
        argv = [str(argument) for argument in arguments]
        with pytest.raises(SystemExit) as exited:
            main(argv)
        status = exited.value.code or 0
        assert isinstance(status, int)
        return subprocess.CompletedProcess(argv, status, *capfd.readouterr())

    return run


@pytest.fixture(scope="session")
def planted_files(planted: Ratings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the planted ratings in planted.csv and titles in items.csv."""
    folder = tmp_path_factory.mktemp("planted")
    user_ids, item_ids = planted.users.ids[planted.user_rows], planted.items.ids[planted.item_rows]
    write_ratings(folder / "planted.csv", user_ids, item_ids, planted.stars)
    titles = zip(planted.items.ids.tolist(), planted.titles.tolist(), strict=True)
    lines = [f'{item_id},"{title} [é]"\n' for item_id, title in titles]
    (folder / "items.csv").write_text("item_id,title\n" + "".join(lines), encoding="utf-8")
    return folder


@pytest.fixture
def folder(known_by_heart: Artifact, tmp_path: Path) -> Path:
    """The model known by heart on disk."""
    return storage.save(known_by_heart, tmp_path / "heart")


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Starts services, and ends those that are left."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: object, **more: str) -> Service:
        process = subprocess.Popen(
            command("serve", "--port", 0, "--reload-every", 0.05, *arguments),
            cwd=tmp_path, env=environment() | more, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            encoding="utf-8",
        )  # fmt: skip
        started.append(process)
        assert process.stdout
        said = process.stdout.readline()
        assert said, process.communicate()
        return Service(process, said)

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()
