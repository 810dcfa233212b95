"""The OpenAPI document is true: schemathesis asks whatever it allows, and more."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    positive_data_acceptance,
    response_schema_conformance,
    status_code_conformance,
)

from starcast.artifacts import storage
from starcast.artifacts.artifact import Artifact
from starcast.data.ratings import Ratings
from starcast.data.scale import RatingScale
from starcast.data.split import Split
from starcast.data.store.ratings_store import RatingsStore
from starcast.engines.settings import MiniBatchSettings
from starcast.serve.model_store import ModelStore
from starcast.serve.service import create_app

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    positive_data_acceptance,
    negative_data_rejection,
]


def _small() -> Artifact:
    """Four users, three items, integer ids: such as a random number hits now and then."""
    rows = np.arange(12)
    ratings = Ratings.from_columns(
        rows // 3, rows % 3, (rows % 5 + 1).astype(np.float32), titles={0: "Ä \u2603"}, name="tiny"
    )
    rng = np.random.default_rng(0)
    shapes: dict[str, tuple[int, ...]] = {
        "mean": (),
        "user_bias": (4,),
        "item_bias": (3,),
        "user_factors": (4, 2),
        "item_factors": (3, 2),
    }
    weights = {
        name: np.asarray(rng.normal(3, 1, shape), np.float32) for name, shape in shapes.items()
    }
    parts = np.array([0, 0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0], np.uint8)
    return Artifact(
        model="latent-factor-model", config=MiniBatchSettings(dimension=2), seed=1, weights=weights,
        weights_before_refit=weights, split=Split(ratings, parts, "by hand"), best_epoch=1,
        history=(),
    )  # fmt: skip


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = storage.save(_small(), tmp_path_factory.mktemp("served") / "small")
    app = create_app(ModelStore([folder]), store=_store(folder))
    return schemathesis.openapi.from_asgi("/openapi.json", app)


def _store(folder: Path) -> RatingsStore:
    return RatingsStore.create(f"sqlite:///{folder.parent}/r.db", RatingScale(1, 5, 1))


OPERATIONS = (
    ("GET", "/models"),
    ("POST", "/predict"),
    ("GET", "/users/{id}/recommendations"),
    ("POST", "/users/{id}/recommendations"),
    ("GET", "/users/{id}/ratings"),
    ("POST", "/recommendations"),
    ("POST", "/suggestions"),
    ("POST", "/imports"),
    ("GET", "/items"),
    ("GET", "/items/{id}/similar"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
)


FILTERS = ("title = 'x'", "not title like '%☃' or (title is null)")
schemathesis.openapi.format("starcast-filter", st.sampled_from(FILTERS))
schemathesis.openapi.format("starcast-group", st.just("1:title=Ä ☃"))
schemathesis.openapi.format("starcast-ratings", st.just("item,rating\n1,4\nÄ ☃,2\n"))

OPERATIONS_OF_A_STORE = (
    ("PUT", "/users/{id}/ratings/{item}"),
    ("GET", "/users/{id}/ratings/{item}"),
    ("DELETE", "/users/{id}/ratings/{item}"),
    ("POST", "/ratings"),
    ("PUT", "/items/{id}"),
    ("GET", "/items/{id}"),
    ("DELETE", "/items/{id}"),
    ("PUT", "/users/{id}"),
    ("GET", "/users/{id}"),
    ("DELETE", "/users/{id}"),
)

POSITIVE, NEGATIVE = schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE
ONLY_WELL = {"/models", "/healthz", "/readyz", "/metrics", "/imports"}  # any text is a body there
QUESTIONS = [
    (method, path, mode)
    for method, path in (*OPERATIONS, *OPERATIONS_OF_A_STORE)
    for mode in ((POSITIVE,) if path in ONLY_WELL else (POSITIVE, NEGATIVE))
]


@pytest.mark.parametrize(("method", "path", "mode"), QUESTIONS)
@pytest.mark.filterwarnings("default")
def test_nothing_that_is_asked_breaks_the_service(
    document: Any, method: str, path: str, mode: Any
) -> None:
    operation = document[path][method]

    @settings(
        max_examples=15, deadline=None, derandomize=True, database=None,
        phases=[Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        filtered = case.body.get("where") if isinstance(case.body, dict) else None
        is_any_text = filtered not in (None, *FILTERS)  # a format does not hold schemathesis to it
        excluded = [positive_data_acceptance] if is_any_text else []
        case.call_and_validate(checks=CHECKS, excluded_checks=excluded)

    ask()


@pytest.mark.parametrize("has_store", [False, True])
def test_every_endpoint_is_documented(tmp_path: Path, has_store: bool) -> None:
    folder = storage.save(_small(), tmp_path / "small")
    app = create_app(ModelStore([folder]), store=_store(folder) if has_store else None)
    operations = [
        (method, path, operation)
        for path, methods in app.openapi()["paths"].items()
        for method, operation in methods.items()
    ]
    known = {*OPERATIONS, *(OPERATIONS_OF_A_STORE if has_store else ())}
    assert {(method.upper(), path) for method, path, _ in operations} == known
    for method, path, operation in operations:
        wanted = {"200", "401", "422", "500", "504"}
        wanted |= {"400", "408", "413"} if method in ("post", "put") else set()
        wanted |= {"403", "503"} if (method.upper(), path) in OPERATIONS_OF_A_STORE else set()
        assert wanted <= set(operation["responses"]), path
        assert operation["description"], path
