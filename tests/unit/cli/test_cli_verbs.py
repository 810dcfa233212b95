"""What every verb has, by looking at all of them: examples that parse, options from elsewhere."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperGroup, TyperOption
from typer.main import get_command

from starcast.cli import completing
from starcast.cli.answers import Answer
from starcast.cli.app import app
from starcast.cli.config import likely_typos, options_of, read, variables
from starcast.cli.verbs import add, examples_in
from starcast.errors import ConfigError, StarcastError, UnknownNameError

ROOT: Any = get_command(app)


def verbs(group: Any = ROOT, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from verbs(command, (*words, name))
        else:
            yield (*words, name), command


VERBS = dict(verbs())
EXAMPLES = [(verb, one) for verb, command in VERBS.items() for one in examples_in(command.epilog)]


def context_of(words: tuple[str, ...], *arguments: str) -> Any:
    """The context of a verb whose arguments are parsed, and which is not run."""
    context = typer.Context(ROOT, info_name="starcast", **ROOT.context_settings)
    group = ROOT
    for word in words[:-1]:
        group = group.commands[word]
        context = typer.Context(group, info_name=word, parent=context)
    return VERBS[words].make_context(words[-1], list(arguments), parent=context)


def status_of(argv: list[str]) -> int:
    """The status that a command line ends with."""
    with pytest.raises(SystemExit) as ended:
        ROOT.main(argv, prog_name="starcast")
    return int(ended.value.code or 0)


def test_there_are_the_verbs_that_we_think() -> None:
    assert {("train",), ("find",), ("data", "describe"), ("store", "import")} <= set(VERBS)


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_every_verb_has_examples_and_the_common_options(verb: tuple[str, ...]) -> None:
    command = VERBS[verb]
    assert examples_in(command.epilog), "an example is missing"
    flags = {opt for one in command.params for opt in one.opts}
    assert {"--quiet", "--config"} <= flags
    assert ("--json" in flags) == (verb != ("serve",))


@pytest.mark.parametrize("words", [(), ("data",), ("store",), *VERBS], ids=" ".join)
def test_help_speaks_of_what_one_writes_and_not_of_types_of_python(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert status_of([*words, "--help"]) == 0
    said = capsys.readouterr().out
    assert set(re.findall(r"<([^ >]+)>", said)) <= {"int", "float", "str", "path"}
    (usage,) = re.findall(rf"Usage: {' '.join(['starcast', *words])} (.*)", said)
    named = re.compile(r"\[OPTIONS\]|COMMAND|\[ARGS\]\.\.\.|(\{[A-Z]+\}|\[[A-Z]+\])(\.\.\.)?")
    assert all(named.fullmatch(part) for part in usage.split())
    if words in VERBS:  # what it was told for the help is forgotten
        assert any(one.type_descriptor.is_list for one in VERBS["blend",].params)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["train", "--model", ""], "the value of --model is empty"),
        (["train", "--out="], "the value of --out is empty"),
        (["recommend", "", "--user", "1"], "an argument is empty"),
        (["recommend", "model", "-k", ""], "the value of -k is empty"),
        (["store", "import", "sqlite:///r.db", ""], "an argument is empty"),
        (["serve", "--model", "a", "--model", ""], "the value of --model is empty"),
    ],
)
def test_what_the_shell_left_empty_is_refused(arguments: list[str], said: str) -> None:
    with pytest.raises(ConfigError, match=f"^{said}; give one, or leave it out$"):
        ROOT.main(arguments, prog_name="starcast", standalone_mode=False)


@pytest.mark.parametrize("arguments", [["--missing", ""], ["--missing="]])
def test_that_nothing_is_a_rating_can_be_said(arguments: list[str], tmp_path: Path) -> None:
    context = context_of(("data", "describe"), *arguments)
    assert context.params["missing"] is not None
    file = tmp_path / "run.toml"
    file.write_text('missing = ""', encoding="utf-8")
    assert read(file, context) == {"missing": ""}


def test_what_a_file_leaves_empty_is_refused(tmp_path: Path) -> None:
    for number, line in enumerate(['dataset = ""', 'ratings = ["a.csv", ""]']):
        file = tmp_path / f"{number}.toml"
        file.write_text(line, encoding="utf-8")
        with pytest.raises(ConfigError, match="is empty; give a value, or leave it out"):
            read(file, context_of(("train",)))


@pytest.mark.parametrize(("verb", "example"), EXAMPLES)
def test_every_example_parses(
    verb: tuple[str, ...], example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, *arguments = shlex.split(example)
    assert (program, *arguments[: len(verb)]) == ("starcast", *verb)
    monkeypatch.chdir(tmp_path)
    for name in (one for one in arguments if one.endswith(".toml")):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(f"[{'.'.join(verb)}]\n", encoding="utf-8")
    context_of(verb, *arguments[len(verb) :])


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_every_option_may_stand_in_the_environment_and_in_a_file(verb: tuple[str, ...]) -> None:
    for option in VERBS[verb].params:
        if isinstance(option, TyperOption):
            own, shared = variables(option, verb)
            assert own.startswith(f"STARCAST_{'_'.join(verb).upper()}_")
            assert shared.replace("STARCAST_", "").lower().replace("_", "-") in {
                opt.lstrip("-") for opt in option.opts
            }
    assert len(options_of(VERBS[verb])) >= len(VERBS[verb].params) - 1  # --config is in no file


def file(folder: Path, text: str) -> Path:
    path = folder / "run.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_command_line_beats_the_environment_and_this_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = file(tmp_path, "seed = 1\nk = 9\n[evaluate]\nk = 8\nrelevant = 'all'\nexplain = true\n")
    given = ("--config", str(path))
    found = context_of(("evaluate",), *given).params
    assert (found["seed"], found["k"], found["relevant"], found["explain"]) == (1, 8, "all", True)
    monkeypatch.setenv("STARCAST_K", "7")
    monkeypatch.setenv("STARCAST_SEED", "6")
    monkeypatch.setenv("STARCAST_EVALUATE_SEED", "5")
    found = context_of(("evaluate",), *given, "--k", "4").params
    assert (found["seed"], found["k"], found["relevant"]) == (5, 4, "all")
    monkeypatch.setenv("STARCAST_CONFIG", str(path))
    monkeypatch.delenv("STARCAST_K")
    assert context_of(("evaluate",)).params["k"] == 8


def test_values_of_a_file_are_what_the_command_line_would_have(tmp_path: Path) -> None:
    path = file(
        tmp_path,
        "[train]\nlayers = [64, 8, 1]\nfeatures = ['histories', 'days']\nratings = 'a.csv'\n"
        "init_from = ['x', 'y']\nseed = 7\nrefit = true\nlearning_rate = 1e-3\n"
        "[data.describe]\nname = 'ml-1m'\n",
    )
    found = context_of(("train",), "--config", str(path)).params
    assert found["layers"] == "[64, 8, 1]"
    assert found["features"] == "histories,days"
    assert (found["seed"], found["refit"], found["learning_rate"]) == (7, True, 0.001)
    assert list(found["ratings"]) == ["a.csv"]
    assert list(found["init_from"]) == [Path("x"), Path("y")]
    assert context_of(("data", "describe"), "--config", str(path)).params["name"] == "ml-1m"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("epohs = 3", "unknown option of 'train' in .*, 'epohs': did you mean 'epochs'"),
        ("[train]\nseeed = 3", "unknown option of 'train' in .*'seeed': did you mean 'seed'"),
        ("[tarin]\nseed = 3", "unknown verb in .*'tarin': did you mean 'train'"),
        ("[train]\n[blend]\nnaem = 'x'", "unknown option of 'blend' in .*'naem': did you mean"),
        ("[compare]\nseed = 3", r"says nothing of 'train'; it has \[compare\]"),
        ("", "says nothing of 'train'; it has nothing"),
        ("[train]\nrefit = 'yes'", "refit must be true or false, got 'yes'"),
        ("[train.seed]\nx = 1", "seed is a table"),
        ("config = 'other.toml'", "unknown option of 'train'"),
        ("seed = ", "is no TOML"),
        ("[data]\nseed = 3", r"\[data\] is no verb"),
    ],
)
def test_what_a_file_says_wrong_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(StarcastError, match=said):
        context_of(("train",), "--config", str(file(tmp_path, text)))


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(ConfigError, match="cannot read"):
            read(path, context_of(("train",)))
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="no TOML"):
        read(tmp_path / "bytes.toml", context_of(("train",)))
    with pytest.raises(UnknownNameError):
        read(file(tmp_path, "sead = 1"), context_of(("train",)))


def test_variables_of_kubernetes_are_none_of_ours_and_typos_are_told_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("STARCAST_PORT", "tcp://10.0.0.1:8000")
    monkeypatch.setenv("STARCAST_PORT_8000_TCP_ADDR", "10.0.0.1")
    monkeypatch.setenv("STARCAST_SERVICE_HOST", "10.0.0.1")
    assert context_of(("serve",), "--model", "m").params["port"] == 8000
    assert list(likely_typos(context_of(("serve",), "--model", "m"))) == []
    monkeypatch.setenv("STARCAST_SEEED", "3")
    monkeypatch.setenv("STARCAST_USERS", "u.csv")  # of recommend, which predict has not
    assert list(likely_typos(context_of(("predict",), "heart"))) == []
    said = list(likely_typos(context_of(("train",))))
    assert said == ["STARCAST_SEEED has no effect: did you mean STARCAST_SEED?"]


def test_names_and_artifacts_complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("models/ml-1m/deep", "models/ml-1m/factor", "models/.old/x", "other/a/b/c/d/e"):
        Path(folder).mkdir(parents=True)
        (Path(folder) / "manifest.json").touch()
    factor, deep = "models/ml-1m/factor", "models/ml-1m/deep"
    assert completing.artifacts("") == [deep, factor]
    assert completing.artifacts("mo") == [deep, factor]
    assert completing.artifacts("models/ml-1m/f") == [factor]
    assert completing.artifacts("./models/ml-1m/") == [f"./{deep}", f"./{factor}"]
    assert completing.artifacts("nowhere/") == []
    assert completing.artifacts(str(tmp_path / "models")) == [
        str(tmp_path / deep), str(tmp_path / factor),
    ]  # fmt: skip
    assert completing.data_sets("ml-1") == ["ml-100k", "ml-1m", "ml-10m"]
    assert "latent-factor-model" in completing.model_names("lat")
    offered = completing.several_models("latent-factor-model,")
    assert "latent-factor-model,item-item-model" in offered
    assert "latent-factor-model,latent-factor-model" not in offered


@pytest.mark.parametrize(
    ("verb", "parameter", "incomplete", "offered"),
    [
        ("train", "dataset", "ml-20", "ml-20m"),
        ("train", "model", "auto", "autoencoder-model"),
        ("compare", "models", "auto", "autoencoder-model"),
        ("evaluate", "artifact", "he", "heart"),
        ("serve", "model", "he", "heart"),
        ("blend", "artifacts", "he", "heart"),
        ("update", "artifact", "he", "heart"),
        ("retrain", "model", "auto", "autoencoder-model"),
    ],
)
def test_parameters_complete(
    verb: str, parameter: str, incomplete: str, offered: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    (tmp_path / "heart").mkdir()
    (tmp_path / "heart" / "manifest.json").touch()
    command = VERBS[verb,]
    option = next(one for one in command.params if one.name == parameter)
    context = typer.Context(command, info_name=verb)
    assert offered in [one.value for one in option.shell_complete(context, incomplete)]


@pytest.mark.parametrize(("flags", "stdout"), [(["--json"], '{"n": 1}\n'), ([], "by the way\n")])
def test_json_is_alone_on_stdout_whoever_prints(
    flags: list[str], stdout: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """As a network of one's own may, while it is read."""

    def verb() -> Answer:
        print("by the way")
        return Answer({"n": 1})

    own = typer.Typer()
    add(own, "verb", verb, "starcast verb")
    with pytest.raises(SystemExit) as ended:
        get_command(own).main(flags, prog_name="starcast")
    assert ended.value.code == 0
    assert capsys.readouterr().out == stdout


@pytest.mark.parametrize("value", ["1.5", "true", '"many"', "1979-05-27", "[3]", "nan"])
def test_an_ill_typed_value_is_said_with_the_file_it_stands_in(value: str, tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(f"[train]\nepochs = {value}\n", encoding="utf-8")
    with pytest.raises(typer.BadParameter) as caught:
        context_of(("train",), "--config", str(file))
    assert caught.value.message.startswith(f"{file}: Input should be a valid integer")


def test_an_ill_typed_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STARCAST_EPOCHS", "7")
    monkeypatch.setenv("STARCAST_TRAIN_EPOCHS", "1.5")  # beats it
    with pytest.raises(typer.BadParameter) as caught:
        context_of(("train",))
    assert caught.value.message.startswith("$STARCAST_TRAIN_EPOCHS: Input")
