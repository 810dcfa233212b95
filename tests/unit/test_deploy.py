"""Recipes in deploy/: their commands are ours, their secrets nowhere, their files fit together."""

import configparser
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from starcast.cli.app import app

DEPLOY = Path(__file__).parents[2] / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
OURS = {"service", "starcast", "retrain"}


def units() -> Iterator[Path]:
    yield from sorted((DEPLOY / "systemd").glob("*.*"))


def ini(path: Path) -> configparser.ConfigParser:
    read = configparser.ConfigParser(strict=False, interpolation=None)
    read.optionxform = str  # type: ignore[assignment,method-assign]  # systemd's names have capitals
    read.read_string(path.read_text("utf-8"))
    return read


def commands() -> Iterator[tuple[str, list[str]]]:
    """Every command line of ours: where it stands, and what follows the program's name."""
    for name in sorted(OURS - {"starcast"}):
        yield f"compose.yaml, {name}", list(COMPOSE["services"][name]["command"])
    for path in units():
        if started := ini(path).get("Service", "ExecStart", fallback=""):
            yield path.name, shlex.split(started)[1:]
    for line in (DEPLOY / "crontab").read_text("utf-8").splitlines():
        if found := re.search(r"bin/starcast (.*)", line):
            yield "crontab", shlex.split(found[1])


@pytest.mark.parametrize(("where", "words"), list(commands()), ids=lambda one: str(one)[:40])
def test_every_command_is_one_of_ours(where: str, words: list[str]) -> None:
    root: Any = typer.main.get_command(app)
    verb = root.commands[words[0]]
    options = {name: one for one in verb.params for name in one.opts}
    given = [word.partition("=")[0] for word in words[1:] if word.startswith("--")]
    assert given
    assert set(given) <= set(options), where
    assert {one.opts[0] for one in verb.params if one.required} <= set(given)


def test_all_recipes_retrain_what_is_served() -> None:
    told = dict(commands())
    for where, words in told.items():
        line = " ".join(words).replace("=", " ")
        if words[0] == "serve":
            assert "--model pretrained_models/shop" in line, where
        else:
            assert "--name shop" in line, where
    stores = {
        where: re.search(r"--store[ =](\S+)", " ".join(words)) for where, words in told.items()
    }
    of_compose = {found[1] for where, found in stores.items() if found and "compose" in where}
    others = {found[1] for where, found in stores.items() if found and "compose" not in where}
    assert (len(of_compose), len(others)) == (1, 1)
    assert all(stores.values())


def test_compose_has_no_secret_and_asks_for_those_that_it_needs() -> None:
    text = (DEPLOY / "compose.yaml").read_text("utf-8")
    asked = set(re.findall(r"\$\{(\w+):\?", text))
    example = (DEPLOY / "example.env").read_text("utf-8")
    assert asked == set(re.findall(r"^(\w+)=$", example, re.MULTILINE))
    ignored = (DEPLOY.parent / ".gitignore").read_text("utf-8").splitlines()
    assert ".env" in ignored
    for name in OURS:
        service = COMPOSE["services"][name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["depends_on"] == {"database": {"condition": "service_healthy"}}
    serve = COMPOSE["services"]["service"]
    named = [word.partition("=")[2] for word in serve["command"] if "token-env" in word]
    assert set(named) <= set(serve["environment"])
    assert serve["ports"] == ["127.0.0.1:8000:8000"]
    for volume in serve["volumes"]:
        assert volume.partition(":")[0] in COMPOSE["volumes"]


def test_the_image_runs_as_nobody_of_importance_and_tells_of_its_health() -> None:
    told = (DEPLOY / "Containerfile").read_text("utf-8")
    last = told.rpartition("\nFROM ")[2]
    assert re.search(r"^USER starcast$", last, re.MULTILINE)
    assert "HEALTHCHECK" in last
    assert "/readyz" in last
    assert not re.search(r"gcc|build-essential|apt", told)
    copied = re.search(r"^COPY (.*) \./$", told, re.MULTILINE)
    assert copied
    for name in [*copied[1].split(), "src"]:
        assert (DEPLOY.parent / name).exists()
        assert f"!{name}" in (DEPLOY.parent / ".dockerignore").read_text("utf-8").splitlines()


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not here")
@pytest.mark.parametrize("unit", list(units()), ids=lambda path: path.name)
def test_systemd_understands_the_units(unit: Path, tmp_path: Path) -> None:
    program = Path("/bin/true")
    for one in units():
        text = re.sub(r"/opt/starcast/bin/starcast\b", str(program), one.read_text("utf-8"))
        (tmp_path / one.name).write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", tmp_path / unit.name],
        capture_output=True, encoding="utf-8", timeout=60, check=False,
    )  # fmt: skip
    assert unit.name not in done.stderr, done.stderr


@pytest.mark.skipif(not shutil.which("promtool"), reason="Prometheus is not here")
def test_prometheus_understands_the_alerts() -> None:
    done = subprocess.run(
        ["promtool", "check", "rules", DEPLOY / "prometheus/alerts.yml"],
        capture_output=True, encoding="utf-8", timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
