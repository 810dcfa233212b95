"""The page of the service, from its OpenAPI document: every endpoint, parameter and answer."""

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from markdown_tables import table

import starcast as sc
from starcast.data.ratings import Ratings
from starcast.data.scale import RatingScale
from starcast.data.store.ratings_store import RatingsStore
from starcast.serve.model_store import ModelStore
from starcast.serve.service import create_app

_HEAD = """# HTTP

Written from the OpenAPI document of the service by `tools/write_reference.py`; a running service
has the document at `/openapi.json`, and shows it at `/docs`. Examples, limits and how to run it:
[serving](../serving.md). Codes of errors: [errors](errors.md#http). Endpoints marked ◆ are there
with `--store` alone. Besides what is said of each, any of them may answer

"""
Schema = Mapping[str, Any]
_OK = "200"


@contextmanager
def served() -> Iterator[tuple[ModelStore, RatingsStore]]:
    """What a service needs: a small model, and a store."""
    with tempfile.TemporaryDirectory() as folder:
        row = np.arange(24)
        ratings = Ratings.from_columns(row // 4, row % 4, (row % 5 + 1).astype(np.float32))
        models = ModelStore([sc.train(sc.split(ratings), "means").save(Path(folder, "means"))])
        store = RatingsStore.create(f"sqlite:///{folder}/r.db", RatingScale(1, 5, 1))
        try:
            yield models, store
        finally:
            store.close()


@cache
def documents() -> tuple[dict[str, Any], dict[str, Any]]:
    """The OpenAPI documents of a service, without and with a store."""
    with served() as (models, store):
        return create_app(models).openapi(), create_app(models, store=store).openapi()


def operations() -> Iterator[tuple[str, str, dict[str, Any], bool]]:
    """Each endpoint: its method, path, description, and whether it takes a store."""
    alone, document = documents()
    for path, methods in sorted(document["paths"].items()):
        for method, operation in methods.items():
            yield method.upper(), path, operation, method not in alone["paths"].get(path, ())


def page() -> str:
    """The whole page."""
    schemas = documents()[1]["components"]["schemas"]
    endpoints = "".join(_endpoint(*one) for one in operations())
    bodies = "".join(_schema(name, schemas[name]) for name in sorted(schemas))
    always = table(("status", "when"), _always())
    return f"{_HEAD}{always}{endpoints}\n## Bodies\n\nWhat is sent and answered.\n{bodies}"


def _endpoint(method: str, path: str, operation: Schema, has_store: bool) -> str:
    parts = [f"\n## {method} {path}{' ◆' * has_store}\n", f"{operation['description']}\n"]
    if rows := [_parameter(one) for one in operation.get("parameters", ())]:
        parts.append(table(("parameter", "in", "value", "what it is"), rows))
    for media, content in operation.get("requestBody", {}).get("content", {}).items():
        parts.append(f"Body, `{media}`: {_kind(content.get('schema', {}))}\n")
    for media, content in operation["responses"][_OK].get("content", {}).items():
        parts.append(f"Answer, `{media}`: {_kind(content.get('schema', {}))}\n")
    own = [one for one in _refused(operation) if one not in _always()]
    return "\n".join([*parts, *([table(("status", "when"), own)] if own else [])])


def _refused(operation: Schema) -> list[tuple[str, str]]:
    """How an endpoint may turn a request down: statuses, and when."""
    responses = sorted(operation["responses"].items())
    return [(status, said["description"]) for status, said in responses if status != _OK]


def _always() -> list[tuple[str, str]]:
    """What each endpoint has of that."""
    first, *others = (_refused(operation) for _, _, operation, _ in operations())
    return [one for one in first if all(one in other for other in others)]


def _parameter(one: Schema) -> tuple[str, str, str, str]:
    needed = " (required)" if one.get("required") and one["in"] != "path" else ""
    names = one["schema"].get("properties", {one["name"]: None})  # a form stands for its fields
    return (
        ", ".join(f"`{name}`" for name in names),
        one["in"],
        _value(one["schema"]) + needed,
        one.get("description", ""),
    )


def _schema(name: str, schema: Schema) -> str:
    needed = schema.get("required", ())
    rows = [
        (f"`{field}`{' *' * (field in needed)}", _value(one), one.get("description", ""))
        for field, one in schema.get("properties", {}).items()
    ]
    about = schema.get("description", "")
    heads = ("field (* always)", "value", "what it is")
    return f"\n### {name}\n\n{about}\n\n{table(heads, rows)}"


def _value(schema: Schema) -> str:
    """What a value may be, with its bounds and its default."""
    low, high = schema.get("minimum"), schema.get("maximum")
    bounds = [
        *([f"{low:g} or more"] if low is not None and high is None else []),
        *([f"{low:g} to {high:g}"] if None not in (low, high) else []),
        *([f"at most {schema['maxItems']}"] if "maxItems" in schema else []),
        *([f"at most {schema['maxLength']} characters"] if "maxLength" in schema else []),
        *([f"{json.dumps(schema['default'])} if not given"] if "default" in schema else []),
    ]
    return ", ".join([_kind(schema), *bounds])


def _kind(schema: Schema) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema and "type" not in schema:
        return " or ".join(dict.fromkeys(_kind(one) for one in schema["anyOf"]))
    if "enum" in schema:
        return " or ".join(f"`{one}`" for one in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    if "properties" in schema:  # a form, told as one
        fields = schema["properties"].items()
        return "; ".join(f"`{name}`: {_value(one)}" for name, one in fields)
    return str(schema.get("type", "anything"))
