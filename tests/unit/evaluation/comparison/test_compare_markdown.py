"""The report as Markdown: small, whole, and not taken in by names."""

import re
from pathlib import Path

import pytest
from tiny_reports import artifact, deep_network, report, split

from starcast.evaluation.comparison import Provenance, compare, write

MADE = Provenance("starcast compare --seed 7", "2026-01-02T03:04:05+00:00", 2, "Linux x86", "3.11")
HOSTILE = "<script>|[x](y)`@somebody`\n# *"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    shared = split(name=HOSTILE)
    leaky = artifact(shared, leak="it | peeped *twice*")
    reports = [report(leaky, [0.5]), report(deep_network(shared), [2.0])]
    return write(compare(reports), tmp_path_factory.mktemp("reports"), MADE).parent


def test_it_says_what_a_pull_request_wants_to_know(folder: Path) -> None:
    text = (folder / "report.md").read_text(encoding="utf-8")
    assert len(text) < 4000
    assert "**Best stars: no verdict, as fewer than two of these models are free of" in text
    assert "**LEAKY** Latent factor" in text
    assert ": it \\| peeped \\*twice\\*." in text
    assert "starcast compare --seed 7" in text
    linked = re.findall(r"!\[[^]]*\]\(([^)]+)\)", text)
    assert linked == ["rmse-and-ndcg.png", "ndcg.png", "rmse.png"]
    assert all((folder / name).is_file() for name in linked)


def test_its_tables_are_tables(folder: Path) -> None:
    text = (folder / "report.md").read_text(encoding="utf-8")
    tables = [block.splitlines() for block in text.split("\n\n") if block.startswith("|")]
    assert [len(table) for table in tables] == [4, 4]
    for table in tables:
        bars = {len(re.findall(r"(?<!\\)\|", line)) for line in table}
        assert len(bars) == 1, table


def test_names_from_data_are_text(folder: Path) -> None:
    text = (folder / "report.md").read_text(encoding="utf-8")
    first = text.splitlines()[0]
    assert first == "# 2 recommenders on `<script>|[x](y)'@somebody'\\n# *`"
    assert "\n# *" not in text
