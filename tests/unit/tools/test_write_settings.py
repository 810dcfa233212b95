"""The page of settings says what the settings say."""

import re
from dataclasses import fields
from pathlib import Path

import pytest
import write_settings

from starcast.engines.setting_catalogue import OPTIONS, flags_of
from starcast.models import MODELS, Model

PAGE = (Path(__file__).parents[3] / "docs" / "settings.md").read_text(encoding="utf-8")


def test_the_page_is_as_written() -> None:
    assert write_settings.page() == PAGE, "run tools/write_settings.py docs/settings.md"


@pytest.mark.parametrize("name", OPTIONS)
def test_every_setting_has_its_row(name: str) -> None:
    (row,) = re.findall(rf"^\| `{name}` \| (`--.*)$", PAGE, re.M)
    flags, values, what = (cell.strip() for cell in row.rstrip(" |").split(" | "))
    assert re.findall("`(.*?)`", flags) == list(flags_of(name))
    assert (values, what) == (OPTIONS[name].range, OPTIONS[name].help)


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.name)
def test_every_default_of_a_model_has_its_cell(model: Model) -> None:
    if model.is_baseline:
        pytest.skip("it has no settings")
    section = PAGE.split(f"### `{model.name}`\n")[1].split("\n#")[0]
    heads, _, *rows = (
        [cell.strip() for cell in line.strip("|").split("|")] for line in section.split("\n")
        if line.startswith("|")
    )  # fmt: skip
    assert heads[1:] == [f"`{name}`" for name in model.defaults]
    told = {row[0].strip("`"): row[1:] for row in rows}
    for column, settings in enumerate(model.defaults.values()):
        own = {field.name for field in fields(settings)} & OPTIONS.keys() - {"optimizer"}
        assert {name for name, cells in told.items() if cells[column]} == own
        for name in own - {"layers", "features"}:
            value = getattr(settings, name)
            assert told[name][column] == ("no bound" if value is None else f"{value}"), name
