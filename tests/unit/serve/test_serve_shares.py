"""Which of several models answers whom."""

import hashlib
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from starcast.artifacts.artifact import Artifact
from starcast.errors import ConfigError
from starcast.serve.model_store import ModelStore
from starcast.serve.service import create_app
from starcast.serve.shares import Shares


def number(user: object) -> float:
    """Where a user stands in [0, 1), reckoned anew."""
    return int(hashlib.md5(str(user).encode()).hexdigest()[:8], 16) / 2**32


def test_users_are_shared_by_their_hash() -> None:
    shares = Shares.parse("2:1:1", 3)
    for user in [*range(300), "ann", "zoë", "\ud800"]:
        if user == "\ud800":
            assert shares.position(user) in (0, 1, 2)
            continue
        wanted = 0 if number(user) < 0.5 else 1 if number(user) < 0.75 else 2
        assert shares.position(user) == wanted, user


def test_many_users_come_out_as_the_shares_say() -> None:
    shares = Shares.parse("90:10", 2)
    second = sum(shares.position(user) for user in range(20_000))
    assert abs(second - 2000) < 4 * (20_000 * 0.09) ** 0.5  # four standard deviations


def test_a_growing_share_takes_people_and_gives_none_away() -> None:
    few, more = Shares.parse("90:10", 2), Shares.parse("50:50", 2)
    assert all(more.position(user) for user in range(2000) if few.position(user))


def test_a_share_of_nothing_meets_nobody() -> None:
    assert {Shares.parse("0:1:0", 3).position(user) for user in range(500)} == {1}


def test_text_and_number_are_one_user() -> None:
    shares = Shares.parse("1:1", 2)
    assert all(shares.position(user) == shares.position(str(user)) for user in range(100))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no shares"), ("a:b", "no shares"), ("90:", "no shares"), ("0:0", "no shares"),
        ("-1:2", "no shares"), ("nan:1", "no shares"), ("inf:1", "no shares"),
        ("90", "1 shares, and there are 2 models"), ("1:1:1", "3 shares, and there are 2 models"),
    ],
)  # fmt: skip
def test_what_are_no_shares(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        Shares.parse(text, 2)


def test_each_user_is_answered_by_their_own_model(
    folder: Path, twin: Path, known_by_heart: Artifact
) -> None:
    users = known_by_heart.split.ratings.users.ids.tolist()
    model_store = ModelStore([folder, twin], Shares.parse("1:1", 2))
    wanted = {user: "heart" if number(user) < 0.5 else "lower" for user in users}
    assert set(wanted.values()) == {"heart", "lower"}
    with TestClient(create_app(model_store)) as client:
        for user, model in wanted.items():
            listed = client.get(f"/users/{user}/recommendations").json()
            asked = {"user": user, "items": ["alien"]}
            assert (listed["model"], client.post("/predict", json=asked).json()["model"]) == (
                model, model,
            )  # fmt: skip
            other = client.get(f"/users/{user}/recommendations", params={"model": "lower"})
            assert other.json()["model"] == "lower"
        assert client.post("/recommendations", json={"ratings": []}).json()["model"] == "heart"
