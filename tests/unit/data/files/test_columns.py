"""Which column is which: by its name, by what is said, by its place, and when that is doubted."""

from pathlib import Path
from typing import Any

import pytest
from own_ratings import read_own

from starcast.data.files.columns import positions
from starcast.data.files.naming import ITEM, RATING, RATING_TABLE, TIMESTAMP, USER
from starcast.data.files.options import ReadingOptions
from starcast.errors import ConfigError, DataError

# Headers as they stand in public data sets: user, item, rating and time, None where there is none.
HEADERS: dict[str, tuple[str, tuple[str, str, str, str | None]]] = {
    "MovieLens": ("userId,movieId,rating,timestamp", ("userId", "movieId", "rating", "timestamp")),
    "Book-Crossing": ("User-ID;ISBN;Book-Rating", ("User-ID", "ISBN", "Book-Rating", None)),
    "goodbooks-10k": ("user_id,book_id,rating", ("user_id", "book_id", "rating", None)),
    "Amazon 2014": (
        "reviewerID,asin,reviewerName,helpful,reviewText,overall,summary,unixReviewTime,reviewTime",
        ("reviewerID", "asin", "overall", "unixReviewTime"),
    ),
    "Amazon 2023": (
        "rating,title,text,asin,parent_asin,user_id,timestamp,helpful_vote",
        ("user_id", "asin", "rating", "timestamp"),
    ),
    "Amazon fine foods (Kaggle)": (
        "Id,ProductId,UserId,ProfileName,HelpfulnessNumerator,Score,Time,Summary,Text",
        ("UserId", "ProductId", "Score", "Time"),
    ),
    "Amazon electronics (Kaggle)": (
        "userId,productId,Rating,timestamp", ("userId", "productId", "Rating", "timestamp"),
    ),
    "Yelp": (
        "review_id,user_id,business_id,stars,useful,funny,text,date",
        ("user_id", "business_id", "stars", "date"),
    ),
    "BeerAdvocate (Kaggle)": (
        "brewery_id,brewery_name,review_time,review_overall,review_aroma,review_profilename,"
        "beer_style,review_taste,beer_name,beer_abv,beer_beerid",
        ("review_profilename", "beer_beerid", "review_overall", "review_time"),
    ),
    "anime (Kaggle)": ("user_id,anime_id,rating", ("user_id", "anime_id", "rating", None)),
    "MyAnimeList": (
        "username,anime_id,my_watched_episodes,my_start_date,my_score,my_last_updated",
        ("username", "anime_id", "my_score", "my_last_updated"),
    ),
    "MyAnimeList 2023": (
        "user_id,Username,anime_id,Anime Title,rating", ("user_id", "anime_id", "rating", None),
    ),
    "restaurants (UCI)": (
        "userID,placeID,rating,food_rating,service_rating", ("userID", "placeID", "rating", None),
    ),
    "restaurants (Maven)": (
        "Consumer_ID,Restaurant_ID,Overall_Rating,Food_Rating,Service_Rating",
        ("Consumer_ID", "Restaurant_ID", "Overall_Rating", None),
    ),
    "Netflix (Kaggle)": ("Cust_Id,Movie_Id,Rating,Date", ("Cust_Id", "Movie_Id", "Rating", "Date")),
    "Food.com": (
        "user_id,recipe_id,date,rating,review", ("user_id", "recipe_id", "rating", "date"),
    ),
    "Goodreads": (
        "user_id,book_id,review_id,rating,review_text,date_added,date_updated,read_at",
        ("user_id", "book_id", "rating", "date_added"),
    ),
    "Google local": (
        "user_id,name,time,rating,text,pics,resp,gmap_id", ("user_id", "gmap_id", "rating", "time"),
    ),
    "Last.fm (HetRec)": ("userID,artistID,weight", ("userID", "artistID", "weight", None)),
    "ModCloth": (
        "item_id,user_id,rating,timestamp,size,fit,user_attr",
        ("user_id", "item_id", "rating", "timestamp"),
    ),
    "rent the runway": (
        "fit,user_id,bust size,item_id,weight,rating,rented for,review_date",
        ("user_id", "item_id", "rating", "review_date"),
    ),
    "MovieLens (HetRec)": (
        "userID,movieID,rating,date_day,date_month", ("userID", "movieID", "rating", None),
    ),
    "LibRecommender": ("user,item,label,time,sex", ("user", "item", "label", "time")),
    "RecBole": (
        "user_id:token,item_id:token,rating:float,timestamp:float",
        ("user_id:token", "item_id:token", "rating:float", "timestamp:float"),
    ),
    "a word that tells": (
        "row,movieTitle,ItemID,when,UserID,Score given", ("UserID", "ItemID", "Score given", None),
    ),
    "an unheard-of item": ("keywordID,rating,userID", ("userID", "keywordID", "rating", None)),
    "averages are no ratings": (
        "avg_rating,user,item,rating_count,my rating,IMDb Rating",
        ("user", "item", "my rating", None),
    ),
    "SNAP": (
        "product/productId,review/userId,review/score,review/time",
        ("review/userId", "product/productId", "review/score", "review/time"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("header", "expected"), HEADERS.values(), ids=HEADERS.keys())
def test_names_of_public_data_sets(header: str, expected: tuple[str, str, str, str | None]) -> None:
    names = header.replace(";", ",").split(",")
    found = positions(names, RATING_TABLE, (USER, ITEM, RATING), "r.csv")
    kinds = (USER, ITEM, RATING, TIMESTAMP)
    wanted = {kind: name for kind, name in zip(kinds, expected, strict=True) if name}
    assert {kind: names[at] for kind, at in found.items()} == wanted


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("a,b,c", "r has no user column among 'a', 'b', 'c'; say which it is, --columns user=NAME"),
        ("user,shopID,mallID,rating", "r has no item column among"),  # which of the two?
        ("user,item,food score,drink score", "r has no rating column among"),
        (
            "user,item,avg_rating",
            "r has no rating column among .* --columns rating=NAME, or call it",
        ),
        ("user,review_id,rating", "r has no item column among"),
        ("Date,Name,Letterboxd URI,Rating", "a list of one person's goes to --ratings-of"),
    ],
)
def test_what_names_do_not_tell_is_asked(header: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        positions(header.split(","), RATING_TABLE, (USER, ITEM, RATING), "r")


def rows(form: str, n: int = 60) -> str:
    """Users 11 to 17, items 501 to 547, ratings 1 to 5 and times, as a pattern says."""
    told = [(11 + k % 7, 501 + k % 47, 1 + k % 5, 1_300_000_000 + 977 * k, k) for k in range(n)]
    return "\n".join(form.format(u=u, i=i, s=s, t=t, k=k) for u, i, s, t, k in told) + "\n"


def read(tmp_path: Path, text: str, **options: Any) -> dict[str, str]:
    (tmp_path / "r").write_text(text)
    ratings = read_own(tmp_path / "r", **options)
    assert ratings.users.ids.tolist() == list(range(11, 18))
    assert ratings.items.ids.tolist() == list(range(501, 548))
    assert sorted(set(ratings.stars.tolist())) == [1, 2, 3, 4, 5]
    assert ratings.reading
    return dict(ratings.reading.columns)


def test_without_a_header_the_order_is_said(tmp_path: Path) -> None:
    taken = read(tmp_path, rows("{u},{i},{s},{t}"))
    assert taken == {"user": "column 1", "item": "column 2", "rating": "column 3",
                     "time": "column 4"}  # fmt: skip


@pytest.mark.parametrize(
    ("form", "message"),
    [
        (
            "{k},{u},{i},{s},{t}",
            "has no header and 5 columns; .* --columns user=2,item=3,rating=4,time=5",
        ),
        (
            "{u},{i},{s},{t},a,b",
            "has no header and 6 columns; .*user=1,item=2,rating=3,time=4, or as ",
        ),
        (
            "{k},{u},{i},{s}",
            "first column looks like row numbers.* --columns user=2,item=3,rating=4",
        ),
        ("{u},{i},{t}", "the ratings look like times or ids"),
        ("{u},{i},{t},{s}", "the ratings look like times or ids"),
        ("{u},{i},{k}", "the ratings look like row numbers: each is another whole number"),
        ("{u},{s},{i}", "the ratings look like ids, and another column like ratings"),
        ("{s},{u},{i}", "the ratings look like ids, and another column like ratings"),
        ("{t},{u},{i},{s}", "the ratings look like ids, and another column like ratings"),
        (
            "{u},{i},2011-01-01,{s}",
            "are neither known column names nor a row whose rating is a num",
        ),
    ],
)
def test_without_a_header_a_guess_is_checked(tmp_path: Path, form: str, message: str) -> None:
    (tmp_path / "r").write_text(rows(form))
    with pytest.raises(DataError, match=message) as refusal:
        read_own(tmp_path / "r")
    assert "--columns user=" in str(refusal.value)


def test_many_different_ratings_are_ids_if_they_are_whole(tmp_path: Path) -> None:
    whole = rows("{u},{i},{s}", 300).splitlines()
    (tmp_path / "r").write_text("\n".join(f"{line}{k % 250}" for k, line in enumerate(whole)))
    with pytest.raises(DataError, match=r"the ratings look like ids: .* different whole numbers"):
        read_own(tmp_path / "r")
    halves = "\n".join(f"{line}{k % 250}.5" for k, line in enumerate(whole))
    (tmp_path / "r").write_text(halves)
    assert len(read_own(tmp_path / "r")) == 300  # Jester's are such


def test_what_is_said_is_not_doubted(tmp_path: Path) -> None:
    read(tmp_path, rows("{s},{u},{i}"), columns="rating=1,user=2,item=3")
    read(tmp_path, rows("{s},{u},{i}"), columns={"rating": 1, "user": 2, "item": 3})
    taken = read(tmp_path, rows("{k},{u},{i},{s},{t}"), columns="user=2,item=3,rating=4")
    assert "time" not in taken
    (tmp_path / "r").write_text("1,2,300\n4,5,6\n" * 20)
    assert len(read_own(tmp_path / "r", columns="user=1,item=2,rating=3")) == 2


def test_columns_by_name(tmp_path: Path) -> None:
    text = "who,what,how much,when\n" + rows("{u},{i},{s},{t}")
    asked = "user=who, item=What, rating=how much"
    assert read(tmp_path, text, columns=asked) == {
        "user": "'who'", "item": "'what'", "rating": "'how much'",
    }  # fmt: skip
    assert read(tmp_path, text, columns=f"{asked},time=when")["time"] == "'when'"
    assert read(tmp_path, text, columns="user=1,item=2,rating=3,timestamp=4")["time"] == "'when'"
    part = "placeID,who,rating\n" + rows("{i},{u},{s}")
    assert read(tmp_path, part, columns={"user": "who"})["item"] == "'placeID'"


def test_names_that_are_numbers_come_before_places(tmp_path: Path) -> None:
    text = "3,1,2\n" + rows("{u},{i},{s}")
    assert read(tmp_path, text, header="first", columns="user=3,item=1,rating=2")


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ("user=whom", "r has no column 'whom'; did you mean 'who'"),
        ("user=9", "r has no column '9'; it has 'who', 'what', 'how'"),
        ("user=who,item=who", "column 'who' cannot be two things, one of them the user"),
        ("user=who,rating=how", "r has no item column among"),
    ],
)
def test_columns_that_are_not_there(tmp_path: Path, columns: str, message: str) -> None:
    (tmp_path / "r").write_text("who,what,how\n" + rows("{u},{i},{s}"))
    with pytest.raises(DataError, match=message):
        read_own(tmp_path / "r", columns=columns)


def test_times_can_be_left_out(tmp_path: Path) -> None:
    text = "user,item,rating,date\n" + rows("{u},{i},{s},soon")
    with pytest.raises(DataError, match="or leave times out: --columns time="):
        read(tmp_path, text)
    assert "time" not in read(tmp_path, text, columns="time=")
    assert "time" not in read(tmp_path, rows("{u},{i},{s},soon"), columns={"time": ""})


def test_an_unknown_header_is_no_row(tmp_path: Path) -> None:
    (tmp_path / "r").write_text("who,what,how\n" + rows("{u},{i},{s}"))
    with pytest.raises(DataError, match=r"--columns user=…,item=…,rating=…"):
        read_own(tmp_path / "r")


@pytest.mark.parametrize(
    "given",
    [
        {"columns": "owner=a"}, {"columns": "user"}, {"columns": "user=a,user=b"},
        {"header": "maybe"}, {"skip": -1}, {"skip": 1.5}, {"min_ratings": -1},
        {"min_ratings": True}, {"encoding": "klingon"}, {"encoding": "hex"},
    ],
)  # fmt: skip
def test_options_that_cannot_be_meant(given: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        ReadingOptions.of(**given)


def test_options_of_text_and_of_python_are_the_same() -> None:
    text = ReadingOptions.of(columns='user="a",item=2,time=', missing="0,-1, NA", separator="tab")
    told = ReadingOptions.of(
        columns={"timestamp": "", "item": 2, "user": "a"}, missing=[0, -1, "NA"], separator="\t"
    )
    assert text.key == told.key
    assert ReadingOptions.of(missing=0).missing == ("0",)
    assert ReadingOptions.of(missing="").missing == ("",)
    assert ReadingOptions.of().missing == ()
    assert ReadingOptions.of(columns={"user": "b"}).key != ReadingOptions.of(columns="user=a").key
