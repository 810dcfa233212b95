"""Without extras no framework is met: not by importing, training, judging, listing or serving."""

import subprocess
import sys
from pathlib import Path

from processes import environment

_DAY = """
import sys
from pathlib import Path
import starcast as sc
split = sc.split(sc.load(sys.argv[1]))
small = {"epochs": 2, "dimension": 2, "layers": (4, 1)}
model = sc.train(split, "ensemble-transfer-learning", **small)
sc.train(split, "latent-factor-model", engine="compiled", epochs=2)
sc.evaluate(model)
model.recommend(3, k=2)
from starcast.artifacts import storage
place = storage.save(model.artifact, Path(sys.argv[2]))
from starcast.serve.model_store import ModelStore
from starcast.serve.service import create_app
create_app(ModelStore([place])).openapi()
import starcast.cli.train, starcast.cli.compare
frameworks = {"jax", "keras", "tensorflow", "torch", "pyspark"}
print("met:", *sorted(frameworks & {name.split(".")[0] for name in sys.modules}))
"""


def test_a_day_without_extras_meets_no_framework(planted_files: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _DAY, planted_files / "planted.csv", tmp_path / "model"],
        cwd=tmp_path, env=environment(), capture_output=True, encoding="utf-8", timeout=300,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "met:"
