"""What is asked of the Keras engine on TensorFlow, on JAX and two simulated devices."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
TWO = {"KERAS_BACKEND": "jax", "XLA_FLAGS": "--xla_force_host_platform_device_count=2"}


@pytest.mark.parametrize(
    "which",
    ["(devices and 6) or deep or chunks", pytest.param("test", marks=pytest.mark.long)],
    ids=["some of it", "all of it"],
)
def test_it_holds_on_jax_too(which: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist",
         "-k", which, HERE / "test_keras_engine.py"],
        cwd=HERE.parents[3], env=os.environ | TWO, capture_output=True, encoding="utf-8",
        timeout=400, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert " skipped" not in done.stdout
    assert " passed" in done.stdout
