"""`starcast export`: a trained model for programs that know nothing of Starcast."""

from pathlib import Path
from typing import Annotated

import typer

from starcast.cli.answers import Answer
from starcast.cli.use import ArtifactFolder

Format = Annotated[
    str,
    typer.Option("--format", help="savedmodel (TensorFlow) or onnx (onnxruntime and others)."),
]
Place = Annotated[
    Path, typer.Option("--out", help="The folder to write; an older export there is replaced.")
]


def export(artifact: ArtifactFolder, format: Format, out: Place) -> Answer:
    """Write a trained model as a TensorFlow SavedModel or as ONNX, and check what was written."""
    from starcast.artifacts import storage
    from starcast.cli.show import console, note
    from starcast.export import export as write

    trained = storage.load(artifact)
    if trained.leak:
        note(f"LEAKY: {trained.leak}")
    difference = write(trained, out, format=format)
    line = (
        f"{trained.title} is in {out}; read back, its predictions differ from the artifact's by "
        f"{difference:.1g} stars at most"
    )
    return Answer(
        {"model": trained.model, "format": format, "out": out, "difference": difference},
        lambda: console.print(line, soft_wrap=True),
    )
