"""Downloads that break off and go on, and when they must start again."""

import json
from typing import Any

import pytest
from mirror_site import (
    NOISE,
    Site,
    cut_short,
    hang,
    ignore_range,
    redirect,
    refused_download,
    serve_range,
)

from starcast.data.movielens.download import Part, download

FILE = "/ml-1m.zip"


@pytest.fixture(autouse=True)
def _content(site: Site) -> None:
    site.files[FILE] = NOISE


def break_off(site: Site, part: Part, n_bytes: int = 300_000) -> None:
    """Leave the first bytes of the file in the part."""
    site.once(FILE, cut_short(n_bytes))
    refused_download(site.url + FILE, part)
    assert part.path.read_bytes() == NOISE[:n_bytes]


def test_a_truncated_download_is_kept_and_explained(site: Site, part: Part) -> None:
    site.once(FILE, cut_short(300_000))
    message = refused_download(site.url + FILE, part)
    assert "ended after 300,000 of 700,000 bytes" in message
    assert "run the same command again" in message
    assert part.path.read_bytes() == NOISE[:300_000]


def test_resuming_asks_for_the_remaining_bytes_only(site: Site, part: Part) -> None:
    break_off(site, part)
    download(site.url + FILE, part)
    resumed = site.asked(FILE)[1]
    assert resumed.headers["Range"] == "bytes=300000-"
    assert resumed.headers["If-Range"].startswith('"')
    assert resumed.n_sent == 400_000
    assert part.path.read_bytes() == NOISE


def test_resumes_again_and_again(site: Site, part: Part) -> None:
    break_off(site, part)
    site.once(FILE, lambda handler, content: cut_second(handler, content))
    refused_download(site.url + FILE, part)
    assert part.path.read_bytes() == NOISE[:500_000]
    download(site.url + FILE, part)
    assert site.asked(FILE)[2].n_sent == 200_000
    assert site.asked(FILE)[2].headers["If-Range"] == site.asked(FILE)[1].headers["If-Range"]
    assert part.path.read_bytes() == NOISE


def cut_second(handler: Any, content: bytes) -> None:
    handler.head(206, Content_Length=400_000, Content_Range="bytes 300000-699999/700000")
    handler.body(content[300_000:500_000])


def test_a_server_that_ignores_ranges_sends_it_all_again(site: Site, part: Part) -> None:
    break_off(site, part)
    site.once(FILE, ignore_range)
    progress: list[tuple[int, int | None]] = []
    download(site.url + FILE, part, on_progress=lambda *now: progress.append(now))
    assert part.path.read_bytes() == NOISE
    assert progress[0] == (0, 700_000)


def test_a_file_that_changed_meanwhile_starts_again(site: Site, part: Part) -> None:
    break_off(site, part)
    site.files[FILE] = NOISE[::-1]
    download(site.url + FILE, part)
    assert part.path.read_bytes() == NOISE[::-1]
    assert len(site.asked(FILE)) == 2


def test_a_changed_file_is_noticed_where_the_server_looks_at_no_if_range(
    site: Site, part: Part
) -> None:
    break_off(site, part)
    site.files[FILE] = NOISE[::-1]
    site.once(FILE, serve_range)
    download(site.url + FILE, part)
    assert part.path.read_bytes() == NOISE[::-1]


def test_a_range_other_than_asked_for_starts_again(site: Site, part: Part) -> None:
    break_off(site, part)
    site.once(
        FILE,
        lambda handler, content: handler.head(206, Content_Range="bytes 0-9/700000"),
    )
    download(site.url + FILE, part)
    assert part.path.read_bytes() == NOISE


def test_resumes_without_a_validator(site: Site, part: Part) -> None:
    site.with_etag = False
    break_off(site, part)
    download(site.url + FILE, part)
    assert "If-Range" not in site.asked(FILE)[1].headers
    assert site.asked(FILE)[1].n_sent == 400_000
    assert part.path.read_bytes() == NOISE


def test_the_date_is_the_validator_where_the_tag_is_weak(site: Site, part: Part) -> None:
    date = "Mon, 23 Nov 2020 12:00:00 GMT"

    def answer(handler: Any, content: bytes) -> None:
        handler.head(200, Content_Length=700_000, ETag='W/"1"', Last_Modified=date)
        handler.body(content[:100])

    site.once(FILE, answer)
    refused_download(site.url + FILE, part)
    download(site.url + FILE, part)
    assert site.asked(FILE)[1].headers["If-Range"] == date


def test_a_part_that_is_whole_is_not_sent_again(site: Site, part: Part) -> None:
    download(site.url + FILE, part)
    progress: list[tuple[int, int | None]] = []
    download(site.url + FILE, part, on_progress=lambda *now: progress.append(now))
    assert [request.n_sent for request in site.requests] == [700_000, 0]
    assert part.path.read_bytes() == NOISE
    assert progress == [(700_000, 700_000)]


def test_a_part_longer_than_the_file_starts_again(site: Site, part: Part) -> None:
    site.with_etag = False
    break_off(site, part)
    site.files[FILE] = NOISE[:1000]
    download(site.url + FILE, part)
    assert part.path.read_bytes() == NOISE[:1000]


@pytest.mark.parametrize("note", [None, "", "no json", "[]", "{}", '{"url": "http://other/"}'])
def test_bytes_of_unknown_origin_are_not_built_upon(
    site: Site, part: Part, note: str | None
) -> None:
    part.path.write_bytes(b"something else")
    if note is not None:
        part.note.write_text(note)
    download(site.url + FILE, part)
    assert "Range" not in site.requests[0].headers
    assert part.path.read_bytes() == NOISE


def test_bytes_of_another_address_are_not_built_upon(site: Site, part: Part) -> None:
    break_off(site, part)
    site.files["/other.zip"] = b"other"
    download(f"{site.url}/other.zip", part)
    assert "Range" not in site.asked("/other.zip")[0].headers
    assert part.path.read_bytes() == b"other"
    assert json.loads(part.note.read_text())["url"] == f"{site.url}/other.zip"


def test_a_server_that_goes_silent_is_given_up_and_resumed(site: Site, part: Part) -> None:
    site.once(FILE, hang(300_000))
    message = refused_download(site.url + FILE, part, timeout=0.5)
    assert "went silent" in message
    assert "what came is kept" in message
    assert part.path.read_bytes() == NOISE[:300_000]
    download(site.url + FILE, part)
    assert site.asked(FILE)[1].n_sent == 400_000
    assert part.path.read_bytes() == NOISE


def test_an_interrupted_download_is_resumed(site: Site, part: Part) -> None:
    at_hand = 0

    def interrupt(received: int, _total: int | None) -> None:
        nonlocal at_hand
        at_hand = received
        if received:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(site.url + FILE, part, on_progress=interrupt)
    assert at_hand > 0
    assert part.path.read_bytes() == NOISE[:at_hand]
    download(site.url + FILE, part)
    assert site.asked(FILE)[1].n_sent == 700_000 - at_hand
    assert part.path.read_bytes() == NOISE


def test_progress_grows_to_the_size_of_the_file(site: Site, part: Part) -> None:
    break_off(site, part)
    progress: list[tuple[int, int | None]] = []

    def watch(received: int, total: int | None) -> None:
        progress.append((received, total))
        assert part.path.stat().st_size == received  # a kill would lose nothing

    download(site.url + FILE, part, on_progress=watch)
    received = [now for now, _ in progress]
    assert received == sorted(received)
    assert (received[0], received[-1]) == (300_000, 700_000)
    assert {total for _, total in progress} == {700_000}


def test_a_redirect_is_followed_and_keeps_the_range(site: Site, part: Part) -> None:
    break_off(site, part)
    site.files["/moved.zip"] = NOISE
    site.once(FILE, redirect(f"{site.url}/moved.zip"))
    download(site.url + FILE, part)
    assert site.asked("/moved.zip")[0].n_sent == 400_000
    assert part.path.read_bytes() == NOISE
