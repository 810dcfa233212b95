"""Where an archive comes from, and by which sums it is known to be whole."""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import final

from starcast.data.movielens.catalog import DataSet
from starcast.errors import FetchError


@final
@dataclass(frozen=True, slots=True)
class Origin:
    """Where an archive comes from, and the sums it must have.

    Attributes:
        source: address or path.
        checksum: "pinned" for sums this package knows, "mirror" for the one beside the archive.
        sums: kind of sum to hex digits.
        remedy: what to do where they differ.
    """

    source: str
    checksum: str
    sums: dict[str, str]
    remedy: str = "fetch again or use another source"

    def check(self, sums: dict[str, str]) -> None:
        """Compare with the sums of the archive at hand.

        Raises: FetchError: one differs.
        """
        for kind, digits in self.sums.items():
            if sums[kind] != digits:
                raise FetchError(
                    f"{self.source} is damaged or another file: its {kind.upper()} should be "
                    f"{digits} and is {sums[kind]}; nothing of it was kept, {self.remedy}"
                )


def at_hand(data_set: DataSet, archive: Path) -> Origin:
    """An archive that lies among the data sets: by the sum beside it, or as GroupLens's own."""
    remedy = f"move it away to fetch it, or write its own sum into {archive}.md5"
    if _beside(archive).is_file():
        origin = by_md5_file(data_set, archive)
    else:
        origin = Origin(str(archive), "pinned", data_set.pinned)
    return replace(origin, remedy=remedy)


def by_md5_file(data_set: DataSet, archive: Path) -> Origin:
    """An archive with its sum beside it. Raises: FetchError: there is none, or it is of another."""
    beside = _beside(archive)
    noted = beside.read_text("utf-8", "replace") if beside.is_file() else None
    return Origin(str(archive), "mirror", {"md5": noted_md5(data_set, noted, str(beside))})


def _beside(archive: Path) -> Path:
    return archive.with_name(f"{archive.name}.md5")


def noted_md5(data_set: DataSet, text: str | None, where: str) -> str:
    """The sum in an .md5 file, written by md5sum ("SUM  FILE") or by BSD ("MD5 (FILE) = SUM")."""
    if text is None:
        raise FetchError(
            f"there is no {where}: a mirror's archive is only taken with its MD5 sum beside it "
            f"(GroupLens's own archive has '{data_set.md5}  {data_set.name}.zip')"
        )
    file, digits = re.escape(f"{data_set.name}.zip"), r"([0-9a-fA-F]{32})"
    found = re.search(rf"^{digits}[ \t]+\*?{file}\s*$|^MD5 \({file}\) = {digits}\s*$", text, re.M)
    if not found:
        raise FetchError(f"{where} holds no MD5 sum of {data_set.name}.zip; write 'SUM  FILE'")
    return (found[1] or found[2]).lower()
