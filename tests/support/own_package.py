"""A package of somebody's own, laid out as an installer leaves it."""

from collections.abc import Mapping
from pathlib import Path


def install(
    site: Path, package: str, source: str, models: Mapping[str, str], version: str = "0.1"
) -> Path:
    """Put a package into a folder that is, or will be, on Python's path.

    Args:
        site: the folder.
        package: its name, and that of its one module.
        source: of the module.
        models: entry points of the group "starcast.models", name to "module:object".
    """
    site.mkdir(exist_ok=True)
    (site / f"{package}.py").write_text(source, encoding="utf-8")
    about = site / f"{package}-{version}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n", encoding="utf-8"
    )
    lines = [f"{name} = {place}\n" for name, place in models.items()]
    (about / "entry_points.txt").write_text(
        "[starcast.models]\n" + "".join(lines), encoding="utf-8"
    )
    return site
