"""The pages of docs/reference/, made of what they are about."""

from collections.abc import Callable, Mapping

from reference import cli, errors, http, metrics

PAGES: Mapping[str, Callable[[], str]] = {
    "command-line.md": cli.overview,
    **{f"cli/{verb.replace(' ', '-')}.md": page for verb, page in cli.pages().items()},
    "http.md": http.page,
    "errors.md": errors.page,
    "metrics.md": metrics.page,
}
