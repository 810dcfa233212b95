"""docs/settings.md, written from the settings themselves.

    python tools/write_settings.py docs/settings.md

A test compares the page with the code, so that neither says what the other does not.
"""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from markdown_tables import table

from starcast.engines.keras_settings import KerasSettings
from starcast.engines.setting_catalogue import OPTIONS, flags_of
from starcast.engines.settings import MiniBatchSettings, settings_of
from starcast.models import MODELS, Model

_HEAD = """# Settings

What a training can be told, written by [`tools/write_settings.py`](../tools/write_settings.py)
from [`engines/settings.py`](../src/starcast/engines/settings.py) and
[`engines/tuned.py`](../src/starcast/engines/tuned.py). In Python a setting is an argument,
`sc.train(split, "latent-factor-model", dimension=16)`; on the command line an option, in either
spelling (`--batch-size`, `--batch_size`).

A model is trained by one of its optimizers, and has the settings of that one. What it does not
have is refused, with what it has:

    $ starcast train --samples 7
    starcast: latent-factor-model by SGD has no setting samples; it has dimension, epochs, …

Two commands take more. `starcast compare` trains several models: a setting goes to those that have
it, and a line says to which, where these are not all; one that none has is refused. The commands of
2018, `python main.py …`, gave every flag to every model: one that has no effect is told of in a
line.

Lists are text (`"[64,32,16,8,1]"`, `histories,days`) or, in Python, sequences; whole numbers are
`int`, not `8.0`. Everything is checked before anything is read or trained. An artifact records the
settings of its model by name.

"""
_DEFAULTS = """
## Defaults

By model and optimizer, the default optimizer first; they were chosen on validation rows. An empty
cell is a setting that the model does not have by this optimizer.
"""
_ON_KERAS = """
## On Keras

`--engine keras` ([keras.md](keras.md)) trains the latent factor model and the networks by Adam,
RMSProp and GradientDescent, with the defaults above. Besides, they have there

"""


def page() -> str:
    """The whole page."""
    rows = [
        (
            f"`{name}`",
            ", ".join(f"`{flag}`" for flag in flags_of(name)),
            setting.range,
            setting.help,
        )
        for name, setting in OPTIONS.items()
    ]
    having = [model for model in MODELS.values() if not model.is_baseline]  # which have none
    elsewhere = _ON_KERAS + table(("", "default"), _added_by_keras())
    tables = [f"\n### `{model.name}`\n\n{_defaults(model)}" for model in having]
    settings = table(("setting", "command line", "may be", "what it is"), rows)
    return f"{_HEAD}{settings}{_DEFAULTS}{''.join(tables)}{elsewhere}"


def _defaults(model: Model) -> str:
    """A row for each setting that a model has, a column for each optimizer."""
    columns = {name: asdict(settings) for name, settings in model.defaults.items()}
    rows = [
        (f"`{name}`", *(_cell(column, name) for column in columns.values()))
        for name in OPTIONS
        if name != "optimizer" and any(name in column for column in columns.values())
    ]
    return table(("", *(f"`{name}`" for name in columns)), rows)


def _added_by_keras() -> list[tuple[str, str]]:
    """What Keras adds to the settings of a model, with its defaults."""
    added = settings_of(KerasSettings).keys() - settings_of(MiniBatchSettings).keys()
    settings = asdict(KerasSettings())
    return [(f"`{name}`", _cell(settings, name)) for name in OPTIONS if name in added]


def _cell(column: dict[str, Any], name: str) -> str:
    value = column.get(name, "")
    if isinstance(value, tuple):
        return ",".join(map(str, value)) or "none"
    return "no bound" if value is None else str(value)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
