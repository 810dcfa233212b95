"""How `make docs` builds the site: docs/documentation.md has the why."""

import re
from importlib import metadata
from pathlib import Path
from typing import Any

HOUSE = Path(__file__).parents[1]

project = "Starcast"
author = "The Starcast authors"
version = release = metadata.version("starcast")

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
root_doc = "docs/index"
include_patterns = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/**"]
exclude_patterns = [".*", "build", "src", "tests", "tools", "benchmarks", "deploy", "docs/_static"]

nb_execution_mode = "off"  # shown as it last ran; a test runs it
myst_enable_extensions = ["html_image"]
myst_heading_anchors = 4  # named as GitHub names them

autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
default_role = "code"  # docstrings write `name` as Markdown does

html_theme = "furo"
html_title = f"Starcast {version}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_extra_path = ["_static/index.html"]  # the root leads to docs/
html_copy_source = html_show_copyright = html_show_sphinx = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#9a5b00", "color-brand-content": "#8a5200"},
    "dark_css_variables": {"color-brand-primary": "#f2b544", "color-brand-content": "#f2b544"},
}
copybutton_prompt_text = "$ "

_CHILDREN = {  # pages that stand below another, not in the list of docs/index.md
    "docs/lists": "lists/*",
    "docs/results": "splits/*",
    "docs/reference/command-line": "cli/*",
}


def _add_contents(app: Any, page: str, source: list[str]) -> None:
    """Make the navigation: the lists of docs/index.md, and what lies below single pages."""
    if page == root_doc:
        for caption, section in re.findall(r"^## (.+)\n((?:(?!^## ).*\n?)*)", source[0], re.M):
            links = re.findall(r"^- \[(.+?)\]\((.+?)\)", section, re.M)
            pages = [f"{title} <{Path(page).with_suffix('')}>" for title, page in links]
            source[0] += _contents([f":caption: {caption}"], pages)
    elif page in _CHILDREN:
        source[0] += _contents([":glob:"], [_CHILDREN[page]])


def _contents(options: list[str], pages: list[str]) -> str:
    return "\n".join(["\n\n```{toctree}", ":hidden:", *options, "", *pages, "```\n"])


def _unlink_folders(app: Any, page: str, source: list[str]) -> None:
    """A folder of the source is no page: its link, for readers of the source, becomes its name."""
    if app.env.doc2path(page).suffix != ".md":
        return
    here = (HOUSE / page).parent

    def told(link: re.Match[str]) -> str:
        return link[1] if (here / link[2]).is_dir() else link[0]

    source[0] = re.sub(r"\[([^\]\n]+)\]\(((?!\w+:)[^)#\s]+)\)", told, source[0])


def _as_sections(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Put what follows `Returns:` and the like on its line below it, as napoleon wants it."""
    found = list(lines)
    lines.clear()
    for line in found:
        if one := re.fullmatch(r"(\s*)(Returns|Raises|Source|Deviations): (.+)", line):
            lines.extend(["", f"{one[1]}{one[2]}:", f"{one[1]}    {one[3]}"])
        else:
            lines.append(line)


napoleon_use_ivar = True
napoleon_attr_annotations = False  # whose `str_` would be a link to somewhere
napoleon_custom_sections = [("Source", "notes_style"), ("Deviations", "notes_style")]


def setup(app: Any) -> None:
    """Add what is ours."""
    app.connect("source-read", _add_contents)
    app.connect("source-read", _unlink_folders)
    app.connect("autodoc-process-docstring", _as_sections, priority=100)  # before napoleon
