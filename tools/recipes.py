"""What tools that train many models are told: models with settings of their own, splits, pages."""

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from statistics import fmean, stdev
from typing import Any, NamedTuple

from starcast import models
from starcast.data.split import SplitPlan
from starcast.engines.setting_catalogue import SETTINGS
from starcast.errors import ConfigError, UnknownNameError

FOLDS = 5


class Recipe(NamedTuple):
    """What to call a model, its name, and what differs from its defaults."""

    title: str
    model: str
    settings: Mapping[str, Any]


def parse_recipe(text: str, shared: Mapping[str, Any]) -> Recipe:
    """A model's name and its settings: its own, and those of all models that it has.

    Raises: StarcastError: there is no such model, or it has no such setting.

    >>> parse_recipe("bayesian-factorization-model --likelihood gaussian", {"kept": 9})[:2]
    ('Bayesian factor --likelihood gaussian', 'bayesian-factorization-model')
    """
    name, *words = shlex.split(text) or [""]
    model, own = models.find(name), parse_settings(words)
    settings = model.solvers.having({**shared, **own}) | own
    model.settings(**settings)  # a wrong one is told before the first hour
    return Recipe(" ".join([model.title, *words]), name, settings)


def parse_settings(words: Sequence[str]) -> dict[str, Any]:
    """Settings from words such as "--samples 512 --likelihood=gaussian".

    Raises: ConfigError, UnknownNameError: an option without a value, or that is no setting.

    >>> parse_settings(["--learning-rate", "0.01", "--layers", "[8,1]"])
    {'learning_rate': 0.01, 'layers': '[8,1]'}
    """
    words = [part for word in words for part in word.split("=", maxsplit=1)]
    if len(words) % 2:
        raise ConfigError(f"settings are written --name value; '{words[-1]}' stands alone")
    settings = {}
    for option, text in zip(words[::2], words[1::2], strict=True):
        name = option.removeprefix("--").replace("-", "_")
        if name not in SETTINGS:
            raise UnknownNameError("setting", option, [f"--{name}" for name in sorted(SETTINGS)])
        settings[name] = _value(name, text)
    return settings


def _value(name: str, text: str) -> Any:
    try:
        return SETTINGS[name].written(text)
    except ValueError:  # which the model refuses in words
        return text


def plans(split: str, seeds: str, shares: Mapping[str, float | None]) -> Iterator[SplitPlan]:
    """Every split with every seed; "kfold" alone stands for all its folds.

    >>> [str(plan) for plan in plans("official:u1", "1,2", {})]
    ['official:u1 validation=0.1 seed=1', 'official:u1 validation=0.1 seed=2']
    """
    folds = ",".join(f"kfold:{fold}/{FOLDS}" for fold in range(1, FOLDS + 1))
    texts = ",".join(folds if text == "kfold" else text for text in split.split(","))
    try:
        numbers = [int(seed) for seed in seeds.split(",")]
    except ValueError:
        raise ConfigError(f"'{seeds}' are no seeds; write numbers with commas, as 42,43") from None
    for seed, text in product(numbers, texts.split(",")):
        plan = SplitPlan.parse(text, test=shares.get("test"), validation=shares.get("validation"))
        yield replace(plan, seed=seed)  # which is that of the training, too


def spread(values: Sequence[float]) -> str:
    """Mean ± standard error of the mean; the latter needs two values.

    >>> spread([0.80, 0.82]), spread([0.8])
    ('0.8100 ± 0.0100', '0.8000')
    """
    if len(values) < 2:
        return f"{values[0]:.4f}"
    return f"{fmean(values):.4f} ± {stdev(values) / len(values) ** 0.5:.4f}"


def command(tool: str, arguments: Sequence[str]) -> str:
    """What repeats this run, less where things lie here.

    >>> command("against_means", ["--data-dir", "/somewhere", "--model", "latent-factor-model"])
    'python tools/against_means.py --model latent-factor-model'
    """
    said = shlex.join(["python", f"tools/{tool}.py", *arguments])
    return re.sub(r" --(data-dir|mirror)[ =]('[^']*'|\S+)", "", said)


def write(text: str, out: Path) -> None:
    """Write the page, whole or not at all."""
    out.parent.mkdir(parents=True, exist_ok=True)
    fresh = out.with_name(f".{out.name}.new")
    fresh.write_text(text, "utf-8")
    fresh.replace(out)
