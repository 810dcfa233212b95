"""The command line as a user meets it: a process of its own, in a folder of its own."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
from processes import Starcast, command, environment, write_ratings

from starcast.cli import main
from starcast.data.ratings import Ratings


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
