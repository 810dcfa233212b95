"""`recommend`, `explain` and `similar` as processes: what they print, write and refuse."""

import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from processes import Starcast

from starcast.artifacts import storage
from starcast.data.split import Split
from starcast.models import find
from starcast.training.fit import fit

NAME = "latent-factor-model"


@pytest.fixture(scope="module")
def model(planted_split: Split, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a latent factor model of the planted ratings."""
    config = find(NAME).settings(epochs=3, dimension=4)
    return storage.save(fit(planted_split, NAME, config), tmp_path_factory.mktemp("home") / NAME)


LINE = re.compile(r"^ *([-+]?\d\.\d\d)  (\d+) +(.*?) *$", re.M)


def rows(said: str) -> list[tuple[str, str, str]]:
    return LINE.findall(said)


def test_a_new_person_is_listed_what_was_not_rated(starcast: Starcast, model: Path) -> None:
    done = starcast("recommend", model, "--rated", "0=5", "--rated", "10=1.5", "-k", 30)
    assert (done.returncode, done.stderr) == (0, "")
    listed = rows(done.stdout)
    assert len(listed) == 28
    assert not {"0", "10"} & {item for _, item, _ in listed}
    assert [stars for stars, _, _ in listed] == sorted((one for one, _, _ in listed), reverse=True)
    whole = starcast("recommend", model, "--rated", "0=5", "-k", 30, "--include-seen")
    assert len(rows(whole.stdout)) == 30


def test_a_new_persons_ratings_may_stand_in_a_file(
    starcast: Starcast, model: Path, tmp_path: Path
) -> None:
    (tmp_path / "mine.csv").write_text("movieId,rating\n0,5\n10,1.5\n", encoding="utf-8")
    by_file = starcast("recommend", model, "--ratings-of", "mine.csv")
    by_flags = starcast("recommend", model, "--rated", "0=5", "--rated", "10=1.5")
    assert by_file.stdout == by_flags.stdout != ""
    (tmp_path / "mine.tsv").write_text("0\t5\n10\t1.5\n", encoding="utf-8")
    assert starcast("recommend", model, "--ratings-of", "mine.tsv").stdout == by_flags.stdout


def test_explain_tells_reasons(starcast: Starcast, model: Path) -> None:
    done = starcast("explain", model, "--user", 3, "--item", 20, "-k", 3)
    assert (done.returncode, done.stderr) == (0, "")
    shown, unknown = re.findall(r"^(\d\.\d\d)  (.*)$", done.stdout, re.M)[:2]
    assert shown[1] == "Film 2"
    assert unknown[1] == "to somebody unknown"
    assert starcast("predict", model, "--user", 3, "--item", 20).stdout.startswith(shown[0])
    assert len(rows(done.stdout)) == 3
    assert re.search(r"[+-]0\.\d\d  \d+ +\d(\.5)? for Film \d", done.stdout)
    person = starcast("explain", model, "--item", 20, "--rated", "0=5", "--rated", "10=1.5")
    assert {item for _, item, _ in rows(person.stdout)} == {"0", "10"}


def test_similar_lists_what_is_alike(starcast: Starcast, model: Path) -> None:
    done = starcast("similar", model, "--item", 20, "-k", 4)
    assert (done.returncode, done.stderr) == (0, "")
    listed = rows(done.stdout)
    assert len(listed) == 4
    assert "20" not in {item for _, item, _ in listed}


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_a_list_for_every_user_goes_to_a_file(
    starcast: Starcast, model: Path, tmp_path: Path, kind: str
) -> None:
    done = starcast("recommend", model, "--all", "--out", f"top.{kind}", "--k", 3)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"lists for every user saved to top.{kind}\n"
    path = tmp_path / f"top.{kind}"
    table = pl.read_parquet(path) if kind == "parquet" else pl.read_csv(path)
    assert table.columns == ["user_id", "rank", "item_id", "title", "prediction"]
    assert len(table) == 40 * 3
    alone = starcast("recommend", model, "--user", 7, "-k", 3)
    of_seven = table.filter(pl.col("user_id") == 7)["item_id"].to_list()
    assert [int(item) for _, item, _ in rows(alone.stdout)] == of_seven


def test_lists_for_some_users(starcast: Starcast, model: Path, tmp_path: Path) -> None:
    shown = starcast("recommend", model, "--user", 7, "--user", 3, "-k", 2)
    assert (shown.returncode, shown.stderr) == (0, "")
    users = re.findall(r"^(\d+) +\d\.\d\d  \d+ +Film", shown.stdout, re.M)
    assert users == ["7", "7", "3", "3"]
    (tmp_path / "who.txt").write_text("7\nzoe\n3\n7\n", encoding="utf-8")
    by_file = starcast("recommend", model, "--users", "who.txt", "--out", "a.csv", "-k", 2,
                       "--unknown", "skip")  # fmt: skip
    assert by_file.returncode == 0
    assert by_file.stdout == (
        "who.txt, text separated by commas: user is column 1; 4 rows\n"
        "lists for 2 users saved to a.csv\n"
    )
    assert by_file.stderr == (
        "note: left out: 1 rows of users that are named before\n"
        "note: 1 of 3 users were not in the training data (user zoe) and are left out\n"
    )
    by_flags = starcast("recommend", model, "--user", 7, "--user", 3, "--out", "b.csv", "-k", 2)
    assert by_flags.stdout == "lists for 2 users saved to b.csv\n"
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    kind = starcast("recommend", model, "--users", "who.txt", "--out", "c.csv", "-k", 2)
    assert "(user zoe) and get what most people like" in kind.stderr
    assert pl.read_csv(tmp_path / "c.csv")["user_id"].to_list() == [
        "7",
        "7",
        "zoe",
        "zoe",
        "3",
        "3",
    ]


def test_a_persons_items_may_be_titles_and_unknown_ones_are_left_out(
    starcast: Starcast, model: Path, tmp_path: Path
) -> None:
    by_title = starcast("recommend", model, "--rated", "film 0=5", "--rated", "FILM 1=1.5",
                        "--rated", "Nowhere (1999)=3", "-k", 30)  # fmt: skip
    by_id = starcast("recommend", model, "--rated", "0=5", "--rated", "10=1.5", "-k", 30)
    assert (by_title.returncode, by_title.stdout) == (0, by_id.stdout)
    assert by_title.stderr == (
        "note: 2 of 2 items found by title\n"
        "note: left out: 1 item not known here: 'Nowhere (1999)'\n"
    )
    saved = starcast("recommend", model, "--rated", "0=5", "-k", 2, "--out", "mine.jsonl")
    assert saved.stdout == "the list saved to mine.jsonl\n"
    lines = (tmp_path / "mine.jsonl").read_text(encoding="ascii").splitlines()
    assert [line.startswith('{"user_id":null,"rank":') for line in lines] == [True, True]


@pytest.mark.parametrize("kind", ["parquet", "csv", "jsonl"])
def test_predictions_for_a_file_of_pairs(
    starcast: Starcast, model: Path, tmp_path: Path, kind: str
) -> None:
    (tmp_path / "pairs.tsv").write_text("film\tuser\n20\t3\n0\tzoe\n20\t3\n", encoding="utf-8")
    done = starcast("predict", model, "--pairs", "pairs.tsv", "--out", f"p.{kind}")
    assert done.returncode == 0
    assert done.stdout == (
        "pairs.tsv, text separated by tabs: user is 'user', item 'film'; 3 rows\n"
        f"3 predictions saved to p.{kind}\n"
    )
    assert done.stderr == (
        "note: 1 of 3 pairs are of ids that were not in the training data (user zoe) and are "
        "predicted by damped means\n"
    )
    read: dict[str, Any] = {
        "parquet": pl.read_parquet, "csv": pl.read_csv, "jsonl": pl.read_ndjson,
    }  # fmt: skip
    table = read[kind](tmp_path / f"p.{kind}")
    assert table.columns == ["user_id", "item_id", "prediction"]
    assert table["item_id"].to_list() == [20, 0, 20]
    alone = starcast("predict", model, "--user", 3, "--item", 20).stdout.split()[0]
    assert [f"{one:.2f}" for one in table["prediction"].to_list()[::2]] == [alone, alone]
    skipped = starcast("predict", model, "--pairs", "pairs.tsv", "--out", f"q.{kind}",
                       "--unknown", "skip")  # fmt: skip
    assert "and are left out" in skipped.stderr
    assert read[kind](tmp_path / f"q.{kind}")["user_id"].to_list() == [3, 3]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["recommend"], "say for whom, in one way: --user, --rated ITEM=STARS, --ratings-of FILE"),
        (["recommend", "--user", "1", "--rated", "0=5"], "say for whom, in one way"),
        (["recommend", "--user", "1", "--all"], "say for whom, in one way"),
        (["recommend", "--all"], "--all and --out FILE belong together"),
        (["recommend", "--users", "bad.csv"], "--users FILE and --out FILE belong together"),
        (["recommend", "--users", "none", "--out", "a.csv"], "none does not exist"),
        (["recommend", "--users", "bad.csv", "--out", "a.csv"], "has no user column among 'item'"),
        (["recommend", "--user", "99", "--out", "a.csv"], "user '99' was not in the training data"),
        (["recommend", "--user", "1", "--unknown", "skip"], "--unknown is for --users FILE"),
        (["recommend", "--user", "1", "--skip", "1"], "--skip says how a file is written"),
        (["predict", "--user", "1"], "say of what, in one way: --user ID --item ID, or --pairs"),
        (["predict", "--pairs", "bad.csv"], "say of what, in one way: --user ID --item ID, or"),
        (["predict", "--user", "1", "--item", "0", "--out", "a.csv"], "say of what, in one way"),
        (["predict", "--user", "1", "--item", "0", "--unknown", "skip"], "--unknown is for --pai"),
        (["predict", "--pairs", "bad.csv", "--out", "a.txt"], "ends neither in .parquet nor in .c"),
        (["predict", "--pairs", "bad.csv", "--out", "a.csv"], "has no user column among 'item'"),
        (
            ["predict", "--pairs", "bad.csv", "--out", "a.csv", "--unknown", "drop"],
            "unknown way with unknown ids 'drop'",
        ),
        (
            ["predict", "--pairs", "bad.csv", "--out", "a.csv", "--fallback", "--unknown", "skip"],
            "--fallback and --unknown skip contradict each other",
        ),
        (["recommend", "--all", "--out", "top.txt"], "ends neither in .parquet nor in .csv"),
        (["recommend", "--all", "--out", "no/top.csv"], "cannot write no/top.csv"),
        (["recommend", "--rated", "0"], "'0' is no rating; write ITEM=STARS"),
        (["recommend", "--rated", "=4"], "'=4' is no rating; write ITEM=STARS"),
        (["recommend", "--rated", "0=good"], "'0=good' is no rating; write ITEM=STARS"),
        (["recommend", "--rated", "0=9"], "9 stars for item '0' are outside"),
        (["recommend", "--rated", "0=nan"], "nan stars for item '0' are outside"),
        (["recommend", "--rated", "0=4", "--rated", "0=5"], "item '0' is rated more than once"),
        (["recommend", "--rated", "7=4"], "item '7' was not in the training data; nearest known"),
        (["recommend", "--ratings-of", "none.csv"], "none.csv does not exist"),
        (["recommend", "--ratings-of", "bad.csv"], "bad.csv, line 3: the rating 'x' is not a numb"),
        (["explain", "--item", "20"], "say for whom, in one way: --user, --rated"),
        (["explain", "--user", "99", "--item", "20"], "user '99' was not in the training data"),
        (["similar", "--item", "7"], "item '7' was not in the training data; nearest known"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_a_line(
    at_once: Starcast, model: Path, tmp_path: Path, arguments: list[str], said: str
) -> None:
    (tmp_path / "bad.csv").write_text("item,rating\n0,4\n10,x\n", encoding="utf-8")
    done = at_once(arguments[0], model, *arguments[1:])
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr
    assert done.stderr.startswith("starcast: ")
    assert done.stderr.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["bad.csv"]


SHOP = "item,title,genres,price\n" + "".join(
    f"{n * 10},Film {n},{'War|Drama' if n % 2 else 'Comedy'},{n if n % 3 else ''}\n"
    for n in range(30)
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of ratings of one's own, trained with an items file that has prices."""
    from starcast import api

    folder = tmp_path_factory.mktemp("shop")
    (folder / "items.csv").write_text(SHOP, encoding="utf-8")
    lines = [
        f"{u},{n * 10},{1 + (u * n) % 5}\n" for u in range(12) for n in range(30) if (u + n) % 3
    ]
    (folder / "r.csv").write_text("user,item,rating\n" + "".join(lines), encoding="utf-8")
    split = api.split(api.load(folder / "r.csv", folder / "items.csv"))
    return api.train(split, NAME, epochs=2, dimension=2).save(folder / "model") and folder / "model"


def test_rules_hold_for_users_people_and_everybody(
    starcast: Starcast, shop: Path, tmp_path: Path
) -> None:
    (tmp_path / "not.txt").write_text("Film 5\n70\nFilm of dreams\n", encoding="utf-8")
    rules = "--where", "genres = 'War' and price between 3 and 20", "--without", "not.txt", "-k", 30
    war = {str(n * 10) for n in range(3, 21) if n % 2 and n % 3 and n not in (5, 7)}
    one = starcast("recommend", shop, "--user", 3, *rules, "--include-seen")
    assert {item for _, item, _ in rows(one.stdout)} == war
    assert "note: without: 1 of 3 are not known here: 'Film of dreams'" in one.stderr
    assert f"note: the list holds {len(war)} of 30 items" in one.stderr
    person = starcast("recommend", shop, "--rated", "Film 11=5", *rules)
    assert {item for _, item, _ in rows(person.stdout)} == war - {"110"}
    every = starcast(
        "recommend", shop, "--all", "--out", "all.csv", *rules, "--at-most", "2:genres=War"
    )
    assert "note: 12 of 12 lists hold fewer than 30 items" in every.stderr
    table = pl.read_csv(tmp_path / "all.csv")
    assert set(table["item_id"].cast(pl.String)) <= war
    assert table.group_by("user_id").len()["len"].max() == 2


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (("--where", "gens = 'War'"), "unknown column of items 'gens': did you mean 'genres'?"),
        (("--where", "price = 'x'"), "'price' holds numbers, but 'x' is text, at character 9"),
        (("--at-most", "director"), "at_most 'director' is no group; write it as 3:director"),
        (("--among", "nowhere.csv"), "nowhere.csv"),
    ],
)
def test_a_rule_that_cannot_be_obeyed_is_refused_in_a_line(
    starcast: Starcast, shop: Path, options: tuple[str, ...], line: str
) -> None:
    done = starcast("recommend", shop, "--user", 3, *options)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert line in done.stderr


def test_a_title_that_may_be_several_is_refused_with_what_it_may_be(
    starcast: Starcast, model: Path
) -> None:
    refused = starcast("recommend", model, "--rated", "fil=5", "--rated", "filn 3=2")
    assert refused.returncode == 1
    assert "no item has the id or title 'fil' (nor 1 more); near: " in refused.stderr
    assert "'Film " in refused.stderr
